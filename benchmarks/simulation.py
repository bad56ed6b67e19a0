"""How long worlds take to draw, beside the random numbers alone and beside one study at a time.

    python benchmarks/simulation.py

The limit is the time NumPy needs to draw as many standard normals as there are numbers in the
answer: nothing can be faster than its own random numbers. Every line is the best of several turns,
limit and ours in turn, in one process. Memory is that of a process of its own.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from msspas_analysis.simulate.days import ITEMS, simulate_days
from msspas_analysis.simulate.designs import Design
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import simulate_trials
from msspas_analysis.simulate.world import World, steady

PEOPLE, DAYS = 21_000, 365
TRIALS = 10_000
DIARIES = DiaryScenario(n_people=PEOPLE, baseline_days=14, followup_days=DAYS - 14)


def best(*jobs: Callable[[], object], turns: int) -> list[float]:
    """Return the shortest time of each job, run in turn so that all meet the same machine."""
    times = [[] for _ in jobs]
    for _ in range(turns):
        for job, mine in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            mine.append(time.perf_counter() - start)
    return [min(mine) for mine in times]


def normals(count: int) -> None:
    """Draw so many standard normals, a few at a time so that memory is not what is timed."""
    rng = np.random.default_rng(1)
    held = np.empty(1 << 16)
    for low in range(0, count, held.size):
        rng.standard_normal(out=held[: min(held.size, count - low)])


def peak(scenario: DiaryScenario | None, answer: multiprocessing.Queue[float]) -> None:
    """Put the most memory this process ever held, in bytes, having drawn the diaries or nothing."""
    if scenario is not None:
        simulate_days(scenario, seed=1)
    answer.put(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024)
    )


def memory() -> float:
    """Return the peak memory of drawing, beyond that of doing nothing, as bytes."""
    found = []
    for scenario in (None, DIARIES):
        answer: multiprocessing.Queue[float] = multiprocessing.get_context("spawn").Queue()
        process = multiprocessing.get_context("spawn").Process(target=peak, args=(scenario, answer))
        process.start()
        found.append(answer.get())
        process.join()
    return found[1] - found[0]


def one_at_a_time(design: Design, world: World, runs: int) -> None:
    """Draw trials as a loop over seeds does."""
    for seed in range(runs):
        simulate_trials(design, world, seed=seed, replicates=1)


def main() -> None:
    """Measure and print."""
    held, diaries = memory(), PEOPLE * DAYS  # before this process grows: a child begins as large
    limit, ours = best(
        lambda: normals(diaries * len(ITEMS)), lambda: simulate_days(DIARIES, seed=1), turns=3
    )
    output = diaries * len(ITEMS) * 8
    print(f"{PEOPLE:,} people x {DAYS} days, {', '.join(ITEMS)}, with days and answers missing")
    print(f"  {ours:.2f} s = {ours / limit:.1f} x the normals alone ({limit:.2f} s); "
          f"memory {held / output:.2f} x the observed output ({output / 1e6:.0f} MB)")  # fmt: skip

    trial = replace(DESIGNS["T2"], visits=(-1, 69), lost=None)
    anybody = replace(trial, entry_rating=None)
    plain = replace(steady(World()), placebo_mean=0.0, placebo_sd=0.0)
    # normals a person: size of the wobble, baseline, endpoint, and the placebo response; of those
    # who ask to come in, 56 % have a rating of 4 or more
    cases = (
        ("anybody may come, no placebo response", anybody, plain, 3.0),
        ("anybody may come", anybody, steady(World()), 4.0),
        ("entry at 4 or more", trial, steady(World()), 3.0 / 0.56 + 1.0),
        ("the same, with infections, weather, medicine", trial, World(), 3.0 / 0.56 + 1.0),
    )
    people = TRIALS * trial.n_people
    print(f"{TRIALS:,} trials of 73 people in two arms, baseline and endpoint")
    for name, design, world, each in cases:
        two, every, ours = best(
            lambda: normals(2 * people),
            lambda each=each: normals(int(each * people)),
            lambda design=design, world=world: simulate_trials(
                design, world, seed=1, replicates=TRIALS
            ),
            turns=5,
        )
        print(f"  {name}: {1000 * ours:.0f} ms = {ours / every:.1f} x its own normals "
              f"({each:.1f} a person), {ours / two:.1f} x baseline and endpoint alone")  # fmt: skip
    few = 200
    (loop,) = best(lambda: one_at_a_time(trial, steady(World()), few), turns=1)
    print(f"  one trial at a time: {1000 * loop * TRIALS / few:,.0f} ms for as many, "
          f"from {few} of them")  # fmt: skip


if __name__ == "__main__":
    main()
