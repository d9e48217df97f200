"""What an event did: the immutable result, and the single transitions it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar

if TYPE_CHECKING:
    from pystator_runtime.actions import ActionSpec, ExecutionResult
    from pystator_runtime.configuration import ParallelStateConfig
    from pystator_runtime.errors import FSMError

    StateT_co = TypeVar("StateT_co", bound=str | ParallelStateConfig, covariant=True)
else:  # a bound in quotes would be compiled whenever an application starts
    StateT_co = TypeVar("StateT_co", covariant=True)

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Immutable:
    """Base of value objects: set once in ``__init__`` through :meth:`_set`, never changed afterwards."""

    __slots__: tuple[str, ...] = ()
    _fields: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._fields = cls.__dict__.get("_fields", cls.__slots__)

    def _set(self, **values: object) -> None:
        put = object.__setattr__
        for name, value in values.items():
            put(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} can't be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} can't be deleted")

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        # Of the names in it: equal values have equal names, while mappings and errors can't be hashed.
        return hash((type(self), *(value for value in self._values() if isinstance(value, str))))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        values = zip(self._fields, self._values(), strict=True)
        return _rebuild, (type(self), {name: _picklable(value) for name, value in values})

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({shown})"


def _picklable(value: object) -> object:
    """``value``, or a copy of a read-only mapping: those can't be pickled."""
    return dict(value) if isinstance(value, MappingProxyType) else value


def _rebuild(kind: type[Immutable], values: dict[str, object]) -> Immutable:
    """Unpickle a value object without calling its constructor."""
    rebuilt = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(rebuilt, name, value)
    return rebuilt


class Timer(Immutable):
    """A delayed transition that is armed or disarmed by a step (`S9.2`); ``delay`` is in milliseconds."""

    __slots__ = ("delay", "source", "trigger")

    source: str
    trigger: str
    delay: int

    def __init__(self, source: str, trigger: str, delay: int) -> None:
        self._set(source=source, trigger=trigger, delay=delay)

    def __hash__(self) -> int:
        return hash((self.source, self.trigger, self.delay))


class _StepDraft(Generic[StateT_co]):
    """A :class:`TransitionStep` while it is being filled in.

    Setting the slots of a plain object and then giving it its real class is four times as fast as going around the
    ``__setattr__`` of an immutable one, and every event with an effect pays for it.
    """

    __slots__: tuple[str, ...] = (
        "actions_to_execute",
        "on_enter_actions",
        "on_exit_actions",
        "source_state",
        "target_state",
        "trigger",
    )

    source_state: StateT_co | None
    target_state: StateT_co
    trigger: str
    on_exit_actions: tuple[ActionSpec, ...]
    actions_to_execute: tuple[ActionSpec, ...]
    on_enter_actions: tuple[ActionSpec, ...]


class TransitionStep(Immutable, _StepDraft[StateT_co]):
    """One transition of a step: the event's own, or an automatic one that followed it (`S7.1`).

    The actions are those planned, in order: exit, transition, entry (`S3.3`). ``source_state`` is ``None``
    where an entity comes into being.
    """

    __slots__ = ()
    _fields = _StepDraft.__slots__

    def __new__(
        cls,
        source_state: StateT_co | None,
        target_state: StateT_co,
        trigger: str,
        on_exit_actions: tuple[ActionSpec, ...] = (),
        actions_to_execute: tuple[ActionSpec, ...] = (),
        on_enter_actions: tuple[ActionSpec, ...] = (),
    ) -> Self:
        draft: Any = _StepDraft.__new__(_StepDraft)
        draft.source_state = source_state
        draft.target_state = target_state
        draft.trigger = trigger
        draft.on_exit_actions = on_exit_actions
        draft.actions_to_execute = actions_to_execute
        draft.on_enter_actions = on_enter_actions
        draft.__class__ = cls
        step: Self = draft
        return step

    @property
    def all_action_specs(self) -> tuple[ActionSpec, ...]:
        """The planned actions of this transition in order: exit, transition, entry (`S3.3`)."""
        return self.on_exit_actions + self.actions_to_execute + self.on_enter_actions


