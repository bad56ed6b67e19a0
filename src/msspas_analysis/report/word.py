"""The same report as a Word file: what the page says, for those who have to copy from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from msspas_analysis.plots import to_png
from msspas_analysis.report.blocks import (
    Block,
    Bullets,
    Caution,
    Paragraph,
    Picture,
    Row,
    Table,
    Terms,
    Text,
    plain,
)
from msspas_analysis.report.page import write_whole
from msspas_analysis.report.wording import SPEAK_TO_TEAM

if TYPE_CHECKING:
    from msspas_analysis.report.evaluation import Evaluation

SUBTITLE: Final = (
    "Symptom diaries before and after the first session. A description of a group, for the centre "
    "and its funders."
)
READ_THIS: Final = "Read this with the numbers."
WHERE_THE_NUMBERS_ARE: Final = "The numbers of this report are in the file results.csv beside it."

# how the first paragraph of a section looks, where that differs
_FIRST: Final = {"summary": "Conclusion", "expected": "Conclusion", "funder": "To copy"}
_FONT: Final = "Calibri"
_INK, _SOFT, _LINE, _BLUE = "1A1A1A", "4A4A4A", "C9CED3", "0B5A8F"
_CAUTION_LINE, _CAUTION_GROUND = "A84300", "FDF5EE"
_TEXT_MM: Final = 170
_PICTURE_MM: Final = 122
# a longer table may break across pages; its heading is then repeated
_KEPT_WHOLE: Final = 14
# the same file on every day: when it was written is told by the disk
_DATE: Final = datetime(2000, 1, 1)
# what XML cannot hold, such as the bell or half of a pair of surrogates
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WATERMARK: Final = """
<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
  xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<w:rPr><w:noProof/></w:rPr><w:pict>
<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800"
  path="m@7,l@8,m@5,21600l@6,21600e">
<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/>
<v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>
<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/>
<v:f eqn="mid @5 @6"/><v:f eqn="mid @8 @5"/><v:f eqn="mid @7 @8"/><v:f eqn="mid @6 @7"/>
<v:f eqn="sum @6 0 @5"/></v:formulas>
<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/>
</v:shapetype>
<v:shape id="Watermark" type="#_x0000_t136" alt="" o:allowincell="f" fillcolor="#d9d9d9"
  stroked="f" style="position:absolute;margin-left:0;margin-top:0;width:440pt;height:88pt;
  rotation:315;z-index:-251658752;mso-position-horizontal:center;
  mso-position-horizontal-relative:margin;mso-position-vertical:center;
  mso-position-vertical-relative:margin">
