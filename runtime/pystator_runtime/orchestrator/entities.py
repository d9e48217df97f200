"""Stored entities as the application sees them, and as a store keeps them (`S13`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from pystator_runtime.chart import Chart
from pystator_runtime.encoding import Codec, Encoding
from pystator_runtime.errors import StoreError, UndefinedStateError
from pystator_runtime.records import ActionRecord, AuditRecord, EntityRecord
from pystator_runtime.results import Immutable, Timer
from pystator_runtime.rows import Row
from pystator_runtime.timers import Milliseconds, to_datetime

_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

StateT = TypeVar("StateT")
ContextT = TypeVar("ContextT")


class StoredEntity(Immutable, Generic[StateT, ContextT]):
    """An entity as it is stored: a copy, of one moment.

    ``history`` is what compound and parallel states have recorded, ``timers`` the moments at which the delayed
    transitions are due that it waits for.
    """

    __slots__ = (
        "context",
        "created_at",
        "entity_id",
        "history",
        "machine_name",
        "machine_version",
        "state",
        "timers",
        "updated_at",
        "version",
    )

    entity_id: str
    state: StateT
    context: ContextT
    version: int
    history: Mapping[str, str]
    timers: Mapping[Timer, datetime]
    machine_name: str
    machine_version: str | None
    created_at: datetime
    updated_at: datetime

    def __init__(self, standing: EntityState) -> None:
        record = standing.record
        self._set(
            entity_id=record.entity_id,
            state=standing.row.state,
            context=standing.context,
            version=record.version,
            history=standing.history,
            timers={timer: to_datetime(due) for timer, due in standing.due.items()},
            machine_name=record.machine,
            machine_version=record.machine_version,
            created_at=to_datetime(record.created_at),
            updated_at=to_datetime(record.updated_at),
        )


class AuditEntry(Immutable):
    """One event of an entity that was decided; ``version`` is the entity's after it."""

    __slots__ = ("at", "event_id", "source_state", "success", "target_state", "trigger", "version")

    trigger: str
    source_state: str
    target_state: str | None
    success: bool
    version: int
    event_id: str | None
    at: datetime

    def __init__(self, record: AuditRecord) -> None:
        self._set(
            trigger=record.trigger,
            source_state=record.source_state,
            target_state=record.target_state,
            success=record.success,
            version=record.version,
            event_id=record.event_id,
            at=to_datetime(record.at),
        )


class FailedAction(Immutable):
    """An action that failed at its last try; ``key`` is what :meth:`Orchestrator.retry_action` wants."""

    __slots__ = ("attempts", "entity_id", "error", "key", "name", "params")

    key: str
    entity_id: str
    name: str
    params: Mapping[str, Any]
    attempts: int
    error: str

    def __init__(self, record: ActionRecord) -> None:
        spec = json.loads(record.spec)
        self._set(
            key=record.key,
            entity_id=record.entity_id,
            name=spec["name"],
            params=spec.get("params", {}),
            attempts=record.attempts,
            error=record.error,
        )


class EntityState:
    """Where a stored entity stands, in the terms of its machine; ``is_current`` if it was stored by this version."""

    __slots__ = ("_context", "_mapper", "due", "history", "is_current", "record", "row")

    def __init__(
        self,
        mapper: EntityMapper,
        record: EntityRecord,
        row: Row[Any],
        history: Mapping[str, str],
        due: dict[Timer, Milliseconds],
        *,
        is_current: bool,
    ) -> None:
        self._mapper = mapper
        self._context: dict[str, Any] | None = None
        self.record = record
        self.row = row
        self.history = history
        self.due = due
        self.is_current = is_current

    @property
    def context(self) -> dict[str, Any]:
        """The context, decoded when it is first asked for: an event that nobody is asked about needs none.

        Raises:
            StoreError: It is not what this machine wrote.
        """
        if self._context is None:
            self._context = self._mapper.context_of(self.record)
        return self._context


