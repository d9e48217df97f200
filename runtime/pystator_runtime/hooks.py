"""Hooks: what an application is told about each event, for logs, traces and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pystator_runtime.results import TransitionResult


class TransitionHook:
    """Override what you want to be told. A hook that raises is logged and changes nothing.

    ``entity_id`` is the entity's, ``state`` where it rests when the event arrives; ``context`` is what the guards
    see, and not to be changed.
    """

    def before(self, entity_id: str, state: str, trigger: str, context: Mapping[str, Any]) -> None:
        """An event has arrived and is about to be decided."""

    def after(self, entity_id: str, result: TransitionResult[Any], context: Mapping[str, Any]) -> None:
        """An event was decided, taken or not, and its step is over; ``context`` is the new one."""

    def error(self, entity_id: str, state: str, trigger: str, error: BaseException) -> None:
        """An event could not be decided: a caller's bug, a store that failed, or a cancellation.

        Nothing changed, as far as one can know: a store may also fail when it has written already. ``state`` is empty
        where the entity was not even read.
        """
