"""What compiled checks (``{field, op, value}``) call at run time (``S5.8``).

Each answers plainly: what can't be compared, and what is no text, is false and never an exception.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` would double the time to import this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_searches: dict[str, Callable[[str], object]] = {}


def is_greater(value: Any, bound: Any) -> bool:
    """``gt``: false where the two don't compare."""
    try:
        return bool(value > bound)
    except (TypeError, ArithmeticError):  # the second of a decimal that is no number
        return False


def is_greater_or_equal(value: Any, bound: Any) -> bool:
    """``gte``: false where the two don't compare."""
    try:
        return bool(value >= bound)
    except (TypeError, ArithmeticError):
        return False


def is_less(value: Any, bound: Any) -> bool:
    """``lt``: false where the two don't compare."""
    try:
        return bool(value < bound)
    except (TypeError, ArithmeticError):
        return False


def is_less_or_equal(value: Any, bound: Any) -> bool:
    """``lte``: false where the two don't compare."""
    try:
        return bool(value <= bound)
    except (TypeError, ArithmeticError):
        return False


def contains(value: Any, item: Any) -> bool:
    """``contains``: a part of a text, or a member of a list."""
    if isinstance(value, str):
        return isinstance(item, str) and item in value
    return isinstance(value, (list, tuple)) and item in value


def starts_with(value: Any, prefix: str) -> bool:
    """``starts_with``: false for anything but text."""
    return isinstance(value, str) and value.startswith(prefix)


def ends_with(value: Any, suffix: str) -> bool:
    """``ends_with``: false for anything but text."""
    return isinstance(value, str) and value.endswith(suffix)


def matches(value: Any, pattern: str) -> bool:
    """``matches``: whether the pattern is found anywhere in a text; false for anything but text."""
    if not isinstance(value, str):
        return False
    search = _searches.get(pattern)
    if search is None:
        import re  # only a machine that has such a check pays for it

        # Patterns come from generated code alone, so there are few and this can't grow without end.
        search = _searches[pattern] = re.compile(pattern).search
    return search(value) is not None
