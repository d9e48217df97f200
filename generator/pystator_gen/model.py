"""The resolved machine: what the source means, with every reference looked up and every choice made.

This is the data structure between analysis and printing. Of Python it knows the names that things have there and
the compiled text of expressions, nothing else.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pystator_gen.naming import ClassName, PythonIdentifier
from pystator_gen.parse.types import Type

# -- expressions, guards, actions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """A compiled expression or check: ``text`` as the YAML has it, ``source`` as Python, reading from ``ctx``.

    ``helpers`` are the functions that the source calls, each with the runtime module that has it.
    """

    text: str
    source: str
    helpers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard that is an expression or a check."""

    function: Function


@dataclass(frozen=True, slots=True)
class NamedGuard:
    """A guard that the application has to provide."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Combined:
    """``allOf``, ``anyOf`` or ``not`` over other guards; ``kind`` is ``AllOf``, ``AnyOf`` or ``Not``."""

    kind: str
    guards: tuple[Guard, ...]


Guard: TypeAlias = Condition | NamedGuard | Combined


@dataclass(frozen=True, slots=True)
class NamedAction:
    """An action that the application has to provide."""

    name: str
    params: Mapping[str, Any]
    retry: int | None = None
    retry_backoff: float | None = None
    timeout: float | None = None


class EffectKind(enum.Enum):
    """The effects (`S8.2`) that write or remove one field, or several."""

    SET = "set"
    TIMESTAMP = "timestamp"
    INCREMENT = "increment"
    DECREMENT = "decrement"
    APPEND = "append"
    CLEAR = "clear"
    COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Effect:
    """A change of the context.

    ``field`` is the field it is about (none for ``set``), ``value`` the literal of ``append`` or ``set``, and
    ``function`` the expression of ``compute``; ``as_text`` tells how a ``timestamp`` is written.
    """

    kind: EffectKind
    field: str = ""
    value: Any = None
    function: Function | None = None
    as_text: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """An action, or the effects that one entry stands for, with the condition under which it is planned (`S8.5`)."""

    items: tuple[NamedAction | Effect, ...]
    when: Condition | None = None


Plan: TypeAlias = tuple[Planned, ...]


# -- states and transitions ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """A state. ``query`` is the session's property that tells whether it is active, ``ancestors`` go outward."""

    name: str
    member: PythonIdentifier
    query: PythonIdentifier
    kind: str
    description: str
    group: str | None
    entry: Plan
    exit: Plan
    ancestors: tuple[str, ...] = ()
    is_compound: bool = False

    @property
    def can_rest(self) -> bool:
        """Whether a machine can rest here: in a leaf, and not in a choice, which is only passed through (`S7.3`)."""
        return self.kind != "choice" and not self.is_compound

    @property
    def is_terminal(self) -> bool:
        """Whether nothing leaves it (`S1.3`)."""
        return self.kind == "terminal"


@dataclass(frozen=True, slots=True)
class Timer:
    """A delayed transition's timer: the state that it belongs to, its label, and its delay in milliseconds."""

    source: str
    label: str
    delay: int


@dataclass(frozen=True, slots=True)
class Way:
    """Where an arrow comes to rest: the leaf, the states it enters, outermost first, and the timers of these."""

    target: State
    entry: tuple[State, ...]
    armed: tuple[Timer, ...] = ()
    disarmed: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True)
class Restoration:
    """A history destination (`S4.2`): the ways to take by the leaf that ``parent`` has recorded."""

    parent: str
    ways: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One transition as one leaf sees it, with choices resolved: what may be taken, in the order it is asked.

    ``label`` is its trigger, or what an automatic transition is called in results; ``exit`` are the states that are
    left, innermost first. ``restoration`` says which other way to take if there is history to restore.
    """

    source: State
    label: str
    way: Way
    guards: tuple[Guard, ...]
    exit: tuple[State, ...]
    actions: Plan
    restoration: Restoration | None = None
    internal: bool = False
    description: str = ""
    refs: tuple[str, ...] = ()

    @property
    def target(self) -> State:
        """Where it comes to rest if there is no history to restore."""
        return self.way.target

    @property
    def records(self) -> tuple[str, ...]:
        """The compound states that are left, and so record their history (`S4.1`)."""
        return tuple(state.name for state in self.exit if state.is_compound)


@dataclass(frozen=True, slots=True)
class Row:
    """What a leaf does: its candidates per trigger, its automatic ones, and those of its timers.

    ``entry`` are the states that an entity enters which comes into being here, outermost first.
    """

    state: State
    on: Mapping[str, tuple[Candidate, ...]]
    automatic: tuple[Candidate, ...]
    delayed: Mapping[Timer, tuple[Candidate, ...]]
    entry: tuple[State, ...]


# -- the outside -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A key of the context or of a payload, with its declaration."""

    key: str
    type: Type
    required: bool = False
    has_default: bool = False
    default: Any = None
    description: str = ""

    @property
    def must_be_given(self) -> bool:
        """Whether nothing stands in for it if it is left out."""
        return self.required and not self.has_default


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that may be sent. ``payload`` is ``None`` where `events` says nothing about it."""

    name: str
    member: PythonIdentifier
    method: PythonIdentifier
    description: str
    payload: tuple[Field, ...] | None
    payload_class: ClassName | None


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter that the YAML passes to a guard or action: the values it has there."""

    key: str
    values: tuple[Any, ...]
    always: bool


@dataclass(frozen=True, slots=True)
class External:
    """A guard or action that the application provides, with the params of all of its uses."""

    name: str
    python_name: PythonIdentifier
    description: str
    params: tuple[Param, ...]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A check on the whole context (`S10.1`)."""

    name: str
    guard: Guard


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole machine.

    ``definition`` is the source's data, ``keys`` all keys that its context may have, ``initial`` the leaf that an
    entity starts in, and ``compounds`` the leaf that each compound state stands for.
    """

    source: str
    name: str
    module: PythonIdentifier
    prefix: ClassName
    version: str | None
    description: str
    definition: Mapping[str, Any]
    groups: Mapping[str, str]
    states: tuple[State, ...]
    initial: State
    compounds: Mapping[str, State]
    triggers: tuple[Trigger, ...]
    rows: tuple[Row, ...]
    variables: tuple[Field, ...] | None
    keys: tuple[Field, ...]
    guards: tuple[External, ...]
    actions: tuple[External, ...]
    invariants: tuple[Invariant, ...]
    validate_context: bool
    reject_invalid_events: bool
    strict_guards: bool
    normalize: bool
