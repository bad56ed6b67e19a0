"""``msspas plan``: which design could answer a question with the people there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msspas_analysis.cli.reading import entry_rule
from msspas_analysis.cli.writing import Refused, showing_progress, staged, write_answer

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from msspas_analysis.certify.plan.candidates import PlanSheet
    from msspas_analysis.results import Estimates


def run(args: argparse.Namespace) -> None:
    """Compare the designs and print, or write, what each would show."""
    from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
    from msspas_analysis.certify.plan.comparison import compare_designs

    if args.choose is not None:
        _check_folder(args.out)
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
        if args.choose is not None:
            from msspas_analysis.certify.plan.returned import offered_plan

            offered_plan(sheet, args.choose)
        with showing_progress() as progress:
            found = compare_designs(
                sheet, replicates=args.replicates, seed=args.seed, workers=args.workers,
                cache=args.cache, progress=progress,
            )  # fmt: skip
    except ValueError as err:
        raise Refused(f"Nothing was planned: {err}.") from err
    research = [note for note in found.notes if note.startswith("Plans that allocate")]
    for note in research:
        print(f"{note}\n")
    print(found.notes[0])
    print(found.notes[1])
    for one in offered:
        print(f"\n{one.key}: {one.title}")
        print(f"  Needs: {one.needs}")
        for line in _lines(found, one.key):
            print(f"  {line}")
    print()
    for note in found.notes[2:]:
        if note not in research:
            print(note)
    if args.choose is not None:
        _write_folder(args, found, sheet)
    elif args.out is not None:
        print()
        write_answer(args.out, found)


def _check_folder(out: Path | None) -> None:
    """Refuse, before anything is run, a folder that cannot take a plan."""
    if out is None:
        raise Refused("Give the folder for the plan with --out FOLDER.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} is not empty. Name a new folder, so that no plan is mixed up.")


def _write_folder(args: argparse.Namespace, found: Estimates, sheet: PlanSheet) -> None:
    """Write everything the chosen plan needs, and say what it is."""
    from msspas_analysis.report.protocol import write_plan

    with staged(args.out) as part:
        made = write_plan(part, found, sheet, args.choose, seed=args.seed, centre=args.centre)
        names = [str(path.relative_to(part)) for path in made]
    print(f"\nThe plan {args.choose!r} is in {args.out.resolve()}:")
    print("\n".join(f"  {name}" for name in names))
    print("Begin with protocol.html; README.txt says what each file is.")


def _lines(found: Estimates, key: str) -> list[str]:
    """Word the numbers of one plan, each with its Monte Carlo error where it has one."""
    from msspas_analysis.report.protocol import COLUMNS

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
