"""Deciding about stored entities: from what a store has and an event to the one commit that follows (`S13`)."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pystator_runtime.actions import ActionSpec
from pystator_runtime.errors import IdempotencyError, StoreError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.guards import warn
from pystator_runtime.orchestrator.entities import Archive, Standing, timers_as_text
from pystator_runtime.orchestrator.journal import Journal, Telling
from pystator_runtime.orchestrator.replay import result_as_text, result_from_text
from pystator_runtime.results import NOTHING, Timer, TransitionResult
from pystator_runtime.rows import Row
from pystator_runtime.step import decide, enter, fall_back, ring
from pystator_runtime.stores.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Procedure

ContextValidator = Callable[[str, str, str, Mapping[str, Any]], tuple[bool, Sequence[str]]]
"""``(entity_id, state, trigger, ctx) -> (ok, errors)`` (`S10.2`)."""

_LED_NOWHERE = frozenset({"undefined_trigger", "invalid_transition", "guards_failed"})


class Plan:
    """An action to be run after the commit: its record, its spec, and the event that it belongs to."""

    __slots__ = ("context", "event", "record", "spec")

    def __init__(self, record: ActionRecord, spec: ActionSpec, event: Event, context: Mapping[str, Any]) -> None:
        self.record = record
        self.spec = spec
        self.event = event
        self.context = context


class Decision:
    """What an event does: its result, and unless nothing changes, the commit with the actions that follow it.

    ``audit`` is a row to write where there is no commit; ``draft`` is where the entity stands after it; ``telling`` is
    what was begun to be told of a timer.
    """

    __slots__ = ("_draft", "audit", "commit", "plans", "result", "telling")

    def __init__(
        self,
        result: TransitionResult[Any],
        commit: Commit | None = None,
        plans: Sequence[Plan] = (),
        audit: AuditRecord | None = None,
        draft: _Draft | None = None,
        telling: Telling | None = None,
    ) -> None:
        self.result = result
        self.commit = commit
        self.plans = plans
        self.audit = audit
        self._draft = draft
        self.telling = telling

    @property
    def context(self) -> Mapping[str, Any]:
        """The entity's context after it."""
        return NOTHING if self._draft is None else self._draft.context


