"""How long a bootstrap interval takes, beside scipy.stats.bootstrap on the same data.

    python benchmarks/bootstrap.py

10,000 BCa resamples of 300 people. Every line is the best of several turns, ours and SciPy's in
turn, in one process; the ratio is ours over SciPy's, so below 1 is faster. SciPy takes one number
per person; with 28 days of each person it has no way to keep them together, so there its time is
that of one mean per person. Memory is that of one call, beyond what stood before it.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from scipy import stats

from msspas_analysis.estimate.resampling import bootstrap_interval

PEOPLE, DAYS, RESAMPLES = 300, 28, 10_000


def best(*jobs: Callable[[], object], turns: int) -> list[float]:
    """Return the shortest time of each job, run in turn so that all meet the same machine."""
    times = [[] for _ in jobs]
    for _ in range(turns):
        for job, mine in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            mine.append(time.perf_counter() - start)
    return [min(mine) for mine in times]


def peak(job: Callable[[], object]) -> float:
    """Return the most memory that one call takes, in bytes."""
    tracemalloc.start()
    job()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(most)


def difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    return x.mean(axis=axis) - y.mean(axis=axis)


def median(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.median(x, axis=axis)


def deviation(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return x.std(axis=axis, ddof=1)


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(1)
    level = rng.normal(5, 2, PEOPLE)
    days = level[:, None] + rng.normal(0, 1, (PEOPLE, DAYS))
    person = np.repeat(np.arange(PEOPLE), DAYS)
    arm = np.where(np.arange(PEOPLE) < PEOPLE // 2, "drug", "sham")
    drug, sham = level[arm == "drug"], level[arm == "sham"]
    once = np.arange(PEOPLE)
    common = {"n_resamples": RESAMPLES, "seed": 1}
    scipy = {"n_resamples": RESAMPLES, "method": "BCa", "vectorized": True, "rng": 1}
    cases = (
        ("mean, by person", lambda: bootstrap_interval(level, "mean", person=once, **common),
         lambda: stats.bootstrap((level,), np.mean, **scipy)),
        (f"mean of {DAYS} days a person, by person",
         lambda: bootstrap_interval(days.ravel(), "mean", person=person, **common),
         lambda: stats.bootstrap((level,), np.mean, **scipy)),
        ("median, by person", lambda: bootstrap_interval(level, "median", person=once, **common),
         lambda: stats.bootstrap((level,), median, **scipy)),
        ("standard deviation, a function of one's own",
         lambda: bootstrap_interval(level, deviation, person=once, **common),
         lambda: stats.bootstrap((level,), deviation, **scipy)),
        ("difference of two arms",
         lambda: bootstrap_interval(level, "mean_difference", person=once, arm=arm,
                                    control="sham", **common),
         lambda: stats.bootstrap((drug, sham), difference, **scipy)),
    )  # fmt: skip
    print(f"{RESAMPLES:,} BCa resamples of {PEOPLE} people")
    for name, ours, theirs in cases:
        mine, other = best(ours, theirs, turns=7)
        print(f"  {name}: ratio {mine / other:.2f} ({1000 * mine:.0f} ms, SciPy "
              f"{1000 * other:.0f} ms); memory {peak(ours) / 1e6:.0f} MB, SciPy "
              f"{peak(theirs) / 1e6:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
