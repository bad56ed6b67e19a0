"""Who came, how often, what they said, and who could not be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

from msspas_analysis.estimate.description import (
    attendance,
    survey_answers,
    who_came,
)
from msspas_analysis.report.blocks import (
    Block,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.disclosure import hide
from msspas_analysis.report.release import Cell, Line, Release, people_counted
from msspas_analysis.report.wording import (
    NOT_TOLD_APART,
    count,
    fewer_than,
    percent,
)

_STATUS: Final = {
    "no first session": "no first session is recorded",
    "no before": "too few rated days before the first session",
    "no after": "too few rated days in the weeks afterwards",
    "neither": "too few rated days before and afterwards",
}


_DESCRIBED: Final = {
    "sex": "Sex",
    "age_band": "Age band",
    "ms_type": "Type of MS",
    "pdds": "Disability (PDDS, 0 normal to 8 bedridden)",
    "therapy": "Therapy or combination",
}


_CONSENT: Final = {
    "no": "said no",
    "withdrawn": "withdrew",
    "blank": "left empty",
    "unclear": "cannot be read as yes or no",
}


def who(c: Cohort, release: Release, *, therapies: bool) -> tuple[Section, Text]:
    """Describe the people, or only those in the comparison where the others are few."""
    m, key = release.min_people, "who came"
    everybody, paired = len(c.people), len(c.paired)
    blocks: list[Block] = []
    few_left = 0 < everybody - paired < m and paired >= m
    if few_left:
        # "40 came, 37 compared" would tell that 3 could not be
        people = c.people.loc[c.people["person_id"].isin(c.paired)]
        answer = who_came(people)
        total = release.add(key, answer.one(outcome="people"))
        came = text(
            total.cell("estimate", count), " people kept a diary that can be compared before and "
            f"after; {fewer_than(m)} others came.",
        )  # fmt: skip
    else:
        answer = who_came(c.people)
        if everybody:
            row = answer.one(outcome="people")
            total = release.add(key, row, cover=hide([everybody], min_people=m)[0])
            release.everybody = everybody if total.cover == "shown" else None
            how_many = total.cell("estimate", count)
            if total.cover != "shown":
                how_many = Cell(fewer_than(m).capitalize())
            came = text(how_many, " people are in the list of clients or kept a diary.")
        else:
            came = text("There is nobody in the list of clients and no diary.")
    blocks.append(Paragraph(came))
    if few_left:
        blocks.append(
            Paragraph(
                text("The others are not counted more exactly, so that nobody can be picked out, "
                     "and the table describes the people who can be compared.")
            )
        )  # fmt: skip
    groups = []
    told = answer.table.loc[answer.table["measure"].eq("count")]
    size = paired if few_left else everybody
    if size >= m:
        release.tell(size)
        for outcome, heading in _DESCRIBED.items():
            if outcome != "therapy" or therapies:
                rows = told.loc[told["outcome"].eq(outcome)]
                shares = answer.table.loc[
                    answer.table["outcome"].eq(outcome) & answer.table["measure"].eq("proportion")
                ]
                if outcome == "therapy":
                    rows, shares = rows.sort_values("term"), shares.sort_values("term")
                groups.append((heading, levels(release, key, rows, shares, size)))
        if groups:
            blocks.append(
                Table(
                    caption="Who came",
                    columns=("", "people", "share of those who answered"),
                    groups=tuple((head, rows) for head, rows in groups if rows),
                )
            )
    return Section(key="who", heading="Who came", blocks=tuple(blocks)), came


def levels(
    release: Release, key: str, counts: pd.DataFrame, shares: pd.DataFrame, total: int
) -> tuple[Row, ...]:
    """Lay out the levels of one question; those without an answer are a level as well."""
    if counts.empty:
        return ()
    # the same n in every row of one question
    answered = int(counts["n"].iloc[0])
    covers = hide(
        [*(people_counted(row) for _, row in counts.iterrows()), total - answered],
        min_people=release.min_people,
    )  # fmt: skip
    n_told = covers[-1] == "shown"
    rows: list[Row] = []
    silent: Row | None = None
    covered: dict[str, list[str]] = {"few": [], "hidden": []}
    for (_, row), cover in zip(counts.iterrows(), covers, strict=False):
        line = release.add(key, row, cover=cover, n_told=n_told, everybody=total)
        if cover != "shown":
            covered[cover].append(str(row["term"]))
            continue
        share = text("–")
        if n_told:
            of = shares.loc[shares["term"].eq(row["term"])].iloc[0]
            share = text(release.add(key, of, everybody=total).cell("estimate", percent))
        if line.values["n_missing"]:
            silent = Row(text("no answer"), (text(line.cell("n_missing", count)), text("–")))
        rows.append(Row(text(str(row["term"])), (text(line.cell("estimate", count)), share)))
    rows += unseen(covered, release.min_people, width=2)
    return (*rows, silent) if silent else tuple(rows)


def unseen(labels: Mapping[str, list[str]], min_people: int, *, width: int) -> list[Row]:
    """Say which levels are covered, without saying how many are in them."""
    rows = []
    for cover, names in labels.items():
        if names:
            few = fewer_than(min_people) + (" each" if len(names) > 1 else "")
            said = few if cover == "few" else "not shown"
            blank = (text("–"),) * (width - 1)
            rows.append(Row(text(", ".join(names)), (text(said), *blank)))
    return rows


def consent(c: Cohort, release: Release) -> Section:
    """Say who was left out for want of consent."""
    m, tally = release.min_people, c.intake.tally
    blocks: list[Block] = []
    if not c.intake.consent_recorded:
        blocks.append(
            Paragraph(
                text(
                    "The file does not record who agreed to this evaluation, so nobody could be "
                    "left out for that reason. Record consent before the report is passed on."
                )
            )
        )
    left = {name: n for name, n in sorted(tally.left_out.items()) if n}
    if left:
        # the sum of those left out is not told, so the small ones cannot be got from it
        rows = []
        for name, n in left.items():
            cover = hide([n], min_people=m, total_known=False)[0]
            line = release.add_people("consent", "left out", name, n, n=n, cover=cover)
            rows.append(Row(text(_CONSENT.get(name, name)), (text(line.cell("estimate", count)),)))
        blocks.append(
            Table(
                caption="People left out because of what the consent column says",
                columns=("consent", "people"),
                groups=(("", tuple(rows)),),
                note=text("None of their data is used anywhere in this report."),
            )
        )
    elif c.intake.consent_recorded:
        blocks.append(Paragraph(text("Nobody was left out for want of consent.")))
    return Section(key="consent", heading="People left out for consent", blocks=tuple(blocks))


def sessions(c: Cohort, release: Release) -> Section:
    """Count the sessions, by what became of them."""
    key, m = "sessions", release.min_people
    answer = attendance(c.intake.tables.sessions).table
    answer = answer.loc[answer["group"].eq("all")]
    if answer.empty:
        said: Block = Paragraph(text("No sessions are recorded in the file."))
        return Section(key=key, heading="Sessions and attendance", blocks=(said,))
    booked = answer.loc[answer["term"].eq("booked")].iloc[0]
    people = int(booked["n"])
    if people < m:
        said = Paragraph(
            text(f"Sessions are recorded for {fewer_than(m)} people, so no number is shown.")
        )
        return Section(key=key, heading="Sessions and attendance", blocks=(said,))
    told = release.tell(people)
    total = release.add(key, booked, n_told=told)
    kinds = answer.loc[answer["measure"].eq("count") & answer["term"].ne("booked")]
    lines = release.family(key, kinds, n_told=told)
    rows = [
        Row(text(str(line.values["term"])), (text(line.cell("estimate", count)),))
        for line in lines if line.cover == "shown"
    ]  # fmt: skip
    rows += unseen(_covered(lines), m, width=1)
    covered = {str(line.values["term"]) for line in lines if line.cover != "shown"}
    blocks: list[Block] = [
        Table(
            caption="Sessions by attendance",
            columns=("", "sessions"),
            groups=(("", (*rows, Row(text("all sessions"), (text(total.cell("estimate", count)),)))),),
        )
    ]  # fmt: skip
    share = answer.loc[answer["measure"].eq("proportion")]
    if len(share) and not covered & {"attended", "unknown"}:
        row = share.iloc[0]
        line = release.add(key, row, n_told=release.tell(int(row["n"])))
        blocks.insert(
            0,
            Paragraph(
                text(
                    "Of the sessions whose attendance is known, ",
                    line.cell("estimate", percent),
                    " were attended. Cancelled sessions and sessions while away count as not "
                    "attended.",
                )
            ),
        )
    return Section(key=key, heading="Sessions and attendance", blocks=tuple(blocks))


def _covered(lines: Iterable[Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"few": [], "hidden": []}
    for line in lines:
        if line.cover != "shown":
            found[line.cover].append(str(line.values["term"]))
    return found


def not_paired(c: Cohort, release: Release) -> Section:
    """Count and describe the people who cannot be compared."""
    key, m, heading = "not compared", release.min_people, "People who could not be compared"
    by_status, n = c.by_status(), len(c.paired)
    left = len(c.scores) - n
    if left == 0:
        said = "Everybody could be compared before and after." if n else "There is nobody to count."
        return Section(key=key, heading=heading, blocks=(Paragraph(text(said)),))
    if left < m and n >= m:
        said = (
            f"{fewer_than(m).capitalize()} people could not be compared. They are not counted more "
            "exactly, so that nobody can be picked out."
        )
        return Section(key=key, heading=heading, blocks=(Paragraph(text(said)),))
    if len(c.scores) < m:
        said = f"There are {fewer_than(m)} people in all, so they are not counted more exactly."
        return Section(key=key, heading=heading, blocks=(Paragraph(text(said)),))
    counts = list(by_status.values())
    # those compared are one more group while their number is not told
    covers = hide(counts, min_people=m) if n >= m else hide([n, *counts], min_people=m)[1:]
    rows: list[Row] = []
    covered: dict[str, list[str]] = {"few": [], "hidden": []}
    for (status, x), cover in zip(by_status.items(), covers, strict=True):
        if x == 0 and cover == "shown":
            continue
        line = release.add_people(key, "not compared", status, x, n=len(c.scores), cover=cover)
        if cover == "shown":
            rows.append(Row(text(_STATUS[status]), (text(line.cell("estimate", count)),)))
        else:
            covered[cover].append(_STATUS[status])
    rows += unseen(covered, m, width=1)
    blocks: list[Block] = []
    told = [line for line in release.lines if line.section == "change" and line.values["n_missing"]]
    if told:
        total = told[0].cell("n_missing", count)
        blocks.append(Paragraph(text(total, " people could not be compared before and after.")))
    blocks += [
        Table(
            caption="Why people could not be compared",
            columns=("reason", "people"),
            groups=(("", tuple(rows)),),
            note=text(
                f"Enough is at least {c.before.min_days} rated days before and "
                f"{c.after.min_days} after. People who stop keeping a diary may be those for whom "
                "things went otherwise, so they may not be like the people compared."
            ),
        )
    ]
    return Section(key=key, heading=heading, blocks=tuple(blocks))


def survey(c: Cohort, release: Release) -> Section | None:
    """Lay out what people answered when asked, if they were."""
    table = c.intake.tables.survey
    if table.empty:
        return None
    key, m, heading = "asked", release.min_people, "What people said when asked"
    answer = survey_answers(table, conf_level=c.conf_level).table
    asked = int(table["person_id"].nunique())
    if asked < m:
        said = f"{fewer_than(m).capitalize()} people answered, so no answer is shown."
        return Section(key=key, heading=heading, blocks=(Paragraph(text(said)),))
    groups = []
    for outcome, label in (
        ("global_impression", "How they are now, compared with before"),
        ("satisfaction", "Satisfaction, 1 to 5"),
        ("recommend", "Would recommend the service"),
    ):
        part = answer.loc[answer["outcome"].eq(outcome)]
        # those never asked are without an answer too
        rows = levels(release, key, part.loc[part["measure"].eq("count")],
                      part.loc[part["measure"].eq("proportion")], len(c.people))  # fmt: skip
        if rows:
            groups.append((label, rows))
    block: Block = Table(
        caption="Answers to the survey",
        columns=("", "people", "share of those who answered"),
        groups=tuple(groups),
        note=text("These are people's own judgements. Those who did not answer may have answered "
                  "otherwise. " + NOT_TOLD_APART),
    )  # fmt: skip
    return Section(key=key, heading=heading, blocks=(block,))
