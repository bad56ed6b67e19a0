"""Maximum likelihood by Newton's method: the columns of a model, whether a maximum exists, its rows.

Shared by the models of a yes or no (:mod:`~msspas_analysis.estimate.trials.binary`), of ordered levels
(:mod:`~msspas_analysis.estimate.trials.ordinal`) and of counts (:mod:`~msspas_analysis.estimate.trials.counts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, level_between
from msspas_analysis.estimate.people import arms_of, coded, collinear, need, numbers, one_row_each

INTERVALS: Final = ("wald", "profile")
"""Intervals of an odds ratio: estimate and standard error, or the likelihood itself."""

_CLUSTERS: Final = (
    "Standard errors are the cluster-robust sandwich without a small-sample factor: with few "
    "clusters (fewer than about 40) they are too small."
)

Likelihood = Callable[[Floats], tuple[float, Floats, Floats]]


class NoMaximumError(ValueError):
    """The likelihood has no maximum: some coefficient would be infinite (separation)."""


class NotAtMaximumError(ValueError):
    """The search ended below the maximum; `at` and `information` say where it stood."""

    def __init__(self, message: str, *, at: Floats, information: Floats) -> None:
        super().__init__(message)
        self.at, self.information = at, information


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maximum:
    """Where a likelihood is largest.

    Parameters
    ----------
    at : numpy.ndarray, shape (p,)
        The parameters.
    log_likelihood : float
        Its logarithm there.
    information : numpy.ndarray, shape (p, p)
        Minus the second derivatives there.
    steps : int
        How many Newton steps it took.
    """

    at: Floats
    log_likelihood: float
    information: Floats
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The complete rows of a table, as a model needs them; sorted, so that their order is gone.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows themselves.
    x : numpy.ndarray, shape (n, p)
        Columns of the model, without an intercept.
    names : tuple of str
        What they are called.
    owner : numpy.ndarray of int, shape (p,)
        To which term each belongs.
    weight : numpy.ndarray, shape (n,)
        How many people a row stands for.
    cluster : numpy.ndarray of int or None, shape (n,)
        Which rows may be alike.
    n, n_missing : int
        People with a complete row, and people without one.
    notes : tuple of str
        What was left out.
    """

    frame: pd.DataFrame
    x: Floats
    names: tuple[str, ...]
    owner: Ints
    weight: Floats
    cluster: Ints | None
    n: int
    n_missing: int
    notes: tuple[str, ...]


def model_rows(
    frame: pd.DataFrame, outcome: str, terms: Sequence[str], *, also: Sequence[str] = (),
    weights: str | None = None, cluster: str | None = None,
) -> Rows:  # fmt: skip
    """Return the complete rows of a table with the terms as numeric columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person (``person_id``); with `cluster` several rows of a person, with `weights`
        one row for several people alike.
    outcome : str
        A row without it is left out.
    terms : sequence of str
        Numeric columns as they are; words, categories and yes/no as one column for each value but
        the first (sorted, or in the order of a pandas category); ``"a:b"`` multiplies two terms.
    also : sequence of str
        Further columns a complete row must have.
    weights : str or None
        A column of whole numbers: how many people a row stands for.
    cluster : str or None
        A column; rows with the same value may be alike.

    Returns
    -------
    Rows
        With `cluster`, ``n`` counts people by ``person_id`` if there is such a column, else
        clusters; with `weights` it is their sum.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has two rows, without `cluster` and `weights`.
    ValueError
        If a column is absent, nobody is complete, weights are not whole numbers of 0 or more, or a
        column is constant or determined by others.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "age": [40.0, 50, 61, None],
    ...     "sex": ["m", "f", "m", "f"], "better": [0, 1, 1, 1]})
    >>> rows = model_rows(frame, "better", ["sex", "age"])
    >>> rows.names, rows.x.tolist(), rows.n_missing
    (('sex: m', 'age'), [[1.0, 40.0], [0.0, 50.0], [1.0, 61.0]], 1)
    """
    simple = [name for term in terms for name in parts_of(frame, term)]
    extra = [name for name in (weights, cluster) if name is not None]
    needed = list(dict.fromkeys([outcome, *simple, *also, *extra]))
    if weights is None and cluster is None:
        table = one_row_each(frame, needed)
    else:
        need(frame, needed)
        table = frame.reset_index(drop=True)
    count = np.ones(len(table))
    if weights is not None:
        count = numbers(table, weights)
        if np.isnan(count).any() or (count < 0).any() or (count % 1).any():
            raise ValueError(
                f"weights {weights!r} must be whole numbers of 0 or more, none missing"
            )
    complete = table[needed].notna().all(axis=1).to_numpy() & (count > 0)
    if not complete.any():
        raise ValueError(f"nobody has {', '.join(needed)} all filled in; nothing can be estimated")
    x, names, owner = columns_of(table, terms, used=complete)
    kept, x, count_kept = table.loc[complete], x[complete], count[complete]
    code: Ints | None = None
    if cluster is not None:
        code = pd.factorize(kept[cluster], sort=True)[0].astype(np.int64)
    others = [pd.factorize(kept[name], sort=True)[0] for name in (*also, outcome)]
    order = np.lexsort([count_kept, *([] if code is None else [code]), *x.T[::-1], *others])
    x = x[order]
    _refuse_collinear(x, names)
    notes = []
    if weights is not None:
        n, missing = int(count_kept.sum()), int(count.sum() - count_kept.sum())
    elif cluster is not None:
        unit = "person_id" if "person_id" in table.columns else cluster
        n = int(kept[unit].nunique())
        missing = int(table[unit].nunique()) - n
        if lost := len(table) - len(kept):
            notes.append(f"{lost} of {len(table)} rows are incomplete and are left out.")
        notes.append(_CLUSTERS)
    else:
        n, missing = len(kept), len(table) - len(kept)
    if missing:
        notes.insert(0, f"{missing} people lack the outcome or a term and are left out; that is "
                        "fair only if it is chance who they are.")  # fmt: skip
    return Rows(
        frame=kept.iloc[order].reset_index(drop=True), x=x, names=tuple(names), owner=owner,
        weight=count_kept[order], cluster=None if code is None else code[order], n=n,
        n_missing=missing, notes=tuple(notes),
    )  # fmt: skip


