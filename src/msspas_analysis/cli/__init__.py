"""The command ``msspas``: read, call, write, and say in plain words what happened.

Nothing heavy is imported before a command needs it, so that ``msspas --help`` answers at once.
Files are first written into a folder of their own and moved when all are whole.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from msspas_analysis.cli import evidence, simulate
from msspas_analysis.cli.options import add_certify, add_plan, add_reading, add_windows
from msspas_analysis.cli.reading import entry_rule, existing, names_somebody, read, safe_stem
from msspas_analysis.cli.writing import (
    Refused,
    count,
    either,
    showing_progress,
    staged,
    to_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from msspas_analysis.certify import EntryRule
    from msspas_analysis.ingest.intake import Intake
    from msspas_analysis.report.disclosure import Profile
    from msspas_analysis.tables import Window

MOST_ASKS = 15
TITLE = "Service evaluation"
NO_WORD = (
    "No Word file was written, because the library python-docx is not installed. To install it: "
    'pip install "msspas-analysis[word]"'
)
HIDDEN_NAME = "the file (its name is hidden)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``msspas``.

    Parameters
    ----------
    argv : sequence of str or None
        The words after ``msspas``; None takes them from the command line.

    Returns
    -------
    int
        0 when everything was written, 2 when nothing was, 130 when stopped with Ctrl+C.

    Examples
    --------
    >>> main(["chekc", "diaries.xlsx"])
    2
    """
    for stream in (sys.stdout, sys.stderr):
        # a console that lacks a character shows "?" and does not stop the work
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        parser, commands = _parser()
        if not words:
            parser.print_help()
            return 0
        _refuse_unknown(words[0], commands)
        args = parser.parse_args(_join_spans(words))
        run: Callable[[argparse.Namespace], None] = args.run
        run(args)
    except SystemExit as stop:  # argparse: 0 after --help and --version, 2 after a mistake
        return stop.code if isinstance(stop.code, int) else 2
    except Refused as err:
        print(err, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read what is printed, such as head, has enough
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("\nStopped; nothing was half-written.", file=sys.stderr)
        return 130
    return 0


# --- the commands ---------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> None:
    """Read a workbook, write what was read, and say what waits for an answer."""
    source = existing(args.file, "workbook")
    intake = read(source, args.rules)
    print(_shown_name(source))
    _print_intake(intake)
    folder = args.out or _checked_folder(source)
    with staged(folder) as part:
        written = _write_intake(intake, source, part)
    _print_written(folder, written)


def _report(args: argparse.Namespace) -> None:
    """Read a workbook, write what was read and the page."""
    windows, entry = _windows(args), entry_rule(args.entry)
    source = existing(args.file, "workbook")
    folder = _checked_folder(source)
    page: Path = args.out or _report_folder(source, args.profile) / "report.html"
    if page.is_dir():
        page /= "report.html"
    if args.out:
        folder = page.parent / folder.name
    intake = read(source, args.rules)
    _make_report(
        intake, source, folder, page, windows=windows, title=args.title, entry=entry,
        profile=args.profile, docx=args.docx,
    )  # fmt: skip
    if args.open:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())


def _template(args: argparse.Namespace) -> None:
    """Write an empty diary workbook, and a paper diary if asked."""
    from msspas_analysis.ingest.template import write_paper_diary, write_template

    workbook, paper = args.out, args.paper
    if workbook == paper:
        raise Refused(f"--out and --paper both say {paper}; give two different names.")
    wanted = [path for path in (workbook, paper) if path is not None]
    if there := [str(path) for path in wanted if path.exists() and not args.force]:
        raise Refused(
            f"Nothing was written, because it would replace {' and '.join(there)}. "
            "Choose another name, or add --force to replace."
        )
    try:
        with staged(workbook.parent) as part:
            write_template(part / workbook.name, weeks=args.weeks)
        if paper is not None:
            with staged(paper.parent) as part:
                write_paper_diary(part / paper.name, weeks=args.weeks)
    except ValueError as err:
        raise Refused(f"{err}.") from err
    for path in wanted:
        print(f"Written: {path.resolve()}")


def _estimate(args: argparse.Namespace) -> None:
    """Put a question to a tidy table, explain an estimator, or list them."""
    from msspas_analysis.cli import estimate

    estimate.run(args.name, args.rest)


