"""Random machines that mean the same on both sides, and what happens to their entities, for hypothesis.

What is left out is a listed difference; the comment there begins with its row in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

TRIGGERS = ("go", "back", "poke")
ACTIONS = ("act", "beat")
DEPTH = 3


def _flag(ctx: Mapping[str, Any]) -> bool:
    if ctx.get("flag") == "raise":
        raise RuntimeError("cannot tell")  # "a guard raises `OSError`": no such error here
    return bool(ctx.get("flag"))


def _at_least(ctx: Mapping[str, Any], *, key: str, least: int) -> bool:  # "`params` of a guard": keyword-only
    return bool(ctx[key] >= least)


GUARDS: Mapping[str, Callable[..., bool]] = {"flag": _flag, "at_least": _at_least, "sure": lambda ctx: True}
"""The application's guards."""


# -- guards ----------------------------------------------------------------------------------------------------

_anything = st.sampled_from([0, 1, -1, 2.5, True, None, "x", "1", ""])


def _check(op: str, **more: Any) -> st.SearchStrategy[Any]:
    # "`contains`, … on a value that is not text": `s` is text wherever it is set
    key = st.just("s") if op in ("contains", "starts_with", "ends_with", "matches") else st.sampled_from("nvs")
    values = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in more.items()}
    return st.fixed_dictionaries({"field": key, "op": st.just(op), **values}).map(lambda body: {"check": body})


_checks = st.one_of(
    *[_check(op, value=_anything) for op in ("eq", "neq")],
    # "a check without a value to compare with, …": null is none, too
    *[_check(op, value=_anything.filter(lambda value: value is not None)) for op in ("gt", "gte", "lt", "lte")],
    *[_check(op, values=st.lists(_anything, min_size=1, max_size=3)) for op in ("in", "not_in")],
    *[_check(op) for op in ("is_set", "is_null")],
    *[_check(op, value="x") for op in ("contains", "starts_with", "ends_with")],
    _check("matches", value="^x|y$"),
)
# "lists, tuples, sets and dicts in an expression": none
_expressions = st.sampled_from(
    [
        "n > 0", "n + m > 2", "0 <= n < 3", "n % 2 == 0 and m > 0", "n if m else 0", "not n", "1 == 1", "v == n",
        "nowhere == 1", "s == 'x'", "len(s) > 1", "s.startswith('x')", "d.k == 1", "v > n or m > 0", "max(n, m) == 2",
    ]
)  # fmt: skip
_params = st.fixed_dictionaries({"key": st.sampled_from("nvz"), "least": st.integers(-1, 2)})
_guards = st.recursive(
    st.one_of(
        st.just("flag"),
        _params.map(lambda params: {"name": "at_least", "params": params}),
        _expressions.map(lambda text: {"expr": text}),
        _checks,
        # "`not` around an expression or function that raises": around what never does
        st.one_of(_checks, st.just("sure"), st.just({"expr": "1 == 1"})).map(lambda child: {"not": child}),
    ),
    lambda children: st.one_of(
        st.lists(children, min_size=1, max_size=3).map(lambda found: {"allOf": found}),
        st.lists(children, min_size=1, max_size=3).map(lambda found: {"anyOf": found}),
    ),
    max_leaves=3,
)


# -- actions ---------------------------------------------------------------------------------------------------

# "an effect that fails": `n` and `m` are numbers always, `xs` is a list. "a list in `set`": none.
_effects = st.one_of(
    st.builds(lambda key, value: {"set": {key: value}}, st.sampled_from("nm"), st.integers(-2, 3)),
    st.builds(lambda form, key: {form: key}, st.sampled_from(["increment", "decrement"]), st.sampled_from("nmk")),
    st.integers(0, 3).map(lambda value: {"append": {"field": "xs", "value": value}}),
    st.just({"timestamp": "at"}),  # "`clear` in a session": none
    st.sampled_from([{"compute": {"m": "n + 1"}}, {"compute": {"n": "m - 1", "m": "n * 2"}}]),
)
# "`when` of an action": none
_names = st.lists(st.sampled_from(ACTIONS), max_size=2)
_plans = st.lists(st.one_of(st.sampled_from(ACTIONS), _effects), max_size=2)


