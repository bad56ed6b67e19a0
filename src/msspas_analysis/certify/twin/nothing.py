"""What diaries show where nothing is given: one rating, the entry week, and this toolkit's windows.

Whole centres are drawn from :class:`~msspas_analysis.simulate.scenario.DiaryScenario`. Everybody
comes in by the same rule and nothing is done to anybody; three ways of looking at the same diaries
are then put beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.estimate.change.untreated import Entry, untreated_contrast, window_weights
from msspas_analysis.estimate.intervals import POINT, t_interval
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.days import BLOCK, simulate_ratings
from msspas_analysis.simulate.realism import provenance
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import steady
from msspas_analysis.tables import AFTER, BEFORE, Window

Floats = NDArray[np.float64]

LATER: Final = 98
"""Days from the entry rating to the one rating later: 14 weeks."""

WORLD: Final = steady(DiaryScenario(
    entry_rating=4, baseline_days=14, followup_days=LATER - 14 + 1, completion_week_1=1,
    completion_week_12=1, dropout_weekly=0,
))  # fmt: skip
"""Entry by one rating of 4 or more, nothing given, 14 weeks of diary, and no day left out.

There are no episodes, weather or changes of medicine in it: the model whose figures are known."""

SINGLE: Final = "one rating, one rating later"
WEEKS: Final = "entry week, last two weeks"
WINDOWS: Final = "this toolkit's windows"
CHANGE, CALLED, BEYOND = "change", "change where called a fall", "beyond expectation"

_THRESHOLDS: Final = {"fall_20": 0.20, "fall_30": 0.30}
_ROWS_AT_ONCE: Final = 8192  # people drawn together, over all centres
_NATURE: Final = (
    "level_mean", "level_sd", "drift_sd", "drift_half_life", "day_sd", "day_sd_spread",
    "day_autocorrelation", "completion_week_1", "completion_week_12", "missing_slope",
    "dropout_weekly",
)  # fmt: skip
_STATUS: Final = {"calibrated": "calibrated to published figures", "set by the user": "set here"}
_MODEL: Final = "A computer model, no real people: nothing was given to anybody in it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way of looking at a diary."""

    name: str
    before: Window
    after: Window
    subtracts: bool


