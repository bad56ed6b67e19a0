"""Before and after: what changed in the same people, and how sure a diary can be of it.

The estimators take a table with one row per person, made by :func:`window_scores`, and answer with
:class:`~msspas_analysis.results.Estimates`; change is always after minus before. The numeric
kernels beside them work on plain arrays whose last axis is people and whose leading axes are
replicates.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.change.signed_rank import SignedRank, signed_rank
from msspas_analysis.estimate.intervals import (
    POINT,
    Floats,
    Ints,
    MeanT,
    MedianRange,
    Standardised,
    level_between,
    median_range,
    proportion_row,
    standardised,
    t_interval,
    wilson_interval,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.windows import (
    left_out,
    pairs,
    rated_days,
    too_few,
    window_scores,
)
from msspas_analysis.results import Estimates

__all__ = [
    "FALL_LABELS",
    "POINT",
    "MeanT",
    "MedianRange",
    "RowsAreNotPeopleError",
    "SignedRank",
    "Standardised",
    "count_fallen",
    "direction_counts",
    "direction_of_change",
    "median_range",
    "minimal_detectable_change",
    "paired_change",
    "percent_fall",
    "proportion_row",
    "rated_days",
    "signed_rank",
    "standardised",
    "t_interval",
    "wilson_interval",
    "window_scores",
]

FALL_LABELS: Final[dict[float, str]] = {
    0.20: "A fall of 20 % is the rule for going on with THC:CBD spray after four weeks (NICE "
    "guideline NG144): a rule for one medicine, not a measure of what people notice.",
    0.30: "A fall of 30 % is what trials of spasticity treatments count as a clinically "
    "important difference (Farrar 2008) [memory: figure not checked against the paper].",
}
"""What a reader must know about the two usual thresholds of :func:`percent_fall`."""

_NO_CONTROL: Final = (
    "There is no comparison group: a change is not proof that the therapy brought it about."
)
_SIGN: Final = "Change is after minus before: a negative number means the score went down."


def count_fallen(
    before: npt.ArrayLike, after: npt.ArrayLike, *, threshold: float
) -> tuple[Ints, Ints]:
    """Count who fell by at least `threshold` of the before value, and who could.

    Parameters
    ----------
    before, after : array_like, shape (..., n)
        One score per person on a scale with a true zero, no NaN; leading axes are replicates.
    threshold : float
        Fraction of the before value, in (0, 1].

    Returns
    -------
    count, n : ndarray
        People whose score fell that far, and people whose before value is above 0.

    Examples
    --------
    >>> count, n = count_fallen([5.0, 5.0, 0.0], [4.0, 4.5, 0.0], threshold=0.20)
    >>> int(count), int(n)
    (1, 2)
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            f"threshold is a fraction of the before value, above 0 and up to 1, got {threshold}; "
            f"write 0.20 for 20 %"
        )
    b, a = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    return fallen(b, a, threshold).sum(axis=-1), (b > POINT).sum(axis=-1)


