"""Pictures of designs: every piece of every arm, and every number of a comparison, said or not said."""

from __future__ import annotations

import numpy as np
import pytest

import msspas_analysis as ms
from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
from msspas_analysis.certify.studies.rule_runs import what_rules_pass
from msspas_analysis.plots.designs import MOST_ARMS, designs_plot, rule_plot, schedule_plot

RESEARCH = PlanSheet(therapy="TENS", people=40, setting="research", carry_over=1)


def words(figure):
    """Return everything written in a figure."""
    out = []
    for axes in figure.axes:
        out += [t.get_text() for t in (*axes.texts, *axes.get_yticklabels())]
        out += [axes.get_title(), axes.get_xlabel()]
    for legend in figure.legends:
        out += [t.get_text() for t in legend.get_texts()]
    return "\n".join(out)


def test_every_arm_has_its_pieces_without_a_gap():
    plans = candidates(RESEARCH)
    figure, drawn = schedule_plot(plans)
    for plan in plans:
        mine = drawn[drawn["plan"] == plan.key]
        arms = [arm.name for arm in plan.design.arms][:MOST_ARMS]
        assert mine["arm"].unique().tolist() == arms
        for arm in plan.design.arms[:MOST_ARMS]:
            part = mine[mine["arm"] == arm.name]
            assert part["first_day"].iloc[0] == -plan.design.baseline_days
            np.testing.assert_array_equal(
                part["first_day"].iloc[1:], part["last_day"].iloc[:-1] + 1
            )
            assert part["last_day"].iloc[-1] + 1 == plan.days_of_diary - plan.design.baseline_days
            given = [x for x in part["given"] if x not in ("diary only", "neither")]
            assert tuple(given) == arm.sequence
    said = words(figure)
    assert "… and 4 more orders" in said
    assert "waiting list" in said
    assert "days that are compared" in said


def test_a_sham_and_waiting_are_not_drawn_as_the_therapy():
    figure, drawn = schedule_plot(
        [one for one in candidates(RESEARCH) if one.key == "waiting list"]
    )
    bars = [patch for patch in figure.axes[0].patches if patch.get_width() > 0]
    colours = [bar.get_facecolor() for bar in bars]
    given = drawn["given"].tolist()
    assert len(bars) == len(given)
    looks = {name: {colours[i] for i, x in enumerate(given) if x == name} for name in set(given)}
    assert all(len(one) == 1 for one in looks.values())
    assert len({next(iter(one)) for one in looks.values()}) == len(looks) == 3
    assert bars[given.index("waiting list")].get_hatch()


def test_a_centre_sees_what_it_is_offered_and_none_is_refused():
    _, drawn = schedule_plot(candidates(PlanSheet(therapy="yoga")))
    assert drawn["plan"].unique().tolist() == ["before and after", "longer baseline"]
    with pytest.raises(ValueError, match="none of these plans is offered"):
        schedule_plot(candidates(PlanSheet(therapy="yoga", weeks=2)))


@pytest.fixture(scope="module")
def found():
    return ms.compare_designs(PlanSheet(therapy="TENS", people=40, setting="research"),
                              replicates=128, seed=2)  # fmt: skip


def test_the_numbers_drawn_are_those_of_the_comparison(found):
    figure, drawn = designs_plot(found)
    assert len(drawn) == 8 * 5
    for row in drawn.itertuples():
        want = found.one(group=row.plan, measure=row.measure)
        np.testing.assert_equal(float(row.estimate), float(want.estimate))
        np.testing.assert_equal(float(row.conf_low), float(want.conf_low))
    bias, false, power, *_ = figure.axes
    row = found.one(group="parallel", measure="power")
    assert f"{100 * row.estimate:.0f} %" in [t.get_text() for t in power.texts]
    shown = found.one(group="before and after", measure="bias_null")
    assert f"{shown.estimate:+.2f}".replace("-", "−") in [t.get_text() for t in bias.texts]
    assert "−0.00" not in words(figure)
    dashes = [t for t in power.texts if t.get_text() == "–"]
    none = drawn[(drawn["measure"] == "power") & drawn["estimate"].isna()]
    assert len(dashes) == len(none) > 0
    assert {line.get_marker() for line in false.lines} >= {"o", "D"}  # not by colour alone


def test_other_answers_are_refused(found):
    some = ms.Estimates(found.table[found.table["measure"] != "power"])
    with pytest.raises(ValueError, match=r"there is no \['power'\]"):
        designs_plot(some)


def test_what_a_rule_lets_through_is_drawn_as_it_was_counted():
    found = what_rules_pass(replicates=64, seed=1)
    figure, drawn = rule_plot(found, published={"Novotna 2011": 272 / 572})
    assert len(drawn) == 2 * 2 * 3
    for row in drawn.to_dict("records"):
        counted = found.one(outcome=row["rule"], group=row["compared"], term=row["world"],
                            measure="passed")  # fmt: skip
        assert row["passed"] == counted.estimate
    axes = figure.axes[0]
    spots = sorted(x for marks in axes.collections for x, _ in marks.get_offsets())
    assert spots == pytest.approx(sorted(100 * drawn["passed"]))
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"] == [
        pytest.approx(100 * 272 / 572)
    ]
    said = words(figure)
    assert "Novotna 2011" in said
    assert "fall of 20 %\nmean of 7 days" in said
    by_start = rule_plot(found, by_start=True)[1]
    assert by_start["compared"].str.startswith("one rating, from ").all()
    # no meaning rests on colour: the three worlds differ in shape or filling
    looks = {
        (len(m.get_paths()[0].vertices), m.get_facecolor().tobytes()) for m in axes.collections
    }
    assert len(looks) == 3


def test_a_picture_of_no_rule_is_refused():
    found = what_rules_pass(ratings=[7], replicates=64, seed=1)
    with pytest.raises(ValueError, match="nothing of people by where they begin"):
        rule_plot(found, by_start=True)
    with pytest.raises(ValueError, match="published shares must be 0 to 1, got 48 for 'x'"):
        rule_plot(found, published={"x": 48})
