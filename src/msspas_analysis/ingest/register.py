"""Everything that is not a diary day: people, consent, sessions, scales, unwanted effects, answers."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.ingest.diary import (
    Workings,
    data_rows,
    date_column,
    person_column,
    show_text,
    sort_rows,
)
from msspas_analysis.ingest.layout import PERSONAL, Block, Field
from msspas_analysis.ingest.values import Reading, plain, read_rating
from msspas_analysis.ingest.vocabulary import (
    read_age_band,
    read_attendance,
    read_consent,
    read_event,
    read_level,
    read_therapies,
)
from msspas_analysis.tables import ADVERSE, ASSESSMENTS, PEOPLE, SESSIONS, SURVEY

_MAS: Final = ("0", "1", "1+", "2", "3", "4")
_RANGES: Final = {
    ("psfs", "frequency"): (0, 4), ("psfs", "severity"): (1, 3), ("snow_sfs", "frequency"): (0, 4),
    ("edss", "score"): (0, 10), ("t25fw", "seconds"): (0, 180), ("mfis", "total"): (0, 84),
    ("fss", "mean"): (1, 7), ("msis29", "score"): (0, 100), ("vas_pain", "mm"): (0, 100),
}  # fmt: skip

Place = tuple[int, int, int]


@dataclass(slots=True)
class Register:
    """What the lists of a workbook say about people; every fact with the cell it came from."""

    facts: dict[str, dict[str, list[tuple[Any, Place]]]] = field(default_factory=dict)
    rows: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    has_consent: bool = False
    has_list: bool = False
    sessions: list[dict[str, Any]] = field(default_factory=list)
    assessments: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, code: str, name: str, value: object, place: Place) -> None:
        """Take down one fact about a person."""
        self.facts.setdefault(code, {}).setdefault(name, []).append((value, place))


def read_register(work: Workings, block: Block, register: Register) -> None:
    """Read a list of people, sessions, scale scores, unwanted effects or answers."""
    rows = data_rows(work, block)
    if not len(rows):
        return
    codes = person_column(work, block, rows)
    dated = block.kind in ("sessions", "events", "survey")
    date_at = block.column("date")
    days = np.full(len(rows), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    anchor = date_at if date_at is not None else block.fields[0].column
    doubts: dict[int, Any] = {}
    if date_at is not None:
        days, doubts, _ = date_column(work, block, rows, date_at)
    # a list may do without dates; a row without a code may not
    probe = (
        np.where(np.isnat(days), np.datetime64("2000-01-01"), days)
        if not doubts or not dated
        else days
    )
    if date_at is None or block.kind != "sessions":
        probe = np.where(np.isnat(probe), np.datetime64("2000-01-01"), probe)
    blank_row = pd.isna(codes) & np.isnat(days)
    probe = np.where(blank_row, np.datetime64("NaT", "D"), probe)
    good = sort_rows(work, block, rows, codes, probe, doubts, anchor)
    person_at = block.column("person_id")
    for i in np.flatnonzero(good).tolist():
        row, code = int(rows[i]), str(codes[i])
        if person_at is not None:
            work.ledger.use(block.sheet, row, person_at)
        register.rows.setdefault(code, []).append((block.sheet, row))
        day = None if np.isnat(days[i]) else pd.Timestamp(days[i])
        if date_at is not None and day is not None:
            work.ledger.use(block.sheet, row, date_at)
        if block.kind == "attendance across":
            _attendance_across(work, block, register, row, code)
        elif block.kind == "sessions":
            _session(work, block, register, row, code, day)
        elif block.kind == "events":
            _event(work, block, register, row, code, day)
        elif block.kind == "survey":
            _answer(work, block, register, row, code, day)
        else:
            _person(work, block, register, row, code)
        _scores(work, block, register, row, code, day)


def _cell(work: Workings, block: Block, row: int, role: str) -> tuple[object, Field | None]:
    field_ = next((f for f in block.fields if f.role == role), None)
    if field_ is None:
        return None, None
    return work.sheets[block.sheet].values[row, field_.column], field_


def _person(work: Workings, block: Block, register: Register, row: int, code: str) -> None:
    ledger = work.ledger
    register.has_list = register.has_list or block.kind == "people"
    order = work.rules.month_first
    for f in block.having(*PERSONAL):
        raw = work.sheets[block.sheet].values[row, f.column]
        place = (block.sheet, row, f.column)
        if f.role == "consent":
            register.has_consent = True
            words = work.rules.words.get(plain(f.text), {}).get(plain(str(raw or "")))
            answer = read_consent(words if words is not None else "" if raw is None else str(raw))
            register.add(code, "consent", answer, place)
            ledger.use(*place)
            if answer == "unclear":
                ledger.log(*place, "question", "does this mean yes or no? Until then the person is left out",
                           ask="consent that is neither yes nor no",
                           answer=f'[words."{f.text}"]  "{raw}" = "yes"  (or "no")', raw=show_text(raw))  # fmt: skip
            continue
        if raw is None:
            continue
        value: Any = None
        if f.role in ("diary_start", "first_session"):
            from msspas_analysis.ingest.dates import read_date

            told = work.rules.words.get(plain(f.text), {}).get(plain(str(raw)), raw)
            day = read_date(told, month_first=order or _order(work, block, f.column))
            if day.value is not None:
                value = pd.Timestamp(day.value)
                ledger.use(*place)
            if day.decision != "used":
                ledger.log(*place, day.decision, day.reason, value=day.value or "")
        elif f.role == "pdds":
            reading = read_rating(raw, low=0, high=8)
            value = reading.value
            ledger.use(*place)
            if reading.decision != "used":
                ledger.read(*place, reading)
        elif f.role == "therapy":
            known, unknown = read_therapies(str(raw))
            value = (*known, *(["other"] if unknown else []))
            ledger.use(*place)
            if unknown:
                ledger.log(*place, "kept", "a therapy without a name of its own here: counted as other",
                           value=" + ".join(value), raw=show_text(raw))  # fmt: skip
        else:
            value = read_age_band(raw) if f.role == "age_band" else read_level(f.role, str(raw))
            if value is None:
                ledger.log(*place, "question", "not understood: see the words that are used for this column",
                           ask=f"words not understood in the column {f.text!r}", raw=show_text(raw))  # fmt: skip
            elif f.role == "age_band" and isinstance(raw, (int, float)):
                ledger.log(*place, "changed", "an age, kept as a band of ten years", value=value)
            else:
                ledger.use(*place)
        if value is not None and value != ():
            register.add(code, f.role, value, place)


def _order(work: Workings, block: Block, column: int) -> bool:
    from msspas_analysis.ingest.dates import month_first

    return bool(
        month_first(work.sheets[block.sheet].values[block.rows[0] : block.rows[1] + 1, column])
    )


def _session(
    work: Workings, block: Block, register: Register, row: int, code: str, day: pd.Timestamp | None
) -> None:
    ledger = work.ledger
    raw, f = _cell(work, block, row, "therapy")
    names: tuple[str, ...] = ()
    if raw is not None and f is not None:
        known, unknown = read_therapies(str(raw))
        names = (*known, *(["other"] if unknown else []))
        ledger.use(block.sheet, row, f.column)
        if unknown:
            ledger.log(block.sheet, row, f.column, "kept",
                       "a therapy without a name of its own here: counted as other",
                       value=" + ".join(names), raw=show_text(raw))  # fmt: skip
    came, f = _cell(work, block, row, "attendance")
    state: str | None = "attended" if f is None else "unknown"
    if came is not None and f is not None:
        state = read_attendance(str(came))
        ledger.use(block.sheet, row, f.column)
        if state is None:
            state = "unknown"
            ledger.log(block.sheet, row, f.column, "question", "did the person come? Counted as unknown",
                       ask=f"words not understood in the column {f.text!r}", raw=show_text(came))  # fmt: skip
    if day is not None:
        register.sessions.append({
            "person_id": code, "date": day, "therapy": " + ".join(names) or "not stated",
            "attendance": state, "_names": names, "_at": (block.sheet, row),
        })  # fmt: skip


def _attendance_across(
    work: Workings, block: Block, register: Register, row: int, code: str
) -> None:
    """Read a register with one column a date."""
    for f in block.having("day"):
        raw = work.sheets[block.sheet].values[row, f.column]
        work.ledger.use(block.sheet, block.header[1], f.column)
        if raw is None or f.day is None:
            continue
        state = read_attendance(str(raw))
        work.ledger.use(block.sheet, row, f.column)
        if state is None:
            state = "unknown"
            work.ledger.log(block.sheet, row, f.column, "question",
                            "did the person come? Counted as unknown", raw=show_text(raw),
                            ask="words not understood in the attendance register")  # fmt: skip
        register.sessions.append({
            "person_id": code, "date": pd.Timestamp(f.day), "therapy": "not stated",
            "attendance": state, "_names": (), "_at": (block.sheet, row),
        })  # fmt: skip


def _event(
    work: Workings, block: Block, register: Register, row: int, code: str, day: pd.Timestamp | None
) -> None:
    raw, f = _cell(work, block, row, "event")
    bad, g = _cell(work, block, row, "severity")
    if raw is None or f is None:
        return
    name = read_event(str(raw))
    work.ledger.use(block.sheet, row, f.column)
    if name is None:
        name = "other"
        work.ledger.log(block.sheet, row, f.column, "kept", "without a name of its own here: counted as other",
                        value=name, raw=show_text(raw))  # fmt: skip
    how = plain(str(bad)) if bad is not None and show_text(bad) is None else None
    if g is not None and bad is not None and how is not None:
        work.ledger.use(block.sheet, row, g.column)
    register.events.append({"person_id": code, "date": day, "event": name, "severity": how})


def _answer(
    work: Workings, block: Block, register: Register, row: int, code: str, day: pd.Timestamp | None
) -> None:
    record: dict[str, Any] = {"person_id": code, "date": day}
    ledger = work.ledger
    for f in block.having("global_impression", "satisfaction", "recommend"):
        raw = work.sheets[block.sheet].values[row, f.column]
        place = (block.sheet, row, f.column)
        if raw is None:
            continue
        ledger.use(*place)
        if f.role == "recommend":
            record[f.role] = read_level("recommend", str(raw))
            if record[f.role] is None:
                ledger.log(*place, "question", "yes, no or unsure?", raw=show_text(raw),
                           ask=f"words not understood in the column {f.text!r}")  # fmt: skip
            continue
        high = 7 if f.role == "global_impression" else 5
        reading = read_rating(raw, low=1, high=high)
        if f.role == "global_impression" and reading.value is not None:
            reading = _direction(f, reading)
        record[f.role] = reading.value
        if reading.decision != "used":
            ledger.read(
                *place, reading,
                answer=f'[columns]  "{f.text}" = "global_impression: 1 is better"  (or worse)',
            )  # fmt: skip
    if len(record) > 2:
        register.answers.append(record)


def _direction(field_: Field, reading: Reading) -> Reading:
    """Turn a seven-point impression of change to 1 = very much better, where the form says so."""
    words = plain(field_.text)
    told = field_.heading.detail if field_.heading is not None else ""
    one, seven = r"1\s*(=|is|:)?\s*(very )?(much )?", r"7\s*(=|is|:)?\s*(very )?(much )?"
    better, worse = "(better|improved|best)", "(worse|worst)"
    if told == "1 is better" or re.search(f"{one}{better}|{seven}{worse}", words):
        return reading
    if told == "1 is worse" or re.search(f"{one}{worse}|{seven}{better}", words):
        turned = 8 - float(reading.value or 0)
        return Reading(turned, "changed", "turned round: 1 is very much better here")
    return Reading(
        None, "question", "is 1 very much better or very much worse? Say it in the heading",
        ask=f"Does 1 in the column {field_.text!r} mean very much better or very much worse?",
    )  # fmt: skip


def _scores(
    work: Workings, block: Block, register: Register, row: int, code: str, day: pd.Timestamp | None
) -> None:
    found: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for f in block.having("assessment"):
        if f.heading is None:
            continue
        raw = work.sheets[block.sheet].values[row, f.column]
        if raw is None:
            continue
        instrument, score, site, timepoint = f.heading.detail.split("|")
        record = {
            "person_id": code, "date": day, "timepoint": timepoint, "instrument": instrument,
            "score": score, "site": site or None, "code": None, "value": None, "status": "observed",
        }  # fmt: skip
        place = (block.sheet, row, f.column)
        work.ledger.use(*place)
        reading = _score_cell(raw, instrument, score, record)
        if reading is not None:
            work.ledger.read(*place, reading)
            if reading.decision == "question":
                continue
        found[instrument, score, site, timepoint] = record
    for (instrument, score, site, timepoint), record in found.items():
        if (instrument, score) == ("psfs", "severity") and record["status"] == "not done":
            frequency = found.get((instrument, "frequency", site, timepoint))
            if frequency is not None and frequency["value"] == 0:
                record["status"] = "not applicable"
        register.assessments.append(record)


def _score_cell(raw: object, instrument: str, score: str, record: dict[str, Any]) -> Reading | None:
    """Fill one score's record; return a reading where the cell was not plain."""
    if instrument == "mas":
        text = plain(str(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)).replace(
            " ", ""
        )
        if text in _MAS:
            record["code"] = text
            return None
        if text in ("1.5", "1½"):
            record["code"] = "1+"
            return Reading("1+", "kept", "read as grade 1+")
        if re.match(r"^(n/?a|-+|nd|not.*|\?)$", text):
            record["status"] = "not done"
            return Reading(None, "set aside", "not recorded")
        return Reading(None, "question", "no Modified Ashworth grade: 0, 1, 1+, 2, 3 or 4")
    low, high = _RANGES.get((instrument, score), (0, 1000))
    reading = read_rating(raw, low=low, high=high)
    if reading.value is None:
        if reading.decision != "set aside":
            return reading
        record["status"] = "unable" if "unable" in plain(str(raw)) else "not done"
        return reading
    record["value"] = reading.value
    grid = 0.5 if instrument == "edss" else None
    if reading.decision == "kept" and (grid or instrument in ("t25fw", "fss", "msis29")):
        return None
    return None if reading.decision == "used" else reading


