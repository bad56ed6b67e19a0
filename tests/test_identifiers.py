"""What is recognised as an identifier, and what must be left alone. All people are invented."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.ingest.identifiers import (
    FIXES,
    is_nhs_number,
    looks_like_initials,
    looks_like_name,
    mask,
    name_words,
    screen_header,
    screen_text,
)

# Telephone numbers are from the ranges kept for drama, NHS numbers from the 999 test range.
HITS = {
    "postcode": (
        "GL5 1AA", "gl5 1aa", "GL51AA", "lives in GL5 1AA now", "SW1A 1AA", "EC1A 1BB", "M1 1AA",
        "ZZ99 3VZ", "B33 8TH",
    ),
    "phone number": (
        "07700 900123", "07700900123", "rang 07700 900 123", "+44 7700 900123", "+447700900123",
        "+44 (0)7700 900 123", "0044 7700 900123", "01632 960123", "(01632) 960123",
        "01632-960-123", "020 7946 0123", "02079460123", "7700900123", "447700900123",
        "tel. 01632 960 123 after six", "+353 1 496 0123",
    ),
    "e-mail address": (
        "jane@example.org", "mailto:j.smith@example.org", "write to x_y+z@mail.example.org please",
    ),
    "National Insurance number": ("QQ 12 34 56 C", "QQ123456C", "qq123456c", "NI: QQ 123456 C"),
    "NHS number": (
        "9990000018", "999 000 0018", "999-000-0018", "NHS no: 999 000 0018",
        "NHS number 123 456 7891", "her number is 9990000026",
    ),
    "date of birth": (
        "DOB 3/4/1961", "dob: 03.04.61", "D.O.B. 3 April 1961", "born 1961", "born in April 1961",
        "was born on 3rd April 1961", "date of birth 1961-04-03", "(b. 1961)", "DOB 3-Apr-61",
    ),
    "address": ("12 High Street", "Flat 3, 12 Mill Lane", "moved to 4a Old Church Road"),
    "hospital number": ("hospital no 123456", "MRN: A1234567"),
    "name": (
        "Mr Smith", "Mrs. Smith", "Ms Jones", "Miss Patel", "Dr Patel", "Prof Jones",
        "Sister Mary", "Nurse Smith", "mrs jones", "MRS SMITH", "DR PATEL", "Dr J. B. Snow",
        "Mrs S", "Jane Smith", "Smith, Jane", "Taylor-Smith, Jane", "JANE SMITH", "jane smith",
        "J. Smith", "J Smith", "J.B. Smith", "JB Smith", "J. Kowalczyk", "J Kowalczyk", "Smith J",
        "Jane", "jane", "SUSAN", "Jane rang", "Jane's daughter rang", "spoke to Jane about it",
        "spoke to jane smith on Monday", "April Smith", "May Wilson", "Mark Jones", "Will Young",
        "Grace Kowalczyk", "Smith, April", "Xanthe Smith", "Mary O'Brien", "Mary O’Brien",
        "Siân Jones", "Jean-Paul Kowalski", "Anne-Marie McDonald", "Jane van der Berg",
        "John Snow", "Mohammed Khan", "Harpreet Kaur", "Oluwaseun Adeyemi", "Jane Ward",
        "Jane_Smith_diary.xlsx", "smith-jane-2026.xlsx", "JaneSmith.xlsx", "diary Jane.xlsx",
        "Ja\u200bne Smith", "Jane\nSmith",
    ),
}  # fmt: skip

MISSES = (
    # codes and what stands in a diary
    "NF372", "NF 364", "nf173", "NF182 ", "JB2", "P-001", "0364", "T25FW", "IAN03", "A1", "x", "",
    "10", "5/10", "10/10", "4-5", "~19", "5+", "30+", "lots", "nil", "same", "N/A", "n/a", "none",
    "don't know", "50-59", "70+", "withdrawn 3/26", "DNA", "hols", "canc", "1+", "?",
    # dates and numbers
    "26.2.26", "7 Apr 2026", "2026-02-26", "31/9/26", "01-02-2026 10", "01.02.2026",
    "01/02/2026 03:04", "w/c 4 March", "M1 2 3", "1234567890", "12345678901", "3.2857142857",
    "0123 0124 0125", "2 3 4 5 6 7 8 9 10 11 12", "Week 10 11 12 13 14", "S1 1st", "N1 2nd visit",
    "B1 2hr", "L5 S1", "3 falls on road", "Timed 25-Foot Walk", "8 out of 10", "9 hole peg test",
    # therapies, triggers, drugs, instruments
    "Reflexology", "TENS & massage", "Physio", "Reflex + O2", "Tai Chi", "Alexander technique",
    "Alexander Technique", "UTI", "constipation", "tight clothing", "Bladder infection", "Relapse",
    "Hot weather", "Bad day", "Baclofen", "Sativex", "LDN 4.5 mg", "Vitamin D tablets", "HBOT",
    "Modified Ashworth", "M Ashworth", "MAS knee before", "Penn", "Penn freq before", "Snow",
    "Berg", "Fatigue Severity Scale", "Barthel Index", "Borg scale", "Beck Depression Inventory",
    "Guy's Neurological Disability Scale", "Thomas splint", "L Knee", "R Leg", "R Hamstring",
    "E. Coli", "X Ray", "TED stockings", "PIP review", "PEG feed",
    # sheets, headings, notes, places
    "Diary Feb-May", "Weekly sheets", "Before and after", "Jan-March 2026", "Sheet1", "Clients",
    "Sessions", "Week 1", "Group A", "Week A Monday", "Plan B", "A. Instruments", "Total",
    "Average", "Northfield MS Therapy Centre",
    "Northfield MS Therapy Centre - client list (invented people)", "Beverley MS Centre",
    "St George's Hospital", "Queen Elizabeth Hospital", "Victoria Ward", "John Radcliffe",
    "handed in late, see folder", "-- handed in late, see folder --", "rang to check",
    "MS Nurse", "MS Therapy", "Dr appt", "dr rang", "Dr appointment", "Miss Tuesday", "missed",
    "OK to use for evaluation?", "Missed tablets?", "0 = none, 10 = worst", "Christmas Eve",
    "April Total", "June Average", "May half term", "Rose Garden", "Hope House", "A Good Day",
    # words and months that are forenames too
    "January", "Jan", "April", "May", "June", "Rose", "Grace", "Will", "Mark", "Pat", "Joy",
    "Hope", "Sandy", "Dale", "Monday", "Mon",
)  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in HITS.items() for t in ts])
def test_an_identifier_is_found_and_masked(kind: str, text: str) -> None:
    found = screen_text(text)
    assert found is not None
    assert (found.kind, found.fix) == (kind, FIXES[kind])
    masked = mask(text)
    assert f"[hidden: {kind}]" in masked
    assert screen_text(masked) is None
    assert mask(masked) == masked


@pytest.mark.parametrize("text", MISSES)
def test_what_is_no_identifier_is_left_alone(text: str) -> None:
    assert screen_text(text) is None
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mrs J Smith rang 07700 900123", "[hidden: name] rang [hidden: phone number]"),
        ("Smith, Jane (GL5 1AA)", "[hidden: name] ([hidden: postcode])"),
        ("Jane & Peter Smith away", "[hidden: name] & [hidden: name] away"),
        ("Jane Smith, Susan Jones", "[hidden: name], [hidden: name]"),
        ("Jane van der Berg", "[hidden: name]"),
        ("Jane's diary", "[hidden: name]'s diary"),
        ("a@example.org or b@example.org", "[hidden: e-mail address] or [hidden: e-mail address]"),
        ("01632 960123/01632 960124", "[hidden: phone number]/[hidden: phone number]"),
        ("UTI, on trimethoprim", "UTI, on trimethoprim"),
    ],
)
def test_the_mask_covers_the_whole_identifier_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_only_real_masks_are_passed_over() -> None:
    assert screen_text("[hidden: name]") is None
    assert "Jane" not in mask("[hidden: Jane Smith]")


def test_the_most_telling_kind_is_named() -> None:
    found = screen_text("Jane Smith, NHS 9990000018")
    assert found is not None
    assert found.kind == "NHS number"


def check_digit(nine: str) -> int:
    """The Data Dictionary's rule, written out the long way."""
    total = 0
    for position, digit in enumerate(nine, start=1):
        total += int(digit) * (11 - position)
    remainder = 11 - total % 11
    return 0 if remainder == 11 else remainder


