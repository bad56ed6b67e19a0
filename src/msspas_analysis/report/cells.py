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
    text,
)
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.disclosure import hide
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


def set_aside(c: Cohort, release: Release) -> Section:
    """Count the cells of the file by what became of them and why; no cell is quoted."""
    key, m, tally = "cells", release.min_people, c.intake.tally
    total, used, aside = (
        release.add_cells(key, name, x)
        for name, x in (("in the file", tally.cells), ("used", tally.used),
                        ("not used", tally.set_aside))
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            text("Of ", total.cell("estimate", count), " filled cells in the file, ",
                 used.cell("estimate", count), " were used and ", aside.cell("estimate", count),
                 " were not.")
        )
    ]  # fmt: skip
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
        said = "Here … stands for a number, date or name that is not repeated."
        blocks.append(Paragraph(text(said)))
    private = _private(c)
    assumed = [
        text(kind_of_reason(note, private=private))
        for note in c.intake.notes
        if "agreed to the evaluation" not in note
    ]
    if assumed:
        blocks += [Paragraph(text("Assumed when the file was read:")), Bullets(tuple(assumed))]
    return Section(key=key, heading="What was set aside, and why", blocks=tuple(blocks))


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
