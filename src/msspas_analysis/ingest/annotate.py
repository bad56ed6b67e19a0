"""The user's own workbook, with a colour and a comment on every cell that needs a look.

The copy must be safe to leave on a desk: every text in it goes through the screen of
:mod:`msspas_analysis.ingest.identifiers`, also those nobody asked about, and what cannot be
screened (pictures, charts, pivot tables, macros, links to other files) is left out. The original
is only read.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from zipfile import BadZipFile, ZipFile

from msspas_analysis.ingest.identifiers import mask
from msspas_analysis.ingest.scrub import (
    Screen,
    free_title,
    is_page,
    names_given_away,
    note,
    scrub,
    write_text,
)

if TYPE_CHECKING:
    from openpyxl import Workbook

Kind = Literal["question", "flag", "masked"]

LIST_NAME: Final = "What to check"
MOST_ROWS: Final = 50_000
"""A workbook with a longer sheet is not annotated: no desktop program would open the copy."""

_MOST_LINKS: Final = 60_000
_COLOURS: Final[dict[Kind, str]] = {"masked": "BFBFBF", "question": "FFF2A8", "flag": "D6E8F7"}
_WORDS: Final[dict[Kind, str]] = {
    "question": "Question",
    "flag": "Second look",
    "masked": "Hidden",
}
_LEGEND: Final[dict[Kind, str]] = {
    "question": "Yellow. Not used until you answer: put the cell right in your own workbook, or "
    "say what it means in the rules file.",
    "flag": "Pale blue. Used as it stands; look whether that is right.",
    "masked": "Grey. Could say who somebody is, so it was not used and is not repeated here. "
    "Replace it in your own workbook.",
}
_STRONGEST: Final[tuple[Kind, ...]] = ("masked", "question", "flag")

_ROW = re.compile(rb"<(?:\w+:)?row[ />]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to say about one cell.

    Parameters
    ----------
    sheet : int
        Position of the sheet in the file, from 0; chart sheets count.
    row, column : int
        Place of the cell, from 1. A cell inside a merged area stands for the whole area.
    kind : {"question", "flag", "masked"}
        Not used until answered; used, but worth a look; hidden, because it could identify
        somebody.
    text : str
        What to do, in plain words.
    """

    sheet: int
    row: int
    column: int
    kind: Kind
    text: str


def annotate_workbook(
    source: Path, marks: Sequence[Mark], out: Path, *, hidden_sheets: Mapping[int, str]
) -> bool:
    """Write a copy of an Excel workbook with the marked cells coloured and commented.

    Formulas, formats and widths stay. A first sheet called "What to check" lists the marks with
    a link to each cell. Every text is screened: cells (marked or not, hidden sheets too),
    formulas, comments and who wrote them, sheet names, headers and footers, drop-down lists,
    conditional formats, named ranges, filters. Names found in masked cells, as authors of
    comments and in hidden sheet names are then looked for in all other texts. Document
    properties, links to other files and to the web, pictures, charts, pivot tables, macros and
    passwords are not copied. Stored results of formulas are dropped; the spreadsheet program
    works them out afresh.

    Parameters
    ----------
    source : pathlib.Path
        An .xlsx or .xlsm file; it is only read.
    marks : sequence of Mark
        In any order; several on one cell become one comment.
    out : pathlib.Path
        Where to write, ending in .xlsx, in a folder that exists; replaced if it is there. The
        file appears whole or not at all.
    hidden_sheets : mapping of int to str
        New names for sheets whose own name must not be seen, by position. A sheet whose name
        is recognised as an identifier is renamed even if it is not listed.

    Returns
    -------
    bool
        True if the copy was written; False, with nothing written, if a sheet has more than
        :data:`MOST_ROWS` rows.

    Raises
    ------
    ValueError
        If `out` does not end in .xlsx or is the source itself, if a mark points to no sheet or
        no cell, or if the file cannot be opened as a workbook; :func:`annotate_values` can do
        with the values alone.
    """
    import openpyxl

    _check_out(out)
    if out.resolve() == source.resolve():
        raise ValueError(
            f"the annotated copy {out.name!r} would replace the workbook itself; "
            "give it another name or folder"
        )
    try:
        if _too_long(source):
            return False
        with source.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, keep_links=False, rich_text=True)
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            f"{mask(source.name)!r} cannot be opened as an Excel workbook to write comments into "
            f"it ({type(error).__name__}). Open it in Excel or LibreOffice and save it again as "
            ".xlsx, or annotate its values only"
        ) from error
    _annotate(book, marks, out, hidden_sheets=hidden_sheets)
    return True


