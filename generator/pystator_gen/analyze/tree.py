"""The tree of states (`S1`), and what a transition leaves and enters in it (`S3`).

The vocabulary is that of SCXML: the domain of a transition, its exit set and its entry set. A region is a node of the
tree between its parallel state and its own states (`S1.1`), known by its key, which no state can have as a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pystator_gen import codes
from pystator_gen.analyze.findings import Findings
from pystator_gen.analyze.regions import Region, is_region, refuse_misfits, resolve_regions
from pystator_gen.document import NodePath
from pystator_gen.parse.models import MachineDocument, State

_RULES = {"terminal": "S1.3", "choice": "S7.3"}


@dataclass(frozen=True, slots=True)
class Parts:
    """A parallel state with what is active in each of its regions, in order of definition."""

    container: str
    regions: tuple[tuple[Region, Active], ...]


Active: TypeAlias = str | Parts
"""What can be rested in: a leaf, or a parallel state with its parts."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Who lies in whom: each node's parent, each compound state's initial child, each parallel state's regions."""

    parents: Mapping[str, str | None]
    initial_children: Mapping[str, str]
    regions: Mapping[str, tuple[Region, ...]]

    def ancestors(self, node: str) -> tuple[str, ...]:
        """The nodes that ``node`` lies in, from its parent outward."""
        found: list[str] = []
        parent = self.parents[node]
        while parent is not None:
            found.append(parent)
            parent = self.parents[parent]
        return tuple(found)

    def region(self, state: str) -> Region | None:
        """The innermost region that ``state`` lies in."""
        key = next((node for node in self.ancestors(state) if is_region(node)), None)
        if key is None:
            return None
        return next(region for region in self.regions[self.parents[key] or ""] if region.key == key)

    def domain(self, state: str, destination: str) -> str | None:
        """The lowest node that is a proper ancestor of both; ``None`` is the root (`S3.1`)."""
        around = self.ancestors(destination)
        return next((ancestor for ancestor in self.ancestors(state) if ancestor in around), None)

    def exit_set(self, state: str, domain: str | None) -> tuple[str, ...]:
        """The states from ``state`` outward below ``domain``, innermost first (`S3.2`)."""
        return tuple(node for node in self._below(domain, state) if not is_region(node))

    def entry_set(self, domain: str | None, destination: str) -> tuple[tuple[str, ...], Active]:
        """The states that are entered below ``domain`` on the way to ``destination``, in order, and where that ends.

        A parallel state on the way is entered with all of its regions (`S1.2`, `S6.1`).
        """
        entered: list[str] = []
        active = self._enter(self._below(domain, destination)[::-1], entered)
        return tuple(entered), active

    def initial(self, state: str) -> Active:
        """What is active once ``state`` is entered by its name: a leaf, or a parallel state in its region (`S1.2`)."""
        return self._enter((state,), [])

    def _enter(self, path: Sequence[str], entered: list[str]) -> Active:
        """Enter the states of ``path``, then what is initial in the last."""
        state, *inward = path
        while True:
            entered.append(state)
            if state in self.regions:
                parts = ((region, self._enter_region(region, inward, entered)) for region in self.regions[state])
                return Parts(state, tuple(parts))
            if inward:
                state, *inward = inward
            elif state in self.initial_children:
                state = self.initial_children[state]
            else:
                return state

    def _enter_region(self, region: Region, inward: Sequence[str], entered: list[str]) -> Active:
        if inward and inward[0] == region.key:
            return self._enter(inward[1:], entered)
        return self._enter(self._below(region.key, region.initial)[::-1], entered)

    def _below(self, domain: str | None, node: str) -> tuple[str, ...]:
        """The nodes from ``node`` outward that lie in ``domain``."""
        active = (node, *self.ancestors(node))
        return active if domain is None else active[: active.index(domain)]


def resolve_tree(parsed: MachineDocument, findings: Findings) -> Tree:
    """The tree of a machine's states; what is wrong in it is reported and mended, for the stages that follow."""
    states: dict[str, State] = {}
    places: dict[str, int] = {}
    for index, state in enumerate(parsed.states):
        states.setdefault(state.name, state)  # parsing has reported a second one
        places.setdefault(state.name, index)
    declared = {name: _parent(state, states, places[name], findings) for name, state in states.items()}
    said: dict[str, NodePath] = {name: ("states", place, "parent") for name, place in places.items()}
    regions = resolve_regions(states, places, declared, said, findings)
    parents = _without_cycles(declared, said, findings)
    children: dict[str, list[str]] = {}
    for name in states:
        if (parent := declared[name]) is not None:
            children.setdefault(parent, []).append(name)
    initial_children: dict[str, str] = {}
    for name, state in states.items():
        if parents[name] != declared[name] or name in regions:
            continue  # it was in a cycle, which is enough to say, or is entered by its regions
        child = _initial_child(state, children.get(name, []), states, places, findings)
        if child is not None:
            initial_children[name] = child
    tree = Tree(parents, initial_children, regions)
    ancestors = {name: tree.ancestors(name) for name in states if parents[name] == declared[name]}
    refuse_misfits(regions, ancestors, states, places, findings)
    return tree


