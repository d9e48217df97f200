"""Names that are the same in Python: an error that shows both places ("What still collides" in the API)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model, naming
from pystator_gen.analyze.findings import Findings
from pystator_gen.document import NodePath
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
    findings: Findings,
) -> None:
    """Find what would be defined twice in one class. ``functions`` are guards and actions, with their first use."""
    state_places = _first_places((state.name for state in parsed.states), "states", "name")
    trigger_places = _first_places((t.trigger for t in parsed.transitions), "transitions", "trigger")

    def of_states(spelling: str) -> list[_Spelt]:
        found = ((state.name, str(getattr(state, spelling))) for state in states)
        return [_Spelt("state", name, spelt, state_places[name]) for name, spelt in found]

    def of_triggers(spelling: str) -> list[_Spelt]:
        found = ((trigger.name, getattr(trigger, spelling)) for trigger in triggers)
        return [
            _Spelt("trigger", name, str(spelt), trigger_places[name])
            for name, spelt in found
            if spelt is not None
        ]

    _refuse_equal(of_states("member"), findings)
    _refuse_equal(of_triggers("member"), findings)
    _refuse_equal(of_triggers("payload_class"), findings)
    _refuse_equal([*of_states("query"), *of_triggers("method")], findings)
    for kind in ("guard", "action"):
        _refuse_equal(
            [_Spelt(kind, name, naming.function(name), path) for (of, name), path in functions.items() if of == kind],
            findings,
        )


def _first_places(names: Iterable[str | None], section: str, key: str) -> dict[str, NodePath]:
    places: dict[str, NodePath] = {}
    for index, name in enumerate(names):
        if name is not None:
            places.setdefault(name, (section, index, key))
    return places


def _refuse_equal(things: Iterable[_Spelt], findings: Findings) -> None:
    seen: dict[str, _Spelt] = {}
    for thing in things:
        first = seen.setdefault(thing.python_name, thing)
        if first is not thing:
            findings.error(
                codes.NAME_COLLISION,
                f"{first.kind} `{first.name}` and {thing.kind} `{thing.name}` are both "
                f"`{thing.python_name}` in Python",
                thing.path,
                "rename one of them",
                related=(first.path, f"`{first.name}` stands here"),
            )
