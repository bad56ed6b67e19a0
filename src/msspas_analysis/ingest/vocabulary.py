"""The words a centre uses, and what they are called here: headings, therapies, triggers, answers."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from msspas_analysis.ingest.dates import WEEKDAYS
from msspas_analysis.ingest.values import plain
from msspas_analysis.tables import THERAPIES


class Heading(NamedTuple):
    """What a column heading says: a role, and for some roles which part of it.

    ``role`` is the name of a column of a tidy table, or one of the layout roles ``week_start``,
    ``week_end``, ``weekday``, ``measure``, ``notes``, ``trigger_tick``, ``assessment``, ``score``.
    ``detail`` is the weekday number, trigger, or "instrument|score|site|timepoint".
    ``problem`` says why a column with a known role is not used as it stands.
    """

    role: str
    detail: str = ""
    problem: str = ""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))


_PERSON: Final = re.compile(
    r"^(the )?(clients?|patients?|participants?|persons?|people|members?(?:hip)?|service users?|users?|su|"
    r"case|record|respondent|subject|pt|who|diary|study)?\s?('?s)?\s?"
    r"(ref(erence)?s?|codes?|id|ids|id code|code id|ref code|identifier|no|nos|number|initials?|key|"
    r"pseudonym|label)?( ?(no|number|code|id))?$"
)
_SCALE: Final = re.compile(r"(\d+)\s*(?:-|to|/|\.\.)\s*(\d+)|(?:/|out of)\s*(\d+)|\b(vas|mm)\b")
_TIMEPOINTS: Final = (
    ("before", _any(r"\b(before|pre|baseline|start|initial|first visit|t0|t1|visit 1|intake)\b")),
    ("after", _any(r"\b(after|post|end|final|follow ?up|discharge|t2|visit 2|last visit|exit)\b")),
)
_ASSESSMENTS: Final = (
    ("mas", "grade", _any(r"\b(mas|ashworth|m\.a\.s)\b")),
    ("psfs", "severity", _any(r"\bpenn\b.*\bsev\w*", r"\bpsfs\b.*\bsev\w*")),
    ("psfs", "frequency", _any(r"\bpenn\b", r"\bpsfs\b")),
    ("snow_sfs", "frequency", _any(r"\bsnow\b")),
    ("msss88", "total", _any(r"\bmsss")),
    ("edss", "score", _any(r"\bedss\b")),
    ("t25fw", "seconds", _any(r"\bt25fw\b", r"25.?f(oo|ee)?t", r"timed walk")),
    ("mfis", "total", _any(r"\bmfis\b")),
    ("fss", "mean", _any(r"\bfss\b", r"fatigue severity")),
    ("msis29", "score", _any(r"\bmsis\b", r"\bmsis-?29\b")),
    ("vas_pain", "mm", _any(r"\bvas\b.*pain", r"pain.*\bvas\b")),
)  # fmt: skip
# order matters: the first that fits is taken
_ROLES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("notes", _any(r"^(notes?|comments?|remarks?|free text|observations?|other info.*|anything else.*|"
                   r"details?|what happened|activity|activities|doing)\b")),
    ("first_session", _any(r"(first|1st|initial) (session|appointment|treatment|visit|therapy|appt|class)",
                           r"(therapy|treatment|sessions?|course) (start|began|begun|commenced|from)",
                           r"(start|date) (of|for) (first )?(therapy|treatment|sessions?|course)",
                           r"(started|began) (therapy|treatment|sessions?|coming)", r"^start date$",
                           r"^(date )?started$", r"^therapy date$")),
    ("diary_start", _any(r"diary (start|began|begun|given|from|issued)", r"(start|started) (of )?diary")),
    ("week_start", _any(r"^w/?\s?c\b", r"week (beginning|commencing|starting|of|start)", r"wk (beg|comm|start)",
                        r"^monday date$", r"^week$")),
    ("week_end", _any(r"^w/?\s?e\b", r"week ending", r"wk end")),
    ("consent", _any(r"consent", r"ok to (use|share)", r"\bagree", r"permission", r"happy (for|to)", r"may we use",
                     r"gdpr", r"use (my |their )?data")),
    ("missed_medication", _any(r"(missed|forgot(ten)?|skipped).*(tablet|med|dose|pill|drug|baclofen)",
                               r"(tablet|med\w*|dose|pill)s? (missed|forgotten|skipped)")),
    ("fatigue", _any(r"fatigue", r"tired")),
    ("sleep_disruption", _any(r"sleep", r"\bslept\b", r"^nights?\b")),
    ("pain", _any(r"\bpain\b", r"\bsore(ness)?\b", r"\bache\b", r"^hurt")),
    ("falls", _any(r"\bfalls?\b", r"\bfell\b")),
    ("spasm_count", _any(r"spasms?\b")),
    ("trigger", _any(r"triggers?", r"set (it|them) off", r"made (it|them) worse", r"\bcauses?\b")),
    ("stiffness", _any(r"stiff", r"spasticity", r"\btight(ness)?\b(?! cloth)", r"\bnrs\b", r"^rating$", r"^score$")),
    ("age_band", _any(r"^age\b", r"age (band|group|range)")),
    ("sex", _any(r"^(sex|gender|m/f)\b")),
    ("ms_type", _any(r"(type|form|kind) of ms", r"ms type", r"^diagnosis( type)?$", r"^ms$", r"type of multiple")),
    ("pdds", _any(r"\bpdds\b", r"disease steps")),
    ("attendance", _any(r"^(came|come|attend\w*|present|status|dna|turned up|outcome|kept)\b", r"attend")),
    ("event", _any(r"(unwanted|side|adverse) (effects?|events?|reactions?)", r"^(events?|reactions?|problem|incident)s?$")),
    ("severity", _any(r"how (bad|severe)", r"^severity\b")),
    ("global_impression", _any(r"(overall|global).*(change|impression|improve)", r"\bp?gic\b",
                               r"compared (with|to)", r"^overall\b")),
    ("satisfaction", _any(r"satisf", r"how happy")),
    ("recommend", _any(r"recommend")),
    ("therapy", _any(r"therap(y|ies)", r"treatments?", r"^(what|service|class|session|type|activity)$",
                     r"(session|class) (type|name)", r"type of (session|class)", r"^intervention")),
    ("measure", _any(r"^(symptom|item|question|measure|scale|rating of|what is rated)s?$")),
    ("date", _any(r"\bdates?\b", r"^day$", r"^when\b", r"^day of\b", r"^diary day$", r"^entry$")),
)  # fmt: skip
_TRIGGER_WORDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("infection", _any(r"\buti\b", r"infection", r"water(works)? inf", r"\bcold/flu\b", r"\bflu\b", r"chest")),
    ("fever", _any(r"fever", r"temperature")),
    ("bladder", _any(r"bladder", r"catheter", r"retention", r"urine", r"\bwee\b")),
    ("bowel", _any(r"bowel", r"constipat", r"diarrh")),
    ("skin", _any(r"pressure (sore|ulcer)", r"\bskin\b", r"\bulcer", r"toenail", r"\bsore\b")),
    ("tight clothing", _any(r"cloth", r"\btight\b", r"strap", r"shoes?", r"socks?")),
    ("splint or orthosis", _any(r"splint", r"orthos", r"\bafo\b", r"brace")),
    ("posture", _any(r"postur", r"seating", r"position(?!.*long)", r"sitting")),
    ("equipment", _any(r"equipment", r"wheelchair", r"\baids?\b", r"hoist")),
    ("heat", _any(r"\bheat\b", r"\bhot\b", r"warm", r"sun\b")),
    ("cold", _any(r"\bcold\b", r"chill")),
    ("stress", _any(r"stress", r"anxi", r"worr", r"upset")),
    ("low mood", _any(r"low mood", r"depress", r"\bsad\b")),
    ("fatigue", _any(r"fatigue", r"tired", r"exhaust")),
    ("poor sleep", _any(r"sleep", r"bad night")),
    ("overexertion", _any(r"overexert", r"over ?did", r"exercise", r"exert", r"overdo")),
    ("inactivity", _any(r"inactiv", r"long (drive|journey|sit)", r"prolonged", r"not moving")),
    ("menstrual", _any(r"menstr", r"\bperiods?\b")),
    ("relapse", _any(r"relapse")),
    ("missed medication", _any(r"missed (med|tab|dose|pill)", r"forgot (med|tab|dose|pill)")),
    ("medication change", _any(r"(new|change).*(med|tab|dose)", r"(med|tab|dose)\w* change")),
    ("pain", _any(r"\bpain\b")),
    ("injury", _any(r"injur", r"\bfall\b", r"\bfell\b", r"fracture", r"bruise")),
    ("none", _any(r"^(none|nil|no|nothing|0|no triggers?|none noticed)$")),
)  # fmt: skip
_THERAPY_WORDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("hydrotherapy", _any(r"hydro", r"\bpool\b", r"aqua", r"swim")),
    ("FES", _any(r"\bf\.?e\.?s\b", r"functional elec")),
    ("TENS", _any(r"\btens\b", r"transcutaneous")),
    ("APS", _any(r"\baps\b", r"action potential")),
    ("oxygen", _any(r"\bo2\b", r"oxygen", r"\bhbo(t)?\b", r"hyperbaric", r"\bchamber\b")),
    ("massage", _any(r"mass?age")),
    ("reflexology", _any(r"refle[xk]")),
    ("acupuncture", _any(r"acu ?punct", r"\bacu\b")),
    ("biofeedback", _any(r"bio ?feedback")),
    ("osteopathy", _any(r"osteo")),
    ("occupational therapy", _any(r"occupational", r"\bo\.?t\b")),
    ("counselling", _any(r"counsel", r"talking")),
    ("pilates", _any(r"pilates")),
    ("yoga", _any(r"yoga")),
    ("tai chi", _any(r"tai ?chi")),
    ("qigong", _any(r"qi ?gong", r"chi ?kung")),
    ("stretching", _any(r"stretch")),
    ("exercise", _any(r"exercise", r"\bgym\b", r"keep ?fit", r"\bbike\b")),
    ("self-management", _any(r"self[- ]?manag")),
    ("physiotherapy", _any(r"physio", r"\bpt\b")),
)  # fmt: skip
_EVENT_WORDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("fall", _any(r"\bfall", r"\bfell\b", r"tripp")),
    ("weakness", _any(r"weak", r"legs? (gave|give)")),
    ("drowsiness", _any(r"drows", r"sleepy", r"sedat", r"groggy")),
    ("dizziness", _any(r"dizz", r"giddy", r"faint", r"light ?head", r"vertigo")),
    ("fatigue", _any(r"fatigue", r"tired", r"exhaust")),
    ("nausea", _any(r"nause", r"\bsick", r"vomit")),
    ("skin reaction", _any(r"skin", r"rash", r"redness", r"\bitch", r"blister", r"burn")),
    ("more spasms", _any(r"spasm", r"stiff")),
    ("more pain", _any(r"pain", r"\bsore", r"ache")),
    ("low mood", _any(r"mood", r"depress", r"tearful")),
    ("ear pressure", _any(r"\bears?\b")),
    ("other", _any(r"^other\b")),
)  # fmt: skip


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[_:?*#\"]+|\s\(\s?\)", " ", plain(text))).strip(" .-|")


def read_heading(text: str) -> Heading | None:
    """Tell what a column heading means; None when it is not one this toolkit knows.

    Examples
    --------
    >>> read_heading("Stiffness (0-10)")
    Heading(role='stiffness', detail='', problem='')
    >>> read_heading("w/c").role, read_heading("Thurs").detail, read_heading("Client ref").role
    ('week_start', '3', 'person_id')
    >>> read_heading("MAS knee before").detail
    'mas|grade|knee|before'
    """
    words = _tidy(text)
    if not words or len(words) > 90:
        return None
    if words.rstrip(".") in WEEKDAYS:
        return Heading("weekday", str(WEEKDAYS[words.rstrip(".")]))
    bare = re.sub(r"\(.*?\)", "", words).strip()
    if _PERSON.match(bare) and bare not in (
        "",
        "no",
        "number",
        "day",
        "diary",
        "key",
        "label",
        "case",
    ):
        return Heading("person_id")
    for instrument, score, pattern in _ASSESSMENTS:
        if pattern.search(words) and not (instrument == "edss" and "pdds" in words):
            return Heading("assessment", "|".join((instrument, score, *_site(words, pattern))))
    for role, pattern in _ROLES:
        if pattern.search(bare or words):
            return _with_problem(role, words)
    for trigger, pattern in _TRIGGER_WORDS:
        if trigger != "none" and pattern.search(bare):
            return Heading("trigger_tick", trigger)
    return None


def _site(words: str, instrument: re.Pattern[str]) -> tuple[str, str]:
    timepoint = next((name for name, p in _TIMEPOINTS if p.search(words)), "not stated")
    rest = instrument.sub(" ", words)
    for _, pattern in _TIMEPOINTS:
        rest = pattern.sub(" ", rest)
    rest = re.sub(
        r"\b(freq(uency)?|sev(erity)?|score|total|grade|scale|modified|spasms?|of)\b|[()|,]",
        " ",
        rest,
    )
    return " ".join(rest.split()), timepoint


def scale_of(text: str) -> tuple[float, float] | None:
    """Return the scale a heading or title states, such as (0, 10).

    Examples
    --------
    >>> scale_of("Stiffness 0-10"), scale_of("pain /10"), scale_of("Stiffness")
    ((0.0, 10.0), (0.0, 10.0), None)
    """
    match = _SCALE.search(_tidy(text))
    if match is None:
        return None
    if match[4]:
        return (0.0, 100.0)
    if match[3]:
        return (0.0, float(match[3]))
    return (float(match[1]), float(match[2]))


def _with_problem(role: str, words: str) -> Heading:
    scale = scale_of(words)
    if role in ("stiffness", "pain", "fatigue", "sleep_disruption") and scale not in (
        None,
        (0.0, 10.0),
    ):
        return Heading(role, problem=f"is on another scale than 0-10 ({scale[0]:g} to {scale[1]:g}), "
                       "and scales are never mixed")  # fmt: skip
    if role == "spasm_count" and (
        scale is not None or re.search(r"sever|strength|how bad|intens|pain", words)
    ):
        return Heading(role, problem="rates spasms on a scale; only a count of spasms is read")
    if role == "sleep_disruption":
        if re.search(r"hours?|hrs|wak|woke|times", words):
            return Heading(
                role, problem="counts hours or wakings, not sleep disruption from 0 to 10"
            )
        if not re.search(r"disrupt|disturb|broken|lost|poor|trouble|interrupt|bad", words):
            return Heading(role, problem="may mean 10 = slept well or 10 = worst night")
    if role == "fatigue" and "energy" in words:
        return Heading(role, problem="may run the other way (10 = full of energy)")
    if role == "stiffness" and re.search(
        r"\b(hours?|minutes?|mins?|times|days?|duration|lasted)\b", words
    ):
        return Heading(role, problem="counts time, not stiffness from 0 to 10")
    return Heading(role)


def read_therapies(text: str) -> tuple[tuple[str, ...], list[str]]:
    """Split a therapy cell into the names used here; return also the pieces not recognised.

    Examples
    --------
    >>> read_therapies("Reflex + O2"), read_therapies("tens")
    ((('oxygen', 'reflexology'), []), (('TENS',), []))
    """
    found, unknown = [], []
    for piece in re.split(r"\s*(?:[+&,/;]|\band\b|\bwith\b|\bthen\b)\s*", plain(text)):
        if not piece:
            continue
        name = next((name for name, pattern in _THERAPY_WORDS if pattern.search(piece)), None)
        (found.append(name) if name else unknown.append(piece))
    order = {name: i for i, name in enumerate(sorted(THERAPIES, key=str.casefold))}
    return tuple(sorted(set(found), key=lambda n: order[n])), unknown


def read_triggers(text: str) -> tuple[tuple[str, ...], list[str]]:
    """Split a trigger cell into the names used here; return also the pieces not recognised.

    Examples
    --------
    >>> read_triggers("UTI, tight clothing")
    (('infection', 'tight clothing'), [])
    """
    found, unknown = [], []
    for piece in re.split(r"\s*(?:[+&,/;]|\band\b)\s*", plain(text)):
        if not piece:
            continue
        name = next((name for name, pattern in _TRIGGER_WORDS if pattern.search(piece)), None)
        (found.append(name) if name else unknown.append(piece))
    return tuple(dict.fromkeys(found)), unknown


def read_event(text: str) -> str | None:
    """Name an unwanted effect, or None.

    Examples
    --------
    >>> read_event("felt very dizzy after")
    'dizziness'
    """
    words = plain(text)
    return next((name for name, pattern in _EVENT_WORDS if pattern.search(words)), None)


def read_attendance(text: str) -> str | None:
    """Name what happened to a booked session, or None.

    Examples
    --------
    >>> read_attendance("DNA"), read_attendance("canc"), read_attendance("hols")
    ('did not attend', 'cancelled', 'away')
    """
    words = plain(text)
    for name, pattern in (
        ("did not attend", r"^(dna|did ?n[o']?t|didn't|no[- ]?show|absent|missed|n|no|not attended|failed|fta|x|0)\b"),
        ("cancelled", r"^(canc|c/x|cx|postponed|rearranged|closed)"),
        ("away", r"^(hol|away|hosp|ill|unwell|sick|poorly|relapse|respite|admitted)"),
        ("attended", r"^(att|came|come|y|yes|present|here|ok|done|✓|✔|√|1|p|part)\b|^(attended|part attended|✓|✔|√)"),
        ("unknown", r"^(\?|unknown|n/?k|not (known|recorded))"),
    ):  # fmt: skip
        if re.search(pattern, words):
            return name
    return None


def read_consent(text: str) -> str:
    """Read a consent cell as yes, no, withdrawn, blank or unclear.

    Examples
    --------
    >>> read_consent("Y"), read_consent("withdrawn 3/26"), read_consent("will ask")
    ('yes', 'withdrawn', 'unclear')
    """
    words = plain(text)
    if re.search(r"withdr|revoked|changed (his|her|their) mind|opted? out|stopped", words):
        return "withdrawn"
    if re.match(r"^(n|no|not?\b.*|refus.*|declin.*|0|false|✗|✘|none|nope)$", words):
        return "no"
    doubt = re.search(r"\b(no|not|but|if|ask|except|until|unless|pending|awaiting)\b|\?", words)
    if not doubt and re.match(
        r"^((y|yes|yep|ok|okay|agree[sd]?|signed|given|consent(ed)?|true|1|tick(ed)?)\b|[✓✔√☑])",
        words,
    ):
        return "yes"
    return "blank" if words in ("", "-", "n/a", "?", "blank") else "unclear"


def read_level(column: str, text: str) -> str | None:
    """Read a person's characteristic into the levels used here, or None.

    Examples
    --------
    >>> read_level("sex", "F"), read_level("ms_type", "secondary progressive")
    ('female', 'SPMS')
    """
    words = plain(text)
    tables: dict[str, tuple[tuple[str, str], ...]] = {
        "sex": (("female", r"^(f|female|woman|w)\b"), ("male", r"^(m|male|man)\b"),
                ("other", r"^(other|non|nb|x|trans)"), ("not stated", r"not|prefer|unk|\?|-")),
        "ms_type": (("SPMS", r"\bsp|secondary"), ("PPMS", r"\bpp|primary"), ("RRMS", r"\brr|relaps|remit"),
                    ("CIS", r"\bcis\b|isolated"), ("progressive", r"progress"),
                    ("not known", r"don|not|unk|unsure|\?|n/?k|-")),
        "recommend": (("yes", r"^(y|yes|definitely|1|✓)"), ("no", r"^(n|no|0)\b"), ("unsure", r"maybe|unsure|not sure|\?|dk")),
    }  # fmt: skip
    return next((name for name, pattern in tables[column] if re.search(pattern, words)), None)


def read_age_band(raw: object) -> str | None:
    """Band an age in years, or read a band.

    Examples
    --------
    >>> read_age_band(47), read_age_band("40-49"), read_age_band("70+")
    ('40-49', '40-49', '70+')
    """
    words = plain(str(raw))
    if re.search(r"not|prefer|unk|\?", words):
        return "not stated"
    numbers = [float(n) for n in re.findall(r"\d+", words)]
    if not numbers or not 18 <= numbers[0] <= 110:
        return None
    if len(numbers) > 1 and (
        numbers[1] - numbers[0] > 9 or int(numbers[0]) // 10 != int(numbers[1]) // 10
    ):
        return None if numbers[0] < 70 else "70+"
    age = numbers[0]
    return (
        "70+"
        if age >= 70
        else "18-29"
        if age < 30
        else f"{int(age // 10) * 10}-{int(age // 10) * 10 + 9}"
    )
