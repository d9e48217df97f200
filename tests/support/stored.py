"""What stores are given in tests: an entity, an audit row, an action, and the commit that holds them."""

from __future__ import annotations

from typing import Any

from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord

MACHINE = "order"
ID = "o-1"
FAR = 4_102_444_800_000
"""A moment that does not come while tests run."""

HOUR = 3_600_000


def entity(entity_id: str = ID, version: int = 1, state: str = "open", **other: Any) -> EntityRecord:
    values = {
        "machine": MACHINE,
        "context": f'{{"version": {version}}}',
        "history": "{}",
        "timers": "[]",
        "next_due": None,
        "machine_version": "1",
        "created_at": 1_000,
        "updated_at": 1_000 + version,
    }
    return EntityRecord(entity_id=entity_id, version=version, state=state, **{**values, **other})


def audit(of: EntityRecord, event_id: str | None = None, **other: Any) -> AuditRecord:
    values = {
        "trigger": "go",
        "source_state": "new",
        "target_state": of.state,
        "success": True,
        "digest": "" if event_id is None else f"digest of {event_id}",
        "result": "" if event_id is None else '{"first": true}',
        "at": of.updated_at,
    }
    return AuditRecord(of.machine, of.entity_id, of.version, event_id=event_id, **{**values, **other})


def action(of: EntityRecord, number: int = 0, **other: Any) -> ActionRecord:
    values = {
        "key": f"{of.machine}/{of.entity_id}/{of.version}/{number}",
        "spec": f'{{"name": "act_{number}"}}',
        "event": '{"trigger": "go"}',
        "context": of.context,
        "attempts": 0,
        "not_before": 0,
        "claimed_until": 0,
        "error": "",
    }
    return ActionRecord(machine=of.machine, entity_id=of.entity_id, **{**values, **other})


def commit(of: EntityRecord, *, event_id: str | None = None, actions: int = 0, **of_actions: Any) -> Commit:
    """What takes an entity from the version before to ``of``, with its audit row and some actions."""
    planned = tuple(action(of, number, **of_actions) for number in range(actions))
    return Commit(of, of.version - 1, audit(of, event_id), planned)


def put(store: Any, *entities: EntityRecord, **other: Any) -> None:
    """Commit entities, which has to succeed."""
    for of in entities:
        assert store.commit(commit(of, **other), None)


def get(store: Any, entity_id: str = ID, machine: str = MACHINE) -> EntityRecord | None:
    found: EntityRecord | None = store.load(machine, entity_id, None, False).entity
    return found


def everything(store: Any, entity_id: str = ID, machine: str = MACHINE) -> list[Any]:
    """All that a store tells of an entity and its actions; the claims go with it."""
    mine = [a for a in store.claim(machine, 0, 10_000, True) if a.entity_id == entity_id]
    found = get(store, entity_id, machine)
    due = [i for i in store.due(machine, FAR * 2, 10_000) if i == entity_id]
    listed = [e for e in store.find(machine, None, None, 10_000) if e.entity_id == entity_id]
    counts = store.count_by_state(machine)
    return [found, store.audit(machine, entity_id), [a._replace(claimed_until=0) for a in mine], due, listed, counts]
