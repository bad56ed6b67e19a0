"""The evidence library: complete, sourced, in its own words; what lacks a source cannot get in."""

import os
import re
from copy import deepcopy
from importlib import resources

import pytest
import yaml

from msspas_analysis.evidence.claims import claims_bench
from msspas_analysis.evidence.library import (
    CAN_SHOW,
    TOPICS,
    VERDICTS,
    EvidenceError,
    Figure,
    load,
    read_entries,
    read_library,
)
from msspas_analysis.evidence.untreated_responses import published_untreated_responses
from shared_reference import FOLDER

LIBRARY = load()
BEHIND = FOLDER.parent / "evidence" / "evidence.yaml"


@pytest.mark.parametrize("topic", [name for chapter in TOPICS.values() for name in chapter])
def test_everything_the_booklet_names_has_an_entry(topic):
    about = LIBRARY.about(topic)
    assert about
    assert any(one.booklet is not None for one in about)


def test_the_seventeen_disagreements_are_all_told():
    told = {one.disagreement for one in LIBRARY.values() if one.disagreement}
    assert told == set(range(1, 18))
    # none of them is called an agreement and nothing else
    for one in LIBRARY.values():
        if one.disagreement and one.booklet:
            assert one.verdict != "agrees", one.key


@pytest.mark.parametrize("key", LIBRARY)
def test_an_entry_is_whole_and_honest(key):
    one = LIBRARY[key]
    assert one.verdict in VERDICTS
    assert one.design.kind in CAN_SHOW
    assert one.line.endswith((".", ")."))
    text = " ".join(
        [one.line, *one.concerns, one.design.what, one.booklet.said if one.booklet else ""]
    )
    assert not re.search(
        r"does not work|doesn't work|ineffective|you should|we recommend|\btry\b", text
    )
    assert "patients" not in text
    assert not set("“”") & set(text)
    for figure in one.figures:
        assert figure.tag in str(figure)
        assert figure.tag in str(one)
    for name, status in one.design.people_status.items():
        assert f"{name.replace('_', ' ')} {one.design.people[name]} [{status}]" in str(one)


def test_a_study_without_a_control_never_improves_anybody_in_a_line():
    for one in LIBRARY.values():
        if one.design.kind in ("one group", "service evaluation", "case report"):
            assert "effect of" not in one.line or "size" in one.line, one.key


def test_published_untreated_responses_are_of_studies_that_are_here():
    assert set(published_untreated_responses()["key"]) <= set(LIBRARY)


def test_tables_hold_everything():
    assert LIBRARY.table()["key"].tolist() == list(LIBRARY)
    figures = LIBRARY.figures()
    assert len(figures) == sum(len(one.figures) for one in LIBRARY.values())
    assert figures.loc[figures["status"].eq("published"), "read_at"].str.len().gt(0).all()


def test_a_wrong_key_or_topic_says_what_there_is():
    with pytest.raises(KeyError, match="did you mean tens-armutlu-2003"):
        LIBRARY["tens-armutlu"]
    with pytest.raises(ValueError, match="topic must be one of"):
        LIBRARY.about("leeches")
    assert LIBRARY.about("tens")[0].key == "tens-armutlu-2003"


# --- what cannot get in --------------------------------------------------------------------------

GOOD = {
    "key": "made-up-2020", "name": "Made up 2020", "kind": "study", "topics": ["TENS"],
    "booklet": {"place": "section on TENS", "said": "It helps.", "match": "low"},
    "citation": {"authors": "Nobody N", "year": 2020, "status": "published", "read_at": "an abstract"},
    "design": {"kind": "parallel", "what": "two arms", "people": {"randomised": 20},
               "arms": [{"name": "sham", "n": 10}]},
    "figures": [{"what": "change", "value": -0.5, "unit": "points", "status": "published",
                 "read_at": "an abstract", "confidence": "high"}],
    "spasticity": "improved", "verdict": "overstated", "line": "It says less.",
}  # fmt: skip


