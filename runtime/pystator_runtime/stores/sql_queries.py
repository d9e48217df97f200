"""What the store asks PostgreSQL: one statement for each thing that it can do.

A statement changes all that it has to, or nothing, so it needs no transaction around it and costs one round trip.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.stores.sql_tables import HEAD, LONGEST, key_of

AnswerT = TypeVar("AnswerT")
Rows = Sequence[Sequence[Any]]


class Query(NamedTuple, Generic[AnswerT]):
    """A statement with its values, and what its rows mean. One that only ``reads`` may be sent a second time."""

    text: str
    values: dict[str, Any]
    answer: Callable[[Rows], AnswerT]
    reads: bool = False


_ENTITY, _AUDIT, _ACTION = EntityRecord._fields, AuditRecord._fields, ActionRecord._fields
_WRITTEN_ENTITY = (*_ENTITY, "entity_key", "state_key")
_WRITTEN_AUDIT = (*_AUDIT, "entity_key", "event_key")
_WRITTEN_ACTION = (*_ACTION, "entity_key", "action_key")
_FIXED = {"machine", "entity_id", "entity_key", "created_at"}
_NUMBERS = {"next_due", "version", "created_at", "updated_at", "at", "attempts", "not_before", "claimed_until"}


def _list(names: Iterable[str], of: str = "") -> str:
    return ", ".join(of + name for name in names)


def _value(name: str, prefix: str = "") -> str:
    """A value to be sent. One that is no text says so, because it may be null."""
    return f"%({prefix}{name})s" + ("::bigint" if name in _NUMBERS else "")


def _values(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(_value(name, prefix) for name in names)


def _array(name: str) -> str:
    return f"%({name}s)s::{'bigint' if name in _NUMBERS else 'text'}[]"


# The clock goes on within a statement: an index can be asked by it only where it is read once, by a SELECT of its own.
_NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

# Advisory locks are those of a database: the table tells entities of one schema from those of another.
_LOCK = "'{quoted_entities}'::regclass::oid::int, %(lock)s::int"

_LOAD = f"""
    SELECT {_NOW}, {_list(_ENTITY, "e.")}
    FROM (SELECT 1) AS always LEFT JOIN {{entities}} AS e ON e.entity_key = %(entity_key)s
"""
_LOAD_WITH_EVENT = f"""
    SELECT {_NOW}, {_list(_ENTITY, "e.")}, {_list(_AUDIT, "a.")}
    FROM (SELECT 1) AS always
    LEFT JOIN {{entities}} AS e ON e.entity_key = %(entity_key)s
    LEFT JOIN {{audit}} AS a ON a.event_key = %(event_key)s
"""

# Whoever has waited here for another's change of the row compares the version again when that is done.
_FREE = f"free AS MATERIALIZED (SELECT pg_try_advisory_xact_lock({_LOCK}) AS ok)"
_CREATE = f"""written AS (
        INSERT INTO {{entities}} ({_list(_WRITTEN_ENTITY)}) SELECT {_values(_WRITTEN_ENTITY)} FROM free WHERE ok
        ON CONFLICT DO NOTHING RETURNING 1
    )"""
_UPDATE = f"""written AS (
        UPDATE {{entities}} AS e SET {", ".join(f"{n} = {_value(n)}" for n in _WRITTEN_ENTITY if n not in _FIXED)}
        FROM free WHERE ok
        AND e.entity_key = %(entity_key)s AND e.version = %(expected)s AND e.created_at = %(created_at)s::bigint
        RETURNING 1
    )"""
_TELL = f"""told AS (
        INSERT INTO {{audit}} ({_list(_WRITTEN_AUDIT)}) SELECT {_values(_WRITTEN_AUDIT, "audit_")} FROM written
    )"""
_PLAN = f"""planned AS (
        INSERT INTO {{actions}} ({_list(_WRITTEN_ACTION)}) SELECT {_list(_WRITTEN_ACTION, "p.")}
        FROM written, unnest({", ".join(map(_array, _WRITTEN_ACTION))})
            WITH ORDINALITY AS p ({_list(_WRITTEN_ACTION)}, place)
        ORDER BY place
    )"""
_COMMIT = {
    (creates, tells, plans): (
        f"WITH {_FREE}, {_CREATE if creates else _UPDATE}{', ' + _TELL if tells else ''}{', ' + _PLAN if plans else ''}"
        " SELECT count(*) > 0 FROM written"
    )
    for creates in (False, True)
    for tells in (False, True)
    for plans in (False, True)
}

_TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({_LOCK})"
_WAIT = "SELECT set_config('lock_timeout', '30s', true), pg_advisory_xact_lock"

_RECORD = f"INSERT INTO {{audit}} ({_list(_WRITTEN_AUDIT)}) VALUES ({_values(_WRITTEN_AUDIT)})"
_HISTORY = f"SELECT {_list(_AUDIT)} FROM {{audit}} WHERE entity_key = %(entity_key)s ORDER BY id"
_PRUNE = f"""
    WITH gone AS (DELETE FROM {{audit}} WHERE machine = %(machine)s AND at < (SELECT {_NOW} - %(kept)s) RETURNING 1)
    SELECT count(*) FROM gone
