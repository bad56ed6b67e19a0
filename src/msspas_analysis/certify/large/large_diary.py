"""A diary larger than memory: a folder of Parquet files, split by person, summed up in one pass.

Each person's rows stand in one file, ``diary-*.parquet``; the table of people lies beside them as
``people.parquet`` or ``people-*.parquet``, split in the same way or not. Files are read one at a
time, or a few at once, and what is kept of them adds up: one row a person before and after, sums of
squared differences of days by lag, and a byte for each day of a year. Everything is added up in the
order of people's codes, or in whole numbers, so the answers are the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.large.folder import (
    NUMBERS,
    LargeDiary,
    open_large_diary,
    write_large_diary,
)
from msspas_analysis.certify.large.parts import (
    ENTRIES,
    FIRST_DAY,
    LAST_DAY,
    WEEK,
    Parts,
    Years,
    added,
    from_start,
    in_one_thread,
    joined,
    span_of,
    summed_file,
    year_frame,
    year_sums,
)
from msspas_analysis.certify.large.rows import NEVER, Known, rated, read_people
from msspas_analysis.certify.running import BlocksFailedError, run_apart
from msspas_analysis.certify.twin.diary_features import (
    EACH,
    FEWEST_DAYS,
    FEWEST_PEOPLE,
    Floats,
    Ints,
    OwnDiary,
    features_of,
    usual_lags,
)
from msspas_analysis.certify.twin.fitting import FittedScenario, fit_own, refuse_settings
from msspas_analysis.estimate.change.untreated import (
    NO_BASELINE,
    Contrast,
    Entry,
    NoExpectationError,
    autocovariance,
    refuse_thin,
    untreated_contrast,
)
from msspas_analysis.estimate.windows import scores_from_sums
from msspas_analysis.progress import Progress
from msspas_analysis.tables import AFTER, BEFORE, Window

__all__ = [
    "LargeDiary",
    "LargeSummary",
    "fit_large",
    "open_large_diary",
    "summarise_large_diary",
    "write_large_diary",
]

_CHUNK: Final = 2000  # people laid out at once
_MOST_PEOPLE: Final = 2000  # of a twin
_MOST_THREADS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LargeSummary:
    """A large diary summed up.

    Parameters
    ----------
    outcome : str
        The column.
    before, after : Window
        The days compared.
    scores : pandas.DataFrame
        As :func:`~msspas_analysis.estimate.windows.window_scores` gives it: one row per person.
    counts : mapping of str to int
        Rows: ``"rows"`` read, ``"used"``, and those set aside: ``"not rated"`` and, of the rated,
        ``"no first session"`` (the features use these).
    parts : mapping of str to numpy.ndarray
        What was kept of each person and of all, in the order of codes; see
        :func:`~msspas_analysis.certify.large.parts.summed_file`.
    years : tuple
        Of each file, where its people are in that order, and their ratings of a year.
    told : dict
        Where the features are kept once they were asked for.
    """

    outcome: str
    before: Window
    after: Window
    scores: pd.DataFrame
    counts: Mapping[str, int]
    parts: Parts
    years: Years
    told: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"LargeSummary: {self.outcome} of {len(self.scores):,} people, "
            f"{self.counts['used']:,} of {self.counts['rows']:,} rows used"
        )

    @property
    def features(self) -> dict[str, float]:
        """The features of the whole diary, put together when they are first asked for.

        Those of :func:`~msspas_analysis.certify.twin.diary_features.rating_features`, at the lags that
        diaries of this length tell of; none where fewer than 10 people rated 14 days.
        """
        own = self.own
        return {} if own is None else {k: float(v[0]) for k, v in (own.told or {}).items()}

    @property
    def own(self) -> OwnDiary | None:
        """At most 2,000 people's ratings with the features of all, for a twin; None if too few."""
        if "own" not in self.told:
            self.told["own"] = _own(self.parts, self.years)
        own: OwnDiary | None = self.told["own"]
        return own

    def variogram(self, *, left_out: Entry = "none") -> tuple[Floats, Floats]:
        """Return half the mean squared difference of two days of a person by lag, and the pairs.

        Parameters
        ----------
        left_out : {"none", "first rating", "first week"}
            Days left out: none, or the entry rating.

        Returns
        -------
        gamma, pairs : numpy.ndarray, shape (61,)
            As :func:`~msspas_analysis.estimate.change.untreated.variogram` of days -120 to 200 from
            the first session.
        """
        at = ENTRIES.index(left_out)
        pairs = self.parts["pairs"][at].astype(np.float64)
        gamma: Floats = 0.5 * self.parts["squares"][at] / np.maximum(pairs, 1)
        return gamma, pairs

    def contrast(self, *, entry: Entry = "first rating") -> Contrast:
        """Return each person's change and what of it was to be expected without treatment.

        Parameters
        ----------
        entry : {"first rating", "first week", "none"}
            What people came in by.

        Returns
        -------
        Contrast
            As :func:`~msspas_analysis.estimate.change.untreated.checked_contrast` of all people who
            rated a day near their first session, by code.

        Raises
        ------
        NoExpectationError
            If there are too few people or days to learn how ratings move by themselves.
        """
        parts = self.parts
        if not (parts["entry at"] != NEVER).any():
            raise NoExpectationError(NO_BASELINE)
        g = autocovariance(*self.variogram(left_out="first rating" if entry == "none" else entry))
        days = np.arange(FIRST_DAY, LAST_DAY + 1)
        found = [untreated_contrast(seen, days, before=self.before, after=self.after, entry=entry,
                                    g=g) for seen in self._near()]  # fmt: skip
        contrast = Contrast(g=g, **{name: np.concatenate([getattr(one, name) for one in found])
                                    for name in ("change", "expected", "before")})  # fmt: skip
        refuse_thin(contrast, pairs=float(self.variogram(left_out="first rating")[1].sum()))
        return contrast

    def _near(self) -> Iterator[Floats]:
        """Lay out the days of the windows and of the entry rating, some people at a time."""
        parts = self.parts
        placed = np.flatnonzero(parts["placed"])
        for begin in range(0, len(placed), _CHUNK):
            some = placed[begin : begin + _CHUNK]
            seen = np.full((len(some), LAST_DAY - FIRST_DAY + 1), np.nan)
            at = parts["entry at"][some]
            there = np.flatnonzero(at != NEVER)
            place = at[there, None].astype(np.int64) - FIRST_DAY + np.arange(WEEK)
            row, column = np.nonzero(place < -FIRST_DAY)
            seen[there[row], place[row, column]] = rated(parts["entry"][some[there]])[row, column]
            for name, window in (("before", self.before), ("after", self.after)):
                days = span_of(window)
                seen[:, days] = rated(parts[name][some])
            yield seen


