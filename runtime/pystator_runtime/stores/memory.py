"""A store in memory: for tests, for simulations, and for what need not outlive the process."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded, loaded_record
from pystator_runtime.schedulers.delays import milliseconds
from pystator_runtime.timers import wall_clock

Key = tuple[str, str]
"""A machine's name and an entity's id."""


class InMemoryStateStore:
    """Keeps entities as long as it lives, audit rows and event ids for ``keep_audit``. Threads may share it."""

    is_instant = True

    def __init__(self, *, keep_audit: int | float | str | timedelta | None = None) -> None:
        self._keep_audit = None if keep_audit is None else milliseconds(keep_audit)
        self._mutex = threading.Lock()
        self._locked: dict[Key, object] = {}
        self._entities: dict[Key, EntityRecord] = {}
        self._ids: dict[str, list[str]] = {}  # by machine, in order
        self._due: dict[str, list[tuple[int, str]]] = {}  # by machine: moment and entity, in order
        self._audit: dict[Key, list[AuditRecord]] = {}
        self._events: dict[tuple[str, str, str], AuditRecord] = {}
        self._actions: dict[str, ActionRecord] = {}

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """See :class:`~pystator_runtime.protocols.StateStore`, as for all that follows."""
        key = machine, entity_id
        if not lock and event_id is None:  # one look needs no mutex
            return loaded_record((self._entities.get(key), None, wall_clock(), None))
        with self._mutex:
            if lock and key in self._locked:
                return None
            repeated = None if event_id is None else self._events.get((machine, entity_id, event_id))
            held = None
            if lock:
                held = self._locked[key] = _Lock(key)
            return Loaded(self._entities.get(key), repeated, wall_clock(), held)

    def unlock(self, lock: object) -> None:
        with self._mutex:
            self._release(lock)

    def commit(self, commit: Commit, lock: object) -> bool:
        entity, audit = commit.entity, commit.audit
        key = entity.machine, entity.entity_id
        with self._mutex:
            holder = self._locked.get(key)
            if holder is not None:
                self._release(lock)
                if holder is not lock:
                    return False
            event_id = None if audit is None else audit.event_id
            if event_id is not None and (*key, event_id) in self._events:
                return False
            if not self._write(key, entity, commit.expected):
                return False
            if audit is not None:
                self._audit.setdefault(key, []).append(audit)
                if event_id is not None:
                    self._events[(*key, event_id)] = audit
            for action in commit.actions:
                self._actions[action.key] = action
            return True

    def record(self, audit: AuditRecord) -> None:
        with self._mutex:
            self._audit.setdefault((audit.machine, audit.entity_id), []).append(audit)

    def audit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        with self._mutex:
            return list(self._audit.get((machine, entity_id), ()))

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        with self._mutex:
            ids = self._ids.get(machine, [])
            start = 0 if after is None else bisect_left(ids, f"{after}\0")
            found = (self._entities[machine, entity_id] for entity_id in ids[start:])
            wanted = (entity for entity in found if state is None or entity.state == state)
            return [entity for entity, _ in zip(wanted, range(limit), strict=False)]

    def count_by_state(self, machine: str) -> dict[str, int]:
        with self._mutex:
            ids = self._ids.get(machine, [])
            return dict(Counter(self._entities[machine, entity_id].state for entity_id in ids))

    def delete(self, machine: str, entity_id: str) -> bool:
        key = machine, entity_id
        with self._mutex:
            for audit in self._audit.pop(key, ()):
                if audit.event_id is not None:
                    self._events.pop((*key, audit.event_id), None)
            for action in [a for a in self._actions.values() if (a.machine, a.entity_id) == key]:
                del self._actions[action.key]
            entity = self._entities.pop(key, None)
            if entity is None:
                return False
            self._move_timer(key, entity.next_due, None)
            ids = self._ids[machine]
            del ids[bisect_left(ids, entity_id)]
            return True

    def prune(self, machine: str) -> int:
        if self._keep_audit is None:
            return 0
        before, pruned = wall_clock() - self._keep_audit, 0
        with self._mutex:
            for key in [key for key in self._audit if key[0] == machine]:
                old = [audit for audit in self._audit[key] if audit.at < before]
                pruned += len(old)
                self._audit[key] = [audit for audit in self._audit[key] if audit.at >= before]
                for audit in old:
                    if audit.event_id is not None:
                        self._events.pop((*key, audit.event_id), None)
        return pruned

    def close(self) -> None:
        """Nothing to let go of."""

    def _write(self, key: Key, entity: EntityRecord, expected: int) -> bool:
        """Put an entity in the place of its version ``expected``; its index of timers goes with it."""
        before = self._entities.get(key)
        if before is None:
            if expected:
                return False
            insort(self._ids.setdefault(entity.machine, []), entity.entity_id)
            was = None
        elif before.version != expected or before.created_at != entity.created_at:
            return False
        else:
            was = before.next_due
        self._entities[key] = entity
        if was != entity.next_due:
            self._move_timer(key, was, entity.next_due)
        return True

    def _move_timer(self, key: Key, was: int | None, will: int | None) -> None:
        machine, entity_id = key
        due = self._due.setdefault(machine, [])
        if was is not None:
            del due[bisect_left(due, (was, entity_id))]
        if will is not None:
            insort(due, (will, entity_id))

    def _release(self, lock: object) -> None:
        if isinstance(lock, _Lock) and self._locked.get(lock.key) is lock:
            del self._locked[lock.key]

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        now = wall_clock() if now is None else now
        with self._mutex:
            found = self._due.get(machine, ())[:limit]
            return [entity_id for moment, entity_id in found if moment <= now]

    def next_due(self, machine: str) -> tuple[int | None, int]:
        with self._mutex:
            found = self._due.get(machine)
            return (found[0][0] if found else None), wall_clock()

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        now = wall_clock()
        with self._mutex:
            free = (
                action
                for action in self._actions.values()
                if action.machine == machine and not action.error
                if (force or action.claimed_until <= now) and action.not_before <= now
            )
            claimed = [
                action._replace(claimed_until=now + lease) for action, _ in zip(free, range(limit), strict=False)
            ]
            self._actions.update((action.key, action) for action in claimed)
            return claimed

    def renew(self, keys: Sequence[str], lease: int) -> None:
        for key in keys:
            self._change(key, claimed_until=wall_clock() + lease)

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        with self._mutex:
            if key in self._actions and patched is not None:
                entity_key = patched.machine, patched.entity_id
                if entity_key in self._locked or not self._write(entity_key, patched, patched.version - 1):
                    return False
            self._actions.pop(key, None)
            return True

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        self._change(key, attempts=attempts, not_before=wall_clock() + delay, claimed_until=0)

    def give_up(self, key: str, attempts: int, error: str) -> None:
        self._change(key, attempts=attempts, error=error, claimed_until=0)

    def failed(self, machine: str) -> list[ActionRecord]:
        with self._mutex:
            return [action for action in self._actions.values() if action.machine == machine and action.error]

    def retry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        with self._mutex:
            action = self._actions.get(key)
            if action is None or action.machine != machine or not action.error:
                return None
            again = action._replace(attempts=0, not_before=0, claimed_until=wall_clock() + lease, error="")
            self._actions[key] = again
            return again

    def _change(self, key: str, **values: object) -> None:
        with self._mutex:
            if key in self._actions:
                self._actions[key] = self._actions[key]._replace(**values)  # type: ignore[arg-type]


class _Lock:
    """A lock on one entity."""

    __slots__ = ("key",)

    def __init__(self, key: Key) -> None:
        self.key = key
