"""Replicates in blocks: here, on several cores or on a cluster, with the same numbers to the last bit.

A job draws and sums up the replicates ``first`` to ``first + count``. A block's numbers depend on its
place alone, so it does not matter where it runs, in which order, or whether an earlier run left it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.progress import Progress

Arrays = Mapping[str, NDArray[Any]]
Job = Callable[[int, int], Arrays]

_ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A block that could not be finished, with what is needed to run it again.

    Parameters
    ----------
    first, count : int
        Which replicates.
    error : str
        What was raised, in one line.
    trace : str
        Where.
    """

    first: int
    count: int
    error: str
    trace: str


class BlocksFailedError(ValueError):
    """Some blocks failed; the others are done.

    Parameters
    ----------
    failures : sequence of Failure
        Those that failed, in order.
    finished : mapping of int to mapping of str to numpy.ndarray
        The others, by their first replicate.
    word : str
        What the blocks are made of.
    """

    def __init__(
        self, failures: Sequence[Failure], finished: Mapping[int, Arrays], word: str = "replicates"
    ) -> None:
        self.failures, self.finished = tuple(failures), dict(finished)
        one = self.failures[0]
        super().__init__(
            f"{len(self.failures)} of {len(self.failures) + len(self.finished)} blocks failed; the "
            f"first, {word} {one.first} to {one.first + one.count - 1}: {one.error}. To run it "
            f"again by itself: replay(job, error.failures[0])"
        )


