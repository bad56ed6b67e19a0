"""Several ratings of the same people: linear models with people as fixed or as random.

Both are kernels: the leading axes are replicates, the last axis is rows, one per person and
occasion, and which rows there are is the same in every replicate.

References
----------
.. [1] Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum
   likelihood. Biometrics 53:983-997.
.. [2] Giesbrecht FG, Burns JC (1985). Two-stage analysis based on a mixed model: large-sample
   asymptotic theory and small-sample simulation results. Biometrics 41:477-486.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import POINT, Floats

SmallSample = Literal["satterthwaite", "kenward-roger"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """A linear model with people as fixed or random; p coefficients on the last axis.

    Parameters
    ----------
    coef, std_error, df : numpy.ndarray, shape (..., p)
        Coefficients of the design, their standard errors and degrees of freedom.
    sd_within, sd_between : numpy.ndarray, shape (...)
        Standard deviations within and between people; the second is NaN with fixed people.
    criterion : numpy.ndarray, shape (...)
        -2 restricted log-likelihood; NaN with fixed people.
    """

    coef: Floats
    std_error: Floats
    df: Floats
    sd_within: Floats
    sd_between: Floats
    criterion: Floats


def _centred(x: Floats, member: Floats) -> Floats:
    """Take each person's mean away; rows on the last axis, `member` one row per person."""
    mean = (x @ member.T) / member.sum(axis=-1)
    return np.asarray(x - mean @ member)


def _estimable(x: Floats) -> None:
    rank = int(np.linalg.matrix_rank(x))
    if rank < x.shape[-1]:
        raise ValueError(
            f"{x.shape[-1]} differences are asked for and these people can tell {rank} apart: "
            f"treatment and period go together; each treatment must be seen in several periods"
        )


def fixed_people(values: npt.ArrayLike, design: npt.ArrayLike, person: npt.ArrayLike) -> People:
    """Fit a linear model with a constant for each person, by least squares.

    Parameters
    ----------
    values : array_like, shape (..., N)
        Outcome, one number per person and period, no NaN.
    design : array_like, shape (N, p)
        Columns that vary within people, without a constant.
    person : array_like of int, shape (N,)
        Whose row it is.

    Returns
    -------
    People
        People with one row add nothing.

    Raises
    ------
    ValueError
        If the columns cannot be told apart within people, or no degree of freedom is left.

    Examples
    --------
    >>> fit = fixed_people([3, 5, 4, 7, 6, 5, 5, 3.0],
    ...     [[0, 1], [1, 0], [0, 1], [1, 0], [0, 0], [1, 1], [0, 0], [1, 1]],
    ...     [0, 0, 1, 1, 2, 2, 3, 3])
    >>> fit.coef.round(12).tolist(), fit.df.tolist()
    ([0.5, -2.0], [2.0, 2.0])
    """
    y, x = np.asarray(values, np.float64), np.asarray(design, np.float64)
    ids = np.unique(np.asarray(person))
    member = (np.asarray(person) == ids[:, None]).astype(np.float64)
    y, x = _centred(y, member), _centred(x.T, member).T
    _estimable(x)
    df = len(x) - len(ids) - x.shape[1]
    if df < 1:
        raise ValueError(f"{len(x)} rows of {len(ids)} people leave no degree of freedom")
    inverse = np.linalg.inv(x.T @ x)
    coef = y @ x @ inverse
    variance = np.square(y - coef @ x.T).sum(axis=-1) / df
    empty = np.full(variance.shape, np.nan)
    return People(
        coef=coef, std_error=np.sqrt(variance[..., None] * np.diag(inverse)),
        df=np.full(coef.shape, float(df)), sd_within=np.sqrt(variance), sd_between=empty,
        criterion=empty,
    )  # fmt: skip


