"""What a score is: answers, grades and times checked against their scale and made into numbers.

A value that the scale does not have is never clipped or passed over: every one is listed with its
row. What was not answered stays missing, or is filled by a rule named beside the score. Where each
rule comes from, and how it is known, is part of :func:`msspas_analysis.instruments.describe`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.instruments import (
    Instrument,
    as_grade,
    as_number,
    available,
    by_name,
    get,
    in_runs,
)

_Numbers: TypeAlias = npt.NDArray[np.float64]


class ScoreError(ValueError):
    """Responses cannot be scored; ``problems`` lists every one of them.

    Its columns are ``row`` (label in the index of what was given), ``item``, ``found``, ``fix``.
    """

    def __init__(self, instrument: str, problems: pd.DataFrame) -> None:
        self.instrument = instrument
        self.problems = problems
        lines = [f"  row {p.row}, {p.item}: {p.found}. {p.fix}" for p in problems.itertuples()]
        super().__init__(f"{instrument}: {len(problems)} problem(s)\n" + "\n".join(lines))


def check_values(
    key: str, values: Iterable[object], *, score: str | None = None, version: str | None = None
) -> pd.DataFrame:
    """Return the values that an instrument cannot have, and why.

    Parameters
    ----------
    key : str
        An instrument; ``KeyError`` if there is none, and if there is no such subscale.
    values : iterable
        Numbers, or text codes. Missing values (None, NaN) are no problem and are passed over.
    score : str or None
        A subscale; None means one rating or one item response.
    version : str or None
        Needed where the range depends on it, else ``ValueError``.

    Returns
    -------
    pandas.DataFrame
        One row per such value: ``row`` (label in the index of a Series, else position), ``value``,
        ``problem``. No row when all is well.

    Examples
    --------
    >>> check_values("nrs_stiffness", [3, 3.5, 11, None])
       row value             problem
    0    1   3.5  not a whole number
    1    2    11     outside 0 to 10
    """
    instrument = get(key)
    instrument.limits(score=score, version=version)  # a wrong name is an error with no values too
    found = [
        {"row": row, "value": value, "problem": problem}
        for row, value in _column(values).items()
        if not _is_missing(value)
        and (problem := instrument.problem_with(value, score=score, version=version)) is not None
    ]
    return pd.DataFrame(found, columns=["row", "value", "problem"], dtype=object)


def group_values(key: str, values: Iterable[object]) -> pd.Series[Any]:
    """Return the published group of each value (`bands` of the instrument).

    Parameters
    ----------
    key : str
        An instrument with bands, such as ``"pdds"`` or ``"edss"``, else ``ValueError``.
    values : iterable of number
        Values of the scale, means of them too unless it is ordinal. Missing ones stay missing.

    Returns
    -------
    pandas.Series of str
        Labels, on the index of `values` if it is a Series.

    Raises
    ------
    ScoreError
        If a value is not one of the scale; every one is listed.

    Examples
    --------
    >>> group_values("nrs_stiffness", [3.9, 4, 7]).tolist()
    ['none or mild', 'moderate', 'severe']
    """
    instrument = get(key)
    if not instrument.bands:
        having = [k for k in available() if get(k).bands]
        raise ValueError(f"{key} has no groups; these have: {', '.join(having)}")
    # a mean of ratings is off the step; a mean of ordinal grades has no group
    scale = instrument if instrument.level == "ordinal" else replace(instrument, step=None)
    column = _column(values)
    numbers, bad = _read(column, "value", _reader(scale))
    _raise_if_any(key, bad)
    lows, names = zip(*((band.low, band.name) for band in instrument.bands), strict=True)
    labels = [None if math.isnan(x) else names[bisect_right(lows, x) - 1] for x in numbers]
    return pd.Series(labels, index=column.index, dtype=object, name="group")


def check_poolable(
    keys: Iterable[str], *, codings: Iterable[str] = (), versions: Iterable[str] = ()
) -> None:
    """Refuse to put values into one column that only look alike.

    Parameters
    ----------
    keys : iterable of str
        Instruments whose values are to stand in one analysis; ``KeyError`` if one is unknown.
    codings, versions : iterable of str
        The codings and versions that occur among them.

    Raises
    ------
    ValueError
        If two of the instruments must never be pooled, or more than one coding or version occurs.

    Examples
    --------
    >>> check_poolable(["psfs"])
    >>> check_poolable(["psfs", "snow_sfs"])
    Traceback (most recent call last):
        ...
    ValueError: psfs and snow_sfs are never pooled: their values only look alike. Analyse each on
    its own
    """
    chosen = [get(key) for key in dict.fromkeys(keys)]
    for one, other in combinations(chosen, 2):
        if other.key in one.never_pool_with:
            raise ValueError(
                f"{one.key} and {other.key} are never pooled: their values only look alike. "
                "Analyse each on its own"
            )
    for what, names in (("codings", set(codings)), ("versions", set(versions))):
        if len(names) > 1:
            raise ValueError(
                f"{what} {sorted(names)} in one analysis: the same number means different things "
                "in each. Choose one, or analyse each on its own"
            )


def score(
    key: str,
    items: pd.DataFrame,
    *,
    version: str | None = None,
    subscales: Sequence[str] | None = None,
    missing: str | None = None,
    not_applicable: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score the items of a questionnaire, subscale by subscale.

    There is a total only where the developers define one; the MSSS-88 and the MSIS-29 have none.

    Parameters
    ----------
    key : {"msss88", "mfis", "mfis5", "fss", "msis29"}
        The questionnaire.
    items : pandas.DataFrame, shape (n, n_items)
        One row per filled-in form, columns the item numbers of the printed form as ``int``;
        missing answers are NaN or None. Order of columns and rows is free.
    version : str or None
        Needed for the MSIS-29: ``"v1"`` (responses 1-5) or ``"v2"`` (1-4).
    subscales : sequence of str or None
        Which to score; None means all. Only their items are needed.
    missing : str or None
        Name of a missing rule of the instrument; None means its first.
    not_applicable : pandas.DataFrame or None
        Columns named for subscales, True for forms to which the subscale does not apply (the
        walking subscale for people who cannot walk); same index as `items`. Answers given there
        are not used.

    Returns
    -------
    pandas.DataFrame
        One row per form and subscale, form by form, on the index of `items`. ``instrument``,
        ``version``, ``score`` (the subscale) and ``missing_rule`` say what it is; ``value`` is the
        score, missing in the last three statuses; ``raw`` the sum of the responses, unanswered
        ones counted as the person's own mean of that subscale (never rounded); ``answered`` of
        ``n_items``; ``status`` is ``complete``, ``imputed``, ``too few answered``,
        ``not answered`` or ``not applicable``.

    Raises
    ------
    KeyError, ValueError
        If there is no such instrument, subscale or rule; if the instrument is not scored from
        items, the version is missing, or the columns are not its item numbers.
    ScoreError
        If responses are out of range or not whole numbers; every one is listed.

    Examples
    --------
    >>> answers = pd.DataFrame([[1, 2, 3, 4, 0]], columns=[1, 9, 10, 17, 19])
    >>> score("mfis5", answers)[["score", "value", "answered", "status"]]
       score  value  answered    status
    0  total   10.0         5  complete
    """
    instrument = get(key)
    parts = list(instrument.item_scores)
    if not parts:
        raise ValueError(
            f"{key} is not scored from items; {instrument.scoring.text} "
            f"Scored from items are: {', '.join(k for k in available() if get(k).item_scores)}"
        )
    low, high, _ = instrument.limits(version=version)
    rule = instrument.missing_rules[0]
    if missing is not None:
        rule = by_name(instrument.missing_rules, missing, f"{key} has no missing rule")
    if subscales is not None:
        chosen = [instrument.subscale(name) for name in subscales]
        parts = [part for part in parts if part in chosen]
        if not parts:
            raise ValueError(f"{key}: no subscale named; leave out subscales= to score all")
    needed = sorted({item for part in parts for item in part.items})
    answers = _responses(instrument, items, needed, version=version)
    excluded = _excluded(instrument, items, not_applicable)

    tables = []
    for part in parts:
        block = np.column_stack([answers[item] for item in part.items])
        n_items = len(part.items)
        answered = np.isfinite(block).sum(axis=1)
        out = excluded.get(part.name, np.zeros(len(items), dtype=bool))
        # exactly the required share is enough; the tolerance only absorbs 0.28 x 25 > 7
        enough = (answered > 0) & (answered >= rule.share * n_items - 1e-9) & ~out
        raw = np.full(len(items), np.nan)
        raw[enough] = np.nansum(block[enough], axis=1) * n_items / answered[enough]
        value = raw / n_items if part.rule == "mean" else raw
        if part.rule == "0-100":
            value = 100 * (raw - n_items * low) / (n_items * (cast("float", high) - low))
        status = np.select(
            [out, answered == 0, ~enough, answered < n_items],
            ["not applicable", "not answered", "too few answered", "imputed"],
            default="complete",
        )
        columns = {
            "instrument": key, "version": version, "score": part.name, "value": value, "raw": raw,
            "answered": answered, "n_items": n_items, "status": status, "missing_rule": rule.name,
        }  # fmt: skip
        tables.append(pd.DataFrame(columns, index=items.index))
    form_by_form = np.arange(len(parts) * len(items)).reshape(len(parts), len(items)).T.ravel()
    return pd.concat(tables).iloc[form_by_form]


