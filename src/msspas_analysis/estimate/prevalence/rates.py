"""Rates of events in time: exact intervals of one Poisson rate and of the ratio of two.

Arrays of counts and times broadcast against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.prevalence.proportions import proportion_interval

TIE: Final = 1 + 1e-7
"""Outcomes whose probabilities agree to 7 digits are as likely as each other, as in R."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactRatio:
    """A ratio with exact interval and p-value; every field has the shape of the counts."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    p_value: Floats


def rate_interval(
    count: npt.ArrayLike, time: npt.ArrayLike, *, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Exact interval of a Poisson rate.

    Parameters
    ----------
    count : array_like of int
        Events, >= 0.
    time : array_like
        Time (person-years, person-days) in which they were counted, > 0; broadcast with `count`.
    conf_level : float
        Coverage the interval has at least, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the rate, in events per unit of `time`.

    Raises
    ------
    ValueError
        If a count is no whole number, a time is not positive or the level is outside (0, 1).

    Notes
    -----
    Wrong where events of one person come in runs, as falls and bad days do: then the interval is
    too narrow, and people have to be counted instead.

    References
    ----------
    .. [1] Garwood F (1936). Fiducial limits for the Poisson distribution. Biometrika 28:437-442.

    Examples
    --------
    >>> low, high = rate_interval([0, 137], [12.5, 24.19893])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 4.7531], [0.2951, 6.6927])
    """
    from scipy.special import gammainccinv, gammaincinv

    tail = (1 - level_between(conf_level)) / 2
    x, t = _timed(count, time)
    low = np.where(x == 0, 0.0, gammaincinv(np.maximum(x, 1), tail)) / t
    return low, np.asarray(gammainccinv(x + 1, tail)) / t


def rate_p(count: npt.ArrayLike, time: npt.ArrayLike, *, rate: npt.ArrayLike) -> Floats:
    """Exact two-sided p-value of a Poisson count against a given rate.

    Parameters
    ----------
    count, time : array_like
        As in :func:`rate_interval`.
    rate : array_like
        The rate the count is held against, > 0, in events per unit of `time`.

    Returns
    -------
    numpy.ndarray
        Probability of all counts that are no more likely than the one seen, as R's ``poisson.test``
        has it. It may disagree with the interval, which has half of alpha at each end.

    Raises
    ------
    ValueError
        As :func:`rate_interval`, or if a rate is not positive.

    Examples
    --------
    >>> round(float(rate_p(2, 10, rate=0.9)), 4)
    0.0116
    """
    from scipy.special import gammaln, pdtr, pdtrc, xlogy

    x, t, r = np.broadcast_arrays(*_timed(count, time), np.asarray(rate, np.float64))
    if not np.all((r > 0) & np.isfinite(r)):
        raise ValueError(f"rate must be above 0 and finite, got {np.min(r)}")
    mu = r * t
    return _as_unlikely(
        x, np.floor(mu), np.ceil(np.e * mu) + x + 1,  # e mu is less likely than 0, and x than x
        lambda k: np.asarray(np.exp(xlogy(k, mu) - mu - gammaln(k + 1))),
        lambda k: np.where(k < 0, 0.0, pdtr(np.maximum(k, 0), mu)),
        lambda k: np.where(k < 0, 1.0, pdtrc(np.maximum(k, 0), mu)),
    )  # fmt: skip


def exact_rate_ratio(
    count: npt.ArrayLike,
    time: npt.ArrayLike,
    count_control: npt.ArrayLike,
    time_control: npt.ArrayLike,
    *,
    conf_level: float = 0.95,
) -> ExactRatio:
    """Exact ratio of two Poisson rates, given how many events there are in all.

    Parameters
    ----------
    count, time, count_control, time_control : array_like
        Events and time of either group, as in :func:`rate_interval`, broadcast together.
    conf_level : float
        Coverage the interval has at least, in (0, 1).

    Returns
    -------
    ExactRatio
        Rate over control rate; infinite with no event among controls, NaN (from 0 to infinity) with
        none at all. The p-value adds all splits no more likely than the one seen.

    Raises
    ------
    ValueError
        As :func:`rate_interval`.

    Examples
    --------
    >>> r = exact_rate_ratio(11, 800, 21, 3011)
    >>> [round(float(x), 4) for x in (r.estimate, r.conf_low, r.conf_high, r.p_value)]
    [1.9715, 0.8584, 4.2773, 0.0797]
    """
    from scipy.special import betainc, betaincc, gammaln, xlog1py, xlogy

    level_between(conf_level)
    x, t, y, s = np.broadcast_arrays(*_timed(count, time), *_timed(count_control, time_control))
    n, share = x + y, t / (t + s)
    low, high = proportion_interval(x, n, method="clopper_pearson", conf_level=conf_level)

    def pmf(k: Floats) -> Floats:
        choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        inside = np.exp(choose + xlogy(k, share) + xlog1py(n - k, -share))
        return np.where((k < 0) | (k > n), 0.0, inside)

    def at_most(k: Floats) -> Floats:
        k = np.clip(k, -1, n)
        inside = betaincc(k + 1, np.maximum(n - k, 1), share)
        return np.where(k < 0, 0.0, np.where(k >= n, 1.0, inside))

    def above(k: Floats) -> Floats:
        k = np.clip(k, -1, n)
        return np.where(k >= n, 0.0, betainc(k + 1, np.maximum(n - k, 1), share))

    p = _as_unlikely(x, np.minimum(np.floor((n + 1) * share), n), n + 1, pmf, at_most, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ExactRatio(
            estimate=(x / t) / (y / s), p_value=p,
            conf_low=np.where(n > 0, low / (1 - low) * (s / t), 0.0),
            conf_high=np.where(y > 0, high / (1 - high) * (s / t), np.inf),
        )  # fmt: skip


def _timed(count: npt.ArrayLike, time: npt.ArrayLike) -> tuple[Floats, Floats]:
    x, t = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(time, np.float64))
    if not np.all((x >= 0) & (x == np.floor(x)) & np.isfinite(x)):
        raise ValueError("count: events are whole numbers, 0 or more; one here is not")
    if not np.all((t > 0) & np.isfinite(t)):
        raise ValueError(f"time must be above 0 and finite, got {np.min(t)}")
    return x, t


def _as_unlikely(
    x: Floats,
    mode: Floats,
    top: Floats,
    pmf: Callable[[Floats], Floats],
    at_most: Callable[[Floats], Floats],
    above: Callable[[Floats], Floats],
) -> Floats:
    """Add up all outcomes of a one-peaked count that are no more likely than `x`."""
    bound = pmf(x) * TIE

    def first(inner: Floats, outer: Floats) -> Floats:
        """First count from the mode outwards that is as unlikely."""
        near, far = inner, outer  # `far` is
        while np.any(near != far):
            step = near + np.trunc((far - near) / 2)
            found = pmf(step) <= bound
            far = np.where(found, step, far)
            near = np.where(found, near, step + np.sign(outer - inner))
        return far

    less = at_most(x) + above(first(mode, np.maximum(top, mode)) - 1)
    more = above(x - 1) + at_most(first(mode, np.full_like(mode, -1.0)))
    p = np.where(x < mode, less, np.where(x > mode, more, 1.0))
    return np.asarray(np.minimum(p, 1.0))
