"""What in a workbook could say who somebody is, and how it is hidden.

A screen, not a guarantee: it knows the shapes of British identifiers (NHS and National Insurance
numbers, postcodes, telephone numbers) and a bundled list of common names. A rare name standing in
a sentence can pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from msspas_analysis.ingest.names import (
    EPONYMS,
    FORENAMES,
    INSTITUTIONS,
    KNOWN_PLACES,
    MONTHS,
    NOT_INITIALS,
    ORDINARY,
    PARTICLES,
    PLACE_FORENAMES,
    PREMISES,
    SAINTLY,
    SURNAMES,
    TITLES,
    WORD_FORENAMES,
    WORD_SURNAMES,
)

FIXES: Final[dict[str, str]] = {
    "NHS number": "Take it out and keep only the centre's own code, such as P-014; the list of "
    "who is who belongs in a separate, locked file.",
    "National Insurance number": "Take it out; nothing in an evaluation needs it.",
    "postcode": "Take it out; if the area matters, write the name of the district or the "
    "distance to the centre in bands.",
    "phone number": "Take it out and keep contact details in a separate, locked file.",
    "e-mail address": "Take it out and keep contact details in a separate, locked file.",
    "date of birth": "Replace it with an age band, such as 50-59.",
    "name": "Replace it with a code that says nothing about the person, such as P-014; the list "
    "of who is who belongs in a separate, locked file.",
    "address": "Take it out and keep contact details in a separate, locked file.",
    "hospital number": "Take it out and keep only the centre's own code, such as P-014.",
}
"""Every kind of identifier, with one sentence on what to do about it."""

_PRIORITY: Final = {kind: place for place, kind in enumerate(FIXES)}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that could identify a person.

    Parameters
    ----------
    kind : str
        What it is, in plain words; one of the keys of :data:`FIXES`. Never the thing itself.
    fix : str
        One sentence on how to pseudonymise.
    """

    kind: str
    fix: str


class Span(NamedTuple):
    """Where in a text an identifier stands: ``text[start:end]``."""

    start: int
    end: int
    kind: str


class _Word(NamedTuple):
    start: int
    end: int
    text: str
    low: str

    @property
    def cap(self) -> bool:
        return self.text[0].isupper()

    @property
    def title(self) -> bool:
        return len(self.text) > 1 and self.text[0].isupper() and self.text[-1].islower()

    @property
    def initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()


_NO_NAME: Final = ORDINARY - EPONYMS
_ORDINARY_OR_MONTH: Final = ORDINARY | MONTHS
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_KEEP_CAMEL = re.compile(r"(?:Ma?c|Fitz|De|Du|La|Le|Van|O['’]|D['’])[A-Z][a-z]+\Z")
_FILE_END = re.compile(r"\.(?:xlsx?|xlsm|ods|csv|tsv|txt|docx?|pdf)\Z", re.IGNORECASE)
_GAP = re.compile(r"[\s_.]{1,4}\Z|\s?[-–]\s?\Z")
_DOTS = re.compile(r"[.\s]{1,3}\Z")
_COMMA = re.compile(r"\s?,\s?\Z")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def _tokens(text: str) -> list[_Word]:
    """Split into words with their places; ``JaneSmith`` is two words, ``McDonald`` one."""
    words: list[_Word] = []
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        if word[-2:] in ("'s", "’s", "'S", "’S"):
            word = word[:-2]
        parts = [word]
        if len(word) > 3 and word[1].islower() and not (word.islower() or _KEEP_CAMEL.match(word)):
            parts = _CAMEL.split(word)
        for part in parts:
            words.append(_Word(start, start + len(part), part, part.lower().replace("’", "'")))
            start += len(part)
    return words