def random_people(
    values: npt.ArrayLike,
    design: npt.ArrayLike,
    person: npt.ArrayLike,
    *,
    small_sample: SmallSample = "satterthwaite",
) -> People:
    """Fit a linear model with a random level for each person, by REML.

    The variance ratio is the root of the profile score, so no optimiser has to be trusted. A
    person's rows fall into a mean and what is around it, of variance ``within + k between`` and
    ``within``; only sums over people with equally many rows k are needed.

    Parameters
    ----------
    values : array_like, shape (..., N)
        Outcome, one number per person and period, no NaN.
    design : array_like, shape (N, p)
        Columns of the fixed part, with the constant.
    person : array_like of int, shape (N,)
        Whose row it is.
    small_sample : {"satterthwaite", "kenward-roger"}
        Degrees of freedom; the second widens the standard errors too.

    Returns
    -------
    People
        Where the variance between people is 0, Satterthwaite's degrees of freedom are N - p.

    Raises
    ------
    ValueError
        If columns cannot be told apart, or everybody has one row.

    Examples
    --------
    >>> fit = random_people([3, 5, 4, 7, 6, 5, 5, 3.0],
    ...     [[1, 0, 1], [1, 1, 0]] * 2 + [[1, 0, 0], [1, 1, 1]] * 2, [0, 0, 1, 1, 2, 2, 3, 3])
    >>> fit.coef.round(9).tolist()
    [5.5, 0.5, -2.0]
    """
    y, x = np.asarray(values, np.float64), np.asarray(design, np.float64)
    ids = np.unique(np.asarray(person))
    member = (np.asarray(person) == ids[:, None]).astype(np.float64)
    size = member.sum(axis=-1)
    _estimable(x)
    rows, p = x.shape
    if rows == len(ids) or rows <= p + 1:
        raise ValueError(f"{rows} rows of {len(ids)} people cannot tell within from between them")
    start = y @ np.linalg.pinv(x).T
    y = y - start @ x.T  # so that the residual sum of squares is no difference of large numbers
    k = np.concatenate([[0.0], np.unique(size)])
    often = np.concatenate([[rows - len(ids)], [float((size == j).sum()) for j in k[1:]]])
    pick = [(size == j)[:, None] * member / np.sqrt(size)[:, None] for j in k[1:]]
    xs = [_centred(x.T, member).T, *(one @ x for one in pick)]
    ys = [_centred(y, member), *(y @ one.T for one in pick)]
    xx = np.stack([one.T @ one for one in xs])
    xy = np.stack([b @ a for a, b in zip(xs, ys, strict=True)], axis=-2)
    yy = np.stack([np.square(b).sum(axis=-1) for b in ys], axis=-1)

    def at(ratio: Floats, power: int, *, between: int = 0) -> tuple[Floats, Floats, Floats]:
        weight = k**between / (1 + ratio[..., None] * k) ** power
        return (np.einsum("...k,kij->...ij", weight, xx),
                np.einsum("...k,...kj->...j", weight, xy), (weight * yy).sum(axis=-1))  # fmt: skip

    def residual(ratio: Floats, beta: Floats, power: int, *, between: int = 0) -> Floats:
        a, b, c = at(ratio, power, between=between)
        return np.asarray(c - 2 * (b * beta).sum(-1) + np.einsum("...i,...ij,...j", beta, a, beta))

    def fitted(ratio: Floats) -> tuple[Floats, Floats, Floats]:
        a, b, _ = at(ratio, 1)
        beta: Floats = np.asarray(np.linalg.solve(a, b[..., None])[..., 0], np.float64)
        return beta, a, residual(ratio, beta, 1)

    def deviance(ratio: Floats) -> Floats:
        _, a, rss = fitted(ratio)
        log_w = (often * np.log1p(ratio[..., None] * k)).sum(axis=-1)
        free = rows - p
        return np.asarray(
            log_w + np.linalg.slogdet(a)[1] + free * (1 + np.log(2 * np.pi * rss / free))
        )

    def slope(ratio: Floats) -> Floats:
        beta, a, rss = fitted(ratio)
        up = (often * k / (1 + ratio[..., None] * k)).sum(axis=-1)
        lost = np.trace(np.linalg.solve(a, at(ratio, 2, between=1)[0]), axis1=-2, axis2=-1)
        return np.asarray(up - lost - (rows - p) * residual(ratio, beta, 2, between=1) / rss)

    if np.any(fitted(np.zeros(y.shape[:-1]))[2] <= POINT**2):
        raise ValueError("the outcome has no spread once treatment and period are taken out")
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 61)])
    best = np.argmin(deviance(np.multiply.outer(grid, np.ones(y.shape[:-1]))), axis=0)
    low = grid[np.maximum(best - 1, 0)] * np.ones(y.shape[:-1])
    high = grid[np.minimum(best + 1, len(grid) - 1)] * np.ones(y.shape[:-1])
    low = np.where((best == 1) & (slope(low) >= 0), grid[1] / 1e6, low)
    for _ in range(60):
        middle = (low + high) / 2
        rising = slope(middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    ratio = (low + high) / 2
    none = (best == 0) & (slope(np.zeros_like(ratio)) >= 0)
    ratio = np.where(none, 0.0, ratio)

    beta, a, rss = fitted(ratio)
    s2 = rss / (rows - p)
    phi = np.linalg.inv(a)  # times s2: the covariance of the coefficients
    info_o, info_e = np.empty((*ratio.shape, 2, 2)), np.empty((*ratio.shape, 2, 2))
    first = [at(ratio, 2, between=j)[0] for j in (1, 0)]
    score = [
        at(ratio, 2, between=j)[1] - np.einsum("...ij,...j->...i", m, beta)
        for j, m in zip((1, 0), first, strict=True)
    ]
    for i in range(2):
        for j in range(2):
            power = 2 - i - j
            w = k**power / (1 + ratio[..., None] * k) ** 2
            trace = (often * w).sum(-1) - 2 * np.trace(
                phi @ at(ratio, 3, between=power)[0], axis1=-2, axis2=-1
            ) + np.trace(phi @ first[i] @ phi @ first[j], axis1=-2, axis2=-1)  # fmt: skip
            square = residual(ratio, beta, 3, between=power)
            square = square - np.einsum("...i,...ij,...j", score[i], phi, score[j])
            info_e[..., i, j] = trace / 2 / s2**2
            info_o[..., i, j] = square / s2**3 - trace / 2 / s2**2
    expected = small_sample == "kenward-roger"
    spread = np.linalg.inv(np.where(none[..., None, None] | expected, info_e, info_o))
    bend = [phi @ m @ phi for m in first]  # change of the covariance with each variance
    g = np.stack([np.diagonal(b, axis1=-2, axis2=-1) for b in bend], axis=-1)
    plain = s2[..., None] * np.diagonal(phi, axis1=-2, axis2=-1)
    df = 2 * np.square(plain) / np.einsum("...ji,...ik,...jk->...j", g, spread, g)
    variance = plain
    if expected:
        extra = np.zeros_like(phi)
        for i in range(2):
            for j in range(2):
                q = at(ratio, 3, between=2 - i - j)[0] - first[i] @ phi @ first[j]
                extra = extra + (spread[..., i, j] / s2)[..., None, None] * (phi @ q @ phi)
        variance = plain + 2 * np.diagonal(extra, axis1=-2, axis2=-1)
    else:
        df = np.where(none[..., None], float(rows - p), df)
    return People(
        coef=start + beta, std_error=np.sqrt(variance), df=df, sd_within=np.sqrt(s2),
        sd_between=np.sqrt(s2 * ratio), criterion=deviance(ratio),
    )  # fmt: skip
