"""From a marked document to a checked one: the whole of a machine."""

from __future__ import annotations

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, in_order
from pystator_gen.document import Data, Document
from pystator_gen.parse.models import (
    Definition,
    ErrorPolicy,
    Invariant,
    MachineDocument,
    Meta,
)
from pystator_gen.parse.node import Fields, Node, Reader, report_substitution
from pystator_gen.parse.read_guards import read_guard
from pystator_gen.parse.read_states import read_states, read_transitions
from pystator_gen.parse.read_variables import read_events, read_variables
from pystator_gen.parse.words import BOOLEANS


def parse(document: Document) -> tuple[MachineDocument | None, list[Diagnostic]]:
    """The machine that a document describes, and every problem of its form.

    There is no machine where a part of it could not be read. There may be one *beside* errors: what
    is refused by name is left out, a misspelt key is read as the one it resembles, and ill-spelt
    names are kept, so that later stages can find their problems in the same run (`S11.3`).
    """
    node = Node(document, (), document.data, [])
    if "${" in document.source.text:
        report_substitution(node)
    fields = node.fields(MachineDocument, _MACHINE_READERS)
    if fields is None:
        return None, in_order(node.diagnostics)
    _take_variables_of_meta(node, fields)
    machine = node.build(MachineDocument, fields)
    return machine, in_order(node.diagnostics)


def _take_variables_of_meta(node: Node, fields: Fields) -> None:
    """PyStator finds state variables under `meta` too, where its trading machines have them; the others win."""
    meta = node.value.get("meta") if isinstance(node.value, dict) else None
    if not isinstance(meta, dict) or meta.get("state_variables") is None:
        return
    place = node.child("meta", meta).child("state_variables", meta["state_variables"])
    if fields.has("state_variables"):
        place.warn(codes.UNKNOWN_KEY, "these `state_variables` are ignored: there are others outside `meta`")
    elif (variables := read_variables(place)) is None:
        fields.failed.add("state_variables")
    else:
        fields.values["state_variables"] = variables


def _read_meta(node: Node) -> Meta | None:
    return node.record(Meta, _META_READERS)


def _read_version(node: Node) -> Data:
    """A version as written: `1.10` is not `1.1`."""
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return node.document.written(node.path) or str(node.value)
    return node.value


def _read_fallback_mode(node: Node) -> Data:
    """`off`, `hint` or `persist`; PyStator also takes false and true for the first and last."""
    value = node.value
    if isinstance(value, str) and value != "off" and value.lower() in BOOLEANS:
        value = BOOLEANS[value.lower()]
        mode = "persist" if value else "off"
        node.warn(codes.BOOLEAN_WORD, f"`{node.value}` is read as `{mode}`", f"write `{mode}`")
    return ("persist" if value else "off") if isinstance(value, bool) else value


def _read_error_policy(node: Node) -> ErrorPolicy | None:
    return node.record(ErrorPolicy, {})


def _read_invariants(node: Node) -> tuple[Invariant, ...] | None:
    return node.items(_read_invariant, "invariants")


def _read_invariant(node: Node) -> Invariant | None:
    """A guard with a name and a description beside its form."""
    if not isinstance(node.value, dict):
        node.wrong_type("a mapping")
        return None
    labels: dict[str, Data] = {key: node.value[key] for key in ("name", "description") if key in node.value}
    form: dict[str, Data] = {key: value for key, value in node.value.items() if key not in labels}
    fields = node.with_value(labels).fields(Invariant, {})
    guard = read_guard(node.with_value(form))
    if fields is None or guard is None:
        return None
    fields.values["guard"] = guard
    return node.build(Invariant, fields)


def _read_definitions(node: Node) -> tuple[Definition, ...] | None:
    return node.items(_read_definition, "definitions")


def _read_definition(node: Node) -> Definition | None:
    """A name with documentation; whatever else stands there is the user's own."""
    if isinstance(node.value, str):
        return node.build(Definition, Fields({"name": node.value}))
    if not isinstance(node.value, dict):
        node.wrong_type("a mapping")
        return None
    known: dict[str, Data] = {key: value for key, value in node.value.items() if key in Definition.model_fields}
    return node.with_value(known).record(Definition, {})


_META_READERS: dict[str, Reader] = {
    "version": _read_version,
    "orchestrator_default_fallback": _read_fallback_mode,
}
_MACHINE_READERS: dict[str, Reader] = {
    "meta": _read_meta,
    "states": read_states,
    "transitions": read_transitions,
    "state_variables": read_variables,
    "events": read_events,
    "context_invariants": _read_invariants,
    "error_policy": _read_error_policy,
    "guard_definitions": _read_definitions,
    "action_definitions": _read_definitions,
}
