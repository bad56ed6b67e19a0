"""From an intake to one page: the service evaluation of a centre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from msspas_analysis.ingest.intake import Intake
from msspas_analysis.progress import Progress
from msspas_analysis.report import cells, diaries, funder, outcomes, people, summary
from msspas_analysis.report import certificate as certificates
from msspas_analysis.report import change as what_changed
from msspas_analysis.report import expected as expectation
from msspas_analysis.report.blocks import Paragraph, Section
from msspas_analysis.report.cohort import cohort, therapy_groups
from msspas_analysis.report.disclosure import COARSE, FEWEST, STEP, Profile
from msspas_analysis.report.next_year import next_year
from msspas_analysis.report.page import page, write_whole
from msspas_analysis.report.release import Release
from msspas_analysis.report.wording import (
    CANNOT_TELL,
    SPEAK_TO_TEAM,
    STIFFNESS_TO_STAND,
    WATERMARK,
    WHAT_THIS_IS,
    days,
    fewer_than,
    percent,
)
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

if TYPE_CHECKING:
    from msspas_analysis.certify import EntryRule

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
        What the page is made of, in order; the first is the summary and fits on one sheet. A
        section is a heading and blocks (:mod:`msspas_analysis.report.blocks`), so that another
        kind of file can be written from it without asking where a number came from.
    notes : tuple of str
        What a reader must know.
    settings : mapping of str to str
        Entry rule, windows, level, smallest group, rounding, profile, seed, version and the hash of
        the data.
    profile : {"public", "internal"}
        Who may read it. An internal one says so in its title and on every printed page.
    """

    title: str
    results: Estimates
    released: pd.DataFrame
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    settings: Mapping[str, str]
    profile: Profile = "public"

    @property
    def watermark(self) -> str:
        """What stands on every printed page; empty if anybody may read it."""
        return WATERMARK if self.profile == "internal" else ""

    def to_html(self) -> str:
        """Return the page: one file, nothing loaded from anywhere else."""
        return page(
            self.title, self.sections, settings=self.settings, watermark=self.watermark,
            under="Symptom diaries before and after the first session. A description of a group, for "
            "the centre and its funders.",
            foot=f"The numbers of this page are in the file {RESULTS_FILE} beside it.",
        )  # fmt: skip

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
        whole = Path(path)
        if whole.is_dir() or whole.name == RESULTS_FILE:
            raise ValueError(
                f"{whole} cannot be the page; give a file name such as "
                f"{(whole if whole.is_dir() else whole.parent) / 'report.html'}"
            )
        results = whole.with_name(RESULTS_FILE)
        html, csv = self.to_html(), self.released.to_csv(index=False, lineterminator="\n")
        whole.parent.mkdir(parents=True, exist_ok=True)
        write_whole(whole, html.encode("utf-8"))
        # the mark at the front tells Excel that the file is UTF-8
        write_whole(results, csv.encode("utf-8-sig"))
        return whole, results


