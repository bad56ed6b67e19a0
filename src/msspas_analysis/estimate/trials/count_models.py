"""Likelihoods of counts, as arrays: Poisson, negative binomial, with a hurdle or extra zeros.

The negative binomial has variance ``mu + mu^2 / theta``; theta is fitted on the log scale. Every
mean is ``exp(x b + offset)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.likelihood import (
    NotAtMaximumError,
    newton,
    refuse_separation,
    runs_off,
)
from msspas_analysis.estimate.trials.binary import logistic_fit

PARTS: Final = ("hurdle", "zero-inflated")
"""Models in two parts: zeros all from one part, or zeros from both."""

_FAR: Final = 16.0  # a log theta beyond this is infinite, or nought, for all that data can say


class NoExtraSpreadError(ValueError):
    """Counts spread no more than Poisson counts do, so theta is infinite."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Derivatives:
    """Log probabilities of counts with derivatives by eta = log mean and tau = log theta."""

    value: Floats
    eta: Floats
    eta2: Floats
    tau: Floats
    tau2: Floats
    both: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateFit:
    """A model of one rate: Poisson, or negative binomial.

    Parameters
    ----------
    coef : numpy.ndarray, shape (p,)
        Coefficients of the log rate.
    covariance : numpy.ndarray, shape (p, p)
        Inverse of the expected information, theta taken as known.
    mean : numpy.ndarray, shape (n,)
        Fitted counts.
    weight : numpy.ndarray, shape (n,)
        Of each row in the expected information.
    theta, theta_se : float
        Infinite and NaN for Poisson; the standard error is that for known means, as MASS has it.
    log_likelihood, deviance : float
        At the maximum.
    """

    coef: Floats
    covariance: Floats
    mean: Floats
    weight: Floats
    theta: float
    theta_se: float
    log_likelihood: float
    deviance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoPartFit:
    """A model of counts in two parts.

    Parameters
    ----------
    at : numpy.ndarray
        Coefficients of the count part, of the zero part, and log theta if there is one.
    covariance : numpy.ndarray
        Theirs, from the second derivatives.
    log_likelihood : float
        At the maximum.
    """

    at: Floats
    covariance: Floats
    log_likelihood: float


def count_derivatives(
    y: npt.ArrayLike, eta: npt.ArrayLike, tau: npt.ArrayLike | None = None
) -> Derivatives:
    """Return log probabilities of counts and how they move.

    Parameters
    ----------
    y : array_like
        Counts, 0 or more.
    eta : array_like
        Log means.
    tau : array_like or None
        Log theta of the negative binomial; None is Poisson.

    Returns
    -------
    Derivatives
        Of the broadcast shape; those by tau are 0 for Poisson.

    Examples
    --------
    >>> d = count_derivatives([0, 2], np.log(2.0), 0.0)  # theta 1: geometric with mean 2
    >>> np.exp(d.value).round(6).tolist(), d.eta.round(6).tolist()
    ([0.333333, 0.148148], [-0.666667, 0.0])
    """
    from scipy.special import digamma, gammaln, polygamma

    k, e = np.broadcast_arrays(np.asarray(y, np.float64), np.asarray(eta, np.float64))
    mu = np.exp(e)
    if tau is None:
        none = np.zeros_like(mu)
        value = k * e - mu - gammaln(k + 1)
        return Derivatives(value=value, eta=k - mu, eta2=-mu, tau=none, tau2=none, both=none)
    th = np.exp(np.asarray(tau, np.float64))
    sum_ = th + mu
    log_share = -np.log1p(mu / th)  # log(theta / (theta + mu))
    by = digamma(k + th) - digamma(th) + log_share + (mu - k) / sum_
    by2 = polygamma(1, k + th) - polygamma(1, th) + mu / (th * sum_) - (mu - k) / sum_**2
    return Derivatives(
        value=gammaln(k + th) - gammaln(th) - gammaln(k + 1) + th * log_share
        + k * (e - np.log(sum_)),
        eta=th * (k - mu) / sum_, eta2=-(k + th) * th * mu / sum_**2, tau=th * by,
        tau2=th * by + th * th * by2, both=th * mu * (k - mu) / sum_**2,
    )  # fmt: skip


