"""Set up msspas-analysis in this folder, once, and run it: python3 run.py (Windows: py run.py).

Only the standard library is used. Every line has to parse on Python 2.7 too, so that an old
Python can answer with a sentence; hence no f-strings, no type hints and no star in a list.
"""

# ruff: noqa: UP032, RUF005

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "msspas-analysis needs Python 3.11 or newer, and this is Python {}.{}.\n"
        "Install a newer one from https://www.python.org/downloads/ and run this again, "
        "with 'python3 run.py' (Windows: 'py run.py').".format(*sys.version_info[:2])
    )

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv-run"
EXTRAS = ".[all,test]"
EXAMPLE = ROOT / "data" / "synthetic" / "centre_messy.xlsx"
PAGE = ROOT / "output" / "report.html"
HANDED_ON = ("report", "check", "template", "demo", "plan", "evidence")

USAGE = """\
How to use run.py (Windows: write 'py' for 'python3'):

  python3 run.py                 set up, then write a report from the example workbook
  python3 run.py report FILE     write a report from your workbook
  python3 run.py check FILE      only read it: what was used, what waits for an answer
  python3 run.py template        write an empty diary workbook to fill in
  python3 run.py demo            make an invented centre's workbook and its report
  python3 run.py plan            before you start: which design could answer your question
  python3 run.py evidence        the studies behind the booklet, appraised and run again
  python3 run.py lab             open the notebooks in JupyterLab
  python3 run.py test            check the toolkit itself

'python3 run.py report --help' lists the options of a command. Everything is installed into the
folder .venv-run beside this file; delete that folder to remove it.
"""


class SetUpError(Exception):
    """The environment could not be made; the text says why and what to do."""


def say(text):
    """Print one line at once, also when the output goes to a file."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def environment_python():
    """Return the path of the environment's own Python."""
    if os.name == "nt":
        return ENVIRONMENT / "Scripts" / "python.exe"
    return ENVIRONMENT / "bin" / "python"


def stamp():
    """Return a hash of everything that decides what the environment holds."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    # the environment holds this folder's address, so a folder that was moved needs a new one
    for fact in (EXTRAS, sys.version, sys.platform, platform.machine(), str(ROOT)):
        digest.update(fact.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def settings():
    """Return the environment variables for everything that runs inside the environment."""
    variables = dict(os.environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"):
        variables.pop(name, None)
    variables["VIRTUAL_ENV"] = str(ENVIRONMENT)
    variables["PATH"] = str(environment_python().parent) + os.pathsep + os.environ.get("PATH", "")
    variables["PYTHONNOUSERSITE"] = "1"
    variables["PYTHONUTF8"] = "1"
    return variables


def run(command, **options):
    """Run `command` with its output shown as it comes; return its exit code."""
    with subprocess.Popen([str(part) for part in command], **options) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                # the child was interrupted too: let it finish in its own way
                continue


def inside(*arguments, **more):
    """Run the environment's Python with `arguments`; return its exit code."""
    variables = settings()
    variables.update(more)
    return run((environment_python(), "-P") + arguments, env=variables)


def working_uv():
    """Return the path of uv if it is there and answers, else None."""
    path = shutil.which("uv")
    if path is None:
        return None
    try:
        answer = subprocess.call(
            [path, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    return path if answer == 0 else None


def build(uv):
    """Make an empty environment and install the package with its pinned dependencies into it."""
    constraints = ROOT / "constraints.txt"
    target = environment_python()
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT],
            [uv, "pip", "install", "--python", target, "--compile-bytecode",
             "-c", constraints, "-e", EXTRAS],
        ]  # fmt: skip
    else:
        absent = [name for name in ("venv", "ensurepip") if not importlib.util.find_spec(name)]
        if absent:
            raise SetUpError(
                "This Python comes without {}, which makes the environment.\nOn Debian or Ubuntu: "
                "sudo apt install python3-venv. Elsewhere: install Python from "
                "https://www.python.org/downloads/. Then run this again.".format(
                    " and ".join(absent)
                )
            )
        steps = [
            [sys.executable, "-m", "venv", ENVIRONMENT],
            [target, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
             "--progress-bar", "off", "-c", constraints, "-e", EXTRAS],
        ]  # fmt: skip
    for step in steps:
        if run(step, cwd=str(ROOT), env=settings()) != 0:
            raise SetUpError(
                "Setting up stopped at the step above. Most often the internet connection is the "
                "reason, or a firewall that blocks pypi.org.\nRun the same command again to start "
                "the set-up afresh."
            )


