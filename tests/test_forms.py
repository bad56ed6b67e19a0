"""What raters and forms make of a state: as reliable as published, and never moving it."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.instruments import get
from msspas_analysis.scoring import score
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.forms import (
    PARTS,
    TITRATION,
    WITHIN_DAY,
    fill_in,
    sativex_sheet,
    six_part_day,
)
from msspas_analysis.simulate.msss88 import LOADINGS, msss88, msss88_sums
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.visits import (
    AshworthModel,
    ashworth_grades,
    assessment_table,
    modified_ashworth,
    msss88_items,
    muscle_tone,
    penn_frequency,
    penn_severity,
)
from msspas_analysis.tables import ASSESSMENTS, validate

LEGS = tuple(f"{muscle}_{side}" for muscle in ("knee flexors", "knee extensors", "ankle")
             for side in "lr")  # fmt: skip
DATES = np.arange("2026-03-02", "2026-03-30", dtype="datetime64[D]")


def within(got: float, want: float, error: float, *, times: float = 4.0) -> bool:
    """Whether `got` is within so many Monte Carlo standard errors of `want`."""
    return abs(got - want) <= times * error


def icc(one: np.ndarray, two: np.ndarray) -> float:
    """One-way intraclass correlation of two ratings."""
    between = 2 * ((one + two) / 2).var(ddof=1)
    inside = ((one - two) ** 2).mean() / 2
    return float((between - inside) / (between + inside))


def kappa(one: np.ndarray, two: np.ndarray) -> float:
    """Cohen's kappa, without weights."""
    levels = np.unique([one, two])
    agree = (one == two).mean()
    by_chance = sum((one == k).mean() * (two == k).mean() for k in levels)
    return float((agree - by_chance) / (1 - by_chance))


def entrants(n: int, days: tuple[int, ...], *, rng: np.random.Generator) -> np.ndarray:
    """Latent two-week means of people in a trial: level 6 +- 1.8, drift 1.0, daily 1.2."""
    level = 6 + 1.8 * rng.standard_normal((n, 1))
    gap = np.abs(np.subtract.outer(days, days))
    drift = rng.standard_normal((n, len(days))) @ np.linalg.cholesky(0.5 ** (gap / 21)).T
    # the mean of 14 days of an AR(1) with 0.3: variance (1.3 / 0.7 - ...) / 14, about 1.7 / 14
    lags = np.arange(1, 14)
    variance = (1 + 2 * ((1 - lags / 14) * 0.3**lags).sum()) / 14
    return level + drift + 1.2 * sqrt(variance) * rng.standard_normal((n, len(days)))


# --- the Modified Ashworth Scale ------------------------------------------------------------------


def test_ashworth_goes_with_stiffness_as_far_as_published_and_raters_agree_as_published():
    rng = np.random.default_rng(1)
    n = 20_000
    state = 4 + 3 * rng.standard_normal((n, 1))
    tone = muscle_tone(state, mean=4, sd=3, sites=["knee"], rng=rng)
    one, two = (ashworth_grades(tone, rng=np.random.default_rng(k))[:, 0, 0] for k in (2, 3))
    # published 0.459 and 0.446 (35 people); the error of this one is 0.006
    assert within(np.corrcoef(state[:, 0], one)[0, 1], 0.452, (1 - 0.2) / sqrt(n))
    # published 0.514 between raters and 0.590 within a rater
    assert 0.514 < kappa(one, two) < 0.590
    assert set(np.unique(one)) == {0, 1, 2, 3, 4, 5}


def test_two_visits_of_one_leg_are_as_alike_as_published():
    rng = np.random.default_rng(4)
    state = np.repeat(4 + 3 * rng.standard_normal((8000, 1)), 2, axis=1)
    ranks = modified_ashworth(state, mean=4, sd=3, sites=["knee"], rng=rng)[..., 0]
    # published for legs 0.40 to 0.75; the latent has not moved
    assert icc(ranks[:, 0].astype(float), ranks[:, 1].astype(float)) == pytest.approx(
        0.75, abs=0.03
    )


def test_two_sides_of_a_muscle_are_more_alike_than_two_muscles():
    rng = np.random.default_rng(5)
    state = 4 + 3 * rng.standard_normal((10_000, 1))
    tone = muscle_tone(state, mean=4, sd=3, sites=["hip_l", "hip_r", "ankle_l"], rng=rng)[:, 0]
    alike = np.corrcoef(tone.T)
    model = AshworthModel()
    shared, own, total = model.loading**2, model.muscle, 1 - model.rater
    assert alike[0, 1] == pytest.approx((shared + own * model.between_sides) / total, abs=0.02)
    assert alike[0, 2] == pytest.approx((shared + own * model.between_sites) / total, abs=0.02)