nine_digits = st.text("0123456789", min_size=9, max_size=9)


@settings(deadline=None)
@given(nine_digits, st.sampled_from(["{0}{1}{2}", "{0} {1} {2}", "{0}-{1}-{2}"]))
def test_a_right_check_digit_is_always_found(nine: str, shape: str) -> None:
    check = check_digit(nine)
    if check == 10:
        assert not any(is_nhs_number(f"{nine}{d}") for d in range(10))
        return
    ten = f"{nine}{check}"
    text = f"no. {shape.format(ten[:3], ten[3:6], ten[6:])} on file"
    found = screen_text(text)
    assert found is not None
    assert found.kind == "NHS number"
    assert mask(text) == "no. [hidden: NHS number] on file"


@settings(deadline=None)
@given(nine_digits, st.integers(0, 9))
def test_a_wrong_check_digit_is_no_nhs_number(nine: str, digit: int) -> None:
    if digit == check_digit(nine):
        return
    assert not is_nhs_number(f"{nine}{digit}")
    found = screen_text(f"{nine}{digit}")
    # ten digits that begin with 7 are a mobile number that lost its nought in a spreadsheet
    assert found is None or (found.kind == "phone number" and nine[0] == "7")


pieces = st.sampled_from(
    [t for ts in HITS.values() for t in ts] + [m for m in MISSES if m]
    + [" ", ", ", ". ", "-", "/", "\n", "[hidden: name]", "[hidden", "]", "(", "0", "7", "J", "St"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(pieces | st.text(max_size=6), max_size=8).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert screen_text(masked) is None


distinctive = st.sampled_from(
    ["jane@example.org", "07700 900123", "9990000018", "GL5 1AA", "QQ 12 34 56 C", "Mrs Smith"]
)


@settings(deadline=None)
@given(distinctive, st.sampled_from(["", "see ", "(", "note: ", "UTI. "]),
       st.sampled_from(["", " today", ")", ", rang", "; stiff"]))  # fmt: skip
def test_a_masked_note_never_holds_the_identifier(what: str, before: str, after: str) -> None:
    masked = mask(f"{before}{what}{after}")
    assert what not in masked
    assert masked.startswith(before)
    assert masked.endswith(after)


HEADERS = {
    "name": (
        "name", "Name", "Names", "Surname", "forename", "First name", "FirstName", "last_name",
        "Full name", "Patient name", "client name", "Client's name", "Client (name)",
        "Name of client", "Carer name", "carer's name", "Next of kin", "GP", "GP name",
        "Therapist", "Therapist name", "Seen by", "Name:", "Jane Smith",
    ),
    "date of birth": ("DOB", "D.O.B.", "DoB", "date of birth", "Birth date", "DOB (dd/mm/yy)"),
    "NHS number": ("NHS no", "NHS No.", "NHSNumber", "NHS number", "CHI"),
    "address": ("address", "Home address", "Address line 1"),
    "postcode": ("postcode", "Post code", "PostCode"),
    "phone number": (
        "phone", "tel", "Tel.", "Tel no", "Telephone number", "mobile", "Mobile phone",
        "Contact number", "Carer's phone",
    ),
    "e-mail address": ("email", "E-mail", "e-mail address", "Email Address"),
    "National Insurance number": ("NI number", "NI no.", "National Insurance"),
    "hospital number": ("hospital number", "Hospital No", "MRN"),
}  # fmt: skip
PLAIN_HEADERS = (
    "Client", "Client code", "Client ref", "Ref", "Ref.", "Patient ID", "ID", "Age", "Age band",
    "Named therapy", "Diary name", "Therapy name", "Drug name", "Date", "What", "Came?", "Sex",
    "Therapy", "Physio", "Physiotherapy", "GP visits", "Mobility", "Mobility aid", "Triggers",
    "Stiffness (0-10)", "Spasms today (number)", "Contact hours", "Number", "Session number",
    "OK to use for evaluation?", "Type of MS", "PDDS", "w/c", "Mon", "Jan", "", "  ",
)  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in HEADERS.items() for t in ts])
def test_a_heading_that_announces_identifiers(kind: str, text: str) -> None:
    found = screen_header(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("text", ["Name / DOB", "Name & address", "Tel/email", "Surname, forename"])
def test_a_heading_of_two_parts(text: str) -> None:
    assert screen_header(text) is not None


@pytest.mark.parametrize("text", PLAIN_HEADERS)
def test_a_heading_that_announces_none(text: str) -> None:
    assert screen_header(text) is None


@pytest.mark.parametrize(
    "code",
    ["Jane Smith", "Smith J", "jane", "O'Brien", "SMITH", "smith", "Kowalczyk", "Kowalczyk J",
     "J Kowalczyk", "J.Smith", "MacLeod", "Rose", "Jane2", "Mrs S", "Ann-Marie", "jane s",
     "Smith, J", "Xanthe Kowalczyk"],
)  # fmt: skip
def test_a_name_where_a_code_should_be(code: str) -> None:
    assert looks_like_name(code)


@pytest.mark.parametrize(
    "code",
    ["NF372", "NF 364", "P-001", "0364", "JB", "JB2", "J.B.", "Client A", "Average", "Total",
     "Mean", "Ref", "Client", "-- handed in late, see folder --", "person one", "Week", "IAN03",
     "Red fox", "May", "notes", "x", "ALPHA", "N/A", "", "12"],
)  # fmt: skip
def test_a_code_is_no_name(code: str) -> None:
    assert not looks_like_name(code)


@pytest.mark.parametrize(
    "code", ["JB", "J.B.", "J B", "JAB", "JB2", "jb", "J.B", "J-B", "J. B.", "JB 2", "J.A.B."]
)
def test_initials(code: str) -> None:
    assert looks_like_initials(code)


@pytest.mark.parametrize(
    "code",
    ["NF372", "P-001", "DNA", "N/A", "MS", "Mon", "yes", "jab", "A", "12", "TENS", "P1", "Jan",
     "ref", "AB12", "no", ""],
)  # fmt: skip
def test_what_is_not_initials(code: str) -> None:
    assert not looks_like_initials(code)


def test_name_words_are_those_that_tell() -> None:
    assert name_words("Mrs Jane Kowalczyk") == {"jane", "kowalczyk"}
    assert name_words("Physio") == frozenset()
    assert name_words("Northfield Reception") == frozenset()


def test_a_workbook_of_distinct_texts_takes_no_time() -> None:
    texts = [f"NF{n} came late, see folder {n}" for n in range(5000)]
    started = time.perf_counter()
    assert not any(screen_text(text) for text in texts)
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("unit", ["Jane Smith ", "A. ", "Smith ", "Jane van ", "1-", "born in "])
def test_a_very_long_cell_takes_no_time(unit: str) -> None:
    started = time.perf_counter()
    mask(unit * (32_000 // len(unit)))
    assert time.perf_counter() - started < 3.0