def service_evaluation(
    intake: Intake,
    *,
    before: Window = BEFORE,
    after: Window = AFTER,
    conf_level: float = 0.95,
    min_people: int | None = None,
    title: str = "Service evaluation",
    seed: int = 2026,
    entry: EntryRule | str | None = None,
    profile: Profile = "public",
    replicates: int = 1000,
    progress: Progress | None = None,
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
    min_people : int or None
        Fewest people behind any number that is shown: at least 10 for a public report and 5 for
        an internal one, which is what None takes.
    title : str
        Heading of the page.
    seed : int
        Seed of the simulated centres that stand for no treatment; same seed, same numbers.
    entry : EntryRule, str or None
        Why people were taken on, such as ``"first rating >= 4"`` or ``"none"``. With None the
        expectation without treatment is given for several rules.
    profile : {"public", "internal"}
        ``public`` rounds counts of people to the nearest 5 and shares to the nearest 5 % and leaves
        out what would give an exact number of people away; ``internal`` rounds nothing and is
        marked as not for circulation.
    replicates : int
        How often the certificate draws centres like this one, 100 or more; 0 leaves it out.
    progress : callable or None
        Called with centres drawn, in all, and a word.

    Returns
    -------
    Evaluation
        Where there are too few people for a section, a sentence takes its place. Missing days are
        left out, never filled in.

    Raises
    ------
    ValueError
        If the windows overlap, `conf_level` is outside (0, 1), `min_people` is below what the
        profile allows, there is no such profile, or `replicates` is 1 to 99.
    UnknownEntryError
        If `entry` is a text that is not understood.

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
    if profile not in FEWEST:
        raise ValueError(f"there is no profile {profile!r}; there are {', '.join(FEWEST)}")
    fewest = FEWEST[profile] if min_people is None else min_people
    if fewest < FEWEST[profile]:
        raise ValueError(
            f"min_people must be at least {FEWEST[profile]} in a report that is {profile}, "
            f"got {min_people}"
        )
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, got {conf_level}; 0.95 is usual")
    if replicates and replicates < 100:
        raise ValueError(f"replicates must be 0 or at least 100, got {replicates}")
    from msspas_analysis.certify import EntryRule

    rule = None if entry is None else EntryRule.of(entry)
    c = cohort(intake, before=before, after=after, conf_level=conf_level)
    release = Release(min_people=fewest, rounded=profile == "public")
    _, grouped = therapy_groups(c, fewest)
    found, why_not = expectation.look(c, entry=rule, seed=seed, min_people=fewest)
    who, came = people.who(c, release, therapies=not grouped)
    sessions, attended = people.sessions(c, release)
    changed = what_changed.changed(c, release, expected=found is not None)
    expected = expectation.expected(c, release, found, why_not)
    certified = certificates.Certified(section=None)
    if replicates and found is not None:
        made = certificates.certify(
            c, entry=rule, seed=seed, replicates=replicates, progress=progress
        )
        certified = certificates.certificate(release, made, conclusion=expected.available)
    if certified.instead:
        blocks = (Paragraph(certified.instead), *expected.section.blocks[1:])
        section = replace(expected.section, blocks=blocks)
        expected = replace(expected, section=section, said=certified.instead)
    others = outcomes.other_outcomes(c, release, entry=rule, refused=bool(certified.instead))
    therapies, by_therapy = outcomes.by_therapy(c, release)
    asked, answers = people.survey(c, release)
    not_paired = people.not_paired(c, release)
    complete, full = diaries.diaries(c, release)
    aside, cells_used = cells.set_aside(c, release)
    consent = people.consent(c, release)
    wanted, first_wanted = next_year(c, entry_stated=rule is not None)
    headline = summary.Headline(
        conclusion=expected.said, came=came, sessions=attended, change=changed.said,
        how_many=changed.how_many, therapies=by_therapy, unwanted=changed.unwanted, asked=answers,
        diaries=full, cells=cells_used, next_year=first_wanted,
    )  # fmt: skip
    sections = (
        summary.summary(c, release, headline), who, sessions, changed.section, expected.section,
        *((certified.section,) if certified.section else ()), others, therapies, *((asked,) if asked else ()), not_paired, complete, aside, consent,
        summary.limits(), wanted, funder.paragraph(release, changed, expected, refused=bool(certified.instead)),
        summary.glossary(c),
    )  # fmt: skip
    covered = (
        f"Numbers about {fewer_than(fewest)} people are not shown, nor others from which they "
        "could be worked out."
    )
    rounding = f"people to the nearest {STEP}, shares to the nearest {STEP} or {COARSE} %"
    notes = (
        WHAT_THIS_IS,
        f"Asked: {what_changed.asked()}",
        CANNOT_TELL,
        STIFFNESS_TO_STAND,
        covered,
        *((f"Rounded: {rounding}.",) if release.rounded else ()),
        SPEAK_TO_TEAM,
    )
    settings = {
        "Entry rule": "not stated: several are looked at" if rule is None else str(rule),
        "Window before": days(before),
        "Window after": days(after),
        "Level of intervals": percent(conf_level),
        "Profile": profile if release.rounded else f"{profile} ({WATERMARK.partition(': ')[2]})",
        "Smallest group shown": f"{fewest} people",
        "Rounding": rounding if release.rounded else "none",
        "Seed": f"{seed} (of the simulated centres)",
        "Simulated centres": f"{replicates:,} in each world" if certified.section else "none",
        "msspas-analysis": metadata.version("msspas-analysis"),
        "SHA-256 of the data": intake.sha256,
    }
    return Evaluation(
        title=title if release.rounded else f"{title} ({WATERMARK})",
        results=release.estimates(notes), released=release.table(), sections=sections,
        notes=notes, settings=settings, profile=profile,
    )  # fmt: skip
