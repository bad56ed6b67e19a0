"""run.py and what starts it: the environment is made once, every check runs, old Pythons hear why."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUN = ROOT / "run.py"
MAC = "launchers/Drop workbook here (macOS).command"
WINDOWS = "launchers/Drop workbook here (Windows).bat"

posix = pytest.mark.skipif(os.name == "nt", reason="needs bash")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run.py as a module whose folder is a temporary one with a space in its name."""
    spec = importlib.util.spec_from_file_location("run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "a folder"
    root.mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root / name)
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(module, "ENVIRONMENT", root / ".venv-run")
    return module


class Calls(list):
    """Every command that would have run, with its options; one that has a word in `fails` fails."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: set[str] = set()


@pytest.fixture
def calls(run, monkeypatch):
    calls = Calls()

    def take_down(command, **options):
        words = [str(word) for word in command]
        calls.append((words, options))
        if "venv" in words:
            python = run.environment_python()
            python.parent.mkdir(parents=True)
            python.touch()
        return int(any(word in calls.fails for word in words))

    monkeypatch.setattr(run, "run", take_down)
    monkeypatch.setattr(run, "working_uv", lambda: None)
    return calls


def words(calls) -> list[list[str]]:
    return [command for command, _ in calls]


# --- the environment ------------------------------------------------------------------------------


def test_pip_makes_an_environment_with_the_pinned_versions(run, calls):
    assert run.ensure_environment()
    make, install = words(calls)
    assert make == [sys.executable, "-m", "venv", str(run.ENVIRONMENT)]
    assert install[:4] == [str(run.environment_python()), "-m", "pip", "install"]
    assert install[install.index("-c") + 1] == str(run.ROOT / "constraints.txt")
    assert install[-2:] == ["-e", ".[all,test]"]
    assert calls[1][1]["cwd"] == str(run.ROOT)


def test_uv_is_used_where_it_is(run, calls, monkeypatch):
    monkeypatch.setattr(run, "working_uv", lambda: "/bin/uv")
    assert run.ensure_environment()
    make, install = words(calls)
    assert make[:2] == ["/bin/uv", "venv"]
    assert sys.executable in make
    assert install[:3] == ["/bin/uv", "pip", "install"]
    assert "--compile-bytecode" in install
    assert install[install.index("-c") + 1] == str(run.ROOT / "constraints.txt")


def test_the_second_run_skips_the_set_up(run, calls):
    assert run.ensure_environment()
    calls.clear()
    assert not run.ensure_environment()
    assert calls == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_other_versions_mean_another_set_up(run, calls, name):
    run.ensure_environment()
    calls.clear()
    with (run.ROOT / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    left_over = run.ENVIRONMENT / "left over"
    left_over.touch()
    assert run.ensure_environment()
    assert not left_over.exists()
    assert len(calls) == 2


def test_another_python_or_place_means_another_set_up(run, monkeypatch):
    first = run.stamp()
    monkeypatch.setattr(sys, "version", "3.99.0")
    second = run.stamp()
    elsewhere = run.ROOT.parent / "elsewhere"
    shutil.copytree(run.ROOT, elsewhere)
    monkeypatch.setattr(run, "ROOT", elsewhere)
    assert len({first, second, run.stamp()}) == 3


def test_a_set_up_that_failed_is_said_and_begun_afresh(run, calls, capsys):
    calls.fails.add("pip")
    assert run.main(["check", "a.xlsx"]) == 1
    assert "Run the same command again" in capsys.readouterr().err
    calls.fails.clear()
    calls.clear()
    assert run.main(["check", "a.xlsx"]) == 0
    assert [command[-1] for command in words(calls)] == [
        str(run.ENVIRONMENT), ".[all,test]", "a.xlsx",
    ]  # fmt: skip


def test_a_python_without_ensurepip_is_told_what_to_install(run, calls, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        run.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name)
    )
    assert run.main(["template"]) == 1
    assert "without ensurepip" in (said := capsys.readouterr().err)
    assert "sudo apt install python3-venv" in said
    assert calls == []


def test_a_uv_that_does_not_answer_is_passed_over(run, monkeypatch):
    monkeypatch.setattr(run.shutil, "which", lambda name: str(RUN.parent / "no such uv"))
    assert run.working_uv() is None
    monkeypatch.setattr(run.shutil, "which", lambda name: sys.executable)
    assert run.working_uv() == sys.executable
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    assert run.working_uv() is None


def test_the_environment_is_shielded_from_the_users_own(run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    inside = run.settings()
    assert "PYTHONPATH" not in inside
    assert inside["PATH"].startswith(str(run.environment_python().parent))


def test_the_environment_is_not_committed():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".venv-run/", "/output/"} <= set(ignored)


# --- the commands -----------------------------------------------------------------------------------


def test_no_command_makes_the_report_on_the_example(run, calls):
    assert run.main([]) == 0
    python, *rest = words(calls)[-1]
    assert python == str(run.environment_python())
    assert rest == [
        "-P", "-m", "msspas_analysis", "report", str(run.EXAMPLE), "--out", str(run.PAGE),
    ]  # fmt: skip
    assert run.EXAMPLE == ROOT / "data" / "synthetic" / "centre_messy.xlsx"
    assert ROOT / "output" / "report.html" == run.PAGE


@pytest.mark.parametrize("command", ["report", "check", "template", "demo"])
def test_commands_are_handed_on_word_for_word(run, calls, command):
    assert run.main([command, "my file.xlsx", "--after=21:34"]) == 0
    assert words(calls)[-1][-3:] == [command, "my file.xlsx", "--after=21:34"]
    assert "cwd" not in calls[-1][1]


def test_lab_opens_the_notebooks_without_news(run, calls):
    assert run.main(["lab", "--no-browser"]) == 0
    last = words(calls)[-1]
    assert last[3] == "jupyterlab"
    assert f"--ServerApp.root_dir={run.ROOT}" in last
    assert "--LabApp.default_url=/lab/tree/notebooks" in last
    assert last[-1] == "--no-browser"
    chosen = next(run.ENVIRONMENT.rglob("overrides.json")).read_text(encoding="utf-8")
    assert '"fetchNews": "false"' in chosen
    assert '"checkForUpdates": false' in chosen


def test_every_check_runs_and_one_failure_fails_all(run, calls, capsys, monkeypatch):
    monkeypatch.chdir(run.ROOT)
    (run.ROOT / "notebooks").mkdir()
    for name in ("02_b.ipynb", "01_a.ipynb"):
        (run.ROOT / "notebooks" / name).touch()
    assert run.main(["test"]) == 0
    assert "FAILED" not in capsys.readouterr().out
    calls.clear()
    calls.fails.add("mypy")
    assert run.main(["test"]) == 1
    ran = [command[3:] for command in words(calls)]
    assert [step[0] for step in ran] == ["ruff", "ruff", "mypy", "pytest", "pytest"]
    assert ran[1][1:3] == ["format", "--check"]
    assert ran[3] == ["pytest"]
    assert ran[4][1:5] == [
        "--nbval", "--nbval-current-env", "--nbval-sanitize-with",
        str(run.ROOT / "tests" / "nbval_sanitize.cfg"),
    ]  # fmt: skip
    assert [Path(name).name for name in ran[4][5:]] == ["01_a.ipynb", "02_b.ipynb"]
    closing = capsys.readouterr().out.split("\n\n")[-1]
    assert [line.split()[-1] for line in closing.splitlines()] == [
        "ok", "ok", "FAILED", "ok", "ok",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_sets_nothing_up(run, calls, capsys, word):
    assert run.main([word]) == 0
    assert calls == []
    said = capsys.readouterr().out
    for command in (*run.HANDED_ON, "lab", "test"):
        assert f"run.py {command}" in said


def test_an_unknown_command_sets_nothing_up(run, calls, capsys):
    assert run.main(["tset"]) == 2
    assert "no command 'tset'" in capsys.readouterr().err
    assert calls == []


# --- old Pythons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_hears_a_sentence(old):
    code = f"import sys; sys.version_info = {old}; exec(open(sys.argv[1]).read())"
    done = subprocess.run(
        [sys.executable, "-c", code, str(RUN)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"this is Python {old[0]}.{old[1]}." in done.stderr
    assert "Traceback" not in done.stderr


def test_every_line_parses_on_old_pythons():
    source = RUN.read_text(encoding="utf-8")
    assert source.isascii()
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        where = f"line {getattr(node, 'lineno', '?')}"
        assert not isinstance(node, newer), where
        if isinstance(node, ast.arguments):
            assert not node.kwonlyargs, where
            assert not node.posonlyargs, where
        if isinstance(node, ast.arg):
            assert node.annotation is None, where
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None, where
        if isinstance(node, ast.Raise):
            assert node.cause is None, where
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            assert not any(isinstance(part, ast.Starred) for part in node.elts), where
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            raise AssertionError(where)


def test_only_the_standard_library_is_used():
    tree = ast.parse(RUN.read_text(encoding="utf-8"))
    used = {alias.name.split(".")[0] for node in ast.walk(tree)
            if isinstance(node, ast.Import) for alias in node.names}  # fmt: skip
    used |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert used <= sys.stdlib_module_names


# --- what starts run.py -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A copy of what starts run.py, beside a run.py that only says what it was given."""
    root = tmp_path / "a folder & more"
    for name in (".ci/run", MAC):
        (root / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, root / name)
    (root / "run.py").write_text(
        "import os, sys\nprint('GIVEN', os.getcwd(), sys.argv[1:])\nsys.exit('bad' in sys.argv[2:])\n",
        encoding="utf-8",
    )
    return root


