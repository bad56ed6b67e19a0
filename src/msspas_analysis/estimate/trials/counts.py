"""Counts, such as spasms or falls: how their rate differs between arms, or goes with several columns.

The likelihoods are in :mod:`~msspas_analysis.estimate.trials.count_models`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.likelihood import (
    NoMaximumError,
    Rows,
    as_arms,
    as_ratio,
    chi_row,
    model_fit_rows,
    model_rows,
    refuse_empty_arm,
    sandwich,
    several_arms,
    wald_row,
)  # fmt: skip
from msspas_analysis.estimate.people import numbers
from msspas_analysis.estimate.trials.count_models import (
    Derivatives,
    NoExtraSpreadError,
    RateFit,
    count_derivatives,
    negative_binomial_fit,
    poisson_fit,
    robust_covariance,
    row_scores,
    two_part_fit,
)  # fmt: skip
from msspas_analysis.results import Estimates

__all__ = [
    "MODELS",
    "ROBUST",
    "NoExtraSpreadError",
    "RateFit",
    "TwoArmRates",
    "count_regression",
    "negative_binomial_fit",
    "poisson_fit",
    "rate_ratio",
    "two_arm_rates",
    "two_part_fit",
]

MODELS: Final = (
    "poisson",
    "quasi-poisson",
    "negative binomial",
    "hurdle poisson",
    "hurdle negative binomial",
    "zero-inflated poisson",
    "zero-inflated negative binomial",
)
"""Models of counts; the last four are in two parts."""

ROBUST: Final = ("HC0", "HC1", "HC2", "HC3", "CR0", "CR1")
"""Robust standard errors; those that begin with CR go with clusters."""

_SINGLE: Final = MODELS[:3]


def rate_ratio(
    frame: pd.DataFrame, count: str, *, arm: str, control: object, days: str | None = None,
    covariates: Sequence[str] = (), model: str = "negative binomial", robust: str | None = None,
    cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the ratio of rates between arms from a count for each person.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the arm, the count and the covariates; with `cluster`
        several rows of a person.
    count : str
        A column of whole numbers, 0 or more.
    arm : str
        The column with the arm people were allocated to.
    control : object
        The arm all others are compared with, as it is written in that column.
    days : str or None
        A column: on how many days (or for how long) the count was made, above 0. None takes it as
        the same for all rows, and rates are for each row.
    covariates : sequence of str
        Columns known before treatment: numbers as they are; words, categories and yes/no as one
        column for each value but the first. Take logs of counts before treatment first.
    model : {"negative binomial", "poisson", "quasi-poisson"}
        How counts spread about their mean.
    robust : str or None
        One of :data:`ROBUST`: standard errors that hold if the model of the spread is wrong.
    cluster : str or None
        A column; rows with the same value may be alike. Goes with "CR0" (the default then), without
        a small-sample factor, or "CR1", with the factor g / (g - 1) for g clusters.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each arm "count" (all counts), "days" and "rate" (per day, if everybody were in it); for
        each but the control, term "arm - control", "log_rate_ratio" and "rate_ratio"; and "theta"
        and "log_theta" (negative binomial) or "dispersion" (quasi-Poisson).

    Raises
    ------
    RowsAreNotPeopleError
        If a person has two rows, without `cluster`.
    NoMaximumError
        If an arm or a covariate goes with counts of 0 only.
    NoExtraSpreadError
        If counts spread no more than Poisson counts do, with the negative binomial.
    ValueError
        If a column is absent, counts are not whole numbers, days are not above 0, the control is
        not there, an arm has nobody left, or an argument is out of range.

    Notes
    -----
    Plain Poisson takes every event as independent of the others; counts of people seldom are, and
    its intervals are then too narrow. Days missed must not depend on the count: people who stop
    writing on bad days make rates too low.

    References
    ----------
    .. [1] Keene ON, Jones MRK, Lane PW, Anderson J (2007). Analysis of exacerbation rates in asthma
       and chronic obstructive pulmonary disease: example from the TRISTAN study. Pharm Stat 6:89-97.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(10), "arm": ["sham"] * 5 + ["foot"] * 5,
    ...     "spasms": [8, 2, 11, 0, 9, 3, 1, 6, 0, 5], "days": [7, 7, 7, 6, 7, 7, 7, 5, 7, 7]})
    >>> answer = rate_ratio(frame, "spasms", arm="arm", control="sham", days="days")
    >>> row = answer.one(measure="rate_ratio")
    >>> row.term, round(float(row.estimate), 3)
    ('foot - sham', 0.558)
    """
    if model not in _SINGLE:
        raise ValueError(f"model must be one of {_SINGLE}, got {model!r}; see count_regression")
    coded_frame, arms = as_arms(frame, arm, control, count, covariates)
    also = [] if days is None else [days]
    fitted = _Counts(
        coded_frame, count, [arm, *covariates], also, model, robust, cluster, conf_level
    )
    rows = fitted.rows
    refuse_empty_arm(rows, arm, arms, count)
    for label in arms:
        if fitted.y.any() and not fitted.y[(rows.frame[arm] == label).to_numpy()].any():
            raise NoMaximumError(
                f"arm: {label} has no count above 0, so its rate is 0 and the ratio 0 or infinite; "
                "give both rates with exact intervals instead (rate_interval)"
            )
    seen = np.ones(len(fitted.y)) if days is None else numbers(rows.frame, days)
    if not (seen > 0).all():
        raise ValueError(f"{days} must be above 0 wherever there is a count; got {seen.min():g}")
    fit, cov = fitted.one_part(np.log(seen))
    base, out = fitted.base, []
    per = "a row" if days is None else "a day"
    for i, label in enumerate(arms):
        inside = (rows.frame[arm] == label).to_numpy()
        told = base | {"group": str(label), "method": "sum", "conf_level": np.nan, "n_missing": 0,
                       "n": fitted.people(inside), "term": "observed"}  # fmt: skip
        out.append(told | {"measure": "count", "estimate": float(fitted.y[inside].sum())})
        if days is not None:
            out.append(told | {"measure": "days", "estimate": float(seen[inside].sum())})
        everybody = fitted.x.copy()
        everybody[:, 1 : len(arms)] = np.arange(1, len(arms)) == i
        rate = np.exp(everybody @ fit.coef)
        slope = (everybody * rate[:, None]).sum(axis=0) / rate.sum()
        row = fitted.wald(float(np.log(rate.mean())), float(np.sqrt(slope @ cov @ slope)))
        row |= {"statistic": np.nan, "p_value": np.nan}  # a test of a rate of 1 has no sense
        out.append(as_ratio(row, "rate") | {
            "group": str(label), "term": "standardised",
            "method": f"counts {per}, {fitted.method}; delta method on the log scale",
        })  # fmt: skip
    for i, label in enumerate(arms[1:], start=1):
        row = fitted.wald(float(fit.coef[i]), float(np.sqrt(cov[i, i])))
        row |= {"term": f"{label} - {control}", "measure": "log_rate_ratio"}
        out += [row, as_ratio(row, "rate_ratio")]
    out += fitted.spread_rows(fit)
    notes = [f"Compared with {control}: a rate ratio below 1 means fewer in the named arm."]
    if covariates:
        notes.append("Rates are those of these people, each counted in every arm.")
    return Estimates.from_rows(out, notes=[*notes, *several_arms(arms), *fitted.notes])


