"""The no-treatment twin of a trial: what the control alone would have shown in the people treated.

In a trial the treated arm's fall is often told alone. Part of it is what the control arm shows too:
regression to the mean, attention, expectation. Here the control's own course, by where people began,
is laid under the treated arm: what was observed, what the same people would have shown on the control,
and what lies beyond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.change.paired import FALL_LABELS, count_fallen
from msspas_analysis.estimate.intervals import (
    POINT,
    Floats,
    level_between,
    proportion_row,
    quotient,
)
from msspas_analysis.estimate.linear import LinearFit, least_squares, t_rows, variances
from msspas_analysis.estimate.people import arms_of, numbers, one_row_each
from msspas_analysis.estimate.prevalence.two_proportions import difference_interval
from msspas_analysis.estimate.trials.effect_size import ALLOCATION
from msspas_analysis.results import Estimates

OBSERVED, ON_CONTROL, BEYOND = "observed", "expected on the control", "beyond the control"
SHARE, CONTROL_ARM = "shown by the control as well", "control arm"
THRESHOLDS: Final = (0.20, 0.30)

_MODEL: Final = "linear model of after on arm and before"
_NOTES: Final = (
    "Change is after minus before: a negative number means the score went down.",
    "What was observed is what was to be expected on the control and what lies beyond it, added up.",
    "The interval of what was to be expected is of these very people, with ups and downs of their own.",
    "Shares of people who fell are those of the arms as they are, not adjusted for where they began.",
    ALLOCATION,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlContrast:
    """A treated arm beside what its control would have shown in it; leading axes are replicates.

    Parameters
    ----------
    observed : mapping of str to numpy.ndarray, shape (...)
        The treated arm's mean change, as :func:`~msspas_analysis.estimate.linear.t_rows`.
    expected : mapping of str to numpy.ndarray, shape (...)
        What the same people would have changed on the control: ``estimate``, ``std_error``,
        ``conf_low``, ``conf_high``, ``df``.
    beyond : mapping of str to numpy.ndarray, shape (...)
        The difference between the arms adjusted for the score before, as ``observed``.
    share : mapping of str to numpy.ndarray, shape (...)
        Expected over observed: ``estimate``, ``conf_low``, ``conf_high``, NaN where Fieller's interval
        has no end; and what it is made of, ``var_expected``, ``var_observed``, ``covariance``.
    n_treated, n_control : numpy.ndarray, shape (...)
        People with both scores.
    fit : LinearFit
        The linear model.
    """

    observed: Mapping[str, Floats]
    expected: Mapping[str, Floats]
    beyond: Mapping[str, Floats]
    share: Mapping[str, Floats]
    n_treated: Floats
    n_control: Floats
    fit: LinearFit


def control_contrast(
    before: npt.ArrayLike, after: npt.ArrayLike, arm: npt.ArrayLike, *, conf_level: float = 0.95
) -> ControlContrast:
    """Lay the control's course under the treated arm, replicate by replicate.

    Parameters
    ----------
    before, after : array_like, shape (..., n)
        Scores of each person, NaN where lost; leading axes are replicates.
    arm : array_like, shape (..., n) or (n,)
        1 in the treated arm, 0 in the control arm, NaN in neither.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    ControlContrast
        NaN where an arm has nobody with both scores, or too few have.

    Raises
    ------
    ValueError
        If shapes do not fit, `arm` holds something else, a number is infinite or the level is out of
        range.

    Notes
    -----
    With a common slope b of after on before, a treated person who began at x would have been at
    a + b x on the control. The mean of that over the treated, minus their mean before, is exactly what
    they changed minus the adjusted difference. For these very people its error is that of the
    difference: the control's course is estimated, and they would have had ups and downs of their own.
    The share is of people who begin like the treated, so where they began counts as drawn at random.

    References
    ----------
    .. [1] Fieller EC (1954). Some problems in interval estimation. J R Stat Soc B 16:175-185.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> before = rng.normal(6, 2, (1000, 40))
    >>> after = 2 + 0.6 * before + rng.normal(0, 1, (1000, 40))  # nothing works
    >>> got = control_contrast(before, after, np.arange(40) % 2)
    >>> float((got.beyond["p_value"] < 0.05).mean())
    0.056
    """
    b, a, g = (np.asarray(x, dtype=np.float64) for x in (before, after, arm))
    if not np.isin(g[~np.isnan(g)], (0.0, 1.0)).all():
        raise ValueError("arm must be 1 (treated), 0 (control) or NaN (neither); code it so first")
    fit = least_squares(a, [g, b])
    treated = fit.used & (g == 1)
    n_treated = treated.sum(axis=-1).astype(np.float64)
    n_control = fit.n - n_treated
    variance, df = variances(fit)
    beyond = t_rows(fit.coef[..., 0], variance[..., 0], df[..., 0], conf_level=conf_level)
    observed = _own_change(b, a, treated, n_treated, conf_level)
    expected = {
        "estimate": observed["estimate"] - beyond["estimate"], "std_error": beyond["std_error"],
        "conf_low": observed["estimate"] - beyond["conf_high"],
        "conf_high": observed["estimate"] - beyond["conf_low"], "df": beyond["df"],
    }  # fmt: skip
    # given where people began, the control's course and the treated people's luck are independent
    own = quotient(fit.sigma2, n_treated)
    start = quotient(_squares_about_mean(b, treated, n_treated), n_treated * (n_treated - 1.0))
    drift = np.square(fit.coef[..., 1] - 1.0) * start
    share = _fieller(
        expected["estimate"], observed["estimate"], variance[..., 0] - own + drift, own + drift, drift,
        df[..., 0], conf_level,
    )  # fmt: skip
    return ControlContrast(
        observed=observed, expected=expected, beyond=beyond, share=share, n_treated=n_treated,
        n_control=n_control, fit=fit,
    )  # fmt: skip


def change_beyond_control(
    scores: pd.DataFrame, *, control: object, arm: str = "arm", outcome: str = "stiffness",
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Say how much of a treated arm's change the same people would have shown on the control.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, the arm, ``before`` and ``after`` in points of the scale.
    control : object
        The control arm, such as the sham, as it is written in that column.
    arm : str
        The column with the arm people were allocated to.
    outcome : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        A ``group`` for each arm but the control, compared with the control alone. As
        "mean_difference" in points: ``term`` "observed" (paired t), "expected on the control" and
        "beyond the control" (t and p); the first is the sum of the others. As "share_of_change":
        expected over observed with Fieller's interval, neither of which is there where that interval
        has no end. As "fall_20" and "fall_30", the shares of people who fell by a fifth and by three
        tenths of their own score before: "observed" and "control arm" (Wilson), and "beyond the
        control" (Newcombe). People without both scores are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or not numeric, the control is not there or alone, an arm has fewer than 2
        people with both scores, scores before do not differ within arms, after is the same for
        everybody or fitted without error, or the level is out of range.

    Notes
    -----
    Wrong where arms were not allocated by chance, where those who were lost would have changed
    otherwise, where the slope of after on before differs much between arms, and where people found out
    what they had been given: then "beyond" holds part of the expectation too. A share below 0 or above
    1 is possible and is not cut: the control went the other way, or fell further.

    References
    ----------
    .. [1] Vickers AJ, Altman DG (2001). Analysing controlled trials with baseline and follow up
       measurements. BMJ 323:1123-1124.
    .. [2] Fieller EC (1954). Some problems in interval estimation. J R Stat Soc B 16:175-185.
    .. [3] Newcombe RG (1998). Interval estimation for the difference between independent proportions:
       comparison of eleven methods. Stat Med 17:873-890.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDEF"), "arm": ["sham", "foot"] * 3,
    ...     "before": [4.0, 5, 6, 7, 5, 6], "after": [4.0, 3, 5, 5, 4, 4]})
    >>> found = change_beyond_control(scores, control="sham")
    >>> means = found.table[found.table["measure"] == "mean_difference"]
    >>> means.set_index("term")["estimate"].round(2).to_dict()
    {'observed': -2.0, 'expected on the control': -0.92, 'beyond the control': -1.08}
    """
    level_between(conf_level)
    people = one_row_each(scores, ["before", "after", arm])
    arms = arms_of(people, arm, control)
    before, after = numbers(people, "before"), numbers(people, "after")
    inside = {label: people[arm].eq(label).to_numpy(dtype=bool, na_value=False) for label in arms}
    paired = ~(np.isnan(before) | np.isnan(after))
    for label in arms:
        if (count := int((inside[label] & paired).sum())) < 2:
            raise ValueError(
                f"arm {label!r} has {count} people with before and after, need 2 or more; leave the "
                "arm out or collect more scores"
            )
    rows: list[dict[str, Any]] = []
    notes = [*_NOTES]
    for label in arms[1:]:
        who = inside[label] | inside[control]
        given = np.where(inside[label], 1.0, np.where(inside[control], 0.0, np.nan))
        got = control_contrast(before, after, given, conf_level=conf_level)
        _refuse(got, str(label), str(control))
        size = int(got.n_treated), int(got.n_treated + got.n_control)
        gone = int(inside[label].sum()) - size[0], int(who.sum()) - size[1]
        base = {"outcome": outcome, "group": str(label), "conf_level": conf_level}
        own = base | {"n": size[0], "n_missing": gone[0]}
        both = base | {"n": size[1], "n_missing": gone[1]}
        rows += [
            own | {"term": OBSERVED, "measure": "mean_difference", "method": "paired t"}
            | _plain(got.observed),
            both | {"term": ON_CONTROL, "measure": "mean_difference",
                    "method": f"{_MODEL}, at the treated people's own before"} | _plain(got.expected),
            both | {"term": BEYOND, "measure": "mean_difference", "method": _MODEL}
            | _plain(got.beyond),
            both | {"term": SHARE, "measure": "share_of_change",
                    "method": f"{_MODEL}, expected over observed, Fieller"}
            | {name: float(got.share[name]) for name in ("estimate", "conf_low", "conf_high")},
        ]  # fmt: skip
        notes += _said(got, str(label), str(control), inside, paired)
        fell, said = _falls(before, after, inside[label], inside[control], base)
        rows += fell
        notes += [f"{label}: {text}" for text in said]
    if without := int(people[arm].isna().sum()):
        notes.append(f"{without} people are in no arm and are left out.")
    if any(str(row["measure"]).startswith("fall_") for row in rows):
        notes += [FALL_LABELS[threshold] for threshold in THRESHOLDS]
    if len(arms) > 2:
        notes.append(
            f"Each arm is compared with {control} alone; p-values are not adjusted for being several."
        )
    return Estimates.from_rows(rows, notes=dict.fromkeys(notes))


