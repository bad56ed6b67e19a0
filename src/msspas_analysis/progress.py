"""How far long work has come and how long it will still take, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sys import modules

Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are in all, and what they are."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar with the time left while the work inside runs; it goes when the work is done.

    Yields
    ------
    callable
        To be given to anything that takes ``progress``. In a notebook it is a widget if ipywidgets
        is installed, else a line of text.

    Examples
    --------
    >>> import msspas_analysis as ms
    >>> with ms.progress_bar() as progress:
    ...     drawn = ms.diary_replicates(ms.DiaryScenario(n_people=20), effect=-1.0,
    ...         replicates=128, progress=progress)
    >>> drawn.number
    128
    """
    from importlib.util import find_spec

    if _in_a_notebook() and find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm  # type: ignore[assignment]

    form = "{desc} {bar} {n_fmt}/{total_fmt}, {remaining} left"
    with tqdm(leave=False, unit="", bar_format=form) as bar:
        what = ""

        def show(done: int, total: int, now: str) -> None:
            nonlocal what
            if now != what or total != bar.total:
                what = now
                bar.set_description_str(now, refresh=False)
                bar.reset(total)  # another kind of work has another speed
            bar.update(done - int(bar.n))
            bar.refresh()

        yield show


def as_part(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return what tells the progress of a part of the work as that of all of it."""
    if progress is None:
        return None
    return lambda done, _, word: progress(before + done, total, word)


def _in_a_notebook() -> bool:
    shell = modules["IPython"].get_ipython() if "IPython" in modules else None
    return shell is not None and hasattr(shell, "kernel")
