"""What the tests compare with other programs, kept for docs/verification.md.

A test marked ``oracle(estimators, source)`` holds answers of this package against those of another
program. Every number it compares with ``pytest.approx`` or ``np.testing.assert_allclose`` is counted, with how far apart the two were.

    python -m pytest --write-verification        # writes docs/verification.md
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "verification.md"
HEAD = """# Agreement with other programs

Every estimator is held against answers of another program on real data, and the tests that do it run
with every change. The other program and its version stand in the files of answers, beside the script
that wrote them, in `tests/reference`. Written by

    python -m pytest --write-verification

| estimator | held against | numbers | largest relative difference |
|---|---|--:|--:|
"""
FOOT = """
Numbers below 1e-12 in one of the two are compared by their absolute difference and not counted in the
last column. Where a difference is larger than rounding the test says why: an iterative fit that stops
earlier in the other program, an interval it finds by searching, or draws of its own. Rows marked "beside the project" need
data that may not be kept in this repository; they are skipped where those are absent.
"""


OTHER_HEAD = """
No other program answers these alike, or they are made of one that stands above:

| estimator | held against |
|---|---|"""
OTHERWISE = {
    "adjust_estimates": "`adjust`, on the p-values of a table",
    "anchor_correlation": "`correlation`, three times",
    "autocorrelation": "`raw_autocorrelation`, corrected; and diaries drawn with a known one",
    "explaining_odds_ratio": "simulated registries whose odds ratio is known",
    "floor_share": "counts in plain pandas",
    "missing_streaks": "counts in plain pandas, and diaries drawn with known streaks",
    "participant_flow": "counts in plain pandas",
    "tipping_point": "arithmetic by hand; and a diary from which it is taken away",
    "response_bounds": "the two registries that are the bounds",
    "response_sensitivity": "simulated registries whose odds ratio is known",
    "severity_shares": "`proportion_interval`, level by level",
    "several_therapies": "`linear_regression`, and simulated centres with known differences",
    "variogram": "its definition in plain pandas, and diaries drawn with a known one",
    "week_profile": "worked out by hand; its interval is the t interval of `paired_change`",
}
"""Estimators that no other program answers alike, and what they are held against instead."""


class Kept:
    """How many numbers of one kind were compared, and how far apart the worst were."""

    def __init__(self) -> None:
        self.count = 0
        self.worst = 0.0


NOUGHT = 1e-12
FOUND: dict[tuple[str, str], Kept] = {}
_now: list[Kept] = []
_Scalar: Any = type(pytest.approx(1.0))
_plain = _Scalar.__eq__
_arrays = np.testing.assert_allclose


def _counting(self: Any, actual: Any) -> bool:
    same = _plain(self, actual)
    if _now:
        try:
            got, want = float(actual), float(self.expected)
        except (TypeError, ValueError):
            return same
        _keep(got, want)
    return same


def _keep(got: float, want: float) -> None:
    for kept in _now:
        kept.count += 1
        if min(abs(want), abs(got)) > NOUGHT and isfinite(want) and isfinite(got):
            kept.worst = max(kept.worst, abs(got - want) / abs(want))


def _counting_arrays(actual: Any, desired: Any, *args: Any, **more: Any) -> None:
    _arrays(actual, desired, *args, **more)
    if _now:
        pairs = np.broadcast_arrays(np.asarray(actual, float), np.asarray(desired, float))
        for got, want in zip(*(x.ravel().tolist() for x in pairs), strict=True):
            _keep(got, want)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-verification", action="store_true", help="write docs/verification.md")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "oracle(estimators, source): compares with another program's answers"
    )
    _Scalar.__eq__ = _counting
    np.testing.assert_allclose = _counting_arrays


def pytest_unconfigure() -> None:
    _Scalar.__eq__ = _plain
    np.testing.assert_allclose = _arrays


def rows_of(item: pytest.Item) -> list[tuple[str, str]]:
    """Return the rows of the page that a test belongs to."""
    return [
        (name, str(mark.args[1]))
        for mark in item.iter_markers("oracle") for name in str(mark.args[0]).split()
    ]  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _now[:] = [FOUND.setdefault(row, Kept()) for row in rows_of(item)]
    try:
        return (yield)
    finally:
        _now.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--write-verification"):
        return
    lines = [
        f"| `{name}` | {source} | {kept.count:,} | {_said(kept.worst)} |"
        for (name, source), kept in sorted(FOUND.items()) if kept.count
    ]  # fmt: skip
    others = [f"| `{name}` | {what} |" for name, what in OTHERWISE.items()]
    table = "\n".join([OTHER_HEAD, *others])
    day = dt.date.today().isoformat()
    PAGE.write_text(
        f"{HEAD}{chr(10).join(lines)}\n{FOOT}{table}\n\nLast written: {day}.\n", encoding="utf-8"
    )


def _said(worst: float) -> str:
    return "none" if worst == 0 else f"{worst:.0e}"
