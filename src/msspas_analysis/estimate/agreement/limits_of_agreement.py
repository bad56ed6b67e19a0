"""Limits of agreement: how far apart two measurements of the same people usually are.

The last axis of every array is people, the axes before it are replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.agreement.association import person_numbers
from msspas_analysis.estimate.intervals import (
    POINT,
    Floats,
    level_between,
    people_along,
    t_interval,
)
from msspas_analysis.results import Estimates

INTERVALS: Final = ("bland_altman", "exact")
"""How the limits get their intervals: Bland and Altman (1999), or the noncentral t."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lower and upper limit of agreement with their intervals, along a last axis of two."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats


def limits(
    diff: npt.ArrayLike,
    *,
    coverage: float = 0.95,
    interval: str = "bland_altman",
    conf_level: float = 0.95,
) -> Limits:
    """Limits between which a share of the differences lies, with intervals.

    Parameters
    ----------
    diff : array_like, shape (..., n)
        One difference per person, no NaN, n >= 2; leading axes are replicates.
    coverage : float
        Share of differences between the limits, in (0, 1).
    interval : {"bland_altman", "exact"}
        Bland and Altman's standard error and t, or the noncentral t (exact for normal differences).
    conf_level : float
        Coverage of the interval of each limit, in (0, 1).

    Returns
    -------
    Limits
        ``estimate`` is mean minus and plus z standard deviations.

    Raises
    ------
    ValueError
        With fewer than 2 people, another interval, or a level outside (0, 1).

    References
    ----------
    .. [1] Bland JM, Altman DG (1999). Measuring agreement in method comparison studies. Stat
       Methods Med Res 8:135-160.
    .. [2] Carkeet A (2015). Exact parametric confidence intervals for Bland-Altman limits of
       agreement. Optom Vis Sci 92:e71-e80.

    Examples
    --------
    >>> got = limits([-1.0, 0.0, 1.0, 2.0, 3.0])
    >>> got.estimate.round(4).tolist(), got.conf_low.round(4).tolist()
    ([-2.099, 4.099], [-5.7195, 0.4784])
    """
    from scipy.special import nctdtrit, ndtri, stdtrit

    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {list(INTERVALS)}, got {interval!r}")
    _share(coverage)
    tail = (1 - level_between(conf_level)) / 2
    x = np.asarray(diff, dtype=np.float64)
    n = people_along(x, at_least=2)
    z = float(ndtri(0.5 + coverage / 2))
    mean = x.mean(axis=-1)[..., None]
    sd = np.where(np.ptp(x, axis=-1) <= POINT, 0.0, x.std(axis=-1, ddof=1))[..., None]
    at = mean + np.array([-z, z]) * sd
    se = np.broadcast_to(sd * np.sqrt(1 / n + z * z / (2 * (n - 1))), at.shape).copy()
    if interval == "bland_altman":
        half = float(stdtrit(n - 1, 1 - tail)) * se
        low, high = at - half, at + half
    else:
        near, far = (float(nctdtrit(n - 1, z * np.sqrt(n), p)) for p in (tail, 1 - tail))
        low = mean + np.array([-far, near]) * sd / np.sqrt(n)
        high = mean + np.array([-near, far]) * sd / np.sqrt(n)
    return Limits(estimate=at, std_error=se, conf_low=low, conf_high=high)