def summarise_large_diary(
    folder: str | Path | LargeDiary, *, outcome: str = "stiffness", before: Window = BEFORE,
    after: Window = AFTER, workers: int | str = 1, cache: str | Path | None = None,
    progress: Progress | None = None,
) -> LargeSummary:  # fmt: skip
    """Sum up a diary that need not fit into memory, in one pass over its files.

    Parameters
    ----------
    folder : str, pathlib.Path or LargeDiary
        See :func:`open_large_diary`.
    outcome : str
        A column of numbers.
    before, after : Window
        The days compared.
    workers : int or "active"
        1 runs here, with a thread a core; more start as many processes; "active" takes the joblib
        backend that is set, such as ``joblib.parallel_config(backend="dask")``.
    cache : str, pathlib.Path or None
        A folder in which what is summed up of a file is kept, by the file's path, size and time of
        change, the table of people and these settings: a run that was stopped goes on.
    progress : callable or None
        Called with files done, in all, and "files".

    Returns
    -------
    LargeSummary
        The same numbers for any number of workers. For whole-number outcomes also for any split of
        people over files, to the last bit.

    Raises
    ------
    RowsAreNotPeopleError
        If the table of people has somebody twice.
    ValueError
        If the windows share days, a column is absent or holds no numbers, a file is damaged, a person
        is in two files or has two rows for a day; the text names the file.

    Notes
    -----
    A file is read whole, so a file of very many people needs much memory; a few thousand people a
    file is right. Of each person about 500 bytes are kept where ratings are whole numbers from 0 to
    254, four or eight times as much where they are not, and those take some fifteen times as long.
    The first 366 days from a person's first rated day go into the features, days -120 to 200 from the
    first session into the variogram.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> tables = simulate_diary(DiaryScenario(n_people=12), seed=1).tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     large = write_large_diary(tables, f"{folder}/diary", people_per_file=5)
    ...     found = summarise_large_diary(large)
    >>> from msspas_analysis.estimate.windows import window_scores
    >>> found.scores.equals(window_scores(tables.diary, tables.people, "stiffness"))
    True
    """
    if max(before.first_day, after.first_day) <= min(before.last_day, after.last_day):
        raise ValueError(f"the windows share days ({before}; {after}); make them separate")
    large = folder if isinstance(folder, LargeDiary) else open_large_diary(folder)
    _check_outcome(large, outcome)
    known = read_people(large.people)
    jobs = [partial(summed_file, file=file, people=large.people, outcome=outcome, before=before,
                    after=after) for file in large.diary]  # fmt: skip
    try:
        with in_one_thread():
            made = run_apart(jobs, workers=workers, cache=cache, progress=progress, word="files",
                             threads=_threads())  # fmt: skip
    except BlocksFailedError as err:
        told = [one.error.removeprefix("ValueError: ") for one in err.failures]
        more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
        raise ValueError(
            f"{len(told)} of {len(jobs)} files cannot be summed up: {'; '.join(told[:3])}{more}"
        ) from err
    found = [dict(one) for one in made]
    _refuse_two_files(large, found)
    parts, place = joined(found, years=False)
    rows, blank, never = parts["rows"].tolist()
    counts = {"rows": rows, "used": rows - blank - never, "not rated": blank,
              "no first session": never}  # fmt: skip
    ends = np.cumsum([len(part["ids"]) for part in found])[:-1]
    years = zip(np.split(place, ends), (part["year"] for part in found), strict=True)
    return LargeSummary(
        outcome=outcome, before=before, after=after, scores=_scores(parts, known, before, after),
        counts=counts, parts=parts, years=tuple(years),
    )  # fmt: skip


