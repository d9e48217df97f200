"""Reading actions and effects as docs/yaml.md writes them (`S8`)."""

from __future__ import annotations

from typing import Any

from pystator_gen import codes
from pystator_gen.parse.actions import (
    Action,
    Appended,
    AppendEffect,
    ClearEffect,
    ComputeEffect,
    DecrementEffect,
    IncrementEffect,
    NamedAction,
    SetEffect,
    TimestampEffect,
)
from pystator_gen.parse.forms import one_form
from pystator_gen.parse.node import Fields, Node, Reader, all_or_none
from pystator_gen.parse.read_guards import read_condition

_FORMS: dict[str, type[Action]] = {
    "name": NamedAction,
    "set": SetEffect,
    "timestamp": TimestampEffect,
    "increment": IncrementEffect,
    "decrement": DecrementEffect,
    "append": AppendEffect,
    "clear": ClearEffect,
    "compute": ComputeEffect,
}
_UNSUPPORTED = {
    "http": "call it from a named action",
    "code": "write it as a named action",
    "branch": "give each action its own `when`",
    "custom": "write `{name, params}` without `custom`",
}


def read_actions(node: Node) -> tuple[Action, ...] | None:
    """A list of actions; a lone one counts as a list of one."""
    children = node.children("actions", lone=True)
    if children is None:
        return None
    return all_or_none([read_action(child) for child in children if not _is_unsupported(child)])


def read_action(node: Node) -> Action | None:
    """An action: a name, or a mapping with exactly one of the forms."""
    if isinstance(node.value, str):
        return node.build(NamedAction, Fields({"name": node.value}))
    if not isinstance(node.value, dict):
        node.wrong_type("a name or a mapping")
        return None
    form = one_form(node, "an action", _FORMS)
    return None if form is None else node.record(_FORMS[form], _READERS)


def _is_unsupported(node: Node) -> bool:
    """Whether an entry is one of PyStator's forms that are refused by name; each is reported."""
    found = [key for key in _UNSUPPORTED if isinstance(node.value, dict) and key in node.value]
    for key in found:
        message = f"the action `{key}` is not supported yet"
        node.key_error(key, codes.NOT_SUPPORTED, message, _UNSUPPORTED[key])
    return bool(found)


def _read_appended(node: Node) -> dict[str, Any] | None:
    """What stands under ``append``; the effect's own model checks the values."""
    fields = node.fields(Appended, {})
    return None if fields is None else fields.values


_READERS: dict[str, Reader] = {"when": read_condition, "append": _read_appended}
