"""Diary days of many replicates at once, as arrays: each rating, what was seen of it, the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.course import (
    Block,
    Part,
    Regime,
    block_of,
    courses,
    rated,
)
from msspas_analysis.simulate.designs import before_and_after
from msspas_analysis.simulate.observe import LATER, SEEN, Codes, Observer, written
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.world import SYMPTOMS, symptom_correlations
from msspas_analysis.tables import DIARY

Floats = NDArray[np.float64]

BLOCK: Final = 64
"""Replicates that share one set of streams; a run may be split at multiples of it."""

ITEMS: Final = ("stiffness", "spasm_count", *SYMPTOMS)
"""What :func:`simulate_days` draws for each day."""

_HEAPS: Final = np.array([5.0, 10.0, 20.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Daily stiffness ratings of many replicates at once: the complete truth and what was seen.

    Parameters
    ----------
    days : numpy.ndarray, shape (n_days,)
        Days from the first session.
    level : numpy.ndarray, shape (replicates, n_people)
        Where each person usually is, in points before rounding and clipping.
    latent : numpy.ndarray, shape (replicates, n_people, n_days)
        The state behind each rating, in points, not clipped.
    score : numpy.ndarray, shape (replicates, n_people, n_days)
        The complete ratings, whole points 0 to 10.
    observed : numpy.ndarray of bool, shape (replicates, n_people, n_days)
        Whether something stands in the diary for that day.
    seen : numpy.ndarray, shape (replicates, n_people, n_days)
        Ratings as the analyst has them: missing days as NaN, days written later as they were
        written.
    """

    days: NDArray[np.int64]
    level: Floats
    latent: Floats
    score: Floats
    observed: NDArray[np.bool_]
    seen: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What is behind diary days. Arrays are (replicates, people, days) unless said.

    Parameters
    ----------
    level, spasm_level : numpy.ndarray, shape (replicates, people)
        Where each person usually is, on the latent scales: points, not rounded, not bounded.
    latent, spasm : numpy.ndarray
        Latent stiffness and spasms, all included.
    events : numpy.ndarray
        Points in `latent` from episodes, weather, medicine and trend.
    expectation : numpy.ndarray
        Points in `latent` and `spasm` from expecting a benefit.
    effect, spasm_effect : numpy.ndarray
        Points in `latent` and `spasm` from what the treatment does: the true effect on the latent
        scale. On the scale of the ratings it is less near the floor: see ``untreated``.
    untreated : numpy.ndarray
        The complete stiffness rating there would have been with the same expectation and no
        effect; ``complete["stiffness"] - untreated`` is the true effect on the rating.
    complete : mapping of str to numpy.ndarray
        Every item as it would have been written on that day, none missing, counts not heaped.
    """

    level: Floats
    spasm_level: Floats
    latent: Floats
    spasm: Floats
    events: Floats
    expectation: Floats
    effect: Floats
    spasm_effect: Floats
    untreated: Floats
    complete: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiaryDays:
    """What stands in the diaries of many replicates, and what became of each day.

    Parameters
    ----------
    days : numpy.ndarray, shape (n_days,)
        Days from the first session.
    items : mapping of str to numpy.ndarray, shape (replicates, n_people, n_days)
        One array for each of :data:`ITEMS`; NaN where nothing stands.
    too_many : numpy.ndarray of bool, shape (replicates, n_people, n_days)
        Where the count is NaN because it was above ``uncountable_above``.
    became : numpy.ndarray of int8, shape (replicates, n_people, n_days)
        0 seen on the day, 1 left out, 2 after the diary stopped, 3 written later.
    truth : Truth or None
        What is behind them, if asked for.
    blocks : tuple
        The people of each block of replicates, for the tables made from them.
    """

    days: NDArray[np.int64]
    items: Mapping[str, Floats]
    too_many: NDArray[np.bool_]
    became: Codes
    truth: Truth | None
    blocks: tuple[Block, ...] = field(repr=False, default=())

    @property
    def behind(self) -> Truth:
        """The truth, which must have been asked for."""
        if self.truth is None:
            raise ValueError("the truth of these days was not kept; draw them with truth=True")
        return self.truth


def simulate_ratings(
    scenario: DiaryScenario, *, seed: int, replicates: int, first: int = 0,
    regime: Regime | None = None,
) -> Ratings:  # fmt: skip
    """Draw the daily stiffness ratings of many cohorts at once.

    Parameters
    ----------
    scenario : DiaryScenario
        The world and the centre.
    seed : int
        Seed, 0 or more.
    replicates : int
        Cohorts to draw, 1 or more. Drawing more of them leaves the earlier ones as they are.
    first : int
        Number of the first replicate, a multiple of :data:`BLOCK`, so that a long run can be
        split over processes and give the same numbers.
    regime : Regime or None
        What is given to whom; None is the scenario's own change and expectation.

    Returns
    -------
    Ratings
        Arrays with a leading replicate axis. Memory is about 25 bytes per person-day.

    Raises
    ------
    ValueError
        If `replicates` or `first` is out of range, or if nobody in this world meets the entry
        rule.

    Examples
    --------
    >>> world = DiaryScenario(n_people=200, entry_rating=4)
    >>> drawn = simulate_ratings(world, seed=1, replicates=3)
    >>> drawn.score.shape
    (3, 200, 56)
    >>> bool((drawn.score[:, :, 0] >= 4).all())  # everybody came in on a bad day
    True
    """
    s, slots = scenario, replicates * scenario.n_people
    shape = (replicates, s.n_people, s.days.size)
    level = np.empty(slots)
    latent, score, seen = (np.empty((slots, shape[2])) for _ in range(3))
    regime = before_and_after(s) if regime is None else regime
    for at, block, part in _parts(s, regime, seed, replicates, first, spasms=False):
        level[at], latent[at] = part.level, part.latent
        score[at] = rated(part.latent, bounded=s.bounded)
        codes = block.observer.became(part.rows, part.deviation + part.events, score[at])
        seen[at] = written(score[at], codes)
    return Ratings(
        days=s.days, level=level.reshape(shape[:2]), latent=latent.reshape(shape),
        score=score.reshape(shape), observed=~np.isnan(seen).reshape(shape),
        seen=seen.reshape(shape),
    )  # fmt: skip


def simulate_days(
    scenario: DiaryScenario, *, seed: int, replicates: int = 1, first: int = 0,
    truth: bool = False, regime: Regime | None = None,
) -> DiaryDays:  # fmt: skip
    """Draw every rating and count of the diaries of many cohorts at once.

    Parameters
    ----------
    scenario : DiaryScenario
        The world and the centre.
    seed : int
        Seed, 0 or more.
    replicates : int
        Cohorts to draw, 1 or more. Drawing more of them leaves the earlier ones as they are.
    first : int
        Number of the first replicate, a multiple of :data:`BLOCK`.
    truth : bool
        Whether to keep what is behind the days as well, which takes four times the memory.
    regime : Regime or None
        What is given to whom; None is the scenario's own change and expectation from the first
        session on.

    Returns
    -------
    DiaryDays
        Stiffness is that of :func:`simulate_ratings`. Memory without the truth is about 42 bytes
        per person-day, and little more while it is made.

    Raises
    ------
    ValueError
        As :func:`simulate_ratings`.

    Examples
    --------
    >>> drawn = simulate_days(DiaryScenario(n_people=30), seed=4, replicates=2)
    >>> drawn.items["spasm_count"].shape
    (2, 30, 56)
    """
    s, slots = scenario, replicates * scenario.n_people
    regime = before_and_after(s) if regime is None else regime
    shape = (replicates, s.n_people, s.days.size)
    items = {name: np.empty((slots, shape[2])) for name in ITEMS}
    became = np.empty((slots, shape[2]), dtype=np.int8)
    too_many = np.empty((slots, shape[2]), dtype=bool)
    kept = _Kept(slots, shape[2]) if truth else None
    blocks = []
    for at, block, part in _parts(s, regime, seed, replicates, first, spasms=True):
        if part.rows.start == 0:
            blocks.append(block.people)
        # complete answers are made where they will stand: in the truth, or in what is seen of them
        made_in = items if kept is None else kept.items
        complete = {name: values[at] for name, values in made_in.items()}
        score = rated(part.latent, bounded=s.bounded, out=complete["stiffness"])
        state = part.deviation + part.events
        codes = block.observer.became(part.rows, state, score)
        became[at] = codes
        block.diarist.count(part, out=complete["spasm_count"])
        block.diarist.rate_symptoms(part, state, out=complete)
        block.diarist.write(complete, codes, at, items, too_many)
        if kept is not None:
            kept.keep(at, part, bounded=s.bounded)
    return DiaryDays(
        days=s.days, items={name: values.reshape(shape) for name, values in items.items()},
        too_many=too_many.reshape(shape), became=became.reshape(shape),
        truth=None if kept is None else kept.truth(shape), blocks=tuple(blocks),
    )  # fmt: skip


@dataclass(slots=True, eq=False)
class _Open:
    """A block while its days are drawn: the people, who keeps the diary and who sees it."""

    people: Block
    observer: Observer
    diarist: Diarist


def _parts(
    scenario: DiaryScenario, regime: Regime, seed: int, replicates: int, first: int, *,
    spasms: bool,
) -> Iterator[tuple[slice, _Open, Part]]:  # fmt: skip
    """Yield each part of each block, with where it belongs in arrays over all slots."""
    if replicates < 1:
        raise ValueError(f"replicates must be 1 or more, got {replicates}")
    if first < 0 or first % BLOCK:
        raise ValueError(f"first must be 0 or a multiple of {BLOCK}, got {first}")
    low = 0
    for done in range(0, replicates, BLOCK):
        number, size = (first + done) // BLOCK, min(BLOCK, replicates - done)
        mine = regime
        if regime.arm.ndim == 2:
            mine = replace(regime, arm=regime.arm[done : done + size])
        block = block_of(scenario, mine, size, seed=seed, number=number)
        opened = _Open(
            block,
            Observer(scenario, seed=seed, block=number, slots=block.slots),
            Diarist(scenario, seed=seed, block=number, slots=block.slots),
        )
        for part in courses(block, spasms=spasms):
            yield slice(low + part.rows.start, low + part.rows.stop), opened, part
        low += block.slots


class Diarist:
    """Turns the latent course of the slots of one block into what people would write.

    Parameters
    ----------
    scenario : DiaryScenario
        How symptoms go together and how people count.
    seed, block : int
        Address of the random streams.
    slots : int
        People of all replicates of the block.
    """

    def __init__(self, scenario: DiaryScenario, *, seed: int, block: int, slots: int) -> None:
        self.scenario = scenario
        names = ("spasms today", "how bad the spasms", "usual symptoms", "count heaping",
                 *(f"{name} today" for name in SYMPTOMS),
                 *(f"answer missing: {name}" for name in ITEMS[1:]))  # fmt: skip
        self._rngs = {name: stream(seed, name, block) for name in names}
        self._counting = stream(seed, "spasm level", block).standard_normal(slots)
        self._root = np.linalg.cholesky(symptom_correlations(scenario))

    def rate(self, part: Part) -> Floats:
        """Return the mean spasms a day behind each count."""
        s = self.scenario
        log_rate = np.clip(part.spasm, 0.0, 10.0)
        log_rate *= s.spasm_slope
        usual = s.spasm_spread * self._counting[part.rows] + np.log(s.spasm_median)
        log_rate += (usual - 5.0 * s.spasm_slope)[:, None]
        return np.exp(log_rate, out=log_rate)

    def count(self, part: Part, *, out: Floats) -> None:
        """Draw negative binomial counts into `out`, none above what a diary may hold."""
        s, rate = self.scenario, self.rate(part)
        rate *= self._rngs["how bad the spasms"].standard_gamma(s.spasm_dispersion, rate.shape)
        rate *= 1.0 / s.spasm_dispersion
        drawn = self._rngs["spasms today"].poisson(rate)
        np.minimum(drawn, DIARY["spasm_count"].high or np.inf, out=out)

    def rate_symptoms(self, part: Part, state: Floats, *, out: Mapping[str, Floats]) -> None:
        """Draw the complete daily ratings of pain, sleep disruption and fatigue into `out`."""
        s = self.scenario
        z = self._rngs["usual symptoms"].standard_normal((part.level.size, 4))
        # people were selected on stiffness, so that part is given, not drawn
        z[:, 0] = (part.level - s.level_mean) / s.level_sd if s.level_sd > 0 else 0.0
        usual = np.array(s.symptom_mean) + np.array(s.symptom_sd) * (z @ self._root.T)[:, 1:]
        spread = np.hypot(s.drift_sd, s.day_sd)
        own = s.symptom_day_sd * np.sqrt(1.0 - s.same_day_correlation**2)
        shared = (s.symptom_day_sd * s.same_day_correlation / (spread or 1.0)) * state
        shared += part.expectation
        for i, name in enumerate(SYMPTOMS):
            today = out[name]
            self._rngs[f"{name} today"].standard_normal(out=today)
            today *= own
            today += shared
            today += usual[:, [i]]
            np.rint(today, out=today)
            np.clip(today, 0.0, 10.0, out=today)

    def write(
        self, complete: Mapping[str, Floats], codes: Codes, at: slice,
        items: Mapping[str, Floats], too_many: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Write what stands in the diary: counts heaped, answers lost, days missing or late."""
        s = self.scenario
        on_time = codes == SEEN
        late = (codes == LATER).any()
        blank = ~(on_time | (codes == LATER)) if late else ~on_time
        for name in ITEMS:
            out = items[name][at]
            if not np.shares_memory(out, complete[name]):
                np.copyto(out, complete[name])
            if name == "spasm_count":
                self._heap(out)
            if late:
                np.copyto(out, written(out, codes))
            gone = blank
            if name != "stiffness":
                lost = self._rngs[f"answer missing: {name}"].random(codes.shape, dtype=np.float32)
                gone = lost < s.item_missing_rate
                gone |= blank
            if name == "spasm_count":
                many = too_many[at]
                many[...] = False
                if s.uncountable_above is not None:
                    np.greater(out, s.uncountable_above, out=many)
                    many &= ~gone
                    gone = gone | many
            np.copyto(out, np.nan, where=gone)

    def _heap(self, count: Floats) -> None:
        """Write some counts as the nearest of 5, 10 and 20, as people do who have lost count."""
        s = self.scenario
        if s.count_heaping == 0:
            return
        luck = self._rngs["count heaping"].random(count.shape, dtype=np.float32)
        chosen = luck < s.count_heaping
        chosen &= (count >= 3) & (count <= 25)
        # of two heaps as near, the lower
        count[chosen] = _HEAPS[np.searchsorted((7.5, 15.0), count[chosen])]


class _Kept:
    """Collects the truth of all slots."""

    def __init__(self, slots: int, n_days: int) -> None:
        self._people: dict[str, Floats] = {
            name: np.empty(slots) for name in ("level", "spasm_level")
        }
        names = ("latent", "spasm", "events", "expectation", "effect", "spasm_effect")
        self._days = {name: np.empty((slots, n_days)) for name in names}
        self._untreated = np.empty((slots, n_days))
        self.items = {name: np.empty((slots, n_days)) for name in ITEMS}

    def keep(self, at: slice, part: Part, *, bounded: bool) -> None:
        for name, values in self._people.items():
            values[at] = getattr(part, name)
        for name, values in self._days.items():
            values[at] = getattr(part, name)
        rated(part.latent - part.effect, bounded=bounded, out=self._untreated[at])

    def truth(self, shape: tuple[int, int, int]) -> Truth:
        return Truth(
            **{name: values.reshape(shape[:2]) for name, values in self._people.items()},
            **{name: values.reshape(shape) for name, values in self._days.items()},
            untreated=self._untreated.reshape(shape),
            complete={name: values.reshape(shape) for name, values in self.items.items()},
        )
