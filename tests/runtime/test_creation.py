"""How an entity comes into being (S3.5, S10.3)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import ActionError, AutoTransitionLoopError, GuardError
from support.doors import bound

MACHINE = bound(
    """
    state_variables:
      - {key: tags, type: array, default: [new]}
      - {key: limits, type: object, default: {low: [1, 2]}}
      - {key: n, type: integer, default: 0}
      - {key: note, type: "string?", default: null}
      - {key: name, type: string}
    states:
      - {name: a, type: initial, on_enter: [hello, {increment: n}, {set: {marks: [x]}}]}
      - {name: b, on_enter: [welcome, {decrement: n}], on_exit: [bye]}
      - {name: c}
    transitions:
      - {trigger: go, source: [a, b], dest: c}
    """
)
MOVING = bound(
    """
    states:
      - {name: a, type: initial, on_enter: [enter_a, {increment: n}], on_exit: [exit_a]}
      - {name: b, on_enter: [enter_b, {append: {field: seen, value: b}}]}
      - {name: c, on_enter: [enter_c]}
    transitions:
      - {auto: true, source: a, dest: b, guards: [{expr: "n == 1"}], actions: [on_the_way]}
      - {auto: true, source: b, dest: c, guards: [{check: {field: onward, op: eq, value: true}}]}
      - {trigger: stop, source: c, dest: a}
    """
)
FAILING = bound(
    """
    states:
      - {name: a, type: initial, on_enter: [hello, {increment: n}]}
      - {name: b, on_enter: [{compute: {m: "missing + 1"}}]}
      - {name: c}
    transitions:
      - {trigger: go, source: a, dest: b}
      - {auto: true, source: a, dest: c, guards: [{expr: "turn"}]}
      - {auto: true, source: c, dest: a, guards: [{expr: "turn"}]}
    """
)


def test_starting_plans_the_entry_of_the_initial_state() -> None:
    """S3.5"""
    result = MACHINE.start({"name": "x", "n": 5})
    assert result.success
    assert result.target_state == "a"
    assert result.all_actions == ("hello",)
    assert [spec.name for spec in result.on_enter_actions] == ["hello"]
    (step,) = result.steps
    assert step.source_state is None
    assert step.target_state == "a"


def test_starting_tells_defaults_and_effects_among_its_changes() -> None:
    """S10.3, docs/generated-module.md#results"""
    context = {"name": "x", "n": 5}
    result = MACHINE.start(context)
    assert dict(result.changes) == {
        "tags": ["new"],
        "limits": {"low": [1, 2]},
        "note": None,
        "n": 6,
        "marks": ["x"],
    }
    assert result.removed == ()
    assert context == {"name": "x", "n": 5}


def test_a_created_entity_is_what_starting_says() -> None:
    """S3.5"""
    context = {"name": "x", "n": 5}
    session = MACHINE.create(context=context)
    result = MACHINE.start(context)
    assert session.current_state == result.target_state
    assert session.context == {**context, **result.changes}
    assert context == {"name": "x", "n": 5}


def test_a_default_fills_only_what_was_not_given() -> None:
    """S10.3"""
    session = MACHINE.create(context={"tags": [], "note": "given"}, initial_state="c")
    assert session.context == {"tags": [], "limits": {"low": [1, 2]}, "n": 0, "note": "given"}


def test_a_variable_without_a_default_is_not_filled() -> None:
    """S10.3"""
    assert "name" not in MACHINE.create().context


def test_no_two_entities_share_a_default_or_a_literal() -> None:
    """S8.9, S10.3"""
    first = MACHINE.create()
    first.context["tags"].append("spoilt")
    first.context["limits"]["low"].append("spoilt")
    first.context["marks"].append("spoilt")
    second = MACHINE.create()
    assert second.context["tags"] == ["new"]
    assert second.context["limits"] == {"low": [1, 2]}
    assert second.context["marks"] == ["x"]
    assert MACHINE.start({}).changes["tags"] == ["new"]


def test_automatic_transitions_follow_the_entry() -> None:
    """S3.5, S7.1"""
    result = MOVING.start({"onward": True})
    assert result.target_state == "c"
    assert result.all_actions == ("enter_a", "exit_a", "on_the_way", "enter_b", "enter_c")
    assert [step.target_state for step in result.steps] == ["a", "b", "c"]
    assert [spec.name for spec in result.on_enter_actions] == ["enter_a"]
    session = MOVING.create(context={"onward": True})
    assert session.current_state == "c"
    assert session.context == {"onward": True, "n": 1, "seen": ["b"]}


def test_automatic_transitions_after_the_entry_see_its_effects() -> None:
    """S3.5, S7.1"""
    assert MOVING.create().current_state == "b"
    assert MOVING.create(context={"n": 1}).current_state == "a"


def test_an_entity_created_in_another_state_enters_that_state() -> None:
    """S3.5"""
    session = MACHINE.create(initial_state="b")
    assert session.current_state == "b"
    assert session.context["n"] == -1
    assert "marks" not in session.context
    assert MOVING.create(context={"onward": True}, initial_state="b").current_state == "c"


def test_creating_runs_no_actions_unless_told_to() -> None:
    """S3.5"""
    ran: list[str] = []
    machine = bound(
        """
        states:
          - {name: a, type: initial, on_enter: [hello], on_exit: [bye]}
          - {name: b, on_enter: [welcome]}
        transitions:
          - {auto: true, source: a, dest: b, guards: [{check: {field: move, op: is_set}}]}
          - {trigger: go, source: b, dest: a}
        """,
        actions={name: lambda ctx, name=name: ran.append(name) for name in ("hello", "bye", "welcome")},
    )
    machine.create(context={"move": 1})
    assert ran == []
    machine.create(context={"move": 1}, execute_actions=True)
    assert ran == ["hello", "bye", "welcome"]
    ran.clear()
    machine.create(initial_state="b", execute_actions=True)
    assert ran == ["welcome"]


