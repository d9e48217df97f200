"""Whole steps: what happens to an event that needs more than a look at the context (`S8`).

Everything here is a :mod:`procedure <pystator_runtime.waiting>`, so that sync and async senders share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pystator_runtime.errors import ActionError, GuardError, StaleViewError
from pystator_runtime.events import Event
from pystator_runtime.executor import ActionContext, perform
from pystator_runtime.logs import warn
from pystator_runtime.results import NOTHING, Timer, TransitionResult
from pystator_runtime.rows import Row, Transition
from pystator_runtime.session_options import SessionOptions
from pystator_runtime.step import START_TRIGGER, Step, complete, decide, enter, ring
from pystator_runtime.timers import Alarm, Milliseconds, Timers
from pystator_runtime.turns import Turn, Turns
from pystator_runtime.waiting import Procedure, arun, run

CLOSED: Mapping[str, Any] = {}
_NOTHING_RECORDED: Any = NOTHING  # of machines that never record anything; it can't be written to by mistake


class SessionState:
    """Where an entity stands: its row and context, what compound states recorded, and when its timers are due.

    ``due`` is ``None`` where that is not known, as in PyStator's snapshots: what waits in this state then begins to.
    """

    __slots__ = ("context", "due", "history", "row")

    def __init__(
        self,
        row: Row[Any],
        context: dict[str, Any],
        history: Mapping[str, Any],
        due: Mapping[Timer, Milliseconds] | None,
    ) -> None:
        self.row = row
        self.context = context
        self.history = history
        self.due = due


class SteppingEntity:
    """An entity's state and context, and the one way to change them: decide, commit, act.

    ``_certain`` are the events that need no more than a move to another row; it is ``CLOSED`` while a step runs, and
    for good in a session that is watched.
    """

    __slots__ = (
        "__weakref__",
        "_certain",
        "_context",
        "_entity_id",
        "_machine",
        "_options",
        "_recorded",
        "_row",
        "_timers",
        "_turns",
    )

    _machine: Any
    _row: Row[Any]
    _context: dict[str, Any]
    _entity_id: str | None
    _options: SessionOptions
    _certain: Mapping[str, Any]
    _turns: Turns | None
    _recorded: dict[str, Any]  # what compound states recorded as they were left (`S4.1`)
    _timers: Timers | None  # none as long as none was ever armed

    def _place(
        self,
        machine: Any,
        row: Row[Any],
        entity_id: str | None,
        context: dict[str, Any],
        options: SessionOptions,
        thread_safe: bool,
    ) -> None:
        """Put the entity where it is, with no side effect. ``context`` becomes its own."""
        machine.check_in(actions=options.execute_actions)
        self._machine = machine
        self._row = row
        self._entity_id = entity_id
        self._context = context
        self._options = options
        self._turns = Turns(thread_safe=True) if thread_safe else None
        self._recorded = {} if machine.chart.remembers else _NOTHING_RECORDED
        self._timers = None
        self._certain = CLOSED if thread_safe or options.watched else row.certain

    def _open(self) -> None:
        """Open the quick way, unless something is to be done for each event beside moving."""
        turns = self._turns
        closed = self._options.watched or (turns is not None and (turns.thread_safe or bool(turns.queue)))
        self._certain = CLOSED if closed else self._row.certain

    def _own_turns(self) -> Turns:
        if self._turns is None:
            self._turns = Turns(thread_safe=False)
        return self._turns

    def _apply(
        self, transition: Transition[Any], trigger: str, payload: Mapping[str, Any], context: dict[str, Any]
    ) -> TransitionResult[Any]:
        """Take a quick transition that is more than a move: nobody can send anything meanwhile."""
        result, row = transition.outcome, transition.row
        if result is None:
            machine, event = self._machine, Event(trigger, payload)
            chart, guards, now = machine.chart, machine.guard_registry, self._now()
            step = Step(chart, guards, self._row, event, context, history=self._recorded, now=now)
            result, row = run(complete(step, transition)), step.row
            if result.error is not None:
                return result.raise_if_failed() if self._options.strict else result
            context = context if step.working is None else step.working.values
        self._row = row
        self._certain = row.certain
        self._context = context
        self._keep(result)
        if self._timers is not None and self._timers.at_once:
            self._ring_at_once()
        return result

    def _keep(self, result: TransitionResult[Any]) -> None:
        """Keep what a step says about history and timers."""
        if result.history_updates:
            self._recorded = {**self._recorded, **result.history_updates}
        if result.armed or result.disarmed:
            if self._timers is None:
                self._timers = Timers()
            self._timers.change(result.armed, result.disarmed)

    def _take_turn(self, trigger: str, payload: Mapping[str, Any], shown: str | None = None) -> TransitionResult[Any]:
        """Run a whole step when it is the sender's turn (`S8.8`); ``shown`` is the state that a view has sent it in."""
        turns = self._own_turns()
        turn = turns.entered()
        if turn is not None or turns.blocked():
            return self._sent_from_inside(turn, trigger, payload, shown)
        turn = turns.begin()
        try:
            result = run(self._run_to_completion(turn, trigger, payload, shown=shown))
        finally:
            turns.end(turn)
        if self._timers is not None and self._timers.at_once:
            self._ring_at_once()
        return result.raise_if_failed() if self._options.strict else result

    async def _atake_turn(
        self, trigger: str, payload: Mapping[str, Any], shown: str | None = None
    ) -> TransitionResult[Any]:
        turns = self._own_turns()
        turn = turns.entered()
        if turn is not None:
            return self._sent_from_inside(turn, trigger, payload, shown)
        async with turns.ataken() as turn:
            result = await arun(self._run_to_completion(turn, trigger, payload, shown=shown))
        if self._timers is not None and self._timers.at_once:
            await self._aring_at_once()
        return result.raise_if_failed() if self._options.strict else result

    def _sent_from_inside(
        self, turn: Turn | None, trigger: str, payload: Mapping[str, Any], shown: str | None
    ) -> TransitionResult[Any]:
        """Queue an event that an action sends; refuse one that a guard sends (`S8.8`)."""
        trigger = str(trigger)
        if turn is not None and turn.deciding:
            raise GuardError(f"a guard sent {trigger!r} to its own entity: guards only look, send from an action")
        state = self._standing_in(shown).state
        self._own_turns().queue.append((trigger, dict(payload), shown))
        return TransitionResult(state, state, trigger, metadata={"queued": True})

    def _run_to_completion(
        self,
        turn: Turn,
        trigger: str,
        payload: Mapping[str, Any],
        alarm: Alarm | None = None,
        shown: str | None = None,
    ) -> Procedure[TransitionResult[Any]]:
        self._certain = CLOSED
        try:
            yield from self._drain(turn)  # what was queued when an earlier sender was cancelled
            result = yield from self._step(turn, trigger, payload, alarm, shown)
            yield from self._drain(turn)
            return result
        finally:
            self._open()

    def _drain(self, turn: Turn) -> Procedure[None]:
        """Process the queued events; an error among them is logged, for nobody here has sent them."""
        queue = self._own_turns().queue
        while queue:
            trigger, payload, shown = queue.pop(0)
            try:
                yield from self._step(turn, trigger, payload, shown=shown)
            except Exception as error:
                warn(f"{self!r}: the queued event {trigger!r} failed: {error}", error)

    def _step(
        self,
        turn: Turn,
        trigger: str,
        payload: Mapping[str, Any],
        alarm: Alarm | None = None,
        shown: str | None = None,
    ) -> Procedure[TransitionResult[Any]]:
        """Decide, commit, act; for an event, or for a timer that is due."""
        row, context = self._standing_in(shown), {**self._context, **payload}
        event = Event(trigger, payload)
        self._tell("before", str(row.state), event.trigger, context)
        turn.deciding = True
        try:
            result = yield from self._decided(row, event, context, payload, alarm)
            self._refuse_async_actions(turn, result)
        except BaseException as error:
            self._tell("error", str(row.state), event.trigger, error)
            raise
        finally:
            turn.deciding = False
        result = yield from self._conclude(result, event, context, alarm)
        if self._options.results is not None:
            self._options.results.append(result)
        self._tell("after", result, self._context)
        return result

    def _decided(
        self, row: Row[Any], event: Event, context: dict[str, Any], payload: Mapping[str, Any], alarm: Alarm | None
    ) -> Procedure[TransitionResult[Any]]:
        chart, guards, now = self._machine.chart, self._machine.guard_registry, self._now()
        step = Step(chart, guards, row, event, context, entity_id=self.entity_id, history=self._recorded, now=now)
        if alarm is None:
            return (yield from decide(step, payload))
        due, timer = alarm
        if self._timers is None or self._timers.due.get(timer) != due:  # disarmed while its turn had to wait (`S9.5`)
            return TransitionResult(row.state, row.state, timer.trigger, metadata={"no_op": True})
        return (yield from ring(step, timer))

    def _begin(self, turn: Turn, row: Row[Any]) -> Procedure[None]:
        """The first step of an entity: its entry, committed and acted upon.

        Raises:
            FSMError: The entry failed: its error.
        """
        self._certain = CLOSED
        context = self._context
        result = yield from enter(
            self._machine.chart, self._machine.guard_registry, row, context, entity_id=self.entity_id
        )
        self._refuse_async_actions(turn, result)
        result = yield from self._conclude(result, Event(START_TRIGGER), context)
        result.raise_if_failed()
        self._open()
        if result.execution is not None and not result.execution.all_succeeded:
            warn(f"{self!r}: entry actions failed: {', '.join(result.execution.failed_actions)}")

    def _conclude(
        self, result: TransitionResult[Any], event: Event, context: dict[str, Any], alarm: Alarm | None = None
    ) -> Procedure[TransitionResult[Any]]:
        """Commit a decision, then run its actions, if that is the session's business."""
        is_no_op = bool(result.metadata.get("no_op"))
        if alarm is not None and self._timers is not None and not is_no_op:
            self._timers.use_up(alarm[1])
        if is_no_op or not result.success:
            if alarm is not None:
                self._publish()
            return result
        row: Row[Any] = self._machine.chart.row(result.target_state)
        self._commit(row, context, result.changes, result.removed)
        self._keep(result)
        self._publish()
        specs = result.all_action_specs if self._options.execute_actions else ()
        if not specs:
            return result
        seen = ActionContext(self._context, event, self.entity_id)
        execution = yield from perform(specs, self._machine.action_registry, seen)
        self._commit(self._row, self._context, execution.changes, execution.removed)
        self._publish()
        return result.replaced(execution=execution)

    def _commit(
        self, row: Row[Any], context: dict[str, Any], changes: Mapping[str, Any], removed: Iterable[str]
    ) -> None:
        if changes or removed:
            context = {**context, **changes}
            for key in removed:
                context.pop(key, None)
        self._row, self._context = row, context

    def _now(self) -> Milliseconds | None:
        """What time it is by the clock that serves its timers; ``None`` if none does."""
        timers = self._timers
        return timers.clock() if timers is not None and timers.served else None

    # -- timers ------------------------------------------------------------------------------------------------

    def _serve_timers(self, clock: Callable[[], Milliseconds]) -> None:
        """Go by ``clock`` from now on, and fire what waits for no time as soon as a step is over (`S9.1`)."""
        if self._timers is None:
            self._timers = Timers()
        self._timers.serve(clock)
        if self._turns is not None and (last := self._turns.committed) is not None:
            self._turns.committed = SessionState(last.row, last.context, last.history, dict(self._timers.due))

    def _next_alarm(self) -> Alarm | None:
        """The timer that is due first, and when."""
        return None if self._timers is None else self._timers.next()

    def _ring(self, alarm: Alarm) -> TransitionResult[Any]:
        """Fire a timer when it is its turn, unless it is disarmed by then.

        Raises:
            ActionError: A step is running that this would have to wait for, for ever.
        """
        turns = self._own_turns()
        if turns.entered() is not None or turns.blocked():
            raise self._rung_from_inside(alarm, "from outside its guards and actions, or by aadvance()")
        turn = turns.begin()
        try:
            return run(self._run_to_completion(turn, alarm[1].trigger, NOTHING, alarm))
        finally:
            turns.end(turn)

    async def _aring(self, alarm: Alarm) -> TransitionResult[Any]:
        """:meth:`_ring`, awaiting async guards and actions and the end of other tasks' steps."""
        turns = self._own_turns()
        if turns.entered() is not None:
            raise self._rung_from_inside(alarm, "from outside its guards and actions")
        async with turns.ataken() as turn:
            return await arun(self._run_to_completion(turn, alarm[1].trigger, NOTHING, alarm))

    def _rung_from_inside(self, alarm: Alarm, remedy: str) -> ActionError:
        return ActionError(
            f"{self!r} is in the midst of a step, so {alarm[1].trigger!r} can't fire now: advance the clock {remedy}"
        )

    def _ring_at_once(self) -> None:
        """Fire the timers without delay after a step; an error is logged, for the sender did not cause it."""
        for alarm in self._timers.without_delay() if self._timers is not None else ():
            try:
                self._ring(alarm)
            except Exception as error:
                warn(f"{self!r}: the timer {alarm[1].trigger!r} failed: {error}", error)

    async def _aring_at_once(self) -> None:
        for alarm in self._timers.without_delay() if self._timers is not None else ():
            try:
                await self._aring(alarm)
            except Exception as error:
                warn(f"{self!r}: the timer {alarm[1].trigger!r} failed: {error}", error)

    # -- views -------------------------------------------------------------------------------------------------

    def _standing_in(self, shown: str | None) -> Row[Any]:
        """The row of what is active, for a view that shows the state ``shown``; ``None`` is no view.

        Raises:
            StaleViewError: The entity is not in that state any more.
        """
        row = self._row
        if shown is not None and shown not in row.active:
            raise StaleViewError(
                f"this view shows {shown!r}, but the entity {self.entity_id!r} is in {str(row.state)!r} now: "
                "call view() on its session again and match what that gives"
            )
        return row

    # -- looking in from outside -------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Let other threads see what was committed, all at once."""
        if self._turns is not None and self._turns.thread_safe:
            self._turns.committed = self._standing()

    def _standing(self) -> SessionState:
        due = {} if self._timers is None else dict(self._timers.due)
        return SessionState(self._row, self._context, self._recorded, due)

    def _position(self) -> SessionState:
        """Where the entity stands, of one moment even while another thread commits a step of a thread-safe session."""
        turns = self._turns
        if turns is not None and turns.thread_safe and turns.committed is not None:
            return turns.committed
        return self._standing()

    def _refuse_async_actions(self, turn: Turn, result: TransitionResult[Any]) -> None:
        """Before anything is committed: a sync sender can't run async actions."""
        if turn.is_async or not self._options.execute_actions:
            return
        for name in result.all_actions:
            action = self._machine.action_registry.find(name)
            if action is not None and action.is_async:
                raise ActionError(
                    f"action {name!r} is async and was met on a sync path: use asend(), ahandle() or acreate(); "
                    "nothing of the step is kept"
                )

    def _tell(self, occasion: str, *what: object) -> None:
        for hook in self._options.hooks:
            try:
                getattr(hook, occasion)(self.entity_id, *what)
            except Exception as error:
                warn(f"hook {hook!r} raised: {error}", error)

    @property
    def entity_id(self) -> str:
        """The entity's id; made up when it is first asked for, if none was given."""
        if self._entity_id is None:
            from uuid import uuid4

            made_up = str(uuid4())
            if self._entity_id is None:  # still: another thread may have asked first
                self._entity_id = made_up
        return self._entity_id
