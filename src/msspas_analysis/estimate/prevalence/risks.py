"""Risks of two arms: their difference, ratio and odds ratio, and the number needed to treat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.people import label_of, values_of, yes_no
from msspas_analysis.estimate.prevalence.proportions import (
    in_order,
    known,
    share,
)
from msspas_analysis.estimate.prevalence.two_proportions import (
    DIFFERENCE_METHODS,
    ODDS_METHODS,
    RATIO_METHODS,
    TESTS,
    chi_square,
    conditional_odds_ratio,
    difference_interval,
    fisher_p,
    odds_interval,
    ratio_interval,
)
from msspas_analysis.results import Estimates

MEASURES: Final = ("risk_difference", "risk_ratio", "odds_ratio", "nnt")
"""What :func:`compare_proportions` compares arms by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNeeded:
    """A number needed to treat, with the part of its interval on the other side of infinity.

    Every field has the shape of the differences. ``other_low`` and ``other_high`` are NaN where
    the interval has one side only.
    """

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    other_low: Floats
    other_high: Floats


def number_needed(
    difference: npt.ArrayLike, conf_low: npt.ArrayLike, conf_high: npt.ArrayLike
) -> NumberNeeded:
    """Turn a difference of proportions and its interval into a number needed to treat.

    Parameters
    ----------
    difference, conf_low, conf_high : array_like
        Difference, arm minus control, and the ends of its interval, broadcast together.

    Returns
    -------
    NumberNeeded
        Reciprocals: positive for one more person counted, negative for one fewer, infinite for no
        difference. Where the interval of the difference includes 0, that of the number needed goes
        through infinity: ``conf_low`` and ``conf_high`` are the part on the side of the estimate,
        with one infinite end, ``other_low`` and ``other_high`` the part on the other side.

    References
    ----------
    .. [1] Altman DG (1998). Confidence intervals for the number needed to treat. BMJ 317:1309-1312.

    Examples
    --------
    >>> x = number_needed([0.25, 0.125], [0.125, -0.125], [0.5, 0.25])
    >>> x.estimate.tolist(), x.conf_low.tolist(), x.conf_high.tolist()
    ([4.0, 8.0], [2.0, 4.0], [8.0, inf])
    >>> x.other_low.tolist(), x.other_high.tolist()
    ([nan, -inf], [nan, -8.0])
    """
    d, low, high = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (difference, conf_low, conf_high))
    )
    with np.errstate(divide="ignore"):
        from_high = np.where(high > 0, 1 / high, np.where(high < 0, 1 / high, -np.inf))
        from_low = np.where(low < 0, 1 / low, np.where(low > 0, 1 / low, np.inf))
        estimate = np.where(d == 0, np.inf, 1 / d)
    through, more = (low < 0) & (high > 0), d >= 0
    missing = np.isnan(low) | np.isnan(high)
    from_high, from_low = (np.where(missing, np.nan, x) for x in (from_high, from_low))
    return NumberNeeded(
        estimate=estimate, conf_low=np.where(through & ~more, -np.inf, from_high),
        conf_high=np.where(through & more, np.inf, from_low),
        other_low=np.where(through, np.where(more, -np.inf, from_high), np.nan),
        other_high=np.where(through, np.where(more, from_low, np.inf), np.nan),
    )  # fmt: skip


