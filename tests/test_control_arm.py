"""What the control alone would have shown in the people treated, beside what was observed."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from msspas_analysis.certify.studies.replicates import CLAIMED, NULL, trial_replicates
from msspas_analysis.certify.twin.control_arm import (
    BEYOND,
    CONTROL_ARM,
    OBSERVED,
    ON_CONTROL,
    SHARE,
    change_beyond_control,
    control_contrast,
)
from msspas_analysis.estimate.change.paired import paired_change
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.prevalence.two_proportions import difference_interval
from msspas_analysis.estimate.trials.adjusted import adjusted_difference
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import resized, with_effect
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import simulate_trials

REFERENCE = Path(__file__).parent / "reference"
TERMS = {"observed": OBSERVED, "expected": ON_CONTROL, "beyond": BEYOND, "share": SHARE}
MEAN, OF_CHANGE = "mean_difference", "share_of_change"


def weights() -> pd.DataFrame:
    """72 people in two treated arms and a control, weight before and after (Hand 1993)."""
    table = pd.read_csv(REFERENCE / "anorexia.csv")
    table.columns = ["arm", "before", "after"]
    return table.assign(person_id=[f"P{i:03d}" for i in range(len(table))])


def depression(after: str = "bdi.2m") -> pd.DataFrame:
    """100 people in two arms, depression before and months later, some lost (Proudfoot 2003)."""
    table = pd.read_csv(REFERENCE / "bthe_b.csv")
    table = table.rename(columns={"subject": "person_id", "treatment": "arm", "bdi.pre": "before"})
    return table.assign(after=table[after])[["person_id", "arm", "before", "after"]]


CASES = {
    "CBT": (weights, "CBT", "Cont"),
    "FT": (weights, "FT", "Cont"),
    "Cont": (weights, "Cont", "CBT"),
    "BtheB_2m": (depression, "BtheB", "TAU"),
    "BtheB_8m": (lambda: depression("bdi.8m"), "BtheB", "TAU"),
}


def answers() -> dict[tuple[str, float], dict[str, float]]:
    with (REFERENCE / "control_arm.csv").open(newline="") as file:
        found: dict[tuple[str, float], dict[str, float]] = {}
        for row in csv.DictReader(file):
            value = np.nan if row["value"] == "NA" else float(row["value"])
            found.setdefault((row["dataset"], float(row["level"])), {})[row["quantity"]] = value
    return found


def row_of(found: Estimates, group: str, term: str, measure: str = MEAN) -> pd.Series:
    return found.one(group=group, term=term, measure=measure)


@pytest.mark.oracle("change_beyond_control", "R 4.2.2 lm, predict, t.test, uniroot (control_arm.R)")
@pytest.mark.parametrize(("name", "level"), answers())
def test_every_number_agrees_with_linear_models_of_r(name, level):
    table, treated, control = CASES[name]
    found = change_beyond_control(table(), control=control, conf_level=level)
    for quantity, want in answers()[name, level].items():
        term, column = quantity.split("/")
        row = row_of(found, treated, TERMS[term], OF_CHANGE if term == "share" else MEAN)
        # uniroot stops at 1e-14 of a share that may lie near 0
        assert float(row[column]) == pytest.approx(want, rel=1e-9, abs=1e-12, nan_ok=True)


def test_a_share_of_what_may_be_no_change_is_withheld_and_said():
    found = change_beyond_control(weights(), control="CBT")
    row = row_of(found, "Cont", SHARE, OF_CHANGE)
    assert row[["estimate", "conf_low", "conf_high"]].isna().all()
    assert any(note.startswith("Cont: the observed change may be 0") for note in found.notes)
    assert any(note.startswith("FT: scores went up") for note in found.notes)


@pytest.mark.parametrize("treated", ["CBT", "FT"])
def test_each_arm_is_compared_with_the_control_alone(treated):
    table = weights()
    found = change_beyond_control(table, control="Cont", outcome="weight")
    two = table[table["arm"].isin([treated, "Cont"])]
    want = adjusted_difference(two, "after", arm="arm", control="Cont", covariates=["before"])
    want_row = want.one(measure=MEAN)
    got = row_of(found, treated, BEYOND)
    for column in ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value", "n"):
        assert got[column] == pytest.approx(want_row[column], rel=1e-12)
    own = paired_change(table[table["arm"] == treated], outcome="weight").one(measure=MEAN)
    seen = row_of(found, treated, OBSERVED)
    for column in ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value", "n"):
        assert seen[column] == pytest.approx(own[column], rel=1e-12)
    assert set(found.table["group"]) == {"CBT", "FT"}


def test_who_is_lost_from_one_arm_is_not_missed_in_another():
    table = weights()
    table.loc[table.index[table["arm"] == "FT"][0], "after"] = np.nan
    table.loc[table.index[table["arm"] == "CBT"][0], "arm"] = None
    found = change_beyond_control(table, control="Cont")
    missing = {arm: row_of(found, arm, BEYOND)["n_missing"] for arm in ("CBT", "FT")}
    assert missing == {"CBT": 0, "FT": 1}
    assert "1 people are in no arm and are left out." in found.notes


def test_shares_of_people_who_fell_are_counts_of_people():
    table = depression()
    found = change_beyond_control(table, control="TAU")
    known = table.dropna()
    for threshold, measure in ((0.2, "fall_20"), (0.3, "fall_30")):
        fell = known["after"] <= (1 - threshold) * known["before"] + 1e-9
        k, n = fell.groupby(known["arm"]).sum(), known.groupby("arm").size()
        rows = {t: row_of(found, "BtheB", t, measure) for t in (OBSERVED, CONTROL_ARM, BEYOND)}
        assert rows[OBSERVED]["estimate"] == k["BtheB"] / n["BtheB"]
        assert rows[CONTROL_ARM]["estimate"] == k["TAU"] / n["TAU"]
        assert (
            rows[BEYOND]["estimate"] == rows[OBSERVED]["estimate"] - rows[CONTROL_ARM]["estimate"]
        )
        low, high = difference_interval(k["BtheB"], n["BtheB"], k["TAU"], n["TAU"])
        assert rows[BEYOND][["conf_low", "conf_high"]].tolist() == [float(low), float(high)]
        assert [rows[t]["n"] for t in rows] == [n["BtheB"], n["TAU"], len(known)]
        assert [rows[t]["n_missing"] for t in rows] == [0, 3, 3]


# --- laws ----------------------------------------------------------------------------------------


def trial(seed: int, people: int = 24, lost: float = 0.1) -> pd.DataFrame:
    """One small invented trial."""
    rng = np.random.default_rng(seed)
    arm = np.array(["foot", "sham"])[np.arange(people) % 2]
    before = rng.integers(3, 10, people).astype(float)
    after = np.clip(
        np.rint(1 + 0.6 * before - 1.5 * (arm == "foot") + rng.normal(0, 1.5, people)), 0, 10
    )
    after[rng.random(people) < lost] = np.nan
    after[:4] = before[:4] - [3, 0, 1, 1]  # so that no arm is empty
    return pd.DataFrame({
        "person_id": [f"P{i:02d}" for i in range(people)], "arm": arm, "before": before, "after": after,
    })  # fmt: skip


SEEDS = st.integers(0, 100_000)
NUMBERS = ["estimate", "conf_low", "conf_high"]


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_what_was_observed_is_what_was_expected_and_what_lies_beyond(seed):
    found = change_beyond_control(trial(seed), control="sham")
    seen, expected, beyond = (row_of(found, "foot", t) for t in (OBSERVED, ON_CONTROL, BEYOND))
    assert seen["estimate"] == pytest.approx(expected["estimate"] + beyond["estimate"], rel=1e-15)
    share = row_of(found, "foot", SHARE, OF_CHANGE)
    if np.isfinite(share["estimate"]):
        assert share["estimate"] == pytest.approx(
            expected["estimate"] / seen["estimate"], rel=1e-12
        )
        assert share["conf_low"] <= share["estimate"] <= share["conf_high"]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.1, 5), st.floats(-3, 3))
def test_points_go_with_the_unit_and_the_share_does_not(seed, times, plus):
    table = trial(seed)
    other = table.assign(before=times * table["before"] + plus, after=times * table["after"] + plus)
    first, last = (change_beyond_control(t, control="sham") for t in (table, other))
    for term in (OBSERVED, ON_CONTROL, BEYOND):
        a, b = (row_of(found, "foot", term)[NUMBERS].astype(float) for found in (first, last))
        np.testing.assert_allclose(times * a, b, rtol=1e-8, atol=1e-10)
    a, b = (row_of(f, "foot", SHARE, OF_CHANGE)[NUMBERS].astype(float) for f in (first, last))
    # where the interval hardly has an end, its ends are far away and their last digits are lost
    if np.isnan(a).any() or np.abs(a).max() < 100:
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)


@settings(max_examples=15, deadline=None)
@given(SEEDS, SEEDS)
def test_the_order_of_rows_never_matters(seed, shuffle):
    table = trial(seed)
    mixed = table.sample(frac=1, random_state=shuffle)
    a, b = (change_beyond_control(t, control="sham").table for t in (table, mixed))
    pd.testing.assert_frame_equal(a, b, check_exact=True)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_swapping_the_arms_swaps_the_sign_of_what_lies_beyond(seed):
    a = row_of(change_beyond_control(trial(seed), control="sham"), "foot", BEYOND)
    b = row_of(change_beyond_control(trial(seed), control="foot"), "sham", BEYOND)
    assert a["estimate"] == pytest.approx(-b["estimate"], rel=1e-10)
    assert a["conf_low"] == pytest.approx(-b["conf_high"], rel=1e-10, abs=1e-12)


def test_somebody_who_was_lost_changes_who_is_missing_and_nothing_else():
    table = trial(5)
    more = pd.DataFrame({"person_id": ["Q1", "Q2"], "arm": ["foot", "sham"], "before": [9.0, 8.0]})
    a = change_beyond_control(table, control="sham").table
    b = change_beyond_control(pd.concat([table, more]), control="sham").table
    pd.testing.assert_frame_equal(a.drop(columns="n_missing"), b.drop(columns="n_missing"))
    own = a["term"].isin([OBSERVED, CONTROL_ARM])
    assert (b["n_missing"] - a["n_missing"]).tolist() == np.where(own, 1, 2).tolist()


def test_a_batch_is_its_replicates_one_by_one():
    tables = [trial(seed) for seed in range(6)]
    before, after = (np.stack([t[c].to_numpy() for t in tables]) for c in ("before", "after"))
    arm = (tables[0]["arm"] == "foot").to_numpy().astype(float)
    arm = np.append(arm, np.nan)  # somebody of a third arm, who must not count
    before, after = (np.pad(x, ((0, 0), (0, 1)), constant_values=4.0) for x in (before, after))
    batch = control_contrast(before, after, arm)
    for r, table in enumerate(tables):
        one = change_beyond_control(table, control="sham")
        for part, term in TERMS.items():
            row = row_of(one, "foot", term, OF_CHANGE if part == "share" else MEAN)
            for name in NUMBERS:
                assert getattr(batch, part)[name][r] == pytest.approx(
                    row[name], rel=1e-9, nan_ok=True
                )


def test_the_ends_of_the_share_are_where_the_test_of_it_turns():
    table = trial(3, people=80)
    got = control_contrast(table["before"], table["after"], table["arm"] == "foot")
    top, bottom, share = got.expected["estimate"], got.observed["estimate"], got.share
    reach = stdtrit(float(got.beyond["df"]), 0.975)
    for end in (share["conf_low"], share["conf_high"]):
        variance = (
            share["var_expected"] - 2 * end * share["covariance"] + end**2 * share["var_observed"]
        )
        assert abs(top - end * bottom) == pytest.approx(reach * np.sqrt(variance), rel=1e-9)


def test_people_who_all_moved_alike_have_an_interval_without_width():
    table = trial(7, lost=0)
    mine = table["arm"] == "foot"
    table.loc[mine, "after"] = table.loc[mine, "before"] - 0.1 - 0.2
    row = row_of(change_beyond_control(table, control="sham"), "foot", OBSERVED)
    assert row["conf_low"] == row["conf_high"] == pytest.approx(-0.3)
    assert np.isnan(row["p_value"])


# --- the truth is known --------------------------------------------------------------------------

TRIALS = 4096  # so that a rate of 5 % has a Monte Carlo error of 0.34 %


def test_where_nothing_is_given_no_more_is_claimed_than_was_promised():
    drawn = trial_replicates(resized(DESIGNS["T2"], 60), effect=-1.0, replicates=TRIALS, seed=3)
    null = drawn.scores[NULL]
    got = control_contrast(null["before"], null["after"], drawn.arm)
    assert np.mean(got.observed["estimate"]) < -1  # and yet the treated fell, as the sham arm did
    assert np.mean(got.expected["estimate"]) < -1
    assert np.mean(got.beyond["p_value"] < 0.05) == pytest.approx(0.05, abs=0.015)
    covers = (got.beyond["conf_low"] <= 0) & (got.beyond["conf_high"] >= 0)
    assert np.mean(covers) == pytest.approx(0.95, abs=0.02)
    claimed = drawn.scores[CLAIMED]
    found = control_contrast(claimed["before"], claimed["after"], drawn.arm).beyond["estimate"]
    error = np.std(found) / np.sqrt(TRIALS)
    assert np.mean(found) == pytest.approx(drawn.truth[CLAIMED], abs=4 * error + 0.02)


@cache
def runs(people: int, effect: float):
    design = with_effect(resized(DESIGNS["T2"], people), effect)
    return simulate_trials(design, seed=4, replicates=TRIALS)


@pytest.mark.parametrize("people", [12, 60])
def test_the_interval_holds_what_the_same_people_did_on_placebo_alone(people):
    works, nothing = runs(people, -1.0), runs(people, 0.0)
    # the same people, drawn from the same streams, in the world where nothing is given
    alone = nothing.complete["stiffness"][..., -1]
    np.testing.assert_array_equal(works.untreated[..., -1], alone)
    score = works.scores["stiffness"]
    got = control_contrast(score[..., 0], score[..., -1], works.arm == 0)
    mine = (works.arm == 0) & ~np.isnan(score[..., -1])
    truth = np.where(mine, alone - score[..., 0], 0.0).sum(axis=-1) / mine.sum(axis=-1)
    there = ~np.isnan(got.expected["conf_low"])
    assert there.mean() > 0.999
    inside = (got.expected["conf_low"] <= truth) & (truth <= got.expected["conf_high"])
    assert inside[there].mean() == pytest.approx(0.95, abs=0.02)
    away = (got.expected["estimate"] - truth)[there]
    assert abs(away.mean()) < 4 * away.std() / np.sqrt(TRIALS) + 0.02
    # its width is no luck: that of somebody who leaves out the people's own ups and downs is too small
    own = np.sqrt(got.fit.sigma2 / got.n_treated)
    reach = stdtrit(got.beyond["df"], 0.975)
    narrow = reach * np.sqrt(got.beyond["std_error"] ** 2 - own**2)
    held = (np.abs(got.expected["estimate"] - truth) <= narrow)[there]
    assert held.mean() < 0.88


def test_the_share_holds_the_share_of_all_people():
    works = runs(60, -1.0)
    score = works.scores["stiffness"]
    got = control_contrast(score[..., 0], score[..., -1], works.arm == 0)
    mine = (works.arm == 0) & ~np.isnan(score[..., -1])
    truth = float((works.untreated[..., -1] - score[..., 0])[mine].mean())
    truth /= float((score[..., -1] - score[..., 0])[mine].mean())
    assert 0.4 < truth < 0.8
    shown = ~np.isnan(got.share["estimate"])
    assert shown.mean() > 0.99
    inside = (got.share["conf_low"] <= truth) & (truth <= got.share["conf_high"])
    assert inside[shown].mean() == pytest.approx(0.95, abs=0.02)


# --- what cannot be answered ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop(columns="after"), "no column 'after'"),
        (lambda t: t.assign(arm="foot"), "control 'sham' is not in column 'arm'"),
        (lambda t: t.assign(arm="sham"), "nothing to compare"),
        (lambda t: t.assign(before=5.0), "before does not differ within foot and sham"),
        (lambda t: t.assign(after=t["before"] - 1), "fitted without error"),
        (lambda t: t.assign(after=t["after"].where(t["arm"] != "foot")), "'foot' has 0 people"),
        (lambda t: t.assign(before="high"), "not numbers"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(change, said):
    with pytest.raises(ValueError, match=said):
        change_beyond_control(change(trial(1)), control="sham")


def test_rows_that_are_no_people_and_other_mistakes_are_refused():
    table = trial(1)
    with pytest.raises(RowsAreNotPeopleError):
        change_beyond_control(pd.concat([table, table]), control="sham")
    with pytest.raises(ValueError, match="conf_level"):
        change_beyond_control(table, control="sham", conf_level=95)
    with pytest.raises(ValueError, match="arm must be 1"):
        control_contrast(table["before"], table["after"], np.full(len(table), 2.0))
    with pytest.raises(ValueError, match="'sham' has 1 people with before and after"):
        change_beyond_control(table.iloc[:3], control="sham")


def test_shares_of_falls_are_left_out_where_they_mean_nothing():
    below = trial(2)
    below["after"] -= 8
    found = change_beyond_control(below, control="sham")
    assert not found.table["measure"].str.startswith("fall_").any()
    assert any("below 0" in note for note in found.notes)
    nought = trial(2)
    nought.loc[nought["arm"] == "sham", "before"] = 0.0
    nought.loc[0, "before"] = 0.0
    found = change_beyond_control(nought, control="sham")
    assert any("began at 0 throughout" in note for note in found.notes)
    one = trial(2)
    one.loc[0, "before"] = 0.0
    one.loc[0, "after"] = 2.0
    found = change_beyond_control(one, control="sham")
    assert row_of(found, "foot", OBSERVED, "fall_20")["n"] == (
        row_of(found, "foot", OBSERVED)["n"] - 1
    )
    assert any("cannot fall" in note for note in found.notes)