def annotate_values(
    sheets: Sequence[tuple[str, Mapping[tuple[int, int], object]]],
    marks: Sequence[Mark],
    out: Path,
) -> bool:
    """Write a new workbook from values alone, with the marked cells coloured and commented.

    For files that cannot hold comments (.csv) or that are not written here (.xls, .ods).
    Screening, colours, comments and the first sheet are those of :func:`annotate_workbook`.

    Parameters
    ----------
    sheets : sequence of (str, mapping of (int, int) to object)
        Name and cells of each sheet; a cell is at (row, column), both from 1. Text that begins
        with "=" stays text. None, NaN and NaT are empty cells.
    marks : sequence of Mark
        In any order; several on one cell become one comment.
    out : pathlib.Path
        Where to write, ending in .xlsx, in a folder that exists; replaced if it is there.

    Returns
    -------
    bool
        True if the copy was written; False, with nothing written, if a sheet has more than
        :data:`MOST_ROWS` rows.

    Raises
    ------
    ValueError
        If `out` does not end in .xlsx, or a mark points to no sheet or no cell.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     annotate_values(
    ...         [("Diary", {(1, 1): "Client", (1, 2): "Stiffness", (2, 1): "P1", (2, 2): 55})],
    ...         [Mark(sheet=0, row=2, column=2, kind="question", text="55 is above 10.")],
    ...         Path(folder) / "diary - to check.xlsx",
    ...     )
    True
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    _check_out(out)
    if any(row > MOST_ROWS for _, cells in sheets for row, _ in cells):
        return False
    book = Workbook()
    book.remove(book.worksheets[0])
    taken: set[str] = set()
    for name, cells in sheets:
        sheet = book.create_sheet(free_title(name, taken))
        taken.add(sheet.title.lower())
        widths: dict[int, int] = {}
        for (row, column), value in cells.items():
            value = _storable(value)
            if value is None:
                continue
            cell: Any = sheet.cell(row=row, column=column)
            if isinstance(value, str):
                write_text(cell, value)
            else:
                cell.value = value
            length = 11 if isinstance(value, date) else len(str(value)) + 2
            widths[column] = max(widths.get(column, 0), length)
        for column, width in widths.items():
            sheet.column_dimensions[get_column_letter(column)].width = min(max(width, 8), 40)
    _annotate(book, marks, out, hidden_sheets={})
    return True


def _check_out(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise ValueError(f"the annotated copy must end in .xlsx, got {out.suffix!r}")
    if not out.parent.is_dir():
        raise ValueError(f"the folder for the annotated copy {out.name!r} does not exist; make it")


def _too_long(source: Path) -> bool:
    """Count rows without reading the workbook, and stop as soon as there are too many."""
    with ZipFile(source) as archive:
        for name in archive.namelist():
            if not re.search(r"worksheets/[^/]+\.xml\Z", name):
                continue
            rows, rest = 0, b""
            with archive.open(name) as part:
                while block := part.read(1 << 20):
                    block = rest + block
                    cut = max(block.rfind(b"<"), 0)  # a tag may go on in the next block
                    rows += len(_ROW.findall(block[:cut]))
                    rest = block[cut:]
                    if rows > MOST_ROWS:
                        return True
    return False


def _storable(value: object) -> object:
    """Return what a cell can hold, or None for an empty one."""
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, bool | date | timedelta):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 1e300 else str(value)
    item = getattr(value, "item", None)
    return _storable(item()) if callable(item) and not isinstance(value, str) else str(value)


# --- the work -----------------------------------------------------------------------------------


def _annotate(
    book: Workbook, marks: Sequence[Mark], out: Path, *, hidden_sheets: Mapping[int, str]
) -> None:
    """Scrub `book`, mark it, list the marks on a first sheet, and save."""
    sheets: list[Any] = [book[name] for name in book.sheetnames]
    for mark in marks:
        if not 0 <= mark.sheet < len(sheets):
            raise ValueError(
                f"a mark points to sheet {mark.sheet}, but the workbook has sheets 0 to "
                f"{len(sheets) - 1}"
            )
        if not (1 <= mark.row <= 1_048_576 and 1 <= mark.column <= 16_384):
            raise ValueError(
                f"a mark points to row {mark.row}, column {mark.column}; both count from 1"
            )
    if stray := [i for i in hidden_sheets if not 0 <= i < len(sheets)]:
        raise ValueError(f"hidden_sheets names sheet {stray[0]}, which the workbook does not have")

    gathered = _gather(marks, sheets)
    masked = [
        place for place, of_cell in gathered.items() if any(m.kind == "masked" for m in of_cell)
    ]
    screen = names_given_away(book, sheets, masked=masked, hidden_sheets=hidden_sheets)
    scrub(book, sheets, screen, masked=masked, hidden_sheets=hidden_sheets)
    for (position, row, column), of_cell in gathered.items():
        if is_page(sheets[position]):
            _mark_cell(sheets[position].cell(row=row, column=column), of_cell, screen)
    _list_marks(book, gathered, sheets, screen)
    _save(book, out)


def _gather(marks: Iterable[Mark], sheets: Sequence[Any]) -> dict[tuple[int, int, int], list[Mark]]:
    """Put the marks of one cell together; a cell of a merged area is its first cell."""
    from openpyxl.cell.cell import MergedCell

    gathered: dict[tuple[int, int, int], list[Mark]] = {}
    for mark in marks:  # the list keeps the order of the marks
        sheet, row, column = sheets[mark.sheet], mark.row, mark.column
        if isinstance(getattr(sheet, "_cells", {}).get((row, column)), MergedCell):
            for area in sheet.merged_cells.ranges:
                if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col:
                    row, column = area.min_row, area.min_col
                    break
        of_cell = gathered.setdefault((mark.sheet, row, column), [])
        if all((m.kind, m.text) != (mark.kind, mark.text) for m in of_cell):
            of_cell.append(mark)
    return gathered


# --- what is shown ------------------------------------------------------------------------------


def _strongest(marks: Iterable[Mark]) -> Kind:
    kinds = {mark.kind for mark in marks}
    return next(kind for kind in _STRONGEST if kind in kinds)


def _fill(kind: Kind) -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", start_color=_COLOURS[kind], end_color=_COLOURS[kind])


def _mark_cell(cell: Any, marks: Sequence[Mark], screen: Screen) -> None:
    """Colour a cell and say why, below what was said already."""
    cell.fill = _fill(_strongest(marks))
    said = [cell.comment.text] if cell.comment is not None else []
    said += [f"{_WORDS[mark.kind]}: {screen.mask(mark.text)}" for mark in marks]
    cell.comment = note("\n\n".join(said))


def _list_marks(
    book: Any,
    gathered: Mapping[tuple[int, int, int], Sequence[Mark]],
    sheets: Sequence[Any],
    screen: Screen,
) -> None:
    """Put the sheet that lists every mark before all others."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter, quote_sheetname
    from openpyxl.worksheet.hyperlink import Hyperlink

    page = book.create_sheet(free_title(LIST_NAME, book.sheetnames), 0)
    book.active = 0
    page.sheet_view.tabSelected = True
    for letter, width in zip("ABCD", (24, 9, 14, 90), strict=True):
        page.column_dimensions[letter].width = width
    wrap = Alignment(wrap_text=True, vertical="top")
    line = Border(bottom=Side("thin", color="D9D9D9"))

    page["A1"] = "What to check in this copy of your workbook"
    font = page["A1"].font.name
    page["A1"].font = Font(name=font, bold=True, size=14)
    page["A2"] = (
        "Your own workbook has not been changed. Work down this list, put things right in your own "
        "workbook (not in this copy), and run the check again. What could say who somebody is has "
        "been hidden; pictures, charts, pivot tables, macros and links to other files are left out."
    )
    page.merge_cells("A2:D2")
    page["A2"].alignment = wrap
    page.row_dimensions[2].height = 48
    for row, kind in enumerate(_LEGEND, start=3):
        page.cell(row=row, column=1, value=_WORDS[kind]).fill = _fill(kind)
        page.cell(row=row, column=2, value=_LEGEND[kind])
        page.merge_cells(start_row=row, end_row=row, start_column=2, end_column=4)
    head = 7
    for column, text in enumerate(("Sheet", "Cell", "Mark", "What to do"), start=1):
        cell = page.cell(row=head, column=column, value=text)
        cell.font = Font(name=font, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="305070", end_color="305070")
    page.freeze_panes = f"A{head + 1}"
    page.print_title_rows = f"{head}:{head}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = 9
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.oddFooter.center.text = "Page &P of &N"

    looks: dict[tuple[int, Kind | None, bool], Any] = {}
    row = head
    for (position, of_row, of_column), marks in gathered.items():
        sheet = sheets[position]
        place = f"{get_column_letter(of_column)}{of_row}"
        for mark in marks:
            row += 1
            write_text(page.cell(row=row, column=1), sheet.title)
            cell = page.cell(row=row, column=2, value=place)
            if row - head <= _MOST_LINKS and is_page(sheet):
                target = f"{quote_sheetname(sheet.title)}!{place}"
                cell.hyperlink = Hyperlink(ref=cell.coordinate, location=target)
            page.cell(row=row, column=3, value=_WORDS[mark.kind])
            text = screen.mask(mark.text) + _out_of_sight(sheet, of_row, of_column)
            write_text(page.cell(row=row, column=4), text)
            for column in range(1, 5):
                cell = page.cell(row=row, column=column)
                look = (column, mark.kind if column == 3 else None, cell.hyperlink is None)
                if look not in looks:
                    cell.alignment, cell.border = wrap, line
                    if column == 3:
                        cell.fill = _fill(mark.kind)
                    if cell.hyperlink is not None:
                        cell.font = Font(name=font, color="0563C1", underline="single")
                    looks[look] = cell._style
                cell._style = copy(looks[look])
    if row == head:
        page.cell(row=head + 1, column=1, value="Nothing to check: no cell was marked.")
    else:
        page.auto_filter.ref = f"A{head}:D{row}"


def _out_of_sight(sheet: Any, row: int, column: int) -> str:
    """Say where to look if the cell cannot be seen."""
    if sheet.sheet_state != "visible":
        return " (The sheet is hidden: right-click any sheet tab and choose Unhide.)"
    if not is_page(sheet):
        return ""
    if row in sheet.row_dimensions and sheet.row_dimensions[row].hidden:
        return " (The row is hidden.)"
    for width in sheet.column_dimensions.values():
        if width.hidden and (width.min or 0) <= column <= (width.max or 0):
            return " (The column is hidden.)"
    return ""


def _save(book: Workbook, out: Path) -> None:
    """Write beside `out` and put it in place when it is whole."""
    part = out.with_name(f".{out.name}.{getpid()}.part")
    try:
        book.save(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
