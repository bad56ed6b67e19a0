"""Weighted answers of a survey: means, totals, ratios, prevalence and shares of a population."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.likelihood import as_ratio, wald_row
from msspas_analysis.estimate.people import (
    coded,
    groups_of,
    is_number,
    label_of,
    numbers,
    one_row_each,
    values_of,
    yes_no,
)
from msspas_analysis.estimate.prevalence.proportions import known
from msspas_analysis.estimate.prevalence.sampling import (
    SHARE_INTERVALS,
    Linearised,
    Sample,
    SurveyDesign,
    linearised_ratio,
    linearised_total,
    reach,
    share_interval,
)
from msspas_analysis.estimate.trials.binary import logistic_fit
from msspas_analysis.results import Estimates

KINDS: Final = {
    "linear": ("coefficient", "coefficient", "(intercept)"),
    "logistic": ("log_odds", "log_odds_ratio", "intercept"),
}
"""Models of :func:`weighted_regression`, and what their coefficients are called."""

_WEIGHTED: Final = (
    "Weighted answers are those of the population only if the weights are right and people who "
    "did not answer are like those of the same weight who did."
)


def weighted_mean(
    frame: pd.DataFrame, what: str, *, design: SurveyDesign, by: str | None = None,
    df: float | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate a mean of the population, and of groups in it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for everybody who was drawn, with ``person_id``; nobody is taken out beforehand.
    what : str
        A column of numbers, or of yes and no. Empty is missing.
    design : SurveyDesign
        How they were drawn.
    by : str or None
        A column of groups. People without one are in "all" only.
    df : float or None
        Degrees of freedom; None: units minus strata, of those with anybody in the group who
        answered. ``math.inf`` gives the normal interval.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Estimates
        Measure "mean" for ``group`` "all" and each group; ``n`` counts the people who answered.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or cannot be read, nobody answered, or the design cannot be
        (:meth:`SurveyDesign.sample`).

    Notes
    -----
    A group is a part of the whole design: how many of it were drawn is chance. Cutting the table
    down to the group first gives the same mean and, mostly, too small an error.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "w": [1, 1, 3, 3], "spasms": [2, 4, 1, 3]})
    >>> row = weighted_mean(frame, "spasms", design=SurveyDesign(weights="w")).table.iloc[0]
    >>> float(row.estimate), round(float(row.std_error), 4), float(row.df)
    (2.25, 0.6808, 3.0)
    """
    people, y = _answers(frame, what, design, by)
    sample = design.sample(people)
    rows = []
    for group, inside in groups_of(people, by):
        found = linearised_ratio(np.where(inside, y, np.nan), np.ones(len(y)), sample)
        rows.append(_wald(found, df, conf_level) | {
            "outcome": what, "group": group, "term": "mean", "measure": "mean",
            "n_missing": int(inside.sum()) - int(found.n), "method": f"{design.method}, t",
        })  # fmt: skip
    return _told(rows, people, what, by, sample)


