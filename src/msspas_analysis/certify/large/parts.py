"""One file of a large diary summed up: day by day, in bytes where ratings are whole numbers.

What is kept of a file adds up with what is kept of another: sums of squared differences of two days
by lag, and for each person the few days that a comparison before and after needs, with a year of
ratings at a byte a day. Sums of whole numbers are whole numbers, so no order of adding changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.certify.large.rows import (
    MISSING,
    NEVER,
    Array,
    DiaryFile,
    Known,
    Rows,
    apart,
    rated,
    read_people,
    read_rows,
)
from msspas_analysis.certify.twin.diary_features import (
    EACH,
    ENDS,
    FEWEST_DAYS,
    MOST_DAYS,
    Flags,
    Floats,
    Ints,
    Sums,
    rating_sums,
)
from msspas_analysis.estimate.change.untreated import MAX_LAG, Entry, entry_weights, variogram
from msspas_analysis.tables import Window

Parts = dict[str, Array]

FIRST_DAY, LAST_DAY = -120, 200  # of a variogram, as in day_grid
WEEK: Final = 7
ENTRIES: Final[tuple[Entry, ...]] = ("none", "first rating", "first week")
"""What is left out of the sums of squares by lag, in their order."""
_NARROW: Final = 13  # so large a difference, squared and added up over a year, fits 16 bits


def summed_file(
    *, file: DiaryFile, people: tuple[DiaryFile, ...], outcome: str, before: Window, after: Window
) -> Parts:
    """Sum up one file of a diary.

    Parameters
    ----------
    file : DiaryFile
        With ``person_id``, ``date`` and `outcome`.
    people : tuple of DiaryFile
        The table of people.
    outcome : str
        A column of numbers.
    before, after : Window
        The days compared.

    Returns
    -------
    dict of str to numpy.ndarray
        One entry a person (first axis): ``ids``, ``start``, ``session``, ``first``, ``last`` (days
        from 1970, :data:`NEVER` if unknown), ``sum before``, ``days before`` and so on, ratings
        ``year`` (from the first rated day), ``before``, ``after``, ``entry`` (seven days) and ``entry
        at`` (their first), ``placed`` (anything rated near the first session). Of all: ``rows``
        (read, not rated, without a first session), ``squares`` and ``pairs`` by what is left out
        (:data:`ENTRIES`) and lag. Ratings are bytes, :data:`MISSING` where there is none, or floats.

    Raises
    ------
    ValueError
        If the file cannot be read, a person has two rows for a day, or a number is infinite.
    """
    parts = [
        _summed(rows, read_people(people), before, after)
        for rows in apart(read_rows(file, outcome))
    ]
    return parts[0] if len(parts) == 1 else joined(parts)[0]


def _summed(rows: Rows, known: Known, before: Window, after: Window) -> Parts:
    at = known.ids.get_indexer(rows.ids)
    start, session = (np.where(at >= 0, days[at] if len(days) else NEVER, NEVER).astype(np.int32)
                      for days in (known.start, known.session))  # fmt: skip
    begun = session != NEVER
    low = min(FIRST_DAY, before.first_day, after.first_day)
    high = max(LAST_DAY, before.last_day, after.last_day)
    grid = _laid(rows, max(high - low + 1, MOST_DAYS))
    days = grid.whole
    many, head, tail = _ends(np.ascontiguousarray(_is_rated(days).T))
    first, last = (np.where(many > 0, rows.origin + place, NEVER).astype(np.int32)
                   for place in (head, tail))  # fmt: skip
    width = int((last.astype(np.int64) - first).max(initial=0)) + 1
    near = grid.window(np.where(begun, session, rows.origin + days.shape[1]) + np.where(
        begun, low, 0), high - low + 1)  # fmt: skip
    out: Parts = {
        "ids": rows.ids.to_numpy().astype(np.str_), "start": start, "session": session,
        "first": first, "last": last,
        "year": _small(grid.window(np.where(many > 0, first, rows.origin),
                                   min(width, MOST_DAYS))),
        "rows": np.array([len(rows.value), len(rows.value) - many.sum(), many[~begun].sum()]),
    }  # fmt: skip
    for name, window in (("before", before), ("after", after)):
        out[f"sum {name}"], out[f"days {name}"] = _window(rows, near, session, window, low)
    span = near[:, FIRST_DAY - low : LAST_DAY + 1 - low]
    for name, window in (("before", before), ("after", after)):
        out[name] = _small(span[:, span_of(window)])
    out["placed"] = np.asarray(_is_rated(span).any(axis=1))
    return out | _lags(span) | _entry(span)


_SUMMED: Final = ("rows", "squares", "pairs")
_WIDE: Final = ("year", "before", "after", "entry")
Years = tuple[tuple[Ints, Array], ...]
"""Of each file: the places of its people in the order of codes, and their ratings of a year."""


def joined(parts: Sequence[Parts], *, years: bool = True) -> tuple[Parts, Ints]:
    """Put together what was summed up of several sets of people, in the order of their codes.

    Parameters
    ----------
    parts : sequence of mapping of str to numpy.ndarray
        From :func:`summed_file`, one or more.
    years : bool
        Whether with the ratings of a year, which take the most room.

    Returns
    -------
    parts : mapping of str to numpy.ndarray
        As one.
    place : numpy.ndarray of int
        Where everybody went.
    """
    ids = np.concatenate([part["ids"] for part in parts])
    order = np.argsort(ids, kind="stable")
    place = np.empty(len(ids), np.int64)
    place[order] = np.arange(len(ids))
    names = [name for name in parts[0] if years or name != "year"]
    out: Parts = {}
    for name in names:
        pieces = [part[name] for part in parts]
        if name in _SUMMED:
            out[name] = sum(pieces[1:], start=pieces[0])
        elif name in _WIDE:
            out[name] = _stacked(pieces, place)
        else:
            out[name] = np.concatenate(pieces)[order]
    return out, place


def _stacked(pieces: list[Array], place: Ints) -> Array:
    """Put ratings of several sets of people where they belong, as narrow as loses nothing."""
    kinds = {piece.dtype for piece in pieces if len(piece)}
    kind = np.dtype(np.uint8)
    if kinds - {kind}:
        kind = np.result_type(*(kinds - {kind}))
    width = max(piece.shape[1] for piece in pieces)
    out = np.empty((len(place), width), kind)
    done = 0
    for piece in pieces:
        rows = place[done : done + len(piece)]
        days = piece.shape[1]
        out[rows, :days] = piece if piece.dtype == kind else rated(piece)
        if days < width:
            out[rows, days:] = MISSING if kind == np.uint8 else np.nan
        done += len(piece)
    return out


def span_of(window: Window) -> slice:
    """Return where a window's days are among those from :data:`FIRST_DAY` to :data:`LAST_DAY`."""
    width = LAST_DAY - FIRST_DAY + 1
    low, high = window.first_day - FIRST_DAY, window.last_day + 1 - FIRST_DAY
    return slice(min(max(low, 0), width), min(max(high, 0), width))


