"""The simulator against its own closed form, its published targets, and its laws."""

from __future__ import annotations

from dataclasses import fields, replace
from math import erf, exp, pi, sqrt

import numpy as np
import pytest

from msspas_analysis.simulate.days import BLOCK, simulate_days, simulate_ratings
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.realism import STATUSES, provenance
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.world import World, steady
from msspas_analysis.tables import SCHEMAS, validate

# people alike in their daily wobble, no episodes: the world whose figures have a closed form
ALIKE = steady(DiaryScenario(n_people=2000, day_sd_spread=0.0))
TOTAL_SD = sqrt(3.05**2 + 1.0**2 + 1.2**2)
SMALL = DiaryScenario(n_people=30)


def above(x: float) -> float:
    """Chance that a standard normal is above `x`."""
    return 0.5 * (1 - erf(x / sqrt(2)))


def chance_of_rating(at_least: int, mean: float, sd: float) -> float:
    """Chance that a rounded and clipped normal is `at_least` or more; 0 or less is certain."""
    return 1.0 if at_least <= 0 else 0.0 if at_least > 10 else above((at_least - 0.5 - mean) / sd)


def exact_second_rating(days_apart: int) -> dict[str, float]:
    """Mean change and share falling by a fifth among people whose first rating is 4 or more.

    Numerical integration of the bivariate normal; it shares no code with the simulator.
    """
    mean, variance = 4.03, TOTAL_SD**2
    shared = 3.05**2 + 0.5 ** (days_apart / 21) + 1.44 * 0.30**days_apart
    r = shared / variance
    step, weight, change, fell = 0.005, 0.0, 0.0, 0.0
    spread = TOTAL_SD * sqrt(1 - r**2)
    for first in np.arange(3.5 + step / 2, mean + 8 * TOTAL_SD, step):
        z = (first - mean) / TOTAL_SD
        density = exp(-(z**2) / 2) / (TOTAL_SD * sqrt(2 * pi)) * step
        score = min(10, int(np.floor(first + 0.5)))
        centre = mean + r * (first - mean)
        expected = sum(chance_of_rating(k, centre, spread) for k in range(1, 11))
        highest = int(np.floor(0.8 * score + 1e-9))
        weight += density
        change += density * (expected - score)
        fell += density * (1 - chance_of_rating(highest + 1, centre, spread))
    return {"change": change / weight, "fell": fell / weight}


def within(got: float, want: float, error: float, *, times: float = 4.0) -> bool:
    """Whether `got` is within so many Monte Carlo standard errors of `want`."""
    return abs(got - want) <= times * error


# -- the published targets ---------------------------------------------------------------------


def test_everybody_in_the_clinic_has_the_shares_the_model_was_calibrated_to():
    world = replace(ALIKE, entry_rating=None, baseline_days=1, followup_days=1)
    score = simulate_ratings(world, seed=1, replicates=100).score[:, :, 0].ravel()
    for at_least, published in ((1, 0.847), (4, 0.561)):
        share, exact = (score >= at_least).mean(), chance_of_rating(at_least, 4.03, TOTAL_SD)
        assert within(share, exact, sqrt(exact * (1 - exact) / score.size))
        # printed to 0.1 percentage points, and itself from a simulation: a quarter of a point
        assert exact == pytest.approx(published, abs=0.0025)


def test_people_with_a_bad_week_have_the_mean_and_spread_of_routine_starters():
    world = replace(ALIKE, entry_days=7, baseline_days=7, followup_days=1)
    week = simulate_ratings(world, seed=2, replicates=20).score[:, :, :7].mean(axis=2)
    error = week.std() / sqrt(week.size)
    # 6.45 and 1.74 in the source of the defaults; 0.01 for its rounding and its own simulation
    assert abs(week.mean() - 6.45) <= 4 * error + 0.01
    assert abs(week.std() - 1.74) <= 4 * error / sqrt(2) + 0.01


