"""Diary days from several tables made one: dates far off, two rows for a day, weeks all alike."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import pandas as pd

from msspas_analysis.ingest.diary import Workings
from msspas_analysis.ingest.layout import OUTCOMES, person_code
from msspas_analysis.ingest.ledger import spell
from msspas_analysis.ingest.sheets import cell_name
from msspas_analysis.tables import DIARY

_VALUES: Final = (*OUTCOMES, "missed_medication")
_FAR_DAYS: Final = 183  # from the middle of a person's own dates
_RUN: Final = 7  # this many like entries in a row are worth a second look
_LISTED: Final = 50_000  # above this, like entries are listed as ranges only


def gather(work: Workings) -> pd.DataFrame:
    """Put the pieces under one another, every outcome with the column it came from."""
    columns = ["person_id", "date", "other", "sheet", "row", "date_at"]
    if not work.pieces:
        return pd.DataFrame(
            columns=[*columns, *_VALUES, *(f"{v}@" for v in _VALUES), "spasm_count_low"]
        )
    days = pd.concat(work.pieces, ignore_index=True) if len(work.pieces) > 1 else work.pieces[0]
    for name in _VALUES:
        if name not in days:
            days[name] = None if name == "missed_medication" else np.nan
        if f"{name}@" not in days:
            days[f"{name}@"] = np.int16(-1)
        elif days[f"{name}@"].dtype != np.int16:
            days[f"{name}@"] = days[f"{name}@"].fillna(-1).astype(np.int16)
        if name != "missed_medication":
            days[name] = days[name].astype(float)
    if "spasm_count_low" not in days:
        days["spasm_count_low"] = np.nan
    return days


def check_dates(work: Workings, days: pd.DataFrame) -> pd.DataFrame:
    """Turn round dates a spreadsheet has swapped; ask about dates far from a person's others."""
    if days.empty:
        return days
    days = _turn_round(work, days)
    middle = days.groupby("person_id", sort=False)["date"].transform("median")
    count = days.groupby("person_id", sort=False)["date"].transform("size")
    far = (days["date"] - middle).abs().dt.days > _FAR_DAYS
    share = far.groupby(days["person_id"], sort=False).transform("sum")
    stamps = days["date"].to_numpy("datetime64[D]").astype(np.int64)
    low, whole, high = (
        pd.Timestamp(int(q), unit="D") for q in np.quantile(stamps, [0.02, 0.5, 0.98])
    )
    margin = pd.Timedelta(days=400)
    lonely = (count < 5) & ((days["date"] < low - margin) | (days["date"] > high + margin))
    doubt = (far & (share <= np.maximum(2, 0.1 * count))) | lonely
    for i in np.flatnonzero(doubt.to_numpy()).tolist():
        line = days.iloc[i]
        date = pd.Timestamp(line["date"])
        near = pd.Timestamp(middle.iloc[i]) if count.iloc[i] >= 5 else whole
        hint = ""
        if abs((date.replace(year=near.year, day=min(date.day, 28)) - near).days) < 120:
            hint = f"; perhaps {near.year}"
        _question_row(work, line, f"far from this person's other dates{hint}: correct the date")
    return days.loc[~doubt.to_numpy()].reset_index(drop=True)


