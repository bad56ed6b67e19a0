"""Who came, how full the diaries are, what people said: counts of people, no comparisons.

A count describes the people of this centre and has no interval; a share has one (Wilson) where it
stands for more people than were asked. ``n`` is people with an answer, ``n_missing`` people
without. Small groups are counted as they are; hiding them is for whoever shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import proportion_row, t_interval
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.windows import (
    rated_days,
    window_scores,
)
from msspas_analysis.results import Estimates
from msspas_analysis.tables import (
    ADVERSE_EVENTS,
    AFTER,
    AGE_BANDS,
    ATTENDANCE,
    BEFORE,
    MS_TYPES,
    SEXES,
    Window,
)

PDDS_BANDS: Final = ("0-2", "3-5", "6-8")
"""Bands of the Patient Determined Disease Steps that `who_came` counts."""

_NO_ANSWER: Final = ("not stated", "not known")


def _row(
    outcome: str, term: str, measure: str, estimate: float, *, n: int, n_missing: int = 0,
    group: str = "all", method: str = "count of people",
) -> dict[str, Any]:  # fmt: skip
    return {
        "outcome": outcome, "group": group, "term": term, "measure": measure,
        "estimate": float(estimate), "n": n, "n_missing": n_missing, "method": method,
    }  # fmt: skip


def _levels(
    answers: pd.Series[Any], order: Iterable[str], outcome: str, *, conf_level: float | None
) -> list[dict[str, Any]]:
    """Count and share of each level that occurs; with intervals where a level is given."""
    known = answers.dropna()
    n, missing = len(known), len(answers) - len(known)
    counts = known.astype(str).value_counts()
    rows = []
    for term in (level for level in order if level in counts.index):
        x = int(counts[term])
        rows.append(_row(outcome, term, "count", x, n=n, n_missing=missing))
        share = _row(outcome, term, "proportion", x / n, n=n, n_missing=missing, method="share")
        rows.append(share | (proportion_row(x, n, conf_level=conf_level) if conf_level else {}))
    return rows


def _one_row_each(frame: pd.DataFrame) -> None:
    if frame["person_id"].duplicated().any():
        raise RowsAreNotPeopleError(len(frame), frame["person_id"].nunique())


def who_came(people: pd.DataFrame) -> Estimates:
    """Count the people by age band, sex, type of MS, PDDS band and therapy.

    Parameters
    ----------
    people : pandas.DataFrame
        The tidy table ``people``; one row per person.

    Returns
    -------
    Estimates
        A row ``people``, then for each variable (the ``outcome``) a count and a share of every
        level that occurs, among those with an answer. "not stated", "not known" and empty cells
        are no answer and are in ``n_missing``. No intervals: these are the people who came. No row
        for an empty table.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.

    Examples
    --------
    >>> from msspas_analysis.tables import PEOPLE, validate
    >>> people = validate(pd.DataFrame({"person_id": ["A", "B", "C"], "pdds": [2, 6, None]}), PEOPLE)
    >>> who_came(people).table[["outcome", "term", "measure", "estimate"]].values.tolist()[:3]
    [['people', 'people', 'count', 3.0], ['pdds', '0-2', 'count', 1.0],
     ['pdds', '0-2', 'proportion', 0.5]]
    """
    _one_row_each(people)
    if people.empty:
        return Estimates.from_rows([])
    rows = [_row("people", "people", "count", len(people), n=len(people))]
    for name, order in (("age_band", AGE_BANDS), ("sex", SEXES), ("ms_type", MS_TYPES)):
        answers = people[name].where(~people[name].isin(_NO_ANSWER))
        rows += _levels(answers, order, name, conf_level=None)
    steps = people["pdds"].to_numpy(dtype=np.float64)
    bands = pd.Series(pd.cut(steps, [0, 3, 6, np.inf], right=False, labels=list(PDDS_BANDS)))
    rows += _levels(bands.astype("object"), PDDS_BANDS, "pdds", conf_level=None)
    therapies = people["therapy"].where(~people["therapy"].isin(_NO_ANSWER))
    rows += _levels(therapies, _by_size(therapies), "therapy", conf_level=None)
    return Estimates.from_rows(
        rows, notes=["Shares are of the people with an answer; the others are counted as missing."]
    )


def _by_size(answers: pd.Series[Any]) -> list[str]:
    """Levels, the commonest first, equal ones by name."""
    counts = answers.dropna().astype(str).value_counts()
    return sorted(counts.index, key=lambda level: (-int(counts[level]), level))


def attendance(sessions: pd.DataFrame) -> Estimates:
    """Count the sessions booked and the share attended, overall and for each therapy.

    Parameters
    ----------
    sessions : pandas.DataFrame
        The tidy table ``sessions``; one row per person, day and therapy.

    Returns
    -------
    Estimates
        For the group "all" and each therapy: sessions booked, sessions of each kind of attendance
        (counts of sessions) and the share attended, of the sessions whose attendance is known.
        ``n`` is the people behind it, ``n_missing`` those of whom no attendance is known. No row
        for an empty table.

    Examples
    --------
    >>> sessions = pd.DataFrame({"person_id": ["A", "A", "B"], "therapy": "APS",
    ...     "attendance": ["attended", "cancelled", "attended"]})
    >>> row = attendance(sessions).one(group="all", measure="proportion")
    >>> round(float(row.estimate), 3), int(row.n)
    (0.667, 2)
    """
    if sessions.empty:
        return Estimates.from_rows([])
    therapy = sessions["therapy"].astype("object").where(sessions["therapy"].notna(), "not stated")
    rows = []
    for group in ("all", *_by_size(therapy)):
        part = sessions if group == "all" else sessions.loc[therapy.eq(group)]
        known = part.loc[part["attendance"].notna() & part["attendance"].ne("unknown")]
        booked, n = part["person_id"].nunique(), known["person_id"].nunique()
        rows.append(_row(
            "sessions", "booked", "count", len(part), n=booked, group=group,
            method="count of sessions",
        ))  # fmt: skip
        counts = part["attendance"].value_counts()
        rows += [
            _row("sessions", kind, "count", int(counts[kind]), n=booked, group=group,
                 method="count of sessions")
            for kind in ATTENDANCE if kind in counts.index
        ]  # fmt: skip
        if len(known):
            share = float(known["attendance"].eq("attended").mean())
            rows.append(_row(
                "sessions", "attended", "proportion", share, n=n, n_missing=booked - n,
                group=group, method="share of sessions with known attendance",
            ))  # fmt: skip
    return Estimates.from_rows(
        rows,
        notes=[
            "Sessions of one person are alike, so the shares of sessions carry no interval; "
            "cancelled sessions and sessions while away count as not attended."
        ],
    )


def diary_completeness(
    diary: pd.DataFrame,
    people: pd.DataFrame,
    *,
    before: Window = BEFORE,
    after: Window = AFTER,
    outcome: str,
) -> Estimates:
    """Estimate how full the diaries are, and how many people can be compared before and after.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        The tidy tables.
    before, after : Window
        Spans of days around the first session (day 0), and how many must be rated.
    outcome : str
        A numeric column of the diary.

    Returns
    -------
    Estimates
        Shares of days with a rating, each person's share first and then the mean over people
        (terms "days rated before", "days rated after", "days rated first to last"); counts and
        shares of people with enough rated days ("enough days before", "enough days after",
        "paired"). For the windows ``n`` is people with a first session and ``n_missing`` those
        without; for "first to last" they are people with and without a diary. No row where there
        are no people.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`~msspas_analysis.estimate.windows.window_scores`.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A"], "first_session": [pd.Timestamp("2026-03-08")]})
    >>> diary = pd.DataFrame({"person_id": "A", "stiffness": [6.0, None] * 3 + [5.0] * 41,
    ...     "date": pd.date_range("2026-03-01", periods=47)})
    >>> answer = diary_completeness(diary, people, outcome="stiffness")
    >>> round(float(answer.one(term="days rated before").estimate), 3)
    0.571
    """
    scores = window_scores(diary, people, outcome, before=before, after=after)
    if scores.empty:
        return Estimates.from_rows([])
    able = scores.loc[scores["status"].ne("no first session")]
    n, without = len(able), len(scores) - len(able)
    rows = []
    if n:
        for window, end in ((before, "before"), (after, "after")):
            length = window.last_day - window.first_day + 1
            rows.append(_row(
                outcome, f"days rated {end}", "proportion",
                float((able[f"days_{end}"] / length).mean()), n=n, n_missing=without,
                method="mean over people of the share of days",
            ))  # fmt: skip
    kept = diary.loc[diary["person_id"].notna() & diary["date"].notna()]
    if len(kept):
        days = kept.groupby("person_id")["date"].agg(["min", "max"])
        span = (days["max"].dt.normalize() - days["min"].dt.normalize()).dt.days + 1
        rated = rated_days(diary, people, outcome)["person_id"].value_counts()
        share = rated.reindex(span.index, fill_value=0) / span
        rows.append(_row(
            outcome, "days rated first to last", "proportion", float(share.mean()),
            n=len(span), n_missing=len(scores) - len(span),
            method="mean over people of the share of days",
        ))  # fmt: skip
    if n:
        enough = {
            "enough days before": able["before"].notna(),
            "enough days after": able["after"].notna(),
            "paired": able["status"].eq("paired"),
        }
        for term, who in enough.items():
            x = int(who.sum())
            rows.append(_row(outcome, term, "count", x, n=n, n_missing=without))
            rows.append(_row(
                outcome, term, "proportion", x / n, n=n, n_missing=without, method="share"
            ))  # fmt: skip
    return Estimates.from_rows(
        rows,
        notes=[
            f"Windows in days from the first session: {before}; {after}. People without a diary "
            f"count as no day rated.",
            "These shares describe the diaries at hand, so they carry no interval.",
        ],
    )


def unwanted_effects(
    adverse_events: pd.DataFrame, diary: pd.DataFrame, *, conf_level: float = 0.95
) -> Estimates:
    """Estimate the share of people with each unwanted event at least once, and with a fall.

    Parameters
    ----------
    adverse_events, diary : pandas.DataFrame
        The tidy tables.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        Counts and shares of people (Wilson): outcome "adverse_events", terms "any" and each event
        that occurs, among everybody in either table; outcome "falls", term "at least one fall",
        from the diary's column, among those who filled it in at least once (the others are in
        ``n_missing``). The two are kept apart. No row for what no table tells.

    Examples
    --------
    >>> events = pd.DataFrame({"person_id": ["A", "A"], "event": ["fatigue", "fatigue"]})
    >>> diary = pd.DataFrame({"person_id": ["A", "B"], "falls": [0.0, 2.0]})
    >>> unwanted_effects(events, diary).table.query("measure == 'count'")[
    ...     ["outcome", "term", "estimate", "n"]].values.tolist()
    [['adverse_events', 'any', 1.0, 2], ['adverse_events', 'fatigue', 1.0, 2],
     ['falls', 'at least one fall', 1.0, 2]]
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []

    def add(outcome: str, term: str, x: int, n: int, missing: int) -> None:
        count = _row(outcome, term, "count", x, n=n, n_missing=missing)
        rows.extend([count, count | proportion_row(x, n, conf_level=conf_level)])

    writers = set(diary["person_id"].dropna())
    if len(adverse_events):
        n = len(writers | set(adverse_events["person_id"].dropna()))
        add("adverse_events", "any", adverse_events["person_id"].nunique(), n, 0)
        by_event = adverse_events.groupby("event")["person_id"].nunique()
        for event in (event for event in ADVERSE_EVENTS if event in by_event.index):
            add("adverse_events", event, int(by_event[event]), n, 0)
        notes.append(
            "Unwanted events are those somebody wrote down, among the people with a diary or an "
            "event; where nobody asked, none written down does not mean none."
        )
    elif writers:
        notes.append("No unwanted events are written down; that does not mean there were none.")
    if "falls" in diary.columns and diary["falls"].notna().any():
        worst = diary.groupby("person_id")["falls"].max().dropna()
        x, n = int((worst > 0).sum()), len(worst)
        add("falls", "at least one fall", x, n, len(writers) - n)
        notes.append(
            "Falls are from the diary, before and after the first session alike; people with "
            "longer diaries had more days on which to fall."
        )
    return Estimates.from_rows(rows, notes=notes)


