"""Pictures of evidence: every judgement and every study is drawn, and no meaning rests on colour."""

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.estimate.pooling.effects import study_effects
from msspas_analysis.estimate.pooling.pooled import pooled_effect
from msspas_analysis.evidence.appraisal.appraised import appraisal_table
from msspas_analysis.evidence.replay.run import replay_library
from msspas_analysis.plots.evidence import (
    funnel_plot,
    pooled_forest,
    replay_plot,
    risk_of_bias_plot,
    risk_summary_plot,
)
from test_design_plots import words

KEYS = ["tens-miller-2007", "reflexology-sievner-2003", "selfmgmt-hugos-2024", "tens-armutlu-2003"]
TABLE = appraisal_table(KEYS)
STUDIES = pd.DataFrame({"study": ["Hugos 2024", "Siev-Ner 2003", "c"], "effect": [-0.1, -0.9, -0.4],
                        "std_error": [0.1, 0.3, 0.2]})  # fmt: skip


def test_every_judgement_has_a_sign_and_what_is_not_known_is_white():
    figure, drawn = risk_of_bias_plot(TABLE)
    assert len(drawn) == len(TABLE)
    signs = [text.get_text() for text in figure.axes[0].texts]
    assert signs == drawn["sign"].tolist()
    circles = figure.axes[0].collections
    for circle, judgement in zip(circles, drawn["judgement"], strict=True):
        white = np.allclose(circle.get_facecolor()[0][:3], 1.0)
        assert white == (judgement == "not assessable")
    said = words(figure)
    assert "? not assessable" in said
    assert "Miller 2007" in said
    # overall stands last
    assert figure.axes[0].get_xticklabels()[-1].get_text() == "overall"


def test_the_summary_counts_every_study_once_in_every_domain():
    figure, drawn = risk_summary_plot(TABLE)
    for domain, part in TABLE.groupby("domain"):
        assert drawn.loc[drawn["domain"] == domain, "studies"].sum() == len(part)
    bars = [patch for patch in figure.axes[0].patches if patch.get_width() > 0]
    assert sorted(bar.get_width() for bar in bars) == sorted(drawn["studies"])


def test_the_forest_draws_what_was_pooled_with_the_risk_beside_it():
    found = pooled_effect(STUDIES)
    figure, drawn = pooled_forest(found, risk=TABLE)
    assert drawn["term"].tolist() == [*STUDIES["study"], "pooled", "next study"]
    row = found.one(term="pooled")
    mine = drawn.set_index("term").loc["pooled"]
    assert (mine["estimate"], mine["conf_low"]) == (row.estimate, row.conf_low)
    assert drawn["weight"].sum() == pytest.approx(1.0)
    assert len(figure.axes) == 2
    # the circles of the two studies that were appraised, and of no other
    shown = sum(len(c.get_offsets()) for c in figure.axes[1].collections)
    assert shown == TABLE["study"].isin(STUDIES["study"]).sum()
    # one group, of which Armutlu is, has other domains and judgements: neither is shown
    assert "B" not in [t.get_text() for t in figure.axes[1].get_xticklabels()]
    assert "critical" not in figure.axes[1].get_xlabel()
    alone, _ = pooled_forest(found)
    assert len(alone.axes) == 1


def test_a_ratio_stands_on_its_own_scale():
    table = pd.DataFrame({"study": ["a", "b"], "events_1": [12, 5], "n_1": [40, 20],
                          "events_2": [6, 4], "n_2": [41, 22]})  # fmt: skip
    figure, drawn = pooled_forest(pooled_effect(table, "log_odds_ratio"))
    assert figure.axes[0].get_xscale() == "log"
    assert (drawn["estimate"] > 0).all()
    assert figure.axes[0].get_xlabel() == "odds ratio"


def test_the_funnel_says_who_is_outside():
    found = pooled_effect(
        STUDIES.assign(effect=[0.0, -0.9, 0.05]), method="common", interval="normal"
    )
    _, drawn = funnel_plot(found)
    middle = found.one(term="pooled").estimate
    want = (drawn["estimate"] - middle).abs() > 1.96 * STUDIES["std_error"]
    assert drawn["outside"].tolist() == want.tolist() == [False, True, False]
    assert len(drawn) == 3


def test_replays_are_drawn_as_they_are():
    found = replay_library(["tens-armutlu-2003", "reflexology-hughes-2009"], replicates=512)
    figure, drawn = replay_plot(found, names={"tens-armutlu-2003": "Armutlu 2003"})
    row = found.one(
        outcome="tens-armutlu-2003", group="no true effect", measure="printed_as_it_was"
    )
    assert drawn["nothing"].iloc[0] == row.estimate
    assert figure.axes[0].get_yticklabels()[0].get_text() == "Armutlu 2003"
    assert "open: nothing true" in words(figure)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: risk_of_bias_plot(TABLE.iloc[:0]), "the table is empty"),
        (lambda: risk_summary_plot(TABLE.assign(judgement="good")), "judgement must be one of"),
        (lambda: pooled_forest(replay_library(["tens-armutlu-2003"], replicates=512)), "no pooled effect"),
        (lambda: funnel_plot(replay_library(["tens-armutlu-2003"], replicates=512)), "no pooled effect"),
        (lambda: pooled_forest(pooled_effect(STUDIES), risk=TABLE.assign(study="Another")),
         "risk must be of the studies by the same names"),
        (lambda: replay_plot(pooled_effect(STUDIES)), "none of a replay"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_the_circles_of_a_replay_are_the_shares_of_both_worlds():
    found = replay_library(["tens-armutlu-2003", "selfmgmt-hugos-2024"], replicates=512, seed=2)
    figure, drawn = replay_plot(found)
    for row in drawn.to_dict("records"):
        for group, name in (("no true effect", "nothing"), ("claimed effect", "claimed")):
            share = found.one(outcome=row["outcome"], group=group, measure="printed_as_it_was")
            assert row[name] == share.estimate
    assert (drawn["nothing"] != drawn["claimed"]).all()
    open_circles = [
        c for c in figure.axes[0].collections if np.allclose(c.get_facecolor()[0][:3], 1)
    ]
    at = sorted(x for c in open_circles for x, _ in c.get_offsets())
    assert at == pytest.approx(sorted(100 * drawn["nothing"]))


def test_a_heavier_study_is_a_larger_square_and_the_line_stands_at_no_effect():
    figure, drawn = pooled_forest(pooled_effect(STUDIES))
    axes = figure.axes[0]
    squares = [c for c in axes.collections if len(c.get_sizes()) == 1 and len(c.get_offsets()) == 1]
    weights = drawn["weight"].dropna().tolist()
    sizes = [float(c.get_sizes()[0]) for c in squares]
    assert np.argsort(sizes).tolist() == np.argsort(weights).tolist()

    def line(axes):
        return [float(one.get_xdata()[0]) for one in axes.lines if one.get_linestyle() == ":"]

    assert line(axes) == [0.0]
    arms = pd.DataFrame({"study": list("ab"), "events_1": [12, 20], "n_1": [50, 80], "events_2": [25, 41],
                         "n_2": [50, 80]})  # fmt: skip
    ratio = pooled_forest(pooled_effect(study_effects(arms, "log_odds_ratio"), interval="normal"))[
        0
    ]
    assert line(ratio.axes[0]) == [1.0]
