"""Difference between arms: covariates, strata, unequal spread, centres, and margins decided before.

A table with one row per person goes in; the difference is always an arm minus the control arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.linear import (
    CLUSTERED,
    ROBUST,
    LinearFit,
    clustered_variances,
    fitted_at,
    least_squares,
    t_rows,
    variances,
)
from msspas_analysis.estimate.people import arms_of, coded, collinear, numbers, one_row_each
from msspas_analysis.results import Estimates

STD_ERRORS: Final = ("classical", *ROBUST, "HC2-BM", *CLUSTERED)
"""Standard errors of :func:`adjusted_difference`."""

_SIGN: Final = "A difference is the arm named first minus the other: below 0, its scores are lower."
_SAID: Final = {
    "classical": "one residual spread for all people",
    "HC2-BM": "spread may differ from person to person (HC2), degrees of freedom of Bell and McCaffrey",
    "CR0": "people of a cluster may be alike (plain sandwich), clusters minus 1 degrees of freedom",
    "CR1": "people of a cluster may be alike (CR1), clusters minus 1 degrees of freedom",
    "CR2": "people of a cluster may be alike (CR2), Satterthwaite degrees of freedom",
} | {name: f"spread may differ from person to person ({name})" for name in ROBUST}


def difference_kernel(
    y: npt.ArrayLike, arm: npt.ArrayLike, covariates: Sequence[npt.ArrayLike] = (), *,
    std_errors: str = "classical", conf_level: float = 0.95,
) -> dict[str, Floats]:  # fmt: skip
    """Difference between two arms adjusted for covariates, one for each replicate.

    Parameters
    ----------
    y : array_like, shape (..., n)
        Outcome of each person, NaN where there is none; leading axes are replicates.
    arm : array_like, shape (..., n) or (n,)
        1 in the arm, 0 in the control arm.
    covariates : sequence of array_like, each shape (..., n) or (n,)
        Numbers known before treatment, such as the baseline.
    std_errors : {"classical", "HC0", "HC1", "HC2", "HC3", "HC2-BM"}
        As :func:`~msspas_analysis.estimate.linear.variances`.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    dict of str to numpy.ndarray, shape (...)
        ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``statistic``, ``df``, ``p_value``,
        ``n``; NaN where an arm is empty.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> before = rng.normal(6, 2, (1000, 40))
    >>> after = 2 + 0.6 * before + rng.normal(0, 1, (1000, 40))  # nothing works
    >>> answer = difference_kernel(after, np.arange(40) % 2, [before])
    >>> float((answer["p_value"] < 0.05).mean())
    0.056
    """
    fit = least_squares(y, [arm, *covariates])
    variance, df = variances(fit, std_errors)
    rows = t_rows(fit.coef[..., 0], variance[..., 0], df[..., 0], conf_level=conf_level)
    return rows | {"n": fit.n}


def adjusted_difference(
    frame: pd.DataFrame, outcome: str, *, arm: str, control: object,
    covariates: Sequence[str] = (), strata: Sequence[str] = (), primary: object = None,
    std_errors: str = "classical", cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the mean difference between arms, adjusted for what was known before (ANCOVA).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the arm, the outcome and the covariates.
    outcome : str
        A numeric column.
    arm : str
        The column with the arm people were allocated to.
    control : object
        The arm all others are compared with, as it is written in that column.
    covariates : sequence of str
        Columns known before treatment. Numbers enter as they are; words, categories and yes/no
        enter as one column for each value but the first.
    strata : sequence of str
        Columns by which allocation was stratified, such as the centre; always taken as categories.
    primary : object
        With three or more arms: the arm whose comparison with the control was named as primary.
    std_errors : str
        One of :data:`STD_ERRORS`; the names beginning with CR need `cluster`.
    cluster : str or None
        A column; people with the same value may be alike.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each arm its mean at the average of all covariates, measure "mean"; for each arm but the
        control the "mean_difference", term "arm - control"; and the "residual_sd". People without
        an arm, outcome or covariate are in ``n_missing``, by arm in the notes.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent or not numeric, the control arm is not there, an arm has nobody left,
        nobody's outcome differs, columns determine each other, people are too few, three arms come
        without `primary`, `cluster` and `std_errors` do not go together, or an argument is out of
        range.

    Notes
    -----
    Everybody is analysed in the arm they were allocated to. People without an outcome are left out,
    which is right only if, within arms and given the covariates, it is chance who they are. A
    covariate measured after treatment began makes the difference wrong.

    References
    ----------
    .. [1] Vickers AJ, Altman DG (2001). Analysing controlled trials with baseline and follow up
       measurements. BMJ 323:1123-1124.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "arm": ["sham", "foot"] * 3,
    ...     "before": [4.0, 5, 6, 7, 5, 6], "after": [4.0, 3, 6, 5, 5, 5]})
    >>> row = adjusted_difference(frame, "after", arm="arm", control="sham",
    ...     covariates=["before"]).one(measure="mean_difference")
    >>> row.term, round(float(row.estimate), 2), int(row.n)
    ('foot - sham', -1.67, 6)
    """
    level_between(conf_level)
    _check_errors(std_errors, cluster)
    needed = [arm, outcome, *covariates, *strata, *([cluster] if cluster else [])]
    people = one_row_each(frame, needed)
    arms = arms_of(people, arm, control)
    if primary is None and len(arms) > 2:
        raise ValueError(
            f"column {arm!r} holds {len(arms)} arms, {arms}; name the one whose comparison with "
            f"{control!r} is primary: primary={arms[1]!r}"
        )
    if primary is not None and primary not in arms[1:]:
        raise ValueError(f"primary {primary!r} must be one of {arms[1:]}")
    y = numbers(people, outcome)
    columns = [
        (str(label), (people[arm] == label).to_numpy(np.float64, na_value=np.nan))
        for label in arms[1:]
    ]
    allocated = people[arm].isin(arms).to_numpy()
    for name in (*covariates, *strata):
        columns += coded(people, name, category=name in strata, used=allocated & ~np.isnan(y))
    if cluster:
        y = np.where(people[cluster].isna(), np.nan, y)
    y = np.where(allocated, y, np.nan)
    fit = least_squares(y, [values for _, values in columns])
    _refuse(fit, people, arm, arms, outcome, [name for name, _ in columns])
    if cluster:
        variance, df = clustered_variances(fit, people[cluster].astype(str).to_numpy(), std_errors)
    else:
        variance, df = variances(fit, std_errors)
    n = int(fit.n)
    base = {
        "outcome": outcome, "group": "all", "conf_level": conf_level, "n": n,
        "n_missing": len(people) - n,
        "method": f"linear model{_by(covariates, strata)}; {_SAID[std_errors]}",
    }  # fmt: skip
    rows = [base | row for row in _means(fit, people, arm, arms, conf_level)]
    rows += [
        base | {"term": f"{label} - {control}", "measure": "mean_difference"}
        | {k: float(v) for k, v in
           t_rows(fit.coef[i], variance[i], df[i], conf_level=conf_level).items()}
        for i, label in enumerate(arms[1:])
    ]  # fmt: skip
    rows.append(base | {
        "term": "residual", "measure": "residual_sd", "estimate": float(np.sqrt(fit.sigma2)),
        "df": float(fit.df), "conf_level": np.nan,
    })  # fmt: skip
    notes = [_SIGN, *_said_missing(fit, people, arm, arms), *_said_exact(rows, std_errors)]
    if len(arms) > 2:
        notes.append(
            f"The primary comparison is {primary} - {control}; the other p-values are not adjusted "
            "for being several."
        )
    return Estimates.from_rows(rows, notes=notes)


