"""Symptom diaries of spasticity in multiple sclerosis: no number without its null.

Everything a notebook needs is here by name. A name is imported when it is first used, so that
``import msspas_analysis`` costs nothing.

Examples
--------
>>> import msspas_analysis as ms
>>> print(ms.BEFORE)
before: days -7 to -1, at least 4 rated
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from msspas_analysis import instruments, plots, scoring
    from msspas_analysis.certify.fitting import FittedScenario, fit_scenario
    from msspas_analysis.certify.nothing import small_pilots, what_nothing_shows
    from msspas_analysis.certify.trial_runs import what_trials_show, without_expectation
    from msspas_analysis.certify.twin import (
        EntryRule,
        Expectation,
        UnknownEntryError,
        expected_without_treatment,
    )
    from msspas_analysis.estimate.change import (
        direction_of_change,
        minimal_detectable_change,
        paired_change,
        percent_fall,
    )
    from msspas_analysis.estimate.crossover import crossover_difference
    from msspas_analysis.estimate.description import week_profile
    from msspas_analysis.estimate.diary_days import floor_share, missing_streaks
    from msspas_analysis.estimate.estimand import Analysis, Estimand
    from msspas_analysis.estimate.multiplicity import adjust, adjust_estimates
    from msspas_analysis.estimate.participants import baseline_table, participant_flow, visit_scores
    from msspas_analysis.estimate.people import RowsAreNotPeopleError
    from msspas_analysis.estimate.persistence import autocorrelation, variogram
    from msspas_analysis.estimate.trials import (
        adjusted_difference,
        against_margin,
        linear_regression,
    )
    from msspas_analysis.estimate.windows import rated_days, span_scores, window_scores
    from msspas_analysis.ingest import UnreadableFileError, read_workbook, write_intake
    from msspas_analysis.ingest.intake import Intake, Tally
    from msspas_analysis.ingest.template import write_paper_diary, write_template
    from msspas_analysis.report import service_evaluation
    from msspas_analysis.report.results_table import results_table, write_results
    from msspas_analysis.results import Estimates, concat
    from msspas_analysis.simulate.days import simulate_days, simulate_ratings
    from msspas_analysis.simulate.designs import Arm, Design, Treatment, resized, with_effect
    from msspas_analysis.simulate.diary import SimulatedDiary, simulate_diary
    from msspas_analysis.simulate.realism import provenance
    from msspas_analysis.simulate.scenario import DiaryScenario
    from msspas_analysis.simulate.study import SimulatedStudy, simulate_study
    from msspas_analysis.simulate.survey import SurveyScenario, respondent_shares, simulate_survey
    from msspas_analysis.simulate.templates import DESIGNS
    from msspas_analysis.simulate.trials import simulate_trials
    from msspas_analysis.simulate.world import Episode, World, steady
    from msspas_analysis.tables import AFTER, BEFORE, SCHEMAS, SchemaError, Tables, Window, validate

    __version__: str

_ROOMS: Final = ("instruments", "plots", "scoring")
_HOMES: Final = {
    "AFTER": "tables",
    "BEFORE": "tables",
    "DESIGNS": "simulate.templates",
    "SCHEMAS": "tables",
    "Analysis": "estimate.estimand",
    "Arm": "simulate.designs",
    "Design": "simulate.designs",
    "DiaryScenario": "simulate.scenario",
    "EntryRule": "certify.twin",
    "Episode": "simulate.world",
    "Estimand": "estimate.estimand",
    "Estimates": "results",
    "Expectation": "certify.twin",
    "FittedScenario": "certify.fitting",
    "Intake": "ingest.intake",
    "RowsAreNotPeopleError": "estimate.people",
    "SchemaError": "tables",
    "SimulatedDiary": "simulate.diary",
    "SimulatedStudy": "simulate.study",
    "SurveyScenario": "simulate.survey",
    "Tables": "tables",
    "Tally": "ingest.intake",
    "Treatment": "simulate.designs",
    "UnknownEntryError": "certify.twin",
    "UnreadableFileError": "ingest",
    "Window": "tables",
    "World": "simulate.world",
    "adjust": "estimate.multiplicity",
    "adjust_estimates": "estimate.multiplicity",
    "adjusted_difference": "estimate.trials",
    "against_margin": "estimate.trials",
    "autocorrelation": "estimate.persistence",
    "baseline_table": "estimate.participants",
    "concat": "results",
    "crossover_difference": "estimate.crossover",
    "direction_of_change": "estimate.change",
    "expected_without_treatment": "certify.twin",
    "fit_scenario": "certify.fitting",
    "floor_share": "estimate.diary_days",
    "linear_regression": "estimate.trials",
    "minimal_detectable_change": "estimate.change",
    "missing_streaks": "estimate.diary_days",
    "paired_change": "estimate.change",
    "participant_flow": "estimate.participants",
    "percent_fall": "estimate.change",
    "provenance": "simulate.realism",
    "rated_days": "estimate.windows",
    "read_workbook": "ingest",
    "resized": "simulate.designs",
    "respondent_shares": "simulate.survey",
    "results_table": "report.results_table",
    "service_evaluation": "report",
    "simulate_days": "simulate.days",
    "simulate_diary": "simulate.diary",
    "simulate_ratings": "simulate.days",
    "simulate_study": "simulate.study",
    "simulate_survey": "simulate.survey",
    "simulate_trials": "simulate.trials",
    "small_pilots": "certify.nothing",
    "span_scores": "estimate.windows",
    "steady": "simulate.world",
    "validate": "tables",
    "variogram": "estimate.persistence",
    "visit_scores": "estimate.participants",
    "week_profile": "estimate.description",
    "what_nothing_shows": "certify.nothing",
    "what_trials_show": "certify.trial_runs",
    "window_scores": "estimate.windows",
    "with_effect": "simulate.designs",
    "without_expectation": "certify.trial_runs",
    "write_intake": "ingest",
    "write_paper_diary": "ingest.template",
    "write_results": "report.results_table",
    "write_template": "ingest.template",
}

__all__ = [
    "AFTER",
    "BEFORE",
    "DESIGNS",
    "SCHEMAS",
    "Analysis",
    "Arm",
    "Design",
    "DiaryScenario",
    "EntryRule",
    "Episode",
    "Estimand",
    "Estimates",
    "Expectation",
    "FittedScenario",
    "Intake",
    "RowsAreNotPeopleError",
    "SchemaError",
    "SimulatedDiary",
    "SimulatedStudy",
    "SurveyScenario",
    "Tables",
    "Tally",
    "Treatment",
    "UnknownEntryError",
    "UnreadableFileError",
    "Window",
    "World",
    "__version__",
    "adjust",
    "adjust_estimates",
    "adjusted_difference",
    "against_margin",
    "autocorrelation",
    "baseline_table",
    "concat",
    "crossover_difference",
    "direction_of_change",
    "expected_without_treatment",
    "fit_scenario",
    "floor_share",
    "instruments",
    "linear_regression",
    "minimal_detectable_change",
    "missing_streaks",
    "paired_change",
    "participant_flow",
    "percent_fall",
    "plots",
    "provenance",
    "rated_days",
    "read_workbook",
    "resized",
    "respondent_shares",
    "results_table",
    "scoring",
    "service_evaluation",
    "simulate_days",
    "simulate_diary",
    "simulate_ratings",
    "simulate_study",
    "simulate_survey",
    "simulate_trials",
    "small_pilots",
    "span_scores",
    "steady",
    "validate",
    "variogram",
    "visit_scores",
    "week_profile",
    "what_nothing_shows",
    "what_trials_show",
    "window_scores",
    "with_effect",
    "without_expectation",
    "write_intake",
    "write_paper_diary",
    "write_results",
    "write_template",
]


def __getattr__(name: str) -> Any:
    """Import `name` from its module when it is first used."""
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("msspas-analysis")
    elif name in _ROOMS:
        from importlib import import_module

        value = import_module(f"{__name__}.{name}")
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
