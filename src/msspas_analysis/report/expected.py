"""What was to be expected without treatment, beside what was observed.

The expectation is a computer model of these diaries (:mod:`msspas_analysis.certify`). Its numbers
are laid out here; shares of the real people are covered by the same rules as everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from msspas_analysis.plots import change_over_expected
from msspas_analysis.report.blocks import (
    Block,
    Bullets,
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
from msspas_analysis.report.change import lower_by, thresholds_in_words
from msspas_analysis.report.cohort import MAIN, Cohort
from msspas_analysis.report.disclosure import nearest
from msspas_analysis.report.release import Line, Release, people_counted, to_draw
from msspas_analysis.report.wording import count, fewer_than, listed, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from msspas_analysis.certify import EntryRule, Expectation
    from msspas_analysis.results import Estimates

HEADING: Final = "Expected without treatment (a computer model, no real people)"
OBSERVED: Final = "observed"
EXPECTED: Final = "expected without treatment"
BEYOND: Final = "beyond expectation"
_MEAN: Final = "mean_difference"
_OF_1000: Final = "count_of_1000"
# a method that is wrong more often than this where nothing was given is said to fail there
TOO_OFTEN: Final = 0.10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What other sections repeat from this one.

    Parameters
    ----------
    section : Section
        The section itself.
    said : Text
        The conclusion, or why there is none.
    lines : mapping
        The released lines of mean changes by entry rule and term; empty where there are none.
    """

    section: Section
    said: Text
    lines: Mapping[tuple[str, str], Line]

    @property
    def available(self) -> bool:
        """Whether these diaries can say what to expect."""
        return bool(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What the model of no treatment says of stiffness.

    Parameters
    ----------
    mean : Expectation
        The mean change, and the spread of centres that give nothing.
    shares : mapping of str to Estimates
        By entry rule: shares of people who fell, beyond their expectation.
    """

    mean: Expectation
    shares: Mapping[str, Estimates]


def look(
    c: Cohort, *, entry: EntryRule | None, seed: int, min_people: int
) -> tuple[Look | None, str]:
    """Return the expectation for stiffness, or the sentence that says why there is none."""
    if len(c.paired) < min_people:
        return None, f"{fewer_than(min_people).capitalize()} people can be compared."
    from msspas_analysis.certify import (
        UNKNOWN,
        expected_without_treatment,
        share_fallen,
        statistic_beyond_expectation,
    )

    found = expected_without_treatment(
        c.intake.tables.diary, c.people, outcome=MAIN, before=c.before, after=c.after, entry=entry,
        seed=seed, conf_level=c.conf_level,
    )  # fmt: skip
    if not found.available:
        return None, found.reason
    if int(found.results.table["n"].min()) < min_people:
        return None, f"{fewer_than(min_people).capitalize()} people have a rating on entry."
    shares = {f"fall_{100 * by:.0f}": share_fallen(by) for by, _ in lower_by()}
    rules = {str(rule): rule for rule in ((entry,) if entry else UNKNOWN)}
    return Look(
        mean=found,
        shares={
            name: statistic_beyond_expectation(
                c.intake.tables.diary, c.people, shares, outcome=MAIN, before=c.before,
                after=c.after, entry=rules[name], seed=seed, conf_level=c.conf_level,
            )
            for name in _different(found.results.table)
        },
    ), ""  # fmt: skip


def expected(c: Cohort, release: Release, seen: Look | None, why_not: str) -> Expected:
    """Lay out observed, expected and beyond expectation for each entry rule.

    Parameters
    ----------
    c, release
        The people, and what may leave the centre.
    seen, why_not
        From :func:`look`.
    """
    if seen is None:
        said = text(
            "These diaries cannot say what was to be expected without treatment. ",
            guarded(why_not, release),
            " So nothing is said here about what the change means.",
        )
        section = Section(key="expected", heading=HEADING, blocks=(Paragraph(said),))
        return Expected(section=section, said=said, lines={})
    found = seen.mean
    table = found.results.table
    rules = _different(table)
    release.tell(int(table["n"].iloc[0]))
    means = {
        (rule, term): _release_mean(release, table, rule, term)
        for rule in rules for term in (OBSERVED, EXPECTED, BEYOND)
    }  # fmt: skip
    said = text(" ".join(guarded(sentence, release) for sentence in found.conclusion))
    blocks: list[Block] = [
        Paragraph(said),
        Paragraph(
            text("What would the same people and days have shown if nothing had been given? A "
                 "computer model of how these diaries move by themselves gives an answer. It allows "
                 "for people who came because a rating was high.")
        ),
        _table_of_means(c, release, rules, means),
        _picture(c, rules, means, found),
        Paragraph(_of_1000(release, table, rules)),
        _table_of_shares(c, release, table, rules, seen.shares),
        *_method_check(release, found),
    ]  # fmt: skip
    # how to call the program is no concern of who reads the page
    # and where the rule is not known, nothing can be said of people who came in otherwise
    known = len(rules) == 1
    notes = [
        guarded(note, release)
        for note in found.notes
        if "--" not in note and (known or ">=" not in note)
    ]
    if notes:
        blocks += [
            Paragraph(text("What the model assumes:")), Bullets(tuple(text(x) for x in notes)),
        ]  # fmt: skip
    section = Section(key="expected", heading=HEADING, blocks=tuple(blocks))
    return Expected(section=section, said=said, lines=means)


def guarded(sentence: str, release: Release) -> str:
    """Round a number of people that stands in a sentence written elsewhere."""
    if not release.rounded:
        return sentence

    def rounded(match: re.Match[str]) -> str:
        n = int(match[1].replace(",", ""))
        if n < release.min_people:
            return f"{fewer_than(release.min_people)} people"
        return f"about {nearest(n)} people"

    return re.sub(r"\b(?:only )?(\d[\d,]*) people\b", rounded, sentence)


def _different(table: pd.DataFrame) -> dict[str, str]:
    """Return the entry rules whose numbers differ, each with its words."""
    found: dict[tuple[float, ...], list[str]] = {}
    for rule in table["group"].unique():
        part = table.loc[table["group"].eq(rule)]
        numbers = tuple(
            round(float(x), 9) for x in part[["estimate", "conf_low"]].fillna(0).to_numpy().ravel()
        )
        found.setdefault(numbers, []).append(str(rule))
    return {rules[0]: rules_in_words(rules) for rules in found.values()}


def rules_in_words(rules: Sequence[str]) -> str:
    """Word entry rules with the same numbers.

    Examples
    --------
    >>> rules_in_words(["no entry rule"])
    'if anybody could come'
    >>> rules_in_words(["first rating >= 4", "first rating >= 6"])
    'if the first rating had to be 4 or more, or 6 or more'
    """
    if rules[0] == "no entry rule":
        return "if anybody could come"
    what, _, least = rules[0].partition(" >= ")
    more = [f"{rule.partition(' >= ')[2]} or more" for rule in rules[1:]]
    also = f", or {listed(more)}" if more else ""
    return f"if the {what} had to be {least} or more{also}"


def _rows(table: pd.DataFrame, rule: str, term: str, measure: str) -> pd.Series[Any]:
    keep = table["group"].eq(rule) & table["measure"].eq(measure)
    part = table.loc[keep & table["term"].eq(term)] if term else table.loc[keep]
    return part.iloc[0]


def _release_mean(release: Release, table: pd.DataFrame, rule: str, term: str) -> Line:
    row = _rows(table, rule, term, _MEAN)
    told = release.may_tell(int(row["n"]))
    return release.add("expected", row, n_told=told, model=term == EXPECTED)


def _range_words(c: Cohort) -> str:
    return f"range of {100 * c.conf_level:g} in 100 centres"


def _table_of_means(
    c: Cohort, release: Release, rules: Mapping[str, str], means: Mapping[tuple[str, str], Line]
) -> Block:
    two = number(2)
    groups = []
    for rule, words in rules.items():
        rows = tuple(
            Row(text(term), (text(line.cell("estimate", two)), line.interval(two)))
            for term in (OBSERVED, EXPECTED, BEYOND)
            for line in [means[rule, term]]
        )
        groups.append((_capital(words), rows))
    return Table(
        caption="Mean change of stiffness in points, by why people came in",
        columns=("", "mean change", f"{percent(c.conf_level)} interval or range"),
        groups=tuple(groups),
        note=text(
            f"Below zero means less stiffness. Beside what was expected stands the "
            f"{_range_words(c)} that give nothing; beside the others an interval. Beyond "
            "expectation is the change observed minus the change expected. People: ",
            release.about, means[next(iter(rules)), OBSERVED].people(), ".",
        ),
    )  # fmt: skip


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _picture(
    c: Cohort, rules: Mapping[str, str], means: Mapping[tuple[str, str], Line], found: Expectation
) -> Block:
    two = number(2)
    first = next(iter(rules))
    seen = means[first, OBSERVED]
    figure, drawn = change_over_expected(
        to_draw([seen]),
        {_capital(words): found.centres[rule] for rule, words in rules.items()},
        unit="points",
    )
    alt = plain(
        text("Observed mean change ", seen.cell("estimate", two), ", interval ",
             seen.interval(two), ", over bars of the mean changes of simulated centres that give "
             "nothing. ")
    )  # fmt: skip
    for rule, words in rules.items():
        line = means[rule, EXPECTED]
        alt += plain(
            text(f"{_capital(words)}: centred on ", line.cell("estimate", two), ", ",
                 f"{100 * c.conf_level:g} in 100 centres from ", line.interval(two), ". ")
        )  # fmt: skip
    return Picture(
        figure=figure,
        drawn=drawn,
        alt=alt.strip(),
        caption=text(
            "The dot is the mean change observed, with its interval. The bars count simulated "
            "centres like this one in which nothing was given, by their mean change."
        ),
    )


def _of_1000(release: Release, table: pd.DataFrame, rules: Mapping[str, str]) -> Text:
    """Say how many of 1,000 centres giving nothing would report at least this change."""
    said = text("Of 1,000 centres like this giving nothing, ")
    for place, (rule, words) in enumerate(rules.items()):
        line = release.add_simulated("expected", _rows(table, rule, "", _OF_1000))
        many = line.cell("estimate", count)
        if place == 0:
            said = text(said, many, " would report this change or a larger fall")
        else:
            said = text(said, "; ", many)
        if len(rules) > 1:
            said = text(said, f" {words}")
    return text(said, ".")


def _table_of_shares(
    c: Cohort, release: Release, table: pd.DataFrame, rules: Mapping[str, str],
    beyond: Mapping[str, Estimates],
) -> Block:  # fmt: skip
    """Lay out how many people fell by 20 % and 30 %: observed, expected, and beyond that."""
    first = next(iter(rules))
    seen: list[int] = []
    groups = []
    alarms: list[Line] = []
    withheld = False
    for threshold, _ in lower_by():
        measure = f"fall_{100 * threshold:.0f}"
        row = _rows(table, first, OBSERVED, measure)
        x, n = people_counted(row), int(row["n"])
        cover, step = release.share_cover(x, n, near=seen)
        if cover == "shown" and x:
            seen.append(x)
        line = release.add("expected", row, cover=cover, n_told=release.may_tell(n), step=step)
        shown = text(line.cell("estimate", percent), " people" if cover == "few" else "")
        rows = [Row(text(OBSERVED), (shown, line.interval(percent)))]
        alarm = false_alarms(n, f"{MAIN}, {measure}")
        often = alarm["estimate"] > TOO_OFTEN
        withheld = withheld or often
        alarms += [] if often else [release.add_simulated("method check", alarm)]
        for rule, words in rules.items():
            which = f", {words}" if len(rules) > 1 else ""
            ends = _rows(table, rule, EXPECTED, measure).copy()
            apart = _rows(beyond[rule].table, rule, BEYOND, measure)
            best = _rows(beyond[rule].table, rule, EXPECTED, measure)
            ends["estimate"] = best["estimate"]
            model = release.add("expected", ends, model=True)
            rows.append(
                Row(text(EXPECTED + which), (text(model.cell("estimate", percent)), model.interval(percent)))
            )  # fmt: skip
            if cover == "shown" and not often:
                told = release.add_difference("expected", apart, share=line, model=model)
                rows.append(
                    Row(text(BEYOND + which), (text(told.cell("estimate", percent)), told.interval(percent)))
                )  # fmt: skip
        groups.append((f"At least {100 * threshold:g} % lower", tuple(rows)))
    note = text(
        "Some people cross these lines with no treatment at all. The conclusion above rests on "
        "the mean change; a share says less, because each person's own ups and downs are in it. ",
        thresholds_in_words(),
    )
    if alarms:
        rates = [text(line.cell("estimate", percent)) for line in alarms]
        note = text(
            *note, " Of 100 simulated centres of about this size in which nothing was given, the "
            "shares were found beyond expectation in ", *join(rates), ", where 5 % is due.",
        )  # fmt: skip
    if withheld:
        note = text(*note, " Where that happens in more than 10 %, no difference is shown.")
    return Table(
        caption="Share of people whose stiffness was lower by at least this much",
        columns=("", "share of people", f"{percent(c.conf_level)} interval or range"),
        groups=tuple(groups),
        note=note,
    )


def false_alarms(n: int, outcome: str) -> pd.Series[Any]:
    """Return the measured row: how often the method finds something where nothing was given."""
    from msspas_analysis.certify.twin.expected import method_check

    table = method_check(n=n, outcome=outcome).table
    return table[table["measure"].eq("false alarm rate")].iloc[0]


def _method_check(release: Release, found: Expectation) -> list[Block]:
    """Say how often this method is wrong, as measured on simulated centres."""
    checks = found.checks.table
    wrong = checks.loc[checks["measure"].eq("false alarm rate")]
    if wrong.empty:
        return []
    lines = [release.add_simulated("method check", row) for _, row in wrong.iterrows()]
    usual = [line for line in lines if line.values["estimate"] <= TOO_OFTEN]
    often = [line for line in lines if line.values["estimate"] > TOO_OFTEN]
    held = checks.loc[checks["measure"].eq("coverage")]
    said = text(
        "Method check. The method was tried on simulated centres in which nothing was given; it "
        "should find something there in no more than about 5 in 100."
    )
    if usual:
        low = min(usual, key=_rate)
        high = max(usual, key=_rate)
        said = text(
            said, f" In {len(usual)} such situations it was wrong in ", low.cell("estimate", percent),
            " to ", high.cell("estimate", percent), " of the centres",
        )  # fmt: skip
        if high.values["std_error"] is not None:
            said = text(said, " (Monte Carlo standard error up to ",
                        high.cell("std_error", _points), ")")  # fmt: skip
        said = text(said, ".")
    if len(held):
        line = release.add_simulated("method check", held.iloc[0])
        said = text(
            said, " Where there was a true fall, its interval held it in ",
            line.cell("estimate", percent), " of the centres", *_error(line), ".",
        )  # fmt: skip
    blocks: list[Block] = [Paragraph(said)]
    if often:
        failing = [
            text(str(line.values["term"]), ": wrong in ", line.cell("estimate", percent), *_error(line))
            for line in often
        ]  # fmt: skip
        lead = "Where the method fails, and a change beyond expectation would mean nothing:"
        blocks += [Paragraph(text(lead)), Bullets(tuple(failing))]
    return blocks


def _rate(line: Line) -> float:
    return float(line.values["estimate"])


def _points(value: float) -> str:
    return f"{100 * value:.1f} %"


def _error(line: Line) -> Text:
    if line.values["std_error"] is None:
        return ()
    return text(" (Monte Carlo standard error ", line.cell("std_error", _points), ")")
