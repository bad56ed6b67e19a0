"""How sure a body of studies is about one outcome, by the logic of GRADE, each step with its reason.

Not an official tool; the words are this package's own.

References
----------
.. [1] Guyatt GH, Oxman AD, Vist GE, et al. (2008). GRADE: an emerging consensus on rating quality of
   evidence and strength of recommendations. BMJ 336:924-926.
.. [2] Balshem H, Helfand M, Schunemann HJ, et al. (2011). GRADE guidelines: 3. Rating the quality of
   evidence. J Clin Epidemiol 64:401-406.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd

Start = Literal["allocated by chance", "not allocated"]
LEVELS: Final = ("very low", "low", "moderate", "high")
"""How sure one can be of an estimate."""
MEANING: Final[dict[str, str]] = {
    "high": "the true effect is very likely near the estimate",
    "moderate": "the true effect is probably near it, but may differ much",
    "low": "the true effect may differ much from it",
    "very low": "the true effect probably differs much from it",
}
LOWER: Final[dict[str, str]] = {
    "risk of bias": "how the studies were done",
    "inconsistency": "how far they disagree",
    "indirectness": "other people, treatments, comparisons or outcomes than asked about",
    "imprecision": "few people, or an interval that leaves both open",
    "publication bias": "studies that are not there",
}
"""What may lower it by one level or two."""
HIGHER: Final[dict[str, str]] = {
    "large effect": "so large that confounding is unlikely to make it",
    "dose response": "more of it does more",
    "confounding against it": "what is left would make it look smaller",
}
"""What may raise it, only without allocation and with nothing against it."""
NOT_GRADE: Final = "By the logic of GRADE, in this package's own words; not an official assessment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How sure a body of studies is about one outcome.

    Parameters
    ----------
    outcome : str
        What it is about.
    start : {"allocated by chance", "not allocated"}
        How people came to what they had: begins at "high" or at "low".
    lowered : mapping of str to (int, str)
        By a key of :data:`LOWER`: 1 or 2 levels, and why. 0 levels with a reason says that it was
        looked at.
    raised : mapping of str to (int, str)
        By a key of :data:`HIGHER`: 1 or 2 levels, and why.

    Raises
    ------
    ValueError
        If a key is not known, a step is out of range or without a reason, or something is raised that
        must not be.

    Examples
    --------
    >>> sure = Certainty(outcome="spasticity after a month", start="allocated by chance", lowered={
    ...     "risk of bias": (1, "people rated themselves and knew"), "imprecision": (1, "40 people")})
    >>> sure.level
    'low'
    """

    outcome: str
    start: Start
    lowered: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    raised: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a step without a reason, or one that GRADE does not know."""
        if self.start not in ("allocated by chance", "not allocated"):
            raise ValueError(
                f'start must be "allocated by chance" or "not allocated", got {self.start!r}'
            )
        for name, given, known in (
            ("lowered", self.lowered, LOWER),
            ("raised", self.raised, HIGHER),
        ):
            for key, step in given.items():
                if key not in known:
                    raise ValueError(f"{name} must name {list(known)}, got {key!r}")
                levels, why = step
                if levels not in (0, 1, 2):
                    raise ValueError(f"{name} {key}: levels must be 0, 1 or 2, got {levels!r}")
                if not str(why).strip():
                    raise ValueError(f"{name} {key}: say why; a step without a reason is none")
        if any(levels for levels, _ in self.raised.values()):
            if self.start == "allocated by chance":
                raise ValueError("raised is for studies without allocation; leave it out")
            if any(levels for levels, _ in self.lowered.values()):
                raise ValueError(
                    "raised is for evidence that nothing lowers; leave one of them out"
                )

    @property
    def level(self) -> str:
        """One of :data:`LEVELS`."""
        at = 3 if self.start == "allocated by chance" else 1
        at -= sum(levels for levels, _ in self.lowered.values())
        at += sum(levels for levels, _ in self.raised.values())
        return LEVELS[min(max(at, 0), 3)]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each step with its reason."""
        return tuple(
            f"{key} {sign}{levels}: {why}" if levels else f"{key} 0: {why}"
            for sign, given in (("-", self.lowered), ("+", self.raised))
            for key, (levels, why) in given.items()
        )

    def __str__(self) -> str:
        return "\n".join([
            f"{self.outcome}: {self.level} ({MEANING[self.level]})", f"  begins: {self.start}",
            *(f"  {reason}" for reason in self.reasons), NOT_GRADE,
        ])  # fmt: skip


def certainty_table(rows: Iterable[Certainty]) -> pd.DataFrame:
    """Return one row per outcome: outcome, start, level, meaning, reasons.

    Examples
    --------
    >>> told = certainty_table([Certainty(outcome="pain", start="not allocated")])
    >>> told["level"].tolist()
    ['low']
    """
    return pd.DataFrame([
        {"outcome": one.outcome, "start": one.start, "level": one.level,
         "meaning": MEANING[one.level], "reasons": "; ".join(one.reasons)}
        for one in rows
    ])  # fmt: skip
