"""What a machine can be asked (docs/generated-module.md#deciding-without-a-session), and the errors of the package."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

import pystator_runtime
from pystator_runtime import ConfigurationError, ErrorCode, FSMError, GuardError, StateMachine
from pystator_runtime import interface as rt
from support.doors import bound
from support.machines import load

YAML = """
    meta: {machine_name: order_desk, version: 1.10, description: What an order goes through.}
    state_variables: [{key: n, type: integer, default: 0}]
    states: [{name: a, type: initial}, {name: pick, type: choice}, {name: b}, {name: done, type: terminal}]
    transitions:
      - {trigger: zip, source: b, dest: done, guards: [{expr: "n > 1"}]}
      - {trigger: go, source: a, dest: b, guards: [g]}
      - {trigger: choose, source: a, dest: pick}
      - {source: pick, trigger: x, dest: b}
      - {trigger: touch, source: "*", internal: true, actions: [{increment: n}]}
      - {auto: true, source: b, dest: done, guards: [{expr: "n > 9"}]}
    """
MACHINE = bound(YAML)
LENIENT = bound(YAML.replace("version: 1.10", "strict_mode: false"))


def test_a_machine_tells_its_name_and_version_as_written() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    assert (MACHINE.name, MACHINE.version) == ("order_desk", "1.10")
    assert LENIENT.version is None
    assert repr(MACHINE) == "<OrderDeskMachine 'order_desk' 1.10>"
    assert isinstance(MACHINE, StateMachine)


def test_states_and_triggers_stand_in_order_of_definition() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    assert [str(state) for state in MACHINE.states] == ["a", "pick", "b", "done"]
    assert [str(trigger) for trigger in MACHINE.triggers] == ["zip", "go", "choose", "touch"]


def test_available_triggers_are_those_with_a_transition_whatever_their_guards_say() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    found = {state: MACHINE.get_available_triggers(state) for state in ("a", "b", "done")}
    assert found == {"a": ["go", "choose", "touch"], "b": ["zip", "touch"], "done": []}


def test_can_transition_tells_whether_the_event_would_be_taken_now() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    assert MACHINE.can_transition("b", "zip", {"n": 2})
    assert not MACHINE.can_transition("b", "zip", {"n": 1})
    assert not MACHINE.can_transition("b", "zip", {})
    assert not MACHINE.can_transition("a", "zip", {"n": 2})
    assert not MACHINE.can_transition("done", "touch", {})
    assert not MACHINE.can_transition("a", "fly", {})
    assert MACHINE.can_transition("a", "touch", {"n": 1})
    assert not MACHINE.can_transition("a", "touch", {"n": "text"})


def test_an_event_that_would_be_ignored_would_not_be_taken() -> None:
    """docs/generated-module.md#deciding-without-a-session, S2.4"""
    assert not LENIENT.can_transition("a", "fly", {})
    assert not LENIENT.can_transition("a", "zip", {})


def test_an_async_guard_makes_can_transition_raise() -> None:
    """S5.5"""

    async def g(ctx: Any) -> bool:
        raise AssertionError("never awaited")

    with pytest.raises(GuardError):
        bound(YAML, guards={"g": g}).can_transition("a", "go", {})


def test_the_definition_is_all_that_the_yaml_said_and_a_copy() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    definition = MACHINE.definition
    assert list(definition) == ["meta", "state_variables", "states", "transitions"]
    assert definition["meta"]["description"] == "What an order goes through."
    assert definition["transitions"][0] == {
        "trigger": "zip",
        "source": "b",
        "dest": "done",
        "guards": [{"expr": "n > 1"}],
    }
    before = copy.deepcopy(definition)
    definition["states"].clear()
    assert MACHINE.definition == before


def test_deciding_is_pure() -> None:
    """docs/generated-module.md#deciding-without-a-session: the same answer again, and nothing changed"""
    context = {"n": 1, "g": True, "deep": [{"x": 1}]}
    given = copy.deepcopy(context)
    for state, trigger in (("a", "go"), ("a", "touch"), ("b", "zip"), ("done", "go"), ("a", "fly")):
        results = [
            *(MACHINE.process(state, trigger, context) for _ in range(2)),
            asyncio.run(MACHINE.aprocess(state, trigger, context)),
        ]
        assert len({str(result.error) for result in results}) == 1
        assert len({repr(result) for result in results}) == 1
        assert all(dict(result.changes) == dict(results[0].changes) for result in results)
    assert context == given