def changed(*path, to):
    entry = deepcopy(GOOD)
    at = entry
    for name in path[:-1]:
        at = at[name]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return entry


SPOILT = {
    "no key": (changed("key", to=None), r"\['key'\] is absent"),
    "no verdict": (changed("verdict", to=None), r"\['verdict'\] is absent"),
    "another word": (changed("colour", to="red"), r"\['colour'\] is unknown"),
    "kind": (changed("kind", to="paper"), "kind must be one of"),
    "topic": (changed("topics", to=["leeches"]), "topics must be one of"),
    "no topic": (changed("topics", to=[]), r"topics'?\]? (is absent|must be)|topics must be a list"),
    "verdict": (changed("verdict", to="true"), "verdict must be one of"),
    "spasticity": (changed("spasticity", to="better"), "spasticity must be one of"),
    "disagreement": (changed("disagreement", to=18), "disagreement must be one of"),
    "no booklet": (changed("booklet", to=None), 'verdict "context" is for'),
    "context": (changed("verdict", to="context"), 'verdict "context" is for'),
    "match": (changed("booklet", "match", to="sure"), "booklet match must be one of"),
    "place": (changed("booklet", "place", to=None), r"\['place'\] is absent"),
    "no citation": (changed("citation", to=None), "a study must have a citation"),
    "a review without a citation": (
        {key: value for key, value in (GOOD | {"kind": "review"}).items() if key != "citation"},
        "a study must have a citation",
    ),
    "people status unknown": (
        changed("design", "people_status", to={"randomised": "sure"}), "people_status of randomised must be one of",
    ),
    "citation not read": (changed("citation", "read_at", to=None), "must say where it was read"),
    "citation status": (changed("citation", "status", to="known"), "status must be one of"),
    "no status": (changed("figures", 0, "status", to=None), r"\['status'\] is absent"),
    "status": (changed("figures", 0, "status", to="sure"), "status must be one of"),
    "not found": (changed("figures", 0, "status", to="not found"), "status must be one of"),
    "confidence": (changed("figures", 0, "confidence", to=None), r"\['confidence'\] is absent"),
    "figure not read": (changed("figures", 0, "read_at", to=None), "must say where it was read"),
    "no unit": (changed("figures", 0, "unit", to=None), "a number must have a unit"),
    "design": (changed("design", "kind", to="trial"), "kind must be one of"),
    "people": (changed("design", "people", to={"all": -1}), "people must be names with counts"),
    "people status": (changed("design", "people_status", to={"all": "memory-low"}), "people_status must"),
    "arms": (changed("design", "arms", to=["sham"]), "arms must be mappings with a name"),
    "not a mapping": ("made up", "must be a mapping with"),
}  # fmt: skip


def test_a_whole_entry_gets_in():
    assert read_entries({"x.yaml": yaml.safe_dump([GOOD])})["made-up-2020"].citation.year == 2020


@pytest.mark.parametrize("what", SPOILT)
def test_what_lacks_something_does_not_get_in(what):
    entry, said = SPOILT[what]
    with pytest.raises(EvidenceError, match=said) as refused:
        read_entries({"x.yaml": yaml.safe_dump([entry])})
    assert str(refused.value).startswith("x.yaml, ")


def test_files_that_are_no_lists_and_keys_that_are_there_twice_are_refused(tmp_path):
    with pytest.raises(EvidenceError, match="must be a list of entries"):
        read_entries({"x.yaml": "key: a"})
    with pytest.raises(EvidenceError, match="this is no YAML"):
        read_entries({"x.yaml": "- key: [a"})
    with pytest.raises(EvidenceError, match="this key is there twice"):
        read_entries({"x.yaml": yaml.safe_dump([GOOD, GOOD])})
    with pytest.raises(FileNotFoundError, match=r"there is no \.yaml file"):
        read_library(tmp_path)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump([GOOD]), encoding="utf-8")
    assert list(read_library(tmp_path)) == ["made-up-2020"]


