"""Power by formula, as arrays: means, proportions, grades, correlations, groups, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PROPORTION_FORMULAS: Final[Mapping[str, str]] = {
    "normal": "normal approximation, one variance under no difference",
    "arcsine": "Cohen's h, arcsine",
    "continuity": "normal approximation with Fleiss's continuity correction",
}
"""Formulas for two proportions."""


def means_power(
    n: npt.ArrayLike, m: npt.ArrayLike, difference: npt.ArrayLike, *, sd: npt.ArrayLike = 1.0,
    alpha: float = 0.05, sided: int = 2, both_sides: bool = True,
) -> Floats:  # fmt: skip
    """Power of Student's t test of two independent means.

    Parameters
    ----------
    n, m : array_like
        People in each arm, 2 or more; need not be whole.
    difference, sd : array_like
        Between the means, and spread within an arm, in the same unit; ``sd`` > 0.
    alpha : float
        Level of the test, in (0, 1).
    sided : {1, 2}
        One-sided tests look in the direction of the difference.
    both_sides : bool
        Whether finding it in the wrong direction counts (R's ``strict = TRUE``).

    Returns
    -------
    numpy.ndarray
        Of the broadcast shape.

    References
    ----------
    .. [1] Cohen J (1988). Statistical power analysis for the behavioral sciences, 2nd ed. Erlbaum.

    Examples
    --------
    >>> round(float(means_power(20, 20, 1.0)), 4)
    0.869
    """
    a, b = np.asarray(n, np.float64), np.asarray(m, np.float64)
    shift = np.abs(np.asarray(difference, np.float64)) / np.asarray(sd, np.float64)
    return shifted_t_power(a + b - 2, shift * np.sqrt(a * b / (a + b)), alpha, sided, both_sides)


def change_power(
    n: npt.ArrayLike, difference: npt.ArrayLike, *, sd: npt.ArrayLike = 1.0, alpha: float = 0.05,
    sided: int = 2, both_sides: bool = True,
) -> Floats:  # fmt: skip
    """Power of the paired (or one-sample) t test.

    Parameters
    ----------
    n : array_like
        People, 2 or more.
    difference, sd : array_like
        Mean change, and standard deviation of the changes.
    alpha, sided, both_sides
        As :func:`means_power`.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> round(float(change_power(10, 1.0)), 4)
    0.8031
    """
    a = np.asarray(n, np.float64)
    shift = np.abs(np.asarray(difference, np.float64)) / np.asarray(sd, np.float64)
    return shifted_t_power(a - 1, shift * np.sqrt(a), alpha, sided, both_sides)


def proportions_power(
    n: npt.ArrayLike, p: npt.ArrayLike, q: npt.ArrayLike, *, formula: str = "normal",
    alpha: float = 0.05, sided: int = 2,
) -> Floats:  # fmt: skip
    """Power of the test of two proportions, `n` people in each arm.

    Parameters
    ----------
    n, p, q : array_like
        People in each arm; the proportions, in (0, 1).
    formula : {"normal", "arcsine", "continuity"}
        See :data:`PROPORTION_FORMULAS`.
    alpha, sided
        As :func:`means_power`.

    Returns
    -------
    numpy.ndarray

    References
    ----------
    .. [1] Fleiss JL, Tytun A, Ury HK (1980). A simple approximation for calculating sample sizes for
       comparing independent proportions. Biometrics 36:343-346.

    Examples
    --------
    >>> round(float(proportions_power(50, 0.5, 0.75)), 4)
    0.7402
    """
    from scipy.special import ndtr, ndtri

    if formula not in PROPORTION_FORMULAS:
        raise ValueError(f"formula must be one of {list(PROPORTION_FORMULAS)}, got {formula!r}")
    size, a, b = (np.asarray(v, np.float64) for v in (n, p, q))
    z = float(ndtri(1 - alpha / sided))
    gap = np.abs(a - b)
    if formula == "arcsine":
        h = np.abs(2 * np.arcsin(np.sqrt(a)) - 2 * np.arcsin(np.sqrt(b)))
        far = h * np.sqrt(size / 2)
        return np.asarray(ndtr(far - z) + (ndtr(-far - z) if sided == 2 else 0.0))
    if formula == "continuity":
        size = _uncorrected(size, gap)
    middle = (a + b) / 2
    still = z * np.sqrt(2 * middle * (1 - middle))
    return np.asarray(ndtr((np.sqrt(size) * gap - still) / np.sqrt(a * (1 - a) + b * (1 - b))))


def grades_power(
    n: npt.ArrayLike, shares: npt.ArrayLike, odds_ratio: npt.ArrayLike, *, alpha: float = 0.05,
    sided: int = 2,
) -> Floats:  # fmt: skip
    """Power of the Wilcoxon (proportional odds) test of ordered grades in two equal arms.

    Parameters
    ----------
    n : array_like
        People in all.
    shares : array_like, shape (grades,)
        Mean of the shares of both arms at each grade; they add up to 1.
    odds_ratio : array_like
        Common odds ratio, > 0, not 1.
    alpha, sided
        As :func:`means_power`.

    Returns
    -------
    numpy.ndarray

    References
    ----------
    .. [1] Whitehead J (1993). Sample size calculations for ordered categorical data. Stat Med
       12:2257-2271.

    Examples
    --------
    >>> round(float(grades_power(180, [0.289, 0.486, 0.153, 0.072], 0.412)), 3)
    0.885
    """
    from scipy.special import ndtr, ndtri

    share, size = np.asarray(shares, np.float64), np.asarray(n, np.float64)
    if share.ndim != 1 or not (share >= 0).all() or abs(share.sum() - 1) > 1e-9:
        raise ValueError("shares must be one row of shares of 0 or more that add up to 1")
    weight = 1 - (share**3).sum()
    spread = (size / 2) ** 2 * size / 3 / (size + 1) ** 2 * weight
    z = float(ndtri(1 - alpha / sided))
    return np.asarray(
        ndtr(np.abs(np.log(np.asarray(odds_ratio, np.float64))) * np.sqrt(spread) - z)
    )


def grades_people(
    power: float, shares: npt.ArrayLike, log_odds_ratio: float, alpha: float = 0.05, sided: int = 2
) -> float:
    """People in all for a power, by Whitehead's formula; not rounded.

    Parameters
    ----------
    power : float
        In (0, 1).
    shares, alpha, sided
        As :func:`grades_power`, whose power of that many people is a little less: it has n + 1 where
        the published formula for the size has n.
    log_odds_ratio : float
        Not 0.

    Returns
    -------
    float

    Examples
    --------
    >>> round(grades_people(0.9, [0.289, 0.486, 0.153, 0.072], -0.887))
    187
    """
    from scipy.special import ndtri

    share = np.asarray(shares, np.float64)
    z = float(ndtri(1 - alpha / sided) + ndtri(power))
    return float(12 * (z / log_odds_ratio) ** 2 / (1 - (share**3).sum()))


def correlation_power(n: npt.ArrayLike, r: npt.ArrayLike, *, alpha: float = 0.05) -> Floats:
    """Power of the two-sided test that a correlation is 0.

    Parameters
    ----------
    n, r : array_like
        People, 4 or more; the correlation, in (-1, 1).
    alpha : float
        Level, in (0, 1).

    Returns
    -------
    numpy.ndarray

    Notes
    -----
    Fisher's z with its bias, and the critical value of t, as ``pwr::pwr.r.test``.

    Examples
    --------
    >>> round(float(correlation_power(50, 0.3)), 4)
    0.5716
    """
    from scipy.special import ndtr, stdtrit

    size, rho = np.asarray(n, np.float64), np.abs(np.asarray(r, np.float64))
    t = stdtrit(size - 2, 1 - alpha / 2)
    edge = np.arctanh(np.sqrt(t**2 / (t**2 + size - 2)))
    z = np.arctanh(rho) + rho / (2 * (size - 1))
    root = np.sqrt(size - 3)
    return np.asarray(ndtr((z - edge) * root) + ndtr((-z - edge) * root))


def groups_power(
    groups: int, n: npt.ArrayLike, *, between_var: float, within_var: float, alpha: float = 0.05
) -> Floats:
    """Power of one-way analysis of variance, `n` people in each of several groups.

    Parameters
    ----------
    groups : int
        How many, 2 or more.
    n : array_like
        People in each.
    between_var, within_var : float
        Variance of the group means (divisor groups - 1), and within a group, > 0.
    alpha : float
        Level, in (0, 1).

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> round(float(groups_power(4, 11.926, between_var=1, within_var=3)), 4)
    0.8
    """
    size = np.asarray(n, np.float64)
    shift = (groups - 1) * size * between_var / within_var
    return _f_power(groups - 1, (size - 1) * groups, shift, alpha)


def regression_power(u: int, v: npt.ArrayLike, f2: float, *, alpha: float = 0.05) -> Floats:
    """Power of the F test of `u` columns of a linear model with `v` degrees of freedom left.

    Parameters
    ----------
    u : int
        Columns tested.
    v : array_like
        Residual degrees of freedom.
    f2 : float
        Cohen's effect size, explained over unexplained variance.
    alpha : float
        Level, in (0, 1).

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> round(float(regression_power(5, 89, 0.1 / 0.9)), 4)
    0.6736
    """
    left = np.asarray(v, np.float64)
    return _f_power(u, left, f2 * (u + left + 1), alpha)


def table_power(w: float, n: npt.ArrayLike, df: int, *, alpha: float = 0.05) -> Floats:
    """Power of a chi-square test with effect size `w` (Cohen) and `n` people.

    Examples
    --------
    >>> round(float(table_power(0.1, 1000, 1)), 4)
    0.8854
    """
    from scipy.special import chdtri, chndtr

    edge = chdtri(df, alpha)
    return np.asarray(1 - chndtr(edge, df, np.asarray(n, np.float64) * w**2))


def shifted_t_power(
    df: Floats, shift: Floats, alpha: float, sided: int, both_sides: bool
) -> Floats:
    """Return the power of a t test whose statistic has this noncentrality."""
    from scipy.special import nctdtr, stdtrit

    if sided not in (1, 2) or not 0 < alpha < 1:
        raise ValueError(f"sided must be 1 or 2 and alpha in (0, 1), got {sided} and {alpha}")
    edge = stdtrit(df, 1 - alpha / sided)
    # so far out the series gives up; whatever the degrees of freedom, power is then 1 to rounding
    far = shift > 3 * edge + 40
    near = np.where(far, edge, shift)
    power = np.where(far, 1.0, 1 - nctdtr(df, near, edge))
    if sided == 2 and both_sides:
        wrong = nctdtr(df, near, -edge)
        power = power + np.where(np.isnan(wrong) & (near > 5) | far, 0.0, wrong)
    return np.asarray(power)


def _f_power(u: float, v: Floats, shift: Any, alpha: float) -> Floats:
    from scipy.special import fdtri, ncfdtr

    return np.asarray(1 - ncfdtr(u, v, shift, fdtri(u, v, 1 - alpha)))


def _uncorrected(n: Floats, gap: Floats) -> Floats:
    """Return the size whose Fleiss correction is `n`: m with 2 sqrt(n) = sqrt(m) + sqrt(m + 4/gap)."""
    root = np.sqrt(n) - 1 / (gap * np.sqrt(n))
    return np.maximum(root, 0.0) ** 2


def solved(power: Callable[[float], float], target: float, *, low: float, high: float) -> float:
    """Return where a rising power reaches a target, to rounding.

    Raises
    ------
    ValueError
        If it does not within the bounds, with the powers there.

    Examples
    --------
    >>> round(solved(lambda n: float(means_power(n, n, 1.0)), 0.9, low=2, high=1e6), 4)
    22.0211
    """
    from scipy.optimize import brentq

    least = power(low)
    end = low
    # outwards in steps, as far out some distributions are beyond what can be computed
    while end < high and power(end) < target:
        end = min(2 * end, high)
    most = power(end)
    if least >= target:
        raise ValueError(f"the least that can be asked for already has a power of {least:.3g}")
    if most < target:
        raise ValueError(
            f"a power of {target:g} is not reached; the most there can be is {most:.3g}"
        )
    return float(brentq(lambda x: power(x) - target, low, end, xtol=1e-10, rtol=1e-14))