class _Names:
    """The names in one text, found word by word."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = _tokens(text)
        self.file_like = bool(_FILE_END.search(text)) or (
            not any(c.isspace() for c in text) and any(c in "_-." for c in text)
        )
        self.short = len(self.words) <= 2

    def gap(self, i: int, j: int) -> str:
        return self.text[self.words[i].end : self.words[j].start]

    def joined(self, i: int, j: int) -> bool:
        """Whether word `j` follows word `i` as a surname follows a forename."""
        gap = self.gap(i, j)
        return bool(_GAP.match(gap)) or gap == ""

    def exempt(self, i: int) -> bool:
        """Whether the forename at `i` belongs to a place, an institution or a method."""
        word, after = self.words[i], self.words[i + 1 :]
        if i and self.words[i - 1].low in SAINTLY and self.joined(i - 1, i):
            return True
        if not after or not self.joined(i, i + 1):
            return False
        place = word.low in PLACE_FORENAMES
        if after[0].low in INSTITUTIONS or (place and after[0].low in PREMISES):
            return True
        institution = any(w.low in INSTITUTIONS for w in after[1:])
        if (word.low, after[0].low) in KNOWN_PLACES:
            return institution or after[0].low in ("radcliffe", "cheshire")
        return place and institution and after[0].low not in SURNAMES

    def forward(self, i: int) -> int:
        """Return the last word of the name whose first known word is `i`."""
        last, j = i, i + 1
        lower = self.words[i].text.islower()
        while j < len(self.words) and j <= i + 5 and self.joined(j - 1, j):
            word = self.words[j]
            if word.low in PARTICLES and any(w.cap for w in self.words[j + 1 : j + 3]):
                j += 1
                continue
            known = word.low in SURNAMES or word.low in FORENAMES
            unheard = word.low not in _NO_NAME
            weak = word.low in WORD_SURNAMES
            if (
                word.initial
                or (word.cap and (known or weak or unheard))
                or (lower and (known or ((self.short or self.file_like) and unheard)))
                or word.low in SURNAMES
            ):
                last = j
                j += 1
                continue
            break
        return last

    def backward(self, i: int, *, floor: int) -> int:
        """Return the first word of "Smith, Jane" or "Smith Jane", given Jane; not before `floor`."""
        first = i
        while first > floor:
            word, gap = self.words[first - 1], self.gap(first - 1, first)
            known = word.low in SURNAMES or word.low in FORENAMES
            comma = bool(_COMMA.match(gap)) and first == i
            unheard = word.cap and word.low not in _NO_NAME
            if not (
                (known and (comma or self.joined(first - 1, first)))
                or (unheard and (comma or gap == "-"))
                or ((word.low in TITLES or word.initial) and _GAP.match(gap))
            ):
                break
            first -= 1
        return first

    def titled(self, i: int) -> int | None:
        """Return the last word of "Mrs J Smith", given Mrs."""
        word = self.words[i]
        if word.low not in TITLES:
            return None
        if not word.cap and word.low not in ("mr", "mrs", "dr"):
            return None
        if word.text.isupper() and word.low in ("ms", "sister", "nurse", "sir", "mx"):
            return None
        j = i + 1
        while j < len(self.words) and self.words[j].initial and _GAP.match(self.gap(j - 1, j)):
            j += 1
        if j < len(self.words) and _GAP.match(self.gap(j - 1, j)):
            after = self.words[j]
            name = after.low not in _NO_NAME
            if after.low in MONTHS and after.low not in ("may", "march"):
                name = False
            if name and len(after.text) > 1 and after.low not in TITLES:
                lowered = word.low in ("mr", "mrs") and len(after.text) > 2
                if after.cap or lowered or after.low in SURNAMES:
                    return self.forward(j)
            if after.low in WORD_SURNAMES and after.cap:
                return self.forward(j)
        alone = j == i + 2 and self.words[i + 1].text not in "AI"
        return i + 1 if alone and word.low in ("mr", "mrs", "miss", "dr") else None

    def initialled(self, i: int) -> int | None:
        """Return the last word of "J. B. Smith", given J."""
        j, dotted = i, False
        pair = len(self.words[i].text) == 2 and self.words[i].text.isupper()
        if not (self.words[i].initial or (pair and self.words[i].low not in NOT_INITIALS)):
            return None
        while (
            j + 1 < len(self.words)
            and j < i + 3
            and self.words[j + 1].initial
            and _DOTS.match(self.gap(j, j + 1))
        ):
            dotted = dotted or "." in self.gap(j, j + 1)
            j += 1
        j += 1
        if j - i > 3 or j == len(self.words) or not _GAP.match(self.gap(j - 1, j)):
            return None
        if "-" in self.gap(j - 1, j):
            return None
        dotted = dotted or "." in self.gap(j - 1, j)
        name = self.words[j]
        if len(name.text) < 3 or not name.cap or name.low in _ORDINARY_OR_MONTH:
            if not (name.low in WORD_SURNAMES and name.title and dotted):
                return None
        elif name.low in SURNAMES:
            return self.forward(j)
        elif pair or not name.title or name.low in EPONYMS:
            return None
        whole = i == 0 and j == len(self.words) - 1 and not any(c.isdigit() for c in self.text)
        side = j == i + 1 and self.words[i].text in "AILRTV"
        if dotted or (whole and not side):
            return self.forward(j)
        return None

    def two_words(self) -> bool:
        """Whether a cell of two or three capitalised words is a name by its surname."""
        words = self.words
        if not 2 <= len(words) <= 3 or any(c.isdigit() for c in self.text):
            return False
        if not all(self.joined(k, k + 1) for k in range(len(words) - 1)):
            return False
        if any(w.low in ORDINARY or w.low in MONTHS or w.low in EPONYMS for w in words):
            return False
        if not all(w.title or (w.text.isupper() and len(w.text) > 3) for w in words):
            return False
        return words[-1].low in SURNAMES or words[0].low in SURNAMES

    def spans(self) -> Iterator[Span]:
        """Yield every name, left to right."""
        words, i, floor = self.words, 0, 0
        if self.two_words() and not self.exempt(0):
            yield Span(words[0].start, words[-1].end, "name")
            return
        if (
            len(words) >= 2
            and words[0].cap
            and words[0].low in SURNAMES
            and all(w.text.isupper() and len(w.text) <= 2 for w in words[1:])
            and len(words) <= 3
            and not any(c.isdigit() for c in self.text)
            and not any(w.low in NOT_INITIALS for w in words[1:])
        ):
            yield Span(words[0].start, words[-1].end, "name")
            return
        while i < len(words):
            last = self.at(i)
            if last is None:
                i += 1
                continue
            yield Span(words[self.backward(i, floor=floor)].start, words[last].end, "name")
            i = floor = last + 1

    def at(self, i: int) -> int | None:
        """Return the last word of the name that word `i` begins, or None."""
        word = self.words[i]
        if (last := self.titled(i)) is not None:
            return last
        if (last := self.initialled(i)) is not None:
            return last
        strong, weak = word.low in FORENAMES, word.low in WORD_FORENAMES
        if not (strong or weak):
            return None
        if word.text.isupper() and self.text[word.end : word.end + 1].isdigit():
            return None
        if self.exempt(i):
            return None
        if strong and (word.cap or self.short or self.file_like):
            return self.forward(i)
        before = self.words[i - 1] if i else None
        if (
            before is not None
            and before.low in SURNAMES
            and (_COMMA.match(self.gap(i - 1, i)) or (self.short and self.joined(i - 1, i)))
        ):
            return self.forward(i)
        if i + 1 == len(self.words) or not self.joined(i, i + 1):
            return None
        after = self.words[i + 1]
        if after.low in SURNAMES and (strong or after.cap or after.low not in FORENAMES):
            return self.forward(i)
        if not (self.short and word.cap and after.cap and len(after.text) > 2):
            return None
        if any(c.isdigit() for c in self.text):
            return None
        if after.low in WORD_SURNAMES and after.low not in MONTHS:
            ok = word.low not in MONTHS or after.low not in ("day", "park", "long", "short")
            return self.forward(i) if ok else None
        unheard = after.low not in ORDINARY and after.low not in MONTHS
        if unheard and word.low not in MONTHS and word.low not in ("summer", "autumn"):
            return self.forward(i)
        return None


# --- numbers, places, dates ---------------------------------------------------------------------

_EMAIL = re.compile(r"[\w.+'’-]+@[\w-]+(?:\.[\w-]+)+")
_NHS = re.compile(r"(?<![\d.])(?:\d{10}|\d{3}([ \-\u00a0])\d{3}\1\d{4})(?!\d|\.\d)")
_NHS_SAID = re.compile(
    r"\bnhs\s*(?:no|number|num|nr|#)?[\s.:=#]{0,3}\d(?:[ -]?\d){8,11}(?!\d)", re.IGNORECASE
)
_NI = re.compile(
    r"(?<![A-Za-z\d])[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D](?![A-Za-z\d])", re.IGNORECASE
)
_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY "
    "E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE "
    "LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL "
    "SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ZZ"
)
_POSTCODE = re.compile(
    r"(?<![A-Za-z\d])(?:(?:"
    + "|".join(sorted(_AREAS.split(), key=len, reverse=True))
    + r")\d{1,2}|(?:EC|WC|SW|SE|NW|W|N|E)\d[A-HJKMNPR-Y])"
    r"[ \u00a0]{0,2}\d(?P<inward>(?:[ABD-HJLNP-UW-Z]|(?<=99 3)V)[ABD-HJLNP-UW-Z])(?![A-Za-z\d])",
    re.IGNORECASE,
)
_NOT_INWARD: Final = frozenset({"st", "nd", "rd", "th", "hr", "wk", "ft", "lb", "ed", "pt"})
_PHONE = re.compile(
    r"(?<![\d+.])(?:"
    r"(?:(?:\+|00)\s?44\s?(?:\(0\)\s?)?|(?:\((?=0\d{2,5}\)))?0)[127]\d(?:[ \u00a0]?[().\-]?[ \u00a0]?\d){8}"
    r"|44[127]\d{9}"
    r"|7[1-9]\d{8}"
    r"|(?:\(0[12]\d{2,4}\)[ -]?|0[12]\d{2,4}[ -])\d{2,3}[ -]?\d{3}"
    r"|(?:\+|00)(?!44)[1-9]\d{0,2}(?:[ \u00a0]?[().\-]?[ \u00a0]?\d){8,11}"
    r")(?!\d|\.\d)"
)
_MONTH_WORD = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_BORN = re.compile(
    r"(?<![A-Za-z])"
    r"(?:d\.?\s?o\.?\s?b\.?|date of birth|birth\s?-?date|birthday|born|b\.(?=\s?\d{4}))"
    r"[\s:=,.(\-–]*(?:(?:was|is|on|in|the|of)\s+)*"
    r"(?:\d{1,2}\s?[./\- ]\s?\d{1,2}\s?[./\- ]\s?\d{2,4}"
    r"|\d{4}-\d{1,2}-\d{1,2}"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)?\s*(?:of\s+)?[-/ ]?)?{_MONTH_WORD}"
    r"[-/, ]*(?:\d{4}|\d{2})?(?!\d)"
    rf"|{_MONTH_WORD}\s*\d{{1,2}}(?:st|nd|rd|th)?,?\s*\d{{4}}"
    r"|['’]\d{2}|(?:19|20)\d{2})(?!\d)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![\w/.:-])(?:(?:Flat|Apartment|Apt|Unit|Room)\s+\w{1,4},?\s+)?\d{1,4}[a-zA-Z]?,?\s+"
    r"(?:[A-Z][a-z'’]+\s+){1,3}"
    r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Crescent|Cres|Terrace|Gardens|Gdns|"
    r"Court|Place|Way|Square|Grove|Row|Mews|Hill)\b\.?"
)
_HOSPITAL = re.compile(
    r"\b(?:(?:hosp(?:ital)?|patient|unit)\s*(?:no|number|num|id)|MRN)[\s.:=#]{0,3}[A-Z]{0,3}\d{4,}\b",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"\[hidden(?:: (?:" + "|".join(map(re.escape, FIXES)) + r"|identifier))?\]")
_SIX_DIGITS = re.compile(r"\d(?:\D{0,3}\d){5}")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def is_nhs_number(digits: str) -> bool:
    """Tell whether ten digits are a valid NHS number by their check digit.

    Parameters
    ----------
    digits : str
        Exactly ten digits, nothing between them.

    Returns
    -------
    bool
        True if the modulus-11 check digit is right. One number in eleven that is typed at
        random is valid too.

    Examples
    --------
    >>> is_nhs_number("9990000018"), is_nhs_number("9990000019")
    (True, False)
    """
    if len(digits) != 10 or not digits.isdecimal():
        return False
    check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return check != 10 and check % 11 == int(digits[9])


def _piece_spans(text: str) -> Iterator[Span]:
    """Yield identifiers of a text that holds no ``[hidden: ...]``."""
    digits = sum(c.isdigit() for c in text)
    letters = any(c.isalpha() for c in text)
    if "@" in text:
        for m in _EMAIL.finditer(text):
            yield Span(m.start(), m.end(), "e-mail address")
    if digits >= 6 and _SIX_DIGITS.search(text):
        if digits >= 10:
            for m in _NHS.finditer(text):
                if is_nhs_number(_digits(m.group())):
                    yield Span(m.start(), m.end(), "NHS number")
        if digits >= 9:
            for m in _PHONE.finditer(text):
                yield Span(m.start(), m.end(), "phone number")
            if letters:
                for m in _NHS_SAID.finditer(text):
                    yield Span(m.start(), m.end(), "NHS number")
        if letters:
            for m in _NI.finditer(text):
                yield Span(m.start(), m.end(), "National Insurance number")
    if not letters:
        return
    if digits:
        if digits >= 2:
            for m in _POSTCODE.finditer(text):
                inward = m.group("inward")
                if inward.isupper() or (inward.islower() and inward not in _NOT_INWARD):
                    yield Span(m.start(), m.end(), "postcode")
            for m in _BORN.finditer(text):
                yield Span(m.start(), m.end(), "date of birth")
        for m in _ADDRESS.finditer(text):
            yield Span(m.start(), m.end(), "address")
        if digits >= 4:
            for m in _HOSPITAL.finditer(text):
                yield Span(m.start(), m.end(), "hospital number")
    elif "born" in text.lower() or "birth" in text.lower() or "dob" in text.lower():
        for m in _BORN.finditer(text):
            yield Span(m.start(), m.end(), "date of birth")
    yield from _Names(text).spans()


def _spans(text: str) -> list[Span]:
    """Return every identifier of `text`, in order, not overlapping; hidden ones are passed over."""
    found: list[Span] = []
    at = 0
    if "[hidden" in text:
        for hidden in _HIDDEN.finditer(text):
            piece = text[at : hidden.start()]
            found += [Span(s.start + at, s.end + at, s.kind) for s in _piece_spans(piece)]
            at = hidden.end()
    found += [Span(s.start + at, s.end + at, s.kind) for s in _piece_spans(text[at:])]
    if len(found) < 2:
        return found
    found.sort(key=lambda s: (s.start, -s.end))
    merged = [found[0]]
    for span in found[1:]:
        last = merged[-1]
        if span.start >= last.end:
            merged.append(span)
        else:
            kind = min(last.kind, span.kind, key=_PRIORITY.__getitem__)
            merged[-1] = Span(last.start, max(last.end, span.end), kind)
    return merged


def _plain(text: str) -> str:
    """Remove what is invisible and could split a name in two; compose accents."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ZERO_WIDTH.sub("", text))


