"""What would have happened anyway: change beyond what regression to the mean explains.

People begin a diary, or are taken on, because a rating was high. A high rating is partly a high
level and partly a bad day, and the bad day passes. Given the entry rating u, and with the days'
autocovariance g within a person, any contrast of that person's days whose weights add up to zero
and which is uncorrelated with u has expectation zero where nothing was given, whatever the
person's level, whatever the levels' distribution, and whatever threshold u had to pass. The
contrast used here is

    after - before - k (before - u),   k = (cov(before, u) - cov(after, u)) / (var(u) - cov(before, u)).

In words: the part of the entry rating that had already gone by the time of the "before" days tells
how much more of it is still to go. Each person gives one such number; their mean is tested against
zero with a t interval over people. g is estimated from the differences of pairs of days on the same
side of the first session (a variogram), so that a step at the first session, and the person's
level, cancel; the entry rating itself is left out of it.

Another daily answer Y (pain, spasms, whether a day was a bad one) regresses as far as it goes with the
rating S that people came in by. Its contrast is

    Y after - Y before - k (S before - u),   k = (cov(Y before, u) - cov(Y after, u)) / (var(u) - cov(S before, u)),

with the covariance of the two from a cross-variogram.

References
----------
.. [1] Davis CE (1976). The effect of regression to the mean in epidemiologic and clinical studies.
   Am J Epidemiol 104:493-498.
.. [2] Cressie N (1993). Statistics for Spatial Data, ch. 2 (variograms and their fit). Wiley.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.estimate.intervals import t_interval
from msspas_analysis.estimate.windows import rated_days
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

Floats = NDArray[np.float64]
Entry = Literal["first rating", "first week", "none"]

MAX_LAG: Final = 60
_HALF_LIVES: Final = (3.0, 5.0, 8.0, 12.0, 18.0, 26.0, 40.0, 80.0)
_RHOS: Final = (0.0, 0.15, 0.3, 0.45, 0.6)
FEWEST_PEOPLE: Final = 5
FEWEST_PAIRS: Final = 300


NO_BASELINE: Final = (
    "no day before a first session was rated, so nothing shows how ratings move by themselves: give "
    "out diaries at least two weeks before the first session"
)


class NoExpectationError(ValueError):
    """These diaries cannot say what to expect without treatment; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Days:
    """The ratings of one cohort on a common grid of days.

    Parameters
    ----------
    person_id : numpy.ndarray of object, shape (n_people,)
        Whose row it is.
    days : numpy.ndarray of int, shape (n_days,)
        Days from the first session.
    seen : numpy.ndarray, shape (n_people, n_days)
        Ratings; NaN where there is none.
    """

    person_id: NDArray[np.object_]
    days: NDArray[np.int64]
    seen: Floats


def day_grid(
    diary: pd.DataFrame, people: pd.DataFrame, outcome: str, *, span: tuple[int, int] = (-120, 200)
) -> Days:
    """Put a diary on a grid of days from each person's first session.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        Tidy tables. People without a first session are left out.
    outcome : str
        A numeric column of the diary.
    span : tuple of int
        Days further away than this are left out.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A"], "first_session": [pd.Timestamp("2026-03-02")]})
    >>> diary = pd.DataFrame({"person_id": ["A", "A"], "stiffness": [5.0, 4.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-03"])})
    >>> grid = day_grid(diary, people, "stiffness")
    >>> grid.days.tolist(), grid.seen.tolist()
    ([-1, 0, 1], [[5.0, nan, 4.0]])
    """
    rated = rated_days(diary, people, outcome)
    rated = rated[rated["day"].between(*span)]
    codes = np.array(sorted(rated["person_id"].unique()), dtype=object)
    if not len(rated):
        return Days(person_id=codes, days=np.arange(0), seen=np.empty((0, 0)))
    days = np.arange(int(rated["day"].min()), int(rated["day"].max()) + 1)
    seen = np.full((len(codes), len(days)), np.nan)
    rows = np.searchsorted(codes.astype(str), rated["person_id"].to_numpy(str))
    seen[rows, rated["day"].to_numpy(int) - days[0]] = rated["value"].to_numpy(float)
    return Days(person_id=codes, days=days, seen=seen)