# --- what the kernel is made of --------------------------------------------------------------------


def _squares_about_mean(values: Floats, inside: npt.NDArray[np.bool_], n: Floats) -> Floats:
    """Return the sum of squares about the mean of those inside, over the last axis."""
    mean = quotient(np.where(inside, values, 0.0).sum(axis=-1), n)
    away = np.where(inside, values - mean[..., None], 0.0)
    away = np.where((np.ptp(away, axis=-1) <= POINT)[..., None], 0.0, away)
    return np.asarray(np.square(away).sum(axis=-1))


def _own_change(
    before: Floats, after: Floats, treated: npt.NDArray[np.bool_], n: Floats, conf_level: float
) -> dict[str, Floats]:
    """Return the paired t answer of the treated arm; an interval without width if all moved alike."""
    change = after - before
    mean = quotient(np.where(treated, change, 0.0).sum(axis=-1), n)
    variance = quotient(_squares_about_mean(change, treated, n), n * (n - 1.0))
    return t_rows(mean, variance, n - 1.0, conf_level=conf_level)


def _fieller(
    top: Floats, bottom: Floats, var_top: Floats, var_bottom: Floats, covariance: Floats, df: Floats,
    conf_level: float,
) -> dict[str, Floats]:  # fmt: skip
    """Return a ratio and its interval; NaN where the bottom may be 0 and the interval has no end."""
    from scipy.special import stdtrit

    t2 = np.square(stdtrit(np.where(df > 0, df, np.nan), 0.5 + conf_level / 2))
    square = np.square(bottom) - t2 * var_bottom
    square = np.where(square > 0, square, np.nan)
    middle = top * bottom - t2 * covariance
    rest = np.square(top) - t2 * var_top
    # rounding alone can take the root below 0, where nothing varies
    root = np.sqrt(np.maximum(np.square(middle) - square * rest, 0.0))
    return {
        "estimate": np.where(np.isnan(square), np.nan, quotient(top, bottom)),
        "conf_low": (middle - root) / square, "conf_high": (middle + root) / square,
        "var_expected": var_top, "var_observed": var_bottom, "covariance": covariance,
    }  # fmt: skip


