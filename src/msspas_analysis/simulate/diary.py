"""A therapy centre's symptom diaries as tidy tables, from a world whose truth is known.

The days themselves are drawn as arrays by :mod:`msspas_analysis.simulate.days`; here they become
what a centre would hold, with everything else a centre keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.simulate.course import starts, weather_points
from msspas_analysis.simulate.days import ITEMS, DiaryDays, simulate_days
from msspas_analysis.simulate.observe import LATER, WHY
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.visits import (
    assessment_table,
    modified_ashworth,
    penn_frequency,
    penn_severity,
)
from msspas_analysis.tables import (
    ADVERSE,
    ATTENDANCE,
    DIARY,
    EVENT_TYPES,
    EVENTS,
    PEOPLE,
    SESSIONS,
    SPASM_TYPES,
    SPASMS,
    SURVEY,
    TRIGGER,
    TRIGGERS,
    Schema,
    Tables,
)

Floats = NDArray[np.float64]

_FELT: Final = 0.2  # points from which somebody puts a bad day down to the weather [assumption]
_BAD_HUG: Final = 5  # severity from which an MS hug can make breathing hard [assumption]
_UNWANTED: Final = ("drowsiness", "weakness", "dizziness", "fall")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedDiary:
    """One simulated cohort: what a centre would hold, and the truth behind it.

    Parameters
    ----------
    tables : Tables
        The observed tidy tables; every person agreed to the evaluation.
    truth : pandas.DataFrame
        One row per person and day, filled in or not: ``person_id``, ``day`` (from the first
        session), ``date``; on the latent scales, in points, neither rounded nor bounded: ``level``,
        ``latent``, ``spasm_level``, ``spasm``, and in them ``events`` (episodes, weather, medicine,
        trend), ``expectation``, ``effect``, ``spasm_effect``; on the scale of the form, complete:
        ``stiffness``, ``stiffness_untreated`` (with the effect taken out), ``spasm_count`` (before
        heaping), ``pain``, ``sleep_disruption``, ``fatigue``; ``observed``, ``written_later`` and
        ``why_missing``.
    scenario : DiaryScenario
        The world they were drawn from.
    seed : int
        Same scenario and seed: same cohort.
    """

    tables: Tables
    truth: pd.DataFrame
    scenario: DiaryScenario
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """The people of one replicate while their tables are made.

    Parameters
    ----------
    scenario : DiaryScenario
        The world and the centre.
    drawn : DiaryDays
        Their days, one replicate with its truth.
    seed : int
        Seed of everything that is drawn for the tables.
    ids, therapy : numpy.ndarray of object, shape (n_people,)
        Client codes, and what each person gets.
    """

    scenario: DiaryScenario
    drawn: DiaryDays
    seed: int
    ids: NDArray[np.object_]
    therapy: NDArray[np.object_]

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream called `name`."""
        return stream(self.seed, name)

    @property
    def began(self) -> NDArray[np.datetime64]:
        """First day of each diary."""
        s = self.scenario
        return np.datetime64(s.start, "D") + starts(s, s.n_people, seed=self.seed, block=0)

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Calendar day of each day of each diary, shape (people, days)."""
        dates: NDArray[np.datetime64] = self.began[:, None] + np.arange(self.scenario.days.size)
        return dates

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Whether something stands in the diary, shape (people, days)."""
        seen: NDArray[np.bool_] = ~np.isnan(self.drawn.items["stiffness"][0])
        return seen


def simulate_diary(scenario: DiaryScenario, *, seed: int) -> SimulatedDiary:
    """Draw one cohort of a centre: diaries, sessions, assessments, unwanted effects, feedback.

    The complete truth is made first; which days and answers are missing is decided last, so a
    higher missing rate leaves every remaining score as it was.

    Parameters
    ----------
    scenario : DiaryScenario
        The world; it must be bounded, as a form is.
    seed : int
        Seed, 0 or more. The ratings are those of replicate 0 of
        :func:`~msspas_analysis.simulate.days.simulate_days`.

    Returns
    -------
    SimulatedDiary
        Observed tables and the truth. A day that was not filled in has no row in the diary.

    Raises
    ------
    ValueError
        If nobody in this world meets the entry rule, the ratings are not bounded, or `seed` is
        negative.

    Examples
    --------
    >>> drawn = simulate_diary(DiaryScenario(n_people=30), seed=4)
    >>> len(drawn.tables.people), len(drawn.truth)
    (30, 1680)
    >>> int(drawn.truth["observed"].sum()) == len(drawn.tables.diary)
    True
    """
    s = scenario
    drawn = simulate_days(s, seed=seed, truth=True)
    cohort = Cohort(
        scenario=s, drawn=drawn, seed=seed, ids=codes(s, rng=stream(seed, "codes")),
        therapy=_allocated(s, rng=stream(seed, "therapy")),
    )  # fmt: skip
    first = cohort.dates[:, s.baseline_days]
    booked = _sessions(s, cohort.ids, first, cohort.therapy, rng=cohort.rng("sessions"))
    tables = cohort_tables(
        cohort, sessions=booked, unwanted=np.full(s.n_people, s.unwanted_per_person)
    )
    return SimulatedDiary(tables=tables, truth=cohort_truth(cohort), scenario=s, seed=seed)


