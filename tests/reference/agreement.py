"""One script of happenings led through every door and through the reference, compared after every step."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pystator_gen import codes
from pystator_runtime import Event, FSMError, Orchestrator, TransitionHook
from pystator_runtime.results import Timer
from pystator_runtime.schedulers import ManualScheduler
from pystator_runtime.step import Step, ring
from pystator_runtime.stores import InMemoryStateStore
from pystator_runtime.timers import from_text
from pystator_runtime.waiting import run
from reference.interpreter import EndlessError, Entity, Outcome
from reference.strategies import GUARDS
from reference.values import MOMENT
from support.doors import after
from support.machines import load, machine_class
from support.orchestrated import AsyncDoor, StoppedClock, SyncDoor

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
_BEGIN_MS = round(BEGIN.timestamp() * 1000)


def bound(definition: Mapping[str, Any], ran: list[str]) -> Any:
    """The compiled machine with the guards of the reference, and actions that tell in ``ran`` that they ran.

    There is none where it is refused because automatic transitions certainly never end (S7.2).
    """
    try:
        module = load(json.dumps(definition))
    except AssertionError as refused:
        if set(re.findall(r"error\[(PG\d+)\]", str(refused))) == {codes.CERTAIN_LOOP}:
            return None
        raise
    machine = machine_class(module).unbound()
    for name in machine.chart.guards:
        machine.guard(name)(GUARDS[name])
    for name in machine.chart.actions:
        machine.action(name)(lambda ctx, name=name: ran.append(name))
    return machine


def _timeless(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: MOMENT if key == "at" else value for key, value in values.items()}


def same(found: Any, wanted: Any, *place: object) -> None:
    """Found is what is wanted; else the difference is told with its place."""
    if found != wanted:
        if isinstance(found, list) and len(found) == len(wanted):
            place, (found, wanted) = _first_unequal(found, wanted, place)
        if isinstance(found, dict):
            unequal = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
            found, wanted = ({key: one.get(key) for key in unequal} for one in (found, wanted))
        raise AssertionError(f"{place}: the machine has\n{found!r}\nand the reference\n{wanted!r}")


def _first_unequal(found: list[Any], wanted: list[Any], place: tuple[object, ...]) -> tuple[Any, Any]:
    number = next(number for number, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1])
    return (*place, f"result {number}"), (found[number], wanted[number])


def _timers(timers: Iterable[Timer]) -> set[tuple[str, str, int]]:
    found = list(timers)
    assert len(set(found)) == len(found)
    return {(timer.source, timer.trigger, timer.delay) for timer in found}


def told(result: Any) -> dict[str, Any]:
    """What a result says, in the words of the reference."""
    assert result.success is (result.error is None)
    return {
        "error": type(result.error).__name__ if result.error is not None else None,
        "reason": result.metadata.get("reason"),
        "no_op": bool(result.metadata.get("no_op")),
        "target": None if result.target_state is None else str(result.target_state),
        "actions": list(result.all_actions),
        "history_updates": dict(result.history_updates),
        "armed": _timers(result.armed),
        "disarmed": _timers(result.disarmed),
        "guard_raised": bool(result.metadata.get("guard_errors")),
    }


def expected(outcome: Outcome) -> dict[str, Any]:
    return {
        "error": outcome.error,
        "reason": outcome.reason,
        "no_op": outcome.no_op,
        "target": None if outcome.error else outcome.state,
        "actions": outcome.actions,
        "history_updates": outcome.history_updates,
        "armed": set(outcome.armed),
        "disarmed": set(outcome.disarmed),
        "guard_raised": outcome.guard_raised,
    }


class Stateless:
    """An entity whose caller keeps state, context and history by hand; only timers need more than `process()`."""

    def __init__(self, machine: Any, started: Any, context: Mapping[str, Any], *, is_async: bool) -> None:
        self.machine, self.is_async = machine, is_async
        self.at, self.context, self.history = None, dict(context), {}
        self._keep(started, {})

    @property
    def state(self) -> str:
        return str(self.at)

    def send(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        seen, history = {**self.context, **payload}, self.history
        given = copy.deepcopy((seen, history))
        if self.is_async:
            result = asyncio.run(self.machine.aprocess(self.at, trigger, seen, history=history))
        else:
            result = self.machine.process(self.state, trigger, seen, history=history)
        if ":" in self.state:
            self._compare_process_parallel(trigger, seen, result)
        assert (seen, history) == given  # it is pure
        return self._keep(result, payload)

    def ring(self, timer: tuple[str, str, int]) -> Any:
        machine, event = self.machine, Event(timer[1])
        row = machine.row_of(self.state)
        step = Step(machine.chart, machine.guard_registry, row, event, self.context, history=self.history)
        return self._keep(run(ring(step, Timer(*timer))), {})

    def _compare_process_parallel(self, trigger: str, seen: Mapping[str, Any], result: Any) -> None:
        """It is the same procedure (S6.8); where all parallel states are left, the config stays the one that was."""
        config, other = self.machine.process_parallel(self.at, trigger, seen, history=self.history)
        same(told(other), told(result), "process_parallel")
        rests = self.state if result.target_state is None else str(result.target_state)
        same(str(config), rests if ":" in rests else self.state, "process_parallel", "config")

    def _keep(self, result: Any, payload: Mapping[str, Any]) -> Any:
        self.context = after(result, self.context, payload)
        self.history = {**self.history, **result.history_updates}
        self.at = self.at if result.target_state is None else result.target_state
        return result


class InSession:
    """An entity in a session, and its clock."""

    def __init__(self, session: Any, *, is_async: bool = False, restored: bool = False) -> None:
        self.machine, self.session = session._machine, session
        self.is_async, self.restored = is_async, restored
        self.scheduler = ManualScheduler(BEGIN)
        self.scheduler.attach(session)

    @property
    def kept(self) -> list[Any]:
        return self.session.history

    def send(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        if self.is_async:
            return asyncio.run(self.session.ahandle(Event(trigger, payload)))
        method = getattr(self.session, "send", None)
        return self.session.handle(Event(trigger, payload)) if method is None else method(trigger, **payload)

    def advance(self, span: int) -> list[Any]:
        return asyncio.run(self.scheduler.aadvance(span)) if self.is_async else self.scheduler.advance(span)

    def restore(self) -> None:
        """Take a snapshot through JSON, and go on with what comes back from it (S9.5)."""
        snapshot = self.session.snapshot()
        data = json.loads(json.dumps(snapshot))
        assert data == snapshot
        self.session = self.machine.session_class.from_snapshot(self.machine, data)
        assert self.session.snapshot() == snapshot
        self.scheduler = ManualScheduler(self.scheduler.now)
        self.scheduler.attach(self.session)
        assert self.session.snapshot() == snapshot

    def check(self, entity: Entity, *place: object) -> None:
        session, snapshot, chart = self.session, self.session.snapshot(), entity.definition
        same(str(session.current_state), entity.state, *place, "state")
        same(_timeless(session.context), entity.context, *place, "context")
        same(snapshot["history"], entity.history, *place, "history")
        active = {name for name in chart.states if getattr(session, f"is_{name}")}
        same(active, chart.states.keys() & set(chart.tree.active(entity.state)), *place, "active")
        same(session.is_final, chart.is_final(entity.state), *place, "final")
        due = {(t["source"], t["trigger"], t["delay"]): from_text(t["due"]) - _BEGIN_MS for t in snapshot["timers"]}
        same(due, entity.due, *place, "due")
        same(self.scheduler.now, BEGIN + timedelta(milliseconds=entity.now), *place, "now")


class Results(TransitionHook):
    """Keeps the results of all events and timers."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def after(self, entity_id: str, result: Any, context: Any) -> None:
        self.kept.append(result)


