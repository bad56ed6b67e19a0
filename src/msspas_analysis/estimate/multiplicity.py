"""Many tests, one error rate: p values adjusted for how many questions were asked, and in what order.

The last axis of every array is tests, the axes before it are replicates. An adjusted p value is the
smallest error rate at which the whole procedure would call that test positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import POINT, Floats
from msspas_analysis.results import Estimates

METHODS: Final[dict[str, str]] = {
    "bonferroni": "Bonferroni", "holm": "Holm", "hochberg": "Hochberg", "hommel": "Hommel",
    "BH": "Benjamini-Hochberg", "BY": "Benjamini-Yekutieli",
}  # fmt: skip
"""Methods of :func:`adjust`, and how an answer names them."""

_ADJUSTED: Final = "; p adjusted: "


def adjust(p_values: npt.ArrayLike, *, method: str) -> Floats:
    """Adjust p values along the last axis for how many there are.

    Parameters
    ----------
    p_values : array_like, shape (..., m)
        p values from 0 to 1; leading axes are replicates. NaN is no test: it stays NaN and does not
        count towards m.
    method : {"bonferroni", "holm", "hochberg", "hommel", "BH", "BY"}
        The first four hold the chance of any false positive (Hochberg and Hommel with independent
        or positively dependent tests), the last two the expected share of false ones among the
        positive (BH likewise, BY with any tests).

    Returns
    -------
    ndarray, shape (..., m)
        Adjusted p values, as R's ``p.adjust`` gives them.

    Raises
    ------
    ValueError
        With another method or a p value outside 0 to 1.

    References
    ----------
    .. [1] Holm S (1979). A simple sequentially rejective multiple test procedure. Scand J Stat
       6:65-70.
    .. [2] Hochberg Y (1988). A sharper Bonferroni procedure for multiple tests of significance.
       Biometrika 75:800-802.
    .. [3] Hommel G (1988). A stagewise rejective multiple test procedure based on a modified
       Bonferroni test. Biometrika 75:383-386.
    .. [4] Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a practical and
       powerful approach to multiple testing. J R Stat Soc B 57:289-300.
    .. [5] Benjamini Y, Yekutieli D (2001). The control of the false discovery rate in multiple
       testing under dependency. Ann Stat 29:1165-1188.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03], method="holm").tolist()
    [0.03, 0.06, 0.06]
    >>> adjust([[0.01, float("nan"), 0.03]], method="bonferroni").tolist()
    [[0.02, nan, 0.06]]
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is not known; choose one of {list(METHODS)}")
    p = _p_values(p_values)
    flat = p.reshape(-1, p.shape[-1])
    order = np.argsort(flat, axis=-1, kind="stable")  # NaN comes last
    ordered = np.take_along_axis(flat, order, axis=-1)
    size = (~np.isnan(flat)).sum(axis=-1)
    done = np.full_like(flat, np.nan)
    for m in np.unique(size[size > 0]):  # a replicate with NaN has fewer tests
        some = size == m
        done[some, :m] = _stepwise(ordered[some, :m], method)
    out = np.empty_like(flat)
    np.put_along_axis(out, order, done, axis=-1)
    return out.reshape(p.shape)


def fixed_sequence(p_values: npt.ArrayLike) -> Floats:
    """Adjust p values tested in the order given, each only if all before it were positive.

    Parameters
    ----------
    p_values : array_like, shape (..., m)
        p values from 0 to 1, in an order fixed before looking; leading axes are replicates. From a
        NaN on everything is NaN.

    Returns
    -------
    ndarray, shape (..., m)
        The largest p value so far.

    Raises
    ------
    ValueError
        With a p value outside 0 to 1.

    References
    ----------
    .. [1] Westfall PH, Krishen A (2001). Optimally weighted, fixed sequence and gatekeeper multiple
       testing procedures. J Stat Plan Inference 99:25-40.

    Examples
    --------
    >>> fixed_sequence([0.01, 0.04, 0.03]).tolist()
    [0.01, 0.04, 0.04]
    """
    return np.maximum.accumulate(_p_values(p_values), axis=-1)


