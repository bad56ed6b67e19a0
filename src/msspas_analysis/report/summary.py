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
    STIFFNESS_TO_STAND,
    WHAT_THIS_IS,
    days,
    fewer_than,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Headline:
    """What the summary at the top repeats from the sections."""

    came: Text
    change: tuple[Text, ...]
    unwanted: Text
    diaries: Text


def summary(c: Cohort, release: Release, headline: Headline) -> Section:
    """Say on one page what the sections say at length."""
    blocks: list[Block] = [
        Paragraph(text(WHAT_THIS_IS)),
        Bullets(
            tuple(
                text(lead, " ", words)
                for lead, words in (
                    ("Who came:", headline.came),
                    *((("What changed:" if i == 0 else "How many:"), words)
                      for i, words in enumerate(headline.change)),
                    ("Unwanted effects:", headline.unwanted),
                    ("Diaries:", headline.diaries),
                )
                if words
            )
        ),
        Caution(text(CANNOT_TELL)),
        Paragraph(text(STIFFNESS_TO_STAND)),
    ]  # fmt: skip
    if not c.intake.consent_recorded:
        blocks.append(Paragraph(text("The file does not record who agreed to this evaluation.")))
    blocks.append(
        Paragraph(
            text(f"Numbers about {fewer_than(release.min_people)} people are not shown, nor others "
                 "from which they could be worked out.")
        )
    )  # fmt: skip
    return Section(key="summary", heading="On one page", blocks=tuple(blocks))


def limits() -> Section:
    """Say what the page cannot show."""
    items = tuple(text(sentence) for sentence in CANNOT_SHOW)
    return Section(key="limits", heading="What this cannot show", blocks=(Bullets(items),))


def glossary(c: Cohort) -> Section:
    """Print the windows and explain six words."""
    windows = Bullets((text(f"Before: {days(c.before)}."), text(f"After: {days(c.after)}.")))
    return Section(
        key="words", heading="Windows and words",
        blocks=(Paragraph(text("Day 0 is the day of the first session.")), windows,
                Terms(GLOSSARY)),
    )  # fmt: skip
