"""The whole job from the command line, with the network cut, on good and on awkward files."""

import json
import re
import socket
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from msspas_analysis.cli import main

MESSY = Path(__file__).parents[1] / "data" / "synthetic" / "centre_messy.xlsx"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse every connection: nothing a centre types in may leave its computer."""

    def refuse(*args, **kwargs):
        raise AssertionError("the program tried to use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def diary(path, people, days, rating, *, first="2026-03-02", start="2026-02-16"):
    """Write a plain workbook: `rating(person, day)` for each of `people` on each day."""
    book = openpyxl.Workbook()
    clients = book.active
    clients.title = "Clients"
    clients.append(["Client", "Therapy", "First session", "Consent"])
    sheet = book.create_sheet("Diary")
    sheet.append(["Client", "Date", "Stiffness (0-10)"])
    for p in range(people):
        clients.append([f"ZQ{p:03d}", "TENS", first, "yes"])
        for d, day in enumerate(pd.date_range(start, periods=days)):
            sheet.append([f"ZQ{p:03d}", day.to_pydatetime(), rating(p, d)])
    book.save(path)
    return path


def test_workbook_to_page_without_the_network(tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["report", str(MESSY), "--out", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert "url(http" not in html
    assert "MS team" in html
    truth = json.loads(MESSY.with_name("centre_messy.truth.json").read_text(encoding="utf-8"))
    codes = set(truth["people"])
    assert len(codes) > 30
    results = (tmp_path / "results.csv").read_text(encoding="utf-8-sig")
    shown = html + results + capsys.readouterr().out
    assert not [code for code in codes if code in shown], "no person stands in anything shown"


def test_every_kind_of_thin_data_still_gives_an_honest_page(tmp_path):
    cases = {
        "one person": diary(tmp_path / "a.xlsx", 1, 60, lambda p, d: d % 5),
        "all ratings equal": diary(tmp_path / "b.xlsx", 14, 60, lambda p, d: 5),
        "no after": diary(tmp_path / "c.xlsx", 14, 20, lambda p, d: (p + d) % 9),
        "no before": diary(tmp_path / "d.xlsx", 14, 60, lambda p, d: (p + d) % 9, first="2026-02-01"),
        "everyone at ten": diary(tmp_path / "e.xlsx", 14, 60, lambda p, d: 10),
        "everyone at zero": diary(tmp_path / "f.xlsx", 14, 60, lambda p, d: 0),
    }  # fmt: skip
    for name, path in cases.items():
        page = tmp_path / f"{path.stem}.html"
        assert main(["report", str(path), "--out", str(page)]) == 0, name
        text = page.read_text(encoding="utf-8")
        assert "nan" not in re.sub(r"<[^>]+>|data:[^\"']+", " ", text).casefold().split(), name
        assert "ZQ0" not in text, name


@pytest.mark.parametrize(
    ("name", "data"),
    [("empty.xlsx", b""), ("a.pdf.xlsx", b"%PDF-1.4"), ("nodate.csv", b"Client,Stiffness\nA1,5\n")],
)
def test_nothing_is_written_where_nothing_can_be_read(name, data, tmp_path, capsys):
    (tmp_path / name).write_bytes(data)
    for command in ("check", "report"):
        assert main([command, str(tmp_path / name)]) == 2
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert said.err.strip().endswith(".")
    assert [f.name for f in tmp_path.iterdir()] == [name]


def test_a_file_named_after_a_person_is_not_named_by_the_program(tmp_path, capsys):
    path = diary(tmp_path / "Jane Smith diary.xlsx", 3, 30, lambda p, d: d % 9)
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr()
    assert "Jane" not in said.out + said.err
    made = [f for f in tmp_path.rglob("*") if f != path]
    assert made
    assert not [f for f in made if "Jane" in f.name or "Smith" in f.name]
