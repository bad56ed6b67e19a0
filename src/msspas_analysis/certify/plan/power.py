"""How many people a trial needs, by running it: power at several sizes, and the size between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.certify.studies.certificate import ALPHA, ANALYSES
from msspas_analysis.certify.studies.replicates import CLAIMED, trial_replicates
from msspas_analysis.estimate.intervals import wilson_interval
from msspas_analysis.progress import Progress
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import Design, resized
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]

_CLOSE: Final = 1.15  # sizes that lie nearer to each other than this are told apart by the line
_NOTE: Final = (
    "A computer model, no real people. Power is that of this effect, in this world: an effect taken "
    "from a small pilot is mostly too large, and the trial then too small."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One size, how often the analysis found the effect, and in how many runs."""

    people: int
    found: int
    runs: int

    @property
    def share(self) -> float:
        return self.found / self.runs


def power_by_people(
    design: Design, people: list[int] | tuple[int, ...], *, effect: float, analysis: str = "ANCOVA",
    world: World | None = None, replicates: int = 2000, seed: int = 2026,
    progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Estimate how often a trial of each size finds an effect, by running it.

    Parameters
    ----------
    design : Design
        Two arms or more, one period.
    people : sequence of int
        Sizes of the whole trial; arms keep their proportions.
    effect : float
        What the first treatment does to latent stiffness, in points, not 0.
    analysis : str
        A key of :data:`~msspas_analysis.certify.studies.certificate.ANALYSES` that compares arms.
    world : World or None
        What people are like; None is the default world.
    replicates : int
        Runs of each size, 100 or more.
    seed : int
        Seed, 0 or more.
    progress : callable or None
        Called with sizes done, in all, and a word.

    Returns
    -------
    Estimates
        For each size (``term``, such as "60 people") "power" with its Monte Carlo error and 95 %
        interval; ``n`` counts runs.

    Raises
    ------
    ValueError
        If a size is too small for the arms, the analysis is unknown, or as
        :func:`~msspas_analysis.certify.studies.replicates.trial_replicates`.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> got = power_by_people(DESIGNS["T2"], [40, 160], effect=-1.0, replicates=512, seed=1)
    >>> low, high = got.table["estimate"]
    >>> bool(low < high)
    True
    """
    if not len(people):
        raise ValueError("people is empty; name at least one size")
    tried = []
    for place, n in enumerate(people):
        tried.append(_try(design, n, effect, analysis, world, replicates, seed))
        if progress is not None:
            progress(place + 1, len(people), "sizes")
    method = _method(design, analysis, effect, seed)
    return Estimates.from_rows([_row(one, method) for one in tried], notes=[_NOTE])


def people_needed(
    design: Design, *, effect: float, power: float = 0.8, analysis: str = "ANCOVA",
    world: World | None = None, most: int = 2000, replicates: int = 2000, seed: int = 2026,
    progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Estimate how many people a trial needs for a power, by running it at several sizes.

    Parameters
    ----------
    design, effect, analysis, world, replicates, seed
        As :func:`power_by_people`; the search begins at the size of `design`.
    power : float
        What is asked for, in (0.1, 0.99).
    most : int
        Sizes above this are not tried.
    progress : callable or None
        Called with sizes tried, a rough number in all, and a word.

    Returns
    -------
    Estimates
        "people" (term "needed"), whose interval holds the Monte Carlo error; "power" of each size
        tried, by size; and "power" of the size that is given, run anew with another seed (term
        "confirmed, N people").

    Raises
    ------
    ValueError
        If `power` is out of range, or is not reached by `most` people or reached by three people in
        each arm, with the power they have.

    Notes
    -----
    Sizes are doubled or halved until two enclose the power, and halved between them. The size is read
    off a straight line of the normal quantile of power over the square root of people, fitted to all
    sizes near it; for a test of means that line is straight but for the degrees of freedom.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> got = people_needed(DESIGNS["T2"], effect=-1.5, power=0.7, replicates=512, seed=1)
    >>> row = got.one(measure="people")
    >>> bool(row.conf_low < row.estimate < row.conf_high)
    True
    """
    if not 0.1 < power < 0.99:
        raise ValueError(f"power must be between 0.1 and 0.99, got {power}")
    fewest = 3 * len(design.arms)
    tried: dict[int, _Tried] = {}

    def at(n: int) -> _Tried:
        if n not in tried:
            tried[n] = _try(design, n, effect, analysis, world, replicates, seed)
            if progress is not None:
                progress(len(tried), max(10, len(tried) + 1), "sizes")
        return tried[n]

    low, high = _enclosed(at, power, start=design.n_people, fewest=fewest, most=most)
    while high > low * _CLOSE and high - low > 2:
        middle = round(np.sqrt(low * high))
        low, high = (middle, high) if at(middle).share < power else (low, middle)
    size, error = _on_the_line(list(tried.values()), power, near=np.sqrt(low * high))
    given = max(fewest, int(np.ceil(size - 1e-9)))
    again = _try(design, given, effect, analysis, world, replicates, seed + 1)
    method = _method(design, analysis, effect, seed)
    rows: list[dict[str, Any]] = [{
        "outcome": "stiffness", "group": "all", "term": "needed", "measure": "people",
        "estimate": size, "std_error": error, "conf_low": max(size - 1.96 * error, 0.0),
        "conf_high": size + 1.96 * error, "conf_level": 0.95, "n": sum(t.runs for t in tried.values()),
        "method": f"{method}; power {power:g}, on a line through {len(tried)} sizes",
    }]  # fmt: skip
    rows += [_row(tried[n], method) for n in sorted(tried)]
    rows.append(_row(again, method) | {"term": f"confirmed, {given} people"})
    return Estimates.from_rows(rows, notes=[_NOTE])


def _try(
    design: Design, people: int, effect: float, analysis: str, world: World | None, replicates: int,
    seed: int,
) -> _Tried:  # fmt: skip
    if analysis not in ANALYSES:
        raise ValueError(f"analysis must be one of {list(ANALYSES)}, got {analysis!r}")
    drawn = trial_replicates(
        resized(design, people),
        effect=effect,
        world=world,
        replicates=replicates,
        seed=seed,
        null=False,
    )
    got = ANALYSES[analysis](drawn, CLAIMED)
    p, estimate = got["p_value"], got["estimate"]
    right = np.sign(estimate) == np.sign(effect)
    return _Tried(people=people, found=int(((p < ALPHA) & right).sum()), runs=len(p))


def _enclosed(
    at: Callable[[int], _Tried], power: float, *, start: int, fewest: int, most: int
) -> tuple[int, int]:
    """Return two sizes with the power between them."""
    low = high = min(max(start, fewest), most)
    while at(high).share < power:
        if high == most:
            raise ValueError(
                f"{most} people have a power of {at(most).share:.2f}, less than {power:g}; raise "
                "`most`, or ask whether an effect of this size can be found at all"
            )
        low, high = high, min(2 * high, most)
    while at(low).share >= power and low > fewest:
        low, high = max(low // 2, fewest), low
    if at(low).share >= power:
        raise ValueError(
            f"the smallest trial that is tried, {low} people, already has a power of "
            f"{at(low).share:.2f}; an effect this large needs no search"
        )
    return low, high


def _on_the_line(tried: list[_Tried], power: float, *, near: float) -> tuple[float, float]:
    """Return the size at which a probit line reaches the power, and its Monte Carlo error."""
    from scipy.special import ndtri

    here = [t for t in tried if near / 2.1 <= t.people <= near * 2.1 and 0 < t.found < t.runs]
    if len(here) < 2:
        return float(near), float(near) * 0.05
    x = np.sqrt([t.people for t in here])
    share = np.array([t.share for t in here])
    y = ndtri(share)
    density = np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
    weight = density**2 * np.array([t.runs for t in here]) / (share * (1 - share))
    a = np.column_stack([np.ones_like(x), x])
    cov = np.linalg.inv((a.T * weight) @ a)
    intercept, slope = cov @ (a.T @ (weight * y))
    if slope <= 0:
        return float(near), float(near) * 0.5
    root = (float(ndtri(power)) - intercept) / slope
    slopes = np.array([-1.0, -root]) / slope
    error = 2 * abs(root) * float(np.sqrt(slopes @ cov @ slopes))
    return float(root**2), error


def _row(one: _Tried, method: str) -> dict[str, Any]:
    low, high = wilson_interval(one.found, one.runs)
    return {
        "outcome": "stiffness", "group": "all", "term": f"{one.people} people", "measure": "power",
        "estimate": one.share, "std_error": float(np.sqrt(one.share * (1 - one.share) / one.runs)),
        "conf_low": float(low), "conf_high": float(high), "conf_level": 0.95, "n": one.runs,
        "method": method,
    }  # fmt: skip


def _method(design: Design, analysis: str, effect: float, seed: int) -> str:
    return f"simulated; {design.code}, {analysis}, effect {effect:+g}, seed {seed}"
