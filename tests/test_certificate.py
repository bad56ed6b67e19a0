"""Certificates: closed forms, loops over SciPy, other programs' answers, lights, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import msspas_analysis as ms
from msspas_analysis.certify.studies.certificate import (
    ANALYSES,
    LIMITS,
    Certificate,
    certify_analysis,
    certify_answers,
)
from msspas_analysis.certify.studies.replicates import (
    CLAIMED,
    NULL,
    WORLDS,
    Replicates,
    diary_replicates,
    trial_replicates,
)
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.world import steady

CENTRE = Path(__file__).parents[1] / "data" / "synthetic" / "centre_clean.xlsx"
WORLD = steady(ms.DiaryScenario(n_people=30, entry_rating=4))


@pytest.fixture(scope="module")
def diaries() -> Replicates:
    return diary_replicates(WORLD, effect=-1.0, replicates=320, seed=1, beyond=True)


@pytest.fixture(scope="module")
def trials() -> Replicates:
    return trial_replicates(ms.DESIGNS["T2"], effect=-1.0, replicates=4096, seed=1)


def made_up(truth=-0.5, people=16, number=4000, spread=1.0, shift=0.0) -> Replicates:
    """Return changes that are normal about the truth, so that everything has a closed form."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, spread, (number, people))
    scores = {
        NULL: {"before": np.zeros_like(noise), "after": noise + shift},
        CLAIMED: {"before": np.zeros_like(noise), "after": noise + truth + shift},
    }
    return Replicates(
        scores=scores, arm=None, truth={NULL: 0.0, CLAIMED: truth}, effect=truth, label="made up"
    )


# --- known truths -------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [-0.3, -0.6, 1.0])
def test_power_sign_and_size_errors_are_those_of_the_noncentral_t(truth):
    drawn = made_up(truth=truth)
    got = certify_analysis("paired t", drawn).results
    df, shift = 15, truth * 4
    edge = stats.t.ppf(0.975, df)
    upper, lower = stats.nct.sf(edge, df, shift), stats.nct.cdf(-edge, df, shift)
    power = got.one(measure="power")
    assert power.estimate == pytest.approx(upper + lower, abs=4 * power.std_error)
    wrong = (lower if truth > 0 else upper) / (upper + lower)
    sign = got.one(measure="type_s")
    assert sign.conf_low - 1e-3 < wrong < sign.conf_high + 1e-3
    null = got.one(measure="type_i_error")
    assert null.estimate == pytest.approx(0.05, abs=4 * null.std_error)
    for world in WORLDS:
        cover = got.one(measure="coverage", group=world)
        assert cover.estimate == pytest.approx(0.95, abs=4 * cover.std_error)
        bias = got.one(measure="bias", group=world)
        assert bias.estimate == pytest.approx(0, abs=4 * bias.std_error)


def test_type_m_is_the_mean_of_what_is_found_over_the_truth():
    drawn = made_up(truth=-0.3, number=20_000)
    # many people and a known spread: the estimate is normal, and its truncated mean is closed
    row = certify_analysis("paired t", drawn).results.one(measure="type_m")
    found = stats.ttest_1samp(drawn.scores[CLAIMED]["after"], 0, axis=1)
    kept = np.abs(drawn.scores[CLAIMED]["after"].mean(axis=1))[found.pvalue < 0.05]
    assert row.estimate == pytest.approx(kept.mean() / 0.3, rel=1e-12)
    assert row.n == len(kept)
    assert row.std_error == pytest.approx(kept.std(ddof=1) / 0.3 / np.sqrt(len(kept)), rel=1e-12)


def test_ancova_keeps_its_promises_and_change_of_the_treated_alone_does_not(trials):
    fair = certify_analysis("ANCOVA", trials)
    null = fair.results.one(measure="type_i_error")
    assert null.estimate == pytest.approx(0.05, abs=4 * null.std_error)
    for world in WORLDS:
        row = fair.results.one(measure="coverage", group=world)
        assert row.estimate == pytest.approx(0.95, abs=4 * row.std_error)
    assert fair.light == "amber"  # 73 people do not find one point
    assert any("missed" in reason for reason in fair.reasons)
    shown = ms.what_trials_show(ms.with_effect(ms.DESIGNS["T2"], -1.0), trials=4096, seed=1).one(
        measure="called a difference"
    )
    power = fair.results.one(measure="power")
    assert power.estimate == pytest.approx(shown.estimate, abs=1e-12)
    alone = certify_analysis("treated arm alone", trials)
    assert alone.light == "red"
    assert alone.sentence("It works.").startswith("Nothing is concluded")
    for better, worse in (("ANCOVA", "change score"), ("ANCOVA", "last visit")):
        spread = [certify_analysis(one, trials).results.one(measure="bias", group=NULL).std_error
                  for one in (better, worse)]  # fmt: skip
        assert spread[0] < spread[1]


