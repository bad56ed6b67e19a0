"""What became of the cells of the file: counts and reasons, never a cell."""

from __future__ import annotations

import re
from typing import Final

from msspas_analysis.report.blocks import (
    Block,
    Bullets,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.disclosure import hide, nearest
from msspas_analysis.report.release import Release
from msspas_analysis.report.wording import (
    count,
)

_DECISIONS: Final = {
    "set aside": "Set aside: not used",
    "question": "Waiting for an answer: not used",
    "masked": "Masked: may identify a person, not used",
    "changed": "Used, in another spelling or unit",
    "kept": "Used, and worth a second look",
}


_GROUPS: Final[tuple[tuple[str, str], ...]] = (
    ("looks like|may identify", "it may identify somebody, so it was not read further"),
    ("may mean yes or no|very much better or very much worse|say (?:it|once)",
     "a mark or number with two possible meanings; the centre has been asked"),
    ("give the same value|two rows for|also in the sheet|stands? in more than one|twice",
     "it stands in the file twice and was counted once"),
    ("date|no such day", "the date is missing, in doubt or impossible"),
    ("too many to count|not recorded|at least|repeat mark|not a number|no number",
     "no number was written, and none was put in its place"),
    ("outside|different values|spreadsheet error|correct it",
     "the number cannot be right, or two entries contradict each other"),
    ("title|heading|totals|note|free text|comment|not part of a table",
     "a heading, a total or a note, and no diary entry"),
)  # fmt: skip
"""What a reason of the ledger speaks of, and how it is said to a reader outside the centre; the
first that fits counts."""
_OTHER: Final = "another reason"
_UNUSED: Final = ("set aside", "question", "masked")


def set_aside(c: Cohort, release: Release) -> tuple[Section, Text]:
    """Say what was not used and why; return the section and a sentence.

    A page that leaves the centre groups the reasons in plain words and says nothing of the cells
    of people left out for want of consent, whose number would tell how many they are. Inside the
    centre every kind of reason has a line. No cell is quoted in either.
    """
    blocks, said = _inside(c, release) if not release.rounded else _outside(c, release)
    private = _private(c)
    assumed = [
        text(kind_of_reason(note, private=private))
        for note in c.intake.notes
        if "agreed to the evaluation" not in note
    ]
    if assumed:
        blocks += [Paragraph(text("Assumed when the file was read:")), Bullets(tuple(assumed))]
    section = Section(key="cells", heading="What was set aside, and why", blocks=tuple(blocks))
    return section, said


def _outside(c: Cohort, release: Release) -> tuple[list[Block], Text]:
    """Group the reasons in plain words."""
    key, m, tally = "cells", release.min_people, c.intake.tally
    ledger = c.intake.ledger
    reasons = ledger["reason"].astype(str)
    consent = reasons.str.startswith("left out") & ledger["decision"].eq("set aside")
    left_out = len(ledger.loc[consent])
    total, used, aside = (
        release.add_cells(key, name, x)
        for name, x in (
            ("in the file", tally.cells - left_out), ("used", tally.used),
            ("not used", tally.set_aside - left_out),
        )
    )  # fmt: skip
    lead = (
        "Leaving aside what the file holds about people who had not agreed to the evaluation, "
        if left_out
        else ""
    )
    said = text(
        lead, used.cell("estimate", count), " of ", total.cell("estimate", count),
        " filled cells were used and ", aside.cell("estimate", count), " were not.",
    )  # fmt: skip
    blocks: list[Block] = [Paragraph(said)]
    unused = reasons.loc[ledger["decision"].isin(_UNUSED) & ~consent]
    by_group = unused.map(_group).value_counts()
    rows, rest = [], []
    covers = hide([int(x) for x in by_group], min_people=m) if len(by_group) else ()
    for (name, cells), cover in zip(by_group.items(), covers, strict=True):
        line = release.add_cells(key, str(name), nearest(int(cells)), cover=cover)
        if cover == "shown":
            rows.append(Row(text(str(name)), (text(line.cell("estimate", count)),)))
        else:
            rest.append(Row(text(str(name)), (text("not shown"),)))
    if rows or rest:
        blocks.append(
            Table(
                caption="Why a cell was not used",
                columns=("reason", "cells (rounded)"),
                groups=(("", (*rows, *rest)),),
            )
        )
    read = nearest(len(ledger.loc[ledger["decision"].isin(["changed", "kept"])]))
    if read >= m:
        line = release.add_cells(key, "used in its most likely sense", read)
        blocks.append(
            Paragraph(
                text("Of the cells used, about ", line.cell("estimate", count), " were read in "
                     "their most likely sense, such as a range taken at its middle, or are worth "
                     "a second look. The centre has a list of every one.")
            )
        )  # fmt: skip
    return blocks, said


def _group(reason: str) -> str:
    """Word a reason for somebody outside the centre.

    Examples
    --------
    >>> _group("too many to count: no number is put in its place")
    'no number was written, and none was put in its place'
    """
    for pattern, words in _GROUPS:
        if re.search(pattern, reason, re.IGNORECASE):
            return words
    return _OTHER


def _inside(c: Cohort, release: Release) -> tuple[list[Block], Text]:
    """Count the cells by what became of them and every kind of reason."""
    key, m, tally = "cells", release.min_people, c.intake.tally
    total, used, aside = (
        release.add_cells(key, name, x)
        for name, x in (("in the file", tally.cells), ("used", tally.used),
                        ("not used", tally.set_aside))
    )  # fmt: skip
    said = text("Of ", total.cell("estimate", count), " filled cells in the file, ",
                used.cell("estimate", count), " were used and ", aside.cell("estimate", count),
                " were not.")  # fmt: skip
    blocks: list[Block] = [Paragraph(said)]
    for decision, reasons in reasons_by_decision(c).items():
        covers = hide(list(reasons.values()), min_people=m)
        order = sorted(zip(reasons.items(), covers, strict=True), key=lambda item: -item[0][1])
        rows, rest = [], False
        for (name, cells), cover in order:
            # the cells of the few people left out would tell how many they are
            line = release.add_cells(
                key,
                f"{decision}: {name}",
                cells,
                cover="hidden" if name.startswith("left out") else cover,
            )
            if line.cover == "shown":
                rows.append(Row(text(name), (text(line.cell("estimate", count)),)))
            else:
                rest = True
        if rest:
            label = "other reasons, too few to show or about few people"
            rows.append(Row(text(label), (text("not shown"),)))
        blocks.append(
            Table(
                caption=_DECISIONS[decision],
                columns=("reason", "cells"),
                groups=(("", tuple(rows)),),
            )
        )
    if len(blocks) > 1:
        note = "Here … stands for a number, date or name that is not repeated."
        blocks.append(Paragraph(text(note)))
    return blocks, said


def reasons_by_decision(c: Cohort) -> dict[str, dict[str, int]]:
    """Count the ledger by decision and kind of reason, with everything quoted taken out."""
    ledger = c.intake.ledger
    private = _private(c)
    found: dict[str, dict[str, int]] = {}
    for decision in _DECISIONS:
        part = ledger.loc[ledger["decision"].eq(decision), "reason"].astype(str)
        if part.empty:
            continue
        kind = {
            reason: kind_of_reason(reason, private=private, question=decision == "question")
            for reason in part.unique()
        }
        found[decision] = {str(k): int(n) for k, n in part.map(kind).value_counts().items()}
    return found


def _private(c: Cohort) -> re.Pattern[str]:
    """Match the names of the sheets and the codes of the people."""
    sheets = {*c.intake.sheets, *c.intake.ledger["sheet"].dropna().astype(str)}
    words = {word for word in (*sheets, *c.people["person_id"].dropna().astype(str)) if word}
    # the longest first, so that no part of a name is left over
    longest = sorted(words, key=lambda word: (-len(word), word))
    listed = "|".join(map(re.escape, longest)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


def kind_of_reason(
    reason: str, *, private: re.Pattern[str] | None = None, question: bool = False
) -> str:
    """Reduce a reason to its kind: no cell, value, date, code or sheet is repeated.

    Parameters
    ----------
    reason : str
        As in the ledger.
    private : re.Pattern or None
        Further words not to be repeated.
    question : bool
        Whether what follows the colon only says how to answer.

    Examples
    --------
    >>> kind_of_reason("marked as uncertain: 7 is used")
    'marked as uncertain: … is used'
    >>> kind_of_reason("may mean yes or no: say once what 'x' means", question=True)
    'may mean yes or no'
    """
    kind = reason.split(": ")[0] if question else reason
    kind = private.sub("…", kind) if private else kind
    kind = re.sub(r"(?<!\w)(['\"]).*?\1(?!\w)", "…", kind)
    kind = re.sub(r"\S*\d\S*", _without_number, kind)
    return re.sub(r"…(?:[ ,/-]*…)+", "…", kind)


def _without_number(match: re.Match[str]) -> str:
    word = match[0]
    return f"{'(' if word[0] == '(' else ''}…{word[-1] if word[-1] in '):,;.' else ''}"
