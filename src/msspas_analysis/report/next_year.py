"""What to collect next year: each thing this file lacked, and why it would help."""

from __future__ import annotations

from typing import Final

import pandas as pd

from msspas_analysis.report.blocks import Bullets, Paragraph, Section, Text, text
from msspas_analysis.report.cohort import MAIN, Cohort
from msspas_analysis.report.disclosure import MIN_PEOPLE

TWO_WEEKS: Final = 14
_GRACE: Final = 2
"""Days by which a diary may begin late and still count as two weeks."""
_MANY: Final = 0.1
"""Share of people from which on something is worth asking for."""


def next_year(c: Cohort, *, entry_stated: bool) -> tuple[Section, Text]:
    """List what was missing; return the section and its first things in a sentence.

    Parameters
    ----------
    c : Cohort
        The people.
    entry_stated : bool
        Whether the centre has said why people came in.
    """
    wanted = _wanted(c, entry_stated=entry_stated)
    items = tuple(text(f"{what}: {why}.") for what, why in wanted)
    lead = Paragraph(text("Each line says what would make next year's report say more, and why."))
    section = Section(
        key="next", heading="What to collect next year", blocks=(lead, Bullets(items))
    )
    first = [what[:1].lower() + what[1:] for what, _ in wanted[:3]]
    return section, text(f"{'; '.join(first)}.")


def _wanted(c: Cohort, *, entry_stated: bool) -> list[tuple[str, str]]:
    """Return what to collect and why, what matters most first."""
    tables, people = c.intake.tables, len(c.people)
    wanted: list[tuple[str, str]] = []

    def ask(lacking: bool, what: str, why: str) -> None:
        if lacking:
            wanted.append((what, why))

    ask(
        not c.intake.consent_recorded,
        "Whether each person agrees to the evaluation, in a column of its own",
        "without it nobody can be left out who did not agree, and the report should not be passed "
        "on",
    )
    ask(
        c.intake.tally.left_out.get("blank", 0) > 0,
        "An answer from everybody about the evaluation",
        "where the column is empty the diary cannot be used, whatever the person would have said",
    )
    ask(
        not entry_stated,
        "Why people were taken on, such as a first rating of 4 or more",
        "people who come because of a bad day are mostly better soon after, and how much depends "
        "on this rule",
    )
    ask(
        _began_late(c) > _MANY,
        "Diaries that begin at least two weeks before the first session",
        "the days just after somebody is taken on are often worse than usual and need time to "
        "settle before they are compared",
    )
    unpaired = c.by_status()
    short = people - len(c.paired) - unpaired["no first session"]
    ask(
        people > 0 and short > _MANY * people,
        f"A rating on most days, at least {c.before.min_days} in the week before and "
        f"{c.after.min_days} in the weeks compared after",
        "people with fewer days cannot be compared, and those who stop may differ from those who "
        "go on",
    )
    ask(
        unpaired["no first session"] > _MANY * max(people, 1),
        "The date of everybody's first session",
        "without it there is no before and no after",
    )
    ask(
        0 < len(c.paired) < 2 * MIN_PEOPLE,
        "More people, or two years together",
        "with few people the intervals are wide and groups are too small to show",
    )
    ask(
        tables.adverse_events.empty,
        "Unwanted effects, asked about at every session, with “none” written down as well",
        "less stiffness can come with weakness or falls, and what nobody asked is not told",
    )
    survey = tables.survey
    ask(
        survey.empty,
        "A short questionnaire at the end: better, the same or worse, and whether they would "
        "recommend the service",
        "a rating does not say whether people thought it worth their while",
    )
    ask(
        not survey.empty and not survey["global_impression"].notna().any(),
        "What the numbers of the questionnaire mean, in its heading (1 = very much better, "
        "7 = very much worse)",
        "answers that can be read both ways cannot be used",
    )
    sessions = tables.sessions
    unknown = sessions.loc[sessions["attendance"].eq("unknown")]
    ask(
        sessions.empty or len(unknown) > _MANY * len(sessions),
        "Every session booked, and whether the person came",
        "a session booked is not a session had: without attendance nobody knows what people received",
    )
    wanted.append(
        (
            "A few weeks of diary from people who are waiting to start",
            "only a comparison with people who had not begun can say what a service brings about",
        )
    )
    return wanted


def _began_late(c: Cohort) -> float:
    """Return the share of people with a first session whose diary began too close to it."""
    able = c.people.loc[c.people["first_session"].notna()]
    rated = c.intake.tables.diary
    rated = rated.loc[rated[MAIN].notna() & rated["person_id"].isin(able["person_id"])]
    first = rated.groupby("person_id")["date"].min()
    start = able.set_index("person_id")["first_session"].reindex(first.index)
    wanted = pd.Timedelta(days=TWO_WEEKS - _GRACE)
    late = first.loc[(start.dt.normalize() - first.dt.normalize()) < wanted]
    return len(late) / max(len(first), 1)
