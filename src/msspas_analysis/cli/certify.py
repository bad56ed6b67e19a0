"""``msspas certify``: how often an analysis is wrong on a centre's own diaries, or in a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msspas_analysis.cli.reading import entry_rule, existing, read
from msspas_analysis.cli.writing import Refused, showing_progress, staged, write_answer

if TYPE_CHECKING:
    import argparse

    from msspas_analysis.certify import Replicates
    from msspas_analysis.tables import Window

OF_DIARIES: tuple[str, ...] = ("paired t", "signed ranks", "beyond expectation")
OF_TRIALS: tuple[str, ...] = (
    "ANCOVA",
    "ANCOVA, HC3",
    "change score",
    "last visit",
    "treated arm alone",
)


def run(args: argparse.Namespace, windows: tuple[Window, Window]) -> None:
    """Draw the study many times, try the analyses, and print or write what came of it."""
    if (args.file is None) == (args.design is None):
        raise Refused(
            "Give a workbook of diaries, or --design CODE for a trial; not both, and not neither."
        )
    if args.answers is not None and args.export is not None:
        raise Refused(
            "First --export the replicates, then, when another program has answered them, give its "
            "file with --answers and the same other options."
        )
    try:
        drawn = _diaries(args, windows) if args.design is None else _trials(args)
        _told(args, drawn)
    except ValueError as err:
        raise Refused(f"Nothing was certified: {err}.") from err


def _diaries(args: argparse.Namespace, windows: tuple[Window, Window]) -> Replicates:
    from msspas_analysis.certify import EntryRule, diary_replicates

    intake = read(existing(args.file, "workbook"), args.rules)
    before, after = windows
    with showing_progress() as progress:
        return diary_replicates(
            intake.tables, effect=args.effect, entry=entry_rule(args.entry) or EntryRule(),
            before=before, after=after, replicates=args.replicates, seed=args.seed,
            beyond=args.answers is None and args.export is None, workers=args.workers,
            cache=args.cache, progress=progress,
        )  # fmt: skip


def _trials(args: argparse.Namespace) -> Replicates:
    from msspas_analysis.certify import trial_replicates
    from msspas_analysis.simulate.designs import resized
    from msspas_analysis.simulate.templates import DESIGNS

    design: Any = DESIGNS.get(args.design)
    if design is None:
        raise Refused(f"There is no design {args.design!r}; 'msspas simulate' lists them.")
    if args.people is not None:
        design = resized(design, args.people)
    with showing_progress() as progress:
        return trial_replicates(
            design, effect=args.effect, replicates=args.replicates, seed=args.seed,
            workers=args.workers, cache=args.cache, progress=progress,
        )  # fmt: skip


def _told(args: argparse.Namespace, drawn: Replicates) -> None:
    """Print certificates, or write the replicates for another program."""
    from msspas_analysis.certify import certify_analysis, certify_answers

    if args.export is not None:
        with staged(args.export.parent) as part:
            drawn.to_csv(part / args.export.name)
        print(
            f"Nobody in this file exists.\nWritten: {args.export.resolve()}\nAnalyse each world and "
            "replicate, write one CSV with world, replicate, estimate, conf_low, conf_high and "
            "p_value, and give it with --answers."
        )
        return
    if args.answers is not None:
        made = [certify_answers(existing(args.answers, "file of answers"), drawn,
                                name=args.answers.stem)]  # fmt: skip
    else:
        names = OF_DIARIES if args.design is None else OF_TRIALS
        if args.design is not None and drawn.arm is None:
            names = OF_DIARIES[:2]
        made = [certify_analysis(name, drawn) for name in names]
    notes = dict.fromkeys(note for one in made for note in one.results.notes)
    print("\n".join(notes))
    for one in made:
        print(f"\n{one.analysis}: {one.light.upper()}")
        for reason in one.reasons:
            print(f"  {reason}")
        shown = one.results.display()[["group", "measure", "estimate", "conf_low", "conf_high"]]
        for line in shown.to_string(index=False).splitlines():
            print(f"  {line}")
    if args.out is not None:
        from msspas_analysis.results import concat

        print()
        write_answer(args.out, concat(*(one.results for one in made)))
