"""Answers as a table that people expect: for Word, for Excel, as text, never rounded twice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pandas as pd

from msspas_analysis.report.blocks import Bullets, Row, Table, text
from msspas_analysis.report.page import write_whole
from msspas_analysis.report.wording import minus
from msspas_analysis.results import Estimates

SUFFIXES: Final = (".docx", ".xlsx", ".csv", ".md")
"""Endings of the files that :func:`write_results` can write."""

WORDS: Final[Mapping[str, str]] = {
    "mean_difference": "mean difference", "median_difference": "median difference",
    "pseudo_median": "pseudo-median", "sd": "SD", "q1": "lower quartile", "q3": "upper quartile",
    "risk_difference": "risk difference", "risk_ratio": "risk ratio", "odds_ratio": "odds ratio",
    "rate_ratio": "rate ratio", "nnt": "number needed to treat", "residual_sd": "residual SD",
    "standardised_difference": "standardised difference", "proportion": "share", "count": "people",
}  # fmt: skip
"""How measures are called in a table; another is written as it is, without underscores."""

_COLUMNS: Final = ("Answer", "Estimate", "Interval", "p", "People", "Missing")


def results_table(
    answers: Estimates, *, caption: str = "Results", decimals: int = 2,
    words: Mapping[str, str] | None = None,
) -> Table:  # fmt: skip
    """Lay answers out as a table: one line each, grouped by outcome.

    Parameters
    ----------
    answers : Estimates
        Any answers. A p-value stands beside its estimate and interval, never alone.
    caption : str
        What stands above the table.
    decimals : int
        Decimals of estimates and intervals, 0 to 8; shares are per cent with one fewer.
    words : mapping of str to str or None
        What outcomes, groups, terms and measures are called, by their names.

    Returns
    -------
    Table
        For :func:`write_results` or a section of the report.

    Raises
    ------
    ValueError
        If `decimals` is out of range or there is no answer.

    Examples
    --------
    >>> row = {"outcome": "stiffness", "group": "all", "term": "foot - sham", "n": 60, "method": "t",
    ...     "measure": "mean_difference", "estimate": -0.52, "conf_low": -1.01, "conf_high": -0.03,
    ...     "conf_level": 0.95, "p_value": 0.0382}
    >>> table = results_table(Estimates.from_rows([row]))
    >>> ["".join(cell.text for cell in cells) for cells in table.groups[0][1][0].cells]
    ['−0.52', '−1.01 to −0.03', '0.038', '60', '0']
    """
    if not 0 <= decimals <= 8:
        raise ValueError(f"decimals must be 0 to 8, got {decimals}")
    if answers.table.empty:
        raise ValueError("there is no answer to lay out")
    called = {**WORDS, **(words or {})}
    groups: dict[str, list[Row]] = {}
    levels = sorted(set(answers.table["conf_level"].dropna()))
    for row in answers.table.to_dict("records"):
        head = [called.get(str(row["term"]), str(row["term"]))]
        if row["group"] not in ("all", "", row["term"]):
            head.insert(0, called.get(str(row["group"]), str(row["group"])))
        measure = str(row["measure"])
        head.append(called.get(measure, measure.replace("_", " ")))
        cells = _cells({str(k): v for k, v in row.items()}, decimals, several=len(levels) > 1)
        outcome = str(row["outcome"])
        groups.setdefault(called.get(outcome, outcome), []).append(
            Row(text(", ".join(part for part in head if part)), tuple(text(c) for c in cells))
        )
    said = f"Intervals: {levels[0]:.0%}.".replace("%", " %") if len(levels) == 1 else ""
    return Table(
        caption=caption, columns=_COLUMNS, note=text(said) if said else (),
        groups=tuple((name, tuple(rows)) for name, rows in groups.items()),
    )  # fmt: skip


def write_results(
    answers: Estimates, path: str | Path, *, title: str = "Results", decimals: int = 2,
    words: Mapping[str, str] | None = None,
) -> Path:  # fmt: skip
    """Write answers as a Word, Excel, CSV or Markdown file, by the ending of its name.

    Parameters
    ----------
    answers : Estimates
        Any answers.
    path : str or Path
        Ends in .docx, .xlsx, .csv or .md; its folder is made if need be, a file of the same name is
        replaced.
    title : str
        Heading of the file.
    decimals, words
        As :func:`results_table`.

    Returns
    -------
    Path
        The file. Word and Markdown hold the table as read and the notes; Excel holds it, every column
        at full precision and the notes on sheets of their own; CSV holds full precision.

    Raises
    ------
    ValueError
        If the ending is another, or there is no answer.
    ImportError
        For a Word file without python-docx.

    Examples
    --------
    >>> import tempfile
    >>> row = {"outcome": "stiffness", "group": "all", "term": "change", "measure": "mean",
    ...     "estimate": 0.1, "n": 3, "method": "mean"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_results(Estimates.from_rows([row]), Path(folder) / "answers.md")
    ...     print(file.read_text(encoding="utf-8").splitlines()[2])
    | Answer | Estimate | Interval | p | People | Missing |
    """
    table = results_table(answers, caption=title, decimals=decimals, words=words)
    return write_table(table, path, title=title, full=answers.table, notes=answers.notes)


def write_table(
    table: Table, path: str | Path, *, title: str, full: pd.DataFrame, notes: Sequence[str] = ()
) -> Path:
    """Write a table as a Word, Excel, CSV or Markdown file, by the ending of its name.

    Parameters
    ----------
    table : Table
        As it is read. Of words (``in_words``) a page of Word lies on its side.
    path : str or Path
        As :func:`write_results`.
    title : str
        Heading of the file.
    full : pandas.DataFrame
        The same in full: what CSV holds, and a sheet of Excel.
    notes : sequence of str
        What belongs below it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the ending is another.
    ImportError
        For a Word file without python-docx.
    """
    out = Path(path)
    if out.is_dir() or out.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{out.name} must be a file name that ends in one of {', '.join(SUFFIXES)}"
        )
    kind = out.suffix.lower()
    if kind == ".docx":
        from msspas_analysis.report.word import write_blocks

        below = [Bullets(tuple(text(note) for note in notes))] if notes else []
        return write_blocks([table, *below], out, title=title, landscape=table.in_words)
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == ".csv":
        write_whole(out, full.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))
    elif kind == ".md":
        write_whole(out, _markdown(table, title, notes).encode("utf-8"))
    else:
        write_whole(out, _excel(table, title, full, notes))
    return out


def _cells(row: Mapping[str, Any], decimals: int, *, several: bool) -> list[str]:
    share = row["measure"] == "proportion"
    whole = row["measure"] == "count"

    def said(value: float) -> str:
        if math.isnan(value):
            return ""
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        if share:
            return f"{100 * value:.{max(decimals - 1, 0)}f} %"
        return minus(f"{value:,.{0 if whole else decimals}f}")

    span = ""
    if pd.notna(row["conf_low"]) and pd.notna(row["conf_high"]):
        span = f"{said(row['conf_low'])} to {said(row['conf_high'])}"
        if several:
            span += f" ({row['conf_level']:.0%})".replace("%", " %")
    p = row["p_value"]
    # no p-value without an interval
    told = "" if pd.isna(p) or not span else "<0.001" if p < 0.001 else f"{p:.3f}"
    return [said(row["estimate"]), span, told, f"{row['n']:,}", f"{row['n_missing']:,}"]


def _lines(table: Table) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = []
    for name, rows in table.groups:
        if name:
            out.append((name, *[""] * (len(table.columns) - 1)))
        out += [
            tuple("".join(cell.text for cell in words) for words in (row.head, *row.cells))
            for row in rows
        ]
    return out


def _markdown(table: Table, title: str, notes: Sequence[str]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    side = "---" if table.in_words else "--:"
    rule = "|" + "|".join(["---"] + [side] * (len(table.columns) - 1)) + "|"
    body = [
        line((f"**{cells[0]}**", *cells[1:])) if not any(cells[1:]) else line(cells)
        for cells in _lines(table)
    ]
    below = ["".join(cell.text for cell in table.note)] if table.note else []
    told = [f"- {note}" for note in (*below, *notes)]
    return "\n".join([f"# {title}", "", line(table.columns), rule, *body, "", *told, ""])


def _excel(table: Table, title: str, whole: pd.DataFrame, said: Sequence[str]) -> bytes:
    """Make a workbook: as read, at full precision, the notes."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    read: Any = book.active
    read.title = "As read"
    read.append([title])
    read.append(list(table.columns))
    for cells in _lines(table):
        read.append(list(cells))
    for row in read.iter_rows(min_row=1, max_row=2):
        for cell in row:
            cell.font = Font(bold=True)
    for row in read.iter_rows(min_row=3):
        if not any(cell.value for cell in row[1:]):
            row[0].font = Font(bold=True)
        for cell in row if table.in_words else row[1:]:
            cell.alignment = (
                Alignment(wrap_text=True, vertical="top")
                if table.in_words
                else Alignment(horizontal="right")
            )
    read.freeze_panes = "B3"
    full = book.create_sheet("In full" if table.in_words else "Full precision")
    full.append(list(whole.columns))
    for values in whole.itertuples(index=False):
        full.append([_cell(value) for value in values])
    for cell in full[1]:
        cell.font = Font(bold=True)
    full.freeze_panes = "A2"
    notes = book.create_sheet("Notes")
    for note in said:
        notes.append([note])
    for row in notes.iter_rows():
        row[0].alignment = Alignment(wrap_text=True, vertical="top")
    across = [36] * len(table.columns) if table.in_words else [46, 12, 22, 9, 9, 9]
    for sheet, widths in ((read, across), (notes, [110])):
        for place, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a name that begins with "=" is no formula
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Return a value a cell can hold: Excel has no infinity, and a gap is empty."""
    if isinstance(value, float) and abs(value) == float("inf"):
        return "infinity" if value > 0 else "-infinity"
    return None if pd.isna(value) else value
