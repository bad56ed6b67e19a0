"""Small numbers: which counts may stand on a page that other people will read.

In a centre of forty people who know each other, "two people fell" can name them. Three rules:

1. no statistic on fewer than ``min_people`` people;
2. a count of 1 to ``min_people - 1`` is hidden, and so much of its family with it that nobody can
   work it out from the total (:func:`hide`);
3. two totals that differ by fewer than ``min_people`` people never stand on the same page, because
   their difference is such a count (:func:`too_close`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

Cover = Literal["shown", "few", "hidden"]
"""``few`` may be called "fewer than 10"; ``hidden`` may not even be called that."""

MIN_PEOPLE: Final = 10


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