def test_regression_to_the_mean_is_seen_and_beyond_expectation_takes_it_out(diaries):
    plain, twin = (certify_analysis(one, diaries) for one in ("paired t", "beyond expectation"))
    bias = plain.results.one(measure="bias", group=NULL)
    assert bias.estimate < -4 * bias.std_error
    taken = twin.results.one(measure="bias", group=NULL)
    assert abs(taken.estimate) < 4 * taken.std_error
    false = twin.results.one(measure="type_i_error")
    assert false.estimate == pytest.approx(0.05, abs=4 * 0.013)
    assert diaries.truth[NULL] == 0
    assert -1 < diaries.truth[CLAIMED] < -0.6  # the ends of the scale take part of a point


def test_a_pilot_without_a_control_is_red_unless_nobody_expects_anything():
    pilot = trial_replicates(ms.DESIGNS["T1"], effect=-1.0, replicates=2048, seed=1)
    assert pilot.arm is None
    assert pilot.people == 10
    made = certify_analysis("paired t", pilot)
    assert made.light == "red"
    shown = ms.what_trials_show(ms.with_effect(ms.DESIGNS["T1"], 0.0), trials=2048, seed=1).one(
        measure="called a change"
    )
    error = made.results.one(measure="type_i_error")
    assert error.estimate == pytest.approx(shown.estimate, abs=1e-12)
    with pytest.raises(ValueError, match="these replicates have none"):
        certify_analysis("ANCOVA", pilot)


# --- the same, one by one -------------------------------------------------------------------------


def test_analyses_of_many_are_those_of_each_by_the_estimators(diaries, trials):
    tables = {(w, r): t for w, r, t in diaries.tables() if r < 3}
    for (world, r), table in tables.items():
        want = ms.paired_change(table, outcome="s").one(measure="mean_difference")
        got = ANALYSES["paired t"](diaries, world)
        for field in ("estimate", "conf_low", "conf_high", "p_value"):
            assert got[field][r] == pytest.approx(want[field], rel=1e-9)
        ranks = ms.signed_rank_variants(table, outcome="s").table
        p = ANALYSES["signed ranks"](diaries, world)["p_value"][r]
        assert np.isclose(ranks["p_value"].to_numpy(), p, rtol=1e-9).any()
    tables = {(w, r): t for w, r, t in trials.tables() if r < 3}
    for (world, r), table in tables.items():
        how = {"arm": "arm", "control": "control"}
        want = ms.adjusted_difference(table, "after", covariates=["before"], **how)
        got = ANALYSES["ANCOVA"](trials, world)
        row = want.one(measure="mean_difference")
        for field in ("estimate", "conf_low", "conf_high", "p_value"):
            assert got[field][r] == pytest.approx(row[field], rel=1e-9)
        plain = ms.adjusted_difference(table, "after", **how).one(measure="mean_difference")
        assert ANALYSES["last visit"](trials, world)["p_value"][r] == pytest.approx(plain.p_value)


def test_an_analysis_done_elsewhere_gets_the_same_certificate(tmp_path):
    drawn = diary_replicates(WORLD, effect=-1.0, replicates=128, seed=2)
    table = pd.read_csv(drawn.to_csv(tmp_path / "replicates.csv"))
    assert list(table) == ["world", "replicate", "person_id", "before", "after"]
    assert len(table) == 2 * 128 * 30
    rows = []
    for (world, r), part in table.dropna().groupby(["world", "replicate"]):
        done = stats.ttest_rel(part["after"], part["before"])
        low, high = done.confidence_interval()
        rows.append({"world": world, "replicate": r, "p_value": done.pvalue, "conf_low": low,
                     "estimate": (part["after"] - part["before"]).mean(), "conf_high": high})  # fmt: skip
    pd.DataFrame(rows).sample(frac=1, random_state=1).to_csv(tmp_path / "answers.csv", index=False)
    theirs = certify_answers(tmp_path / "answers.csv", drawn, name="SciPy")
    ours = certify_analysis("paired t", drawn)
    assert theirs.light == ours.light
    np.testing.assert_allclose(
        theirs.results.table["estimate"], ours.results.table["estimate"], rtol=1e-9, atol=1e-12
    )
    for spoil, says in (
        (lambda f: f.drop(columns="p_value"), "no column 'p_value'"),
        (lambda f: f.iloc[1:], "have no row"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "two answers"),
        (lambda f: f.assign(world="mars"), "world holds"),
    ):
        spoil(pd.DataFrame(rows)).to_csv(tmp_path / "bad.csv", index=False)
        with pytest.raises(ValueError, match=says):
            certify_answers(tmp_path / "bad.csv", drawn)


