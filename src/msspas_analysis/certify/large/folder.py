"""The folder of a large diary: Parquet files split by person, written whole and checked when listed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from msspas_analysis.certify.large.rows import DiaryFile
from msspas_analysis.tables import DIARY, PEOPLE, Schema, Tables

NUMBERS: Final = frozenset({
    "null", "halffloat", "float", "double",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
})  # fmt: skip
"""Types of columns that hold numbers, or nothing."""
_TEXTS: Final = ("string", "large_string", "string_view")


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeDiary:
    """What lies in the folder of a large diary.

    Parameters
    ----------
    folder : str
        Where.
    diary, people : tuple of DiaryFile
        The files, in the order of their names.
    columns : mapping of str to tuple of str
        For each column of the diary its type in each file, "" where it is absent.
    """

    folder: str
    diary: tuple[DiaryFile, ...]
    people: tuple[DiaryFile, ...]
    columns: Mapping[str, tuple[str, ...]]

    @property
    def rows(self) -> int:
        """Rows of the diary."""
        return sum(file.rows for file in self.diary)

    def __repr__(self) -> str:
        return (
            f"LargeDiary: {self.rows:,} rows in {len(self.diary)} files, "
            f"{sum(file.rows for file in self.people):,} people, {self.folder}"
        )


def write_large_diary(
    tables: Tables | Iterable[Tables], folder: str | Path, *, people_per_file: int = 2000
) -> LargeDiary:
    """Write people and diary into a new folder, split by person.

    Parameters
    ----------
    tables : Tables or iterable of Tables
        In one or in parts, each with whole people; parts are taken one at a time.
    folder : str or pathlib.Path
        New or empty; it is there whole or not at all.
    people_per_file : int
        1 or more; the last file may have fewer.

    Returns
    -------
    LargeDiary
        What was written: ``people-*.parquet`` and ``diary-*.parquet``, sorted by person and day.

    Raises
    ------
    ValueError
        If a person is in two parts, a table lacks a column it needs, the folder holds something, or
        there is nobody.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> tables = simulate_diary(DiaryScenario(n_people=12), seed=1).tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     large = write_large_diary(tables, f"{folder}/diary", people_per_file=5)
    >>> len(large.diary), large.rows == len(tables.diary)
    (3, True)
    """
    if people_per_file < 1:
        raise ValueError(f"people_per_file must be 1 or more, got {people_per_file}")
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} holds something; give a new or an empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        number = 0
        for people, diary in _portions(
            [tables] if isinstance(tables, Tables) else tables, people_per_file
        ):
            _write(made / f"people-{number:05d}.parquet", people, PEOPLE)
            _write(made / f"diary-{number:05d}.parquet", diary, DIARY)
            number += 1
        if not number:
            raise ValueError("tables hold nobody, so there is nothing to write; give people")
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return open_large_diary(folder)


def _portions(
    tables: Iterable[Tables], people_per_file: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield people and their days, so many at a time; what is left of a part waits for the next."""
    seen: set[str] = set()
    rest = (PEOPLE.empty(), DIARY.empty())
    for number, part in enumerate(tables, start=1):
        for frame, name in ((part.people, "people"), (part.diary, "diary")):
            if "person_id" not in frame.columns or frame["person_id"].isna().any():
                raise ValueError(
                    f"{name} of part {number} has no person_id, or rows without one; give every "
                    "row its person's code"
                )
        ids = set(part.people["person_id"]) | set(part.diary["person_id"])
        if again := sorted(ids & seen):
            more = f" and {len(again) - 1} more" if len(again) > 1 else ""
            raise ValueError(
                f"{again[0]!r}{more} of part {number} were in an earlier part; put all rows of a "
                "person in one part"
            )
        seen |= ids
        rest = _with(rest[0], part.people), _with(rest[1], part.diary)
        rest = yield from _split(*rest, people_per_file, last=False)
    yield from _split(*rest, people_per_file, last=True)


