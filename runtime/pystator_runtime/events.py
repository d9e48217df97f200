"""What is sent to a machine, and the keys that the engine adds to the context on the way.

Annotations are values here, not text: of a typed dictionary, text would be compiled whenever an application starts.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from pystator_runtime.errors import ReservedKeyError


class Event:
    """A trigger with its payload, for triggers known only at run time: ``session.handle(Event(name, data))``.

    ``event_id`` makes the event idempotent where entities are stored (`S13.1`).
    """

    __slots__ = ("event_id", "payload", "trigger")

    trigger: str
    payload: Mapping[str, Any]
    event_id: str | None

    def __init__(self, trigger: str, payload: Mapping[str, Any] | None = None, *, event_id: str | None = None) -> None:
        self.trigger = str(trigger)  # a member of a trigger enum would look odd in every message
        self.payload = {} if payload is None else payload
        self.event_id = event_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.trigger, self.payload, self.event_id) == (
            other.trigger,
            other.payload,
            other.event_id,
        )

    __hash__ = None  # type: ignore[assignment]  # payloads are mappings, so events can't be hashed

    def __repr__(self) -> str:
        return f"Event({self.trigger!r}, {dict(self.payload)!r})"


class EngineContext(TypedDict, total=False):
    """The keys that guards and actions see beside the entity's own context; never stored (`S8.4`)."""

    _event: Event
    _entity_id: str
    _guard_params: Mapping[str, Any]
    _action_params: Mapping[str, Any]
    _action_key: str


def refuse_reserved_keys(values: Mapping[str, object], what: str) -> None:
    """Raise :class:`ReservedKeyError` if a key of ``values`` is the engine's (`S2.5`)."""
    for key in values:
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{what} key {key!r} is no text")
        if key[:1] == "_":
            raise ReservedKeyError(f"{what} key {key!r} starts with '_': such keys belong to the engine; rename it")
