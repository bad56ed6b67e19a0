"""The page that says which function answers which question names every one, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import msspas_analysis as ms
from msspas_analysis import _HOMES
from msspas_analysis.cli.evidence import VERBS
from msspas_analysis.evidence.library import load

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


EVIDENCE = (Path(__file__).parents[1] / "docs" / "evidence.md").read_text(encoding="utf-8")


def test_the_page_on_evidence_names_every_verb_and_status_and_no_other():
    assert set(re.findall(r"`msspas evidence (\w+)", EVIDENCE)) == set(VERBS)
    told = set(re.findall(r"`\[([\w-]+)\]`", EVIDENCE))
    assert told == set(load().figures()["status"])
    assert f"{len(load())} entries" in EVIDENCE
    for path in re.findall(r"`((?:src/msspas_analysis/)?evidence/[\w./]+|tests/\w+\.py)", EVIDENCE):
        root = Path(__file__).parents[1]
        assert (root / path).exists() or (root / "src" / "msspas_analysis" / path).exists(), path


def test_links_of_the_pages_lead_somewhere():
    root = Path(__file__).parents[1]
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text):
            assert (page.parent / link).exists(), (page.name, link)
