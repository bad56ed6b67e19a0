"""Published changes of people who were given sham or placebo: how far they fell with nothing that works.

The figures stand in ``untreated_responses.csv``, each with the citation, where it was read and how it is
known. One study without any control is among them, marked so, because its change looks like theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from msspas_analysis.instruments import Status

MEASURES: Final[dict[str, str]] = {
    "mean_change": "points",
    "mean_before_after": "points",
    "share_responders_30": "share of people",
    "share_improved": "share of people",
    "median_percent_change": "%",
}
"""What a figure is, and its unit.

``mean_change``: mean of after minus before; ``mean_before_after``: both means were published, and the
value is the second minus the first; ``share_responders_30``: share of people whose score fell by 30 % or
more; ``share_improved``: share of people who said they were better; ``median_percent_change``: of the
score before.
"""
UNCONTROLLED: Final = "uncontrolled"
DESIGNS: Final = ("placebo", "sham", "placebo after response", UNCONTROLLED)
"""What the people got: ``placebo after response`` are those who had responded to the drug first;
``uncontrolled`` got a treatment and had nobody beside them."""
STATUSES: Final = tuple(name for name in get_args(Status) if name != "not found")
"""How a figure is known, as in :data:`~msspas_analysis.instruments.Status`."""

_WORDS: Final = ("key", "study", "citation", "read_at", "design", "population", "outcome", "scale",
                 "measure", "unit", "status", "note")  # fmt: skip
_NUMBERS: Final = ("year", "scale_low", "scale_high", "value", "sd", "before", "sd_before", "after",
                   "sd_after", "n", "weeks")  # fmt: skip
_NEVER_EMPTY: Final = tuple(name for name in _WORDS if name not in ("read_at", "note"))
COLUMNS: Final = (
    "key", "study", "year", "citation", "read_at", "design", "population", "outcome", "scale",
    "scale_low", "scale_high", "measure", "value", "unit", "sd", "before", "sd_before", "after",
    "sd_after", "n", "weeks", "status", "note",
)  # fmt: skip
_ROUNDING: Final = 1e-9


class UnsourcedFigureError(ValueError):
    """A published figure lacks its source, or cannot be what it says it is.

    Parameters
    ----------
    row : int
        Its number in the table, the first is 1.
    what : str
        Study and outcome.
    why : str
        What is wrong and how to mend it.
    """

    def __init__(self, row: int, what: str, why: str) -> None:
        self.row = row
        super().__init__(f"row {row} ({what}): {why}")


def published_untreated_responses(
    outcome: str | None = None, status: str | None = None
) -> pd.DataFrame:
    """Return published changes of people given sham or placebo, each with its source.

    Parameters
    ----------
    outcome : str or None
        One outcome, such as "spasticity", "stiffness" or "pain"; None is all of them.
    status : str or None
        One of :data:`STATUSES`, such as "published"; None is all of them.

    Returns
    -------
    pandas.DataFrame
        One row per figure. ``key``, ``study``, ``year``, ``citation``, ``read_at`` (where the figure was
        read; often a copy of the abstract); ``design`` (of :data:`DESIGNS`), ``population``; ``outcome``,
        ``scale``, ``scale_low`` and ``scale_high`` in points, NaN where not known; ``measure`` and
        ``unit`` (of :data:`MEASURES`), ``value``, ``sd`` of the change; ``before``, ``sd_before``,
        ``after``, ``sd_after`` where both means were published; ``n`` people in the arm and ``weeks``,
        NaN where not known; ``status``, ``note``. A change below 0 is a fall; shares are 0-1.

    Raises
    ------
    ValueError
        If the outcome or the status is not there.
    UnsourcedFigureError
        If the file has a row without a source, or one that cannot be right.

    Notes
    -----
    What was found, not all there is: no systematic search. The studies differ in people, scales, length
    and in how high a rating had to be to come in, so their mean is no expectation for anybody else.
    People with ``design`` "uncontrolled" were treated; leave them out of any sum over placebo. One
    pooled analysis and two of its trials are both in, so they must not be added up either.

    Examples
    --------
    >>> table = published_untreated_responses("spasticity", status="published")
    >>> table.loc[table["measure"] == "share_responders_30", ["study", "value", "weeks"]].values.tolist()
    [['Collin 2010', 0.24, 15.0], ['Markova 2019', 0.321, 12.0]]
    """
    table = _table()
    for name, asked in (("outcome", outcome), ("status", status)):
        if asked is None:
            continue
        known = STATUSES if name == "status" else tuple(dict.fromkeys(_table()[name]))
        if asked not in known:
            raise ValueError(f"{name} must be one of {list(known)}, got {asked!r}")
        table = table[table[name] == asked]
    return table.reset_index(drop=True)


def beside_published(
    change: float, conf_low: float, conf_high: float, *, weeks: float | None = None,
    outcomes: Sequence[str] = ("spasticity", "stiffness"),
) -> pd.DataFrame:  # fmt: skip
    """Lay a mean change on a 0-10 rating beside those published of people given sham or placebo.

    Parameters
    ----------
    change, conf_low, conf_high : float
        A mean change, after minus before, in points of a 0-10 rating, with its interval, such as the
        row "mean_difference" of an answer.
    weeks : float or None
        Weeks from before to after, above 0.
    outcomes : sequence of str
        Which published outcomes to take.

    Returns
    -------
    pandas.DataFrame
        One row per published mean change on 0-10 in an arm with sham or placebo: ``study``,
        ``outcome``, ``design``, ``status``, ``value``, ``n``, ``weeks``, ``weeks_apart`` (theirs minus
        `weeks`, NaN if not known); ``difference`` (`change` minus the value: below 0, it fell further);
        ``reached``: whether the interval holds the value.

    Raises
    ------
    ValueError
        If the change is not within its interval or beyond 10 points, `weeks` is not above 0, or an
        outcome is not there.

    Notes
    -----
    ``reached`` is no test: the published value has an error of its own, and other people, entry rules
    and lengths. An interval that reaches a placebo arm's change shows no more than that arm did; one
    that does not is still no proof, because there was no control in the same study.

    Examples
    --------
    >>> table = beside_published(-1.3, -1.7, -0.9, weeks=6)
    >>> table[["study", "value", "reached"]].values.tolist()
    [['Wade 2010', -0.97, True], ['Collin 2010', -0.8, False], ['MUSEC, Zajicek 2012', -0.7, False]]
    """
    if not (conf_low <= change <= conf_high and -10 <= change <= 10):
        raise ValueError(
            f"change must lie in its interval and within -10 to 10 points, got {change} in {conf_low} "
            f"to {conf_high}"
        )
    if weeks is not None and not weeks > 0:
        raise ValueError(f"weeks must be above 0, got {weeks}")
    if isinstance(outcomes, str):
        raise ValueError(f"outcomes must be a list of outcomes, got {outcomes!r}; put it in a list")
    table = pd.concat([published_untreated_responses(one) for one in outcomes], ignore_index=True)
    mean = table["measure"].isin(["mean_change", "mean_before_after"])
    ten = (table["scale_low"] == 0) & (table["scale_high"] == 10)
    table = table[mean & ten & (table["design"] != UNCONTROLLED)]
    return table.assign(
        weeks_apart=np.nan if weeks is None else table["weeks"] - weeks,
        difference=change - table["value"], reached=table["value"].between(conf_low, conf_high),
    )[["study", "outcome", "design", "status", "value", "n", "weeks", "weeks_apart", "difference",
       "reached"]].reset_index(drop=True)  # fmt: skip


def checked_responses(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of published figures with its types, or refuse it.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns as :data:`COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        Words as text, empty where there are none; numbers as floats, NaN where there are none; ``year``
        as a whole number.

    Raises
    ------
    UnsourcedFigureError
        If a row has no source, a status, measure, unit or design that is not known, or a number that
        cannot be right.
    ValueError
        If the columns are others.

    Examples
    --------
    >>> bad = published_untreated_responses().assign(citation="")
    >>> checked_responses(bad)
    Traceback (most recent call last):
    msspas_analysis.evidence.untreated_responses.UnsourcedFigureError: row 1 (Wade 2010, spasticity): \
citation is empty; a figure needs it
    """
    if list(table.columns) != list(COLUMNS):
        raise ValueError(f"columns must be {list(COLUMNS)}, got {[str(c) for c in table.columns]}")
    table = table.reset_index(drop=True)
    for name in _WORDS:
        table[name] = table[name].fillna("").astype(str).str.strip()
    for name in _NUMBERS:
        numbers = pd.to_numeric(table[name], errors="coerce").astype("float64")
        lost = (numbers.isna() & table[name].notna()) | np.isinf(numbers)
        if lost.any():
            at = int(lost.to_numpy().argmax())
            raise _refusal(
                at, table.loc[at], f"{name} is {table.loc[at, name]!r}, which is no number"
            )
        table[name] = numbers
    for at, row in enumerate(table.to_dict("records")):
        if why := _wrong({str(name): value for name, value in row.items()}):
            raise _refusal(at, row, why)
    again = table.duplicated(["key", "outcome", "measure"]).to_numpy()
    if again.any():
        at = int(again.argmax())
        raise _refusal(at, table.loc[at], "the same figure stands in the table twice; keep one")
    return table.astype({"year": "int64"})


