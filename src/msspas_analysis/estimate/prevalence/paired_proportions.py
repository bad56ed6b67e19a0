"""A yes or no in the same people twice: how the share changed, and how sure that is.

Kernels take the four counts of such a table as arrays that broadcast against each other; change is
always after minus before. The estimator takes a table with one row per person.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between, wilson_interval
from msspas_analysis.estimate.people import yes_no
from msspas_analysis.estimate.prevalence.proportions import (
    halve,
    in_order,
    known,
    normal,
    proportion_interval,
    share,
)
from msspas_analysis.estimate.prevalence.rates import ExactRatio
from msspas_analysis.results import Estimates

PAIRED_METHODS: Final[dict[str, str]] = {
    "newcombe": "Newcombe hybrid score, paired",
    "tango": "Tango score",
    "wald": "Wald, paired",
}
"""Intervals of a paired difference: what ``method`` may be, and how an answer names it."""

PAIRED_TESTS: Final[dict[str, str]] = {
    "exact": "McNemar exact",
    "mcnemar": "McNemar",
    "mcnemar_cc": "McNemar, continuity correction",
}
"""Where a p-value comes from."""


def paired_difference_interval(
    both: npt.ArrayLike,
    before_only: npt.ArrayLike,
    after_only: npt.ArrayLike,
    neither: npt.ArrayLike,
    *,
    method: str = "newcombe",
    conf_level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Interval of the change of a proportion in the same people, after minus before.

    Parameters
    ----------
    both, before_only, after_only, neither : array_like of int
        People with a yes at both times, before only, after only and never, broadcast together.
    method : str
        A key of :data:`PAIRED_METHODS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the change; NaN where there is nobody. Those of "wald" may lie outside -1 to 1 and
        are not cut.

    Raises
    ------
    ValueError
        If a count is no whole number of 0 or more, the method is unknown or the level is outside
        (0, 1).

    Notes
    -----
    "newcombe" is method 10 of [1]_: Wilson intervals of both shares, joined by their correlation,
    which is taken towards 0 where it is positive. "wald" has no width where nobody changed.

    References
    ----------
    .. [1] Newcombe RG (1998). Improved confidence intervals for the difference between binomial
       proportions based on paired data. Stat Med 17:2635-2650.
    .. [2] Tango T (1998). Equivalence test and confidence interval for the difference in
       proportions for the paired-sample design. Stat Med 17:891-908.

    Examples
    --------
    >>> low, high = paired_difference_interval(794, 150, 86, 570, method="wald")
    >>> round(float(low), 4), round(float(high), 4)
    (-0.0587, -0.0213)
    """
    known("method", method, PAIRED_METHODS)
    z = normal(conf_level)
    a, b, c, d = _cells(both, before_only, after_only, neither)
    size = a + b + c + d
    n = np.where(size > 0, size, np.nan)
    change = (c - b) / n
    if method == "wald":
        reach = z * np.sqrt(np.maximum(b + c - (c - b) ** 2 / n, 0)) / n
        return change - reach, change + reach
    if method == "newcombe":
        return _newcombe(a, b, c, d, n, conf_level)

    def beyond(delta: Floats) -> Floats:
        # the likelihood equation of the share before only, the change held, is a quadratic
        w = b + c - delta * (2 * n + b - c)
        free = 8 * n * b * delta * (1 - delta)
        root = np.sqrt(np.maximum(w * w + free, 0))
        plus = (w + root) / (4 * n)
        held = np.where(w > 0, plus, free / np.where(w > 0, 1, root - w) / (4 * n))
        held = np.clip(held, np.maximum(0, -delta), (1 - delta) / 2)
        return np.asarray(n * (change - delta) ** 2 - z * z * (2 * held + delta - delta**2))

    return halve(beyond, 0 * n - 1, change), halve(beyond, 0 * n + 1, change)