def fallback(p_values: npt.ArrayLike, weights: npt.ArrayLike) -> Floats:
    """Adjust p values tested in order, each with a share of its own and what was won just before.

    Parameters
    ----------
    p_values : array_like, shape (..., m)
        p values from 0 to 1, in an order fixed before looking; leading axes are replicates. From a
        NaN on everything is NaN.
    weights : array_like, shape (m,)
        Share of the error rate of each test, >= 0, together 1.

    Returns
    -------
    ndarray, shape (..., m)
        Adjusted p values. With all the weight on the first this is :func:`fixed_sequence`.

    Raises
    ------
    ValueError
        With a p value outside 0 to 1, or weights of another number, below 0 or not together 1.

    References
    ----------
    .. [1] Wiens BL, Dmitrienko A (2005). The fallback procedure for evaluating a single family of
       hypotheses. J Biopharm Stat 15:929-942.

    Examples
    --------
    >>> fallback([0.01, 0.04, 0.02], [0.5, 0.25, 0.25]).round(4).tolist()
    [0.02, 0.0533, 0.0533]
    """
    p = _p_values(p_values)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != p.shape[-1:] or not np.all(w >= 0) or abs(float(w.sum()) - 1) > POINT:
        raise ValueError(
            f"weights must be {p.shape[-1]} shares of 0 or more that are 1 together, got "
            f"{w.tolist()}"
        )
    out = np.empty_like(p)
    for i in range(p.shape[-1]):
        # what reaches test i if everything from s to i - 1 was positive
        best = np.full(p.shape[:-1], np.inf)
        best[np.isnan(p[..., i])] = np.nan
        for s in range(i + 1):
            own = _ratio(p[..., i], np.full(p.shape[:-1], w[s : i + 1].sum()))
            best = np.minimum(best, np.maximum(own, out[..., s:i].max(axis=-1, initial=0)))
        out[..., i] = np.minimum(best, 1.0)
    return out


def gatekeeping(
    p_values: npt.ArrayLike,
    families: Sequence[Sequence[int]],
    *,
    method: str = "holm",
    gate: str = "serial",
) -> Floats:
    """Adjust p values in families, a family tested only after those before it.

    Parameters
    ----------
    p_values : array_like, shape (..., m)
        p values from 0 to 1; leading axes are replicates.
    families : sequence of sequences of int
        Places along the last axis, every one once, the families in their order.
    method : str
        Adjustment within a family, see :func:`adjust`.
    gate : {"serial", "parallel"}
        "serial": a family opens when every test of the ones before it is positive. "parallel": the
        share of positive tests of a family is the share of the error rate that goes on to the next;
        Bonferroni in every family but the last, Holm there.

    Returns
    -------
    ndarray, shape (..., m)
        Adjusted p values; a NaN in a family makes every later one NaN.

    Raises
    ------
    ValueError
        With a p value outside 0 to 1, families that do not hold every test once, another method or
        gate, or a parallel gate with another method than Holm.

    References
    ----------
    .. [1] Dmitrienko A, Offen WW, Westfall PH (2003). Gatekeeping strategies for clinical trials
       that do not require all primary effects to be significant. Stat Med 22:2387-2400.
    .. [2] Bretz F, Maurer W, Brannath W, Posch M (2009). A graphical approach to sequentially
       rejective multiple test procedures. Stat Med 28:586-604.

    Examples
    --------
    >>> gatekeeping([0.01, 0.02, 0.03, 0.01], [[0], [1, 2], [3]]).tolist()
    [0.01, 0.04, 0.04, 0.04]
    """
    p = _p_values(p_values)
    listed = sorted(i for family in families for i in family)
    if listed != list(range(p.shape[-1])) or not all(len(family) for family in families):
        raise ValueError(
            f"families must hold each of the places 0 to {p.shape[-1] - 1} once, got "
            f"{[list(family) for family in families]}"
        )
    if gate not in ("serial", "parallel"):
        raise ValueError(f"gate must be 'serial' or 'parallel', got {gate!r}")
    if gate == "parallel" and method != "holm":
        raise ValueError(
            f"a parallel gate has Bonferroni before and Holm in the last family, got {method!r}; "
            f"leave method at 'holm'"
        )
    out = np.empty_like(p)
    before: list[Floats] = []
    for k, family in enumerate(families):
        place = list(family)
        if gate == "parallel":
            inside = "holm" if k == len(families) - 1 else "bonferroni"
            # Bonferroni without its ceiling of 1: a share of the error rate divides it first
            own = p[..., place] * len(place)
            own = adjust(p[..., place], method="holm") if inside == "holm" else own
            reached = _through_parallel_gates(own, before)
        else:
            own = adjust(p[..., place], method=method)
            worst = np.zeros(p.shape[:-1])
            for earlier in before:
                worst = np.maximum(worst, earlier.max(axis=-1))
            reached = np.maximum(own, worst[..., None])
        before.append(np.minimum(reached, 1.0))
        out[..., place] = before[-1]
    return out


