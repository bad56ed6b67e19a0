"""The cumulative link model: ordered levels and the cuts between them, as arrays.

The cumulative link model is ``P(Y <= j) = F(theta_j - x b)``, with F logistic (proportional odds)
or normal (probit): a positive b means higher levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, Ints
from msspas_analysis.estimate.likelihood import Maximum, newton, refuse_separation, runs_off

LINKS: Final = ("logit", "probit")
"""Distributions behind the levels: logistic gives odds ratios, normal gives shifts in SDs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoArmOdds:
    """Ordered levels of two arms compared; every field has the shape of the leading axes.

    Parameters
    ----------
    log_odds_ratio : numpy.ndarray
        Of a higher level, treated over control (probit: latent shift). Infinite where every treated
        person is at or above every control, or the other way round; NaN where an arm is empty or
        everybody is at one level.
    std_error : numpy.ndarray
        From the second derivatives; NaN where the estimate is not finite.
    log_likelihood : numpy.ndarray
        At the maximum, or its limit.
    likelihood_ratio : numpy.ndarray
        Twice the gain over no difference; chi-square with 1 degree of freedom if there is none.
    thresholds : numpy.ndarray, shape (..., levels - 1)
        Cuts between the levels; NaN where the estimate is not finite, and for the cut above a level
        that nobody has.
    """

    log_odds_ratio: Floats
    std_error: Floats
    log_likelihood: Floats
    likelihood_ratio: Floats
    thresholds: Floats


def _link(a: Floats, link: str) -> tuple[Floats, Floats, Floats]:
    """Return distribution function, density and its slope."""
    if link == "logit":
        from scipy.special import expit

        p = expit(a)
        f = p * expit(-a)
        return p, f, f * (expit(-a) - p)
    from scipy.special import ndtr

    # 0 * inf at the open ends
    edge = np.where(np.isfinite(a), a, 0.0)
    f = np.where(np.isfinite(a), np.exp(-0.5 * edge * edge) / np.sqrt(2 * np.pi), 0.0)
    return ndtr(a), f, -edge * f


def _between(upper: Floats, lower: Floats, link: str) -> Floats:
    """Return F(upper) - F(lower) without losing the small ones."""
    flip = upper + lower > 0
    high = _link(np.where(flip, -lower, upper), link)[0]
    return np.asarray(high - _link(np.where(flip, -upper, lower), link)[0])


