"""A file as it lies on the disk, as plain grids of cells: .xlsx, .xls, .ods and .csv.

Nothing is interpreted here. A grid keeps what a reader of the sheet would see: values, merged
cells, hidden rows, comments and which cells are formulas.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_MEGABYTES: Final = 150
"""Largest sheet that is read, in megabytes when unpacked."""
_RICH_MEGABYTES: Final = 40  # above this a workbook is read for its values only

Merge = tuple[int, int, int, int]


class UnreadableFileError(Exception):
    """The file cannot be read at all; the text is a finished sentence with what to do."""


@dataclass(slots=True)
class Sheet:
    """One sheet: `values[row, column]`, both from 0; an empty cell is None.

    Parameters
    ----------
    index : int
        Position in the file, from 0.
    name : str
        As the file says; it may identify somebody.
    values : numpy.ndarray of object, shape (n_rows, n_columns)
        Text, numbers, dates; None where empty.
    merged : list of (first_row, first_column, last_row, last_column)
        From 0, inclusive.
    hidden_rows : set of int
        From 0; hidden rows are data like any other.
    comments : dict of (row, column) to str
        Text of cell comments, with their author.
    formulas : dict of (row, column) to str
        The formula behind a cell; the value is what the file remembers of its result.
    is_hidden : bool
        Whether the whole sheet was hidden.
    """

    index: int
    name: str
    values: NDArray[np.object_]
    merged: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    is_hidden: bool = False


@dataclass(slots=True)
class SourceFile:
    """The sheets of one file, its kind, and the hash of its bytes."""

    kind: str
    sheets: list[Sheet]
    sha256: str
    notes: list[str] = field(default_factory=list)


def cell_name(row: int, column: int) -> str:
    """Return the name a spreadsheet shows for a cell, both counted from 0.

    Examples
    --------
    >>> cell_name(0, 0), cell_name(9, 27)
    ('A1', 'AB10')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def filled(cells: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which cells hold anything.

    Examples
    --------
    >>> filled(np.array([["a", None]], dtype=object)).tolist()
    [[True, False]]
    """
    full: NDArray[np.bool_] = np.not_equal(cells, None)  # type: ignore[call-overload]
    return full


def read_source(path: Path) -> SourceFile:
    """Read every sheet of `path`, whatever its ending says it is.

    Parameters
    ----------
    path : pathlib.Path
        An .xlsx, .xlsm, .xls, .ods or .csv file of at most :data:`MAX_MEGABYTES`.

    Raises
    ------
    UnreadableFileError
        If it is empty, locked with a password, something else under a wrong name, damaged, or
        too large; the text says what to do.
    """
    try:
        size = path.stat().st_size
    except OSError as err:
        raise UnreadableFileError(
            "This file cannot be opened. If it is open in Excel, close it there and try again."
        ) from err
    if path.is_dir():
        raise UnreadableFileError("This is a folder. Give the workbook inside it.")
    if size == 0:
        raise UnreadableFileError(
            "This file is empty (0 bytes). Save the workbook again and check that it opens."
        )
    if size > MAX_MEGABYTES * 1e6:
        raise _too_large(size)
    data = path.read_bytes()
    kind = _kind(data, path.suffix.lower())
    digest = hashlib.sha256(data).hexdigest()
    notes: list[str] = []
    try:
        if kind == "xlsx" and _unpacked(data) <= _RICH_MEGABYTES * 1e6:
            sheets = _read_xlsx(data)
        elif kind == "xls":
            sheets = _read_xls(data)
        elif kind in ("xlsx", "xlsb", "ods"):
            sheets = _read_values(data)
            if kind == "ods":
                _add_ods_layout(data, sheets)
            else:
                notes.append("The workbook is large: comments and hidden rows were not looked at.")
        else:
            sheets = [_read_text(data)]
    except UnreadableFileError:
        raise
    except MemoryError as err:
        raise _too_large(size) from err
    except Exception as err:  # any reader may fail in its own way on a damaged file
        raise UnreadableFileError(
            "This file is damaged or not a workbook that can be read. Open it in Excel or "
            "LibreOffice, save it as .xlsx and try again."
        ) from err
    if not any(len(sheet.values) for sheet in sheets):
        raise UnreadableFileError("There is nothing in this file: every sheet is empty.")
    return SourceFile(kind, sheets, digest, notes)


def _too_large(size: float) -> UnreadableFileError:
    return UnreadableFileError(
        f"This file holds {size / 1e6:,.0f} MB, more than the {MAX_MEGABYTES} MB that are read at "
        "once. Save only the diary sheet as a file of its own, or split it by year, and try again."
    )


def _unpacked(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(part.file_size for part in archive.infolist() if "media/" not in part.filename)


def _kind(data: bytes, suffix: str) -> str:
    """Tell what a file is from its first bytes; its ending may be wrong."""
    if data[:4] == b"%PDF":
        raise UnreadableFileError(
            "This is a PDF, whatever its name says. The workbook behind it is needed: look for "
            "the Excel file it was printed from."
        )
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in data:
            raise _locked()
        if b"W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t" in data:
            raise UnreadableFileError("This is a Word document. Give the Excel workbook.")
        return "xls"
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = set(archive.namelist())
                total = sum(part.file_size for part in archive.infolist())
                locked = "META-INF/manifest.xml" in names and (
                    b"encryption-data" in archive.read("META-INF/manifest.xml")
                )
        except (zipfile.BadZipFile, OSError, RuntimeError) as err:
            raise UnreadableFileError(
                "This workbook is damaged (perhaps it was cut off while copying). Copy it again, "
                "or open it in Excel and save it under a new name."
            ) from err
        if locked:
            raise _locked()
        if total > MAX_MEGABYTES * 1e6:
            raise _too_large(total)
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "xl/workbook.bin" in names:
            return "xlsb"
        if "content.xml" in names:
            return "ods"
        if "word/document.xml" in names:
            raise UnreadableFileError("This is a Word document. Give the Excel workbook.")
        raise UnreadableFileError(
            "This is a packed folder or another program's file, not a workbook. In Numbers or "
            "Google Sheets use Export or Download as Excel (.xlsx)."
        )
    if re.match(rb"\s*<(!doctype|html|\?xml|table)", data[:200], re.I):
        raise UnreadableFileError(
            "This is a web page or XML under the name of a workbook. Open it in Excel, save it as "
            ".xlsx and try again."
        )
    text = data[:4096]
    is_utf16 = text[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in text and not is_utf16:
        raise UnreadableFileError(
            f"This is not a workbook that can be read{f' ({suffix} file)' if suffix else ''}. "
            "Save it as .xlsx or .csv and try again."
        )
    return "csv"


def _locked() -> UnreadableFileError:
    return UnreadableFileError(
        "This workbook is locked with a password. Open it in Excel, remove the password "
        "(File, Info, Protect Workbook, Encrypt with Password, empty the box), save a copy in a "
        "safe place, and use the copy."
    )


def _grid(cells: dict[tuple[int, int], Any]) -> NDArray[np.object_]:
    if not cells:
        return np.empty((0, 0), dtype=object)
    rows = max(row for row, _ in cells) + 1
    columns = max(column for _, column in cells) + 1
    grid = np.full((rows, columns), None, dtype=object)
    for (row, column), value in cells.items():
        grid[row, column] = value
    return grid


def _clean(value: Any) -> Any:
    """Return None for what a reader would call empty."""
    if isinstance(value, str) and not value.strip("\u00a0\u200b \t\r\n"):
        return None
    return value


def _read_xlsx(data: bytes) -> list[Sheet]:
    import warnings

    import openpyxl
    from openpyxl.worksheet.worksheet import Worksheet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl names parts it drops; none of them is a cell
        book = openpyxl.load_workbook(io.BytesIO(data))
        sheets, any_formula = [], False
        for index, page in enumerate(_pages(book)):
            cells, formulas, comments = {}, {}, {}
            if not isinstance(page, Worksheet):  # a chart; it keeps its place in the order
                sheets.append(Sheet(index, page.title, _grid({})))
                continue
            for (row, column), cell in page._cells.items():  # one pass over what is there
                if cell.comment is not None:
                    author = cell.comment.author or ""
                    comments[row - 1, column - 1] = f"{author}\n{cell.comment.text or ''}".strip()
                value = _clean(cell.value)
                if value is None:
                    continue
                if cell.data_type == "f":
                    formulas[row - 1, column - 1] = str(getattr(value, "text", value))
                cells[row - 1, column - 1] = value
            any_formula = any_formula or bool(formulas)
            sheet = Sheet(index, page.title, _grid(cells), formulas=formulas, comments=comments)
            sheet.merged = [
                (m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1)
                for m in page.merged_cells.ranges
            ]
            sheet.hidden_rows = {
                row - 1 for row, shape in page.row_dimensions.items() if shape.hidden
            }
            sheet.is_hidden = page.sheet_state != "visible"
            sheets.append(sheet)
    if any_formula:
        _remember_results(data, sheets)
    return sheets


def _pages(book: Any) -> list[Any]:
    """Return sheets and chart sheets in the order of the tabs."""
    return list(book._sheets)


def _remember_results(data: bytes, sheets: list[Sheet]) -> None:
    """Put what the file remembers of each formula's result in the formula's place."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for sheet in sheets:
        if not sheet.formulas:
            continue
        rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
        for row, column in sheet.formulas:
            value = rows[row][column] if row < len(rows) and column < len(rows[row]) else None
            value = _clean(value)
            if value not in (None, ""):
                is_whole = isinstance(value, float) and value.is_integer()
                sheet.values[row, column] = int(value) if is_whole else value


def _read_values(data: bytes) -> list[Sheet]:
    from python_calamine import CalamineWorkbook, PasswordError, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as err:
        raise _locked() from err
    sheets = []
    for index, name in enumerate(book.sheet_names):
        try:
            page = book.get_sheet_by_name(name)
        except WorksheetNotFound:  # a chart; it keeps its place in the order
            sheets.append(Sheet(index, name, _grid({})))
            continue
        rows = page.to_python(skip_empty_area=False)
        width = max((len(row) for row in rows), default=0)
        grid = np.full((len(rows), width), None, dtype=object)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                value = _clean(value)
                if isinstance(value, float) and value.is_integer():
                    value = int(value)
                grid[i, j] = value
        sheet = Sheet(index, name, _trim(grid))
        try:
            found = page.merged_cell_ranges or []
        except Exception:  # not every format tells
            found = []
        sheet.merged = [(r1, c1, r2, c2) for (r1, c1), (r2, c2) in found]
        sheets.append(sheet)
    return sheets


def _read_xls(data: bytes) -> list[Sheet]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except xlrd.XLRDError as err:
        if "encrypt" in str(err).lower() or "password" in str(err).lower():
            raise _locked() from err
        raise
    sheets = []
    for index, page in enumerate(book.sheets()):
        cells: dict[tuple[int, int], Any] = {}
        for row in range(page.nrows):
            for column, cell in enumerate(page.row(row)):
                value: Any = cell.value
                if cell.ctype == xlrd.XL_CELL_DATE:
                    value = xlrd.xldate_as_datetime(value, book.datemode)
                elif cell.ctype == xlrd.XL_CELL_ERROR:
                    value = xlrd.error_text_from_code.get(value, "#ERROR")
                elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                    value = bool(value)
                elif cell.ctype == xlrd.XL_CELL_NUMBER:
                    value = int(value) if float(value).is_integer() else value
                elif cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                    continue
                if (value := _clean(value)) is not None:
                    cells[row, column] = value
        sheet = Sheet(index, page.name, _grid(cells))
        sheet.merged = [(r1, c1, r2 - 1, c2 - 1) for r1, r2, c1, c2 in page.merged_cells]
        sheet.hidden_rows = {row for row, shape in page.rowinfo_map.items() if shape.hidden}
        sheet.comments = {at: f"{n.author}\n{n.text}" for at, n in page.cell_note_map.items()}
        sheet.is_hidden = page.visibility != 0
        sheets.append(sheet)
    return sheets


def _trim(grid: NDArray[np.object_]) -> NDArray[np.object_]:
    full = filled(grid)
    if not full.any():
        return np.empty((0, 0), dtype=object)
    height = int(np.flatnonzero(full.any(axis=1))[-1]) + 1
    width = int(np.flatnonzero(full.any(axis=0))[-1]) + 1
    return grid[:height, :width]


def _add_ods_layout(data: bytes, sheets: list[Sheet]) -> None:
    """Add merged cells, hidden rows and comments of an OpenDocument sheet."""
    from xml.etree import ElementTree

    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    text_ns = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    pages = list(root.iter(f"{table}table"))
    for sheet, page in zip(sheets, pages, strict=False):
        row = 0
        for line in page.iter(f"{table}table-row"):
            repeat = int(line.get(f"{table}number-rows-repeated", 1))
            if line.get(f"{table}visibility", "visible") != "visible":
                sheet.hidden_rows.update(range(row, min(row + repeat, len(sheet.values))))
            column = 0
            for cell in line:
                across = int(cell.get(f"{table}number-columns-repeated", 1))
                down = int(cell.get(f"{table}number-rows-spanned", 1))
                wide = int(cell.get(f"{table}number-columns-spanned", 1))
                if down > 1 or wide > 1:
                    sheet.merged.append((row, column, row + down - 1, column + wide - 1))
                note = cell.find(f"{office}annotation")
                if note is not None:
                    sheet.comments[row, column] = " ".join("".join(note.itertext()).split())
                text = " ".join("".join(p.itertext()) for p in cell.findall(f"{text_ns}p"))
                inside = row < sheet.values.shape[0] and column < sheet.values.shape[1]
                if text.startswith(("#", "Err:")) and inside and sheet.values[row, column] is None:
                    sheet.values[row, column] = text  # an error, which the reader leaves out
                column += across
            row += repeat


def _read_text(data: bytes) -> Sheet:
    """Read delimited text; every cell stays the text it is."""
    text = _decode(data)
    if text.startswith("sep=") and "\n" in text:
        first, text = text.split("\n", 1)
        mark = first[4:].strip("\r") or ","
        return Sheet(0, "Sheet1", _delimited("\n" + text, mark))
    lines = text[:20000].splitlines()[:60]
    counts = {
        mark: sum(line.count(mark) > 0 for line in lines) + sum(line.count(mark) for line in lines)
        for mark in ",;\t|"
    }
    mark = max(counts, key=lambda m: counts[m])
    if counts[mark] == 0 and len(lines) > 1 and max(map(len, lines)) > 400:
        raise UnreadableFileError(
            "This is running text, not a table. Give the workbook or a .csv saved from it."
        )
    return Sheet(0, "Sheet1", _delimited(text, mark))


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else (
        "utf-8-sig",
    ):  # fmt: skip
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000], cp_isolation=["cp1252", "mac_roman", "utf-16"]).best()
    return data.decode(best.encoding if best is not None else "cp1252", errors="replace")


def _delimited(text: str, mark: str) -> NDArray[np.object_]:
    if len(text) > 2_000_000 and '"' not in text:
        return _delimited_fast(text, mark)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    width = max((len(row) for row in rows), default=0)
    grid = np.full((len(rows), width), None, dtype=object)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            grid[i, j] = _clean(value)
    return _trim(grid)


def _delimited_fast(text: str, mark: str) -> NDArray[np.object_]:
    """Read a large table by column; every row must be as wide as the widest of the first ones."""
    import pandas as pd

    width = max(line.count(mark) for line in text[:200_000].splitlines()) + 1
    frame = pd.read_csv(
        io.StringIO(text), sep=mark, header=None, names=list(range(width)), dtype=object,
        keep_default_na=False, na_filter=False, skip_blank_lines=False, quoting=csv.QUOTE_NONE,
        on_bad_lines="error", engine="c",
    )  # fmt: skip
    grid = np.empty(frame.shape, dtype=object)
    for column in range(width):
        codes, distinct = pd.factorize(frame[column].to_numpy())
        cleaned = np.array([_clean(value) for value in distinct] + [None], dtype=object)
        grid[:, column] = cleaned[codes]
        del frame[column]
    return _trim(grid)
