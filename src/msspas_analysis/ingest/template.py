"""A blank diary: a workbook for the centre to type into, and a page for the person to fill in.

Both have the columns that the reader of workbooks knows, so what comes back is read without a
question.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from msspas_analysis.tables import ADVERSE_EVENTS, AGE_BANDS, ATTENDANCE, MS_TYPES, SEXES

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

MOST_WEEKS: Final = 104
MOST_PEOPLE: Final = 1000

_CODE: Final = re.compile(r"^(?=.*\d)[A-Z0-9-]{2,12}$")
_TEN_DIGITS: Final = re.compile(r"^\d{10}$")
_FIRST_DAY, _LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
_YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the blank workbook: its heading, what may be typed, and what to say."""

    heading: str
    kind: Literal["code", "date", "whole", "choice", "text"]
    help: str
    low: int = 0
    high: int = 10
    choices: tuple[str, ...] = ()
    width: float = 16


_CODE_COLUMN: Final = _Column(
    "Client code", "code",
    "The code you gave this person, such as MS014. Never a name, initials or an NHS number.",
)  # fmt: skip


def _date(help_text: str, heading: str = "Date") -> _Column:
    return _Column(heading, "date", help_text + " Type it as day/month/year, such as 31/12/2026.")


_RATING: Final = "A whole number from 0 (none at all) to 10 (the worst you can imagine). {} " \
    "No ranges. Leave empty if the person did not say."  # fmt: skip

SHEETS: Final[dict[str, tuple[_Column, ...]]] = {
    "People": (
        _CODE_COLUMN,
        _Column("Age band", "choice", "Ten-year band; not the date of birth.", choices=AGE_BANDS),
        _Column("Sex", "choice", "As the person says.", choices=SEXES),
        _Column("Type of MS", "choice", "As the person knows it; 'not known' is an answer.",
                choices=MS_TYPES),
        _Column("PDDS", "whole", "Patient Determined Disease Steps, 0 to 8, as the person chose it "
                "on the form. Leave empty if it was not asked.", high=8, width=11),
        _Column("Therapy", "text", "What the person comes for, such as TENS. For two at a time "
                "write both with a plus: reflexology + oxygen.", high=60, width=26),
        _date("The day of the first session of this therapy, even if that was long ago.",
              "First session"),
        _Column("OK to use for evaluation?", "choice", "What the person answered. Only 'yes' is "
                "used; leave empty if nobody has asked yet.", choices=("yes", "no", "withdrawn"),
                width=32),
    ),
    "Diary": (
        _CODE_COLUMN,
        _date("The day this line is about. One line for each day."),
        _Column("Stiffness 0-10", "whole", _RATING.format("Stiffness over the last 24 hours.")),
        _Column("Spasms today (number)", "whole", "How many spasms in 24 hours. Several in a row "
                "without a real pause count as one. If you lost count, write 20+ for 'at least "
                "20'. None is 0; empty means it was not noted.", high=500, width=17),
        _Column("Pain 0-10", "whole", _RATING.format("Pain over the last 24 hours."), width=12),
        _Column("Sleep disruption 0-10", "whole",
                _RATING.format("How far stiffness or spasms spoilt last night's sleep."), width=22),
        _Column("Fatigue 0-10", "whole", _RATING.format("Tiredness over the last 24 hours."),
                width=15),
        _Column("Falls today (number)", "whole", "How many falls in 24 hours. None is 0; empty "
                "means it was not noted.", high=50, width=15),
        _Column("Missed tablets (yes/no)", "choice", "Whether any tablets for stiffness were "
                "missed. Leave empty if there are none to take or it was not noted.",
                choices=_YES_NO),
        _Column("Triggers", "text", "What the person thinks set it off, with commas between: "
                "infection, heat, cold, tight clothing, constipation, stress, poor sleep. Write "
                "'none' if there was none.", high=120, width=34),
    ),
    "Sessions": (
        _CODE_COLUMN,
        _date("The day of the session that was booked."),
        _Column("Therapy", "text", "What was booked, in the words of the sheet People.", high=60,
                width=30),
        _Column("Attended", "choice", "What happened.", choices=ATTENDANCE[:4], width=18),
    ),
    "Unwanted effects": (
        _CODE_COLUMN,
        _date("The day it happened."),
        _Column("What", "choice", "The nearest of the list. Do not describe it in a way that says "
                "who it was.", choices=ADVERSE_EVENTS, width=22),
        _Column("How bad", "choice", "As the person puts it.",
                choices=("mild", "moderate", "severe"), width=14),
    ),
    "Feedback": (
        _CODE_COLUMN,
        _date("The day the person was asked."),
        _Column("Overall change 1-7 (1 = very much better)", "whole", "1 very much better, 2 much better, 3 a little "
                "better, 4 no change, 5 a little worse, 6 much worse, 7 very much worse.",
                low=1, high=7, width=28),
        _Column("Satisfaction 1-5", "whole", "1 very dissatisfied, 3 neither, 5 very satisfied.",
                low=1, high=5, width=16),
        _Column("Recommend (yes/no)", "choice", "Would the person recommend the service?",
                choices=("yes", "no", "unsure"), width=18),
    ),
}  # fmt: skip
"""Sheets of the blank workbook and their columns."""