def two_arm_odds(
    control: npt.ArrayLike, treated: npt.ArrayLike, *, link: str = "logit"
) -> TwoArmOdds:
    """Fit the cumulative link model to two arms without covariates, many replicates at once.

    Parameters
    ----------
    control, treated : array_like, shape (..., levels)
        How many people of each arm are at each level, lowest first; broadcast together.
    link : {"logit", "probit"}
        Distribution behind the levels.

    Returns
    -------
    TwoArmOdds
        Levels that nobody has are passed over, replicate by replicate.

    Raises
    ------
    ValueError
        With fewer than 2 levels, a count that is negative or not a number, an unknown link, or a
        replicate that does not converge.

    References
    ----------
    .. [1] McCullagh P (1980). Regression models for ordinal data. J R Stat Soc B 42:109-142.

    Examples
    --------
    >>> odds = two_arm_odds([[10, 5, 3, 2], [5, 5, 5, 5]], [[4, 6, 7, 5], [5, 5, 5, 5]])
    >>> abs(odds.log_odds_ratio.round(4)).tolist(), odds.std_error.round(4).tolist()
    ([1.3341, 0.0], [0.5918, 0.5657])
    """
    from scipy.special import logit, ndtri, xlogy

    _check_link(link)
    counts = np.stack(
        np.broadcast_arrays(np.asarray(control, np.float64), np.asarray(treated, np.float64)), -2
    )
    levels = counts.shape[-1] if counts.ndim > 1 else 0
    if levels < 2 or not (counts >= 0).all() or not np.isfinite(counts).all():
        raise ValueError(
            "control and treated must be counts of 0 or more, one for each of at least 2 levels on "
            f"the last axis, got shape {counts.shape[:-2] + counts.shape[-1:]}"
        )
    lead, k = counts.shape[:-2], levels
    table = counts.reshape(-1, 2, k)
    total = table.sum(axis=1)
    # the levels somebody has go first; the cuts above the last of them lie at infinity
    order = np.argsort(total == 0, axis=1, kind="stable")
    table = np.take_along_axis(table, order[:, None, :], axis=2)
    total = np.take_along_axis(total, order, axis=1)
    n, used = total.sum(axis=1), (total > 0).sum(axis=1)
    good = (used > 1) & (table.sum(axis=2) > 0).all(axis=1)
    open_cut = np.arange(k - 1) >= (used - 1)[:, None]
    share = np.cumsum(total, axis=1)[:, :-1] / np.where(n > 0, n, 1.0)[:, None]
    share = np.where(open_cut | ~good[:, None], 0.5, share)
    start = logit(share) if link == "logit" else ndtri(share)
    at = np.concatenate([start, np.zeros((len(table), 1))], axis=1)
    null = xlogy(total, total / np.where(n > 0, n, 1.0)[:, None]).sum(axis=1)
    first = np.where(table > 0, np.arange(k), k).min(axis=2)
    last = np.where(table > 0, np.arange(k), -1).max(axis=2)
    up, down = last[:, 0] <= first[:, 1], last[:, 1] <= first[:, 0]
    finite = good & ~up & ~down
    best, info = _climb(table, at, open_cut, finite, link)
    if not best.all():
        raise ValueError(
            f"{int((~best).sum())} replicate(s) did not converge; look at their counts"
        )
    # arms that hardly meet: as they move apart each is fitted on its own, without error
    arm = table.sum(axis=2, keepdims=True)
    alone = xlogy(table, table / np.where(arm > 0, arm, 1.0)).sum(axis=(1, 2))
    value = np.where(finite, _cells(table, at, open_cut, link, slopes=False)[0], alone)
    se = np.full(len(table), np.nan)
    se[finite] = np.sqrt(np.linalg.inv(info[finite])[:, -1, -1])
    log_odds = np.where(finite, at[:, -1], np.where(up, np.inf, -np.inf))
    cuts = np.full((len(table), k), np.nan)
    np.put_along_axis(cuts, order, np.concatenate(
        [np.where(open_cut | ~finite[:, None], np.nan, at[:, :-1]), np.full((len(table), 1), np.nan)],
        axis=1), axis=1)  # fmt: skip

    def shaped(x: Floats) -> Floats:
        return np.where(good, x, np.nan).reshape(lead)

    return TwoArmOdds(
        log_odds_ratio=shaped(log_odds), std_error=shaped(se), log_likelihood=shaped(value),
        likelihood_ratio=shaped(np.maximum(2 * (value - null), 0.0)),
        thresholds=cuts[:, :-1].reshape(*lead, k - 1),
    )  # fmt: skip


