"""What an orchestrator tells of its work: to hooks, and to the standard `logging`.

Records go to the logger ``pystator_runtime.orchestrator``. Each has the fields ``machine`` and ``entity_id``; those of
events ``trigger``, ``source_state``, ``target_state``, ``event_id`` and ``outcome`` as well, those of actions
``action``, ``action_key`` and ``attempts``. Events are told at INFO, what is routine at DEBUG, a failed action that is
tried again at WARNING, and what somebody has to look at, at ERROR.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pystator_runtime.events import Event
from pystator_runtime.hooks import TransitionHook
from pystator_runtime.logs import warn
from pystator_runtime.records import ActionRecord
from pystator_runtime.results import TransitionResult
from pystator_runtime.timers import Milliseconds

_logger = logging.getLogger("pystator_runtime.orchestrator")


class Journal:
    """Tells of the entities of one machine."""

    def __init__(self, machine: str, hooks: Sequence[TransitionHook]) -> None:
        self._machine = machine
        self._hooks = tuple(hooks)

    # -- events ------------------------------------------------------------------------------------------------

    def about(self, entity_id: str, event: Event) -> EventReport:
        """What is told of one event."""
        if self._hooks or _logger.isEnabledFor(logging.INFO):
            return EventReport(self, entity_id, event)
        return _NO_REPORT

    def tell(self, occasion: str, *what: object) -> None:
        """Tell the hooks; one that raises changes nothing."""
        for hook in self._hooks:
            try:
                getattr(hook, occasion)(*what)
            except Exception as error:
                warn(f"hook {hook!r} raised: {error}", error)

    @property
    def has_hooks(self) -> bool:
        """Whether anybody wants to be told."""
        return bool(self._hooks)

    def decided(self, entity_id: str, result: TransitionResult[Any], event_id: str | None = None) -> None:
        """An event or timer was decided, and if it was taken, committed."""
        if not _logger.isEnabledFor(logging.INFO):
            return
        outcome, said = _outcome(result)
        self._log(
            logging.INFO,
            f"{entity_id!r} of {self._machine}: {result.trigger!r} {said}",
            entity_id,
            trigger=result.trigger,
            source_state=str(result.source_state),
            target_state=None if result.target_state is None else str(result.target_state),
            event_id=event_id,
            outcome=outcome,
        )

    def conflicted(self, entity_id: str, tries: int) -> None:
        """Somebody else has changed the entity meanwhile."""
        said = f"{entity_id!r} of {self._machine} was changed by others meanwhile: decided again ({tries})"
        self._log(logging.DEBUG, said, entity_id)

    def stuck(self, entity_id: str, error: BaseException) -> None:
        """A timer is due and could not fire."""
        said = f"a timer of {entity_id!r} of {self._machine} could not fire: {error}"
        self._log(logging.ERROR, said, entity_id, error)

    def unheard(self, entity_id: str, error: BaseException) -> None:
        """A timer was stored, but the clock could not be told."""
        said = f"the scheduler took no note of a timer of {entity_id!r} of {self._machine}: {error}"
        self._log(logging.ERROR, said, entity_id, error)

    # -- actions -----------------------------------------------------------------------------------------------

    def ran(self, record: ActionRecord, name: str, attempts: int) -> None:
        """An action has run to its end."""
        if _logger.isEnabledFor(logging.DEBUG):
            self._log_action(logging.DEBUG, f"action {name!r} of {record.entity_id!r} ran", record, name, attempts)

    def failed(
        self, record: ActionRecord, name: str, attempts: int, error: BaseException | None, pause: Milliseconds | None
    ) -> None:
        """An action has failed, and is tried again after a pause, or not any more."""
        ends = "for good: see failed_actions()" if pause is None else f"and is tried again in {pause / 1000:g} s"
        said = f"action {name!r} of {record.entity_id!r} failed {ends}: {type(error).__name__}: {error}"
        self._log_action(logging.ERROR if pause is None else logging.WARNING, said, record, name, attempts, error)

    def not_noted(self, record: ActionRecord, name: str, error: BaseException) -> None:
        """The store failed when it was told what became of an action."""
        said = f"what became of action {name!r} of {record.entity_id!r} could not be noted, it will run again: {error}"
        self._log_action(logging.ERROR, said, record, name, record.attempts, error)

    def _log_action(
        self,
        level: int,
        said: str,
        record: ActionRecord,
        name: str,
        attempts: int,
        error: BaseException | None = None,
    ) -> None:
        self._log(level, said, record.entity_id, error, action=name, action_key=record.key, attempts=attempts)

    def _log(
        self, level: int, said: str, entity_id: str, error: BaseException | None = None, /, **fields: object
    ) -> None:
        extra = {"machine": self._machine, "entity_id": entity_id, **fields}
        _logger.log(level, "%s", said, exc_info=error, extra=extra)


class HasContext(Protocol):
    """Whoever knows an entity's context: it is asked for it only if somebody wants to be told."""

    @property
    def context(self) -> Mapping[str, Any]: ...


class EventReport:
    """What is told of one event: that it came, and what became of it, each once, however often it is decided."""

    __slots__ = ("_entity_id", "_event", "_journal", "_state")

    def __init__(self, journal: Journal, entity_id: str, event: Event) -> None:
        self._journal = journal
        self._entity_id = entity_id
        self._event = event
        self._state: str | None = None

    def before(self, state: object, entity: HasContext) -> None:
        """It is about to be decided in a state, in a context that has no payload yet."""
        if self._state is None and self._journal.has_hooks:
            seen = {**entity.context, **self._event.payload}
            self._journal.tell("before", self._entity_id, str(state), self._event.trigger, seen)
        self._state = str(state)

    def after(self, result: TransitionResult[Any], entity: HasContext) -> None:
        """Its step is over; the context is that after it."""
        self._journal.decided(self._entity_id, result, self._event.event_id)
        if self._journal.has_hooks and self._state is not None:  # not of one that was answered before
            self._journal.tell("after", self._entity_id, result, entity.context)

    def error(self, error: BaseException) -> None:
        """It could not be decided."""
        self._journal.tell("error", self._entity_id, self._state or "", self._event.trigger, error)


class _NoReport(EventReport):
    """Nobody wants to be told."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def before(self, state: object, entity: HasContext) -> None:
        pass

    def after(self, result: TransitionResult[Any], entity: HasContext) -> None:
        pass

    def error(self, error: BaseException) -> None:
        pass


_NO_REPORT = _NoReport()


def _outcome(result: TransitionResult[Any]) -> tuple[str, str]:
    """What became of an event, in one word and in a sentence."""
    if result.error is not None:
        return "refused", f"was refused in {str(result.source_state)!r}: {type(result.error).__name__}: {result.error}"
    if result.metadata.get("duplicate"):
        return "duplicate", "came again and was answered as the first time"
    if result.metadata.get("no_op"):
        return "ignored", f"was ignored in {str(result.source_state)!r}"
    return "taken", f"led from {str(result.source_state)!r} to {str(result.target_state)!r}"