def parts_of(frame: pd.DataFrame, term: str) -> list[str]:
    """Return the columns of a term: itself, or those that ``"a:b"`` multiplies."""
    return [term] if term in frame.columns else term.split(":")


def columns_of(
    table: pd.DataFrame, terms: Sequence[str], *, used: npt.NDArray[np.bool_]
) -> tuple[Floats, list[str], Ints]:
    """Return the terms as numeric columns, their names, and to which term each belongs."""
    if twice := sorted({t for t in terms if list(terms).count(t) > 1}):
        raise ValueError(f"terms name {twice} twice; once is enough")
    names: list[str] = []
    columns: list[Floats] = []
    owner: list[int] = []
    for i, term in enumerate(terms):
        parts = parts_of(table, term)
        if missing := [p for p in parts if len(parts) > 1 and p not in terms]:
            raise ValueError(f"term {term!r} needs {', '.join(map(repr, missing))} as terms too")
        block: list[tuple[str, Floats]] = [("", np.ones(len(table)))]
        for part in parts:
            more = coded(table, part, category=False, used=used)
            block = [(f"{a} * {b}" if a else b, u * v) for a, u in block for b, v in more]
        names += [name for name, _ in block]
        columns += [values for _, values in block]
        owner += [i] * len(block)
    x = np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))
    return x, names, np.array(owner, dtype=np.int64)


def _refuse_collinear(x: Floats, names: Sequence[str]) -> None:
    full = np.column_stack([np.ones(len(x)), x])
    size = np.linalg.norm(full, axis=0)
    if len(x) < full.shape[1]:
        raise ValueError(f"{len(x)} rows are too few for {full.shape[1]} coefficients")
    left = np.abs(np.diag(np.linalg.qr(full / np.where(size > 0, size, 1.0), mode="r")))
    if (left < 1e-9).any():
        raise collinear(names, int(np.argmax(left < 1e-9)) - 1)


# --- maximum likelihood --------------------------------------------------------------------------


def newton(
    likelihood: Likelihood, start: npt.ArrayLike, *, what: str, enough: float = 1e-20
) -> Maximum:
    """Maximise a log likelihood with Newton steps, halved until they climb.

    Parameters
    ----------
    likelihood : callable
        From parameters to the log likelihood (minus infinity where it cannot be), its gradient and
        its second derivatives.
    start : array_like, shape (p,)
        Where to begin; the likelihood must be finite there.
    what : str
        What is fitted, for the error.
    enough : float
        Twice the gain in log likelihood below which to stop; 1e-20 is 1e-10 standard errors.

    Returns
    -------
    Maximum
        Where the next step would gain no more than that.

    Raises
    ------
    NotAtMaximumError
        If it does not converge.
    ValueError
        If the likelihood is not finite at the start.

    Examples
    --------
    >>> best = newton(lambda b: (float(-(b - 3.0) @ (b - 3.0)), -2 * (b - 3.0), -2 * np.eye(1)),
    ...     [0.0], what="a parabola")
    >>> best.at.tolist(), best.steps
    ([3.0], 1)
    """
    at = np.asarray(start, dtype=np.float64)
    value, slope, curve = likelihood(at)
    if not np.isfinite(value):
        raise ValueError(f"{what}: the likelihood is not finite where the search begins")
    for done in range(300):
        size = np.sqrt(np.maximum(np.abs(np.diag(curve)), 1e-300))
        root, axes = np.linalg.eigh(-curve / np.outer(size, size))
        # where it curves the wrong way, climb as far as the same curve the right way would go
        root = np.maximum(np.abs(root), 1e-13 * np.abs(root).max(initial=1e-300))
        step = (axes @ ((axes.T @ (slope / size)) / root)) / size
        gain = float(slope @ step)
        if gain < enough:
            return Maximum(at=at, log_likelihood=value, information=-curve, steps=done)
        slack = 1e-13 * (1 + abs(value)) if gain < 1e-8 else 0.0  # the rounding of a long sum
        for half in range(50):
            new = at + step * 0.5**half
            there = likelihood(new)
            if np.isfinite(there[0]) and there[0] >= value - slack:
                break
        else:
            break
        at, (value, slope, curve) = new, there
    raise NotAtMaximumError(
        f"{what}: the likelihood was not at its maximum after {done + 1} steps; a coefficient may "
        "be infinite: look for values with no or only one kind of outcome, or leave terms out",
        at=at, information=-curve,
    )  # fmt: skip


