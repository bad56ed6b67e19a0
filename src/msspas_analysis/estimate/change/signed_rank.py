"""Wilcoxon's signed-rank test and the interval of the pseudo-median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import POINT, Floats, Ints, level_between, people_along


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRank:
    """Wilcoxon's signed-rank test and the Hodges-Lehmann pseudo-median of one set of changes."""

    estimate: float
    conf_low: float
    conf_high: float
    level: float
    statistic: float
    p_value: float
    n_zero: int
    ties: bool
    exact: bool


def signed_rank(diff: npt.ArrayLike, *, conf_level: float = 0.95) -> SignedRank:
    """Wilcoxon's signed-rank test and the pseudo-median with its interval, for one set of changes.

    Exact where no change is zero, no two are of equal size and fewer than 50 are left; else the
    normal approximation with continuity correction after setting zero changes aside. These are
    the rules of R's ``wilcox.test``; four things are done more carefully. Changes that differ by
    less than :data:`POINT` are ties (R's ``digits.rank``), the ends of the approximate interval are
    the averages at which its test changes its answer, not a root found to four digits, the
    estimate is always the median of the averages of pairs, and a level missed by little is said too.

    Parameters
    ----------
    diff : array_like, shape (n,)
        One change per person, no NaN.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    SignedRank
        ``level`` is `conf_level`, or less where so few people cannot give it; the ends are NaN
        where they can give none. With nothing but zero changes ``estimate`` is 0 and the rest NaN.

    References
    ----------
    .. [1] Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical Methods, 3rd ed,
       sections 3.1 to 3.3.
    .. [2] Bauer DF (1972). Constructing confidence sets using rank statistics. J Am Stat Assoc
       67:687-690.

    Examples
    --------
    >>> w = signed_rank([-0.952, 0.147, -1.022, -0.43, -0.62, -0.59, -0.49, 0.08, -0.01])
    >>> w.statistic, w.p_value, round(w.estimate, 3), round(w.conf_low, 3), round(w.conf_high, 3)
    (5.0, 0.0390625, -0.46, -0.786, -0.01)
    """
    level_between(conf_level)
    raw = np.asarray(diff, dtype=np.float64)
    people_along(raw, at_least=1)
    size = _snapped(np.abs(raw))
    x = np.where(raw < 0, -size, size)[size > POINT]
    n, n_zero = len(x), int((size <= POINT).sum())
    if n == 0:
        return SignedRank(
            estimate=0.0, conf_low=np.nan, conf_high=np.nan, level=0.0, statistic=0.0,
            p_value=np.nan, n_zero=n_zero, ties=False, exact=False,
        )  # fmt: skip
    rank, tied = _ranks(np.abs(x))
    v = float(rank[x > 0].sum())
    exact = n < 50 and n_zero == 0 and not np.any(tied > 1)
    if exact:
        p, level, k = _exact_signed_rank(v, n, conf_level)
    else:
        p, level, k = _normal_signed_rank(x, v, tied, conf_level)
    m = n * (n + 1) // 2
    wanted = [(m + 1) // 2, m // 2 + 1, *([k, m + 1 - k] if k else [])]
    lower, upper, *ends = _walsh_averages(x, wanted)
    low, high = ends if ends else (np.nan, np.nan)
    return SignedRank(
        estimate=(lower + upper) / 2, conf_low=low, conf_high=high, level=level, statistic=v,
        p_value=p, n_zero=n_zero, ties=bool(np.any(tied > 1)), exact=exact,
    )  # fmt: skip


def _snapped(sizes: Floats) -> Floats:
    """Give sizes that differ by rounding alone one common value."""
    order = np.argsort(sizes, kind="stable")
    ordered = sizes[order]
    group = np.concatenate([[0], np.cumsum(np.diff(ordered) > POINT)])
    first = np.concatenate([[True], np.diff(group) > 0])
    out = np.empty_like(sizes)
    out[order] = ordered[first][group]
    return out


def _ranks(values: Floats) -> tuple[Floats, Ints]:
    """Mid-ranks, and how many share each distinct value."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[inverse], count


@lru_cache(maxsize=64)
def _signed_rank_cdf(n: int) -> Floats:
    """P(V <= v) for v = 0, 1, ..., n(n+1)/2 by counting subsets; exact in doubles for n < 50."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1
    for r in range(1, n + 1):
        ways[r:] = ways[r:] + ways[: len(ways) - r]
    return np.cumsum(ways) / 2.0**n


def _exact_signed_rank(v: float, n: int, conf_level: float) -> tuple[float, float, int]:
    """Return the p value, the level achieved and the rank of the lower end (0: no interval)."""
    cdf = _signed_rank_cdf(n)
    alpha = 1 - conf_level
    smaller = min(v, n * (n + 1) / 2 - v)
    p = min(1.0, 2 * float(cdf[int(smaller)]))
    # 1e-14: a tail that equals alpha/2 in exact arithmetic counts as reached
    k = max(1, int(np.searchsorted(cdf, alpha / 2 - 1e-14)))
    achieved = 2 * float(cdf[k - 1])
    if achieved <= alpha + 1e-12:
        return p, conf_level, k
    level = 1 - achieved
    return (p, level, k) if level > 0 else (p, 0.0, 0)


def _normal_signed_rank(
    x: Floats, v: float, tied: Ints, conf_level: float
) -> tuple[float, float, int]:
    """Return the same three from the normal approximation with continuity correction.

    For any d that is no average of a pair, the ranks of ``x - d`` are tied only where ``x`` is, and
    V counts the averages above d. So the spread of V is one number, and the ends are averages.
    """
    from scipy.special import ndtr, ndtri

    def spread(n: int, t: Ints) -> float:
        return float(np.sqrt(n * (n + 1) * (2 * n + 1) / 24 - np.sum(t**3 - t) / 48))

    n = len(x)
    z = v - n * (n + 1) / 4
    z = (z - 0.5 * np.sign(z)) / spread(n, tied)
    p = min(1.0, 2 * float(ndtr(-abs(z))))

    _, same = np.unique(x, return_counts=True)
    if len(same) == 1:
        return p, 0.0, 0
    # the test of the smallest and the largest change must be able to reach the level
    reach = []
    for other in (same[1:], same[:-1]):
        left = int(other.sum())
        reach.append((left * (left + 1) / 4 - 0.5) / spread(left, other))
    alpha = asked = 1 - conf_level
    while alpha < 1 and min(reach) < ndtri(1 - alpha / 2):
        alpha *= 2
    if alpha >= 1:
        return p, 0.0, 0
    m = n * (n + 1) // 2
    above = m / 2 + 0.5 + float(ndtri(1 - alpha / 2)) * spread(n, same)
    k = max(1, m + 1 - int(np.ceil(above)))
    return p, (1 - alpha if alpha > asked else conf_level), k


def _walsh_averages(x: Floats, ranks: Sequence[int], *, table_up_to: int = 2000) -> list[float]:
    """Averages of all pairs (each value with itself too) in order: those at `ranks`, from 1.

    Beyond `table_up_to` values the averages are not written out but counted, so memory grows with
    the people, not with their square.
    """
    x = np.sort(x)
    n = len(x)
    if n <= table_up_to:
        i, j = np.triu_indices(n)
        ordered = np.sort((x[i] + x[j]) / 2)
        return [float(ordered[r - 1]) for r in ranks]

    def at_most(d: float) -> int:
        to_self = int(np.searchsorted(x, d, side="right"))
        return (int(np.searchsorted(x, 2 * d - x, side="right").sum()) + to_self) // 2

    found = []
    for r in ranks:
        low, high = float(x[0]), float(x[-1])
        if at_most(low) >= r:
            found.append(low)
            continue
        while low < (middle := low + (high - low) / 2) < high:
            low, high = (low, middle) if at_most(middle) >= r else (middle, high)
        found.append(high)
    return found


def midranks(values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Rank along the last axis from 1, equal values sharing the mean of their ranks.

    Parameters
    ----------
    values : array_like, shape (..., n)
        Closer than :data:`POINT` is equal; infinite values may be among them, NaN may not.

    Returns
    -------
    ranks, shared_by : ndarray, shape (..., n)
        The second is how many people share each rank.

    Examples
    --------
    >>> ranks, shared_by = midranks([3.0, 1.0, 3.0])
    >>> ranks.tolist(), shared_by.tolist()
    ([2.5, 1.0, 2.5], [2.0, 1.0, 2.0])
    """
    first, last, order = places(values)
    return in_place(0.5 * (first + last) + 1.0, order), in_place(last - first + 1.0, order)


def in_place(values: npt.ArrayLike, order: Ints) -> Floats:
    """Return values given in order of size in the places they came from."""
    out = np.empty(order.shape)
    np.put_along_axis(out, order, values, axis=-1)
    return out


def places(values: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Return, in order of size, the first and last place of each value's equals, and the order."""
    x = np.asarray(values, dtype=np.float64)
    n = people_along(x, at_least=1)
    if np.isnan(x).any():
        raise ValueError("a value to be ranked is NaN; leave such people out first")
    order = np.argsort(x, axis=-1, kind="stable")
    with np.errstate(invalid="ignore"):  # inf - inf: equal
        new = np.diff(np.take_along_axis(x, order, axis=-1), axis=-1) > POINT
    edge, at = np.ones((*x.shape[:-1], 1), dtype=bool), np.arange(n)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, new], -1), at, 0), axis=-1)
    last = np.where(np.concatenate([new, edge], -1), at, n - 1)
    return first, np.minimum.accumulate(last[..., ::-1], axis=-1)[..., ::-1], order
