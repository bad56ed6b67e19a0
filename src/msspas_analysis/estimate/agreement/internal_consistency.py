"""How far the items of a scale measure one thing: Cronbach's alpha and McDonald's omega.

The last two axes of an array of answers are people and items, the axes before are replicates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.agreement.association import person_numbers
from msspas_analysis.estimate.agreement.correlations import correlation_matrix
from msspas_analysis.estimate.agreement.intraclass import intraclass
from msspas_analysis.estimate.intervals import POINT, Floats, level_between
from msspas_analysis.results import Estimates


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Cronbach's alpha of each replicate, with its interval, and that of standardised items."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    standardised: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFactor:
    """One factor behind k items by maximum likelihood.

    ``loadings`` (k,) and ``variances`` (k,), what is left of each item, are in the units of the
    items; ``omega`` is the share of the factor in the variance of their sum.
    """

    loadings: Floats
    variances: Floats
    omega: float
    std_error: float


def cronbach_alpha(items: npt.ArrayLike, *, conf_level: float = 0.95) -> Alpha:
    """Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    items : array_like, shape (..., n, k)
        Answers of n people to k items, each at least 2, no NaN; leading axes are replicates.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Alpha
        Not cut at 0. ``standardised`` is that of items with one variance. NaN where all people have
        the same sum.

    Raises
    ------
    ValueError
        With fewer than 2 people or items, or a level outside (0, 1).

    Notes
    -----
    Alpha is the intraclass correlation of the mean of the items, consistency (form 3,k), and
    Feldt's interval the one that belongs to it.

    References
    ----------
    .. [1] Feldt LS (1965). The approximate sampling distribution of Kuder-Richardson reliability
       coefficient twenty. Psychometrika 30:357-370.

    Examples
    --------
    >>> a = cronbach_alpha([[1, 2, 2], [3, 3, 4], [2, 4, 3], [5, 4, 5]])
    >>> round(float(a.estimate), 4), round(float(a.conf_low), 4), round(float(a.conf_high), 4)
    (0.8963, 0.316, 0.993)
    """
    got = intraclass(items, conf_level=conf_level)
    x = np.asarray(items, dtype=np.float64)
    k = x.shape[-1]
    r = np.full((*x.shape[:-2], k, k), np.nan)
    if x.shape[-2] > 2:
        r = correlation_matrix(np.swapaxes(x, -1, -2))
    mean = (r.sum(axis=(-2, -1)) - k) / (k * (k - 1))
    return Alpha(
        estimate=got.estimate[..., 5], conf_low=got.conf_low[..., 5],
        conf_high=got.conf_high[..., 5], standardised=k * mean / (1 + (k - 1) * mean),
    )  # fmt: skip


def one_factor(items: npt.ArrayLike) -> OneFactor:
    """Fit one factor to the items and take McDonald's omega total from it.

    Parameters
    ----------
    items : array_like, shape (n, k)
        Answers of n people to k items, n > k >= 3, no NaN. One data set: the fit goes step by step.

    Returns
    -------
    OneFactor
        Omega is (sum of loadings) ** 2 / ((sum of loadings) ** 2 + sum of variances). Its standard
        error is that of maximum likelihood with normal answers, expected information and the delta
        method. The sign of the loadings makes their sum positive.

    Raises
    ------
    ValueError
        With fewer than 3 items or too few people, an item without spread, items that determine each
        other, or a fit that leaves an item no variance of its own (then omega does not exist).

    References
    ----------
    .. [1] McDonald RP (1999). Test Theory: A Unified Treatment.
    .. [2] Lawley DN, Maxwell AE (1971). Factor Analysis as a Statistical Method, 2nd ed.

    Examples
    --------
    >>> x = [[1, 2, 2], [3, 3, 4], [2, 3, 1], [5, 4, 5], [4, 3, 5], [2, 1, 3], [4, 5, 5], [3, 2, 2]]
    >>> f = one_factor(x)
    >>> round(f.omega, 4), f.loadings.round(4).tolist()
    (0.8857, [1.197, 0.8354, 1.2531])
    """
    x = np.asarray(items, dtype=np.float64)
    if x.ndim != 2 or x.shape[-1] < 3 or x.shape[0] <= x.shape[-1]:
        raise ValueError(
            f"one factor needs at least 3 items and more people than items, got shape {x.shape} "
            f"(people, items)"
        )
    n, k = x.shape
    d = x - x.mean(axis=0)
    sd = np.sqrt(np.mean(d * d, axis=0))
    if flat := np.flatnonzero(np.ptp(x, axis=0) <= POINT).tolist():
        raise ValueError(f"item(s) {flat} (from 0) are the same for everybody; leave them out")
    r = (d / sd).T @ (d / sd) / n
    if np.linalg.cond(r) > 1e12:
        raise ValueError("some items follow from others; leave one of those out")
    loading, own = _maximum_likelihood(r)
    # the items as they are: loadings and errors in their units
    loading, own = loading * sd, own * sd * sd
    if loading.sum() < 0:
        loading = -loading
    top, rest = float(loading.sum()) ** 2, float(own.sum())
    inverse = np.linalg.inv(np.outer(loading, loading) + np.diag(own))
    slopes = np.zeros((2 * k, k, k))
    i = np.arange(k)
    slopes[i, i] += loading
    slopes[i, :, i] += loading
    slopes[k + i, i, i] = 1
    turned = inverse @ slopes
    information = n / 2 * np.einsum("aij,bji->ab", turned, turned)
    gradient = np.repeat([2 * loading.sum() * rest, -top], k) / (top + rest) ** 2
    variance = float(gradient @ np.linalg.solve(information, gradient))
    return OneFactor(
        loadings=loading,
        variances=own,
        omega=top / (top + rest),
        std_error=float(np.sqrt(variance)),
    )


def internal_consistency(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how far the items of a scale agree with each other.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id`` and a numeric column for each item, all scored in the same
        direction.
    items : sequence of str
        The columns of the items, at least 2. People lacking an answer are in ``n_missing``.
    outcome, group : str
        Labels of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        "cronbach_alpha" (Feldt) and "omega_total" (one factor, maximum likelihood, see
        :func:`one_factor`), both of the sum of the items as they are, and the two of items with one
        variance, "alpha_standardised" and "omega_standardised", without interval.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 2 items or 3 people, an item without spread, absent columns or no numbers,
        or a level outside (0, 1).

    Notes
    -----
    A high figure does not show that the items measure one thing, nor the thing they should; it rises
    with every item added. Alpha is too low where loadings differ, and too high where the errors of
    items go together. Items scored the other way round must be turned first.

    References
    ----------
    .. [1] Feldt LS (1965). The approximate sampling distribution of Kuder-Richardson reliability
       coefficient twenty. Psychometrika 30:357-370.
    .. [2] McDonald RP (1999). Test Theory: A Unified Treatment.

    Examples
    --------
    >>> frame = pd.DataFrame([[1, 2, 2], [3, 3, 4], [2, 3, 1], [5, 4, 5], [4, 3, 5], [2, 1, 3],
    ...     [4, 5, 5], [3, 2, 2]], columns=["a", "b", "c"])
    >>> frame["person_id"] = list("ABCDEFGH")
    >>> answer = internal_consistency(frame, ["a", "b", "c"], outcome="walking")
    >>> answer.table["estimate"].round(4).tolist()
    [0.8731, 0.8857, 0.8785, 0.8856]
    """
    level_between(conf_level)
    names = [items] if isinstance(items, str) else list(items)
    if len(names) < 2 or len(set(names)) != len(names):
        raise ValueError(f"items must be at least 2 different columns, got {names}")
    values = person_numbers(frame, names)
    x = values[~np.isnan(values).any(axis=-1)]
    n, k = x.shape
    if n < 3:
        raise ValueError(
            f"internal_consistency needs at least 3 people with all {k} items, got {n} of "
            f"{len(frame)}"
        )
    flat = [name for name, spread in zip(names, np.ptp(x, axis=0), strict=True) if spread <= POINT]
    if flat:
        raise ValueError(
            f"{', '.join(map(repr, flat))} is the same for all {n} people; an item without spread "
            f"agrees with nothing, so leave it out"
        )
    notes = [f"{k} items: {', '.join(names)}."]
    if len(frame) > n:
        notes.append(f"{len(frame) - n} of {len(frame)} people lack an item and are left out.")
    against = correlation_matrix(x.T).sum(axis=0) - 1
    if turned := [name for name, r in zip(names, against, strict=True) if r < 0]:
        notes.append(
            f"{', '.join(turned)} runs against the other items; if it is scored the other way "
            f"round, turn it first."
        )
    a = cronbach_alpha(x, conf_level=conf_level)
    if np.isnan(a.estimate):
        notes.append("Everybody has the same sum, so alpha does not exist.")
    rows: list[dict[str, Any]] = [
        {
            "measure": "cronbach_alpha", "estimate": float(a.estimate),
            "conf_low": float(a.conf_low), "conf_high": float(a.conf_high), "df": n - 1,
            "conf_level": conf_level, "method": "Cronbach; interval of Feldt (F)",
        },
        _omega(x, conf_level, notes),
        {
            "measure": "alpha_standardised", "estimate": float(a.standardised),
            "method": "from the mean correlation of two items",
        },
    ]  # fmt: skip
    if np.isnan(rows[1]["estimate"]):
        scaled = np.nan
    else:
        scaled = one_factor((x - x.mean(axis=0)) / x.std(axis=0)).omega
    rows.append({
        "measure": "omega_standardised", "estimate": scaled,
        "method": "McDonald, one factor, maximum likelihood, items with one variance",
    })  # fmt: skip
    base = {
        "outcome": outcome, "group": group, "term": f"{k} items", "n": n,
        "n_missing": len(frame) - n,
    }  # fmt: skip
    return Estimates.from_rows([base | row for row in rows], notes=notes)