class InStore:
    """An entity in a store, and its clock; each restoration is another process that serves it.

    It comes into being when the clock is first told to go on, for timers without delay fire at once then.
    """

    def __init__(
        self,
        machine: Any,
        context: Mapping[str, Any],
        begun: Outcome,
        ran: list[str],
        *,
        is_async: bool = False,
        restored: bool = False,
    ) -> None:
        self.machine, self.context, self.begun, self.ran = machine, context, begun, ran
        self.restored = restored
        self.store, self.clock, self.hook = InMemoryStateStore(), StoppedClock(_BEGIN_MS), Results()
        self.door = AsyncDoor if is_async else SyncDoor
        self.restore()

    @property
    def kept(self) -> list[Any]:
        return self.hook.kept

    def restore(self) -> None:
        self.orchestrator = Orchestrator(self.machine, self.store, scheduler=self.clock, hooks=[self.hook])

    def create(self) -> list[Any]:
        """Come into being; the results are those of timers without delay."""
        actions = self.begun.actions
        self.door.create(self.orchestrator, "e", self.context)
        same(self.ran[: len(actions)], actions, "create", "stored", "actions that ran")
        del self.ran[: len(actions)]
        return list(self.kept)

    def send(self, trigger: str, payload: Mapping[str, Any]) -> Any:
        return self.door.send(self.orchestrator, "e", trigger, payload)

    def advance(self, span: int) -> list[Any]:
        """Let time pass, and fire what comes due at its moment."""
        if self.store.count_by_state(self.machine.name) == {}:
            return self.create()
        end, fired = self.clock.now + span, list[Any]()
        while (due := self.store.next_due(self.machine.name)[0]) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            fired += self.door.run_due(self.orchestrator)
        self.clock.now = end
        return fired

    def check(self, entity: Entity, *place: object) -> None:
        stored = self.door.get(self.orchestrator, "e")
        same(str(stored.state), entity.state, *place, "state")
        same(_timeless(stored.context), entity.context, *place, "context")
        same(dict(stored.history), entity.history, *place, "history")
        due = {(t.source, t.trigger, t.delay): round(at.timestamp() * 1000) for t, at in stored.timers.items()}
        same({timer: at - _BEGIN_MS for timer, at in due.items()}, entity.due, *place, "due")
        same(self.clock.now - _BEGIN_MS, entity.now, *place, "now")