def score_mas(grades: Iterable[object], *, coding: str) -> pd.DataFrame:
    """Turn Modified Ashworth grades into numbers, the coding beside each.

    Parameters
    ----------
    grades : iterable of str
        ``"0"`` to ``"4"`` and ``"1+"``; whole numbers are read as grades. None, NaN and empty
        text are missing.
    coding : {"transformed_0_5", "half_1p5", "no_1plus_0_4"}
        How to number them, else ``ValueError``. No default: the same grade 2 is 3, 2 or 2.

    Returns
    -------
    pandas.DataFrame
        ``grade`` (text), ``value``, ``coding``, ``status`` (``observed`` or ``not done``).

    Raises
    ------
    ScoreError
        If a grade does not exist in that coding, as ``"1+"`` in ``"no_1plus_0_4"``.

    Examples
    --------
    >>> for coding in ("transformed_0_5", "half_1p5"):
    ...     score_mas(["0", "1+", "2"], coding=coding)["value"].tolist()
    [0.0, 2.0, 3.0]
    [0.0, 1.5, 2.0]
    """
    column = _column(grades)
    numbers, bad = _read_grades(column, "grade", coding)
    _raise_if_any("mas", bad)
    read = [None if _is_missing(value) else as_grade(value) for value in column]
    text = pd.Series(read, index=column.index, dtype=object)
    status = np.where(np.isnan(numbers), "not done", "observed")
    columns = {"grade": text, "value": numbers, "coding": coding, "status": status}
    return pd.DataFrame(columns, index=column.index)


