"""Instruments: what is held, and that nothing is held that must not be."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from msspas_analysis import instruments, scoring
from msspas_analysis.instruments import (
    Figure,
    Status,
    available,
    describe,
    for_column,
    get,
    load,
)
from msspas_analysis.tables import DIARY

SHIPPED = resources.files("msspas_analysis").joinpath("instruments.toml").read_text("utf-8")


# ------------------------------------------------------------------------------- what is held


def test_every_instrument_asked_for_is_there():
    assert set(available()) == {
        "nrs_stiffness", "nrs_pain", "nrs_sleep_disruption", "nrs_fatigue", "spasm_count",
        "falls", "mas", "psfs", "snow_sfs", "ps_spast", "pdds", "edss", "vas_pain", "msss88",
        "mfis", "mfis5", "fss", "t25fw", "msis29", "pgic",
    }  # fmt: skip


def test_an_unknown_key_lists_the_keys():
    with pytest.raises(KeyError, match=r"no instrument 'ashworth'.*nrs_stiffness.*pgic"):
        get("ashworth")


def test_instruments_cannot_be_changed():
    with pytest.raises(AttributeError):
        get("mas").low = 1
    with pytest.raises(TypeError):
        get("mas").codings[0].values["1+"] = 1.5
    with pytest.raises(TypeError):
        get("mas").labels["0"] = "none"


def everything_sourced(thing):
    """Yield every record below `thing` that has a status."""
    if isinstance(thing, tuple):
        for entry in thing:
            yield from everything_sourced(entry)
    elif is_dataclass(thing):
        if hasattr(thing, "status"):
            yield thing
        for field in fields(thing):
            yield from everything_sourced(getattr(thing, field.name))


@pytest.mark.parametrize("key", available())
def test_every_figure_and_rule_has_status_and_source(key):
    records = list(everything_sourced(get(key)))
    assert records
    for record in records:
        assert record.status in get_args(Status)
        assert len(record.source) > 5
        if isinstance(record, Figure):
            assert (record.value is None) == (record.status == "not found")


@pytest.mark.parametrize("key", available())
def test_a_dated_source_names_where_to_find_it_or_says_it_was_not_read(key):
    """A published figure can be looked up: a DOI, PubMed, registry or report number, or a title."""
    findable = re.compile(
        r"doi:10\.|PMID \d|PMC\d|NCT\d|report \d|NICE NG|Database|abstract|CMSC|AAN|table|CDE"
        r"|Elements|\.\w{2,3}\b"
    )
    for record in everything_sourced(get(key)):
        if record.status == "published":
            assert findable.search(record.source), record


def test_stiffness_thresholds_carry_their_labels_and_status():
    nrs = get("nrs_stiffness")
    icc, rule = nrs.figure("test_retest_icc"), nrs.figure("continuation")
    important, least = (
        nrs.figure("clinically_important"),
        nrs.figure("minimal_clinically_important"),
    )
    assert (icc.value, icc.status, icc.source) == (
        0.83, "published", "Farrar 2008, doi:10.1016/j.clinthera.2008.05.011",
    )  # fmt: skip
    assert (rule.value, rule.status) == (0.20, "published")
    assert "Continuation rule" in rule.what
    assert "NG144" in rule.source
    assert "important" not in rule.what
    assert (important.value, important.status) == (0.30, "memory-high")
    assert "Clinically important difference" in important.what
    assert (least.value, least.status) == (0.18, "memory-high")


def test_an_unknown_figure_lists_the_figures():
    with pytest.raises(KeyError, match=r"no figure 'mcid'.*continuation.*clinically_important"):
        get("nrs_stiffness").figure("mcid")


@pytest.mark.parametrize("key", available())
def test_description_shows_every_figure_with_its_tag_and_the_licence(key):
    text = " ".join(describe(key).split())
    for figure in get(key).figures:
        assert f"{figure.tag} {figure.source}" in text
    assert get(key).licence_note in text
    tagged = [r for r in everything_sourced(get(key)) if r.status.startswith("memory")]
    assert text.count("[memory, ") >= len(tagged)
    assert max(len(line) for line in describe(key).splitlines()) <= 100


def test_description_shows_the_tag_of_a_memory_figure():
    text = " ".join(describe("nrs_stiffness").split())
    assert (
        "30 % of the baseline rating [memory, high confidence: not checked in the source]" in text
    )
    assert "20 % of the baseline rating [published] NICE NG144" in text


@pytest.mark.parametrize("column", ["stiffness", "pain", "sleep_disruption", "fatigue", "falls"])
def test_diary_columns_and_instruments_agree_on_the_range(column):
    instrument = for_column(column)
    assert instrument.low == DIARY[column].low
    assert instrument.high in (None, DIARY[column].high)


def test_a_diary_column_without_an_instrument_is_an_error():
    with pytest.raises(KeyError, match="missed_medication"):
        for_column("missed_medication")


# ------------------------------------------------------------------------------- no wording


ITEM_LIKE = [
    r"\b(I|me|my|I'm|I've|myself)\b",  # items of these forms speak in the first person
    r"\b(you|your|yours)\b",
    r"\?",
    r"\b[Hh]ow (much|often|many|bothered|limited) (time |of )?(do|did|have|has|are|were|is|was)\b",
    r"\b(not at all|a little bit|quite a bit|extremely|almost always)\b",
    r"\bbothered\b",
    r"\b(because of|due to) (my|your|the) (spasticity|fatigue|MS)\b",
    r"\b(slight|marked|considerable) increase in\b",
    r"\bpassive movement\b",
    r"\brange of motion\b",
]
QUOTED = re.compile(r"[\"“”‘«]([^\"“”‘’«»\n]*)[\"“”’»]")


def strings(thing):
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from strings(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from strings(value)


def long_quotes(text):
    return [quote for quote in QUOTED.findall(text) if len(quote.split()) > 8]


@pytest.mark.parametrize("pattern", ITEM_LIKE)
def test_no_item_wording_is_held(pattern):
    held = [text for text in strings(tomllib.loads(SHIPPED)) if re.search(pattern, text)]
    assert held == []


def test_no_long_quotation_is_held():
    assert [quote for text in strings(tomllib.loads(SHIPPED)) for quote in long_quotes(text)] == []


def test_the_guard_against_wording_sees_wording():
    invented = "In the past week, how much have you been bothered by cold feet in the evening?"
    assert sum(bool(re.search(pattern, invented)) for pattern in ITEM_LIKE) >= 3
    assert long_quotes(f"The form asks “{invented}” first.")


@pytest.mark.parametrize("module", [instruments, scoring])
def test_the_modules_hold_no_wording_either(module):
    source = Path(module.__file__).read_text("utf-8")
    assert [p for p in ITEM_LIKE[3:] if re.search(p, source)] == []


# ------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("key", "yes", "no"),
    [
        ("nrs_stiffness", [0, 7, 10, 3.0, np.int64(4)], [-1, 11, 3.5, "7", None, True, np.nan]),
        ("edss", [0, 1, 1.5, 10], [0.5, 0.75, 10.5, -0.5]),
        ("mas", ["0", "1+", "4", 2, 3.0], ["5", "1.5", 1.5, "+1", "", None, True]),
        ("pdds", [0, 8], [9, 2.5]),
        ("ps_spast", [0, 5], [6]),
        ("vas_pain", [0, 37, 100], [101, 12.5]),
        ("falls", [0, 49, 200], [-1, 0.5, np.inf]),
        ("t25fw", [4.35, 180], [0, -1, 180.5, "unable"]),
        ("snow_sfs", [0, 4], [5]),
    ],
)
def test_what_can_be_written_down(key, yes, no):
    assert [value for value in yes if not get(key).allows(value)] == []
    assert [value for value in no if get(key).allows(value)] == []


def test_penn_parts_have_their_own_ranges():
    psfs = get("psfs")
    assert [v for v in range(-1, 6) if psfs.allows(v, score="frequency")] == [0, 1, 2, 3, 4]
    assert [v for v in range(-1, 6) if psfs.allows(v, score="severity")] == [1, 2, 3]


def test_the_range_of_a_version_needs_the_version():
    msis = get("msis29")
    assert msis.allows(5, version="v1")
    assert not msis.allows(5, version="v2")
    with pytest.raises(ValueError, match=r"msis29 needs version= one of \['v1', 'v2'\]"):
        msis.allows(5)
    with pytest.raises(ValueError, match="nrs_pain has no versions"):
        get("nrs_pain").allows(5, version="v1")
    with pytest.raises(ValueError, match="needs version="):
        msis.limits()


def test_direction_of_a_global_impression_must_be_declared():
    pgic = get("pgic")
    assert pgic.direction is None
    assert pgic.direction_of(version="one_is_best") == "higher_worse"
    assert pgic.direction_of(version="seven_is_best") == "higher_better"
    with pytest.raises(ValueError, match="pgic needs version="):
        pgic.direction_of()
    assert get("mas").direction_of() == "higher_worse"


# ------------------------------------------------------------------------------- the loader


SMALL = """
[x]
name = "X"
low = 0
high = 4
step = 1
direction = "higher_worse"
level = "ordinal"
recall = "now"
licence_note = "none"
[x.scoring]
text = "As it is."
status = "assumption"
source = "Convention"
"""
FIGURE = """
[[x.facts]]
name = "icc"
what = "Agreement"
value = 0.5
status = "published"
source = "Somebody 2001, PMID 1"
"""
SUBSCALE = """
[[x.missing_rules]]
name = "complete"
share = 1
official = false
text = "All."
status = "assumption"
source = "Convention"
[[x.subscales]]
name = "total"
label = "Total"
items = [1, 2, 3]
low = 0
high = 12
rule = "sum"
"""


def test_a_small_instrument_loads():
    found = load(SMALL + FIGURE + SUBSCALE)
    assert found["x"].figure("icc").value == 0.5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('status = "published"\n', "", "Figure 'icc': absent: status"),
        ('source = "Somebody 2001, PMID 1"\n', "", "Figure 'icc': absent: source"),
        ('source = "Somebody 2001, PMID 1"', 'source = " "', "'icc': no source"),
        ('status = "published"', 'status = "sure"', "status 'sure' is not one of"),
        ('status = "published"', 'status = "not found"', "has no value exactly when"),
        ("value = 0.5\n", "", "has no value exactly when"),
        ('what = "Agreement"', 'what = "Agreement"\nwhy = "x"', "unknown: why"),
        ("high = 12", "high = 13", "does not follow from 3 items by sum"),
        ("items = [1, 2, 3]", "items = [1, 2, 2]", "items repeated"),
        ("share = 1\n", "share = 1.5\n", "outside \\(0, 1\\]"),
        ('direction = "higher_worse"\n', "", "no direction, and no versions"),
        ('level = "ordinal"', 'level = "interval"', "level 'interval' is not one of"),
        ('rule = "sum"', 'rule = "median"', "subscale total 'median' is not one of"),
        (
            'rule = "sum"',
            'rule = "sum"\n[[x.codings]]\nname = "c"\nvalues = { "1+" = 2 }\n'
            'text = "T"\nstatus = "assumption"\nsource = "Convention"',
            r"coding c '1\+' is not one",
        ),
        (
            'rule = "sum"',
            'rule = "sum"\n[[x.bands]]\nname = "upper"\nlow = 2\n'
            'status = "assumption"\nsource = "Convention"',
            "do not begin at the lowest value",
        ),
        ('recall = "now"\n', "", "x: absent: recall"),
        ('recall = "now"', 'recall = "now"\nnever_pool_with = ["y"]', "does not say so"),
    ],
)
def test_the_loader_refuses(old, new, message):
    text = SMALL + FIGURE + SUBSCALE
    assert text.count(old) == 1
    with pytest.raises(ValueError, match=message):
        load(text.replace(old, new))


def test_the_loader_refuses_two_figures_of_one_name_and_a_rule_without_status():
    with pytest.raises(ValueError, match=r"figure names used twice: \['icc'\]"):
        load(SMALL + FIGURE + FIGURE)
    with pytest.raises(ValueError, match="x: Rule 'scoring': absent: status"):
        load(SMALL.replace('status = "assumption"\n', ""))


def test_the_loader_lists_every_problem():
    both = SMALL.replace('recall = "now"\n', "") + SMALL.replace("x", "y").replace('name = "X"', "")
    with pytest.raises(ValueError, match=r"2 problem\(s\)\n  x: absent: recall\n  y: "):
        load(both)
