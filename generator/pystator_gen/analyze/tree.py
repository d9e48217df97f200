"""The tree of states (`S1`), and what a transition leaves and enters in it (`S3`).

The vocabulary is that of SCXML: the domain of a transition, its exit set and its entry set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes
from pystator_gen.analyze.findings import Findings
from pystator_gen.parse.models import MachineDocument, State

_RULES = {"terminal": "S1.3", "choice": "S7.3"}


@dataclass(frozen=True, slots=True)
class Tree:
    """Who lies in whom: each state's parent, and each compound state's initial child."""

    parents: Mapping[str, str | None]
    initial_children: Mapping[str, str]

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The states that ``name`` lies in, from its parent outward."""
        found: list[str] = []
        parent = self.parents[name]
        while parent is not None:
            found.append(parent)
            parent = self.parents[parent]
        return tuple(found)

    def initial_chain(self, name: str) -> tuple[str, ...]:
        """What is entered with ``name``: its initial child and so on, down to a leaf (`S1.2`)."""
        found: list[str] = []
        while name in self.initial_children:
            name = self.initial_children[name]
            found.append(name)
        return tuple(found)

    def initial_leaf(self, name: str) -> str:
        """The leaf that ``name`` stands for."""
        return (name, *self.initial_chain(name))[-1]

    def domain(self, leaf: str, destination: str) -> str | None:
        """The lowest state that is a proper ancestor of both; ``None`` is the root (`S3.1`)."""
        around = self.ancestors(destination)
        return next((ancestor for ancestor in self.ancestors(leaf) if ancestor in around), None)

    def exit_set(self, leaf: str, domain: str | None) -> tuple[str, ...]:
        """The active states below ``domain``, innermost first (`S3.2`)."""
        active = (leaf, *self.ancestors(leaf))
        return active if domain is None else active[: active.index(domain)]

    def entry_set(self, domain: str | None, destination: str) -> tuple[str, ...]:
        """The states below ``domain`` down to ``destination`` and on to its leaf, outermost first (`S3.2`)."""
        inward = tuple(reversed(self.exit_set(destination, domain)))
        return (*inward, *self.initial_chain(destination))


def resolve_tree(parsed: MachineDocument, findings: Findings) -> Tree:
    """The tree of a machine's states; what is wrong in it is reported and mended, for the stages that follow."""
    states: dict[str, State] = {}
    places: dict[str, int] = {}
    for index, state in enumerate(parsed.states):
        states.setdefault(state.name, state)  # parsing has reported a second one
        places.setdefault(state.name, index)
    declared = {name: _parent(state, states, places[name], findings) for name, state in states.items()}
    children: dict[str, list[str]] = {}
    for name, parent in declared.items():
        if parent is not None:
            children.setdefault(parent, []).append(name)
    parents = _without_cycles(declared, places, findings)
    initial_children: dict[str, str] = {}
    for name, state in states.items():
        if parents[name] != declared[name]:
            continue  # it was in a cycle, which is enough to say
        child = _initial_child(state, children.get(name, []), states, places, findings)
        if child is not None:
            initial_children[name] = child
    return Tree(parents, initial_children)


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
    declared: Mapping[str, str | None], places: Mapping[str, int], findings: Findings
) -> dict[str, str | None]:
    """The parents, but none for states that lie in each other."""
    parents = dict(declared)
    settled: set[str] = set()
    for start in declared:
        path: list[str] = []
        name: str | None = start
        while name is not None and name not in settled and name not in path:
            path.append(name)
            name = declared[name]
        if name is not None and name in path:
            cycle = path[path.index(name) :]
            findings.error(
                codes.BAD_NESTING,
                f"`{name}` lies in itself: {' in '.join((*cycle, name))}"
                if len(cycle) > 1
                else f"`{name}` can't be its own parent",
                ("states", places[name], "parent"),
                "leave `parent` out at the outermost state",
            )
            parents.update(dict.fromkeys(cycle))
        settled.update(path)
    return parents


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
        if not children:
            return None
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