class Decider:
    """Decides for the entities of one machine. It reads and writes nothing."""

    def __init__(
        self,
        machine: Any,
        archive: Archive,
        *,
        create_missing: bool,
        audit_failures: bool,
        validators: Sequence[ContextValidator],
        lease: Milliseconds,
    ) -> None:
        self.machine = machine
        self.chart = machine.chart
        self.archive = archive
        self._create_missing = create_missing
        self.audit_failures = audit_failures
        self._validators = validators
        self.lease = lease

    # -- occasions ---------------------------------------------------------------------------------------------

    def creation(
        self, loaded: Loaded, now: Milliseconds, entity_id: str, context: Mapping[str, Any]
    ) -> Procedure[Decision]:
        """A new entity in its initial state."""
        if loaded.entity is not None:
            raise StoreError(f"{self.chart.name} has an entity {entity_id!r} already: send events to it, or delete it")
        draft = _Draft(self, entity_id, loaded, now)
        started = yield from draft.start(context)
        if started.error is not None:
            return Decision(started)
        return draft.decision(started, None)

    def event(
        self, loaded: Loaded, now: Milliseconds, entity_id: str, event: Event, telling: Telling
    ) -> Decision | Procedure[Decision]:
        """An event for an entity, which comes into being by it if there is none (`S13.2`)."""
        if loaded.repeated is not None:
            return Decision(self._repeated(loaded.repeated, event))
        draft = _Draft(self, entity_id, loaded, now)
        if loaded.entity is None:
            if self._create_missing:
                return self._first_event(draft, event, telling)
            raise StoreError(f"{self.chart.name} has no entity {entity_id!r}: create it first")
        draft.stand(self.archive.read(loaded.entity))
        telling.before(draft.row.state, draft)
        known = self._known(draft, event)
        return self._asked(draft, event) if known is None else self._settled(draft, event, known)

    def _first_event(self, draft: _Draft, event: Event, telling: Telling) -> Procedure[Decision]:
        started = yield from draft.start({})
        telling.before(draft.row.state, draft)
        if started.error is not None:
            return Decision(started)
        return (yield from self._asked(draft, event))

    def _asked(self, draft: _Draft, event: Event) -> Procedure[Decision]:
        return self._settled(draft, event, (yield from self._decided(draft, event)))

    def _settled(self, draft: _Draft, event: Event, result: TransitionResult[Any]) -> Decision:
        """What follows from an event's result."""
        if result.error is not None or result.metadata.get("no_op"):
            audit = self.audit(draft, event, result, None) if self.audit_failures else None
            return Decision(result, audit=audit, draft=draft)
        draft.take(result, event, {**draft.context, **event.payload} if event.payload else None)
        return draft.decision(result, event)

    def _known(self, draft: _Draft, event: Event) -> TransitionResult[Any] | None:
        """The result, where it is known beforehand: the quick way of a machine's ``process``."""
        if self._validators:
            return None
        payload = event.payload
        declared = self.chart.payloads.get(event.trigger)
        if declared is not None and not (payload.keys() <= declared.fields.keys() and declared.fits(payload)):
            return None
        try:
            context: Mapping[str, Any] | None = None
            for test, result in self.chart.quick[draft.row.state][event.trigger]:
                if test is not None and context is None:
                    context = {**draft.context, **payload} if payload else draft.context
                if test is None or test(context):
                    return result if draft.is_complete else None
        except Exception:  # not quick, or a guard raised: the full procedure tells which
            pass
        return None

    def alarm(
        self, loaded: Loaded, now: Milliseconds, by: Milliseconds | None, entity_id: str, journal: Journal
    ) -> Procedure[Decision | None]:
        """The timer of an entity that has been due the longest; ``None`` if by now none is (`S9.4`, `S9.5`).

        With ``by``, only what was due then counts.
        """
        if loaded.entity is None:
            return None
        draft = _Draft(self, entity_id, loaded, now)
        draft.stand(self.archive.read(loaded.entity))
        by = now if by is None else by
        alarms = sorted((due, number, timer) for number, (timer, due) in enumerate(draft.due.items()) if due <= by)
        if not alarms:
            if loaded.entity.next_due is not None and loaded.entity.next_due <= by:
                return draft.decision(draft.nothing("_timers"), None)  # it waits for what the machine no longer has
            return None
        timer = alarms[0][2]
        event = Event(timer.trigger)
        telling = journal.about(entity_id, event)
        telling.before(draft.row.state, draft)
        result = yield from ring(
            self.chart,
            self.machine.guard_registry,
            draft.row,
            timer,
            event,
            draft.context,
            entity_id=entity_id,
            history=draft.history,
            check=self._check(entity_id),
        )
        del draft.due[timer]
        if result.error is None:
            draft.take(result, event)
        return draft.decision(result, event, telling)

    def _decided(self, draft: _Draft, event: Event) -> Procedure[TransitionResult[Any]]:
        chart, guards = self.chart, self.machine.guard_registry
        seen = {**draft.context, **event.payload}
        known: dict[str, Any] = {"entity_id": draft.entity_id, "history": draft.history}
        check = self._check(draft.entity_id)
        result = yield from decide(chart, guards, draft.row, event, seen, payload=event.payload, check=check, **known)
        if result.error is None or result.metadata.get("reason") not in _LED_NOWHERE or chart.fallback is None:
            return result
        if draft.row.fallback is None:  # `hint`
            return result.replaced(metadata={**result.metadata, "fallback_state": chart.fallback})
        fallen = yield from fall_back(chart, guards, draft.row, event, seen, **known)
        return fallen.replaced(metadata={**fallen.metadata, "original_error": result.error})

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
        if before.digest != self.digest(event):
            raise IdempotencyError(
                f"the event id {event.event_id!r} of {before.entity_id!r} was used for {before.trigger!r} before, "
                f"with another trigger or payload than this {event.trigger!r}: every event needs an id of its own"
            )
        return result_from_text(self.chart, self.archive, before.result)

    def digest(self, event: Event) -> str:
        """What tells one trigger and payload from another."""
        text = f"{event.trigger}\0{json.dumps(json.loads(self.archive.encoded(event.payload)), sort_keys=True)}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def audit(self, draft: _Draft, event: Event, result: TransitionResult[Any], version: int | None) -> AuditRecord:
        """The audit row of an event; ``version`` is the entity's after it, ``None`` if nothing changed."""
        taken = result.error is None
        event_id = event.event_id
        if event_id is not None and (not taken or result.metadata.get("no_op")):
            event_id = None
        return AuditRecord(
            self.chart.name,
            draft.entity_id,
            draft.version if version is None else version,
            event.trigger,
            str(result.source_state),
            None if result.target_state is None else str(result.target_state),
            taken,
            event_id,
            "" if event_id is None else self.digest(event),
            "" if event_id is None else result_as_text(result, self.archive),
            draft.now,
        )


