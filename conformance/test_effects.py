"""Effects, actions and the context (S8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from conformance.rows import row
from conformance.sides import STATES, both, interpreted, meta, one
from pystator_runtime import ActionError, ConfigurationError
from support.machines import load


def _sent(machine: Any, trigger: str = "go", /, *, context: dict[str, Any] | None = None, **payload: Any) -> Any:
    """A session that runs actions, after an event that was taken."""
    session = machine.create(context=context, execute_actions=True)
    assert session.send(trigger, **payload).success
    return session


@row("effects (`set`, `increment`, …)")
def test_effects_need_execute_actions_only_there() -> None:
    """S8.2."""
    machines = both(one(", actions: [{increment: n}]"))
    for machine, context in ((machines.pystator, {}), (machines.ours, {"n": 1})):
        idle = machine.create()
        idle.send("go")
        assert idle.context == context
        assert _sent(machine).context["n"] == 1


@row("an effect that fails")
def test_an_effect_that_fails_leaves_the_state_changed_there_and_nothing_here() -> None:
    """S8.2."""
    machines = both(one(", actions: [{increment: n}]"))
    session = machines.pystator.create(context={"n": "x"}, execute_actions=True)
    assert session.send("go").success
    assert session.current_state == "b"
    session = machines.ours.create(context={"n": "x"}, execute_actions=True)
    assert type(session.send("go").error) is ActionError
    assert session.current_state == "a"


@row("the payload of a successful event")
def test_payloads_stay_in_the_context_only_here() -> None:
    """S8.3."""
    machines = both(one())
    for machine, context in ((machines.pystator, {}), (machines.ours, {"qty": 3})):
        session = machine.create()
        session.send("go", qty=3)
        assert session.context == context


@row("creating a session")
def test_creating_enters_the_initial_state_only_here() -> None:
    """S3.5, S10.3."""
    machines = both(
        "states: [{name: a, type: initial, on_enter: [{set: {n: 1}}]}]\ntransitions: []\n"
        "state_variables: [{key: q, type: integer, default: 7}, n]\n"
    )
    assert machines.pystator.create(execute_actions=True).context == {}
    assert machines.ours.create(execute_actions=True).context == {"q": 7, "n": 1}


@row("`when` of an action")
def test_when_is_asked_at_the_run_there_and_with_the_decision_here() -> None:
    """S8.5."""
    machines = both(one(', actions: [{name: x, when: "n > 1"}]'))
    assert machines.pystator.process("a", "go", {"n": 0}).all_actions == ("x",)
    assert machines.ours.process("a", "go", {"n": 0}).all_actions == ()


@row("`params` of an action")
def test_params_reach_keyword_only_parameters_there_and_any_here() -> None:
    """S8.5."""
    for function, fits in (
        (lambda ctx: None, False),
        (lambda ctx, p: None, False),
        (lambda ctx, *, p: None, True),
        (lambda ctx, **params: None, True),
    ):
        machines = both(one(", actions: [{name: x, params: {p: 1}}]"), actions={"x": function})
        (there,) = machines.pystator.create(execute_actions=True).send("go").metadata["action_results"]
        assert there["success"] is fits
        assert machines.ours.create(execute_actions=True).send("go").execution.all_succeeded


@row("an action without a function")
def test_a_missing_action_is_skipped_there_and_found_when_the_session_is_made_here() -> None:
    """S5.4."""
    text = one(", actions: [x]")
    (outcome,) = interpreted(text).create(execute_actions=True).send("go").metadata["action_results"]
    assert outcome["success"]
    assert outcome["skipped"]
    with pytest.raises(ConfigurationError, match="x"):
        load(meta() + text).MachineMachine.unbound().create(execute_actions=True)


@row("an async action in a sync session")
def test_an_async_action_on_a_sync_path_fails_there_and_stops_the_step_here() -> None:
    """S5.5."""

    async def slow(ctx: Any) -> None: ...

    machines = both(one(", actions: [x]"), actions={"x": slow})
    session = machines.pystator.create(execute_actions=True)
    (outcome,) = session.send("go").metadata["action_results"]
    assert not outcome["success"]
    assert session.current_state == "b"
    session = machines.ours.create(execute_actions=True)
    with pytest.raises(ActionError):
        session.send("go")
    assert session.current_state == "a"


@row("`retry` of an action")
def test_an_action_is_tried_again_by_a_session_only_there() -> None:
    """S8.6."""
    calls: list[str] = []

    def fails(ctx: Any) -> None:
        calls.append("x")
        raise ConnectionError

    machines = both(one(", actions: [{name: x, retry: 2, retry_backoff: 0}]"), actions={"x": fails})
    _sent(machines.pystator)
    assert len(calls) == 3
    _sent(machines.ours)
    assert len(calls) == 4


@row("what an action writes to `ctx`")
def test_actions_share_their_context_only_there() -> None:
    """S8.1."""
    seen: list[object] = []
    functions = {"x": lambda ctx: ctx.update(q=1), "y": lambda ctx: seen.append(ctx.get("q"))}
    machines = both(one(", actions: [x, y]"), actions=functions)
    assert _sent(machines.pystator).context == {"q": 1, "new_status": "b"}
    assert _sent(machines.ours).context == {"q": 1}
    assert seen == [1, None]


@row("a list in `set`")
def test_a_list_in_the_yaml_belongs_to_all_entities_only_there() -> None:
    """S8.9."""
    machines = both(
        STATES + "transitions:\n  - {trigger: go, source: a, dest: b, actions: [{set: {items: []}}]}\n"
        "  - {trigger: add, source: b, dest: c, actions: [{append: {field: items, value: 1}}]}\n"
    )
    for machine, items in ((machines.pystator, [1]), (machines.ours, [])):
        _sent(machine).send("add")
        assert _sent(machine).context["items"] == items


@row("`clear` in a session")
def test_clear_clears_a_key_only_here() -> None:
    """S8.2."""
    machines = both(one(", actions: [{clear: n}]"))
    assert _sent(machines.pystator, context={"n": 1}).context["n"] == 1
    assert _sent(machines.ours, context={"n": 1}).context == {}


@row("`append` to a list that the caller has passed")
def test_append_changes_the_callers_list_only_there() -> None:
    """S8.2."""
    machines = both(one(", actions: [{append: {field: items, value: 1}}]"))
    for machine, left in ((machines.pystator, [1]), (machines.ours, [])):
        items: list[int] = []
        assert _sent(machine, context={"items": items}).context["items"] == [1]
        assert items == left


@row("`timestamp` into a `datetime` variable")
def test_a_timestamp_is_a_datetime_where_it_is_declared_only_here() -> None:
    """S8.2."""
    machines = both(one(", actions: [{timestamp: at}]", "state_variables: [{key: at, type: datetime}]\n"))
    assert isinstance(_sent(machines.pystator).context["at"], str)
    assert isinstance(_sent(machines.ours).context["at"], datetime)


@row("an action sends an event to its own session")
def test_an_action_that_sends_deadlocks_there_and_is_queued_here() -> None:
    """S8.8."""
    machines = both(one(", actions: [x]", "  - {trigger: next, source: b, dest: c}\n"))
    free: list[bool] = []
    there = machines.pystator.create(execute_actions=True)
    machines.pystator.action("x")(lambda ctx: free.append(there._lock.acquire(blocking=False)))
    there.send("go")
    assert free == [False]  # a send begins with waiting for it
    here: Any = None
    queued: list[Any] = []
    machines = both(
        one(", actions: [x]", "  - {trigger: next, source: b, dest: c}\n"),
        actions={"x": lambda ctx: queued.append(here.send("next").metadata["queued"])},
    )
    here = machines.ours.create(execute_actions=True)
    here.send("go")
    assert queued == [True]
    assert here.current_state == "c"
