"""Anchors: how large a change is in the eyes of the people who had it.

People say on an ordered scale how they have fared (a global impression of change). The score is
held against that: how far both go together, the mean change at each answer, and the cut that tells
people who say "better" from the others.

References
----------
.. [1] Revicki D, Hays RD, Cella D, Sloan J (2008). Recommended methods for determining
   responsiveness and minimally important differences for patient-reported outcomes. J Clin
   Epidemiol 61:102-109.
.. [2] Terluin B, Eekhout I, Terwee CB, de Vet HC (2015). Minimal important change (MIC) based on a
   predictive modeling approach was more precise than MIC based on ROC analysis. J Clin Epidemiol
   68:1388-1396.
.. [3] Terluin B, Eekhout I, Terwee CB (2017). The anchor-based minimal important change, based on
   receiver operating characteristic analysis or predictive modeling, may need to be adjusted for
   the proportion of improved patients. J Clin Epidemiol 83:90-100.
.. [4] DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more
   correlated receiver operating characteristic curves. Biometrics 44:837-845.
.. [5] Bonett DG, Wright TA (2000). Sample size requirements for estimating Pearson, Kendall and
   Spearman correlations. Psychometrika 65:23-28.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import POINT, Floats, Ints, level_between, t_interval
from msspas_analysis.estimate.windows import pairs, too_few
from msspas_analysis.results import Estimates

Bools = npt.NDArray[np.bool_]
Direction = Literal["lower", "higher"]

WEAK_ANCHOR: Final = 0.3
"""Correlation of change and anchor below which the anchor says little about the score [1]_."""


# --- kernels: the leading axes are replicates -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class YoudenCut:
    """The cut that tells two groups apart best; fields have the shape of the leading axes.

    Parameters
    ----------
    cut : numpy.ndarray
        Midway between two gains that occur; ``-inf`` where no cut beats counting everybody. Of
        cuts equally good the lowest.
    sensitivity, specificity : numpy.ndarray
        Share of those who say "better" at or above it, and of the others below it.
    auc, auc_error : numpy.ndarray
        Area under the curve and its standard error (DeLong).
    """

    cut: Floats
    sensitivity: Floats
    specificity: Floats
    auc: Floats
    auc_error: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictiveCut:
    """The gain at which "better" is as likely as in the group; shape of the leading axes.

    Parameters
    ----------
    cut : numpy.ndarray
        From a logistic regression; NaN where it separates both groups or they are alike.
    adjusted : numpy.ndarray
        Adjusted for the share who say "better" being other than one half.
    share : numpy.ndarray
        The share who say "better".
    """

    cut: Floats
    adjusted: Floats
    share: Floats


def _two_groups(gain: npt.ArrayLike, better: npt.ArrayLike) -> tuple[Floats, Bools]:
    x, yes = np.broadcast_arrays(np.asarray(gain, np.float64), np.asarray(better, bool))
    if np.isnan(x).any():
        raise ValueError("gain holds NaN; leave the person out")
    return x, yes


def youden_cut(gain: npt.ArrayLike, better: npt.ArrayLike) -> YoudenCut:
    """Find the cut with the largest sum of sensitivity and specificity (Youden).

    Parameters
    ----------
    gain : array_like, shape (..., n)
        How far each person's score moved in the good direction, no NaN.
    better : array_like of bool, shape (..., n) or (n,)
        Who says "better". Fields are NaN where all say the same.

    Returns
    -------
    YoudenCut
        Gains closer than ``POINT`` are ties.

    Examples
    --------
    >>> found = youden_cut([1.0, 2, 3, 4, 5], [False, False, True, False, True])
    >>> float(found.cut), float(found.sensitivity), round(float(found.auc), 4)
    (2.5, 1.0, 0.8333)
    """
    from scipy.stats import rankdata

    x, yes = _two_groups(gain, better)
    n = x.shape[-1]
    order = np.argsort(x, axis=-1, kind="stable")
    value, one = np.take_along_axis(x, order, -1), np.take_along_axis(yes, order, -1)
    start = np.concatenate(
        [np.ones((*x.shape[:-1], 1), bool), np.diff(value, axis=-1) > POINT], axis=-1
    )
    p, q = one.sum(axis=-1, keepdims=True), (~one).sum(axis=-1, keepdims=True)
    lower_yes: Ints = np.cumsum(one, axis=-1) - one
    lower_no: Ints = np.cumsum(~one, axis=-1) - ~one
    youden = np.where(start, lower_no * p - lower_yes * q, -1)  # whole numbers: ties are ties
    at = np.argmax(youden, axis=-1)[..., None]
    below = np.take_along_axis(value, np.maximum(at - 1, 0), -1)
    cut = np.where(at > 0, (below + np.take_along_axis(value, at, -1)) / 2, -np.inf)[..., 0]
    place = rankdata(np.cumsum(start, axis=-1), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sensitivity = 1 - (np.take_along_axis(lower_yes, at, -1) / p)[..., 0]
        specificity = (np.take_along_axis(lower_no, at, -1) / q)[..., 0]
        # placements: the share of the other group below each person, half of those alike
        within = np.where(one, _ranks_of(start, one), _ranks_of(start, ~one))
        placed = (place - within) / np.where(one, q, p)
        auc = (np.where(one, placed, 0).sum(-1) / p[..., 0])[()]
        middle = np.where(one, auc[..., None], 1 - auc[..., None])
        square = np.square(placed - middle)
        p1, q1 = p[..., 0], q[..., 0]
        var = np.where(one, square, 0).sum(-1) / (p1 * (p1 - 1.0))
        var = var + np.where(one, 0, square).sum(-1) / (q1 * (q1 - 1.0))
    none = (p[..., 0] == 0) | (p[..., 0] == n)
    cut, sensitivity, specificity, auc, error = (
        np.where(none, np.nan, v) for v in (cut, sensitivity, specificity, auc, np.sqrt(var))
    )
    return YoudenCut(
        cut=cut, sensitivity=sensitivity, specificity=specificity, auc=auc, auc_error=error
    )


def _ranks_of(start: Bools, member: Bools) -> Floats:
    """Return mid-ranks among the members, at every place of ordered people with ties."""
    group = np.cumsum(start, axis=-1) - 1
    flat = group + start.shape[-1] * np.arange(group[..., 0].size).reshape(*group.shape[:-1], 1)
    size = np.bincount(flat.ravel(), weights=member.ravel().astype(np.float64),
                       minlength=group.size)  # fmt: skip
    size = size.reshape(group.shape)
    middle = np.cumsum(size, axis=-1) - (size - 1) / 2
    return np.asarray(np.take_along_axis(middle, group, axis=-1))


def predictive_cut(gain: npt.ArrayLike, better: npt.ArrayLike) -> PredictiveCut:
    """Find the gain at which the odds of "better" are those of the whole group [2]_.

    Parameters
    ----------
    gain : array_like, shape (..., n)
        How far each person's score moved in the good direction, no NaN.
    better : array_like of bool, shape (..., n) or (n,)
        Who says "better".

    Returns
    -------
    PredictiveCut
        ``adjusted`` is ``cut - (0.090 + 0.103 r) SD log(odds)``, with r the correlation of gain
        and "better" and SD that of the gain [3]_.

    Examples
    --------
    >>> found = predictive_cut([0.0, 1, 2, 3, 4, 5], [False, True, False, False, True, True])
    >>> float(found.cut.round(9)), float(found.adjusted.round(9))
    (2.5, 2.5)
    """
    x, yes = _two_groups(gain, better)
    y = yes.astype(np.float64)
    n = x.shape[-1]
    share = y.mean(axis=-1)
    centre, sd = x.mean(axis=-1), x.std(axis=-1, ddof=1) if n > 1 else np.full(share.shape, np.nan)
    low_yes = np.where(yes, x, np.inf).min(axis=-1)
    high_yes = np.where(yes, x, -np.inf).max(axis=-1)
    low_no = np.where(yes, np.inf, x).min(axis=-1)
    high_no = np.where(yes, -np.inf, x).max(axis=-1)
    mixed = (low_yes < high_no - POINT) & (low_no < high_yes - POINT) & (sd > POINT)
    with np.errstate(all="ignore"):
        u = np.where(mixed[..., None], (x - centre[..., None]) / sd[..., None], 0.0)
        log_odds = np.log(share) - np.log1p(-share)
        a, b = np.where(mixed, log_odds, 0.0), np.zeros(share.shape)
        for _ in range(60):
            p = 1 / (1 + np.exp(-(a[..., None] + b[..., None] * u)))
            w = p * (1 - p)
            ga, gb = (y - p).sum(-1), ((y - p) * u).sum(-1)
            s0, s1, s2 = w.sum(-1), (w * u).sum(-1), (w * u * u).sum(-1)
            det = s0 * s2 - s1 * s1
            da, db = (s2 * ga - s1 * gb) / det, (s0 * gb - s1 * ga) / det
            limit = np.maximum(1.0, np.maximum(np.abs(da), np.abs(db)) / 2)
            a, b = a + da / limit, b + db / limit
            if not np.any(mixed & (np.abs(da) + np.abs(db) > 1e-14 * (1 + np.abs(a) + np.abs(b)))):
                break
        r = (u * y).sum(-1) / (n - 1) / y.std(axis=-1, ddof=1)
        cut = np.where(mixed & (np.abs(b) > POINT), centre + sd * (log_odds - a) / b, np.nan)
        adjusted = cut - (0.090 + 0.103 * r) * sd * log_odds
    return PredictiveCut(cut=cut, adjusted=np.asarray(adjusted), share=share)


# --- from a table -------------------------------------------------------------------------------


def anchor_summary(
    scores: pd.DataFrame,
    *,
    outcome: str,
    anchor: str,
    levels: Sequence[Any],
    better: Sequence[Any],
    no_change: Any = None,
    direction: Direction = "lower",
    seed: int,
    draws: int = 2000,
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate what change goes with what people say about their change.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`, and
        the column `anchor`.
    outcome, group : str
        Labels of the answer.
    anchor : str
        Column with each person's answer.
    levels : sequence
        All answers there are, from the worst to the best.
    better : sequence
        The answers that count as better: some of `levels`, the best among them.
    no_change : object or None
        The answer in the middle; with it the regression of change on the anchor is given.
    direction : {"lower", "higher"}
        Which way the score moves when things get better.
    seed : int
        Seed of the bootstrap, 0 or more.
    draws : int
        Bootstrap samples of people, 0 for no intervals of the cuts.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``spearman`` of fall (rise with ``direction="higher"``) and anchor; ``mean_difference``
        (after minus before) at each answer; ``expected_change`` at no change and
        ``change_per_level`` (straight line over the levels, counted from no change); ``auc``,
        ``roc_cut``, ``sensitivity``, ``specificity``; ``predictive_cut`` and
        ``predictive_cut_adjusted``. Cuts are falls (rises) in points. Intervals of cuts are
        bootstrap percentiles over people. People without a pair or an answer are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        With fewer than 4 people, answers that are not in `levels`, everybody or nobody better,
        absent columns, or an argument out of range.

    Notes
    -----
    A cut is a mean over people, near the middle of their own limits; it is no rule for one person.
    People judge change by how they are now more than by how they were, so an anchor often goes
    with the after score alone. With more than a half or fewer saying "better", the unadjusted cuts
    are too high or too low [3]_.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDEF"), "before": [6.0, 5, 7, 4, 6, 5],
    ...     "after": [6.0, 4, 5, 1, 2, 0], "said": ["same", "better"] + ["same"] * 2
    ...     + ["better"] * 2})
    >>> answer = anchor_summary(scores, outcome="stiffness", anchor="said",
    ...     levels=["same", "better"], better=["better"], seed=1, draws=0)
    >>> float(answer.one(measure="predictive_cut").estimate.round(9))
    2.5
    """
    known = list(levels)
    level_between(conf_level)
    if direction not in ("lower", "higher"):
        raise ValueError(f"direction must be 'lower' or 'higher', got {direction!r}")
    if draws < 0 or seed < 0:
        raise ValueError(f"draws and seed must be 0 or more, got {draws} and {seed}")
    if len(known) < 2 or len(set(known)) < len(known):
        raise ValueError(f"levels must be two or more different answers, got {known}")
    good = [known.index(b) for b in better if b in known]
    if (
        len(good) < len(list(better))
        or sorted(good) != list(range(len(known) - len(good), len(known)))
        or not 0 < len(good) < len(known)
    ):
        raise ValueError(
            f"better must be the last of the levels {known}, some and not all, got {list(better)}"
        )
    if no_change is not None and no_change not in known:
        raise ValueError(f"no_change {no_change!r} is not one of the levels {known}")
    before, after = pairs(scores)
    if anchor not in scores.columns:
        raise ValueError(
            f"scores has no column {anchor!r}; it has {[str(c) for c in scores.columns]}"
        )
    order = np.argsort(scores["person_id"].astype(str).to_numpy(), kind="stable")
    said = scores[anchor].iloc[order]
    strange = sorted({str(v) for v in said.dropna().unique() if v not in known})
    if strange:
        raise ValueError(f"column {anchor!r} holds answers that are not in levels: {strange}")
    place = said.map({v: i for i, v in enumerate(known)}).to_numpy(np.float64, na_value=np.nan)
    use = ~(np.isnan(before) | np.isnan(after) | np.isnan(place))
    change, code, n = (after - before)[use], place[use], int(use.sum())
    if n < 4:
        raise too_few("anchor_summary", 4, n, len(scores))
    gain = -change if direction == "lower" else change
    yes = code >= min(good)
    if yes.all() or not yes.any():
        raise ValueError(
            f"{int(yes.sum())} of {n} people say better: a cut needs some who do and some who do not"
        )
    word = "fall" if direction == "lower" else "rise"
    rows, notes = _correlation(gain, code, word, conf_level)
    rows += _by_level(change, code, known, conf_level)
    if no_change is not None:
        rows += _line(change, code - known.index(no_change), conf_level)
    more, said_so = _cuts(gain, yes, word, seed, draws, conf_level)
    base = {"outcome": outcome, "group": group, "conf_level": conf_level, "n": n,
            "n_missing": len(scores) - n}  # fmt: skip
    empty = [str(v) for i, v in enumerate(known) if not np.any(code == i)]
    if empty:
        notes.append(f"Nobody answered {', '.join(empty)}.")
    if n < len(scores):
        notes.append(f"{len(scores) - n} of {len(scores)} people lack a score or an answer.")
    notes += said_so
    notes.append("A cut describes a group; it is no rule for one person.")
    return Estimates.from_rows([base | row for row in rows + more], notes=notes)


