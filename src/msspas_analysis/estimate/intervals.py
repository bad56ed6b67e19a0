"""Intervals of means, proportions, medians and standardised changes, many replicates at once.

The last axis of every array is people, the axes before it are replicates: one diary is a batch of
one, a certificate is the same call over ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

POINT: Final = 1e-9
"""Scores closer than this are the same score: the rest is the computer's rounding.

A mean over 7 days and a mean over 14 are stored to 16 digits, so two equal changes may differ in
the last one, and a fall of exactly 20 % may look like 19.999999999999996 %.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanT:
    """A mean with its t interval; every field has the shape of the leading axes."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df: int
    p_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """Mean change in standard deviations of the change: plain (d) and small-sample (g)."""

    d_z: Floats
    d_z_low: Floats
    d_z_high: Floats
    g_z: Floats
    g_z_low: Floats
    g_z_high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class MedianRange:
    """A median with its order-statistic interval and the level that interval really has."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    level: float
    rank: int


def level_between(conf_level: float) -> float:
    """Return the level if it lies between 0 and 1, or raise ``ValueError``."""
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, got {conf_level}; 0.95 is usual")
    return conf_level


def t_interval(values: npt.ArrayLike, *, conf_level: float = 0.95) -> MeanT:
    """Mean over the last axis with Student's t interval and test against zero.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per person, no NaN, n >= 2; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    MeanT
        Where all values of a replicate are equal the interval has no width, and ``statistic`` and
        ``p_value`` are NaN.

    Raises
    ------
    ValueError
        With fewer than 2 values, or a level outside (0, 1).

    Examples
    --------
    >>> t = t_interval([[1.0, 2.0, 3.0], [-1.0, 0.0, 4.0]])
    >>> t.estimate.tolist(), t.std_error.round(4).tolist()
    ([2.0, 1.0], [0.5774, 1.5275])
    """
    from scipy.special import stdtr, stdtrit

    x = np.asarray(values, dtype=np.float64)
    n = people_along(x, at_least=2)
    mean = x.mean(axis=-1)
    same = np.ptp(x, axis=-1) <= POINT
    se = np.where(same, 0.0, x.std(axis=-1, ddof=1) / np.sqrt(n))
    t = np.full_like(mean, np.nan)
    np.divide(mean, se, out=t, where=~same)
    half = float(stdtrit(n - 1, 0.5 + level_between(conf_level) / 2)) * se
    return MeanT(
        estimate=mean, std_error=se, conf_low=mean - half, conf_high=mean + half, statistic=t,
        df=n - 1, p_value=2 * stdtr(n - 1, -np.abs(t)),
    )  # fmt: skip


