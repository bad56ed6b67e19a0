"""What changed: the other outcomes, and stiffness by therapy."""

from __future__ import annotations

from collections.abc import Mapping

from msspas_analysis.estimate.change.paired import (
    paired_change,
    window_scores,
)
from msspas_analysis.report.blocks import (
    Block,
    Caution,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from msspas_analysis.report.cohort import MAIN, Cohort, paired_people, therapy_groups
from msspas_analysis.report.release import Release
from msspas_analysis.report.wording import (
    NO_EXPECTATION,
    OUTCOME_WORDS,
    fewer_than,
    listed,
    number,
    percent,
)
from msspas_analysis.results import Estimates


def other_outcomes(c: Cohort, release: Release) -> Section:
    """Lay out the change of the other outcomes as one table."""
    key, m = "other outcomes", release.min_people
    rows, absent, never = [], [], []
    for outcome, label in OUTCOME_WORDS.items():
        if outcome == MAIN:
            continue
        if not c.intake.tables.diary[outcome].notna().any():
            never.append(label.split(",")[0].lower())
            continue
        scores = window_scores(
            c.intake.tables.diary, c.people, outcome, before=c.before, after=c.after
        )
        n = len(paired_people(scores))
        if n < m:
            absent.append(label.split(",")[0].lower())
            continue
        told = release.tell(n)
        answer = paired_change(scores, outcome=outcome, conf_level=c.conf_level)
        rows.append(_row(release, key, label, answer, n_told=told))
    blocks: list[Block] = []
    if rows:
        blocks.append(
            Table(
                caption="Other things people rated, in the same windows",
                columns=_columns(c, release),
                groups=(("", tuple(rows)),),
                note=text("Below zero means less of the symptom afterwards. Several outcomes are "
                          "shown, so one of them may stand out by chance."),
            )
        )  # fmt: skip
        blocks.insert(0, Caution(text(NO_EXPECTATION)))
    if absent:
        blocks.append(
            Paragraph(
                text(f"Not shown, because {fewer_than(m)} people have enough rated days before and "
                     f"after: {listed(absent)}.")
            )
        )  # fmt: skip
    if never:
        blocks.append(Paragraph(text(f"Not in these diaries: {listed(never)}.")))
    return Section(key="others", heading="What changed: other outcomes", blocks=tuple(blocks))


def _columns(c: Cohort, release: Release) -> tuple[str, ...]:
    level = f"{percent(c.conf_level)} interval"
    return ("", "mean before", "mean after", "mean change", level, release.people_heading)


def _row(release: Release, key: str, label: str, answer: Estimates, *, n_told: bool = True) -> Row:
    """Release before, after and change of one group or outcome."""
    one, two = number(1), number(2)
    before, after, change = (
        release.add(key, answer.one(term=term, measure=measure), n_told=n_told)
        for term, measure in (
            ("before", "mean"), ("after", "mean"), ("change", "mean_difference"),
        )
    )  # fmt: skip
    cells = (
        text(before.cell("estimate", one)),
        text(after.cell("estimate", one)),
        text(change.cell("estimate", two)),
        change.interval(two),
        text(change.people()),
    )
    return Row(text(label), cells)


def by_therapy(c: Cohort, release: Release) -> tuple[Section, Text]:
    """Lay out the change of stiffness by therapy, where no group is small.

    Returns
    -------
    section : Section
    said : Text
        A sentence for the first page.
    """
    key, m, heading = "by therapy", release.min_people, "By therapy"
    groups, may_show = therapy_groups(c, m)
    if len(c.paired) < m or not may_show:
        said = text(_why_no_therapies(groups, c, m))
        return Section(key="therapies", heading=heading, blocks=(Paragraph(said),)), said
    rows = []
    sizes = [len(ids) for ids in groups.values()]
    told = "shown" in release.counts_told(sizes, ["shown"] * len(sizes))
    for name, ids in groups.items():
        answer = paired_change(
            c.scores.loc[c.scores["person_id"].isin(ids)], outcome=MAIN, group=name,
            conf_level=c.conf_level,
        )  # fmt: skip
        rows.append(_row(release, key, name, answer, n_told=told))
    table = Table(
        caption="Stiffness by therapy or combination, in alphabetical order",
        columns=_columns(c, release),
        groups=(("", tuple(rows)),),
        note=text("Below zero means less stiffness afterwards."),
    )
    caution = text(
        "This is no comparison of therapies: people were not given them by chance, and the groups "
        "differ from the start. ", NO_EXPECTATION,
    )  # fmt: skip
    section = Section(key="therapies", heading=heading, blocks=(Caution(caution), table))
    return section, text("The numbers are in a section of their own; they compare no therapies.")


def _why_no_therapies(groups: Mapping[str, set[str]], c: Cohort, min_people: int) -> str:
    if len(c.paired) < min_people:
        return "No change is shown, so none is shown by therapy."
    if len(groups) == 1 and "all other therapies" not in groups:
        return "Everybody who can be compared had the same therapy, so the overall result stands."
    if "all other therapies" in groups and len(groups) == 1:
        return (
            f"Each therapy or combination was had by {fewer_than(min_people)} people who can be "
            "compared, so only the overall result is shown."
        )
    return (
        f"Too few people had the less common therapies ({fewer_than(min_people)} taken together). "
        "Showing the others would give their numbers away, so only the overall result is shown."
    )