def poisson_fit(
    y: npt.ArrayLike, x: npt.ArrayLike, *, offset: npt.ArrayLike = 0.0,
    names: Sequence[str] | None = None,
) -> RateFit:  # fmt: skip
    """Fit log rates of Poisson counts.

    Parameters
    ----------
    y : array_like, shape (n,)
        Counts.
    x : array_like, shape (n, p)
        Columns, the intercept first.
    offset : array_like
        Log of the time (or whatever) a row was seen for.
    names : sequence of str or None
        Of the columns, for errors.

    Returns
    -------
    RateFit
        With theta infinite.

    Raises
    ------
    NoMaximumError
        If a column goes with counts of 0 only.

    Examples
    --------
    >>> fit = poisson_fit([2, 4, 3, 9], [[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> np.exp(fit.coef).round(6).tolist()
    [3.0, 2.0]
    """
    k, m, o, called = _arrays(y, x, offset, names)

    def likelihood(b: Floats) -> tuple[float, Floats, Floats]:
        return _one_rate(k, m, o, b, None)

    b = np.zeros(m.shape[1])
    b[0] = np.log(k.sum() / np.exp(o).sum()) if k.any() else 0.0
    _refuse_zeros(k, m, called)
    fit = newton(likelihood, b, what="Poisson regression")
    return _as_rates(k, m, o, fit.at, np.inf, fit.log_likelihood)


def negative_binomial_fit(
    y: npt.ArrayLike, x: npt.ArrayLike, *, offset: npt.ArrayLike = 0.0,
    names: Sequence[str] | None = None,
) -> RateFit:  # fmt: skip
    """Fit log rates and theta of negative binomial counts.

    Parameters
    ----------
    y, x, offset, names
        As in :func:`poisson_fit`, with its errors.

    Returns
    -------
    RateFit
        Theta at the maximum of the joint likelihood.

    Raises
    ------
    NoExtraSpreadError
        If the counts spread no more than Poisson counts do.

    References
    ----------
    .. [1] Venables WN, Ripley BD (2002). Modern Applied Statistics with S, 4th ed, section 7.4.

    Examples
    --------
    >>> fit = negative_binomial_fit([0, 2, 7, 1, 0, 3, 12, 5], np.ones((8, 1)))
    >>> round(float(np.exp(fit.coef[0])), 4), round(fit.theta, 4)
    (3.75, 0.9267)
    """
    k, m, o, called = _arrays(y, x, offset, names)
    start = poisson_fit(k, m, offset=o, names=called)
    mu = start.mean
    # the slope of the likelihood in 1 / theta, where that is 0
    if float(((k - mu) ** 2 - k).sum()) <= 1e-9 * float(k.sum()):
        raise NoExtraSpreadError(
            "the counts spread no more than Poisson counts do, so theta is infinite; "
            'use model="poisson"'
        )
    tau = np.log((mu**2).sum() / ((k - mu) ** 2 - k).sum())

    def likelihood(v: Floats) -> tuple[float, Floats, Floats]:
        return _one_rate(k, m, o, v[:-1], v[-1])

    fit = newton(likelihood, np.append(start.coef, tau), what="negative binomial regression")
    _refuse_theta(fit.at[-1])
    return _as_rates(k, m, o, fit.at[:-1], float(np.exp(fit.at[-1])), fit.log_likelihood)


