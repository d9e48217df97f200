"""The doors by which an event reaches a machine, so that a test can prove a rule at all of them.

A door is called as ``door(machine, state, trigger, context, payload)`` and answers the :class:`Outcome`: the result,
and the state and context that an entity has afterwards.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml as reader

from pystator_runtime import Event, TransitionHook
from support.machines import load, machine_class

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Outcome:
    """What an event did, as the caller of a door sees it."""

    result: Any
    state: str
    context: dict[str, Any]


Door = Callable[..., Outcome]


@functools.cache
def _class(yaml: str) -> Any:
    return machine_class(load(yaml))


def bound(yaml: str, *, guards: Mapping[str, Any] = NOTHING, actions: Mapping[str, Any] = NOTHING) -> Any:
    """The machine in ``yaml`` with every name bound.

    A guard that is not given holds if the context has a true value under the guard's name; an action that is not
    given does nothing.
    """
    machine = _class(yaml).unbound()
    for name in machine.chart.guards:
        machine.guard(name)(guards.get(name, lambda ctx, name=name: bool(ctx.get(name))))
    for name in machine.chart.actions:
        machine.action(name)(actions.get(name, lambda ctx: None))
    return machine


def audible(yaml: str) -> str:
    """A machine in which every state tells that it is entered and left, by actions `in_<state>` and `out_<state>`."""
    definition = reader.safe_load(textwrap.dedent(yaml))
    for state in definition["states"]:
        if state.get("type") != "choice":
            state["on_enter"] = [*state.get("on_enter", ()), f"in_{state['name']}"]
            state["on_exit"] = [*state.get("on_exit", ()), f"out_{state['name']}"]
    return json.dumps(definition)


def placed(machine: Any, state: str, context: Mapping[str, Any] = NOTHING, **options: Any) -> Any:
    """A session that rests in ``state`` with ``context``, without having entered it."""
    snapshot = {"current_state": state, "context": dict(context)}
    return machine.session_class.from_snapshot(machine, snapshot, **options)


def after(result: Any, context: Mapping[str, Any], payload: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    """The context after a step, by the law that results promise."""
    if not result.success or result.metadata.get("no_op"):
        return dict(context)
    new = {**context, **payload, **result.changes}
    return {key: value for key, value in new.items() if key not in result.removed}


def _stateless(result: Any, state: str, context: Mapping[str, Any], payload: Mapping[str, Any]) -> Outcome:
    return Outcome(result, str(result.target_state or state), after(result, context, payload))


def _process(
    machine: Any, state: str, trigger: str, context: Mapping[str, Any] = NOTHING, payload: Mapping[str, Any] = NOTHING
) -> Outcome:
    result = machine.process(state, trigger, {**context, **payload})
    return _stateless(result, state, context, payload)


def _aprocess(
    machine: Any, state: str, trigger: str, context: Mapping[str, Any] = NOTHING, payload: Mapping[str, Any] = NOTHING
) -> Outcome:
    result = asyncio.run(machine.aprocess(state, trigger, {**context, **payload}))
    return _stateless(result, state, context, payload)


Sender = Callable[[Any, str, Mapping[str, Any]], Any]


def _of_session(send: Sender, **options: Any) -> Door:
    def door(
        machine: Any,
        state: str,
        trigger: str,
        context: Mapping[str, Any] = NOTHING,
        payload: Mapping[str, Any] = NOTHING,
    ) -> Outcome:
        session = placed(machine, state, context, **options)
        result = send(session, trigger, payload)
        return Outcome(result, str(session.current_state), dict(session.context))

    return door


def _method(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return getattr(session, trigger)(**payload)


def _send(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return session.send(trigger, **payload)


def _asend(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return asyncio.run(session.asend(trigger, **payload))


def _handle(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return session.handle(Event(trigger, payload))


def _ahandle(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    return asyncio.run(session.ahandle(Event(trigger, payload)))


def _view(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    """The method of a view; where the state does not accept the trigger, and so has none, what it comes down to."""
    view = session.view()
    if hasattr(view, trigger):
        return _checked(view, trigger, getattr(view, trigger)(**payload)).result
    return view._send(trigger, payload, _views(view)).result


def _aview(session: Any, trigger: str, payload: Mapping[str, Any]) -> Any:
    view = session.view()
    return _checked(view, trigger, asyncio.run(view._asend(trigger, payload, _views(view)))).result


def _checked(before: Any, trigger: str, after: Any) -> Any:
    """The view that an event led to: of the state in which the step came to rest, and one of those promised."""
    method = getattr(before, trigger, None)
    if method is not None:
        assert type(after).__name__ in re.findall(r"\w+View\d*", method.__annotations__["return"]), (before, after)
    rests = after.result.target_state
    shown = before._shows if rests is None else getattr(rests, "parallel_state", rests)
    assert after._shows == shown, (before, after)
    return after


def _views(view: Any) -> Any:
    return sys.modules[type(view).__module__].VIEWS


DOORS: Mapping[str, Door] = {
    "process": _process,
    "aprocess": _aprocess,
    "method": _of_session(_method),
    "send": _of_session(_send),
    "asend": _of_session(_asend),
    "handle": _of_session(_handle),
    "ahandle": _of_session(_ahandle),
    "view": _of_session(_view),
    "async-view": _of_session(_aview),
    "executing-method": _of_session(_method, execute_actions=True),
    "executing-asend": _of_session(_asend, execute_actions=True),
    "watched-send": _of_session(_send, history=3, hooks=[TransitionHook()]),
    "thread-safe-method": _of_session(_method, thread_safe=True),
    "thread-safe-asend": _of_session(_asend, thread_safe=True),
    "thread-safe-view": _of_session(_view, thread_safe=True),
    "executing-async-view": _of_session(_aview, execute_actions=True),
}
"""Every door."""

DOORS_FOR_ANY_NAME = {name: door for name, door in DOORS.items() if not name.endswith("method")}
"""The doors that take a trigger which the machine does not have."""

SYNC_DOORS = {name: door for name, door in DOORS.items() if name[0] != "a" and "-a" not in name}
ASYNC_DOORS = {name: door for name, door in DOORS.items() if name not in SYNC_DOORS}
SESSION_DOORS = {name: door for name, door in DOORS.items() if "process" not in name}
