"""Evidence tables and summaries of findings: nothing in them that the library does not have, no word too sure."""

import re

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest

from msspas_analysis.cli import main
from msspas_analysis.estimate.pooling.effects import study_effects
from msspas_analysis.estimate.pooling.pooled import pooled_effect
from msspas_analysis.evidence.appraisal.appraised import appraise
from msspas_analysis.evidence.appraisal.findings import (
    COLUMNS,
    HOW_READ,
    Finding,
    evidence_table,
    finding_of_pooled,
    findings,
    findings_on,
    risk_with,
    summary_of_findings,
)
from msspas_analysis.evidence.appraisal.findings import _finding as read_finding
from msspas_analysis.evidence.appraisal.grade import LEVELS, Certainty
from msspas_analysis.evidence.library import EvidenceError, load
from msspas_analysis.evidence.replay.run import replay_library
from msspas_analysis.report.evidence_tables import write_evidence

LIBRARY, BODIES = load(), findings()
SURE = Certainty(outcome="stiffness", start="allocated by chance")
# topics with a study or review of what a therapy or medicine does
GIVEN = {"TENS", "reflexology", "LDN", "Sativex", "four-week rule", "CBD", "self-management", "massage", "APS",
         "FES for foot drop", "FES cycling", "acupuncture", "biofeedback", "L-threonine", "magnesium", "baclofen",
         "tizanidine", "gabapentin", "baclofen pump", "botulinum toxin"}  # fmt: skip


def told(**changes):
    usual = {
        "topic": "TENS", "question": "TENS or not", "outcome": "stiffness",
        "studies": {"tens-armutlu-2003": "analysed"}, "start": "not allocated",
        "effect": {"key": "tens-armutlu-2003", "what": "Ambulation Index"}, "direction": "unknown",
        "lowered": {"risk of bias": [1, "no control"]},
    }  # fmt: skip
    return usual | changes


# --- the bodies of the library ---------------------------------------------------------------------


def test_every_therapy_with_a_study_has_a_finding():
    assert {one.topic for one in BODIES} == GIVEN
    studied = {key for one in BODIES for key in one.keys}
    left = {
        key for key, entry in LIBRARY.items()
        if entry.kind == "study" and entry.spasticity in ("improved", "no change", "mixed") and key not in studied
    }  # fmt: skip
    # pooled, with the others, in Wade 2010; no control beside MOVE 2
    assert left == {"nabiximols-collin-2007", "nabiximols-collin-2010", "nabiximols-move2-2014"}


@pytest.mark.parametrize(
    "one", BODIES, ids=lambda one: f"{one.topic}: {one.certainty.outcome}"[:50]
)
def test_a_finding_says_no_more_than_its_studies_can(one):
    assert all(why.strip() for _, why in one.certainty.lowered.values())
    entries = [LIBRARY[key] for key in one.keys]
    assert one.effect.startswith(tuple(entry.name for entry in entries))
    # each figure comes with its status
    assert one.effect.endswith("]")
    assert not one.control or one.control.endswith("]")
    by_chance = {"parallel", "crossover", "enriched", "randomised withdrawal", "waiting list", "meta-analysis",
                 "systematic review", "review"}  # fmt: skip
    kinds = {entry.design.kind for entry in entries}
    if one.certainty.start == "allocated by chance":
        assert kinds <= by_chance
    else:
        # without a control nothing is known of an effect
        assert one.said == "not known"
        assert one.certainty.lowered["risk of bias"][0] == 2
    if any(appraise(key).overall in ("high", "critical", "serious") for key in one.keys):
        assert one.certainty.lowered["risk of bias"][0] >= 1
    if one.people is not None and one.people < 100:
        assert (
            one.certainty.lowered.get("imprecision", (0, ""))[0] >= 1
            or one.certainty.level == "very low"
        )
    if one.certainty.level == "very low":
        assert one.said in ("not known", "whether it is less with it is very uncertain")


def test_no_finding_is_surer_than_moderate():
    assert {one.certainty.level for one in BODIES} <= set(LEVELS[:3])
    table = summary_of_findings()
    assert not table["said"].str.contains("does not work|ineffective|recommend|should").any()