def _newcombe(
    a: Floats, b: Floats, c: Floats, d: Floats, n: Floats, conf_level: float
) -> tuple[Floats, Floats]:
    after, before = (a + c) / n, (a + b) / n
    after_low, after_high = wilson_interval(a + c, n, conf_level=conf_level)
    before_low, before_high = wilson_interval(a + b, n, conf_level=conf_level)
    cross = a * d - b * c
    top = np.where(cross > 0, np.maximum(cross - n / 2, 0), cross)
    margins = np.sqrt((a + c) * (b + d) * (a + b) * (c + d))
    phi = np.where(margins > 0, top, 0) / np.where(margins > 0, margins, 1)

    def joined(x: Floats, y: Floats) -> Floats:
        return np.sqrt(np.maximum(x * x - 2 * phi * x * y + y * y, 0))

    low = after - before - joined(after - after_low, before_high - before)
    return low, after - before + joined(after_high - after, before - before_low)


def mcnemar(
    before_only: npt.ArrayLike, after_only: npt.ArrayLike, *, correct: bool = False
) -> tuple[Floats, Floats]:
    """McNemar's chi-square test, 1 degree of freedom, that as many went one way as the other.

    Parameters
    ----------
    before_only, after_only : array_like of int
        People with a yes before only and after only, broadcast together.
    correct : bool
        Whether 1 is taken off their difference.

    Returns
    -------
    statistic, p_value : numpy.ndarray
        NaN where nobody changed.

    Raises
    ------
    ValueError
        If a count is no whole number of 0 or more.

    References
    ----------
    .. [1] McNemar Q (1947). Note on the sampling error of the difference between correlated
       proportions or percentages. Psychometrika 12:153-157.

    Examples
    --------
    >>> statistic, p = mcnemar(150, 86, correct=True)
    >>> round(float(statistic), 4), round(float(p), 6)
    (16.8178, 4.1e-05)
    """
    from scipy.special import chdtrc

    b, c = _cells(before_only, after_only)
    off = np.abs(b - c)
    off = off - (np.minimum(1.0, off) if correct else 0.0)
    statistic = off**2 / np.where(b + c > 0, b + c, np.nan)
    return statistic, np.asarray(chdtrc(1, statistic))


def paired_odds_ratio(
    before_only: npt.ArrayLike, after_only: npt.ArrayLike, *, conf_level: float = 0.95
) -> ExactRatio:
    """Conditional odds ratio of a yes after against before, with exact interval and exact p.

    Parameters
    ----------
    before_only, after_only : array_like of int
        As in :func:`mcnemar`.
    conf_level : float
        Coverage the interval has at least, in (0, 1).

    Returns
    -------
    ExactRatio
        People with a yes after only over those with one before only; NaN (from 0 to infinity, p 1)
        where nobody changed. ``p_value`` is that of McNemar's exact test.

    Raises
    ------
    ValueError
        If a count is no whole number of 0 or more, or the level is outside (0, 1).

    Examples
    --------
    >>> r = paired_odds_ratio(150, 86)
    >>> [round(float(x), 4) for x in (r.estimate, r.conf_low, r.conf_high)]
    [0.5733, 0.4346, 0.7523]
    """
    from scipy.special import bdtr

    b, c = _cells(before_only, after_only)
    low, high = proportion_interval(c, b + c, method="clopper_pearson", conf_level=conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ExactRatio(
            estimate=c / b, conf_low=np.where(b + c > 0, low / (1 - low), 0.0),
            conf_high=np.where(b > 0, high / (1 - high), np.inf),
            p_value=np.minimum(1.0, 2 * bdtr(np.minimum(b, c), np.asarray(b + c, np.int64), 0.5)),
        )  # fmt: skip


def _cells(*counts: npt.ArrayLike) -> list[Floats]:
    cells = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in counts))
    for x in cells:
        if not np.all((x >= 0) & (x == np.floor(x)) & np.isfinite(x)):
            raise ValueError("counts are whole numbers of people, 0 or more; one here is not")
    return list(cells)


