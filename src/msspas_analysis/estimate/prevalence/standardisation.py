"""Direct standardisation: rates and prevalence as they would be in a population of given strata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.people import (
    groups_of,
    label_of,
    need,
    numbers,
    one_row_each,
    yes_no,
)
from msspas_analysis.estimate.prevalence.proportions import known, normal, share
from msspas_analysis.estimate.prevalence.rates import rate_interval
from msspas_analysis.estimate.prevalence.sampling import share_interval
from msspas_analysis.results import Estimates

RATE_INTERVALS: Final[dict[str, str]] = {
    "gamma": "gamma (Fay and Feuer)", "normal": "normal", "log": "normal, log rate",
}  # fmt: skip
"""Intervals of a standardised rate, and how an answer names them."""

SHARE_METHODS: Final[dict[str, str]] = {
    "logit": "logit", "wilson": "Wilson, effective sample size", "wald": "Wald",
}  # fmt: skip
"""Intervals of a standardised prevalence, and how an answer names them."""


def direct_rate(
    count: npt.ArrayLike, time: npt.ArrayLike, standard: npt.ArrayLike, *,
    interval: str = "gamma", conf_level: float = 0.95,
) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Directly standardised rate of events.

    Parameters
    ----------
    count, time : array_like, shape (..., strata)
        Events and time (or people) at risk in each stratum, >= 0 and > 0.
    standard : array_like, shape (strata,)
        How large each stratum is in the standard, >= 0; only the ratios matter.
    interval : str
        A key of :data:`RATE_INTERVALS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    estimate, std_error, low, high : numpy.ndarray
        In events per unit of `time`. Without any event "gamma" goes from 0 to a bound above, the
        ends of "log" are NaN and "normal" has no width. The lower end of "normal" may lie below 0.

    Raises
    ------
    ValueError
        If a count, a time or a standard cannot be, or the interval is unknown.

    Notes
    -----
    Events are taken as Poisson: independent of each other. Where one person has many, as with
    falls, the interval is too narrow.

    References
    ----------
    .. [1] Fay MP, Feuer EJ (1997). Confidence intervals for directly standardized rates: a method
       based on the gamma distribution. Stat Med 16:791-801.

    Examples
    --------
    >>> rate, error, low, high = direct_rate([3, 8], [200, 100], [1, 1])
    >>> round(float(rate), 4), round(float(low), 4), round(float(high), 4)
    (0.0475, 0.0231, 0.0872)
    """
    from scipy.special import gammainccinv, gammaincinv

    known("interval", interval, RATE_INTERVALS)
    x, t = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(time, np.float64))
    s = np.asarray(standard, dtype=np.float64)
    if not (np.isfinite(s) & (s >= 0)).all() or not s.sum() > 0:
        raise ValueError("standard: strata are 0 or larger, and one is above 0")
    if not (np.isfinite(x) & (x >= 0)).all() or not (np.isfinite(t) & (t > 0)).all():
        raise ValueError("count must be 0 or more and time above 0 in every stratum")
    per = s / s.sum() / t
    rate, variance = (per * x).sum(axis=-1), (per**2 * x).sum(axis=-1)
    tail = (1 - level_between(conf_level)) / 2
    error = np.sqrt(variance)
    none = variance == 0
    there, spread = np.where(none, np.nan, rate), np.where(none, np.nan, variance)
    if interval == "normal":
        return rate, error, rate - normal(conf_level) * error, rate + normal(conf_level) * error
    if interval == "log":
        reach = np.exp(normal(conf_level) * error / there)
        return rate, error, rate / reach, rate * reach
    # the upper end as if one event more had come, in the stratum where it counts most
    most = per.max(axis=-1)
    low = np.where(none, 0.0, gammaincinv(there**2 / spread, tail) * spread / there)
    up, above = rate + most, variance + most**2
    return rate, error, low, np.asarray(gammainccinv(up**2 / above, tail) * above / up)