# --- the table as answers --------------------------------------------------------------------------


def _plain(row: Mapping[str, Floats]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items()}


def _refuse(got: ControlContrast, label: str, control: str) -> None:
    if got.fit.collinear >= 0:
        raise ValueError(
            f"before does not differ within {label} and {control}, so there is no slope to adjust by; "
            "compare the changes instead (mean_difference)"
        )
    if not np.square(got.fit.residual).sum() > 1e-20 * max(1.0, float(got.fit.mean_y) ** 2):
        raise ValueError(
            f"after is the same for everybody in {label} and {control}, or fitted without error: there "
            "is no spread to judge a change by"
        )


def _said(
    got: ControlContrast, label: str, control: str, inside: Mapping[Any, npt.NDArray[np.bool_]],
    paired: npt.NDArray[np.bool_],
) -> list[str]:  # fmt: skip
    """Word what a reader must know of one arm: who is missing, and why there is no share."""
    notes = []
    lost = {
        str(k): int((v & ~paired).sum()) for k, v in inside.items() if str(k) in (label, control)
    }
    if any(lost.values()):
        told = ", ".join(f"{name}: {count}" for name, count in lost.items())
        notes.append(
            f"People without before or after are left out ({told}); that is fair only if it is chance "
            "who they are."
        )
    if np.isnan(got.share["estimate"]):
        notes.append(
            f"{label}: the observed change may be 0, so there is no share of it (Fieller's interval "
            "has no end)."
        )
    elif got.observed["estimate"] > 0:
        notes.append(f"{label}: scores went up, so the share is one of a rise.")
    return notes


