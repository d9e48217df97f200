"""The one commit of a step (`S13`): load, decide, compare and swap, and decide again about what others have done."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import ContextVar

from pystator_runtime.errors import GuardError, StaleVersionError
from pystator_runtime.orchestrator.acting import Actor
from pystator_runtime.orchestrator.clock import Clock
from pystator_runtime.orchestrator.draft import Decision
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.records import Loaded
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Procedure

OPTIMISTIC_TRIES = 3
"""So often a step is decided without a lock; the tries that follow a conflict then lock the entity."""

_deciding: ContextVar[frozenset[tuple[int, str]]] = ContextVar("pystator_runtime_deciding", default=frozenset())
"""The orchestrators and entities whose guards are being asked, by whoever runs here."""


class Committer:
    """Brings what is decided about the entities of one machine into the store."""

    def __init__(
        self,
        machine: str,
        gateway: StoreGateway,
        clock: Clock,
        journal: Journal,
        actor: Actor,
        *,
        retries: int,
    ) -> None:
        self._machine = machine
        self._gateway = gateway
        self._store = gateway.store
        self._clock = clock
        self._journal = journal
        self._actor = actor
        self._retries = retries

    def committed(
        self,
        entity_id: str,
        event_id: str | None,
        decide: Callable[[Loaded, Milliseconds], Decision | Procedure[Decision | None]],
        *,
        is_async: bool,
    ) -> Procedure[Decision | None]:
        """Decide and commit; decide again about what others have committed meanwhile.

        ``decide`` answers with a procedure where functions of the application have to be asked.

        Raises:
            StaleVersionError: Others were faster each time.
        """
        if (id(self), entity_id) in _deciding.get():  # it would be decided while that guard's event is (`S8.8`)
            raise GuardError(
                f"a guard sent an event to its own entity {entity_id!r}: guards only look, send from an action"
            )
        time = self._clock.time
        store = self._store if self._gateway.is_instant else None  # which is asked without a procedure around it
        for tries in range(self._retries + 1):
            loaded = store.load(self._machine, entity_id, event_id, False) if store is not None and not tries else None
            if loaded is None:
                loaded = yield from self._gateway.load(entity_id, event_id, lock=tries >= OPTIMISTIC_TRIES)
            try:
                decided = decide(loaded, loaded.now if time is None else time())
                decision = decided if isinstance(decided, Decision) else (yield from self._asked(entity_id, decided))
                if decision is not None and decision.plans:
                    self._actor.refuse_async(decision.plans, is_async=is_async)
            except BaseException:
                yield from self._unlock(loaded)
                raise
            if decision is None or decision.commit is None:
                yield from self._unlock(loaded)
                if decision is not None and decision.audit is not None:
                    yield from self._gateway.ask(self._store.record, decision.audit)
                return decision
            if store is not None:
                is_committed = store.commit(decision.commit, loaded.lock)
            else:
                is_committed = yield from self._gateway.ask(self._store.commit, decision.commit, loaded.lock)
            if is_committed:
                due = decision.commit.entity.next_due
                if due is not None and (loaded.entity is None or due != loaded.entity.next_due):
                    yield from self._clock.arm(entity_id, due)
                return decision
            self._journal.conflicted(entity_id, tries + 1)
            if tries + 1 < OPTIMISTIC_TRIES:
                yield from self._gateway.sleep(random.uniform(0, 2))
        raise StaleVersionError(
            f"{entity_id!r} of {self._machine} was changed by others {self._retries + 1} times in a row; "
            "nothing was written: send the event again"
        )

    def _asked(self, entity_id: str, deciding: Procedure[Decision | None]) -> Procedure[Decision | None]:
        """Decide with the application's guards and validators, which may not send events to the entity meanwhile."""
        outer = _deciding.get()
        _deciding.set(outer | {(id(self), entity_id)})
        try:
            return (yield from deciding)
        finally:
            _deciding.set(outer)

    def _unlock(self, loaded: Loaded) -> Procedure[None]:
        if loaded.lock is not None:
            yield from self._gateway.ask(self._store.unlock, loaded.lock)