def _threads() -> int:
    import pyarrow as pa  # type: ignore[import-untyped]

    return int(min(pa.cpu_count(), _MOST_THREADS))


def _check_outcome(large: LargeDiary, outcome: str) -> None:
    numeric = [name for name, kinds in large.columns.items() if NUMBERS.issuperset(kinds)]
    if outcome in numeric:
        return
    kinds = large.columns.get(outcome)
    if kinds is None:
        raise ValueError(
            f"outcome {outcome!r} is not a column of the diary; choose one of {numeric}"
        )
    at = next(at for at, kind in enumerate(kinds) if kind not in NUMBERS)
    why = f"holds {kinds[at]}, not numbers" if kinds[at] else "is absent"
    raise ValueError(
        f"outcome {outcome!r} {why} in {large.diary[at].path}; write that file with numbers there, "
        f"or choose one of {numeric}"
    )


def _refuse_two_files(large: LargeDiary, made: list[Parts]) -> None:
    ids = pd.Index(np.concatenate([part["ids"] for part in made]), dtype=object)
    again = ids[ids.duplicated()].unique()
    if len(again):
        where = np.repeat(np.arange(len(made)), [len(part["ids"]) for part in made])
        first, second = (large.diary[at].path for at in where[ids == again[0]][:2])
        more = f" (and {len(again) - 1} more people)" if len(again) > 1 else ""
        raise ValueError(
            f"person {again[0]!r}{more} has rows in {first} and in {second}; put all rows of a "
            "person in one file (write_large_diary does)"
        )


def _scores(parts: Parts, known: Known, before: Window, after: Window) -> pd.DataFrame:
    own = pd.Index(parts["ids"], dtype=object)
    place = known.ids.get_indexer(own)
    alone = np.ones(len(known.ids), bool)
    alone[place[place >= 0]] = False
    ids, at = own, np.arange(len(own))
    if alone.any():  # people without a diary
        ids = pd.Index(sorted([*own, *known.ids[alone]]), dtype=object)
        at, place = ids.get_indexer(own), known.ids.get_indexer(ids)
    sums = []
    for name in ("before", "after"):
        days, total = np.zeros(len(ids), np.int64), np.zeros(len(ids))
        days[at], total[at] = parts[f"days {name}"], parts[f"sum {name}"]
        sums.append((days, total))
    begun = np.zeros(len(ids), bool)
    begun[place >= 0] = known.session[place[place >= 0]] != NEVER
    return scores_from_sums(ids, begun, sums, before=before, after=after)


