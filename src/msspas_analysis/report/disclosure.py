"""Small numbers: which counts may stand on a page that other people will read.

In a centre of forty people who know each other, "two people fell" can name them. The rules:

1. no statistic on fewer than ``min_people`` people;
2. a count of 1 to ``min_people - 1`` is hidden, and so much of its family with it that nobody can
   work it out from the total (:func:`hide`);
3. two totals that differ by fewer than ``min_people`` people never stand on the same page, because
   their difference is such a count (:func:`too_close`);
4. on a page that leaves the centre counts are rounded to the nearest 5 and shares to the nearest
   5 % (:func:`nearest`, :func:`nearest_share`); shares from which one exact count could still be
   worked out are rounded to 10 %, or hidden (:func:`shares_give_away`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

Cover = Literal["shown", "few", "hidden"]
"""``few`` may be called "fewer than 10"; ``hidden`` may not even be called that."""

Profile = Literal["public", "internal"]

MIN_PEOPLE: Final = 10
FEWEST: Final[dict[Profile, int]] = {"public": MIN_PEOPLE, "internal": 5}
"""Smallest count that may be shown, by who will read the page."""
STEP: Final = 5
"""Counts are rounded to a multiple of this, and shares to as many percent."""
COARSE: Final = 10
"""Percent that shares are rounded to where 5 would still give a count away."""


def hide(
    counts: Sequence[int], *, min_people: int = MIN_PEOPLE, total_known: bool = True
) -> tuple[Cover, ...]:
    """Say for each count of one family whether it may be shown.

    Parameters
    ----------
    counts : sequence of int, length >= 1
        People (or cells) in categories that do not overlap and together make the total.
    min_people : int
        Smallest count that may be shown, at least 2. A count of 0 may be shown.
    total_known : bool
        Whether the reader can find the total somewhere. If not, nothing but the small counts
        themselves has to be hidden.

    Returns
    -------
    tuple of {"shown", "few", "hidden"}
        One per count. ``"few"`` for a count of 1 to ``min_people - 1``. When the total is known
        and would give a small count away, the next smallest count is hidden as well, and then
        every covered count is ``"hidden"``: a label that told them apart would give them away.

    Raises
    ------
    ValueError
        If a count is negative or `min_people` is below 2.

    Notes
    -----
    Two covered counts are not always enough: ``fewer than 10`` twice with a sum of 18 can only be
    9 and 9, and with a sum of 7 it tells of 7 people. The rule asks that the covered counts add up
    to `min_people` or more and that each of them could have at least two values.

    Examples
    --------
    >>> hide([24, 8, 5])
    ('shown', 'few', 'few')
    >>> hide([24, 12, 4, 3])
    ('shown', 'hidden', 'hidden', 'hidden')
    >>> hide([20, 14, 3])
    ('shown', 'hidden', 'hidden')
    >>> hide([20, 14, 3], total_known=False)
    ('shown', 'shown', 'few')
    """
    if min_people < 2:
        raise ValueError(f"min_people must be at least 2, got {min_people}")
    if any(count < 0 for count in counts):
        raise ValueError(f"counts must be 0 or more, got {list(counts)}")
    small = [i for i, count in enumerate(counts) if 0 < count < min_people]
    if not small:
        return _covers(len(counts), set(), "few")
    covered = set(small)
    left = sum(counts[i] for i in small)
    # k counts of 1..m-1 with a sum of k or k(m-1) are all 1 or all m-1; and the covered counts
    # together are a count as well, which total minus the rest gives away
    apart = (
        len(small) > 1 and min_people <= left and len(small) < left < len(small) * (min_people - 1)
    )
    if apart or not total_known:
        return _covers(len(counts), covered, "few")
    spare = [count for i, count in enumerate(counts) if count and i not in covered]
    if spare:
        # equal counts go together: which of them was taken would say where the small one is
        covered |= {i for i, count in enumerate(counts) if count == min(spare)}
        return _covers(len(counts), covered, "hidden")
    # nothing left to hide behind: the whole family goes, zeros too
    return _covers(len(counts), set(range(len(counts))), "hidden")


def _covers(size: int, covered: set[int], cover: Cover) -> tuple[Cover, ...]:
    return tuple(cover if i in covered else "shown" for i in range(size))


def cover_share(
    inside: int, n: int, *, near: Iterable[int] = (), min_people: int = MIN_PEOPLE
) -> Cover:
    """Say whether the number of people with something, out of `n`, may be shown.

    Parameters
    ----------
    inside, n : int
        People with it, and people asked.
    near : iterable of int
        Numbers on the page that hold those inside, or are held by them.
    min_people : int
        Smallest count that may be shown.

    Examples
    --------
    >>> cover_share(12, 40), cover_share(3, 40), cover_share(37, 40)
    ('shown', 'few', 'hidden')
    >>> cover_share(12, 40, near=[16])
    'hidden'
    """
    if 0 < inside < min_people:
        return "few"
    apart = hide([inside, n - inside], min_people=min_people)[0]
    return "hidden" if too_close(inside, near, min_people=min_people) else apart


def too_close(n: int, totals: Iterable[int], *, min_people: int = MIN_PEOPLE) -> bool:
    """Whether `n` differs from a total on the page by a number of people that must stay hidden.

    Examples
    --------
    >>> too_close(37, [40]), too_close(40, [40]), too_close(30, [40])
    (True, False, False)
    """
    return any(0 < abs(n - total) < min_people for total in totals)


def nearest(count: float) -> int:
    """Round a count to the nearest 5.

    Examples
    --------
    >>> nearest(12), nearest(13), nearest(0)
    (10, 15, 0)
    """
    return STEP * math.floor(count / STEP + 0.5)


def nearest_share(share: float, *, step: int = STEP) -> float:
    """Round a 0-1 share to the nearest 5 %, or another number of percent.

    Examples
    --------
    >>> nearest_share(13 / 40), nearest_share(0.974), nearest_share(0.974, step=10)
    (0.35, 0.95, 1.0)
    """
    parts = 100 // step
    return math.floor(parts * share + 0.5 + 1e-9) / parts


def shares_give_away(
    counts: Sequence[int],
    total: int,
    *,
    whole: bool = True,
    min_people: int = MIN_PEOPLE,
    step: int = STEP,
) -> bool:
    """Whether rounded shares of a rounded total still tell how many people are in a category.

    Parameters
    ----------
    counts : sequence of int
        People in the categories whose shares are shown; the categories do not overlap.
    total : int
        People that the shares are of.
    whole : bool
        Whether the categories shown make up the total.
    min_people : int
        Smallest count that may be shown, which the reader knows.
    step : int
        Percent that the shares are rounded to.

    Returns
    -------
    bool
        Whether a reader who tries every total that rounds alike finds one possible count only,
        for a category that is neither nobody nor everybody.

    Examples
    --------
    >>> shares_give_away([10, 12], 22), shares_give_away([16, 24], 40)
    (True, False)
    """

    def shown(x: int, n: int) -> float:
        return nearest_share(x / n, step=step)

    return _one_way_only(counts, total, shown, whole=whole, min_people=min_people)


def counts_give_away(
    counts: Sequence[int], total: int, *, whole: bool = True, min_people: int = MIN_PEOPLE
) -> bool:
    """Whether rounded counts and their rounded total still tell an exact count.

    As :func:`shares_give_away`: four counts that were all rounded down by 2, with a total that
    was rounded up by 2, leave one way only.

    Examples
    --------
    >>> counts_give_away([12, 12, 12, 12], 48), counts_give_away([12, 13, 15], 40)
    (True, False)
    """
    return _one_way_only(counts, total, lambda x, _: nearest(x), whole=whole, min_people=min_people)


def _one_way_only(
    counts: Sequence[int],
    total: int,
    shown: Callable[[int, int], float],
    *,
    whole: bool,
    min_people: int,
) -> bool:
    possible: list[set[int]] = [set() for _ in counts]
    for n in range(max(nearest(total) - STEP // 2, 1), nearest(total) + STEP // 2 + 1):
        options = [
            [
                x for x in range(n + 1)
                if shown(x, n) == shown(count, total)
                and (x == 0 or x >= min_people) and (x == n or n - x >= min_people)
            ]
            for count in counts
        ]  # fmt: skip
        for i, found in enumerate(_that_add_up(options, n if whole else None)):
            possible[i] |= found
    return any(
        len(found) == 1 and 0 < count < total for found, count in zip(possible, counts, strict=True)
    )


def _that_add_up(options: Sequence[Sequence[int]], total: int | None) -> list[set[int]]:
    """Return the options of each category that can be part of the total."""
    if total is None:
        return [set(found) for found in options]
    sums: list[set[int]] = [{0}]
    for found in options:
        sums.append({a + x for a in sums[-1] for x in found if a + x <= total})
    needed, kept = {total} & sums[-1], []
    for found, before in zip(reversed(options), reversed(sums[:-1]), strict=True):
        kept.append({x for x in found for end in needed if end - x in before})
        needed = {end - x for x in found for end in needed if end - x in before}
    return kept[::-1]
