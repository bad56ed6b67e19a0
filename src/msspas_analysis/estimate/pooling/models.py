"""The linear model of studies: known variances, one variance between studies, many sets at once.

The leading axes are replicates, the last axis is studies; which columns there are is the same in
every replicate.

References
----------
.. [1] Viechtbauer W (2005). Bias and efficiency of meta-analytic variance estimators in the
   random-effects model. J Educ Behav Stat 30:261-293.
.. [2] Veroniki AA, Jackson D, Viechtbauer W, et al. (2016). Methods to estimate the between-study
   variance and its uncertainty in meta-analysis. Res Synth Methods 7:55-79.
.. [3] Viechtbauer W (2007). Confidence intervals for the amount of heterogeneity in meta-analysis.
   Stat Med 26:37-52.
.. [4] Knapp G, Hartung J (2003). Improved tests for a random effects meta-regression with a single
   covariate. Stat Med 22:2693-2710.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats

Method = Literal["REML", "ML", "PM", "DL", "HE", "HS", "SJ", "common"]
METHODS: Final[dict[str, str]] = {
    "REML": "restricted maximum likelihood", "ML": "maximum likelihood", "PM": "Paule and Mandel",
    "DL": "DerSimonian and Laird", "HE": "Hedges", "HS": "Hunter and Schmidt",
    "SJ": "Sidik and Jonkman", "common": "one common effect",
}  # fmt: skip
"""How the variance between studies is estimated; "common" says there is none."""
_GRID: Final = 64  # points at which a likelihood is looked at before the best one is refined
_SMALL: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A model of studies; p coefficients and k studies on the last axes.

    Parameters
    ----------
    coef : numpy.ndarray, shape (..., p)
        Coefficients.
    unscaled : numpy.ndarray, shape (..., p, p)
        Their covariance if the variances are right: the inverse of X'WX.
    scale : numpy.ndarray, shape (...)
        Weighted squares of the residuals over `df`: Hartung and Knapp's factor.
    tau2, tau2_se : numpy.ndarray, shape (...)
        Variance between studies and its large-sample standard error; NaN where there is none.
    typical : numpy.ndarray, shape (...)
        Sampling variance of a typical study, as `i2` has it.
    i2, h2 : numpy.ndarray, shape (...)
        Share of the variance of a study that is between studies, 0 to 1, and the ratio.
    q : numpy.ndarray, shape (...)
        Cochran's Q, or what is left of it.
    df : int
        Studies less coefficients.
    weights : numpy.ndarray, shape (..., k)
        Each study's share of the weight, 0 to 1.
    residuals : numpy.ndarray, shape (..., k)
        Effect minus fitted.
    """

    coef: Floats
    unscaled: Floats
    scale: Floats
    tau2: Floats
    tau2_se: Floats
    typical: Floats
    i2: Floats
    h2: Floats
    q: Floats
    df: int
    weights: Floats
    residuals: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    w: Floats
    inverse: Floats
    coef: Floats
    r: Floats

    @property
    def q(self) -> Floats:
        return np.asarray((self.w * self.r**2).sum(axis=-1))

    def moment(self, x: Floats, power: int) -> Floats:
        """Return (X'WX)^-1 X'W^power X."""
        return self.inverse @ _cross(x, self.w**power)

    def trace(self, x: Floats, v: Floats | float = 1.0) -> Floats:
        """Return the trace of PV."""
        gone = self.inverse @ _cross(x, self.w**2 * v)
        return np.asarray((self.w * v).sum(axis=-1) - np.trace(gone, axis1=-2, axis2=-1))

    def trace2(self, x: Floats) -> Floats:
        """Return the trace of PP."""
        two = self.moment(x, 2)
        three = np.trace(self.moment(x, 3), axis1=-2, axis2=-1)
        return np.asarray(
            (self.w**2).sum(axis=-1) - 2 * three + np.trace(two @ two, axis1=-2, axis2=-1)
        )

    def q_error(self, x: Floats, v: Floats, tau2: Floats) -> Floats:
        """Return the standard deviation of `q` where effects have the variances v + tau2."""
        wx = self.w[..., None] * x
        p = self.w[..., None] * np.eye(x.shape[0]) - wx @ self.inverse @ np.swapaxes(wx, -1, -2)
        pv = p * (v + tau2[..., None])[..., None, :]
        return np.asarray(np.sqrt(2 * (pv * np.swapaxes(pv, -1, -2)).sum(axis=(-1, -2))))


def _cross(x: Floats, w: Floats) -> Floats:
    return np.asarray(np.einsum("kp,...k,kq->...pq", x, w, x))


def _weigh(y: Floats, x: Floats, w: Floats) -> _Weighted:
    inverse: Floats = np.linalg.inv(_cross(x, w)).astype(np.float64, copy=False)
    coef = np.einsum("...pq,...q->...p", inverse, np.einsum("kp,...k->...p", x, w * y))
    return _Weighted(w, inverse, coef, y - coef @ x.T)