def limits_of_agreement(
    frame: pd.DataFrame,
    ratings: tuple[str, str],
    *,
    repeated: bool = False,
    coverage: float = 0.95,
    interval: str = "bland_altman",
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the bias between two measurements and the limits most differences lie between.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``person_id`` and the two numeric columns in the same unit: one row per person, or one for
        each pair of measurements if `repeated`.
    ratings : tuple of str
        The two columns; differences are the first minus the second. A person without any pair is in
        ``n_missing``.
    repeated : bool
        Whether people have several pairs, taken when what is measured may have moved between them.
        The spread is then put together from that between and that within people.
    coverage : float
        Share of differences between the limits, in (0, 1).
    interval : {"bland_altman", "exact"}
        See :func:`limits`; repeated pairs have the one of Zou (2013) and take no other.
    group : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        "mean_difference" (t; repeated: every pair counts once, error between people),
        "lower_limit", "upper_limit", "proportional_bias" (slope of the difference on the mean of
        the two, one point a person), and "sd_difference", or, repeated, "sd_within" (chi-square)
        and "sd_between". ``n`` counts people.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row and `repeated` is false.
    ValueError
        With fewer than 3 people with a pair, no person with 2 pairs if `repeated`, absent columns
        or no numbers, an interval that does not exist, or a level or share outside (0, 1).

    Notes
    -----
    Whether the limits are narrow enough is no statistical question: decide before looking how far
    apart two measurements may be. Differences that grow with the size of what is measured make the
    limits too wide at one end and too narrow at the other; a slope says so, though two measurements
    of unlike spread give one as well.

    References
    ----------
    .. [1] Bland JM, Altman DG (1999). Measuring agreement in method comparison studies. Stat
       Methods Med Res 8:135-160.
    .. [2] Bland JM, Altman DG (2007). Agreement between methods of measurement with multiple
       observations per individual. J Biopharm Stat 17:571-582.
    .. [3] Zou GY (2013). Confidence interval estimation for the Bland-Altman limits of agreement
       with multiple observations per individual. Stat Methods Med Res 22:630-642.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDE"), "diary": [6.0, 5, 7, 4, 6],
    ...     "clinic": [5.0, 5, 5, 4.5, 7]})
    >>> answer = limits_of_agreement(frame, ("diary", "clinic"))
    >>> answer.table.set_index("measure")["estimate"].round(4).to_dict()
    {'mean_difference': 0.3, 'lower_limit': -2.0601, 'upper_limit': 2.6601,
     'proportional_bias': 0.2295, 'sd_difference': 1.2042}
    """
    level_between(conf_level)
    _share(coverage)
    if isinstance(ratings, str) or len(ratings) != 2 or ratings[0] == ratings[1]:
        raise ValueError(
            f"ratings must name two different columns, got {ratings!r}; give ('a', 'b')"
        )
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {list(INTERVALS)}, got {interval!r}")
    if repeated and interval != "bland_altman":
        raise ValueError(f"repeated pairs have one interval (Zou 2013), got {interval!r}; leave it")
    values = person_numbers(frame, ratings, repeated=repeated)
    people = np.sort(frame["person_id"].astype(str).to_numpy(dtype=object))
    both = ~np.isnan(values).any(axis=-1)
    x, y = values[both].T
    _, person = np.unique(people[both], return_inverse=True)
    n, total = len(np.unique(person)), len(np.unique(people))
    if n < 3:
        raise ValueError(
            f"limits_of_agreement needs at least 3 people with {ratings[0]} and {ratings[1]}, got "
            f"{n} of {total}"
        )
    diff, size = x - y, (x + y) / 2
    notes = [f"A difference is {ratings[0]} minus {ratings[1]}."]
    if total > n:
        notes.append(f"{total - n} of {total} people have no pair and are left out.")
    if repeated:
        found = _repeated(diff, person, coverage, conf_level, notes)
        count = np.bincount(person)
        diff, size = (np.bincount(person, weights=v) / count for v in (diff, size))
    else:
        found = _single(diff, coverage, interval, conf_level)
    spread = found.pop("spread")
    found["proportional_bias"] = _slope(size, diff, conf_level, notes)
    rows = [
        {"outcome": ratings[0], "group": group, "term": f"with {ratings[1]}", "measure": measure,
         "conf_level": conf_level, "n": n, "n_missing": total - n} | row
        for measure, row in (found | spread).items()
    ]  # fmt: skip
    notes.append(
        f"The limits hold {coverage:.10g} of all differences if these are normal and their spread "
        f"is the same everywhere."
    )
    return Estimates.from_rows(rows, notes=notes)


def _single(diff: Floats, coverage: float, interval: str, conf_level: float) -> dict[str, Any]:
    t = t_interval(diff, conf_level=conf_level)
    got = limits(diff, coverage=coverage, interval=interval, conf_level=conf_level)
    how = "Bland & Altman (1999), t" if interval == "bland_altman" else "exact, noncentral t"
    found: dict[str, Any] = {
        "mean_difference": {
            "estimate": float(t.estimate), "std_error": float(t.std_error),
            "conf_low": float(t.conf_low), "conf_high": float(t.conf_high),
            "statistic": float(t.statistic), "df": t.df, "p_value": float(t.p_value),
            "method": "paired t",
        }
    }  # fmt: skip
    for i, measure in enumerate(("lower_limit", "upper_limit")):
        found[measure] = {
            "estimate": got.estimate[i], "std_error": got.std_error[i],
            "conf_low": got.conf_low[i], "conf_high": got.conf_high[i], "df": t.df,
            "method": f"mean and SD of the differences; interval: {how}",
        }  # fmt: skip
    sd = float(t.std_error) * np.sqrt(len(diff))
    low, high = _spread_interval(sd, len(diff) - 1, conf_level)
    row = {
        "estimate": sd, "conf_low": low, "conf_high": high, "df": len(diff) - 1,
        "method": "SD of the differences, chi-square",
    }  # fmt: skip
    return found | {"spread": {"sd_difference": row}}


def _repeated(
    diff: Floats, person: npt.NDArray[np.intp], coverage: float, conf_level: float, notes: list[str]
) -> dict[str, Any]:
    """One-way analysis of variance of the differences, and limits from its two components."""
    from scipy.special import chdtri, ndtri, stdtr, stdtrit

    m = np.bincount(person).astype(np.float64)
    k, total = len(m), float(m.sum())
    if total == k:
        raise ValueError(
            f"repeated=True, and none of {k} people has 2 pairs; leave it out for one pair a person"
        )
    mean = float(diff.mean())
    own = np.bincount(person, weights=diff) / m
    df = np.array([k - 1.0, total - k])
    ms = np.array([np.sum(m * (own - mean) ** 2), np.sum((diff - own[person]) ** 2)]) / df
    m0 = (total - np.sum(m**2) / total) / (k - 1)
    part = ms * np.array([1 / m0, 1 - 1 / m0])
    variance = float(part.sum())
    tail = (1 - conf_level) / 2
    low, high = (np.sqrt(np.sum((part * (df / chdtri(df, p) - 1)) ** 2)) for p in (tail, 1 - tail))
    sd_low, sd_high = np.sqrt(variance - low), np.sqrt(variance + high)
    # between people, whatever the components are: as the mean of a cluster sample
    se = float(np.sqrt(k / (k - 1) * np.sum((m * (own - mean)) ** 2)) / total)
    half = float(stdtrit(k - 1, 1 - tail)) * se
    z, sd = float(ndtri(0.5 + coverage / 2)), np.sqrt(variance)
    near, far = np.hypot(half, z * (sd - sd_low)), np.hypot(half, z * (sd_high - sd))
    t = mean / se if se else np.nan
    within = float(np.sqrt(ms[1]))
    between = float((ms[0] - ms[1]) / m0)
    notes.append(f"{total:g} pairs of {k} people, {m.min():g} to {m.max():g} each.")
    if between < 0:
        notes.append(
            "People differ in their differences less than chance would have it, so the spread "
            "between them is not above 0 and sd_between is empty; the limits use both parts as "
            "they are."
        )
    how = "variance between and within people, one-way ANOVA; interval: Zou (2013)"
    in_low, in_high = _spread_interval(within, total - k, conf_level)
    return {
        "mean_difference": {
            "estimate": mean, "std_error": se, "conf_low": mean - half, "conf_high": mean + half,
            "statistic": t, "df": k - 1, "p_value": 2 * float(stdtr(k - 1, -abs(t))),
            "method": "mean of all pairs, error between people, t",
        },
        "lower_limit": {
            "estimate": mean - z * sd, "conf_low": mean - z * sd - far,
            "conf_high": mean - z * sd + near, "method": how,
        },
        "upper_limit": {
            "estimate": mean + z * sd, "conf_low": mean + z * sd - near,
            "conf_high": mean + z * sd + far, "method": how,
        },
        "spread": {
            "sd_within": {
                "estimate": within, "conf_low": in_low, "conf_high": in_high, "df": total - k,
                "method": "one-way ANOVA, chi-square",
            },
            "sd_between": {
                "estimate": np.sqrt(between) if between >= 0 else np.nan, "conf_level": np.nan,
                "method": "one-way ANOVA",
            },
        },
    }  # fmt: skip


def _slope(size: Floats, diff: Floats, conf_level: float, notes: list[str]) -> dict[str, Any]:
    """Regress the difference on the mean of the two, to see whether the bias grows with the size."""
    from scipy.special import stdtr, stdtrit

    n, d = len(size), size - size.mean()
    method = "slope of the difference on the mean of the two, t"
    if np.ptp(size) <= POINT:
        notes.append("Everybody has the same mean of the two, so there is no slope.")
        return {"estimate": np.nan, "method": method}
    square = float(np.sum(d * d))
    b = float(np.sum(d * diff)) / square
    rest = diff - diff.mean() - b * d
    line = np.abs(rest).max() <= POINT
    se = 0.0 if line else float(np.sqrt(np.sum(rest**2) / (n - 2) / square))
    half = float(stdtrit(n - 2, 0.5 + conf_level / 2)) * se
    t = np.nan if line else b / se
    if line:
        notes.append("The differences lie on a line, so the interval of the slope has no width.")
    return {
        "estimate": b, "std_error": se, "conf_low": b - half, "conf_high": b + half, "statistic": t,
        "df": n - 2, "p_value": 2 * float(stdtr(n - 2, -abs(t))), "method": method,
    }  # fmt: skip


def _spread_interval(sd: float, df: float, conf_level: float) -> tuple[float, float]:
    from scipy.special import chdtri

    tail = (1 - conf_level) / 2
    return sd * np.sqrt(df / float(chdtri(df, tail))), sd * np.sqrt(
        df / float(chdtri(df, 1 - tail))
    )


def _share(coverage: float) -> None:
    if not 0 < coverage < 1:
        raise ValueError(f"coverage is a share between 0 and 1, got {coverage}; 0.95 is usual")
