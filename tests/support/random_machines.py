"""Random flat machines and scripts of events, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TRIGGERS = ("go", "back", "poke")
GUARDS = ("g1", "g2")
ACTIONS = ("act", "beat", "call")
KEYS = ("n", "m", "xs")

expressions = st.sampled_from(["n > 0", "n + m > 2", "m % 2 == 0", "len(xs) < 2", "1 == 1", "nowhere == 1"])
values = st.one_of(st.integers(-2, 3), st.sampled_from(["text", None, True]))
flags = st.sampled_from([True, False, "raise"])

_simple_guards = st.one_of(
    st.sampled_from(GUARDS),
    st.builds(lambda text: {"expr": text}, expressions.filter(lambda text: "len" not in text)),
    st.builds(lambda key: {"check": {"field": key, "op": "is_set"}}, st.sampled_from(KEYS)),
    st.builds(
        lambda key, bound: {"check": {"field": key, "op": "gt", "value": bound}},
        st.sampled_from(KEYS[:2]),
        st.integers(-1, 2),
    ),
)
guards = st.recursive(
    _simple_guards,
    lambda children: st.one_of(
        st.builds(lambda child: {"not": child}, children),
        st.builds(lambda found: {"allOf": found}, st.lists(children, min_size=1, max_size=3)),
        st.builds(lambda found: {"anyOf": found}, st.lists(children, min_size=1, max_size=3)),
    ),
    max_leaves=4,
)

_effects = st.one_of(
    st.builds(lambda key, value: {"set": {key: value}}, st.sampled_from(KEYS[:2]), values),
    st.just({"set": {"xs": [1, [2]]}}),
    st.builds(lambda key: {"increment": key}, st.sampled_from(KEYS[:2])),
    st.builds(lambda key: {"decrement": key}, st.sampled_from(KEYS[:2])),
    st.builds(lambda value: {"append": {"field": "xs", "value": value}}, values),
    st.builds(lambda key: {"clear": key}, st.sampled_from(KEYS)),
    st.sampled_from([{"compute": {"m": "n + 1"}}, {"compute": {"n": "n * 2", "m": "n - 1"}}]),
)
_conditions = st.sampled_from(["n > 0", "m % 2 == 0", "1 == 1"])


def _with_condition(entry: Any, condition: str | None) -> Any:
    if condition is None:
        return entry
    return {**({"name": entry} if isinstance(entry, str) else entry), "when": condition}


plans = st.lists(
    st.builds(
        _with_condition,
        st.one_of(st.sampled_from(ACTIONS), _effects),
        st.one_of(st.none(), st.none(), _conditions),
    ),
    max_size=3,
)


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """A definition that the generator accepts."""
    names = [f"s{number}" for number in range(draw(st.integers(2, 4)))]
    kinds = ["initial", *(draw(st.sampled_from(["stable", "error", "terminal"])) for _ in names[1:])]
    states: list[dict[str, Any]] = [
        {"name": name, "type": kind, "on_enter": draw(plans), "on_exit": draw(plans)}
        for name, kind in zip(names, kinds, strict=True)
    ]
    leaving = [name for name, kind in zip(names, kinds, strict=True) if kind != "terminal"]
    targets = list(names)
    transitions: list[dict[str, Any]] = []
    if draw(st.booleans()):
        states.append({"name": "pick", "type": "choice"})
        targets.append("pick")
        for _ in range(draw(st.integers(1, 3))):
            branch = {"source": "pick", "trigger": "branch", "dest": draw(st.sampled_from(names))}
            transitions.append({**branch, **draw(_details(min_guards=0))})
    for _ in range(draw(st.integers(1, 7))):
        transitions.append(draw(_transition(leaving, targets)))
    return {
        "meta": {"strict_mode": draw(st.booleans())},
        "states": states,
        "transitions": draw(st.permutations(transitions)),
    }


@st.composite
def _details(draw: st.DrawFn, *, min_guards: int) -> dict[str, Any]:
    details: dict[str, Any] = {
        "guards": draw(st.lists(guards, min_size=min_guards, max_size=2)),
        "actions": draw(plans),
    }
    if draw(st.booleans()):
        details["priority"] = draw(st.integers(-1, 1))
    return details


@st.composite
def _transition(draw: st.DrawFn, leaving: list[str], targets: list[str]) -> dict[str, Any]:
    source: Any = draw(st.one_of(st.sampled_from(leaving), st.just("*")))
    if source != "*" and draw(st.booleans()):
        source = draw(st.lists(st.sampled_from([*leaving, "*"]), min_size=1, max_size=3, unique=True))
    automatic = draw(st.integers(0, 3)) == 0
    occasion = {"auto": True} if automatic else {"trigger": draw(st.sampled_from(TRIGGERS))}
    way = {"internal": True} if draw(st.integers(0, 4)) == 0 else {"dest": draw(st.sampled_from(targets))}
    return {**occasion, "source": source, **way, **draw(_details(min_guards=int(automatic)))}


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
events = st.tuples(st.sampled_from([*TRIGGERS, "branch", "unheard_of"]), contexts)
scripts = st.lists(events, min_size=1, max_size=8)