def score_mas_mean(grades: pd.DataFrame, *, composite: str) -> pd.DataFrame:
    """Average Modified Ashworth grades over the muscle groups of a published leg score.

    Parameters
    ----------
    grades : pandas.DataFrame, shape (n, >= n_muscles)
        One row per examination, grades as in :func:`score_mas`, one column for each muscle group,
        such as ``knee_flexors_l``, else ``ValueError``; other columns are not looked at.
    composite : {"llmt6", "llmt4"}
        Knee flexors, knee extensors and ankle plantar flexors of both legs, or without the ankles.

    Returns
    -------
    pandas.DataFrame
        ``score``, ``value`` (0-5, missing unless every muscle was graded), ``coding`` (part of the
        definition), ``graded`` of ``muscles``, ``status`` (``complete``, ``muscles missing`` or
        ``not done``), on the index of `grades`.

    Raises
    ------
    ScoreError
        If a grade does not exist; every one is listed.

    Examples
    --------
    >>> legs = pd.DataFrame([["1", "1+", "2", "0"]], columns=["knee_flexors_l",
    ...     "knee_flexors_r", "knee_extensors_l", "knee_extensors_r"])
    >>> score_mas_mean(legs, composite="llmt4")[["value", "status"]]
       value    status
    0    1.5  complete
    """
    chosen = by_name(get("mas").composites, composite, "mas has no composite")
    have = grades.columns.tolist()
    if wrong := {site: have.count(site) for site in chosen.sites if have.count(site) != 1}:
        raise ValueError(
            f"mas: {composite} needs one column for each of {list(chosen.sites)}; columns found: "
            f"{wrong}. Add those absent, empty if nobody was graded there"
        )
    muscles = len(chosen.sites)
    numbers, problems = np.full((len(grades), muscles), np.nan), []
    for j, site in enumerate(chosen.sites):
        numbers[:, j], bad = _read_grades(grades[site], site, chosen.coding)
        problems += bad
    _raise_if_any("mas", problems)
    graded = np.isfinite(numbers).sum(axis=1)
    value = numbers.mean(axis=1)  # missing where one of them is
    status = np.where(graded == 0, "not done", "muscles missing")
    columns = {
        "score": composite, "value": value, "coding": chosen.coding, "graded": graded,
        "muscles": muscles, "status": np.where(graded == muscles, "complete", status),
    }  # fmt: skip
    return pd.DataFrame(columns, index=grades.index)


