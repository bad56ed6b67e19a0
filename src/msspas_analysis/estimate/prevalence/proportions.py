"""Proportions of one group of people: prevalence, shares of severity, and how sure they are.

Kernels work on arrays of counts that broadcast against each other, so that a survey is one cell and
a certificate ten thousand. The estimators take a table with one row per person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between, wilson_interval
from msspas_analysis.estimate.people import groups_of, label_of, one_row_each, values_of, yes_no
from msspas_analysis.results import Estimates

PROPORTION_METHODS: Final[dict[str, str]] = {
    "wilson": "Wilson",
    "wilson_cc": "Wilson, continuity correction",
    "clopper_pearson": "Clopper-Pearson, exact",
    "mid_p": "exact, mid-P",
    "likelihood_ratio": "likelihood ratio",
    "agresti_coull": "Agresti-Coull",
    "jeffreys": "Jeffreys",
    "logit": "logit",
    "wald": "Wald",
    "wald_cc": "Wald, continuity correction",
}
"""Intervals of one proportion: what ``method`` may be, and how an answer names it."""


def proportion_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, *, method: str = "wilson", conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Interval of a proportion by any of ten methods.

    Parameters
    ----------
    count, n : array_like of int
        People counted and people asked, broadcast together; NaN comes back where ``n`` is 0.
    method : str
        A key of :data:`PROPORTION_METHODS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the interval. Those of "wald", "wald_cc" and "agresti_coull" may lie outside 0 to 1
        and are not cut; those of "logit" are NaN where nobody or everybody is counted; those of
        "jeffreys" are 0 where nobody and 1 where everybody is.

    Raises
    ------
    ValueError
        If a count is no whole number from 0 to ``n``, the method is unknown or the level is
        outside (0, 1).

    Notes
    -----
    "wald" covers far less than it says with few people or a proportion near 0 or 1, and has no
    width at 0 and 1. "clopper_pearson" covers at least what it says, mostly more.

    References
    ----------
    .. [1] Newcombe RG (1998). Two-sided confidence intervals for the single proportion: comparison
       of seven methods. Stat Med 17:857-872.
    .. [2] Brown LD, Cai TT, DasGupta A (2001). Interval estimation for a binomial proportion. Stat
       Sci 16:101-133.

    Examples
    --------
    >>> low, high = proportion_interval([0, 81], [20, 263], method="clopper_pearson")
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.2527], [0.1684, 0.3676])
    """
    known("method", method, PROPORTION_METHODS)
    level_between(conf_level)
    x, size = counted(count, n)
    if method == "wilson":
        return wilson_interval(x, size, conf_level=conf_level)
    return _ENDS[method](x, np.where(size > 0, size, np.nan), conf_level)


def _wald(x: Floats, n: Floats, level: float, *, half: float = 0.0) -> tuple[Floats, Floats]:
    p = x / n
    reach = normal(level) * np.sqrt(p * (1 - p) / n) + half / n
    return p - reach, p + reach


