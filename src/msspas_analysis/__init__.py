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
    from msspas_analysis.estimate.agreement import kappa
    from msspas_analysis.estimate.anchors import anchor_summary
    from msspas_analysis.estimate.association import anchor_correlation, correlation
    from msspas_analysis.estimate.binary import binary_difference, logistic_regression
    from msspas_analysis.estimate.calibration import calibrate, post_stratify, rake
    from msspas_analysis.estimate.change import (
        direction_of_change,
        minimal_detectable_change,
        paired_change,
        percent_fall,
    )
    from msspas_analysis.estimate.counts import count_regression, rate_ratio
    from msspas_analysis.estimate.crossover import crossover_difference
    from msspas_analysis.estimate.crossover_yes_no import crossover_response
    from msspas_analysis.estimate.day_prevalence import day_prevalence
    from msspas_analysis.estimate.description import week_profile
    from msspas_analysis.estimate.diary_days import floor_share, missing_streaks
    from msspas_analysis.estimate.effect_size import (
        effect_sizes,
        mean_difference,
        paired_effect_sizes,
    )
    from msspas_analysis.estimate.estimand import Analysis, Estimand
    from msspas_analysis.estimate.internal_consistency import internal_consistency
    from msspas_analysis.estimate.intraclass import intraclass_correlation, measurement_error
    from msspas_analysis.estimate.limits_of_agreement import limits_of_agreement
    from msspas_analysis.estimate.multiplicity import adjust, adjust_estimates
    from msspas_analysis.estimate.ordinal import (
        ordinal_difference,
        predicted_probabilities,
        proportional_odds,
    )
    from msspas_analysis.estimate.paired_proportions import paired_proportions
    from msspas_analysis.estimate.participants import baseline_table, participant_flow, visit_scores
    from msspas_analysis.estimate.people import RowsAreNotPeopleError
    from msspas_analysis.estimate.permutation import permutation_test
    from msspas_analysis.estimate.persistence import autocorrelation, variogram
    from msspas_analysis.estimate.proportions import prevalence, severity_shares
    from msspas_analysis.estimate.ranks import rank_difference, signed_rank_variants
    from msspas_analysis.estimate.ratios import mean_ratios, paired_ratios
    from msspas_analysis.estimate.reliable_change import reliable_change, reliable_change_ar
    from msspas_analysis.estimate.resampling import bootstrap_interval
    from msspas_analysis.estimate.responders import responder_curve
    from msspas_analysis.estimate.response import (
        explaining_odds_ratio,
        response_bounds,
        response_sensitivity,
    )
    from msspas_analysis.estimate.risks import compare_proportions
    from msspas_analysis.estimate.sampling import SurveyDesign
    from msspas_analysis.estimate.standardisation import standardised_prevalence, standardised_rate
    from msspas_analysis.estimate.therapies import several_therapies, therapies_taken
    from msspas_analysis.estimate.trials import (
        adjusted_difference,
        against_margin,
        linear_regression,
    )
    from msspas_analysis.estimate.weighted import (
        design_effects,
        weighted_mean,
        weighted_prevalence,
        weighted_ratio,
        weighted_regression,
        weighted_shares,
        weighted_total,
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
    "SurveyDesign": "estimate.sampling",
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
    "anchor_correlation": "estimate.association",
    "anchor_summary": "estimate.anchors",
    "autocorrelation": "estimate.persistence",
    "baseline_table": "estimate.participants",
    "binary_difference": "estimate.binary",
    "bootstrap_interval": "estimate.resampling",
    "calibrate": "estimate.calibration",
    "compare_proportions": "estimate.risks",
    "concat": "results",
    "correlation": "estimate.association",
    "count_regression": "estimate.counts",
    "crossover_difference": "estimate.crossover",
    "crossover_response": "estimate.crossover_yes_no",
    "day_prevalence": "estimate.day_prevalence",
    "design_effects": "estimate.weighted",
    "direction_of_change": "estimate.change",
    "effect_sizes": "estimate.effect_size",
    "expected_without_treatment": "certify.twin",
    "explaining_odds_ratio": "estimate.response",
    "fit_scenario": "certify.fitting",
    "floor_share": "estimate.diary_days",
    "internal_consistency": "estimate.internal_consistency",
    "intraclass_correlation": "estimate.intraclass",
    "kappa": "estimate.agreement",
    "limits_of_agreement": "estimate.limits_of_agreement",
    "linear_regression": "estimate.trials",
    "logistic_regression": "estimate.binary",
    "mean_difference": "estimate.effect_size",
    "mean_ratios": "estimate.ratios",
    "measurement_error": "estimate.intraclass",
    "minimal_detectable_change": "estimate.change",
    "missing_streaks": "estimate.diary_days",
    "ordinal_difference": "estimate.ordinal",
    "paired_change": "estimate.change",
    "paired_effect_sizes": "estimate.effect_size",
    "paired_proportions": "estimate.paired_proportions",
    "paired_ratios": "estimate.ratios",
    "participant_flow": "estimate.participants",
    "percent_fall": "estimate.change",
    "permutation_test": "estimate.permutation",
    "post_stratify": "estimate.calibration",
    "predicted_probabilities": "estimate.ordinal",
    "prevalence": "estimate.proportions",
    "proportional_odds": "estimate.ordinal",
    "provenance": "simulate.realism",
    "rake": "estimate.calibration",
    "rank_difference": "estimate.ranks",
    "rate_ratio": "estimate.counts",
    "rated_days": "estimate.windows",
    "read_workbook": "ingest",
    "reliable_change": "estimate.reliable_change",
    "reliable_change_ar": "estimate.reliable_change",
    "resized": "simulate.designs",
    "respondent_shares": "simulate.survey",
    "responder_curve": "estimate.responders",
    "response_bounds": "estimate.response",
    "response_sensitivity": "estimate.response",
    "results_table": "report.results_table",
    "service_evaluation": "report",
    "several_therapies": "estimate.therapies",
    "severity_shares": "estimate.proportions",
    "signed_rank_variants": "estimate.ranks",
    "simulate_days": "simulate.days",
    "simulate_diary": "simulate.diary",
    "simulate_ratings": "simulate.days",
    "simulate_study": "simulate.study",
    "simulate_survey": "simulate.survey",
    "simulate_trials": "simulate.trials",
    "small_pilots": "certify.nothing",
    "span_scores": "estimate.windows",
    "standardised_prevalence": "estimate.standardisation",
    "standardised_rate": "estimate.standardisation",
    "steady": "simulate.world",
    "therapies_taken": "estimate.therapies",
    "validate": "tables",
    "variogram": "estimate.persistence",
    "visit_scores": "estimate.participants",
    "week_profile": "estimate.description",
    "weighted_mean": "estimate.weighted",
    "weighted_prevalence": "estimate.weighted",
    "weighted_ratio": "estimate.weighted",
    "weighted_regression": "estimate.weighted",
    "weighted_shares": "estimate.weighted",
    "weighted_total": "estimate.weighted",
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
    "SurveyDesign",
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
    "anchor_correlation",
    "anchor_summary",
    "autocorrelation",
    "baseline_table",
    "binary_difference",
    "bootstrap_interval",
    "calibrate",
    "compare_proportions",
    "concat",
    "correlation",
    "count_regression",
    "crossover_difference",
    "crossover_response",
    "day_prevalence",
    "design_effects",
    "direction_of_change",
    "effect_sizes",
    "expected_without_treatment",
    "explaining_odds_ratio",
    "fit_scenario",
    "floor_share",
    "instruments",
    "internal_consistency",
    "intraclass_correlation",
    "kappa",
    "limits_of_agreement",
    "linear_regression",
    "logistic_regression",
    "mean_difference",
    "mean_ratios",
    "measurement_error",
    "minimal_detectable_change",
    "missing_streaks",
    "ordinal_difference",
    "paired_change",
    "paired_effect_sizes",
    "paired_proportions",
    "paired_ratios",
    "participant_flow",
    "percent_fall",
    "permutation_test",
    "plots",
    "post_stratify",
    "predicted_probabilities",
    "prevalence",
    "proportional_odds",
    "provenance",
    "rake",
    "rank_difference",
    "rate_ratio",
    "rated_days",
    "read_workbook",
    "reliable_change",
    "reliable_change_ar",
    "resized",
    "respondent_shares",
    "responder_curve",
    "response_bounds",
    "response_sensitivity",
    "results_table",
    "scoring",
    "service_evaluation",
    "several_therapies",
    "severity_shares",
    "signed_rank_variants",
    "simulate_days",
    "simulate_diary",
    "simulate_ratings",
    "simulate_study",
    "simulate_survey",
    "simulate_trials",
    "small_pilots",
    "span_scores",
    "standardised_prevalence",
    "standardised_rate",
    "steady",
    "therapies_taken",
    "validate",
    "variogram",
    "visit_scores",
    "week_profile",
    "weighted_mean",
    "weighted_prevalence",
    "weighted_ratio",
    "weighted_regression",
    "weighted_shares",
    "weighted_total",
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
