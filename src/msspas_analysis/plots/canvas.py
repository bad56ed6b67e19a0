"""The sheet figures are drawn on: size, ink and colours that stay apart for any colour vision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1a1a1a"
BLUE: Final = "#0b5a8f"
ORANGE: Final = "#b35900"
PALE: Final = "#cfe3f1"
GREY: Final = "#6b6b6b"
RAMP: Final = ("#e6eff6", "#7fb0d3", "#2a74a8", "#062a45")
WIDTH: Final = 4.8
TEXT: Final = 10.5


def to_png(figure: Figure, *, dpi: int = 160) -> bytes:
    """Return the figure as a PNG; the same figure gives the same bytes."""
    from io import BytesIO

    out = BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    # the layout moves a little with every drawing, so it stays as it was drawn first
    figure.set_layout_engine("none")
    return out.getvalue()


def one_axes(*, height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Make a figure of its own: no window, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    return figure, _plain(axes)


def panels_below(number: int, *, height: float) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels below each other that share their horizontal axis."""
    figure, first = one_axes(height=height)
    figure.delaxes(first)
    panels: Any = figure.subplots(number, 1, sharex=True, squeeze=False)
    return figure, [_plain(axes) for axes in panels[:, 0]]


def panels_beside(
    ratios: Sequence[float], *, height: float, width: float
) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels beside each other that share their vertical axis."""
    figure, first = one_axes(height=height, width=width)
    figure.delaxes(first)
    panels: Any = figure.subplots(1, len(ratios), sharey=True, squeeze=False, width_ratios=ratios)
    return figure, [_plain(axes) for axes in panels[0]]


def _plain(axes: Axes) -> Axes:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=TEXT - 0.5, colors=INK)
    return axes


def log_scale(axes: Axes) -> None:
    """Make the horizontal axis logarithmic, with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
