"""``msspas estimate``: what Python answers the command answers, from a file, in words when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import msspas_analysis as ms
from msspas_analysis.cli import main
from msspas_analysis.cli.estimate import offered

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture
def trial(tmp_path):
    rng = np.random.default_rng(1)
    arm = np.where(np.arange(24) % 2, "foot", "sham")
    before = rng.normal(5, 1, 24).round(1)
    frame = pd.DataFrame({
        "person_id": [f"P{i}" for i in range(24)], "arm": arm, "dose": np.arange(24) % 3,
        "before": before, "after": (before - (arm == "foot") + rng.normal(0, 1, 24)).round(1),
        "better": np.where(rng.random(24) < 0.5, "yes", "no"), "grade": rng.integers(0, 4, 24),
        "weight": rng.integers(1, 4, 24), "centre": np.arange(24) // 4,
    })  # fmt: skip
    path = tmp_path / "trial.csv"
    frame.to_csv(path, index=False)
    return path


def printed(capsys, *words) -> str:
    assert main(["estimate", *map(str, words)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "options", "answer"),
    [
        ("adjusted_difference",
         "--outcome after --arm arm --control sham --covariates before --std-errors HC3",
         lambda f: ms.adjusted_difference(f, "after", arm="arm", control="sham",
                                          covariates=["before"], std_errors="HC3")),
        ("adjusted_difference",  # the control is a number in the table
         "--outcome after --arm dose --control 0 --primary 2 --conf-level 0.9",
         lambda f: ms.adjusted_difference(f, "after", arm="dose", control=0, primary=2,
                                          conf_level=0.9)),
        ("paired_change", "--outcome stiffness", lambda f: ms.paired_change(f, outcome="stiffness")),
        ("responder_curve",
         "--outcome s --arm arm --control sham --scale percent --cuts 20,30",
         lambda f: ms.responder_curve(f, outcome="s", arm="arm", control="sham", scale="percent",
                                      cuts=[20, 30])),
        ("compare_proportions", "--what better --arm arm --control sham",
         lambda f: ms.compare_proportions(f, "better", arm="arm", control="sham")),
        ("prevalence", "--what grade --positive 2,3 --by arm",
         lambda f: ms.prevalence(f, "grade", positive=[2, 3], by="arm")),
        ("severity_shares", "--what grade --levels 0,1,2,3",
         lambda f: ms.severity_shares(f, "grade", levels=[0, 1, 2, 3])),
        ("weighted_prevalence", "--what better --weights weight --clusters centre",
         lambda f: ms.weighted_prevalence(
             f, "better", design=ms.SurveyDesign(weights="weight", clusters="centre"))),
        ("standardised_prevalence", "--what better --by dose --standard 0=1,1=2,2=3",
         lambda f: ms.standardised_prevalence(f, "better", by="dose", standard={0: 1, 1: 2, 2: 3})),
        ("correlation", "--x-and-y before,after --method spearman",
         lambda f: ms.correlation(f, ("before", "after"), method="spearman")),
        ("mean_difference", "--outcome after --arm arm --control sham --no-unequal-variances",
         lambda f: ms.mean_difference(f, "after", arm="arm", control="sham",
                                      unequal_variances=False)),
    ],
)  # fmt: skip
def test_the_command_answers_what_python_answers(trial, capsys, name, options, answer):
    want = answer(pd.read_csv(trial))
    assert printed(capsys, name, trial, *options.split()).rstrip() == str(want)
    out = trial.with_name("results.csv")
    words = [name, trial, *options.split(), "--out", out]
    assert f"Written: {out}" in printed(capsys, *words)
    kept = pd.read_csv(out)
    np.testing.assert_allclose(kept["estimate"], want.table["estimate"], rtol=1e-12)


def test_an_excel_sheet_and_a_word_file(trial, capsys):
    book = trial.with_name("trial.xlsx")
    frame = pd.read_csv(trial)
    with pd.ExcelWriter(book) as writer:
        frame.head(0).to_excel(writer, sheet_name="notes", index=False)
        frame.to_excel(writer, sheet_name="scores", index=False)
    ask = ["--outcome", "after", "--arm", "arm", "--control", "sham"]
    got = printed(capsys, "rank_difference", book, "--sheet", "scores", *ask)
    assert got.rstrip() == str(ms.rank_difference(frame, "after", arm="arm", control="sham"))
    out = trial.with_name("results.docx")
    printed(capsys, "rank_difference", book, "--sheet", "scores", *ask, "--out", out)
    assert out.read_bytes()[:2] == b"PK"


def test_real_data_from_a_file(tmp_path, capsys):
    # weight of girls under cognitive treatment, in the layout the estimator asks
    data = (
        pd.read_csv(REFERENCE / "anorexia.csv")
        .query("Treat == 'CBT'")
        .reset_index(names="person_id")
    )
    path = tmp_path / "weights.csv"
    data.rename(columns={"Prewt": "before", "Postwt": "after"}).to_csv(path, index=False)
    got = printed(capsys, "paired_change", path, "--outcome", "weight")
    assert "3.007" in got  # t.test of R: mean of the differences 3.006897
    assert "0.227" in got  # and the lower end of its interval, 0.2268902


def test_every_estimator_on_offer_explains_itself(capsys):
    names = offered()
    assert len(names) > 35
    assert {"adjusted_difference", "paired_change", "prevalence", "kappa"} <= set(names)
    assert all(getattr(ms, name) is function for name, function in names.items())
    for name in names:
        text = printed(capsys, name)
        assert "Parameters" in text
        assert f"usage: msspas estimate {name}" in text
        assert ">>>" not in text
    listed = printed(capsys)
    assert all(f"  {name} " in listed for name in names)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["adjusted_diference"], "Did you mean adjusted_difference"),
        (["paired_change", "none.csv", "--outcome", "x"], "There is no file none.csv"),
        (["paired_change", "{trial}"], ""),
        (["mean_difference", "{trial}", "--outcome", "nothing", "--arm", "arm", "--control", "sham"],
         "The table has no column 'nothing'"),
        (["mean_difference", "{trial}", "--outcome", "after", "--arm", "arm", "--control", "drug"],
         "Control 'drug' is not in column 'arm'"),
        (["standardised_prevalence", "{trial}", "--what", "better", "--by", "dose", "--standard",
          "0,1"], "is not written as stratum=size"),
        (["paired_change", "{trial}", "--sheet", "a", "--outcome", "x"], "no sheet 'a' among its 1"),
        (["paired_change", "{word}", "--outcome", "x"], "PDF"),
        (["paired_change", "{trial}", "--outcome", "x", "--out", "{trial}.pdf"], ".docx"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said_in_words(trial, capsys, words, says):
    word = trial.with_name("letter.pdf")
    word.write_bytes(b"%PDF-1.7 and so on")
    told = [w.format(trial=trial, word=word) for w in words]
    assert main(["estimate", *told]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err


def test_semicolons_and_old_encodings_are_read(trial, capsys):
    frame = pd.read_csv(trial).assign(arm=lambda f: f["arm"].replace("foot", "Fuß"))
    old = trial.with_name("old.csv")
    old.write_bytes(frame.to_csv(index=False, sep=";").encode("cp1252"))
    got = printed(
        capsys, "mean_difference", old, *["--outcome", "after", "--arm", "arm", "--control", "sham"]
    )
    assert got.rstrip() == str(ms.mean_difference(frame, "after", arm="arm", control="sham"))


@pytest.mark.parametrize("content", [b"", b"this is no workbook", b"PK\x03\x04 nor this"])
def test_a_file_that_is_no_table_is_refused(trial, capsys, content):
    broken = trial.with_name("broken.xlsx")
    broken.write_bytes(content)
    assert main(["estimate", "paired_change", str(broken), "--outcome", "x"]) == 2
    assert len(capsys.readouterr().err) > 20
