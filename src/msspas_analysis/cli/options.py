"""What the commands take: files, windows of days, and how a study is planned or certified."""

from __future__ import annotations

import argparse

from msspas_analysis.cli.writing import to_path


def span(text: str) -> tuple[int, int]:
    """Read ``-7:-1`` as two days."""
    first, colon, last = text.partition(":")
    try:
        if not colon:
            raise ValueError
        return int(first), int(last)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a span of days; write first:last, such as -7:-1"
        ) from None


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what every command that reads a workbook takes."""
    parser.add_argument(
        "file", type=to_path, metavar="FILE", help="an Excel workbook or a CSV file"
    )
    parser.add_argument(
        "--rules", type=to_path, metavar="FILE",
        help="your answers to the questions; default: msspas-rules.toml beside the file, if any",
    )  # fmt: skip


def add_windows(parser: argparse.ArgumentParser) -> None:
    """Add the days that are compared."""
    parser.add_argument(
        "--before", type=span, metavar="FIRST:LAST",
        help="days compared, counted from the first session, which is day 0; default -7:-1",
    )  # fmt: skip
    parser.add_argument("--after", type=span, metavar="FIRST:LAST", help="and these; default 28:41")
    parser.add_argument(
        "--min-days", type=int, metavar="N",
        help="fewest rated days for a person's mean to count, in each span; default 4",
    )  # fmt: skip


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add what ``msspas plan`` takes."""
    parser.add_argument("--therapy", required=True, metavar="NAME", help="what is to be studied")
    parser.add_argument(
        "--people", type=int, default=40, metavar="N",
        help="how many can take part; default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--weeks", type=int, default=26, metavar="N",
        help="how long one person may be followed; default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--effect", type=float, default=-1.0, metavar="POINTS",
        help="the effect hoped for on the 0 to 10 rating; default %(default)s [assumption]",
    )  # fmt: skip
    parser.add_argument(
        "--entry", metavar="RULE", default="first rating >= 4",
        help='why people come in; default "%(default)s"; "none" if anybody can come',
    )  # fmt: skip
    parser.add_argument(
        "--setting", choices=("centre", "research"), default="centre",
        help="a centre gets only plans in which nobody is allocated and no care is changed",
    )  # fmt: skip
    parser.add_argument(
        "--expectation", type=float, default=1.0, metavar="SHARE",
        help="share of the usual placebo response that comes with it; default %(default)s "
        "[assumption]",
    )  # fmt: skip
    parser.add_argument(
        "--carry-over", type=float, default=0.0, metavar="DAYS",
        help="days until half of the effect is gone after the end; default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--choose", metavar="PLAN",
        help='write one of the plans, such as "longer baseline", as a folder: protocol, blank diary '
        "workbook, allocation list, frozen analysis",
    )  # fmt: skip
    parser.add_argument(
        "--centre", default="", metavar="NAME", help="with --choose: who keeps the diaries"
    )
    add_drawing(parser, "each study", replicates=1000)
    parser.add_argument(
        "--out", type=to_path, metavar="PLACE",
        help="write the numbers as .csv, .xlsx, .docx or .md; with --choose the new folder",
    )  # fmt: skip


def add_drawing(parser: argparse.ArgumentParser, what: str, *, replicates: int) -> None:
    """Add how often `what` is drawn, from which seed and where."""
    parser.add_argument(
        "--replicates", type=int, default=replicates, metavar="N",
        help=f"how often {what} is drawn in each world; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=2026, metavar="N", help="default %(default)s")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N",
        help="draw in as many processes; the numbers are the same; default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--cache", type=to_path, metavar="FOLDER",
        help="keep what is drawn, so that a run that was stopped goes on where it stood",
    )  # fmt: skip


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=to_path, metavar="FILE", help="write the numbers as .csv, .xlsx, .docx or .md"
    )


def add_certify(parser: argparse.ArgumentParser) -> None:
    """Add what ``msspas certify`` takes."""
    parser.add_argument(
        "file", type=to_path, metavar="FILE", nargs="?",
        help="a workbook of diaries; without it give --design",
    )  # fmt: skip
    parser.add_argument("--design", metavar="CODE", help="a trial: T2, T2-drug, T3 ...")
    parser.add_argument("--people", type=int, metavar="N", help="with --design: people in all")
    parser.add_argument(
        "--effect", type=float, default=-1.0, metavar="POINTS",
        help="the claimed effect on the 0 to 10 rating; default %(default)s [assumption]",
    )  # fmt: skip
    parser.add_argument(
        "--entry", metavar="RULE",
        help='why people came in, such as "first rating >= 4"; default: anybody could come',
    )  # fmt: skip
    add_windows(parser)
    add_drawing(parser, "the study", replicates=2000)
    parser.add_argument(
        "--rules", type=to_path, metavar="FILE", help="your answers about the workbook"
    )
    parser.add_argument(
        "--export", type=to_path, metavar="FILE",
        help="write the replicates as CSV for another program, and stop",
    )  # fmt: skip
    parser.add_argument(
        "--answers", type=to_path, metavar="FILE", help="certify the answers of another program"
    )
    _add_out(parser)
