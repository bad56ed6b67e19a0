"""Weights that meet known totals of the population: post-strata, raking, calibration.

What comes back goes into :class:`~msspas_analysis.estimate.prevalence.sampling.SurveyDesign`: estimates then
have the new weights, and errors without the part that the known totals explain.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints
from msspas_analysis.estimate.people import is_number, label_of, numbers, one_row_each
from msspas_analysis.estimate.prevalence.proportions import known
from msspas_analysis.results import Estimates

KINDS: Final[dict[str, str]] = {
    "linear": "linear calibration", "raking": "raking calibration", "logit": "logit calibration",
}  # fmt: skip
"""Distances of :func:`calibrate`, and how an answer names them."""

HEAVY: Final = 5.0
"""A person who counts as more than this many average people is worth a look; an assumption."""

MET: Final = 1e-12
"""How near a total is met, relative to the total or to the sum of its absolute terms."""

Totals: TypeAlias = "Mapping[Any, float] | pd.Series[Any]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """New weights, and what known totals explain. Made by the functions of this module.

    Parameters
    ----------
    weights : pandas.Series
        By ``person_id``, in its order.
    spread : Estimates
        How unequal the weights are and how far they moved, with notes.
    method : str
        How an answer names it.
    base : str or None
        The column of weights it began with.
    basis : numpy.ndarray, shape (n, r)
        Orthonormal columns that span the known totals, times `root`.
    root : numpy.ndarray, shape (n,)
        Roots of the weights with which residuals are taken.
    """

    weights: pd.Series[Any]
    spread: Estimates
    method: str
    base: str | None
    basis: Floats
    root: Floats

    def of(self, people: pd.DataFrame, base: str | None) -> Floats:
        """Return the weights of these people, after refusing a design they do not belong to."""
        if base != self.base:
            raise ValueError(
                f"the design says weights={base!r}, but the calibration began with "
                f"{self.base!r}; name the same column in both"
            )
        need = one_row_each(people, [])["person_id"].tolist()
        if need != self.weights.index.tolist() or need != people["person_id"].tolist():
            others = len(set(need) ^ set(self.weights.index))
            raise ValueError(
                f"the calibration is of other people ({others} are in one of the two only), or "
                f"these are not in the order of person_id; calibrate the table that is analysed"
            )
        return self.weights.to_numpy(dtype=np.float64)

    def residuals(self, scores: Floats) -> Floats:
        """Return scores, shape (..., n), without what the known totals explain."""
        weights = self.weights.to_numpy(dtype=np.float64)
        there = np.where(weights == 0, 1.0, weights)
        scaled = scores / there * self.root
        left = scaled - (scaled @ self.basis) @ self.basis.T
        return np.asarray(left / self.root * weights)


def post_stratify(
    frame: pd.DataFrame, *, by: str | Sequence[str], totals: Totals, weights: str | None = None
) -> Calibration:
    """Scale weights so that each cell of the population has its known size.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id``.
    by : str or sequence of str
        The column, or columns, that make the cells.
    totals : mapping
        People of the population in each cell: by value, or by tuple of values of several columns.
        A pandas Series does.
    weights : str or None
        Weights to begin with, > 0; None: everybody counts alike.

    Returns
    -------
    Calibration
        The new weights, to be named in a design.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a cell has population but nobody in the table, or people but no population; if a column
        is absent or has gaps; or a weight or total cannot be.

    Notes
    -----
    It mends what differs between cells, nothing within them. Cells of a few people make weights
    that jump; merge them.

    References
    ----------
    .. [1] Holt D, Smith TMF (1979). Post stratification. J R Stat Soc A 142:33-46.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABC"), "sex": ["f", "f", "m"]})
    >>> post_stratify(frame, by="sex", totals={"f": 60, "m": 20}).weights.to_dict()
    {'A': 30.0, 'B': 30.0, 'C': 20.0}
    """
    columns = [by] if isinstance(by, str) else list(by)
    people, base = _begin(frame, columns, weights)
    cell, target = _cells(people, columns, totals)
    sums = np.bincount(cell, weights=base, minlength=len(target))
    new = base * (target / sums)[cell]
    method = f"post-stratified by {', '.join(columns)}"
    basis = _spanned(_indicators([cell]) * np.sqrt(base)[:, None])[0]
    return _made(people, base, new, basis, np.sqrt(base), weights, method)


def rake(
    frame: pd.DataFrame, *, margins: Mapping[Any, Totals], weights: str | None = None,
    max_iterations: int = 1000, tolerance: float = 1e-12,
) -> Calibration:  # fmt: skip
    """Scale weights until several margins of the population are met at once.

    Parameters
    ----------
    frame, weights
        As in :func:`post_stratify`.
    margins : mapping
        For each column (or tuple of columns) its totals, as in :func:`post_stratify`.
    max_iterations : int
        Rounds through all margins, 1 or more.
    tolerance : float
        Largest relative distance from a margin, > 0.

    Returns
    -------
    Calibration
        The new weights.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`post_stratify`, or if margins add up to different populations, or are not met.

    Notes
    -----
    The same weights as :func:`calibrate` with "raking". Residuals are taken with equal weights, as
    ``rake`` of R's survey does; :func:`calibrate` takes them with the first weights, which is what
    the theory asks for where those differ a lot.

    References
    ----------
    .. [1] Deming WE, Stephan FF (1940). On a least squares adjustment of a sampled frequency table
       when the expected marginal totals are known. Ann Math Stat 11:427-444.
    .. [2] Deville JC, Sarndal CE, Sautory O (1993). Generalized raking procedures in survey
       sampling. J Am Stat Assoc 88:1013-1020.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "sex": list("ffmm"), "old": [0, 1, 0, 1]})
    >>> raked = rake(frame, margins={"sex": {"f": 60, "m": 40}, "old": {0: 30, 1: 70}})
    >>> raked.weights.round(6).tolist()
    [18.0, 42.0, 12.0, 28.0]
    """
    if max_iterations < 1 or not tolerance > 0:
        raise ValueError(
            f"max_iterations must be 1 or more and tolerance above 0, got {max_iterations} and "
            f"{tolerance}"
        )
    if not margins:
        raise ValueError("margins is empty; name at least one column and its totals")
    names = [[m] if isinstance(m, str) else list(m) for m in margins]
    people, base = _begin(frame, [c for group in names for c in group], weights)
    both = list(zip(names, margins.values(), strict=True))
    cells = [_cells(people, group, totals) for group, totals in both]
    _same_size({", ".join(g): float(t.sum()) for g, (_, t) in zip(names, cells, strict=True)})
    new = base.copy()
    for _ in range(max_iterations):
        for cell, target in cells:
            new *= (target / np.bincount(cell, weights=new, minlength=len(target)))[cell]
        miss = [
            float(np.abs(np.bincount(cell, weights=new, minlength=len(target)) / target - 1).max())
            for cell, target in cells
        ]
        if max(miss) <= tolerance:
            break
    else:
        worst = int(np.argmax(miss))
        raise ValueError(
            f"raking has not met {', '.join(names[worst])} after {max_iterations} rounds: a "
            f"category is off by {100 * miss[worst]:.3g} %. Margins may contradict each other where "
            f"cells are empty; merge categories or allow more rounds"
        )
    method = f"raked to {'; '.join(', '.join(group) for group in names)}"
    basis = _spanned(_indicators([cell for cell, _ in cells]))[0]
    return _made(people, base, new, basis, np.ones(len(base)), weights, method)


def calibrate(
    frame: pd.DataFrame, *, totals: Mapping[str, float | Totals], size: float | None = None,
    weights: str | None = None, kind: str = "linear", bounds: tuple[float, float] | None = None,
    max_iterations: int = 200,
) -> Calibration:  # fmt: skip
    """Move weights as little as possible so that known totals of several columns are met.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id``.
    totals : mapping
        For each column the sum of a number over the population, or the people of the population in
        each category, as in :func:`post_stratify`.
    size : float or None
        People in the population; None: as the categories say, or not known without any.
    weights : str or None
        Weights to begin with, > 0; None: everybody counts alike, as size / people if that is known.
    kind : {"linear", "raking", "logit"}
        Linear (generalised regression; a weight may fall below 0), multiplied by an exponential, or
        logit, which needs `bounds`.
    bounds : tuple of two float or None
        Smallest and largest factor by which a weight may move, below and above 1.
    max_iterations : int
        Newton steps, 1 or more.

    Returns
    -------
    Calibration
        The new weights.

    Raises
    ------
    RowsAreNotPeopleError, ValueError
        As :func:`post_stratify`, or if totals contradict each other or cannot be met within the
        bounds.

    Notes
    -----
    An error falls as far as the known columns explain the answer. With many columns and few people
    weights spread, and errors look smaller than they are.

    References
    ----------
    .. [1] Deville JC, Sarndal CE (1992). Calibration estimators in survey sampling. J Am Stat Assoc
       87:376-382.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("ABC"), "age": [40, 50, 60]})
    >>> calibrate(frame, totals={"age": 5200}, size=100).weights.round(4).tolist()
    [23.3333, 33.3333, 43.3333]
    """
    known("kind", kind, KINDS)
    low, high = _bounds(kind, bounds)
    if not totals or max_iterations < 1:
        raise ValueError("calibrate needs at least one column with its total, and one step")
    people, base = _begin(frame, list(totals), weights)
    columns, targets, names, population = _known_totals(people, totals, size)
    if weights is None and population is not None:
        base = base * (population / len(base))
    scale = (np.abs(columns) * base[:, None]).sum(axis=0)
    z, t = columns / scale, targets / scale
    # with b' diag(base) b = 1 there are as many equations as independent totals, well apart
    basis, value, turn = _spanned(z * np.sqrt(base)[:, None])
    tau = (turn @ t) / value
    if (off := np.abs(turn.T @ (turn @ t) - t)).max() > 1e-8 * np.abs(t).max():
        raise ValueError(
            f"totals contradict each other: {names[int(np.argmax(off))]} cannot be met with the "
            f"others, because in these people the columns determine each other"
        )
    b = basis / np.sqrt(base)[:, None]
    eta = np.zeros(len(tau))
    factor, slope = _factor(kind, b @ eta, low, high)
    for _ in range(max_iterations):
        miss = np.abs(z.T @ (base * factor) - t) / np.maximum(np.abs(t), 1.0)
        if miss.max() <= MET:
            method = f"{KINDS[kind]} to {', '.join(totals)}"
            return _made(people, base, base * factor, basis, np.sqrt(base), weights, method)
        gap = tau - b.T @ (base * factor)
        step = np.linalg.lstsq((b.T * (base * slope)) @ b, gap, rcond=1e-12)[0]
        for _ in range(60):  # half the way until it is nearer
            factor, slope = _factor(kind, b @ (eta + step), low, high)
            if np.linalg.norm(tau - b.T @ (base * factor)) < np.linalg.norm(gap):
                break
            step = step / 2
        eta = eta + step
    at = int(np.argmax(miss))
    raise ValueError(
        f"calibration has not met {names[at]}: the total is {columns[:, at] @ (base * factor):g} "
        f"instead of {targets[at]:g} after {max_iterations} steps; widen the bounds or ask for fewer "
        f"totals"
    )


# ------------------------------------------------------------------------------------- helpers


def _begin(
    frame: pd.DataFrame, columns: Sequence[str], weights: str | None
) -> tuple[pd.DataFrame, Floats]:
    people = one_row_each(frame, [*columns, *([weights] if weights else [])])
    if people.empty:
        raise ValueError("the table has no rows: there is nobody to weight")
    for name in [*columns, *([weights] if weights else [])]:
        if gaps := int(people[name].isna().sum()):
            raise ValueError(
                f"column {name!r} is empty for {gaps} of {len(people)} people, who cannot be placed "
                f"in the population; fill it in or leave them out knowingly"
            )
    if weights is None:
        return people, np.ones(len(people))
    base = numbers(people, weights)
    if (base <= 0).any():
        raise ValueError(f"weights {weights!r}: every weight is above 0, got {base.min():g}")
    return people, base


def _cells(people: pd.DataFrame, columns: Sequence[str], totals: Totals) -> tuple[Ints, Floats]:
    """Return each person's cell and the population of every cell that has any."""
    name = ", ".join(columns)
    given: dict[Any, float] = {k: float(v) for k, v in totals.items()}
    if bad := [k for k, v in given.items() if not (np.isfinite(v) and v >= 0)]:
        raise ValueError(f"totals of {name}: {_called(bad[0])} has {given[bad[0]]}, need 0 or more")
    values = [people[c].astype("object").tolist() for c in columns]
    keys = values[0] if len(columns) == 1 else list(zip(*values, strict=True))
    if strange := [k for k in dict.fromkeys(keys) if not given.get(k, 0.0)]:
        raise ValueError(
            f"{name}: {sum(k == strange[0] for k in keys)} people are {_called(strange[0])}, which "
            f"has no population; totals are of {', '.join(map(_called, list(given)[:8]))}"
        )
    held = set(keys)
    if empty := [k for k, v in given.items() if v and k not in held]:
        raise ValueError(
            f"{name}: {_called(empty[0])} has a population of {given[empty[0]]:g} but nobody in the "
            f"table ({len(empty)} such cells); merge it with another"
        )
    place = {k: i for i, k in enumerate(k for k, v in given.items() if v)}
    return np.array([place[k] for k in keys], dtype=np.int64), np.array([given[k] for k in place])


