"""The library run again, beside drawing its studies alone and beside one study at a time with statsmodels.

    python benchmarks/replay.py

The limit of a replay is drawing its ratings: nothing can be analysed before it is there. The peer is what
people write: a loop that draws a study, analyses it with statsmodels or SciPy in both worlds, and counts. Times
are the best of several turns in one process, those of the loop from a few of its runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import statsmodels.api as sm
from scipy import stats

from msspas_analysis.certify.studies.rule_runs import what_rules_pass
from msspas_analysis.evidence.replay.run import replay_library, replay_study
from msspas_analysis.evidence.replay.studies import replays
from msspas_analysis.simulate.trials import simulate_trials

RUNS, FEW = 10_000, 50


def best(*jobs: Callable[[], object], turns: int = 3) -> list[float]:
    """Return the shortest time of each job, run in turn so that all meet the same machine."""
    times = [[] for _ in jobs]
    for _ in range(turns):
        for job, mine in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            mine.append(time.perf_counter() - start)
    return [min(mine) for mine in times]


def two_arms(key: str, few: int) -> None:
    """Draw and analyse trials of two arms one at a time, with nothing true and with the effect."""
    for seed in range(few):
        runs = simulate_trials(replays()[key].trial, seed=seed, replicates=1)
        seen = runs.scores["stiffness"][0]
        without = np.where(np.isnan(seen), np.nan, runs.untreated[0])
        for y in (seen, without):
            known = ~np.isnan(y).any(axis=1)
            x = sm.add_constant(np.column_stack([runs.arm[0] == 0, y[:, 0]])[known].astype(float))
            sm.OLS(y[known, -1], x).fit().pvalues.tolist()


def one_group(key: str, few: int) -> None:
    """Draw and analyse studies of one group one at a time, with nothing true and with the effect."""
    for seed in range(few):
        runs = simulate_trials(replays()[key].trial, seed=seed, replicates=1)
        seen = runs.scores["stiffness"][0]
        for y in (seen, np.where(np.isnan(seen), np.nan, runs.untreated[0])):
            known = ~np.isnan(y).any(axis=1)
            stats.ttest_rel(y[known, -1], y[known, 0])


def main() -> None:
    """Measure and print."""
    print(f"{RUNS:,} runs of a study in two worlds, one process")
    for key, loop in (
        ("tens-armutlu-2003", one_group),
        ("reflexology-hughes-2009", two_arms),
        ("nabiximols-collin-2010", two_arms),
    ):
        one = replays()[key]
        drawn, ours = best(
            lambda one=one: simulate_trials(one.trial, seed=1, replicates=RUNS),
            lambda one=one: replay_study(one, replicates=RUNS),
        )
        (peer,) = best(lambda key=key, loop=loop: loop(key, FEW), turns=2)
        print(f"  {key}, {one.trial.n_people} people: {ours:.2f} s = {ours / drawn:.1f} x drawing alone, "
              f"{peer * RUNS / FEW / ours:,.0f} times as fast as the loop")  # fmt: skip
    start = time.perf_counter()
    replay_library(replicates=RUNS, workers=2)
    print(f"all {len(replays())} studies on two processes: {time.perf_counter() - start:.0f} s")
    luck, rule = best(
        lambda: replay_study("rule-nice-ng144-2019", replicates=RUNS),
        lambda: what_rules_pass(cuts=[0.2], ratings=[1], replicates=RUNS),
    )
    print(f"a rule for going on, {RUNS:,} runs of 100 people, three worlds: {rule:.1f} s "
          f"= {rule / luck:.1f} x its replay in two")  # fmt: skip


if __name__ == "__main__":
    main()