def _correlation(
    gain: Floats, code: Floats, word: str, level: float
) -> tuple[list[dict[str, Any]], list[str]]:
    from scipy.special import ndtri, stdtr
    from scipy.stats import rankdata

    # equal falls must be equal numbers before they are ranked
    place = np.concatenate([[0], np.cumsum(np.diff(np.sort(gain)) > POINT)])[
        np.argsort(np.argsort(gain, kind="stable"), kind="stable")
    ]
    a, b = rankdata(place), rankdata(code)
    n = len(a)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return [], ["Everybody moved alike or answered alike: no correlation with the anchor."]
    a, b = a - a.mean(), b - b.mean()
    r = float((a @ b) / np.sqrt((a @ a) * (b @ b)))
    sure = abs(r) >= 1 - 1e-12
    half = float(ndtri(0.5 + level / 2)) * np.sqrt((1 + r * r / 2) / (n - 3))
    z = np.inf if sure else float(np.arctanh(r))
    t = np.inf if sure else r * np.sqrt((n - 2) / (1 - r * r))
    row = {
        "term": f"{word} and anchor", "measure": "spearman", "estimate": r,
        "conf_low": r if sure else float(np.tanh(z - half)),
        "conf_high": r if sure else float(np.tanh(z + half)), "statistic": float(t), "df": n - 2,
        "p_value": float(2 * stdtr(n - 2, -abs(t))), "method": "Spearman, t; Bonett-Wright interval",
    }  # fmt: skip
    notes = []
    if r < WEAK_ANCHOR:
        notes.append(
            f"The anchor goes with the score by {r:.2f} only; below {WEAK_ANCHOR} its cuts say "
            f"little about this score (Revicki 2008)."
        )
    return [row], notes


