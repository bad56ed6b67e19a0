"""What is seen of a complete diary: which days were filled in, when it stopped, what came later.

This is the last stage: it takes days away and never changes one that is kept, apart from days that
were written later from memory, which nobody who holds the diary can tell from the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

SEEN, LEFT_OUT, STOPPED, LATER, FAILED, SCREENED_OUT = range(6)
"""What became of a day, as a code."""

WHY: Final = ("", "day left out", "diary stopped", "", "treatment failure", "did not respond first")
"""Why a day is missing, by code; one written later is not missing."""

_PAGE: Final = 7  # days on one page of a diary


class Observer:
    """Decides what is seen of the slots of one block, some slots at a time and in order.

    Parameters
    ----------
    world : World
        How people keep a diary.
    seed, block : int
        Address of the random streams.
    slots : int
        People of all replicates of the block.
    """

    def __init__(self, world: World, *, seed: int, block: int, slots: int) -> None:
        self.world = world
        self._luck = stream(seed, "drop-out", block).random(slots)
        self._days = stream(seed, "missing days", block)
        self._copied = stream(seed, "streaks of missing days", block)
        self._later = stream(seed, "written later", block)

    def became(self, rows: slice, state: Floats, score: Floats) -> Codes:
        """Return what became of each day.

        Parameters
        ----------
        rows : slice
            Which slots these are.
        state : numpy.ndarray, shape (slots, days)
            Points above the person's own usual, without what a treatment does.
        score : numpy.ndarray, shape (slots, days)
            The complete ratings.

        Returns
        -------
        numpy.ndarray of int8, shape (slots, days)
            ``SEEN``, ``LEFT_OUT``, ``STOPPED`` or ``LATER``.
        """
        w, n_days = self.world, state.shape[1]
        filled = self._filled(state, score)
        if w.missing_persistence > 0:
            fresh = self._copied.random(state.shape) >= w.missing_persistence
            fresh[:, 0] = True
            source = np.maximum.accumulate(np.where(fresh, np.arange(n_days), 0), axis=1)
            filled = np.take_along_axis(filled, source, axis=1)
        out = np.where(filled, SEEN, LEFT_OUT).astype(np.int8)
        if w.backfilled > 0:
            out[~filled & (self._later.random(state.shape) < w.backfilled)] = LATER
        weeks = self._weeks(self._luck[rows], score)
        out[np.arange(n_days) >= 7.0 * weeks[:, None]] = STOPPED
        return out

    def _filled(self, state: Floats, score: Floats) -> Flags:
        """Decide which days are filled in, leaving drop-out aside."""
        w, n_days = self.world, state.shape[1]
        week = np.minimum(np.arange(n_days) // 7, 11) / 11.0
        absent = 1.0 - (w.completion_week_1 + (w.completion_week_12 - w.completion_week_1) * week)
        u = self._days.random(state.shape)
        if w.missing_mechanism == "MCAR" or w.missing_slope == 0:
            return np.asarray(u >= absent)
        if w.missing_mechanism == "MNAR":
            return np.asarray(u >= _chance(absent, w.missing_slope * state))
        # what is known to whoever holds the diary: the last written rating, and the mean so far
        filled = np.empty(state.shape, dtype=bool)
        last, total, times = (np.zeros(state.shape[0]) for _ in range(3))
        for day in range(n_days):
            above = np.where(times > 0, last - total / np.maximum(times, 1.0), 0.0)
            now = u[:, day] >= _chance(absent[day], w.missing_slope * above)
            filled[:, day] = now
            last = np.where(now, score[:, day], last)
            total += np.where(now, score[:, day], 0.0)
            times += now
        return filled

    def _weeks(self, luck: Floats, score: Floats) -> Floats:
        """Return the week at whose end each diary stops for good, counted from 1."""
        w, hazard = self.world, self.world.dropout_weekly
        weeks = np.full(luck.size, np.inf)
        if hazard == 1.0:
            return np.ones(luck.size)
        if hazard == 0.0:
            return weeks
        if w.dropout_slope == 0.0:
            return np.asarray(1.0 + np.floor(np.log1p(-luck) / np.log1p(-hazard)))
        starts = np.arange(0, score.shape[1], 7)
        mean = np.add.reduceat(score, starts, axis=1) / np.diff(starts, append=score.shape[1])
        chance = _chance(hazard, w.dropout_slope * (mean - mean[:, :1]))
        gone = np.cumprod(1.0 - chance, axis=1) < 1.0 - luck[:, None]
        return np.where(gone.any(axis=1), 1.0 + gone.argmax(axis=1), np.inf)


def _chance(base: Floats | float, log_odds: Floats) -> Floats:
    """Return the chance whose odds are those of `base` times ``exp(log_odds)``."""
    odds = base * np.exp(log_odds)
    out: Floats = odds / (1.0 - base + odds)
    return out


def written(score: Floats, codes: Codes) -> Floats:
    """Return what stands in the diary: NaN where nothing does, a flat guess where it came later.

    A day written later holds the rounded mean of the days of its page of seven that were filled in
    on time, else of all such days of the person, else what it would have been.
    """
    out = np.where((codes == SEEN) | (codes == LATER), score, np.nan)
    if not (codes == LATER).any():
        return out
    starts = np.arange(0, score.shape[1], _PAGE)
    known = np.where(codes == SEEN, score, 0.0)
    times = (codes == SEEN).astype(np.float64)
    on_page, n_page = (np.add.reduceat(x, starts, axis=1) for x in (known, times))
    n_all = times.sum(axis=1, keepdims=True)
    usual = known.sum(axis=1, keepdims=True) / np.maximum(n_all, 1.0)
    guess = np.where(n_page > 0, on_page / np.maximum(n_page, 1.0), usual)
    guess = np.rint(np.repeat(guess, _PAGE, axis=1)[:, : score.shape[1]])
    return np.where((codes == LATER) & (n_all > 0), guess, out)
