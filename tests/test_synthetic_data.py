"""The example data: they can be made again, they mean what they say, and nobody is in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import fields, replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

from msspas_analysis.ingest.read import read_workbook
from msspas_analysis.ingest.template import SHEETS
from msspas_analysis.simulate import datasets
from msspas_analysis.simulate.centre import (
    CENTRE,
    CLEAN_HEADINGS,
    SEED,
    main,
    regenerate,
    write_clean_workbook,
    write_messy_workbook,
)
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.files import SIDECAR as SIDECAR_NAME
from msspas_analysis.tables import AFTER, BEFORE, DIARY, PEOPLE, SCHEMAS, validate

DATA = Path(__file__).parents[1] / "data" / "synthetic"
WORKBOOKS = ("centre_messy.xlsx", "centre_clean.xlsx")
TRUTH = json.loads((DATA / "centre_messy.truth.json").read_text(encoding="utf-8"))
SIDECAR = json.loads((DATA / "centre.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    folder = tmp_path_factory.mktemp("again") / "synthetic"
    written = regenerate(folder)
    assert sorted(p.name for p in written) == sorted(p.name for p in folder.iterdir())
    return folder


@pytest.fixture(scope="module")
def messy():
    return openpyxl.load_workbook(DATA / "centre_messy.xlsx")


@pytest.fixture(scope="module")
def intake():
    return read_workbook(DATA / "centre_messy.xlsx")


def everything(path):
    """Return all a reader of the workbook can see, sheet by sheet."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: {
            "cells": {
                cell.coordinate: (cell.value, cell.number_format, cell.data_type)
                for row in sheet.iter_rows() for cell in row if cell.value is not None
            },
            "merged": sorted(map(str, sheet.merged_cells.ranges)),
            "comments": {
                cell.coordinate: (cell.comment.author, cell.comment.text)
                for row in sheet.iter_rows() for cell in row if cell.comment
            },
            "hidden": [r for r, shape in sheet.row_dimensions.items() if shape.hidden],
            "frozen": sheet.freeze_panes,
        }
        for sheet in book.worksheets
    }  # fmt: skip


# -- small studies ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    assert datasets.main([str(folder)]) == 0
    return folder


@pytest.mark.parametrize("name", [datasets.SURVEY, *datasets.DATASETS])
def test_a_small_study_comes_out_the_same_to_the_byte(studies, name):
    kept = sorted(p.relative_to(DATA / name) for p in (DATA / name).rglob("*") if p.is_file())
    made = sorted(p.relative_to(studies / name) for p in (studies / name).rglob("*.*"))
    assert kept == made
    for file in kept:
        if file.suffix == ".csv":
            assert (DATA / name / file).read_bytes() == (studies / name / file).read_bytes(), file
    old, new = (json.loads((f / name / SIDECAR_NAME).read_text(encoding="utf-8"))
                for f in (DATA, studies))  # fmt: skip
    for part in ("about", "seed", "world", "sha256"):
        assert old[part] == new[part]
    for file, digest in old["sha256"].items():
        assert hashlib.sha256((DATA / name / file).read_bytes()).hexdigest() == digest


def test_every_dataset_has_its_line_in_the_readme():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for name in (datasets.SURVEY, *datasets.DATASETS):
        assert f"| `{name}/` |" in text
    assert datasets.main([]) == 2


# -- made again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["centre_clean_diary.csv", "centre_clean_people.csv"])
def test_the_tables_come_out_the_same_to_the_byte(again, name):
    assert (again / name).read_bytes() == (DATA / name).read_bytes()


@pytest.mark.parametrize("name", WORKBOOKS)
def test_the_workbooks_come_out_the_same_cell_by_cell(again, name):
    old, new = everything(DATA / name), everything(again / name)
    assert list(old) == list(new)
    for sheet in old:
        assert old[sheet] == new[sheet], sheet


def test_the_meaning_comes_out_the_same(again):
    assert json.loads((again / "centre_messy.truth.json").read_text(encoding="utf-8")) == TRUTH


@pytest.mark.parametrize("name", [*WORKBOOKS, "centre_clean_diary.csv", "centre_clean_people.csv"])
def test_the_sidecar_belongs_to_the_files(name):
    assert SIDECAR["sha256"][name] == hashlib.sha256((DATA / name).read_bytes()).hexdigest()


def test_the_sidecar_tells_the_whole_world(again):
    made = json.loads((again / "centre.json").read_text(encoding="utf-8"))
    assert made["scenario"] == SIDECAR["scenario"]
    assert list(SIDECAR["scenario"]) == [f.name for f in fields(CENTRE)]
    assert SIDECAR["seed"] == made["seed"] == SEED
    assert {"msspas-analysis", "numpy", "openpyxl"} == set(SIDECAR["versions"])
    assert SIDECAR["scenario"]["level_sd"] == {"value": 3.05, "status": "calibrated"}
    assert SIDECAR["scenario"]["change"]["value"] == 0.0
    assert set(SIDECAR["sha256"]) == {p.name for p in again.iterdir()} - {"centre.json"}


