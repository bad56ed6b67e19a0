"""The share of diary days with a symptom, when the days of one person are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints
from msspas_analysis.estimate.people import label_of, need, values_of, yes_no
from msspas_analysis.estimate.prevalence.proportions import known
from msspas_analysis.estimate.prevalence.sampling import SHARE_INTERVALS, reach, share_interval
from msspas_analysis.results import Estimates

ERRORS: Final = {"CR1": "CR1", "CR0": "CR0, plain sandwich"}
"""Standard errors of a share of days: with the factor people / (people - 1), and without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShares:
    """Shares of days in one group; every field has the shape of the leading axes.

    ``std_error`` takes people as clusters, with the factor people / (people - 1) of all (CR1);
    ``plain_std_error`` lacks the factor (CR0). ``naive_std_error`` takes days as independent.
    ``person_mean`` is the mean of each person's own share. ``intraclass`` is the correlation of
    two days of one person, from the analysis of variance.
    """

    share: Floats
    std_error: Floats
    plain_std_error: Floats
    naive_std_error: Floats
    person_mean: Floats
    person_std_error: Floats
    intraclass: Floats
    people: Ints
    days: Ints


def day_shares(yes: npt.ArrayLike, days: npt.ArrayLike) -> DayShares:
    """Share of days with a symptom, from each person's counts.

    Parameters
    ----------
    yes, days : array_like of int, shape (..., people)
        Days with the symptom, and days with an answer, of everybody in the diary. Whoever has none
        has no share, but is one of the people drawn.

    Returns
    -------
    DayShares
        NaN where nobody has a day, and of errors where only one person has.

    Notes
    -----
    For days of 0 and 1 the counts of each person say all there is: the linearised score of a person
    is yes - share * days.

    References
    ----------
    .. [1] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models.
       Biometrika 73:13-22.
    .. [2] Donner A (1986). A review of inference procedures for the intraclass correlation
       coefficient in the one-way random effects model. Int Stat Rev 54:67-82.

    Examples
    --------
    >>> found = day_shares([0, 5, 10], [10, 10, 20])
    >>> float(found.share), float(found.person_mean)
    (0.375, 0.3333333333333333)
    """
    x, m = np.broadcast_arrays(np.asarray(yes, np.float64), np.asarray(days, np.float64))
    there, drawn = m > 0, float(m.shape[-1]) if m.shape[-1] > 1 else np.nan
    k, total = there.sum(axis=-1), m.sum(axis=-1)
    people, size = np.where(k > 0, k, np.nan), np.where(total > 0, total, np.nan)
    more = np.where(k > 1, k - 1.0, np.nan)
    share = x.sum(axis=-1) / size
    plain = np.linalg.norm(x - share[..., None] * m, axis=-1) / size
    own = np.where(there, x / np.where(there, m, 1.0), 0.0)
    mean = own.sum(axis=-1) / people
    away = np.where(there, own - mean[..., None], 0.0)
    within = (m * own * (1 - own)).sum(axis=-1)
    inner = np.where(size > people, size - people, np.nan)
    between = (m * (own - share[..., None]) ** 2).sum(axis=-1) / more
    each = (size - (m**2).sum(axis=-1) / size) / more
    below = between + (each - 1) * within / inner
    return DayShares(
        share=share, std_error=plain * np.sqrt(drawn / (drawn - 1)) + 0 * more,
        plain_std_error=plain + 0 * more, naive_std_error=np.sqrt(share * (1 - share) / size),
        person_mean=mean, person_std_error=np.linalg.norm(away, axis=-1) / np.sqrt(more * people),
        intraclass=(between - within / inner) / np.where(below > 0, below, np.nan), people=k,
        days=total.astype(np.int64),
    )  # fmt: skip


