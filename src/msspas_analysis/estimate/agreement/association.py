"""Whether two measurements of the same people go together, and whether an anchor is any good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.estimate.agreement.correlations import (
    METHODS,
    Correlation,
    correlation_matrix,
    kendall,
    known_method,
    pearson,
    spearman,
)
from msspas_analysis.estimate.intervals import POINT, Floats, level_between
from msspas_analysis.estimate.people import person_numbers
from msspas_analysis.estimate.windows import pairs
from msspas_analysis.results import Estimates

__all__ = [
    "ANCHOR_LEAST",
    "METHODS",
    "Correlation",
    "anchor_correlation",
    "correlation",
    "correlation_matrix",
    "kendall",
    "pearson",
    "person_numbers",
    "spearman",
]

ANCHOR_LEAST: Final = 0.30
"""Smallest correlation of an anchor with the change that is usually asked for, whatever its sign.

Revicki et al. (2008) recommend 0.30 to 0.35 [memory: figure not checked against the paper].
"""

_CAUSE: Final = "Going together is not bringing about: a correlation names no cause."


_MEASURES: Final = {
    "pearson": ("pearson_r", "Pearson, t; interval by Fisher's z", ""),
    "spearman": (
        "spearman_rho", "Spearman, t approximation; interval of Bonett & Wright (2000)",
        "Spearman, exact; interval of Bonett & Wright (2000)",
    ),
    "kendall": (
        "kendall_tau_b",
        "Kendall's tau-b, z corrected for ties; interval of Bonett & Wright (2000)",
        "Kendall's tau-b, exact; interval of Bonett & Wright (2000)",
    ),
}  # fmt: skip


def correlation(
    frame: pd.DataFrame,
    x_and_y: tuple[str, str],
    *,
    method: str | None = None,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how far two measurements of the same people go together.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id`` and the two numeric columns, any unit.
    x_and_y : tuple of str
        The two columns. People without both numbers are in ``n_missing``.
    method : {"pearson", "spearman", "kendall"} or None
        One correlation, or all three.
    group : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        A row for each method, from -1 to 1; see :func:`pearson`, :func:`spearman` and
        :func:`kendall` for the intervals and tests.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 3 people, columns absent or not numeric, a measurement without spread,
        another method or a level outside (0, 1).

    Notes
    -----
    One person far out can make or hide Pearson's r. Groups that differ in both measurements give a
    correlation where within each there is none. Choose the method before looking.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDE"), "stiffness": [2.0, 4, 5, 7, None],
    ...     "walk_seconds": [6.0, 8, 7, 11, 9]})
    >>> row = correlation(frame, ("stiffness", "walk_seconds"), method="spearman").table.iloc[0]
    >>> round(float(row.estimate), 4), int(row.n), int(row.n_missing)
    (0.8, 4, 1)
    """
    level_between(conf_level)
    names = _two(x_and_y, "x_and_y")
    values = person_numbers(frame, names)
    both = ~np.isnan(values).any(axis=-1)
    n = int(both.sum())
    methods = list(METHODS) if method is None else [known_method(method)]
    _enough("correlation", n, len(frame), names)
    x, y = values[both].T
    for name, column in zip(names, (x, y), strict=True):
        if np.ptp(column) <= POINT:
            raise ValueError(
                f"correlation: {name!r} is {column[0]:g} for all {n} people; what does not vary "
                f"goes together with nothing"
            )
    notes = [_CAUSE]
    if len(frame) > n:
        notes.append(f"{len(frame) - n} of {len(frame)} people lack one of the two numbers.")
    rows = []
    for one in methods:
        row, said = _row(one, x, y, conf_level)
        rows.append(row | {
            "outcome": names[0], "group": group, "term": f"with {names[1]}",
            "n": n, "n_missing": len(frame) - n,
        })  # fmt: skip
        notes += said
    if len(methods) > 1:
        notes.append(
            "These are one question asked in three ways: name the one that counts before looking."
        )
    return Estimates.from_rows(rows, notes=notes)