# -- machines --------------------------------------------------------------------------------------------------


@dataclass
class _Tree:
    """The states of a machine while they are being made."""

    states: list[dict[str, Any]] = field(default_factory=list)
    around: dict[str, list[str]] = field(default_factory=dict)
    """By state: the states that enclose it, innermost first."""

    def add(self, draw: st.DrawFn, inside: list[str], kind: str | None, plans: st.SearchStrategy[Any]) -> str:
        """A state in others, and all that lies in it."""
        name = f"s{len(self.states)}"
        state: dict[str, Any] = {"name": name, "on_enter": draw(plans), "on_exit": draw(plans)}
        self.states.append(state)
        self.around[name] = inside
        if inside:
            state["parent"] = inside[0]
        if len(inside) < DEPTH and len(self.states) < 9 and draw(st.integers(0, 2)) == 0:
            children = [self.add(draw, [name, *inside], None, plans) for _ in range(draw(st.integers(1, 3)))]
            state["initial_child"] = draw(st.sampled_from(children))
        elif kind is None and draw(st.integers(0, 7)) == 0:
            kind = "terminal"
        if kind is not None:
            state["type"] = kind
        return name

    @property
    def names(self) -> list[str]:
        return list(self.around)

    @property
    def sources(self) -> list[str]:
        return [state["name"] for state in self.states if state.get("type") != "terminal"]

    @property
    def compounds(self) -> list[str]:
        return [state["name"] for state in self.states if "initial_child" in state]

    def inside(self, name: str) -> list[str]:
        return [other for other in self.names if name in self.around[other]]

    def apart(self, name: str) -> list[str]:
        """The states that neither are, nor enclose, nor lie in a state."""
        related = {name, *self.around[name], *self.inside(name)}
        return [other for other in self.names if other not in related]

    def initial(self) -> set[str]:
        """What is active when an entity comes into being."""
        by_name = {state["name"]: state for state in self.states}
        found = [next(state["name"] for state in self.states if state.get("type") == "initial")]
        while "initial_child" in by_name[found[-1]]:
            found.append(by_name[found[-1]]["initial_child"])
        return set(found)


def _tree(draw: st.DrawFn, plans: st.SearchStrategy[Any]) -> _Tree:
    tree = _Tree()
    tree.add(draw, [], "initial", plans)
    for _ in range(draw(st.integers(2, 4))):
        tree.add(draw, [], None, plans)
    for name in tree.compounds:
        if draw(st.booleans()):
            point = draw(st.sampled_from(tree.inside(name)))
            tree.states[tree.names.index(name)]["entry_points"] = [point]
    for state in tree.states:
        if state.get("type") != "terminal" and draw(st.integers(0, 5)) == 0:
            state["timeout"] = {"seconds": 60, "destination": draw(st.sampled_from(tree.names))}
    return tree