def standardised_rate(
    frame: pd.DataFrame, count: str, *, time: str, by: str | Sequence[str],
    standard: Mapping[Any, float] | pd.Series[Any], group: str | None = None,
    interval: str = "gamma", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the rate a population of given strata would have.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows are cells of a table or, with ``person_id``, people; rows of a stratum are added up.
    count, time : str
        Columns of events, and of people or time at risk.
    by : str or sequence of str
        The column, or columns, that make the strata.
    standard : mapping
        How large each stratum is in the standard: by value, or by tuple of values. A pandas Series
        does. Only the ratios matter.
    group : str or None
        A column of groups that are compared; each is standardised.
    interval : str
        A key of :data:`RATE_INTERVALS`.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        "standardised_rate" and "crude_rate" (exact Poisson interval) for ``group`` "all" and each
        group. ``n`` counts people with ``person_id``, and events in a table without.

    Raises
    ------
    RowsAreNotPeopleError
        If there is a ``person_id`` and a person has more than one row.
    ValueError
        If a column is absent, has gaps or cannot be, or a stratum of the standard has nobody at
        risk, or a stratum is not in the standard.

    Notes
    -----
    As :func:`direct_rate`. A group with a stratum of the standard that is empty has no answer: NaN,
    with a note. Standardised rates may be compared with each other only if the standard is the same.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": ["<50", "50+"], "falls": [3, 8], "years": [200.0, 100.0]})
    >>> got = standardised_rate(frame, "falls", time="years", by="age",
    ...     standard={"<50": 1, "50+": 1})
    >>> got.table[["measure", "estimate"]].round(4).values.tolist()
    [['standardised_rate', 0.0475], ['crude_rate', 0.0367]]
    """
    known("interval", interval, RATE_INTERVALS)
    columns = [by] if isinstance(by, str) else list(by)
    names = [count, time, *columns, *([group] if group else [])]
    people = _rows(frame, names)
    for name in names:
        if gaps := int(people[name].isna().sum()):
            raise ValueError(f"column {name!r} is empty in {gaps} of {len(people)} rows; mend them")
    x, t = numbers(people, count), numbers(people, time)
    for name, values in ((count, x), (time, t)):
        if (values < 0).any():
            raise ValueError(f"column {name!r} is below 0 in a row, at {values.min():g}")
    stratum, size = _strata(people, columns, standard)
    rows: list[dict[str, Any]] = []
    lacking: list[str] = []
    for label, inside in groups_of(people, group):
        events = np.bincount(stratum[inside], weights=x[inside], minlength=len(size))
        risk = np.bincount(stratum[inside], weights=t[inside], minlength=len(size))
        found: tuple[Any, ...] = (np.nan,) * 4
        if (risk > 0).all():
            found = direct_rate(events, risk, list(size.values()), interval=interval,
                                conf_level=conf_level)  # fmt: skip
        else:
            lacking.append(_absent(label, size, risk > 0, group))
        low, high = rate_interval(events.sum(), risk.sum(), conf_level=conf_level)
        base = {
            "outcome": count, "group": label, "term": f"per {time}", "conf_level": conf_level,
            "n": int(inside.sum() if "person_id" in people else events.sum()),
        }  # fmt: skip
        rows += [
            base | dict(zip(("estimate", "std_error", "conf_low", "conf_high"), map(float, found),
                            strict=True))
            | {"measure": "standardised_rate", "method": f"direct, {RATE_INTERVALS[interval]}"},
            base | {
                "measure": "crude_rate", "estimate": float(events.sum() / risk.sum()),
                "std_error": float(np.sqrt(events.sum()) / risk.sum()), "conf_low": float(low),
                "conf_high": float(high), "method": "exact Poisson",
            },
        ]  # fmt: skip
    notes = [f"Standardised to strata of {', '.join(columns)}. Events are taken as independent."]
    if "person_id" not in people:
        notes.append("n counts events.")
    return Estimates.from_rows(rows, notes=[*notes, *lacking])


def standardised_prevalence(
    frame: pd.DataFrame, what: str, *, by: str | Sequence[str],
    standard: Mapping[Any, float] | pd.Series[Any], positive: Any = None, group: str | None = None,
    interval: str = "logit", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the prevalence a population of given strata would have.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id``.
    what, positive
        A yes/no column, or any and the value or values that count, as in
        :func:`~msspas_analysis.estimate.prevalence.proportions.prevalence`.
    by, standard, group, conf_level
        As in :func:`standardised_rate`.
    interval : str
        A key of :data:`SHARE_METHODS`.

    Returns
    -------
    Estimates
        "standardised_proportion" and "crude_proportion" (Wilson) for ``group`` "all" and each
        group. People without an answer or a stratum are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or cannot be read, nobody answered in a stratum of the standard, or a
        stratum is not in the standard.

    Notes
    -----
    The share in each stratum varies as a binomial count over its people. Where everybody, or
    nobody, in each stratum has it, there is no interval. A group with a stratum of the standard
    that is empty has no answer: NaN, with a note.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(6), "sex": list("ffffmm"),
    ...     "spasms": [1, 1, 1, 0, 1, 0]})
    >>> got = standardised_prevalence(frame, "spasms", by="sex", standard={"f": 70, "m": 30})
    >>> got.table[["measure", "estimate"]].round(4).values.tolist()
    [['standardised_proportion', 0.675], ['crude_proportion', 0.6667]]
    """
    known("interval", interval, SHARE_METHODS)
    columns = [by] if isinstance(by, str) else list(by)
    everybody = one_row_each(frame, [what, *columns, *([group] if group else [])])
    placed = everybody[columns].notna().all(axis=1).to_numpy()
    answer = yes_no(everybody, what, positive=positive)
    told = placed & ~np.isnan(answer[0])
    if not told.any():
        raise ValueError(f"{what!r}: none of {len(told)} people has an answer and a stratum")
    people, yes = everybody[told], answer[0][told]
    stratum, size = _strata(people, columns, standard)
    weight = np.array(list(size.values())) / sum(size.values())
    rows: list[dict[str, Any]] = []
    lacking: list[str] = []
    for label, among in groups_of(everybody, group):
        inside = among[told]
        n = np.bincount(stratum[inside], minlength=len(size))
        hits = np.bincount(stratum[inside], weights=yes[inside], minlength=len(size))
        p = s = np.nan
        if (n > 0).all():
            each = hits / n
            p, s = float(weight @ each), float(np.sqrt(weight**2 @ (each * (1 - each) / n)))
        else:
            lacking.append(_absent(label, size, n > 0, group))
        low, high = share_interval(p, s, df=np.inf, n=int(n.sum()), interval=interval,
                                   conf_level=conf_level)  # fmt: skip
        base = {
            "outcome": what, "group": label, "term": answer[1], "conf_level": conf_level,
            "n": int(n.sum()), "n_missing": int(among.sum() - n.sum()),
        }  # fmt: skip
        rows += [
            base | {"measure": "standardised_proportion", "estimate": p, "std_error": s,
                    "conf_low": float(low), "conf_high": float(high),
                    "method": f"direct, {SHARE_METHODS[interval]}"},
            base | share(int(hits.sum()), int(n.sum()), method="wilson", conf_level=conf_level)
            | {"measure": "crude_proportion"},
        ]  # fmt: skip
    notes = [
        f"Standardised to strata of {', '.join(columns)}; of the people who answered, in each "
        f"stratum."
    ]
    if k := rows[0]["n_missing"]:
        notes.append(
            f"{k} of {len(everybody)} people have no {what} or no stratum and are left out."
        )
    if any(row["std_error"] == 0 for row in rows[::2]):
        notes.append("Where all of each stratum are alike there is no spread and no interval.")
    return Estimates.from_rows(rows, notes=[*notes, *lacking])


def _rows(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    if "person_id" in frame.columns:
        return one_row_each(frame, names)
    need(frame, names)
    if frame.empty:
        raise ValueError("the table has no rows")
    # sums of counts and times in one order, whatever that of the rows
    order = np.lexsort([numbers(frame, name) for name in names[:2]])
    return frame.iloc[order][list(dict.fromkeys(names))]


def _strata(
    people: pd.DataFrame, columns: Sequence[str], standard: Mapping[Any, float] | pd.Series[Any]
) -> tuple[npt.NDArray[np.int64], dict[Any, float]]:
    """Return each row's stratum and the size of every stratum of the standard."""
    name, size = ", ".join(columns), {k: float(v) for k, v in standard.items()}
    if bad := [k for k, v in size.items() if not (np.isfinite(v) and v >= 0)]:
        raise ValueError(f"standard: {_called(bad[0])} has {size[bad[0]]}; strata are 0 or larger")
    values = [people[c].astype("object").tolist() for c in columns]
    keys = values[0] if len(columns) == 1 else list(zip(*values, strict=True))
    if strange := [k for k in dict.fromkeys(keys) if k not in size]:
        raise ValueError(
            f"{name}: {_called(strange[0])} is in {sum(k == strange[0] for k in keys)} rows and not "
            f"in the standard, which has {', '.join(map(_called, list(size)[:8]))}; give it a size "
            f"or leave the rows out"
        )
    size = {k: v for k, v in size.items() if v > 0 or k in keys}
    if not sum(size.values()) > 0:
        raise ValueError("standard: no stratum is above 0")
    place = {k: i for i, k in enumerate(size)}
    return np.array([place[k] for k in keys], dtype=np.int64), size


def _absent(
    label: str, size: Mapping[Any, float], there: npt.NDArray[np.bool_], group: str | None
) -> str:
    """Name the empty stratum of a group, or refuse it where it is all there is."""
    empty = [_called(k) for k, here in zip(size, there, strict=True) if not here]
    if label == "all" or group is None:
        raise ValueError(
            f"stratum {empty[0]} of the standard has nobody in the table, so nothing is known of "
            f"it; merge it with another"
        )
    return f"{label} has nobody in {', '.join(empty)}, so it cannot be standardised."


def _called(key: Any) -> str:
    return " ".join(map(label_of, key)) if isinstance(key, tuple) else repr(label_of(key))