class _Draft:
    """An entity while it is decided about: where it stands, and what is to be committed."""

    __slots__ = (
        "_claimed_until",
        "_context",
        "_decider",
        "_planned",
        "_standing",
        "_stored",
        "due",
        "entity_id",
        "history",
        "now",
        "record",
        "row",
        "version",
    )

    def __init__(self, decider: Decider, entity_id: str, loaded: Loaded, now: Milliseconds) -> None:
        self._decider = decider
        self.entity_id = entity_id
        self.now = now  # by the clock that its timers go by
        self._claimed_until = loaded.now + decider.lease  # by the store's, which is asked about claims
        self.version = 0
        self.record: EntityRecord | None = None
        self.row: Row[Any] = decider.chart.initial
        self.history: Mapping[str, str] = {}
        self.due: dict[Timer, Milliseconds] = {}
        self._standing: Standing | None = None
        self._context: dict[str, Any] | None = None
        self._stored = ""  # the context as it is stored, as long as it is the same
        self._planned: list[tuple[ActionSpec, Event]] = []

    @property
    def context(self) -> dict[str, Any]:
        """The entity's context as it will be."""
        if self._context is None:
            self._context = {} if self._standing is None else self._standing.context
        return self._context

    @property
    def is_complete(self) -> bool:
        """Whether all timers wait that a result known beforehand takes for granted."""
        return len(self.due) == len(self.row.delayed)

    def stand(self, standing: Standing) -> None:
        """Begin where the stored entity stands."""
        self._standing, self.record = standing, standing.record
        self.version = standing.record.version
        self.row = standing.row
        self._stored = standing.record.context if standing.is_current else ""
        self.history, self.due = standing.history, standing.due

    def start(self, context: Mapping[str, Any]) -> Procedure[TransitionResult[Any]]:
        """Begin anew (`S3.5`)."""
        machine = self._decider.machine
        refuse_reserved_keys(context, "context")
        result: TransitionResult[Any] = yield from enter(
            machine.chart, machine.guard_registry, self.row, context, entity_id=self.entity_id
        )
        if result.error is None:
            self.take(result, Event("_start"), dict(context))
        return result

    def nothing(self, trigger: str) -> TransitionResult[Any]:
        """The result of a step that changes no state."""
        return TransitionResult(self.row.state, self.row.state, trigger, metadata={"no_op": True})

    def take(self, result: TransitionResult[Any], event: Event, context: dict[str, Any] | None = None) -> None:
        """Go where a result leads; ``context`` is what its guards saw, where that is not the entity's own."""
        chart, target = self._decider.chart, result.target_state
        row = chart.rows.get(target) or chart.row(target)
        assert row is not None, "a result leads to a state of its machine"
        self.row = row
        if result.changes or result.removed:
            context = {**(self.context if context is None else context), **result.changes}
            for key in result.removed:
                context.pop(key, None)
        if context is not None:
            self._context, self._stored = context, ""
        if result.history_updates:
            self.history = {**self.history, **result.history_updates}
        for timer in result.disarmed:
            self.due.pop(timer, None)
        for timer in result.armed:
            self.due.pop(timer, None)
            self.due[timer] = self.now + timer.delay
        for step in result.steps:
            for spec in step.all_action_specs:
                self._planned.append((spec, event))

    def decision(self, result: TransitionResult[Any], event: Event | None, telling: Telling | None = None) -> Decision:
        """All that has changed, as one commit."""
        decider, before = self._decider, self.record
        entity = EntityRecord(
            decider.chart.name,
            self.entity_id,
            str(self.row.state),
            self._stored or decider.archive.encoded(self.context),
            json.dumps(self.history) if self.history else "{}",
            timers_as_text(self.due) if self.due else "[]",
            min(self.due.values()) if self.due else None,
            self.version + 1,
            decider.chart.version,
            self.now if before is None else before.created_at,
            self.now,
        )
        plans = self._plans(entity) if self._planned else ()
        audit: AuditRecord | None = None
        if event is not None and (result.error is None or decider.audit_failures):
            audit = decider.audit(self, event, result, entity.version)
        commit = Commit(entity, self.version, audit, tuple([plan.record for plan in plans]) if plans else ())
        return Decision(result, commit, plans, draft=self, telling=telling)

    def _plans(self, entity: EntityRecord) -> Sequence[Plan]:
        # An entity that was deleted and made anew has the same versions again: its actions must not have the same keys.
        prefix = f"{entity.machine}/{entity.entity_id}/{entity.version}/{random.getrandbits(48):012x}"
        return [self._plan(entity, f"{prefix}/{number}", *planned) for number, planned in enumerate(self._planned)]

    def _plan(self, entity: EntityRecord, key: str, spec: ActionSpec, event: Event) -> Plan:
        decider = self._decider
        written: dict[str, Any] = {"name": spec.name}
        if params := spec.params:
            written["params"] = params
        for option in ("retry", "retry_backoff", "timeout"):
            if (value := getattr(spec, option)) is not None:
                written[option] = value
        payload = json.loads(decider.archive.encoded(event.payload)) if event.payload else {}
        record = ActionRecord(
            key,
            entity.machine,
            entity.entity_id,
            json.dumps(written),
            json.dumps({"trigger": event.trigger, "payload": payload, "event_id": event.event_id}),
            entity.context,
            0,
            0,
            self._claimed_until,
            "",
        )
        return Plan(record, spec, event, self.context)


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


def plan_of(record: ActionRecord, archive: Archive) -> Plan:
    """A pending action as it was planned, from what a store has kept."""
    spec, event = json.loads(record.spec), json.loads(record.event)
    options = {name: spec.get(name) for name in ("retry", "retry_backoff", "timeout")}
    payload = archive.decoded(json.dumps(event["payload"]))
    return Plan(
        record,
        ActionSpec(spec["name"], spec.get("params"), **options),
        Event(event["trigger"], payload, event_id=event["event_id"]),
        archive.decoded(record.context),
    )
