"""A synthetic twin: it recovers known worlds, looks like the diary, and refuses what it cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msspas_analysis import cli
from msspas_analysis.certify.twin.diary_features import (
    ITEM_FEATURES,
    item_features,
    own_diary,
    rating_features,
)
from msspas_analysis.certify.twin.expected import EntryRule
from msspas_analysis.certify.twin.fitting import FittedScenario, fit_scenario
from msspas_analysis.estimate.diary.diary_days import floor_share, missing_streaks
from msspas_analysis.estimate.diary.persistence import autocorrelation
from msspas_analysis.ingest import read_workbook
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import steady

DATA = Path(__file__).parents[1] / "data" / "synthetic"
WORLD = steady(DiaryScenario(n_people=40, entry_rating=None))


@cache
def drawn(seed: int, **changes: object):
    return simulate_diary(replace(WORLD, **changes), seed=seed).tables


def stiffness_alone(tables):
    return tables.diary[["person_id", "date", "stiffness"]]


def quick(tables, people=None, **more) -> FittedScenario:
    return fit_scenario(tables, people, rounds=2, replicates=40, **more)


# --- features, against pandas and against the estimators of this package ---------------------------


@pytest.fixture(scope="module")
def own():
    return drawn(11, n_people=15, missing_persistence=0.4), own_diary(
        drawn(11, n_people=15, missing_persistence=0.4), None
    )


def by_hand(tables):
    """Lay the diary out once more, without any of the code under test."""
    diary = tables.diary.merge(tables.people[["person_id", "diary_start", "first_session"]])
    diary["day"] = (diary["date"] - diary["diary_start"]).dt.days
    diary["after"] = diary["date"] >= diary["first_session"]
    return diary[diary["stiffness"].notna()]


def test_likeness_of_days_is_that_of_pairs_of_rows(own):
    tables, laid_out = own
    rows = by_hand(tables)
    got = rating_features(
        laid_out.seen, laid_out.after, laid_out.possible, near=(1, 7), far=(21, 28)
    )

    def pairs(lag):
        later = rows.assign(day=rows["day"] - lag)
        both = rows.merge(later, on=["person_id", "day", "after"], suffixes=("", "_later"))
        return (both["stiffness_later"] - both["stiffness"]) ** 2 / 2

    far = pd.concat([pairs(21), pairs(28)]).mean()
    assert got["far"][0] == pytest.approx(far, rel=1e-12)
    for lag in (1, 7):
        assert got[f"lag {lag}"][0] == pytest.approx(1 - pairs(lag).mean() / far, rel=1e-12)
    later = rows.assign(day=rows["day"] - 1)
    next_day = rows.merge(later, on=["person_id", "day"], suffixes=("", "_later"))
    same = (next_day["stiffness"] == next_day["stiffness_later"]).mean()
    assert got["same"][0] == pytest.approx(same, rel=1e-12)


def test_level_ends_and_shift_are_those_of_a_group_by(own):
    tables, laid_out = own
    rows = by_hand(tables)
    got = rating_features(laid_out.seen, laid_out.after, laid_out.possible, near=(1,), far=(21,))
    means = rows.groupby("person_id")["stiffness"].mean()
    assert got["mean"][0] == pytest.approx(means.mean(), rel=1e-12)
    assert got["spread"][0] == pytest.approx(means.std(ddof=1), rel=1e-12)
    assert got["zero"][0] == pytest.approx((rows["stiffness"] == 0).mean(), rel=1e-12)
    assert got["ten"][0] == pytest.approx((rows["stiffness"] == 10).mean(), rel=1e-12)
    sides = rows.groupby(["person_id", "after"])["stiffness"].mean().unstack()
    assert got["shift"][0] == pytest.approx((sides[True] - sides[False]).mean(), rel=1e-12)


def test_streaks_and_gaps_are_those_counted_day_by_day(own):
    tables, laid_out = own
    got = rating_features(laid_out.seen, laid_out.after, laid_out.possible, near=(1,), far=(21,))
    runs, after_gap, after_day, stops, weeks = [], [], [], 0, 0
    # the number of days is that kept by a tenth of people, and no day after it counts
    days = laid_out.seen.shape[2]
    last_day = tables.diary.loc[tables.diary["stiffness"].notna(), "date"].max()
    for person, rows in by_hand(tables).groupby("person_id"):
        start = tables.people.set_index("person_id")["diary_start"][person]
        kept = {int(d) for d in rows["day"] if d < days}
        line = [d in kept for d in range(max(kept) + 1)]
        text = "".join("." if there else "x" for there in line)
        runs += [len(run) for run in text.split(".") if run]
        for before, now in pairwise(text):
            (after_gap if before == "x" else after_day).append(now == "x")
        due = -(-min((last_day - start).days + 1, days) // 7)
        week = max(kept) // 7 + 1
        stops += week < due
        weeks += min(week, due - 1)
    assert got["streak"][0] == pytest.approx(np.mean(runs), rel=1e-12)
    assert got["streaky"][0] == pytest.approx(np.mean(after_gap) - np.mean(after_day), rel=1e-12)
    assert got["stops"][0] == pytest.approx(stops / weeks, rel=1e-12)
    assert got["streak"][0] > 1.2, "days were drawn in streaks"


def test_other_columns_go_with_stiffness_as_pandas_says(own):
    tables, laid_out = own
    rows = by_hand(tables)
    got = item_features(laid_out.items, laid_out.after)
    for name in ("pain", "sleep_disruption", "fatigue"):
        there = rows[rows[name].notna()]
        levels = there.groupby("person_id")[name].mean()
        assert got[f"{name}, mean"][0] == pytest.approx(levels.mean(), rel=1e-12)
        stiff = rows.groupby("person_id")["stiffness"].mean()
        assert got[f"{name}, between"][0] == pytest.approx(levels.corr(stiff), rel=1e-10)
        apart = there.groupby(["person_id", "after"])
        centred = there[[name, "stiffness"]] - apart[[name, "stiffness"]].transform("mean")
        assert got[f"{name}, same day"][0] == pytest.approx(
            (centred[name] * centred["stiffness"]).sum()
            / np.sqrt((centred[name] ** 2).sum() * (centred["stiffness"] ** 2).sum()),
            rel=1e-10,
        )
        within = np.sqrt((centred[name] ** 2).sum() / (len(there) - apart.ngroups))
        assert got[f"{name}, within"][0] == pytest.approx(within, rel=1e-10)
    assert {key.partition(", ")[2] for key in got if key.startswith("pain")} < set(ITEM_FEATURES)


# --- known truths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "entry"),
    [
        (
            {
                "day_autocorrelation": 0.5,
                "missing_persistence": 0.6,
                "level_mean": 5.0,
                "level_sd": 2.0,
            },
            None,
        ),
        (
            {"day_autocorrelation": 0.1, "day_sd": 0.8, "drift_sd": 1.5, "dropout_weekly": 0.05},
            None,
        ),
        ({"entry_rating": 4.0, "day_sd_spread": 0.6}, EntryRule(by="first rating", at_least=4.0)),
    ],
    ids=["streaks", "slow drift", "entry rule"],
)
def test_a_large_diary_gives_its_own_world_back(truth, entry):
    world = replace(WORLD, n_people=300, followup_days=84, **truth)
    own = simulate_diary(world, seed=5).tables
    found = fit_scenario(stiffness_alone(own), own.people, entry=entry, replicates=40)
    values = found.values.table.set_index("term")
    wanted = {"level_mean", "level_sd", "drift_sd", "day_sd", "day_autocorrelation"}
    assert wanted | {"missing_persistence", "dropout_weekly"} <= set(values.index)
    for name, row in values.iterrows():
        off = row["estimate"] - getattr(world, name)
        assert abs(off) < 4.0 * row["std_error"] + 0.02, (name, off, row["std_error"])
    assert values.loc["day_sd", "estimate"] == pytest.approx(world.day_sd, abs=0.12)
    autocorrelated = values.loc["day_autocorrelation", "estimate"]
    assert autocorrelated == pytest.approx(world.day_autocorrelation, abs=0.1)
    streaks = values.loc["missing_persistence", "estimate"]
    assert streaks == pytest.approx(world.missing_persistence, abs=0.06)


def test_the_standard_errors_are_the_scatter_of_fits():
    # the scatter of 14 fits has a Monte Carlo SD of 1 / sqrt(2 * 13), a fifth of it
    values, errors = [], []
    for seed in range(14):
        tables = drawn(100 + seed, missing_persistence=0.4)
        found = fit_scenario(stiffness_alone(tables), tables.people, replicates=40)
        found = found.values.table.set_index("term")
        values.append(found["estimate"])
        errors.append(found["std_error"])
    scatter = pd.concat(values, axis=1).std(axis=1)
    told = pd.concat(errors, axis=1).mean(axis=1)
    for name in ("level_mean", "level_sd", "completion_week_1", "missing_persistence"):
        assert 0.55 < told[name] / scatter[name] < 1.8, name
    # slow drift cannot be less than none, which holds these together more than the error says
    for name in ("day_sd", "day_autocorrelation", "drift_sd"):
        assert told[name] / scatter[name] > 0.55, name


def test_a_twin_keeps_memory_streaks_and_the_floor():
    truth = {
        "level_mean": 1.0,
        "level_sd": 2.5,
        "missing_persistence": 0.7,
        "day_autocorrelation": 0.6,
    }
    own = drawn(21, n_people=80, completion_week_1=0.75, completion_week_12=0.6, **truth)
    found = fit_scenario(own, replicates=40)
    twin = simulate_diary(replace(found.scenario, n_people=400), seed=9).tables

    def told(tables):
        start = tables.people
        lag = autocorrelation(tables.diary, "stiffness", lags=(1,)).table
        runs = missing_streaks(tables.diary, start).table.set_index("term")["estimate"]
        return (
            lag["estimate"].iloc[0],
            runs["missing after a missing day"],
            floor_share(tables.diary, "stiffness").table["estimate"].iloc[0],
        )

    mine, theirs = told(own), told(twin)
    assert mine[2] > 0.2, "a floor worth the name"
    for a, b, near in zip(mine, theirs, (0.08, 0.06, 0.06), strict=True):
        assert b == pytest.approx(a, abs=near)


def test_a_change_is_kept_only_when_asked():
    own = drawn(31, n_people=150, change=-2.0)
    without, kept = quick(own), fit_scenario(own, keep_change=True, replicates=40)
    assert without.scenario.change == 0.0
    assert any("after minus before" in name for name in without.apart)
    row = kept.values.table.set_index("term").loc["change"]
    assert row["estimate"] == pytest.approx(-2.0, abs=4 * row["std_error"])
    assert row["std_error"] < 0.2
    assert not any("after minus before" in name for name in kept.apart)


def test_half_life_of_drift_is_told_by_a_long_diary_alone():
    short = quick(drawn(1))
    assert "drift_half_life" not in short.fitted
    long = drawn(41, n_people=60, followup_days=240, drift_half_life=40.0, drift_sd=1.5)
    row = (
        fit_scenario(stiffness_alone(long), long.people, replicates=40)
        .values.table.set_index("term")
        .loc["drift_half_life"]
    )
    assert row["estimate"] == pytest.approx(40.0, abs=4 * row["std_error"])


# --- laws ------------------------------------------------------------------------------------------


def test_same_diary_and_seed_same_answer_and_rows_in_any_order():
    own = drawn(2, n_people=20)
    one = quick(own.diary, own.people)
    shuffled = own.diary.sample(frac=1.0, random_state=3).reset_index(drop=True)
    again = quick(shuffled, own.people.iloc[::-1].reset_index(drop=True))
    assert one.scenario == again.scenario
    pd.testing.assert_frame_equal(one.comparison, again.comparison)
    other = quick(own.diary, own.people, seed=3)
    assert other.scenario != one.scenario


def test_neither_dates_nor_codes_matter():
    own = drawn(2, n_people=20)
    diary, people = own.diary.copy(), own.people.copy()
    code = dict(zip(people["person_id"], (f"Z{i:03}" for i in range(len(people))), strict=True))
    for table, columns in ((diary, ["date"]), (people, ["diary_start", "first_session"])):
        table["person_id"] = table["person_id"].map(code)
        for name in columns:
            table[name] += pd.Timedelta(days=100)
    one, other = quick(own.diary, own.people), quick(diary, people)
    pd.testing.assert_frame_equal(one.comparison, other.comparison, rtol=1e-6)


def test_no_code_and_no_date_of_a_person_is_in_the_answer():
    own = drawn(2, n_people=20)
    found = quick(own)
    text = repr(found) + repr(found.scenario) + found.closeness.table.to_csv()
    text += found.values.table.to_csv() + " ".join((*found.kept, *found.closeness.notes))
    for code in own.people["person_id"]:
        assert code not in text
    assert found.scenario.start == DiaryScenario().start


def test_every_field_is_fitted_or_kept_for_a_reason():
    found = quick(drawn(2, n_people=20))
    from dataclasses import fields

    kept = [line.split(": ")[0] for line in found.kept]
    names = [one.name for one in fields(DiaryScenario)]
    assert sorted([*kept, *found.fitted]) == sorted(names)
    assert all(line.split(": ", 1)[1] for line in found.kept)
    default = steady(DiaryScenario())
    free = {"entry_rating", "entry_days"}
    for name in set(kept) - free:
        assert getattr(found.scenario, name) == getattr(default, name), name


# --- what a diary does not tell --------------------------------------------------------------------


def test_a_rule_or_a_column_the_model_lacks_shows_as_not_alike():
    # half of the people skip every third day in their own way: nobody in the model does
    own = drawn(51, n_people=60, completion_week_1=1.0, completion_week_12=1.0, dropout_weekly=0.0)
    diary = by_hand(own)
    odd = diary["person_id"].isin(sorted(diary["person_id"].unique())[::2])
    gone = odd & diary["day"].mod(2).eq(0)
    found = quick(stiffness_alone(own)[~gone.to_numpy()], own.people)
    assert any("shares of days filled in" in name for name in found.apart)


def test_without_starts_days_count_from_the_first_rating():
    own = drawn(2, n_people=20)
    found = quick(own.diary)
    assert "baseline_days" not in found.fitted
    assert any(line.startswith("baseline_days: no first session") for line in found.kept)
    assert found.scenario.n_people == 20


def test_a_file_made_while_diaries_were_kept_says_so():
    own = drawn(2)
    stop = own.diary["date"].min() + pd.Timedelta(days=60)
    found = quick(own.diary[own.diary["date"] < stop].reset_index(drop=True), own.people)
    assert "Some diaries were still being kept when the file was made." in found.closeness.notes


def test_someone_below_the_entry_rule_is_said():
    own = drawn(2, entry_rating=3.0)
    found = quick(own, entry=EntryRule.parse("first rating >= 4"))
    assert any("began below the rule 'first rating >= 4'" in n for n in found.closeness.notes)
    assert found.scenario.entry_rating == 4.0
    week = quick(drawn(2), entry=EntryRule.parse("first week mean >= 2"))
    assert (week.scenario.entry_rating, week.scenario.entry_days) == (2.0, 7)


def test_a_diary_without_a_gap_has_twins_without_a_gap():
    own = drawn(61, n_people=14, completion_week_1=1.0, completion_week_12=1.0, dropout_weekly=0.0,
                missing_slope=0.0)  # fmt: skip
    found = fit_scenario(own, replicates=40)
    twin = simulate_diary(found.scenario, seed=1).tables.diary
    assert len(twin) == pytest.approx(14 * len(found.scenario.days), rel=0.02)
    assert any(line.startswith("missing_persistence: needs 20") for line in found.kept)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: (d.iloc[:0], {}), "got 0 of 0 people in 0 rated days"),
        (lambda d: (d[d["person_id"].isin(sorted(set(d["person_id"]))[:8])], {}), "of 8 people"),
        (lambda d: (d.assign(stiffness=3.0), {}), "must differ between people and between days"),
        (lambda d: (d.assign(mood=1.0), {}), "mood"),
        (lambda d: (None, {}), "must be Tables or the diary as a DataFrame, got NoneType"),
        (lambda d: (d, {"rounds": 0}), "rounds must be 1 or more, got 0"),
        (lambda d: (d, {"replicates": 5}), "replicates must be 40 or more, got 5"),
        (lambda d: (d, {"seed": -1}), "seed must be 0 or more, got -1"),
        (lambda d: (d, {"keep_change": True}), "keep_change needs first_session"),
        (lambda d: (d, {"entry": EntryRule(by="first rating", at_least=9.0)}), "people began below it"),
        (lambda d: (d, {"entry": EntryRule(by="first rating")}), "has no threshold"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(change, says):
    diary, more = change(drawn(2).diary)
    with pytest.raises(ValueError, match=says):
        fit_scenario(diary, **more)


def test_tables_and_people_are_not_both_given():
    with pytest.raises(ValueError, match="people is in the tables already"):
        fit_scenario(drawn(2), drawn(2).people)


# --- the messy workbook, and the command -----------------------------------------------------------


def test_the_messy_workbook_has_a_twin_like_it():
    tables = read_workbook(DATA / "centre_messy.xlsx").tables
    found = fit_scenario(tables, entry=EntryRule.parse("first rating >= 4"), replicates=100)
    table = found.comparison
    assert len(table) > 35
    # 95 % each: 41 features that are not independent
    assert table["inside"].mean() > 0.85
    assert (table["low"] <= table["high"]).all()
    assert "of the own diary lie in the middle 95 %" in repr(found)
    people = simulate_diary(found.scenario, seed=4).tables.people
    assert len(people) == tables.diary["person_id"].nunique()


def test_the_command_writes_a_twin_and_how_close_it_is(tmp_path, capsys):
    out = tmp_path / "twin"
    words = ["simulate", "--like", str(DATA / "centre_messy.xlsx"), "--out", str(out)]
    assert cli.main([*words, "--set", "trend_weekly=0.1", "--people", "25", "--seed", "4"]) == 0
    said = capsys.readouterr().out
    assert "A synthetic twin of the diary; 25 people, seed 4." in said
    assert "Only diary.csv is like yours" in said
    told = json.loads((out / "how-it-was-made.json").read_text(encoding="utf-8"))
    assert told["world"]["day_sd"]["status"] == "fitted"
    assert told["world"]["trend_weekly"] == {
        "value": 0.1, "status": "set by the user", "source": ""}  # fmt: skip
    assert told["not fitted"]["missing_slope"].startswith("a day that was left out")
    closeness = pd.read_csv(out / "closeness.csv")
    assert {"own", "synthetic", "low", "high", "inside", "method"} <= set(closeness)
    diary = pd.read_csv(out / "diary.csv")
    assert diary["person_id"].nunique() == 25
    theirs = pd.read_csv(out / "people.csv")["person_id"]
    assert (
        set(theirs).isdisjoint(read_workbook(DATA / "centre_messy.xlsx").tables.people["person_id"])
        or theirs.str.startswith(DiaryScenario().code_prefix).all()
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["T2", "--like", "x.xlsx"], "Give a design, T2, or --like x.xlsx, not both."),
        (["T2", "--entry", "none"], "--entry goes with --like FILE"),
        (["T2", "--keep-change"], "--keep-change goes with --like FILE"),
        (["--like", "x.xlsx", "--runs", "3"], "--runs goes with a design"),
        (["--like", "no-such-file.xlsx"], "There is no file no-such-file.xlsx"),
        (["--like", str(DATA / "centre_clean.xlsx"), "--entry", "tired"], "is not understood"),
    ],
)
def test_options_that_do_not_fit_are_refused(words, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["simulate", *words]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