def runs_off(at_least: Floats, equal: Floats | None = None) -> Floats | None:
    """Return a direction in which a likelihood climbs for ever, or None where it has a maximum.

    Parameters
    ----------
    at_least : numpy.ndarray, shape (m, p)
        Rows whose product with the direction must not be negative.
    equal : numpy.ndarray or None, shape (k, p)
        Rows whose product must be 0.

    Returns
    -------
    numpy.ndarray or None, shape (p,)
        The direction, with largest entry 1.

    References
    ----------
    .. [1] Albert A, Anderson JA (1984). On the existence of maximum likelihood estimates in
       logistic regression models. Biometrika 71:1-10.

    Examples
    --------
    >>> runs_off(np.array([[1.0, 1], [1, 2], [-1, 0]]))  # the last outcome breaks the rule
    array([0., 1.])
    >>> runs_off(np.array([[1.0, 1], [-1, -1], [1, 2], [-1, -2]])) is None
    True
    """
    from scipy.optimize import linprog

    size = np.abs(at_least).max(axis=0, initial=0.0)
    if equal is not None:
        size = np.maximum(size, np.abs(equal).max(axis=0, initial=0.0))
    size = np.where(size > 0, size, 1.0)
    rows = np.unique(at_least / size, axis=0)
    same = None if equal is None or not len(equal) else np.unique(equal / size, axis=0)
    found: Any = linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), A_eq=same,
        b_eq=None if same is None else np.zeros(len(same)), bounds=(-1, 1), method="highs",
    )  # fmt: skip
    if found.status != 0 or -found.fun < 1e-7:
        return None
    direction: Floats = np.where(np.abs(found.x) > 1e-9, found.x, 0.0) / size
    return np.asarray(direction / np.abs(direction).max())


def refuse_separation(direction: Floats | None, names: Sequence[str], outcome: str) -> None:
    """Raise :class:`NoMaximumError` with the names of the columns that separate, if any do."""
    if direction is None:
        return
    guilty = [name for name, d in zip(names, direction, strict=True) if d]
    raise NoMaximumError(
        f"{outcome} is separated by {', '.join(guilty) or 'the intercept'}: a value of it goes with "
        "one kind of outcome only, so a coefficient is infinite and has no Wald interval; join "
        "values, leave the term out, or compare two proportions exactly"
    )


def profile_ends(
    log_likelihood: Callable[[float], float], hat: float, std_error: float, best: float,
    *, conf_level: float,
) -> tuple[float, float]:  # fmt: skip
    """Return where the profile log likelihood has fallen by half a chi-square quantile.

    Parameters
    ----------
    log_likelihood : callable
        From a fixed value of the coefficient to the largest log likelihood with it.
    hat, std_error : float
        Estimate and Wald standard error.
    best : float
        The largest log likelihood.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : float
        Ends of the interval.

    Examples
    --------
    >>> low, high = profile_ends(lambda b: -0.5 * b * b, 0.0, 1.0, 0.0, conf_level=0.95)
    >>> round(low, 6), round(high, 6)
    (-1.959964, 1.959964)
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level_between(conf_level) / 2))

    def above(b: float) -> float:
        return log_likelihood(b) - best + z * z / 2

    ends = []
    for side in (-1.0, 1.0):
        near, far = hat, hat + side * z * std_error
        while above(far) > 0:
            near, far = far, far + 0.5 * (far - hat)
        # 1e-12 of a standard error: the likelihood itself is not known better
        ends.append(float(brentq(above, near, far, xtol=1e-12 * std_error, rtol=1e-14)))
    return ends[0], ends[1]


def sandwich(scores: Floats, inverse: Floats, cluster: Ints | None) -> Floats:
    """Return the robust covariance: scores of people, or of clusters, between two inverses."""
    if cluster is not None:
        total = np.zeros((int(cluster.max()) + 1, scores.shape[1]))
        np.add.at(total, cluster, scores)
        scores = total
    return np.asarray(inverse @ (scores.T @ scores) @ inverse)


def wald_row(
    estimate: float, std_error: float, *, conf_level: float, df: float = np.inf
) -> dict[str, float]:
    """Return estimate, interval, statistic and p; normal, or Student's t with finite `df`."""
    from scipy.special import ndtr, stdtr

    z = estimate / std_error if std_error > 0 else np.nan
    finite = bool(np.isfinite(df))
    return interval_row(estimate, std_error, conf_level=conf_level, df=df) | {
        "statistic": z, "df": df if finite else np.nan,
        "p_value": float(2 * (stdtr(df, -abs(z)) if finite else ndtr(-abs(z)))),
    }  # fmt: skip


