"""The cursor with which a document is checked: a value, its path, and what is wrong with it.

Readers are functions from a :class:`Node` to what it means. A reader that returns None has reported
why, and the part around it goes on, so that one run finds every problem (`S11.3`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import AliasPath, ValidationError

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error, warning, with_related
from pystator_gen.document import Data, Document, NodePath
from pystator_gen.parse import words
from pystator_gen.parse.base import Model
from pystator_gen.parse.names import closest

M = TypeVar("M", bound=Model)
T = TypeVar("T")
Reader: TypeAlias = "Callable[[Node], object]"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model lets stand in its mapping: every key with the field's own key."""

    keys: Mapping[str, str]
    booleans: frozenset[str]
    nullable: frozenset[str]


@functools.cache
def shape_of(model: type[Model]) -> Shape:
    """The shape of a model, worked out once."""
    keys: dict[str, str] = {}
    booleans: set[str] = set()
    nullable: set[str] = set()
    for name, info in model.model_fields.items():
        alias = info.validation_alias or name
        key = str(alias.path[0] if isinstance(alias, AliasPath) else alias)
        keys[key] = key
        annotation: Any = info.annotation
        if annotation in (bool, bool | None):
            booleans.add(key)
        if annotation is Any:
            nullable.add(key)
    return Shape({**keys, **model.also_known}, frozenset(booleans), frozenset(nullable))