def score_psfs(frequency: Iterable[object], severity: Iterable[object]) -> pd.DataFrame:
    """Read the two parts of the Penn scale; they are never added up.

    Parameters
    ----------
    frequency : iterable of number
        Grade 0-4, per hour; missing is None or NaN.
    severity : iterable of number
        Grade 1-3 for the same rows, else ``ValueError``; not asked when the frequency is 0.

    Returns
    -------
    pandas.DataFrame
        ``frequency``, ``frequency_status``, ``severity``, ``severity_status``; a status is
        ``observed``, ``not done`` or, for the severity at frequency 0, ``not applicable``.

    Raises
    ------
    ScoreError
        If a grade does not exist, or a severity is given with frequency 0; every one is listed.

    Examples
    --------
    >>> score_psfs([0, 3, None], [None, 2, None])["severity_status"].tolist()
    ['not applicable', 'observed', 'not done']
    """
    often, hard = _column(frequency), _column(severity)
    if not often.index.equals(hard.index):
        raise ValueError(
            f"psfs: {len(often)} frequencies and {len(hard)} severities with different rows; "
            "give both for the same rows in the same order"
        )
    f, bad = _read(often, "frequency", _reader(get("psfs"), score="frequency"))
    s, more = _read(hard, "severity", _reader(get("psfs"), score="severity"))
    fix = "With frequency 0 the severity is not asked: correct one of the two"
    more += _contradicting(hard, "severity", (f == 0) & np.isfinite(s), fix)
    _raise_if_any("psfs", bad + more)
    done_f, done_s = (np.where(np.isfinite(x), "observed", "not done") for x in (f, s))
    columns = {
        "frequency": f, "frequency_status": done_f,
        "severity": s, "severity_status": np.where(f == 0, "not applicable", done_s),
    }  # fmt: skip
    return pd.DataFrame(columns, index=often.index)


def score_t25fw(trials: pd.DataFrame, *, unable: Iterable[bool] | None = None) -> pd.DataFrame:
    """Average the two trials of the Timed 25-Foot Walk, in seconds.

    The mean and its limit are those of the NINDS Common Data Elements, report 23535. Making no
    score of one trial is an assumption.

    Parameters
    ----------
    trials : pandas.DataFrame, shape (n, 2)
        Seconds of trial 1 and trial 2, above 0 and at most 180; missing is NaN. A trial stopped at
        180 s was not completed.
    unable : iterable of bool or None
        True for people who cannot walk the distance. They have no time, and are not missing
        either; they are never given 180 s.

    Returns
    -------
    pandas.DataFrame
        ``value`` (seconds, missing unless both trials were completed), ``trials`` (number
        completed), ``status``: ``observed``, ``unable``, ``stopped at limit``, ``one trial only``
        or ``not done``. On the index of `trials`.

    Raises
    ------
    ValueError
        If there are not two columns, or `unable` is not True or False for every row.
    ScoreError
        If a time is impossible, or given for somebody marked unable; every one is listed.

    Examples
    --------
    >>> trials = pd.DataFrame({1: [6.0, None, 7.0], 2: [7.0, None, None]})
    >>> score_t25fw(trials, unable=[False, True, False])
       value  trials          status
    0    6.5       2        observed
    1    NaN       0          unable
    2    NaN       1  one trial only
    """
    if trials.shape[1] != 2:
        raise ValueError(f"t25fw: two columns of seconds are needed, got {list(trials.columns)}")
    n = len(trials)
    marks = [False] * n if unable is None else list(unable)
    if len(marks) != n or not all(isinstance(mark, bool | np.bool_) for mark in marks):
        raise ValueError(
            f"t25fw: unable= takes True or False for each of the {n} rows, got {marks}"
        )
    cannot = np.array(marks, dtype=bool)
    seconds = np.full((n, 2), np.nan)
    bad = []
    fix = "This person is marked unable to walk: correct one of the two"
    for j, name in enumerate(trials.columns):
        column = trials.iloc[:, j]
        seconds[:, j], wrong = _read(column, f"trial {name}", _reader(get("t25fw")))
        clash = cannot & np.isfinite(seconds[:, j])
        bad += wrong + _contradicting(column, f"trial {name}", clash, fix)
    _raise_if_any("t25fw", bad)
    stopped = seconds == get("t25fw").high
    done = np.isfinite(seconds) & ~stopped
    count = done.sum(axis=1)
    value = np.where(count == 2, seconds.mean(axis=1), np.nan)
    status = np.select(
        [cannot, stopped.any(axis=1), count == 2, count == 1],
        ["unable", "stopped at limit", "observed", "one trial only"],
        default="not done",
    )
    return pd.DataFrame({"value": value, "trials": count, "status": status}, index=trials.index)


