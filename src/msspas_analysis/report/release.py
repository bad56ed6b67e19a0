"""What leaves the centre: every number of the page once, numbered, with small numbers covered.

A number reaches the page only through :class:`Release`. The page and ``results.csv`` are two
views of the same lines, so they cannot disagree, and what is covered in one is covered in the
other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, Final

import pandas as pd

from msspas_analysis.estimate.intervals import wilson_interval
from msspas_analysis.report.disclosure import (
    COARSE,
    MIN_PEOPLE,
    STEP,
    Cover,
    counts_give_away,
    cover_share,
    hide,
    nearest,
    nearest_share,
    shares_give_away,
    too_close,
)
from msspas_analysis.report.wording import count as count_words
from msspas_analysis.report.wording import fewer_than
from msspas_analysis.results import COLUMNS, Estimates

CSV_COLUMNS: Final = ("row", "section", *COLUMNS, "shown")
"""Columns of ``results.csv``: the line the page refers to, its section, the answer, its cover."""
NOT_SHOWN: Final = "not shown"
_BESIDE_N: Final = ("std_error", "statistic", "df", "p_value")
# the width of these intervals beside the estimate gives n away
_APART: Final = "share_difference"
_TELLTALE: Final = ("proportion", "minimal_detectable_change", "fall_20", "fall_30", _APART)
_SHARES: Final = ("proportion", "fall_20", "fall_30")


@dataclass(frozen=True, slots=True)
class Cell:
    """Words on the page and, if they are a number of ``results.csv``, where it stands there."""

    text: str
    row: int | None = None
    column: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One answer as released: ``values`` holds what may be told, ``None`` where nothing may."""

    number: int
    section: str
    values: dict[str, Any]
    cover: Cover
    n_told: bool
    min_people: int
    counts_people: bool = True

    def cell(self, column: str, how: Callable[[float], str]) -> Cell:
        """Return one number of the line in words; a covered one as what may be said of it."""
        if self.cover != "shown":
            return Cell(fewer_than(self.min_people) if self.cover == "few" else NOT_SHOWN)
        value = self.values[column]
        if value is None:
            return Cell("–")
        return Cell(how(float(value)), self.number, column)

    def interval(self, how: Callable[[float], str]) -> tuple[Cell, ...]:
        """Return the interval as "low to high", or one dash."""
        low, high = self.values["conf_low"], self.values["conf_high"]
        if self.cover != "shown" or low is None or high is None:
            return (Cell("–"),)
        if math.isinf(low) or math.isinf(high):
            return (Cell("too few people for an interval"),)
        return (self.cell("conf_low", how), Cell(" to "), self.cell("conf_high", how))

    def people(self) -> Cell:
        """Return how many people stand behind the line."""
        if self.cover != "shown":
            return Cell("–")
        if not self.n_told:
            return Cell(f"{self.min_people} or more")
        return self.cell("n", count_words)