def anchor_correlation(
    scores: pd.DataFrame,
    anchor: str,
    *,
    outcome: str,
    method: str = "spearman",
    least: float = ANCHOR_LEAST,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Check whether an anchor goes with the change enough to say what size of it matters.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, and the anchor, such as a global
        rating of change as a number.
    anchor : str
        The column of the anchor.
    outcome, group : str
        Labels of the answer.
    method : {"pearson", "spearman", "kendall"}
        Which correlation.
    least : float
        Smallest correlation asked for, whatever its sign, in (0, 1).
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        The correlation of the anchor with the change (after minus before), with before and with
        after, in the same people. People lacking one of the three numbers are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 3 people, columns absent or not numeric, an anchor or a change without
        spread, a `least` or a level outside (0, 1).

    Notes
    -----
    A person asked how much has changed tends to answer how things are now: then the anchor goes
    with after and hardly with before. A good anchor goes with both about as much, in opposite
    directions.

    References
    ----------
    .. [1] Revicki D, Hays RD, Cella D, Sloan J (2008). Recommended methods for determining
       responsiveness and minimally important differences for patient-reported outcomes. J Clin
       Epidemiol 61:102-109.
    .. [2] Guyatt GH, Norman GR, Juniper EF, Griffith LE (2002). A critical look at transition
       ratings. J Clin Epidemiol 55:900-908.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDE"), "before": [6.0, 5, 7, 4, 6],
    ...     "after": [5.0, 5, 4, 5, 4], "rating": [1, 0, 3, -1, 2]})
    >>> answer = anchor_correlation(scores, "rating", outcome="stiffness")
    >>> answer.table["term"].tolist(), float(answer.table["estimate"].iloc[0])
    (['change with rating', 'before with rating', 'after with rating'], -1.0)
    """
    level_between(conf_level)
    if not 0 < least < 1:
        raise ValueError(f"least must lie between 0 and 1, got {least}; 0.30 is usual")
    known_method(method)
    before, after = pairs(scores)
    third = person_numbers(scores, (anchor,))[:, 0]
    known = ~np.isnan([before, after, third]).any(axis=0)
    n = int(known.sum())
    _enough("anchor_correlation", n, len(scores), ("before", "after", anchor))
    b, a, g = before[known], after[known], third[known]
    for name, column in ((f"the anchor {anchor!r}", g), ("the change", a - b)):
        if np.ptp(column) <= POINT:
            raise ValueError(
                f"anchor_correlation: {name} is {column[0]:g} for all {n} people; what does not "
                f"vary goes together with nothing"
            )
    rows, notes = [], []
    for term, column in (("change", a - b), ("before", b), ("after", a)):
        row, said = _row(method, column, g, conf_level)
        rows.append(row | {
            "outcome": outcome, "group": group, "term": f"{term} with {anchor}", "n": n,
            "n_missing": len(scores) - n,
        })  # fmt: skip
        notes += said
    r = rows[0]["estimate"]
    verb = "reaches" if abs(r) >= least - POINT else "does not reach"
    notes += [
        "Change is after minus before: with an anchor that is higher for less, the sign is turned.",
        f"The correlation of the anchor with the change {verb} {least:g}"
        + ("." if verb == "reaches" else ": do not read a size that matters off this anchor."),
    ]
    if least == ANCHOR_LEAST:
        notes.append(
            "0.30 is the least that Revicki et al. (2008) recommend [memory: figure not checked "
            "against the paper]."
        )
    if len(scores) > n:
        notes.append(f"{len(scores) - n} of {len(scores)} people lack one of the three numbers.")
    return Estimates.from_rows(rows, notes=notes)


def _row(method: str, x: Floats, y: Floats, conf_level: float) -> tuple[dict[str, Any], list[str]]:
    measure, approximate, exact = _MEASURES[method]
    with np.errstate(invalid="ignore"):
        got = METHODS[method](x, y, conf_level=conf_level)
    notes = []
    if len(x) <= (4 if method == "kendall" else 3):
        notes.append(f"{len(x)} people are too few for an interval of {measure}: it is -1 to 1.")
    elif np.isnan(got.conf_low) and not np.isnan(got.estimate):
        notes.append(f"All pairs agree, so {measure} has no interval; it is not known exactly.")
    elif abs(got.estimate) == 1:
        notes.append("All points lie on a line: the interval of pearson_r has no width.")
    if np.isnan(got.estimate):
        notes.append(f"{measure} does not exist where a measurement does not vary.")
    row: dict[str, Any] = {
        "measure": measure, "estimate": float(got.estimate), "conf_low": float(got.conf_low),
        "conf_high": float(got.conf_high), "conf_level": conf_level,
        "statistic": float(got.statistic), "df": np.nan if got.exact else got.df,
        "p_value": float(got.p_value), "method": exact if got.exact else approximate,
    }  # fmt: skip
    return row, notes


def _two(names: tuple[str, str], what: str) -> tuple[str, str]:
    if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise ValueError(f"{what} must name two different columns, got {names!r}; give ('a', 'b')")
    return names[0], names[1]


def _enough(what: str, n: int, total: int, names: Sequence[str]) -> None:
    if n < 3:
        raise ValueError(
            f"{what} needs at least 3 people with {', '.join(names)}, got {n} of {total}; collect "
            f"more, or choose measurements these people have"
        )