def _meta(draw: st.DrawFn) -> dict[str, Any]:
    meta: dict[str, Any] = {"machine_name": "machine", "version": "1", "strict_mode": draw(st.booleans())}
    if draw(st.integers(0, 3)) == 0:
        meta["reject_invalid_events"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        meta["event_normalizer"] = draw(st.sampled_from(["lower", "upper"]))
    return meta


def _details(draw: st.DrawFn, plans: st.SearchStrategy[Any]) -> dict[str, Any]:
    details: dict[str, Any] = {"actions": draw(plans)}
    if draw(st.integers(0, 2)) == 0:
        details["guards"] = draw(st.lists(_guards, min_size=1, max_size=2))
    if draw(st.integers(0, 2)) == 0:
        details["priority"] = draw(st.integers(-1, 1))
    return details


def _internal(draw: st.DrawFn, tree: _Tree, plans: st.SearchStrategy[Any]) -> dict[str, Any]:
    source = draw(st.sampled_from(tree.sources))
    occasion = {"trigger": draw(st.sampled_from(TRIGGERS)), "internal": True}
    return {**occasion, "source": source, "dest": source, **_details(draw, plans)}


def _from_anywhere(draw: st.DrawFn, tree: _Tree) -> dict[str, Any]:
    # "`source: "*"` before a transition of the state itself", "… of enclosing states", "… and a choice": a trigger of
    # its own
    anywhere = {"trigger": "anywhere", "source": "*", "dest": draw(st.sampled_from(tree.names))}
    return {**anywhere, **_details(draw, _plans)}


def _choice(draw: st.DrawFn, tree: _Tree) -> list[dict[str, Any]]:
    """A choice, how one gets to it, and its branches."""
    source = draw(st.sampled_from(tree.sources))
    targets = tree.apart(source)  # "a transition from a state to itself", "… to a state that encloses the active one"
    if not targets:
        return []
    # "a choice inside a state …", "a choice that leads to a choice …": an outermost one, on events, to states
    tree.states.append({"name": "ch", "type": "choice"})
    arriving = {"trigger": "pick", "source": source, "dest": "ch", **_details(draw, _plans)}
    found = [arriving]
    for _ in range(draw(st.integers(1, 3))):
        # "branches of a choice with another trigger", "actions of a choice's branches"
        branch = {"trigger": "pick", "source": "ch", "dest": draw(st.sampled_from(targets))}
        found.append({**branch, **_details(draw, st.just([]))})
    return found


@st.composite
def deciding(draw: st.DrawFn) -> dict[str, Any]:
    """A machine for `process`, which is told no effects of earlier steps and no history."""
    tree = _tree(draw, _plans)
    targets = [*tree.names, *(f"{kind}({name})" for name in tree.compounds for kind in ("H", "H*"))]
    targets += [f"{state['name']}:{point}" for state in tree.states for point in state.get("entry_points", ())]
    transitions = [_internal(draw, tree, _plans) for _ in range(draw(st.integers(0, 2)))]
    transitions += [_from_anywhere(draw, tree) for _ in range(draw(st.integers(0, 2)))]
    for _ in range(draw(st.integers(2, 10))):
        source: Any = draw(st.sampled_from(tree.sources))
        if draw(st.integers(0, 2)) == 0:
            source = draw(st.lists(st.sampled_from(tree.sources), min_size=1, max_size=3, unique=True))
        way = {"trigger": draw(st.sampled_from(TRIGGERS)), "source": source, "dest": draw(st.sampled_from(targets))}
        if draw(st.integers(0, 5)) == 0:
            way["after"] = "5s"  # "the made-up trigger of a delayed transition": one of its own
        transitions.append({**way, **_details(draw, _plans)})
    if draw(st.booleans()):
        transitions += _choice(draw, tree)
    return {"meta": _meta(draw), "states": tree.states, "transitions": draw(st.permutations(transitions))}


@st.composite
def living(draw: st.DrawFn) -> dict[str, Any]:
    """A machine for sessions that run their actions."""
    is_automatic = draw(st.booleans())
    # "the guards of the second automatic transition in a row": see no effects of the first one's states
    tree = _tree(draw, _names if is_automatic else _plans)
    # "creating a session": enters nothing there
    for name in tree.initial():
        tree.states[tree.names.index(name)]["on_enter"] = draw(_names)
    meta = _meta(draw)
    transitions = [_internal(draw, tree, _plans) for _ in range(draw(st.integers(0, 2)))]
    for _ in range(draw(st.integers(6, 14))):
        source = draw(st.sampled_from(tree.sources))
        if targets := [*tree.apart(source), *_remembering(tree, source)]:
            # "a transition from a state to itself", "a transition to a state that encloses the active one"
            way = {"trigger": draw(st.sampled_from(TRIGGERS)), "source": source, "dest": draw(st.sampled_from(targets))}
            transitions.append({**way, **_details(draw, _plans)})
    if is_automatic:
        # "an ignored event": automatic transitions are asked after it there
        meta.update(strict_mode=True, reject_invalid_events=True)
        transitions += _automatic(draw, tree)
    if draw(st.booleans()):
        transitions += _choice(draw, tree)
    return {"meta": meta, "states": tree.states, "transitions": draw(st.permutations(transitions))}


@st.composite
def parallel(draw: st.DrawFn) -> dict[str, Any]:
    """A machine with a parallel state, whose regions can do what both sides can."""
    regions: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = [{"name": "start", "type": "initial"}]
    transitions: list[dict[str, Any]] = [{"trigger": "enter", "source": "start", "dest": "par"}]
    for name in draw(st.lists(st.sampled_from(["r1", "r2", "r3"]), min_size=1, max_size=3, unique=True)):
        # "states with children, history and choices in a region"
        inside = [f"{name}_{number}" for number in range(draw(st.integers(2, 3)))]
        states += [{"name": state, "on_enter": draw(_plans), "on_exit": draw(_plans)} for state in inside]
        regions.append({"name": name, "initial": draw(st.sampled_from(inside)), "states": inside})
        for _ in range(draw(st.integers(4, 8))):
            # "an internal transition in a region", "automatic transitions in a region", "a destination outside of the
            # parallel state", "a transition from one region into another"
            way = {"source": draw(st.sampled_from(inside)), "dest": draw(st.sampled_from(inside)), "region": name}
            transitions.append({"trigger": draw(st.sampled_from(TRIGGERS)), **way, **_details(draw, _plans)})
    # "transitions of the parallel state itself, in `process_parallel`", "`_join_<state>`": none
    states.append({"name": "par", "type": "parallel", "regions": regions, "on_enter": draw(_names)})
    return {"meta": _meta(draw), "states": states, "transitions": draw(st.permutations(transitions))}


def _remembering(tree: _Tree, source: str) -> list[str]:
    """History that both keep in the same way."""
    # "`H(p)` where a child with children is remembered", "`H*(p)` where a leaf deeper down is …"
    shallow = [name for name in tree.compounds if not set(tree.inside(name)) & set(tree.compounds)]
    # "`H(p)` and `H*(p)` from inside `p`"
    return [f"{kind}({name})" for name in shallow if name in tree.apart(source) for kind in ("H", "H*")]


def _automatic(draw: st.DrawFn, tree: _Tree) -> list[dict[str, Any]]:
    """Automatic transitions that lead on, and so come to an end: "automatic transitions that never end"."""
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(3, 8))):
        source = draw(st.sampled_from(tree.sources))
        # "automatic transitions of the initial state", "a terminal state inside another one"
        if source in tree.initial() or not set(tree.inside(source)) <= set(tree.sources):
            continue
        last = max(tree.names.index(name) for name in (source, *tree.inside(source)))
        if targets := [name for name in tree.apart(source) if tree.names.index(name) > last]:
            way = {"auto": True, "source": source, "dest": draw(st.sampled_from(targets))}
            guards = draw(st.one_of(st.just(["sure"]), st.lists(_guards, min_size=1, max_size=2)))
            found.append({**way, "guards": guards, "actions": draw(_names)})
    return found


# -- what happens ----------------------------------------------------------------------------------------------

_rest = {
    "v": _anything,
    "s": st.sampled_from(["x", "xy", "", "y"]),
    "flag": st.sampled_from([True, False, "raise"]),
    "d": st.sampled_from([{"k": 1}, {}]),
}
contexts = st.fixed_dictionaries({"n": st.integers(-2, 3), "m": st.integers(-2, 3)}, optional=_rest)
payloads = st.fixed_dictionaries({}, optional={"n": st.integers(-2, 3), "m": st.integers(-2, 3), **_rest})
triggers = st.sampled_from([*TRIGGERS, *TRIGGERS, *TRIGGERS, "pick", "pick", "anywhere", "unheard_of", "Go", "POKE"])
scripts = st.lists(st.one_of(st.tuples(triggers, payloads), st.just("restore")), min_size=12, max_size=25)