_READ_ME: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("How to use this workbook", (
        "Give each person a code, such as MS014, and use the code in every sheet. No names, no "
        "initials, no date of birth, no NHS number, no telephone number, anywhere.",
        "Keep the list of which code is whose somewhere else: locked up, never in this workbook "
        "and never in the same folder.",
        "People: one line a person. Diary: one line a day for each person, typed in from the "
        "paper diary. Sessions: one line for each session booked. Unwanted effects: one line for "
        "each thing that went wrong. Feedback: one line each time a person is asked.",
        "If a day or an answer was not filled in, leave it empty. Empty means not known; 0 means "
        "none. Do not guess, do not copy the day before, and do not fill in a week at one go.",
        "Write one number in a cell. Not 4-5, not 5/10, not a tick; words go under Triggers only.",
        "Do not merge cells, do not add totals, and keep the headings as they are. Colours are "
        "not read.",
        "Begin the diary at least a week before the first session, better two: without days "
        "before there is nothing to compare with. Keep on for six weeks or more afterwards.",
    )),
    ("What this is for", (
        "It is for looking at a service as a whole. It gives no advice about any one person and "
        "is no substitute for care. Anybody whose stiffness or spasms get worse, or who thinks of "
        "changing a medicine, should speak to their MS team or GP.",
        "Only people who said yes under 'OK to use for evaluation?' are used.",
    )),
)  # fmt: skip


def write_template(
    path: Path, *, weeks: int = 8, people: int = 1, centre: str = "", codes: Sequence[str] = ()
) -> Path:
    """Write a blank diary workbook, ready to type into.

    Parameters
    ----------
    path : pathlib.Path
        File to write, ending in ``.xlsx``; an old one is replaced.
    weeks : int
        Weeks of diary to make room for, 1 to 104. More lines can be typed below.
    people : int
        People to make room for, 1 to 1000; as many as there are codes if that is more.
    centre : str
        Name of the centre for the first sheet and the foot of the printed pages.
    codes : sequence of str
        Client codes, if they are known already: capitals, digits and hyphens with at least one
        digit, 2 to 12 long. They are listed in the sheet People and offered in the others.

    Returns
    -------
    pathlib.Path
        The same path. Apart from the codes the sheets for data hold nothing but their headings.

    Raises
    ------
    ValueError
        If a number is out of range, the file has another ending, or a code looks like a name or
        an NHS number, is empty or stands there twice.
    FileNotFoundError
        If the folder is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(Path(folder) / "diary.xlsx", weeks=6, codes=["MS014", "MS015"]).name
    'diary.xlsx'
    """
    from openpyxl import Workbook

    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise ValueError(f"the blank workbook must end in .xlsx, got {path.name!r}; rename it")
    _check_folder(path)
    _check_whole("weeks", weeks, MOST_WEEKS)
    _check_whole("people", people, MOST_PEOPLE)
    known = _checked_codes(codes)
    people = max(people, len(known))
    room = {
        "People": people,
        "Diary": 7 * weeks * people,
        "Sessions": 2 * weeks * people,
        "Unwanted effects": max(20, 3 * people),
        "Feedback": max(20, 2 * people),
    }
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    book.properties.creator = centre or "blank diary workbook"
    book.properties.title = "Symptom diaries: stiffness and spasms"
    _write_read_me(book, centre)
    for name, columns in SHEETS.items():
        _write_sheet(book, name, columns, room[name], centre=centre, codes=known)
    for row, code in enumerate(known, start=2):
        book["People"].cell(row, 1, code)
    book.save(path)
    return path


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}; make it first, or name another")


