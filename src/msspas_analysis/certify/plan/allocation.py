"""The list of who gets what: permuted blocks from a seed, sealed by its hash, checked when it comes back.

Chance here is SHA-256 of the seed and a place in the list, so that anybody can make the same list again
with another program, and no newer random number generator changes it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Final

import pandas as pd

from msspas_analysis.certify.plan.candidates import Candidate
from msspas_analysis.simulate.designs import Design

COLUMNS: Final = ("number", "person_id", "block", "arm", "order", "seed")
"""Columns of a list; "order" says what is given in each period, "seed" is the same in every line."""
_SEALED: Final = ("number", "block", "arm", "order", "seed")
_SHORTEST: Final = 4  # places in a block at least: the end of a pair is foreseen by its beginning


class AllocationChangedError(ValueError):
    """An allocation list is not the one that was sealed."""


def allocate(plan: Candidate, *, seed: int, codes: list[str] | None = None) -> pd.DataFrame:
    """Make the allocation list of a plan in which chance decides.

    Parameters
    ----------
    plan : Candidate
        An offered plan that allocates.
    seed : int
        Seed, 0 to 2^63 - 1; the same seed makes the same list on every machine. Whoever knows it knows
        the list, so draw it by chance (:func:`draw_seed`) and keep it with the list.
    codes : list of str or None
        Codes of the people in the order in which they come in, one each; None leaves them open, and has
        to be where people are allocated only after a run-in.

    Returns
    -------
    pandas.DataFrame
        One row per person in the order of coming in (after a run-in: of passing it): ``number`` from 1,
        ``person_id``, ``block``, ``arm``, ``order``, ``seed``.

    Raises
    ------
    ValueError
        If the plan is not offered or allocates nobody, `seed` is out of range, or codes are too few, twice,
        or given where people are allocated after a run-in.

    Notes
    -----
    A block holds the arms in their proportions, at least four places, or once more if the last bit of
    ``SHA-256("seed|plan|block")`` is 1; what does not fill a block ends the list. Within a block, places
    (arm by arm, from 0) stand in the order of ``SHA-256("seed|plan|block|place")``. Whoever takes people
    in must see neither the list nor how long blocks are.

    Examples
    --------
    >>> from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
    >>> sheet = PlanSheet(therapy="TENS", people=8, setting="research")
    >>> parallel = next(one for one in candidates(sheet) if one.key == "parallel")
    >>> allocate(parallel, seed=2026)["arm"].tolist()
    ['sham', 'therapy', 'therapy', 'sham', 'therapy', 'sham', 'sham', 'therapy']
    """
    design = _allocating(plan)
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed must be 0 to 2^63 - 1, got {seed}")
    n = design.n_people
    if codes is not None and design.respond_first is not None:
        raise ValueError(
            f"{plan.key}: people are allocated in the order of passing the run-in, so no codes can "
            "stand in the list before; leave codes out"
        )
    if codes is not None and (len(codes) != n or len(set(codes)) != n):
        raise ValueError(f"codes must be {n} different ones, got {len(set(codes))} of {len(codes)}")
    rows = [
        {"number": number, "block": block, "arm": arm}
        for number, (block, arm) in enumerate(_blocks(design, seed, plan.key), start=1)
    ]
    given = {arm.name: ", then ".join(arm.sequence) for arm in design.arms}
    table = pd.DataFrame(rows)
    table["person_id"] = [""] * n if codes is None else list(codes)
    table["order"] = table["arm"].map(given)
    table["seed"] = seed
    return table[list(COLUMNS)]


def draw_seed() -> int:
    """Return a seed that nobody can foresee, from the operating system."""
    return secrets.randbelow(2**63)


def seal(table: pd.DataFrame) -> str:
    """Return the hash of an allocation list: SHA-256 of its lines, the people's codes left out.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`allocate`, or read back.

    Returns
    -------
    str
        64 hexadecimal digits. Codes are left out because they may be filled in as people come in. The
        seed is in it, so that nobody finds a short list by trying all.

    Raises
    ------
    AllocationChangedError
        If a column is absent.

    Examples
    --------
    >>> table = pd.DataFrame({"number": [1], "block": [1], "arm": ["sham"], "order": ["sham"],
    ...     "seed": [5]})
    >>> seal(table)[:16]
    '91dfcb9ff72cf385'
    """
    if absent := [name for name in _SEALED if name not in table.columns]:
        raise AllocationChangedError(
            f"the allocation list has no column {absent}; it must have {list(COLUMNS)}"
        )
    lines = ["|".join(str(value) for value in row) for row in table[list(_SEALED)].to_numpy()]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def verify_allocation(table: pd.DataFrame, sealed: str) -> None:
    """Refuse an allocation list that is not the one that was sealed.

    Parameters
    ----------
    table : pandas.DataFrame
        The list, read back.
    sealed : str
        Its hash when it was made, from :func:`seal`.

    Raises
    ------
    AllocationChangedError
        If a line was changed, moved, added or left out, or a code stands in it twice.
    """
    now = seal(table)
    if now != sealed:
        raise AllocationChangedError(
            f"the allocation list was changed after it was sealed: its hash is {now[:16]}..., that of "
            f"the plan is {sealed[:16]}...; use the list as it was made"
        )
    named = written_codes(table)
    if twice := sorted(named[named.duplicated()].unique()):
        raise AllocationChangedError(
            f"the allocation list has {twice} more than once; keep one line"
        )


def written_codes(table: pd.DataFrame) -> pd.Series:
    """Return the codes that were filled in, as text without spaces around, under the lines' index."""
    return table["person_id"].dropna().astype("str").str.strip().loc[lambda codes: codes.ne("")]


def _allocating(plan: Candidate) -> Design:
    if plan.design is None:
        raise ValueError(f"{plan.key} is not offered: {plan.reason}")
    if not plan.allocates:
        raise ValueError(f"{plan.key} allocates nobody, so it has no list")
    return plan.design


def _blocks(design: Design, seed: int, key: str) -> Iterator[tuple[int, str]]:
    """Yield block and arm, place after place."""
    left = {arm.name: arm.size for arm in design.arms}
    least = min(left.values())
    # an arm with one person more is not twice as large
    once = {name: size // least for name, size in left.items()}
    usual = -(-_SHORTEST // sum(once.values()))
    block = 0
    while any(left.values()):
        block += 1
        longer = int(_digest(seed, key, block)[-1], 16) % 2
        part = dict(left)  # what does not fill a block any more
        for rounds in (usual, usual + longer):
            larger = {name: rounds * many for name, many in once.items()}
            if all(larger[name] <= left[name] for name in left):
                part = larger
        places = [name for name, many in part.items() for _ in range(many)]
        by_chance = sorted(range(len(places)), key=lambda at: _digest(seed, key, block, at))
        for place in by_chance:
            yield block, places[place]
        for name, many in part.items():
            left[name] -= many


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(str(part) for part in parts).encode("utf-8")).hexdigest()
