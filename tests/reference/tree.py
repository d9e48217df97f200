"""The tree of a machine's states and regions, and what of it can be active at once (S1, S3.1, S6.1, S6.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any


class Tree:
    """Who lies in whom. A node is a state, by its name, or a region, called ``container/region`` (S1.1).

    A *position* is the text that says where an entity is, or a part of it: a leaf, or the configuration of a
    parallel state (S6.2). The *active* nodes of a position are listed in the order of their entry.
    """

    def __init__(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        self.parents: dict[str, str | None] = {name: state.get("parent") for name, state in states.items()}
        self.initials = {name: state["initial_child"] for name, state in states.items() if "initial_child" in state}
        self.regions: dict[str, list[str]] = {}
        for name, state in states.items():
            for region in state.get("regions", ()):
                self._add(name, f"{name}/{region['name']}", region)

    def _add(self, container: str, node: str, region: Mapping[str, Any]) -> None:
        self.regions.setdefault(container, []).append(node)
        self.parents[node] = container
        self.initials[node] = region["initial"]
        for state in region["states"]:
            if self.parents[state] in (None, container):  # else it is the child of a state of the same region
                self.parents[state] = node

    def is_leaf(self, node: str) -> bool:
        return node not in self.initials and node not in self.regions

    def around(self, node: str | None) -> list[str]:
        """A node and its ancestors, innermost first."""
        return [] if node is None else [node, *self.around(self.parents[node])]

    def region(self, state: str) -> str | None:
        """The innermost region that a state lies in."""
        return next((node for node in self.around(state) if "/" in node), None)

    def domain(self, tip: str, declared: str) -> str | None:
        """The lowest proper ancestor of both; None is the root (S3.1)."""
        around = self.around(declared)[1:]
        return next((node for node in self.around(tip)[1:] if node in around), None)

    def inward(self, node: str, through: Collection[str]) -> list[str]:
        """A node and what is entered with it: the way through given nodes, beside and below it the initial one.

        S1.2, S6.1.
        """
        children = self.regions.get(node) or [child for child in through if self.parents[child] == node]
        if not children and node in self.initials:
            return self.inward(node, self.around(self.initials[node]))
        return [node, *(inner for child in children for inner in self.inward(child, through))]

    def active(self, position: str) -> list[str]:
        """What is active in a position, or in that for which the name of any state stands (S1.2)."""
        leaves = re.findall(r"\w+(?![\w:=])", position)
        through = {node for leaf in leaves for node in self.around(leaf)}
        roots = [node for node in through if self.parents[node] is None]
        return [inner for root in roots for inner in self.inward(root, through)]

    def tip(self, active: Collection[str], node: str | None = None) -> str:
        """How far one gets from a node, or from the root, until a leaf or a parallel state."""
        inner = next((child for child in active if self.parents[child] == node), None)
        return node if node in self.regions or inner is None else self.tip(active, inner)

    def position(self, active: Collection[str], node: str | None = None) -> str:
        """The position below a node, or of the whole entity (S6.2)."""
        tip = self.tip(active, node)
        if tip not in self.regions:
            return tip
        parts = {region.partition("/")[2]: self.position(active, region) for region in self.regions[tip]}
        return f"{tip}:" + ",".join(
            f"{name}=({parts[name]})" if ":" in parts[name] else f"{name}={parts[name]}" for name in sorted(parts)
        )

    def restored(self, kind: str, state: str, position: str) -> list[str]:
        """What history leads through below a state, given the position that was recorded for it (S4.2)."""
        found = [node for node in self.active(position) if state in self.around(node)[1:]]
        if kind == "H*":
            return found
        parents = self.regions.get(state, [state])
        return [node for node in found if self.parents[node] in parents]
