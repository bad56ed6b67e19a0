"""What an answer is: one table with fixed columns, and the notes that travel with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

COLUMNS: Final[dict[str, str]] = {
    "outcome": "str",
    "group": "str",
    "term": "str",
    "measure": "str",
    "estimate": "float64",
    "std_error": "float64",
    "conf_low": "float64",
    "conf_high": "float64",
    "conf_level": "float64",
    "statistic": "float64",
    "df": "float64",
    "p_value": "float64",
    "n": "int64",
    "n_missing": "int64",
    "method": "str",
}
"""Columns of every answer, in order, with their dtypes."""

_REQUIRED: Final = ("outcome", "group", "term", "measure", "estimate", "n", "method")


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates, one row each, in one fixed set of columns at full precision.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per estimate; columns from :data:`COLUMNS`, missing ones are added empty.
        ``n`` counts the independent units (people), never rows. Proportions are 0-1,
        scores are in instrument points. Interval ends may be infinite.
    notes : tuple of str
        What a reader must know to read the numbers: assumptions, exclusions, caveats.

    Raises
    ------
    ValueError
        If a column is unknown, a required one is absent, or an interval is upside down.

    Examples
    --------
    >>> e = Estimates.from_rows([{"outcome": "stiffness", "group": "all", "term": "change",
    ...     "measure": "mean_difference", "estimate": -0.25, "n": 12, "method": "paired t"}])
    >>> float(e.one(measure="mean_difference").estimate)
    -0.25
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Fix columns and dtypes; refuse what cannot be right."""
        given = set(self.table.columns)
        if unknown := given - set(COLUMNS):
            raise ValueError(f"unknown result columns {sorted(unknown)}; allowed: {list(COLUMNS)}")
        if absent := [name for name in _REQUIRED if name not in given]:
            raise ValueError(f"result columns {absent} are absent; every answer needs them")
        table = self.table.reindex(columns=list(COLUMNS))
        if table["n_missing"].hasnans:
            table["n_missing"] = table["n_missing"].fillna(0)
        # only what is not right yet: a change of fifteen types takes longer than most estimates
        held = dict(zip(table.columns, table.dtypes, strict=True))
        table = table.astype({name: kind for name, kind in COLUMNS.items() if held[name] != kind})
        bad = table.index[table["conf_low"] > table["conf_high"]]
        if len(bad):
            raise ValueError(f"conf_low > conf_high in rows {list(bad)}")
        object.__setattr__(self, "table", table.reset_index(drop=True))
        object.__setattr__(self, "notes", tuple(self.notes))

    @classmethod
    def from_rows(
        cls, rows: Sequence[Mapping[str, Any]], *, notes: Iterable[str] = ()
    ) -> Estimates:
        """Build from one mapping per estimate; keys not given are empty."""
        absent = [name for name in _REQUIRED if any(name not in row for row in rows)]
        if absent:
            raise ValueError(f"result columns {absent} are absent; every answer needs them")
        # columns in their order, and what is not known at the end, to be refused
        names = dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)])
        table = {
            name: pd.Series([row.get(name) for row in rows], dtype=COLUMNS.get(name))
            if COLUMNS.get(name) == "float64"
            else [row.get(name, 0 if name == "n_missing" else None) for row in rows]
            for name in names
        }
        return cls(pd.DataFrame(table), tuple(notes))

    def one(self, **where: str) -> pd.Series[Any]:
        """Return the single row matching `where`.

        Raises
        ------
        LookupError
            Unless exactly one row matches.
        """
        keep = pd.Series(data=True, index=self.table.index)
        for name, value in where.items():
            keep &= self.table[name].eq(value)
        if keep.sum() != 1:
            raise LookupError(f"{where} matches {keep.sum()} rows, need exactly 1")
        return self.table.loc[keep].iloc[0]

    def display(self) -> pd.DataFrame:
        """Return the table as people read it: rounded, empty columns gone."""
        shown = self.table.dropna(axis="columns", how="all").round(3)
        if "p_value" in shown:
            shown["p_value"] = [
                "" if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}"
                for p in self.table["p_value"]
            ]
        return shown

    def __str__(self) -> str:
        return "\n".join([self.display().to_string(index=False), *self.notes])


def concat(*parts: Estimates) -> Estimates:
    """Stack answers; notes are kept once each, in order.

    Examples
    --------
    >>> row = {"outcome": "pain", "group": "all", "term": "people", "measure": "count",
    ...        "estimate": 3, "n": 3, "method": "count"}
    >>> a = Estimates.from_rows([row], notes=["one centre"])
    >>> len(concat(a, a).table), concat(a, a).notes
    (2, ('one centre',))
    """
    tables = [part.table for part in parts if len(part.table)]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Estimates(table, tuple(notes))