def _called(key: Hashable) -> str:
    return " ".join(map(label_of, key)) if isinstance(key, tuple) else repr(label_of(key))


def _indicators(cells: Sequence[Ints]) -> Floats:
    return np.column_stack(
        [(c[:, None] == np.arange(c.max() + 1)).astype(np.float64) for c in cells]
    )


def _same_size(sizes: Mapping[str, float]) -> None:
    """Refuse columns that are of different populations."""
    (first, one), *others = sizes.items()
    for name, other in others:
        if abs(one - other) > 1e-9 * one:
            raise ValueError(
                f"totals contradict each other: those of {first} add up to {one:.12g} people, those "
                f"of {name} to {other:.12g}"
            )


def _known_totals(
    people: pd.DataFrame, totals: Mapping[str, float | Totals], size: float | None
) -> tuple[Floats, Floats, list[str], float | None]:
    """Return a column and a total for each number and category, and the population if known."""
    sizes = {} if size is None else {"size": float(size)}
    columns, targets, names = [], [], []
    for name, total in totals.items():
        if isinstance(total, Mapping | pd.Series):
            cell, target = _cells(people, [name], total)
            sizes[name] = float(target.sum())
            columns += list(_indicators([cell]).T)
            targets += target.tolist()
            names += [f"a category of {name}"] * len(target)
            continue
        if not is_number(people[name]):
            raise ValueError(
                f"{name!r} holds no numbers; give the people in each of its categories"
            )
        x = numbers(people, name)
        if not np.isfinite(total) or not x.any():
            raise ValueError(f"the total of {name!r} is {total}, and it is {x[0]:g} for the first")
        columns.append(x)
        targets.append(float(total))
        names.append(name)
    if sizes:
        _same_size(sizes)
        if list(sizes) == ["size"]:
            columns.append(np.ones(len(people)))
            targets.append(sizes["size"])
            names.append("size")
    population = next(iter(sizes.values()), None)
    return np.column_stack(columns), np.array(targets), names, population


