"""Least squares with an intercept, many replicates at once, and how sure its coefficients are.

Columns are a list, not a matrix: each is one array whose last axis is people and whose leading axes
are replicates, or one that all replicates share. What is known of a fit is kept about the means of
the columns, so nothing is lost where a score is large and its spread is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, level_between, quotient

ROBUST: Final = ("HC0", "HC1", "HC2", "HC3")
"""Standard errors that let the spread differ from person to person."""

CLUSTERED: Final = ("CR0", "CR1", "CR2")
"""Standard errors that let people of one cluster be alike."""

_COLLINEAR: Final = 1e-9  # share of a column's spread that the columns before it leave


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearFit:
    """A least-squares fit; leading axes are replicates, k is the number of columns.

    Parameters
    ----------
    coef : numpy.ndarray, shape (..., k)
        Slopes in the order of the columns; NaN where the fit is not determined.
    cov_unscaled : numpy.ndarray, shape (..., k, k)
        Their covariance for a residual variance of 1.
    mean_y : numpy.ndarray, shape (...)
        Mean outcome of the people used.
    mean_x : numpy.ndarray, shape (..., k)
        Means of the columns over the people used.
    residual : numpy.ndarray, shape (..., n)
        Outcome minus fit; 0 for people not used.
    centred : tuple of numpy.ndarray
        The columns minus their means; 0 for people not used.
    used : numpy.ndarray of bool, shape (..., n)
        People with an outcome and every column.
    n : numpy.ndarray, shape (...)
        How many those are.
    collinear : numpy.ndarray of int, shape (...)
        The first column that those before it determine, -1 with none.
    """

    coef: Floats
    cov_unscaled: Floats
    mean_y: Floats
    mean_x: Floats
    residual: Floats
    centred: tuple[Floats, ...]
    used: npt.NDArray[np.bool_]
    n: Floats
    collinear: npt.NDArray[np.int64]

    @property
    def df(self) -> Floats:
        """Residual degrees of freedom: people minus coefficients, the intercept among them."""
        return np.asarray(self.n - self.coef.shape[-1] - 1.0)

    @property
    def sigma2(self) -> Floats:
        """Residual variance."""
        return quotient(np.square(self.residual).sum(axis=-1), self.df)


def least_squares(y: npt.ArrayLike, columns: Sequence[npt.ArrayLike]) -> LinearFit:
    """Fit an outcome on an intercept and some columns, replicate by replicate.

    Parameters
    ----------
    y : array_like, shape (..., n)
        One outcome per person; leading axes are replicates. People with NaN are not used.
    columns : sequence of array_like, each shape (..., n) or (n,)
        What the outcome is fitted on, without the intercept. People with NaN are not used.

    Returns
    -------
    LinearFit
        Coefficients are NaN where columns are collinear or people too few.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is infinite.

    Notes
    -----
    Normal equations of centred, scaled columns, solved by Cholesky, with one step of refinement.

    Examples
    --------
    >>> fit = least_squares([1.0, 2.0, 4.0, 5.0], [[0.0, 0, 1, 1]])
    >>> fit.coef.tolist(), float(fit.mean_y), float(fit.sigma2)
    ([3.0], 3.0, 0.5)
    """
    y = np.asarray(y, dtype=np.float64)
    xs = [np.asarray(x, dtype=np.float64) for x in columns]
    try:
        shape = np.broadcast_shapes(y.shape, *(x.shape for x in xs))
    except ValueError as err:
        raise ValueError(
            f"outcome and columns must have one number per person each, got shapes {y.shape} and "
            f"{[x.shape for x in xs]}"
        ) from err
    if not shape or any(x.shape[-1:] != shape[-1:] for x in (y, *xs)):
        raise ValueError(f"people must be the last axis of all arrays, {shape[-1:]} long")
    known = ~np.isnan(y)
    for x in xs:
        known = known & ~np.isnan(x)
    everybody = bool(known.all())
    used = np.broadcast_to(known, shape)
    n = np.broadcast_to(known.sum(axis=-1), shape[:-1]).astype(np.float64)

    def centre(values: Floats) -> tuple[Floats, Floats]:
        if everybody:
            mean = values.mean(axis=-1)
            return mean, values - mean[..., None]
        kept = np.where(known, values, 0.0)
        mean = quotient(kept.sum(axis=-1), known.sum(axis=-1))
        return mean, np.where(known, kept - mean[..., None], 0.0)

    mean_y, dy = centre(y)
    means, ds = [], []
    for x in xs:
        mean, d = centre(x)
        means.append(np.broadcast_to(mean, shape[:-1]))
        ds.append(d)
    if not np.isfinite(dy).all() or not all(np.isfinite(d).all() for d in ds):
        raise ValueError("the outcome or a column holds an infinite number; correct or empty it")
    k = len(xs)
    scale = [np.sqrt(_dot(d, d)) for d in ds]
    gram = np.zeros((*shape[:-1], k, k))
    right = np.zeros((*shape[:-1], k))
    for i in range(k):
        right[..., i] = quotient(_dot(ds[i], dy), scale[i])
        for j in range(i + 1):
            gram[..., i, j] = quotient(_dot(ds[i], ds[j]), scale[i] * scale[j])
    lower, collinear = _cholesky(gram)
    collinear = np.where((collinear < 0) & (n < k + 1), k - 1, collinear)
    root = _inverse(lower)
    inverse = np.swapaxes(root, -1, -2) @ root
    beta = (inverse @ right[..., None])[..., 0]
    residual = np.broadcast_to(dy, shape).copy()
    for step in range(2 if k else 1):
        move = beta if step == 0 else _again(ds, residual, scale, inverse)
        if step:
            beta = beta + move
        for i in range(k):
            residual -= quotient(move[..., i], scale[i])[..., None] * ds[i]
    size = np.stack([np.broadcast_to(s, shape[:-1]) for s in scale], axis=-1) if k else beta
    good = (collinear < 0)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        coef = np.where(good, beta / size, np.nan)
        cov = np.where(good[..., None], inverse / (size[..., None] * size[..., None, :]), np.nan)
    return LinearFit(
        coef=coef, cov_unscaled=cov, mean_y=np.broadcast_to(mean_y, shape[:-1]),
        mean_x=np.stack(means, axis=-1) if k else coef, residual=residual, centred=tuple(ds),
        used=used, n=n, collinear=collinear,
    )  # fmt: skip


def variances(fit: LinearFit, std_errors: str = "classical") -> tuple[Floats, Floats]:
    """Return the variance of each coefficient and the degrees of freedom that go with it.

    Parameters
    ----------
    fit : LinearFit
        From :func:`least_squares`.
    std_errors : {"classical", "HC0", "HC1", "HC2", "HC3", "HC2-BM"}
        "classical" takes the residual spread as the same for everybody. "HC0" to "HC3" do not, and
        keep the residual degrees of freedom; "HC2-BM" is HC2 with the degrees of freedom of Bell
        and McCaffrey, fewer where few people carry a coefficient.

    Returns
    -------
    variance, df : numpy.ndarray, shape (..., k)
        NaN where somebody is fitted without error (a leverage of 1), for HC2, HC3 and "HC2-BM".

    References
    ----------
    .. [1] MacKinnon JG, White H (1985). Some heteroskedasticity-consistent covariance matrix
       estimators with improved finite sample properties. J Econometrics 29:305-325.
    .. [2] Bell RM, McCaffrey DF (2002). Bias reduction in standard errors for linear regression
       with multi-stage samples. Surv Methodol 28:169-181.

    Examples
    --------
    >>> fit = least_squares([1.0, 2, 3, 5, 9, 13], [[0.0, 0, 0, 1, 1, 1]])
    >>> [round(float(x[0]), 4) for x in variances(fit, "HC2-BM")]  # 3 v 3 people
    [5.6667, 4.0]
    """
    if std_errors == "classical":
        diagonal = np.diagonal(fit.cov_unscaled, axis1=-2, axis2=-1)
        return fit.sigma2[..., None] * diagonal, np.broadcast_to(fit.df[..., None], diagonal.shape)
    if std_errors not in (*ROBUST, "HC2-BM"):
        raise ValueError(
            f"std_errors must be one of {('classical', *ROBUST, 'welch')}, got {std_errors!r}"
        )
    e2 = _squares(fit, std_errors)
    variance, df = [], []
    for weight in _weights(fit):
        a2 = np.square(weight)
        variance.append((a2 * e2).sum(axis=-1))
        df.append(_bell_mccaffrey(fit, a2, leverage(fit)) if std_errors == "HC2-BM" else fit.df)
    if not variance:
        return fit.coef, fit.coef
    spread = np.stack(variance, axis=-1)
    freedom = np.stack(df, axis=-1)
    return spread, np.where(
        np.isnan(spread), np.nan, freedom
    ) if std_errors == "HC2-BM" else freedom


def fitted_at(
    fit: LinearFit, at: npt.ArrayLike, std_errors: str = "classical"
) -> tuple[Floats, Floats]:
    """Return the fitted mean where the columns have given values, and its variance.

    Parameters
    ----------
    fit : LinearFit
        From :func:`least_squares`.
    at : array_like, shape (k,) or (..., k)
        A value for each column; all 0 gives the intercept.
    std_errors : {"classical", "HC0", "HC1", "HC2", "HC3"}
        As :func:`variances`.

    Returns
    -------
    estimate, variance : numpy.ndarray, shape (...)

    Examples
    --------
    >>> fit = least_squares([1.0, 2.0, 4.0, 5.0], [[0.0, 0, 1, 1]])
    >>> [float(x) for x in fitted_at(fit, [0.0])]
    [1.5, 0.25]
    """
    away = np.asarray(at, dtype=np.float64) - fit.mean_x
    estimate = np.asarray(fit.mean_y + (away * fit.coef).sum(axis=-1))
    if std_errors == "classical":
        quadratic = (away[..., None, :] @ fit.cov_unscaled @ away[..., None])[..., 0, 0]
        return estimate, np.asarray(fit.sigma2 * (quotient(1.0, fit.n) + quadratic))
    weight = np.where(fit.used, quotient(1.0, fit.n)[..., None], 0.0)
    for j, own in enumerate(_weights(fit)):
        weight = weight + away[..., j, None] * own
    return estimate, np.asarray((np.square(weight) * _squares(fit, std_errors)).sum(axis=-1))


def clustered_variances(
    fit: LinearFit, cluster: npt.ArrayLike, std_errors: str = "CR2"
) -> tuple[Floats, Floats]:
    """Return variances of coefficients where people of one cluster are alike, and their df.

    Parameters
    ----------
    fit : LinearFit
        From :func:`least_squares`, without leading axes.
    cluster : array_like, shape (n,)
        The cluster of each person, as any label.
    std_errors : {"CR2", "CR1", "CR0"}
        "CR2" corrects for few clusters and has Satterthwaite degrees of freedom. "CR0" is the plain
        sandwich, "CR1" that times G / (G - 1) * (n - 1) / (n - k - 1), both with G - 1.

    Returns
    -------
    variance, df : numpy.ndarray, shape (k,)

    Raises
    ------
    ValueError
        With fewer than 2 clusters, a fit of more than one replicate, or an unknown name.

    References
    ----------
    .. [1] Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance
       estimation and hypothesis testing in fixed effects models. J Bus Econ Stat 36:672-683.

    Examples
    --------
    >>> fit = least_squares([1.0, 2, 3, 5, 9, 13], [[0.0, 1, 0, 1, 0, 1]])
    >>> variance, df = clustered_variances(fit, ["a", "a", "b", "b", "c", "c"], "CR1")
    >>> round(float(variance[0]), 4), float(df[0])
    (0.9722, 2.0)
    """
    if std_errors not in CLUSTERED:
        raise ValueError(f"std_errors must be one of {CLUSTERED}, got {std_errors!r}")
    if fit.residual.ndim != 1:
        raise ValueError("clusters need a fit of one replicate; give arrays with people alone")
    used = fit.used
    _, where = np.unique(np.asarray(cluster)[used], return_inverse=True)
    groups = int(where.max()) + 1 if where.size else 0
    if groups < 2:
        raise ValueError(f"clusters must be 2 or more among the people used, got {groups}")
    e, n, k = fit.residual[used], float(fit.n), fit.coef.size
    weights = [w[used] for w in _weights(fit)]
    if std_errors != "CR2":
        factor = groups / (groups - 1) * (n - 1) / (n - k - 1) if std_errors == "CR1" else 1.0
        total = [np.bincount(where, weights=w * e, minlength=groups) for w in weights]
        variance = np.array([factor * float(t @ t) for t in total])
        return variance, np.full(k, groups - 1.0)
    return _bias_reduced(fit, where, groups, weights, e)


def _bias_reduced(
    fit: LinearFit, where: npt.NDArray[np.intp], groups: int, weights: list[Floats], e: Floats
) -> tuple[Floats, Floats]:
    """CR2: residuals of a cluster times (I - H)^(-1/2) of it, and Satterthwaite's df."""
    used = fit.used
    z = np.column_stack([d[used] for d in map(np.asarray, _wide(fit))])
    hat = 1.0 / float(fit.n) + z @ fit.cov_unscaled @ z.T
    rest = np.eye(e.size) - hat
    k = len(weights)
    scores = np.zeros((k, groups))
    spread = np.zeros((k, groups, e.size))
    for g in range(groups):
        mine = np.flatnonzero(where == g)
        value, vector = np.linalg.eigh(rest[np.ix_(mine, mine)])
        # what the model fits without error in this cluster has no residual to make larger
        root = np.where(value > 1e-9, 1.0 / np.sqrt(np.maximum(value, 1e-9)), 0.0)
        adjust = (vector * root) @ vector.T
        for j, w in enumerate(weights):
            own = adjust @ w[mine]
            scores[j, g] = own @ e[mine]
            spread[j, g] = own @ rest[mine]
    product = spread @ np.swapaxes(spread, -1, -2)
    trace = np.trace(product, axis1=-2, axis2=-1)
    return np.square(scores).sum(axis=1), trace**2 / np.square(product).sum(axis=(-2, -1))


