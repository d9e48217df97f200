"""What people wrote, read: which classes a file has, what they provide, and where everything stands.

LibCST tells it, and tells it only: what is written back are lines put between lines, so that nothing that people wrote
goes through a parser and out again. (LibCST itself loses form feeds and single carriage returns.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error
from pystator_gen.scaffold.bindings import bound_names, set_on_self
from pystator_gen.scaffold.lines import Line, decoded, lines_of, refused

_END = "pass\n"
"""Read behind every file: LibCST loses blank lines and comments that nothing follows."""


@dataclass(frozen=True, slots=True)
class Method:
    """A function in a class: ``first`` and ``last`` are its lines, decorators included; ``comments`` those above."""

    name: str
    first: int
    last: int
    comments: tuple[tuple[int, str], ...]
    annotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandClass:
    """A class of the file. ``body`` is the place of a body that stands on the line of its head."""

    name: str
    first: int
    last: int
    indent: str
    body: int | None
    provided: frozenset[str]
    bases: tuple[str, ...]
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class HandFile:
    """A file of handlers. Lines are counted from 0; ``mentioned`` are the names that its code looks up or quotes.

    New imports go below the line ``imports_after``, and ``imports_apart`` from what is above and below it, in lines.
    """

    path: str
    text: str
    lines: tuple[Line, ...]
    classes: tuple[HandClass, ...]
    bound: frozenset[str]
    aliases: dict[str, str]
    mentioned: frozenset[str]
    imports_after: int
    imports_apart: tuple[int, int]
    classes_after: int
    indent: str
    evaluates_annotations: bool

    @property
    def newline(self) -> str:
        """How its lines end."""
        return next((line.ending for line in self.lines if line.ending), "\n")

    def span(self, line: int) -> Span:
        """The place of a line, for people."""
        return Span(self.path, line + 1)


def read_handlers(path: str, content: bytes) -> HandFile | Diagnostic:
    """A file of handlers, or why it can't be read."""
    text = decoded(path, content)
    if isinstance(text, Diagnostic):
        return text
    lines = lines_of(text)
    seen = "".join(f"{line.seen}\n" for line in lines)
    problem = refused(path, seen)
    if problem is not None:
        return problem
    try:
        module = cst.parse_module(seen + _END)
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        positions = wrapper.resolve(PositionProvider)
    except RecursionError:
        return error(codes.NOT_PYTHON, "an expression in this file is nested too deeply", Span(path), "divide it")
    except cst.ParserSyntaxError as failure:
        return error(codes.NOT_PYTHON, f"LibCST can't read it: {failure.message}", Span(path))
    if module.code != seen + _END:
        return error(codes.NOT_PYTHON, "LibCST reads something else than what is written here", Span(path))
    return _Reader(path, text, lines, module, positions).file()


