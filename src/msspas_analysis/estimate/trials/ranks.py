"""Who scores higher: two arms compared by ranks, and ranks of changes with either way with zeros.

The kernels take arrays whose last axis is people and whose leading axes are replicates; exact laws
are counted for one data set at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.change.signed_rank import (
    _snapped,
    _walsh_averages,
    in_place,
    midranks,
    places,
)
from msspas_analysis.estimate.intervals import POINT, Floats, Ints, level_between, people_along
from msspas_analysis.estimate.trials.effect_size import arm_pairs
from msspas_analysis.estimate.windows import left_out, pairs, too_few
from msspas_analysis.results import Estimates

Ends = tuple[Floats, Floats]
EXACT_BELOW: Final = 50
"""Exact laws are used where every arm, or the changes, are fewer than this: the rule of R."""
_NO_WIDTH: Final = "The interval of rank_biserial has no width at -1 and 1: it says nothing there."
_APART: Final = (
    "No overlap, or nobody differs: the standard error is 0, only Newcombe's interval stands."
)
_ONE_SET: Final = "an exact law is counted for one data set of at most 400 people"


@dataclass(frozen=True, slots=True, kw_only=True)
class MannWhitney:
    """Mann-Whitney's test by the normal approximation, ties allowed for; shaped as the replicates."""

    statistic: Floats
    z: Floats
    p_value: Floats
    p_corrected: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Superiority:
    """Probability of a higher score with three intervals, and Brunner and Munzel's test."""

    estimate: Floats
    std_error: Floats
    logit: Ends
    newcombe: Ends
    t: Ends
    statistic: Floats
    df: Floats
    p_value: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Hodges and Lehmann's shift with the intervals of the normal test and of the exact one."""

    estimate: Floats
    corrected: Ends
    normal: Ends
    exact: Ends
    exact_level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRanks:
    """Signed ranks with zeros set aside and with Pratt's zeros, and the signs (-, 0, +) alone."""

    statistic: Floats
    z: Floats
    p_value: Floats
    p_corrected: Floats
    pratt_z: Floats
    pratt_p_value: Floats
    counts: tuple[Ints, Ints, Ints]
    sign_p_value: Floats
    rank_biserial: Floats
    rank_biserial_ends: Ends


def mann_whitney(x: npt.ArrayLike, y: npt.ArrayLike) -> MannWhitney:
    """Mann-Whitney's W, normal approximation, with and without continuity correction.

    Parameters
    ----------
    x, y : array_like, shape (..., m) and (..., n)
        One score per person; leading axes are replicates and the same in both.

    Returns
    -------
    MannWhitney
        ``statistic`` W counts the pairs in which x is higher, equal ones as halves. z and p are
        NaN where all scores are equal.

    Examples
    --------
    >>> w = mann_whitney([[4.0, 6.0, 5.0], [1.0, 2.0, 2.0]], [[1.0, 2.0, 2.0], [1.0, 2.0, 2.0]])
    >>> w.statistic.tolist(), w.p_value.round(4).tolist()
    ([9.0, 4.5], [0.0463, 1.0])
    """
    from scipy.special import ndtr

    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=1), people_along(b, at_least=1)
    ranks, shared = midranks(np.concatenate([a, b], axis=-1))
    ties = (shared**2 - 1).sum(axis=-1)  # t^3 - t over groups of t equal values
    w = ranks[..., :m].sum(axis=-1) - m * (m + 1) / 2
    variance = m * n / 12 * (m + n + 1 - ties / max((m + n) * (m + n - 1), 1))
    off, sd = w - m * n / 2, np.sqrt(np.where(variance > 1e-9, variance, np.nan))
    z, corrected = off / sd, (off - 0.5 * np.sign(off)) / sd
    return MannWhitney(
        statistic=w, z=z, p_value=2 * ndtr(-np.abs(z)),
        p_corrected=np.minimum(1.0, 2 * ndtr(-np.abs(corrected))),
    )  # fmt: skip