def test_deciding_takes_a_history_which_flat_machines_have_none_of() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    assert MACHINE.process("a", "touch", {"n": 1}, history={}).success
    assert asyncio.run(MACHINE.aprocess("a", "touch", {"n": 1}, history={})).success


def test_a_mapping_that_is_no_dict_will_do_as_a_context() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    from types import MappingProxyType

    context = MappingProxyType({"n": 1, "g": True})
    assert MACHINE.process("a", "touch", context).changes == {"n": 2}
    assert MACHINE.process("a", "go", context).target_state == "b"
    assert MACHINE.start(context).success
    assert MACHINE.create(context=context).touch().success


def test_a_machine_without_functions_is_made_without_arguments() -> None:
    """docs/generated-module.md#binding-functions"""
    module: Any = load(
        """
        meta: {machine_name: lamp}
        states: [{name: "off", type: initial}, {name: "on"}]
        transitions: [{trigger: press, source: "off", dest: "on"}]
        """
    )
    machine = module.LampMachine()
    assert machine.create().press().target_state is module.LampState.ON
    with pytest.raises(TypeError):
        module.LampMachine(guards=object())
    assert set(module.__all__) == {
        *("LampState", "LampTrigger", "LampContext", "LampGuards", "LampActions"),
        *("LampMachine", "LampSession", "LampOrchestrator", "LampResult"),
    }


def test_every_error_has_a_code_and_is_an_fsm_error() -> None:
    """docs/generated-module.md#errors"""
    names = [name for name in dir(pystator_runtime) if name.endswith("Error") and name != "FSMError"]
    assert {
        *("ConfigurationError", "InvalidTransitionError", "UndefinedTriggerError"),
        *("UndefinedStateError", "TerminalStateError", "GuardError", "ActionError"),
        *("AutoTransitionLoopError", "StaleVersionError", "SnapshotError", "StoreError"),
        "IdempotencyError",
    } <= set(names)
    codes = [getattr(pystator_runtime, name).code for name in names]
    assert all(issubclass(getattr(pystator_runtime, name), FSMError) for name in names)
    assert all(isinstance(code, ErrorCode) for code in codes)
    assert len(set(codes)) == len(codes)


def test_a_terminal_state_error_is_an_invalid_transition_too() -> None:
    """S2.4"""
    error = MACHINE.process("done", "go", {}).error
    assert isinstance(error, pystator_runtime.InvalidTransitionError)
    assert error.code == "terminal_state"


def test_everything_promised_can_be_imported_from_the_package() -> None:
    """docs/generated-module.md"""
    promised = """StateMachine EntitySession TransitionResult Event ActionSpec ActionResult
        ExecutionResult ExecutionMode ActionRegistry GuardRegistry ActionExecutor TransitionHook
        EngineContext ErrorCode FSMError"""
    for name in promised.split():
        assert getattr(pystator_runtime, name).__name__ == name
        assert name in dir(pystator_runtime)
    with pytest.raises(AttributeError, match="Nonsense"):
        pystator_runtime.Nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_a_module_made_for_another_interface_says_what_to_do() -> None:
    """docs/generated-module.md#versions"""
    rt.require(rt.INTERFACE, "order")
    with pytest.raises(ConfigurationError, match=r"order was generated for.*pip install -U"):
        rt.require(rt.INTERFACE + 1, "order")
    with pytest.raises(ConfigurationError, match="generate it again"):
        rt.require(rt.OLDEST - 1, "order")


def test_an_event_is_a_value() -> None:
    """docs/generated-module.md#sessions"""
    event = pystator_runtime.Event("go", {"n": 1}, event_id="x")
    assert event == pystator_runtime.Event("go", {"n": 1}, event_id="x")
    assert event != pystator_runtime.Event("go", {"n": 1})
    assert event != "go"
    assert repr(event) == "Event('go', {'n': 1})"
    assert pystator_runtime.Event("go").payload == {}
