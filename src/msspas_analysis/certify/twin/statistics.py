"""Expected without treatment for what is no mean: shares of people who fell by a fifth, bad days.

Such a share is no straight line in the ratings, so no contrast takes the entry rating's luck out of
it. Here the same people are drawn with nothing given, their mean change held at what the contrast
expects, and the share is worked out on the draws. Its error is a jackknife's: the twin is fitted and
drawn anew without each person (without each of forty groups, where there are more), from the same
random numbers, so that what it costs to estimate the twin is in the interval.

References
----------
.. [1] Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, ch. 11 (the jackknife). Chapman
   and Hall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.twin.draws import HIGH, untreated_model, ups_and_downs, whole
from msspas_analysis.certify.twin.expected import BEYOND, EXPECTED, OBSERVED
from msspas_analysis.estimate.change.paired import fallen
from msspas_analysis.estimate.change.untreated import (
    Days,
    Entry,
    checked_contrast,
    day_grid,
    untreated_contrast,
    window_weights,
)
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.streams import stream
from msspas_analysis.tables import AFTER, BEFORE, Window

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What a statistic is worked out from: of people with enough days before and after.

    Parameters
    ----------
    ratings : numpy.ndarray, shape (..., n_people, n_days)
        Daily ratings 0 to 10, NaN where there is none.
    weights_before, weights_after : numpy.ndarray, shape of `ratings` or broadcasting to it
        What each day counts for in the person's mean before and after; 0 where it does not.
    """

    ratings: Floats
    weights_before: Floats
    weights_after: Floats

    @cached_property
    def before(self) -> Floats:
        """Each person's mean before, shape (..., n_people)."""
        return self.mean_of(self.ratings, self.weights_before)

    @cached_property
    def after(self) -> Floats:
        """Each person's mean after, shape (..., n_people)."""
        return self.mean_of(self.ratings, self.weights_after)

    @staticmethod
    def mean_of(values: Floats, weights: Floats) -> Floats:
        """Return each person's weighted mean of something daily."""
        return np.asarray((np.where(np.isnan(values), 0.0, values) * weights).sum(axis=-1))


Statistic = Callable[[Seen], Floats]
"""One number for each of the leading axes."""


def share_fallen(by: float) -> Statistic:
    """Return the statistic "share of people whose mean fell by at least this share of it".

    Parameters
    ----------
    by : float
        Such as 0.2 for a fifth, in (0, 1).

    Examples
    --------
    >>> ratings = np.array([[5.0, 4.0], [5.0, 5.0]])
    >>> first, last = np.array([[1.0, 0.0]] * 2), np.array([[0.0, 1.0]] * 2)
    >>> float(share_fallen(0.2)(Seen(ratings=ratings, weights_before=first, weights_after=last)))
    0.5
    """
    if not 0 < by < 1:
        raise ValueError(f"by must lie between 0 and 1, got {by}; 0.2 is a fall of a fifth")

    def share(seen: Seen) -> Floats:
        return np.asarray(fallen(seen.before, seen.after, by).mean(axis=-1))

    return share


def share_risen(by: float) -> Statistic:
    """Return the statistic "share of people whose mean rose by at least this share of it".

    Parameters
    ----------
    by : float
        Such as 0.2 for a fifth, above 0.

    Examples
    --------
    >>> ratings = np.array([[5.0, 4.0], [5.0, 6.0]])
    >>> first, last = np.array([[1.0, 0.0]] * 2), np.array([[0.0, 1.0]] * 2)
    >>> float(share_risen(0.2)(Seen(ratings=ratings, weights_before=first, weights_after=last)))
    0.5
    """
    if by <= 0:
        raise ValueError(f"by must be above 0, got {by}; 0.2 is a rise of a fifth")

    def share(seen: Seen) -> Floats:
        before, after = seen.before, seen.after
        return np.asarray(((after - before >= by * before - 1e-9) & (after > before)).mean(axis=-1))

    return share


def change_in_bad_days(at_least: float) -> Statistic:
    """Return the statistic "share of bad days after minus before", averaged over people.

    Parameters
    ----------
    at_least : float
        The rating from which a day is a bad one, above 0 and up to 10.

    Examples
    --------
    >>> ratings = np.array([[7.0, 4.0], [7.0, 8.0]])
    >>> first, last = np.array([[1.0, 0.0]] * 2), np.array([[0.0, 1.0]] * 2)
    >>> float(change_in_bad_days(6)(Seen(ratings=ratings, weights_before=first, weights_after=last)))
    -0.5
    """
    if not 0 < at_least <= 10:
        raise ValueError(f"at_least must be above 0 and at most 10, got {at_least}")

    def change(seen: Seen) -> Floats:
        bad = np.where(seen.ratings >= at_least, 1.0, 0.0)
        moved = seen.mean_of(bad, seen.weights_after - seen.weights_before)
        return np.asarray(moved.mean(axis=-1))

    return change


STATISTICS: Final[Mapping[str, Statistic]] = {
    "fall_20": share_fallen(0.20), "fall_30": share_fallen(0.30), "rise_20": share_risen(0.20),
    "bad_days_6": change_in_bad_days(6.0),
}  # fmt: skip
"""Statistics known by name: falls of a fifth and of three tenths, rises of a fifth, days at 6 or more."""

