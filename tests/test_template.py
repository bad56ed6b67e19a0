"""The blank diary: headings, checks, no data; and the page to print."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import openpyxl
import pytest

from msspas_analysis.ingest.read import read_workbook
from msspas_analysis.ingest.template import SHEETS, write_paper_diary, write_template

HEADINGS = {
    "People": ["Client code", "Age band", "Sex", "Type of MS", "PDDS", "Therapy", "First session",
               "OK to use for evaluation?"],
    "Diary": ["Client code", "Date", "Stiffness 0-10", "Spasms today (number)", "Pain 0-10",
              "Sleep disruption 0-10", "Fatigue 0-10", "Falls today (number)",
              "Missed tablets (yes/no)", "Triggers"],
    "Sessions": ["Client code", "Date", "Therapy", "Attended"],
    "Unwanted effects": ["Client code", "Date", "What", "How bad"],
    "Feedback": ["Client code", "Date", "Overall change 1-7 (1 = very much better)",
                 "Satisfaction 1-5", "Recommend (yes/no)"],
}  # fmt: skip


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("blank") / "diary.xlsx"
    assert write_template(path, weeks=8, people=3, centre="Westmere & friends") == path
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "diary.html"
    assert write_paper_diary(path, weeks=3, centre="Westmere <MS> Centre") == path
    return path.read_text(encoding="utf-8")


def checks(sheet):
    """Return the check of each column by its letter."""
    return {str(v.sqref)[0]: v for v in sheet.data_validations.dataValidation}


def test_the_sheets_and_their_headings(blank):
    assert blank.sheetnames == ["Read me", *HEADINGS]
    for name, headings in HEADINGS.items():
        assert [cell.value for cell in blank[name][1]] == headings


def test_there_is_no_data_in_it(blank):
    for name in HEADINGS:
        for row in blank[name].iter_rows(min_row=2):
            assert [cell.value for cell in row] == [None] * len(row)


def test_there_is_room_for_everybody(blank):
    assert blank["Diary"].max_row == 1 + 8 * 7 * 3
    assert blank["People"].max_row == 1 + 3
    assert str(checks(blank["Diary"])["C"].sqref) == "C2:C169"


def test_dates_and_numbers_are_formatted_as_such(blank):
    diary = blank["Diary"]
    for column, wanted in (("B", "dd/mm/yyyy"), ("C", "0"), ("D", "0"), ("A", "@"), ("J", "@")):
        assert {diary[f"{column}{row}"].number_format for row in (2, 100, 169)} == {wanted}


@pytest.mark.parametrize("name", HEADINGS)
def test_every_column_is_checked_and_says_what_goes_in(blank, name):
    sheet = blank[name]
    found = checks(sheet)
    assert len(found) == len(HEADINGS[name])
    for check in found.values():
        assert check.allowBlank
        assert check.showInputMessage
        assert 10 < len(check.prompt) <= 255  # what a spreadsheet can hold
        assert 0 < len(check.promptTitle) <= 32
        assert len(check.error) <= 225
        assert len(check.formula1) <= 255


def test_the_ranges_are_those_of_the_columns(blank):
    diary, feedback = checks(blank["Diary"]), checks(blank["Feedback"])
    for letter in "CEFG":
        assert (diary[letter].type, diary[letter].formula1, diary[letter].formula2) == (
            "whole", "0", "10",
        )  # fmt: skip
        assert diary[letter].errorStyle == "stop"
    assert diary["D"].errorStyle == "warning"  # "20+" may stand
    assert diary["B"].type == "date"
    assert (diary["B"].formula1, diary["B"].formula2) == ("36526", "73050")
    assert diary["I"].formula1 == '"yes,no"'
    assert (feedback["C"].formula1, feedback["C"].formula2) == ("1", "7")
    assert (feedback["D"].formula1, feedback["D"].formula2) == ("1", "5")
    assert checks(blank["People"])["E"].formula2 == "8"
    assert checks(blank["Sessions"])["D"].formula1 == '"attended,did not attend,cancelled,away"'


@pytest.mark.parametrize("name", ["Read me", *HEADINGS])
def test_it_prints_on_a4_one_page_wide(blank, name):
    sheet = blank[name]
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.oddFooter.left.text == "Westmere && friends"  # a single & would be a command
    if name != "Read me":
        assert sheet.freeze_panes == "A2"
        assert sheet.print_title_rows == "$1:$1"


def test_the_first_sheet_says_how_and_what_for(blank):
    rows = list(blank["Read me"].iter_rows(values_only=True))
    assert {len(row) for row in rows} == {1}  # one column: nothing there looks like a table
    text = " ".join(str(row[0]) for row in rows)
    for wanted in ("No names", "NHS number", "list of which code is whose", "leave it empty",
                   "0 means none", "Not 4-5", "one line a day", "MS team or GP",
                   "without a real pause count as one", "Westmere & friends"):  # fmt: skip
        assert wanted in text, wanted
    for columns in SHEETS.values():
        for column in columns[1:]:
            assert f"{column.heading}: {column.help}" in text


def test_codes_are_listed_once_and_offered_everywhere(tmp_path):
    book = openpyxl.load_workbook(
        write_template(tmp_path / "d.xlsx", codes=["ms 014", "MS015"], weeks=1)
    )
    people = [row[0].value for row in book["People"].iter_rows(min_row=2)]
    assert people == ["MS014", "MS015"]
    assert all(
        cell.value is None for row in book["People"].iter_rows(min_row=2) for cell in row[1:]
    )
    for name in ("Diary", "Sessions", "Unwanted effects", "Feedback"):
        assert checks(book[name])["A"].formula1 == "People!$A$2:$A$3"
        assert all(c.value is None for row in book[name].iter_rows(min_row=2) for c in row)
    assert checks(book["People"])["A"].type == "textLength"
    assert book["Diary"].max_row == 1 + 7 * 2


def test_what_is_typed_into_it_is_read_without_a_question(tmp_path):
    import datetime as dt

    path = write_template(tmp_path / "d.xlsx", codes=["MS014", "MS015"], weeks=3)
    book = openpyxl.load_workbook(path)
    first = dt.datetime(2026, 3, 16)
    for row, code in ((2, "MS014"), (3, "MS015")):
        values = [code, "40-49", "female", "SPMS", 4, "reflexology + oxygen", first, "yes"]
        for column, value in enumerate(values, start=1):
            book["People"].cell(row, column, value)
    for i in range(42):
        day = dt.datetime(2026, 3, 9) + dt.timedelta(days=i // 2)
        spasms = "20+" if i == 5 else 3
        values = ["MS014" if i % 2 else "MS015", day, i % 7, spasms, 2, 1, 5, 0, "no",
                  "heat, stress" if i % 3 else None]  # fmt: skip
        for column, value in enumerate(values, start=1):
            book["Diary"].cell(2 + i, column, value)
    for column, value in enumerate(["MS014", first, "reflexology + oxygen", "attended"], start=1):
        book["Sessions"].cell(2, column, value)
    for column, value in enumerate(["MS014", first, "dizziness", "mild"], start=1):
        book["Unwanted effects"].cell(2, column, value)
    for column, value in enumerate(["MS014", dt.datetime(2026, 4, 20), 3, 4, "yes"], start=1):
        book["Feedback"].cell(2, column, value)
    book.save(path)

    read = read_workbook(path)
    assert read.tally.questions == 0
    assert set(read.ledger.loc[read.ledger["decision"] == "set aside", "sheet"]) <= {
        "Read me", "Diary",
    }  # fmt: skip
    tables = read.tables
    assert (len(tables.people), len(tables.diary)) == (2, 42)
    assert tables.diary["stiffness"].tolist().count(0) == 6
    assert tables.diary["spasm_count_low"].dropna().tolist() == [20]
    assert (len(tables.sessions), len(tables.adverse_events), len(tables.survey)) == (1, 1, 1)
    assert tables.adverse_events.loc[0, "event"] == "dizziness"
    assert tables.survey.loc[0, "global_impression"] == 3
    assert set(tables.triggers["trigger"]) == {"heat", "stress"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"weeks": 0}, "weeks must be a whole number from 1 to 104, got 0"),
        ({"weeks": 2.5}, "weeks"),
        ({"people": 1001}, "people must be a whole number from 1 to 1000"),
        ({"people": True}, "people"),
        ({"codes": ["Margaret"]}, "may be a name or initials"),
        ({"codes": ["JB"]}, "may be a name or initials"),
        ({"codes": [""]}, "may be a name"),
        ({"codes": ["999 123 4567"]}, "looks like an NHS number"),
        ({"codes": ["MS1", "ms 1"]}, "more than once"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path, given, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        write_template(tmp_path / "d.xlsx", **given)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_ending_or_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.xlsx, got 'd\.ods'"):
        write_template(tmp_path / "d.ods")
    with pytest.raises(ValueError, match=r"must end in \.html"):
        write_paper_diary(tmp_path / "d.pdf")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write_template(tmp_path / "nowhere" / "d.xlsx")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write_paper_diary(tmp_path / "nowhere" / "d.html")
    with pytest.raises(ValueError, match="weeks"):
        write_paper_diary(tmp_path / "d.html", weeks=0)


# -- the page to print --------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collect tags, and refuse a page whose tags do not close."""

    def __init__(self):
        super().__init__()
        self.seen, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_has_a_line_a_day_and_a_sheet_a_week(page):
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    names = [tag for tag, _ in tags.seen]
    assert names.count("section") == names.count("table") == names.count("h1") == 3
    assert [a["scope"] for tag, a in tags.seen if tag == "th"].count("row") == 3 * 7
    assert names.count("td") == 3 * 7 * 9  # the date and eight columns
    for word in ("Stiffness", "Spasms", "Pain", "Sleep disruption", "Fatigue", "Falls",
                 "Missed tablets", "Triggers", "not my name", "without a real pause count as one",
                 "not a range", "MS team"):  # fmt: skip
        assert page.count(word) >= 3, word


def test_the_page_needs_nothing_else_and_can_be_read_aloud(page):
    tags = Tags()
    tags.feed(page)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags.seen}
    assert not re.search(r"https?:|url\(|@import|src=", page)
    assert ("html", {"lang": "en-GB"}) in tags.seen
    assert {"title", "caption", "main"} <= {tag for tag, _ in tags.seen}
    assert "size: A4" in page
    assert "Westmere &lt;MS&gt; Centre" in page
    assert "<MS>" not in page
    assert min(float(s) for s in re.findall(r"font(?:-size)?: (\d+(?:\.\d+)?)pt", page)) >= 10.5