# --- against the notes it was made from ----------------------------------------------------------


def behind():
    if not BEHIND.is_file():
        if os.environ.get("MSSPAS_REFERENCE") == "required":
            pytest.fail("the notes are not beside this project")
        pytest.skip("the notes are not beside this project")
    return {one["id"]: one for one in yaml.safe_load(BEHIND.read_text(encoding="utf-8"))}


def test_every_figure_has_the_value_and_the_status_of_the_notes():
    tags = {"verified": "published", "derived": "derived", "seed": "booklet"}
    for key, told in behind().items():
        one = LIBRARY[key]
        assert len(one.figures) == len(told["results"])
        for mine, theirs in zip(one.figures, told["results"], strict=True):
            status = theirs["status"].strip("[]").split(":")[0]
            assert mine.status == tags.get(status, f"memory-{theirs['confidence']}")
            if isinstance(theirs["value"], int | float | list):
                assert mine.value == theirs["value"], (key, mine.what)


def test_no_sentence_of_the_booklet_is_quoted():
    def runs(text, size=6):
        words = re.findall(r"[a-z0-9]+", text.lower())
        return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}

    whole = "\n".join(
        f.read_text(encoding="utf-8")
        for f in (resources.files("msspas_analysis.evidence") / "entries").iterdir()
    )
    mine = runs(whole)
    for key, told in behind().items():
        # names of scales are no sentences
        quoted = runs(told["seed_quote"] or "") if told["kind"] != "scale" else set()
        assert not quoted & mine, (key, quoted & mine)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("P=0.03", "p", "P=0.03"), ("28/38", "n", "28/38"), ("272/572 = 47.6%", "n (%)", "272/572 = 47.6%"),
        ("74% vs 51%", "%", "74% vs 51%"), ("29.4% vs 15.7%, OR 2.26", "%", "29.4% vs 15.7%, OR 2.26"), ("3.6 years", "years", "3.6 years"), (84, "%", "84 %"),
        (5, "n", "5"), (None, "text", ""), ([1, 2.5], "mg", "1, 2.5 mg"),
    ],
)  # fmt: skip
def test_a_figure_says_its_unit_once(value, unit, said):
    one = Figure(what="x", status="published", confidence="high", value=value, unit=unit)
    assert str(one) == (f"x: {said} [published]" if said else "x [published]")


@pytest.mark.parametrize(
    ("status", "confidence", "tag"),
    [
        ("published", "high", "[published]"), ("published", "medium", "[published, medium confidence]"),
        ("derived", "low", "[derived, low confidence]"), ("memory-low", "low", "[memory-low]"),
        ("booklet", "medium", "[booklet, medium confidence]"),
    ],
)  # fmt: skip
def test_a_tag_says_how_sure_where_it_is_not_high(status, confidence, tag):
    assert Figure(what="x", status=status, confidence=confidence).tag == tag


def test_a_sentence_without_a_source_is_on_the_bench_too():
    bench = claims_bench()
    named = [key for key, one in load().items() if one.booklet is not None]
    assert bench["key"].tolist() == named
    assert "none" in set(bench["match"])
    # and is found under each of its topics, not the first alone
    several = [one for one in load().values() if len(one.topics) > 1]
    for one in several:
        assert all(one in load().about(topic) for topic in one.topics)


def test_what_is_from_memory_says_so_where_it_is_told():
    told = [one for one in load().values() if one.citation and one.citation.status != "published"]
    assert told
    for one in told:
        assert str(one.citation).endswith(f"[{one.citation.status}]")
    tagged = [one for one in load().values() if one.design.people_status]
    assert tagged
    for one in tagged:
        for name, status in one.design.people_status.items():
            assert f"{name.replace('_', ' ')} {one.design.people[name]} [{status}]" in str(one)
