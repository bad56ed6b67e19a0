"""Means over spans of a person's own: periods of a crossover, as simulated and as counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.estimate.windows import RowsAreNotPeopleError, span_scores, window_scores
from msspas_analysis.simulate.study import simulate_study
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.tables import AFTER


@pytest.fixture(scope="module")
def study():
    return simulate_study(DESIGNS["T4-dose"], seed=5)


def test_periods_follow_the_sequence_of_each_person(study):
    periods = study.periods()
    assert len(periods) == 2 * len(study.allocation)
    joined = periods.groupby("person_id")["treatment"].agg(" > ".join)
    want = study.allocation.set_index("person_id")["sequence"]
    assert joined.to_dict() == want.to_dict()
    assert set(map(tuple, periods[["period", "first_day", "last_day"]].to_numpy())) == {
        (1, 0, 13), (2, 28, 41)}  # fmt: skip


def test_means_of_periods_are_those_counted_by_hand(study):
    diary, people = study.tables.diary, study.tables.people
    got = span_scores(diary, people, "stiffness", spans=study.periods(), last=7, min_days=3)
    first = people.set_index("person_id")["first_session"]
    for row in got.sample(12, random_state=1).itertuples():
        mine = diary[diary["person_id"] == row.person_id]
        day = (mine["date"] - first[row.person_id]).dt.days
        days = mine.loc[day.between(row.last_day - 6, row.last_day), "stiffness"].dropna()
        assert row.days == len(days)
        if len(days) >= 3:
            assert row.stiffness == pytest.approx(np.mean(days), rel=1e-12)
        else:
            assert np.isnan(row.stiffness)


def test_a_span_alike_for_all_is_a_window(study):
    diary, people = study.tables.diary, study.tables.people
    spans = pd.DataFrame({"person_id": people["person_id"], "first_day": AFTER.first_day,
                          "last_day": AFTER.last_day})  # fmt: skip
    got = span_scores(diary, people, "stiffness", spans=spans, min_days=AFTER.min_days)
    want = window_scores(diary, people, "stiffness").set_index("person_id")["after"]
    got = got.set_index("person_id")["stiffness"].reindex(want.index)
    np.testing.assert_array_equal(got.to_numpy(), want.to_numpy())
    turned = span_scores(diary.iloc[::-1], people, "stiffness", spans=spans.iloc[::-1])
    assert turned["person_id"].tolist() == spans["person_id"].tolist()[::-1]


@pytest.mark.parametrize(
    ("change", "how", "says"),
    [
        (lambda s: s.drop(columns="last_day"), {}, "spans has no column 'last_day'"),
        (lambda s: s.assign(last_day=-5), {}, "64 span.s. end before they begin"),
        (lambda s: s, {"last": 0}, "last must be 1 or more, got 0"),
        (lambda s: s, {"min_days": 0}, "min_days must be 1 or more, got 0"),
    ],
)
def test_spans_that_cannot_be_are_refused(study, change, how, says):
    with pytest.raises(ValueError, match=says):
        span_scores(
            study.tables.diary,
            study.tables.people,
            "stiffness",
            spans=change(study.periods()),
            **how,
        )
    twice = pd.concat([study.tables.people, study.tables.people.iloc[:1]])
    with pytest.raises(RowsAreNotPeopleError):
        span_scores(study.tables.diary, twice, "stiffness", spans=study.periods())