def consent_reasons(register: Register, diary_people: list[str]) -> dict[str, str]:
    """Return who is left out and why; everybody stays where no column says who agreed."""
    if not register.has_consent:
        return {}
    out: dict[str, str] = {}
    known = set(register.facts)
    everyone = dict.fromkeys([*known, *register.rows, *diary_people])
    for code in everyone:
        answers = [a for a, _ in register.facts.get(code, {}).get("consent", [])]
        if not answers:
            near = difflib.get_close_matches(code, known, n=1, cutoff=0.75)
            hint = " (a slip of the keyboard? Compare with the list)" if near else ""
            out[code] = f"left out: this code has no line in the list that records consent{hint}"
        elif any(a != "yes" for a in answers):
            worst = next(a for a in ("withdrawn", "no", "unclear", "blank") if a in answers)
            out[code] = {
                "withdrawn": "left out: consent was withdrawn", "no": "left out: consent is no",
                "blank": "left out: consent is blank",
                "unclear": "left out: consent is neither yes nor no",
            }[worst]  # fmt: skip
    return out


def people_table(
    work: Workings, register: Register, diary: pd.DataFrame, out: set[str]
) -> pd.DataFrame:
    """Return one row a person: facts from the lists, therapy and first session completed from sessions."""
    codes = dict.fromkeys([*register.facts, *(s["person_id"] for s in register.sessions),
                           *(diary["person_id"] if len(diary) else [])])  # fmt: skip
    attended: dict[str, list[dict[str, Any]]] = {}
    booked: dict[str, list[dict[str, Any]]] = {}
    for s in register.sessions:
        booked.setdefault(s["person_id"], []).append(s)
        if s["attendance"] == "attended":
            attended.setdefault(s["person_id"], []).append(s)
    rows = []
    for code in codes:
        if code in out:
            continue
        facts = register.facts.get(code, {})
        row: dict[str, Any] = {"person_id": code}
        for name in PERSONAL:
            given = facts.get(name, [])
            if not given:
                continue
            values = list(dict.fromkeys(value for value, _ in given))
            if name == "therapy":
                row[name] = tuple(dict.fromkeys(v for value in values for v in value))
            elif name in ("first_session", "diary_start"):
                row[name] = min(values)
            elif name == "consent":
                row[name] = "yes"
            elif len(values) == 1:
                row[name] = values[0]
            else:
                for _, place in given:
                    work.ledger.log(*place, "question", f"two lines for one person disagree about {name.replace('_', ' ')}",
                                    ask="two lines for one person disagree")  # fmt: skip
        used = tuple(n for s in attended.get(code, booked.get(code, [])) for n in s["_names"])
        names = sorted({*row.get("therapy", ()), *used}, key=str.casefold)
        row["therapy"] = " + ".join(names) or None
        _first_session(work, row, facts, attended.get(code, []), booked.get(code, []))
        rows.append(row)
    table = pd.DataFrame(rows, columns=PEOPLE.names)
    return table.sort_values("person_id", kind="stable", ignore_index=True)


