"""The tipping point: how strong something else would have to be to explain a change by itself."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from msspas_analysis.results import Estimates

_OBSERVED, _EXPECTED, _BEYOND = "observed", "expected without treatment", "beyond expectation"
ALL_OF_IT: Final = "response to being treated that would explain the rest"
NO_LONGER: Final = "response from which the interval holds none"
TIMES: Final = "times the expected change that would explain all of it"


def tipping_point(found: Estimates) -> Estimates:
    """Say how large a placebo response, or how much more regression, would explain a change.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.estimate.change.untreated.change_beyond_expectation`, or the
        ``results`` of an expectation without treatment: rows "observed", "expected without
        treatment" and "beyond expectation" of ``mean_difference``, for one group or several.

    Returns
    -------
    Estimates
        For each group, in points and with the sign of the change:

        - ``term`` "response to being treated that would explain the rest": the mean response to
          attention, expectation and other treatment that would leave nothing, with its interval;
        - "response from which the interval holds none": the smallest such response that the
          interval of what is beyond expectation cannot tell from all of it; 0 where that interval
          holds 0 already;
        - "times the expected change that would explain all of it": how many times as strong
          regression to the mean would have to be (``measure`` "ratio"); NaN where none is expected
          or what is expected goes the other way.

    Raises
    ------
    ValueError
        If a row is missing.

    Notes
    -----
    It names no cause. Whether a response of that size is to be reckoned with is for the reader to
    judge, beside what control arms of trials have shown.

    References
    ----------
    .. [1] Cro S, Morris TP, Kenward MG, Carpenter JR (2020). Sensitivity analysis for clinical trials
       with missing continuous outcome data using controlled multiple imputation: a practical guide.
       Stat Med 39:2815-2842 (tipping points).

    Examples
    --------
    >>> rows = [{"outcome": "stiffness", "group": "all", "term": term, "measure": "mean_difference",
    ...     "estimate": x, "conf_low": x - 0.4, "conf_high": x + 0.4, "n": 40, "n_missing": 0,
    ...     "method": "t"}
    ...     for term, x in (("observed", -1.2), ("expected without treatment", -0.3),
    ...                     ("beyond expectation", -0.9))]
    >>> told = tipping_point(Estimates.from_rows(rows))
    >>> [round(float(x), 3) for x in told.table["estimate"]]
    [-0.9, -0.5, 4.0]
    """
    table = found.table[found.table["measure"] == "mean_difference"]
    rows: list[dict[str, Any]] = []
    for (outcome, group), part in table.groupby(["outcome", "group"], sort=False, dropna=False):
        by: dict[str, Any] = {row["term"]: row for row in part.to_dict("records")}
        if missing := [term for term in (_OBSERVED, _EXPECTED, _BEYOND) if term not in by]:
            raise ValueError(
                f"{outcome}, {group}: no row {missing}; give the answer of "
                "change_beyond_expectation, or results of expected_without_treatment"
            )
        beyond = by[_BEYOND]
        low, high = float(beyond["conf_low"]), float(beyond["conf_high"])
        nearest = 0.0 if low <= 0 <= high else min(low, high, key=abs)
        seen, expected = float(by[_OBSERVED]["estimate"]), float(by[_EXPECTED]["estimate"])
        times = seen / expected if expected != 0 and seen / expected > 0 else np.nan
        base = {name: beyond[name] for name in ("outcome", "group", "n", "n_missing")}
        base |= {"method": "arithmetic on what is beyond expectation"}
        rows += [
            base | {"term": ALL_OF_IT, "measure": "mean_difference",
                    "estimate": float(beyond["estimate"]), "conf_low": low, "conf_high": high,
                    "conf_level": beyond["conf_level"]},
            base | {"term": NO_LONGER, "measure": "mean_difference", "estimate": nearest},
            base | {"term": TIMES, "measure": "ratio", "estimate": times},
        ]  # fmt: skip
    if not rows:
        raise ValueError(
            "found has no mean difference; give the answer of change_beyond_expectation"
        )
    return Estimates.from_rows(rows, notes=(
        "A response of this size would leave nothing for the therapy itself; the number says what would "
        "be needed, not what was there.", *found.notes,
    ))  # fmt: skip
