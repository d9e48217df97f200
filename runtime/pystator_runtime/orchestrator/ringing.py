"""Timers of stored entities (`S9`): which are due, and firing them, one commit each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pystator_runtime.errors import AutoTransitionLoopError, FSMError
from pystator_runtime.orchestrator.acting import Actor, never
from pystator_runtime.orchestrator.clock import Clock
from pystator_runtime.orchestrator.committing import Committer
from pystator_runtime.orchestrator.deciding import Decider
from pystator_runtime.orchestrator.draft import Decision
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.results import TransitionResult
from pystator_runtime.timers import MAXIMUM_RINGS, Milliseconds
from pystator_runtime.waiting import Procedure

BATCH = 100
"""How many due entities are fetched at once."""


class Ringer:
    """Fires the timers of the entities of one machine. Too early, too late or twice does no harm: the store decides."""

    def __init__(
        self,
        machine: str,
        gateway: StoreGateway,
        clock: Clock,
        decider: Decider,
        committer: Committer,
        actor: Actor,
        journal: Journal,
    ) -> None:
        self._machine = machine
        self._gateway = gateway
        self._store = gateway.store
        self._clock = clock
        self._decider = decider
        self._committer = committer
        self._actor = actor
        self._journal = journal

    def fire(
        self, now: Milliseconds | None, *, is_async: bool, is_over: Callable[[], bool] = never
    ) -> Procedure[list[TransitionResult[Any]]]:
        """Fire what is due, of all entities; a timer that can't fire keeps no other back."""
        fired: list[TransitionResult[Any]] = []
        passed_over: set[str] = set()
        if now is None and self._clock.time is not None:
            now = self._clock.time()
        while not is_over():
            due = yield from self._gateway.ask(self._store.due, self._machine, now, BATCH + len(passed_over))
            entities = [entity_id for entity_id in due if entity_id not in passed_over]
            for entity_id in entities:
                if is_over():
                    return fired
                passed_over.add(entity_id)
                try:
                    fired.extend((yield from self.ring(entity_id, now, is_async=is_async)))
                except FSMError as error:
                    self._journal.stuck(entity_id, error)
            if not entities:
                break
        return fired

    def next_due(self) -> Procedure[tuple[Milliseconds | None, Milliseconds]]:
        """When the first timer of all entities is due, if one is armed, and what time it is by the store's clock."""
        return (yield from self._gateway.ask(self._store.next_due, self._machine))

    def due(self, now: Milliseconds, limit: int) -> Procedure[list[str]]:
        """The entities with a timer due at ``now``, the longest due first."""
        return (yield from self._gateway.ask(self._store.due, self._machine, now, limit))

    def ring(
        self, entity_id: str, now: Milliseconds | None, *, is_async: bool
    ) -> Procedure[list[TransitionResult[Any]]]:
        """Fire the due timers of one entity, one commit each, also those without delay that they arm."""
        fired: list[TransitionResult[Any]] = []
        for _ in range(MAXIMUM_RINGS):
            first = yield from self.ring_first(entity_id, now, None, is_async=is_async)
            if first is None:
                return fired
            fired.extend(first)
        endless = "its timers arm each other for ever; they go on at the next occasion"
        self._journal.stuck(entity_id, AutoTransitionLoopError(endless))
        return fired

    def ring_first(
        self, entity_id: str, now: Milliseconds | None, by: Milliseconds | None, *, is_async: bool
    ) -> Procedure[Sequence[TransitionResult[Any]] | None]:
        """Fire the first of an entity's timers that is due, now or ``by`` some moment, and run its actions.

        Returns:
            Its result, or none if it was one that the machine no longer has; ``None`` if no timer is due.
        """

        decide = partial(self._decider.alarm, entity_id, self._journal, now, by)
        decision = yield from self._committer.committed(entity_id, None, decide, is_async=is_async)
        if decision is None:
            return None
        result = yield from self._actor.follow(decision, is_async=is_async)
        if decision.report is None:
            return ()
        decision.report.after(result, decision)
        return (result,)

    def ring_at_once(self, entity_id: str, decision: Decision, *, is_async: bool) -> Procedure[None]:
        """Fire the timers without delay that a step has armed (`S9.1`); the sender does not answer for them."""
        if decision.commit is None or all(timer.delay for timer in decision.result.armed):
            return
        try:
            yield from self.ring(entity_id, None, is_async=is_async)
        except FSMError as error:
            self._journal.stuck(entity_id, error)

    def answer_alarm(self, entity_id: str, *, is_async: bool) -> Procedure[Milliseconds | None]:
        """Fire what is due of one entity, for a clock that was told of it and forgets it thereby.

        Returns:
            ``None`` if it may: a timer fired, after which the clock was told of the next one, or there is none. Else
            how long it is until one is due, by the clock that decides; nothing or less if one is, and can't fire.
        """
        try:
            if (yield from self.ring(entity_id, None, is_async=is_async)):
                return None
        except FSMError as error:
            self._journal.stuck(entity_id, error)
        loaded = yield from self._gateway.load(entity_id, None, lock=False)
        if loaded.entity is None or loaded.entity.next_due is None:
            return None
        return loaded.entity.next_due - (loaded.now if self._clock.time is None else self._clock.time())