@dataclass(slots=True)
class Fields:
    """A mapping on its way to a model: values by key, what failed, and keys written otherwise."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    failed: set[str] = field(default_factory=set[str])
    written: dict[str, str] = field(default_factory=dict[str, str])

    def key(self, key: str) -> str:
        """A key as the user wrote it."""
        return self.written.get(key, key)

    def has(self, key: str) -> bool:
        """Whether the key is there, be it with a value that failed."""
        return key in self.values or key in self.failed


@dataclass(slots=True)
class Node:
    """A value of the document that is being checked."""

    document: Document
    path: NodePath
    value: Data
    diagnostics: list[Diagnostic]

    def child(self, step: str | int, value: Data) -> Node:
        """The node below this one at a key or index."""
        return Node(self.document, (*self.path, step), value, self.diagnostics)

    def with_value(self, value: Data) -> Node:
        """A node in the same place that is read as something else."""
        return Node(self.document, self.path, value, self.diagnostics)

    def span(self, *steps: str | int) -> Span:
        """The place of this value, or of one below it."""
        return self.document.span(self.path + steps)

    def key_span(self, *steps: str | int) -> Span:
        """The place of the key that leads to this value, or to one below it."""
        return self.document.key_span(self.path + steps)

    def error(self, code: str, message: str, hint: str | None = None) -> None:
        """Reports an error at this value."""
        self.diagnostics.append(error(code, message, self.span(), hint))

    def key_error(self, key: str, code: str, message: str, hint: str | None = None) -> None:
        """Reports an error at a key of this mapping."""
        self.diagnostics.append(error(code, message, self.key_span(key), hint))

    def warn(self, code: str, message: str, hint: str | None = None) -> None:
        """Reports a warning at this value."""
        self.diagnostics.append(warning(code, message, self.span(), hint))

    def wrong_type(self, expected: str) -> None:
        """Reports that this value should be something else."""
        message = f"{words.subject(self.path)} must be {expected}, not {words.describe(self.value)}"
        self.error(codes.WRONG_TYPE, message)

    def children(self, noun: str, lone: bool = False) -> list[Node] | None:
        """A node for every item of this list of `noun`; if `lone`, one may stand without a list."""
        if isinstance(self.value, list):
            return [self.child(index, item) for index, item in enumerate(self.value)]
        if lone and isinstance(self.value, (str, dict)):
            return [self]
        self.wrong_type(f"a list of {noun}")
        return None

    def items(self, read: Callable[[Node], T | None], noun: str, lone: bool = False) -> tuple[T, ...] | None:
        """Reads every item of this list of `noun`."""
        children = self.children(noun, lone)
        return None if children is None else all_or_none([read(child) for child in children])

    def boolean(self) -> Data:
        """This value, with PyYAML's words for true and false understood and warned of (`S11.1`)."""
        meant = words.BOOLEANS.get(self.value.lower()) if isinstance(self.value, str) else None
        if meant is None:
            return self.value
        right = "true" if meant else "false"
        message = f"`{self.value}` is text; {words.subject(self.path)} reads it as {right}"
        self.warn(codes.BOOLEAN_WORD, message, f"write `{right}`")
        return meant

    def fields(self, model: type[Model], readers: Mapping[str, Reader]) -> Fields | None:
        """The keys of this mapping, checked (`S11.2`), their values read by `readers`.

        A key that is null counts as absent, unless null says something there.
        """
        if not isinstance(self.value, dict):
            self.wrong_type("a mapping")
            return None
        shape, fields = shape_of(model), Fields()
        for key, value in self.value.items():
            known = shape.keys.get(key) or self._unknown_key(key, model, shape)
            if known is None or (value is None and known not in shape.nullable):
                continue
            if known != key:
                fields.written[known] = key
            read = readers.get(known)
            if read is not None:
                self._take(fields, known, read(self.child(key, value)))
            elif known in shape.booleans and isinstance(value, str):
                fields.values[known] = self.child(key, value).boolean()
            else:
                fields.values[known] = value
        return fields

    def build(self, model: type[M], fields: Fields) -> M | None:
        """The model of these fields, or None where it can't be built, which is reported.

        Names that are merely ill-spelt are reported and kept, so that what refers to them can still
        be checked in the same run (`S11.3`).
        """
        try:
            instance = model.model_validate(fields.values)
        except ValidationError as failure:
            details = failure.errors(include_url=False)
            kept = True
            for detail in details:
                if detail["loc"][0] in fields.failed or words.is_echo(detail):
                    continue
                kept &= words.is_spelling(detail)
                self._report(words.explain(self, fields, detail))
            if fields.failed or not kept:
                return None
            return model.model_construct(**fields.values)
        return None if fields.failed else instance

    def record(self, model: type[M], readers: Mapping[str, Reader]) -> M | None:
        """This mapping as a model."""
        fields = self.fields(model, readers)
        return None if fields is None else self.build(model, fields)

    def report_repeated(self, key: str) -> None:
        """Reports items of this list that name themselves, under `key`, as an earlier one does."""
        if not isinstance(self.value, list):
            return
        first: dict[str, NodePath] = {}
        for index, item in enumerate(self.value):
            name = item.get(key) if isinstance(item, dict) else item
            if not isinstance(name, str):
                continue
            steps = (index, key) if isinstance(item, dict) else (index,)
            if name in first:
                message = f"`{name}` is declared twice in {words.subject(self.path)}"
                problem = error(codes.DUPLICATE_NAME, message, self.span(*steps))
                self.diagnostics.append(with_related(problem, self.span(*first[name]), "first here"))
            first.setdefault(name, steps)

    def _take(self, fields: Fields, key: str, value: object) -> None:
        """Keeps what a reader made of a key; two spellings of one list add up."""
        if value is None:
            fields.failed.add(key)
        elif isinstance(value, tuple) and key in fields.values:
            fields.values[key] += value
        else:
            fields.values[key] = value

    def _unknown_key(self, key: str, model: type[Model], shape: Shape) -> str | None:
        """Judges a key that the model does not know; the key to read it as, if there is one."""
        present = self.value if isinstance(self.value, dict) else {}
        if key.startswith("x-") or key in model.passed_over:
            return None
        if key in model.unsupported:
            if present[key] not in (None, [], {}):
                self.key_error(key, codes.NOT_SUPPORTED, f"`{key}` is not supported yet")
            return None
        remedy = model.misplaced.get(key.replace("_", "").lower())
        if remedy is not None:
            self.key_error(key, codes.MISSPELT_KEY, f"there is no key `{key}` here", remedy)
            return None
        other = model.misnamed.get(key)
        meant = closest(key, shape.keys) or (None if other in present else other)
        if meant is None:
            known = ", ".join(sorted(set(shape.keys.values())))
            message = f"the unknown key `{key}` is ignored"
            span = self.key_span(key)
            self.diagnostics.append(warning(codes.UNKNOWN_KEY, message, span, f"known: {known}"))
            return None
        hint = f"did you mean `{meant}`?"
        self.key_error(key, codes.MISSPELT_KEY, f"there is no key `{key}`", hint)
        return None if meant in present else shape.keys[meant]

    def _report(self, problem: words.Problem) -> None:
        code, message, hint, span = problem
        self.diagnostics.append(error(code, message, span, hint))


def all_or_none(found: list[T | None]) -> tuple[T, ...] | None:
    """What was read, if all of it could be."""
    known = tuple(item for item in found if item is not None)
    return known if len(known) == len(found) else None


_VARIABLE = re.compile(r"\$\{[^}:]+(?::[?-][^}]*)?\}")


def report_substitution(node: Node) -> None:
    """Reports every ``${VAR}`` in a text below `node`: PyStator would replace it (docs/yaml.md#not-supported-yet)."""
    if isinstance(node.value, dict):
        for key, value in node.value.items():
            report_substitution(node.child(key, value))
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            report_substitution(node.child(index, item))
    elif isinstance(node.value, str):
        match = _VARIABLE.search(node.value)
        if match is not None:
            message = f"the substitution of `{match[0]}` is not supported yet"
            node.error(codes.NOT_SUPPORTED, message, "write the value itself")