def screen_text(text: str) -> Finding | None:
    """Look for an identifier in a cell, a comment, a sheet name or a file name.

    Parameters
    ----------
    text : str
        Any text. Masked text (``[hidden: name]``) is passed over.

    Returns
    -------
    Finding or None
        The most telling kind found. None means nothing was recognised, not that nothing is
        there: uncommon names in the middle of a sentence are not known to the list.

    Examples
    --------
    >>> screen_text("rang 07700 900123").kind
    'phone number'
    >>> screen_text("Jane Smith").kind
    'name'
    >>> screen_text("NF372") is None, screen_text("Modified Ashworth") is None
    (True, True)
    """
    if len(text) < 2:
        return None
    spans = _spans(_plain(text))
    if not spans:
        return None
    kind = min((s.kind for s in spans), key=_PRIORITY.__getitem__)
    return Finding(kind, FIXES[kind])


def mask(text: str) -> str:
    """Replace every identifier by what kind of thing it was.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with each identifier replaced, such as ``[hidden: phone number]``. Doing it
        twice changes nothing, and :func:`screen_text` finds nothing in the result.

    Examples
    --------
    >>> mask("Mrs Smith rang from 01632 960123, will come")
    '[hidden: name] rang from [hidden: phone number], will come'
    """
    text = _plain(text)
    while spans := _spans(text):
        for span in reversed(spans):
            text = f"{text[: span.start]}[hidden: {span.kind}]{text[span.end :]}"
    return text