def _certify(args: argparse.Namespace) -> None:
    """Say how often an analysis is wrong on data of this shape."""
    from msspas_analysis.cli import certify

    certify.run(args, _windows(args))


def _plan(args: argparse.Namespace) -> None:
    """Compare designs for the same people."""
    from msspas_analysis.cli import plan

    plan.run(args)


def _demo(args: argparse.Namespace) -> None:
    """Make an invented centre's workbook, read it and write its report."""
    from msspas_analysis.simulate.centre import regenerate
    from msspas_analysis.tables import AFTER, BEFORE

    folder: Path = args.out
    with staged(folder) as part:
        regenerate(part)
    source = folder / "centre_messy.xlsx"
    print(f"Everybody in {source.name} is invented, and so are their diaries.\n")
    intake = read(source, None)
    _print_intake(intake)
    checked = _checked_folder(source)
    print()
    page = _report_folder(source) / "report.html"
    _make_report(intake, source, checked, page, windows=(BEFORE, AFTER))


# --- between the command and the rooms below --------------------------------------------------


def _write_intake(intake: Intake, source: Path, part: Path) -> list[Path]:
    """Write what was read into `part`; return names within it."""
    from msspas_analysis.ingest import write_intake

    return [path.relative_to(part) for path in write_intake(intake, source, part)]


def _make_report(
    intake: Intake, source: Path, folder: Path, page: Path, *, windows: tuple[Window, Window],
    title: str = TITLE, entry: EntryRule | None = None, profile: Profile = "public",
    docx: bool = False,
) -> None:  # fmt: skip
    """Write what was read into `folder` and the page to `page`; say in few lines what and where."""
    from msspas_analysis.report import service_evaluation

    before, after = windows
    with showing_progress() as progress:
        made = service_evaluation(
            intake, before=before, after=after, title=title, entry=entry, profile=profile,
            progress=progress,
        )  # fmt: skip
    with staged(folder) as part:
        _write_intake(intake, source, part)
    said = [f"The report: {page.resolve()}"]
    with staged(page.parent) as part:
        made.write(part / page.name)
        if docx:
            from msspas_analysis.report.word import write_word

            try:
                word = write_word(made, part / f"{page.stem}.docx")
                said.append(f"The same as a Word file: {page.resolve().with_name(word.name)}")
            except ImportError:
                said.append(NO_WORD)
    print(_people(intake))
    print(f"{intake.tally}. {_questions(intake)}")
    print(f"What was read (client data: keep it in the centre): {folder.resolve()}")
    if profile == "internal":
        said.append("This report is internal: small groups, nothing rounded. Do not pass it on.")
    print("\n".join(said))
    print(f"To open it, double-click that file or paste this into a browser: {_uri(page)}")


def _windows(args: argparse.Namespace) -> tuple[Window, Window]:
    """Build the two windows from ``--before``, ``--after`` and ``--min-days``."""
    from msspas_analysis.tables import AFTER, BEFORE, Window

    built = []
    for default, span in ((BEFORE, args.before), (AFTER, args.after)):
        first, last = span or (default.first_day, default.last_day)
        try:
            built.append(
                Window(
                    name=default.name,
                    first_day=first,
                    last_day=last,
                    min_days=default.min_days if args.min_days is None else args.min_days,
                )
            )
        except ValueError as err:
            raise Refused(f"--{default.name} and --min-days do not fit: {err}.") from err
    before, after = built
    if before.last_day >= after.first_day:
        raise Refused(
            f"The days before (to day {before.last_day}) run into the days after "
            f"(from day {after.first_day}). Day 0 is the first session; give --before a span that "
            "ends earlier, or --after one that begins later."
        )
    return before, after


# --- names of files -----------------------------------------------------------------------------


def _shown_name(path: Path) -> str:
    return HIDDEN_NAME if names_somebody(path) else path.name


def _checked_folder(path: Path) -> Path:
    """Return the folder beside `path` for what was read from it; its name says what it holds."""
    return path.parent / f"{safe_stem(path)} checked - client data, do not send"


def _report_folder(path: Path, profile: Profile = "public") -> Path:
    """Return the folder beside `path` for what may be sent, and another for what may not."""
    internal = " - internal, do not send" if profile == "internal" else ""
    return path.parent / f"{safe_stem(path)} report{internal}"


def _uri(path: Path) -> str:
    return path.resolve().as_uri()


# --- what is printed ------------------------------------------------------------------------------