def day_prevalence(
    diary: pd.DataFrame, what: str, *, positive: Any = None, by: str | None = None,
    date: str | None = "date", std_errors: str = "CR1", interval: str = "wald",
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the share of days with a symptom, and the mean of each person's own share.

    Parameters
    ----------
    diary : pandas.DataFrame
        One row per person and day: ``person_id``, `what`.
    what, positive
        A yes/no column, or any and the value or values that count, as in
        :func:`~msspas_analysis.estimate.prevalence.proportions.prevalence`. Empty days are left out.
    by : str or None
        A column of groups of people or days; a person may have days in several.
    date : str or None
        The column of days, so that no day counts twice; None: each row is a day of its own.
    std_errors : {"CR1", "CR0"}
        With and without the factor people / (people - 1).
    interval : str
        A key of :data:`~msspas_analysis.estimate.prevalence.sampling.SHARE_INTERVALS`, of the share of days;
        that of the mean of people's shares is Student's.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each group "day_share", "mean_person_share", "intraclass_correlation" and
        "design_effect", the variance of the share of days over that of independent days. ``n``
        counts people with an answer, ``n_missing`` people without.

    Raises
    ------
    ValueError
        If a column is absent or cannot be read, a row has no ``person_id``, a person has two rows
        for a day, nobody answered, or a choice is unknown.

    Notes
    -----
    In the share of days people who wrote more days weigh more; in the mean of people's shares all
    weigh the same. If people write more on bad days, both are too high. "beta", "wilson" and
    "likelihood" take people for those behind the share.

    Examples
    --------
    >>> diary = pd.DataFrame({"person_id": list("AAABBC"), "spasms": [1, 1, 0, 0, 0, 1],
    ...     "date": pd.date_range("2026-03-01", periods=6)})
    >>> day_prevalence(diary, "spasms").table[["measure", "estimate", "n"]].values.tolist()[:2]
    [['day_share', 0.5, 3], ['mean_person_share', 0.5555555555555555, 3]]
    """
    known("std_errors", std_errors, ERRORS)
    known("interval", interval, SHARE_INTERVALS)
    days = _days(diary, what, by, date)
    answer, label = yes_no(days, what, positive=positive)
    if np.isnan(answer).all():
        raise ValueError(f"{what!r}: none of {len(days)} days has an answer")
    person, ids = pd.factorize(days["person_id"].astype(str), sort=True)
    wrote = np.bincount(person[~np.isnan(answer)], minlength=len(ids)) > 0
    groups = [("all", np.ones(len(days), dtype=bool))]
    if by is not None:
        groups += [(label_of(v), days[by].eq(v).to_numpy(dtype=bool, na_value=False))
                   for v in values_of(days[by])]  # fmt: skip
    rows: list[dict[str, Any]] = []
    for group, inside in groups:
        told = inside & ~np.isnan(answer)
        found = day_shares(
            np.bincount(person[told], weights=answer[told], minlength=len(ids))[wrote],
            np.bincount(person[told], minlength=len(ids))[wrote],
        )
        k = int(found.people)
        df = k - 1.0
        error = found.std_error if std_errors == "CR1" else found.plain_std_error
        low, high = share_interval(
            found.share, error, df=df, n=k, interval=interval, conf_level=conf_level
        )
        half = float(reach(df, conf_level)) * float(found.person_std_error)
        base = {
            "outcome": what, "group": group, "term": label, "n": k,
            "n_missing": len(np.unique(person[inside])) - k,
        }  # fmt: skip
        naive = float(found.naive_std_error) ** 2
        rows += [
            base | {
                "measure": "day_share", "estimate": float(found.share), "std_error": float(error),
                "conf_low": float(low), "conf_high": float(high), "conf_level": conf_level,
                "df": df, "method": f"people as clusters ({ERRORS[std_errors]}), "
                                    f"{SHARE_INTERVALS[interval]}, t",
            },
            base | {
                "measure": "mean_person_share", "estimate": float(found.person_mean),
                "std_error": float(found.person_std_error), "df": df, "conf_level": conf_level,
                "conf_low": float(found.person_mean) - half,
                "conf_high": float(found.person_mean) + half, "method": "t",
            },
            base | {
                "measure": "intraclass_correlation", "estimate": float(found.intraclass),
                "method": "analysis of variance",
            },
            base | {
                "measure": "design_effect", "method": "over independent days",
                "estimate": float(error) ** 2 / naive if naive else np.nan,
            },
        ]  # fmt: skip
    return Estimates.from_rows(rows, notes=_notes(days, answer, what, by, rows))


def _days(diary: pd.DataFrame, what: str, by: str | None, date: str | None) -> pd.DataFrame:
    """Return the days, after refusing what cannot be."""
    names = [name for name in ("person_id", what, by, date) if name]
    need(diary, names, "the diary")
    if diary["person_id"].isna().any():
        raise ValueError("the diary has a row without person_id; give every person a code")
    if date and (twice := int(diary.duplicated(["person_id", date]).sum())):
        raise ValueError(
            f"the diary: {twice} row(s) repeat a person and day that another row has, so that day "
            f"would count twice; keep one row per person and day, or say date=None if each row is "
            f"a day of its own"
        )
    return diary[list(dict.fromkeys(names))]


def _notes(
    days: pd.DataFrame, answer: Floats, what: str, by: str | None, rows: list[dict[str, Any]]
) -> list[str]:
    notes = [
        "In the share of days people with more days weigh more. Days without an answer are left "
        "out; if people write on bad days, the shares are too high."
    ]
    if k := int(np.isnan(answer).sum()):
        notes.append(f"{k} of {len(days)} days have no {what}.")
    if by is not None and (k := int(days[by].isna().sum())):
        notes.append(f'{k} of {len(days)} days have no {by} and are in "all" only.')
    if alone := sorted({row["group"] for row in rows if row["n"] < 2}):
        notes.append(
            f"No spread between people, so no error: fewer than two in {', '.join(alone)}."
        )
    return notes
