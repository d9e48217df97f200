"""From what the user typed to source text: finding files, and reading them as UTF-8.

What is wrong *inside* a file is a :class:`Diagnostic`; a file that can't be opened at all is a
:class:`SourceUnreadable`, which the command line turns into exit code 2.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, UnusableError, error

Sources: TypeAlias = str | Path | Sequence[str | Path]
"""What a run is about: files and folders, or one of them."""

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
MAX_BYTES = 4 * 1024 * 1024

# All but what YAML calls printable, less three characters that are text in YAML 1.2, but that
# libyaml takes for line breaks and folds away: U+0085, U+2028 and U+2029.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile("\r\n?|\n")
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class SourceUnreadable(UnusableError):  # noqa: N818 - it reads as what happened
    """A source that does not exist, or that the system does not let us read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read {path.as_posix()}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[SourceUnreadable], tuple[Path, str]]:
        return SourceUnreadable, (self.path, self.reason)  # from one process to another


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, its path as the user named it (with `/` on every system), and the digest of its bytes."""

    path: str
    text: str
    digest: str = field(default="", compare=False)


def discover(arguments: Sources) -> tuple[list[Path], list[Diagnostic]]:
    """The files that `arguments` name, sorted, each once.

    A file is taken whatever its suffix; a folder is searched for ``*.yaml *.yml *.json``, hidden
    files and folders left out. A folder without any is an error.

    Raises:
        SourceUnreadable: an argument does not exist, or a folder can't be listed.
        UnusableError: there is no argument, or an empty one, which would mean the current folder.
    """
    named = [arguments] if isinstance(arguments, (str, Path)) else arguments
    if not named:
        raise UnusableError("no sources: name files or folders with machines")
    if "" in named:
        raise UnusableError("the path of a source is empty: name a file or folder, or . for the current one")
    found: list[Path] = []
    diagnostics: list[Diagnostic] = []
    for argument in map(Path, named):
        try:
            files = _files(argument)
        except OSError as failure:
            raise SourceUnreadable(argument, _reason(failure)) from failure
        if not files:
            message = "this folder holds no *.yaml, *.yml or *.json file"
            diagnostics.append(error(codes.NO_SOURCES, message, Span(argument.as_posix())))
        found.extend(files)
    first_names: dict[str, Path] = {}
    for path in sorted(found, key=Path.as_posix):
        first_names.setdefault(os.path.realpath(path), path)
    return list(first_names.values()), diagnostics


def read(path: Path) -> Source | Diagnostic:
    """The text of one file, or what keeps it from being text. A byte order mark is dropped.

    Raises:
        SourceUnreadable: the file can't be opened: it is gone, a folder, or not ours to read.
    """
    shown = path.as_posix()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as failure:  # ValueError: a NUL in the path itself
        raise SourceUnreadable(path, _reason(failure)) from failure
    if len(content) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        return error(codes.TOO_LARGE, message, Span(shown), "split it into several files")
    for mark, encoding in _OTHER_ENCODINGS:
        if content.startswith(mark):
            message = f"the file is {encoding}, not UTF-8"
            return error(codes.NOT_TEXT, message, Span(shown), "save it as UTF-8")
    seen = digest(content)
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        source = Source(shown, content.decode("utf-8"), seen)
    except UnicodeDecodeError as failure:
        line, column = position(content[: failure.start].decode("utf-8"))
        message = f"the byte 0x{content[failure.start]:02x} is not UTF-8"
        return error(codes.NOT_TEXT, message, Span(shown, line, column), "save the file as UTF-8")
    return find_forbidden(source) or source


def digest(content: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()


def find_forbidden(source: Source) -> Diagnostic | None:
    """The first character that may not stand in a source as itself, such as a control character."""
    match = _FORBIDDEN.search(source.text)
    if match is None:
        return None
    line, column = position(source.text[: match.start()])
    message = f"the character U+{ord(match[0]):04X} may not stand in YAML as itself"
    hint = f'in a quoted text, write "\\u{ord(match[0]):04x}"' if match[0] < "\ud800" else None
    return error(codes.BAD_CHARACTER, message, Span(source.path, line, column), hint)


def position(before: str) -> tuple[int, int]:
    """Line and column, counted from 1, of the character that follows `before`."""
    breaks = list(_LINE_BREAK.finditer(before))
    return len(breaks) + 1, len(before) - (breaks[-1].end() if breaks else 0) + 1


def _files(argument: Path) -> list[Path]:
    """What one argument names: itself, or the sources below it."""
    if argument.is_dir():
        return list(_search(argument, set()))
    if not argument.exists():
        raise SourceUnreadable(argument, "there is no such file or folder")
    return [argument]


def _search(folder: Path, visited: set[str]) -> Iterator[Path]:
    """Every source file below a folder; links are followed, but no folder is entered twice."""
    real = os.path.realpath(folder)
    if real in visited:
        return
    visited.add(real)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _search(entry, visited)
        elif entry.suffix.lower() in SUFFIXES and (entry.is_file() or _leads_nowhere(entry)):
            yield entry


def _leads_nowhere(path: Path) -> bool:
    """Whether a link's target is gone: it counts as a source that can't be read, for its machine is not meant to go."""
    return path.is_symlink() and not path.exists()


def _reason(failure: OSError | ValueError) -> str:
    """The system's own words, without its number, but with the file where it names one."""
    words = str(getattr(failure, "strerror", None) or failure).lower()
    filename = getattr(failure, "filename", None)
    return f"{words} ({filename})" if filename else words