# --- kernels: the leading axis is replicates ---------------------------------------------------


def variogram(
    seen: Floats, days: NDArray[np.int64], *, max_lag: int = MAX_LAG
) -> tuple[Floats, Floats]:
    """Return half the mean squared difference of two days, by lag, and how many pairs gave it.

    Parameters
    ----------
    seen : numpy.ndarray, shape (..., n_people, n_days)
        Ratings, NaN where there is none.
    days : numpy.ndarray, shape (n_days,)
        Days from the first session; a pair never spans day 0.
    max_lag : int
        Largest lag, at least 1.

    Returns
    -------
    gamma, pairs : numpy.ndarray, shape (..., max_lag + 1)
        Entry 0 is unused (0).
    """
    lead = seen.shape[:-2]
    gamma = np.zeros((*lead, max_lag + 1))
    pairs = np.zeros((*lead, max_lag + 1))
    after = days >= 0
    for lag in range(1, min(max_lag, len(days) - 1) + 1):
        same = after[lag:] == after[:-lag]
        gap = (seen[..., lag:] - seen[..., :-lag])[..., same]
        known = ~np.isnan(gap)
        pairs[..., lag] = known.sum(axis=(-2, -1))
        total = np.square(np.where(known, gap, 0.0)).sum(axis=(-2, -1))
        gamma[..., lag] = 0.5 * total / np.maximum(pairs[..., lag], 1)
    return gamma, pairs


def cross_variogram(
    x: Floats, y: Floats, days: NDArray[np.int64], *, max_lag: int = MAX_LAG
) -> tuple[Floats, Floats]:
    """Return half the mean product of two series' differences of two days, by lag, and the pairs.

    Parameters
    ----------
    x, y : numpy.ndarray, shape (..., n_people, n_days)
        Two answers of the same people and days, NaN where there is none.
    days, max_lag
        As :func:`variogram`, of which this is the two-series form.

    Returns
    -------
    gamma, pairs : numpy.ndarray, shape (..., max_lag + 1)
        ``gamma`` is the covariance on one day minus the mean of those with either a lag ahead.
    """
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    gamma, pairs = (np.zeros((*lead, max_lag + 1)) for _ in range(2))
    after = days >= 0
    for lag in range(1, min(max_lag, len(days) - 1) + 1):
        same = after[lag:] == after[:-lag]
        product = np.ones((*lead, x.shape[-2], int(same.sum())))
        for series in (x, y):
            product *= (series[..., lag:] - series[..., :-lag])[..., same]
        known = ~np.isnan(product)
        pairs[..., lag] = known.sum(axis=(-2, -1))
        total = np.where(known, product, 0.0).sum(axis=(-2, -1))
        gamma[..., lag] = 0.5 * total / np.maximum(pairs[..., lag], 1)
    return gamma, pairs


