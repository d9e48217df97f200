"""Binding functions to a machine (S5.4, docs/generated-module.md#binding-functions)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from pystator_runtime import ActionRegistry, ConfigurationError, GuardRegistry, Orchestrator
from pystator_runtime.stores import InMemoryStateStore
from support.machines import load, machine_class

YAML = """
    states: [{name: a, type: initial}, {name: b}]
    transitions:
      - {trigger: go, source: a, dest: b, guards: [g1, g2], actions: [a1, {name: a2, params: {k: 1}}]}
      - {trigger: awkward, source: a, dest: b, guards: [class], actions: [2nd]}
    """
CLASS = machine_class(load(YAML))
REGISTRIES = {"guard": GuardRegistry, "action": ActionRegistry}


def true(ctx: Any) -> bool:
    return True


def false(ctx: Any) -> bool:
    return False


def complete(machine: Any) -> Any:
    """Bind all that is not bound yet."""
    for name in machine.guard_registry.missing(machine.chart.guards):
        machine.guard(name)(true)
    for name in machine.action_registry.missing(machine.chart.actions):
        machine.action(name)(true)
    return machine


def test_functions_are_bound_from_an_object() -> None:
    """docs/generated-module.md#binding-functions; a name that Python can't spell gets its spelling"""

    class Guards:
        def g1(self, ctx: Any) -> bool:
            return bool(ctx["n"])

        g2 = staticmethod(true)
        class_ = staticmethod(true)

    class Actions:
        ran: list[str] = []  # noqa: RUF012

        def a1(self, ctx: Any) -> None:
            self.ran.append("a1")

        def a2(self, ctx: Any, k: int) -> None:
            self.ran.append(f"a2 {k}")

        def n2nd(self, ctx: Any) -> None:
            self.ran.append("2nd")

    machine = CLASS(guards=Guards(), actions=Actions())
    session = machine.create(context={"n": 1}, execute_actions=True)
    assert session.go().success
    assert machine.create(execute_actions=True).awkward().success
    assert Actions.ran == ["a1", "a2 1", "2nd"]
    assert not machine.process("a", "go", {"n": 0}).success


def test_functions_are_bound_from_a_module() -> None:
    """docs/generated-module.md#binding-functions"""
    guards, actions = ModuleType("guards"), ModuleType("actions")
    for name in ("g1", "g2", "class_"):
        setattr(guards, name, true)
    for name in ("a1", "a2", "n2nd"):
        setattr(actions, name, true)
    machine = CLASS(guards=guards, actions=actions)
    machine.check_bindings()
    assert machine.process("a", "go", {}).success


def test_functions_are_bound_one_by_one_in_any_order() -> None:
    """docs/generated-module.md#binding-functions"""
    machine = CLASS.unbound()

    @machine.action("a1")
    def act(ctx: Any) -> str:
        return "a1"

    machine.bind_guards(GuardRegistry({"g2": true}))

    @machine.guard("g1")
    def g1(ctx: Any) -> bool:
        return False

    assert (act({}), g1({})) == ("a1", False)
    complete(machine).check_bindings()
    assert not machine.process("a", "go", {}).success


def test_a_registry_adds_to_what_is_bound_already() -> None:
    """docs/generated-module.md#binding-functions: in any order"""
    for first in (True, False):
        machine = CLASS.unbound()
        registry, actions = GuardRegistry({"g2": true, "class": true}), ActionRegistry({"a1": true})
        if first:
            machine.bind_guards(registry).bind_actions(actions)
        machine.guard("g1")(true)
        machine.action("a2")(true)
        if not first:
            machine.bind_guards(registry).bind_actions(actions)
        assert machine.guard_registry.missing(machine.chart.guards) == []
        assert machine.action_registry.missing(machine.chart.actions) == ["2nd"]
        assert machine.process("a", "go", {}).success


def test_the_newer_binding_stands() -> None:
    """docs/generated-module.md#binding-functions"""
    machine = complete(CLASS.unbound())
    assert machine.process("a", "go", {}).success
    machine.bind_guards(GuardRegistry({"g1": false}))
    assert not machine.process("a", "go", {}).success
    machine.guard("g1")(true)
    assert machine.process("a", "go", {}).success
    machine.bind_guards(GuardRegistry({"g2": false})).bind_guards(GuardRegistry({"g2": true}))
    assert machine.process("a", "go", {}).success


