"""A workbook in, tables and a ledger out: nothing lost, nothing guessed, nobody named."""

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from msspas_analysis.ingest import UnreadableFileError, read_rules, read_workbook, write_intake
from msspas_analysis.ingest.sheets import MAX_MEGABYTES

SYNTHETIC = Path(__file__).parents[1] / "data" / "synthetic"
DAYS = [dt.date(2026, 2, 16) + dt.timedelta(days=i) for i in range(40)]


def book(path, *sheets):
    """Write a workbook from (name, rows)."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        page = made.create_sheet(name)
        for row in rows:
            page.append(list(row))
    made.save(path)
    return path


def uk(day):
    return day.strftime("%d/%m/%Y")


def ratings(intake, outcome="stiffness"):
    diary = intake.tables.diary.dropna(subset=[outcome])
    return {(row.person_id, row.date.date()): getattr(row, outcome) for row in diary.itertuples()}


def reason(intake, cell, sheet=None):
    ledger = intake.ledger
    hit = ledger[(ledger["cell"] == cell) & ((ledger["sheet"] == sheet) if sheet else True)]
    assert len(hit), f"{cell} is not in the ledger"
    return tuple(hit.iloc[-1][["decision", "reason"]])


# --- the messy example, against the truth it was made from ------------------------------------


@pytest.fixture(scope="module")
def messy():
    return read_workbook(SYNTHETIC / "centre_messy.xlsx")


@pytest.fixture(scope="module")
def truth():
    return json.loads((SYNTHETIC / "centre_messy.truth.json").read_text(encoding="utf-8"))


def test_no_rating_of_the_messy_workbook_is_read_wrongly(messy, truth):
    # written: what stands on the paper; a back-filled day is a wrong answer honestly read
    written = {(p, day): value for p, day, _, value, *_ in truth["diary"]}
    got = {(p, str(day)): v for (p, day), v in ratings(messy).items()}
    wrong = {k: (v, written.get(k)) for k, v in got.items() if abs(v - written.get(k, 99)) > 0.5}
    assert not wrong


def test_clean_ratings_of_the_messy_workbook_are_accepted(messy, truth):
    planted = {(o["sheet"], o["cell"]) for o in truth["oddities"]}
    got = ratings(messy)
    agreed = set(messy.tables.people["person_id"])
    clean = [
        (p, dt.date.fromisoformat(day))
        for p, day, _, value, sheet, cell in truth["diary"]
        if p in agreed and value is not None and (sheet, cell) not in planted
    ]
    accepted = sum(key in got for key in clean)
    assert len(clean) > 1500
    assert accepted >= 0.99 * len(clean)


def test_every_planted_oddity_is_in_the_ledger(messy, truth):
    listed = set(zip(messy.ledger["sheet"], messy.ledger["cell"], strict=True))
    missing = [o for o in truth["oddities"] if (o["sheet"], o["cell"]) not in listed]
    assert len(truth["oddities"]) > 100
    assert not missing


def test_cells_in_are_cells_used_and_set_aside_and_the_latter_are_all_listed(messy):
    tally = messy.tally
    assert tally.cells == tally.used + tally.set_aside
    single = messy.ledger[messy.ledger["cell"].str.fullmatch(r"[A-Z]+\d+")]
    listed = single[single["decision"].isin(["question", "set aside", "masked"])]
    assert len(listed) == tally.set_aside


def test_people_without_consent_are_in_no_table_and_not_repeated(messy, truth):
    refused = {p for p, v in truth["people"].items() if v["consent"].lower() not in ("yes", "y")}
    assert refused
    for name in ("people", "diary", "triggers", "sessions", "assessments", "survey"):
        assert not refused & set(messy.tables[name]["person_id"])
    assert sum(messy.tally.left_out.values()) == len(refused)
    aside = messy.ledger[messy.ledger["reason"].str.startswith("left out")]
    assert set(aside["raw"]) == {"[not copied]"}


def test_the_clean_example_is_read_without_a_question():
    intake = read_workbook(SYNTHETIC / "centre_clean.xlsx")
    want = pd.read_csv(SYNTHETIC / "centre_clean_diary.csv", parse_dates=["date"])
    want = want[want["person_id"].isin(intake.tables.people["person_id"])]
    assert intake.tally.questions == 0
    got = intake.tables.diary
    for name in ("stiffness", "spasm_count", "pain", "sleep_disruption"):
        a = got.dropna(subset=[name]).set_index(["person_id", "date"])[name].sort_index()
        b = want.dropna(subset=[name]).set_index(["person_id", "date"])[name].sort_index()
        pd.testing.assert_series_equal(a, b.astype(float), check_index_type=False)


# --- a law: whatever is in the grid, nothing is lost ------------------------------------------

CELL = st.one_of(
    st.none(), st.integers(-5, 60), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(), st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)).map(
        lambda d: dt.datetime(d.year, d.month, d.day)),
    st.sampled_from(["5?", "same", "lots", "7-8", "5/10", "AB 12", "ab12", "Average", "Client: Z9",
                     "note to self", "Date", "Client", "Stiffness", "w/c", "31/9/26", "02/03/2026",
                     "Jane Smith", "01632 960123", "✓", "x", "Mon", "=SUM(A1:A3)", "#REF!", "DNA"]),
    st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable() and not t.startswith("=")),
)  # fmt: skip
HEADS = st.sampled_from([
    ["Client", "Date", "Stiffness 0-10", "Spasms today", "Triggers"],
    ["Client", "w/c", "Mon", "Tue", "Wed"], ["Date", "Stiffness", "Pain", "Notes", "Falls"],
    ["Ref", "Therapy", "First session", "OK to use?", "Age"], ["ID", "Date", "What", "Came?", "x"],
    ["Client", "Date", "Unwanted effect", "How bad", ""],
])  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(heads=HEADS, rows=st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=12))
def test_whatever_stands_in_the_cells_the_sum_comes_out(tmp_path_factory, heads, rows):
    path = tmp_path_factory.mktemp("any") / "any.xlsx"
    book(path, ("Stiffness", [heads, *rows]))
    try:
        intake = read_workbook(path)
    except UnreadableFileError:  # a sentence; its wording has its own test
        return
    single = intake.ledger[intake.ledger["cell"].str.fullmatch(r"[A-Z]+\d+")]
    listed = single["decision"].isin(["question", "set aside", "masked"]) & ~single["raw"].eq(
        "[comment]"
    )
    assert listed.sum() == intake.tally.set_aside
    stiffness = intake.tables.diary["stiffness"].dropna()
    assert stiffness.between(0, 10).all()
    text = intake.ledger.to_csv()
    assert "Jane Smith" not in text
    assert "960123" not in text


# --- layouts ----------------------------------------------------------------------------------


def test_one_sheet_a_client_named_by_sheet_or_label(tmp_path):
    rows = [[uk(d), 4, 2] for d in DAYS[:10]]
    path = book(
        tmp_path / "b.xlsx",
        ("AB 12", [["Date", "Stiffness", "Number of spasms"], *rows]),
        ("Sheet2", [["Client ref:", "ab13"], [], ["Date", "Stiffness", "No. of spasms"], *rows]),
        ("Mixed", [["Client: AB14"], ["Date", "Stiffness /10"], *[r[:2] for r in rows], [],
                   ["Client: AB15"], ["Date", "Stiffness /10"], *[r[:2] for r in rows]]),
    )  # fmt: skip
    intake = read_workbook(path)
    assert intake.tables.diary.groupby("person_id").size().to_dict() == {
        "AB12": 10, "AB13": 10, "AB14": 10, "AB15": 10,
    }  # fmt: skip


def test_a_column_a_date_and_rows_that_say_what_is_rated(tmp_path):
    days = [dt.datetime.combine(d, dt.time()) for d in DAYS[:12]]
    path = book(
        tmp_path / "b.xlsx",
        ("Spasticity", [["Client", *days], ["P1", *range(11), None], ["P2", *[3] * 12]]),
        ("P3", [["Measure", *days], ["Stiffness 0-10", *[4] * 12], ["Pain 0-10", *[6] * 12]]),
    )
    intake = read_workbook(path)
    assert ratings(intake)["P1", DAYS[10]] == 10
    assert ("P1", DAYS[11]) not in ratings(intake)
    assert ratings(intake, "pain")["P3", DAYS[3]] == 6


def test_two_header_rows_and_two_weeks_side_by_side(tmp_path):
    path = tmp_path / "b.xlsx"
    week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    head = ["Client", "Week commencing", "Stiffness (0-10)", *[None] * 6, "Spasms today"]
    book(path, ("Weeks", [head, [None, None, *week, *week],
                          ["W1", "16/02/2026", *range(7), *range(10, 17)],
                          ["W1", "25/02/2026", *range(7), *range(7)]]))  # fmt: skip
    made = openpyxl.load_workbook(path)
    made["Weeks"].merge_cells("C1:I1")
    made["Weeks"].merge_cells("J1:P1")
    made.save(path)
    intake = read_workbook(path)
    assert ratings(intake) == {("W1", DAYS[i]): i for i in range(7)}
    assert ratings(intake, "spasm_count")["W1", DAYS[6]] == 16
    assert reason(intake, "B4")[0] == "question"  # a Wednesday cannot begin a week from Monday
    assert len(intake.asks) == 1


def test_merged_codes_fill_down_inside_the_merge_only(tmp_path):
    path = tmp_path / "b.xlsx"
    book(path, ("Diary", [["Client", "Date", "Stiffness"], ["A1", uk(DAYS[0]), 1],
                          [None, uk(DAYS[1]), 2], [None, uk(DAYS[2]), 3]]))  # fmt: skip
    made = openpyxl.load_workbook(path)
    made["Diary"].merge_cells("A2:A3")
    made.save(path)
    intake = read_workbook(path)
    assert ratings(intake) == {("A1", DAYS[0]): 1, ("A1", DAYS[1]): 2}
    assert reason(intake, "C4") == ("question", "no client code in this row")
    told = tmp_path / "rules.toml"
    told.write_text('[fill_down]\nsheets = ["Diary"]\n', encoding="utf-8")
    assert len(ratings(read_workbook(path, rules=told))) == 3


def test_days_of_the_week_down_the_page_under_a_week_and_a_client(tmp_path):
    rows = []
    for code in ("A101", "A102"):
        rows.append([f"Client ID: {code}"])
        for week in (0, 7):
            rows += [
                [f"Week {week // 7 + 1}", f"w/c {uk(DAYS[week])}"],
                ["Day", "Stiffness", "Spasms"],
            ]
            rows += [[name, 4, i] for i, name in enumerate(["Mon", "Tues", "Wed", "Thurs", "Fri"])]
            rows.append(["Average", 4, None])
    intake = read_workbook(book(tmp_path / "b.xlsx", ("WK", rows)))
    want = {(c, DAYS[w + i]): i for c in ("A101", "A102") for w in (0, 7) for i in range(5)}
    assert ratings(intake, "spasm_count") == want


def test_one_column_a_person(tmp_path):
    rows = [["Date", "K11", "K12"], *[[uk(d), i % 11, "n/a"] for i, d in enumerate(DAYS[:12])]]
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Stiffness 0-10", rows)))
    assert ratings(intake) == {("K11", d): i % 11 for i, d in enumerate(DAYS[:12])}
    silent = read_workbook(book(tmp_path / "c.xlsx", ("Sheet1", rows)))
    assert not ratings(silent)  # nothing says what is rated
    assert "What does the sheet" in silent.asks["question"].iloc[0]


def test_an_attendance_register_with_a_column_a_date(tmp_path):
    days = [uk(d) for d in DAYS[:4]]
    path = book(
        tmp_path / "b.xlsx", ("Attendance", [["Membership no", *days], [1001, "Y", "N", "canc", "hm"]]),
        ("Diary", [["Membership no", "Date", "Stiffness"], [1001, uk(DAYS[0]), 5]]),
    )  # fmt: skip
    sessions = read_workbook(path).tables.sessions
    assert sessions["attendance"].tolist() == ["attended", "did not attend", "cancelled", "unknown"]


def test_falls_answered_yes_or_no_and_formulas_without_a_result(tmp_path):
    rows = [["Client", "Date", "Stiffness", "Fell?"], ["A1", uk(DAYS[0]), "=3+1", "N"],
            ["A1", uk(DAYS[1]), 5, "Y"]]  # fmt: skip
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert ratings(intake, "falls") == {("A1", DAYS[0]): 0, ("A1", DAYS[1]): 1}
    assert "formula" in reason(intake, "C2")[1]


def test_tables_beside_each_other(tmp_path):
    head = ["Client", "Date", "Stiffness", None] * 2
    path = book(tmp_path / "b.xlsx", ("Feb", [head, *[["X1", uk(d), 4, None, "X2", uk(d), 7, None]
                                                      for d in DAYS[:6]]]))  # fmt: skip
    assert set(ratings(read_workbook(path)).values()) == {4, 7}


def test_totals_notes_hidden_rows_and_titles_are_told_apart_from_data(tmp_path):
    path = tmp_path / "b.xlsx"
    rows = [["Our diaries 2026"], [], ["Client", "Date", "Stiffness"]]
    rows += [["A1", uk(d), 5] for d in DAYS[:3]]
    rows += [["-- handed in late --"], ["A1", uk(DAYS[3]), 6], ["Average", None, "=AVERAGE(C4:C8)"]]
    book(path, ("Diary", rows))
    made = openpyxl.load_workbook(path)
    made["Diary"].row_dimensions[8].hidden = True
    made.save(path)
    intake = read_workbook(path)
    assert ratings(intake)["A1", DAYS[3]] == 6
    assert intake.tally.hidden_rows == 1
    assert "note" in reason(intake, "A7")[1]
    assert "totals" in reason(intake, "C9")[1]
    assert "title" in reason(intake, "A1")[1]


# --- dates ------------------------------------------------------------------------------------


def test_dates_a_spreadsheet_has_swapped_are_turned_back_and_listed(tmp_path):
    rows = [["Client", "Date", "Stiffness 0-10"]]
    for code in ("S1", "S2"):
        for day in DAYS:
            swapped = dt.datetime(day.year, day.day, day.month) if day.day <= 12 else uk(day)
            rows.append([code, swapped, day.day % 11])
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    want = {(c, d): d.day % 11 for c in ("S1", "S2") for d in DAYS}
    assert ratings(intake) == want
    moved = sum(d.day <= 12 and d.day != d.month for d in DAYS)
    assert intake.ledger["reason"].str.contains("swapped").sum() == 2 * moved


def test_one_swapped_date_and_a_wrong_year_are_asked_not_guessed(tmp_path):
    rows = [["Client", "Date", "Stiffness"], *[["A1", uk(d), 5] for d in DAYS[:14]]]
    rows.append(["A1", "03/02/2026", 9])  # 2 March, in March
    rows[5][1] = uk(DAYS[4].replace(year=2062))
    rows += [["A1", uk(d), 5] for d in DAYS[15:]]
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert reason(intake, "B6")[0] == "question"
    assert "2026" in reason(intake, "B6")[1]
    assert len(ratings(intake)) >= len(DAYS) - 2


def test_a_file_from_the_united_states_is_read_month_first(tmp_path):
    lines = ["Client,Date,Stiffness", *[f"N1,{d:%m/%d/%Y},5" for d in DAYS]]
    path = tmp_path / "us.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert {d for _, d in ratings(read_workbook(path))} == set(DAYS)


# --- two rows for a day -----------------------------------------------------------------------


def test_rows_that_disagree_are_both_asked_and_rows_that_agree_are_used_once(tmp_path):
    day = uk(DAYS[0])
    rows = [["Client", "Date", "Stiffness", "Pain"], ["A1", day, 4, 3], ["A1", day, 7, None],
            ["A2", day, 5, 1], ["A2", day, 5, None]]  # fmt: skip
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert ratings(intake) == {("A2", DAYS[0]): 5}
    assert ratings(intake, "pain") == {("A1", DAYS[0]): 3, ("A2", DAYS[0]): 1}
    assert reason(intake, "C2")[0] == reason(intake, "C3")[0] == "question"
    assert reason(intake, "C5")[0] == "set aside"


def test_a_week_all_alike_is_flagged_and_used(tmp_path):
    rows = [["Client", "Date", "Stiffness"], *[["A1", uk(d), 5 if i < 7 else i % 4]
                                               for i, d in enumerate(DAYS[:20])]]  # fmt: skip
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert len(ratings(intake)) == 20
    assert reason(intake, "C2:C8")[0] == "kept"


# --- columns that need a word from the user ---------------------------------------------------


def test_columns_in_doubt_are_asked_once_and_the_rules_file_answers(tmp_path):
    rows = [["ID", "Date", "Stiffness am", "Stiffness pm", "Sleep 0-10", "Missed tablets?"]]
    rows += [["V1", uk(d), 3, 4, 5, "x"] for d in DAYS[:12]]
    path = book(tmp_path / "b.xlsx", ("Diary", rows))
    intake = read_workbook(path)
    assert not ratings(intake)
    assert len(intake.asks) == 4
    assert intake.asks["answer"].str.len().gt(0).all()
    (tmp_path / "msspas-rules.toml").write_text(
        '[columns]\n"Stiffness am" = "ignore"\n"Stiffness pm" = "stiffness"\n'
        '"Sleep 0-10" = "sleep_disruption"\n[words."Missed tablets?"]\nx = "no"\n'
        f'[values]\n"V1 {DAYS[3]} stiffness" = 9\n', encoding="utf-8",
    )  # fmt: skip
    again = read_workbook(path)  # the file beside the workbook is found by itself
    assert again.tally.questions == 0
    assert ratings(again)["V1", DAYS[3]] == 9
    assert ratings(again)["V1", DAYS[0]] == 4
    assert ratings(again, "sleep_disruption")["V1", DAYS[0]] == 5
    assert set(again.tables.diary["missed_medication"]) == {"no"}


def test_a_column_full_of_numbers_above_ten_is_not_taken_for_a_0_10_rating(tmp_path):
    rows = [["ID", "Date", "Stiffness"], *[["V1", uk(d), 7 * i % 100] for i, d in enumerate(DAYS)]]
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert not ratings(intake)
    assert "scale" in intake.asks["question"].iloc[0]


def test_a_rules_file_with_slips_names_each_of_them(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('[colums]\na = "b"\n[columns]\n"Sleep" = "slep_disruption"\n', encoding="utf-8")
    with pytest.raises(UnreadableFileError) as caught:
        read_rules(path)
    assert 'did you mean "columns"' in str(caught.value)
    assert 'did you mean "sleep_disruption"' in str(caught.value)


# --- people -----------------------------------------------------------------------------------


def test_first_session_therapies_and_people_not_on_the_list(tmp_path):
    clients = [["Client", "Therapy", "First session", "Consent"],
               ["A1", "TENS & massage", "02/03/2026", "Y"], ["A2", "Physio", None, "yes"],
               ["A3", "Reflex", "18/01/2025", "Y"]]  # fmt: skip
    sessions = [["Client", "Date", "What", "Came?"], ["A1", "01/03/2026", "TENS", "attended"],
                ["A2", "04/03/2026", "physio", "DNA"], ["A2", "11/03/2026", "physio", "attended"],
                ["A3", "08/03/2026", "Reflexology", "attended"]]  # fmt: skip
    diary = [["Client", "Date", "Stiffness"], ["A1", uk(DAYS[0]), 5], ["A9", uk(DAYS[0]), 5]]
    intake = read_workbook(
        book(tmp_path / "b.xlsx", ("Clients", clients), ("Sessions", sessions), ("Diary", diary))
    )
    people = intake.tables.people.set_index("person_id")
    assert people["therapy"].to_dict() == {
        "A1": "massage + TENS", "A2": "physiotherapy", "A3": "reflexology",
    }  # fmt: skip
    assert people["first_session"].dt.date.to_dict() == {
        "A1": dt.date(2026, 3, 1), "A2": dt.date(2026, 3, 11), "A3": dt.date(2025, 1, 18),
    }  # fmt: skip
    assert "year" in reason(intake, "C4", "Clients")[1]
    assert dict(intake.tally.left_out) == {"not on the list": 1}


def test_ashworth_grades_stay_codes_and_penn_severity_without_spasms_does_not_apply(tmp_path):
    rows = [["Ref", "MAS knee before", "Penn freq before", "Penn severity before"],
            ["A1", "1+", 0, "n/a"], ["A2", 2, 3, 2], ["A3", 7, 2, None]]  # fmt: skip
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Before", rows)))
    scores = intake.tables.assessments.set_index(["person_id", "instrument", "score"])
    assert scores.loc[("A1", "mas", "grade"), "code"] == "1+"
    assert pd.isna(scores.loc[("A1", "mas", "grade"), "value"])
    assert scores.loc[("A1", "psfs", "severity"), "status"] == "not applicable"
    assert scores.loc[("A2", "psfs", "frequency"), "value"] == 3
    assert reason(intake, "B4")[0] == "question"


# --- identifiers ------------------------------------------------------------------------------


@pytest.fixture
def named(tmp_path):
    path = tmp_path / "b.xlsx"
    diary = [["Client", "Date", "Stiffness", "Notes"], *[["H1", uk(d), 5, None] for d in DAYS[:8]]]
    diary += [
        ["H1", uk(DAYS[8]), 6, "rang her on 01632 960123"],
        ["Sarah Connor", uk(DAYS[9]), 4, None],
    ]
    clients = [["Client", "Name", "DOB", "NHS number", "Postcode", "Therapy"],
               ["H1", "Sarah Connor", "3/4/1961", "999 000 0018", "GL5 1AA", "TENS"]]  # fmt: skip
    book(path, ("Jane Smith", diary), ("Clients", clients))
    made = openpyxl.load_workbook(path)
    made["Jane Smith"]["C3"].comment = Comment("Call Jane on 07700 900123", "Sue Brown")
    made.properties.creator = "Margaret Hale"
    made.save(path)
    return path


SECRETS = ["Sarah", "Connor", "960123", "900123", "999 000", "9990000018", "GL5", "1961", "Jane",
           "Smith", "Sue", "Brown", "Margaret", "Hale"]  # fmt: skip


def test_identifiers_never_reach_an_output(named, tmp_path):
    intake = read_workbook(named)
    out = tmp_path / "out"
    files = write_intake(intake, named, out)
    assert len(ratings(intake)) == 9
    everything = " ".join([str(intake.asks.to_dict()), *intake.notes, str(intake.tally)])
    for file in files:
        data = file.read_bytes()
        if file.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                everything += " ".join(
                    archive.read(n).decode("utf-8", "ignore") for n in archive.namelist()
                )
        else:
            everything += data.decode("utf-8-sig")
    assert not [secret for secret in SECRETS if secret in everything]
    assert (intake.ledger["decision"] == "masked").sum() >= 8


def test_a_key_headed_client_is_no_identifier_but_initials_are_questioned(tmp_path):
    rows = [["Client", "Date", "Stiffness"], ["JB", uk(DAYS[0]), 5], ["NF372", uk(DAYS[0]), 5]]
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", rows)))
    assert {p for p, _ in ratings(intake)} == {"JB", "NF372"}
    assert "initials" in reason(intake, "A2")[1]


@pytest.mark.parametrize("first", ["Ref", "Client"])
def test_of_two_key_columns_the_codes_are_the_key_and_the_names_are_hidden(tmp_path, first):
    names = ["Zbigniew Kowal", "Priya", "Mrs Oyelaran", "A. Teo", "Xan Quill"]
    rows = [[f"NF10{i}", name] for i, name in enumerate(names)]
    heads = ["Ref", "Client"]
    if first == "Client":
        heads, rows = heads[::-1], [row[::-1] for row in rows]
    table = [[*heads, "Date", "Stiffness"], *[[*r, uk(DAYS[i]), 5] for i, r in enumerate(rows)]]
    intake = read_workbook(book(tmp_path / "b.xlsx", ("Diary", table)))
    assert sorted(p for p, _ in ratings(intake)) == [f"NF10{i}" for i in range(5)]
    assert not [name for name in names if name in intake.ledger.to_csv()]


# --- what is written --------------------------------------------------------------------------


def test_what_is_written_says_it_is_client_data_and_reads_back(messy, tmp_path):
    files = {f.name for f in write_intake(messy, SYNTHETIC / "centre_messy.xlsx", tmp_path)}
    assert {"diary.csv", "people.csv", "ledger.csv", "annotated.xlsx", "questions.txt"} <= files
    assert any("DO NOT SEND" in name for name in files)
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]
    diary = pd.read_csv(tmp_path / "diary.csv")
    assert len(diary) == len(messy.tables.diary)
    assert diary["stiffness"].sum() == messy.tables.diary["stiffness"].sum()
    ledger = pd.read_csv(tmp_path / "ledger.csv", keep_default_na=False)
    assert list(ledger) == ["sheet", "cell", "raw", "decision", "value", "reason"]
    assert not ledger["raw"].str.match(r"[=@]").any()  # nothing a spreadsheet would run
    marked = openpyxl.load_workbook(tmp_path / "annotated.xlsx")
    asked = messy.ledger[messy.ledger["decision"] == "question"].iloc[:50]
    for line in asked.itertuples():
        assert marked[line.sheet][line.cell].comment is not None


# --- files that cannot be read ----------------------------------------------------------------


def zipped(**parts):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), b"0" * size)
    return data.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BAD = {
    "empty.xlsx": (b"", "empty"),
    "report.xlsx": (b"%PDF-1.7\n", "PDF"),
    "locked.xlsx": (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
    "letter.xls": (OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "Word"),
    "letter.xlsx": (zipped(word__document_xml=10), "Word"),
    "cut.xlsx": (b"PK\x03\x04 and then nothing", "damaged"),
    "page.xls": (b"<html><table><tr>", "web page"),
    "noise.xls": (bytes(range(256)) * 20, "not a workbook"),
    "huge.xlsx": (zipped(xl__workbook_xml=10, xl__sheet1_xml=int(200e6)), str(MAX_MEGABYTES)),
    "blank.csv": (b"\n\n", "nothing in this file"),
    "nodate.csv": (b"Client,Stiffness\nA1,5\n", "no column of dates"),
    "words.csv": (b"hello\nworld\n", "No diary table"),
    "heads.csv": (b"Client,Date,Stiffness\n", "no rows below"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_gives_a_sentence_with_what_to_do(name, tmp_path):
    data, word = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=word) as caught:
        read_workbook(path)
    assert str(caught.value).endswith(".")


def test_text_files_of_other_programs_and_countries(tmp_path):
    lines = ["Client;Date;Stiffness;Spasms", *[f"N1;{d:%d.%m.%Y};5;2" for d in DAYS[:9]],
             f"N1;{DAYS[9]:%d.%m.%Y};3½;2"]  # fmt: skip
    for name, data in (
        ("latin.csv", "\r\n".join(lines).encode("cp1252")),
        ("utf16.csv", "\n".join(lines).replace(";", "\t").encode("utf-16")),
        ("bom.csv", "\n".join(["sep=;", *lines]).encode("utf-8-sig")),
    ):
        (tmp_path / name).write_bytes(data)
        got = ratings(read_workbook(tmp_path / name))
        assert len(got) == 10, name
        assert got["N1", DAYS[9]] == 3.5


def test_a_long_clean_list_is_read_whole(tmp_path):
    people, days = 700, 60
    lines = ["client,date,stiffness 0-10,spasms today"]
    lines += [f"C{p:04d},{DAYS[0] + dt.timedelta(d)},{(p + d) % 11},{d % 7}"
              for p in range(people) for d in range(days)]  # fmt: skip
    path = tmp_path / "long.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    intake = read_workbook(path)
    assert len(intake.tables.diary) == people * days
    assert intake.tally.used == intake.tally.cells == 4 * len(lines)
