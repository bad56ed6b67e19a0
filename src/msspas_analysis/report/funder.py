"""A paragraph for a funder's form: the numbers and their limits in the same sentences."""

from __future__ import annotations

from typing import Final

from msspas_analysis.report.blocks import Paragraph, Section, Text, text
from msspas_analysis.report.change import Changed
from msspas_analysis.report.expected import BEYOND, EXPECTED, Expected
from msspas_analysis.report.release import Line, Release
from msspas_analysis.report.wording import fewer_than, number, percent

MOST_WORDS: Final = 120
HEADING: Final = "A paragraph for a funder's form"
_REFUSED: Final = (
    "Tried on simulated centres like this one, the comparison with no treatment was wrong too often, so "
    "nothing is concluded from it."
)
_ENDS: Final = ("conf_low", "conf_high")


def paragraph(
    release: Release, changed: Changed, expected: Expected, *, refused: bool = False
) -> Section:
    """Write the paragraph, at most 120 words.

    Parameters
    ----------
    release, changed, expected
        What may be told, and what the sections say.
    refused : bool
        Whether the certificate of the conclusion is red, so that none is said.
    """
    if not changed.lines:
        words = text(
            "People with MS kept symptom diaries before and after their first session here. "
            f"{fewer_than(release.min_people).capitalize()} people had enough days on both sides "
            "to be compared, so this service evaluation reports no change in their symptoms and "
            "draws no conclusion about the service."
        )
        return Section(key="funder", heading=HEADING, blocks=(Paragraph(words),))
    one, two = number(1), number(2)
    before, after = changed.lines["before", "mean"], changed.lines["after", "mean"]
    mean = changed.lines["change", "mean_difference"]
    level = percent(float(mean.values["conf_level"]))
    words = text(
        f"In this service evaluation without a comparison group, {release.about}", mean.people(),
        " people with MS rated their stiffness (0 to 10) before and after their first session: the "
        "mean went from ", before.cell("estimate", one), " to ", after.cell("estimate", one),
        ", a change of ", mean.cell("estimate", two), f" points ({level} interval ",
        mean.interval(two), "), which by itself shows no cause. ",
        text(_REFUSED) if refused else _beside_expectation(expected),
        _attended(release), _unwanted(release),
        " The numbers describe this group, not other people or centres.",
    )  # fmt: skip
    return Section(key="funder", heading=HEADING, blocks=(Paragraph(words),))


def _beside_expectation(expected: Expected) -> Text:
    """Say what was expected without treatment, and whether what was seen goes beyond it."""
    if not expected.available:
        return text(
            "What was to be expected without treatment could not be worked out from these diaries."
        )
    two = number(2)
    model = [line for (_, term), line in expected.lines.items() if term == EXPECTED]
    beyond = [line for (_, term), line in expected.lines.items() if term == BEYOND]
    low, high = _widest(model)
    said = text(
        "A computer model of the same diaries with no treatment expects ",
        low.cell("conf_low", two), " to ", high.cell("conf_high", two), " points; ",
    )  # fmt: skip
    first, last = _widest(beyond)
    lows = [float(line.values["conf_low"]) for line in beyond]
    highs = [float(line.values["conf_high"]) for line in beyond]
    if max(highs) < 0:
        return text(
            said, "the change went beyond what it expects by ",
            first.cell("conf_low", two), " to ", last.cell("conf_high", two),
            ", which a flare on entry, attention, expectation or other treatment may explain.",
        )  # fmt: skip
    if min(lows) > 0:
        return text(
            said, "stiffness was higher afterwards than it expects by ",
            first.cell("conf_low", two), " to ", last.cell("conf_high", two), ".",
        )  # fmt: skip
    if all(a <= 0 <= b for a, b in zip(lows, highs, strict=True)):
        return text(
            said, "what was seen is compatible with that, and a benefit is neither shown nor "
            "ruled out.",
        )  # fmt: skip
    return text(
        said, "whether more changed depends on why people came in, which is not recorded, so "
        "nothing can be concluded.",
    )  # fmt: skip


def _widest(lines: list[Line]) -> tuple[Line, Line]:
    """Return the lines with the lowest and the highest end."""
    low, high = (
        [float(line.values[name]) for line in lines] for name in _ENDS
    )  # fmt: skip
    return lines[low.index(min(low))], lines[high.index(max(high))]


def _attended(release: Release) -> Text:
    for line in release.lines:
        if line.section == "sessions" and line.values["measure"] == "proportion":
            return text(" Of their sessions, ", line.cell("estimate", percent), " were attended.")
    return ()


def _unwanted(release: Release) -> Text:
    """Say the share of people with any unwanted event, if it may be told."""
    lines = [line for line in release.lines if line.section == "unwanted"]
    if not lines:
        return text(" Unwanted events were not recorded; there may have been some.")
    for line in lines:
        if line.values["term"] == "any" and line.cover == "shown":
            if line.values["measure"] == "proportion":
                return text(" Unwanted events were written down for ",
                            line.cell("estimate", percent), " of people.")  # fmt: skip
            return text(" Unwanted events were written down for ", release.about,
                        line.cell("estimate", number(0)), " people.")  # fmt: skip
    return text(" Some unwanted events were written down.")
