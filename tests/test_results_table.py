"""Answers as files: what is read, what is kept at full precision, and what the notes say."""

from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest

from msspas_analysis.report.results_table import SUFFIXES, results_table, write_results
from msspas_analysis.results import Estimates

BASE = {"outcome": "stiffness", "group": "all", "n": 1234, "n_missing": 5, "method": "m"}


def answers() -> Estimates:
    return Estimates.from_rows(
        [
            BASE | {"term": "foot - sham", "measure": "mean_difference", "estimate": -1 / 3,
                    "conf_low": -2 / 3, "conf_high": 0.0, "conf_level": 0.95, "p_value": 0.0004},
            BASE | {"term": "responders", "measure": "proportion", "estimate": 0.256,
                    "conf_low": 0.2, "conf_high": 0.3, "conf_level": 0.95},
            BASE | {"outcome": "walking", "term": "=1+1", "measure": "nnt", "estimate": 7.0,
                    "conf_low": 4.0, "conf_high": np.inf, "conf_level": 0.95},
            BASE | {"outcome": "walking", "term": "x | y", "measure": "count", "estimate": 12.0,
                    "p_value": 0.5},
        ],
        notes=["Everybody was invented.", "=2+2 is a note"],
    )  # fmt: skip


def shown(table) -> dict[str, list[str]]:
    return {
        "".join(c.text for c in row.head): ["".join(c.text for c in words) for words in row.cells]
        for _, rows in table.groups for row in rows
    }  # fmt: skip


def test_a_table_rounds_once_and_never_shows_a_p_value_alone():
    table = results_table(answers(), words={"stiffness": "Stiffness, 0 to 10"})
    assert [name for name, _ in table.groups] == ["Stiffness, 0 to 10", "walking"]
    rows = shown(table)
    assert rows["foot - sham, mean difference"] == [
        "−0.33", "−0.67 to 0.00", "<0.001", "1,234", "5"]  # fmt: skip
    assert rows["responders, share"][:2] == ["25.6 %", "20.0 % to 30.0 %"]
    assert rows["=1+1, number needed to treat"][1] == "4.00 to ∞"
    assert rows["x | y, people"][:3] == ["12", "", ""]  # no interval, so no p
    assert "".join(c.text for c in table.note) == "Intervals: 95 %."
    four = shown(results_table(answers(), decimals=4))
    assert four["foot - sham, mean difference"][0] == "−0.3333"


def test_several_levels_are_told_line_by_line():
    rows = answers().table
    rows.loc[0, "conf_level"] = 0.9
    table = results_table(Estimates(rows))
    assert shown(table)["foot - sham, mean difference"][1] == "−0.67 to 0.00 (90 %)"
    assert table.note == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_holds_every_answer(suffix, tmp_path):
    path = write_results(answers(), tmp_path / "new" / f"answers{suffix}", title="Trial")
    again = write_results(answers(), tmp_path / f"again{suffix}", title="Trial")
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["As read", "Full precision", "Notes"]
        full = pd.read_excel(path, sheet_name="Full precision", engine="openpyxl")
        assert full["estimate"].iloc[0] == -1 / 3
        assert full["conf_high"].iloc[2] == np.inf
        assert [c.value for c in book["Notes"]["A"]] == [
            "Everybody was invented.",
            "=2+2 is a note",
        ]
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells)
        assert "−0.67 to 0.00" in [cell.value for cell in cells]
        assert book["As read"]["A1"].value == "Trial"
    elif suffix == ".docx":
        docx = pytest.importorskip("docx")
        document = docx.Document(path)
        words = [cell.text for row in document.tables[0].rows for cell in row.cells]
        assert {"−0.67 to 0.00", "25.6 %", "stiffness", "walking"} <= set(words)
        said = [p.text for p in document.paragraphs]
        assert "Trial" in said
        assert "Everybody was invented." in said
        assert path.read_bytes() == again.read_bytes()
    elif suffix == ".csv":
        assert pd.read_csv(path)["estimate"].iloc[0] == -1 / 3
    else:
        text = path.read_text(encoding="utf-8")
        assert (
            "| foot - sham, mean difference | −0.33 | −0.67 to 0.00 | <0.001 | 1,234 | 5 |" in text
        )
        assert "x \\| y" in text
        assert "- Everybody was invented." in text
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: write_results(answers(), p / "a.pdf"), "ends in one of .docx, .xlsx, .csv, .md"),
        (lambda p: write_results(answers(), p), "ends in one of"),
        (
            lambda p: write_results(answers(), p / "a.md", decimals=9),
            "decimals must be 0 to 8, got 9",
        ),
        (lambda p: write_results(Estimates.from_rows([]), p / "a.md"), "no answer to lay out"),
    ],
)
def test_what_cannot_be_written_is_refused(make, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        make(tmp_path)
    assert list(tmp_path.iterdir()) == []