def _bounds(kind: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    if bounds is None and kind == "logit":
        raise ValueError('kind "logit" needs bounds, such as (0.3, 3)')
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    if not low < 1 < high:
        raise ValueError(f"bounds are a factor below and one above 1, got {bounds}")
    return float(low), float(high)


def _factor(kind: str, u: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Return by what the weights move, and how fast that changes."""
    from scipy.special import expit

    if kind == "logit":
        speed = (high - low) / ((1 - low) * (high - 1))
        f = low + (high - low) * expit(speed * u + np.log((1 - low) / (high - 1)))
        return f, (f - low) * (high - f) * speed / (high - low)
    with np.errstate(over="ignore"):  # a step that far is halved
        f = 1 + u if kind == "linear" else np.exp(u)
    inside = (f > low) & (f < high)
    return np.clip(f, low, high), np.where(inside, 1.0 if kind == "linear" else f, 0.0)


def _spanned(x: Floats) -> tuple[Floats, Floats, Floats]:
    left, value, turn = np.linalg.svd(x, full_matrices=False)
    rank = int((value > 1e-10 * value[0]).sum())
    return left[:, :rank], value[:rank], turn[:rank]


def _made(
    people: pd.DataFrame, base: Floats, new: Floats, basis: Floats, root: Floats,
    column: str | None, method: str,
) -> Calibration:  # fmt: skip
    n, total, squares = len(new), float(new.sum()), float(new @ new)
    moved = new / base
    measures = {
        "kish_design_effect": n * squares / total**2, "kish_effective_n": total**2 / squares,
        "smallest_weight": float(new.min()), "largest_weight": float(new.max()),
        "largest_over_smallest": float(new.max() / new.min()) if new.min() > 0 else np.nan,
        "smallest_move": float(moved.min()), "largest_move": float(moved.max()),
    }  # fmt: skip
    rows = [
        {"outcome": "weights", "group": "all", "term": "calibrated", "measure": measure,
         "estimate": value, "n": n, "method": method}
        for measure, value in measures.items()
    ]  # fmt: skip
    notes = ["Known totals are taken as exact. Calibration mends what they explain, nothing else."]
    if (new < 0).any():
        notes.append(f"{int((new < 0).sum())} weights are below 0; bounds prevent that.")
    if (heavy := int((new > HEAVY * total / n).sum())) > 0:
        notes.append(
            f"{heavy} people count as more than {HEAVY:g} average people each: trim weights or "
            f"merge cells, and see whether the answers hold."
        )
    index = pd.Index(people["person_id"].tolist(), name="person_id")
    return Calibration(
        weights=pd.Series(new, index=index, name="weight"),
        spread=Estimates.from_rows(rows, notes=notes), method=method, base=column, basis=basis,
        root=root,
    )  # fmt: skip