def test_a_trial_is_exported_with_its_arms(tmp_path):
    drawn = trial_replicates(ms.DESIGNS["T3"], effect=-1.0, replicates=128, seed=3)
    table = pd.read_csv(drawn.to_csv(tmp_path / "r.csv"))
    assert set(table["arm"]) == {"treatment", "control"}
    one = table[(table["world"] == NULL) & (table["replicate"] == 5)]
    assert (one["arm"] == "treatment").sum() == (drawn.arm[5] == 1).sum()


# --- both worlds, and more of them -----------------------------------------------------------------


def test_worlds_differ_by_the_effect_alone_and_more_leave_the_first_as_they_are(diaries):
    np.testing.assert_array_equal(diaries.scores[NULL]["before"], diaries.scores[CLAIMED]["before"])
    after = diaries.scores[CLAIMED]["after"] - diaries.scores[NULL]["after"]
    assert (after[~np.isnan(after)] <= 1e-9).all()
    fewer = diary_replicates(WORLD, effect=-1.0, replicates=128, seed=1)
    for world in WORLDS:
        for name in ("before", "after"):
            np.testing.assert_array_equal(
                fewer.scores[world][name], diaries.scores[world][name][:128]
            )
    seen = []
    diary_replicates(WORLD, effect=-1.0, replicates=128, seed=1,
                     progress=lambda *told: seen.append(told))  # fmt: skip
    assert seen == [(64, 128, "studies"), (128, 128, "studies")]


def test_two_cores_and_a_kept_run_give_the_same_bytes(tmp_path, diaries):
    how = {"effect": -1.0, "replicates": 128, "seed": 1, "beyond": True}
    many = diary_replicates(WORLD, workers=2, cache=tmp_path, **how)
    kept = diary_replicates(WORLD, cache=tmp_path, **how)
    for world in WORLDS:
        for name in ("before", "after", "beyond"):
            want = np.ascontiguousarray(diaries.scores[world][name][:128])
            assert many.scores[world][name].tobytes() == want.tobytes()
            assert kept.scores[world][name].tobytes() == want.tobytes()
    assert len(list(tmp_path.rglob("*.npz"))) == 2
    trial = {"effect": -1.0, "replicates": 1024, "seed": 1}
    here, there = (trial_replicates(ms.DESIGNS["T2"], workers=w, **trial) for w in (1, 2))
    assert here.arm.tobytes() == there.arm.tobytes()
    assert here.scores[NULL]["after"].tobytes() == there.scores[NULL]["after"].tobytes()
    assert here.truth == there.truth


def test_a_centres_own_diary_gets_a_twin_of_its_shape():
    tables = ms.read_workbook(CENTRE).tables
    drawn = diary_replicates(tables, effect=-1.0, entry="first rating >= 4", replicates=128)
    assert drawn.people == tables.people["person_id"].nunique()
    assert "like the centre's own diary" in drawn.label
    gone = np.isnan(drawn.scores[NULL]["after"]).mean()
    scores = ms.window_scores(tables.diary, tables.people, "stiffness")
    assert gone == pytest.approx(scores["after"].isna().mean(), abs=0.12)
    made = certify_analysis("paired t", drawn)
    assert "A computer model, no real people." in str(made)
    assert made.results.table["n"].max() == 128


# --- lights -----------------------------------------------------------------------------------------


