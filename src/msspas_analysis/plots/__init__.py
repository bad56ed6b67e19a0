"""Answers become axes: every figure comes with the numbers drawn in it.

Each function returns the figure and a table of exactly what it shows, so that a test or a notebook
checks the picture without looking at it. Nothing is estimated here. Colours stay apart for people
with any colour vision and in grey; no meaning rests on colour alone.
"""

from msspas_analysis.plots.arms import (
    estimation_plot,
    flow_figure,
    forest,
    ordered_bars,
    paired_plot,
)
from msspas_analysis.plots.canvas import BLUE, INK, to_png
from msspas_analysis.plots.change import agreement_plot, responder_plot
from msspas_analysis.plots.designs import designs_plot, rule_plot, schedule_plot
from msspas_analysis.plots.diary import (
    autocorrelation_plot,
    calendar,
    change_over_expected,
    change_with_interval,
    completeness_by_week,
    direction_bar,
    mean_by_week,
    person_strips,
    truth_and_seen,
    week_number,
)
from msspas_analysis.plots.evidence import (
    funnel_plot,
    pooled_forest,
    replay_plot,
    risk_of_bias_plot,
    risk_summary_plot,
)

__all__ = [
    "BLUE",
    "INK",
    "agreement_plot",
    "autocorrelation_plot",
    "calendar",
    "change_over_expected",
    "change_with_interval",
    "completeness_by_week",
    "designs_plot",
    "direction_bar",
    "estimation_plot",
    "flow_figure",
    "forest",
    "funnel_plot",
    "mean_by_week",
    "ordered_bars",
    "paired_plot",
    "person_strips",
    "pooled_forest",
    "replay_plot",
    "responder_plot",
    "risk_of_bias_plot",
    "risk_summary_plot",
    "rule_plot",
    "schedule_plot",
    "to_png",
    "truth_and_seen",
    "week_number",
]
