"""The page that says which function answers which question names every one, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import msspas_analysis as ms
from msspas_analysis import _HOMES

PAGE = (Path(__file__).parents[1] / "docs" / "which_analysis.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([A-Za-z_]\w+)`", PAGE)) - {"person_id"}
# they answer no question of their own
ELSEWHERE = {"rated_days", "respondent_shares"}


def test_every_name_on_the_page_is_there():
    missing = {name for name in NAMED - {"Estimates"} if not hasattr(ms, name)}
    assert not missing


@pytest.mark.parametrize(
    "name", sorted(n for n, home in _HOMES.items() if home.startswith("estimate"))
)
def test_every_estimator_is_on_the_page(name):
    if name[0].islower() and name not in ELSEWHERE:
        assert name in NAMED, f"{name} answers a question; say which in docs/which_analysis.md"
