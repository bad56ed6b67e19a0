"""Notebooks are thin, whole and reproducible; nbval compares their outputs one by one."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def code_cells(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    return [cell for cell in book.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_was_run_in_order(path):
    # a cell that was not run passes nbval in silence
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert not [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_number_is_computed_in_a_notebook(path):
    for cell in code_cells(path):
        source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        tree = ast.parse(source)
        banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.ListComp, ast.Lambda)
        assert not [node for node in ast.walk(tree) if isinstance(node, banned)], cell.source
        calls = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert not calls & {"groupby", "mean", "std", "median", "quantile", "apply", "pivot"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_reads_like_one(path):
    book = nbformat.read(path, as_version=4)
    text = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
    assert sum(source.startswith("# ") for source in text) == 1
    assert "**Question.**" in text[0]
    assert "html" not in {k for c in code_cells(path) for o in c.outputs for k in o.get("data", {})}
    assert "/work" not in path.read_text(encoding="utf-8")


def test_the_service_evaluation_runs_with_the_readers_own_file(tmp_path):
    own = ROOT / "data" / "synthetic" / "centre_clean.xlsx"
    out, page = tmp_path / "mine.ipynb", tmp_path / "report.html"
    command = [
        sys.executable, "-m", "papermill", str(ROOT / "notebooks" / "02_service_evaluation.ipynb"),
        str(out), "-p", "workbook", str(own), "-p", "report", str(page), "--no-progress-bar",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert page.exists()
    printed = [o.text for c in code_cells(out) for o in c.outputs if o.get("name") == "stdout"]
    assert any("0 set aside" in text or "cells in" in text for text in printed)
