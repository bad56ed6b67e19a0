"""The arrows of ARCHITECTURE.md: who may see whom, and where a heavy library belongs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "msspas_analysis"

LAYERS = (
    {"results", "instruments", "progress"},
    {"scoring", "tables"},
    {"ingest", "simulate", "estimate"},
    {"certify"},
    {"evidence"},
    {"plots"},
    {"report"},
    {"cli"},
    {"__main__"},
)
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}
# the same inside two rooms: their modules without a folder are the ground all others stand on
CHAMBERS = {
    "estimate": ({""}, {"change"}, {"trials"}, {"prevalence", "agreement", "diary", "pooling"}),
    "certify": ({""}, {"twin"}, {"large", "studies"}, {"plan"}),
    "evidence": ({""}, {"appraisal"}, {"replay"}),
}
INSIDE = {
    room: {chamber: rank for rank, step in enumerate(steps) for chamber in step}
    for room, steps in CHAMBERS.items()
}

# a library, and the only rooms (or single modules) that may import it
ONLY_IN = {
    "numpy": {
        "scoring",
        "tables",
        "ingest",
        "simulate",
        "estimate",
        "certify",
        "evidence",
        "plots",
    },
    "scipy": {"simulate", "estimate", "certify", "evidence"},
    "yaml": {"evidence"},
    "statsmodels": {"estimate", "certify"},
    "pingouin": {"estimate"},
    "matplotlib": {"plots"},
    "seaborn": {"plots"},
    "openpyxl": {"ingest", "simulate.centre", "simulate.workbook", "report.results_table"},
    "python_calamine": {"ingest"},
    "xlrd": {"ingest"},
    "charset_normalizer": {"ingest"},
    "pandera": {"tables"},
    "jinja2": {"report"},
    "tqdm": {"progress"},
    "joblib": {"certify"},
    "argparse": {"cli"},
    "webbrowser": {"cli"},
}
ARITHMETIC = {"mean", "std", "var", "sum", "median", "quantile", "sem"}
DRAWERS = {"utils", "util", "helpers", "core", "common", "misc"}
# longer than 600 lines, each with the reason
LONG = {
    "ingest/identifiers.py": "one screen over one text, kind after kind",
}


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def dotted(path: Path) -> str:
    """Return ``ingest.dates`` for ``ingest/dates.py`` and ``ingest`` for its ``__init__.py``."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, *, package: str = "", for_types: bool = True) -> set[str]:
    """Return every module that `source` imports, at the top, in a function or for types only."""
    tree = ast.parse(source)
    if not for_types:
        tree.body = [
            node
            for node in tree.body
            if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        ]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = ("msspas_analysis." + package).rstrip(".").split(".")
            base = base[: len(base) - node.level + 1]
            found.add(".".join([*base, *([node.module] if node.module else [])]))
        elif isinstance(node, ast.ImportFrom):
            if node.module == "msspas_analysis":
                found |= {f"msspas_analysis.{alias.name}" for alias in node.names}
            else:
                found.add(str(node.module))
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            found.add(str(node.args[0].value))
    return found


def broken_arrows(module: str, source: str) -> list[str]:
    """Return what `module` imports and may not."""
    room = module.split(".")[0]
    package = module if (SRC / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]
    wrong = []
    for target in sorted(imported(source, package=package)):
        head, *rest = target.split(".")
        other = rest[0] if rest else "(the package root)"
        if (
            head == "msspas_analysis"
            and other != room
            and RANK.get(other, len(LAYERS)) >= RANK[room]
        ):
            wrong.append(f"{module} may not see {other}")
    # the name of a library's type loads nothing, so only what is imported at run time counts
    for target in sorted(imported(source, package=package, for_types=False)):
        head = target.split(".")[0]
        if head in ONLY_IN and not ONLY_IN[head] & {room, module}:
            wrong.append(f"{head} does not belong in {module}")
    return wrong


