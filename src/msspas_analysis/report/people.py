"""Who came, how often, what they said, and who could not be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

from msspas_analysis.estimate.diary.description import (
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
    join,
    text,
)
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.disclosure import STEP, hide
from msspas_analysis.report.release import Line, Release, people_counted
from msspas_analysis.report.wording import (
    count,
    fewer_than,
    listed,
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
            release.about.capitalize(), total.cell("estimate", count), " people kept a diary that "
            f"can be compared before and after; {fewer_than(m)} others came.",
        )  # fmt: skip
    else:
        answer = who_came(c.people)
        if everybody:
            row = answer.one(outcome="people")
            total = release.add(key, row, cover=hide([everybody], min_people=m)[0])
            release.everybody = everybody if total.cover == "shown" else None
            how_many = text(release.about.capitalize(), total.cell("estimate", count))
            if total.cover != "shown":
                how_many = text(fewer_than(m).capitalize())
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
                    caption="The people who came",
                    columns=level_columns(release),
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
    people = [*(people_counted(row) for _, row in counts.iterrows()), total - answered]
    covers = hide(people, min_people=release.min_people)
    n_told = covers[-1] == "shown"
    step = STEP
    if n_told:
        covers, step = release.shares_told(people[:-1], covers[:-1], answered)
    rows: list[Row] = []
    silent: Row | None = None
    covered: dict[str, list[str]] = {"few": [], "hidden": []}
    for (_, row), cover in zip(counts.iterrows(), covers, strict=False):
        term = str(row["term"])
        if cover != "shown":
            release.add(key, row, cover=cover)
            covered[cover].append(term)
            continue
        of = shares.loc[shares["term"].eq(row["term"])].iloc[0]
        if release.rounded:
            # a rounded count beside a rounded share would narrow both down
            line = release.add(key, of, n_told=n_told, everybody=total, step=step)
            rows.append(
                Row(text(term), (text(line.cell("estimate", percent)), text(line.people())))
            )
            continue
        line = release.add(key, row, n_told=n_told, everybody=total)
        share = text("–")
        if n_told:
            share = text(release.add(key, of, everybody=total).cell("estimate", percent))
        if line.values["n_missing"]:
            silent = Row(text("no answer"), (text(line.cell("n_missing", count)), text("–")))
        rows.append(Row(text(term), (text(line.cell("estimate", count)), share)))
    what = " people" if release.rounded else ""
    rows += unseen(covered, release.min_people, width=2, what=what)
    return (*rows, silent) if silent else tuple(rows)


def level_columns(release: Release) -> tuple[str, ...]:
    """Return the headings over what :func:`levels` lays out."""
    if release.rounded:
        return ("", "share of those who answered", "people who answered (rounded)")
    return ("", "people", "share of those who answered")


def unseen(
    labels: Mapping[str, list[str]], min_people: int, *, width: int, what: str = ""
) -> list[Row]:
    """Say which levels are covered, without saying how many are in them."""
    rows = []
    for cover, names in labels.items():
        if names:
            few = f"{fewer_than(min_people)}{what}" + (" each" if len(names) > 1 else "")
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
    rows, few = [], []
    for name, n in left.items():
        # the sum of those left out is not told, so the small ones cannot be got from it
        cover = hide([n], min_people=m, total_known=False)[0]
        line = release.add_people("consent", "left out", name, n, n=n, cover=cover)
        words = _CONSENT.get(name, name)
        rows.append(Row(text(words), (text(line.cell("estimate", count)),)))
        if cover != "shown":
            few.append(words)
    if left and len(few) == len(left):
        each = "each: " if len(few) > 1 else ""
        said = (
            f"People were left out because of what the consent column says ({each}"
            f"{fewer_than(m)}): {listed(few)}."
        )
        blocks.append(Paragraph(text(said, " None of their data is used anywhere in this report.")))
    elif left:
        blocks.append(
            Table(
                caption="People left out because of what the consent column says",
                columns=("consent", release.people_heading),
                groups=(("", tuple(rows)),),
                note=text("None of their data is used anywhere in this report."),
            )
        )
    elif c.intake.consent_recorded:
        blocks.append(Paragraph(text("Nobody was left out for want of consent.")))
    return Section(key="consent", heading="People left out for consent", blocks=tuple(blocks))


def sessions(c: Cohort, release: Release) -> tuple[Section, Text]:
    """Count the sessions, by what became of them; return the section and a sentence."""
    key, m = "sessions", release.min_people
    answer = attendance(c.intake.tables.sessions).table
    answer = answer.loc[answer["group"].eq("all")]
    if answer.empty:
        said = text("No sessions are recorded in the file.")
        section = Section(key=key, heading="Sessions and attendance", blocks=(Paragraph(said),))
        return section, said
    booked = answer.loc[answer["term"].eq("booked")].iloc[0]
    people = int(booked["n"])
    if people < m:
        said = text(f"Sessions are recorded for {fewer_than(m)} people, so no number is shown.")
        section = Section(key=key, heading="Sessions and attendance", blocks=(Paragraph(said),))
        return section, said
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
            columns=("", "sessions (rounded)" if release.rounded else "sessions"),
            groups=(("", (*rows, Row(text("all sessions"), (text(total.cell("estimate", count)),)))),),
        )
    ]  # fmt: skip
    said = text(
        release.about.capitalize(), total.cell("estimate", count), " sessions are recorded."
    )
    share = answer.loc[answer["measure"].eq("proportion")]
    if len(share) and not covered & {"attended", "unknown"}:
        row = share.iloc[0]
        line = release.add(key, row, n_told=release.tell(int(row["n"])))
        known = text(
            "Of the sessions whose attendance is known, ", line.cell("estimate", percent),
            " were attended."
        )  # fmt: skip
        other = " Cancelled sessions and sessions while away count as not attended."
        blocks.insert(0, Paragraph(text(known, other)))
        said = text(said, " ", known)
    section = Section(key=key, heading="Sessions and attendance", blocks=tuple(blocks))
    return section, said


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
        blocks.append(
            Paragraph(
                text(release.about.capitalize(), total,
                     " people could not be compared before and after.")
            )
        )  # fmt: skip
    blocks += [
        Table(
            caption="Why people could not be compared",
            columns=("reason", release.people_heading),
            groups=(("", tuple(rows)),),
            note=text(
                f"Enough is at least {c.before.min_days} rated days before and "
                f"{c.after.min_days} after. People who stop keeping a diary may be those for whom "
                "things went otherwise, so they may not be like the people compared."
            ),
        )
    ]
    return Section(key=key, heading=heading, blocks=tuple(blocks))


def survey(c: Cohort, release: Release) -> tuple[Section | None, Text]:
    """Lay out what people answered when asked; return the section, if any, and a sentence."""
    table = c.intake.tables.survey
    if table.empty:
        return None, text("People were not asked, or their answers are not in the file.")
    key, m, heading = "asked", release.min_people, "What people said when asked"
    answer = survey_answers(table, conf_level=c.conf_level).table
    asked = int(table["person_id"].nunique())
    if asked < m:
        said = text(f"{fewer_than(m).capitalize()} people answered, so no answer is shown.")
        return Section(key=key, heading=heading, blocks=(Paragraph(said),)), said
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
        columns=level_columns(release),
        groups=tuple(groups),
        note=text(
            "These are people's own judgements. Those who did not answer may have answered "
            "otherwise."
        ),
    )
    section = Section(key=key, heading=heading, blocks=(block,))
    return section, _answers_in_words(release, key)


_ANSWERS: Final = {
    ("global_impression", "better"): "said they were better than before",
    ("global_impression", "no change"): "said there was no change",
    ("global_impression", "worse"): "said they were worse",
    ("recommend", "yes"): "would recommend the service",
    ("recommend", "no"): "would not",
}


def _answers_in_words(release: Release, key: str) -> Text:
    """Say the shares that may be shown, and nothing where none may."""
    told = {
        (str(line.values["outcome"]), str(line.values["term"])): line
        for line in release.lines
        if line.section == key and line.cover == "shown" and line.values["measure"] == "proportion"
    }
    parts = [
        text(told[place].cell("estimate", percent), " ", words)
        for place, words in _ANSWERS.items() if place in told
    ]  # fmt: skip
    if not parts:
        return text("The answers are in a section of their own.")
    return text("Of those who answered, ", join(parts), ".")
