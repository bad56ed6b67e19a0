"""The command msspas: what it prints, writes and refuses."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from msspas_analysis import cli
from msspas_analysis.ingest import UnreadableFileError
from msspas_analysis.ingest.intake import LEDGER_COLUMNS, Intake, Tally
from msspas_analysis.tables import AFTER, BEFORE, Tables, Window

ROOT = Path(__file__).parents[1]


def an_intake(*, asks: int = 2, left_out: dict[str, int] | None = None) -> Intake:
    return Intake(
        tables=Tables(),
        ledger=pd.DataFrame(columns=list(LEDGER_COLUMNS)),
        tally=Tally(
            cells=4521, used=4300, set_aside=221, people=18, questions=7 * asks, asks=asks,
            left_out={"no": 2, "blank": 1} if left_out is None else left_out, hidden_rows=3,
        ),
        asks=pd.DataFrame(
            [
                {"question": f"What is {n}?", "cells": 7, "example": f"Diary!B{n}",
                 "answer": f'[words."Stiffness"]  "{n}" = 5'}
                for n in range(asks)
            ],
            columns=["question", "cells", "example", "answer"],
        ),
        notes=(),
        consent_recorded=True,
        sha256="0" * 64,
    )  # fmt: skip


class Centre:
    """Stands in for reading and writing; keeps what the command passed on."""

    def __init__(self) -> None:
        self.intake = an_intake()
        self.calls: dict[str, object] = {}
        self.fail: BaseException | None = None

    def read_workbook(self, path, *, rules=None, progress=None):
        self.calls.update(path=path, rules=rules, progress=progress)
        if isinstance(self.fail, UnreadableFileError):
            raise self.fail
        return self.intake

    def write_intake(self, intake, source_path, out_dir):
        assert intake is self.intake
        (out_dir / "tables").mkdir()
        made = [out_dir / "ledger.csv", out_dir / "tables" / "diary.csv"]
        for path in made:
            path.write_text("new", encoding="utf-8")
            if self.fail:
                raise self.fail
        return made

    def service_evaluation(self, intake, *, before, after, title, entry, profile, progress):
        self.calls.update(before=before, after=after, title=title, entry=entry, profile=profile)
        return self

    def write(self, path):
        path.write_text("<!doctype html>", encoding="utf-8")
        numbers = path.with_suffix(".csv")
        numbers.write_text("outcome", encoding="utf-8")
        return path, numbers


@pytest.fixture
def centre(monkeypatch):
    centre = Centre()
    monkeypatch.setattr("msspas_analysis.ingest.read_workbook", centre.read_workbook)
    monkeypatch.setattr("msspas_analysis.ingest.write_intake", centre.write_intake)
    monkeypatch.setattr("msspas_analysis.report.service_evaluation", centre.service_evaluation)
    return centre


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "Diaries spring 2026.xlsx"
    path.write_bytes(b"a workbook")
    return path


def test_check_says_who_was_found_what_was_used_and_what_waits(centre, workbook, capsys):
    assert cli.main(["check", str(workbook)]) == 0
    said = capsys.readouterr().out
    assert "21 people found, 18 used." in said
    assert "1 left empty, 2 no" in said
    assert "4,521 cells in = 4,300 used + 221 set aside" in said
    assert "3 rows were hidden in the file" in said
    assert "14 cells wait for an answer to 2 questions" in said
    assert "   2. What is 1? (7 cells, such as Diary!B1)" in said
    assert 'In the rules file: [words."Stiffness"]  "1" = 5' in said
    assert "Mend it in the workbook." not in said
    assert "The rules file is msspas-rules.toml beside the workbook" in said
    assert "more in ledger.csv" not in said


def test_check_writes_beside_the_file(centre, workbook, capsys):
    assert cli.main(["check", str(workbook)]) == 0
    folder = workbook.parent / "Diaries spring 2026 checked - client data, do not send"
    made = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert made == ["ledger.csv", "tables/diary.csv"]
    assert str(folder) in capsys.readouterr().out


def test_check_out_and_rules_are_obeyed(centre, workbook, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text("", encoding="utf-8")
    out = tmp_path / "a" / "b"
    assert cli.main(["check", str(workbook), "--out", str(out), "--rules", str(rules)]) == 0
    assert (out / "ledger.csv").read_text(encoding="utf-8") == "new"
    assert centre.calls["rules"] == rules


def test_only_fifteen_questions_are_printed(centre, workbook, capsys):
    centre.intake = an_intake(asks=19)
    cli.main(["check", str(workbook)])
    said = capsys.readouterr().out
    assert "What is 14?" in said
    assert "What is 15?" not in said
    assert "and 4 more in ledger.csv" in said


def test_a_question_that_no_rule_can_answer_is_sent_back_to_the_workbook(centre, workbook, capsys):
    centre.intake.asks.loc[0, ["question", "answer"]] = ["there is no such day", ""]
    cli.main(["check", str(workbook)])
    said = capsys.readouterr().out
    assert "   1. There is no such day (7 cells, such as Diary!B0)\n      Mend it" in said


def test_nothing_waits_and_nobody_is_left_out(centre, workbook, capsys):
    centre.intake = replace(an_intake(asks=0, left_out={}), consent_recorded=False)
    cli.main(["check", str(workbook)])
    said = capsys.readouterr().out
    assert "18 people found, 18 used. The file does not say who agreed" in said
    assert "Left out" not in said
    assert "No question waits" in said


def test_a_file_named_after_a_person_is_not_named_again(centre, tmp_path, capsys):
    path = tmp_path / "Jane Smith diary.xlsx"
    path.write_bytes(b"a workbook")
    assert cli.main(["check", str(path)]) == 0
    said = capsys.readouterr()
    assert "Jane" not in said.out + said.err
    assert cli.HIDDEN_NAME in said.out
    assert (tmp_path / "workbook checked - client data, do not send" / "ledger.csv").exists()


def test_report_writes_page_and_check_and_says_where(centre, workbook, capsys):
    assert cli.main(["report", str(workbook)]) == 0
    folder = workbook.parent / "Diaries spring 2026 checked - client data, do not send"
    page = workbook.parent / "Diaries spring 2026 report" / "report.html"
    assert page.exists()
    assert page.with_name("report.csv").exists()
    assert (folder / "ledger.csv").exists()
    said = capsys.readouterr().out
    assert str(page) in said
    assert page.as_uri() in said
    assert centre.calls["before"] == BEFORE
    assert centre.calls["after"] == AFTER
    assert centre.calls["title"] == "Service evaluation"


def test_report_hands_on_why_people_came_in_and_who_may_read_it(centre, workbook, capsys):
    words = ["report", str(workbook), "--entry", "first rating >= 4", "--profile", "internal"]
    assert cli.main(words) == 0
    assert str(centre.calls["entry"]) == "first rating >= 4"
    assert centre.calls["profile"] == "internal"
    said = capsys.readouterr().out
    assert "Do not pass it on." in said
    # the numbers beside a page always have the same name, so the two never share a folder
    internal = workbook.parent / "Diaries spring 2026 report - internal, do not send"
    assert (internal / "report.html").exists()
    assert not (workbook.parent / "Diaries spring 2026 report").exists()


def test_report_is_public_and_knows_no_entry_rule_unless_told(centre, workbook, capsys):
    assert cli.main(["report", str(workbook)]) == 0
    assert (centre.calls["entry"], centre.calls["profile"]) == (None, "public")
    assert "pass it on" not in capsys.readouterr().out


def test_an_entry_rule_that_is_not_understood_is_refused_before_reading(centre, workbook, capsys):
    assert cli.main(["report", str(workbook), "--entry", "very stiff"]) == 2
    said = capsys.readouterr().err
    assert "very stiff" in said
    assert "first rating >= 4" in said
    assert "Traceback" not in said
    assert centre.calls == {}
    assert [path.name for path in workbook.parent.iterdir()] == [workbook.name]


def test_a_profile_that_does_not_exist_is_refused(centre, workbook, capsys):
    assert cli.main(["report", str(workbook), "--profile", "secret"]) == 2
    assert "internal" in capsys.readouterr().err


def test_docx_stands_beside_the_page(centre, workbook, capsys, monkeypatch):
    def write_word(made, path):
        assert made is centre
        path.write_bytes(b"word")
        return path

    monkeypatch.setattr("msspas_analysis.report.word.write_word", write_word)
    assert cli.main(["report", str(workbook), "--docx"]) == 0
    word = workbook.parent / "Diaries spring 2026 report" / "report.docx"
    assert word.read_bytes() == b"word"
    assert str(word.resolve()) in capsys.readouterr().out


def test_without_python_docx_the_page_is_written_and_a_sentence_said(
    centre, workbook, capsys, monkeypatch
):
    def write_word(made, path):
        raise ImportError("docx")

    monkeypatch.setattr("msspas_analysis.report.word.write_word", write_word)
    assert cli.main(["report", str(workbook), "--docx"]) == 0
    assert 'pip install "msspas-analysis[word]"' in capsys.readouterr().out
    folder = workbook.parent / "Diaries spring 2026 report"
    assert (folder / "report.html").exists()
    assert not (folder / "report.docx").exists()


def test_report_out_puts_the_check_beside_the_page(centre, workbook, tmp_path):
    page = tmp_path / "out" / "spring.html"
    assert cli.main(["report", str(workbook), "--out", str(page), "--title", "Spring"]) == 0
    assert page.exists()
    assert (
        page.parent / "Diaries spring 2026 checked - client data, do not send" / "ledger.csv"
    ).exists()
    assert centre.calls["title"] == "Spring"


def test_report_out_may_be_a_folder(centre, workbook, tmp_path):
    assert cli.main(["report", str(workbook), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("before", [["--before=-14:-1"], ["--before", "-14:-1"]])
def test_windows_are_passed_on(centre, workbook, before):
    words = ["report", str(workbook), *before, "--after", "21:34", "--min-days", "6"]
    assert cli.main(words) == 0
    assert centre.calls["before"] == Window(name="before", first_day=-14, last_day=-1, min_days=6)
    assert centre.calls["after"] == Window(name="after", first_day=21, last_day=34, min_days=6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--after=41:28"], "ends (day 28) before it begins"),
        (["--min-days", "8"], "min_days must be 1 to 7"),
        (["--before=-7:30"], "run into the days after"),
        (["--before=week one"], "such as -7:-1"),
    ],
)
def test_impossible_windows_are_refused_before_reading(centre, workbook, capsys, words, said):
    assert cli.main(["report", str(workbook), *words]) == 2
    assert said in capsys.readouterr().err
    assert centre.calls == {}


def test_open_shows_the_page(centre, workbook, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    cli.main(["report", str(workbook), "--open"])
    page = workbook.parent / "Diaries spring 2026 report" / "report.html"
    assert opened == [page.as_uri()]


def test_a_file_that_cannot_be_read_is_a_sentence(centre, workbook, capsys):
    centre.fail = UnreadableFileError("The workbook has a password. Save it without one.")
    assert cli.main(["check", str(workbook)]) == 2
    said = capsys.readouterr()
    assert said.err == "The workbook has a password. Save it without one.\n"
    assert said.out == ""
    assert [p.name for p in workbook.parent.iterdir()] == [workbook.name]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError("disk full")])
def test_an_interrupted_command_leaves_nothing_half_written(centre, workbook, capsys, stop):
    folder = workbook.parent / "Diaries spring 2026 checked - client data, do not send"
    folder.mkdir()
    (folder / "ledger.csv").write_text("old", encoding="utf-8")
    centre.fail = stop
    if isinstance(stop, KeyboardInterrupt):
        assert cli.main(["check", str(workbook)]) == 130
        assert "Stopped; nothing was half-written" in capsys.readouterr().err
    else:
        with pytest.raises(OSError, match="disk full"):
            cli.main(["check", str(workbook)])
    assert [p.name for p in folder.iterdir()] == ["ledger.csv"]
    assert (folder / "ledger.csv").read_text(encoding="utf-8") == "old"


def test_a_folder_made_in_vain_is_removed(centre, workbook):
    centre.fail = KeyboardInterrupt()
    cli.main(["check", str(workbook)])
    assert [p.name for p in workbook.parent.iterdir()] == [workbook.name]


def test_an_out_that_cannot_be_a_folder_is_refused(centre, workbook, capsys):
    assert cli.main(["check", str(workbook), "--out", str(workbook)]) == 2
    assert "Give another place with --out" in capsys.readouterr().err


def test_a_missing_file_is_answered_with_near_names(workbook, capsys):
    (workbook.parent / "Jane Smith spring 2026.xlsx").write_bytes(b"")
    assert cli.main(["check", str(workbook.parent / "diaries sprng 2026.xlsx")]) == 2
    said = capsys.readouterr().err
    assert "Did you mean Diaries spring 2026.xlsx?" in said
    assert "Jane" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "is a folder; give the workbook"), ("nowhere/a.xlsx", "There is no folder")],
)
def test_folders_are_told_apart_from_files(tmp_path, capsys, given, said):
    assert cli.main(["check", str(tmp_path / given)]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_rules_file_is_refused(centre, workbook, capsys):
    assert cli.main(["check", str(workbook), "--rules", str(workbook.parent / "r.toml")]) == 2
    assert "There is no file r.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "said"),
    [("chekc", "Did you mean check?"), ("Report", "Did you mean report?"), ("xyzzy", "--help")],
)
def test_an_unknown_command_is_answered_with_a_suggestion(capsys, word, said):
    assert cli.main([word, "a.xlsx"]) == 2
    assert said in capsys.readouterr().err


def test_a_file_in_place_of_a_command_is_understood(workbook, capsys):
    assert cli.main([str(workbook)]) == 2
    assert f'msspas check "{workbook}"' in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--help"], ["check", "--help"], ["report", "--help"],
                                   ["template", "--help"], ["demo", "--help"]])  # fmt: skip
def test_every_help_has_an_example(capsys, words):
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "Example:\n  msspas " in said


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "msspas 0.1.0\n"


def test_template_and_paper_are_written_once(tmp_path, capsys):
    book, paper = tmp_path / "new" / "diary.xlsx", tmp_path / "paper.html"
    words = ["template", "--out", str(book), "--paper", str(paper), "--weeks", "2"]
    assert cli.main(words) == 0
    assert book.read_bytes()[:2] == b"PK"
    assert "<html" in paper.read_text(encoding="utf-8").lower()
    book.write_bytes(b"filled in")
    assert cli.main(words) == 2
    assert "would replace" in capsys.readouterr().err
    assert book.read_bytes() == b"filled in"
    assert cli.main([*words, "--force"]) == 0
    assert book.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--weeks", "0"], "weeks"),
        (["--out", "diary.doc"], "must end in .xlsx"),
        (["--out", "a.html", "--paper", "a.html"], "give two different names"),
    ],
)
def test_impossible_templates_are_refused(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["template", *words]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_progress_is_shown_on_a_terminal_and_nowhere_else(centre, workbook, monkeypatch):
    cli.main(["check", str(workbook)])
    assert centre.calls["progress"] is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    shown = []

    def read(path, *, rules=None, progress=None):
        progress(1, 4, "reading Diary")
        progress(4, 4, "adding up")
        shown.append(progress)
        return centre.intake

    monkeypatch.setattr("msspas_analysis.ingest.read_workbook", read)
    assert cli.main(["check", str(workbook)]) == 0
    assert len(shown) == 1


def test_demo_goes_all_the_way_and_leaves_the_workbook_as_it_was(tmp_path, capsys):
    assert cli.main(["demo", "--out", str(tmp_path / "trial")]) == 0
    said = capsys.readouterr().out
    workbook = tmp_path / "trial" / "centre_messy.xlsx"
    checked = tmp_path / "trial" / "centre_messy checked - client data, do not send"
    report = tmp_path / "trial" / "centre_messy report"
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert (checked / "ledger.csv").exists()
    assert (report / "report.html").as_uri() in said
    cells, used, aside = re.search(r"([\d,]+) cells in = ([\d,]+) used \+ ([\d,]+)", said).groups()
    assert len({cells, used, aside}) == 3
    again = workbook.read_bytes()
    assert cli.main(["check", str(workbook), "--out", str(tmp_path / "again")]) == 0
    assert workbook.read_bytes() == again
    assert cells in capsys.readouterr().out
    # the same file gives the same ledger, byte for byte
    ledgers = [(folder / "ledger.csv").read_bytes() for folder in (checked, tmp_path / "again")]
    assert ledgers[0] == ledgers[1]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from msspas_analysis.cli import main; main(['--help']);"
        "heavy = {'numpy', 'pandas', 'scipy', 'matplotlib', 'openpyxl', 'pandera', 'jinja2',"
        " 'tqdm', 'importlib.metadata', 'inspect'};"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"imported for --help: {done.stderr}"


def test_help_answers_at_once():
    spec = importlib.util.spec_from_file_location("start_up", ROOT / "benchmarks" / "start_up.py")
    start_up = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start_up)
    times, alone, whole = start_up.ratio(10)
    # 3 to 4 on an idle machine; importing pandas makes it more than 20
    assert times < 8, f"msspas --help {whole:.3f} s, python -c pass {alone:.3f} s"


def test_python_dash_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "msspas_analysis", "repot"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Did you mean report?" in done.stderr
