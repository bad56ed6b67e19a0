"""Replicates on two cores beside one, and what keeping them costs.

    python benchmarks/running.py

The job is a certificate's: a diary study of 60 people and 168 days in two worlds, with the change
beyond expectation, which takes about half a minute on one core. Times are of one run each, in one
process; ratios are what counts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable

import msspas_analysis as ms
from msspas_analysis.simulate.world import steady

REPLICATES = 3_000


def timed(job: Callable[[], object]) -> float:
    """Return how long a job takes, in seconds."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    world = steady(ms.DiaryScenario(n_people=60, followup_days=154, entry_rating=4))
    how = {"effect": -1.0, "replicates": REPLICATES, "beyond": True}
    with tempfile.TemporaryDirectory() as folder:
        ms.diary_replicates(world, effect=-1.0, replicates=128, workers=2)  # the processes start
        one = timed(lambda: ms.diary_replicates(world, **how))
        two = timed(lambda: ms.diary_replicates(world, workers=2, **how))
        kept = timed(lambda: ms.diary_replicates(world, cache=folder, **how))
        again = timed(lambda: ms.diary_replicates(world, cache=folder, **how))
    print(f"{REPLICATES:,} studies of 60 people and {world.days.size} days, two worlds")
    print(f"  one process                      {one:6.1f} s")
    print(f"  two processes                    {two:6.1f} s   {one / two:.2f} x as fast")
    print(f"  one process, every block kept    {kept:6.1f} s   {kept / one:.2f} x the time")
    print(f"  the same again, from what is kept{again:6.2f} s   {again / one:.3f} x the time")


if __name__ == "__main__":
    main()
