"""The tables in PostgreSQL, as SQLAlchemy describes them: for creating them, and for Alembic to own them."""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)

HEAD = 65
"""How many characters of an id decide its place in an index; those that begin alike are sorted when they are read."""

LONGEST = 128
"""How many characters a key has, unless it is shortened."""


def key_of(*texts: str) -> str:
    """What a row is found by: texts, or the beginning of long ones and a digest of them all.

    An entry of an index can't be long, and ids may be. All that identifies a row is in one column, for a planner that
    has not seen many rows yet takes any index which begins with one of several columns for as good as another, and
    keeps to it when there are many.
    """
    key = "/".join([*map(_quoted, texts[:-1]), texts[-1]])
    if len(key) <= LONGEST:
        return key
    return key[:HEAD] + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _quoted(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def metadata_of(schema: str | None) -> MetaData:
    """The three tables. Order is that of code points (``C``): the same as in Python, whatever the database's locale."""
    metadata = MetaData(schema=schema)
    entities = Table(
        "pystator_entities",
        metadata,
        _text("machine"),
        _text("entity_key"),
        _text("entity_id"),
        _text("state_key"),
        _text("state"),
        _text("context"),
        _text("history"),
        _text("timers"),
        _number("next_due", nullable=True),
        _number("version"),
        _text("machine_version", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        PrimaryKeyConstraint("entity_key", name="pystator_entities_key"),
    )
    columns = entities.c
    Index("pystator_entities_id", columns.machine, func.left(columns.entity_id, HEAD))
    Index("pystator_entities_state", columns.machine, columns.state_key, func.left(columns.entity_id, HEAD))
    Index("pystator_entities_due", columns.machine, columns.next_due, postgresql_where=columns.next_due.is_not(None))
    audit = Table(
        "pystator_audit",
        metadata,
        _id(),
        _text("machine"),
        _text("entity_key"),
        _text("entity_id"),
        _number("version"),
        _text("trigger"),
        _text("source_state"),
        _text("target_state", nullable=True),
        Column("success", Boolean, nullable=False),
        _text("event_key", nullable=True),
        _text("event_id", nullable=True),
        _text("digest"),
        _text("result"),
        _number("at"),
    )
    event = audit.c.event_key
    Index("pystator_audit_event", event, unique=True, postgresql_where=event.is_not(None))
    Index("pystator_audit_entity", audit.c.entity_key, audit.c.id)
    Index("pystator_audit_at", audit.c.machine, audit.c.at)
    actions = Table(
        "pystator_actions",
        metadata,
        _id(),
        _text("action_key"),
        _text("key"),
        _text("machine"),
        _text("entity_key"),
        _text("entity_id"),
        _text("spec"),
        _text("event"),
        _text("context"),
        _number("attempts"),
        _number("not_before"),
        _number("claimed_until"),
        _text("error"),
        UniqueConstraint("action_key", name="pystator_actions_key"),
    )
    Index("pystator_actions_pending", actions.c.machine, actions.c.id, postgresql_where=actions.c.error == "")
    Index("pystator_actions_failed", actions.c.machine, actions.c.id, postgresql_where=actions.c.error != "")
    Index("pystator_actions_entity", actions.c.entity_key)
    return metadata


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)