def survey_answers(survey: pd.DataFrame, *, conf_level: float = 0.95) -> Estimates:
    """Estimate how people answered: global impression, satisfaction, whether they recommend it.

    Parameters
    ----------
    survey : pandas.DataFrame
        The tidy table ``survey``. Of a person asked more than once the last answer to each
        question counts.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        Counts and shares (Wilson) of the levels that occur: ``global_impression`` as "better"
        (1 to 3), "no change" (4), "worse" (5 to 7), in people's own judgement; ``satisfaction`` 1
        to 5; ``recommend``. People who left a question empty are in its ``n_missing``. No row for
        an empty table.

    Examples
    --------
    >>> survey = pd.DataFrame({"person_id": ["A", "B", "C"], "global_impression": [2.0, 4.0, None],
    ...     "date": pd.NaT, "satisfaction": [5.0, 3.0, 5.0], "recommend": ["yes", "yes", None]})
    >>> row = survey_answers(survey).one(term="better", measure="count")
    >>> int(row.estimate), int(row.n), int(row.n_missing)
    (1, 2, 1)
    """
    if survey.empty:
        return Estimates.from_rows([])
    ordered = survey.sort_values(["person_id", "date"], na_position="first", kind="stable")
    # the last answer that is not empty, question by question
    last = ordered.groupby("person_id").last()
    felt = last["global_impression"].astype("float64")
    impression = pd.Series(
        np.select([felt < 4, felt == 4, felt > 4], ["better", "no change", "worse"], ""),
        index=last.index,
    )
    rows = _levels(
        impression.where(felt.notna()), ("better", "no change", "worse"), "global_impression",
        conf_level=conf_level,
    )  # fmt: skip
    stars = last["satisfaction"].map(lambda x: f"{x:g}", na_action="ignore").astype("object")
    rows += _levels(stars, sorted(set(stars.dropna())), "satisfaction", conf_level=conf_level)
    rows += _levels(
        last["recommend"], ("yes", "unsure", "no"), "recommend", conf_level=conf_level
    )  # fmt: skip
    notes = [
        "Better, no change and worse are people's own judgement; those who did not answer may "
        "have answered otherwise."
    ]
    if len(last) < len(survey):
        notes.append("Of people asked more than once the last answer counts.")
    return Estimates.from_rows(rows, notes=notes)


