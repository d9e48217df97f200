"""What random machines ask, do and know, and scripts of what happens to their entities, for hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

TRIGGERS = ("go", "back", "poke")
ACTIONS = ("act", "beat", "call")
KEYS = ("n", "m", "xs")

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
short_plans = st.lists(_actions(), max_size=1)
delays = st.sampled_from([0, 100, 500, "500ms", "1s", "1.5s", "2s"])


def often(draw: st.DrawFn, one_in: int) -> bool:
    """True in one of so many cases; shrinks to false."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


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
_reserved = ("_start", "_auto_s0", "_join_s0", "_timeout_s0", "_after_s0_500_ms")
_odd = ("branch", "unheard_of", "GO", "Poke", "label", "", *_reserved)
happenings = st.one_of(
    *[st.tuples(st.just("send"), st.sampled_from(TRIGGERS), payloads)] * 6,
    st.tuples(st.just("send"), st.sampled_from(_odd), payloads),
    st.tuples(st.just("advance"), st.sampled_from([0, 99, 100, 400, 500, 1000, 5000])),
    st.tuples(st.just("restore")),
)
scripts = st.lists(happenings, min_size=10, max_size=30)
