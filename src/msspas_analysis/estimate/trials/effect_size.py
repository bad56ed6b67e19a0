"""How far two arms lie apart: in points, in standard deviations, as a ratio; the same for pairs.

The kernels take arrays whose last axis is people and whose leading axes are replicates; the faces
take a table with one row per person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import (
    POINT,
    Floats,
    MeanT,
    _noncentrality,
    level_between,
    people_along,
    standardised,
    t_interval,
)
from msspas_analysis.estimate.people import arms_of, numbers, one_row_each
from msspas_analysis.estimate.windows import (
    left_out,
    pairs,
    too_few,
)
from msspas_analysis.results import Estimates

_SIGN: Final = "A difference is the named arm minus the control: negative means lower scores there."
ALLOCATION: Final = (
    "The difference is due to the therapy only if chance decided who came into which arm, and who "
    "dropped out did not depend on it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoMeans:
    """A difference or a ratio of two means, with its interval; shaped as the leading axes.

    Of a ratio, ``std_error`` and ``statistic`` belong to the logarithm.
    """

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df: Floats
    p_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A standardised difference with the ends of its interval, shaped as the leading axes."""

    estimate: Floats
    conf_low: Floats
    conf_high: Floats


def two_sample_t(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    unequal_variances: bool = True,
    conf_level: float = 0.95,
) -> TwoMeans:
    """Difference of means, `x` minus `y`, with Welch's or Student's t interval and test.

    Parameters
    ----------
    x, y : array_like, shape (..., m) and (..., n)
        One score per person, no NaN, m and n >= 2; leading axes are replicates and broadcast.
    unequal_variances : bool
        True is Welch's t (degrees of freedom of Satterthwaite), False is Student's.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    TwoMeans
        Where neither arm of a replicate varies the interval has no width, and ``statistic``,
        ``p_value`` and Welch's ``df`` are NaN.

    References
    ----------
    .. [1] Welch BL (1947). The generalization of 'Student's' problem. Biometrika 34:28-35.

    Examples
    --------
    >>> t = two_sample_t([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], [4.0, 6.0])
    >>> t.estimate.tolist(), t.df.round(3).tolist()
    ([-3.0, -2.0], [1.684, 1.684])
    """
    from scipy.special import stdtr, stdtrit

    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=2), people_along(b, at_least=2)
    estimate = a.mean(axis=-1) - b.mean(axis=-1)
    vx, vy = spread(a), spread(b)
    same = (vx == 0) & (vy == 0) & np.isfinite(estimate)
    if unequal_variances:
        square = vx / m + vy / n
        below = (vx / m) ** 2 / (m - 1) + (vy / n) ** 2 / (n - 1)
        df = np.divide(square**2, below, out=np.full_like(square, np.nan), where=~same)
    else:
        square = ((m - 1) * vx + (n - 1) * vy) / (m + n - 2) * (1 / m + 1 / n)
        df = np.full_like(square, m + n - 2)
    se = np.sqrt(square)
    t = np.divide(estimate, se, out=np.full_like(se, np.nan), where=~same)
    p = 0.5 + level_between(conf_level) / 2
    half = np.where(same, 0.0, stdtrit(np.where(same, 1.0, df), p) * se)
    return TwoMeans(
        estimate=estimate, std_error=se, conf_low=estimate - half, conf_high=estimate + half,
        statistic=t, df=df, p_value=2 * stdtr(df, -np.abs(t)),
    )  # fmt: skip