def _by_level(
    change: Floats, code: Floats, levels: Sequence[Any], level: float
) -> list[dict[str, Any]]:
    rows = []
    for i, name in enumerate(levels):
        here = change[code == i]
        if not len(here):
            continue
        row = {"term": str(name), "measure": "mean_difference", "n": len(here)}
        if len(here) == 1:
            row |= {"estimate": float(here[0]), "conf_low": -np.inf, "conf_high": np.inf,
                    "method": "one person"}  # fmt: skip
        else:
            t = t_interval(here, conf_level=level)
            row |= {"estimate": float(t.estimate), "std_error": float(t.std_error),
                    "conf_low": float(t.conf_low), "conf_high": float(t.conf_high), "df": t.df,
                    "method": "mean change of people with this answer, t"}  # fmt: skip
        rows.append(row)
    return rows


def _line(change: Floats, steps: Floats, level: float) -> list[dict[str, Any]]:
    from scipy.special import stdtr, stdtrit

    x = np.column_stack([np.ones(len(steps)), steps])
    inverse = np.linalg.inv(x.T @ x)
    coef = inverse @ x.T @ change
    df = len(change) - 2
    variance = np.square(change - x @ coef).sum() / df
    rows = []
    for i, (term, measure) in enumerate(
        (("no change", "expected_change"), ("per level", "change_per_level"))
    ):
        se = float(np.sqrt(variance * inverse[i, i]))
        half = float(stdtrit(df, 0.5 + level / 2)) * se
        row = {
            "term": term, "measure": measure, "estimate": float(coef[i]), "std_error": se,
            "conf_low": float(coef[i]) - half, "conf_high": float(coef[i]) + half, "df": df,
            "method": "change on anchor level, least squares",
        }  # fmt: skip
        if se > POINT:
            t = float(coef[i]) / se
            row |= {"statistic": t, "p_value": float(2 * stdtr(df, -abs(t)))}
        rows.append(row)
    return rows


