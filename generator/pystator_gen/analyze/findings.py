"""What analysis works on and what it finds on the way: one machine's document, and a growing list of problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error, warning, with_related
from pystator_gen.document import Document, NodePath
from pystator_gen.parse.names import NAME
from pystator_gen.spelling import nearest


class Findings:
    """Collects the diagnostics of one machine."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.diagnostics: list[Diagnostic] = []
        self._lacks_states = False

    def error(
        self, code: str, message: str, path: NodePath, hint: str | None = None, *, related: Related | None = None
    ) -> None:
        """Note an error at ``path``; ``related`` is a second place, with what it is."""
        self._add(error(code, message, self.document.span(path), hint), related)

    def error_at(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """Note an error at a place that is no node of its own."""
        self._add(error(code, message, span, hint), None)

    def warning(
        self, code: str, message: str, path: NodePath, hint: str | None = None, *, related: Related | None = None
    ) -> None:
        """Note something worth reading."""
        self._add(warning(code, message, self.document.span(path), hint), related)

    def unknown_state(self, name: str, known: Iterable[str], path: NodePath) -> None:
        """Note that nobody defines a state that is named at ``path``."""
        self._lacks_states = True
        hint = nearest(name, known)
        if hint is None and not re.fullmatch(NAME, name):
            return  # parsing has reported the spelling, and there is nothing to add
        self.error(codes.UNKNOWN_STATE, f"there is no state `{name}`", path, hint or "define it in `states`")

    def never_asked(self, source: str, path: NodePath) -> None:
        """Note that a transition of ``source`` stands behind one that is always taken."""
        self.warning(
            codes.NEVER_ASKED,
            f"this transition is never taken from `{source}`: an earlier one without guards always is",
            path,
            "give the earlier one a guard, or this one a lower `priority`",
        )

    def inside(self, text: str, offset: int, path: NodePath) -> Span:
        """The place of ``offset`` in a text, where the text stands as it is: on one line, or in a block."""
        span = self.document.span(path)
        lines = self.document.source.text.splitlines()
        line = lines[span.line - 1] if span.line <= len(lines) else ""
        start = span.column - 1
        if line[start : start + 1] in ("|", ">"):
            return _in_block(lines[span.line :], text, offset, span)
        if line[start : start + 1] in ("'", '"'):
            start += 1
        if not line[start:].startswith(text[:offset]):
            return span
        return Span(span.path, span.line, start + offset + 1)

    @property
    def failed(self) -> bool:
        """Whether there was an error so far, or one of parsing that leaves a name without its state."""
        return self._lacks_states or any(diagnostic.is_error for diagnostic in self.diagnostics)

    def _add(self, diagnostic: Diagnostic, related: Related | None) -> None:
        if related is not None:
            path, text = related
            diagnostic = with_related(diagnostic, self.document.span(path), text)
        self.diagnostics.append(diagnostic)


def _in_block(lines: Sequence[str], text: str, offset: int, span: Span) -> Span:
    """The place of ``offset`` in a literal or folded text; ``span`` is where its ``|`` or ``>`` stands."""
    first = next((line for line in lines if line.strip()), "")
    indent = len(first) - len(first.lstrip())
    before = " ".join(line[indent:] for line in lines)[:offset]
    if before != text[:offset].replace("\n", " "):
        return span
    for number, line in enumerate(lines, span.line + 1):
        length = len(line[indent:])
        if offset <= length:
            return Span(span.path, number, indent + offset + 1)
        offset -= length + 1
    return span


Related = tuple[NodePath, str]
