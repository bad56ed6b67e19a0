"""Every study design runs, and shows what such a design shows: no more and no less."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.simulate.clusters import complaint_ratings, session_ratings
from msspas_analysis.simulate.days import simulate_ratings
from msspas_analysis.simulate.designs import Arm, Design, Treatment, regime, resized, with_effect
from msspas_analysis.simulate.observe import SCREENED_OUT
from msspas_analysis.simulate.realism import STATUSES
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.study import simulate_study
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, simulate_trials, study_scenario
from msspas_analysis.simulate.world import World, steady
from msspas_analysis.tables import SCHEMAS, validate
from test_simulate import exact_second_rating

# no placebo response, nothing missing, nothing happens: what is left is what the design does
BARE = replace(
    steady(World()), placebo_mean=0.0, placebo_sd=0.0, completion_week_1=1.0,
    completion_week_12=1.0, dropout_weekly=0.0, missing_slope=0.0,
)  # fmt: skip


def within(got: float, want: float, error: float, *, times: float = 4.0) -> bool:
    """Whether `got` is within so many Monte Carlo standard errors of `want`."""
    return abs(got - want) <= times * error


def two_arms(n: int = 200, **more: object) -> Design:
    """Return a plain trial of two arms of `n`, four weeks, visits alone."""
    settings = {
        "code": "plain", "title": "two arms", "periods": (28,), "baseline_days": 1,
        "diary": False, "visits": (-1, 27), "ratings_per_visit": 1,
        "treatments": (Treatment(name="active"), Treatment(name="placebo")),
        "arms": (Arm(name="active", size=n, sequence=("active",)),
                 Arm(name="placebo", size=n, sequence=("placebo",))),
        **more,
    }  # fmt: skip
    return Design(**settings)


def active(**settings: object) -> tuple[Treatment, Treatment]:
    return Treatment(name="active", **settings), Treatment(name="placebo")


# --- the same law, drawn two ways --------------------------------------------------------------


def test_visits_alone_follow_the_same_law_as_a_diary():
    world = replace(BARE, day_autocorrelation=0.5)
    visits = (-1, 0, 1, 6, 27)
    runs = simulate_trials(two_arms(entry_rating=None, visits=visits), world, seed=1, replicates=60)
    days = simulate_ratings(
        study_scenario(two_arms(entry_rating=None, diary=True, ratings_per_visit=1), world),
        seed=2, replicates=60,
    )  # fmt: skip
    short = runs.latent.reshape(-1, 5)
    long = days.latent[..., [0, 1, 2, 7, 28]].reshape(-1, 5)
    n = len(short)  # 24,000 people: the error of a correlation is below 0.007
    assert np.abs(np.corrcoef(short.T) - np.corrcoef(long.T)).max() < 4 * sqrt(2 / n)
    assert np.abs(short.mean(0) - long.mean(0)).max() < 4 * 3.5 * sqrt(2 / n)
    assert np.abs(short.std(0) / long.std(0) - 1).max() < 4 * sqrt(1 / n)


def test_ratings_at_visits_fall_by_what_regression_to_the_mean_gives():
    design = two_arms(periods=(98,), visits=(-1, 97))
    runs = simulate_trials(design, replace(BARE, day_sd_spread=0.0), seed=3, replicates=60)
    first, last = runs.scores["stiffness"][..., 0], runs.scores["stiffness"][..., 1]
    exact = exact_second_rating(98)
    change, fell = last - first, (first - last) / first >= 0.2
    assert first.min() >= 4
    assert within(change.mean(), exact["change"], change.std() / sqrt(change.size))
    assert within(fell.mean(), exact["fell"], sqrt(exact["fell"] * (1 - exact["fell"]) / fell.size))


def test_the_spread_between_people_widens_visits_as_it_widens_diaries():
    design = two_arms(entry_rating=None, visits=(-1, 27))
    latent = simulate_trials(design, replace(BARE, level_sd=0.0, drift_sd=0.0), seed=4,
                             replicates=60).latent  # fmt: skip
    # a normal whose log standard deviation is N(log 1.2, 0.35^2)
    assert latent.var() == pytest.approx(1.44 * np.exp(2 * 0.35**2), rel=0.04)
    centred = latent - 4.03
    kurtosis = (centred**4).mean() / (centred**2).mean() ** 2
    assert kurtosis == pytest.approx(3 * np.exp(4 * 0.35**2), rel=0.1)


def test_episodes_and_weather_reach_the_visits_too():
    busy = replace(BARE, episodes=World().episodes, medication_changes_per_year=3.0,
                   heat_slope=(0.3, 0.0), trend_weekly=0.1)  # fmt: skip
    design = two_arms(entry_rating=None, periods=(182,), visits=(-1, 181))
    runs = simulate_trials(design, busy, seed=5, replicates=60)
    plain = simulate_trials(design, BARE, seed=5, replicates=60)
    extra = runs.latent - plain.latent  # the same people: the rest of the draws is the same
    assert extra[..., 0].std() > 0.2
    assert (extra[..., 1] - extra[..., 0]).mean() > 0.1 * 182 / 7 - 0.05
    long = simulate_ratings(
        study_scenario(replace(design, diary=True), busy), seed=5, replicates=20
    )
    bare = simulate_ratings(
        study_scenario(replace(design, diary=True), BARE), seed=5, replicates=20
    )
    daily = (long.latent - bare.latent)[..., [0, 182]]
    for visit in (0, 1):
        error = extra[..., visit].std() * sqrt(1 / extra[..., 0].size + 1 / daily[..., 0].size)
        assert within(extra[..., visit].mean(), daily[..., visit].mean(), error)
        assert extra[..., visit].std() == pytest.approx(daily[..., visit].std(), rel=0.06)


def test_more_runs_leave_the_earlier_ones_as_they_are_and_a_job_can_be_split():
    for code in ("T2", "T5"):
        design = resized(DESIGNS[code], 12)
        size = BLOCK_OF_VISITS if not design.diary else 64
        many = simulate_trials(design, seed=7, replicates=size + 3)
        few = simulate_trials(design, seed=7, replicates=2)
        part = simulate_trials(design, seed=7, replicates=3, first=size)
        for name in ("latent", "effect", "lost", "arm"):
            np.testing.assert_array_equal(getattr(many, name)[:2], getattr(few, name))
            np.testing.assert_array_equal(getattr(many, name)[size:], getattr(part, name))
        for bad in ({"replicates": 0}, {"replicates": 1, "first": 3}):
            with pytest.raises(ValueError, match="first" if "first" in bad else "replicates"):
                simulate_trials(design, seed=7, **bad)


# --- what is given -----------------------------------------------------------------------------


def test_an_effect_moves_its_own_arm_by_its_own_size():
    design = two_arms(treatments=active(effect=-1.0, effect_sd=0.5), entry_rating=None)
    plain = simulate_trials(two_arms(entry_rating=None), BARE, seed=8, replicates=40)
    runs = simulate_trials(design, BARE, seed=8, replicates=40)
    moved = (runs.latent - plain.latent)[..., 1]
    np.testing.assert_allclose(moved, runs.effect[..., 1], atol=1e-12)
    assert (runs.effect[..., 0] == 0).all()
    assert (moved[:, 200:] == 0).all()
    assert within(moved[:, :200].mean(), -1.0, 0.5 / sqrt(40 * 200))
    assert within(moved[:, :200].std(), 0.5, 0.5 / sqrt(2 * 40 * 200))
    np.testing.assert_array_equal(runs.untreated, plain.complete["stiffness"])
    shown = (runs.complete["stiffness"] - runs.untreated)[:, :200, 1].mean()
    assert -1.0 < shown < -0.7  # some people are at the floor, where nothing can fall


def test_onset_wearing_off_and_carry_over():
    day = np.arange(100)
    slow = Treatment(name="slow", onset_days=10).course(day, 100)
    np.testing.assert_allclose(slow[[0, 4, 9, 50]], [0.1, 0.5, 1.0, 1.0])
    toxin = Treatment(name="toxin", lasts_days=84).course(day, 100)
    np.testing.assert_allclose(toxin[[0, 41, 62, 83, 90]], [1.0, 1.0, 0.5, 0.0, 0.0])
    left = Treatment(name="left", carry_over=7.0).course(day, 28)
    np.testing.assert_allclose(left[[27, 28 + 6, 28 + 13]], [1.0, 0.5, 0.25])
    assert (Treatment(name="at once").course(day, 28)[28:] == 0).all()
    assert (slow[:0].size, Treatment(name="x").course(np.array([-3, 0]), 5).tolist()) == (0, [0, 1])


@pytest.mark.parametrize("spasm", [None, -2.0])
def test_a_treatment_that_goes_on_is_one_course_and_what_is_left_of_it_is_not_added(spasm):
    given = Treatment(name="on", effect=-1.0, spasm_effect=spasm, onset_days=20, carry_over=10.0)
    design = Design(
        code="w", title="withdrawal", periods=(28, 28), baseline_days=7, respond_first=0.2,
        treatments=(given, Treatment(name="off")), visits=(-1, 27, 55),
        arms=(Arm(name="goes on", size=5, sequence=("on", "on")),
              Arm(name="stops", size=5, sequence=("on", "off"))),
    )  # fmt: skip
    day = np.arange(-7, 56)
    found = regime(design, BARE, day)
    grows = -np.clip((day + 1) / 20, 0, 1)
    stopped = np.where(day < 28, grows, -(0.5 ** ((day - 27) / 10)))
    # goes on, stops, did not respond
    for want, effect, other in zip(
        (grows, stopped, stopped), found.effect, found.spasm_effect, strict=True
    ):
        np.testing.assert_allclose(effect, want, atol=1e-12)
        np.testing.assert_allclose(other, want * (1.0 if spasm is None else 2.0), atol=1e-12)
    # after a washout it is begun again, beside what is left of it
    apart = regime(replace(design, washout=10), BARE, day).effect[0]
    again = grows * (day < 28) - np.where(day >= 28, 0.5 ** ((day - 27.0) / 10), 0)
    again -= np.clip((day - 38 + 1) / 20, 0, 1)
    np.testing.assert_allclose(apart[:-1], again[:-1], atol=1e-12)


@pytest.mark.parametrize(("washout", "left"), [(0, 0.75), (14, 0.1875)])
def test_carry_over_spoils_a_crossover_unless_it_is_washed_out(washout, left):
    design = Design(
        code="AB/BA", title="crossover", periods=(28, 28), washout=washout, baseline_days=7,
        treatments=(Treatment(name="A", effect=-1.0, carry_over=7.0), Treatment(name="B")),
        arms=(Arm(name="AB", size=4, sequence=("A", "B")), Arm(name="BA", size=4, sequence=("B", "A"))),
        visits=(-1, 27, 28 + washout + 27), ratings_per_visit=1,
    )  # fmt: skip
    days = np.arange(-7, design.days_in_all)
    curves = regime(design, BARE, days).effect
    second = 7 + 28 + washout
    # a week of the second period, in which A is no longer given
    mean = -curves[0, second : second + 7].mean()
    ends = 0.5 ** ((np.arange(7) + washout + 1) / 7)
    assert mean == pytest.approx(ends.mean())
    assert mean == pytest.approx(left, rel=0.1)
    assert (curves[1, second : second + 28] == -1).all()


def test_the_placebo_response_is_alike_in_both_arms_until_somebody_finds_out():
    world = replace(BARE, placebo_mean=-1.0)
    blind = (Treatment(name="active", expectation=1), Treatment(name="placebo", expectation=1))
    seen = (
        blind[0],
        Treatment(name="placebo", expectation=1, guessed=0.6, guessed_expectation=0.0),
    )
    gap = {}
    for name, treatments in (("blind", blind), ("seen", seen)):
        runs = simulate_trials(
            two_arms(treatments=treatments, entry_rating=None), world, seed=9, replicates=60
        )
        change = runs.latent[..., 1] - runs.latent[..., 0]
        gap[name] = change[:, :200].mean() - change[:, 200:].mean()
        error = change.std() * sqrt(2 / (60 * 200))
        guessed = runs.guessed[:, 200:].mean()
    assert within(gap["blind"], 0.0, error)
    assert within(guessed, 0.6, sqrt(0.24 / 12000))
    assert within(gap["seen"], -0.6, error)  # nothing works, and the arms differ all the same


def test_placebo_arms_fall_as_much_as_published():
    design = replace(DESIGNS["T2-drug"], lost=None)
    runs = simulate_trials(design, seed=10, replicates=30)
    arm = runs.arm == 1
    before, after = (runs.complete["stiffness"][..., k][arm] for k in (0, -1))
    # published: -0.97 (three trials pooled); the placebo response was tuned to it
    assert (after - before).mean() == pytest.approx(-0.97, abs=0.1)
    # not tuned: 24 % fell by 30 % or more in one trial, 32 % in another
    assert 0.22 < (before - after >= 0.3 * before).mean() < 0.32
    # not tuned either: the standard deviation of that change, 1.6 to 1.9
    assert 1.5 < (after - before).std() < 1.9


# --- who is lost, who is printed -----------------------------------------------------------------


def test_as_many_are_lost_as_stated_and_those_who_stay_look_better():
    worse_leave = two_arms(lost=0.25, lost_slope=0.8, visits=(-1, 6, 13, 27), entry_rating=None)
    at_random = replace(worse_leave, lost_slope=0.0)
    n = 400 * 40
    for design, shift in ((at_random, 0.0), (worse_leave, None)):
        runs = simulate_trials(design, BARE, seed=11, replicates=40)
        assert not runs.lost[..., 0].any()
        assert (np.diff(runs.lost.astype(int), axis=2) >= 0).all()
        change = runs.complete["stiffness"][..., -1] - runs.complete["stiffness"][..., 0]
        seen = runs.scores["stiffness"][..., -1] - runs.scores["stiffness"][..., 0]
        np.testing.assert_array_equal(np.isnan(seen), runs.lost[..., -1])
        bias = np.nanmean(seen) - change.mean()
        if shift == 0.0:
            assert within(runs.lost[..., -1].mean(), 0.25, sqrt(0.1875 / n))
            assert within(bias, 0.0, change.std() * sqrt(0.25 / (0.75 * n)))
        else:
            assert bias < -0.3


def test_practice_makes_every_further_visit_better():
    design = two_arms(practice=-0.3, visits=(-1, 6, 13, 27), entry_rating=None)
    plain = replace(design, practice=0.0)
    gain = (
        simulate_trials(design, BARE, seed=12, replicates=2).latent
        - simulate_trials(plain, BARE, seed=12, replicates=2).latent
    )
    np.testing.assert_allclose(
        gain, np.array([0, -0.3, -0.6, -0.9]) + np.zeros_like(gain), atol=1e-12
    )


def test_a_run_in_lets_through_those_who_fell_and_as_many_as_published():
    runs = simulate_trials(DESIGNS["T5"], seed=13, replicates=20, truth=True)
    went_on = runs.arm >= 0
    before, after = runs.scores["stiffness"][..., 0], runs.scores["stiffness"][..., 1]
    assert (before - after >= 0.2 * before - 1e-9)[went_on].all()
    # published: 272 of 572; the model was not fitted to it
    assert went_on.mean() == pytest.approx(272 / 572, abs=0.05)
    share = (runs.arm == 0).sum() / went_on.sum()
    assert share == pytest.approx(0.5, abs=0.01)
    first = runs.effect[..., 1]
    # the run-in chose people on whom it works better, and people who were lucky
    assert first[went_on].mean() < first[~went_on].mean() - 0.2
    assert (runs.effect[runs.arm == 1][:, -1] == 0).all()
    assert np.isnan(runs.scores["stiffness"][~went_on][:, 2:]).all()
    out = runs.days.became == SCREENED_OUT
    during = runs.days.days < DESIGNS["T5"].periods[0]
    assert not out[..., during].any()
    assert out[~went_on][:, ~during].mean() > 0.8  # the others had stopped by themselves


def test_the_run_in_that_decided_is_the_run_in_that_is_seen():
    runs = simulate_trials(DESIGNS["T6-four-weeks"], BARE, seed=14, replicates=3, truth=True)
    visit = runs.scores["stiffness"]
    fell = visit[..., 0] - visit[..., 1] >= 0.2 * visit[..., 0] - 1e-9
    np.testing.assert_array_equal(fell, runs.arm == 0)


def test_withdrawal_ends_the_diaries_of_those_who_get_worse():
    runs = simulate_trials(DESIGNS["T5b"], seed=15, replicates=40)
    stays = ~runs.lost[..., -1]
    on, off = stays[runs.arm == 0].mean(), stays[runs.arm == 1].mean()
    assert on > off + 0.1
    study = simulate_study(DESIGNS["T5b"], BARE, seed=16)
    failed = study.allocation.query("ended == 'treatment failure'")["person_id"]
    assert len(failed) > 3
    days = study.truth[study.truth["person_id"].isin(failed)]
    ends = days[days["why_missing"] == "treatment failure"].groupby("person_id")["day"].min()
    assert ((ends - 28) % 7 == 0).all()
    for code, end in ends.items():
        mine = days[days["person_id"] == code].set_index("day")["stiffness"]
        week, reference = mine.loc[end - 7 : end - 1].mean(), mine.loc[21:27].mean()
        assert week >= max(1.2 * reference, reference + 1)


def test_the_most_dramatic_of_many_untreated_diaries_looks_like_a_cure():
    runs = simulate_trials(DESIGNS["T6-case"], seed=17, replicates=40)
    score = runs.scores["stiffness"]
    assert score.shape == (40, 1, 2)
    fall = score[..., 0] - score[..., 1]
    assert fall.min() > 2.0
    everybody = simulate_trials(
        replace(DESIGNS["T6-case"], publish="everybody"), seed=17, replicates=2
    ).scores["stiffness"]
    falls = everybody[..., 0] - everybody[..., 1]
    np.testing.assert_array_equal(np.nanmax(falls, axis=1), fall[:2, 0])
    assert abs(np.nanmean(falls)) < 0.5
    study = simulate_study(DESIGNS["T6-case"], seed=17)
    assert len(study.tables.people) == study.allocation["published"].sum() == 1
    assert len(study.allocation) == 500


# --- more rows than people -----------------------------------------------------------------------


def test_complaints_of_one_person_are_alike_as_far_as_stated():
    design = replace(DESIGNS["T7"], entry_rating=None, complaint_icc=0.4)
    runs = simulate_trials(design, replace(BARE, bounded=False), seed=18, replicates=200)
    rating = complaint_ratings(runs, seed=18)
    many = (~np.isnan(rating[..., 0])).sum(axis=-1)
    assert within(many.mean(), 94 / 60, sqrt(34 / 60 / many.size))
    two = many >= 2
    one, other = rating[two][:, 0, 0], rating[two][:, 1, 0]
    assert within(np.corrcoef(one, other)[0, 1], 0.4, (1 - 0.16) / sqrt(two.sum()))
    assert one.var() == pytest.approx(runs.latent[..., 0].var(), rel=0.1)


def test_a_complaint_is_volunteered_because_it_is_bad_and_falls_by_itself():
    runs = simulate_trials(DESIGNS["T7"], BARE, seed=19, replicates=50)
    rating = complaint_ratings(runs, seed=19)
    before, after = rating[..., 0], rating[..., 1]
    there = ~np.isnan(before)
    assert before[there].min() >= 4
    assert (after - before)[there].mean() < -0.3
    with pytest.raises(ValueError, match="complaints must be above 1"):
        complaint_ratings(simulate_trials(DESIGNS["T1"], seed=1, replicates=1), seed=1)


def test_a_session_moves_the_next_rating_and_nothing_else():
    runs = simulate_trials(DESIGNS["T8"], BARE, seed=20, replicates=400, truth=True)
    rating = session_ratings(runs, seed=20)
    acute = rating[..., 1] - rating[..., 0]
    n = acute.shape[0]  # one person a run: people, not sessions, are independent
    per_run = acute.reshape(n, -1).mean(axis=1)
    assert within(per_run.mean(), -0.75, per_run.std() / sqrt(n) + 0.03)
    lasting = runs.latent[..., -1] - runs.latent[..., 0]
    assert (runs.effect == 0).all()
    # 36 sessions of one person: the t test over sessions is sure of an acute fall in nearly every run
    t = per_run / (acute.reshape(n, -1).std(axis=1, ddof=1) / 6)
    assert (t < -2.03).mean() > 0.9
    assert lasting.std() > 0.5
    with pytest.raises(ValueError, match="truth=True"):
        session_ratings(simulate_trials(DESIGNS["T8"], seed=1, replicates=1), seed=1)


# --- the templates and their tables -----------------------------------------------------------------


@pytest.mark.parametrize("code", list(DESIGNS))
def test_each_template_runs_and_its_tables_keep_their_rules(code):
    design = DESIGNS[code]
    study = simulate_study(design, seed=21)
    for name, schema in SCHEMAS.items():
        assert study.tables[name].equals(validate(study.tables[name], schema)), name
    assert len(study.allocation) == len(study.effects) == design.n_people
    again = simulate_study(design, seed=21)
    pd.testing.assert_frame_equal(study.truth, again.truth)
    pd.testing.assert_frame_equal(study.tables.assessments, again.tables.assessments)
    runs = simulate_trials(design, seed=21, replicates=1, spasms=True, truth=True)
    np.testing.assert_array_equal(study.effects["effect_latent"], runs.effect[0, :, -1])
    if not design.diary:
        seen = study.tables.assessments.query("instrument == 'nrs_stiffness'")["value"]
        np.testing.assert_array_equal(np.sort(seen), np.sort(runs.scores["stiffness"].ravel()))
    for what, status, source in design.sources:
        assert what
        assert source
        assert status in STATUSES


def test_all_that_the_evidence_asks_for_is_there():
    kinds = {code.split("-")[0] for code in DESIGNS}
    assert kinds == {"T1", "T2", "T3", "T4", "T5", "T5b", "T6", "T7", "T8"}  # T0 is the survey


def test_a_person_stays_in_the_arm_and_gets_its_sequence():
    study = simulate_study(DESIGNS["T4"], seed=22)
    arms = study.allocation.groupby("arm")["sequence"].unique().str[0].to_dict()
    assert arms == {"AB": "L-threonine > placebo", "BA": "placebo > L-threonine"}
    booked = study.tables.sessions.merge(study.allocation, on="person_id")
    first = booked.sort_values("date").groupby("person_id").head(1)
    assert (first["therapy"] == first["sequence"].str.split(" > ").str[0]).all()
    waiting = simulate_study(DESIGNS["T3-waiting"], seed=22)
    assert set(waiting.tables.sessions["therapy"]) == {"massage"}


def test_unwanted_effects_come_with_what_causes_them():
    study = simulate_study(resized(DESIGNS["T2-dose"], 2000), seed=23)
    arm = study.allocation.set_index("person_id")["arm"]
    per_person = study.tables.adverse_events.groupby("person_id").size()
    per_person = per_person.reindex(arm.index, fill_value=0).groupby(arm).mean()
    assert per_person["placebo"] == pytest.approx(0.46, abs=0.12)
    assert per_person["dose 1"] == pytest.approx(0.76, abs=0.13)


def test_a_design_can_be_made_larger_in_its_own_proportions():
    sizes = [arm.size for arm in resized(DESIGNS["T2-dose"], 148).arms]
    assert sizes == [32, 40, 40, 36]
    assert [arm.size for arm in resized(DESIGNS["T3-stepped"], 3).arms] == [1, 1, 1]
    with pytest.raises(ValueError, match="3 or more, one for each arm"):
        resized(DESIGNS["T3-stepped"], 2)


def test_a_design_can_be_given_an_effect():
    design = with_effect(DESIGNS["T2-dose"], -2.0, treatment="dose 2")
    assert [t.effect for t in design.treatments] == [0.0, -0.6, -2.0, -1.2]
    runs = simulate_trials(with_effect(DESIGNS["T2"], -1.25), seed=1, replicates=4)
    assert (runs.effect[runs.arm == 0][:, -1] == -1.25).all()
    assert (runs.effect[runs.arm == 1] == 0).all()
    with pytest.raises(ValueError, match="treatment must be one of"):
        with_effect(design, -1.0, treatment="dose 9")
    with pytest.raises(ValueError, match="effect"):
        with_effect(design, -11.0)


def test_the_world_of_a_centre_lends_its_calendar_and_nothing_of_its_service():
    centre = DiaryScenario(n_people=7, entry_rating=9, level_mean=5.0, recruitment_days=3)
    scenario = study_scenario(DESIGNS["T1"], centre)
    assert (scenario.n_people, scenario.entry_rating) == (10, 4.0)
    assert (scenario.level_mean, scenario.recruitment_days) == (5.0, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"visits": (-1,)}, "visits must be two or more"),
        ({"visits": (27, -1)}, "in order"),
        ({"visits": (-1, 28)}, "from -1 to 27"),
        ({"lost": 1.0}, "lost must be 0 to 0.95"),
        ({"entry_rating": 11.0}, "entry_rating must be 0 to 10"),
        ({"entry_days": 2}, "entry_days"),
        ({"baseline_days": 7, "entry_days": 7}, "1 to ratings_per_visit"),
        ({"periods": (28, 28)}, "as long as periods"),
        ({"periods": ()}, "periods of a day or more"),
        ({"blind": ("nurses",)}, "blind must be from"),
        ({"respond_first": 0.2}, "the same in the first period"),
        ({"stop_if_worse": 0.2}, "diary must be True"),
        ({"complaints": 0.5}, "complaints must be 1 to 10"),
        ({"publish": "some"}, "'everybody' or 'most dramatic'"),
        ({"treatments": active()[:1]}, "must be from"),
        ({"treatments": (*active(), Treatment(name="active"))}, "of different names"),
        ({"arms": (Arm(name="a", size=1, sequence=("active",)),) * 2}, "of different names"),
        ({"arms": ()}, "one or more"),
    ],
)
def test_an_impossible_design_is_refused_by_name(changes, says):
    with pytest.raises(ValueError, match="plain") as caught:
        two_arms(**changes)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"name": " "}, "a treatment needs a name"),
        ({"effect": -11}, "effect must be -10 to 10"),
        ({"guessed": 1.5}, "guessed must be 0 to 1"),
        ({"lasts_days": 0}, "lasts_days must be 1 to 3660"),
    ],
)
def test_an_impossible_treatment_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        Treatment(**{"name": "x", **settings})
    with pytest.raises(ValueError, match="size must be 1 to"):
        Arm(name="x", size=0, sequence=("x",))


def test_a_study_nobody_can_enter_is_refused():
    for design in (DESIGNS["T1"], DESIGNS["T6"]):
        with pytest.raises(ValueError, match="entry_rating 4"):
            simulate_trials(
                replace(design, entry_rating=4.0), replace(BARE, level_mean=-19.0, level_sd=0.1),
                seed=1, replicates=1,
            )  # fmt: skip


def test_no_rating_is_minus_nought():
    for code in ("T1", "T2", "T7"):
        study = simulate_study(DESIGNS[code], seed=1)
        for values in (
            study.tables.assessments["value"],
            study.truth.select_dtypes("number").to_numpy(),
        ):
            zeros = np.asarray(values, dtype=float)
            assert not np.signbit(zeros[zeros == 0]).any()
