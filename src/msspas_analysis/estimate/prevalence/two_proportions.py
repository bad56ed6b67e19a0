"""Two independent proportions: intervals of difference, ratio and odds ratio, and tests.

All are kernels over counts of two arms, arrays that broadcast against each other. The arm always
comes before its control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, level_between, wilson_interval
from msspas_analysis.estimate.prevalence.proportions import counted, halve, known, normal
from msspas_analysis.estimate.prevalence.rates import TIE, ExactRatio

DIFFERENCE_METHODS: Final[dict[str, str]] = {
    "newcombe": "Newcombe hybrid score",
    "miettinen_nurminen": "Miettinen-Nurminen score",
    "mee": "Mee score",
    "agresti_caffo": "Agresti-Caffo",
    "wald": "Wald",
    "wald_cc": "Wald, continuity correction",
}
"""Intervals of a difference: what ``method`` may be, and how an answer names it."""

RATIO_METHODS: Final[dict[str, str]] = {
    "katz": "Katz log",
    "koopman": "Koopman score",
    "miettinen_nurminen": "Miettinen-Nurminen score",
}
"""Intervals of a ratio of proportions."""

ODDS_METHODS: Final[dict[str, str]] = {
    "woolf": "Woolf log",
    "exact": "conditional, exact",
}
"""Odds ratios: of the sample with Woolf's interval, or Fisher's conditional one."""

TESTS: Final[dict[str, str]] = {
    "chi_square": "chi-square",
    "chi_square_cc": "chi-square, continuity correction",
    "fisher": "Fisher exact",
}
"""Where a p-value comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arms:
    a: Floats
    m: Floats
    b: Floats
    n: Floats


def _arms(
    count: npt.ArrayLike, n: npt.ArrayLike, count_control: npt.ArrayLike, n_control: npt.ArrayLike
) -> _Arms:
    a, m, b, k = np.broadcast_arrays(*counted(count, n), *counted(count_control, n_control))
    return _Arms(a=a, m=np.where(m > 0, m, np.nan), b=b, n=np.where(k > 0, k, np.nan))


