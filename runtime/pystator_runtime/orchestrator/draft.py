"""An entity while it is decided about, and the decision that comes of it, with its one commit (`S13`)."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from pystator_runtime.actions import ActionSpec
from pystator_runtime.events import Event
from pystator_runtime.orchestrator.entities import EntityMapper, EntityState, timers_as_text
from pystator_runtime.orchestrator.journal import EventReport
from pystator_runtime.orchestrator.replay import result_as_text
from pystator_runtime.records import (
    ActionRecord,
    AuditRecord,
    Commit,
    EntityRecord,
    Loaded,
    audit_record,
    commit_record,
    entity_record,
)
from pystator_runtime.results import NOTHING, Timer, TransitionResult
from pystator_runtime.rows import Row
from pystator_runtime.timers import Milliseconds


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

    ``audit`` is a row to write where there is no commit; ``draft`` is where the entity stands after it; ``report`` is
    what was begun to be told of a timer.
    """

    __slots__ = ("_draft", "audit", "commit", "plans", "report", "result")

    def __init__(
        self,
        result: TransitionResult[Any],
        commit: Commit | None = None,
        plans: Sequence[Plan] = (),
        audit: AuditRecord | None = None,
        draft: Draft | None = None,
        report: EventReport | None = None,
    ) -> None:
        self.result = result
        self.commit = commit
        self.plans = plans
        self.audit = audit
        self._draft = draft
        self.report = report

    @property
    def context(self) -> Mapping[str, Any]:
        """The entity's context after it."""
        return NOTHING if self._draft is None else self._draft.context


class Draft:
    """An entity while it is decided about: where it stands, and what is to be committed."""

    __slots__ = (
        "_claimed_until",
        "_context",
        "_mapper",
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

    def __init__(
        self, mapper: EntityMapper, entity_id: str, loaded: Loaded, now: Milliseconds, lease: Milliseconds
    ) -> None:
        self._mapper = mapper
        self.entity_id = entity_id
        self.now = now  # by the clock that its timers go by
        self._claimed_until = loaded.now + lease  # by the store's, which is asked about claims
        self.version = 0
        self.record: EntityRecord | None = None
        self.row: Row[Any] = mapper.chart.initial
        self.history: Mapping[str, str] = {}
        self.due: dict[Timer, Milliseconds] = {}
        self._standing: EntityState | None = None
        self._context: dict[str, Any] | None = None
        self._stored = ""  # the context as it is stored, as long as it is the same
        self._planned: list[tuple[ActionSpec, Event]] = []

    @property
    def context(self) -> dict[str, Any]:
        """The entity's context as it will be."""
        if self._context is None:
            self._context = {} if self._standing is None else self._standing.context
        return self._context

    def stand(self, standing: EntityState) -> None:
        """Begin where the stored entity stands."""
        self._standing, self.record = standing, standing.record
        self.version = standing.record.version
        self.row = standing.row
        self._stored = standing.record.context if standing.is_current else ""
        self.history, self.due = standing.history, standing.due

    def nothing(self, trigger: str) -> TransitionResult[Any]:
        """The result of a step that changes no state."""
        return TransitionResult(self.row.state, self.row.state, trigger, metadata={"no_op": True})

    def take(self, result: TransitionResult[Any], event: Event, context: dict[str, Any] | None = None) -> None:
        """Go where a result leads; ``context`` is what its guards saw, where that is not the entity's own."""
        chart, target = self._mapper.chart, result.target_state
        assert target is not None, "only a step that was taken leads somewhere"
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

    def decision(
        self, result: TransitionResult[Any], event: Event | None, report: EventReport | None = None
    ) -> Decision:
        """All that has changed, as one commit; with an audit row if an event is named."""
        mapper, before = self._mapper, self.record
        entity = entity_record(
            (
                mapper.chart.name,
                self.entity_id,
                str(self.row.state),
                self._stored or mapper.encoded(self.context),
                json.dumps(self.history) if self.history else "{}",
                timers_as_text(self.due) if self.due else "[]",
                min(self.due.values()) if self.due else None,
                self.version + 1,
                mapper.chart.version,
                self.now if before is None else before.created_at,
                self.now,
            )
        )
        plans = self._plans(entity) if self._planned else ()
        audit = None if event is None else self.audit(event, result, entity.version)
        actions = tuple([plan.record for plan in plans]) if plans else ()
        return Decision(result, commit_record((entity, self.version, audit, actions)), plans, draft=self, report=report)

    def audit(self, event: Event, result: TransitionResult[Any], version: int | None) -> AuditRecord:
        """The audit row of an event; ``version`` is the entity's after it, ``None`` if nothing changed."""
        taken = result.error is None
        event_id = event.event_id
        if event_id is not None and (not taken or result.metadata.get("no_op")):
            event_id = None
        return audit_record(
            (
                self._mapper.chart.name,
                self.entity_id,
                self.version if version is None else version,
                event.trigger,
                str(result.source_state),
                None if result.target_state is None else str(result.target_state),
                taken,
                event_id,
                "" if event_id is None else digest(event, self._mapper),
                "" if event_id is None else result_as_text(result, self._mapper),
                self.now,
            )
        )

    def _plans(self, entity: EntityRecord) -> Sequence[Plan]:
        # An entity that was deleted and made anew has the same versions again: its actions must not have the same keys.
        prefix = f"{entity.machine}/{entity.entity_id}/{entity.version}/{random.getrandbits(48):012x}"
        return [self._plan(entity, f"{prefix}/{number}", *planned) for number, planned in enumerate(self._planned)]

    def _plan(self, entity: EntityRecord, key: str, spec: ActionSpec, event: Event) -> Plan:
        written: dict[str, Any] = {"name": spec.name}
        if params := spec.params:
            written["params"] = params
        for option in ("retry", "retry_backoff", "timeout"):
            if (value := getattr(spec, option)) is not None:
                written[option] = value
        payload = json.loads(self._mapper.encoded(event.payload)) if event.payload else {}
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


def plan_of(record: ActionRecord, mapper: EntityMapper) -> Plan:
    """A pending action as it was planned, from what a store has kept."""
    spec, event = json.loads(record.spec), json.loads(record.event)
    options = {name: spec.get(name) for name in ("retry", "retry_backoff", "timeout")}
    payload = mapper.decoded(json.dumps(event["payload"]))
    return Plan(
        record,
        ActionSpec(spec["name"], spec.get("params"), **options),
        Event(event["trigger"], payload, event_id=event["event_id"]),
        mapper.decoded(record.context),
    )


def digest(event: Event, mapper: EntityMapper) -> str:
    """What tells one trigger and payload from another (`S13.1`).

    A field that has its default counts as left out: whoever sends an event again after a version with another default,
    or with one field more, sends the same event.
    """
    payload, declared = event.payload, mapper.chart.payloads.get(event.trigger)
    if declared is not None and declared.has_defaults:
        defaults = declared.defaults()
        payload = {key: value for key, value in payload.items() if key not in defaults or defaults[key] != value}
    text = f"{event.trigger}\0{json.dumps(json.loads(mapper.encoded(payload)), sort_keys=True)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