# --- days on a grid ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Ratings by person and day, each person's from its first row, with room around."""

    flat: Array
    origin: Ints
    days: int
    room: int

    @property
    def whole(self) -> Array:
        n, row = len(self.origin), self.days + self.room
        return self.flat[self.room :].reshape(n, row)[:, : self.days]

    def window(self, first: Array, days: int) -> Array:
        """Return so many days, the room or fewer, from a day of each person's own."""
        shift = np.clip(first.astype(np.int64) - self.origin, -self.room, self.days)
        n, row = len(self.origin), self.days + self.room
        if not n:
            return np.empty((0, days), self.flat.dtype)
        views = np.lib.stride_tricks.sliding_window_view(self.flat, days)
        out: Array = views[np.arange(n) * row + self.room + shift]
        return out


def _laid(rows: Rows, room: int) -> _Grid:
    """Lay ratings out by person and day."""
    kind = rows.value.dtype
    n, days = len(rows.ids), int(rows.days.max(initial=1))
    row = days + room
    flat = np.full(n * row + room, MISSING if kind == np.uint8 else np.nan, kind)
    if rows.in_order and len(rows.value) == n * days:  # a row for every day, and in their order
        flat[room:].reshape(n, row)[:, :days] = rows.value.reshape(n, days)
    else:
        place = np.repeat(np.arange(n) * row + room - rows.origin, rows.lengths)
        place += rows.date
        flat[place] = rows.value
    return _Grid(flat=flat, origin=rows.origin, days=days, room=room)


