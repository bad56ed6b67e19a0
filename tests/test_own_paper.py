"""A paper of one's own: read from a form, checked, appraised, replayed, pooled; and the command."""

import pandas as pd
import pytest
import yaml

from msspas_analysis.cli import main
from msspas_analysis.estimate.pooling.pooled import pooled_effect
from msspas_analysis.evidence.library import EvidenceError
from msspas_analysis.evidence.own_paper import FORM, read_paper
from msspas_analysis.evidence.replay.own import appraise_paper, as_replay, replay_paper

TOLD = yaml.safe_load(FORM)


def form(**changes):
    return read_paper({**TOLD, **changes})


def test_the_form_that_is_printed_is_read_in_all_three_ways(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(FORM, encoding="utf-8")
    assert read_paper(path) == read_paper(FORM) == read_paper(TOLD)


def test_its_numbers_are_checked():
    assert form().checks()["verdict"].eq("fits").all()
    told = form(
        difference={"estimate": "-0.5", "low": "-1.8", "high": "0.8", "p": "p = 0.04"},
        percentages=[[28, 38, "76"]], shares=["60", "60"],
        statistics=[{"t": 1.81, "df": 13, "p": "p<0.05"}],
    ).checks()  # fmt: skip
    found = dict(zip(told["check"], told["verdict"], strict=True))
    assert found["-0.5 (-1.8 to 0.8)"] == "does not fit"
    assert found["28 of 38"] == "does not fit"
    assert found["2 shares of one group"] == "does not fit"
    assert found["t = 1.81, df 13"] == "fits a one-sided test only"
    bare = {k: TOLD[k] for k in ("study", "design", "people", "weeks", "claimed")}
    assert read_paper(bare).checks().empty


def test_it_can_be_pooled_with_others():
    rows = pd.concat([form().effect(), form(study="Another").effect()], ignore_index=True)
    assert rows["effect"].tolist() == pytest.approx([-0.5, -0.5])
    assert pooled_effect(rows, interval="normal").one(term="pooled").n == 2
    with pytest.raises(ValueError, match="pooling needs two arms"):
        form(design="crossover").effect()


def test_it_is_run_again_by_its_design():
    assert as_replay(form()).printed == "no difference"
    found = form(difference={"estimate": "-1", "low": "-1.9", "high": "-0.1", "p": "p=0.03"})
    assert as_replay(found).printed == "fell"
    # a printed p says it; the interval only where there is none
    touching = {"estimate": "-1.0", "low": "-2.0", "high": "0.0"}
    assert as_replay(form(difference=touching)).printed == "no difference"
    assert as_replay(form(difference=touching | {"p": "p = 0.01"})).printed == "fell"
    assert as_replay(form(difference=touching | {"p": "p>0.05"})).printed == "no difference"
    assert as_replay(form(difference={"p": "P<0.05"})).printed == "fell"
    cross = as_replay(form(design="crossover"))
    assert (cross.analysis, cross.design.n_people) == ("crossover", 40)
    alone = as_replay(form(design="one group", people=12, before={"mean": "6", "sd": "2"},
                           after={"mean": "5", "sd": "2"}))  # fmt: skip
    assert (alone.analysis, alone.design.n_people) == ("change", 12)
    for one in (form(), form(design="crossover")):
        told = replay_paper(one, replicates=512, seed=1)
        rate = told.one(group="no true effect", measure="called_in_favour").estimate
        assert 0.005 < rate < 0.055
    assert "[assumption]" in " ".join(told.notes)


def test_its_risk_of_bias_is_that_of_its_answers():
    table, tool = appraise_paper(form(risk_of_bias={"1.2": "N"}))
    assert table["judgement"].iloc[-1] == "high"
    assert "not the official tool" in tool
    table, tool = appraise_paper(
        form(design="one group", people=12, hope=[1], before=None, after=None,
             risk_of_bias={"B1": "N", "B2": "Y", "B3": "N"})
    )  # fmt: skip
    assert table["judgement"].iloc[-1] == "critical"
    assert "draft" in tool
    table, tool = appraise_paper(form(design="crossover", risk_of_bias={"S.3": "N"}))
    assert table.set_index("domain")["judgement"]["S"] == "high"
    assert "domain S follows the crib sheet as it is remembered [memory-medium]" in tool


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"design": "cohort"}, "design must be one of"),
        ({"people": [20]}, "people must be 2 whole numbers"),
        ({"people": [20, "many"]}, "people must be 2 whole numbers"),
        ({"weeks": 0}, "weeks must be"),
        ({"claimed": 0}, "claimed must not be 0"),
        ({"claimed": 20}, "claimed must be -10 to 10"),
        ({"entry": "high"}, "entry must be 0 to 10"),
        ({"lost": 40}, "lost must be 0 to 39"),
        ({"hope": [1]}, "hope must be 2 numbers"),
        ({"colour": "red"}, r"\['colour'\] is unknown"),
        ({"study": None}, r"\['study'\] is absent"),
        ({"before": {"mean": ["6", "6"]}}, "must have mean and sd"),
        ({"after": {"mean": ["6", "6"], "sd": ["2", "about 2"]}}, "sd must be numbers"),
        ({"after": {"mean": ["6"], "sd": ["2", "2"]}}, "mean must be 2 numbers"),
        ({"after": {"mean": ["6", "6"], "sd": ["2", "0"]}}, "sd must be above 0"),
    ],
)
def test_a_form_that_cannot_be_says_which_field(changes, said):
    with pytest.raises(EvidenceError, match=said):
        form(**changes)


