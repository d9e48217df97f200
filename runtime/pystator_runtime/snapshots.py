"""Snapshots: a session as JSON-ready data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pystator_runtime.chart import Chart
from pystator_runtime.encoding import Encoding
from pystator_runtime.errors import SnapshotError, UndefinedStateError
from pystator_runtime.results import Timer
from pystator_runtime.rows import Row
from pystator_runtime.stepping import SessionState
from pystator_runtime.timers import Milliseconds, from_text, to_text

FORMAT = 1


def write(chart: Chart[Any], entity_id: str, standing: SessionState) -> dict[str, Any]:
    """The snapshot of an entity.

    Raises:
        SnapshotError: The context has a value that JSON can't hold.
    """
    return {
        "format": FORMAT,
        "machine_name": chart.name,
        "machine_version": chart.version,
        "entity_id": entity_id,
        "current_state": str(standing.row.state),
        "context": Encoding(chart.codecs, SnapshotError).encode(standing.context),
        "history": dict(standing.history),
        "timers": [
            {"source": timer.source, "trigger": timer.trigger, "delay": timer.delay, "due": to_text(due)}
            for timer, due in (standing.due or {}).items()
        ],
    }


def read(chart: Chart[Any], data: object) -> tuple[str | None, SessionState]:
    """Entity id and standing of a snapshot. Another machine version alone is no misfit.

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
    if deferred := snapshot.get("deferred_events"):  # PyStator's
        raise SnapshotError(
            f"the snapshot has {len(deferred)} deferred events, which a session can't hold back: "
            "take them out, and send them once it is restored"
        )
    entity_id = snapshot.get("entity_id")
    if entity_id is not None and not isinstance(entity_id, str):
        raise SnapshotError(f"the snapshot's entity_id is {entity_id!r}, which is not text")
    row = _row(chart, snapshot)
    standing = SessionState(row, _context(chart, snapshot), _history(chart, snapshot), _due(row, snapshot))
    return entity_id, standing


def _row(chart: Chart[Any], snapshot: Mapping[str, Any]) -> Row[Any]:
    state = snapshot.get("current_state")
    try:
        row = chart.row(state) if isinstance(state, str) else None
    except UndefinedStateError as error:
        raise SnapshotError(f"the snapshot is in state {state!r}: {error}") from error
    if row is None:
        resting = ", ".join(chart.resting)
        raise SnapshotError(f"the snapshot is in state {state!r}; {chart.name} can rest in {resting}")
    return row


def _history(chart: Chart[Any], snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    """What compound and parallel states recorded: each what was active in it."""
    history: Any = snapshot.get("history") or {}
    if not isinstance(history, Mapping):
        raise SnapshotError(f"the snapshot's history is {type(history).__name__}, not a mapping")
    found: dict[str, Any] = {}
    for name, recorded in history.items():
        row = chart.recorded(name, recorded) if isinstance(recorded, str) else None
        if row is None:
            raise SnapshotError(f"the snapshot's history of {name!r} is {recorded!r}, which is no state in it")
        found[str(name)] = str(row.state)
    return found


def _due(row: Row[Any], snapshot: Mapping[str, Any]) -> Mapping[Timer, Milliseconds] | None:
    """The timers with their original due times (`S9.5`). One that the machine no longer has is dropped."""
    timers: Any = snapshot.get("timers")
    if timers is None:  # PyStator's have none
        return None
    found: dict[Timer, Milliseconds] = {}
    try:
        for entry in timers:
            due = from_text(entry["due"])
            timer = _timer(row, entry["source"], entry["trigger"], entry["delay"])
            if timer is not None:
                found[timer] = due
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"the snapshot's timers can't be read: {type(error).__name__}: {error}") from error
    return found


def _timer(row: Row[Any], source: object, trigger: object, delay: object) -> Timer | None:
    """The timer of this name; where there is only one of the name, its delay may be another by now."""
    named = [timer for timer in row.delayed if (timer.source, timer.trigger) == (source, trigger)]
    exact = [timer for timer in named if timer.delay == delay]
    return next(iter(exact or (named if len(named) == 1 else ())), None)


def _context(chart: Chart[Any], snapshot: Mapping[str, Any]) -> dict[str, Any]:
    context = snapshot.get("context")
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        raise SnapshotError(f"the snapshot's context is {type(context).__name__}, not a mapping")
    values: Any = context
    return Encoding(chart.codecs, SnapshotError).decode(values)
