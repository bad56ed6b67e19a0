"""From days to people: what each person rated before and after the first session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.people import RowsAreNotPeopleError, is_number, need
from msspas_analysis.tables import AFTER, BEFORE, Window


def rated_days(diary: pd.DataFrame, people: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Place every rated day relative to the person's first session.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day.
    people : pandas.DataFrame
        The tidy table ``people``.
    outcome : str
        A numeric column of the diary.

    Returns
    -------
    pandas.DataFrame
        One row per day with a rating: ``person_id``, ``date``, ``day`` (0 is the first session, NaN
        without one), ``value``.

    Raises
    ------
    RowsAreNotPeopleError
        If `people` holds a person twice.
    ValueError
        If a column is absent, `outcome` is not numeric, dates are not dates, or a person has two
        rows for one day.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A"], "first_session": [pd.Timestamp("2026-03-08")]})
    >>> diary = pd.DataFrame({"person_id": ["A", "A"], "stiffness": [6.0, None],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-03-02"])})
    >>> rated_days(diary, people, "stiffness")[["person_id", "day", "value"]].values.tolist()
    [['A', -7.0, 6.0]]
    """
    need(diary, ("person_id", "date"), "diary")
    need(people, ("person_id", "first_session"), "people")
    numeric = [str(c) for c in diary.columns if is_number(diary[c])]
    if outcome not in diary.columns or not is_number(diary[outcome]):
        why = "holds no numbers" if outcome in diary.columns else "is not a column of the diary"
        raise ValueError(f"outcome {outcome!r} {why}; choose one of {numeric}")
    if people["person_id"].duplicated().any():
        raise RowsAreNotPeopleError(len(people), people["person_id"].nunique())
    twice = int(diary.duplicated(["person_id", "date"]).sum())
    if twice:
        raise ValueError(
            f"diary: {twice} row(s) repeat a person and day that another row has, so that day "
            f"would count twice; keep one row per person and day (tables.validate lists them)"
        )
    rated = diary.loc[diary[outcome].notna() & diary["person_id"].notna()]
    date = _dates(rated, "date", "diary")
    first = _dates(people, "first_session", "people")
    first.index = pd.Index(people["person_id"])
    since = date - first.reindex(rated["person_id"]).set_axis(rated.index)
    day = since.dt.days.astype("float64")
    return pd.DataFrame(
        {"person_id": rated["person_id"], "date": date, "day": day,
         "value": rated[outcome].astype("float64")}
    ).reset_index(drop=True)  # fmt: skip


def window_scores(
    diary: pd.DataFrame,
    people: pd.DataFrame,
    outcome: str,
    *,
    before: Window = BEFORE,
    after: Window = AFTER,
) -> pd.DataFrame:
    """Average each person's rated days before and after the first session: one row per person.

    Parameters
    ----------
    diary : pandas.DataFrame
        The tidy table ``diary``; one row per person and day, any order.
    people : pandas.DataFrame
        The tidy table ``people``, with ``first_session``.
    outcome : str
        A numeric column of the diary.
    before, after : Window
        Spans of days around the first session (day 0), and how many must be rated.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``person_id``: ``before`` and ``after`` (means of the rated days; NaN with fewer
        than ``min_days`` of them), ``days_before``, ``days_after`` (rated days), and ``status``:
        "paired", "no first session", "no before", "no after" or "neither". Everybody is there:
        people without a diary, and people who are in the diary only (they have no first session).

    Raises
    ------
    RowsAreNotPeopleError
        If `people` holds a person twice.
    ValueError
        If the windows share a day, a column is absent, `outcome` is not numeric, dates are not
        dates, or a person has two rows for one day.

    Notes
    -----
    A missing day is left out, never filled in. People who rate only on bad days therefore look
    worse than they are; :func:`~msspas_analysis.estimate.diary.description.diary_completeness` shows how
    many days stand behind the means.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A"], "first_session": [pd.Timestamp("2026-03-08")]})
    >>> diary = pd.DataFrame({"person_id": "A", "stiffness": [6.0] * 7 + [5.0] * 40,
    ...     "date": pd.date_range("2026-03-01", periods=47)})
    >>> window_scores(diary, people, "stiffness").values.tolist()
    [['A', 6.0, 5.0, 7, 12, 'paired']]
    """
    if max(before.first_day, after.first_day) <= min(before.last_day, after.last_day):
        raise ValueError(f"the windows share days ({before}; {after}); make them separate")
    rated = rated_days(diary, people, outcome)
    ids = pd.Index(sorted({*people["person_id"].dropna(), *diary["person_id"].dropna()}))
    code = ids.get_indexer(pd.Index(rated["person_id"]))
    day, value = rated["day"].to_numpy(), rated["value"].to_numpy()
    sums = []
    for window in (before, after):
        inside = (day >= window.first_day) & (day <= window.last_day)
        sums.append((
            np.bincount(code[inside], minlength=len(ids)).astype(np.int64),
            np.bincount(code[inside], weights=value[inside], minlength=len(ids)),
        ))  # fmt: skip
    known = set(people.loc[people["first_session"].notna(), "person_id"])
    return scores_from_sums(ids, ids.isin(list(known)), sums, before=before, after=after)


