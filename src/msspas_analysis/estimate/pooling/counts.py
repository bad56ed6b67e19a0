"""Yes or no over studies: two by two tables without a model between them, and shares of people.

References
----------
.. [1] Mantel N, Haenszel W (1959). Statistical aspects of the analysis of data from retrospective
   studies of disease. J Natl Cancer Inst 22:719-748.
.. [2] Robins J, Breslow N, Greenland S (1986). Estimators of the Mantel-Haenszel variance consistent in
   both sparse data and large-strata limiting models. Biometrics 42:311-323.
.. [3] Greenland S, Robins JM (1985). Estimation of a common effect parameter from sparse follow-up
   data. Biometrics 41:55-68.
.. [4] Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Beta blockade during and after myocardial
   infarction: an overview of the randomized trials. Prog Cardiovasc Dis 27:335-371.
.. [5] Miller JJ (1978). The inverse of the Freeman-Tukey double arcsine transformation. Am Stat 32:138.
.. [6] Stijnen T, Hamza TH, Ozdemir P (2010). Random effects meta-analysis of event outcome in the
   framework of the generalized linear mixed model. Stat Med 29:3046-3067.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.likelihood import as_ratio, chi_row, interval_row, wald_row
from msspas_analysis.estimate.pooling.effects import study_effects
from msspas_analysis.estimate.pooling.pooled import (
    NEXT,
    POOLED,
    Interval,
    check_how,
    pooled_effect,
    studies_of,
)
from msspas_analysis.results import Estimates

TableMeasure = Literal["odds_ratio", "risk_ratio", "risk_difference"]
ShareModel = Literal["logit", "Freeman-Tukey", "binomial-normal"]
TABLE_MEASURES: Final = ("odds_ratio", "risk_ratio", "risk_difference")
SHARE_MODELS: Final[dict[str, str]] = {
    "logit": "logit_proportion", "Freeman-Tukey": "freeman_tukey", "binomial-normal": "",
}  # fmt: skip
_NODES: Final = 41


def pooled_tables(
    studies: pd.DataFrame, measure: TableMeasure = "odds_ratio", *,
    method: Literal["Mantel-Haenszel", "Peto"] = "Mantel-Haenszel", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Pool tables of yes and no, as if all studies had one common effect.

    Parameters
    ----------
    studies : pandas.DataFrame
        One row per study: ``study``, ``events_1``, ``n_1`` (the therapy), ``events_2``, ``n_2``.
    measure : {"odds_ratio", "risk_ratio", "risk_difference"}
        What is pooled.
    method : {"Mantel-Haenszel", "Peto"}
        The second for odds ratios only; it is for rare events, arms of like size and small effects.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Estimates
        ``term`` "pooled": the measure, and of ratios its logarithm with its standard error. ``term``
        "between studies": "q" of each table about it; for Mantel and Haenszel's odds ratio also Tarone's
        test. ``term`` "no difference": Cochran, Mantel and Haenszel's test with its correction. ``n``
        counts studies.

    Raises
    ------
    ValueError
        If a column is absent, a count cannot be, fewer than two studies are known, or the method does not
        go with the measure.

    Notes
    -----
    No 1/2 is added to empty cells. Studies with nobody, or everybody, in both arms carry no weight in a
    ratio and are set aside. Equal to R's ``metafor::rma.mh`` and ``rma.peto``.

    Examples
    --------
    >>> told = pd.DataFrame({"study": ["a", "b"], "events_1": [12, 5], "n_1": [40, 20],
    ...     "events_2": [6, 4], "n_2": [41, 22]})
    >>> round(float(pooled_tables(told).one(term="pooled", measure="odds_ratio").estimate), 3)
    2.092
    """
    if measure not in TABLE_MEASURES:
        raise ValueError(f"measure must be one of {list(TABLE_MEASURES)}, got {measure!r}")
    if method not in ("Mantel-Haenszel", "Peto"):
        raise ValueError(f'method must be "Mantel-Haenszel" or "Peto", got {method!r}')
    if method == "Peto" and measure != "odds_ratio":
        raise ValueError(f"Peto's method is for odds ratios, got measure {measure!r}")
    check_how(conf_level=conf_level)
    scale = measure if measure == "risk_difference" else f"log_{measure}"
    each = study_effects(studies, scale)
    s = studies_of(each)
    cells = studies.reset_index(drop=True).loc[each["effect"].notna().to_numpy()]
    a, n1, b, n2 = (
        cells[c].to_numpy(dtype=np.float64) for c in ("events_1", "n_1", "events_2", "n_2")
    )
    if method == "Peto":
        middle, se, q = _peto(a, n1, b, n2)
    else:
        middle, se = _mantel_haenszel(a, n1, b, n2, measure)
        q = float(((s.y - middle) ** 2 / s.v).sum())
    base: dict[str, Any] = {
        "outcome": measure, "group": POOLED, "n": len(s.names), "n_missing": len(s.aside),
        "method": method,
    }  # fmt: skip
    one = base | {
        "term": POOLED, "measure": scale, **wald_row(middle, se, conf_level=conf_level)
    }  # fmt: skip
    rows = [one]
    if measure != "risk_difference":
        rows.append(as_ratio(one, measure))
    rows.append(base | {"term": "between studies", "measure": "q", **chi_row(q, len(s.names) - 1)})
    if method != "Peto" and measure == "odds_ratio":
        rows += [base | row for row in _tests(a, n1, b, n2)]
    return Estimates.from_rows(rows, notes=[
        *s.aside, "One common effect is assumed: the interval says nothing of other studies.",
    ])  # fmt: skip


