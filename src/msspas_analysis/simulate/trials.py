"""Many runs of one study design, as arrays: who got what, what was rated at each visit, the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.course import Regime, rated
from msspas_analysis.simulate.days import BLOCK, ITEMS, DiaryDays, simulate_days, simulate_ratings
from msspas_analysis.simulate.designs import NOT_RANDOMISED, Design, regime
from msspas_analysis.simulate.observe import FAILED, LATER, LEFT_OUT, SCREENED_OUT, SEEN
from msspas_analysis.simulate.occasions import at_occasions
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Pick = Callable[["Trials"], NDArray[Any]]

BLOCK_OF_VISITS: Final = 512
"""Replicates that share one set of streams where there is no diary."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """Replicates of one study. Arrays are (replicates, people, visits) unless said.

    Parameters
    ----------
    design : Design
        The study.
    scenario : DiaryScenario
        The world with the study's people, days and entry rule in it.
    arm : numpy.ndarray of int, shape (replicates, people)
        Number of each person's arm; -1 for those who did not get past a run-in.
    scores : mapping of str to numpy.ndarray
        What is rated at each visit as the analyst has it, NaN where missing. Without a diary
        ``"stiffness"`` and, if asked for, ``"spasms"``, 0-10. With one, every item of it: the mean
        over the ``ratings_per_visit`` days up to the visit, at least half of them filled in.
    complete : mapping of str to numpy.ndarray
        The same with nothing missing.
    latent : numpy.ndarray
        Latent stiffness: mean over the days of the visit, points, neither rounded nor bounded.
    effect : numpy.ndarray
        The true effect of treatment on latent stiffness at each visit, person by person.
    untreated : numpy.ndarray
        The complete rating there would have been with the same expectation and no effect.
        ``complete["stiffness"] - untreated`` is the true effect on the scale of the ratings, which
        is less near the floor.
    lost : numpy.ndarray of bool
        Whether somebody had been lost by that visit.
    guessed : numpy.ndarray of bool, shape (replicates, people)
        Whether somebody found out what was given.
    days : DiaryDays or None
        The diaries, where there are any and the truth was asked for.
    """

    design: Design
    scenario: DiaryScenario
    arm: NDArray[np.int64]
    scores: Mapping[str, Floats]
    complete: Mapping[str, Floats]
    latent: Floats
    effect: Floats
    untreated: Floats
    lost: Flags
    guessed: Flags
    days: DiaryDays | None = None


def simulate_trials(
    design: Design, world: World | None = None, *, seed: int, replicates: int, first: int = 0,
    spasms: bool = False, truth: bool = False,
) -> Trials:  # fmt: skip
    """Run a study many times in worlds whose truth is known.

    Parameters
    ----------
    design : Design
        The study; :data:`~msspas_analysis.simulate.templates.DESIGNS` has templates.
    world : World or None
        What people are like and how they keep diaries; None is the default world. If it is a
        centre's scenario, its people, days and entry rule are not used: the design has its own.
    seed : int
        Seed, 0 or more.
    replicates : int
        Runs, 1 or more. More of them leave the earlier ones as they are.
    first : int
        Number of the first run, a multiple of :data:`BLOCK_OF_VISITS`, or with a diary of
        :data:`~msspas_analysis.simulate.days.BLOCK`, so that a long job can be split.
    spasms : bool
        Whether spasms are rated at the visits too, where there is no diary.
    truth : bool
        Whether to keep the diaries and what is behind them.

    Returns
    -------
    Trials
        Arrays with a leading replicate axis.

    Raises
    ------
    ValueError
        If `replicates` or `first` is out of range, or nobody meets the entry rule.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> runs = simulate_trials(DESIGNS["T2"], seed=1, replicates=200)
    >>> runs.scores["stiffness"].shape
    (200, 73, 3)
    >>> change = runs.scores["stiffness"][..., -1] - runs.scores["stiffness"][..., 0]
    >>> bool(np.nanmean(change) < -0.5)  # nothing was given that works
    True
    """
    size = BLOCK if design.diary else BLOCK_OF_VISITS
    if replicates < 1:
        raise ValueError(f"replicates must be 1 or more, got {replicates}")
    if first < 0 or first % size:
        raise ValueError(f"first must be 0 or a multiple of {size}, got {first}")
    scenario = study_scenario(design, world)
    if design.diary:
        return _with_diary(design, scenario, seed, replicates, first, truth)
    whole = _without(design, scenario, seed, replicates, first, spasms)
    return whole if design.publish == "everybody" else _most_dramatic(whole)


def study_scenario(design: Design, world: World | None = None) -> DiaryScenario:
    """Return the world with the people, days, entry rule and losses of `design` in it."""
    world = World() if world is None else world
    nature: dict[str, Any] = {f.name: getattr(world, f.name) for f in fields(World)}
    if isinstance(world, DiaryScenario):
        nature |= {"start": world.start, "recruitment_days": world.recruitment_days}
    if design.lost is not None and design.diary:
        weeks = max((design.baseline_days + design.days_in_all - 1) // 7, 1)
        nature["dropout_weekly"] = 1.0 - (1.0 - design.lost) ** (1.0 / weeks)
        nature["dropout_slope"] = design.lost_slope
    return DiaryScenario(
        n_people=design.n_people, entry_rating=design.entry_rating, entry_days=design.entry_days,
        baseline_days=design.baseline_days, followup_days=design.days_in_all, **nature,
    )  # fmt: skip


def _windows(design: Design) -> NDArray[np.int64]:
    """Return the days of each visit from the first day of the diary, (visits, days)."""
    visits = np.array(design.visits)[:, None] + design.baseline_days
    return np.asarray(visits + np.arange(1 - design.ratings_per_visit, 1))


# --- visits alone -------------------------------------------------------------------------------


def _without(
    design: Design, scenario: DiaryScenario, seed: int, replicates: int, first: int, spasms: bool
) -> Trials:
    """Run a study that rates people at the visits alone, block by block.

    Arrays have the visits first until they are handed over: a last axis of two or three would be
    too short to be worked on quickly. What is the same for everybody, or nothing, is not stored.
    """
    windows = _windows(design)
    at, index = np.unique(windows, return_inverse=True)
    index, once = index.reshape(windows.shape), design.ratings_per_visit == 1
    given = regime(design, scenario, scenario.days[at])
    nth = np.searchsorted(windows[:, 0], at, side="right") - 1
    shape = (len(windows), replicates, scenario.n_people)
    bounded, moves = scenario.bounded, bool(given.effect.any())
    latent, rating = np.empty(shape), np.empty(shape)
    spasm = np.empty(shape) if spasms else None
    effect, untreated = (np.empty(shape), np.empty(shape)) if moves else (None, None)
    lost = np.zeros(shape, dtype=bool) if design.lost else None
    guessed = np.zeros(shape[1:], dtype=bool)

    def visit(values: Floats) -> Floats:
        """Average the days of each visit."""
        return values if once else np.asarray(values[index].mean(axis=1))

    for low in range(0, replicates, BLOCK_OF_VISITS):
        size, block = min(BLOCK_OF_VISITS, replicates - low), (first + low) // BLOCK_OF_VISITS
        rows = slice(low, low + size)
        drawn = at_occasions(
            scenario, given, at, size, seed=seed, block=block, spasms=spasms,
            entry_ratings=design.entry_days, practice=design.practice * np.maximum(nth, 0.0),
        )  # fmt: skip
        latent[:, rows], guessed[rows] = visit(drawn.latent), drawn.guessed
        if once:
            rated(drawn.latent, bounded=bounded, out=rating[:, rows])
        else:
            rating[:, rows] = visit(rated(drawn.latent, bounded=bounded))
        if spasm is not None and drawn.spasm is not None:
            spasm[:, rows] = visit(rated(drawn.spasm, bounded=bounded))
        if effect is not None and untreated is not None:
            effect[:, rows] = visit(drawn.effect)
            untreated[:, rows] = visit(rated(drawn.latent - drawn.effect, bounded=bounded))
        if lost is not None:
            lost[:, rows] = _lost(design, latent[:, rows], seed=seed, block=block)
    complete = {"stiffness": rating} if spasm is None else {"stiffness": rating, "spasms": spasm}
    scores = complete
    if lost is not None:
        scores = {name: np.where(lost, np.nan, values) for name, values in complete.items()}
    nothing, nobody = np.broadcast_to(0.0, shape), np.broadcast_to(np.False_, shape)
    return Trials(
        design=design, scenario=scenario, arm=np.broadcast_to(given.arm, shape[1:]),
        scores={name: np.moveaxis(values, 0, -1) for name, values in scores.items()},
        complete={name: np.moveaxis(values, 0, -1) for name, values in complete.items()},
        latent=np.moveaxis(latent, 0, -1),
        effect=np.moveaxis(nothing if effect is None else effect, 0, -1),
        untreated=np.moveaxis(rating if untreated is None else untreated, 0, -1),
        lost=np.moveaxis(nobody if lost is None else lost, 0, -1), guessed=guessed,
    )  # fmt: skip


def _lost(design: Design, latent: Floats, *, seed: int, block: int) -> Flags:
    """Say who has been lost by each visit; a person is at the first one, and lost for good."""
    luck = stream(seed, "lost", block).random(latent.shape[1:])
    hazard = 1.0 - (1.0 - float(design.lost or 0.0)) ** (1.0 / (latent.shape[0] - 1))
    odds = hazard / (1.0 - hazard) * np.exp(design.lost_slope * (latent[1:] - latent[:1]))
    out = np.zeros(latent.shape, dtype=bool)
    out[1:] = np.cumprod(1.0 / (1.0 + odds), axis=0) < 1.0 - luck
    return out


def _stacked(parts: list[Trials]) -> Trials:
    """Put blocks of runs behind each other."""
    return _each(parts[0], lambda pick: np.concatenate([pick(part) for part in parts]))


def _most_dramatic(runs: Trials) -> Trials:
    """Keep of each run the one person whose rating fell most from the first visit to the last."""
    seen = runs.scores["stiffness"]
    fall = np.nan_to_num(seen[..., 0] - seen[..., -1], nan=-np.inf)
    who = fall.argmax(axis=1)[:, None]

    def one(pick: Pick) -> NDArray[Any]:
        values = pick(runs)
        return np.take_along_axis(values, who[..., None] if values.ndim == 3 else who, axis=1)

    return _each(runs, one)


def _each(like: Trials, made: Callable[[Pick], NDArray[Any]]) -> Trials:
    """Return runs like `like`, each array of which is made from what picks it."""
    return Trials(
        design=like.design, scenario=like.scenario, days=like.days,
        scores={n: made(lambda runs, n=n: runs.scores[n]) for n in like.scores},  # type: ignore[misc]
        complete={n: made(lambda runs, n=n: runs.complete[n]) for n in like.complete},  # type: ignore[misc]
        arm=made(lambda runs: runs.arm), latent=made(lambda runs: runs.latent),
        effect=made(lambda runs: runs.effect), untreated=made(lambda runs: runs.untreated),
        lost=made(lambda runs: runs.lost), guessed=made(lambda runs: runs.guessed),
    )  # fmt: skip


# --- with a diary -------------------------------------------------------------------------------


def _with_diary(
    design: Design, scenario: DiaryScenario, seed: int, replicates: int, first: int, truth: bool
) -> Trials:
    """Run a study whose people keep a diary; what is rated at a visit is a mean over its days."""
    # the diaries of a block are let go once its visits are known, unless they were asked for
    step = replicates if truth else BLOCK
    parts = [
        _block_of_diaries(
            design, scenario, seed, min(step, replicates - low), first + low, truth
        )
        for low in range(0, replicates, step)
    ]  # fmt: skip
    whole = parts[0] if len(parts) == 1 else _stacked(parts)
    return whole if design.publish == "everybody" or truth else _most_dramatic(whole)


def _block_of_diaries(
    design: Design, scenario: DiaryScenario, seed: int, replicates: int, first: int, truth: bool
) -> Trials:
    given = regime(design, scenario, scenario.days)
    arm = np.broadcast_to(given.arm, (replicates, scenario.n_people))
    if design.respond_first is not None:
        arm = _randomised(design, scenario, given, seed, replicates, first)
        given = replace(given, arm=np.where(arm == NOT_RANDOMISED, len(design.arms), arm))
    drawn = simulate_days(
        scenario, seed=seed, replicates=replicates, first=first, truth=True, regime=given
    )
    _end_early(design, drawn, arm)
    behind = drawn.behind
    windows, least = _windows(design), (design.ratings_per_visit + 1) // 2

    def visit(values: Floats) -> Floats:
        return np.stack([values[..., days].mean(axis=-1) for days in windows], axis=-1)

    return Trials(
        design=design, scenario=scenario, arm=arm,
        scores={name: _seen_at(drawn.items[name], windows, least) for name in ITEMS},
        complete={name: visit(behind.complete[name]) for name in ITEMS},
        latent=visit(behind.latent), effect=visit(behind.effect),
        untreated=visit(behind.untreated), lost=~_going_on(drawn)[..., windows[:, -1]],
        guessed=np.concatenate([b.guessed for b in drawn.blocks]).reshape(arm.shape),
        days=drawn if truth else None,
    )  # fmt: skip


def _going_on(drawn: DiaryDays) -> Flags:
    """Say on which days somebody was still keeping the diary, filled in or not."""
    return np.isin(drawn.became, (SEEN, LEFT_OUT, LATER))


def _seen_at(values: Floats, windows: NDArray[np.int64], least: int) -> Floats:
    """Mean of the days of each visit that were filled in, NaN with fewer than `least`."""
    out = []
    for days in windows:
        mine = values[..., days]
        known = ~np.isnan(mine)
        n = known.sum(axis=-1)
        mean = np.where(known, mine, 0.0).sum(axis=-1) / np.maximum(n, 1)
        out.append(np.where(n >= least, mean, np.nan))
    return np.stack(out, axis=-1)


def _randomised(
    design: Design, scenario: DiaryScenario, given: Regime, seed: int, replicates: int, first: int
) -> NDArray[np.int64]:
    """Return who is in which arm after the run-in, -1 for those who did not respond to it.

    Everybody begins alike, so the run-in is drawn with the first arm; the same streams give the
    same run-in again when all is drawn.
    """
    everybody = replace(given, arm=np.zeros(scenario.n_people, dtype=np.intp))
    ratings = simulate_ratings(
        scenario, seed=seed, replicates=replicates, first=first, regime=everybody
    )
    start, end = design.baseline_days, design.baseline_days + design.periods[0]
    least = min(4, start)
    before, after = (
        _seen_at(ratings.seen, np.arange(max(last - 7, 0), last)[None, :], least)[..., 0]
        for last in (start, end)
    )
    with np.errstate(invalid="ignore"):
        passed = before - after >= float(design.respond_first or 0.0) * before - 1e-9
        passed &= before > 0
    many = passed.sum(axis=1, keepdims=True)
    rank = np.cumsum(passed, axis=1) - 1
    sizes = np.array([arm.size for arm in design.arms])
    arm = np.searchsorted(np.cumsum(sizes) / sizes.sum(), (rank + 0.5) / np.maximum(many, 1))
    return np.where(passed, arm, NOT_RANDOMISED)


def _end_early(design: Design, drawn: DiaryDays, arm: NDArray[np.int64]) -> None:
    """End the diaries of those who are screened out, or fail the treatment, in place."""
    first = int(-drawn.days[0])
    if design.respond_first is not None:
        late = drawn.days >= design.periods[0]
        _stop(drawn, (arm == NOT_RANDOMISED)[..., None] & late, SCREENED_OUT)
    if design.stop_if_worse is None:
        return
    start, seen = design.starts[-1] + first, drawn.items["stiffness"]
    weeks = [np.arange(low, low + 7) for low in range(start, seen.shape[2] - 6, 7)]
    mean = _seen_at(seen, np.array([np.arange(start - 7, start), *weeks]), 1)
    with np.errstate(invalid="ignore"):
        worse = mean[..., 1:] >= np.maximum(
            (1.0 + design.stop_if_worse) * mean[..., :1], mean[..., :1] + 1.0
        )
    week = np.where(worse.any(axis=-1), worse.argmax(axis=-1), len(weeks))
    ends = start + 7 * (week + 1)
    _stop(drawn, np.arange(seen.shape[2]) >= ends[..., None], FAILED)


def _stop(drawn: DiaryDays, gone: Flags, code: int) -> None:
    drawn.became[gone & _going_on(drawn)] = code
    drawn.too_many[gone] = False
    for values in drawn.items.values():
        values[gone] = np.nan
