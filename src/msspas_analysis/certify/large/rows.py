"""The files of a large diary as rows: read a batch at a time, each person's rows together.

Whole numbers up to 254 become bytes, which is what makes a year of many people small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.twin.diary_features import MOST_DAYS, Floats, Ints
from msspas_analysis.estimate.people import RowsAreNotPeopleError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Array = NDArray[Any]

MISSING: Final = 255  # in bytes: not rated
NEVER: Final = int(np.iinfo(np.int32).min)  # a day that there is not
_BATCH: Final = 2**20  # rows read at once
_MOST_CELLS: Final = 2**26  # bytes of days laid out at once


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryFile:
    """A file as it was when it was listed.

    Parameters
    ----------
    path : str
        Whole path.
    size : int
        In bytes.
    changed : int
        When it was last changed, in nanoseconds.
    rows : int
        Rows in it.
    """

    path: str
    size: int
    changed: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of a file, person after person, each person's in the file's order."""

    ids: pd.Index[Any]
    lengths: Ints  # rows of each person, 1 or more
    origin: Ints  # first day of each person
    days: Ints  # days from it to the last, both included
    in_order: bool  # each person's days follow each other

    @property
    def date(self) -> NDArray[np.int32]:
        """The days of all rows, put together when they are asked for."""
        return np.concatenate([np.empty(0, np.int32), *self.dates])

    dates: tuple[NDArray[np.int32], ...]
    value: Array  # bytes or floats


def read_rows(file: DiaryFile, outcome: str) -> Rows:
    """Read a file, a batch at a time while it is at hand."""
    numbers = _Codes(file)
    codes, starts, firsts, lasts = ([np.empty(0, np.int32)] for _ in range(4))
    dates: list[NDArray[np.int32]] = []
    values: list[Array] = []
    done, in_order, before = 0, True, (-1, 0)
    for batch in _batches(file, ["person_id", "date", outcome]):
        code = numbers.of(batch.column(0))
        date = _days(batch.column(1), file, "date", needed=True)
        other, later = np.empty(len(code), bool), np.empty(len(code), bool)
        np.not_equal(code[1:], code[:-1], out=other[1:])
        np.greater(date[1:], date[:-1], out=later[1:])
        other[0], later[0] = code[0] != before[0], date[0] > before[1]
        at = np.flatnonzero(other).astype(np.int32)
        in_order = in_order and bool((later | other).all())
        starts.append(at + done)
        codes.append(code[at])
        firsts.append(date[at])
        lasts.append(np.where(at > 0, date[at - 1], before[1]).astype(np.int32))
        dates.append(date)
        values.append(_values(batch.column(2), file, outcome))
        before = int(code[-1]), int(date[-1])
        done += len(code)
    lasts.append(np.full(1 if done else 0, before[1], np.int32))
    each, first, last = (np.concatenate(part) for part in (codes, firsts, lasts))
    lengths = np.diff(np.append(np.concatenate(starts), done)) if done else np.empty(0, np.int64)
    if len(np.unique(each)) < len(each) or not in_order:
        return _sorted(file, list(numbers.numbers), np.repeat(each, lengths),
                       np.concatenate(dates), _stacked_values(values))  # fmt: skip
    names = list(numbers.numbers)
    return Rows(ids=pd.Index([names[one] for one in each], dtype=object),
                 lengths=lengths.astype(np.int64), origin=first.astype(np.int64),
                 days=last[1:].astype(np.int64) - first + 1, dates=tuple(dates),
                 value=_stacked_values(values), in_order=True)  # fmt: skip


def _sorted(
    file: DiaryFile,
    names: list[str],
    code: NDArray[np.int32],
    date: NDArray[np.int32],
    value: Array,
) -> Rows:
    """Put each person's rows together, in the file's order, and refuse two for a day."""
    order = np.lexsort((date, code))
    same = (np.diff(code[order]) == 0) & (np.diff(date[order]) == 0)
    if same.any():
        one = order[np.flatnonzero(same)[0]]
        raise ValueError(
            f"{file.path}: {int(same.sum())} row(s) repeat a person and day that another row has, "
            f"the first {names[code[one]]!r} on {np.datetime64(int(date[one]), 'D')}, so that day "
            "would count twice; keep one row per person and day"
        )
    order = np.argsort(code, kind="stable")
    code, date, value = code[order], date[order], value[order]
    code, starts, lengths = np.unique(code, return_index=True, return_counts=True)
    first = np.minimum.reduceat(date, starts).astype(np.int64)
    return Rows(ids=pd.Index([names[one] for one in code], dtype=object),
                 lengths=lengths.astype(np.int64), origin=first,
                 days=np.maximum.reduceat(date, starts) - first + 1, dates=(date,), value=value,
                 in_order=False)  # fmt: skip


def _stacked_values(values: list[Array]) -> Array:
    if all(part.dtype == np.uint8 for part in values):
        return np.concatenate([np.empty(0, np.uint8), *values])
    return np.concatenate([rated(part) for part in values])


def apart(rows: Rows) -> list[Rows]:
    """Return the rows as they are, or people with years between rows apart from the others."""
    n = len(rows.ids)
    if n < 2 or n * int(rows.days.max()) * rows.value.itemsize <= _MOST_CELLS:
        return [rows]
    parts = []
    far = rows.days > max(2 * int(np.median(rows.days)), MOST_DAYS)
    half = far if far.any() and not far.all() else np.arange(n) < n // 2
    for some in (half, ~half):
        use = np.repeat(some, rows.lengths)
        parts += apart(Rows(
            ids=rows.ids[some], lengths=rows.lengths[some], origin=rows.origin[some],
            days=rows.days[some], dates=(rows.date[use],), value=rows.value[use],
            in_order=rows.in_order,
        ))  # fmt: skip
    return parts