def what_nothing_shows(
    scenario: DiaryScenario | None = None, *, people: int = 30, replicates: int = 2000,
    seed: int = 2026,
) -> Estimates:  # fmt: skip
    """Say what a before-and-after comparison shows in centres that give nothing.

    Parameters
    ----------
    scenario : DiaryScenario or None
        The world, with ``change=0``; at least 14 days of diary before the first session, 42 from
        it on, and 99 in all. People come in by their first rating or the mean of their first week
        (``entry_days`` 1 or 7), or all do. None is :data:`WORLD`. Its ``n_people`` is not used.
    people : int
        People in each centre, 2 or more.
    replicates : int
        Centres to draw, 2 or more. Drawing more of them leaves the earlier ones as they are.
    seed : int
        Seed, 0 or more.

    Returns
    -------
    Estimates
        Means over centres, in points or as shares 0 to 1, with their Monte Carlo standard error;
        ``n`` counts simulated centres. ``group`` is the way of looking: *one rating, one rating
        later* (the entry rating, and the one 14 weeks after it), *entry week, last two weeks* (the
        means of the first 7 and of the last 14 of those days), *this toolkit's windows*
        (:data:`~msspas_analysis.tables.BEFORE` and :data:`~msspas_analysis.tables.AFTER`).
        ``term`` and ``measure``:

        - ``before`` and ``after``: ``mean``;
        - ``change``: ``mean_difference`` (negative is a fall), ``fall_20`` and ``fall_30`` (share
          of people whose rating falls by at least 20 and 30 %, of those not at 0 before), and
          ``false alarm rate`` (share of centres in which a paired t test at the two-sided 5 %
          level calls it a fall; a fair test does so in 2.5 %);
        - ``change where called a fall``: ``mean_difference`` of those centres alone, where there
          are two or more of them;
        - ``beyond expectation``, for the last two ways: ``mean_difference`` and ``false alarm
          rate`` after subtracting what was to be expected without treatment.

    Raises
    ------
    ValueError
        If something is given in the world, the diary is too short, the entry rule is of another
        kind, or `people` or `replicates` is below 2.

    Notes
    -----
    The ratings people came in by are always written down, as the entry rule needs them. Other days
    that were not filled in are missing: a window needs its fewest rated days, and somebody without
    a pair is left out of that centre's comparison. From two single ratings nothing can be
    subtracted: they do not show how ratings move by themselves.

    References
    ----------
    The expectation is :func:`~msspas_analysis.estimate.change.untreated.untreated_contrast`.

    Examples
    --------
    >>> shown = what_nothing_shows(people=30, replicates=64)
    >>> row = shown.one(group="one rating, one rating later", measure="mean_difference",
    ...                 term="change")
    >>> bool(row.estimate < -0.3), int(row.n)  # nobody was given anything
    (True, 64)
    """
    world = _untreated(scenario, people=people)
    if replicates < 2:
        raise ValueError(f"replicates must be 2 or more, got {replicates}")
    size = BLOCK * max(1, _ROWS_AT_ONCE // (people * BLOCK))
    chunks = [
        _centres(world, first=first, replicates=min(size, replicates - first), seed=seed)
        for first in range(0, replicates, size)
    ]
    drawn = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
    method = f"simulated; {people} people a centre, seed {seed}"
    rows: list[dict[str, Any]] = []
    for (group, term, measure), values in drawn.items():
        known = values[~np.isnan(values)]
        if term == CALLED and len(known) < 2:
            continue
        rows.append({
            "outcome": "stiffness", "group": group, "term": term, "measure": measure,
            "estimate": float(known.mean()) if len(known) else np.nan,
            "std_error": float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1
            else np.nan,
            "n": len(known), "n_missing": 0 if term == CALLED else len(values) - len(known),
            "method": method,
        })  # fmt: skip
    return Estimates.from_rows(rows, notes=[
        _MODEL, _told(world),
        "false alarm rate: centres called a fall by a t test at the two-sided 5 % level; a fair "
        "test calls a fall in 2.5 % of them.",
    ])  # fmt: skip


def small_pilots(
    scenario: DiaryScenario | None = None, *, pilots: int = 20, people: int = 10, seed: int = 2026
) -> Estimates:
    """Draw small pilots that give nothing, each with its mean change from one rating to one later.

    Parameters
    ----------
    scenario : DiaryScenario or None
        The world, as in :func:`what_nothing_shows`.
    pilots : int
        Pilots to draw, 1 or more.
    people : int
        People in each, 2 or more.
    seed : int
        Seed, 0 or more.

    Returns
    -------
    Estimates
        One row per pilot (``term`` is "pilot 1", "pilot 2", ...) with the mean change from the
        entry rating to the one 14 weeks later, its 95 % t interval and test; ``n`` counts people.
        The first note counts the pilots with a lower mean, and with an interval wholly to one side.

    Raises
    ------
    ValueError
        As :func:`what_nothing_shows`, or if a pilot has fewer than two people with both ratings.

    Examples
    --------
    >>> found = small_pilots(pilots=3, seed=1)
    >>> found.table["term"].tolist(), found.table["n"].tolist()
    (['pilot 1', 'pilot 2', 'pilot 3'], [10, 10, 10])
    """
    world = _untreated(scenario, people=people)
    if pilots < 1:
        raise ValueError(f"pilots must be 1 or more, got {pilots}")
    seen, _ = _diaries(world, first=0, replicates=pilots, seed=seed)
    rows: list[dict[str, Any]] = []
    for number, change in enumerate(seen[..., LATER] - seen[..., 0], start=1):
        known = change[~np.isnan(change)]
        if len(known) < 2:
            raise ValueError(
                f"pilot {number} has {len(known)} people with both ratings and needs 2; raise "
                "people, or let more days be filled in"
            )
        fit = t_interval(known)
        rows.append({
            "outcome": "stiffness", "group": SINGLE, "term": f"pilot {number}",
            "measure": "mean_difference", "estimate": float(fit.estimate),
            "std_error": float(fit.std_error), "conf_low": float(fit.conf_low),
            "conf_high": float(fit.conf_high), "conf_level": 0.95,
            "statistic": float(fit.statistic), "df": float(fit.df), "p_value": float(fit.p_value),
            "n": len(known), "n_missing": people - len(known),
            "method": f"simulated, seed {seed}; paired t",
        })  # fmt: skip
    lower = sum(row["estimate"] < 0 for row in rows)
    below = sum(row["conf_high"] < 0 for row in rows)
    above = sum(row["conf_low"] > 0 for row in rows)
    return Estimates.from_rows(rows, notes=[
        f"Of {pilots} pilots, {lower} saw a lower mean afterwards. The whole 95 % interval is below "
        f"zero in {below} and above zero in {above}.",
        _MODEL, _told(world),
    ])  # fmt: skip


def _untreated(scenario: DiaryScenario | None, *, people: int) -> DiaryScenario:
    """Return the world with so many people, or say why it cannot show what nothing shows."""
    if people < 2:
        raise ValueError(f"people must be 2 or more for a t test, got {people}")
    world = replace(WORLD if scenario is None else scenario, n_people=people)
    if world.change != 0:
        raise ValueError(
            f"change must be 0, got {world.change:g}: this is about centres that give nothing"
        )
    if world.entry_rating is not None and world.entry_days not in (1, 7):
        raise ValueError(
            f"entry_days must be 1 (the first rating) or 7 (the first week), got {world.entry_days}"
        )
    before, after = world.baseline_days, world.followup_days
    if before < 14 or after <= AFTER.last_day or before + after <= LATER:
        raise ValueError(
            f"the diary must have baseline_days of 14 or more, followup_days of "
            f"{AFTER.last_day + 1} or more and {LATER + 1} days in all, got {before} and {after}; "
            f"baseline_days=14 and followup_days={LATER - 13} will do"
        )
    return world


def _told(world: DiaryScenario) -> str:
    """Say of each number behind the ratings where it comes from."""
    told = provenance(world)
    told = told[told["field"].isin(_NATURE)]
    parts = []
    for status in dict.fromkeys(told["status"]):
        mine = told[told["status"].eq(status)]
        named = ", ".join(
            f"{name} {value:g}" for name, value in zip(mine["field"], mine["value"], strict=True)
        )
        parts.append(f"[{_STATUS.get(status, status)}] {named}")
    if steady(world) != world:
        parts.append("[assumption] episodes, weather and changes of medicine")
    return "The world: " + "; ".join(parts) + "."


def _diaries(
    world: DiaryScenario, *, first: int, replicates: int, seed: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Draw centres; the ratings people came in by are always written down."""
    drawn = simulate_ratings(world, seed=seed, replicates=replicates, first=first)
    seen = drawn.seen
    seen[..., : world.entry_days] = drawn.score[..., : world.entry_days]
    return seen, drawn.days


def _ways(world: DiaryScenario) -> tuple[_Way, ...]:
    entry = -world.baseline_days
    return (
        _Way(
            name=SINGLE, subtracts=False,
            before=Window(name="before", first_day=entry, last_day=entry, min_days=1),
            after=Window(name="after", first_day=entry + LATER, last_day=entry + LATER, min_days=1),
        ),
        _Way(
            name=WEEKS, subtracts=True,
            before=Window(name="before", first_day=entry, last_day=entry + 6),
            after=Window(name="after", first_day=entry + LATER - 13, last_day=entry + LATER),
        ),
        _Way(name=WINDOWS, subtracts=True, before=BEFORE, after=AFTER),
    )  # fmt: skip


def _centres(
    world: DiaryScenario, *, first: int, replicates: int, seed: int
) -> Mapping[tuple[str, str, str], Floats]:
    """Return every number of every centre, by group, term and measure; NaN where there is none."""
    seen, days = _diaries(world, first=first, replicates=replicates, seed=seed)
    by: Entry = "first rating" if world.entry_days == 1 else "first week"
    if world.entry_rating is None:
        by = "none"
    out: dict[tuple[str, str, str], Floats] = {}
    for way in _ways(world):
        before, after = (_window_mean(seen, days, w) for w in (way.before, way.after))
        change = after - before
        before, after = (np.where(np.isnan(change), np.nan, x) for x in (before, after))
        mean = _mean(change)
        called = _called_a_fall(change)
        out[way.name, "before", "mean"] = _mean(before)
        out[way.name, "after", "mean"] = _mean(after)
        out[way.name, CHANGE, "mean_difference"] = mean
        for name, threshold in _THRESHOLDS.items():
            fell = -change >= threshold * before - POINT
            out[way.name, CHANGE, name] = _mean(np.where(before > 0, fell, np.nan))
        out[way.name, CHANGE, "false alarm rate"] = called
        out[way.name, CALLED, "mean_difference"] = np.where(called == 1, mean, np.nan)
        if way.subtracts:
            found = untreated_contrast(seen, days, before=way.before, after=way.after, entry=by)
            beyond = found.change - found.expected
            out[way.name, BEYOND, "mean_difference"] = _mean(beyond)
            out[way.name, BEYOND, "false alarm rate"] = _called_a_fall(beyond)
    return out


def _window_mean(seen: Floats, days: NDArray[np.int64], window: Window) -> Floats:
    weights = window_weights(seen, days, window)
    mean = (weights * np.where(np.isnan(seen), 0.0, seen)).sum(axis=-1)
    return np.where(weights.any(axis=-1), mean, np.nan)


def _mean(values: Floats) -> Floats:
    """Mean over people with a number; NaN for a centre without any."""
    known = ~np.isnan(values)
    n = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _called_a_fall(values: Floats) -> Floats:
    """Return 1 where the 95 % t interval of a centre's mean is wholly below zero, 0 where not.

    People without a number are left out; a centre with fewer than two others is NaN.
    """
    from scipy.special import stdtrit

    known = ~np.isnan(values)
    n = known.sum(axis=-1)
    mean = _mean(values)
    square = np.where(known, np.square(values - mean[..., None]), 0.0).sum(axis=-1)
    half = stdtrit(np.maximum(n - 1, 1), 0.975) * np.sqrt(square / np.maximum(n * (n - 1), 1))
    return np.where(n > 1, np.where(mean + half < -POINT, 1.0, 0.0), np.nan)
