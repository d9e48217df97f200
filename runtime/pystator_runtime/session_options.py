"""What a session was asked to do beside moving, for its whole life."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pystator_runtime.results import TransitionResult

if TYPE_CHECKING:
    from pystator_runtime.hooks import TransitionHook


class SessionOptions:
    """How a session behaves for its whole life: what was asked for when it was created.

    ``watched`` tells whether something is to be done for each event beside moving.
    """

    __slots__ = ("execute_actions", "hooks", "results", "strict", "watched")

    def __init__(self, *, execute_actions: bool, keep: int, strict: bool, hooks: tuple[TransitionHook, ...]) -> None:
        self.execute_actions = execute_actions
        self.strict = strict
        self.hooks = hooks
        self.results: deque[TransitionResult[Any]] | None = deque(maxlen=keep) if keep > 0 else None
        self.watched = execute_actions or bool(hooks) or keep > 0

    @classmethod
    def of(cls, *, execute_actions: bool, keep: int, strict: bool, hooks: Sequence[TransitionHook]) -> SessionOptions:
        """The options of a session; all plain ones share theirs."""
        if execute_actions or keep > 0 or strict or hooks:
            return cls(execute_actions=execute_actions, keep=keep, strict=strict, hooks=tuple(hooks))
        return _PLAIN

    def copied(self) -> SessionOptions:
        """The options of a copy of the session: its results are its own from now on."""
        if self.results is None:
            return self
        keep = self.results.maxlen or 0
        copy = SessionOptions(execute_actions=self.execute_actions, keep=keep, strict=self.strict, hooks=self.hooks)
        copy.results = self.results.copy()
        return copy


_PLAIN = SessionOptions(execute_actions=False, keep=0, strict=False, hooks=())
