"""Figures: what is drawn is what was given, and nothing is left behind."""

from __future__ import annotations

import sys
from io import BytesIO

import numpy as np
import pytest

from msspas_analysis.plots import (
    change_over_expected,
    change_with_interval,
    completeness_by_week,
    direction_bar,
    mean_by_week,
    to_png,
    week_number,
)
from msspas_analysis.results import Estimates


def answer(*rows):
    base = {"outcome": "stiffness", "group": "all", "term": "change", "measure": "mean", "n": 30,
            "method": "given"}  # fmt: skip
    return Estimates.from_rows([base | row for row in rows])


WEEKS = answer(
    {"term": "week 1", "estimate": 5.0, "conf_low": 4.0, "conf_high": 6.0},
    {"term": "week -2", "estimate": 6.5, "conf_low": 6.0, "conf_high": 7.0},
    {"term": "week 0", "estimate": 1.0, "n": 9},
    {"term": "week -1", "estimate": 6.0, "conf_low": 5.0, "conf_high": 7.0, "n": 10},
)
DIRECTION = answer(
    {"term": "more", "measure": "proportion", "estimate": 0.2},
    {"term": "less", "measure": "proportion", "estimate": 0.5},
    {"term": "same", "measure": "proportion", "estimate": 0.3},
)
LABELS = {"less": "less stiffness", "same": "about the same", "more": "more stiffness"}


def test_weeks_stand_in_order_and_small_ones_are_left_out():
    figure, drawn = mean_by_week(WEEKS, label="stiffness")
    assert drawn["week"].tolist() == [-2, -1, 1]
    (line,) = [x for x in figure.axes[0].lines if x.get_marker() == "o"]
    np.testing.assert_array_equal(line.get_xdata(), [-2, -1, 1])
    np.testing.assert_array_equal(line.get_ydata(), [6.5, 6.0, 5.0])
    low, high = figure.axes[0].get_ylim()
    assert low <= 0
    assert high == 10


def test_intervals_are_drawn_where_they_are():
    figure, drawn = mean_by_week(WEEKS, label="stiffness")
    (bars,) = figure.axes[0].collections
    ends = [path.vertices[:, 1].tolist() for path in bars.get_paths()]
    assert ends == drawn[["conf_low", "conf_high"]].to_numpy().tolist()


def test_completeness_is_a_bar_from_zero_for_each_week():
    shares = answer(
        {"term": "week 0", "measure": "proportion", "estimate": 0.75},
        {"term": "week -1", "measure": "proportion", "estimate": 0.9},
        {"term": "week 1", "measure": "proportion", "estimate": 0.5, "n": 4},
    )
    figure, drawn = completeness_by_week(shares)
    assert drawn["week"].tolist() == [-1, 0]
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.9, 0.75]
    assert [bar.get_y() for bar in figure.axes[0].patches] == [0, 0]
    assert figure.axes[0].get_ylim() == (0, 1)


