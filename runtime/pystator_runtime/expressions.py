"""What compiled guard expressions call at run time (``S5.7``).

An expression of the YAML becomes plain Python wherever plain Python can neither exhaust memory nor
run the application's code. Everything else goes through a function of this module. Every generated
module with an expression imports it, so it imports next to nothing.
"""

from __future__ import annotations

import sys
from types import BuiltinMethodType, FunctionType, MethodDescriptorType, MethodType, ModuleType

TYPE_CHECKING = False  # importing `typing` would cost more than all the rest of this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

MAX_LENGTH: Final = 100_000
"""How long a text or sequence built by an operator or a method may become."""

MAX_REPEATED_WEIGHT: Final = 1_000_000
"""How much a repeated list may hold, counting what is inside its elements."""

MAX_POWER: Final = 4_000_000
"""The largest base and exponent of ``**``, and about the most bits of a result that is whole."""

MAX_SHIFT: Final = 10_000
"""The farthest ``<<`` and ``>>`` move."""

MAX_SHIFT_BASE: Final = int(sys.float_info.max)
"""The largest number that ``<<`` and ``>>`` move."""

MAX_DIGITS: Final = 10_000
"""The most digits ``round`` is asked for, on either side of the point."""

_TEXT_METHODS = (
    "capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii "
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join "
    "ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition "
    "rsplit rstrip split splitlines startswith strip swapcase title upper zfill"
)
_CONTAINER_METHODS = "copy count get index items keys values"

METHODS: Final = frozenset([*_TEXT_METHODS.split(), *_CONTAINER_METHODS.split()])
"""The methods that an expression may call: they change nothing."""

_NUMBERS = frozenset({int, float, bool})
_LISTS: tuple[Any, ...] = (list, tuple)
_RECEIVERS: tuple[Any, ...] = (str, dict, list, tuple)
_NO_VALUES = (BuiltinMethodType, FunctionType, MethodDescriptorType, MethodType, ModuleType)
_ABSENT = object()


def opaque(value: Any) -> Any:
    """The value itself, of which a type checker knows nothing.

    Written where an operator meets types that a checker would refuse or call unnecessary, such as
    ``len(items) == "three"``: in the YAML a matter of taste, in a generated module an error.
    """
    return value


def attribute(value: Any, name: str) -> Any:
    """``value.name``, or ``value["name"]`` where there is no such attribute.

    Methods, functions and modules are no values: ``order.items`` of a mapping raises, even where
    the mapping has such a key.
    """
    try:
        found = getattr(value, name, _ABSENT)
    except TypeError:
        found = _ABSENT
    if found is _ABSENT:
        try:
            found = value[name]
        except (KeyError, TypeError):
            raise AttributeError(f"there is neither an attribute nor a key {name!r}") from None
    if isinstance(found, _NO_VALUES):
        raise TypeError(f"{name!r} is a method and no value; a key is read by [{name!r}]")
    return found


def call_method(value: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
    """``value.name(...)`` of a text, mapping or list, and of nothing else.

    The methods of the application's own objects are not called. Those of text that can make much
    out of little are asked for the size of their answer first.
    """
    if name not in METHODS or not isinstance(value, _RECEIVERS):
        raise TypeError(f"an expression can't call {name!r} of {type(value).__name__!r}")
    size_of = _SIZES.get(name)
    if size_of is not None and isinstance(value, str):
        if name == "join":  # an iterator could not be walked twice
            arguments = tuple(list(argument) for argument in arguments)
        size = size_of(value, *arguments, **keywords)
        if size > len(value):
            _bound(size)
    return getattr(value, name)(*arguments, **keywords)


def add(left: Any, right: Any) -> Any:
    """``left + right``, unless it would make too long a sequence."""
    if type(left) in _NUMBERS or type(right) in _NUMBERS:
        return left + right
    if hasattr(left, "__len__") and hasattr(right, "__len__"):
        _bound(len(left) + len(right))
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """``left * right``, unless it would make too long a sequence."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return left * right
    if hasattr(left, "__len__"):
        _bound_repetition(left, right)
    if hasattr(right, "__len__"):
        _bound_repetition(right, left)
    return left * right


def modulo(left: Any, right: Any) -> Any:
    """``left % right`` of numbers; on text it would be formatting, which is refused."""
    if isinstance(left, (str, bytes, bytearray)):
        raise TypeError("% on text is refused")
    return left % right


def power(base: Any, exponent: Any) -> Any:
    """``base ** exponent`` of numbers that are not too large."""
    if abs(base) > MAX_POWER or abs(exponent) > MAX_POWER:
        raise OverflowError("the numbers of ** are too large")
    # simpleeval would go on and be at it for minutes, on numbers that may come from a payload.
    if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * exponent > MAX_POWER:
        raise OverflowError("the result of ** is too large")
    return base**exponent


def shift_left(number: Any, places: Any) -> Any:
    """``number << places``, not too far."""
    _bound_shift(number, places)
    return number << places


def shift_right(number: Any, places: Any) -> Any:
    """``number >> places``, not too far."""
    _bound_shift(number, places)
    return number >> places


def round_to(number: Any, ndigits: Any = None) -> Any:
    """``round(number, ndigits)``, not too far: Python would compute ten to that power."""
    if ndigits is not None and abs(ndigits) > MAX_DIGITS:
        raise OverflowError("round() is asked for too many digits")
    return round(number, ndigits)


def sum_from(values: Any, start: Any = 0) -> Any:
    """``sum(values, start)`` of numbers: from a list it would join lists without a bound."""
    if hasattr(start, "__len__"):
        raise TypeError("sum() starts from a number")
    return sum(values, start)


def interpolate(*parts: Any) -> str:
    """The text of an f-string, made of its literal pieces and its values."""
    texts = [str(part) for part in parts]
    for text in texts:
        _bound(len(text))
    return "".join(texts)


def _padded_size(text: str, width: Any, fill: Any = " ") -> Any:
    return width


def _expanded_size(text: str, tabsize: Any = 8) -> Any:
    return len(text) + text.count("\t") * tabsize


def _replaced_size(text: str, old: Any, new: Any, count: Any = -1) -> Any:
    found = text.count(old)
    if 0 <= count < found:
        found = count
    return len(text) + found * (len(new) - len(old))


def _joined_size(text: str, parts: list[Any]) -> Any:
    return sum(len(part) for part in parts) + len(text) * len(parts)


_SIZES: dict[str, Callable[..., Any]] = {
    "center": _padded_size,
    "ljust": _padded_size,
    "rjust": _padded_size,
    "zfill": _padded_size,
    "expandtabs": _expanded_size,
    "replace": _replaced_size,
    "join": _joined_size,
}


def _bound(length: Any) -> None:
    if length > MAX_LENGTH:
        raise OverflowError("the result would be too long")


def _bound_repetition(sequence: Any, times: Any) -> None:
    _bound(times * len(sequence))
    # Lists of one list, repeated again and again, stay small until their text is asked for.
    if isinstance(sequence, _LISTS) and times * _weight(sequence) > MAX_REPEATED_WEIGHT:
        raise OverflowError("the result would hold too much")


def _weight(value: Any) -> int:
    if isinstance(value, _LISTS):
        return 1 + sum(_weight(element) for element in value)
    return len(value) if isinstance(value, str) else 1


def _bound_shift(number: Any, places: Any) -> None:
    if abs(places) > MAX_SHIFT or abs(number) > MAX_SHIFT_BASE:
        raise OverflowError("the shift is too far or its number too large")
