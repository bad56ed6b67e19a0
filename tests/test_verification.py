"""docs/verification.md lists every comparison with another program, and none that is not made."""

from __future__ import annotations

import inspect
import re

import pytest

import msspas_analysis as ms
from conftest import FOUND, OTHERWISE, PAGE, rows_of
from msspas_analysis import _HOMES

ROW = re.compile(r"^\| `([\w.]+)` \| (.+?) \| ([\d,]+) \| (none|[\d.e+-]+) \|$", re.M)


def told() -> dict[tuple[str, str], tuple[int, float]]:
    return {
        (name, source): (int(count.replace(",", "")), 0.0 if worst == "none" else float(worst))
        for name, source, count, worst in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }


def test_the_page_has_a_row_for_every_marked_test(request):
    marked = {row for item in request.session.items for row in rows_of(item)}
    missing = marked - set(told())
    assert not missing, "run: python -m pytest --write-verification"
    if {item.path.name for item in request.session.items} >= {"test_change.py", "test_trials.py"}:
        assert set(told()) <= marked, "rows of tests that are no more"


def test_every_estimator_is_on_the_page():
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.M))
    with_answers = {
        name for name, home in _HOMES.items()
        if home.startswith("estimate") and name[0].islower()
        and inspect.signature(getattr(ms, name)).return_annotation == "Estimates"
    }  # fmt: skip
    assert len(with_answers) > 50
    assert not with_answers - named, "give it an oracle, or say in conftest what stands for one"
    assert not set(OTHERWISE) & {name for name, _ in told()}, "it has an oracle now: take it off"


def test_no_difference_is_larger_than_the_page_says():
    # this test comes late in the alphabet: what ran before it is compared
    page = told()
    for row, kept in FOUND.items():
        if kept.count and row in page:
            count, worst = page[row]
            assert kept.worst <= max(10 * worst, 1e-11), row
            assert kept.count <= count


def test_the_head_says_how_the_page_is_made():
    text = PAGE.read_text(encoding="utf-8")
    assert "python -m pytest --write-verification" in text
    assert re.search(r"Last written: \d{4}-\d\d-\d\d\.", text)
    assert len(told()) > 5


def test_comparisons_are_counted(request):
    marked = [item for item in request.session.items if rows_of(item)]
    if not marked:
        pytest.skip("no test with answers of another program was asked for")
    assert all(len(row) == 2 and row[1] for item in marked for row in rows_of(item))