def standardised_difference(
    x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95
) -> dict[str, Effect]:
    """Difference of means in standard deviations: Cohen's d, Hedges' g and Glass's delta.

    Parameters
    ----------
    x, y, conf_level
        As in :func:`two_sample_t`; `y` is the control.

    Returns
    -------
    dict of str to Effect
        ``cohens_d`` (pooled standard deviation), ``hedges_g`` (the same and its ends times the
        exact factor of :func:`hedges_factor`) and ``glass_delta`` (standard deviation of the
        control; its interval takes the ratio of the two as known, as R's ``effectsize``). Intervals
        from the noncentral t. NaN where the standard deviation is 0.

    References
    ----------
    .. [1] Hedges LV (1981). Distribution theory for Glass's estimator. J Educ Stat 6:107-128.
    .. [2] Steiger JH, Fouladi RT (1997). Noncentrality interval estimation. In: What if there were
       no significance tests?

    Examples
    --------
    >>> e = standardised_difference([4.0, 6.0, 8.0], [1.0, 2.0, 2.0, 3.0])
    >>> {name: round(float(one.estimate), 4) for name, one in e.items()}
    {'cohens_d': 2.8284, 'hedges_g': 2.378, 'glass_delta': 4.899}
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=2), people_along(b, at_least=2)
    level_between(conf_level)
    difference, df = a.mean(axis=-1) - b.mean(axis=-1), m + n - 2
    vx, vy = spread(a), spread(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = np.sqrt(((m - 1) * vx + (n - 1) * vy) / df)
        d = np.where(pooled > 0, difference / pooled, np.nan)
        delta = np.where(vy > 0, difference / np.sqrt(vy), np.nan)
        root = np.where(vy > 0, np.sqrt(1 / n + vx / (m * vy)), np.nan)
    cohen = _noncentral(d, np.full_like(d, np.sqrt(1 / m + 1 / n)), df, conf_level)
    j = hedges_factor(df)
    return {
        "cohens_d": cohen,
        "hedges_g": _times(cohen, j),
        "glass_delta": _noncentral(delta, root, n - 1, conf_level),
    }


def standardised_change(
    before: npt.ArrayLike, after: npt.ArrayLike, *, conf_level: float = 0.95
) -> dict[str, Effect]:
    """Mean change in standard deviations, by each of the standard deviations in use.

    Parameters
    ----------
    before, after : array_like, shape (..., n)
        One score per person, no NaN, n >= 2; leading axes are replicates.
    conf_level : float
        Coverage of the intervals.

    Returns
    -------
    dict of str to Effect
        The mean of after minus before over: ``d_z`` the SD of the change; ``d_av`` the mean of the
        two SDs; ``d_av_root_mean_variance`` the root of their mean variance; ``d_rm`` the SD of the
        change over sqrt(2 (1 - r)); ``d_pre`` the SD before. ``g_z`` and so on are these and their
        ends times J(n - 1). NaN where the SD is 0.

    Notes
    -----
    The intervals are that of d_z rescaled, so they take the ratio of the two SDs as known
    (Algina and Keselman do this for the root of the mean variance). They are exact for d_z alone.

    References
    ----------
    .. [1] Algina J, Keselman HJ (2003). Educ Psychol Meas 63:537-553 (approximate intervals).
    .. [2] Lakens D (2013). Front Psychol 4:863 (which standard deviation is which).

    Examples
    --------
    >>> e = standardised_change([6.0, 5.0, 7.0, 4.0], [5.0, 5.0, 5.0, 3.0])
    >>> [round(float(e[name].estimate), 4) for name in ("d_z", "d_av", "d_rm", "d_pre")]
    [-1.2247, -0.873, -0.8223, -0.7746]
    """
    b, a = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if people_along(a, at_least=2) != people_along(b, at_least=2):
        raise ValueError(f"before has {b.shape[-1]} people, after {a.shape[-1]}; give both of each")
    change = a - b
    s = standardised(change, conf_level=conf_level)
    z = Effect(estimate=s.d_z, conf_low=s.d_z_low, conf_high=s.d_z_high)
    vb, va, vc = spread(b), spread(a), spread(change)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (vb + va - vc) / (2 * np.sqrt(vb * va))
        scales = {
            "z": np.sqrt(vc),
            "av": (np.sqrt(vb) + np.sqrt(va)) / 2,
            "av_root_mean_variance": np.sqrt((vb + va) / 2),
            "rm": np.sqrt(vc / (2 * (1 - r))),
            "pre": np.sqrt(vb),
        }
        ratios = {n: np.where(sd > 0, np.sqrt(vc) / sd, np.nan) for n, sd in scales.items()}
    plain = {f"d_{name}": _times(z, ratio) for name, ratio in ratios.items()}
    j = hedges_factor(change.shape[-1] - 1)
    return plain | {f"g{name[1:]}": _times(one, j) for name, one in plain.items()}


def hedges_factor(df: npt.ArrayLike) -> Floats:
    """Return J: what a standardised difference is multiplied by to take its bias away.

    It is Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2)), not the approximation 1 - 3/(4 df - 1), and
    NaN up to 1 degree of freedom, where the mean it corrects does not exist.

    Examples
    --------
    >>> round(float(hedges_factor(9)), 6)
    0.913875
    """
    from scipy.special import gammaln

    known = np.asarray(df, dtype=np.float64)
    known = np.where(known > 1, known, np.nan)
    return np.exp(gammaln(known / 2) - gammaln((known - 1) / 2)) / np.sqrt(known / 2)


def mean_difference(
    frame: pd.DataFrame,
    outcome: str,
    *,
    arm: str,
    control: str,
    unequal_variances: bool = True,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the difference of means between each arm and the control.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the outcome and the arm. People without the outcome are
        counted in ``n_missing`` and otherwise left out.
    outcome, arm : str
        A numeric column, and the column that says which arm a person is in.
    control : str
        The arm that the others are compared with.
    unequal_variances : bool
        True is Welch's t, False is Student's.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        The mean of every arm (``measure`` "mean"), and "mean_difference" with the term
        "arm v control" for every other arm.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column or the control is absent, a person has no arm, or an arm fewer than 2 scores.

    Notes
    -----
    Wrong where people chose their arm, or where those who dropped out would have scored otherwise.
    Student's interval is wrong too where the arms differ in spread and in size.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDE"), "arm": ["TENS"] * 2 + ["sham"] * 3,
    ...     "spasms": [1.0, 3.0, 4.0, 6.0, None]})
    >>> row = mean_difference(frame, "spasms", arm="arm", control="sham").one(
    ...     measure="mean_difference")
    >>> row.term, float(row.estimate), int(row.n), int(row.n_missing)
    ('TENS v sham', -3.0, 4, 1)
    """
    rows: list[dict[str, Any]] = []
    notes = [_SIGN, ALLOCATION]
    for base, said, x, y in arm_pairs(frame, outcome, arm, control, conf_level):
        notes += said
        for values, name in ((x, base["term"].removesuffix(f" v {control}")), (y, control)):
            size = int(frame[arm].astype(str).eq(name).sum())
            rows.append(base | numbers_of(t_interval(values, conf_level=conf_level)) | {
                "term": name, "measure": "mean", "statistic": np.nan, "p_value": np.nan,
                "n": len(values), "n_missing": size - len(values), "method": "mean, t",
            })  # fmt: skip
        d = two_sample_t(x, y, unequal_variances=unequal_variances, conf_level=conf_level)
        if d.std_error == 0:
            notes.append(f"{base['term']}: nobody differs within an arm, so there is no t test.")
        how = "Welch t" if unequal_variances else "Student t"
        rows.append(base | numbers_of(d) | {"measure": "mean_difference", "method": how})
    once = {(row["term"], row["measure"]): row for row in rows}  # the control is met once per arm
    return Estimates.from_rows(list(once.values()), notes=dict.fromkeys(notes))