def _cells(
    table: Floats, at: Floats, open_cut: npt.NDArray[np.bool_], link: str, *, slopes: bool = True
) -> tuple[Floats, Floats, Floats]:
    """Return log likelihood, gradient and information of every replicate."""
    r, _, k = table.shape
    cut = np.where(open_cut, np.inf, at[:, :-1])
    inner = np.stack([cut, cut - at[:, -1:]], axis=1)
    edge = np.full((r, 2, 1), np.inf)
    upper, lower = np.concatenate([inner, edge], axis=2), np.concatenate([-edge, inner], axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(table > 0, _between(upper, lower, link), 1.0)
        value = (table * np.log(np.where(p > 0, p, np.nan))).sum(axis=(1, 2))
    value = np.where(np.isnan(value), -np.inf, value)
    if not slopes:
        return value, at, at
    p = np.where(p > 0, p, 1.0)
    (_, fu, du), (_, fl, dl) = _link(upper, link), _link(lower, link)
    weight = table / p
    # which parameters a cell's upper and lower end move with
    ends = np.zeros((2, 2, k, k))
    j = np.arange(k - 1)
    ends[0, :, j, j] = ends[1, :, j + 1, j] = 1.0
    ends[0, 1, :-1, -1] = ends[1, 1, 1:, -1] = -1.0
    a, b = ends.reshape(2, 2 * k, k)
    w, fu, fl, du, dl, q = (x.reshape(r, 2 * k) for x in (weight, fu, fl, du, dl, p))
    slope = (w * fu) @ a - (w * fl) @ b
    products = [
        np.einsum("cp,cq->cpq", x, y).reshape(2 * k, -1) for x, y in ((a, a), (b, b), (a, b))
    ]
    curve = (w * (fu * fu / q - du)) @ products[0] + (w * (fl * fl / q + dl)) @ products[1]
    cross = (-w * fu * fl / q) @ products[2]
    curve, cross = curve.reshape(r, k, k), cross.reshape(r, k, k)
    info = curve + cross + np.swapaxes(cross, 1, 2)
    rows, cuts = np.nonzero(open_cut)
    info[rows, cuts, cuts] = 1.0
    return value, slope, info


def _climb(
    table: Floats, at: Floats, open_cut: npt.NDArray[np.bool_], good: npt.NDArray[np.bool_],
    link: str,
) -> tuple[npt.NDArray[np.bool_], Floats]:  # fmt: skip
    """Take Newton steps, in place, in every replicate until it stands still."""
    done = ~good
    info = np.zeros((len(table), at.shape[1], at.shape[1]))
    for _ in range(200):
        todo = np.nonzero(~done)[0]
        if not todo.size:
            break
        here, t, o = at[todo], table[todo], open_cut[todo]
        value, slope, info[todo] = _cells(t, here, o, link)
        size = np.sqrt(np.maximum(np.diagonal(info[todo], axis1=1, axis2=2), 1e-300))
        scaled = info[todo] / (size[:, :, None] * size[:, None, :])
        step = np.linalg.solve(scaled, (slope / size)[..., None])[..., 0] / size
        gain = (slope * step).sum(axis=1)
        still = gain < 1e-20
        done[todo[still]] = True
        slack = np.where(gain < 1e-8, 1e-13 * (1 + np.abs(value)), 0.0)
        left = ~still
        for half in range(50):
            if not left.any():
                break
            i = np.nonzero(left)[0]
            new = here[i] + step[i] * 0.5**half
            better = _cells(t[i], new, o[i], link, slopes=False)[0] >= (value - slack)[i]
            at[todo[i[better]]] = new[better]
            left[i[better]] = False
        else:
            return done, info
    return done, info


def level_probabilities(
    thresholds: npt.ArrayLike, slope_side: npt.ArrayLike, *, link: str = "logit"
) -> Floats:
    """Return the probability of each level.

    Parameters
    ----------
    thresholds : array_like, shape (levels - 1,)
        Cuts between the levels, rising.
    slope_side : array_like, shape (...)
        Columns times slopes.
    link : {"logit", "probit"}
        Distribution behind the levels.

    Returns
    -------
    ndarray, shape (..., levels)
        Probabilities, lowest level first.

    Examples
    --------
    >>> level_probabilities([-1.0, 1.0], [0.0, 1.0]).round(4).tolist()
    [[0.2689, 0.4621, 0.2689], [0.1192, 0.3808, 0.5]]
    """
    _check_link(link)
    cut, eta = np.asarray(thresholds, np.float64), np.asarray(slope_side, np.float64)
    inner = cut - eta[..., None]
    edge = np.full((*eta.shape, 1), np.inf)
    return _between(np.concatenate([inner, edge], -1), np.concatenate([-edge, inner], -1), link)


def _check_link(link: str) -> None:
    if link not in LINKS:
        raise ValueError(f"link must be one of {LINKS}, got {link!r}")


# --- one data set, any columns -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CumulativeFit:
    """A cumulative link model fitted to rows.

    Parameters
    ----------
    thresholds : numpy.ndarray, shape (levels - 1,)
        Cuts between the levels.
    coef : numpy.ndarray, shape (p,)
        Slopes; positive means higher levels.
    covariance : numpy.ndarray, shape (levels - 1 + p, levels - 1 + p)
        Of thresholds and slopes: the inverse of the information.
    log_likelihood : float
        At the maximum.
    scores : numpy.ndarray, shape (n, levels - 1 + p)
        Gradient of each row's log likelihood there.
    """

    thresholds: Floats
    coef: Floats
    covariance: Floats
    log_likelihood: float
    scores: Floats


def cumulative_fit(
    level: npt.ArrayLike, x: npt.ArrayLike, *, weights: npt.ArrayLike | None = None,
    offset: npt.ArrayLike = 0.0, link: str = "logit", names: Sequence[str] | None = None,
) -> CumulativeFit:  # fmt: skip
    """Fit ordered levels on columns by maximum likelihood.

    Parameters
    ----------
    level : array_like of int, shape (n,)
        0 for the lowest level, 1 for the next; each level is there.
    x : array_like, shape (n, p)
        Columns, without an intercept.
    weights : array_like or None, shape (n,)
        How many people a row stands for.
    offset : array_like
        A known part of the slopes' side.
    link : {"logit", "probit"}
        Distribution behind the levels.
    names : sequence of str or None
        Of the columns, for errors.

    Returns
    -------
    CumulativeFit
        Accurate to about 1e-10 standard errors.

    Raises
    ------
    NoMaximumError
        If a column separates the levels.
    ValueError
        With one level only, an unknown link, or without convergence.

    References
    ----------
    .. [1] Agresti A (2010). Analysis of Ordinal Categorical Data, 2nd ed, chapters 3 and 5.

    Examples
    --------
    >>> fit = cumulative_fit([0, 1, 2, 0, 1, 2, 1, 2], [[0], [0], [0], [0], [1], [1], [1], [1]])
    >>> fit.thresholds.round(4).tolist(), fit.coef.round(4).tolist()
    ([-0.2588, 1.7074], [1.9128])
    """
    y, m = np.asarray(level, dtype=np.int64), np.asarray(x, dtype=np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    _check_link(link)
    k = int(y.max()) + 1
    if k < 2:
        raise ValueError("everybody is at one level; there is nothing to compare")
    called = [f"column {i}" for i in range(m.shape[1])] if names is None else names
    upper, lower = _ends(y, k, [-m])
    known = -np.asarray(offset, dtype=np.float64)
    model = _Cuts(y=y, k=k, w=w, link=link, upper=upper, lower=lower, offset=known)
    begin = np.concatenate([model.margins(), np.zeros(m.shape[1])])
    fit = _maximum(model, begin, [f"cut {j + 1}" for j in range(k - 1)] + list(called))
    return CumulativeFit(
        thresholds=fit.at[: k - 1], coef=fit.at[k - 1 :],
        covariance=np.linalg.inv(fit.information).astype(np.float64),
        log_likelihood=fit.log_likelihood, scores=model.scores(fit.at),
    )  # fmt: skip


def without_proportional_odds(
    level: npt.ArrayLike, x: npt.ArrayLike, loose: npt.NDArray[np.bool_], fit: CumulativeFit, *,
    weights: npt.ArrayLike | None = None, link: str = "logit",
) -> float:  # fmt: skip
    """Return the log likelihood where some columns have a slope of their own at every cut.

    Parameters
    ----------
    level, x, weights, link
        As in :func:`cumulative_fit`.
    loose : ndarray of bool, shape (p,)
        The columns concerned.
    fit : CumulativeFit
        The fit with one slope for all cuts.

    Returns
    -------
    float
        The largest log likelihood, or its limit where a slope runs off to infinity because some
        level is empty for a value of the column.

    Examples
    --------
    >>> y, x = [0, 1, 2, 0, 1, 2, 1, 2], [[0], [0], [0], [0], [1], [1], [1], [1]]
    >>> fit = cumulative_fit(y, x)
    >>> loose = without_proportional_odds(y, x, np.array([True]), fit)
    >>> round(2 * (loose - fit.log_likelihood), 4)
    1.6102
    """
    y, m = np.asarray(level, dtype=np.int64), np.asarray(x, dtype=np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    k = int(y.max()) + 1
    upper, lower = _ends(y, k, [-m[:, ~loose]], m[:, loose])
    own = np.tile(-fit.coef[loose], k - 1)
    begin = np.concatenate([fit.thresholds, own, fit.coef[~loose]])
    model = _Cuts(y=y, k=k, w=w, link=link, upper=upper, lower=lower)
    # where a slope runs off the likelihood still closes in on its limit; 1e-12 of it is lost
    return newton(
        model.likelihood, begin, what="a slope for every cut", enough=1e-12
    ).log_likelihood


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cuts:
    """Rows whose two ends are linear in the parameters: the likelihood, whatever moves the ends."""

    y: Ints
    k: int
    w: Floats
    link: str
    upper: Floats
    lower: Floats
    offset: Floats | float = 0.0

    def margins(self) -> Floats:
        """Return where the cuts lie if nothing matters."""
        from scipy.special import logit, ndtri

        share = np.cumsum(np.bincount(self.y, weights=self.w, minlength=self.k))[:-1] / self.w.sum()
        return np.asarray(logit(share) if self.link == "logit" else ndtri(share))

    def ends(self, at: Floats) -> tuple[Floats, Floats]:
        up = np.where(self.y == self.k - 1, np.inf, self.upper @ at + self.offset)
        down = np.where(self.y == 0, -np.inf, self.lower @ at + self.offset)
        return up, down

    def likelihood(self, at: Floats) -> tuple[float, Floats, Floats]:
        up, down = self.ends(at)
        p = _between(up, down, self.link)
        if not (p > 0).all():
            return -np.inf, at, np.eye(len(at))
        (_, fu, du), (_, fl, dl) = _link(up, self.link), _link(down, self.link)
        a, b, w = self.upper, self.lower, self.w / p
        slope = a.T @ (w * fu) - b.T @ (w * fl)
        cross = (a.T * (w * fu * fl / p)) @ b
        curve = (a.T * (w * (du - fu * fu / p))) @ a + (b.T * (-w * (dl + fl * fl / p))) @ b
        return float(self.w @ np.log(p)), slope, curve + cross + cross.T

    def scores(self, at: Floats) -> Floats:
        up, down = self.ends(at)
        p = _between(up, down, self.link)
        fu, fl = _link(up, self.link)[1], _link(down, self.link)[1]
        return np.asarray(
            (self.upper * fu[:, None] - self.lower * fl[:, None]) * (self.w / p)[:, None]
        )


def _ends(y: Ints, k: int, shared: Sequence[Floats], by_cut: Floats | None = None) -> list[Floats]:
    """Return what the upper and the lower end of each row's level move with."""
    out = []
    for cut in (y, y - 1):
        one = (cut[:, None] == np.arange(k - 1)).astype(np.float64)
        own = [] if by_cut is None else [
            (one[:, :, None] * by_cut[:, None, :]).reshape(len(y), -1)
        ]  # fmt: skip
        inside = ((cut >= 0) & (cut < k - 1))[:, None]
        out.append(np.concatenate([one, *own, *shared], axis=1) * inside)
    return out


def _maximum(model: _Cuts, begin: Floats, names: Sequence[str]) -> Maximum:
    """Fit, and refuse what has no maximum."""

    def directions() -> Floats:
        above, below = model.y < model.k - 1, model.y > 0
        return np.concatenate([model.upper[above], -model.lower[below]])

    cuts = model.k - 1
    try:
        fit = newton(model.likelihood, begin, what="cumulative link model")
    except ValueError:
        away = runs_off(directions())
        refuse_separation(away if away is None else away[cuts:], names[cuts:], "the outcome")
        raise
    if (_between(*model.ends(fit.at), model.link) > 1 - 1e-6).any():
        away = runs_off(directions())
        refuse_separation(away if away is None else away[cuts:], names[cuts:], "the outcome")
    return fit