@cache
def _table() -> pd.DataFrame:
    file = resources.files(__package__).joinpath("untreated_responses.csv")
    with resources.as_file(file) as path:
        words: Any = dict.fromkeys(_WORDS, "str")
        return checked_responses(pd.read_csv(path, dtype=words, encoding="utf-8"))


def _refusal(at: int, row: Any, why: str) -> UnsourcedFigureError:
    return UnsourcedFigureError(at + 1, f"{row['study']}, {row['outcome']}", why)


def _wrong(row: dict[str, Any]) -> str:
    """Say what is wrong with a row; nothing if it is right."""
    for name in _NEVER_EMPTY:
        if not row[name]:
            return f"{name} is empty; a figure needs it"
    for name, known in (("status", STATUSES), ("design", DESIGNS), ("measure", tuple(MEASURES))):
        if row[name] not in known:
            return f"{name} is {row[name]!r}; it must be one of {list(known)}"
    if row["status"] == "published" and not row["read_at"]:
        return "read_at is empty; say where a published figure was read, or that it is from memory"
    if row["unit"] != MEASURES[row["measure"]]:
        return f"unit is {row['unit']!r}; a {row['measure']} is in {MEASURES[row['measure']]!r}"
    if not 1900 <= row["year"] <= 2100 or row["year"] % 1:
        return f"year is {row['year']}; give a whole number from 1900 to 2100"
    if np.isnan(row["value"]):
        return "value is empty; leave out what is not known"
    return _out_of_range(row)


