"""The text of a file that people wrote: its lines, as they stand and as LibCST can bear them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the file: where it begins, what it says, how it ends, and what LibCST sees of it."""

    start: int
    text: str
    ending: str
    seen: str

    @property
    def end(self) -> int:
        """Where its text is over."""
        return self.start + len(self.text)

    @property
    def after(self) -> int:
        """Where the next one begins."""
        return self.end + len(self.ending)

    def offset(self, column: int) -> int:
        """Where a column that LibCST names is in the file."""
        return self.end - len(self.seen) + column


def decoded(path: str, content: bytes) -> str | Diagnostic:
    """The text of a file, byte order mark included, or why it is none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        message = f"the byte 0x{content[failure.start]:02x} is not UTF-8"
        return error(codes.NOT_PYTHON, message, Span(path, line), "save the file as UTF-8")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as failure:
        return error(codes.NOT_PYTHON, str(failure), Span(path), "save it as UTF-8, and say so or nothing")
    if encoding not in ("utf-8", "utf-8-sig"):
        message = f"the file is said to be {encoding}, not UTF-8"
        return error(codes.NOT_PYTHON, message, Span(path), "save it as UTF-8, and say so or nothing")
    return text


def lines_of(text: str) -> tuple[Line, ...]:
    """The lines of a file, with line ends and form feeds as LibCST can bear them."""
    found: list[Line] = []
    for match in _LINE.finditer(text):
        whole = match[0]
        said = whole.rstrip("\r\n")
        if not whole:
            continue
        seen = said.removeprefix(_BOM) if match.start() == 0 else said
        feed = re.match(r"[ \t\f]*\f", seen)  # indentation starts over there
        seen = seen[feed.end() :] if feed else seen
        seen = seen.replace("\f", " ") if seen.strip(" \t\f") else ""
        found.append(Line(match.start(), said, whole[len(said) :], seen))
    return tuple(found)


def refused(path: str, seen: str) -> Diagnostic | None:
    """Why Python refuses a file, if it does: it names the place better than LibCST, and survives what kills that."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the application's own business
            ast.parse(seen.encode("utf-8"))
    except SyntaxError as failure:
        place = Span(path, max(failure.lineno or 1, 1), max(failure.offset or 1, 1))
        return error(codes.NOT_PYTHON, str(failure.msg), place, "nothing can be added to a file with such an error")
    except (ValueError, RecursionError, MemoryError) as failure:
        reason = str(failure) or "an expression in this file is nested too deeply"
        return error(codes.NOT_PYTHON, reason, Span(path))
    return None