def constant(p_null=0.5, p_claimed=0.01, cover=True, size=1.0, answered=1.0):
    def run(drawn, world):
        n, truth = drawn.number, drawn.truth[world]
        share = p_null if world == NULL else p_claimed
        p = np.where(np.arange(n) < share * n, 0.01, 0.5)
        estimate = np.full(n, truth * size)
        estimate[: round((1 - answered) * n)] = np.nan
        gap = 1.0 if cover else np.nan
        return {"estimate": estimate, "conf_low": truth - 1 + 0 * p,
                "conf_high": truth + np.where(cover, gap, -0.5) + 0 * p, "p_value": p}  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("how", "light", "says"),
    [
        ({"p_null": 0.05, "p_claimed": 0.9}, "green", None),
        ({"p_null": 0.08, "p_claimed": 0.9}, "amber", "8 % of studies like this, where 5 % is due"),
        ({"p_null": 0.15, "p_claimed": 0.9}, "red", "15 % of studies like this"),
        ({"p_null": 0.05, "p_claimed": 0.3}, "amber", "would be missed in 70 %"),
        ({"p_null": 0.05, "p_claimed": 0.9, "size": 2.0}, "amber", "looks 2.0 times as large"),
        ({"p_null": 0.05, "p_claimed": 0.9, "size": -1.0}, "amber", "direction is wrong"),
        ({"p_null": 0.05, "p_claimed": 0.9, "answered": 0.95}, "amber", "no answer in 5 %"),
        ({"p_null": 0.05, "p_claimed": 0.9, "answered": 0.5}, "red", "no answer in 50 %"),
    ],
)  # fmt: skip
def test_lights_and_their_reasons(how, light, says):
    made = certify_analysis(constant(**how), made_up(), name="a constant")
    assert made.light == light, made.reasons
    assert made.analysis == "a constant"
    if says is None:
        assert made.reasons == ()
        assert made.sentence("It fell.") == "It fell."
    else:
        assert any(says in reason for reason in made.reasons)
        assert says in made.sentence("It fell.")
        assert ("It fell." in made.sentence("It fell.")) == (light == "amber")


def test_an_interval_that_misses_the_truth_is_red():
    made = certify_analysis("paired t", made_up(shift=1.0))
    assert made.light == "red"
    assert any("holds the truth in" in reason for reason in made.reasons)


def test_chance_alone_turns_no_light():
    # 7 % of 100 replicates is no more than chance makes of 5 %
    few = made_up(number=100)
    assert certify_analysis(constant(p_null=0.07, p_claimed=0.9), few).light == "green"
    assert LIMITS["type_i_error"] == (0.065, 0.10)


# --- refusals ---------------------------------------------------------------------------------------


def test_what_cannot_be_certified_is_refused(diaries, trials):
    with pytest.raises(ValueError, match="analysis must be one of"):
        certify_analysis("t test", diaries)
    with pytest.raises(ValueError, match="these replicates have none"):
        certify_analysis("ANCOVA", diaries)
    with pytest.raises(ValueError, match="hold no change beyond expectation"):
        certify_analysis("beyond expectation", trials)
    with pytest.raises(ValueError, match="must return p_value for each of 320"):
        certify_analysis(lambda d, w: {k: np.zeros(d.number) for k in ("estimate", "conf_low", "conf_high")},
                diaries)  # fmt: skip
    for how, says in (
        ({"effect": 0.0}, "not 0"), ({"effect": -11.0}, "-10 to 10"), ({"replicates": 10}, "100 to"),
        ({"seed": -1}, "seed must be"), ({"entry": "because"}, "is not understood"),
        ({"after": ms.Window(name="late", first_day=90, last_day=99, min_days=2)}, "lies outside"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            diary_replicates(WORLD, **{"effect": -1.0, "replicates": 128} | how)
    for code, says in (("T6", "6 periods"), ("T4", "2 periods")):
        with pytest.raises(ValueError, match=says):
            trial_replicates(ms.DESIGNS[code], effect=-1.0, replicates=128)
    with pytest.raises(ValueError, match="control must be one of"):
        trial_replicates(ms.DESIGNS["T2"], effect=-1.0, replicates=128, control="reflexology")


def test_people_who_came_by_another_rule_are_drawn_by_it():
    drawn = diary_replicates(WORLD, effect=-1.0, replicates=128, entry="none", seed=4)
    strict = diary_replicates(WORLD, effect=-1.0, replicates=128, entry="first rating >= 7", seed=4)
    assert np.nanmean(drawn.scores[NULL]["before"]) < np.nanmean(strict.scores[NULL]["before"]) - 1


def test_a_certificate_prints_what_it_is():
    made = Certificate(analysis="t", light="green", reasons=(), results=Estimates.from_rows([]))
    assert made.sentence("Fell.") == "Fell."