def _cuts(
    gain: Floats, yes: Bools, word: str, seed: int, draws: int, level: float
) -> tuple[list[dict[str, Any]], list[str]]:
    from scipy.special import ndtri

    n = len(gain)
    roc, fit = youden_cut(gain, yes), predictive_cut(gain, yes)
    z, share = float(ndtri(0.5 + level / 2)), float(fit.share)
    auc, se = float(roc.auc), float(roc.auc_error)
    rows: list[dict[str, Any]] = [{
        "term": f"{word} for better", "measure": "auc", "estimate": auc, "std_error": se,
        "conf_low": max(0.0, auc - z * se), "conf_high": min(1.0, auc + z * se),
        "method": "area under the ROC curve, DeLong",
    }]  # fmt: skip
    notes = [f"{int(yes.sum())} of {n} people ({share:.0%}) say better."]
    found: dict[str, Floats] = {}
    if draws:
        pick = np.random.default_rng(seed).integers(0, n, (draws, n))
        drawn, by_model = youden_cut(gain[pick], yes[pick]), predictive_cut(gain[pick], yes[pick])
        found = {"roc_cut": drawn.cut, "sensitivity": drawn.sensitivity,
                 "specificity": drawn.specificity, "predictive_cut": by_model.cut,
                 "predictive_cut_adjusted": by_model.adjusted}  # fmt: skip
        lost = int(np.isnan(by_model.cut).sum())
        if lost:
            notes.append(
                f"{lost} of {draws} bootstrap samples have no logistic regression (all alike, or "
                f"told apart without error) and are not in its intervals."
            )
    tail = (1 - level) / 2
    for measure, value, method in (
        ("roc_cut", roc.cut, "largest sensitivity + specificity (Youden)"),
        ("sensitivity", roc.sensitivity, "at the Youden cut"),
        ("specificity", roc.specificity, "at the Youden cut"),
        ("predictive_cut", fit.cut, "logistic regression (Terluin 2015)"),
        ("predictive_cut_adjusted", fit.adjusted, "adjusted for the share better (Terluin 2017)"),
    ):
        row = {"term": f"{word} for better", "measure": measure, "estimate": float(value)}
        kept = found.get(measure, np.zeros(0))
        kept = kept[~np.isnan(kept)]
        if len(kept) and not np.isnan(value):
            # by sorted place: -inf among the draws must not make NaN between two of them
            low, high = np.quantile(kept, [tail, 1 - tail], method="closest_observation")
            row |= {"conf_low": float(low), "conf_high": float(high)}
            method += f"; bootstrap percentiles, {draws} draws, seed {seed}"
        else:
            row["conf_level"] = np.nan
        rows.append({**row, "method": method})
    if np.isnan(fit.cut):
        notes.append("The score tells both groups apart without error, or not at all: the logistic "
                     "regression has no cut.")  # fmt: skip
    if not 0.3 <= share <= 0.7:
        notes.append("Far from a half say better, so the unadjusted cuts are off; the adjusted one "
                     "leans on its formula [memory: figures not checked against the paper].")  # fmt: skip
    return rows, notes
