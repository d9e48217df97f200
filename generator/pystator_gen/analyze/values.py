"""Values that reach the generated module as literals: they must not be nested deeper than Python's parser reads."""

from __future__ import annotations

from collections.abc import Iterator

from pystator_gen import codes
from pystator_gen.analyze.findings import Findings
from pystator_gen.document import Data, NodePath
from pystator_gen.literals import MAX_LITERAL_DEPTH, python_literal
from pystator_gen.parse.models import MachineDocument

_SECTIONS = ("states", "transitions", "context_invariants")
_LITERALS = ("params", "set", "append")


def refuse_deep_values(parsed: MachineDocument, findings: Findings) -> None:
    """Report every default, param and effect whose value can't be written out."""
    for value, path in (*_defaults(parsed), *_written(findings.document.data)):
        try:
            python_literal(value)
        except ValueError:
            findings.error(
                codes.TOO_DEEP,
                f"this value is nested deeper than {MAX_LITERAL_DEPTH} levels, "
                "too deep to be written into the generated module",
                path,
            )


def _defaults(parsed: MachineDocument) -> Iterator[tuple[object, NodePath]]:
    for index, variable in enumerate(parsed.state_variables or ()):
        yield variable.default, ("state_variables", index, "default")
    for index, event in enumerate(parsed.events):
        for key, field in (event.payload or {}).items():
            yield field.default, ("events", index, "payload", key)


def _written(data: dict[str, Data]) -> Iterator[tuple[object, NodePath]]:
    for section in _SECTIONS:
        yield from _below(data.get(section), (section,))


def _below(data: Data, path: NodePath) -> Iterator[tuple[object, NodePath]]:
    """Everything below ``path`` that is written out as it is."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _below(item, (*path, index))
    elif isinstance(data, dict):
        for key, item in data.items():
            if key in _LITERALS:
                yield item, (*path, key)
            elif key != "metadata":
                yield from _below(item, (*path, key))
