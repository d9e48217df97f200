"""Results as text, so that an event which comes again is answered as it was the first time (`S13.1`)."""

from __future__ import annotations

import json
from typing import Any

from pystator_runtime.actions import ActionSpec
from pystator_runtime.chart import Chart
from pystator_runtime.orchestrator.entities import Archive
from pystator_runtime.results import Timer, TransitionResult, TransitionStep


def result_as_text(result: TransitionResult[Any], archive: Archive) -> str:
    """A successful result as JSON text."""
    return json.dumps(
        {
            "source": str(result.source_state),
            "target": str(result.target_state),
            "trigger": result.trigger,
            "steps": [_step(step) for step in result.steps],
            "changes": json.loads(archive.encoded(result.changes)),
            "removed": result.removed,
            "history_updates": dict(result.history_updates),
            "armed": [[timer.source, timer.trigger, timer.delay] for timer in result.armed],
            "disarmed": [[timer.source, timer.trigger, timer.delay] for timer in result.disarmed],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def result_from_text(chart: Chart[Any], archive: Archive, text: str) -> TransitionResult[Any]:
    """The result that was written, which says in ``metadata["duplicate"]`` that it is an old one."""
    stored = json.loads(text)
    return TransitionResult(
        _state(chart, stored["source"]),
        _state(chart, stored["target"]),
        stored["trigger"],
        metadata={"duplicate": True},
        steps=tuple(_step_from(chart, step) for step in stored["steps"]),
        changes=archive.decoded(json.dumps(stored["changes"])),
        removed=tuple(stored["removed"]),
        history_updates=stored["history_updates"],
        armed=tuple(Timer(*timer) for timer in stored["armed"]),
        disarmed=tuple(Timer(*timer) for timer in stored["disarmed"]),
    )


def _step(step: TransitionStep[Any]) -> dict[str, Any]:
    return {
        "source": None if step.source_state is None else str(step.source_state),
        "target": str(step.target_state),
        "trigger": step.trigger,
        "exit": [[spec.name, spec.params] for spec in step.on_exit_actions],
        "actions": [[spec.name, spec.params] for spec in step.actions_to_execute],
        "entry": [[spec.name, spec.params] for spec in step.on_enter_actions],
    }


def _step_from(chart: Chart[Any], stored: dict[str, Any]) -> TransitionStep[Any]:
    return TransitionStep(
        None if stored["source"] is None else _state(chart, stored["source"]),
        _state(chart, stored["target"]),
        stored["trigger"],
        *(tuple(ActionSpec(name, params or None) for name, params in stored[k]) for k in ("exit", "actions", "entry")),
    )


def _state(chart: Chart[Any], text: str) -> Any:
    """A state as the machine has it; one that it no longer has stays text."""
    for state in chart.states:
        if state == text:
            return state
    row = chart.row(text) if ":" in text else None
    return text if row is None else row.state
