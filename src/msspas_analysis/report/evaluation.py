"""From an intake to one page: the service evaluation of a centre."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Final

import pandas as pd

from msspas_analysis.ingest.intake import Intake
from msspas_analysis.report import cells, diaries, outcomes, people, summary
from msspas_analysis.report import change as what_changed
from msspas_analysis.report.blocks import Section
from msspas_analysis.report.cohort import cohort, therapy_groups
from msspas_analysis.report.disclosure import MIN_PEOPLE
from msspas_analysis.report.release import Release
from msspas_analysis.report.wording import (
    CANNOT_TELL,
    SPEAK_TO_TEAM,
    STIFFNESS_TO_STAND,
    WHAT_THIS_IS,
    days,
    fewer_than,
    percent,
)
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

RESULTS_FILE: Final = "results.csv"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """A service evaluation: the numbers that may be shown, and the page that shows them.

    Parameters
    ----------
    title : str
        Heading of the page.
    results : Estimates
        Everything shown. Where the number of people is not told, ``n`` is the smallest it can be
        and ``method`` says so; counts of cells have an ``n`` of 0.
    released : pandas.DataFrame
        The same numbers as ``results.csv`` holds them, and a line without numbers for each one
        that is covered.
    sections : tuple of Section
        What the page is made of.
    notes : tuple of str
        What a reader must know.
    settings : mapping of str to str
        Windows, level, smallest group, seed, version and the hash of the data.
    """

    title: str
    results: Estimates
    released: pd.DataFrame
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    settings: Mapping[str, str]

    def to_html(self) -> str:
        """Return the page: one file, nothing loaded from anywhere else."""
        from jinja2 import Environment, StrictUndefined

        template = resources.files(__package__).joinpath("page.html.j2").read_text("utf-8")
        page = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        ).from_string(template)
        return page.render(
            title=self.title, sections=self.sections, settings=self.settings, last=SPEAK_TO_TEAM
        )

    def write(self, path: str | Path) -> tuple[Path, Path]:
        """Write the page, and ``results.csv`` with the same numbers beside it.

        Each file is complete or not there: it is written under another name and then renamed.

        Parameters
        ----------
        path : str or Path
            Where the page goes; its folder is made if need be. Files of the same names are
            replaced.

        Returns
        -------
        page, results : Path

        Raises
        ------
        ValueError
            If `path` is a folder, or the name that the numbers need.
        """
        page = Path(path)
        if page.is_dir() or page.name == RESULTS_FILE:
            raise ValueError(
                f"{page} cannot be the page; give a file name such as "
                f"{(page if page.is_dir() else page.parent) / 'report.html'}"
            )
        results = page.with_name(RESULTS_FILE)
        html, csv = self.to_html(), self.released.to_csv(index=False, lineterminator="\n")
        page.parent.mkdir(parents=True, exist_ok=True)
        _replace(page, html.encode("utf-8"))
        # the mark at the front tells Excel that the file is UTF-8
        _replace(results, csv.encode("utf-8-sig"))
        return page, results


def service_evaluation(
    intake: Intake,
    *,
    before: Window = BEFORE,
    after: Window = AFTER,
    conf_level: float = 0.95,
    min_people: int = MIN_PEOPLE,
    title: str = "Service evaluation",
    seed: int = 2026,
) -> Evaluation:
    """Describe a centre's people before and after their first session, small numbers covered.

    Parameters
    ----------
    intake : Intake
        A workbook, read.
    before, after : Window
        Spans of days around the first session; they may not overlap.
    conf_level : float
        Level of the intervals, in (0, 1).
    min_people : int
        Fewest people behind any number that is shown, at least 2.
    title : str
        Heading of the page.
    seed : int
        Printed with the settings, so that a report with random numbers could be repeated; none of
        the numbers here is drawn at random.

    Returns
    -------
    Evaluation
        Where there are too few people for a section, a sentence takes its place. Missing days are
        left out, never filled in.

    Raises
    ------
    ValueError
        If the windows overlap, `conf_level` is outside (0, 1) or `min_people` is below 2.

    Notes
    -----
    There is no comparison group, so a change is never called more than a change. Which numbers
    may be shown is decided by :mod:`msspas_analysis.report.disclosure`.

    Examples
    --------
    >>> from msspas_analysis.ingest.intake import LEDGER_COLUMNS, Tally
    >>> from msspas_analysis.tables import Tables
    >>> empty = Intake(tables=Tables(), ledger=pd.DataFrame(columns=list(LEDGER_COLUMNS)),
    ...     tally=Tally(cells=0, used=0, set_aside=0, people=0), asks=pd.DataFrame(), notes=(),
    ...     consent_recorded=False, sha256="0" * 64)
    >>> service_evaluation(empty).sections[0].heading
    'On one page'
    """
    if min_people < 2:
        raise ValueError(f"min_people must be at least 2, got {min_people}: no one person is shown")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, got {conf_level}; 0.95 is usual")
    c = cohort(intake, before=before, after=after, conf_level=conf_level)
    release = Release(min_people=min_people)
    _, grouped = therapy_groups(c, min_people)
    who, came = people.who(c, release, therapies=not grouped)
    sessions = people.sessions(c, release)
    changed, change, unwanted = what_changed.changed(c, release)
    others = outcomes.other_outcomes(c, release)
    therapies = outcomes.by_therapy(c, release)
    asked = people.survey(c, release)
    not_paired = people.not_paired(c, release)
    complete, full = diaries.diaries(c, release)
    aside = cells.set_aside(c, release)
    consent = people.consent(c, release)
    headline = summary.Headline(came=came, change=change, unwanted=unwanted, diaries=full)
    sections = (
        summary.summary(c, release, headline), who, sessions, changed, others, therapies,
        *((asked,) if asked else ()), not_paired, complete, aside, consent, summary.limits(),
        summary.glossary(c),
    )  # fmt: skip
    notes = (
        WHAT_THIS_IS,
        CANNOT_TELL,
        STIFFNESS_TO_STAND,
        f"Numbers about {fewer_than(min_people)} people are not shown, nor others from which they "
        "could be worked out.",
        SPEAK_TO_TEAM,
    )
    settings = {
        "Window before": days(before),
        "Window after": days(after),
        "Level of intervals": percent(conf_level),
        "Smallest group shown": f"{min_people} people",
        "Seed": f"{seed} (no number here is drawn at random)",
        "msspas-analysis": metadata.version("msspas-analysis"),
        "SHA-256 of the data": intake.sha256,
    }
    return Evaluation(
        title=title, results=release.estimates(notes), released=release.table(),
        sections=sections, notes=notes, settings=settings,
    )  # fmt: skip


def _replace(path: Path, content: bytes) -> None:
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
