"""The folder of a plan: read without a question, sealed, and analysed by its own script."""

import html
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import msspas_analysis as ms
from msspas_analysis.certify.plan.allocation import seal
from msspas_analysis.certify.plan.candidates import RESEARCH, PlanSheet
from msspas_analysis.certify.plan.returned import StudyPlan
from msspas_analysis.cli import main
from msspas_analysis.report.protocol import write_plan

FEW = ["--replicates", "128", "--people", "12"]
ALWAYS = {"protocol.html", "blank_diary.xlsx", "plan.json", "analysis.py", "comparison.csv",
          "README.txt"}  # fmt: skip


def words_of(source):
    """Return what a reader of the page reads, in one line."""
    source = re.sub(r"<style>.*?</style>|<title>.*?</title>", " ", source, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", source)))


@pytest.fixture(scope="module")
def runs():
    """Compare the designs for twelve people once, for a centre and for research."""
    sheets = [
        PlanSheet(therapy="TENS", people=12, setting=where) for where in ("centre", "research")
    ]
    return {one.setting: (one, ms.compare_designs(one, replicates=128, seed=3)) for one in sheets}


@pytest.fixture(scope="module")
def folders(runs, tmp_path_factory):
    """Write every plan that research is offered, and the two of a centre."""
    made = {}
    for setting, (sheet, found) in runs.items():
        for key in dict.fromkeys(found.table["group"]):
            place = tmp_path_factory.mktemp("plan") / "one"
            write_plan(place, found, sheet, key, seed=3)
            made[setting, key] = place
    return made


def test_each_folder_has_all_its_files_and_no_others(folders):
    assert len(folders) == 10
    for (setting, key), place in folders.items():
        there = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}
        alone = key in ("before and after", "longer baseline")
        assert there == ALWAYS | (set() if alone else {"sealed/allocation.csv"}), (setting, key)
        plan = StudyPlan.from_json((place / "plan.json").read_text(encoding="utf-8"))
        assert (plan.key, plan.sheet.setting) == (key, setting)


def test_the_page_needs_nothing_from_elsewhere_and_says_that_it_is_research_first(folders):
    for (_, key), place in folders.items():
        source = (place / "protocol.html").read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"'](?!data:|#)", source)
        body = words_of(source)
        plan = StudyPlan.from_json((place / "plan.json").read_text(encoding="utf-8"))
        first = body[body.index("fixed before the first diary.") + 29 :].strip()
        if plan.allocation:
            assert first.startswith(f"Before anything else {RESEARCH} The question"), key
            assert plan.allocation in body
        else:
            assert first.startswith("The question")
            assert RESEARCH not in body
            assert "There is nobody to compare with." in body
        assert "must never be stopped suddenly" in body
        assert str(plan.estimand) in body
        assert "[assumption]" in body
        assert "nan" not in body.casefold().split()


def test_the_numbers_of_the_page_are_those_of_the_runs(folders, runs):
    _, found = runs["research"]
    body = words_of((folders["research", "parallel"] / "protocol.html").read_text("utf-8"))
    false = found.one(group="parallel", measure="type_i_error")
    told = f"{100 * false.estimate:.1f} % {100 * false.std_error:.1f} %"
    assert f"how often it calls that a change (5 % is due) {told}" in body
    shown = found.one(group="parallel", measure="bias_null")
    assert f"{shown.estimate:+.2f} points".replace("-", "−") in body
    for key in set(found.table["group"]):
        place = folders["research", key]
        said = "not said: its test finds what is not there too often" in words_of(
            (place / "protocol.html").read_text("utf-8")
        )
        assert said == np.isnan(found.one(group=key, measure="power").estimate), key
    powers = found.table.loc[found.table["measure"] == "power", "estimate"]
    assert powers.isna().any()
    assert powers.notna().any()
    kept = pd.read_csv(folders["research", "parallel"] / "comparison.csv")
    assert set(kept["group"]) == set(found.table["group"])


def test_the_list_is_that_of_the_seal_and_its_seed_stands_nowhere_else(folders):
    place = folders["research", "crossover"]
    listed = pd.read_csv(place / "sealed" / "allocation.csv", dtype={"person_id": "str"})
    plan = StudyPlan.from_json((place / "plan.json").read_text(encoding="utf-8"))
    assert seal(listed) == plan.allocation
    assert listed["person_id"].tolist() == [f"P{i:03d}" for i in range(1, 13)]
    (seed,) = {str(x) for x in listed["seed"]}
    for path in place.rglob("*"):
        if path.is_file() and path.suffix != ".xlsx" and path.parent.name != "sealed":
            assert seed not in path.read_text(encoding="utf-8"), path.name
    later = pd.read_csv(folders["research", "enriched withdrawal"] / "sealed" / "allocation.csv")
    assert later["person_id"].isna().all()  # filled in when somebody has passed


def test_the_blank_workbook_is_read_without_a_question(folders):
    for place in folders.values():
        intake = ms.read_workbook(place / "blank_diary.xlsx")
        assert not len(intake.asks)


