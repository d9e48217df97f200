"""Parallel states at run time (`S6`): which configurations there are, and what a transition does in one.

There may be far too many configurations to make them when a module is imported. So each is made when an entity first
comes to it, and kept: after that, an event in a parallel state costs little more than any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from pystator_runtime.configuration import ParallelStateConfig
from pystator_runtime.effects import PlanItem
from pystator_runtime.errors import UndefinedStateError
from pystator_runtime.guards import every
from pystator_runtime.results import NOTHING, Timer
from pystator_runtime.rows import Restoration, Row, Transition, Way
from pystator_runtime.selection import InRegions, Picks, options

if TYPE_CHECKING:
    from pystator_runtime.chart import Chart

MAXIMUM_KEPT = 10_000
"""How many configurations a chart keeps before it forgets them and begins anew."""

MAXIMUM_JOINED = 1_000
"""How many combinations of what its regions do on one event a configuration keeps before it begins anew."""

MAXIMUM_OPTIONS = 64
"""In how many ways the regions may take one event before it is no longer worth it to work them all out beforehand."""


class Region:
    """One region of a parallel state: what is active in it at first, and the states in which it is finished."""

    __slots__ = ("finals", "initial", "name")

    def __init__(self, name: str, initial: str | ParallelStateConfig, *, finals: tuple[str, ...] = ()) -> None:
        self.name = name
        self.initial = initial
        self.finals = frozenset(finals)


class Container(Row[Any]):
    """The row of a parallel state: what is asked at its own level, once no region takes an event.

    ``config`` is the class of its configurations; ``on_enter`` and ``on_exit`` are the plans of the state itself.
    """

    __slots__ = ("compounds", "config", "on_enter", "on_exit", "regions", "without_joins")

    def __init__(
        self,
        state: Any,
        on: Mapping[str, tuple[Transition[Any], ...]] | None = None,
        *,
        config: Callable[..., ParallelStateConfig],
        regions: tuple[Region, ...],
        on_enter: tuple[PlanItem, ...] = (),
        on_exit: tuple[PlanItem, ...] = (),
        records: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        super().__init__(state, on, **more)
        self.config = cast("type[ParallelStateConfig]", config)
        self.regions = regions
        self.on_enter = on_enter
        self.on_exit = on_exit
        self.compounds = records
        self.child = records[-1] if records else self.name
        self.without_joins = tuple(t for t in self.automatic if t.trigger != f"_join_{state}")

    def automatic_in(self, parts: tuple[Row[Any], ...]) -> Picks:
        """The automatic transitions of its own level; the join only once the regions have finished (`S6.6`)."""
        can_finish = [(region, part) for region, part in zip(self.regions, parts, strict=True) if region.finals]
        finished = can_finish and all(region.finals & part.active for region, part in can_finish)
        return cast("Picks", self.automatic) if finished else self.without_joins


class Configuration(Row[Any]):
    """What is active in a parallel state, as a row: ``parts`` are the rows of its regions, in order of definition."""

    __slots__ = ("_joined", "_regions", "_resolved", "container", "inner_entry", "inner_exit", "parts")

    def __init__(self, regions: Regions, container: Container, parts: tuple[Row[Any], ...]) -> None:
        names = (region.name for region in container.regions)
        outward = regions.outward(container)
        own = container.automatic_in(parts)
        automatic = any(part.automatic for part in parts) or own
        self._regions = regions
        self._resolved: dict[Transition[Any], Transition[Any]] = {}
        self._joined: dict[Picks, Transition[Any]] = {}
        self.container = container
        self.parts = parts
        self.inner_entry = tuple(chain.from_iterable(part.entry for part in parts))
        self.inner_exit = tuple(chain.from_iterable(part.exit for part in reversed(parts)))
        super().__init__(
            container.config.made({name: part.state for name, part in zip(names, parts, strict=True)}),
            {
                trigger: InRegions([part.on.get(trigger, ()) for part in parts], container.on.get(trigger, ()), outward)
                for trigger in chain(container.on, *(part.on for part in parts))
            },
            automatic=InRegions([part.automatic for part in parts], own, outward) if automatic else (),
            delayed={**container.delayed, **{timer: found for part in parts for timer, found in part.delayed.items()}},
            entry=container.entry + self.inner_entry,
            exit=self.inner_exit + container.exit,
            active=container.active.union(*(part.active for part in parts)),
            region=container.region,
            fallback=container.fallback,
        )
        recorded = dict.fromkeys((container.name, *container.compounds), str(self.state))
        self.child = container.child
        self.records = {**self.inner_records, **recorded}
        self.quick = _Quick(self, regions.chart)

    @property
    def name(self) -> str:
        """The name of the parallel state."""
        return self.container.name

    @property
    def inner_records(self) -> Mapping[str, str]:
        """What the states in its regions record as they are left."""
        return {name: recorded for part in self.parts for name, recorded in part.records.items()}

    @property
    def inner_timers(self) -> tuple[Timer, ...]:
        """The timers of the states in its regions."""
        return tuple(timer for part in self.parts for timer in part.delayed)

    def find(self, name: str) -> Row[Any] | None:
        """The configuration, or one in it, or the leaf of that name."""
        if name == self.name:
            return self
        inside = (part.find(name) if isinstance(part, Configuration) else part for part in self.parts)
        return next((row for row in inside if row is not None and row.name == name), None)

    def replaced(self, old: Row[Any] | None, new: Row[Any]) -> Row[Any]:
        """The row in which ``new`` is active where ``old`` was."""
        if old is self:
            return new
        parts = (part.replaced(old, new) if isinstance(part, Configuration) else part for part in self.parts)
        return self._regions.configuration(self.container, tuple(new if part is old else part for part in parts))

    def resolved(self, transition: Transition[Any]) -> Transition[Any]:
        """A candidate as this configuration sees it: with all that it leaves, and where all regions are then."""
        found = self._resolved.get(transition)
        if found is None:
            found = self._resolved[transition] = _InConfiguration(self, transition)
        return found

    def joined(self, chosen: Picks) -> Transition[Any]:
        """What was chosen for one event, as one transition."""
        found = self._joined.get(chosen)
        if found is None:
            if len(self._joined) >= MAXIMUM_JOINED:
                self._joined.clear()
            found = self._joined[chosen] = _Together(self, chosen)
        return found


class _InConfiguration(Transition[Any]):
    """A transition of one region, or of a parallel state's own level, as one configuration sees it."""

    __slots__ = ("_configuration", "_replaced", "_stopped")

    def __init__(self, configuration: Configuration, origin: Transition[Any]) -> None:
        replaced = configuration.find(origin.leaves or str(origin.source))
        assert replaced is not None, "a transition is chosen in a configuration that has its source"
        self._configuration = configuration
        self._replaced = replaced
        self._stopped: tuple[Timer, ...] = ()
        self.source = origin.source if str(origin.source) != replaced.name else replaced.state
        self.trigger = origin.trigger
        self.guards, self.asks, self.test = origin.guards, origin.asks, origin.test
        self.exit, self.actions, self.updates = origin.exit, origin.actions, origin.updates
        self.leaves, self.restoration = origin.leaves, origin.restoration
        self.outcome = self.result = self.left = None
        if origin.leaves is not None and isinstance(replaced, Configuration):
            self._stopped = replaced.inner_timers
            self.exit = replaced.inner_exit + origin.exit
            self.updates = {**replaced.inner_records, **dict.fromkeys(origin.records, str(replaced.state))}
        if origin.leaves is None and isinstance(replaced, Configuration):  # internal: all stays as it is (`S3.4`)
            self.way = Way(replaced.state)
            self.row = self.way.row = configuration
        else:
            self.way = self.placed(origin.way)
            self.row = self.way.row

    def placed(self, way: Way[Any]) -> Way[Any]:
        """A way within the region that it is about, as one of the whole configuration."""
        disarmed = (timer for timer in (*self._stopped, *way.disarmed) if timer not in way.armed)
        placed: Way[Any] = Way(way.row.state, entry=way.entry, armed=way.armed, disarmed=tuple(disarmed))
        placed.row = self._configuration.replaced(self._replaced, way.row)
        return placed


