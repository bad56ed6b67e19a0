"""Two periods, two orders: t tests and ranks of a complete AB/BA crossover.

Kernels: the leading axes are replicates, then come people, then the two periods. Differences are
treatment minus control, periods later minus first.

References
----------
.. [1] Hills M, Armitage P (1979). The two-period cross-over clinical trial. Br J Clin Pharmacol
   8:7-20.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import POINT, Floats, level_between, t_interval

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrast:
    """A difference with its t interval; every field has the shape of the leading axes."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df: Floats
    p_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HillsArmitage:
    """The t tests of a two-period crossover, and the variance within people."""

    treatment: Contrast
    period: Contrast
    carry_over: Contrast
    ignoring_period: Contrast
    period_1: Contrast
    variance_within: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankSum:
    """Wilcoxon's rank-sum test and the Hodges-Lehmann difference of two groups."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    p_value: Floats


def contrast(estimate: Floats, std_error: Floats, df: npt.ArrayLike, level: float) -> Contrast:
    """Return a difference with its t interval; without spread there is no test (NaN)."""
    from scipy.special import stdtr, stdtrit

    d = np.broadcast_to(np.asarray(df, np.float64), np.shape(estimate))
    se = np.where(std_error <= POINT, 0.0, std_error)
    t = np.full(np.shape(estimate), np.nan)
    np.divide(estimate, se, out=t, where=se > 0)
    half = stdtrit(d, 0.5 + level_between(level) / 2) * se
    return Contrast(
        estimate=np.asarray(estimate), std_error=se, conf_low=estimate - half,
        conf_high=estimate + half, statistic=t, df=d, p_value=2 * stdtr(d, -np.abs(t)),
    )  # fmt: skip


def _two_groups(x: Floats, first: Bools, divide: float, level: float) -> tuple[Contrast, Floats]:
    """Difference of two group means over `divide`, equal variances; and that variance."""
    one, other = x[..., first], x[..., ~first]
    n, m = one.shape[-1], other.shape[-1]
    df = n + m - 2
    ss = np.square(one - one.mean(-1, keepdims=True)).sum(-1)
    ss = ss + np.square(other - other.mean(-1, keepdims=True)).sum(-1)
    se = np.sqrt(ss / df * (1 / n + 1 / m)) / divide
    return contrast((one.mean(-1) - other.mean(-1)) / divide, se, df, level), ss / df


def hills_armitage(
    values: npt.ArrayLike, treated_first: npt.ArrayLike, *, conf_level: float = 0.95
) -> HillsArmitage:
    """Analyse a complete two-period crossover by t tests of differences and sums.

    Parameters
    ----------
    values : array_like, shape (..., n, 2)
        Outcome of each person in periods 1 and 2, no NaN; leading axes are replicates.
    treated_first : array_like of bool, shape (n,)
        Whether the person had the treatment first (True) or the control first.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    HillsArmitage
        ``carry_over`` is the difference, treatment first minus control first, of the sums of both
        periods. ``statistic`` and ``p_value`` are NaN where nobody differs.

    Raises
    ------
    ValueError
        If a sequence has nobody, or there are fewer than 3 people.

    Examples
    --------
    >>> two = hills_armitage([[3, 5], [4, 7], [6, 5], [5, 3]], [True, True, False, False])
    >>> float(two.treatment.estimate), float(two.period.estimate)
    (-2.0, 0.5)
    """
    y, first = two_periods(values, treated_first, at_least=3)
    level_between(conf_level)
    earlier = y[..., 0] - y[..., 1]
    signed = np.where(first, earlier, -earlier)
    treatment, variance = _two_groups(earlier, first, 2, conf_level)
    t = t_interval(signed, conf_level=conf_level)
    return HillsArmitage(
        treatment=treatment, period=_two_groups(-signed, first, 2, conf_level)[0],
        carry_over=_two_groups(y.sum(axis=-1), first, 1, conf_level)[0],
        ignoring_period=contrast(t.estimate, t.std_error, t.df, conf_level),
        period_1=_two_groups(y[..., 0], first, 1, conf_level)[0], variance_within=variance / 2,
    )  # fmt: skip


def rank_sum(values: npt.ArrayLike, first: npt.ArrayLike, *, conf_level: float = 0.95) -> RankSum:
    """Compare two groups by ranks: normal approximation with ties, no continuity correction.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per person, no NaN; those closer than ``POINT`` are ties.
    first : array_like of bool, shape (n,)
        The group whose numbers count upwards.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    RankSum
        ``estimate`` is the median of all differences between the groups, ``statistic`` the number
        of them above 0. Ends are infinite where the test can never reject; ``p_value`` is NaN where
        all values are equal.

    Examples
    --------
    >>> r = rank_sum([1.0, 2, 3, 4, 5, 6.5], [True, True, True, False, False, False])
    >>> float(r.estimate), float(r.statistic), round(float(r.p_value), 4)
    (-3.0, 0.0, 0.0495)
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import rankdata

    x, one = np.asarray(values, np.float64), np.asarray(first, bool)
    order = np.argsort(x, axis=-1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=-1)
    step = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.diff(ordered, axis=-1)], axis=-1)
    place = np.empty(x.shape)
    np.put_along_axis(place, order, np.cumsum(step > POINT, axis=-1).astype(np.float64), axis=-1)
    n, m = int(one.sum()), int((~one).sum())
    if not n or not m:
        raise ValueError(f"both groups need people, got {n} and {m}; compare two sequences")

    def spread(ranked: Floats, between: bool) -> Floats:
        """Return the standard deviation of the statistic; ties between the groups may not count."""
        parts = [ranked] if between else [ranked[..., one], ranked[..., ~one]]
        tie = sum(
            (np.square((part[..., None] == part[..., None, :]).sum(-1)) - 1).sum(-1)
            for part in parts
        )
        of_all = tie / ((n + m) * (n + m - 1))
        return np.asarray(np.sqrt(n * m / 12 * (n + m + 1 - of_all)))

    w = rankdata(place, axis=-1)[..., one].sum(axis=-1) - n * (n + 1) / 2
    sd = spread(place, True)
    z = np.full(w.shape, np.nan)
    np.divide(w - n * m / 2, sd, out=z, where=sd > POINT)
    gap = (x[..., one][..., :, None] - x[..., ~one][..., None, :]).reshape(*x.shape[:-1], n * m)
    gap = np.sort(gap, axis=-1)
    middle = float(ndtri(0.5 + level_between(conf_level) / 2)) * spread(place, False)
    k = np.ceil(n * m / 2 - middle - POINT).astype(np.int64)
    at = np.clip(k, 1, n * m)[..., None]
    low = np.take_along_axis(gap, at - 1, axis=-1)[..., 0]
    high = np.take_along_axis(gap, n * m - at, axis=-1)[..., 0]
    return RankSum(
        estimate=np.median(gap, axis=-1), conf_low=np.where(k < 1, -np.inf, low),
        conf_high=np.where(k < 1, np.inf, high), statistic=w, p_value=2 * ndtr(-np.abs(z)),
    )  # fmt: skip


def two_periods(
    values: npt.ArrayLike, treated_first: npt.ArrayLike, *, at_least: int
) -> tuple[Floats, Bools]:
    """Return values and sequences after refusing what is no two-period crossover."""
    y, first = np.asarray(values, np.float64), np.asarray(treated_first, bool)
    if y.ndim < 2 or y.shape[-1] != 2 or y.shape[-2] != len(first):
        raise ValueError(
            f"values must have shape (..., n, 2) with one sequence for each of n people, got "
            f"{y.shape} and {len(first)} sequences"
        )
    one, other = int(first.sum()), int((~first).sum())
    if not one or not other or one + other < at_least:
        raise ValueError(
            f"{one} people had the treatment first and {other} the control first: both orders are "
            f"needed, and {at_least} people with both periods"
        )
    return y, first