def bash(*command: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *command], capture_output=True, text=True, check=False, **options
    )  # fmt: skip


def path_with(folder: Path, **commands: str) -> str:
    """Return a PATH whose first folder holds these commands, each a line of shell."""
    folder.mkdir()
    for name, line in commands.items():
        made = folder / name.replace("_", ".")
        made.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        made.chmod(0o755)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


@posix
def test_ci_runs_the_one_command_from_the_root(folder, tmp_path):
    path = path_with(tmp_path / "bin", python3=f'exec "{sys.executable}" "$@"')
    done = bash(str(folder / ".ci" / "run"), cwd=tmp_path, env={"PATH": path})
    assert done.stdout.splitlines() == [f"GIVEN {folder} ['test']"]
    assert done.returncode == 0


@posix
def test_ci_passes_over_a_python_that_is_too_old(folder, tmp_path):
    path = path_with(
        tmp_path / "bin", python3="exit 1", python3_13="exit 127",
        python3_12=f'exec "{sys.executable}" "$@"',
    )  # fmt: skip
    done = bash(str(folder / ".ci" / "run"), env={"PATH": path})
    assert "['test']" in done.stdout


@posix
def test_ci_fails_when_the_checks_fail_or_no_python_is_new_enough(folder, tmp_path):
    (folder / "run.py").write_text("import sys; sys.exit(3)", encoding="utf-8")
    path = path_with(tmp_path / "bin", python3=f'exec "{sys.executable}" "$@"')
    assert bash(str(folder / ".ci" / "run"), env={"PATH": path}).returncode == 3
    none = dict.fromkeys(("python3", "python3_13", "python3_12", "python3_11"), "exit 1")
    done = bash(str(folder / ".ci" / "run"), env={"PATH": path_with(tmp_path / "old", **none)})
    assert done.returncode == 1
    assert "No Python 3.11 or newer" in done.stderr