def wilson_interval(
    count: npt.ArrayLike, n: npt.ArrayLike, *, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson's score interval of a proportion, without continuity correction.

    Parameters
    ----------
    count, n : array_like
        People counted and people asked, broadcast together; NaN comes back where ``n`` is 0.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : ndarray
        Ends of the interval, within 0 to 1.

    References
    ----------
    .. [1] Newcombe RG (1998). Two-sided confidence intervals for the single proportion.
       Stat Med 17:857-872.

    Examples
    --------
    >>> low, high = wilson_interval(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level_between(conf_level) / 2))
    x, size = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(n, np.float64))
    size = np.where(size > 0, size, np.nan)
    p = x / size
    middle = (p + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * np.sqrt(p * (1 - p) / size + z * z / (4 * size * size))
    # at 0 and n the ends are known; arithmetic leaves 1e-17 there
    low = np.where(x == 0, 0 * size, middle - half)
    high = np.where(x == size, size / size, middle + half)
    return low, high


def median_range(values: npt.ArrayLike, *, conf_level: float = 0.95) -> MedianRange:
    """Median over the last axis with the exact interval between two of the ordered values.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per person, no NaN; leading axes are replicates.
    conf_level : float
        Coverage the interval has at least, in (0, 1).

    Returns
    -------
    MedianRange
        ``rank`` is k where the interval runs from the k-th smallest to the k-th largest value, and
        ``level`` the coverage it has whatever the distribution. With too few people for the level
        (fewer than 6 for 95 %) the ends are infinite, ``rank`` 0 and ``level`` 1.

    References
    ----------
    .. [1] Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical Methods, 3rd ed,
       section 3.6 (the interval that belongs to the sign test).

    Examples
    --------
    >>> m = median_range([3.0, 1.0, 2.0, 5.0, 4.0, 6.0])
    >>> float(m.estimate), float(m.conf_low), float(m.conf_high), m.level
    (3.5, 1.0, 6.0, 0.96875)
    """
    from scipy.special import bdtr

    x = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = people_along(x, at_least=1)
    tail = bdtr(np.arange(n), n, 0.5)
    # 1e-12: a tail that equals alpha/2 in exact arithmetic is allowed
    k = int(np.count_nonzero(tail <= (1 - level_between(conf_level)) / 2 + 1e-12))
    middle = np.median(x, axis=-1)
    if k == 0:
        inf = np.full_like(middle, np.inf)
        return MedianRange(estimate=middle, conf_low=-inf, conf_high=inf, level=1.0, rank=0)
    return MedianRange(
        estimate=middle, conf_low=x[..., k - 1], conf_high=x[..., n - k],
        level=float(1 - 2 * tail[k - 1]), rank=k,
    )  # fmt: skip


def standardised(diff: npt.ArrayLike, *, conf_level: float = 0.95) -> Standardised:
    """Mean change divided by the standard deviation of the change, with its noncentral-t interval.

    Parameters
    ----------
    diff : array_like, shape (..., n)
        One change per person, no NaN, n >= 2; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Standardised
        ``g_z`` and its ends are those of ``d_z`` times the exact factor J(n - 1). All NaN where the
        changes are equal, and ``g_z`` with two people.

    References
    ----------
    .. [1] Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
       estimators. J Educ Stat 6:107-128.
    .. [2] Steiger JH, Fouladi RT (1997). Noncentrality interval estimation and the evaluation of
       statistical models. In: What if there were no significance tests?

    Examples
    --------
    >>> s = standardised([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    >>> [round(float(x), 4) for x in (s.d_z, s.d_z_low, s.d_z_high, s.g_z)]
    [1.2846, 0.4146, 2.118, 1.1739]
    """
    from scipy.special import gammaln

    t = t_interval(diff, conf_level=conf_level)
    root_n = np.sqrt(t.df + 1)
    d = t.statistic / root_n
    low = _noncentrality(t.statistic, t.df, 0.5 + conf_level / 2) / root_n
    high = _noncentrality(t.statistic, t.df, 0.5 - conf_level / 2) / root_n
    if t.df > 1:
        j = float(np.exp(gammaln(t.df / 2) - gammaln((t.df - 1) / 2)) / np.sqrt(t.df / 2))
    else:  # Gamma(0) is infinite: two people cannot be corrected
        j = np.nan
    return Standardised(
        d_z=d, d_z_low=low, d_z_high=high, g_z=j * d, g_z_low=j * low, g_z_high=j * high
    )


def proportion_row(count: int, n: int, *, conf_level: float) -> dict[str, Any]:
    """Return the numbers of one proportion: Wilson interval, Wald standard error.

    Parameters
    ----------
    count, n : int
        People counted, and people asked, n >= 1.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    dict
        The columns ``measure``, ``estimate``, ``std_error``, ``conf_low``, ``conf_high``,
        ``conf_level``, ``n`` and ``method`` of an answer.

    Examples
    --------
    >>> proportion_row(1, 4, conf_level=0.95)["estimate"]
    0.25
    """
    low, high = wilson_interval(count, n, conf_level=conf_level)
    p = count / n
    return {
        "measure": "proportion", "estimate": p, "std_error": float(np.sqrt(p * (1 - p) / n)),
        "conf_low": float(low), "conf_high": float(high), "conf_level": conf_level, "n": n,
        "method": "Wilson",
    }  # fmt: skip


def people_along(x: Floats, *, at_least: int) -> int:
    """Return how many people the last axis has, or raise ``ValueError`` if too few."""
    n = x.shape[-1] if x.ndim else 0
    if n < at_least:
        raise ValueError(f"need at least {at_least} numbers along the last axis, got {n}")
    return n


def _noncentrality(t: Floats, df: int, p: float) -> Floats:
    """Solve P(T <= t) = p for the noncentrality of Student's t."""
    from scipy.special import nctdtr, nctdtrinc

    with np.errstate(all="ignore"):  # NaN in, NaN out
        nc = np.asarray(nctdtrinc(df, p, t))
        # the inverse stops at 7 digits, the distribution function has more: three Newton steps
        for _ in range(3):
            h = 1e-4 * np.maximum(1.0, np.abs(nc))
            slope = (nctdtr(df, nc + h, t) - nctdtr(df, nc - h, t)) / (2 * h)
            step = (nctdtr(df, nc, t) - p) / slope
            nc = np.where(np.abs(step) < h, nc - step, nc)
    return nc


def quotient(top: npt.ArrayLike, bottom: npt.ArrayLike) -> Floats:
    """Divide, with NaN where the divisor is 0."""
    above, below = np.asarray(top, np.float64), np.asarray(bottom, np.float64)
    out = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=out, where=below != 0)
    return out


def mean_of_known(values: Floats) -> Floats:
    """Return the mean along the last axis of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    return quotient(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))
