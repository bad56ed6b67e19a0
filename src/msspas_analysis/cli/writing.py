"""What every command needs: a refusal in plain words, progress, and files written whole or not."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from msspas_analysis.progress import Progress
    from msspas_analysis.results import Estimates


class Refused(Exception):
    """Something the user can mend; the text is a finished sentence."""


@contextmanager
def showing_progress() -> Iterator[Progress | None]:
    """Give a progress callback if a person is watching, else None."""
    if not sys.stderr.isatty():
        yield None
        return
    from msspas_analysis.progress import progress_bar

    with progress_bar() as show:
        yield show


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write in; move what is in it to `folder` when all is whole."""
    import shutil
    import tempfile
    from pathlib import Path

    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # within the target, because only a move on one disk happens in one step
        part = Path(tempfile.mkdtemp(prefix=".msspas-part-", dir=folder))
    except OSError as err:
        raise Refused(
            f"Nothing can be written to {folder} ({err.strerror}). Give another place with --out."
        ) from err
    try:
        yield part
        for made in sorted(path for path in part.rglob("*") if path.is_file()):
            target = folder / made.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.replace(target)
            except OSError as err:
                raise Refused(
                    f"{target} could not be replaced ({err.strerror}). If it is open in another "
                    "program, close it there and run this again."
                ) from err
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if new and not any(folder.iterdir()):
            folder.rmdir()


def write_answer(out: Path, found: Estimates) -> None:
    """Write an answer as a table, by the ending of `out`, and say where it is."""
    from msspas_analysis.report.results_table import write_results

    try:
        with staged(out.parent) as part:
            write_results(found, part / out.name)
    except ValueError as err:
        raise Refused(f"{err}.") from err
    print(f"Written: {out.resolve()}")


def to_path(text: str) -> Path:
    """Return a path as a user types it."""
    from pathlib import Path

    return Path(text).expanduser()


def count(n: int, one: str, many: str | None = None) -> str:
    """Write a number with what is counted."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def either(names: Sequence[str]) -> str:
    """Write names as a choice."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