@posix
@pytest.mark.parametrize("how", ["argument", "dragged", "quoted"])
def test_the_mac_launcher_takes_a_workbook(folder, tmp_path, how):
    workbook = tmp_path / "Diaries (spring) 2026.xlsx"
    workbook.touch()
    path = path_with(tmp_path / "bin", python3=f'exec "{sys.executable}" "$@"')
    # Terminal writes a dragged path with backslashes and a space at its end
    dragged = re.sub(r"([ ()])", r"\\\1", str(workbook)) + " \n"
    typed = {"argument": "\n", "dragged": dragged + "\n", "quoted": f"'{workbook}'\n\n"}[how]
    given = [str(workbook)] if how == "argument" else []
    done = bash(str(folder / MAC), *given, input=typed, env={"PATH": path})
    assert f"['report', '{workbook}', '--open']" in done.stdout
    assert "Press Return to close" in done.stdout
    assert done.returncode == 0


@posix
def test_the_mac_launcher_keeps_the_window_open_on_failure(folder, tmp_path):
    path = path_with(tmp_path / "bin", python3=f'exec "{sys.executable}" "$@"')
    missing = bash(str(folder / MAC), input="nothing.xlsx\n\n", env={"PATH": path})
    assert "No workbook was found there" in missing.stdout
    assert missing.returncode == 1
    (folder / "bad").touch()
    failed = bash(str(folder / MAC), "bad", cwd=folder, input="\n", env={"PATH": path})
    assert "No report was made" in failed.stdout
    assert "Press Return to close" in failed.stdout
    assert failed.returncode == 1


def test_the_windows_launcher_can_be_read_by_windows():
    raw = (ROOT / WINDOWS).read_bytes()
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n"), "cmd.exe loses labels without CRLF"
    lines = raw.decode("ascii").splitlines()
    labels = {line[1:] for line in lines if line.startswith(":")}
    wanted = set(re.findall(r"goto :(\w+)", raw.decode("ascii")))
    assert wanted <= labels
    assert '%PYTHON% "%RUN%" report "%WORKBOOK%" --open' in lines
    # one hard exit at each end: a dropped name with "&" must not run what follows the "&"
    assert [line for line in lines if line.startswith("exit")] == ["exit 0", "exit 1"]