def _check_whole(name: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}, got {value!r}")


def _checked_codes(codes: Sequence[str]) -> list[str]:
    """Return the codes as they are written everywhere: no spaces, capitals."""
    known = ["".join(code.split()).upper() for code in codes]
    for code in known:
        if _TEN_DIGITS.match(code):
            raise ValueError("a client code of ten digits looks like an NHS number; use a code "
                             "that means nothing outside the centre, such as MS014")  # fmt: skip
        if not _CODE.match(code):
            raise ValueError(
                f"client code {code!r} may be a name or initials, or has a sign that is not "
                "allowed; use 2 to 12 capitals, digits and hyphens with at least one digit, "
                "such as MS014"
            )
    if twice := sorted({code for code in known if known.count(code) > 1}):
        raise ValueError(f"client codes {twice} stand in the list more than once; keep one of each")
    if len(known) > MOST_PEOPLE:
        raise ValueError(f"{len(known)} client codes, at most {MOST_PEOPLE}; split the list")
    return known


def _write_read_me(book: Workbook, centre: str) -> None:
    """Write the first sheet: plain words in one column, so that nothing looks like data."""
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet("Read me")
    sheet.column_dimensions["A"].width = 72
    lines: list[tuple[str, str]] = [("title", "Symptom diaries: stiffness and spasms")]
    if centre:
        lines.append(("text", centre))
    for heading, paragraphs in _READ_ME:
        lines += [("heading", heading), *(("text", p) for p in paragraphs)]
    for name, columns in SHEETS.items():
        lines.append(("heading", f"What the columns of the sheet '{name}' mean"))
        told = columns if name == "People" else columns[1:]  # the code is explained once
        lines += [("text", f"{c.heading}: {c.help}") for c in told]
    fonts = {"title": Font(name="Arial", size=18, bold=True),
             "heading": Font(name="Arial", size=14, bold=True),
             "text": Font(name="Arial", size=12)}  # fmt: skip
    for row, (style, text) in enumerate(lines, start=1):
        cell = sheet.cell(row, 1, text)
        cell.font = fonts[style]
        cell.alignment = Alignment(wrap_text=True, vertical="bottom" if style != "text" else "top")
        n_lines = len(textwrap.wrap(text, 66))  # a little narrower than the column, to be safe
        sheet.row_dimensions[row].height = 32 if style != "text" else 16 * n_lines + 4
    sheet.sheet_view.showGridLines = False
    _set_up_page(sheet, centre, landscape=False)


