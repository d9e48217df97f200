"""The dispatch tables of a generated module: everything that is known about a machine before it runs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pystator_runtime.errors import UndefinedStateError
from pystator_runtime.fields import Fields, FieldType, Payload
from pystator_runtime.guards import Guard, Test
from pystator_runtime.results import TransitionResult
from pystator_runtime.rows import Row

if TYPE_CHECKING:
    from pystator_runtime.configuration import ParallelStateConfig
    from pystator_runtime.regions import Regions

StateT = TypeVar("StateT", bound=enum.StrEnum)

Pair = tuple[Test | None, TransitionResult[Any]]
"""A test, or ``None`` where there is nothing to ask, and the result if it holds."""


class Chart(Generic[StateT]):
    """A machine as generated. Its rows are linked to each other when it is made.

    ``rows`` are those of the states that an entity can rest in by name, compound states standing for their initial
    leaf (`S1.2`); what lies in parallel states is found by :meth:`row`.
    ``guards`` and ``actions`` are the names that functions of the application have to be bound to (`S5.4`).
    ``definition`` is all that the YAML said, as JSON text: most applications never look at it.
    """

    __slots__ = (
        "_every",
        "actions",
        "automatic_asks",
        "codecs",
        "defaults",
        "definition",
        "fallback",
        "guards",
        "initial",
        "invariants",
        "name",
        "normalize",
        "payloads",
        "quick",
        "regions",
        "reject_invalid_events",
        "remembers",
        "retry_attempts",
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
        initial: StateT | ParallelStateConfig,
        rows: tuple[Row[StateT], ...],
        definition: str,
        guards: tuple[str, ...] = (),
        actions: tuple[str, ...] = (),
        compounds: Mapping[str, StateT | ParallelStateConfig] | None = None,
        variables: Fields | None = None,
        payloads: Mapping[str, Payload] | None = None,
        defaults: Callable[[], dict[str, Any]] = dict,
        codecs: Mapping[str, FieldType] | None = None,
        invariants: Mapping[str, Guard] | None = None,
        validate_context: bool = False,
        reject_invalid_events: bool = True,
        strict_guards: bool = True,
        normalize: bool = False,
        fallback: str | None = None,
        retry_attempts: int = 0,
    ) -> None:
        self.name = name
        self.version = version
        self.states: tuple[StateT, ...] = tuple(states)
        self.triggers = triggers
        self.definition = definition
        self.guards = guards
        self.actions = actions
        self.variables: Fields = variables or {}
        self.payloads: Mapping[str, Payload] = payloads or {}
        self.defaults = defaults
        self.codecs: Mapping[str, FieldType] = codecs or {}
        self.invariants: Mapping[str, Guard] = invariants or {}
        self.validate_context = validate_context
        self.reject_invalid_events = reject_invalid_events
        self.strict_guards = strict_guards
        self.normalize = normalize
        self.fallback = fallback
        self.retry_attempts = retry_attempts
        self.automatic_asks = any(transition.asks for row in rows for transition in row.automatic)
        self.remembers = bool(compounds)
        """Whether there are states that record what was active in them (`S4.1`)."""
        self.regions: Regions | None = None
        self._every = rows
        self.rows: dict[str, Row[StateT]] = {row.name: row for row in rows}
        if any(row.region is not None for row in rows):
            self._divide(rows, compounds or {})
        else:
            for name, leaf in (compounds or {}).items():
                self.rows[name] = self.rows[str(leaf)]
        self._link(rows)
        self.initial = self._active(initial)
        pairs = {name: self._pairs(row) for name, row in self.rows.items()}
        self.quick = pairs if self.regions is None else self.regions.with_configurations(pairs)

    def _divide(self, rows: tuple[Row[StateT], ...], compounds: Mapping[str, StateT | ParallelStateConfig]) -> None:
        """Set apart the rows of parallel states and of what lies in their regions."""
        from pystator_runtime.regions import Regions

        self.remembers = True
        self.regions = Regions(self, rows, compounds)
        self.rows = {row.name: row for row in rows if row.region is None and not self.regions.is_parallel(row)}
        for name, initial in compounds.items():
            if (row := self.rows.get(str(initial))) is not None:
                self.rows[name] = row

    def _active(self, found: StateT | ParallelStateConfig) -> Row[StateT]:
        """The row of what is active, in its region if it lies in one."""
        return self.rows[str(found)] if self.regions is None else self.regions.active(found)

    def _link(self, rows: tuple[Row[StateT], ...]) -> None:
        """Link all transitions to the rows they lead to, and work out what can be known beforehand."""
        resting = set(self.rows.values())
        for row in rows:
            rests = row in resting
            for transition in row.candidates():
                transition.link(self._active)
                if transition.restoration is not None:
                    transition.restoration.find = _nothing if self.regions is None else self.regions.way_back
                if rests:
                    transition.conclude()
            if rests and not self.validate_context:
                row.find_quick(automatic_asks=self.automatic_asks)

    def row(self, state: object) -> Row[StateT] | None:
        """The row in which an entity rests that is in ``state``: a name, a config, or a written one.

        Raises:
            UndefinedStateError: It is a configuration that the machine does not have.
        """
        try:
            return self.rows[state]  # type: ignore[index]  # whatever it is
        except (KeyError, TypeError):
            return None if self.regions is None else self.regions.row(state)

    @property
    def resting(self) -> tuple[str, ...]:
        """What an entity can rest in, in words: leaves, and parallel states with their regions."""
        parallel = [] if self.regions is None else self.regions.in_words()
        return (*dict.fromkeys(row.name for row in self.rows.values()), *parallel)

    def recorded(self, state: str, text: str) -> Row[StateT] | None:
        """The row of what ``state`` has recorded as active in it (`S4.1`); ``None`` if it does not lie there."""
        try:
            row = self._active(text)  # type: ignore[arg-type]  # the name of a state, or a written configuration
        except (KeyError, UndefinedStateError):
            return None
        name = row.name if ":" in text else text
        around = (other.active for other in self._every if name in other.active)
        lies_there = all(state in active for active in around)
        return row if lies_there and state != text else None

    def _pairs(self, row: Row[StateT]) -> dict[str, tuple[Pair, ...]]:
        """The triggers of a row whose results are all known beforehand, for doors that take a plain context.

        A declared payload is tested along with the guards there.
        """
        return {
            trigger: tuple((self.with_payload(trigger, t.test), t.outcome) for t in candidates if t.outcome is not None)
            for trigger, candidates in row.quick.items()
            if all(t.outcome is not None for t in candidates)
        }

    def with_payload(self, trigger: str, test: Test | None) -> Test | None:
        """A test of the guards of ``trigger`` that, before, tests its declared payload."""
        payload = self.payloads.get(trigger)
        if payload is None or not payload.fields:
            return test
        fits = payload.fits
        return fits if test is None else lambda context: fits(context) and test(context)


def _nothing(restoration: object, recorded: str) -> None:
    """The way back to what no state can have recorded."""
