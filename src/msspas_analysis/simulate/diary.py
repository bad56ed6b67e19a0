"""A therapy centre's symptom diaries, drawn from a world whose truth is known.

The daily 0-10 stiffness rating is made of three parts: where a person usually is, a drift over
weeks, and a daily wobble that is partly carried over from the day before. The sum is rounded and
clipped to the scale. People come in when they are bad (:attr:`DiaryScenario.entry_rating`), so
ratings fall afterwards with no treatment at all; that fall is what the simulator is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.simulate.scenario import DiaryScenario, provenance, symptom_correlations
from msspas_analysis.simulate.streams import stream
from msspas_analysis.tables import (
    ADVERSE,
    ASSESSMENTS,
    ATTENDANCE,
    DIARY,
    PEOPLE,
    SESSIONS,
    SURVEY,
    TRIGGER,
    TRIGGERS,
    Schema,
    Tables,
)

__all__ = [
    "BLOCK", "DiaryScenario", "Ratings", "SimulatedDiary", "provenance", "simulate_diary",
    "simulate_ratings",
]  # fmt: skip

Floats = NDArray[np.float64]

BLOCK: Final = 64
"""Replicates that share one set of streams; a run may be split at multiples of it."""

MAS_GRADES: Final = ("0", "1", "1+", "2", "3", "4")
"""Modified Ashworth grades in order; ``1+`` is a code, not a number."""

SYMPTOMS: Final = ("pain", "sleep_disruption", "fatigue")
"""The other 0-10 ratings of a diary day, in the order of every pair or triple of fields."""

_MOST_TRIES: Final = 10_000
_UNWANTED: Final = ("drowsiness", "weakness", "dizziness", "fall")
# Modified Ashworth: shares of people at or below each grade but the last [assumption]
_MAS_CUTS: Final = (-1.04, -0.25, 0.25, 0.92, 1.88)
_MAS_STIFFNESS: Final = 0.45  # correlation of one clinic rating with the diary mean [published]
_MAS_REPEAT: Final = 0.60  # agreement of two clinic ratings of one muscle [assumption]
_WAKING_HOURS: Final = 16.0
# Penn frequency from spasms a day: none, provoked only, < 1 an hour, > 1, > 10 an hour [derived]
_PENN_CUTS: Final = (0.3, 1.0, 1.0 * _WAKING_HOURS, 10.0 * _WAKING_HOURS)


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
        Whether the day was filled in.
    """

    days: NDArray[np.int64]
    level: Floats
    latent: Floats
    score: Floats
    observed: NDArray[np.bool_]

    @property
    def seen(self) -> Floats:
        """Ratings as the analyst has them: the complete score, missing days as NaN."""
        return np.where(self.observed, self.score, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedDiary:
    """One simulated cohort: what a centre would hold, and the truth behind it.

    Parameters
    ----------
    tables : Tables
        The observed tidy tables; every person agreed to the evaluation.
    truth : pandas.DataFrame
        One row per person and day, filled in or not: ``person_id``, ``day`` (from the first
        session), ``date``, ``level`` and ``latent`` (points, not clipped), ``stiffness``,
        ``spasm_count`` (before heaping), ``pain``, ``sleep_disruption``, ``fatigue`` and
        ``observed``.
    scenario : DiaryScenario
        The world they were drawn from.
    seed : int
        Same scenario and seed: same cohort.
    """

    tables: Tables
    truth: pd.DataFrame
    scenario: DiaryScenario
    seed: int


def simulate_ratings(
    scenario: DiaryScenario, *, seed: int, replicates: int, first: int = 0
) -> Ratings:
    """Draw the daily stiffness ratings of many cohorts at once.

    Parameters
    ----------
    scenario : DiaryScenario
        The world.
    seed : int
        Seed, 0 or more.
    replicates : int
        Cohorts to draw, 1 or more. Drawing more of them leaves the earlier ones as they are.
    first : int
        Number of the first replicate, a multiple of :data:`BLOCK`, so that a long run can be
        split over processes and give the same numbers.

    Returns
    -------
    Ratings
        Arrays with a leading replicate axis. Memory is about 17 bytes per person-day.

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
    if replicates < 1:
        raise ValueError(f"replicates must be 1 or more, got {replicates}")
    if first < 0 or first % BLOCK:
        raise ValueError(f"first must be 0 or a multiple of {BLOCK}, got {first}")
    blocks = [
        _block(scenario, min(BLOCK, replicates - done), seed=seed, block=(first + done) // BLOCK)
        for done in range(0, replicates, BLOCK)
    ]
    if len(blocks) == 1:
        return blocks[0]
    return Ratings(
        days=scenario.days,
        level=np.concatenate([b.level for b in blocks]),
        latent=np.concatenate([b.latent for b in blocks]),
        score=np.concatenate([b.score for b in blocks]),
        observed=np.concatenate([b.observed for b in blocks]),
    )


def _block(scenario: DiaryScenario, replicates: int, *, seed: int, block: int) -> Ratings:
    """Draw one block; slots (replicate by person) lead, so fewer of them are a prefix of more."""
    s = scenario
    slots, head = replicates * s.n_people, s.entry_days
    level, day_sd, drift, wobble = _entrants(s, slots, seed=seed, block=block)
    rest = s.days.size - head
    keep = 0.5 ** (1.0 / s.drift_half_life)
    drift = _carried(drift, rest, keep=keep, rng=stream(seed, "drift", block))
    wobble = _carried(wobble, rest, keep=s.day_autocorrelation, rng=stream(seed, "wobble", block))
    deviation = s.drift_sd * drift + day_sd[:, None] * wobble
    latent = level[:, None] + deviation + s.change * (s.days >= 0)
    observed = _observed(s, deviation, seed=seed, block=block)
    shape = (replicates, s.n_people, s.days.size)
    return Ratings(
        days=s.days,
        level=level.reshape(shape[:2]),
        latent=latent.reshape(shape),
        score=_rated(latent).reshape(shape),
        observed=observed.reshape(shape),
    )


def _entrants(
    scenario: DiaryScenario, slots: int, *, seed: int, block: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw people until each slot holds one who meets the entry rule.

    Returns level, daily standard deviation (both ``(slots,)``), and standardised drift and wobble
    of the entry days (both ``(slots, entry_days)``).
    """
    s, head = scenario, scenario.entry_days
    keep = 0.5 ** (1.0 / s.drift_half_life)
    level, day_sd = np.empty(slots), np.empty(slots)
    drift, wobble = np.empty((slots, head)), np.empty((slots, head))
    waiting = np.arange(slots)
    for attempt in range(_MOST_TRIES):
        z = stream(seed, f"people, try {attempt + 1}", block).standard_normal(
            (waiting.size, 2 + 2 * head)
        )
        level[waiting] = s.level_mean + s.level_sd * z[:, 0]
        day_sd[waiting] = s.day_sd * np.exp(s.day_sd_spread * z[:, 1])
        drift[waiting] = _persistent(z[:, 2 : 2 + head], keep=keep)
        wobble[waiting] = _persistent(z[:, 2 + head :], keep=s.day_autocorrelation)
        if s.entry_rating is None:
            return level, day_sd, drift, wobble
        latent = (
            level[waiting, None]
            + s.drift_sd * drift[waiting]
            + day_sd[waiting, None] * wobble[waiting]
        )
        # the small slack keeps a mean of 4.0 from failing by a rounding error
        waiting = waiting[_rated(latent).mean(axis=1) < s.entry_rating - 1e-9]
        if not waiting.size:
            return level, day_sd, drift, wobble
    raise ValueError(
        f"entry_rating {s.entry_rating:g} over {head} day(s) was not met by {waiting.size} of "
        f"{slots} people in {_MOST_TRIES:,} tries each; lower it, or raise level_mean "
        f"({s.level_mean:g}) or level_sd ({s.level_sd:g})"
    )


def _persistent(shocks: Floats, *, keep: float) -> Floats:
    """Turn independent standard normals into a stationary AR(1) of variance 1 along the days."""
    out = np.array(shocks)
    new = np.sqrt(1.0 - keep**2)
    for day in range(1, out.shape[1]):
        out[:, day] = keep * out[:, day - 1] + new * shocks[:, day]
    return out


def _carried(head: Floats, days: int, *, keep: float, rng: np.random.Generator) -> Floats:
    """Continue a stationary AR(1) of variance 1 for so many days."""
    shocks = rng.standard_normal((head.shape[0], days))
    out = np.concatenate([head, shocks], axis=1)
    new = np.sqrt(1.0 - keep**2)
    for day in range(head.shape[1], out.shape[1]):
        out[:, day] = keep * out[:, day - 1] + new * out[:, day]
    return out


def _rated(latent: Floats) -> Floats:
    """Round to whole points and clip to the scale, as a person with a 0-10 form does."""
    column = DIARY["stiffness"]
    rated: Floats = np.clip(np.rint(latent), column.low, column.high)
    return rated


def _observed(
    scenario: DiaryScenario, deviation: Floats, *, seed: int, block: int
) -> NDArray[np.bool_]:
    """Decide, last of all, which days were filled in; more missing only takes days away."""
    s = scenario
    slots, n_days = deviation.shape
    week = np.minimum(np.arange(n_days) // 7, 11) / 11.0
    absent = 1.0 - (s.completion_week_1 + (s.completion_week_12 - s.completion_week_1) * week)
    odds = np.exp(s.missing_slope * deviation)
    chance = absent * odds / (1.0 - absent + absent * odds)
    filled = stream(seed, "missing days", block).random((slots, n_days)) >= chance
    luck = stream(seed, "drop-out", block).random(slots)
    weeks = np.full(slots, np.inf)
    if s.dropout_weekly == 1.0:
        weeks = np.ones(slots)
    elif s.dropout_weekly > 0.0:
        weeks = 1.0 + np.floor(np.log1p(-luck) / np.log1p(-s.dropout_weekly))
    kept: NDArray[np.bool_] = filled & (np.arange(n_days) < 7.0 * weeks[:, None])
    return kept


def simulate_diary(scenario: DiaryScenario, *, seed: int) -> SimulatedDiary:
    """Draw one cohort of a centre: diaries, sessions, assessments, unwanted effects, feedback.

    The complete truth is made first; which days and answers are missing is decided last, so a
    higher missing rate leaves every remaining score as it was.

    Parameters
    ----------
    scenario : DiaryScenario
        The world.
    seed : int
        Seed, 0 or more. The stiffness ratings are those of replicate 0 of
        :func:`simulate_ratings`.

    Returns
    -------
    SimulatedDiary
        Observed tables and the truth. A day that was not filled in has no row in the diary.

    Raises
    ------
    ValueError
        If nobody in this world meets the entry rule, or `seed` is negative.

    Examples
    --------
    >>> drawn = simulate_diary(DiaryScenario(n_people=30), seed=4)
    >>> len(drawn.tables.people), len(drawn.truth)
    (30, 1680)
    >>> int(drawn.truth["observed"].sum()) == len(drawn.tables.diary)
    True
    """
    s = scenario
    ratings = simulate_ratings(s, seed=seed, replicates=1)
    level, latent, score = ratings.level[0], ratings.latent[0], ratings.score[0]
    ids = _codes(s, rng=stream(seed, "codes"))
    began = np.datetime64(s.start, "D") + stream(seed, "diary starts").integers(
        0, s.recruitment_days, s.n_people
    )
    dates = began[:, None] + (s.days + s.baseline_days)
    deviation = latent - level[:, None] - s.change * (s.days >= 0)
    usual = _usual_symptoms(s, level, rng=stream(seed, "usual symptoms"))
    symptoms = _symptoms(s, usual, deviation, rng=stream(seed, "symptoms"))
    talkative = stream(seed, "spasm level").standard_normal(s.n_people)
    rate = s.spasm_median * np.exp(
        s.spasm_spread * talkative[:, None] + s.spasm_slope * (score - 5.0)
    )
    count = _counts(rate, s.spasm_dispersion, rng=stream(seed, "spasms"))

    truth = pd.DataFrame({
        "person_id": np.repeat(ids, s.days.size),
        "day": np.tile(s.days, s.n_people),
        "date": dates.astype("datetime64[ns]").ravel(),
        "level": np.repeat(level, s.days.size),
        "latent": latent.ravel(),
        "stiffness": score.ravel(),
        "spasm_count": count.ravel(),
        **{name: symptoms[name].ravel() for name in SYMPTOMS},
        "observed": ratings.observed[0].ravel(),
    })  # fmt: skip
    truth["person_id"] = truth["person_id"].astype("object")

    first = dates[:, s.baseline_days]
    therapy = _allocated(s, rng=stream(seed, "therapy"))
    people = {
        "person_id": ids,
        **_described(s.n_people, rng=stream(seed, "people described")),
        "therapy": therapy,
        "diary_start": began,
        "first_session": first,
        "consent": "yes",
    }
    sessions = _sessions(s, ids, first, therapy, rng=stream(seed, "sessions"))
    tables = Tables(
        people=_table(PEOPLE, people),
        diary=_diary(s, truth, seed=seed),
        triggers=_triggers(s, truth, rng=stream(seed, "triggers")),
        sessions=_table(SESSIONS, sessions),
        assessments=_assessments(s, ids, dates, level, score, rate, seed=seed),
        adverse_events=_unwanted(s, ids, dates, rng=stream(seed, "unwanted effects")),
        survey=_survey(s, ids, dates, ratings, rng=stream(seed, "feedback")),
    )
    return SimulatedDiary(tables=tables, truth=truth, scenario=scenario, seed=seed)


def _table(schema: Schema, data: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Lay data out in the columns and dtypes of `schema`."""
    frame = pd.DataFrame(data).reindex(columns=schema.names)
    out = frame.astype({column.name: column.dtype for column in schema.columns})
    text = [c.name for c in schema.columns if c.dtype == "object"]
    out[text] = out[text].where(out[text].notna(), None)
    return out.reset_index(drop=True)


def _codes(scenario: DiaryScenario, *, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw different client codes: the prefix and a number of three digits or more."""
    low = 10 ** max(2, len(str(scenario.n_people)))
    numbers = np.sort(rng.choice(np.arange(low, 10 * low), scenario.n_people, replace=False))
    return np.array([f"{scenario.code_prefix}{n}" for n in rng.permutation(numbers)], dtype=object)


def _usual_symptoms(scenario: DiaryScenario, level: Floats, *, rng: np.random.Generator) -> Floats:
    """Draw each person's usual pain, sleep disruption and fatigue given usual stiffness."""
    s = scenario
    root = np.linalg.cholesky(symptom_correlations(s))
    z = rng.standard_normal((s.n_people, 4))
    # people were selected on stiffness, so that part is given, not drawn
    z[:, 0] = (level - s.level_mean) / s.level_sd if s.level_sd > 0 else 0.0
    usual: Floats = np.array(s.symptom_mean) + np.array(s.symptom_sd) * (z @ root.T)[:, 1:]
    return usual


def _symptoms(
    scenario: DiaryScenario, usual: Floats, deviation: Floats, *, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw the complete daily ratings of the other symptoms, whole points 0 to 10."""
    s = scenario
    spread = np.hypot(s.drift_sd, s.day_sd)
    shared = deviation / spread if spread > 0 else deviation
    out = {}
    for i, name in enumerate(SYMPTOMS):
        own = rng.standard_normal(deviation.shape)
        wobble = s.same_day_correlation * shared + np.sqrt(1 - s.same_day_correlation**2) * own
        out[name] = _rated(usual[:, [i]] + s.symptom_day_sd * wobble)
    return out


def _counts(mean: Floats, size: float, *, rng: np.random.Generator) -> Floats:
    """Draw negative binomial counts of this mean and size, none above what a diary may hold."""
    high = DIARY["spasm_count"].high or np.inf
    return np.minimum(rng.negative_binomial(size, size / (size + mean)), high).astype(np.float64)


def _described(n: int, *, rng: np.random.Generator) -> dict[str, Any]:
    """Draw age band, sex, type of MS and PDDS; shares are assumptions and move no rating."""
    bands = ("30-39", "40-49", "50-59", "60-69", "70+")
    types = ("RRMS", "SPMS", "PPMS", "not known")
    return {
        "age_band": rng.choice(bands, n, p=(0.12, 0.25, 0.33, 0.23, 0.07)),
        "sex": rng.choice(("female", "male"), n, p=(0.72, 0.28)),
        "ms_type": rng.choice(types, n, p=(0.42, 0.30, 0.16, 0.12)),
        "pdds": rng.choice(np.arange(9.0), n,
                           p=(0.04, 0.08, 0.10, 0.14, 0.19, 0.17, 0.15, 0.11, 0.02)),
    }  # fmt: skip


def _allocated(scenario: DiaryScenario, *, rng: np.random.Generator) -> NDArray[np.object_]:
    """Share the therapies out in the wanted proportions, then shuffle them over the people."""
    names = [name for name, _ in scenario.therapies]
    share = np.array([share for _, share in scenario.therapies])
    due = np.cumsum(share) / share.sum() * scenario.n_people
    counts = np.diff(np.rint(due).astype(int), prepend=0)
    return rng.permutation(np.repeat(np.array(names, dtype=object), counts))


def _diary(scenario: DiaryScenario, truth: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Observe the complete truth: heap counts, lose answers, lose days."""
    s = scenario
    out = truth[["person_id", "date", "stiffness", "spasm_count", *SYMPTOMS]].copy()
    n = len(out)
    out["falls"] = stream(seed, "falls").poisson(s.falls_per_day, n).astype(np.float64)
    out["falls"] = out["falls"].clip(upper=DIARY["falls"].high)
    missed = stream(seed, "missed tablets").random(n) < s.missed_tablets
    out["missed_medication"] = np.where(missed, "yes", "no")
    count = _heaped(
        out["spasm_count"].to_numpy(), s.count_heaping, rng=stream(seed, "count heaping")
    )
    beyond = np.zeros(n, dtype=bool)
    if s.uncountable_above is not None:
        beyond = count > s.uncountable_above
    lost = {
        name: stream(seed, f"answer missing: {name}").random(n) < s.item_missing_rate
        for name in ("spasm_count", *SYMPTOMS, "falls", "missed_medication")
    }
    out["spasm_count_low"] = np.where(
        beyond & ~lost["spasm_count"], float((s.uncountable_above or 0) + 1), np.nan
    )
    out["spasm_count"] = np.where(beyond, np.nan, count)
    for name, gone in lost.items():
        out[name] = out[name].mask(gone)
    return _table(DIARY, out[truth["observed"].to_numpy()])


def _heaped(count: Floats, share: float, *, rng: np.random.Generator) -> Floats:
    """Write some counts as the nearest of 5, 10 and 20, as people do who have lost count."""
    heaps = np.array([5.0, 10.0, 20.0])
    nearest = heaps[np.abs(count[:, None] - heaps).argmin(axis=1)]
    chosen = (rng.random(count.size) < share) & (count >= 3) & (count <= 25)
    return np.where(chosen, nearest, count)


def _triggers(
    scenario: DiaryScenario, truth: pd.DataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Tick a trigger on some days; a tick-only form never says "no"."""
    names = np.array([t for t in TRIGGERS if t not in ("other", "none")], dtype=object)
    ticked = rng.random(len(truth)) < scenario.trigger_rate
    which = names[rng.integers(0, names.size, len(truth))]
    keep = ticked & truth["observed"].to_numpy()
    return _table(TRIGGER, {
        "person_id": truth["person_id"].to_numpy()[keep], "date": truth["date"].to_numpy()[keep],
        "trigger": which[keep], "present": "yes",
    })  # fmt: skip


def _sessions(
    scenario: DiaryScenario, ids: NDArray[np.object_], first: NDArray[np.datetime64],
    therapy: NDArray[np.object_], *, rng: np.random.Generator,
) -> dict[str, Any]:  # fmt: skip
    """Book one session a week from the first on; the first is attended, or it would not be one."""
    weeks = np.arange(0, scenario.followup_days, 7)
    came = rng.choice(
        np.array(ATTENDANCE[:4], dtype=object), (ids.size, weeks.size), p=scenario.attendance
    )
    came[:, 0] = "attended"
    return {
        "person_id": np.repeat(ids, weeks.size),
        "date": (first[:, None] + weeks).ravel(),
        "therapy": np.repeat(therapy, weeks.size),
        "attendance": came.ravel(),
    }


def _assessments(
    scenario: DiaryScenario, ids: NDArray[np.object_], dates: NDArray[np.datetime64],
    level: Floats, score: Floats, rate: Floats, *, seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Rate muscle tone (Modified Ashworth) and spasms (Penn) before the sessions and at the end."""
    s = scenario
    spans = {"before": slice(0, s.baseline_days), "after": slice(-min(14, s.followup_days), None)}
    day = {"before": s.baseline_days, "after": s.days.size - 1}
    rng = stream(seed, "assessments")
    total = np.sqrt(s.level_sd**2 + s.drift_sd**2) or 1.0
    own, badness = rng.standard_normal(ids.size), rng.standard_normal(ids.size)
    parts = []
    for timepoint, span in spans.items():
        mean = score[:, span].mean(axis=1)
        again = np.sqrt(_MAS_REPEAT) * own + np.sqrt(1 - _MAS_REPEAT) * rng.standard_normal(
            ids.size
        )
        tone = _MAS_STIFFNESS * (mean - s.level_mean) / total
        tone = tone + np.sqrt(1 - _MAS_STIFFNESS**2) * again
        grade = np.array(MAS_GRADES, dtype=object)[np.searchsorted(_MAS_CUTS, tone)]
        often = np.searchsorted(_PENN_CUTS, rate[:, span].mean(axis=1))
        felt = (0.6 * badness + 0.8 * rng.standard_normal(ids.size)) + 0.15 * (level - 5.0)
        bad = 1 + np.searchsorted((-0.4, 0.9), felt)
        common = {"person_id": ids, "date": dates[:, day[timepoint]], "timepoint": timepoint}
        number = [None if g == "1+" else float(g) for g in grade]
        parts += [
            {**common, "instrument": "mas", "score": "grade", "site": "knee", "code": grade,
             "value": number, "status": "observed"},
            {**common, "instrument": "psfs", "score": "frequency", "site": None,
             "code": often.astype(str), "value": often, "status": "observed"},
            # with no spasms, how bad they are is not asked
            {**common, "instrument": "psfs", "score": "severity", "site": None,
             "code": [str(b) if f > 0 else None for f, b in zip(often, bad, strict=True)],
             "value": np.where(often > 0, bad, np.nan),
             "status": np.where(often > 0, "observed", "not applicable")},
        ]  # fmt: skip
    whole = pd.concat([_table(ASSESSMENTS, part) for part in parts], ignore_index=True)
    order = whole["person_id"].map({code: i for i, code in enumerate(ids)})
    return whole.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _unwanted(
    scenario: DiaryScenario, ids: NDArray[np.object_], dates: NDArray[np.datetime64], *,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Note unwanted effects during the follow-up; they have no cause in this world."""
    s = scenario
    who = np.repeat(np.arange(ids.size), rng.poisson(s.unwanted_per_person, ids.size))
    when = s.baseline_days + rng.integers(0, s.followup_days, who.size)
    found = _table(ADVERSE, {
        "person_id": ids[who], "date": dates[who, when],
        "event": rng.choice(np.array(_UNWANTED, dtype=object), who.size),
        "severity": rng.choice(np.array(("mild", "moderate", "severe"), dtype=object), who.size,
                               p=(0.6, 0.3, 0.1)),
    })  # fmt: skip
    return found.drop_duplicates(list(ADVERSE.key), ignore_index=True)


def _survey(
    scenario: DiaryScenario, ids: NDArray[np.object_], dates: NDArray[np.datetime64],
    ratings: Ratings, *, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Ask those who still keep a diary how they got on; what they say follows their own course."""
    s = scenario
    score, observed = ratings.score[0], ratings.observed[0]
    course = score[:, -min(14, s.followup_days) :].mean(axis=1) - score[:, :7].mean(axis=1)
    felt = 4.0 + 0.5 * course + rng.normal(-0.4, 1.0, ids.size)
    glad = 4.0 + 0.5 * (4.0 - felt) + rng.normal(0.0, 0.7, ids.size)
    happy = np.clip(np.rint(glad), 1, 5)
    said = np.where(happy >= 4, "yes", np.where(happy <= 2, "no", "unsure"))
    answered = rng.random(ids.size) < s.survey_response
    answered &= observed[:, -7:].any(axis=1)
    return _table(SURVEY, {
        "person_id": ids[answered], "date": dates[answered, -1],
        "global_impression": np.clip(np.rint(felt), 1, 7)[answered],
        "satisfaction": happy[answered], "recommend": said[answered],
    })  # fmt: skip
