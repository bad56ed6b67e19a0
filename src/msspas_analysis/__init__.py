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
    from msspas_analysis.certify.entry_rule import EntryRule, UnknownEntryError
    from msspas_analysis.certify.large.folder import open_large_diary, write_large_diary
    from msspas_analysis.certify.large.large_diary import fit_large, summarise_large_diary
    from msspas_analysis.certify.plan.allocation import allocate, verify_allocation
    from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
    from msspas_analysis.certify.plan.comparison import compare_designs
    from msspas_analysis.certify.plan.power import people_needed, power_by_people
    from msspas_analysis.certify.plan.returned import StudyPlan, analyse_folder, analyse_returned
    from msspas_analysis.certify.plan.sample_size import (
        power_of_grades,
        power_of_means,
        power_of_proportions,
    )
    from msspas_analysis.certify.running import BlocksFailedError, Failure, replay, run_blocks
    from msspas_analysis.certify.studies.certificate import (
        Certificate,
        certify_analysis,
        certify_answers,
    )
    from msspas_analysis.certify.studies.pooling_runs import pooled_coverage
    from msspas_analysis.certify.studies.replicates import (
        Replicates,
        diary_replicates,
        trial_replicates,
    )
    from msspas_analysis.certify.studies.rule_runs import what_rules_pass
    from msspas_analysis.certify.studies.trial_runs import what_trials_show, without_expectation
    from msspas_analysis.certify.twin.control_arm import change_beyond_control
    from msspas_analysis.certify.twin.expected import Expectation, expected_without_treatment
    from msspas_analysis.certify.twin.fitting import FittedScenario, fit_scenario
    from msspas_analysis.certify.twin.grades import grades_beyond_expectation
    from msspas_analysis.certify.twin.nothing import small_pilots, what_nothing_shows
    from msspas_analysis.certify.twin.response import respondent_coverage, share_beyond_response
    from msspas_analysis.certify.twin.statistics import (
        change_in_bad_days,
        share_fallen,
        share_risen,
        statistic_beyond_expectation,
    )
    from msspas_analysis.estimate.agreement.association import anchor_correlation, correlation
    from msspas_analysis.estimate.agreement.internal_consistency import internal_consistency
    from msspas_analysis.estimate.agreement.intraclass import (
        intraclass_correlation,
        measurement_error,
    )
    from msspas_analysis.estimate.agreement.kappa import kappa
    from msspas_analysis.estimate.agreement.limits_of_agreement import limits_of_agreement
    from msspas_analysis.estimate.change.anchors import anchor_summary
    from msspas_analysis.estimate.change.paired import (
        direction_of_change,
        minimal_detectable_change,
        paired_change,
        percent_fall,
    )
    from msspas_analysis.estimate.change.reliable_change import reliable_change, reliable_change_ar
    from msspas_analysis.estimate.change.responders import responder_curve
    from msspas_analysis.estimate.change.therapies import several_therapies, therapies_taken
    from msspas_analysis.estimate.change.tipping import tipping_point
    from msspas_analysis.estimate.change.untreated import change_beyond_expectation
    from msspas_analysis.estimate.diary.description import week_profile
    from msspas_analysis.estimate.diary.diary_days import floor_share, missing_streaks
    from msspas_analysis.estimate.diary.persistence import autocorrelation, variogram
    from msspas_analysis.estimate.estimand import Analysis, Estimand
    from msspas_analysis.estimate.multiplicity import adjust, adjust_estimates
    from msspas_analysis.estimate.people import RowsAreNotPeopleError
    from msspas_analysis.estimate.permutation import permutation_test
    from msspas_analysis.estimate.pooling.counts import pooled_proportion, pooled_tables
    from msspas_analysis.estimate.pooling.effects import study_effects
    from msspas_analysis.estimate.pooling.pooled import (
        leave_one_out,
        meta_regression,
        pooled_effect,
        subgroup_effects,
    )
    from msspas_analysis.estimate.pooling.small_studies import small_study_effects
    from msspas_analysis.estimate.prevalence.calibration import calibrate, post_stratify, rake
    from msspas_analysis.estimate.prevalence.day_prevalence import day_prevalence
    from msspas_analysis.estimate.prevalence.paired_proportions import paired_proportions
    from msspas_analysis.estimate.prevalence.proportions import prevalence, severity_shares
    from msspas_analysis.estimate.prevalence.response import (
        explaining_odds_ratio,
        response_bounds,
        response_sensitivity,
    )
    from msspas_analysis.estimate.prevalence.risks import compare_proportions
    from msspas_analysis.estimate.prevalence.sampling import SurveyDesign
    from msspas_analysis.estimate.prevalence.standardisation import (
        standardised_prevalence,
        standardised_rate,
    )
    from msspas_analysis.estimate.prevalence.weighted import (
        design_effects,
        weighted_mean,
        weighted_prevalence,
        weighted_ratio,
        weighted_regression,
        weighted_shares,
        weighted_total,
    )
    from msspas_analysis.estimate.resampling import bootstrap_interval
    from msspas_analysis.estimate.trials.adjusted import (
        adjusted_difference,
        against_margin,
        linear_regression,
    )
    from msspas_analysis.estimate.trials.binary import binary_difference, logistic_regression
    from msspas_analysis.estimate.trials.counts import count_regression, rate_ratio
    from msspas_analysis.estimate.trials.crossover import crossover_difference
    from msspas_analysis.estimate.trials.crossover_yes_no import crossover_response
    from msspas_analysis.estimate.trials.effect_size import (
        effect_sizes,
        mean_difference,
        paired_effect_sizes,
    )
    from msspas_analysis.estimate.trials.ordinal import (
        ordinal_difference,
        predicted_probabilities,
        proportional_odds,
    )
    from msspas_analysis.estimate.trials.participants import (
        baseline_table,
        participant_flow,
        visit_scores,
    )
    from msspas_analysis.estimate.trials.ranks import rank_difference, signed_rank_variants
    from msspas_analysis.estimate.trials.ratios import mean_ratios, paired_ratios
    from msspas_analysis.estimate.windows import rated_days, span_scores, window_scores
    from msspas_analysis.evidence.appraisal.appraised import appraisal_table, appraise
    from msspas_analysis.evidence.appraisal.findings import (
        Finding,
        evidence_table,
        finding_of_pooled,
        summary_of_findings,
    )
    from msspas_analysis.evidence.appraisal.grade import Certainty, certainty_table
    from msspas_analysis.evidence.appraisal.rob2 import rob2
    from msspas_analysis.evidence.appraisal.robins_i import robins_i
    from msspas_analysis.evidence.claims import claims_bench
    from msspas_analysis.evidence.library_checks import library_checks
    from msspas_analysis.evidence.own_paper import read_paper
    from msspas_analysis.evidence.paper_checks import grim, p_value, percentage
    from msspas_analysis.evidence.replay.own import appraise_paper, replay_paper
    from msspas_analysis.evidence.replay.run import replay_library, replay_study
    from msspas_analysis.evidence.untreated_responses import (
        beside_published,
        published_untreated_responses,
    )
    from msspas_analysis.ingest import UnreadableFileError, read_workbook, write_intake
    from msspas_analysis.ingest.intake import Intake, Tally
    from msspas_analysis.ingest.template import write_paper_diary, write_template
    from msspas_analysis.progress import progress_bar
    from msspas_analysis.report import service_evaluation
    from msspas_analysis.report.evidence_tables import write_evidence
    from msspas_analysis.report.protocol import write_plan
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
    "Certainty": "evidence.appraisal.grade",
    "DESIGNS": "simulate.templates",
    "Finding": "evidence.appraisal.findings",
    "SCHEMAS": "tables",
    "Analysis": "estimate.estimand",
    "Arm": "simulate.designs",
    "BlocksFailedError": "certify.running",
    "Certificate": "certify.studies.certificate",
    "Design": "simulate.designs",
    "DiaryScenario": "simulate.scenario",
    "EntryRule": "certify.entry_rule",
    "Episode": "simulate.world",
    "Estimand": "estimate.estimand",
    "Estimates": "results",
    "Expectation": "certify.twin.expected",
    "Failure": "certify.running",
    "FittedScenario": "certify.twin.fitting",
    "Intake": "ingest.intake",
    "PlanSheet": "certify.plan.candidates",
    "Replicates": "certify.studies.replicates",
    "RowsAreNotPeopleError": "estimate.people",
    "SchemaError": "tables",
    "SimulatedDiary": "simulate.diary",
    "SimulatedStudy": "simulate.study",
    "StudyPlan": "certify.plan.returned",
    "SurveyDesign": "estimate.prevalence.sampling",
    "SurveyScenario": "simulate.survey",
    "Tables": "tables",
    "Tally": "ingest.intake",
    "Treatment": "simulate.designs",
    "UnknownEntryError": "certify.entry_rule",
    "UnreadableFileError": "ingest",
    "Window": "tables",
    "World": "simulate.world",
    "adjust": "estimate.multiplicity",
    "adjust_estimates": "estimate.multiplicity",
    "adjusted_difference": "estimate.trials.adjusted",
    "against_margin": "estimate.trials.adjusted",
    "allocate": "certify.plan.allocation",
    "analyse_folder": "certify.plan.returned",
    "analyse_returned": "certify.plan.returned",
    "anchor_correlation": "estimate.agreement.association",
    "anchor_summary": "estimate.change.anchors",
    "appraisal_table": "evidence.appraisal.appraised",
    "appraise": "evidence.appraisal.appraised",
    "appraise_paper": "evidence.replay.own",
    "autocorrelation": "estimate.diary.persistence",
    "baseline_table": "estimate.trials.participants",
    "beside_published": "evidence.untreated_responses",
    "binary_difference": "estimate.trials.binary",
    "bootstrap_interval": "estimate.resampling",
    "calibrate": "estimate.prevalence.calibration",
    "candidates": "certify.plan.candidates",
    "certainty_table": "evidence.appraisal.grade",
    "certify_analysis": "certify.studies.certificate",
    "certify_answers": "certify.studies.certificate",
    "change_beyond_control": "certify.twin.control_arm",
    "change_beyond_expectation": "estimate.change.untreated",
    "change_in_bad_days": "certify.twin.statistics",
    "claims_bench": "evidence.claims",
    "compare_designs": "certify.plan.comparison",
    "compare_proportions": "estimate.prevalence.risks",
    "concat": "results",
    "correlation": "estimate.agreement.association",
    "count_regression": "estimate.trials.counts",
    "crossover_difference": "estimate.trials.crossover",
    "crossover_response": "estimate.trials.crossover_yes_no",
    "day_prevalence": "estimate.prevalence.day_prevalence",
    "design_effects": "estimate.prevalence.weighted",
    "diary_replicates": "certify.studies.replicates",
    "direction_of_change": "estimate.change.paired",
    "effect_sizes": "estimate.trials.effect_size",
    "evidence_table": "evidence.appraisal.findings",
    "expected_without_treatment": "certify.twin.expected",
    "explaining_odds_ratio": "estimate.prevalence.response",
    "finding_of_pooled": "evidence.appraisal.findings",
    "fit_large": "certify.large.large_diary",
    "fit_scenario": "certify.twin.fitting",
    "floor_share": "estimate.diary.diary_days",
    "grades_beyond_expectation": "certify.twin.grades",
    "grim": "evidence.paper_checks",
    "internal_consistency": "estimate.agreement.internal_consistency",
    "intraclass_correlation": "estimate.agreement.intraclass",
    "kappa": "estimate.agreement.kappa",
    "leave_one_out": "estimate.pooling.pooled",
    "library_checks": "evidence.library_checks",
    "limits_of_agreement": "estimate.agreement.limits_of_agreement",
    "linear_regression": "estimate.trials.adjusted",
    "logistic_regression": "estimate.trials.binary",
    "mean_difference": "estimate.trials.effect_size",
    "mean_ratios": "estimate.trials.ratios",
    "measurement_error": "estimate.agreement.intraclass",
    "meta_regression": "estimate.pooling.pooled",
    "minimal_detectable_change": "estimate.change.paired",
    "missing_streaks": "estimate.diary.diary_days",
    "open_large_diary": "certify.large.folder",
    "ordinal_difference": "estimate.trials.ordinal",
    "p_value": "evidence.paper_checks",
    "paired_change": "estimate.change.paired",
    "paired_effect_sizes": "estimate.trials.effect_size",
    "paired_proportions": "estimate.prevalence.paired_proportions",
    "paired_ratios": "estimate.trials.ratios",
    "participant_flow": "estimate.trials.participants",
    "people_needed": "certify.plan.power",
    "percent_fall": "estimate.change.paired",
    "percentage": "evidence.paper_checks",
    "permutation_test": "estimate.permutation",
    "pooled_coverage": "certify.studies.pooling_runs",
    "pooled_effect": "estimate.pooling.pooled",
    "pooled_proportion": "estimate.pooling.counts",
    "pooled_tables": "estimate.pooling.counts",
    "post_stratify": "estimate.prevalence.calibration",
    "power_by_people": "certify.plan.power",
    "power_of_grades": "certify.plan.sample_size",
    "power_of_means": "certify.plan.sample_size",
    "power_of_proportions": "certify.plan.sample_size",
    "predicted_probabilities": "estimate.trials.ordinal",
    "prevalence": "estimate.prevalence.proportions",
    "progress_bar": "progress",
    "proportional_odds": "estimate.trials.ordinal",
    "provenance": "simulate.realism",
    "published_untreated_responses": "evidence.untreated_responses",
    "rake": "estimate.prevalence.calibration",
    "rank_difference": "estimate.trials.ranks",
    "rate_ratio": "estimate.trials.counts",
    "rated_days": "estimate.windows",
    "read_paper": "evidence.own_paper",
    "read_workbook": "ingest",
    "reliable_change": "estimate.change.reliable_change",
    "reliable_change_ar": "estimate.change.reliable_change",
    "replay": "certify.running",
    "replay_library": "evidence.replay.run",
    "replay_paper": "evidence.replay.own",
    "replay_study": "evidence.replay.run",
    "resized": "simulate.designs",
    "respondent_coverage": "certify.twin.response",
    "respondent_shares": "simulate.survey",
    "responder_curve": "estimate.change.responders",
    "response_bounds": "estimate.prevalence.response",
    "response_sensitivity": "estimate.prevalence.response",
    "results_table": "report.results_table",
    "rob2": "evidence.appraisal.rob2",
    "robins_i": "evidence.appraisal.robins_i",
    "run_blocks": "certify.running",
    "service_evaluation": "report",
    "several_therapies": "estimate.change.therapies",
    "severity_shares": "estimate.prevalence.proportions",
    "share_beyond_response": "certify.twin.response",
    "share_fallen": "certify.twin.statistics",
    "share_risen": "certify.twin.statistics",
    "signed_rank_variants": "estimate.trials.ranks",
    "simulate_days": "simulate.days",
    "simulate_diary": "simulate.diary",
    "simulate_ratings": "simulate.days",
    "simulate_study": "simulate.study",
    "simulate_survey": "simulate.survey",
    "simulate_trials": "simulate.trials",
    "small_pilots": "certify.twin.nothing",
    "small_study_effects": "estimate.pooling.small_studies",
    "span_scores": "estimate.windows",
    "standardised_prevalence": "estimate.prevalence.standardisation",
    "standardised_rate": "estimate.prevalence.standardisation",
    "statistic_beyond_expectation": "certify.twin.statistics",
    "steady": "simulate.world",
    "study_effects": "estimate.pooling.effects",
    "subgroup_effects": "estimate.pooling.pooled",
    "summarise_large_diary": "certify.large.large_diary",
    "summary_of_findings": "evidence.appraisal.findings",
    "therapies_taken": "estimate.change.therapies",
    "tipping_point": "estimate.change.tipping",
    "trial_replicates": "certify.studies.replicates",
    "validate": "tables",
    "variogram": "estimate.diary.persistence",
    "verify_allocation": "certify.plan.allocation",
    "visit_scores": "estimate.trials.participants",
    "week_profile": "estimate.diary.description",
    "weighted_mean": "estimate.prevalence.weighted",
    "weighted_prevalence": "estimate.prevalence.weighted",
    "weighted_ratio": "estimate.prevalence.weighted",
    "weighted_regression": "estimate.prevalence.weighted",
    "weighted_shares": "estimate.prevalence.weighted",
    "weighted_total": "estimate.prevalence.weighted",
    "what_nothing_shows": "certify.twin.nothing",
    "what_rules_pass": "certify.studies.rule_runs",
    "what_trials_show": "certify.studies.trial_runs",
    "window_scores": "estimate.windows",
    "with_effect": "simulate.designs",
    "without_expectation": "certify.studies.trial_runs",
    "write_evidence": "report.evidence_tables",
    "write_intake": "ingest",
    "write_large_diary": "certify.large.folder",
    "write_paper_diary": "ingest.template",
    "write_plan": "report.protocol",
    "write_results": "report.results_table",
    "write_template": "ingest.template",
}