def count_regression(
    frame: pd.DataFrame, count: str, *, terms: Sequence[str], zero_terms: Sequence[str] | None = None,
    offset: str | None = None, model: str = "negative binomial", robust: str | None = None,
    cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how counts go with several columns at once.

    Parameters
    ----------
    frame, count, robust, cluster, conf_level
        As in :func:`rate_ratio`, with the same errors; robust standard errors only for models of
        one part.
    terms : sequence of str
        Columns of the model of counts, as the covariates there; ``"a:b"`` multiplies two of them.
    zero_terms : sequence of str or None
        With a model in two parts, the columns of the zero part; None takes `terms`.
    offset : str or None
        A column: the log of the days (or whatever) a row was seen for. In the count part alone.
    model : str
        One of :data:`MODELS`.

    Returns
    -------
    Estimates
        "log_rate" of the intercept; "log_rate_ratio" and "rate_ratio" of each column; of the zero
        part "log_odds", "log_odds_ratio" and "odds_ratio", which are those of any count above 0
        (hurdle) or of a 0 beyond those of the count part (zero-inflated); "theta" and "log_theta",
        or "dispersion"; and, term "model", "deviance", "log_likelihood" and "aic". With the
        negative binomial "overdispersion_test" compares it with Poisson (half of chi-square with 1
        degree of freedom, as theta can be infinite).

    Notes
    -----
    An association, unless a column was allocated by chance. Quasi-Poisson has no likelihood. In the
    negative binomial, standard errors of rate ratios take theta as known.

    References
    ----------
    .. [1] Zeileis A, Kleiber C, Jackman S (2008). Regression models for count data in R. J Stat
       Softw 27(8).

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(8), "falls": [0, 1, 0, 4, 2, 0, 9, 3],
    ...     "years": [1.0, 2, 3, 5, 8, 9, 12, 14]})
    >>> answer = count_regression(frame, "falls", terms=["years"])
    >>> round(float(answer.one(measure="rate_ratio", term="years").estimate), 4)
    1.1966
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {MODELS}, got {model!r}")
    single = model in _SINGLE
    if single and zero_terms is not None:
        raise ValueError(f"zero_terms belong to models in two parts, {MODELS[3:]}, not {model!r}")
    if not single and (robust is not None or cluster is not None):
        raise ValueError(f"robust standard errors are there for {_SINGLE}, not for {model!r}")
    both = list(dict.fromkeys([*terms, *(zero_terms or ())]))
    also = [] if offset is None else [offset]
    fitted = _Counts(frame, count, both, also, model, robust, cluster, conf_level)
    known = np.zeros(len(fitted.y)) if offset is None else numbers(fitted.rows.frame, offset)
    if not single:
        out = fitted.two_parts(known, [both.index(t) for t in terms],
                               [both.index(t) for t in (zero_terms or terms)])  # fmt: skip
        return Estimates.from_rows(out, notes=fitted.notes)
    fit, cov = fitted.one_part(known)
    out = fitted.part_rows(fit.coef, np.sqrt(np.diag(cov)), fitted.rows.names, "rate")
    out += fitted.spread_rows(fit)
    told = fitted.base | {"term": "model", "conf_level": np.nan}
    out.append(told | {"measure": "deviance", "estimate": fit.deviance,
                       "df": len(fitted.y) - len(fit.coef)})  # fmt: skip
    if model != "quasi-poisson":
        out += model_fit_rows(fitted.base, fit.log_likelihood,
                              len(fit.coef) + (model == "negative binomial"))  # fmt: skip
    if model == "negative binomial":
        plain = poisson_fit(fitted.y, fitted.x, offset=known, names=fitted.names)
        row = chi_row(2 * (fit.log_likelihood - plain.log_likelihood), 1.0)
        row["p_value"] /= 2
        out.append(told | row | {"measure": "overdispersion_test", "method": "likelihood ratio "
                                 "against Poisson; half of chi-square, theta at its edge"})  # fmt: skip
    return Estimates.from_rows(out, notes=fitted.notes)


