"""``msspas simulate``: an invented study of any design, with the truth beside it, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    parser.add_argument("--out", type=to_path, metavar="FOLDER", help="default: simulated-DESIGN")


def run(args: argparse.Namespace) -> None:
    """Draw a study and write it, or list the designs."""
    if args.design is None:
        _list()
        return
    if args.seed < 0:
        raise Refused(f"--seed must be 0 or more, got {args.seed}.")
    folder: Path = args.out or to_path(f"simulated-{args.design}")
    try:
        draw = _survey if args.design.upper() == SURVEY else _study
        written = draw(args, folder)
    except ValueError as err:
        raise Refused(f"Nothing was written: {err}.") from err
    print(f"Nobody in these files exists.\nWritten to {folder.resolve()}:")
    for path in written:
        print(f"  {path}")


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


def _settings(words: list[str], kind: type[World] | type[SurveyScenario]) -> dict[str, Any]:
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
