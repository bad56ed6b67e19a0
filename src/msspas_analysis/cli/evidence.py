"""``msspas evidence``: the studies behind the booklet, appraised, checked and run again; or a paper of your own."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from msspas_analysis.cli.options import add_drawing
from msspas_analysis.cli.reading import existing
from msspas_analysis.cli.writing import (
    Refused,
    either,
    showing_progress,
    staged,
    to_path,
    write_answer,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from msspas_analysis.results import Estimates

VERBS = {
    "list": "every entry, by chapter, or those on one topic",
    "show": "one entry: design, figures with their status, concerns, the comparison",
    "claims": "what the booklet says beside what its sources say",
    "checks": "printed numbers of the studies against each other",
    "appraise": "risk of bias, domain by domain",
    "table": "studies side by side: design, people, what was found, risk of bias",
    "findings": "what the studies say together, how sure that is, and what nothing would have shown",
    "replay": "run a study, or all, again: how often it looks as it was printed with nothing true",
    "rule": "what 'on only if a fifth lower' lets through with nothing given, with hope, with the treatment",
    "form": "print a form for a paper of your own",
    "paper": "check, appraise and replay a paper of your own from its form",
}
_WIDTH = 92
_SHARES = ("printed", "called", "share", "mean_share", "type_s")
"""How measures of a replay begin that are shares."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``msspas evidence`` takes."""
    parser.add_argument(
        "verb", metavar="WHAT", nargs="?", help="; ".join(f"{k}: {v}" for k, v in VERBS.items())
    )
    parser.add_argument(
        "what", metavar="KEY", nargs="*",
        help="keys of entries, a topic such as TENS, with 'rule' falls in per cent, with 'paper' the form",
    )  # fmt: skip
    add_drawing(parser, "a study", replicates=10_000)
    parser.add_argument(
        "--out", type=to_path, metavar="FILE",
        help="with claims, checks, appraise and list: write .csv; with table, findings, replay, rule and "
        "paper also .xlsx, .docx and .md; with form the form",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Do what was asked."""
    if args.verb is None:
        print("msspas evidence WHAT")
        for name, words in VERBS.items():
            print(f"  {name:9} {words}")
        return
    if args.verb not in VERBS:
        from difflib import get_close_matches

        near = get_close_matches(args.verb.lower(), VERBS, n=1, cutoff=0.5)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise Refused(f"There is no {args.verb!r}. {meant}There are {', '.join(VERBS)}.")
    done: dict[str, Callable[[argparse.Namespace], None]] = {
        "list": _list, "show": _show, "claims": _claims, "checks": _checks,
        "appraise": _appraise, "table": _table, "findings": _findings, "replay": _replay,
        "rule": _rule, "form": _form, "paper": _paper,
    }  # fmt: skip
    from msspas_analysis.certify.running import BlocksFailedError

    try:
        done[args.verb](args)
    except BlocksFailedError:
        raise
    except KeyError as err:
        raise Refused(_sentence(str(err.args[0]))) from err
    except ValueError as err:
        raise Refused(_sentence(str(err))) from err


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _list(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.library import EDITION, TOPICS, load

    library = load()
    shown = set(library) if not args.what else {
        one.key for one in library.about(" ".join(args.what))
    }  # fmt: skip
    print(_filled(f"Behind {EDITION}."))
    for chapter, topics in TOPICS.items():
        mine = [one for one in library.values() if one.key in shown and one.topics[0] in topics]
        if mine:
            print(f"\n{chapter[:1].upper()}{chapter[1:]}")
        for one in mine:
            print(f"  {one.key:34} {one.name}: {one.design.kind}; {one.verdict}")
    table = library.table()
    _write(args.out, table[table["key"].isin(shown)])


def _show(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.appraisal.appraised import appraise
    from msspas_analysis.evidence.library import load

    if not args.what:
        raise Refused(
            "Say which entry: msspas evidence show KEY; 'msspas evidence list' lists them."
        )
    for number, key in enumerate(args.what):
        if number:
            print()
        for line in str(load()[key]).splitlines():
            print(_filled(line))
        for line in str(appraise(key)).splitlines()[1:]:
            print(_filled(line))


def _claims(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.claims import bench_counts, bench_text, claims_bench

    table = claims_bench(" ".join(args.what) or None)
    for line in bench_text(table).splitlines():
        print(_filled(line))
    print()
    for row in bench_counts(table).to_dict("records"):
        print(f"{row['sentences']:>3} {row['verdict']}: {row['meaning']}")
    print("Nothing here is advice; 'no good evidence' does not mean 'does not work'.")
    _write(args.out, table)


def _checks(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.library_checks import library_checks

    _print_checks(table := library_checks())
    _write(args.out, table)


def _print_checks(table: pd.DataFrame) -> None:
    for row in table.to_dict("records"):
        note = f" {row['note']}" if row["note"] else ""
        print(_filled(f"{row['source']}, {row['check']}: printed {row['printed']}, worked out "
                      f"{row['worked_out']}: {row['verdict']}.{note}"))  # fmt: skip
    print(_filled("A number that does not fit is a question to its authors: misprints, rounding and "
                  "adjusted analyses make such too."))  # fmt: skip


def _appraise(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.appraisal.appraised import appraisal_table, appraise
    from msspas_analysis.evidence.library import load

    for key in args.what or load():
        one = appraise(key)
        if args.what or one.tool:
            for line in str(one).splitlines():
                print(_filled(line))
    if args.out is not None:
        _write(args.out, appraisal_table(args.what or None))


def _table(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.appraisal.findings import evidence_table

    _check_ending(args.out)
    table = evidence_table(_asked(args.what))
    for row in table.to_dict("records"):
        print(row["study"])
        for name, value in row.items():
            if name not in ("key", "study") and value:
                print(_filled(f"  {str(name).replace('_', ' ')}: {value}"))
    _write_evidence(args.out, table)


def _asked(what: list[str]) -> str | list[str] | None:
    """Return the topic, or the keys, that were asked for."""
    from msspas_analysis.evidence.library import load

    if not what:
        return None
    return what if all(key in load() for key in what) else " ".join(what)


def _findings(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.appraisal.findings import (
        HOW_READ,
        findings_on,
        summary_of_findings,
    )
    from msspas_analysis.evidence.replay.run import replay_library
    from msspas_analysis.evidence.replay.studies import replays

    _check_ending(args.out)
    bodies = findings_on(" ".join(args.what) or None)
    keys = [key for key in dict.fromkeys(k for one in bodies for k in one.keys) if key in replays()]
    found = None
    if keys:
        with showing_progress() as progress:
            found = replay_library(
                keys, replicates=args.replicates, seed=args.seed, workers=args.workers,
                cache=args.cache, progress=progress,
            )  # fmt: skip
    table = summary_of_findings(bodies, replays=found)
    for row in table.to_dict("records"):
        print(_filled(f"{row['question'][:1].upper()}{row['question'][1:]}: {row['outcome']}"))
        people = f" ({row['people']:,} people)" if isinstance(row["people"], int) else ""
        print(_filled(f"  {row['studies']}{people}. {row['effect']}"))
        if row["control"]:
            print(_filled(f"  Without it: {row['control']}"))
        if row.get("with_nothing_true"):
            print(
                _filled(f"  Looks as it was printed with nothing true: {row['with_nothing_true']}")
            )
        print(_filled(f"  Certainty {row['certainty']}: {row['said']} ({row['reasons']})"))
    for note in HOW_READ:
        print(_filled(note))
    _write_evidence(args.out, table)


def _check_ending(out: Path | None) -> None:
    """Refuse a file that cannot be written, before anything is run for it."""
    if out is None:
        return
    from msspas_analysis.report.results_table import SUFFIXES

    if out.suffix.lower() not in SUFFIXES:
        raise Refused(f"Give --out a name that ends in {either(SUFFIXES)}, got {out.name}.")


def _write_evidence(out: Path | None, table: pd.DataFrame) -> None:
    if out is None:
        return
    from msspas_analysis.report.evidence_tables import write_evidence

    with staged(out.parent) as part:
        write_evidence(table, part / out.name)
    print(f"\nWritten: {out.resolve()}")


def _replay(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.replay.run import replay_library

    _check_ending(args.out)
    with showing_progress() as progress:
        found = replay_library(
            args.what or None, replicates=args.replicates, seed=args.seed, workers=args.workers,
            cache=args.cache, progress=progress,
        )  # fmt: skip
    _print_replay(found)
    if args.out is not None:
        print()
        write_answer(args.out, found)


def _print_replay(found: Estimates) -> None:
    from msspas_analysis.evidence.replay.analyses import TRUTHS

    table = found.table
    for key in table["outcome"].unique():
        print(f"\n{key}")
        for truth in TRUTHS:
            mine = table[(table["outcome"] == key) & (table["group"] == truth)]
            told = []
            for row in mine.to_dict("records"):
                share = str(row["measure"]).startswith(_SHARES)
                value, error = float(row["estimate"]), float(row["std_error"])
                form = f"{100 * value:.1f} % (± {100 * error:.1f})" if share else f"{value:.2f}"
                told.append(f"{str(row['measure']).replace('_', ' ')} {form}")
            print(_filled(f"  {truth}: {'; '.join(told)}"))
    print()
    for note in found.notes:
        print(_filled(note))


def _rule(args: argparse.Namespace) -> None:
    from msspas_analysis.certify.studies.rule_runs import GIVEN, WORLDS, what_rules_pass

    _check_ending(args.out)
    try:
        cuts = [float(text.removesuffix("%")) / 100 for text in args.what or ("20", "30")]
    except ValueError:
        raise Refused(
            f"Give falls in per cent, such as 'msspas evidence rule 20 30', got {' '.join(args.what)}."
        ) from None
    with showing_progress() as progress:
        found = what_rules_pass(
            cuts=cuts, replicates=args.replicates, seed=args.seed, progress=progress
        )
    table = found.table[~found.table["group"].str.contains(", from ", regex=False)]
    for (rule, how), mine in table.groupby(["outcome", "group"], sort=False):
        shares = mine.set_index(["term", "measure"])["estimate"]
        told = "; ".join(f"{world} {100 * shares[world, 'passed']:.0f} %" for world in WORLDS)
        anyway = 100 * shares[GIVEN, "passed_anyway"]
        print(_filled(f"{rule}, {how}: {told}"))
        print(
            _filled(
                f"  of those who pass with the treatment {anyway:.0f} % would have passed without it"
            )
        )
    print()
    for note in found.notes:
        print(_filled(note))
    if args.out is not None:
        print()
        write_answer(args.out, found)


def _form(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.own_paper import FORM

    if args.out is None:
        print(FORM, end="")
        return
    with staged(args.out.parent) as part:
        (part / args.out.name).write_text(FORM, encoding="utf-8")
    print(f"Written: {args.out.resolve()}")


def _paper(args: argparse.Namespace) -> None:
    from msspas_analysis.evidence.appraisal.appraised import domain_lines
    from msspas_analysis.evidence.own_paper import read_paper
    from msspas_analysis.evidence.replay.own import appraise_paper, replay_paper

    if len(args.what) != 1:
        raise Refused(
            "Give one form: msspas evidence paper FORM; 'msspas evidence form' prints one."
        )
    _check_ending(args.out)
    paper = read_paper(existing(to_path(args.what[0]), "form"))
    print(paper.study)
    print(_filled(f"A study of this design can show {paper.can_show}."))
    print()
    checks = paper.checks()
    if len(checks):
        _print_checks(checks)
    table, tool = appraise_paper(paper)
    print("\nRisk of bias")
    for line in (*domain_lines(table), tool):
        print(_filled(line))
    with showing_progress() as progress:
        found = replay_paper(paper, replicates=args.replicates, seed=args.seed,
                             workers=args.workers, cache=args.cache, progress=progress)  # fmt: skip
    _print_replay(found)
    if args.out is not None:
        print()
        write_answer(args.out, found)


def _filled(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, _WIDTH, subsequent_indent=indent, break_on_hyphens=False,
                         break_long_words=False, drop_whitespace=True)  # fmt: skip


def _write(out: Path | None, table: pd.DataFrame) -> None:
    if out is None:
        return
    if out.suffix.lower() != ".csv":
        raise Refused(f"A table is written as .csv, got {out.name}.")
    with staged(out.parent) as part:
        table.to_csv(part / out.name, index=False, encoding="utf-8")
    print(f"\nWritten: {out.resolve()}")