def run_blocks(
    job: Job, *, replicates: int, block: int, workers: int | str = 1,
    cache: str | Path | None = None, progress: Progress | None = None, word: str = "replicates",
    retries: int = 0,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Run a job over all its blocks and put their arrays together in order.

    Parameters
    ----------
    job : callable
        Of the first replicate and how many; returns arrays whose first axis is those replicates. With
        `workers` it must be a function of a module, or a :func:`functools.partial` of one.
    replicates : int
        In all, 1 or more.
    block : int
        In a block, 1 or more; the last one may be smaller.
    workers : int or "active"
        1 runs here; more start as many processes; "active" takes the joblib backend that is set, such
        as ``joblib.parallel_config(backend="dask")``.
    cache : str, pathlib.Path or None
        A folder in which finished blocks are kept, by what the job is made of. A later run takes
        what is there, so one that was stopped goes on where it stood.
    progress : callable or None
        Called with replicates done, in all, and `word`.
    word : str
        What the replicates are.
    retries : int
        How often a block that fails is tried again, 0 or more.

    Returns
    -------
    dict of str to numpy.ndarray
        With the replicates as first axis.

    Raises
    ------
    BlocksFailedError
        When all blocks have been tried and some failed.
    ValueError
        If a number is out of range, the cache is a file, the job cannot be sent to a process, or
        returns arrays of another length or of objects.

    Examples
    --------
    >>> def squares(first, count):
    ...     return {"square": np.arange(first, first + count) ** 2}
    >>> run_blocks(squares, replicates=5, block=2)["square"].tolist()
    [0, 1, 4, 9, 16]
    """
    for name, got, low in (("replicates", replicates, 1), ("block", block, 1)):
        if got < low:
            raise ValueError(f"{name} must be {low} or more, got {got}")
    _check(workers, retries)
    folder = None if cache is None else _folder(Path(cache), job)
    places = [(first, min(block, replicates - first)) for first in range(0, replicates, block)]
    one = partial(_one, job, folder=folder, retries=retries)
    results = _everywhere(one, places, workers)
    made = _gathered(results, places, progress=progress, word=word, told="replicates")
    return {name: np.concatenate([part[name] for part in made]) for name in made[0]}


def run_apart(
    jobs: Sequence[Callable[[], Arrays]], *, workers: int | str = 1,
    cache: str | Path | None = None, progress: Progress | None = None, word: str = "jobs",
    retries: int = 0, threads: int = 1,
) -> list[Arrays]:  # fmt: skip
    """Run jobs that have nothing to do with each other and return their arrays in order.

    Parameters
    ----------
    jobs : sequence of callable
        Each returns arrays of any shape. With `workers` they must be functions of a module, or a
        :func:`functools.partial` of one.
    workers, progress, word, retries
        As in :func:`run_blocks`; a job counts as one.
    threads : int
        How many run at once where `workers` is 1: worth it for jobs that read and count.
    cache : str, pathlib.Path or None
        A folder in which what a job returned is kept, by what the job is made of: a later run takes
        what is there, whatever the other jobs are.

    Returns
    -------
    list of mapping of str to numpy.ndarray
        One of each job.

    Raises
    ------
    BlocksFailedError
        When all jobs have been tried and some failed; ``first`` is the place among `jobs`.
    ValueError
        As :func:`run_blocks`.

    Examples
    --------
    >>> from functools import partial
    >>> [made["x"].tolist() for made in run_apart([partial(dict, x=np.arange(n)) for n in (1, 3)])]
    [[0], [0, 1, 2]]
    """
    _check(workers, retries)
    folder = None if cache is None else _kept_in(Path(cache))
    one = partial(_alone, folder=folder, retries=retries)
    results = _everywhere(one, list(zip(jobs, range(len(jobs)), strict=True)), workers, threads)
    places = [(first, 1) for first in range(len(jobs))]
    return _gathered(results, places, progress=progress, word=word, told=word)


def _check(workers: int | str, retries: int) -> None:
    if retries < 0:
        raise ValueError(f"retries must be 0 or more, got {retries}")
    if workers != _ACTIVE and (isinstance(workers, str) or workers < 1):
        raise ValueError(f'workers must be 1 or more, or "active", got {workers!r}')


def _gathered(
    results: Iterable[Arrays | Failure], places: Sequence[tuple[int, int]], *,
    progress: Progress | None, word: str, told: str,
) -> list[Arrays]:  # fmt: skip
    """Take the results as they come, and refuse when all are in and some failed."""
    finished: dict[int, Arrays] = {}
    failures: list[Failure] = []
    done, total = 0, sum(count for _, count in places)
    for (first, count), result in zip(places, results, strict=True):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            finished[first] = result
        done += count
        if progress is not None:
            progress(done, total, word)
    if failures:
        raise BlocksFailedError(failures, finished, told)
    return [finished[first] for first, _ in places]


def replay(job: Job, failure: Failure) -> Arrays:
    """Run one failed block again, here, so that it can be looked at; whatever it raises is raised.

    Examples
    --------
    >>> again = replay(lambda first, count: {"x": np.full(count, first)},
    ...     Failure(first=4, count=2, error="ValueError: no", trace=""))
    >>> again["x"].tolist()
    [4, 4]
    """
    return job(failure.first, failure.count)


def fingerprint(*parts: Any) -> str:
    """Return a name for what a job is made of: the same for equal parts, in every process.

    Parameters
    ----------
    *parts : object
        Numbers, words, dates, arrays, tuples, lists, mappings, data classes, functions of modules and
        partials of them.

    Returns
    -------
    str
        32 hexadecimal digits; versions of this package and NumPy count.

    Raises
    ------
    ValueError
        If a part is of another kind, or a function has no name in a module.

    Examples
    --------
    >>> fingerprint(1, {"a": 2.0}) == fingerprint(1, {"a": 2.0}), len(fingerprint("x"))
    (True, 32)
    """
    digest = hashlib.sha256()
    for piece in _pieces((metadata.version("msspas-analysis"), np.__version__, parts)):
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
    return digest.hexdigest()[:32]


def _pieces(part: Any) -> Iterator[bytes]:
    """Yield a value as bytes, with its kind, so that different values never look alike."""
    if part is None or isinstance(part, bool | int | float | str | bytes | np.generic | dt.date):
        yield f"{type(part).__name__}:{part!r}".encode()
    elif isinstance(part, np.ndarray) and part.dtype != object:
        yield f"array:{part.dtype.str}:{part.shape}".encode()
        yield np.ascontiguousarray(part).tobytes()
    elif isinstance(part, partial):
        yield b"partial"
        yield from _pieces((part.func, part.args, part.keywords))
    elif is_dataclass(part) and not isinstance(part, type):
        yield f"{type(part).__module__}.{type(part).__qualname__}".encode()
        for one in fields(part):
            yield one.name.encode()
            yield from _pieces(getattr(part, one.name))
    elif isinstance(part, Mapping):
        yield f"mapping:{len(part)}".encode()
        for key in sorted(part, key=str):
            yield from _pieces(key)
            yield from _pieces(part[key])
    elif isinstance(part, tuple | list):
        yield f"sequence:{len(part)}".encode()
        for item in part:
            yield from _pieces(item)
    elif callable(part) and "<" not in getattr(part, "__qualname__", "<"):
        yield f"function:{part.__module__}.{part.__qualname__}".encode()
    else:
        raise ValueError(
            f"{type(part).__name__} cannot be told apart from others of its kind, so its results "
            "cannot be kept; make the job from numbers, words, arrays and functions of modules"
        )


def _kept_in(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; give a folder for the finished blocks")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _folder(cache: Path, job: Job) -> Path:
    return _kept_in(_kept_in(cache) / fingerprint(job))


def _everywhere(
    one: Callable[..., Arrays | Failure], places: Sequence[tuple[Any, ...]], workers: int | str,
    threads: int = 1,
) -> Iterable[Arrays | Failure]:  # fmt: skip
    """Run the blocks and give their results in order, as they come."""
    if workers == 1:
        if threads > 1:
            return _in_threads(one, places, threads)
        return (one(*place) for place in places)
    import pickle

    from joblib import Parallel, delayed

    try:
        pickle.dumps((one, places[:1]))
    except (pickle.PicklingError, AttributeError, TypeError) as err:
        raise ValueError(
            "the job cannot be sent to another process; make it a function of a module, or a "
            f"functools.partial of one ({err})"
        ) from err
    how = {} if workers == _ACTIVE else {"n_jobs": workers}
    results: Iterable[Arrays | Failure] = Parallel(return_as="generator", **how)(
        delayed(one)(*place) for place in places
    )
    return results


def _in_threads(
    one: Callable[..., Arrays | Failure], places: Sequence[tuple[Any, ...]], threads: int
) -> Iterator[Arrays | Failure]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(lambda place: one(*place), places)


def _one(
    job: Job, first: int, count: int, *, folder: Path | None, retries: int
) -> Arrays | Failure:  # fmt: skip
    """Return a block: from the cache, or made and kept; or why it failed."""
    path = None if folder is None else folder / f"{first:09d}-{count}.npz"
    return _made(partial(job, first, count), first, count, path=path, retries=retries, rows=True)


def _alone(
    job: Callable[[], Arrays], place: int, *, folder: Path | None, retries: int
) -> Arrays | Failure:  # fmt: skip
    """Return what one of several jobs makes: from the cache, or made and kept; or why it failed."""
    path = None if folder is None else folder / f"{fingerprint(job)}.npz"
    return _made(job, place, 1, path=path, retries=retries, rows=False)


def _made(
    job: Callable[[], Arrays], first: int, count: int, *, path: Path | None, retries: int, rows: bool
) -> Arrays | Failure:  # fmt: skip
    if path is not None and (kept := _kept(path)) is not None:
        return kept
    for attempt in range(retries + 1):
        try:
            made = job()
        except Exception as err:
            if attempt == retries:
                return Failure(first=first, count=count, error=f"{type(err).__name__}: {err}",
                               trace=traceback.format_exc())  # fmt: skip
        else:
            break
    for name, values in made.items():
        if values.dtype == object or (rows and values.shape[:1] != (count,)):
            return Failure(
                first=first, count=count, trace="",
                error=f"ValueError: {name!r} must be {count} numbers or rows of numbers, got "
                f"{values.dtype} of shape {values.shape}",
            )  # fmt: skip
    if path is not None:
        _keep(path, made)
    return made


def _kept(path: Path) -> Arrays | None:
    """Return a block that was kept, or None if there is none, or it is damaged."""
    try:
        # read at once: a damaged file would otherwise stay open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError):
        return None


def _keep(path: Path, made: Arrays) -> None:
    """Write a block whole or not at all; two processes may do so at once."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(out, allow_pickle=False, **made)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
