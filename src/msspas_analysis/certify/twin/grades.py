"""The twin of ordered grades: on how large a share of days a grade or worse was ticked, and beyond what.

A grade a day has no mean that everybody would sign. At each cut between grades it is a yes or no, and the
share of a person's days at or above the cut can be compared: what was seen, what these people's own ups
and downs and their way in lead one to expect with nothing given, and what lies beyond.

A contrast of the daily yes or no, with its cross-variogram, was tried first: right with 30 and 60 people,
it calls up to 15 % of centres of 200 that give nothing a change, because people near the cut had to be
luckier to come in than others. So the people are drawn, as for every statistic that is no mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.twin.draws import HIGH
from msspas_analysis.certify.twin.expected import BEYOND
from msspas_analysis.certify.twin.statistics import change_in_bad_days, statistic_beyond_expectation
from msspas_analysis.estimate.change.untreated import day_grid, window_weights
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

FEWEST_MOVING: Final = 10
"""People whose share of days at a cut must differ before and after, for it to be judged there."""
_EMPTY: Final = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value")


def grades_beyond_expectation(
    diary: pd.DataFrame, people: pd.DataFrame, outcome: str = "stiffness", *,
    cuts: Sequence[float], highest: float = HIGH, before: Window = BEFORE, after: Window = AFTER,
    entry: EntryRule | str | None = None, labels: Mapping[float, str] | None = None,
    seed: int = 2026, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Say, for each grade or worse, how far the share of days lies beyond what was to be expected.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        Tidy tables; one row per person and day, and one per person.
    outcome : str
        A daily grade as a whole number from 0, in its order, by which people came in.
    cuts : sequence of float
        Days at or above each are counted, each once; above 0 and at most `highest`.
    highest : float
        The worst grade there is, such as 3; 1 to 10.
    before, after : Window
        Days compared.
    entry : EntryRule, str or None
        Why people came in, in these grades; None is "anybody could come".
    labels : mapping of float to str, or None
        What a cut is called; None writes "days at 4 or more".
    seed : int
        Seed of the draws, 0 or more.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each cut, named in ``measure``: ``term`` "observed" (the mean change in the share of a
        person's days, -1 to 1), "expected without treatment" and "beyond expectation" with its interval
        and p. At a cut where fewer than :data:`FEWEST_MOVING` people's shares differ before and after,
        what lies beyond is empty and the notes say so.

    Raises
    ------
    NoExpectationError
        If these diaries cannot carry an expectation.
    ValueError
        If a cut is out of range or there twice, a label is for none, or a grade is no whole number from
        0 to `highest`.

    Notes
    -----
    As :func:`~msspas_analysis.certify.twin.statistics.statistic_beyond_expectation`, and wrong where it
    is; grades are drawn as rounded states, so the step from one to the next counts as alike in how far
    people go up and down. How often it errs is measured by ``benchmarks/grades.py``. The cuts are not
    separate pieces of evidence: a day at 6 is a day at 4.

    Examples
    --------
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> cohort = simulate_diary(DiaryScenario(n_people=40), seed=4).tables
    >>> found = grades_beyond_expectation(cohort.diary, cohort.people, cuts=[4, 6],
    ...     entry="first rating >= 4")
    >>> row = found.one(term="beyond expectation", measure="days at 4 or more")
    >>> bool(row.conf_low < 0 < row.conf_high)  # nothing was given
    True
    """
    if not 1 <= highest <= HIGH:
        raise ValueError(f"highest must be 1 to {HIGH:g}, got {highest}")
    asked = [float(cut) for cut in cuts]
    if not asked or len(set(asked)) < len(asked) or not all(0 < cut <= highest for cut in asked):
        raise ValueError(
            f"cuts must be one or more numbers above 0 and at most {highest:g}, each once, got "
            f"{list(cuts)}"
        )
    names = {cut: f"days at {cut:g} or more" for cut in asked}
    for cut, label in (labels or {}).items():
        if float(cut) not in names:
            raise ValueError(f"labels has {cut}, which is none of the cuts {asked}")
        names[float(cut)] = label
    grid = day_grid(diary, people, outcome)
    known = grid.seen[~np.isnan(grid.seen)]
    if wrong := sorted({float(x) for x in known if x != np.rint(x) or not 0 <= x <= highest}):
        raise ValueError(
            f"{outcome} must be whole grades from 0 to {highest:g}, got {wrong[:5]}; number the grades "
            "in their order, or give highest"
        )
    found = statistic_beyond_expectation(
        diary, people, {names[cut]: change_in_bad_days(cut) for cut in asked}, outcome=outcome,
        before=before, after=after, entry=entry, seed=seed, conf_level=conf_level, highest=highest,
    )  # fmt: skip
    table = found.table.copy()
    notes = [*found.notes]
    b, a = (window_weights(grid.seen, grid.days, window) for window in (before, after))
    both = b.any(axis=-1) & a.any(axis=-1)
    for cut in asked:
        at = np.where(grid.seen >= cut, 1.0, 0.0)
        moving = int((np.abs((at * (a - b)).sum(axis=-1))[both] > 1e-9).sum())
        if moving < FEWEST_MOVING:
            here = table["measure"].eq(names[cut]) & table["term"].eq(BEYOND)
            table.loc[here, list(_EMPTY)] = np.nan
            notes.append(
                f"{names[cut]}: only {moving} people have another share of such days after than before, "
                f"fewer than {FEWEST_MOVING}; what lies beyond expectation is not said there."
            )
    told: list[str] = [
        *notes,
        "A day at a worse grade is a day at each milder one too: the cuts go together.",
        "In simulated centres of 30 to 200 people with nothing given, a test at 5 % called a change at a "
        "cut in 2 to 6 % of them; the interval held a true fall in 91 to 98 %.",
    ]
    return Estimates(table, notes=tuple(told))
