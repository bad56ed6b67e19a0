"""One run of any study design as tidy tables, with who was allocated to what and the whole truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.simulate.clusters import complaint_ratings, session_days, session_ratings
from msspas_analysis.simulate.course import starts
from msspas_analysis.simulate.designs import NOT_RANDOMISED, Design
from msspas_analysis.simulate.diary import (
    Cohort,
    as_table,
    codes,
    cohort_tables,
    cohort_truth,
    described,
    unwanted_effects,
    usual_spread,
)
from msspas_analysis.simulate.observe import FAILED, SCREENED_OUT, STOPPED
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.trials import Trials, simulate_trials
from msspas_analysis.simulate.visits import assessment_table, modified_ashworth
from msspas_analysis.simulate.world import World
from msspas_analysis.tables import ASSESSMENTS, PEOPLE, SESSIONS, Tables

Floats = NDArray[np.float64]
Codes = NDArray[np.object_]

_HOPE: Final = -0.2  # of tone, by which an assessor who is not blind is moved [assumption]

LEGS: Final = ("knee_l", "knee_r")
"""The muscles graded at visits: both legs of a person, which are not two people."""

ENDED: Final = {STOPPED: "lost", FAILED: "treatment failure", SCREENED_OUT: "did not respond first"}
"""Why somebody's part in a study ended early, by the code of the day."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedStudy:
    """One run of a study: what its team would hold, and the truth behind it.

    Parameters
    ----------
    tables : Tables
        The observed tidy tables. Ratings at visits stand in ``assessments``; with a diary, all that
        a diary has is there too. Of a case report there is the one person it is about.
    allocation : pandas.DataFrame
        One row per person: ``person_id``, ``arm`` (empty without randomisation), ``sequence`` of
        treatments, ``ended`` (completed, lost, treatment failure, did not respond first) and
        ``published`` (whether the report is about this person).
    truth : pandas.DataFrame
        With a diary, one row per person and day as in
        :class:`~msspas_analysis.simulate.diary.SimulatedDiary`. Without, one row per person and
        visit: ``latent`` and ``effect`` on the latent scale in points; ``stiffness``,
        ``stiffness_untreated`` and ``spasms`` complete, on the scale of the form; ``observed``,
        ``why_missing``.
    effects : pandas.DataFrame
        One row per person: ``guessed`` (found out what it was), and each person's true effect of
        treatment at the last visit, ``effect_latent`` in points of the latent scale and
        ``effect_rating`` in points of the rating, which is less near the floor.
    design : Design
        The study.
    scenario : DiaryScenario
        The world with the study's people and days in it.
    seed : int
        Same design, world and seed: same study.
    """

    tables: Tables
    allocation: pd.DataFrame
    truth: pd.DataFrame
    effects: pd.DataFrame
    design: Design
    scenario: DiaryScenario
    seed: int

    def periods(self) -> pd.DataFrame:
        """Return what each person was given when: a row per person and period of the sequence.

        Returns
        -------
        pandas.DataFrame
            ``person_id``, ``sequence``, ``period`` (from 1), ``treatment``, ``first_day`` and
            ``last_day``, counted from the first session.
        """
        starts, lengths = self.design.starts, self.design.periods
        return pd.DataFrame(
            [
                {"person_id": person, "sequence": sequence, "period": k + 1, "treatment": treatment,
                 "first_day": starts[k], "last_day": starts[k] + lengths[k] - 1}
                for person, sequence in zip(
                    self.allocation["person_id"], self.allocation["sequence"], strict=True)
                for k, treatment in enumerate(sequence.split(" > "))
            ]
        )  # fmt: skip