def test_tone_may_move_when_stiffness_does_not_and_a_rater_may_see_what_is_not_there():
    state = np.full((4000, 2), 5.0)
    moved, plain, hoped = (
        modified_ashworth(state, mean=5, sd=2, sites=["knee"], rng=np.random.default_rng(6), **how)
        for how in ({"shift": [0.0, -0.7]}, {}, {"expectation": [0.0, -0.7]})
    )
    np.testing.assert_array_equal(moved[:, 0], plain[:, 0])
    assert (moved[:, 1] <= plain[:, 1]).all()
    assert (plain[:, 1] - moved[:, 1]).mean() == pytest.approx(0.9, abs=0.25)
    np.testing.assert_array_equal(hoped, moved)  # the form cannot tell the two apart


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loading": 1.2}, "loading must be 0 to 1"),
        ({"loading": 0.9, "visit": 0.3}, "add up to 1 or less"),
        ({"between_sides": 0.1}, "between_sides must be between_sites"),
        ({"cuts": (0.0, 1.0)}, "five rising numbers"),
    ],
)
def test_an_impossible_rater_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        AshworthModel(**settings)


# --- the Penn scale --------------------------------------------------------------------------------


def test_penn_is_per_hour_and_severity_is_not_asked_without_spasms():
    often = penn_frequency([0.0, 0.3, 0.5, 1.0, 10.0, 16.0, 17.0, 160.0, 161.0])
    assert often.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    rng = np.random.default_rng(7)
    spasm = rng.normal(5, 2, (5000, 2))
    frequency = np.where(rng.random((5000, 2)) < 0.2, 0, 2)
    bad = penn_severity(frequency, spasm, rng=rng)
    np.testing.assert_array_equal(np.isnan(bad), frequency == 0)
    assert set(np.unique(bad[frequency > 0])) == {1.0, 2.0, 3.0}
    worse = spasm > 6
    assert bad[worse & (frequency > 0)].mean() > bad[~worse & (frequency > 0)].mean() + 0.2
    for wrong, says in (([[5]], "grades 0 to 4"), ([[1, 1]], "shape of spasm")):
        with pytest.raises(ValueError, match=says):
            penn_severity(wrong, [[1.0]], rng=rng)
    with pytest.raises(ValueError, match="0 or more"):
        penn_frequency([-1.0])


# --- the MSSS-88 -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twelve_weeks():
    """Answers of 3,000 people at the start, after two weeks and after twelve."""
    rng = np.random.default_rng(8)
    stiffness = entrants(3000, (0, 14, 84), rng=rng)
    other = [6 + 0.6 * (stiffness - 6) + 0.8 * (entrants(3000, (0, 14, 84), rng=rng) - 6)
             for _ in range(2)]  # fmt: skip
    for state in (stiffness, *other):
        state[:, 1] = state[:, 0]  # people who say that nothing has changed in two weeks
    answers = msss88(stiffness, other[0], other[1], days=[0, 14, 84], rng=rng)
    return stiffness, answers


def test_msss88_sums_repeat_as_published_and_change_as_in_a_trial(twelve_weeks):
    _, answers = twelve_weeks
    sums = msss88_sums(answers)
    for k, part in enumerate(get("msss88").subscales):
        again = icc(sums[:, 0, k], sums[:, 1, k])
        # published 0.84 to 0.91 (65 people); the error of this one is 0.005
        assert 0.84 - 0.02 <= again <= 0.91 + 0.02, part.name
        spread = (sums[:, 2, k] - sums[:, 0, k]).std() / (3 * len(part.items))
        low, high = (0.14, 0.19) if part.name == "walking" else (0.22, 0.26)
        assert low - 0.012 <= spread <= high + 0.012, (part.name, spread)  # error 0.003


def test_msss88_stiffness_goes_with_the_ashworth_of_the_legs_as_published(twelve_weeks):
    stiffness, answers = twelve_weeks
    first = stiffness[:, :1]
    ranks = modified_ashworth(first, mean=6, sd=2.1, sites=LEGS, rng=np.random.default_rng(9))
    sums = msss88_sums(answers)[:, 0, 0]
    # published 0.52 to 0.53 with 34 people, so 0.12 of its own error
    assert np.corrcoef(ranks[:, 0].mean(axis=1), sums)[0, 1] == pytest.approx(0.52, abs=0.06)