def _print_intake(intake: Intake) -> None:
    """Print people, cells, hidden rows and the questions that wait."""
    import textwrap

    from msspas_analysis.ingest.rules import FILE_NAME

    tally = intake.tally
    print(_people(intake))
    print(f"{tally}.")
    if tally.hidden_rows:
        hidden = count(tally.hidden_rows, "row was", "rows were")
        print(f"{hidden} hidden in the file and read like any other.")
    print(_questions(intake))
    for number, ask in enumerate(intake.asks.head(MOST_ASKS).to_dict("records"), start=1):
        question = f"{ask['question'][:1].upper()}{ask['question'][1:]}"
        where = f"{count(ask['cells'], 'cell')}, such as {ask['example']}"
        answer = ask["answer"]
        if not answer:
            answer = "Mend it in the workbook."
        elif answer.startswith("["):
            answer = f"In the rules file: {answer}"
        indent = " " * 6
        for first, text in (
            (f"{number:>4}. ", f"{question} ({where})"),
            (indent, answer[0].upper() + answer[1:]),
        ):
            print(textwrap.fill(text, 88, initial_indent=first, subsequent_indent=indent,
                                break_on_hyphens=False))  # fmt: skip
    if (more := len(intake.asks) - MOST_ASKS) > 0:
        print(f"      and {more} more in ledger.csv")
    if len(intake.asks):
        print(f"The rules file is {FILE_NAME} beside the workbook; questions.txt explains it.")


def _people(intake: Intake) -> str:
    """Say how many people there are, and how many were left out and why."""
    tally = intake.tally
    found = tally.people + sum(tally.left_out.values())
    line = f"{count(found, 'person', 'people')} found, {tally.people:,} used."
    reasons = [
        f"{n:,} {'left empty' if why == 'blank' else why}"
        for why, n in sorted(tally.left_out.items())
        if n
    ]
    if reasons:
        line += f" Left out for what stands in the consent column: {', '.join(reasons)}."
    if not intake.consent_recorded:
        line += " The file does not say who agreed to the evaluation."
    return line


def _questions(intake: Intake) -> str:
    tally = intake.tally
    if not tally.asks:
        return "No question waits for an answer."
    waiting = count(tally.questions, "cell waits", "cells wait")
    return f"{waiting} for an answer to {count(tally.asks, 'question')}."


def _print_written(folder: Path, written: Sequence[Path]) -> None:
    print(f"\nWritten to {folder.resolve()}:")
    for path in written:
        print(f"  {path}")


# --- the words after msspas -----------------------------------------------------------------------


class _Version(argparse.Action):
    """Look the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and stop."""
        from importlib.metadata import version

        print(f"msspas {version('msspas-analysis')}")
        parser.exit()


