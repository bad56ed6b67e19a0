"""The first page, the limits, the words: what a reader needs before and after the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from msspas_analysis.report.blocks import (
    Block,
    Bullets,
    Caution,
    Paragraph,
    Section,
    Terms,
    Text,
    text,
)
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.release import Release
from msspas_analysis.report.wording import (
    CANNOT_SHOW,
    CANNOT_TELL,
    GLOSSARY,
    NOT_CONCLUDED,
    STIFFNESS_TO_STAND,
    WHAT_THIS_IS,
    days,
    fewer_than,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Headline:
    """What the summary at the top repeats from the sections, each a sentence or two."""

    conclusion: Text
    came: Text
    sessions: Text
    change: Text
    how_many: Text
    therapies: Text
    unwanted: Text
    asked: Text
    diaries: Text
    cells: Text
    next_year: Text


def summary(c: Cohort, release: Release, headline: Headline) -> Section:
    """Say on one page what the sections say at length, the conclusion first."""
    h = headline
    points = (
        ("Who came:", h.came), ("Sessions:", h.sessions), ("What changed:", h.change),
        ("How many:", h.how_many), ("By therapy:", h.therapies),
        ("Unwanted effects:", h.unwanted), ("What people said:", h.asked),
        ("Diaries:", h.diaries), ("What was set aside:", h.cells),
        ("What cannot be concluded:", text(NOT_CONCLUDED)),
        ("What to collect next year:", h.next_year),
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(h.conclusion),
        Bullets(tuple(text(lead, " ", words) for lead, words in points if words)),
        Caution(text(CANNOT_TELL, " ", STIFFNESS_TO_STAND)),
        Paragraph(text(WHAT_THIS_IS, " ", _covered(release))),
    ]
    if not c.intake.consent_recorded:
        blocks.append(Paragraph(text("The file does not record who agreed to this evaluation.")))
    return Section(key="summary", heading="On one page", blocks=tuple(blocks))


def _covered(release: Release) -> str:
    """Say how small numbers are covered."""
    rounded = (
        "Numbers of people are rounded to the nearest 5, and shares to the nearest 5 % (10 % where 5 "
        "would give a number away). "
        if release.rounded
        else ""
    )
    return (
        f"{rounded}Numbers about {fewer_than(release.min_people)} people are not shown, nor others "
        "from which they could be worked out."
    )


def limits() -> Section:
    """Say what the page cannot show."""
    items = tuple(text(sentence) for sentence in CANNOT_SHOW)
    return Section(key="limits", heading="What cannot be concluded", blocks=(Bullets(items),))


def glossary(c: Cohort) -> Section:
    """Print the windows and explain the words."""
    windows = Bullets((text(f"Before: {days(c.before)}."), text(f"After: {days(c.after)}.")))
    return Section(
        key="words", heading="Windows and words",
        blocks=(Paragraph(text("Day 0 is the day of the first session.")), windows,
                Terms(GLOSSARY)),
    )  # fmt: skip