def _responses(
    instrument: Instrument, items: pd.DataFrame, needed: list[int], *, version: str | None
) -> dict[int, _Numbers]:
    """Return the responses to each item; refuse wrong columns and impossible responses."""
    key = instrument.key
    every = sorted({item for part in instrument.subscales for item in part.items})
    if not items.columns.is_unique:
        twice = items.columns[items.columns.duplicated()].tolist()
        raise ValueError(f"{key}: item columns {twice} occur twice; keep one of each")
    have: Sequence[object] = items.columns.tolist()
    if unknown := [column for column in have if column not in every]:
        raise ValueError(
            f"{key}: columns {unknown} are not item numbers of this form ({in_runs(every)}); "
            "name the columns by item number, as int, and leave out the others"
        )
    if absent := [item for item in needed if item not in have]:
        raise ValueError(
            f"{key}: items {in_runs(absent)} have no column; add them, empty if not asked, or "
            "name in subscales= the ones to score"
        )
    read = _reader(instrument, version=version)
    answers, bad = {}, []
    for item in needed:
        answers[item], wrong = _read(items[item], f"item {item}", read)
        bad += wrong
    _raise_if_any(key, bad)
    return answers


def _excluded(
    instrument: Instrument, items: pd.DataFrame, given: pd.DataFrame | None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, by subscale, which forms it does not apply to."""
    if given is None:
        return {}
    if not given.index.equals(items.index):
        raise ValueError(f"{instrument.key}: not_applicable and items have different rows")
    for name, column in given.items():
        instrument.subscale(str(name))
        if column.dtype != bool:
            raise ValueError(
                f"{instrument.key}: not_applicable[{name!r}] must be True or False throughout, "
                f"got {column.dtype}"
            )
    return {str(name): column.to_numpy(dtype=bool) for name, column in given.items()}


def _column(values: Iterable[object]) -> pd.Series[Any]:
    """Return a Series as it is, anything else with positions for labels."""
    return values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)


def _read(
    column: pd.Series[Any], item: str, read: Callable[[object], float | str | None]
) -> tuple[_Numbers, list[dict[str, object]]]:
    """Return a number for each value, NaN where nothing was written, and every problem.

    `read` makes a value into a number, or says in words how to mend it.
    """
    numbers = np.full(len(column), np.nan)
    bad = []
    for i, (row, value) in enumerate(column.items()):
        if not _is_missing(value):
            number = read(value)
            if isinstance(number, str):
                bad.append(_bad(row, item, value, number))
            else:
                numbers[i] = number
    return numbers, bad


def _read_grades(
    column: pd.Series[Any], item: str, coding: str
) -> tuple[_Numbers, list[dict[str, object]]]:
    """Read Modified Ashworth grades as numbers of a coding."""
    codings = {c.name: c.values for c in get("mas").codings}
    if coding not in codings:
        raise ValueError(
            f"mas: coding must be one of {list(codings)}, got {coding!r}; "
            "the number alone does not show which was used"
        )
    table = codings[coding]
    fix = f"In {coding} write one of {', '.join(table)}"
    return _read(column, item, lambda grade: table.get(as_grade(grade), fix))


def _reader(
    scale: Instrument, *, score: str | None = None, version: str | None = None
) -> Callable[[object], float | str | None]:
    """Return what makes a value of a scale a number, or says how to mend it."""
    low, high, _ = scale.limits(score=score, version=version)
    span = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"

    def read(value: object) -> float | str | None:
        problem = scale.problem_with(value, score=score, version=version)
        if problem is not None:
            return f"It is {problem}; give {span}, or leave it empty"
        return as_number(value)

    return read


def _is_missing(value: object) -> bool:
    """Whether nothing was written: None, NaN, NA or empty text."""
    return not value.strip() if isinstance(value, str) else pd.isna(cast("Any", value)) is True


def _contradicting(
    column: pd.Series[Any], item: str, where: npt.NDArray[np.bool_], fix: str
) -> list[dict[str, object]]:
    """Return one problem for each value that another entry contradicts."""
    pairs = zip(column.items(), where, strict=True)
    return [_bad(row, item, value, fix) for (row, value), wrong in pairs if wrong]


def _bad(row: object, item: str, value: object, fix: str) -> dict[str, object]:
    """Return one problem for :class:`ScoreError`."""
    shown = value.item() if isinstance(value, np.generic) else value
    return {"row": row, "item": item, "found": f"got {shown!r}", "fix": fix}


def _raise_if_any(key: str, problems: list[dict[str, object]]) -> None:
    """Raise one error for all problems."""
    if problems:
        raise ScoreError(key, pd.DataFrame(problems))
