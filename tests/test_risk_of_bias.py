"""Risk of bias: every combination of answers against a table checked by hand; what is not known is not guessed."""

import csv
import itertools
from pathlib import Path

import pytest

from msspas_analysis.evidence.appraisal.flow import ANSWERS, AnswerError, judge
from msspas_analysis.evidence.appraisal.rob2 import HIGH, LOW, SOME, rob2, rob2_domains
from msspas_analysis.evidence.appraisal.robins_i import CRITICAL, LOW_BUT, robins_domains, robins_i

TABLE = Path(__file__).parent / "reference" / "risk_of_bias.csv"
RANKS = {"rob2": (LOW, SOME, HIGH), "robins": ("low", LOW_BUT, "moderate", "serious", "critical")}


def rows():
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            need = dict(part.split("=") for part in row["answers"].split("; "))
            yield (
                row["tool"],
                row["domain"],
                {k: v.split() for k, v in need.items()},
                row["judgement"],
            )


ROWS = list(rows())


def by_hand(tool, parts, answers):
    """Look the judgement of each part up in the table; exactly one row must fit."""
    found = []
    for part in parts:
        fits = [judgement for t, d, need, judgement in ROWS
                if t == tool and d == part
                and all(answers.get(q, "NA") in allowed for q, allowed in need.items())]  # fmt: skip
        assert len(fits) == 1, (part, answers, fits)
        found.append(fits[0])
    return max(found, key=RANKS[tool].index) if len(found) > 1 else found[0]


def combinations(domain):
    """Give every way to fill the form in: a question that does not apply is NA."""

    def fill(at, given):
        if at == len(domain.questions):
            yield given
            return
        q = domain.questions[at]
        applies = all(any(given[k] in allowed for k, allowed in group) for group in q.only_if)
        for option in q.options if applies else ("NA",):
            yield from fill(at + 1, {**given, q.key: option})

    yield from fill(0, {})


DOMAINS = {
    ("rob2", "1"): (rob2_domains()[0], ["1"]),
    ("rob2", "2a"): (rob2_domains()[1], ["2a part 1", "2a part 2"]),
    ("rob2", "2b"): (rob2_domains("adherence")[1], ["2b"]),
    ("rob2", "3"): (rob2_domains()[2], ["3"]),
    ("rob2", "4"): (rob2_domains()[3], ["4"]),
    ("rob2", "5"): (rob2_domains()[4], ["5"]),
    ("rob2", "1b"): (rob2_domains(variant="cluster")[1], ["1b"]),
    ("rob2", "S"): (rob2_domains(variant="crossover")[1], ["S"]),
    ("robins", "B"): (robins_domains()[0], ["B"]),
    ("robins", "1"): (robins_domains()[1], ["1a"]),
    ("robins", "2"): (robins_domains()[2], ["2"]),
    ("robins", "5"): (robins_domains()[5], ["5"]),
    ("robins", "6"): (robins_domains()[6], ["6"]),
}


@pytest.mark.parametrize("name", DOMAINS, ids=" ".join)
def test_every_combination_of_answers_is_the_table_checked_by_hand(name):
    domain, parts = DOMAINS[name]
    count = 0
    for answers in combinations(domain):
        count += 1
        assert judge(domain, answers).judgement == by_hand(name[0], parts, answers), answers
    assert count >= 12


def test_missing_data_of_robins_is_the_table():
    domain = robins_domains()[4]
    seen = set()
    for answers in combinations(domain):
        # the three questions on completeness only matter together
        if (
            answers["4.1"] not in ("Y", "N")
            or answers["4.2"] not in ("Y", "NI")
            or answers["4.3"] not in ("Y", "PN")
        ):
            continue
        got = judge(domain, answers).judgement
        assert got == by_hand("robins", ["4"], answers), answers
        seen.add(got)
    assert seen == {"low", "moderate", "serious", "critical"}


def test_selection_of_robins_is_the_table_in_three_parts():
    domain = robins_domains()[3]
    for answers in combinations(domain):
        first = by_hand("robins", ["3 part A", "3 part B"], answers)
        want = first if first != "serious" else by_hand("robins", ["3 part C"], answers)
        assert judge(domain, answers).judgement == want, answers


def test_confounding_over_time_never_is_low_without_the_right_analysis():
    domain = robins_domains("adherence")[1]
    for answers in combinations(domain):
        got = judge(domain, answers).judgement
        if answers["1.1"] in ("N", "PN", "NI"):
            assert got in ("serious", "critical")
        if answers["1.1"] in ("Y", "PY") and answers["1.2"] in ("SN", "NI"):
            assert got == "serious"


# --- what is not known ---------------------------------------------------------------------------


@pytest.mark.parametrize("domain", [*rob2_domains(variant="crossover"), *rob2_domains("adherence")],
                         ids=lambda d: d.title)  # fmt: skip