def _write_sheet(
    book: Workbook, name: str, columns: Sequence[_Column], room: int, *, centre: str,
    codes: Sequence[str],
) -> None:  # fmt: skip
    """Write headings, formats and checks of one sheet, and no data."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    line = Side(style="thin", color="808080")
    box = Border(left=line, right=line, top=line, bottom=line)
    middle = Alignment(horizontal="center")
    for i, column in enumerate(columns, start=1):
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = column.width
        head = sheet.cell(1, i, column.heading)
        head.font = Font(name="Arial", size=12, bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", start_color="1F3864")
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        head.border = box
        pattern = {"date": "dd/mm/yyyy", "whole": "0"}.get(column.kind, "@")
        for row in range(2, room + 2):
            cell = sheet.cell(row, i)
            cell.number_format = pattern
            cell.font = Font(name="Arial", size=12)
            cell.border = box
            if column.kind in ("date", "whole"):
                cell.alignment = middle
        offered = codes if name != "People" else ()
        check = _validation(column, n_codes=len(offered))
        check.add(f"{letter}2:{letter}{room + 1}")
        sheet.add_data_validation(check)
    sheet.row_dimensions[1].height = 50
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = 18, True
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.print_area = f"A1:{get_column_letter(len(columns))}{room + 1}"
    _set_up_page(sheet, centre, landscape=len(columns) > 5)


def _validation(column: _Column, *, n_codes: int) -> DataValidation:
    """Return the check of one column; leaving a cell empty always passes."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if column.kind == "code" and n_codes:
        check = DataValidation(type="list", formula1=f"People!$A$2:$A${n_codes + 1}")
        wrong = "Choose a code that stands in the sheet People."
    elif column.kind == "code":
        check = DataValidation(type="textLength", operator="between", formula1="2", formula2="12")
        wrong = "A code has 2 to 12 letters and digits."
    elif column.kind == "date":
        epoch = dt.date(1899, 12, 30)
        first, last = (str((day - epoch).days) for day in (_FIRST_DAY, _LAST_DAY))
        check = DataValidation(type="date", operator="between", formula1=first, formula2=last)
        wrong = "This is no date. Type it as day/month/year, such as 31/12/2026."
    elif column.kind == "whole":
        check = DataValidation(
            type="whole", operator="between", formula1=str(column.low), formula2=str(column.high)
        )
        wrong = f"Type one whole number from {column.low} to {column.high}, or leave it empty."
    elif column.kind == "choice":
        check = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"')
        wrong = "Choose from the list, or leave it empty."
    else:
        check = DataValidation(
            type="textLength", operator="lessThanOrEqual", formula1=str(column.high)
        )
        wrong = f"At most {column.high} letters: a few words, and nothing that says who it is."
    check.allowBlank = True
    check.showInputMessage = check.showErrorMessage = True
    title = column.heading.split(" (")[0]  # Excel allows 32 letters
    check.promptTitle, check.prompt = title, column.help
    check.errorTitle, check.error = title, wrong
    # a count may be written "20+": warn, and let it stand
    check.errorStyle = "warning" if column.high > 100 and column.kind == "whole" else "stop"
    return check


def _set_up_page(sheet: Worksheet, centre: str, *, landscape: bool) -> None:
    """Set A4, one page wide, with the sheet's name and the page number at the foot."""
    from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.page_margins.top, sheet.page_margins.bottom = 0.5, 0.75
    sheet.oddFooter = HeaderFooterItem(
        left=_HeaderFooterPart(text=centre.replace("&", "&&")),
        center=_HeaderFooterPart(text="&A"),
        right=_HeaderFooterPart(text="Page &P of &N"),
    )


