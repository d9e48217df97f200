"""Python names for the names in a machine (`S1.6`; docs/yaml.md#names-in-python).

A name that is no identifier, or that would hide something that its class or module needs, is spelt a little
differently here, in one place, so that a reader can predict every name in a generated module.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import NewType

PythonIdentifier = NewType("PythonIdentifier", str)
"""A name that may stand as it is in generated code."""

ClassName = NewType("ClassName", str)
"""The name of a generated class."""

SESSION_MEMBERS = frozenset(
    {
        "ahandle",
        "allowed_triggers",
        "asend",
        "context",
        "current_state",
        "entity_id",
        "from_snapshot",
        "handle",
        "history",
        "is_final",
        "send",
        "snapshot",
        "view",
    }
)
"""What a session has whatever its machine; a trigger or state must not hide it."""

VIEW_MEMBERS = frozenset({"result", "session", "state"})
"""What a view has beside what a session has, whatever its machine; a trigger must not hide it."""

CONFIG_MEMBERS = frozenset(
    {
        "_choices",
        "_chosen",
        "_fields",
        "_fill",
        "_hold",
        "_set",
        "_state",
        "_text",
        "_values",
        "from_string",
        "made",
        "parallel_state",
        "parse",
        "region_states",
        "self",
        "to_string",
    }
)
"""What the config of a parallel state has whatever its regions; no region must hide it."""

_WORD = re.compile(r"[A-Za-z0-9]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def enum_member(name: str) -> PythonIdentifier:
    """The member of an enum that stands for ``name``: upper case, ``N`` before what could not start a member.

    A leading underscore would make Python hide or mangle the member, so it is treated like a digit.
    """
    member = name.upper()
    return PythonIdentifier(member if member[:1].isalpha() else f"N{member}")


def state_property(name: str) -> PythonIdentifier:
    """The session's property that tells whether it is in state ``name``."""
    wanted = f"is_{name}"
    return PythonIdentifier(f"{wanted}_" if wanted in SESSION_MEMBERS else wanted)


def trigger_method(name: str, properties: frozenset[str]) -> PythonIdentifier:
    """The session's method that sends ``name``; ``properties`` are those of its states."""
    wanted = _identifier(name)
    hides = wanted in SESSION_MEMBERS or wanted in properties
    return PythonIdentifier(f"{wanted}_" if hides else wanted)


def view_methods(methods: Iterable[str]) -> dict[str, PythonIdentifier]:
    """What each trigger method of a session is called on a view: the same, unless a view has a member of that name."""
    wanted = list(methods)
    found: dict[str, PythonIdentifier] = {}
    for method in wanted:
        name = method
        while name in VIEW_MEMBERS or (name != method and (name in wanted or name in found.values())):
            name += "_"
        found[method] = PythonIdentifier(name)
    return found


def view_classes(prefix: str, states: Iterable[str]) -> dict[str, ClassName]:
    """The class of the view of each state, ``OrderOpenView``; where two would be the same, later ones get a number."""
    found: dict[str, ClassName] = {}
    for state in states:
        wanted = name = f"{prefix}{class_prefix(state)}View"
        number = 1
        while name in found.values():
            number += 1
            name = f"{wanted}{number}"
        found[state] = ClassName(name)
    return found


def views_module(module: str) -> PythonIdentifier:
    """The module of the views of the machine in ``module``."""
    return PythonIdentifier(f"{module}_views")


def config_property(name: str) -> PythonIdentifier:
    """The property, and the parameter, of a config that tells what is active in the region ``name``."""
    wanted = function(name)
    return PythonIdentifier(f"{wanted}_" if wanted in CONFIG_MEMBERS else wanted)


def config_class(prefix: str, state: str) -> ClassName:
    """The class for the configurations of a parallel state: ``OrderTradingConfig``."""
    return ClassName(f"{prefix}{class_prefix(state)}Config")


def parameter(name: str) -> PythonIdentifier:
    """A keyword parameter for a payload field or a param."""
    return _identifier(name)


def function(name: str) -> PythonIdentifier:
    """The member of a guards or actions object that has the function ``name``.

    Two leading underscores would make Python mangle it in every class, so they are treated like a digit.
    """
    return PythonIdentifier(f"n{name}") if name.startswith("__") else _identifier(name)


def class_prefix(name: str) -> ClassName:
    """``name`` in PascalCase: ``order_management`` gives ``OrderManagement``."""
    words = _WORD.findall(name)
    pascal = "".join(word[:1].upper() + word[1:] for word in words)
    return ClassName(pascal if pascal[:1].isalpha() else f"N{pascal}")


def module_name(stem: str) -> PythonIdentifier:
    """The module for a file's stem or a machine's name: lower case, words joined by underscores."""
    words = re.findall(r"\w+", stem.lower(), flags=re.ASCII)
    return _identifier("_".join(words).strip("_") or "machine")


def is_identifier(text: str) -> bool:
    """Whether ``text`` may stand in generated code as it is; to ``__debug__`` Python lets nothing be assigned."""
    return bool(_IDENTIFIER.fullmatch(text)) and not keyword.iskeyword(text) and text != "__debug__"


def _identifier(name: str) -> PythonIdentifier:
    if keyword.iskeyword(name):
        return PythonIdentifier(f"{name}_")
    return PythonIdentifier(name if name[:1].isalpha() or name[:1] == "_" else f"n{name}")
