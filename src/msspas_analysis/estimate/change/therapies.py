"""Several therapies at once: who had which together, what can be told apart, and what cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.linear import least_squares, t_rows, variances
from msspas_analysis.estimate.people import need
from msspas_analysis.estimate.windows import left_out, pairs, too_few
from msspas_analysis.results import Estimates

_ALIKE = 1e-9


def therapies_taken(frame: pd.DataFrame, *, therapy: str = "therapy") -> pd.DataFrame:
    """Say of each person which therapies they had, whatever the rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``person_id`` and the therapy, any number of rows a person: a list of people, or sessions.
        One cell may name several, joined by "+" or ";".
    therapy : str
        The column.

    Returns
    -------
    pandas.DataFrame
        One row per person, one column of True and False for each therapy, in alphabetical order.

    Raises
    ------
    ValueError
        If a column is absent, a row has no ``person_id``, or no row names a therapy.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("AABC"), "therapy": ["TENS", "TENS", "massage + TENS",
    ...     None]})
    >>> therapies_taken(frame).to_dict("list")
    {'massage': [False, True, False], 'TENS': [True, True, False]}
    """
    need(frame, ["person_id", therapy])
    if frame["person_id"].isna().any():
        raise ValueError("the table has a row without person_id; give every person a code")
    named: dict[str, set[str]] = {}
    for person, cell in zip(frame["person_id"].astype(str), frame[therapy], strict=True):
        parts = [] if pd.isna(cell) else [p.strip() for p in re.split(r"[+;]", str(cell))]
        named.setdefault(person, set()).update(p for p in parts if p)
    every = sorted(set[str]().union(*named.values()), key=lambda name: (name.casefold(), name))
    if not every:
        raise ValueError(f"column {therapy!r} names no therapy")
    people = sorted(named)
    taken = {name: [name in named[person] for person in people] for name in every}
    return pd.DataFrame(taken, index=pd.Index(people, name="person_id"))


def several_therapies(
    scores: pd.DataFrame, taken: pd.DataFrame, *, outcome: str, conf_level: float = 0.95
) -> Estimates:
    """Estimate how after scores differ by each therapy, all others held equal, where that can be told.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`.
    taken : pandas.DataFrame
        From :func:`therapies_taken`: people, and True or False for each therapy. A person who is not
        in it had none.
    outcome : str
        Label of the answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        In alphabetical order. For each therapy "mean_difference", with minus without it, of people
        alike before and in every other therapy (NaN where nothing tells it apart), and
        "variance_inflation": how many times the variance of that difference is what it would be had
        the therapy nothing to do with the others and the score before. For each two, "count" of
        people who had both, one, and neither. No p-values.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row in `scores`.
    ValueError
        If columns are absent, people are too few for so many therapies, or the level is outside
        (0, 1).

    Notes
    -----
    People chose their therapies, or somebody chose for them, for reasons that bear on how they fare.
    Differences are associations: they do not say what a therapy did, and their order is no ranking.
    The model adds therapies up; that two of them together do more than the sum is not in it. Standard
    errors are robust, with degrees of freedom for how few people carry a difference (HC2, Bell and
    McCaffrey 2002).

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDEFGH"), "before": [6.0, 5, 7, 4, 6, 5, 8, 6],
    ...     "after": [4.0, 4, 5, 4, 6, 4, 6, 5]})
    >>> people = pd.DataFrame({"person_id": list("ABCDEFGH"), "therapy": ["TENS", "massage",
    ...     "massage + TENS", None, "yoga", "TENS + yoga", "massage + TENS", "massage"]})
    >>> answer = several_therapies(scores, therapies_taken(people), outcome="stiffness")
    >>> row = answer.one(measure="mean_difference", term="TENS: with - without")
    >>> round(float(row.estimate), 2), int(row.n)
    (-1.14, 8)
    """
    level_between(conf_level)
    before, after = pairs(scores)
    people = np.sort(scores["person_id"].astype(str).to_numpy(dtype=object))
    both = ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    names = [str(name) for name in taken.columns]
    given = taken.reindex(people[both], fill_value=False).to_numpy(dtype=np.float64)
    if n < len(names) + 4:
        raise too_few(f"a model of {len(names)} therapies", len(names) + 4, n, len(scores))
    base = {"outcome": outcome, "group": "all", "n": n, "n_missing": len(scores) - n}
    rows: list[dict[str, Any]] = []
    apart, kept = _told_apart(before[both], given)
    fit = least_squares(after[both], [before[both], *(given[:, i] for i in kept)])
    estimate = t_rows(fit.coef, *variances(fit, "HC2-BM"), conf_level=conf_level)
    inflation = _variance_inflation(np.column_stack([before[both], given[:, kept]]))
    for i, name in enumerate(names):
        told = base | {"term": f"{name}: with - without", "conf_level": conf_level}
        row = {"measure": "mean_difference", "estimate": np.nan, "conf_level": np.nan,
               "method": "not told apart by these people"}  # fmt: skip
        if i in apart:
            at = 1 + kept.index(i)
            ends = {k: float(estimate[k][at])
                    for k in ("estimate", "std_error", "conf_low", "conf_high", "df")}  # fmt: skip
            row = ends | {
                "measure": "mean_difference",
                "method": "after on before and every therapy; HC2, Bell and McCaffrey",
            }
            rows.append(told | row)
            rows.append(told | {
                "measure": "variance_inflation", "estimate": float(inflation[at]),
                "conf_level": np.nan, "method": "1 / (1 - R squared on before and the others)",
            })  # fmt: skip
            continue
        rows.append(told | row)
    rows += list(_overlaps(names, given.astype(bool), base))
    notes = [
        "People were not given their therapies by lot: a difference goes with a therapy, it is no "
        "effect of it. The order is alphabetical and ranks nothing.",
        *_said_of(names, given.astype(bool), apart), *left_out(scores, n),
    ]  # fmt: skip
    return Estimates.from_rows(rows, notes=notes)


def _told_apart(before: Floats, given: Floats) -> tuple[set[int], list[int]]:
    """Return the therapies the others do not determine, and enough columns to fit them all."""
    full = np.column_stack([np.ones(len(before)), before, given])
    full = full / np.maximum(np.linalg.norm(full, axis=0), 1e-300)
    _, size, axes = np.linalg.svd(full, full_matrices=True)
    size = np.concatenate([size, np.zeros(len(axes) - len(size))])
    null = axes[size <= _ALIKE * size[0]]
    apart = {i for i in range(given.shape[1]) if not (np.abs(null[:, 2 + i]) > 1e-7).any()}
    kept: list[int] = []
    for i in range(given.shape[1]):
        some = full[:, [0, 1, *(2 + k for k in kept), 2 + i]]
        if np.linalg.matrix_rank(some, tol=_ALIKE) == some.shape[1]:
            kept.append(i)
    return apart, kept


def _variance_inflation(columns: Floats) -> Floats:
    """Return 1 / (1 - R^2) of each column on the others."""
    centred = columns - columns.mean(axis=0)
    gram = centred.T @ centred
    return np.asarray(np.diag(np.linalg.inv(gram)) * np.diag(gram))


def _overlaps(
    names: list[str], given: npt.NDArray[np.bool_], base: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield how many people had both of two therapies, one, and neither."""
    for i, j in combinations(range(len(names)), 2):
        a, b = given[:, i], given[:, j]
        for words, who in (
            (f"{names[i]} and {names[j]}", a & b), (f"{names[i]}, not {names[j]}", a & ~b),
            (f"{names[j]}, not {names[i]}", b & ~a), (f"neither {names[i]} nor {names[j]}", ~(a | b)),
        ):  # fmt: skip
            yield base | {"term": words, "measure": "count", "estimate": int(who.sum()),
                          "method": "count", "conf_level": np.nan}  # fmt: skip


def _said_of(
    names: list[str], given: npt.NDArray[np.bool_], apart: set[int]
) -> Iterator[str]:  # fmt: skip
    """Word what these people cannot tell apart, and why."""
    lost = [i for i in range(len(names)) if i not in apart]
    for i in lost:
        k = int(given[:, i].sum())
        if k in (0, len(given)):
            yield f"{names[i]}: {'everybody' if k else 'nobody'} had it, so nothing can be said of it."
    lost = [i for i in lost if 0 < given[:, i].sum() < len(given)]
    for i, j in combinations(lost, 2):
        if (given[:, i] == given[:, j]).all():
            yield f"{names[i]} and {names[j]} were always had together; nothing separates them."
    if len(lost) > 1 and given[:, lost].any(axis=1).all():
        yield (
            f"Everybody had {' or '.join(names[i] for i in lost)}: nobody shows how people fare "
            f"without, so none of these can be said to differ from nothing."
        )
    elif lost:
        yield f"Who had {', '.join(names[i] for i in lost)} follows from the other therapies."
