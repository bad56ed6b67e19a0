"""What a command that reads a workbook needs: the file, its rules, why people came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msspas_analysis.cli.writing import Refused, either, showing_progress

if TYPE_CHECKING:
    from pathlib import Path

    from msspas_analysis.certify import EntryRule
    from msspas_analysis.ingest.intake import Intake


def read(source: Path, rules: Path | None) -> Intake:
    """Read `source`, showing progress on a terminal."""
    from msspas_analysis.ingest import UnreadableFileError, read_workbook

    if rules is not None:
        rules = existing(rules, "rules file")
    try:
        with showing_progress() as progress:
            return read_workbook(source, rules=rules, progress=progress)
    except UnreadableFileError as err:
        raise Refused(str(err)) from err


def entry_rule(text: str | None) -> EntryRule | None:
    """Read ``--entry``; None if it was not given."""
    if text is None:
        return None
    from msspas_analysis.certify import EntryRule, UnknownEntryError

    try:
        return EntryRule.parse(text)
    except UnknownEntryError as err:
        raise Refused(str(err)) from err


def existing(path: Path, what: str) -> Path:
    """Return `path`, or refuse with names in its folder that come near."""
    if path.is_file():
        return path
    if path.is_dir():
        raise Refused(f"{path} is a folder; give the {what} itself.")
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}, so no {what} in it.")
    from difflib import get_close_matches

    from msspas_analysis.ingest.identifiers import screen_text

    there = {entry.name.lower(): entry.name for entry in path.parent.iterdir() if entry.is_file()}
    near = [there[name] for name in get_close_matches(path.name.lower(), there, n=3, cutoff=0.5)]
    near = [name for name in near if screen_text(name.rpartition(".")[0] or name) is None]
    hint = f" Did you mean {either(near)}?" if near else ""
    raise Refused(f"There is no file {path.name} in {path.parent.resolve()}.{hint}")


def names_somebody(path: Path) -> bool:
    """Whether the file's own name looks like something that identifies a person."""
    from msspas_analysis.ingest.identifiers import screen_text

    return screen_text(path.stem) is not None


def safe_stem(path: Path) -> str:
    """Return a stem for names of files made from `path`, which may be sent to others."""
    return "workbook" if names_somebody(path) else path.stem