def week_profile(
    diary: pd.DataFrame,
    people: pd.DataFrame,
    outcome: str,
    *,
    min_people: int = 5,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the mean rating in each week around the first session.

    Each person's days of a week are averaged first, then the people.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        The tidy tables.
    outcome : str
        A numeric column of the diary.
    min_people : int
        Weeks with fewer people are left out, at least 2: a mean of one is that person's diary.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        One row per week in order, measure "mean", term "week -1" (days -7 to -1), "week 0" (days 0
        to 6), ...; t interval; ``n`` people rated that week and ``n_missing`` people with a first
        session who did not. People without a first session are left out.

    Raises
    ------
    ValueError
        If `min_people` is below 2, or as
        :func:`~msspas_analysis.estimate.windows.rated_days`.

    Notes
    -----
    Different people stand behind different weeks, so the line may rise or fall because of who
    stopped, without anybody changing.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A", "B"], "first_session": pd.Timestamp("2026-03-08")})
    >>> diary = pd.DataFrame({"person_id": ["A", "A", "B"], "stiffness": [6.0, 4.0, 7.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-07"])})
    >>> row = week_profile(diary, people, "stiffness", min_people=2).one(term="week -1")
    >>> float(row.estimate), int(row.n)
    (6.0, 2)
    """
    if min_people < 2:
        raise ValueError(f"min_people must be 2 or more, got {min_people}: no one person is shown")
    rated = rated_days(diary, people, outcome).dropna(subset=["day"])
    everybody = int(people["first_session"].notna().sum())
    week = np.floor(rated["day"] / 7).astype("int64")
    means = rated.groupby([week, "person_id"])["value"].mean()
    rows, hidden = [], 0
    for number, values in means.groupby(level=0):
        n = len(values)
        if n < min_people:
            hidden += 1
            continue
        t = t_interval(values.to_numpy(), conf_level=conf_level)
        rows.append(
            _row(outcome, f"week {number}", "mean", float(t.estimate), n=n,
                 n_missing=everybody - n, method="mean over people of their mean of the week, t")
            | {"std_error": float(t.std_error), "conf_low": float(t.conf_low),
               "conf_high": float(t.conf_high), "conf_level": conf_level, "df": t.df}
        )  # fmt: skip
    notes = []
    if rows:
        notes.append(
            "Different people stand behind different weeks: a line can fall because of who stopped."
        )
    if hidden:
        notes.append(f"{hidden} week(s) with fewer than {min_people} people are not shown.")
    return Estimates.from_rows(rows, notes=notes)