def simulate_study(design: Design, world: World | None = None, *, seed: int) -> SimulatedStudy:
    """Run a study once and return everything about it as tables.

    Parameters
    ----------
    design : Design
        The study; :data:`~msspas_analysis.simulate.templates.DESIGNS` has templates.
    world : World or None
        What people are like and how they keep diaries; None is the default world.
    seed : int
        Seed, 0 or more. The ratings are those of run 0 of
        :func:`~msspas_analysis.simulate.trials.simulate_trials`.

    Returns
    -------
    SimulatedStudy
        Observed tables, allocation, and the truth.

    Raises
    ------
    ValueError
        If nobody in this world meets the entry rule, the ratings are not bounded, or `seed` is
        negative.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> study = simulate_study(DESIGNS["T2"], seed=5)
    >>> study.allocation["arm"].value_counts().to_dict()
    {'reflexology': 37, 'sham': 36}
    >>> float(study.effects["effect_latent"].abs().max())  # it does nothing in this template
    0.0
    """
    everybody = design if design.publish == "everybody" else _unselected(design)
    runs = simulate_trials(everybody, world, seed=seed, replicates=1, spasms=True, truth=True)
    scenario = runs.scenario
    if not scenario.bounded:
        raise ValueError("bounded must be True where tables are made, got False; a form ends at "
                         "0 and 10, so use simulate_trials")  # fmt: skip
    ids = codes(scenario, rng=stream(seed, "codes"))
    arms = _arm_names(design, runs.arm[0])
    therapy = np.array([
        " then ".join(dict.fromkeys(_sequence(design, arm))) for arm in runs.arm[0]
    ], dtype=object)  # fmt: skip
    if runs.days is not None:
        tables, truth = _with_diary(design, runs, ids, therapy, seed)
    else:
        tables, truth = _at_visits(design, runs, ids, therapy, seed)
    published = _published(design, runs)
    allocation = pd.DataFrame(
        {
            "person_id": ids,
            "arm": arms,
            "sequence": [" > ".join(_sequence(design, arm)) for arm in runs.arm[0]],
            "ended": _ended(runs),
            "published": published,
        }
    ).astype({"person_id": "object", "arm": "object", "sequence": "object", "ended": "object"})
    effects = pd.DataFrame({
        "person_id": ids, "guessed": runs.guessed[0], "effect_latent": runs.effect[0, :, -1],
        "effect_rating": (runs.complete["stiffness"] - runs.untreated)[0, :, -1],
    }).astype({"person_id": "object"})  # fmt: skip
    return SimulatedStudy(
        tables=_only(tables, ids[published]) if design.publish != "everybody" else tables,
        allocation=allocation, truth=truth, effects=effects, design=design, scenario=scenario,
        seed=seed,
    )  # fmt: skip


def _unselected(design: Design) -> Design:
    from dataclasses import replace

    return replace(design, publish="everybody")


def _sequence(design: Design, arm: int) -> tuple[str, ...]:
    """Return what somebody was given; who did not pass the run-in had the first period alone."""
    if arm == NOT_RANDOMISED:
        return design.arms[0].sequence[:1]
    return design.arms[arm].sequence


def _arm_names(design: Design, arm: NDArray[np.int64]) -> Codes:
    names = np.array([one.name for one in design.arms] + [None], dtype=object)
    mine: Codes = names[arm]
    return mine


def _ended(runs: Trials) -> Codes:
    """Say how each person's part in the study ended."""
    if runs.days is None:
        return np.where(runs.lost[0, :, -1], "lost", "completed").astype(object)
    last = runs.days.became[0].max(axis=1, where=runs.days.became[0] != 3, initial=0)
    known: Codes = np.array(["completed", "completed", "lost", "completed", "treatment failure",
                             "did not respond first"], dtype=object)  # fmt: skip
    ended: Codes = known[last]
    return ended


def _published(design: Design, runs: Trials) -> NDArray[np.bool_]:
    """Say whom the report is about: everybody, or the one whose rating fell most."""
    seen = runs.scores["stiffness"][0]
    if design.publish == "everybody":
        return np.ones(seen.shape[0], dtype=bool)
    fall = np.nan_to_num(seen[:, 0] - seen[:, -1], nan=-np.inf)
    return np.asarray(np.arange(fall.size) == fall.argmax())


