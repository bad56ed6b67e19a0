"""Ratings that are not one a person: several complaints of a person, and many sessions of a person.

Both make more rows than people. What a study of them shows depends on whether rows or people are
counted, so the truth says which rows belong together.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.course import rated
from msspas_analysis.simulate.days import BLOCK
from msspas_analysis.simulate.occasions import basis_of, normal_course
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, Trials

Floats = NDArray[np.float64]

SESSION_NOISE: Final = 0.7
"""Standard deviation, in points, of one rating about the state of the day [assumption]."""

_MOST: Final = 10  # complaints of one person
_MOST_TRIES: Final = 10_000


def complaint_ratings(runs: Trials, *, seed: int, first: int = 0) -> Floats:
    """Draw the ratings of every complaint of every person at every visit.

    A complaint is one that is bad: it is volunteered only if its rating at the first visit meets the
    study's entry rating. What is common to a person's complaints is that person's own course, as in
    `runs`; the rest has a course of its own by the same law.

    Parameters
    ----------
    runs : Trials
        Runs of a design with ``complaints`` above 1, without a diary and with one rating a visit.
    seed : int
        The seed that `runs` were drawn with.
    first : int
        The number of their first run.

    Returns
    -------
    numpy.ndarray, shape (replicates, people, 10, visits)
        Ratings 0 to 10; NaN beyond a person's number of complaints and once somebody is lost.

    Raises
    ------
    ValueError
        If the design has one complaint a person or is not rated once at each visit, or if no rating
        of a complaint can meet the entry rating.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> from msspas_analysis.simulate.trials import simulate_trials
    >>> runs = simulate_trials(DESIGNS["T7"], seed=2, replicates=50)
    >>> rated = complaint_ratings(runs, seed=2)
    >>> round(float((~np.isnan(rated[..., 0])).sum(axis=-1).mean()), 1)  # complaints a person
    1.6
    """
    design, s = runs.design, runs.scenario
    if design.complaints <= 1 or design.diary or design.ratings_per_visit != 1:
        raise ValueError(
            f"{design.code}: complaints must be above 1, without a diary and with "
            f"ratings_per_visit=1, got {design.complaints}, diary={design.diary}, "
            f"ratings_per_visit={design.ratings_per_visit}"
        )
    at = np.array(design.visits) + design.baseline_days
    basis, shares = basis_of(s, at)
    icc = design.complaint_icc
    out = np.full((*runs.latent.shape[:2], _MOST, at.size), np.nan)
    for low in range(0, runs.latent.shape[0], BLOCK_OF_VISITS):
        block = (first + low) // BLOCK_OF_VISITS
        common = runs.latent[low : low + BLOCK_OF_VISITS]
        size = common.shape[:2]
        many = 1 + stream(seed, "complaints", block).poisson(design.complaints - 1.0, size)
        there = np.arange(_MOST) < many[..., None]
        shared = np.sqrt(icc) * (common[:, :, None, :] - s.level_mean)
        shared = np.broadcast_to(shared, (*size, _MOST, at.size)).reshape(-1, at.size)
        rating = np.empty(shared.shape)
        waiting = np.arange(rating.shape[0])
        for attempt in range(1, _MOST_TRIES + 1):
            own = normal_course(
                (stream(seed, f"complaint at visit {j}, try {attempt}", block)
                 for j in range(at.size)),
                waiting.size, np.full(waiting.size, s.day_sd**2), basis, shares,
            )  # fmt: skip
            latent = s.level_mean + shared[waiting] + np.sqrt(1.0 - icc) * own.T
            rating[waiting] = rated(latent, bounded=s.bounded)
            if s.entry_rating is None:
                break
            waiting = waiting[rating[waiting, 0] < s.entry_rating]
            if not waiting.size:
                break
        else:
            raise ValueError(
                f"{design.code}: entry_rating {s.entry_rating} was not met by {waiting.size} "
                f"complaints in {_MOST_TRIES:,} tries each; lower it"
            )
        block_of = rating.reshape(*size, _MOST, at.size)
        kept = there[..., None] & ~runs.lost[low : low + BLOCK_OF_VISITS, :, None, :]
        out[low : low + size[0]] = np.where(kept, block_of, np.nan)
    return out


def session_days(runs: Trials) -> NDArray[np.int64]:
    """Return the days of the rated sessions, spread over each week from day 0 on."""
    design = runs.design
    weeks = np.arange(0, design.days_in_all - 6, 7)
    within = np.arange(design.sessions) * 7 // max(design.sessions, 1)
    days: NDArray[np.int64] = (weeks[:, None] + within).ravel()
    return days


def session_ratings(runs: Trials, *, seed: int, first: int = 0) -> Floats:
    """Draw a rating right before and right after every session of every person.

    The rating after is moved by the design's ``acute`` points; the next day knows nothing of it.

    Parameters
    ----------
    runs : Trials
        Runs, with their truth, of a design with ``sessions`` and a diary.
    seed : int
        The seed that `runs` were drawn with.
    first : int
        The number of their first run.

    Returns
    -------
    numpy.ndarray, shape (replicates, people, sessions, 2)
        Ratings 0 to 10 before and after.

    Raises
    ------
    ValueError
        If the design has no sessions, or the truth was not kept.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> from msspas_analysis.simulate.trials import simulate_trials
    >>> runs = simulate_trials(DESIGNS["T8"], seed=3, replicates=2, truth=True)
    >>> session_ratings(runs, seed=3).shape  # 36 sessions of one person
    (2, 1, 36, 2)
    """
    design, s = runs.design, runs.scenario
    if not design.sessions or runs.days is None:
        raise ValueError(
            f"{design.code}: sessions must be 1 or more and the runs drawn with truth=True, got "
            f"{design.sessions} and {'no truth' if runs.days is None else 'the truth'}"
        )
    days = session_days(runs) + design.baseline_days
    state = runs.days.behind.latent[..., days]
    noise = np.concatenate([
        stream(seed, "sessions rated", (first + low) // BLOCK).standard_normal(
            (min(BLOCK, state.shape[0] - low), *state.shape[1:], 2)
        )
        for low in range(0, state.shape[0], BLOCK)
    ])  # fmt: skip
    latent = state[..., None] + np.array([0.0, design.acute]) + SESSION_NOISE * noise
    return rated(latent, bounded=s.bounded)
