"""Where each number of a simulated world comes from: its status, its source, its allowed range."""

from __future__ import annotations

from dataclasses import Field, field, fields
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

REALISM: Final = "realism_v1"
"""Name of the set of default values; a later set gets another name, never other numbers."""

STATUSES: Final = {
    "calibrated": "chosen so that the model reproduces published figures",
    "published": "printed in the source",
    "derived": "follows from published figures by arithmetic",
    "memory": "remembered, not checked against the source",
    "assumption": "no source found: vary it",
    "design": "a choice about the study or the service, not a claim about people",
}
"""What the status of a number means."""


def told(
    default: Any, status: str, low: float, high: float, source: str = "", *, whole: bool = False
) -> Any:
    """Give a field its default, the status and source of that default, and the allowed range."""
    return field(default=default, metadata={
        "status": status, "low": low, "high": high, "whole": whole, "source": source,
    })  # fmt: skip


def chosen(default: Any, status: str = "design", source: str = "") -> Any:
    """Give a field that is not a number in a range its default, status and source."""
    return field(default=default, metadata={"status": status, "source": source})


def check_ranges(scenario: Any) -> None:
    """Refuse a scenario with a number outside its range, by the name of the field.

    Raises
    ------
    ValueError
        Naming the field, the allowed range and the value.
    """
    for one in fields(scenario):
        if "low" in one.metadata:
            _check_range(one, getattr(scenario, one.name))


def _check_range(one: Field[Any], value: object) -> None:
    low, high = one.metadata["low"], one.metadata["high"]
    if value is None and "None" in str(one.type):
        return
    values = value if isinstance(value, tuple) else (value,)
    wanted = f"{low:g} to {high:g}" + (" and a whole number" if one.metadata["whole"] else "")
    due = len(one.default) if isinstance(one.default, tuple) else 1
    if isinstance(value, tuple) != isinstance(one.default, tuple) or len(values) != due:
        shape = "one number" if due == 1 else f"a tuple of {due} numbers"
        raise ValueError(f"{one.name} must be {shape}, got {value!r}")
    for number in values:
        plain = isinstance(number, int | float | np.integer | np.floating)
        if not plain or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(f"{one.name} must be {wanted}, got {value!r}")
        if one.metadata["whole"] and int(number) != number:
            raise ValueError(f"{one.name} must be {wanted}, got {value!r}")


def provenance(scenario: Any) -> pd.DataFrame:
    """Return each field of `scenario` with its value and where the value comes from.

    Parameters
    ----------
    scenario : World, DiaryScenario or SurveyScenario
        The world; its defaults are the set :data:`REALISM`.

    Returns
    -------
    pandas.DataFrame
        Columns ``field``, ``value``, ``status`` and ``source``; a value other than the default is
        ``"set by the user"``, without a source, unless it is a choice of design.

    Examples
    --------
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> told = provenance(DiaryScenario(day_sd=2.0)).set_index("field")["status"]
    >>> told["level_mean"], told["drift_sd"], told["day_sd"]
    ('calibrated', 'assumption', 'set by the user')
    """
    rows = []
    for one in fields(scenario):
        value, status = getattr(scenario, one.name), one.metadata["status"]
        own = value != one.default and status != "design"
        rows.append({
            "field": one.name, "value": value, "status": "set by the user" if own else status,
            "source": "" if own else one.metadata.get("source", ""),
        })  # fmt: skip
    return pd.DataFrame(rows)


def as_latent(
    name: str, value: ArrayLike, *, axes: str = "(..., n_people, n_visits)", n_axes: int = 2
) -> NDArray[np.float64]:
    """Return a latent as floats, or ``ValueError``: too few axes, or a number that is none."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim < n_axes:
        raise ValueError(f"{name} must have shape {axes}, got {array.shape}")
    if not np.isfinite(array).all():
        found = array[~np.isfinite(array)][0]
        raise ValueError(f"{name} is a latent, finite and never missing; got {found}")
    return array


def check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise ``ValueError`` if `array` has another shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def check_share(name: str, value: float) -> None:
    """Raise ``ValueError`` if `value` is not a proportion."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be 0 to 1, got {value}")
