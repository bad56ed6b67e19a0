"""Baseline tables, participant flow and scores at visits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.estimate.estimand import STRATEGIES, Analysis, Estimand
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.adjusted import adjusted_difference
from msspas_analysis.estimate.trials.participants import (
    baseline_table,
    participant_flow,
    visit_scores,
)
from msspas_analysis.simulate.study import simulate_study
from msspas_analysis.simulate.templates import DESIGNS
from shared_reference import answers, table

HERE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(
    HERE / "participants.csv", comment="#", dtype={"term": str}, keep_default_na=False
)


def btheb() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "bthe_b.csv")
    frame["both"] = pd.Categorical(
        frame["drug"] + " " + frame["length"],
        ["No <6m", "Yes <6m", "No >6m", "Yes >6m"],
    )
    return frame.assign(person_id=[f"P{i:03}" for i in range(len(frame))])


COLUMNS = ["bdi.pre", "bdi.5m", "drug", "length", "both"]
SMALL = pd.DataFrame({
    "person_id": list("ABCDEF"), "arm": ["sham", "foot"] * 3, "x": [1.0, 2, 3, 4, 5, 6],
    "kind": ["u", "u", "v", "u", "v", None],
})  # fmt: skip


@pytest.mark.oracle("baseline_table", "R 4.2.2 (participants.R)")
def test_a_baseline_table_is_that_of_r():
    got = baseline_table(btheb(), COLUMNS, arm="treatment", control="TAU")
    names = {"share": "proportion", "smd": "standardised_difference"}
    checked = 0
    for one in ORACLE.itertuples():
        if one.quantity == "n":
            row = got.one(outcome=one.column, group=one.arm, measure="mean")
            assert row.n == float(one.value)
            continue
        term = "BtheB - TAU" if one.quantity == "smd" else one.term
        row = got.one(
            outcome=one.column, group=one.arm, term=term,
            measure=names.get(one.quantity, one.quantity),
        )  # fmt: skip
        assert row.estimate == pytest.approx(float(one.value), rel=1e-12)
        checked += 1
    assert checked > 45
    assert got.table["p_value"].isna().all()
    assert any("No p-values" in note for note in got.notes)


@pytest.mark.oracle(
    "baseline_table", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
def test_a_trial_with_real_diaries_is_described_as_published():
    want = answers("acu.desc.pk5.completers")
    frame = table("acupuncture.csv").rename(columns={"id": "person_id"})
    frame["arm"] = frame["group"].map({1: "acupuncture", 0: "control"})
    whole = baseline_table(frame, ["pk2", "pk5"], arm="arm", control="control")
    for name in ("pk2", "pk5"):
        by = want["missing"][f"{name}_by_group"]
        for group, key in (("control", "0"), ("acupuncture", "1")):
            assert whole.one(outcome=name, group=group, measure="mean").n_missing == by[key]
    got = baseline_table(frame[frame["pk5"].notna()], ["pk1", "pk5"], arm="arm", control="control")
    for arm in ("acupuncture", "control"):
        for name in ("pk1", "pk5"):
            for quantity in ("mean", "sd", "median"):
                row = got.one(outcome=name, group=arm, measure=quantity)
                assert row.estimate == pytest.approx(want[arm][name][quantity], rel=1e-6)
                assert row.n == want[arm][name]["n"]


def test_swapped_arms_turn_the_sign_of_numbers_and_not_of_distances():
    one = baseline_table(btheb(), COLUMNS, arm="treatment", control="TAU")
    other = baseline_table(btheb(), COLUMNS, arm="treatment", control="BtheB")
    for name, sign in (("bdi.pre", -1), ("drug", 1), ("both", 1)):
        a = one.one(outcome=name, measure="standardised_difference").estimate
        b = other.one(outcome=name, measure="standardised_difference").estimate
        assert a == pytest.approx(sign * b, rel=1e-10)


def test_a_baseline_without_arms_and_arms_with_nothing_in_common():
    got = baseline_table(SMALL, ["x", "kind"])
    assert set(got.table["group"]) == {"all"}
    assert got.one(outcome="x", measure="median").estimate == 3.5
    assert got.one(outcome="kind", term="u", measure="proportion").estimate == 0.6
    assert not got.notes
    apart = SMALL.assign(kind=SMALL["arm"])
    row = baseline_table(apart, ["kind"], arm="arm", control="sham").one(
        measure="standardised_difference"
    )
    assert row.estimate == np.inf
    alike = SMALL.assign(kind="u")
    assert baseline_table(alike, ["kind"], arm="arm", control="sham").one(
        measure="standardised_difference"
    ).estimate == 0.0  # fmt: skip
    empty = SMALL.assign(x=[np.nan, 2, np.nan, 4, np.nan, 6])
    row = baseline_table(empty, ["x"], arm="arm", control="sham").one(group="sham", measure="mean")
    assert (row.n, row.n_missing) == (0, 3)
    assert np.isnan(row.estimate)


def test_everybody_is_somewhere_in_the_flow():
    study = simulate_study(DESIGNS["T2-drug"], seed=3)
    people = study.allocation.copy()
    scores = visit_scores(study.tables.assessments, "mas", score="grade", site="knee")
    last = scores.columns[-1]
    people = people.merge(scores[["person_id", last]], on="person_id", how="left")
    flow = participant_flow(people, arm="arm", ended="ended", outcome=last)

    def count(group, term):
        return int(flow.one(group=group, term=term).estimate)

    assert count("all", "assessed") == len(people) == count("all", "allocated")
    for arm, mine in people.groupby("arm"):
        assert count(arm, "allocated") == len(mine)
        assert count(arm, "completed") + count(arm, "stopped") == len(mine)
        assert count(arm, "analysed") + count(arm, "not analysed") == len(mine)
        reasons = flow.table[
            flow.table["group"].eq(arm) & flow.table["term"].str.startswith("stopped: ")
        ]
        assert reasons["estimate"].sum() == count(arm, "stopped") > 0


def test_those_not_allocated_have_their_reasons():
    frame = SMALL.assign(
        arm=["sham", "foot", None, None, None, "foot"],
        why=[None, None, "too mild", "too mild", None, None],
    )
    flow = participant_flow(frame, arm="arm", excluded="why")
    terms = flow.table[flow.table["group"] == "all"].set_index("term")["estimate"]
    assert terms.to_dict() == {
        "assessed": 6, "not allocated": 3, "not allocated: too mild": 2,
        "not allocated: not known": 1, "allocated": 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match="nobody was allocated"):
        participant_flow(frame.assign(arm=None), arm="arm")


def test_scores_at_visits_are_one_row_per_person():
    study = simulate_study(DESIGNS["T2"], seed=4)
    scores = visit_scores(study.tables.assessments, "nrs_stiffness")
    assert list(scores.columns) == ["person_id", "before", "after 1", "after 2"]
    truth = study.truth.pivot(index="person_id", columns="visit", values="stiffness").sort_index()
    seen = study.truth.pivot(index="person_id", columns="visit", values="observed").sort_index()
    want = np.where(seen.to_numpy(dtype=bool), truth.to_numpy(), np.nan)
    np.testing.assert_array_equal(scores.iloc[:, 1:].to_numpy(), want)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"instrument": "mas", "score": "grade"}, r"several of site: \['knee_l', 'knee_r'\]"),
        ({"instrument": "berg"}, "instrument 'berg' is not there"),
        ({"instrument": "mas", "score": "total", "site": "knee_l"}, "score 'total' is not there"),
    ],
)
def test_scores_that_are_not_clear_are_refused(how, says):
    tables = simulate_study(DESIGNS["T2"], seed=4).tables
    with pytest.raises(ValueError, match=says):
        visit_scores(tables.assessments, **how)


def test_repeated_and_uneven_visits_are_refused():
    rated = simulate_study(DESIGNS["T2"], seed=4).tables.assessments
    with pytest.raises(ValueError, match="repeat a person and date"):
        visit_scores(pd.concat([rated, rated]), "nrs_stiffness")
    mine = rated[rated["instrument"] == "nrs_stiffness"].reset_index(drop=True)
    with pytest.raises(ValueError, match=r"different numbers of visits \['after'\]"):
        visit_scores(mine.drop(index=2), "nrs_stiffness")


def test_people_with_two_rows_are_refused():
    twice = pd.concat([SMALL, SMALL.iloc[:1]])
    for make in (
        lambda: baseline_table(twice, ["x"]),
        lambda: participant_flow(twice, arm="arm"),
    ):
        with pytest.raises(RowsAreNotPeopleError):
            make()
    with pytest.raises(ValueError, match="columns is empty"):
        baseline_table(SMALL, [])
    with pytest.raises(ValueError, match="no column 'age'"):
        baseline_table(SMALL, ["age"])


# --- estimands -------------------------------------------------------------------------------------

ASKED = {
    "population": "adults with MS", "treatment": "foot against sham", "summary": "difference in means",
    "variable": "stiffness after 10 weeks", "intercurrent_events": {"relapse": "treatment policy"},
}  # fmt: skip


def test_an_answer_begins_with_what_was_asked():
    plan = Analysis(
        estimand=Estimand(**ASKED), estimator=adjusted_difference, outcome="bdi.2m",
        settings={"arm": "treatment", "control": "TAU", "covariates": ["bdi.pre"]},
        sensitivity=[{"label": "unequal spread", "std_errors": "HC3"}, {"covariates": []}],
    )  # fmt: skip
    got = plan.run(btheb())
    assert got.notes[0] == f"Asked: {Estimand(**ASKED)}"
    assert (
        "Relapse: treatment policy (the outcome counts whether or not it happened)" in got.notes[0]
    )
    labels = ("main analysis", "unequal spread", "sensitivity 2")
    alone = adjusted_difference(
        btheb(), "bdi.2m", arm="treatment", control="TAU", covariates=["bdi.pre"]
    )
    rows = [got.one(group=label, measure="mean_difference") for label in labels]
    assert rows[0].estimate == alone.one(measure="mean_difference").estimate == rows[1].estimate
    assert rows[1].std_error != rows[0].std_error
    assert rows[2].estimate != rows[0].estimate
    assert all(note.startswith(("Asked", *labels)) for note in got.notes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"population": " "}, "population is empty"),
        ({"intercurrent_events": {"relapse": "ignore it"}}, "'relapse': strategy must be one of"),
    ],
)
def test_an_estimand_that_says_nothing_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Estimand(**{**ASKED, **change})


def test_silence_about_events_is_said():
    assert "Nothing is laid down" in str(Estimand(**{**ASKED, "intercurrent_events": {}}))
    assert len(STRATEGIES) == 5
