"""Appraisals of the library, and how sure a body of studies is: nothing guessed, no step without a reason."""

import pytest

from msspas_analysis.evidence.appraisal.appraised import (
    TOOLS,
    appraisal_table,
    appraise,
    read_answers,
)
from msspas_analysis.evidence.appraisal.grade import LEVELS, Certainty, certainty_table
from msspas_analysis.evidence.library import EvidenceError, load

LIBRARY = load()


@pytest.mark.parametrize("key", LIBRARY)
def test_every_entry_is_appraised_or_says_why_not(key):
    one, entry = appraise(key), LIBRARY[key]
    assert one.note
    if entry.kind == "study" and entry.design.kind not in (
        "registry survey",
        "web survey",
        "examined sample",
    ):
        assert one.tool in TOOLS
        assert one.overall
        assert TOOLS[one.tool] in str(one)
    else:
        assert one.table.empty
        assert one.overall == ""


def test_what_an_abstract_cannot_answer_is_not_judged():
    told = appraisal_table()
    trials = told[told["tool"].eq("RoB 2")]
    # no abstract says how the allocation was hidden or whether the analysis was planned
    assert trials.loc[trials["domain"].isin(["1", "5"]), "judgement"].eq("not assessable").all()
    assert not trials.loc[trials["domain"].eq("overall"), "judgement"].eq("low").any()
    open_ones = told["judgement"].eq("not assessable") & told["domain"].ne("overall")
    assert told.loc[open_ones, "missing"].str.len().gt(0).all()


def test_a_group_beside_nobody_is_critical():
    for key, entry in LIBRARY.items():
        alone = entry.design.kind in (
            "one group",
            "service evaluation",
            "within session",
            "case report",
        )
        if alone and entry.kind == "study":
            assert appraise(key).overall == "critical", key


def test_the_variant_is_that_of_the_design():
    for key, entry in LIBRARY.items():
        domains = set(appraise(key).table["domain"]) if appraise(key).tool == "RoB 2" else None
        if domains is not None:
            assert ("S" in domains) == entry.design.kind.startswith("crossover"), key


def test_a_key_that_is_not_there_is_refused():
    with pytest.raises(KeyError, match="there is no entry"):
        appraise("nobody-1900")


# --- how sure ------------------------------------------------------------------------------------


def sure(start="allocated by chance", **given):
    return Certainty(outcome="spasticity", start=start, **given)


def test_levels_go_down_by_what_speaks_against_and_stop_at_the_end():
    assert sure().level == "high"
    assert sure(start="not allocated").level == "low"
    steps = {"risk of bias": (2, "a"), "imprecision": (1, "b"), "indirectness": (1, "c")}
    assert sure(lowered=steps).level == "very low"
    for levels in (0, 1, 2):
        assert sure(lowered={"imprecision": (levels, "few")}).level == LEVELS[3 - levels]
    assert sure(start="not allocated", raised={"large effect": (2, "ten times")}).level == "high"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": "cohort"}, "start must be"),
        ({"lowered": {"bias": (1, "x")}}, "lowered must name"),
        ({"lowered": {"imprecision": (3, "x")}}, "levels must be 0, 1 or 2, got 3"),
        ({"lowered": {"imprecision": (1, " ")}}, "say why"),
        ({"raised": {"large effect": (1, "x")}}, "raised is for studies without allocation"),
        ({"start": "not allocated", "raised": {"large effect": (1, "x")},
          "lowered": {"imprecision": (1, "x")}}, "raised is for evidence that nothing lowers"),
    ],
)  # fmt: skip
def test_steps_that_grade_does_not_know_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        sure(**given)


def test_the_reasons_stand_beside_the_level():
    one = sure(lowered={"risk of bias": (1, "people knew"), "inconsistency": (0, "I2 0 %")})
    told = certainty_table([one]).iloc[0]
    assert told["reasons"] == "risk of bias -1: people knew; inconsistency 0: I2 0 %"
    assert told["level"] == "moderate"
    assert "not an official assessment" in str(one)


def test_what_is_raised_ends_at_high():
    big = Certainty(outcome="x", start="not allocated", raised={
        "large effect": (2, "a hundredfold"), "dose response": (1, "more does more")})  # fmt: skip
    assert big.level == "high"
    low = Certainty(outcome="x", start="not allocated", lowered={
        "risk of bias": (2, "no control"), "imprecision": (2, "one person")})  # fmt: skip
    assert low.level == "very low"


def test_a_domain_from_memory_says_so():
    crossed = appraise("tens-miller-2007").note
    assert crossed.endswith(
        "Its domain S follows the crib sheet as it is remembered [memory-medium]."
    )
    assert "[memory" not in appraise("selfmgmt-hugos-2024").note


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("- {key: nobody-2000, tool: RoB 2, result: x, answers: {}}", "there is no such entry"),
        ("- {key: tens-miller-2007, tool: RoB 3, result: x, answers: {}}", "tool must be one of"),
        ("- {key: tens-miller-2007, tool: RoB 2, answers: {}}", "result must be said"),
    ],
)
def test_answers_without_entry_tool_or_result_are_refused(entry, said):
    with pytest.raises(EvidenceError, match=said):
        read_answers(entry)
