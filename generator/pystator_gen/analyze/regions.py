"""The regions of parallel states (`S6`): which states lie in which, where each starts and where it is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pystator_gen import codes
from pystator_gen.analyze.findings import Findings
from pystator_gen.document import NodePath
from pystator_gen.parse.models import State

MAXIMUM_DEPTH = 50
"""How deep parallel states may lie in one another: they are followed by recursion, and nobody could read more."""


@dataclass(frozen=True, slots=True)
class Region:
    """One of the parts of a parallel state that are active at once."""

    container: str
    name: str
    initial: str
    final: str | None = None
    description: str = ""

    @property
    def key(self) -> str:
        """What the tree knows it by: region names are unique in their container only."""
        return f"{self.container}/{self.name}"


def is_region(node: str) -> bool:
    """Whether a node of the tree is a region and no state."""
    return "/" in node


def resolve_regions(
    states: Mapping[str, State],
    places: Mapping[str, int],
    parents: dict[str, str | None],
    said: dict[str, NodePath],
    findings: Findings,
) -> dict[str, tuple[Region, ...]]:
    """The regions of each parallel state.

    ``parents`` learns who lies in which region, and in whom that lies, ``said`` where that is said of a state.
    """
    regions: dict[str, tuple[Region, ...]] = {}
    listed: dict[str, NodePath] = {}
    for name, state in states.items():
        if _can_have_regions(state, places[name], findings):
            regions[name] = tuple(Region(name, r.name, r.initial, r.final, r.description or "") for r in state.regions)
            for region in regions[name]:
                parents[region.key] = name
            _place_members(state, places[name], states, parents, listed, findings)
    said.update(listed)
    for container, found in regions.items():
        for number, region in enumerate(found):
            if region.initial not in listed and parents.get(region.initial, "") in (None, container):
                parents[region.initial] = region.key  # the state that a region starts in need not be listed
                said[region.initial] = ("states", places[container], "regions", number, "initial")
    for name, parent in tuple(parents.items()):
        if parent in regions and not is_region(name):
            findings.error(
                codes.BAD_REGION,
                f"`{name}` lies in the parallel state `{parent}`, but in none of its regions (S1.1)",
                ("states", places[name], "parent"),
                f"list it in the `states` of a region of `{parent}`",
            )
            parents[name] = regions[parent][0].key
    return regions


def _can_have_regions(state: State, place: int, findings: Findings) -> bool:
    """Whether a state is parallel; what is said about it must then fit."""
    if not state.regions:
        if state.type == "parallel":
            findings.error(
                codes.BAD_REGION,
                f"`{state.name}` is parallel, but has no regions (S1.1)",
                ("states", place, "type"),
                "list them, as in `regions: [{name: left, initial: a, states: [a, b]}]`, or leave `type` out",
            )
        return False
    if state.type in ("terminal", "choice"):
        findings.error(
            codes.BAD_REGION,
            f"`{state.name}` is a {state.type} state and can't have regions",
            ("states", place, "regions"),
            "give it `type: parallel`, or take its regions away",
            related=(("states", place, "type"), "here its type is said"),
        )
    if state.initial_child is not None:
        findings.error(
            codes.BAD_REGION,
            f"`{state.name}` has regions, and so no `initial_child`: each region has its own `initial` (S6.1)",
            ("states", place, "initial_child"),
            "take it away",
        )
    return True


def _place_members(
    state: State,
    place: int,
    states: Mapping[str, State],
    parents: dict[str, str | None],
    listed: dict[str, NodePath],
    findings: Findings,
) -> None:
    """Put the states that each region lists into it."""
    for number, region in enumerate(state.regions):
        path = ("states", place, "regions", number)
        key = Region(state.name, region.name, region.initial).key
        for position, member in enumerate(region.states):
            where = (*path, "states", position)
            if member not in states:
                findings.unknown_state(member, states, where)
            elif listed.setdefault(member, where)[:4] != where[:4]:
                findings.error(
                    codes.BAD_REGION,
                    f"`{member}` can't lie in the region `{region.name}` of `{state.name}` and in another one (S1.1)",
                    where,
                    "list it in one of them; a region of its own needs states of its own",
                    related=(listed[member], "the other one"),
                )
            elif parents[member] in (None, state.name):
                parents[member] = key


def refuse_misfits(
    regions: Mapping[str, tuple[Region, ...]],
    ancestors: Mapping[str, tuple[str, ...]],
    states: Mapping[str, State],
    places: Mapping[str, int],
    findings: Findings,
) -> None:
    """Report what a region says of states that turn out to lie elsewhere, and parallel states nested too deeply.

    States without ``ancestors`` are passed over: they lie in themselves, which is reported.
    """
    for container, found in regions.items():
        if sum(node in regions for node in ancestors.get(container, ())) == MAXIMUM_DEPTH:  # deeper ones say no more
            findings.error(
                codes.BAD_REGION,
                f"`{container}` lies in {MAXIMUM_DEPTH} parallel states already, and so can't have regions",
                ("states", places[container], "name"),
                "put regions side by side, or make a machine of the inner ones",
            )
        for number, (region, written) in enumerate(zip(found, states[container].regions, strict=True)):
            path = ("states", places[container], "regions", number)
            for position, name in enumerate(written.states):
                is_nested = name in ancestors and states[name].parent not in (None, container)
                if is_nested and region.key not in ancestors[name]:  # others are listed twice, which is reported
                    _elsewhere(name, region, (*path, "states", position), states, places, findings)
            for key, named in (("initial", region.initial), ("final", region.final)):
                if named is None or named in written.states:
                    continue  # what is wrong with it is said where it is listed
                if named not in states:
                    findings.unknown_state(named, states, (*path, key))
                elif region.key not in ancestors.get(named, (region.key,)):
                    _elsewhere(named, region, (*path, key), states, places, findings)
            if region.initial in states and states[region.initial].type == "choice":
                findings.error(
                    codes.BAD_CHOICE,
                    f"`{region.initial}` is a choice, in which no region can start (S7.3)",
                    (*path, "initial"),
                    "name a state that can be rested in",
                )


def _elsewhere(
    name: str,
    region: Region,
    where: NodePath,
    states: Mapping[str, State],
    places: Mapping[str, int],
    findings: Findings,
) -> None:
    parent = states[name].parent
    message = f"`{name}` does not lie in the region `{region.name}` of `{region.container}` (S1.1)"
    if parent is None or parent == region.container:
        findings.error(codes.BAD_REGION, message, where, f"list it in the `states` of `{region.name}`")
        return
    findings.error(
        codes.BAD_REGION,
        f"{message}: its `parent` is `{parent}`",
        where,
        f"take `parent` away there, or list `{parent}` in the region instead",
        related=(("states", places[name], "parent"), "here its parent is said"),
    )
