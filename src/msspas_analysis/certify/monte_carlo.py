"""Shares and means over replicates, each with its Monte Carlo error, as rows of an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.estimate.intervals import t_interval, wilson_interval

Floats = NDArray[np.float64]


def share_row(measure: str, yes: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the share of replicates with a yes, as a row of an answer.

    Examples
    --------
    >>> row = share_row("power", np.array([True, True, False, True]))
    >>> row["estimate"], row["n"], round(row["conf_low"], 3)
    (0.75, 4, 0.301)
    """
    n, count = len(yes), int(yes.sum())
    row: dict[str, Any] = {"measure": measure, "estimate": np.nan, "n": n}
    if n:
        share = count / n
        low, high = wilson_interval(count, n)
        row |= {"estimate": share, "std_error": float(np.sqrt(share * (1 - share) / n)),
                "conf_low": float(low), "conf_high": float(high), "conf_level": 0.95}  # fmt: skip
    return row


def mean_row(measure: str, values: Floats) -> dict[str, Any]:
    """Return the mean over replicates with its Monte Carlo error, as a row of an answer.

    Examples
    --------
    >>> row = mean_row("bias", np.array([0.1, -0.1, 0.3]))
    >>> round(row["estimate"], 3), row["n"], round(row["std_error"], 3)
    (0.1, 3, 0.115)
    """
    n = len(values)
    row: dict[str, Any] = {"measure": measure, "estimate": float(values.mean()) if n else np.nan,
                           "n": n}  # fmt: skip
    if n > 1:
        got = t_interval(values)
        row |= {"std_error": float(got.std_error), "conf_low": float(got.conf_low),
                "conf_high": float(got.conf_high), "conf_level": 0.95}  # fmt: skip
    return row


def ratio_row(measure: str, top: Floats, bottom: Floats) -> dict[str, Any]:
    """Return a share of what all replicates count together, as a row of an answer.

    Parameters
    ----------
    measure : str
        What the row is called.
    top, bottom : numpy.ndarray, shape (n,)
        What each replicate counts, and out of how many; `bottom` has something in it.

    Examples
    --------
    >>> row = ratio_row("passed", np.array([1.0, 3.0]), np.array([10.0, 10.0]))
    >>> row["estimate"], row["n"], round(row["std_error"], 3)
    (0.2, 2, 0.1)
    """
    share = float(top.sum() / bottom.sum())
    error = mean_row(measure, (top - share * bottom) / bottom.mean())
    moved = {name: error[name] + share for name in ("conf_low", "conf_high") if name in error}
    return error | moved | {"estimate": share}


def sign_and_size_rows(found: Floats, truth: float) -> list[dict[str, Any]]:
    """Return how wrong what was called a difference is: type_s and type_m, as rows of an answer.

    Parameters
    ----------
    found : numpy.ndarray, shape (n,)
        Estimates of the replicates that called a difference.
    truth : float
        What is true, not 0.

    Examples
    --------
    >>> rows = sign_and_size_rows(np.array([-2.0, -1.0, 3.0]), -1.0)
    >>> [(row["measure"], round(row["estimate"], 3)) for row in rows]
    [('type_s', 0.333), ('type_m', 2.0)]
    """
    return [
        share_row("type_s", np.sign(found) != np.sign(truth)),
        mean_row("type_m", np.abs(found) / abs(truth)),
    ]
