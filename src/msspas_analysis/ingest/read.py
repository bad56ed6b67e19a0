"""A centre's workbook in, tidy tables and the ledger of every decision out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from msspas_analysis.ingest import register as lists
from msspas_analysis.ingest import settle
from msspas_analysis.ingest.diary import Workings, read_list, show_text
from msspas_analysis.ingest.identifiers import (
    FIXES,
    Finding,
    looks_like_name,
    screen_header,
    screen_text,
)
from msspas_analysis.ingest.intake import Intake, Tally
from msspas_analysis.ingest.layout import OUTCOMES, Block, Field, find_blocks, person_code
from msspas_analysis.ingest.ledger import MASKED, Ledger
from msspas_analysis.ingest.rules import FILE_NAME, Rules, read_rules
from msspas_analysis.ingest.sheets import Sheet, UnreadableFileError, cell_name, filled, read_source
from msspas_analysis.ingest.values import plain
from msspas_analysis.ingest.vocabulary import Heading, read_heading
from msspas_analysis.ingest.wide import read_wide
from msspas_analysis.progress import Progress
from msspas_analysis.tables import DIARY, SCHEMAS, TRIGGER, Tables, validate

# a code, a rating, a date in figures: what nearly every cell is, and never an identifier
_PLAIN_CELL: Final = re.compile(r"[A-Za-z]{0,4}[ -]?\d{1,7}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def read_workbook(
    path: str | Path, *, rules: str | Path | Rules | None = None, progress: Progress | None = None
) -> Intake:
    r"""Read a therapy centre's diary file into tidy tables and a ledger of every decision.

    Nothing is clipped, filled or guessed silently: each cell that is not empty was used or stands
    in the ledger with a reason, and the two sums are checked.

    Parameters
    ----------
    path : str or pathlib.Path
        An .xlsx, .xls, .ods or .csv file, as it is.
    rules : str, pathlib.Path, Rules or None
        Answers to earlier questions. None takes ``msspas-rules.toml`` beside the file if there is
        one.
    progress : callable or None
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Intake
        People without consent are in none of its tables. Missing cells stay missing.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read or holds no table that is known; the text says what to do.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "d.csv").write_text(
    ...     "Client,Date,Stiffness (0-10)\nAB12,02/03/2026,6\nab 12,03/03/2026,5?\n")
    >>> intake = read_workbook(folder / "d.csv")
    >>> intake.tables.diary[["person_id", "stiffness"]].values.tolist()
    [['AB12', 6.0], ['AB12', 5.0]]
    >>> print(intake.tally)
    9 cells in = 9 used + 0 set aside
    """
    path = Path(path)
    tell = progress or _say_nothing
    tell(0, 5, "opening the file")
    source = read_source(path)
    rules = _rules(path, rules)
    names = [_shown_name(sheet) for sheet in source.sheets]
    ledger = Ledger(source.sheets, names)
    work = Workings(source.sheets, ledger, rules)
    for sentence in source.notes:
        work.note(sentence)
    tell(1, 5, "looking for identifiers")
    _screen(work)
    tell(2, 5, "finding the tables")
    blocks = _blocks(work)
    _report_missing_parts(source.sheets, names, blocks)
    tell(3, 5, "reading the cells")
    register = lists.Register()
    for block in blocks:
        _use_header(work, block)
        if block.kind == "diary":
            read_list(work, block)
        elif block.kind in ("weeks", "days", "people across"):
            read_wide(work, block)
        elif block.kind != "unknown":
            lists.read_register(work, block, register)
    tell(4, 5, "settling days and people")
    days = settle.check_dates(work, settle.gather(work))
    found = list(pd.unique(days["person_id"])) if len(days) else []
    out = lists.consent_reasons(register, found)
    lists.set_people_aside(work, register, out)
    days = settle.leave_out(work, days, out)
    settle.ask_like_codes(work, days)
    days = settle.one_row_a_day(work, days)
    days = settle.decide_values(work, days)
    settle.flag_alike(work, days)
    people = lists.people_table(work, register, days, set(out))
    others = lists.other_tables(work, register, set(out))
    tables = Tables(
        people=validate(people, SCHEMAS["people"]),
        diary=validate(settle.tidy(days), DIARY),
        triggers=validate(_triggers(work, days), TRIGGER),
        **{name: validate(frame, SCHEMAS[name]) for name, frame in others.items()},
    )
    _log_unknown_columns(work, blocks)
    ledger.close()
    cells, used, aside = ledger.counts()
    asks = ledger.asks()
    tally = Tally(
        cells=cells, used=used, set_aside=aside, people=len(people),
        left_out=dict(sorted(Counter(_short(why) for why in out.values()).items())),
        questions=int(asks["cells"].sum()) if len(asks) else 0, asks=len(asks),
        hidden_rows=sum(len(s.hidden_rows & set(_filled(s))) for s in source.sheets if s.hidden_rows),
    )  # fmt: skip
    _note_hidden(work, source.sheets)
    if not register.has_consent:
        work.note("The file does not say who agreed to the evaluation. Everybody is included; record "
                  "consent in the list of clients.")  # fmt: skip
    if not (len(people) or tally.left_out or len(ledger.entries)):
        raise UnreadableFileError(
            "There are headings, but no rows below them. Type the diaries in, one row a day, save "
            "the file and try again."
        )
    tell(5, 5, "done")
    return Intake(
        tables=tables, ledger=ledger.frame(), tally=tally, asks=asks, notes=tuple(work.assumed),
        consent_recorded=register.has_consent, sha256=source.sha256,
        sheets=tuple(names),
        kind=source.kind,
        renamed={s.index: n for s, n in zip(source.sheets, names, strict=True) if n != s.name},
        longest_sheet=max(len(sheet.values) for sheet in source.sheets),
    )  # fmt: skip


def _say_nothing(done: int, total: int, what: str) -> None:
    pass


def _rules(path: Path, rules: str | Path | Rules | None) -> Rules:
    if isinstance(rules, Rules):
        return rules
    if rules is not None:
        return read_rules(Path(rules))
    beside = path.parent / FILE_NAME
    return read_rules(beside) if beside.is_file() else Rules()


def _short(why: str) -> str:
    for word in ("withdrawn", "blank", "neither"):
        if word in why:
            return "unclear" if word == "neither" else word
    return "not on the list" if "no line" in why else "no"


def _filled(sheet: Sheet) -> list[int]:
    return list(np.flatnonzero(filled(sheet.values).any(axis=1)))


def _shown_name(sheet: Sheet) -> str:
    if screen_text(sheet.name) is not None:
        return f"Sheet {sheet.index + 1} (name hidden)"
    return sheet.name


def _screen(work: Workings) -> None:
    """Mask every cell, comment and sheet name that looks like it identifies somebody."""
    for sheet in work.sheets:
        finding = screen_text(sheet.name)
        if finding is not None:
            work.ledger.say(sheet.index, "", "masked", f"the name of this sheet looks like {_a(finding.kind)}. "
                            f"{finding.fix}", raw=f"[hidden: {finding.kind}]")  # fmt: skip
        for (row, column), text in sheet.comments.items():
            finding = screen_text(text.partition("\n")[2] or text) or screen_text(text)
            if finding is not None:
                work.ledger.say(sheet.index, cell_name(row, column), "masked",
                                f"the comment on this cell holds {_a(finding.kind)}. {finding.fix}",
                                raw=f"[hidden: {finding.kind}]")  # fmt: skip
            else:
                work.ledger.say(sheet.index, cell_name(row, column), "kept",
                                "there is a comment on this cell; comments are not read", raw="[comment]")  # fmt: skip
        for column in range(sheet.values.shape[1]):
            numbers, found = pd.factorize(sheet.values[:, column], use_na_sentinel=True)
            for i, value in enumerate(found):
                hit = _screen_value(value)
                if hit is None:
                    continue
                for row in np.flatnonzero(numbers == i).tolist():
                    _hide(work, sheet.index, int(row), column, hit)


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" or kind.startswith(("NHS", "e-")) else f"a {kind}"


def _screen_value(value: object) -> Finding | None:
    if isinstance(value, str):
        if len(value) < 3 or _PLAIN_CELL.fullmatch(value):
            return None
        return screen_text(value)
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and value >= 1e9
        and value == int(value)
    ):
        return screen_text(str(int(value)))
    return None


def _hide(work: Workings, sheet: int, row: int, column: int, finding: Finding) -> None:
    work.ledger.log(sheet, row, column, "masked", f"looks like {_a(finding.kind)}. {finding.fix}",
                    raw=f"[hidden: {finding.kind}]")  # fmt: skip


def _blocks(work: Workings) -> list[Block]:
    """Find the tables of every sheet, with the masked cells out of sight."""
    blocks: list[Block] = []
    for sheet in work.sheets:
        told = work.rules.sheets.get(plain(sheet.name), "")
        if told == "ignore":
            for row, column in np.argwhere(filled(sheet.values)).tolist():
                work.ledger.log(
                    sheet.index,
                    int(row),
                    int(column),
                    "set aside",
                    "this sheet is ignored, as your rules file says",
                )
            continue
        if not sheet.values.size:
            continue
        _hide_below_headings(work, sheet)
        found = find_blocks(sheet, known=work.rules.columns, measure=told)
        for block in found:
            _take_key(sheet, block)
            _one_key(work, sheet, block)
        blocks += found
    return blocks


def _hide_below_headings(work: Workings, sheet: Sheet) -> None:
    """Mask what stands below (or right of) a heading that says name, address, date of birth."""
    values = sheet.values
    height, width = values.shape
    for row, column in np.argwhere(filled(values[:200])).tolist():
        text = values[row, column]
        finding = screen_header(text) if isinstance(text, str) and len(text) <= 40 else None
        if finding is None:
            continue
        below = []
        gap = 0
        for r in range(row + 1, height):
            gap = gap + 1 if values[r, column] is None else 0
            if gap > 3:
                break
            if gap == 0:
                below.append(r)
        codes = [person_code(values[r, column]) for r in below]
        coded = sum(any(k.isdigit() for k in c) for c in codes)
        alone = int(filled(values[row]).sum()) <= 4
        if alone and column + 1 < width and values[row, column + 1] is not None:
            beside = person_code(values[row, column + 1])  # "Name:" and beside it the name
            if not any(k.isdigit() for k in beside) or finding.kind != "name":
                _hide(work, sheet.index, row, column + 1, finding)
            continue
        if finding.kind == "name" and codes and coded >= 0.8 * len(codes):
            continue  # a key under a clumsy heading
        for r in below:
            _hide(work, sheet.index, r, column, finding)


def _take_key(sheet: Sheet, block: Block) -> None:
    """Take a column headed "Name" that holds codes for the key, where there is no other."""
    first, last = block.header[1] + 1, block.rows[1]
    for field in block.having("identifier"):
        cells = [v for v in sheet.values[first : last + 1, field.column] if v is not None]
        coded = sum(any(k.isdigit() for k in person_code(v)) for v in cells)
        is_name = (found := screen_header(field.text)) is not None and found.kind == "name"
        no_key = block.column("person_id") is None
        field.heading = None
        if no_key and is_name and cells and coded >= 0.8 * len(cells):
            field.heading = Heading("person_id")


def _one_key(work: Workings, sheet: Sheet, block: Block) -> None:
    """Of several columns that may be the key keep the one full of codes; mask names in the others."""
    fields = block.having("person_id")
    if len(fields) < 2:
        return
    rows = range(block.header[1] + 1, block.rows[1] + 1)

    def coded(field: Field) -> float:
        cells = [v for r in rows if (v := sheet.values[r, field.column]) is not None]
        return sum(any(k.isdigit() for k in person_code(v)) for v in cells) / max(len(cells), 1)

    key = max(fields, key=coded)
    finding = Finding("name", FIXES["name"])
    for field in fields:
        if field is key:
            continue
        field.heading = None
        texts = [r for r in rows if isinstance(sheet.values[r, field.column], str)
                 and not any(k.isdigit() for k in sheet.values[r, field.column])]  # fmt: skip
        masked = [r for r in texts if work.ledger.fate[sheet.index][r, field.column] == MASKED]
        named = [r for r in texts if looks_like_name(sheet.values[r, field.column])]
        # where some are names, so are the rest
        for r in texts if len({*masked, *named}) > len(texts) / 3 else named:
            _hide(work, sheet.index, r, field.column, finding)


def _use_header(work: Workings, block: Block) -> None:
    for field in block.fields:
        if field.heading is None or field.role in ("ignored", "notes"):
            continue
        for row in range(block.header[0], block.header[1] + 1):
            if work.sheets[block.sheet].values[row, field.column] is not None:
                work.ledger.use(block.sheet, row, field.column)
    if block.header[1] > block.header[0]:  # an upper heading over several columns
        row = block.header[0]
        for column in block.columns:
            if work.sheets[block.sheet].values[row, column] is not None:
                work.ledger.use(block.sheet, row, column)


def _log_unknown_columns(work: Workings, blocks: list[Block]) -> None:
    """Say why titles and columns that are not read were set aside."""
    for block in blocks:
        values = work.sheets[block.sheet].values
        fate = work.ledger.fate[block.sheet]
        known = {f.column: f for f in block.fields}
        reading = {
            c
            for c, f in known.items()
            if f.heading is not None and f.role not in ("ignored", "notes")
        }
        for column in block.columns:
            field = known.get(column)
            if column in reading and block.kind != "unknown":
                why = "this column is not read in a table of this kind"
            elif field is not None and field.role == "ignored":
                why = "this column is ignored, as your rules file says"
            elif field is not None and field.role == "notes":
                why = "free text is not read"
            elif field is not None and field.text:
                why = "this column is not one that is read here" if block.kind != "unknown" else (
                    "this table is not one that is read here")  # fmt: skip
            else:
                why = "no heading says what this is"
            part = slice(block.header[0], block.rows[1] + 1)
            open_cells = np.flatnonzero(filled(values[part, column]) & (fate[part, column] == 0))
            for row in (open_cells + block.header[0]).tolist():
                work.ledger.log(block.sheet, row, column, "set aside", why,
                                raw=show_text(values[row, column]))  # fmt: skip
    for sheet in work.sheets:
        heads = [b.header[0] for b in blocks if b.sheet == sheet.index]
        undecided = filled(sheet.values) & (work.ledger.fate[sheet.index] == 0)
        for row, column in np.argwhere(undecided).tolist():
            is_title = heads and row < max(heads)
            why = "a title or heading, no data" if is_title else "not part of a table read here"
            work.ledger.log(sheet.index, row, column, "set aside", why,
                            raw=show_text(sheet.values[row, column]))  # fmt: skip


def _triggers(work: Workings, days: pd.DataFrame) -> pd.DataFrame:
    """Keep the triggers of days that are used, each once."""
    if not work.triggers or days.empty:
        return TRIGGER.empty()
    listed = pd.concat(work.triggers, ignore_index=True)
    listed = listed.merge(days[["person_id", "date"]].drop_duplicates(), on=["person_id", "date"])
    rank = listed["present"].map({"yes": 0, "no": 1, "blank": 2})
    listed = listed.assign(rank=rank).sort_values(
        ["person_id", "date", "trigger", "rank"], kind="stable"
    )
    return listed.drop_duplicates(["person_id", "date", "trigger"])[TRIGGER.names].reset_index(
        drop=True
    )


def _note_hidden(work: Workings, sheets: list[Sheet]) -> None:
    for sheet in sheets:
        shown = work.ledger.shown_names[sheet.index]
        hidden = sorted(sheet.hidden_rows & set(_filled(sheet)))
        for row in hidden[:200]:
            work.ledger.say(sheet.index, cell_name(row, 0), "kept", "this row was hidden in the workbook; it is data like any other",
                            raw=f"[row {row + 1}]")  # fmt: skip
        if sheet.is_hidden:
            work.note(f"The sheet {shown} was hidden in the workbook; it is data like any other.")


def _report_missing_parts(sheets: list[Sheet], names: list[str], blocks: list[Block]) -> None:
    """Refuse a file without any table that is known, and say what was looked for."""
    if any(b.kind != "unknown" for b in blocks):
        return
    seen = []
    for sheet, name in zip(sheets, names, strict=True):
        rows = _filled(sheet)
        if rows:
            seen.append(f"{name} ({len(rows)} rows)")
    roles = {f.role for b in blocks for f in b.fields}
    hint = ""
    if roles & set(OUTCOMES) and "person_id" in roles:
        hint = "There are ratings of people, but no column of dates: add one headed Date. "
    elif roles & set(OUTCOMES) or _mentions_rating(sheets):
        hint = "There are ratings, but no columns of clients and dates: add the headings Client and Date. "
    raise UnreadableFileError(
        f"No diary table was found. {hint}A table needs one row of headings with at least a client "
        "code (Client, Ref, ID) and a date, and what was rated (Stiffness 0-10, Spasms, Pain). "
        f"Looked at: {', '.join(seen[:8])}. "
        "The command `msspas template` writes a blank workbook with such headings."
    )


def _mentions_rating(sheets: list[Sheet]) -> bool:
    for sheet in sheets:
        for value in sheet.values[:30].ravel():
            if (
                isinstance(value, str)
                and (h := read_heading(value)) is not None
                and h.role in OUTCOMES
            ):
                return True
    return False
