"""A paper of your own from a form of its printed numbers: checks, risk of bias, replay, and a row to pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from msspas_analysis.estimate.pooling.effects import study_effects
from msspas_analysis.evidence.library import CAN_SHOW, EvidenceError, fields_of, read_yaml
from msspas_analysis.evidence.paper_checks import (
    Check,
    baseline_balance,
    check_table,
    interval_of_means,
    p_of_interval,
    p_value,
    percentage,
    shares_add_up,
    spreads,
)

DESIGNS: Final[dict[str, str]] = {
    "two arms": "parallel", "crossover": "crossover", "one group": "one group",
}  # fmt: skip
"""Designs a form may name, and what the library calls them."""
FORM: Final = """\
# A paper's printed numbers. Leave out what it does not print; write nothing that was not read.
# Numbers in quotes keep their last zero, which says how they were rounded.
study: Made up 2020
design: two arms            # two arms, crossover or one group
people: [20, 20]            # by arm or order; one number for one group
weeks: 6
lost: 2                     # people lost by the end
outcome: stiffness, 0-10
arms: [therapy, sham]       # therapy first
entry: 4                    # rating needed to come in; leave out if there was none
before:                     # by arm
  mean: ["6.1", "6.0"]
  sd: ["1.8", "1.9"]
after:
  mean: ["4.9", "5.4"]
  sd: ["2.0", "2.1"]
difference: {estimate: "-0.5", low: "-1.8", high: "0.8", p: "p = 0.44"}
percentages:                # count, out of, printed
  - [12, 20, "60"]
shares: []                  # shares of one group that should add up to 100
statistics: []              # such as {t: 1.81, df: 13, p: "p<0.05"}
hope: [1, 1]                # share of the placebo response by arm: 1 drug or active sham, 0.4 usual care
claimed: -0.5               # effect in points of a 0-10 rating
risk_of_bias: {"1.1": NI, "2.1": PN, "4.3": PN}   # answers to RoB 2, or to ROBINS-I for one group
"""
"""A form to fill in; :func:`read_paper` takes it as it is."""
_NEEDED: Final = ("study", "design", "people", "weeks", "claimed")
_MAY: Final = (
    "lost", "outcome", "arms", "entry", "before", "after", "difference", "percentages", "shares",
    "statistics", "hope", "risk_of_bias",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper's printed numbers, as a form has them.

    Parameters
    ----------
    study, design, outcome : str
        Name; a key of :data:`DESIGNS`; what was measured.
    people : tuple of int
        By arm or order; one number for one group.
    weeks, claimed : float
        Length of one period; effect in points of a 0-10 rating.
    lost : int
        People lost by the end.
    arms : tuple of str
        Names, the therapy first.
    entry : float or None
        Rating needed to come in.
    before, after, difference : mapping
        Means and standard deviations by arm, and the printed difference.
    percentages, shares, statistics : tuple
        More printed numbers to check.
    hope : tuple of float
        Share of the placebo response by arm.
    risk_of_bias : mapping of str to str
        Answers to the questions of RoB 2, or of ROBINS-I for one group.
    """

    study: str
    design: str
    people: tuple[int, ...]
    weeks: float
    claimed: float
    outcome: str = "0-10 rating"
    lost: int = 0
    arms: tuple[str, ...] = ("therapy", "control")
    entry: float | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    difference: Mapping[str, Any] = field(default_factory=dict)
    percentages: tuple[Any, ...] = ()
    shares: tuple[str, ...] = ()
    statistics: tuple[Mapping[str, Any], ...] = ()
    hope: tuple[float, ...] = (1.0, 1.0)
    risk_of_bias: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def can_show(self) -> str:
        """What such a design can show."""
        return CAN_SHOW[DESIGNS[self.design]]

    def checks(self) -> pd.DataFrame:
        """Check the printed numbers against each other.

        Returns
        -------
        pandas.DataFrame
            As :func:`~msspas_analysis.evidence.paper_checks.check_table`; empty where nothing can be
            checked.
        """
        found: list[Check] = []
        two = len(self.people) == 2
        if two and self.before:
            means, sds = _pairs(self.before)
            sizes = (self.people[0], self.people[1])
            found += [baseline_balance(means, sds, sizes), spreads(sds, sizes)]
        if (
            two
            and self.design == "two arms"
            and self.after
            and {"low", "high"} <= set(self.difference)
        ):
            means, sds = _pairs(self.after)
            ends = (str(self.difference["low"]), str(self.difference["high"]))
            found.append(interval_of_means(means, sds, (self.people[0], self.people[1]), ends))
        if {"estimate", "low", "high", "p"} <= set(self.difference):
            d = {name: str(value) for name, value in self.difference.items()}
            found.append(
                p_of_interval(d["p"], estimate=d["estimate"], low=d["low"], high=d["high"])
            )
        found += [percentage(int(k), int(n), str(text)) for k, n, text in self.percentages]
        if self.shares:
            found.append(shares_add_up([str(one) for one in self.shares]))
        for one in self.statistics:
            rest = {str(name): float(value) for name, value in one.items() if name != "p"}
            found.append(p_value(str(one["p"]), **rest))
        return check_table((self.study, one) for one in found)

    def effect(self) -> pd.DataFrame:
        """Return the paper as a row for :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`.

        Raises
        ------
        ValueError
            If it is not of two arms with means and standard deviations at the end.
        """
        if self.design != "two arms" or not self.after:
            raise ValueError(
                f"{self.study}: pooling needs two arms with mean and sd after; the form has "
                f"{self.design}" + ("" if self.after else " and no after")
            )
        means, sds = _pairs(self.after)
        row = {"study": self.study, "mean_1": means[0], "sd_1": sds[0], "n_1": self.people[0],
               "mean_2": means[1], "sd_2": sds[1], "n_2": self.people[1]}  # fmt: skip
        return study_effects(pd.DataFrame([row]), "mean_difference")