def _join_spans(words: Sequence[str]) -> list[str]:
    """Join ``--before -7:-1`` with an equals sign; a leading minus would read as an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in ("--before", "--after") and word[:1] == "-" and ":" in word:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _refuse_unknown(word: str, commands: Sequence[str]) -> None:
    """Refuse a first word that is no command, with what may have been meant."""
    if word.startswith("-") or word in commands:
        return
    from difflib import get_close_matches

    if to_path(word).is_file():
        meant = f'To read that file: msspas check "{word}"'
    elif near := get_close_matches(word.lower(), commands, n=2, cutoff=0.5):
        meant = f"Did you mean {either(near)}?"
    else:
        meant = "'msspas --help' explains each of them."
    raise Refused(f"There is no command {word!r}; there are {', '.join(commands)}. {meant}")


def _parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """Build the parser; return it with the names of the commands."""
    parser = argparse.ArgumentParser(
        prog="msspas",
        description="Read a centre's symptom-diary workbook, account for every cell, and write a\n"
        "report of what changed, with what may explain the change. Not a medical device.",
        epilog="Example:\n  msspas demo\n  msspas report diaries.xlsx --out report.html",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="print the version and stop",
        default=argparse.SUPPRESS,
    )  # fmt: skip
    made = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], None], *, text: str, example: str
    ) -> argparse.ArgumentParser:
        one = made.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"Example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(run=run)
        return one

    check = command(
        "check", _check,
        text="read a workbook and list what was used, what was not, and what waits for an answer",
        example='msspas check "Diaries 2026.xlsx"',
    )  # fmt: skip
    add_reading(check)
    check.add_argument("--out", type=to_path, metavar="FOLDER", help="default: beside the file")

    report = command(
        "report", _report,
        text="read a workbook and write the report, one page for the browser",
        example='msspas report "Diaries 2026.xlsx" --out report.html --after=28:41',
    )  # fmt: skip
    add_reading(report)
    report.add_argument(
        "--out", type=to_path, metavar="PAGE",
        help="the page to write; default: report.html in a folder beside the file",
    )  # fmt: skip
    add_windows(report)
    report.add_argument(
        "--entry", metavar="RULE",
        help='why people were taken on: "first rating >= 4", "first week mean >= 4" or "none"; '
        "default: not known, several are looked at",
    )  # fmt: skip
    report.add_argument(
        "--profile", choices=("public", "internal"), default="public",
        help="public: counts rounded, groups of 10 or more; internal: groups of 5 or more, marked as "
        "not for circulation; default %(default)s",
    )  # fmt: skip
    report.add_argument("--docx", action="store_true", help="write a Word file beside the page")
    report.add_argument("--title", default=TITLE, help="the title of the page")
    report.add_argument("--open", action="store_true", help="open the page in the browser")

    template = command(
        "template", _template,
        text="write an empty diary workbook to fill in",
        example="msspas template --weeks 12 --paper diary.html",
    )  # fmt: skip
    template.add_argument(
        "--out", type=to_path, default="diary-template.xlsx", metavar="FILE",
        help="default: %(default)s in this folder",
    )  # fmt: skip
    template.add_argument("--weeks", type=int, default=8, metavar="N", help="weeks; default 8")
    template.add_argument(
        "--paper",
        type=to_path,
        metavar="FILE",
        help="write a diary to print as well, such as d.html",
    )
    template.add_argument("--force", action="store_true", help="replace files that are there")

    simulated = command(
        "simulate", simulate.run,
        text="invent a study of a chosen design, or diaries like your own, with the truth beside them",
        example='msspas simulate T2 --seed 7\n  msspas simulate --like "Diaries 2026.xlsx"',
    )  # fmt: skip
    simulate.add_options(simulated)

    estimated = command(
        "estimate", _estimate,
        text="put a question to a tidy table: how common, did it change, a trial, a crossover",
        example="msspas estimate adjusted_difference trial.csv --outcome after --arm arm "
        "--control sham\n    --covariates before --out results.docx",
    )  # fmt: skip
    estimated.add_argument(
        "name", metavar="ESTIMATOR", nargs="?",
        help="such as adjusted_difference; without it they are listed",
    )  # fmt: skip
    estimated.add_argument(
        "rest", metavar="FILE --option VALUE ...", nargs=argparse.REMAINDER,
        help="a table, CSV or Excel, and what the estimator asks; without a file it is explained",
    )  # fmt: skip

    certified = command(
        "certify", _certify,
        text="draw diaries like yours, or a trial, thousands of times, and say how often an analysis "
        "of them is wrong",
        example='msspas certify "Diaries 2026.xlsx" --entry "first rating >= 4" --effect=-1\n'
        "  msspas certify --design T2 --people 120 --effect=-1",
    )  # fmt: skip
    add_certify(certified)

    planned = command(
        "plan", _plan,
        text="before you start: which design could answer your question with the people there are, and "
        "what each would show where nothing works",
        example='msspas plan --therapy reflexology --people 40 --weeks 26 --entry "first rating >= 4"\n'
        "  msspas plan --therapy massage --people 40 --weeks 26 --setting research\n"
        '  msspas plan --therapy massage --people 40 --choose "longer baseline" --out our-plan',
    )  # fmt: skip
    add_plan(planned)

    shelf = command(
        "evidence", evidence.run,
        text="the studies behind a booklet on spasticity: claims, risk of bias, checks, replays; or a "
        "paper of your own",
        example="msspas evidence claims TENS\n  msspas evidence show tens-miller-2007\n"
        "  msspas evidence replay reflexology-hughes-2009\n  msspas evidence form --out my-paper.yaml",
    )  # fmt: skip
    evidence.add_options(shelf)

    demo = command(
        "demo", _demo,
        text="make an invented centre's workbook, read it and write its report",
        example="msspas demo --out trial",
    )  # fmt: skip
    demo.add_argument(
        "--out", type=to_path, default="msspas-demo", metavar="FOLDER",
        help="default: %(default)s in this folder",
    )  # fmt: skip
    return parser, list(made.choices)
