"""What changed: the other outcomes, and stiffness by therapy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msspas_analysis.estimate.change.paired import (
    paired_change,
    window_scores,
)
from msspas_analysis.estimate.change.untreated import NoExpectationError, change_beyond_expectation
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
from msspas_analysis.report.expected import (
    BEYOND,
    EXPECTED,
    OBSERVED,
    TOO_OFTEN,
    false_alarms,
    guarded,
    rules_in_words,
)
from msspas_analysis.report.release import Line, Release
from msspas_analysis.report.wording import (
    CANNOT_TELL,
    NO_EXPECTATION,
    OUTCOME_WORDS,
    fewer_than,
    listed,
    number,
    percent,
)
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from msspas_analysis.certify import EntryRule

_USUAL_RULE: Final = "first rating >= 4"


def other_outcomes(
    c: Cohort, release: Release, *, entry: EntryRule | None, refused: bool = False
) -> Section:
    """Lay out the change of the other outcomes, and beside it what was to be expected.

    Parameters
    ----------
    c, release
        The people, and what may leave the centre.
    entry : EntryRule or None
        Why people came in; None is not stated.
    refused : bool
        Whether the certificate says that what is beyond expectation is not to be believed here.
    """
    key, m = "other outcomes", release.min_people
    rows, absent, never, shown = [], [], [], []
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
        n_told = release.tell(n)
        answer = paired_change(scores, outcome=outcome, conf_level=c.conf_level)
        rows.append(_row(release, key, label, answer, n_told=n_told))
        shown.append(outcome)
    blocks: list[Block] = []
    if rows:
        table = Table(
            caption="Other things people rated, in the same windows",
            columns=_columns(c, release),
            groups=(("", tuple(rows)),),
            note=text("Below zero means less of the symptom afterwards. Several outcomes are "
                      "shown, so one of them may stand out by chance."),
        )  # fmt: skip
        beside = [] if refused else _beside_expectation(c, release, shown, entry)
        told = any(block.kind == "table" for block in beside)
        blocks = [Caution(text(CANNOT_TELL if told else NO_EXPECTATION)), table, *beside]
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


def _beside_expectation(
    c: Cohort, release: Release, outcomes: list[str], entry: EntryRule | None
) -> list[Block]:
    """Lay out what was to be expected of the other outcomes, given how people came in."""
    from msspas_analysis.certify import EntryRule

    rule = EntryRule.of(_USUAL_RULE) if entry is None else entry
    rows: list[Row] = []
    without: list[str] = []
    for outcome in outcomes:
        label = OUTCOME_WORDS[outcome]
        try:
            answer = change_beyond_expectation(
                c.intake.tables.diary, c.people, outcome, before=c.before, after=c.after,
                entry=rule.by, came_in_by=MAIN, group=str(rule), conf_level=c.conf_level,
            )  # fmt: skip
        except NoExpectationError as err:
            without.append(f"{label.split(',')[0]}: {guarded(str(err), release)}.")
            continue
        n = int(answer.table["n"].max())
        if n < release.min_people:
            few = fewer_than(release.min_people)
            without.append(f"{label.split(',')[0]}: {few} people can be compared.")
            continue
        for measure, words in (("mean_difference", label), ("rate_ratio", f"{label}, as a ratio")):
            part = answer.table[answer.table["measure"] == measure]
            if part.empty:
                continue
            name = outcome if measure == "mean_difference" else f"{outcome} ratio"
            wrong = false_alarms(n, name)
            if wrong["estimate"] > TOO_OFTEN:
                rate = percent(float(wrong["estimate"]))
                without.append(
                    f"{words}: the method would find something in {rate} of centres in which "
                    "nothing was given."
                )
                continue
            rows.append(_expected_row(release, part, words, wrong))
    blocks: list[Block] = []
    if rows:
        came = rules_in_words([str(rule)])
        note = text(
            "Observed minus expected is beyond expectation, with its interval; of a ratio it is what "
            "was seen divided by what was expected. The expectation is a computer model of how these "
            "diaries move by themselves, and goes with the rating of stiffness that people came in "
            "by. The last column was measured on simulated centres of about this size; 5 % is due. "
            "These outcomes go together, so they are not separate pieces of evidence.",
        )  # fmt: skip
        if entry is None:
            note = text(*note, " If anybody could come, nothing of the change was to be expected.")
        blocks.append(
            Table(
                caption=f"The same beside what was to be expected without treatment, {came}",
                columns=("", OBSERVED, EXPECTED, BEYOND, f"{percent(c.conf_level)} interval",
                         "finds something where nothing was given"),
                groups=(("", tuple(rows)),),
                note=note,
            )
        )  # fmt: skip
    if without:
        blocks.append(Paragraph(text("What was to be expected cannot be said here. ",
                                     " ".join(without))))  # fmt: skip
    return blocks


def _expected_row(release: Release, part: Any, words: str, wrong: Any) -> Row:
    """Release one outcome beside its expectation."""
    two = number(2)
    told = release.may_tell(int(part["n"].iloc[0]))
    lines: dict[str, Line] = {
        str(row["term"]): release.add("other outcomes expected", row, n_told=told,
                                      model=row["term"] == EXPECTED)
        for _, row in part.iterrows()
    }  # fmt: skip
    alarm = release.add_simulated("method check", wrong)
    cells = (
        text(lines[OBSERVED].cell("estimate", two)),
        text(lines[EXPECTED].cell("estimate", two) if EXPECTED in lines else "–"),
        text(lines[BEYOND].cell("estimate", two)),
        lines[BEYOND].interval(two),
        text(alarm.cell("estimate", percent)),
    )
    return Row(text(words), cells)


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
