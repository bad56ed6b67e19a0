"""Several therapies at once: equal to the plain regression, known truth, and what cannot be told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis import read_workbook, window_scores
from msspas_analysis.estimate.change.therapies import several_therapies, therapies_taken
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.adjusted import linear_regression

ROOT = Path(__file__).parents[1]
NAMES = ("massage", "TENS", "yoga")


def a_centre(rng, n=60, effects=(0.0, 0.0, 0.0), shares=(0.5, 0.4, 0.3)):
    had = rng.random((n, 3)) < shares
    had[:, 1] |= had[:, 0] & (rng.random(n) < 0.5)  # who has massage tends to have TENS
    before = rng.normal(5, 1.5, n)
    after = 2 + 0.6 * before + had @ np.array(effects) + rng.normal(0, 1, n)
    people = [f"P{i:03d}" for i in range(n)]
    cells = [" + ".join(name for name, yes in zip(NAMES, row, strict=True) if yes) for row in had]
    scores = pd.DataFrame({"person_id": people, "before": before, "after": after})
    return scores, pd.DataFrame({"person_id": people, "therapy": cells}), had


def differences(answer):
    table = answer.table[answer.table["measure"] == "mean_difference"]
    return table.set_index(table["term"].str.removesuffix(": with - without"))


def test_it_is_the_plain_regression_of_all_therapies():
    scores, people, had = a_centre(np.random.default_rng(1), effects=(-1, 0.5, 0))
    answer = several_therapies(scores, therapies_taken(people), outcome="stiffness")
    table = scores.assign(**{name: had[:, i].astype(float) for i, name in enumerate(NAMES)})
    plain = linear_regression(table, "after", terms=["before", *NAMES], std_errors="HC2-BM")
    mine = differences(answer)
    for name in NAMES:
        want = plain.one(term=name)
        for field in ("estimate", "std_error", "conf_low", "conf_high", "df"):
            assert mine.loc[name, field] == pytest.approx(want[field], rel=1e-12), (name, field)
    assert mine["p_value"].isna().all()
    assert mine.index.tolist() == ["massage", "TENS", "yoga"]


def test_variance_inflation_is_that_of_a_regression_on_the_others():
    scores, people, had = a_centre(np.random.default_rng(2))
    answer = several_therapies(scores, therapies_taken(people), outcome="stiffness")
    x = np.column_stack([np.ones(60), scores["before"], had[:, [0, 2]]])
    left = had[:, 1] - x @ np.linalg.lstsq(x, had[:, 1].astype(float), rcond=None)[0]
    r2 = 1 - (left @ left) / ((had[:, 1] - had[:, 1].mean()) ** 2).sum()
    row = answer.one(measure="variance_inflation", term="TENS: with - without")
    assert row.estimate == pytest.approx(1 / (1 - r2), rel=1e-10)


def test_counts_of_overlaps_add_up_to_everybody():
    scores, people, had = a_centre(np.random.default_rng(3))
    answer = several_therapies(scores, therapies_taken(people), outcome="stiffness")
    counts = answer.table[answer.table["measure"] == "count"].set_index("term")["estimate"]
    assert counts["massage and TENS"] == (had[:, 0] & had[:, 1]).sum()
    assert counts["yoga, not TENS"] == (had[:, 2] & ~had[:, 1]).sum()
    assert len(counts) == 12
    assert counts.sum() == 3 * 60


def test_intervals_cover_each_difference_when_therapies_overlap():
    rng, truth, inside = np.random.default_rng(4), (-1.0, 0.5, 0.0), []
    for _ in range(400):
        scores, people, _ = a_centre(rng, n=40, effects=truth)
        mine = differences(several_therapies(scores, therapies_taken(people), outcome="s"))
        inside.append([
            mine.loc[name, "conf_low"] <= b <= mine.loc[name, "conf_high"]
            for name, b in zip(NAMES, truth, strict=True)
        ])  # fmt: skip
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)  # Monte Carlo error 0.006


def test_therapies_always_together_are_not_told_apart_and_the_rest_is():
    scores, people, had = a_centre(np.random.default_rng(5))
    twin = people.assign(therapy=people["therapy"].str.replace("yoga", "yoga + oxygen"))
    answer = several_therapies(scores, therapies_taken(twin), outcome="stiffness")
    plain = several_therapies(scores, therapies_taken(people), outcome="stiffness")
    mine = differences(answer)
    assert mine.loc[["oxygen", "yoga"], "estimate"].isna().all()
    for field in ("estimate", "conf_low", "conf_high"):
        assert mine.loc["TENS", field] == pytest.approx(differences(plain).loc["TENS", field])
    assert any("oxygen and yoga were always had together" in note for note in answer.notes)
    assert had[:, 2].any()


def test_where_everybody_has_one_of_several_none_is_told_from_nothing():
    scores, people, _ = a_centre(np.random.default_rng(6))
    one = people.assign(therapy=[("TENS", "massage", "TENS + yoga")[i % 3] for i in range(60)])
    answer = several_therapies(scores, therapies_taken(one), outcome="stiffness")
    mine = differences(answer)
    assert mine.loc[["TENS", "massage"], "estimate"].isna().all()
    assert np.isfinite(mine.loc["yoga", "estimate"])
    assert any("Everybody had massage or TENS" in note for note in answer.notes)
    all_of_it = people.assign(therapy="TENS; " + people["therapy"])
    notes = several_therapies(scores, therapies_taken(all_of_it), outcome="stiffness").notes
    assert any("TENS: everybody had it" in note for note in notes)


def test_the_messy_workbook_shows_that_nobody_had_nothing():
    tables = read_workbook(ROOT / "data" / "synthetic" / "centre_messy.xlsx").tables
    scores = window_scores(tables.diary, tables.people, "stiffness")
    answer = several_therapies(scores, therapies_taken(tables.people), outcome="stiffness")
    assert any("Everybody had" in note for note in answer.notes)
    same = several_therapies(scores, therapies_taken(tables.sessions), outcome="stiffness")
    assert {n for n in answer.notes if "alphabetical" in n} <= set(same.notes)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_never_matters_and_a_person_without_a_score_is_only_counted(random):
    scores, people, _ = a_centre(np.random.default_rng(7))
    want = several_therapies(scores, therapies_taken(people), outcome="s")
    order = list(range(60))
    random.shuffle(order)
    again = several_therapies(
        scores.iloc[order], therapies_taken(people.iloc[order[::-1]]), outcome="s"
    )
    pd.testing.assert_frame_equal(again.table, want.table)
    more = pd.concat(
        [scores, pd.DataFrame({"person_id": ["X"], "before": [5.0], "after": [np.nan]})]
    )
    wider = several_therapies(more, therapies_taken(people), outcome="s")
    assert set(wider.table["n_missing"]) == {1}
    pd.testing.assert_frame_equal(
        wider.table.drop(columns="n_missing"), want.table.drop(columns="n_missing")
    )


def test_what_cannot_be_is_refused():
    scores, people, _ = a_centre(np.random.default_rng(8))
    with pytest.raises(RowsAreNotPeopleError):
        several_therapies(pd.concat([scores, scores]), therapies_taken(people), outcome="s")
    with pytest.raises(ValueError, match="a model of 3 therapies needs at least 7 people"):
        several_therapies(scores.head(6), therapies_taken(people), outcome="s")
    assert set(
        several_therapies(scores.head(7), therapies_taken(people), outcome="s").table["n"]
    ) == {7}
    with pytest.raises(ValueError, match="no column 'therapy'"):
        therapies_taken(scores)
    with pytest.raises(ValueError, match="names no therapy"):
        therapies_taken(people.assign(therapy=None))
    with pytest.raises(ValueError, match="without person_id"):
        therapies_taken(people.assign(person_id=None))
    with pytest.raises(ValueError, match="conf_level"):
        several_therapies(scores, therapies_taken(people), outcome="s", conf_level=95)
