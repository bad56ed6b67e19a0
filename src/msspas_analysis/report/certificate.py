"""The certificate: how often the analyses of this report are wrong on diaries of this shape.

A computer model of these diaries is drawn many times, with nothing given and with an effect, and the
report's own analyses are run on it. Where the one that the conclusion rests on is wrong too often, its
conclusion is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from msspas_analysis.report.blocks import Block, Caution, Paragraph, Row, Section, Table, Text, text
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.expected import rules_in_words
from msspas_analysis.report.release import Line, Release
from msspas_analysis.report.wording import number, percent

if TYPE_CHECKING:
    from msspas_analysis.certify import Certificate, EntryRule

HEADING: Final = "How often these analyses are wrong (a computer model, no real people)"
EFFECT: Final = -1.0
"""The effect tried, in points of the 0-10 rating [assumption: a change worth having]."""
_BY_ITSELF, _BEYOND = "paired t", "beyond expectation"
_ANALYSES: Final = {_BY_ITSELF: "the change by itself", _BEYOND: "the change beyond expectation"}
_NULL, _CLAIMED = "no effect", "claimed effect"
_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    (_NULL, "type_i_error"), (_CLAIMED, "power"), (_CLAIMED, "coverage"), (_CLAIMED, "type_m"),
)  # fmt: skip
Certificates = Mapping[str, Mapping[str, "Certificate"]]
"""By entry rule and analysis."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certified:
    """The section, and what takes the place of a conclusion.

    Parameters
    ----------
    section : Section or None
        None where no certificate was asked for.
    instead : Text
        Empty unless the analysis behind the conclusion is wrong too often.
    """

    section: Section | None
    instead: Text = ()


def certify(
    c: Cohort, *, entry: EntryRule | None, seed: int, replicates: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> Certificates:  # fmt: skip
    """Return the certificates by entry rule and analysis; none where diaries cannot be drawn."""
    from msspas_analysis.certify import EntryRule, certify_analysis, diary_replicates

    rules = (entry,) if entry else (EntryRule(), EntryRule(by="first rating", at_least=4.0))
    tables = c.intake.tables
    mine = tables.diary["person_id"].isin(c.people["person_id"])
    tables = replace(tables, people=c.people, diary=tables.diary[mine])
    made: dict[str, dict[str, Certificate]] = {}
    for rule in rules:
        try:
            drawn = diary_replicates(
                tables, effect=EFFECT, entry=rule, before=c.before, after=c.after,
                replicates=replicates, seed=seed, beyond=True, progress=progress,
            )  # fmt: skip
        except ValueError:  # too few people or days for a model of them
            return {}
        made[str(rule)] = {name: certify_analysis(name, drawn) for name in _ANALYSES}
    return made


def certificate(release: Release, made: Certificates, *, conclusion: bool) -> Certified:
    """Lay out the certificates.

    Parameters
    ----------
    release : Release
        What may leave the centre; the rates are of simulated centres, so all of them may.
    made : mapping
        From :func:`certify`; empty where diaries like these could not be drawn.
    conclusion : bool
        Whether there is a conclusion that rests on the change beyond expectation.
    """
    if not made:
        said = text(
            "How often these analyses are wrong on diaries like these could not be tried: too few "
            "people kept one for long enough, or the days compared lie outside it."
        )
        return Certified(
            section=Section(key="certificate", heading=HEADING, blocks=(Paragraph(said),))
        )
    lines = {
        (rule, name, key): _released(release, one.results.table, *key)
        for rule, part in made.items() for name, one in part.items() for key in _COLUMNS
    }  # fmt: skip
    red = [rule for rule, part in made.items() if part[_BEYOND].light == "red"]
    instead: Text = ()
    if red and conclusion:
        line = lines[red[0], _BEYOND, (_NULL, "type_i_error")]
        cover = lines[red[0], _BEYOND, (_CLAIMED, "coverage")]
        instead = text(
            "Nothing is concluded from these diaries. On diaries of this shape the analysis would "
            "call a change in ", line.cell("estimate", percent), " of centres in which nothing was "
            "given, where 5 % is due, and its interval would hold a true change in ",
            cover.cell("estimate", percent), " of them, where 95 % is due.",
        )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(text(
            "The same analyses were run on simulated centres like this one: as many people and "
            "days, as often missing, as alike from day to day, as near the ends of the scale. Once "
            f"nothing was given, and once something that takes {number(0)(-EFFECT)} point off the "
            "rating [assumption].",
        )),
        *((Caution(instead),) if instead else ()),
        _table(made, lines),
    ]  # fmt: skip
    return Certified(
        section=Section(key="certificate", heading=HEADING, blocks=tuple(blocks)), instead=instead
    )


def _released(release: Release, table: Any, world: str, measure: str) -> Line:
    row = table[(table["group"] == world) & (table["measure"] == measure)].iloc[0].copy()
    # what was drawn is told in words of its own: how many people there are is not for everybody
    row["method"] = "simulated centres like this one"
    return release.add_simulated("certificate", row)


def _table(made: Certificates, lines: Mapping[tuple[str, str, tuple[str, str]], Line]) -> Table:
    groups = []
    for rule, part in made.items():
        rows = []
        for name, words in _ANALYSES.items():
            cells = [
                text(lines[rule, name, key].cell("estimate", number(1) if key[1] == "type_m" else percent))
                for key in _COLUMNS
            ]  # fmt: skip
            rows.append(Row(text(words), (text(part[name].light), *cells)))
        words = rules_in_words([rule])
        groups.append((words[:1].upper() + words[1:], tuple(rows)))
    worst = max(
        (line for (_, _, (_, measure)), line in lines.items() if measure != "type_m"),
        key=lambda line: float(line.values["std_error"] or 0.0),
    )
    return Table(
        caption="How often each analysis is wrong on centres like this one, by why people came in",
        columns=(
            "", "light", "calls nothing a change", "finds a true fall", "interval holds the truth",
            "size of a fall found, times the true one",
        ),
        groups=tuple(groups),
        note=text(
            "Of 100 analyses 5 may call nothing a change, and 95 intervals should hold the truth. Green "
            "may speak; amber speaks with this table beside it; red is not believed. The largest Monte "
            "Carlo standard error of a share is ",
            worst.cell("std_error", lambda value: f"{100 * value:.1f} %"), ".",
        ),
    )  # fmt: skip