def two_part_fit(
    y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike, *, part: str, offset: npt.ArrayLike = 0.0,
    dispersed: bool = True, names: Sequence[str] | None = None,
    zero_names: Sequence[str] | None = None,
) -> TwoPartFit:  # fmt: skip
    """Fit counts by a hurdle or with extra zeros.

    Parameters
    ----------
    y, x, offset, names
        As in :func:`poisson_fit`; the offset is that of the count part alone.
    z : array_like, shape (n, q)
        Columns of the zero part, the intercept first.
    part : {"hurdle", "zero-inflated"}
        The zero part gives the log odds of any count above 0 (hurdle; counts above 0 are then
        truncated), or of a 0 beyond those of the count part (zero-inflated).
    dispersed : bool
        Negative binomial counts, or Poisson.
    zero_names : sequence of str or None
        Of the columns of the zero part, for errors.

    Returns
    -------
    TwoPartFit
        Standard errors of log theta and of the coefficients from one matrix.

    Raises
    ------
    NoMaximumError
        If a column goes with zeros only, or separates zeros from counts.
    ValueError
        If a part runs off to infinity, or there is no 0.

    References
    ----------
    .. [1] Zeileis A, Kleiber C, Jackman S (2008). Regression models for count data in R. J Stat
       Softw 27(8).

    Examples
    --------
    >>> y = [0, 0, 0, 0, 1, 1, 2, 3, 1, 4]
    >>> fit = two_part_fit(y, np.ones((10, 1)), np.ones((10, 1)), part="hurdle", dispersed=False)
    >>> round(float(1 / (1 + np.exp(-fit.at[1]))), 6), round(float(np.exp(fit.at[0])), 4)
    (0.6, 1.5936)
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {PARTS}, got {part!r}")
    k, m, o, called = _arrays(y, x, offset, names)
    w = np.asarray(z, dtype=np.float64)
    called_zero = [f"column {i}" for i in range(w.shape[1])] if zero_names is None else zero_names
    told = [*called, *(f"zero part, {c}" for c in called_zero), "theta"]
    if not (k == 0).any():
        raise ValueError("no count is 0, so there is no zero part; use a model of one part")
    p, some = m.shape[1], k > 0
    room = np.concatenate([(m**2).sum(axis=0), (w**2).sum(axis=0), [len(k)] * dispersed])
    _refuse_zeros(k, m, called)
    start = poisson_fit(k[some], m[some], offset=o[some], names=called).coef
    tau = np.zeros(1 if dispersed else 0)
    if part == "hurdle":
        zero = logistic_fit(some, w, names=called_zero)
        fit = newton(
            lambda v: _truncated(k[some], m[some], o[some], v[:p], float(v[p]) if dispersed else None),
            np.append(start, tau), what="count part of the hurdle model",
        )  # fmt: skip
        best = fit.log_likelihood + zero.log_likelihood
        at = np.concatenate([fit.at[:p], zero.at, fit.at[p:]])
        size = len(at)
        info = np.zeros((size, size))
        mine = np.r_[np.arange(p), np.arange(p + w.shape[1], size)]
        info[np.ix_(mine, mine)] = fit.information
        info[p : p + w.shape[1], p : p + w.shape[1]] = zero.information
    else:
        begin = np.concatenate([start, logistic_fit(~some, w, names=called_zero).at, tau])
        try:
            both = newton(
                lambda v: _inflated(k, m, w, o, v, dispersed), begin, what="zero inflation"
            )
        except NotAtMaximumError as lost:  # say which of them ran off, where one did
            if dispersed:
                _refuse_theta(lost.at[-1])
            _refuse_flat(lost.information, room, told)
            raise
        at, best, info = both.at, both.log_likelihood, both.information
    if dispersed:
        _refuse_theta(at[-1])
    _refuse_flat(info, room, told)
    return TwoPartFit(at=at, covariance=np.linalg.inv(info).astype(np.float64), log_likelihood=best)


def robust_covariance(fit: RateFit, y: npt.ArrayLike, x: npt.ArrayLike, kind: str) -> Floats:
    """Return the covariance that lets counts spread as they do (White), theta taken as known.

    Parameters
    ----------
    fit : RateFit
        From :func:`poisson_fit` or :func:`negative_binomial_fit`.
    y, x : array_like
        Counts and columns it was fitted to.
    kind : {"HC0", "HC1", "HC2", "HC3"}
        Without a small-sample factor, times n / (n - p), or divided by one minus the leverage, once
        or twice.

    Returns
    -------
    numpy.ndarray, shape (p, p)
        Covariance of the coefficients.

    References
    ----------
    .. [1] Zeileis A (2006). Object-oriented computation of sandwich estimators. J Stat Softw 16(9).

    Examples
    --------
    >>> y, x = [0, 2, 7, 1, 0, 3, 12, 5], np.ones((8, 1))
    >>> fit = poisson_fit(y, x)
    >>> [round(float(robust_covariance(fit, y, x, k)[0, 0]), 4) for k in ("HC0", "HC1")]
    [0.1328, 0.1517]
    """
    m = np.asarray(x, dtype=np.float64)
    s = row_scores(fit, y, m)
    if kind in ("HC2", "HC3"):
        leverage = fit.weight * np.einsum("ij,jk,ik->i", m, fit.covariance, m)
        s = s / ((1 - leverage) ** (0.5 if kind == "HC2" else 1.0))[:, None]
    cov: Floats = fit.covariance @ (s.T @ s) @ fit.covariance
    return cov * len(m) / (len(m) - m.shape[1]) if kind == "HC1" else cov


def row_scores(fit: RateFit, y: npt.ArrayLike, x: npt.ArrayLike) -> Floats:
    """Return the gradient of each row's log likelihood by the coefficients."""
    left = (np.asarray(y, dtype=np.float64) - fit.mean) * fit.weight / fit.mean
    return np.asarray(np.asarray(x, dtype=np.float64) * left[:, None])