def _falls(
    before: Floats, after: Floats, treated: npt.NDArray[np.bool_], control: npt.NDArray[np.bool_],
    base: dict[str, Any],
) -> tuple[list[dict[str, Any]], list[str]]:  # fmt: skip
    """Return the rows of people who fell by a share of their own score before, arm beside arm."""
    paired = ~(np.isnan(before) | np.isnan(after))
    arms = [who & paired for who in (treated, control)]
    if any((values[who] < 0).any() for values in (before, after) for who in arms):
        return [], [
            "a score is below 0, so a share of the own score means nothing; it is left out."
        ]
    if any(not (before[who] > POINT).any() for who in arms):
        return [], ["an arm began at 0 throughout and cannot fall; shares of falls are left out."]
    rows: list[dict[str, Any]] = []
    could = [int((before[who] > POINT).sum()) for who in arms]
    gone = [int(who.sum()) - n for who, n in zip((treated, control), could, strict=True)]
    level = base["conf_level"]
    for threshold in THRESHOLDS:
        name = f"fall_{threshold:.0%}".rstrip("%")
        count = [int(count_fallen(before[who], after[who], threshold=threshold)[0]) for who in arms]
        for term, k, n, absent in zip((OBSERVED, CONTROL_ARM), count, could, gone, strict=True):
            rows.append(base | proportion_row(k, n, conf_level=level)
                        | {"term": term, "measure": name, "n_missing": absent})  # fmt: skip
        low, high = difference_interval(
            count[0], could[0], count[1], could[1], method="newcombe", conf_level=level
        )
        rows.append(base | {
            "term": BEYOND, "measure": name, "estimate": count[0] / could[0] - count[1] / could[1],
            "conf_low": float(low), "conf_high": float(high), "n": sum(could),
            "n_missing": sum(gone), "method": "Newcombe",
        })  # fmt: skip
    zero = sum(int(who.sum()) - n for who, n in zip(arms, could, strict=True))
    said = (
        [f"{zero} people began at 0 and cannot fall; they count as missing there."] if zero else []
    )
    return rows, said