def adjust_estimates(
    estimates: Estimates,
    *,
    method: str = "holm",
    primary: str | None = None,
    sequence: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    families: Sequence[Sequence[str]] | None = None,
    gate: str = "serial",
    by: str = "outcome",
    intervals: str = "unadjusted",
) -> Estimates:
    """Adjust the p values of an answer for how many tests it holds, or for their order.

    Parameters
    ----------
    estimates : Estimates
        The answer; its rows with a p value are the tests, the others stay as they are.
    method : {"holm", "bonferroni", "hochberg", "hommel", "BH", "BY"}
        Adjustment of all tests, or within the rest or each family; see :func:`adjust`. It has no
        use with `sequence` and must then be left alone.
    primary : str or None
        The one test that counts: it keeps its p value, the others are adjusted among themselves and
        can only be positive if it is.
    sequence : sequence of str or None
        All tests in their order: :func:`fixed_sequence`, or :func:`fallback` with `weights`.
    weights : sequence of float or None
        Shares of the error rate for `sequence`, together 1.
    families : sequence of sequences of str or None
        All tests in families, see :func:`gatekeeping`.
    gate : {"serial", "parallel"}
        How a family opens the next.
    by : {"outcome", "group", "term", "measure"}
        Column that holds the names of the tests.
    intervals : {"unadjusted", "bonferroni"}
        "bonferroni" widens every interval so that all of them together cover at the level they had
        alone; ``conf_level`` is then that of each.

    Returns
    -------
    Estimates
        The same rows with adjusted p values; ``method`` and the notes say how.

    Raises
    ------
    ValueError
        Without a test, with more than one primary, names that are absent, doubled or not all there,
        two orders at once, p values that are adjusted already, or an interval that cannot be
        widened because it is not estimate plus and minus so many standard errors.

    Notes
    -----
    The order and the primary must have been fixed before anybody saw the data. Tests that were made
    and are not in the answer count too: leaving them out makes every adjusted p value too small.

    Examples
    --------
    The eight subscales of the MSSS-88 are eight tests:

    >>> names = ["muscle_stiffness", "pain_discomfort", "muscle_spasms", "activities_daily_living",
    ...     "walking", "body_movements", "feelings", "social_functioning"]
    >>> p = [0.011, 0.042, 0.0008, 0.2, 0.03, 0.6, 0.0061, 0.049]
    >>> eight = Estimates.from_rows([{"outcome": name, "group": "all", "term": "change",
    ...     "measure": "mean_difference", "estimate": -1.0, "p_value": one, "n": 30,
    ...     "method": "paired t"} for name, one in zip(names, p)])
    >>> adjust_estimates(eight).table["p_value"].round(4).tolist()
    [0.066, 0.168, 0.0064, 0.4, 0.15, 0.6, 0.0427, 0.168]
    >>> stiffness_first = adjust_estimates(eight, primary="muscle_stiffness")
    >>> stiffness_first.table["p_value"].round(4).tolist()
    [0.011, 0.168, 0.011, 0.4, 0.15, 0.6, 0.0366, 0.168]
    """
    table = estimates.table.copy()
    tested = table["p_value"].notna().to_numpy()
    p = table.loc[tested, "p_value"].to_numpy()
    m = len(p)
    if not m:
        raise ValueError("no row of this answer has a p value, so there is nothing to adjust")
    if table["method"].str.contains(_ADJUSTED, regex=False).any():
        raise ValueError("these p values are adjusted already; start from the answer as estimated")
    if method not in METHODS:
        raise ValueError(f"method {method!r} is not known; choose one of {list(METHODS)}")
    orders = {"primary": primary, "sequence": sequence, "families": families}
    if len(given := [name for name, order in orders.items() if order is not None]) > 1:
        raise ValueError(f"give one of primary, sequence and families, got {' and '.join(given)}")
    if (weights is not None and sequence is None) or (gate != "serial" and families is None):
        raise ValueError("weights belong to a sequence, and a gate to families; give that as well")
    if sequence is not None and method != "holm":
        raise ValueError(f"a sequence has no method within it, got {method!r}; leave it out")
    names = _names(table.loc[tested], by) if given else []
    notes = list(estimates.notes)
    if primary is not None:
        if not isinstance(primary, str):
            raise ValueError(
                f"there can be one primary, got {list(primary)}; with several, none is: name one, "
                f"or put them into the first of families"
            )
        first = _places([primary], names, by)
        rest = [i for i in range(m) if i not in first]
        if not rest:
            raise ValueError(f"{primary!r} is the only test, so there is nothing to adjust")
        p = gatekeeping(p, [first, rest], method=method)
        how = f"primary {primary}, then {METHODS[method]} over {len(rest)}"
        notes.append(
            f"{primary} is the one primary test and keeps its p value; the other {len(rest)} can "
            f"only be positive if it is, and are adjusted among themselves ({METHODS[method]})."
        )
    elif sequence is not None:
        place = _all_places([sequence], names, by)[0]
        turn = np.empty(m)
        turn[place] = fixed_sequence(p[place]) if weights is None else fallback(p[place], weights)
        p, how = turn, f"{'fixed sequence' if weights is None else 'fallback'} of {m}"
        shares = "" if weights is None else f", with shares {', '.join(f'{w:g}' for w in weights)}"
        notes.append(f"The {m} tests were taken in this order: {', '.join(sequence)}{shares}.")
    elif families is not None:
        p = gatekeeping(p, _all_places(families, names, by), method=method, gate=gate)
        how = f"{len(families)} families, {gate} gate"
        how += f", {METHODS[method]} in each" if gate == "serial" else ""
        listed = "; then ".join(", ".join(family) for family in families)
        notes.append(f"The {m} tests were taken in families: {listed} ({gate} gate).")
    else:
        p, how = adjust(p, method=method), f"{METHODS[method]} over {m}"
        notes.append(f"The p values are adjusted for {m} tests by the method of {METHODS[method]}.")
    if method in ("BH", "BY"):
        notes.append(
            "Benjamini's methods bound the expected share of false positives among the positive "
            "tests, not the chance of any."
        )
    table.loc[tested, "p_value"] = p
    table.loc[tested, "method"] += _ADJUSTED + how
    notes.append(_intervals(table, tested, intervals))
    notes.append("An order, a primary or a family chosen after seeing the data adjusts nothing.")
    return Estimates(table, tuple(dict.fromkeys(notes)))


