"""A centre's diary as a scenario: the world, and who keeps a diary there, from when to when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.realism import chosen, provenance, told
from msspas_analysis.simulate.world import World

__all__ = ["DiaryScenario", "provenance"]

_START: Final = dt.date(2026, 2, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryScenario(World):
    """A centre whose people keep a diary: the world, and what the service does.

    Every parameter of :class:`~msspas_analysis.simulate.world.World` is one of this class too.

    Parameters
    ----------
    n_people : int
        People who begin a diary, 1 or more [design].
    change, spasm_change : float
        Points added to latent stiffness and to latent spasms from the first session on; negative
        is less. ``spasm_change`` None is as `change` [design: 0, no change at all].
    expectation : float
        Share of the world's placebo response that people here get from the first session on, 0 to
        2 [design: 0].
    entry_rating, entry_days : float or None, int
        A person comes in when the mean rating of the diary's first `entry_days` days is
        `entry_rating` or more; None takes everybody. A week's mean is ``entry_days=7``
        [design: one rating of 4 or more, as services and trials ask for].
    baseline_days, followup_days : int
        Days of diary before the first session (day 0), and from it on [design].
    survey_response : float
        Share of those still keeping a diary at the end who answer the feedback form [assumption].
    therapies : tuple of (str, float)
        What people receive, with its share of the people; the shares are scaled to 1. Names
        joined by " + " are several therapies at once [design].
    attendance : tuple of four float
        Shares of weekly sessions after the first that were attended, not attended, cancelled,
        or missed while away; the first is always attended [assumption].
    start : datetime.date
        First day on which a diary may begin [design].
    recruitment_days : int
        Diaries begin on a day drawn from this many, evenly [design].
    code_prefix : str
        Capital letters a client code starts with [design].

    Raises
    ------
    ValueError
        If a scenario is impossible; the message names the field, its allowed range and the value.

    Examples
    --------
    >>> DiaryScenario(n_people=12).level_mean
    4.03
    >>> DiaryScenario(day_autocorrelation=1.5)
    Traceback (most recent call last):
        ...
    ValueError: day_autocorrelation must be 0 to 0.99, got 1.5
    """

    n_people: int = told(40, "design", 1, 10_000_000, whole=True)
    change: float = told(0.0, "design", -10, 10)
    spasm_change: float | None = told(None, "design", -10, 10)
    expectation: float = told(0.0, "design", 0, 2)
    entry_rating: float | None = told(4.0, "design", 0, 10)
    entry_days: int = told(1, "design", 1, 366, whole=True)
    baseline_days: int = told(14, "design", 1, 366, whole=True)
    followup_days: int = told(42, "design", 1, 3660, whole=True)
    survey_response: float = told(0.70, "assumption", 0, 1, "no published value found; vary it")
    therapies: tuple[tuple[str, float], ...] = chosen((("physiotherapy", 1.0),))
    attendance: tuple[float, float, float, float] = told(
        (0.78, 0.09, 0.08, 0.05), "assumption", 0, 1, "no published value found; vary it"
    )
    start: dt.date = chosen(_START)  # noqa: RUF009 (it is a field)
    recruitment_days: int = told(28, "design", 1, 3660, whole=True)
    code_prefix: str = chosen("SIM")

    def __post_init__(self) -> None:
        """Refuse an impossible scenario early, by field name and allowed range."""
        World.__post_init__(self)  # super() does not work in a dataclass with slots
        if self.entry_days > self.baseline_days:
            raise ValueError(
                f"entry_days must be 1 to baseline_days ({self.baseline_days}), "
                f"got {self.entry_days}; people come in before their first session"
            )
        if not self.therapies or any(not name or share <= 0 for name, share in self.therapies):
            raise ValueError(
                "therapies must be at least one (name, share) with a share above 0, "
                f"got {self.therapies}"
            )
        if abs(sum(self.attendance) - 1) > 1e-9:
            raise ValueError(
                f"attendance must be four shares that add up to 1, got {self.attendance} "
                f"({sum(self.attendance):g})"
            )
        if not (self.code_prefix.isascii() and self.code_prefix.isalpha()
                and self.code_prefix.isupper()):  # fmt: skip
            raise ValueError(
                f"code_prefix must be one or more capital letters A to Z, got {self.code_prefix!r}"
            )

    @property
    def days(self) -> NDArray[np.int64]:
        """Days of the diary, day 0 being the first session."""
        return np.arange(-self.baseline_days, self.followup_days)