def _out_of_range(row: dict[str, Any]) -> str:
    """Say which number of a row cannot be right; nothing if all may be."""
    value, low, high = row["value"], row["scale_low"], row["scale_high"]
    if row["unit"] == "share of people" and not 0 <= value <= 1:
        return f"value is {value:g}; a share is 0 to 1"
    if row["unit"] == "%" and value < -100:
        return f"value is {value:g} %; nothing falls by more than all of it"
    if np.isnan(low) != np.isnan(high) or high <= low:
        return f"the scale runs from {low:g} to {high:g}; give both ends in order, or neither"
    if row["unit"] == "points" and abs(value) > high - low:
        return f"value is {value:g} on a scale from {low:g} to {high:g}"
    pair = [row["before"], row["after"]]
    if row["measure"] == "mean_before_after":
        if np.isnan(pair).any():
            return "before or after is empty; a mean_before_after needs both"
        if any(x < low or x > high for x in pair):
            return f"before {pair[0]:g} or after {pair[1]:g} is outside {low:g} to {high:g}"
        if abs(pair[1] - pair[0] - value) > _ROUNDING:
            return f"value is {value:g}, but after minus before is {pair[1] - pair[0]:g}"
    elif not np.isnan(pair).all():
        return f"before and after belong to mean_before_after, not to {row['measure']}"
    for name in ("sd", "sd_before", "sd_after", "weeks"):
        if row[name] <= 0:
            return f"{name} is {row[name]:g}; it must be above 0, or empty"
    if row["n"] < 1 or row["n"] % 1 > 0:
        return f"n is {row['n']:g}; it counts people, 1 or more, or is empty"
    return ""
