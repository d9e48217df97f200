"""Planned actions: their params and conditions, and what a session does with them (S8.1, S8.4-S8.6)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import ActionError, ActionStatus
from support.doors import Door, bound, placed

PLAIN = """
    states:
      - {name: a, type: initial, on_exit: [leave]}
      - {name: b, on_enter: [arrive, {increment: n}]}
    transitions:
      - {trigger: go, source: a, dest: b, actions: [travel]}
      - {trigger: back, source: b, dest: a}
    """
PARAMS = """
    states: [{name: a, type: initial}]
    transitions:
      - trigger: go
        source: a
        internal: true
        actions: [{name: act, params: {to: ops, tags: [x]}}, {name: act, params: {to: me}}, act]
    """


def noting(into: list[Any], what: Any) -> Any:
    return lambda ctx: into.append(what(ctx) if callable(what) else what)


def recording(into: list[str], *names: str) -> dict[str, Any]:
    return {name: noting(into, name) for name in names}


@pytest.fixture(params=["sync", "async"])
def fire(request: Any) -> Any:
    """Send an event to a session, sync or async."""

    def sync(session: Any, trigger: str, **payload: Any) -> Any:
        return session.send(trigger, **payload)

    def asynchronous(session: Any, trigger: str, **payload: Any) -> Any:
        return asyncio.run(session.asend(trigger, **payload))

    return sync if request.param == "sync" else asynchronous


def test_deciding_runs_no_actions(door: Door) -> None:
    """S8.1"""
    ran: list[str] = []
    machine = bound(PLAIN, actions=recording(ran, "leave", "travel", "arrive"))
    machine.process("a", "go", {})
    machine.create().go()
    asyncio.run(machine.create().asend("go"))
    assert ran == []


def test_an_executing_session_runs_them_in_planned_order_with_the_committed_context(
    fire: Any,
) -> None:
    """S8.1, S8.8"""
    seen: list[Any] = []
    look = {
        name: noting(seen, lambda ctx, name=name: (name, ctx["n"], ctx["p"])) for name in ("leave", "travel", "arrive")
    }
    session = placed(bound(PLAIN, actions=look), "a", {"n": 1}, execute_actions=True)
    result = fire(session, "go", p=5)
    assert seen == [("leave", 2, 5), ("travel", 2, 5), ("arrive", 2, 5)]
    assert result.execution.succeeded_actions == ["leave", "travel", "arrive"]
    assert result.execution.all_succeeded


def test_executing_holds_for_the_sessions_life(fire: Any) -> None:
    """S8.8"""
    ran: list[str] = []
    machine = bound(PLAIN, actions=recording(ran, "leave", "travel", "arrive"))
    session = machine.create(execute_actions=True)
    for trigger in ("go", "back", "go"):
        fire(session, trigger)
    assert ran == ["leave", "travel", "arrive", "leave", "travel", "arrive"]


def test_nothing_is_run_for_an_event_that_is_refused_or_ignored(fire: Any) -> None:
    """S8.1, S2.4"""
    ran: list[str] = []
    for settings in ("", "\n    meta: {strict_mode: false}"):
        machine = bound(settings + PLAIN, actions=recording(ran, "leave", "travel", "arrive"))
        result = fire(placed(machine, "b", execute_actions=True), "go")
        assert result.execution is None
    assert ran == []


def test_a_result_without_actions_has_no_execution(fire: Any) -> None:
    """docs/generated-module.md#results"""
    assert fire(placed(bound(PLAIN), "b", execute_actions=True), "back").execution is None


def test_a_failing_action_never_undoes_the_transition_and_the_rest_still_run(fire: Any) -> None:
    """S8.6"""
    ran: list[str] = []

    def fail(ctx: Any) -> None:
        raise ValueError("broken")

    actions = {**recording(ran, "leave", "arrive"), "travel": fail}
    session = placed(bound(PLAIN, actions=actions), "a", execute_actions=True)
    result = fire(session, "go")
    assert result.success
    assert session.current_state == "b"
    assert session.context == {"n": 1}
    assert ran == ["leave", "arrive"]
    assert result.execution.failed_actions == ["travel"]
    outcome = result.execution.action_results[1]
    assert (outcome.status, str(outcome.error)) == (ActionStatus.FAILED, "broken")
    assert not result.execution.all_succeeded