def leverage(fit: LinearFit) -> Floats:
    """Return how far each person's own outcome pulls their fit, 0 to 1; 0 for those not used."""
    ds = _wide(fit)
    total = np.zeros(fit.residual.shape)
    total += quotient(np.ones(fit.n.shape), fit.n)[..., None]
    for i, a in enumerate(ds):
        for j in range(i + 1):
            part = fit.cov_unscaled[..., i, j, None] * a * ds[j]
            total += part if i == j else 2.0 * part
    return np.where(fit.used, total, 0.0)


def t_rows(
    estimate: Floats, variance: Floats, df: Floats, *, conf_level: float = 0.95
) -> dict[str, Floats]:
    """Return standard error, interval, t and p of estimates with a variance and df.

    Examples
    --------
    >>> row = t_rows(np.array(2.0), np.array(1.0), np.array(10.0))
    >>> {name: round(float(x), 4) for name, x in row.items() if name.startswith("conf")}
    {'conf_low': -0.2281, 'conf_high': 4.2281}
    """
    from scipy.special import stdtr, stdtrit

    se = np.sqrt(variance)
    some = np.where(df > 0, df, np.nan)
    half = stdtrit(some, 0.5 + level_between(conf_level) / 2) * se
    t = quotient(estimate, se)
    return {
        "estimate": estimate, "std_error": se, "conf_low": estimate - half,
        "conf_high": estimate + half, "statistic": t, "df": df, "p_value": 2 * stdtr(some, -np.abs(t)),
    }  # fmt: skip