def _own(parts: Parts, years: Years) -> OwnDiary | None:
    """Sum up everybody's year, file by file, and lay some people's out."""
    from concurrent.futures import ThreadPoolExecutor

    there = parts["first"] != NEVER
    if there.sum() < FEWEST_PEOPLE:
        return None
    first, last, start, session = (parts[name].astype(np.int64)
                                   for name in ("first", "last", "start", "session"))  # fmt: skip
    frame = year_frame(first=first, last=last, start=start, session=session, there=there,
                       fewest=FEWEST_PEOPLE)  # fmt: skip
    near, far = usual_lags(frame.days, frame.baseline_days)
    if not near:
        return None
    lead = first - frame.start

    def summed(file: tuple[Ints, Any]) -> Any:
        place, year = file
        use = there[place]
        who = place[use]
        laid = from_start(year[use], lead[who], frame.days)
        return year_sums(laid, frame.after[who], frame.possible[who], near=near, far=far)

    with ThreadPoolExecutor(_threads()) as pool:
        sums = added(pool.map(summed, years))
    # the sums of people one by one, in the order of codes
    order = np.argsort(np.concatenate([place[there[place]] for place, _ in years]), kind="stable")
    sums |= {name: sums[name][..., order] for name in EACH}
    if int((sums["times"] >= FEWEST_DAYS).sum()) < FEWEST_PEOPLE:
        return None
    some = np.flatnonzero(there)[np.argsort(frame.possible[there], kind="stable")]
    n, notes = len(some), list(frame.notes)
    if n > _MOST_PEOPLE:
        some = some[np.linspace(0, n - 1, _MOST_PEOPLE).astype(np.int64)]
        notes.append(
            f"Fitted to the features of {n:,} people; the synthetic diaries, their ranges and the "
            f"standard errors are those of {len(some):,}."
        )
    seen = np.full((1, len(some), frame.days), np.nan)
    for place, year in years:
        at = pd.Index(place).get_indexer(pd.Index(some))
        here = at >= 0
        seen[0, here] = rated(from_start(year[at[here]], lead[some[here]], frame.days))
    return OwnDiary(
        items={"stiffness": seen}, after=np.arange(frame.days) >= frame.after[some, None],
        possible=frame.possible[some], begun=frame.begun, baseline_days=frame.baseline_days,
        falls=None, missed_tablets=None, item_missing=None, uncountable_above=None,
        notes=tuple(notes), told=features_of(sums),
    )  # fmt: skip


def fit_large(
    summary: LargeSummary, *, entry: EntryRule | None = None, keep_change: bool = False,
    seed: int = 2026, rounds: int = 8, replicates: int = 200,
) -> FittedScenario:  # fmt: skip
    """Fit a world to the features of a large diary, so that diaries drawn from it look like it.

    Parameters
    ----------
    summary : LargeSummary
        Of the daily stiffness ratings.
    entry, keep_change, seed, rounds, replicates
        As in :func:`~msspas_analysis.certify.twin.fitting.fit_scenario`.

    Returns
    -------
    FittedScenario
        Of at most 2,000 people; the notes say so. With that many or fewer it is the one that
        ``fit_scenario`` gives for people and a diary that holds stiffness alone.

    Raises
    ------
    ValueError
        If `summary` is of something else, fewer than 10 people rated 14 days, or as ``fit_scenario``.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> tables = simulate_diary(DiaryScenario(n_people=20, entry_rating=None), seed=4).tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     large = write_large_diary(tables, f"{folder}/diary")
    ...     found = fit_large(summarise_large_diary(large), rounds=1, replicates=40)
    >>> found.scenario.n_people, "day_sd" in found.fitted
    (20, True)
    """
    if summary.outcome != "stiffness":
        raise ValueError(
            f"a twin is fitted to daily stiffness ratings, got a summary of {summary.outcome!r}; "
            "sum the diary up with outcome='stiffness'"
        )
    refuse_settings(rounds=rounds, replicates=replicates, seed=seed)
    own = summary.own
    if own is None:
        raise ValueError(
            f"a twin needs {FEWEST_PEOPLE} people or more with {FEWEST_DAYS} or more rated days; "
            "collect more diaries: with fewer, a twin would say too much about single people"
        )
    return fit_own(own, entry=entry, keep_change=keep_change, seed=seed, rounds=rounds,
                   replicates=replicates)  # fmt: skip