def effect_sizes(
    frame: pd.DataFrame, outcome: str, *, arm: str, control: str, conf_level: float = 0.95
) -> Estimates:
    """Estimate the difference between each arm and the control in standard deviations.

    Parameters
    ----------
    frame, outcome, arm, control, conf_level
        As in :func:`mean_difference`, with the same errors.

    Returns
    -------
    Estimates
        The measures of :func:`standardised_difference` for every other arm.

    Notes
    -----
    In a study that took only people with high scores the standard deviation is small, and so every
    one of these is large: say the difference in points first.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDE"), "arm": ["TENS"] * 2 + ["sham"] * 3,
    ...     "spasms": [1.0, 3.0, 4.0, 6.0, 5.0]})
    >>> answer = effect_sizes(frame, "spasms", arm="arm", control="sham")
    >>> answer.table.set_index("measure")["estimate"].round(3).to_dict()
    {'cohens_d': -2.598, 'hedges_g': -1.88, 'glass_delta': -3.0}
    """
    rows: list[dict[str, Any]] = []
    notes = [_SIGN, ALLOCATION]
    for base, said, x, y in arm_pairs(frame, outcome, arm, control, conf_level):
        notes += said
        for measure, one in standardised_difference(x, y, conf_level=conf_level).items():
            if np.isnan(one.estimate):
                notes.append(f"{base['term']}: {measure} does not exist, its SD is 0.")
            how = f"SD of {control}" if measure == "glass_delta" else "pooled SD"
            how += ", noncentral t" + (", times Hedges' J" if measure == "hedges_g" else "")
            rows.append(base | numbers_of(one) | {"measure": measure, "method": how})
    return Estimates.from_rows(rows, notes=dict.fromkeys(notes))