def ensure_environment():
    """Make the environment unless the one that is there fits; return whether it was made."""
    marker = ENVIRONMENT / "msspas-stamp"
    wanted = stamp()
    if (
        environment_python().exists()
        and marker.exists()
        and marker.read_text(encoding="ascii") == wanted
    ):
        return False
    if ENVIRONMENT.exists():
        try:
            shutil.rmtree(str(ENVIRONMENT))
        except OSError as err:
            raise SetUpError(  # noqa: B904 - "raise ... from" does not parse on Python 2.7
                "The old environment in {} could not be removed ({}).\nClose every window that "
                "still runs msspas or JupyterLab and run this again.".format(ENVIRONMENT, err)
            )
    uv = working_uv()
    say(
        "Setting up in {} with {}: once only, about 1 GB, and a minute or a few.".format(
            ENVIRONMENT, "uv" if uv else "pip"
        )
    )
    build(uv)
    marker.write_text(wanted, encoding="ascii")
    say("The set-up is done.")
    return True


def example():
    """Write the report on the example workbook; return the exit code."""
    return inside("-m", "msspas_analysis", "report", str(EXAMPLE), "--out", str(PAGE))


def lab(arguments):
    """Open JupyterLab on the notebooks, with its news and update questions off."""
    chosen = {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        }
    }
    place = ENVIRONMENT / "share" / "jupyter" / "lab" / "settings"
    place.mkdir(parents=True, exist_ok=True)
    (place / "overrides.json").write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    say("JupyterLab opens in the browser. To stop it, press Ctrl+C twice in this window.")
    return inside(
        "-m", "jupyterlab", "--ServerApp.root_dir=" + str(ROOT),
        "--LabApp.default_url=/lab/tree/notebooks",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *arguments
    )  # fmt: skip


def checks():
    """Return the steps of ``run.py test``: what each is called, and its arguments."""
    steps = [
        ("ruff check", ["ruff", "check", "--extend-exclude", ENVIRONMENT.name, "."]),
        ("ruff format", ["ruff", "format", "--check", "--extend-exclude", ENVIRONMENT.name, "."]),
        ("mypy", ["mypy"]),
        ("pytest", ["pytest"]),
    ]
    notebooks = sorted(str(path) for path in (ROOT / "notebooks").glob("*.ipynb"))
    if notebooks:
        nbval = ["pytest", "--nbval", "--nbval-current-env", "--nbval-sanitize-with"]
        sanitiser = str(ROOT / "tests" / "nbval_sanitize.cfg")
        steps.append(("notebooks", nbval + [sanitiser] + notebooks))
    return steps


def test():
    """Run every check, also after one has failed; return 0 only if all passed."""
    os.chdir(str(ROOT))
    failed = []
    steps = checks()
    for name, arguments in steps:
        say("\n== " + name)
        if inside("-m", *arguments, MPLBACKEND="Agg") != 0:
            failed.append(name)
    say("")
    for name, _ in steps:
        say("{:<12} {}".format(name, "FAILED" if name in failed else "ok"))
    return 1 if failed else 0


def main(arguments):
    """Do what the command line asks; return the exit code."""
    command = arguments[0] if arguments else None
    if command in ("-h", "--help", "help"):
        say(USAGE)
        return 0
    if command is not None and command not in HANDED_ON + ("lab", "test"):
        sys.stderr.write("run.py knows no command '{}'.\n\n{}".format(command, USAGE))
        return 2
    try:
        ensure_environment()
    except SetUpError as err:
        sys.stderr.write("\n{}\n".format(err))
        return 1
    if command is None:
        return example()
    if command == "lab":
        return lab(arguments[1:])
    if command == "test":
        return test()
    return inside("-m", "msspas_analysis", *arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
