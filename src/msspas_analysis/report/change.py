"""What changed: stiffness before and after, beside unwanted effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msspas_analysis.estimate.change.paired import (
    direction_of_change,
    minimal_detectable_change,
    paired_change,
    percent_fall,
)
from msspas_analysis.estimate.diary.description import (
    week_profile,
)
from msspas_analysis.estimate.estimand import Estimand
from msspas_analysis.instruments import Figure as Published
from msspas_analysis.instruments import get
from msspas_analysis.plots import (
    change_with_interval,
    direction_bar,
    mean_by_week,
)
from msspas_analysis.report.blocks import (
    Block,
    Caution,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    Text,
    join,
    plain,
    text,
)
from msspas_analysis.report.cohort import MAIN, Cohort
from msspas_analysis.report.release import Line, Release, people_counted, to_draw
from msspas_analysis.report.unwanted import share_cells, unwanted_headline, unwanted_rows
from msspas_analysis.report.wording import (
    CANNOT_TELL,
    STIFFNESS_TO_STAND,
    days,
    fewer_than,
    listed,
    minus,
    number,
    percent,
)

BAND: Final = 0.5
"""Largest change of a person's mean, in points, that the page calls "about the same"."""
_INSTRUMENT: Final = "nrs_stiffness"
_SIZES: Final = {
    "g_z": "in standard deviations of the change, corrected for few people (paired effect size, "
    "Hedges' g_z)",
    "d_z": "the same without the correction (d_z)",
    "d_av": "in standard deviations of the ratings (d_av)",
}
_DIRECTION: Final = {
    "less": "less stiffness",
    "same": "about the same",
    "more": "more stiffness",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changed:
    """What other sections repeat from this one.

    Parameters
    ----------
    section : Section
        The section itself.
    said : Text
        The change of the mean, in a sentence.
    how_many : Text
        The shares with less, about the same and more stiffness; empty where none is shown.
    unwanted : Text
        Unwanted effects, in a sentence.
    lines : mapping
        The released lines by term and measure; empty where no change is shown.
    """

    section: Section
    said: Text
    how_many: Text
    unwanted: Text
    lines: Mapping[tuple[str, str], Line]


def asked() -> Estimand:
    """Return what the page estimates, in words, as it was laid down before any diary was read."""
    return Estimand(
        population="people who came, agreed, and rated enough days in both windows",
        treatment="the days after the first session against the days before it",
        variable="each person's mean rating of stiffness in its window, 0 to 10",
        summary="mean of the changes",
        intercurrent_events={
            "stopping or missing sessions": "treatment policy",
            "a relapse, or another treatment begun": "treatment policy",
        },
    )


def changed(c: Cohort, release: Release, *, expected: bool) -> Changed:
    """Lay out the change of stiffness.

    Parameters
    ----------
    c, release
        The people, and what may leave the centre.
    expected : bool
        Whether a section follows that says what was to be expected without treatment: it shows
        the change in a picture and the shares of 20 % and 30 % beside their expectation.
    """
    m, n = release.min_people, len(c.paired)
    windows = text(
        "Each person's mean rating in two fixed windows is compared. Before: "
        f"{days(c.before)}. After: {days(c.after)}. Day 0 is the first session."
    )
    question = text(
        f"What is asked: {asked()} People who stopped writing are in neither mean; nothing is "
        "filled in for them."
    )
    lines: dict[tuple[str, str], Line] = {}
    if n < m:
        people = "Nobody" if n == 0 else f"{fewer_than(m).capitalize()} people"
        said = text(
            f"{people} had enough rated days both before and after the first session, so no "
            "change is shown."
        )
        rows, words = unwanted_rows(c, release)
        blocks: list[Block] = [
            Paragraph(windows),
            Paragraph(question),
            Paragraph(said),
            *_profile(c, release),
        ]
        if rows:
            blocks.append(_shares_table("Unwanted effects", c, release, (("", rows),), words))
        else:
            blocks.append(Paragraph(words))
        how_many: Text = ()
        unwanted = unwanted_headline(rows, words)
    else:
        release.tell(n)
        answer = paired_change(c.scores, outcome=MAIN, conf_level=c.conf_level).table
        # a mean beside its size in standard deviations gives the number of people away
        kept = answer["measure"].isin(_SIZES) | answer["measure"].eq("pseudo_median")
        for _, row in (answer.loc[~kept] if release.rounded else answer).iterrows():
            lines[str(row["term"]), str(row["measure"])] = release.add("change", row)
        table, said = _size_of_change(c, release, lines)
        blocks = [
            Paragraph(said),
            Caution(text(CANNOT_TELL)),
            Paragraph(windows),
            Paragraph(question),
            table,
        ]
        if not expected:
            blocks.append(_picture_of_change(lines))
        blocks += _profile(c, release)
        direction, how_many, unwanted = _direction(c, release)
        blocks += direction
        if not expected:
            blocks += _falls(c, release)
        if not release.rounded:
            blocks += [*_without_units(c, lines), _detectable(c, release)]
    section = Section(key="change", heading="What changed: stiffness", blocks=tuple(blocks))
    return Changed(section=section, said=said, how_many=how_many, unwanted=unwanted, lines=lines)


def _size_of_change(
    c: Cohort, release: Release, lines: Mapping[tuple[str, str], Line]
) -> tuple[Block, Text]:
    """Lay out means, mean change and median change, in words and a table."""
    one, two, level = number(1), number(2), f"{percent(c.conf_level)} interval"
    before, after = lines["before", "mean"], lines["after", "mean"]
    mean, median = lines["change", "mean_difference"], lines["change", "median_difference"]
    said = text(
        "Mean stiffness (0 to 10) went from ", before.cell("estimate", one), " before to ",
        after.cell("estimate", one), f" after in {release.about}", mean.people(),
        " people: a mean change of ", mean.cell("estimate", two), " points (", level, " ",
        mean.interval(two), "). The median change was ", median.cell("estimate", two), ".",
    )  # fmt: skip
    rows = tuple(
        Row(text(name), (text(line.cell("estimate", how)), line.interval(how), text(line.people())))
        for name, line, how in (
            ("mean before", before, one), ("mean after", after, one),
            ("mean change", mean, two), ("median change", median, two),
        )
    )  # fmt: skip
    table = Table(
        caption="Stiffness before and after, in points on the 0 to 10 scale",
        columns=("", "points", level, release.people_heading),
        groups=(("", rows),),
        note=text("Below zero means less stiffness afterwards."),
    )
    return table, said


def _picture_of_change(lines: Mapping[tuple[str, str], Line]) -> Block:
    """Draw mean change and median change against a line at no change."""
    two = number(2)
    mean, median = lines["change", "mean_difference"], lines["change", "median_difference"]
    figure, drawn = change_with_interval(
        to_draw([mean, median]),
        labels={"mean_difference": "mean change", "median_difference": "median change"},
        unit="points",
    )
    alt = "Change in stiffness as dots with intervals, against a line at no change."
    for name, line in (("Mean change", mean), ("Median change", median)):
        alt += plain(
            text(f" {name} ", line.cell("estimate", two), ", interval ", line.interval(two), ".")
        )
    return Picture(
        figure=figure,
        drawn=drawn,
        alt=alt,
        caption=text("Change in stiffness with its interval. The line at zero is no change."),
    )


def _profile(c: Cohort, release: Release) -> list[Block]:
    """Draw the mean rating by week around the first session."""
    answer = week_profile(
        c.intake.tables.diary, c.people, MAIN, min_people=release.min_people,
        conf_level=c.conf_level,
    )  # fmt: skip
    lines = [
        release.add("by week", row, n_told=int(row["n"]) in release.totals)
        for _, row in answer.table.iterrows()
    ]
    if not lines:
        return []
    figure, drawn = mean_by_week(
        to_draw(lines), label="mean stiffness, 0 to 10", min_people=release.min_people
    )
    one = number(1)
    ends = [
        text(line.cell("estimate", one), " in ", minus(str(line.values["term"])))
        for line in (lines[0], lines[-1])
    ]
    return [
        Picture(
            figure=figure,
            drawn=drawn,
            alt="Line of the mean stiffness rating by week around the first session: "
            + plain(text(ends[0], ", ", ends[1], ".")),
            caption=text(
                "Mean stiffness by week, with its interval. Weeks with "
                f"{fewer_than(release.min_people)} people are left out. Different people stand "
                "behind different weeks, so the line can move because of who stopped."
            ),
        )
    ]


def _direction(c: Cohort, release: Release) -> tuple[list[Block], Text, Text]:
    """Lay out less, same and more stiffness beside unwanted effects."""
    answer = direction_of_change(c.scores, outcome=MAIN, band=BAND, conf_level=c.conf_level)
    lines = release.family("direction", answer.table)
    shown = [line for line in lines if line.cover == "shown"]
    rows = tuple(Row(text(_named(line)), share_cells(line)) for line in lines)
    unwanted, words = unwanted_rows(c, release)
    groups = [("Stiffness, before to after", rows)]
    if unwanted:
        groups.append(("Unwanted effects, whenever written down", unwanted))
    blocks: list[Block] = [Paragraph(text(STIFFNESS_TO_STAND))]
    note = text(
        f"A change of up to {BAND:g} points either way counts as about the same [assumption]. "
        "Shares are rounded, so they may not add up to 100 %. "
    )
    if len(shown) == len(lines):
        figure, drawn = direction_bar(to_draw(shown), labels=_DIRECTION)
        parts = [f"{p.label} {percent(float(str(p.estimate)))}" for p in drawn.itertuples()]
        blocks.append(
            Picture(
                figure=figure,
                drawn=drawn,
                alt=f"One bar of the shares of people: {listed(parts)}.",
                caption=text("People with less, about the same and more stiffness."),
            )
        )
    caption = "Less, same and more stiffness beside unwanted effects"
    blocks.append(_shares_table(caption, c, release, tuple(groups), text(note, words)))
    rest = [_named(line) for line in lines if line.cover != "shown"]
    if not shown:
        said = text(
            "How many people had less, about the same and more stiffness is not shown, because a "
            "group is too small."
        )
    else:
        said = join([text(line.cell("estimate", percent), " had ", _named(line)) for line in shown])
        if rest:
            groups_small = (
                f"; the shares with {listed(rest)} are not shown, because a group is too small"
            )
            said = text(said, groups_small)
        said = text(said, ".")
    return blocks, said, unwanted_headline(unwanted, words)


def _named(line: Line) -> str:
    return _DIRECTION[str(line.values["term"])]


def _shares_table(
    caption: str,
    c: Cohort,
    release: Release,
    groups: tuple[tuple[str, tuple[Row, ...]], ...],
    note: Text,
) -> Table:
    return Table(
        caption=caption,
        columns=(
            "",
            "share of people",
            f"{percent(c.conf_level)} interval",
            release.people_heading,
        ),
        groups=groups,
        note=note,
    )


def lower_by() -> tuple[tuple[float, str], ...]:
    """Return each share of the rating that counts as lower, and what it is otherwise used for."""
    instrument = get(_INSTRUMENT)
    rule, important = (instrument.figure(x) for x in ("continuation", "clinically_important"))
    return (
        (_fraction(rule), "the four-week continuation rule of NICE NG144 for one medicine, not a "
         f"measure of benefit {rule.tag}"),
        (_fraction(important), "used as clinically important difference in trials "
         f"{important.tag}"),
    )  # fmt: skip


def thresholds_in_words() -> str:
    """Say where the thresholds come from."""
    parts = [f"{100 * threshold:g} % is {meaning}" for threshold, meaning in lower_by()]
    return f"{'; '.join(parts)}."


def _falls(c: Cohort, release: Release) -> list[Block]:
    """Lay out the shares of people whose rating was lower by a fraction."""
    rows: list[Row] = []
    seen: list[int] = []
    for threshold, _ in lower_by():
        try:
            answer = percent_fall(
                c.scores, outcome=MAIN, threshold=threshold, conf_level=c.conf_level
            )
        except ValueError:
            # the one way left for it to fail: nobody rated above 0 before
            said = "Everybody rated 0 before, so nobody's rating could be lower afterwards."
            return [Paragraph(text(said))]
        row = answer.table.iloc[0]
        x, able = people_counted(row), int(row["n"])
        told = release.tell(able)
        cover, step = release.share_cover(x, able, near=seen)
        if cover == "shown" and x:
            seen.append(x)
        line = release.add("at least this much lower", row, cover=cover, n_told=told, step=step)
        rows.append(Row(text(f"at least {100 * threshold:g} % lower"), share_cells(line)))
    caption = "People whose stiffness was lower by at least this much"
    note = text("With no treatment at all some people cross these lines as well. ",
                thresholds_in_words())  # fmt: skip
    return [_shares_table(caption, c, release, (("", tuple(rows)),), note)]


def _fraction(figure: Published) -> float:
    if not isinstance(figure.value, (int, float)):
        raise TypeError(f"figure {figure.name!r} is {figure.value!r}, a number is due")
    return float(figure.value)


def _without_units(c: Cohort, lines: Mapping[tuple[str, str], Line]) -> list[Block]:
    """Lay out the change in standard deviations."""
    two = number(2)
    rows = tuple(
        Row(text(label), (text(line.cell("estimate", two)), line.interval(two)))
        for measure, label in _SIZES.items()
        if (line := lines.get(("change", measure))) is not None
    )
    if not rows:
        said = "The ratings do not vary, so a size of the change without units does not exist."
        return [Paragraph(text(said))]
    return [
        Table(
            caption="Size of the mean change without units",
            columns=("", "size", f"{percent(c.conf_level)} interval"),
            groups=(("", rows),),
            note=text("The sizes use two yardsticks: compare like with like."),
        )
    ]


def _detectable(c: Cohort, release: Release) -> Paragraph:
    """Word the smallest change of one person that error alone seldom gives."""
    instrument = get(_INSTRUMENT)
    reliability = instrument.figure("test_retest_icc")
    moved = instrument.figure("stiffness_for_spasticity")
    answer = minimal_detectable_change(
        c.scores, outcome=MAIN, icc=_fraction(reliability),
        icc_source=f"{reliability.source} {reliability.tag}", conf_level=c.conf_level,
    )  # fmt: skip
    row = answer.table.iloc[0]
    line = release.add("minimal detectable change", row, n_told=release.tell(int(row["n"])))
    return Paragraph(
        text(
            "A single person's mean can differ by up to about ", line.cell("estimate", number(1)),
            " points through measurement error alone (minimal detectable change). This takes a "
            f"test-retest reliability of {reliability.value} from {reliability.source} "
            f"{reliability.tag}, found for ratings of spasticity and {moved.value} {moved.tag}. "
            "The mean of a group can show smaller changes.",
        )
    )  # fmt: skip