# --- headings and codes -------------------------------------------------------------------------

_WHO = (
    r"(?:patient|client|participant|person|people|member|service user|attendee|carer|relative|"
    r"next of kin|nok|gp|doctor|consultant|therapist|physio|physiotherapist|nurse|staff|contact|"
    r"volunteer|parent|partner|husband|wife|emergency contact)"
)
_NUMBER = r"(?: ?(?:no|nos|number|numbers|num|nr|#|id))"
_HEADERS: Final = tuple(
    (re.compile(rf"(?:{pattern})\Z"), kind)
    for kind, pattern in (
        ("NHS number", rf"nhs{_NUMBER}?|chi{_NUMBER}?|health and care{_NUMBER}|h&c{_NUMBER}"),
        ("National Insurance number", rf"ni{_NUMBER}|nino|national insurance{_NUMBER}?"),
        ("hospital number", rf"(?:hospital|hosp|unit){_NUMBER}|mrn{_NUMBER}?"),
        ("postcode", r"(?:home )?(?:post ?codes?|postal code|zip(?: code)?|pcode)"),
        (
            "phone number",
            rf"(?:home |work |{_WHO}(?:'?s)? )?(?:phone|telephone|tel|mobile|mob|cell|landline)"
            rf"(?:{_NUMBER}| phone)*|contact{_NUMBER}|contact details|phone contact|whatsapp",
        ),
        ("e-mail address", rf"(?:{_WHO}(?:'?s)? )?e ?mails?(?: addresse?s?| contact)?"),
        (
            "date of birth",
            r"(?:d ?o ?b|date of birth|birth ?date|birth ?day|born|year of birth|birth year|yob)"
            r"(?: ?(?:date|year))?",
        ),
        (
            "address",
            rf"(?:home |postal |{_WHO}(?:'?s)? )?(?:address|addr)(?: ?(?:line)? ?\d)?"
            r"|street(?: name)?|house (?:name|no|number)",
        ),
        (
            "name",
            rf"names?|(?:{_WHO}(?:'?s)? )?(?:full|first|last|middle|given|family|christian|maiden|"
            r"preferred|known)? ?(?:name|surname|forename)s?|surnames?|forenames?|nickname|known as"
            rf"|names? of (?:the )?{_WHO}|{_WHO}(?:'?s)? (?:full |first |last |sur)?names?"
            r"|gp|gps|gp (?:practice|surgery)|own gp|doctor|consultant|neurologist|next of kin|nok"
            r"|emergency contact|key ?worker|therapists?|practitioner|assessor|assessed by|seen by"
            r"|treated by|completed by|entered by|filled in by|recorded by|ms nurse|staff"
            r"|staff member",
        ),
    )
)  # fmt: skip
_NOT_HEADER: Final = re.compile(
    r"(?:diary|therapy|treatment|drug|medicine|medication|centre|center|site|trigger|file|sheet|"
    r"scale|instrument|group|activity|class|exercise|course|study|column) names?\Z"
)
_SPLIT_HEADER = re.compile(r"\s*(?:/|&|\+|;|,|\band\b|\bor\b)\s*")
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")


