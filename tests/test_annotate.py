"""The annotated copy: what it shows, and what must never reach it. All people are invented."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as timeofday
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, FormulaRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import NamedStyle, PatternFill
from openpyxl.styles.table import TableStyle
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import FilterColumn, Filters
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.writer.theme import theme_xml

from msspas_analysis.ingest import annotate
from msspas_analysis.ingest.annotate import LIST_NAME, Mark, annotate_values, annotate_workbook
from msspas_analysis.ingest.scrub import AUTHOR

YELLOW, BLUE, GREY = "00FFF2A8", "00D6E8F7", "00BFBFBF"

# what is planted, in one spot or another, and must be in no part of the copy
PLANTED = (
    "Jane", "jane", "Smith", "smith", "Kowalczyk", "kowalczyk", "Xylander", "900123", "960123",
    "example.org", "GL5 1AA", "9990000018", "999 000 0018", "Mill Lane", "H123456", "1961",
    "Patel", "secret share", "other.xlsx",
)  # fmt: skip


def parts(path: Path) -> Iterator[tuple[str, str]]:
    """Every part of the file with its text, markup taken away as well, so that runs join up."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            yield name, name + raw.decode("utf-8", "replace")
            if name.endswith((".xml", ".rels", ".vml")):
                yield f"{name} (text)", "".join(ET.fromstring(raw).itertext())


def assert_nowhere(path: Path, planted: tuple[str, ...] = PLANTED) -> None:
    leaks = [(name, what) for name, text in parts(path) for what in planted if what in text]
    assert not leaks


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Diary"
    sheet.append(["Client", "Date", "Stiffness", "Note"])
    for n in range(1, 6):
        sheet.append([f"NF{n}", date(2026, 3, n), n, "as usual"])
    sheet["C7"] = "=SUM(C2:C6)"
    sheet["A8"] = "NF9"
    sheet.merge_cells("A8:A10")
    sheet["D2"].comment = Comment("Desk:\nrang to check", "Desk")
    path = tmp_path / "centre.xlsx"
    book.save(path)
    return path


def test_marks_are_coloured_and_said_in_words(simple: Path, tmp_path: Path) -> None:
    before = simple.read_bytes()
    out = tmp_path / "out.xlsx"
    marks = [
        Mark(0, 3, 3, "question", "55 is above 10. What was meant?"),
        Mark(0, 4, 3, "flag", "Read as 4."),
        Mark(0, 4, 3, "question", "Two values on one day."),
        Mark(0, 5, 4, "masked", "This looks like a name. Replace it with a code."),
        Mark(0, 2, 4, "flag", "There is a comment."),
    ]
    assert annotate_workbook(simple, marks, out, hidden_sheets={}) is True
    assert simple.read_bytes() == before

    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [LIST_NAME, "Diary"]
    sheet = book["Diary"]
    fills = {c: sheet[c].fill.start_color.rgb for c in ("C3", "C4", "D5", "D2")}
    assert fills == {"C3": YELLOW, "C4": YELLOW, "D5": GREY, "D2": BLUE}
    assert sheet["B3"].fill.fill_type is None
    assert sheet["C3"].comment.text == "Question: 55 is above 10. What was meant?"
    assert sheet["C4"].comment.text == "Second look: Read as 4.\n\nQuestion: Two values on one day."
    assert sheet["D2"].comment.text == "rang to check\n\nSecond look: There is a comment."
    assert {c.comment.author for row in sheet for c in row if c.comment} == {AUTHOR}
    assert sheet["D5"].value == "[hidden: identifier]"
    assert sheet["C7"].value == "=SUM(C2:C6)"
    assert sheet["B2"].value == datetime(2026, 3, 1)
    with zipfile.ZipFile(out) as archive:
        drawing = archive.read("xl/drawings/commentsDrawing1.vml").decode()
    assert "width:320px" in drawing