def fallen(before: Floats, after: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Say who fell by at least this share of the value before; nobody falls from 0, or from NaN."""
    return np.asarray((before > POINT) & (before - after >= threshold * before - POINT))


def direction_counts(diff: npt.ArrayLike, *, band: float) -> tuple[Ints, Ints, Ints]:
    """Count changes below ``-band``, within it (ends included) and above ``band``.

    Parameters
    ----------
    diff : array_like, shape (..., n)
        One change per person, no NaN; leading axes are replicates.
    band : float
        Largest change that still counts as the same, in points, >= 0.

    Returns
    -------
    less, same, more : ndarray
        People in each, over the last axis.

    Examples
    --------
    >>> [int(x) for x in direction_counts([-1.0, -0.5, 0.0, 0.1 + 0.2, 0.4], band=0.3)]
    [2, 2, 1]
    """
    if not (band >= 0 and np.isfinite(band)):
        raise ValueError(f"band must be 0 or more points, got {band}; 0 means any change counts")
    x = np.asarray(diff, dtype=np.float64)
    less, more = (x < -band - POINT).sum(axis=-1), (x > band + POINT).sum(axis=-1)
    return less, x.shape[-1] - less - more, more


def paired_change(
    scores: pd.DataFrame, *, outcome: str, group: str = "all", conf_level: float = 0.95
) -> Estimates:
    """Estimate the change from before to after in people who have both.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`. People
        without a pair are counted in ``n_missing`` and otherwise left out.
    outcome, group : str
        Labels of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        Means of before and of after; the mean change (paired t); the median change (order
        statistics); the pseudo-median (Wilcoxon, see :func:`signed_rank`); ``d_z``, ``g_z``
        (noncentral t) and ``d_av`` (mean change over the average of the two standard deviations).
        ``conf_level`` is the level an interval has where it cannot have the one asked for.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 2 pairs, absent columns or a level outside (0, 1).

    Notes
    -----
    People start a therapy when things are bad, so scores fall with no treatment at all. The change
    is what happened, not what the therapy did.

    References
    ----------
    .. [1] Lakens D (2013). Calculating and reporting effect sizes to facilitate cumulative science.
       Front Psychol 4:863.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": ["A", "B", "C", "D"], "before": [6.0, 5, 7, 4],
    ...     "after": [5.0, 5, 5, None]})
    >>> row = paired_change(scores, outcome="stiffness").one(measure="mean_difference")
    >>> float(row.estimate), int(row.n), int(row.n_missing)
    (-1.0, 3, 1)
    """
    level_between(conf_level)
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    b, a = before[both], after[both]
    n = len(b)
    if n < 2:
        raise too_few("paired_change", 2, n, len(scores))
    diff = a - b
    notes = [_SIGN, _NO_CONTROL, *left_out(scores, n)]
    base = {
        "outcome": outcome, "group": group, "term": "change", "conf_level": conf_level, "n": n,
        "n_missing": len(scores) - n,
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for term, values in (("before", b), ("after", a)):
        t = t_interval(values, conf_level=conf_level)
        rows.append(base | {
            "term": term, "measure": "mean", "estimate": float(t.estimate),
            "std_error": float(t.std_error), "conf_low": float(t.conf_low),
            "conf_high": float(t.conf_high), "df": t.df, "method": "mean of people with a pair, t",
        })  # fmt: skip
    t = t_interval(diff, conf_level=conf_level)
    rows.append(base | {
        "measure": "mean_difference", "estimate": float(t.estimate),
        "std_error": float(t.std_error), "conf_low": float(t.conf_low),
        "conf_high": float(t.conf_high), "statistic": float(t.statistic), "df": t.df,
        "p_value": float(t.p_value), "method": "paired t",
    })  # fmt: skip
    median = median_range(diff, conf_level=conf_level)
    if median.rank:
        how = f"sign test, values {median.rank} and {n + 1 - median.rank} of {n} in order"
        how += f", level {median.level:.4f}"
    else:
        how = "sign test"
        notes.append(
            f"{n} people are too few for a {conf_level:.0%} interval of the median change, so its "
            f"ends are infinite."
        )
    rows.append(base | {
        "measure": "median_difference", "estimate": float(median.estimate),
        "conf_low": float(median.conf_low), "conf_high": float(median.conf_high), "method": how,
    })  # fmt: skip
    row, said = _pseudo_median(diff, conf_level)
    rows.append(base | row)
    notes += said
    if t.std_error == 0:
        notes.append(
            "Everybody changed by the same amount: the interval of the mean has no width, there "
            "is no t test, and d_z and g_z do not exist."
        )
    else:
        s = standardised(diff, conf_level=conf_level)
        for name, d, low, high in (
            ("d_z", s.d_z, s.d_z_low, s.d_z_high), ("g_z", s.g_z, s.g_z_low, s.g_z_high),
        ):  # fmt: skip
            if np.isnan(d):
                notes.append("Two people are too few for g_z.")
                continue
            method = "noncentral t" if name == "d_z" else "noncentral t, times Hedges' J"
            rows.append(base | {
                "measure": name, "estimate": float(d), "conf_low": float(low),
                "conf_high": float(high), "method": method,
            })  # fmt: skip
    average_sd = (b.std(ddof=1) + a.std(ddof=1)) / 2
    if average_sd > POINT:
        rows.append(base | {
            "measure": "d_av", "estimate": float(t.estimate / average_sd), "conf_level": np.nan,
            "method": "mean change / average of the two SDs",
        })  # fmt: skip
    notes.append(
        "d_z and g_z are the mean change in standard deviations of the change, d_av in standard "
        "deviations of the scores: compare like with like."
    )
    return Estimates.from_rows(rows, notes=notes)


def _pseudo_median(diff: Floats, conf_level: float) -> tuple[dict[str, Any], list[str]]:
    w = signed_rank(diff, conf_level=conf_level)
    notes = []
    if w.exact:
        method = "Wilcoxon signed rank, exact"
    else:
        method = "Wilcoxon signed rank, normal approximation, continuity correction"
    if w.n_zero:
        notes.append(f"The signed-rank test sets {w.n_zero} change(s) of zero aside.")
    if w.level <= 0:
        notes.append("These changes are too few or too alike for an interval of the pseudo-median.")
    elif w.level < conf_level:
        notes.append(
            f"So few people cannot give a {conf_level:.0%} interval of the pseudo-median; the one "
            f"shown has {w.level:.1%}."
        )
    row = {
        "measure": "pseudo_median", "estimate": w.estimate, "conf_low": w.conf_low,
        "conf_high": w.conf_high, "conf_level": w.level if w.level > 0 else np.nan,
        "statistic": w.statistic, "p_value": w.p_value, "method": method,
    }  # fmt: skip
    return row, notes


def direction_of_change(
    scores: pd.DataFrame,
    *,
    outcome: str,
    band: float,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the shares of people with less, the same and more after than before.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`.
    outcome, group : str
        Labels of the answer.
    band : float
        Largest change, up or down, that still counts as the same, in points, >= 0.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        Three rows, terms "less", "same", "more", measure "proportion", Wilson intervals. People
        without a pair are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        Without any pair, with a band below 0, absent columns or a level outside (0, 1).

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": ["A", "B", "C", "D"], "before": [6.0, 5, 7, 4],
    ...     "after": [5.0, 5, 5, 4.5]})
    >>> answer = direction_of_change(scores, outcome="stiffness", band=0.5)
    >>> answer.table.set_index("term")["estimate"].to_dict()
    {'less': 0.5, 'same': 0.5, 'more': 0.0}
    """
    level_between(conf_level)
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    if n < 1:
        raise too_few("direction_of_change", 1, n, len(scores))
    counts = [int(x) for x in direction_counts((after - before)[both], band=band)]
    rows = [
        proportion_row(x, n, conf_level=conf_level)
        | {"outcome": outcome, "group": group, "term": term, "n_missing": len(scores) - n}
        for term, x in zip(("less", "same", "more"), counts, strict=True)
    ]
    less, same, more = counts
    notes = [
        f"Of {n} people {less} had less, {same} the same and {more} more; a change of up to "
        f"{band:g} points counts as the same.",
        _NO_CONTROL,
        *left_out(scores, n),
    ]
    return Estimates.from_rows(rows, notes=notes)


def percent_fall(
    scores: pd.DataFrame,
    *,
    outcome: str,
    threshold: float,
    group: str = "all",
    conf_level: float = 0.95,
    label: str | None = None,
) -> Estimates:
    """Estimate the share of people whose score fell by at least a fraction of the before value.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`, on a
        scale with a true zero.
    outcome, group : str
        Labels of the answer.
    threshold : float
        Fraction of the before value, in (0, 1]: 0.20 is a fall from 5 to 4 or lower.
    conf_level : float
        Coverage of the interval, in (0, 1).
    label : str or None
        What the threshold means and where it is from; by default that of :data:`FALL_LABELS`.

    Returns
    -------
    Estimates
        One row, measure "proportion", Wilson interval. People without a pair, and people whose
        before value is 0 (they cannot fall), are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If nobody could fall, a before score is negative, the threshold is outside (0, 1], columns
        are absent or the level is outside (0, 1).

    Notes
    -----
    Cutting a change at a threshold throws information away, and with no treatment some people
    cross it too. Read it beside the mean change.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": ["A", "B", "C"], "before": [5.0, 5, 0],
    ...     "after": [4.0, 4.5, 0]})
    >>> row = percent_fall(scores, outcome="stiffness", threshold=0.20).table.iloc[0]
    >>> float(row.estimate), int(row.n), int(row.n_missing)
    (0.5, 2, 1)
    """
    level_between(conf_level)
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    if np.any(before[both] < 0):
        raise ValueError("a percent fall needs scores of 0 or more; a before score is negative")
    count, size = count_fallen(before[both], after[both], threshold=threshold)
    n, paired = int(size), int(both.sum())
    if not paired:
        raise too_few("percent_fall", 1, paired, len(scores))
    if not n:
        raise ValueError(
            f"all {paired} people with a pair had {outcome} 0 before, and nobody can fall from 0; "
            f"use direction_of_change"
        )
    notes = [_NO_CONTROL, *left_out(scores, paired)]
    if paired > n:
        notes.append(
            f"{paired - n} people had 0 before; nobody can fall from 0, so they are left out and "
            f"counted as missing."
        )
    known = [text for at, text in FALL_LABELS.items() if abs(at - threshold) < POINT]
    notes += [label] if label is not None else known
    row = proportion_row(int(count), n, conf_level=conf_level) | {
        "outcome": outcome, "group": group, "term": f"fall of at least {100 * threshold:g} %",
        "n_missing": len(scores) - n,
    }  # fmt: skip
    return Estimates.from_rows([row], notes=notes)


def minimal_detectable_change(
    scores: pd.DataFrame,
    *,
    outcome: str,
    icc: float,
    icc_source: str,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the smallest change in one person that measurement error alone seldom gives.

    It is ``z * sqrt(2) * SD * sqrt(1 - ICC)``, with SD the spread between people before and z the
    normal quantile of `conf_level` (1.96 for 0.95).

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`.
        Everybody with a before score is used; the others are in ``n_missing``.
    outcome, group : str
        Labels of the answer.
    icc : float
        Test-retest reliability of the score (intraclass correlation), in [0, 1).
    icc_source : str
        Where that figure is from, with its status if it was not read there.
    conf_level : float
        Level of the change and of its interval, in (0, 1).

    Returns
    -------
    Estimates
        One row, in points. The interval is that of the SD (chi-square, normal scores); it takes
        the ICC as known.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 2 before scores, an ICC outside [0, 1), no source, absent columns or a
        level outside (0, 1).

    References
    ----------
    .. [1] Weir JP (2005). Quantifying test-retest reliability using the intraclass correlation
       coefficient and the SEM. J Strength Cond Res 19:231-240.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": ["A", "B", "C"], "before": [4.0, 5, 6],
    ...     "after": [4.0, 5, 6]})
    >>> answer = minimal_detectable_change(scores, outcome="stiffness", icc=0.83,
    ...     icc_source="Farrar 2008")
    >>> round(float(answer.table["estimate"].iloc[0]), 4)
    1.1428
    """
    from scipy.special import chdtri, ndtri

    level_between(conf_level)
    if not 0 <= icc < 1:
        raise ValueError(f"icc must be at least 0 and below 1, got {icc}; a published one is due")
    if not icc_source.strip():
        raise ValueError("icc_source is empty; say where the ICC is from")
    before, _ = pairs(scores)
    b = before[~np.isnan(before)]
    n = len(b)
    if n < 2:
        raise ValueError(
            f"minimal_detectable_change needs at least 2 people with a before score, got {n} of "
            f"{len(scores)}; collect more diaries"
        )
    constant = np.ptp(b) <= POINT
    factor = float(ndtri(0.5 + conf_level / 2)) * np.sqrt(2 * (1 - icc))
    mdc = 0.0 if constant else float(factor * b.std(ddof=1))
    tail = (1 - conf_level) / 2
    low, high = (mdc * np.sqrt((n - 1) / float(chdtri(n - 1, p))) for p in (tail, 1 - tail))
    notes = [
        f"Reliability (ICC) {icc:g} is not from these diaries: {icc_source}. The interval takes it "
        f"as known.",
        "Smaller changes in one person may be measurement error; the mean of a group can show "
        "smaller ones.",
    ]
    if constant:
        notes.append("Everybody had the same score before: there is no spread to reckon with.")
    row = {
        "outcome": outcome, "group": group, "term": "before",
        "measure": "minimal_detectable_change", "estimate": mdc, "conf_low": low,
        "conf_high": high, "conf_level": conf_level, "df": n - 1, "n": n,
        "n_missing": len(scores) - n,
        "method": f"SD before and ICC {icc:g} ({icc_source}); chi-square interval of the SD",
    }  # fmt: skip
    return Estimates.from_rows([row], notes=notes)