def _pairs(told: Mapping[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    mean, sd = ([float(str(x)) for x in told[name]] for name in ("mean", "sd"))
    return (mean[0], mean[1]), (sd[0], sd[1])


def read_paper(form: str | Path | Mapping[str, Any]) -> Paper:
    """Read a form of a paper's printed numbers.

    Parameters
    ----------
    form : str, pathlib.Path or mapping
        A YAML file, YAML as text (of several lines), or a mapping. :data:`FORM` is one to fill in.

    Returns
    -------
    Paper
        Checked.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    EvidenceError
        If something is absent, unknown or cannot be, naming the field.

    Examples
    --------
    >>> paper = read_paper(FORM)
    >>> paper.can_show
    'whether the arms differ, if they were alike, people stayed, and could not tell'
    """
    where = "form"
    if isinstance(form, Mapping):
        told: Any = dict(form)
    else:
        text = str(form)
        if "\n" not in text:
            where, text = Path(form).name, Path(form).read_text(encoding="utf-8")
        told = read_yaml(text, where)
    if not isinstance(told, dict):
        raise EvidenceError(
            where, f"must be fields with values, such as 'study: ...', got {told!r}"
        )
    return _paper(fields_of(told, where, _NEEDED, _MAY), where)


def _paper(told: dict[str, Any], where: str) -> Paper:
    given = {name: value for name, value in told.items() if value is not None}
    if given["design"] not in DESIGNS:
        raise EvidenceError(
            where, f"design must be one of {list(DESIGNS)}, got {given['design']!r}"
        )
    people = given["people"] if isinstance(given["people"], list) else [given["people"]]
    wanted = 1 if given["design"] == "one group" else 2
    if len(people) != wanted or not all(isinstance(n, int) and n >= 1 for n in people):
        raise EvidenceError(
            where, f"people must be {wanted} whole numbers, 1 or more, got {given['people']!r}"
        )
    for name, low, high in (("weeks", 0.4, 520), ("claimed", -10, 10), ("entry", 0, 10)):
        if name in given and not (_is_number(given[name]) and low <= given[name] <= high):
            raise EvidenceError(where, f"{name} must be {low:g} to {high:g}, got {given[name]!r}")
    if given["claimed"] == 0:
        raise EvidenceError(
            where, "claimed must not be 0: it is what the paper says the therapy does"
        )
    lost = given.get("lost", 0)
    if not isinstance(lost, int) or not 0 <= lost < sum(people):
        raise EvidenceError(where, f"lost must be 0 to {sum(people) - 1}, got {lost!r}")
    hope = given.get("hope", [1, 1][:wanted])
    if not isinstance(hope, list) or len(hope) < wanted or not all(
        _is_number(x) and 0 <= x <= 3 for x in hope
    ):  # fmt: skip
        raise EvidenceError(where, f"hope must be {wanted} numbers from 0 to 3, got {hope!r}")
    for name in ("before", "after"):
        if name in given:
            _check_pairs(given[name], wanted, f"{where}, {name}")
    return Paper(
        study=str(given["study"]), design=given["design"], people=tuple(people),
        weeks=float(given["weeks"]), claimed=float(given["claimed"]), lost=lost,
        outcome=str(given.get("outcome", "0-10 rating")),
        arms=tuple(str(x) for x in given.get("arms", ("therapy", "control"))),
        entry=None if "entry" not in given else float(given["entry"]),
        before=given.get("before", {}), after=given.get("after", {}),
        difference=given.get("difference", {}), percentages=tuple(given.get("percentages", ())),
        shares=tuple(str(x) for x in given.get("shares", ())),
        statistics=tuple(given.get("statistics", ())), hope=tuple(float(x) for x in hope),
        risk_of_bias={str(k): v for k, v in given.get("risk_of_bias", {}).items()},
    )  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_pairs(told: Any, wanted: int, where: str) -> None:
    if not isinstance(told, dict) or not {"mean", "sd"} <= set(told):
        raise EvidenceError(where, f"must have mean and sd, by arm, got {told!r}")
    for name in ("mean", "sd"):
        values = told[name] if isinstance(told[name], list) else [told[name]]
        try:
            numbers = [float(str(x)) for x in values]
        except ValueError:
            raise EvidenceError(where, f"{name} must be numbers, got {told[name]!r}") from None
        if len(numbers) != wanted:
            raise EvidenceError(
                where, f"{name} must be {wanted} numbers, by arm, got {told[name]!r}"
            )
        if name == "sd" and not all(x > 0 for x in numbers):
            raise EvidenceError(where, f"sd must be above 0, got {told[name]!r}")