def _turn_round(work: Workings, days: pd.DataFrame) -> pd.DataFrame:
    """Find dates whose day and month a spreadsheet has swapped.

    A date is suspected when it stands far from the rows above and below it, and its other reading
    stands next to one of them. Several in a file show a spreadsheet of another country: they are
    read the other way and flagged. A single one is asked.
    """
    date = days["date"].to_numpy()
    other = days["other"].to_numpy()
    person = pd.factorize(days["person_id"])[0]
    day = np.timedelta64(1, "D")
    gap = np.abs(np.diff(date) / day)
    same = np.diff(person) == 0
    before = np.full(len(days), np.inf)
    after = np.full(len(days), np.inf)
    before[1:][same] = gap[same]
    after[:-1][same] = gap[same]
    suspect = np.flatnonzero(
        (np.minimum(before, after) > 20) & ~np.isnat(other) & (other != date)
    ).tolist()
    if not len(suspect):
        return days
    sure = np.isnat(other) | ~np.isin(np.arange(len(days)), suspect)
    fits = []
    for i in suspect:
        near = [
            j
            for j in range(max(0, i - 15), min(len(days), i + 16))
            if j != i and person[j] == person[i] and sure[j]
        ]
        if near and min(abs((other[i] - date[j]) / day) for j in near) <= 16:
            fits.append(i)
    if not fits:
        return days
    cells = days[["sheet", "row", "date_at"]].itertuples(index=False)
    natives = np.array([isinstance(work.sheets[s].values[r, c], dt.date) for s, r, c in cells])
    beyond = natives & (days["date"].dt.day.to_numpy() > 12)
    systematic = len(fits) >= 5 and natives[fits].mean() > 0.8 and not beyond.any()
    keep = np.ones(len(days), dtype=bool)
    turned = date.copy()
    for i in fits:
        line = days.iloc[i]
        shown = f"{pd.Timestamp(other[i]):%Y-%m-%d}"
        if systematic:
            turned[i] = other[i]
            work.ledger.log(
                int(line["sheet"]), int(line["row"]), int(line["date_at"]), "kept",
                "day and month were swapped by a spreadsheet, as the rows around show",
                value=shown,
            )  # fmt: skip
        else:
            keep[i] = False
            _question_row(
                work,
                line,
                f"out of order here; perhaps day and month are swapped ({shown}): correct it",
            )
    if systematic:
        work.note("A spreadsheet had swapped day and month of some dates; they were turned back where the "
                  "rows around them show it, and each is in the ledger.")  # fmt: skip
    return days.assign(date=turned)[keep].reset_index(drop=True)


def _question_row(work: Workings, line: pd.Series, why: str) -> None:
    sheet, row, at = int(line["sheet"]), int(line["row"]), int(line["date_at"])
    ledger = work.ledger
    ledger.log(sheet, row, at, "question", why, ask="a date does not fit the others of that person")
    values = work.sheets[sheet].values
    cells = [c for c in range(values.shape[1]) if values[row, c] is not None and c != at
             and ledger.fate[sheet][row, c]]  # fmt: skip
    ledger.set_aside_row(
        sheet, row, cells, f"the date of this row is in question ({cell_name(row, at)})"
    )


def ask_like_codes(work: Workings, days: pd.DataFrame) -> None:
    """Ask about codes that differ in punctuation only: NF-364 and NF364 may be one person."""
    if days.empty:
        return
    first = days.drop_duplicates("person_id")
    bare = first["person_id"].str.replace(r"[^A-Z0-9]", "", regex=True)
    for _, group in first[bare.duplicated(keep=False)].groupby(bare):
        earliest = group.index[0]
        codes = ", ".join(group["person_id"])
        for line in group.loc[group.index != earliest].to_dict("records"):
            sheet, row = int(line["sheet"]), int(line["row"])
            values = work.sheets[sheet].values[row]
            at = next(
                (c for c, v in enumerate(values) if person_code(v) == line["person_id"]), None
            )
            if at is not None:
                work.ledger.log(sheet, row, at, "kept", f"{codes}: one person or several? Taken as "
                                'several; if one, say so in the rules file under [people]',
                                value=line["person_id"])  # fmt: skip


def leave_out(work: Workings, days: pd.DataFrame, reasons: dict[str, str]) -> pd.DataFrame:
    """Take the days of people without consent out, and set every cell of theirs aside."""
    if days.empty or not reasons:
        return days
    out = days["person_id"].isin(reasons)
    for sheet, row, code in days.loc[out, ["sheet", "row", "person_id"]].itertuples(index=False):
        values = work.sheets[sheet].values
        cells = [c for c in range(values.shape[1]) if values[row, c] is not None]
        work.ledger.set_aside_row(int(sheet), int(row), cells, reasons[code], raw="[not copied]")
    return days[~out].reset_index(drop=True)


