"""What a study design shows when it is run many times in a world whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.estimate.intervals import mean_of_known
from msspas_analysis.estimate.linear import mean_rows
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import Design
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, Trials, simulate_trials
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
_ALPHA: Final = 0.05
_MODEL: Final = "A computer model, no real people."


def what_trials_show(
    design: Design, world: World | None = None, *, trials: int = 2000, seed: int = 2026,
    control: str | None = None, outcome: str = "stiffness",
    progress: Callable[[int, int, str], None] | None = None,
) -> Estimates:  # fmt: skip
    """Say what each arm by itself, and the comparison of arms, show when a trial is run many times.

    Parameters
    ----------
    design : Design
        A study of one period for every person, with one arm or more;
        :data:`~msspas_analysis.simulate.templates.DESIGNS` has templates.
    world : World or None
        What people are like; None is the default world. Use ``placebo_mean=0`` for one in which
        nobody expects anything.
    trials : int
        How often the study is run, 2 or more.
    seed : int
        Seed, 0 or more.
    control : str or None
        The arm all others are compared with; None is the last one.
    outcome : str
        A rating of the study: "stiffness" or "spasms", or a column of its diary.
    progress : callable or None
        Called with trials done, trials in all and a word.

    Returns
    -------
    Estimates
        Means over trials, with their Monte Carlo standard error; ``n`` counts trials. From the first
        visit to the last, among those who stay:

        - by arm, ``term`` the arm: "mean_difference" (after minus before) and "called a change"
          (share of trials whose paired t test is below 5 %);
        - with two arms or more, ``term`` "arm - control": "mean_difference" (ANCOVA with the first
          visit), "called a difference", and for stiffness "true_difference" (what the treatments did
          to the complete ratings) and "coverage" of the 95 % interval.

    Raises
    ------
    ValueError
        If `trials` is below 2, the design has several periods, there is no such arm, or the outcome
        is not rated.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> shown = what_trials_show(DESIGNS["T2"], trials=512, seed=1)
    >>> row = shown.one(term="reflexology", measure="called a change")
    >>> bool(row.estimate > 0.5), int(row.n)  # nothing works in this trial
    (True, 512)
    """
    if trials < 2:
        raise ValueError(f"trials must be 2 or more, got {trials}")
    if len(design.periods) > 1:
        raise ValueError(
            f"{design.code} has {len(design.periods)} periods; people are compared with themselves "
            "there, not arm by arm"
        )
    arms = [arm.name for arm in design.arms]
    if control is not None and control not in arms:
        raise ValueError(f"control {control!r} is no arm of {design.code}; there are {arms}")
    last = arms.index(control) if control is not None else len(arms) - 1
    parts: list[dict[tuple[str, str], Floats]] = []
    step = BLOCK_OF_VISITS
    for first in range(0, trials, step):
        runs = simulate_trials(
            design, world, seed=seed, replicates=min(step, trials - first), first=first,
            spasms=outcome == "spasms",
        )  # fmt: skip
        parts.append(_shown(runs, outcome, last))
        if progress is not None:
            progress(min(first + step, trials), trials, "trials")
    rows: list[dict[str, Any]] = []
    for term, measure in parts[0]:
        values = np.concatenate([part[term, measure] for part in parts])
        known = values[~np.isnan(values)]
        rows.append({
            "outcome": outcome, "group": "all", "term": term, "measure": measure,
            "estimate": float(known.mean()) if known.size else np.nan,
            "std_error": float(known.std(ddof=1) / np.sqrt(known.size)) if known.size > 1
            else np.nan,
            "n": known.size, "n_missing": values.size - known.size,
            "method": f"simulated; {design.code}, {design.n_people} people a trial, seed {seed}",
        })  # fmt: skip
    return Estimates.from_rows(rows, notes=[
        _MODEL,
        "called a change, called a difference: share of trials with p below 5 %. A test that is right "
        "says so in 5 % of trials in which nothing differs.",
        "Each arm by itself also shows why people came in, what they expect and who leaves; the "
        "comparison of arms takes out what the arms share.",
    ])  # fmt: skip


def _shown(runs: Trials, outcome: str, control: int) -> dict[tuple[str, str], Floats]:
    if outcome not in runs.scores:
        raise ValueError(f"outcome {outcome!r} is not rated; there are {sorted(runs.scores)}")
    score = np.ascontiguousarray(np.moveaxis(runs.scores[outcome], -1, 0))
    before, after = score[0], score[-1]
    arms = [arm.name for arm in runs.design.arms]
    out: dict[tuple[str, str], Floats] = {}
    for place, name in enumerate(arms):
        mine = np.where(runs.arm == place, after - before, np.nan)
        row = mean_rows(mine)
        out[name, "mean_difference"] = row["estimate"]
        out[name, "called a change"] = _called(row["p_value"])
    for place, name in enumerate(arms):
        if place == control:
            continue
        term = f"{name} - {arms[control]}"
        here = (runs.arm == place) | (runs.arm == control)
        y = np.where(here, after, np.nan)
        row = difference_kernel(y, (runs.arm == place).astype(np.float64), [before])
        out[term, "mean_difference"] = row["estimate"]
        out[term, "called a difference"] = _called(row["p_value"])
        if outcome == "stiffness":
            moved = runs.complete[outcome][..., -1] - runs.untreated[..., -1]
            true = [
                mean_of_known(np.where(runs.arm == at, moved, np.nan)) for at in (place, control)
            ]
            truth = true[0] - true[1]
            out[term, "true_difference"] = truth
            centre = np.nanmean(truth)
            inside = (row["conf_low"] <= centre) & (row["conf_high"] >= centre)
            out[term, "coverage"] = np.where(np.isnan(row["conf_low"]), np.nan, inside)
    return out


def _called(p: Floats) -> Floats:
    return np.where(np.isnan(p), np.nan, p < _ALPHA)


def without_expectation(world: World | None = None) -> World:
    """Return the world in which nobody expects anything of a treatment.

    Examples
    --------
    >>> without_expectation().placebo_mean
    0.0
    """
    return replace(World() if world is None else world, placebo_mean=0.0, placebo_sd=0.0)
