"""Change beyond measurement error: how many people moved farther than chance alone would move them.

Both ways divide each person's change by its standard error with nothing changed, count who is
beyond +-1.96 and set beside it the share that would be there by chance. They are statements about
a group; nothing here is a statement about one person.

References
----------
.. [1] Jacobson NS, Truax P (1991). Clinical significance: a statistical approach to defining
   meaningful change in psychotherapy research. J Consult Clin Psychol 59:12-19.
.. [2] Diggle PJ, Heagerty P, Liang KY, Zeger SL (2002). Analysis of Longitudinal Data, 2nd ed.
   Oxford University Press.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.change.paired import direction_counts
from msspas_analysis.estimate.intervals import POINT, Floats, level_between, proportion_row
from msspas_analysis.estimate.windows import left_out, pairs, too_few
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

_GROUP: Final = (
    "These are shares of the group. Nobody in particular is told apart from chance by them, and "
    "change beyond chance says neither why nor whether anybody notices."
)
_HIGH: Final = (
    "People who begin when things are bad get better without treatment (regression to the mean); "
    "the share expected by chance does not contain that."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayToDay:
    """Days about a level for each person; fields have the shape of the leading axes.

    Parameters
    ----------
    sd : numpy.ndarray
        Standard deviation of a day about the person's level.
    autocorrelation : numpy.ndarray
        Correlation of one day with the next about that level.
    """

    sd: Floats
    autocorrelation: Floats


def ar1_days(values: npt.ArrayLike) -> DayToDay:
    """Estimate day-to-day spread and autocorrelation about a free level for each person, by REML.

    A day is ``level + e``, with ``e`` of one autocorrelation from day to day (AR(1)); missing days
    are stepped over. Restricting the likelihood pays for the levels, so that few days a person do
    not pull the autocorrelation down as plain correlations about the mean do.

    Parameters
    ----------
    values : array_like, shape (..., n, d)
        Ratings of n people on d consecutive days, NaN where there is none.

    Returns
    -------
    DayToDay
        The autocorrelation is looked for between -0.95 and 0.995.

    Raises
    ------
    ValueError
        If people with two rated days leave fewer than 3 differences, or days do not vary.

    Examples
    --------
    >>> fit = ar1_days([[5.0, 6, 6, 5, 4, 4], [3.0, 3, np.nan, 5, 4, 3], [7.0, 6, 7, 8, 8, 7]])
    >>> round(float(fit.autocorrelation), 3), round(float(fit.sd), 3)
    (0.619, 0.999)
    """
    y = np.asarray(values, np.float64)
    known = ~np.isnan(y)
    y = np.where(known, y, 0.0)
    often = known.sum(axis=-1, keepdims=True)
    y = np.where(known, y - y.sum(axis=-1, keepdims=True) / np.maximum(often, 1), 0.0)
    day = np.arange(y.shape[-1])
    seen = np.maximum.accumulate(np.where(known, day, -1), axis=-1)
    before = np.concatenate([np.full((*y.shape[:-1], 1), -1), seen[..., :-1]], axis=-1)
    last = np.take_along_axis(y, np.maximum(before, 0), axis=-1)
    follows = known & (before >= 0)
    gap = np.where(follows, day - before, 1)
    free = known.sum(axis=(-1, -2)) - (often[..., 0] > 0).sum(axis=-1)
    if np.any(free < 3) or np.any(np.square(y).sum(axis=(-1, -2)) <= POINT**2):
        raise ValueError(
            "the baseline days are too few or do not vary, so day-to-day spread cannot be "
            "estimated; give sd and autocorrelation, with their source"
        )

    def fit(rho: Floats) -> tuple[Floats, Floats]:
        """Return -2 restricted log-likelihood, up to a constant, and the residual sum of squares."""
        r = np.where(follows, np.asarray(rho)[..., None, None] ** gap, 0.0)
        s2 = 1 - np.square(r)
        e = np.where(known, y - r * last, 0.0)
        x = np.where(known, 1 - r, 0.0)
        xx, xe = (np.square(x) / s2).sum(axis=-1), (x * e / s2).sum(axis=-1)
        some = xx > 0
        xx = np.where(some, xx, 1.0)
        rss = (np.square(e) / s2).sum(axis=(-1, -2)) - (np.square(xe) / xx).sum(axis=-1)
        logs = np.log(s2).sum(axis=(-1, -2)) + np.log(xx).sum(axis=-1)
        return logs + free * np.log(rss), rss

    grid = np.linspace(-0.95, 0.995, 79)
    best = np.argmin([fit(np.full(y.shape[:-2], g))[0] for g in grid], axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(45):
        a, b = high - golden * (high - low), low + golden * (high - low)
        left = fit(a)[0] < fit(b)[0]
        low, high = np.where(left, low, a), np.where(left, b, high)
    rho = (low + high) / 2
    return DayToDay(sd=np.sqrt(fit(rho)[1] / free), autocorrelation=np.asarray(rho))


def window_difference_variance(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    sd: npt.ArrayLike,
    autocorrelation: npt.ArrayLike,
    drift_sd: npt.ArrayLike = 0.0,
) -> Floats:
    """Return the variance of the difference of two window means where nothing happened.

    With weights w of 1/days after and -1/days before it is ``sd^2 sum_ij w_i w_j r^|i - j|`` plus
    ``drift_sd^2`` times the squared distance of the mean days: days are alike the closer they lie,
    and each person drifts along a line of their own.

    Parameters
    ----------
    before, after : array_like of bool, shape (..., d)
        Which of d consecutive days are rated and in that window.
    sd : array_like
        Standard deviation of a day about the person's level, in points, above 0.
    autocorrelation : array_like
        Correlation of one day with the next, in (-1, 1).
    drift_sd : array_like
        Standard deviation between people of the drift, in points a day, 0 or more.

    Returns
    -------
    numpy.ndarray, shape (...)
        NaN where a window has no day.

    Examples
    --------
    >>> days = np.arange(8)
    >>> float(window_difference_variance(days < 4, days >= 4, sd=2, autocorrelation=0))
    2.0
    """
    b, a = np.asarray(before, bool), np.asarray(after, bool)
    s, r, drift = (np.asarray(v, np.float64) for v in (sd, autocorrelation, drift_sd))
    if np.any(~(s > 0)) or np.any(~(np.abs(r) < 1)) or np.any(~(drift >= 0)):
        raise ValueError(
            f"sd must be above 0, autocorrelation between -1 and 1 and drift_sd 0 or more, got "
            f"{sd!r}, {autocorrelation!r} and {drift_sd!r}"
        )
    nb, na = b.sum(axis=-1, keepdims=True), a.sum(axis=-1, keepdims=True)
    day = np.arange(b.shape[-1])
    with np.errstate(invalid="ignore"):
        w = np.where(na > 0, a / np.where(na, na, 1), np.nan)
        w = w - np.where(nb > 0, b / np.where(nb, nb, 1), np.nan)
    alike = r[..., None, None] ** np.abs(day[:, None] - day)
    about = ((w[..., None, :] @ alike)[..., 0, :] * w).sum(axis=-1)
    return np.asarray(np.square(s) * about + np.square(drift * (w * day).sum(axis=-1)))


def reliable_change(
    scores: pd.DataFrame,
    *,
    outcome: str,
    icc: float,
    icc_source: str,
    z: float = 1.96,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the share of people whose change is beyond measurement error (Jacobson-Truax).

    The index is the change over ``SD sqrt(2) sqrt(1 - ICC)``, with SD the spread between people
    before [1]_.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`.
    outcome, group : str
        Labels of the answer.
    icc : float
        Test-retest reliability of the score (intraclass correlation), in [0, 1).
    icc_source : str
        Where that figure is from, with its status if it was not read there.
    z : float
        How many standard errors count as beyond error, above 0.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``proportion`` with terms "less", "same", "more" (Wilson), ``expected_proportion`` with
        terms "less" and "more" (by chance, normal errors) and ``reliable_change_threshold`` in
        points. People without a pair are in ``n_missing``; the SD uses every before score.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With no pair, no spread before, an ICC outside [0, 1), no source, z not above 0, absent
        columns or a level outside (0, 1).

    Notes
    -----
    An ICC from people who differ much makes the threshold look small. With the SD of these people
    the ICC should be of people like them.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": ["A", "B", "C"], "before": [4.0, 5, 6],
    ...     "after": [2.0, 5, 6]})
    >>> answer = reliable_change(scores, outcome="stiffness", icc=0.83, icc_source="Farrar 2008")
    >>> round(float(answer.one(measure="reliable_change_threshold").estimate), 4)
    1.1429
    """
    level_between(conf_level)
    _above_zero(z)
    if not 0 <= icc < 1:
        raise ValueError(f"icc must be at least 0 and below 1, got {icc}; a published one is due")
    if not icc_source.strip():
        raise ValueError("icc_source is empty; say where the ICC is from")
    before, after = pairs(scores)
    known, both = ~np.isnan(before), ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    if not n:
        raise too_few("reliable_change", 1, n, len(scores))
    if known.sum() < 2 or np.ptp(before[known]) <= POINT:
        raise ValueError(
            "the before scores have no spread, so measurement error cannot be reckoned from an "
            "ICC; more people are needed"
        )
    threshold = float(z * before[known].std(ddof=1) * np.sqrt(2 * (1 - icc)))
    base = {"outcome": outcome, "group": group, "n_missing": len(scores) - n}
    rows = _share_rows((after - before)[both], threshold, z, conf_level)
    rows.append({
        "term": "before", "measure": "reliable_change_threshold", "estimate": threshold, "n": n,
        "method": f"{z:g} SD sqrt(2 (1 - ICC)), ICC {icc:g} ({icc_source})",
    })  # fmt: skip
    notes = [
        f"Reliability (ICC) {icc:g} is not from these diaries: {icc_source}.",
        _GROUP, _HIGH, *left_out(scores, n),
    ]  # fmt: skip
    return Estimates.from_rows([base | row for row in rows], notes=notes)


