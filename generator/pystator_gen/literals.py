"""User text and data as Python source.

Everything that a user wrote reaches a generated module through these functions, so quoting is
decided here and nowhere else. The same value gives the same bytes everywhere.
"""

from __future__ import annotations

import math
import re
from typing import Final, cast

MAX_LITERAL_DEPTH: Final = 50
"""How deep lists and mappings may be nested: Python's own parser gives up at 200 brackets."""

_MAX_DECIMAL_BITS: Final = 10_000  # Python refuses to write longer integers in decimal
_JOINING_QUOTE = re.compile(r'"(?="|\Z)')
"""A quote that would join the next one, or the closing ones."""


class _Escapes(dict[int, str]):
    """What is written for a character, by its code: escaped if it can't be seen, as control and bidi characters."""

    def __missing__(self, code: int) -> str:
        if chr(code).isprintable():
            written = chr(code)
        elif code <= 0xFF:
            written = f"\\x{code:02x}"
        else:
            written = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
        self[code] = written
        return written


_ESCAPES: Final = _Escapes({ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", ord("\\"): "\\\\"})


def python_literal(value: object) -> str:
    """The source of a value as data files know them: null, boolean, number, text, list or mapping.

    A tuple is written as one. Raises `ValueError` where the value is nested deeper than
    `MAX_LITERAL_DEPTH`, and `TypeError` for any other type.
    """
    return _literal(value, 0)


def docstring_literal(text: str) -> str:
    """The text as a triple-quoted string that spans its lines as they are."""
    lines = "\n".join(map(_visible, text.split("\n")))
    return '"""' + _JOINING_QUOTE.sub(r'\\"', lines) + '"""'


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
    return quote + _visible(text).replace(quote, f"\\{quote}") + quote


def _visible(text: str) -> str:
    """The text as it stands between quotes, but for the quotes in it."""
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)