def _batches(file: DiaryFile, columns: list[str], *, some: bool = False) -> Iterator[Any]:
    """Read columns, codes as a dictionary; with `some`, those of them that are there."""
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(file.path, read_dictionary=["person_id"]) as source:
            there = source.schema_arrow.names
            if some:
                columns = [name for name in columns if name in there]
            for batch in source.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False):
                if batch.num_rows:
                    yield batch.select(columns)
    except (OSError, pa.ArrowException) as err:
        raise ValueError(
            f"{file.path} cannot be read ({err}); it is damaged or no Parquet file: write it again"
        ) from err


class _Codes:
    """Numbers for codes, the same for the same code in every batch of a file."""

    def __init__(self, file: DiaryFile) -> None:
        self.file = file
        self.numbers: dict[str, int] = {}
        self._last: Any = None
        self._place: NDArray[np.int32] = np.empty(0, np.int32)

    def of(self, column: pa.Array) -> NDArray[np.int32]:
        """Return the number of each row's code."""
        import pyarrow as pa

        if column.null_count:
            raise ValueError(
                f"{self.file.path}: {column.null_count} row(s) have no person_id; give every row "
                "its person's code"
            )
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if self._last is None or not column.dictionary.equals(self._last):
            self._last, numbers = column.dictionary, self.numbers
            told = self._last.to_pylist()
            self._place = np.array([numbers.setdefault(name, len(numbers)) for name in told],
                                   np.int32)  # fmt: skip
        code: NDArray[np.int32] = column.indices.to_numpy()
        as_they_are = np.array_equal(self._place, np.arange(len(self._place)))
        return code if as_they_are else self._place[code]


def _days(
    column: pa.Array, file: DiaryFile, name: str, *, needed: bool = False
) -> NDArray[np.int32]:
    """Return days from 1970."""
    import pyarrow as pa

    if needed and column.null_count:
        raise ValueError(
            f"{file.path}: {column.null_count} row(s) have no {name}; give every row its day"
        )
    if pa.types.is_date32(column.type) and not column.null_count:
        days: NDArray[np.int32] = column.view(pa.int32()).to_numpy()
        return days
    raw = column.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    never = np.isnat(raw)
    return np.where(never, NEVER, np.where(never, 0, raw.astype(np.int64))).astype(np.int32)


def _bytes(column: pa.Array) -> Array | None:
    """Return numbers as bytes, whatever where there is none, or None if a byte cannot hold them."""
    import pyarrow as pa

    if pa.types.is_float64(column.type):
        value = np.frombuffer(column.buffers()[1], np.float64)[column.offset :][: len(column)]
        with np.errstate(invalid="ignore"):
            small = value.astype(np.uint8)
        if np.array_equal(small.astype(np.float64), value):
            return small
    try:
        cast = column.cast(pa.uint8())
    except pa.ArrowException:
        return None
    return np.frombuffer(cast.buffers()[1], np.uint8)[cast.offset :][: len(cast)]


def _values(column: pa.Array, file: DiaryFile, name: str) -> Array:
    """Return the numbers, as bytes where all are whole and small."""
    import pyarrow as pa

    if column.null_count == len(column):
        return np.full(len(column), MISSING, np.uint8)
    small = _bytes(column)
    if small is not None:
        if column.null_count:
            bits = np.frombuffer(column.buffers()[0], np.uint8)
            there = np.unpackbits(bits, bitorder="little")[column.offset :][: len(column)]
            small = small | (there - 1)  # less than nothing is all bits
        if np.count_nonzero(small == MISSING) == column.null_count:
            return small
    value: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if np.isinf(value).any():
        raise ValueError(f"{file.path}: {name} holds an infinite number; correct or empty it")
    whole = np.where(np.isnan(value), 0.0, value)  # not a number is not rated
    if (whole == np.rint(whole)).all() and whole.min() >= 0 and whole.max() < MISSING:
        return np.where(np.isnan(value), MISSING, whole).astype(np.uint8)
    return value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """The table of people: codes, and the days diary and sessions began, :data:`NEVER` if unknown."""

    ids: pd.Index[Any]
    start: NDArray[np.int32]
    session: NDArray[np.int32]


@lru_cache(maxsize=1)  # one table of people for all the files that a process reads
def read_people(files: tuple[DiaryFile, ...]) -> Known:
    """Read people's codes and days; nobody twice."""
    parts = [part for file in files for part in _people_of(file)]
    names = [name for part in parts for name in part[0]]
    start, session = (np.concatenate([np.empty(0, np.int32), *(part[i] for part in parts)])
                      for i in (1, 2))  # fmt: skip
    ids = pd.Index(names, dtype=object)
    if ids.has_duplicates:
        raise RowsAreNotPeopleError(len(ids), ids.nunique())
    return Known(ids=ids, start=start, session=session)


def _people_of(
    file: DiaryFile,
) -> list[tuple[list[str], NDArray[np.int32], NDArray[np.int32]]]:
    own = _Codes(file)
    parts = []
    for batch in _batches(file, ["person_id", "diary_start", "first_session"], some=True):
        code = own.of(batch.column("person_id"))
        start, session = (_days(batch.column(name), file, name) if name in batch.schema.names
                          else np.full(len(code), NEVER, np.int32)
                          for name in ("diary_start", "first_session"))  # fmt: skip
        names = np.array(list(own.numbers), dtype=object)[code].tolist()
        parts.append((names, start, session))
    return parts


def rated(values: Array) -> Floats:
    """Return kept ratings as floats, NaN where there is none."""
    if values.dtype != np.uint8:
        return values.astype(np.float64)
    return np.where(values == MISSING, np.nan, values.astype(np.float64))