def _only(tables: Tables, ids: Codes) -> Tables:
    """Return the tables of these people alone."""
    names = ("people", "diary", "triggers", "sessions", "assessments", "adverse_events", "survey",
             "spasm_types", "events")  # fmt: skip
    return Tables(**{
        name: tables[name][tables[name]["person_id"].isin(ids)].reset_index(drop=True)
        for name in names
    })  # fmt: skip


def _unwanted(design: Design, runs: Trials) -> Floats:
    """Return each person's mean unwanted effects: those of the world and those of treatments."""
    extra = [
        sum(design.treatment(name).unwanted for name in _sequence(design, arm))
        for arm in runs.arm[0]
    ]
    return runs.scenario.unwanted_per_person + np.array(extra)


def _dates(scenario: DiaryScenario, seed: int, days: NDArray[np.int64]) -> NDArray[Any]:
    """Return the calendar days of study days, (people, days)."""
    began = np.datetime64(scenario.start, "D") + starts(
        scenario, scenario.n_people, seed=seed, block=0
    )
    return np.asarray(began[:, None] + scenario.baseline_days + days)


def _with_diary(
    design: Design, runs: Trials, ids: Codes, therapy: Codes, seed: int
) -> tuple[Tables, pd.DataFrame]:
    """Return the tables and the truth of a study whose people keep a diary."""
    s, drawn = runs.scenario, runs.days
    if drawn is None:
        raise ValueError("the diaries were not kept; draw the runs with truth=True")
    cohort = Cohort(scenario=s, drawn=drawn, seed=seed, ids=ids, therapy=therapy)
    sessions = _sessions(design, runs, ids, seed)
    tables = cohort_tables(cohort, sessions=sessions, unwanted=_unwanted(design, runs))
    if not design.sessions:
        return tables, cohort_truth(cohort)
    rating = session_ratings(runs, seed=seed)[0]
    days = session_days(runs)
    dates = _dates(s, seed, days)
    there = cohort.observed[:, days + s.baseline_days]
    parts = [tables.assessments]
    parts += [
        as_table(ASSESSMENTS, {
            "person_id": np.repeat(ids, there.sum(axis=1)), "date": dates[there],
            "timepoint": when, "instrument": "nrs_stiffness", "score": f"right {when} a session",
            "site": None, "code": None, "value": rating[..., k][there], "status": "observed",
        })
        for k, when in enumerate(("before", "after"))
    ]  # fmt: skip
    fields = {name: getattr(tables, name) for name in ("people", "diary", "triggers", "sessions",
              "adverse_events", "survey", "spasm_types", "events")}  # fmt: skip
    return Tables(assessments=pd.concat(parts, ignore_index=True), **fields), cohort_truth(cohort)


def _sessions(design: Design, runs: Trials, ids: Codes, seed: int) -> dict[str, Any]:
    """Book a session a week in every period in which something is given and somebody is there."""
    s = runs.scenario
    names, days, people = [], [], []
    for slot, arm in enumerate(runs.arm[0]):
        periods = zip(_sequence(design, arm), design.starts, design.periods, strict=False)
        for name, start, length in periods:
            one = design.treatment(name)
            if design.sessions or one.expectation > 0 or one.effect != 0:
                weekly = range(start, start + length, 7)
                names += [name] * len(weekly)
                days += list(weekly)
                people += [slot] * len(weekly)
    who = np.array(people, dtype=np.int64)
    when = _dates(s, seed, np.arange(design.days_in_all))[who, np.array(days, dtype=np.int64)]
    came = stream(seed, "sessions").choice(
        np.array(("attended", "did not attend", "cancelled", "away"), dtype=object), who.size,
        p=s.attendance,
    )  # fmt: skip
    if runs.days is not None:
        gone = runs.days.became[0][who, np.array(days, dtype=np.int64) + s.baseline_days]
        still = ~np.isin(gone, list(ENDED))
        who, when, came = who[still], when[still], came[still]
        names = [name for name, kept in zip(names, still, strict=True) if kept]
    return {"person_id": ids[who], "date": when, "therapy": np.array(names, dtype=object),
            "attendance": came}  # fmt: skip


