"""What can be wrong with a source, as values.

Every stage returns the diagnostics it found beside its result; only the command line prints them and decides
the exit code. A code is stable: it names one page section in ``docs/diagnostics.md`` for ever.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from dataclasses import dataclass


class UnusableError(Exception):
    """A run can't be carried out, for a reason that is not in a source; the message says what to do."""


class Severity(enum.StrEnum):
    """How bad it is: an error stops the run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a source: the file as the user named it, line and column counted from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{one_line(self.path)}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: what it is, where it stands, and what to do about it.

    ``related`` are further places that belong to it, for instance the first of two equal names.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str | None = None
    related: tuple[tuple[Span, str], ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether it stops the run."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        lines = [f"{self.span}: {self.severity}[{self.code}]: {one_line(self.message)}"]
        if self.hint is not None:
            lines.append(f"    hint: {one_line(self.hint)}")
        lines.extend(f"    {span}: {one_line(text)}" for span, text in self.related)
        return "\n".join(lines)


def error(code: str, message: str, span: Span, hint: str | None = None) -> Diagnostic:
    """A diagnostic that stops the run."""
    return Diagnostic(code, Severity.ERROR, message, span, hint)


def warning(code: str, message: str, span: Span, hint: str | None = None) -> Diagnostic:
    """A diagnostic that is worth reading and stops nothing."""
    return Diagnostic(code, Severity.WARNING, message, span, hint)


def with_related(diagnostic: Diagnostic, span: Span, text: str) -> Diagnostic:
    """The same diagnostic with one more place to look at."""
    return dataclasses.replace(diagnostic, related=(*diagnostic.related, (span, text)))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, each problem once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda d: (d.span, d.code, d.message))


def one_line(text: str) -> str:
    """User text made safe to print on one line: control characters are shown, not sent to the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
