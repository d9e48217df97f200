"""Results are values (docs/generated-module.md#results)."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from pystator_runtime import (
    ActionResult,
    ActionSpec,
    ActionStatus,
    ExecutionResult,
    FSMError,
    InvalidTransitionError,
    Timer,
    TransitionResult,
    TransitionStep,
)
from support.doors import bound, placed

MACHINE = bound(
    """
    states:
      - {name: a, type: initial, on_exit: [leave]}
      - {name: b, on_enter: [arrive, {increment: n}, {append: {field: xs, value: 1}}, {clear: gone}]}
      - {name: c, on_enter: [end]}
    transitions:
      - {trigger: go, source: a, dest: b, actions: [{name: travel, params: {k: [1]}, retry: 2, timeout: 1.5}]}
      - {auto: true, source: b, dest: c, guards: [{check: {field: onward, op: is_set}}]}
      - {trigger: plain, source: a, dest: c}
      - {trigger: guarded, source: a, dest: c, guards: [{expr: "n > 5"}]}
    """
)
CHECKED = bound(
    """
    events: [{name: go, payload: {n: integer}}]
    states: [{name: a, type: initial}]
    transitions: [{trigger: go, source: a, dest: a}]
    """
)
RESULTS: dict[str, Any] = {
    "payload refused": CHECKED.process("a", "go", {}),
    "plain": MACHINE.process("a", "plain", {}),
    "with effects": MACHINE.process("a", "go", {"gone": 1, "onward": 1}),
    "refused": MACHINE.process("b", "go", {}),
    "guards failed": MACHINE.process("a", "guarded", {"n": 1}),
    "guard raised": MACHINE.process("a", "guarded", {}),
    "failing effect": MACHINE.process("a", "go", {"n": "x"}),
    "started": MACHINE.start({}),
    "executed": placed(MACHINE, "a", execute_actions=True).go(),
}


def test_nothing_in_a_result_can_be_changed_that_others_share() -> None:
    """docs/generated-module.md#results, S4.1: one result serves all entities"""
    machine = bound(
        """
        states:
          - {name: run, initial_child: x, type: initial}
          - {name: x, parent: run}
          - {name: y, parent: run}
          - {name: off}
        transitions:
          - {trigger: go, source: x, dest: y}
          - {trigger: stop, source: run, dest: off}
          - {trigger: again, source: off, dest: H(run)}
        """
    )
    result = machine.create().stop()
    assert dict(result.history_updates) == {"run": "x"}
    with pytest.raises(TypeError):
        result.history_updates["run"] = "y"
    for name in ("changes", "metadata", "history_updates"):
        for each in RESULTS.values():
            with pytest.raises(TypeError):
                getattr(each, name)["key"] = 1


@pytest.fixture(params=RESULTS.values(), ids=RESULTS)
def result(request: Any) -> Any:
    """One result of every kind."""
    return request.param


FIELDS = (
    *("source_state", "target_state", "trigger", "error", "metadata", "steps", "changes", "removed"),
    *("history_updates", "armed", "disarmed", "execution"),
)


@pytest.mark.parametrize("name", [*FIELDS, "success", "all_actions", "anything"])
def test_a_result_can_not_be_changed(result: Any, name: str) -> None:
    """docs/generated-module.md#results"""
    with pytest.raises(AttributeError):
        setattr(result, name, None)
    with pytest.raises(AttributeError):
        delattr(result, name)
    assert not hasattr(result, "__dict__")


def test_a_result_is_true_to_its_success(result: Any) -> None:
    """docs/generated-module.md#results"""
    assert result.success is (result.error is None)
    assert (result.target_state is None) is (not result.success)
    if not result.success:
        assert (result.steps, result.all_actions, dict(result.changes), result.removed) == ((), (), {}, ())
        assert isinstance(result.error, FSMError)


def test_a_result_survives_pickling_and_copying(result: Any) -> None:
    """docs/generated-module.md#results"""
    assert copy.copy(result) is result
    assert copy.deepcopy(result) is result
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(result, protocol))
        assert type(back) is type(result)
        for name in FIELDS:
            if name != "error":
                assert getattr(back, name) == getattr(result, name)
        assert (type(back.error), str(back.error)) == (type(result.error), str(result.error))
        assert back.all_actions == result.all_actions
        with pytest.raises(AttributeError):
            back.trigger = "x"


def test_equal_results_are_equal_and_hash_alike() -> None:
    """docs/generated-module.md#results"""
    again = MACHINE.process("a", "go", {"onward": 1, "gone": 1})
    assert again == RESULTS["with effects"]
    assert hash(again) == hash(RESULTS["with effects"])
    assert again != RESULTS["plain"]
    assert again != "with effects"
    assert len({RESULTS["plain"], MACHINE.process("a", "plain", {}), again}) == 2


