"""How often "beyond the control" is wrong, measured on trials whose truth is known.

Run ``python benchmarks/control_arm.py [PEOPLE] [TRIALS]``: people in both arms together (default 12, 30,
60 and 200, one after the other), trials in each line (default 10,000; some seconds a line). It prints a
Markdown table.

The trials are two arms, a treatment and a sham, rated before and after ten weeks, everybody at 4 or more
on the day they came in, the same placebo response in both arms, 3 in 100 lost. In one world the treatment
does nothing, in the other it takes a point from latent stiffness. The truth of what was expected is what
the very people treated would have rated with the sham's response alone; that of the share is the ratio of
the two means over all trials.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.special import stdtrit

from msspas_analysis.certify.twin.control_arm import THRESHOLDS, ControlContrast, control_contrast
from msspas_analysis.estimate.change.paired import count_fallen
from msspas_analysis.estimate.prevalence.two_proportions import difference_interval
from msspas_analysis.simulate.designs import resized, with_effect
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, simulate_trials

SIZES = (12, 30, 60, 200)
TRIALS = 10_000
EFFECT = -1.0  # points of latent stiffness
Arrays = dict[str, np.ndarray]


def drawn(people: int, trials: int, effect: float, *, seed: int = 31) -> Arrays:
    """Return before, after, arm (1 treated) and the untreated rating of everybody in all trials."""
    design = with_effect(resized(DESIGNS["T2"], people), effect)
    parts: list[Arrays] = []
    for first in range(0, trials, BLOCK_OF_VISITS):
        size = min(BLOCK_OF_VISITS, trials - first)
        runs = simulate_trials(design, seed=seed, replicates=size, first=first)
        score = runs.scores["stiffness"]
        parts.append({
            "before": score[..., 0], "after": score[..., -1], "arm": (runs.arm == 0) * 1.0,
            "untreated": runs.untreated[..., -1],
        })  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def kept(values: np.ndarray) -> np.ndarray:
    """Leave out the trials in which one arm was lost, for which there is no answer."""
    return values[~np.isnan(values)]


def treated_mean(trials: Arrays, values: np.ndarray) -> np.ndarray:
    """Average over the treated people with both scores, trial by trial."""
    who = (trials["arm"] == 1) & ~np.isnan(trials["after"] + trials["before"])
    return np.asarray(np.where(who, values, 0.0).sum(axis=-1) / who.sum(axis=-1))


def flagged(got: ControlContrast) -> float:
    """Return how often the two-sided 5 % test of what lies beyond is below 0.05."""
    return float((kept(got.beyond["p_value"]) < 0.05).mean())


def covered(row: dict[str, np.ndarray], truth: np.ndarray | float) -> float:
    """Return how often an interval that is there holds the truth."""
    there = ~np.isnan(row["conf_low"])
    inside = (row["conf_low"] <= truth) & (truth <= row["conf_high"])
    return float(inside[there].mean())


def in_fieller(got: ControlContrast, truth: float) -> float:
    """Return how often Fieller's set holds the true share, those without an end counted too."""
    top, bottom = got.expected["estimate"], got.observed["estimate"]
    spread = (
        got.share["var_expected"] - 2 * truth * got.share["covariance"]
        + truth**2 * got.share["var_observed"]
    )  # fmt: skip
    reach = stdtrit(got.beyond["df"], 0.975)
    return float((kept(top - truth * bottom) ** 2 <= kept(reach**2 * spread)).mean())


def falls_flagged(trials: Arrays, threshold: float) -> float:
    """Return how often Newcombe's interval of the difference in shares of people leaves 0 out."""
    counts = []
    for arm in (1.0, 0.0):
        mine = (trials["arm"] == arm) & ~np.isnan(trials["after"])
        before, after = (np.where(mine, trials[name], 0.0) for name in ("before", "after"))
        counts += count_fallen(before, after, threshold=threshold)
    low, high = difference_interval(*counts, method="newcombe")
    return float(((kept(low) > 0) | (kept(high) < 0)).mean())


def line(people: int, trials: int) -> dict[str, float]:
    """Return every rate of one size."""
    null, real = drawn(people, trials, 0.0), drawn(people, trials, EFFECT)
    nothing = control_contrast(null["before"], null["after"], null["arm"])
    got = control_contrast(real["before"], real["after"], real["arm"])
    alone = treated_mean(real, real["untreated"] - real["before"])
    share = float(
        np.nanmean(alone) / np.nanmean(treated_mean(real, real["after"] - real["before"]))
    )
    return {
        "flagged": flagged(nothing), "covers 0": covered(nothing.beyond, 0.0),
        **{f"falls {k:.0%} flagged": falls_flagged(null, k) for k in THRESHOLDS},
        "expected": covered(got.expected, alone),
        "power": flagged(got), "share": share, "Fieller": in_fieller(got, share),
        "share shown": float((~np.isnan(got.share["estimate"])).mean()),
        "share where shown": covered(got.share, share),
    }  # fmt: skip


def main() -> None:
    """Print the table."""
    given = [int(word) for word in sys.argv[1:]]
    sizes, trials = given[:1] or SIZES, (given[1:] or [TRIALS])[0]
    head: list[str] = []
    for people in sizes:
        start = time.perf_counter()
        rates = line(people, trials)
        if not head:
            head = ["people", *rates]
            print("| " + " | ".join(head) + " |\n" + "|" + "--:|" * len(head))
        cells = [f"{v:.2f}" if name == "share" else f"{100 * v:.1f} %" for name, v in rates.items()]
        print("| " + " | ".join([str(people), *cells]) + " |", flush=True)
        print(f"{people} people: {time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
