"""Random machines behave as a trivial second implementation says, at every door (S preamble, S2, S3, S5, S7, S8)."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pystator_runtime import Event, FSMError
from support import reference
from support.doors import after
from support.machines import load, machine_class
from support.random_machines import ACTIONS, GUARDS, contexts, machines, scripts


def bound(definition: Any, ran: list[str]) -> Any:
    machine = machine_class(load(json.dumps(definition))).unbound()

    def guard(name: str) -> Any:
        def asked(ctx: Any) -> bool:
            if ctx.get(name) == "raise":
                raise RuntimeError("cannot tell")
            return bool(ctx.get(name))

        return asked

    for name in GUARDS:
        if name in machine.chart.guards:
            machine.guard(name)(guard(name))
    for name in ACTIONS:
        if name in machine.chart.actions:
            machine.action(name)(lambda ctx, name=name: ran.append(name))
    return machine


class Stateless:
    """An entity whose caller keeps its state, as `process()` wants it."""

    def __init__(self, process: Any, start: Any, context: dict[str, Any]) -> None:
        self.process = process
        result = start(context).raise_if_failed()
        self.state, self.context = result.target_state, after(result, context)

    def send(self, trigger: str, payload: dict[str, Any]) -> Any:
        given = copy.deepcopy(self.context)
        result = self.process(self.state, trigger, {**self.context, **payload})
        assert self.context == given
        self.context = after(result, self.context, payload)
        self.state = result.target_state or self.state
        return result


class InSession:
    """An entity in a session."""

    def __init__(self, session: Any, send: Any) -> None:
        self.session = session
        self._send = send

    def send(self, trigger: str, payload: dict[str, Any]) -> Any:
        return self._send(self.session, trigger, payload)

    @property
    def state(self) -> str:
        return str(self.session.current_state)

    @property
    def context(self) -> dict[str, Any]:
        return dict(self.session.context)


def asend(session: Any, trigger: str, payload: dict[str, Any]) -> Any:
    return asyncio.run(session.ahandle(Event(trigger, payload)))


def send(session: Any, trigger: str, payload: dict[str, Any]) -> Any:
    method = getattr(session, trigger, None)
    return method(**payload) if method else session.handle(Event(trigger, payload))


def entities(machine: Any, context: dict[str, Any]) -> dict[str, Any]:
    """The same new entity behind every door."""

    def aprocess(*event: Any) -> Any:
        return asyncio.run(machine.aprocess(*event))

    return {
        "process": Stateless(machine.process, machine.start, context),
        "aprocess": Stateless(aprocess, machine.start, context),
        "send": InSession(machine.create(context=context), send),
        "asend": InSession(machine.create(context=context), asend),
        "executing": InSession(machine.create(context=context, execute_actions=True), send),
        "thread-safe": InSession(machine.create(context=context, thread_safe=True, history=1), send),
    }


def outcome(result: Any, entity: Any) -> reference.Outcome:
    """A result in the terms of the reference."""
    error = type(result.error).__name__ if result.error is not None else None
    no_op = bool(result.metadata.get("no_op"))
    return reference.Outcome(entity.state, entity.context, error, list(result.all_actions), no_op)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(), contexts, scripts)
def test_every_door_answers_what_the_reference_says(
    definition: Any, context: dict[str, Any], script: list[tuple[str, dict[str, Any]]]
) -> None:
    """S preamble"""
    ran: list[str] = []
    machine = bound(definition, ran)
    started = reference.start(definition, context)
    if started.error is not None:
        assert type(machine.start(context).error).__name__ == started.error
        with pytest.raises(FSMError) as caught:
            machine.create(context=context)
        assert type(caught.value).__name__ == started.error
        return
    found = entities(machine, context)
    for entity in found.values():
        assert (entity.state, entity.context) == (started.state, started.context)
    assert ran == started.actions
    expected = started
    for trigger, payload in script:
        before, was = expected.context, expected.state
        expected = reference.fire(definition, was, trigger, {**before, **payload})
        if expected.error is not None or expected.is_no_op:
            expected.context = before
        for door, entity in found.items():
            ran.clear()
            assert outcome(entity.send(trigger, payload), entity) == expected, (door, trigger, was)
            assert ran == (expected.actions if door == "executing" else [])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(), contexts, scripts)
def test_a_session_that_is_restored_after_every_event_goes_the_same_way(
    definition: Any, context: dict[str, Any], script: list[tuple[str, dict[str, Any]]]
) -> None:
    """docs/generated-module.md#snapshots: a snapshot is complete"""
    machine = bound(definition, [])
    if reference.start(definition, context).error is not None:
        return
    session = machine.create(context=context)
    restored = machine.session_class.from_snapshot(machine, session.snapshot())
    for trigger, payload in script:
        result = session.handle(Event(trigger, payload))
        again = restored.handle(Event(trigger, payload))
        assert repr(again) == repr(result)
        assert again.all_actions == result.all_actions
        assert restored.snapshot() == session.snapshot()
        data = json.loads(json.dumps(restored.snapshot()))
        restored = machine.session_class.from_snapshot(machine, data)
