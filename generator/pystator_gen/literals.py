"""User text and data as Python source.

Everything that a user wrote reaches a generated module through these functions, so quoting is
decided here and nowhere else. The same value gives the same bytes everywhere.
"""

from __future__ import annotations

import math
from typing import Final, cast

MAX_LITERAL_DEPTH: Final = 50
"""How deep lists and mappings may be nested: Python's own parser gives up at 200 brackets."""

_MAX_DECIMAL_BITS: Final = 10_000  # Python refuses to write longer integers in decimal
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def python_literal(value: object) -> str:
    """The source of a value as data files know them: null, boolean, number, text, list or mapping.

    A tuple is written as one. Raises `ValueError` where the value is nested deeper than
    `MAX_LITERAL_DEPTH`, and `TypeError` for any other type.
    """
    return _literal(value, 0)


def docstring_literal(text: str) -> str:
    """The text as a triple-quoted string that spans its lines as they are."""
    pieces: list[str] = []
    for position, character in enumerate(text):
        if character == "\n":
            pieces.append(character)
        elif character == '"' and text[position + 1 : position + 2] in {'"', ""}:
            pieces.append('\\"')  # it would join the next quote, or the closing ones
        else:
            pieces.append(_escaped(character))
    return f'"""{"".join(pieces)}"""'


def _literal(value: object, depth: int) -> str:
    if depth > MAX_LITERAL_DEPTH:
        raise ValueError(f"nested more than {MAX_LITERAL_DEPTH} levels deep")
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _MAX_DECIMAL_BITS else hex(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value!r}")'
    if isinstance(value, str):
        return _text_literal(value)
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        entries = [f"{_literal(key, depth + 1)}: {_literal(of, depth + 1)}" for key, of in pairs]
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, (list, tuple)):
        elements = [_literal(element, depth + 1) for element in cast("list[object]", value)]
        if isinstance(value, list):
            return f"[{', '.join(elements)}]"
        return f"({elements[0]},)" if len(elements) == 1 else f"({', '.join(elements)})"
    raise TypeError(f"no literal for {type(value).__name__!r}")


def _text_literal(text: str) -> str:
    # The quotes that ruff would choose, so that formatting changes nothing.
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(f"\\{c}" if c == quote else _escaped(c) for c in text) + quote


def _escaped(character: str) -> str:
    """One character; escaped if it can't be seen, as control and bidi characters and odd spaces."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