_PAPER_COLUMNS: Final = (
    ("Stiffness", "0 to 10"), ("Spasms", "how many"), ("Pain", "0 to 10"),
    ("Sleep disruption", "0 to 10"), ("Fatigue", "0 to 10"), ("Falls", "how many"),
    ("Missed tablets", "yes or no"), ("Triggers", "what set it off?"),
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STYLE: Final = """
@page { size: A4 landscape; margin: 9mm 12mm; }
* { box-sizing: border-box; }
body { margin: 0; color: #000; background: #fff;
  font: 12pt/1.3 Arial, "Liberation Sans", Helvetica, sans-serif; }
section { padding: 0 0.6mm; break-after: page; break-inside: avoid; max-width: 273mm; margin: 0 auto; }
section:last-of-type { break-after: auto; }
h1 { font-size: 20pt; line-height: 1.1; margin: 0 0 2mm; }
h2 { font-size: 12pt; margin: 0; }
p, li { margin: 0 0 0.6mm; }
.who { display: flex; gap: 10mm; margin: 0 0 3mm; }
.who div { flex: 1; display: flex; align-items: flex-end; gap: 3mm; font-weight: bold; }
.who span { flex: 1; border-bottom: 1.5pt solid #000; height: 9mm; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
caption { text-align: left; margin-bottom: 2mm; }
th, td { border: 1.2pt solid #000; padding: 1mm 1.5mm; }
thead th { vertical-align: top; text-align: center; font-size: 11.5pt; line-height: 1.15;
  background: #e8e8e8; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
thead small { display: block; font-weight: normal; font-size: 10.5pt; margin-top: 0.8mm; }
tbody th { text-align: left; }
tbody tr { height: 10mm; }
.day { width: 11.5%; } .date { width: 10%; } .narrow { width: 8.5%; } .mid { width: 10.2%; }
.notes { display: flex; gap: 8mm; margin-top: 3mm; font-size: 11pt; line-height: 1.25; }
.notes div { flex: 1; }
ul { margin: 0.5mm 0 0; padding-left: 5mm; }
.foot { margin-top: 2.5mm; border-top: 1pt solid #000; padding-top: 1.5mm; font-size: 11pt; }
@media screen { body { padding: 8mm; } section { margin-bottom: 20mm; } }
"""


def write_paper_diary(path: Path, *, weeks: int = 1, centre: str = "") -> Path:
    """Write a diary to print and fill in by hand: one web page that needs nothing else.

    Parameters
    ----------
    path : pathlib.Path
        File to write, ending in ``.html``; an old one is replaced.
    weeks : int
        Printed pages, one a week, 1 to 104.
    centre : str
        Name of the centre, shown on each page.

    Returns
    -------
    pathlib.Path
        The same path. Open it in a browser and print it on A4; it loads nothing from anywhere.

    Raises
    ------
    ValueError
        If `weeks` is out of range or the file has another ending.
    FileNotFoundError
        If the folder is not there.

    Notes
    -----
    That spasms in a row without a real pause count as one is the counting rule of Snow and others
    (1990), taken from a later review of spasticity scales.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_paper_diary(Path(folder) / "diary.html", weeks=2)
    ...     page.read_text(encoding="utf-8").count("<section")
    2
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"the paper diary must end in .html, got {path.name!r}; rename it")
    _check_folder(path)
    _check_whole("weeks", weeks, MOST_WEEKS)
    page = _paper_week(html.escape(centre))
    text = (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Stiffness and spasms diary</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n{page * weeks}</main>\n</body>\n</html>\n"
    )
    path.write_text(text, encoding="utf-8")
    return path


def _paper_week(centre: str) -> str:
    """Return one page: who and when, seven lines to fill in, and how."""
    widths = ("narrow", "narrow", "narrow", "mid", "narrow", "narrow", "mid", "")
    heads = "".join(
        f'<th scope="col"{f" class={chr(34)}{width}{chr(34)}" if width else ""}>{name}'
        f"<small>{unit}</small></th>"
        for (name, unit), width in zip(_PAPER_COLUMNS, widths, strict=True)
    )
    cells = "<td></td>" * (1 + len(_PAPER_COLUMNS))
    rows = "\n".join(f'<tr><th scope="row">{day}</th>{cells}</tr>' for day in _DAYS)
    return f"""<section>
<h1>My stiffness and spasms diary</h1>
{f"<p>{centre}</p>" if centre else ""}
<div class="who"><div>My code (not my name)<span></span></div>
<div>Week beginning Monday<span></span></div></div>
<table>
<caption>Fill in one line each day, best at bedtime, about the last 24 hours. Leave a box empty if
you do not know or did not fill it in that day; please do not fill in days later from memory.
</caption>
<thead><tr><th scope="col" class="day">Day</th><th scope="col" class="date">Date
<small>day/month</small></th>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<div class="notes">
<div><h2>Marks from 0 to 10</h2>
<ul><li>0 is none at all, 10 is the worst you can imagine.</li>
<li>Write one whole number, not a range such as 4 to 5.</li>
<li>Sleep disruption: how far stiffness or spasms spoilt last night's sleep.</li></ul></div>
<div><h2>How many</h2>
<ul><li>Spasms: count them over 24 hours. Several in a row without a real pause count as one.</li>
<li>None is 0. If you lost count, write for example 20+ for &ldquo;at least 20&rdquo;.</li></ul></div>
<div><h2>Triggers</h2>
<ul><li>For example infection, constipation, heat, cold, tight clothing, stress, a bad night,
sitting still for long. Write &ldquo;none&rdquo; if there was none.</li>
<li>No names of people, please.</li></ul></div>
</div>
<p class="foot">This diary is for looking at a service as a whole; nobody watches it from day to
day. If your stiffness or spasms get worse, or before you change a medicine, speak to your MS team
or GP.</p>
</section>
"""
