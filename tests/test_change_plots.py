"""Responder curves and pictures of agreement: what is drawn is what was answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from msspas_analysis import plots
from msspas_analysis.estimate.agreement.limits_of_agreement import limits_of_agreement
from msspas_analysis.estimate.change.responders import responder_curve


def two_arms(n=40):
    rng = np.random.default_rng(3)
    before = rng.integers(3, 10, n).astype(float)
    arm = np.where(np.arange(n) % 2, "spray", "placebo")
    return pd.DataFrame({
        "person_id": [f"P{i}" for i in range(n)], "before": before, "arm": arm,
        "after": np.clip(before - rng.integers(-1, 4, n) - (arm == "spray"), 0, 10),
    })  # fmt: skip


def test_the_curve_drawn_is_the_curve_estimated():
    how = {"outcome": "stiffness", "arm": "arm", "control": "placebo", "scale": "percent"}
    curve = responder_curve(two_arms(), **how)
    figure, drawn = plots.responder_plot(curve, mark=20)
    axes = figure.axes[0]
    table = curve.table[curve.table["measure"] == "proportion"]
    assert len(drawn) == len(table)
    np.testing.assert_array_equal(np.sort(drawn["estimate"]), np.sort(table["estimate"]))
    for line, group in zip(axes.lines[:2], ("placebo", "spray"), strict=True):
        part = drawn[drawn["group"] == group]
        assert line.get_label() == group
        np.testing.assert_array_equal(line.get_xdata(), part["cut"])
        np.testing.assert_array_equal(line.get_ydata(), part["estimate"])
        assert (np.diff(part["estimate"]) <= 0).all()
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
    assert axes.lines[2].get_xdata()[0] == 20
    assert axes.get_xlabel() == "fall of at least … %"
    row = drawn[drawn["group"] == "spray"].iloc[0]
    term = f"fall of at least {row['cut']:.10g} %"
    told = curve.one(measure="proportion", group="spray", term=term)
    assert (row["conf_low"], row["conf_high"]) == (told.conf_low, told.conf_high)


def test_rises_are_worded_as_rises_and_one_group_needs_no_legend():
    curve = responder_curve(two_arms(), outcome="sleep", better="higher")
    figure, drawn = plots.responder_plot(curve)
    assert figure.axes[0].get_xlabel() == "rise of at least … points"
    assert figure.axes[0].get_legend() is None
    assert drawn["group"].unique().tolist() == ["all"]


def test_what_is_no_curve_is_refused():
    scores = two_arms()
    answer = limits_of_agreement(scores, ("before", "after"))
    with pytest.raises(ValueError, match="no responder curve"):
        plots.responder_plot(answer)
    many = scores.assign(arm=[f"arm {i % 5}" for i in range(len(scores))])
    curve = responder_curve(many, outcome="s", arm="arm", control="arm 0")
    with pytest.raises(ValueError, match="5 groups are more than 4"):
        plots.responder_plot(curve)


def test_differences_stand_between_their_limits():
    frame = two_arms().assign(after=lambda f: f["after"].where(f.index > 2))
    answer = limits_of_agreement(frame, ("before", "after"))
    figure, drawn = plots.agreement_plot(frame, ("before", "after"), answer, unit="points")
    assert len(drawn) == len(frame) - 3
    assert drawn["difference"].mean() == pytest.approx(
        answer.one(measure="mean_difference").estimate, rel=1e-12
    )
    heights = {line.get_ydata()[0] for line in figure.axes[0].lines[2:]}
    kept = answer.table.set_index("measure")["estimate"]
    assert heights == {kept["lower_limit"], kept["mean_difference"], kept["upper_limit"]}
    with pytest.raises(ValueError, match="no column 'diary'"):
        plots.agreement_plot(frame, ("diary", "after"), answer, unit="points")
    with pytest.raises(ValueError, match="the answer has no lower_limit"):
        plots.agreement_plot(
            frame, ("before", "after"), responder_curve(frame, outcome="s"), unit="points"
        )
    with pytest.raises(ValueError, match="no row has both"):
        plots.agreement_plot(frame.assign(after=np.nan), ("before", "after"), answer, unit="points")