def _with(rest: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    if rest.empty or new.empty:
        return new if rest.empty else rest
    return pd.concat([rest, new], ignore_index=True)


def _split(
    people: pd.DataFrame, diary: pd.DataFrame, size: int, *, last: bool
) -> Any:  # a generator that returns what is left
    ids = pd.Index(sorted({*people["person_id"], *diary["person_id"]}), dtype=object)
    place = [pd.Series(ids.get_indexer(pd.Index(frame["person_id"])), index=frame.index)
             for frame in (people, diary)]  # fmt: skip
    end = len(ids) if last else len(ids) - len(ids) % size
    for begin in range(0, end, size):
        chosen = [frame[at.between(begin, min(begin + size, end) - 1)]
                  for frame, at in zip((people, diary), place, strict=True)]  # fmt: skip
        yield (chosen[0].sort_values("person_id", kind="stable"),
               chosen[1].sort_values(["person_id", "date"], kind="stable"))  # fmt: skip
    return tuple(frame[at >= end] for frame, at in zip((people, diary), place, strict=True))


def _write(path: Path, frame: pd.DataFrame, schema: Schema) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    kinds = {"date": pa.date32(), "number": pa.float64(), "count": pa.uint16(),
             "text": pa.string()}  # fmt: skip
    words = pa.dictionary(pa.int32(), pa.string())
    columns = [column for column in schema.columns if column.name in frame.columns]
    arrays = []
    for column in columns:
        values = frame[column.name]
        if column.kind == "date":
            values = pd.to_datetime(values).dt.normalize()
        try:
            array = pa.array(values, from_pandas=True)
            if pa.types.is_null(array.type) and column.kind in ("code", "category"):
                array = array.cast(pa.string())
            arrays.append(array.cast(kinds.get(column.kind, words)))
        except (pa.ArrowException, TypeError) as err:
            raise ValueError(
                f"{schema.name}: column {column.name!r} does not hold {column.kind}s ({err}); "
                "check the table with tables.validate"
            ) from err
    pq.write_table(pa.table(arrays, names=[column.name for column in columns]), path,
                   compression="zstd")  # fmt: skip


def open_large_diary(folder: str | Path) -> LargeDiary:
    """List the files of a large diary and check that they can be summed up; no row is read.

    Parameters
    ----------
    folder : str or pathlib.Path
        With ``diary-*.parquet`` (``person_id``, ``date`` and numbers) and ``people.parquet`` or
        ``people-*.parquet`` (``person_id``, ``first_session`` and, if known, ``diary_start``).

    Returns
    -------
    LargeDiary
        The files and the types of their columns.

    Raises
    ------
    ValueError
        If there is no such folder or file, a file is damaged, or a column is absent or of another
        kind.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> tables = simulate_diary(DiaryScenario(n_people=12), seed=1).tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_large_diary(tables, f"{folder}/diary", people_per_file=5)
    ...     found = open_large_diary(f"{folder}/diary")
    >>> found == written, found.columns["stiffness"]
    (True, ('double', 'double', 'double'))
    """
    folder = Path(folder)
    found = {}
    for name in ("diary", "people"):
        found[name] = sorted({*folder.glob(f"{name}-*.parquet"), *folder.glob(f"{name}.parquet")})
        if not found[name]:
            raise ValueError(
                f"{folder} has no {name}-*.parquet; give the folder that write_large_diary wrote"
            )
    files: dict[str, tuple[DiaryFile, ...]] = {}
    columns: dict[str, tuple[dict[str, str], ...]] = {}
    for name, paths in found.items():
        listed, kinds = zip(*(_look(path) for path in paths), strict=True)
        files[name], columns[name] = listed, kinds
        needed = {"diary": ("date",), "people": ("first_session",)}[name]
        for file, own in zip(listed, kinds, strict=True):
            _check(file, own, needed)
    names = dict.fromkeys(name for own in columns["diary"] for name in own)
    return LargeDiary(
        folder=str(folder), diary=files["diary"], people=files["people"],
        columns={name: tuple(own.get(name, "") for own in columns["diary"]) for name in names},
    )  # fmt: skip


def _look(path: Path) -> tuple[DiaryFile, dict[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as source:
            kinds = {one.name: str(one.type) for one in source.schema_arrow}
            rows = source.metadata.num_rows
    except (OSError, pa.ArrowException) as err:
        raise ValueError(
            f"{path} cannot be read ({err}); it is damaged or no Parquet file: write it again"
        ) from err
    there = path.stat()
    return DiaryFile(path=str(path.resolve()), size=there.st_size, changed=there.st_mtime_ns,
                     rows=rows), kinds  # fmt: skip


def _check(file: DiaryFile, kinds: Mapping[str, str], dates: tuple[str, ...]) -> None:
    for name in ("person_id", *dates, *(["diary_start"] if "diary_start" in kinds else [])):
        if name not in kinds:
            raise ValueError(f"{file.path} has no column {name!r}; it has {list(kinds)}")
        kind = kinds[name]
        if name == "person_id":
            fits = kind in _TEXTS or any(f"dictionary<values={text}," in kind for text in _TEXTS)
        else:
            fits = kind.startswith("date") or (kind.startswith("timestamp[") and "tz=" not in kind)
        if not fits and (file.rows or kind != "null"):  # nothing is of any kind
            what = "text" if name == "person_id" else "dates without a time zone"
            raise ValueError(
                f"{file.path}: column {name!r} holds {kind}, not {what}; write it as such"
            )
