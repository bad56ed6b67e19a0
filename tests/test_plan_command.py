"""``msspas plan``: designs beside each other, what a centre is offered, what is never offered."""

from __future__ import annotations

import pandas as pd

import msspas_analysis as ms
from msspas_analysis.cli import main

FEW = ["--replicates", "128"]


def test_a_centre_gets_plans_in_which_nobody_is_allocated(capsys, tmp_path):
    out = tmp_path / "plan.csv"
    assert main(["plan", "--therapy", "reflexology", "--out", str(out), *FEW]) == 0
    said = capsys.readouterr().out
    assert "\nbefore and after: " in said
    assert "\nlonger baseline: " in said
    assert "\nparallel: not offered. This is research: it needs a sponsor and ethics review" in said
    kept = pd.read_csv(out)
    assert set(kept["group"]) == {"before and after", "longer baseline"}
    want = ms.compare_designs(ms.PlanSheet(therapy="reflexology"), replicates=128)
    row = want.one(group="before and after", measure="bias_null")
    assert f"shows where nothing works   {row.estimate:+.2f}" in said
    # an analysis that finds what is not there has no power to speak of
    assert "finds the effect            -" in said


def test_research_gets_all_and_the_rule_of_entry_is_used(capsys):
    sheet = ["--therapy", "massage", "--setting", "research", "--entry", "none", "--people", "24"]
    assert main(["plan", *sheet, *FEW]) == 0
    said = capsys.readouterr().out
    assert all(
        f"\n{key}: " in said for key in ("parallel", "crossover", "stepped", "N-of-1 series")
    )
    assert "This is research" in said
    assert "people for 80 %" in said
    assert main(["plan", *sheet[:4], *FEW, "--people", "24"]) == 0
    assert capsys.readouterr().out != said


def test_nothing_that_is_dangerous_to_stop_is_randomised(capsys):
    assert main(["plan", "--therapy", "Baclofen pump", "--setting", "research", *FEW]) == 0
    said = capsys.readouterr().out
    assert "\nparallel: a" not in said.lower()
    assert "baclofen" in said.casefold()
    assert "dangerous" in said


def test_what_cannot_be_is_refused_in_words(capsys):
    assert main(["plan", "--therapy", "yoga", "--people", "3"]) == 2
    assert "Nothing was planned: people must be 6 to 2000, got 3." in capsys.readouterr().err
    assert main(["plan", "--therapy", "yoga", "--weeks", "2"]) == 2
    assert "No plan can be offered." in capsys.readouterr().err
