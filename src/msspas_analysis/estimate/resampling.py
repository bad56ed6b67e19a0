"""Intervals from resampled people.

Nothing here is drawn from days or rows: the unit is the person with all that person's rows, or the
pair of scores of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, level_between
from msspas_analysis.results import Estimates

Statistic = Callable[..., Any]
Progress = Callable[[int, int], None]

AT_ONCE: Final = 1 << 16
"""Numbers of one chunk of resamples: they fit the cache, whatever the data."""

_METHODS: Final = {"bca": "BCa", "percentile": "percentile", "basic": "basic"}


def bootstrap_interval(
    values: npt.ArrayLike,
    statistic: str | Statistic = "mean",
    *,
    seed: int,
    method: str = "bca",
    n_resamples: int = 10_000,
    person: npt.ArrayLike | None = None,
    arm: npt.ArrayLike | None = None,
    control: str | None = None,
    trim: float = 0.2,
    conf_level: float = 0.95,
    outcome: str = "value",
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Estimates:
    """Interval of any statistic by resampling people with all they have, within arms if there are.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, 2)
        One row per score, or per pair of scores (before, after). Rows with NaN are left out.
    statistic : str or callable
        "mean", "median" or "trimmed_mean" of one column; "mean_difference" or
        "difference_of_medians" of pairs (after minus before) or arms (the other minus `control`).
        Or a function over the last axis of arrays (..., n): ``f(x)``, of pairs ``f(before,
        after)``, of arms ``f(other, control)``. Where people differ in how many rows they have,
        short ones are filled with NaN, which the function must leave out.
    seed : int
        The same seed gives the same answer, whatever `chunk`.
    method : {"bca", "percentile", "basic"}
        "bca" is bias-corrected and accelerated, by leaving out one person at a time; from
        `n_resamples` resamples.
    person, arm : array_like, shape (n,), optional
        Who a row belongs to (without it every row is a person), and in which of two arms;
        `control` names the one that is subtracted.
    trim : float
        Share cut off at either end for "trimmed_mean", below 0.5.
    conf_level : float
        Coverage of the interval, in (0, 1); `outcome` is the label of the answer.
    chunk : int, optional
        Resamples at once; memory grows with it.
    progress : callable, optional
        Called with resamples done and resamples in all.

    Returns
    -------
    Estimates
        One row; ``std_error`` is the standard deviation of the resamples.

    Raises
    ------
    ValueError
        If an arm has fewer than 2 people, a person is in both, the statistic is not one number per
        resample, or there are too few resamples for the level.

    Notes
    -----
    Wrong with few people (below some 20 the interval is too narrow) and for extremes such as a
    maximum. A person with many rows counts for more; average first if people should count alike.
    Quantiles between two resamples are interpolated on the normal scale, as in R's ``boot``.

    References
    ----------
    .. [1] Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, chapter 14.
    .. [2] Davison AC, Hinkley DV (1997). Bootstrap Methods and their Application, sections 5.2-5.3.

    Examples
    --------
    >>> row = bootstrap_interval([3.0, 5.0, 4.0, 8.0, 2.0, 6.0], seed=1).table.iloc[0]
    >>> round(float(row.estimate), 3), bool(3.0 < row.conf_low < 4.0), bool(5.5 < row.conf_high < 7.0)
    (4.667, True, True)
    """
    level_between(conf_level)
    if method not in _METHODS:
        raise ValueError(f"method must be one of {sorted(_METHODS)}, got {method!r}")
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim is the share cut off at either end, from 0 below 0.5, got {trim}")
    if (n_resamples + 1) * (1 - conf_level) / 2 < 1 - 1e-9:
        need = int(np.ceil(2 / (1 - conf_level) - 1e-9)) - 1
        raise ValueError(f"{n_resamples} resamples are too few for {conf_level:.1%}; use {need}")
    rows = given_rows(values, arm, control, person, None, "person")
    pairs, names, missing = rows.table.shape[1] == 2, rows.names, rows.lost
    name = statistic if isinstance(statistic, str) else getattr(statistic, "__name__", "statistic")
    groups = [_people(rows, side) for side in range(max(len(names), 1))]
    sizes = [len(group) for group in groups]
    if min(sizes) < 2:
        raise ValueError(f"the bootstrap needs 2 people or more (in each arm), got {min(sizes)}")
    sides = _statistic(statistic, groups, trim)
    estimate = float(sides([np.arange(size)[None] for size in sizes])[0])
    if np.isnan(estimate):
        raise ValueError(f"statistic {name} is NaN; it must leave NaN out, as numpy.nanmean does")
    plain = statistic in ("mean", "mean_difference")
    step = chunk or max(1, AT_ONCE // max(size if plain else g[:, 0].size
                                           for size, g in zip(sizes, groups, strict=True)))  # fmt: skip
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(len(sizes))]
    drawn = resampled(sides, sizes, n_resamples, step, rng=streams, progress=progress)
    if bad := int(np.isnan(drawn).sum()):
        raise ValueError(f"statistic {name} is NaN in {bad} of {n_resamples} resamples")
    left = _without_each(sides, sizes, step) if method == "bca" else []
    ends = bootstrap_ends(estimate, drawn, method=method, conf_level=conf_level, jackknife=left)
    low, high, outermost = ends
    notes = [f"{n_resamples:,} resamples of people with all their rows, seed {seed}."]
    if outermost:
        notes.append("An end is the outermost resample: take more resamples.")
    if np.isnan(low):
        notes.append("BCa does not exist here: all or all but a few resamples lie on one side.")
    if np.ptp(drawn) == 0:
        notes.append("Every resample gives the same number, so the interval has no width.")
    if missing:
        notes.append(f"{missing} of {sum(sizes) + missing} people have no score and are left out.")
    n, how = sum(sizes), " within arms" if names else " of pairs" if pairs else ""
    row = {
        "outcome": outcome, "group": "all", "measure": name, "estimate": estimate,
        "term": " v ".join(names) if names else "change" if pairs else "people",
        "std_error": float(drawn.std(ddof=1)), "conf_low": low, "conf_high": high,
        "conf_level": conf_level, "n": n, "n_missing": missing,
        "method": f"{_METHODS[method]} bootstrap{how}",
    }  # fmt: skip
    return Estimates.from_rows([row], notes=notes)


def resampled(
    statistic: Callable[[list[Ints]], Floats], sizes: Sequence[int], n: int, step: int,
    *, rng: Sequence[np.random.Generator], progress: Progress | None = None,
) -> Floats:  # fmt: skip
    """Return `n` values of a function of indices (resamples, people) of each arm, `step` at once."""
    out = np.empty(n)
    for low in range(0, n, step):
        high = min(low + step, n)
        # 32-bit draws keep what is left of a word for the next call, so cuts move nothing
        out[low:high] = statistic([
            one.integers(0, size, (high - low, size), dtype=np.uint32)
            for one, size in zip(rng, sizes, strict=True)
        ])  # fmt: skip
        if progress is not None:
            progress(high, n)
    return out


def bootstrap_ends(
    estimate: float,
    drawn: npt.ArrayLike,
    *,
    method: str = "bca",
    conf_level: float = 0.95,
    jackknife: Sequence[npt.ArrayLike] = (),
) -> tuple[float, float, bool]:
    """Return the ends of an interval from resampled statistics, and whether one is the outermost.

    Parameters
    ----------
    estimate, drawn : float, array_like of shape (m,)
        The statistic of the data and of each resample.
    method, conf_level
        As in :func:`bootstrap_interval`.
    jackknife : sequence of array_like
        For "bca": the statistic without each person in turn, one array per arm. The ends are NaN
        where every resample lies on one side of the estimate, or the correction has no answer.

    Examples
    --------
    >>> bootstrap_ends(10.0, np.arange(1.0, 20.0), method="basic", conf_level=0.90)
    (1.0, 19.0, False)
    """
    from scipy.special import ndtr, ndtri

    t = np.sort(np.asarray(drawn, dtype=np.float64))
    tails = np.array([0.5 - level_between(conf_level) / 2, 0.5 + conf_level / 2])
    if t[0] == t[-1]:
        return float(t[0]), float(t[0]), False
    if method == "bca":
        # the same mean of other numbers differs in the last digits; such ties are half below
        room = 1e-10 * (t[-1] - t[0]) + 1e-14 * abs(estimate)
        below = (np.sum(t < estimate - room) + np.sum(t <= estimate + room)) / (2 * len(t))
        if not 0 < below < 1:
            return np.nan, np.nan, False
        arms = [np.asarray(one, dtype=np.float64) for one in jackknife]
        pull = np.concatenate([(len(a) - 1) / len(a) * (a.mean() - a) for a in arms])
        a = np.sum(pull**3) / (6 * np.sum(pull**2) ** 1.5) if pull.any() else 0.0
        z = ndtri(below) + ndtri(tails)
        if np.any(a * z >= 1):  # past the pole, the ends would change places
            return np.nan, np.nan, False
        tails = ndtr(ndtri(below) + z / (1 - a * z))
    ranks = (len(t) + 1) * tails
    k = np.clip(np.floor(ranks + 1e-9), 1, len(t) - 1).astype(int)
    at, before, after = (ndtri(v) for v in (tails, k / (len(t) + 1), (k + 1) / (len(t) + 1)))
    share = np.clip((at - before) / (after - before), 0, 1)
    low, high = t[k - 1] + share * (t[k] - t[k - 1])
    if method == "basic":
        low, high = 2 * estimate - high, 2 * estimate - low
    outermost = bool(ranks[0] < 1 - 1e-9 or ranks[1] > len(t) + 1e-9)
    return float(low), float(high), outermost


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What was given, without rows that lack a score, in an order that the input cannot change.

    ``side`` is 0 in the arm that is not the control; ``dropped`` counts rows, ``lost`` units of
    which no row is left.
    """

    table: Floats
    side: Ints
    unit: Ints
    stratum: Ints
    names: tuple[str, ...]
    dropped: int
    lost: int


