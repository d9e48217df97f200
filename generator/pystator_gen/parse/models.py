"""The checked document: one machine as its YAML says it, every value of the right type.

Names are not resolved here: a transition may still name a state that nobody defined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, SkipValidation, WithJsonSchema

from pystator_gen.parse.actions import Action
from pystator_gen.parse.base import Model
from pystator_gen.parse.guards import Guard
from pystator_gen.parse.names import (
    ClassPrefix,
    DestinationName,
    Name,
    OwnName,
    SourceName,
    Text,
    TriggerName,
)
from pystator_gen.parse.types import ANY, EnumerationValue, Type

StateType: TypeAlias = Literal["initial", "stable", "terminal", "error", "parallel", "choice"]
TypeText: TypeAlias = Annotated[Type, SkipValidation, WithJsonSchema({"type": ["string", "object", "array"]})]
"""A type as read by :func:`parse_type`, or from a JSON-schema-like mapping."""

MAX_DELAY_MS = 36_525 * 24 * 3_600_000
"""A hundred years: what is due later than that no calendar can hold."""


_GUARDS = {
    word: f"write `guards: [{{{form}: ...}}]`"
    for form, words in {
        "expr": ("expr", "when", "if", "cond", "condition", "conditions"),
        "check": ("check",),
        "allOf": ("allof",),
        "anyOf": ("anyof",),
        "not": ("not", "negate", "unless"),
    }.items()
    for word in words
}
"""What says beside a transition's other keys under which condition it is taken, and left it unguarded."""


class Meta(Model):
    """What the machine is called, and how strict it is."""

    unsupported: ClassVar[frozenset[str]] = frozenset({"classification"})
    passed_over: ClassVar[frozenset[str]] = frozenset({"state_variables"})

    machine_name: Text | None = Field(default=None, description="The machine's name.")
    version: Text | None = Field(default=None, description="The version of this definition.")
    description: str | None = Field(default=None, description="What the machine is for.")
    class_prefix: ClassPrefix | None = Field(
        default=None,
        description="What the generated classes' names start with, instead of the machine's name.",
    )
    strict_mode: bool = Field(default=True, description="Whether an event that leads nowhere is an error (`S2.4`).")
    reject_invalid_events: bool | None = Field(
        default=None, description="Decides on such events where `strict_mode` should not."
    )
    strict_guard_registry: bool | None = Field(
        default=None, description="Whether a guard that nobody bound is an error (`S5.4`)."
    )
    event_normalizer: Literal["lower", "upper"] | None = Field(
        default=None,
        description="How incoming triggers are respelt before they are looked up (`S12.2`).",
    )
    validate_context: bool = Field(
        default=False,
        description="Whether the context is checked before guards are asked (`S10.1`).",
    )
    orchestrator_default_fallback: Literal["off", "hint", "persist"] = Field(
        default="off",
        description="What the orchestrator does where an event leads nowhere (`S12.1`).",
    )


class Region(Model):
    """One of the parts of a parallel state that are active at once (`S6`)."""

    name: Name = Field(description="The region's name.")
    initial: Name = Field(description="The state it starts in.")
    states: tuple[Name, ...] = Field(default=(), description="The states in it.")
    final: Name | None = Field(default=None, description="The state in which it is finished (`S6.6`).")
    description: str | None = Field(default=None, description="What the region is about.")


