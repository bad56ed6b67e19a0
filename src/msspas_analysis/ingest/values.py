"""What one cell says: a rating, a count, a yes or no. Nothing is clipped, filled or guessed.

Every reader takes a raw cell and returns a :class:`Reading`: the value, what was decided about
the cell, and why in words for the person who typed it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Final, NamedTuple

RATING_MAX: Final = 10


class Reading(NamedTuple):
    """One cell, read.

    Parameters
    ----------
    value : float or str or None
        What goes into the table; None when nothing does.
    decision : str
        "used", or one of :data:`~msspas_analysis.ingest.intake.DECISIONS`.
    reason : str
        Why, in plain words; empty for a cell that is used as it stands.
    low : float or None
        What is known when the value itself is not: "5+" is at least 5.
    ask : str
        The question that this cell shares with others like it; empty when it is one of a kind.
    """

    value: float | str | None
    decision: str = "used"
    reason: str = ""
    low: float | None = None
    ask: str = ""


_DASHES: Final = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "‘": "'", "“": '"', "”": '"'}
)
_HALVES: Final = {"½": ".5", "¼": ".25", "¾": ".75"}

_MISSING: Final = frozenset(
    ["n/a", "n.a.", "n.a", "na", "n\\a", "-", "--", "---", ".", "..", "...", "?", "??", "???", "unknown", "missing", "blank", "dk", "d/k", "nk", "n/k", "nr", "n/r", "forgot", "forgotten", "illegible", "unreadable", "unsure", "null", "nan", "lost"]
) | frozenset((
    "none given", "not given", "not done", "not recorded", "not known", "no entry", "no answer",
    "no data", "no diary", "left blank", "not filled in", "did not fill in", "didn't fill in",
    "didn't do", "not completed", "can't read", "cannot read", "don't know", "dont know",
    "not sure", "forgot to fill in", "diary lost", "not applicable", "not available", "no record",
))  # fmt: skip
_AWAY: Final = re.compile(
    r"^(on )?(hols?|holidays?|away|hospital|in hospital|hosp|dna|canc(elled|eled)?|ill|unwell|"
    r"poorly|respite|admitted|vacation)\b"
)
_REPEAT: Final = re.compile(
    r"^(same|ditto|do\.?|as above|as before|as yesterday|same as.*|s/a|\"+|'+|''|,,|〃|↓|↑|→|\^+|"
    r"no change|unchanged|nc|no diff(erence)?|as usual|usual)$"
)
_UNCOUNTABLE: Final = re.compile(
    r"^(lots?( of.*)?|loads|constant(ly)?|continuous(ly)?|too many( to count)?|many|numerous|"
    r"countless|all day( long)?|all the time|non[- ]?stop|several|a few|few|some|plenty|"
    r"lost count|tmtc|uncountable|frequent(ly)?|multiple|\+{2,}|∞)[.!]*$"
)
_ZERO: Final = re.compile(
    r"^(none|nil|zero|nought|naught|no|o|∅|no spasms?|no pain|no falls?)[.!]?$"
)
_TICK: Final = re.compile(r"^(x+|✓|✔|☑|√|✗|✘|☒|y|n|yes|no|true|false|tick(ed)?|\*)$")
_SEVERITY: Final = re.compile(
    r"^(very |quite |fairly )?(mild|moderate|mod|severe|bad|good|ok|okay|fine|better|worse|awful|"
    r"terrible|low|medium|med|high|normal|average|slight|slightly|a bit|a lot|little)\b"
)
_WORDS: Final = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
}
_ERROR: Final = re.compile(
    r"^(#(ref|div/0|value|name|num|null|n/a|spill|calc|getting_data)[!?]?|#+|err:\d+)$"
)
_NUMBER: Final = r"\d+(?:\.\d+)?|\.\d+"
_PLAIN: Final = re.compile(rf"^[+]?({_NUMBER})\.?$")
_APPROX: Final = re.compile(
    r"^(?:~+|≈|c\.|ca\.?|circa|about|abt|approx(?:imately)?\.?|around|roughly|maybe|probably|"
    r"nearly|almost|say)\s*|\s*(?:\?+|-?ish|\(\?\)|approx\.?|or so|(?:i )?think|maybe|!+|\*+)$"
)
_RANGE: Final = re.compile(rf"^({_NUMBER})\s*(?:-|to|or|and|&|/or|\.\.+)\s*({_NUMBER})$")
_OUT_OF: Final = re.compile(rf"^({_NUMBER})\s*(?:/|out of|of|over)\s*({_NUMBER})$")
_AT_LEAST: Final = re.compile(
    rf"^(?:(>=|≥|at least|min(?:imum)?|>|over|more than|above)\s*({_NUMBER})"
    rf"|({_NUMBER})\s*(\++|plus|or more|and over|or over|at least|and more))$"
)
_AT_MOST: Final = re.compile(
    rf"^(?:(?:<=?|≤|under|less than|fewer than|below|up to|at most|max(?:imum)?)\s*({_NUMBER})"
    rf"|({_NUMBER})\s*(?:or less|or fewer|at most|max))$"
)
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_EXCEL_DATE: Final = re.compile(
    rf"^(0?[1-9]|[12]\d)[-/ ](?:({'|'.join(_MONTHS)})[a-z]*|(0?[1-9]|1[0-2])(?=[-/]\d))(?:[-/ ]\d{{2,4}})?(?: 00:00.*)?$"
)
_REMARK: Final = re.compile(rf"^({_NUMBER})\s*[\(\[].*[\)\]]$")
_TIMES: Final = re.compile(
    rf"^(?:x\s*({_NUMBER})|({_NUMBER})\s*(?:x|times?|spasms?|falls?|per day|/\s*day|a day|today))$"
)


def plain(text: str) -> str:
    r"""Return `text` as it would be typed by a tidy person: one case, one dash, single blanks.

    Examples
    --------
    >>> plain(" 7–8\u00a0 "), plain("3½")
    ('7-8', '3.5')
    """
    for sign, half in _HALVES.items():
        if sign in text:
            text = re.sub(rf"(\d)\s*{sign}", rf"\g<1>{half}", text).replace(sign, "0" + half)
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return " ".join(text.replace("\u200b", "").split()).casefold()


def read_rating(
    raw: object, *, low: float = 0, high: float = RATING_MAX, month_first: bool = False
) -> Reading:
    """Read a rating on a `low` to `high` scale.

    Parameters
    ----------
    raw : object
        The cell: text, a number, a date (Excel makes one of a typed ``5/10``).
    low, high : float
        Inclusive range of the scale.
    month_first : bool
        Whether the file writes dates month first, as in the United States.

    Returns
    -------
    Reading
        ``7-8`` gives 7.5 with a flag; ``26``, ``same`` and ``10+`` give no value.

    Examples
    --------
    >>> read_rating("5/10").value, read_rating("7-8").value, read_rating(26).value
    (5.0, 7.5, None)
    """
    scale = f"{low:g} to {high:g}"
    if isinstance(raw, bool):
        return Reading(
            None, "question", f"TRUE or FALSE is no rating from {scale}: type the number"
        )
    if isinstance(raw, (int, float)):
        return _number_on_scale(float(raw), low, high)
    if isinstance(raw, dt.datetime | dt.date):
        return _rating_from_date(raw, high, month_first)
    if isinstance(raw, dt.time | dt.timedelta):
        return Reading(None, "question", f"a time of day, no rating from {scale}: type the number")
    text = plain(str(raw))
    if not text:
        return Reading(None, "set aside", "nothing but blanks")
    common = _common(text)
    if common is not None:
        return common
    if match := _PLAIN.match(text):
        found = _number_on_scale(float(match[1]), low, high)
        if found.decision == "used" and text != f"{float(match[1]):g}" and text != match[1]:
            return found._replace(decision="changed", reason="read as a plain number")
        return found
    if _UNCOUNTABLE.match(text) or _SEVERITY.match(text):
        return Reading(None, "question", f"a word, no rating from {scale}: type the number",
                       ask="a word stands where a number is due")  # fmt: skip
    if _ZERO.match(text):
        if low > 0:
            return Reading(None, "question", f"a word, no rating from {scale}: type the number")
        return Reading(0.0, "kept", "read as 0 (none)")
    if text in _WORDS and low <= _WORDS[text] <= high:
        return Reading(float(_WORDS[text]), "kept", "a number in words")
    if match := _EXCEL_DATE.match(text):  # a .csv saved after Excel made a date of a typed 5/10
        month = _MONTHS.index(match[2]) + 1 if match[2] else int(match[3])
        return _rating_from_date(dt.date(2000, month, int(match[1])), high, month_first)
    if match := _OUT_OF.match(text):
        top, bottom = float(match[1]), float(match[2])
        if bottom == high and low <= top <= high:
            return Reading(top, "changed", f"read as {top:g} out of {high:g}")
        return Reading(
            None, "question", f"not a rating out of {high:g}: type one number from {scale}"
        )
    if match := _RANGE.match(text):
        a, b = float(match[1]), float(match[2])
        if low <= a <= b <= high and b - a <= 1:
            if a == b:
                return Reading(a, "kept", "the same number twice, read as one")
            return Reading((a + b) / 2, "kept", f"between {a:g} and {b:g}: the middle is used")
        return Reading(None, "question", f"a range: decide on one number from {scale}")
    if match := _AT_LEAST.match(text):
        known = match[2] or match[3]
        return Reading(None, "question", f"{known} or more is no single rating: decide on one number",
                       low=float(known))  # fmt: skip
    if _AT_MOST.match(text):
        return Reading(None, "question", "an upper limit is no single rating: decide on one number")
    if match := re.match(r"^(\d+),([05])$", text):
        return _number_on_scale(float(f"{match[1]}.{match[2]}"), low, high)
    if match := _REMARK.match(text):
        found = _number_on_scale(float(match[1]), low, high)
        if found.value is not None:
            return found._replace(
                decision="kept", reason="a number with a remark; the remark is not used"
            )
        return found
    bare = _without_doubt(text)
    if bare != text:
        inner = read_rating(bare, low=low, high=high, month_first=month_first)
        if inner.value is not None:
            return inner._replace(
                decision="kept", reason=f"marked as uncertain: {inner.value:g} is used"
            )
        return inner
    if re.match(r"^-\s*\d", text):
        return Reading(None, "question", f"below 0, not on the scale from {scale}: correct it")
    return Reading(
        None,
        "question",
        f"cannot be read as a number from {scale}: type the number or leave it empty",
    )


def read_count(raw: object, *, high: float = 500) -> Reading:
    """Read how many there were that day.

    Examples
    --------
    >>> read_count("nil").value, read_count("5+").low, read_count("lots").decision
    (0.0, 5.0, 'set aside')
    """
    if isinstance(raw, bool):
        return Reading(None, "question", "TRUE or FALSE is no count: type the number")
    if isinstance(raw, (int, float)):
        return _whole(float(raw), high)
    if isinstance(raw, dt.datetime | dt.date):
        return Reading(None, "question", "Excel turned what was typed into a date: type the number "
                       "again, with the cell formatted as text or number")  # fmt: skip
    if isinstance(raw, dt.time | dt.timedelta):
        return Reading(None, "question", "a time of day, no count: type the number")
    text = plain(str(raw))
    if _ZERO.match(text):
        return Reading(0.0, "changed", "read as 0 (none)")
    common = _common(text)
    if common is not None:
        return common
    if match := _PLAIN.match(text):
        return _whole(float(match[1]), high)
    if _UNCOUNTABLE.match(text):
        return Reading(None, "set aside", "too many to count: no number is put in its place")
    if text in _WORDS:
        return Reading(float(_WORDS[text]), "kept", "a number in words")
    if match := _TIMES.match(text):
        return _whole(float(match[1] or match[2]), high)._replace(
            decision="changed", reason="read as a plain number"
        )
    if match := _AT_LEAST.match(text):
        known = float(match[2] or match[3])
        known += 1 if match[1] in (">", "over", "more than", "above") else 0
        return Reading(
            None,
            "set aside",
            f"at least {known:g}: kept as a lower limit, not as a count",
            low=known,
        )
    if _AT_MOST.match(text) or _RANGE.match(text) or _OUT_OF.match(text):
        match = _RANGE.match(text)
        least = float(match[1]) if match else None
        if match and float(match[1]) == float(match[2]):
            return _whole(float(match[1]), high)._replace(
                decision="kept", reason="the same number twice, read as one"
            )
        return Reading(
            None, "question", "a range is no single count: decide on one number", low=least
        )
    if match := _REMARK.match(text):
        found = _whole(float(match[1]), high)
        if found.value is not None:
            return found._replace(
                decision="kept", reason="a number with a remark; the remark is not used"
            )
        return found
    bare = _without_doubt(text)
    if bare != text:
        inner = read_count(bare, high=high)
        if inner.value is not None:
            return inner._replace(
                decision="kept", reason=f"marked as uncertain: {inner.value:g} is used"
            )
        return inner
    return Reading(
        None, "question", "cannot be read as a count: type a whole number or leave it empty"
    )


def read_yes_no(raw: object, *, heading: str, meanings: dict[str, str] | None = None) -> Reading:
    """Read a yes or a no; ``x`` may be either, so it is asked once a column.

    Examples
    --------
    >>> read_yes_no("Y", heading="Missed tablets?").value
    'yes'
    >>> read_yes_no("x", heading="Missed tablets?").decision
    'question'
    """
    if isinstance(raw, bool):
        return Reading("yes" if raw else "no")
    text = plain(str(raw))
    if meanings and text in meanings:
        return Reading(meanings[text], "changed", "read as your rules file says")
    if re.match(r"^(y|yes|true|1|1\.0|yep|yeah)[.!]?$", text):
        return Reading("yes")
    if re.match(r"^(n|no|false|0|0\.0|none|nil|nope)[.!]?$", text):
        return Reading("no")
    if re.match(r"^(✓|✔|☑|√|tick(ed)?)$", text):
        return Reading("yes", "changed", "a tick, read as yes")
    common = _common(text)
    if common is not None and common.decision == "set aside":
        return common
    return Reading(None, "question", f"may mean yes or no: say once what {text!r} means",
                   ask=f"What does {text!r} mean in the column {heading!r}: yes, no, or not filled in?")  # fmt: skip


def _common(text: str) -> Reading | None:
    """Read what means the same in any column: not recorded, away, ditto, an error, a tick."""
    if text.startswith("=") and len(text) > 1:
        return Reading(None, "question", "a formula whose result the file does not hold: open the "
                       "workbook in Excel, save it, and run the check again")  # fmt: skip
    if text in _MISSING:
        return Reading(None, "set aside", "not recorded")
    if _ERROR.match(text):
        return Reading(None, "question", "a spreadsheet error: type the number that belongs here")
    if _AWAY.match(text):
        return Reading(None, "set aside", "not recorded: away, ill or cancelled")
    if _REPEAT.match(text):
        return Reading(None, "question", "a repeat mark is never filled in: type the number that was meant",
                       ask="a repeat mark stands where a number is due")  # fmt: skip
    if _TICK.match(text):
        return Reading(None, "question", "a mark where a number is due: type the number")
    return None


def _number_on_scale(value: float, low: float, high: float) -> Reading:
    if not math.isfinite(value):
        return Reading(None, "set aside", "not recorded")
    if not low <= value <= high:
        return Reading(None, "question",
                       f"outside {low:g} to {high:g}: correct it or leave it empty")  # fmt: skip
    if value != round(value):
        return Reading(value, "kept", f"{value:g} on a scale of whole numbers: used as it is")
    return Reading(value)


def _whole(value: float, high: float) -> Reading:
    if not math.isfinite(value):
        return Reading(None, "set aside", "not recorded")
    if value < 0 or value != round(value):
        return Reading(None, "question", "not a whole number: correct it or leave it empty")
    if value > high:
        return Reading(
            None, "question", f"more than {high:g} in a day: correct it or leave it empty"
        )
    if value > 100:
        return Reading(value, "kept", "unusually many: used, please check")
    return Reading(value)


def _rating_from_date(raw: dt.datetime | dt.date, high: float, month_first: bool) -> Reading:
    """Undo what Excel made of a typed ``5/10``; only where the other half is the scale's end."""
    top, bottom = (raw.month, raw.day) if month_first else (raw.day, raw.month)
    if bottom == high and top <= high:
        return Reading(float(top), "changed",
                       f"Excel turned {top}/{high:g} into a date: read as {top} out of {high:g}")  # fmt: skip
    return Reading(None, "question", f"Excel turned what was typed into a date (perhaps {top}-{bottom}): type the "
                   "number again, with the cell formatted as text or number")  # fmt: skip


def _without_doubt(text: str) -> str:
    """Strip one layer of "about", "?", "ish" and the like."""
    bare = _APPROX.sub("", text).strip().lstrip("'").strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    if re.match(r"^c\s?\d", bare):
        bare = bare[1:].strip()
    return bare