def test_entry_actions_see_the_context_of_the_new_entity() -> None:
    """S3.5, S8.1, S8.4"""
    seen: list[dict[str, Any]] = []
    machine = bound(
        """
        state_variables: [{key: n, type: integer, default: 3}]
        states: [{name: a, type: initial, on_enter: [{increment: n}, look]}]
        transitions: [{trigger: go, source: a, dest: a}]
        """,
        actions={"look": lambda ctx: seen.append(dict(ctx))},
    )
    machine.create("e-1", {"extra": True}, execute_actions=True)
    (context,) = seen
    assert (context["n"], context["extra"], context["_entity_id"]) == (4, True, "e-1")


def test_a_failing_entry_is_a_failed_result_and_raises_from_create() -> None:
    """S3.5, S8.2"""
    result = FAILING.start({"n": "text"})
    assert isinstance(result.error, ActionError)
    assert result.target_state is None
    assert result.all_actions == ()
    assert dict(result.changes) == {}
    with pytest.raises(ActionError):
        FAILING.create(context={"n": "text"})
    with pytest.raises(ActionError):
        FAILING.create(initial_state="b")
    with pytest.raises(ActionError):
        FAILING.create(context={"n": "text"}, execute_actions=True, thread_safe=True, history=1)


def test_an_entry_that_never_comes_to_rest_raises_from_create() -> None:
    """S3.5, S7.2"""
    assert isinstance(FAILING.start({"turn": True}).error, AutoTransitionLoopError)
    with pytest.raises(AutoTransitionLoopError):
        FAILING.create(context={"turn": True})


def test_a_failing_entry_action_does_not_undo_the_creation(caplog: Any) -> None:
    """S3.5, S8.6"""

    def fail(ctx: Any) -> None:
        raise RuntimeError("no")

    machine = bound(
        """
        states: [{name: a, type: initial, on_enter: [hello, {increment: n}]}]
        transitions: [{trigger: go, source: a, dest: a}]
        """,
        actions={"hello": fail},
    )
    session = machine.create(execute_actions=True)
    assert session.context == {"n": 1}
    assert "hello" in caplog.text


def test_coming_into_being_may_be_awaited() -> None:
    """S3.5, S5.5: an async guard of an automatic transition, and async entry actions"""
    ran: list[str] = []

    async def may_move(ctx: Any) -> bool:
        await asyncio.sleep(0)
        return ctx["n"] == 1

    async def welcome(ctx: Any) -> None:
        await asyncio.sleep(0)
        ran.append(f"{ctx['_entity_id']}: {ctx['n']}")

    machine = bound(
        """
        states:
          - {name: a, type: initial, on_enter: [{increment: n}]}
          - {name: b, on_enter: [welcome]}
        transitions:
          - {auto: true, source: a, dest: b, guards: [may_move]}
          - {trigger: go, source: b, dest: a}
        """,
        guards={"may_move": may_move},
        actions={"welcome": welcome},
    )

    async def create(**options: Any) -> Any:
        session = await machine.acreate("e-1", {}, **options)
        return session.current_state, session.context

    assert asyncio.run(create()) == ("b", {"n": 1})
    assert ran == []
    for options in ({}, {"thread_safe": True}, {"history": 1}):
        assert asyncio.run(create(execute_actions=True, **options)) == ("b", {"n": 1})
        assert ran.pop() == "e-1: 1"
    result = asyncio.run(machine.astart({}))
    assert (result.target_state, result.all_actions) == ("b", ("welcome",))
    assert asyncio.run(machine.astart({"n": 1})).target_state == "a"
    with pytest.raises(GuardError, match="acreate"):
        machine.create("e-1", {})
    with pytest.raises(GuardError, match="acreate"):
        machine.start({})


def test_an_async_entry_action_on_a_sync_path_is_refused_with_the_remedy() -> None:
    """S8.6: before anything ran"""

    async def hello(ctx: Any) -> None: ...

    machine = bound(
        "{states: [{name: a, type: initial, on_enter: [hello]}], transitions: []}", actions={"hello": hello}
    )
    with pytest.raises(ActionError, match="acreate"):
        machine.create(execute_actions=True)


@pytest.mark.parametrize("wrong", [{"context": {"n": "text"}}, {"initial_state": "b"}, {"context": {"_n": 1}}])
def test_what_create_raises_acreate_raises(wrong: dict[str, Any]) -> None:
    """S3.5"""
    with pytest.raises(Exception) as told:  # noqa: PT011  # whatever it is
        FAILING.create(**wrong)
    with pytest.raises(type(told.value)) as also:
        asyncio.run(FAILING.acreate(**wrong))
    assert str(also.value) == str(told.value)


def test_what_needs_no_awaiting_is_created_alike() -> None:
    """S3.5, S10.3"""
    session = asyncio.run(MACHINE.acreate("e-1", {"name": "x"}))
    other = MACHINE.create("e-1", {"name": "x"})
    assert session.snapshot() == other.snapshot()
    assert session.go().success


def test_an_entity_id_is_kept_or_made_up_once() -> None:
    """docs/generated-module.md#sessions"""
    assert MACHINE.create("order-1").entity_id == "order-1"
    session, other = MACHINE.create(), MACHINE.create()
    assert session.entity_id == session.entity_id
    assert isinstance(session.entity_id, str)
    assert session.entity_id != other.entity_id