def test_ratings_fall_after_a_bad_day_with_no_treatment_at_all():
    world = replace(ALIKE, baseline_days=1, followup_days=98)
    score = simulate_ratings(world, seed=3, replicates=20).score
    first, later = score[:, :, 0].ravel(), score[:, :, 98].ravel()
    exact = exact_second_rating(98)
    change, fell = later - first, (first - later) / first >= 0.2
    assert within(change.mean(), exact["change"], change.std() / sqrt(change.size))
    assert within(fell.mean(), exact["fell"], sqrt(exact["fell"] * (1 - exact["fell"]) / fell.size))
    # the figures centres are told: half a point, and 38 % (rounded, from a smaller simulation)
    assert exact["change"] == pytest.approx(-0.50, abs=0.005)
    assert exact["fell"] == pytest.approx(0.38, abs=0.01)


def test_the_default_world_falls_by_the_same_size():
    world = DiaryScenario(n_people=2000, baseline_days=1, followup_days=98)
    score = simulate_ratings(world, seed=4, replicates=20).score
    first, later = score[:, :, 0].ravel(), score[:, :, 98].ravel()
    error = (later - first).std() / sqrt(first.size)  # about 0.01
    # people differ in their wobble here, which adds a twentieth of a point
    assert abs((later - first).mean() + 0.55) <= 4 * error + 0.005
    fell = ((first - later) / first >= 0.2).mean()
    assert abs(fell - 0.38) <= 4 * sqrt(0.38 * 0.62 / first.size) + 0.005


# -- the parts of the model --------------------------------------------------------------------


def lagged(x: np.ndarray, lag: int) -> float:
    return float((x[..., lag:] * x[..., :-lag]).mean() / (x**2).mean())


@pytest.mark.parametrize(
    ("part", "lag", "want"),
    [("wobble", 1, 0.30), ("wobble", 2, 0.09), ("drift", 21, 0.5), ("drift", 7, 0.5 ** (1 / 3))],
)
def test_each_part_remembers_as_long_as_it_says(part, lag, want):
    silent = {"drift_sd": 0.0} if part == "wobble" else {"day_sd": 0.0}
    world = replace(ALIKE, entry_rating=None, level_sd=0.0, level_mean=0.0, followup_days=70,
                    **silent)  # fmt: skip
    latent = simulate_ratings(world, seed=5, replicates=10).latent
    # 20,000 independent people: the error of their pooled autocorrelation is below 0.007
    assert abs(lagged(latent, lag) - want) < 4 * 0.007
    assert latent.var() == pytest.approx(1.44 if part == "wobble" else 1.0, rel=0.03)


def test_people_differ_in_how_much_they_wobble():
    world = replace(ALIKE, entry_rating=None, day_sd_spread=0.35, drift_sd=0.0,
                    day_autocorrelation=0.0, followup_days=986)  # fmt: skip
    latent = simulate_ratings(world, seed=6, replicates=1).latent[0]
    log_sd = np.log(latent.std(axis=1, ddof=1))
    # 2,000 people with 1,000 days each: a log SD is known to 0.022, which adds 0.0007 to 0.35
    assert within(log_sd.mean(), np.log(1.2), 0.35 / sqrt(2000))
    assert within(log_sd.std(), 0.3507, 0.35 / sqrt(4000))


def test_counts_have_the_mean_and_spread_of_their_negative_binomial():
    world = DiaryScenario(n_people=2000, spasm_spread=0.0, spasm_slope=0.0)
    counts = simulate_diary(world, seed=7).truth["spasm_count"]
    variance = 4 + 4**2 / 1.5
    assert within(counts.mean(), 4.0, sqrt(variance / counts.size))
    assert counts.var() == pytest.approx(variance, rel=0.05)


