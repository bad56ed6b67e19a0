"""Where worlds and estimators meet: what was to be expected if nothing had been given."""

from msspas_analysis.certify.entry_rule import EntryRule, UnknownEntryError
from msspas_analysis.certify.studies.certificate import (
    Certificate,
    certify_analysis,
    certify_answers,
)
from msspas_analysis.certify.studies.replicates import (
    Replicates,
    diary_replicates,
    trial_replicates,
)
from msspas_analysis.certify.studies.rule_runs import what_rules_pass
from msspas_analysis.certify.studies.trial_runs import what_trials_show, without_expectation
from msspas_analysis.certify.twin.expected import (
    UNKNOWN,
    Expectation,
    expected_without_treatment,
)
from msspas_analysis.certify.twin.fitting import FittedScenario, fit_scenario
from msspas_analysis.certify.twin.nothing import small_pilots, what_nothing_shows
from msspas_analysis.certify.twin.statistics import share_fallen, statistic_beyond_expectation

__all__ = [
    "UNKNOWN",
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
    "share_fallen",
    "small_pilots",
    "statistic_beyond_expectation",
    "trial_replicates",
    "what_nothing_shows",
    "what_rules_pass",
    "what_trials_show",
    "without_expectation",
]
