"""The dispatch tables of a generated module: everything that is known about a machine before it runs.

A :class:`Chart` has one :class:`Row` per state that the machine can rest in, a row has the candidate transitions
per trigger in the order in which they are asked (`S2.1`), and a :class:`Transition` has its complete result
already built wherever nothing in it can vary. All of it is made once, when the module is imported, and shared by
every machine, session and event.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pystator_runtime.actions import ActionSpec
from pystator_runtime.effects import Effect, PlanItem, When
from pystator_runtime.fields import Fields, FieldType, Payload
from pystator_runtime.guards import AllOf, AnyOf, Guard, Named, Not, Test, fused
from pystator_runtime.results import TransitionResult, TransitionStep

StateT = TypeVar("StateT", bound=enum.StrEnum)


Pair = tuple[Test | None, TransitionResult[Any]]
"""A test, or ``None`` where there is nothing to ask, and the result if it holds."""


class Transition(Generic[StateT]):
    """One candidate: where one leaf goes on one trigger, and what that entails.

    ``exit``, ``actions`` and ``entry`` are the plan in order (`S3.3`). ``test`` is the fused guard, ``None`` where
    there is nothing to ask or, if ``asks``, a function of the application. ``result`` is complete if nothing in
    the step can vary, ``None`` otherwise.
    """

    __slots__ = (
        "actions",
        "asks",
        "entry",
        "exit",
        "guards",
        "result",
        "row",
        "source",
        "target",
        "test",
        "trigger",
    )

    row: Row[StateT]
    result: TransitionResult[StateT] | None

    def __init__(
        self,
        source: StateT,
        trigger: str,
        target: StateT,
        *,
        guards: tuple[Guard, ...] = (),
        exit: tuple[PlanItem, ...] = (),
        actions: tuple[PlanItem, ...] = (),
        entry: tuple[PlanItem, ...] = (),
    ) -> None:
        self.source = source
        self.trigger = trigger
        self.target = target
        self.guards = guards
        self.exit = exit
        self.actions = actions
        self.entry = entry
        self.asks = any(_named(guard) for guard in guards)
        self.test: Test | None = None if self.asks else fused(guards)
        self.result = None

    def link(self, rows: Mapping[str, Row[StateT]]) -> None:
        """Find the target's row and build the result, if it is always the same."""
        self.row = rows[self.target]
        if self.row.automatic or not _only_actions((*self.exit, *self.actions, *self.entry)):
            return
        step = TransitionStep(
            self.source,
            self.target,
            self.trigger,
            _specs(self.exit),
            _specs(self.actions),
            _specs(self.entry),
        )
        self.result = TransitionResult(self.source, self.target, self.trigger, steps=(step,))


class Row(Generic[StateT]):
    """Everything about one leaf: its candidates per trigger, its automatic transitions, its entry.

    ``quick`` holds the triggers that need nothing but a look at the context: no function of the application is
    asked by them or by what follows them. ``settled`` tells that entering here plans actions at most: no effect, no
    automatic transition.
    """

    __slots__ = ("active", "automatic", "entry", "is_terminal", "on", "quick", "settled", "state")

    def __init__(
        self,
        state: StateT,
        on: Mapping[str, tuple[Transition[StateT], ...]] | None = None,
        *,
        automatic: tuple[Transition[StateT], ...] = (),
        entry: tuple[PlanItem, ...] = (),
        is_terminal: bool = False,
        active: frozenset[str] | None = None,
    ) -> None:
        self.state = state
        self.on: Mapping[str, tuple[Transition[StateT], ...]] = on or {}
        self.automatic = automatic
        self.entry = entry
        self.is_terminal = is_terminal
        self.active = frozenset((str(state),)) if active is None else active
        self.quick: dict[str, tuple[Transition[StateT], ...]] = {}
        self.settled = not automatic and _only_actions(entry)

    def link(self, rows: Mapping[str, Row[StateT]]) -> None:
        """Link all candidates to their targets' rows."""
        for transition in (*self.automatic, *(t for candidates in self.on.values() for t in candidates)):
            transition.link(rows)

    def find_quick(self, *, automatic_asks: bool) -> None:
        """Find the triggers that never ask the application, neither themselves nor by what follows them."""
        for trigger, candidates in self.on.items():
            if not any(t.asks or (automatic_asks and t.row.automatic) for t in candidates):
                self.quick[trigger] = candidates