def _is_rated(values: Array) -> Flags:
    return values != MISSING if values.dtype == np.uint8 else ~np.isnan(values)


def _small(values: Array) -> Array:
    """Return ratings in four bytes where that loses nothing."""
    if values.dtype == np.uint8:
        return values
    half = values.astype(np.float32)
    return half if np.array_equal(half, values, equal_nan=True) else values


def _window(
    rows: Rows, near: Array, session: NDArray[np.int32], window: Window, low: int
) -> tuple[Floats, Ints]:
    """Return each person's sum and number of the ratings in a window."""
    inside = np.ascontiguousarray(near[:, window.first_day - low : window.last_day + 1 - low].T)
    known = _is_rated(inside)
    days = known.sum(axis=0, dtype=np.int64)
    if near.dtype == np.uint8:
        return _added(inside * known.view(np.uint8)), days
    # added up row by row, as window_scores does
    who = np.repeat(np.arange(len(rows.ids)), rows.lengths)
    day = rows.date - session.astype(np.int64)[who]
    use = (session[who] != NEVER) & (day >= window.first_day) & (day <= window.last_day)
    use &= ~np.isnan(rows.value)
    total = np.bincount(who[use], weights=rows.value[use], minlength=len(rows.ids))
    return total.astype(np.float64), days


def _ends(known: Flags) -> tuple[Ints, Ints, Ints]:
    """Return how many days are rated, the first and the last; (days, 0, ...) of nobody's make none."""
    days = len(known)
    kind = np.int16 if days < 2**15 else np.int32
    up = np.arange(1, days + 1, dtype=kind)[:, None]
    last = (up * known).max(axis=0, initial=0).astype(np.int64) - 1
    first = days - (up[::-1] * known).max(axis=0, initial=0).astype(np.int64)
    many = known.sum(axis=0, dtype=np.uint16 if days < 2**16 else np.uint32).astype(np.int64)
    return many, first, last


def _begin(span: Array) -> int:
    """Return the place of the first day before the first session that anybody rated."""
    some = _is_rated(span[:, :-FIRST_DAY]).any(axis=0)
    return int(np.argmax(some)) if some.any() else -FIRST_DAY


def _lags(span: Array) -> Parts:
    """Return squared differences of two days on one side of day 0, and pairs, by lag."""
    if span.dtype != np.uint8:
        days = np.arange(FIRST_DAY, LAST_DAY + 1)
        found = []
        for entry in ENTRIES:
            used = entry_weights(span, days, entry=entry) > 0 if entry != "none" else False
            found.append(variogram(np.where(used, np.nan, span), days))
        gamma, many = (np.stack(part) for part in zip(*found, strict=True))
        return {"squares": 2.0 * gamma * many, "pairs": many.astype(np.int64)}
    after = _pair_sums(np.ascontiguousarray(span[:, -FIRST_DAY:].T))
    y = np.ascontiguousarray(span[:, _begin(span) : -FIRST_DAY].T)
    first = _ends(y != MISSING)[1].astype(np.int16)
    day = np.arange(len(y), dtype=np.int16)[:, None]
    # the entry rating is before the first session, so what comes after is the same for all
    before = [_pair_sums(np.where((day >= first) & (day < first + width), MISSING, y))
              for width in (0, 1, WEEK)]  # fmt: skip
    squares, pairs = (np.stack([part[i] + after[i] for part in before]) for i in range(2))
    return {"squares": squares.astype(np.float64), "pairs": pairs}


