"""The marked document: plain data as YAML 1.2 means it (`S11.1`), and the place of every node.

:func:`load` reads a whole file; each machine in it becomes one :class:`Document`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from yaml.error import MarkedYAMLError
from yaml.events import ScalarEvent

from pystator_gen import codes
from pystator_gen.composer import (
    TOO_DEEP_MESSAGE,
    Branch,
    Composer,
    Data,
    Node,
    Place,
    UnreadableError,
    span_of,
    span_of_mark,
)
from pystator_gen.diagnostics import Diagnostic, Span, UnusableError, error, with_related
from pystator_gen.source import Source, find_forbidden

__all__ = ["Data", "Document", "LibyamlMissingError", "NodePath", "load", "load_value"]

NodePath: TypeAlias = tuple[str | int, ...]
"""Keys and indices that lead from a machine's root to a node."""

_HINTS = {
    "mapping values are not allowed in this context": (
        "a `:` is not allowed here",
        "check the indentation; quote a text that contains `: `",
    ),
    "block sequence entries are not allowed in this context": (
        "a list can't start here",
        "start it on a line of its own; quote a text that starts with `- `",
    ),
    "did not find expected <document start>": (
        "the file goes on after its mapping or list",
        "check the indentation, or start another document with `---`",
    ),
    "found a tab character where an indentation space is expected": (
        "a tab stands where spaces indent",
        "indent with spaces",
    ),
    "did not find expected key": (
        "the indentation or the punctuation breaks off the mapping here",
        "keys of one mapping start in one column; close quotes and brackets",
    ),
    "did not find expected '-' indicator": (
        "the list breaks off here",
        "items of one list start in one column, each with `- `",
    ),
    "could not find expected ':'": ("a key without its `:`", "write `key: value`"),
    "found character that cannot start any token": (
        "no value can start with this character",
        "indent with spaces, not tabs; quote a text that starts with `@`, `` ` `` or `%`",
    ),
    "found unexpected end of stream": ("this quote is never closed", "add the closing quote"),
    "did not find expected node content": ("a value is missing here", "close every bracket"),
    "did not find expected ',' or ']'": ("the list lacks a `,` or its `]`", None),
    "did not find expected ',' or '}'": ("the mapping lacks a `,` or its `}`", None),
    "found unknown escape character": (
        "there is no such escape in a double-quoted text",
        "double the backslash, or use single quotes",
    ),
    "found undefined tag handle": ("this tag is not declared", "leave it out"),
}
"""libyaml's words, ours, and the remedy."""