def one_row_a_day(work: Workings, days: pd.DataFrame) -> pd.DataFrame:
    """Make one row of each person and day; where two rows disagree, use neither and ask."""
    if days.empty:
        return days
    twice = days.duplicated(["person_id", "date"], keep=False)
    if not twice.any():
        return days
    ledger = work.ledger
    kept = []
    for (_, date), group in days[twice].groupby(["person_id", "date"], sort=False):
        line = group.iloc[0].copy()
        places = [
            f"{ledger.shown_names[s]} row {r + 1}"
            for s, r in group[["sheet", "row"]].itertuples(index=False)
        ]
        where = " and ".join(dict.fromkeys(places))
        overlap = False
        for name in _VALUES:
            given = group[group[name].notna()]
            if given.empty:
                continue
            line[name], line[f"{name}@"] = given[name].iloc[0], given[f"{name}@"].iloc[0]
            if len(given) == 1:
                continue
            overlap = True
            agree = bool((given[name] == given[name].iloc[0]).all())
            spots = given[["sheet", "row", f"{name}@"]].to_numpy(int).tolist()
            for j, (sheet, row, at) in enumerate(spots):
                place = sheet, row, at
                if not agree:
                    ledger.log(*place, "question", f"{where} give different values for {date:%Y-%m-%d}: "
                               "keep one", ask="two rows give different values for one person and day")  # fmt: skip
                elif j:
                    ledger.log(
                        *place,
                        "set aside",
                        f"{where} give the same value for {date:%Y-%m-%d}: one is used",
                    )
                else:
                    ledger.log(*place, "kept", f"{where} give the same value for {date:%Y-%m-%d}: one is used",
                               value=given[name].iloc[0])  # fmt: skip
            if not agree:
                line[name] = None if name == "missed_medication" else np.nan
        low = group["spasm_count_low"].dropna()
        line["spasm_count_low"] = low.iloc[0] if len(low) else np.nan
        for s, r, at in group[["sheet", "row", "date_at"]].itertuples(index=False):
            if overlap:
                ledger.log(int(s), int(r), int(at), "kept", f"two rows for this person and day: {where}",
                           value=f"{date:%Y-%m-%d}")  # fmt: skip
        kept.append(line)
    merged = pd.DataFrame(kept, columns=days.columns)
    for name in (*OUTCOMES, "spasm_count_low"):
        merged[name] = merged[name].astype(float)
    return pd.concat([days[~twice], merged], ignore_index=True)


def decide_values(work: Workings, days: pd.DataFrame) -> pd.DataFrame:
    """Put in the values that the rules file decides one by one."""
    for (code, day, name), value in work.rules.values.items():
        hit = (days["person_id"] == code) & (days["date"] == pd.Timestamp(day))
        for i in np.flatnonzero(hit.to_numpy()).tolist():
            line = days.iloc[i]
            at = int(line[f"{name}@"])
            if at >= 0:
                place = int(line["sheet"]), int(line["row"]), at
                work.ledger.fate[place[0]][place[1], place[2]] = 0
                work.ledger.log(*place, "set aside" if value is None else "changed",
                                "as your rules file says", value="" if value is None else value)  # fmt: skip
            days.loc[days.index[i], name] = np.nan if value is None else value
    return days


def flag_alike(work: Workings, days: pd.DataFrame, outcome: str = "stiffness") -> None:
    """Flag a run of like ratings: they may have been filled in later, all at once. Used all the same.

    Runs at either end of the scale are natural (someone without stiffness) and are not flagged.
    """
    rated = days[days[outcome].notna()].sort_values(["person_id", "date"], kind="stable")
    if rated.empty:
        return
    value = rated[outcome].to_numpy()
    person = pd.factorize(rated["person_id"])[0]
    start = np.flatnonzero(np.r_[True, (np.diff(value) != 0) | (np.diff(person) != 0)])
    length = np.diff(np.r_[start, len(value)])
    inside = (value[start] > 0) & (value[start] < 10)
    singly = len(days) <= _LISTED
    for first, n in zip(
        start[(length >= _RUN) & inside], length[(length >= _RUN) & inside], strict=True
    ):
        run = rated.iloc[first : first + n]
        places = [
            (int(s), int(r), int(c))
            for s, r, c in run[["sheet", "row", f"{outcome}@"]].itertuples(index=False)
        ]
        why = f"{n} days in a row with the same rating: filled in later, or simply steady? Used as it is"
        sheet, row, column = places[0]
        ends = cell_name(row, column), cell_name(places[-1][1], places[-1][2])
        work.ledger.say(sheet, f"{ends[0]}:{ends[1]}", "kept", why, raw=spell(float(value[first])))
        if singly:
            for place in places:
                if work.ledger.fate[place[0]][place[1], place[2]] == 1:
                    work.ledger.log(*place, "kept", f"one of {n} like ratings in a row, used as it is",
                                    value=float(value[first]))  # fmt: skip


def tidy(days: pd.DataFrame) -> pd.DataFrame:
    """Return the diary table: one row a person and day, in order."""
    table = days.reindex(columns=DIARY.names)
    return table.sort_values(["person_id", "date"], kind="stable", ignore_index=True)
