"""Pictures of arms and answers: what is drawn is what was given, and thousands are drawn at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msspas_analysis import plots
from msspas_analysis.estimate.change.paired import paired_change
from msspas_analysis.estimate.trials.adjusted import adjusted_difference
from msspas_analysis.estimate.trials.participants import participant_flow
from msspas_analysis.results import Estimates

HERE = Path(__file__).parent / "reference"


def two_arms(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    before = rng.integers(2, 10, n).astype(float)
    return pd.DataFrame({
        "person_id": [f"P{i:05}" for i in range(n)], "arm": np.where(np.arange(n) % 2, "foot", "sham"),
        "before": before, "after": np.clip(before + rng.integers(-4, 3, n), 0, 10),
    })  # fmt: skip


def by_arm(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: frame.loc[frame["arm"] == name, "after"].to_numpy() for name in ("sham", "foot")}


def proportions(groups: dict[str, dict[str, float]]) -> Estimates:
    return Estimates.from_rows([
        {"outcome": "severity", "group": g, "term": t, "measure": "proportion", "estimate": p,
         "n": 10, "method": "share"}
        for g, part in groups.items() for t, p in part.items()
    ])  # fmt: skip


def test_an_estimation_plot_shows_everybody_and_the_difference():
    frame = two_arms()
    frame.loc[0, "after"] = np.nan
    answer = adjusted_difference(frame, "after", arm="arm", control="sham")
    figure, drawn = plots.estimation_plot(by_arm(frame), answer, unit="stiffness")
    assert len(drawn) == 59 + 1
    row = answer.one(measure="mean_difference")
    assert drawn["estimate"].iloc[-1] == row.estimate
    axes = figure.axes[0]
    dots = [line for line in axes.lines if line.get_marker() in {"o", "D"}]
    assert sum(len(line.get_xdata()) for line in dots) == 60
    # dots of one height stand beside each other
    x, y = dots[0].get_data()
    assert len(set(zip(x.round(6), y, strict=True))) == len(x)
    means = answer.table[answer.table["measure"] == "mean"].set_index("term")["estimate"]
    end = dots[-1].get_ydata()[0]
    assert end == pytest.approx(means["sham"] + row.estimate)
    assert end == pytest.approx(means["foot"])


def test_a_paired_plot_shows_every_pair():
    frame = two_arms()
    frame.loc[:4, "after"] = np.nan
    answer = paired_change(frame[["person_id", "before", "after"]], outcome="stiffness")
    figure, drawn = plots.paired_plot(frame, answer, unit="stiffness")
    assert len(drawn) == 55 + 1
    pairs = figure.axes[0].lines[0].get_ydata().reshape(-1, 3)
    np.testing.assert_array_equal(pairs[:, :2], frame[["before", "after"]].dropna().to_numpy())
    assert drawn["n"].iloc[-1] == 55


def test_ordered_bars_split_at_the_middle():
    levels = ["none", "mild", "moderate", "severe"]
    shares = proportions({"2004": dict(zip(levels, (0.2, 0.3, 0.4, 0.1), strict=True)),
                          "2005": {"none": 1.0}})  # fmt: skip
    figure, drawn = plots.ordered_bars(shares, levels, middle="moderate")
    first = drawn[drawn["group"] == "2004"].set_index("term")
    assert first["start"].to_dict() == pytest.approx(
        {"none": -0.7, "mild": -0.5, "moderate": -0.2, "severe": 0.2}
    )
    widths = [p.get_width() for p in figure.axes[0].patches[:4]]
    assert widths == pytest.approx([0.2, 0.3, 0.4, 0.1])
    assert {t.get_text() for t in figure.axes[0].texts} >= {"20 %", "30 %", "40 %", "10 %", "100 %"}
    _, plain = plots.ordered_bars(shares, levels)
    assert plain["start"].min() == 0.0


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"levels": ["none"]}, r"levels \['mild'\] are not among"),
        ({"levels": ["none", "mild"], "middle": "some"}, "middle 'some' must be one of"),
    ],
)
def test_bars_of_unknown_levels_are_refused(how, says):
    with pytest.raises(ValueError, match=says):
        plots.ordered_bars(proportions({"all": {"none": 0.5, "mild": 0.5}}), **how)
    twice = proportions({"all": {"none": 0.5}})
    with pytest.raises(ValueError, match="twice"):
        plots.ordered_bars(Estimates(pd.concat([twice.table] * 2)), ["none"])


def test_a_forest_says_its_figures_and_points_to_infinity():
    rows = [
        {"outcome": "o", "group": "all", "term": t, "measure": "odds_ratio", "estimate": b,
         "conf_low": low, "conf_high": high, "n": 9, "method": "m"}
        for t, b, low, high in (("a", 2.0, 0.5, 8.0), ("b", 1.0, 0.25, np.inf), ("c", 3.0, None, None))
    ]  # fmt: skip
    figure, drawn = plots.forest(
        Estimates.from_rows(rows), labels=["A", "B", "C"], unit="odds ratio", none=1.0, log=True
    )
    assert drawn["words"].tolist() == ["2.00 (0.50 to 8.00)", "1.00 (0.25 to ∞)", "3.00"]
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert [line.get_marker() for line in axes.lines].count(">") == 1
    assert {t.get_text() for t in axes.texts} == set(drawn["words"])
    low, high = axes.get_xlim()
    assert low < 0.25
    assert high > 8
    with pytest.raises(ValueError, match="one label for each answer"):
        plots.forest(Estimates.from_rows(rows), labels=["A"], unit="x")
    rows[0]["estimate"] = -1.0
    rows[0]["conf_low"] = rows[0]["conf_high"] = None
    with pytest.raises(ValueError, match="must be above 0"):
        plots.forest(Estimates.from_rows(rows), labels=list("ABC"), unit="x", log=True)


def test_the_flow_of_people_is_in_its_boxes():
    frame = two_arms(12).assign(
        ended=["completed"] * 9 + ["moved away", "moved away", "unwell"],
        arm=["foot", "sham"] * 5 + [None, None],
    )
    flow = participant_flow(frame, arm="arm", ended="ended", outcome="after")
    figure, drawn = plots.flow_figure(flow)
    words = drawn.set_index(["group", "box"])["words"]
    assert words["all", "assessed"] == "Assessed: 12"
    assert words["all", "not allocated"] == "Not allocated: 2"
    assert words["sham", "stopped"] == "Stopped: 1\n  moved away: 1"
    assert ("foot", "stopped") not in words.index
    assert words["foot", "analysed"] == "Analysed: 5"
    shown = [t.get_text() for t in figure.axes[0].texts]
    assert any(text == "sham\nAllocated: 5" for text in shown)
    with pytest.raises(ValueError, match="no arm"):
        plots.flow_figure(Estimates(flow.table[flow.table["group"] == "all"]))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sham": [1.0]}, "two groups with values"),
        ({"sham": [1.0], "foot": [np.nan]}, "two groups"),
    ],
)
def test_plots_without_two_groups_are_refused(values, says):
    answer = adjusted_difference(two_arms(), "after", arm="arm", control="sham")
    with pytest.raises(ValueError, match=says):
        plots.estimation_plot(values, answer, unit="points")
    with pytest.raises(ValueError, match="a mean for each of"):
        plots.estimation_plot({"a": np.ones(2), "b": np.ones(2)}, answer, unit="points")
    empty = pd.DataFrame({"before": [1.0], "after": [np.nan]})
    with pytest.raises(ValueError, match="nobody has a score before and after"):
        plots.paired_plot(empty, answer, unit="points")