def _pair_sums(y: Array) -> tuple[Ints, Ints]:
    """Return squared differences of two days and pairs, by lag."""
    known = y != MISSING
    some = np.flatnonzero(known.any(axis=1))
    if not len(some):
        return np.zeros(MAX_LAG + 1, np.int64), np.zeros(MAX_LAG + 1, np.int64)
    y, known = y[some[0] : some[-1] + 1], known[some[0] : some[-1] + 1]
    # products of all days with all are quicker, unless the library's threads wait for each other
    return products_by_lag(y, known) if one_thread() else gaps_by_lag(y, known)


def gaps_by_lag(y: Array, known: Flags) -> tuple[Ints, Ints]:
    """Return squared differences of two days and pairs, by lag, from the differences themselves."""
    squares, pairs = (np.zeros(MAX_LAG + 1, np.int64) for _ in range(2))
    y = _wide_enough(y, known)
    for lag in range(1, min(MAX_LAG, len(y) - 1) + 1):
        each, both = _gaps(y, known, lag)
        squares[lag], pairs[lag] = each.sum(dtype=np.int64), np.count_nonzero(both)
    return squares, pairs


def products_by_lag(y: Array, known: Flags) -> tuple[Ints, Ints]:
    """Return the same from products of all days with all.

    Of so few people at once that 24 bits hold every sum, so that sums of products are exact.
    """
    squares, pairs = (np.zeros(MAX_LAG + 1, np.int64) for _ in range(2))
    most = int((y * known.view(np.uint8)).max(initial=1))
    block = (2**24 - 1) // max(most, 1) ** 2
    for one in range(0, y.shape[1], block):
        k = known[:, one : one + block].astype(np.float32)
        x = y[:, one : one + block] * k
        product, both = x @ x.T, k @ k.T
        x *= x
        square = x @ k.T
        squares += _diagonals(square) + _diagonals(square.T) - 2 * _diagonals(product)
        pairs += _diagonals(both)
    squares[0] = pairs[0] = 0
    return squares, pairs


def _diagonals(matrix: NDArray[np.float32]) -> Ints:
    """Add up the diagonals from the main one up, as many as there are lags."""
    days = len(matrix)
    room = np.zeros((days, days + MAX_LAG))
    room[:, :days] = matrix
    step = room.strides[1]
    skewed = np.lib.stride_tricks.as_strided(
        room, (days, MAX_LAG + 1), (room.strides[0] + step, step), writeable=False
    )
    return np.asarray(skewed.sum(axis=0)).astype(np.int64)


@lru_cache(maxsize=1)
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> bool:
    """Say whether the library of matrix products runs in the thread that calls it."""
    return all(one.num_threads == 1 for one in _libraries().lib_controllers
               if one.user_api == "blas")  # fmt: skip


def in_one_thread() -> AbstractContextManager[Any]:
    """Have matrix products run in the thread that calls them."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


def _wide_enough(y: Array, known: Flags) -> Array:
    """Return bytes, or wider whole numbers where differences squared would not fit."""
    low, high = y.min(initial=MISSING), (y * known.view(np.uint8)).max(initial=0)
    return y if int(high) - int(low) <= _NARROW else y.astype(np.int32)


def _gaps(y: Array, known: Flags, lag: int, same: Array | None = None) -> tuple[Array, Flags]:
    """Return each person's squared differences of days `lag` apart, and which pairs gave them."""
    both = known[lag:] & known[:-lag]
    if same is not None:
        both &= same[lag:] == same[:-lag]
    gap = y[lag:] - y[:-lag]  # of bytes: modulo 256, and so is the square, which is smaller
    gap *= gap
    gap *= both.view(np.uint8)
    return gap.sum(axis=0, dtype=np.uint16 if y.dtype == np.uint8 else np.int64), both


