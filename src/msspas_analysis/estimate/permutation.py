"""Permutation tests that shuffle what chance had allocated: people, whole centres, signs, sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice, product
from math import comb, floor, prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, Ints, level_between
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.resampling import (
    AT_ONCE,
    Progress,
    Rows,
    as_numbers,
    given_rows,
    label_codes,
)
from msspas_analysis.results import Estimates

EXACT_UP_TO: Final = 20_000
"""Up to so many arrangements a permutation test counts them all; beyond, it draws some."""

_DESIGNS: Final = {
    "arms": ("arms of people", "one score per person and an arm"),
    "centres": ("arms of whole centres", "one score per person and an arm"),
    "pairs": ("signs of changes", "two scores per person and no arm"),
    "crossover": ("sequences of people", "two scores per person and a sequence as arm"),
}


def permutation_test(
    values: npt.ArrayLike,
    arm: npt.ArrayLike | None = None,
    *,
    seed: int,
    design: str = "arms",
    control: str | None = None,
    within: npt.ArrayLike | None = None,
    centre: npt.ArrayLike | None = None,
    person: npt.ArrayLike | None = None,
    n_resamples: int = 9_999,
    conf_level: float = 0.95,
    outcome: str = "value",
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Estimates:
    """Test a mean difference against the other ways in which chance could have allocated.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, 2)
        One row per person: a score, or two of them for "pairs" (before, after) and "crossover"
        (period 1, period 2). Rows with NaN are left out.
    arm : array_like, shape (n,)
        Which of two arms a person was in; for "crossover" which of two sequences. None for "pairs".
    seed : int
        Used only where the arrangements are too many to be counted.
    design : {"arms", "centres", "pairs", "crossover"}
        What chance decided: the arm of each person, the arm of each whole centre, the sign of each
        change, or the sequence of each person.
    control : str
        The arm that is subtracted; for "crossover" the sequence that began with the control.
    within, centre, person : array_like, shape (n,), optional
        Stratum or block, if chance decided within them; centre, for "centres"; code of each person,
        only to make sure that nobody is there twice.
    n_resamples : int
        Arrangements drawn where there are more than :data:`EXACT_UP_TO`.
    conf_level, outcome, chunk, progress
        As in :func:`~msspas_analysis.estimate.resampling.bootstrap_interval`.

    Returns
    -------
    Estimates
        One row: the mean difference (within strata: weighted as by least squares with the strata;
        crossover: half the difference of the sequences' mean period differences), the share of
        arrangements at least as far from 0, and the differences that would not be rejected.

    Raises
    ------
    RowsAreNotPeopleError
        If `person` has somebody twice.
    ValueError
        If shapes do not fit, there are not two arms, a centre is in both, or no stratum has both.

    Notes
    -----
    Exact if chance allocated in just this way; drawn p are (b + 1) / (m + 1). The interval supposes
    the same difference for everybody. A "pairs" test of before and after is one of therapy only if
    nothing gets better by itself.

    References
    ----------
    .. [1] Phipson B, Smyth GK (2010). Permutation P-values should never be zero. Stat Appl Genet
       Mol Biol 9:39.

    Examples
    --------
    >>> row = permutation_test([1.0, 2.0, 3.0, 6.0, 7.0, 8.0], list("aaabbb"), control="b",
    ...     seed=1).table.iloc[0]
    >>> float(row.estimate), float(row.p_value), float(row.conf_low)
    (-5.0, 0.1, -inf)
    """
    level_between(conf_level)
    if design not in _DESIGNS:
        raise ValueError(f"design must be one of {sorted(_DESIGNS)}, got {design!r}")
    one, two = as_numbers(values), design in ("pairs", "crossover")
    if (one.ndim == 2) != two or (arm is None) != (design == "pairs"):
        raise ValueError(f"design {design!r} takes {_DESIGNS[design][1]}, got shape {one.shape}")
    if (centre is None) != (design != "centres"):
        raise ValueError("give centre for design 'centres', and only there")
    if n_resamples < 1 or (chunk is not None and chunk < 1):
        raise ValueError(f"n_resamples and chunk must be at least 1, got {n_resamples}, {chunk}")
    if person is not None and (people := len(label_codes(person, len(one), "person")[1])) < len(
        one
    ):
        raise RowsAreNotPeopleError(len(one), people)
    rows = given_rows(values, arm, control, centre, within, "centre")
    n, table = len(rows.table), rows.table
    if n < 2:
        raise ValueError(f"permutation_test needs at least 2 people with a score, got {n}")
    if design == "pairs":
        each = np.ones(n)
        units = _Units(score=table[:, 1] - table[:, 0], shift=each, size=each, first=None,
                       start=np.zeros(1, np.int64))  # fmt: skip
    else:
        score = (table[:, 0] - table[:, 1]) / 2 if design == "crossover" else table[:, 0]
        units = _Units.of(score, rows)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    a, b, total = _arrangements(units, n_resamples, chunk, progress, rng=rng)
    drawn = total > EXACT_UP_TO
    seen, count = float(a[0]), len(a)
    # sums of the same numbers in another order differ in the last digits
    p = float(np.mean(np.abs(a) >= abs(seen) - 1e-11 * float(np.abs(units.score).max())))
    low, high = _not_rejected(a, b, conf_level)
    if drawn:
        notes = [f"{count - 1:,} of some {total:.2g} arrangements drawn, seed {seed}; the Monte Carlo "
                 f"error of p is {np.sqrt(p * (1 - p) / count):.2g}."]  # fmt: skip
    else:
        notes = [f"All {count:,} arrangements were counted: no p can be below {1 / count:.2g}."]
    if np.isinf([low, high]).any():
        notes.append(f"So few arrangements cannot give a {conf_level:.0%} interval with two ends.")
    if rows.dropped:
        notes.append(f"{rows.dropped} of {n + rows.dropped} people have no score and are left out.")
    if within is not None:
        notes.append("Arrangements and difference are within strata; one with one arm is mute.")
    if design == "pairs":
        notes.append("There is no comparison group: a change is not proof of anything given.")
    how = _DESIGNS[design][0] + (" within strata" if within is not None else "")
    row = {
        "outcome": outcome, "group": "all", "term": " v ".join(rows.names) or "change",
        "measure": "mean_difference", "estimate": seen, "conf_low": low, "conf_high": high, "conf_level": conf_level,
        "p_value": p, "n": n, "n_missing": rows.dropped,
        "method": f"permutation of {how}, {'drawn' if drawn else 'exact'}",
    }  # fmt: skip
    return Estimates.from_rows([row], notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """What is allocated: sums of scores about the stratum's mean, people, who is in the first arm.

    ``first`` is None where signs are flipped; ``start`` is where each stratum begins.
    """

    score: Floats
    shift: Floats
    size: Floats
    first: npt.NDArray[np.bool_] | None
    start: Ints

    @classmethod
    def of(cls, score: Floats, rows: Rows) -> _Units:
        """Sum people to units, which are in order of their strata."""
        both = np.stack([rows.stratum, rows.unit])
        _, where, unit = np.unique(both, axis=1, return_index=True, return_inverse=True)
        unit, first, stratum = unit.reshape(-1), rows.side[where] == 0, rows.stratum[where]
        size, total = np.bincount(unit).astype(np.float64), np.bincount(unit, weights=score)
        _, start, code = np.unique(stratum, return_index=True, return_inverse=True)

        def about_mean(v: npt.NDArray[Any]) -> Floats:
            return np.asarray(v - size * (np.bincount(code, v) / np.bincount(code, size))[code])

        shift = about_mean(size * first)
        if not np.any(np.abs(shift) > 1e-9):
            raise ValueError("no stratum has people of both arms, so there is nothing to compare")
        return cls(score=about_mean(total), shift=shift, size=size, first=first, start=start)

    def differences(self, mask: Floats) -> tuple[Floats, Floats]:
        """Return the difference of each arrangement, and what a shift of 1 would add to it."""
        if self.first is None:
            weight = np.full(len(mask), float(mask.shape[1]))
        else:
            there = np.add.reduceat(self.size, self.start)
            here = np.add.reduceat(mask * self.size, self.start, axis=1)
            weight = (here - here**2 / there).sum(axis=1)
        return mask @ self.score / weight, mask @ self.shift / weight


def _arrangements(
    units: _Units, count: int, chunk: int | None, progress: Progress | None,
    *, rng: np.random.Generator,
) -> tuple[Floats, Floats, int]:  # fmt: skip
    """Return the differences of all arrangements or of `count` drawn ones, the real one first."""
    size = len(units.size)
    every: Iterator[npt.NDArray[Any]] = iter(())
    if units.first is None:
        real, total = np.ones(size), 2**size
        every = (np.array(one) for one in product((1.0, -1.0), repeat=size))
    else:
        real = units.first.astype(np.float64)
        ends = [*units.start[1:].tolist(), size]
        spans = [(low, high, int(real[low:high].sum()))
                 for low, high in zip(units.start.tolist(), ends, strict=True)]  # fmt: skip
        total = prod(comb(high - low, k) for low, high, k in spans)
        if total <= EXACT_UP_TO:
            sets = product(*(combinations(range(low, high), k) for low, high, k in spans))
            every = (np.bincount([i for part in one for i in part], minlength=size) for one in sets)
    exact, step = total <= EXACT_UP_TO, chunk or max(1, AT_ONCE // size)
    count = total if exact else count
    stratum = np.repeat(np.arange(len(units.start)), np.diff([*units.start, size]))
    found = [] if exact else [units.differences(real[None])]
    mask: npt.NDArray[Any]
    for low in range(0, count, step):
        many = min(step, count - low)
        if exact:
            mask = np.stack(list(islice(every, many)))
        elif units.first is None:
            mask = np.where(rng.random((many, size)) < 0.5, 1.0, -1.0)
        else:
            mask = real[np.argsort(rng.random((many, size)) + stratum, axis=1)]
        found.append(units.differences(mask))
        if progress is not None:
            progress(low + many, count)
    a, b = (np.concatenate(one) for one in zip(*found, strict=True))
    first = int(np.argmax(b))  # 1 for the real arrangement alone
    return np.r_[a[first], np.delete(a, first)], np.r_[b[first], np.delete(b, first)], total


def _not_rejected(a: Floats, b: Floats, conf_level: float) -> tuple[float, float]:
    """Return the shifts that the test would not reject; no search, the test is linear in them.

    After a shift t is taken out, the real difference is a[0] - t and that of an arrangement a - t b.
    The second is as far from 0 or further for t between two bounds, around a[0].
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (a[0] - a) / (1 - b), (a[0] + a) / (1 + b)
    always = np.abs(b) > 1 - 1e-12  # the real arrangement, and its mirror image
    low = np.sort(np.where(always, -np.inf, np.minimum(one, other)))
    high = np.sort(np.where(always, np.inf, np.maximum(one, other)))
    k = floor((1 - conf_level) * len(a) + 1e-9)
    return float(low[k]), float(high[len(a) - 1 - k])
