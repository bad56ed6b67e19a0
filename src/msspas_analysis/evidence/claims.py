"""The claims bench: what the booklet says, the source, what such a design can show, and how they compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from msspas_analysis.evidence.library import CAN_SHOW, EDITION, VERDICTS, Entry, Library, load

_MATCH: Final[dict[str, str]] = {
    "high": "almost surely the source meant",
    "medium": "probably the source meant",
    "low": "a guess at the source meant",
    "none": "no source to match",
}


def claims_bench(topic: str | None = None, *, library: Library | None = None) -> pd.DataFrame:
    """Lay each sentence of the booklet beside its source.

    Parameters
    ----------
    topic : str or None
        One topic of :data:`~msspas_analysis.evidence.library.TOPICS`; None is all of them.
    library : Library or None
        None is the package's own.

    Returns
    -------
    pandas.DataFrame
        One row per sentence: ``key``; ``place`` in the booklet; ``said``, a paraphrase; ``source``;
        ``match``, how sure it is that this source is meant; ``design``; ``can_show``, what such a design
        can show; ``verdict`` and ``line``; ``disagreement``, its number where booklet and source
        disagree.

    Raises
    ------
    ValueError
        If there is no such topic.

    Notes
    -----
    "No good evidence" is not "does not work": where nothing was measured, nothing is known. None of it is
    advice.

    Examples
    --------
    >>> claims_bench("TENS")[["source", "verdict", "disagreement"]].values.tolist()
    [['Armutlu 2003', 'wrong', 1], ['Miller 2007', 'agrees, incomplete', 2]]
    """
    shelf = load() if library is None else library
    entries: Iterable[Entry] = shelf.values() if topic is None else shelf.about(topic)
    rows: list[dict[str, Any]] = [
        {
            "key": one.key, "place": one.booklet.place, "said": one.booklet.said,
            "source": one.name, "match": one.booklet.match, "design": one.design.kind,
            "can_show": CAN_SHOW[one.design.kind], "verdict": one.verdict, "line": one.line,
            "disagreement": one.disagreement,
        }
        for one in entries if one.booklet is not None
    ]  # fmt: skip
    columns = ["key", "place", "said", "source", "match", "design", "can_show", "verdict", "line",
               "disagreement"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"disagreement": "Int64"})


def bench_text(table: pd.DataFrame) -> str:
    """Return rows of :func:`claims_bench` as text to read, with the edition of the booklet.

    Examples
    --------
    >>> print(bench_text(claims_bench("acupuncture")).splitlines()[1])
    Booklet, section on acupuncture: Hardly any hard evidence, but for some people it may take the place of medicines.
    """
    parts = [f"Compared: {EDITION}."]
    for row in table.to_dict("records"):
        number = row["disagreement"]
        numbered = "" if pd.isna(number) else f" (disagreement {int(number)} of 17)"
        parts += [
            f"Booklet, {row['place']}: {row['said']}",
            f"  Source: {row['source']} ({_MATCH[row['match']]}). Such a design ({row['design']}) can "
            f"show {row['can_show']}.",
            f"  {row['verdict'].capitalize()}{numbered}: {row['line']}",
        ]  # fmt: skip
    return "\n".join(parts)


def bench_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many sentences have each verdict: verdict, meaning, sentences.

    Examples
    --------
    >>> int(bench_counts(claims_bench())["sentences"].sum()) == len(claims_bench())
    True
    """
    counts = table["verdict"].value_counts()
    return pd.DataFrame([
        {"verdict": name, "meaning": meaning, "sentences": int(counts[name])}
        for name, meaning in VERDICTS.items() if name in counts
    ])  # fmt: skip
