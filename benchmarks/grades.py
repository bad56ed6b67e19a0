"""How often shares of days at a grade or worse, beyond expectation, are wrong where the truth is known.

Run ``python benchmarks/grades.py [CENTRES [PEOPLE ...]]`` (default 256 centres of 12, 30, 60 and 200 people,
about an hour; 60 people alone about ten minutes). It prints a Markdown table. People come in at a
rating of 4 or more, nothing is given or a point is taken off the state; every rating is also cut into four
grades (0, 1 to 3, 4 to 6, 7 to 10). A false alarm is a two-sided 5 % test that calls it a change although
nothing was given; covered is how often the 95 % interval holds the true mean change of the share, which is
that of the same people with the point less without. Centres in which fewer people than ``FEWEST_MOVING``
have another share after than before say nothing and are counted in "withheld". The last column is the
false alarm of a plain contrast of the daily yes or no, which is what was not chosen.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import stdtr, stdtrit

from msspas_analysis.certify.twin.grades import FEWEST_MOVING
from msspas_analysis.certify.twin.statistics import beyond_twin, change_in_bad_days
from msspas_analysis.estimate.change.untreated import (
    Days,
    NoExpectationError,
    untreated_contrast,
    window_weights,
)
from msspas_analysis.simulate.days import simulate_ratings
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import steady
from msspas_analysis.tables import AFTER, BEFORE

SIZES = (12, 30, 60, 200)
GRADES = {
    "0-10 rating": (None, 10.0, (2.0, 4.0, 6.0, 8.0)),
    "four grades": ((1.0, 4.0, 7.0), 3.0, (1.0, 2.0, 3.0)),
}
FALL = -1.0


def graded(ratings: np.ndarray, edges: tuple[float, ...] | None) -> np.ndarray:
    """Cut ratings into grades 0, 1, 2, ...; None leaves them."""
    if edges is None:
        return ratings
    out = np.sum([ratings >= edge for edge in edges], axis=0).astype(np.float64)
    return np.where(np.isnan(ratings), np.nan, out)


def drawn(people: int, centres: int, change: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw centres: ratings seen, complete ones, and the days; the entry rating is always there."""
    world = steady(DiaryScenario(n_people=people, entry_rating=4.0, change=change))
    got = simulate_ratings(world, seed=17, replicates=centres)
    seen = got.seen.copy()
    seen[..., 0] = got.score[..., 0]
    return seen, got.score, got.days


def answers(
    grades: np.ndarray, days: np.ndarray, cuts: tuple[float, ...], highest: float
) -> dict[float, np.ndarray]:
    """Return beyond, its error, degrees of freedom and people moving, by cut and centre."""
    before, after = (window_weights(grades, days, one) for one in (BEFORE, AFTER))
    both = before.any(axis=-1) & after.any(axis=-1)
    out: dict[float, list[tuple[float, ...]]] = {cut: [] for cut in cuts}
    for i, seen in enumerate(grades):
        grid = Days(person_id=np.arange(len(seen)).astype(str), days=days, seen=seen)
        try:
            got = beyond_twin(grid, {str(cut): change_in_bad_days(cut) for cut in cuts}, before=BEFORE,
                              after=AFTER, entry="first rating", seed=1, highest=highest)  # fmt: skip
        except NoExpectationError:
            continue
        for cut in cuts:
            change = (np.where(seen >= cut, 1.0, 0.0) * (after - before)[i]).sum(axis=-1)
            moving = (np.abs(change)[both[i]] > 1e-9).sum()
            key = str(cut)
            out[cut].append((got.observed[key] - got.expected[key], got.std_error[key],
                             got.groups - 1.0, moving))  # fmt: skip
    return {cut: np.array(rows).T for cut, rows in out.items()}


def plain_false_alarm(grades: np.ndarray, days: np.ndarray, cut: float) -> float:
    """Return how often the contrast of the daily yes or no finds something."""
    yes = np.where(np.isnan(grades), np.nan, (grades >= cut) * 1.0)
    one = untreated_contrast(
        grades, days, before=BEFORE, after=AFTER, entry="first rating", outcome=yes
    )
    beyond = one.change - one.expected
    said = (np.abs(one.change) > 1e-9).sum(axis=-1) >= FEWEST_MOVING
    if not said.any():
        return np.nan
    n = (~np.isnan(beyond[said])).sum(axis=-1)
    t = np.nanmean(beyond[said], axis=-1) / (np.nanstd(beyond[said], axis=-1, ddof=1) / np.sqrt(n))
    return float((2 * stdtr(n - 1.0, -np.abs(t)) < 0.05).mean())


def measured(people: int, centres: int) -> None:
    """Measure both worlds at one size and print rows of the table."""
    worlds = {change: drawn(people, centres, change) for change in (0.0, FALL)}
    for name, (edges, highest, cuts) in GRADES.items():
        found = {c: answers(graded(seen, edges), days, cuts, highest)
                 for c, (seen, _, days) in worlds.items()}  # fmt: skip
        seen, with_it, days = worlds[FALL]
        weights = window_weights(seen, days, AFTER)
        there = (weights > 0).any(axis=-1)
        for cut in cuts:
            moved = (graded(with_it, edges) >= cut) * 1.0 - (graded(worlds[0.0][1], edges) >= cut)
            truths = {0.0: 0.0, FALL: float((moved * weights).sum(axis=-1)[there].mean())}
            told = []
            for change, truth in truths.items():
                beyond, error, df, moving = found[change][cut]
                said = (moving >= FEWEST_MOVING) & (error > 0)
                t = np.abs(beyond - truth)[said] / error[said]
                right = t <= stdtrit(df[said], 0.975)
                share = right.mean() if said.any() else np.nan
                told += [share if change else 1 - share, 1 - said.mean()]
            told.append(plain_false_alarm(graded(worlds[0.0][0], edges), days, cut))
            cells = " | ".join("–" if np.isnan(x) else f"{100 * x:.1f} %" for x in told)
            print(f"| {people} | {name}, at {cut:g} or more | {cells} |", flush=True)


def main() -> None:
    """Print the table."""
    centres = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    print("| people | grade | false alarm | withheld | covered | withheld | plain contrast |")
    print("|--:|---|--:|--:|--:|--:|--:|")
    for people in [int(x) for x in sys.argv[2:]] or SIZES:
        measured(people, centres)


if __name__ == "__main__":
    main()