def _at_visits(
    design: Design, runs: Trials, ids: Codes, therapy: Codes, seed: int
) -> tuple[Tables, pd.DataFrame]:
    """Return the tables and the truth of a study that rates people at the visits alone."""
    s, shape = runs.scenario, runs.latent.shape[1:]
    dates = _dates(s, seed, np.array(design.visits))
    when = np.array(["before", *["after"] * (shape[1] - 1)], dtype=object)
    n = shape[1]
    lost = runs.lost[0]
    truth = pd.DataFrame({
        "person_id": np.repeat(ids, n), "visit": np.tile(design.visits, shape[0]),
        "date": dates.astype("datetime64[ns]").ravel(), "latent": runs.latent[0].ravel(),
        "effect": runs.effect[0].ravel(),
        **{name: values[0].ravel() + 0.0 for name, values in runs.complete.items()},
        "stiffness_untreated": runs.untreated[0].ravel() + 0.0, "observed": ~lost.ravel(),
        "why_missing": np.where(lost.ravel(), "lost", "").astype(object),
    }).astype({"person_id": "object"})  # fmt: skip
    parts = [
        _rows(ids, dates, when, f"nrs_{name}", "rating", None, runs.scores[name][0])
        for name in runs.scores
    ]
    # an assessor who is not blind sees a little less tone wherever something is given
    hopes = 0.0 if "assessors" in design.blind else _HOPE * (np.arange(n) > 0)
    ranks = modified_ashworth(
        runs.latent[0], mean=s.level_mean, sd=usual_spread(s), sites=LEGS,
        rng=stream(seed, "Ashworth"), expectation=np.broadcast_to(hopes, shape),
    )  # fmt: skip
    grades = assessment_table(ids, dates, list(when), mas=ranks, sites=LEGS)
    gone = np.repeat(lost.ravel(), len(LEGS))
    grades.loc[gone, ["code", "value"]] = [None, np.nan]
    grades.loc[gone, "status"] = "not done"
    parts.append(grades)
    if design.complaints > 1:
        rating = complaint_ratings(runs, seed=seed)[0]
        for k in range(rating.shape[1]):
            mine = ~np.isnan(rating[:, k, 0])
            site = f"complaint {k + 1}"
            parts.append(
                _rows(
                    ids[mine], dates[mine], when, "nrs_complaint", "rating", site, rating[mine, k]
                )
            )
    people = as_table(PEOPLE, {
        "person_id": ids, **described(s.n_people, rng=stream(seed, "people described")),
        "therapy": therapy, "diary_start": None,
        "first_session": _dates(s, seed, np.array([0]))[:, 0], "consent": "yes",
    })  # fmt: skip
    days = _dates(s, seed, s.days)
    return Tables(
        people=people,
        assessments=_in_order(pd.concat(parts, ignore_index=True), ids),
        sessions=as_table(SESSIONS, _sessions(design, runs, ids, seed)),
        adverse_events=unwanted_effects(
            s, ids, days, _unwanted(design, runs), rng=stream(seed, "unwanted effects")
        ),
    ), truth  # fmt: skip


def _rows(
    ids: Codes, dates: NDArray[Any], when: Codes, instrument: str, score: str, site: str | None,
    values: Floats,
) -> pd.DataFrame:  # fmt: skip
    """Return one rating of everybody at every visit in the columns of the assessments."""
    flat = values.ravel() + 0.0  # a rounded -0.3 is no "-0"
    return as_table(ASSESSMENTS, {
        "person_id": np.repeat(ids, when.size), "date": dates.ravel(),
        "timepoint": np.tile(when, ids.size), "instrument": instrument, "score": score,
        "site": site, "code": None, "value": flat,
        "status": np.where(np.isnan(flat), "not done", "observed"),
    })  # fmt: skip


def _in_order(table: pd.DataFrame, ids: Codes) -> pd.DataFrame:
    """Put the rows person by person in the order of `ids`, otherwise as they are."""
    place = table["person_id"].map({code: i for i, code in enumerate(ids)})
    return table.iloc[np.argsort(place.to_numpy(), kind="stable")].reset_index(drop=True)