def test_what_is_registered_after_the_registry_was_bound_counts_too() -> None:
    """docs/generated-module.md#binding-functions: in any order, before first use"""
    machine = CLASS.unbound()
    guards, actions = GuardRegistry(), ActionRegistry()
    machine.bind_guards(guards)
    machine.bind_actions(actions)
    for name in machine.chart.guards:
        guards.register(name, true)
    for name in machine.chart.actions:
        actions.register(name, true)
    machine.check_bindings()
    assert machine.create(execute_actions=True).go().execution.all_succeeded


def test_binding_to_a_machine_leaves_a_registry_and_other_machines_alone() -> None:
    """docs/generated-module.md#binding-functions"""
    shared = GuardRegistry({"g1": true, "g2": true, "class": true})
    one, other = CLASS.unbound().bind_guards(shared), CLASS.unbound().bind_guards(shared)
    one.guard("g1")(false)
    assert not one.process("a", "go", {}).success
    assert other.process("a", "go", {}).success
    assert len(shared) == 3


def test_binding_a_registry_never_leaves_a_guard_of_a_machine_in_use_unbound() -> None:
    """S5.3, S5.4: never fail open"""
    machine = complete(CLASS.unbound())
    machine.guard("g1")(false)
    session = machine.create()
    machine.bind_guards(GuardRegistry({"g2": true}))
    assert not session.go().success
    assert session.current_state == "a"


@pytest.mark.parametrize("kind", ["guard", "action"])
def test_a_wrong_name_is_told_with_those_there_are(kind: str) -> None:
    """docs/generated-module.md#binding-functions"""
    machine = CLASS.unbound()
    with pytest.raises(ConfigurationError, match=f"no {kind} 'nope'.*{'g1' if kind == 'guard' else 'a1'}"):
        getattr(machine, kind)("nope")(true)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_functions_are_registered_by_name_or_by_decorator(kind: str) -> None:
    """docs/generated-module.md#binding-functions"""
    registry: Any = REGISTRIES[kind]()
    registry.register("one", true)

    @registry.decorator("two")
    def other(ctx: Any) -> bool:
        return False

    @registry.decorator()
    def three(ctx: Any) -> bool:
        return False

    assert other({}) is three({}) is False
    assert len(registry) == 3
    assert all(name in registry for name in ("one", "two", "three"))
    assert "four" not in registry
    assert registry.missing(["one", "four", "two", "five"]) == ["four", "five"]
    assert repr(registry) == f"{type(registry).__name__}(one, three, two)"


def test_registering_a_name_again_replaces_its_function() -> None:
    """docs/generated-module.md#binding-functions"""
    registry = GuardRegistry({"g": false})
    registry.register("g", true)
    found = registry.find("g")
    assert found is not None
    assert found.function is true


@pytest.mark.parametrize(("name", "function"), [("", true), ("x", None), ("x", "text"), ("x", 5)])
def test_only_functions_can_be_registered_and_only_under_a_name(name: str, function: Any) -> None:
    """docs/generated-module.md#binding-functions"""
    with pytest.raises(ConfigurationError):
        GuardRegistry().register(name, function)


def test_a_function_may_be_registered_by_keywords() -> None:
    """As its documentation names them."""
    registry = ActionRegistry()
    registry.register(name="act", fn=true)
    assert "act" in registry


def _create(machine: Any) -> None:
    machine.create(execute_actions=True)


def _orchestrate(machine: Any) -> None:
    Orchestrator(machine, InMemoryStateStore())


@pytest.mark.parametrize("use", [_create, _orchestrate])
def test_all_gaps_are_named_at_once(use: Any) -> None:
    """S5.4: guards and actions"""
    with pytest.raises(ConfigurationError, match=r"no function for guards .* and actions "):
        use(CLASS.unbound())


def test_a_member_that_is_no_function_is_told() -> None:
    """S5.4"""

    class Guards:
        g1 = "text"
        g2 = staticmethod(true)
        class_ = staticmethod(true)

    with pytest.raises(ConfigurationError, match="'g1' must be bound to a function, not 'text'"):
        CLASS(guards=Guards(), actions=ModuleType("actions"))


def test_registries_may_stand_where_objects_do() -> None:
    """docs/generated-module.md#binding-functions"""
    guards = GuardRegistry(dict.fromkeys(CLASS.chart.guards, true))
    actions = ActionRegistry(dict.fromkeys(CLASS.chart.actions, true))
    machine = CLASS(guards=guards, actions=actions)
    assert machine.process("a", "go", {}).success


def test_two_machines_of_a_class_have_functions_of_their_own() -> None:
    """docs/generated-module.md#binding-functions"""
    one, other = complete(CLASS.unbound()), complete(CLASS.unbound())
    one.guard("g1")(false)
    assert not one.process("a", "go", {}).success
    assert other.process("a", "go", {}).success
