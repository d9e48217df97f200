"""What an event did: the immutable result, and the single transitions it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

if TYPE_CHECKING:
    from pystator_runtime.actions import ActionSpec, ExecutionResult
    from pystator_runtime.errors import FSMError

StateT_co = TypeVar("StateT_co", bound=str, covariant=True)

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Immutable:
    """Base of value objects: set once in ``__init__`` through :meth:`_set`, never changed afterwards."""

    __slots__: tuple[str, ...] = ()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} can't be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} can't be deleted")

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(repr(self._values()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        names = self.__slots__
        return _rebuild, (type(self), dict(zip(names, self._values(), strict=True)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({shown})"


def _rebuild(kind: type[Immutable], values: dict[str, object]) -> Immutable:
    """Unpickle a value object without calling its ``__init__``."""
    rebuilt = kind.__new__(kind)
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


class TransitionStep(Immutable, Generic[StateT_co]):
    """One transition of a step: the event's own, or an automatic one that followed it (`S7.1`).

    The actions are those planned, in order: exit, transition, entry (`S3.3`). ``source_state`` is ``None``
    where an entity comes into being.
    """

    __slots__ = (
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

    def __init__(
        self,
        source_state: StateT_co | None,
        target_state: StateT_co,
        trigger: str,
        on_exit_actions: tuple[ActionSpec, ...] = (),
        actions_to_execute: tuple[ActionSpec, ...] = (),
        on_enter_actions: tuple[ActionSpec, ...] = (),
    ) -> None:
        put = object.__setattr__
        put(self, "source_state", source_state)
        put(self, "target_state", target_state)
        put(self, "trigger", trigger)
        put(self, "on_exit_actions", on_exit_actions)
        put(self, "actions_to_execute", actions_to_execute)
        put(self, "on_enter_actions", on_enter_actions)

    @property
    def all_action_specs(self) -> tuple[ActionSpec, ...]:
        """The planned actions of this transition in order: exit, transition, entry (`S3.3`)."""
        return self.on_exit_actions + self.actions_to_execute + self.on_enter_actions


class TransitionResult(Immutable, Generic[StateT_co]):
    """The outcome of one event, from the event to where the machine rests again.

    ``success`` is false exactly when ``error`` is set; ``target_state`` is then ``None`` and nothing changed.
    ``changes`` and ``removed`` tell what effects did to the context that the guards saw:
    ``{**context, **changes}`` less ``removed`` is the new one. ``metadata["reason"]`` names the kind of a refusal,
    ``metadata["guards"]`` each guard's verdict, ``metadata["guard_errors"]`` the guards that raised (`S5.3`).
    """

    __slots__ = (
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

    def __init__(
        self,
        source_state: StateT_co,
        target_state: StateT_co | None,
        trigger: str,
        error: FSMError | None = None,
        metadata: Mapping[str, Any] = NOTHING,
        steps: tuple[TransitionStep[StateT_co], ...] = (),
        changes: Mapping[str, Any] = NOTHING,
        removed: tuple[str, ...] = (),
    ) -> None:
        put = object.__setattr__
        put(self, "source_state", source_state)
        put(self, "target_state", target_state)
        put(self, "trigger", trigger)
        put(self, "error", error)
        put(self, "metadata", metadata)
        put(self, "steps", steps)
        put(self, "changes", changes)
        put(self, "removed", removed)
        put(self, "history_updates", NOTHING)
        put(self, "armed", ())
        put(self, "disarmed", ())
        put(self, "execution", None)

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
        copy = type(self).__new__(type(self))
        put = object.__setattr__
        for name in self.__slots__:
            put(copy, name, getattr(self, name))
        for name, value in values.items():
            put(copy, name, value)
        return copy

    def __repr__(self) -> str:
        if self.error is not None:
            return (
                f"<TransitionResult {self.trigger!r} refused in {self.source_state!s}: "
                f"{type(self.error).__name__}: {self.error}>"
            )
        return f"<TransitionResult {self.trigger!r}: {self.source_state!s} -> {self.target_state!s}>"
