"""What a store keeps: entities, audit rows and pending actions, and the one commit that changes them together.

All of it is text and numbers, so that a store need not know what a machine is. Moments are milliseconds since the
epoch, by the store's clock.

They are no part of the package of the stores, which names every store: a type checker that looks at a generated module
would have to read the libraries of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, TypeVar

RecordT = TypeVar("RecordT", bound=tuple[Any, ...])


class EntityRecord(NamedTuple):
    """One entity. ``context``, ``history`` and ``timers`` are JSON text; ``version`` counts its commits from 1.

    ``next_due`` is when its first timer is due: what a store needs to find entities by their timers.
    """

    machine: str
    entity_id: str
    state: str
    context: str
    history: str
    timers: str
    next_due: int | None
    version: int
    machine_version: str | None
    created_at: int
    updated_at: int


class AuditRecord(NamedTuple):
    """One event that was decided.

    ``digest`` tells one trigger and payload from another, ``result`` is the JSON text from which a repeated event is
    answered; both are empty where the event has no ``event_id``.
    """

    machine: str
    entity_id: str
    version: int
    trigger: str
    source_state: str
    target_state: str | None
    success: bool
    event_id: str | None
    digest: str
    result: str
    at: int


class ActionRecord(NamedTuple):
    """One action that is still to be run, or that failed for good (``error`` is then set, otherwise empty).

    ``key`` is stable over all tries. ``spec`` (name, params, retries), ``event`` and ``context`` are JSON text.
    Whoever runs it has claimed it until ``claimed_until``; before ``not_before`` nobody tries it again.
    """

    key: str
    machine: str
    entity_id: str
    spec: str
    event: str
    context: str
    attempts: int
    not_before: int
    claimed_until: int
    error: str


class Loaded(NamedTuple):
    """What a store knows of an entity at one moment: itself, the event asked about, and the time by its clock.

    ``lock`` is what a commit has to show while the entity is locked; only the store knows what it is.
    """

    entity: EntityRecord | None
    repeated: AuditRecord | None
    now: int
    lock: object = None


class Commit(NamedTuple):
    """All that one step changes. ``expected`` is the version that it was decided on, 0 if there was no entity."""

    entity: EntityRecord
    expected: int
    audit: AuditRecord | None = None
    actions: tuple[ActionRecord, ...] = ()


def _maker(record: type[RecordT]) -> Callable[[Iterable[Any]], RecordT]:
    """What makes records of all their fields in order, in half the time: a call of the class is one of Python's."""
    return partial(tuple.__new__, record)


entity_record = _maker(EntityRecord)
audit_record = _maker(AuditRecord)
loaded_record = _maker(Loaded)
commit_record = _maker(Commit)