__all__ = [
    "AFTER", "BEFORE", "DESIGNS", "SCHEMAS", "Analysis", "Arm", "BlocksFailedError",
    "Certainty", "Certificate", "Design", "DiaryScenario", "EntryRule", "Episode", "Estimand",
    "Estimates", "Expectation", "Failure", "Finding", "FittedScenario", "Intake", "PlanSheet",
    "Replicates", "RowsAreNotPeopleError", "SchemaError", "SimulatedDiary", "SimulatedStudy",
    "StudyPlan", "SurveyDesign", "SurveyScenario", "Tables", "Tally", "Treatment",
    "UnknownEntryError", "UnreadableFileError", "Window", "World", "__version__", "adjust",
    "adjust_estimates", "adjusted_difference", "against_margin", "allocate", "analyse_folder",
    "analyse_returned", "anchor_correlation", "anchor_summary", "appraisal_table", "appraise",
    "appraise_paper", "autocorrelation", "baseline_table", "beside_published",
    "binary_difference", "bootstrap_interval", "calibrate", "candidates", "certainty_table",
    "certify_analysis", "certify_answers", "change_beyond_control", "change_beyond_expectation",
    "change_in_bad_days", "claims_bench", "compare_designs", "compare_proportions", "concat",
    "correlation", "count_regression", "crossover_difference", "crossover_response",
    "day_prevalence", "design_effects", "diary_replicates", "direction_of_change",
    "effect_sizes", "evidence_table", "expected_without_treatment", "explaining_odds_ratio",
    "finding_of_pooled", "fit_large", "fit_scenario", "floor_share",
    "grades_beyond_expectation", "grim", "instruments", "internal_consistency",
    "intraclass_correlation", "kappa", "leave_one_out", "library_checks", "limits_of_agreement",
    "linear_regression", "logistic_regression", "mean_difference", "mean_ratios",
    "measurement_error", "meta_regression", "minimal_detectable_change", "missing_streaks",
    "open_large_diary", "ordinal_difference", "p_value", "paired_change", "paired_effect_sizes",
    "paired_proportions", "paired_ratios", "participant_flow", "people_needed", "percent_fall",
    "percentage", "permutation_test", "plots", "pooled_coverage", "pooled_effect",
    "pooled_proportion", "pooled_tables", "post_stratify", "power_by_people", "power_of_grades",
    "power_of_means", "power_of_proportions", "predicted_probabilities", "prevalence",
    "progress_bar", "proportional_odds", "provenance", "published_untreated_responses", "rake",
    "rank_difference", "rate_ratio", "rated_days", "read_paper", "read_workbook",
    "reliable_change", "reliable_change_ar", "replay", "replay_library", "replay_paper",
    "replay_study", "resized", "respondent_coverage", "respondent_shares", "responder_curve",
    "response_bounds", "response_sensitivity", "results_table", "rob2", "robins_i",
    "run_blocks", "scoring", "service_evaluation", "several_therapies", "severity_shares",
    "share_beyond_response", "share_fallen", "share_risen", "signed_rank_variants",
    "simulate_days", "simulate_diary", "simulate_ratings", "simulate_study", "simulate_survey",
    "simulate_trials", "small_pilots", "small_study_effects", "span_scores",
    "standardised_prevalence", "standardised_rate", "statistic_beyond_expectation", "steady",
    "study_effects", "subgroup_effects", "summarise_large_diary", "summary_of_findings",
    "therapies_taken", "tipping_point", "trial_replicates", "validate", "variogram",
    "verify_allocation", "visit_scores", "week_profile", "weighted_mean", "weighted_prevalence",
    "weighted_ratio", "weighted_regression", "weighted_shares", "weighted_total",
    "what_nothing_shows", "what_rules_pass", "what_trials_show", "window_scores", "with_effect",
    "without_expectation", "write_evidence", "write_intake", "write_large_diary",
    "write_paper_diary", "write_plan", "write_results", "write_template",
]  # fmt: skip


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
