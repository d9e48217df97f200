"""Guards of the application: what they are given, and async ones (S5.5, S5.6)."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import Future
from typing import Any

import pytest

from pystator_runtime import GuardError, InvalidTransitionError
from support.doors import Door, bound, placed

PARAMS = """
    states: [{name: a, type: initial}, {name: b}]
    transitions:
      - {trigger: go, source: a, dest: b, guards: [{name: g, params: {limit: 3, tags: [x]}}]}
      - {trigger: plain, source: a, dest: b, guards: [g]}
    """


class Method:
    def guard(self, ctx: Any, limit: int) -> bool:
        return bool(ctx["_guard_params"]["limit"] == limit == 3)


class Callable_:  # noqa: N801
    def __call__(self, ctx: Any, *, limit: int, tags: list[str]) -> bool:
        return limit == 3 and tags == ["x"]


def variadic(ctx: Any, **params: Any) -> bool:
    return params == {"limit": 3, "tags": ["x"]}


def ignoring(ctx: Any) -> bool:
    return dict(ctx["_guard_params"]) == {"limit": 3, "tags": ["x"]}


def some(ctx: Any, /, limit: int = 0) -> bool:
    return limit == 3


def positional(*args: Any, tags: list[str]) -> bool:
    return tags == ["x"] and len(args) == 1


def partial_target(extra: int, ctx: Any, limit: int) -> bool:
    return (extra, limit) == (7, 3)


def passing_on(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def taking_only_the_context(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(ctx: Any) -> Any:
        return function(ctx, **ctx["_guard_params"])

    return wrapper


async def asynchronous(ctx: Any, limit: int) -> bool:
    return limit == 3


SHAPES = {
    "method": Method().guard,
    "callable": Callable_(),
    "variadic": variadic,
    "ignoring": ignoring,
    "some": some,
    "positional": positional,
    "partial": functools.partial(partial_target, 7),
    "decorated": passing_on(some),
    "decorated-ignoring": passing_on(ignoring),
    "decorated-narrowly": taking_only_the_context(variadic),
    "lambda": lambda ctx, limit: limit == 3,
}


class Own:
    def guard(self, ctx: Any, limit: int) -> bool:
        return limit == 3 and ctx["_guard_params"]["ctx"] == 1

    def taking_any(self, ctx: Any, **params: Any) -> bool:
        return params == {"limit": 3, "tags": ["x"]}

    def taking_any_but_the_context(self, ctx: Any, /, **params: Any) -> bool:
        return params == {"limit": 3, "tags": ["x"], "ctx": 1}

    def __call__(self, ctx: Any, **params: Any) -> bool:
        return params == {"limit": 3, "tags": ["x"]}


@pytest.mark.parametrize(
    "function",
    [
        Own().guard,
        Own().taking_any,
        Own().taking_any_but_the_context,
        Own(),
        lambda ctx, limit: limit == 3,
        variadic,
        functools.partial(Own.taking_any, Own()),
        passing_on(variadic),
        passing_on(Own().taking_any),
        Callable_(),
    ],
    ids=[
        "method",
        "any",
        "any-positional",
        "instance",
        "lambda",
        "variadic",
        "partial",
        "decorated",
        "both",
        "callable",
    ],
)
def test_a_param_that_is_called_like_the_context_is_no_keyword(door: Door, function: Any) -> None:
    """S5.6"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [{name: g, params: {ctx: 1, limit: 3, tags: [x]}}]}
        """,
        guards={"g": function},
    )
    assert door(machine, "a", "go").state == "b"


@pytest.mark.parametrize("function", SHAPES.values(), ids=SHAPES)
def test_params_reach_a_guard_as_far_as_it_takes_them(door: Door, function: Any) -> None:
    """S5.6"""
    assert door(bound(PARAMS, guards={"g": function}), "a", "go").state == "b"


def test_params_reach_an_async_guard_too(async_door: Door) -> None:
    """S5.6"""
    assert async_door(bound(PARAMS, guards={"g": asynchronous}), "a", "go").state == "b"


def test_a_guard_without_params_finds_none(door: Door) -> None:
    """S5.6"""
    seen: list[Any] = []
    machine = bound(PARAMS, guards={"g": lambda ctx: seen.append(dict(ctx["_guard_params"])) or True})
    assert door(machine, "a", "plain").state == "b"
    assert seen == [{}]


def test_no_two_events_share_the_params_of_a_guard(door: Door) -> None:
    """S5.6, S8.9"""
    seen: list[list[str]] = []

    def spoiling(ctx: Any, tags: list[str]) -> bool:
        seen.append(list(tags))
        tags.append("spoilt")
        return True

    machine = bound(PARAMS, guards={"g": spoiling})
    door(machine, "a", "go")
    door(machine, "a", "go")
    assert seen == [["x"], ["x"]]


def test_a_guard_sees_the_event_and_in_a_session_the_entity(session_door: Door) -> None:
    """S8.4"""
    seen: list[Any] = []
    machine = bound(PARAMS, guards={"g": lambda ctx: seen.append(ctx) or True})
    session_door(machine, "a", "plain", {"n": 1}, {"m": 2})
    (ctx,) = seen
    assert (ctx["_event"].trigger, dict(ctx["_event"].payload)) == ("plain", {"m": 2})
    assert isinstance(ctx["_entity_id"], str)
    assert (ctx["n"], ctx["m"]) == (1, 2)


def test_a_guard_sees_the_event_at_the_stateless_doors() -> None:
    """S8.4"""
    seen: list[Any] = []
    machine = bound(PARAMS, guards={"g": lambda ctx: seen.append(ctx) or True})
    machine.process("a", "plain", {"n": 1})
    assert seen[0]["_event"].trigger == "plain"
    assert seen[0]["n"] == 1


# -- answers ----------------------------------------------------------------------------------------


async def _yields(ctx: Any) -> Any:
    yield False


NO_ANSWERS: dict[str, Any] = {
    "an async generator": _yields,
    "a generator": lambda ctx: (item for item in [False]),
    "a future of another thread": lambda ctx: Future(),
    "a function that nobody has called": lambda ctx: yes,
    "an object": lambda ctx: object(),
}


@pytest.mark.parametrize("function", NO_ANSWERS.values(), ids=NO_ANSWERS)
@pytest.mark.parametrize("form", ["g", "{not: g}", "{anyOf: [g, g]}"])
def test_what_does_not_say_what_its_truth_is_lets_nothing_through(door: Door, function: Any, form: str) -> None:
    """S5.3: such objects are all true"""
    outcome = door(asking(form, function), "a", "go")
    assert (outcome.state, type(outcome.result.error)) == ("a", InvalidTransitionError)
    assert "has to answer True or False" in str(outcome.result.metadata["guard_errors"])


# -- async guards ---------------------------------------------------------------------------------


async def yes(ctx: Any) -> bool:
    await asyncio.sleep(0)
    return True


async def fails(ctx: Any) -> bool:
    raise RuntimeError("cannot tell")


ASYNC_FORMS = {
    "plain": "g",
    "any of": '{anyOf: [{expr: "1 == 2"}, g]}',
    "all of": '{allOf: [{expr: "1 == 1"}, g]}',
    "not": "{not: {not: g}}",
}


def asking(form: str, function: Any) -> Any:
    return bound(
        f"""
        states: [{{name: a, type: initial}}, {{name: b}}]
        transitions: [{{trigger: go, source: a, dest: b, guards: [{form}]}}]
        """,
        guards={"g": function},
    )


@pytest.mark.parametrize("form", ASYNC_FORMS.values(), ids=ASYNC_FORMS)
def test_an_async_guard_is_awaited_on_an_async_path(async_door: Door, form: str) -> None:
    """S5.5"""
    assert async_door(asking(form, yes), "a", "go").state == "b"


@pytest.mark.parametrize("form", ASYNC_FORMS.values(), ids=ASYNC_FORMS)
@pytest.mark.parametrize("function", [yes, lambda ctx: yes(ctx)], ids=["async", "answers a coroutine"])
def test_an_async_guard_on_a_sync_path_raises_at_once_and_tells_the_way_out(
    sync_door: Door, form: str, function: Any
) -> None:
    """S5.5; a coroutine that nobody awaits would be a warning, and warnings are errors here"""
    machine = asking(form, function)
    with pytest.raises(GuardError, match=r"asend\(\)"):
        sync_door(machine, "a", "go")


def test_an_async_guard_of_an_automatic_transition_raises_on_a_sync_path(sync_door: Door) -> None:
    """S5.5, S7.1"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {auto: true, source: b, dest: c, guards: [g]}
        """,
        guards={"g": yes},
    )
    with pytest.raises(GuardError):
        sync_door(machine, "a", "go")
    with pytest.raises(GuardError):
        machine.create(initial_state="b")


def test_an_async_guard_of_an_automatic_transition_is_awaited(async_door: Door) -> None:
    """S5.5, S7.1"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {auto: true, source: b, dest: c, guards: [g]}
        """,
        guards={"g": yes},
    )
    assert async_door(machine, "a", "go").state == "c"


def test_a_session_is_as_it_was_after_an_async_guard_on_a_sync_path() -> None:
    """S5.5, S8.8"""
    session = placed(asking("g", yes), "a", {"n": 1})
    with pytest.raises(GuardError):
        session.go(m=2)
    assert (session.current_state, session.context) == ("a", {"n": 1})
    assert asyncio.run(session.asend("go", m=2)).success
    assert session.context == {"n": 1, "m": 2}


def test_an_async_guard_that_raises_is_unknown(async_door: Door) -> None:
    """S5.3, S5.5"""
    outcome = async_door(asking("{not: g}", fails), "a", "go")
    assert outcome.result.metadata["reason"] == "guards_failed"
    assert outcome.result.metadata["guard_errors"][0]["error"] == "RuntimeError: cannot tell"