def cohort_truth(cohort: Cohort) -> pd.DataFrame:
    """Lay out what is behind the days of a cohort, as :class:`SimulatedDiary` describes it."""
    s, drawn, behind = cohort.scenario, cohort.drawn, cohort.drawn.behind
    n = s.days.size
    truth = pd.DataFrame({
        "person_id": np.repeat(cohort.ids, n),
        "day": np.tile(s.days, s.n_people),
        "date": cohort.dates.astype("datetime64[ns]").ravel(),
        "level": np.repeat(behind.level[0], n),
        "latent": behind.latent[0].ravel(),
        "spasm_level": np.repeat(behind.spasm_level[0], n),
        "spasm": behind.spasm[0].ravel(),
        "events": behind.events[0].ravel(),
        "expectation": behind.expectation[0].ravel(),
        "effect": behind.effect[0].ravel(),
        "spasm_effect": behind.spasm_effect[0].ravel(),
        **{name: behind.complete[name][0].ravel() for name in ITEMS},
        "stiffness_untreated": behind.untreated[0].ravel(),
        "observed": cohort.observed.ravel(),
        "written_later": (drawn.became[0] == LATER).ravel(),
        "why_missing": np.array(WHY, dtype=object)[drawn.became[0].ravel()],
    })  # fmt: skip
    truth["person_id"] = truth["person_id"].astype("object")
    truth["why_missing"] = truth["why_missing"].astype("object")
    return truth


def cohort_tables(cohort: Cohort, *, sessions: Mapping[str, Any], unwanted: Floats) -> Tables:
    """Return the tidy tables a centre would hold of a cohort.

    Parameters
    ----------
    cohort : Cohort
        The people and their days.
    sessions : mapping
        Columns of the table of sessions.
    unwanted : numpy.ndarray, shape (n_people,)
        Mean unwanted effects of each person from the first session on.
    """
    s = cohort.scenario
    if not s.bounded:
        raise ValueError(
            "bounded must be True where tables are made, got False; a form ends at 0 and 10, so "
            "use simulate_ratings or simulate_days"
        )
    people = {
        "person_id": cohort.ids,
        **described(s.n_people, rng=cohort.rng("people described")),
        "therapy": cohort.therapy,
        "diary_start": cohort.began,
        "first_session": cohort.dates[:, s.baseline_days],
        "consent": "yes",
    }
    return Tables(
        people=as_table(PEOPLE, people),
        diary=_diary(cohort),
        triggers=_triggers(cohort),
        sessions=as_table(SESSIONS, sessions),
        assessments=_assessments(cohort),
        adverse_events=unwanted_effects(
            s, cohort.ids, cohort.dates, unwanted, rng=cohort.rng("unwanted effects")
        ),
        survey=_survey(cohort),
        spasm_types=_spasm_types(cohort),
        events=_events(cohort),
    )


