"""Answers to the MSSS-88 at visits: a graded-response model for each subscale, item numbers only.

Observation only. The latent states come in as arrays, drawn elsewhere; nothing here moves them.
No wording of the form is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msspas_analysis.instruments import get
from msspas_analysis.simulate.realism import as_latent, check_share

Floats = NDArray[np.float64]

MIDDLE: Final = 5.0
"""Points in the middle of the 0-10 scale."""

_STEPS: Final = (-2.0, 0.0, 2.0)  # points at which the next answer is as likely as not [assumption]
_ITEM_SPREAD: Final = 1.5  # hardest and easiest item, in points from the middle one [assumption]
_SHARPNESS: Final = 1.2  # log-odds of the next answer for a point [calibrated to Cronbach's alpha]
_BETWEEN_SUBSCALES: Final = 0.5  # correlation of what is personal in two subscales [assumption]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscaleLoading:
    """What moves the answers of one MSSS-88 subscale; all but the half-life in points 0-10.

    Parameters
    ----------
    stiffness, spasm, pain : float
        Points the subscale moves for a point of each latent.
    person, half_life : float
        Standard deviation (0 or more) of the person's own part, and the days (above 0) after
        which half of it is forgotten.
    visit : float
        Standard deviation of what is new at each visit, 0 or more.
    middle : float
        Where the middle answer lies; lower means that more people answer at the top.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> LOADINGS["walking"].half_life
    2000.0
    """

    stiffness: float
    spasm: float
    pain: float
    person: float
    half_life: float
    visit: float
    middle: float = MIDDLE

    def __post_init__(self) -> None:
        """Refuse impossible spreads."""
        if not (self.person >= 0 and self.visit >= 0 and self.half_life > 0):
            raise ValueError(
                "person and visit must be 0 or more and half_life above 0, got "
                f"{self.person}, {self.visit} and {self.half_life}"
            )


def _loading(latents: tuple[float, float, float], **spread: float) -> SubscaleLoading:
    stiffness, spasm, pain = latents
    return SubscaleLoading(stiffness=stiffness, spasm=spasm, pain=pain, **spread)


LOADINGS: Final[Mapping[str, SubscaleLoading]] = MappingProxyType({
    "muscle_stiffness": _loading((0.92, 0.00, 0.08), person=0.6, half_life=70.0, visit=0.6),
    "pain_discomfort": _loading((0.25, 0.00, 0.70), person=1.0, half_life=90.0, visit=0.4),
    "muscle_spasms": _loading((0.45, 0.50, 0.00), person=1.0, half_life=90.0, visit=0.5),
    "activities_daily_living": _loading((0.45, 0.20, 0.10), person=1.5, half_life=120.0, visit=0.4),
    "walking": _loading((0.30, 0.10, 0.00), person=2.0, half_life=2000.0, visit=0.6, middle=4.0),
    "body_movements": _loading((0.55, 0.15, 0.10), person=1.4, half_life=110.0, visit=0.4),
    "feelings": _loading((0.25, 0.15, 0.20), person=1.8, half_life=120.0, visit=0.35),
    "social_functioning": _loading((0.25, 0.15, 0.15), person=1.9, half_life=130.0, visit=0.2),
})  # fmt: skip
"""What moves each MSSS-88 subscale.

