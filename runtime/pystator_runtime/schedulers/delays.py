"""Spans of time as the YAML writes them (`S9.1`)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(span: int | float | str | timedelta) -> int:
    """A number of milliseconds: given as such, as text like ``1.5s``, or as a ``timedelta``.

    Raises:
        ValueError: It can't be read, is negative, or is no whole number of milliseconds.
    """
    if isinstance(span, timedelta):
        span = span / timedelta(milliseconds=1)
    text = str(span).strip()
    unit = next((unit for unit in ("ms", "s", "m", "h", "d") if text.endswith(unit)), "")
    try:
        found = Decimal(text.removesuffix(unit).strip()) * _UNITS.get(unit, 1)
    except InvalidOperation:
        raise ValueError(
            f"{span!r} is no span of time; write milliseconds, or a number with ms, s, m, h or d"
        ) from None
    if not found.is_finite() or found != int(found):
        raise ValueError(f"{span!r} is not a whole number of milliseconds")
    if found < 0:
        raise ValueError(f"{span!r} is negative: time does not go back")
    return int(found)
