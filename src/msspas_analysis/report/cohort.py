"""The people of one intake, with their scores in the two windows; nobody leaves this room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from msspas_analysis.estimate.change.paired import (
    window_scores,
)
from msspas_analysis.ingest.intake import Intake
from msspas_analysis.tables import Window

MAIN: Final = "stiffness"
NOT_PAIRED: Final = ("no first session", "no before", "no after", "neither")
"""What keeps a person out of the comparison, in the words of ``window_scores``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """The people of one intake, ready for the sections.

    Parameters
    ----------
    intake : Intake
        As read.
    people : pandas.DataFrame
        Everybody in the list of people or in the diary.
    scores : pandas.DataFrame
        :func:`~msspas_analysis.estimate.change.paired.window_scores` of stiffness.
    before, after : Window
        The windows.
    conf_level : float
        Level of the intervals.
    """

    intake: Intake
    people: pd.DataFrame
    scores: pd.DataFrame
    before: Window
    after: Window
    conf_level: float

    @property
    def paired(self) -> set[str]:
        """Codes of the people with a before and an after; they never leave this object."""
        return paired_people(self.scores)

    def by_status(self) -> dict[str, int]:
        """People in each status that keeps them out of the comparison."""
        found = self.scores["status"].value_counts()
        return {name: int(found.get(name, 0)) for name in NOT_PAIRED}


def cohort(intake: Intake, *, before: Window, after: Window, conf_level: float) -> Cohort:
    """Put everybody in one list, and score stiffness in the two windows."""
    people = intake.tables.people
    known = people["person_id"].tolist()
    extra = sorted({*intake.tables.diary["person_id"]} - set(known))
    if extra:
        people = people.set_index("person_id").reindex([*known, *extra]).reset_index()
    scores = window_scores(intake.tables.diary, people, MAIN, before=before, after=after)
    return Cohort(intake=intake, people=people, scores=scores, before=before, after=after,
                  conf_level=conf_level)  # fmt: skip


def paired_people(scores: pd.DataFrame) -> set[str]:
    """Return the codes of the people with a score before and after."""
    return set(scores.loc[scores["status"].eq("paired"), "person_id"])


def therapy_groups(c: Cohort, min_people: int) -> tuple[dict[str, set[str]], bool]:
    """Sort the people who can be compared by therapy; small groups are pooled.

    Returns
    -------
    groups : dict of str to set of str
        Codes by therapy, in alphabetical order, ``"all other therapies"`` last.
    may_show : bool
        Whether every group has enough people, and there is more than one.
    """
    people = c.people.loc[c.people["person_id"].isin(c.paired)]
    names = people["therapy"].where(people["therapy"].notna(), "").astype(str)
    by_name = people.groupby(names)["person_id"].agg(set)
    groups = {
        str(name): ids for name, ids in sorted(by_name.items(), key=lambda x: str(x[0]).casefold())
        if name and len(ids) >= min_people
    }  # fmt: skip
    pool = c.paired - {code for ids in groups.values() for code in ids}
    may_show = bool(groups) and (not pool or len(pool) >= min_people)
    if pool:
        groups["all other therapies"] = pool
    return groups, may_show and len(groups) > 1