def test_an_actions_answer_is_its_result(fire: Any) -> None:
    """S8.6"""
    machine = bound(PLAIN, actions={"leave": lambda ctx: 41, "travel": lambda ctx: "x"})
    result = fire(placed(machine, "a", execute_actions=True), "go")
    assert [o.result for o in result.execution.action_results] == [41, "x", None]


def test_params_reach_an_action_as_keywords_and_always_in_its_context(fire: Any) -> None:
    """S8.5"""
    seen: list[Any] = []

    def act(ctx: Any, to: str = "nobody") -> None:
        seen.append((to, dict(ctx["_action_params"])))

    fire(placed(bound(PARAMS, actions={"act": act}), "a", execute_actions=True), "go")
    assert seen == [
        ("ops", {"to": "ops", "tags": ["x"]}),
        ("me", {"to": "me"}),
        ("nobody", {}),
    ]


def test_no_two_runs_share_the_params_of_an_action(fire: Any) -> None:
    """S8.5, S8.9"""
    seen: list[Any] = []

    def spoil(ctx: Any, **params: Any) -> None:
        seen.append(list(params.get("tags", [])))
        params.get("tags", []).append("spoilt")
        ctx["_action_params"].clear()

    machine = bound(PARAMS, actions={"act": spoil})
    session = placed(machine, "a", execute_actions=True)
    fire(session, "go")
    fire(session, "go")
    assert seen == [["x"], [], [], ["x"], [], []]
    spec = machine.process("a", "go", {}).all_action_specs[0]
    spec.params["tags"].append("spoilt")
    assert spec.params == {"to": "ops", "tags": ["x"]}


def test_an_action_sees_the_event_the_entity_and_the_payload(fire: Any) -> None:
    """S8.4"""
    seen: list[Any] = []
    machine = bound(PARAMS, actions={"act": seen.append})
    session = placed(machine, "a", {"n": 1}, execute_actions=True)
    fire(session, "go", m=2)
    ctx = seen[0]
    assert (ctx["_event"].trigger, dict(ctx["_event"].payload)) == ("go", {"m": 2})
    assert ctx["_entity_id"] == session.entity_id
    assert (ctx["n"], ctx["m"]) == (1, 2)


def test_the_engines_keys_are_never_part_of_the_entitys_context(fire: Any) -> None:
    """S8.4"""

    def act(ctx: Any) -> None:
        ctx["_mine"] = 1
        ctx["_event"] = None
        ctx["kept"] = True

    session = placed(bound(PARAMS, actions={"act": act}), "a", execute_actions=True)
    fire(session, "go")
    assert session.context == {"kept": True}


