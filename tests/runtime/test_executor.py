"""Running the actions of results with an executor (S8.5-S8.7, docs/generated-module.md#running-actions)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from pystator_runtime import (
    ActionExecutor,
    ActionRegistry,
    ActionStatus,
    ConfigurationError,
    Event,
    ExecutionMode,
    ExecutionResult,
)
from support.doors import bound
from support.machines import load, machine_class

YAML = """
    states:
      - {name: a, type: initial, on_exit: [exit_1, exit_2]}
      - {name: b, on_enter: [enter_1, enter_2]}
      - {name: c, on_enter: [enter_3]}
    transitions:
      - {trigger: go, source: a, dest: b, actions: [way_1, way_2]}
      - {auto: true, source: b, dest: c, guards: [{check: {field: onward, op: is_set}}], actions: [way_3]}
      - {trigger: slow, source: a, internal: true, actions: [{name: way_1, timeout: 0.01}, way_2]}
      - {trigger: nothing, source: a, internal: true}
    """
MACHINE = machine_class(load(YAML)).unbound()
NAMES = ("exit_1", "exit_2", "way_1", "way_2", "enter_1", "enter_2")
GO = MACHINE.process("a", "go", {})
ONWARD = MACHINE.process("a", "go", {"onward": 1})


def registry(actions: Mapping[str, Any], *others: str) -> ActionRegistry:
    return ActionRegistry({**{name: lambda ctx: None for name in (*NAMES, *others)}, **actions})


def failing(ctx: Any) -> None:
    raise ValueError("broken")


async def async_failing(ctx: Any) -> None:
    raise ValueError("broken")


RUNS: dict[str, Any] = {
    "execute": lambda executor, result, context: executor.execute(result, context),
    "async_execute": lambda executor, result, context: asyncio.run(executor.async_execute(result, context)),
    "async_execute_parallel": lambda executor, result, context: asyncio.run(
        executor.async_execute_parallel(result, context)
    ),
    "async_execute_phased": lambda executor, result, context: asyncio.run(
        executor.async_execute_phased(result, context)
    ),
}


@pytest.fixture(params=RUNS.values(), ids=RUNS)
def run(request: Any) -> Any:
    """Every way to run the actions of a result."""
    return request.param


def test_every_action_runs_and_is_reported_in_planned_order(run: Any) -> None:
    """S8.6"""
    ran: list[str] = []
    actions = {name: lambda ctx, name=name: ran.append(name) or name for name in NAMES}
    execution = run(ActionExecutor(registry(actions)), GO, {})
    assert isinstance(execution, ExecutionResult)
    assert ran == list(NAMES)
    assert [outcome.action_name for outcome in execution.action_results] == list(NAMES)
    assert [outcome.result for outcome in execution.action_results] == list(NAMES)
    assert execution.all_succeeded
    assert all(outcome.success for outcome in execution.action_results)


def test_a_failing_action_is_reported_and_by_default_the_rest_still_run(run: Any) -> None:
    """S8.6"""
    execution = run(ActionExecutor(registry({"way_1": failing})), GO, {})
    assert not execution.all_succeeded
    assert execution.failed_actions == ["way_1"]
    assert execution.skipped_actions == []
    assert execution.succeeded_actions == [name for name in NAMES if name != "way_1"]
    outcome = execution.action_results[2]
    assert outcome.status is ActionStatus.FAILED
    assert (type(outcome.error), str(outcome.error)) == (ValueError, "broken")
    assert not outcome.success


@pytest.mark.parametrize("way", ["execute", "async_execute"])
def test_stop_on_error_skips_the_rest_with_the_reason(way: str) -> None:
    """S8.6"""
    executor = ActionExecutor(registry({"way_1": failing}), stop_on_error=True)
    execution = RUNS[way](executor, GO, {})
    assert execution.succeeded_actions == ["exit_1", "exit_2"]
    assert execution.failed_actions == ["way_1"]
    assert execution.skipped_actions == ["way_2", "enter_1", "enter_2"]
    assert "way_1" in execution.action_results[-1].reason
    assert execution.action_results[-1].status is ActionStatus.SKIPPED


def test_stop_on_error_skips_the_phases_after_the_one_that_failed() -> None:
    """S8.6, S8.7"""
    executor = ActionExecutor(registry({"exit_1": async_failing}), stop_on_error=True)
    execution = RUNS["async_execute_phased"](executor, GO, {})
    assert execution.failed_actions == ["exit_1"]
    assert execution.succeeded_actions == ["exit_2"]
    assert execution.skipped_actions == ["way_1", "way_2", "enter_1", "enter_2"]


def test_a_result_without_actions_runs_none(run: Any) -> None:
    """S8.6"""
    for result in (
        MACHINE.process("a", "nothing", {}),
        MACHINE.process("b", "go", {}),
    ):
        assert run(ActionExecutor(registry({})), result, {}).action_results == ()


def test_every_action_gets_its_own_copy_and_the_callers_context_is_untouched(run: Any) -> None:
    """Each gets its own copy of the context"""

    def write(ctx: Any) -> None:
        assert ctx["items"] == [1]
        assert "new" not in ctx
        assert ctx["same"] == {"k": [1]}
        ctx["items"].append(2)
        ctx["same"]["k"].append(2)
        ctx["new"] = len(ctx["items"])
        del ctx["old"]

    context = {"items": [1], "old": 0, "same": {"k": [1]}}
    execution = run(ActionExecutor(registry({"exit_1": write, "enter_2": write})), GO, context)
    assert execution.all_succeeded
    assert context == {"items": [1], "old": 0, "same": {"k": [1]}}
    assert execution.changes == {"items": [1, 2], "new": 2, "same": {"k": [1, 2]}}
    assert execution.removed == ("old",)


def test_actions_see_the_engines_keys(run: Any) -> None:
    """S8.4"""
    seen: list[Any] = []
    event = Event("go", {"p": 1})
    executor = ActionExecutor(registry({"way_1": seen.append}))
    run(executor, GO, {"n": 1, "_event": event, "_entity_id": "e-1"})
    run(executor, GO, {"n": 1})
    assert seen[0]["_event"] is event
    assert seen[0]["_entity_id"] == "e-1"
    assert seen[0]["_action_params"] == {}
    assert seen[1]["_event"].trigger == "go"


def test_actions_of_automatic_rounds_run_too(run: Any) -> None:
    """S7.1, S8.1"""
    execution = run(ActionExecutor(registry({}, "way_3", "enter_3")), ONWARD, {})
    assert execution.succeeded_actions == [*NAMES, "way_3", "enter_3"]


def test_actions_that_a_registry_lacks_are_all_told_before_any_is_run(run: Any) -> None:
    """S5.4"""
    ran: list[str] = []
    executor = ActionExecutor(ActionRegistry({"exit_1": lambda ctx: ran.append("exit_1")}))
    with pytest.raises(ConfigurationError, match="exit_2, way_1, way_2, enter_1, enter_2"):
        run(executor, GO, {})
    assert ran == []


def test_an_executor_of_a_machine_needs_all_its_actions_bound() -> None:
    """S5.4"""
    with pytest.raises(ConfigurationError, match="enter_1, enter_2, enter_3, exit_1"):
        ActionExecutor(machine_class(load(YAML)).unbound())
    ran: list[str] = []
    machine = bound(YAML, actions={"way_1": lambda ctx: ran.append("way_1")})
    ActionExecutor(machine).execute(GO, {})
    assert ran == ["way_1"]


def test_sequential_actions_wait_for_each_other() -> None:
    """S8.7"""
    log: list[str] = []

    def both(name: str) -> Any:
        async def action(ctx: Any) -> None:
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

        return action

    executor = ActionExecutor(registry({name: both(name) for name in ("exit_1", "exit_2")}))
    RUNS["async_execute"](executor, GO, {})
    assert log == ["exit_1 begins", "exit_1 ends", "exit_2 begins", "exit_2 ends"]


def meeting(names: tuple[str, ...]) -> dict[str, Any]:
    """Actions that all have to be running at once, or none of them ever ends."""
    barrier = asyncio.Barrier(len(names))

    async def action(ctx: Any) -> None:
        await barrier.wait()

    return dict.fromkeys(names, action)


def test_parallel_actions_run_all_at_once() -> None:
    """S8.7"""

    async def scenario() -> None:
        executor = ActionExecutor(registry(meeting(NAMES)), mode=ExecutionMode.PARALLEL)
        assert (await executor.async_execute(GO, {})).all_succeeded
        plain = ActionExecutor(registry(meeting(NAMES)))
        assert (await plain.async_execute_parallel(GO, {})).all_succeeded

    asyncio.run(scenario())


def test_parallel_actions_are_for_async_paths_only() -> None:
    """S8.7"""
    executor = ActionExecutor(registry({}), mode=ExecutionMode.PARALLEL)
    with pytest.raises(ConfigurationError, match="async_execute"):
        executor.execute(GO, {})


def test_phased_actions_run_a_phase_at_once_and_the_next_when_it_has_ended() -> None:
    """S8.7"""
    log: list[str] = []

    async def scenario() -> None:
        met: dict[str, Any] = {}
        for phase in (("exit_1", "exit_2"), ("way_1", "way_2"), ("enter_1", "enter_2")):
            met.update(meeting(phase))

        def logged(name: str) -> Any:
            async def action(ctx: Any) -> None:
                log.append(f"{name[:-2]} begins")
                await met[name](ctx)
                log.append(f"{name[:-2]} ends")

            return action

        actions = {name: logged(name) for name in NAMES}
        executor = ActionExecutor(registry(actions), mode=ExecutionMode.PHASED)
        assert (await executor.async_execute(GO, {})).all_succeeded

    asyncio.run(scenario())
    phases = [[f"{phase} begins"] * 2 + [f"{phase} ends"] * 2 for phase in ("exit", "way", "enter")]
    assert log == [line for phase in phases for line in phase]


def test_phased_actions_on_a_sync_path_run_in_planned_order() -> None:
    """S8.7"""
    ran: list[str] = []
    actions = {name: lambda ctx, name=name: ran.append(name) for name in NAMES}
    ActionExecutor(registry(actions), mode=ExecutionMode.PHASED).execute(GO, {})
    assert ran == list(NAMES)


@pytest.mark.parametrize("way", [way for way in RUNS if way != "execute"])
def test_an_action_that_exceeds_its_timeout_has_failed(way: str) -> None:
    """docs/yaml.md#actions: timeout; S8.6"""

    async def forever(ctx: Any) -> None:
        await asyncio.Event().wait()

    executor = ActionExecutor(registry({"way_1": forever}))
    execution = RUNS[way](executor, MACHINE.process("a", "slow", {}), {})
    assert execution.failed_actions == ["way_1"]
    assert execution.succeeded_actions == ["way_2"]
    assert isinstance(execution.action_results[0].error, TimeoutError)


@pytest.mark.parametrize("trigger", ["go", "slow"])
def test_an_async_action_on_a_sync_path_is_reported_as_failed(trigger: str) -> None:
    """S8.6; a coroutine that nobody awaits would be a warning, and warnings are errors here"""
    result = MACHINE.process("a", trigger, {})
    execution = ActionExecutor(registry({"way_1": async_failing})).execute(result, {})
    assert execution.failed_actions == ["way_1"]
    (error,) = [o.error for o in execution.action_results if o.error is not None]
    assert "async_execute()" in str(error)


def test_a_context_that_can_not_be_copied_is_the_actions_failure(run: Any) -> None:
    """S8.6"""
    loop: list[Any] = []
    loop.append(loop)
    execution = run(ActionExecutor(registry({})), GO, {"loop": loop})
    assert execution.failed_actions == list(NAMES)


def test_a_mode_may_be_given_by_its_name() -> None:
    """docs/generated-module.md#running-actions"""
    executor = ActionExecutor(registry({}), mode="phased")  # type: ignore[arg-type]
    assert executor.mode is ExecutionMode.PHASED