def _parent(state: State, states: Mapping[str, State], index: int, findings: Findings) -> str | None:
    """The state that a state lies in, if there is one."""
    if state.parent is None:
        return None
    if state.type == "initial" and state.parent != state.name:
        findings.error(
            codes.BAD_NESTING,
            f"`{state.name}` lies in `{state.parent}` and can't have `type: initial` (S1.2)",
            ("states", index, "type"),
            f"give the outermost state `type: initial`, and `{state.parent}` an `initial_child`",
        )
    if state.parent not in states:
        findings.unknown_state(state.parent, states, ("states", index, "parent"))
        return None
    return state.parent


def _without_cycles(
    declared: Mapping[str, str | None], said: Mapping[str, NodePath], findings: Findings
) -> dict[str, str | None]:
    """The parents, but none for states that lie in each other. ``said`` is where a state's parent is."""
    parents = dict(declared)
    settled: set[str] = set()
    for start in declared:
        path: list[str] = []
        name: str | None = start
        while name is not None and name not in settled and name not in path:
            path.append(name)
            name = declared[name]
        if name is not None and name in path:
            _refuse_cycle([node for node in path[path.index(name) :] if not is_region(node)], said, findings)
            parents.update(dict.fromkeys(node for node in path if not is_region(node)))
        settled.update(path)
    return parents


def _refuse_cycle(cycle: Sequence[str], said: Mapping[str, NodePath], findings: Findings) -> None:
    name, *others = cycle
    where = said[name]
    is_listed = where[-1] != "parent"
    findings.error(
        codes.BAD_REGION if is_listed else codes.BAD_NESTING,
        f"`{name}` lies in itself: {' in '.join((*cycle, name))}"
        if others
        else f"`{name}` can't {'lie in a region of its own' if is_listed else 'be its own parent'}",
        where,
        f"name a state that `{name}` does not lie in" if is_listed else "leave `parent` out at the outermost state",
    )


def _initial_child(
    state: State, children: Sequence[str], states: Mapping[str, State], places: Mapping[str, int], findings: Findings
) -> str | None:
    """The child that is entered with a state, if it has children; where none is named properly, one of them."""
    place = places[state.name]
    if children and state.type in ("terminal", "choice"):
        findings.error(
            codes.BAD_NESTING,
            f"`{state.name}` is a {state.type} state and can't have children ({_RULES[state.type]})",
            ("states", places[children[0]], "parent"),
            f"give `{state.name}` another type, or take `parent` away here",
            related=(("states", place, "type"), f"here `{state.name}` is declared"),
        )
        return children[0]
    if state.initial_child is None:
        if not children or state.type == "parallel":  # that it has no regions is reported
            return next(iter(children), None)
        findings.error(
            codes.BAD_NESTING,
            f"`{state.name}` has children but no `initial_child` (S1.2)",
            ("states", place, "name"),
            f"say which child is entered with it, as in `initial_child: {children[0]}`",
            related=(("states", places[children[0]], "parent"), f"`{children[0]}` is a child of it"),
        )
        return children[0]
    path = ("states", place, "initial_child")
    if state.initial_child not in states:
        findings.unknown_state(state.initial_child, children or states, path)
    elif state.initial_child not in children:
        findings.error(
            codes.BAD_NESTING,
            f"`{state.initial_child}` is no child of `{state.name}`",
            path,
            f"name a state whose `parent` it is, such as `{children[0]}`"
            if children
            else f"`{state.name}` has no children: leave `initial_child` out, or say `parent: {state.name}` in one",
        )
    elif states[state.initial_child].type == "choice":
        findings.error(
            codes.BAD_CHOICE,
            f"`{state.initial_child}` is a choice, which can't be the initial child of anything (S7.3)",
            path,
            "name a child that can be rested in",
        )
    if state.initial_child in children:
        return state.initial_child
    return children[0] if children else None
