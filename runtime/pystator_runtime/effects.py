"""Effects (`S8.2`): changes of the context that the YAML says as data, applied when the transition is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pystator_runtime.actions import ActionSpec
from pystator_runtime.guards import Condition, Test
from pystator_runtime.timers import Milliseconds, to_datetime

if TYPE_CHECKING:
    from datetime import datetime


class WorkingContext:
    """The context of one step while its effects are applied.

    ``values`` is the context as it is by now; ``changes`` and ``removed`` are the difference from the one the
    guards saw. The caller's mapping is never touched.
    """

    __slots__ = ("_moment", "_now", "changes", "removed", "seen", "values")

    def __init__(self, seen: Mapping[str, Any], now: Milliseconds | None = None) -> None:
        self.seen = seen
        self.values: dict[str, Any] = dict(seen)
        self.changes: dict[str, Any] = {}
        self.removed: dict[str, None] = {}
        self._now = now
        self._moment: datetime | None = None

    @property
    def moment(self) -> datetime:
        """The step's moment, in UTC: the same for all of its effects, and by the clock that its timers go by."""
        if self._moment is None:
            from datetime import UTC, datetime

            self._moment = datetime.now(UTC) if self._now is None else to_datetime(self._now)
        return self._moment

    def write(self, key: str, value: object) -> None:
        """Set a key."""
        self.values[key] = value
        self.changes[key] = value
        self.removed.pop(key, None)

    def remove(self, key: str) -> None:
        """Remove a key; a missing one is no error."""
        self.values.pop(key, None)
        self.changes.pop(key, None)
        if key in self.seen:
            self.removed[key] = None


class Effect(Protocol):
    """What every effect can do."""

    def apply(self, working: WorkingContext) -> None:
        """Apply it. Any exception fails the step."""
        ...


class SetFields:
    """`set`: writes the values that ``values`` builds, fresh for each entity (`S8.9`)."""

    __slots__ = ("values",)

    def __init__(self, values: Callable[[], Mapping[str, Any]]) -> None:
        self.values = values

    def apply(self, working: WorkingContext) -> None:
        """Write every field."""
        for key, value in self.values().items():
            working.write(key, value)


class Timestamp:
    """`timestamp`: writes the step's moment, as a ``datetime`` or as its ISO 8601 text."""

    __slots__ = ("as_text", "field")

    def __init__(self, field: str, *, as_text: bool = True) -> None:
        self.field = field
        self.as_text = as_text

    def apply(self, working: WorkingContext) -> None:
        """Write the moment."""
        moment = working.moment
        working.write(self.field, moment.isoformat() if self.as_text else moment)


class Increment:
    """`increment` and, with ``by=-1``, `decrement`: a missing field counts as 0."""

    __slots__ = ("by", "field")

    def __init__(self, field: str, by: int = 1) -> None:
        self.field = field
        self.by = by

    def apply(self, working: WorkingContext) -> None:
        """Count up or down; null, a bool or anything but a number is an error."""
        value = working.values.get(self.field, 0)
        if isinstance(value, bool) or not hasattr(value, "__add__") or not hasattr(value, "__abs__"):
            raise TypeError(f"{self.field!r} is {value!r}, which is not a number")
        working.write(self.field, value + self.by)


class Append:
    """`append`: adds a value, built fresh, to a list; a missing field counts as an empty one."""

    __slots__ = ("field", "value")

    def __init__(self, field: str, value: Callable[[], object]) -> None:
        self.field = field
        self.value = value

    def apply(self, working: WorkingContext) -> None:
        """Write a new list: the one the caller passed is left as it was."""
        items: Any = working.values.get(self.field, [])
        if not isinstance(items, list):
            raise TypeError(f"{self.field!r} is {items!r}, which is not a list")
        working.write(self.field, [*items, self.value()])


class Clear:
    """`clear`: removes a field; a missing one is left alone."""

    __slots__ = ("field",)

    def __init__(self, field: str) -> None:
        self.field = field

    def apply(self, working: WorkingContext) -> None:
        """Remove the field."""
        working.remove(self.field)


class Compute:
    """`compute`: writes the value of a compiled expression, which sees all effects before it."""

    __slots__ = ("expression", "field")

    def __init__(self, field: str, expression: Test) -> None:
        self.field = field
        self.expression = expression

    def apply(self, working: WorkingContext) -> None:
        """Evaluate and write."""
        working.write(self.field, self.expression(working.values))


class When:
    """An action, or the effects of one entry, with a condition that is asked once, in its turn (`S8.5`)."""

    __slots__ = ("items", "test")

    def __init__(self, condition: Condition, *items: ActionSpec | Effect) -> None:
        self.test = condition.test
        self.items = items


PlanItem: TypeAlias = ActionSpec | Effect | When


def carry_out(items: tuple[PlanItem, ...], working: WorkingContext) -> tuple[ActionSpec, ...]:
    """Apply the effects among ``items`` in order and return the actions that are to run.

    Raises:
        Exception: An effect failed, or a condition raised.
    """
    if not items:
        return ()
    planned: list[ActionSpec] = []
    for item in items:
        if isinstance(item, When):
            if item.test(working.values):
                planned.extend(carry_out(item.items, working))
        elif isinstance(item, ActionSpec):
            planned.append(item)
        else:
            item.apply(working)
    return tuple(planned)
