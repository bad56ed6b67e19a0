"""``msspas simulate``: every design as files, the truth apart from what its team would hold."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msspas_analysis import cli
from msspas_analysis.simulate.files import SIDECAR
from msspas_analysis.simulate.realism import provenance
from msspas_analysis.simulate.study import simulate_study
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import simulate_trials
from msspas_analysis.simulate.world import EPISODES, World
from msspas_analysis.tables import SCHEMAS, validate

DOCS = Path(__file__).parents[1] / "docs" / "worlds.md"


@pytest.mark.parametrize("code", ["T0", *DESIGNS])
def test_each_design_is_written_with_how_it_was_made(code, tmp_path, capsys):
    out = tmp_path / "study"
    assert cli.main(["simulate", code.lower(), "--seed", "3", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Nobody in these files exists." in said
    told = json.loads((out / SIDECAR).read_text(encoding="utf-8"))
    assert told["seed"] == 3
    assert told["world"]["n_people"]["status"] == "design"
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert there == {*told["sha256"], SIDECAR}
    for name, digest in told["sha256"].items():
        assert name in said
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    for name in SCHEMAS:
        if (path := out / f"{name}.csv").exists():
            frame = pd.read_csv(path, dtype={"code": object, "person_id": object})
            assert len(validate(frame, SCHEMAS[name])) > 0
    assert any(name.startswith("truth/") for name in there)


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert cli.main(["simulate", "T5b", "--seed", seed, "--out", str(tmp_path / name)]) == 0
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.csv"))
    assert len(files) > 8
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert (tmp_path / "a/diary.csv").read_bytes() != (tmp_path / "c/diary.csv").read_bytes()


def test_without_a_design_they_are_listed(capsys):
    assert cli.main(["simulate"]) == 0
    said = capsys.readouterr().out
    for code, design in DESIGNS.items():
        assert f"  {code} " in said
        assert design.title in said
    assert "  T0 " in said


def test_the_world_and_the_size_can_be_changed(tmp_path):
    words = ["--set", "placebo_mean=-2", "--set", "symptom_mean=1,2,3", "--set",
             "uncountable_above=none", "--set", "missing_mechanism=MCAR", "--people", "300"]  # fmt: skip
    assert cli.main(["simulate", "T3-stepped", *words, "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / SIDECAR).read_text(encoding="utf-8"))["world"]
    assert told["placebo_mean"] == {"value": -2, "status": "set by the user", "source": ""}
    assert told["symptom_mean"]["value"] == [1, 2, 3]
    assert told["uncountable_above"]["value"] is None
    assert told["missing_mechanism"]["value"] == "MCAR"
    assert told["n_people"]["value"] == len(pd.read_csv(tmp_path / "people.csv")) == 300


def test_many_runs_are_one_table_for_another_program(tmp_path, monkeypatch):
    monkeypatch.setattr("msspas_analysis.cli.simulate.RUNS_AT_ONCE", 512)
    assert cli.main(["simulate", "T2", "--runs", "600", "--seed", "9", "--out", str(tmp_path)]) == 0
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs["run"].nunique() == 600
    assert len(runs) == 600 * 73 * 3
    drawn = simulate_trials(DESIGNS["T2"], seed=9, replicates=600)
    np.testing.assert_array_equal(runs["stiffness"], drawn.scores["stiffness"].ravel())
    one = simulate_study(DESIGNS["T2"], seed=9).tables.assessments
    one = one.query("instrument == 'nrs_stiffness'")["value"]
    first = runs.query("run == 0")["stiffness"]
    np.testing.assert_array_equal(np.sort(first), np.sort(one))
    assert (tmp_path / SIDECAR).exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["T9"], "There is no design 'T9'"),
        (["T5c"], "Did you mean T5?"),
        (["T2", "--set", "placebo=1"], "Did you mean placebo_"),
        (["T2", "--set", "level_mean"], "is not FIELD=VALUE"),
        (["T2", "--set", "level_mean=much"], "level_mean must be -20 to 30, got 'much'"),
        (["T2", "--set", "day_autocorrelation=1"], "day_autocorrelation must be 0 to 0.99"),
        (["T2", "--people", "1"], "2 or more, one for each arm"),
        (["T2", "--seed", "-1"], "--seed must be 0 or more"),
        (["T2", "--runs", "0"], "--runs must be 1 or more"),
        (["T0", "--runs", "5"], "--runs is for studies"),
        (["T2", "--set", "bounded=false"], "bounded must be True"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(words, says, tmp_path, capsys):
    out = tmp_path / "none"
    assert cli.main(["simulate", *words, "--out", str(out)]) == 2
    assert says in capsys.readouterr().err
    assert not out.exists()


def test_the_page_on_worlds_shows_every_number_as_it_is():
    text = DOCS.read_text(encoding="utf-8")
    for row in provenance(World()).to_dict("records"):
        line = next(x for x in text.splitlines() if x.startswith(f"| `{row['field']}` |"))
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[2:] == [row["status"], row["source"]]
        value = row["value"]
        if row["field"] != "episodes":
            values = value if isinstance(value, tuple) else (value,)
            shown = [f"{v:g}" if isinstance(v, float | int) and not isinstance(v, bool) else str(v)
                     for v in values]  # fmt: skip
            assert cells[1] == ", ".join(shown), row["field"]
    for one in EPISODES:
        spasm = one.points if one.spasm_points is None else one.spasm_points
        assert (f"| {one.trigger} | {one.per_year:g} | {one.days[0]}-{one.days[1]} | "
                f"{one.points:g} | {spasm:g} |") in text  # fmt: skip
    for code, design in DESIGNS.items():
        assert f"| {code} | {design.title} | {design.n_people} | {design.days_in_all} |" in text


def test_a_sidecar_tells_every_field_of_the_design(tmp_path):
    assert cli.main(["simulate", "T4", "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / SIDECAR).read_text(encoding="utf-8"))["design"]
    assert list(told) == [one.name for one in fields(DESIGNS["T4"])]
    assert told["treatments"][0]["carry_over"] == 3.0