def cross_covariance(gamma: Floats, pairs: Floats) -> Floats:
    """Fit a covariance of two series, by lag, to a cross-variogram: all of it of one sign.

    Parameters
    ----------
    gamma, pairs : numpy.ndarray, shape (..., n_lags)
        From :func:`cross_variogram`.
    """
    sign = np.where((pairs * gamma).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return sign * autocovariance(sign * gamma, pairs)


def autocovariance(gamma: Floats, pairs: Floats) -> Floats:
    """Fit a within-person autocovariance to a variogram: day's noise + daily AR(1) + slow drift.

    Weighted least squares with parts that cannot be negative, over a grid of the AR(1)'s
    correlation (0 to 0.6) and the drift's half-life (3 to 80 days).

    Parameters
    ----------
    gamma, pairs : numpy.ndarray, shape (..., n_lags)
        From :func:`variogram`.

    Returns
    -------
    numpy.ndarray, shape (..., n_lags)
        Covariance of two days of one person about the person's level, by lag.
    """
    lead, n_lags = gamma.shape[:-1], gamma.shape[-1]
    y = gamma.reshape(-1, n_lags)[:, 1:]
    w = pairs.reshape(-1, n_lags)[:, 1:]
    lag = np.arange(n_lags)
    best = np.full(len(y), np.inf)
    fitted = np.zeros((len(y), n_lags))
    for rho in _RHOS:
        for half_life in _HALF_LIVES:
            quick = np.where(lag == 0, 1.0, rho**lag if rho else 0.0)
            slow = 2.0 ** (-lag / half_life)
            noise = (lag == 0).astype(float)
            parts = np.stack([noise, quick, slow])
            for kept in ([0, 1, 2], [0, 2], [0, 1], [0]):
                if rho == 0 and 1 in kept:
                    continue
                design = (parts[kept, :1] - parts[kept, 1:]).T  # gamma = g(0) - g(lag)
                cross = np.einsum("rl,li,lj->rij", w, design, design)
                right = np.einsum("rl,li,rl->ri", w, design, y)
                ridge = 1e-9 * np.maximum(np.einsum("rii->r", cross), 1.0)
                cross = cross + ridge[:, None, None] * np.eye(len(kept))
                coef = np.linalg.solve(cross, right[..., None])[..., 0]
                loss = (w * np.square(y - coef @ design.T)).sum(axis=-1)
                loss = np.where((coef < -1e-9).any(axis=-1), np.inf, loss)
                better = loss < best - 1e-12
                best = np.where(better, loss, best)
                fitted[better] = (coef @ parts[kept])[better]
    return fitted.reshape(*lead, n_lags)


def entry_weights(seen: Floats, days: NDArray[np.int64], *, entry: Entry) -> Floats:
    """Return each person's weights of the days whose mean is the entry rating; 0 where unknown.

    ``first rating`` is the first rated day before the first session, ``first week`` the mean of
    the rated days in the seven from it.
    """
    known = ~np.isnan(seen) & (days < 0)
    first = np.asarray(np.argmax(known, axis=-1))
    any_known = np.asarray(known.any(axis=-1))
    index = np.arange(len(days))
    width = 1 if entry == "first rating" else 7
    inside = known & (index >= first[..., None]) & (index < first[..., None] + width)
    inside &= any_known[..., None]
    count = inside.sum(axis=-1, keepdims=True)
    return np.where(inside, 1.0 / np.maximum(count, 1), 0.0)


def window_weights(seen: Floats, days: NDArray[np.int64], window: Window) -> Floats:
    """Return each person's weights of a window's mean; all 0 with too few rated days."""
    inside = ~np.isnan(seen) & (days >= window.first_day) & (days <= window.last_day)
    count = inside.sum(axis=-1, keepdims=True)
    return np.where(inside & (count >= window.min_days), 1.0 / np.maximum(count, 1), 0.0)


def covariance_matrix(g: Floats, n_days: int) -> Floats:
    """Return the (..., n_days, n_days) covariance of one person's days; constant beyond the lags."""
    lag = np.abs(np.subtract.outer(np.arange(n_days), np.arange(n_days)))
    return np.where(lag < g.shape[-1], g[..., np.minimum(lag, g.shape[-1] - 1)], 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrast:
    """Each person's change, the part expected without treatment, and the covariance behind it.

    Arrays have shape (..., n_people); NaN where a person has no pair or no entry rating.
    """

    change: Floats
    expected: Floats
    before: Floats
    g: Floats


def untreated_contrast(
    seen: Floats, days: NDArray[np.int64], *, before: Window, after: Window, entry: Entry,
    outcome: Floats | None = None, g: Floats | None = None,
) -> Contrast:  # fmt: skip
    """Return each person's change and what of it was to be expected without treatment.

    Parameters
    ----------
    seen : numpy.ndarray, shape (..., n_people, n_days)
        The ratings people came in by, NaN where there is none.
    days : numpy.ndarray, shape (n_days,)
        Days from the first session.
    before, after : Window
        The days compared.
    entry : {"first rating", "first week", "none"}
        What people came in by; "none" expects no change.
    outcome : numpy.ndarray or None, shape of `seen`
        Another daily answer whose change is asked for; None is that of the ratings themselves.
    g : numpy.ndarray or None, shape (..., n_lags)
        The ratings' autocovariance, if it is known from more people than these; None learns it here.
    """
    y = seen if outcome is None else outcome
    b, a = window_weights(y, days, before), window_weights(y, days, after)
    mean_b, mean_a = _weighted(b, y), _weighted(a, y)
    paired = b.any(axis=-1) & a.any(axis=-1)
    change = np.where(paired, mean_a - mean_b, np.nan)
    level = np.where(b.any(axis=-1), mean_b, np.nan)
    u = entry_weights(seen, days, entry="first rating" if entry == "none" else entry)
    without_entry = np.where(u > 0, np.nan, seen)
    if g is None:
        g = autocovariance(*variogram(without_entry, days))
    if entry == "none":
        return Contrast(change=change, expected=np.where(paired, 0.0, np.nan), before=level, g=g)
    cov = covariance_matrix(g, len(days))
    uu = (u @ cov * u).sum(-1)
    s, mean_s, uy = b, mean_b, u @ cov
    if outcome is not None:
        s = window_weights(seen, days, before)
        mean_s = _weighted(s, seen)
        both = cross_covariance(*cross_variogram(without_entry, outcome, days))
        uy = u @ covariance_matrix(both, len(days))
    gone = uu - (u @ cov * s).sum(-1)
    there = u.any(axis=-1) & s.any(axis=-1)
    usable = paired & there & (gone > 0.02 * np.maximum(uu, 1e-12))
    share = np.where(usable, ((uy * b).sum(-1) - (uy * a).sum(-1)) / np.where(usable, gone, 1), 0.0)
    expected = share * (mean_s - _weighted(u, seen))
    flat = uu <= 1e-9  # ratings that never move leave nothing to be expected
    expected = np.where(usable, expected, np.where(paired & flat, 0.0, np.nan))
    return Contrast(change=change, expected=expected, before=level, g=g)


def _weighted(weights: Floats, values: Floats) -> Floats:
    return np.asarray((weights * np.where(np.isnan(values), 0.0, values)).sum(axis=-1))


# --- the DataFrame face ---------------------------------------------------------------------------


def change_beyond_expectation(
    diary: pd.DataFrame, people: pd.DataFrame, outcome: str, *, before: Window = BEFORE,
    after: Window = AFTER, entry: Entry = "first rating", came_in_by: str | None = None,
    group: str = "all", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the mean change beyond what was to be expected without treatment.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        Tidy tables; each person's days are averaged within the windows first.
    outcome : str
        A numeric column of the diary: a 0-10 rating, a count, or 0 and 1.
    before, after : Window
        Days compared.
    entry : {"first rating", "first week", "none"}
        What people came in by. The threshold does not matter: the expectation is conditional on
        the entry rating itself.
    came_in_by : str or None
        The column the entry rating is in, such as "stiffness"; None is `outcome` itself.
    group : str
        Label of the rows.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``measure="mean_difference"`` with terms ``observed``, ``expected without treatment`` and
        ``beyond expectation``, in points (counts: a day); negative is a fall. People without both
        windows or without a rating before the first session are counted in ``n_missing``. Where
        `outcome` is a count, ``measure="rate_ratio"`` as well: after by before, and after by what
        was to be expected.

    Raises
    ------
    NoExpectationError
        If there are too few people or days to learn how ratings move by themselves.

    Notes
    -----
    Wrong where people came in for another reason that passes (a flare that lasts for weeks), where
    ratings trend with time in everybody, or where people stop writing because of how it went. Days
    at or above a threshold of the rating that people came in by are no straight line in it: use
    :func:`~msspas_analysis.certify.twin.statistics.statistic_beyond_expectation` for those.

    References
    ----------
    See the module.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> days = pd.date_range("2026-02-16", periods=56)
    >>> diary = pd.DataFrame([(f"P{p}", d, float(np.clip(np.rint(6 + rng.normal()), 0, 10)))
    ...     for p in range(12) for d in days], columns=["person_id", "date", "stiffness"])
    >>> people = pd.DataFrame({"person_id": [f"P{p}" for p in range(12)],
    ...                        "first_session": days[14]})
    >>> found = change_beyond_expectation(diary, people, "stiffness")
    >>> row = found.one(term="beyond expectation")
    >>> bool(row.conf_low < 0 < row.conf_high)
    True
    """
    grid, values = _grids(diary, people, outcome, came_in_by)
    contrast = checked_contrast(grid, before=before, after=after, entry=entry, outcome=values)
    keep = ~np.isnan(contrast.expected)
    change, expected = contrast.change[keep], contrast.expected[keep]
    by = f"the {entry}" + (f" of {came_in_by}" if values is not None else "")
    common: dict[str, Any] = {
        "outcome": outcome, "group": group, "conf_level": conf_level, "n": len(change),
        "n_missing": int(people["person_id"].nunique() - keep.sum()),
        "method": f"contrast uncorrelated with {by}, t" if entry != "none" else "paired t",
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for term, given in (
        ("observed", change),
        ("expected without treatment", expected),
        ("beyond expectation", change - expected),
    ):
        fit = t_interval(given, conf_level=conf_level)
        row = common | {
            "term": term, "measure": "mean_difference", "estimate": float(fit.estimate),
            "std_error": float(fit.std_error), "conf_low": float(fit.conf_low),
            "conf_high": float(fit.conf_high),
        }  # fmt: skip
        if term == "beyond expectation":
            row |= {"statistic": float(fit.statistic), "df": float(fit.df),
                    "p_value": float(fit.p_value)}  # fmt: skip
        rows.append(row)
    if outcome in _COUNTS:
        start = contrast.before[keep]
        for term, base in (("observed", start), ("beyond expectation", start + expected)):
            got = {k: float(v) for k, v in mean_ratio(start + change, base, conf_level).items()}
            if term == "observed":
                got = {k: v for k, v in got.items() if k not in ("statistic", "df", "p_value")}
            rows.append(common | got | {"term": term, "measure": "rate_ratio"})
    notes = [str(before), str(after)]
    low = f"{outcome}_low"
    if low in diary.columns and (many := int((diary[low].notna() & diary[outcome].isna()).sum())):
        notes.append(
            f"{many} days with more than could be counted are left out: the worst days are not in "
            "these numbers."
        )
    return Estimates.from_rows(rows, notes=notes)


_COUNTS: Final = ("spasm_count", "falls")


def mean_ratio(after: Floats, before: Floats, conf_level: float = 0.95) -> dict[str, Floats]:
    """Return the ratio of two means of the same people, with a t interval on the log scale.

    Parameters
    ----------
    after, before : numpy.ndarray, shape (..., n_people)
        One value a person and side, NaN where a person is not used.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    dict of str to numpy.ndarray
        ``estimate``, ``std_error`` (of the logarithm), ``conf_low``, ``conf_high``, ``statistic``,
        ``df``, ``p_value``; NaN where a mean is not above 0.

    Notes
    -----
    The error is that of the mean over people of each one's share in the logarithm (the delta
    method), so that people with many spasms weigh as much as they do in the means.

    Examples
    --------
    >>> round(float(mean_ratio(np.array([1.0, 2, 3]), np.array([2.0, 4, 6]))["estimate"]), 6)
    0.5
    """
    from scipy.special import stdtr, stdtrit

    used = ~(np.isnan(after) | np.isnan(before))
    n = used.sum(axis=-1)
    a, b = (np.where(used, v, 0.0).sum(axis=-1) / n for v in (after, before))
    good = (a > 0) & (b > 0)
    a, b = (np.where(good, v, np.nan) for v in (a, b))
    part = np.where(used, after / a[..., None] - before / b[..., None], 0.0)
    error = np.sqrt(np.square(part).sum(axis=-1) / (n - 1) / n)  # the parts have mean 0
    log, df = np.log(a / b), n - 1.0
    reach = stdtrit(df, 0.5 + conf_level / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = log / error
    return {
        "estimate": a / b, "std_error": error, "conf_low": np.exp(log - reach),
        "conf_high": np.exp(log + reach), "statistic": statistic, "df": df,
        "p_value": 2 * stdtr(df, -np.abs(statistic)),
    }  # fmt: skip


def _grids(
    diary: pd.DataFrame, people: pd.DataFrame, outcome: str, came_in_by: str | None
) -> tuple[Days, Floats | None]:
    """Lay out the ratings people came in by, and another outcome on the same people and days."""
    if came_in_by is None or came_in_by == outcome:
        return day_grid(diary, people, outcome), None
    grid, other = (day_grid(diary, people, name) for name in (came_in_by, outcome))
    values = np.full(grid.seen.shape, np.nan)
    _, mine, theirs = np.intersect1d(
        grid.person_id.astype(str), other.person_id.astype(str), return_indices=True
    )
    _, on, at = np.intersect1d(grid.days, other.days, return_indices=True)
    if mine.size and on.size:
        values[np.ix_(mine, on)] = other.seen[np.ix_(theirs, at)]
    return grid, values


def checked_contrast(
    grid: Days, *, before: Window, after: Window, entry: Entry, outcome: Floats | None = None
) -> Contrast:
    """Return the contrast of one cohort, or say why these diaries cannot carry one.

    Raises
    ------
    NoExpectationError
        Naming what is missing and what to collect.
    """
    if not grid.seen.size or not (grid.days < 0).any():
        raise NoExpectationError(NO_BASELINE)
    contrast = untreated_contrast(
        grid.seen, grid.days, before=before, after=after, entry=entry, outcome=outcome
    )
    u = entry_weights(grid.seen, grid.days, entry="first rating")
    pairs = variogram(np.where(u > 0, np.nan, grid.seen), grid.days)[1].sum()
    refuse_thin(contrast, pairs=float(pairs))
    return contrast


def refuse_thin(contrast: Contrast, *, pairs: float) -> None:
    """Say why a contrast of one cohort cannot be believed, if it cannot.

    Parameters
    ----------
    contrast : Contrast
        Arrays of shape (n_people,).
    pairs : float
        Pairs of days behind the autocovariance.

    Raises
    ------
    NoExpectationError
        Naming what is missing and what to collect.
    """
    paired = int((~np.isnan(contrast.change)).sum())
    if paired < FEWEST_PEOPLE:
        raise NoExpectationError(
            f"only {paired} people have enough rated days before and after; at least "
            f"{FEWEST_PEOPLE} are needed"
        )
    if pairs < FEWEST_PAIRS:
        raise NoExpectationError(
            "too few days were rated to learn how ratings move by themselves: ask for a rating "
            "every day"
        )
    usable = int((~np.isnan(contrast.expected)).sum())
    if usable < FEWEST_PEOPLE or usable < 0.8 * paired:
        raise NoExpectationError(
            "the 'before' days are the entry days themselves, so what had already passed by then "
            "cannot be told apart from what was still to pass: begin the diary a week earlier"
        )
    beyond = contrast.change - contrast.expected
    if float(np.ptp(beyond[~np.isnan(beyond)])) < 1e-9:
        raise NoExpectationError(
            "everybody changed by exactly as much, so there is no spread to judge the change by"
        )
