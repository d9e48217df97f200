"""What a scalar means in YAML 1.2's core schema (`S11.1`): `on`, `no` and `12:30` are text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from pystator_gen import codes

Scalar: TypeAlias = bool | int | float | str | None

MAX_NUMBER_LENGTH = 3500
"""Characters of one number. In hexadecimal this stays below the 4300 digits that Python prints."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|nan|NaN|NAN)")
_STANDARD = "tag:yaml.org,2002:"


class ScalarError(ValueError):
    """A scalar that means nothing; `code` is the diagnostic's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def plain(text: str) -> Scalar:
    """The meaning of an unquoted scalar without a tag.

    Raises:
        ScalarError: it is a number that is too long, or larger than any float.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_STARTS:
        return _number(text)
    return text


def tagged(tag: str, text: str) -> Scalar:
    """The meaning of a scalar with an explicit tag, quoted or not.

    Raises:
        ScalarError: the tag is none of the core schema's, or the text does not fit it.
    """
    if tag == "!" or tag == _STANDARD + "str":
        return text
    fits = _TAGS.get(tag)
    if fits is None:
        message = f"the tag `{shown_tag(tag)}` is not one of YAML's core schema"
        raise ScalarError(codes.BAD_TAG, message)
    value = plain(text)
    if not fits(value):
        raise ScalarError(codes.BAD_TAG, f"`{text}` is not what `{shown_tag(tag)}` stands for")
    return float(value) if tag == _STANDARD + "float" and isinstance(value, int) else value


def is_collection_tag(tag: str, kind: str) -> bool:
    """Whether a collection of `kind` (``map`` or ``seq``) may carry this tag."""
    return tag in ("!", _STANDARD + kind)


def shown_tag(tag: str) -> str:
    """A tag as people write it: ``!!int``, ``!mine``."""
    return "!!" + tag.removeprefix(_STANDARD) if tag.startswith(_STANDARD) else tag


def _number(text: str) -> int | float | str:
    """The number that a plain scalar spells, or the text where it spells none."""
    if _INTEGER.fullmatch(text):
        if len(text) > MAX_NUMBER_LENGTH:
            raise ScalarError(codes.NUMBER_RANGE, f"this number has {len(text)} digits")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ScalarError(codes.NUMBER_RANGE, "this number is larger than any float")
        return value
    special = _SPECIAL.fullmatch(text)
    if special is None or (special[1] and not special[2]):  # a NaN has no sign
        return text
    return float(special[1] + (special[2] or "nan"))


def _is_integer(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Scalar) -> bool:
    return _is_integer(value) or isinstance(value, float)


_TAGS: dict[str, Callable[[Scalar], bool]] = {
    _STANDARD + "null": lambda value: value is None,
    _STANDARD + "bool": lambda value: isinstance(value, bool),
    _STANDARD + "int": _is_integer,
    _STANDARD + "float": _is_number,
}
