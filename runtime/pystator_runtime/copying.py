"""Copies of plain data, so that no literal and no context is shared where it must not be (`S8.9`)."""

from __future__ import annotations

from typing import Any

_SCALARS = frozenset({str, int, float, bool, type(None)})


def fresh(value: Any) -> Any:
    """A copy of nested lists, dicts, sets and tuples; everything else (scalars, objects) is passed as it is."""
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key: fresh(item) for key, item in value.items()}
    if kind is list:
        return [fresh(item) for item in value]
    if kind is set:
        return set(value)
    if kind is tuple:
        return tuple(fresh(item) for item in value)
    return value
