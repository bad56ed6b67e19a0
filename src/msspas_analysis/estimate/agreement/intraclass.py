"""Intraclass correlation: how far raters or occasions agree, and the error of one measurement.

The last two axes of an array of ratings are targets and raters, the axes before are replicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import POINT, Floats, level_between, quotient
from msspas_analysis.estimate.people import is_number, need
from msspas_analysis.results import Estimates

FORMS: Final = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
"""Shrout and Fleiss's names of the six forms, in the order of the last axis of `Intraclass`."""

FORM_LABELS: Final[dict[str, str]] = {
    "1,1": "one rating, other raters for every target, one-way",
    "2,1": "one rating, agreement, raters drawn from many (ICC(A,1))",
    "3,1": "one rating, consistency, these raters only (ICC(C,1))",
    "1,k": "mean of the raters, other raters for every target, one-way",
    "2,k": "mean of the raters, agreement, raters drawn from many (ICC(A,k))",
    "3,k": "mean of the raters, consistency, these raters only (ICC(C,k))",
}
"""What each form asks, with McGraw and Wong's name."""

_ALIASES: Final = {"A,1": "2,1", "C,1": "3,1", "A,k": "2,k", "C,k": "3,k"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intraclass:
    """Six intraclass correlations along the last axis, in the order of ``FORMS``.

    The mean squares have the shape of the replicates: between targets, within targets, between
    raters, and the rest.
    """

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df1: Floats
    df2: Floats
    p_value: Floats
    ms_target: Floats
    ms_within: Floats
    ms_rater: Floats
    ms_error: Floats


def intraclass(ratings: npt.ArrayLike, *, conf_level: float = 0.95) -> Intraclass:
    """Six intraclass correlations with F tests and F-based intervals.

    Parameters
    ----------
    ratings : array_like, shape (..., n, k)
        Ratings of n targets by k raters, each at least 2, no NaN; leading axes are replicates.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Intraclass
        Estimates are not cut at 0. NaN where a replicate has no spread at all, where targets have
        none (the forms of means), and where raters are so unlike that the mean of k ratings has a
        variance below 0 (form 2,k). An end can be minus infinity for means. The ends of forms 2 are
        NaN where ratings differ the wrong way round, and few, so that Satterthwaite's degrees of
        freedom are next to none.

    Raises
    ------
    ValueError
        With fewer than 2 targets or raters, or a level outside (0, 1).

    References
    ----------
    .. [1] Shrout PE, Fleiss JL (1979). Intraclass correlations: uses in assessing rater
       reliability. Psychol Bull 86:420-428.
    .. [2] McGraw KO, Wong SP (1996). Forming inferences about some intraclass correlation
       coefficients. Psychol Methods 1:30-46.

    Examples
    --------
    >>> judges = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
    ...     [6, 2, 4, 7]]
    >>> intraclass(judges).estimate.round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    from scipy.special import fdtrc, fdtri

    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim < 2 or min(x.shape[-2:]) < 2:
        raise ValueError(
            f"ratings need at least 2 targets and 2 raters in the last two axes, got shape {x.shape}"
        )
    n, k = x.shape[-2:]
    tail = (1 - level_between(conf_level)) / 2
    msb, msw, msj, mse = _mean_squares(x)

    def upper(df1: float | Floats, df2: float | Floats) -> Floats:
        return np.asarray(fdtri(np.asarray(df1), np.asarray(df2), 1 - tail), dtype=np.float64)

    dfb, dfw, dfe = n - 1.0, n * (k - 1.0), (n - 1.0) * (k - 1.0)
    # (F - 1) / (F + k - 1) with F = MSB / MSE, times MSE: no error at all gives 1, not NaN
    ends = []
    for ms, df in ((msw, dfw), (mse, dfe)):
        q, r = upper(dfb, df), upper(df, dfb)
        ends.append((
            quotient(msb - q * ms, msb + (k - 1) * q * ms), quotient(r * msb - ms, r * msb + (k - 1) * ms),
            quotient(msb - q * ms, msb), quotient(r * msb - ms, r * msb),
        ))  # fmt: skip
    agree = quotient(msb - mse, msb + (k - 1) * mse + k * (msj - mse) / n)
    a, b = k * agree * msj, (n * (1 + (k - 1) * agree) - k * agree) * mse
    v = quotient((k - 1) * (n - 1) * (a + b) ** 2, (n - 1) * a * a + b * b)
    q, r = upper(dfb, v), upper(v, dfb)
    rest = (k * n - k - n) * mse
    with np.errstate(over="ignore", invalid="ignore"):  # a quantile may be infinite
        low = quotient(n * (msb - q * mse), q * (k * msj + rest) + n * msb)
        high = quotient(n * (r * msb - mse), k * msj + rest + n * r * msb)
        # next to no degrees of freedom: the ends have lost the estimate
        lost = (v < 0.02) | ~((low <= agree) & (agree <= high))
    low, high = np.where(lost, np.nan, low), np.where(lost, np.nan, high)
    perfect = (msb > 0) & (msw == 0)
    low, high = np.where(perfect, 1.0, low), np.where(perfect, 1.0, high)
    spread_of_mean = msb + (msj - mse) / n
    some = spread_of_mean > POINT * (msb + msj + mse)
    agree_mean = quotient(msb - mse, np.where(some, spread_of_mean, 0))
    low_mean, high_mean = (_of_mean(end, k) for end in (low, high))
    high_mean = np.where(np.isnan(agree_mean) | np.isneginf(high_mean), np.nan, high_mean)
    low_mean = np.where(np.isnan(high_mean), np.nan, low_mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        f_one, f_two = msb / msw, msb / mse
    f = np.stack([f_one, f_two, f_two] * 2, axis=-1)
    df2 = np.array([dfw, dfe, dfe] * 2)
    one, two = ends
    return Intraclass(
        estimate=np.stack(
            [quotient(msb - msw, msb + (k - 1) * msw), agree, quotient(msb - mse, msb + (k - 1) * mse),
             quotient(msb - msw, msb), agree_mean, quotient(msb - mse, msb)], axis=-1
        ),
        conf_low=np.stack([one[0], low, two[0], one[2], low_mean, two[2]], axis=-1),
        conf_high=np.stack([one[1], high, two[1], one[3], high_mean, two[3]], axis=-1),
        statistic=f, df1=np.full(6, dfb), df2=df2, p_value=np.asarray(fdtrc(dfb, df2, f), dtype=np.float64),
        ms_target=msb, ms_within=msw, ms_rater=msj, ms_error=mse,
    )  # fmt: skip


def intraclass_correlation(
    frame: pd.DataFrame,
    rating: str,
    *,
    target: str,
    rater: str,
    form: str | None = None,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how much of the spread of ratings is spread between those rated.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per rating, any order.
    rating : str
        The numeric column of ratings, any unit.
    target, rater : str
        Columns that say who was rated, usually a person, and by whom or on which occasion. Where
        everybody has other raters, number them within each target and read form 1 only.
    form : {"1,1", "2,1", "3,1", "1,k", "2,k", "3,k", "A,1", "C,1", "A,k", "C,k"} or None
        One form, or all six; see :data:`FORM_LABELS`.
    group : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        A row for each form, measure "icc"; ``n`` counts targets. Targets that lack a rater's rating
        are in ``n_missing``. ``df`` is the first of F, the second stands in ``method``.

    Raises
    ------
    ValueError
        With fewer than 2 complete targets or 2 raters, two ratings of a target by one rater, columns
        absent or not numeric, ratings all alike, another form or a level outside (0, 1).

    Notes
    -----
    An ICC is as high as the targets are different: the same raters reach less in people who are
    alike. Agreement counts a rater who is always stricter as error, consistency does not. Two
    ratings on one day say nothing about two ratings a month apart.

    References
    ----------
    .. [1] Shrout PE, Fleiss JL (1979). Intraclass correlations: uses in assessing rater
       reliability. Psychol Bull 86:420-428.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("AABBCC"), "visit": [1, 2] * 3,
    ...     "grade": [1, 2, 3, 3, 4, 4]})
    >>> answer = intraclass_correlation(frame, "grade", target="person_id", rater="visit",
    ...     form="2,1")
    >>> round(float(answer.table["estimate"].iloc[0]), 4), int(answer.table["n"].iloc[0])
    (0.9, 3)
    """
    level_between(conf_level)
    forms = list(FORMS) if form is None else [known_form(form)]
    x, total, notes = complete_ratings(frame, rating, target=target, rater=rater)
    got = intraclass(x, conf_level=conf_level)
    rows = []
    for one in forms:
        i = FORMS.index(one)
        rows.append({
            "outcome": rating, "group": group, "term": f"ICC({one})", "measure": "icc",
            "estimate": got.estimate[i], "conf_low": got.conf_low[i],
            "conf_high": got.conf_high[i], "conf_level": conf_level,
            "statistic": got.statistic[i], "df": got.df1[i], "p_value": got.p_value[i],
            "n": len(x), "n_missing": total - len(x),
            "method": f"{FORM_LABELS[one]}; F({got.df1[i]:g}, {got.df2[i]:g})",
        })  # fmt: skip
    if np.isnan([row["estimate"] for row in rows]).any():
        notes.append(
            "A form that is empty does not exist for these ratings: targets hardly differ."
        )
    elif np.isnan([row["conf_low"] for row in rows]).any():
        notes.append(
            "An interval that is empty does not exist: the ratings are too few and too unlike."
        )
    if got.ms_error == 0:
        notes.append("The raters differ by a constant or not at all, so F is infinite.")
    if form is None:
        notes.append("These are six different questions: name the one that counts before looking.")
    return Estimates.from_rows(rows, notes=notes)


def measurement_error(
    frame: pd.DataFrame,
    rating: str,
    *,
    target: str,
    rater: str,
    form: str = "2,1",
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the error of one rating in points, and the change of one person beyond it.

    Parameters
    ----------
    frame, rating, target, rater, group
        As for :func:`intraclass_correlation`.
    form : {"1,1", "2,1", "3,1", "A,1", "C,1"}
        Whether differences between raters count as error (1,1 and 2,1) or not (3,1).
    conf_level : float
        Coverage of the intervals, and the level of the change, in (0, 1).

    Returns
    -------
    Estimates
        "standard_error_of_measurement", the root of the error variance of that form (so of the
        total variance times 1 - ICC); "minimal_detectable_change", z times the root of 2 times as
        much; "sem_from_sd", the standard deviation of all ratings times the root of 1 - ICC. The
        intervals are chi-square, for 2,1 with Satterthwaite's degrees of freedom.

    Raises
    ------
    ValueError
        As for :func:`intraclass_correlation`, and with the form of a mean.

    Notes
    -----
    It holds for people, raters and a span of time like these. A change below it in one person may
    be error; the mean of a group can show smaller ones.

    References
    ----------
    .. [1] de Vet HCW, Terwee CB, Knol DL, Bouter LM (2006). When to use agreement versus
       reliability measures. J Clin Epidemiol 59:1033-1039.
    .. [2] Weir JP (2005). Quantifying test-retest reliability using the intraclass correlation
       coefficient and the SEM. J Strength Cond Res 19:231-240.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("AABBCC"), "visit": [1, 2] * 3,
    ...     "grade": [1, 2, 3, 3, 4, 4]})
    >>> answer = measurement_error(frame, "grade", target="person_id", rater="visit", form="3,1")
    >>> answer.table["estimate"].round(4).tolist()
    [0.4082, 1.1316, 0.3697]
    """
    from scipy.special import chdtri, ndtri

    level_between(conf_level)
    one = known_form(form)
    if one.endswith("k"):
        raise ValueError(f"form {form!r} is that of a mean; the error is that of one rating: 2,1")
    x, total, notes = complete_ratings(frame, rating, target=target, rater=rater)
    n, k = x.shape
    got = intraclass(x, conf_level=conf_level)
    if one == "2,1":
        parts = np.array([got.ms_error * (1 - 1 / n), got.ms_rater / n])
        dfs = np.array([(n - 1.0) * (k - 1), k - 1.0])
    else:
        parts = np.array([got.ms_within if one == "1,1" else got.ms_error])
        dfs = np.array([n * (k - 1.0) if one == "1,1" else (n - 1.0) * (k - 1)])
    variance = float(parts.sum())
    df = variance**2 / float(np.sum(parts**2 / dfs)) if variance else float(dfs.sum())
    sem = np.sqrt(variance)
    tail = (1 - conf_level) / 2
    low, high = (sem * np.sqrt(df / float(chdtri(df, p))) for p in (tail, 1 - tail))
    z = float(ndtri(0.5 + conf_level / 2)) * np.sqrt(2)
    icc = float(got.estimate[FORMS.index(one)])
    base = {
        "outcome": rating, "group": group, "term": f"ICC({one})", "n": n, "n_missing": total - n,
    }  # fmt: skip
    how = "root of the error variance; chi-square interval"
    how += ", Satterthwaite" if one == "2,1" else ""
    rows = [
        base | {
            "measure": measure, "estimate": f * sem, "conf_low": f * low, "conf_high": f * high,
            "conf_level": conf_level, "df": df, "method": method,
        }
        for measure, f, method in (
            ("standard_error_of_measurement", 1.0, how),
            ("minimal_detectable_change", z, f"{how}, times z and the root of 2"),
        )
    ]  # fmt: skip
    rows.append(base | {
        "measure": "sem_from_sd", "estimate": float(x.std(ddof=1) * np.sqrt(1 - icc)),
        "method": "SD of all ratings times the root of 1 - ICC",
    })  # fmt: skip
    notes.append(
        "Smaller changes in one person may be measurement error; the mean of a group can show "
        "smaller ones."
    )
    if one == "3,1":
        notes.append("A rater or occasion that is always higher does not count as error here.")
    return Estimates.from_rows(rows, notes=notes)


def known_form(form: str) -> str:
    """Return Shrout and Fleiss's name of a form, or raise ``ValueError``."""
    if (name := _ALIASES.get(form, form)) not in FORMS:
        raise ValueError(f"form {form!r} is not known; choose one of {[*FORMS, *_ALIASES]}")
    return name