def mean_rows(values: Floats, *, conf_level: float = 0.95) -> dict[str, Floats]:
    """Return the rows of :func:`t_rows` for the mean of each replicate, people with NaN left out.

    Examples
    --------
    >>> row = mean_rows(np.array([[1.0, 2.0, 3.0, np.nan], [0.0, 0.0, 4.0, 4.0]]))
    >>> row["estimate"].tolist(), row["df"].tolist()
    ([2.0, 2.0], [2.0, 3.0])
    """
    fit = least_squares(values, [])
    return t_rows(fit.mean_y, quotient(fit.sigma2, fit.n), fit.df, conf_level=conf_level)


def _weights(fit: LinearFit) -> list[Floats]:
    """Return, for each coefficient, what each person's outcome is multiplied by in it."""
    ds = _wide(fit)
    out = []
    for j in range(len(ds)):
        total = np.zeros(fit.residual.shape)
        for i, d in enumerate(ds):
            total += fit.cov_unscaled[..., j, i, None] * d
        out.append(total)
    return out


def _squares(fit: LinearFit, std_errors: str) -> Floats:
    """Return each person's squared residual, made larger as the name says."""
    e2: Floats = np.square(fit.residual)
    power = {"HC2": 1, "HC2-BM": 1, "HC3": 2}.get(std_errors, 0)
    if power:
        lever = leverage(fit)
        with np.errstate(divide="ignore", invalid="ignore"):
            e2 = np.where(lever > 1.0 - 1e-9, np.nan, e2 / (1.0 - lever) ** power)
    if std_errors == "HC1":
        e2 = e2 * quotient(fit.n, fit.df)[..., None]
    return e2