def superiority(x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95) -> Superiority:
    """Probability that a person of `x` scores higher than one of `y`, an equal pair as a half.

    Parameters
    ----------
    x, y : array_like, shape (..., m) and (..., n)
        One score per person, m and n >= 2; leading axes are replicates and the same in both.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Superiority
        ``std_error`` is DeLong's, which is Brunner and Munzel's. Ends: ``logit`` is normal on the
        logit; ``t`` belongs to Brunner and Munzel's test of 1/2 and may leave 0 to 1; ``newcombe``
        is method 5, from the estimate and the numbers of people alone. Where the arms do not
        overlap the standard error is 0, and all but Newcombe's ends are NaN.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Biometrics 44:837-845.
    .. [2] Brunner E, Munzel U (2000). Biom J 42:17-25. Newcombe RG (2006). Stat Med 25:559-573.

    Examples
    --------
    >>> s = superiority([4.0, 6.0, 5.0, 3.0], [1.0, 2.0, 2.0, 4.0])
    >>> [round(float(v), 4) for v in (s.estimate, *s.newcombe, s.p_value)]
    [0.9062, 0.4822, 0.9887, 0.0142]
    """
    from scipy.special import expit, logit, stdtr, stdtrit

    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=2), people_along(b, at_least=2)
    both = midranks(np.concatenate([a, b], axis=-1))[0]
    # placement: the share of the other arm that a person scores above
    place_x = (both[..., :m] - midranks(a)[0]) / n
    place_y = (both[..., m:] - midranks(b)[0]) / m
    p = place_x.mean(axis=-1)
    vx, vy = place_x.var(axis=-1, ddof=1) / m, place_y.var(axis=-1, ddof=1) / n
    se = np.where(vx + vy < 1e-15, 0.0, np.sqrt(vx + vy))
    some, z = np.where(se == 0, np.nan, se), _z(conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = z * some / (p * (1 - p))
        df = (vx + vy) ** 2 / (vx**2 / (m - 1) + vy**2 / (n - 1)) + 0 * some
        t = (p - 0.5) / some
        low, high = (expit(logit(p) + side * half) for side in (-1, 1))
    half_t = stdtrit(df, 0.5 + conf_level / 2) * some
    return Superiority(
        estimate=p, std_error=se, logit=(low, high),
        newcombe=(_newcombe(p, 0 * p, m, n, z), _newcombe(p, 0 * p + 1, m, n, z)),
        t=(p - half_t, p + half_t), statistic=t, df=df, p_value=2 * stdtr(df, -np.abs(t)),
    )  # fmt: skip


def hodges_lehmann(x: npt.ArrayLike, y: npt.ArrayLike, *, conf_level: float = 0.95) -> Shift:
    """Median of all differences between a score of `x` and one of `y`, with its intervals.

    Parameters
    ----------
    x, y, conf_level
        As in :func:`superiority`, one person or more in an arm.

    Returns
    -------
    Shift
        Ends: ``corrected`` and ``normal`` are where Mann-Whitney's normal test, with and without
        continuity correction, changes its answer; infinite where so few people can never reach it.
        R's ``wilcox.test`` looks for them by ``uniroot``, to four digits. ``exact`` comes from the
        law of W without ties, so ties make it wider than need be; infinite with
        :data:`EXACT_BELOW` people or more in an arm. ``exact_level`` is the level it has: less than
        `conf_level` where so few people cannot give that (Hollander, Wolfe and Chicken 2014, 4.3).

    Examples
    --------
    >>> s = hodges_lehmann([4.0, 6.0, 5.0, 9.0], [1.0, 2.0, 2.5, 3.0])
    >>> float(s.estimate), float(s.exact[0]), float(s.exact[1]), s.exact_level
    (3.25, 1.0, 8.0, 0.95)
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=1), people_along(b, at_least=1)
    total, size, z = m * n, m + n, _z(conf_level)
    # between the differences, only scores of the same arm are tied: one spread for every shift
    ties = sum((midranks(v)[1] ** 2 - 1).sum(axis=-1) for v in (a, b))
    sd = np.sqrt(m * n / 12 * (size + 1 - ties / max(size * (size - 1), 1)))
    middle = np.full(ties.shape, (total + 1) // 2)
    k, level = 0, 1.0
    if max(m, n) < EXACT_BELOW:
        law = _subset_sums(tuple(range(size)), m)[m * (m - 1) // 2 :]
        k, level = _exact_rank(law, conf_level)
    lower = [_normal_rank(total, sd, z, 0.5), _normal_rank(total, sd, z, 0.0), 0 * middle + k]
    ranks = np.stack([rank for one in (middle, *lower) for rank in (one, total + 1 - one)], axis=-1)
    first, second, *ends = np.moveaxis(_ordered_differences(a, b, ranks), -1, 0)
    return Shift(
        estimate=(first + second) / 2, corrected=(ends[0], ends[1]), normal=(ends[2], ends[3]),
        exact=(ends[4], ends[5]), exact_level=level,
    )  # fmt: skip


def mann_whitney_exact(x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, float]:
    """Exact p of Mann-Whitney's W given the ties: "less", "greater", "two_sided".

    Which arm could have had which ranks is counted by the shift algorithm (Streitberg and Röhmel
    1986).

    Parameters
    ----------
    x, y : array_like, shape (m,) and (n,)
        One score per person, 400 people at most.

    Examples
    --------
    >>> mann_whitney_exact([4.0, 6.0, 5.0], [1.0, 2.0, 2.0])["two_sided"]
    0.1
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    m, n = people_along(a, at_least=1), people_along(b, at_least=1)
    if a.ndim > 1 or b.ndim > 1 or m + n > 400:
        raise ValueError(f"{_ONE_SET}, got shapes {a.shape} and {b.shape}; mann_whitney takes more")
    doubled = np.rint(2 * midranks(np.concatenate([a, b]))[0]).astype(np.int64)
    doubled -= doubled.min()
    law, seen = _subset_sums(tuple(doubled.tolist()), m), int(doubled[:m].sum())
    off = np.abs((m + n) * np.arange(len(law)) - m * int(doubled.sum()))  # whole numbers
    return _tails(law, seen, float(law[off >= off[seen]].sum()))


def signed_ranks(diff: npt.ArrayLike, *, conf_level: float = 0.95) -> SignedRanks:
    """Signed-rank and sign tests of changes by the normal approximation, zeros in both ways.

    Parameters
    ----------
    diff : array_like, shape (..., n)
        One change per person, no NaN; leading axes are replicates.
    conf_level : float
        Coverage of the interval of the rank-biserial correlation, in (0, 1).

    Returns
    -------
    SignedRanks
        ``statistic``, ``z``, ``p_value`` (``p_corrected`` for continuity) with zeros set aside;
        ``pratt`` with zeros ranked first and then left out; ``sign_p_value`` exact; the
        ``rank_biserial`` of matched pairs, its ends by Fisher's z, with no width at -1 and 1. NaN
        where every change is zero.

    References
    ----------
    .. [1] Pratt JW (1959). Remarks on zeros and ties. J Am Stat Assoc 54:655-667.

    Examples
    --------
    >>> s = signed_ranks([-2.0, -1.0, 0.0, 0.0, 1.5, -3.0])
    >>> float(s.statistic), round(float(s.pratt_z), 4), float(s.rank_biserial)
    (2.0, -1.0783, -0.6)
    """
    from scipy.special import bdtr, ndtr

    d = np.asarray(diff, dtype=np.float64)
    more, same, less = d > POINT, np.abs(d) <= POINT, d < -POINT
    n_more, n_zero, n_less = (side.sum(axis=-1) for side in (more, same, less))
    n = n_more + n_less
    first, last, order = places(np.where(same, 0.0, np.abs(d)))
    ranks = in_place((first + last) / 2 + 1, order) * ~same
    aside = np.maximum(ranks - n_zero[..., None], 0.0)
    half = _z(conf_level) * np.sqrt((2 * n**3 + 3 * n**2 + n) / 6) / np.maximum((n**2 + n) / 2, 1)
    off, off_pratt = ((r * more).sum(axis=-1) - r.sum(axis=-1) / 2 for r in (aside, ranks))
    sd, sd_pratt = (np.sqrt((r**2).sum(axis=-1) / 4) for r in (aside, ranks))
    with np.errstate(divide="ignore", invalid="ignore"):
        z, corrected, pratt = off / sd, (off - 0.5 * np.sign(off)) / sd, off_pratt / sd_pratt
        rb = 2 * off / aside.sum(axis=-1)
    sign = np.minimum(1.0, 2 * bdtr(np.minimum(n_more, n_less), n, 0.5))
    return SignedRanks(
        statistic=(aside * more).sum(axis=-1), z=z, p_value=2 * ndtr(-np.abs(z)),
        p_corrected=np.minimum(1.0, 2 * ndtr(-np.abs(corrected))), pratt_z=pratt,
        pratt_p_value=2 * ndtr(-np.abs(pratt)), counts=(n_less, n_zero, n_more),
        sign_p_value=np.where(n > 0, sign, np.nan), rank_biserial=rb,
        rank_biserial_ends=_fisher(rb, half),
    )  # fmt: skip


def signed_rank_exact(diff: npt.ArrayLike, *, zeros: str = "aside") -> dict[str, float]:
    """Exact p of the signed-rank statistic given the ties: "less", "greater", "two_sided".

    Parameters
    ----------
    diff : array_like, shape (n,)
        One change per person, no NaN, 400 people at most.
    zeros : {"aside", "pratt"}
        Set zeros aside before ranking, or rank them first and leave them out then. Where every
        change is zero NaN comes back.

    Examples
    --------
    >>> signed_rank_exact([-2.0, -1.0, 0.0, 0.0, 1.5, -3.0])["two_sided"]
    0.375
    """
    d = np.asarray(diff, dtype=np.float64)
    if zeros not in ("aside", "pratt"):
        raise ValueError(f"zeros must be 'aside' or 'pratt', got {zeros!r}")
    if people_along(d, at_least=1) > 400 or d.ndim > 1:
        raise ValueError(f"{_ONE_SET}, got shape {d.shape}; signed_ranks takes more")
    some = np.abs(d) > POINT
    if not some.any():
        return dict.fromkeys(("less", "greater", "two_sided"), np.nan)
    ranks = midranks(np.abs(d[some]))[0] + (d.size - some.sum() if zeros == "pratt" else 0)
    doubled = np.rint(2 * ranks).astype(np.int64)
    law = _sign_law(tuple(doubled.tolist()))
    seen = int(doubled[d[some] > 0].sum())
    return _tails(law, seen, 2 * float(min(law[: seen + 1].sum(), law[seen:].sum())))


def rank_difference(
    frame: pd.DataFrame, outcome: str, *, arm: str, control: str, conf_level: float = 0.95
) -> Estimates:
    """Estimate how often a person of each arm scores higher than one of the control, and by what.

    Parameters
    ----------
    frame, outcome, arm, control, conf_level
        As in :func:`~msspas_analysis.estimate.trials.effect_size.mean_difference`, with the same errors.

    Returns
    -------
    Estimates
        For every other arm: ``probability_of_superiority`` by the methods "DeLong, logit",
        "Brunner-Munzel" and "Newcombe 5"; ``cliffs_delta``; ``rank_biserial``; ``location_shift``
        (Hodges-Lehmann) by "Mann-Whitney, normal, continuity correction", "Mann-Whitney, normal"
        and, with fewer than :data:`EXACT_BELOW` people in either arm, "Mann-Whitney, exact".

    Notes
    -----
    Mann-Whitney's test is one of equal distributions: with arms that differ in spread it errs where
    Brunner and Munzel's does not. The shift is one of medians only if one arm is the other shifted.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCDEF"), "arm": ["TENS"] * 3 + ["sham"] * 3,
    ...     "spasms": [4.0, 6.0, 5.0, 1.0, 2.0, 5.0]})
    >>> answer = rank_difference(frame, "spasms", arm="arm", control="sham")
    >>> float(answer.one(method="Mann-Whitney, exact").estimate)
    3.0
    """
    rows: list[dict[str, Any]] = []
    notes = [f"Compared with {control}: above 1/2 or 0 means higher scores in the named arm."]
    for base, said, x, y in arm_pairs(frame, outcome, arm, control, conf_level):
        s, w = superiority(x, y, conf_level=conf_level), mann_whitney(x, y)
        shift = hodges_lehmann(x, y, conf_level=conf_level)
        notes += said
        if s.std_error == 0:
            notes.append(f"{base['term']}: {_APART}")
        delta, fisher = 2 * s.estimate - 1, np.sqrt((len(x) + len(y) + 1) / (3 * len(x) * len(y)))
        rb, logit = _fisher(delta, _z(conf_level) * fisher), [2 * end - 1 for end in s.logit]
        if abs(delta) == 1:
            notes.append(f"{base['term']}: {_NO_WIDTH}")
        spread, test = {"std_error": s.std_error}, {"statistic": w.statistic}
        bm = spread | {"statistic": s.statistic, "df": s.df, "p_value": s.p_value}
        how = "Mann-Whitney, normal"
        rows += [
            _row(base, "probability_of_superiority", "DeLong, logit", s.estimate, s.logit, spread),
            _row(base, "probability_of_superiority", "Brunner-Munzel", s.estimate, s.t, bm),
            _row(base, "probability_of_superiority", "Newcombe 5", s.estimate, s.newcombe, {}),
            _row(base, "cliffs_delta", "DeLong, logit", delta, logit, {"std_error": 2 * s.std_error}),
            _row(base, "rank_biserial", "Fisher's z", delta, rb, {}),
            _row(base, "location_shift", f"{how}, continuity correction", shift.estimate,
                 shift.corrected, test | {"p_value": w.p_corrected}),
            _row(base, "location_shift", how, shift.estimate, shift.normal,
                 test | {"p_value": w.p_value}),
        ]  # fmt: skip
        if max(len(x), len(y)) < EXACT_BELOW:
            p = mann_whitney_exact(x, y)["two_sided"]
            more: dict[str, Any] = test | {"p_value": p, "conf_level": shift.exact_level}
            how = "Mann-Whitney, exact"
            rows.append(_row(base, "location_shift", how, shift.estimate, shift.exact, more))
    return Estimates.from_rows(rows, notes=dict.fromkeys(notes))


def signed_rank_variants(
    scores: pd.DataFrame, *, outcome: str, group: str = "all", conf_level: float = 0.95
) -> Estimates:
    """Estimate the change by signed ranks, with zeros set aside, with Pratt's zeros, and by signs.

    Parameters
    ----------
    scores, outcome, group, conf_level
        As in :func:`~msspas_analysis.estimate.change.paired.paired_change`, with the same errors.

    Returns
    -------
    Estimates
        ``pseudo_median`` without zeros (methods "Wilcoxon, normal, continuity correction",
        "Wilcoxon, normal", "Wilcoxon, exact") and with them ("Pratt, normal", "Pratt, exact"), the
        exact ones below :data:`EXACT_BELOW` changes; ``share_more``, of those who changed, who went
        up (sign test, Clopper-Pearson); ``rank_biserial`` of matched pairs.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDE"), "before": [6.0, 5, 7, 4, 3],
    ...     "after": [5.0, 5, 5, 3.5, 4.5]})
    >>> answer = signed_rank_variants(scores, outcome="pain")
    >>> float(answer.one(method="Wilcoxon, exact").p_value)
    0.625
    """
    before, after = pairs(scores)
    both = ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    if n < 1:
        raise too_few("signed_rank_variants", 1, n, len(scores))
    raw = after[both] - before[both]
    d = np.sign(raw) * _snapped(np.abs(raw))
    some, s = d[np.abs(d) > POINT], signed_ranks(d, conf_level=conf_level)
    down, zero, up = (int(count) for count in s.counts)
    base = {
        "outcome": outcome, "group": group, "term": "change", "conf_level": conf_level, "n": n,
        "n_missing": len(scores) - n,
    }  # fmt: skip
    if not len(some):
        raise ValueError(f"outcome {outcome!r}: nobody of {n} changed, so there are no ranks")
    notes = [
        "Change is after minus before, with no comparison group: it is not proof of anything given.",
        f"{up} people went up, {down} down, {zero} stayed the same.",
        *left_out(scores, n), *([_NO_WIDTH] if abs(s.rank_biserial) == 1 else []),
    ]  # fmt: skip
    rows = []
    z, correct = _z(conf_level), "Wilcoxon, normal, continuity correction"
    for name, values, statistic, tests in (
        ("Wilcoxon", some, s.statistic, {correct: s.p_corrected, "Wilcoxon, normal": s.p_value}),
        ("Pratt", d, s.pratt_z, {"Pratt, normal": s.pratt_p_value}),
    ):
        tied, size = np.unique(values, return_counts=True)[1], len(values)
        total = size * (size + 1) // 2
        sd = np.sqrt(total * (2 * size + 1) / 12 - np.sum(tied**3 - tied) / 48)
        ways: list[tuple[str, Any, int, float]] = [
            (how, p, int(_normal_rank(total, sd, z, 0.5 * (how == correct))), conf_level)
            for how, p in tests.items()
        ]
        if size < EXACT_BELOW:
            exact = signed_rank_exact(d, zeros="aside" if name == "Wilcoxon" else "pratt")
            law = _sign_law(tuple(range(1, size + 1)))
            ways.append((f"{name}, exact", exact["two_sided"], *_exact_rank(law, conf_level)))
        for how, p, k, level in ways:
            wanted = [(total + 1) // 2, total // 2 + 1, max(k, 1), total + 1 - max(k, 1)]
            *middle, low, high = _walsh_averages(values, wanted)
            ends = (low, high) if k > 0 else (-np.inf, np.inf)
            more = {"statistic": statistic, "p_value": p, "conf_level": level}
            rows.append(_row(base, "pseudo_median", how, sum(middle) / 2, ends, more))
    rows += [
        _row(base, "share_more", "sign test, Clopper-Pearson", up / len(some),
             _clopper_pearson(up, len(some), conf_level), {"p_value": s.sign_p_value}),
        _row(base, "rank_biserial", "matched pairs, Fisher's z", s.rank_biserial,
             s.rank_biserial_ends, {}),
    ]  # fmt: skip
    return Estimates.from_rows(rows, notes=notes)


def _tails(law: Floats, seen: int, both: float) -> dict[str, float]:
    told = {"less": law[: seen + 1].sum(), "greater": law[seen:].sum(), "two_sided": both}
    return {name: min(1.0, float(p)) for name, p in told.items()}


def _row(
    base: dict[str, Any], measure: str, method: str, estimate: Any, ends: Any, more: dict[str, Any]
) -> dict[str, Any]:
    numbers = {"estimate": estimate, "conf_low": ends[0], "conf_high": ends[1]} | more
    return base | {"measure": measure, "method": method} | {k: float(v) for k, v in numbers.items()}


def _fisher(r: Floats, half: Any) -> Ends:
    with np.errstate(divide="ignore"):
        return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)


def _z(conf_level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level_between(conf_level) / 2))