def test_msss88_answers_are_scored_by_the_registry_and_cover_every_answer(twelve_weeks):
    _, answers = twelve_weeks
    assert answers.shape == (3000, 3, 88)
    assert set(np.unique(answers)) == {1.0, 2.0, 3.0, 4.0}
    forms = pd.DataFrame(answers[:50, 0], columns=range(1, 89))
    found = score("msss88", forms)
    assert (found["status"] == "complete").all()
    scored = found["value"].to_numpy().reshape(50, 8)
    np.testing.assert_array_equal(scored, msss88_sums(answers[:50, 0]))


def test_who_cannot_walk_has_no_walking_answers_and_all_others_as_before():
    state = np.full((400, 1), 6.0)
    all_walk, some = (
        msss88(state, state, state, days=[0], rng=np.random.default_rng(10), cannot_walk=share)
        for share in (0.0, 0.3)
    )
    blank = np.isnan(some)
    walking = np.zeros(88, dtype=bool)
    for part in get("msss88").subscales:
        if part.name == "walking":
            walking[np.array(part.items) - 1] = True
    assert not blank[..., ~walking].any()
    seated = blank[..., walking].all(axis=-1)
    assert (seated == blank[..., walking].any(axis=-1)).all()
    assert within(seated.mean(), 0.3, sqrt(0.21 / 400))
    np.testing.assert_array_equal(some[~blank], all_walk[~blank])
    assert np.isnan(msss88_sums(some)).sum() == seated.sum()


def test_impossible_answers_are_refused():
    state = np.full((3, 2), 5.0)
    rng = np.random.default_rng(11)
    for how, says in (
        ({"days": [5, 5]}, "rising"),
        ({"days": [0, 1], "cannot_walk": 1.5}, "cannot_walk must be 0 to 1"),
        ({"days": [0, 1], "cannot_walk": np.zeros(2, dtype=bool)}, "True and False of shape"),
        ({"days": [0, 1], "loadings": {}}, "absent"),
    ):
        with pytest.raises(ValueError, match=says):
            msss88(state, state, state, rng=rng, **how)
    with pytest.raises(ValueError, match="one shape"):
        msss88(state, state[:2], state, days=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="never missing"):
        msss88(np.full((3, 2), np.nan), state, state, days=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="half_life above 0"):
        type(LOADINGS["walking"])(stiffness=1, spasm=0, pain=0, person=1, half_life=0, visit=1)
    with pytest.raises(ValueError, match="must be"):
        msss88_sums(np.ones(87))


# --- the table -------------------------------------------------------------------------------------


def test_all_scales_stand_in_one_table_that_keeps_its_rules():
    rng = np.random.default_rng(12)
    state = rng.normal(5, 2, (30, 2))
    ids = [f"SIM{k}" for k in range(30)]
    dates = np.tile(np.array(["2026-03-02", "2026-04-13"], dtype="datetime64[D]"), (30, 1))
    often = penn_frequency(np.exp(state / 3))
    answers = msss88(state, state, state, days=[0, 42], rng=rng, cannot_walk=0.3)
    ranks = modified_ashworth(state, mean=5, sd=2, sites=("knee_l", "knee_r"), rng=rng)
    table = assessment_table(
        ids, dates, ["before", "after"], mas=ranks, sites=("knee_l", "knee_r"),
        penn=(often, penn_severity(often, state, rng=rng)), msss88=answers,
    )  # fmt: skip
    pd.testing.assert_frame_equal(table, validate(table, ASSESSMENTS))
    assert len(table) == 30 * 2 * (2 + 2 + 8)
    assert table["person_id"].drop_duplicates().tolist() == ids
    mas = table[table["instrument"] == "mas"]
    assert mas.loc[mas["code"] == "1+", "value"].isna().all()
    assert (mas["code"] == "1+").any()
    walk = table[table["score"] == "walking"]
    assert set(walk["status"]) == {"observed", "not applicable"}
    items = msss88_items(ids, dates, ["before", "after"], answers)
    assert len(items) == 30 * 2 * 88
    with pytest.raises(ValueError, match="nothing was rated"):
        assessment_table(ids, dates, ["before", "after"])


# --- the six-part day ------------------------------------------------------------------------------


