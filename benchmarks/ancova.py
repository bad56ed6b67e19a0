"""How long 10,000 trials take to analyse, beside their own random numbers and beside statsmodels.

    python benchmarks/ancova.py

Each trial has 73 people in two arms, a baseline and an endpoint. The limit is the time NumPy needs to
draw the two scores of everybody. statsmodels and its formula fit the same trials one by one, some of
them, and the time for all is reckoned from those. Best of several turns, in one process.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from msspas_analysis.estimate.trials.adjusted import adjusted_difference, difference_kernel

TRIALS, PEOPLE, ONE_BY_ONE = 10_000, 73, 200


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return baseline and endpoint of all trials."""
    rng = np.random.default_rng(seed)
    before = rng.standard_normal((TRIALS, PEOPLE))
    return before, 0.5 * before + rng.standard_normal((TRIALS, PEOPLE))


def main() -> None:
    """Print the times and their ratios."""
    import statsmodels.formula.api as smf

    arm = (np.arange(PEOPLE) % 2).astype(float)
    draws, ours, robust = [], [], []
    for seed in range(7):
        start = time.perf_counter()
        before, after = drawn(seed)
        draws.append(time.perf_counter() - start)
        start = time.perf_counter()
        answer = difference_kernel(after, arm, [before])
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        difference_kernel(after, arm, [before], std_errors="HC3")
        robust.append(time.perf_counter() - start)
    start = time.perf_counter()
    worst = 0.0
    for i in range(ONE_BY_ONE):
        frame = pd.DataFrame({"before": before[i], "after": after[i], "arm": arm})
        fit = smf.ols("after ~ arm + before", frame).fit()
        fit.conf_int()
        worst = max(worst, abs(fit.pvalues["arm"] - answer["p_value"][i]))
    theirs = (time.perf_counter() - start) * TRIALS / ONE_BY_ONE
    frame = pd.DataFrame({
        "person_id": [f"P{i}" for i in range(PEOPLE)], "arm": np.where(arm == 1, "a", "b"),
        "before": before[0], "after": after[0],
    })  # fmt: skip
    how = {"arm": "arm", "control": "b", "covariates": ["before"]}
    face = []
    for _ in range(20):
        start = time.perf_counter()
        adjusted_difference(frame, "after", **how)
        face.append(time.perf_counter() - start)
    limit, kernel = min(draws), min(ours)
    print(f"{TRIALS:,} trials of {PEOPLE} people, ANCOVA with one baseline")
    print(f"  their random numbers alone          {1000 * limit:8.0f} ms")
    print(f"  random numbers and analysis         {1000 * (limit + kernel):8.0f} ms"
          f"   {(limit + kernel) / limit:.1f} x the random numbers")  # fmt: skip
    print(f"  the same with HC3 errors            {1000 * (limit + min(robust)):8.0f} ms"
          f"   {(limit + min(robust)) / limit:.1f} x")  # fmt: skip
    print(f"  statsmodels, one by one ({ONE_BY_ONE} of them) {theirs:8.1f} s "
          f"   {theirs / kernel:,.0f} x ours")  # fmt: skip
    print(f"  largest difference of a p-value     {worst:8.0e}")
    print(f"  one trial from a table to an answer {1000 * min(face):8.1f} ms")


if __name__ == "__main__":
    main()
