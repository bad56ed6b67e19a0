"""What one cell says, and what it must not be taken to say."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msspas_analysis.ingest.dates import month_first, read_date
from msspas_analysis.ingest.values import read_count, read_rating, read_yes_no
from msspas_analysis.ingest.vocabulary import (
    read_age_band,
    read_attendance,
    read_consent,
    read_event,
    read_heading,
    read_level,
    read_therapies,
    read_triggers,
    scale_of,
)

RATINGS = [
    (5, 5, "used"), ("5", 5, "used"), (5.0, 5, "used"), (5.5, 5.5, "kept"), ("5.5", 5.5, "kept"),
    ("½", 0.5, "kept"), ("3½", 3.5, "kept"), ("5,5", 5.5, "kept"), ("5/10", 5, "changed"),
    ("10 / 10", 10, "changed"), ("5 out of 10", 5, "changed"), ("5?", 5, "kept"),
    ("~5", 5, "kept"), ("7ish", 7, "kept"), ("about 6", 6, "kept"), ("c7", 7, "kept"),
    ("7-8", 7.5, "kept"), ("7–8", 7.5, "kept"), ("4 or 5", 4.5, "kept"), ("10-10", 10, "kept"),
    ("5/10?", 5, "kept"), ("7 (bad day)", 7, "kept"), ("eight", 8, "kept"), ("O", 0, "kept"),
    ("none", 0, "kept"), ("nil", 0, "kept"), ("05", 5, "used"), (" 6\u00a0", 6, "used"),
    (dt.datetime(2026, 10, 5), 5, "changed"), ("05-Oct", 5, "changed"), ("5-Oct", 5, "changed"),
    ("05/10/2026", 5, "changed"),
    (11, None, "question"), (55, None, "question"), (-1, None, "question"),
    ("-1", None, "question"), ("26", None, "question"), ("same", None, "question"),
    ('"', None, "question"), ("ditto", None, "question"), ("↓", None, "question"),
    ("10+", None, "question"), (">7", None, "question"), ("1+", None, "question"),
    ("<3", None, "question"), ("3-6", None, "question"), ("7,8", None, "question"),
    ("6/7", None, "question"), ("3/4", None, "question"), ("x", None, "question"),
    ("✓", None, "question"), ("mild", None, "question"), ("lots", None, "question"),
    ("1O", None, "question"), ("7 am", None, "question"), ("5 6", None, "question"),
    (True, None, "question"), (dt.datetime(2026, 4, 3), None, "question"),
    (dt.time(5, 0), None, "question"), ("#REF!", None, "question"), ("#DIV/0!", None, "question"),
    ("N/A", None, "set aside"), ("n/a", None, "set aside"), ("-", None, "set aside"),
    ("?", None, "set aside"), ("not done", None, "set aside"), ("hols", None, "set aside"),
    ("hospital", None, "set aside"), ("DNA", None, "set aside"), (float("nan"), None, "set aside"),
]  # fmt: skip
COUNTS = [
    (3, 3, "used"), ("3", 3, "used"), ("nil", 0, "changed"), ("none", 0, "changed"),
    ("O", 0, "changed"), ("~10", 10, "kept"), ("x3", 3, "changed"), ("3 times", 3, "changed"),
    ("lots", None, "set aside"), ("constant", None, "set aside"),
    ("too many to count", None, "set aside"), ("5+", None, "set aside"),
    (">10", None, "set aside"), (3.5, None, "question"), ("3-5", None, "question"),
    (600, None, "question"), (-2, None, "question"), ("same", None, "question"),
    (dt.datetime(2026, 4, 3), None, "question"), ("N/A", None, "set aside"), (150, 150, "kept"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "value", "decision"), RATINGS, ids=str)
def test_rating(raw, value, decision):
    got = read_rating(raw)
    assert (got.value, got.decision) == (value, decision)
    assert bool(got.reason) == (decision != "used"), "everything but plain use says why"


@pytest.mark.parametrize(("raw", "value", "decision"), COUNTS, ids=str)
def test_count(raw, value, decision):
    got = read_count(raw)
    assert (got.value, got.decision) == (value, decision)


def test_a_count_known_only_from_below_keeps_its_bound():
    assert [read_count(raw).low for raw in ("5+", ">10", "at least 4", "lots", "7")] == [
        5, 11, 4, None, None,
    ]  # fmt: skip


def test_month_first_files_undo_excel_dates_the_other_way():
    assert read_rating(dt.datetime(2026, 5, 10), month_first=True).value == 5
    assert read_rating(dt.datetime(2026, 5, 10), month_first=False).value is None


@given(st.text(max_size=12) | st.floats() | st.integers(-100, 10**12) | st.booleans())
def test_no_cell_ever_gives_a_rating_off_the_scale(raw):
    for got in (read_rating(raw), read_count(raw)):
        assert got.decision in ("used", "changed", "kept", "question", "set aside")
        assert (got.value is not None) == (got.decision in ("used", "changed", "kept"))
    value = read_rating(raw).value
    assert value is None or 0 <= value <= 10


@given(
    st.integers(0, 10), st.sampled_from(["{}", " {} ", "~{}", "{}?", "{}/10", "about {}", "{}!"])
)
def test_a_plainly_written_rating_is_read_as_written(value, form):
    assert read_rating(form.format(value)).value == value


def test_x_is_asked_once_a_column_and_rules_answer_it():
    asked = read_yes_no("x", heading="Missed tablets?")
    assert asked.decision == "question"
    assert "Missed tablets?" in asked.ask
    told = read_yes_no("x", heading="Missed tablets?", meanings={"x": "no"})
    assert (told.value, told.decision) == ("no", "changed")


DATES = [
    ("2026-03-11", (2026, 3, 11)), ("2026-03-11 00:00:00", (2026, 3, 11)),
    ("18.2.26", (2026, 2, 18)), ("23/02/2026", (2026, 2, 23)), ("03/04/2026", (2026, 4, 3)),
    ("10 Mar 2026", (2026, 3, 10)), ("3rd March 2026", (2026, 3, 3)), ("4-Mar-26", (2026, 3, 4)),
    ("March 4, 2026", (2026, 3, 4)), ("Mon 2 March 2026", (2026, 3, 2)),
    ("Tues 3.3.26", (2026, 3, 3)), ("w/c 02/03/2026", (2026, 3, 2)), (46069, (2026, 2, 16)),
    ("20260216", (2026, 2, 16)), (dt.datetime(2026, 3, 2, 8, 30), (2026, 3, 2)),
    ("31/9/26", None), ("30.02.24", None), ("soon", None), ("4 March", None), ("5/3", None),
    (7, None), (True, None), ("13/13/2026", None),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "want"), DATES, ids=str)
def test_date(raw, want):
    got = read_date(raw, month_first=False)
    assert got.value == (None if want is None else dt.date(*want))
    assert (got.value is None) == (got.decision == "question")


def test_iso_dates_are_never_turned_round():
    # pandas' dayfirst=True with format="mixed" reads this as 4 March
    assert read_date("2024-04-03", month_first=False).value == dt.date(2024, 4, 3)
    assert read_date("2024-04-03", month_first=True).value == dt.date(2024, 4, 3)


def test_the_order_of_a_column_comes_from_the_dates_that_show_it():
    assert month_first(["13/02/2026", "01/03/2026"]) is False
    assert month_first(["02/13/2026", "03/01/2026"]) is True
    assert month_first(["01/02/2026"]) is False
    assert month_first(["13/02/2026", "02/13/2026"]) is None
    assert read_date("03/04/2026", month_first=None).decision == "question"


@given(st.dates(dt.date(2000, 1, 1), dt.date(2069, 12, 31)))
def test_a_date_written_any_usual_way_is_the_same_day(day):
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%A %d %B %Y", "%B %d, %Y"]
    for form in forms:
        assert read_date(day.strftime(form), month_first=False).value == day
    assert read_date(day.strftime("%m/%d/%Y"), month_first=True).value == day


HEADINGS = [
    ("Client", "person_id"), ("Client ref", "person_id"), ("NHS Client ID", None), ("Ref", "person_id"),
    ("ID", "person_id"), ("Patient ID", "person_id"), ("person_id", "person_id"),
    ("Date", "date"), ("Day", "date"), ("w/c", "week_start"), ("Week commencing", "week_start"),
    ("W/E", "week_end"), ("Stiffness (0-10)", "stiffness"), ("Spasticity", "stiffness"),
    ("Spasms today (number)", "spasm_count"), ("No. of spasms", "spasm_count"),
    ("Pain /10", "pain"), ("Sleep disruption 0-10", "sleep_disruption"), ("Tiredness", "fatigue"),
    ("Falls", "falls"), ("Missed tablets?", "missed_medication"), ("Triggers", "trigger"),
    ("Tight clothing", "trigger_tick"), ("Came?", "attendance"), ("What", "therapy"),
    ("OK to use for evaluation?", "consent"), ("Age band", "age_band"), ("M/F", "sex"),
    ("Type of MS", "ms_type"), ("PDDS", "pdds"), ("First session", "first_session"),
    ("Diary started", "diary_start"), ("Side effects", "event"), ("How bad", "severity"),
    ("Notes", "notes"), ("Weather", None), ("", None), ("Name", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "role"), HEADINGS, ids=str)
def test_heading(text, role):
    got = read_heading(text)
    assert (got.role if got else None) == role


def test_headings_on_another_scale_or_direction_are_known_but_not_used():
    for text in ("Stiffness 1-5", "Stiffness VAS (mm)", "Sleep quality", "Sleep 0-10",
                 "Spasm severity 0-4", "Energy/fatigue (energy 10 = best)"):  # fmt: skip
        got = read_heading(text)
        assert got is not None
        assert got.problem, text


def test_scales():
    assert scale_of("Pain 0 to 10") == (0, 10)
    assert scale_of("Pain (VAS, mm)") == (0, 100)
    assert scale_of("Pain") is None


def test_words_of_a_centre():
    assert read_therapies("Reflex + O2") == (("oxygen", "reflexology"), [])
    assert read_therapies("crystal healing") == ((), ["crystal healing"])
    assert read_triggers("UTI, tight clothing & stress")[0] == (
        "infection",
        "tight clothing",
        "stress",
    )
    assert [read_attendance(w) for w in ("attended", "DNA", "canc", "hols", "Y", "zzz")] == [
        "attended", "did not attend", "cancelled", "away", "attended", None,
    ]  # fmt: skip
    assert read_event("had a fall") == "fall"
    assert read_level("ms_type", "don't know") == "not known"
    assert [read_age_band(a) for a in (47, "40-49", 17, "70+", "38 - 52")] == [
        "40-49", "40-49", None, "70+", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "want"),
    [("Y", "yes"), ("Yes (signed)", "yes"), ("✓", "yes"), ("yes - form 3/2/26", "yes"),
     ("no", "no"), ("not yet", "no"), ("withdrawn 3/26", "withdrawn"), ("", "blank"),
     ("x", "unclear"), ("y?", "unclear"), ("yes but not photos", "unclear"), ("pending", "unclear")],
)  # fmt: skip
def test_consent_is_yes_only_when_it_plainly_says_so(text, want):
    assert read_consent(text) == want
