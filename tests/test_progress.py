"""The bar: how many, of how many, of what, and how long it will still take."""

from __future__ import annotations

import io
import sys

from msspas_analysis.progress import progress_bar


def test_a_bar_says_what_how_many_and_how_long(monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with progress_bar() as progress:
        progress(0, 40, "sheets")
        progress(40, 40, "sheets")
        progress(64, 1280, "studies")
        progress(128, 1280, "studies")
    seen = told.getvalue()
    assert "sheets" in seen
    assert "40/40" in seen
    assert "128/1280" in seen
    assert " left" in seen
    assert seen.rindex("studies") > seen.rindex("sheets")
    assert not seen.rstrip(" ").endswith("left")  # it goes when the work is done


def test_another_kind_of_work_starts_from_nothing(monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with progress_bar() as progress:
        progress(7, 10, "sheets")
        progress(3, 10, "studies")
    assert "studies" in told.getvalue()
    assert "3/10" in told.getvalue()
    assert "-" not in told.getvalue().replace("\x1b", "")