def weighted_total(
    frame: pd.DataFrame, what: str, *, design: SurveyDesign, by: str | None = None,
    df: float | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate a total of the population: a sum of numbers, or how many people have each answer.

    Parameters
    ----------
    frame, design, by, df, conf_level
        As in :func:`weighted_mean`.
    what : str
        A column of numbers, of which the sum is estimated, or of anything else, of which people
        with each value are counted.

    Returns
    -------
    Estimates
        Measure "total", term "sum" or the value.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_mean`.

    Notes
    -----
    People who did not answer add nothing, so the total is too small by what they would have added.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABC"), "w": [10, 20, 20], "walks": list("yny")})
    >>> total = weighted_total(frame, "walks", design=SurveyDesign(weights="w"))
    >>> total.table[["term", "estimate"]].values.tolist()
    [['n', 20.0], ['y', 30.0]]
    """
    people = one_row_each(frame, [what, *([by] if by else []), *design.columns])
    column = people[what]
    _somebody(column.notna().to_numpy(), what)
    if is_number(column):
        terms = [("sum", numbers(people, what))]
    else:
        gone = column.isna().to_numpy()
        terms = [(label_of(v), np.where(gone, np.nan, column.eq(v).to_numpy(np.float64, na_value=0)))
                 for v in values_of(column)]  # fmt: skip
    sample = design.sample(people)
    rows = []
    for group, inside in groups_of(people, by):
        for term, y in terms:
            found = linearised_total(np.where(inside, y, np.nan), sample)
            rows.append(_wald(found, df, conf_level) | {
                "outcome": what, "group": group, "term": term, "measure": "total",
                "n_missing": int(inside.sum()) - int(found.n), "method": f"{design.method}, t",
            })  # fmt: skip
    return _told(rows, people, what, by, sample)


def weighted_ratio(
    frame: pd.DataFrame, what: str, *, per: str, design: SurveyDesign, by: str | None = None,
    df: float | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate a ratio of two totals of the population, such as falls per day of walking.

    Parameters
    ----------
    frame, design, by, df, conf_level
        As in :func:`weighted_mean`.
    what, per : str
        Columns of numbers above and below.

    Returns
    -------
    Estimates
        Measure "ratio"; people without either number are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABC"), "falls": [1, 0, 2], "days": [10, 20, 20]})
    >>> ratio = weighted_ratio(frame, "falls", per="days", design=SurveyDesign())
    >>> float(ratio.table["estimate"].iloc[0])
    0.06
    """
    people = one_row_each(frame, [what, per, *([by] if by else []), *design.columns])
    y, x = numbers(people, what), numbers(people, per)
    _somebody(~np.isnan(y + x), f"{what}, {per}")
    sample = design.sample(people)
    rows = []
    for group, inside in groups_of(people, by):
        found = linearised_ratio(np.where(inside, y, np.nan), x, sample)
        rows.append(_wald(found, df, conf_level) | {
            "outcome": what, "group": group, "term": f"per {per}", "measure": "ratio",
            "n_missing": int(inside.sum()) - int(found.n), "method": f"{design.method}, t",
        })  # fmt: skip
    return _told(rows, people, what, by, sample)


def weighted_prevalence(
    frame: pd.DataFrame, what: str, *, design: SurveyDesign, positive: Any = None,
    by: str | None = None, interval: str = "logit", df: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the share of the population with something, and of groups in it.

    Parameters
    ----------
    frame, design, by, df, conf_level
        As in :func:`weighted_mean`.
    what, positive
        A yes/no column, or any and the value or values that count, as in
        :func:`~msspas_analysis.estimate.prevalence.proportions.prevalence`.
    interval : str
        A key of :data:`SHARE_INTERVALS`.

    Returns
    -------
    Estimates
        Measure "proportion" for ``group`` "all" and each group; ``n`` counts the people who
        answered.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_mean`, or if the interval is unknown.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "w": [1, 1, 1, 2, 2, 2],
    ...     "spasms": ["yes", "no", "yes", "no", "no", None], "part": list("xxxyyy")})
    >>> design = SurveyDesign(weights="w", strata="part")
    >>> got = weighted_prevalence(frame, "spasms", design=design, by="part")
    >>> got.table[["group", "estimate", "n", "n_missing"]].round(3).values.tolist()
    [['all', 0.286, 5, 1], ['x', 0.667, 3, 0], ['y', 0.0, 2, 1]]
    """
    people = one_row_each(frame, [what, *([by] if by else []), *design.columns])
    yes, label = yes_no(people, what, positive=positive)
    _somebody(~np.isnan(yes), what)
    sample = design.sample(people)
    rows = []
    for group, inside in groups_of(people, by):
        row = _share(np.where(inside, yes, np.nan), sample, interval, df, conf_level)
        rows.append(row | {
            "outcome": what, "group": group, "term": label, "measure": "proportion",
            "n_missing": int(inside.sum()) - row["n"],
            "method": f"{design.method}, {SHARE_INTERVALS[interval]}",
        })  # fmt: skip
    return _told(rows, people, what, by, sample)


def weighted_shares(
    frame: pd.DataFrame, what: str, *, design: SurveyDesign,
    levels: Sequence[Hashable] | None = None, by: str | None = None, interval: str = "logit",
    df: float | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the shares of the population at each level of severity, and at each or worse.

    Parameters
    ----------
    frame, design, by, df, conf_level
        As in :func:`weighted_mean`.
    what : str
        The column of severities. Empty is missing.
    levels : sequence or None
        Every value `what` may have, from the mildest to the worst; None: `what` is an ordered
        categorical column.
    interval : str
        A key of :data:`SHARE_INTERVALS`.

    Returns
    -------
    Estimates
        For each group "proportion" for every level and "proportion_or_worse" for every level but
        the mildest.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_prevalence`, or if `what` holds something that is not among `levels`.

    Notes
    -----
    Each interval covers its own share; all of them together cover less often than that.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "w": [1, 1, 2, 4], "grade": [0, 1, 2, 1]})
    >>> got = weighted_shares(frame, "grade", design=SurveyDesign(weights="w"), levels=[0, 1, 2])
    >>> got.table[["term", "estimate"]].values.tolist()
    [['0', 0.125], ['1', 0.625], ['2', 0.25], ['1 or worse', 0.875], ['2 or worse', 0.25]]
    """
    people = one_row_each(frame, [what, *([by] if by else []), *design.columns])
    rank, names = _ranks(people[what], levels)
    _somebody(~np.isnan(rank), what)
    sample = design.sample(people)
    gone = np.where(np.isnan(rank), np.nan, 0.0)
    terms = [(name, "proportion", gone + (rank == i)) for i, name in enumerate(names)]
    terms += [(f"{name} or worse", "proportion_or_worse", gone + (rank >= i))
              for i, name in enumerate(names) if i]  # fmt: skip
    rows = []
    for group, inside in groups_of(people, by):
        for term, measure, yes in terms:
            row = _share(np.where(inside, yes, np.nan), sample, interval, df, conf_level)
            rows.append(row | {
                "outcome": what, "group": group, "term": term, "measure": measure,
                "n_missing": int(inside.sum()) - row["n"],
                "method": f"{design.method}, {SHARE_INTERVALS[interval]}",
            })  # fmt: skip
    return _told(rows, people, what, by, sample)