class _ResultDraft(Generic[StateT_co]):
    """A :class:`TransitionResult` while it is being filled in."""

    __slots__: tuple[str, ...] = (
        "armed",
        "changes",
        "disarmed",
        "error",
        "execution",
        "history_updates",
        "metadata",
        "removed",
        "source_state",
        "steps",
        "target_state",
        "trigger",
    )

    source_state: StateT_co
    target_state: StateT_co | None
    trigger: str
    error: FSMError | None
    metadata: Mapping[str, Any]
    steps: tuple[TransitionStep[StateT_co], ...]
    changes: Mapping[str, Any]
    removed: tuple[str, ...]
    history_updates: Mapping[str, Any]
    armed: tuple[Timer, ...]
    disarmed: tuple[Timer, ...]
    execution: ExecutionResult | None


class TransitionResult(Immutable, _ResultDraft[StateT_co]):
    """The outcome of one event, from the event to where the machine rests again.

    ``success`` is false exactly when ``error`` is set; ``target_state`` is then ``None`` and nothing changed.
    ``changes`` and ``removed`` tell what effects did to the context that the guards saw:
    ``{**context, **changes}`` less ``removed`` is the new one. ``metadata["reason"]`` names the kind of a refusal,
    ``metadata["guards"]`` each guard's verdict, ``metadata["guard_errors"]`` the guards that raised (`S5.3`).
    """

    __slots__ = ()
    _fields = _ResultDraft.__slots__

    def __new__(
        cls,
        source_state: StateT_co,
        target_state: StateT_co | None,
        trigger: str,
        error: FSMError | None = None,
        metadata: Mapping[str, Any] = NOTHING,
        steps: tuple[TransitionStep[StateT_co], ...] = (),
        changes: Mapping[str, Any] = NOTHING,
        removed: tuple[str, ...] = (),
        history_updates: Mapping[str, Any] = NOTHING,
        armed: tuple[Timer, ...] = (),
        disarmed: tuple[Timer, ...] = (),
    ) -> Self:
        draft: Any = _ResultDraft.__new__(_ResultDraft)
        draft.source_state = source_state
        draft.target_state = target_state
        draft.trigger = trigger
        draft.error = error
        draft.metadata = metadata if metadata is NOTHING else MappingProxyType(metadata)
        draft.steps = steps
        draft.changes = changes if changes is NOTHING else MappingProxyType(changes)
        draft.removed = removed
        draft.history_updates = history_updates if history_updates is NOTHING else MappingProxyType(history_updates)
        draft.armed = armed
        draft.disarmed = disarmed
        draft.execution = None
        draft.__class__ = cls
        result: Self = draft
        return result

    @property
    def success(self) -> bool:
        """Whether the event was taken (or, without strictness, ignored: ``metadata["no_op"]``)."""
        return self.error is None

    @property
    def on_exit_actions(self) -> tuple[ActionSpec, ...]:
        """Exit actions of the event's own transition."""
        return self.steps[0].on_exit_actions if self.steps else ()

    @property
    def actions_to_execute(self) -> tuple[ActionSpec, ...]:
        """Transition actions of the event's own transition."""
        return self.steps[0].actions_to_execute if self.steps else ()

    @property
    def on_enter_actions(self) -> tuple[ActionSpec, ...]:
        """Entry actions of the event's own transition."""
        return self.steps[0].on_enter_actions if self.steps else ()

    @property
    def all_action_specs(self) -> tuple[ActionSpec, ...]:
        """Every planned action of the step in the order it has to run."""
        steps = self.steps
        if len(steps) == 1:
            return steps[0].all_action_specs
        return tuple(spec for step in steps for spec in step.all_action_specs)

    @property
    def all_actions(self) -> tuple[str, ...]:
        """The names of :attr:`all_action_specs`, in order."""
        return tuple(spec.name for spec in self.all_action_specs)

    def raise_if_failed(self) -> Self:
        """Return the result itself, or raise its error.

        Raises:
            FSMError: The result's :attr:`error`, where there is one.
        """
        if self.error is not None:
            raise self.error
        return self

    def replaced(self, **values: object) -> Self:
        """The same result with some of its fields changed."""
        copy: Self = object.__new__(type(self))
        put = object.__setattr__
        for name in self._fields:
            put(copy, name, getattr(self, name))
        for name, value in values.items():
            put(copy, name, MappingProxyType(value) if isinstance(value, dict) else value)
        return copy

    def __repr__(self) -> str:
        if self.error is not None:
            return (
                f"<TransitionResult {self.trigger!r} refused in {self.source_state!s}: "
                f"{type(self.error).__name__}: {self.error}>"
            )
        return f"<TransitionResult {self.trigger!r}: {self.source_state!s} -> {self.target_state!s}>"
