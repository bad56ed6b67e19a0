"""The twin of ordered grades: laws, a known truth, and what it will not say."""

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.certify.twin.grades import FEWEST_MOVING, grades_beyond_expectation
from msspas_analysis.certify.twin.statistics import (
    change_in_bad_days,
    statistic_beyond_expectation,
)
from msspas_analysis.estimate.change.untreated import change_beyond_expectation
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.scenario import DiaryScenario

RULE = "first rating >= 4"
TERMS = ("observed", "expected without treatment", "beyond expectation")


def cohort(n=40, *, seed=4, **settings):
    made = simulate_diary(DiaryScenario(n_people=n, entry_rating=4.0, **settings), seed=seed).tables
    return made.diary, made.people


def four(diary):
    """Cut ratings into the grades 0, 1 to 3, 4 to 6, 7 to 10."""
    grade = np.searchsorted([1, 4, 7], diary["stiffness"].to_numpy(), side="right").astype(float)
    return diary.assign(stiffness=np.where(diary["stiffness"].isna(), np.nan, grade))


def test_it_is_the_change_in_days_counted_by_hand():
    diary, people = cohort()
    found = grades_beyond_expectation(diary, people, cuts=[4, 6], entry=RULE)
    first = people.set_index("person_id")["first_session"]
    rated = diary.dropna(subset=["stiffness"])
    day = (rated["date"] - rated["person_id"].map(first)).dt.days
    for cut in (4, 6):
        there = rated.assign(at=rated["stiffness"].ge(cut) * 1.0)
        parts = []
        for low, high in ((-7, -1), (28, 41)):
            mine = there[day.between(low, high)].groupby("person_id")["at"]
            parts.append(mine.mean()[mine.size() >= 4])
        change = (parts[1] - parts[0]).dropna()
        row = found.one(measure=f"days at {cut} or more", term="observed")
        assert row.n == len(change)
        assert row.estimate == pytest.approx(change.mean(), abs=1e-12)


def test_observed_is_expected_and_beyond_and_it_is_the_statistic_by_name():
    diary, people = cohort()
    found = grades_beyond_expectation(diary, people, cuts=[6], entry=RULE)
    seen, expected, beyond = (found.one(term=term) for term in TERMS)
    assert seen.estimate == pytest.approx(expected.estimate + beyond.estimate, abs=1e-12)
    assert beyond.conf_low < beyond.estimate < beyond.conf_high
    want = statistic_beyond_expectation(
        diary, people, {"bad": change_in_bad_days(6.0)}, entry=RULE
    ).one(term="beyond expectation")
    assert (beyond.estimate, beyond.std_error) == (want.estimate, want.std_error)


@pytest.mark.parametrize("graded", [False, True])
def test_added_up_over_all_cuts_it_is_the_mean(graded):
    # everybody is compared: the twin learns its ups and downs from those who are
    full = {"dropout_weekly": 0.0, "completion_week_1": 1.0, "completion_week_12": 1.0}
    diary, people = cohort(60, **full)
    highest, entry = (3, "first rating >= 2") if graded else (10, RULE)
    diary = four(diary) if graded else diary
    cuts = range(1, highest + 1)
    found = grades_beyond_expectation(diary, people, cuts=cuts, highest=highest, entry=entry)
    mean = change_beyond_expectation(diary, people, "stiffness")
    for term, near in zip(TERMS[:2], (1e-12, 0.005), strict=True):
        total = found.table.loc[found.table["term"] == term, "estimate"].sum()
        # the twin's mean is held at the contrast's in steps, and rounding takes a little
        assert total == pytest.approx(mean.one(term=term).estimate, abs=near)


def test_a_true_fall_is_found_and_nothing_is_not():
    quiet = grades_beyond_expectation(*cohort(60, seed=2), cuts=[5], entry=RULE)
    row = quiet.one(term="beyond expectation")
    assert row.conf_low < 0 < row.conf_high
    loud = grades_beyond_expectation(*cohort(60, seed=2, change=-2.0), cuts=[5], entry=RULE)
    row = loud.one(term="beyond expectation")
    assert row.conf_high < 0
    assert row.p_value < 0.001


def test_order_of_rows_and_days_outside_do_not_matter():
    diary, people = cohort(24)
    want = grades_beyond_expectation(diary, people, cuts=[5], entry=RULE)
    mixed = grades_beyond_expectation(
        diary.sample(frac=1, random_state=1), people.sample(frac=1, random_state=2), cuts=[5],
        entry=RULE,
    )  # fmt: skip
    pd.testing.assert_frame_equal(mixed.table, want.table)


def test_a_cut_that_hardly_anybody_crosses_is_not_judged():
    diary, people = cohort(24)
    diary = diary.assign(stiffness=diary["stiffness"].clip(lower=1.0))
    found = grades_beyond_expectation(diary, people, cuts=[1, 5], entry=RULE)
    none = found.one(term="beyond expectation", measure="days at 1 or more")
    assert np.isnan([none.estimate, none.conf_low, none.p_value]).all()
    assert found.one(term="observed", measure="days at 1 or more").estimate == pytest.approx(0)
    assert not np.isnan(found.one(term="beyond expectation", measure="days at 5 or more").p_value)
    (told,) = [note for note in found.notes if note.startswith("days at 1 or more: only 0 people")]
    assert f"fewer than {FEWEST_MOVING}" in told


def test_labels_name_the_cuts():
    diary, people = cohort(24)
    found = grades_beyond_expectation(
        four(diary), people, cuts=[2, 3], highest=3, entry="first rating >= 2",
        labels={2: "moderate or worse"},
    )  # fmt: skip
    assert found.table["measure"].unique().tolist() == ["moderate or worse", "days at 3 or more"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cuts": []}, "cuts must be one or more"),
        ({"cuts": [4, 4]}, "each once"),
        ({"cuts": [0]}, "above 0 and at most 10"),
        ({"cuts": [11]}, "above 0 and at most 10"),
        ({"cuts": [4], "labels": {5: "x"}}, "none of the cuts"),
        ({"cuts": [2], "highest": 3}, "must be whole grades from 0 to 3, got"),
        ({"cuts": [2], "highest": 12}, "highest must be 1 to 10"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    diary, people = cohort(12)
    with pytest.raises(ValueError, match=said):
        grades_beyond_expectation(diary, people, **given)


def test_a_grade_between_two_grades_is_refused():
    diary, people = cohort(12)
    diary.loc[diary.index[3], "stiffness"] = 4.5
    with pytest.raises(ValueError, match=r"got \[4\.5\]"):
        grades_beyond_expectation(diary, people, cuts=[4])
