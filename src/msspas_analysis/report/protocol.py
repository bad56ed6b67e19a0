"""A plan as a folder: the protocol page, a blank workbook, the sealed list and the frozen analysis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import pandas as pd

from msspas_analysis.certify.plan.allocation import allocate, draw_seed, seal
from msspas_analysis.certify.plan.candidates import (
    RESEARCH,
    Candidate,
    PlanSheet,
    compared_days,
)
from msspas_analysis.certify.plan.returned import (
    ALLOCATION_FILE,
    PLAN_FILE,
    StudyPlan,
    offered_plan,
    planned,
)
from msspas_analysis.ingest.template import MOST_PEOPLE, write_template
from msspas_analysis.plots import schedule_plot
from msspas_analysis.report.blocks import (
    Bullets,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    Terms,
    Text,
    text,
)
from msspas_analysis.report.page import page, write_whole
from msspas_analysis.report.results_table import write_results
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import Design

PROTOCOL_FILE, WORKBOOK_FILE = "protocol.html", "blank_diary.xlsx"
RUNS_FILE, SCRIPT_FILE, READ_ME = "comparison.csv", "analysis.py", "README.txt"

COLUMNS: Final = (
    ("bias_null", "shows where nothing works", "{:+.2f}"),
    ("type_i_error", "calls that a change", "{:.0%}"),
    ("power", "finds the effect", "{:.0%}"),
    ("std_error", "precision (SD)", "{:.2f}"),
    ("people_needed", "people for 80 %", "{:.0f}"),
    ("weeks", "weeks", "{:.0f}"),
    ("days_of_diary", "days of diary", "{:.0f}"),
)
"""What of a comparison is said of each plan: measure, words, form."""
_ROWS: Final = (
    ("bias_null", "what it shows, on average, where nothing works", "{:+.2f} points"),
    ("type_i_error", "how often it calls that a change (5 % is due)", "{:.1%}"),
    ("power", "how often it finds the change that is hoped for", "{:.1%}"),
    ("coverage", "how often its 95 % interval holds the truth", "{:.1%}"),
    ("std_error", "how far such studies scatter (SD)", "{:.2f} points"),
)
_ANALYSES: Final = {
    "paired t": "Each person's mean of the compared days after, minus that before; the mean of these "
    "changes with its t interval.",
    "ANCOVA": "The difference between the arms after, adjusted for where people began (linear model), "
    "with its t interval.",
    "difference within people, less the period's": "Half of the difference between the two orders of "
    "each person's first minus second period, so that what time does cancels; its t interval.",
    "mean of people's own differences": "In each pair of periods the therapy minus the sham; the mean of "
    "each person's pairs, and the mean over people with its t interval.",
    "people and periods, errors by person": "The difference with and without the therapy, with a "
    "constant for each person and each period; errors by person, t.",
}
_ALONE: Final = (
    "There is nobody to compare with. People often come in on bad days, and such days pass whatever is "
    "done; what was to be expected without treatment is laid beside the answer. Attention, expectation "
    "and anything else begun at the same time stay in it."
)
_ALLOCATED: Final = (
    "If people find out what they got, expectation is in the difference. The answer is of people who "
    "agree to leave it to chance, over these weeks."
)
_SAFETY: Final = (
    "Nobody stops, lowers or delays a medicine because of this plan. Baclofen (tablets or a pump), "
    "tizanidine, gabapentin, pregabalin and benzodiazepines must never be stopped suddenly.",
    "Somebody who gets worse is looked after first; the diary may stop at any time, without a reason.",
    "The answer is about the group. It says nothing about what one person should do.",
)


def write_plan(
    folder: str | Path, found: Estimates, sheet: PlanSheet, key: str, *, seed: int = 2026,
    codes: Sequence[str] = (), centre: str = "", allocation_seed: int | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write everything that one plan needs before the first diary.

    Parameters
    ----------
    folder : str or pathlib.Path
        An empty folder, or one that is made.
    found : Estimates
        From :func:`~msspas_analysis.certify.plan.comparison.compare_designs` on the same sheet.
    sheet : PlanSheet
        The question.
    key : str
        The plan that was chosen, such as ``"parallel"``.
    seed : int
        Seed that the comparison was run with.
    codes : sequence of str
        People's codes, one each; empty makes P001, P002 and so on.
    centre : str
        Who keeps the diaries; stands on the workbook.
    allocation_seed : int or None
        Seed of the allocation list; None draws one that stands in the sealed list alone.

    Returns
    -------
    tuple of pathlib.Path
        ``protocol.html``, ``blank_diary.xlsx``, ``plan.json``, ``analysis.py``, ``comparison.csv``,
        ``README.txt`` and, where chance decides, ``sealed/allocation.csv``.

    Raises
    ------
    FileExistsError
        If the folder holds anything.
    ValueError
        If the plan is not offered, was not compared, or codes are too few, too many or no codes.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.certify.plan.comparison import compare_designs
    >>> sheet = PlanSheet(therapy="TENS", people=12)
    >>> found = compare_designs(sheet, replicates=128, seed=1)
    >>> with tempfile.TemporaryDirectory() as here:
    ...     made = write_plan(Path(here) / "plan", found, sheet, "longer baseline", seed=1)
    >>> [path.name for path in made][:3]
    ['protocol.html', 'blank_diary.xlsx', 'plan.json']
    """
    out = Path(folder)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not empty; name a new folder, so that no plan is mixed up")
    candidate = offered_plan(sheet, key)
    if not found.table["group"].eq(key).any():
        raise ValueError(f"{key} is not in the comparison; compare the plans of this sheet first")
    people = list(codes) or [f"P{i:03d}" for i in range(1, sheet.people + 1)]
    if len(people) != sheet.people or sheet.people > MOST_PEOPLE:
        raise ValueError(
            f"codes must be {sheet.people}, one for each person and {MOST_PEOPLE} at most, got "
            f"{len(people)}"
        )
    listed = None
    if candidate.allocates:
        later = candidate.design is not None and candidate.design.respond_first is not None
        listed = allocate(
            candidate, seed=draw_seed() if allocation_seed is None else allocation_seed,
            codes=None if later else people,
        )  # fmt: skip
    plan = planned(found, sheet, key, seed=seed, allocation="" if listed is None else seal(listed))
    out.mkdir(parents=True, exist_ok=True)
    made = [out / PROTOCOL_FILE, out / WORKBOOK_FILE, out / PLAN_FILE, out / SCRIPT_FILE,
            out / RUNS_FILE, out / READ_ME]  # fmt: skip
    write_whole(made[0], _protocol(plan, found).encode("utf-8"))
    write_template(made[1], weeks=_weeks(candidate), codes=people, centre=centre)
    write_whole(made[2], plan.to_json().encode("utf-8"))
    write_whole(made[3], _SCRIPT.encode("utf-8"))
    write_results(found, made[4])
    if listed is not None:
        made.append(out / ALLOCATION_FILE)
        made[-1].parent.mkdir()
        write_whole(made[-1], listed.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    write_whole(made[5], _read_me(plan).encode("utf-8"))
    return tuple(made)


def _weeks(plan: Candidate) -> int:
    # a whole week more: people begin on any day, and some go on
    return int(-(-plan.days_of_diary // 7)) + 1


def _protocol(plan: StudyPlan, found: Estimates) -> str:
    candidate = plan.candidate
    return page(
        f"Plan: {plan.sheet.therapy}, {plan.key}", tuple(_sections(plan, candidate, found)),
        under="What is asked, how, and how often the answer would be wrong; fixed before the first "
        "diary.",
        settings={
            "Plan": plan.key, "Seed of the runs": str(plan.seed),
            "Allocation list, SHA-256": plan.allocation or "nobody is allocated",
            "msspas-analysis": metadata.version("msspas-analysis"),
        },
        foot=f"The numbers of this page are in the file {RUNS_FILE} beside it.",
    )  # fmt: skip


def _sections(plan: StudyPlan, candidate: Candidate, found: Estimates) -> Iterator[Section]:
    """Lay out the protocol; that it is research stands before everything else."""
    sheet = plan.sheet
    if candidate.allocates:
        yield Section(key="research", heading="Before anything else",
                      blocks=(Paragraph(text(RESEARCH)),))  # fmt: skip
    yield Section(key="question", heading="The question", blocks=(
        Paragraph(text(f"{candidate.title}.")),
        Paragraph(text(f"What is asked: {plan.estimand}")),
        Terms(_terms(sheet)),
    ))  # fmt: skip
    yield Section(key="who", heading="Who gets what, and when",
                  blocks=(_schedule(plan.design), _picture(candidate),
                          Paragraph(text(candidate.needs.removeprefix(RESEARCH).strip()))))  # fmt: skip
    spans = _plain(", ".join(f"{low} to {high}" for low, high in compared_days(plan.design)))
    yield Section(key="analysis", heading="The analysis, fixed now", blocks=(
        Paragraph(text(_ANALYSES[candidate.analysis])),
        Paragraph(text(
            f"Compared are the means of days {spans}, counted from the first day of the first period. "
            "Half of these days must be rated. A day that was not rated is left out, never filled in. "
            f"Everybody whose diary came back is counted as allocated. {SCRIPT_FILE} runs this "
            "analysis and no other."
        )),
    ))  # fmt: skip
    yield Section(key="wrong", heading="How often it would be wrong (a computer model, no real people)",
                  blocks=(_behaviour(plan, found),))  # fmt: skip
    yield Section(key="takes", heading="What it takes", blocks=(Bullets(tuple(
        text(line) for line in (
            f"{sheet.people} people, each followed for {candidate.weeks:.3g} weeks.",
            f"{candidate.days_of_diary} days of diary a person, about {candidate.minutes:.0f} minutes in "
            "all [assumption].",
            f"{WORKBOOK_FILE}: one line a person and day. The date of the first session is the first "
            "day of the first period, whatever a person gets then.",
            *((f"sealed/: the allocation list with its seed. Whoever takes people in must not see "
               f"it; its hash on this page shows that it was not changed: {plan.allocation}.",)
              if plan.allocation else ()),
        )
    )),))  # fmt: skip
    yield Section(key="limits", heading="What this plan cannot show", blocks=(
        Paragraph(text(_ALLOCATED if candidate.allocates else _ALONE)),
        Bullets(tuple(text(line) for line in _SAFETY)),
    ))  # fmt: skip


def _terms(sheet: PlanSheet) -> tuple[tuple[str, str], ...]:
    entry = "anybody can come in"
    if sheet.entry_rating is not None:
        which = (
            "first rating"
            if sheet.entry_days == 1
            else f"mean of the first {sheet.entry_days} days"
        )
        entry = f"{which} of {sheet.entry_rating:g} or more"
    return (
        ("Therapy", sheet.therapy),
        ("Who", entry),
        ("Change hoped for", _plain(f"{sheet.effect:+g} points on the 0 to 10 rating [assumption]")),
        ("Expectation", "what the usual placebo response is, comes with it [assumption]"
         if sheet.expectation == 1 else
         f"{sheet.expectation:g} times the usual placebo response comes with it [assumption]"),
    )  # fmt: skip


def _schedule(design: Design) -> Table:
    """Lay out what each arm gets in each period."""
    columns = ["", f"days −{design.baseline_days} to −1"]
    columns += [
        f"days {start} to {start + length - 1}"
        for start, length in zip(design.starts, design.periods, strict=True)
    ]
    rows = tuple(
        Row(text(f"{arm.name} ({arm.size} people)"), (text("diary"), *map(text, arm.sequence)))
        for arm in design.arms
    )
    note: Text = ()
    if design.washout:
        note = text(f"Between two periods lie {design.washout} days with neither.")
    if design.respond_first is not None:
        note = text(
            "Only people whose ratings were lower by a fifth at the end of the first period go into "
            "the second; they stand in the list in the order in which they pass."
        )
    return Table(caption="Who gets what", columns=tuple(columns), groups=(("", rows),), note=note)


def _picture(candidate: Candidate) -> Picture:
    """Draw the weeks of each arm."""
    figure, drawn = schedule_plot([candidate])
    told = "; ".join(
        f"{arm}: " + ", ".join(f"{one.given} days {one.first_day} to {one.last_day}"
                               for one in part.itertuples())
        for arm, part in drawn.groupby("arm", sort=False)
    )  # fmt: skip
    return Picture(
        figure=figure, drawn=drawn, alt=f"Who gets what in which weeks. {told}.",
        caption=text("Who gets what in which weeks, and which days are compared."),
    )  # fmt: skip


def _behaviour(plan: StudyPlan, found: Estimates) -> Table:
    """Lay out how the analysis behaved in the runs, each with its Monte Carlo error."""
    rows = []
    for measure, words, form in _ROWS:
        row = found.one(group=plan.key, measure=measure)
        if pd.isna(row["estimate"]):
            told = "not said: its test finds what is not there too often"
            rows.append(Row(text(words), (text(told), text("–"))))
            continue
        error = form.replace("+", "").format(row["std_error"])
        rows.append(
            Row(text(words), (text(_plain(form.format(row["estimate"]))), text(_plain(error))))
        )
    needed = found.one(group=plan.key, measure="people_needed")
    many = ("not said", "–") if pd.isna(needed["estimate"]) else (
        f"{needed['estimate']:.0f}", f"{needed['conf_low']:.0f} to {needed['conf_high']:.0f}")  # fmt: skip
    rows.append(Row(text("people for a power of 80 %"), tuple(map(text, many))))
    runs = found.one(group=plan.key, measure="type_i_error")["n"]
    said = [note.removeprefix(f"{plan.key}: ") for note in found.notes
            if note.startswith(f"{plan.key}: ")]  # fmt: skip
    return Table(
        caption="This plan, run many times on invented people",
        columns=("", "in the runs", "Monte Carlo error"), groups=(("", tuple(rows)),),
        note=text(f"{runs:,} studies where nothing works and as many with the change that is hoped for. "
                  "What people are like in them is partly assumed. " + " ".join(one[:1].upper() + one[1:] for one in said)),
    )  # fmt: skip


def _plain(number: str) -> str:
    return re.sub(r"(?<=\d)%", " %", number).replace("-", "−")


_SCRIPT: Final = f'''"""The analysis of this plan, fixed before the first diary: python {SCRIPT_FILE} WORKBOOK

It reads {PLAN_FILE} and the sealed list beside it, refuses them if they were changed, and writes
answer.csv beside the workbook. It needs the Python package msspas-analysis.
"""

import sys
from pathlib import Path

from msspas_analysis import analyse_folder

if len(sys.argv) != 2:
    sys.exit(f"Give the workbook that came back: python {{Path(__file__).name}} WORKBOOK")
try:
    found = analyse_folder(sys.argv[1], Path(__file__).parent)
except (ValueError, OSError) as err:
    sys.exit(f"Nothing was analysed: {{err}}")
print(found.display().to_string(index=False))
print(*found.notes, sep="\\n")
found.table.to_csv(Path(sys.argv[1]).with_name("answer.csv"), index=False)
'''


def _read_me(plan: StudyPlan) -> str:
    lines: Iterable[str] = (
        f"{plan.sheet.therapy}: {plan.key}",
        "",
        *((RESEARCH, "") if plan.allocation else ()),
        f"{PROTOCOL_FILE}     what is asked and how; open it in a browser, print it, keep it",
        f"{WORKBOOK_FILE}  type the diaries in here; 'msspas check' tells what it can read",
        *(("sealed/           who gets what: for the person who allocates, and nobody else",
           "                  after a run-in, fill in the code of each person who passes, in order")
          if plan.allocation else ()),
        f"{PLAN_FILE}         the plan as the program reads it; do not change it",
        f"{SCRIPT_FILE}       the analysis: python {SCRIPT_FILE} WORKBOOK",
        f"{RUNS_FILE}    the designs that were compared, in numbers",
        "",
        "No file holds data of anybody. The filled-in workbook stays where the diaries are kept.",
    )  # fmt: skip
    return "\n".join(lines) + "\n"
