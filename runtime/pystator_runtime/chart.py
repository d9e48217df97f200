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
from pystator_runtime.results import NOTHING, Timer, TransitionResult, TransitionStep

StateT = TypeVar("StateT", bound=enum.StrEnum)


Pair = tuple[Test | None, TransitionResult[Any]]
"""A test, or ``None`` where there is nothing to ask, and the result if it holds."""


class Way(Generic[StateT]):
    """Where an arrow comes to rest: the leaf, the plan of entering it, and the timers that change with it (`S9.2`)."""

    __slots__ = ("armed", "disarmed", "entry", "row", "target")

    row: Row[StateT]

    def __init__(
        self,
        target: StateT,
        *,
        entry: tuple[PlanItem, ...] = (),
        armed: tuple[Timer, ...] = (),
        disarmed: tuple[Timer, ...] = (),
    ) -> None:
        self.target = target
        self.entry = entry
        self.armed = armed
        self.disarmed = disarmed


class Restoration(Generic[StateT]):
    """A history destination (`S4.2`): the way to take for each leaf that ``parent`` may have recorded."""

    __slots__ = ("parent", "ways")

    def __init__(self, parent: str, ways: Mapping[str, Way[StateT]]) -> None:
        self.parent = parent
        self.ways = ways


class Transition(Generic[StateT]):
    """One candidate: where one leaf goes on one trigger, and what that entails.

    ``exit``, ``actions`` and the way's ``entry`` are the plan in order (`S3.3`). ``test`` is the fused guard, ``None``
    where there is nothing to ask or, if ``asks``, a function of the application. ``outcome`` is the complete result
    if nothing in the step can vary, ``None`` otherwise; ``result`` is the same where, besides, moving on is all that a
    session has to do. ``updates`` is what compound states record as they are left (`S4.1`).
    """

    __slots__ = (
        "actions",
        "asks",
        "exit",
        "guards",
        "outcome",
        "restoration",
        "result",
        "row",
        "source",
        "test",
        "trigger",
        "updates",
        "way",
    )

    row: Row[StateT]

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
        armed: tuple[Timer, ...] = (),
        disarmed: tuple[Timer, ...] = (),
        records: tuple[str, ...] = (),
        restoration: Restoration[StateT] | None = None,
    ) -> None:
        self.source = source
        self.trigger = trigger
        self.way = Way(target, entry=entry, armed=armed, disarmed=disarmed)
        self.guards = guards
        self.exit = exit
        self.actions = actions
        self.restoration = restoration
        self.updates: Mapping[str, str] = dict.fromkeys(records, str(source)) if records else NOTHING
        self.asks = any(_named(guard) for guard in guards)
        self.test: Test | None = None if self.asks else fused(guards)
        self.outcome: TransitionResult[StateT] | None = None
        self.result: TransitionResult[StateT] | None = None

    @property
    def target(self) -> StateT:
        """Where it comes to rest if there is no history to restore."""
        return self.way.target

    def link(self, rows: Mapping[str, Row[StateT]]) -> None:
        """Find the rows of all ways and build the result, if it is always the same."""
        for way in (self.way, *(self.restoration.ways.values() if self.restoration else ())):
            way.row = rows[way.target]
        self.row = self.way.row
        plan = (*self.exit, *self.actions, *self.way.entry)
        if self.row.automatic or self.restoration is not None or not _only_actions(plan):
            return
        step = TransitionStep(
            self.source,
            self.target,
            self.trigger,
            _specs(self.exit),
            _specs(self.actions),
            _specs(self.way.entry),
        )
        self.outcome = TransitionResult(
            self.source,
            self.target,
            self.trigger,
            steps=(step,),
            history_updates=self.updates,
            armed=self.way.armed,
            disarmed=self.way.disarmed,
        )
        if not (self.updates or self.way.armed or self.way.disarmed):
            self.result = self.outcome


class Row(Generic[StateT]):
    """Everything about one leaf: its candidates per trigger, its automatic transitions, its entry.

    ``quick`` holds the triggers that need nothing but a look at the context: no function of the application is
    asked by them or by what follows them. ``settled`` tells that entering here plans actions at most: no effect, no
    automatic transition.
    """

    __slots__ = ("active", "automatic", "delayed", "entry", "is_terminal", "on", "quick", "settled", "state")

    def __init__(
        self,
        state: StateT,
        on: Mapping[str, tuple[Transition[StateT], ...]] | None = None,
        *,
        automatic: tuple[Transition[StateT], ...] = (),
        delayed: Mapping[Timer, tuple[Transition[StateT], ...]] | None = None,
        entry: tuple[PlanItem, ...] = (),
        is_terminal: bool = False,
        active: frozenset[str] | None = None,
    ) -> None:
        self.state = state
        self.on: Mapping[str, tuple[Transition[StateT], ...]] = on or {}
        self.automatic = automatic
        self.delayed: Mapping[Timer, tuple[Transition[StateT], ...]] = delayed or {}
        self.entry = entry
        self.is_terminal = is_terminal
        self.active = frozenset((str(state),)) if active is None else active
        self.quick: dict[str, tuple[Transition[StateT], ...]] = {}
        self.settled = not automatic and not self.delayed and _only_actions(entry)

    def link(self, rows: Mapping[str, Row[StateT]]) -> None:
        """Link all candidates to their targets' rows."""
        for candidates in (self.automatic, *self.on.values(), *self.delayed.values()):
            for transition in candidates:
                transition.link(rows)

    def find_quick(self, *, automatic_asks: bool) -> None:
        """Find the triggers that never ask the application, neither themselves nor by what follows them."""
        for trigger, candidates in self.on.items():
            if not any(t.asks or (automatic_asks and t.row.automatic) or t.restoration for t in candidates):
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
        compounds: Mapping[str, StateT] | None = None,
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
        for name, leaf in (compounds or {}).items():
            self.rows[name] = self.rows[leaf]  # a compound state stands for its initial leaf (`S1.2`)
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
        self.quick = {name: self._pairs(row) for name, row in self.rows.items()}
        self.guards, self.actions = _names_to_bind(rows, self.invariants)

    def _pairs(self, row: Row[StateT]) -> dict[str, tuple[Pair, ...]]:
        """The triggers of a row whose results are all known beforehand, for doors that take a plain context.

        A declared payload is tested along with the guards there.
        """
        return {
            trigger: tuple(
                (self._with_payload(trigger, t.test), t.outcome) for t in candidates if t.outcome is not None
            )
            for trigger, candidates in row.quick.items()
            if all(t.outcome is not None for t in candidates)
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
        groups = (*row.on.values(), row.automatic, *row.delayed.values())
        for transition in (transition for candidates in groups for transition in candidates):
            ways = (transition.way, *(transition.restoration.ways.values() if transition.restoration else ()))
            actions.update(_acting((*transition.exit, *transition.actions, *(i for way in ways for i in way.entry))))
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
    plain = (one for item in items for one in (item.items if isinstance(item, When) else (item,)))
    return {item.name for item in plain if isinstance(item, ActionSpec)}
