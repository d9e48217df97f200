"""The tree of states (`S1`), and what a transition leaves and enters in it (`S3`).

The vocabulary is that of SCXML: the domain of a transition, its exit set and its entry set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pystator_gen import codes
from pystator_gen.analyze.findings import Findings, nearest
from pystator_gen.parse.models import MachineDocument, State


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


def resolve_tree(parsed: MachineDocument, findings: Findings) -> Tree | None:
    """The tree of a machine's states, or ``None`` if it has no proper shape."""
    states = {state.name: state for state in parsed.states}
    places = {state.name: index for index, state in reversed(list(enumerate(parsed.states)))}
    before = len(findings.diagnostics)
    for name, state in states.items():
        _check_parent(state, states, places[name], findings)
        _check_initial_child(state, states, places[name], findings)
    if any(diagnostic.is_error for diagnostic in findings.diagnostics[before:]):
        return None
    parents = {name: state.parent for name, state in states.items()}
    if _has_cycle(parents, places, findings):
        return None
    return Tree(parents, {name: s.initial_child for name, s in states.items() if s.initial_child is not None})


def _check_parent(state: State, states: Mapping[str, State], index: int, findings: Findings) -> None:
    if state.parent is None:
        return
    path = ("states", index, "parent")
    parent = states.get(state.parent)
    if parent is None:
        hint = nearest(state.parent, states) or "define it in `states`"
        findings.error(codes.UNKNOWN_STATE, f"there is no state `{state.parent}`", path, hint)
    elif parent.type in ("terminal", "choice"):
        findings.error(
            codes.BAD_NESTING, f"`{parent.name}` is a {parent.type} state and can't have children (S1.3, S7.3)", path
        )
    elif parent.initial_child is None:
        findings.error(
            codes.BAD_NESTING,
            f"`{parent.name}` has children but no `initial_child` (S1.2)",
            path,
            f"name in `{parent.name}` the child that is entered with it",
        )
    if state.type == "initial":
        findings.error(
            codes.BAD_NESTING,
            f"`{state.name}` lies in `{state.parent}` and can't have `type: initial` (S1.2)",
            ("states", index, "type"),
            f"give the outermost state `type: initial`, and `{state.parent}` an `initial_child`",
        )


def _check_initial_child(state: State, states: Mapping[str, State], index: int, findings: Findings) -> None:
    if state.initial_child is None:
        return
    path = ("states", index, "initial_child")
    child = states.get(state.initial_child)
    children = [name for name, other in states.items() if other.parent == state.name]
    if child is None or child.parent != state.name:
        findings.error(
            codes.BAD_NESTING,
            f"`{state.initial_child}` is no child of `{state.name}`",
            path,
            nearest(state.initial_child, children) or f"say `parent: {state.name}` there",
        )
    elif child.type == "choice":
        findings.error(
            codes.BAD_CHOICE, f"`{child.name}` is a choice, which can't be the initial child of anything (S7.3)", path
        )


def _has_cycle(parents: Mapping[str, str | None], places: Mapping[str, int], findings: Findings) -> bool:
    settled: set[str] = set()
    for start in parents:
        path: list[str] = []
        name: str | None = start
        while name is not None and name not in settled and name not in path:
            path.append(name)
            name = parents[name]
        if name is not None and name in path:
            circle = " in ".join((*path[path.index(name) :], name))
            findings.error(codes.BAD_NESTING, f"states lie in each other: {circle}", ("states", places[name], "parent"))
            return True
        settled.update(path)
    return False
