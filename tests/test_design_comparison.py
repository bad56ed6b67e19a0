"""Plans for the same people: what is offered, what is refused, and known truths when they are run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import msspas_analysis as ms
from msspas_analysis.certify.plan import comparison as dc
from msspas_analysis.certify.plan.candidates import (
    RESEARCH,
    Candidate,
    PlanSheet,
    candidates,
    compared_days,
    must_not_stop,
)
from msspas_analysis.certify.running import run_blocks
from msspas_analysis.certify.studies.trial_runs import without_expectation
from msspas_analysis.estimate.trials.two_periods import hills_armitage
from msspas_analysis.simulate.days import BLOCK
from msspas_analysis.simulate.trials import simulate_trials, study_scenario
from msspas_analysis.simulate.world import World

KEYS = ("before and after", "longer baseline", "waiting list", "parallel", "crossover",
        "N-of-1 series", "enriched withdrawal", "stepped")  # fmt: skip
ALLOCATING = KEYS[2:]
SHEET = PlanSheet(therapy="TENS", setting="research")
CALM = without_expectation()  # nobody expects anything
NULL, CLAIMED = "no effect", "claimed effect"


def plan_of(key: str, sheet: PlanSheet = SHEET) -> Candidate:
    return next(c for c in candidates(sheet) if c.key == key)


def run(key: str, sheet: PlanSheet, world: World | None, *, number: int = 1024, seed: int = 1):
    """Run one plan and return its behaviour by measure."""
    job = partial(dc._studies, plan_of(key, sheet), world, True, seed)
    rows, _ = dc._behaviour(run_blocks(job, replicates=number, block=BLOCK), sheet.effect)
    return pd.DataFrame(rows).set_index("measure")


# --- the sheet and its plans ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"therapy": " "}, "therapy must be the name"),
        ({"therapy": "sham"}, "therapy must be the name"),
        ({"people": 5}, "people must be 6 to 2000, got 5"),
        ({"people": 40.5}, "people must be a whole number, got 40.5"),
        ({"weeks": 0}, "weeks must be 1 to 260, got 0"),
        ({"effect": 0}, "effect must not be 0"),
        ({"effect": -11}, "effect must be -10 to 10, got -11"),
        ({"effect": float("nan")}, "effect must be -10 to 10, got nan"),
        ({"expectation": 4}, "expectation must be 0 to 3"),
        ({"carry_over": -1}, "carry_over must be 0 to 60"),
        ({"entry_days": 8}, "entry_days must be 1 to 7, got 8"),
        ({"therapy_days": 13}, "therapy_days must be 14 to 366"),
        ({"lost": 0.96}, "lost must be 0 to 0.95"),
        ({"setting": "clinic"}, "setting must be 'centre' or 'research'"),
    ],
)
def test_an_impossible_sheet_is_refused_by_field(wrong, says):
    with pytest.raises(ValueError, match=says):
        PlanSheet(**{"therapy": "TENS"} | wrong)


def test_the_eight_plans_have_their_days_and_their_sentence():
    plans = candidates(SHEET)
    assert tuple(p.key for p in plans) == KEYS
    assert [p.days_of_diary for p in plans] == [35, 56, 63, 35, 63, 91, 63, 91]
    for p in plans:
        assert p.design is not None
        assert p.fits
        assert p.reason == ""
        assert p.design.n_people == 40
        assert p.design.baseline_days + p.design.days_in_all == p.days_of_diary
        assert p.minutes == 2 * p.days_of_diary
        assert p.weeks == p.days_of_diary / 7
        assert p.allocates == (p.key in ALLOCATING)
        assert p.needs.startswith(RESEARCH) == p.allocates
        assert len(p.design.arms) > 1 or not p.allocates
        assert p.analysis in dc.DESIGN_ANALYSES
        # whoever is told that it may be a sham expects as much of it
        shams = [t.expectation for t in p.design.treatments if t.name == "sham"]
        assert all(x == SHEET.expectation for x in shams)


def test_a_plan_that_does_not_fit_says_so_and_is_not_shortened():
    whole = {p.key: p for p in candidates(SHEET)}
    for p in candidates(replace(SHEET, weeks=8)):
        assert p.days_of_diary == whole[p.key].days_of_diary
        assert p.fits == (p.days_of_diary <= 56) == p.offered
        assert p.offered == (p.design == whole[p.key].design)
        if not p.fits:
            assert p.reason.startswith(f"It takes {p.weeks:.3g} weeks of diary")
    with pytest.raises(ValueError, match="no plan fits this sheet"):
        dc.compare_designs(replace(SHEET, weeks=4), replicates=128)


def test_a_washout_is_five_half_lives_unless_it_was_fixed():
    long = replace(SHEET, carry_over=2.5, weeks=60)
    for key in ("crossover", "N-of-1 series"):
        assert plan_of(key, long).design.washout == 13
        assert plan_of(key, replace(long, washout_days=4)).design.washout == 4
    assert plan_of("stepped", long).design.washout == 0  # nobody stops there
    assert "13 days with neither" in plan_of("crossover", long).title


def test_the_days_compared_are_the_end_of_the_baseline_and_the_second_half_of_a_period():
    days = {p.key: compared_days(p.design) for p in candidates(SHEET)}
    assert days["before and after"] == days["parallel"] == ((-7, -1), (14, 27))
    assert days["longer baseline"] == ((-14, -1), (14, 27))
    assert days["stepped"] == ((-7, -1), (14, 27), (42, 55), (70, 83))
    assert days["N-of-1 series"][:3] == ((-7, -1), (7, 13), (21, 27))
    apart = plan_of("crossover", replace(SHEET, washout_days=10, therapy_days=20)).design
    assert compared_days(apart) == ((-7, -1), (10, 19), (40, 49))


def test_orders_of_a_series_are_balanced_in_every_period():
    for people in (6, 7, 40):
        design = plan_of("N-of-1 series", replace(SHEET, people=people)).design
        orders = [arm.sequence for arm in design.arms]
        assert len(set(orders)) == len(orders) == min(8, people - people % 2)
        for period in zip(*orders, strict=True):
            assert period.count("TENS") == period.count("sham")
        assert all({a, b} == {"TENS", "sham"} for o in orders
                   for a, b in zip(o[::2], o[1::2], strict=True))  # fmt: skip


def test_losses_are_the_same_each_week_in_every_plan():
    weekly = {study_scenario(p.design).dropout_weekly for p in candidates(replace(SHEET, lost=0.3))}
    assert all(x == pytest.approx(1 - 0.7 ** (1 / 26), rel=1e-12) for x in weekly)
    assert study_scenario(plan_of("stepped", replace(SHEET, lost=0.0)).design).dropout_weekly == 0
    assert study_scenario(plan_of("stepped").design).dropout_weekly == World().dropout_weekly


# --- what is never offered ------------------------------------------------------------------------

DANGEROUS = (
    "baclofen", "Baclofène", "oral BACLOFEN 10 mg", "Lioresal", "intrathecal baclofen", "ITB",
    "ITB pump", "intrathecal pump", "Intrathecal therapy", "baclofen pump", "tizanidine", "Zanaflex",
    "Sirdalud", "gabapentin", "Neurontin", "pregabalin", "Lyrica", "diazepam", "Valium", "Clonazepam",
    "RIVOTRIL", "lorazepam", "temazepam", "nitrazepam", "clobazam", "alprazolam", "midazolam",
    "chlordiazepoxide", "a benzodiazepine at night", "physiotherapy + tizanidine",
)  # fmt: skip


@pytest.mark.parametrize("setting", ["centre", "research"])
@pytest.mark.parametrize("name", DANGEROUS)
def test_what_must_not_be_stopped_is_in_no_plan_that_could_stop_it(name, setting):
    assert must_not_stop(name) is not None
    plans = {p.key: p for p in candidates(PlanSheet(therapy=name, setting=setting, weeks=200))}
    for key in ALLOCATING:
        assert plans[key].design is None
        assert not plans[key].offered
        assert "suddenly can be dangerous" in plans[key].reason
        assert repr(name) in plans[key].reason
        with pytest.raises(ValueError, match="is not offered: Stopping"):
            dc._studies(plans[key], None, True, 1, 0, 64)
    for key in KEYS[:2]:
        design = plans[key].design
        assert design is not None
        assert [arm.sequence for arm in design.arms] == [(name,)]  # everybody, to the end
        assert "by whoever prescribes it" in plans[key].needs


@given(
    name=st.sampled_from(["baclofen", "lioresal", "tizanidine", "zanaflex", "gabapentin", "neurontin",
                          "diazepam", "valium", "clonazepam", "rivotril", "intrathecal", "itb"]),
    before=st.text(max_size=8), after=st.text(max_size=8), upper=st.lists(st.booleans(), min_size=12,
                                                                          max_size=12),
)  # fmt: skip
def test_a_dangerous_name_is_found_in_any_case_and_anywhere(name, before, after, upper):
    written = "".join(c.upper() if up else c for c, up in zip(name, upper, strict=False))
    assert must_not_stop(f"{before} {written} {after}") is not None


@pytest.mark.parametrize("name", ["TENS", "reflexology", "nabiximols", "Fitbit walking", "dantrolene",
                                  "botulinum toxin", "yoga", "magnesium", "cooling vest"])  # fmt: skip
def test_other_names_are_not_taken_for_one(name):
    assert must_not_stop(name) is None
    assert all(p.offered for p in candidates(PlanSheet(therapy=name, setting="research")))


def test_a_centre_is_offered_only_plans_that_change_nobodys_care():
    for p in candidates(replace(SHEET, setting="centre")):
        assert p.offered == (p.key not in ALLOCATING)
        assert p.reason == (RESEARCH if p.allocates else "")


# --- what is drawn is what the simulator draws ----------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_scores_arms_and_truth_are_those_of_whole_trials(key):
    sheet = replace(SHEET, people=12, lost=0.2)
    plan = plan_of(key, sheet)
    whole = simulate_trials(plan.design, seed=3, replicates=5, truth=True)
    ratings, arm = dc._run(plan.design, world=None, seed=3, first=0, count=5)
    np.testing.assert_array_equal(arm, whole.arm)
    got = dc.period_means(ratings.seen, ratings.days, plan.design)
    days, seen = whole.days.days, whole.days.items["stiffness"]
    moved = whole.days.behind.complete["stiffness"] - whole.days.behind.untreated
    effect = []
    for k, (low, high) in enumerate(compared_days(plan.design)):
        at = (days >= low) & (days <= high)
        mine = pd.DataFrame(seen[..., at].reshape(60, -1))
        want = mine.mean(axis=1).where(mine.notna().sum(axis=1) >= at.sum() / 2).to_numpy()
        # those who are not randomised have stopped their diary there, and are left out here
        there = (whole.arm >= 0).ravel() | (k < 2)
        np.testing.assert_allclose(got[..., k].ravel()[there], want[there], rtol=1e-12)
        effect.append(moved[..., at].mean(axis=-1))
    on = dc._treated(plan)[arm]
    for r in range(5):
        cells = [
            effect[k + 1][r][on[r, :, k]]
            for k in range(len(plan.design.periods))
            if plan.period in (None, k)
        ]
        truth = dc._studies(plan, None, True, 3, 0, 5)["truth"][r]
        assert truth == pytest.approx(np.concatenate(cells).mean(), rel=1e-12)


# --- the analyses, one by one ---------------------------------------------------------------------


def steps(rng, replicates=3, people=12, gone=0.15):
    """Return scores of people in three waves, some missing, and who is treated when."""
    wave = np.arange(people) % 3
    treated = (np.arange(4) > wave[:, None]).astype(float)
    y = rng.normal(0, 2, (replicates, people, 1)) + rng.normal(0, 1, (replicates, people, 4))
    y += 0.5 * np.arange(4) - 1.0 * treated
    return np.where(rng.random(y.shape) < gone, np.nan, y), treated


def test_people_and_periods_are_those_of_statsmodels_with_clustered_errors():
    import statsmodels.api as sm

    y, treated = steps(np.random.default_rng(4))
    y[:, 0, 1:] = np.nan  # one score says nothing
    many = dc.people_and_periods(y, treated)
    for r in range(3):
        frame = pd.DataFrame({
            "y": y[r].ravel(), "on": treated.ravel(), "who": np.repeat(np.arange(12), 4),
            "period": np.tile(np.arange(4), 12),
        }).dropna()  # fmt: skip
        frame = frame[frame.groupby("who")["y"].transform("size") > 1]
        groups, size = frame["who"].nunique(), len(frame)
        dummies = pd.get_dummies(frame[["who", "period"]].astype(str), dtype=float)
        x = pd.concat([frame["on"], dummies.drop(columns="period_0")], axis=1)
        plain = sm.OLS(frame["y"], x).fit(
            cov_type="cluster", cov_kwds={"groups": frame["who"], "use_correction": False}
        )
        factor = groups / (groups - 1) * (size - 1) / (size - 5)
        one = {k: v[r] for k, v in many.items()}
        assert one["estimate"] == pytest.approx(plain.params["on"], rel=1e-9)
        assert one["std_error"] == pytest.approx(plain.bse["on"] * np.sqrt(factor), rel=1e-9)
        # the same with people's means taken away first, and the correction statsmodels makes itself
        centred = pd.concat([frame[["y", "on"]], x.filter(like="period")], axis=1)
        centred = centred - centred.groupby(frame["who"]).transform("mean")
        within = sm.OLS(centred["y"], sm.add_constant(centred.drop(columns="y"))).fit(
            cov_type="cluster", cov_kwds={"groups": frame["who"]}, use_t=True
        )
        assert one["std_error"] == pytest.approx(within.bse["on"], rel=1e-9)
        assert one["p_value"] == pytest.approx(within.pvalues["on"], rel=1e-9)
        assert [one["conf_low"], one["conf_high"]] == pytest.approx(
            within.conf_int().loc["on"].tolist(), rel=1e-9
        )
        assert one["df"] == groups - 1
        assert one["n"] == groups


def test_people_and_periods_cover_a_known_difference_and_say_nothing_where_there_is_none():
    y, treated = steps(np.random.default_rng(5), replicates=4000, people=21)
    got = dc.people_and_periods(y, treated)
    inside = (got["conf_low"] <= -1) & (got["conf_high"] >= -1)
    error = np.sqrt(0.05 * 0.95 / 4000)
    assert inside.mean() == pytest.approx(0.95, abs=0.005 + 3 * error)
    assert got["estimate"].mean() == pytest.approx(-1, abs=4 * got["estimate"].std() / 63)
    everybody_at_once = np.tile([0.0, 1, 1, 1], (21, 1))
    assert np.isnan(dc.people_and_periods(y[:2], everybody_at_once)["estimate"]).all()
    only_one = np.where(np.arange(4) == 0, y[:2], np.nan)
    assert np.isnan(dc.people_and_periods(only_one, treated)["p_value"]).all()


@pytest.fixture(scope="module")
def drawn():
    """Return means of the compared days of a few studies of each plan."""
    out = {}
    for plan in candidates(replace(SHEET, people=24)):
        ratings, arm = dc._run(plan.design, world=None, seed=5, first=0, count=3)
        out[plan.key] = plan, dc.period_means(ratings.seen, ratings.days, plan.design), arm
    return out


@pytest.mark.parametrize("key", [k for k in KEYS if k != "stepped"])
def test_analyses_of_many_are_those_of_each_by_other_means(drawn, key):
    plan, y, arm = drawn[key]
    got = dc.DESIGN_ANALYSES[plan.analysis](y, arm, plan)
    for r in range(3):
        if plan.analysis == "paired t":
            done = stats.ttest_rel(y[r, :, 1], y[r, :, 0], nan_policy="omit")
            estimate, p = np.nanmean(y[r, :, 1] - y[r, :, 0]), done.pvalue
        elif plan.analysis == "ANCOVA":
            at, here = plan.period, arm[r] >= 0
            frame = pd.DataFrame({
                "person_id": np.arange(here.sum()).astype(str),
                "arm": np.where(arm[r] == 0, "a", "b")[here],
                "before": y[r, here, at], "after": y[r, here, at + 1],
            })  # fmt: skip
            row = ms.adjusted_difference(
                frame, "after", arm="arm", control="b", covariates=["before"]
            ).one(measure="mean_difference")
            estimate, p = row.estimate, row.p_value
        elif key == "crossover":
            both = ~np.isnan(y[r, :, 1:]).any(axis=1)
            two = hills_armitage(y[r, both, 1:], arm[r, both] == 0).treatment
            estimate, p = two.estimate, two.p_value
        else:
            own = []
            for i in range(24):
                names = plan.design.arms[arm[r, i]].sequence
                pairs = [
                    sum(y[r, i, 1 + k + j] * (1 if names[k + j] == "TENS" else -1) for j in (0, 1))
                    for k in (0, 2, 4)
                ]
                own.append(np.nanmean(pairs) if not np.isnan(pairs).all() else np.nan)
            own = np.array(own)[~np.isnan(own)]
            estimate, p = own.mean(), stats.ttest_1samp(own, 0).pvalue
        assert got["estimate"][r] == pytest.approx(estimate, rel=1e-9)
        assert got["p_value"][r] == pytest.approx(p, rel=1e-9)


def test_arms_of_fewer_than_three_are_not_compared(drawn):
    plan, y, arm = drawn["parallel"]
    few = y.copy()
    few[0, np.flatnonzero(arm[0] == 0)[2:]] = np.nan
    got = dc.DESIGN_ANALYSES["ANCOVA"](few, arm, plan)
    assert np.isnan(got["estimate"][0])
    assert not np.isnan(got["estimate"][1:]).any()


# --- known truths -----------------------------------------------------------------------------------


def near(row, truth, extra=0.0):
    assert row.estimate == pytest.approx(truth, abs=4 * row.std_error + extra)


def test_with_nothing_to_expect_and_no_entry_rule_before_and_after_is_a_fair_test():
    world = replace(ms.steady(CALM), missing_mechanism="MCAR")
    got = run("before and after", replace(SHEET, people=24, entry_rating=None), world, number=2048)
    near(got.loc["type_i_error"], 0.05)
    near(got.loc["bias_null"], 0.0)
    near(got.loc["coverage"], 0.95)
    near(got.loc["mean_estimate"], got.loc["true_effect"].estimate)


def test_people_who_come_on_bad_days_and_expect_something_show_a_fall_where_nothing_works():
    sheet = replace(SHEET, people=24)
    short, long = (run(k, sheet, CALM) for k in KEYS[:2])
    bias = [x.loc["bias_null"] for x in (short, long)]
    assert bias[0].estimate < -4 * bias[0].std_error
    # after four weeks of diary most of the bad days they came in by are over
    assert bias[1].estimate - bias[0].estimate > 4 * np.hypot(bias[0].std_error, bias[1].std_error)
    expecting = run("before and after", sheet, None)
    assert expecting.loc["bias_null"].estimate < bias[0].estimate - 0.4
    assert expecting.loc["type_i_error"].estimate > 0.7
    assert np.isnan(expecting.loc["power"].estimate)


@pytest.mark.parametrize("key", ["parallel", "crossover", "N-of-1 series", "enriched withdrawal"])
def test_with_a_sham_that_nobody_sees_through_what_is_found_is_the_truth(key):
    got = run(key, replace(SHEET, people=30), None)
    near(got.loc["bias_null"], 0.0)
    near(got.loc["mean_estimate"], got.loc["true_effect"].estimate, extra=0.02)
    assert got.loc["type_i_error"].estimate == pytest.approx(0.05, abs=0.025)
    assert got.loc["coverage"].estimate == pytest.approx(0.95, abs=0.025)
    assert -1.3 < got.loc["true_effect"].estimate < -0.7


@pytest.mark.parametrize("key", ["waiting list", "stepped"])
def test_whoever_waits_expects_nothing_and_that_part_is_not_the_therapys(key):
    sheet = replace(SHEET, people=24)
    fair, unfair = run(key, sheet, CALM), run(key, sheet, None)
    near(fair.loc["bias_null"], 0.0)
    near(fair.loc["coverage"], 0.95)
    near(fair.loc["type_i_error"], 0.05)
    near(fair.loc["mean_estimate"], fair.loc["true_effect"].estimate)
    assert unfair.loc["bias_null"].estimate < -0.4
    assert unfair.loc["type_i_error"].estimate > 0.15
    half = run(key, replace(sheet, expectation=0.5), None)
    ratio = half.loc["bias_null"].estimate / unfair.loc["bias_null"].estimate
    assert ratio == pytest.approx(0.5, abs=0.12)


def test_a_parallel_trial_keeps_its_promises():
    got = run("parallel", SHEET, None, number=4096, seed=2)
    assert got.loc["type_i_error"].estimate == pytest.approx(0.05, abs=0.015)
    assert 0.93 < got.loc["coverage"].estimate < 0.97
    # the t formula with the spread of the estimates that were drawn
    sd = got.loc["std_error"].estimate * np.sqrt(40) / 2
    formula = ms.power_of_means(
        people_per_arm=20, difference=got.loc["mean_estimate"].estimate, sd=sd
    ).one(measure="power")
    near(got.loc["power"], formula.estimate, extra=0.015)


def test_carry_over_without_a_washout_is_taken_from_the_effect_and_a_washout_gives_it_back():
    sheet = replace(SHEET, people=24, weeks=60, carry_over=14.0)
    bare = run("crossover", replace(sheet, washout_days=0), CALM)
    washed = run("crossover", sheet, CALM)
    bias = bare.loc["mean_estimate"].estimate - bare.loc["true_effect"].estimate
    # of those who had the sham second, what a half-life of 14 days leaves after 14 to 27 days
    left = np.mean(0.5 ** (np.arange(15, 29) / 14)) / 2
    assert bias == pytest.approx(left * 0.92, abs=4 * bare.loc["mean_estimate"].std_error + 0.03)
    near(washed.loc["mean_estimate"], washed.loc["true_effect"].estimate)
    near(bare.loc["bias_null"], 0.0)


def test_what_is_left_of_an_earlier_period_is_no_part_of_the_truth():
    sheet = replace(SHEET, people=12, washout_days=0)
    truth = [
        dc._studies(plan_of("N-of-1 series", one), CALM, True, 1, 0, 64)["truth"]
        for one in (sheet, replace(sheet, carry_over=14.0))
    ]
    np.testing.assert_array_equal(*truth)


def test_an_effect_that_takes_its_time_is_smaller_in_the_days_compared():
    slow = run(
        "parallel", replace(SHEET, people=24, onset_days=40.0, effect_sd=0.0), None, number=256
    )
    full = run("parallel", replace(SHEET, people=24, effect_sd=0.0), None, number=256)
    share = slow.loc["true_effect"].estimate / full.loc["true_effect"].estimate
    assert share == pytest.approx(np.mean(np.arange(15, 29) / 40), abs=0.03)


# --- side by side ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared():
    seen: list[tuple[int, int, str]] = []
    got = ms_compare(progress=lambda *told: seen.append(told))
    return got, seen


def ms_compare(**how):
    return dc.compare_designs(replace(SHEET, people=30), replicates=192, seed=1, **how)


def test_every_plan_has_every_answer_with_its_monte_carlo_error(compared):
    got, seen = compared
    table = got.table.set_index(["group", "measure"])
    assert tuple(dict.fromkeys(got.table["group"])) == KEYS
    for key in KEYS:
        for measure in ("bias_null", "type_i_error", "mean_estimate", "true_effect", "coverage",
                        "std_error", "answered"):  # fmt: skip
            row = table.loc[key, measure]
            assert row.conf_low <= row.estimate <= row.conf_high
            assert row.n + row.n_missing == 192
        plan = plan_of(key)
        assert table.loc[key, "days_of_diary"].estimate == plan.days_of_diary
        assert table.loc[key, "weeks"].estimate == plan.weeks
        assert table.loc[key, "people"].estimate == 30
        false = table.loc[key, "type_i_error"].estimate > dc.MOST_FALSE
        assert np.isnan(table.loc[key, "power"].estimate) == false
        if false:
            assert np.isnan(table.loc[key, "people_needed"].estimate)
            assert any(n.startswith(key) and "finds what is not there" in n for n in got.notes)
        elif not np.isnan(table.loc[key, "people_needed"].estimate):
            row = table.loc[key, "people_needed"]
            assert row.conf_low <= row.estimate <= row.conf_high
    assert any(RESEARCH in note for note in got.notes)
    assert any("Power is that of a valid test only" in note for note in got.notes)
    assert seen[-1] == (8, 8, "plans")
    assert [s for s in seen if s[2] == "studies"][-1] == (8 * 192, 8 * 192, "studies")


def test_two_cores_and_a_kept_run_give_the_same_numbers(compared, tmp_path):
    many = ms_compare(workers=2, cache=tmp_path)
    kept = ms_compare(cache=tmp_path)
    for other in (many, kept):
        pd.testing.assert_frame_equal(other.table, compared[0].table, check_exact=True)
        assert other.notes == compared[0].notes


def test_at_a_centre_the_plans_not_offered_stand_in_the_notes():
    got = dc.compare_designs(
        PlanSheet(therapy="Baclofen", setting="research", people=12), replicates=128
    )
    assert set(got.table["group"]) == set(KEYS[:2])
    for key in ALLOCATING:
        assert any(n.startswith(f"{key}: not offered. Stopping baclofen") for n in got.notes)


def test_what_cannot_be_run_is_refused():
    for how, says in (
        ({"replicates": 99}, "replicates must be 100"),
        ({"seed": -1}, "seed must be 0"),
    ):
        with pytest.raises(ValueError, match=says):
            dc.compare_designs(SHEET, **how)


# --- how many people -----------------------------------------------------------------------------------


def sized(sheet: PlanSheet, key: str, world: World | None = None, number: int = 512):
    plan = plan_of(key, sheet)
    drawn = run_blocks(partial(dc._studies, plan, world, True, 1), replicates=number, block=BLOCK)
    _, valid = dc._behaviour(drawn, sheet.effect)
    return dc._needed(sheet, plan, drawn, world, valid=valid, seed=2, workers=1, cache=None)


def test_people_needed_have_the_power_when_they_are_run_anew():
    row, note = sized(replace(SHEET, effect=-1.2), "parallel", number=1024)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    people = int(row["estimate"])
    again = run("parallel", replace(SHEET, effect=-1.2, people=people), None, number=2048, seed=9)
    power = again.loc["power"]
    # the size has an error of its own: power goes with it by the normal formula
    slope = stats.norm.pdf(0.8416) * 2.8 / (2 * people)
    assert power.estimate == pytest.approx(
        0.80, abs=3 * np.hypot(power.std_error, slope * row["std_error"]) + 0.005
    )
    formula = ms.power_of_means(
        power=0.8, difference=again.loc["mean_estimate"].estimate,
        sd=again.loc["std_error"].estimate * np.sqrt(people) / 2,
    ).one(measure="people")  # fmt: skip
    assert row["conf_low"] - 3 <= formula.estimate <= row["conf_high"] + 3
    assert "by the t formula" in note


@pytest.mark.parametrize("people", [20, 60, 80, 300])
def test_the_size_is_read_off_the_line_of_the_normal_formula(people):
    edge = stats.norm.ppf(0.975)
    share = stats.norm.cdf((edge + stats.norm.ppf(0.8)) * np.sqrt(people / 80) - edge)
    size = dc._Size(people=people, share=share, low=0, high=1, runs=10**6, valid=True)
    assert size.needed(share) == pytest.approx(80, rel=1e-9)


def test_people_needed_where_nobody_or_everybody_would_do():
    row, note = sized(replace(SHEET, effect=-0.02, effect_sd=0.0), "parallel", number=192)
    assert np.isnan(row["estimate"])
    assert "2,000 people" in note
    row, note = sized(replace(SHEET, effect=-6.0, effect_sd=0.0), "N-of-1 series", number=192)
    assert row["estimate"] == 6
    assert "or fewer" in note


def test_a_small_bias_that_more_people_turn_into_a_finding_is_found_out():
    # at 12 people the regression left in four weeks of diary does no harm; at hundreds it does
    sheet = replace(SHEET, people=12, effect=-0.25, effect_sd=0.0, lost=0.0)
    world = replace(CALM, level_sd=1.5)
    row, note = sized(sheet, "longer baseline", world)
    assert np.isnan(row["estimate"])
    assert "it would take, its analysis finds what is not there" in note