class _Together(Transition[Any]):
    """What several regions do on one event, one after the other (`S6.3`); ``moves`` are their transitions."""

    __slots__ = ("moves",)

    def __init__(self, configuration: Configuration, chosen: Picks, test: Any = None) -> None:
        self.moves = chosen
        self.source = configuration.state
        self.trigger = chosen[0].trigger
        self.asks, self.test, self.restoration = False, test, None
        self.outcome = self.result = self.left = None
        self.row = configuration
        steps: list[Any] = []
        updates: dict[str, str] = {}
        armed: list[Timer] = []
        disarmed: list[Timer] = []
        for transition in chosen:
            resolved = self.row.resolved(transition)
            self.row = resolved.row
            steps.append(resolved.step())
            updates.update(resolved.updates)
            armed.extend(resolved.way.armed)
            disarmed.extend(resolved.way.disarmed)
        if None in steps or self.row.automatic:
            return
        self.settle(tuple(steps), updates or NOTHING, tuple(armed), tuple(disarmed))


class _Quick(dict[str, Any]):
    """The quick triggers of a configuration, each worked out when it is first sent.

    To know them all beforehand would mean to make every configuration that any of them leads to, and so on.
    """

    __slots__ = ("_chart", "_configuration")

    def __init__(self, configuration: Configuration, chart: Chart[Any]) -> None:
        self._configuration = configuration
        self._chart = chart

    def get(self, trigger: str, default: Any = None) -> Any:
        """What may be taken for ``trigger``, ``default`` if it is not quick."""
        found = self[trigger]
        return default if found is None else found

    def __contains__(self, trigger: object) -> bool:
        return isinstance(trigger, str) and self[trigger] is not None

    def __missing__(self, trigger: str) -> tuple[Transition[Any], ...] | None:
        candidates = self._configuration.on.get(trigger)
        if candidates is None:
            return None
        found = None if self._chart.validate_context else options(candidates, MAXIMUM_OPTIONS)
        self[trigger] = quick = None if found is None else self._together(found)
        if quick and quick[0].is_certain:
            self._configuration.certain[trigger] = quick[0]
        return quick

    def _together(self, found: list[Any]) -> tuple[Transition[Any], ...] | None:
        taken = tuple(
            _Together(self._configuration, picks, every(list(tests)) if tests else None)
            for tests, picks in found
            if picks
        )
        if any(transition.row.automatic for transition in taken) and self._chart.automatic_asks:
            return None
        return taken