def _wilson_cc(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z = normal(level)

    def end(moved: Floats, side: int) -> Floats:
        p = np.clip(moved / n, 0, 1)  # half a person below 0 or above n: the end is set below
        root = np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return np.asarray((p + z * z / (2 * n) + side * z * root) / (1 + z * z / n))

    low = np.where(x == 0, 0 * n, end(x - 0.5, -1))
    return low, np.where(x == n, n / n, end(x + 0.5, 1))


def _clopper_pearson(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    from scipy.special import betainccinv, betaincinv

    tail = (1 - level) / 2
    low = np.where(x == 0, 0 * n, betaincinv(np.maximum(x, 1), n - x + 1, tail))
    high = np.where(x == n, n / n, betainccinv(x + 1, np.maximum(n - x, 1), tail))
    return low, high


def _mid_p(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    from scipy.special import betainc, betaincc

    tail, one = (1 - level) / 2, np.maximum(x, 1)
    left = np.maximum(n - x, 1)

    # the mean of P(X >= x) and P(X > x), and of P(X <= x) and P(X < x)
    def above(p: Floats) -> Floats:
        more = np.where(x == n, 0.0, betainc(x + 1, left, p))
        return np.asarray(tail - (betainc(one, n - x + 1, p) + more) / 2)

    def below(p: Floats) -> Floats:
        less = np.where(x == 0, 0.0, betaincc(one, n - x + 1, p))
        return np.asarray((betaincc(x + 1, left, p) + less) / 2 - tail)

    low = np.where(x == 0, 0 * n, halve(above, 0 * n, x / n))
    return low, np.where(x == n, n / n, halve(below, x / n, n / n))


def _likelihood_ratio(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    from scipy.special import xlogy

    p, z = x / n, normal(level)

    def over(q: Floats) -> Floats:
        fall = xlogy(x, p / q) + xlogy(n - x, (1 - p) / (1 - q))
        return np.asarray(2 * fall - z * z)

    low = np.where(x == 0, 0 * n, halve(over, 0 * n, p))
    return low, np.where(x == n, n / n, halve(lambda q: -over(q), p, n / n))


def _agresti_coull(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    z = normal(level)
    return _wald(x + z * z / 2, n + z * z, level)


def _jeffreys(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    from scipy.special import betainccinv, betaincinv

    tail = (1 - level) / 2
    low = np.where(x == 0, 0 * n, betaincinv(x + 0.5, n - x + 0.5, tail))
    return low, np.where(x == n, n / n, betainccinv(x + 0.5, n - x + 0.5, tail))


def _logit(x: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    from scipy.special import expit

    inner = np.where((x > 0) & (x < n), x, np.nan)
    middle = np.log(inner / (n - inner))
    reach = normal(level) * np.sqrt(1 / inner + 1 / (n - inner))
    return np.asarray(expit(middle - reach)), np.asarray(expit(middle + reach))


_ENDS: Final[dict[str, Callable[[Floats, Floats, float], tuple[Floats, Floats]]]] = {
    "wilson_cc": _wilson_cc, "clopper_pearson": _clopper_pearson, "mid_p": _mid_p,
    "likelihood_ratio": _likelihood_ratio, "agresti_coull": _agresti_coull, "jeffreys": _jeffreys,
    "logit": _logit, "wald": _wald, "wald_cc": lambda x, n, level: _wald(x, n, level, half=0.5),
}  # fmt: skip


# ------------------------------------------------------------------------------------ estimators


def prevalence(
    frame: pd.DataFrame,
    what: str,
    *,
    positive: Any = None,
    by: str | None = None,
    method: str = "wilson",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the share of people with something, in all and in each stratum.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id`` and `what`.
    what : str
        A yes/no column: bool, 0 and 1, or "yes" and "no"; any other with `positive`. Empty is
        missing.
    positive : object, optional
        The value that is counted, or a list of such values; every other answer is a no.
    by : str, optional
        A column of strata. People without one are in "all" only.
    method : str
        A key of :data:`PROPORTION_METHODS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Estimates
        One row for ``group`` "all" and one for each stratum, measure "proportion"; ``n`` counts the
        people who answered. ``std_error`` is Wald's, whatever the interval. NaN for a stratum in
        which nobody answered.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent, `what` is no yes/no column, nobody answered, `positive` does not
        occur, the method is unknown or the level is outside (0, 1).

    Notes
    -----
    It is the share of those who answered. People who come to a clinic, or who answer a survey, are
    often those who have what is asked about.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDE"), "spasms": ["yes", "no", "no", "yes", None],
    ...     "sex": ["f", "f", "m", "m", "m"]})
    >>> prevalence(frame, "spasms", by="sex").table[["group", "estimate", "n"]].values.tolist()
    [['all', 0.5, 4], ['f', 0.5, 2], ['m', 0.5, 2]]
    """
    known("method", method, PROPORTION_METHODS)
    people = in_order(frame, what, *([by] if by else []))
    value, label = yes_no(people, what, positive=positive)
    if np.isnan(value).all():
        raise ValueError(f"{what!r}: none of {len(people)} people has an answer")
    rows = []
    for group, inside in groups_of(people, by):
        here = value[inside]
        x, n = int(np.nansum(here)), int(np.count_nonzero(~np.isnan(here)))
        rows.append({
            "outcome": what, "group": group, "term": label, "measure": "proportion",
            **share(x, n, method=method, conf_level=conf_level), "n_missing": len(here) - n,
        })  # fmt: skip
    notes = [_ANSWERED, *_without(people, by), *_said_of_shares(rows, what)]
    return Estimates.from_rows(rows, notes=notes)


def severity_shares(
    frame: pd.DataFrame,
    what: str,
    *,
    levels: Sequence[Hashable],
    by: str | None = None,
    method: str = "wilson",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the share of people at each level of severity, and at each level or worse.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id`` and `what`.
    what : str
        The column of severities. Empty is missing.
    levels : sequence
        Every value `what` may have, from the mildest to the worst.
    by : str, optional
        A column of strata. People without one are in "all" only.
    method : str
        A key of :data:`PROPORTION_METHODS`.
    conf_level : float
        Coverage of each interval, in (0, 1).

    Returns
    -------
    Estimates
        For each group a row "proportion" for every level and a row "proportion_or_worse" for every
        level but the mildest. ``n`` counts the people who answered.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent, holds something that is not among `levels`, nobody answered, a level
        is given twice or there is only one.

    Notes
    -----
    Each interval covers its own share; all of them together cover less often than that.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"),
    ...     "spasticity": ["none", "mild", "severe", "mild"]})
    >>> shares = severity_shares(frame, "spasticity", levels=["none", "mild", "severe"])
    >>> shares.table[["term", "estimate"]].values.tolist()
    [['none', 0.25], ['mild', 0.5], ['severe', 0.25], ['mild or worse', 0.75],
     ['severe or worse', 0.25]]
    """
    known("method", method, PROPORTION_METHODS)
    ranks = {level: rank for rank, level in enumerate(levels)}
    if len(ranks) < len(levels) or len(levels) < 2:
        raise ValueError(f"levels: need at least two different ones, got {list(levels)}")
    people = in_order(frame, what, *([by] if by else []))
    given = people[what].astype("object")
    strange = [repr(v) for v in values_of(people[what]) if v not in ranks]
    if strange:
        raise ValueError(
            f"{what!r} holds {', '.join(strange[:5])}, not among levels {list(levels)}; name every "
            f"value that may occur, from the mildest to the worst"
        )
    rank = np.array([np.nan if pd.isna(v) else ranks[v] for v in given], dtype=np.float64)
    if np.isnan(rank).all():
        raise ValueError(f"{what!r}: none of {len(people)} people has an answer")
    rows = []
    for group, inside in groups_of(people, by):
        here = rank[inside]
        n = int(np.count_nonzero(~np.isnan(here)))
        terms = [(label_of(v), "proportion", here == i) for v, i in ranks.items()]
        terms += [(f"{label_of(v)} or worse", "proportion_or_worse", here >= i)
                  for v, i in ranks.items() if i]  # fmt: skip
        rows += [
            {"outcome": what, "group": group, "term": term, "measure": measure,
             **share(int(yes.sum()), n, method=method, conf_level=conf_level),
             "n_missing": len(here) - n}
            for term, measure, yes in terms
        ]  # fmt: skip
    notes = [_ANSWERED, *_without(people, by), *_said_of_shares(rows, what)]
    return Estimates.from_rows(rows, notes=notes)


_ANSWERED: Final = (
    "Shares are of the people who answered. They are those of a population only if the people "
    "asked were drawn from it and those who did not answer are like those who did."
)


def _without(people: pd.DataFrame, by: str | None) -> list[str]:
    k = 0 if by is None else int(people[by].isna().sum())
    return [f'{k} of {len(people)} people have no {by} and are in "all" only.'] if k else []


def _said_of_shares(rows: Sequence[dict[str, Any]], what: str) -> list[str]:
    notes = []
    if k := rows[0]["n_missing"]:
        notes.append(f"{k} of {k + rows[0]['n']} people have no {what} and are left out.")
    if empty := sorted({row["group"] for row in rows if not row["n"]}):
        notes.append(f"Nobody has {what} in: {', '.join(empty)}.")
    if any(row["conf_low"] < 0 or row["conf_high"] > 1 for row in rows):
        notes.append("An end of an interval lies outside 0 to 1: Wilson's does not do that.")
    if any(row["n"] and np.isnan(row["conf_low"]) for row in rows):
        notes.append("The logit interval does not exist where nobody or everybody is counted.")
    if any(row["conf_low"] == row["conf_high"] for row in rows):
        notes.append("Wald's interval has no width at 0 and 1, which is not to say it is certain.")
    return notes


# ------------------------------------------------------- what two and paired proportions share


def known(name: str, value: str, allowed: Collection[str]) -> None:
    """Raise ``ValueError`` unless `value` is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; choose one of {list(allowed)}")


def normal(conf_level: float) -> float:
    """Return the normal quantile a two-sided interval of this level reaches to."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level_between(conf_level) / 2))


def counted(count: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return both as numbers of one shape, or raise unless 0 <= count <= n are whole numbers."""
    x, size = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(n, np.float64))
    whole = (x == np.floor(x)) & (size == np.floor(size)) & np.isfinite(size)
    bad = ~(whole & (x >= 0) & (x <= size))
    if bad.any():
        raise ValueError(
            f"counts are whole numbers of people from 0 to n, got {x[bad].flat[0]:g} of "
            f"{size[bad].flat[0]:g}"
        )
    return x, size


def halve(f: Callable[[Floats], Floats], start: npt.ArrayLike, end: npt.ArrayLike) -> Floats:
    """Return where `f` stops being positive on the way from `start` to `end`; NaN stays NaN."""
    a, b = np.broadcast_arrays(np.asarray(start, np.float64), np.asarray(end, np.float64))
    with np.errstate(all="ignore"):  # f may be infinite at an end
        for _ in range(200):
            middle = a + (b - a) / 2
            moving = (np.minimum(a, b) < middle) & (middle < np.maximum(a, b))
            if not moving.any():
                break
            onwards = f(middle) > 0
            a = np.where(moving & onwards, middle, a)
            b = np.where(moving & ~onwards, middle, b)
        return np.asarray(a + (b - a) / 2)


def share(x: int, n: int, *, method: str, conf_level: float) -> dict[str, Any]:
    """Return the numbers of one proportion as columns of an answer; NaN where n is 0."""
    low, high = proportion_interval(x, n, method=method, conf_level=conf_level)
    p = x / n if n else np.nan
    return {
        "estimate": p, "std_error": float(np.sqrt(p * (1 - p) / n)) if n else np.nan,
        "conf_low": float(low), "conf_high": float(high), "conf_level": conf_level, "n": n,
        "method": PROPORTION_METHODS[method],
    }  # fmt: skip


def in_order(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the people sorted by code with these columns, after refusing what cannot be."""
    people = one_row_each(frame, columns)
    if people.empty:
        raise ValueError("the table has no rows: there is nobody to count")
    return people[list(dict.fromkeys(("person_id", *columns)))]
