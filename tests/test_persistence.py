"""Days of a diary: how alike neighbours are, which are missing, which stand at the ends."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import acf

from msspas_analysis.estimate.diary.diary_days import (
    RUNS,
    calendar_days,
    diary_strips,
    floor_share,
    missing_before,
    missing_streaks,
    ratio_over_people,
    truth_beside_diary,
)
from msspas_analysis.estimate.diary.persistence import (
    autocorrelation,
    far_gap,
    lag_pairs,
    lasting_autocorrelation,
    raw_autocorrelation,
    variogram,
)
from msspas_analysis.simulate.days import simulate_ratings
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import steady

# no rounding error to speak of: ratings that never reach an end, wobble alone
FREE = replace(
    steady(DiaryScenario(n_people=400)), entry_rating=None, level_mean=5.0, level_sd=1.0,
    drift_sd=0.0, day_sd=1.0, day_sd_spread=0.0, completion_week_1=1.0, completion_week_12=1.0,
    missing_slope=0.0, dropout_weekly=0.0, item_missing_rate=0.0,
)  # fmt: skip


def diary_of(seen: np.ndarray) -> pd.DataFrame:
    """Lay a grid of people by days out as a diary; missing days have no row."""
    person, day = np.nonzero(~np.isnan(seen))
    dates = pd.Timestamp("2026-03-01") + pd.to_timedelta(day, "D")
    return pd.DataFrame({
        "person_id": [f"P{p:04d}" for p in person], "date": dates, "stiffness": seen[person, day],
    })  # fmt: skip


def within(got: float, want: float, error: float, *, times: float = 4.0) -> bool:
    return abs(got - want) <= times * error


# --- an outside program -------------------------------------------------------------------------


@pytest.mark.oracle("raw_autocorrelation", "statsmodels acf, one complete series")
def test_one_complete_series_has_the_autocorrelation_an_outside_program_gives():
    rng = np.random.default_rng(1)
    series = np.zeros(200)
    for day in range(1, 200):
        series[day] = 0.6 * series[day - 1] + rng.standard_normal()
    lags = [1, 2, 7, 14]
    # each sum divided by its own number of terms ("adjusted")
    outside = acf(series, adjusted=True, fft=False, nlags=14)[lags]
    got, _, n = raw_autocorrelation(np.stack([series] * 2), lags)
    np.testing.assert_allclose(got, outside, rtol=1e-12)
    assert n.tolist() == [2, 2, 2, 2]


def test_gaps_count_as_an_outside_program_counts_them():
    rng = np.random.default_rng(2)
    series = rng.standard_normal(300).cumsum()
    series[rng.random(300) < 0.3] = np.nan
    frame = pd.Series(series)
    p = lag_pairs(series[None], [1, 5])
    for i, lag in enumerate((1, 5)):
        both = pd.concat([frame, frame.shift(lag)], axis=1).dropna()
        assert p.pairs[0, i] == len(both)
        assert p.gap[0, i] == pytest.approx(0.5 * ((both[0] - both[1]) ** 2).mean(), rel=1e-12)
        centred = both - frame.mean()
        assert p.product[0, i] == pytest.approx((centred[0] * centred[1]).mean(), rel=1e-12)


def test_the_error_is_the_jackknife_written_out():
    rng = np.random.default_rng(3)
    top, bottom = rng.random(8), rng.random(8) + 0.5
    used = np.array([True] * 7 + [False])
    got, error, n = ratio_over_people(top, bottom, used)
    kept = list(range(7))
    leave = [top[[j for j in kept if j != i]].sum() / bottom[[j for j in kept if j != i]].sum()
             for i in kept]  # fmt: skip
    assert got == pytest.approx(top[:7].sum() / bottom[:7].sum())
    assert error == pytest.approx(sqrt(6 / 7 * ((leave - np.mean(leave)) ** 2).sum()), rel=1e-12)
    assert n == 7


# --- a known truth ------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_corrected_one_recovers_the_truth_in_weeks_and_in_months(rho):
    for days, allowed in ((7, 0.02), (56, 0.0)):
        world = replace(FREE, day_autocorrelation=rho, baseline_days=1, followup_days=days - 1)
        latent = simulate_ratings(world, seed=4, replicates=10).latent.reshape(-1, days)
        far = 4 if days == 7 else 28
        got, error, _ = lasting_autocorrelation(latent, [1], far=far)
        # days 4 to 7 apart still share 0.6**5 of the wobble: that is taken off by definition
        weights = np.array([days - lag for lag in range(far, min(2 * far, days))], dtype=float)
        shared = (weights * rho ** np.arange(far, min(2 * far, days))).sum() / weights.sum()
        want = 1 - (1 - rho) / (1 - shared)
        assert within(got[0], want, error[0] + allowed / 4)


def test_taking_the_mean_away_makes_a_week_look_like_ups_after_downs():
    for rho, published in ((0.0, -0.17), (0.3, 0.07), (0.45, 0.17)):
        world = replace(FREE, day_autocorrelation=rho, baseline_days=1, followup_days=6)
        latent = simulate_ratings(world, seed=5, replicates=10).latent.reshape(-1, 7)
        got, error, _ = raw_autocorrelation(latent, [1])
        # the published ones are slopes of simulations, printed to two decimals
        assert abs(got[0] - published) < 0.03 + 4 * error[0]


def test_the_interval_covers_as_often_as_it_says():
    world = replace(FREE, n_people=30, day_autocorrelation=0.3)
    latent = simulate_ratings(world, seed=6, replicates=400).latent
    got, error, n = lasting_autocorrelation(latent, [1], far=28)
    inside = np.abs(got[..., 0] - 0.3) <= 2.045 * error[..., 0]
    assert n.min() == 30
    assert within(inside.mean(), 0.95, sqrt(0.95 * 0.05 / 400), times=3)


def test_the_variogram_rises_from_the_wobble_to_the_drift():
    world = replace(FREE, day_autocorrelation=0.0, drift_sd=1.0)
    seen = simulate_ratings(world, seed=7, replicates=1).latent[0]
    found = variogram(diary_of(seen), lags=[1, 14, 28]).table
    want = [1.0 + (1 - 0.5 ** (lag / 21)) for lag in (1, 14, 28)]
    for row, truth in zip(found.itertuples(), want, strict=True):
        assert within(row.estimate, truth, row.std_error)
    assert (found["n"] == 400).all()


def test_streaks_are_found_only_where_there_are_any():
    for share, low, high in ((0.0, -0.02, 0.02), (0.6, 0.5, 0.7)):
        world = replace(FREE, completion_week_1=0.7, completion_week_12=0.7,
                        missing_persistence=share)  # fmt: skip
        found = missing_streaks(simulate_diary(world, seed=8).tables.diary).table.set_index("term")
        beyond = found.loc["missing after a missing day, beyond scattered", "estimate"]
        # a day after a missing one is missing with 0.3 + 0.7 * share
        assert low < beyond / 0.7 < high
        assert found.loc["days missing", "estimate"] == pytest.approx(0.3, abs=0.03)


# --- laws ---------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_a_constant_change_nothing(seed):
    rng = np.random.default_rng(seed)
    seen = np.rint(rng.normal(5, 1.5, (8, 30)))
    seen[rng.random(seen.shape) < 0.3] = np.nan
    diary = diary_of(seen)
    one = autocorrelation(diary, lags=(1, 2)).table
    two = autocorrelation(diary.sample(frac=1.0, random_state=seed), lags=(1, 2)).table
    pd.testing.assert_frame_equal(one, two)
    three = autocorrelation(diary.assign(stiffness=diary["stiffness"] + 1), lags=(1, 2)).table
    pd.testing.assert_frame_equal(one, three)


def test_a_person_without_pairs_is_counted_as_missing_and_changes_nothing_else():
    seen = simulate_ratings(FREE, seed=9, replicates=1).score[0, :20]
    diary = diary_of(seen)
    lonely = pd.concat([diary, diary.head(1).assign(person_id="ALONE")])
    one, two = (autocorrelation(d, lags=(1, 7)).table for d in (diary, lonely))
    assert (two["n_missing"] == one["n_missing"] + 1).all()
    pd.testing.assert_frame_equal(one.drop(columns="n_missing"), two.drop(columns="n_missing"))


def test_replicates_are_worked_on_together_as_alone():
    seen = simulate_ratings(replace(FREE, n_people=12), seed=10, replicates=3).seen
    together = lasting_autocorrelation(seen, [1, 2], far=28)
    wide = far_gap(seen, 28)
    for k in range(3):
        for whole, alone in zip(
            together, lasting_autocorrelation(seen[k], [1, 2], far=28), strict=True
        ):
            np.testing.assert_allclose(whole[k], alone, rtol=1e-12)
        np.testing.assert_allclose(wide[0][k], far_gap(seen[k], 28)[0])


def test_runs_of_missing_days_are_counted_one_by_one():
    filled = np.array([[1, 0, 1, 0, 0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 1, 1, 1, 1, 1]], dtype=bool)
    assert missing_before(filled).tolist() == [
        [0, 0, 1, 0, 0, 0, 3, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    ]
    seen = np.where(filled, 5.0, np.nan)
    found = missing_streaks(diary_of(seen)).table.set_index("term")["estimate"]
    assert list(RUNS) == [t for t in found.index if t.startswith("runs")]
    assert found["runs of 1 day"] == pytest.approx(2 / 3)
    assert found["runs of 3 to 6 days"] == pytest.approx(1 / 3)
    # from first to last rated day: 4 of 8 and 1 of 8 days
    assert found["days missing"] == pytest.approx((4 / 8 + 1 / 8) / 2)
    assert found["missing after a missing day"] == pytest.approx(2 / 5)
    assert found["missing after a rated day"] == pytest.approx(3 / 9)


def test_every_person_weighs_the_same_at_the_ends_of_the_scale():
    seen = np.array([[0.0, 0, 0, 0, 5, 5, 5, 5], [10.0, 5] + [np.nan] * 6])
    found = floor_share(diary_of(seen)).table.set_index("term")
    assert found.loc["lowest score", "estimate"] == pytest.approx(0.25)
    assert found.loc["highest score", "estimate"] == pytest.approx(0.25)
    assert (found["n"] == 2).all()


# --- what pictures are made of ----------------------------------------------------------------------


def test_strips_are_ordered_thinned_and_carry_no_code():
    rng = np.random.default_rng(11)
    seen = np.rint(rng.normal(5, 2, (100, 20)).clip(0, 10))
    strips = diary_strips(diary_of(seen), most=10)
    assert strips.value.shape[0] == 10
    assert strips.people == 100
    means = np.nanmean(strips.value, axis=1)
    assert (np.diff(means) <= 0).all()
    assert not any("P0" in str(part) for part in (strips.days, strips.value))
    with pytest.raises(ValueError, match="most must be 1 or more"):
        diary_strips(diary_of(seen), most=0)


def test_a_calendar_hides_dates_with_few_people():
    diary = diary_of(np.full((6, 10), 4.0))
    diary = diary[(diary["person_id"] < "P0004") | (diary["date"] < "2026-03-05")]
    days = calendar_days(diary)
    assert days["n"].tolist() == [6] * 4 + [4] * 6
    assert days["mean"].notna().tolist() == [True] * 4 + [False] * 6
    assert days["weekday"].tolist() == [6, 0, 1, 2, 3, 4, 5, 6, 0, 1]  # 1 March 2026 is a Sunday
    with pytest.raises(ValueError, match="min_people must be 2 or more"):
        calendar_days(diary, min_people=1)
    with pytest.raises(ValueError, match="has no day"):
        calendar_days(diary, person_id="NOBODY")


def test_truth_stands_beside_what_was_seen_of_it():
    drawn = simulate_diary(DiaryScenario(n_people=20), seed=12)
    code = drawn.tables.people["person_id"].iloc[0]
    both = truth_beside_diary(drawn.truth, drawn.tables.diary, code)
    mine = drawn.truth[drawn.truth["person_id"] == code]
    np.testing.assert_array_equal(both["seen"].notna(), mine["observed"])
    np.testing.assert_array_equal(both["complete"], mine["stiffness"])
    with pytest.raises(ValueError, match="only invented people"):
        truth_beside_diary(drawn.truth, drawn.tables.diary, "A REAL ONE")


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"lags": ()}, "lags must be"), ({"lags": (0,)}, "lags must be"),
        ({"lags": (1, 1)}, "different whole numbers"), ({"lags": (1.5,)}, "whole numbers"),
        ({"far": 1}, "far must be"), ({"min_pairs": 0}, "min_pairs must be"),
        ({"min_people": 1}, "no one person is shown"), ({"conf_level": 95}, "conf_level"),
    ],
)  # fmt: skip
def test_impossible_questions_are_refused(how, says):
    with pytest.raises(ValueError, match=says):
        autocorrelation(diary_of(np.full((6, 10), 4.0)), **how)


def test_two_rows_for_a_day_are_refused():
    diary = diary_of(np.full((6, 10), 4.0))
    with pytest.raises(ValueError, match="repeat a person and day"):
        autocorrelation(pd.concat([diary, diary.head(1)]))
    with pytest.raises(ValueError, match="stiffness"):
        missing_streaks(diary.drop(columns="stiffness"))


def test_what_cannot_be_shown_is_said():
    found = autocorrelation(diary_of(np.random.default_rng(13).normal(5, 1, (6, 10))), lags=(1, 14))
    assert set(found.table["term"]) == {"lag 1"}
    assert any("Not shown: lag 14" in note for note in found.notes)
    assert autocorrelation(diary_of(np.full((6, 10), np.nan))).table.empty
    flat = autocorrelation(diary_of(np.full((6, 10), 4.0)), lags=(1,))
    assert flat.table.empty  # ratings that never change have no autocorrelation
