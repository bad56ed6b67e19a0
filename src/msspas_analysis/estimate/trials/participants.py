"""Who took part: baseline by arm, where everybody went, and scores at visits as one row per person.

A baseline table has no p-values: allocation by chance needs no test of chance. The standardised
difference says how far apart arms are, however many people they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.estimate.people import arms_of, is_number, numbers, one_row_each
from msspas_analysis.results import Estimates

EVERYBODY: Final = "all"
_NOT_TESTED: Final = (
    "No p-values: in a randomised trial any difference before treatment is chance, and without "
    "allocation by chance a test cannot show that arms are alike."
)


def baseline_table(
    frame: pd.DataFrame, columns: Sequence[str], *, arm: str | None = None, control: object = None
) -> Estimates:
    """Describe people before treatment, by arm, with standardised differences (table 1).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the arm and the columns.
    columns : sequence of str
        What to describe: numbers by mean, SD, median and quartiles; words, categories and yes/no by
        the count and share of each value.
    arm : str or None
        The column of arms; None describes everybody together.
    control : object
        The arm others are held against; needed with `arm`.

    Returns
    -------
    Estimates
        ``outcome`` is the column, ``group`` the arm, ``term`` the value of a category; measures
        "mean", "sd", "median", "q1", "q3" or "count", "proportion"; and for each arm but the control
        "standardised_difference", term "arm - control". Missing answers are in ``n_missing``; shares
        are of people who answered.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent, no columns are given, or the arms cannot be compared.

    Notes
    -----
    The standardised difference of a number is the difference of means over the root mean square of
    the two SDs. That of a category is one distance for all its shares, 0 or more. Quartiles are
    those of R's default (type 7).

    References
    ----------
    .. [1] Austin PC (2009). Balance diagnostics for comparing the distribution of baseline
       covariates between treatment groups in propensity-score matched samples. Stat Med
       28:3083-3107.
    .. [2] Yang D, Dalton JE (2012). A unified approach to measuring the effect size between two
       groups using SAS. SAS Global Forum 2012, paper 335.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "arm": ["sham", "foot"] * 2,
    ...     "age": [40.0, 50, 44, 58], "sex": ["f", "f", "m", "f"]})
    >>> answer = baseline_table(frame, ["age", "sex"], arm="arm", control="sham")
    >>> float(answer.one(outcome="age", group="foot", measure="mean").estimate)
    54.0
    >>> float(answer.one(outcome="sex", group="sham", term="m", measure="proportion").estimate)
    0.5
    """
    if not columns:
        raise ValueError("columns is empty; name what is to be described")
    people = one_row_each(frame, [*columns, *([arm] if arm else [])])
    if arm is None:
        groups: list[Any] = [EVERYBODY]
        inside = {EVERYBODY: np.ones(len(people), dtype=bool)}
    else:
        groups = arms_of(people, arm, control)
        inside = {label: (people[arm] == label).to_numpy() for label in groups}
    rows: list[dict[str, Any]] = []
    for name in columns:
        column = people[name]
        rows += (
            _number(people, name, inside) if is_number(column) else _category(column, name, inside)
        )
    notes = [_NOT_TESTED] if arm else []
    if arm and (without := int(people[arm].isna().sum())):
        notes.append(f"{without} people are in no arm and are left out.")
    return Estimates.from_rows(rows, notes=notes)


def _row(outcome: str, group: object, term: str, measure: str, estimate: float, n: int,
         n_missing: int, method: str = "description") -> dict[str, Any]:  # fmt: skip
    return {
        "outcome": outcome, "group": str(group), "term": term, "measure": measure,
        "estimate": float(estimate), "n": n, "n_missing": n_missing, "method": method,
    }  # fmt: skip


def _number(people: pd.DataFrame, name: str, inside: dict[Any, Any]) -> list[dict[str, Any]]:
    values = numbers(people, name)
    known = ~np.isnan(values)
    rows, seen = [], {}
    for group, here in inside.items():
        v = values[here & known]
        gone = int(here.sum()) - v.size
        seen[group] = v
        if not v.size:
            rows.append(_row(name, group, "", "mean", np.nan, 0, gone))
            continue
        q1, median, q3 = np.quantile(v, [0.25, 0.5, 0.75])
        sd = v.std(ddof=1) if v.size > 1 else np.nan
        rows += [
            _row(name, group, "", measure, value, v.size, gone)
            for measure, value in (
                ("mean", v.mean()), ("sd", sd), ("median", median), ("q1", q1), ("q3", q3),
            )
        ]  # fmt: skip
    control, *others = seen
    for group in others:
        a, b = seen[group], seen[control]
        if min(a.size, b.size) < 2:
            continue
        spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
        rows.append(_row(
            name, group, f"{group} - {control}", "standardised_difference",
            (a.mean() - b.mean()) / spread if spread > 0 else np.nan, a.size + b.size,
            int(inside[group].sum() + inside[control].sum()) - a.size - b.size,
            "difference of means / root mean square of the SDs",
        ))  # fmt: skip
    return rows


def _category(column: pd.Series[Any], name: str, inside: dict[Any, Any]) -> list[dict[str, Any]]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = list(column.cat.categories)
    else:
        values = sorted(column.dropna().unique().tolist(), key=str)
    rows, shares, sizes = [], {}, {}
    known = column.notna().to_numpy()
    for group, here in inside.items():
        n = int((here & known).sum())
        counts = [
            int(((column == value).to_numpy(bool, na_value=False) & here).sum()) for value in values
        ]
        sizes[group] = n
        shares[group] = np.array(counts) / n if n else np.full(len(values), np.nan)
        for value, count, share in zip(values, counts, shares[group], strict=True):
            gone = int(here.sum()) - n
            rows.append(_row(name, group, str(value), "count", count, n, gone, "count of people"))
            rows.append(_row(name, group, str(value), "proportion", share, n, gone, "share"))
    control, *others = shares
    rows += [
        _row(
            name, group, f"{group} - {control}", "standardised_difference",
            _distance(shares[group], shares[control]), sizes[group] + sizes[control],
            int(inside[group].sum() + inside[control].sum()) - sizes[group] - sizes[control],
            "one distance for all shares (Yang and Dalton)",
        )
        for group in others
    ]  # fmt: skip
    return rows


def _distance(a: Any, b: Any) -> float:
    """Mahalanobis distance of two sets of shares, leaving out the first, which the others fix."""
    there = (a + b) > 0
    if not np.isfinite(a + b).all() or there.sum() < 2:
        return 0.0 if np.isfinite(a + b).all() else np.nan
    p, q = a[there][1:], b[there][1:]
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    if np.linalg.matrix_rank(spread, tol=1e-12) < p.size:
        return np.inf  # the arms share no value
    return float(np.sqrt((p - q) @ np.linalg.solve(spread, p - q)))


def participant_flow(
    frame: pd.DataFrame, *, arm: str, ended: str | None = None, completed: str = "completed",
    outcome: str | None = None, excluded: str | None = None,
) -> Estimates:  # fmt: skip
    """Count people from assessment to analysis, as the CONSORT statement asks.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person assessed: ``person_id`` and the columns below.
    arm : str
        The arm allocated; empty for people who were not allocated.
    ended : str or None
        How taking part ended: `completed`, or the reason for stopping; empty counts as "not known".
    completed : str
        The word that says somebody went on to the end.
    outcome : str or None
        The primary outcome; people with it are "analysed".
    excluded : str or None
        Why people were not allocated.

    Returns
    -------
    Estimates
        Counts. Group "all": "assessed", "not allocated", "not allocated: reason", "allocated"; by
        arm: "allocated", "completed", "stopped", "stopped: reason", "analysed", "not analysed".

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or nobody was allocated.

    References
    ----------
    .. [1] Schulz KF, Altman DG, Moher D (2010). CONSORT 2010 statement. BMJ 340:c332.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "arm": ["sham", "foot", "foot", None],
    ...     "ended": ["completed", "moved away", "completed", None], "after": [4.0, None, 3, None]})
    >>> flow = participant_flow(frame, arm="arm", ended="ended", outcome="after")
    >>> int(flow.one(group="foot", term="stopped: moved away").estimate)
    1
    >>> int(flow.one(group="foot", term="analysed").estimate)
    1
    """
    named = [name for name in (ended, outcome, excluded) if name is not None]
    people = one_row_each(frame, [arm, *named])
    allocated = people[arm].notna()
    if not allocated.any():
        raise ValueError(f"nobody was allocated: column {arm!r} is empty")
    rows: list[dict[str, Any]] = []

    def add(group: object, term: str, count: int, of: int) -> None:
        rows.append(_row("people", group, term, "count", count, of, 0, "count of people"))

    total = len(people)
    add(EVERYBODY, "assessed", total, total)
    add(EVERYBODY, "not allocated", int((~allocated).sum()), total)
    if excluded is not None:
        for reason, count in _reasons(people.loc[~allocated, excluded]):
            add(EVERYBODY, f"not allocated: {reason}", count, total)
    add(EVERYBODY, "allocated", int(allocated.sum()), total)
    for label in sorted(people.loc[allocated, arm].unique().tolist(), key=str):
        mine = people[people[arm] == label]
        add(label, "allocated", len(mine), len(mine))
        if ended is not None:
            whole = mine[ended].eq(completed).fillna(value=False).astype(bool)
            add(label, "completed", int(whole.sum()), len(mine))
            add(label, "stopped", int((~whole).sum()), len(mine))
            for reason, count in _reasons(mine.loc[~whole, ended]):
                add(label, f"stopped: {reason}", count, len(mine))
        if outcome is not None:
            there = int(mine[outcome].notna().sum())
            add(label, "analysed", there, len(mine))
            add(label, "not analysed", len(mine) - there, len(mine))
    return Estimates.from_rows(rows)


def _reasons(column: pd.Series[Any]) -> list[tuple[str, int]]:
    counts = column.fillna("not known").astype(str).value_counts()
    return sorted(((str(k), int(v)) for k, v in counts.items()), key=lambda x: (-x[1], x[0]))


def visit_scores(
    assessments: pd.DataFrame, instrument: str, *, score: str | None = None, site: str | None = None
) -> pd.DataFrame:
    """Lay scores at visits out as one row per person and one column per time point.

    Parameters
    ----------
    assessments : pandas.DataFrame
        The tidy table ``assessments``.
    instrument : str
        A code that stands in it, such as "nrs_stiffness".
    score : str or None
        Which score of the instrument; may be left out if there is one only.
    site : str or None
        Which part of the body, for instruments that are given at several.

    Returns
    -------
    pandas.DataFrame
        ``person_id`` and the time points in the order in which they come; NaN where somebody has no
        score. Several visits of one time point are "after 1", "after 2". People are sorted by code.

    Raises
    ------
    ValueError
        If the instrument, score or site is not there, several fit and none was named, a person has
        two scores for one day, or people differ in how many visits of a time point they have.

    Examples
    --------
    >>> rated = pd.DataFrame({"person_id": ["A", "A", "B"], "timepoint": ["before", "after", "before"],
    ...     "date": pd.to_datetime(["2026-03-01", "2026-04-01", "2026-03-02"]), "value": [6.0, 4, 5],
    ...     "instrument": "nrs_stiffness", "score": "rating", "site": None})
    >>> visit_scores(rated, "nrs_stiffness").values.tolist()
    [['A', 6.0, 4.0], ['B', 5.0, nan]]
    """
    rows = assessments
    for name, wanted in (("instrument", instrument), ("score", score), ("site", site)):
        found = sorted(rows[name].dropna().astype(str).unique().tolist())
        if wanted is None:
            if len(found) > 1:
                raise ValueError(f"{instrument} has several of {name}: {found}; name one")
            continue
        if wanted not in found:
            raise ValueError(f"{name} {wanted!r} is not there; there are {found}")
        rows = rows[rows[name] == wanted]
    twice = rows.duplicated(["person_id", "date"])
    if twice.any():
        raise ValueError(
            f"{instrument}: {int(twice.sum())} row(s) repeat a person and date that another row has; "
            "keep one"
        )
    rows = rows.sort_values(["person_id", "date"], kind="stable")
    nth = rows.groupby(["person_id", "timepoint"]).cumcount() + 1
    label = rows["timepoint"].astype(str)
    many = nth.groupby(label).max()
    each = rows.groupby([label, "person_id"]).size().groupby(level=0)
    uneven = [str(one) for one, least in each.min().items() if 1 < many[str(one)] != least]
    if uneven:
        raise ValueError(
            f"{instrument}: people have different numbers of visits {uneven}, so which is which is not "
            "known; keep a row with an empty value for a visit that was missed"
        )
    several = label + " " + nth.astype(str)
    rows = rows.assign(timepoint=label.where(label.map(many).eq(1), several))
    order = rows.groupby("timepoint")["date"].median().sort_values(kind="stable").index
    wide = rows.pivot(index="person_id", columns="timepoint", values="value")[list(order)]
    wide = wide.astype("float64").sort_index().reset_index()
    wide.columns.name = None
    return wide