class LibyamlMissingError(UnusableError):
    """PyYAML was installed without libyaml, so YAML might mean something else here (`S11.1`)."""

    def __init__(self) -> None:
        super().__init__(
            "PyYAML lacks libyaml here; its wheels have it: pip install --force-reinstall --only-binary=pyyaml pyyaml"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One machine as written: `data` is plain and shares nothing; places are asked for by path."""

    source: Source
    data: dict[str, Data]
    place: Place

    def span(self, path: NodePath) -> Span:
        """The place of the value at `path`, or of its nearest ancestor that exists."""
        return span_of(self.source, self._nearest(path))

    def key_span(self, path: NodePath) -> Span:
        """The place of the key that `path` ends with; of the value, where it ends in a list."""
        parent = self._nearest(path[:-1])
        key = path[-1] if path else None
        if isinstance(parent, Branch) and isinstance(key, str) and key in parent.keys:
            return span_of(self.source, parent.keys[key])
        return self.span(path)

    def written(self, path: NodePath) -> str | None:
        """The text of the scalar at `path` as it stands in the file, quotes resolved."""
        place = self._nearest(path)
        return place.value if isinstance(place, ScalarEvent) else None

    def _nearest(self, path: NodePath) -> Place:
        place = self.place
        for step in path:
            below = _below(place, step)
            if below is None:
                break
            place = below
        return place


def _below(place: Place, step: str | int) -> Place | None:
    """One step down. A lone value that stands for a list of one is its own first item."""
    items: Sequence[Place] = ()
    if isinstance(place, Branch):
        if isinstance(step, str):
            return place.children.get(step)
        items = place.items
    if items and isinstance(step, int):
        return items[step] if 0 <= step < len(items) else None
    return place if step == 0 else None


def load(source: Source) -> tuple[list[Document], list[Diagnostic]]:
    """The machines of a file, and every problem that the text itself has.

    Documents are returned beside errors such as a duplicate key, so that the rest can be checked
    in the same run (`S11.3`); after a syntax error there are none.

    Raises:
        LibyamlMissingError: PyYAML has no libyaml.
    """
    source = Source(source.path, source.text.lstrip("\ufeff"))
    roots, diagnostics = _roots(source, source.text)
    if roots is None:
        rewritten = _json_for_libyaml(source.text)
        if rewritten is not None:
            roots, diagnostics = _roots(source, rewritten)
    if roots is None:
        return [], diagnostics
    documents = _machines(source, roots, diagnostics)
    if not documents and not diagnostics:
        hint = "a machine is a mapping with `states` and `transitions`"
        diagnostics.append(error(codes.NO_MACHINE, "no machine here", Span(source.path), hint))
    return documents, diagnostics


def load_value(text: str) -> Data:
    """The meaning of one scalar or flow collection (``5``, ``"a"``, ``[1, 2]``).

    Raises:
        ValueError: the text is no such value.
    """
    roots, diagnostics = _roots(Source("", text), text)
    if roots is None or len(roots) != 1 or diagnostics:
        raise ValueError(diagnostics[0].message if diagnostics else "not one value")
    value = roots[0][0]
    if isinstance(value, (dict, list)) and text.lstrip()[0] not in "[{":
        raise ValueError("a list is written [a, b] here, and a mapping {a: b}")
    return value


def _roots(source: Source, text: str) -> tuple[list[Node] | None, list[Diagnostic]]:
    """The data of every YAML document, or None where the text can't be composed."""
    try:
        from yaml.cyaml import CBaseLoader  # libyaml's parser under a public name
    except ImportError as failure:
        raise LibyamlMissingError from failure
    forbidden = find_forbidden(source)
    if forbidden is not None:
        return None, [forbidden]
    composer = Composer(source, CBaseLoader(text).get_event)
    try:
        return list(composer.documents()), composer.diagnostics
    except UnreadableError as problem:
        return None, [*composer.diagnostics, problem.diagnostic]
    except MarkedYAMLError as problem:
        return None, [*composer.diagnostics, _syntax_error(source, problem)]


def _machines(source: Source, roots: list[Node], diagnostics: list[Diagnostic]) -> list[Document]:
    """One document per mapping: a root is a machine or a list of machines, or empty and ignored."""
    found: list[Document] = []
    for data, place in roots:
        items = [(data, place)]
        if isinstance(data, list) and isinstance(place, Branch):
            items = list(zip(data, place.items, strict=True))
            if not items:
                message = "this list holds no machine"
                diagnostics.append(error(codes.NO_MACHINE, message, span_of(source, place)))
        for item, item_place in items:
            if isinstance(item, dict):
                found.append(Document(source, item, item_place))
            elif item is not None or isinstance(data, list):
                message = "a machine is a mapping, and this is none"
                hint = "write `states:` and `transitions:`, or a list of such mappings"
                span = span_of(source, item_place)
                diagnostics.append(error(codes.NOT_A_MACHINE, message, span, hint))
    return found


def _syntax_error(source: Source, problem: MarkedYAMLError) -> Diagnostic:
    """libyaml's complaint in plain words, placed inside the file."""
    words = problem.problem or "not well-formed"
    message, hint = _HINTS.get(words, (words, None))
    mark, context = problem.problem_mark, problem.context_mark
    if words == "found unexpected end of stream" and context is not None:
        mark, context = context, None  # where the quote opens says more than the end of the file
    span = span_of_mark(source, mark)
    if words == "exceeded maximum nesting depth":  # libyaml's own limit, in what it reads ahead of the composer
        return error(codes.TOO_DEEP, TOO_DEEP_MESSAGE, span)
    diagnostic = error(codes.YAML_SYNTAX, f"this is not well-formed YAML: {message}", span, hint)
    start = span if context is None else span_of_mark(source, context)
    if start == span:
        return diagnostic
    return with_related(diagnostic, start, problem.context or "starts here")


_JSON_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|\t', re.DOTALL)
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)")


def _json_for_libyaml(text: str) -> str | None:
    """Valid JSON that libyaml refuses, with what it stumbles over rewritten; else None.

    Tabs between values become spaces, pairs of surrogate escapes one escape; lines stay.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None

    def join(pair: re.Match[str]) -> str:
        high, low = int(pair[2], 16) - 0xD800, int(pair[3], 16) - 0xDC00
        return f"{pair[1]}\\U{0x10000 + (high << 10) + low:08x}"

    def rewrite(part: re.Match[str]) -> str:
        return " " if part[0] == "\t" else _SURROGATES.sub(join, part[0])

    rewritten = _JSON_PARTS.sub(rewrite, text)
    return None if rewritten == text else rewritten
