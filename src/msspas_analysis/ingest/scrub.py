"""Identifiers taken out of a workbook: out of its cells and out of everything that is no cell.

What cannot be screened (pictures, charts, pivot tables, links to other files) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from msspas_analysis.ingest.identifiers import looks_like_name, mask, name_words, screen_text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.worksheet.worksheet import Worksheet

AUTHOR: Final = "msspas-analysis"
"""Who wrote every comment of the copy."""

_THREADED = re.compile(r"\A\[Threaded comment\].*?Comment:\s*", re.DOTALL)
_SIGNED = re.compile(r"\A[^\n:]{1,40}:[ \t]*\r?\n")
_REFERENCE = re.compile(
    r"(?P<text>\"(?:[^\"]|\"\")*\")|'(?P<quoted>(?:[^']|'')+)'!|(?<![\w.:])(?P<bare>[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)!"
)
_PIECES = re.compile(
    r"\"((?:[^\"]|\"\")*)\"|'((?:[^']|'')+)'!|\[([^\[\]]+)\]|(?<![\w.$])([^\W\d][\w.]{3,})(?![\w.(])"
)
_ELSEWHERE = re.compile(
    r"\[\d+\](?:[\w .]*|[^\[\]!]*')!|\[[^\[\]]+\.(?:xl\w+|csv|ods)\]"
    r"|\bHYPERLINK\s*\(\s*(?!\"#)|\bWEBSERVICE\s*\(",
    re.IGNORECASE,
)
_NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
_THEME_NAMES = re.compile(rb"\bname=\"([^\"]*)\"")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OWN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_OWN_NUMBER = re.compile(r"\w*\d{5,}\w*")


@dataclass(slots=True)
class Screen:
    """The bundled screen, and what this workbook itself has given away.

    Parameters
    ----------
    words : frozenset of str
        Words of names, in small letters.
    numbers : frozenset of str
        Numbers with at least five digits, in small letters.
    seen : dict of str to str
        Texts screened before, and what became of them.
    """

    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    seen: dict[str, str] = field(default_factory=dict)

    def mask(self, text: str) -> str:
        """Return `text` with everything hidden that must not be seen."""
        if (known := self.seen.get(text)) is not None:
            return known
        masked = mask(text)
        if self.words:
            masked = _OWN_WORD.sub(self._word, masked)
        if self.numbers:
            masked = _OWN_NUMBER.sub(self._number, masked)
        self.seen[text] = masked
        return masked

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        bare = word[:-2] if word[-2:] in ("'s", "’s") else word
        if bare.lower().replace("’", "'") not in self.words:
            return word
        return f"[hidden: name]{word[len(bare) :]}"

    def _number(self, match: re.Match[str]) -> str:
        return "[hidden: identifier]" if match.group().lower() in self.numbers else match.group()

    def hits(self, *texts: str | None) -> bool:
        """Whether any of the texts holds something that must not be seen."""
        for text in texts:
            if text and (
                self.mask(text) != text or (("_" in text or "." in text) and self._spaced(text))
            ):
                return True
        return False

    def _spaced(self, text: str) -> bool:
        spaced = re.sub(r"[_.]+", " ", text)
        return self.mask(spaced) != spaced

    def hits_formula(self, formula: str | None) -> bool:
        """Whether a text, a sheet or a name within a formula must not be seen."""
        if not formula:
            return False
        for pieces in _PIECES.finditer(formula):
            piece = next(p for p in pieces.groups() if p is not None)
            if self.hits(piece.replace('""', '"').replace("''", "'")):
                return True
        return False


def names_given_away(
    book: Workbook,
    sheets: Sequence[Any],
    *,
    masked: Iterable[tuple[int, int, int]],
    hidden_sheets: Mapping[int, str],
) -> Screen:
    """Collect the names that masked cells, authors and hidden sheet names give away.

    Parameters
    ----------
    book : openpyxl.Workbook
        As loaded.
    sheets : sequence
        Its sheets in order, chart sheets too.
    masked : iterable of (int, int, int)
        Sheet (from 0), row and column (from 1) of the cells to hide.
    hidden_sheets : mapping of int to str
        New names for sheets whose own name must not be seen, by position.

    Returns
    -------
    Screen
        The bundled screen with these names added.
    """
    names: set[str] = set()
    numbers: set[str] = set()
    for position, row, column in masked:
        cell = getattr(sheets[position], "_cells", {}).get((row, column))
        if cell is None or cell.value is None or cell.data_type == "f":
            continue
        text = str(cell.value)
        names |= name_words(text)
        numbers |= {n.lower() for n in _OWN_NUMBER.findall(text)}
    properties = book.properties
    for author in (properties.creator, properties.lastModifiedBy):
        names |= name_words(author or "")
    for sheet in sheets:
        for cell in getattr(sheet, "_cells", {}).values():
            if cell.comment is not None:
                names |= name_words(cell.comment.author or "")
    for position in hidden_sheets:
        for word in _OWN_WORD.findall(sheets[position].title):
            names |= name_words(word)
    return Screen(frozenset(names), frozenset(numbers))


def scrub(
    book: Workbook,
    sheets: Sequence[Any],
    screen: Screen,
    *,
    masked: Iterable[tuple[int, int, int]],
    hidden_sheets: Mapping[int, str],
) -> None:
    """Take everything out of a workbook that could say who somebody is.

    Every text is screened: cells, formulas, comments and who wrote them, sheet names, headers
    and footers, drop-down lists, conditional formats, named ranges, filters, styles. Document
    properties, links, pictures, charts, pivot tables and passwords are removed.

    Parameters
    ----------
    book : openpyxl.Workbook
        Changed in place. Load it with ``keep_links=False`` and without macros.
    sheets : sequence
        Its sheets in order, chart sheets too; those are removed from `book`.
    screen : Screen
        What to look for.
    masked : iterable of (int, int, int)
        Sheet (from 0), row and column (from 1) of cells whose whole value is replaced.
    hidden_sheets : mapping of int to str
        New names for sheets, by position. A sheet whose name the screen hits is renamed too.
    """
    renamed = _rename_sheets(sheets, screen, hidden_sheets=hidden_sheets)
    for sheet in sheets:
        if not is_page(sheet):
            book.remove(sheet)  # a chart sheet holds nothing but a picture of the data
    pages = [sheet for sheet in sheets if is_page(sheet)]
    for position, row, column in masked:
        if is_page(sheets[position]):
            _hide_cell(sheets[position].cell(row=row, column=column))
    for page in pages:
        _scrub_cells(page, screen)
    lost = [name for page in pages for name in _scrub_tables(page, screen)]
    for page in pages:
        _scrub_formulas(page, screen, renamed=renamed, lost=lost)
        _scrub_sheet(page, screen, renamed=renamed)
    _scrub_book(book, screen, renamed=renamed)


def is_page(sheet: object) -> bool:
    """Whether a sheet has cells; a chart sheet has none."""
    return hasattr(sheet, "_cells")


def _hide_cell(cell: Any) -> None:
    """Replace the value of a masked cell by the kind of thing it was."""
    if cell.value is None:
        return
    text = str(cell.value)
    finding = screen_text(text)
    kind = finding.kind if finding else "name" if looks_like_name(text) else "identifier"
    write_text(cell, f"[hidden: {kind}]")


def free_title(wanted: str, taken: Iterable[str]) -> str:
    """Make a sheet name that Excel allows and that is not in use."""
    title = _NOT_IN_TITLE.sub("-", _ILLEGAL.sub(" ", wanted)).strip("' ")[:31] or "Sheet"
    used, free, n = {name.lower() for name in taken}, title, 1
    while free.lower() in used:
        n += 1
        free = f"{title[: 28 - len(str(n))]} ({n})"
    return free


def _rename_sheets(
    sheets: Sequence[Any], screen: Screen, *, hidden_sheets: Mapping[int, str]
) -> dict[str, str]:
    """Rename the sheets that must be; return old names (small letters) and new ones."""
    taken = {sheet.title for sheet in sheets}
    renamed: dict[str, str] = {}
    for position, sheet in enumerate(sheets):
        wanted = hidden_sheets.get(position)
        if wanted is None and screen.hits(sheet.title):
            wanted = f"Sheet {position + 1}"
        if wanted is None or wanted == sheet.title:
            continue
        if screen.hits(wanted):
            wanted = f"Sheet {position + 1}"
        new = free_title(wanted, taken)
        renamed[sheet.title.lower()] = new
        sheet.title = new
        taken.add(new)
    return renamed


def _refer(formula: str, renamed: Mapping[str, str]) -> str:
    """Let a formula refer to renamed sheets by their new names."""
    if not renamed:
        return formula

    def replace(match: re.Match[str]) -> str:
        if (text := match["text"]) is not None:  # as in INDIRECT("'Old name'!A1")
            for old, new in renamed.items():
                whole = rf"(?<!\w){re.escape(old)}(?='?!)"
                text = re.sub(whole, new.replace("\\", "-"), text, flags=re.IGNORECASE)
            return text
        name = (match["quoted"] or match["bare"]).replace("''", "'")
        parts = [renamed.get(part.lower(), part) for part in name.split(":")]
        if parts == name.split(":"):
            return match.group()
        return "'" + ":".join(parts).replace("'", "''") + "'!"

    return _REFERENCE.sub(replace, formula)


def _clean_formula(
    formula: str | None, screen: Screen, *, renamed: Mapping[str, str]
) -> str | None:
    """Return the formula with new sheet names, or None if it must not be seen."""
    if formula is None:
        return None
    formula = _refer(formula, renamed)
    if _ELSEWHERE.search(formula) or screen.hits_formula(formula):
        return None
    return formula


def _scrub_cells(sheet: Worksheet, screen: Screen) -> None:
    """Screen every value but formulas, every comment and every link."""
    from openpyxl.cell.rich_text import CellRichText

    for cell in list(_cells(sheet)):
        value = cell.value
        if cell.data_type == "f":
            pass
        elif isinstance(value, str | CellRichText):
            text = str(value)
            if len(text) > 1 and (masked := screen.mask(text)) != text:
                write_text(cell, masked)
        elif isinstance(value, int | float) and 1e8 < value < 1e16 and value == value // 1:
            digits = str(int(value))
            if (masked := screen.mask(digits)) != digits:
                write_text(cell, masked)
        if cell.comment is not None:
            text = screen.mask(_said(cell.comment))
            cell.comment = note(text) if text else None
        if (link := cell.hyperlink) is not None:
            cell.hyperlink = None
            if link.location and not link.target:
                cell.hyperlink = link


def _said(comment: Comment) -> str:
    """Return what a comment says, without who said it."""
    text = _THREADED.sub("", comment.text or "")
    author = f"{comment.author}:"
    if comment.author and text.startswith(author):
        text = text[len(author) :]
    return _SIGNED.sub("", text).strip()


def note(text: str) -> Comment:
    """Return a comment by :data:`AUTHOR`, large enough to be read."""
    from openpyxl.comments import Comment

    lines = sum(max(1, ceil(len(line) / 44)) for line in text.splitlines())
    return Comment(_ILLEGAL.sub(" ", text), AUTHOR, width=320, height=min(30 + 18 * lines, 400))


def _cells(sheet: Any) -> Iterable[Any]:
    """Cells that can hold something; those inside a merged area cannot."""
    from openpyxl.cell.cell import MergedCell

    return (cell for cell in sheet._cells.values() if not isinstance(cell, MergedCell))


def _scrub_tables(sheet: Any, screen: Screen) -> list[str]:
    """Turn a table into plain cells if its headings must not be seen; return their names."""
    lost = []
    for table in list(sheet.tables.values()):
        texts = [table.displayName, table.name, table.comment]
        for column in table.tableColumns:
            texts += [column.name, column.totalsRowLabel]
            column.queryTableFieldId = column.xmlColumnPr = None
            for formula in (column.calculatedColumnFormula, column.totalsRowFormula):
                texts.append(getattr(formula, "attr_text", None))
        table.tableType = table.connectionId = None
        table.sortState = None
        if table.tableStyleInfo is not None and screen.hits(table.tableStyleInfo.name):
            table.tableStyleInfo = None
        if table.autoFilter is not None:
            table.autoFilter.filterColumn = []
            table.autoFilter.sortState = None
        headings = sheet[table.ref][0] if table.headerRowCount != 0 else ()
        if screen.hits(*texts) or any("[hidden" in str(cell.value) for cell in headings):
            del sheet.tables[table.displayName]
            lost.append(table.displayName)
    return lost


def _scrub_formulas(
    sheet: Worksheet, screen: Screen, *, renamed: Mapping[str, str], lost: Sequence[str]
) -> None:
    """Screen every formula; one that refers elsewhere or to a lost table becomes a note."""
    from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

    gone = re.compile("|".join(rf"\b{re.escape(name)}\[" for name in lost) or r"(?!)", re.I)
    for cell in _cells(sheet):
        if cell.data_type != "f" or isinstance(cell.value, DataTableFormula):
            continue
        array = isinstance(cell.value, ArrayFormula)
        formula = str(cell.value.text if array else cell.value)
        clean = _clean_formula(formula, screen, renamed=renamed)
        if clean is None or gone.search(clean):
            write_text(cell, "[hidden: formula]")
        elif array:
            cell.value.text = clean
        elif clean != formula:
            cell.value = clean


def _scrub_sheet(sheet: Any, screen: Screen, *, renamed: Mapping[str, str]) -> None:
    """Screen all that belongs to a sheet and is not a cell."""
    from openpyxl.formatting.formatting import ConditionalFormattingList
    from openpyxl.worksheet.protection import SheetProtection
    from openpyxl.worksheet.scenario import ScenarioList

    sheet._charts, sheet._images, sheet._pivots = [], [], []
    sheet.scenarios = ScenarioList()
    sheet.protection = SheetProtection()
    sheet.sheet_properties.codeName = None
    sheet.page_setup.id = None
    sheet.auto_filter.filterColumn = []
    sheet.auto_filter.sortState = None
    if sheet.sheet_state == "veryHidden":
        sheet.sheet_state = "hidden"
    for view in sheet.views.sheetView:
        view.tabSelected = False

    def clean(formula: str | None) -> str | None:
        return _clean_formula(formula, screen, renamed=renamed)

    for which in ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader",
                  "firstFooter"):  # fmt: skip
        for part in ("left", "center", "right"):
            item = getattr(getattr(sheet.HeaderFooter, which), part)
            if item.text:
                item.text = screen.mask(item.text)

    kept = []
    for rule in sheet.data_validations.dataValidation:
        texts = (rule.prompt, rule.promptTitle, rule.error, rule.errorTitle)
        formulas = [f for f in (rule.formula1, rule.formula2) if f is not None]
        if not screen.hits(*texts) and all(clean(f) is not None for f in formulas):
            rule.formula1, rule.formula2 = clean(rule.formula1), clean(rule.formula2)
            kept.append(rule)
    sheet.data_validations.dataValidation = kept

    formats = ConditionalFormattingList()
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if not screen.hits(rule.text) and all(clean(f) is not None for f in rule.formula):
                rule.formula = [clean(f) for f in rule.formula]
                formats.add(str(area.sqref), rule)
    sheet.conditional_formatting = formats

    _scrub_names(sheet.defined_names, screen, clean)
    for cell in _cells(sheet):
        if (link := cell.hyperlink) is None:
            continue
        link.location = clean(link.location) if "!" in link.location else link.location
        if link.location is None or screen.hits(link.location):
            cell.hyperlink = None
        else:
            link.tooltip = screen.mask(link.tooltip) if link.tooltip else None
            link.display = screen.mask(link.display) if link.display else None


def _scrub_names(
    names: dict[str, Any], screen: Screen, clean: Callable[[str | None], str | None]
) -> None:
    """Screen named ranges; one that must not be seen is gone."""
    for key, name in list(names.items()):
        value = clean(name.attr_text)
        texts = (name.name, name.comment, name.description, name.help, name.statusBar,
                 name.customMenu)  # fmt: skip
        if value is None or screen.hits(*texts):
            del names[key]
        else:
            name.attr_text = value


def _scrub_book(book: Any, screen: Screen, *, renamed: Mapping[str, str]) -> None:
    """Screen all that belongs to the workbook as a whole."""
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.packaging.custom import CustomPropertyList
    from openpyxl.workbook.protection import DocumentSecurity
    from openpyxl.workbook.views import BookView

    book.properties = DocumentProperties(creator=AUTHOR, lastModifiedBy=AUTHOR)
    book.custom_doc_props = CustomPropertyList()
    book.security = DocumentSecurity()
    book.code_name = None
    book.template = False
    book.views = [BookView()]
    if book.calculation is not None:
        book.calculation.fullCalcOnLoad = True
    _scrub_names(book.defined_names, screen, lambda f: _clean_formula(f, screen, renamed=renamed))
    for i, shape in enumerate(book._number_formats):
        if screen.hits(shape, *re.findall(r'"([^"]*)"', shape)):
            book._number_formats[i] = "General"
    for i, style in enumerate(book._named_styles):
        if screen.hits(style.name):
            style.name = f"Style {i}"
    if (styles := book._table_styles) is not None:
        styles.tableStyle = [s for s in styles.tableStyle if not screen.hits(s.name)]
        if screen.hits(styles.defaultTableStyle, styles.defaultPivotStyle):
            styles.defaultTableStyle = styles.defaultPivotStyle = None
    theme = book.loaded_theme or b""
    if screen.hits(*(n.decode("utf-8", "replace") for n in _THEME_NAMES.findall(theme))):
        book.loaded_theme = None


def write_text(cell: Any, text: str) -> None:
    """Write text that stays text, whatever it begins with."""
    cell.value = _ILLEGAL.sub(" ", text)[:32_767]
    cell.data_type = "s"