def _clopper_pearson(count: int, n: int, conf_level: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    low = float(betaincinv(count, n - count + 1, 0.5 - conf_level / 2)) if count else 0.0
    return low, float(betaincinv(count + 1, n - count, 0.5 + conf_level / 2)) if count < n else 1.0


def _newcombe(p: Floats, end: Floats, m: int, n: int, z: float) -> Floats:
    """Solve (p - t)^2 = z^2 V(t) for t between `p` and `end`, V of exponential scores."""
    star = (m + n) / 2 - 1
    inside, outside = p, end
    for _ in range(80):
        t = (inside + outside) / 2
        spread = 1 + star * (1 - t) / (2 - t) + star * t / (1 + t)
        near = (p - t) ** 2 <= z * z * t * (1 - t) / (m * n) * spread
        inside, outside = np.where(near, t, inside), np.where(near, outside, t)
    return (inside + outside) / 2


@lru_cache(maxsize=64)
def _subset_sums(scores: tuple[int, ...], m: int) -> Floats:
    """P(sum of `m` of the scores drawn without replacement = 0, 1, ...), score after score."""
    most = sum(sorted(scores)[len(scores) - m :])
    law = np.zeros((m + 1, most + 1))
    law[0, 0] = 1.0
    have = np.arange(m + 1)[:, None]
    for i, r in enumerate(scores):
        take = (m - have) / (len(scores) - i)
        taken = law * take
        law *= 1 - take
        law[1:, r:] += taken[:-1, : most + 1 - r]
    return np.asarray(law[m])


@lru_cache(maxsize=64)
def _sign_law(scores: tuple[int, ...]) -> Floats:
    """P(sum of the scores that get a plus = 0, 1, ...), every sign with a half."""
    law = np.zeros(sum(scores) + 1)
    law[0] = 1.0
    for r in scores:
        law[r:] = (law[r:] + law[: len(law) - r]) / 2
        law[:r] /= 2
    return law


def _exact_rank(law: Floats, conf_level: float) -> tuple[int, float]:
    """Return the rank of the lower end and its level; rank 0 and level 1 where there is none."""
    cdf, alpha = np.cumsum(law), 1 - conf_level
    # 1e-14: a tail that equals alpha/2 in exact arithmetic counts as reached
    k = max(1, int(np.searchsorted(cdf, alpha / 2 - 1e-14)))
    achieved = 2 * float(cdf[k - 1])
    if achieved <= alpha + 1e-12:
        return k, conf_level
    return (k, 1 - achieved) if achieved < 1 else (0, 1.0)


def _normal_rank(total: int, sd: Floats, z: float, correction: float) -> Ints:
    """Return the rank of the lower end of a normal test; below 1 where it can never reject."""
    return np.asarray(total + 1 - np.ceil(total / 2 + correction + z * sd), dtype=np.int64)


def _ordered_differences(x: Floats, y: Floats, ranks: Ints) -> Floats:
    """Of all x - y in order, those at `ranks` (last axis, from 1; beyond the ends: infinite)."""
    lead, total = ranks.shape[:-1], x.shape[-1] * y.shape[-1]
    a, b = (np.broadcast_to(v, (*lead, v.shape[-1])).reshape(-1, v.shape[-1]) for v in (x, y))
    flat = ranks.reshape(-1, ranks.shape[-1])
    out, step = np.empty(flat.shape), max(1, 4_000_000 // total)
    for i in range(0, len(a), step):
        part = slice(i, i + step)
        table = np.sort((a[part, :, None] - b[part, None, :]).reshape(-1, total), axis=-1)
        out[part] = np.take_along_axis(table, np.clip(flat[part], 1, total) - 1, axis=-1)
    return np.where(ranks < 1, -np.inf, np.where(ranks > total, np.inf, out.reshape(ranks.shape)))
