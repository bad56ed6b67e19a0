"""``msspas plan``: which design could answer a question with the people there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msspas_analysis.cli.reading import entry_rule
from msspas_analysis.cli.writing import Refused, showing_progress, staged

if TYPE_CHECKING:
    import argparse

    from msspas_analysis.results import Estimates

COLUMNS = (
    ("bias_null", "shows where nothing works", "{:+.2f}"),
    ("type_i_error", "calls that a change", "{:.0%}"),
    ("power", "finds the effect", "{:.0%}"),
    ("std_error", "precision (SD)", "{:.2f}"),
    ("people_needed", "people for 80 %", "{:.0f}"),
    ("weeks", "weeks", "{:.0f}"),
    ("days_of_diary", "days of diary", "{:.0f}"),
)


def run(args: argparse.Namespace) -> None:
    """Compare the designs and print, or write, what each would show."""
    from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
    from msspas_analysis.certify.plan.comparison import compare_designs

    rule = entry_rule(args.entry)
    entry = None if rule is None else rule.at_least
    days = 7 if rule is not None and rule.by == "first week" else 1
    try:
        sheet = PlanSheet(
            therapy=args.therapy, people=args.people, weeks=args.weeks, effect=args.effect,
            expectation=args.expectation, carry_over=args.carry_over, setting=args.setting,
            entry_rating=entry, entry_days=days,
        )  # fmt: skip
        plans = candidates(sheet)
        offered = [one for one in plans if one.offered]
        if not offered:
            why = "; ".join(f"{one.key}: {one.reason}" for one in plans)
            raise Refused(f"No plan can be offered. {why}")
        with showing_progress() as progress:
            found = compare_designs(
                sheet, replicates=args.replicates, seed=args.seed, workers=args.workers,
                cache=args.cache, progress=progress,
            )  # fmt: skip
    except ValueError as err:
        raise Refused(f"Nothing was planned: {err}.") from err
    print(found.notes[0])
    print(found.notes[1])
    for one in offered:
        print(f"\n{one.key}: {one.title}")
        print(f"  Needs: {one.needs}")
        for line in _lines(found, one.key):
            print(f"  {line}")
    print()
    for note in found.notes[2:]:
        print(note)
    if args.out is not None:
        from msspas_analysis.report.results_table import write_results

        with staged(args.out.parent) as part:
            write_results(found, part / args.out.name)
        print(f"\nWritten: {args.out.resolve()}")


def _lines(found: Estimates, key: str) -> list[str]:
    """Word the numbers of one plan, each with its Monte Carlo error where it has one."""
    out = []
    for measure, words, form in COLUMNS:
        row = found.one(group=key, measure=measure)
        value = float(row["estimate"])
        if value != value:
            out.append(f"{words:28}-")
            continue
        error = float(row["std_error"])
        beside = (
            ""
            if error != error or measure == "people_needed"
            else f" (± {form.format(error).lstrip('+')})"
        )
        if measure == "people_needed":
            beside = f" ({row['conf_low']:.0f} to {row['conf_high']:.0f})"
        out.append(f"{words:28}{form.format(value)}{beside}")
    return out
