"""Results as text, so that an event which comes again is answered as it was the first time (`S13.1`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pystator_runtime import errors
from pystator_runtime.actions import ActionSpec
from pystator_runtime.chart import Chart
from pystator_runtime.errors import UndefinedStateError
from pystator_runtime.orchestrator.entities import EntityMapper
from pystator_runtime.results import Timer, TransitionResult, TransitionStep


def result_as_text(result: TransitionResult[Any], mapper: EntityMapper) -> str:
    """A successful result as JSON text."""
    return json.dumps(
        {
            "source": str(result.source_state),
            "target": str(result.target_state),
            "trigger": result.trigger,
            "steps": [_step(step) for step in result.steps],
            "changes": json.loads(mapper.encoded(result.changes)),
            "removed": result.removed,
            "metadata": _metadata(result.metadata),
            "history_updates": dict(result.history_updates),
            "armed": [[timer.source, timer.trigger, timer.delay] for timer in result.armed],
            "disarmed": [[timer.source, timer.trigger, timer.delay] for timer in result.disarmed],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def result_from_text(chart: Chart[Any], mapper: EntityMapper, text: str) -> TransitionResult[Any]:
    """The result that was written, which says in ``metadata["duplicate"]`` that it is an old one."""
    stored = json.loads(text)
    return TransitionResult(
        _state(chart, stored["source"]),
        _state(chart, stored["target"]),
        stored["trigger"],
        metadata={**_metadata_from(stored["metadata"]), "duplicate": True},
        steps=tuple(_step_from(chart, step) for step in stored["steps"]),
        changes=mapper.decoded(json.dumps(stored["changes"])),
        removed=tuple(stored["removed"]),
        history_updates=stored["history_updates"],
        armed=tuple(Timer(*timer) for timer in stored["armed"]),
        disarmed=tuple(Timer(*timer) for timer in stored["disarmed"]),
    )


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What a result says beside where it leads: the guards that raised, and why the fallback state was taken."""
    said: dict[str, Any] = {name: metadata[name] for name in ("reason", "guard_errors") if name in metadata}
    if (error := metadata.get("original_error")) is not None:
        said["original_error"] = [type(error).__name__, str(error)]
    return said


def _metadata_from(said: dict[str, Any]) -> dict[str, Any]:
    if "guard_errors" in said:
        said["guard_errors"] = tuple(said["guard_errors"])
    if "original_error" in said:
        name, message = said["original_error"]
        said["original_error"] = getattr(errors, name, errors.FSMError)(message)
    return said


def _step(step: TransitionStep[Any]) -> dict[str, Any]:
    return {
        "source": None if step.source_state is None else str(step.source_state),
        "target": str(step.target_state),
        "trigger": step.trigger,
        "exit": [_spec(spec) for spec in step.on_exit_actions],
        "actions": [_spec(spec) for spec in step.actions_to_execute],
        "entry": [_spec(spec) for spec in step.on_enter_actions],
    }


def _spec(spec: ActionSpec) -> list[Any]:
    return [spec.name, spec.params, spec.retry, spec.retry_backoff, spec.timeout]


def _spec_from(name: str, params: Any, retry: Any, backoff: Any, timeout: Any) -> ActionSpec:
    return ActionSpec(name, params or None, retry=retry, retry_backoff=backoff, timeout=timeout)


def _step_from(chart: Chart[Any], stored: dict[str, Any]) -> TransitionStep[Any]:
    return TransitionStep(
        None if stored["source"] is None else _state(chart, stored["source"]),
        _state(chart, stored["target"]),
        stored["trigger"],
        *(tuple(_spec_from(*spec) for spec in stored[kind]) for kind in ("exit", "actions", "entry")),
    )


def _state(chart: Chart[Any], text: str) -> Any:
    """A state as the machine has it; one that it no longer has stays text."""
    for state in chart.states:
        if state == text:
            return state
    try:
        row = chart.row(text) if ":" in text else None
    except UndefinedStateError:
        return text
    return text if row is None else row.state
