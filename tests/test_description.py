"""Who came, how full the diaries are, what people said: by hand, empty, and in any order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.change.paired import RowsAreNotPeopleError, wilson_interval
from msspas_analysis.estimate.diary.description import (
    attendance,
    diary_completeness,
    survey_answers,
    unwanted_effects,
    week_profile,
    who_came,
)
from msspas_analysis.results import Estimates
from msspas_analysis.tables import ADVERSE, DIARY, PEOPLE, SESSIONS, SURVEY, Window, validate

FIRST = pd.Timestamp("2026-03-08")


def people_table() -> pd.DataFrame:
    return validate(
        pd.DataFrame(
            {
                "person_id": ["A", "B", "C", "D", "E"],
                "age_band": ["40-49", "40-49", "70+", "not stated", None],
                "sex": ["female", "female", "female", "male", "not stated"],
                "ms_type": ["SPMS", "RRMS", "RRMS", "not known", "RRMS"],
                "pdds": [0, 3, 5, 6, None],
                "therapy": ["APS", "TENS", "APS", "APS + TENS", None],
                "first_session": ["2026-03-08"] * 4 + [None],
            }
        ),
        PEOPLE,
    )


def diary_table() -> pd.DataFrame:
    """A rates every day of ten weeks, B the week before only, C has two gaps; E has no session."""
    days = pd.date_range("2026-03-01", periods=70)
    parts = [
        pd.DataFrame({"person_id": "A", "date": days, "stiffness": 4.0, "falls": 0.0}),
        pd.DataFrame({"person_id": "B", "date": days[:7], "stiffness": 8.0, "falls": np.nan}),
        pd.DataFrame(
            {
                "person_id": "C",
                "date": days[:10],
                "stiffness": [6.0, None, 6, 6, None, None, None, 2, 4, 6],
                "falls": [0.0] * 9 + [2.0],
            }
        ),
        pd.DataFrame({"person_id": "E", "date": days[:3], "stiffness": 1.0, "falls": 1.0}),
    ]
    return validate(pd.concat(parts, ignore_index=True), DIARY)


def sessions_table() -> pd.DataFrame:
    rows = [
        ("A", "2026-03-08", "APS", "attended"),
        ("A", "2026-03-10", "APS", "attended"),
        ("A", "2026-03-12", "APS", "cancelled"),
        ("B", "2026-03-08", "TENS", "attended"),
        ("B", "2026-03-09", "TENS", "unknown"),
        ("C", "2026-03-09", "TENS", "unknown"),
        ("C", "2026-03-10", None, "did not attend"),
    ]
    return validate(
        pd.DataFrame(rows, columns=["person_id", "date", "therapy", "attendance"]), SESSIONS
    )


def events_table() -> pd.DataFrame:
    rows = [
        ("A", "2026-03-10", "fatigue"),
        ("A", "2026-03-11", "fatigue"),
        ("B", None, "dizziness"),
        ("Z", None, "fatigue"),
    ]
    return validate(pd.DataFrame(rows, columns=["person_id", "date", "event"]), ADVERSE)


def survey_table() -> pd.DataFrame:
    rows = [
        ("A", "2026-04-01", 6, 5, "no"),
        ("A", "2026-05-01", 2, None, "yes"),
        ("B", None, 4, 3, "unsure"),
        ("C", None, 3, 3, None),
        ("D", None, None, None, None),
        ("E", None, 7, 1, "no"),
    ]
    names = ["person_id", "date", "global_impression", "satisfaction", "recommend"]
    return validate(pd.DataFrame(rows, columns=names), SURVEY)


def counts(answer: Estimates, outcome: str, *, group: str = "all") -> dict[str, float]:
    t = answer.table
    keep = t["outcome"].eq(outcome) & t["measure"].eq("count") & t["group"].eq(group)
    return t[keep].set_index("term")["estimate"].to_dict()


# ------------------------------------------------------------------------------------------ by hand


def test_who_came_by_hand():
    answer = who_came(people_table())
    assert counts(answer, "people") == {"people": 5}
    assert counts(answer, "age_band") == {"40-49": 2, "70+": 1}
    assert counts(answer, "sex") == {"female": 3, "male": 1}
    assert counts(answer, "ms_type") == {"RRMS": 3, "SPMS": 1}
    assert counts(answer, "pdds") == {"0-2": 1, "3-5": 2, "6-8": 1}
    assert counts(answer, "therapy") == {"APS": 2, "APS + TENS": 1, "TENS": 1}
    sex = answer.one(outcome="sex", term="female", measure="proportion")
    assert (sex["estimate"], sex["n"], sex["n_missing"]) == (0.75, 4, 1)
    assert answer.table["conf_low"].isna().all()


def test_every_pdds_step_has_its_band():
    people = validate(
        pd.DataFrame({"person_id": [f"P{i}" for i in range(9)], "pdds": range(9)}), PEOPLE
    )
    assert counts(who_came(people), "pdds") == {"0-2": 3, "3-5": 3, "6-8": 3}
    low = people[people["pdds"] < 5]
    assert counts(who_came(low), "pdds") == {"0-2": 3, "3-5": 2}


def test_a_variable_nobody_answered_has_no_row():
    people = validate(pd.DataFrame({"person_id": ["A", "B"]}), PEOPLE)
    assert who_came(people).table["outcome"].tolist() == ["people"]


def test_attendance_by_hand():
    answer = attendance(sessions_table())
    assert counts(answer, "sessions") == {
        "booked": 7, "attended": 3, "did not attend": 1, "cancelled": 1, "unknown": 2,
    }  # fmt: skip
    assert counts(answer, "sessions", group="TENS") == {"booked": 3, "attended": 1, "unknown": 2}
    overall = answer.one(group="all", measure="proportion")
    assert overall["estimate"] == pytest.approx(3 / 5)
    assert (overall["n"], overall["n_missing"]) == (3, 0)
    tens = answer.one(group="TENS", measure="proportion")
    assert (tens["estimate"], tens["n"], tens["n_missing"]) == (1.0, 1, 1)
    assert answer.one(group="not stated", measure="proportion")["estimate"] == 0
    assert answer.table["conf_low"].isna().all()
    assert any("no interval" in note for note in answer.notes)


def test_attendance_that_nobody_wrote_down_has_no_share():
    unknown = sessions_table().assign(attendance="unknown")
    assert not attendance(unknown).table["measure"].eq("proportion").any()


def test_diary_completeness_by_hand():
    answer = diary_completeness(diary_table(), people_table(), outcome="stiffness")
    before = answer.one(term="days rated before")
    # A 7 of 7, B 7 of 7, C 3 of 7, D none
    assert before["estimate"] == pytest.approx((1 + 1 + 3 / 7 + 0) / 4)
    assert (before["n"], before["n_missing"]) == (4, 1)
    assert answer.one(term="days rated after")["estimate"] == pytest.approx(1 / 4)
    whole = answer.one(term="days rated first to last")
    # A 70 of 70, B 7 of 7, C 6 of 10, E 3 of 3
    assert whole["estimate"] == pytest.approx((1 + 1 + 0.6 + 1) / 4)
    assert (whole["n"], whole["n_missing"]) == (4, 1)
    assert counts(answer, "stiffness") == {
        "enough days before": 2, "enough days after": 1, "paired": 1,
    }  # fmt: skip
    assert answer.one(term="paired", measure="proportion")["estimate"] == 0.25


def test_diary_completeness_follows_its_windows():
    answer = diary_completeness(
        diary_table(), people_table(), outcome="stiffness",
        before=Window(name="before", first_day=-7, last_day=-4, min_days=3),
        after=Window(name="after", first_day=0, last_day=2, min_days=3),
    )  # fmt: skip
    assert counts(answer, "stiffness") == {
        "enough days before": 3, "enough days after": 2, "paired": 2,
    }  # fmt: skip
    assert any("days -7 to -4" in note for note in answer.notes)


def test_a_day_that_is_absent_counts_like_a_day_left_blank():
    diary = diary_table()
    a = diary_completeness(diary, people_table(), outcome="stiffness")
    # C's blank days lie inside the diary, so taking the rows away changes nothing
    gone = diary[~(diary["person_id"].eq("C") & diary["stiffness"].isna())]
    b = diary_completeness(gone, people_table(), outcome="stiffness")
    pd.testing.assert_frame_equal(a.table, b.table)


def test_a_diary_without_one_rating_counts_as_empty():
    blank = pd.DataFrame({"person_id": "D", "date": pd.date_range("2026-03-01", periods=4)})
    diary = validate(pd.concat([diary_table(), blank], ignore_index=True), DIARY)
    whole = diary_completeness(diary, people_table(), outcome="stiffness").one(
        term="days rated first to last"
    )
    assert whole["estimate"] == pytest.approx((1 + 1 + 0.6 + 1 + 0) / 5)
    assert (whole["n"], whole["n_missing"]) == (5, 0)


def test_unwanted_events_and_falls_by_hand():
    answer = unwanted_effects(events_table(), diary_table())
    assert counts(answer, "adverse_events") == {"any": 3, "fatigue": 2, "dizziness": 1}
    # A, B, C, E keep a diary; Z is in the events only
    fatigue = answer.one(outcome="adverse_events", term="fatigue", measure="proportion")
    assert (fatigue["estimate"], fatigue["n"]) == (0.4, 5)
    np.testing.assert_allclose([fatigue["conf_low"], fatigue["conf_high"]], wilson_interval(2, 5))
    falls = answer.one(outcome="falls", measure="count")
    # A none, C and E; B left the column empty
    assert (falls["estimate"], falls["n"], falls["n_missing"]) == (2, 3, 1)


def test_no_event_written_down_is_said_and_is_not_none():
    answer = unwanted_effects(ADVERSE.empty(), diary_table())
    assert set(answer.table["outcome"]) == {"falls"}
    assert any("does not mean there were none" in note for note in answer.notes)


def test_survey_answers_by_hand():
    answer = survey_answers(survey_table())
    assert counts(answer, "global_impression") == {"better": 2, "no change": 1, "worse": 1}
    assert counts(answer, "satisfaction") == {"1": 1, "3": 2, "5": 1}  # A's 5 is the last answer
    assert counts(answer, "recommend") == {"yes": 1, "unsure": 1, "no": 1}
    better = answer.one(term="better", measure="proportion")
    assert (better["estimate"], better["n"], better["n_missing"]) == (0.5, 4, 1)
    np.testing.assert_allclose([better["conf_low"], better["conf_high"]], wilson_interval(2, 4))
    assert answer.one(term="yes", measure="count")["n_missing"] == 2
    assert any("last answer" in note for note in answer.notes)
    undated = survey_table().head(2).assign(date=[pd.Timestamp("2026-04-01"), pd.NaT])
    # an answer with a date is later than one without
    assert counts(survey_answers(undated), "global_impression") == {"worse": 1}
    once = survey_answers(survey_table().iloc[1:])
    assert not any("last answer" in note for note in once.notes)


@pytest.mark.parametrize(
    ("answer", "word"),
    [(1, "better"), (2, "better"), (3, "better"), (4, "no change"),
     (5, "worse"), (6, "worse"), (7, "worse")],
)  # fmt: skip
def test_the_seven_levels_of_global_impression(answer, word):
    survey = validate(pd.DataFrame({"person_id": ["A"], "global_impression": [answer]}), SURVEY)
    assert counts(survey_answers(survey), "global_impression") == {word: 1}


def test_week_profile_by_hand():
    answer = week_profile(diary_table(), people_table(), "stiffness", min_people=2)
    assert answer.table["term"].tolist() == ["week -1", "week 0"]
    before = answer.one(term="week -1")
    # each person first (4, 8, 6), then the people
    assert before["estimate"] == 6
    assert before["std_error"] == pytest.approx(2 / np.sqrt(3))
    assert (before["n"], before["n_missing"]) == (3, 1)
    # C's days 0, 1, 2: 2, 4, 6
    assert answer.one(term="week 0")["estimate"] == 4
    assert any("8 week(s) with fewer than 2 people" in note for note in answer.notes)


def test_week_profile_shows_nobody_alone():
    answer = week_profile(diary_table(), people_table(), "stiffness")
    assert answer.table.empty
    with pytest.raises(ValueError, match="min_people must be 2 or more"):
        week_profile(diary_table(), people_table(), "stiffness", min_people=1)


def test_people_without_a_first_session_are_in_no_week():
    people = people_table()
    people.loc[people["person_id"].eq("E"), "first_session"] = FIRST
    with_e = week_profile(diary_table(), people, "stiffness", min_people=2).one(term="week -1")
    assert (with_e["estimate"], with_e["n"]) == ((4 + 8 + 6 + 1) / 4, 4)


# -------------------------------------------------------------------------------------------- empty


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: who_came(PEOPLE.empty()), id="who_came"),
        pytest.param(lambda: attendance(SESSIONS.empty()), id="attendance"),
        pytest.param(
            lambda: diary_completeness(DIARY.empty(), PEOPLE.empty(), outcome="stiffness"),
            id="diary_completeness",
        ),
        pytest.param(
            lambda: unwanted_effects(ADVERSE.empty(), DIARY.empty()), id="unwanted_effects"
        ),
        pytest.param(lambda: survey_answers(SURVEY.empty()), id="survey_answers"),
        pytest.param(
            lambda: week_profile(DIARY.empty(), PEOPLE.empty(), "stiffness"), id="week_profile"
        ),
    ],
)
def test_an_empty_table_gives_no_row_and_no_error(answer):
    got = answer()
    assert got.table.empty
    assert got.notes == ()


def test_people_without_any_diary():
    answer = diary_completeness(DIARY.empty(), people_table(), outcome="stiffness")
    assert answer.one(term="days rated before")["estimate"] == 0
    assert counts(answer, "stiffness")["paired"] == 0
    assert "days rated first to last" not in set(answer.table["term"])


def test_a_diary_without_any_people():
    answer = diary_completeness(diary_table(), PEOPLE.empty(), outcome="stiffness")
    assert answer.table["term"].tolist() == ["days rated first to last"]


# --------------------------------------------------------------------------------------------- laws

CALLS = {
    "who_came": lambda t: who_came(t["people"]),
    "attendance": lambda t: attendance(t["sessions"]),
    "diary_completeness": lambda t: diary_completeness(
        t["diary"], t["people"], outcome="stiffness"
    ),
    "unwanted_effects": lambda t: unwanted_effects(t["events"], t["diary"]),
    "survey_answers": lambda t: survey_answers(t["survey"]),
    "week_profile": lambda t: week_profile(t["diary"], t["people"], "stiffness", min_people=2),
}


def tables() -> dict[str, pd.DataFrame]:
    return {
        "people": people_table(), "sessions": sessions_table(), "diary": diary_table(),
        "events": events_table(), "survey": survey_table(),
    }  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_row_order_never_matters(call, seed):
    rng = np.random.default_rng(seed)
    shuffled = {name: table.sample(frac=1, random_state=rng) for name, table in tables().items()}
    a, b = call(tables()), call(shuffled)
    pd.testing.assert_frame_equal(a.table, b.table, rtol=1e-12)
    assert a.notes == b.notes


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_code_of_a_person_is_in_an_answer(call):
    names = {"A": "QX71", "B": "QX72", "C": "QX73", "D": "QX74", "E": "QX75", "Z": "QX76"}
    coded = {
        name: table.assign(person_id=table["person_id"].map(names))
        for name, table in tables().items()
    }
    answer = call(coded)
    assert len(answer.table)
    assert "QX7" not in answer.table.to_csv() + " ".join(answer.notes)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_counts_never_exceed_the_people_behind_them(call):
    table = call(tables()).table
    people = table[table["measure"].eq("count") & table["method"].eq("count of people")]
    assert (people["estimate"] <= people["n"]).all()
    shares = table[table["measure"].eq("proportion")]
    assert shares["estimate"].between(0, 1).all()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_tables_given_are_left_as_they_were(call):
    given_tables, kept = tables(), tables()
    call(given_tables)
    for name, table in kept.items():
        pd.testing.assert_frame_equal(given_tables[name], table)


def test_a_person_twice_is_refused():
    people = pd.concat([people_table()] * 2)
    with pytest.raises(RowsAreNotPeopleError, match="your 10 rows are 5 people"):
        who_came(people)
    with pytest.raises(RowsAreNotPeopleError):
        diary_completeness(diary_table(), people, outcome="stiffness")