def test_the_first_sheet_lists_every_mark_with_a_link(simple: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(simple)
    book["Diary"].title = "Centre's no"
    book["Centre's no"].row_dimensions[4].hidden = True
    book.create_sheet("Blank")
    book.active = 1
    book.save(simple)
    out = tmp_path / "out.xlsx"
    marks = [
        Mark(0, 4, 3, "flag", "Read as 4."),
        Mark(0, 3, 3, "question", "=HYPERLINK is text here"),
        Mark(0, 9, 1, "question", "Whose row is this?"),
        Mark(0, 10, 1, "question", "Whose row is this?"),
    ]
    annotate_workbook(simple, marks, out, hidden_sheets={})
    book = openpyxl.load_workbook(out)
    assert book.active.title == LIST_NAME
    page = book[LIST_NAME]
    assert [c.value for c in page[7]] == ["Sheet", "Cell", "Mark", "What to do"]
    assert page.freeze_panes == "A8"
    rows = [[c.value for c in row] for row in page.iter_rows(min_row=8)]
    assert rows == [  # in the order of the marks
        ["Centre's no", "C4", "Second look", "Read as 4. (The row is hidden.)"],
        ["Centre's no", "C3", "Question", "=HYPERLINK is text here"],
        ["Centre's no", "A8", "Question", "Whose row is this?"],
    ]
    assert page["D9"].data_type == "s"
    assert page["B8"].hyperlink.location == "'Centre''s no'!C4"
    # the colour is said in words too, above the list and in every row
    assert [page.cell(r, 1).value for r in (3, 4, 5)] == ["Question", "Second look", "Hidden"]
    assert page.column_dimensions["D"].width > 60
    # only the list is selected: typing into the copy must not fill several sheets
    assert [ws.sheet_view.tabSelected for ws in book.worksheets] == [True, False, False]
    # a merged area has its comment on the cell that shows
    assert book["Centre's no"]["A8"].comment.text == "Question: Whose row is this?"
    assert [str(r) for r in book["Centre's no"].merged_cells.ranges] == ["A8:A10"]


def test_no_mark_at_all(simple: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    annotate_workbook(simple, [], out, hidden_sheets={})
    assert openpyxl.load_workbook(out)[LIST_NAME]["A8"].value.startswith("Nothing to check")


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A workbook with an identifier in every place a workbook has."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Diary"
    sheet.append(["Client", "Name", "Stiffness", "Note", "GP", "Hospital no"])
    sheet.append(["NF1", "Xylander", 4, "Mrs Smith rang 07700 900123", "Dr Patel", "H123456"])
    sheet.append(["NF2", "Kowalczyk", 5, "fine", "", ""])
    sheet.append(["NF3", "", 6, "kowalczyk's daughter came", "", "see H123456"])
    sheet["D5"] = CellRichText("saw ", TextBlock(InlineFont(b=True), "Ja"), "ne Smith")
    sheet["D6"] = '=IF(A2="Jane Smith","07700 900123","")'
    sheet["D7"] = "=SUM('Jane Smith'!A1:A3)+Kowalczyk!B2+SUM(C2:C4)"
    sheet["D8"] = ArrayFormula("D8:D9", '=COUNTIF(B2:B4,"Jane*")')
    sheet["D10"] = '=HYPERLINK("mailto:jane@example.org","write")'
    sheet["D11"] = "=INDIRECT(\"'Kowalczyk'!B2\")"
    sheet["C12"] = 9990000018
    sheet["C13"] = 7700900123.0
    sheet["A14"] = "Flat 3, 12 Mill Lane, GL5 1AA, born 3/4/1961"
    sheet["A15"] = "open"
    sheet["A15"].hyperlink = "mailto:jane@example.org"
    sheet["A16"] = "there"
    sheet["A16"].hyperlink = Hyperlink(
        ref="A16", location="'Jane Smith'!A1", tooltip="Jane Smith", display="Jane Smith"
    )
    sheet["A17"] = "share"
    sheet["A17"].hyperlink = "file:///secret share/other.xlsx"
    sheet["C2"].comment = Comment("Jane Smith:\nrang to check", "Jane Smith")
    sheet["C3"].comment = Comment("tel 01632 960123, ask Kowalczyk", "jsmith")
    sheet["C4"].comment = Comment(
        "[Threaded comment]\n\nYour version of Excel allows you to read this.\n\n"
        "Comment:\n    late again", "tc={0000}",
    )  # fmt: skip
    sheet.oddHeader.left.text = "Jane Smith"
    sheet.firstFooter.center.text = "ring 01632 960123"
    sheet.auto_filter.ref = "A1:F4"
    sheet.auto_filter.filterColumn.append(
        FilterColumn(colId=1, filters=Filters(filter=["Jane Smith"]))
    )
    names = DataValidation(type="list", formula1='"Jane Smith,Peter Jones"')
    names.add("B2:B9")
    harmless = DataValidation(type="list", formula1='"yes,no"')
    harmless.add("E2:E9")
    prompted = DataValidation(type="whole", formula1="0", prompt="Ask Jane Smith")
    prompted.add("C2:C9")
    for rule in (names, harmless, prompted):
        sheet.add_data_validation(rule)
    red = PatternFill(bgColor="FF0000")
    sheet.conditional_formatting.add("B2:B9", CellIsRule("equal", ['"Jane Smith"'], fill=red))
    sheet.conditional_formatting.add("C2:C9", CellIsRule("greaterThan", ["10"], fill=red))
    sheet.conditional_formatting.add("D2:D9", FormulaRule(["Kowalczyk!$A$1=1"], fill=red))
    sheet["C2"].number_format = '"Jane Smith: "0'
    sheet.protection.set_password("Jane")
    chart = BarChart()
    chart.title = "Jane Smith"
    chart.add_data(Reference(sheet, min_col=3, min_row=1, max_row=4), titles_from_data=True)
    sheet.add_chart(chart, "H2")

    named = book.create_sheet("Jane Smith")
    named.append(["Jane Smith", 1])
    named.append(["Ref", 2])
    named.sheet_state = "veryHidden"
    named.sheet_properties.codeName = "JaneSmith"
    other = book.create_sheet("Kowalczyk")
    other.append(["ok", 1])
    table = book.create_sheet("Table")
    table.append(["Ref", "Jane Smith"])
    table.append(["NF1", 3])
    table.add_table(Table(displayName="Both", ref="A1:B2"))
    table["D1"] = "=SUM(Both[Ref])"

    book.defined_names["Jane_Smith"] = DefinedName("Jane_Smith", attr_text="Diary!$A$1")
    book.defined_names["theirs"] = DefinedName("theirs", attr_text="'Jane Smith'!$A$1")
    book.defined_names["literal"] = DefinedName("literal", attr_text='"Jane Smith"')
    book.defined_names["plain"] = DefinedName("plain", attr_text="Diary!$C$2:$C$4",
                                              comment="by Jane Smith")  # fmt: skip
    book.defined_names["kept"] = DefinedName("kept", attr_text="Diary!$C$2:$C$4")
    for field in ("creator", "lastModifiedBy", "title", "subject", "description", "keywords",
                  "category", "contentStatus"):  # fmt: skip
        setattr(book.properties, field, "Jane Smith")
    book.custom_doc_props.append(StringProperty(name="Owner", value="Jane Smith"))
    book.add_named_style(NamedStyle("Jane Smith's"))
    sheet["A3"].style = "Jane Smith's"
    book._table_styles.tableStyle.append(TableStyle(name="Jane Smith"))
    book._table_styles.defaultPivotStyle = "Smith"
    fine = book.create_sheet("Fine")
    fine.append(["Ref", "Days"])
    fine.append(["NF1", 3])
    style = TableStyleInfo(name="Jane Smith")
    fine.add_table(Table(displayName="Good", ref="A1:B2", tableStyleInfo=style))
    book.loaded_theme = theme_xml.replace('name="Office Theme"', 'name="Jane Smith"').encode()
    path = tmp_path / "centre.xlsx"
    book.save(path)
    return path


PLANTED_MARKS = [
    Mark(0, 2, 2, "masked", "Looks like a name."),
    Mark(0, 3, 2, "masked", "Looks like a name."),
    Mark(0, 2, 5, "masked", "Looks like a name."),
    Mark(0, 2, 6, "masked", "Looks like a hospital number."),
    Mark(0, 2, 3, "question", "Ask Jane Smith."),
]


def test_nothing_planted_reaches_the_copy(planted: Path, tmp_path: Path) -> None:
    planted_now = {what for _, text in parts(planted) for what in PLANTED if what in text}
    assert planted_now >= set(PLANTED) - {"999 000 0018"}  # the test would see them
    out = tmp_path / "out.xlsx"
    annotate_workbook(planted, PLANTED_MARKS, out, hidden_sheets={2: "Sheet C"})
    assert_nowhere(out)

    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [LIST_NAME, "Diary", "Sheet 2", "Sheet C", "Table", "Fine"]
    sheet = book["Diary"]
    shown = {
        "B2": "[hidden: name]",
        "D2": "[hidden: name] rang [hidden: phone number]",
        "E2": "[hidden: name]",
        "F2": "[hidden: identifier]",
        "D4": "[hidden: name]'s daughter came",
        "F4": "see [hidden: identifier]",
        "D5": "saw [hidden: name]",
        "D6": "[hidden: formula]",
        "D7": "=SUM('Sheet 2'!A1:A3)+'Sheet C'!B2+SUM(C2:C4)",
        "D8": "[hidden: formula]",
        "D10": "[hidden: formula]",
        "D11": "=INDIRECT(\"'Sheet C'!B2\")",
        "C12": "[hidden: NHS number]",
        "C13": "[hidden: phone number]",
        "A14": "[hidden: address], [hidden: postcode], [hidden: date of birth]",
        "A15": "open",
        "A16": "there",
    }
    assert {c: sheet[c].value for c in shown} == shown
    assert sheet["C2"].comment.text == "rang to check\n\nQuestion: Ask [hidden: name]."
    assert sheet["C3"].comment.text == "tel [hidden: phone number], ask [hidden: name]"
    assert sheet["C4"].comment.text == "late again"
    assert sheet["C2"].number_format == "General"
    assert sheet["A16"].hyperlink.location == "'Sheet 2'!A1"
    assert sheet["A15"].hyperlink is None
    rules = sheet.data_validations.dataValidation
    assert [rule.formula1 for rule in rules] == ['"yes,no"']
    formats = {str(cf.sqref): cf.rules[0].formula for cf in sheet.conditional_formatting}
    assert formats == {"C2:C9": ["10"], "D2:D9": ["'Sheet C'!$A$1=1"]}
    assert dict.fromkeys(book.defined_names) == dict.fromkeys(["theirs", "kept"])
    assert book.defined_names["theirs"].attr_text == "'Sheet 2'!$A$1"
    assert book["Sheet 2"].sheet_state == "hidden"
    assert book["Table"].tables == {}
    assert list(book["Fine"].tables) == ["Good"]
    assert book["Table"]["D1"].value == "[hidden: formula]"
    assert book.properties.creator == AUTHOR
    assert book.properties.title is None
    assert sheet.protection.sheet is False
    assert not sheet._charts


def add_part(path: Path, name: str, text: str, *, kind: str | None = None) -> None:
    """Put one more part into a file, as Excel would and openpyxl does not."""
    with zipfile.ZipFile(path) as archive:
        old = {n: archive.read(n) for n in archive.namelist()}
    old[name] = text.encode()
    if kind:
        types = old["[Content_Types].xml"].decode()
        entry = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
        old["[Content_Types].xml"] = types.replace("</Types>", entry).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for n, raw in old.items():
            archive.writestr(n, raw)


def test_parts_that_openpyxl_does_not_write(simple: Path, tmp_path: Path) -> None:
    add_part(
        simple,
        "docProps/app.xml",
        '<?xml version="1.0"?><Properties xmlns="http://schemas.openxmlformats.org/officeDocument/'
        '2006/extended-properties"><Manager>Jane Smith</Manager><Company>Smith</Company>'
        "<TitlesOfParts><x>Jane Smith</x></TitlesOfParts></Properties>",
    )
    add_part(simple, "xl/threadedComments/threadedComment1.xml", "<x>Jane Smith</x>")
    add_part(simple, "xl/persons/person.xml", '<x displayName="Jane Smith"/>')
    add_part(simple, "xl/media/image1.png", "Jane Smith")
    add_part(simple, "customXml/item1.xml", "<x>Jane Smith</x>")
    out = tmp_path / "out.xlsx"
    annotate_workbook(simple, [], out, hidden_sheets={})
    assert_nowhere(out)


def test_stored_results_strings_and_links_of_excel(simple: Path, tmp_path: Path) -> None:
    """Shared strings, results beside formulas, and a link to another file."""
    with zipfile.ZipFile(simple) as archive:
        old = {n: archive.read(n).decode() for n in archive.namelist()}
    page = old["xl/worksheets/sheet1.xml"]
    page = page.replace(
        "</sheetData>",
        '<row r="20"><c r="A20" t="s"><v>99</v></c><c r="B20" t="str"><f>A20</f>'
        '<v>Jane Smith</v></c><c r="C20"><f>[1]Sheet1!$A$1</f><v>1</v></c>'
        '<c r="D20" t="inlineStr"><is><r><t>Ja</t></r><r><t>ne Smith</t></r></is></c></row>'
        "</sheetData>",
    )
    page = page.replace("<v>99</v>", "<v>0</v>")
    types = old["[Content_Types].xml"].replace(
        "</Types>",
        '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    book = old["xl/workbook.xml"].replace(
        "<definedNames", '<externalReferences><externalReference r:id="rId90" xmlns:r="http://'
        'schemas.openxmlformats.org/officeDocument/2006/relationships"/></externalReferences>'
        "<definedNames",
    )  # fmt: skip
    assert "rId90" in book
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = old["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId90" Type="{base}/externalLink" '
        'Target="externalLinks/externalLink1.xml"/></Relationships>',
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    old |= {
        "xl/worksheets/sheet1.xml": page,
        "[Content_Types].xml": types,
        "xl/sharedStrings.xml": f'<sst xmlns="{main}"><si><r><t>Smi</t></r><r><t>th, Jane</t></r>'
        "</si></sst>",
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": rels,
        "xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="{main}"><externalBook '
        f'xmlns:r="{base}" r:id="rId1"><sheetNames><sheetName val="Jane Smith"/></sheetNames>'
        "</externalBook></externalLink>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": '<Relationships xmlns="http://schemas.'
        'openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{base}/externalLinkPath" Target="file:///secret share/other.xlsx" '
        'TargetMode="External"/></Relationships>',
    }
    with zipfile.ZipFile(simple, "w") as archive:
        for name, text in old.items():
            archive.writestr(name, text)
    out = tmp_path / "out.xlsx"
    annotate_workbook(simple, [], out, hidden_sheets={})
    assert_nowhere(out)
    sheet = openpyxl.load_workbook(out)["Diary"]
    assert [c.value for c in sheet[20]] == [
        "[hidden: name]", "=A20", "[hidden: formula]", "[hidden: name]",
    ]  # fmt: skip


def test_macros_stay_behind(simple: Path, tmp_path: Path) -> None:
    macro = tmp_path / "centre.xlsm"
    macro.write_bytes(simple.read_bytes())
    with zipfile.ZipFile(macro) as archive:
        types = archive.read("[Content_Types].xml").decode()
    types = types.replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    add_part(macro, "[Content_Types].xml", types)
    add_part(macro, "xl/vbaProject.bin", "Jane Smith", kind="application/vnd.ms-office.vbaProject")
    out = tmp_path / "out.xlsx"
    annotate_workbook(macro, [Mark(0, 2, 2, "flag", "Look.")], out, hidden_sheets={})
    assert_nowhere(out)
    with zipfile.ZipFile(out) as archive:
        assert not [n for n in archive.namelist() if "vba" in n.lower()]
        assert "macroEnabled" not in archive.read("[Content_Types].xml").decode()


def test_a_chart_sheet_counts_and_is_left_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Ref", 1])
    page = book.create_chartsheet("Jane Smith", 0)
    chart = BarChart()
    chart.add_data(Reference(book["Sheet"], min_col=2, min_row=1))
    page.add_chart(chart)
    path, out = tmp_path / "a.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    annotate_workbook(path, [Mark(1, 1, 2, "question", "What is this?")], out, hidden_sheets={})
    assert_nowhere(out)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [LIST_NAME, "Sheet"]
    assert book["Sheet"]["B1"].comment.text == "Question: What is this?"


def test_a_harmless_workbook_keeps_its_look(simple: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(simple)
    sheet = book["Diary"]
    sheet.column_dimensions["B"].width = 33
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet["A1"].fill = PatternFill("solid", start_color="FF00FF00")
    sheet.add_table(Table(displayName="Days", ref="A1:D6"))
    sheet["E1"] = "=SUM(Days[Stiffness])"
    sheet["E2"] = "=LEN(IAN1234)+SUM(SUE1:SUE4)+MAX(KIM:KIM)"
    sheet["D3"] = CellRichText("as ", TextBlock(InlineFont(b=True), "usual"))
    sheet["D4"].value = "=not a formula"
    sheet["D4"].data_type = "s"
    book.save(simple)
    out = tmp_path / "out.xlsx"
    annotate_workbook(simple, [], out, hidden_sheets={})
    sheet = openpyxl.load_workbook(out, rich_text=True)["Diary"]
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "B2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].fill.start_color.rgb == "FF00FF00"
    assert list(sheet.tables) == ["Days"]
    assert sheet["E1"].value == "=SUM(Days[Stiffness])"
    assert sheet["E2"].value == "=LEN(IAN1234)+SUM(SUE1:SUE4)+MAX(KIM:KIM)"
    assert isinstance(sheet["D3"].value, CellRichText)
    assert (sheet["D4"].value, sheet["D4"].data_type) == ("=not a formula", "s")


@pytest.mark.parametrize("how", ["workbook", "values"])
def test_a_very_long_sheet_is_refused(
    how: str, simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.xlsx"
    monkeypatch.setattr(annotate, "MOST_ROWS", 7)
    if how == "workbook":
        assert annotate_workbook(simple, [], out, hidden_sheets={}) is False
    else:
        assert annotate_values([("Diary", {(8, 1): 1})], [], out) is False
    assert not out.exists()
    monkeypatch.setattr(annotate, "MOST_ROWS", 8)
    if how == "workbook":
        simple_rows = openpyxl.load_workbook(simple)["Diary"].max_row
        assert simple_rows > 8
    else:
        assert annotate_values([("Diary", {(8, 1): 1})], [], out) is True


def test_rows_are_counted_across_blocks(tmp_path: Path) -> None:
    """Row tags cut in two where one block of the part ends and the next begins."""
    for padding in range(1_048_560, 1_048_580):
        path = tmp_path / "long.xlsx"
        page = b"<x>" + b" " * (padding - 3) + b"<row r='1'>" * 50_000
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", page)
        assert annotate._too_long(path) is False
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", page + b"<x:row/>\n</x>")
        assert annotate._too_long(path) is True


def test_values_of_other_files(tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    cells: dict[tuple[int, int], object] = {
        (1, 1): "Client", (1, 2): "Date", (1, 3): "Note",
        (2, 1): "NF1", (2, 2): datetime(2026, 3, 1), (2, 3): "=cmd|' /C calc'!A0",
        (3, 1): "Jane Smith", (3, 2): float("nan"), (3, 3): "rang 07700 900123\x07",
        (4, 1): "Kowalczyk", (4, 2): None, (4, 3): "kowalczyk again", (5, 1): 9990000018,
        (6, 1): True, (6, 2): 10**400, (6, 3): b"raw",
        (7, 1): datetime(2026, 3, 1, tzinfo=UTC), (7, 2): timeofday(9, 30, tzinfo=UTC),
    }  # fmt: skip
    marks = [
        Mark(0, 4, 1, "masked", "Looks like a name."),
        Mark(0, 2, 2, "question", "Which year?"),
    ]
    assert annotate_values([("Jane: diary", cells), ("Jane: diary", {})], marks, out) is True
    assert_nowhere(out)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [LIST_NAME, "Sheet 1", "Sheet 2"]
    sheet = book["Sheet 1"]
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("=cmd|' /C calc'!A0", "s")
    assert sheet["B2"].value == datetime(2026, 3, 1)
    assert sheet["B2"].comment.text == "Question: Which year?"
    assert [sheet["A3"].value, sheet["A4"].value, sheet["A5"].value] == [
        "[hidden: name]", "[hidden: name]", "[hidden: NHS number]",
    ]  # fmt: skip
    assert sheet["C3"].value == "rang [hidden: phone number] "
    assert sheet["C4"].value == "[hidden: name] again"
    assert sheet["B3"].value is None
    assert sheet["A6"].value is True
    assert (sheet["A7"].value, sheet["B7"].value) == (datetime(2026, 3, 1), timeofday(9, 30))


def test_what_is_refused(simple: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    with pytest.raises(ValueError, match=r"must end in \.xlsx"):
        annotate_workbook(simple, [], tmp_path / "out.csv", hidden_sheets={})
    with pytest.raises(ValueError, match="would replace the workbook itself"):
        annotate_workbook(simple, [], simple, hidden_sheets={})
    with pytest.raises(ValueError, match="does not exist"):
        annotate_workbook(simple, [], tmp_path / "no" / "out.xlsx", hidden_sheets={})
    with pytest.raises(ValueError, match="sheets 0 to 0"):
        annotate_workbook(simple, [Mark(1, 1, 1, "flag", "x")], out, hidden_sheets={})
    with pytest.raises(ValueError, match="both count from 1"):
        annotate_workbook(simple, [Mark(0, 0, 1, "flag", "x")], out, hidden_sheets={})
    with pytest.raises(ValueError, match="names sheet 4"):
        annotate_workbook(simple, [], out, hidden_sheets={4: "x"})
    broken = tmp_path / "Jane Smith.xlsx"
    broken.write_bytes(b"not a workbook")
    with pytest.raises(ValueError, match="cannot be opened") as caught:
        annotate_workbook(broken, [], out, hidden_sheets={})
    assert "Jane" not in str(caught.value)
    assert not out.exists()


def test_never_a_half_written_file(
    simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.xlsx"
    out.write_bytes(b"the one before")

    def breaks(self: openpyxl.Workbook, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(openpyxl.Workbook, "save", breaks)
    with pytest.raises(OSError, match="disk full"):
        annotate_workbook(simple, [], out, hidden_sheets={})
    assert out.read_bytes() == b"the one before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["centre.xlsx", "out.xlsx"]


def test_new_sheet_names_are_allowed_and_different(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Jane"
    for name in ("Jane (2)", "Sheet X", LIST_NAME):
        book.create_sheet(name)
    book["Sheet X"]["A1"] = "=Jane!A1+SUM('Jane (2)'!A1:B2)+SUM('Jane:Jane (2)'!A1)"
    path, out = tmp_path / "a.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    annotate_workbook(path, [], out, hidden_sheets={0: "Sheet X", 1: "a/b: [c]" + "d" * 40})
    names = openpyxl.load_workbook(out).sheetnames
    assert names[0] == f"{LIST_NAME} (2)"
    assert names[1] == "Sheet X (2)"
    assert names[2].startswith("a-b- -c-")
    assert len(names[2]) == 31
    assert len({n.lower() for n in names}) == 5
    formula = openpyxl.load_workbook(out)["Sheet X"]["A1"].value
    assert formula.startswith(f"='Sheet X (2)'!A1+SUM('{names[2]}'!A1:B2)")
    assert "Jane" not in formula


def test_it_is_quick(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for n in range(1500):
        sheet.append(
            [f"NF{n % 40}", f"{n % 28 + 1}/3/2026", n % 11, n % 30, n % 7, n % 5, "UTI", "y"]
        )
    path, out = tmp_path / "a.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    marks = [Mark(0, 5 * n + 1, 3, "question", f"Value {n} is above 10.") for n in range(300)]
    started = time.perf_counter()
    annotate_workbook(path, marks, out, hidden_sheets={})
    assert time.perf_counter() - started < 6.0  # about 0.7 s on a quiet machine


def test_the_copy_opens_again_as_a_source(simple: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.xlsx", tmp_path / "twice.xlsx"
    annotate_workbook(simple, [Mark(0, 3, 3, "flag", "Look.")], once, hidden_sheets={})
    annotate_workbook(once, [], twice, hidden_sheets={})
    book = openpyxl.load_workbook(io.BytesIO(twice.read_bytes()))
    assert book.sheetnames == [f"{LIST_NAME} (2)", LIST_NAME, "Diary"]
    assert book["Diary"]["C3"].comment.text == "Second look: Look."
    assert book[LIST_NAME]["B8"].hyperlink.location == "'Diary'!C3"


def test_who_wrote_the_workbook_is_looked_for_in_its_cells(simple: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(simple)
    book.properties.creator = "Xanthe Polkinghorne"
    book["Diary"]["B2"].comment = Comment("ask Trevanion's sister", "Mrs Trevanion")
    book["Diary"]["D3"] = "see polkinghorne's list, or Trevanion"
    book.save(simple)
    out = tmp_path / "out.xlsx"
    annotate_workbook(simple, [], out, hidden_sheets={})
    assert_nowhere(out, ("Polkinghorne", "polkinghorne", "Trevanion", "Xanthe"))
    sheet = openpyxl.load_workbook(out)["Diary"]
    assert sheet["D3"].value == "see [hidden: name]'s list, or [hidden: name]"
    assert sheet["D2"].value == "as usual"
