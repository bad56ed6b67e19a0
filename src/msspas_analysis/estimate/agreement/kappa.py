"""Agreement: grades of two raters (kappa) and, gathered here, of ratings, methods and items.

Kappa is in this module; the intraclass correlation, the limits of agreement and the internal
consistency of a scale have one each and are found here as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.agreement.internal_consistency import (
    OneFactor,
    cronbach_alpha,
    internal_consistency,
    one_factor,
)
from msspas_analysis.estimate.agreement.intraclass import (
    FORM_LABELS,
    FORMS,
    Intraclass,
    intraclass,
    intraclass_correlation,
    measurement_error,
)
from msspas_analysis.estimate.agreement.limits_of_agreement import (
    Limits,
    limits,
    limits_of_agreement,
)
from msspas_analysis.estimate.intervals import Floats, Ints, level_between, proportion_row
from msspas_analysis.estimate.people import one_row_each
from msspas_analysis.results import Estimates

__all__ = [
    "FORMS",
    "FORM_LABELS",
    "Intraclass",
    "Kappa",
    "Limits",
    "OneFactor",
    "Symmetry",
    "cohen_kappa",
    "cronbach_alpha",
    "internal_consistency",
    "intraclass",
    "intraclass_correlation",
    "kappa",
    "limits",
    "limits_of_agreement",
    "measurement_error",
    "one_factor",
    "symmetry",
]

WEIGHTS: Final = ("unweighted", "linear", "quadratic")
"""How far two grades apart still counts as agreement: not at all, by distance, by its square."""

_NOTHING: Final = 1e-13  # a variance of credits, which lie between 0 and 1: the rest is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Kappa:
    """Kappa of each replicate; ``observed`` and ``expected`` are (weighted) agreement."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    observed: Floats
    expected: Floats
    null_std_error: Floats
    statistic: Floats
    p_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Symmetry:
    """Share graded higher by the first rater minus share graded higher by the second."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    statistic: Floats
    df: Ints
    p_value: Floats


def cohen_kappa(
    counts: npt.ArrayLike, *, weights: str = "unweighted", conf_level: float = 0.95
) -> Kappa:
    """Cohen's kappa of square tables of counts.

    Parameters
    ----------
    counts : array_like, shape (..., r, r)
        People by grade of the first rater (rows) and of the second (columns), in the order of the
        grades, r >= 2; leading axes are replicates.
    weights : {"unweighted", "linear", "quadratic"}
        Credit of two grades d steps apart: none, 1 - d / (r - 1), or 1 - (d / (r - 1))**2.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Kappa
        The interval has the asymptotic standard error, and is not cut at -1 and 1; the test has the
        standard error under independence. NaN where both raters gave everybody the same grade, and
        in an empty table. Where one of them did, kappa is 0 however the grades are paired, so it
        has no interval and no test; linear weights have more such tables.

    Raises
    ------
    ValueError
        If the table is not square, a count is negative or NaN, with other weights or a level
        outside (0, 1).

    References
    ----------
    .. [1] Cohen J (1968). Weighted kappa: nominal scale agreement with provision for scaled
       disagreement or partial credit. Psychol Bull 70:213-220.
    .. [2] Fleiss JL, Cohen J, Everitt BS (1969). Large sample standard errors of kappa and weighted
       kappa. Psychol Bull 72:323-327.

    Examples
    --------
    >>> k = cohen_kappa([[20, 10], [5, 15]])
    >>> round(float(k.estimate), 4), round(float(k.std_error), 4), float(k.observed)
    (0.4, 0.127, 0.7)
    """
    from scipy.special import ndtr, ndtri

    q = float(ndtri(0.5 + level_between(conf_level) / 2))
    x, n = _square(counts)
    w = _credit(weights, x.shape[-1])
    p = _over(x, n[..., None, None])
    a, b = p.sum(axis=-1), p.sum(axis=-2)
    po, pe = (w * p).sum(axis=(-2, -1)), np.einsum("...i,ij,...j->...", a, w, b)
    diagonal = np.diagonal(x, axis1=-2, axis2=-1)
    # all in one cell: 1 - pe is 0 and may come out as 1e-16
    free = np.where((diagonal == n[..., None]).any(axis=-1), np.nan, 1 - pe)
    k = (po - pe) / free
    both = np.einsum("ij,...j->...i", w, b)[..., :, None]
    both = both + np.einsum("...i,ij->...j", a, w)[..., None, :]
    spread = (p * (w - both * (1 - k)[..., None, None]) ** 2).sum(axis=(-2, -1))
    spread = spread - (k - pe * (1 - k)) ** 2
    null = (a[..., :, None] * b[..., None, :] * (w - both) ** 2).sum(axis=(-2, -1)) - pe**2
    # no spread under independence: the credit is a sum of two parts, one for each rater, and kappa
    # is 0 however grades are paired
    fixed = null <= _NOTHING
    k = np.where(fixed, 0 * free, k)
    spread, null = (np.where(v <= _NOTHING, 0.0, v) for v in (spread, null))
    se, se0 = (np.sqrt(np.where(fixed, np.nan, v) / n) / free for v in (spread, null))
    z = _over(k, se0)
    return Kappa(
        estimate=k, std_error=se, conf_low=k - q * se, conf_high=k + q * se, observed=po,
        expected=pe, null_std_error=se0, statistic=z, p_value=2 * ndtr(-np.abs(z)),
    )  # fmt: skip


def symmetry(counts: npt.ArrayLike, *, conf_level: float = 0.95) -> Symmetry:
    """Whether two raters differ both ways alike: Bowker's test, McNemar's with two grades.

    Parameters
    ----------
    counts : array_like, shape (..., r, r)
        As for :func:`cohen_kappa`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Symmetry
        No continuity correction. Two cells that are both empty say nothing and are not counted in
        ``df``; where nobody is off the diagonal ``p_value`` is NaN. The interval is Wald's.

    Raises
    ------
    ValueError
        As for :func:`cohen_kappa`.

    References
    ----------
    .. [1] Bowker AH (1948). A test for symmetry in contingency tables. J Am Stat Assoc 43:572-574.

    Examples
    --------
    >>> s = symmetry([[20, 10], [5, 15]])
    >>> float(s.estimate), round(float(s.statistic), 4), round(float(s.p_value), 4)
    (-0.1, 1.6667, 0.1967)
    """
    from scipy.special import chdtrc, ndtri

    q = float(ndtri(0.5 + level_between(conf_level) / 2))
    x, n = _square(counts)
    up = np.triu_indices(x.shape[-1], 1)
    second, first = x[..., up[0], up[1]], x[..., up[1], up[0]]
    there = first + second > 0
    chi = np.where(there, _over((first - second) ** 2, first + second), 0.0).sum(axis=-1)
    df = there.sum(axis=-1)
    lower, upper = _over(first.sum(axis=-1), n), _over(second.sum(axis=-1), n)
    d = lower - upper
    se = np.sqrt((lower + upper - d * d) / np.where(n > 0, n, np.nan))
    return Symmetry(
        estimate=d, std_error=se, conf_low=d - q * se, conf_high=d + q * se,
        statistic=np.where(df > 0, chi, np.nan), df=df,
        p_value=np.where(df > 0, chdtrc(np.maximum(df, 1), chi), np.nan),
    )  # fmt: skip


def kappa(
    frame: pd.DataFrame,
    ratings: tuple[str, str],
    *,
    categories: Sequence[Any] | None = None,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how far two raters give the same people the same grade, beyond chance.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id`` and the two columns of grades.
    ratings : tuple of str
        The columns of the two raters. People without both grades are in ``n_missing``.
    categories : sequence or None
        All grades in their order, those never given too. By default those of an ordered
        categorical column, or the numbers found; more than two words need it.
    group : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        "kappa", "kappa_linear" and "kappa_quadratic" (see :func:`cohen_kappa`);
        "observed_agreement" (Wilson) and "expected_agreement" by chance, both unweighted; and
        "asymmetry", the share graded higher by the first minus that by the second, with Bowker's
        test (see :func:`symmetry`).

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        Without anybody graded by both, with one category, a grade that is not among `categories`,
        words without an order, absent columns or a level outside (0, 1).

    Notes
    -----
    Kappa depends on how common the grades are: the same raters reach less where most people have
    the same grade. Weights take the grades as equal steps; leaving out a grade that nobody got makes
    the steps around it look smaller. Weighted kappas of scales of different length do not compare.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "physio": [0, 1, 1, 2, 3, 2],
    ...     "nurse": [0, 1, 2, 2, 3, None]})
    >>> answer = kappa(frame, ("physio", "nurse"), categories=range(5))
    >>> row = answer.one(measure="kappa_quadratic")
    >>> round(float(row.estimate), 4), int(row.n), int(row.n_missing)
    (0.9057, 5, 1)
    """
    level_between(conf_level)
    if isinstance(ratings, str) or len(ratings) != 2 or ratings[0] == ratings[1]:
        raise ValueError(
            f"ratings must name two different columns, got {ratings!r}; give ('a', 'b')"
        )
    first, second = ratings
    frame = one_row_each(frame, [first, second])
    graded = frame.loc[frame[first].notna() & frame[second].notna(), [first, second]]
    n = len(graded)
    if not n:
        raise ValueError(f"nobody of {len(frame)} people has both {first} and {second}")
    grades = _grades(graded, ratings, categories)
    table = np.zeros((len(grades), len(grades)))
    codes = [pd.Index(grades).get_indexer(graded[name]) for name in ratings]
    for name, code in zip(ratings, codes, strict=True):
        if strange := sorted({str(v) for v in graded.loc[code < 0, name]}):
            raise ValueError(f"column {name!r} has {strange}, not among the grades {grades}")
    np.add.at(table, tuple(codes), 1)
    base = {
        "outcome": first, "group": group, "term": f"with {second}", "conf_level": conf_level,
        "n": n, "n_missing": len(frame) - n,
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for weights in WEIGHTS:
        k = cohen_kappa(table, weights=weights, conf_level=conf_level)
        rows.append(base | {
            "measure": "kappa" if weights == "unweighted" else f"kappa_{weights}",
            "estimate": float(k.estimate), "std_error": float(k.std_error),
            "conf_low": float(k.conf_low), "conf_high": float(k.conf_high),
            "statistic": float(k.statistic), "p_value": float(k.p_value),
            "method": f"Cohen, {weights}; asymptotic interval, z with the error of no agreement",
        })  # fmt: skip
    plain = cohen_kappa(table, conf_level=conf_level)
    observed = proportion_row(int(np.trace(table)), n, conf_level=conf_level)
    rows.append(base | observed | {"measure": "observed_agreement"})
    rows.append(base | {
        "measure": "expected_agreement", "estimate": float(plain.expected), "conf_level": np.nan,
        "method": "by chance, from how often each rater gave each grade",
    })  # fmt: skip
    s = symmetry(table, conf_level=conf_level)
    rows.append(base | {
        "measure": "asymmetry", "estimate": float(s.estimate), "std_error": float(s.std_error),
        "conf_low": float(s.conf_low), "conf_high": float(s.conf_high),
        "statistic": float(s.statistic), "df": float(s.df) if s.df else np.nan,
        "p_value": float(s.p_value), "method": "Bowker's test of symmetry; Wald interval",
    })  # fmt: skip
    notes = [
        f"Grades in order: {', '.join(map(str, grades))}; weights take them as equal steps.",
        "Asymmetry is the share graded higher by the first rater minus that by the second.",
    ]
    if len(frame) > n:
        notes.append(f"{len(frame) - n} of {len(frame)} people lack a grade and are left out.")
    if np.isnan(plain.estimate):
        notes.append("Both raters gave everybody the same grade, so kappa does not exist.")
    elif plain.observed == 1:
        notes.append("The raters always agreed: the interval of kappa has no width, which is too")
        notes[-1] += " sure; look at that of the observed agreement."
    elif any(row["conf_high"] > 1 for row in rows[:3]) or any(
        row["conf_low"] < -1 for row in rows[:3]
    ):
        notes.append("An interval of kappa reaches beyond 1: there are few people for it.")
    if mute := [row["measure"] for row in rows[:3] if np.isnan(row["std_error"])]:
        notes.append(
            f"{', '.join(mute)}: with these grades it is 0 or nothing however they are paired, so "
            f"there is no interval and it says nothing."
        )
    if np.isnan(s.p_value):
        notes.append("Nobody was graded differently, so there is no test of symmetry.")
    return Estimates.from_rows(rows, notes=notes)


def _grades(
    graded: pd.DataFrame, ratings: tuple[str, str], categories: Sequence[Any] | None
) -> list[Any]:
    if categories is not None:
        grades = list(categories)
        if len(set(grades)) != len(grades):
            raise ValueError(f"categories holds a grade twice: {grades}")
    else:
        kinds = [graded[name].dtype for name in ratings]
        ordered = [k for k in kinds if isinstance(k, pd.CategoricalDtype) and k.ordered]
        if ordered and all(k == ordered[0] for k in kinds):
            grades = list(ordered[0].categories)
        else:
            found = pd.unique(np.concatenate([graded[n].to_numpy(dtype=object) for n in ratings]))
            number = all(pd.api.types.is_numeric_dtype(k) for k in kinds)
            grades = sorted(found) if number else sorted(found, key=str)
            if not number and len(grades) > 2:
                raise ValueError(
                    f"the grades {[str(g) for g in grades]} are words in no order; give them in "
                    f"order as categories=[...], or as ordered categorical columns"
                )
    if len(grades) < 2:
        raise ValueError(
            f"kappa needs at least 2 grades, got {grades}; give all that were possible as "
            f"categories=[...]"
        )
    return grades


def _credit(weights: str, r: int) -> Floats:
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {list(WEIGHTS)}, got {weights!r}")
    if weights == "unweighted":
        return np.eye(r)
    apart = np.abs(np.subtract.outer(np.arange(r), np.arange(r))) / (r - 1)
    return np.asarray(1 - (apart if weights == "linear" else apart**2))


def _square(counts: npt.ArrayLike) -> tuple[Floats, Floats]:
    x = np.asarray(counts, dtype=np.float64)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2] or x.shape[-1] < 2:
        raise ValueError(f"counts must be square tables of 2 or more grades, got shape {x.shape}")
    if not np.all(x >= 0):
        raise ValueError("counts must be 0 or more; count people by grade of the two raters")
    return x, x.sum(axis=(-2, -1))


def _over(a: Floats, b: Floats) -> Floats:
    out = np.full(np.broadcast_shapes(np.shape(a), np.shape(b)), np.nan)
    np.divide(a, b, out=out, where=np.asarray(b) > 0)
    return out