# --- pieces --------------------------------------------------------------------------------------


def _arrays(
    y: npt.ArrayLike, x: npt.ArrayLike, offset: npt.ArrayLike, names: Sequence[str] | None
) -> tuple[Floats, Floats, Floats, list[str]]:
    k, m = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    if not (k >= 0).all() or (k % 1).any():
        raise ValueError("counts must be whole numbers of 0 or more, none missing")
    o = np.broadcast_to(np.asarray(offset, dtype=np.float64), k.shape)
    return k, m, o, [f"column {i}" for i in range(m.shape[1])] if names is None else list(names)


def _one_rate(
    k: Floats, m: Floats, o: Floats, b: Floats, tau: float | None
) -> tuple[float, Floats, Floats]:
    with np.errstate(over="ignore", invalid="ignore"):  # far off, where a step is halved anyway
        d = count_derivatives(k, m @ b + o, tau)
        return _gathered(d, m, dispersed=tau is not None)


def _gathered(d: Derivatives, m: Floats, *, dispersed: bool) -> tuple[float, Floats, Floats]:
    """Return value, gradient and second derivatives by coefficients and log theta."""
    value, slope = float(d.value.sum()), m.T @ d.eta
    if not np.isfinite(value):
        return -np.inf, slope, np.eye(len(slope) + dispersed)
    curve = (m.T * d.eta2) @ m
    if dispersed:
        side = (m.T @ d.both)[:, None]
        slope = np.append(slope, d.tau.sum())
        curve = np.block([[curve, side], [side.T, d.tau2.sum()]])
    return value, slope, curve


