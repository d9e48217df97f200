"""What templates see: finished strings and lists of them, nothing to decide and nothing to build."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enum: ``NAME = value``, with its docstring."""

    name: str
    value: str
    docstring: str


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum class."""

    name: str
    docstring: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a ``TypedDict``: as an identifier, as a literal, with its type, plain and quoted, and docstring."""

    name: str
    literal: str
    annotation: str
    quoted: str
    docstring: str | None


@dataclass(frozen=True, slots=True)
class TypedDict:
    """A ``TypedDict``.

    Where a key can't be written as a class attribute, the keys stand in a base that is made by a call:
    ``functional`` is its name, ``maker`` what makes it.
    """

    name: str
    docstring: str
    bases: str
    total: bool
    functional: str | None
    maker: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class ConfigField:
    """A region in a config class: its property, its literal name, the type and its alias, the values it can have."""

    name: str
    literal: str
    alias: str
    annotation: str
    choices: str
    docstring: str


@dataclass(frozen=True, slots=True)
class Config:
    """The config class of a parallel state.

    ``values`` are those of its parameters by region; ``property`` is spelt so that no field hides it.
    """

    name: str
    docstring: str
    state: str
    signature: str
    values: str
    property: str
    fields: tuple[ConfigField, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A compiled expression; ``decorator`` makes a condition of it."""

    name: str
    decorator: str | None
    returns: str
    source: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A module-level value that several rows share, or a type by its name."""

    name: str
    value: str
    docstring: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """The candidates of one row for one trigger, or for one timer."""

    trigger: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the dispatch table; ``options`` are further keyword arguments of the class ``kind``."""

    kind: str
    state: str
    triggers: tuple[TriggerRow, ...]
    automatic: tuple[str, ...]
    delayed: tuple[TriggerRow, ...]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback protocol for a function that takes params; ``signature`` are its keyword parameters."""

    name: str
    base: str
    docstring: str
    signature: str
    returns: str


@dataclass(frozen=True, slots=True)
class Provided:
    """A member of the guards or actions protocol."""

    name: str
    annotation: str
    docstring: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """What the application has to provide: the guards, or the actions.

    ``property`` is spelt so that no member hides it.
    """

    name: str
    docstring: str
    base: str
    property: str
    callbacks: tuple[Callback, ...]
    members: tuple[Provided, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine class; ``parameters`` and ``arguments`` are those of its ``__init__``, ``binding`` its docstring."""

    name: str
    docstring: str
    binding: str
    type_arguments: tuple[str, ...]
    python_names: str | None
    parameters: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A session's property that tells whether a state is active."""

    name: str
    state: str
    docstring: str


@dataclass(frozen=True, slots=True)
class Method:
    """A session's method that sends a trigger; ``call`` is what it returns."""

    name: str
    signature: str
    call: str
    docstring: str


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of ``send`` and ``asend``."""

    triggers: str
    signature: str


@dataclass(frozen=True, slots=True)
class Send:
    """The implementation of ``send`` and ``asend``: its parameters, and the payload that it passes on."""

    signature: str
    payload: str


@dataclass(frozen=True, slots=True)
class Session:
    """The session class.

    ``property``, ``overload`` and ``query_type`` are spelt so that no method of the session hides them; ``receiver`` is
    the annotation of ``self`` in sync doors, if it has one. ``view`` is the type of what ``view()`` gives, and
    ``views`` the module that has it.
    """

    name: str
    docstring: str
    type_arguments: tuple[str, ...]
    receiver: str
    view: str
    views: str
    queries: tuple[Query, ...]
    methods: tuple[Method, ...]
    overloads: tuple[Overload, ...]
    send: Send
    property: str
    overload: str
    query_type: str
    result: str


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """The orchestrator class, and ``events``, the class of what sends typed events to one of its entities.

    ``answer`` and ``text`` are spelt so that nothing hides them; ``receiver`` is the annotation of ``self`` in sync
    doors, if it has one.
    """

    name: str
    events: str
    docstring: str
    type_arguments: tuple[str, ...]
    methods: tuple[Method, ...]
    answer: str
    result: str
    awaitable: str
    text: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Module:
    """A whole generated module; ``state_names`` is what its table calls the states."""

    source: str
    interface: int
    name: str
    version: str
    initial: str
    docstring: str
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    exports: tuple[str, ...]
    states: Enum
    triggers: Enum
    state_names: tuple[str, ...]
    aliases: tuple[Constant, ...]
    dictionaries: tuple[TypedDict, ...]
    configs: tuple[Config, ...]
    functions: tuple[Function, ...]
    constants: tuple[Constant, ...]
    definition: tuple[str, ...]
    options: tuple[str, ...]
    rows: tuple[Row, ...]
    protocols: tuple[Protocol, ...]
    machine: Machine
    session: Session
    orchestrator: Orchestrator


@dataclass(frozen=True, slots=True)
class ViewMethod:
    """A view's method that sends a trigger; ``call`` is what it returns, ``returns`` the views that may be."""

    name: str
    signature: str
    returns: str
    call: str
    docstring: str


@dataclass(frozen=True, slots=True)
class ViewOverload:
    """One signature of a view's ``asend``, with the views that it may return."""

    triggers: str
    signature: str
    returns: str


@dataclass(frozen=True, slots=True)
class StateView:
    """The view of one state; ``receiver`` is the annotation of ``self`` in sync doors, if it has one.

    ``overload``, ``text`` and ``anything`` are spelt so that no method hides them.
    """

    name: str
    base: str
    docstring: str
    shows: str
    receiver: str
    methods: tuple[ViewMethod, ...]
    overloads: tuple[ViewOverload, ...]
    send: Send | None
    overload: str
    text: str
    anything: str


@dataclass(frozen=True, slots=True)
class Views:
    """The module of a machine's views; ``alias`` is the union of all, ``table`` finds them by state.

    ``names`` are what the triggers may be called, as types for checkers.
    """

    source: str
    docstring: str
    imports: tuple[str, ...]
    dictionaries: tuple[TypedDict, ...]
    names: tuple[Constant, ...]
    classes: tuple[StateView, ...]
    alias: Constant
    table: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class PackageMember:
    """One module that the package re-exports."""

    module: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """The package's ``__init__``."""

    members: tuple[PackageMember, ...]