class _QuickStates(dict[Any, Any]):
    """The results that are known beforehand by state and trigger, for configurations as they are asked about."""

    __slots__ = ("_regions",)

    def __init__(self, pairs: Mapping[str, Any], regions: Regions) -> None:
        super().__init__(pairs)
        self._regions = regions

    def __missing__(self, state: object) -> _QuickPairs:
        row = self._regions.row(state)
        if not isinstance(row, Configuration):
            raise KeyError(state)
        pairs = _QuickPairs(row, self._regions.chart)
        if len(self) < MAXIMUM_KEPT:
            self[state] = pairs
        return pairs


class _QuickPairs(dict[str, Any]):
    """The tests and results of one configuration by trigger, each worked out when it is first asked for."""

    __slots__ = ("_chart", "_row")

    def __init__(self, row: Configuration, chart: Chart[Any]) -> None:
        self._chart = chart
        self._row = row

    def __missing__(self, trigger: str) -> tuple[Any, ...]:
        taken = self._row.quick.get(trigger) or ()
        if trigger not in self._row.on or any(transition.outcome is None for transition in taken):
            return ()
        pairs = tuple((self._chart.with_payload(trigger, t.test), t.outcome) for t in taken)
        self[trigger] = pairs
        return pairs


class Regions:
    """The parallel states of one chart: finds the row of whatever is active (`S1.2`)."""

    def __init__(
        self, chart: Chart[Any], rows: tuple[Row[Any], ...], compounds: Mapping[str, str | ParallelStateConfig]
    ) -> None:
        self.chart = chart
        self._rows = {row.name: row for row in rows}
        self._compounds = compounds
        self._configurations: dict[tuple[Container, tuple[Row[Any], ...]], Configuration] = {}
        self._found: dict[object, Row[Any]] = {}
        self._ways: dict[tuple[Restoration, str], Way[Any] | None] = {}

    def with_configurations(self, pairs: Mapping[str, Any]) -> dict[Any, Any]:
        """What is known beforehand for the states outside of regions, and for configurations as well."""
        return _QuickStates(pairs, self)

    def is_parallel(self, row: Row[Any]) -> bool:
        """Whether a row is that of a parallel state."""
        return isinstance(row, Container)

    def in_words(self) -> list[str]:
        """How the configurations of the outermost parallel states are written."""
        found = (row for row in self._rows.values() if isinstance(row, Container) and row.region is None)
        return [f"{row.name}:{','.join(f'{name}=…' for name in sorted(r.name for r in row.regions))}" for row in found]

    def outward(self, container: Container) -> frozenset[str]:
        """A parallel state and those that it lies in."""
        found = {container.name}
        row: Row[Any] = container
        while row.region is not None:
            found.add(row.region[0])
            row = self._rows[row.region[0]]
        return frozenset(found)

    def configuration(self, container: Container, parts: tuple[Row[Any], ...]) -> Configuration:
        """The configuration with these parts, the same each time."""
        key = container, parts
        found = self._configurations.get(key)
        if found is None:
            if len(self._configurations) >= MAXIMUM_KEPT:
                self.forget()
            found = self._configurations[key] = Configuration(self, container, parts)
        return found

    def forget(self) -> None:
        """Let go of all configurations; entities that are in one keep theirs."""
        self._configurations.clear()
        self._found.clear()
        self._ways.clear()

    # -- what is active ----------------------------------------------------------------------------------------

    def row(self, state: object) -> Row[Any] | None:
        """The whole row of an entity that is in ``state``; what lies around it is at its initial states.

        Raises:
            UndefinedStateError: It is a configuration that the machine does not have.
        """
        if not isinstance(state, (str, ParallelStateConfig)):
            return None
        found = self._found.get(state)
        if found is None:
            if isinstance(state, str) and ":" not in state and state not in self._rows and state not in self._compounds:
                return None
            if len(self._found) >= MAXIMUM_KEPT:  # a configuration can be written in many ways
                self._found.clear()
            found = self._found[state] = self._whole(self.active(state))
        return found

    def active(self, found: str | ParallelStateConfig) -> Row[Any]:
        """The row of what is active, within the region that it lies in.

        Raises:
            UndefinedStateError: The machine has no such state or configuration.
        """
        if isinstance(found, str) and ":" in found:
            found = ParallelStateConfig.from_string(found)
        if isinstance(found, ParallelStateConfig):
            container = self.container(found.parallel_state)
            config = found if isinstance(found, container.config) else container.config.made(found.region_states)
            return self.configuration(container, tuple(map(self.active, config.region_states.values())))
        name = str(found)
        if name in self._compounds:
            return self.active(self._compounds[name])
        row = self._rows[name]
        if not isinstance(row, Container):
            return row
        return self.configuration(row, tuple(self.active(region.initial) for region in row.regions))

    def container(self, name: str) -> Container:
        """The row of the parallel state ``name``.

        Raises:
            UndefinedStateError: There is none.
        """
        row = self._rows.get(name)
        if isinstance(row, Container):
            return row
        every_one = ", ".join(row.name for row in self._rows.values() if isinstance(row, Container))
        raise UndefinedStateError(f"{self.chart.name} has no parallel state {name!r}; it has: {every_one}")

    def _whole(self, row: Row[Any]) -> Row[Any]:
        """The row of the outermost parallel state around one, with the other regions at their initial states."""
        while row.region is not None:
            name, inside = row.region
            container = self.container(name)
            parts = (row if region.name == inside else self.active(region.initial) for region in container.regions)
            row = self.configuration(container, tuple(parts))
        return row

    # -- history -----------------------------------------------------------------------------------------------

    def way_back(self, restoration: Restoration, recorded: str) -> Way[Any] | None:
        """The way back into a parallel state whose configuration was recorded (`S4.2`)."""
        key = restoration, recorded
        if key not in self._ways:
            if len(self._ways) >= MAXIMUM_KEPT:
                self._ways.clear()
            self._ways[key] = self._way_back(restoration, recorded)
        return self._ways[key]

    def _way_back(self, restoration: Restoration, recorded: str) -> Way[Any] | None:
        way = restoration.ways.get(recorded.partition(":")[0])
        if way is None or way.restores is None:
            return way
        try:
            found = self.active(recorded)
        except UndefinedStateError:
            return None  # the caller's history is of another machine
        assert isinstance(found, Configuration), "a written configuration"
        if way.restores == "H":
            parts = (self.active(row.child) for row in found.parts)
            found = self.configuration(found.container, tuple(parts))
        row = way.row
        if isinstance(row, Configuration):
            row = row.replaced(row.find(found.name), found)
        restored: Way[Any] = Way(
            row.state,
            entry=way.entry + found.inner_entry + way.entry_after,
            armed=way.armed + found.inner_timers + way.armed_after,
            disarmed=way.disarmed,
        )
        restored.row = row
        return restored