<v:fill opacity=".5"/><v:textpath style="font-family:Calibri;font-size:1pt" string="INTERNAL"/>
</v:shape></w:pict></w:r>"""


def write_word(evaluation: Evaluation, path: str | Path) -> Path:
    """Write the report as a Word file (.docx) that says what the page says.

    Parameters
    ----------
    evaluation : Evaluation
        The report. Headings become headings of Word, tables its tables with a heading row that is
        repeated on every page, and every picture keeps its words for people who cannot see it.
    path : str or Path
        Where the file goes, ending in ``.docx``; its folder is made if need be. A file of the
        same name is replaced. The file is complete or not there.

    Returns
    -------
    Path
        The file. The same evaluation gives the same bytes; no name of a person or computer and no
        date is in it.

    Raises
    ------
    ImportError
        If the library python-docx is not installed.
    ValueError
        If `path` is a folder or does not end in ``.docx``.
    TypeError
        If a section holds a kind of block that Word has no place for.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from msspas_analysis.report.evaluation import Evaluation
    >>> from msspas_analysis.results import Estimates
    >>> empty = Evaluation(title="Service evaluation", results=Estimates.from_rows([]),
    ...     released=pd.DataFrame(), sections=(), notes=(), settings={})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_word(empty, Path(folder) / "report.docx").name
    'report.docx'
    """
    settings = [f"{name}: {value}" for name, value in evaluation.settings.items()]
    out, document = _begin(
        path, title=evaluation.title, subject=SUBTITLE, watermark=evaluation.watermark,
        foot=[WHERE_THE_NUMBERS_ARE, " · ".join(settings), ""],
    )  # fmt: skip
    document.add_paragraph(_clean(evaluation.title), style="Heading 1")
    document.add_paragraph(SUBTITLE, style="Subtitle")
    for place, section in enumerate(evaluation.sections):
        heading = document.add_paragraph(_clean(section.heading), style="Heading 2")
        # the summary has the first page to itself
        heading.paragraph_format.page_break_before = place == 1
        last: Block | None = None
        for block in section.blocks:
            said = len(document.paragraphs)
            _add(document, block)
            if isinstance(block, Paragraph):
                _place(document.paragraphs[said], section.key, after=last)
            last = block
    document.add_paragraph(SPEAK_TO_TEAM, style="Last line")
    return _end(document, out)


def write_blocks(
    blocks: Sequence[Block], path: str | Path, *, title: str, landscape: bool = False
) -> Path:
    """Write tables, text and pictures as a Word file of their own, in the style of the report.

    Parameters
    ----------
    blocks : sequence of Block
        What is in it, in order.
    path : str or Path
        As :func:`write_word`.
    title : str
        The heading, and the title of the file.
    landscape : bool
        Whether the page lies on its side, for tables of words.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ImportError, ValueError, TypeError
        As :func:`write_word`.
    """
    out, document = _begin(path, title=title, subject=title, watermark="", foot=[""])
    if landscape:
        from docx.enum.section import WD_ORIENT

        page = document.sections[0]
        page.orientation = WD_ORIENT.LANDSCAPE
        page.page_width, page.page_height = page.page_height, page.page_width
    document.add_paragraph(_clean(title), style="Heading 1")
    for block in blocks:
        _add(document, block)
    return _end(document, out)


def _begin(
    path: str | Path, *, title: str, subject: str, watermark: str, foot: Sequence[str]
) -> tuple[Path, Any]:
    """Check where the file is to go, and make an empty document in our style."""
    out = Path(path)
    if out.is_dir() or out.suffix.lower() != ".docx":
        raise ValueError(
            f"{out} cannot be the Word file; give a file name that ends in .docx, such as "
            f"{(out if out.is_dir() else out.parent) / 'report.docx'}"
        )
    try:
        import docx
    except ImportError as err:
        raise ImportError(
            "a Word file needs the library python-docx, which is not installed; install it with "
            'pip install "msspas-analysis[word]"'
        ) from err
    document = docx.Document()
    _set_up(document, title=title, subject=subject, watermark=watermark, foot=foot)
    return out, document


def _end(document: Any, out: Path) -> Path:
    content = _same_every_day(document)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, content)
    return out


def _add(document: Any, block: Block) -> None:
    """Add one block of a section."""
    if isinstance(block, Paragraph):
        document.add_paragraph(_words(block.words))
    elif isinstance(block, Caution):
        said = document.add_paragraph(style="Caution")
        said.add_run(READ_THIS).bold = True
        said.add_run(f" {_words(block.words)}")
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(_words(item), style="List Bullet")
    elif isinstance(block, Terms):
        for word, meaning in block.pairs:
            document.add_paragraph(_clean(word), style="Term")
            document.add_paragraph(_clean(meaning))
    elif isinstance(block, Table):
        _add_table(document, block)
    elif isinstance(block, Picture):
        _add_picture(document, block)
    else:
        raise TypeError(
            f"a Word file has no place for a block of kind {type(block).__name__}; "
            "write_word in report/word.py has to learn it"
        )


def _place(said: Any, key: str, *, after: Block | None) -> None:
    """Give a paragraph the look of its place: first in its section, or below a table."""
    from docx.shared import Pt

    if after is None:
        said.style = _FIRST.get(key, "Normal")
    elif isinstance(after, Table):
        said.paragraph_format.space_before = Pt(8)


def _add_picture(document: Any, block: Picture) -> None:
    """Add a picture with its words for people who cannot see it, and its caption."""
    from docx.shared import Mm, Pt

    shape = document.add_picture(BytesIO(to_png(block.figure)), width=Mm(_PICTURE_MM))
    shape._inline.docPr.set("descr", _clean(block.alt))
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    caption = document.add_paragraph(_words(block.caption), style="Caption")
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(0), Pt(12)


def _add_table(document: Any, block: Table) -> None:
    """Add a table below its caption; the row of headings is repeated on every page."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Mm

    caption = document.add_paragraph(style="Caption")
    caption.add_run(_clean(block.caption)).bold = True
    caption.paragraph_format.keep_with_next = True
    size = len(block.columns)
    page = document.sections[0]
    across = (page.page_width - page.left_margin - page.right_margin) / Mm(1)
    table = document.add_table(rows=0, cols=size)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    top = table.add_row()
    for place, name in enumerate(block.columns):
        _fill(top.cells[place], _clean(name), first=block.in_words or place == 0, bold=True)
    _mark_row(top, "w:tblHeader")
    for name, rows in block.groups:
        if name:
            band = table.add_row()
            _fill(band.cells[0].merge(band.cells[-1]), _clean(name), first=True, bold=True)
            _keep_with_next(band)
        for row in rows:
            line = table.add_row()
            for place, words in enumerate((row.head, *row.cells)):
                _fill(line.cells[place], _words(words), first=block.in_words or place == 0)
    for row in table.rows:
        _mark_row(row, "w:cantSplit")
    widths = [Mm(across * share) for share in _widths(block)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table.rows:
        # a merged cell keeps the width of the whole
        if len({id(cell._tc) for cell in row.cells}) == size:
            for cell, width in zip(row.cells, widths, strict=True):
                cell.width = width
    whole = len(table.rows) <= _KEPT_WHOLE + 1 and not block.in_words
    for row in table.rows[: -1 if whole else 2]:
        _keep_with_next(row)
    _describe(table, _clean(block.caption))
    if block.note:
        for cell in table.rows[-1].cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        document.add_paragraph(_words(block.note), style="Note")


def _fill(cell: Any, words: str, *, first: bool, bold: bool = False) -> None:
    """Write into a cell: what names a row to the left, numbers to the right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    said = cell.paragraphs[0]
    said.style = "Table text"
    said.alignment = WD_ALIGN_PARAGRAPH.LEFT if first else WD_ALIGN_PARAGRAPH.RIGHT
    if words:
        said.add_run(words).bold = bold or None


def _mark_row(row: Any, name: str) -> None:
    """Say of a row that it is not split, or is repeated on every page."""
    row._tr.get_or_add_trPr().append(_element(name))


def _keep_with_next(row: Any) -> None:
    for cell in row.cells:
        for said in cell.paragraphs:
            said.paragraph_format.keep_with_next = True


def _describe(table: Any, caption: str) -> None:
    """Draw the rules of a table, and say which row and column hold the headings."""
    properties = table._tbl.tblPr
    borders = _element("w:tblBorders")
    for side, width, colour in (
        ("top", 8, _INK), ("bottom", 8, _INK), ("insideH", 4, _LINE),
    ):  # fmt: skip
        borders.append(_line(side, width, colour, space=0))
    look = properties.find(_tag("w:tblLook"))
    if look is not None:
        properties.remove(look)
    layout = properties.find(_tag("w:tblLayout"))
    # the schema has an order for these: borders, layout, look, caption
    if layout is None:
        properties.append(borders)
    else:
        layout.addprevious(borders)
    properties.append(
        _element("w:tblLook", {"val": "06A0", "firstRow": 1, "lastRow": 0, "firstColumn": 1,
                               "lastColumn": 0, "noHBand": 1, "noVBand": 1})
    )  # fmt: skip
    properties.append(_element("w:tblCaption", {"val": caption}))


def _widths(block: Table) -> list[float]:
    """Share the width of the page among the columns, by the words they hold."""
    rows: list[Row] = [row for _, rows in block.groups for row in rows]
    needs: list[float] = []
    for place, name in enumerate(block.columns):
        cells = [_words((row.head, *row.cells)[place]) for row in rows]
        longest = max(map(len, [*cells, *name.split()]), default=0)
        # of words a cell four times as long is twice as wide and twice as high
        if block.in_words:
            needs.append(max(longest, 80) ** 0.5)
        else:
            # long words of the first column wrap; a number never does
            needs.append(min(max(longest, 6), 46 if place == 0 else 24) + 2)
    total = math.fsum(needs)
    return [need / total for need in needs]


def _set_up(
    document: Any, *, title: str, subject: str, watermark: str, foot: Sequence[str]
) -> None:
    """Set page, language, styles, header, footer and the properties of the file."""
    from docx.shared import Mm

    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm((210 - _TEXT_MM) / 2)
    page.top_margin, page.bottom_margin = Mm(20), Mm(18)
    page.header_distance = page.footer_distance = Mm(9)
    page.different_first_page_header_footer = True
    _styles(document)
    _footer(page.first_page_footer, foot)
    _footer(page.footer, [f"{title} · "])
    if watermark:
        for header in (page.first_page_header, page.header):
            _watermark(header, watermark)
    about = document.core_properties
    about.title, about.language = _clean(title), "en-GB"
    about.subject = _clean(subject)
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.created = about.modified = _DATE
    about.revision = 1
    _forget_the_template(document)


def _styles(document: Any) -> None:
    """Set the styles: one sans-serif face, no colour that is hard to read, British English."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    defaults = document.styles.element.find(f".//{_tag('w:rPrDefault')}/{_tag('w:rPr')}")
    defaults.find(_tag("w:lang")).set(qn("w:val"), "en-GB")
    for name in (
        "Caution",
        "Last line",
        "Note",
        "Table text",
        "Term",
        "Internal",
        "Conclusion",
        "To copy",
    ):
        document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles[
            "Normal"
        ]
    for name, size, before, after, colour, bold in (
        ("Normal", 10.5, 0, 6, _INK, False),
        ("Heading 1", 20, 0, 2, _INK, True),
        ("Subtitle", 10.5, 0, 6, _SOFT, False),
        ("Heading 2", 14, 16, 5, _BLUE, True),
        ("List Bullet", 10.5, 0, 4, _INK, False),
        ("Caption", 10, 12, 4, _INK, False),
        ("Note", 9.5, 4, 10, _SOFT, False),
        ("Table text", 10, 2, 2, _INK, False),
        ("Term", 10.5, 4, 0, _INK, True),
        ("Caution", 10.5, 6, 8, _INK, False),
        ("Last line", 10.5, 18, 0, _INK, True),
        ("Footer", 8, 0, 0, _SOFT, False),
        ("Conclusion", 11.5, 0, 8, _INK, False),
        ("To copy", 10.5, 6, 8, _INK, False),
        ("Internal", 11, 0, 0, _CAUTION_LINE, True),
    ):
        style = document.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.attrib.clear()
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{script}"), _FONT)
        spacing = style.element.rPr.find(_tag("w:spacing"))
        if spacing is not None:
            style.element.rPr.remove(spacing)
        shape = style.paragraph_format
        shape.space_before, shape.space_after = Pt(before), Pt(after)
        shape.line_spacing = 1.0 if name in ("Table text", "Footer") else 1.1
        shape.widow_control = True
    document.styles["List Bullet"].element.pPr.remove(
        document.styles["List Bullet"].element.pPr.find(_tag("w:contextualSpacing"))
    )
    for name in ("Term", "Caution"):
        document.styles[name].paragraph_format.keep_with_next = True
    document.styles["Caution"].paragraph_format.keep_together = True
    _box(document.styles["Caution"], ["left"], _CAUTION_LINE, ground=_CAUTION_GROUND)
    _box(document.styles["Conclusion"], ["left"], _BLUE)
    for name, colour in (("Last line", _INK), ("To copy", _LINE)):
        _box(document.styles[name], ["top", "left", "bottom", "right"], colour)


def _box(style: Any, sides: Sequence[str], colour: str, *, ground: str | None = None) -> None:
    """Draw lines around the paragraphs of a style."""
    borders = _element("w:pBdr")
    for side in sides:
        width = 24 if len(sides) == 1 else 8
        borders.append(_line(side, width, colour, space=6))
    # the schema has an order: borders and ground come before the spacing
    spacing = style.element.pPr.find(_tag("w:spacing"))
    spacing.addprevious(borders)
    if ground is not None:
        spacing.addprevious(_element("w:shd", {"val": "clear", "color": "auto", "fill": ground}))


def _footer(footer: Any, lines: Sequence[str]) -> None:
    """Write the lines of a footer; the last of them ends with the number of the page."""
    footer.is_linked_to_previous = False
    said = footer.paragraphs[0]
    for place, line in enumerate(lines):
        said = footer.add_paragraph() if place else said
        said.style = "Footer"
        said.add_run(_NOT_XML.sub("", line))
    said.add_run("Page ")
    _field(said, "PAGE")
    said.add_run(" of ")
    _field(said, "NUMPAGES")


def _field(said: Any, name: str) -> None:
    """Add a number that Word itself keeps right."""
    field = _element("w:fldSimple", {"instr": name})
    number = _element("w:r")
    shown = _element("w:t")
    shown.text = "1"
    number.append(shown)
    field.append(number)
    said._p.append(field)


def _watermark(header: Any, words: str) -> None:
    """Say on every page that it stays in the centre."""
    from docx.oxml.parser import parse_xml

    header.is_linked_to_previous = False
    said = header.paragraphs[0]
    said.style = "Internal"
    said.add_run(words)
    said._p.append(parse_xml(_WATERMARK))


def _forget_the_template(document: Any) -> None:
    """Take out what the library's empty document brings: a preview of it, older behaviour."""
    from docx.oxml.ns import qn

    links = document.part.package.rels
    for key in [key for key, link in links.items() if link.reltype.endswith("/thumbnail")]:
        del links[key]
    settings = document.settings.element
    for old in settings.iter(_tag("w:compatSetting")):
        if old.get(qn("w:name")) == "compatibilityMode":
            old.set(qn("w:val"), "15")
    settings.find(_tag("w:themeFontLang")).set(qn("w:val"), "en-GB")


def _same_every_day(document: Any) -> bytes:
    """Return the file with one fixed date on everything within it."""
    raw, out = BytesIO(), BytesIO()
    document.save(raw)
    with ZipFile(raw) as parts, ZipFile(out, "w") as fixed:
        for part in parts.infolist():
            entry = ZipInfo(part.filename, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 0
            fixed.writestr(entry, parts.read(part))
    return out.getvalue()


def _line(side: str, width: int, colour: str, *, space: int) -> Any:
    """Return one line of a border; `width` counts eighths of a point."""
    return _element(f"w:{side}", {"val": "single", "sz": width, "space": space, "color": colour})


def _words(words: Text) -> str:
    return _clean(plain(words))


def _clean(words: str) -> str:
    """Leave out what XML cannot hold, and break lines only where the page would."""
    return re.sub(r"[ \t\r\n]+", " ", _NOT_XML.sub("", words)).strip(" ")


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(name)


def _element(name: str, attributes: Mapping[str, str | int] | None = None) -> Any:
    from docx.oxml.parser import OxmlElement

    given = attributes or {}
    return OxmlElement(name, {_tag(f"w:{key}"): str(value) for key, value in given.items()})