def test_people_are_counted_where_the_library_counts_them():
    count = {one.topic: one.people for one in reversed(BODIES)}
    assert count["tizanidine"] == 187 + 109 + 111
    assert count["TENS"] == 10 + 32
    assert count["gabapentin"] is None  # how many was not read


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"studies": {"nobody-2000": "analysed"}}, "there is no entry 'nobody-2000'"),
        ({"studies": {"tens-armutlu-2003": "randomised"}}, "counts no 'randomised'; it counts"),
        ({"effect": {"key": "tens-armutlu-2003", "what": "walking"}}, "has no figure 'walking'; it has"),
        ({"control": {"key": "tens-armutlu-2003", "what": "x"}}, "has no figure 'x'"),
        ({"direction": "better"}, "direction must be one of"),
        ({"start": "by the doctor"}, "start must be"),
        ({"lowered": {"small study": [1, "ten"]}}, "lowered must name"),
        ({"lowered": {"imprecision": [1, " "]}}, "say why"),
        ({"lowered": {"imprecision": [3, "ten"]}}, "levels must be 0, 1 or 2"),
        ({"studies": {}}, "studies must not be empty"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused(changes, said):
    read_finding(told(), LIBRARY, "here")
    with pytest.raises(EvidenceError, match=f"here.*{said}"):
        read_finding(told(**changes), LIBRARY, "here")


def test_what_nothing_would_have_shown_stands_beside():
    found = replay_library(["tens-armutlu-2003", "tens-miller-2007"], replicates=512, seed=1)
    table = summary_of_findings("tens", replays=found)
    share = found.one(
        outcome="tens-armutlu-2003", group="no true effect", measure="printed_as_it_was"
    ).estimate
    assert f"Armutlu 2003 {100 * share:.0f} %" in table["with_nothing_true"].iloc[0]
    assert "Miller 2007" in table["with_nothing_true"].iloc[0]
    assert table["with_nothing_true"].iloc[1] == ""  # not replayed here


# --- findings of one's own -------------------------------------------------------------------------


def pooled(*effects, measure="mean_difference"):
    if measure == "mean_difference":
        studies = pd.DataFrame({"study": list("abc"), "effect": effects, "std_error": [0.1] * 3})
        return pooled_effect(studies)
    arms = pd.DataFrame({
        "study": list("abc"), "events_1": [12, 20, 33], "n_1": [50, 80, 120], "events_2": [25, 41, 60],
        "n_2": [50, 80, 120],
    })  # fmt: skip
    return pooled_effect(study_effects(arms, measure))


def test_a_difference_is_told_with_its_interval_and_its_side():
    found = pooled(-0.5, -0.4, -0.6)
    row = found.one(term="pooled")
    one = finding_of_pooled(found, SURE, question="TENS or sham", people=60)
    assert one.effect == f"0.50 points lower ({-row.conf_high:.2f} to {-row.conf_low:.2f} lower)"
    assert one.studies == ("a", "b", "c")
    assert (one.direction, one.said) == ("lower", "less with it")
    assert finding_of_pooled(pooled(0.5, 0.4, 0.6), SURE, question="q").direction == "higher"
    both = finding_of_pooled(pooled(-0.5, 0.4, -0.1), SURE, question="q")
    assert both.said == "no difference was shown, and none is ruled out"
    assert "lower to" in both.effect
    assert both.effect.endswith("higher)")
    # little or no difference only where the whole interval is small
    small = finding_of_pooled(pooled(-0.01, 0.02, 0.0), SURE, question="q", smallest=0.5)
    assert small.said == "little or no difference"
    assert (
        finding_of_pooled(pooled(-0.5, 0.4, -0.1), SURE, question="q", smallest=0.5).direction
        == "open"
    )


def test_a_ratio_is_small_if_it_and_its_inverse_are():
    arms = pd.DataFrame({"study": list("abc"), "events_1": [500, 480, 520], "n_1": [1000] * 3,
                         "events_2": [498, 487, 509], "n_2": [1000] * 3})  # fmt: skip
    found = pooled_effect(study_effects(arms, "log_odds_ratio"), interval="normal")
    assert finding_of_pooled(found, SURE, question="q", smallest=1.25).direction == "little"
    assert finding_of_pooled(found, SURE, question="q", smallest=1.01).direction == "open"
    # 0.7 to 0.9 is no small ratio where 1.25 is not, for its inverse is above that
    less = arms.assign(events_1=[440, 430, 450])
    found = pooled_effect(study_effects(less, "log_odds_ratio"), interval="normal")
    assert finding_of_pooled(found, SURE, question="q", smallest=1.25).direction == "lower"


@pytest.mark.parametrize("measure", ["log_odds_ratio", "log_risk_ratio"])
def test_a_ratio_is_told_as_people_of_a_thousand(measure):
    found = pooled(measure=measure)
    name = measure.removeprefix("log_")
    row = found.table[(found.table["term"] == "pooled") & (found.table["measure"] == name)].iloc[0]
    one = finding_of_pooled(found, SURE, question="q", control_risk=0.5)
    assert one.effect.startswith(f"{name.replace('_', ' ')} {row['estimate']:.2f} (")
    fewer = [
        round(1000 * (0.5 - risk_with(0.5, x, name)))
        for x in row[["estimate", "conf_low", "conf_high"]]
    ]
    assert (
        f"500 without it, {fewer[0]} fewer with it ({fewer[1]} fewer to {fewer[2]} fewer)"
        in one.effect
    )
    assert one.direction == "lower"


def test_a_risk_from_a_ratio_is_that_of_the_table_it_came_from():
    for a, n, c, m in ((12, 50, 25, 50), (3, 40, 1, 44), (70, 90, 20, 60)):
        treated, control = a / n, c / m
        odds = (a / (n - a)) / (c / (m - c))
        assert risk_with(control, odds, "odds_ratio") == pytest.approx(treated)
        assert risk_with(control, treated / control, "risk_ratio") == pytest.approx(treated)
    assert risk_with(0.6, 3.0, "risk_ratio") == 1.0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: finding_of_pooled(pooled(-1, -2, -1), SURE, question="q", control_risk=0.2), "is a difference"),
        (lambda: finding_of_pooled(pooled(measure="log_odds_ratio"), SURE, question="q", control_risk=1.0),
         "control_risk must lie between 0 and 1"),
        (lambda: risk_with(0.2, 2.0, "rate_ratio"), "not with rate_ratio"),
        (lambda: Finding(question="q", certainty=SURE, studies=(), effect="x", direction="lower"), "studies must not"),
        (lambda: Finding(question="q", certainty=SURE, studies=("a",), effect="", direction="lower"), "effect must not"),
        (lambda: summary_of_findings([]), "no finding to sum up"),
        (lambda: summary_of_findings("yoga"), "no findings on 'yoga'; there are findings on TENS"),
        (lambda: summary_of_findings("vitamins"), "topic must be one of"),
        (lambda: evidence_table("local funding"), "is a study"),
        (lambda: write_evidence(pd.DataFrame({"x": [1]}), "a.md"), "must be one of evidence_table"),
        (lambda: write_evidence(summary_of_findings().head(0), "a.md"), "nothing in the table"),
        (lambda: write_evidence(summary_of_findings(), "a.pdf"), "ends in one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


# --- tables and files ------------------------------------------------------------------------------


def test_the_evidence_table_has_every_study_and_every_figure_with_its_status():
    table = evidence_table()
    wanted = [key for key, one in LIBRARY.items() if one.kind in ("study", "review")]
    assert table["key"].tolist() == wanted
    for row in table.to_dict("records"):
        entry = LIBRARY[row["key"]]
        assert row["found"] == "; ".join(map(str, entry.figures))
        assert row["found"].count("]") >= len(entry.figures)
    assert evidence_table(["tens-miller-2007"])["study"].tolist() == ["Miller 2007"]
    people = evidence_table("reflexology").set_index("study")["people"]
    assert "[memory-medium]" in people["Hughes 2009"]
    with pytest.raises(KeyError, match="there is no entry 'x'"):
        evidence_table(["x"])


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".csv", ".md"])
@pytest.mark.parametrize("which", ["findings", "evidence"])
def test_every_kind_of_file_holds_every_row(which, suffix, tmp_path):
    table = summary_of_findings() if which == "findings" else evidence_table()
    name = "question" if which == "findings" else "study"
    path = write_evidence(table, tmp_path / f"t{suffix}", notes=["Made for a class."])
    if suffix == ".docx":
        document = docx.Document(path)
        page = document.sections[0]
        assert page.page_width > page.page_height
        rows = document.tables[0].rows[1:]
        assert len(rows) == len(table)
        assert [row.cells[0].text.split(";")[0] for row in rows] == [
            x.split(";")[0] for x in table[name]
        ]
        few = write_evidence(table.head(4), tmp_path / "few.docx")
        lines = docx.Document(few).tables[0].rows
        held = [line.cells[0].paragraphs[0].paragraph_format.keep_with_next for line in lines]
        assert not held[3]  # a tall table of words may break, or its page begins empty
        width = sum(cell.width for cell in document.tables[0].rows[0].cells)
        assert width <= page.page_width - page.left_margin - page.right_margin + 10_000
        words = " ".join(cell.text for row in rows for cell in row.cells)
        assert not re.search(r"(?<![\w)])-\d|\d %", words)  # a line never breaks there
        below = [p.text for p in document.paragraphs]
        assert "Made for a class." in below
    elif suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["As read", "In full", "Notes"]
        assert book["In full"].max_row == len(table) + 1
        assert [c.value for c in book["In full"][1]] == list(table.columns)
    elif suffix == ".csv":
        assert pd.read_csv(path)[name].tolist() == table[name].tolist()
    else:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if which == "findings":
            # a level never stands without its reasons
            assert "very low; risk of bias −2: nobody went without TENS" in text
            assert HOW_READ[0] in text
        assert sum(line.startswith("| ") for line in lines) == len(table) + 1
        assert "- Made for a class." in lines