class EntityMapper:
    """Writes the entities of one machine as a store keeps them, and reads them again."""

    def __init__(self, chart: Chart[Any], codecs: Mapping[str, Codec] | None) -> None:
        self.chart = chart
        self._encoding = Encoding({**chart.codecs, **(codecs or {})}, StoreError)

    def read(self, record: EntityRecord) -> EntityState:
        """Where an entity stands; one of another version of the machine is fitted to this one (`S13.3`).

        Raises:
            StoreError: It does not fit, and what is missing.
        """
        chart = self.chart
        row = chart.rows.get(record.state) or self._row(record)
        history = json.loads(record.history) if record.history != "{}" else {}
        for name, recorded in history.items():
            if chart.recorded(name, recorded) is None:
                raise self._misfit(record, f"recorded {recorded!r} in {name!r}, which does not lie there")
        due = self._due(row, record) if record.timers != "[]" else {}
        return EntityState(self, record, row, history, due, is_current=record.machine_version == chart.version)

    def context_of(self, record: EntityRecord) -> dict[str, Any]:
        """The context of an entity; where another version has written it, with the defaults of this one (`S13.3`).

        Raises:
            StoreError: It is not what a machine of this name wrote.
        """
        if record.context == "{}" and record.machine_version == self.chart.version:
            return {}
        try:
            context = self.decoded(record.context)
        except ValueError as error:
            raise StoreError(
                f"the context of {record.entity_id!r} of {record.machine!r} is no JSON: {error}"
            ) from error
        except StoreError as error:
            raise self._misfit(record, f"has a context that can't be read: {error}") from error
        return context if record.machine_version == self.chart.version else {**self.chart.defaults(), **context}

    def _row(self, record: EntityRecord) -> Row[Any]:
        try:
            row = self.chart.row(record.state)
        except UndefinedStateError as error:
            raise self._misfit(record, f"is in {record.state!r}: {error}") from error
        if row is None:
            raise self._misfit(record, f"is in {record.state!r}, a state that the machine does not have")
        return row

    def _due(self, row: Row[Any], record: EntityRecord) -> dict[Timer, Milliseconds]:
        """The timers that wait. One that the machine no longer has is dropped."""
        found = (Timer(source, trigger, delay) for source, trigger, delay, _ in json.loads(record.timers))
        moments = (due for *_, due in json.loads(record.timers))
        return {timer: due for timer, due in zip(found, moments, strict=True) if timer in row.delayed}

    def _misfit(self, record: EntityRecord, what: str) -> StoreError:
        stored = f"version {record.machine_version}" if record.machine_version else "a machine without version"
        return StoreError(
            f"{record.entity_id!r} of {record.machine!r} was stored by {stored} and {what}: "
            f"let this machine{f' ({self.chart.version})' if self.chart.version else ''} have it, or move the entity"
        )

    def decoded(self, text: str) -> dict[str, Any]:
        """A context from its JSON text."""
        return self._encoding.restore(json.loads(text)) if text != "{}" else {}

    def encoded(self, context: Mapping[str, Any]) -> str:
        """A context as JSON text.

        Raises:
            StoreError: It has a value that JSON can't hold.
        """
        return self._text(self._encoding.ready(context)) if context else "{}"

    def patched(self, text: str, changes: Mapping[str, Any], removed: tuple[str, ...]) -> str:
        """A stored context with some of its keys changed; the others are passed on as they are."""
        values = json.loads(text)
        for key in removed:
            values.pop(key, None)
        return self._text({**values, **self._encoding.encode(changes)})

    def _text(self, values: Mapping[str, Any]) -> str:
        try:
            text = _written(values)
            if not text.isascii():
                text.encode()  # half a surrogate pair is no text that a store could hold
        except (ValueError, TypeError) as error:
            unfit = next((key for key, value in values.items() if not _is_text(key, value)), "the context")
            raise StoreError(f"{unfit} holds a value that can't be stored as JSON text: {error}") from error
        return text


def _is_text(key: object, value: object) -> bool:
    try:
        return isinstance(key, str) and bool(_written({key: value}).encode())
    except (ValueError, TypeError):
        return False


def timers_as_text(due: Mapping[Timer, Milliseconds]) -> str:
    """The timers that wait, as JSON text."""
    return json.dumps([[t.source, t.trigger, t.delay, at] for t, at in due.items()], separators=(",", ":"))
