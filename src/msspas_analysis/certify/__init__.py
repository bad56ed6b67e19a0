"""Where worlds and estimators meet: what was to be expected if nothing had been given."""

from msspas_analysis.certify.certificate import Certificate, certify_analysis, certify_answers
from msspas_analysis.certify.fitting import FittedScenario, fit_scenario
from msspas_analysis.certify.nothing import small_pilots, what_nothing_shows
from msspas_analysis.certify.replicates import Replicates, diary_replicates, trial_replicates
from msspas_analysis.certify.trial_runs import what_trials_show, without_expectation
from msspas_analysis.certify.twin import (
    EntryRule,
    Expectation,
    UnknownEntryError,
    expected_without_treatment,
)

__all__ = [
    "Certificate",
    "EntryRule",
    "Expectation",
    "FittedScenario",
    "Replicates",
    "UnknownEntryError",
    "certify_analysis",
    "certify_answers",
    "diary_replicates",
    "expected_without_treatment",
    "fit_scenario",
    "small_pilots",
    "trial_replicates",
    "what_nothing_shows",
    "what_trials_show",
    "without_expectation",
]