def _bell_mccaffrey(fit: LinearFit, a2: Floats, lever: Floats) -> Floats:
    """Degrees of freedom of an HC2 variance, if in truth everybody spreads alike."""
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.where(lever > 1.0 - 1e-9, np.nan, a2 / (1.0 - lever))
    u = np.where(fit.used, u, 0.0)
    ds = [np.broadcast_to(quotient(np.ones(fit.n.shape), np.sqrt(fit.n))[..., None], u.shape)]
    # columns whose squares sum to the leverage: those of the fit, made independent
    root = np.linalg.cholesky(
        np.where(np.isnan(fit.cov_unscaled), 0.0, fit.cov_unscaled) + _tiny(fit)
    )
    wide = _wide(fit)
    for j in range(len(wide)):
        total = np.zeros(u.shape)
        for i, d in enumerate(wide):
            total += root[..., i, j, None] * d
        ds.append(total)
    squares = (np.square(u) * ((1.0 - lever) ** 2 - lever**2)).sum(axis=-1)
    for i, a in enumerate(ds):
        for j in range(i + 1):
            cell = np.square((u * a * ds[j]).sum(axis=-1))
            squares = squares + (cell if i == j else 2.0 * cell)
    return quotient(np.square(a2.sum(axis=-1)), squares)


