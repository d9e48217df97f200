"""What the application has to provide: the guards and actions that are named, with all params of their uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pystator_gen import model, naming
from pystator_gen.parse.models import Definition


def named_guards(guards: Iterable[model.Guard]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The names in guard trees, each use with its params."""
    for guard in guards:
        if isinstance(guard, model.NamedGuard):
            yield guard.name, guard.params
        elif isinstance(guard, model.Combined):
            yield from named_guards(guard.guards)


def named_actions(plans: Iterable[model.Plan]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The names in plans, each use with its params."""
    for plan in plans:
        for item in (item for planned in plan for item in planned.items):
            if isinstance(item, model.NamedAction):
                yield item.name, item.params


def collect(
    uses: Iterable[tuple[str, Mapping[str, Any]]], definitions: Sequence[Definition]
) -> tuple[model.External, ...]:
    """One entry per name, in alphabetical order, with what all of its uses pass to it."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for name, params in uses:
        by_name.setdefault(name, []).append(params)
    described = {definition.name: definition.description or "" for definition in definitions}
    return tuple(
        model.External(name, naming.function(name), described.get(name, ""), _params(by_name[name]))
        for name in sorted(by_name)
    )


def _params(uses: Sequence[Mapping[str, Any]]) -> tuple[model.Param, ...]:
    keys = dict.fromkeys(key for params in uses for key in params)
    return tuple(
        model.Param(key, tuple(use[key] for use in uses if key in use), all(key in use for use in uses)) for key in keys
    )