def scores_from_sums(
    ids: pd.Index[Any], begun: npt.NDArray[np.bool_],
    sums: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]], *, before: Window, after: Window,
) -> pd.DataFrame:  # fmt: skip
    """Return the table of :func:`window_scores` from what each person's rated days add up to.

    Parameters
    ----------
    ids : pandas.Index
        Everybody, sorted.
    begun : numpy.ndarray of bool, shape (n_people,)
        Whether a first session is known.
    sums : sequence of (numpy.ndarray, numpy.ndarray)
        Of the days before and of those after: how many were rated, and their total.
    before, after : Window
        How many must be rated.
    """
    out = pd.DataFrame({"person_id": ids.astype("object")})
    for (name, window), (days, total) in zip(
        (("before", before), ("after", after)), sums, strict=True
    ):
        mean = np.full(len(ids), np.nan)
        np.divide(total, days, out=mean, where=days >= window.min_days)
        out[name], out[f"days_{name}"] = mean, days
    no_before, no_after = out["before"].isna(), out["after"].isna()
    out["status"] = np.select(
        [~begun, no_before & no_after, no_before, no_after],
        ["no first session", "neither", "no before", "no after"],
        "paired",
    )
    out["status"] = out["status"].astype("object")
    return out[["person_id", "before", "after", "days_before", "days_after", "status"]]


