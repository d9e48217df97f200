"""Choosing transitions (`S2`): the first candidate whose guards all hold, and one per region in a parallel state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, TypeAlias

from pystator_runtime.guards import GuardEvaluation, Test
from pystator_runtime.rows import Transition
from pystator_runtime.waiting import Procedure

Picks: TypeAlias = tuple[Transition[Any], ...]
"""What is taken for one event: nothing, one transition, or several in different regions, in the order they fire."""

Option: TypeAlias = tuple[tuple[Test, ...], Picks]
"""What is taken if all of these tests hold and no option before it does."""


class InRegions:
    """The candidates of a parallel state for one occasion: those of each region, and its ``own``.

    ``outward`` are the parallel state and those around it: a transition that leaves one of them leaves the region.
    """

    __slots__ = ("outward", "own", "regions")

    def __init__(self, regions: Sequence[Candidates], own: Picks, outward: frozenset[str]) -> None:
        self.regions = tuple(candidates for candidates in regions if candidates)
        self.own = own
        self.outward = outward

    def together(self, picked: Iterable[Picks]) -> Picks:
        """What the regions have picked, or the first of it that leaves, alone (`S6.5`)."""
        taken: list[Transition[Any]] = []
        for picks in picked:
            for transition in picks:
                if transition.leaves in self.outward:
                    return (transition,)
            taken.extend(picks)
        return tuple(taken)


Candidates: TypeAlias = tuple[Transition[Any], ...] | InRegions
"""What is asked on one occasion, in order."""


def select(evaluation: GuardEvaluation, candidates: Candidates) -> Procedure[Picks]:
    """The transitions to take; every region picks before anything is done, the own level comes last (`S6.3`)."""
    if isinstance(candidates, InRegions):
        picked: list[Picks] = []
        for region in candidates.regions:
            picked.append((yield from select(evaluation, region)))
        taken = candidates.together(picked)
        if taken:
            return taken
        candidates = candidates.own
    for transition in candidates:
        if (yield from evaluation.holds(transition.guards, str(transition.target))):
            return (transition,)
    return ()


def options(candidates: Candidates, at_most: int) -> list[Option] | None:
    """All that :func:`select` can answer, in an order in which the first that holds is right.

    ``None`` if there are more than ``at_most``, or if a function of the application has to be asked.
    """
    found: list[Option] = []
    if isinstance(candidates, InRegions):
        of_regions = [options(region, at_most) for region in candidates.regions]
        number = 1
        for one in of_regions:
            number *= len(one or ())
        if not 0 < number <= at_most:
            return None
        for combination in product(*(one or () for one in of_regions)):
            tests = tuple(test for asked, _ in combination for test in asked)
            found.append((tests, candidates.together(picks for _, picks in combination)))
        if found[-1][1]:
            return found
        candidates = candidates.own
        found.pop()  # no region picks anything
    for transition in candidates:
        if transition.asks or transition.restoration is not None:
            return None
        found.append(((transition.test,) if transition.test is not None else (), (transition,)))
        if transition.test is None:
            return found
    found.append(((), ()))
    return found