def _first_session(
    work: Workings, row: dict[str, Any], facts: dict[str, list[tuple[Any, Place]]],
    attended: list[dict[str, Any]], booked: list[dict[str, Any]],
) -> None:  # fmt: skip
    came = min((s["date"] for s in attended), default=None)
    listed = min((s["date"] for s in booked), default=None)
    stated = row.get("first_session")
    if stated is None:
        row["first_session"] = came if came is not None else listed
        if row["first_session"] is not None:
            work.note("Where no first session is stated, the first one attended in the list of sessions is "
                      "taken (the first one booked where none was attended).")  # fmt: skip
        return
    place = facts["first_session"][0][1]
    if came is not None and came < stated:
        row["first_session"] = came
        work.ledger.log(*place, "kept", f"a session was attended on {came:%Y-%m-%d}, earlier than this: the earlier "
                        "day counts as the first", value=f"{came:%Y-%m-%d}")  # fmt: skip
    elif listed is not None and (listed - stated) > pd.Timedelta(days=60):
        work.ledger.log(*place, "kept", f"long before the first session in the list ({listed:%Y-%m-%d}): used as "
                        "stated; check the year", value=f"{stated:%Y-%m-%d}")  # fmt: skip


def other_tables(work: Workings, register: Register, out: set[str]) -> dict[str, pd.DataFrame]:
    """Return the sessions, scales, unwanted effects and answers of those who may be used."""
    tables = {}
    for schema, records in (
        (SESSIONS, register.sessions), (ASSESSMENTS, register.assessments),
        (ADVERSE, register.events), (SURVEY, register.answers),
    ):  # fmt: skip
        frame = pd.DataFrame([r for r in records if r["person_id"] not in out])
        frame = frame.reindex(columns=schema.names)
        key = list(schema.key)
        if len(frame):
            again = (
                frame.duplicated(key, keep="first")
                if schema is not SURVEY
                else frame.duplicated(keep="first")
            )
            if again.any() and schema is SESSIONS:
                for record, is_twice in zip(
                    [r for r in records if r["person_id"] not in out], again, strict=True
                ):
                    if is_twice:
                        sheet, row = record["_at"]
                        cells = range(work.sheets[sheet].values.shape[1])
                        work.ledger.set_aside_row(sheet, row, cells, "the same session stands in another row: one is used")  # fmt: skip
            frame = frame[~again]
        tables[schema.name] = frame.reset_index(drop=True)
    return tables


def set_people_aside(work: Workings, register: Register, out: dict[str, str]) -> None:
    """Set aside every cell of the lists that belongs to somebody who is left out."""
    for code, why in out.items():
        for sheet, row in register.rows.get(code, []):
            cells = range(work.sheets[sheet].values.shape[1])
            work.ledger.set_aside_row(sheet, row, cells, why, raw="[not copied]")
