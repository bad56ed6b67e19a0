"""``msspas certify``: diaries and trials, another program's answers, and what is refused in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import msspas_analysis as ms
from msspas_analysis.cli import main

CENTRE = Path(__file__).parents[1] / "data" / "synthetic" / "centre_messy.xlsx"


def printed(capsys, *words) -> str:
    assert main(["certify", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_a_messy_workbook_gets_three_certificates(capsys, tmp_path):
    out = tmp_path / "certificate.csv"
    got = printed(
        capsys, CENTRE, "--entry", "first rating >= 4", "--replicates", "256", "--out", out
    )
    for name in ("paired t", "signed ranks", "beyond expectation"):
        assert f"\n{name}: " in got
    assert "A computer model, no real people." in got
    assert "like the centre's own diary" in got
    kept = pd.read_csv(out)
    assert set(kept["term"]) == {"paired t", "signed ranks", "beyond expectation"}
    drawn = ms.diary_replicates(
        ms.read_workbook(CENTRE).tables, effect=-1.0, entry="first rating >= 4", replicates=256
    )
    want = ms.certify_analysis("paired t", drawn).results.table["estimate"]
    np.testing.assert_allclose(kept.loc[kept["term"] == "paired t", "estimate"], want, rtol=1e-12)


def test_a_trial_of_any_size(capsys):
    got = printed(
        capsys, "--design", "T2", "--people", "120", "--effect=-1.5", "--replicates", "512"
    )
    assert "\nANCOVA: GREEN" in got
    assert "treated arm alone: RED" in got
    assert "The claimed effect is -1.5 points" in got


def test_a_pilot_of_ten(capsys):
    got = printed(capsys, "--design", "T1", "--replicates", "512")
    assert "\npaired t: RED" in got
    assert "beyond expectation" not in got


def test_another_program_answers_what_was_exported(capsys, tmp_path):
    same = ["--design", "T2", "--replicates", "128", "--seed", "3"]
    told = printed(capsys, *same, "--export", tmp_path / "r.csv")
    assert "Nobody in this file exists." in told
    table = pd.read_csv(tmp_path / "r.csv")
    rows = table.groupby(["world", "replicate"], as_index=False).size()
    rows.assign(estimate=-0.5, conf_low=-2.0, conf_high=1.0, p_value=0.3).to_csv(
        tmp_path / "lmer.csv", index=False
    )
    got = printed(capsys, *same, "--answers", tmp_path / "lmer.csv")
    assert "\nlmer: AMBER" in got
    assert "would be missed in 100 %" in got


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Give a workbook of diaries, or --design"),
        ([CENTRE, "--design", "T2"], "not both"),
        (["--design", "T99"], "There is no design 'T99'"),
        (["--design", "T4"], "Nothing was certified: T4 has 2 periods"),
        (["--design", "T2", "--effect", "0"], "effect must be -10 to 10 and not 0"),
        (["--design", "T2", "--replicates", "5"], "replicates must be 100"),
        ([CENTRE, "--entry", "they were sad"], "is not understood"),
        ([CENTRE, "--before=-3:2", "--after=1:9"], "run into"),
        (["no.xlsx"], "There is no file no.xlsx"),
        (["--design", "T2", "--export", "a.csv", "--answers", "b.csv"], "First --export"),
    ],
)
def test_what_cannot_be_certified_is_said_in_words(capsys, words, says):
    assert main(["certify", *map(str, words)]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes that break this way")
def test_a_reader_that_has_enough_is_no_error():
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'msspas_analysis', "
        "'estimate'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True); "
        "p.stdout.readline(); p.stdout.close(); print(p.stderr.read()); p.wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert "Traceback" not in done.stdout


def test_a_run_that_is_kept_is_taken_from_there(capsys, tmp_path):
    same = ["--design", "T2", "--replicates", "128", "--workers", "2", "--cache", tmp_path / "kept"]
    first = printed(capsys, *same)
    kept = [*(tmp_path / "kept").rglob("*.npz")]
    assert kept
    for path in kept:  # a second run that drew again would not mind other numbers here
        with np.load(path) as file:
            held = {name: file[name] for name in file.files}
        held["claimed effect/after"] = held["claimed effect/after"] + 1.0
        np.savez(path, **held)
    assert printed(capsys, *same) != first


def test_a_cache_that_is_a_file_is_refused(capsys, tmp_path):
    (tmp_path / "kept").touch()
    assert main(["certify", "--design", "T2", "--cache", str(tmp_path / "kept")]) == 2
    assert "give a folder for the finished blocks" in capsys.readouterr().err