def fit_studies(
    y: npt.ArrayLike, v: npt.ArrayLike, x: npt.ArrayLike | None = None, *, method: Method = "REML"
) -> Fit:
    """Fit effects of studies on columns, with a variance between studies.

    Parameters
    ----------
    y, v : array_like, shape (..., k)
        Effects of k studies and their sampling variances, above 0.
    x : array_like or None, shape (k, p)
        Columns, the intercept among them; None is the intercept alone. p must be below k.
    method : {"REML", "ML", "PM", "DL", "HE", "HS", "SJ", "common"}
        How the variance between studies is estimated, as in :data:`METHODS`.

    Returns
    -------
    Fit
        Coefficients, covariance, heterogeneity.

    Raises
    ------
    ValueError
        If a variance is not above 0, there are too few studies, or columns go together.

    Notes
    -----
    Where a likelihood has two peaks the higher one is taken.

    Examples
    --------
    >>> fit = fit_studies([0.1, 0.4, 0.8, 0.2], [0.04, 0.02, 0.09, 0.03], method="DL")
    >>> round(float(fit.coef[0]), 4), round(float(fit.tau2), 4)
    (0.3238, 0.0189)
    """
    y, v = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    k = y.shape[-1]
    columns = np.ones((k, 1)) if x is None else np.asarray(x, dtype=np.float64)
    p = columns.shape[1]
    if not (v > 0).all() or not np.isfinite(y).all() or not np.isfinite(v).all():
        raise ValueError("effects must be numbers and variances above 0")
    if k <= p:
        raise ValueError(f"{k} studies cannot tell {p} coefficients; there must be more than {p}")
    if np.linalg.matrix_rank(columns) < p:
        raise ValueError("the columns go together: one can be told from the others; leave one out")
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, got {method!r}")
    df = k - p
    fixed = _weigh(y, columns, 1.0 / v)
    tau2, se = _between(y, v, columns, fixed, method)
    got = _weigh(y, columns, 1.0 / (v + tau2[..., None]))
    typical = df / fixed.trace(columns)
    if method == "common":
        i2 = np.maximum(0.0, 1.0 - df / np.maximum(fixed.q, _SMALL))
        h2 = fixed.q / df
    else:
        i2, h2 = tau2 / (typical + tau2), tau2 / typical + 1.0
    return Fit(
        coef=got.coef, unscaled=got.inverse, scale=got.q / df, tau2=tau2, tau2_se=se, typical=typical, i2=i2, h2=h2,
        q=fixed.q, df=df, weights=got.w / got.w.sum(axis=-1, keepdims=True), residuals=got.r,
    )  # fmt: skip


def _between(
    y: Floats, v: Floats, x: Floats, fixed: _Weighted, method: str
) -> tuple[Floats, Floats]:
    """Return the variance between studies and its standard error."""
    k, p = x.shape
    df = k - p
    if method == "common":
        nothing = np.zeros(y.shape[:-1])
        return nothing, np.full_like(nothing, np.nan)
    if method == "DL":
        trace = fixed.trace(x)
        tau2 = np.maximum(0.0, (fixed.q - df) / trace)
        return tau2, fixed.q_error(x, v, tau2) / trace
    if method == "HS":
        tau2 = np.maximum(0.0, (fixed.q - k) / fixed.w.sum(axis=-1))
        return tau2, fixed.q_error(x, v, tau2) / fixed.w.sum(axis=-1)
    if method == "HE":
        plain = _weigh(y, x, np.ones_like(v))
        tau2 = np.maximum(0.0, (plain.q - plain.trace(x, v)) / df)
        return tau2, plain.q_error(x, v, tau2) / df
    if method == "SJ":
        start = y.var(axis=-1, ddof=1) * (k - 1) / k
        first = _weigh(y, x, 1.0 / (v + start[..., None]))
        tau2 = start * first.q / df
        return tau2, first.q_error(x, v, tau2) * start / df
    if method == "PM":
        tau2 = _generalised_q(y, v, x, np.full(y.shape[:-1], float(df)))
        at = _weigh(y, x, 1.0 / (v + tau2[..., None]))
        return tau2, at.q_error(x, v, tau2) * (k / df) / at.w.sum(axis=-1)
    tau2 = _likelihood(y, v, x, restricted=method == "REML")
    at = _weigh(y, x, 1.0 / (v + tau2[..., None]))
    information = at.trace2(x) if method == "REML" else (at.w**2).sum(axis=-1)
    return tau2, np.sqrt(2.0 / information)


def _top(y: Floats, v: Floats, x: Floats) -> Floats:
    """Return a variance between studies that is larger than any that could be estimated."""
    plain = _weigh(y, x, np.ones_like(v))
    return np.asarray((y.shape[-1] + 10.0) * (plain.q + v.max(axis=-1)) + 1e-6)


