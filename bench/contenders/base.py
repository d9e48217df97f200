"""What a contender is: a name, and for each scenario the statements that its users would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

_FOLDER = Path(__file__).parents[1]
ORDER = _FOLDER / "order.yaml"
NESTED = _FOLDER / "nested.yaml"
PARALLEL = _FOLDER / "parallel.yaml"
"""The machines that all contenders run."""

STORED = _FOLDER / "stored.yaml"
"""The machine whose entities are kept by the thousand."""

PARCEL = _FOLDER / "throughput.yaml"
"""The machine to whose entities several processes send events."""

NESTED_ROUTE = {"pause": "paused", "resume": "open", "halt": "paused", "reopen": "open"}
PARALLEL_ROUTE = {"reserve": {"reserved", "held"}, "release": {"free", "owed"}}
"""Events in the order in which they are sent, each with where it leads: a leaf, or the leaf of each region."""

IDENTITY = {"order_id": "o-1"}
"""What an order is created with where nothing looks at it."""

ENTITY = {"quantity": 3, "limit": 100.0}
"""What an order is created with."""

CONTEXT = {"order_id": "o-1", "quantity": 3, "price": 2.5, "limit": 100.0}
"""What guards look at."""

PAYLOAD = {"quantity": 5, "reason": "typo"}
"""What comes with an `amend`."""


class Scenario(StrEnum):
    """What is done; a contender that can't do it has no cases."""

    PROCESS = "process"
    TRIGGER = "trigger"
    PAYLOAD_PROCESS = "payload-process"
    PAYLOAD = "payload"
    EXPRESSION_PROCESS = "expression-process"
    EXPRESSION = "expression"
    GUARD_PROCESS = "guard-process"
    GUARD = "guard"
    EFFECT = "effect"
    NESTED = "nested"
    INHERITED = "inherited"
    PARALLEL = "parallel"
    ASEND = "asend"
    CREATE = "create"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Case:
    """A statement to be timed.

    ``names`` are its globals; ``setup`` runs before the clock starts, anew for each round. ``proof`` is an
    expression that has to be true after the statement, or the contender did not do the work. ``events`` is how
    many times the statement does what is measured. Where a session is created, the statement binds it to ``made``.
    """

    what: str
    statement: str
    names: Mapping[str, object]
    proof: str
    setup: str = "pass"
    events: int = 1
    awaits: bool = False


class Contender(Protocol):
    """A library that takes part."""

    @property
    def name(self) -> str:
        """The name under which it is published, with its version."""
        ...

    def cases(self, scenario: Scenario) -> Sequence[Case]:
        """What to time in ``scenario``: the first is the one that is compared with the others."""
        ...


@dataclass(frozen=True, slots=True)
class Library:
    """A contender whose cases are all known beforehand."""

    name: str
    known: Mapping[Scenario, Sequence[Case]]

    def cases(self, scenario: Scenario) -> Sequence[Case]:
        """See :meth:`Contender.cases`."""
        return self.known.get(scenario, ())


def follow(route: Mapping[str, object], send: Callable[[str], object], arrived: Callable[[], object]) -> None:
    """Send the events of ``route``: the contender does the same work as the others if it comes by the same places.

    Raises:
        RuntimeError: It does not.
    """
    for trigger, expected in route.items():
        send(trigger)
        if (there := arrived()) != expected:
            raise RuntimeError(f"{trigger!r} leads to {there!r}, not to {expected!r}")