def linear_regression(
    frame: pd.DataFrame, outcome: str, *, terms: Sequence[str], std_errors: str = "classical",
    cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how much the mean outcome differs by each of several columns, the others held equal.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the outcome and the terms.
    outcome : str
        A numeric column.
    terms : sequence of str
        Columns: numbers enter as they are, words, categories and yes/no as one column for each value
        but the first.
    std_errors, cluster
        As :func:`adjusted_difference`.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        One row for each coefficient, measure "coefficient", and the "(intercept)" where standard
        errors are not clustered; people with anything missing are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        As :func:`adjusted_difference`, for columns and people.

    Notes
    -----
    A coefficient says who differs, not why. With several therapies at once it cannot say which did
    it: people who use one differ in more than that.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "hours": [0.0, 1, 2, 3],
    ...     "change": [0.0, -1, -1, -2]})
    >>> answer = linear_regression(frame, "change", terms=["hours"])
    >>> round(float(answer.one(term="hours").estimate), 3)
    -0.6
    """
    level_between(conf_level)
    _check_errors(std_errors, cluster)
    if not terms:
        raise ValueError("terms is empty; name at least one column")
    people = one_row_each(frame, [outcome, *terms, *([cluster] if cluster else [])])
    if people.empty:
        raise ValueError("the table has no rows: there is nobody to describe")
    y = numbers(people, outcome)
    if cluster:
        y = np.where(people[cluster].isna(), np.nan, y)
    columns = []
    for name in terms:
        columns += coded(people, name, category=False, used=~np.isnan(y))
    fit = least_squares(y, [values for _, values in columns])
    _refuse_columns(fit, outcome, [name for name, _ in columns])
    if cluster:
        variance, df = clustered_variances(fit, people[cluster].astype(str).to_numpy(), std_errors)
    else:
        variance, df = variances(fit, std_errors)
    n = int(fit.n)
    base = {
        "outcome": outcome, "group": "all", "measure": "coefficient", "conf_level": conf_level,
        "n": n, "n_missing": len(people) - n, "method": f"linear model; {_SAID[std_errors]}",
    }  # fmt: skip
    rows = []
    if not cluster and std_errors != "HC2-BM":
        level, spread = fitted_at(fit, np.zeros(fit.coef.size), std_errors)
        row = t_rows(level, spread, fit.df, conf_level=conf_level)
        rows.append(base | {"term": "(intercept)"} | {k: float(v) for k, v in row.items()})
    every = t_rows(fit.coef, variance, df, conf_level=conf_level)
    rows += [
        base | {"term": name} | {k: float(v[i]) for k, v in every.items()}
        for i, (name, _) in enumerate(columns)
    ]
    return Estimates.from_rows(rows, notes=[
        "Each coefficient is the difference in the mean for one unit, or from the first value of a "
        "category, the other terms held equal. It describes people; it is no effect.",
        *_said_exact(rows, std_errors),
    ])  # fmt: skip


def against_margin(
    answer: Estimates, *, margin: float, kind: str = "non-inferiority", lower_is_better: bool = True,
) -> Estimates:  # fmt: skip
    """Hold a mean difference against a margin that was fixed before: non-inferior, equivalent, or not.

    Parameters
    ----------
    answer : Estimates
        With rows of measure "mean_difference", each with a standard error; t where ``df`` is given,
        normal where not.
    margin : float
        Largest difference that still counts as none that matters, in points, above 0.
    kind : {"non-inferiority", "equivalence"}
        Whether the arm may be better, or must be alike both ways (two one-sided tests).
    lower_is_better : bool
        Whether a lower score is the better one, as for stiffness.

    Returns
    -------
    Estimates
        The same differences with the interval that belongs to the test: two-sided 90 % (for a level
        of 95 %), and the p-value of a difference as large as the margin or larger.

    Raises
    ------
    ValueError
        If `margin` is not above 0, `kind` is unknown, or there is no mean difference.

    References
    ----------
    .. [1] Schuirmann DJ (1987). A comparison of the two one-sided tests procedure and the power
       approach for assessing the equivalence of average bioavailability. J Pharmacokinet Biopharm
       15:657-680.

    Examples
    --------
    >>> answer = Estimates.from_rows([{"outcome": "stiffness", "group": "all", "term": "B - A",
    ...     "measure": "mean_difference", "estimate": -0.1, "std_error": 0.2, "df": 60.0, "n": 62,
    ...     "method": "t", "conf_level": 0.95}])
    >>> row = against_margin(answer, margin=0.5).table.iloc[0]
    >>> round(float(row.p_value), 4), round(float(row.conf_high), 3)
    (0.002, 0.234)
    """
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    kinds = ("non-inferiority", "equivalence")
    if kind not in kinds:
        raise ValueError(f"kind must be one of {kinds}, got {kind!r}")
    if not margin > 0 or not np.isfinite(margin):
        raise ValueError(f"margin must be above 0 and finite, got {margin}; give it in points")
    table = answer.table[answer.table["measure"] == "mean_difference"]
    if table.empty or table["std_error"].isna().any():
        raise ValueError("there is no mean difference with a standard error in this answer")
    rows: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        level = row["conf_level"] if np.isfinite(row["conf_level"]) else 0.95
        b, se, df = row["estimate"], row["std_error"], row["df"]
        t = np.isfinite(df)
        below = (b - margin) / se, (-b - margin) / se
        p_high, p_low = (float(stdtr(df, x) if t else ndtr(x)) for x in below)
        half = float(stdtrit(df, level) if t else ndtri(level)) * se
        p = max(p_high, p_low) if kind == "equivalence" else p_high if lower_is_better else p_low
        rows.append({str(name): value for name, value in row.items()} | {
            "conf_low": b - half, "conf_high": b + half, "conf_level": 2 * level - 1,
            "statistic": np.nan, "p_value": p, "method": f"{row['method']}; {kind}, margin {margin:g}",
        })  # fmt: skip
    worse = "above" if lower_is_better else "below"
    what = (
        f"The p-value is that of a difference of {margin:g} points or more either way."
        if kind == "equivalence"
        else f"The p-value is that of a difference {worse} {margin if lower_is_better else -margin:g}."
    )
    return Estimates.from_rows(rows, notes=[
        *answer.notes, what,
        "A margin counts only if it was fixed before the data were seen. Not being shown to differ "
        "is not the same as being shown to be alike.",
    ])  # fmt: skip


# --- the table as arms and columns ---------------------------------------------------------------


def _check_errors(std_errors: str, cluster: str | None) -> None:
    if std_errors not in STD_ERRORS:
        raise ValueError(f"std_errors must be one of {STD_ERRORS}, got {std_errors!r}")
    if (std_errors in CLUSTERED) != (cluster is not None):
        raise ValueError(
            f"std_errors={std_errors!r} with cluster={cluster!r}: give both, a name that begins "
            "with CR and the column of clusters, or neither"
        )


def _refuse(
    fit: LinearFit, people: pd.DataFrame, arm: str, arms: list[Any], outcome: str, names: list[str]
) -> None:
    counts = [int((fit.used & (people[arm] == label)).sum()) for label in arms]
    for label, count in zip(arms, counts, strict=True):
        if not count:
            raise ValueError(
                f"arm {label!r} has nobody with {outcome} and every covariate, so it cannot be "
                "compared"
            )
    _refuse_columns(fit, outcome, names)


def _refuse_columns(fit: LinearFit, outcome: str, names: list[str]) -> None:
    if fit.df < 1:
        raise ValueError(
            f"{int(fit.n)} people are too few for {len(names) + 1} coefficients ({', '.join(names)} "
            "and the mean); leave covariates out or use more people"
        )
    if fit.collinear >= 0:
        raise collinear(names, int(fit.collinear))
    if not np.square(fit.residual).sum() > 1e-20 * max(1.0, float(fit.mean_y) ** 2):
        raise ValueError(
            f"{outcome} is the same for everybody, or fitted without error: there is no spread to "
            "judge a difference by"
        )


def _means(
    fit: LinearFit, people: pd.DataFrame, arm: str, arms: list[Any], conf_level: float
) -> list[dict[str, Any]]:
    """Return each arm's mean at the average of all covariates."""
    k = len(arms) - 1
    out = []
    for i, label in enumerate(arms):
        at = fit.mean_x.copy()
        at[:k] = np.arange(k) == i - 1
        estimate, variance = fitted_at(fit, at)
        row = t_rows(estimate, variance, fit.df, conf_level=conf_level)
        inside = people[arm] == label
        count = int((fit.used & inside).sum())
        out.append({
            "term": str(label), "measure": "mean", "estimate": float(row["estimate"]),
            "std_error": float(row["std_error"]), "conf_low": float(row["conf_low"]),
            "conf_high": float(row["conf_high"]), "df": float(fit.df), "n": count,
            "n_missing": int(inside.sum()) - count, "method": "mean at the average of all "
            "covariates; one residual spread for all people",
        })  # fmt: skip
    return out


