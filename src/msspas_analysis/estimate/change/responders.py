"""Responders at every cut: the share of people whose score moved at least so far, for all "so far".

A responder rate depends on its cut, and with a free choice of the cut almost any rate can be had.
The whole curve has no cut to choose: it shows the share of people at each size of change, in each
arm, and the largest gap between two arms is tested as what it is, the largest of many.

References
----------
.. [1] Farrar JT, Dworkin RH, Max MB (2006). Use of the cumulative proportion of responders analysis
   graph to present pain data over a range of cut-off points: making clinical trial data more
   understandable. J Pain Symptom Manage 31:369-377.
.. [2] Schröer G, Trenkler D (1995). Exact and randomization distributions of Kolmogorov-Smirnov
   tests two or three samples. Comput Stat Data Anal 20:185-202.
.. [3] Massart P (1990). The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality. Ann Probab
   18:1269-1283.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import (
    POINT,
    Floats,
    Ints,
    level_between,
    people_along,
    proportion_row,
)
from msspas_analysis.estimate.windows import pairs
from msspas_analysis.results import Estimates

Direction = Literal["lower", "higher"]
Scale = Literal["points", "percent"]
Missing = Literal["left out", "not responders"]

EXACT_BELOW: Final = 10_000
"""Product of the sizes of two arms below which the p-value of the largest gap is exact."""


# --- kernels: the leading axes are replicates -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """The largest gap between two responder curves; fields have the shape of the leading axes.

    Parameters
    ----------
    estimate : numpy.ndarray
        Share of responders in the treated arm minus that in the other, where they differ most.
    cut : numpy.ndarray
        The gain people have to reach there; the smallest of several as far apart.
    p_value : numpy.ndarray
        Of the Kolmogorov-Smirnov test with `estimate` as its statistic.
    exact : bool
        Whether it is from the permutation distribution, ties and all, or the limit.
    """

    estimate: Floats
    cut: Floats
    p_value: Floats
    exact: bool


def responder_counts(gain: npt.ArrayLike, cuts: npt.ArrayLike) -> Ints:
    """Count the people whose gain is at least each cut.

    Parameters
    ----------
    gain : array_like, shape (..., n)
        How far each person's score moved in the good direction; ``-inf`` for a person who counts
        as a non-responder whatever the cut. No NaN.
    cuts : array_like, shape (k,)
        Gains to reach.

    Returns
    -------
    numpy.ndarray of int, shape (..., k)
        Gains less than ``POINT`` below a cut reach it.

    Examples
    --------
    >>> responder_counts([2.0, 0.1 + 0.2, -1.0, -np.inf], [0.0, 0.3, 2.0]).tolist()
    [2, 2, 1]
    """
    x, at = np.asarray(gain, np.float64), np.asarray(cuts, np.float64)
    if np.isnan(x).any():
        raise ValueError("gain holds NaN; leave the person out, or give -inf for no responder")
    ordered = np.sort(x, axis=-1)
    return np.asarray((ordered[..., :, None] >= at - POINT).sum(axis=-2))


def _snapped(x: Floats) -> tuple[Floats, Ints, npt.NDArray[np.bool_]]:
    """Sort the last axis, give values that rounding parts the first of them, mark ends of ties."""
    order = np.argsort(x, axis=-1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=-1)
    with np.errstate(invalid="ignore"):  # -inf minus -inf
        new = np.diff(ordered, axis=-1) > POINT
    yes = np.ones((*x.shape[:-1], 1), bool)
    start = np.concatenate([yes, new], axis=-1)
    where = np.where(start, np.arange(x.shape[-1]), 0)
    first = np.maximum.accumulate(where, axis=-1)
    return np.take_along_axis(ordered, first, axis=-1), order, np.concatenate([new, yes], axis=-1)


def largest_gap(gain: npt.ArrayLike, treated: npt.ArrayLike) -> Gap:
    """Find where the responder curves of two arms are farthest apart, and test that gap.

    Parameters
    ----------
    gain : array_like, shape (..., n)
        As in :func:`responder_counts`.
    treated : array_like of bool, shape (n,)
        Who is in the treated arm.

    Returns
    -------
    Gap
        ``p_value`` allows for the gap being the largest one: it is the share of all ways to deal
        these gains out to two arms of these sizes that give one as large. Above ``EXACT_BELOW`` it
        is the limit for gains without ties, which is too large with many ties.

    Raises
    ------
    ValueError
        If an arm has nobody, or a gain is NaN.

    Examples
    --------
    >>> g = largest_gap([3.0, 4, 5, 0, 1, 2], [True, True, True, False, False, False])
    >>> float(g.estimate), float(g.cut), round(float(g.p_value), 12)
    (1.0, 3.0, 0.1)
    """
    from scipy.special import kolmogorov

    x, arm = np.asarray(gain, np.float64), np.asarray(treated, bool)
    people_along(x, at_least=2)
    if np.isnan(x).any():
        raise ValueError("gain holds NaN; leave the person out, or give -inf for no responder")
    n, m = int(arm.sum()), int((~arm).sum())
    if not n or not m:
        raise ValueError(f"a gap needs people in both arms, got {n} and {m}")
    value, order, last = _snapped(x)
    one = arm[order]
    below, of_one = np.arange(1, n + m + 1), np.cumsum(one, axis=-1)
    # n m (share below in the other arm - share below in the treated arm): whole numbers
    gap = np.where(last, (below - of_one) * n - of_one * m, 0)
    size = np.abs(gap)
    largest = size.max(axis=-1)
    at = np.argmax(size, axis=-1)[..., None]
    up = np.minimum(at + 1, n + m - 1)  # the next value is the cut; nobody is above the last
    cut = np.where(largest > 0, np.take_along_axis(value, up, axis=-1)[..., 0], np.nan)
    found = np.take_along_axis(gap, at, axis=-1)[..., 0] / (n * m)
    exact = n * m < EXACT_BELOW
    if exact:
        p = _smirnov(largest, last, n, m)
    else:
        p = np.asarray(kolmogorov(np.abs(found) * np.sqrt(n * m / (n + m))), np.float64)
    return Gap(estimate=found, cut=cut, p_value=p, exact=exact)


def _smirnov(largest: Ints, last: npt.NDArray[np.bool_], n: int, m: int) -> Floats:
    """Return the chance that dealing out n of n + m gains gives a gap as large, with these ties.

    It walks through the ordered gains, one to an arm at a time, and takes out what has reached the
    gap at the end of a tie, so that a small chance is a sum of small numbers.
    """
    i = np.arange(n + 1)
    inside = np.zeros((*largest.shape, n + 1))
    inside[..., 0] = 1.0
    out = np.zeros(largest.shape)
    for s in range(n + m):
        to_one = inside * np.clip((n - i) / (n + m - s), 0, 1)
        inside = inside - to_one
        inside[..., 1:] += to_one[..., :-1]
        far = np.abs((s + 1 - i) * n - i * m) >= largest[..., None]
        far &= last[..., s, None]
        out = out + np.where(far, inside, 0).sum(axis=-1)
        inside = np.where(far, 0.0, inside)
    return np.minimum(out, 1.0)


# --- from a table -------------------------------------------------------------------------------


def responder_curve(
    scores: pd.DataFrame,
    *,
    outcome: str,
    arm: str | None = None,
    control: Any = None,
    scale: Scale = "points",
    better: Direction = "lower",
    cuts: Sequence[float] | None = None,
    missing: Missing = "left out",
    group: str = "all",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the share of people whose score moved at least so far, at every cut.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person: ``person_id``, ``before``, ``after``, from :func:`window_scores`, and
        the column `arm` if named.
    outcome, group : str
        Labels of the answer; with arms the group is the arm.
    arm : str or None
        Column with the arm of each person.
    control : object
        The arm that the others are compared with, as it stands in the column.
    scale : {"points", "percent"}
        Size of a change in points, or in percent of the before score (a true zero is due).
    better : {"lower", "higher"}
        Which way a score moves when things get better.
    cuts : sequence of float or None
        Falls (rises with ``better="higher"``) to reach, in points or percent; by default every
        one that occurs, which is the whole curve.
    missing : {"left out", "not responders"}
        What becomes of people with a before score and no after score.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``proportion`` for each arm and cut with a Wilson interval, right for that cut alone. With
        arms also ``largest_gap`` (arm minus control) for each other arm: its term says where it is,
        its p-value (Kolmogorov-Smirnov) and interval (Dvoretzky-Kiefer-Wolfowitz bands of both
        arms, cut off at -1 and 1; wider than it need be) hold for all cuts together. In percent,
        people with 0 before are in ``n_missing``.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If columns are absent, an arm is empty or `control` is no arm, a before score is negative
        with ``scale="percent"``, nobody is left, or the level is outside (0, 1).

    Notes
    -----
    With no treatment some people pass any cut. Leaving people out is right if those who stop would
    have done as the others; counting them as non-responders is a decision about the outcome, not a
    way to fill in what was not seen.

    Examples
    --------
    >>> scores = pd.DataFrame({"person_id": list("ABCDEF"), "before": [6.0, 5, 7, 4, 6, 5],
    ...     "after": [3.0, 4, 5, 4, 7, None], "arm": ["spray"] * 3 + ["placebo"] * 3})
    >>> answer = responder_curve(scores, outcome="stiffness", arm="arm", control="placebo")
    >>> row = answer.one(measure="largest_gap")
    >>> float(row.estimate), row.term
    (1.0, 'fall of at least 1 points')
    """
    level_between(conf_level)
    for name, value, allowed in (
        ("scale", scale, ("points", "percent")), ("better", better, ("lower", "higher")),
        ("missing", missing, ("left out", "not responders")),
    ):  # fmt: skip
        if value not in allowed:
            raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, got {value!r}")
    before, after = pairs(scores)
    arms = _arms(scores, arm, control, group)
    gain, no_after, at_zero = _gains(before, after, scale=scale, better=better, missing=missing)
    use = ~np.isnan(gain)
    word = "fall" if better == "lower" else "rise"
    unit = "points" if scale == "points" else "%"

    def called(cut: float) -> str:
        return f"{word} of at least {cut:.10g} {unit}"

    if cuts is None:
        finite = np.isfinite(gain)
        at = np.unique(_snapped(gain[finite])[0]) if finite.any() else np.zeros(0)
    else:
        at = np.unique(np.asarray(cuts, np.float64))
        if not len(at) or not np.isfinite(at).all():
            raise ValueError(f"cuts must be numbers, got {list(cuts)}; None gives the whole curve")
    rows: list[dict[str, Any]] = []
    for name, who in arms.items():
        here = gain[who & use]
        if not len(here):
            raise ValueError(
                f"responder_curve: nobody of {int(who.sum())} people in {name!r} has scores that "
                f"can be compared ({outcome}); collect more diaries"
            )
        for cut, count in zip(at, responder_counts(here, at), strict=True):
            rows.append(proportion_row(int(count), len(here), conf_level=conf_level) | {
                "outcome": outcome, "group": name, "term": called(cut),
                "n_missing": int(who.sum()) - len(here),
            })  # fmt: skip
    notes = [f"{len(at)} cuts; each Wilson interval holds for its own cut alone."]
    first = next(iter(arms))
    for name in list(arms)[1:]:
        who = (arms[first] | arms[name]) & use
        rows.append(_gap_row(gain[who], arms[name][who], conf_level, called) | {
            "outcome": outcome, "group": f"{name} - {first}", "n": int(who.sum()),
            "n_missing": int((arms[first] | arms[name]).sum() - who.sum()),
        })  # fmt: skip
    if len(arms) == 1:
        notes.append("There is no comparison group: with no treatment people pass these cuts too.")
    else:
        notes.append(
            "The p-value and interval of the largest gap hold for all cuts together; the gap "
            "itself, being the largest of many, overstates the difference there."
        )
    if no_after and missing == "left out":
        notes.append(
            f"{no_after} people with no after score are left out, as missing; the rates are those "
            f"of the others."
        )
    elif no_after:
        notes.append(
            f"{no_after} people with no after score count as non-responders at every cut, as was "
            f"asked for; nothing is known of how they fared."
        )
    if missing_before := int(np.isnan(before).sum()):
        notes.append(f"{missing_before} people have no before score and are left out.")
    if at_zero:
        notes.append(f"{at_zero} people had 0 before: a percentage of 0 is none, so they are out.")
    return Estimates.from_rows(rows, notes=notes)


