"""What a rule for going on lets through: weeks of a treatment, and on only if the rating fell by so much.

The same people go through the rule three times: with their own ups and downs alone, with what they expect
as well, and with the treatment as well. Luck is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.certify.monte_carlo import ratio_row
from msspas_analysis.certify.studies.trial_runs import without_expectation
from msspas_analysis.estimate.change.paired import fallen
from msspas_analysis.progress import Progress
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import Arm, Design, Treatment
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, Trials, simulate_trials
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LUCK: Final = "ups and downs alone"
HOPE: Final = "with expectation"
GIVEN: Final = "with the treatment"
WORLDS: Final = (LUCK, HOPE, GIVEN)
POOLED_SPRAY: Final = -0.32
"""Difference of nabiximols from placebo, points of a 0-10 rating, three trials pooled [published, Wade 2010]."""
_NOTES: Final = (
    "A computer model, no real people. passed: share of the people who begin; whoever is lost by then does "
    "not pass.",
    "passed_anyway: share of those who pass with the treatment who pass without its effect too, with the "
    "same luck and expectation.",
)


def what_rules_pass(
    *, cuts: Sequence[float] = (0.20, 0.30), ratings: Sequence[int] = (1, 7), days: int = 28,
    entry_rating: float | None = 4.0, effect: float = POOLED_SPRAY, effect_sd: float = 1.5,
    expectation: float = 1.0, lost: float = 0.0, helped: float = 1.0, people: int = 100,
    world: World | None = None, replicates: int = 512, seed: int = 2026,
    progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Say what share of people passes a rule for going on, with the treatment and without it.

    Parameters
    ----------
    cuts : sequence of float
        Falls to be reached, as shares of the rating before, each in (0, 1); 0.2 is a fifth.
    ratings : sequence of int
        Days averaged before and at the end, 1 to 28 each: 1 compares two ratings, 7 two weeks.
    days : int
        How long it is tried, more than the largest of `ratings`; 28 is four weeks.
    entry_rating : float or None
        Mean of the days averaged before that is needed to come in, 0-10; None takes everybody.
    effect : float
        What the treatment does, in points of the latent 0-10 rating, -10 to 10, negative is a benefit.
        The default is the difference from placebo of three pooled trials of nabiximols (Wade 2010).
    effect_sd : float
        Standard deviation between people of the factor, mean 1, on it, 0 to 5 [assumption].
    expectation : float
        Share of the world's placebo response that comes with it, 0 to 3 [assumption].
    lost : float
        Share of people who are gone by the end, 0 to 0.95.
    helped : float
        Points that a treatment has to take off somebody for it to count as a help, above 0.
    people : int
        People in each run, 2 or more.
    world : World or None
        What people are like; None is the default world.
    replicates : int
        Runs, 2 or more. More of them leave the earlier ones as they are.
    seed : int
        Seed, 0 or more.
    progress : callable or None
        Called with runs done, runs in all, and a word.

    Returns
    -------
    Estimates
        ``outcome`` the rule, such as "fall of 20 %"; ``group`` what is compared, such as "one rating",
        and for that also by the rating people begin at, "one rating, from 5"; ``term`` one of
        :data:`WORLDS`. ``measure``:

        - "passed": share of people who pass;
        - "passed_anyway", with the treatment: share of those who pass that would have without it;
        - "helped_of_passed", "helped_of_others": share whom the treatment itself lowers by `helped` points
          or more, of those who pass and of the rest.

        Each with its Monte Carlo error; ``n`` counts runs.

    Raises
    ------
    ValueError
        If something is out of range, or nobody meets the entry rule.

    Notes
    -----
    It describes a rule, not a person: whether somebody passes because of a treatment cannot be seen in
    that person's ratings.

    Examples
    --------
    >>> found = what_rules_pass(cuts=[0.2], replicates=64, seed=1)
    >>> luck = found.one(group="one rating", term="ups and downs alone", measure="passed")
    >>> bool(0.15 < luck.estimate < 0.45)  # nothing was given
    True
    """
    _check(cuts, ratings, days, helped, people, replicates)
    rows: list[dict[str, Any]] = []
    for at, width in enumerate(ratings):
        design = _design(width, days, entry_rating, effect, effect_sd, expectation, lost, people)
        name = "one rating" if width == 1 else f"mean of {width} days"
        parts = []
        for first in range(0, replicates, BLOCK_OF_VISITS):
            count = min(BLOCK_OF_VISITS, replicates - first)
            parts.append(_counts(design, world, cuts, helped, name, seed, first, count))
            if progress is not None:
                progress(at * replicates + first + count, len(ratings) * replicates, "runs")
        for key in parts[0]:
            outcome, group, term, measure = key
            top, bottom = (np.concatenate([part[key][side] for part in parts]) for side in (0, 1))
            if not bottom.any():
                continue
            rows.append({"outcome": outcome, "group": group, "term": term,
                         "method": f"simulated; {people} people a run, {days} days, seed {seed}",
                         **ratio_row(measure, top, bottom)})  # fmt: skip
    shown = "all people" if entry_rating is None else f"people who rate {entry_rating:g} or more"
    known = "published, Wade 2010" if effect == POOLED_SPRAY else "set here"
    rests = (
        f"Rests on an effect of {effect:g} points [{known}], which differs between people by a factor with standard "
        f"deviation {effect_sd:g} [assumption], a fortnight until it is there [assumption], and "
        f"{expectation:g} times the world's placebo response [assumption]; {shown} come in, and {100 * lost:g} % are lost."
    )
    return Estimates.from_rows(rows, notes=[*_NOTES, rests])


