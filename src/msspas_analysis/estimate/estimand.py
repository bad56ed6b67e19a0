"""What is to be estimated, in words, before anything is: the five attributes of an estimand.

An analysis carries its estimand, and its answer prints it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from msspas_analysis.results import Estimates

STRATEGIES: Final[Mapping[str, str]] = {
    "treatment policy": "the outcome counts whether or not it happened",
    "hypothetical": "what the outcome would have been had it not happened",
    "composite": "that it happened is itself a bad outcome",
    "while on treatment": "the outcome up to the moment it happened",
    "principal stratum": "only people to whom it would not happen in either arm",
}
"""What can be done about an intercurrent event, and what that means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """What a study asks, so that two analyses can be told apart before their numbers are.

    Parameters
    ----------
    population : str
        Who it is about.
    treatment : str
        What is compared with what.
    variable : str
        What is measured in each person, and when.
    intercurrent_events : mapping of str to str
        What may happen in between, such as a relapse, a change of medicine or stopping, and for each
        one of :data:`STRATEGIES`. An empty mapping says that nothing was thought of.
    summary : str
        How the arms are compared, such as "difference in means".

    Raises
    ------
    ValueError
        If a word is empty or a strategy is unknown.

    References
    ----------
    .. [1] ICH E9(R1) (2019). Addendum on estimands and sensitivity analysis in clinical trials.

    Examples
    --------
    >>> asked = Estimand(population="people with MS and stiffness of 4 or more",
    ...     treatment="reflexology against sham", variable="stiffness after 10 weeks",
    ...     intercurrent_events={"relapse": "treatment policy"}, summary="difference in means")
    >>> print(asked)
    In people with MS and stiffness of 4 or more, reflexology against sham: difference in means of \
stiffness after 10 weeks. Relapse: treatment policy (the outcome counts whether or not it happened).
    """

    population: str
    treatment: str
    variable: str
    summary: str
    intercurrent_events: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        for name in ("population", "treatment", "variable", "summary"):
            if not str(getattr(self, name)).strip():
                raise ValueError(f"{name} is empty; an estimand says it in words")
        for event, strategy in self.intercurrent_events.items():
            if strategy not in STRATEGIES:
                raise ValueError(
                    f"intercurrent event {event!r}: strategy must be one of {list(STRATEGIES)}, got "
                    f"{strategy!r}"
                )

    def __str__(self) -> str:
        told = [
            f"In {self.population}, {self.treatment}: {self.summary} of {self.variable}.",
            *(
                f"{event[:1].upper()}{event[1:]}: {strategy} ({STRATEGIES[strategy]})."
                for event, strategy in self.intercurrent_events.items()
            ),
        ]
        if not self.intercurrent_events:
            told.append("Nothing is laid down for what may happen in between.")
        return " ".join(told)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """An estimator with everything that was decided before the data, and the estimand it serves.

    Parameters
    ----------
    estimand : Estimand
        What is to be estimated.
    estimator : callable
        A function of this package whose first two arguments are a table and an outcome, such as
        :func:`~msspas_analysis.estimate.trials.adjusted.adjusted_difference`.
    outcome : str
        The column analysed.
    settings : mapping
        All other arguments of the estimator, by name.
    sensitivity : sequence of mapping
        Other settings under which the same question is to be answered; each changes some of
        `settings` and may have an entry ``"label"``.

    Examples
    --------
    >>> from msspas_analysis.estimate.trials.adjusted import adjusted_difference
    >>> asked = Estimand(population="everybody allocated", treatment="foot against sham",
    ...     variable="stiffness after 10 weeks", summary="difference in means",
    ...     intercurrent_events={"stopping": "treatment policy"})
    >>> plan = Analysis(estimand=asked, estimator=adjusted_difference, outcome="after",
    ...     settings={"arm": "arm", "control": "sham", "covariates": ["before"]},
    ...     sensitivity=[{"label": "no covariate", "covariates": []}])
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "arm": ["sham", "foot"] * 3,
    ...     "before": [4.0, 5, 6, 7, 5, 6], "after": [4.0, 3, 6, 5, 5, 5]})
    >>> answer = plan.run(frame)
    >>> sorted(set(answer.table["group"])), answer.notes[0][:35]
    (['main analysis', 'no covariate'], 'Asked: In everybody allocated, foot')
    """

    estimand: Estimand
    estimator: Callable[..., Estimates]
    outcome: str
    settings: Mapping[str, Any]
    sensitivity: Sequence[Mapping[str, Any]] = ()

    def run(self, frame: pd.DataFrame) -> Estimates:
        """Answer the question, and answer it again in each way that was laid down.

        Returns
        -------
        Estimates
            ``group`` is "main analysis" or the label of a sensitivity analysis; where the estimator
            itself has groups they follow after a comma. The notes begin with the estimand.
        """
        tables, notes = [], [f"Asked: {self.estimand}"]
        for number, change in enumerate(({"label": "main analysis"}, *self.sensitivity)):
            change = dict(change)
            label = str(change.pop("label", f"sensitivity {number}"))
            answer = self.estimator(frame, self.outcome, **{**self.settings, **change})
            table = answer.table.copy()
            table["group"] = [label if g == "all" else f"{label}, {g}" for g in table["group"]]
            tables.append(table)
            notes += [f"{label}: {note}" if self.sensitivity else note for note in answer.notes]
        return Estimates(pd.concat(tables, ignore_index=True), tuple(dict.fromkeys(notes)))
