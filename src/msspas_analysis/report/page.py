"""Sections become one page that needs nothing else, and files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from msspas_analysis.report.blocks import Section
from msspas_analysis.report.wording import SPEAK_TO_TEAM


def page(
    title: str, sections: Sequence[Section], *, under: str, settings: Mapping[str, str], foot: str,
    watermark: str = "",
) -> str:  # fmt: skip
    """Return a page: one file, nothing loaded from anywhere else.

    Parameters
    ----------
    title, under : str
        Heading, and the line below it.
    sections : sequence of Section
        What the page is made of, in order.
    settings : mapping of str to str
        What stands at the end, by name.
    foot : str
        The last line.
    watermark : str
        What stands on every printed page; empty for nothing.
    """
    from jinja2 import Environment, StrictUndefined

    template = resources.files(__package__).joinpath("page.html.j2").read_text("utf-8")
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(template)
    return made.render(
        title=title, under=under, sections=sections, settings=settings, last=SPEAK_TO_TEAM,
        watermark=watermark, foot=foot,
    )  # fmt: skip


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