def _omega(x: Floats, conf_level: float, notes: list[str]) -> dict[str, Any]:
    from scipy.special import ndtri

    row: dict[str, Any] = {
        "measure": "omega_total", "estimate": np.nan,
        "method": "McDonald, one factor, maximum likelihood; interval by the delta method",
    }  # fmt: skip
    try:
        got = one_factor(x)
    except ValueError as error:
        notes.append(f"omega_total is empty: {error}.")
        return row
    half = float(ndtri(0.5 + conf_level / 2)) * got.std_error
    if got.omega + half > 1:
        notes.append("The interval of omega_total reaches beyond 1: there are few people for it.")
    return row | {
        "estimate": got.omega, "std_error": got.std_error, "conf_low": got.omega - half,
        "conf_high": got.omega + half, "conf_level": conf_level,
    }  # fmt: skip


def _maximum_likelihood(r: Floats) -> tuple[Floats, Floats]:
    """Return loadings and own variances of one factor behind a correlation matrix.

    The likelihood is maximised over the loadings for given own variances in closed form, and over
    the logs of those by search (Lawley and Maxwell 1971), then by Newton steps on its slope.
    """
    from scipy.optimize import minimize, root

    k = len(r)

    def fit(log_own: Floats) -> tuple[Floats, Floats, float]:
        scale = np.exp(-log_own / 2)
        values, vectors = np.linalg.eigh(scale[:, None] * r * scale)
        loading = np.sqrt(max(values[-1] - 1, 0.0)) * vectors[:, -1] / scale
        return loading, np.exp(log_own), float(np.sum(values[:-1] - np.log(values[:-1]))) - (k - 1)

    def slope(log_own: Floats) -> Floats:
        loading, own, _ = fit(log_own)
        out: Floats = (loading**2 + own - np.diag(r)) / own
        return out

    def both(log_own: Floats) -> tuple[float, Floats]:
        return fit(log_own)[2], slope(log_own)

    least = float(np.log(1e-4))
    start = -np.log(np.diag(np.linalg.inv(r))) + np.log(1 - 0.5 / k)
    found = minimize(
        both, start, jac=True, method="L-BFGS-B", bounds=[(least, 0.0)] * k,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 10_000},
    )  # fmt: skip
    polished = root(slope, found.x, tol=1e-13)
    at = np.asarray(polished.x, dtype=np.float64)
    if np.any(found.x <= least + 1e-6) or np.abs(slope(at)).max() > 1e-8 or np.any(at <= least):
        raise ValueError(
            "the best fit leaves an item no variance of its own, or there is no best fit: one "
            "factor does not describe these items"
        )
    loading, own, _ = fit(at)
    return loading, own
