"""The machine: a chart with the application's functions bound to it. Stateless, shared by all entities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from pystator_runtime.callables import ActionRegistry, FunctionRegistry, GuardRegistry
from pystator_runtime.chart import Chart, Pair
from pystator_runtime.errors import ConfigurationError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.fields import FieldType
from pystator_runtime.guards import GuardAnswerT_co
from pystator_runtime.logs import warn
from pystator_runtime.parallel import ConfigT, ParallelStates
from pystator_runtime.refusals import undefined_state
from pystator_runtime.results import NOTHING, TransitionResult
from pystator_runtime.rows import Row
from pystator_runtime.session import DetachedSession, EntitySession
from pystator_runtime.session_options import SessionOptions
from pystator_runtime.step import Step, decide, enter
from pystator_runtime.waiting import Procedure, arun, run

if TYPE_CHECKING:
    from pystator_runtime.configuration import ParallelStateConfig
    from pystator_runtime.hooks import TransitionHook

    StateNameT = TypeVar("StateNameT", bound=str | ParallelStateConfig)
else:  # a bound in quotes would be compiled whenever an application starts
    StateNameT = TypeVar("StateNameT")

StateT = TypeVar("StateT", bound=Any)
TriggerT = TypeVar("TriggerT", bound=str)
TriggerNameT = TypeVar("TriggerNameT", bound=str)
ContextT = TypeVar("ContextT", bound=Mapping[str, object])
SessionT_co = TypeVar("SessionT_co", bound=EntitySession[Any, Any, Any], covariant=True)
GuardNameT = TypeVar("GuardNameT", bound=str)
ActionNameT = TypeVar("ActionNameT", bound=str)
GuardFunctionT = TypeVar("GuardFunctionT", bound=Callable[..., "bool | Awaitable[bool]"])
ActionFunctionT = TypeVar("ActionFunctionT", bound=Callable[..., object])


class StateMachine(
    ParallelStates[StateT, ContextT, TriggerNameT, ConfigT, GuardAnswerT_co],
    Generic[
        StateT,
        StateNameT,
        TriggerT,
        TriggerNameT,
        ContextT,
        SessionT_co,
        GuardNameT,
        ActionNameT,
        ConfigT,
        GuardAnswerT_co,
    ],
):
    """Base of every generated machine class.

    The type parameters are the machine's states, what is accepted as the name of one, its triggers, what is
    accepted as the name of one, its context, its session, the names of its guards and actions, the configs of its
    parallel states, and what its guards answer: sync doors are for machines whose guards answer ``bool`` (`S5.5`).
    """

    if not TYPE_CHECKING:

        def __class_getitem__(cls, arguments: Any) -> Any:
            """Fill in what may be left out: before Python 3.13 `typing` knows no defaults."""
            if cls is StateMachine and len(arguments) == 9:
                arguments = (*arguments, Any)
            return super().__class_getitem__(arguments)

    chart: ClassVar[Chart[Any]]
    """The dispatch tables, shared by all machines of the class."""

    session_class: ClassVar[Any]
    """The class of the machine's sessions."""

    _python_names: ClassVar[Mapping[str, str]] = {}  # of guards and actions that are spelt differently there

    _guards: FunctionRegistry
    _actions: FunctionRegistry
    _quick: Mapping[Any, Mapping[str, tuple[Pair, ...]]]

    def __init__(self, *, guards: object = None, actions: object = None) -> None:
        self._bind_nothing()
        if guards is not None:
            self._bind_object(self._guards, self.chart.guards, guards)
        if actions is not None:
            self._bind_object(self._actions, self.chart.actions, actions)
        if guards is not None or actions is not None:
            self.check_bindings(actions=actions is not None)

    @classmethod
    def unbound(cls) -> Self:
        """A machine to which guards and actions are bound afterwards, in any order, before its first use."""
        machine = cls.__new__(cls)
        machine._bind_nothing()
        return machine

    def _bind_nothing(self) -> None:
        self._guards = GuardRegistry()
        self._actions = ActionRegistry()
        self._quick = {}

    # -- binding -----------------------------------------------------------------------------------------------

    def guard(self, name: GuardNameT, /) -> Callable[[GuardFunctionT], GuardFunctionT]:
        """Bind the decorated function as the guard ``name``; it may be async and may take the guard's params."""

        def bind(function: GuardFunctionT) -> GuardFunctionT:
            self._bind(self._guards, self.chart.guards, "guard", str(name), function)
            return function

        return bind

    def action(self, name: ActionNameT, /) -> Callable[[ActionFunctionT], ActionFunctionT]:
        """Bind the decorated function as the action ``name``; it may be async and may take the action's params."""

        def bind(function: ActionFunctionT) -> ActionFunctionT:
            self._bind(self._actions, self.chart.actions, "action", str(name), function)
            return function

        return bind

    def bind_guards(self, registry: GuardRegistry) -> Self:
        """Use the guards of ``registry``, also those registered there later, beside what is bound already."""
        self._guards.adopt(registry)
        return self

    def bind_actions(self, registry: ActionRegistry) -> Self:
        """Use the actions of ``registry``, also those registered there later, beside what is bound already."""
        self._actions.adopt(registry)
        return self

    def check_bindings(self, *, actions: bool = True) -> None:
        """Make sure that every guard, and unless told otherwise every action, has its function (`S5.4`).

        Raises:
            ConfigurationError: Names all that are missing.
        """
        chart = self.chart
        gaps: list[str] = []
        unbound = self._guards.missing(chart.guards)
        if unbound and chart.strict_guards:
            gaps.append(f"guards {', '.join(unbound)}")
        if actions and (inert := self._actions.missing(chart.actions)):
            gaps.append(f"actions {', '.join(inert)}")
        if gaps:
            raise ConfigurationError(
                f"{chart.name} has no function for {' and '.join(gaps)}: pass an object that has them to "
                f"{type(self).__name__}(...), or bind them with @machine.guard(...) and @machine.action(...)"
            )
        if unbound:
            warn(f"{chart.name}: guards {', '.join(unbound)} are not bound and taken to hold")

    def _bind(self, registry: FunctionRegistry, known: Sequence[str], kind: str, name: str, function: Any) -> None:
        if name not in known:
            raise ConfigurationError(f"{self.chart.name} has no {kind} {name!r}; it has: {', '.join(known) or 'none'}")
        registry.register(name, function)

    def _bind_object(self, registry: FunctionRegistry, names: Sequence[str], source: object) -> None:
        if isinstance(source, FunctionRegistry):
            for name in names:
                if (bound := source.find(name)) is not None:
                    registry.register(name, bound.function)
            return
        for name in names:
            function = getattr(source, self._python_names.get(name, name), None)
            if function is not None:
                registry.register(name, function)

    def check_in(self, *, actions: bool = False) -> None:
        """Check the bindings of guards once, on first use, and open the quick path; of actions whenever asked."""
        if actions or not self._quick:
            self.check_bindings(actions=actions)
            self._quick = self.chart.quick

    @property
    def guard_registry(self) -> FunctionRegistry:
        """The guards that are bound."""
        return self._guards

    @property
    def action_registry(self) -> FunctionRegistry:
        """The actions that are bound."""
        return self._actions

    # -- deciding ----------------------------------------------------------------------------------------------

    def process(
        self: StateMachine[
            StateT, StateNameT, TriggerT, TriggerNameT, ContextT, SessionT_co, GuardNameT, ActionNameT, ConfigT, bool
        ],
        current_state: StateNameT,
        trigger: TriggerNameT,
        context: ContextT,
        *,
        history: Mapping[str, object] | None = None,
    ) -> TransitionResult[StateT | ConfigT]:
        """Decide what ``trigger`` does in ``current_state``, seen from ``context``. Nothing is changed or run.

        ``history`` is what compound states have recorded for the entity (`S4.3`).

        Raises:
            UndefinedStateError: The machine has no such state.
            ConfigurationError: A guard has no function.
            GuardError: A guard is async: use :meth:`aprocess`.
        """
        try:
            for test, result in self._quick[current_state][trigger]:
                if test is None or test(context):
                    return result
        except Exception:  # not quick, or a guard raised: the full procedure tells which
            pass
        return run(self._decide(current_state, trigger, context, history))

    async def aprocess(
        self,
        current_state: StateNameT,
        trigger: TriggerNameT,
        context: ContextT,
        *,
        history: Mapping[str, object] | None = None,
    ) -> TransitionResult[StateT | ConfigT]:
        """:meth:`process` for machines whose guards may be async."""
        return await arun(self._decide(current_state, trigger, context, history))

    def start(self, context: ContextT) -> TransitionResult[StateT | ConfigT]:
        """Decide what coming into being entails: the entry of the initial state and what follows (`S3.5`)."""
        return run(self._enter(self.chart.initial, context, None))

    async def astart(self, context: ContextT) -> TransitionResult[StateT | ConfigT]:
        """:meth:`start` for machines whose guards may be async."""
        return await arun(self._enter(self.chart.initial, context, None))

    def decode_payload(self, trigger: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """A payload for ``trigger`` out of JSON data: text becomes the decimals, dates and UUIDs declared (`S13.4`).

        What can't be read is left as it is: whoever the payload is sent to tells what is wrong with it.
        """
        declared = self.chart.payloads.get(self.normalized(trigger))
        codecs: Mapping[str, FieldType] = self.chart.codecs
        if declared is not None:
            codecs = {name: field.type for name, field in declared.fields.items()}
        payload = dict(data)
        for name, codec in codecs.items():
            if name in payload:
                with suppress(ValueError, TypeError):
                    payload[name] = codec.decode(payload[name])
        return payload

    def can_transition(
        self: StateMachine[
            StateT, StateNameT, TriggerT, TriggerNameT, ContextT, SessionT_co, GuardNameT, ActionNameT, ConfigT, bool
        ],
        state: StateNameT,
        trigger: TriggerNameT,
        context: ContextT,
    ) -> bool:
        """Whether ``trigger`` would be taken in ``state`` now; an ignored event is not taken."""
        result = self.process(state, trigger, context)
        return result.success and not result.metadata.get("no_op")

    def _decide(
        self, state: object, trigger: str, context: Any, history: Mapping[str, object] | None
    ) -> Procedure[TransitionResult[StateT | ConfigT]]:
        self.check_in()
        row = self.row_of(state)
        event = Event(self.normalized(trigger))
        return decide(Step(self.chart, self._guards, row, event, context, history=history or NOTHING))

    def _enter(
        self, row: Row[Any], context: Any, entity_id: str | None
    ) -> Procedure[TransitionResult[StateT | ConfigT]]:
        self.check_in()
        refuse_reserved_keys(context, "context")
        return enter(self.chart, self._guards, row, context, entity_id=entity_id)

    def row_of(self, state: object) -> Row[Any]:
        """The row of the table in which an entity rests that is in ``state``.

        Raises:
            UndefinedStateError: The machine has no such state, or never rests there.
        """
        row = self.chart.row(state)
        if row is None:
            raise undefined_state(self.chart, state)
        return row

    def normalized(self, trigger: str) -> str:
        """An incoming trigger as the machine's own spelling of it (`S12.2`): names are lower case by `S1.6`."""
        return trigger.lower() if self.chart.normalize else trigger

    # -- asking ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.chart.name

    @property
    def version(self) -> str | None:
        """The machine's version, as the YAML has it."""
        return self.chart.version

    @property
    def states(self) -> tuple[StateT, ...]:
        """All states, in order of definition."""
        return self.chart.states

    @property
    def triggers(self) -> tuple[TriggerT, ...]:
        """All triggers that may be sent, in order of definition."""
        return cast("tuple[TriggerT, ...]", self.chart.triggers)

    @property
    def definition(self) -> dict[str, Any]:
        """All that the YAML said, as plain data, a fresh copy each time."""
        import json

        return cast("dict[str, Any]", json.loads(self.chart.definition))

    def get_initial_state(self) -> StateT | ConfigT:
        """The state, or the config, in which an entity comes into being."""
        return cast("StateT | ConfigT", self.chart.initial.state)

    def is_terminal(self, state: StateNameT) -> bool:
        """Whether an entity that rests in ``state`` is final."""
        return self.row_of(state).is_terminal

    def get_available_triggers(self, state: StateNameT) -> list[TriggerT]:
        """The triggers that have a transition from ``state``, whatever their guards will say."""
        return cast("list[TriggerT]", self._available(self.row_of(state)))

    def _available(self, row: Row[Any]) -> list[str]:
        return [trigger for trigger in self.chart.triggers if trigger in row.on]

    # -- entities ----------------------------------------------------------------------------------------------

    def create(
        self,
        entity_id: str | None = None,
        context: ContextT | None = None,
        initial_state: StateNameT | None = None,
        *,
        execute_actions: bool = False,
        history: int = 0,
        strict: bool = False,
        thread_safe: bool = False,
        hooks: Sequence[TransitionHook] = (),
    ) -> SessionT_co:
        """A session for one entity, in its initial state or in ``initial_state``, with its entry applied (`S3.5`).

        ``entity_id`` is made up on demand if not given. With ``execute_actions`` the session runs the actions
        that are planned, now and after each event; with ``history`` it keeps its last n results; with ``strict``
        it raises the errors of events that are refused; with ``thread_safe`` it may be sent events from several
        threads at once. ``hooks`` are told of every event.

        Raises:
            UndefinedStateError: There is no such ``initial_state``.
            ReservedKeyError: A key of ``context`` starts with ``_``.
            FSMError: The entry failed: its error.
        """
        options = SessionOptions.of(execute_actions=execute_actions, keep=history, strict=strict, hooks=hooks)
        session: Any = self._placed(entity_id, context, initial_state, options, thread_safe)
        session._enter()
        created: SessionT_co = session
        return created

    async def acreate(
        self,
        entity_id: str | None = None,
        context: ContextT | None = None,
        initial_state: StateNameT | None = None,
        *,
        execute_actions: bool = False,
        history: int = 0,
        strict: bool = False,
        thread_safe: bool = False,
        hooks: Sequence[TransitionHook] = (),
    ) -> SessionT_co:
        """:meth:`create` for machines in which coming into being may ask async guards or run async actions."""
        options = SessionOptions.of(execute_actions=execute_actions, keep=history, strict=strict, hooks=hooks)
        session: Any = self._placed(entity_id, context, initial_state, options, thread_safe)
        await session._aenter()
        created: SessionT_co = session
        return created

    def _placed(
        self, entity_id: str | None, context: Any, initial_state: object, options: SessionOptions, thread_safe: bool
    ) -> Any:
        """A session whose entry is still to come."""
        row = self.chart.initial if initial_state is None else self.row_of(initial_state)
        return self.session_class(self, row, entity_id, context, options, thread_safe)

    def attach(
        self,
        session: EntitySession[Any, TriggerT, ContextT] | DetachedSession,
        /,
        *,
        execute_actions: bool = False,
        history: int = 0,
        strict: bool = False,
        thread_safe: bool = False,
        hooks: Sequence[TransitionHook] = (),
    ) -> SessionT_co:
        """A session of this machine that stands where ``session`` does, which may have come out of a pickle.

        How it behaves from now on is said here, as in :meth:`create`: a pickle has what a snapshot has, and no more.

        Raises:
            SnapshotError: It does not fit the machine.
        """
        attached: SessionT_co = self.session_class.from_snapshot(
            self,
            session.snapshot(),
            execute_actions=execute_actions,
            history=history,
            strict=strict,
            thread_safe=thread_safe,
            hooks=hooks,
        )
        return attached

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}{f' {self.version}' if self.version else ''}>"