Weights of the latents are an assumption; the spreads and half-lives are calibrated with them, see
:func:`msss88`. Walking moves little and half of it is forgotten only in years."""


def msss88(
    stiffness: ArrayLike, spasm: ArrayLike, pain: ArrayLike, *, days: ArrayLike,
    rng: np.random.Generator, cannot_walk: float | NDArray[np.bool_] = 0.0,
    loadings: Mapping[str, SubscaleLoading] = LOADINGS,
) -> Floats:  # fmt: skip
    """Draw the answers to the 88 items of the MSSS-88; item numbers only, no wording is held.

    A graded-response model (Samejima 1969) in each subscale: the subscale's state is made of the
    latents, a part of the person that is slowly forgotten, and a part that is new at each visit;
    the chance of an answer above each step is logistic in it.

    Parameters
    ----------
    stiffness, spasm, pain : array_like, shape (..., n_people, n_visits)
        Latents in points of the 0-10 scale, not clipped. The form asks about two weeks, so best
        their means over the two weeks before the visit.
    days : array_like, shape (n_visits,)
        Day of each visit, rising.
    rng : numpy.random.Generator
        Stream of the answers.
    cannot_walk : float or numpy.ndarray of bool, shape (..., n_people)
        Share of the people, drawn last and at random, to whom the walking items do not apply
        (assumption: no published rule was found); or who they are.
    loadings : mapping of str to SubscaleLoading
        What moves each subscale.

    Returns
    -------
    numpy.ndarray, shape (..., n_people, n_visits, 88)
        Answers 1 to 4 in the order of the subscales in the registry; NaN where the walking items
        do not apply.

    Raises
    ------
    ValueError
        If shapes differ, days do not rise, or a subscale has no loading.

    Notes
    -----
    Calibrated in a world of entrants (mean stiffness 6 points, standard deviations 1.8 between
    people, 1.0 of drift, 1.2 from day to day): test-retest intraclass correlations of the sums over
    two weeks, the latents unchanged, as in the Serbian form (0.84-0.91, doi:10.1371/journal.pone.0147042) and standard deviations of
    the 12-week change as in MUSEC (0.22-0.26 of the range, walking 0.14-0.19; derived from Table
    5 of doi:10.1136/jnnp-2012-302468). Steps and item positions are assumptions.

    Examples
    --------
    >>> state = np.full((20, 2), 6.0)
    >>> answers = msss88(state, state, state, days=[0, 84], rng=np.random.default_rng(1))
    >>> answers.shape, np.unique(answers).tolist()
    ((20, 2, 88), [1.0, 2.0, 3.0, 4.0])
    """
    states = [
        as_latent(name, value)
        for name, value in (("stiffness", stiffness), ("spasm", spasm), ("pain", pain))
    ]
    shape = states[0].shape
    if any(state.shape != shape for state in states):
        raise ValueError(
            "stiffness, spasm and pain must have one shape, got "
            + ", ".join(str(state.shape) for state in states)
        )
    parts = get("msss88").subscales
    if absent := [part.name for part in parts if part.name not in loadings]:
        raise ValueError(f"loadings must name every MSSS-88 subscale; {absent} are absent")
    chosen = [loadings[part.name] for part in parts]
    theta = _subscale_states(states, chosen, _rising(days, shape[-1]), rng=rng)
    item_of = np.repeat(np.arange(len(parts)), [len(part.items) for part in parts])
    easy = np.concatenate([_positions(len(part.items)) for part in parts])
    said = theta[..., item_of] - easy + rng.logistic(size=(*shape, easy.size)) / _SHARPNESS
    answers = 1.0 + np.searchsorted(_STEPS, said)
    walking = np.array([part.name == "walking" for part in parts])[item_of]
    seated = _seated(cannot_walk, shape[:-1], rng=rng)
    return np.where(seated[..., None, None] & walking, np.nan, answers)


def _subscale_states(
    states: list[Floats], loadings: list[SubscaleLoading], days: Floats, *,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draw the state behind each subscale, ``(..., n_visits, 8)``, in points from its middle."""
    shape, n = states[0].shape, len(loadings)

    def alike() -> Floats:
        general = rng.standard_normal((*shape, 1))
        own = rng.standard_normal((*shape, n))
        both: Floats = np.sqrt(_BETWEEN_SUBSCALES) * general + np.sqrt(1 - _BETWEEN_SUBSCALES) * own
        return both

    weights = np.array([(x.stiffness, x.spasm, x.pain) for x in loadings])
    middle = np.array([x.middle for x in loadings])
    theta = (np.stack(states, axis=-1) - MIDDLE) @ weights.T + (MIDDLE - middle)
    half_life = np.array([x.half_life for x in loadings])
    person = _remembered(alike(), days, half_life)
    theta = theta + np.array([x.person for x in loadings]) * person
    out: Floats = theta + np.array([x.visit for x in loadings]) * alike()
    return out


def _remembered(shocks: Floats, days: Floats, half_life: Floats) -> Floats:
    """Turn independent normals ``(..., n_visits, n)`` into a part that is slowly forgotten."""
    out = np.array(shocks)
    for visit in range(1, days.size):
        keep = 0.5 ** ((days[visit] - days[visit - 1]) / half_life)
        out[..., visit, :] = (
            keep * out[..., visit - 1, :] + np.sqrt(1.0 - keep**2) * shocks[..., visit, :]
        )
    return out


def _positions(n_items: int) -> Floats:
    """Return how much harder than the middle each item is, in points; the order means nothing."""
    even = np.linspace(-_ITEM_SPREAD, _ITEM_SPREAD, n_items)
    return np.concatenate([even[::2], even[1::2]])


def _seated(
    cannot_walk: float | NDArray[np.bool_], people: tuple[int, ...], *, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Say who cannot walk; a higher share only adds people."""
    if isinstance(cannot_walk, np.ndarray):
        if cannot_walk.dtype != bool or cannot_walk.shape != people:
            raise ValueError(
                f"cannot_walk must be a share 0 to 1 or True and False of shape {people}, got "
                f"{cannot_walk.dtype} of shape {cannot_walk.shape}"
            )
        return cannot_walk
    check_share("cannot_walk", cannot_walk)
    drawn: NDArray[np.bool_] = rng.random(people) < cannot_walk
    return drawn


def msss88_sums(answers: ArrayLike) -> Floats:
    """Sum the answers of each MSSS-88 subscale.

    Parameters
    ----------
    answers : array_like, shape (..., 88)
        From :func:`msss88`.

    Returns
    -------
    numpy.ndarray, shape (..., 8)
        Sums in the order of the subscales; NaN where an item has no answer. For answers left out
        here and there use :func:`msspas_analysis.scoring.score`, which has the published rule.

    Raises
    ------
    ValueError
        If there are not 88 items.

    Examples
    --------
    >>> msss88_sums(np.ones(88)).tolist()
    [12.0, 9.0, 14.0, 11.0, 10.0, 11.0, 13.0, 8.0]
    """
    said = np.asarray(answers, dtype=np.float64)
    parts = get("msss88").subscales
    n_items = sum(len(part.items) for part in parts)
    if said.ndim < 1 or said.shape[-1] != n_items:
        raise ValueError(f"answers must be (..., {n_items}), got shape {said.shape}")
    each = [said[..., np.array(part.items) - 1].sum(axis=-1) for part in parts]
    return np.stack(each, axis=-1)


def _rising(days: ArrayLike, n_visits: int) -> Floats:
    when = np.asarray(days, dtype=np.float64)
    if when.shape != (n_visits,) or not (np.diff(when) > 0).all():
        raise ValueError(f"days must be {n_visits} rising number(s), one a visit, got {days!r}")
    return when
