"""The course of two symptoms: where people usually are, slow drift, daily wobble, and what happens.

Latent stiffness and latent spasms are made of the same parts: a person's level, a drift over weeks
and a daily wobble that is partly carried over from the day before. Episodes, weather and changes of
medicine are added, then what a :class:`Regime` gives. People come in when they are bad, so ratings
fall afterwards with no treatment at all.

Everything here is arrays. Slots, one for each person of each replicate, lead; they are worked on a
few at a time, in order, so the numbers do not depend on how many are asked for or held at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.tables import DIARY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_TRIES: Final = 10_000
_AT_ONCE: Final = 1 << 18  # person-days worked on together: few enough for the processor's cache
_YEAR: Final = 365.25

# the highest temperature of a day in England, by season, and how it wanders [assumption]
_TEMPERATURE_MEAN: Final = 14.0
_TEMPERATURE_SWING: Final = 7.3
_WARMEST_DAY: Final = 201
_TEMPERATURE_SD: Final = 3.0
_TEMPERATURE_KEEP: Final = 0.7
_WARM, _COLD = 22.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regime:
    """What is given to whom on which day, in points of the latent scales.

    Parameters
    ----------
    arm : numpy.ndarray of int, shape (n_people,) or (replicates, n_people)
        Arm of each person, the same in every replicate or its own in each.
    effect, spasm_effect : numpy.ndarray, shape (arms, n_days)
        Points added to latent stiffness and to latent spasms by what the treatment does.
    expectation, guessed_expectation : numpy.ndarray, shape (arms, n_days)
        Share of a person's placebo response present on that day, for those who do not know what
        they get and for those who found out.
    guessed : numpy.ndarray, shape (arms,)
        Chance that a person finds out.
    effect_sd : numpy.ndarray, shape (arms,)
        Standard deviation between people of the factor, mean 1, on the effect.
    """

    arm: NDArray[np.intp]
    effect: Floats
    spasm_effect: Floats
    expectation: Floats
    guessed_expectation: Floats
    guessed: Floats
    effect_sd: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Episodes:
    """Episodes and steps of many slots: which slot, from which day to before which, how much."""

    slot: Ints
    first: Ints
    end: Ints
    kind: Ints
    points: Floats
    spasm_points: Floats

    def of(self, keep: NDArray[np.bool_], slot: Ints) -> Episodes:
        """Return those in `keep`, with new slot numbers."""
        return Episodes(slot=slot[keep], first=self.first[keep], end=self.end[keep],
                        kind=self.kind[keep], points=self.points[keep],
                        spasm_points=self.spasm_points[keep])  # fmt: skip

    def on(self, at: Ints, slots: int) -> tuple[Floats, Floats]:
        """Return the points of stiffness and of spasms of each slot on some days."""
        out = np.zeros((slots, at.size)), np.zeros((slots, at.size))
        for column, day in enumerate(at):
            now = (self.first <= day) & (self.end > day)
            for points, into in zip((self.points, self.spasm_points), out, strict=True):
                into[:, column] = np.bincount(self.slot[now], points[now], minlength=slots)
        return out

    def days(self, low: int, high: int, n_days: int) -> tuple[Ints, Ints, Ints]:
        """Return slot from `low`, day and number of the episode of each day of one of them."""
        a, b = np.searchsorted(self.slot, (low, high))
        length = np.maximum(np.minimum(self.end[a:b], n_days) - self.first[a:b], 0)
        which = np.repeat(np.arange(a, b), length)
        day = np.arange(which.size) - np.repeat(np.cumsum(length) - length, length)
        return self.slot[which] - low, self.first[which] + day, which


def _joined(parts: list[Episodes]) -> Episodes:
    """Put episodes of several tries together, in order of their slots."""
    slot = np.concatenate([p.slot for p in parts])
    order = np.argsort(slot, kind="stable")
    whole = {
        name: np.concatenate([getattr(p, name) for p in parts])[order]
        for name in ("first", "end", "kind", "points", "spasm_points")
    }
    return Episodes(slot=slot[order], **whole)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entrants:
    """The people who came in: what is drawn once for each slot, and the days they came in by."""

    level: Floats
    day_sd: Floats
    drift: Floats
    wobble: Floats
    began: Ints
    warm_slope: Floats
    cold_slope: Floats
    episodes: Episodes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some slots' complete course. Arrays are (slots, days) unless said; ``rows`` says which slots.

    ``deviation`` is drift and wobble, ``events`` episodes, weather, medicine and trend;
    ``untreated`` is level, deviation and events, and ``latent`` adds expectation and effect.
    """

    rows: slice
    level: Floats
    deviation: Floats
    events: Floats
    expectation: Floats
    effect: Floats
    latent: Floats
    spasm_level: Floats
    spasm: Floats
    spasm_effect: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One block of replicates before its days are drawn: people, regime and what befalls them."""

    scenario: DiaryScenario
    regime: Regime
    seed: int
    number: int
    people: Entrants
    arm: NDArray[np.intp]
    steps: Episodes
    factor: Floats
    placebo: Floats
    guessed: NDArray[np.bool_]

    @property
    def slots(self) -> int:
        """People of all replicates of the block."""
        return self.people.level.size


def block_of(
    scenario: DiaryScenario, regime: Regime, replicates: int, *, seed: int, number: int
) -> Block:
    """Draw the people of one block, and what is settled once for each of them."""
    s, slots = scenario, replicates * scenario.n_people
    people = _entrants(s, slots, seed=seed, block=number)
    arm = np.broadcast_to(regime.arm, (replicates, s.n_people)).ravel()
    factor, placebo, guessed = responses(s, regime, arm, seed=seed, block=number)
    return Block(
        scenario=s, regime=regime, seed=seed, number=number, people=people,
        arm=arm, steps=medicine(s, slots, seed=seed, block=number), factor=factor,
        placebo=placebo, guessed=guessed,
    )  # fmt: skip


def responses(
    scenario: DiaryScenario, regime: Regime, arm: NDArray[np.intp], *, seed: int, block: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Draw each slot's factor on the effect, its placebo response, and whether it finds out."""
    s, slots = scenario, arm.size
    factor = placebo = np.ones(slots)
    if regime.effect_sd.any():
        z = stream(seed, "size of effect", block).standard_normal(slots)
        factor = 1.0 + regime.effect_sd[arm] * z
    if regime.expectation.any() or regime.guessed_expectation.any():
        placebo = np.full(slots, float(s.placebo_mean))
        if s.placebo_sd > 0:
            z = stream(seed, "placebo response", block).standard_normal(slots)
            placebo += s.placebo_sd * z
    guessed = np.zeros(slots, dtype=bool)
    if regime.guessed.any():
        guessed = stream(seed, "guessed", block).random(slots) < regime.guessed[arm]
    return factor, placebo, guessed