def test_text_that_is_no_form_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="this is no YAML"):
        read_paper("study: [a\nb")
    with pytest.raises(EvidenceError, match="must be fields with values"):
        read_paper("- a\n- b\n")
    with pytest.raises(FileNotFoundError):
        read_paper(tmp_path / "none.yaml")


# --- the command ---------------------------------------------------------------------------------


def said(capsys, *words):
    assert main(["evidence", *words]) == 0
    return capsys.readouterr().out


def test_the_command_lists_shows_and_compares(capsys):
    assert "claims" in said(capsys)
    assert "tens-miller-2007" in said(capsys, "list", "TENS")
    assert "laid beside" not in said(capsys, "list")
    shown = said(capsys, "show", "tens-miller-2007", "scale-mas")
    assert "[memory-low]" in shown
    assert "not the official tool" in shown
    assert "there is no result to appraise" in shown
    compared = said(capsys, "claims", "FES", "for", "foot", "drop")
    assert "disagreement 12 of 17" in compared
    assert "does not mean 'does not work'" in compared
    assert "110 %" in said(capsys, "checks")
    assert "critical" in said(capsys, "appraise", "tens-armutlu-2003")
    assert said(capsys, "appraise").count("overall all domains") == 42


def test_the_command_replays_and_takes_a_paper_of_ones_own(capsys, tmp_path):
    out = tmp_path / "replay.csv"
    told = said(capsys, "replay", "tens-armutlu-2003", "--replicates", "512", "--out", str(out))
    assert "printed as it was" in told
    assert "[assumption]" in told
    assert pd.read_csv(out)["outcome"].unique().tolist() == ["tens-armutlu-2003"]
    paper = tmp_path / "mine.yaml"
    said(capsys, "form", "--out", str(paper))
    assert said(capsys, "form") == FORM
    told = said(capsys, "paper", str(paper), "--replicates", "512")
    assert "can show whether the arms differ" in told.replace("\n    ", " ")
    assert "no true effect" in told
    for verb in ("claims", "checks", "list", "appraise"):
        table = tmp_path / f"{verb}.csv"
        said(capsys, verb, "--out", str(table))
        assert len(pd.read_csv(table)) > 10


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("shw",), "Did you mean show?"),
        (("show",), "Say which entry"),
        (("show", "tens"), "There is no entry 'tens'"),
        (("claims", "leeches"), "Topic must be one of"),
        (("replay", "scale-mas"), "cannot be run again"),
        (("paper",), "Give one form"),
        (("paper", "none.yaml"), "none.yaml"),
        (("checks", "--out", "x.xlsx"), "A table is written as .csv"),
    ],
)
def test_the_command_refuses_in_a_sentence(capsys, words, told):
    assert main(["evidence", *words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert not err.rstrip().endswith("..")


def test_the_replay_has_the_length_entry_and_losses_of_the_form():
    design = as_replay(form(weeks=6, lost=10, entry=5)).design
    assert design.periods == (42,)
    assert design.lost == pytest.approx(10 / 40)
    assert design.entry_rating == 5
    anybody = as_replay(form(entry=None, lost=None)).design
    assert anybody.entry_rating is None
    assert anybody.lost is None
    assert as_replay(form(weeks=0.4)).design.periods == (3,)
    cross = as_replay(form(design="crossover", lost=10)).design
    assert (cross.periods, cross.lost) == ((42, 42), pytest.approx(0.25))


def test_the_interval_of_two_arms_is_not_asked_of_a_crossover():
    told = {"before": {"mean": ["6.1", "6.0"], "sd": ["1.8", "1.9"]},
            "after": {"mean": ["4.9", "5.4"], "sd": ["2.0", "2.1"]},
            "difference": {"estimate": "-0.5", "low": "-1.8", "high": "0.8"}}  # fmt: skip
    assert "interval of a difference of means" in form(**told).checks()["check"].tolist()
    crossed = form(design="crossover", **told).checks()["check"].tolist()
    assert "interval of a difference of means" not in crossed
    assert crossed  # the rest is checked


def test_without_a_word_both_arms_hope_alike():
    told = {key: value for key, value in TOLD.items() if key != "hope"}
    one, other = as_replay(read_paper(told)).design.treatments
    assert (one.expectation, other.expectation) == (1.0, 1.0)


def test_a_p_without_its_interval_is_not_held_against_one():
    checks = form(difference={"estimate": "-0.5", "p": "p=0.4"}).checks()
    assert not checks["printed"].str.contains("-0.5").any()