def paired_effect_sizes(
    scores: pd.DataFrame, *, outcome: str, group: str = "all", conf_level: float = 0.95
) -> Estimates:
    """Estimate the mean change in standard deviations, by each of the standard deviations in use.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``; 2 people with both at least.
    outcome, group : str
        Labels of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        One row per measure of :func:`standardised_change`; change is after minus before.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCD"), "before": [6.0, 5, 7, 4],
    ...     "after": [5.0, 5, 5, 3]})
    >>> float(paired_effect_sizes(scores, outcome="pain").one(measure="d_pre").estimate.round(4))
    -0.7746
    """
    level_between(conf_level)
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    if n < 2:
        raise too_few("paired_effect_sizes", 2, n, len(scores))
    over = {
        "z": "SD of the change", "av": "mean of the two SDs",
        "av_root_mean_variance": "root of the mean variance",
        "rm": "SD of the change / sqrt(2 (1 - r))", "pre": "SD before",
    }  # fmt: skip
    base = {
        "outcome": outcome, "group": group, "term": "change", "conf_level": conf_level, "n": n,
        "n_missing": len(scores) - n,
    }  # fmt: skip
    rows = []
    notes = [
        "Change is after minus before, with no comparison group: it is not proof of anything given.",
        "These divide one mean change by different SDs: compare like with like.",
        *left_out(scores, n),
    ]
    found = standardised_change(before[both], after[both], conf_level=conf_level)
    for measure, one in found.items():
        if np.isnan(one.estimate):
            notes.append(f"{measure} does not exist here: too few people, or an SD of 0.")
        how = f"mean change / {over[measure[2:]]}, noncentral t"
        how += ", times Hedges' J" if measure.startswith("g") else ""
        rows.append(base | numbers_of(one) | {"measure": measure, "method": how})
    return Estimates.from_rows(rows, notes=notes)


def arm_pairs(
    frame: pd.DataFrame, outcome: str, arm: str, control: object, conf_level: float
) -> Iterator[tuple[dict[str, Any], list[str], Floats, Floats]]:
    """Yield the start of a row, notes, and scores sorted by person, of each arm and the control."""
    level_between(conf_level)
    people = one_row_each(frame, [outcome, arm])
    if empty := int(people[arm].isna().sum()):
        raise ValueError(f"{empty} row(s) have no arm ({arm!r}); fill it in or leave the row out")
    arms, values = arms_of(people, arm, control), numbers(people, outcome)
    inside = {name: (people[arm] == name).to_numpy() for name in arms}
    seen = {name: values[inside[name] & ~np.isnan(values)] for name in arms}
    if few := {name: len(v) for name, v in seen.items() if len(v) < 2}:
        why = f"got {few}; leave such an arm out or collect more scores"
        raise ValueError(f"outcome {outcome!r} needs at least 2 people in every arm, {why}")
    for name in arms[1:]:
        gone = {one: int(inside[one].sum()) - len(seen[one]) for one in (name, control)}
        notes = [
            f"{one}: {k} of {k + len(seen[one])} people have no score and are left out; the answer "
            f"is wrong if they went otherwise."
            for one, k in gone.items() if k
        ]  # fmt: skip
        base = {
            "outcome": outcome, "group": "all", "term": f"{name} v {control}",
            "conf_level": conf_level, "n": len(seen[name]) + len(seen[control]),
            "n_missing": sum(gone.values()),
        }  # fmt: skip
        yield base, notes, seen[name], seen[control]


def numbers_of(answer: TwoMeans | Effect | MeanT) -> dict[str, Any]:
    """Return every field of one answer as plain numbers."""
    return {name: float(getattr(answer, name)) for name in type(answer).__dataclass_fields__}


def spread(values: Floats) -> Floats:
    """Sample variance over the last axis, exactly 0 where all values are the same."""
    return np.where(np.ptp(values, axis=-1) <= POINT, 0.0, values.var(axis=-1, ddof=1))


def _noncentral(d: Floats, root: Floats, df: int, conf_level: float) -> Effect:
    """Return `d` with the interval of the noncentral t whose statistic is d / root."""
    t = np.asarray(d / root)
    low, high = (_noncentrality(t, df, 0.5 + side * conf_level / 2) * root for side in (1, -1))
    return Effect(estimate=d, conf_low=low, conf_high=high)


def _times(effect: Effect, factor: float | Floats) -> Effect:
    return Effect(
        estimate=effect.estimate * factor, conf_low=effect.conf_low * factor,
        conf_high=effect.conf_high * factor,
    )  # fmt: skip