def interval_row(
    estimate: float, std_error: float, *, conf_level: float, df: float = np.inf
) -> dict[str, float]:
    """Return what :func:`wald_row` does, without a test."""
    from scipy.special import ndtri, stdtrit

    p = 0.5 + level_between(conf_level) / 2
    half = float(stdtrit(df, p) if np.isfinite(df) else ndtri(p)) * std_error
    return {
        "estimate": estimate, "std_error": std_error, "conf_low": estimate - half,
        "conf_high": estimate + half, "conf_level": conf_level,
    }  # fmt: skip


def as_ratio(row: dict[str, Any], measure: str) -> dict[str, Any]:
    """Return a row on the log scale as a ratio; the ratio has no standard error of its own."""
    ends = {k: float(np.exp(row[k])) for k in ("estimate", "conf_low", "conf_high")}
    return row | ends | {"measure": measure, "std_error": np.nan}


def chi_row(statistic: float, df: float) -> dict[str, float]:
    """Return a likelihood-ratio statistic as a row; below 0 by rounding is 0."""
    from scipy.special import chdtrc

    value = max(statistic, 0.0)
    return {"estimate": value, "statistic": value, "df": df, "p_value": float(chdtrc(df, value))}


# --- what the faces share ------------------------------------------------------------------------


def as_arms(
    frame: pd.DataFrame, arm: str, control: object, outcome: str, covariates: Sequence[str]
) -> tuple[pd.DataFrame, list[Any]]:
    """Return the table with the arm as a category, the control first, and the arms."""
    need(frame, [part for name in (arm, outcome, *covariates) for part in parts_of(frame, name)])
    arms = arms_of(frame, arm, control)
    for label in arms if frame[outcome].notna().any() else []:
        if frame.loc[frame[arm] == label, outcome].isna().all():
            raise _nobody(label, outcome)
    return frame.assign(**{arm: pd.Categorical(frame[arm], categories=arms)}), arms


def refuse_empty_arm(rows: Rows, arm: str, arms: Sequence[Any], outcome: str) -> None:
    """Raise unless every arm has somebody left."""
    for label in arms:
        if not (rows.frame[arm] == label).any():
            raise _nobody(label, f"{outcome} and every covariate")


def _nobody(label: Any, what: str) -> ValueError:
    return ValueError(f"arm {label!r} has nobody with {what}, so it cannot be compared")


def several_arms(arms: Sequence[Any]) -> list[str]:
    """Say that p-values of several comparisons are as they are."""
    if len(arms) < 3:
        return []
    return [
        f"{len(arms) - 1} arms are compared with {arms[0]}; p-values are not adjusted for that."
    ]


def method_of(model: str, covariates: Sequence[str], interval: str, cluster: str | None) -> str:
    """Word what was done."""
    adjusted = f", adjusted for {', '.join(covariates)}" if covariates else ""
    if cluster is not None:
        return f"{model}{adjusted}; robust to clusters ({cluster}), CR0"
    return f"{model}{adjusted}; {'profile likelihood' if interval == 'profile' else 'Wald'}"


def model_fit_rows(
    base: dict[str, Any], log_likelihood: float, parameters: int
) -> list[dict[str, Any]]:
    """Return the log likelihood (``df`` parameters) and Akaike's criterion as rows."""
    told = {"log_likelihood": log_likelihood, "aic": 2 * parameters - 2 * log_likelihood}
    return [
        base | {"term": "model", "measure": measure, "estimate": value, "df": parameters,
                "conf_level": np.nan}
        for measure, value in told.items()
    ]  # fmt: skip


def check_interval(interval: str, cluster: str | None, conf_level: float) -> None:
    """Raise unless level and kind of interval are known and go with the clusters."""
    level_between(conf_level)
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {INTERVALS}, got {interval!r}")
    if interval == "profile" and cluster is not None:
        raise ValueError("a profile interval takes rows as independent; with cluster use 'wald'")
