"""From libyaml's events to plain data, with a place for every node.

Data and places are built side by side in one walk: a :class:`Branch` mirrors every mapping and
list, and a scalar's place is simply its event, which knows its mark and the text as written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error, with_related
from pystator_gen.scalars import Scalar, ScalarError, is_collection_tag, plain, shown_tag, tagged
from pystator_gen.source import Source, position

Data: TypeAlias = "Scalar | list[Data] | dict[str, Data]"

MAX_DEPTH = 64
TOO_DEEP_MESSAGE = f"nested deeper than {MAX_DEPTH} levels"
MAX_COPIED_NODES = 100_000


@dataclass(slots=True)
class Branch:
    """The place of a mapping (`children`, `keys`) or list (`items`), and of all that is in it.

    An alias shares the children of what it stands for.
    """

    event: NodeEvent
    children: dict[str, Place]
    keys: dict[str, NodeEvent]
    items: Sequence[Place] = ()


class Mark(Protocol):
    """What is used of libyaml's marks: they count from 0."""

    index: int
    line: int
    column: int


Place: TypeAlias = Branch | NodeEvent
Node: TypeAlias = tuple[Data, Place]


class UnreadableError(Exception):
    """A problem after which nothing in the file can be relied on."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def span_of(source: Source, place: Place) -> Span:
    """Where a place is, counted from 1."""
    event = place.event if isinstance(place, Branch) else place
    return span_of_mark(source, event.start_mark)


def span_of_mark(source: Source, mark: Mark | None) -> Span:
    """Where libyaml stood. It puts the end of the text on a line that may not exist."""
    if mark is None or mark.index >= len(source.text):
        return Span(source.path, *position(source.text))
    return Span(source.path, mark.line + 1, mark.column + 1)


class Composer:
    """Composes the documents of one stream; problems that leave the rest readable are collected."""

    __slots__ = ("anchors", "copied", "diagnostics", "next_event", "source")

    def __init__(self, source: Source, next_event: Callable[[], Event | None]) -> None:
        self.source = source
        self.next_event = next_event
        self.diagnostics: list[Diagnostic] = []
        self.anchors: dict[str, Node | None] = {}  # None while the anchored value is still open
        self.copied = 0

    def documents(self) -> Iterator[Node]:
        """Every document of the stream.

        Raises:
            UnreadableError: nesting, aliases or their expansion leave no sensible data.
        """
        while (event := self.next_event()) is not None:
            if isinstance(event, DocumentStartEvent):
                self.anchors.clear()
                yield self._node(self._next(), 1)

    def _next(self) -> NodeEvent:
        """The next event, where the grammar promises a node (or the end of a collection)."""
        return cast("NodeEvent", self.next_event())

    def _node(self, event: NodeEvent, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            node: Node = self._scalar(event), event
        elif isinstance(event, AliasEvent):
            return self._alias(event, depth)
        else:
            if depth > MAX_DEPTH:
                raise self._unreadable(codes.TOO_DEEP, TOO_DEEP_MESSAGE, event)
            if event.anchor is not None:
                self.anchors[event.anchor] = None
            if isinstance(event, MappingStartEvent):
                node = self._mapping(event, depth)
            else:
                node = self._sequence(cast("SequenceStartEvent", event), depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _scalar(self, event: ScalarEvent) -> Scalar:
        try:
            if event.tag is not None:
                return tagged(event.tag, event.value)
            return plain(event.value) if event.implicit[0] else event.value
        except ScalarError as problem:
            self._error(problem.code, str(problem), event)
            return event.value

    def _sequence(self, start: SequenceStartEvent, depth: int) -> Node:
        self._check_tag(start.tag, "seq", start)
        data: list[Data] = []
        places: list[Place] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, place = self._node(event, depth + 1)
            data.append(value)
            places.append(place)
        return data, Branch(start, {}, {}, places)

    def _mapping(self, start: MappingStartEvent, depth: int) -> Node:
        self._check_tag(start.tag, "map", start)
        data: dict[str, Data] = {}
        children: dict[str, Place] = {}
        keys: dict[str, NodeEvent] = {}
        merged: Node | None = None
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, depth)
            value, place = self._node(self._next(), depth + 1)
            if key is None:
                continue
            if key in keys:
                self._duplicate(key, event, keys[key])
                continue
            keys[key] = event
            if key == "<<" and isinstance(event, ScalarEvent) and event.implicit[0]:
                merged = value, place
            else:
                data[key] = value
                children[key] = place
        if merged is not None:
            del keys["<<"]
            return self._merge(merged, data, Branch(start, children, keys))
        return data, Branch(start, children, keys)

    def _key(self, event: NodeEvent, depth: int) -> str | None:
        """A mapping's key, or None where it is not text, which is reported."""
        key, _ = self._node(event, depth + 1)
        if isinstance(key, str):
            return key
        written = event.value if isinstance(event, ScalarEvent) else ""
        message = f"the key `{written}` is not text" if written else "this key is not text"
        hint = f'quote it: "{written}"' if written else "write a name before the `:`"
        self._error(codes.KEY_NOT_TEXT, message, event, hint)
        return None

    def _merge(self, merged: Node, data: dict[str, Data], own: Branch) -> Node:
        """Puts merged keys before a mapping's own; own keys win, then earlier merges (`S11.1`)."""
        value, place = merged
        sources = [merged]
        if isinstance(value, list) and isinstance(place, Branch):
            sources = list(zip(value, place.items, strict=True))
        all_data: dict[str, Data] = {}
        all_children: dict[str, Place] = {}
        all_keys: dict[str, NodeEvent] = {}
        for source, branch in reversed(sources):
            if isinstance(source, dict) and isinstance(branch, Branch):
                all_data.update(source)
                all_children.update(branch.children)
                all_keys.update(branch.keys)
            else:
                message, hint = "`<<` merges mappings, and this is none", "write `<<: *anchor`"
                self._error(codes.BAD_MERGE, message, branch, hint)
        all_data.update(data)
        all_children.update(own.children)
        all_keys.update(own.keys)
        return all_data, Branch(own.event, all_children, all_keys)

    def _alias(self, event: AliasEvent, depth: int) -> Node:
        """What an alias stands for, copied: no two places of the data share anything."""
        name = event.anchor or ""
        if name not in self.anchors:
            message = f"no anchor `&{name}` stands before this"
            raise self._unreadable(codes.BAD_ALIAS, message, event)
        node = self.anchors[name]
        if node is None:
            message = f"`*{name}` stands inside the value that it stands for"
            raise self._unreadable(codes.BAD_ALIAS, message, event)
        value, place = node
        copy = self._copy(value, depth, event)
        if isinstance(place, Branch):
            return copy, Branch(event, place.children, place.keys, place.items)
        return copy, event

    def _copy(self, value: Data, depth: int, alias: AliasEvent) -> Data:
        self.copied += 1
        if self.copied > MAX_COPIED_NODES:
            message = f"aliases expand to more than {MAX_COPIED_NODES} values"
            raise self._unreadable(codes.EXPANSION, message, alias)
        if not isinstance(value, (dict, list)):
            return value
        if depth > MAX_DEPTH:
            message = f"expands to more than {MAX_DEPTH} levels of nesting"
            raise self._unreadable(codes.TOO_DEEP, message, alias)
        if isinstance(value, dict):
            return {key: self._copy(item, depth + 1, alias) for key, item in value.items()}
        return [self._copy(item, depth + 1, alias) for item in value]

    def _check_tag(self, tag: str | None, kind: str, event: NodeEvent) -> None:
        if tag is not None and not is_collection_tag(tag, kind):
            noun = "mapping" if kind == "map" else "list"
            self._error(codes.BAD_TAG, f"the tag `{shown_tag(tag)}` does not fit a {noun}", event)

    def _duplicate(self, key: str, event: NodeEvent, first: NodeEvent) -> None:
        message = f"the key `{key}` stands twice in this mapping"
        problem = error(codes.DUPLICATE_KEY, message, span_of(self.source, event))
        self.diagnostics.append(with_related(problem, span_of(self.source, first), "first here"))

    def _error(self, code: str, message: str, place: Place, hint: str | None = None) -> None:
        self.diagnostics.append(error(code, message, span_of(self.source, place), hint))

    def _unreadable(self, code: str, message: str, event: NodeEvent) -> UnreadableError:
        return UnreadableError(error(code, message, span_of(self.source, event)))