def test_worse_spasms_mean_more_of_them_by_the_slope():
    world = DiaryScenario(n_people=3000, spasm_spread=0.0)
    truth = simulate_diary(world, seed=8).truth
    # where the latent state is within the scale, the log of the mean count is a straight line in it
    near = {at: truth.loc[(truth["spasm"] - at).abs() < 0.25, "spasm_count"] for at in (4, 5, 7)}
    assert near[7].mean() / near[4].mean() == pytest.approx(exp(0.9), rel=0.05)
    assert near[5].mean() == pytest.approx(4.0, rel=0.05)


def test_stiffness_and_spasms_are_correlated_between_people_and_within_a_person():
    world = replace(ALIKE, entry_rating=None)
    truth = simulate_days(world, seed=8, truth=True).truth
    between = np.corrcoef(truth.level[0], truth.spasm_level[0])[0, 1]
    assert within(between, 0.60, (1 - 0.36) / sqrt(2000))
    own = (
        (truth.latent - truth.level[..., None])[0],
        (truth.spasm - truth.spasm_level[..., None])[0],
    )
    daily = (own[0] * own[1]).mean() / sqrt((own[0] ** 2).mean() * (own[1] ** 2).mean())
    # 56 days of one person tell about as much as 10 independent ones
    assert within(daily, 0.60, (1 - 0.36) / sqrt(2000 * 10))
    for days in own:  # the same drift and wobble: variance 1 + 1.44
        assert days.var() == pytest.approx(2.44, rel=0.03)


def test_symptoms_go_together_between_people_and_within_a_day():
    world = DiaryScenario(n_people=3000, entry_rating=None, level_mean=5, level_sd=1.5,
                          symptom_mean=(5.0, 5.0, 5.0), symptom_sd=(1.5, 1.5, 1.5),
                          day_sd_spread=0.0)  # fmt: skip
    truth = simulate_diary(world, seed=9).truth
    names = ["stiffness", "pain", "sleep_disruption", "fatigue"]
    usual = truth.groupby("person_id")[["level", *names]].mean()
    between = usual.corr()
    # the mean of 56 rounded days is nearly the person's own level
    for name, want in zip(names[1:], (0.50, 0.40, 0.35), strict=True):
        assert between.loc["level", name] == pytest.approx(want, abs=0.05)
    assert between.loc["pain", "fatigue"] == pytest.approx(0.45, abs=0.05)
    daily = truth[names] - truth.groupby("person_id")[names].transform("mean")
    # 0.30 before rounding to whole points and taking out 56-day means that hold some drift
    assert daily.corr().loc["stiffness", "pain"] == pytest.approx(0.27, abs=0.04)
    # yesterday's pain says nothing about today's stiffness once yesterday's stiffness is known
    later = truth["day"] > -14
    known = daily["stiffness"].shift(1)[later]
    told = daily["pain"].shift(1)[later] - known * known.cov(daily["pain"].shift(1)) / known.var()
    assert abs(told.corr(daily["stiffness"][later])) < 0.02


def test_the_change_moves_the_ratings_from_the_first_session_on_and_none_before():
    plain, moved = (
        simulate_ratings(replace(SMALL, change=c), seed=10, replicates=2) for c in (0.0, -1.5)
    )
    shift = moved.latent - plain.latent
    np.testing.assert_allclose(shift[:, :, plain.days < 0], 0.0, atol=1e-12)
    np.testing.assert_allclose(shift[:, :, plain.days >= 0], -1.5, atol=1e-12)
    assert (moved.observed == plain.observed).all()


@pytest.mark.parametrize("days", [1, 3, 7])
def test_everybody_meets_the_entry_rule_and_only_just_matters(days):
    world = replace(SMALL, n_people=500, entry_days=days, entry_rating=4)
    score = simulate_ratings(world, seed=11, replicates=2).score
    entry = score[:, :, :days].mean(axis=2)
    assert entry.min() >= 4
    assert (entry < 4.5).any()


# -- what is missing ---------------------------------------------------------------------------