@dataclass(slots=True)
class Release:
    """The lines released so far, and the totals of people a reader has seen.

    Parameters
    ----------
    min_people : int
        Fewest people behind a number, and smallest count, that may be told.
    totals : list of int
        Numbers of people told so far. A further one too close to any of them is not told, because
        the difference would be a small count.
    everybody : int or None
        People in the tables, once that number has been told.
    rounded : bool
        Whether counts are rounded to the nearest 5 and shares to the nearest 5 %, and everything
        that would give an exact number of people away is left out.
    """

    min_people: int = MIN_PEOPLE
    rounded: bool = False
    totals: list[int] = field(default_factory=list)
    everybody: int | None = None
    lines: list[Line] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Release:
        """Hold lines that are released already."""
        return cls(lines=list(lines))

    @property
    def about(self) -> str:
        """The word before a number of people in a sentence."""
        return "about " if self.rounded else ""

    @property
    def people_heading(self) -> str:
        """The heading over a column of numbers of people."""
        return "people (rounded)" if self.rounded else "people"

    def share_cover(self, inside: int, n: int, *, near: Iterable[int] = ()) -> tuple[Cover, int]:
        """Say whether the share of `inside` among `n` people may be shown, and how coarsely.

        Parameters
        ----------
        inside, n : int
            People with it, and people asked.
        near : iterable of int
            Numbers on the page that hold those inside, or are held by them.

        Returns
        -------
        cover : {"shown", "few", "hidden"}
        step : int
            Percent to round the share to.
        """
        cover = cover_share(inside, n, near=near, min_people=self.min_people)
        if cover != "shown":
            return cover, STEP
        # the people without it are the rest of the family, which stands on no page
        covers, step = self.shares_told([inside], ["shown"], n, whole=False)
        return covers[0], step

    def shares_told(
        self, counts: Sequence[int], covers: Sequence[Cover], total: int, *, whole: bool = True
    ) -> tuple[tuple[Cover, ...], int]:
        """Say which shares of a family may be shown, and to how many percent they are rounded.

        Parameters
        ----------
        counts : sequence of int
            People in categories that do not overlap.
        covers : sequence of {"shown", "few", "hidden"}
            What may be shown before rounding.
        total : int
            People in all.
        whole : bool
            Whether the categories make up the total.
        """
        shown = [x for x, cover in zip(counts, covers, strict=True) if cover == "shown"]
        if not (self.rounded and shown):
            return tuple(covers), STEP
        closed = whole and len(shown) == len(counts)
        for step in (STEP, COARSE):
            if not shares_give_away(
                shown, total, whole=closed, min_people=self.min_people, step=step
            ):
                return tuple(covers), step
        return tuple("hidden" for _ in counts), STEP

    def counts_told(self, counts: Sequence[int], covers: Sequence[Cover]) -> tuple[Cover, ...]:
        """Hide rounded counts altogether where their rounded total gives one of them away."""
        shown = [x for x, cover in zip(counts, covers, strict=True) if cover == "shown"]
        whole = len(shown) == len(counts)
        if (
            self.rounded
            and shown
            and counts_give_away(
                shown, reduce(add, counts), whole=whole, min_people=self.min_people
            )
        ):
            return tuple("hidden" for _ in counts)
        return tuple(covers)

    def may_tell(self, n: int) -> bool:
        """Whether a number of people may stand beside the totals already told."""
        if n in self.totals:
            return True
        # totals that are the same once rounded have no difference to see
        apart = [t for t in self.totals if not (self.rounded and nearest(t) == nearest(n))]
        return n >= self.min_people and not too_close(n, apart, min_people=self.min_people)

    def tell(self, n: int) -> bool:
        """Add a total that the reader will see; return whether it may be told."""
        if not self.may_tell(n):
            return False
        if n not in self.totals:
            self.totals.append(n)
        return True

    def add(
        self,
        section: str,
        row: pd.Series[Any],
        *,
        cover: Cover = "shown",
        n_told: bool = True,
        everybody: int | None = None,
        model: bool = False,
        step: int = STEP,
    ) -> Line:
        """Release one row of an answer.

        Parameters
        ----------
        section : str
            Where the page shows it.
        row : pandas.Series
            One row of ``Estimates.table``.
        cover : {"shown", "few", "hidden"}
            From :func:`~msspas_analysis.report.disclosure.hide`. A row on fewer than
            ``min_people`` people is ``"hidden"`` whatever is asked.
        n_told : bool
            Whether the number of people may be told. If not, everything that would give it away
            goes as well, and the rest is rounded to two decimals.
        everybody : int or None
            Total that the reader knows the row to be about; by default that of the release.
        model : bool
            Whether the estimate is a computer model's, in which nobody is counted.
        step : int
            Percent to round a share to, where shares are rounded.

        Returns
        -------
        Line
        """
        values: dict[str, Any] = {
            name: None if isinstance(row[name], float) and math.isnan(row[name]) else row[name]
            for name in COLUMNS
        }
        if values["n"] < self.min_people and cover == "shown":
            cover = "hidden"
        total = self.everybody if everybody is None else everybody
        whole = values["group"] == "all" and values["n"] + values["n_missing"] == total
        if not whole or 0 < values["n_missing"] < self.min_people:
            values["n_missing"] = None
        if values["p_value"] is not None:
            values["p_value"] = round(values["p_value"], 4)
        if values["measure"] == "pseudo_median":
            # with few people on one side the rank sum is a list of who they are
            values["statistic"] = None
        if self.rounded or not n_told:
            # the sign test's method names the places of its limits, and so n
            values["method"] = re.sub(r", values \d+ and .*", "", values["method"])
        if not n_told:
            values |= dict.fromkeys(("n", "n_missing", *_BESIDE_N))
            if values["measure"] in _TELLTALE:
                values |= {"conf_low": None, "conf_high": None}
            for name in ("estimate", "conf_low", "conf_high"):
                if values[name] is not None:
                    values[name] = round(values[name], 2)
        if self.rounded and cover == "shown":
            values |= _rounded(values, model=model, step=step)
        if cover != "shown":
            keep = {"outcome", "group", "term", "measure"}
            values = {name: value if name in keep else None for name, value in values.items()}
        line = Line(len(self.lines) + 1, section, values, cover, n_told, self.min_people)
        self.lines.append(line)
        return line

    def add_difference(
        self, section: str, row: pd.Series[Any], *, share: Line, model: Line
    ) -> Line:
        """Release how far a share of people lies beyond a model's.

        Where shares are rounded it is the difference of what `share` and `model` tell, with the
        interval of `row` about it, so it narrows neither of them down.
        """
        row = row.copy()
        row["measure"] = _APART
        if self.rounded and share.values["estimate"] is not None:
            half = (float(row["conf_high"]) - float(row["conf_low"])) / 2
            row["estimate"] = share.values["estimate"] - model.values["estimate"]
            row["conf_low"] = nearest_share(row["estimate"] - half)
            row["conf_high"] = nearest_share(row["estimate"] + half)
        return self.add(section, row, cover=share.cover, n_told=share.n_told)

    def add_simulated(self, section: str, row: pd.Series[Any]) -> Line:
        """Release a row in which no person is counted: ``n`` is simulated centres."""
        values: dict[str, Any] = {
            name: None if isinstance(row[name], float) and math.isnan(row[name]) else row[name]
            for name in COLUMNS
        }
        line = Line(len(self.lines) + 1, section, values, "shown", True, self.min_people, False)
        self.lines.append(line)
        return line

    def add_cells(self, section: str, term: str, cells: int, *, cover: Cover = "shown") -> Line:
        """Release a count of cells; nobody stands behind it one by one, so it has no ``n``."""
        values: dict[str, Any] = dict.fromkeys(COLUMNS)
        values |= {"outcome": "cells", "group": "all", "term": term, "measure": "count"}
        if cover == "shown":
            values |= {"estimate": float(cells), "method": "count of cells"}
        line = Line(len(self.lines) + 1, section, values, cover, True, self.min_people, False)
        self.lines.append(line)
        return line

    def add_people(
        self, section: str, outcome: str, term: str, people: int, *, n: int,
        cover: Cover = "shown",
    ) -> Line:  # fmt: skip
        """Release a count of people out of `n` that the intake or the windows hold."""
        row = {
            "outcome": outcome, "group": "all", "term": term, "measure": "count",
            "estimate": people, "n": n, "method": "count of people",
        }  # fmt: skip
        return self.add(section, Estimates.from_rows([row]).table.iloc[0], cover=cover)

    def family(
        self, section: str, rows: pd.DataFrame, *, total_known: bool = True, n_told: bool = True
    ) -> list[Line]:
        """Release counts, or shares of one total, that do not overlap; cover small ones.

        A share of ``n`` is a count of people: ``2 of 30`` stays hidden as 0.067 as well.
        """
        counts = [people_counted(row) for _, row in rows.iterrows()]
        covers = hide(counts, min_people=self.min_people, total_known=total_known)
        step = STEP
        if len(rows) and rows["measure"].eq("proportion").all():
            covers, step = self.shares_told(counts, covers, int(rows["n"].iloc[0]))
        elif len(rows) and total_known:
            covers = self.counts_told(counts, covers)
        return [
            self.add(section, row, cover=cover, n_told=n_told, step=step)
            for (_, row), cover in zip(rows.iterrows(), covers, strict=True)
        ]

    def table(self) -> pd.DataFrame:
        """Return every line as ``results.csv`` holds it."""
        words = {"shown": "yes", "few": fewer_than(self.min_people), "hidden": NOT_SHOWN}
        rows = [
            {"row": line.number, "section": line.section} | line.values
            | {"shown": words[line.cover] if line.n_told or line.cover != "shown"
               else "yes, number of people not shown"}
            for line in self.lines
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=list(CSV_COLUMNS))
        for name, dtype in COLUMNS.items():
            if dtype == "str":
                table[name] = table[name].map(spreadsheet_safe, na_action="ignore")
            else:
                table[name] = table[name].astype("Int64" if dtype == "int64" else "Float64")
        return table

    def estimates(self, notes: Sequence[str]) -> Estimates:
        """Return the lines that are shown.

        Where n is not told it is the smallest it can be, and ``method`` says so; counts of cells
        have an n of 0.
        """
        rows = []
        for line in self.lines:
            if line.cover != "shown":
                continue
            row = {name: value for name, value in line.values.items() if value is not None}
            if not line.counts_people:
                row.setdefault("n", 0)
            elif not line.n_told:
                row |= {"n": self.min_people, "method": f"{row['method']}; n is a lower limit"}
            rows.append(row)
        return Estimates.from_rows(rows, notes=notes)


