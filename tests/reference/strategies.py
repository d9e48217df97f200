"""Random statecharts without parallel states, and scripts of what happens to their entities, for hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

TRIGGERS = ("go", "back", "poke")
ACTIONS = ("act", "beat", "call")
KEYS = ("n", "m", "xs")
DEPTH = 3

_numbers = st.integers(-2, 3)
values = st.one_of(_numbers, _numbers, _numbers, _numbers, st.sampled_from(["text", None, True, 1.5]))
flags = st.sampled_from([True, False, "raise"])


def _flag(name: str) -> Callable[..., bool]:
    def asked(ctx: Mapping[str, Any]) -> bool:
        if ctx.get(name) == "raise":
            raise RuntimeError("cannot tell")
        return bool(ctx.get(name))

    return asked


def _at_least(ctx: Mapping[str, Any], *, key: str, least: int) -> bool:
    return bool(ctx[key] >= least)


GUARDS: Mapping[str, Callable[..., bool]] = {"g1": _flag("g1"), "g2": _flag("g2"), "at_least": _at_least}
"""The application's guards; the last takes params."""


def _check(op: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"field": st.sampled_from(KEYS), "op": st.just(op), **more}).map(
        lambda body: {"check": body}
    )


checks = st.one_of(
    _check("is_set"),
    _check("is_set"),
    _check("is_null"),
    *(_check(op, value=st.integers(-1, 2)) for op in ("gt", "gte", "lt", "lte", "eq", "neq", "contains")),
    *(_check(op, values=st.lists(values, min_size=1, max_size=3)) for op in ("in", "not_in")),
    _check("starts_with", value=st.just("te")),
)
expressions = st.sampled_from(["n > 0", "n + m > 2", "m == 0", "1 == 1", "nowhere == 1", "0 <= n < 3", "n == m"])
guards = st.recursive(
    st.one_of(
        st.sampled_from(["g1", "g2"]),
        st.builds(
            lambda key, least: {"name": "at_least", "params": {"key": key, "least": least}},
            st.sampled_from(KEYS),
            st.integers(-1, 2),
        ),
        expressions.map(lambda text: {"expr": text}),
        checks,
    ),
    lambda children: st.one_of(
        children.map(lambda child: {"not": child}),
        st.lists(children, min_size=1, max_size=3).map(lambda found: {"allOf": found}),
        st.lists(children, min_size=1, max_size=3).map(lambda found: {"anyOf": found}),
    ),
    max_leaves=3,
)
_effects = st.one_of(
    st.builds(lambda key, value: {"set": {key: value}}, st.sampled_from(KEYS[:2]), values),
    st.just({"set": {"xs": [1, [2]], "g1": True}}),
    st.builds(lambda form, key: {form: key}, st.sampled_from(["increment", "decrement"]), st.sampled_from(KEYS[:2])),
    values.map(lambda value: {"append": {"field": "xs", "value": value}}),
    st.sampled_from(KEYS).map(lambda key: {"clear": key}),
    st.sampled_from([{"compute": {"m": "n + 1"}}, {"compute": {"n": "m - 1", "m": "n - 1"}}, {"timestamp": "at"}]),
)


@st.composite
def _actions(draw: st.DrawFn) -> Any:
    entry = draw(st.one_of(st.sampled_from(ACTIONS), st.sampled_from(ACTIONS), _effects))
    when = draw(st.one_of(st.none(), st.none(), st.none(), st.sampled_from(["n > 0", "1 == 1"]), checks))
    if when is None:
        return entry
    return {**({"name": entry} if isinstance(entry, str) else entry), "when": when}


plans = st.lists(_actions(), max_size=2)
delays = st.sampled_from([0, 100, 500, "500ms", "1s", "1.5s", "2s"])


