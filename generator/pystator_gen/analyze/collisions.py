"""Names that are the same in Python: an error that shows both places (docs/yaml.md#names-in-python)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model, naming
from pystator_gen.analyze.findings import Findings
from pystator_gen.document import NodePath
from pystator_gen.naming import ClassName
from pystator_gen.parse.models import MachineDocument


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A thing of the source, what it is called in Python, and where it stands."""

    kind: str
    name: str
    python_name: str
    path: NodePath


def refuse_collisions(
    parsed: MachineDocument,
    states: Iterable[model.State],
    triggers: Sequence[model.Trigger],
    functions: Mapping[tuple[str, str], NodePath],
    prefix: ClassName,
    findings: Findings,
) -> None:
    """Find what would be defined twice in one class. ``functions`` are guards and actions, with their first use."""
    scopes = [*_functions(functions), *_configs(parsed, prefix), *_states_and_triggers(parsed, states, triggers)]
    pairs = {(first.path, second.path): (first, second) for scope in scopes for first, second in _equal(scope)}
    for first, second in pairs.values():
        findings.error(
            codes.NAME_COLLISION,
            f"{first.kind} `{first.name}` and {second.kind} `{second.name}` are both `{second.python_name}` in Python",
            second.path,
            "rename one of them",
            related=(first.path, f"`{first.name}` stands here"),
        )


def _functions(functions: Mapping[tuple[str, str], NodePath]) -> list[list[_Spelt]]:
    """The members of the two protocols."""
    found = [_Spelt(kind, name, naming.function(name), path) for (kind, name), path in functions.items()]
    return [[thing for thing in found if thing.kind == kind] for kind in ("guard", "action")]


def _configs(parsed: MachineDocument, prefix: ClassName) -> list[list[_Spelt]]:
    """The members of each config, and the config classes of the module."""
    places = _first_places((state.name if state.regions else None for state in parsed.states), ("states",), "name")
    classes = [_Spelt("state", name, naming.config_class(prefix, name), path) for name, path in places.items()]
    members: list[list[_Spelt]] = []
    for number, state in enumerate(parsed.states):
        found = _first_places((region.name for region in state.regions), ("states", number, "regions"), "name")
        members.append([_Spelt("region", name, naming.config_property(name), path) for name, path in found.items()])
    return [*members, classes]


def _states_and_triggers(
    parsed: MachineDocument, states: Iterable[model.State], triggers: Sequence[model.Trigger]
) -> list[list[_Spelt]]:
    """The members of the enums, the payloads, and last the members of the session, which tell most."""
    state_places = _first_places((state.name for state in parsed.states), ("states",), "name")
    trigger_places = _first_places((t.trigger for t in parsed.transitions), ("transitions",), "trigger")

    def spelt(thing: model.State | model.Trigger, spelling: str) -> _Spelt:
        if isinstance(thing, model.State):
            return _Spelt("state", thing.name, getattr(thing, spelling), state_places[thing.name])
        return _Spelt("trigger", thing.name, getattr(thing, spelling), trigger_places[thing.name])

    return [
        [spelt(trigger, "payload_class") for trigger in triggers if trigger.payload_class is not None],
        [spelt(trigger, "member") for trigger in triggers],
        [spelt(state, "member") for state in states],
        [*(spelt(state, "query") for state in states), *(spelt(trigger, "method") for trigger in triggers)],
    ]


def _first_places(names: Iterable[str | None], section: NodePath, key: str) -> dict[str, NodePath]:
    places: dict[str, NodePath] = {}
    for index, name in enumerate(names):
        if name is not None:
            places.setdefault(name, (*section, index, key))
    return places


def _equal(things: Iterable[_Spelt]) -> Iterable[tuple[_Spelt, _Spelt]]:
    """Each thing that is spelt as an earlier one, with that one."""
    seen: dict[str, _Spelt] = {}
    for thing in things:
        first = seen.setdefault(thing.python_name, thing)
        if first is not thing:
            yield first, thing