def _intervals(table: pd.DataFrame, tested: npt.NDArray[np.bool_], kind: str) -> str:
    """Widen the intervals of the tests in place if asked to, and say what they are."""
    from scipy.special import ndtri, stdtrit

    if kind == "unadjusted":
        return "The intervals are not adjusted: each covers at its level alone, not all together."
    if kind != "bonferroni":
        raise ValueError(f"intervals must be 'unadjusted' or 'bonferroni', got {kind!r}")
    rows, m = table.loc[tested], int(tested.sum())
    level, se, middle = (rows[c].to_numpy() for c in ("conf_level", "std_error", "estimate"))

    def half(tail: Floats) -> Floats:
        df = rows["df"].to_numpy()
        q = np.where(
            np.isnan(df), ndtri(1 - tail), stdtrit(np.where(np.isnan(df), 1, df), 1 - tail)
        )
        return np.asarray(q * se)

    now = half((1 - level) / 2)
    low, high = middle - now, middle + now
    same = np.isclose(low, rows["conf_low"], rtol=1e-8, atol=1e-12 * (1 + np.abs(middle)))
    same &= np.isclose(high, rows["conf_high"], rtol=1e-8, atol=1e-12 * (1 + np.abs(middle)))
    if not same.all():
        bad = rows.loc[~same, ["outcome", "term", "measure"]].agg(" ".join, axis="columns").tolist()
        alone = 1 - (1 - np.nanmin(level)) / m if not np.isnan(level).all() else np.nan
        raise ValueError(
            f"the interval of {', '.join(bad)} is not the estimate plus and minus so many standard "
            f"errors and cannot be widened; estimate it anew with conf_level={alone:.10g}"
        )
    wide = half((1 - level) / (2 * m))
    table.loc[tested, "conf_low"], table.loc[tested, "conf_high"] = middle - wide, middle + wide
    table.loc[tested, "conf_level"] = 1 - (1 - level) / m
    return (
        f"The {m} intervals are Bonferroni's: together they cover at {', '.join(_levels(level))} "
        f"or more. They know of no order and may disagree with p values that do."
    )