class _Counts:
    """A table ready for a model of counts, and the rows of an answer made of its fit."""

    def __init__(
        self, frame: pd.DataFrame, count: str, terms: Sequence[str], also: Sequence[str], model: str,
        robust: str | None, cluster: str | None, conf_level: float,
    ) -> None:  # fmt: skip
        level_between(conf_level)
        if robust is not None and robust not in ROBUST:
            raise ValueError(f"robust must be None or one of {ROBUST}, got {robust!r}")
        if cluster is not None and robust is None:
            robust = "CR0"
        if (cluster is not None) != (robust or "").startswith("CR"):
            raise ValueError(
                f"robust={robust!r} with cluster={cluster!r}: CR0 and CR1 go with a column of "
                "clusters, HC0 to HC3 go without. (What sandwich::vcovCL calls HC0 has the factor "
                "g / (g - 1) unless told otherwise: that is CR1)"
            )
        if robust is not None and model == "quasi-poisson":
            raise ValueError('quasi-poisson widens by one factor; with robust use model="poisson"')
        self.rows: Rows = model_rows(frame, count, terms, also=also, cluster=cluster)
        self.y = numbers(self.rows.frame, count)
        if (self.y < 0).any() or (self.y % 1).any():
            raise ValueError(f"{count} must hold whole numbers of 0 or more; it is a count")
        self.x = np.column_stack([np.ones(len(self.y)), self.rows.x])
        self.names = ["the intercept", *self.rows.names]
        self.model, self.robust, self.cluster, self.conf_level = model, robust, cluster, conf_level
        self.df, self.dispersion = np.inf, 1.0
        self.notes = list(self.rows.notes)
        self.method = model + (f"; robust, {robust}" if robust else "; Wald")
        if cluster is not None:
            self.method += f", clusters: {cluster}"
        self.base: dict[str, Any] = {
            "outcome": count, "group": "all", "conf_level": conf_level, "n": self.rows.n,
            "n_missing": self.rows.n_missing, "method": self.method,
        }  # fmt: skip

    def people(self, inside: npt.NDArray[np.bool_]) -> int:
        """Count the people of some rows."""
        if self.cluster is None:
            return int(inside.sum())
        unit = "person_id" if "person_id" in self.rows.frame.columns else self.cluster
        return int(self.rows.frame.loc[inside, unit].nunique())

    def wald(self, estimate: float, std_error: float) -> dict[str, Any]:
        """Return a row with its interval."""
        return self.base | wald_row(estimate, std_error, conf_level=self.conf_level, df=self.df)

    def one_part(self, known: Floats) -> tuple[RateFit, Floats]:
        """Fit a model of one part; return it with the covariance asked for."""
        n, p = self.x.shape
        fitter = negative_binomial_fit if self.model == "negative binomial" else poisson_fit
        fit = fitter(self.y, self.x, offset=known, names=self.names)
        if self.model == "quasi-poisson":
            if n <= p:
                raise ValueError(f"{n} rows are too few to judge the spread about {p} coefficients")
            self.df = float(n - p)
            self.dispersion = float(((self.y - fit.mean) ** 2 / fit.mean).sum() / self.df)
            return fit, fit.covariance * self.dispersion
        if self.robust is None:
            return fit, fit.covariance
        if self.robust.startswith("HC"):
            return fit, robust_covariance(fit, self.y, self.x, self.robust)
        cov = sandwich(row_scores(fit, self.y, self.x), fit.covariance, self.rows.cluster)
        groups = 1 if self.rows.cluster is None else int(self.rows.cluster.max()) + 1
        if groups < 2:
            raise ValueError(f"{self.cluster} has one value; there are no clusters to compare")
        if self.robust == "CR1":
            cov = cov * groups / (groups - 1)
        return fit, cov

    def part_rows(
        self, coef: Floats, std_error: Floats, names: Sequence[str], scale: str
    ) -> list[dict[str, Any]]:
        """Return intercept and slopes, as they are and as ratios."""
        out: list[dict[str, Any]] = []
        for i, name in enumerate(("intercept", *names)):
            row = self.wald(float(coef[i]), float(std_error[i])) | {"term": name}
            row["measure"] = f"log_{scale}_ratio" if i else f"log_{scale}"
            out.append(row)
            if i:
                out.append(as_ratio(row, f"{scale}_ratio"))
        return out

    def spread_rows(self, fit: RateFit) -> list[dict[str, Any]]:
        """Return theta or the dispersion."""
        if self.model == "quasi-poisson":
            return [self.base | {
                "term": "model", "measure": "dispersion", "estimate": self.dispersion, "df": self.df,
                "conf_level": np.nan, "method": "Pearson chi-square / degrees of freedom",
            }]  # fmt: skip
        if self.model == "poisson":
            return []
        return self._theta_rows(float(np.log(fit.theta)), fit.theta_se / fit.theta)

    def _theta_rows(self, log_theta: float, std_error: float) -> list[dict[str, Any]]:
        row = self.base | wald_row(log_theta, std_error, conf_level=self.conf_level) | {
            "term": "model", "measure": "log_theta", "statistic": np.nan, "p_value": np.nan,
            "method": f"{self.model}; Wald on the log scale, not robust",
        }  # fmt: skip
        theta = as_ratio(row, "theta")
        return [row, theta | {"std_error": theta["estimate"] * std_error}]

    def two_parts(self, known: Floats, count: list[int], zero: list[int]) -> list[dict[str, Any]]:
        """Fit a model in two parts and return its rows."""
        picked = [np.isin(self.rows.owner, part) for part in (count, zero)]
        names = [[n for n, k in zip(self.rows.names, keep, strict=True) if k] for keep in picked]
        x, z = (self.x[:, np.concatenate([[True], keep])] for keep in picked)
        dispersed = self.model.endswith("negative binomial")
        part = self.model.removesuffix(" negative binomial").removesuffix(" poisson")
        fit = two_part_fit(
            self.y, x, z, part=part, offset=known, dispersed=dispersed,
            names=["the intercept", *names[0]], zero_names=["the intercept", *names[1]],
        )  # fmt: skip
        se, p = np.sqrt(np.diag(fit.covariance)), x.shape[1]
        end = p + z.shape[1]
        out = self.part_rows(fit.at[:p], se[:p], names[0], "rate")
        said = "any count above 0" if part == "hurdle" else "a 0 beyond those of the count part"
        out += [
            row | {"method": f"{self.method}; odds of {said}"}
            for row in self.part_rows(fit.at[p:end], se[p:end], names[1], "odds")
        ]
        if dispersed:
            out += self._theta_rows(float(fit.at[-1]), float(se[-1]))
        return out + model_fit_rows(self.base, fit.log_likelihood, len(fit.at))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoArmRates:
    """Counts of two arms compared; every field has the shape of the leading axes.

    Parameters
    ----------
    log_rate_control, log_rate_treated : numpy.ndarray
        Log rates; minus infinity where an arm has no count above 0.
    log_ratio, std_error : numpy.ndarray
        Treated over control, and its standard error (NaN where it is not finite).
    theta : numpy.ndarray
        Infinite where counts spread no more than Poisson counts: the negative binomial is then its
        own limit, the Poisson.
    log_likelihood : numpy.ndarray
        At the maximum.
    """

    log_rate_control: Floats
    log_rate_treated: Floats
    log_ratio: Floats
    std_error: Floats
    theta: Floats
    log_likelihood: Floats


