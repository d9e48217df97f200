"""What an orchestrator needs of a store and of a clock. ``tests/stores`` says whether a store does what it has to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded


class StateStore(Protocol):
    """Keeps entities. Every method is one transaction: done wholly, or not at all.

    A store that can be awaited has each of these a second time, with an ``a`` before its name; the methods of one that
    can't are run in a thread by async callers, unless ``is_instant`` says that they never wait for anything.

    Every method raises :class:`~pystator_runtime.errors.StoreError` where the store itself fails.
    """

    is_instant: bool

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """Read an entity, and the audit row of ``event_id`` if that is given and was used before.

        With ``lock``, nobody else changes the entity until this caller has committed or called :meth:`unlock` with the
        lock of what it got; ``None`` if somebody else has locked it by now.
        """
        ...

    def unlock(self, lock: object) -> None:
        """Give back what :meth:`load` has locked, where no commit did."""
        ...

    def commit(self, commit: Commit, lock: object) -> bool:
        """Write all of ``commit``, unless the entity has another version by now, or the event id was used: ``False``.

        An entity that was deleted and made anew meanwhile has another ``created_at``: that is not the one, either.
        ``lock`` is that of the caller, or ``None``; whatever comes of it, it ends here.
        """
        ...

    def record(self, audit: AuditRecord) -> None:
        """Write the audit row of an event that changed nothing."""
        ...

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        """The entities with a timer due at ``now`` (by the store's clock if not given), the longest due first."""
        ...

    def next_due(self, machine: str) -> tuple[int | None, int]:
        """When the first timer of all entities is due, if there is one, and the time by the store's clock."""
        ...

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        """Claim pending actions that nobody has claimed (with ``force``, others too) for ``lease`` ms, in order."""
        ...

    def renew(self, keys: Sequence[str], lease: int) -> None:
        """Claim for another ``lease`` milliseconds what is being run."""
        ...

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        """Take an action as done and, in the same transaction, write what it changed in the entity.

        ``patched`` has the version after the change; ``False`` if the entity has another one than the one before that:
        nothing is written then. An action that is not there is no error: somebody else has finished it.
        """
        ...

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        """Note a failed try; the action is tried again no earlier than ``delay`` milliseconds from now."""
        ...

    def give_up(self, key: str, attempts: int, error: str) -> None:
        """Mark an action as failed for good; it stays until :meth:`retry`."""
        ...

    def failed(self, machine: str) -> list[ActionRecord]:
        """The actions that failed for good, in order."""
        ...

    def retry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        """Make a failed action pending again, with no tries behind it, and claim it for ``lease`` milliseconds.

        ``None`` if there is no such action, or it has not failed.
        """
        ...

    def audit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        """The audit rows of an entity, the oldest first."""
        ...

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        """Entities by their ids in order, those after the id ``after``; ``state`` is as it is written."""
        ...

    def count_by_state(self, machine: str) -> dict[str, int]:
        """How many entities are in each state."""
        ...

    def delete(self, machine: str, entity_id: str) -> bool:
        """Delete an entity with its audit rows and actions; whether there was one."""
        ...

    def prune(self, machine: str) -> int:
        """Delete the audit rows, and with them the event ids, that are older than the store keeps them; how many."""
        ...

    def close(self) -> None:
        """Let go of connections; the store can be used again, and then opens new ones."""
        ...


class Scheduler(Protocol):
    """Has the timers of orchestrators fire: it is told when one is due, and calls the orchestrator's ``ring`` then.

    One that can be told without blocking an event loop has ``aarm`` as well. One that has ``clock()`` gives the time,
    in milliseconds since the epoch, by which timers are judged, in the place of the store's.
    """

    def serve(self, orchestrator: Any) -> None:
        """Belong to an orchestrator; called when it is made."""
        ...

    def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
        """Take note of when the first timer of an entity is due, in milliseconds since the epoch.

        Called after the commit. An error is logged: the timer is stored, whoever searches the store finds it.
        """
        ...

    def start(self, orchestrator: Any) -> None:
        """Watch the clock for all timers that are stored, also those of other processes."""
        ...

    async def astart(self, orchestrator: Any) -> None:
        """:meth:`start`, in the running event loop."""
        ...

    def stop(self, orchestrator: Any) -> None:
        """Serve an orchestrator no more, and wait for the end of what is running."""
        ...

    async def astop(self, orchestrator: Any) -> None:
        """:meth:`stop`, in the running event loop."""
        ...
