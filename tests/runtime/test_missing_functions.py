"""Names that nobody bound (S5.4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import ConfigurationError, GuardRegistry
from support.doors import Door, placed
from support.machines import load, machine_class

TWO_OF_EACH = """
    states: [{name: a, type: initial}, {name: b, on_enter: [second]}]
    transitions:
      - {trigger: go, source: a, dest: b, guards: [g1, {anyOf: [{not: g2}]}], actions: [first]}
      - {trigger: free, source: a, dest: b}
    """


def unbound(settings: str = "") -> Any:
    meta = f"\n    meta: {{{settings}}}" if settings else ""
    return machine_class(load(meta + TWO_OF_EACH)).unbound()


FIRST_USES = {
    "create": lambda machine: machine.create(),
    "start": lambda machine: machine.start({}),
    "process": lambda machine: machine.process("a", "free", {}),
    "aprocess": lambda machine: asyncio.run(machine.aprocess("a", "free", {})),
    "can_transition": lambda machine: machine.can_transition("a", "free", {}),
    "from_snapshot": lambda machine: placed(machine, "a"),
    "check_bindings": lambda machine: machine.check_bindings(),
}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_missing_guards_are_told_all_together_on_first_use(use: Any) -> None:
    """S5.4"""
    with pytest.raises(ConfigurationError, match="g1, g2"):
        use(unbound())


def test_missing_guards_and_actions_are_told_when_the_machine_is_made() -> None:
    """S5.4"""

    class Nothing:
        pass

    with pytest.raises(ConfigurationError, match=r"g1, g2.*first, second"):
        machine_class(load(TWO_OF_EACH))(guards=Nothing(), actions=Nothing())


def test_a_machine_whose_guards_are_bound_is_usable_without_its_actions() -> None:
    """S5.4: actions are needed where they are run"""
    machine = unbound()
    machine.bind_guards(GuardRegistry({"g1": lambda ctx: True, "g2": lambda ctx: False}))
    assert machine.process("a", "go", {}).success
    assert machine.create().go().success
    with pytest.raises(ConfigurationError, match="actions first, second"):
        machine.create(execute_actions=True)
    with pytest.raises(ConfigurationError, match="actions first, second"):
        placed(machine, "a", execute_actions=True)
    with pytest.raises(ConfigurationError, match="actions first, second"):
        machine.check_bindings()


@pytest.mark.parametrize(
    "settings",
    ["strict_guard_registry: false", "strict_mode: false", "strict_mode: false, strict_guard_registry: false"],
)
def test_a_missing_guard_holds_with_a_warning_where_the_registry_is_not_strict(
    open_door: Door, settings: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S5.4"""
    machine = unbound(settings)
    machine.guard("g2")(lambda ctx: False)
    machine.action("first")(lambda ctx: None)
    machine.action("second")(lambda ctx: None)
    assert open_door(machine, "a", "go").state == "b"
    assert "g1" in caplog.text


@pytest.mark.parametrize("settings", ["strict_mode: false, strict_guard_registry: true", "strict_mode: true"])
def test_the_guard_registry_is_as_strict_as_it_says_else_as_the_machine(settings: str) -> None:
    """S5.4"""
    with pytest.raises(ConfigurationError):
        unbound(settings).process("a", "free", {})
