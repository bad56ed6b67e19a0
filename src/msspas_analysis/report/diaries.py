"""How complete the diaries were."""

from __future__ import annotations

from msspas_analysis.estimate.diary.description import (
    diary_completeness,
    week_profile,
)
from msspas_analysis.plots import (
    completeness_by_week,
)
from msspas_analysis.report.blocks import (
    Block,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    Text,
    join,
    plain,
    text,
)
from msspas_analysis.report.cohort import MAIN, Cohort
from msspas_analysis.report.release import Release, to_draw
from msspas_analysis.report.wording import (
    fewer_than,
    minus,
    percent,
)
from msspas_analysis.tables import Window


def diaries(c: Cohort, release: Release) -> tuple[Section, Text]:
    """Show how full the diaries are."""
    key, m, heading = "diaries", release.min_people, "How complete the diaries were"
    diary = c.intake.tables.diary
    answer = diary_completeness(diary, c.people, before=c.before, after=c.after, outcome=MAIN).table
    lines = {}
    for term, words in (
        ("days rated before", "days rated in the window before"),
        ("days rated after", "days rated in the window after"),
        ("days rated first to last", "days rated between a person's first and last entry"),
    ):
        for _, row in answer.loc[answer["term"].eq(term)].iterrows():
            if int(row["n"]) >= m:
                told = release.tell(int(row["n"]))
                lines[words] = release.add(key, row, n_told=told)
    if not lines:
        said = text(f"Diaries of {fewer_than(m)} people are at hand, so no number is shown.")
        return Section(key=key, heading=heading, blocks=(Paragraph(said),)), said
    rows = [
        Row(text(words), (text(line.cell("estimate", percent)), text(line.people())))
        for words, line in lines.items()
    ]
    blocks: list[Block] = [
        Table(
            caption="Share of days with a stiffness rating",
            columns=("", "share of days", release.people_heading),
            groups=(("", tuple(rows)),),
            note=text(
                "Each person's own share is taken first, then the mean over people. Missing days "
                "are left out, never filled in. People who write only on bad days look worse than "
                "they are."
            ),
        )
    ]
    blocks += _weekly_completeness(c, release)
    shares = [
        text(line.cell("estimate", percent), " ", words.removeprefix("days rated "))
        for words, line in lines.items()
    ]
    said = text("Days rated: ", join(shares), ".")
    return Section(key=key, heading=heading, blocks=tuple(blocks)), said


def _weekly_completeness(c: Cohort, release: Release) -> list[Block]:
    diary = c.intake.tables.diary
    weeks = [
        int(str(term).removeprefix("week "))
        for term in week_profile(diary, c.people, MAIN, min_people=release.min_people).table["term"]
    ]
    lines = []
    for first, second in zip(weeks[::2], [*weeks[1::2], None], strict=False):
        # two weeks to a call: the windows of one call may not overlap
        later = (weeks[-1] + 1) if second is None else second
        pair = [
            Window(name=f"week {w}", first_day=7 * w, last_day=7 * w + 6, min_days=1)
            for w in (first, later)
        ]
        answer = diary_completeness(diary, c.people, before=pair[0], after=pair[1], outcome=MAIN)
        for window, term in zip(pair, ("days rated before", "days rated after"), strict=True):
            if term == "days rated after" and second is None:
                continue
            row = answer.one(term=term).copy()
            row["term"] = window.name
            lines.append(
                release.add("diaries by week", row, n_told=int(row["n"]) in release.totals)
            )
    shown = [line for line in lines if line.cover == "shown"]
    if not shown:
        return []
    figure, drawn = completeness_by_week(to_draw(shown), min_people=release.min_people)
    first_line, last_line = shown[0], shown[-1]
    return [
        Picture(
            figure=figure, drawn=drawn,
            alt="Bars of the share of diary days with a rating, by week around the first session: "
            + plain(text(
                first_line.cell("estimate", percent), " in ",
                minus(str(first_line.values["term"])), ", ", last_line.cell("estimate", percent),
                " in ", minus(str(last_line.values["term"])), ".")),
            caption=text(
                "Share of days with a rating, by week around the first session, over everybody "
                "with a first session. Weeks in which "
                f"{fewer_than(release.min_people)} people wrote are left out."
            ),
        )
    ]  # fmt: skip