def compare_proportions(
    frame: pd.DataFrame,
    what: str,
    *,
    arm: str,
    control: Any,
    positive: Any = None,
    measures: Sequence[str] = MEASURES,
    difference_method: str = "newcombe",
    ratio_method: str = "katz",
    odds_method: str = "woolf",
    test: str = "chi_square",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how the share of people with something differs between each arm and the control.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person, with ``person_id``, `what` and `arm`.
    what : str
        A yes/no column: bool, 0 and 1, or "yes" and "no"; any other with `positive`. Empty is
        missing.
    arm : str
        The column of arms. People without one are left out.
    control : object
        The value of `arm` the others are compared with.
    positive : object, optional
        The value of `what` that is counted, or a list of such values.
    measures : sequence of str
        Some of :data:`MEASURES`, in the order wanted.
    difference_method, ratio_method, odds_method, test : str
        Keys of :data:`~msspas_analysis.estimate.prevalence.two_proportions.DIFFERENCE_METHODS`,
        ``RATIO_METHODS``, ``ODDS_METHODS`` and ``TESTS``.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        A row "proportion" for each arm (the ``group``; Wilson), then each measure of each arm
        against the control, term "arm - control", with the p-value of `test`. Differences are arm
        minus control, ratios arm over control. "nnt" is the reciprocal of the risk difference and
        of its interval, negative for one person fewer with `what`; where that interval includes 0
        it has one infinite end, and "nnt_other_side" is the rest of it. ``std_error`` is that of
        the difference without pooling. ``n`` of a comparison counts the people
        of both arms who answered.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has more than one row.
    ValueError
        If a column is absent, `what` is no yes/no column, there is no arm but the control or no
        such control, nobody in an arm answered, or a name or the level is not allowed.

    Notes
    -----
    Wrong as a statement about treatment where arms were not allotted at random, or where the people
    who left one arm differ from those who left the other. Interval and p-value come from different
    methods and may disagree near the edge; ``difference_method="mee"`` belongs to "chi_square".

    References
    ----------
    .. [1] Altman DG (1998). Confidence intervals for the number needed to treat. BMJ 317:1309-1312.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(150), "arm": ["new"] * 70 + ["usual"] * 80,
    ...     "responder": [1] * 56 + [0] * 14 + [1] * 48 + [0] * 32})
    >>> answer = compare_proportions(frame, "responder", arm="arm", control="usual")
    >>> row = answer.one(measure="risk_difference")
    >>> [round(float(row[x]), 4) for x in ("estimate", "conf_low", "conf_high", "p_value")]
    [0.2, 0.0524, 0.3339, 0.008]
    """
    level_between(conf_level)
    for name, told, allowed in (
        ("difference_method", difference_method, DIFFERENCE_METHODS),
        ("ratio_method", ratio_method, RATIO_METHODS),
        ("odds_method", odds_method, ODDS_METHODS),
        ("test", test, TESTS),
        *(("measures", m, MEASURES) for m in measures),
    ):
        known(name, told, allowed)
    people = in_order(frame, what, arm)
    value, yes = yes_no(people, what, positive=positive)
    arms = values_of(people[arm])
    if control not in arms or len(arms) < 2:
        raise ValueError(
            f"{arm!r} holds {arms[:10]}; need control={control!r} and at least one other arm"
        )
    tally = {
        a: _tally(value[(people[arm] == a).to_numpy(dtype=bool, na_value=False)]) for a in arms
    }
    if empty := [label_of(a) for a, (_, n, _) in tally.items() if not n]:
        raise ValueError(
            f"nobody in arm {', '.join(empty)} has {what!r}; there is nothing to compare"
        )
    arms = [a for a in arms if a != control]
    rows: list[dict[str, Any]] = [
        {"outcome": what, "group": label_of(a), "term": yes, "measure": "proportion",
         **share(tally[a][0], tally[a][1], method="wilson", conf_level=conf_level),
         "n_missing": tally[a][2]}
        for a in (*arms, control)
    ]  # fmt: skip
    notes = [_ARMS, *_not_there(people, what, arm, tally)]
    for a in arms:
        table = (*tally[a][:2], *tally[control][:2])
        base = {
            "outcome": what, "group": "all", "term": f"{label_of(a)} - {label_of(control)}",
            "conf_level": conf_level, "n": table[1] + table[3],
            "n_missing": tally[a][2] + tally[control][2],
        }  # fmt: skip
        tested, said = _tested(table, test)
        notes += said
        for measure in measures:
            if measure in ("risk_difference", "nnt"):
                new, said = _difference(table, measure, what, difference_method, conf_level)
            elif measure == "risk_ratio":
                new, said = _ratio(table, ratio_method, conf_level)
            else:
                new, said = _odds(table, odds_method, conf_level)
            rows += [base | tested | row | {"method": f"{row['method']}; p: {TESTS[test]}"}
                     for row in new]  # fmt: skip
            notes += said
    return Estimates.from_rows(rows, notes=dict.fromkeys(notes))


_ARMS: Final = (
    "A difference between arms is due to what was given only if arms were allotted at random and "
    "the people who left are like those who stayed."
)


def _tally(value: Floats) -> tuple[int, int, int]:
    """People counted, people who answered, people who did not."""
    n = int(np.count_nonzero(~np.isnan(value)))
    return int(np.nansum(value)), n, len(value) - n


def _not_there(
    people: pd.DataFrame, what: str, arm: str, tally: dict[Any, tuple[int, int, int]]
) -> list[str]:
    notes = []
    if nowhere := int(people[arm].isna().sum()):
        notes.append(f"{nowhere} of {len(people)} people have no {arm} and are left out.")
    if missing := {label_of(a): k for a, (_, _, k) in tally.items() if k}:
        each = ", ".join(f"{a}: {k}" for a, k in missing.items())
        notes.append(f"People without {what} are left out ({each}).")
    return notes


Table = tuple[int, int, int, int]


def _tested(table: Table, test: str) -> tuple[dict[str, Any], list[str]]:
    a, m, b, n = table
    if test == "fisher":
        return {"p_value": float(fisher_p(*table))}, []
    statistic, p = chi_square(*table, correct=test == "chi_square_cc")
    notes = []
    least = min(m, n) * min(a + b, m + n - a - b) / (m + n)
    if np.isnan(statistic):
        notes.append("Nobody, or everybody, is counted in both arms: there is no chi-square test.")
    elif least < 5:
        notes.append(
            f"As few as {least:.1f} people are expected in a cell of the table, where chi-square "
            f'is rough; test="fisher" is exact.'
        )
    return {"statistic": float(statistic), "df": 1, "p_value": float(p)}, notes


def _difference(
    table: Table, measure: str, what: str, method: str, conf_level: float
) -> tuple[list[dict[str, Any]], list[str]]:
    a, m, b, n = table
    p, q = a / m, b / n
    low, high = (float(x) for x in
                 difference_interval(*table, method=method, conf_level=conf_level))  # fmt: skip
    name = DIFFERENCE_METHODS[method]
    notes = []
    if low == high:
        notes.append(f"{name}'s interval has no width here, which is not to say it is certain.")
    if low < -1 or high > 1:
        notes.append(f"An end of {name}'s interval lies outside -1 to 1.")
    if measure == "risk_difference":
        row = {
            "measure": measure, "estimate": p - q, "conf_low": low, "conf_high": high,
            "std_error": float(np.sqrt(p * (1 - p) / m + q * (1 - q) / n)), "method": name,
        }  # fmt: skip
        return [row], notes
    x = number_needed(p - q, low, high)
    row = {
        "measure": "nnt", "estimate": float(x.estimate), "conf_low": float(x.conf_low),
        "conf_high": float(x.conf_high), "method": f"1 / risk difference, {name}",
    }  # fmt: skip
    notes.append(
        f"nnt: so many people in the arm for one more with {what}; a negative number: for one "
        f"fewer. It is NNTB (benefit) on the side that is wished for, NNTH (harm) on the other."
    )
    if not low < 0 < high:
        return [row], notes
    notes.append(
        f"The interval of the risk difference includes 0, so that of nnt is not one stretch: it "
        f"runs from {1 / high:.1f} for one more (NNTB if {what} is wished for) up to infinity (no "
        f"difference) and on to {-1 / low:.1f} for one fewer (then NNTH). nnt_other_side is the "
        f"part beyond infinity; neither part stands alone."
    )
    other = row | {
        "measure": "nnt_other_side", "estimate": np.nan, "conf_low": float(x.other_low),
        "conf_high": float(x.other_high), "statistic": np.nan, "df": np.nan, "p_value": np.nan,
    }  # fmt: skip
    return [row, other], notes


def _ratio(table: Table, method: str, conf_level: float) -> tuple[list[dict[str, Any]], list[str]]:
    a, m, b, n = table
    low, high = ratio_interval(*table, method=method, conf_level=conf_level)
    row = {
        "measure": "risk_ratio", "estimate": _over(a / m, b / n), "conf_low": float(low),
        "conf_high": float(high), "method": RATIO_METHODS[method],
    }  # fmt: skip
    if not np.isnan(low):
        return [row], []
    return [row], [
        "An arm has nobody counted, where Katz's interval of the ratio does not exist; "
        'ratio_method="koopman" has one.'
    ]


def _odds(table: Table, method: str, conf_level: float) -> tuple[list[dict[str, Any]], list[str]]:
    a, m, b, n = table
    if method == "exact":
        exact = conditional_odds_ratio(*table, conf_level=conf_level)
        estimate, low, high = (float(x) for x in (exact.estimate, exact.conf_low, exact.conf_high))
    else:
        estimate = _over(a * (n - b), b * (m - a))
        low, high = (float(x) for x in odds_interval(*table, conf_level=conf_level))
    row = {
        "measure": "odds_ratio", "estimate": estimate, "conf_low": low, "conf_high": high,
        "method": ODDS_METHODS[method],
    }  # fmt: skip
    if not np.isnan(low):
        return [row], []
    return [row], [
        "A cell of the table is empty, where Woolf's interval of the odds ratio does not exist; "
        'odds_method="exact" has one.'
    ]


def _over(x: float, y: float) -> float:
    return x / y if y else np.inf if x else np.nan
