"""Choices (`S7.3`): states that are never rested in, resolved into the arrows that lead through them.

A transition to a choice is the same as one transition per branch, with the branch's guards asked after its own
and its actions planned after its own; where no branch holds, the next candidate is asked. So nothing is left of
a choice at run time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes, model
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.transitions import Destination, Resolved, by_source

MAXIMUM_LEGS = 1_000
MAXIMUM_CHAIN = 100
"""How many choices may follow one another: they are resolved by recursion, and nobody could follow more."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A way through choices: where it ends, and what its branches ask and do."""

    destination: Destination
    guards: tuple[model.Guard, ...] = ()
    actions: model.Plan = ()


class Choices:
    """The ways through the choices of one machine; each choice is followed once."""

    def __init__(self, states: Mapping[str, model.State], transitions: Sequence[Resolved], findings: Findings) -> None:
        own = by_source(transitions)
        self._branches = {state.name: own.get(state.name, []) for state in states.values() if state.kind == "choice"}
        self._places = {name: ("states", index, "name") for index, name in enumerate(states)}
        self._legs: dict[str, tuple[Leg, ...]] = {}
        self._circles: set[tuple[str, ...]] = set()
        self._findings = findings
        for name in self._branches:
            self._check(name)

    def legs(self, destination: Destination) -> tuple[Leg, ...]:
        """The ends of an arrow to ``destination``, in the order in which their guards are asked."""
        state = destination.state
        return self._legs.get(state.name, ()) if state.kind == "choice" else (Leg(destination),)

    def _check(self, name: str) -> None:
        """Report a choice that leads nowhere; follow the others."""
        branches = self._branches[name]
        if not branches:
            self._findings.error(
                codes.BAD_CHOICE,
                f"choice `{name}` has no branches",
                self._places[name],
                f"add transitions with `source: {name}`",
            )
        for branch in branches:
            if branch.delay is not None:
                self._findings.error(
                    codes.BAD_TIMER,
                    f"a branch of choice `{name}` can't be delayed: a choice is never rested in (S7.3)",
                    (*branch.path, "after"),
                    "take `after` away, or let it wait in a state before or behind the choice",
                )
            if branch.internal:
                self._findings.error(
                    codes.BAD_CHOICE,
                    f"a branch of choice `{name}` can't be internal: a choice is never rested in (S7.3)",
                    (*branch.path, "internal"),
                )
        self._follow(name, ())

    def _follow(self, name: str, path: tuple[str, ...]) -> tuple[Leg, ...]:
        if name in path:
            self._refuse_circle(path[path.index(name) :])
            return ()
        if name not in self._legs and len(path) == MAXIMUM_CHAIN:
            self._findings.error(
                codes.TOO_MANY_BRANCHES,
                f"more than {MAXIMUM_CHAIN} choices lead into one another on the way to `{name}`",
                self._places[name],
                "put states that can be rested in between choices",
            )
            return ()
        if name not in self._legs:
            legs: list[Leg] = []
            for branch in self._branches[name]:
                if any(not leg.guards for leg in legs):
                    self._findings.never_asked(name, branch.path)
                legs.extend(self._through(branch, (*path, name)))
            if len(legs) > MAXIMUM_LEGS:
                self._findings.error(
                    codes.TOO_MANY_BRANCHES,
                    f"choice `{name}` has {len(legs)} ways out, more than {MAXIMUM_LEGS}",
                    self._places[name],
                    "put states that can be rested in between choices",
                )
                legs = []
            self._legs[name] = tuple(legs)
        return self._legs[name]

    def _refuse_circle(self, circle: tuple[str, ...]) -> None:
        if circle not in self._circles:  # several branches may lead the same way
            self._circles.add(circle)
            self._findings.error(
                codes.CHOICE_CYCLE,
                f"choices lead in a circle: {' -> '.join((*circle, circle[0]))}",
                self._places[min(circle)],
                "let one of them lead to a state that can be rested in",
            )

    def _through(self, branch: Resolved, path: tuple[str, ...]) -> list[Leg]:
        if branch.destination is None:
            return []
        state = branch.destination.state
        onward = self._follow(state.name, path) if state.kind == "choice" else (Leg(branch.destination),)
        return [Leg(leg.destination, (*branch.guards, *leg.guards), (*branch.actions, *leg.actions)) for leg in onward]