@dataclass(frozen=True, slots=True)
class _Reader:
    path: str
    text: str
    lines: tuple[Line, ...]
    module: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange] = field(repr=False)

    def file(self) -> HandFile:
        body = self._statements()
        imports_after, imports_apart = self._imports_after()
        classes = tuple(self._class(node) for node in body if isinstance(node, cst.ClassDef))
        return HandFile(
            path=self.path,
            text=self.text,
            lines=self.lines,
            classes=classes,
            bound=frozenset(name for statement in body for name in bound_names(statement)),
            aliases=dict(_aliases(self.module)),
            mentioned=frozenset(_mentioned(self.module)),
            imports_after=imports_after,
            imports_apart=imports_apart,
            classes_after=self._classes_after(),
            indent=self.module.default_indent,
            evaluates_annotations=not _has_future(self.module),
        )

    def _statements(self) -> Sequence[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
        """The statements of the file."""
        return self.module.body[:-1]

    def _range(self, node: cst.CSTNode) -> CodeRange:
        return self.positions[node]

    def _class(self, node: cst.ClassDef) -> HandClass:
        place = self._range(node)
        first = min([place.start.line, *(self._range(decorator).start.line for decorator in node.decorators)]) - 1
        body, indent = None, self.module.default_indent
        if isinstance(node.body, cst.IndentedBlock):
            indent = node.body.indent or indent
        else:
            start = self._range(node.body.body[0]).start
            body = self.lines[start.line - 1].offset(start.column)
        statements = node.body.body
        return HandClass(
            name=node.name.value,
            first=first,
            last=self._last(place.end.line - 1, indent),
            indent=indent,
            body=body,
            provided=frozenset(
                name for statement in statements for name in (*bound_names(statement), *set_on_self(statement))
            ),
            bases=tuple(_base(argument) for argument in node.bases),
            methods=tuple(self._method(each) for each in statements if isinstance(each, cst.FunctionDef)),
        )

    def _method(self, node: cst.FunctionDef) -> Method:
        place = self._range(node)
        first = min([place.start.line, *(self._range(decorator).start.line for decorator in node.decorators)]) - 1
        comments: list[tuple[int, str]] = []
        for distance, line in enumerate(reversed(node.leading_lines), 1):
            if line.comment is None:
                break
            comments.append((first - distance, line.comment.value))
        parameters = [*node.params.posonly_params, *node.params.params][:2]
        annotations = [p.annotation.annotation for p in parameters if p.annotation is not None]
        return Method(
            name=node.name.value,
            first=first,
            last=place.end.line - 1,
            comments=tuple(comments),
            annotations=tuple(self.module.code_for_node(annotation).strip("\"'") for annotation in annotations),
        )

    def _last(self, last: int, indent: str) -> int:
        """The last line of a block: comments that are indented as it is belong to it."""
        for number in range(last + 1, len(self.lines)):
            seen = self.lines[number].seen
            if not seen.strip():
                continue
            margin = len(seen.expandtabs()) - len(seen.expandtabs().lstrip())
            if not seen.lstrip().startswith("#") or margin < len(indent.expandtabs()):
                break
            last = number
        return last

    def _imports_after(self) -> tuple[int, tuple[int, int]]:
        """The line that new imports follow: the last of the first imports, else the docstring, else what is on top."""
        if not self._statements():
            return len(self.lines) - 1, (1 if self.lines else 0, 0)
        header = [line.comment is not None for line in self.module.header]
        while header and header[-1]:  # a comment that stands right above something belongs to it,
            header.pop()
        if not any(header):  # unless there is no other one: it may say how the file is encoded
            header = [True for _ in self.module.header]
        found, apart = len(header) - 1, (0, 2)
        for number, statement in enumerate(self._statements()):
            if isinstance(statement, (cst.ClassDef, cst.FunctionDef)):
                break
            if number == 0 and self.module.get_docstring() is not None:
                found = self._range(statement).end.line - 1
                apart = 1, 2 if "".join(line.seen for line in self.lines[found + 1 : found + 2]).strip() else 0
            elif _is_import(statement):
                found, apart = self._range(statement).end.line - 1, (0, 0)
        return found, apart

    def _classes_after(self) -> int:
        """The line that new classes follow: the last, but for what runs where the file is the program."""
        statements = list(self._statements())
        while statements and _is_main(statements[-1]):
            statements.pop()
        if not statements:
            return len(self.lines) - 1
        return self._last(self._range(statements[-1]).end.line - 1, " ")


def _is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(each, (cst.Import, cst.ImportFrom)) for each in statement.body
    )


def _is_main(statement: cst.CSTNode) -> bool:
    """Whether it is ``if __name__ == "__main__":``."""
    return isinstance(statement, cst.If) and "__name__" in {
        node.value for node in _nodes(statement.test) if isinstance(node, cst.Name)
    }


def _has_future(module: cst.Module) -> bool:
    return any(
        isinstance(node, cst.ImportFrom)
        and isinstance(node.module, cst.Name)
        and node.module.value == "__future__"
        and not isinstance(node.names, cst.ImportStar)
        and any(alias.evaluated_name == "annotations" for alias in node.names)
        for node in _nodes(module)
    )


def _base(argument: cst.Arg) -> str:
    """A base class by its name; what is none of a name is called ``*``."""
    if argument.star:
        return "*"
    value = argument.value
    value = value.value if isinstance(value, cst.Subscript) else value
    if isinstance(value, cst.Attribute):
        return value.attr.value
    return value.value if isinstance(value, cst.Name) else "*"


def _aliases(module: cst.Module) -> Iterator[tuple[str, str]]:
    """What the module imports by name, and what it is called here."""
    waiting: list[cst.CSTNode] = [*module.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            continue
        if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                yield alias.evaluated_name, alias.evaluated_alias or alias.evaluated_name
        waiting.extend(node.children)


def _mentioned(module: cst.Module) -> Iterator[str]:
    """What the code looks up by name, quotes included; what definitions and parameters are called is not looked up."""
    named = {id(node.name) for node in _nodes(module) if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Param))}
    for node in _nodes(module):
        if isinstance(node, cst.Name) and id(node) not in named:
            yield node.value
        elif isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
            yield node.evaluated_value


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all below it, without recursion."""
    waiting: list[cst.CSTNode] = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.children)


def last_of(names: Sequence[HandClass], name: str) -> HandClass | None:
    """The class that a name means once the file is read: the last one that is called so."""
    return next((each for each in reversed(names) if each.name == name), None)