def _generalised_q(y: Floats, v: Floats, x: Floats, target: Floats) -> Floats:
    """Return the variance between studies at which the weighted squares are `target`, 0 if below."""

    def beyond(tau2: Floats, y: Floats, v: Floats, target: Floats) -> Floats:
        return _weigh(y, x, 1.0 / (v + tau2[..., None])).q - target

    shape = y.shape[:-1]
    y, v = np.reshape(y, (-1, y.shape[-1])), np.reshape(v, (-1, v.shape[-1]))
    target = np.broadcast_to(target, shape).reshape(-1)
    out = np.zeros(len(y))
    some = beyond(out, y, v, target) > 0
    if some.any():
        # Q at tau2 is at most the plain squares over tau2
        top = _weigh(y[some], x, np.ones_like(v[some])).q / target[some] + 1e-9
        out[some] = _root(
            lambda tau2, rows: beyond(tau2, y[some][rows], v[some][rows], target[some][rows]),
            np.zeros(int(some.sum())), top,
        )  # fmt: skip
    return out.reshape(shape)


def _root(
    f: Callable[[Floats, npt.NDArray[np.int64]], Floats], low: Floats, high: Floats
) -> Floats:
    """Return where a falling function is 0, one place for each element."""
    from scipy.optimize.elementwise import find_root

    found: Any = find_root(  # type: ignore[call-overload]  # arrays of arguments are allowed
        lambda tau2, rows: f(tau2, rows.astype(np.int64)), (low, high),
        args=(np.arange(len(low), dtype=np.float64),),
        tolerances={"xatol": 0.0, "xrtol": 4e-16, "fatol": 0.0, "frtol": 0.0}, maxiter=300,
    )  # fmt: skip
    return np.asarray(found.x)


def _likelihood(y: Floats, v: Floats, x: Floats, *, restricted: bool) -> Floats:
    """Return the variance between studies at the highest point of the likelihood."""
    shape = y.shape[:-1]
    y, v = np.reshape(y, (-1, y.shape[-1])), np.reshape(v, (-1, v.shape[-1]))

    def level(tau2: Floats) -> Floats:
        at = _weigh(y[:, None, :], x, 1.0 / (v[:, None, :] + tau2[..., None]))
        told = 0.5 * np.log(at.w).sum(axis=-1) - 0.5 * at.q
        if restricted:
            told += 0.5 * np.linalg.slogdet(at.inverse)[1]
        return np.asarray(told)

    def slope(tau2: Floats, rows: npt.NDArray[np.int64]) -> Floats:
        at = _weigh(y[rows], x, 1.0 / (v[rows] + tau2[..., None]))
        up = ((at.w * at.r) ** 2).sum(axis=-1)
        return np.asarray(up - (at.trace(x) if restricted else at.w.sum(axis=-1)))

    top, least = _top(y, v, x), v.min(axis=-1)
    steps = np.linspace(0.0, 1.0, _GRID)
    grid = least[:, None] * 1e-3 * (top / least * 1e3)[:, None] ** steps
    grid = np.concatenate([np.zeros((len(y), 1)), grid], axis=1)
    best = level(grid).argmax(axis=1)
    at = np.arange(len(y))
    low, high = grid[at, np.maximum(best - 1, 0)], grid[at, np.minimum(best + 1, _GRID)]
    rows = at.astype(np.int64)
    out = np.zeros(len(y))
    inside = (slope(low, rows) > 0) & (slope(high, rows) < 0)
    if inside.any():
        mine = rows[inside]
        out[inside] = _root(lambda tau2, which: slope(tau2, mine[which]), low[inside], high[inside])
    return out.reshape(shape)


def tau2_interval(
    y: npt.ArrayLike, v: npt.ArrayLike, x: npt.ArrayLike | None = None, *, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return the interval of the variance between studies from the profile of Q.

    Parameters
    ----------
    y, v : array_like, shape (..., k)
        Effects and their sampling variances, above 0.
    x : array_like or None, shape (k, p)
        Columns, the intercept among them; None is the intercept alone.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Both ends, shape (...). The upper one is 0 where even no variance between studies makes the
        effects look too alike.

    Examples
    --------
    >>> low, high = tau2_interval([0.1, 0.4, 0.8, 0.2], [0.04, 0.02, 0.09, 0.03])
    >>> round(float(low), 4), round(float(high), 4)
    (0.0, 1.2621)
    """
    from scipy.special import chdtri

    y, v = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    columns = np.ones((y.shape[-1], 1)) if x is None else np.asarray(x, dtype=np.float64)
    df = columns.shape[0] - columns.shape[1]
    half = (1.0 - conf_level) / 2
    few, many = chdtri(df, 1.0 - half), chdtri(df, half)
    shape = y.shape[:-1]
    return (
        _generalised_q(y, v, columns, np.full(shape, many)),
        _generalised_q(y, v, columns, np.full(shape, few)),
    )