def _arms(
    scores: pd.DataFrame, arm: str | None, control: Any, group: str
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return who is in each arm, by person, the control first."""
    if arm is None:
        if control is not None:
            raise ValueError(f"control {control!r} needs the column that holds the arms: give arm")
        return {group: np.ones(len(scores), bool)}
    if arm not in scores.columns:
        raise ValueError(f"scores has no column {arm!r}; it has {[str(c) for c in scores.columns]}")
    if scores[arm].isna().any():
        raise ValueError(f"column {arm!r} is empty in {int(scores[arm].isna().sum())} row(s)")
    known = sorted(scores[arm].unique().tolist(), key=str)
    if control not in known or len(known) < 2:
        raise ValueError(f"control {control!r} must be one of two or more arms, which are {known}")
    known.remove(control)
    order = np.argsort(scores["person_id"].astype(str).to_numpy(), kind="stable")
    held = scores[arm].to_numpy()[order]
    return {str(name): held == name for name in (control, *known)}


def _gains(
    before: Floats, after: Floats, *, scale: Scale, better: Direction, missing: Missing
) -> tuple[Floats, int, int]:
    """Return gains (NaN: out), people without an after score, and people with 0 before (percent).

    A person with 0 before is out of a percentage whether or not there is an after score.
    """
    gain = before - after if better == "lower" else after - before
    zero = np.zeros(len(before), bool)
    if scale == "percent":
        if np.any(before < 0):
            raise ValueError(
                "scale='percent' needs scores of 0 or more; a before score is negative"
            )
        zero = ~np.isnan(before) & (before <= POINT)
        gain = 100 * np.divide(gain, before, out=np.full(len(before), np.nan), where=before > POINT)
    no_after = ~np.isnan(before) & np.isnan(after) & ~zero
    if missing == "not responders":
        gain = np.where(no_after, -np.inf, gain)
    return gain, int(no_after.sum()), int(zero.sum())


def _gap_row(
    gain: Floats, treated: npt.NDArray[np.bool_], level: float, called: Any
) -> dict[str, Any]:
    found = largest_gap(gain, treated)
    n, m = int(treated.sum()), int((~treated).sum())
    half = float(np.sqrt(np.log(4 / (1 - level)) / 2) * (1 / np.sqrt(n) + 1 / np.sqrt(m)))
    d = float(found.estimate)
    how = "exact, ties too" if found.exact else "limit"
    return {
        "term": "no gap" if np.isnan(found.cut) else called(float(found.cut)),
        "measure": "largest_gap", "estimate": d, "conf_low": max(-1.0, d - half),
        "conf_high": min(1.0, d + half), "conf_level": level, "statistic": abs(d),
        "p_value": float(found.p_value),
        "method": f"Kolmogorov-Smirnov ({how}), Dvoretzky-Kiefer-Wolfowitz bands",
    }  # fmt: skip
