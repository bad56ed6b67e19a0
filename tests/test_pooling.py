"""Pooling studies: equal to metafor, keeps its laws, covers as often as it says, refuses what cannot be."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kendalltau, norm

import shared_reference
from msspas_analysis.certify.studies.pooling_runs import pooled_coverage
from msspas_analysis.estimate.pooling.counts import pooled_proportion, pooled_tables
from msspas_analysis.estimate.pooling.effects import MEASURES, study_effects
from msspas_analysis.estimate.pooling.models import METHODS, fit_studies, tau2_interval
from msspas_analysis.estimate.pooling.pooled import (
    leave_one_out,
    meta_regression,
    pooled_effect,
    subgroup_effects,
)
from msspas_analysis.estimate.pooling.small_studies import small_study_effects
from msspas_analysis.simulate.streams import stream

HERE = Path(__file__).parent / "reference"
SOURCE = "R 4.2.2, metafor 3.8-1 (pooling.R)"
CODES = {"EE": "common", "EB": "PM"}
FROM = {"n1": "n_1", "n2": "n_2", "m1": "mean_1", "m2": "mean_2", "sd1": "sd_1", "sd2": "sd_2",
        "a": "events_1", "b": "events_2", "t1": "time_1", "t2": "time_2", "r": "correlation"}  # fmt: skip


@cache
def answers():
    found = {}
    with (HERE / "pooling.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], {})[row["quantity"]] = float(row["value"])
    return found


DATA = pd.read_csv(HERE / "pooling_data.csv")
CASES = sorted(DATA["case"].unique())
LARGER = [case for case in CASES if DATA["case"].eq(case).sum() >= 5]


def data(case):
    return DATA[DATA["case"] == case].drop(columns="case").reset_index(drop=True)


def arms():
    table = pd.read_csv(HERE / "pooling_arms.csv").rename(columns=FROM)
    return table.assign(n=table["n_1"], events=table["events_1"])


def bcg():
    t = pd.read_csv(HERE / "meta_bcg.csv")
    return pd.DataFrame({
        "study": t["author"] + " " + t["year"].astype("str"), "events_1": t["tpos"],
        "n_1": t["tpos"] + t["tneg"], "events_2": t["cpos"], "n_2": t["cpos"] + t["cneg"],
        "ablat": t["ablat"], "year": t["year"], "alloc": t["alloc"],
    })  # fmt: skip


def near(got, want, rel=1e-9):
    # metafor's scoring stops at some 1e-11 where the highest point is at 0
    assert got == pytest.approx(want, rel=rel, abs=1e-10)


# --- against another program ---------------------------------------------------------------------

ESCALC = {
    "MD": "mean_difference", "SMD": "standardised_mean_difference", "ROM": "log_ratio_of_means",
    "OR": "log_odds_ratio", "RR": "log_risk_ratio", "RD": "risk_difference",
    "IRR": "log_rate_ratio", "PLO": "logit_proportion", "PFT": "freeman_tukey", "PR": "proportion",
    "MC": "paired_mean_difference", "SMCR": "paired_standardised_difference",
}  # fmt: skip


@pytest.mark.oracle("study_effects", SOURCE)
@pytest.mark.parametrize("code", ESCALC)
def test_effects_are_escalcs(code):
    table = arms()
    if code == "ROM":
        table = table.assign(mean_1=table["mean_1"].abs() + 1, mean_2=table["mean_2"].abs() + 1)
    got = study_effects(table, ESCALC[code])
    sign = -1 if code == "SMCR" else 1  # metafor takes the first from the second
    for i in range(len(table)):
        near(got["effect"][i], sign * answers()[code][f"effect/{i + 1}"])
        near(got["variance"][i], answers()[code][f"variance/{i + 1}"])


def test_every_measure_has_an_oracle():
    assert set(ESCALC.values()) == set(MEASURES)


@pytest.mark.oracle("pooled_effect", SOURCE)
@pytest.mark.parametrize("code", ["EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"])
@pytest.mark.parametrize("case", CASES)
def test_pooled_effects_are_rmas(case, code):
    table, method = data(case), CODES.get(code, code)
    for test, interval in (("z", "normal"), ("knha", "Hartung-Knapp")):
        want = answers()[f"{case}/{code}/{test}"]
        if method == "common" and test == "knha":
            fit = fit_studies(table["effect"], table["variance"], method="common")
            near(float(np.sqrt(fit.unscaled[0, 0] * fit.scale)), want["se"])
            continue
        found = pooled_effect(table, method=method, interval=interval)
        row = found.one(term="pooled")
        # empirical Bayes is solved where Paule and Mandel is
        for name, field in (("estimate", "estimate"), ("se", "std_error"), ("low", "conf_low"),
                            ("high", "conf_high"), ("statistic", "statistic"), ("p", "p_value")):  # fmt: skip
            near(row[field], want[name])
        assert row.n == len(table)
        q = found.one(measure="q")
        near(q.estimate, want["Q"])
        near(q.p_value, want["Qp"])
        for i, study in enumerate(table["study"]):
            weight = found.one(term=study, measure="weight").estimate
            near(100 * weight, want[f"weight/{i + 1}"])
        if method == "common":
            continue
        near(found.one(measure="tau2").estimate, want["tau2"])
        near(found.one(measure="tau2").std_error, want["se_tau2"])
        near(100 * found.one(measure="i2").estimate, want["I2"])
        ahead = found.one(term="next study")
        near(ahead.conf_low, want["pi_low"])
        near(ahead.conf_high, want["pi_high"])
        if "tau^2/low" in want:
            for measure, name, times in (("tau2", "tau^2", 1), ("i2", "I^2(%)", 100)):
                ends = found.one(measure=measure)
                near(times * ends.conf_low, want[f"{name}/low"], rel=1e-7)  # confint ends at 1e-13
                near(times * ends.conf_high, want[f"{name}/high"], rel=1e-7)


@pytest.mark.oracle("meta_regression", SOURCE)
@pytest.mark.parametrize("code", ["EE", "DL", "REML", "ML", "PM"])
@pytest.mark.parametrize("case", LARGER)
def test_meta_regressions_are_rmas(case, code):
    method = CODES.get(code, code)
    for moderators in (["x"], ["g"], ["x", "g"]):
        for test, interval in (("z", "normal"), ("knha", "Hartung-Knapp")):
            want = answers().get(f"{case}/{code}/{test}/{'+'.join(moderators)}")
            if want is None or (method == "common" and test == "knha"):
                continue
            found = meta_regression(data(case), moderators, method=method, interval=interval)
            for key, value in want.items():
                if not key.startswith("beta/"):
                    continue
                term = key.split("/")[1]
                told = term if term in ("intercept", "x") else f"g {term[1:]}"
                row = found.one(term=told)
                near(row.estimate, value, rel=1e-8)
                for name, field in (("se", "std_error"), ("zval", "statistic"), ("pval", "p_value"),
                                    ("ci.lb", "conf_low"), ("ci.ub", "conf_high")):  # fmt: skip
                    near(row[field], want[f"{name}/{term}"], rel=1e-8)
            measure = "q_moderators" if interval == "normal" else "f_moderators"
            near(found.one(measure=measure).estimate, want["QM"], rel=1e-8)
            near(found.one(measure=measure).p_value, want["QMp"], rel=1e-8)
            near(found.one(measure="q").estimate, want["QE"])
            if method != "common":
                near(found.one(measure="tau2").estimate, want["tau2"])
                near(100 * found.one(measure="i2").estimate, want["I2"])
                if (
                    fit_studies(data(case)["effect"], data(case)["variance"], method=method).tau2
                    > 0
                ):
                    near(100 * found.one(measure="r2").estimate, want["R2"], rel=1e-6)
                else:  # of nothing no share is explained; metafor says 0
                    assert np.isnan(found.one(measure="r2").estimate)


@pytest.mark.oracle("leave_one_out", SOURCE)
@pytest.mark.parametrize("code", ["EE", "REML", "DL"])
@pytest.mark.parametrize("case", LARGER)
def test_leaving_one_out_is_leave1out(case, code):
    want = answers()[f"{case}/{code}/leave"]
    found = leave_one_out(data(case), method=CODES.get(code, code), interval="normal")
    for i, study in enumerate(data(case)["study"]):
        row = found.one(term=f"without {study}", measure="effect")
        for name, field in (("estimate", "estimate"), ("se", "std_error"), ("ci.lb", "conf_low"),
                            ("ci.ub", "conf_high")):  # fmt: skip
            near(row[field], want[f"{name}/{i + 1}"])


@pytest.mark.oracle("small_study_effects", SOURCE)
@pytest.mark.parametrize("code", ["EE", "REML", "DL"])
@pytest.mark.parametrize("case", LARGER)
def test_small_studies_are_regtest_ranktest_and_trimfill(case, code):
    found = small_study_effects(data(case), method=CODES.get(code, code))
    want = answers()[f"{case}/{code}/egger"]
    slope = found.one(term="standard error", method="Egger, random effects")
    near(slope.statistic, want["z"], rel=1e-8)
    near(slope.p_value, want["p"], rel=1e-8)
    limit = found.one(term="no error", method="Egger, random effects")
    near(limit.estimate, want["limit"], rel=1e-8)
    near(limit.conf_low, want["limit_low"], rel=1e-8)
    near(limit.conf_high, want["limit_high"], rel=1e-8)
    want = answers()[f"{case}/egger lm"]
    slope = found.one(term="standard error", method="Egger")
    near(slope.statistic, want["t"], rel=1e-8)
    near(slope.p_value, want["p"], rel=1e-8)
    assert slope.df == want["df"]
    near(found.one(term="ranks").estimate, answers()[f"{case}/begg"]["tau"])
    near(found.one(term="ranks").p_value, answers()[f"{case}/begg"]["p"])
    want = answers()[f"{case}/{code}/trimfill"]
    assert found.one(measure="studies_added").estimate == want["k0"]
    row = found.one(term="trim and fill", measure="effect")
    near(row.estimate, want["estimate"])
    near(row.conf_low, want["low"])
    near(row.conf_high, want["high"])
    if want["k0"]:
        side = "larger" if want["right"] else "smaller"
        assert any(f"studies with {side} effects" in note for note in found.notes)


@pytest.mark.oracle("subgroup_effects", SOURCE)
@pytest.mark.parametrize("case", LARGER)
def test_groups_are_rmas_of_each(case):
    want = answers()[f"{case}/groups"]
    table = data(case)
    several = table.groupby("g")["g"].transform("size") > 1
    found = subgroup_effects(table[several], "g", interval="normal")
    for group in table.loc[several, "g"].unique():
        row = found.one(term=group, measure="effect")
        near(row.estimate, want[f"estimate/{group}"])
        near(row.std_error, want[f"se/{group}"])
        near(found.one(term=group, measure="tau2").estimate, want[f"tau2/{group}"])
    near(found.one(measure="q").estimate, want["Q"])
    near(found.one(measure="q").p_value, want["Qp"])


@pytest.mark.oracle("pooled_tables", SOURCE)
@pytest.mark.parametrize("name", ["bcg", "arms"])
def test_tables_are_rma_mhs_and_petos(name):
    table = bcg() if name == "bcg" else arms()
    for code, measure in (("OR", "odds_ratio"), ("RR", "risk_ratio"), ("RD", "risk_difference")):
        want = answers()[f"{name}/MH/{code}"]
        found = pooled_tables(table, measure)
        row = found.table.iloc[0]
        for field, told in (("estimate", "estimate"), ("std_error", "se"), ("conf_low", "low"),
                            ("conf_high", "high")):  # fmt: skip
            near(row[field], want[told])
        near(found.one(measure="q").estimate, want["Q"])
        if measure == "odds_ratio":
            near(found.one(measure="cochran_mantel_haenszel").estimate, want["cmh"])
            near(found.one(measure="cochran_mantel_haenszel").p_value, want["cmh_p"])
            near(found.one(measure="tarone").estimate, want["tarone"])
            near(found.one(measure="tarone").p_value, want["tarone_p"])
    found, want = pooled_tables(table, method="Peto"), answers()[f"{name}/Peto"]
    for field, told in (("estimate", "estimate"), ("std_error", "se"), ("conf_low", "low")):
        near(found.table.iloc[0][field], want[told])
    near(found.one(measure="q").estimate, want["Q"])


def shares(name):
    if name == "pritz":
        return pd.read_csv(HERE / "meta_pritz1997.csv").rename(columns={"xi": "events", "ni": "n"})
    return pd.DataFrame(
        {"study": arms()["study"], "events": arms()["events_2"], "n": arms()["n_2"]}
    )


@pytest.mark.oracle("pooled_proportion", SOURCE)
@pytest.mark.parametrize("name", ["pritz", "arms"])
def test_shares_are_rmas_and_the_likelihoods(name):
    for code, model in (("PLO", "logit"), ("PFT", "Freeman-Tukey")):
        for test, interval in (("z", "normal"), ("knha", "Hartung-Knapp")):
            want = answers()[f"{name}/{code}/{test}"]
            found = pooled_proportion(shares(name), model=model, interval=interval)
            row = found.one(term="pooled", measure="proportion")
            near(row.estimate, want["share"])
            near(row.conf_low, want["low"])
            near(row.conf_high, want["high"])
            near(found.one(measure="tau2").estimate, want["tau2"])
    found = pooled_proportion(shares(name))
    row = found.one(term="pooled", measure="logit_proportion")
    # integrate() and optim() end at about 1e-7; rma.glmm stops at about 1e-5
    for case, rel in (("likelihood", 1e-6), ("GLMM", 1e-4)):
        want = answers()[f"{name}/{case}"]
        near(row.estimate, want["estimate"], rel=rel)
        near(row.std_error, want["se"], rel=rel)
        near(found.one(measure="tau2").estimate, want["tau2"], rel=rel)


@pytest.mark.oracle("pooled_effect meta_regression small_study_effects pooled_tables",
                    "R 4.2.2, metafor (shared reference meta.bcg)")  # fmt: skip
def test_the_shared_answers_on_bcg():
    want = shared_reference.answers("meta.bcg")
    table = study_effects(bcg(), "log_risk_ratio")
    np.testing.assert_allclose(table["effect"], want["yi"], rtol=1e-10)
    np.testing.assert_allclose(table["variance"], want["vi"], rtol=1e-10)
    for code, one in want["methods"].items():
        found = pooled_effect(table, method=CODES.get(code, code), interval="normal")
        # the answers were made with metafor's usual stopping rule
        row = found.one(term="pooled", measure="log_risk_ratio")
        near(row.estimate, one["estimate"]["intrcpt"], rel=1e-5)
        near(row.std_error, one["se"], rel=1e-4)
        near(found.one(measure="q").estimate, one["Q"])
    found = pooled_effect(table)
    row = found.one(term="pooled", measure="log_risk_ratio")
    near(row.std_error, want["hksj"]["se"], rel=1e-6)
    near(row.p_value, want["hksj"]["p"], rel=1e-5)
    ahead = found.one(term="next study", measure="log_risk_ratio")
    near([ahead.conf_low, ahead.conf_high], want["prediction_interval_t_hksj"], rel=1e-5)
    ratio = found.one(term="pooled", measure="risk_ratio")
    near(ratio.estimate, float(np.exp(row.estimate)))
    told = meta_regression(table, ["ablat", "year"], interval="normal")
    for name, value in want["meta_regression"]["estimate"].items():
        near(told.one(term={"intrcpt": "intercept"}.get(name, name)).estimate, value, rel=1e-4)
    near(100 * told.one(measure="r2").estimate, want["meta_regression"]["R2"], rel=1e-4)
    near(told.one(measure="q_moderators").estimate, want["meta_regression"]["QM"], rel=1e-4)
    small = small_study_effects(table)
    near(small.one(term="standard error", method="Egger").p_value, want["egger_lm"]["p"])
    random = small.one(term="standard error", method="Egger, random effects")
    near(random.statistic, want["egger_rma_z"]["z"], rel=1e-5)
    near(small.one(term="ranks").p_value, want["begg"]["p"])
    assert small.one(measure="studies_added").estimate == want["trimfill"]["k0"]
    filled = small.one(term="trim and fill", measure="log_risk_ratio")
    near(filled.estimate, want["trimfill"]["estimate"], rel=1e-5)
    left = leave_one_out(table, interval="normal")
    rows = left.table[left.table["measure"] == "log_risk_ratio"]
    np.testing.assert_allclose(rows["estimate"], want["leave1out"], rtol=1e-5)
    near(pooled_tables(bcg()).table["estimate"][0], want["mh_or"]["log_or"])
    near(pooled_tables(bcg()).table["std_error"][0], want["mh_or"]["se"])
    near(pooled_tables(bcg(), "risk_ratio").table["std_error"][0], want["mh_rr"]["se"])
    near(pooled_tables(bcg(), method="Peto").table["estimate"][0], want["peto"]["log_or"])


@pytest.mark.oracle("pooled_proportion", "R 4.2.2, metafor (shared reference meta.prevalence)")
def test_the_shared_answers_on_shares():
    want = shared_reference.answers("meta.prevalence")
    row = pooled_proportion(shares("pritz")).one(term="pooled", measure="proportion")
    near(row.estimate, want["glmm"]["prev"], rel=1e-5)
    found = pooled_proportion(shares("pritz"), model="Freeman-Tukey", interval="normal")
    row = found.one(term="pooled", measure="proportion")
    near([row.estimate, row.conf_low, row.conf_high], want["ft_REML"]["prev_harmonic"], rel=1e-5)
    found = pooled_proportion(shares("pritz"), model="logit", interval="normal")
    near(
        found.one(term="pooled", measure="proportion").estimate,
        want["logit_REML"]["prev"],
        rel=1e-5,
    )


# --- laws ----------------------------------------------------------------------------------------

numbers = st.floats(-3, 3).map(lambda x: round(x, 3))
several = st.lists(st.tuples(numbers, st.floats(0.05, 1.5).map(lambda x: round(x, 3))),
                   min_size=3, max_size=9)  # fmt: skip


def as_table(told):
    return pd.DataFrame({
        "study": [f"s{i}" for i in range(len(told))], "effect": [y for y, _ in told],
        "std_error": [s for _, s in told],
    })  # fmt: skip


apart = several.filter(lambda told: len({y for y, _ in told}) > 1)


@given(apart, st.sampled_from(sorted(set(METHODS) - {"common"})), st.randoms())
@settings(max_examples=60, deadline=None)
def test_order_sign_shift_and_unit(told, method, random):
    table = as_table(told)
    row = pooled_effect(table, method=method).one(term="pooled")
    other = list(range(len(table)))
    random.shuffle(other)
    mixed = pooled_effect(table.iloc[other], method=method).one(term="pooled")
    turned = pooled_effect(table.assign(effect=-table["effect"]), method=method).one(term="pooled")
    moved = pooled_effect(table.assign(effect=table["effect"] + 2), method=method).one(
        term="pooled"
    )
    scaled = pooled_effect(
        table.assign(effect=table["effect"] * 10, std_error=table["std_error"] * 10), method=method
    ).one(term="pooled")
    tight = {"rel": 1e-6, "abs": 1e-6}
    assert mixed.estimate == pytest.approx(row.estimate, **tight)
    assert turned.estimate == pytest.approx(-row.estimate, **tight)
    assert turned.conf_low == pytest.approx(-row.conf_high, **tight)
    assert moved.estimate == pytest.approx(row.estimate + 2, **tight)
    assert scaled.conf_high == pytest.approx(10 * row.conf_high, **tight)


@given(several)
@settings(max_examples=40, deadline=None)
def test_the_batch_is_each_of_its_rows_and_the_profile_holds_paule_and_mandel(told):
    y, se = np.array([a for a, _ in told]), np.array([b for _, b in told])
    many = np.stack([y, -y, y + 1, 3 * y])
    for method in METHODS:
        whole = fit_studies(many, np.broadcast_to(se**2, many.shape), method=method)
        for i in range(len(many)):
            one = fit_studies(many[i], se**2, method=method)
            np.testing.assert_allclose(whole.coef[i], one.coef, rtol=1e-9, atol=1e-11)
            np.testing.assert_allclose(whole.tau2[i], one.tau2, rtol=1e-7, atol=1e-10)
    low, high = tau2_interval(y, se**2)
    at = float(fit_studies(y, se**2, method="PM").tau2)
    assert float(low) <= at + 1e-9
    assert at <= float(high) + 1e-9 or float(high) == 0


def test_the_higher_of_two_peaks_is_taken():
    rng = np.random.default_rng(3)
    for _ in range(60):
        k = int(rng.integers(3, 8))
        v = rng.choice([0.001, 0.05, 2.0], k) * rng.uniform(0.5, 1.5, k)
        y = rng.normal(0, np.sqrt(v + rng.choice([0, 0.3, 3.0])))
        for method, restricted in (("REML", True), ("ML", False)):
            fit = fit_studies(y, v, method=method)

            def level(tau2, v=v, y=y, restricted=restricted):
                w = 1 / (v + tau2)
                middle = (w * y).sum() / w.sum()
                told = 0.5 * np.log(w).sum() - 0.5 * (w * (y - middle) ** 2).sum()
                return told - 0.5 * np.log(w.sum()) * restricted

            most = max(level(tau2) for tau2 in np.concatenate([[0], np.geomspace(1e-6, 100, 4000)]))
            assert level(float(fit.tau2)) >= most - 1e-7


def test_one_more_study_without_a_number_changes_only_the_count():
    table = study_effects(arms(), "mean_difference")
    more = arms()
    more.loc[len(more)] = more.iloc[0]
    more.loc[len(more) - 1, ["study", "sd_2"]] = ["study 10", np.nan]
    found = pooled_effect(study_effects(more, "mean_difference"))
    row, before = found.one(term="pooled"), pooled_effect(table).one(term="pooled")
    assert (row.estimate, row.n, row.n_missing) == (before.estimate, before.n, 1)
    assert "study 10: set aside: sd_2 not known." in found.notes


# --- a known truth -------------------------------------------------------------------------------


@pytest.mark.parametrize(("tau", "k", "largest"), [(0.0, 6, 0.3), (0.3, 6, 0.05), (0.3, 20, 0.3)])
def test_hartung_and_knapp_cover_as_often_as_they_say(tau, k, largest):
    from scipy.special import stdtrit

    rng, runs = np.random.default_rng(77), 4000
    v = np.linspace(0.02, largest, k)
    y = rng.normal(0.5, np.sqrt(v + tau**2), (runs, k))
    fit = fit_studies(y, np.broadcast_to(v, y.shape))
    half = stdtrit(k - 1, 0.975) * np.sqrt(fit.unscaled[:, 0, 0] * fit.scale)
    inside = np.abs(fit.coef[:, 0] - 0.5) <= half
    # Monte Carlo error 0.35 points; with 6 unlike studies it is 91 %, which the docstring says
    assert 0.93 <= inside.mean() <= 0.965
    assert fit.coef[:, 0].mean() == pytest.approx(0.5, abs=0.02)


def test_the_prediction_interval_holds_the_next_study():
    from scipy.special import stdtrit

    rng, runs, k = np.random.default_rng(78), 4000, 30
    v = np.linspace(0.02, 0.06, k)
    y = rng.normal(0.5, np.sqrt(v + 0.16), (runs, k))
    fit = fit_studies(y, np.broadcast_to(v, y.shape))
    spread = np.sqrt(fit.unscaled[:, 0, 0] * fit.scale + fit.tau2)
    ahead = rng.normal(0.5, 0.4, runs)
    inside = np.abs(ahead - fit.coef[:, 0]) <= stdtrit(k - 1, 0.975) * spread
    assert 0.93 <= inside.mean() <= 0.965


def test_the_profile_of_q_covers():
    rng, runs, k = np.random.default_rng(79), 4000, 8
    v = np.linspace(0.02, 0.3, k)
    y = rng.normal(0.0, np.sqrt(v + 0.09), (runs, k))
    low, high = tau2_interval(y, np.broadcast_to(v, y.shape))
    assert ((low <= 0.09) & (high >= 0.09)).mean() == pytest.approx(0.95, abs=0.012)


# --- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"measure": "smd"}, "measure must be one of"),
        ({"sd_1": 0.0}, "sd_1 of study 1 must be above 0, got 0"),
        ({"n_1": 1}, "n_1 of study 1 must be 2 people or more, got 1"),
        ({"n_1": 10.5}, "n_1 of study 1 must be a number of people"),
        ({"mean_1": "n/a"}, "mean_1 of study 1 must be a number, got 'n/a'"),
        ({"study": "study 2"}, r"study has \['study 2'\] more than once"),
    ],
)
def test_what_papers_cannot_print_is_refused(change, said):
    table = arms().astype({"mean_1": "object", "n_1": "float64"})
    measure = change.pop("measure", "mean_difference")
    for name, value in change.items():
        table.loc[0, name] = value
    with pytest.raises(ValueError, match=said):
        study_effects(table, measure)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("events_1", -1, "a count, 0 or more"), ("events_1", 99, "at most n_1"),
     ("time_1", 0.0, "above 0"), ("correlation", 1.5, "-1 to 1")],
)  # fmt: skip
def test_counts_times_and_correlations_have_their_ranges(name, value, said):
    measure = {"events_1": "log_odds_ratio", "time_1": "log_rate_ratio",
               "correlation": "paired_mean_difference"}[name]  # fmt: skip
    table = arms().astype({name: "float64"})
    table.loc[0, name] = value
    with pytest.raises(ValueError, match=said):
        study_effects(table, measure)


def test_tables_that_say_nothing_about_a_ratio_are_set_aside():
    table = pd.DataFrame({"study": list("abc"), "events_1": [0, 3, 5], "n_1": [9, 10, 5],
                          "events_2": [0, 2, 7], "n_2": [9, 10, 7]})  # fmt: skip
    got = study_effects(table, "log_odds_ratio")
    assert got["effect"].isna().tolist() == [True, False, True]
    assert got["note"].str.contains("nobody, or everybody, in both arms").tolist() == [
        True,
        False,
        True,
    ]
    assert study_effects(table, "risk_difference")["effect"].notna().all()
    with pytest.raises(ValueError, match="1 studies have a known effect, and 2 are needed"):
        pooled_tables(table)
    signs = arms().assign(mean_1=[-1.0, *[1.0] * 8], mean_2=1.0)
    assert study_effects(signs, "log_ratio_of_means")["note"][0].startswith(
        "set aside: means of two"
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda t: pooled_effect(t, method="FE"), "method must be one of"),
        (lambda t: pooled_effect(t, interval="t"), "interval must be one of"),
        (lambda t: pooled_effect(t, method="common"), 'use interval="normal"'),
        (lambda t: pooled_effect(t, conf_level=95), "conf_level must be between 0 and 1"),
        (lambda t: pooled_effect(t.drop(columns="variance")), "effects has no column"),
        (lambda t: pooled_effect(t.assign(effect=1.0)), "gives an interval without width"),
        (lambda t: pooled_effect(t.iloc[:1]), "1 studies have a known effect"),
        (lambda t: pooled_effect(pd.concat([t, t.iloc[:1]])), "more than once"),
        (lambda t: pooled_effect(t.assign(variance=0.0)), "must be above 0"),
        (
            lambda t: pooled_effect(t.assign(measure=["a", *["b"] * (len(t) - 1)])),
            "one measure at a time",
        ),
        (lambda t: leave_one_out(t.iloc[:2]), "2 studies have a known effect, and 3 are needed"),
        (lambda t: subgroup_effects(t.assign(g="a"), "g"), "there must be two groups"),
        (lambda t: meta_regression(t, []), "moderators must name one column"),
        (lambda t: meta_regression(t, ["x", "x"]), "there twice"),
        (lambda t: meta_regression(t.assign(z=2 * t["x"]), ["x", "z"]), "the columns go together"),
        (lambda t: meta_regression(t.iloc[:3], ["x", "g"]), "cannot tell"),
        (lambda t: small_study_effects(t.assign(variance=0.1)), "all standard errors are the same"),
        (lambda t: small_study_effects(t, method="fixed"), "method must be one of"),
        (lambda t: pooled_tables(bcg(), "rate_ratio"), "measure must be one of"),
        (lambda t: pooled_tables(bcg(), "risk_ratio", method="Peto"), "Peto's method is for odds"),
        (lambda t: pooled_proportion(shares("pritz"), model="arcsine"), "model must be one of"),
    ],
)
def test_what_cannot_be_pooled_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call(data("apart"))


def test_a_reader_is_told_what_few_and_near_studies_mean():
    near_ones = pd.DataFrame({"study": list("abc"), "effect": [0.1, 0.11, 0.1], "std_error": 0.3})
    notes = " ".join(pooled_effect(near_ones).notes)
    assert "3 studies: how far studies lie apart is hardly known" in notes
    assert "narrower than the normal one" in notes
    assert "prediction interval" in notes
    told = " ".join(meta_regression(data("apart"), ["x", "g"]).notes)
    assert "a rule of thumb wants ten" in told


def test_everybody_alike_has_no_variance_between_studies():
    table = pd.DataFrame({"study": list("abcd"), "events": [5, 10, 15, 20], "n": [10, 20, 30, 40]})
    found = pooled_proportion(table)
    assert found.one(measure="tau2").estimate == 0
    row = found.one(term="pooled", measure="logit_proportion")
    assert row.std_error == pytest.approx(1 / np.sqrt(100 * 0.25))
    assert found.one(term="pooled", measure="proportion").estimate == pytest.approx(0.5)


# --- how often it is wrong on studies like these -------------------------------------------------


def test_pooled_coverage_is_what_the_docstring_of_pooling_says():
    def sets(k, largest, tau2):
        table = pd.DataFrame({"study": [str(i) for i in range(k)], "effect": 0.5,
                              "variance": np.linspace(0.02, largest, k)})  # fmt: skip
        found = pooled_coverage(table, tau2=tau2, effect=0.5, runs=4000, seed=3)
        return [found.one(term=term, measure="coverage").estimate
                for term in ("claimed effect", "next study")]  # fmt: skip

    # Monte Carlo error 0.6 points at most
    assert sets(6, 0.3, 0.09) == pytest.approx([0.91, 0.82], abs=0.02)
    assert sets(15, 0.2, 0.16) == pytest.approx([0.95, 0.91], abs=0.015)


def test_pooled_coverage_keeps_its_laws_and_agrees_with_pooling_one_by_one():
    table = data("apart")
    found = pooled_coverage(table, runs=300, seed=5, method="DL")
    error = found.one(measure="type_i_error")
    inside = found.one(term="claimed effect", measure="coverage")
    assert error.estimate == pytest.approx(1 - inside.estimate)
    more = pooled_coverage(table, runs=300, seed=5, method="DL", effect=50.0)
    assert more.one(measure="power").estimate == 1.0
    assert more.one(measure="bias").estimate == found.one(measure="bias").estimate
    nothing = pooled_coverage(table, runs=300, seed=5, method="DL", effect=0.0)
    assert nothing.one(measure="power").estimate == error.estimate
    rng = stream(5, "pooled coverage", 0)
    fit = fit_studies(table["effect"], table["variance"], method="DL")
    y = rng.standard_normal((300, len(table))) * np.sqrt(table["variance"].to_numpy() + fit.tau2)
    called = [
        pooled_effect(table.assign(effect=one), method="DL").one(term="pooled").p_value < 0.05
        for one in y[:40]
    ]
    same = pooled_coverage(table, runs=40, seed=5, method="DL")
    assert same.one(measure="type_i_error").estimate == np.mean(called)
    assert same.one(measure="type_i_error").n == 40
    seen = []
    pooled_coverage(table, runs=1500, seed=5, progress=lambda *told: seen.append(told[:2]))
    assert seen == [(1000, 1500), (1500, 1500)]
    for bad, said in (({"runs": 1}, "runs must be"), ({"tau2": -1.0}, "tau2 must be"),
                      ({"interval": "t"}, "interval must be")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            pooled_coverage(table, **bad)


def test_a_mean_of_nought_has_no_ratio_and_no_events_no_rate():
    nought = study_effects(
        arms().assign(mean_1=[0.0, *[1.0] * 8], mean_2=1.0), "log_ratio_of_means"
    )
    assert nought["note"][0].startswith("set aside: means of two signs, or of 0")
    assert nought["effect"].isna().tolist() == [True, *[False] * 8]
    nobody = arms().assign(events_1=[0, *[3] * 8], events_2=[0, *[4] * 8])
    rates = study_effects(nobody, "log_rate_ratio")
    assert rates["note"][0] == "set aside: no events in either arm"
    assert rates["effect"].isna().tolist() == [True, *[False] * 8]


def test_people_of_both_arms_are_counted():
    table = arms()
    got = study_effects(table, "mean_difference")
    assert got["n"].tolist() == (table["n_1"] + table["n_2"]).tolist()
    found = pooled_effect(got)
    one = found.one(term=str(table["study"].iloc[0]), measure="mean_difference")
    assert one.n == table["n_1"].iloc[0] + table["n_2"].iloc[0]


def test_studies_more_alike_than_chance_share_no_variance():
    alike = fit_studies([0.1, 0.11, 0.09], [0.04, 0.04, 0.04], method="common")
    assert float(alike.q) < alike.df
    assert float(alike.i2) == 0.0


@pytest.mark.parametrize(
    "wrong", [([0.1, 0.2], [0.1, 0.0]), ([0.1, 0.2], [0.1, -1.0]), ([0.1, np.nan], [0.1, 0.1])]
)
def test_a_model_of_studies_wants_effects_and_variances(wrong):
    with pytest.raises(ValueError, match="effects must be numbers and variances above 0"):
        fit_studies(*wrong)


def test_the_next_share_has_the_error_of_the_mean_and_what_lies_between():
    found = pooled_proportion(shares("pritz"))
    one = found.one(term="pooled", measure="logit_proportion")
    tau2 = found.one(measure="tau2").estimate
    ahead = found.one(term="next study", measure="logit_proportion")
    near(
        (ahead.conf_high - ahead.conf_low) / 2, norm.ppf(0.975) * np.hypot(one.std_error, tau2**0.5)
    )


@pytest.mark.parametrize("model", ["logit", "Freeman-Tukey", "binomial-normal"])
def test_no_share_is_tested_against_one_half(model):
    found = pooled_proportion(shares("pritz"), model=model)
    rows = found.table[found.table["term"].eq("pooled")]
    assert rows[["statistic", "p_value"]].isna().all(axis=None)


def test_begg_ranks_effects_by_their_distance_in_errors_of_that_distance():
    y, v = np.array([0.0, 1.1, 0.35, 0.9, -0.4]), np.array([0.01, 0.3, 0.02, 0.2, 0.05])
    table = pd.DataFrame({"study": list("abcde"), "effect": y, "variance": v})
    middle = (y / v).sum() / (1 / v).sum()
    apart = (y - middle) / np.sqrt(v - 1 / (1 / v).sum())
    plain = (y - middle) / np.sqrt(v)
    # the two ways to divide rank these studies differently
    assert np.argsort(apart).tolist() != np.argsort(plain).tolist()
    found = small_study_effects(table)
    want = kendalltau(apart, v, method="exact")
    near(found.one(term="ranks").estimate, want.statistic)
    near(found.one(term="ranks").p_value, want.pvalue)
    assert "5 studies, fewer than ten: finding nothing here says nothing either way." in found.notes
    many = pd.DataFrame({"study": list("abcdefghijk"), "effect": np.linspace(0, 1, 11),
                         "variance": np.linspace(0.1, 0.3, 11)})  # fmt: skip
    assert not [note for note in small_study_effects(many).notes if "fewer than ten" in note]


@pytest.mark.parametrize("measure", ["odds_ratio", "risk_ratio", "risk_difference"])
def test_what_lies_between_tables_is_tested_with_one_study_less(measure):
    for method in ("Mantel-Haenszel", "Peto")[: 2 if measure == "odds_ratio" else 1]:
        q = pooled_tables(bcg(), measure, method=method).one(measure="q")
        assert q.df == len(bcg()) - 1
        assert q.p_value == pytest.approx(chi2.sf(q.estimate, len(bcg()) - 1))