def courses(block: Block, *, spasms: bool = True) -> Iterator[Part]:
    """Yield the complete course of every slot, some slots at a time, in order.

    Parameters
    ----------
    block : Block
        From :func:`block_of`.
    spasms : bool
        Whether latent spasms are drawn too; if not, their arrays are empty. Stiffness is the same
        either way.
    """
    s, people = block.scenario, block.people
    n_days, head = s.days.size, s.entry_days
    names = ("drift", "wobble", "spasm drift", "spasm wobble")
    rngs = {name: stream(block.seed, name, block.number) for name in names}
    own_level = stream(block.seed, "usual spasms", block.number)
    heat, cold = _weather(s, seed=block.seed)
    r = s.spasm_correlation
    own = float(np.sqrt(1.0 - r**2))
    keeps = (s.drift_keep, s.day_autocorrelation)
    at_once = max(1, _AT_ONCE // n_days)
    for low in range(0, block.slots, at_once):
        rows = slice(low, min(low + at_once, block.slots))
        n = rows.stop - rows.start
        level, day_sd, arm = people.level[rows], people.day_sd[rows], block.arm[rows]
        deviation = _carried(
            (people.drift[rows], people.wobble[rows]), keeps, (s.drift_sd, day_sd), n_days - head,
            rngs=(rngs["drift"], rngs["wobble"]),
        )  # fmt: skip
        events = _events(block, rows, heat, cold)
        factor, placebo = block.factor[rows, None], block.placebo[rows, None]
        found_out = block.guessed[rows, None]
        g, nothing = block.regime, np.broadcast_to(0.0, deviation.shape)
        expectation = effect = spasm_effect = nothing
        latent = level[:, None] + deviation
        if events is not None:
            latent += events[0]
        if g.expectation.any() or g.guessed_expectation.any():
            share = np.where(found_out, g.guessed_expectation[arm], g.expectation[arm])
            expectation = placebo * share
            latent += expectation
        if g.effect.any():
            effect = factor * g.effect[arm]
            latent += effect
        spasm, spasm_level = np.empty((0, n_days)), np.empty(0)
        if spasms:
            standing = (level - s.level_mean) / s.level_sd if s.level_sd > 0 else 0.0 * level
            spasm_level = s.level_mean + s.level_sd * (
                r * standing + own * own_level.standard_normal(n)
            )
            spasm = _carried(
                (np.empty((n, 0)), np.empty((n, 0))), keeps, (own * s.drift_sd, own * day_sd),
                n_days, rngs=(rngs["spasm drift"], rngs["spasm wobble"]),
            )  # fmt: skip
            spasm += r * deviation
            spasm += spasm_level[:, None]
            if events is not None:
                spasm += events[1]
            if expectation is not nothing:
                spasm += expectation
            if g.spasm_effect.any():
                spasm_effect = factor * g.spasm_effect[arm]
                spasm += spasm_effect
        yield Part(
            rows=rows, level=level, deviation=deviation,
            events=nothing if events is None else events[0], expectation=expectation,
            effect=effect, latent=latent, spasm_level=spasm_level, spasm=spasm,
            spasm_effect=spasm_effect,
        )  # fmt: skip


def rated(latent: Floats, *, bounded: bool = True, out: Floats | None = None) -> Floats:
    """Round to whole points and stop at the ends of the scale, as a 0-10 form makes people do."""
    whole: Floats = np.rint(latent, out=out)
    if bounded:
        column = DIARY["stiffness"]
        np.clip(whole, column.low, column.high, out=whole)
    return whole


def starts(scenario: DiaryScenario, slots: int, *, seed: int, block: int) -> Ints:
    """Return the calendar day, from the scenario's first on, on which each diary begins."""
    return stream(seed, "diary starts", block).integers(0, scenario.recruitment_days, slots)


def _entrants(scenario: DiaryScenario, slots: int, *, seed: int, block: int) -> Entrants:
    """Draw people until each slot holds one who meets the entry rule."""
    s, head = scenario, scenario.entry_days
    level, day_sd = np.empty(slots), np.empty(slots)
    drift, wobble = np.empty((slots, head)), np.empty((slots, head))
    warm_slope, cold_slope = np.zeros(slots), np.zeros(slots)
    began = starts(s, slots, seed=seed, block=block)
    found: list[Episodes] = []
    waiting = np.arange(slots)
    for attempt in range(1, _MOST_TRIES + 1):
        z = stream(seed, f"people, try {attempt}", block).standard_normal(
            (waiting.size, 2 + 2 * head)
        )
        # streams are named after the try, so a slot that is filled draws no more
        level[waiting] = s.level_mean + s.level_sd * z[:, 0]
        day_sd[waiting] = s.day_sd * np.exp(s.day_sd_spread * z[:, 1])
        drift[waiting] = _persistent(z[:, 2 : 2 + head], keep=s.drift_keep)
        wobble[waiting] = _persistent(z[:, 2 + head :], keep=s.day_autocorrelation)
        latent = (
            level[waiting, None]
            + s.drift_sd * drift[waiting]
            + day_sd[waiting, None] * wobble[waiting]
        )
        lot = befallen(s, began[waiting], np.arange(head), attempt, seed=seed, block=block)
        warm_slope[waiting], cold_slope[waiting] = lot.warm_slope, lot.cold_slope
        if lot.stiffness is not None:
            latent = latent + lot.stiffness
        in_now = np.ones(waiting.size, dtype=bool)
        if s.entry_rating is not None:
            # the small slack keeps a mean of 4.0 from failing by a rounding error
            mean = rated(latent, bounded=s.bounded).mean(axis=1)
            in_now = mean >= s.entry_rating - 1e-9
        if lot.episodes.slot.size:
            found.append(lot.episodes.of(in_now[lot.episodes.slot], waiting[lot.episodes.slot]))
        waiting = waiting[~in_now]
        if not waiting.size:
            return Entrants(
                level=level, day_sd=day_sd, drift=drift, wobble=wobble, began=began,
                warm_slope=warm_slope, cold_slope=cold_slope,
                episodes=_joined(found or [_none()]),
            )  # fmt: skip
    raise ValueError(
        f"entry_rating {s.entry_rating:g} over {head} day(s) was not met by {waiting.size} of "
        f"{slots} people in {_MOST_TRIES:,} tries each; lower it, or raise level_mean "
        f"({s.level_mean:g}) or level_sd ({s.level_sd:g})"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lot:
    """What befalls people whatever is given: episodes, and how they take the weather."""

    episodes: Episodes
    warm_slope: Floats
    cold_slope: Floats
    stiffness: Floats | None
    spasm: Floats | None


def befallen(
    scenario: DiaryScenario, began: Ints, at: Ints, attempt: int, *, seed: int, block: int
) -> Lot:
    """Draw what befalls people whose diaries began on `began`, and its points on the days `at`."""
    s, people = scenario, began.size
    warm, cold = np.zeros(people), np.zeros(people)
    episodes, stiffness, spasm = _none(), None, None
    if s.feels_weather:
        rng = stream(seed, f"weather and people, try {attempt}", block)
        warm, cold = _sensitivity(s, people, rng=rng)
        hot_days, cold_days = (
            x[began[:, None] + at] if x.any() else None for x in _weather(s, seed=seed)
        )
        stiffness = np.zeros((people, at.size))
        for slope, degrees in ((warm, hot_days), (cold, cold_days)):
            if degrees is not None:
                stiffness += slope[:, None] * degrees
        spasm = stiffness.copy()
    if s.episodes:
        # how many and when are two streams: fewer people must leave the others as they are
        often, when = (
            stream(seed, f"{what}, try {attempt}", block)
            for what in ("episodes", "days of episodes")
        )
        episodes = _episodes(s, people, often=often, when=when)
        points = episodes.on(at, people)
        stiffness = points[0] - s.episode_points[0] + (0.0 if stiffness is None else stiffness)
        spasm = points[1] - s.episode_points[1] + (0.0 if spasm is None else spasm)
    return Lot(
        episodes=episodes, warm_slope=warm, cold_slope=cold, stiffness=stiffness, spasm=spasm
    )


def _none() -> Episodes:
    whole, points = np.empty(0, dtype=np.int64), np.empty(0)
    return Episodes(slot=whole, first=whole, end=whole, kind=whole, points=points,
                    spasm_points=points)  # fmt: skip


def _episodes(
    scenario: DiaryScenario, people: int, *, often: np.random.Generator, when: np.random.Generator
) -> Episodes:
    """Draw when people are in an episode; one that began before the diary counts as well."""
    kinds, n_days = scenario.episodes, scenario.days.size
    short, long = np.array([one.days for one in kinds]).T
    rate = np.array([one.per_year for one in kinds]) * (n_days + long) / _YEAR
    times = often.poisson(rate, (people, len(kinds)))
    kind = np.repeat(np.tile(np.arange(len(kinds)), people), times.ravel())
    slot = np.repeat(np.arange(people), times.sum(axis=1))
    u = when.random((slot.size, 2))
    first = np.floor(u[:, 0] * (n_days + long[kind])).astype(np.int64) - long[kind]
    length = short[kind] + np.floor(u[:, 1] * (long - short + 1)[kind]).astype(np.int64)
    points = np.array([one.points for one in kinds])
    spasm = np.array([
        one.points if one.spasm_points is None else one.spasm_points for one in kinds
    ])  # fmt: skip
    seen = first + length > 0
    return Episodes(
        slot=slot, first=np.maximum(first, 0), end=first + length, kind=kind,
        points=points[kind], spasm_points=spasm[kind],
    ).of(seen, slot)  # fmt: skip


def medicine(scenario: DiaryScenario, slots: int, *, seed: int, block: int) -> Episodes:
    """Draw changes of medicine; ``kind`` 0 lowers symptoms from that day on, 1 raises them."""
    s, n_days = scenario, scenario.days.size
    if s.medication_changes_per_year == 0:
        return _none()
    often = stream(seed, "changes of medicine", block)
    when = stream(seed, "days of changes of medicine", block)
    times = often.poisson(s.medication_changes_per_year * n_days / _YEAR, slots)
    slot = np.repeat(np.arange(slots), times)
    u = when.random((slot.size, 2))
    kind = (u[:, 1] < 0.5).astype(np.int64)
    points = np.where(kind == 1, s.medication_points, -s.medication_points)
    # nobody came in by what happened later: a change falls after the days of the entry rule
    first = s.entry_days + np.floor(u[:, 0] * (n_days - s.entry_days)).astype(np.int64)
    order = np.lexsort((first, slot))
    return Episodes(
        slot=slot, first=first, end=np.full(slot.size, n_days), kind=kind, points=points,
        spasm_points=points,
    ).of(order, slot)  # type: ignore[arg-type]  # fmt: skip


def _weather(scenario: DiaryScenario, *, seed: int) -> tuple[Floats, Floats]:
    """Return degrees above warm and below cold for each calendar day, the same for everybody."""
    s = scenario
    span = s.recruitment_days + s.days.size
    if not s.feels_weather:
        return np.zeros(span), np.zeros(span)
    first = (s.start - dt.date(s.start.year, 1, 1)).days
    season = np.cos(2 * np.pi * (first + np.arange(span) - _WARMEST_DAY) / _YEAR)
    wander = _persistent(
        stream(seed, "weather").standard_normal((1, span)), keep=_TEMPERATURE_KEEP
    )[0]
    highest = _TEMPERATURE_MEAN + _TEMPERATURE_SWING * season + _TEMPERATURE_SD * wander
    return np.maximum(highest - _WARM, 0.0), np.maximum(_COLD - highest, 0.0)


def _window(degrees: Floats, began: Ints, days: int) -> Floats:
    """Return each person's own `days` days of a calendar series."""
    out: Floats = sliding_window_view(degrees, days)[began]
    return out


def _sensitivity(
    scenario: DiaryScenario, people: int, *, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw each person's points a degree; people whom the weather leaves alone have none."""
    s = scenario
    z = rng.standard_normal((people, 3))
    share = min(max(s.heat_share, 1e-12), 1 - 1e-12)
    feels = z[:, 0] < NormalDist().inv_cdf(share)
    warm, cold = (
        np.where(feels, mean + sd * z[:, i], 0.0)
        for i, (mean, sd) in enumerate((s.heat_slope, s.cold_slope), start=1)
    )
    return warm, cold


def _events(block: Block, rows: slice, heat: Floats, cold: Floats) -> tuple[Floats, Floats] | None:
    """Return what episodes, weather, medicine and trend add to latent stiffness and spasms."""
    s, people = block.scenario, block.people
    n_days, n = s.days.size, rows.stop - rows.start
    if not (s.trend_weekly or s.episodes or block.steps.slot.size or heat.any() or cold.any()):
        return None
    stiffness = np.zeros((n, n_days))
    if s.trend_weekly:
        stiffness += s.trend_weekly * np.arange(n_days) / 7.0
    for slope, degrees in ((people.warm_slope, heat), (people.cold_slope, cold)):
        if degrees.any() and slope[rows].any():
            stiffness += slope[rows, None] * _window(degrees, people.began[rows], n_days)
    spasm = stiffness.copy()
    if s.episodes:
        stiffness -= s.episode_points[0]
        spasm -= s.episode_points[1]
    for some in (people.episodes, block.steps):
        if some.slot.size:
            slot, day, which = some.days(rows.start, rows.stop, n_days)
            place = slot * n_days + day
            np.add.at(stiffness.ravel(), place, some.points[which])
            np.add.at(spasm.ravel(), place, some.spasm_points[which])
    return stiffness, spasm


def weather_points(block: Block) -> tuple[Floats, Floats]:
    """Return what heat and cold add to the latent symptoms of each slot on each day."""
    s, people = block.scenario, block.people
    heat, cold = (
        slope[:, None] * _window(degrees, people.began, s.days.size)
        for slope, degrees in zip(
            (people.warm_slope, people.cold_slope), _weather(s, seed=block.seed), strict=True
        )
    )
    return heat, cold


def _persistent(shocks: Floats, *, keep: float) -> Floats:
    """Turn independent standard normals into a stationary AR(1) of variance 1 along the days."""
    out = np.array(shocks)
    new = np.sqrt(1.0 - keep**2)
    for day in range(1, out.shape[1]):
        out[:, day] = keep * out[:, day - 1] + new * shocks[:, day]
    return out


def _carried(
    heads: tuple[Floats, Floats], keeps: tuple[float, float], scales: tuple[float, Floats],
    days: int, *, rngs: tuple[np.random.Generator, np.random.Generator],
) -> Floats:  # fmt: skip
    """Continue, or begin, a stationary drift and wobble of variance 1 and add them as scaled.

    Days lead while they are worked on, because each is made from the one before.
    """
    known, people = heads[0].shape[1], heads[0].shape[0]
    both = np.empty((2, known + days, people))
    for by_day, head, keep, rng in zip(both, heads, keeps, rngs, strict=True):
        by_day[:known] = head.T
        by_day[known:] = rng.standard_normal((people, days)).T
        new = np.sqrt(1.0 - keep**2)
        for day in range(max(known, 1), known + days):
            by_day[day] *= new
            by_day[day] += keep * by_day[day - 1]
    both[0] *= scales[0]
    both[1] *= scales[1]
    both[0] += both[1]
    return np.ascontiguousarray(both[0].T)