def test_change_is_a_dot_on_a_line_against_zero():
    given = answer(
        {"measure": "mean_difference", "estimate": -2.5, "conf_low": -4.0, "conf_high": -1.0},
        {"measure": "median_difference", "estimate": -2.0, "conf_low": -np.inf,
         "conf_high": np.inf},
    )  # fmt: skip
    figure, drawn = change_with_interval(
        given, labels={"mean_difference": "mean", "median_difference": "median"}, unit="points"
    )
    axes = figure.axes[0]
    zero, dots = axes.lines
    assert list(zero.get_xdata()) == [0, 0]
    assert list(dots.get_xdata()) == drawn["estimate"].tolist() == [-2.5, -2.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["mean", "median"]
    left, right = axes.get_xlim()
    # zero stands in the middle, and every finite end is inside
    assert left == -right
    assert left < -4.0
    assert to_png(figure).startswith(b"\x89PNG")


SEEN = {"estimate": -0.6, "conf_low": -1.1, "conf_high": -0.1, "measure": "mean_difference"}


def test_observed_change_stands_over_the_centres_that_give_nothing():
    rng = np.random.default_rng(3)
    centres = {"anybody": rng.normal(0, 0.2, 400), "high": rng.normal(-0.3, 0.2, 300)}
    figure, drawn = change_over_expected(answer(SEEN), centres, unit="points", bins=12)
    dots = drawn.loc[drawn["estimate"].notna()]
    assert dots["group"].tolist() == ["anybody", "high"]
    assert dots["conf_low"].tolist() == [-1.1, -1.1]
    bars = drawn.loc[drawn["centres"].notna()]
    assert bars.groupby("group")["centres"].sum().to_dict() == {"anybody": 400, "high": 300}
    for axes, (name, values) in zip(figure.axes, centres.items(), strict=True):
        assert axes.get_title(loc="left") == name
        mine = bars.loc[bars["group"].eq(name)]
        assert [bar.get_height() for bar in axes.patches] == mine["centres"].tolist()
        for bar, low, high in zip(axes.patches, mine["low"], mine["high"], strict=True):
            assert bar.get_x() == pytest.approx(low)
            inside = ((values >= low) & (values < high)).sum()
            assert abs(bar.get_height() - inside) <= 1  # the last bar holds its upper edge
        dot = next(line for line in axes.lines if line.get_marker() == "o")
        assert list(dot.get_xdata()) == [-0.6]
        left, right = axes.get_xlim()
        # no change stands in the middle, and everything is inside
        assert left == -right
        assert left < min(-1.1, values.min())
    assert to_png(figure).startswith(b"\x89PNG")


def test_centres_that_are_all_alike_are_one_bar():
    _, drawn = change_over_expected(answer(SEEN), {"x": np.zeros(50)}, unit="points", bins=5)
    assert sorted(drawn["centres"].dropna()) == [0, 0, 0, 0, 50]


@pytest.mark.parametrize(
    ("rows", "centres", "message"),
    [
        ([SEEN, SEEN], {"x": np.zeros(5)}, "one observed change is due, got 2"),
        ([SEEN], {}, "no simulated centre"),
        ([SEEN], {"x": np.array([np.nan])}, "no simulated centre"),
    ],
)
def test_observed_over_expected_needs_both(rows, centres, message):
    with pytest.raises(ValueError, match=message):
        change_over_expected(answer(*rows), centres, unit="points")


def test_change_needs_words_for_every_dot():
    with pytest.raises(KeyError):
        change_with_interval(answer({"estimate": 1.0}), labels={}, unit="points")


def test_directions_stand_side_by_side_from_less_to_more():
    figure, drawn = direction_bar(DIRECTION, labels=LABELS)
    assert drawn["term"].tolist() == ["less", "same", "more"]
    bars = figure.axes[0].patches
    np.testing.assert_allclose([bar.get_x() for bar in bars], [0, 0.5, 0.8])
    np.testing.assert_allclose([bar.get_width() for bar in bars], [0.5, 0.3, 0.2])
    words = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert words == ["less stiffness: 50 %", "about the same: 30 %", "more stiffness: 20 %"]


def test_hidden_directions_are_one_hatched_part():
    figure, drawn = direction_bar(Estimates(DIRECTION.table.iloc[[1]]), labels=LABELS)
    assert drawn["term"].tolist() == ["less", "not shown separately"]
    assert drawn["estimate"].tolist() == [0.5, 0.5]
    assert figure.axes[0].patches[1].get_hatch()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"term": "better", "measure": "proportion", "estimate": 0.2}], "not less, same or more"),
        ([{"term": t, "measure": "proportion", "estimate": 0.6} for t in ("less", "more")],
         "more than 1"),
    ],
)  # fmt: skip
def test_directions_that_cannot_be(rows, message):
    with pytest.raises(ValueError, match=message):
        direction_bar(answer(*rows), labels=LABELS)


@pytest.mark.parametrize("term", ["month 2", "week", "week 1.5"])
def test_a_term_without_a_week_is_refused(term):
    with pytest.raises(ValueError, match="names no week"):
        week_number(term)


@pytest.mark.parametrize("draw", [mean_by_week, completeness_by_week])
def test_no_week_at_all_is_an_empty_picture(draw):
    more = {"label": "stiffness"} if draw is mean_by_week else {}
    figure, drawn = draw(answer(), **more)
    assert drawn.empty
    assert to_png(figure)


def luminance(colour):
    from matplotlib.colors import to_rgb

    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_words_on_colours_can_be_read():
    figure, _ = direction_bar(DIRECTION, labels=LABELS)
    for bar, words in zip(figure.axes[0].patches, figure.axes[0].texts, strict=True):
        light, dark = sorted([luminance(bar.get_facecolor()), luminance(words.get_color())])[::-1]
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_parts_stay_apart_in_grey():
    figure, _ = direction_bar(DIRECTION, labels=LABELS)
    less, same, more = (luminance(bar.get_facecolor()) for bar in figure.axes[0].patches)
    assert min(same - more, more - less) > 0.2


def test_same_figure_gives_the_same_bytes_and_no_global_state():
    first, second = (to_png(mean_by_week(WEEKS, label="stiffness")[0]) for _ in range(2))
    assert first == second
    plt = sys.modules.get("matplotlib.pyplot")
    assert plt is None or plt.get_fignums() == []


def test_picture_is_large_enough_to_print():
    from matplotlib.image import imread

    figure, _ = mean_by_week(WEEKS, label="stiffness")
    assert imread(BytesIO(to_png(figure))).shape[1] > 700
