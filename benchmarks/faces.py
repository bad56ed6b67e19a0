"""What it costs to go from a table to an answer, beyond the arithmetic.

    python benchmarks/faces.py

73 people in two arms. Beside each estimator stands its kernel on the same numbers as arrays; what is
left is the table: columns checked, people sorted, rows and notes written. Best of several turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import msspas_analysis as ms
from msspas_analysis.estimate.agreement.correlations import spearman
from msspas_analysis.estimate.prevalence.proportions import proportion_interval
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from msspas_analysis.estimate.trials.binary import logistic_fit
from msspas_analysis.estimate.trials.effect_size import standardised_change, two_sample_t
from msspas_analysis.estimate.trials.ranks import mann_whitney, superiority

PEOPLE, TURNS = 73, 60


def best(job: Callable[[], object]) -> float:
    """Return the shortest of several times, in milliseconds."""
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(1)
    before = rng.normal(5, 2, PEOPLE)
    arm = np.arange(PEOPLE) % 2
    frame = pd.DataFrame({
        "person_id": [f"P{i}" for i in range(PEOPLE)], "arm": np.where(arm == 1, "foot", "sham"),
        "before": before, "after": 0.5 * before + rng.normal(2, 1, PEOPLE),
        "better": rng.integers(0, 2, PEOPLE),
    })  # fmt: skip
    after, better = frame["after"].to_numpy(), frame["better"].to_numpy()
    columns = np.column_stack([np.ones(PEOPLE), arm])
    x, y = after[arm == 1], after[arm == 0]
    how = {"arm": "arm", "control": "sham"}
    pairs = {
        "adjusted_difference": (
            lambda: ms.adjusted_difference(frame, "after", covariates=["before"], **how),
            lambda: difference_kernel(after, arm, [before]),
        ),
        "mean_difference": (
            lambda: ms.mean_difference(frame, "after", **how), lambda: two_sample_t(x, y),
        ),
        "rank_difference": (
            lambda: ms.rank_difference(frame, "after", **how),
            lambda: (mann_whitney(x, y), superiority(x, y)),
        ),
        "paired_effect_sizes": (
            lambda: ms.paired_effect_sizes(frame, outcome="stiffness"),
            lambda: standardised_change(before, after),
        ),
        "prevalence": (
            lambda: ms.prevalence(frame, "better"), lambda: proportion_interval(37, PEOPLE),
        ),
        "correlation": (
            lambda: ms.correlation(frame, ("before", "after"), method="spearman"),
            lambda: spearman(before, after),
        ),
        "binary_difference": (
            lambda: ms.binary_difference(frame, "better", **how),
            lambda: logistic_fit(better, columns, names=["the intercept", "foot"]),
        ),
    }  # fmt: skip
    print(f"{PEOPLE} people, milliseconds")
    print(f"  {'':22}{'table':>8}{'arrays':>8}{'between':>9}")
    for name, (face, kernel) in pairs.items():
        whole, part = best(face), best(kernel)
        print(f"  {name:22}{whole:8.2f}{part:8.2f}{whole - part:9.2f}")


if __name__ == "__main__":
    main()
