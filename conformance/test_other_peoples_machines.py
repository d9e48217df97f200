"""Machines that were not made up for this: whatever both sides read, they decide the same."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pystator import StateMachine

from conformance.agreement import Compared, is_read_by_both

FOLDER = Path(__file__).parents[1] / "tests" / "other_peoples_machines"
SAMPLES: dict[str, tuple[Any, ...]] = {
    "integer": (0, 1, 7, 100),
    "number": (2.5, 0, 1, 99.5),
    "boolean": (True, False),
    "string": ("7", "sub", "clean", ""),
    "list[integer]": ([1, 2], []),
}
"""By type: values that fit."""
ANYTHING = (0, "7", None, True, 2.5)


class _Answering(dict[str, Any]):
    """Guards of any name, which all answer the same."""

    def __init__(self, machine: Any, holds: bool) -> None:
        names = machine.guard_registry.get_required_guards(machine.transitions)
        super().__init__({name: lambda ctx, **params: holds for name in names})


def _read() -> Iterator[Any]:
    """Each machine that means the same on both sides, as data."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            for definition in document if isinstance(document, list) else [document]:
                if is_read_by_both(definition) and not _is_known_to_differ(definition):
                    yield pytest.param(definition, id=f"{path.stem}-{definition['meta']['machine_name']}")


def _is_known_to_differ(definition: Any) -> bool:
    """ "a transition to a parallel state, in a session"; "branches of a choice with another trigger, or `auto`"."""
    kinds = {state["name"]: state.get("type") for state in definition["states"]}
    automatic = [transition["source"] for transition in definition["transitions"] if transition.get("auto")]
    return "parallel" in kinds.values() or any(kinds.get(source) == "choice" for source in automatic)


MACHINES = list(_read())


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Expressions that lack a key are logged on both sides."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_there_are_enough() -> None:
    assert len(MACHINES) >= 40


@pytest.mark.parametrize("holds", [True, False], ids=["guards hold", "guards refuse"])
@pytest.mark.parametrize("definition", MACHINES)
def test_the_same_is_decided_about_every_trigger_in_every_state(definition: Any, holds: bool) -> None:
    """S1-S5, S7.3."""
    machines = Compared(definition, _Answering(StateMachine.from_dict(definition), holds))
    triggers = {transition.trigger for transition in machines.sides.pystator.transitions}
    sent = [trigger for trigger in triggers if not trigger.startswith("_")]
    for state, trigger, context in itertools.product(machines.resting(), sent, _contexts(definition)):
        machines.decide(state, trigger, context)


def _contexts(definition: Any) -> list[dict[str, Any]]:
    """Contexts with the keys that a machine declares, of the types that it declares."""
    listed = definition.get("state_variables", definition["meta"].get("state_variables", ()))
    types = {item["key"]: item.get("type") for item in listed if isinstance(item, dict)}
    for event in definition.get("events", ()):
        types.update(event.get("payload") or {})
    samples = {key: SAMPLES.get(str(wanted), ANYTHING) for key, wanted in types.items()}
    return [{key: values[number % len(values)] for key, values in samples.items()} for number in range(5)]