def test_from_the_command_line(tmp_path, capsys):
    out = tmp_path / "tens.md"
    assert main(["evidence", "findings", "TENS", "--replicates", "512", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Certainty very low: not known" in said
    assert "Looks as it was printed with nothing true: Armutlu 2003" in said
    assert "looks as printed with nothing true" in out.read_text(encoding="utf-8")
    assert main(["evidence", "findings", "acupuncture"]) == 0  # how many people was not read
    assert main(["evidence", "table", "tens-miller-2007"]) == 0
    assert "risk of bias: not assessable" in capsys.readouterr().out
    assert main(["evidence", "findings", "TENS", "--out", str(tmp_path / "a.pdf")]) != 0
    assert "ends in .docx, .xlsx, .csv or .md, got a.pdf" in capsys.readouterr().err
    assert main(["evidence", "findings", "yoga"]) != 0
    assert "has no findings on 'yoga'" in capsys.readouterr().err
    assert not list(tmp_path.glob("a*"))


def test_a_rule_from_the_command_line(tmp_path, capsys):
    out = tmp_path / "rule.csv"
    assert main(["evidence", "rule", "20", "50%", "--replicates", "64", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "fall of 50 %, mean of 7 days: ups and downs alone" in said
    assert "would have passed without it" in said
    assert "-0.32 points [published, Wade 2010]" in " ".join(said.split())
    assert set(pd.read_csv(out)["outcome"]) == {"fall of 20 %", "fall of 50 %"}
    assert main(["evidence", "rule", "a fifth"]) != 0
    assert "Give falls in per cent" in capsys.readouterr().err
    assert main(["evidence", "rule", "120"]) != 0
    assert "uts must lie between 0 and 1" in capsys.readouterr().err


def test_columns_are_as_they_are_told():
    assert tuple(summary_of_findings("LDN").columns) == COLUMNS
    assert summary_of_findings("LDN")["people"].tolist() == [40, 60 + 96]
    assert np.isnan(summary_of_findings("gabapentin")["people"].astype(float)).all()
    assert [one.topic for one in findings_on("ldn")] == ["LDN", "LDN"]
