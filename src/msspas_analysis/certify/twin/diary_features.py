"""A diary as arrays of people and days, and the features that sum it up, many cohorts at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import SYMPTOMS
from msspas_analysis.tables import DIARY, PEOPLE, Tables, validate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Features = dict[str, Floats]
Sums = dict[str, Any]

FEWEST_PEOPLE: Final = 10
FEWEST_DAYS: Final = 14
MOST_DAYS: Final = 366
LONG: Final = 140  # days of diary from which slow drift can be told
POINTS, SHARE, CORRELATION, DAYS, NUMBER = "points", "share", "correlation", "days", "number"

FEATURES: Final[Mapping[str, tuple[str, str]]] = {
    "mean": ("mean of people's means", POINTS),
    "spread": ("standard deviation of people's means", POINTS),
    "zero": ("days at 0", SHARE),
    "ten": ("days at 10", SHARE),
    "far": ("half mean squared difference of days far apart", POINTS),
    "lag 1": ("likeness of days 1 apart", CORRELATION),
    "lag 2": ("likeness of days 2 apart", CORRELATION),
    "lag 7": ("likeness of days 7 apart", CORRELATION),
    "lag 14": ("likeness of days 14 apart", CORRELATION),
    "lag 28": ("likeness of days 28 apart", CORRELATION),
    "unlike": ("standard deviation between people of log day-to-day change", NUMBER),
    "same": ("days rated as the day before", SHARE),
    "shift": ("after minus before the first session", POINTS),
    "early": ("days filled in, first half", SHARE),
    "late": ("days filled in, second half", SHARE),
    "streaky": ("missing after a missing day minus missing after a filled-in day", SHARE),
    "streak": ("mean length of runs of missing days", DAYS),
    "keepers": ("standard deviation of people's shares of days filled in", SHARE),
    "stops": ("diaries that stop, each week", SHARE),
}
"""Features of the daily stiffness rating: key, what it is, its unit."""

EACH: Final = ("times", "total", "apart", "next", "after times", "after total", "before times",
               "before total", "last", "inside", "possible")  # fmt: skip
"""Sums of :func:`rating_sums` that are a number a person."""
ENDS: Final = (("zero", 0.0), ("ten", 10.0))

ITEM_FEATURES: Final[Mapping[str, tuple[str, str]]] = {
    "mean": ("mean of people's means", POINTS),
    "spread": ("standard deviation of people's means", POINTS),
    "within": ("standard deviation within a person", POINTS),
    "between": ("correlation of people's means with stiffness", CORRELATION),
    "same day": ("correlation with stiffness on the same day", CORRELATION),
    "zero": ("days at 0", SHARE),
    "each other": ("correlation of people's means with each other", CORRELATION),
}
COUNT_FEATURES: Final[Mapping[str, tuple[str, str]]] = {
    "mean": ("mean of the logarithm of people's means", NUMBER),
    "spread": ("standard deviation of the logarithm of people's means", NUMBER),
    "extra": ("variance within a person beyond Poisson, as a share of the mean squared", NUMBER),
    "zero": ("days without", SHARE),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnDiary:
    """The centre's diary on a grid of days from the start of each person's diary."""

    items: Mapping[str, Floats]  # stiffness and what else is used; (1, people, days)
    after: Flags  # (people, days): from the first session on
    possible: Ints  # days that each person's diary could have had when the file was made
    begun: bool  # whether starts are known; if not, day 0 is the first rated day
    baseline_days: int | None
    falls: float | None
    missed_tablets: float | None
    item_missing: float | None
    uncountable_above: int | None
    notes: tuple[str, ...]
    told: Features | None = None  # the features of all, where these are only some of them

    @property
    def seen(self) -> Floats:
        """Daily stiffness ratings, shape (1, people, days)."""
        return self.items["stiffness"]


# --- the own diary as arrays ---------------------------------------------------------------------


def own_diary(tables: Tables | pd.DataFrame, people: pd.DataFrame | None) -> OwnDiary:
    """Check the tables and lay the diary out by person and day."""
    if isinstance(tables, Tables):
        if people is not None:
            raise ValueError("people is in the tables already; give tables alone")
        diary, people = tables.diary, tables.people
    elif isinstance(tables, pd.DataFrame):
        diary = tables
    else:
        raise ValueError(
            f"tables must be Tables or the diary as a DataFrame, got {type(tables).__name__}"
        )
    diary = validate(diary, DIARY)
    people = PEOPLE.empty() if people is None else validate(people, PEOPLE)
    rated = diary[diary["stiffness"].notna()]
    many = rated["person_id"].value_counts()
    enough = int((many >= FEWEST_DAYS).sum())
    if enough < FEWEST_PEOPLE:
        raise ValueError(
            f"diary: a twin needs {FEWEST_PEOPLE} people or more with {FEWEST_DAYS} or more days "
            f"rated for stiffness, got {enough} of {len(many)} people in {len(rated)} rated days; "
            "collect more diaries: with fewer, a twin would say too much about single people"
        )
    ids = pd.Index(sorted(many.index))
    first = rated.groupby("person_id")["date"].min().reindex(ids)
    last = rated.groupby("person_id")["date"].max().reindex(ids)
    known = people.set_index("person_id").reindex(ids)
    begun = (first - known["diary_start"]).dt.days.between(0, FEWEST_DAYS - 1)
    start = known["diary_start"] if begun.all() else first
    spans = np.sort((last - start).dt.days.to_numpy(np.int64) + 1)[::-1]
    # as long as a tenth of people kept it, so that one mistyped date or one keen person counts less
    days = int(min(spans[max(3, -(-len(ids) // 10)) - 1], MOST_DAYS))
    notes = []
    if spans[0] > days:
        notes.append(f"Days after day {days} of a diary are not used: too few people kept one.")
    possible = np.clip((last.max() - start).dt.days.to_numpy(np.int64) + 1, 1, days)
    # in an order that codes have no part in
    order = np.argsort(possible, kind="stable")
    ids, possible, start, known = ids[order], possible[order], start.iloc[order], known.iloc[order]
    if (possible < days).any():
        notes.append("Some diaries were still being kept when the file was made.")
    session = (known["first_session"] - start).dt.days
    told = int(session.notna().sum()) >= FEWEST_PEOPLE
    baseline = int(np.clip(np.rint(session.median()), 1, days - 1)) if told else None
    at = session.to_numpy(float, na_value=np.nan)
    rows = ids.get_indexer(pd.Index(rated["person_id"]))
    day = (rated["date"] - start.reindex(rated["person_id"]).set_axis(rated.index)).dt.days
    inside = day.between(0, days - 1).to_numpy()

    def laid_out(values: pd.Series[Any]) -> Floats:
        out = np.full((1, len(ids), days), np.nan)
        out[0, rows[inside], day.to_numpy()[inside]] = values.to_numpy(float)[inside]
        return out

    asked = [name for name in ("stiffness", "spasm_count", *SYMPTOMS, "falls")
             if _answered(rated, name, also="spasm_count_low")]  # fmt: skip
    items = {name: laid_out(rated[name]) for name in asked if name != "falls"}
    above: int | None = None
    if "spasm_count" in items:
        low = laid_out(rated["spasm_count_low"])
        default = DiaryScenario().uncountable_above
        most = float(rated["spasm_count"].max())
        above = default if default is None or most <= default else None
        items["spasm_count"] = capped(items["spasm_count"], low, above)
    blanks = [rated[name].isna() & rated["spasm_count_low"].isna() if name == "spasm_count"
              else rated[name].isna() for name in asked if name != "stiffness"]  # fmt: skip
    tablets = None
    if _answered(rated, "missed_medication"):
        said = rated["missed_medication"]
        tablets = float((said.dropna() == "yes").mean())
        blanks.append(said.isna())
    return OwnDiary(
        items=items, after=np.arange(days) >= np.where(np.isnan(at), np.inf, at)[:, None],
        possible=possible, begun=bool(begun.all()), baseline_days=baseline,
        falls=float(rated["falls"].mean()) if "falls" in asked else None,
        missed_tablets=tablets, item_missing=float(np.mean(blanks)) if blanks else None,
        uncountable_above=above, notes=tuple(notes),
    )  # fmt: skip


def _answered(rated: pd.DataFrame, name: str, also: str = "") -> bool:
    """Return whether enough people answered a column on enough days."""
    there = rated[name].notna()
    if name == "spasm_count" and also:
        there |= rated[also].notna()
    many = rated.loc[there, "person_id"].value_counts()
    return int((many >= FEWEST_DAYS).sum()) >= FEWEST_PEOPLE


def capped(count: Floats, low: Floats, above: int | None) -> Floats:
    """Put a count known only as a lower limit at that limit, and all at one above what is told."""
    out = np.where(np.isnan(count), low, count)
    return out if above is None else np.minimum(out, above + 1.0)


def cut(values: Floats, own: OwnDiary, first: Ints | None) -> Floats:
    """Cut synthetic days where the own diaries were cut, and begin at the first rated day."""
    days = values.shape[-1]
    out = np.where(np.arange(days) < own.possible[:, None], values, np.nan)
    if first is None:
        return out
    at = np.arange(days) + first[..., None]
    return np.where(at < days, np.take_along_axis(out, np.minimum(at, days - 1), axis=-1), np.nan)


# --- features: the leading axis is replicates ----------------------------------------------------


def usual_lags(days: int, baseline_days: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the lags that diaries of so many days tell of: near ones, and far ones to be pooled."""
    # pairs of days never span the first session
    side = days if baseline_days is None else max(baseline_days, days - baseline_days)
    low, high = min(14, side // 3), min(28, side // 2)
    if side >= 42:
        low = 21
    if days >= LONG:
        return (1, 2, 7, 14, 28), (56, 60, 65, 70)
    far = tuple(np.unique(np.linspace(low, max(low, high), 5).astype(int)).tolist())
    return tuple(lag for lag in (1, 2, 7, 14) if lag < low), far


def own_features(own: OwnDiary, near: tuple[int, ...], far: tuple[int, ...]) -> Features:
    """Return :func:`rating_features` of an own diary, or those told of all its people."""
    if own.told is not None:
        return own.told
    return rating_features(own.seen, own.after, own.possible, near=near, far=far)


def rating_features(
    seen: Floats, after: Flags, possible: Ints, *, near: tuple[int, ...], far: tuple[int, ...]
) -> Features:
    """Sum up daily ratings of many cohorts at once.

    Parameters
    ----------
    seen : numpy.ndarray, shape (replicates, n_people, n_days)
        Ratings from the start of each diary, NaN where there is none.
    after : numpy.ndarray of bool, shape (n_people, n_days) or (n_days,)
        Days from the first session on.
    possible : numpy.ndarray, shape (n_people,)
        Days each diary could have had.
    near, far : tuple of int
        Lags in days; `far` are pooled.

    Returns
    -------
    dict of str to numpy.ndarray, shape (replicates,)
        By the keys of :data:`FEATURES`; NaN where a cohort does not tell.
    """
    return features_of(rating_sums(seen, after, possible, near=near, far=far))


def rating_sums(
    seen: Floats, after: Flags, possible: Ints, *, near: tuple[int, ...], far: tuple[int, ...]
) -> Sums:
    """Return the sums behind :func:`rating_features`, whose parameters these are.

    Returns
    -------
    dict of str to numpy.ndarray
        Those of :data:`EACH` of shape (replicates, n_people); the others (replicates,), which of
        several sets of people add up.
    """
    known = ~np.isnan(seen)
    y = np.where(known, seen, 0.0)
    times = known.sum(axis=-1)
    out = {"times": times, "total": y.sum(axis=-1), "days": times.sum(axis=-1)}
    for name, end in ENDS:
        out[name] = (seen == end).sum(axis=(-2, -1))
    total, pairs = zip(*(_gaps(seen, after, lag) for lag in far), strict=True)
    out["far"], out["far pairs"] = sum(total).sum(axis=-1), sum(pairs).sum(axis=-1)
    for lag in near:
        apart, n = _gaps(seen, after, lag)
        out[f"lag {lag}"], out[f"lag {lag} pairs"] = apart.sum(axis=-1), n.sum(axis=-1)
        if lag == 1:
            out["apart"], out["next"] = apart, n
    both = known[..., 1:] & known[..., :-1]
    same = both & (seen[..., 1:] == seen[..., :-1])
    out["same"], out["both"] = same.sum(axis=(-2, -1)), both.sum(axis=(-2, -1))
    for name, side in (("after", after), ("before", ~after)):
        out[f"{name} times"] = (known & side).sum(axis=-1)
        out[f"{name} total"] = (y * side).sum(axis=-1)
    return out | gap_sums(known, possible)


def gap_sums(known: Flags, possible: Ints) -> Sums:
    """Sum up which days are missing between the start of a diary and its last rated day."""
    days = known.shape[-1]
    last = np.where(known.any(axis=-1), days - 1 - np.argmax(known[..., ::-1], axis=-1), -1)
    inside = np.arange(days) <= last[..., None]
    missing = inside & ~known
    out = {"last": last, "inside": inside.sum(axis=-1), "possible": possible}
    for name, part in (("early", slice(None, days // 2)), ("late", slice(days // 2, None))):
        out[f"{name} days"] = inside[..., part].sum(axis=(-2, -1))
        out[name] = known[..., part].sum(axis=(-2, -1))
    before, now = missing[..., :-1], missing[..., 1:]
    filled = known[..., :-1] & inside[..., 1:]
    for name, flags in (("missing then", before), ("missing then and now", before & now),
                        ("filled then", filled), ("missing now", filled & now),
                        ("missing", missing)):  # fmt: skip
        out[name] = flags.sum(axis=(-2, -1))
    out["runs"] = missing[..., 0].sum(axis=-1) + (now & ~before).sum(axis=(-2, -1))
    return out


def features_of(sums: Sums) -> Features:
    """Return the features of :func:`rating_sums`."""
    times, last = sums["times"], sums["last"]
    rated = times >= FEWEST_DAYS
    mean = sums["total"] / np.maximum(times, 1)
    out = {"mean": mean_of(mean, rated), "spread": sd_of(mean, rated)}
    for name, _ in ENDS:
        out[name] = _ratio(sums[name], sums["days"])
    out["far"] = _ratio(sums["far"], sums["far pairs"])
    for name in [name for name in sums if name.startswith("lag ") and name[-1].isdigit()]:
        out[name] = 1.0 - _ratio(_ratio(sums[name], sums[f"{name} pairs"]), out["far"])
        if name == "lag 1":
            n = sums["next"]
            own = 0.5 * np.log(sums["apart"] / np.maximum(n, 1) + 0.1)
            # near an end of the scale it is the end that makes people alike
            middle = rated & (mean >= 2.0) & (mean <= 8.0) & (n >= FEWEST_DAYS // 2)
            out["unlike"] = np.where(middle.sum(axis=-1) >= 5, sd_of(own, middle), np.nan)
    out["same"] = _ratio(sums["same"], sums["both"])
    shift, enough = 0.0, True
    for side, sign in (("after", 1.0), ("before", -1.0)):
        n = sums[f"{side} times"]
        shift = shift + sign * sums[f"{side} total"] / np.maximum(n, 1)
        enough = enough & (n >= 4)
    out["shift"] = mean_of(np.asarray(shift), np.asarray(enough))
    for name in ("early", "late"):
        out[name] = _ratio(sums[name], sums[f"{name} days"])
    out["streaky"] = _ratio(sums["missing then and now"], sums["missing then"]) - _ratio(
        sums["missing now"], sums["filled then"]
    )
    out["streak"] = _ratio(sums["missing"], sums["runs"])
    share = times / np.maximum(sums["inside"], 1)
    out["keepers"] = sd_of(share, last >= FEWEST_DAYS)
    weeks, due = last // 7 + 1, -(-sums["possible"] // 7)
    began = last >= 0
    out["stops"] = _ratio(
        (began & (weeks < due)).sum(axis=-1), np.minimum(weeks, due - 1).sum(axis=-1)
    )
    return out


def item_features(items: Mapping[str, Floats], after: Flags) -> Features:
    """Sum up the other columns of the diary, by ``"column, feature"``.

    Parameters
    ----------
    items : mapping of str to numpy.ndarray, shape (replicates, n_people, n_days)
        Stiffness and some others; counts without limit above the cap.
    after : numpy.ndarray of bool, shape (n_people, n_days) or (n_days,)
        Days from the first session on; people are centred before and after it apart.
    """
    y = items["stiffness"]
    level, rated = _levels(y)
    usual = [_levels(items[name]) for name in SYMPTOMS if name in items]
    out: Features = {}
    for name in items:
        if name == "stiffness":
            continue
        x = items[name]
        mean, used = _levels(x)
        n = (~np.isnan(x)).sum(axis=(-2, -1))
        out[f"{name}, zero"] = _ratio((x == 0).sum(axis=(-2, -1)), n)
        squares, free, centre = _squares(x, x, after)
        if name == "spasm_count":
            log = np.log(mean + 0.25)
            out[f"{name}, mean"], out[f"{name}, spread"] = mean_of(log, used), sd_of(log, used)
            extra = (squares - centre * free).sum(axis=(0, -1))
            out[f"{name}, extra"] = _ratio(extra, (centre**2 * free).sum(axis=(0, -1)))
            continue
        out[f"{name}, mean"], out[f"{name}, spread"] = mean_of(mean, used), sd_of(mean, used)
        out[f"{name}, within"] = np.sqrt(_ratio(squares.sum(axis=(0, -1)), free.sum(axis=(0, -1))))
        out[f"{name}, between"] = _correlation(mean, level, used & rated)
        there = ~np.isnan(x) & ~np.isnan(y)
        x2, y2 = np.where(there, x, np.nan), np.where(there, y, np.nan)
        xy, xx, yy = (
            _squares(a, b, after)[0].sum(axis=(0, -1)) for a, b in ((x2, y2), (x2, x2), (y2, y2))
        )
        out[f"{name}, same day"] = _ratio(xy, np.sqrt(xx * yy))
    pairs = [(a, b) for i, a in enumerate(usual) for b in usual[i + 1 :]]
    if pairs:
        out["symptoms, each other"] = np.mean(
            [_correlation(a[0], b[0], a[1] & b[1]) for a, b in pairs], axis=0
        )
    return out


def _levels(x: Floats) -> tuple[Floats, Flags]:
    known = ~np.isnan(x)
    n = known.sum(axis=-1)
    return np.where(known, x, 0.0).sum(axis=-1) / np.maximum(n, 1), n >= FEWEST_DAYS


def _squares(x: Floats, y: Floats, after: Flags) -> tuple[Floats, Floats, Floats]:
    """Return sums of products about a person's means, before and after apart, with their df."""
    parts = []
    for side in (after, ~after):
        known = ~np.isnan(x) & side
        n = known.sum(axis=-1)
        a, b = np.where(known, x, 0.0), np.where(known, y, 0.0)
        totals = a.sum(axis=-1), b.sum(axis=-1)
        products = (a * b).sum(axis=-1) - totals[0] * totals[1] / np.maximum(n, 1)
        parts.append((products, np.maximum(n - 1, 0), totals[0] / np.maximum(n, 1)))
    squares, free, centre = (np.stack(part) for part in zip(*parts, strict=True))
    return squares, free, centre


def _gaps(seen: Floats, after: Flags, lag: int) -> tuple[Floats, Ints]:
    """Return each person's half squared differences of days `lag` apart, and how many there are."""
    gap = seen[..., lag:] - seen[..., :-lag]
    use = ~np.isnan(gap) & (after[..., lag:] == after[..., :-lag])
    return 0.5 * np.square(np.where(use, gap, 0.0)).sum(axis=-1), use.sum(axis=-1)


def _ratio(top: Any, bottom: Any) -> Floats:
    bottom = np.asarray(bottom, dtype=np.float64)
    out = np.full(np.shape(bottom), np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def mean_of(values: Floats, used: Flags) -> Floats:
    """Return the mean over the last axis of the values used, NaN with none."""
    return _ratio(np.where(used, values, 0.0).sum(axis=-1), used.sum(axis=-1))


def sd_of(values: Floats, used: Flags) -> Floats:
    """Return the standard deviation (n - 1) over the last axis, NaN with fewer than two."""
    centred = np.where(used, values - mean_of(values, used)[..., None], 0.0)
    return np.sqrt(_ratio(np.square(centred).sum(axis=-1), used.sum(axis=-1) - 1))


def _correlation(x: Floats, y: Floats, used: Flags) -> Floats:
    x, y = (np.where(used, v - mean_of(v, used)[..., None], 0.0) for v in (x, y))
    return _ratio((x * y).sum(axis=-1), np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1)))
