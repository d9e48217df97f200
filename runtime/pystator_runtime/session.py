"""The session: one entity in memory, its state and its context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, cast

from pystator_runtime.chart import Chart
from pystator_runtime.errors import SnapshotError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.guards import GuardAnswerT_co
from pystator_runtime.results import TransitionResult
from pystator_runtime.rows import Row
from pystator_runtime.session_options import SessionOptions
from pystator_runtime.stepping import CLOSED, SessionState, SteppingEntity
from pystator_runtime.timers import Timers
from pystator_runtime.waiting import arun, run

if TYPE_CHECKING:
    from pystator_runtime.hooks import TransitionHook

StateT = TypeVar("StateT", bound=Any)
TriggerT = TypeVar("TriggerT", bound=str)
ContextT = TypeVar("ContextT", bound=Mapping[str, object])
ViewT = TypeVar("ViewT")

_NO_PAYLOAD: Mapping[str, Any] = {}


class EntitySession(SteppingEntity, Generic[StateT, TriggerT, ContextT, GuardAnswerT_co]):
    """Base of every generated session class. Create one with ``machine.create(...)``.

    The type parameters are where the entity can rest, the machine's triggers, its context, and what its guards answer.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __class_getitem__(cls, arguments: Any) -> Any:
            """Fill in what may be left out: before Python 3.13 `typing` knows no defaults."""
            if cls is EntitySession and len(arguments) == 3:
                arguments = (*arguments, Any)
            return super().__class_getitem__(arguments)

    # -- coming into being -------------------------------------------------------------------------------------

    def __init__(
        self,
        machine: Any,
        row: Row[Any],
        entity_id: str | None,
        context: Mapping[str, Any] | None,
        options: SessionOptions,
        thread_safe: bool,
    ) -> None:
        """Place a new entity in ``row``, its entry still to come (`S3.5`); called by ``machine.create(...)``."""
        if context is None:
            context = {}
        else:
            refuse_reserved_keys(context, "context")
        # Where entering decides and runs nothing, the entity is there with its defaults, and that is all.
        has_entered = row.settled and not options.execute_actions
        given = {**machine.chart.defaults(), **context} if has_entered else dict(context)
        self._place(machine, row, entity_id, given, options, thread_safe)

    def _enter(self) -> None:
        """Apply the entry of the state that a new entity was placed in.

        Raises:
            FSMError: It failed: its error.
        """
        if self._row.settled and not self._options.execute_actions:
            return
        turns = self._own_turns()
        turn = turns.begin()
        try:
            run(self._begin(turn, self._row))
        finally:
            turns.end(turn)

    async def _aenter(self) -> None:
        """:meth:`_enter`, awaiting async guards and actions."""
        if not self._row.settled or self._options.execute_actions:
            async with self._own_turns().ataken() as turn:
                await arun(self._begin(turn, self._row))

    # -- sending -----------------------------------------------------------------------------------------------

    def handle(self: EntitySession[StateT, TriggerT, ContextT, bool], event: Event) -> TransitionResult[StateT]:
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

    def _fire(self, trigger: str) -> TransitionResult[StateT]:
        """Send a trigger that is known to need no payload; what the generated methods call."""
        certain = self._certain
        if trigger in certain:
            transition = certain[trigger]
            self._row = row = transition.row
            self._certain = row.certain
            if transition.left is not None:
                self._recorded[transition.left] = transition.recorded
            result: TransitionResult[StateT] = transition.outcome
            return result
        return self._fire_with(trigger, _NO_PAYLOAD)

    def _fire_with(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """Send a trigger whose payload is known to be right."""
        candidates = None if self._certain is CLOSED else self._row.quick.get(trigger)
        if candidates is not None:
            context = {**self._context, **payload} if payload else self._context
            try:
                for transition in candidates:
                    test = transition.test
                    if test is None or test(context):
                        break
                else:
                    return self._take_turn(trigger, payload)
            except Exception:  # a guard raised: the full procedure tells what that means
                return self._take_turn(trigger, payload)
            result: TransitionResult[StateT] | None = transition.result
            if result is None:
                return self._apply(transition, trigger, payload, context)
            self._row = row = transition.row
            self._certain = row.certain
            self._context = context
            return result
        return self._take_turn(trigger, payload)

    def _send(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """Send a trigger with a payload that nobody has looked at."""
        trigger, payload, fits = self._looked_at(trigger, payload)
        if not fits:
            return self._take_turn(trigger, payload)
        return self._fire_with(trigger, payload) if payload else self._fire(trigger)

    async def _asend(self, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """:meth:`_send`, awaiting async guards and actions and the end of other tasks' steps."""
        trigger, payload, fits = self._looked_at(trigger, payload)
        is_quick = fits and self._certain is not CLOSED and trigger in self._row.quick
        if is_quick and self._timers is None:  # else a timer may have to be awaited
            return self._fire_with(trigger, payload) if payload else self._fire(trigger)
        return await self._atake_turn(trigger, payload)

    def _send_shown(self, shown: str, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        """:meth:`_send` for a view of the state ``shown``: nothing is decided in any other."""
        trigger, payload, fits = self._looked_at(trigger, payload)
        if self._is_quick(trigger, shown) and fits:
            return self._fire_with(trigger, payload)
        return self._take_turn(trigger, payload, shown)

    async def _asend_shown(self, shown: str, trigger: str, payload: Mapping[str, Any]) -> TransitionResult[StateT]:
        trigger, payload, fits = self._looked_at(trigger, payload)
        if self._is_quick(trigger, shown) and fits and self._timers is None:
            return self._fire_with(trigger, payload)
        return await self._atake_turn(trigger, payload, shown)

    def _is_quick(self, trigger: str, shown: str) -> bool:
        """Whether nobody else has a turn, so that the event is decided at once, in the state ``shown``."""
        return self._certain is not CLOSED and trigger in self._row.quick and shown in self._row.active

    def _looked_at(self, trigger: str, payload: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], bool]:
        """The trigger as the machine spells it, the payload with its defaults, and whether that is as declared."""
        chart: Chart[Any] = self._machine.chart
        trigger = self._machine.normalized(trigger)
        if payload:
            refuse_reserved_keys(payload, "payload")
        declared = chart.payloads.get(trigger)
        if declared is None or not (payload or declared.fields):
            return trigger, payload, True
        complete = {**declared.defaults(), **payload}
        return trigger, complete, complete.keys() <= declared.fields.keys() and declared.fits(complete)

    # -- asking ------------------------------------------------------------------------------------------------

    @property
    def current_state(self) -> StateT:
        """The state in which the entity rests."""
        state: StateT = self._row.state
        return state

    @property
    def context(self) -> ContextT:
        """The entity's context, as the last step left it."""
        return cast("ContextT", self._context)

    @property
    def is_final(self) -> bool:
        """Whether no trigger moves the entity any more (`S1.3`)."""
        return self._row.is_terminal

    @property
    def allowed_triggers(self) -> list[TriggerT]:
        """The triggers that have a transition from here, whatever their guards will say."""
        triggers: list[TriggerT] = self._machine.get_available_triggers(self._row.state)
        return triggers

    @property
    def history(self) -> list[TransitionResult[StateT]]:
        """The results of the last events, oldest first: as many as ``create(history=n)`` asked for."""
        return list(self._options.results or ())

    def _view(self, views: Mapping[str, Callable[..., Any]]) -> ViewT:  # type: ignore[type-var]
        """The view of where the entity rests, out of ``views``, as the type that is wanted."""
        state = self._row.state
        return cast("ViewT", views[getattr(state, "parallel_state", state)](self))

    # -- snapshots ---------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The session as JSON-ready data: state, context, machine; asked for during a step, the last completed one.

        Raises:
            SnapshotError: The context has a value that JSON can't hold and that no declaration says how to write.
        """
        from pystator_runtime import snapshots

        return snapshots.write(self._machine.chart, self.entity_id, self._position())

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
        from pystator_runtime import snapshots

        if not issubclass(machine.session_class, cls):
            raise SnapshotError(f"{machine!r} makes {machine.session_class.__name__}, not {cls.__name__}")
        entity_id, standing = snapshots.read(machine.chart, data)
        options = SessionOptions.of(execute_actions=execute_actions, keep=history, strict=strict, hooks=hooks)
        session: Self = machine.session_class.__new__(machine.session_class)
        session._restore(machine, entity_id, standing, options, thread_safe)
        return session

    def _restore(
        self, machine: Any, entity_id: str | None, standing: SessionState, options: SessionOptions, thread_safe: bool
    ) -> None:
        """Put the entity where it stood, with no side effect."""
        self._place(machine, standing.row, entity_id, standing.context, options, thread_safe)
        self._recorded = dict(standing.history)
        if standing.due is None and standing.row.delayed:
            self._timers = Timers()
            self._timers.change(standing.row.delayed, ())
        elif standing.due:
            self._timers = Timers(standing.due)

    # -- copies ------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """Another session of the same machine, in the same place: what happens to one does not happen to the other.

        Asked for during a step, it stands where the last completed one led. No clock serves it yet.
        """
        standing = self._position()
        return self._copied(SessionState(standing.row, dict(standing.context), standing.history, standing.due))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """:func:`copy.copy` with a context of its own all the way down; the machine and the hooks stay the same."""
        from copy import deepcopy

        standing = self._position()
        context = deepcopy(standing.context, memo)
        return self._copied(SessionState(standing.row, context, standing.history, standing.due))

    def _copied(self, standing: SessionState) -> Self:
        session = type(self).__new__(type(self))
        is_thread_safe = self._turns is not None and self._turns.thread_safe
        session._restore(self._machine, self.entity_id, standing, self._options.copied(), is_thread_safe)
        return session

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled is the snapshot: what comes out of the pickle is a :class:`DetachedSession`."""
        return DetachedSession, (self.snapshot(),)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.entity_id!r} in {str(self._row.state)!r}>"


class DetachedSession:
    """A session that has come out of a pickle: it goes on with a machine, ``machine.attach(session)``."""

    __slots__ = ("_data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def snapshot(self) -> dict[str, Any]:
        """The session as it was pickled."""
        return dict(self._data)

    def __reduce__(self) -> tuple[object, ...]:
        return DetachedSession, (self._data,)

    if not TYPE_CHECKING:  # a checker would take any name for an attribute

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):
                raise AttributeError(name)
            raise SnapshotError(f"{self!r} was unpickled and has no machine: machine.attach(session) first")

    def __repr__(self) -> str:
        return f"<DetachedSession {self._data['entity_id']!r} of {self._data['machine_name']!r}>"
