"""What people write where a number, a therapy or a date is due: slips of the pen as data."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

import numpy as np

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "TENS": ("TENS", "tens", "TENS machine"),
    "physiotherapy": ("Physio", "physiotherapy", "Physio"),
    "reflexology": ("Reflexology", "reflexology", "Reflex"),
    "oxygen + reflexology": ("Reflex + O2", "O2 and reflexology"),
    "massage + TENS": ("TENS & massage", "TENS/massage"),
}
CAME: Final = {
    "attended": "attended", "did not attend": "DNA", "cancelled": "canc", "away": "hols",
}  # fmt: skip
TYPED_TRIGGER: Final = {"infection": "UTI", "bowel": "constipation", "poor sleep": "bad night"}
TYPED_EVENT: Final = {
    "drowsiness": "very drowsy", "weakness": "legs weak", "dizziness": "dizzy",
    "fall": "fell at home",
}  # fmt: skip


class Slip(NamedTuple):
    """A way in which people write a number that is not just the number.

    ``times`` is how often it happens in a workbook, ``low`` to ``high`` the numbers it fits.
    """

    kind: str
    item: str
    times: int
    low: int = 0
    high: int = 500


SLIPS: Final = (
    Slip("fraction_text", "stiffness", 18),
    Slip("excel_date_from_fraction", "stiffness", 11, low=1),
    Slip("approx", "stiffness", 14),
    Slip("range", "stiffness", 12, high=9),
    Slip("off_grid", "stiffness", 8, high=9),
    Slip("missing", "stiffness", 9),
    Slip("review_never_fill", "stiffness", 7),
    Slip("out_of_range", "stiffness", 6, low=1),
    Slip("approx", "spasm_count", 18),
    Slip("uncountable", "spasm_count", 14, low=8),
    Slip("right_censored", "spasm_count", 7, low=5),
    Slip("zero_from_text", "spasm_count", 9, high=0),
    Slip("error_value", "spasm_count", 1),
)


def slipped(slip: Slip, value: int, year: int) -> tuple[Any, Any, float | None]:
    """Return what is written for `value`, what it means, and what can be used without asking.

    Examples
    --------
    >>> slipped(Slip("range", "stiffness", 1, high=9), 7, 2025)
    ('7-8', [7, 8], 7.5)
    """
    match slip.kind:
        case "fraction_text":
            return f"{value}/10", value, value
        case "excel_date_from_fraction":
            return dt.datetime(year, 10, value), value, value
        case "approx":
            return (f"{value}?" if slip.item == "stiffness" else f"~{value}"), value, value
        case "range":
            return f"{value}-{value + 1}", [value, value + 1], value + 0.5
        case "off_grid":
            return f"{value}.5", value + 0.5, value + 0.5
        case "right_censored":
            return f"{_heap(value)}+", _heap(value), None
        case "zero_from_text":
            return "nil", 0, 0
        case "out_of_range":
            return 11 * value, None, None
    words = {"missing": "N/A", "review_never_fill": "same", "uncountable": "lots",
             "error_value": "#REF!"}  # fmt: skip
    return words[slip.kind], None, None


def _heap(count: int) -> int:
    """Return the largest of 5, 10, 20, 30 that is not above the count."""
    return max(n for n in (5, 10, 20, 30) if n <= count)


def reserved_nhs_number(*, rng: np.random.Generator) -> str:
    """Draw an NHS number that belongs to nobody: it starts with 999, and its check digit is right.

    Examples
    --------
    >>> import numpy as np
    >>> reserved_nhs_number(rng=np.random.default_rng(1))[:3]
    '999'
    """
    while True:
        digits = [9, 9, 9, *rng.integers(0, 10, 6).tolist()]
        weighted = sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=True))
        check = (11 - weighted % 11) % 11
        if check != 10:  # such a number is never given out
            text = "".join(map(str, [*digits, check]))
            return f"{text[:3]} {text[3:6]} {text[6:]}"
