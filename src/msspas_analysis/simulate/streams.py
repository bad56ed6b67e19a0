"""Random streams addressed by name: adding one moves no other draw."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, block: int = 0) -> np.random.Generator:
    """Return the random stream called `name` of one block of replicates.

    The address is the name itself, not the order of the calls, so a new stream leaves every other
    draw as it was, and a block gives the same numbers in whatever process it runs.

    Parameters
    ----------
    seed : int
        Seed of the whole simulation, 0 or more.
    name : str
        What the stream is for, such as ``"daily noise"``; not empty.
    block : int
        Number of the block of replicates, 0 or more.

    Returns
    -------
    numpy.random.Generator
        Freshly made; the same three arguments give the same numbers again.

    Raises
    ------
    ValueError
        If `seed` or `block` is negative or `name` is empty.

    Examples
    --------
    >>> float(stream(7, "level").normal()) == float(stream(7, "level").normal())
    True
    >>> float(stream(7, "level").normal()) == float(stream(7, "missing").normal())
    False
    """
    for what, value in (("seed", seed), ("block", block)):
        if value < 0:
            raise ValueError(f"{what} must be a whole number of 0 or more, got {value}")
    if not name:
        raise ValueError("a random stream needs a name, got ''; say what it is for")
    key = (zlib.crc32(name.encode("utf-8")), block)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