def _check(
    cuts: Sequence[float], ratings: Sequence[int], days: int, helped: float, people: int,
    replicates: int,
) -> None:  # fmt: skip
    for name, values in (("cuts", cuts), ("ratings", ratings)):
        if not values:
            raise ValueError(f"{name} must hold at least one number, got none")
    for cut in cuts:
        if not 0 < cut < 1:
            raise ValueError(f"cuts must lie between 0 and 1, got {cut}; 0.2 is a fall of a fifth")
    for width in ratings:
        if not 1 <= width <= 28:
            raise ValueError(f"ratings must be 1 to 28 days, got {width}")
    if days <= max(ratings):
        raise ValueError(f"days must be more than the {max(ratings)} averaged at the end, got {days}")  # fmt: skip
    if helped <= 0:
        raise ValueError(f"helped must be above 0 points, got {helped}")
    for name, value in (("people", people), ("replicates", replicates)):
        if value < 2:
            raise ValueError(f"{name} must be 2 or more, got {value}")


def _design(
    width: int, days: int, entry: float | None, effect: float, effect_sd: float,
    expectation: float, lost: float, people: int,
) -> Design:  # fmt: skip
    given = Treatment(name="treatment", effect=effect, effect_sd=effect_sd, expectation=expectation,
                      onset_days=14)  # fmt: skip
    return Design(
        code="rule", title="Tried, and on only if the rating fell", treatments=(given,),
        arms=(Arm(name="tried", size=people, sequence=("treatment",)),), periods=(days,),
        baseline_days=width, entry_days=width, entry_rating=entry, diary=False,
        visits=(-1, days - 1), ratings_per_visit=width, lost=lost,
    )  # fmt: skip


Counts = dict[tuple[str, str, str, str], tuple[Floats, Floats]]


def _counts(
    design: Design, world: World | None, cuts: Sequence[float], helped: float, name: str,
    seed: int, first: int, count: int,
) -> Counts:  # fmt: skip
    """Count who passes, and out of how many, run by run."""
    runs, sober = (
        simulate_trials(design, one, seed=seed, first=first, replicates=count)
        for one in (world, without_expectation(world))
    )
    lost = runs.lost[..., -1]
    ends = {LUCK: (sober, sober.untreated), HOPE: (runs, runs.untreated),
            GIVEN: (runs, runs.complete["stiffness"])}  # fmt: skip
    eased = runs.effect[..., -1] <= -helped
    everybody = np.ones_like(lost)
    out: Counts = {}
    for cut in cuts:
        rule = f"fall of {100 * cut:g} %"
        passed = {
            term: fallen(one.complete["stiffness"][..., 0], end[..., -1], cut) & ~lost
            for term, (one, end) in ends.items()
        }
        for term, yes in passed.items():
            out[rule, name, term, "passed"] = _both(yes, everybody)
        yes = passed[GIVEN]
        out[rule, name, GIVEN, "passed_anyway"] = _both(yes & passed[HOPE], yes)
        out[rule, name, GIVEN, "helped_of_passed"] = _both(yes & eased, yes)
        out[rule, name, GIVEN, "helped_of_others"] = _both(~yes & eased, ~yes)
        if design.ratings_per_visit == 1:
            out |= _by_start(rule, name, passed, runs)
    return out


def _by_start(rule: str, name: str, passed: dict[str, Flags], runs: Trials) -> Counts:
    start = runs.complete["stiffness"][..., 0]
    return {
        (rule, f"{name}, from {rating}", term, "passed"): _both(yes & (start == rating), start == rating)
        for rating in range(1, 11) for term, yes in passed.items()
    }  # fmt: skip


def _both(yes: Flags, of: Flags) -> tuple[Floats, Floats]:
    return yes.sum(axis=-1).astype(np.float64), of.sum(axis=-1).astype(np.float64)
