"""Events that are not taken (`S2.4`): which error each is, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pystator_runtime.chart import Chart
from pystator_runtime.errors import (
    FSMError,
    InvalidTransitionError,
    TerminalStateError,
    UndefinedStateError,
    UndefinedTriggerError,
)
from pystator_runtime.results import TransitionResult
from pystator_runtime.rows import Row

StateT = TypeVar("StateT", bound=Any)


def before_guards(chart: Chart[StateT], row: Row[StateT], trigger: str) -> TransitionResult[StateT] | None:
    """The answer to an event that is refused, or ignored, before any guard is asked; ``None`` if there is none.

    Asked in the order of `S2.4`: final, unknown trigger, not from here. Without strictness the last two are a
    successful no-op.
    """
    if row.is_terminal:
        error: FSMError = TerminalStateError(
            f"{str(row.state)!r} is terminal: {chart.name} takes no trigger there, and so not {trigger!r}"
        )
        return TransitionResult(row.state, None, trigger, error, {"reason": "terminal_state"})
    if trigger in row.on:
        return None
    if not chart.reject_invalid_events:
        return TransitionResult(row.state, row.state, trigger, metadata={"no_op": True})
    if trigger not in chart.triggers:
        error = UndefinedTriggerError(f"{chart.name} has no trigger {trigger!r}{_nearest(trigger, chart.triggers)}")
        return TransitionResult(row.state, None, trigger, error, {"reason": "undefined_trigger"})
    error = InvalidTransitionError(
        f"{trigger!r} leads nowhere from {str(row.state)!r}; possible there: {_listed(row.on)}"
    )
    return TransitionResult(row.state, None, trigger, error, {"reason": "invalid_transition"})


def guards_failed(state: Any, trigger: str, verdicts: Sequence[dict[str, Any]]) -> InvalidTransitionError:
    """The error of an event whose candidates all have a guard that does not hold."""
    named = dict.fromkeys(  # several candidates may share a guard
        f"{entry['guard']} ({'raised' if entry['verdict'] is None else 'does not hold'})"
        for entry in verdicts
        if not entry["verdict"]
    )
    return InvalidTransitionError(f"{trigger!r} is not possible from {str(state)!r} now: {'; '.join(named)}")


def unfit(trigger: str, what: str, wrong: Sequence[str]) -> InvalidTransitionError:
    """The error of an event whose payload or context is not what the machine declares."""
    return InvalidTransitionError(f"the {what} of {trigger!r} does not fit: {'; '.join(wrong)}")


def undefined_state(chart: Chart[Any], state: object) -> UndefinedStateError:
    """The error for a state that the machine does not have, or in which it never rests (`S2.5`, `S7.3`)."""
    if state in chart.states:
        return UndefinedStateError(f"{state!r} is a choice of {chart.name}: no entity ever rests there")
    return UndefinedStateError(f"{chart.name} has no state {state!r}{_nearest(str(state), chart.states)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    """Words that help after an unknown name. `difflib` is imported only for them."""
    import difflib

    names = [str(name) for name in known]
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; it has: {_listed(names)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(str(name)) for name in names) or "none"