def design_effects(
    frame: pd.DataFrame, what: str, *, design: SurveyDesign, by: str | None = None
) -> Estimates:
    """Say how much a design widens the error of a mean or share, and what is left of the sample.

    Parameters
    ----------
    frame, what, design, by
        As in :func:`weighted_mean`.

    Returns
    -------
    Estimates
        For each group: "design_effect" and "design_effect_replace", the variance over that of a
        simple random sample of as many people, drawn without and with replacement;
        "effective_n", how many people drawn with replacement would do as well; and, of the weights
        alone, whatever the outcome, "kish_design_effect" and "kish_effective_n".

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_mean`.

    Notes
    -----
    "design_effect" needs weights that add up to the population; it is infinite where they add up
    to the sample and NaN where they add up to less.

    References
    ----------
    .. [1] Kish L (1965). Survey Sampling. New York: Wiley.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "w": [1, 1, 3, 3], "spasms": [2, 4, 1, 3]})
    >>> got = design_effects(frame, "spasms", design=SurveyDesign(weights="w"))
    >>> round(float(got.one(measure="kish_effective_n").estimate), 2)
    3.2
    """
    people, y = _answers(frame, what, design, by)
    sample = design.sample(people)
    rows = []
    for group, inside in groups_of(people, by):
        value = np.where(inside, y, np.nan)
        found = linearised_ratio(value, np.ones(len(y)), sample)
        there = ~np.isnan(value)
        n, w = int(found.n), sample.weights * there
        total, squares = float(w.sum()), float(w @ w)
        away = np.where(there, value - found.estimate, 0.0)
        simple = float(w @ away**2) / total / (n - 1) if n > 1 else np.nan
        ratio = float(found.std_error) ** 2 / simple if simple else np.nan
        numbers_of = {
            "design_effect": _over(ratio, 1 - n / total) if total >= n > 0 else np.nan,
            "design_effect_replace": ratio, "effective_n": n / ratio if ratio else np.nan,
            "kish_design_effect": n * squares / total**2 if n else np.nan,
            "kish_effective_n": total**2 / squares if n else np.nan,
        }  # fmt: skip
        rows += [
            {"outcome": what, "group": group, "term": "mean", "measure": measure,
             "estimate": value_of, "n": n, "n_missing": int(inside.sum()) - n,
             "method": design.method}
            for measure, value_of in numbers_of.items()
        ]  # fmt: skip
    return _told(rows, people, what, by, sample)