def _rounded(values: dict[str, Any], *, model: bool, step: int) -> dict[str, Any]:
    """Round what a line tells so that no exact number of people can be got back."""
    # these together with the estimate and its interval are a formula for n
    out: dict[str, Any] = dict.fromkeys(_BESIDE_N)
    for name in ("n", "n_missing"):
        if values[name] is not None:
            out[name] = nearest(values[name])
    ends = ("conf_low", "conf_high")
    share = values["measure"] in _SHARES and not model
    if values["measure"] == "count":
        out["estimate"] = float(nearest(values["estimate"]))
    elif share and not str(values["method"]).startswith("mean over people"):
        out["estimate"] = nearest_share(values["estimate"], step=step)
        if values["n"] is not None and values["conf_low"] is not None:
            # from the rounded share of the rounded total: it tells nothing that they do not
            n = out["n"]
            interval = wilson_interval(out["estimate"] * n, n, conf_level=values["conf_level"])
            out |= {
                name: nearest_share(float(end)) for name, end in zip(ends, interval, strict=True)
            }
    else:
        coarse = values["measure"] in _SHARES and model
        for name in ("estimate", *ends):
            if values[name] is not None and not math.isinf(values[name]):
                # ends of a range of centres are whole people of n
                by_people = coarse and name in ends
                out[name] = nearest_share(values[name]) if by_people else round(values[name], 2)
    return out


def people_counted(row: pd.Series[Any]) -> int:
    """Return the count behind a row: the count itself, or the share times its total."""
    if row["measure"] in _SHARES:
        return round(float(row["estimate"]) * int(row["n"]))
    return round(float(row["estimate"]))


def to_draw(lines: Iterable[Line]) -> Estimates:
    """Return released lines as an answer, for a figure: it can draw nothing else."""
    return Release.of(lines).estimates(())


def spreadsheet_safe(text: object) -> object:
    """Keep a spreadsheet from taking a free-text label for a formula."""
    if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{text}"
    return text