"""
_DELETE = """
    WITH told AS (DELETE FROM {audit} WHERE entity_key = %(entity_key)s),
    planned AS (DELETE FROM {actions} WHERE entity_key = %(entity_key)s),
    gone AS (DELETE FROM {entities} WHERE entity_key = %(entity_key)s RETURNING 1)
    SELECT count(*) > 0 FROM gone
"""

_IN_STATE = "AND state_key = %(state_key)s"
_AFTER = f"AND left(entity_id, {HEAD}) >= left(%(after)s, {HEAD}) AND entity_id > %(after)s"
_FIND = {
    (in_state, after): (
        f"SELECT {_list(_ENTITY)} FROM {{entities}}"
        f" WHERE machine = %(machine)s {_IN_STATE if in_state else ''} {_AFTER if after else ''}"
        f" ORDER BY left(entity_id, {HEAD}), entity_id LIMIT %(limit)s"
    )
    for in_state in (False, True)
    for after in (False, True)
}
_COUNT = f"""
    SELECT CASE WHEN length(state_key) <= {LONGEST} THEN state_key ELSE (
        SELECT e.state FROM {{entities}} AS e
        WHERE e.machine = %(machine)s AND e.state_key = counted.state_key LIMIT 1
    ) END, number
    FROM (
        SELECT state_key, count(*) AS number FROM {{entities}} WHERE machine = %(machine)s GROUP BY state_key
    ) AS counted
"""
_DUE = f"""
    SELECT entity_id FROM {{entities}}
    WHERE machine = %(machine)s AND next_due <= (SELECT coalesce(%(now)s::bigint, {_NOW}))
    ORDER BY next_due LIMIT %(limit)s
"""
_NEXT_DUE = f"""
    SELECT (
        SELECT next_due FROM {{entities}} WHERE machine = %(machine)s AND next_due IS NOT NULL
        ORDER BY next_due LIMIT 1
    ), {_NOW}
"""

_CLAIM = f"""
    WITH wanted AS MATERIALIZED (
        SELECT id FROM {{actions}}
        WHERE machine = %(machine)s AND error = '' AND not_before <= {_NOW} AND (claimed_until <= {_NOW} OR %(force)s)
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE {{actions}} AS a SET claimed_until = {_NOW} + %(lease)s FROM wanted WHERE a.id = wanted.id
        RETURNING {_list(("id", *_ACTION), "a.")}
    )
    SELECT {_list(_ACTION)} FROM claimed ORDER BY id
"""
_RENEW = f"UPDATE {{actions}} SET claimed_until = {_NOW} + %(lease)s WHERE action_key = ANY(%(keys)s)"
_MINE = "mine AS MATERIALIZED (SELECT id FROM {actions} WHERE action_key = %(action_key)s FOR UPDATE)"
# A server that crashes may forget this, and the action runs again, as it may anyway: nobody waits for the disk.
_FINISH = """
    WITH eased AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    DELETE FROM {actions} USING eased WHERE action_key = %(action_key)s
"""
_PATCH = f"""
    WITH {_MINE}, {_FREE},
    {_UPDATE.replace("FROM free WHERE ok", "FROM free, mine WHERE ok")},
    done AS (DELETE FROM {{actions}} AS a USING mine, written WHERE a.id = mine.id)
    SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM written)
"""
_POSTPONE = f"""
    UPDATE {{actions}} SET attempts = %(attempts)s, not_before = {_NOW} + %(delay)s, claimed_until = 0
    WHERE action_key = %(action_key)s
"""
_GIVE_UP = """
    UPDATE {actions} SET attempts = %(attempts)s, error = %(error)s, claimed_until = 0 WHERE action_key = %(action_key)s