def _entry(span: Array) -> Parts:
    """Return the seven days from the first rated one before the first session."""
    begin = _begin(span)
    missing = np.full((len(span), WEEK), MISSING if span.dtype == np.uint8 else np.nan, span.dtype)
    before = np.concatenate([span[:, begin:-FIRST_DAY], missing], axis=1)
    many, first, _ = _ends(np.ascontiguousarray(_is_rated(before).T))
    some = many > 0
    first = np.where(some, first, before.shape[1] - WEEK)
    week = np.take_along_axis(before, first[:, None] + np.arange(WEEK), axis=1)
    at_day = np.where(some, first + begin + FIRST_DAY, NEVER).astype(np.int32)
    return {"entry": _small(week), "entry at": at_day}


# --- the features of a year ----------------------------------------------------------------------


def year_sums(
    year: Array, after: NDArray[np.int64], possible: Ints, *, near: tuple[int, ...],
    far: tuple[int, ...],
) -> Sums:  # fmt: skip
    """Return :func:`~.diary_features.rating_sums` of one cohort, quickly where ratings are bytes.

    Parameters
    ----------
    year : numpy.ndarray, shape (n_people, n_days)
        Ratings as kept.
    after : numpy.ndarray of int, shape (n_people,)
        The day of the first session; `n_days` or more if there was none.
    possible, near, far
        As there.
    """
    if year.dtype != np.uint8:
        days = year.shape[1]
        sides = np.arange(days) >= after[:, None]
        return rating_sums(rated(year)[None], sides, possible, near=near, far=far)
    half = year.shape[1] // 2
    raw = np.ascontiguousarray(year[:, : _until(year)].T)
    days, known = len(raw), raw != MISSING
    y = _wide_enough(raw, known)
    filled = raw * known.view(np.uint8)
    day = np.arange(days, dtype=np.int16)[:, None]
    later = day >= np.minimum(after, days).astype(np.int16)
    times = _count(known)
    out: Sums = {"times": times, "total": _added(filled), "days": times.sum()}
    for name, end in ENDS:
        out[name] = np.count_nonzero(raw == int(end))
    out["far"] = out["far pairs"] = 0
    for lag in far:
        each, both = _gaps(y, known, lag, later)
        out["far"] += 0.5 * each.sum(dtype=np.int64)
        out["far pairs"] += np.count_nonzero(both)
    for lag in near:
        each, both = _gaps(y, known, lag, later)
        out[f"lag {lag}"] = 0.5 * each.sum(dtype=np.int64)
        out[f"lag {lag} pairs"] = np.count_nonzero(both)
        if lag == 1:
            out["apart"], out["next"] = 0.5 * each, _count(both)
    both = known[1:] & known[:-1]
    out["both"] = np.count_nonzero(both)
    out["same"] = np.count_nonzero(both & (raw[1:] == raw[:-1]))
    out["after times"] = _count(known & later)
    out["after total"] = _added(filled * later.view(np.uint8))
    out["before times"] = times - out["after times"]
    out["before total"] = out["total"] - out["after total"]
    last = _ends(known)[2]
    inside = day <= last.astype(np.int16)
    missing = inside & ~known
    out |= {"last": last, "inside": last + 1, "possible": possible}
    for name, part in (("early", slice(None, half)), ("late", slice(half, None))):
        out[f"{name} days"] = np.count_nonzero(inside[part])
        out[name] = np.count_nonzero(known[part])
    then, now = missing[:-1], missing[1:]
    filled_in = known[:-1] & inside[1:]
    for name, flags in (("missing then", then), ("missing then and now", then & now),
                        ("filled then", filled_in), ("missing now", filled_in & now),
                        ("missing", missing)):  # fmt: skip
        out[name] = np.count_nonzero(flags)
    out["runs"] = np.count_nonzero(missing[0]) + np.count_nonzero(now & ~then)
    return {name: np.asarray(value)[None] if name != "possible" else value
            for name, value in out.items()}  # fmt: skip