def test_the_same_call_gives_the_same_file_whenever_it_is_made(again, tmp_path):
    sim = simulate_diary(CENTRE, seed=SEED)
    write_clean_workbook(sim, tmp_path / "clean.xlsx")
    assert (tmp_path / "clean.xlsx").read_bytes() == (again / "centre_clean.xlsx").read_bytes()
    with ZipFile(tmp_path / "clean.xlsx") as archive:
        assert {part.date_time for part in archive.infolist()} == {(2026, 1, 5, 9, 0, 0)}


def test_the_command_writes_the_folder_it_is_given(tmp_path, capsys):
    assert main([]) == 2
    assert "FOLDER" in capsys.readouterr().err
    assert main([str(tmp_path / "here")]) == 0
    assert capsys.readouterr().out.count("wrote") == 6
    assert (tmp_path / "here" / "centre.json").exists()


def test_the_readme_has_a_line_for_every_file():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.]+)/?` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(p.name for p in DATA.iterdir() if p.name != "README.md")
    assert "invented people" in text.casefold()


# -- what the files are -------------------------------------------------------------------------


def test_the_clean_tables_keep_the_rules():
    people = validate(pd.read_csv(DATA / "centre_clean_people.csv"), PEOPLE)
    diary = validate(pd.read_csv(DATA / "centre_clean_diary.csv"), DIARY)
    assert len(people) == CENTRE.n_people == 46
    assert set(diary["person_id"]) <= set(people["person_id"])
    assert set(people["consent"]) == {"yes"}


def test_the_clean_workbook_has_the_headings_of_the_blank_one():
    book = openpyxl.load_workbook(DATA / "centre_clean.xlsx")
    for name, columns in SHEETS.items():
        assert CLEAN_HEADINGS[name] == tuple(c.heading for c in columns)
        assert tuple(c.value for c in book[name][1]) == CLEAN_HEADINGS[name]


def test_the_clean_workbook_is_read_back_as_the_tables_it_was_written_from():
    read = read_workbook(DATA / "centre_clean.xlsx")
    tables = simulate_diary(CENTRE, seed=SEED).tables
    assert read.tally.questions == 0
    # with no spasms, how bad they are is not asked, and the cell says so
    not_asked = tables.assessments["status"].eq("not applicable").sum()
    assert read.tally.set_aside == not_asked
    for name in ("people", "diary", "sessions", "adverse_events", "survey"):
        schema = SCHEMAS[name]
        # the sheet People of the blank workbook has no column for the start of the diary
        columns = [c for c in schema.names if c != "diary_start"]
        old, new = (
            frame[columns].sort_values(list(schema.key), ignore_index=True)
            for frame in (tables[name], read.tables[name])
        )
        pd.testing.assert_frame_equal(old, new, check_dtype=False, obj=name)
    ticks = ["person_id", "date", "trigger"]
    old, new = (
        frame.loc[frame["present"] == "yes", ticks].sort_values(ticks, ignore_index=True)
        for frame in (tables.triggers, read.tables.triggers)
    )
    pd.testing.assert_frame_equal(old, new, check_dtype=False)


def test_a_centre_can_compare_before_and_after_in_at_least_one_therapy():
    diary = pd.DataFrame(TRUTH["diary"], columns=TRUTH["diary_columns"]).dropna(subset="readable")
    people = pd.DataFrame.from_dict(TRUTH["people"], orient="index")
    agreed = people[people["consent"].str.lower().str.startswith("y")]
    diary = diary[diary["person_id"].isin(agreed.index)]
    first = pd.to_datetime(diary["person_id"].map(agreed["first_session"]))
    day = (pd.to_datetime(diary["date"]) - first).dt.days
    rated = {
        w.name: diary[day.between(w.first_day, w.last_day)].groupby("person_id").size()
        for w in (BEFORE, AFTER)
    }
    both = [
        code for code in agreed.index
        if all(rated[w.name].get(code, 0) >= w.min_days for w in (BEFORE, AFTER))
    ]  # fmt: skip
    groups = agreed.loc[both, "therapies"].map(" + ".join).value_counts()
    assert groups.max() >= 10
    assert len(groups) >= 4
    assert any("+" in therapy for therapy in groups.index)


# -- the mess and its meaning -------------------------------------------------------------------

KINDS = {
    "fraction_text": 18, "excel_date_from_fraction": 11, "approx": 32, "range": 12, "off_grid": 8,
    "missing": 10, "review_never_fill": 7, "out_of_range": 6, "uncountable": 14,
    "right_censored": 7, "zero_from_text": 9, "error_value": 1, "duplicate_day": 2,
    "backfill_suspect": 1, "impossible_date": 1, "wrong_year": 1, "not_data": 1, "totals_row": 1,
    "hidden_row": 1, "comment": 1, "identifier": 2,
}  # fmt: skip


def test_every_kind_of_oddity_is_there_as_often_as_it_should_be():
    found = pd.Series([o["kind"] for o in TRUTH["oddities"]]).value_counts().to_dict()
    assert found.pop("code_spelling") > 10
    assert found == KINDS


def test_every_oddity_stands_where_it_is_said_to_stand(messy):
    for odd in TRUTH["oddities"]:
        if odd["kind"] in ("hidden_row", "backfill_suspect"):
            continue
        assert str(messy[odd["sheet"]][odd["cell"]].value).startswith(odd["raw"]), odd


def test_the_oddities_of_the_sheet_itself(messy):
    by_kind = {o["kind"]: o for o in TRUTH["oddities"]}
    sheet = messy["Diary Sep-Dec"]
    row = int(by_kind["hidden_row"]["cell"][1:])
    assert [r for r, shape in sheet.row_dimensions.items() if shape.hidden] == [row]
    commented = [c.coordinate for line in sheet.iter_rows() for c in line if c.comment]
    assert commented == [by_kind["comment"]["cell"]]
    week = [c[0].value for c in sheet[by_kind["backfill_suspect"]["cell"]]]
    assert week == [5] * 7
    assert len(sheet.merged_cells.ranges) > 10
    typed = {type(sheet.cell(r, 2).value).__name__ for r in range(4, 400)}
    assert typed == {"datetime", "str"}


def test_the_two_identifiers_belong_to_nobody():
    told = {o["meaning"]: o["raw"] for o in TRUTH["oddities"] if o["kind"] == "identifier"}
    assert set(told) == {"telephone number", "NHS number"}
    assert re.search(r"\b01632 960\d{3}\b", told["telephone number"])  # kept for drama
    digits = [int(d) for d in re.sub(r"\D", "", told["NHS number"])]
    assert digits[:3] == [9, 9, 9]  # never given out
    assert len(digits) == 10
    total = sum(d * w for d, w in zip(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], strict=True))
    assert total % 11 == 0  # so that a reader takes it for one


def test_the_invented_centre_says_so_in_its_first_cell(messy):
    first = messy.worksheets[0]["A1"].value
    assert "invented people" in first
    assert "Westmere" in first


def test_what_is_used_of_the_messy_workbook_is_what_was_meant(intake):
    meant = pd.DataFrame(TRUTH["diary"], columns=TRUTH["diary_columns"])
    people = TRUTH["people"]
    agreed = {code for code, p in people.items() if p["consent"].lower().startswith("y")}
    assert set(intake.tables.people["person_id"]) == agreed
    assert len(people) - len(agreed) == 4
    meant = meant[meant["person_id"].isin(agreed)].assign(date=pd.to_datetime(meant["date"]))
    key = ["person_id", "date"]
    read = intake.tables.diary[[*key, "stiffness"]]
    both = meant.merge(read, on=key, how="outer", indicator=True)
    assert (both["_merge"] != "right_only").all()  # no day was made up
    pd.testing.assert_series_equal(
        both["stiffness"], both["readable"], check_names=False, check_dtype=False
    )
    typed = intake.tables.people.set_index("person_id")["therapy"]
    assert typed.to_dict() == {c: " + ".join(people[c]["therapies"]) for c in agreed}
    assert (intake.ledger["decision"] == "masked").sum() == 2


def test_the_ratings_meant_are_those_of_the_simulated_people():
    meant = pd.DataFrame(TRUTH["diary"], columns=TRUTH["diary_columns"])
    clean = pd.read_csv(DATA / "centre_clean_diary.csv")
    both = meant.merge(clean, on=["person_id", "date"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    assert (both["rated"] == both["stiffness"]).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_another_cohort_and_another_mess_can_be_written(tmp_path, seed):
    world = replace(CENTRE, n_people=30, dropout_weekly=0.1)
    truth = write_messy_workbook(simulate_diary(world, seed=seed), tmp_path / "m.xlsx", seed=seed)
    assert len(truth["people"]) == 30
    assert {o["kind"] for o in truth["oddities"]} == set(KINDS) | {"code_spelling"}


def test_a_cohort_that_does_not_fit_is_refused(tmp_path):
    few = simulate_diary(replace(CENTRE, n_people=10), seed=1)
    with pytest.raises(ValueError, match="30 people or more, got 10"):
        write_messy_workbook(few, tmp_path / "m.xlsx", seed=1)
    other = simulate_diary(replace(CENTRE, therapies=(("juggling", 1),)), seed=1)
    with pytest.raises(ValueError, match="juggling"):
        write_messy_workbook(other, tmp_path / "m.xlsx", seed=1)
    spring = simulate_diary(replace(CENTRE, start=dt.date(2026, 3, 2)), seed=1)
    with pytest.raises(ValueError, match="start"):
        write_messy_workbook(spring, tmp_path / "m.xlsx", seed=1)
    assert not (tmp_path / "m.xlsx").exists()
