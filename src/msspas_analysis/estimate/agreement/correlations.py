"""Correlations of many replicates at once: Pearson's, Spearman's and Kendall's tau-b.

The last axis of every array is people, the axes before it are replicates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.change.signed_rank import midranks
from msspas_analysis.estimate.intervals import POINT, Floats, level_between, people_along, quotient


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A correlation of each replicate, its interval and its test against none.

    ``exact`` says where the p value is exact; there ``statistic`` is the sum of squared rank
    differences (Spearman) or the number of concordant pairs (Kendall). Otherwise it is t or z.
    """

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df: float
    p_value: Floats
    exact: npt.NDArray[np.bool_]


def ranks_or_nan(values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Rank as :func:`~msspas_analysis.estimate.change.signed_rank.midranks`, with NaN where a value is missing.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per person; leading axes are replicates. A replicate with NaN gets NaN.

    Returns
    -------
    rank, shared_by : ndarray, shape (..., n)
        Mean ranks from 1, and how many people share each.

    Examples
    --------
    >>> rank, shared_by = ranks_or_nan([2.0, 7.0, 2.0, 5.0])
    >>> rank.tolist(), shared_by.tolist()
    ([1.5, 4.0, 1.5, 3.0], [2.0, 1.0, 2.0, 1.0])
    """
    x = np.asarray(values, dtype=np.float64)
    unknown = np.isnan(x).any(axis=-1, keepdims=True)
    rank, shared = midranks(np.where(unknown, 0.0, x))
    return np.where(unknown, np.nan, rank), np.where(unknown, np.nan, shared)


def pearson(x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95) -> Correlation:
    """Pearson's correlation over the last axis, Fisher's interval, t test.

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        Two numbers per person, no NaN, n >= 3; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Correlation
        NaN where all values of a replicate are alike. With 3 people the interval is -1 to 1; with
        points on a line it has no width.

    Raises
    ------
    ValueError
        With fewer than 3 people or a level outside (0, 1).

    Examples
    --------
    >>> r = pearson([[1.0, 2, 3, 4], [1, 2, 3, 4]], [[1.0, 3, 2, 4], [4, 2, 3, 1]])
    >>> r.estimate.tolist(), r.p_value.round(4).tolist()
    ([0.8, -0.8], [0.2, 0.2])
    """
    a, b = _paired(x, y)
    n = a.shape[-1]
    r = _matrix(np.stack([a, b], axis=-2))[..., 0, 1]
    return _with_t(r, n, 1 / (n - 3) if n > 3 else np.inf, conf_level)


def spearman(x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95) -> Correlation:
    """Spearman's rank correlation over the last axis, Bonett and Wright's interval.

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        Two numbers per person, no NaN, n >= 3; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Correlation
        The p value is exact with up to 9 people and no two alike, else that of t. The interval is
        NaN where all ranks agree, -1 to 1 with 3 people.

    Raises
    ------
    ValueError
        With fewer than 3 people or a level outside (0, 1).

    References
    ----------
    .. [1] Bonett DG, Wright TA (2000). Sample size requirements for estimating Pearson, Kendall
       and Spearman correlations. Psychometrika 65:23-28.

    Examples
    --------
    >>> r = spearman([1.0, 2, 3, 4, 5], [2.0, 1, 4, 9, 7])
    >>> float(r.estimate), float(r.statistic), round(float(r.p_value), 4), bool(r.exact)
    (0.8, 4.0, 0.1333, True)
    """
    a, b = _paired(x, y)
    n = a.shape[-1]
    (rank_a, same_a), (rank_b, same_b) = ranks_or_nan(a), ranks_or_nan(b)
    r = _matrix(np.stack([rank_a, rank_b], axis=-2))[..., 0, 1]
    got = _with_t(r, n, (1 + r * r / 2) / (n - 3) if n > 3 else np.inf, conf_level, ranks=True)
    exact = (np.maximum(same_a, same_b) == 1).all(axis=-1) & (n <= 9)
    if not exact.any():
        return got
    s = np.sum((rank_a - rank_b) ** 2, axis=-1)
    p = _two_sided(_spearman_cdf(n), np.where(exact, s, 0))
    return Correlation(
        estimate=r, conf_low=got.conf_low, conf_high=got.conf_high, df=got.df, exact=exact,
        statistic=np.where(exact, s, got.statistic), p_value=np.where(exact, p, got.p_value),
    )  # fmt: skip


def kendall(x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95) -> Correlation:
    """Kendall's tau-b over the last axis, Bonett and Wright's interval.

    Parameters
    ----------
    x, y : array_like, shape (..., n)
        Two numbers per person, no NaN, n >= 3; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Correlation
        The p value is exact with fewer than 50 people and no two alike, else that of z with the
        variance corrected for ties, no continuity correction. The interval is NaN where all pairs
        agree, -1 to 1 with up to 4 people.

    Raises
    ------
    ValueError
        With fewer than 3 people or a level outside (0, 1).

    References
    ----------
    .. [1] Kendall MG (1970). Rank Correlation Methods, 4th ed.
    .. [2] Bonett DG, Wright TA (2000). Sample size requirements for estimating Pearson, Kendall
       and Spearman correlations. Psychometrika 65:23-28.

    Examples
    --------
    >>> r = kendall([0.0, 1, 1, 2, 3], [1.0, 0, 2, 2, 3])
    >>> round(float(r.estimate), 4), round(float(r.statistic), 4), bool(r.exact)
    (0.6667, 1.5614, False)
    """
    from scipy.special import ndtr

    a, b = _paired(x, y)
    n = a.shape[-1]
    (rank_a, t), (rank_b, u) = ranks_or_nan(a), ranks_or_nan(b)
    s, free_a, free_b = _concordance(np.stack([rank_a, rank_b], axis=-2))
    tau = quotient(s, np.sqrt(free_a * free_b))
    # a sum over people of f(t) / t is the sum over groups of t alike of f(t)
    variance = n * (n - 1) * (2 * n + 5) / 18
    variance = variance - ((t - 1) * (2 * t + 5) + (u - 1) * (2 * u + 5)).sum(axis=-1) / 18
    variance += (t - 1).sum(axis=-1) * (u - 1).sum(axis=-1) / (2 * n * (n - 1))
    threes = ((t - 1) * (t - 2)).sum(axis=-1) * ((u - 1) * (u - 2)).sum(axis=-1)
    variance += threes / (9 * n * (n - 1) * (n - 2))
    z = quotient(s, np.sqrt(np.maximum(variance, 0)))
    low, high = _fisher(tau, 0.437 / (n - 4) if n > 4 else np.inf, conf_level, ranks=True)
    exact = (np.maximum(t, u) == 1).all(axis=-1) & (n < 50)
    p = 2 * ndtr(-np.abs(z))
    if exact.any():
        concordant = np.where(exact, np.rint((s + n * (n - 1) / 2) / 2), 0)
        p = np.where(exact, _two_sided(_kendall_cdf(n), concordant), p)
        z = np.where(exact, concordant, z)
    return Correlation(
        estimate=tau, conf_low=low, conf_high=high, statistic=z, df=np.nan, p_value=p, exact=exact
    )


METHODS: Final[dict[str, Callable[..., Correlation]]] = {
    "pearson": pearson, "spearman": spearman, "kendall": kendall,
}  # fmt: skip
"""The three correlations by name."""


def correlation_matrix(values: npt.ArrayLike, *, method: str = "pearson") -> Floats:
    """Correlations of every two of k measurements, many replicates at once.

    Parameters
    ----------
    values : array_like, shape (..., k, n)
        k measurements of n people, no NaN, n >= 3; leading axes are replicates.
    method : {"pearson", "spearman", "kendall"}
        Which correlation; Kendall's is tau-b.

    Returns
    -------
    ndarray, shape (..., k, k)
        1 on the diagonal; NaN in the row and column of a measurement without spread.

    Raises
    ------
    ValueError
        With fewer than 3 people, without a measurement axis, or with another method.

    Examples
    --------
    >>> correlation_matrix([[1.0, 2, 3, 4], [1, 3, 2, 4], [4, 3, 2, 1]]).round(4).tolist()
    [[1.0, 0.8, -1.0], [0.8, 1.0, -0.8], [-1.0, -0.8, 1.0]]
    """
    known_method(method)
    x = np.asarray(values, dtype=np.float64)
    people_along(x, at_least=3)
    if x.ndim < 2:
        raise ValueError(
            f"correlation_matrix needs measurements by people, got shape {x.shape}; give (k, n)"
        )
    if method == "pearson":
        return _matrix(x)
    ranks, _ = ranks_or_nan(x)
    if method == "spearman":
        return _matrix(ranks)
    out = np.full((*x.shape[:-1], x.shape[-2]), np.nan)
    for i in range(x.shape[-2]):
        both = np.stack(np.broadcast_arrays(ranks[..., i : i + 1, :], ranks), axis=-2)
        s, free_i, free_j = _concordance(both)
        out[..., i, :] = quotient(s, np.sqrt(free_i * free_j))
    return out


def known_method(method: str) -> str:
    """Return the name of a correlation, or raise ``ValueError``."""
    if method not in METHODS:
        raise ValueError(f"method {method!r} is not known; choose one of {list(METHODS)}")
    return method


def _paired(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    people_along(a, at_least=3)
    if b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ValueError(
            f"x has {a.shape[-1]} people, y has shape {b.shape}: give the same people in each"
        )
    a, b = np.broadcast_arrays(a, b)
    return a, b


def _matrix(x: Floats) -> Floats:
    """Pearson's correlations of the rows of (..., k, n); NaN for one without spread."""
    d = x - x.mean(axis=-1, keepdims=True)
    gram = np.einsum("...in,...jn->...ij", d, d)
    square = np.where(np.ptp(x, axis=-1) <= POINT, 0.0, np.sum(d * d, axis=-1))
    # the root of the product, not the product of roots: of ranks it is exact. Else rounding can
    # leave 1 + 2e-16
    r: Floats = np.clip(
        quotient(gram, np.sqrt(square[..., :, None] * square[..., None, :])), -1.0, 1.0
    )
    k = np.arange(x.shape[-2])
    r[..., k, k] = np.where(np.isnan(r[..., k, k]), np.nan, 1.0)
    return r


def _with_t(
    r: Floats, n: int, variance: Floats | float, conf_level: float, *, ranks: bool = False
) -> Correlation:
    from scipy.special import stdtr

    low, high = _fisher(r, variance, conf_level, ranks=ranks)
    with np.errstate(divide="ignore"):
        t = r * np.sqrt((n - 2) / ((1 - r) * (1 + r)))
    return Correlation(
        estimate=r, conf_low=low, conf_high=high, statistic=t, df=n - 2,
        p_value=2 * stdtr(n - 2, -np.abs(t)), exact=np.zeros(r.shape, dtype=bool),
    )  # fmt: skip


def _fisher(
    r: Floats, variance: Floats | float, conf_level: float, *, ranks: bool
) -> tuple[Floats, Floats]:
    from scipy.special import ndtri

    half = float(ndtri(0.5 + level_between(conf_level) / 2)) * np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(np.where(ranks & (np.abs(r) == 1), np.nan, r))
        low, high = np.tanh(z - half), np.tanh(z + half)
    known = ~np.isnan(r) & np.isinf(half)
    return np.where(known, -1.0, low), np.where(known, 1.0, high)


def _concordance(ranks: Floats) -> tuple[Floats, Floats, Floats]:
    """Concordant minus discordant pairs of (..., 2, n), and the pairs not tied in each."""
    n = ranks.shape[-1]
    s = np.zeros(ranks.shape[:-2])
    free = np.zeros(ranks.shape[:-1])
    for lag in range(1, n):  # over people, so that memory grows with them and not their square
        sign = np.sign(ranks[..., lag:] - ranks[..., :-lag])
        s += (sign[..., 0, :] * sign[..., 1, :]).sum(axis=-1)
        free += np.abs(sign).sum(axis=-1)
    return s, free[..., 0], free[..., 1]


def _two_sided(cdf: Floats, at: Floats) -> Floats:
    """Twice the smaller tail of a symmetric distribution on 0, 1, ..., with the point itself."""
    k = np.rint(at).astype(np.int64)
    # the upper tail by symmetry: 1 - cdf would lose the digits of a small p
    p: Floats = np.minimum(1.0, 2 * np.minimum(cdf[k + 1], cdf[len(cdf) - 1 - k]))
    return p


@lru_cache(maxsize=64)
def _kendall_cdf(n: int) -> Floats:
    """P(concordant pairs < k) for k = 0, 1, ..., n(n-1)/2 + 1."""
    ways = np.ones(1)
    for m in range(2, n + 1):
        ways = np.convolve(ways, np.full(m, 1 / m))
    return np.concatenate([[0.0], np.cumsum(ways)])


@lru_cache(maxsize=16)
def _spearman_cdf(n: int) -> Floats:
    """P(sum of squared rank differences < k) for k = 0, 1, ..., by people placed so far."""
    ways = np.zeros((2**n, n * (n * n - 1) // 3 + 1), dtype=np.int64)
    ways[0, 0] = 1
    for taken in range(2**n - 1):
        place = taken.bit_count()
        for rank in range(n):
            if not taken >> rank & 1:
                d = (rank - place) ** 2
                ways[taken | 1 << rank, d:] += ways[taken, : ways.shape[1] - d]
    count = np.cumsum(ways[-1])
    return np.concatenate([[0.0], count / count[-1]])