def _header_kind(heading: str) -> str | None:
    if _NOT_HEADER.match(heading):
        return None
    for pattern, kind in _HEADERS:
        if pattern.match(heading):
            return kind
    return None


def screen_header(text: str) -> Finding | None:
    """Tell whether a column heading announces identifiers.

    Parameters
    ----------
    text : str
        The heading as it stands, in any case, with brackets, underscores or several parts
        ("Name / DOB").

    Returns
    -------
    Finding or None
        ``name`` also stands for staff: a column headed "Therapist" or "GP" holds names. Codes
        ("Client", "Ref", "Patient ID"), "Age" and "Age band" are not identifiers. A heading
        that is itself an identifier ("Jane Smith" over a column) is found too.

    Examples
    --------
    >>> screen_header("D.O.B. (dd/mm/yy)").kind
    'date of birth'
    >>> screen_header("Client code") is None, screen_header("Named therapy") is None
    (True, True)
    """
    heading = _CAMEL.sub(" ", _plain(text)).replace("’", "'")
    heading = re.sub(r"[_\s]+", " ", heading).strip()
    bare = _BRACKETS.sub(" ", heading)
    candidates = [bare, *_BRACKETS.findall(heading)]
    candidates += [part for c in tuple(candidates) for part in _SPLIT_HEADER.split(c)]
    for candidate in candidates:
        clean = re.sub(r"[.\-]", " ", candidate).strip(" :*?'\"").lower()
        clean = re.sub(r"\s+", " ", clean)
        if clean and (kind := _header_kind(clean)):
            return Finding(kind, FIXES[kind])
    return screen_text(text)


