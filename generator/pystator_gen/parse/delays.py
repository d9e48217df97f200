"""How long ``after`` waits (`S9.1`)."""

from __future__ import annotations

import re
from fractions import Fraction

_DELAY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?")
_MILLISECONDS = {None: 1, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_delay(text: str) -> int:
    """The milliseconds that ``1500``, ``1500ms``, ``1.5s``, ``2m``, ``1h`` or ``1d`` stand for.

    Raises:
        ValueError: it is negative, no such text, or no whole number of milliseconds.
    """
    if text.strip().startswith("-"):
        raise ValueError("a delay can't be negative")
    match = _DELAY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a delay")
    delay = Fraction(match[1]) * _MILLISECONDS[match[2]]
    if delay.denominator != 1:
        raise ValueError(f"`{text}` is not a whole number of milliseconds")
    return int(delay)