def weighted_regression(
    frame: pd.DataFrame, what: str, *, terms: Sequence[str], design: SurveyDesign,
    kind: str = "linear", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how a mean, or the odds of a yes, goes with several columns in the population.

    Parameters
    ----------
    frame, design, conf_level
        As in :func:`weighted_mean`.
    what : str
        Numbers ("linear"), or yes and no ("logistic").
    terms : sequence of str
        Columns: numbers enter as they are, words, categories and yes/no as one column for each
        value but the first.
    kind : {"linear", "logistic"}
        The model.

    Returns
    -------
    Estimates
        "coefficient" of the "(intercept)" and each column; with "logistic" "log_odds" of the
        "intercept", "log_odds_ratio" and "odds_ratio" of each column. People with anything missing
        are in ``n_missing``. ``df`` is units minus strata minus columns.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`weighted_mean`, or if there are no terms, a column is determined by others, or
        columns separate the yes from the no.

    Notes
    -----
    It describes the population: an association says who differs, not why.

    References
    ----------
    .. [1] Binder DA (1983). On the variances of asymptotically normal estimators from complex
       surveys. Int Stat Rev 51:279-292.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "w": [1, 1, 2, 2], "age": [30, 40, 50, 60],
    ...     "grade": [0.0, 1, 1, 2]})
    >>> fit = weighted_regression(frame, "grade", terms=["age"], design=SurveyDesign(weights="w"))
    >>> round(float(fit.one(term="age").estimate), 4)
    0.061
    """
    known("kind", kind, KINDS)
    if not terms:
        raise ValueError("terms is empty; name at least one column")
    people = one_row_each(frame, [what, *terms, *design.columns])
    y = numbers(people, what) if kind == "linear" else yes_no(people, what)[0]
    named = [pair for t in terms for pair in coded(people, t, category=False, used=~np.isnan(y))]
    x = np.column_stack([np.ones(len(y)), *(values for _, values in named)])
    inside = ~np.isnan(y + x.sum(axis=1))
    _somebody(inside, what)
    x, y = np.where(inside[:, None], x, 0.0), np.where(inside, y, 0.0)
    scale = np.linalg.norm(x, axis=0)
    if np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1.0)) < x.shape[1]:
        raise ValueError(
            f"a column of {[name for name, _ in named]} is constant or determined by others among "
            f"the {int(inside.sum())} people with all of them; leave it out"
        )
    sample = design.sample(people)
    w = sample.weights * inside
    if kind == "linear":
        slope, at = x * w[:, None], np.linalg.solve((x.T * w) @ x, x.T @ (w * y))
        left = y - x @ at
    else:
        names = ["the intercept", *(name for name, _ in named)]
        fit = logistic_fit(y[inside], x[inside], weights=w[inside] / w[inside].mean(), names=names)
        at, p = fit.at, 1 / (1 + np.exp(-x @ fit.at))
        slope, left = x * (w * p * (1 - p))[:, None], y - p
    scores = np.linalg.solve(x.T @ slope, (x * (w * left)[:, None]).T)
    df = float(sample.df(inside)) + 1 - x.shape[1]
    n = int(inside.sum())
    base = {"outcome": what, "group": "all", "n": n, "n_missing": len(people) - n,
            "method": f"{design.method}, {kind} model, t"}  # fmt: skip
    rows: list[dict[str, Any]] = []
    first, each, intercept = KINDS[kind]
    for i, name in enumerate([intercept, *(name for name, _ in named)]):
        row = wald_row(
            float(at[i]), float(sample.std_error(scores[i])), conf_level=conf_level, df=df
        )
        rows.append(base | row | {"term": name, "measure": each if i else first})
        if i and kind == "logistic":
            rows.append(as_ratio(rows[-1], "odds_ratio"))
    return _told(rows, people, "answer to every column", None, sample)


# ------------------------------------------------------------------------------------- helpers


def _answers(
    frame: pd.DataFrame, what: str, design: SurveyDesign, by: str | None
) -> tuple[pd.DataFrame, Floats]:
    people = one_row_each(frame, [what, *([by] if by else []), *design.columns])
    y = numbers(people, what) if is_number(people[what]) else yes_no(people, what)[0]
    _somebody(~np.isnan(y), what)
    return people, y


def _over(above: float, below: float) -> float:
    return above / below if below else np.inf


def _somebody(there: npt.NDArray[np.bool_], what: str) -> None:
    if not there.any():
        raise ValueError(f"{what!r}: none of {len(there)} people has an answer")


def _wald(found: Linearised, df: float | None, conf_level: float) -> dict[str, Any]:
    freedom = float(found.df) if df is None else df
    half = float(reach(freedom, conf_level)) * float(found.std_error)
    at = float(found.estimate)
    return {
        "estimate": at, "std_error": float(found.std_error), "conf_low": at - half,
        "conf_high": at + half, "conf_level": conf_level, "df": freedom, "n": int(found.n),
    }  # fmt: skip


def _share(
    yes: Floats, sample: Sample, interval: str, df: float | None, conf_level: float
) -> dict[str, Any]:
    found = linearised_ratio(yes, np.ones(yes.shape[-1]), sample)
    row = _wald(found, df, conf_level)
    low, high = share_interval(
        found.estimate, found.std_error, df=row["df"], n=found.n, interval=interval,
        conf_level=conf_level,
    )  # fmt: skip
    return row | {"conf_low": float(low), "conf_high": float(high)}


def _ranks(column: pd.Series[Any], levels: Sequence[Hashable] | None) -> tuple[Floats, list[str]]:
    if levels is None:
        if not (isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered):
            raise ValueError(
                f"{column.name!r} has no order of its own; name every value from the mildest to "
                f"the worst: levels=[...]"
            )
        levels = list(column.cat.categories)
    place = {level: float(i) for i, level in enumerate(levels)}
    if len(place) < len(levels) or len(levels) < 2:
        raise ValueError(f"levels: need at least two different ones, got {list(levels)}")
    if strange := [repr(v) for v in values_of(column) if v not in place]:
        raise ValueError(
            f"{column.name!r} holds {', '.join(strange[:5])}, not among levels {list(levels)}; "
            f"name every value that may occur, from the mildest to the worst"
        )
    rank = [np.nan if pd.isna(v) else place[v] for v in column.astype("object")]
    return np.array(rank, dtype=np.float64), [label_of(v) for v in levels]


def _told(
    rows: Sequence[dict[str, Any]], people: pd.DataFrame, what: str, by: str | None, sample: Sample
) -> Estimates:
    notes = [_WEIGHTED]
    if by is not None and (k := int(people[by].isna().sum())):
        notes.append(f'{k} of {len(people)} people have no {by} and are in "all" only.')
    if k := rows[0]["n_missing"]:
        notes.append(
            f"{k} of {k + rows[0]['n']} people have no {what} and are left out; those of the same "
            f"weight stand for them only if they are alike."
        )
    if empty := sorted({row["group"] for row in rows if not row["n"]}):
        notes.append(f"Nobody has {what} in: {', '.join(empty)}.")
    if any(row["n"] and row.get("df") == 0 for row in rows):
        notes.append("With no more units than strata there are no degrees of freedom: no interval.")
    if any(row["n"] and row.get("std_error") == 0 for row in rows):
        notes.append(
            "A standard error is 0 where all people are alike or calibration has fixed the answer; "
            "there the interval does not exist or has no width, which is not to say it is certain."
        )
    if (sample.weights < 0).any():
        notes.append("Calibration made weights below 0; bounds prevent that.")
    return Estimates.from_rows(rows, notes=notes)