def test_losing_more_days_leaves_every_score_that_stays_as_it_was():
    few, many = (
        simulate_diary(
            replace(SMALL, completion_week_1=c, completion_week_12=c, item_missing_rate=i,
                    dropout_weekly=d),
            seed=12,
        )
        for c, i, d in ((0.95, 0.0, 0.0), (0.5, 0.2, 0.05))
    )  # fmt: skip
    key = ["person_id", "date"]
    both = few.tables.diary.merge(many.tables.diary, on=key, suffixes=("", "_many"), how="right")
    assert len(both) == len(many.tables.diary) < 0.7 * len(few.tables.diary)
    assert both["stiffness"].equals(both["stiffness_many"])
    for name in ("spasm_count", "pain", "sleep_disruption", "fatigue", "falls"):
        kept = both[f"{name}_many"].notna()
        assert kept.any()
        assert both.loc[kept, name].equals(both.loc[kept, f"{name}_many"].rename(name))
    complete = [c for c in few.truth if c not in ("observed", "why_missing")]
    assert few.truth[complete].equals(many.truth[complete])


def test_days_are_filled_in_as_often_as_stated_and_less_so_later():
    world = replace(ALIKE, entry_rating=None, dropout_weekly=0.0, missing_slope=0.0,
                    followup_days=98)  # fmt: skip
    observed = simulate_ratings(world, seed=13, replicates=5).observed
    n_days = observed[:, :, :7].size
    assert within(observed[:, :, :7].mean(), 0.90, sqrt(0.09 / n_days))
    assert within(observed[:, :, 77:84].mean(), 0.75, sqrt(0.1875 / n_days))
    assert within(observed[:, :, 105:].mean(), 0.75, sqrt(0.1875 / n_days))


def test_bad_days_are_missing_more_often_only_if_the_scenario_says_so():
    gap = {}
    for slope in (0.0, 0.5):
        world = replace(ALIKE, n_people=500, entry_rating=None, missing_slope=slope)
        drawn = simulate_ratings(world, seed=14, replicates=10)
        deviation = drawn.latent - drawn.level[:, :, None]
        gap[slope] = deviation[~drawn.observed].mean() - deviation[drawn.observed].mean()
    assert abs(gap[0.0]) < 0.05
    assert gap[0.5] > 0.5


def test_a_diary_that_stops_stops_for_good_at_the_stated_rate():
    world = replace(ALIKE, entry_rating=None, completion_week_1=1.0, completion_week_12=1.0,
                    dropout_weekly=0.05)  # fmt: skip
    observed = simulate_ratings(world, seed=15, replicates=5).observed
    assert (np.diff(observed.astype(int), axis=2) <= 0).all()
    assert observed[:, :, :7].all()
    still = observed[:, :, -1].mean()  # day 56 of the diary: seven week ends have passed
    assert within(still, 0.95**7, sqrt(0.95**7 * (1 - 0.95**7) / 10_000))


def test_counts_too_many_to_count_are_known_only_from_below():
    drawn = simulate_diary(replace(SMALL, n_people=200, count_heaping=0.0), seed=16)
    diary = drawn.tables.diary
    many = diary["spasm_count_low"].notna()
    assert many.any()
    assert (diary.loc[many, "spasm_count_low"] == 26).all()
    assert diary.loc[many, "spasm_count"].isna().all()
    assert diary["spasm_count"].max() == 25
    truth = drawn.truth.set_index(["person_id", "date"])["spasm_count"]
    at = diary.loc[many].set_index(["person_id", "date"]).index
    assert (truth.loc[at] > 25).all()


def test_some_counts_are_heaped_and_the_truth_is_not():
    plain, heaped = (
        simulate_diary(
            replace(SMALL, n_people=200, count_heaping=h, item_missing_rate=0.0), seed=17
        )
        for h in (0.0, 1.0)
    )
    assert plain.truth.equals(heaped.truth)
    counts = heaped.tables.diary["spasm_count"].dropna()
    assert set(counts[counts >= 3]) == {5.0, 10.0, 20.0}
    assert (counts < 3).any()