def _mantel_haenszel(
    a: Floats, n1: Floats, b: Floats, n2: Floats, measure: str
) -> tuple[float, float]:
    c, d, n = n1 - a, n2 - b, n1 + n2
    if measure == "odds_ratio":
        r, s = a * d / n, c * b / n
        p, q = (a + d) / n, (c + b) / n
        rs, ss = r.sum(), s.sum()
        if rs == 0 or ss == 0:
            raise ValueError("all events are in one arm of each study, so there is no odds ratio")
        var = (
            (p * r).sum() / (2 * rs**2) + (p * s + q * r).sum() / (2 * rs * ss)
            + (q * s).sum() / (2 * ss**2)
        )  # fmt: skip
        return float(np.log(rs / ss)), float(np.sqrt(var))
    if measure == "risk_ratio":
        top, bottom = (a * n2 / n).sum(), (b * n1 / n).sum()
        if top == 0 or bottom == 0:
            raise ValueError("no event in one arm of any study, so there is no risk ratio")
        var = ((n1 * n2 * (a + b) - a * b * n) / n**2).sum() / (top * bottom)
        return float(np.log(top / bottom)), float(np.sqrt(var))
    weight = n1 * n2 / n
    middle = (a * n2 / n - b * n1 / n).sum() / weight.sum()
    both = ((b * n1**2 - a * n2**2 + n1 * n2 * (n2 - n1) / 2) / n**2).sum() * middle
    var = (both + ((a * (n2 - b) + b * (n1 - a)) / n).sum() / 2) / weight.sum() ** 2
    return float(middle), float(np.sqrt(var))


def _tests(a: Floats, n1: Floats, b: Floats, n2: Floats) -> list[dict[str, Any]]:
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = StratifiedTable(np.stack([[a, n1 - a], [b, n2 - b]]))
    alike, none = tables.test_equal_odds(adjust=True), tables.test_null_odds(correction=True)
    return [
        {"term": "between studies", "measure": "tarone", "estimate": float(alike.statistic),
         "statistic": float(alike.statistic), "df": len(a) - 1.0, "p_value": float(alike.pvalue)},
        {"term": "no difference", "measure": "cochran_mantel_haenszel",
         "estimate": float(none.statistic), "statistic": float(none.statistic), "df": 1.0,
         "p_value": float(none.pvalue)},
    ]  # fmt: skip


