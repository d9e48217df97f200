"""Snapshots: a session as JSON-ready data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, cast

from pystator_runtime.chart import Chart, Row
from pystator_runtime.errors import SnapshotError

FORMAT = 1


def write(chart: Chart[Any], entity_id: str, row: Row[Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot of an entity that rests in ``row``.

    Raises:
        SnapshotError: The context has a value that JSON can't hold.
    """
    return {
        "format": FORMAT,
        "machine_name": chart.name,
        "machine_version": chart.version,
        "entity_id": entity_id,
        "current_state": row.state.value,
        "context": {key: _encoded(chart, key, value) for key, value in context.items()},
        "history": {},
        "timers": [],
    }


def read(chart: Chart[Any], data: object) -> tuple[str | None, Row[Any], dict[str, Any]]:
    """Entity id, row and context of a snapshot. Another machine version alone is no misfit.

    Raises:
        SnapshotError: It does not fit this machine; the message says what.
    """
    if not isinstance(data, Mapping):
        raise SnapshotError(f"a snapshot is a mapping, not {type(data).__name__}")
    snapshot = cast("Mapping[str, Any]", data)
    found = snapshot.get("format", FORMAT)  # PyStator's have none
    if found != FORMAT:
        raise SnapshotError(f"the snapshot has format {found!r}; this runtime reads format {FORMAT}")
    name = snapshot.get("machine_name", chart.name)
    if name != chart.name:
        raise SnapshotError(f"the snapshot is of machine {name!r}, not of {chart.name!r}")
    for key in ("history", "timers"):
        if snapshot.get(key):
            raise SnapshotError(f"the snapshot has {key}, but {chart.name} has no states that could have any")
    if deferred := snapshot.get("deferred_events"):  # PyStator's
        raise SnapshotError(
            f"the snapshot has {len(deferred)} deferred events, which a session can't hold back: "
            "take them out, and send them once it is restored"
        )
    entity_id = snapshot.get("entity_id")
    if entity_id is not None and not isinstance(entity_id, str):
        raise SnapshotError(f"the snapshot's entity_id is {entity_id!r}, which is not text")
    return entity_id, _row(chart, snapshot), _context(chart, snapshot)


def _row(chart: Chart[Any], snapshot: Mapping[str, Any]) -> Row[Any]:
    state = snapshot.get("current_state")
    row = chart.rows.get(state) if isinstance(state, str) else None
    if row is None:
        raise SnapshotError(f"the snapshot is in state {state!r}; {chart.name} can rest in {', '.join(chart.rows)}")
    return row


def _context(chart: Chart[Any], snapshot: Mapping[str, Any]) -> dict[str, Any]:
    context = snapshot.get("context")
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        raise SnapshotError(f"the snapshot's context is {type(context).__name__}, not a mapping")
    values: Any = context
    return {str(key): _decoded(chart, str(key), value) for key, value in values.items() if str(key)[:1] != "_"}


def _encoded(chart: Chart[Any], key: str, value: Any) -> Any:
    codec = chart.codecs.get(key)
    try:
        return _plain(key, value if codec is None else codec.encode(value))
    except RecursionError:
        raise SnapshotError(f"{key} holds itself, or is nested too deeply for JSON") from None


def _decoded(chart: Chart[Any], key: str, value: Any) -> Any:
    codec = chart.codecs.get(key)
    if codec is None:
        return _plain(key, value)
    try:
        return codec.decode(value)
    except (ValueError, TypeError) as error:
        raise SnapshotError(f"the snapshot's {key} is {value!r}, which is no {codec.name}: {error}") from error


def _plain(key: str, value: Any) -> Any:
    """``value`` as JSON data, a copy; what JSON can't hold is refused (`S13.4`)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise SnapshotError(f"{key} holds {value!r}, which JSON can't hold")
        return float(value)
    if isinstance(value, list):
        entries: Any = value
        return [_plain(key, entry) for entry in entries]
    if isinstance(value, dict):
        items: Any = value
        if all(isinstance(name, str) for name in items):
            return {str(name): _plain(key, item) for name, item in items.items()}
    raise SnapshotError(
        f"{key} holds {value!r}, which JSON can't hold: declare its type among the machine's state_variables"
    )