# -- addresses of the random numbers ------------------------------------------------------------


def test_streams_are_told_apart_by_name_seed_and_block_and_by_nothing_else():
    draws = [stream(*at).random() for at in ((1, "a"), (1, "b"), (2, "a"), (1, "a", 1))]
    assert len(set(draws)) == 4
    assert stream(1, "a").random() == draws[0]


@pytest.mark.parametrize(
    ("seed", "name", "block", "says"),
    [(-1, "a", 0, "seed"), (0, "", 0, "name"), (0, "a", -2, "block")],
)
def test_a_stream_without_a_proper_address_is_refused(seed, name, block, says):
    with pytest.raises(ValueError, match=says):
        stream(seed, name, block)


def test_more_replicates_leave_the_earlier_ones_as_they_are():
    world = replace(SMALL, n_people=5)
    few = simulate_ratings(world, seed=18, replicates=3)
    many = simulate_ratings(world, seed=18, replicates=BLOCK + 6)
    assert many.score.shape == (BLOCK + 6, 5, 56)
    for name in ("level", "latent", "score", "observed"):
        np.testing.assert_array_equal(getattr(many, name)[:3], getattr(few, name))


def test_a_run_may_be_split_at_a_block():
    world = replace(SMALL, n_people=5)
    whole = simulate_ratings(world, seed=19, replicates=BLOCK + 4)
    part = simulate_ratings(world, seed=19, replicates=4, first=BLOCK)
    np.testing.assert_array_equal(whole.latent[BLOCK:], part.latent)
    assert not np.array_equal(whole.latent[:4], part.latent)
    for bad in ({"replicates": 0}, {"replicates": 1, "first": 3}, {"replicates": 1, "first": -64}):
        with pytest.raises(ValueError, match="first" if "first" in bad else "replicates"):
            simulate_ratings(world, seed=19, **bad)


def test_a_diary_is_the_first_replicate_of_the_ratings():
    drawn = simulate_diary(SMALL, seed=20)
    ratings = simulate_ratings(SMALL, seed=20, replicates=1)
    np.testing.assert_array_equal(drawn.truth["stiffness"], ratings.score.ravel())
    seen = drawn.truth["stiffness"].where(drawn.truth["observed"])
    np.testing.assert_array_equal(seen, ratings.seen.ravel())


def test_another_therapy_or_survey_moves_no_rating():
    other = replace(SMALL, therapies=(("yoga", 1), ("TENS", 2)), survey_response=0.1,
                    unwanted_per_person=3.0, trigger_rate=0.9)  # fmt: skip
    assert simulate_diary(SMALL, seed=21).truth.equals(simulate_diary(other, seed=21).truth)
    assert not simulate_diary(SMALL, seed=22).truth.equals(simulate_diary(SMALL, seed=21).truth)


# -- the tables --------------------------------------------------------------------------------


def test_every_table_keeps_its_rules_as_it_stands():
    tables = simulate_diary(replace(SMALL, n_people=120, unwanted_per_person=3.0), seed=23).tables
    for name, schema in SCHEMAS.items():
        frame = tables[name]
        assert len(frame) > 20, name
        checked = validate(frame, schema)
        assert list(frame.columns) == schema.names
        assert frame.dtypes.to_dict() == checked.dtypes.to_dict(), name
        assert frame.equals(checked), name