def _levels(level: Floats) -> list[str]:
    return [f"{100 * one:.10g} %" for one in np.unique(level)]


def _stepwise(p: Floats, method: str) -> Floats:
    """Adjust sorted p values without NaN, shape (replicates, m)."""
    m = p.shape[-1]
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        out = m * p
    elif method == "holm":
        out = np.maximum.accumulate((m + 1 - rank) * p, axis=-1)
    elif method == "hommel":
        out = _hommel(p)
    else:
        factor = {
            "hochberg": m + 1.0 - rank, "BH": m / rank, "BY": m / rank * np.sum(1 / rank),
        }[method]  # fmt: skip
        out = np.minimum.accumulate((factor * p)[..., ::-1], axis=-1)[..., ::-1]
    one: Floats = np.minimum(out, 1.0)
    return one


def _hommel(p: Floats) -> Floats:
    m = p.shape[-1]
    out: Floats = np.repeat(np.min(m * p / np.arange(1, m + 1), axis=-1, keepdims=True), m, axis=-1)
    for size in range(m - 1, 1, -1):  # Simes' test of the largest `size` p values
        few = m - size + 1
        simes = np.min(size * p[:, few:] / np.arange(2, size + 1), axis=-1, keepdims=True)
        q = np.minimum(size * p[:, :few], simes)
        out[:, :few] = np.maximum(out[:, :few], q)
        out[:, few:] = np.maximum(out[:, few:], q[:, -1:])
    largest: Floats = np.maximum(out, p)
    return largest


def _through_parallel_gates(own: Floats, before: list[Floats]) -> Floats:
    """Smallest error rate at which each is positive, given the families before it.

    The share that arrives grows in steps, at the adjusted p values of earlier tests; between two
    steps it is constant, so the answer is a step or `own` over a share.
    """
    if not before:
        return own
    best: Floats = np.full(own.shape, np.inf)
    for step in np.moveaxis(np.concatenate(before, axis=-1), -1, 0):
        share = np.ones(step.shape)
        for family in before:
            share = share * np.mean(family <= step[..., None], axis=-1)
        need = _ratio(own, np.broadcast_to(share[..., None], own.shape))
        best = np.minimum(best, np.maximum(step[..., None], need))
    return best


def _ratio(p: Floats, share: Floats) -> Floats:
    """Return p / share, infinite where there is no share."""
    out = np.where(np.isnan(p), np.nan, np.inf)
    np.divide(p, share, out=out, where=share > 0)
    return out


def _p_values(values: npt.ArrayLike) -> Floats:
    p = np.asarray(values, dtype=np.float64)
    if p.ndim == 0:
        raise ValueError(f"p values must be along an axis, got the single number {p}; give [{p}]")
    if bad := p[(p < 0) | (p > 1)].tolist():
        raise ValueError(f"p values must lie between 0 and 1, got {bad[:3]}")
    return p


def _names(rows: pd.DataFrame, by: str) -> list[str]:
    labels = ("outcome", "group", "term", "measure")
    if by not in labels:
        raise ValueError(f"by must be one of {list(labels)}, got {by!r}")
    twice = sorted(set(rows.loc[rows[by].duplicated(), by]))
    if twice:
        raise ValueError(
            f"{', '.join(map(repr, twice))} names more than one row with a p value; keep the row "
            f"that counts for each, or name tests by another of {list(labels)}"
        )
    return list(rows[by])


def _places(wanted: Sequence[str], names: list[str], by: str) -> list[int]:
    if isinstance(wanted, str):
        raise ValueError(f"give a list of names, got the single name {wanted!r}")
    if absent := [name for name in wanted if name not in names]:
        raise ValueError(
            f"no row with a p value has {by} {', '.join(map(repr, absent))}; choose from {names}"
        )
    return [names.index(name) for name in wanted]


def _all_places(wanted: Sequence[Sequence[str]], names: list[str], by: str) -> list[list[int]]:
    found = [_places(family, names, by) for family in wanted]
    listed: list[Any] = sorted(i for family in found for i in family)
    if listed != list(range(len(names))) or not all(found):
        raise ValueError(
            f"every test must be named once; these are {names}, and named were "
            f"{[list(family) for family in wanted]}"
        )
    return found