def complete_ratings(
    frame: pd.DataFrame, rating: str, *, target: str, rater: str
) -> tuple[Floats, int, list[str]]:
    """Lay long ratings out by target and rater; return complete rows, all targets, and notes.

    Examples
    --------
    >>> frame = pd.DataFrame({"who": ["B", "B", "A"], "by": ["y", "x", "x"], "grade": [2, 1, 3]})
    >>> frame = pd.concat([frame, frame.replace({"A": "C", "B": "D"})])
    >>> x, total, notes = complete_ratings(frame, "grade", target="who", rater="by")
    >>> x.tolist(), total
    ([[1.0, 2.0], [1.0, 2.0]], 4)
    """
    need(frame, [rating, target, rater])
    column = frame[rating]
    if len(frame) and not is_number(column):
        raise ValueError(f"column {rating!r} holds {column.dtype}, not numbers; score it first")
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise ValueError(f"column {rating!r} holds an infinite number; correct or empty it")
    for name in (target, rater):
        if frame[name].isna().any():
            raise ValueError(f"a rating has no {name!r}; say for every row who and by whom")
    twice = int(frame.duplicated([target, rater]).sum())
    if twice:
        raise ValueError(
            f"{twice} row(s) repeat a {target} and {rater} that another row has; keep one rating of "
            f"each by each, or tell occasions apart in {rater!r}"
        )
    targets, i = np.unique(frame[target].astype(str).to_numpy(dtype=object), return_inverse=True)
    raters, j = np.unique(frame[rater].astype(str).to_numpy(dtype=object), return_inverse=True)
    wide = np.full((len(targets), len(raters)), np.nan)
    wide[i, j] = values
    whole = wide[~np.isnan(wide).any(axis=-1)]
    if len(raters) < 2 or len(whole) < 2:
        raise ValueError(
            f"needs at least 2 {target} with a rating by each of at least 2 {rater}, got "
            f"{len(whole)} of {len(targets)} rated by all {len(raters)}"
        )
    if np.ptp(whole) <= POINT:
        raise ValueError(
            f"all ratings are {whole[0, 0]:g}: without spread between those rated there is no "
            f"intraclass correlation"
        )
    notes = [f"{len(whole)} {target} were each rated by {len(raters)} {rater}."]
    if len(whole) < len(targets):
        notes.append(
            f"{len(targets) - len(whole)} of {len(targets)} {target} lack a rating and are left out."
        )
    return whole, len(targets), notes


def _mean_squares(x: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Between targets, within targets, between raters, and the rest."""
    n, k = x.shape[-2:]
    grand = x.mean(axis=(-2, -1), keepdims=True)
    target = x.mean(axis=-1, keepdims=True) - grand
    rater = x.mean(axis=-2, keepdims=True) - grand
    rest = x - grand - target - rater

    def square(d: Floats, df: float, times: int) -> Floats:
        # what is left of equal numbers by rounding is nothing
        none = np.abs(d).max(axis=(-2, -1)) <= POINT
        return np.where(none, 0.0, times * np.sum(d * d, axis=(-2, -1)) / df)

    msb, msj = square(target, n - 1, k), square(rater, k - 1, n)
    mse = square(rest, (n - 1) * (k - 1), 1)
    msw = ((k - 1) * msj + (n - 1) * (k - 1) * mse) / (n * (k - 1))
    return msb, msw, msj, mse


def _of_mean(icc: Floats, k: int) -> Floats:
    """Spearman and Brown's formula; below -1/(k - 1) the mean of k has no variance left."""
    return np.where(1 + (k - 1) * icc <= POINT, -np.inf, quotient(k * icc, 1 + (k - 1) * icc))