def reliable_change_ar(
    days: pd.DataFrame,
    *,
    outcome: str,
    before: Window = BEFORE,
    after: Window = AFTER,
    sd: float | None = None,
    autocorrelation: float | None = None,
    drift_sd: float = 0.0,
    source: str | None = None,
    z: float = 1.96,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the share of people whose window means differ by more than their days explain.

    Each person's difference is divided by its standard error for the days that were rated
    (:func:`window_difference_variance`).

    Parameters
    ----------
    days : pandas.DataFrame
        One row per person and day, from :func:`rated_days`: ``person_id``, ``day``, ``value``.
    outcome, group : str
        Labels of the answer.
    before, after : Window
        Spans of days around the first session, and how many must be rated.
    sd, autocorrelation : float or None
        Spread of a day about the person's level, in points, and its correlation with the next day.
        Without them both are estimated from the before days (:func:`ar1_days`).
    drift_sd : float
        Standard deviation between people of a drift along a line, in points a day; 0 for none.
    source : str or None
        Where numbers given for `sd`, `autocorrelation` or `drift_sd` are from.
    z : float
        How many standard errors count as beyond chance, above 0.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``proportion`` with terms "less", "same", "more" (Wilson), ``expected_proportion`` with
        terms "less" and "more" (by chance), ``day_sd`` and ``day_autocorrelation``. People with too
        few rated days in a window are in ``n_missing``.

    Raises
    ------
    ValueError
        If a column is absent, a day stands twice, windows share a day, nobody has both windows, one
        of `sd` and `autocorrelation` is given without the other, a number without its source, or
        the before days are too few to estimate from.

    Notes
    -----
    The standard error takes everybody's days to be equally variable and takes the estimates as
    known; drift is slower than a before window of days can show, so without `drift_sd` more people
    than expected are beyond chance where nothing happened.

    Examples
    --------
    >>> days = pd.DataFrame({"person_id": ["A"] * 14 + ["B"] * 14, "day": [*range(-7, 7)] * 2,
    ...     "value": [6.0, 5, 7, 6, 5, 6, 7] + [3.0, 2, 3, 4, 3, 3, 2] + [4.0, 5, 4, 4, 5, 3, 4] * 2})
    >>> late = Window(name="after", first_day=0, last_day=6)
    >>> answer = reliable_change_ar(days, outcome="stiffness", after=late)
    >>> answer.one(measure="proportion", term="less").estimate
    np.float64(0.5)
    """
    level_between(conf_level)
    _above_zero(z)
    if (sd is None) != (autocorrelation is None):
        raise ValueError("give both sd and autocorrelation, or neither to estimate them")
    if (sd is not None or drift_sd) and not (source or "").strip():
        raise ValueError("source is empty; say where sd, autocorrelation or drift_sd are from")
    grid, first = _day_grid(days, before, after)
    day = np.arange(grid.shape[1]) + first
    known = ~np.isnan(grid)
    sides = [known & (day >= w.first_day) & (day <= w.last_day) for w in (before, after)]
    both = np.all([s.sum(axis=1) >= w.min_days for s, w in zip(sides, (before, after), strict=True)],
                  axis=0)  # fmt: skip
    n = int(both.sum())
    if not n:
        raise too_few("reliable_change_ar", 1, n, len(grid))
    notes = [_GROUP, _HIGH]
    if sd is None or autocorrelation is None:
        fit = ar1_days(np.where(sides[0], grid, np.nan))
        sd, autocorrelation = float(fit.sd), float(fit.autocorrelation)
        how = "REML, before days about each person's level"
        notes.append("Spread and autocorrelation are estimated and taken as known: with few people "
                     "somewhat more than the share expected lies beyond chance.")  # fmt: skip
    else:
        how = f"given: {source}"
    variance = window_difference_variance(
        sides[0][both], sides[1][both], sd=sd, autocorrelation=autocorrelation, drift_sd=drift_sd
    )
    means = [np.where(s, grid, 0.0).sum(axis=1)[both] / s.sum(axis=1)[both] for s in sides]
    rows = _share_rows((means[1] - means[0]) / np.sqrt(variance), z, z, conf_level)
    for measure, value in (("day_sd", sd), ("day_autocorrelation", autocorrelation)):
        rows.append(
            {"term": "before", "measure": measure, "estimate": value, "n": n, "method": how}
        )
    notes.append(
        f"Each person is taken to drift along a line, {drift_sd:g} points a day between people "
        f"({source})." if drift_sd else
        "No slow drift is allowed for: where levels drift, more people are beyond chance."
    )  # fmt: skip
    if n < len(grid):
        notes.append(f"{len(grid) - n} of {len(grid)} people have too few rated days in a window.")
    base = {"outcome": outcome, "group": group, "n_missing": len(grid) - n}
    return Estimates.from_rows([base | row for row in rows], notes=notes)


def _above_zero(z: float) -> None:
    if not (z > 0 and np.isfinite(z)):
        raise ValueError(f"z must be above 0, got {z}; 1.96 is usual")


def _share_rows(change: Floats, threshold: float, z: float, level: float) -> list[dict[str, Any]]:
    from scipy.special import ndtr

    n = len(change)
    counts = direction_counts(change, band=threshold)
    rows: list[dict[str, Any]] = [
        proportion_row(int(k), n, conf_level=level) | {"term": term}
        for term, k in zip(("less", "same", "more"), counts, strict=True)
    ]
    rows += [
        {"term": term, "measure": "expected_proportion", "estimate": float(ndtr(-z)), "n": n,
         "method": f"normal, beyond {z:g} standard errors by chance"}
        for term in ("less", "more")
    ]  # fmt: skip
    return rows


def _day_grid(days: pd.DataFrame, before: Window, after: Window) -> tuple[Floats, int]:
    """Lay ratings out by person and day over both windows; return the grid and its first day."""
    if absent := [c for c in ("person_id", "day", "value") if c not in days.columns]:
        raise ValueError(
            f"days has no column {', '.join(map(repr, absent))}; make it with rated_days(diary, "
            f"people, outcome)"
        )
    if max(before.first_day, after.first_day) <= min(before.last_day, after.last_day):
        raise ValueError(f"the windows share days ({before}; {after}); make them separate")
    if days["person_id"].isna().any():
        raise ValueError("days has a row without person_id; give every person a code")
    ids = pd.Index(sorted(days["person_id"].unique(), key=str))
    first = min(before.first_day, after.first_day)
    grid = np.full((len(ids), max(before.last_day, after.last_day) - first + 1), np.nan)
    day = days["day"].to_numpy(np.float64, na_value=np.nan)
    use = (day >= first) & (day < first + grid.shape[1]) & days["value"].notna().to_numpy()
    if np.any(day[use] != np.floor(day[use])):
        raise ValueError("days['day'] must be whole days from the first session")
    kept = days.loc[use]
    if twice := int(kept.duplicated(["person_id", "day"]).sum()):
        raise ValueError(f"{twice} row(s) repeat a person and day; keep one row per person and day")
    values = kept["value"].to_numpy(np.float64)
    if np.isinf(values).any():
        raise ValueError("days['value'] holds an infinite number; correct or empty it")
    grid[ids.get_indexer(pd.Index(kept["person_id"])), (day[use] - first).astype(int)] = values
    return grid, first