def difference_interval(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    method: str = "newcombe",
    conf_level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Interval of the difference of two independent proportions, arm minus control.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        People counted and people asked in each arm, broadcast together; NaN where an arm is empty.
    method : str
        A key of :data:`DIFFERENCE_METHODS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the difference. Those of "wald", "wald_cc" and "agresti_caffo" may lie outside -1 to
        1 and are not cut.

    Raises
    ------
    ValueError
        If a count is no whole number from 0 to its n, the method is unknown or the level is outside
        (0, 1).

    Notes
    -----
    "mee" and "miettinen_nurminen" turn the score test round; the second multiplies the variance by
    N / (N - 1). "wald" is too narrow with few people or proportions near 0 or 1.

    References
    ----------
    .. [1] Newcombe RG (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods. Stat Med 17:873-890.
    .. [2] Miettinen O, Nurminen M (1985). Comparative analysis of two rates. Stat Med 4:213-226.
    .. [3] Mee RW (1984). Confidence bounds for the difference between two probabilities. Biometrics
       40:1175-1176.
    .. [4] Agresti A, Caffo B (2000). Simple and effective confidence intervals for proportions and
       differences of proportions result from adding two successes and two failures. Am Stat
       54:280-288.

    Examples
    --------
    >>> low, high = difference_interval([56, 9], [70, 10], [48, 3], [80, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0524, 0.1705], [0.3339, 0.809])
    """
    known("method", method, DIFFERENCE_METHODS)
    z, t = normal(conf_level), _arms(count, n, count_control, n_control)
    p, q = t.a / t.m, t.b / t.n
    d = p - q
    if method == "newcombe":
        p_low, p_high = wilson_interval(t.a, t.m, conf_level=conf_level)
        q_low, q_high = wilson_interval(t.b, t.n, conf_level=conf_level)
        return d - np.hypot(p - p_low, q_high - q), d + np.hypot(p_high - p, q - q_low)
    if method in ("wald", "wald_cc"):
        reach = z * np.sqrt(p * (1 - p) / t.m + q * (1 - q) / t.n)
        reach = reach + (1 / t.m + 1 / t.n) / 2 * (method == "wald_cc")
        return d - reach, d + reach
    if method == "agresti_caffo":
        p, q = (t.a + 1) / (t.m + 2), (t.b + 1) / (t.n + 2)
        reach = z * np.sqrt(p * (1 - p) / (t.m + 2) + q * (1 - q) / (t.n + 2))
        return p - q - reach, p - q + reach
    size = t.m + t.n
    scale = z * z * (size / (size - 1) if method == "miettinen_nurminen" else 1.0)

    def beyond(delta: Floats) -> Floats:
        return np.asarray((d - delta) ** 2 - scale * _variance_held(t, delta))

    return halve(beyond, 0 * d - 1, d), halve(beyond, 0 * d + 1, d)


def _variance_held(t: _Arms, delta: Floats) -> Floats:
    """Variance of the difference where it is held at `delta` and the likelihood is largest."""
    # the likelihood equation of the control's proportion is a cubic; this is its root in range
    size = t.m + t.n
    c2 = (t.m + 2 * t.n) * delta - size - t.a - t.b
    c1 = t.a - t.m * delta + t.b * (1 - 2 * delta) - t.n * delta * (1 - delta)
    c0 = t.b * delta * (1 - delta)
    third = c2 / (3 * size)
    v = third**3 - c1 * third / (2 * size) + c0 / (2 * size)
    u = np.copysign(np.sqrt(np.maximum(third**2 - c1 / (3 * size), 0)), v)
    turn = np.where(u == 0, 0.0, np.clip(v / u**3, -1, 1))
    q = 2 * u * np.cos((np.pi + np.arccos(turn)) / 3) - third
    for _ in range(2):  # the cosine loses digits where two roots are close
        slope = (3 * size * q + 2 * c2) * q + c1
        step = (((size * q + c2) * q + c1) * q + c0) / slope
        q = np.where(np.abs(step) < 1e-6, q - step, q)
    q = np.clip(q, np.maximum(0, -delta), np.minimum(1, 1 - delta))
    p = np.clip(q + delta, 0, 1)
    return np.asarray(p * (1 - p) / t.m + q * (1 - q) / t.n)


def ratio_interval(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    method: str = "katz",
    conf_level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Interval of the ratio of two independent proportions, arm over control.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        As in :func:`difference_interval`.
    method : str
        A key of :data:`RATIO_METHODS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the ratio; NaN where an arm has nobody in it. "katz" is NaN where an arm has nobody
        counted; the score intervals then begin at 0 or end at infinity.

    Raises
    ------
    ValueError
        As :func:`difference_interval`.

    References
    ----------
    .. [1] Katz D, Baptista J, Azen SP, Pike MC (1978). Obtaining confidence intervals for the risk
       ratio in cohort studies. Biometrics 34:469-474.
    .. [2] Koopman PAR (1984). Confidence intervals for the ratio of two binomial proportions.
       Biometrics 40:513-517.
    .. [3] Miettinen O, Nurminen M (1985). Comparative analysis of two rates. Stat Med 4:213-226.

    Examples
    --------
    >>> low, high = ratio_interval(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (1.0766, 1.6512)
    >>> low, high = ratio_interval(5, 56, 0, 29, method="koopman")
    >>> round(float(low), 4), float(high)
    (0.7257, inf)
    """
    known("method", method, RATIO_METHODS)
    z, t = normal(conf_level), _arms(count, n, count_control, n_control)
    p, q = t.a / t.m, t.b / t.n
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.log(p) - np.log(q)
    if method == "katz":
        a, b = np.where(t.a > 0, t.a, np.nan), np.where(t.b > 0, t.b, np.nan)
        reach = z * np.sqrt(1 / a - 1 / t.m + 1 / b - 1 / t.n)
        return np.exp(middle - reach), np.exp(middle + reach)
    size = t.m + t.n
    scale = z * z * (size / (size - 1) if method == "miettinen_nurminen" else 1.0)

    def beyond(log_ratio: Floats) -> Floats:
        ratio = np.exp(log_ratio)
        # the likelihood equation of the control's proportion, the ratio held, is a quadratic
        c1 = t.a + t.n + ratio * (t.m + t.b)
        root = np.sqrt(np.maximum(c1**2 - 4 * ratio * size * (t.a + t.b), 0))
        held = 2 * (t.a + t.b) / (c1 + root)
        top = np.clip(ratio * held, 0, 1)
        variance = top * (1 - top) / t.m + ratio**2 * held * (1 - held) / t.n
        return np.asarray((p - ratio * q) ** 2 - scale * variance)

    far = 60.0 + 0 * p  # a ratio of 1e26
    low = np.exp(halve(beyond, -far, np.where(t.b > 0, np.maximum(middle, -far), far)))
    high = np.exp(halve(beyond, far, np.where(t.a > 0, np.minimum(middle, far), -far)))
    low, high = np.where(t.a > 0, low, 0), np.where(t.b > 0, high, np.inf)
    anybody = (t.m > 0) & (t.n > 0)
    return np.where(anybody, low, np.nan), np.where(anybody, high, np.nan)


def odds_interval(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    conf_level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Woolf's interval of the odds ratio, arm over control.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        As in :func:`difference_interval`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the odds ratio; NaN where a cell of the table is empty.

    Raises
    ------
    ValueError
        As :func:`difference_interval`.

    References
    ----------
    .. [1] Woolf B (1955). On estimating the relation between blood group and disease. Ann Hum Genet
       19:251-253.

    Examples
    --------
    >>> low, high = odds_interval(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (1.2762, 5.572)
    """
    z, t = normal(conf_level), _arms(count, n, count_control, n_control)
    cells = [np.where(x > 0, x, np.nan) for x in (t.a, t.m - t.a, t.b, t.n - t.b)]
    middle = np.log(cells[0] / cells[1]) - np.log(cells[2] / cells[3])
    reach = z * np.sqrt(1 / cells[0] + 1 / cells[1] + 1 / cells[2] + 1 / cells[3])
    return np.exp(middle - reach), np.exp(middle + reach)


def conditional_odds_ratio(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    conf_level: float = 0.95,
) -> ExactRatio:
    """Odds ratio given both margins of the table, with exact interval and Fisher's p.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        As in :func:`difference_interval`.
    conf_level : float
        Coverage the interval has at least, in (0, 1).

    Returns
    -------
    ExactRatio
        Estimate of largest conditional likelihood: 0 or infinite where the table is as far to one
        side as its margins allow, NaN (from 0 to infinity, p 1) where they allow one table only.

    Raises
    ------
    ValueError
        As :func:`difference_interval`.

    Notes
    -----
    Time and memory grow with replicates times the largest possible count.

    References
    ----------
    .. [1] Fisher RA (1935). The logic of inductive inference. J R Stat Soc 98:39-54.

    Examples
    --------
    >>> r = conditional_odds_ratio(9, 10, 3, 10)
    >>> [round(float(x), 4) for x in (r.estimate, r.conf_low, r.conf_high, r.p_value)]
    [17.269, 1.3871, 1047.84, 0.0198]
    """
    tail = (1 - level_between(conf_level)) / 2
    t = _arms(count, n, count_control, n_control)
    k, weight = _same_margins(t)
    a = t.a[..., None]

    def mean_of(value: Floats, log_odds: Floats) -> Floats:
        tilted = weight + log_odds[..., None] * k
        w = np.exp(tilted - tilted.max(axis=-1, keepdims=True))
        return np.asarray((w * value).sum(axis=-1) / w.sum(axis=-1))

    far = 80.0 + 0 * t.m * t.n
    at_least, at_most = (k >= a).astype(np.float64), (k <= a).astype(np.float64)
    here = halve(lambda u: t.a - mean_of(k, u), -far, far)
    low = halve(lambda u: tail - mean_of(at_least, u), -far, far)
    high = halve(lambda u: mean_of(at_most, u) - tail, -far, far)
    least = t.a == k[..., 0]
    most = t.a == np.minimum(t.m, t.a + t.b)
    nothing = 0 * far
    estimate = np.where(least, nothing, np.where(most, np.inf + nothing, np.exp(here)))
    return ExactRatio(
        estimate=np.where(least & most, np.nan, estimate),
        conf_low=np.where(least, nothing, np.exp(low)),
        conf_high=np.where(most, np.inf + nothing, np.exp(high)), p_value=_fisher(t, k, weight),
    )  # fmt: skip


def fisher_p(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
) -> Floats:
    """Two-sided p-value of Fisher's exact test.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        As in :func:`difference_interval`.

    Returns
    -------
    numpy.ndarray
        Probability of all tables with these margins that are no more likely than the one seen.

    Raises
    ------
    ValueError
        If a count is no whole number from 0 to its n.

    Examples
    --------
    >>> fisher_p([56, 9], [70, 10], [48, 3], [80, 10]).round(4).tolist()
    [0.0125, 0.0198]
    """
    # scipy.stats.fisher_exact takes one table at a time
    t = _arms(count, n, count_control, n_control)
    return _fisher(t, *_same_margins(t))


def _same_margins(t: _Arms) -> tuple[Floats, Floats]:
    """Every count the margins allow, and the log of how many ways there are to it."""
    from scipy.special import gammaln

    m, n = (np.nan_to_num(x)[..., None] for x in (t.m, t.n))
    total = (t.a + t.b)[..., None]
    low, high = np.maximum(0, total - n), np.minimum(m, total)
    k = low + np.arange(int(np.max(high - low, initial=0)) + 1, dtype=np.float64)
    at = np.minimum(k, high)
    ways = gammaln(at + 1) + gammaln(m - at + 1) + gammaln(total - at + 1)
    return k, np.where(k <= high, -ways - gammaln(n - total + at + 1), -np.inf)


def _fisher(t: _Arms, k: Floats, weight: Floats) -> Floats:
    w = np.exp(weight - weight.max(axis=-1, keepdims=True))
    seen = np.sum(w * (k == t.a[..., None]), axis=-1, keepdims=True)
    p = np.sum(np.where(w <= seen * TIE, w, 0), axis=-1) / w.sum(axis=-1)
    return np.asarray(np.minimum(p, 1.0) + 0 * t.m * t.n)


def chi_square(
    count: npt.ArrayLike,
    n: npt.ArrayLike,
    count_control: npt.ArrayLike,
    n_control: npt.ArrayLike,
    *,
    correct: bool = False,
) -> tuple[Floats, Floats]:
    """Chi-square test, 1 degree of freedom, that two proportions are the same.

    Parameters
    ----------
    count, n, count_control, n_control : array_like of int
        As in :func:`difference_interval`.
    correct : bool
        Whether half a person is taken off each deviation (Yates).

    Returns
    -------
    statistic, p_value : numpy.ndarray
        NaN where nobody, or everybody, is counted in both arms.

    Raises
    ------
    ValueError
        If a count is no whole number from 0 to its n.

    Examples
    --------
    >>> statistic, p = chi_square(56, 70, 48, 80)
    >>> round(float(statistic), 4), round(float(p), 4)
    (7.0234, 0.008)
    """
    from scipy.special import chdtrc

    t = _arms(count, n, count_control, n_control)
    total, size = t.a + t.b, t.m + t.n
    off = np.abs(t.a * t.n - t.b * t.m) / size
    off = off - (np.minimum(0.5, off) if correct else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = off**2 * size**3 / (t.m * t.n * total * (size - total))
    statistic = np.asarray(np.where((total > 0) & (total < size), statistic, np.nan), np.float64)
    return statistic, np.asarray(chdtrc(1, statistic))
