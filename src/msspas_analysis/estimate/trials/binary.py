"""Yes or no: odds ratios between arms, and the risks that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, proportion_row
from msspas_analysis.estimate.likelihood import (
    Maximum,
    NoMaximumError,
    as_arms,
    as_ratio,
    check_interval,
    method_of,
    model_fit_rows,
    model_rows,
    newton,
    profile_ends,
    refuse_empty_arm,
    refuse_separation,
    runs_off,
    sandwich,
    several_arms,
    wald_row,
)
from msspas_analysis.results import Estimates

_SAMPLE: Final = (
    "Risks are those of these people, each counted in every arm; their intervals take the "
    "covariates as they are."
)


def logistic_fit(
    y: npt.ArrayLike, x: npt.ArrayLike, *, weights: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None, names: Sequence[str] | None = None,
) -> Maximum:  # fmt: skip
    """Fit the log odds of a yes on the columns of `x`.

    Parameters
    ----------
    y : array_like, shape (n,)
        0 or 1.
    x : array_like, shape (n, p)
        Columns, the intercept among them.
    weights, offset : array_like or None, shape (n,)
        How many people a row stands for, and a known part of the log odds.
    names : sequence of str or None
        Of the columns, for errors.

    Returns
    -------
    Maximum
        Of the likelihood of the rows as given.

    Raises
    ------
    NoMaximumError
        If columns separate the yes from the no.
    ValueError
        If all outcomes are the same.

    Examples
    --------
    >>> fit = logistic_fit([1, 0, 0, 1, 1, 0], [[1, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]])
    >>> round(float(np.exp(fit.at[1])), 6)  # odds 2/1 against 1/2
    4.0
    """
    from scipy.special import expit, log_expit

    hit, m = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    w = np.ones(len(hit)) if weights is None else np.asarray(weights, dtype=np.float64)
    o = np.zeros(len(hit)) if offset is None else np.asarray(offset, dtype=np.float64)
    called = [f"column {i}" for i in range(m.shape[1])] if names is None else names
    if not 0 < float(hit @ w) < float(w.sum()):
        raise NoMaximumError("all outcomes are the same; odds are 0 or infinite")
    sign = 2 * hit - 1

    def likelihood(b: Floats) -> tuple[float, Floats, Floats]:
        eta = m @ b + o
        p = expit(eta)
        return (
            float(w @ log_expit(sign * eta)), m.T @ (w * (hit - p)),
            -(m.T * (w * p * (1 - p))) @ m,
        )  # fmt: skip

    try:
        fit = newton(likelihood, np.zeros(m.shape[1]), what="logistic regression")
    except ValueError:
        refuse_separation(runs_off(sign[:, None] * m), called, "the outcome")
        raise
    if (expit(sign * (m @ fit.at + o)) > 1 - 1e-6).any():
        refuse_separation(runs_off(sign[:, None] * m), called, "the outcome")
    return fit


def binary_difference(
    frame: pd.DataFrame, outcome: str, *, arm: str, control: object,
    covariates: Sequence[str] = (), interval: str = "wald", cluster: str | None = None,
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how the odds and the risk of a yes differ between arms, adjusted for covariates.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the arm, the outcome and the covariates; with `cluster`
        several rows of a person.
    outcome : str
        A column of 0 and 1, or of False and True.
    arm : str
        The column with the arm people were allocated to.
    control : object
        The arm all others are compared with, as it is written in that column.
    covariates : sequence of str
        Columns known before treatment, as the terms of :func:`model_rows`.
    interval : {"wald", "profile"}
        How the interval of the odds ratio is made.
    cluster : str or None
        A column; rows with the same value may be alike (repeated outcomes of a person).
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each arm "proportion" (as observed, Wilson) and "risk" (if everybody were in it); for
        each but the control, term "arm - control", "log_odds_ratio", "odds_ratio",
        "risk_difference" and "risk_ratio".

    Raises
    ------
    RowsAreNotPeopleError
        If a person has two rows, without `cluster`.
    NoMaximumError
        If an arm or a covariate separates yes from no, as where nobody in an arm has a yes.
    ValueError
        If a column is absent, the outcome is not 0 and 1, the control is not there, an arm has
        nobody left, or an argument is out of range.

    Notes
    -----
    An odds ratio is further from 1 the more is adjusted for, even in a perfect trial; the risk
    difference is not. It is standardised over the people analysed (g-computation), with the delta
    method and the covariance of the coefficients. A covariate measured after treatment began makes
    both wrong.

    References
    ----------
    .. [1] Localio AR, Margolis DJ, Berlin JA (2007). Relative risks and confidence intervals were
       easily computed indirectly from multivariable logistic regression. J Clin Epidemiol
       60:874-882.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(40), "arm": ["sham"] * 20 + ["foot"] * 20,
    ...     "better": [1] * 5 + [0] * 15 + [1] * 10 + [0] * 10})
    >>> answer = binary_difference(frame, "better", arm="arm", control="sham")
    >>> for measure in ("odds_ratio", "risk_difference"):
    ...     print(measure, round(float(answer.one(measure=measure).estimate), 4))
    odds_ratio 3.0
    risk_difference 0.25
    """
    check_interval(interval, cluster, conf_level)
    coded_frame, arms = as_arms(frame, arm, control, outcome, covariates)
    rows = model_rows(coded_frame, outcome, [arm, *covariates], cluster=cluster)
    refuse_empty_arm(rows, arm, arms, outcome)
    y = _yes_no(rows.frame[outcome], outcome)
    x = np.column_stack([np.ones(len(y)), rows.x])
    names = ["the intercept", *rows.names]
    fit = logistic_fit(y, x, names=names)
    cov = _covariance(fit, y, x, rows.cluster)
    base = {
        "outcome": outcome, "group": "all", "conf_level": conf_level, "n": rows.n,
        "n_missing": rows.n_missing, "method": method_of("logistic regression", covariates, interval,
                                                         cluster),
    }  # fmt: skip
    out: list[dict[str, Any]] = []
    risk, slope = [], []
    for i, label in enumerate(arms):
        inside = (rows.frame[arm] == label).to_numpy()
        if cluster is None:
            out.append(base | proportion_row(int(y[inside].sum()), int(inside.sum()),
                                             conf_level=conf_level)
                       | {"group": str(label), "term": "observed", "n_missing": 0})  # fmt: skip
        everybody = x.copy()
        everybody[:, 1 : len(arms)] = np.arange(1, len(arms)) == i
        p = 1 / (1 + np.exp(-(everybody @ fit.at)))
        risk.append(float(p.mean()))
        slope.append((everybody * (p * (1 - p))[:, None]).mean(axis=0))
        row = wald_row(risk[i], _root(slope[i], cov), conf_level=conf_level)
        row |= {"statistic": np.nan, "p_value": np.nan}  # a test of no risk at all has no sense
        out.append(base | row | {"group": str(label), "term": "standardised", "measure": "risk",
                                 "method": "g-computation, delta method"})  # fmt: skip
    for i, label in enumerate(arms[1:], start=1):
        term = {"term": f"{label} - {control}"}
        row = wald_row(float(fit.at[i]), float(np.sqrt(cov[i, i])), conf_level=conf_level)
        if interval == "profile":
            low, high = _profile(y, x, i, fit, conf_level)
            row |= {"conf_low": low, "conf_high": high}
        out.append(base | row | term | {"measure": "log_odds_ratio"})
        out.append(as_ratio(out[-1], "odds_ratio"))
        how = {"method": "g-computation, delta method"}
        row = wald_row(risk[i] - risk[0], _root(slope[i] - slope[0], cov), conf_level=conf_level)
        out.append(base | row | term | how | {"measure": "risk_difference"})
        se = _root(slope[i] / risk[i] - slope[0] / risk[0], cov)
        row = wald_row(float(np.log(risk[i] / risk[0])), se, conf_level=conf_level)
        out.append(base | as_ratio(row, "risk_ratio") | term | how)
    notes = [f"Compared with {control}: an odds ratio above 1 means more yes.", _SAMPLE]
    return Estimates.from_rows(out, notes=[*notes, *several_arms(arms), *rows.notes])