def _truncated(
    k: Floats, m: Floats, o: Floats, b: Floats, tau: float | None
) -> tuple[float, Floats, Floats]:
    """Return the likelihood of counts above 0, given that they are."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        eta = m @ b + o
        d, q = count_derivatives(k, eta, tau), count_derivatives(0.0, eta, tau)
        r = 1 / np.expm1(-q.value)  # odds of a 0
        rr = r * (1 + r)
        whole = Derivatives(
            value=d.value - np.log(-np.expm1(q.value)),
            eta=d.eta + r * q.eta, eta2=d.eta2 + r * q.eta2 + rr * q.eta**2,
            tau=d.tau + r * q.tau, tau2=d.tau2 + r * q.tau2 + rr * q.tau**2,
            both=d.both + r * q.both + rr * q.eta * q.tau,
        )  # fmt: skip
        return _gathered(whole, m, dispersed=tau is not None)


def _inflated(
    k: Floats, m: Floats, w: Floats, o: Floats, v: Floats, dispersed: bool
) -> tuple[float, Floats, Floats]:
    """Return the likelihood of counts with zeros beyond those of the count part."""
    from scipy.special import expit, log_expit

    p, q = m.shape[1], w.shape[1]
    tau = v[-1] if dispersed else None
    with np.errstate(over="ignore", invalid="ignore"):
        d = count_derivatives(k, m @ v[:p] + o, tau)
        zeta = w @ v[p : p + q]
        none = k == 0
        mine = np.where(none, expit(d.value - zeta), 1.0)  # chance that a 0 is of the count part
        mix = np.where(none, mine * (1 - mine), 0.0)
        value = log_expit(-zeta) + np.where(none, np.logaddexp(zeta, d.value), d.value)
        whole = Derivatives(
            value=value, eta=mine * d.eta, eta2=mine * d.eta2 + mix * d.eta**2, tau=mine * d.tau,
            tau2=mine * d.tau2 + mix * d.tau**2, both=mine * d.both + mix * d.eta * d.tau,
        )  # fmt: skip
        total, slope, curve = _gathered(whole, m, dispersed=dispersed)
    if not np.isfinite(total):
        return -np.inf, v, np.eye(len(v))
    extra = expit(zeta)
    zero_slope = w.T @ (np.where(none, 1 - mine, 0.0) - extra)
    zero_curve = (w.T * (mix - extra * (1 - extra))) @ w
    side = [-(m.T * (mix * d.eta)) @ w]
    if dispersed:
        side.append(-((mix * d.tau) @ w)[None, :])
    # count, theta, zero -> count, zero, theta
    full = np.concatenate([slope, zero_slope])
    cross = np.concatenate(side)
    block = np.block([[curve, cross], [cross.T, zero_curve]])
    order = np.r_[np.arange(p), np.arange(len(slope), len(v)), np.arange(p, len(slope))]
    return total, full[order], block[np.ix_(order, order)]


def _as_rates(
    k: Floats, m: Floats, o: Floats, b: Floats, theta: float, log_likelihood: float
) -> RateFit:
    from scipy.special import polygamma, xlogy

    mu = np.exp(m @ b + o)
    w = mu / (1 + mu / theta)
    if np.isinf(theta):
        se, deviance = np.nan, 2 * (xlogy(k, k / mu) - (k - mu)).sum()
    else:
        known = polygamma(1, theta) - polygamma(1, k + theta) - 1 / theta + 2 / (mu + theta)
        se = 1 / np.sqrt((known - (k + theta) / (mu + theta) ** 2).sum())
        ends = xlogy(k, k / mu) - (k + theta) * np.log((k + theta) / (mu + theta))
        deviance = 2 * ends.sum()
    return RateFit(
        coef=b, covariance=np.linalg.inv((m.T * w) @ m).astype(np.float64), mean=mu, weight=w,
        theta=theta, theta_se=float(se), log_likelihood=log_likelihood, deviance=float(deviance),
    )  # fmt: skip


def _refuse_zeros(k: Floats, m: Floats, names: Sequence[str]) -> None:
    """Raise where a rate could fall to nought for ever: zeros only, whatever counts there are."""
    if not k.any():
        raise ValueError("every count is 0; a rate of 0 has no ratio")
    refuse_separation(runs_off(-m[k == 0], m[k > 0]), names, "a count above 0")


def _refuse_theta(tau: float) -> None:
    if tau > _FAR:
        raise NoExtraSpreadError(
            "the counts spread no more than Poisson counts do, so theta is infinite; use the "
            "Poisson model of this kind"
        )
    if tau < -_FAR:
        raise ValueError("theta goes to 0: the counts are too wild for a negative binomial")


def _refuse_flat(info: Floats, room: Floats, names: Sequence[str]) -> None:
    """Raise where the curve about the end, beside what its columns have room for, is nought."""
    own = np.abs(np.diag(info))
    size = np.sqrt(np.maximum(own, 1e-300))
    root, axes = np.linalg.eigh(info / np.outer(size, size))
    if (own < 1e-9 * room).any() or root[0] < 1e-9:
        alone = int(np.argmin(own / room))
        together = int(np.argmax(np.abs(axes[:, 0]) / size))
        guilty = names[alone if (own < 1e-9 * room).any() else together]
        raise ValueError(
            f"the likelihood is flat: {guilty} runs off to infinity (as where there are no more "
            "zeros than the counts explain); use a simpler model"
        )