class Chart(Generic[StateT]):
    """A machine as generated. Its rows are linked to each other when it is made.

    ``definition`` is all that the YAML said, as JSON text: most applications never look at it.
    """

    __slots__ = (
        "actions",
        "codecs",
        "defaults",
        "definition",
        "guards",
        "initial",
        "invariants",
        "name",
        "normalize",
        "payloads",
        "quick",
        "reject_invalid_events",
        "rows",
        "states",
        "strict_guards",
        "triggers",
        "validate_context",
        "variables",
        "version",
    )

    def __init__(
        self,
        *,
        name: str,
        version: str | None,
        states: type[StateT],
        triggers: tuple[str, ...],
        initial: StateT,
        rows: tuple[Row[StateT], ...],
        definition: str,
        variables: Fields | None = None,
        payloads: Mapping[str, Payload] | None = None,
        defaults: Callable[[], dict[str, Any]] = dict,
        codecs: Mapping[str, FieldType] | None = None,
        invariants: Mapping[str, Guard] | None = None,
        validate_context: bool = False,
        reject_invalid_events: bool = True,
        strict_guards: bool = True,
        normalize: bool = False,
    ) -> None:
        self.name = name
        self.version = version
        self.states: tuple[StateT, ...] = tuple(states)
        self.triggers = triggers
        self.rows: dict[str, Row[StateT]] = {str(row.state): row for row in rows}
        self.initial = self.rows[initial]
        self.definition = definition
        self.variables: Fields = variables or {}
        self.payloads: Mapping[str, Payload] = payloads or {}
        self.defaults = defaults
        self.codecs: Mapping[str, FieldType] = codecs or {}
        self.invariants: Mapping[str, Guard] = invariants or {}
        self.validate_context = validate_context
        self.reject_invalid_events = reject_invalid_events
        self.strict_guards = strict_guards
        self.normalize = normalize
        for row in rows:
            row.link(self.rows)
        if not validate_context:
            automatic_asks = any(transition.asks for row in rows for transition in row.automatic)
            for row in rows:
                row.find_quick(automatic_asks=automatic_asks)
        self.quick = {state: self._pairs(row) for state, row in self.rows.items()}
        self.guards, self.actions = _names_to_bind(rows, self.invariants)

    def _pairs(self, row: Row[StateT]) -> dict[str, tuple[Pair, ...]]:
        """The triggers of a row whose results are all known beforehand, for doors that take a plain context.

        A declared payload is tested along with the guards there.
        """
        return {
            trigger: tuple((self._with_payload(trigger, t.test), t.result) for t in candidates if t.result is not None)
            for trigger, candidates in row.quick.items()
            if all(t.result is not None for t in candidates)
        }

    def _with_payload(self, trigger: str, test: Test | None) -> Test | None:
        payload = self.payloads.get(trigger)
        if payload is None or not payload.fields:
            return test
        fits = payload.fits
        return fits if test is None else lambda context: fits(context) and test(context)


def _only_actions(items: tuple[PlanItem, ...]) -> bool:
    return all(isinstance(item, ActionSpec) for item in items)


def _specs(items: tuple[PlanItem, ...]) -> tuple[ActionSpec, ...]:
    return tuple(item for item in items if isinstance(item, ActionSpec))


def _names_to_bind(
    rows: tuple[Row[Any], ...], invariants: Mapping[str, Guard]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of guards and of actions that functions of the application have to be bound to (`S5.4`)."""
    guards: set[str] = set()
    actions: set[str] = set()
    for guard in invariants.values():
        guards.update(_named(guard))
    for row in rows:
        actions.update(_acting(row.entry))
        every = [t for candidates in row.on.values() for t in candidates]
        for transition in (*every, *row.automatic):
            actions.update(_acting((*transition.exit, *transition.actions, *transition.entry)))
            for guard in transition.guards:
                guards.update(_named(guard))
    return tuple(sorted(guards)), tuple(sorted(actions))


def _named(guard: Guard) -> set[str]:
    match guard:
        case Named():
            return {guard.name}
        case AllOf() | AnyOf():
            return {name for child in guard.guards for name in _named(child)}
        case Not():
            return _named(guard.guard)
        case _:
            return set()


def _acting(items: tuple[PlanItem | Effect, ...]) -> set[str]:
    plain = (item.item if isinstance(item, When) else item for item in items)
    return {item.name for item in plain if isinstance(item, ActionSpec)}
