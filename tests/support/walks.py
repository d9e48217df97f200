"""Walks: one entity led through several events by one door, with all that a caller has to carry along.

What is promised of every step is checked at every step, whatever the test is about: the law of results (context,
history, timers), the chain of single transitions, and what a session says about itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from pystator_gen import naming
from pystator_runtime import Event, ParallelStateConfig, TransitionHook
from support.doors import NOTHING, after


def parents(definition: Mapping[str, Any]) -> dict[str, str | None]:
    """The state around each state of a machine; what a region lists lies in its parallel state."""
    states = definition["states"]
    found: dict[str, str | None] = {state["name"]: state.get("parent") for state in states}
    for state in states:
        for region in state.get("regions", ()):
            for name in (region["initial"], *region.get("states", ())):
                found[name] = found[name] or state["name"]
    return found


def active(state: str, parents: Mapping[str, str | None]) -> list[str]:
    """All states that are active in ``state``, a leaf or a written configuration."""
    if ":" not in state:
        return _outward(state, parents)
    config = ParallelStateConfig.from_string(state)
    around = _outward(config.parallel_state, parents)
    inside = (name for part in config.region_states.values() for name in active(str(part), parents))
    return [*(name for name in inside if name not in around), *around]


def _outward(state: str, parents: Mapping[str, str | None]) -> list[str]:
    found = [state]
    while (parent := parents[found[-1]]) is not None:
        found.append(parent)
    return found


class Walk:
    """An entity on its way: ``state``, ``context``, what its compound states recorded, and its timers."""

    def __init__(self, machine: Any, state: str | None, context: Mapping[str, Any]) -> None:
        self.machine = machine
        self.parents = parents(machine.definition)
        self.context = dict(context)
        self.history: dict[str, Any] = {}
        self.timers: set[Any] = set()
        self.result: Any = None
        if state is None:
            self._keep(machine.start(context).raise_if_failed(), {})
        else:
            row = machine.chart.row(state)
            self.state, self.timers = str(row.state), set(row.delayed)

    def fire(self, trigger: str, **payload: Any) -> Any:
        """Send an event; its result."""
        before = self.state
        result = self._fire(trigger, payload)
        assert str(result.source_state) == before
        self._keep(result, payload)
        self._check()
        return result

    def go(self, *triggers: str) -> str:
        """Send events that have to succeed; the state after them."""
        for trigger in triggers:
            self.fire(trigger).raise_if_failed()
        return self.state

    def did(self, trigger: str, **payload: Any) -> list[str]:
        """Send an event that has to succeed; the names of the actions planned."""
        return list(self.fire(trigger, **payload).raise_if_failed().all_actions)

    @property
    def active(self) -> list[str]:
        """The active states, from the leaf outward; of a parallel state its regions first, by their names."""
        return active(self.state, self.parents)

    def at(self, region: str) -> str:
        """What is active in a region of the outermost parallel state, as it is written."""
        return str(ParallelStateConfig.from_string(self.state)[region])

    def _fire(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def _check(self) -> None:
        """Compare with what is kept elsewhere."""

    def _keep(self, result: Any, payload: Mapping[str, Any]) -> None:
        self.result = result
        self.context = after(result, self.context, payload)
        if not result.success:
            assert (result.target_state, result.steps, result.history_updates) == (None, (), {})
            assert (result.armed, result.disarmed, result.changes, result.removed) == ((), (), {}, ())
            return
        if result.metadata.get("no_op"):
            return
        ends = [step.target_state for step in result.steps]
        if ":" not in f"{result.source_state}{result.target_state}":  # else they are of one region each
            assert [step.source_state for step in result.steps[1:]] == ends[:-1]
            assert ends[-1] == result.target_state
        assert str(ends[-1]) in str(result.target_state)
        assert not set(result.armed) & set(result.disarmed)
        self.state = str(result.target_state)
        self.history = json.loads(json.dumps({**self.history, **result.history_updates}))
        self.timers = (self.timers - set(result.disarmed)) | set(result.armed)
        assert {timer.source for timer in self.timers} <= set(self.active)


class _Stateless(Walk):
    """`process` and `aprocess`, with the history that their caller keeps (S4.3)."""

    is_async = False

    def _fire(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        seen, history = {**self.context, **payload}, dict(self.history)
        if self.is_async:
            result = asyncio.run(self.machine.aprocess(self.state, trigger, seen, history=history))
        else:
            result = self.machine.process(self.state, trigger, seen, history=history)
        assert (seen, history) == ({**self.context, **payload}, self.history)  # it is pure
        return result


class _StatelessAsync(_Stateless):
    is_async = True


class _OfSession(Walk):
    """A session; ``send`` is how it is sent an event."""

    restored = False

    def __init__(self, machine: Any, state: str | None, context: Mapping[str, Any], send: Any, **options: Any) -> None:
        self.options = options
        self.send = send
        super().__init__(machine, state, context)
        if state is None:
            self.session = machine.create("walker", context, **options)
        else:
            snapshot = {"current_state": state, "context": dict(context), "entity_id": "walker"}
            self.session = machine.session_class.from_snapshot(machine, snapshot, **options)
        self._check()

    def _fire(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        if self.restored:
            self.session = self._again()
        result = self.send(self.session, trigger, payload)
        if self.options.get("execute_actions") and result.all_actions:
            outcomes = [outcome.action_name for outcome in result.execution.action_results]
            assert outcomes == list(result.all_actions)
        return result

    def _again(self) -> Any:
        """The session as it comes back from a snapshot."""
        snapshot = json.loads(json.dumps(self.session.snapshot()))
        again = self.machine.session_class.from_snapshot(self.machine, snapshot, **self.options)
        assert again.snapshot() == snapshot
        return again

    def _check(self) -> None:
        session, machine = self.session, self.machine
        snapshot = session.snapshot()
        assert str(session.current_state) == self.state
        assert session.context == self.context
        assert snapshot["history"] == self.history
        assert {(t["source"], t["trigger"], t["delay"]) for t in snapshot["timers"]} == {
            (timer.source, timer.trigger, timer.delay) for timer in self.timers
        }
        asked = {name: getattr(session, naming.state_property(name)) for name in self.parents}
        found = self.active
        assert asked == {name: name in found for name in self.parents}
        assert session.allowed_triggers == machine.get_available_triggers(self.state)
        assert session.is_final is machine.is_terminal(self.state)


class _Restored(_OfSession):
    restored = True


def _method(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    method = getattr(session, trigger, None)  # what is no trigger has none, and still may be sent
    return session.send(trigger, **payload) if method is None else method(**payload)


def _send(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return session.send(trigger, **payload)


def _asend(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return asyncio.run(session.asend(trigger, **payload))


def _handle(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return session.handle(Event(trigger, payload))


def _ahandle(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return asyncio.run(session.ahandle(Event(trigger, payload)))


Walker = Callable[..., Walk]
"""Called as ``walk(machine, state=None, context={})``: the entity comes into being, or is put where ``state`` says."""


def _by(kind: type[Walk], *arguments: Any, **options: Any) -> Walker:
    def walk(machine: Any, state: str | None = None, context: Mapping[str, Any] = NOTHING) -> Walk:
        return kind(machine, state, context, *arguments, **options)

    return walk


WALKS: Mapping[str, Walker] = {
    "process": _by(_Stateless),
    "aprocess": _by(_StatelessAsync),
    "method": _by(_OfSession, _method),
    "send": _by(_OfSession, _send),
    "asend": _by(_OfSession, _asend),
    "handle": _by(_OfSession, _handle),
    "ahandle": _by(_OfSession, _ahandle),
    "executing-method": _by(_OfSession, _method, execute_actions=True),
    "executing-asend": _by(_OfSession, _asend, execute_actions=True),
    "watched-send": _by(_OfSession, _send, history=3, hooks=[TransitionHook()]),
    "thread-safe-method": _by(_OfSession, _method, thread_safe=True),
    "thread-safe-asend": _by(_OfSession, _asend, thread_safe=True),
    "restored-method": _by(_Restored, _method),
    "restored-asend": _by(_Restored, _asend),
}
"""Every door, and sessions that come back from a snapshot before each event."""
