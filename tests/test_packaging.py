"""What installs the package says the same thing everywhere, and the root imports nothing early."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import msspas_analysis

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "msspas_analysis"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SIX = {"jupyterlab", "pandas", "statsmodels", "seaborn", "pingouin", "nbval"}
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]

posix = pytest.mark.skipif(os.name == "nt", reason="modes and bash are those of POSIX systems")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(lines: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in parsed}


DECLARED = requirements(PROJECT["dependencies"])


# --- one version, one licence -------------------------------------------------------------------


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert msspas_analysis.__version__ == version("msspas-analysis") == PROJECT["version"]
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"] == "BSD-3-Clause"


def test_the_readme_names_the_licence_that_reaches_further():
    assert re.search(r"pingouin is GPL-3\.0", text("README.md"))
    assert "Not a medical device" in text("README.md")


def test_the_changelog_has_a_place_for_numbers_that_changed():
    assert "### Numbers that changed" in text("CHANGELOG.md")


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text(page))
    assert [link for link in links if not (ROOT / link).exists()] == []


# --- what is installed ----------------------------------------------------------------------------


def test_conda_asks_for_the_six_packages_with_the_same_bounds():
    conda = yaml.safe_load(text("environment.yml"))
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    packages = [line for line in conda["dependencies"] if isinstance(line, str)]
    asked = requirements(packages)
    assert set(asked) == SIX | {"python", "pip"}
    assert {name: asked[name].specifier for name in SIX} == {
        name: DECLARED[name].specifier for name in SIX
    }
    assert str(asked["python"].specifier) == PROJECT["requires-python"]
    assert {"pip": ["-e .[all]"]} in conda["dependencies"]


def test_constraints_pin_every_declared_package_within_its_bounds():
    pins: dict[str, list[Requirement]] = {}
    for line in text("constraints.txt").splitlines():
        one = Requirement(line)
        pins.setdefault(canonicalize_name(one.name), []).append(one)
    declared = [Requirement(line) for line in PROJECT["dependencies"]]
    for lines in PROJECT["optional-dependencies"].values():
        declared += [Requirement(line) for line in lines]
    for one in declared:
        name = canonicalize_name(one.name)
        if name == "msspas-analysis":
            continue
        assert name in pins, f"{name} is not in constraints.txt; see CONTRIBUTING.md"
        for pin in pins[name]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert one.specifier.contains(exact.version), f"{pin} is outside {one}"


def test_no_file_of_pins_names_a_host_but_the_standard_one():
    assert "://" not in text("constraints.txt")
    hosts = set(re.findall(r"https?://([^/\"\s]+)", text("uv.lock")))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_the_lock_file_knows_the_declared_dependencies():
    (ours,) = (
        one for one in tomllib.loads(text("uv.lock"))["package"] if one["name"] == PROJECT["name"]
    )
    locked = {one["name"]: one.get("specifier", "") for one in ours["metadata"]["requires-dist"]}
    for name, one in DECLARED.items():
        assert requirements([name + locked[name]])[name].specifier == one.specifier


def test_the_command_is_installed():
    (command,) = entry_points(group="console_scripts", name="msspas")
    assert command.value == "msspas_analysis.cli:main"


def test_types_are_announced():
    assert (SRC / "py.typed").exists()


# --- the root is a directory of names -----------------------------------------------------------


def test_importing_the_root_imports_nothing_else():
    code = (
        "import sys, msspas_analysis;"
        "early = {m for m in sys.modules if m.startswith('msspas_analysis.')};"
        "sys.exit(repr(early | ({'numpy', 'pandas', 'importlib.metadata'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize("name", sorted(set(msspas_analysis.__all__) - {"__version__"}))
def test_every_public_name_is_there_and_explains_itself(name):
    thing = getattr(msspas_analysis, name)
    if name in msspas_analysis._HOMES and not name.isupper():
        assert thing.__module__.startswith("msspas_analysis.")
        assert len(thing.__doc__ or "") > 20


def test_the_three_lists_of_names_agree():
    tree = ast.parse((SRC / "__init__.py").read_text(encoding="utf-8"))
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: (node.module or "").removeprefix("msspas_analysis").lstrip(".")
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    rooms = {name: home for name, home in typed.items() if not home}
    assert set(rooms) == set(msspas_analysis._ROOMS)
    assert {name: home for name, home in typed.items() if home} == msspas_analysis._HOMES
    assert set(msspas_analysis.__all__) == {*typed, "__version__"}
    assert dir(msspas_analysis) == sorted(msspas_analysis.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'effect'"):
        _ = msspas_analysis.effect


# --- continuous integration -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda p: p.name
)
def test_workflows_run_the_one_command_on_every_system(path):
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    # an unquoted "on" is the boolean true to a YAML 1.1 reader
    assert {"push", "pull_request"} <= set(flow.get("on", flow.get(True)))
    for job in flow["jobs"].values():
        matrix = job["strategy"]["matrix"]
        assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
        named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c]
        assert matrix["python"] == [named[0], named[-1]]
        assert f">={matrix['python'][0]}" == PROJECT["requires-python"]
        assert [step["run"] for step in job["steps"] if "run" in step] == ["python run.py test"]


def test_there_is_a_workflow():
    assert (ROOT / ".github" / "workflows" / "test.yml").exists()


@posix
@pytest.mark.parametrize(
    "name", ["run.py", ".ci/run", "launchers/Drop workbook here (macOS).command"]
)
def test_what_is_started_by_name_can_be_started(name):
    assert os.access(ROOT / name, os.X_OK)
