"""Surveys run again: how common a symptom looks when the people who have it answer more readily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.streams import stream

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A survey as data, with a truth that would make its share a matter of who answered.

    Parameters
    ----------
    code, title : str
        Short key, and what was done.
    n_people : int
        People who answered or were examined, 1 or more.
    shares : tuple of float
        Printed shares by grade, the mildest first; they add up to 1.
    reference : float
        Share with the symptom in another source, in (0, 1).
    response_share : float
        Share answering of those with none of it, in (0, 1).
    odds : tuple of two float
        Odds of answering for each grade more: drawn evenly between these, each above 0.
    sources : tuple of (str, str, str)
        What, its status and where it comes from.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> city = Survey(code="city", title="Sixty-eight people examined", n_people=68,
    ...     shares=(0.53, 0.47), reference=0.34, response_share=0.5, odds=(1.0, 1.0))
    >>> [round(float(x), 3) for x in city.if_as_the_reference]
    [0.66, 0.34]
    """

    diary: ClassVar[bool] = False
    code: str
    title: str
    n_people: int
    shares: tuple[float, ...]
    reference: float
    response_share: float
    odds: tuple[float, float] = (1.0, 2.0)
    sources: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.n_people < 1:
            raise ValueError(f"{self.code}: n_people must be 1 or more, got {self.n_people}")
        if len(self.shares) < 2 or min(self.shares) <= 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(
                f"{self.code}: shares must be two or more, above 0, and add up to 1, got {self.shares}"
            )
        for name, value in (
            ("reference", self.reference),
            ("response_share", self.response_share),
        ):
            if not 0 < value < 1:
                raise ValueError(f"{self.code}: {name} must lie between 0 and 1, got {value}")
        if not 0 < self.odds[0] <= self.odds[1]:
            raise ValueError(
                f"{self.code}: odds must be above 0, the smaller first, got {self.odds}"
            )

    @property
    def printed(self) -> float:
        """Printed share with the symptom."""
        return 1.0 - self.shares[0]

    @property
    def if_as_the_reference(self) -> Floats:
        """Shares by grade if the symptom is as common as in the reference: all odds moved alike."""
        above = 1.0 - np.cumsum(self.shares)[:-1]
        odds = above / (1 - above)
        moved = odds * (self.reference / (1 - self.reference)) / odds[0]
        return np.asarray(-np.diff(np.r_[1.0, moved / (1 + moved), 0.0]))


def answered_shares(shares: Floats, *, response_share: float, odds: Floats) -> Floats:
    """Return the shares by grade of those who answer.

    Parameters
    ----------
    shares : numpy.ndarray, shape (grades,)
        Of everybody, the mildest first.
    response_share : float
        Share answering at the first grade, in (0, 1).
    odds : numpy.ndarray, shape (...)
        Odds of answering for each grade more.

    Returns
    -------
    numpy.ndarray, shape (..., grades)

    Examples
    --------
    >>> answered_shares(np.array([0.4, 0.6]), response_share=0.1, odds=np.array([1.0, 2.0]))[:, 1].round(3)
    array([0.6  , 0.732])
    """
    none = response_share / (1 - response_share)
    given = none * np.asarray(odds)[..., None] ** np.arange(len(shares))
    seen = shares * given / (1 + given)
    return np.asarray(seen / seen.sum(axis=-1, keepdims=True))


def share_seen(survey: Survey, shares: Floats, odds: Floats, *, seed: int, first: int) -> Floats:
    """Draw the share with the symptom among those who answer, one for each of `odds`."""
    seen = answered_shares(shares, response_share=survey.response_share, odds=odds)
    counts = stream(seed, "replayed survey: answers", first).binomial(
        survey.n_people, 1 - seen[:, 0]
    )
    return np.asarray(counts / survey.n_people)


def drawn_odds(survey: Survey, *, seed: int, first: int, count: int) -> Floats:
    """Draw how readily people answer, one for each run."""
    low, high = survey.odds
    return stream(seed, "replayed survey: odds", first).uniform(low, high, count)
