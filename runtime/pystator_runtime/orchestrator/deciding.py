"""Deciding about stored entities: from what a store has and an event to the one commit that follows (`S13`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pystator_runtime.errors import IdempotencyError, StoreError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.logs import warn
from pystator_runtime.orchestrator.draft import Decision, Draft, digest
from pystator_runtime.orchestrator.entities import EntityMapper
from pystator_runtime.orchestrator.journal import EventReport, Journal
from pystator_runtime.orchestrator.replay import result_from_text
from pystator_runtime.records import AuditRecord, Loaded
from pystator_runtime.results import TransitionResult
from pystator_runtime.rows import Row
from pystator_runtime.step import START_TRIGGER, Step, decide, enter, fall_back, ring
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Procedure

ContextValidator = Callable[[str, str, str, Mapping[str, Any]], tuple[bool, Sequence[str]]]
"""``(entity_id, state, trigger, ctx) -> (ok, errors)`` (`S10.2`)."""

_LED_NOWHERE = frozenset({"undefined_trigger", "invalid_transition", "guards_failed"})


class Decider:
    """Decides for the entities of one machine. It reads and writes nothing."""

    def __init__(
        self,
        machine: Any,
        mapper: EntityMapper,
        *,
        create_missing: bool,
        audit_failures: bool,
        validators: Sequence[ContextValidator],
        lease: Milliseconds,
    ) -> None:
        self.machine = machine
        self.chart = machine.chart
        self.mapper = mapper
        self._create_missing = create_missing
        self._audit_failures = audit_failures
        self._validators = validators
        self._lease = lease

    # -- occasions ---------------------------------------------------------------------------------------------

    def creation(
        self, entity_id: str, context: Mapping[str, Any], loaded: Loaded, now: Milliseconds
    ) -> Procedure[Decision]:
        """A new entity in its initial state."""
        if loaded.entity is not None:
            raise StoreError(f"{self.chart.name} has an entity {entity_id!r} already: send events to it, or delete it")
        draft = Draft(self.mapper, entity_id, loaded, now, self._lease)
        started = yield from self._start(draft, context)
        if started.error is not None:
            return Decision(started)
        return draft.decision(started, None)

    def event(
        self, entity_id: str, event: Event, report: EventReport, loaded: Loaded, now: Milliseconds
    ) -> Decision | Procedure[Decision]:
        """An event for an entity, which comes into being by it if there is none (`S13.2`)."""
        if loaded.repeated is not None:
            return Decision(self._repeated(loaded.repeated, event))
        draft = Draft(self.mapper, entity_id, loaded, now, self._lease)
        if loaded.entity is None:
            if self._create_missing:
                return self._first_event(draft, event, report)
            raise StoreError(f"{self.chart.name} has no entity {entity_id!r}: create it first")
        draft.stand(self.mapper.read(loaded.entity))
        report.before(draft.row.state, draft)
        known = self._known(draft, event)
        return self._asked(draft, event) if known is None else self._settled(draft, event, known)

    def _start(self, draft: Draft, context: Mapping[str, Any]) -> Procedure[TransitionResult[Any]]:
        """Come into being (`S3.5`)."""
        refuse_reserved_keys(context, "context")
        guards = self.machine.guard_registry
        result: TransitionResult[Any] = yield from enter(
            self.chart, guards, draft.row, context, entity_id=draft.entity_id, now=draft.now
        )
        if result.error is None:
            draft.take(result, Event(START_TRIGGER), dict(context))
        return result

    def _first_event(self, draft: Draft, event: Event, report: EventReport) -> Procedure[Decision]:
        started = yield from self._start(draft, {})
        report.before(draft.row.state, draft)
        if started.error is not None:
            return Decision(started)
        return (yield from self._asked(draft, event))

    def _asked(self, draft: Draft, event: Event) -> Procedure[Decision]:
        return self._settled(draft, event, (yield from self._decided(draft, event)))

    def _settled(self, draft: Draft, event: Event, result: TransitionResult[Any]) -> Decision:
        """What follows from an event's result."""
        if result.error is not None or result.metadata.get("no_op"):
            audit = draft.audit(event, result, None) if self._audit_failures else None
            return Decision(result, audit=audit, draft=draft)
        draft.take(result, event, {**draft.context, **event.payload} if event.payload else None)
        return draft.decision(result, event)

    def _known(self, draft: Draft, event: Event) -> TransitionResult[Any] | None:
        """The result, where it is known beforehand: the quick way of a machine's ``process``."""
        if self._validators:
            return None
        payload = event.payload
        declared = self.chart.payloads.get(event.trigger)
        if declared is not None and not declared.is_met_by(payload):
            return None
        try:
            context: Mapping[str, Any] | None = None
            for test, result in self.chart.quick[draft.row.state][event.trigger]:
                if test is not None and context is None:
                    context = {**draft.context, **payload} if payload else draft.context
                if test is None or test(context):
                    is_complete = len(draft.due) == len(draft.row.delayed)  # the result takes it for granted
                    return result if is_complete else None
        except Exception:  # not quick, or a guard raised: the full procedure tells which
            pass
        return None

    def alarm(
        self,
        entity_id: str,
        journal: Journal,
        wanted: Milliseconds | None,
        by: Milliseconds | None,
        loaded: Loaded,
        now: Milliseconds,
    ) -> Procedure[Decision | None]:
        """The timer of an entity that has been due the longest; ``None`` if none is (`S9.4`, `S9.5`).

        It is due now, or at the ``wanted`` moment if there is one; with ``by``, only what was due then counts.
        """
        if loaded.entity is None:
            return None
        now = now if wanted is None else wanted
        draft = Draft(self.mapper, entity_id, loaded, now, self._lease)
        draft.stand(self.mapper.read(loaded.entity))
        by = now if by is None else by
        alarms = sorted((due, number, timer) for number, (timer, due) in enumerate(draft.due.items()) if due <= by)
        if not alarms:
            if loaded.entity.next_due is not None and loaded.entity.next_due <= by:
                return draft.decision(draft.nothing("_timers"), None)  # it waits for what the machine no longer has
            return None
        timer = alarms[0][2]
        event = Event(timer.trigger)
        report = journal.about(entity_id, event)
        report.before(draft.row.state, draft)
        step = self._step(draft, event, draft.context)
        result = yield from ring(step, timer)
        del draft.due[timer]
        if result.error is None:
            draft.take(result, event)
        return draft.decision(result, event if result.error is None or self._audit_failures else None, report)

    def _decided(self, draft: Draft, event: Event) -> Procedure[TransitionResult[Any]]:
        chart, seen = self.chart, {**draft.context, **event.payload}
        step = self._step(draft, event, seen)
        result = yield from decide(step, event.payload)
        if result.error is None or result.metadata.get("reason") not in _LED_NOWHERE or chart.fallback is None:
            return result
        if draft.row.fallback is None:  # `hint`
            return result.replaced(metadata={**result.metadata, "fallback_state": chart.fallback})
        fallen = yield from fall_back(self._step(draft, event, seen), event.payload)
        return fallen.replaced(metadata={**fallen.metadata, "original_error": result.error})

    def _step(self, draft: Draft, event: Event, context: Mapping[str, Any]) -> Step[Any]:
        return Step(
            self.chart,
            self.machine.guard_registry,
            draft.row,
            event,
            context,
            entity_id=draft.entity_id,
            history=draft.history,
            now=draft.now,
            check=self._check(draft.entity_id),
        )

    def _check(self, entity_id: str) -> Callable[[Row[Any], str, Mapping[str, Any]], list[str]] | None:
        """What asks the context validators (`S10.2`), where there are any."""

        def check(row: Row[Any], trigger: str, context: Mapping[str, Any]) -> list[str]:
            wrong: list[str] = []
            for validator in self._validators:
                wrong.extend(_told_by(validator, entity_id, str(row.state), trigger, context))
            return wrong

        return check if self._validators else None

    # -- the same event again ----------------------------------------------------------------------------------

    def _repeated(self, before: AuditRecord, event: Event) -> TransitionResult[Any]:
        """The first answer to an event that was taken before (`S13.1`)."""
        if before.digest != digest(event, self.mapper):
            raise IdempotencyError(
                f"the event id {event.event_id!r} of {before.entity_id!r} was used for {before.trigger!r} before, "
                f"with another trigger or payload than this {event.trigger!r}: every event needs an id of its own"
            )
        return result_from_text(self.chart, self.mapper, before.result)


def _told_by(
    validator: ContextValidator, entity_id: str, state: str, trigger: str, context: Mapping[str, Any]
) -> Sequence[str]:
    """What a validator has against a context; one that raises lets nothing through, as guards (`S5.3`)."""
    try:
        fits, errors = validator(entity_id, state, trigger, context)
    except Exception as error:
        warn(f"context validator {validator!r} raised {type(error).__name__}: {error}", error)
        return [f"the context validator raised {type(error).__name__}: {error}"]
    if fits:
        return ()
    return [str(error) for error in errors] or ["the context validator refuses it"]