def _by(covariates: Sequence[str], strata: Sequence[str]) -> str:
    parts = []
    if covariates:
        parts.append("adjusted for " + ", ".join(covariates))
    if strata:
        parts.append("within " + ", ".join(strata))
    return " " + ", ".join(parts) if parts else ""


def _said_exact(rows: Sequence[dict[str, Any]], std_errors: str) -> list[str]:
    """Word that a spread cannot be told, because somebody stands alone in an arm or a category."""
    if not any(np.isnan(row.get("std_error", 0.0)) for row in rows):
        return []
    return [
        f"{std_errors} gives no standard error: somebody is alone in an arm or a category, so their "
        'own spread cannot be seen. "classical" takes it to be that of the others.'
    ]


def _said_missing(fit: LinearFit, people: pd.DataFrame, arm: str, arms: list[Any]) -> list[str]:
    notes = []
    lost = {label: int(((people[arm] == label) & ~fit.used).sum()) for label in arms}
    if any(lost.values()):
        told = ", ".join(f"{label}: {count}" for label, count in lost.items())
        notes.append(
            f"{sum(lost.values())} people lack the outcome or a covariate and are left out ({told}); "
            "that is fair only if it is chance who they are."
        )
    if without := int(people[arm].isna().sum()):
        notes.append(f"{without} people are in no arm and are left out.")
    return notes