def logistic_regression(
    frame: pd.DataFrame, outcome: str, *, terms: Sequence[str], interval: str = "wald",
    weights: str | None = None, cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how the odds of a yes go with several columns at once.

    Parameters
    ----------
    frame, outcome, interval, cluster, conf_level
        As in :func:`binary_difference`, with the same errors.
    terms, weights
        As in :func:`model_rows`.

    Returns
    -------
    Estimates
        "log_odds" of the intercept; "log_odds_ratio" and "odds_ratio" of each column;
        "log_likelihood" and "aic", term "model".

    Notes
    -----
    An association, unless a column was allocated by chance.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(8), "stopped": [0, 0, 1, 0, 1, 0, 1, 1],
    ...     "age": [40.0, 45, 50, 52, 55, 60, 66, 70]})
    >>> answer = logistic_regression(frame, "stopped", terms=["age"])
    >>> round(float(answer.one(measure="odds_ratio", term="age").estimate), 4)
    1.1751
    """
    check_interval(interval, cluster, conf_level)
    rows = model_rows(frame, outcome, terms, weights=weights, cluster=cluster)
    y = _yes_no(rows.frame[outcome], outcome)
    x = np.column_stack([np.ones(len(y)), rows.x])
    fit = logistic_fit(y, x, weights=rows.weight, names=["the intercept", *rows.names])
    cov = _covariance(fit, y, x, rows.cluster, rows.weight)
    base = {
        "outcome": outcome, "group": "all", "conf_level": conf_level, "n": rows.n,
        "n_missing": rows.n_missing, "method": method_of("logistic regression", (), interval, cluster),
    }  # fmt: skip
    out: list[dict[str, Any]] = []
    for i, name in enumerate(("intercept", *rows.names)):
        row = wald_row(float(fit.at[i]), float(np.sqrt(cov[i, i])), conf_level=conf_level)
        if interval == "profile":
            low, high = _profile(y, x, i, fit, conf_level, rows.weight)
            row |= {"conf_low": low, "conf_high": high}
        out.append(base | row | {"term": name, "measure": "log_odds_ratio" if i else "log_odds"})
        if i:
            out.append(as_ratio(out[-1], "odds_ratio"))
    out += model_fit_rows(base, fit.log_likelihood, len(fit.at))
    return Estimates.from_rows(out, notes=rows.notes)


def _yes_no(column: pd.Series[Any], outcome: str) -> Floats:
    values = set(column.unique().tolist())
    if not values <= {0, 1}:
        raise ValueError(
            f"{outcome} must hold 0 and 1, or False and True, got {sorted(map(str, values))[:5]}; "
            "make a column that says what counts as a yes"
        )
    return column.to_numpy(dtype=np.float64)


def _covariance(
    fit: Maximum, y: Floats, x: Floats, cluster: Ints | None, weight: Floats | None = None
) -> Floats:
    inverse: Floats = np.linalg.inv(fit.information).astype(np.float64)
    if cluster is None:
        return inverse
    left = y - 1 / (1 + np.exp(-(x @ fit.at)))
    return sandwich(x * (left if weight is None else left * weight)[:, None], inverse, cluster)


def _root(slope: Floats, cov: Floats) -> float:
    return float(np.sqrt(slope @ cov @ slope))


def _profile(
    y: Floats, x: Floats, at: int, fit: Maximum, conf_level: float, weight: Floats | None = None
) -> tuple[float, float]:
    others = np.delete(x, at, axis=1)

    def held(b: float) -> float:
        return logistic_fit(y, others, weights=weight, offset=b * x[:, at]).log_likelihood

    se = float(np.sqrt(np.linalg.inv(fit.information)[at, at]))
    return profile_ends(held, float(fit.at[at]), se, fit.log_likelihood, conf_level=conf_level)