def chamber(module: str) -> str:
    """Return the folder inside its room that a module is in, empty for the room's ground."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and SRC.joinpath(*parts[:2]).is_dir() else ""


def broken_inside(module: str, source: str) -> list[str]:
    """Return what a module imports from a chamber of its own room that it may not see."""
    room, mine, wrong = module.split(".")[0], chamber(module), []
    for target in sorted(imported(source, package=module.rpartition(".")[0])):
        if target.startswith(f"msspas_analysis.{room}."):
            other = chamber(target.removeprefix("msspas_analysis."))
            if other != mine and INSIDE[room][other] >= INSIDE[room][mine]:
                wrong.append(f"{module} may not see {target}")
    return wrong


ROOMS = [path for path in modules() if path != SRC / "__init__.py"]


@pytest.mark.parametrize("path", ROOMS, ids=name)
def test_imports_point_down_and_heavy_libraries_stay_in_their_rooms(path):
    assert broken_arrows(dotted(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("simulate.diary", "from msspas_analysis.estimate import change", "estimate"),
        (
            "estimate.change.paired",
            "def f():\n    from msspas_analysis import simulate",
            "simulate",
        ),
        ("ingest.dates", "import msspas_analysis.simulate.centre", "simulate"),
        ("tables", "from msspas_analysis import Estimates", "Estimates"),
        ("estimate.change.paired", "from ...ingest import dates", "ingest"),
        ("results", "from . import instruments", "root"),
        ("report.page", "import numpy as np", "numpy"),
        ("simulate.diary", "import openpyxl.styles", "openpyxl"),
        ("evidence.library", "def f():\n    import statsmodels.api", "statsmodels"),
        ("simulate.diary", "if TYPE_CHECKING:\n    from msspas_analysis.ingest import X", "ingest"),
        (
            "certify.twin.expected",
            "from msspas_analysis.report import service_evaluation",
            "report",
        ),
    ],
)
def test_a_wrong_arrow_is_found(module, line, complaint):
    assert any(complaint in wrong for wrong in broken_arrows(module, line))


WITHIN = [p for p in ROOMS if dotted(p).startswith(tuple(f"{room}." for room in CHAMBERS))]


@pytest.mark.parametrize("path", WITHIN, ids=name)
def test_imports_inside_a_room_with_chambers_point_down_too(path):
    assert broken_inside(dotted(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("room", CHAMBERS)
def test_every_chamber_stands_in_the_order(room):
    assert {chamber(dotted(p)) for p in WITHIN if dotted(p).startswith(f"{room}.")} == set(
        INSIDE[room]
    )


def test_a_wrong_arrow_inside_a_room_is_found():
    source = "from msspas_analysis.estimate.trials.ranks import midranks"
    assert broken_inside("estimate.agreement.correlations", source) == []
    for module in ("estimate.intervals", "estimate.change.paired"):
        assert broken_inside(module, source) != []
    source = "def f():\n    from msspas_analysis.estimate.diary import persistence"
    assert broken_inside("estimate.prevalence.risks", source) != []
    source = "from msspas_analysis.certify.studies.certificate import Certificate"
    assert broken_inside("certify.plan.comparison", source) == []
    for module in ("certify.twin.expected", "certify.large.rows", "certify.running"):
        assert broken_inside(module, source) != []


def test_a_right_arrow_is_let_through():
    source = "import openpyxl\nfrom msspas_analysis.tables import DIARY\nfrom . import streams"
    assert broken_arrows("simulate.centre", source) == []
    types = "if TYPE_CHECKING:\n    from matplotlib.figure import Figure"
    assert broken_arrows("report.page", types) == []
    assert broken_arrows("report.page", types.replace("TYPE_CHECKING", "True")) != []


def arithmetic(source: str) -> list[str]:
    return [
        f"line {node.lineno}: .{node.func.attr}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ARITHMETIC
    ]


@pytest.mark.parametrize(
    "path", [p for p in ROOMS if dotted(p).split(".")[0] in {"report", "plots", "cli"}], ids=name
)
def test_no_number_is_computed_where_answers_are_laid_out(path):
    assert arithmetic(path.read_text(encoding="utf-8")) == []


def test_arithmetic_is_found():
    assert arithmetic("x = 1\ny = frame['pain'].mean()") == ["line 2: .mean()"]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_is_named_for_a_thing_in_the_field(path):
    assert not DRAWERS & set(dotted(path).split("."))


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_module_is_too_long_to_read(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name(path) in LONG:
        assert lines > 600, f"{name(path)} is short again: take it off the list"
    else:
        assert lines <= 600


def test_every_room_has_a_place_in_the_layers():
    assert {dotted(path).split(".")[0] for path in ROOMS} <= set(RANK)


def test_the_written_list_of_modules_is_the_tree():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w/]+\.py)` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == [name(path) for path in modules()]


def test_the_written_layers_are_the_ones_held_to():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    order = next(line for line in text.splitlines() if line.startswith("`results`"))
    written = [set(re.findall(r"`(\w+)`", step)) for step in order.split("→")]
    assert written == list(LAYERS)
    inside = [line for line in text.splitlines() if line.startswith("its ground →")]
    written = [[set(re.findall(r"`(\w+)`", s)) for s in line.split("→")[1:]] for line in inside]
    assert written == [list(steps[1:]) for steps in CHAMBERS.values()]