def looks_like_name(code: str) -> bool:
    """Tell whether a value that stands where a client's code should be is a name.

    Parameters
    ----------
    code : str
        The value of the column. Broader than :func:`screen_text`: in that place any
        capitalised word that is not an ordinary word counts.

    Returns
    -------
    bool
        Initials are a matter of their own: :func:`looks_like_initials`.

    Examples
    --------
    >>> [looks_like_name(c) for c in ("Smith J", "jane", "O'Brien", "NF372", "Average")]
    [True, True, True, False, False]
    """
    code = _plain(code).strip()
    if len(code) < 2 or len(code) > 60:
        return False
    if any(s.kind == "name" for s in _spans(code)):
        return True
    words = _tokens(code)
    if not 1 <= len(words) <= 5 or re.search(r"[^\w\s,.'’\-&]|[\d_]", code):
        return False
    if len(words) == 1 and words[0].title and words[0].low in WORD_FORENAMES - MONTHS - {"max"}:
        return True
    if any(w.low in _NO_NAME or w.low in MONTHS for w in words if len(w.text) > 1):
        return False
    known = [
        w
        for w in words
        if w.low in SURNAMES or w.low in WORD_SURNAMES or w.low in FORENAMES
        or w.low in WORD_FORENAMES
    ]  # fmt: skip
    if len(words) == 1:
        word = words[0]
        irish = bool(re.match(r"(?:[OD]['’]|Ma?c)[A-Z]", word.text))
        return bool(known) or irish or (word.title and len(word.text) > 3)
    long = [w for w in words if len(w.text) > 2]
    if not long:
        return False
    if known and len(words) <= 4:
        return True
    rest_fits = all(
        w.title or w.low in PARTICLES or (w.text.isupper() and len(w.text) <= 2) for w in words
    )
    return rest_fits and any(w.title and len(w.text) > 2 for w in words)