def as_numbers(values: npt.ArrayLike) -> Floats:
    """Return scores as floats, NaN where missing; refuse words."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise ValueError(f"values must be numbers: {err}; score them first") from err


def given_rows(
    values: npt.ArrayLike, arm: npt.ArrayLike | None, control: str | None,
    unit: npt.ArrayLike | None, within: npt.ArrayLike | None, what: str,
) -> Rows:  # fmt: skip
    """Check values and labels, leave out rows that lack a score, and put the rest in order.

    Parameters
    ----------
    values, arm, control, within
        As in :func:`bootstrap_interval` and in the permutation test.
    unit, what
        Who or where a row belongs to, and the name of that argument for messages.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is infinite, there are not two arms, or a unit is in both.

    Examples
    --------
    >>> rows = given_rows([3.0, None, 1.0], ["a", "a", "b"], "b", None, None, "person")
    >>> rows.table.ravel().tolist(), rows.side.tolist(), rows.names, rows.dropped
    ([3.0, 1.0], [0, 1], ('a', 'b'), 1)
    """
    table = as_numbers(values)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not 1 <= table.shape[1] <= 2:
        raise ValueError(f"values must have shape (n,) or (n, 2), got {np.shape(values)}")
    n = len(table)
    if np.isinf(table).any():
        raise ValueError("values hold an infinite number; correct or empty it")
    labels = {"arm": arm, what: unit, "within": within}
    codes = {name: label_codes(given, n, name) for name, given in labels.items()}
    names: tuple[str, ...] = ()
    if arm is not None:
        found = codes["arm"][1]
        if len(found) != 2 or control not in found:
            raise ValueError(f"arm needs two labels, control {control!r} one of them; got {found}")
        names = (next(name for name in found if name != control), str(control))
    side, who, stratum = (codes[name][0] for name in ("arm", what, "within"))
    if names:
        side = (side == found.index(names[1])).astype(np.int64)
        if unit is not None and (both := set(who[side == 0]) & set(who[side == 1])):
            raise ValueError(f"{len(both)} {what}(s) are in both arms, so arms were not theirs")
    kept = np.asarray(~np.isnan(table).any(axis=1))
    order = np.lexsort((*table.T[::-1], who, side, stratum))
    order = order[kept[order]]
    alone = unit is None
    return Rows(
        table=table[order], side=side[order], stratum=stratum[order], names=names,
        unit=np.arange(len(order)) if alone else who[order], dropped=int(n - kept.sum()),
        lost=int(n - kept.sum()) if alone else len(set(who) - set(who[kept])),
    )  # fmt: skip


def label_codes(given: npt.ArrayLike | None, n: int, name: str) -> tuple[Ints, list[str]]:
    """Return which label each row has, as numbers in the order of the labels, and the labels."""
    if given is None:
        return np.zeros(n, dtype=np.int64), []
    label = np.asarray(given, dtype=object)
    if label.shape != (n,):
        raise ValueError(f"{name} must have one label per row of values ({n}), got {label.shape}")
    if empty := int(pd.isna(label).sum()):
        raise ValueError(f"{empty} row(s) have no {name}; fill it in or leave the row out")
    found, code = np.unique(label.astype(str), return_inverse=True)
    return code.astype(np.int64), [str(one) for one in found]


def _people(rows: Rows, side: int) -> Floats:
    """Return the rows of an arm as (people, columns, rows of a person), short ones ended by NaN."""
    table, unit = rows.table[rows.side == side], rows.unit[rows.side == side]
    start = np.flatnonzero(np.diff(unit, prepend=-1))
    count = np.diff(np.append(start, len(unit)))
    code = np.repeat(np.arange(len(start)), count)
    out = np.full((len(count), table.shape[1], max(count, default=0)), np.nan)
    out[code, :, np.arange(len(unit)) - start[code]] = table
    return out


def _statistic(
    statistic: str | Statistic, groups: list[Floats], trim: float
) -> Callable[[list[Ints]], Floats]:
    """Return a function from indices of people (resamples, people), one per arm, to numbers."""
    arms, pairs = len(groups) == 2, groups[0].shape[1] == 2
    if arms and pairs:
        raise ValueError("with two arms give one score per row, such as the change")
    two = ("mean_difference", "difference_of_medians")
    can = two if arms or pairs else ("mean", "median", "trimmed_mean")
    if isinstance(statistic, str) and statistic not in can:
        raise ValueError(f"statistic must be one of {can} or a function here, got {statistic!r}")
    if statistic in ("mean", "mean_difference"):
        # the mean needs only the sum and the number of rows of each person
        change = [g[:, 1] - g[:, 0] if pairs else g[:, 0] for g in groups]
        counts = [np.sum(~np.isnan(v), axis=1) for v in change]
        parts = [(np.nansum(v, axis=1), count, bool(np.ptp(count) == 0))
                 for v, count in zip(change, counts, strict=True)]  # fmt: skip

        def mean(index: list[Ints]) -> Floats:
            each = []
            for (total, count, same), i in zip(parts, index, strict=True):
                rows = count[0] * i.shape[1] if same else count.take(i).sum(axis=1)
                each.append(total.take(i).sum(axis=1) / rows)
            return np.asarray(each[0] - each[1] if arms else each[0])

        return mean
    columns = [(g, np.ascontiguousarray(v[:, c])) for g, v in enumerate(groups)
               for c in range(v.shape[1])]  # fmt: skip

    def of_columns(index: list[Ints]) -> Floats:
        given = [
            column[:, 0].take(index[g])
            if column.shape[1] == 1
            else column[index[g]].reshape(len(index[g]), -1)
            for g, column in columns
        ]
        if callable(statistic):
            found = np.asarray(statistic(*given), dtype=np.float64)
            if found.shape != (len(index[0]),):
                want = f"one number per resample: shape ({len(index[0])},), got {found.shape}"
                raise ValueError(f"the statistic must work along the last axis and give {want}")
            return found
        each = [_middle(x, trim if statistic == "trimmed_mean" else None) for x in given]
        if len(each) == 2:
            return each[1] - each[0] if pairs else each[0] - each[1]
        return each[0]

    return of_columns


def _middle(x: Floats, trim: float | None) -> Floats:
    """Mean of what is left after as much is cut off at either end, NaN aside; None: the median."""
    n = np.asarray(np.sum(~np.isnan(x), axis=-1))
    cut = (n - 1) // 2 if trim is None else np.floor(trim * n + 1e-9).astype(np.int64)
    if n.min() == n.max() == x.shape[-1]:
        low, high = int(cut[0]), x.shape[-1] - int(cut[0])
        ordered = np.partition(x, [low, high - 1], axis=-1)
        return np.asarray(ordered[..., low:high].mean(axis=-1))
    place = np.arange(x.shape[-1])
    inside = (place >= cut[..., None]) & (place < (n - cut)[..., None])
    return np.asarray(np.sum(np.sort(x, axis=-1), axis=-1, where=inside) / (n - 2 * cut))


def _without_each(
    statistic: Callable[[list[Ints]], Floats], sizes: Sequence[int], step: int
) -> list[Floats]:
    """Return the statistic without each person in turn, one array per arm, `step` at once."""
    out = []
    for g, size in enumerate(sizes):
        found = np.empty(size)
        for low in range(0, size, step):
            away = np.arange(low, min(low + step, size))
            index = [np.broadcast_to(np.arange(k), (len(away), k)) for k in sizes]
            others = np.arange(size - 1)
            index[g] = others + (others >= away[:, None])
            found[low : low + step] = statistic(index)
        out.append(found)
    return out
