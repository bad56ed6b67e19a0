"""What printed numbers leave out: standard deviations and errors, worked out from intervals and p.

References
----------
.. [1] Higgins JPT, Li T, Deeks JJ (2023). Choosing effect measures and computing estimates of effect.
   Cochrane Handbook, chapter 6.
"""

from __future__ import annotations

import math
from typing import Literal


def sd_from_interval(
    low: float, high: float, n: int, n_other: int | None = None, *, conf_level: float = 0.95,
    distribution: Literal["t", "normal"] = "t",
) -> float:  # fmt: skip
    """Return the standard deviation behind the interval of a mean, or of a difference of two means.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    n, n_other : int, int or None
        People; of the second group, where it is a difference, taken to be as spread as the first.
    conf_level : float
        Of the interval, in (0, 1).
    distribution : {"t", "normal"}
        What the interval was made with.

    Raises
    ------
    ValueError
        If the interval has no width or there are fewer than two people.

    Examples
    --------
    >>> round(sd_from_interval(-0.61, -0.04, 333, 333, distribution="normal"), 2)
    1.88
    """
    from scipy.special import ndtri, stdtrit

    if not high > low:
        raise ValueError(f"high must be above low, got {low} to {high}")
    for many in (n, n if n_other is None else n_other):
        if int(many) != many or many < 2:
            raise ValueError(f"people must be a whole number, 2 or more, got {many!r}")
    tail = (1 + conf_level) / 2
    df = n - 1 if n_other is None else n + n_other - 2
    wide = float(stdtrit(df, tail) if distribution == "t" else ndtri(tail))
    error = (high - low) / (2 * wide)
    return error / math.sqrt(1 / n + (0 if n_other is None else 1 / n_other))


def se_from_p(estimate: float, p: float, *, df: float | None = None) -> float:
    """Return the standard error behind an estimate and its two-sided p.

    Parameters
    ----------
    estimate : float
        Other than 0.
    p : float
        Two-sided, in (0, 1).
    df : float or None
        Of a t test; None is the normal distribution.

    Raises
    ------
    ValueError
        If p is not in (0, 1) or the estimate is 0.

    Examples
    --------
    >>> round(se_from_p(-0.52, 0.048), 3)
    0.263
    """
    from scipy.special import ndtri, stdtrit

    if not 0 < p < 1 or estimate == 0:
        raise ValueError(f"p must be in (0, 1) and estimate not 0, got {p} and {estimate}")
    wide = float(ndtri(1 - p / 2) if df is None else stdtrit(df, 1 - p / 2))
    return abs(estimate) / wide


def sd_of_change(sd_before: float, sd_after: float, correlation: float) -> float:
    """Return the standard deviation of a change from those before and after.

    Parameters
    ----------
    sd_before, sd_after : float
        0 or more.
    correlation : float
        Of before and after in the same people, -1 to 1; seldom printed, so try several.

    Raises
    ------
    ValueError
        If one is out of range.

    Examples
    --------
    >>> [round(sd_of_change(1.8, 2.0, r), 2) for r in (0.3, 0.5, 0.7)]
    [2.25, 1.91, 1.48]
    """
    if sd_before < 0 or sd_after < 0 or not -1 <= correlation <= 1:
        raise ValueError(
            f"standard deviations must be 0 or more and correlation -1 to 1, got {sd_before}, {sd_after} "
            f"and {correlation}"
        )
    inside = sd_before**2 + sd_after**2 - 2 * correlation * sd_before * sd_after
    return math.sqrt(max(inside, 0.0))


def estimate_over_error(
    estimate: float, low: float, high: float, *, ratio: bool = False, conf_level: float = 0.95
) -> float:
    """Return the estimate over its standard error, from a printed interval.

    Raises
    ------
    ValueError
        If the estimate is outside the interval, or a ratio is not above 0.

    Examples
    --------
    >>> round(estimate_over_error(-0.32, -0.61, -0.04), 2)
    -2.2
    """
    from scipy.special import ndtri

    if not low <= estimate <= high or low == high:
        raise ValueError(
            f"estimate must lie within its interval, got {estimate} in {low} to {high}"
        )
    if ratio and low <= 0:
        raise ValueError(f"a ratio must be above 0, got {low}")
    if ratio:
        estimate, low, high = math.log(estimate), math.log(low), math.log(high)
    return estimate / ((high - low) / (2 * float(ndtri((1 + conf_level) / 2))))
