"""Counts and their rates: answers of R, laws, known truths, and what must be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import nbinom, poisson

from msspas_analysis.estimate.likelihood import NoMaximumError
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.count_models import (
    NoExtraSpreadError,
    count_derivatives,
    negative_binomial_fit,
    poisson_fit,
    robust_covariance,
    row_scores,
    two_part_fit,
)
from msspas_analysis.estimate.trials.counts import (
    MODELS,
    count_regression,
    rate_ratio,
    two_arm_rates,
)
from shared_reference import answers

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "counts.csv", keep_default_na=False, na_values=["NA"])
ORACLE["value"] = ORACLE["value"].astype(float)
# both sides are at the maximum to about 1e-10 standard errors; the atol is for p-values near 0
TIGHT = {"rtol": 1e-8, "atol": 1e-11}
# R's side rests on numerical derivatives (numDeriv), good to 8 or 9 digits in the second ones
NUMERIC = {"rtol": 2e-6, "atol": 1e-8}
LEVELS = (0.90, 0.95, 0.99)
MEASURES = ["log_rate", "log_rate_ratio", "log_odds", "log_odds_ratio"]


def r_says(dataset: str, model: str) -> dict[tuple[str, str, float], float]:
    part = ORACLE[(ORACLE["dataset"] == dataset) & (ORACLE["model"] == model)]
    assert len(part), (dataset, model)
    return {
        (r.term, r.quantity, 0.0 if np.isnan(r.conf_level) else r.conf_level): r.value
        for r in part.itertuples()
    }


def in_r(term: str) -> str:
    return "(Intercept)" if term == "intercept" else term.replace(": ", "")


def people(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(person_id=[f"P{i:05d}" for i in range(len(frame))])


def epilepsy() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "epilepsy.csv")
    data["trt"] = (data["treatment"] != "placebo").astype(float)
    data["lbase"], data["lage"] = np.log(data["base"] / 4), np.log(data["age"])
    data["days"] = 14 - (data["subject"] + data["period"]) % 5
    data["ldays"], data["ltwo"], data["two"] = np.log(data["days"]), np.log(2), 2.0
    return people(data)


def nmes() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "nmes1988.csv")
    data["health"] = pd.Categorical(data["health"], ["average", "poor", "excellent"])
    return people(data)


NMES = ["hospital", "health", "chronic", "gender", "school", "insurance"]
CASES = {
    "epilepsy_plain": (epilepsy, "seizures", ["trt", "base", "age"], "ltwo", "two"),
    "epilepsy_logs": (epilepsy, "seizures", ["trt", "lbase", "lage"], None, None),
    "epilepsy_days": (epilepsy, "seizures", ["trt", "lbase"], "ldays", "days"),
    "epilepsy_last": (lambda: epilepsy().query("period == 4"), "seizures", ["trt"], None, None),
    "epilepsy_last_days": (
        lambda: epilepsy().query("period == 4"), "seizures", ["trt"], "ldays", "days",
    ),
    "nmes": (nmes, "visits", NMES, None, None),
}  # fmt: skip
SINGLE = MODELS[:3]


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("count_regression", "R 4.2.2 glm, MASS (counts.R)")
@pytest.mark.parametrize("model", SINGLE)
@pytest.mark.parametrize("name", CASES)
def test_coefficients_are_those_of_r(name, model):
    make, count, terms, offset, _ = CASES[name]
    want = r_says(name, model)
    data = make()
    for level in LEVELS:
        answer = count_regression(
            data, count, terms=terms, offset=offset, model=model, conf_level=level
        )
        rows = answer.table[answer.table["measure"].isin(MEASURES)]
        assert {in_r(t) for t in rows["term"]} == {t for t, q, _ in want if q == "std_error"}
        for row in rows.itertuples():
            term = in_r(row.term)
            for mine, theirs, at in (
                (row.estimate, "estimate", 0.0), (row.std_error, "std_error", 0.0),
                (row.statistic, "statistic", 0.0), (row.p_value, "p_value", 0.0),
                (row.conf_low, "conf_low", level), (row.conf_high, "conf_high", level),
            ):  # fmt: skip
                np.testing.assert_allclose(mine, want[term, theirs, at], err_msg=term, **TIGHT)
            if row.measure == "log_rate_ratio":
                ratio = answer.one(term=row.term, measure="rate_ratio")
                ends = [want[term, "conf_low", level], want[term, "conf_high", level]]
                np.testing.assert_allclose(
                    [ratio.conf_low, ratio.conf_high], np.exp(ends), rtol=1e-8
                )
    for measure, quantity in (
        ("log_likelihood", "logLik"), ("aic", "AIC"), ("deviance", "deviance"), ("theta", "theta"),
        ("dispersion", "dispersion"), ("overdispersion_test", "lr_poisson"),
    ):  # fmt: skip
        found = answer.table.loc[answer.table["measure"] == measure, "estimate"].tolist()
        if ("", quantity, 0.0) in want:
            np.testing.assert_allclose(found, [want["", quantity, 0.0]], rtol=1e-9)
        else:
            assert measure == "deviance" or not found
    if model == "negative binomial":
        row = answer.one(measure="theta")
        np.testing.assert_allclose(row.std_error, want["", "theta_se", 0.0], rtol=1e-8)
    if model == "quasi-poisson":
        assert answer.one(measure="dispersion").df == want["", "df", 0.0]


@pytest.mark.oracle("count_regression", "R 4.2.2, sandwich (counts.R)")
@pytest.mark.parametrize("model", ["poisson", "negative binomial"])
@pytest.mark.parametrize("name", CASES)
def test_robust_standard_errors_are_those_of_r(name, model):
    make, count, terms, offset, _ = CASES[name]
    want = r_says(name, model)
    data = make()
    seen = 0
    for kind in ("HC0", "HC1", "HC2", "HC3", "CR0", "CR1"):
        if not any(quantity == kind for _, quantity, _ in want):
            continue
        cluster = "subject" if kind.startswith("CR") else None
        some = data.drop(columns="person_id") if cluster else data
        answer = count_regression(
            some, count, terms=terms, offset=offset, model=model, robust=kind, cluster=cluster
        )
        rows = answer.table[answer.table["measure"].isin(MEASURES)]
        for row in rows.itertuples():
            seen += 1
            np.testing.assert_allclose(row.std_error, want[in_r(row.term), kind, 0.0], **TIGHT)
        assert kind in answer.one(term=terms[0], measure="rate_ratio").method
        if cluster:
            assert set(rows["n"]) == {59}
    assert seen >= 4 * (1 + len(terms))


@pytest.mark.oracle("rate_ratio", "R 4.2.2 glm, MASS (counts.R)")
@pytest.mark.parametrize("model", SINGLE)
@pytest.mark.parametrize("name", [name for name in CASES if name != "nmes"])
def test_rates_by_arm_are_those_of_r(name, model):
    make, count, terms, _, days = CASES[name]
    want = r_says(name, model)
    data = make()
    answer = rate_ratio(
        data,
        count,
        arm="treatment",
        control="placebo",
        days=days,
        covariates=terms[1:],
        model=model,
    )
    term = f"{next(iter({*data['treatment']} - {'placebo'}))} - placebo"
    row = answer.one(measure="log_rate_ratio", term=term)
    for mine, theirs in (
        ("estimate", "estimate"),
        ("std_error", "std_error"),
        ("p_value", "p_value"),
    ):
        np.testing.assert_allclose(row[mine], want["trt", theirs, 0.0], **TIGHT)
    row = answer.one(measure="rate_ratio", term=term)
    ends = np.exp([want["trt", f"conf_{end}", 0.95] for end in ("low", "high")])
    np.testing.assert_allclose([row.conf_low, row.conf_high], ends, **TIGHT)
    z = 1.959963984540054
    if model == "quasi-poisson":  # Student's t
        estimate, se = want["trt", "estimate", 0.0], want["trt", "std_error", 0.0]
        z = (want["trt", "conf_high", 0.95] - estimate) / se
    for code, group in enumerate(("placebo", term.removesuffix(" - placebo"))):
        row = answer.one(measure="rate", group=group)
        rate, se = want[str(code), "rate", 0.0], want[str(code), "log_rate_se", 0.0]
        np.testing.assert_allclose(row.estimate, rate, **TIGHT)
        got = [row.conf_low, row.conf_high]
        np.testing.assert_allclose(got, [rate * np.exp(-z * se), rate * np.exp(z * se)], **TIGHT)
        total = data.loc[data["treatment"] == group, count].sum()
        assert answer.one(measure="count", group=group).estimate == total


@pytest.mark.oracle("count_regression", "R 4.2.2, pscl, numDeriv (counts.R)")
@pytest.mark.parametrize("model", MODELS[3:])
@pytest.mark.parametrize("name", ["epilepsy_parts", "nmes"])
def test_models_in_two_parts_are_those_of_r(name, model):
    want = r_says(name, model)
    if name == "nmes":
        zero = ["hospital", "chronic", "insurance", "school", "gender"]
        how = {"frame": nmes(), "count": "visits", "terms": NMES, "zero_terms": zero}
    else:
        how = {"frame": epilepsy(), "count": "seizures", "terms": ["trt", "lbase"],
               "zero_terms": ["lbase"], "offset": "ldays"}  # fmt: skip
    data, count = how.pop("frame"), how.pop("count")
    for level in LEVELS:
        answer = count_regression(data, count, model=model, conf_level=level, **how)
        seen = set()
        for row in answer.table[
            answer.table["measure"].isin([*MEASURES, "log_theta"])
        ].itertuples():
            part = "count" if "rate" in row.measure else "zero"
            term = "Log(theta)" if row.measure == "log_theta" else f"{part} {in_r(row.term)}"
            seen.add(term)
            for mine, theirs, at in (
                (row.estimate, "estimate", 0.0), (row.std_error, "std_error", 0.0),
                (row.conf_low, "conf_low", level), (row.conf_high, "conf_high", level),
            ):  # fmt: skip
                np.testing.assert_allclose(mine, want[term, theirs, at], err_msg=term, **NUMERIC)
            if row.measure != "log_theta":
                np.testing.assert_allclose(
                    row.p_value, want[term, "p_value", 0.0], rtol=1e-3, atol=1e-8
                )
        assert seen == {t for t, quantity, _ in want if quantity == "estimate"}
    np.testing.assert_allclose(
        answer.one(measure="log_likelihood").estimate, want["", "logLik", 0.0], rtol=1e-11
    )
    np.testing.assert_allclose(answer.one(measure="aic").estimate, want["", "AIC", 0.0], rtol=1e-11)
    said = "any count" if model.startswith("hurdle") else "beyond those of the count part"
    assert said in answer.one(measure="odds_ratio", term=how["zero_terms"][0]).method
    if "negative" in model:
        theta, tau = answer.one(measure="theta"), answer.one(measure="log_theta")
        assert theta.estimate == pytest.approx(np.exp(tau.estimate), rel=1e-12)
        assert theta.std_error == pytest.approx(theta.estimate * tau.std_error, rel=1e-12)


# --------------------------------------------------------------------- answers kept beside the code


def agree(got, want, rel=1e-5):
    np.testing.assert_allclose(got, want, rtol=rel)


def same_rows(answer, want, measures, rename):
    # pscl stops its search early: within 3e-4 standard errors of the maximum, not nearer
    seen = 0
    for row in answer.table[answer.table["measure"].isin(measures)].itertuples():
        told = want[rename.get(row.term, in_r(row.term))]
        assert abs(row.estimate - told["estimate"]) < 3e-4 * told["se"], row.term
        agree(row.std_error, told["se"], 1e-4)
        np.testing.assert_allclose(row.p_value, told["p"], rtol=1e-3, atol=1e-12)
        seen += 1
    assert seen == len([term for term in want if term != "Log(theta)"])


@pytest.mark.oracle("count_regression", "R 4.2.2, geepack on seizures, beside the project")
def test_epilepsy_poisson_and_quasi():
    want = answers("epil.poisson_gee")
    data = epilepsy()
    how = {"terms": ["base", "age", "trt"], "offset": "ltwo"}
    answer = count_regression(data, "seizures", model="poisson", **how)
    same_rows(answer, want["poisson"]["coefficients"], MEASURES, {})
    agree(answer.one(measure="deviance").estimate, want["poisson"]["deviance"], 1e-9)
    agree(answer.one(measure="aic").estimate, want["poisson"]["aic"], 1e-9)
    answer = count_regression(data, "seizures", model="quasi-poisson", **how)
    same_rows(answer, want["quasi"]["coefficients"], MEASURES, {})
    agree(answer.one(measure="dispersion").estimate, want["quasi"]["dispersion"], 1e-6)
    # independence GEE is Poisson with the sandwich over people
    answer = count_regression(data, "seizures", model="poisson", cluster="subject", **how)
    for term, told in want["independence"]["coefficients"].items():
        row = answer.table[(answer.table["term"].map(in_r) == term)
                           & answer.table["measure"].isin(MEASURES)].iloc[0]  # fmt: skip
        agree([row["estimate"], row["std_error"]], [told["estimate"], told["se"]], 1e-6)


@pytest.mark.oracle("count_regression", "R 4.2.2, MASS on seizures, beside the project")
def test_epilepsy_negative_binomial():
    want = answers("epil.nb")
    rename = {"lbase": "log(base/4)", "lage": "log(age)"}
    data = epilepsy()
    terms = ["lbase", "lage", "trt"]
    answer = count_regression(data, "seizures", terms=terms)
    same_rows(answer, want["coefficients"], MEASURES, rename)
    row = answer.one(measure="theta")
    agree([row.estimate, row.std_error], [want["theta"], want["se_theta"]], 1e-6)
    agree(2 * answer.one(measure="log_likelihood").estimate, want["twologlik"], 1e-10)
    agree(answer.one(measure="aic").estimate, want["aic"], 1e-10)
    agree(answer.one(measure="deviance").estimate, want["deviance"], 1e-7)
    agree(answer.one(measure="overdispersion_test").estimate, want["lr_vs_poisson"], 1e-9)
    row = answer.one(measure="rate_ratio", term="trt")
    agree(row.estimate, want["rate_ratio_trt"])
    agree([row.conf_low, row.conf_high], want["rr_ci_wald"])
    # what sandwich::vcovCL calls HC0 has the factor g / (g - 1)
    answer = count_regression(data, "seizures", terms=terms, robust="CR1", cluster="subject")
    for row in answer.table[answer.table["measure"].isin(MEASURES)].itertuples():
        told = want["cluster_robust_se_HC0"][rename.get(row.term, in_r(row.term))]
        agree(row.std_error, told, 1e-6)


@pytest.mark.oracle("count_regression", "R 4.2.2, pscl on visits to the doctor, beside the project")
@pytest.mark.parametrize("part", ["poisson", "nb", "hurdle_nb", "zinb"])
def test_visits_to_the_doctor(part):
    want = answers("nmes.counts")[part]
    data = nmes()
    model = {"poisson": "poisson", "nb": "negative binomial", "hurdle_nb": "hurdle negative binomial",
             "zinb": "zero-inflated negative binomial"}[part]  # fmt: skip
    zero = ["hospital", "chronic", "insurance", "school", "gender"] if part == "zinb" else None
    answer = count_regression(data, "visits", terms=NMES, zero_terms=zero, model=model)
    rates, odds = ["log_rate", "log_rate_ratio"], ["log_odds", "log_odds_ratio"]
    same_rows(answer, want["coefficients" if part in ("poisson", "nb") else "count"], rates, {})
    if part in ("poisson", "nb"):
        agree(answer.one(measure="aic").estimate, want["aic"], 1e-9)
    else:
        same_rows(answer, want["zero"], odds, {})
        row = answer.one(measure="log_theta")
        told = want["count"]["Log(theta)"]
        agree([row.estimate, row.std_error], [told["estimate"], told["se"]], 1e-4)
        agree(answer.one(measure="log_likelihood").estimate, want["logLik"], 1e-9)
    if part != "poisson":
        agree(answer.one(measure="theta").estimate, want["theta"])
        return
    answer = count_regression(data, "visits", terms=NMES, model=model, robust="HC0")
    for row in answer.table[answer.table["measure"].isin(rates)].itertuples():
        agree(row.std_error, want["hc0_se"][in_r(row.term)], 1e-5)


# --------------------------------------------------------------------------------- likelihoods by SciPy


def test_probabilities_are_those_of_scipy_and_slopes_those_of_differences():
    y = np.array([0, 1, 2, 5, 11, 40])
    for eta in (-1.0, 0.3, 2.5):
        for tau in (-1.5, 0.4, 3.0):
            th, mu = np.exp(tau), np.exp(eta)
            d = count_derivatives(y, eta, tau)
            np.testing.assert_allclose(d.value, nbinom.logpmf(y, th, th / (th + mu)), rtol=1e-10)
            h = 1e-5
            up, down = count_derivatives(y, eta + h, tau), count_derivatives(y, eta - h, tau)
            np.testing.assert_allclose(
                d.eta, (up.value - down.value) / (2 * h), rtol=1e-6, atol=1e-8
            )
            np.testing.assert_allclose(d.eta2, (up.eta - down.eta) / (2 * h), rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(d.both, (up.tau - down.tau) / (2 * h), rtol=1e-5, atol=1e-8)
            up, down = count_derivatives(y, eta, tau + h), count_derivatives(y, eta, tau - h)
            np.testing.assert_allclose(
                d.tau, (up.value - down.value) / (2 * h), rtol=1e-5, atol=1e-8
            )
            np.testing.assert_allclose(d.tau2, (up.tau - down.tau) / (2 * h), rtol=1e-5, atol=1e-8)
        plain = count_derivatives(y, eta)
        np.testing.assert_allclose(plain.value, poisson.logpmf(y, np.exp(eta)), rtol=1e-12)
        # a large theta is Poisson
        near = count_derivatives(y, eta, 18.0)
        np.testing.assert_allclose(near.value, plain.value, rtol=1e-4)


def test_scores_of_rows_sum_to_nought_and_make_the_sandwich():
    data = epilepsy()
    y = data["seizures"].to_numpy(float)
    x = np.column_stack([np.ones(len(y)), data["trt"], data["lbase"]])
    for fitter in (poisson_fit, negative_binomial_fit):
        fit = fitter(y, x, offset=data["ldays"])
        s = row_scores(fit, y, x)
        np.testing.assert_allclose(s.sum(axis=0), 0, atol=1e-7)
        np.testing.assert_allclose(
            robust_covariance(fit, y, x, "HC0"),
            fit.covariance @ s.T @ s @ fit.covariance,
            rtol=1e-10,
        )


def test_a_hurdle_of_arms_alone_is_two_shares_and_two_means():
    rng = np.random.default_rng(12)
    y = rng.poisson(1.2, 200)
    x = np.column_stack([np.ones(200), np.arange(200) % 2])
    fit = two_part_fit(y, x, x, part="hurdle", dispersed=False)
    for arm in (0, 1):
        mine = y[x[:, 1] == arm]
        odds = np.exp(fit.at[2] + arm * fit.at[3])
        assert odds == pytest.approx((mine > 0).sum() / (mine == 0).sum(), rel=1e-9)
        mu = np.exp(fit.at[0] + arm * fit.at[1])
        assert mu / -np.expm1(-mu) == pytest.approx(mine[mine > 0].mean(), rel=1e-9)


# ------------------------------------------------------------------------------------- known truths


def test_negative_binomial_ratio_errs_in_5_percent_and_covers_in_95():
    rng = np.random.default_rng(20260314)
    replicates, n, z = 1_500, 80, 1.959963984540054
    days = rng.integers(20, 29, (replicates, n))
    theta = 1.5

    def draw(rate):
        return rng.poisson(rng.gamma(theta, 1 / theta, (replicates, n)) * rate * days)

    same = two_arm_rates(draw(0.3), draw(0.3), days_control=days, days_treated=days)
    # 3.5 Monte Carlo standard errors; theta taken as known costs about half a per cent at this size
    margin = 3.5 * np.sqrt(0.05 * 0.95 / replicates) + 0.006
    assert abs(np.mean(abs(same.log_ratio / same.std_error) > z) - 0.05) < margin
    less = two_arm_rates(draw(0.3), draw(0.2), days_control=days, days_treated=days)
    truth = np.log(2 / 3)
    assert abs(np.mean(abs(less.log_ratio - truth) < z * less.std_error) - 0.95) < margin
    assert abs(np.median(less.theta) - theta) < 0.1
    # Poisson takes every event as independent, and errs far more often
    counts = draw(0.3).sum(axis=1), draw(0.3).sum(axis=1)
    naive = abs(np.log(counts[1] / counts[0])) / np.sqrt(1 / counts[0] + 1 / counts[1])
    assert np.mean(naive > z) > 0.3


def test_robust_poisson_covers_where_counts_are_not_poisson():
    rng = np.random.default_rng(20260315)
    replicates, n = 200, 120
    inside = {"poisson": 0, "HC0": 0}
    for _ in range(replicates):
        arm = np.arange(n) % 2
        y = rng.poisson(rng.gamma(1.0, 1.0, n) * 5.0)
        frame = people(pd.DataFrame({"arm": arm, "y": y}))
        for name, robust in (("poisson", None), ("HC0", "HC0")):
            row = rate_ratio(frame, "y", arm="arm", control=0, model="poisson", robust=robust).one(
                measure="log_rate_ratio"
            )
            inside[name] += row.conf_low <= 0 <= row.conf_high
    margin = 3.5 * np.sqrt(0.05 * 0.95 / replicates) + 0.01  # HC0 with 60 people an arm
    assert abs(inside["HC0"] / replicates - 0.95) < margin
    assert inside["poisson"] / replicates < 0.8


def test_extra_zeros_are_found_again():
    rng = np.random.default_rng(20260316)
    n = 6_000
    x = rng.normal(size=n)
    extra = rng.random(n) < 1 / (1 + np.exp(1.0 - 0.8 * x))
    y = np.where(extra, 0, rng.poisson(rng.gamma(2.0, 0.5, n) * np.exp(1.0 + 0.3 * x)))
    m = np.column_stack([np.ones(n), x])
    fit = two_part_fit(y, m, m, part="zero-inflated")
    truth = [1.0, 0.3, -1.0, 0.8, np.log(2.0)]
    assert (abs(fit.at - truth) < 3.5 * np.sqrt(np.diag(fit.covariance))).all()


# ------------------------------------------------------------------------------ batches and the rest


def test_a_batch_is_many_singles():
    rng = np.random.default_rng(9)
    control, treated = rng.poisson(rng.gamma(1.2, 3.0, (2, 30, 14)))
    treated = treated[:, :9]
    days = rng.integers(3, 15, (30, 14))
    control[3], treated[3] = 2, 3  # no spread at all
    treated[4] = 0
    batch = two_arm_rates(control, treated, days_control=days, days_treated=7)
    names = (
        "log_rate_control",
        "log_rate_treated",
        "log_ratio",
        "std_error",
        "theta",
        "log_likelihood",
    )
    for r in range(30):
        one = two_arm_rates(control[r], treated[r], days_control=days[r], days_treated=7)
        for name in names:
            np.testing.assert_allclose(
                getattr(batch, name)[r], getattr(one, name), rtol=1e-8, atol=1e-10, err_msg=name
            )
        y = np.concatenate([control[r], treated[r]])
        x = np.column_stack([np.ones(23), np.arange(23) >= 14])
        off = np.log(np.concatenate([days[r], np.full(9, 7)]))
        if r == 4:
            assert one.log_ratio == -np.inf
            assert np.isnan(one.std_error)
        elif np.isinf(one.theta):
            fit = poisson_fit(y, x, offset=off)
        else:
            fit = negative_binomial_fit(y, x, offset=off)
        if r != 4:
            np.testing.assert_allclose(one.log_ratio, fit.coef[1], rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(one.std_error, np.sqrt(fit.covariance[1, 1]), rtol=1e-7)
            np.testing.assert_allclose(one.theta, fit.theta, rtol=1e-7)
            np.testing.assert_allclose(one.log_likelihood, fit.log_likelihood, rtol=1e-10)
    assert batch.theta[3] == np.inf
    assert np.isfinite(batch.theta).sum() > 20


def test_batches_keep_every_leading_axis():
    rng = np.random.default_rng(2)
    rates = two_arm_rates(rng.poisson(3, (2, 3, 8)), rng.poisson(3, 5))
    assert rates.log_ratio.shape == rates.theta.shape == (2, 3)


def test_clusters_of_one_are_people():
    data = epilepsy()
    how = {"terms": ["trt"], "model": "poisson"}
    a = count_regression(data, "seizures", robust="HC0", **how)
    b = count_regression(data, "seizures", cluster="person_id", **how)
    np.testing.assert_allclose(a.table["std_error"], b.table["std_error"], rtol=1e-10)
    c = count_regression(data, "seizures", cluster="person_id", robust="CR1", **how)
    ratio = (c.table["std_error"] / a.table["std_error"]).dropna()
    np.testing.assert_allclose(ratio, np.sqrt(236 / 235), rtol=1e-10)


def test_products_of_terms_are_products_of_columns():
    data = nmes().head(400)
    data["both"] = (data["gender"] == "male") * data["school"]
    a = count_regression(data, "visits", terms=["gender", "school", "gender:school"])
    b = count_regression(data, "visits", terms=["gender", "school", "both"])
    mine = a.one(term="gender: male * school", measure="rate_ratio")
    assert mine.estimate == pytest.approx(
        b.one(term="both", measure="rate_ratio").estimate, rel=1e-9
    )


def test_log_factorials_are_in_the_likelihood():
    y = np.array([3, 5, 4])
    fit = poisson_fit(y, np.ones((3, 1)))
    assert fit.log_likelihood == pytest.approx(float((y * np.log(4) - 4 - gammaln(y + 1)).sum()))


# --------------------------------------------------------------------------------------------- laws

counts = st.lists(
    st.tuples(st.sampled_from(["sham", "foot"]), st.integers(0, 30), st.integers(5, 14)),
    min_size=10, max_size=30,
).filter(
    lambda rows: all(sum(c for a, c, _ in rows if a == arm) > 3 for arm in ("sham", "foot"))
)  # fmt: skip


def as_counts(rows) -> pd.DataFrame:
    return people(pd.DataFrame(rows, columns=["arm", "spasms", "days"]))


def compared(frame, control="sham", model="poisson"):
    return rate_ratio(frame, "spasms", arm="arm", control=control, days="days", model=model)


@settings(max_examples=25, deadline=None)
@given(counts, st.randoms(use_true_random=False))
def test_row_order_never_matters(rows, random):
    frame = as_counts(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].reset_index(drop=True)
    for model in SINGLE:
        try:
            a = compared(frame, model=model)
        except NoExtraSpreadError:
            with pytest.raises(NoExtraSpreadError):
                compared(other, model=model)
            continue
        pd.testing.assert_frame_equal(a.table, compared(other, model=model).table, check_exact=True)


@settings(max_examples=25, deadline=None)
@given(counts)
def test_swapping_arms_turns_the_ratio_over(rows):
    frame = as_counts(rows)
    for model in ("poisson", "quasi-poisson"):
        there, back = compared(frame, model=model), compared(frame, "foot", model)
        a, b = there.one(measure="rate_ratio"), back.one(measure="rate_ratio")
        np.testing.assert_allclose(a.estimate, 1 / b.estimate, rtol=1e-8)
        np.testing.assert_allclose(a.conf_low, 1 / b.conf_high, rtol=1e-7)
        np.testing.assert_allclose(a.p_value, b.p_value, rtol=1e-6, atol=1e-12)
        for group in ("sham", "foot"):
            total = frame[frame["arm"] == group]
            row = there.one(measure="rate", group=group)
            crude = total["spasms"].sum() / total["days"].sum()
            np.testing.assert_allclose(row.estimate, crude, rtol=1e-8)
            assert back.one(measure="rate", group=group).estimate == pytest.approx(row.estimate)


@settings(max_examples=25, deadline=None)
@given(counts, st.sampled_from(["count", "days"]))
def test_a_person_without_a_count_changes_n_missing_and_nothing_else(rows, lost):
    frame = as_counts(rows).astype({"spasms": float, "days": float})
    new = pd.DataFrame({"person_id": ["new"], "arm": ["sham"], "spasms": [4.0], "days": [7.0]})
    new["spasms" if lost == "count" else "days"] = np.nan
    a, b = compared(frame).table, compared(pd.concat([frame, new], ignore_index=True)).table
    more = b.pop("n_missing") - a.pop("n_missing")
    assert more[a["term"] != "observed"].eq(1).all()
    pd.testing.assert_frame_equal(a, b, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(counts, st.floats(0.1, 50))
def test_another_unit_of_time_moves_rates_and_not_ratios(rows, unit):
    frame = as_counts(rows)
    a, b = compared(frame), compared(frame.assign(days=frame["days"] * unit))
    np.testing.assert_allclose(
        a.one(measure="rate_ratio").conf_low, b.one(measure="rate_ratio").conf_low, rtol=1e-7
    )
    np.testing.assert_allclose(
        a.one(measure="rate", group="sham").conf_high,
        unit * b.one(measure="rate", group="sham").conf_high, rtol=1e-7,
    )  # fmt: skip


def test_three_arms_are_each_compared_with_the_control():
    rng = np.random.default_rng(6)
    frame = people(pd.DataFrame({
        "arm": np.repeat(["sham", "foot", "hand"], 20), "n": rng.poisson(rng.gamma(2, 2, 60)),
    }))  # fmt: skip
    answer = rate_ratio(frame, "n", arm="arm", control="sham")
    ratios = answer.table.query("measure == 'rate_ratio'")["term"].tolist()
    assert ratios == ["foot - sham", "hand - sham"]
    assert any("not adjusted" in note for note in answer.notes)
    mean = frame.groupby("arm")["n"].mean()
    row = answer.one(measure="rate_ratio", term="hand - sham")
    assert row.estimate == pytest.approx(mean["hand"] / mean["sham"], rel=1e-8)


# ------------------------------------------------------------------------------------------ refusals


def small(**columns) -> pd.DataFrame:
    frame = {"arm": ["sham", "foot"] * 6, "n": [0, 3, 9, 1, 0, 0, 14, 2, 1, 5, 0, 7], "days": 7.0}
    return people(pd.DataFrame(frame | columns))


ARMS = {"arm": "arm", "control": "sham"}
ONES = np.ones((6, 1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rate_ratio(small(), "gone", **ARMS), "no column 'gone'"),
        (lambda: rate_ratio(small(), "n", arm="arm", control="no"), "control 'no'"),
        (lambda: rate_ratio(small(n=0.5), "n", **ARMS), "whole numbers"),
        (lambda: rate_ratio(small(n=-1), "n", **ARMS), "whole numbers"),
        (lambda: rate_ratio(small(n="many"), "n", **ARMS), "not numbers"),
        (lambda: rate_ratio(small(days=0), "n", days="days", **ARMS), "days must be above 0"),
        (lambda: rate_ratio(small(), "n", days="gone", **ARMS), "no column 'gone'"),
        (lambda: rate_ratio(small(), "n", model="hurdle poisson", **ARMS), "model must be"),
        (lambda: rate_ratio(small(), "n", robust="HC9", **ARMS), "robust must be"),
        (lambda: rate_ratio(small(), "n", robust="CR0", **ARMS), "go with a column of clusters"),
        (lambda: rate_ratio(small(), "n", robust="HC0", cluster="days", **ARMS), "that is CR1"),
        (lambda: rate_ratio(small(), "n", cluster="days", **ARMS), "days has one value"),
        (
            lambda: rate_ratio(small(), "n", robust="HC0", model="quasi-poisson", **ARMS),
            "widens by one factor",
        ),
        (lambda: rate_ratio(small(), "n", conf_level=1.0, **ARMS), "conf_level"),
        (lambda: rate_ratio(small(n=0), "n", model="poisson", **ARMS), "every count is 0"),
        (lambda: count_regression(small(), "n", terms=[], model="gamma"), "model must be"),
        (lambda: count_regression(small(), "n", terms=["arm"], zero_terms=[]), "zero_terms belong"),
        (
            lambda: count_regression(
                small(), "n", terms=["arm"], model="hurdle poisson", robust="HC0"
            ),
            "robust standard errors are there for",
        ),
        (
            lambda: count_regression(small(n=[1, 2, 3, 5] * 3), "n", terms=[], model=MODELS[3]),
            "no count is 0",
        ),
        (lambda: two_part_fit([0, 1, 2, 0, 3, 1], ONES, ONES, part="both"), "part must be"),
        (lambda: two_arm_rates([1, 2.5], [1, 2]), "whole numbers"),
        (lambda: two_arm_rates([1, 2], [1, 2], days_control=0), "days above 0"),
        (lambda: poisson_fit([1, -2], np.ones((2, 1))), "whole numbers"),
        (
            lambda: two_part_fit([0, 5, 6, 5, 4, 6], ONES, ONES, part="zero-inflated"),
            "no more than Poisson",
        ),
        (
            lambda: two_part_fit(
                [0, 1, 2, 1, 3, 1, 2, 0, 0, 1], np.ones((10, 1)), np.ones((10, 1)),
                part="zero-inflated", dispersed=False,
            ),
            "runs off to infinity",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_arm_without_any_count_is_refused_by_name():
    frame = small(n=[4, 0, 9, 0, 2, 0, 14, 0, 1, 0, 3, 0])
    for model in SINGLE:
        with pytest.raises(NoMaximumError, match="arm: foot"):
            rate_ratio(frame, "n", model=model, **ARMS)
    for model in MODELS[3:]:
        with pytest.raises(NoMaximumError, match="the intercept, arm: sham"):  # foot is the base
            count_regression(frame, "n", terms=["arm"], model=model)


def test_counts_that_hardly_spread_are_refused():
    with pytest.raises(NoExtraSpreadError, match="poisson"):
        rate_ratio(small(n=[4, 5, 4, 5, 4, 5, 5, 5, 4, 6, 4, 5]), "n", **ARMS)


def test_rows_that_are_not_people_are_refused():
    with pytest.raises(RowsAreNotPeopleError):
        rate_ratio(pd.concat([small(), small()]), "n", **ARMS)
    twice = pd.concat([small(), small()])
    answer = rate_ratio(twice, "n", cluster="person_id", **ARMS)
    assert answer.one(measure="rate_ratio").n == 12
    assert answer.one(measure="count", group="foot").n == 6