def _often(draw: st.DrawFn, one_in: int) -> bool:
    """True in one of so many cases; shrinks to false."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


@dataclass
class _Tree:
    """The states of a machine while they are being made."""

    states: list[dict[str, Any]] = field(default_factory=list)
    ancestors: dict[str, list[str]] = field(default_factory=dict)

    def named(self, *, compound: bool) -> list[str]:
        return [state["name"] for state in self.states if ("initial_child" in state) is compound]

    def add(self, draw: st.DrawFn, inside: list[str], kind: str | None) -> str:
        """A state in others, innermost first, and all that lies in it."""
        name = f"s{len(self.states)}"
        state: dict[str, Any] = {"name": name, "on_enter": draw(plans), "on_exit": draw(plans)}
        self.states.append(state)
        self.ancestors[name] = inside
        if inside:
            state["parent"] = inside[0]
        if len(inside) < DEPTH and len(self.states) < 14 and draw(st.integers(0, 2)):
            children = [self.add(draw, [name, *inside], None) for _ in range(draw(st.sampled_from([2, 2, 3, 1])))]
            state["initial_child"] = draw(st.sampled_from(children))
        elif kind is None and _often(draw, 6 if inside else 12):
            kind = "terminal"
        if kind is not None or _often(draw, 4):
            state["type"] = kind or "error"
        return name


@dataclass(frozen=True)
class _Names:
    """What transitions can name: ``sources`` and ``targets``, entry and exit points included."""

    sources: list[str]
    targets: list[str]
    choices: list[str]


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """A definition that the generator accepts, unless its automatic transitions certainly never end."""
    tree = _Tree()
    tree.add(draw, [], "initial")
    for _ in range(draw(st.integers(1, 3))):
        tree.add(draw, [], None)
    compounds = tree.named(compound=True)
    choices = [f"c{number}" for number in range(draw(st.integers(0, 2)))]
    for name in choices:
        parent = draw(st.sampled_from([None, *compounds]))
        tree.states.append({"name": name, "type": "choice", **({"parent": parent} if parent else {})})
    names = _names(draw, tree, choices)
    for state in tree.states:
        if state.get("type") not in ("terminal", "choice") and _often(draw, 3):
            seconds = draw(st.sampled_from([0.5, 1, 2]))
            state["timeout"] = {"seconds": seconds, "destination": draw(st.sampled_from(names.targets))}
    transitions = [draw(_transitions(names)) for _ in range(draw(st.integers(5, 14)))]
    transitions += [draw(_branches(tree, names, index)) for index in range(len(choices)) for _ in range(2)]
    meta: dict[str, Any] = {"strict_mode": draw(st.booleans())}
    if _often(draw, 4):
        meta["reject_invalid_events"] = draw(st.booleans())
    if _often(draw, 4):
        meta["event_normalizer"] = draw(st.sampled_from(["lower", "upper"]))
    machine = {
        "meta": meta,
        "states": draw(st.permutations(tree.states)),
        "transitions": draw(st.permutations(transitions)),
    }
    if draw(st.booleans()):
        machine["state_variables"] = [{"key": "n", "default": draw(values)}, {"key": "xs", "default": [0]}, "m"]
    return machine


def _names(draw: st.DrawFn, tree: _Tree, choices: list[str]) -> _Names:
    """Every way to name a state; on the way states declare points."""
    kinds = {state["name"]: state.get("type") for state in tree.states}
    states = [name for name, kind in kinds.items() if kind != "choice"]
    compounds = tree.named(compound=True)
    sources = [name for name in states if kinds[name] != "terminal"]
    remembered = [f"{kind}({name})" for name in compounds for kind in ("H", "H*")]
    targets = [*states, *choices, *remembered, *remembered]
    for state in tree.states:
        inside = [name for name in states if state["name"] in tree.ancestors[name]]
        if inside and draw(st.booleans()):
            entry, leaving = draw(st.sampled_from(inside)), draw(st.sampled_from(inside))
            state["entry_points"], state["exit_points"] = [entry], [leaving]
            targets.append(f"{state['name']}:{entry}")
            if kinds[leaving] != "terminal":
                sources.append(f"{state['name']}:{leaving}")
    return _Names(sources, targets, choices)


@st.composite
def _transitions(draw: st.DrawFn, names: _Names) -> dict[str, Any]:
    occasion = draw(
        st.sampled_from(["event", "event", "event", "event", "event", "event", "event", "auto", "after", "named after"])
    )
    sources = st.sampled_from(names.sources)
    transition: dict[str, Any] = {"source": draw(sources)}
    is_timed = "after" in occasion
    if _often(draw, 3):
        anywhere = [] if is_timed else ["*"]
        named = st.sampled_from([*names.sources, *anywhere])
        transition["source"] = draw(st.lists(named, min_size=1, max_size=3, unique=True))
    elif not is_timed and _often(draw, 4):
        transition["source"] = "*"
    if occasion in ("event", "named after"):
        transition["trigger"] = draw(st.sampled_from(TRIGGERS))
    if is_timed:
        transition["after"] = draw(delays)
    if occasion == "auto":
        transition["auto"] = True
        if draw(st.booleans()):
            transition["trigger"] = "label"
    if _often(draw, 5):
        transition["internal"] = True
        if isinstance(transition["source"], str) and transition["source"] != "*" and draw(st.booleans()):
            transition["dest"] = transition["source"].rpartition(":")[2]
    else:
        transition["dest"] = draw(st.sampled_from(names.targets))
    fewest = int(occasion == "auto" and not _often(draw, 8))
    return {**transition, **draw(_details(fewest))}


@st.composite
def _branches(draw: st.DrawFn, tree: _Tree, names: _Names, index: int) -> dict[str, Any]:
    """A branch of a choice; choices lead to later ones only. Its trigger means nothing there (S7.3)."""
    targets = [name for name in names.targets if name not in names.choices[: index + 1]]
    branch: dict[str, Any] = {"source": names.choices[index], "dest": draw(st.sampled_from(targets))}
    trigger = draw(st.sampled_from(["branch", *TRIGGERS]))
    if _often(draw, 4):
        branch["source"] = [names.choices[index], draw(st.sampled_from(names.sources))]
    return {"trigger": trigger, **branch, **draw(_details(0))}


@st.composite
def _details(draw: st.DrawFn, fewest_guards: int) -> dict[str, Any]:
    details: dict[str, Any] = {"actions": draw(plans)}
    if fewest_guards or _often(draw, 3):
        details["guards"] = draw(st.lists(guards, min_size=fewest_guards, max_size=2))
    if _often(draw, 3):
        details["priority"] = draw(st.integers(-1, 1))
    return details


contexts = st.fixed_dictionaries(
    {},
    optional={
        "n": values,
        "m": st.integers(-1, 2),
        "xs": st.one_of(st.lists(st.integers(0, 2), max_size=2), st.none()),
        "g1": flags,
        "g2": flags,
    },
)
payloads = st.one_of(st.just({}), st.just({}), contexts)
_odd = ("branch", "unheard_of", "GO", "Poke", "label", "_start", "_auto_s0", "_timeout_s0", "_after_s0_500_ms", "")
happenings = st.one_of(
    *[st.tuples(st.just("send"), st.sampled_from(TRIGGERS), payloads)] * 6,
    st.tuples(st.just("send"), st.sampled_from(_odd), payloads),
    st.tuples(st.just("advance"), st.sampled_from([0, 99, 100, 400, 500, 1000, 5000])),
    st.tuples(st.just("restore")),
)
scripts = st.lists(happenings, min_size=10, max_size=30)
