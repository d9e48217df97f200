"""The rows of a dispatch table: what each state does, worked out before the machine runs.

A :class:`Row` has the candidate transitions of one state per trigger in the order in which they are asked (`S2.1`),
and a :class:`Transition` has its complete result already built wherever nothing in it can vary. All of it is made
once, when the module is imported, and shared by every machine, session and event.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeGuard, TypeVar

from pystator_runtime.actions import ActionSpec
from pystator_runtime.effects import Effect, PlanItem, When
from pystator_runtime.guards import AllOf, AnyOf, Condition, Guard, Named, Not, Test, fused
from pystator_runtime.results import NOTHING, Timer, TransitionResult, TransitionStep

if TYPE_CHECKING:
    from pystator_runtime.configuration import ParallelStateConfig

StateT = TypeVar("StateT", bound=enum.StrEnum)


class Way(Generic[StateT]):
    """Where an arrow comes to rest: what is active then, the plan of entering it, and the timers that change (`S9.2`).

    ``restores`` is ``H`` or ``H*`` where it leads to a parallel state whose regions go back to what they recorded: what
    they enter comes between ``entry`` and ``entry_after``.
    """

    __slots__ = ("armed", "armed_after", "disarmed", "entry", "entry_after", "restores", "row", "target")

    row: Row[StateT]

    def __init__(
        self,
        target: StateT | ParallelStateConfig,
        *,
        entry: tuple[PlanItem, ...] = (),
        armed: tuple[Timer, ...] = (),
        disarmed: tuple[Timer, ...] = (),
        restores: str | None = None,
        entry_after: tuple[PlanItem, ...] = (),
        armed_after: tuple[Timer, ...] = (),
    ) -> None:
        self.target = target
        self.entry = entry
        self.armed = armed
        self.disarmed = disarmed
        self.restores = restores
        self.entry_after = entry_after
        self.armed_after = armed_after


class Restoration:
    """A history destination (`S4.2`): the way to take for each leaf, or parallel state, that was active last."""

    __slots__ = ("find", "parent", "ways")

    find: Callable[[Restoration, str], Way[Any] | None]

    def __init__(self, parent: str, ways: Mapping[str, Way[Any]]) -> None:
        self.parent = parent
        self.ways = ways

    def way(self, recorded: str) -> Way[Any] | None:
        """The way back to what was recorded, if there is one."""
        return self.ways.get(recorded) or self.find(self, recorded)


class Transition(Generic[StateT]):
    """One candidate: where one state goes on one trigger, and what that entails.

    ``exit``, ``actions`` and the way's ``entry`` are the plan in order (`S3.3`). ``test`` is the fused guard, ``None``
    where there is nothing to ask or, if ``asks``, a function of the application. ``outcome`` is the complete result
    if nothing in the step can vary, ``None`` otherwise; ``result`` is the same where, besides, moving on is all that a
    session has to do. ``updates`` is what states record as they are left (`S4.1`); where that is one state only,
    ``left`` is its name and ``recorded`` what it records.

    Where a parallel state is left, ``leaves`` is the outermost, with which ``exit`` and ``records`` begin: what is
    active in it is known only then.
    """

    __slots__ = (
        "actions",
        "asks",
        "exit",
        "guards",
        "leaves",
        "left",
        "outcome",
        "recorded",
        "records",
        "restoration",
        "result",
        "row",
        "source",
        "test",
        "trigger",
        "updates",
        "way",
    )

    moves: tuple[Transition[Any], ...] = ()  # the transitions that one in several regions consists of
    row: Row[StateT]

    def __init__(
        self,
        source: StateT,
        trigger: str,
        target: StateT | ParallelStateConfig,
        *,
        guards: tuple[Guard, ...] = (),
        exit: tuple[PlanItem, ...] = (),
        actions: tuple[PlanItem, ...] = (),
        entry: tuple[PlanItem, ...] = (),
        armed: tuple[Timer, ...] = (),
        disarmed: tuple[Timer, ...] = (),
        leaves: str | None = None,
        records: tuple[str, ...] = (),
        restoration: Restoration | None = None,
    ) -> None:
        self.source = source
        self.trigger = trigger
        self.way: Way[StateT] = Way(target, entry=entry, armed=armed, disarmed=disarmed)
        self.guards = guards
        self.exit = exit
        self.actions = actions
        self.leaves = leaves
        self.records = records
        self.restoration = restoration
        self.updates: Mapping[str, str] = dict.fromkeys(records, str(source)) if records else NOTHING
        self.asks = any(map(asks_application, guards))
        self.test: Test | None = None if self.asks else fused(guards)
        self.outcome: TransitionResult[StateT] | None = None
        self.result: TransitionResult[StateT] | None = None
        self.left: str | None = None
        self.recorded = ""

    @property
    def target(self) -> StateT | ParallelStateConfig:
        """Where it comes to rest if there is no history to restore."""
        return self.way.target

    def link(self, active: Callable[[Any], Row[StateT]]) -> None:
        """Find the rows of what is active then."""
        self.row = self.way.row = active(self.way.target)
        if self.restoration is not None:
            for way in self.restoration.ways.values():
                way.row = active(way.target)

    def conclude(self) -> None:
        """Build the result, if it is always the same."""
        step = self.step()
        if step is None or self.row.automatic:
            return
        self.settle((step,), self.updates, self.way.armed, self.way.disarmed)

    def settle(
        self,
        steps: tuple[TransitionStep[Any], ...],
        updates: Mapping[str, str],
        armed: tuple[Timer, ...],
        disarmed: tuple[Timer, ...],
    ) -> None:
        """Build the result, which is always this."""
        self.outcome = TransitionResult(
            self.source,
            self.row.state,
            self.trigger,
            steps=steps,
            history_updates=updates,
            armed=armed,
            disarmed=disarmed,
        )
        if armed or disarmed:
            return
        if not updates:
            self.result = self.outcome
        elif len(updates) == 1:
            ((self.left, self.recorded),) = updates.items()

    @property
    def is_certain(self) -> bool:
        """Whether it is taken without a question, and all it does is to move on and to record one state at most."""
        return self.test is None and not self.asks and (self.result is not None or self.left is not None)

    def step(self) -> TransitionStep[Any] | None:
        """What a result tells of this transition, if that is always the same."""
        way = self.way
        if (
            self.restoration is None
            and only_actions(self.exit)
            and only_actions(self.actions)
            and only_actions(way.entry)
        ):
            return TransitionStep(self.source, way.target, self.trigger, self.exit, self.actions, way.entry)
        return None

    def placed(self, way: Way[StateT]) -> Way[StateT]:
        """A restored way, in the place of the one that was declared."""
        return way


class Row(Generic[StateT]):
    """Everything about one state: its candidates per trigger, its automatic transitions, its entry.

    ``quick`` holds the triggers that need nothing but a look at the context: no function of the application is asked by
    them or by what follows them. ``certain`` are those among them that do not even need that. ``settled`` tells that
    entering here plans actions at most: no effect, no automatic transition. In a region, all this goes only as far as
    the region, ``exit`` is the plan of leaving it, ``records`` is what is recorded by that, and ``child`` the direct
    child of the region that is active.
    """

    __slots__ = (
        "active",
        "automatic",
        "certain",
        "child",
        "delayed",
        "entry",
        "exit",
        "fallback",
        "is_terminal",
        "on",
        "quick",
        "records",
        "region",
        "settled",
        "state",
    )

    parts: tuple[Row[Any], ...] = ()  # what is active in the regions, if it is a configuration

    def __init__(
        self,
        state: StateT,
        on: Mapping[str, Any] | None = None,
        *,
        automatic: Any = (),
        delayed: Mapping[Timer, tuple[Transition[StateT], ...]] | None = None,
        entry: tuple[PlanItem, ...] = (),
        exit: tuple[PlanItem, ...] = (),
        is_terminal: bool = False,
        active: frozenset[str] | None = None,
        region: tuple[str, str] | None = None,
        records: tuple[str, ...] = (),
        fallback: Transition[StateT] | None = None,
    ) -> None:
        self.state = state
        self.on: Mapping[str, Any] = on or {}
        self.automatic = automatic
        self.delayed: Mapping[Timer, tuple[Transition[StateT], ...]] = delayed or {}
        self.entry = entry
        self.exit = exit
        self.is_terminal = is_terminal
        self.active = frozenset((str(state),)) if active is None else active
        self.region = region
        self.child: str = records[-1] if records else self.name
        self.records: Mapping[str, str] = dict.fromkeys(records, str(state)) if records else NOTHING
        self.fallback = fallback
        self.quick: dict[str, Any] = {}
        self.certain: dict[str, Transition[StateT]] = {}
        self.settled = not automatic and not self.delayed and only_actions(entry)

    @property
    def name(self) -> str:
        """The name of the state."""
        return str(self.state)

    def candidates(self) -> list[Transition[StateT]]:
        """All transitions of the state itself."""
        groups: tuple[tuple[Transition[StateT], ...], ...] = (*self.on.values(), self.automatic, *self.delayed.values())
        found = [transition for group in groups for transition in group]
        return found if self.fallback is None else [*found, self.fallback]

    def find_quick(self, *, automatic_asks: bool) -> None:
        """Find the triggers that never ask the application, neither themselves nor by what follows them."""
        for trigger, candidates in self.on.items():
            if not any(t.asks or (automatic_asks and t.row.automatic) or t.restoration for t in candidates):
                self.quick[trigger] = candidates
                if candidates[0].is_certain:
                    self.certain[trigger] = candidates[0]

    def resolved(self, transition: Transition[StateT]) -> Transition[StateT]:
        """A candidate with all that it leaves."""
        return transition

    def joined(self, chosen: tuple[Transition[StateT], ...]) -> Transition[StateT]:
        """What was chosen for one event, as one."""
        return chosen[0]


def only_actions(items: tuple[PlanItem, ...]) -> TypeGuard[tuple[ActionSpec, ...]]:
    """Whether a plan has no effects and no conditions, so that it is always the same."""
    return not items or all(isinstance(item, ActionSpec) for item in items)


def asks_application(guard: Guard) -> bool:
    """Whether a guard asks a function of the application."""
    match guard:
        case Condition():
            return False
        case Named():
            return True
        case AllOf() | AnyOf():
            return any(map(asks_application, guard.guards))
        case Not():
            return asks_application(guard.guard)


def acting(items: tuple[PlanItem | Effect, ...]) -> tuple[ActionSpec, ...]:
    """The actions of a plan, those that have conditions included."""
    plain = (one for item in items for one in (item.items if isinstance(item, When) else (item,)))
    return tuple(item for item in plain if isinstance(item, ActionSpec))
