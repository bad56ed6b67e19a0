"""Ratios of means, for counts and times: two arms, and the same people before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import level_between, people_along, t_interval
from msspas_analysis.estimate.trials.effect_size import (
    ALLOCATION,
    TwoMeans,
    arm_pairs,
    numbers_of,
    spread,
    two_sample_t,
)
from msspas_analysis.estimate.windows import left_out, pairs, too_few
from msspas_analysis.results import Estimates


def ratios_of_means(
    x: npt.ArrayLike, y: npt.ArrayLike, *, plus_one: bool = False, conf_level: float = 0.95
) -> dict[str, TwoMeans]:
    """Ratios of means, `x` over `y`, for counts and times: arithmetic and geometric.

    Parameters
    ----------
    x, y, conf_level
        As in :func:`two_sample_t`; one count or time per person.
    plus_one : bool
        Take geometric means of the value plus one, so that a count of 0 has a logarithm; that ratio
        is nearer to 1 than the ratio of the counts.

    Returns
    -------
    dict of str to TwoMeans
        ``ratio_of_means``: normal interval of the logarithm, standard error by the delta method
        (``df`` infinite), NaN where a mean is not above 0. ``geometric_mean_ratio``: Welch's t of
        the logarithms, NaN where a value has none.

    References
    ----------
    .. [1] Hedges LV, Gurevitch J, Curtis PS (1999). Ecology 80:1150-1156 (response ratios).

    Examples
    --------
    >>> r = ratios_of_means([2.0, 8.0], [1.0, 4.0])
    >>> [(name, round(float(one.estimate), 9)) for name, one in r.items()]
    [('ratio_of_means', 2.0), ('geometric_mean_ratio', 2.0)]
    """
    from scipy.special import ndtr, ndtri

    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=2), people_along(b, at_least=2)
    p = 0.5 + level_between(conf_level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ma, mb = (np.where(mean > 0, mean, np.nan) for mean in (a.mean(axis=-1), b.mean(axis=-1)))
        log, se = np.log(ma / mb), np.sqrt(spread(a) / (m * ma**2) + spread(b) / (n * mb**2))
        z = np.where(se > 0, log / se, np.nan)
        la, lb = (np.log1p(v) if plus_one else np.log(v) for v in (a, b))
        la, lb = (np.where(np.isfinite(v), v, np.nan) for v in (la, lb))
    half = float(ndtri(p)) * se
    t = two_sample_t(la, lb, conf_level=conf_level)
    return {
        "ratio_of_means": TwoMeans(
            estimate=np.exp(log), std_error=se, conf_low=np.exp(log - half),
            conf_high=np.exp(log + half), statistic=z, df=np.full_like(log, np.inf),
            p_value=2 * ndtr(-np.abs(z)),
        ),
        "geometric_mean_ratio": replace(
            t, estimate=np.exp(t.estimate), conf_low=np.exp(t.conf_low),
            conf_high=np.exp(t.conf_high),
        ),
    }  # fmt: skip


def mean_ratios(
    frame: pd.DataFrame,
    outcome: str,
    *,
    arm: str,
    control: str,
    plus_one: bool = False,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the ratio of means of each arm and the control, for counts and times.

    Parameters
    ----------
    frame, outcome, arm, control, conf_level
        As in :func:`mean_difference`, with the same errors; a negative value is one too.
    plus_one : bool
        Compare geometric means of the value plus one, so that a count of 0 has a logarithm.

    Returns
    -------
    Estimates
        The measures of :func:`ratios_of_means` for every other arm. The geometric one is NaN, with
        a note, where a value is 0 and `plus_one` is False.

    Notes
    -----
    A ratio of means is wrong for scores without a true zero. With few people its normal interval is
    too narrow.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "arm": ["TENS"] * 2 + ["sham"] * 2,
    ...     "walk": [10.0, 40.0, 5.0, 20.0]})
    >>> answer = mean_ratios(frame, "walk", arm="arm", control="sham")
    >>> answer.table.set_index("measure")["estimate"].round(9).to_dict()
    {'ratio_of_means': 2.0, 'geometric_mean_ratio': 2.0}
    """
    rows: list[dict[str, Any]] = []
    notes = [f"A ratio is the named arm over {control}: below 1 means less there.", ALLOCATION]
    logs = "Welch t of log(1 + value)" if plus_one else "Welch t of log(value)"
    for base, said, x, y in arm_pairs(frame, outcome, arm, control, conf_level):
        notes += said
        zeros = int(np.sum(x == 0) + np.sum(y == 0))
        if below := int(np.sum(x < 0) + np.sum(y < 0)):
            raise ValueError(
                f"outcome {outcome!r} has {below} negative value(s); give counts or times"
            )
        ratios = ratios_of_means(x, y, plus_one=plus_one, conf_level=conf_level)
        for (measure, one), how in zip(ratios.items(), ("log, delta method", logs), strict=True):
            if np.isnan(one.estimate):
                notes.append(
                    f"{base['term']}: there is no {measure}, because of {zeros} value(s) of 0 "
                    f"(plus_one=True compares geometric means of value plus one)."
                )
            elif one.std_error == 0:
                notes.append(
                    f"{base['term']}: nobody differs within an arm, so there is no {measure} test."
                )
            rows.append(base | numbers_of(one) | {"measure": measure, "method": how})
    return Estimates.from_rows(rows, notes=dict.fromkeys(notes))