class Timeout(Model):
    """A delayed transition without guards (`S9.3`)."""

    seconds: float = Field(gt=0, le=MAX_DELAY_MS // 1000, description="How long the state may last.")
    destination: DestinationName = Field(description="Where it then goes.")


class State(Model):
    """A node of the machine's tree (`S1.1`)."""

    unsupported: ClassVar[frozenset[str]] = frozenset({"invoke", "submachine", "when"})

    name: Name = Field(description="The state's name.")
    type: StateType = Field(default="stable", description="What kind of state it is.")
    description: str | None = Field(default=None, description="What it means to be in it.")
    parent: Name | None = Field(default=None, description="The state it lies in.")
    initial_child: Name | None = Field(
        default=None, description="The child that is entered with it; makes it compound."
    )
    regions: tuple[Region, ...] = Field(default=(), description="Its regions; make it parallel.")
    on_enter: tuple[Action, ...] = Field(default=(), description="Actions to run on entry.")
    on_exit: tuple[Action, ...] = Field(default=(), description="Actions to run on exit.")
    timeout: Timeout | None = Field(default=None, description="Where it goes if nothing happens.")
    group: str | None = Field(default=None, description="The group it is shown in.")
    entry_points: tuple[Name, ...] = Field(default=(), description="Children that may be entered as `state:point`.")
    exit_points: tuple[Name, ...] = Field(default=(), description="Children that may be left as `state:point`.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Anything.")


class Transition(Model):
    """From where to where, when, under which conditions, with which actions (`S2`)."""

    also_known: ClassVar[Mapping[str, str]] = {"ref": "refs"}
    misplaced: ClassVar[Mapping[str, str]] = _GUARDS

    trigger: TriggerName | None = Field(default=None, description="The event that causes it.")
    source: tuple[SourceName, ...] = Field(min_length=1, description="The states it starts from; `*` for all.")
    dest: DestinationName | None = Field(
        default=None, description="The state it leads to; may be absent if it is internal."
    )
    guards: tuple[Guard, ...] = Field(default=(), description="What must hold.")
    actions: tuple[Action, ...] = Field(default=(), description="Actions to run.")
    region: Name | None = Field(default=None, description="The region it is confined to (`S6.4`).")
    after: int | None = Field(default=None, ge=0, le=MAX_DELAY_MS, description="The delay in milliseconds (`S9.1`).")
    internal: bool = Field(default=False, description="Whether it exits and enters nothing (`S3.4`).")
    auto: bool = Field(default=False, description="Whether it fires without an event (`S7.1`).")
    priority: int | None = Field(default=None, description="Lower comes first; absent is 0 (`S2.1`).")
    description: str | None = Field(default=None, description="What it means.")
    refs: tuple[Text, ...] = Field(default=(), description="Where it is specified; reaches docstrings.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Anything.")


class _Declared(Model):
    """What variables and payload fields have in common: a type and perhaps a default."""

    passed_over: ClassVar[frozenset[str]] = frozenset(
        {"items", "additionalProperties", "properties", "enum", "format", "nullable"}
    )

    required: bool = Field(default=False, description="Whether there must be a value.")
    default: Any = Field(
        default=None,
        description="The value where none is given; dates, decimals and UUIDs as text.",
    )
    description: str | None = Field(default=None, description="What it means.")
    values: tuple[EnumerationValue, ...] | None = Field(
        default=None,
        description="The only values allowed, as listed; `type` is an enumeration then.",
    )

    @property
    def has_default(self) -> bool:
        """Whether a default is given; it may be null."""
        return "default" in self.model_fields_set


class Variable(_Declared):
    """A key of the context that the machine declares (`S10`)."""

    misnamed: ClassVar[Mapping[str, str]] = {"name": "key"}

    key: OwnName = Field(description="The key.")
    type: TypeText | None = Field(default=None, description="The type of its values.")


class PayloadField(_Declared):
    """An argument that comes with a trigger."""

    type: TypeText = Field(default=ANY, description="The type of its values.")


class Event(Model):
    """What is known of a trigger."""

    name: OwnName = Field(description="The trigger's name.")
    description: str | None = Field(default=None, description="What it means.")
    payload: dict[OwnName, PayloadField] | None = Field(
        default=None,
        description="Its arguments; absent if they are not declared, empty if there are none.",
    )


class Invariant(Model):
    """A guard on the whole context, asked where the context is validated (`S10.1`)."""

    name: str | None = Field(default=None, description="What to call it.")
    description: str | None = Field(default=None, description="What it protects.")
    guard: Guard = Field(description="What must hold.")


class ErrorPolicy(Model):
    """What happens where an event leads nowhere, or an action fails."""

    default_fallback: Name | None = Field(default=None, description="The state to fall back to (`S12.1`).")
    retry_attempts: int = Field(
        default=0,
        ge=0,
        description="How often a failed action is tried again, unless it says so itself.",
    )


class Definition(Model):
    """Documentation of a guard or an action."""

    name: Name = Field(description="Its name.")
    description: str | None = Field(default=None, description="What it does.")


class MachineDocument(Model):
    """One machine."""

    meta: Meta = Field(default=Meta(), description="What the machine is called, and how strict it is.")
    states: tuple[State, ...] = Field(min_length=1, description="The states.")
    transitions: tuple[Transition, ...] = Field(description="The transitions.")
    state_variables: tuple[Variable, ...] | None = Field(
        default=None, description="The keys of the context; absent if they are not declared."
    )
    events: tuple[Event, ...] = Field(default=(), description="The payloads of triggers.")
    context_invariants: tuple[Invariant, ...] = Field(default=(), description="Checks on the whole context.")
    error_policy: ErrorPolicy = Field(
        default=ErrorPolicy(),
        description="What happens where an event leads nowhere, or an action fails.",
    )
    groups: dict[str, Any] = Field(default_factory=dict, description="Groups that states are shown in.")
    guard_definitions: tuple[Definition, ...] = Field(default=(), description="Documentation of guards.")
    action_definitions: tuple[Definition, ...] = Field(default=(), description="Documentation of actions.")
