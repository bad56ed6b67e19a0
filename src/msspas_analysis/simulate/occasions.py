"""Ratings at a few visits far apart, drawn at those days alone and by the same law as a diary.

Level, drift and wobble at a handful of days are one normal vector for each person. Its covariance
is ``A + s**2 * B``: ``A`` of level and drift is the same for everybody, ``B`` of the wobble is
scaled by the person's own daily variance. One change of basis makes both diagonal for every ``s``,
so a person costs as many normals as there are visits, and one more for ``s``. Arrays here have the
occasions first, each a plane of (replicates, people): with two visits a last axis would be too short
to be worked on quickly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.course import (
    Floats,
    Ints,
    Regime,
    befallen,
    medicine,
    rated,
    responses,
    starts,
)
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream

_MOST_TRIES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occasions:
    """Latent symptoms at a few days. Arrays are (occasions, replicates, people) unless said.

    ``latent`` and ``spasm`` hold everything; ``effect`` and ``spasm_effect`` are the points in them
    from what the treatment does, ``expectation`` those from expecting a benefit; ``guessed``
    (replicates, people) says who found out. ``spasm`` is None if it was not asked for.
    """

    latent: Floats
    effect: Floats
    spasm: Floats | None
    spasm_effect: Floats
    expectation: Floats
    guessed: NDArray[np.bool_]


def at_occasions(
    scenario: DiaryScenario, regime: Regime, at: Ints, replicates: int, *, seed: int, block: int,
    entry_ratings: int, practice: Floats, spasms: bool,
) -> Occasions:  # fmt: skip
    """Draw one block of replicates at the days `at`, counted from the first day of the diary.

    Parameters
    ----------
    scenario : DiaryScenario
        The world, the people and the entry rule.
    regime : Regime
        What is given on the days `at`.
    at : numpy.ndarray of int, shape (occasions,)
        Days in order.
    replicates : int
        Replicates of the block to draw.
    seed, block : int
        Address of the random streams.
    entry_ratings : int
        Of how many first ratings the mean must reach the scenario's ``entry_rating``.
    practice : numpy.ndarray, shape (occasions,)
        Points added because people have got used to the test.
    spasms : bool
        Whether to draw latent spasms too; stiffness is the same either way.

    Raises
    ------
    ValueError
        If nobody in this world meets the entry rule.
    """
    s, shape = scenario, (at.size, replicates, scenario.n_people)
    slots = replicates * s.n_people
    basis, shares = basis_of(s, at)
    latent, variance, befell = _who_came(
        s, at, slots, basis, shares, entry_ratings, seed=seed, block=block
    )
    arm = np.broadcast_to(regime.arm, shape[1:])
    factor, placebo, guessed = responses(s, regime, arm.ravel(), seed=seed, block=block)
    factor, placebo, guessed = (x.reshape(shape[1:]) for x in (factor, placebo, guessed))
    expectation = effect = spasm_effect = nothing = np.broadcast_to(0.0, shape)
    if placebo.any() and (regime.expectation.any() or regime.guessed_expectation.any()):
        share = _given(regime.expectation, regime)
        if guessed.any():
            share = np.where(guessed, _given(regime.guessed_expectation, regime), share)
        expectation = placebo * share
    if regime.effect.any():
        effect = factor * _given(regime.effect, regime)
    if regime.spasm_effect.any():
        spasm_effect = factor * _given(regime.spasm_effect, regime)
    common = [] if nothing is expectation else [expectation]
    if (same := s.trend_weekly * at / 7.0 + practice).any():
        common.append(same[:, None, None])
    steps = medicine(s, slots, seed=seed, block=block)
    stepped = steps.on(at, slots) if steps.slot.size else None
    spasm = None
    if spasms:
        r = s.spasm_correlation
        mine = normal_course(
            (stream(seed, f"spasms at visit {j}", block) for j in range(at.size)), slots,
            (1.0 - r**2) * variance, basis, (1.0 - r**2) * shares,
        )  # fmt: skip
        mine += r * latent
        mine += (1.0 - r) * s.level_mean
        spasm = mine.reshape(shape)
        _add(spasm, [*common, *_some(befell, stepped, 1, shape)])
        if spasm_effect is not nothing:
            spasm += spasm_effect
    latent = latent.reshape(shape)
    _add(latent, [*common, *_some(befell, stepped, 0, shape)])
    if effect is not nothing:
        latent += effect
    return Occasions(
        latent=latent, effect=effect, spasm=spasm, spasm_effect=spasm_effect,
        expectation=expectation, guessed=guessed,
    )  # fmt: skip


def _who_came(
    scenario: DiaryScenario, at: Ints, slots: int, basis: Floats, shares: Floats,
    entry_ratings: int, *, seed: int, block: int,
) -> tuple[Floats, Floats, tuple[Floats, Floats] | None]:  # fmt: skip
    """Draw people until each slot holds one who meets the entry rule.

    Returns level, drift and wobble together (occasions, slots), each slot's daily variance, and
    the points of stiffness and spasms that befell people, if anything can.
    """
    s = scenario
    eventful = bool(s.episodes) or s.feels_weather
    latent, variance = np.empty((at.size, 0)), np.empty(0)
    befell, began = None, np.empty(0, dtype=np.int64)
    if eventful:
        befell = (np.zeros((at.size, slots)), np.zeros((at.size, slots)))
        began = starts(s, slots, seed=seed, block=block)
    waiting = np.arange(slots)
    for attempt in range(1, _MOST_TRIES + 1):
        own = stream(seed, f"daily wobble, try {attempt}", block).standard_normal(waiting.size)
        own *= 2.0 * s.day_sd_spread
        np.exp(own, out=own)
        own *= s.day_sd**2
        x = normal_course(
            (stream(seed, f"visit {j}, try {attempt}", block) for j in range(at.size)),
            waiting.size, own, basis, shares, mean=s.level_mean,
        )  # fmt: skip
        first = x[:entry_ratings]
        if befell is not None:
            lot = befallen(s, began[waiting], at, attempt, seed=seed, block=block)
            for into, points in zip(befell, (lot.stiffness, lot.spasm), strict=True):
                if points is not None:
                    into[:, waiting] = points.T
            first = first + befell[0][:entry_ratings, waiting]
        if waiting.size == slots:
            latent, variance = x, own
        else:
            variance[waiting] = own
            for row, drawn in zip(latent, x, strict=True):
                row[waiting] = drawn
        if s.entry_rating is None:
            return latent, variance, befell
        mean = rated(first, bounded=s.bounded)
        mean = mean[0] if entry_ratings == 1 else mean.mean(axis=0)
        waiting = waiting[mean < s.entry_rating - 1e-9]
        if not waiting.size:
            return latent, variance, befell
    raise ValueError(
        f"entry_rating {s.entry_rating:g} was not met by {waiting.size} of {slots} people in "
        f"{_MOST_TRIES:,} tries each; lower it, or raise level_mean ({s.level_mean:g}) or "
        f"level_sd ({s.level_sd:g})"
    )


def _given(curves: Floats, regime: Regime) -> Floats:
    """Return curves (arms, occasions) as occasions by everybody or by people of each replicate."""
    mine = curves.T[:, regime.arm]
    return mine[:, None, :] if regime.arm.ndim == 1 else mine


def _some(
    befell: tuple[Floats, Floats] | None, stepped: tuple[Floats, Floats] | None, which: int,
    shape: tuple[int, ...],
) -> list[Floats]:  # fmt: skip
    """Return what episodes, weather and medicine add to one symptom, if anything."""
    out = [] if befell is None else [befell[which].reshape(shape)]
    return out if stepped is None else [*out, stepped[which].T.reshape(shape)]


def _add(into: Floats, parts: list[Floats]) -> None:
    for part in parts:
        into += part


def basis_of(scenario: DiaryScenario, at: Ints) -> tuple[Floats, Floats]:
    """Return the matrix and the shares that make both covariances diagonal.

    A vector with covariance ``A + v * B`` is ``basis @ (sqrt(shares + v) * z)``.
    """
    s = scenario
    gap = np.abs(at[:, None] - at[None, :])
    steady = s.level_sd**2 + s.drift_sd**2 * s.drift_keep**gap
    wobble = np.where(gap == 0, 1.0, float(s.day_autocorrelation) ** gap)
    values, vectors = np.linalg.eigh(wobble)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    shares, turn = np.linalg.eigh(inverse @ steady @ inverse)
    return root @ turn, np.maximum(shares, 0.0)


def normal_course(
    rngs: Iterable[np.random.Generator], slots: int, variance: Floats, basis: Floats,
    shares: Floats, *, mean: float = 0.0,
) -> Floats:  # fmt: skip
    """Turn independent standard normals into level, drift and wobble, (occasions, slots).

    The covariance is that of :func:`basis_of` with each slot's own daily `variance`.
    """
    parts, other = np.empty((shares.size, slots)), np.empty(slots)
    for part, share, rng in zip(parts, shares, rngs, strict=True):
        np.add(variance, share, out=part)
        np.sqrt(part, out=part)
        rng.standard_normal(out=other)
        part *= other
    out = np.empty((shares.size, slots))
    for row, weights in zip(out, basis, strict=True):
        np.multiply(parts[0], weights[0], out=row)
        for weight, part in zip(weights[1:], parts[1:], strict=True):
            np.multiply(part, weight, out=other)
            row += other
        if mean:
            row += mean
    return out
