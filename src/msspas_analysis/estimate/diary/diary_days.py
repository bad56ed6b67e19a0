"""What the days of a diary are: which are missing, which at the end of the scale, laid out by day.

Shares are of days, but people are what was sampled: each person's share comes first, or totals over
people with one person left out at a time. ``n`` counts people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.estimate.change.untreated import Days, day_grid
from msspas_analysis.estimate.intervals import POINT, Floats, Ints, level_between, wilson_interval
from msspas_analysis.estimate.windows import rated_days
from msspas_analysis.results import Estimates
from msspas_analysis.tables import DIARY, PEOPLE

FEWEST_PEOPLE: Final = 5
MOST_DAYS: Final = 3660
"""Longest diary in days; a longer one has a mistyped year in it."""

RUNS: Final[dict[str, tuple[int, float]]] = {
    "runs of 1 day": (1, 1),
    "runs of 2 days": (2, 2),
    "runs of 3 to 6 days": (3, 6),
    "runs of 7 days or more": (7, np.inf),
}
"""Classes of runs of missing days, with the shortest and longest run in each."""

_ENDS: Final = (
    "Days before a person's first and after the last rated day are not counted: whether the diary "
    "had begun or was over is not known."
)
_NOBODY: Final = PEOPLE.empty()


# --- kernels: the leading axes are replicates -----------------------------------------------------


def ratio_over_people(
    top: Floats, bottom: Floats, used: NDArray[np.bool_]
) -> tuple[Floats, Floats, Ints]:
    """Divide two totals over people, with the standard error of leaving out one person at a time.

    Parameters
    ----------
    top, bottom : numpy.ndarray, shape (..., n_people)
        Each person's part of the totals.
    used : numpy.ndarray of bool, shape (..., n_people)
        Who is in the totals.

    Returns
    -------
    ratio, std_error, n : numpy.ndarray
        Jackknife over people, shape of the leading axes; NaN where the total below is 0 or there
        are fewer than two people.

    Examples
    --------
    >>> ratio, error, n = ratio_over_people(
    ...     np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([True] * 3))
    >>> float(ratio), round(float(error), 4), int(n)
    (2.0, 0.5774, 3)
    """
    top, bottom = np.where(used, top, 0.0), np.where(used, bottom, 0.0)
    n = used.sum(axis=-1)
    above, below = top.sum(axis=-1), bottom.sum(axis=-1)
    ratio = _divided(above, below)
    without = _divided(above[..., None] - top, below[..., None] - bottom)
    middle = np.where(used, without, 0.0).sum(axis=-1) / np.maximum(n, 1)
    spread = np.where(used, np.square(without - middle[..., None]), 0.0).sum(axis=-1)
    error = np.sqrt(spread * (n - 1) / np.maximum(n, 1))
    return ratio, np.where(n > 1, error, np.nan), n


def _divided(top: Floats, bottom: Floats) -> Floats:
    out = np.full(np.broadcast_shapes(np.shape(top), np.shape(bottom)), np.nan)
    np.divide(top, bottom, out=out, where=np.abs(bottom) > POINT)
    return out


def missing_before(filled: NDArray[np.bool_]) -> Ints:
    """Return how many missing days lie right before each filled day, after the first one.

    Parameters
    ----------
    filled : numpy.ndarray of bool, shape (..., n_days)
        Whether the day was filled in.

    Returns
    -------
    numpy.ndarray of int, shape (..., n_days)
        Length of the run of missing days that ends the day before; 0 on days that are missing
        themselves and up to the first filled one.

    Examples
    --------
    >>> missing_before(np.array([False, True, False, False, True, True])).tolist()
    [0, 0, 0, 0, 2, 0]
    """
    day = np.arange(filled.shape[-1])
    last = np.maximum.accumulate(np.where(filled, day, -1), axis=-1)
    before = np.concatenate([np.full_like(last[..., :1], -1), last[..., :-1]], axis=-1)
    return np.where(filled & (before >= 0), day - before - 1, 0)


# --- the DataFrame faces --------------------------------------------------------------------------


def missing_streaks(
    diary: pd.DataFrame, people: pd.DataFrame | None = None, outcome: str = "stiffness", *,
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how many days are missing within a diary, and whether they come in runs.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day, any order.
    people : pandas.DataFrame, optional
        The tidy table ``people``; who is in it and has no rated day is counted in ``n_missing``.
    outcome : str
        A numeric column of the diary; a day without it is missing.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        From each person's first to last rated day:

        - "days missing": mean over people of the share of days;
        - the :data:`RUNS`: shares of all runs of missing days, by length;
        - "missing after a missing day", "missing after a rated day": shares of such days whose next
          day is missing;
        - "missing after a missing day, if scattered": what the first would be if each person's
          missing days were dealt out anew over the diary, and "missing after a missing day, beyond
          scattered", measure "difference". People who miss a lot have most of the missing days,
          so only this difference tells of runs.

        ``n`` counts people with a rated day, or with a missing one. Shares: Wilson with the people
        behind them as the sample; difference: jackknife over people, t.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`~msspas_analysis.estimate.windows.rated_days`.

    References
    ----------
    .. [1] Franco C, Little RJA, Louis TA, Slud EV (2019). Comparative study of confidence intervals
       for proportions in complex sample surveys. J Surv Stat Methodol 7:334-364.

    Examples
    --------
    >>> diary = pd.DataFrame({"person_id": "A", "stiffness": [5.0, 4.0, 5.0, 5.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-05", "2026-03-07"])})
    >>> found = missing_streaks(diary).table.set_index("term")["estimate"]
    >>> float(found["runs of 2 days"]), round(float(found["missing after a missing day"]), 3)
    (0.5, 0.333)
    """
    level_between(conf_level)
    grid = from_start(diary, outcome, people)
    everybody = {*diary["person_id"].dropna()} | (
        set() if people is None else {*people["person_id"].dropna()}
    )
    if not grid.seen.size:
        return Estimates.from_rows([])
    filled = ~np.isnan(grid.seen)
    runs = missing_before(filled)
    span = days_spanned(grid.seen).astype(np.float64)
    missing = span - filled.sum(axis=-1)
    number = (runs > 0).sum(axis=-1).astype(np.float64)
    rows: list[dict[str, Any]] = []

    def add(term: str, top: Floats, bottom: Floats, method: str, days: float) -> None:
        used = bottom > 0
        if not used.any():
            return
        found = ratio_over_people(top, bottom, used)
        row = _share_row(*found, days=days, conf_level=conf_level)
        rows.append(row | {"outcome": outcome, "term": term, "method": f"{method}, Wilson",
                           "n_missing": len(everybody) - row["n"]})  # fmt: skip

    add("days missing", missing / span, np.ones_like(span), "mean over people of the share of days",
        float(span.sum()))  # fmt: skip
    for term, (low, high) in RUNS.items():
        inside = ((runs >= low) & (runs <= high)).sum(axis=-1).astype(np.float64)
        add(term, inside, number, "share of runs", float(number.sum()))
    again = "missing after a missing day"
    rated = span - missing - 1  # the last day has no next one
    add(again, missing - number, missing, "share of missing days", float(missing.sum()))
    add("missing after a rated day", number, rated, "share of rated days", float(rated.sum()))
    if missing.any():
        some = missing > 0
        scattered = missing * (missing - 1) / np.maximum(span - 2, 1)
        base = {"outcome": outcome, "group": "all", "n": int(some.sum()),
                "n_missing": len(everybody) - int(some.sum())}  # fmt: skip
        rows.append(base | {
            "term": f"{again}, if scattered", "measure": "proportion",
            "estimate": float(ratio_over_people(scattered, missing, some)[0]),
            "method": "days dealt out anew within each person",
        })  # fmt: skip
        beyond = ratio_over_people(missing - number - scattered, missing, some)
        rows.append(base | {"term": f"{again}, beyond scattered", "measure": "difference"} | t_row(
            *beyond, conf_level=conf_level, ends=(-1.0, 1.0)
        ) | {"method": "observed - if scattered, jackknife t"})  # fmt: skip
    return Estimates.from_rows(rows, notes=[
        _ENDS,
        "People differ in how much they miss, which alone makes a missing day more likely after "
        "a missing one; the difference from days scattered within each person leaves that out. "
        "Days missed more and more towards the end count as runs.",
    ])  # fmt: skip