def _until(year: Array) -> int:
    """Return how many days there are until the last on which anybody rated, 1 or more."""
    some = np.flatnonzero((year != MISSING).any(axis=0))
    return int(some[-1]) + 1 if len(some) else 1


def _count(flags: Flags) -> Ints:
    return np.asarray(flags.sum(axis=0, dtype=np.uint16)).astype(np.int64)  # a year is short


def _added(filled: Array) -> Floats:
    return np.asarray(filled.sum(axis=0, dtype=np.uint32)).astype(np.float64)


def added(parts: Iterable[Sums]) -> Sums:
    """Put the sums of several sets of people together."""
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts], axis=-1) if name in EACH
            else sum(part[name] for part in parts) for name in parts[0]}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """How diaries lie in a year: as :func:`~.diary_features.own_diary` lays them out."""

    days: int
    begun: bool  # whether every start is known; if not, day 0 is the first rated day
    start: Ints
    possible: Ints
    after: Ints  # the first session's day; beyond every day if there was none
    baseline_days: int | None
    notes: tuple[str, ...]


def year_frame(
    *, first: Ints, last: Ints, start: Ints, session: Ints, there: Flags, fewest: int
) -> Frame:
    """Say on which day each diary begins, how many days are looked at, and when sessions began.

    Parameters
    ----------
    first, last : numpy.ndarray of int, shape (n_people,)
        First and last rated day.
    start, session : numpy.ndarray of int, shape (n_people,)
        As told, or :data:`NEVER`.
    there : numpy.ndarray of bool, shape (n_people,)
        Who rated a day at all, somebody at least; what is returned of the others means nothing.
    fewest : int
        People with a first session from which their usual day is told.
    """
    lead = np.where(start == NEVER, -1, first - start)
    begun = bool(((lead >= 0) & (lead < FEWEST_DAYS))[there].all())
    start = start if begun else first
    spans = np.sort((last - start + 1)[there])[::-1]
    # as long as a tenth of people kept it, as in own_diary
    days = int(min(spans[max(3, -(-len(spans) // 10)) - 1], MOST_DAYS))
    notes = []
    if spans[0] > days:
        notes.append(f"Days after day {days} of a diary are not used: too few people kept one.")
    possible = np.clip(last[there].max() - start + 1, 1, days)
    if (possible[there] < days).any():
        notes.append("Some diaries were still being kept when the file was made.")
    told = there & (session != NEVER)
    baseline = None
    if told.sum() >= fewest:
        baseline = int(np.clip(np.rint(np.median((session - start)[told])), 1, days - 1))
    after = np.where(told, session - start, np.iinfo(np.int64).max)
    return Frame(days=days, begun=begun, start=start, possible=possible, after=after,
                 baseline_days=baseline, notes=tuple(notes))  # fmt: skip


def from_start(year: Array, lead: Ints, days: int) -> Array:
    """Lay ratings kept from the first rated day out from a start so many days (0 to 13) before it."""
    n, width = year.shape
    if not n:
        return np.empty((0, days), year.dtype)
    row = FEWEST_DAYS + max(width, days)
    out = np.full((n, row), MISSING if year.dtype == np.uint8 else np.nan, year.dtype)
    out[:, FEWEST_DAYS : FEWEST_DAYS + width] = year
    windows = np.lib.stride_tricks.sliding_window_view(out.ravel(), days)
    return np.asarray(windows[np.arange(n) * row + FEWEST_DAYS - lead])