def test_specs_with_the_same_params_in_another_order_hash_alike() -> None:
    """docs/generated-module.md#results"""
    one, other = ActionSpec("act", {"a": 1, "b": 2}), ActionSpec("act", {"b": 2, "a": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert one != ActionSpec("act", {"a": 1})


def test_a_replaced_result_differs_in_what_was_replaced_only(result: Any) -> None:
    """docs/generated-module.md#results"""
    copied = result.replaced(metadata={"x": 1})
    assert copied.metadata == {"x": 1}
    for name in FIELDS:
        if name != "metadata":
            assert getattr(copied, name) is getattr(result, name)
    assert "x" not in result.metadata
    assert type(copied) is type(result)
    with pytest.raises(AttributeError):
        copied.metadata = {}


def test_replacing_a_field_that_there_is_not_is_an_error(result: Any) -> None:
    """docs/generated-module.md#results"""
    with pytest.raises(AttributeError):
        result.replaced(nonsense=1)
    with pytest.raises(AttributeError):
        result.replaced(success=True)


def test_raise_if_failed_raises_the_error_or_returns_the_result_itself(result: Any) -> None:
    """docs/generated-module.md#results"""
    if result.success:
        assert result.raise_if_failed() is result
    else:
        with pytest.raises(FSMError) as caught:
            result.raise_if_failed()
        assert caught.value is result.error


def test_an_event_without_effects_needs_no_new_object() -> None:
    """docs/generated-module.md#results"""
    assert MACHINE.process("a", "plain", {"x": 1}) is MACHINE.process("a", "plain", {"y": 2})
    assert MACHINE.create().plain() is MACHINE.process("a", "plain", {})


def test_what_a_result_tells_can_not_be_changed_either(result: Any) -> None:
    """docs/generated-module.md#results: some are shared by all events"""
    mappings = [result.metadata, result.changes, result.history_updates]
    if result.execution is not None:
        mappings.extend(outcome.changes for outcome in result.execution.action_results)
    for mapping in mappings:
        with pytest.raises(TypeError):
            mapping["x"] = 1
    for listed in (result.removed, result.steps, result.armed, result.metadata.get("errors", ())):
        assert isinstance(listed, tuple)


def test_a_result_tells_the_whole_step() -> None:
    """docs/generated-module.md#results"""
    result = RESULTS["with effects"]
    assert result.all_actions == ("leave", "travel", "arrive", "end")
    assert [spec.name for spec in result.all_action_specs] == list(result.all_actions)
    assert result.source_state == "a"
    assert result.target_state == "c"
    assert dict(result.changes) == {"n": 1, "xs": [1]}
    assert result.removed == ("gone",)
    assert (result.history_updates, result.armed, result.disarmed) == ({}, (), ())
    assert result.execution is None


def test_an_action_spec_says_what_the_definition_says() -> None:
    """docs/generated-module.md#results, docs/yaml.md#actions"""
    (spec,) = RESULTS["with effects"].actions_to_execute
    assert (spec.name, spec.params, spec.retry, spec.timeout) == ("travel", {"k": [1]}, 2, 1.5)
    assert (spec.retry_backoff, ActionSpec("x").params) == (None, {})
    assert repr(spec) == "ActionSpec('travel', {'k': [1]})"


def test_a_result_shows_what_it_is() -> None:
    """docs/generated-module.md#results"""
    assert repr(RESULTS["plain"]) == "<TransitionResult 'plain': a -> c>"
    assert "refused in b: InvalidTransitionError: 'go' leads nowhere" in repr(RESULTS["refused"])


@pytest.mark.parametrize(
    "value",
    [
        Timer("a", "go", 5),
        TransitionStep("a", "b", "go", (ActionSpec("x"),)),
        ActionSpec("x", {"k": 1}),
        ActionResult("x", ActionStatus.OK, result=1, changes={"n": 1}),
        ExecutionResult((ActionResult("x", ActionStatus.SKIPPED, reason="why"),)),
        TransitionResult("a", "b", "go"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_parts_of_a_result_are_values_too(value: Any) -> None:
    """docs/generated-module.md#results"""
    back = pickle.loads(pickle.dumps(value))
    assert back == value
    assert hash(back) == hash(value)
    assert copy.deepcopy(value) is value
    assert type(value).__name__ in repr(value)
    with pytest.raises(AttributeError, match="immutable"):
        value.anything = 1


def test_a_refusal_can_be_raised_again_and_again() -> None:
    """docs/generated-module.md#results"""
    for _ in range(3):
        with pytest.raises(InvalidTransitionError, match="leads nowhere"):
            RESULTS["refused"].raise_if_failed()