def ratios_of_change(
    before: npt.ArrayLike, after: npt.ArrayLike, *, plus_one: bool = False, conf_level: float = 0.95
) -> dict[str, TwoMeans]:
    """Ratios of means of the same people, `after` over `before`: arithmetic and geometric.

    Parameters
    ----------
    before, after : array_like, shape (..., n)
        One count or time per person and occasion, 0 or more; leading axes are replicates.
    plus_one : bool
        Take geometric means of the value plus one, so that a count of 0 has a logarithm; that ratio
        is nearer to 1 than the ratio of the counts.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    dict of str to TwoMeans
        ``ratio_of_means``: Student's t interval of the logarithm, standard error by the delta method
        with the covariance of the two; NaN where a mean is not above 0. ``geometric_mean_ratio``:
        paired t of the logarithms, NaN where a value has none. ``df`` is n - 1.

    References
    ----------
    .. [1] Lajeunesse MJ (2011). On the meta-analysis of response ratios for studies with correlated
       and multi-group designs. Ecology 92:2049-2055.

    Examples
    --------
    >>> r = ratios_of_change([8.0, 2.0, 5.0], [4.0, 1.0, 2.5])
    >>> [(name, round(float(one.estimate), 9)) for name, one in r.items()]
    [('ratio_of_means', 0.5), ('geometric_mean_ratio', 0.5)]
    """
    from scipy.special import stdtr, stdtrit

    x, y = np.broadcast_arrays(np.asarray(before, np.float64), np.asarray(after, np.float64))
    n = people_along(x, at_least=2)
    p = 0.5 + level_between(conf_level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        mx, my = (np.where(mean > 0, mean, np.nan) for mean in (x.mean(axis=-1), y.mean(axis=-1)))
        ratio = my / mx
        # relative to its mean, what is left of each person's after when before is taken from it
        left = y / my[..., None] - x / mx[..., None]
        se = np.sqrt(spread(left) / n)
        t = np.where(se > 0, np.log(ratio) / se, np.nan)
        logs = np.log1p(y) - np.log1p(x) if plus_one else np.log(y) - np.log(x)
    half = float(stdtrit(n - 1, p)) * se
    geometric = t_interval(np.where(np.isfinite(logs), logs, np.nan), conf_level=conf_level)
    return {
        "ratio_of_means": TwoMeans(
            estimate=ratio, std_error=se, conf_low=ratio * np.exp(-half),
            conf_high=ratio * np.exp(half), statistic=t, df=np.full_like(ratio, n - 1.0),
            p_value=2 * stdtr(n - 1, -np.abs(t)),
        ),
        "geometric_mean_ratio": TwoMeans(
            estimate=np.exp(geometric.estimate), std_error=geometric.std_error,
            conf_low=np.exp(geometric.conf_low), conf_high=np.exp(geometric.conf_high),
            statistic=geometric.statistic, df=np.full_like(ratio, n - 1.0),
            p_value=geometric.p_value,
        ),
    }  # fmt: skip


def paired_ratios(
    scores: pd.DataFrame, *, outcome: str, plus_one: bool = False, group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the change of counts or times as a ratio, after over before.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`; counts
        as means of a day, so that windows of different length compare. 2 people with both at least.
    outcome, group : str
        Labels of the answer.
    plus_one : bool
        Compare geometric means of the value plus one, so that a count of 0 has a logarithm.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        The measures of :func:`ratios_of_change`. The geometric one is NaN, with a note, where a
        value is 0 and `plus_one` is False.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If columns are absent, a value is negative, fewer than 2 people have both, or the level is
        outside (0, 1).

    Notes
    -----
    The ratio of means is carried by people with many events, the geometric one by the middle of
    people; where they differ, neither is wrong, and which was meant must have been said before. A
    ratio is wrong for scores without a true zero.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABC"), "before": [8.0, 2, 5], "after": [4.0, 1, 2]})
    >>> answer = paired_ratios(scores, outcome="spasms")
    >>> answer.table.set_index("measure")["estimate"].round(4).to_dict()
    {'ratio_of_means': 0.4667, 'geometric_mean_ratio': 0.4642}
    """
    level_between(conf_level)
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    n, x, y = int(both.sum()), before[both], after[both]
    if n < 2:
        raise too_few("paired_ratios", 2, n, len(scores))
    if below := int(np.sum(x < 0) + np.sum(y < 0)):
        raise ValueError(f"{outcome!r} has {below} negative value(s); give counts or times")
    zeros = int(np.sum(x == 0) + np.sum(y == 0))
    notes = [
        "A ratio is after over before, with no comparison group: it is not proof of anything given.",
        *left_out(scores, n),
    ]
    logs = "paired t of log(1 + value)" if plus_one else "paired t of log(value)"
    rows: list[dict[str, Any]] = []
    ratios = ratios_of_change(x, y, plus_one=plus_one, conf_level=conf_level)
    for (measure, one), how in zip(ratios.items(), ("log, delta method, t", logs), strict=True):
        if np.isnan(one.estimate):
            notes.append(
                f"There is no {measure}, because of {zeros} value(s) of 0 (plus_one=True compares "
                f"geometric means of value plus one)."
            )
        elif one.std_error == 0:
            notes.append(f"Everybody moved alike, so the interval of {measure} has no width.")
        rows.append({
            "outcome": outcome, "group": group, "term": "after / before", "conf_level": conf_level,
            "n": n, "n_missing": len(scores) - n, "measure": measure, "method": how,
        } | numbers_of(one))  # fmt: skip
    return Estimates.from_rows(rows, notes=notes)
