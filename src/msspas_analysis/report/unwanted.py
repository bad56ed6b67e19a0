"""Unwanted effects: the share of people with each, falls among them."""

from __future__ import annotations

from collections.abc import Sequence

from msspas_analysis.estimate.diary.description import unwanted_effects
from msspas_analysis.report.blocks import Row, Text, plain, text
from msspas_analysis.report.cohort import Cohort
from msspas_analysis.report.release import Line, Release, people_counted
from msspas_analysis.report.wording import count, fewer_than, listed, percent


def share_cells(line: Line) -> tuple[Text, ...]:
    """Return a share, its interval and the people behind it."""
    return text(line.cell("estimate", percent)), line.interval(percent), text(line.people())


def unwanted_rows(c: Cohort, release: Release) -> tuple[tuple[Row, ...], Text]:
    """Release the share of people with each unwanted effect; return rows and what they mean."""
    tables, m = c.intake.tables, release.min_people
    answer = unwanted_effects(tables.adverse_events, tables.diary, conf_level=c.conf_level).table
    if answer.empty:
        words = text(
            "No unwanted effects and no falls are recorded in the file; that does not mean there "
            "were none."
        )
        return (), words
    rows: list[Row] = []
    for outcome in ("adverse_events", "falls"):
        part = answer.loc[answer["outcome"].eq(outcome)]
        counts = part.loc[part["measure"].eq("count")]
        n = int(counts["n"].max()) if len(counts) else 0
        if n < m:
            continue
        told = release.tell(n)
        seen: list[int] = []
        # "any" last: it may not stand so close to one effect that those with another are few
        order = counts.sort_values("term", key=lambda terms: terms.eq("any"), kind="stable")
        for _, row in order.iterrows():
            x, term = people_counted(row), str(row["term"])
            cover, step = release.share_cover(x, n, near=seen if term == "any" else ())
            if cover == "shown" and x:
                seen.append(x)
            name = text("any of these" if term == "any" else term)
            if told:
                share = part.loc[part["term"].eq(term) & part["measure"].eq("proportion")].iloc[0]
                rows.append(
                    Row(name, share_cells(release.add("unwanted", share, cover=cover, step=step)))
                )
                continue
            # a share beside its count would give n away
            line = release.add("unwanted", row, cover=cover, n_told=False)
            people = text(line.cell("estimate", count), " people" if cover == "shown" else "")
            rows.append(Row(name, (people, text("–"), text(line.people()))))
    if not rows:
        return (), text(f"Unwanted effects are recorded for {fewer_than(m)} people and not shown.")
    words = text(
        "Unwanted effects are those written down at least once, before or after the first session; "
        "where nobody asked, none written down does not mean none."
    )
    if not answer["outcome"].eq("adverse_events").any():
        words = text(words, " Apart from falls, none are recorded in the file.")
    return tuple(rows), words


def unwanted_headline(rows: Sequence[Row], words: Text) -> Text:
    """Return the unwanted effects as one sentence for the first page."""
    if not rows:
        return words
    few = [row for row in rows if not row.cells[0][0].row]
    told = [row for row in rows if row not in few]
    parts = []
    if few:
        names = listed([plain(row.head) for row in few])
        parts.append(text(f"{names}: {'each ' if len(few) > 1 else ''}too few people to show"))
    parts += [text(row.head, ": ", row.cells[0]) for row in told]
    return text(_apart(parts), ".")


def _apart(parts: Sequence[Text]) -> Text:
    out = parts[0]
    for part in parts[1:]:
        out = text(out, "; ", part)
    return out
