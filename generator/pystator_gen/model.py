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
    """A state.

    ``query`` is the session's property that tells whether it is active. ``ancestors`` go outward, regions left out;
    ``region`` is the innermost region it lies in.
    """

    name: str
    member: PythonIdentifier
    query: PythonIdentifier
    kind: str
    description: str
    group: str | None
    entry: Plan
    exit: Plan
    ancestors: tuple[str, ...] = ()
    region: RegionName | None = None
    is_compound: bool = False
    is_parallel: bool = False

    @property
    def is_leaf(self) -> bool:
        """Whether nothing lies in it; a choice is none, for it is only passed through (`S7.3`)."""
        return self.kind != "choice" and not self.is_compound and not self.is_parallel

    @property
    def is_terminal(self) -> bool:
        """Whether nothing leaves it (`S1.3`)."""
        return self.kind == "terminal"


@dataclass(frozen=True, slots=True)
class RegionName:
    """A region, by its parallel state and its name."""

    container: str
    name: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """A parallel state with what is active in each of its regions, in order of definition (`S1.2`)."""

    container: State
    parts: Mapping[str, Active]

    @property
    def name(self) -> str:
        """What it is called in words."""
        return self.container.name

    @property
    def is_terminal(self) -> bool:
        """Never: regions may be finished, the level of the parallel state still applies (`S1.3`)."""
        return False


Active: TypeAlias = State | Configuration
"""What can be rested in."""


def rows_of(active: Active) -> tuple[State, ...]:
    """The states whose rows are asked while it is active: parallel states and leaves."""
    if isinstance(active, State):
        return (active,)
    return (active.container, *(state for part in active.parts.values() for state in rows_of(part)))


@dataclass(frozen=True, slots=True)
class Timer:
    """A delayed transition's timer: the state that it belongs to, its label, and its delay in milliseconds."""

    source: str
    label: str
    delay: int


@dataclass(frozen=True, slots=True)
class Way:
    """Where an arrow comes to rest: what is active then, the states it enters, in order, and the timers of these.

    ``restores`` tells that it goes through a parallel state whose regions depend on what they have recorded: what they
    enter comes before ``entry_after``, the entry of the regions that follow in parallel states around it.
    """

    target: Active
    entry: tuple[State, ...]
    armed: tuple[Timer, ...] = ()
    disarmed: tuple[Timer, ...] = ()
    restores: Restores | None = None
    entry_after: tuple[State, ...] = ()
    armed_after: tuple[Timer, ...] = ()


class Restores(enum.Enum):
    """What a history destination brings back (`S4.2`)."""

    CHILD = "H"
    CONFIGURATION = "H*"


@dataclass(frozen=True, slots=True)
class Restoration:
    """A history destination (`S4.2`): the ways to take by the leaf or parallel state that ``parent`` has recorded."""

    parent: str
    ways: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One transition as one row sees it, with choices resolved: what may be taken, in the order it is asked.

    ``label`` is its trigger, or what an automatic transition is called in results; ``exit`` are the states that are
    left, innermost first. Where a parallel state is left, these begin with the outermost such state, ``leaves``: what
    is active in its regions is known only then. ``restoration`` says which other way to take if there is history to
    restore.
    """

    source: State
    label: str
    way: Way
    guards: tuple[Guard, ...]
    exit: tuple[State, ...]
    actions: Plan
    leaves: State | None = None
    restoration: Restoration | None = None
    internal: bool = False
    description: str = ""
    refs: tuple[str, ...] = ()

    @property
    def target(self) -> Active:
        """Where it comes to rest if there is no history to restore."""
        return self.way.target

    @property
    def is_join(self) -> bool:
        """Whether it waits for the regions of its source to finish (`S6.6`)."""
        return self.label == f"_join_{self.source.name}"

    @property
    def records(self) -> tuple[str, ...]:
        """The states with something in them that are left, and so record their history (`S4.1`)."""
        return tuple(state.name for state in self.exit if state.is_compound or state.is_parallel)


@dataclass(frozen=True, slots=True)
class Region:
    """A region of a parallel state: what is active in it at first, and the states in which it is finished (`S6.6`).

    ``member`` is the config's property that tells what is active in it, ``resting`` that can be:
    its leaves, and the parallel states in it.
    """

    name: str
    member: PythonIdentifier
    description: str
    initial: Active
    finals: tuple[str, ...]
    resting: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a leaf or a parallel state does: its candidates per trigger, its automatic ones, and those of its timers.

    They are its own and those of the states around it, as far as the region that it lies in. ``entry`` are the states
    that are entered on the way to it, outermost first, from where that region begins.
    """

    state: State
    on: Mapping[str, tuple[Candidate, ...]]
    automatic: tuple[Candidate, ...]
    delayed: Mapping[Timer, tuple[Candidate, ...]]
    entry: tuple[State, ...]
    regions: tuple[Region, ...] = ()
    fallback: Candidate | None = None


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

    ``definition`` is the source's data, ``keys`` all keys that its context may have, ``initial`` what is active when
    an entity comes into being, and ``compounds`` what is active in each compound state when it is entered.
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
    initial: Active
    compounds: Mapping[str, Active]
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
    fallback: str | None = None
    retry_attempts: int = 0