def agree(
    definition: Mapping[str, Any],
    context: Mapping[str, Any],
    script: Iterable[tuple[Any, ...]],
    initial_state: str | None = None,
) -> int | None:
    """Lead an entity through ``script`` everywhere; how many steps were compared. None if there is no machine.

    Raises:
        AssertionError: A door and the reference do not agree.
    """
    ran: list[str] = []
    machine = bound(definition, ran)
    if machine is None:
        return None
    entity, given = Entity(definition, GUARDS), copy.deepcopy(context)
    begun = entity.start(context, initial_state)
    if initial_state is None:
        started = machine.start(context)
    else:
        started = run(machine._enter(machine.row_of(initial_state), context, None))
    same(told(started), expected(begun), "start")

    def create(**options: Any) -> Any:
        return machine.create(context=context, initial_state=initial_state, **options)

    if begun.error is not None:
        with pytest.raises(FSMError) as caught:
            create()
        same(type(caught.value).__name__, begun.error, "create")
        if initial_state is None:
            _is_not_stored(InStore(machine, context, begun, ran))
        return 1
    stateless = {
        "process": Stateless(machine, started, context, is_async=False),
        "aprocess": Stateless(machine, started, context, is_async=True),
    }
    walkers: dict[str, InSession | InStore] = {
        "send": InSession(create()),
        "asend": InSession(create(), is_async=True),
        "watched": InSession(create(history=1000)),
        "restored": InSession(create(), restored=True),
        "executing": InSession(create(execute_actions=True, thread_safe=True)),
    }
    same(ran, begun.actions, "create", "actions that ran")
    if initial_state is None:  # an orchestrator knows no other
        walkers["stored"] = InStore(machine, context, begun, ran, restored=True)
        walkers["astored"] = InStore(machine, context, begun, ran, is_async=True)
    compared = 1
    try:
        for number, happening in enumerate([("advance", 0), *script]):
            compared += _step(entity, stateless, walkers, happening, ran, f"{number}: {happening}")
    except EndlessError:
        pass  # how far the machine gets is nowhere said
    same(context, given, "the caller's context")
    return compared


def _is_not_stored(walker: InStore) -> None:
    """An entity whose entry fails is not stored (S3.5)."""
    with pytest.raises(FSMError) as caught:
        walker.create()
    same(type(caught.value).__name__, walker.begun.error, "create", "stored")
    assert walker.orchestrator.find() == []


def _step(
    entity: Entity,
    stateless: Mapping[str, Stateless],
    walkers: Mapping[str, InSession | InStore],
    happening: tuple[Any, ...],
    ran: list[str],
    place: str,
) -> int:
    """One happening everywhere; a sender is told its own event's result, timers without delay fire after it."""
    kind, *rest = happening
    before = len(entity.rung)
    outcomes = {"send": entity.send, "advance": entity.advance}[kind](*rest) if kind != "restore" else []
    wanted = [expected(outcome) for outcome in outcomes]
    actions = [name for outcome in outcomes for name in outcome.actions]
    for door, walk in stateless.items():
        results = [walk.send(*rest)] if kind == "send" else []
        results += [walk.ring(timer) for timer in entity.rung[before:]]
        same([told(result) for result in results], wanted, place, door)
        same(walk.state, entity.state, place, door, "state")
        same(_timeless(walk.context), entity.context, place, door, "context")
        same(walk.history, entity.history, place, door, "history")
    for door, walker in walkers.items():
        ran.clear()
        kept = len(walker.kept)
        if walker.restored or (kind == "restore" and door in ("send", "asend", "astored")):
            walker.restore()
        if kind == "send":
            same(told(walker.send(*rest)), wanted[0], place, door)
        elif kind == "advance":
            same([told(result) for result in walker.advance(*rest)], wanted, place, door)
        if door in ("watched", "stored", "astored"):
            same([told(result) for result in walker.kept[kept:]], wanted, place, door, "results kept")
        runs = door in ("executing", "stored", "astored")
        same(ran, actions if runs else [], place, door, "actions that ran")
        walker.check(entity, place, door)
    return max(len(outcomes), 1)