def _tiny(fit: LinearFit) -> Floats:
    """Make an undetermined fit's covariance a matrix that has a root; its answers are NaN anyway."""
    bad = np.asarray(np.isnan(fit.coef).any(axis=-1))
    return np.where(bad[..., None, None], np.eye(fit.coef.shape[-1]), 0.0)


def _wide(fit: LinearFit) -> list[Floats]:
    return [np.where(fit.used, d, 0.0) for d in fit.centred]


def _again(
    ds: Sequence[Floats], residual: Floats, scale: Sequence[Floats], inverse: Floats
) -> Floats:
    left = np.stack(
        [quotient(_dot(d, residual), s) for d, s in zip(ds, scale, strict=True)], axis=-1
    )
    return np.asarray((inverse @ left[..., None])[..., 0])


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...n,...n->...", a, b))


def _cholesky(gram: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Factor correlation matrices; say which column the ones before it determine, -1 for none."""
    k = gram.shape[-1]
    lower = np.zeros_like(gram)
    collinear = np.full(gram.shape[:-2], -1, dtype=np.int64)
    for j in range(k):
        row = lower[..., j, :j]
        left = gram[..., j, j] - np.square(row).sum(axis=-1)
        bad = ~(left > _COLLINEAR)
        collinear = np.where(bad & (collinear < 0), j, collinear)
        root = np.sqrt(np.where(bad, 1.0, left))
        lower[..., j, j] = root
        for i in range(j + 1, k):
            rest = gram[..., i, j] - (lower[..., i, :j] * row).sum(axis=-1)
            lower[..., i, j] = np.where(bad, 0.0, rest) / root
    return np.nan_to_num(lower), collinear


def _inverse(lower: Floats) -> Floats:
    """Invert lower triangles."""
    k = lower.shape[-1]
    out = np.zeros_like(lower)
    for j in range(k):
        out[..., j, j] = 1.0 / lower[..., j, j]
        for i in range(j + 1, k):
            total = (lower[..., i, j:i] * out[..., j:i, j]).sum(axis=-1)
            out[..., i, j] = -total / lower[..., i, i]
    return out