def test_therapies_are_shared_out_and_sessions_are_weekly():
    world = replace(SMALL, n_people=20, therapies=(("TENS", 3), ("yoga", 1)))
    tables = simulate_diary(world, seed=24).tables
    assert tables.people["therapy"].value_counts().to_dict() == {"TENS": 15, "yoga": 5}
    sessions = tables.sessions.merge(tables.people, on="person_id", suffixes=("", "_listed"))
    week = (sessions["date"] - sessions["first_session"]).dt.days
    assert sorted(week.unique()) == [0, 7, 14, 21, 28, 35]
    assert (sessions.loc[week == 0, "attendance"] == "attended").all()
    assert sessions["therapy"].equals(sessions["therapy_listed"].rename("therapy"))
    began = tables.people["first_session"] - tables.people["diary_start"]
    assert (began.dt.days == 14).all()


def test_severity_of_spasms_is_not_asked_where_there_are_none():
    world = replace(SMALL, n_people=200, spasm_median=0.05)
    scores = simulate_diary(world, seed=25).tables.assessments
    wide = scores[scores["instrument"] == "psfs"].pivot(
        index=["person_id", "timepoint"], columns="score", values=["value", "status"]
    )
    none = wide["value", "frequency"].eq(0)
    assert none.any()
    assert not none.all()
    assert wide.loc[none, ("status", "severity")].eq("not applicable").all()
    assert wide.loc[none, ("value", "severity")].isna().all()
    assert wide.loc[~none, ("status", "severity")].eq("observed").all()
    grades = scores[scores["instrument"] == "mas"]
    assert set(grades["code"]) <= {"0", "1", "1+", "2", "3", "4"}
    assert grades.loc[grades["code"] == "1+", "value"].isna().all()  # a code, not a number


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("n_people", 0, "1 to 1e+07"),
        ("n_people", 2.5, "a whole number"),
        ("n_people", True, "1 to 1e+07"),
        ("level_sd", -0.1, "0 to 20"),
        ("level_mean", float("nan"), "-20 to 30"),
        ("day_autocorrelation", 1.0, "0 to 0.99"),
        ("completion_week_1", 1.1, "0 to 1"),
        ("dropout_weekly", "0.1", "0 to 1"),
        ("entry_rating", 11, "0 to 10"),
        ("entry_days", 15, "1 to baseline_days"),
        ("followup_days", 0, "1 to 3660"),
        ("symptom_mean", (1.0, 2.0), "a tuple of 3 numbers"),
        ("symptom_sd", (1.0, 2.0, -1.0), "0 to 20"),
        ("symptom_sd", 2.5, "a tuple of 3 numbers"),
        ("attendance", (0.5, 0.5, 0.5, 0.5), "add up to 1"),
        ("therapies", (), "at least one"),
        ("therapies", (("TENS", 0),), "above 0"),
        ("stiffness_correlation", (0.9, -0.9, 0.9), "cannot hold together"),
        ("code_prefix", "wm", "capital letters"),
        ("level_mean", None, "-20 to 30"),
    ],
)
def test_an_impossible_world_is_refused_by_name_and_range(field, value, allowed):
    with pytest.raises(ValueError, match=field) as caught:
        replace(SMALL, **{field: value})
    assert allowed in str(caught.value)


def test_a_world_where_nobody_comes_in_is_refused():
    with pytest.raises(ValueError, match="entry_rating 9 over 1 day"):
        simulate_ratings(replace(SMALL, level_mean=-15, entry_rating=9), seed=1, replicates=1)


def test_every_number_of_the_world_says_where_it_comes_from():
    told = provenance(SMALL).set_index("field")["status"]
    assert list(told.index) == [f.name for f in fields(DiaryScenario)]
    assert set(told) <= set(STATUSES)
    sources = provenance(SMALL).set_index("field")["source"]
    assert all(sources[name] for name in told.index[told != "design"])
    text = World.__doc__ + DiaryScenario.__doc__
    for field in fields(DiaryScenario):
        assert field.name in text, f"{field.name} is not documented"
    changed = provenance(replace(SMALL, drift_sd=2.0, n_people=7)).set_index("field")["status"]
    assert changed["drift_sd"] == "set by the user"
    assert changed["n_people"] == "design"
