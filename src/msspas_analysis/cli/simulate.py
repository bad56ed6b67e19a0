"""``msspas simulate``: an invented study of any design, with the truth beside it, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msspas_analysis.cli.reading import entry_rule, existing, read, safe_stem
from msspas_analysis.cli.writing import Refused, count, showing_progress, staged, to_path

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from msspas_analysis.simulate.designs import Design
    from msspas_analysis.simulate.survey import SurveyScenario
    from msspas_analysis.simulate.world import World

SURVEY = "T0"
RUNS_AT_ONCE = 512
FORMS = {"six-part-day": "six-part day", "sativex-sheet": "sativex sheet"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``msspas simulate`` takes."""
    parser.add_argument(
        "design", metavar="DESIGN", nargs="?",
        help="T0 (a survey) to T8; without it the designs are listed",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default %(default)s")
    parser.add_argument(
        "--people", type=int, metavar="N", help="people in all; default: as published"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings",
        help="a number of the world, such as placebo_mean=0 or missing_mechanism=MCAR; may be "
        "given several times",
    )  # fmt: skip
    parser.add_argument(
        "--runs",
        type=int,
        metavar="N",
        help="draw the study N times and write one table of all runs, runs.csv",
    )
    parser.add_argument(
        "--form", choices=tuple(FORMS),
        help="write this form of the same days as well, for a design with a diary",
    )  # fmt: skip
    parser.add_argument(
        "--like", type=to_path, metavar="FILE",
        help="instead of a design: invent diaries that look like those of this workbook, and say "
        "how much they do",
    )  # fmt: skip
    parser.add_argument(
        "--entry", metavar="RULE",
        help='with --like: why people were taken on, such as "first rating >= 4"; default: none',
    )  # fmt: skip
    parser.add_argument(
        "--keep-change", action="store_true",
        help="with --like: keep the shift at the first session; without it nothing happens there",
    )  # fmt: skip
    parser.add_argument(
        "--rules", type=to_path, metavar="FILE",
        help="with --like: your answers to the questions about the workbook",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=to_path, metavar="FOLDER",
        help="default: simulated-DESIGN, or with --like a folder beside the file",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Draw a study and write it, or list the designs."""
    _refuse_what_does_not_fit(args)
    if args.design is None and args.like is None:
        _list()
        return
    if args.seed < 0:
        raise Refused(f"--seed must be 0 or more, got {args.seed}.")
    folder: Path
    try:
        if args.like is not None:
            source = existing(args.like, "workbook")
            folder = args.out or source.parent / f"{safe_stem(source)} synthetic twin"
            written = _twin(args, source, folder)
        else:
            folder = args.out or to_path(f"simulated-{args.design}")
            draw = _survey if args.design.upper() == SURVEY else _study
            written = draw(args, folder)
    except ValueError as err:
        raise Refused(f"Nothing was written: {err}.") from err
    print(f"Nobody in these files exists.\nWritten to {folder.resolve()}:")
    for path in written:
        print(f"  {path}")


def _refuse_what_does_not_fit(args: argparse.Namespace) -> None:
    """Refuse options that would be ignored."""
    if args.like is None:
        for name in ("entry", "keep_change", "rules"):
            if getattr(args, name):
                raise Refused(
                    f"--{name.replace('_', '-')} goes with --like FILE, to invent diaries that look "
                    "like those of a workbook."
                )
        return
    if args.design is not None:
        raise Refused(f"Give a design, {args.design}, or --like {args.like}, not both.")
    for name in ("runs", "form"):
        if getattr(args, name) is not None:
            raise Refused(f"--{name} goes with a design, not with --like.")


def _list() -> None:
    from msspas_analysis.simulate.templates import DESIGNS

    print("Designs (what each is modelled on is in its how-it-was-made.json):")
    print(f"  {SURVEY:<14} A survey of a registry, who answers and who does not")
    for code, design in DESIGNS.items():
        print(f"  {code:<14} {design.title}")
    print("\nExample:\n  msspas simulate T2 --seed 7")


def _design(word: str) -> Design:
    from msspas_analysis.simulate.templates import DESIGNS

    known = {code.lower(): design for code, design in DESIGNS.items()}
    if word.lower() not in known:
        from difflib import get_close_matches

        near = get_close_matches(word.lower(), known, n=1)
        meant = f" Did you mean {known[near[0]].code}?" if near else ""
        raise Refused(
            f"There is no design {word!r}; there are {SURVEY}, {', '.join(DESIGNS)}.{meant}"
        )
    return known[word.lower()]


def _study(args: argparse.Namespace, folder: Path) -> list[Path]:
    from msspas_analysis.simulate.designs import resized
    from msspas_analysis.simulate.files import write_study
    from msspas_analysis.simulate.study import simulate_study
    from msspas_analysis.simulate.world import World

    design = _design(args.design)
    if args.people is not None:
        design = resized(design, args.people)
    world = World(**_settings(args.settings, World))
    with staged(folder) as part:
        if args.runs is not None:
            written = _runs(design, world, args, part)
        else:
            forms = () if args.form is None else (FORMS[args.form],)
            study = simulate_study(design, world, seed=args.seed)
            written = write_study(study, part, forms=forms)
        names = [path.relative_to(part) for path in written]
    print(f"{design.title}; {count(design.n_people, 'person', 'people')}, seed {args.seed}.")
    return names


def _runs(design: Design, world: World, args: argparse.Namespace, part: Path) -> list[Path]:
    """Write many runs, some at a time, so that a long table does not have to be held."""
    from msspas_analysis.simulate.files import design_of, runs_table, write_sidecar
    from msspas_analysis.simulate.trials import simulate_trials, study_scenario

    if args.runs < 1:
        raise Refused(f"--runs must be 1 or more, got {args.runs}.")
    path = part / "runs.csv"
    with showing_progress() as progress:
        for first in range(0, args.runs, RUNS_AT_ONCE):
            drawn = simulate_trials(
                design, world, seed=args.seed, first=first,
                replicates=min(RUNS_AT_ONCE, args.runs - first),
            )  # fmt: skip
            runs_table(drawn, first=first).to_csv(
                path, mode="a", header=first == 0, index=False, lineterminator="\n"
            )
            if progress is not None:
                progress(min(first + RUNS_AT_ONCE, args.runs), args.runs, "runs")
    about = f"{args.runs:,} runs of {design.code}: {design.title}"
    told = write_sidecar(
        about, args.seed, study_scenario(design, world), part, [path.name], design_of(design)
    )
    return [path, told]


def _twin(args: argparse.Namespace, source: Path, folder: Path) -> list[Path]:
    """Fit a world to a workbook and write diaries drawn from it, and how close they come."""
    from dataclasses import replace

    from msspas_analysis.certify.twin.fitting import fit_scenario
    from msspas_analysis.simulate.diary import simulate_diary
    from msspas_analysis.simulate.files import write_diary
    from msspas_analysis.simulate.scenario import DiaryScenario

    entry, own = entry_rule(args.entry), _settings(args.settings, DiaryScenario)
    if args.people is not None:
        own["n_people"] = args.people
    tables = read(source, args.rules).tables
    found = fit_scenario(tables, entry=entry, keep_change=args.keep_change)
    drawn = simulate_diary(replace(found.scenario, **own), seed=args.seed)
    kept = dict(line.split(": ", 1) for line in found.kept)
    with staged(folder) as part:
        paths = write_diary(
            drawn, part, about="A synthetic twin of a centre's diary", fitted={*found.fitted} - {*own},
            beside={"closeness": found.comparison, "fitted": found.values.table},
            more={"not fitted": kept, "notes": list(found.closeness.notes)},
        )  # fmt: skip
        names = [path.relative_to(part) for path in paths]
    people = count(drawn.scenario.n_people, "person", "people")
    alike = count(len(found.comparison) - len(found.apart), "feature")
    print(
        f"A synthetic twin of the diary; {people}, seed {args.seed}.\n"
        f"{alike} of {len(found.comparison)} of the diary lie in the middle 95 % of those of its "
        "twins (closeness.csv)."
    )
    for name in found.apart:
        print(f"  not alike: {name}")
    for note in found.closeness.notes[2:]:
        print(f"  {note}")
    print(
        "Only diary.csv is like yours; therapies, triggers, visits and answers are as in any "
        "invented centre."
    )
    print(
        "closeness.csv, fitted.csv and how-it-was-made.json hold numbers about your clients as a "
        "group, and none about one person."
    )
    return names


def _survey(args: argparse.Namespace, folder: Path) -> list[Path]:
    from msspas_analysis.simulate.files import write_survey
    from msspas_analysis.simulate.survey import SurveyScenario, simulate_survey

    if args.runs is not None:
        raise Refused(f"--runs is for studies; for {SURVEY} use simulate_survey_counts in Python.")
    settings = _settings(args.settings, SurveyScenario)
    if args.people is not None:
        settings["n_people"] = args.people
    survey = simulate_survey(SurveyScenario(**settings), seed=args.seed)
    with staged(folder) as part:
        names = [path.relative_to(part) for path in write_survey(survey, part)]
    asked = count(len(survey.respondents), "respondent")
    print(f"A survey: {asked} of {len(survey.truth):,} people, seed {args.seed}.")
    return names


def _settings(words: list[str], kind: type[World | SurveyScenario]) -> dict[str, Any]:
    """Read ``field=value``; a value is a number, true, false, none, numbers with commas or a word."""
    from dataclasses import fields

    known = {one.name for one in fields(kind)} - {"episodes"}
    out = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=3)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise Refused(f"--set {word!r} is not FIELD=VALUE with a field of the world.{meant}")
        out[name] = _value(value)
    return out


def _value(text: str) -> Any:
    parts = [_one(part.strip()) for part in text.split(",")]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _one(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
