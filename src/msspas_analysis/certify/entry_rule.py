"""Why people came in: the entry rule of a centre, as data and as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msspas_analysis.estimate.change.untreated import Entry


class UnknownEntryError(ValueError):
    """An entry rule that is not understood; the text says how to write one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRule:
    """Why people came in.

    Parameters
    ----------
    by : {"none", "first rating", "first week"}
        What was looked at when they came in; "first week" is the mean of the first seven days.
    at_least : float or None
        The threshold in points, 0 to 10. It serves to check the rule against the file; the
        expectation is conditional on the entry rating itself, so it is the same for every
        threshold.

    Examples
    --------
    >>> str(EntryRule.parse("first rating >= 4")), str(EntryRule.parse("none"))
    ('first rating >= 4', 'no entry rule')
    """

    by: Entry = "none"
    at_least: float | None = None

    @classmethod
    def parse(cls, text: str) -> EntryRule:
        """Read a rule such as ``"first rating >= 4"``, ``"first week mean >= 4"``, ``"none"``.

        Raises
        ------
        UnknownEntryError
            Saying how a rule is written.
        """
        words = " ".join(text.casefold().replace("≥", ">=").split())
        if words in ("none", "no", "no rule", "no entry rule", "everybody", "everyone"):
            return cls()
        match = re.fullmatch(
            r"(?:the )?(first (?:rating|score|day)|first week(?:'s)?(?: mean| average)?|"
            r"(?:entry|baseline) rating|rating|stiffness)"
            r"(?: (?:>=|=>|at least|of at least|from|over) ?| ?>= ?)(\d+(?:\.\d+)?)(?: or more)?",
            words,
        )
        if match is None:
            raise UnknownEntryError(
                f"The entry rule {text!r} is not understood. Write it like "
                '"first rating >= 4", "first week mean >= 4", or "none" if anybody could come.'
            )
        at_least = float(match[2])
        if not 0 <= at_least <= 10:
            raise UnknownEntryError(
                f"The entry rule {text!r} asks for a rating outside 0 to 10. Write it like "
                '"first rating >= 4".'
            )
        return cls(by="first week" if "week" in match[1] else "first rating", at_least=at_least)

    @classmethod
    def of(cls, entry: EntryRule | str | None) -> EntryRule:
        """Return `entry` as a rule: read if it is text, no rule if it is None."""
        return cls.parse(entry) if isinstance(entry, str) else entry or cls()

    def __str__(self) -> str:
        if self.by == "none":
            return "no entry rule"
        mean = " mean" if self.by == "first week" else ""
        return self.by + mean + (f" >= {self.at_least:g}" if self.at_least is not None else "")
