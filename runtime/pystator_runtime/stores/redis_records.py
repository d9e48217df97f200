"""Records as Redis keeps them: one piece of bytes each, that a script hands around without looking inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pystator_runtime.records import ActionRecord, AuditRecord, EntityRecord

RecordT = TypeVar("RecordT", EntityRecord, AuditRecord, ActionRecord)

_NUMBERS = frozenset(
    {"next_due", "version", "created_at", "updated_at", "at", "success", "attempts", "not_before", "claimed_until"}
)


def encoded(text: str) -> bytes:
    """Text as bytes that sort as the text does; also what is no Unicode, as Python's text need not be."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def pack(record: Iterable[str | int | None]) -> bytes:
    """A line with the lengths of the values, and the values."""
    values = [None if v is None else encoded(v) if isinstance(v, str) else b"%d" % v for v in record]
    lengths = b",".join(b"-" if value is None else b"%d" % len(value) for value in values)
    return b"%s\n%s" % (lengths, b"".join(value for value in values if value is not None))


def unpack(kind: type[RecordT], data: bytes) -> RecordT:
    lengths, _, _ = data.partition(b"\n")
    begin, values = len(lengths) + 1, list[Any]()
    for name, length in zip(kind._fields, lengths.split(b","), strict=True):
        if length == b"-":
            values.append(None)
            continue
        end = begin + int(length)
        values.append(int(data[begin:end]) if name in _NUMBERS else decoded(data[begin:end]))
        begin = end
    record = kind(*values)
    return record._replace(success=bool(record.success)) if isinstance(record, AuditRecord) else record