def test_the_frozen_script_analyses_what_came_back(folders, tmp_path):
    from openpyxl import load_workbook

    place = folders["research", "parallel"]
    plan = StudyPlan.from_json((place / "plan.json").read_text(encoding="utf-8"))
    listed = pd.read_csv(place / "sealed" / "allocation.csv", dtype={"person_id": "str"})
    study = ms.simulate_study(plan.candidate.design, seed=8)
    arms = study.allocation.set_index("person_id")["arm"]
    free = {arm: list(part["person_id"]) for arm, part in listed.groupby("arm")}
    code = {who: free[arm].pop(0) for who, arm in arms.items()}
    diary = study.tables.diary.assign(person_id=study.tables.diary["person_id"].map(code))
    first = study.tables.people.assign(person_id=study.tables.people["person_id"].map(code))
    first = first.set_index("person_id")["first_session"]
    book = load_workbook(place / "blank_diary.xlsx")
    head = {c.value: c.column - 1 for c in book["People"][1]}
    for cells in book["People"].iter_rows(min_row=2):
        if (who := cells[head["Client code"]].value) in first.index:
            cells[head["First session"]].value = first[who].to_pydatetime()
            cells[head["OK to use for evaluation?"]].value = "yes"
    head = {c.value: c.column for c in book["Diary"][1]}
    rated = diary.dropna(subset=["stiffness"]).sort_values(["person_id", "date"])
    for at, row in enumerate(rated.itertuples(), start=2):
        book["Diary"].cell(at, head["Client code"]).value = row.person_id
        book["Diary"].cell(at, head["Date"]).value = row.date.to_pydatetime()
        book["Diary"].cell(at, head["Stiffness 0-10"]).value = int(row.stiffness)
    book.save(tmp_path / "back.xlsx")
    run = subprocess.run([sys.executable, place / "analysis.py", tmp_path / "back.xlsx"],
                         capture_output=True, text=True, encoding="utf-8", check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    want = ms.analyse_folder(tmp_path / "back.xlsx", place)
    answer = pd.read_csv(tmp_path / "answer.csv")
    row = answer[answer["term"] == "answer"].iloc[0]
    assert row["estimate"] == pytest.approx(want.one(term="answer").estimate, rel=1e-12)
    assert RESEARCH in run.stdout
    assert "type_i_error" in run.stdout
    scores = ms.window_scores(
        diary, first.reset_index(), "stiffness",
        before=ms.Window(name="before", first_day=-7, last_day=-1, min_days=4),
        after=ms.Window(name="after", first_day=14, last_day=27, min_days=7),
    )  # fmt: skip
    scores["arm"] = scores["person_id"].map(listed.set_index("person_id")["arm"])
    by_hand = ms.adjusted_difference(
        scores, "after", arm="arm", control="sham", covariates=["before"]
    )
    other = by_hand.table[by_hand.table["measure"] == "mean_difference"].iloc[0]
    assert row["estimate"] == pytest.approx(other["estimate"], rel=1e-9)
    assert row["conf_low"] == pytest.approx(other["conf_low"], rel=1e-9)


def test_the_script_refuses_a_changed_plan_in_words(folders, tmp_path):
    place = folders["centre", "longer baseline"]
    for name in ("plan.json", "analysis.py", "blank_diary.xlsx"):
        (tmp_path / name).write_bytes((place / name).read_bytes())
    body = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    body["sheet"]["effect"] = -0.1
    (tmp_path / "plan.json").write_text(json.dumps(body), encoding="utf-8")
    run = [sys.executable, tmp_path / "analysis.py", tmp_path / "blank_diary.xlsx"]
    told = subprocess.run(run, capture_output=True, text=True, encoding="utf-8", check=False)
    assert told.returncode == 1
    assert "Nothing was analysed: plan.json was changed after it was written" in told.stderr
    assert "Traceback" not in told.stderr
    alone = subprocess.run(run[:2], capture_output=True, text=True, encoding="utf-8", check=False)
    assert "Give the workbook that came back" in alone.stderr


def test_from_the_command_line(capsys, tmp_path):
    out = tmp_path / "our plan"
    ask = ["plan", "--therapy", "massage", "--setting", "research", *FEW, "--choose", "stepped"]
    assert main([*ask, "--out", str(out), "--centre", "The Centre"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "Plans that allocate people or change, delay or withhold care. " + RESEARCH
    )
    assert said.count("Plans that allocate people") == 1
    assert "sealed/allocation.csv" in said.replace("\\", "/")
    assert {p.name for p in out.iterdir()} == ALWAYS | {"sealed"}
    assert main([*ask, "--out", str(out)]) == 2
    assert "is not empty. Name a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (["--choose", "parallel"], "with --out FOLDER"),
        (["--choose", "parallel", "--out", "x"], "parallel is not offered: This is research"),
        (["--choose", "paralel", "--out", "x"], "there is no plan 'paralel'; plans: "),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_anything_is_run(ask, said, capsys, tmp_path,
                                                                   monkeypatch):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("msspas_analysis.certify.plan.comparison.compare_designs", None)
    assert main(["plan", "--therapy", "massage", *ask]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_codes_may_be_the_centres_own_and_must_fit(runs, tmp_path):
    sheet, found = runs["research"]
    codes = [f"MS{i:02d}" for i in range(12)]
    write_plan(tmp_path / "a", found, sheet, "parallel", codes=codes, allocation_seed=4)
    write_plan(tmp_path / "b", found, sheet, "parallel", codes=codes, allocation_seed=4)
    lists = [(tmp_path / one / "sealed" / "allocation.csv").read_text("utf-8") for one in "ab"]
    assert lists[0] == lists[1]
    assert "MS03" in lists[0]
    with pytest.raises(ValueError, match="codes must be 12, one for each person"):
        write_plan(tmp_path / "c", found, sheet, "parallel", codes=codes[:5])
    some = ms.Estimates(found.table[found.table["group"] != "parallel"])
    with pytest.raises(ValueError, match="is not in the comparison"):
        write_plan(tmp_path / "c", some, sheet, "parallel")
    with pytest.raises(FileExistsError, match="is not empty"):
        write_plan(tmp_path / "a", found, sheet, "parallel")
    assert not (tmp_path / "c").exists()
