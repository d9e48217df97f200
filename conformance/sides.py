"""One machine in YAML on both sides: read by PyStator's interpreter, and compiled by this project."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pystator import ConfigurationError, StateMachine

from support.doors import bound

Functions = Mapping[str, Callable[..., Any]]
NOTHING: Functions = {}

STATES = "states: [{name: a, type: initial}, {name: b}, {name: c}, {name: z, type: terminal}]\n"


def meta(more: str = "") -> str:
    """The head of a machine; ``more`` is further entries of it."""
    return f'meta: {{machine_name: machine, version: "1"{more}}}\n'


def one(transition: str = "", more: str = "") -> str:
    """A machine with one transition on `go` from `a` to `b`, of which ``transition`` says more."""
    return f"{STATES}transitions:\n  - {{trigger: go, source: a, dest: b{transition}}}\n{more}"


@dataclass(frozen=True)
class Both:
    """The two machines."""

    pystator: Any
    ours: Any


def both(
    text: str,
    more: str = "",
    *,
    validated: bool = True,
    guards: Functions = NOTHING,
    actions: Functions = NOTHING,
) -> Both:
    """The machine of ``text`` on both sides, every name bound.

    A guard that is not given holds if the context has a true value under its name; an action that is not given does
    nothing.
    """
    pystator = interpreted(text, more, validated=validated)
    for name in pystator.guard_registry.get_required_guards(pystator.transitions):
        pystator.guard(name)(guards.get(name, lambda ctx, name=name: bool(ctx.get(name))))
    for name in _actions_named(pystator):
        pystator.action(name)(actions.get(name, lambda ctx: None))
    return Both(pystator, bound(meta(more) + text, guards=guards, actions=actions))


def interpreted(text: str, more: str = "", *, validated: bool = True) -> Any:
    """PyStator's machine, from a file; not validated, from a dict: that lets more pass."""
    if not validated:
        return StateMachine.from_dict(yaml.safe_load(meta(more) + text))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "machine.yaml")
        path.write_text(meta(more) + text, encoding="utf-8")
        return StateMachine.from_yaml(path)


def is_refused(text: str, more: str = "") -> bool:
    """Whether PyStator refuses a file."""
    try:
        interpreted(text, more)
    except ConfigurationError:
        return True
    return False


def _actions_named(machine: Any) -> set[str]:
    return {spec.name for spec in _planned(machine) if not spec.name.startswith("_")}


def _planned(machine: Any) -> Iterator[Any]:
    lists: list[Iterable[Any]] = [transition.actions for transition in machine.transitions]
    lists += [plan for state in machine.states.values() for plan in (state.on_enter, state.on_exit)]
    for specs in lists:
        yield from specs