def _peto(a: Floats, n1: Floats, b: Floats, n2: Floats) -> tuple[float, float, float]:
    n, m = n1 + n2, a + b
    beyond = a - n1 * m / n
    v = n1 * n2 * m * (n - m) / (n**2 * (n - 1))
    middle = beyond.sum() / v.sum()
    return float(middle), float(1 / np.sqrt(v.sum())), float((v * (beyond / v - middle) ** 2).sum())


def pooled_proportion(
    studies: pd.DataFrame, *, model: ShareModel = "binomial-normal",
    interval: Interval = "Hartung-Knapp", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Pool a share of people over studies, such as how many have some spasticity.

    Parameters
    ----------
    studies : pandas.DataFrame
        One row per study: ``study``, ``events`` and ``n`` people.
    model : {"binomial-normal", "logit", "Freeman-Tukey"}
        The first is the exact likelihood of counts with normal log odds between studies; the others pool
        a transformed share by restricted maximum likelihood.
    interval : {"Hartung-Knapp", "normal"}
        Of the two transformed ones; the likelihood has the normal one.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``term`` "pooled": "proportion" 0-1, and on the scale of the model with its standard error;
        "next study", the prediction interval; "between studies": "tau2" on the scale of the model.
        ``n`` counts studies.

    Raises
    ------
    ValueError
        As :func:`~msspas_analysis.estimate.pooling.effects.study_effects`, or if the model is not known.

    Notes
    -----
    With the log odds the pooled share is that of the study in the middle, not the mean of all shares.
    Freeman and Tukey's is turned back at the harmonic mean of the numbers of people; it can mislead where
    they differ widely. Equal to R's ``metafor``: ``escalc`` with ``rma``, and ``rma.glmm``.

    Examples
    --------
    >>> told = pd.DataFrame({"study": ["a", "b", "c"], "events": [32, 133, 55], "n": [68, 202, 70]})
    >>> found = pooled_proportion(told)
    >>> round(float(found.one(term="pooled", measure="proportion").estimate), 2)
    0.65
    """
    if model not in SHARE_MODELS:
        raise ValueError(f"model must be one of {list(SHARE_MODELS)}, got {model!r}")
    if model == "binomial-normal":
        return _binomial_normal(studies, conf_level)
    each = study_effects(studies, SHARE_MODELS[model])
    found = pooled_effect(each, interval=interval, conf_level=conf_level)
    people = each.loc[each["effect"].notna(), "n"].to_numpy(dtype=np.float64)
    about = float(len(people) / (1 / people).sum())
    rows: list[dict[str, Any]] = []
    for row in found.table.to_dict("records"):
        if row["term"] not in (POOLED, NEXT):
            continue
        ends = {
            name: _logistic(row[name]) if model == "logit" else _share_of_angle(row[name], about)
            for name in ("estimate", "conf_low", "conf_high")
        }
        told = {str(name): value for name, value in row.items()}
        rows.append({**told, **ends, "measure": "proportion", "std_error": np.nan,
                     "statistic": np.nan, "df": np.nan, "p_value": np.nan})  # fmt: skip
    table = pd.concat([found.table, Estimates.from_rows(rows).table], ignore_index=True)
    # that a share is not one half, or an angle not 0, was nobody's question
    table.loc[table["term"].eq(POOLED), ["statistic", "p_value"]] = np.nan
    return Estimates(table, notes=found.notes)


def _logistic(x: float) -> float:
    from scipy.special import expit

    return float(expit(x))


def _share_of_angle(x: float, n: float) -> float:
    """Return the share whose double arcsine, with n people, is x."""
    low, high = (
        np.arcsin(np.sqrt(1 / (n + 1))) / 2,
        (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2) / 2,
    )
    if x <= low:
        return 0.0
    if x >= high:
        return 1.0
    sin, cos = np.sin(2 * x), np.cos(2 * x)
    inside = 1 - (sin + (sin - 1 / sin) / n) ** 2
    return float((1 - np.sign(cos) * np.sqrt(max(inside, 0.0))) / 2)


def _binomial_normal(studies: pd.DataFrame, conf_level: float) -> Estimates:
    """Maximise the likelihood of counts whose log odds are normal between studies."""
    from scipy.optimize import minimize

    each = study_effects(studies, "logit_proportion")
    s = studies_of(each)
    known = studies.reset_index(drop=True).loc[each["effect"].notna().to_numpy()]
    k, n = known["events"].to_numpy(dtype=np.float64), known["n"].to_numpy(dtype=np.float64)

    def loss(at: Floats) -> float:
        return -float(_marginal(k, n, at[0], np.exp(at[1])).sum())

    nobody = float(_marginal(k, n, _logit(k.sum() / n.sum()), 0.0).sum())
    best = min(
        (minimize(loss, [float(s.y.mean()), start], method="BFGS", options={"gtol": 1e-9})
         for start in (-1.0, 0.0)),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    if -best.fun - nobody < 1e-7:  # no better than one common share
        middle, tau = float(_logit(k.sum() / n.sum())), 0.0
        se = float(1 / np.sqrt((n * _logistic(middle) * (1 - _logistic(middle))).sum()))
    else:
        middle, tau = float(best.x[0]), float(np.exp(best.x[1]))
        information = _hessian(lambda at: -float(_marginal(k, n, at[0], at[1]).sum()),
                               np.array([middle, tau]))  # fmt: skip
        se = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    base: dict[str, Any] = {
        "outcome": "proportion", "group": POOLED, "n": len(s.names), "n_missing": len(s.aside),
        "method": "binomial-normal; maximum likelihood; normal interval",
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for term, spread in ((POOLED, se), (NEXT, float(np.hypot(se, tau)))):
        one = base | {
            "term": term, "measure": "logit_proportion",
            **interval_row(middle, spread, conf_level=conf_level),
        }  # fmt: skip
        ends = {name: _logistic(one[name]) for name in ("estimate", "conf_low", "conf_high")}
        rows += [one, one | ends | {"measure": "proportion", "std_error": np.nan}]
    rows.append(base | {"term": "between studies", "measure": "tau2", "estimate": tau**2})
    return Estimates.from_rows(rows, notes=s.aside)


def _logit(p: float) -> float:
    """Return log odds, kept finite at the ends."""
    p = min(max(p, 1e-9), 1 - 1e-9)
    return float(np.log(p / (1 - p)))


def _marginal(k: Floats, n: Floats, middle: float, tau: float) -> Floats:
    """Return each study's log likelihood with its log odds integrated out (adaptive Gauss-Hermite)."""
    from scipy.special import expit, gammaln, log_expit, logsumexp

    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    if tau < 1e-10:
        return np.asarray(choose + k * log_expit(middle) + (n - k) * log_expit(-middle))
    u = np.zeros_like(k)  # the mode of the standardised log odds of each study
    for _ in range(100):
        p = expit(middle + tau * u)
        step = (tau * (k - n * p) - u) / (n * tau**2 * p * (1 - p) + 1)
        u = u + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-13:
            break
    p = expit(middle + tau * u)
    width = 1 / np.sqrt(n * tau**2 * p * (1 - p) + 1)
    nodes, weights = np.polynomial.hermite.hermgauss(_NODES)
    z = u[:, None] + np.sqrt(2) * width[:, None] * nodes
    eta = middle + tau * z
    inside = k[:, None] * log_expit(eta) + (n - k)[:, None] * log_expit(-eta) - z**2 / 2
    total = logsumexp(inside + nodes**2, b=weights, axis=1)
    return np.asarray(choose + np.log(width) + total - 0.5 * np.log(np.pi))


def _hessian(f: Any, at: Floats) -> Floats:
    """Return second derivatives by central differences."""
    h = 1e-3 * np.maximum(1.0, np.abs(at))
    out = np.empty((len(at), len(at)))
    for i in range(len(at)):
        for j in range(len(at)):
            di, dj = np.eye(len(at))[i] * h, np.eye(len(at))[j] * h
            out[i, j] = (f(at + di + dj) - f(at + di - dj) - f(at - di + dj) + f(at - di - dj)) / (
                4 * h[i] * h[j])  # fmt: skip
    return out
