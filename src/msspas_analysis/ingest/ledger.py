"""What happened to every cell: used, changed, kept with a flag, questioned, set aside, masked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from msspas_analysis.ingest.intake import LEDGER_COLUMNS
from msspas_analysis.ingest.sheets import Sheet, cell_name, filled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msspas_analysis.ingest.values import Reading

USED: Final = 1
MASKED: Final = 6
_CODES: Final = {
    "used": USED,
    "changed": 2,
    "kept": 3,
    "question": 4,
    "set aside": 5,
    "masked": MASKED,
}
_UNUSED: Final = ("question", "set aside", "masked")


class Entry(NamedTuple):
    """One line of the ledger, before it is written."""

    decision: str
    value: str
    reason: str
    raw: str
    ask: str
    answer: str


@dataclass(slots=True)
class Ledger:
    """The fate of every cell of a file.

    A cell that is simply used costs one byte; only the others have a line. A later decision
    replaces an earlier one unless the earlier weighs more (masked over set aside over question).
    """

    sheets: Sequence[Sheet]
    shown_names: Sequence[str]
    fate: list[NDArray[np.int8]] = field(init=False)
    entries: dict[tuple[int, int, int], Entry] = field(default_factory=dict)
    extra: list[tuple[int, str, Entry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no cell decided."""
        self.fate = [np.zeros(sheet.values.shape, dtype=np.int8) for sheet in self.sheets]

    def use(self, sheet: int, rows: NDArray[np.intp] | int, column: int) -> None:
        """Mark cells as used where nothing else has been decided."""
        block = self.fate[sheet]
        block[rows, column] = np.maximum(block[rows, column], USED)

    def log(
        self, sheet: int, row: int, column: int, decision: str, reason: str, *, value: object = "",
        raw: str | None = None, ask: str = "", answer: str = "",
    ) -> None:  # fmt: skip
        """Decide about one cell; `raw` replaces what the cell says where that must not be told."""
        code = _CODES[decision]
        if self.fate[sheet][row, column] > code:
            return
        cell = self.sheets[sheet].values[row, column]
        if cell is None:
            return
        self.fate[sheet][row, column] = code
        if decision == "used":
            self.entries.pop((sheet, row, column), None)
            return
        shown = spell(cell) if raw is None else raw
        if raw is None and (formula := self.sheets[sheet].formulas.get((row, column))):
            shown = formula if shown == formula else f"{shown} ({formula})"
        self.entries[sheet, row, column] = Entry(decision, spell(value), reason, shown, ask, answer)

    def read(
        self, sheet: int, row: int, column: int, reading: Reading, *, answer: str = ""
    ) -> None:
        """Take down one reading."""
        value = "" if reading.value is None else reading.value
        self.log(
            sheet, row, column, reading.decision, reading.reason, value=value, ask=reading.ask,
            answer=answer,
        )  # fmt: skip

    def say(self, sheet: int, cell: str, decision: str, reason: str, *, raw: str = "") -> None:
        """Add a line that is not about one cell's fate: a range, a comment, a sheet's name."""
        self.extra.append((sheet, cell, Entry(decision, "", reason, raw, "", "")))

    def set_aside_row(
        self, sheet: int, row: int, columns: Iterable[int], reason: str, *,
        decision: str = "set aside", raw: str | None = None, ask: str = "",
    ) -> None:  # fmt: skip
        """Set aside every filled cell of a row, or of some of its columns."""
        values = self.sheets[sheet].values
        for column in columns:
            if values[row, column] is not None:
                self.log(sheet, row, column, decision, reason, raw=raw, ask=ask)

    def close(self) -> None:
        """Decide about the cells nobody has spoken for."""
        for sheet, fate in enumerate(self.fate):
            full = filled(self.sheets[sheet].values)
            for row, column in np.argwhere(full & (fate == 0)).tolist():
                self.log(sheet, int(row), int(column), "set aside",
                         "not part of a table that is read here")  # fmt: skip

    def counts(self) -> tuple[int, int, int]:
        """Return cells that are not empty, cells used, cells set aside."""
        cells = used = 0
        for sheet, fate in zip(self.sheets, self.fate, strict=True):
            full = filled(sheet.values)
            cells += int(full.sum())
            used += int((full & (fate >= 1) & (fate <= 3)).sum())
        return cells, used, cells - used

    def frame(self) -> pd.DataFrame:
        """Return the ledger, sheet by sheet and row by row."""
        lines = [
            (sheet, row, column, cell_name(row, column), entry)
            for (sheet, row, column), entry in self.entries.items()
        ]
        lines += [(sheet, _row_of(cell), -1, cell, entry) for sheet, cell, entry in self.extra]
        lines.sort(key=lambda line: line[:3])
        return pd.DataFrame(
            [
                (self.shown_names[sheet], cell, entry.raw, entry.decision, entry.value,
                 entry.reason)
                for sheet, _, _, cell, entry in lines
            ],
            columns=list(LEDGER_COLUMNS),
            dtype=object,
        )  # fmt: skip

    def asks(self) -> pd.DataFrame:
        """Return the different questions, the most frequent first."""
        count: Counter[str] = Counter()
        first: dict[str, tuple[str, str]] = {}
        for (sheet, row, column), entry in sorted(self.entries.items()):
            if entry.decision != "question":
                continue
            question = entry.ask or entry.reason
            count[question] += 1
            first.setdefault(
                question, (f"{self.shown_names[sheet]}, {cell_name(row, column)}", entry.answer)
            )
        return pd.DataFrame(
            [(q, n, *first[q]) for q, n in count.most_common()],
            columns=["question", "cells", "example", "answer"],
        )


def _row_of(cell: str) -> int:
    digits = "".join(c for c in cell.split(":")[0] if c.isdigit())
    return int(digits) - 1 if digits else -1


def spell(value: object) -> str:
    """Write a cell as text, dates as ISO, whole numbers without a point.

    Examples
    --------
    >>> spell(5.0), spell(dt.datetime(2026, 3, 2)), spell("same")
    ('5', '2026-03-02', 'same')
    """
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else str(value)
    return str(value)
