"""The analyses of a certificate over many replicates, beside a loop that calls SciPy or statsmodels.

    python benchmarks/kernels.py

Each peer is called once a replicate on a tenth of the replicates, and its time multiplied by ten. The largest
difference of a p-value (of the share, for responders) is printed beside the ratio. Times are the best of
three, in one process; ratios are what counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import statsmodels.api as sm
from scipy import stats

import msspas_analysis as ms
from msspas_analysis.certify.studies.certificate import ANALYSES
from msspas_analysis.certify.studies.replicates import NULL
from msspas_analysis.estimate.intervals import wilson_interval

REPLICATES, LOOPED = 10_000, 1_000


def best(job: Callable[[], object]) -> tuple[float, object]:
    """Return the shortest of three times, in seconds, and what came of it."""
    times, got = [], None
    for _ in range(3):
        start = time.perf_counter()
        got = job()
        times.append(time.perf_counter() - start)
    return min(times), got


def responders(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the share who fell by a fifth and its Wilson interval, for every replicate."""
    fell = (before > 0) & (before - after >= 0.2 * before - 1e-9)
    count, n = fell.sum(axis=-1), fell.shape[-1]
    return np.stack([count / n, *wilson_interval(count, n)])


def main() -> None:
    """Measure and print."""
    pilot = ms.trial_replicates(ms.DESIGNS["T7"], effect=-1.0, replicates=REPLICATES)
    trial = ms.trial_replicates(ms.DESIGNS["T3"], effect=-1.0, replicates=REPLICATES)
    before, after = (pilot.scores[NULL][k] for k in ("before", "after"))
    used = ~(np.isnan(before) | np.isnan(after)).any(axis=0)
    before, after = before[:, used], after[:, used]  # the same people in every replicate
    scores, arm = trial.scores[NULL], trial.arm

    def ancova(r: int) -> float:
        y, x, a = scores["after"][r], scores["before"][r], arm[r]
        known = ~np.isnan(y + x + a)
        design = np.column_stack([np.ones(known.sum()), a[known], x[known]])
        return float(sm.OLS(y[known], design).fit().pvalues[1])

    def share(r: int) -> np.ndarray:
        fell = (before[r] > 0) & (before[r] - after[r] >= 0.2 * before[r] - 1e-9)
        test = stats.binomtest(int(fell.sum()), fell.size)
        interval = test.proportion_ci(method="wilson")
        return np.array([test.statistic, interval.low, interval.high])

    def ranks(r: int) -> float:
        change = pilot.scores[NULL]["after"][r] - pilot.scores[NULL]["before"][r]
        change = change[~np.isnan(change)]
        return float(stats.wilcoxon(change, correction=False, method="asymptotic").pvalue)

    jobs = (
        ("paired change", lambda: ANALYSES["paired t"](pilot, NULL)["p_value"],
         lambda r: float(stats.ttest_rel(pilot.scores[NULL]["after"][r],
                                         pilot.scores[NULL]["before"][r], nan_policy="omit").pvalue)),
        ("Wilcoxon signed ranks", lambda: ANALYSES["signed ranks"](pilot, NULL)["p_value"], ranks),
        ("ANCOVA", lambda: ANALYSES["ANCOVA"](trial, NULL)["p_value"], ancova),
        ("responders", lambda: responders(before, after), share),
    )  # fmt: skip
    print(f"{REPLICATES:,} replicates; {pilot.people} people in a pilot, {trial.people} in a trial")
    for name, ours, one in jobs:
        mine, got = best(ours)
        start = time.perf_counter()
        theirs = np.array([one(r) for r in range(LOOPED)]).T
        loop = (time.perf_counter() - start) * REPLICATES / LOOPED
        apart = np.nanmax(np.abs(np.asarray(got)[..., :LOOPED] - theirs))
        print(f"  {name:24}{1000 * mine:8.0f} ms   a loop {loop / mine:6.0f} x as long   "
              f"largest difference {apart:.0e}")  # fmt: skip


if __name__ == "__main__":
    main()
