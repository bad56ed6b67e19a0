"""``msspas estimate``: any estimator on a table of your own, from a file to an answer.

The options of an estimator are read off its signature, so that what Python can ask the command can.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from msspas_analysis.cli.reading import existing
from msspas_analysis.cli.writing import Refused, count, either, to_path, write_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Parameter
    from pathlib import Path

    import pandas as pd

ROOMS = {
    "change": "did it change",
    "trials": "arms beside each other, and several columns at once",
    "prevalence": "how common",
    "agreement": "how well it is measured, and what goes together",
    "pooling": "several studies of one question",
}
_TEXT = (
    "str", "str | None", "Direction", "Model", "SmallSample", "Scale", "Missing", "Method", "Interval",
    "TableMeasure", "ShareModel",
)  # fmt: skip
_LISTS = ("Sequence[str]", "Sequence[str] | None", "tuple[str, str]", "str | Sequence[str]")
_NUMBERS = {"float": float, "float | None": float, "int": int, "int | None": int}
_ROWS_OF_NUMBERS = ("Sequence[float]", "Sequence[float] | None")
_VALUES = ("object", "Any")
_SEVERAL_VALUES = (
    "Sequence[Any]", "Sequence[Any] | None", "Sequence[Hashable]", "Sequence[Hashable] | None",
)  # fmt: skip
_SHARES = "Mapping[Any, float] | pd.Series[Any]"
_DESIGN = "SurveyDesign"
# whose values an argument names: the first of these arguments that is given
_COLUMN = {
    "control": ("arm", "treatment"), "primary": ("arm",), "positive": ("what", "outcome", "before"),
    "levels": ("what", "outcome", "anchor"), "better": ("anchor",), "no_change": ("anchor",),
    "categories": ("ratings",), "standard": ("by",),
}  # fmt: skip
_OF_A_DESIGN = ("weights", "strata", "clusters", "fpc")


def run(name: str | None, words: list[str]) -> None:
    """Answer, explain one estimator, or list them."""
    known = offered()
    if name is None:
        _list(known)
        return
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        meant = f"Did you mean {either(near)}?" if near else "'msspas estimate' lists them."
        raise Refused(f"There is no estimator {name!r}. {meant}")
    estimator = known[name]
    parser = _parser_of(name, estimator)
    if not words:
        _explain(name, estimator, parser)
        return
    _answer(estimator, parser.parse_args(words))


def offered() -> dict[str, Callable[..., Any]]:
    """Return the estimators that a table and options can be given to, by name."""
    from importlib import import_module
    from pkgutil import iter_modules

    found = {}
    for room in ROOMS:
        package = import_module(f"msspas_analysis.estimate.{room}")
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            for name, one in vars(import_module(module.name)).items():
                mine = callable(one) and getattr(one, "__module__", "") == module.name
                if mine and name[0].islower() and _can_be_asked(one):
                    found[name] = one
    return dict(sorted(found.items()))


def _can_be_asked(function: Callable[..., Any]) -> bool:
    from inspect import signature

    told = signature(function)
    first, *others = told.parameters.values()
    return (
        str(told.return_annotation) == "Estimates"
        and str(first.annotation) == "pd.DataFrame"
        and all(_kind(p) is not None for p in others if p.default is p.empty)
    )


def _kind(parameter: Parameter) -> str | None:
    """Return what an argument is made of from words; None where it cannot be."""
    told = str(parameter.annotation)
    if told in _TEXT:
        return "text"
    if told in _LISTS:
        return "list"
    if told in _NUMBERS:
        return "number"
    if told in _ROWS_OF_NUMBERS:
        return "numbers"
    if told == "bool":
        return "flag"
    if told in (_VALUES if parameter.name in _COLUMN else ()):
        return "value"
    if told in (_SEVERAL_VALUES if parameter.name in _COLUMN else ()):
        return "values"
    if told == _SHARES:
        return "shares"
    return "design" if told == _DESIGN else None


def _arguments(function: Callable[..., Any]) -> dict[str, tuple[Parameter, str]]:
    from inspect import signature

    _, *others = signature(function).parameters.values()
    return {p.name: (p, kind) for p in others if (kind := _kind(p)) is not None}


def _parser_of(name: str, function: Callable[..., Any]) -> argparse.ArgumentParser:
    """Build the parser of one estimator."""
    words = {
        "text": "TEXT", "list": "A,B", "number": "N", "numbers": "N,N", "value": "VALUE",
        "values": "A,B", "shares": "A=N,B=N",
    }  # fmt: skip
    parser = argparse.ArgumentParser(
        prog=f"msspas estimate {name}", description=_first_line(function), allow_abbrev=False
    )
    parser.add_argument("file", type=to_path, metavar="FILE", help="a table: CSV or Excel")
    parser.add_argument("--sheet", metavar="NAME", help="of an Excel file; default: the first")
    parser.add_argument(
        "--out", type=to_path, metavar="FILE",
        help="write the answer as .docx, .xlsx, .csv or .md; default: print it",
    )  # fmt: skip
    for p, kind in _arguments(function).values():
        flag = f"--{p.name.replace('_', '-')}"
        must = p.default is p.empty
        if kind == "design":
            for part in _OF_A_DESIGN:
                parser.add_argument(
                    f"--{part}", metavar="COLUMN", help=f"of the survey design: {part}"
                )
        elif kind == "flag":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None)
        else:
            default = "required" if must else f"default: {p.default!r}"
            parser.add_argument(
                flag, metavar=words[kind], required=must, type=_NUMBERS.get(str(p.annotation), str),
                help=default.replace("%", "%%"),
            )  # fmt: skip
    return parser


def _answer(function: Callable[..., Any], given: argparse.Namespace) -> None:
    """Read the table, ask, and print or write the answer."""
    table = _table(existing(given.file, "table"), given.sheet)
    asked: dict[str, Any] = {}
    for name, (_, kind) in _arguments(function).items():
        if kind == "design":
            asked[name] = _design(given)
        elif (said := getattr(given, name)) is not None:
            asked[name] = said
    try:
        for name, (_, kind) in _arguments(function).items():
            if name in asked:
                asked[name] = _read_as(kind, asked[name], partial(_named, name, asked, table))
        answer = function(table, **asked)
    except (ValueError, TypeError) as err:
        raise Refused(f"{str(err)[:1].upper()}{str(err)[1:]}.") from err
    if given.out is None:
        print(answer)
        return
    write_answer(given.out, answer)


def _read_as(kind: str, said: Any, values: Callable[[], Mapping[str, Any]]) -> Any:
    """Make of words what the estimator takes; `values` gives those of the column they name."""
    if kind == "list":
        return tuple(_parts(said))
    if kind == "numbers":
        return tuple(float(part) for part in _parts(said))
    if kind == "value":
        several = _parts(said)
        found = values()
        if said in found or len(several) == 1:
            return found.get(said, said)
        return [found.get(part, part) for part in several]
    if kind == "values":
        found = values()
        return [found.get(part, part) for part in _parts(said)]
    if kind == "shares":
        found, shares = values(), {}
        for part in _parts(said):
            key, equals, number = part.rpartition("=")
            if not equals:
                raise ValueError(f"{part!r} is not written as stratum=size, such as women=0.7")
            shares[found.get(key.strip(), key.strip())] = float(number)
        return shares
    return said


def _parts(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]


def _named(argument: str, asked: Mapping[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    """Return the values of the column an argument is about, by how they are written."""
    for name in _COLUMN.get(argument, ("by",)):
        column = asked.get(name)
        column = _parts(column)[0] if isinstance(column, str) else column[0] if column else None
        if column in table.columns:
            values = table[column].dropna().unique().tolist()
            plain = {str(v): v for v in values}
            whole = {str(int(v)): v for v in values if isinstance(v, float) and v.is_integer()}
            return whole | plain
    return {}


def _design(given: argparse.Namespace) -> Any:
    from msspas_analysis.estimate.prevalence.sampling import SurveyDesign

    return SurveyDesign(**{part: getattr(given, part) for part in _OF_A_DESIGN})


def _table(path: Path, sheet: str | None) -> pd.DataFrame:
    """Read a tidy table as it is, names in the first row: nothing is mended here."""
    import csv
    import io

    import pandas as pd

    from msspas_analysis.ingest import UnreadableFileError
    from msspas_analysis.ingest.sheets import read_source

    try:
        sheets = read_source(path).sheets
    except UnreadableFileError as err:
        raise Refused(str(err)) from err
    chosen = sheets[:1] if sheet is None else [one for one in sheets if one.name == sheet]
    if not chosen:
        raise Refused(
            f"The file has no sheet {sheet!r} among its {count(len(sheets), 'sheet')}; write the "
            "name as the file does."
        )
    text = io.StringIO()
    csv.writer(text).writerows(chosen[0].values.tolist())
    text.seek(0)
    try:
        return pd.read_csv(text)
    except ValueError as err:
        raise Refused(f"The sheet is no table with names in its first row: {err}.") from err


def _list(known: Mapping[str, Callable[..., Any]]) -> None:
    print(
        "Estimators, each on a tidy table; most take one row per person, with a column person_id:"
    )
    for room, words in ROOMS.items():
        print(f"\n{words[:1].upper()}{words[1:]}")
        for name, function in known.items():
            if f".{room}." in str(function.__module__):
                print(f"  {name:26} {_first_line(function)}")
    print("\n'msspas estimate ESTIMATOR' explains one. A workbook of diaries: msspas check first.")


def _explain(name: str, function: Callable[..., Any], parser: argparse.ArgumentParser) -> None:
    """Print what an estimator does, from its own description, and its options."""
    from inspect import getdoc

    text = (getdoc(function) or "").partition("\nExamples\n")[0]
    print(f"{name}: {text.strip()}\n\n{parser.format_help()}")


def _first_line(function: Callable[..., Any]) -> str:
    return str(function.__doc__ or "").strip().partition("\n")[0]