def as_table(schema: Schema, data: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Lay data out in the columns and dtypes of `schema`."""
    frame = pd.DataFrame(data).reindex(columns=schema.names)
    out = frame.astype({column.name: column.dtype for column in schema.columns})
    text = [c.name for c in schema.columns if c.dtype == "object"]
    out[text] = out[text].where(out[text].notna(), None)
    return out.reset_index(drop=True)


def codes(scenario: DiaryScenario, *, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw different client codes: the prefix and a number of three digits or more."""
    low = 10 ** max(2, len(str(scenario.n_people)))
    numbers = np.sort(rng.choice(np.arange(low, 10 * low), scenario.n_people, replace=False))
    return np.array([f"{scenario.code_prefix}{n}" for n in rng.permutation(numbers)], dtype=object)


def described(n: int, *, rng: np.random.Generator) -> dict[str, Any]:
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


def _diary(cohort: Cohort) -> pd.DataFrame:
    """Return the rows of the days on which something stands in the diary."""
    s, drawn, seen = cohort.scenario, cohort.drawn, cohort.observed
    out: dict[str, Any] = {
        "person_id": np.repeat(cohort.ids, seen.sum(axis=1)),
        "date": cohort.dates[seen],
        **{name: drawn.items[name][0][seen] for name in ITEMS},
    }
    low = np.where(drawn.too_many[0], float((s.uncountable_above or 0) + 1), np.nan)
    out["spasm_count_low"] = low[seen]
    falls = cohort.rng("falls").poisson(s.falls_per_day, seen.shape).astype(np.float64)
    missed = cohort.rng("missed tablets").random(seen.shape) < s.missed_tablets
    lost = {
        name: cohort.rng(f"answer missing: {name}").random(seen.shape) < s.item_missing_rate
        for name in ("falls", "missed_medication")
    }
    falls = np.where(lost["falls"], np.nan, np.minimum(falls, DIARY["falls"].high or np.inf))
    out["falls"] = falls[seen]
    said = np.where(missed, "yes", "no").astype(object)
    said[lost["missed_medication"]] = None
    out["missed_medication"] = said[seen]
    return as_table(DIARY, out)


def _triggers(cohort: Cohort) -> pd.DataFrame:
    """Tick triggers: of episodes, of hot and cold days, and some that moved nothing.

    A tick-only form never says "no".
    """
    s, shape = cohort.scenario, cohort.observed.shape
    people = cohort.drawn.blocks[0].people
    ticks = []
    if people.episodes.slot.size:
        slot, day, which = people.episodes.days(0, *shape)
        names = np.array([one.trigger for one in s.episodes], dtype=object)
        noticed = cohort.rng("trigger noticed").random(slot.size) < s.trigger_noticed
        ticks.append((slot, day, names[people.episodes.kind[which]], noticed))
    for name, points in zip(("heat", "cold"), weather_points(cohort.drawn.blocks[0]), strict=True):
        slot, day = np.nonzero(points >= _FELT)
        noticed = cohort.rng(f"{name} noticed").random(slot.size) < s.trigger_noticed
        ticks.append((slot, day, np.full(slot.size, name, dtype=object), noticed))
    others = np.array([t for t in TRIGGERS if t not in ("other", "none")], dtype=object)
    rng = cohort.rng("triggers")
    luck, which = rng.random(shape), rng.integers(0, others.size, shape)
    slot, day = np.nonzero(luck < s.trigger_rate)
    ticks.append((slot, day, others[which[slot, day]], np.ones(slot.size, dtype=bool)))
    slot, day, what, noticed = (np.concatenate(parts) for parts in zip(*ticks, strict=True))
    keep = noticed & cohort.observed[slot, day]
    found = as_table(TRIGGER, {
        "person_id": cohort.ids[slot[keep]], "date": cohort.dates[slot[keep], day[keep]],
        "trigger": what[keep], "present": "yes",
    })  # fmt: skip
    order = np.lexsort((what[keep].astype(str), day[keep], slot[keep]))
    return found.iloc[order].drop_duplicates(list(TRIGGER.key), ignore_index=True)


def _spasm_types(cohort: Cohort) -> pd.DataFrame:
    """Note which kinds of spasm there were on days with any, and how bad each was."""
    s, shape = cohort.scenario, cohort.observed.shape
    has = cohort.rng("kinds of spasm").random((shape[0], 5)) < s.spasm_type_shares
    noted = cohort.rng("kinds of spasm noted").random((*shape, 5)) < s.spasm_type_days
    wobble = cohort.rng("how bad each kind").standard_normal((*shape, 5))
    chokes = cohort.rng("hard to breathe").random(shape) < s.hug_breathing
    truth = cohort.drawn.behind
    there = noted & has[:, None, :] & cohort.observed[..., None]
    there &= (truth.complete["spasm_count"][0] > 0)[..., None]
    slot, day, kind = np.nonzero(there)
    bad = np.clip(np.rint(truth.spasm[0][slot, day] + wobble[slot, day, kind]), 1.0, 10.0)
    hug = kind == SPASM_TYPES.index("MS hug")
    hard = np.where(chokes[slot, day] & (bad >= _BAD_HUG), "yes", "no").astype(object)
    hard[~hug] = None
    return as_table(SPASMS, {
        "person_id": cohort.ids[slot], "date": cohort.dates[slot, day],
        "type": np.array(SPASM_TYPES, dtype=object)[kind], "severity": bad,
        "hard_to_breathe": hard,
    })  # fmt: skip


def _events(cohort: Cohort) -> pd.DataFrame:
    """List relapses, infections and changes of medicine: what may explain a change by itself."""
    s, block, dates = cohort.scenario, cohort.drawn.blocks[0], cohort.dates
    n_days = s.days.size
    told = [one.trigger if one.trigger in EVENT_TYPES else "" for one in s.episodes]
    parts = []
    for some, names in (
        (block.people.episodes, told),
        (block.steps, ["medication increased", "medication reduced"]),
    ):
        if not some.slot.size:
            continue
        name = np.array(names, dtype=object)[some.kind]
        # what was still going on when the diary ended has no last day
        last = np.minimum(some.end - 1, n_days - 1)
        ended = dates[some.slot, last].astype("datetime64[ns]")
        ended[some.end >= n_days] = np.datetime64("NaT")
        parts.append(as_table(EVENTS, {
            "person_id": cohort.ids[some.slot], "date": dates[some.slot, some.first],
            "event": name, "last_date": ended,
        })[name != ""])  # fmt: skip
    if not parts:
        return EVENTS.empty()
    whole = pd.concat(parts, ignore_index=True)
    order = np.lexsort((whole["event"].astype(str), whole["date"], whole["person_id"].astype(str)))
    out: pd.DataFrame = whole.iloc[order].drop_duplicates(list(EVENTS.key), ignore_index=True)
    return out


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


def _assessments(cohort: Cohort) -> pd.DataFrame:
    """Rate muscle tone (Modified Ashworth) and spasms (Penn) before the sessions and at the end."""
    s, behind = cohort.scenario, cohort.drawn.behind
    spans = (slice(0, s.baseline_days), slice(-min(14, s.followup_days), None))

    def over(values: Floats) -> Floats:
        return np.stack([values[:, span].mean(axis=1) for span in spans], axis=1)

    often = penn_frequency(over(behind.complete["spasm_count"][0]))
    return assessment_table(
        cohort.ids, cohort.dates[:, [s.baseline_days, -1]], ("before", "after"),
        mas=modified_ashworth(
            over(behind.latent[0]), mean=s.level_mean, sd=usual_spread(s), sites=("knee",),
            rng=cohort.rng("Ashworth"),
        ),
        sites=("knee",),
        penn=(often, penn_severity(often, over(behind.spasm[0]), rng=cohort.rng("Penn"))),
    )  # fmt: skip


def usual_spread(scenario: DiaryScenario) -> float:
    """Return the standard deviation between people of a mean over some days, in latent points."""
    return float(np.hypot(scenario.level_sd, scenario.drift_sd)) or 1.0


def unwanted_effects(
    scenario: DiaryScenario, ids: NDArray[np.object_], dates: NDArray[np.datetime64], mean: Floats,
    *, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Note unwanted effects from day 0 on; `mean` is each person's number of them."""
    s = scenario
    who = np.repeat(np.arange(ids.size), rng.poisson(mean))
    when = s.baseline_days + rng.integers(0, s.followup_days, who.size)
    found = as_table(ADVERSE, {
        "person_id": ids[who], "date": dates[who, when],
        "event": rng.choice(np.array(_UNWANTED, dtype=object), who.size),
        "severity": rng.choice(np.array(("mild", "moderate", "severe"), dtype=object), who.size,
                               p=(0.6, 0.3, 0.1)),
    })  # fmt: skip
    return found.drop_duplicates(list(ADVERSE.key), ignore_index=True)


def _survey(cohort: Cohort) -> pd.DataFrame:
    """Ask those who still keep a diary how they got on; what they say follows their own course."""
    s, ids, rng = cohort.scenario, cohort.ids, cohort.rng("feedback")
    score = cohort.drawn.behind.complete["stiffness"][0]
    course = score[:, -min(14, s.followup_days) :].mean(axis=1) - score[:, :7].mean(axis=1)
    felt = 4.0 + 0.5 * course + rng.normal(-0.4, 1.0, ids.size)
    glad = 4.0 + 0.5 * (4.0 - felt) + rng.normal(0.0, 0.7, ids.size)
    happy = np.clip(np.rint(glad), 1, 5)
    said = np.where(happy >= 4, "yes", np.where(happy <= 2, "no", "unsure"))
    answered = rng.random(ids.size) < s.survey_response
    answered &= cohort.observed[:, -7:].any(axis=1)
    return as_table(SURVEY, {
        "person_id": ids[answered], "date": cohort.dates[answered, -1],
        "global_impression": np.clip(np.rint(felt), 1, 7)[answered],
        "satisfaction": happy[answered], "recommend": said[answered],
    })  # fmt: skip