def paired_proportions(
    frame: pd.DataFrame,
    outcome: str,
    *,
    before: str = "before",
    after: str = "after",
    positive: Any = None,
    difference_method: str = "newcombe",
    test: str = "exact",
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how the share of people with something changed in people asked twice.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id`` and both columns. People without a pair are counted
        in ``n_missing`` and otherwise left out.
    outcome : str
        What the answer calls it.
    before, after : str
        Two yes/no columns: bool, 0 and 1, or "yes" and "no"; any other with `positive`.
    positive : object, optional
        The value that is counted, or a list of such values.
    difference_method, test : str
        Keys of :data:`PAIRED_METHODS` and :data:`PAIRED_TESTS`.
    group : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        The shares before and after ("proportion", Wilson), their difference ("risk_difference",
        after minus before, with the p-value of `test`; ``std_error`` is Wald's) and the conditional
        odds ratio ("odds_ratio", with its exact interval and p-value).

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or no yes/no column, nobody has a pair, or a name or the level is not
        allowed.

    Notes
    -----
    Only people whose answer changed tell how it changed. People who come when things are bad change
    for the better with no treatment at all.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "before": [1, 1, 1, 1, 0, 0],
    ...     "after": [0, 0, 0, 1, 0, None]})
    >>> row = paired_proportions(frame, "spasms").one(measure="risk_difference")
    >>> round(float(row.estimate), 2), float(row.p_value), int(row.n), int(row.n_missing)
    (-0.6, 0.25, 5, 1)
    """
    level_between(conf_level)
    known("difference_method", difference_method, PAIRED_METHODS)
    known("test", test, PAIRED_TESTS)
    people = in_order(frame, before, after)
    first, _ = yes_no(people, before, positive=positive)
    second, _ = yes_no(people, after, positive=positive)
    pair = ~(np.isnan(first) | np.isnan(second))
    n = int(pair.sum())
    if not n:
        raise ValueError(
            f"paired_proportions needs people with both {before!r} and {after!r}, got 0 of "
            f"{len(people)}"
        )
    x, y = first[pair] > 0, second[pair] > 0
    cells = [int(k.sum()) for k in (x & y, x & ~y, ~x & y, ~x & ~y)]
    lost, gained = cells[1:3]
    base = {
        "outcome": outcome, "group": group, "term": "change", "conf_level": conf_level, "n": n,
        "n_missing": len(people) - n,
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        base | share(int(yes.sum()), n, method="wilson", conf_level=conf_level)
        | {"term": term, "measure": "proportion"}
        for term, yes in (("before", x), ("after", y))
    ]  # fmt: skip
    low, high = paired_difference_interval(*cells, method=difference_method, conf_level=conf_level)
    odds = paired_odds_ratio(lost, gained, conf_level=conf_level)
    tested: dict[str, Any] = {"p_value": float(odds.p_value)}
    if test != "exact":
        statistic, p = mcnemar(lost, gained, correct=test == "mcnemar_cc")
        tested = {"statistic": float(statistic), "df": 1, "p_value": float(p)}
    spread = float(np.sqrt(lost + gained - (gained - lost) ** 2 / n)) / n
    name = PAIRED_METHODS[difference_method]
    rows.append(base | tested | {
        "measure": "risk_difference", "estimate": (gained - lost) / n, "std_error": spread,
        "conf_low": float(low), "conf_high": float(high),
        "method": f"{name}; p: {PAIRED_TESTS[test]}",
    })  # fmt: skip
    rows.append(base | {
        "measure": "odds_ratio", "estimate": float(odds.estimate), "conf_low": float(odds.conf_low),
        "conf_high": float(odds.conf_high), "p_value": float(odds.p_value),
        "method": f"conditional, exact; p: {PAIRED_TESTS['exact']}",
    })  # fmt: skip
    notes = [
        f"Of {n} people {lost} went from yes to no, {gained} from no to yes; the other "
        f"{n - lost - gained} say nothing about the change.",
        "Change is after minus before: a negative number means fewer people.",
        "There is no comparison group: a change is not proof that the therapy brought it about.",
    ]
    if n < len(people):
        notes.append(
            f"{len(people) - n} of {len(people)} people have no pair and are left out; people who "
            f"stop may be those for whom things went otherwise."
        )
    if not lost + gained:
        notes.append("Nobody changed: there is no McNemar chi-square and no odds ratio.")
    if low == high:
        notes.append(f"{name}'s interval has no width here, which is not to say it is certain.")
    if low < -1 or high > 1:
        notes.append(f"An end of {name}'s interval lies outside -1 to 1.")
    return Estimates.from_rows(rows, notes=notes)