def span_scores(
    diary: pd.DataFrame, people: pd.DataFrame, outcome: str, *, spans: pd.DataFrame,
    last: int | None = None, min_days: int = 4,
) -> pd.DataFrame:  # fmt: skip
    """Average each person's rated days within spans of their own, such as periods of a crossover.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        The tidy tables.
    outcome : str
        A numeric column of the diary.
    spans : pandas.DataFrame
        ``person_id``, ``first_day`` and ``last_day`` (from the first session, both included), and
        any other columns, such as the period and the treatment; several rows per person.
    last : int or None
        Only so many days at the end of each span, 1 or more; None takes all.
    min_days : int
        Fewest rated days for a mean to count, 1 or more.

    Returns
    -------
    pandas.DataFrame
        `spans` with the column `outcome` (NaN with too few days) and ``days``, how many were rated.

    Raises
    ------
    RowsAreNotPeopleError
        If `people` holds a person twice.
    ValueError
        If a column is absent, a span ends before it begins, `last` or `min_days` is below 1, or the
        diary cannot be (:func:`rated_days`).

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["A"], "first_session": [pd.Timestamp("2026-03-01")]})
    >>> diary = pd.DataFrame({"person_id": "A", "stiffness": [6.0, 6, 4, 2],
    ...     "date": pd.date_range("2026-03-01", periods=4)})
    >>> spans = pd.DataFrame({"person_id": "A", "period": [1, 2], "first_day": [0, 2],
    ...     "last_day": [1, 3]})
    >>> span_scores(diary, people, "stiffness", spans=spans, min_days=2)["stiffness"].tolist()
    [6.0, 3.0]
    """
    need(spans, ("person_id", "first_day", "last_day"), "spans")
    for name, value in (("last", last), ("min_days", min_days)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be 1 or more, got {value}")
    low, high = (spans[name].to_numpy(np.float64) for name in ("first_day", "last_day"))
    if (low > high).any():
        raise ValueError(f"{int((low > high).sum())} span(s) end before they begin; mend spans")
    if last is not None:
        low = np.maximum(low, high - last + 1)
    rated = rated_days(diary, people, outcome)
    rated = rated[rated["day"].notna()]
    place = pd.DataFrame(
        {"person_id": spans["person_id"].to_numpy(), "span": np.arange(len(spans))}
    )
    both = rated.merge(place, on="person_id")
    span = both["span"].to_numpy()
    inside = (both["day"].to_numpy() >= low[span]) & (both["day"].to_numpy() <= high[span])
    days = np.bincount(span[inside], minlength=len(spans))
    total = np.bincount(
        span[inside], weights=both["value"].to_numpy()[inside], minlength=len(spans)
    )
    mean = np.full(len(spans), np.nan)
    np.divide(total, days, out=mean, where=days >= min_days)
    return spans.reset_index(drop=True).assign(**{outcome: mean, "days": days})


def _dates(frame: pd.DataFrame, column: str, table: str) -> pd.Series[Any]:
    if not pd.api.types.is_datetime64_any_dtype(frame[column]):
        raise ValueError(
            f"{table}[{column!r}] holds {frame[column].dtype}, not dates; check the table with "
            f"tables.validate, which reads dates written YYYY-MM-DD"
        )
    dates: pd.Series[Any] = frame[column].dt.normalize()
    return dates


def pairs(scores: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return before and after of every person, NaN where absent, after refusing what cannot be."""
    if "person_id" in scores.columns and scores["person_id"].duplicated().any():
        raise RowsAreNotPeopleError(len(scores), scores["person_id"].nunique())
    absent = [c for c in ("person_id", "before", "after") if c not in scores.columns]
    if absent:
        raise ValueError(
            f"scores has no column {', '.join(map(repr, absent))}; it has "
            f"{[str(c) for c in scores.columns]}. Make it with window_scores(diary, people, "
            f"outcome): one row per person"
        )
    if scores["person_id"].isna().any():
        raise ValueError("scores has a row without person_id; give every person a code")
    ends = []
    for name in ("before", "after"):
        if not is_number(scores[name]) and len(scores):
            raise ValueError(f"scores[{name!r}] holds {scores[name].dtype}, not numbers")
        values = scores[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise ValueError(f"scores[{name!r}] holds an infinite number; correct or empty it")
        ends.append(values)
    # by person, so that the order of rows cannot move the last digit of a sum
    order = np.argsort(scores["person_id"].astype(str).to_numpy(), kind="stable")
    return ends[0][order], ends[1][order]


def left_out(scores: pd.DataFrame, n: int) -> list[str]:
    """Word how many people are not in the numbers, and why where the table says so."""
    missing = len(scores) - n
    if not missing:
        return []
    why = ""
    if "status" in scores.columns:
        counts = scores.loc[scores["status"].ne("paired"), "status"].value_counts().sort_index()
        why = f" ({', '.join(f'{name}: {k}' for name, k in counts.items())})" if len(counts) else ""
    return [
        f"{missing} of {len(scores)} people have no pair of scores and are left out{why}; "
        f"people who stop may be those for whom things went otherwise."
    ]


def too_few(what: str, need: int, n: int, total: int) -> ValueError:
    """Return the error of an estimator that has too few pairs, with what to do."""
    return ValueError(
        f"{what} needs at least {need} people with a score before and after, got {n} of {total}; "
        f"collect more diaries, or give windows that these diaries cover (window_scores shows who "
        f"lacks what)"
    )
