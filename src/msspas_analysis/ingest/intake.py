"""What reading a workbook gives: tables, the ledger of every decision, and the sum of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from msspas_analysis.tables import Tables

LEDGER_COLUMNS: Final = ("sheet", "cell", "raw", "decision", "value", "reason")
DECISIONS: Final = ("changed", "kept", "question", "set aside", "masked")
"""What can happen to a cell that is not simply used as it stands.

``changed``: used, with another spelling or unit; ``kept``: used, and worth a second look;
``question``: not used until somebody answers; ``set aside``: not used, and no answer is awaited;
``masked``: looks like something that identifies a person, so it is not used and not repeated.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Cells in = cells used + cells set aside.

    Parameters
    ----------
    cells : int
        Cells of the file that are not empty.
    used : int
        Those that went into a table, or named a column or a person.
    set_aside : int
        Those that did not; each stands in the ledger with its reason.
    people : int
        Codes found that may be used.
    left_out : mapping of str to int
        People left out, by what the consent column says ("no", "withdrawn", "blank", ...).
    questions : int
        Cells that wait for an answer.
    asks : int
        Different questions behind those cells.
    hidden_rows : int
        Rows that were hidden in the file; they are data like any other.
    """

    cells: int
    used: int
    set_aside: int
    people: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    questions: int = 0
    asks: int = 0
    hidden_rows: int = 0

    def __post_init__(self) -> None:
        """Refuse a sum that does not come out."""
        if self.cells != self.used + self.set_aside:
            raise ValueError(
                f"{self.cells} cells in, but {self.used} used + {self.set_aside} set aside"
            )

    def __str__(self) -> str:
        return f"{self.cells:,} cells in = {self.used:,} used + {self.set_aside:,} set aside"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intake:
    """A workbook, read: the tidy tables, every decision, and what a reader must know.

    Parameters
    ----------
    tables : Tables
        People without consent are not in any of them.
    ledger : pandas.DataFrame
        One row per cell that was changed, kept with a flag, questioned, set aside or masked;
        columns :data:`LEDGER_COLUMNS`. Identifiers are never repeated in it.
    tally : Tally
        The sum of cells and people.
    asks : pandas.DataFrame
        The different questions: columns ``question``, ``cells`` (how many wait for it),
        ``example`` (sheet and cell), ``answer`` (what to write in the rules file).
    notes : tuple of str
        Sentences for a reader: what was assumed about dates, windows, consent.
    consent_recorded : bool
        Whether the file says who agreed to the evaluation.
    sha256 : str
        Hash of the file's bytes.
    sheets : tuple of str
        Names of the sheets in order, as they may be shown.
    renamed : mapping of int to str
        Sheets whose own name looks like it identifies somebody: position to the name shown.
    longest_sheet : int
        Rows of the longest sheet.
    kind : str
        What the file is: "xlsx", "xlsb", "xls", "ods" or "csv".
    """

    tables: Tables
    ledger: pd.DataFrame
    tally: Tally
    asks: pd.DataFrame
    notes: tuple[str, ...]
    consent_recorded: bool
    sha256: str
    sheets: tuple[str, ...] = ()
    renamed: Mapping[int, str] = field(default_factory=dict)
    longest_sheet: int = 0
    kind: str = ""
