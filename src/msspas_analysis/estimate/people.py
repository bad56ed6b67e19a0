"""One row per person: the columns an analysis asks for, checked, in the order of people's codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats

_CODES: Final = cast("dict[Any, float]", {1: 1.0, 0: 0.0, "yes": 1.0, "no": 0.0})


class RowsAreNotPeopleError(ValueError):
    """A table with several rows per person was given where one row per person is due.

    Days of one person are alike; counting them as people makes every interval too narrow.

    Parameters
    ----------
    rows, people : int
        How many rows there are, and how many different people they belong to.
    """

    def __init__(self, rows: int, people: int) -> None:
        self.rows = rows
        self.people = people
        who = "person" if people == 1 else "people"
        super().__init__(
            f"your {rows} rows are {people} {who}: the days of one person are alike and must not "
            f"be counted as if they were different people; average each person's days first "
            f"(window_scores)"
        )


def need(frame: pd.DataFrame, names: Sequence[str], table: str = "the table") -> None:
    """Refuse a table that lacks a column."""
    if absent := [name for name in names if name not in frame.columns]:
        raise ValueError(
            f"{table} has no column {', '.join(map(repr, absent))}; it has "
            f"{[str(c) for c in frame.columns]}"
        )


def is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers; True and False are answers, not numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def one_row_each(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the people sorted by code, after refusing absent columns and people with two rows."""
    need(frame, ["person_id", *names])
    if frame["person_id"].isna().any():
        raise ValueError("the table has a row without person_id; give every person a code")
    if frame["person_id"].duplicated().any():
        raise RowsAreNotPeopleError(len(frame), frame["person_id"].nunique())
    # by person, so that the order of rows cannot move the last digit of a sum
    order = np.argsort(frame["person_id"].astype(str).to_numpy(), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def person_numbers(
    frame: pd.DataFrame, columns: Sequence[str], *, repeated: bool = False
) -> Floats:
    """Return numeric columns, people in the order of their code, after refusing what cannot be.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id``.
    columns : sequence of str
        Numeric columns.
    repeated : bool
        Whether a person may have several rows; they are then ordered by their numbers.

    Returns
    -------
    ndarray, shape (rows, columns)
        NaN where a number is absent.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row and `repeated` is false.
    ValueError
        If a column is absent, holds no numbers or an infinite one, or a row has no ``person_id``.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": ["B", "A"], "grade": [2, 1]})
    >>> person_numbers(frame, ("grade",)).tolist()
    [[1.0], [2.0]]
    """
    need(frame, ["person_id", *columns])
    if frame["person_id"].isna().any():
        raise ValueError("the table has a row without person_id; give every person a code")
    if not repeated and frame["person_id"].duplicated().any():
        raise RowsAreNotPeopleError(len(frame), frame["person_id"].nunique())
    out = np.empty((len(frame), len(columns)))
    for i, name in enumerate(columns):
        out[:, i] = numbers(frame, name)
    people = frame["person_id"].astype(str).to_numpy(dtype=object)
    order: npt.NDArray[np.intp] = np.lexsort(
        (*out.T[::-1], np.unique(people, return_inverse=True)[1])
    )
    return out[order]


def numbers(people: pd.DataFrame, name: str) -> Floats:
    """Return a numeric column as floats, NaN where missing; refuse words and infinity."""
    column = people[name]
    if not is_number(column) and not column.isna().all():
        raise ValueError(f"column {name!r} holds {column.dtype}, not numbers; score it first")
    values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise ValueError(f"column {name!r} holds an infinite number; correct or empty it")
    return values


def arms_of(people: pd.DataFrame, arm: str, control: object) -> list[Any]:
    """Return the arms, the control first and the others in order; refuse what cannot be compared."""
    found = sorted(people[arm].dropna().unique().tolist(), key=str)
    if control not in found:
        raise ValueError(f"control {control!r} is not in column {arm!r}; it holds {found}")
    others = [label for label in found if label != control]
    if not others:
        raise ValueError(f"column {arm!r} holds {control!r} alone; there is nothing to compare")
    return [control, *others]


def coded(
    people: pd.DataFrame, name: str, *, category: bool, used: npt.NDArray[np.bool_]
) -> list[tuple[str, Floats]]:
    """Return a covariate as numeric columns; categories as one for each value but the first."""
    column = people[name]
    if is_number(column) and not category:
        return [(name, numbers(people, name))]
    there = column[used].dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = [v for v in column.cat.categories if (there == v).any()]
    else:
        values = sorted(there.unique().tolist(), key=lambda v: (isinstance(v, str), v))
    if len(values) < 2:
        raise ValueError(
            f"column {name!r} holds {len(values)} value(s) among people with an outcome, so there "
            "is nothing to adjust for; leave it out"
        )
    gone = column.isna().to_numpy()
    return [
        (f"{name}: {value}", np.where(gone, np.nan, (column == value).to_numpy(np.float64, na_value=0)))
        for value in values[1:]
    ]  # fmt: skip


def values_of(column: pd.Series[Any]) -> list[Any]:
    """Return the values that occur: categories in their order, anything else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [v for v in column.cat.categories if column.eq(v).any()]
    values = column.dropna().unique().tolist()
    words = [v for v in values if isinstance(v, str)]
    return sorted(v for v in values if not isinstance(v, str)) + sorted(words)


def label_of(value: Any) -> str:
    """Return how an answer names a value: 1.0, which is how pandas keeps 1, is "1"."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def yes_no(people: pd.DataFrame, what: str, *, positive: Any = None) -> tuple[Floats, str]:
    """Return 1 for yes, 0 for no and NaN for missing of every person, and what yes is called."""
    column = people[what]
    if isinstance(column.dtype, pd.CategoricalDtype):
        may_be = list(column.cat.categories)
    else:
        may_be = column.dropna().unique().tolist()
    given = column.astype("object")
    if positive is not None:
        several = isinstance(positive, list | tuple | set | frozenset)
        yes = list(positive) if several else [positive]
        if absent := [v for v in yes if v not in may_be]:
            raise ValueError(
                f"{what!r}: positive={absent[0]!r} does not occur; it holds {may_be[:10]}. If it "
                f"is right and nobody has it, make the column a pandas categorical with that value"
            )
        code = {v: float(v in yes) for v in may_be}
        label = " or ".join(label_of(v) for v in yes)
    else:
        code, label = {v: _CODES.get(v.strip().casefold() if isinstance(v, str) else v, np.nan)
                       for v in may_be}, "yes"  # fmt: skip
        if strange := [v for v, is_yes in code.items() if np.isnan(is_yes)]:
            raise ValueError(
                f"{what!r} holds {', '.join(map(repr, strange[:5]))}: a yes/no column holds True "
                f'and False, 1 and 0 or "yes" and "no"; or say which value counts: positive=...'
            )
    told = [np.nan if pd.isna(v) else code[v] for v in given]
    return np.array(told, dtype=np.float64), label


def collinear(names: Sequence[str], at: int) -> ValueError:
    """Return the error of a column that others before it leave nothing of."""
    if at == 0:
        return ValueError(f"column {names[0]!r} has one value only; leave it out")
    return ValueError(
        f"column {names[at]!r} has one value only or is determined by those before it "
        f"({', '.join(names[:at])}); leave one out"
    )


def groups_of(people: pd.DataFrame, by: str | None) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return everybody, called "all", and who is in each group of a column."""
    groups = [("all", np.ones(len(people), dtype=bool))]
    if by is not None:
        groups += [(label_of(v), people[by].eq(v).to_numpy(dtype=bool, na_value=False))
                   for v in values_of(people[by])]  # fmt: skip
    return groups