"""
_FAILED = f"SELECT {_list(_ACTION)} FROM {{actions}} WHERE machine = %(machine)s AND error <> '' ORDER BY id"
_RETRY = f"""
    UPDATE {{actions}} SET attempts = 0, not_before = 0, claimed_until = {_NOW} + %(lease)s, error = ''
    WHERE machine = %(machine)s AND action_key = %(action_key)s AND error <> '' RETURNING {_list(_ACTION)}
"""


class Queries:
    """The statements, on the tables of one schema."""

    def __init__(self, schema: str | None) -> None:
        self._where = "" if schema is None else '"{}".'.format(schema.replace('"', '""'))
        self._texts: dict[str, str] = {}

    def _text(self, template: str) -> str:
        """A statement with the names of the tables; the same object each time."""
        text = self._texts.get(template)
        if text is None:
            where = self._where.replace("%", "%%")
            tables = {name: f"{where}pystator_{name}" for name in ("entities", "audit", "actions")}
            quoted = tables["entities"].replace("'", "''")
            text = self._texts[template] = template.format(**tables, quoted_entities=quoted)
        return text

    def is_made(self) -> Query[bool]:
        """Whether the tables are there; they are made together."""
        values = {"table": f"{self._where}pystator_actions"}
        return Query("SELECT to_regclass(%(table)s) IS NOT NULL", values, _flag, reads=True)

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None) -> Query[Loaded]:
        values = {"entity_key": key_of(machine, entity_id)}
        if event_id is None:
            return Query(self._text(_LOAD), values, _loaded, reads=True)
        values["event_key"] = key_of(machine, entity_id, event_id)
        return Query(self._text(_LOAD_WITH_EVENT), values, _loaded_with_event, reads=True)

    def commit(self, commit: Commit) -> Query[bool]:
        """The whole commit: the rows of the event and of the actions come with that of the entity, or not at all."""
        values = _entity_values(commit.entity, commit.expected)
        if commit.audit is not None:
            values.update(_audit_values(commit.audit, "audit_"))
        if commit.actions:
            values.update(_action_values(commit.actions))
        text = _COMMIT[commit.expected == 0, commit.audit is not None, bool(commit.actions)]
        return Query(self._text(text), values, _flag)

    def record(self, audit: AuditRecord) -> Query[None]:
        return Query(self._text(_RECORD), _audit_values(audit), _nothing)

    def audit(self, machine: str, entity_id: str) -> Query[list[AuditRecord]]:
        values = {"entity_key": key_of(machine, entity_id)}
        return Query(self._text(_HISTORY), values, _audit_rows, reads=True)

    def prune(self, machine: str, kept: int) -> Query[int]:
        return Query(self._text(_PRUNE), {"machine": machine, "kept": kept}, _number)

    def delete(self, machine: str, entity_id: str) -> Query[bool]:
        return Query(self._text(_DELETE), {"entity_key": key_of(machine, entity_id)}, _flag)

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> Query[list[EntityRecord]]:
        values: dict[str, Any] = {"machine": machine, "limit": min(limit, sys.maxsize)}
        if state is not None:
            values["state_key"] = key_of(state)
        if after is not None:
            values["after"] = after
        text = self._text(_FIND[state is not None, after is not None])
        return Query(text, values, _entities, reads=True)

    def count_by_state(self, machine: str) -> Query[dict[str, int]]:
        return Query(self._text(_COUNT), {"machine": machine}, _counts, True)

    # -- locks -------------------------------------------------------------------------------------------------

    def try_lock(self, machine: str, entity_id: str) -> Query[bool]:
        """Lock an entity, which need not be there yet, until the transaction ends."""
        return Query(self._text(_TRY_LOCK), {"lock": _lock(machine, entity_id)}, _flag)

    def wait_for_lock(self, machine: str, entity_id: str) -> Query[None]:
        return Query(self._text(f"{_WAIT}({_LOCK})"), {"lock": _lock(machine, entity_id)}, _nothing)

    def wait_for_making(self) -> Query[None]:
        """The lock of whoever makes the tables."""
        return Query(f"{_WAIT}(hashtextextended('pystator tables', 0))", {}, _nothing)

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> Query[list[str]]:
        values = {"machine": machine, "now": now, "limit": limit}
        return Query(self._text(_DUE), values, _ids, reads=True)

    def next_due(self, machine: str) -> Query[tuple[int | None, int]]:
        return Query(self._text(_NEXT_DUE), {"machine": machine}, _moment_and_now, reads=True)

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> Query[list[ActionRecord]]:
        values = {"machine": machine, "lease": lease, "limit": limit, "force": force}
        return Query(self._text(_CLAIM), values, _actions)

    def renew(self, keys: Sequence[str], lease: int) -> Query[None]:
        return Query(self._text(_RENEW), {"keys": [key_of(key) for key in keys], "lease": lease}, _nothing)

    def finish(self, key: str, patched: EntityRecord | None) -> Query[bool]:
        if patched is None:
            return Query(self._text(_FINISH), {"action_key": key_of(key)}, _done)
        values = {**_entity_values(patched, patched.version - 1), "action_key": key_of(key)}
        return Query(self._text(_PATCH), values, _patched)

    def postpone(self, key: str, attempts: int, delay: int) -> Query[None]:
        return Query(self._text(_POSTPONE), {"action_key": key_of(key), "attempts": attempts, "delay": delay}, _nothing)

    def give_up(self, key: str, attempts: int, error: str) -> Query[None]:
        readable = error.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
        return Query(
            self._text(_GIVE_UP), {"action_key": key_of(key), "attempts": attempts, "error": readable}, _nothing
        )

    def failed(self, machine: str) -> Query[list[ActionRecord]]:
        return Query(self._text(_FAILED), {"machine": machine}, _actions, reads=True)

    def retry(self, machine: str, key: str, lease: int) -> Query[ActionRecord | None]:
        values = {"machine": machine, "action_key": key_of(key), "lease": lease}
        return Query(self._text(_RETRY), values, _action)


def _lock(machine: str, entity_id: str) -> int:
    """The number of an entity's lock. Two entities that share one by chance conflict now and then."""
    digest = hashlib.sha256(f"{machine}\0{entity_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big", signed=True)