def two_arm_rates(
    control: npt.ArrayLike, treated: npt.ArrayLike, *, days_control: npt.ArrayLike = 1.0,
    days_treated: npt.ArrayLike = 1.0,
) -> TwoArmRates:  # fmt: skip
    """Fit the negative binomial to two arms without covariates, many replicates at once.

    Parameters
    ----------
    control, treated : array_like, shape (..., n) and (..., m)
        One count per person; leading axes are replicates.
    days_control, days_treated : array_like
        For how long each person was seen, above 0; broadcast.

    Returns
    -------
    TwoArmRates
        One theta for both arms.

    Raises
    ------
    ValueError
        If a count is not a whole number of 0 or more, days are not above 0, or a replicate does not
        converge.

    Examples
    --------
    >>> r = two_arm_rates([[0, 2, 7, 1], [1, 0, 0, 0]], [[0, 3, 12, 5], [0, 0, 0, 0]])
    >>> r.log_ratio.round(4).tolist(), r.theta.round(4).tolist()
    ([0.6931, -inf], [1.0772, inf])
    """
    arms = []
    for y, days in ((control, days_control), (treated, days_treated)):
        k, t = np.broadcast_arrays(np.asarray(y, np.float64), np.asarray(days, np.float64))
        if not (k >= 0).all() or (k % 1).any() or not k.shape or not (t > 0).all():
            raise ValueError("counts must be whole numbers of 0 or more, and days above 0")
        arms.append((k, t))
    lead = np.broadcast_shapes(*(k.shape[:-1] for k, _ in arms))
    (a, s), (b, t) = [
        tuple(np.broadcast_to(v, lead + v.shape[-1:]).reshape(-1, v.shape[-1]) for v in arm)
        for arm in arms
    ]
    y, o = np.concatenate([a, b], axis=1), np.log(np.concatenate([s, t], axis=1))
    late = np.arange(y.shape[1]) >= a.shape[1]
    with np.errstate(divide="ignore"):
        rate = np.log(np.stack([a.sum(axis=1) / s.sum(axis=1), b.sum(axis=1) / t.sum(axis=1)], -1))
    mu = np.exp(o + rate[:, late.astype(int)])
    extra = ((y - mu) ** 2 - y).sum(axis=1)
    more = extra > 1e-9 * y.sum(axis=1)
    tau = np.full(len(y), np.inf)
    tau[more] = np.log((mu[more] ** 2).sum(axis=1) / extra[more])
    _climb(y, o, late, rate, tau, more)
    from scipy.special import gammaln, xlogy

    mu = np.exp(o + rate[:, late.astype(int)])
    value = (xlogy(y, mu) - mu - gammaln(y + 1)).sum(axis=1)
    weight = mu.copy()
    if more.any():
        here = np.maximum(o[more] + rate[more][:, late.astype(int)], -700)
        value[more] = count_derivatives(y[more], here, tau[more][:, None]).value.sum(axis=1)
        weight[more] = mu[more] / (1 + mu[more] / np.exp(tau[more])[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(1 / weight[:, ~late].sum(axis=1) + 1 / weight[:, late].sum(axis=1))
        ratio = rate[:, 1] - rate[:, 0]
    return TwoArmRates(
        log_rate_control=rate[:, 0].reshape(lead), log_rate_treated=rate[:, 1].reshape(lead),
        log_ratio=ratio.reshape(lead), std_error=np.where(np.isfinite(se), se, np.nan).reshape(lead),
        theta=np.exp(tau).reshape(lead), log_likelihood=value.reshape(lead),
    )  # fmt: skip


def _climb(
    y: Floats, o: Floats, late: npt.NDArray[np.bool_], rate: Floats, tau: Floats,
    more: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Improve rates and log theta, in place, where counts spread more than Poisson counts."""
    arm = late.astype(int)
    todo = np.nonzero(more)[0]
    for _ in range(300):
        if not todo.size:
            return
        k, off, r, th = y[todo], o[todo], rate[todo], tau[todo]

        def at(r: Floats, th: Floats, k: Floats = k, off: Floats = off) -> Derivatives:
            # an arm without any count keeps a rate of nought
            return count_derivatives(k, np.maximum(off + r[:, arm], -700), th[:, None])

        d = at(r, th)
        mu = np.exp(off + r[:, arm])
        info = mu / (1 + mu / np.exp(th)[:, None])
        step, gain = np.zeros_like(r), np.zeros(len(todo))
        for i, inside in enumerate((~late, late)):
            slope, curve = d.eta[:, inside].sum(axis=1), info[:, inside].sum(axis=1)
            np.divide(slope, curve, out=step[:, i], where=curve > 0)
            gain += slope * step[:, i]
        slope, curve = d.tau.sum(axis=1), np.abs(d.tau2.sum(axis=1))
        move = np.clip(slope / np.maximum(curve, 1e-300), -2, 2)
        gain += slope * move
        value, left = d.value.sum(axis=1), gain >= 1e-20
        slack = np.where(gain < 1e-8, 1e-13 * (1 + np.abs(value)), 0.0)
        running = left.copy()
        for half in range(50):
            if not left.any():
                break
            new_r, new_th = r + step * 0.5**half, th + move * 0.5**half
            better = left & (at(new_r, new_th).value.sum(axis=1) >= value - slack)
            rate[todo[better]], tau[todo[better]] = new_r[better], new_th[better]
            left &= ~better
        if left.any():
            break
        todo = todo[running]
    raise ValueError(f"{len(todo)} replicate(s) did not converge; look at their counts")