def test_a_day_in_six_parts_follows_its_pattern_and_carries_over():
    rng = np.random.default_rng(13)
    state = np.repeat(rng.normal(5, 1, (2000, 1)), 28, axis=1)
    diary, truth = six_part_day(state, ids=range(2000), dates=DATES, rng=rng)
    assert len(diary) == len(truth) == 2000 * 28 * 6
    by_part = truth["latent"].to_numpy().reshape(2000, 28, 6) - state[..., None]
    # 336,000 parts, each alike with its neighbours: the error of a mean over people is below 0.008
    np.testing.assert_allclose(by_part.mean(axis=(0, 1)), WITHIN_DAY, atol=4 * 0.008)
    own = (by_part - np.array(WITHIN_DAY)).reshape(2000, -1)
    lag_1 = (own[:, 1:] * own[:, :-1]).mean() / own.var()
    assert lag_1 == pytest.approx(0.5, abs=0.01)
    assert own.std() == pytest.approx(1.0, abs=0.01)
    cut = pd.cut(truth["latent"], [-np.inf, 1, 4, 7, np.inf], right=False, labels=[1, 2, 3, 4])
    assert (truth["troubled"] == cut.astype(float)).all()
    assert diary["part"].head(6).tolist() == list(PARTS)


@pytest.mark.parametrize("form", ["six-part day", "sativex sheet"])
def test_leaving_more_out_changes_nothing_that_is_left(form):
    truth = simulate_diary(DiaryScenario(n_people=30), seed=14).truth
    full, behind = fill_in(truth, form, seed=14)
    some, again = fill_in(truth, form, seed=14, missing=0.4)
    key = ["person_id", "date", "part"] if form == "six-part day" else ["person_id", "date"]
    both = some.merge(full, on=key, how="left", suffixes=("", "_full"))
    assert 0.5 < len(some) / len(full) < 0.7
    for name in some.columns.difference(key):
        assert both[name].equals(both[f"{name}_full"].rename(name)), name
    seen = behind.columns.difference(["observed"])
    assert behind[seen].equals(again[seen])
    kept = truth.loc[truth["observed"], ["person_id", "date"]]
    assert len(full.merge(kept, on=["person_id", "date"])) == len(full)


# --- the sheet of the spray ------------------------------------------------------------------------


def test_the_titration_table_is_the_printed_one():
    assert TITRATION.total == (1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    assert TITRATION.morning == (0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5)
    assert TITRATION.status == "published"


def test_sprays_follow_the_table_up_to_a_number_of_ones_own():
    state = np.random.default_rng(15).normal(6, 2, (4000, 28))
    sheet, truth = sativex_sheet(
        state,
        state,
        state,
        ids=range(4000),
        dates=DATES,
        rng=np.random.default_rng(16),
        stopped=0.1,
    )
    own = truth["own_number"].to_numpy().reshape(4000, 28)[:, 0]
    assert within(own.mean(), 8.25, 2.5 / sqrt(4000))
    assert own.std() == pytest.approx(2.5, rel=0.05)
    assert own.min() >= 1
    assert own.max() <= 12
    total = sheet["sprays_total"].to_numpy().reshape(4000, 28)
    due = np.array([*TITRATION.total, *[12] * 14])
    gone = truth["stopped"].to_numpy().reshape(4000, 28)
    np.testing.assert_array_equal(total, np.where(gone, 0, np.minimum(due, own[:, None])))
    assert (np.diff(gone.astype(int), axis=1) >= 0).all()
    assert within(gone[:, -1].mean(), 0.1, sqrt(0.09 / 4000))
    assert (sheet["sprays_am"] + sheet["sprays_pm"] == sheet["sprays_total"]).all()
    by_number = sheet.groupby("sprays_total")["sprays_am"].nunique()
    assert (by_number == 1).all()
    np.testing.assert_array_equal(
        sheet["spasticity"].to_numpy().reshape(4000, 28), np.clip(np.rint(state), 0, 10)
    )


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"own_mean": 12.5}, "own_mean must be between 1 and 12"),
        ({"own_sd": 0.1}, "own_sd must be above"),
        ({"stopped": 2.0}, "stopped must be 0 to 1"),
        ({"missing": -0.1}, "missing must be 0 to 1"),
        ({"ids": ["A", "A"]}, "different codes"),
        ({"dates": DATES[::-1]}, "rise from day to day"),
        ({"dates": DATES[:27]}, "dates must have shape"),
    ],
)
def test_an_impossible_sheet_is_refused(how, says):
    state = np.full((2, 28), 5.0)
    whole = {"ids": ["A", "B"], "dates": DATES, "rng": np.random.default_rng(1), **how}
    with pytest.raises(ValueError, match=says):
        sativex_sheet(state, state, state, **whole)


def test_a_form_needs_days_to_be_filled_in():
    with pytest.raises(ValueError, match="form must be one of"):
        fill_in(pd.DataFrame(), "diary", seed=1)
    with pytest.raises(ValueError, match="A study without a diary has none"):
        fill_in(pd.DataFrame({"person_id": ["A"]}), "sativex sheet", seed=1)