def test_what_actions_do_to_their_copies_is_merged_key_by_key(fire: Any) -> None:
    """The later in planned order stands"""

    def leave(ctx: Any) -> None:
        ctx["items"].append("leave")
        ctx["by"] = "leave"
        ctx.pop("gone")

    def travel(ctx: Any) -> None:
        assert "by" not in ctx
        assert ctx["items"] == []
        ctx["by"] = "travel"

    mine: list[str] = []
    machine = bound(PLAIN, actions={"leave": leave, "travel": travel})
    session = machine.create(context={"items": mine, "gone": 1, "same": [1]}, execute_actions=True)
    result = fire(session, "go")
    assert session.context == {"items": ["leave"], "by": "travel", "same": [1], "n": 1}
    assert mine == []
    assert result.execution.changes == {"items": ["leave"], "by": "travel"}
    assert result.execution.removed == ("gone",)
    assert dict(result.changes) == {"n": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"v": True}, {"v": 1}),
        ({"v": [1, True]}, {"v": [1, 1]}),
        ({"v": {"deep": [{"x": 1}]}}, {"v": {"deep": [{"x": 1.0}]}}),
        ({"v": {"a": 1}}, {"v": {"a": 1, "b": None}}),
        ({"v": 0.0}, {"v": -0.0}),
    ],
)
def test_a_value_of_another_type_is_a_change_however_deep_it_lies(
    fire: Any, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """S8.1: to JSON, and to a type checker, `true` is not `1`"""
    machine = bound(PLAIN, actions={"travel": lambda ctx: ctx.update(after)})
    session = placed(machine, "a", before, execute_actions=True)
    result = fire(session, "go")
    assert repr(dict(result.execution.changes)) == repr(after)
    assert repr(session.context["v"]) == repr(after["v"])
    unchanged = placed(
        bound(PLAIN, actions={"travel": lambda ctx: ctx.update(before)}), "a", before, execute_actions=True
    )
    assert dict(fire(unchanged, "go").execution.changes) == {}


def test_a_failed_actions_changes_are_dropped(fire: Any) -> None:
    """S8.6"""

    def leave(ctx: Any) -> None:
        ctx["half"] = True
        raise RuntimeError("no")

    session = placed(bound(PLAIN, actions={"leave": leave}), "a", execute_actions=True)
    fire(session, "go")
    assert session.context == {"n": 1}


def test_a_key_that_is_no_text_is_the_actions_failure(fire: Any) -> None:
    """S8.6"""
    machine = bound(PLAIN, actions={"travel": lambda ctx: ctx.__setitem__(5, "x")})
    session = placed(machine, "a", execute_actions=True)
    result = fire(session, "go")
    assert result.execution.failed_actions == ["travel"]
    assert "5" in str(result.execution.action_results[1].error)
    assert session.context == {"n": 1}


@pytest.mark.parametrize(("n", "planned"), [(1, ()), (2, ("act",)), (3, ("act", "late"))])
def test_an_action_whose_condition_does_not_hold_is_left_out(door: Door, n: int, planned: tuple[str, ...]) -> None:
    """S8.5: asked in planned order, after the effects before it"""
    machine = bound(
        """
        states: [{name: a, type: initial}]
        transitions:
          - trigger: go
            source: a
            dest: a
            actions:
              - {name: act, when: "n > 1"}
              - {increment: n}
              - {name: late, when: {check: {field: n, op: gte, value: 4}}}
        """
    )
    outcome = door(machine, "a", "go", {"n": n})
    assert outcome.result.all_actions == planned
    assert [spec.name for spec in outcome.result.actions_to_execute] == list(planned)


def test_async_actions_are_awaited_on_an_async_path() -> None:
    """S8.7"""
    ran: list[str] = []

    async def slow(ctx: Any) -> str:
        await asyncio.sleep(0)
        ran.append("slow")
        ctx["slow"] = True
        return "done"

    machine = bound(PLAIN, actions={"leave": slow, **recording(ran, "travel")})
    session = placed(machine, "a", execute_actions=True)
    result = asyncio.run(session.asend("go"))
    assert ran == ["slow", "travel"]
    assert result.execution.action_results[0].result == "done"
    assert session.context == {"n": 1, "slow": True}


def test_an_async_action_on_a_sync_path_is_refused_before_anything_is_kept() -> None:
    """S8.1, by analogy with S5.5"""

    async def slow(ctx: Any) -> None:
        raise AssertionError("never run")

    session = placed(bound(PLAIN, actions={"travel": slow}), "a", {"n": 1}, execute_actions=True)
    with pytest.raises(ActionError, match=r"asend\(\)"):
        session.go(p=1)
    assert (session.current_state, session.context) == ("a", {"n": 1})


def test_a_coroutine_that_only_turns_up_at_run_time_is_a_failed_action_on_a_sync_path() -> None:
    """S8.6; a coroutine that nobody awaits would be a warning, and warnings are errors here"""

    async def slow() -> None:
        raise AssertionError("never run")

    machine = bound(PLAIN, actions={"travel": lambda ctx: slow()})
    result = placed(machine, "a", execute_actions=True).go()
    assert result.success
    assert result.execution.failed_actions == ["travel"]
