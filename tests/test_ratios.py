"""Counts and times as ratios, the same people before and after: R, laws, coverage, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.ratios import paired_ratios, ratios_of_change

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "ratios.csv")


def scores_of(before, after) -> pd.DataFrame:
    people = [f"P{i:03d}" for i in range(len(before))]
    return pd.DataFrame({"person_id": people, "before": before, "after": after})


def seizures() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "epilepsy.csv")
    person = data.groupby("subject")
    return scores_of(
        person["base"].first().to_numpy() / 56, person["seizures"].sum().to_numpy() / 56
    )


def weights() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "anorexia.csv")
    return scores_of(data["Prewt"], data["Postwt"])


@pytest.mark.oracle("paired_ratios", "R 4.2.2, survey svyratio and t.test of logs (ratios.R)")
@pytest.mark.parametrize("level", [0.90, 0.95, 0.99])
@pytest.mark.parametrize(
    ("name", "make", "plus_one"), [("epilepsy", seizures, True), ("anorexia", weights, False)]
)
def test_ratios_of_change_are_those_of_r(name, make, plus_one, level):
    got = paired_ratios(make(), outcome="o", plus_one=plus_one, conf_level=level)
    seen = 0
    for row in ORACLE[ORACLE["dataset"] == name].itertuples():
        if np.isnan(row.conf_level) or row.conf_level == level:
            mine = got.one(measure=row.measure)[row.quantity]
            assert mine == pytest.approx(row.value, rel=1e-10), (row.measure, row.quantity)
            seen += 1
    assert seen == 10


def test_intervals_cover_a_true_fall_of_a_third_and_their_tests_err_in_5_percent():
    rng = np.random.default_rng(3)
    for ratio in (1.0, 2 / 3):
        rate = rng.gamma(4, 1.5, (4000, 60))
        x, y = rng.poisson(7 * rate) / 7, rng.poisson(7 * rate * ratio) / 7
        got = ratios_of_change(x, y)["ratio_of_means"]
        inside = (got.conf_low <= ratio) & (ratio <= got.conf_high)
        assert inside.mean() == pytest.approx(0.95, abs=0.012)  # Monte Carlo error 0.0034
        if ratio == 1:
            assert (got.p_value < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_a_batch_is_a_loop_and_unequal_spread_is_kept():
    rng = np.random.default_rng(4)
    x, y = rng.gamma(2, 2, (2, 3, 9)), rng.gamma(2, 1, (2, 3, 9))
    many = ratios_of_change(x, y)
    for at in np.ndindex(2, 3):
        for measure, one in ratios_of_change(x[at], y[at]).items():
            for field in ("estimate", "conf_low", "conf_high", "p_value", "std_error", "df"):
                want = getattr(many[measure], field)[at]
                assert getattr(one, field) == pytest.approx(want, rel=1e-13)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 50))
def test_order_units_and_direction(seed, unit):
    rng = np.random.default_rng(seed)
    scores = scores_of(rng.gamma(2, 2, 8), rng.gamma(2, 2, 8))
    want = paired_ratios(scores, outcome="o").table
    order = rng.permutation(8)
    pd.testing.assert_frame_equal(paired_ratios(scores.iloc[order], outcome="o").table, want)
    scaled = scores.assign(before=unit * scores["before"], after=unit * scores["after"])
    again = paired_ratios(scaled, outcome="o").table
    back = paired_ratios(scores.rename(columns={"before": "after", "after": "before"}), outcome="o")
    for field in ("estimate", "conf_low", "conf_high", "p_value"):
        np.testing.assert_allclose(again[field], want[field], rtol=1e-9)
    np.testing.assert_allclose(back.table["estimate"], 1 / want["estimate"], rtol=1e-12)
    np.testing.assert_allclose(back.table["conf_low"], 1 / want["conf_high"], rtol=1e-12)
    more = pd.concat([scores, scores_of([3.0], [np.nan]).assign(person_id="X")])
    wider = paired_ratios(more, outcome="o").table
    assert set(wider["n_missing"]) == {1}
    np.testing.assert_array_equal(wider["estimate"], want["estimate"])


def test_zeros_have_no_logarithm_and_the_answer_says_so():
    answer = paired_ratios(scores_of([0.0, 4, 6], [0.0, 2, 3]), outcome="falls")
    assert np.isnan(answer.one(measure="geometric_mean_ratio").estimate)
    assert answer.one(measure="ratio_of_means").estimate == pytest.approx(0.5)
    assert any("because of 2 value(s) of 0" in note for note in answer.notes)
    other = paired_ratios(scores_of([0.0, 4, 6], [0.0, 2, 3]), outcome="falls", plus_one=True)
    want = np.exp((np.log(1) + np.log(3 / 5) + np.log(4 / 7)) / 3)
    assert other.one(measure="geometric_mean_ratio").estimate == pytest.approx(want, rel=1e-12)
    none = paired_ratios(scores_of([0.0, 0, 0], [0.0, 2, 3]), outcome="falls")
    assert np.isnan(none.one(measure="ratio_of_means").estimate)
    same = paired_ratios(scores_of([2.0, 4, 6], [1.0, 2, 3]), outcome="falls")
    row = same.one(measure="ratio_of_means")  # everybody halves: no spread, no test
    assert (row.estimate, row.conf_low, row.conf_high) == (0.5, 0.5, 0.5)
    assert np.isnan(row.p_value)
    assert any("of ratio_of_means has no width" in note for note in same.notes)


def test_what_cannot_be_is_refused():
    scores = scores_of([1.0, 2, 3], [1.0, 2, 2])
    with pytest.raises(RowsAreNotPeopleError):
        paired_ratios(pd.concat([scores, scores]), outcome="o")
    with pytest.raises(ValueError, match="1 negative value"):
        paired_ratios(scores.assign(after=[1.0, -2, 2]), outcome="o")
    with pytest.raises(ValueError, match="at least 2 people"):
        paired_ratios(scores.assign(after=[1.0, np.nan, np.nan]), outcome="o")
    with pytest.raises(ValueError, match="conf_level"):
        paired_ratios(scores, outcome="o", conf_level=95)
