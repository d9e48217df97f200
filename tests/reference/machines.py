"""Random statecharts, for hypothesis; in about a third of them no state is parallel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from reference.strategies import TRIGGERS, delays, guards, often, plans, short_plans, values
from reference.tree import Tree

DEPTH = 3
"""How many states lie around the innermost one at most."""

ENOUGH = 7
"""With so many states only those are made that the ones before them need."""

State = dict[str, Any]


@dataclass
class _States:
    """The states of a machine while they are being made, and the nodes around each, innermost first."""

    draw: st.DrawFn
    found: list[State] = field(default_factory=list)
    around: dict[str, list[str]] = field(default_factory=dict)

    def add(self, around: list[str], shapes: str, kind: str | None = None) -> str:
        """A state and all that lies in it: it is a leaf, compound or parallel."""
        draw, name = self.draw, f"s{len(self.found)}"
        state: State = {"name": name, "on_enter": draw(short_plans), "on_exit": draw(short_plans)}
        self.found.append(state)
        self.around[name] = around
        if around and (parent := self._declared_parent(around[0])):
            state["parent"] = parent
        has_room = len(self.found) < ENOUGH and sum("/" not in node for node in around) < DEPTH
        shape = draw(st.sampled_from(shapes)) if has_room else "l"
        if shape == "p":
            kind = kind or draw(st.sampled_from(["parallel", "parallel", None]))
            state["regions"] = [self._region(region, [name, *around], shapes) for region in self._region_names()]
        elif shape == "c":
            children = [self.add([name, *around], shapes) for _ in range(draw(st.sampled_from([2, 2, 3, 1])))]
            state["initial_child"] = draw(st.sampled_from(children))
        elif kind is None:
            kind = self._kind_of_leaf(6 if around else 12)
        if kind is not None:
            state["type"] = kind
        return name

    def add_choices(self) -> list[str]:
        """States that are only passed through, anywhere."""
        names = [f"c{number}" for number in range(self.draw(st.integers(0, 2)))]
        compounds = [state["name"] for state in self.found if "initial_child" in state]
        regions = [region for state in self.found for region in state.get("regions", ())]
        for name in names:
            place = self.draw(st.sampled_from([None, *compounds, *regions]))
            self.found.append({"name": name, "type": "choice"})
            if isinstance(place, str):
                self.found[-1]["parent"] = place
            elif place is not None:
                place["states"].append(name)
        return names

    def _declared_parent(self, node: str) -> str | None:
        """A state in a region may say in which container it lies."""
        container, slash, _ = node.partition("/")
        return container if not slash or often(self.draw, 4) else None

    def _kind_of_leaf(self, one_in: int) -> str | None:
        if often(self.draw, one_in):
            return "terminal"
        return "error" if often(self.draw, 4) else None

    def _region_names(self) -> list[str]:
        """In an order of their own (S6.2); other parallel states may have regions of the same names."""
        names: list[str] = self.draw(st.permutations(["r1", "r2", "r3", "r4"]))
        return names[: self.draw(st.sampled_from([2, 2, 2, 2, 2, 3, 1]))]

    def _region(self, name: str, around: list[str], shapes: str) -> dict[str, Any]:
        draw, node = self.draw, f"{around[0]}/{name}"
        direct = [self.add([node, *around], shapes) for _ in range(draw(st.sampled_from([2, 2, 2, 1])))]
        inside = [state for state, nodes in self.around.items() if node in nodes]
        own = [state for state in inside if next(other for other in self.around[state] if "/" in other) == node]
        region: dict[str, Any] = {"name": name, "initial": draw(st.sampled_from(inside if often(draw, 4) else direct))}
        region["states"] = list(own if often(draw, 4) else direct)
        if draw(st.booleans()):
            region["final"] = draw(st.sampled_from(own))
        return region


@dataclass(frozen=True)
class _Arrows:
    """How sources and destinations can be named, entry and exit points included, and which lead to which."""

    tree: Tree
    sources: list[str]
    targets: list[str]
    choices: list[str]
    ends: dict[str, set[str]] = field(default_factory=dict)  # the states that each choice leads to

    def targets_of(self, sources: list[str]) -> list[str]:
        """Where all of these states and regions can lead to: into no sibling region (S6.5)."""
        return [target for target in self.targets if all(self._can_lead(source, target) for source in sources)]

    def reached(self, target: str) -> set[str]:
        """A state that is named, and those that it leads to if it is a choice."""
        return {_meant(target), *self.ends.get(_meant(target), ())}

    def in_region(self, region: str, names: list[str]) -> list[str]:
        """Those that lie in a region, and not in a further one inside of it."""
        return [name for name in names if self.tree.region(_meant(name)) == region]

    def regions_around(self, sources: list[str]) -> list[str]:
        """The regions that all of these lie in; what can start anywhere lies in any that is known by its name."""
        everywhere = [region for regions in self.tree.regions.values() for region in regions]
        named = [_meant(source) for source in sources if source != "*"]
        found = [region for region in everywhere if all(region in self.tree.around(name) for name in named)]
        if len(named) == len(sources):
            return found
        names = [_name(region) for region in everywhere]
        return [region for region in found if names.count(_name(region)) == 1]

    def can_finish(self, container: str, states: list[State]) -> bool:
        """Whether a parallel state has a region that can finish (S6.6)."""
        regions = self.tree.regions[container]
        by_name = {state["name"]: state for state in states}
        ends = {self.tree.region(name) for name, state in by_name.items() if state.get("type") == "terminal"}
        return any("final" in region for region in by_name[container]["regions"]) or not ends.isdisjoint(regions)

    def _can_lead(self, source: str, target: str) -> bool:
        regions = [node for node in self.tree.around(_meant(source)) if "/" in node]
        ends = [self.tree.around(end)[1:] for end in self.reached(target)]
        return all(region in around or self.tree.parents[region] not in around for region in regions for around in ends)


def _meant(name: str) -> str:
    """The state in ``H(state)`` and ``p:state``."""
    return name.removesuffix(")").rpartition("(")[2].rpartition(":")[2]


def _name(region: str) -> str:
    return region.partition("/")[2]


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """A definition that the generator accepts, unless its automatic transitions certainly never end."""
    shapes = draw(st.sampled_from(["lcc", "lcpp", "lcpp"]))
    states = _States(draw)
    states.add([], shapes, "initial")
    for _ in range(draw(st.integers(1, 3))):
        states.add([], shapes)
    if "p" in shapes and not any("regions" in state for state in states.found):
        states.add([], "p")
    arrows = _arrows(draw, states)
    transitions = [draw(_branches(arrows, index)) for index in reversed(range(len(arrows.choices))) for _ in range(2)]
    for state in states.found:
        if state.get("type") not in ("terminal", "choice") and often(draw, 3):
            destination = draw(st.sampled_from(arrows.targets_of([state["name"]])))
            state["timeout"] = {"seconds": draw(st.sampled_from([0.5, 1, 2])), "destination": destination}
    count = draw(st.integers(3, 9) if arrows.tree.regions else st.integers(5, 14))
    transitions += [draw(_transitions(arrows)) for _ in range(count)]
    for container, regions in arrows.tree.regions.items():
        moving = [region for region in regions if arrows.in_region(region, arrows.sources)]
        transitions += [draw(_moves(arrows, region, trigger)) for region in moving for trigger in TRIGGERS[:2]]
        if arrows.can_finish(container, states.found):
            transitions.append(draw(_joins(arrows, container)))
    meta: dict[str, Any] = {"strict_mode": draw(st.booleans())}
    if often(draw, 4):
        meta["reject_invalid_events"] = draw(st.booleans())
    if often(draw, 4):
        meta["event_normalizer"] = draw(st.sampled_from(["lower", "upper"]))
    machine = {
        "meta": meta,
        "states": draw(st.permutations(states.found)),
        "transitions": draw(st.permutations(transitions)),
    }
    if draw(st.booleans()):
        machine["state_variables"] = [
            {"key": "n", "default": draw(values)},
            {"key": "xs", "default": [0]},
            "m",
            "nowhere",
        ]
    return machine


def _arrows(draw: st.DrawFn, states: _States) -> _Arrows:
    """Every way to name a state; on the way states declare points."""
    choices = states.add_choices()
    tree = Tree({state["name"]: state for state in states.found})
    kinds = {state["name"]: state.get("type") for state in states.found}
    resting = [name for name in kinds if name not in choices]
    sources = [name for name in resting if kinds[name] != "terminal"]
    remembered = [f"{kind}({name})" for name in resting if not tree.is_leaf(name) for kind in ("H", "H*")]
    targets = [*resting, *choices, *remembered, *remembered]
    for state in states.found:
        inside = [name for name in resting if state["name"] in states.around[name]]
        if inside and draw(st.booleans()):
            entry, leaving = draw(st.sampled_from(inside)), draw(st.sampled_from(inside))
            state["entry_points"], state["exit_points"] = [entry], [leaving]
            targets.append(f"{state['name']}:{entry}")
            if kinds[leaving] != "terminal":
                sources.append(f"{state['name']}:{leaving}")
    return _Arrows(tree, sources, targets, choices)


@st.composite
def _transitions(draw: st.DrawFn, arrows: _Arrows) -> dict[str, Any]:
    occasion = draw(st.sampled_from([*["event"] * 7, "auto", "after", "named after"]))
    is_timed = "after" in occasion
    sources = draw(_sources(arrows, [] if is_timed else ["*"]))
    transition: dict[str, Any] = {"source": sources[0] if len(sources) == 1 else sources}
    regions = arrows.regions_around(sources)
    if regions and often(draw, 2 if sources == ["*"] else 4):
        region = draw(st.sampled_from(regions))
        transition["region"] = _name(region)
        sources = [region if source == "*" else source for source in sources]
    if occasion in ("event", "named after"):
        transition["trigger"] = draw(st.sampled_from(TRIGGERS))
    if is_timed:
        transition["after"] = draw(delays)
    if occasion == "auto":
        transition["auto"] = True
        if draw(st.booleans()):
            transition["trigger"] = "label"
    if often(draw, 5):
        transition["internal"] = True
        if len(sources) == 1 and sources[0] in arrows.sources and draw(st.booleans()):
            transition["dest"] = _meant(sources[0])
    else:
        transition["dest"] = draw(_targets(arrows, [source for source in sources if source != "*"]))
    fewest = int(occasion == "auto" and not often(draw, 8))
    return {**transition, **draw(_details(fewest))}


@st.composite
def _sources(draw: st.DrawFn, arrows: _Arrows, anywhere: list[str]) -> list[str]:
    if often(draw, 3):
        return draw(st.lists(st.sampled_from([*arrows.sources, *anywhere]), min_size=1, max_size=3, unique=True))
    return anywhere if anywhere and often(draw, 4) else [draw(st.sampled_from(arrows.sources))]


@st.composite
def _targets(draw: st.DrawFn, arrows: _Arrows, sources: list[str]) -> str:
    """Where a transition of these sources leads, rather often to the region that the first one lies in."""
    targets = arrows.targets_of(sources)
    region = arrows.tree.region(_meant(sources[0])) if sources else None
    near = arrows.in_region(region, targets) if region else []
    return draw(st.sampled_from(near if near and not often(draw, 3) else targets))


@st.composite
def _branches(draw: st.DrawFn, arrows: _Arrows, index: int) -> dict[str, Any]:
    """A branch of a choice; choices lead to later ones only. Its trigger means nothing there (S7.3)."""
    choice = arrows.choices[index]
    sources = [choice, draw(st.sampled_from(arrows.sources))] if often(draw, 4) else [choice]
    targets = [name for name in arrows.targets_of(sources) if name not in arrows.choices[: index + 1]]
    dest = draw(st.sampled_from(targets))
    arrows.ends.setdefault(choice, set()).update(arrows.reached(dest))
    trigger = draw(st.sampled_from(["branch", *TRIGGERS]))
    source = choice if len(sources) == 1 else sources
    return {"trigger": trigger, "source": source, "dest": dest, **draw(_details(0))}


@st.composite
def _moves(draw: st.DrawFn, arrows: _Arrows, region: str, trigger: str) -> dict[str, Any]:
    """What a region does on an event that other regions take as well (S6.3)."""
    source = draw(st.sampled_from(arrows.in_region(region, arrows.sources)))
    targets = arrows.in_region(region, arrows.targets_of([source]))
    others = [name for name in targets if _meant(name) != _meant(source)]
    return {"trigger": trigger, "source": source, "dest": draw(st.sampled_from(others or targets)), **draw(_details(0))}


@st.composite
def _joins(draw: st.DrawFn, arrows: _Arrows, container: str) -> dict[str, Any]:
    """What happens when a parallel state has finished (S6.6)."""
    join: dict[str, Any] = {"trigger": f"_join_{container}", "source": container}
    if often(draw, 8):
        return {**join, "internal": True, **draw(_details(1))}
    targets = arrows.targets_of([container])
    outside = [name for name in targets if container not in arrows.tree.around(_meant(name))]
    dest = draw(st.sampled_from(targets if often(draw, 4) else outside))
    return {**join, "dest": dest, **draw(_details(draw(st.integers(0, 1))))}


@st.composite
def _details(draw: st.DrawFn, fewest_guards: int) -> dict[str, Any]:
    details: dict[str, Any] = {"actions": draw(plans)}
    if fewest_guards or often(draw, 3):
        details["guards"] = draw(st.lists(guards, min_size=fewest_guards, max_size=2))
    if often(draw, 3):
        details["priority"] = draw(st.integers(-1, 1))
    return details