_GROUPS: Final = 40
_DRAWS: Final = 50
_DRAWN_PEOPLE: Final = 3_000  # so that few people are drawn more often
_AT_ONCE: Final = 4_000_000  # numbers held at once
_ROUNDS: Final = 3


def statistic_beyond_expectation(
    diary: pd.DataFrame, people: pd.DataFrame, statistics: Mapping[str, Statistic] | None = None,
    *, outcome: str = "stiffness", before: Window = BEFORE, after: Window = AFTER,
    entry: EntryRule | str | None = None, seed: int = 2026, conf_level: float = 0.95,
    highest: float = HIGH,
) -> Estimates:  # fmt: skip
    """Say by how much a statistic lies beyond what the same people would show with nothing given.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        Tidy tables.
    statistics : mapping of str to callable, or None
        What to work out, by name: functions of :class:`Seen` that return one number for each of
        the leading axes; None is :data:`STATISTICS`.
    outcome : str
        A daily rating in whole points from 0, by which people came in.
    before, after : Window
        Days compared.
    entry : EntryRule, str or None
        Why people came in; None is "anybody could come".
    seed : int
        Seed of the draws, 0 or more; same seed, same numbers.
    conf_level : float
        Coverage of the intervals, in (0, 1).
    highest : float
        The end of the scale, which begins at 0.

    Returns
    -------
    Estimates
        By ``measure``, with ``term`` "observed", "expected without treatment" and "beyond
        expectation"; the last with a t interval from the jackknife.

    Raises
    ------
    NoExpectationError
        If these diaries cannot carry an expectation.
    ValueError
        If a statistic returns another shape.

    Notes
    -----
    A statistic has to be smooth in the people: a mean or a share, not a median or an extreme, for
    which a jackknife is wrong. Wrong also where
    :func:`~msspas_analysis.estimate.change.untreated.change_beyond_expectation` is, and where people differ
    in how they go up and down. How often it errs is measured
    (:func:`~msspas_analysis.certify.twin.expected.method_check`).

    References
    ----------
    See the module.

    Examples
    --------
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> cohort = simulate_diary(DiaryScenario(n_people=20), seed=4).tables
    >>> found = statistic_beyond_expectation(cohort.diary, cohort.people,
    ...     entry="first rating >= 4")
    >>> row = found.one(term="beyond expectation", measure="fall_20")
    >>> bool(row.conf_low < 0 < row.conf_high)  # nothing was given
    True
    """
    from scipy.special import stdtr, stdtrit

    rule = EntryRule.of(entry)
    asked = STATISTICS if statistics is None else statistics
    grid = day_grid(diary, people, outcome)
    found = beyond_twin(grid, asked, before=before, after=after, entry=rule.by, seed=seed,
                        highest=highest)  # fmt: skip
    common = {
        "outcome": outcome, "group": str(rule), "conf_level": conf_level, "n": found.n,
        "n_missing": int(people["person_id"].nunique()) - found.n,
        "method": f"drawn untreated, {found.draws} times, seed {seed}; jackknife by person, t",
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    df = float(found.groups - 1)
    reach = float(stdtrit(df, 0.5 + conf_level / 2))
    for name in asked:
        seen, expected, error = found.observed[name], found.expected[name], found.std_error[name]
        t = (seen - expected) / error if error > 0 else np.nan
        row = common | {"measure": name}
        rows += [
            row | {"term": OBSERVED, "estimate": seen}, row | {"term": EXPECTED, "estimate": expected},
            row | {"term": BEYOND, "estimate": seen - expected, "std_error": error,
                   "conf_low": seen - expected - reach * error,
                   "conf_high": seen - expected + reach * error, "statistic": t, "df": df,
                   "p_value": float(2 * stdtr(df, -abs(t)))},
        ]  # fmt: skip
    return Estimates.from_rows(rows, notes=[str(before), str(after)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeyondTwin:
    """Statistics of one cohort beside those of its twin.

    Parameters
    ----------
    n, groups, draws : int
        People with days before and after and an entry rating; lots left out in turn; draws.
    observed, expected, std_error : mapping of str to float
        What was seen, what the twin shows, and the standard error of their difference.
    """

    n: int
    groups: int
    draws: int
    observed: Mapping[str, float]
    expected: Mapping[str, float]
    std_error: Mapping[str, float]


def beyond_twin(
    grid: Days, statistics: Mapping[str, Statistic], *, before: Window, after: Window,
    entry: Entry, seed: int, highest: float = HIGH,
) -> BeyondTwin:  # fmt: skip
    """Work statistics out on the ratings and on the twin, and again without each lot of people.

    Parameters
    ----------
    grid : Days
        Ratings of one cohort.
    statistics : mapping of str to callable
        By name.
    before, after : Window
        Days compared.
    entry : {"first rating", "first week", "none"}
        What people came in by.
    seed : int
        Seed of the draws.
    highest : float
        The end of the scale, which begins at 0.
    """
    contrast = checked_contrast(grid, before=before, after=after, entry=entry)
    keep = ~np.isnan(contrast.expected)
    step = float((contrast.change - contrast.expected)[keep].mean())
    mine = Days(person_id=grid.person_id[keep], days=grid.days, seen=grid.seen[keep])
    g = ups_and_downs(mine, contrast.g, entry=entry, step=step, seed=seed, highest=highest)
    scale = g / np.where(contrast.g == 0, 1.0, contrast.g)
    n = len(mine.seen)
    plan = _Plan(mine, statistics, before=before, after=after, entry=entry, scale=scale, seed=seed,
                 highest=highest)  # fmt: skip
    observed, expected = plan.both(np.arange(n)[None])
    groups = min(n, _GROUPS)
    lot = np.arange(n) % groups
    others = [np.nonzero(lot != j)[0] for j in range(groups)]
    beyond: dict[str, list[float]] = {name: [] for name in statistics}
    for size in sorted({len(who) for who in others}):
        seen, theirs = plan.both(np.stack([who for who in others if len(who) == size]))
        for name in statistics:
            beyond[name] += (seen[name] - theirs[name]).tolist()
    return BeyondTwin(
        n=n, groups=groups, draws=plan.draws,
        observed={k: float(v[0]) for k, v in observed.items()},
        expected={k: float(v[0]) for k, v in expected.items()},
        std_error={k: float(np.sqrt((groups - 1) * np.var(v))) for k, v in beyond.items()},
    )  # fmt: skip


class _Plan:
    """The same people and random numbers for every twin that is fitted to some of them."""

    def __init__(
        self, grid: Days, statistics: Mapping[str, Statistic], *, before: Window, after: Window,
        entry: Entry, scale: Floats, seed: int, highest: float,
    ) -> None:  # fmt: skip
        self.grid, self.statistics, self.windows = grid, statistics, (before, after)
        self.entry, self.scale, self.highest = entry, scale, highest
        self.draws = max(_DRAWS, _DRAWN_PEOPLE // len(grid.seen))
        self.normals = stream(seed, "twin statistics").standard_normal(
            (self.draws, *grid.seen.shape)
        )
        self.weights = [window_weights(grid.seen, grid.days, window) for window in self.windows]
        self.kept = np.nonzero((self.weights[0] + self.weights[1]).any(axis=0))[0]

    def both(self, who: NDArray[np.int64]) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return every statistic of some of the people, and of their twin; one row of `who` each."""
        parts = [self._some(rows) for rows in np.array_split(who, self._lots(who))]
        return tuple(
            {name: np.concatenate([part[i][name] for part in parts]) for name in self.statistics}
            for i in (0, 1)
        )  # type: ignore[return-value]

    def _lots(self, who: NDArray[np.int64]) -> int:
        return max(1, who.size * self.kept.size * self.draws // _AT_ONCE)

    def _some(self, who: NDArray[np.int64]) -> tuple[dict[str, Floats], dict[str, Floats]]:
        days, kept = self.grid.days, self.kept
        seen = self.grid.seen[who]
        before, after = (w[who] for w in self.weights)
        observed = self._of(Seen(ratings=seen, weights_before=before, weights_after=after))
        c = untreated_contrast(
            seen, days, before=self.windows[0], after=self.windows[1], entry=self.entry
        )
        known = ~np.isnan(c.expected)
        aim = _mean(c.expected, known)
        step = _mean(c.change - c.expected, known)
        model = untreated_model(seen, days, c.g * self.scale, entry=self.entry, step=step,
                                highest=self.highest)  # fmt: skip
        latent = np.concatenate([
            model.latent(normals[:, who].swapaxes(0, 1))[..., kept]
            for normals in np.array_split(self.normals, -(-self.normals.size // _AT_ONCE) * len(who))
            if len(normals)
        ], axis=1)  # fmt: skip
        blank = np.isnan(seen[..., kept])[:, None]
        before, after = before[:, None, :, kept], after[:, None, :, kept]
        later, shift = days[kept] >= 0, np.zeros(len(who))
        # rounding and bounds take some of a shift, so it is found in steps
        for _ in range(_ROUNDS):
            drawn = whole(latent + shift[:, None, None, None] * later, self.highest)
            twin = Seen(
                ratings=np.where(blank, np.nan, drawn), weights_before=before, weights_after=after
            )
            moved = (twin.after - twin.before).mean(axis=1)
            shift = shift + aim - _mean(moved, known)
        return observed, {name: v.mean(axis=1) for name, v in self._of(twin).items()}

    def _of(self, seen: Seen) -> dict[str, Floats]:
        out = {}
        for name, statistic in self.statistics.items():
            values = np.asarray(statistic(seen), dtype=np.float64)
            if values.shape != seen.ratings.shape[:-2]:
                raise ValueError(
                    f"the statistic {name!r} must return shape {seen.ratings.shape[:-2]}, one number "
                    f"for each cohort, got {values.shape}; take it over the last axis"
                )
            out[name] = values
        return out


def _mean(values: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(known, values, 0.0).sum(axis=-1) / np.maximum(known.sum(-1), 1))