def floor_share(
    diary: pd.DataFrame, outcome: str = "stiffness", *, low: float | None = None,
    high: float | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the share of rated days at the lowest and at the highest score.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day, any order.
    outcome : str
        A numeric column of the diary.
    low, high : float, optional
        Ends of the scale, by default those of the diary's column; a count has no highest score.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        Terms "lowest score" and "highest score", measure "proportion": each person's share of rated
        days first and then the mean over people. Wilson with the people behind it as the sample.
        ``n_missing`` counts people in the diary without a rated day.

    Raises
    ------
    ValueError
        If the scale of `outcome` is not known, or as
        :func:`~msspas_analysis.estimate.windows.rated_days`.

    Notes
    -----
    A day at the end of the scale can change in one direction only, and days beyond it look alike.

    References
    ----------
    As :func:`missing_streaks`.

    Examples
    --------
    >>> diary = pd.DataFrame({"person_id": ["A", "A", "B"], "stiffness": [0.0, 3.0, 10.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-01"])})
    >>> floor_share(diary).table[["term", "estimate", "n"]].values.tolist()
    [['lowest score', 0.25, 2], ['highest score', 0.5, 2]]
    """
    level_between(conf_level)
    grid = from_start(diary, outcome)
    if outcome in DIARY.names:
        column = DIARY[outcome]
        low = column.low if low is None else low
        high = column.high if high is None and column.kind == "number" else high
    if low is None and high is None:
        raise ValueError(f"the scale of {outcome!r} is not known; give low, high or both")
    if not grid.seen.size:
        return Estimates.from_rows([])
    days = (~np.isnan(grid.seen)).sum(axis=-1)
    everyone = np.ones(len(days), dtype=np.bool_)
    rows = []
    for term, end in (("lowest score", low), ("highest score", high)):
        if end is not None:
            share = (np.abs(grid.seen - end) <= POINT).sum(axis=-1) / days
            found = ratio_over_people(share, np.ones_like(share), everyone)
            rows.append(_share_row(*found, days=float(days.sum()), conf_level=conf_level) | {
                "outcome": outcome, "term": term,
                "n_missing": int(diary["person_id"].nunique()) - len(days),
                "method": "mean over people of the share of days, Wilson",
            })  # fmt: skip
    return Estimates.from_rows(rows)


# --- what pictures of diaries show ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strips:
    """Diaries one below the other, without codes.

    Parameters
    ----------
    days : numpy.ndarray of int, shape (n_days,)
        Days from the first session, or from each person's first rated day.
    value : numpy.ndarray, shape (n_rows, n_days)
        Ratings; NaN where there is none.
    missing : numpy.ndarray of bool, shape (n_rows, n_days)
        Days without a rating between a person's first and last rated day.
    people : int
        How many people the rows were taken from.
    """

    days: NDArray[np.int64]
    value: Floats
    missing: NDArray[np.bool_]
    people: int


def diary_strips(
    diary: pd.DataFrame, people: pd.DataFrame | None = None, outcome: str = "stiffness", *,
    most: int = 40,
) -> Strips:  # fmt: skip
    """Lay diaries out by day, one row per person, the highest mean rating first.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day, any order.
    people : pandas.DataFrame, optional
        The tidy table ``people``: days are counted from the first session, and people without one
        are left out. Without it, from each person's first rated day.
    outcome : str
        A numeric column of the diary.
    most : int
        Most rows, 1 or more. Of more people, as many are taken at even steps of the order.

    Examples
    --------
    >>> diary = pd.DataFrame({"person_id": ["A", "A", "B"], "stiffness": [3.0, 4.0, 8.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-03", "2026-03-05"])})
    >>> strips = diary_strips(diary)
    >>> strips.value.tolist(), strips.missing.tolist()[1]
    ([[8.0, nan, nan], [3.0, nan, 4.0]], [False, True, False])
    """
    if most < 1:
        raise ValueError(f"most must be 1 or more, got {most}")
    grid = (
        from_start(diary, outcome)
        if people is None
        else day_grid(diary, people, outcome, span=(-MOST_DAYS, MOST_DAYS))
    )
    known = ~np.isnan(grid.seen)
    mean = np.where(known, grid.seen, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    order = np.argsort(-mean, kind="stable")
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    known = known[order]
    begun = np.logical_or.accumulate(known, axis=-1)
    over = np.logical_or.accumulate(known[:, ::-1], axis=-1)[:, ::-1]
    return Strips(days=grid.days, value=grid.seen[order], missing=begun & over & ~known,
                  people=len(mean))  # fmt: skip


def calendar_days(
    diary: pd.DataFrame, outcome: str = "stiffness", *, person_id: str | None = None,
    min_people: int = FEWEST_PEOPLE,
) -> pd.DataFrame:  # fmt: skip
    """Average the ratings of each calendar date over the people who rated it.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day, any order.
    outcome : str
        A numeric column of the diary.
    person_id : str, optional
        One person alone, for invented people and teaching.
    min_people : int
        Dates with fewer people have no mean, at least 2: a mean of one is that person's diary.

    Returns
    -------
    pandas.DataFrame
        One row per date from the first to the last rated: ``date``, ``mean`` (NaN where too few
        rated), ``n`` people, ``week`` (0 is the first, weeks begin on Monday) and ``weekday`` (0 is
        Monday).

    Raises
    ------
    ValueError
        If `person_id` rated no day, `min_people` is below 2, or as
        :func:`~msspas_analysis.estimate.windows.rated_days`.

    Examples
    --------
    >>> diary = pd.DataFrame({"person_id": ["A", "B", "A"], "stiffness": [3.0, 4.0, 8.0],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-01", "2026-03-03"])})
    >>> calendar_days(diary, min_people=2)[["mean", "n"]].values.tolist()
    [[3.5, 2.0], [nan, 0.0], [nan, 1.0]]
    """
    if min_people < 2:
        raise ValueError(f"min_people must be 2 or more, got {min_people}: no one person is shown")
    rated = rated_days(diary, _NOBODY, outcome).dropna(subset=["date"])
    if person_id is not None:
        rated = rated[rated["person_id"].eq(person_id)]
        if rated.empty:
            raise ValueError(f"person_id {person_id!r} has no day with {outcome!r} in the diary")
    out = rated.groupby("date")["value"].agg(["mean", "count"]).rename(columns={"count": "n"})
    if len(out):
        out = out.reindex(pd.date_range(out.index[0], out.index[-1], name="date"))
    out["n"] = out["n"].fillna(0).astype("int64")
    out["mean"] = out["mean"].where(out["n"] >= (1 if person_id is not None else min_people))
    out = out.reset_index()
    out["weekday"] = out["date"].dt.day_of_week.astype("int64")
    out["week"] = (out.index + (out["weekday"].iloc[0] if len(out) else 0)) // 7
    return out[["date", "mean", "n", "week", "weekday"]]


def truth_beside_diary(truth: pd.DataFrame, diary: pd.DataFrame, person_id: str) -> pd.DataFrame:
    """Put what an invented person wrote down beside what there was to write.

    Parameters
    ----------
    truth, diary : pandas.DataFrame
        The truth of a simulated cohort (``person_id``, ``date``, ``day``, ``latent`` and
        ``stiffness``, a row for each day) and its diary.
    person_id : str
        Code of an invented person.

    Returns
    -------
    pandas.DataFrame
        One row per day in order: ``day`` from the first session, ``latent`` state, ``complete``
        rating and ``seen``, NaN where the diary has none.

    Raises
    ------
    ValueError
        If the truth knows nobody of that code.

    Examples
    --------
    >>> truth = pd.DataFrame({"person_id": "SIM1", "date": [pd.Timestamp("2026-03-01")], "day": -7,
    ...                       "latent": 5.6, "stiffness": 6.0})
    >>> truth_beside_diary(truth, truth.iloc[:0], "SIM1").to_numpy().tolist()
    [[-7.0, 5.6, 6.0, nan]]
    """
    mine = truth.loc[truth["person_id"].eq(person_id), ["date", "day", "latent", "stiffness"]]
    if mine.empty:
        raise ValueError(f"person_id {person_id!r} is not in the truth; only invented people are")
    kept = diary.loc[diary["person_id"].eq(person_id), ["date", "stiffness"]]
    both = mine.rename(columns={"stiffness": "complete"}).merge(
        kept.rename(columns={"stiffness": "seen"}), on="date", how="left", validate="1:1"
    )
    return both.drop(columns="date").sort_values("day", ignore_index=True)


# --- what the faces share -------------------------------------------------------------------------


def from_start(diary: pd.DataFrame, outcome: str, people: pd.DataFrame | None = None) -> Days:
    """Put a diary on a grid of days from each person's first rated day."""
    rated = rated_days(diary, _NOBODY if people is None else people, outcome)
    if np.isinf(rated["value"]).any():
        raise ValueError(f"diary[{outcome!r}] holds an infinite number; correct or empty it")
    dates = rated.groupby("person_id")["date"].agg(["min", "max"])
    longest = (dates["max"] - dates["min"]).dt.days.max() if len(dates) else 0
    if longest >= MOST_DAYS:
        raise ValueError(
            f"one diary runs over {longest + 1:,.0f} days, more than {MOST_DAYS:,}; look for a "
            f"mistyped year in its dates"
        )
    began = dates["min"].rename("first_session").reset_index()
    return day_grid(diary, began, outcome, span=(0, MOST_DAYS))


def days_spanned(seen: Floats) -> Ints:
    """Days from the first day of the grid to each person's last rated one."""
    known = ~np.isnan(seen)
    ends: Ints = seen.shape[-1] - np.argmax(known[..., ::-1], axis=-1)
    return ends


def t_row(
    estimate: Floats, error: Floats, n: Ints, *, conf_level: float, ends: tuple[float, float]
) -> dict[str, Any]:
    """Return the numbers of an estimate with its t interval over people, cut at `ends`."""
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + conf_level / 2) * error) if n > 1 else np.nan
    low, high = np.clip([estimate - half, estimate + half], *ends)
    return {"estimate": float(estimate), "std_error": float(error), "conf_low": low,
            "conf_high": high, "conf_level": conf_level, "df": float(n - 1), "n": int(n)}  # fmt: skip


def _share_row(
    estimate: Floats, error: Floats, n: Ints, *, days: float, conf_level: float
) -> dict[str, Any]:
    """Wilson's interval of a share, with as many answers as its standard error speaks of.

    That is at most one a day, and as many as people where they are all alike. Student's t makes
    them fewer, for the error is estimated.
    """
    from scipy.special import ndtri, stdtrit

    p, people, upper = float(np.clip(estimate, 0.0, 1.0)), int(n), 0.5 + conf_level / 2
    low, high = np.nan, np.nan
    if people > 1:
        variance, alone = float(error) ** 2, p * (1.0 - p)
        size = min(alone / variance, days) if variance > POINT * alone else float(people)
        size *= (float(ndtri(upper)) / float(stdtrit(people - 1, upper))) ** 2
        low, high = map(float, wilson_interval(p * size, size, conf_level=conf_level))
    return {"group": "all", "measure": "proportion", "estimate": p, "std_error": float(error),
            "conf_low": low, "conf_high": high, "conf_level": conf_level, "n": people}  # fmt: skip