# -- what is sent ----------------------------------------------------------------------------------------------


def _entity_values(entity: EntityRecord, expected: int) -> dict[str, Any]:
    return {
        **entity._asdict(),
        "entity_key": key_of(entity.machine, entity.entity_id),
        "state_key": key_of(entity.state),
        "expected": expected,
        "lock": _lock(entity.machine, entity.entity_id),
    }


def _audit_values(audit: AuditRecord, prefix: str = "") -> dict[str, Any]:
    of_entity = audit.machine, audit.entity_id
    event_key = None if audit.event_id is None else key_of(*of_entity, audit.event_id)
    values = {**audit._asdict(), "entity_key": key_of(*of_entity), "event_key": event_key}
    return {prefix + name: value for name, value in values.items()}


def _action_values(actions: Sequence[ActionRecord]) -> dict[str, Any]:
    values = {name + "s": list(column) for name, column in zip(_ACTION, zip(*actions, strict=True), strict=True)}
    values["entity_keys"] = [key_of(action.machine, action.entity_id) for action in actions]
    values["action_keys"] = [key_of(action.key) for action in actions]
    return values


# -- what is answered ------------------------------------------------------------------------------------------


def _nothing(rows: Rows) -> None:
    del rows


def _done(rows: Rows) -> bool:
    del rows
    return True


def _flag(rows: Rows) -> bool:
    return bool(rows[0][0])


def _patched(rows: Rows) -> bool:
    """Whether the action was gone already, or the entity was written."""
    ((actions, entities),) = rows
    return bool(actions == 0 or entities == 1)


def _number(rows: Rows) -> int:
    return int(rows[0][0])


def _loaded(rows: Rows) -> Loaded:
    now, *entity = rows[0]
    return Loaded(None if entity[0] is None else EntityRecord(*entity), None, now)


def _loaded_with_event(rows: Rows) -> Loaded:
    now, *columns = rows[0]
    entity, audit = columns[: len(_ENTITY)], columns[len(_ENTITY) :]
    return Loaded(
        None if entity[0] is None else EntityRecord(*entity), None if audit[0] is None else AuditRecord(*audit), now
    )


def _actions(rows: Rows) -> list[ActionRecord]:
    return [ActionRecord(*row) for row in rows]


def _action(rows: Rows) -> ActionRecord | None:
    return ActionRecord(*rows[0]) if rows else None


def _entities(rows: Rows) -> list[EntityRecord]:
    return [EntityRecord(*row) for row in rows]


def _audit_rows(rows: Rows) -> list[AuditRecord]:
    return [AuditRecord(*row) for row in rows]


def _counts(rows: Rows) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}


def _ids(rows: Rows) -> list[str]:
    return [row[0] for row in rows]


def _moment_and_now(rows: Rows) -> tuple[int | None, int]:
    ((moment, now),) = rows
    return moment, now
