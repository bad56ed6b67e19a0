"""What a section of the page is made of: text, lists, warnings, tables and pictures."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from msspas_analysis.plots import to_png
from msspas_analysis.report.release import Cell

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Text = tuple[Cell, ...]


def text(*parts: str | Cell | Text) -> Text:
    """Join words and numbers of ``results.csv`` to one piece of text."""
    cells: list[Cell] = []
    for part in parts:
        if isinstance(part, str):
            cells.append(Cell(part))
        elif isinstance(part, Cell):
            cells.append(part)
        else:
            cells.extend(part)
    return tuple(cells)


def plain(words: Text) -> str:
    """Return the text alone."""
    return "".join(cell.text for cell in words)


def join(parts: Sequence[Text]) -> Text:
    """Join pieces of text as a sentence does.

    Examples
    --------
    >>> plain(join([text("one"), text("two"), text("three")]))
    'one, two and three'
    """
    out: Text = ()
    for i, part in enumerate(parts):
        gap = "" if i == 0 else " and " if i == len(parts) - 1 else ", "
        out = text(out, gap, part)
    return out


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    kind: ClassVar[str] = "paragraph"
    words: Text


@dataclass(frozen=True, slots=True)
class Caution:
    """A sentence that must be read with the number before it."""

    kind: ClassVar[str] = "caution"
    words: Text


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and what they mean."""

    kind: ClassVar[str] = "terms"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its heading and its cells."""

    head: Text
    cells: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: caption, column headings, rows in groups (a group may have no name).

    `in_words` is for cells of text instead of numbers.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    note: Text = ()
    in_words: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A figure, the numbers drawn in it, and what it shows in words."""

    kind: ClassVar[str] = "picture"
    figure: Figure
    drawn: pd.DataFrame
    alt: str
    caption: Text

    def source(self) -> str:
        """Return the picture itself as a ``data:`` address; nothing is loaded from elsewhere."""
        return f"data:image/png;base64,{base64.b64encode(to_png(self.figure)).decode('ascii')}"


Block = Paragraph | Caution | Bullets | Terms | Table | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the page."""

    key: str
    heading: str
    blocks: tuple[Block, ...] = field(default=())
