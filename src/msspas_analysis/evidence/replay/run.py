"""Run a study of the library again, or all of them, and say how often they look as they were printed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.certify.monte_carlo import mean_row, share_row, sign_and_size_rows
from msspas_analysis.certify.running import run_blocks
from msspas_analysis.evidence.library import load
from msspas_analysis.evidence.replay.analyses import (
    ALPHA,
    BESIDE,
    CLAIMED,
    TRUTHS,
    Replay,
    run_block,
)
from msspas_analysis.evidence.replay.studies import WHY_NOT, replays
from msspas_analysis.progress import Progress, as_part
from msspas_analysis.results import Estimates, concat
from msspas_analysis.simulate.days import BLOCK
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS

Floats = NDArray[np.float64]
_MODEL: Final = (
    "A computer model, no real people. printed_as_it_was: the share of runs that look as the study does; "
    "called_in_favour: of those with p below 5 % in favour; type_s: the share of those with the wrong "
    "direction; type_m: how many times too large they are; any other called_...: p below 5 % either way."
)


def replay_study(
    study: str | Replay, *, replicates: int = 10_000, seed: int = 2026, workers: int | str = 1,
    cache: str | Path | None = None, progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Run a study many times with nothing true and with the claimed effect.

    Parameters
    ----------
    study : str or Replay
        The key of an entry of the library, or a study of your own.
    replicates : int
        Runs in each world, 100 or more.
    seed : int
        0 or more.
    workers, cache, progress
        As :func:`~msspas_analysis.certify.running.run_blocks`.

    Returns
    -------
    Estimates
        ``outcome`` the key; ``group`` "no true effect" and "claimed effect"; ``measure``
        "printed_as_it_was", "called_in_favour", "mean_estimate", what the analysis gives besides (a value
        of :data:`~msspas_analysis.evidence.replay.analyses.BESIDE`); in the second also "true_effect",
        "type_s" and "type_m". Each with its Monte Carlo error; ``n`` counts runs. The notes say what
        counts as printed, and every assumption with its status.

    Raises
    ------
    KeyError
        If there is no such entry.
    ValueError
        If the entry is no study that can be run again, and why; or a number is out of range.

    Examples
    --------
    >>> told = replay_study("tens-armutlu-2003", replicates=512, seed=1)
    >>> row = told.one(group="no true effect", measure="printed_as_it_was")
    >>> bool(row.estimate > 0.3)  # nothing works in that world
    True
    """
    one = study if isinstance(study, Replay) else _known(study)
    if replicates < 100:
        raise ValueError(f"replicates must be 100 or more, got {replicates}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    drawn = run_blocks(
        partial(run_block, one, seed), replicates=replicates,
        block=BLOCK if one.design.diary else BLOCK_OF_VISITS, workers=workers, cache=cache,
        progress=progress, word=f"runs of {one.key}",
    )  # fmt: skip
    return _told(one, drawn, seed)


def _known(key: str) -> Replay:
    if key in replays():
        return replays()[key]
    entry = load()[key]
    why = WHY_NOT.get(key, f"it is a {entry.kind} ({entry.design.kind}); nothing was run")
    raise ValueError(f"{key} cannot be run again: {why}. These can: {sorted(replays())}")


def _told(one: Replay, drawn: dict[str, NDArray[Any]], seed: int) -> Estimates:
    base: dict[str, Any] = {
        "outcome": one.key, "term": one.printed,
        "method": f"simulated; {one.design.title}; {one.analysis}; seed {seed}",
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for truth in TRUTHS:
        estimate, p = drawn[f"{truth}/estimate"], drawn[f"{truth}/p"]
        printed = drawn[f"{truth}/printed"]
        mine = base | {"group": truth}
        known = ~np.isnan(printed)
        rows.append(mine | share_row("printed_as_it_was", printed[known] > 0))
        tested = ~np.isnan(p)
        called = tested & (p < ALPHA) & (estimate < 0)
        if tested.any():
            rows.append(mine | share_row("called_in_favour", called[tested]))
        rows.append(mine | mean_row("mean_estimate", estimate[~np.isnan(estimate)]))
        rows += [mine | row for row in _beside(drawn, truth)]
        if truth == CLAIMED and not np.isnan(drawn["true"]).all():
            rows += [mine | row for row in _size_and_sign(estimate, p, drawn["true"])]
    looks = f"Printed as it was: {one.looks}."
    return Estimates.from_rows(rows, notes=[looks, _MODEL, *_rests(one)])


def _beside(drawn: dict[str, NDArray[Any]], truth: str) -> list[dict[str, Any]]:
    """Return what the analysis gives besides: means, and shares of p below 5 %."""
    rows = []
    for name, measure in BESIDE.items():
        values = drawn.get(f"{truth}/{name}")
        if values is None:
            continue
        known = values[~np.isnan(values)]
        if name.endswith("_p"):
            rows.append(share_row(measure, known < ALPHA))
        else:
            rows.append(mean_row(measure, known))
    return rows


def _size_and_sign(estimate: Floats, p: Floats, true: Floats) -> list[dict[str, Any]]:
    truth = float(np.nanmean(true))
    rows = [mean_row("true_effect", true[~np.isnan(true)])]
    if truth == 0 or np.isnan(p).all():
        return rows
    return rows + sign_and_size_rows(estimate[(p < ALPHA) & ~np.isnan(estimate)], truth)


def replay_library(
    keys: Iterable[str] | None = None, *, replicates: int = 10_000, seed: int = 2026,
    workers: int | str = 1, cache: str | Path | None = None, progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Run every study of the library again.

    Parameters
    ----------
    keys : iterable of str or None
        Entries; None is all that can be run.
    replicates, seed, workers, cache
        As :func:`replay_study`.
    progress : callable or None
        Called with runs done, in all, and a word.

    Returns
    -------
    Estimates
        As :func:`replay_study`, one study after the other; the notes say which of them rest on what.

    Raises
    ------
    KeyError, ValueError
        As :func:`replay_study`.

    Examples
    --------
    >>> told = replay_library(["tens-armutlu-2003", "reflexology-hughes-2009"], replicates=512)
    >>> told.table["outcome"].unique().tolist()
    ['tens-armutlu-2003', 'reflexology-hughes-2009']
    """
    chosen = [_known(key) for key in (replays() if keys is None else keys)]
    found = [
        replay_study(one, replicates=replicates, seed=seed, workers=workers, cache=cache,
                     progress=as_part(progress, at * replicates, len(chosen) * replicates))
        for at, one in enumerate(chosen)
    ]  # fmt: skip
    if len(found) < 2:
        return concat(*found)
    return Estimates(table=concat(*found).table, notes=_notes_of(chosen))


def _notes_of(chosen: list[Replay]) -> tuple[str, ...]:
    """Say of several studies what each looks like, and which of them rest on what."""
    looks = [f"{one.key}, printed as it was: {one.looks}." for one in chosen]
    rests: dict[str, list[str]] = {}
    for one in chosen:
        for line in _rests(one):
            rests.setdefault(line, []).append(one.key)
    return (*looks, _MODEL, *(
        line if len(keys) == len(chosen) else f"{line.removesuffix('.')} ({', '.join(keys)})."
        for line, keys in rests.items()
    ))  # fmt: skip


def _rests(one: Replay) -> list[str]:
    return list(
        dict.fromkeys(f"Rests on {what} [{status}]: {where}." for what, status, where in one.told)
    )