_PLAIN_INITIALS = re.compile(r"(?:[A-Z]{2,3}|[A-Za-z]{2})[ -]?\d?\Z")
_SPACED_INITIALS = re.compile(r"[A-Za-z](?:(?:\. ?|[ -])[A-Za-z]){1,3}\.?[ -]?\d?\Z")


def looks_like_initials(code: str) -> bool:
    """Tell whether a value is somebody's initials, with or without one digit.

    Parameters
    ----------
    code : str
        The value of a column of codes.

    Returns
    -------
    bool
        ``JB``, ``J.B.``, ``J B``, ``JAB`` and ``JB2`` are; ``NF372`` and ``P-001`` are not;
        nor are common short forms (``DNA``, ``N/A``, ``MS``, ``Mon``).

    Examples
    --------
    >>> [looks_like_initials(c) for c in ("JB", "J.B.", "JB2", "NF372", "DNA")]
    [True, True, True, False, False]
    """
    code = code.strip()
    letters = "".join(c for c in code if c.isalpha()).lower()
    if letters in NOT_INITIALS:
        return False
    return bool(_PLAIN_INITIALS.match(code) or _SPACED_INITIALS.match(code))


def name_words(text: str) -> frozenset[str]:
    """Return the words of a name, in small letters, to look for them elsewhere.

    Parameters
    ----------
    text : str
        A value known to be a name (it stands in a column of names, or wrote a comment), or a
        note that holds one.

    Returns
    -------
    frozenset of str
        Words of four letters or more (three, if in the list of names) that are neither
        ordinary words nor months. Empty if the text does not look like a name.

    Examples
    --------
    >>> sorted(name_words("Kowalczyk, Jane A"))
    ['jane', 'kowalczyk']
    >>> name_words("spoke to Jane about trimethoprim")
    frozenset({'jane'})
    >>> name_words("not known")
    frozenset()
    """
    text = _plain(text)
    names = [text[s.start : s.end] for s in _spans(text) if s.kind == "name"]
    if not names and looks_like_name(text):
        names = [text]
    return frozenset(
        w.low
        for name in names
        for w in _tokens(name)
        if (len(w.low) > 3 or w.low in FORENAMES)
        and w.low not in ORDINARY
        and w.low not in MONTHS
        and w.low not in TITLES
        and w.low not in WORD_FORENAMES
        and w.low not in WORD_SURNAMES
    )
