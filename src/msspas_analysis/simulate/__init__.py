"""Worlds whose truth is known: define, generate, then observe.

A scenario says what the world is like; the complete truth is generated first and stays beside what
was observed. Missing days are the last stage, so losing more of them changes no remaining score.
"""

from __future__ import annotations