def test_what_is_not_known_is_not_guessed(domain):
    assert judge(domain, {}).judgement == "not assessable"
    # with a question open: one judgement if all ways of answering it lead there, else none
    for whole in itertools.islice(combinations(domain), 0, None, 7):
        kept = {key: value for key, value in whole.items() if value != "NA"}
        for q in domain.questions:
            if q.key not in kept:
                continue
            before = {k: v for k, v in kept.items() if k != q.key}
            got = judge(domain, before)
            filled = {judge(domain, {**before, q.key: option}).judgement for option in q.options}
            if len(filled) == 1:
                assert got.judgement == filled.pop()
            else:
                assert got.judgement == "not assessable"
                assert q.key in got.missing


def test_the_same_judgement_whatever_the_answer_is_made():
    got = judge(rob2_domains()[0], {"1.2": "N"})
    assert (got.judgement, got.missing) == (HIGH, ())
    got = judge(rob2_domains()[0], {"1.2": "NI"})
    assert (got.judgement, got.missing) == ("not assessable", ("1.3",))
    assert got.why.startswith("what was read does not say: 1.3 ")


def test_all_domains_together():
    low = {"1.1": "Y", "1.2": "Y", "1.3": "N", "2.1": "N", "2.2": "N", "2.6": "Y", "3.1": "Y",
           "4.1": "N", "4.2": "N", "4.3": "N", "5.1": "Y", "5.2": "N", "5.3": "N"}  # fmt: skip

    def overall(**changes):
        raised = changes.pop("raised", "")
        told = rob2({**low, **{k.replace("_", "."): v for k, v in changes.items()}}, raised=raised)
        return told.set_index("domain").loc["overall", "judgement"]

    assert overall() == LOW
    assert overall(**{"1_3": "Y"}) == SOME
    assert overall(**{"1_3": "Y", "5_1": "NI"}) == SOME
    assert overall(**{"1_3": "Y", "5_1": "NI"}, raised="both may favour it") == HIGH
    assert overall(**{"1_2": "N"}) == HIGH
    assert overall(**{"5_1": None}) == "not assessable"
    assert overall(**{"1_2": "N", "5_1": None}) == HIGH
    with pytest.raises(ValueError, match="raised is for several domains"):
        overall(raised="because")


def test_robins_stops_where_nothing_was_controlled():
    told = robins_i({"B1": "N", "B2": "Y", "B3": "N"})
    assert told["domain"].tolist() == ["B", "overall"]
    assert told["judgement"].tolist() == [CRITICAL, CRITICAL]
    going_on = robins_i({"B1": "Y", "B3": "N"})
    assert going_on["domain"].tolist() == ["1", "2", "3", "4", "5", "6", "overall"]
    assert going_on["judgement"].iloc[-1] == "not assessable"
    not_known = robins_i({})
    assert not_known["domain"].iloc[0] == "B"


# --- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"9.9": "Y"}, "is not asked"),
        ({"1.1": "maybe"}, "the answer must be one of"),
        ({"3.1": "N", "3.2": "NI"}, "the answer must be one of"),
        ({"3.1": "Y", "3.2": "Y"}, "does not apply after Y to 3.1"),
        ({"3.1": "N", "3.2": "NA"}, "it applies after N to 3.1"),
        ({"2.1": "N", "2.2": "N", "2.3": "Y"}, "does not apply after N to 2.1, N to 2.2"),
        ({"4.1": "N", "4.2": "Y", "4.3": "N"}, "does not apply after N to 4.1, Y to 4.2"),
    ],
)
def test_answers_that_cannot_be_are_refused(answers, said):
    with pytest.raises(AnswerError, match=said):
        rob2(answers)


def test_variants_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="aim must be"):
        rob2_domains("both")
    with pytest.raises(ValueError, match="variant must be one of"):
        rob2({}, variant="single")
    with pytest.raises(ValueError, match="aim must be"):
        robins_domains("both")


def test_questions_are_short_and_answers_have_words():
    for domain in (*rob2_domains("adherence", "cluster"), *rob2_domains(variant="crossover"),
                   *robins_domains(), *robins_domains("adherence")):  # fmt: skip
        for q in domain.questions:
            assert len(q.words) <= 75
            assert set(q.options) <= set(ANSWERS)


def test_only_what_would_surely_be_asked_is_named_as_missing():
    # 2.3 to 2.5 are asked after 2.1 and 2.2, 3.2 after 3.1, 4.4 after 4.3: none of them before
    missing = rob2({}).set_index("domain")["missing"]
    assert missing["2"] == "2.1, 2.2, 2.6"
    assert missing["3"] == "3.1"
    assert missing["4"] == "4.1, 4.2"
    known = rob2({"4.1": "N", "4.2": "N", "4.3": "Y"}).set_index("domain")["missing"]
    assert known["4"] == "4.4"
