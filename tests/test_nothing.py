"""What diaries show where nothing is given: published figures met again, and its laws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from msspas_analysis import DiaryScenario, small_pilots, what_nothing_shows
from msspas_analysis.certify.twin import nothing
from msspas_analysis.certify.twin.nothing import SINGLE, WEEKS, WINDOWS, WORLD
from msspas_analysis.simulate.days import simulate_ratings

ALIKE = replace(WORLD, day_sd_spread=0)  # everybody's days vary by the same amount
# the published figures are rounded to 0.01 points and whole per cent; the rest is Monte Carlo error
ROUNDED = 0.01


@pytest.fixture(scope="module")
def shown():
    return what_nothing_shows(replicates=512)


def met(found, group, measure, target):
    row = found.one(group=group, measure=measure, term="change")
    return row.estimate == pytest.approx(target, abs=ROUNDED + 3 * row.std_error)


# --- known figures --------------------------------------------------------------------------------


def test_single_ratings_fall_as_published_with_nothing_given(shown):
    alike = what_nothing_shows(ALIKE, replicates=512)
    assert met(alike, SINGLE, "mean_difference", -0.50)
    for found in (alike, shown):
        assert met(found, SINGLE, "fall_20", 0.38)
        assert met(found, SINGLE, "fall_30", 0.24)
    assert met(shown, SINGLE, "mean_difference", -0.55)


def test_weeks_fall_as_published_with_nothing_given():
    # the published figure is of people who came in by the mean of their first week
    found = what_nothing_shows(replace(ALIKE, entry_days=7), replicates=512)
    assert met(found, WEEKS, "mean_difference", -0.29)
    assert met(found, WEEKS, "fall_20", 0.24)
    assert met(found, WEEKS, "fall_30", 0.13)


def test_who_comes_in_whatever_the_rating_shows_no_fall():
    found = what_nothing_shows(replace(WORLD, entry_rating=None), replicates=512)
    for group in (SINGLE, WEEKS, WINDOWS):
        row = found.one(group=group, term="change", measure="mean_difference")
        assert abs(row.estimate) < 4 * row.std_error
        alarm = found.one(group=group, term="change", measure="false alarm rate")
        assert alarm.estimate == pytest.approx(0.025, abs=0.005 + 3 * np.sqrt(0.025 * 0.975 / 512))
        fell = found.one(group=group, term="change", measure="fall_30")
        assert fell.estimate > 0.15  # single people fall all the same: ups and downs
        if group != SINGLE:  # and nothing is to be expected, so nothing is subtracted
            beyond = found.one(group=group, term="beyond expectation", measure="mean_difference")
            assert beyond.estimate == row.estimate


def test_the_windows_shrink_the_fall_and_the_expectation_takes_the_rest(shown):
    single, weeks, windows = (
        shown.one(group=group, term="change", measure="mean_difference")
        for group in (SINGLE, WEEKS, WINDOWS)
    )
    assert single.estimate < weeks.estimate - 0.2 < windows.estimate - 0.2 < -0.2
    beyond = shown.one(group=WINDOWS, term="beyond expectation", measure="mean_difference")
    assert abs(beyond.estimate) < 0.03 + 3 * beyond.std_error < abs(windows.estimate)
    for group in (WEEKS, WINDOWS):
        alarm = shown.one(group=group, term="beyond expectation", measure="false alarm rate")
        assert alarm.estimate < 0.035 + 3 * np.sqrt(0.025 * 0.975 / 512)
    plain = shown.one(group=SINGLE, term="change", measure="false alarm rate")
    assert plain.estimate > 0.2
    with pytest.raises(LookupError):
        shown.one(group=SINGLE, term="beyond expectation", measure="mean_difference")


def test_a_higher_threshold_shows_a_larger_fall(shown):
    high = what_nothing_shows(replace(WORLD, entry_rating=6), replicates=128)
    where = {"group": SINGLE, "term": "change", "measure": "mean_difference"}
    assert high.one(**where).estimate < shown.one(**where).estimate - 0.15


def test_the_falls_that_are_called_so_are_larger_than_the_fall_there_is(shown):
    every = shown.one(group=SINGLE, term="change", measure="mean_difference")
    called = shown.one(group=SINGLE, term="change where called a fall")
    alarm = shown.one(group=SINGLE, term="change", measure="false alarm rate")
    assert called.estimate < every.estimate - 0.3
    assert called.n == pytest.approx(alarm.estimate * 512)


# --- each number, computed another way ------------------------------------------------------------


@pytest.mark.parametrize("entry", [4, None])  # without a door some people are at 0 before
def test_the_numbers_are_those_of_a_plain_loop(entry):
    world = replace(WORLD, n_people=12, entry_rating=entry)
    few = what_nothing_shows(world, people=12, replicates=40, seed=5)
    drawn = simulate_ratings(world, seed=5, replicates=40)
    day = {int(d): i for i, d in enumerate(drawn.days)}
    spans = {SINGLE: ((-14, -14), (84, 84)), WEEKS: ((-14, -8), (71, 84)),
             WINDOWS: ((-7, -1), (28, 41))}  # fmt: skip
    for group, ((b0, b1), (a0, a1)) in spans.items():
        means, falls, calls = [], [], []
        for centre in drawn.score:
            before = centre[:, day[b0] : day[b1] + 1].mean(axis=1)
            after = centre[:, day[a0] : day[a1] + 1].mean(axis=1)
            means.append((after - before).mean())
            can = before > 0
            falls.append((before - after >= 0.2 * before - 1e-9)[can].mean())
            test = ttest_rel(after, before)
            calls.append(test.pvalue < 0.05 and test.statistic < 0)
        for measure, values in (("mean_difference", means), ("fall_20", falls),
                                ("false alarm rate", calls)):  # fmt: skip
            row = few.one(group=group, term="change", measure=measure)
            assert row.estimate == pytest.approx(np.mean(values), abs=1e-12)
            assert row.std_error == pytest.approx(np.std(values, ddof=1) / np.sqrt(40), abs=1e-12)
            assert row.n == 40
        before, after, change = (
            few.one(group=group, term=term, measure=measure).estimate
            for term, measure in (("before", "mean"), ("after", "mean"),
                                  ("change", "mean_difference"))
        )  # fmt: skip
        assert after - before == pytest.approx(change, abs=1e-12)


def test_a_fall_is_called_as_scipy_calls_it_with_people_missing():
    rng = np.random.default_rng(1)
    values = rng.normal(-0.6, 1, (200, 9))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[0] = np.nan
    values[1, 1:] = np.nan
    values[2] = -1.0  # everybody changed alike: an interval without width, wholly below zero
    called = nothing._called_a_fall(values)
    assert np.isnan(called[:2]).all()
    assert called[2] == 1
    for row, call in zip(values[3:], called[3:], strict=True):
        test = ttest_1samp(row[~np.isnan(row)], 0)
        assert call == float(test.pvalue < 0.05 and test.statistic < 0)


# --- laws -----------------------------------------------------------------------------------------


def test_the_size_of_a_chunk_moves_nothing(monkeypatch):
    whole = what_nothing_shows(people=6, replicates=150)
    monkeypatch.setattr(nothing, "_ROWS_AT_ONCE", 1)
    np.testing.assert_allclose(
        what_nothing_shows(people=6, replicates=150).table["estimate"], whole.table["estimate"],
        rtol=1e-9, atol=1e-12,
    )  # fmt: skip


def test_missing_days_are_counted_and_the_entry_rating_is_always_there():
    world = replace(WORLD, completion_week_1=0.5, completion_week_12=0.02)
    seen, _ = nothing._diaries(replace(world, n_people=50), first=0, replicates=4, seed=1)
    assert not np.isnan(seen[..., 0]).any()
    assert np.isnan(seen).mean() > 0.5
    found = what_nothing_shows(world, people=4, replicates=64)
    row = found.one(group=SINGLE, term="change", measure="mean_difference")
    assert row.n + row.n_missing == 64
    assert 0 < row.n < 64
    none = what_nothing_shows(replace(world, completion_week_12=0), people=4, replicates=64)
    row = none.one(group=SINGLE, term="change", measure="mean_difference")
    assert np.isnan(row.estimate)
    assert (row.n, row.n_missing) == (0, 64)


def test_where_every_number_comes_from_is_said():
    said = " ".join(what_nothing_shows(replace(WORLD, day_sd=2), people=5, replicates=2).notes)
    assert "no real people" in said
    assert "[calibrated to published figures] level_mean 4.03" in said
    assert "[assumption] drift_sd 1" in said
    assert "[set here] day_sd 2" in said


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"scenario": replace(WORLD, change=-1)}, "change must be 0, got -1"),
        ({"scenario": DiaryScenario()}, "99 days in all, got 14 and 42"),
        ({"scenario": replace(WORLD, baseline_days=13, followup_days=99)}, "14 or more"),
        ({"scenario": replace(WORLD, baseline_days=80, followup_days=41)}, "42 or more"),
        ({"scenario": replace(WORLD, entry_days=3)}, r"1 \(the first rating\) or 7"),
        ({"people": 1}, "people must be 2 or more"),
        ({"replicates": 1}, "replicates must be 2 or more"),
    ],
)
def test_what_cannot_be_shown_is_refused(how, words):
    with pytest.raises(ValueError, match=words):
        what_nothing_shows(**{"replicates": 64, **how})


# --- small pilots ---------------------------------------------------------------------------------


def test_each_pilot_has_the_interval_scipy_gives_it():
    found = small_pilots(pilots=12, people=8, seed=3)
    drawn = simulate_ratings(replace(WORLD, n_people=8), seed=3, replicates=12)
    for row, centre in zip(found.table.itertuples(), drawn.score, strict=True):
        test = ttest_rel(centre[:, 98], centre[:, 0])
        low, high = test.confidence_interval(0.95)
        assert (row.conf_low, row.conf_high) == pytest.approx((low, high))
        assert row.p_value == pytest.approx(test.pvalue)
    lower = int((found.table["estimate"] < 0).sum())
    below = int((found.table["conf_high"] < 0).sum())
    assert f"Of 12 pilots, {lower} saw a lower mean" in found.notes[0]
    assert f"below zero in {below} " in found.notes[0]


def test_pilots_that_cannot_be_tested_are_refused():
    with pytest.raises(ValueError, match="pilots must be 1 or more"):
        small_pilots(pilots=0)
    with pytest.raises(ValueError, match="pilot 1 has 0 people with both ratings"):
        small_pilots(replace(WORLD, completion_week_12=0), people=5)
