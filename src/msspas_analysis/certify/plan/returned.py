"""A plan that came back: its frozen analysis on the returned diaries, beside how often it is wrong.

A :class:`StudyPlan` is what was fixed before the first diary: the question, the design, the seed, the hash of
the allocation list, and how its own analysis behaved in the runs of
:func:`~msspas_analysis.certify.plan.comparison.compare_designs`. It is written to ``plan.json`` with a hash
of its own, so that a change shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.plan.allocation import verify_allocation, written_codes
from msspas_analysis.certify.plan.candidates import (
    RESEARCH,
    Candidate,
    PlanSheet,
    candidates,
    compared_days,
)
from msspas_analysis.certify.plan.comparison import DESIGN_ANALYSES, period_means
from msspas_analysis.certify.twin.expected import expected_without_treatment
from msspas_analysis.estimate.estimand import Estimand
from msspas_analysis.estimate.windows import rated_days
from msspas_analysis.ingest import read_workbook
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import NOT_RANDOMISED, Design
from msspas_analysis.tables import Window

Floats = NDArray[np.float64]

PLAN_FILE, ALLOCATION_FILE = "plan.json", "sealed/allocation.csv"
FORMAT: Final = "msspas plan 1"
BEHAVIOUR: Final = ("bias_null", "type_i_error", "power", "coverage")
"""What of the runs stands beside the answer."""
OUTCOME: Final = "stiffness"
_STRATEGIES: Final = {"a relapse or a change of medicine": "treatment policy",
                      "stopping early": "treatment policy"}  # fmt: skip


class PlanChangedError(ValueError):
    """A plan is not the one that was written before the first diary."""


def offered_plan(sheet: PlanSheet, key: str) -> Candidate:
    """Return one plan of a sheet, or say why it cannot be had.

    Raises
    ------
    ValueError
        If there is no such plan, or it is not offered.

    Examples
    --------
    >>> offered_plan(PlanSheet(therapy="TENS"), "parallel")
    Traceback (most recent call last):
        ...
    ValueError: parallel is not offered: This is research: it needs a sponsor and ethics review first.
    """
    plans = candidates(sheet)
    found = next((one for one in plans if one.key == key), None)
    if found is None:
        raise ValueError(f"there is no plan {key!r}; plans: {[one.key for one in plans]}")
    if found.design is None:
        raise ValueError(f"{key} is not offered: {found.reason}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What was fixed before the first diary.

    Parameters
    ----------
    sheet : PlanSheet
        The question.
    key : str
        Which of its plans, such as ``"parallel"``.
    seed : int
        Seed of the runs.
    allocation : str
        Hash of the allocation list; empty where nobody is allocated.
    behaviour : mapping of str to mapping of str to float
        From the runs, by measure: ``estimate``, ``std_error`` (Monte Carlo), ``n`` runs.

    Raises
    ------
    ValueError
        If the sheet does not offer this plan, or a list is there where nobody is allocated, or is not
        where somebody is.
    """

    sheet: PlanSheet
    key: str
    seed: int
    allocation: str = ""
    behaviour: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a plan that cannot be."""
        plan = offered_plan(self.sheet, self.key)
        if plan.allocates != bool(self.allocation):
            without = "needs the hash of its allocation list" if plan.allocates else "has no list"
            raise ValueError(f"{self.key} {without}, got allocation={self.allocation!r}")

    @property
    def candidate(self) -> Candidate:
        """The plan itself."""
        return offered_plan(self.sheet, self.key)

    @property
    def design(self) -> Design:
        """The study itself."""
        design = self.candidate.design
        assert design is not None  # offered_plan refuses others
        return design

    @property
    def estimand(self) -> Estimand:
        """What is estimated, in words."""
        who = "people who come in"
        if self.sheet.entry_rating is not None:
            first = "first rating" if self.sheet.entry_days == 1 else "mean of the first days"
            who += f" with a {first} of {self.sheet.entry_rating:g} or more"
        return Estimand(
            population=who, treatment=_COMPARED[self.key].format(therapy=self.sheet.therapy),
            variable=f"mean daily {OUTCOME} (0 to 10) of the compared days",
            summary="mean change" if self.key in _ALONE else "mean difference",
            intercurrent_events=_STRATEGIES,
        )  # fmt: skip

    def to_json(self) -> str:
        """Return the text of ``plan.json``, sealed with its own hash."""
        body = {
            "format": FORMAT, "key": self.key, "seed": self.seed, "sheet": asdict(self.sheet),
            "allocation_sha256": self.allocation,
            "behaviour": {name: dict(row) for name, row in self.behaviour.items()},
        }  # fmt: skip
        return json.dumps(body | {"sha256": _hash(body)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> StudyPlan:
        """Read ``plan.json`` back, and refuse it if it was changed.

        Raises
        ------
        PlanChangedError
            If it is no plan, of another format, or was changed after it was written.
        """
        try:
            body = json.loads(text)
            sealed = body.pop("sha256")
        except (ValueError, KeyError, AttributeError, TypeError) as err:
            raise PlanChangedError(
                f"{PLAN_FILE} is not a plan written by msspas plan; use the file as it was made"
            ) from err
        if body.get("format") != FORMAT:
            raise PlanChangedError(
                f"{PLAN_FILE} has the format {body.get('format')!r}, this program reads {FORMAT!r}"
            )
        if _hash(body) != sealed:
            raise PlanChangedError(
                f"{PLAN_FILE} was changed after it was written; use the file as it was made, or say in "
                "the report that the plan was changed and analyse without it"
            )
        return cls(
            sheet=PlanSheet(**body["sheet"]), key=body["key"], seed=body["seed"],
            allocation=body["allocation_sha256"], behaviour=body["behaviour"],
        )  # fmt: skip


_ALONE: Final = ("before and after", "longer baseline")
_COMPARED: Final[Mapping[str, str]] = {
    "before and after": "the days with {therapy} against the days before, nobody to compare with",
    "longer baseline": "the days with {therapy} against the days before, nobody to compare with",
    "waiting list": "{therapy} at once against waiting",
    "parallel": "{therapy} against a sham",
    "crossover": "{therapy} against a sham in the same people",
    "N-of-1 series": "{therapy} against a sham in the same people",
    "enriched withdrawal": "going on with {therapy} against a sham, in those who responded to it",
    "stepped": "{therapy} against not yet",
}


def planned(
    found: Estimates, sheet: PlanSheet, key: str, *, seed: int, allocation: str
) -> StudyPlan:
    """Return the plan with how its analysis behaved in the runs.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.certify.plan.comparison.compare_designs` on the same sheet.
    sheet, key, seed, allocation
        As :class:`StudyPlan`.
    """
    behaviour = {}
    for name in BEHAVIOUR:
        row = found.one(group=key, measure=name)
        known = {part: float(row[part]) for part in ("estimate", "std_error", "n")}
        # JSON has no NaN: what could not be said is left out
        behaviour[name] = {part: value for part, value in known.items() if not np.isnan(value)}
    return StudyPlan(sheet=sheet, key=key, seed=seed, allocation=allocation, behaviour=behaviour)


def analyse_returned(
    diary: pd.DataFrame, people: pd.DataFrame, plan: StudyPlan, *,
    allocation: pd.DataFrame | None = None,
) -> Estimates:  # fmt: skip
    """Run a plan's own analysis on the diaries that came back.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        The tidy tables. ``first_session`` is the first day of the first period in every plan, also for
        people who wait or have a sham.
    plan : StudyPlan
        What was fixed.
    allocation : pandas.DataFrame or None
        The allocation list with everybody's code; needed where people were allocated.

    Returns
    -------
    Estimates
        ``term`` "answer": the difference (in a plan without a control: the change) in points with its
        interval and p. Beside it "in the runs of this plan": "type_i_error", "bias_null", "power" and
        "coverage" of the same analysis on simulated studies of this shape, each with its Monte Carlo
        error. Without a control also what was observed, was to be expected with nothing given, and lies
        beyond. People set aside are in ``n_missing`` and in the notes, by reason.

    Raises
    ------
    AllocationChangedError
        If the list was changed after it was sealed.
    ValueError
        If the list is absent, a person of the diaries is not in it, nobody can be analysed, or a table
        is not as it must be.

    Notes
    -----
    The analysis is the one of :data:`~msspas_analysis.certify.plan.comparison.DESIGN_ANALYSES` that the
    plan was chosen by: means of the compared days, in which half must be rated.

    Examples
    --------
    >>> from msspas_analysis.certify.plan.candidates import PlanSheet
    >>> from msspas_analysis.simulate.study import simulate_study
    >>> plan = StudyPlan(sheet=PlanSheet(therapy="TENS", people=20), key="before and after", seed=1)
    >>> study = simulate_study(plan.candidate.design, seed=3)
    >>> found = analyse_returned(study.tables.diary, study.tables.people, plan)
    >>> row = found.one(term="answer")
    >>> bool(row.conf_low < row.estimate < row.conf_high)
    True
    """
    candidate, design = plan.candidate, plan.design
    order, arm, allocated = _arms(people, plan, design, allocation)
    grid, days = _grid(diary, people, order, design)
    means = period_means(grid, days, design)
    used = _used(means, arm, candidate)
    if not used.any():
        raise ValueError(
            "nobody has enough rated days in the days that are compared, "
            + ", ".join(f"{low} to {high}" for low, high in compared_days(design))
            + ", counted from the first day of the first period (first session); nothing is analysed"
        )
    got = DESIGN_ANALYSES[candidate.analysis](means[None], arm[None], candidate)
    base: dict[str, Any] = {"outcome": OUTCOME, "group": plan.key, "method": candidate.analysis}
    rows = [base | {
        "term": "answer", "measure": "mean_difference", "conf_level": 0.95,
        **{name: float(np.squeeze(got[name])) for name in _ANSWER if name in got},
        "n": int(used.sum()), "n_missing": int((~used).sum()),
    }]  # fmt: skip
    rows += [
        base | {"term": "in the runs of this plan", "measure": name, "estimate": np.nan} | dict(row)
        for name, row in plan.behaviour.items()
    ]
    notes = [str(plan.estimand), f"The analysis was fixed before: {candidate.analysis}."]
    if candidate.allocates:
        notes.insert(0, RESEARCH)
    else:
        notes.append(
            "There is no comparison group: a change is not proof that the therapy brought it about."
        )
    notes += _set_aside(people, order, arm, means, used, allocated)
    if not plan.behaviour:
        notes.append("How often this analysis is wrong was not laid down with the plan.")
    if plan.key in _ALONE:
        more, said = _beside(diary, people, plan, design)
        rows += more
        notes += said
    return Estimates.from_rows(rows, notes=notes)


_ANSWER: Final = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value")


def analyse_folder(workbook: str | Path, folder: str | Path) -> Estimates:
    """Analyse a returned workbook with the plan of a folder that ``msspas plan`` wrote.

    Parameters
    ----------
    workbook : str or pathlib.Path
        The filled-in diary workbook; ``msspas-rules.toml`` beside it is read if there is one.
    folder : str or pathlib.Path
        The folder with ``plan.json`` and, where people are allocated, ``sealed/allocation.csv``.

    Returns
    -------
    Estimates
        As :func:`analyse_returned`, with what was read in the notes.

    Raises
    ------
    PlanChangedError, AllocationChangedError
        If the plan or the list was changed.
    ValueError, FileNotFoundError
        As :func:`analyse_returned`, or if a file is not there.
    """
    place = Path(folder)
    if not (place / PLAN_FILE).is_file():
        raise FileNotFoundError(f"there is no {PLAN_FILE} in {place}; give the folder of the plan")
    plan = StudyPlan.from_json((place / PLAN_FILE).read_text(encoding="utf-8"))
    allocation = None
    if plan.allocation:
        listed = place / ALLOCATION_FILE
        if not listed.is_file():
            raise FileNotFoundError(
                f"there is no {ALLOCATION_FILE} in {place}; who got what is not known without it"
            )
        allocation = pd.read_csv(listed, dtype={"person_id": "str"}, encoding="utf-8")
    intake = read_workbook(workbook)
    found = analyse_returned(intake.tables.diary, intake.tables.people, plan, allocation=allocation)
    read = [f"Read: {intake.tally}."]
    if len(intake.asks):
        read.append(
            f"{len(intake.asks)} questions about the workbook are open, and the cells they are about are "
            "not in these numbers: run msspas check on it, answer them, and run this again."
        )
    return Estimates(found.table, notes=(*found.notes, *read))


# --- who, which arm, which days --------------------------------------------------------------------


def _arms(
    people: pd.DataFrame, plan: StudyPlan, design: Design, allocation: pd.DataFrame | None
) -> tuple[list[str], NDArray[np.int64], bool]:
    """Return the people in order of their codes, and the number of each one's arm."""
    order = sorted(people["person_id"].astype("str").unique())
    if not plan.allocation:
        return order, np.zeros(len(order), dtype=np.int64), False
    if allocation is None:
        raise ValueError(f"{plan.key} allocates people: give allocation, the list of who got what")
    verify_allocation(allocation, plan.allocation)
    allocation = allocation.reset_index(drop=True)
    codes = written_codes(allocation)
    which = dict(zip(codes, allocation.loc[codes.index, "arm"], strict=True))
    if design.respond_first is None and (strangers := [one for one in order if one not in which]):
        raise ValueError(
            f"{strangers} are in the diaries and not in the allocation list; correct the code in the "
            "workbook, or leave out people who were never allocated"
        )
    numbers = {one.name: at for at, one in enumerate(design.arms)}
    arm = [numbers[which[one]] if one in which else NOT_RANDOMISED for one in order]
    return order, np.array(arm, dtype=np.int64), True


def _grid(
    diary: pd.DataFrame, people: pd.DataFrame, order: list[str], design: Design
) -> tuple[Floats, NDArray[np.int64]]:
    """Lay ratings out as people by day, from the first compared day to the last."""
    spans = compared_days(design)
    days = np.arange(spans[0][0], spans[-1][1] + 1)
    grid = np.full((len(order), len(days)), np.nan)
    rated = rated_days(diary, people, OUTCOME)
    rated = rated[rated["day"].between(days[0], days[-1])]
    who = pd.Index(order).get_indexer(pd.Index(rated["person_id"].astype("str")))
    grid[who, rated["day"].to_numpy(dtype=np.int64) - days[0]] = rated["value"]
    return grid, days


def _used(means: Floats, arm: NDArray[np.int64], plan: Candidate) -> NDArray[np.bool_]:
    """Say who is in the analysis."""
    known = ~np.isnan(means)
    if plan.analysis == "paired t" or plan.analysis == "ANCOVA":
        at = plan.period or 0
        return np.asarray(known[:, at] & known[:, at + 1] & (arm != NOT_RANDOMISED))
    if plan.key == "crossover":
        return np.asarray(known[:, 1] & known[:, 2])
    if plan.key == "N-of-1 series":
        return np.asarray((known[:, 1::2] & known[:, 2::2]).any(axis=1))
    return np.asarray(known.sum(axis=1) > 1)


def _set_aside(
    people: pd.DataFrame, order: list[str], arm: NDArray[np.int64], means: Floats,
    used: NDArray[np.bool_], allocated: bool,
) -> list[str]:  # fmt: skip
    """Say how many people are not in the analysis, by reason."""
    first = people.assign(person_id=people["person_id"].astype("str")).set_index("person_id")
    none = first["first_session"].reindex(order).isna().to_numpy()
    out = ~used
    reasons = {
        "have no first session": out & none,
        "were not allocated": out & ~none & (arm == NOT_RANDOMISED) & allocated,
    }
    rest = out.copy()
    for told in reasons.values():
        rest &= ~told
    nothing = rest & np.isnan(means).all(axis=1)
    reasons["rated no compared days, or too few in each span"] = nothing
    reasons["rated fewer than half of the days of a span that is needed"] = rest & ~nothing
    return [
        f"Set aside: {int(who.sum())} people {why}." for why, who in reasons.items() if who.any()
    ]


def _beside(
    diary: pd.DataFrame, people: pd.DataFrame, plan: StudyPlan, design: Design
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what the same people were to be expected to show with nothing given."""
    (b0, b1), (a0, a1) = compared_days(design)
    least = [(high - low + 2) // 2 for low, high in ((b0, b1), (a0, a1))]
    rule = EntryRule()
    if plan.sheet.entry_rating is not None:
        words = "first rating" if plan.sheet.entry_days == 1 else "first week mean"
        rule = EntryRule.parse(f"{words} >= {plan.sheet.entry_rating:g}")
    found = expected_without_treatment(
        diary, people, outcome=OUTCOME, entry=rule, seed=plan.seed,
        before=Window(name="before", first_day=b0, last_day=b1, min_days=least[0]),
        after=Window(name="after", first_day=a0, last_day=a1, min_days=least[1]),
    )  # fmt: skip
    if found.results.table.empty:
        return [], [f"What was to be expected without treatment cannot be said: {found.reason}"]
    table = found.results.table
    mean = table[table["measure"] == "mean_difference"]
    rows = [{str(k): v for k, v in row.items()} for row in mean.to_dict("records")]
    return rows, [*found.conclusion]


def _hash(body: Mapping[str, Any]) -> str:
    plain = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()
