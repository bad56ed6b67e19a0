"""Ordered levels and yes or no: answers of R, laws, known truths, and what must be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.likelihood import (
    NoMaximumError,
    model_rows,
    newton,
    profile_ends,
    runs_off,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.binary import (
    binary_difference,
    logistic_fit,
    logistic_regression,
)
from msspas_analysis.estimate.trials.counts import rate_ratio
from msspas_analysis.estimate.trials.ordinal import (
    cumulative_fit,
    level_probabilities,
    ordinal_difference,
    predicted_probabilities,
    proportional_odds,
    two_arm_odds,
    without_proportional_odds,
)
from msspas_analysis.estimate.trials.ranks import mann_whitney
from shared_reference import answers, table

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "ordinal.csv", keep_default_na=False, na_values=["NA"])
ORACLE["value"] = ORACLE["value"].replace({"NaN": np.nan}).astype(float)
# both sides stop within 1e-10 standard errors of the maximum; a p-value of 1e-15 has fewer digits
TIGHT = {"rtol": 1e-8, "atol": 1e-11}
# R's uniroot stops within 1e-12 of where a likelihood of some hundreds is known to 1e-13
ROOT = {"rtol": 1e-7, "atol": 1e-8}
LEVELS = (0.90, 0.95, 0.99)


def r_says(dataset: str) -> dict[tuple[str, str, float], float]:
    part = ORACLE[ORACLE["dataset"] == dataset]
    assert len(part), dataset
    return {
        (r.term, r.quantity, 0.0 if np.isnan(r.conf_level) else r.conf_level): r.value
        for r in part.itertuples()
    }


def in_r(term: str) -> str:
    """Return the name R gives a column."""
    return term.replace(" * ", ":").replace(": ", "")


def people(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(person_id=[f"P{i:05d}" for i in range(len(frame))])


def wine() -> pd.DataFrame:
    return people(pd.read_csv(REFERENCE / "wine.csv"))


def housing() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "housing.csv")
    order = {
        "Infl": ["Low", "Medium", "High"],
        "Type": ["Tower", "Apartment", "Atrium", "Terrace"],
        "Cont": ["Low", "High"],
    }
    for name, values in order.items():
        data[name] = pd.Categorical(data[name], categories=values)
    return data


def koch() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "koch.csv")
    return data.assign(d=data["day"].astype("category"))


def epilepsy_last() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "epilepsy.csv").query("period == 4")
    data["fits"] = np.digitize(data["seizures"], [1, 3, 5, 9, 17]) + 1
    data["drug"] = (data["treatment"] != "placebo").astype(float)
    return people(data)


MODELS = {
    "wine_logit": (wine, "rating", ["temp", "contact"], {}),
    "wine_probit": (wine, "rating", ["temp", "contact"], {"link": "probit"}),
    "wine_cross": (wine, "rating", ["temp", "contact", "temp:contact"], {}),
    "wine_judge": (
        lambda: wine().astype({"judge": "category"}), "rating", ["temp", "contact", "judge"], {},
    ),
    "housing_logit": (
        housing, "Sat", ["Infl", "Type", "Cont"],
        {"weights": "Freq", "levels": ["Low", "Medium", "High"]},
    ),
    "housing_probit": (
        housing, "Sat", ["Infl", "Type", "Cont"],
        {"weights": "Freq", "levels": ["Low", "Medium", "High"], "link": "probit"},
    ),
    "koch_day14": (lambda: people(koch().query("day == 14")), "y", ["trt"], {}),
    "epilepsy_last": (epilepsy_last, "fits", ["drug", "base", "age"], {}),
}  # fmt: skip


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("proportional_odds", "R 4.2.2, ordinal, MASS (ordinal.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_coefficients_and_wald_intervals_are_those_of_r(name, level):
    make, outcome, terms, how = MODELS[name]
    want = r_says(name)
    answer = proportional_odds(make(), outcome, terms=terms, conf_level=level, **how)
    ratios = 0
    for row in answer.table.itertuples():
        if row.measure in ("threshold", "log_odds_ratio", "latent_shift"):
            term = in_r(row.term)
            for mine, theirs, at in (
                (row.estimate, "estimate", 0.0), (row.std_error, "std_error", 0.0),
                (row.statistic, "statistic", 0.0), (row.p_value, "p_value", 0.0),
                (row.conf_low, "wald_low", level), (row.conf_high, "wald_high", level),
            ):  # fmt: skip
                np.testing.assert_allclose(mine, want[term, theirs, at], err_msg=term, **TIGHT)
        if row.measure == "odds_ratio":
            ratios += 1
            got = [row.estimate, row.conf_low, row.conf_high]
            keys = [("estimate", 0.0), ("wald_low", level), ("wald_high", level)]
            np.testing.assert_allclose(
                got, [np.exp(want[(in_r(row.term), *key)]) for key in keys], rtol=1e-8
            )
    assert ratios == (0 if "probit" in name else len(_slopes(answer)))
    fitted = answer.one(measure="log_likelihood")
    assert fitted.estimate == pytest.approx(want["", "logLik", 0.0], rel=1e-11)
    assert answer.one(measure="aic").estimate == pytest.approx(want["", "AIC", 0.0], rel=1e-11)
    assert (fitted.df, fitted.n) == (want["", "edf", 0.0], want["", "n", 0.0])


def _slopes(answer) -> list[str]:
    return answer.table.query("measure in ('log_odds_ratio', 'latent_shift')")["term"].tolist()


@pytest.mark.oracle("proportional_odds", "R 4.2.2, ordinal (ordinal.R)")
@pytest.mark.parametrize("name", MODELS)
def test_likelihood_ratio_and_proportional_odds_tests_are_those_of_r(name):
    make, outcome, terms, how = MODELS[name]
    want = r_says(name)
    found = proportional_odds(make(), outcome, terms=terms, **how).table
    for measure, stem in (("likelihood_ratio", "lr"), ("proportional_odds_test", "po_lr")):
        there = {t for t, quantity, _ in want if quantity == stem}
        seen = found[found["measure"] == measure].set_index("term")
        assert measure != "likelihood_ratio" or set(seen.index) == there
        for term in there:
            stem_of = stem.removesuffix("_lr")
            got = seen.loc[term, ["statistic", "df", "p_value"]].astype(float)
            keys = (stem, f"{stem_of}_df", f"{stem_of}_p")
            # a limit at infinity: R's nominal fit stops when its gradient is 1e-10
            np.testing.assert_allclose(
                got, [want[term, key, 0.0] for key in keys], rtol=1e-7, atol=1e-9, err_msg=term
            )


@pytest.mark.oracle("proportional_odds", "R 4.2.2, ordinal (ordinal.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_profile_intervals_are_those_of_r(name, level):
    make, outcome, terms, how = MODELS[name]
    want = r_says(name)
    answer = proportional_odds(
        make(), outcome, terms=terms, interval="profile", conf_level=level, **how
    )
    checked = 0
    for row in answer.table.query("measure in ('log_odds_ratio', 'latent_shift')").itertuples():
        if (in_r(row.term), "profile_low", level) in want:
            checked += 1
            ends = [want[in_r(row.term), f"profile_{end}", level] for end in ("low", "high")]
            np.testing.assert_allclose([row.conf_low, row.conf_high], ends, **ROOT)
    assert checked


@pytest.mark.oracle("proportional_odds", "R 4.2.2, sandwich (ordinal.R)")
@pytest.mark.parametrize("name", ["wine_logit", "wine_probit", "koch"])
def test_standard_errors_robust_to_clusters_are_those_of_r(name):
    want = r_says(name)
    if name == "koch":
        answer = proportional_odds(koch(), "y", terms=["trt", "d"], cluster="id")
        assert set(answer.table["n"]) == {72}
    else:
        how = MODELS[name][3]
        data = wine().drop(columns="person_id")
        answer = proportional_odds(
            data, "rating", terms=["temp", "contact"], cluster="judge", **how
        )
        assert set(answer.table["n"]) == {9}
    wald = answer.table[answer.table["std_error"].notna()]
    assert len(wald) == len({t for t, quantity, _ in want if quantity == "robust_se"})
    for row in wald.itertuples():
        np.testing.assert_allclose(row.std_error, want[in_r(row.term), "robust_se", 0.0], **TIGHT)
    assert not answer.table["measure"].isin(["likelihood_ratio", "proportional_odds_test"]).any()


@pytest.mark.oracle("predicted_probabilities", "R 4.2.2, ordinal (ordinal.R)")
@pytest.mark.parametrize("name", ["wine_logit", "wine_probit", "housing_logit", "housing_probit"])
def test_predicted_probabilities_are_those_of_r(name):
    make, outcome, terms, how = MODELS[name]
    want = r_says(name)
    if name.startswith("wine"):
        at = [(t, c) for c in ("no", "yes") for t in ("cold", "warm")]
    else:
        at = [(i, t, "High") for t in ("Tower", "Terrace") for i in ("Low", "High")]
    at = pd.DataFrame(at, columns=terms)
    found = predicted_probabilities(make(), outcome, terms=terms, at=at, **how).table
    k = len(found) // len(at)
    for i, row in enumerate(found.itertuples()):
        key = f"{i // k + 1} {i % k + 1}"
        got = [row.estimate, row.std_error, row.conf_low, row.conf_high]
        keys = (("prob", 0.0), ("prob_se", 0.0), ("prob_low", 0.95), ("prob_high", 0.95))
        np.testing.assert_allclose(got, [want[(key, *k2)] for k2 in keys], **TIGHT)


def made_up(name: str) -> np.ndarray:
    want = r_says(f"table_{name}")
    k = len(want) // 2
    return np.array([[want[f"{i} {j + 1}", "count", 0.0] for j in range(k)] for i in (1, 2)])


TABLES = ("plain", "steep", "empty", "equal", "two", "rating", "big")


@pytest.mark.oracle("ordinal_difference two_arm_odds", "R 4.2.2, ordinal (ordinal.R)")
@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("name", TABLES)
def test_two_arms_are_those_of_r(name, link):
    counts, want = made_up(name), r_says(f"table_{name}_{link}")
    odds = two_arm_odds(counts[0], counts[1], link=link)
    pairs = [
        (odds.log_odds_ratio, want["treated", "estimate", 0.0]),
        (odds.log_likelihood, want["treated" if name == "two" else "", "logLik", 0.0]),
    ]
    if name != "two":
        pairs += [
            (odds.std_error, want["treated", "std_error", 0.0]),
            (odds.likelihood_ratio, want["treated", "lr", 0.0]),
        ]
        cuts = [v for (term, quantity, _), v in want.items()
                if "|" in term and quantity == "estimate"]  # fmt: skip
        np.testing.assert_allclose(odds.thresholds[~np.isnan(odds.thresholds)], cuts, **TIGHT)
    elif link == "logit":
        pairs.append((odds.std_error, want["treated", "std_error", 0.0]))
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.oracle("ordinal_difference", "R 4.2.2, ordinal (ordinal.R)")
@pytest.mark.parametrize("name", [t for t in TABLES if t not in ("two", "equal")])
def test_difference_between_arms_is_that_of_r(name):
    counts, want = made_up(name), r_says(f"table_{name}_logit")
    for level in LEVELS:
        answer = ordinal_difference(
            as_people(counts), "level", arm="arm", control="sham", levels=range(counts.shape[1]),
            interval="profile", conf_level=level,
        )  # fmt: skip
        row = answer.one(measure="odds_ratio")
        ends = [np.exp(want["treated", f"profile_{end}", level]) for end in ("low", "high")]
        assert row.term == "foot - sham"
        np.testing.assert_allclose([row.conf_low, row.conf_high], ends, **ROOT)
        row = answer.one(measure="log_odds_ratio")
        np.testing.assert_allclose(row.estimate, want["treated", "estimate", 0.0], **TIGHT)
        np.testing.assert_allclose(row.p_value, want["treated", "p_value", 0.0], **TIGHT)
    trend = answer.one(measure="mean_level_difference")
    np.testing.assert_allclose(trend.statistic**2, want["", "trend", 0.0], rtol=1e-10)
    np.testing.assert_allclose(trend.p_value, want["", "trend_p", 0.0], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(
        (trend.conf_low + trend.conf_high) / 2, trend.estimate, rtol=1e-10, atol=1e-14
    )
    shares = answer.table.query("measure == 'proportion' and group == 'foot'")["estimate"]
    seen = counts[1][counts.sum(axis=0) > 0]
    np.testing.assert_allclose(shares, seen / seen.sum(), rtol=1e-14)


def as_people(counts) -> pd.DataFrame:
    """Return a table of arms by levels as one row per person."""
    rows = [
        (arm, level)
        for arm, part in zip(("sham", "foot"), counts, strict=True)
        for level, count in enumerate(part)
        for _ in range(int(count))
    ]
    return people(pd.DataFrame(rows, columns=["arm", "level"]))


def month4(*, gaps: bool = False) -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "respiratory.csv").query("month == 4").reset_index(drop=True)
    data["centre"] = data["centre"].astype("category")
    data["status"] = data["status"].astype(float)
    if gaps:
        data.loc[[2, 49, 76], "age"] = np.nan
        data.loc[[8, 49], "status"] = np.nan
    return people(data)


BINARY = {
    "respiratory_plain": ([], False),
    "respiratory_adjusted": (["centre", "sex", "age", "baseline"], False),
    "respiratory_gaps": (["age", "baseline"], True),
}


@pytest.mark.oracle("binary_difference", "R 4.2.2 glm, sandwich (ordinal.R)")
@pytest.mark.parametrize("name", BINARY)
def test_yes_or_no_by_arm_is_that_of_r(name):
    covariates, gaps = BINARY[name]
    want = r_says(name)
    data = month4(gaps=gaps)
    treated = next(iter({*data["treatment"]} - {"placebo"}))
    how = {"arm": "treatment", "control": "placebo", "covariates": covariates}
    answer = binary_difference(data, "status", **how)
    arm, term = f"treatment{treated}", f"{treated} - placebo"
    row = answer.one(measure="log_odds_ratio")
    for quantity in ("estimate", "std_error", "statistic", "p_value"):
        np.testing.assert_allclose(row[quantity], want[arm, quantity, 0.0], **TIGHT)
    assert (row.n, row.n_missing) == (want["", "n", 0.0], want["", "n_missing", 0.0])
    for group, code in (("placebo", "0"), (treated, "1")):
        row = answer.one(measure="risk", group=group)
        np.testing.assert_allclose(row.estimate, want[code, "risk", 0.0], **TIGHT)
        np.testing.assert_allclose(row.std_error, want[code, "risk_se", 0.0], **TIGHT)
    row = answer.one(measure="risk_difference", term=term)
    np.testing.assert_allclose(row.estimate, want["", "risk_difference", 0.0], **TIGHT)
    np.testing.assert_allclose(row.std_error, want["", "risk_difference_se", 0.0], **TIGHT)
    half = 1.959963984540054
    log_ratio, se = want["", "log_risk_ratio", 0.0], want["", "log_risk_ratio_se", 0.0]
    row = answer.one(measure="risk_ratio")
    np.testing.assert_allclose(
        [row.estimate, row.conf_low, row.conf_high],
        np.exp([log_ratio, log_ratio - half * se, log_ratio + half * se]), **TIGHT,
    )  # fmt: skip
    for level in LEVELS:
        answer = binary_difference(data, "status", interval="profile", conf_level=level, **how)
        row = answer.one(measure="log_odds_ratio")
        ends = [want[arm, f"profile_{end}", level] for end in ("low", "high")]
        np.testing.assert_allclose([row.conf_low, row.conf_high], ends, **ROOT)


@pytest.mark.oracle("logistic_regression", "R 4.2.2 glm (ordinal.R)")
@pytest.mark.parametrize("name", BINARY)
def test_logistic_regression_is_that_of_r(name):
    covariates, gaps = BINARY[name]
    want = r_says(name)
    data = month4(gaps=gaps)
    data["treatment"] = pd.Categorical(
        data["treatment"], ["placebo", *({*data["treatment"]} - {"placebo"})]
    )
    answer = logistic_regression(data, "status", terms=["treatment", *covariates])
    rows = answer.table[answer.table["measure"].isin(["log_odds", "log_odds_ratio"])]
    assert len(rows) == len({t for t, quantity, _ in want if quantity == "std_error"})
    for row in rows.itertuples():
        term = in_r(row.term).replace("intercept", "(Intercept)")
        for quantity in ("estimate", "std_error", "statistic", "p_value"):
            np.testing.assert_allclose(getattr(row, quantity), want[term, quantity, 0.0], **TIGHT)
    for measure, quantity in (("log_likelihood", "logLik"), ("aic", "AIC")):
        np.testing.assert_allclose(
            answer.one(measure=measure).estimate, want["", quantity, 0.0], rtol=1e-11
        )


def test_the_oracle_has_empty_levels_and_tests_at_the_limit():
    assert {"po_lr", "lr", "robust_se", "profile_low", "prob", "trend"} <= set(ORACLE["quantity"])
    cold = wine().query("temp == 'cold'")["rating"]
    assert cold.max() < wine()["rating"].max()  # a slope of its own at the last cut is infinite
    assert (made_up("empty").sum(axis=0) == 0).any()


# --------------------------------------------------------------------- answers kept beside the code


def agree(got, want, rel):
    np.testing.assert_allclose(got, want, rtol=rel)


def same_coefficients(answer, want, rel):
    seen = 0
    for row in answer.table.query(
        "measure in ('threshold', 'log_odds_ratio', 'latent_shift')"
    ).itertuples():
        told = want[in_r(row.term)]
        agree(row.estimate, told["estimate"], rel)
        agree(row.std_error, told["se"], rel)
        agree(row.p_value, told["p"], rel)
        seen += 1
    assert seen == len(want)


@pytest.mark.oracle(
    "proportional_odds", "R 4.2.2 clm on the bitterness of wine, beside the project"
)
@pytest.mark.parametrize("link", ["logit", "probit"])
def test_wine(link):
    want = answers("wine.clm")
    answer = proportional_odds(wine(), "rating", terms=["temp", "contact"], link=link)
    same_coefficients(answer, want[link]["coefficients"], 1e-6)
    agree(answer.one(measure="log_likelihood").estimate, want[link]["logLik"], 1e-9)
    agree(answer.one(measure="aic").estimate, want[link]["AIC"], 1e-9)
    if link == "probit":
        return
    for term, told in want["nominal_test"].items():
        row = answer.one(measure="proportional_odds_test", term=term)
        agree([row.statistic, row.df, row.p_value], [told["LRT"], told["df"], told["p"]], 1e-6)
    crossed = proportional_odds(wine(), "rating", terms=["temp", "contact", "temp:contact"])
    row = crossed.one(measure="likelihood_ratio", term="temp:contact")
    told = want["interaction_LR"]
    agree([row.statistic, row.df, row.p_value], [told["chisq"], told["df"], told["p"]], 1e-6)
    by_profile = proportional_odds(
        wine(), "rating", terms=["temp", "contact"], interval="profile"
    ).table.query("measure == 'log_odds_ratio'")
    for row in by_profile.itertuples():
        # confint() interpolates between points of the profile
        agree([row.conf_low, row.conf_high], want["profile_ci"][in_r(row.term)], 1e-4)
    at = pd.DataFrame({"temp": ["cold"], "contact": ["no"]})
    found = predicted_probabilities(wine(), "rating", terms=["temp", "contact"], at=at).table
    agree(found["estimate"], want["predicted_probs_cold_no"], 1e-6)


@pytest.mark.oracle("proportional_odds", "R 4.2.2 polr on housing, beside the project")
def test_housing():
    want = answers("housing.polr")
    make, outcome, terms, how = MODELS["housing_logit"]
    answer = proportional_odds(make(), outcome, terms=terms, **how)
    same_coefficients(answer, want["coefficients"], 1e-6)
    row = answer.one(measure="log_likelihood")
    agree([row.estimate, row.df, row.n], [want["logLik"], want["edf"], want["n"]], 1e-9)
    agree(-2 * row.estimate, want["deviance"], 1e-9)


@pytest.mark.oracle(
    "ordinal_difference", "R 4.2.2 on the licorice gargle trial, beside the project"
)
def test_licorice():
    want = answers("licorice.po.shared")
    data = people(table("licorice.csv"))
    outcome = "extubation_cough"
    answer = ordinal_difference(data, outcome, arm="treat", control=0)
    told = want["unadjusted"]["coefficients"]
    for term, measure, key in (
        ("0|1", "threshold", "0|1"), ("1|2", "threshold", "1|2"),
        ("1 - 0", "log_odds_ratio", "treat"),
    ):  # fmt: skip
        row = answer.one(term=term, measure=measure)
        agree(
            [row.estimate, row.std_error, row.p_value],
            [told[key][k] for k in ("estimate", "se", "p")], 1e-6,
        )  # fmt: skip
    agree(answer.one(measure="odds_ratio").estimate, want["or_greater_pain"], 1e-6)
    row = answer.one(measure="proportional_odds_test")
    test = want["po_LR_test"]
    agree([row.statistic, row.df, row.p_value], [test["LRT"], test["df"], test["p"]], 1e-6)
    row = answer.one(measure="mean_level_difference")
    trend = want["trend_chisq"]
    agree([row.statistic**2, row.p_value], [trend["X2"], trend["p"]], 1e-6)
    covariates = ["preOp_age", "preOp_gender", "preOp_calcBMI"]
    adjusted = ordinal_difference(data, outcome, arm="treat", control=0, covariates=covariates)
    told = want["adjusted"]["coefficients"]["treat"]
    row = adjusted.one(measure="log_odds_ratio")
    agree(
        [row.estimate, row.std_error, row.p_value], [told["estimate"], told["se"], told["p"]], 1e-6
    )
    regression = proportional_odds(data, outcome, terms=["treat", *covariates])
    for term in covariates:
        row, told = regression.one(term=term, measure="log_odds_ratio"), want["adjusted"]
        agree(row.std_error, told["coefficients"][term]["se"], 1e-6)
    agree(regression.one(measure="aic").estimate, want["adjusted"]["AIC"], 1e-9)
    rated = data.dropna(subset=[outcome])
    x, y = (rated.loc[rated["treat"] == arm, outcome].to_numpy(float) for arm in (1, 0))
    assert [len(x), len(y)] == want["n"]
    assert [int((v > 0).sum()) for v in (x, y)] == want["any_pain"]
    rank, told = mann_whitney(x, y), want["mann_whitney"]
    agree([rank.statistic, rank.p_value, rank.p_corrected],
          [told["W"], told["p_nocc"], told["p_cc"]], 1e-9)  # fmt: skip
    agree(rank.statistic / (len(x) * len(y)), told["prob_sup_half_ties"], 1e-9)


@pytest.mark.oracle("proportional_odds", "R 4.2.2 on Koch 1990, beside the project")
def test_koch():
    want = answers("koch.gee_independence")
    answer = proportional_odds(koch(), "y", terms=["trt", "d"], cluster="id")
    for row in answer.table[answer.table["std_error"].notna()].itertuples():
        term = in_r(row.term)
        agree(
            row.estimate,
            want["estimate"][term.replace("d", "df") if term[0] == "d" else term],
            1e-5,
        )
        agree(row.std_error, want["robust_se"][term.replace("d", "df") if term[0] == "d" else term],
              1e-5)  # fmt: skip


@pytest.mark.oracle(
    "logistic_regression", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
def test_missing_diaries_of_the_acupuncture_trial():
    want = answers("acu.missingness.logit")
    data = people(table("acupuncture.csv"))
    data["gone"] = data["pk5"].isna()
    terms = ["group", "pk1", "age", "sex", "migraine", "chronicity"]
    answer = logistic_regression(data, "gone", terms=terms)
    for row in answer.table[
        answer.table["measure"].isin(["log_odds", "log_odds_ratio"])
    ].itertuples():
        told = want["coefficients"][row.term.replace("intercept", "(Intercept)")]
        agree([row.estimate, row.std_error], [told["estimate"], told["se"]], 1e-5)
    agree(answer.one(measure="aic").estimate, want["aic"], 1e-5)


# ------------------------------------------------------------------------------------- known truths


def draw_levels(rng, log_odds, n, replicates):
    """Return counts of four levels in two arms of n people, proportional odds."""
    cuts = np.array([-0.8, 0.4, 1.5])
    p = [level_probabilities(cuts, b) for b in (0.0, log_odds)]
    return [rng.multinomial(n, q, size=replicates) for q in p]


def test_common_odds_ratio_errs_in_5_percent_and_covers_in_95():
    rng = np.random.default_rng(20260311)
    replicates, z = 4_000, 1.959963984540054
    # 3.5 Monte Carlo standard errors, and half a per cent for 60 people an arm not being infinite
    margin = 3.5 * np.sqrt(0.05 * 0.95 / replicates) + 0.005
    odds = two_arm_odds(*draw_levels(rng, 0.0, 60, replicates))
    assert abs(np.mean(odds.likelihood_ratio > z * z) - 0.05) < margin
    odds = two_arm_odds(*draw_levels(rng, 0.7, 60, replicates))
    assert abs(np.mean(abs(odds.log_odds_ratio - 0.7) < z * odds.std_error) - 0.95) < margin
    error = odds.log_odds_ratio.std() / np.sqrt(replicates)
    # the estimate is about 2 % too large at this size
    assert abs(odds.log_odds_ratio.mean() - 0.7) < 3.5 * error + 0.02


def test_standardised_risk_difference_covers_in_95():
    rng = np.random.default_rng(20260312)
    inside, replicates, n = 0, 250, 200
    base = rng.normal(size=400_000)
    truth = np.mean(1 / (1 + np.exp(-(0.2 + base)))) - np.mean(1 / (1 + np.exp(-(base - 0.4))))
    for _ in range(replicates):
        x, arm = rng.normal(size=n), np.arange(n) % 2
        y = rng.random(n) < 1 / (1 + np.exp(-(x - 0.4 + 0.6 * arm)))
        frame = people(pd.DataFrame({"arm": arm, "x": x, "y": y}))
        row = binary_difference(frame, "y", arm="arm", control=0, covariates=["x"]).one(
            measure="risk_difference"
        )
        inside += row.conf_low <= truth <= row.conf_high
    # 3.5 Monte Carlo standard errors of a share of 95 % in 250
    assert abs(inside / replicates - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / replicates)


def test_robust_intervals_cover_where_people_answer_four_times():
    rng = np.random.default_rng(20260313)
    inside, naive, replicates, clusters = 0, 0, 150, 80
    who = np.repeat(np.arange(clusters), 4)
    arm = who % 2
    for _ in range(replicates):
        scale = rng.normal(0, 1.5, clusters)[who] + rng.logistic(size=4 * clusters)
        frame = pd.DataFrame({"who": who, "arm": arm, "grade": np.digitize(scale, [-1, 1])})
        row = proportional_odds(frame, "grade", terms=["arm"], cluster="who").one(
            measure="log_odds_ratio"
        )
        inside += row.conf_low <= 0 <= row.conf_high
        frame = people(frame)
        row = proportional_odds(frame, "grade", terms=["arm"]).one(measure="log_odds_ratio")
        naive += row.conf_low <= 0 <= row.conf_high
    # with 80 clusters the sandwich is a little too small: 0.5 % are allowed for
    margin = 3.5 * np.sqrt(0.05 * 0.95 / replicates) + 0.005
    assert abs(inside / replicates - 0.95) < margin
    assert naive / replicates < 0.95 - margin  # rows taken for people: too narrow


# ------------------------------------------------------------------------------ batches and the rest


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_a_batch_is_many_singles(link):
    rng = np.random.default_rng(5)
    control, treated = rng.poisson(1.6, (2, 40, 5))
    treated[3] = 0  # an arm without people
    control[4], treated[4] = [5, 2, 0, 0, 0], [0, 1, 3, 3, 0]  # separated
    control[5], treated[5] = [0, 0, 4, 0, 0], [0, 0, 5, 0, 0]  # everybody alike
    batch = two_arm_odds(control, treated, link=link)
    for r in range(40):
        one = two_arm_odds(control[r], treated[r], link=link)
        for name in (
            "log_odds_ratio",
            "std_error",
            "log_likelihood",
            "likelihood_ratio",
            "thresholds",
        ):
            np.testing.assert_allclose(getattr(batch, name)[r], getattr(one, name), rtol=1e-9,
                                       atol=1e-12, err_msg=f"{r} {name}")  # fmt: skip
        counts = np.stack([control[r], treated[r]])
        seen = counts.sum(axis=0) > 0
        if np.isfinite(one.std_error):
            y = np.concatenate([np.repeat(np.arange(seen.sum()), c[seen]) for c in counts])
            x = np.repeat([0.0, 1.0], counts.sum(axis=1))[:, None]
            fit = cumulative_fit(y, x, link=link)
            np.testing.assert_allclose(one.log_odds_ratio, fit.coef[0], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(one.std_error, np.sqrt(fit.covariance[-1, -1]), rtol=1e-9)
            # the derivative of the likelihood, row by row, is nought in all
            np.testing.assert_allclose(fit.scores.sum(axis=0), 0, atol=1e-8)
    assert np.isnan(batch.log_odds_ratio[[3, 5]]).all()
    assert batch.log_odds_ratio[4] == np.inf
    assert np.isnan(batch.std_error[4])
    swapped = two_arm_odds(treated, control, link=link)
    np.testing.assert_allclose(swapped.log_odds_ratio, -batch.log_odds_ratio, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        swapped.likelihood_ratio, batch.likelihood_ratio, rtol=1e-8, atol=1e-9
    )


def test_batches_keep_every_leading_axis():
    odds = two_arm_odds(np.ones((2, 3, 4)), np.ones(4))
    assert odds.log_odds_ratio.shape == odds.std_error.shape == (2, 3)
    assert odds.thresholds.shape == (2, 3, 3)


def test_a_limit_is_the_likelihood_of_the_rows_that_remain():
    # control never above, treated never below: all of the likelihood is within the arms
    odds = two_arm_odds([5, 2, 0, 0], [0, 1, 3, 3])
    parts = [np.array([5, 2]), np.array([1, 3, 3])]
    # the cut between 2 and 1 is shared: control has 5 against 2, treated 1 against 6 at a free shift
    want = sum(float(c @ np.log(c / c.sum())) for c in parts)
    assert odds.log_likelihood == pytest.approx(want, abs=1e-9)


def test_slopes_of_their_own_at_every_cut_are_those_of_separate_tables():
    counts = made_up("plain")
    y = np.tile(np.arange(4), 2)
    x = np.repeat([0.0, 1.0], 4)[:, None]
    fit = cumulative_fit(y, x, weights=counts.ravel())
    loose = without_proportional_odds(y, x, np.array([True]), fit, weights=counts.ravel())
    # with an arm alone the model is saturated
    want = float((counts * np.log(counts / counts.sum(axis=1, keepdims=True))).sum())
    assert loose == pytest.approx(want, abs=1e-9)


def test_two_levels_are_logistic_regression():
    data = month4()
    covariates = ["centre", "age"]
    a = ordinal_difference(
        data, "status", arm="treatment", control="placebo", covariates=covariates
    ).one(measure="log_odds_ratio")
    b = binary_difference(
        data, "status", arm="treatment", control="placebo", covariates=covariates
    ).one(measure="log_odds_ratio")
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        assert a[name] == pytest.approx(b[name], rel=1e-9)


def test_weights_are_people():
    data = housing().query("Type != 'Tower'").reset_index(drop=True)
    long = people(data.loc[data.index.repeat(data["Freq"])].reset_index(drop=True))
    how = {"terms": ["Infl", "Cont"], "levels": ["Low", "Medium", "High"]}
    a = proportional_odds(data, "Sat", weights="Freq", **how).table
    b = proportional_odds(long, "Sat", **how).table
    np.testing.assert_allclose(a["estimate"], b["estimate"], rtol=1e-9, atol=1e-10)
    assert a["n"].tolist() == b["n"].tolist()
    data["yes"] = (data["Sat"] == "High").astype(int)
    long["yes"] = (long["Sat"] == "High").astype(int)
    for interval in ("wald", "profile"):
        terms = {"terms": ["Infl", "Cont"], "interval": interval}
        a = logistic_regression(data, "yes", weights="Freq", **terms).table
        b = logistic_regression(long, "yes", **terms).table
        np.testing.assert_allclose(a["conf_low"], b["conf_low"], rtol=1e-8)
    both = {"terms": ["Infl", "Cont"], "cluster": "Type"}
    a = logistic_regression(data, "yes", weights="Freq", **both).table
    b = logistic_regression(long, "yes", **both).table
    np.testing.assert_allclose(a["std_error"], b["std_error"], rtol=1e-8)


def test_yes_or_no_robust_to_clusters_is_the_same_sandwich():
    data = pd.read_csv(REFERENCE / "respiratory.csv")
    data = data[data["month"] > 0]
    a = binary_difference(data, "status", arm="treatment", control="placebo", cluster="subject")
    b = proportional_odds(
        data.assign(t=(data["treatment"] != "placebo") * 1),
        "status",
        terms=["t"],
        cluster="subject",
    ).one(measure="log_odds_ratio")
    row = a.one(measure="log_odds_ratio")
    assert row.std_error == pytest.approx(b.std_error, rel=1e-9)
    assert row.n == data["subject"].nunique()
    weighted = logistic_regression(
        data.assign(t=(data["treatment"] != "placebo") * 1, w=1), "status", terms=["t"],
        cluster="subject", weights="w",
    )  # fmt: skip
    same = weighted.one(measure="log_odds_ratio")
    assert same.std_error == pytest.approx(b.std_error, rel=1e-9)


# --------------------------------------------------------------------------------------------- laws

grades = st.lists(
    st.tuples(st.sampled_from(["sham", "foot"]), st.integers(0, 3), st.integers(20, 60)),
    min_size=14, max_size=40,
).filter(
    lambda rows: all(
        {g for a, g, _ in rows if a == arm} >= {0, 1, 2} for arm in ("sham", "foot")
    )
    and len({age for _, _, age in rows}) > 6
)  # fmt: skip


def as_grades(rows) -> pd.DataFrame:
    return people(pd.DataFrame(rows, columns=["arm", "grade", "age"]).astype({"age": float}))


@settings(max_examples=25, deadline=None)
@given(grades, st.randoms(use_true_random=False))
def test_row_order_never_matters(rows, random):
    frame = as_grades(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].reset_index(drop=True)
    frame["yes"], other["yes"] = frame["grade"] > 0, other["grade"] > 0
    for face, outcome in ((ordinal_difference, "grade"), (binary_difference, "yes")):
        a = face(frame, outcome, arm="arm", control="sham")
        b = face(other, outcome, arm="arm", control="sham")
        pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)


@settings(max_examples=25, deadline=None)
@given(grades)
def test_swapping_arms_flips_the_sign(rows):
    frame = as_grades(rows).assign(yes=lambda f: f["grade"] > 0)
    for face, outcome, measures in (
        (ordinal_difference, "grade", ["log_odds_ratio", "mean_level_difference"]),
        (binary_difference, "yes", ["log_odds_ratio", "risk_difference"]),
    ):
        there = face(frame, outcome, arm="arm", control="sham")
        back = face(frame, outcome, arm="arm", control="foot")
        for measure in measures:
            a, b = there.one(measure=measure), back.one(measure=measure)
            np.testing.assert_allclose(a.estimate, -b.estimate, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(a.conf_low, -b.conf_high, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(a.p_value, b.p_value, rtol=1e-6)
            assert a.term == "foot - sham"
            assert b.term == "sham - foot"


@settings(max_examples=15, deadline=None)
@given(grades)
def test_a_person_without_an_outcome_changes_n_missing_and_nothing_else(rows):
    frame = as_grades(rows).astype({"grade": float}).assign(yes=lambda f: (f["grade"] > 0) * 1.0)
    new = pd.DataFrame({"person_id": ["new"], "arm": ["sham"], "age": [30.0]})
    longer = pd.concat([frame, new], ignore_index=True)
    for face, outcome in ((ordinal_difference, "grade"), (binary_difference, "yes")):
        a = face(frame, outcome, arm="arm", control="sham").table
        b = face(longer, outcome, arm="arm", control="sham").table
        more = b.pop("n_missing") - a.pop("n_missing")
        assert more[a["measure"] != "proportion"].eq(1).all()
        pd.testing.assert_frame_equal(a, b, check_exact=True)


def test_levels_turned_round_flip_the_sign():
    there = proportional_odds(wine(), "rating", terms=["temp", "contact"], interval="profile")
    back = proportional_odds(
        wine(), "rating", terms=["temp", "contact"], levels=[5, 4, 3, 2, 1], interval="profile"
    )
    a, b = (x.table.query("measure == 'log_odds_ratio'") for x in (there, back))
    np.testing.assert_allclose(a["estimate"], -b["estimate"], rtol=1e-9)
    np.testing.assert_allclose(a["conf_low"], -b["conf_high"], rtol=1e-8)


def test_three_arms_are_each_compared_with_the_control():
    rng = np.random.default_rng(8)
    frame = people(pd.DataFrame({
        "arm": np.repeat(["sham", "foot", "hand"], 30), "grade": rng.integers(0, 3, 90),
    }))  # fmt: skip
    answer = ordinal_difference(frame, "grade", arm="arm", control="sham")
    terms = answer.table.query("measure == 'odds_ratio'")["term"].tolist()
    assert terms == ["foot - sham", "hand - sham"]
    assert any("not adjusted" in note for note in answer.notes)
    row = answer.one(measure="likelihood_ratio")
    assert (row.term, row.df) == ("arm", 2)
    frame["yes"] = frame["grade"] == 2
    answer = binary_difference(frame, "yes", arm="arm", control="sham")
    row = answer.one(measure="risk_difference", term="hand - sham")
    share = frame.groupby("arm")["yes"].mean()
    assert row.estimate == pytest.approx(share["hand"] - share["sham"], rel=1e-9)


def test_a_level_that_nobody_has_is_said():
    data = wine().query("rating < 5")
    answer = proportional_odds(data, "rating", terms=["temp"], levels=[1, 2, 3, 4, 5])
    assert any("Nobody is at 5" in note for note in answer.notes)
    assert answer.one(measure="threshold", term="3|4").n == len(data)


# ------------------------------------------------------------------------------------------ refusals


def small(**columns) -> pd.DataFrame:
    frame = {"arm": ["sham", "foot"] * 6, "grade": [0, 1, 2] * 4, "x": np.arange(12.0) % 5}
    return people(pd.DataFrame(frame | columns))


ARMS = {"arm": "arm", "control": "sham"}
AT_WARM = pd.DataFrame({"temp": ["hot"]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ordinal_difference(small(), "gone", **ARMS), "no column 'gone'"),
        (lambda: ordinal_difference(small(), "grade", arm="arm", control="no"), "control 'no'"),
        (lambda: ordinal_difference(small(), "grade", link="cloglog", **ARMS), "link must be"),
        (lambda: ordinal_difference(small(), "grade", interval="exact", **ARMS), "interval must"),
        (lambda: ordinal_difference(small(), "grade", conf_level=95, **ARMS), "conf_level"),
        (lambda: ordinal_difference(small(), "grade", levels=[0, 1], **ARMS), "not among levels"),
        (lambda: ordinal_difference(small(), "grade", levels=[0, 1, 1, 2], **ARMS), "twice"),
        (lambda: ordinal_difference(small(grade="low"), "grade", **ARMS), "no order of their own"),
        (lambda: ordinal_difference(small(grade=1), "grade", **ARMS), "nothing differs"),
        (lambda: ordinal_difference(small(grade=np.nan), "grade", **ARMS), "nobody has"),
        (
            lambda: ordinal_difference(small(grade=[0, np.nan] * 6), "grade", **ARMS),
            "arm 'foot' has nobody",
        ),
        (lambda: ordinal_difference(small(x=1.0), "grade", covariates=["x"], **ARMS), "'x' has one value"),
        (
            lambda: ordinal_difference(small(), "grade", covariates=["x", "x"], **ARMS),
            "twice",
        ),
        (
            lambda: proportional_odds(small(z=2 * (np.arange(12) % 5)), "grade", terms=["x", "z"]),
            "'z' has one value only or is determined",
        ),
        (lambda: proportional_odds(small(), "grade", terms=["x:arm"]), "needs 'x', 'arm'"),
        (lambda: proportional_odds(small(w=0.5), "grade", terms=["x"], weights="w"), "whole numbers"),
        (
            lambda: proportional_odds(
                small(), "grade", terms=["x"], cluster="arm", interval="profile"
            ),
            "independent",
        ),
        (lambda: proportional_odds(small(), "grade", terms=["x"], cluster="who"), "no column 'who'"),
        (
            lambda: predicted_probabilities(wine(), "rating", terms=["temp"], at=AT_WARM),
            "nobody in the table has",
        ),
        (
            lambda: predicted_probabilities(wine(), "rating", terms=["contact"], at=AT_WARM),
            "at has no column 'contact'",
        ),
        (
            lambda: predicted_probabilities(
                small(), "grade", terms=["x"], at=pd.DataFrame({"x": [np.nan]})
            ),
            "empty cell",
        ),
        (lambda: two_arm_odds([1, -1], [1, 1]), "counts of 0 or more"),
        (lambda: two_arm_odds([3], [4]), "at least 2 levels"),
        (lambda: two_arm_odds([3, 1], [4, 1], link="log"), "link must be"),
        (lambda: cumulative_fit([0, 0], [[1], [2]]), "one level"),
        (lambda: binary_difference(small(), "grade", **ARMS), "must hold 0 and 1"),
        (lambda: binary_difference(small(grade=1), "grade", **ARMS), "all outcomes are the same"),
        (lambda: model_rows(small(x=np.inf), "grade", ["x"]), "infinite"),
        (
            lambda: newton(lambda b: (float(b[0]), np.ones(1), -np.eye(1)), [0.0], what="a slope"),
            "a slope: the likelihood was not at its maximum",
        ),
        (
            lambda: newton(lambda b: (-np.inf, b, np.eye(1)), [0.0], what="nothing"),
            "not finite where the search begins",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_rows_that_are_not_people_are_refused():
    twice = pd.concat([small(), small()])
    for face in (ordinal_difference, binary_difference):
        with pytest.raises(RowsAreNotPeopleError):
            face(twice, "grade", **ARMS)


def test_separation_is_refused_by_name():
    grade = [0, 1, 0, 1] * 3
    apart = small(grade=grade)
    with pytest.raises(NoMaximumError, match="arm: foot"):
        binary_difference(apart, "grade", **ARMS)
    with pytest.raises(NoMaximumError, match="arm: foot"):
        ordinal_difference(apart, "grade", **ARMS)
    # quasi-separation: one value of a category has a yes only, the rest overlaps
    mixed = small(
        grade=[0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1], centre=[*["north", "south"] * 4, *["west"] * 4]
    )
    with pytest.raises(NoMaximumError, match="centre: west"):
        binary_difference(mixed, "grade", covariates=["centre"], **ARMS)
    with pytest.raises(NoMaximumError, match="centre: west") as told:
        logistic_regression(mixed, "grade", terms=["centre", "x"])
    assert "x" not in str(told.value).split("separated by")[1].split(":")[0].split()
    with pytest.raises(NoMaximumError, match="centre: west"):
        proportional_odds(mixed, "grade", terms=["centre"])


def test_a_strong_covariate_is_not_taken_for_separation():
    x = np.concatenate([np.linspace(-30, 0.5, 60), np.linspace(-0.5, 30, 60)])
    y = np.repeat([0, 1], 60)
    fit = logistic_fit(y, np.column_stack([np.ones(120), x]))
    assert np.isfinite(fit.at).all()
    # at the maximum the residuals are orthogonal to the columns
    left = y - 1 / (1 + np.exp(-(fit.at[0] + fit.at[1] * x)))
    np.testing.assert_allclose([left.sum(), left @ x], 0, atol=1e-9)


def test_a_direction_is_found_only_if_there_is_one():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(60, 3)) * [1, 100, 0.01]
    way = np.array([0.0, 0.5, -2_000.0])
    apart = x * np.sign(x @ way)[:, None]
    found = runs_off(apart)
    assert (apart @ found >= -1e-9).all()
    assert (apart @ found > 0).any()
    assert runs_off(np.concatenate([apart, -apart])) is None
    flat = np.array([[1.0, 0.0, 0.0]])
    assert runs_off(np.array([[0.0, 0, 1], [0, 1, 0]]), flat)[0] == 0


def test_ends_of_a_profile_are_where_it_has_fallen_enough():
    n, hits = 20, 6
    best = hits * np.log(0.3) + 14 * np.log(0.7)

    def at(logit: float) -> float:
        return float(hits * logit - n * np.logaddexp(0, logit))

    hat = float(np.log(0.3 / 0.7))
    ends = profile_ends(at, hat, 1 / np.sqrt(20 * 0.21), best, conf_level=0.95)
    for end in ends:
        assert 2 * (best - at(end)) == pytest.approx(1.959963984540054**2, rel=1e-9)
    assert ends[0] < hat < ends[1]


@pytest.mark.parametrize("face", [
    lambda f: binary_difference(f, "y", arm="arm", control="sham"),
    lambda f: ordinal_difference(f, "g", levels=[0, 1, 2], arm="arm", control="sham"),
    lambda f: rate_ratio(f, "g", arm="arm", control="sham"),
])  # fmt: skip
def test_an_arm_without_an_outcome_is_named(face):
    frame = people(pd.DataFrame({"arm": ["foot", "sham"] * 6, "y": [0, 1, 1, 0] * 3,
                                 "g": [0, 1, 2, 0, 2, 1] * 2}))  # fmt: skip
    gone = frame["arm"] == "foot"
    frame[["y", "g"]] = frame[["y", "g"]].astype(float).mask(gone)
    with pytest.raises(
        ValueError, match=r"arm 'foot' has nobody with [yg], so it cannot be compared"
    ):
        face(frame)
