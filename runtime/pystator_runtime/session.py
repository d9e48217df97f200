"""The session: one entity in memory, its state and its context."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from pystator_runtime import snapshots
from pystator_runtime.chart import Chart, Row, Transition
from pystator_runtime.errors import ActionError, GuardError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.executor import Occasion, perform
from pystator_runtime.guards import warn
from pystator_runtime.results import TransitionResult
from pystator_runtime.step import START_TRIGGER, decide, enter
from pystator_runtime.turns import Turn, Turns
from pystator_runtime.waiting import Procedure, arun, run

if TYPE_CHECKING:
    from pystator_runtime.hooks import TransitionHook

StateT = TypeVar("StateT", bound=Any)
TriggerT = TypeVar("TriggerT", bound=str)
ContextT = TypeVar("ContextT", bound=Mapping[str, object])

_CLOSED: Mapping[str, tuple[Transition[Any], ...]] = {}
_NO_PAYLOAD: Mapping[str, Any] = {}


class Habits:
    """How a session behaves for its whole life: what was asked for when it was created."""

    __slots__ = ("execute_actions", "hooks", "results", "strict")

    def __init__(
        self, *, execute_actions: bool, keep: int, strict: bool, hooks: tuple[TransitionHook, ...]
    ) -> None:
        self.execute_actions = execute_actions
        self.strict = strict
        self.hooks = hooks
        self.results: deque[TransitionResult[Any]] | None = deque(maxlen=keep) if keep > 0 else None

    @classmethod
    def of(
        cls, *, execute_actions: bool, keep: int, strict: bool, hooks: Sequence[TransitionHook]
    ) -> Habits:
        """The habits of a session; all plain ones share theirs."""
        if execute_actions or keep > 0 or strict or hooks:
            return cls(execute_actions=execute_actions, keep=keep, strict=strict, hooks=tuple(hooks))
        return _PLAIN

    @property
    def watched(self) -> bool:
        """Whether something is to be done for each event beside moving."""
        return self.execute_actions or bool(self.hooks) or self.results is not None


_PLAIN = Habits(execute_actions=False, keep=0, strict=False, hooks=())


class EntitySession(Generic[StateT, TriggerT, ContextT]):
    """Base of every generated session class. Create one with ``machine.create(...)``.

    ``_quick`` are the events that need no more than a look at the context and a move to another row; it is
    closed while a step runs, and for good in a session that is watched.
    """

    __slots__ = ("__weakref__", "_context", "_entity_id", "_habits", "_machine", "_quick", "_row", "_turns")

    _machine: Any
    _row: Row[Any]
    _context: dict[str, Any]
    _entity_id: str | None
    _habits: Habits
    _quick: Mapping[str, tuple[Transition[Any], ...]]
    _turns: Turns | None

    # -- coming into being -------------------------------------------------------------------------------------

    def __init__(
        self,
        machine: Any,
        row: Row[Any],
        entity_id: str | None,
        context: Mapping[str, Any],
        habits: Habits,
        *,
        thread_safe: bool,
    ) -> None:
        """Place a new entity in ``row`` and apply its entry (`S3.5`); called by ``machine.create(...)``."""
        if context:
            refuse_reserved_keys(context, "context")
        self._place(machine, row, entity_id, context, habits, thread_safe=thread_safe)
        if row.settled and not habits.execute_actions:
            self._context = {**self.chart.defaults(), **context}
            return
        self._quick = _CLOSED
        with self._own_turns().taken() as turn:
            result = run(self._begin(turn, row)).raise_if_failed()
        self._open()
        if result.execution is not None and not result.execution.all_succeeded:
            warn(f"{self!r}: entry actions failed: {', '.join(result.execution.failed_actions)}")

    def _place(
        self,
        machine: Any,
        row: Row[Any],
        entity_id: str | None,
        context: Mapping[str, Any],
        habits: Habits,
        *,
        thread_safe: bool,
    ) -> None:
        machine.check_in(actions=habits.execute_actions)
        self._machine = machine
        self._row = row
        self._entity_id = entity_id
        self._context = dict(context)
        self._habits = habits
        self._turns = Turns(thread_safe=True) if thread_safe else None
        self._open()

    def _open(self) -> None:
        """Open the quick way, unless something is to be done for each event beside moving."""
        closed = self._habits.watched or (self._turns is not None and self._turns.thread_safe)
        self._quick = _CLOSED if closed else self._row.quick

    def _own_turns(self) -> Turns:
        if self._turns is None:
            self._turns = Turns(thread_safe=False)
        return self._turns

    # -- sending -----------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> TransitionResult[StateT]:
        """Send an event whose trigger is known only at run time; a declared payload is checked.

        Raises:
            ReservedKeyError: A payload key starts with ``_``.
            GuardError: A guard is async: use :meth:`ahandle`. Or a guard sent this event.
            FSMError: In a strict session, the error of an event that is refused.
        """
        return self._send(event.trigger, event.payload)

    async def ahandle(self, event: Event) -> TransitionResult[StateT]:
        """:meth:`handle` for machines whose guards or actions may be async."""
        return await self._asend(event.trigger, event.payload)

    def _fire(self, trigger: str, payload: Mapping[str, Any] = _NO_PAYLOAD) -> TransitionResult[StateT]:
        """Send a trigger whose payload is known to be right; what the generated methods call."""
        candidates = self._quick.get(trigger)
        if candidates is not None:
            context = {**self._context, **payload} if payload else self._context
            try:
                for transition in candidates:
                    test = transition.test
                    if test is None or test(context):
                        self._row = row = transition.row
                        self._quick = row.quick
                        self._context = context
                        return cast("TransitionResult[StateT]", transition.result)
            except Exception:  # a guard raised: the full procedure tells what that means
                pass
        return self._take_turn(trigger, payload)

    def _send(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """Send a trigger with a payload that nobody has looked at."""
        trigger, payload, fits = self._looked_at(trigger, payload)
        return self._fire(trigger, payload) if fits else self._take_turn(trigger, payload)

    async def _asend(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """:meth:`_send`, awaiting async guards and actions and the end of other tasks' steps."""
        trigger, payload, fits = self._looked_at(trigger, payload)
        if fits and trigger in self._quick:
            return self._fire(trigger, payload)
        return await self._atake_turn(trigger, payload)

    def _looked_at(self, trigger: str, payload: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], bool]:
        """The trigger as the machine spells it, the payload with its defaults, and whether that is as declared."""
        trigger = self._machine.normalized(trigger)
        if payload:
            refuse_reserved_keys(payload, "payload")
        declared = self.chart.payloads.get(trigger)
        if declared is None:
            return trigger, payload, True
        complete = {**declared.defaults(), **payload}
        return trigger, complete, complete.keys() <= declared.fields.keys() and declared.fits(complete)

    def _take_turn(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """Run a whole step when it is the sender's turn (`S8.8`)."""
        turns = self._own_turns()
        turn = turns.entered()
        if turn is not None or turns.blocked():
            return self._sent_from_inside(turn, trigger, payload)
        with turns.taken() as turn:
            result = run(self._run_to_completion(turn, trigger, payload))
        return result.raise_if_failed() if self._habits.strict else result

    async def _atake_turn(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        turns = self._own_turns()
        turn = turns.entered()
        if turn is not None:
            return self._sent_from_inside(turn, trigger, payload)
        async with turns.ataken() as turn:
            result = await arun(self._run_to_completion(turn, trigger, payload))
        return result.raise_if_failed() if self._habits.strict else result

    def _sent_from_inside(
        self, turn: Turn | None, trigger: str, payload: Mapping[str, Any]
    ) -> TransitionResult[StateT]:
        """Queue an event that an action sends; refuse one that a guard sends (`S8.8`)."""
        if turn is not None and turn.deciding:
            raise GuardError(f"a guard sent {trigger!r} to its own entity: guards only look, send from an action")
        self._own_turns().queue.append((trigger, payload))
        state = self._row.state
        return TransitionResult(state, state, trigger, metadata={"queued": True})

    # -- one turn ----------------------------------------------------------------------------------------------

    def _run_to_completion(
        self, turn: Turn, trigger: str, payload: Mapping[str, Any]
    ) -> Procedure[TransitionResult[StateT]]:
        self._quick = _CLOSED
        try:
            yield from self._drain(turn)  # what was queued when an earlier sender was cancelled
            result = yield from self._step(turn, trigger, payload)
            yield from self._drain(turn)
            return result
        finally:
            self._open()

    def _drain(self, turn: Turn) -> Procedure[None]:
        """Process the queued events; an error among them is logged, for nobody here has sent them."""
        queue = self._own_turns().queue
        while queue:
            trigger, payload = queue.popleft()
            try:
                yield from self._step(turn, trigger, payload)
            except Exception as error:
                warn(f"{self!r}: the queued event {trigger!r} failed: {error}", error)

    def _step(
        self, turn: Turn, trigger: str, payload: Mapping[str, Any]
    ) -> Procedure[TransitionResult[StateT]]:
        """Decide, commit, act."""
        row, context = self._row, {**self._context, **payload}
        event = Event(trigger, payload)
        self._tell("before", row.state, trigger, context)
        turn.deciding = True
        try:
            result = yield from decide(
                self.chart, self._machine.guard_registry, row, event, context,
                payload=payload, entity_id=self.entity_id,
            )  # fmt: skip
            self._refuse_async_actions(turn, result)
        except BaseException as error:
            self._tell("error", row.state, trigger, error)
            raise
        finally:
            turn.deciding = False
        result = yield from self._conclude(result, event, context)
        if self._habits.results is not None:
            self._habits.results.append(result)
        self._tell("after", result, self._context)
        return cast("TransitionResult[StateT]", result)

    def _begin(self, turn: Turn, row: Row[Any]) -> Procedure[TransitionResult[StateT]]:
        """The first step of an entity: its entry, committed and acted upon."""
        context = self._context
        result = yield from enter(
            self.chart, self._machine.guard_registry, row, context, entity_id=self.entity_id
        )
        self._refuse_async_actions(turn, result)
        result = yield from self._conclude(result, Event(START_TRIGGER), context)
        return cast("TransitionResult[StateT]", result)

    def _conclude(
        self, result: TransitionResult[Any], event: Event, context: dict[str, Any]
    ) -> Procedure[TransitionResult[Any]]:
        """Commit a decision, then run its actions, if that is the session's business."""
        if not result.success or result.metadata.get("no_op"):
            return result
        self._commit(self.chart.rows[result.target_state], context, result.changes, result.removed)
        specs = result.all_action_specs if self._habits.execute_actions else ()
        if not specs:
            return result
        occasion = Occasion(self._context, event, self.entity_id)
        execution = yield from perform(specs, self._machine.action_registry, occasion)
        self._commit(self._row, self._context, execution.changes, execution.removed)
        return result.replaced(execution=execution)

    def _commit(
        self, row: Row[Any], context: dict[str, Any], changes: Mapping[str, Any], removed: Iterable[str]
    ) -> None:
        if changes or removed:
            gone = set(removed)
            context = {key: value for key, value in {**context, **changes}.items() if key not in gone}
        self._row, self._context = row, context

    def _refuse_async_actions(self, turn: Turn, result: TransitionResult[Any]) -> None:
        """Before anything is committed: a sync sender can't run async actions."""
        if turn.is_async or not self._habits.execute_actions:
            return
        for name in result.all_actions:
            action = self._machine.action_registry.find(name)
            if action is not None and action.is_async:
                raise ActionError(
                    f"action {name!r} is async and was met on a sync path: use asend() or ahandle(); "
                    "nothing of the step is kept"
                )

    def _tell(self, occasion: str, *what: object) -> None:
        for hook in self._habits.hooks:
            try:
                getattr(hook, occasion)(self.entity_id, *what)
            except Exception as error:
                warn(f"hook {hook!r} raised: {error}", error)

    # -- asking ------------------------------------------------------------------------------------------------

    @property
    def chart(self) -> Chart[Any]:
        """The dispatch tables of the session's machine."""
        return cast("Chart[Any]", self._machine.chart)

    @property
    def current_state(self) -> StateT:
        """The state in which the entity rests."""
        return cast("StateT", self._row.state)

    @property
    def context(self) -> ContextT:
        """The entity's context, as the last step left it."""
        return cast("ContextT", self._context)

    @property
    def entity_id(self) -> str:
        """The entity's id; made up when it is first asked for, if none was given."""
        if self._entity_id is None:
            from uuid import uuid4

            self._entity_id = str(uuid4())
        return self._entity_id

    @property
    def is_final(self) -> bool:
        """Whether no trigger moves the entity any more (`S1.3`)."""
        return self._row.is_terminal

    @property
    def allowed_triggers(self) -> list[TriggerT]:
        """The triggers that have a transition from here, whatever their guards will say."""
        return cast("list[TriggerT]", self._machine.get_available_triggers(self._row.state))

    @property
    def history(self) -> list[TransitionResult[StateT]]:
        """The results of the last events, oldest first: as many as ``create(history=n)`` asked for."""
        return list(self._habits.results or ())

    # -- snapshots ---------------------------------------------------------------------------------------------

    def position(self) -> tuple[Row[Any], dict[str, Any]]:
        """Row and context after the last completed step, of one moment even while another thread commits one."""
        while True:
            row, context = self._row, self._context
            if row is self._row and context is self._context:
                return row, context

    def snapshot(self) -> dict[str, Any]:
        """The session as JSON-ready data: state, context, machine; asked for during a step, the last completed one.

        Raises:
            SnapshotError: The context has a value that JSON can't hold and that no declaration says how to write.
        """
        return snapshots.write(self)

    @classmethod
    def from_snapshot(
        cls,
        machine: Any,
        data: Mapping[str, Any],
        *,
        execute_actions: bool = False,
        history: int = 0,
        strict: bool = False,
        thread_safe: bool = False,
        hooks: Sequence[TransitionHook] = (),
    ) -> Self:
        """The session that a snapshot was taken of, with no side effect. PyStator's snapshots are read too.

        Raises:
            SnapshotError: The snapshot does not fit the machine; the message says why.
        """
        entity_id, row, context = snapshots.read(machine.chart, data)
        habits = Habits.of(execute_actions=execute_actions, keep=history, strict=strict, hooks=hooks)
        session = cast("Self", machine.session_class.__new__(machine.session_class))
        session._place(machine, row, entity_id, context, habits, thread_safe=thread_safe)
        return session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.entity_id!r} in {self._row.state.value!r}>"
