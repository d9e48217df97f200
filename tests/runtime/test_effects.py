"""What effects do to the context (S8.2, S8.3, S8.9)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pystator_runtime import ActionError
from support.doors import Door, after, bound


def having(actions: str, variables: str = "") -> Any:
    """A machine that goes from ``a`` to ``b`` with ``actions``."""
    return bound(
        f"""
        {variables}
        states: [{{name: a, type: initial}}, {{name: b}}]
        transitions:
          - {{trigger: go, source: a, dest: b, actions: {actions}}}
          - {{trigger: go, source: a, dest: b}}
        """
    )


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("[{set: {x: 1, y: [1, {z: null}], w: text}}]", {}, {"x": 1, "y": [1, {"z": None}], "w": "text"}),
    ("[{set: {x: 1}}]", {"x": 2, "y": 3}, {"x": 1, "y": 3}),
    ("[{increment: n}]", {"n": 2}, {"n": 3}),
    ("[{increment: n}]", {}, {"n": 1}),
    ("[{increment: n}]", {"n": 0.5}, {"n": 1.5}),
    ("[{decrement: n}]", {"n": 2}, {"n": 1}),
    ("[{decrement: n}]", {}, {"n": -1}),
    ("[{increment: n}, {increment: n}]", {}, {"n": 2}),
    ("[{append: {field: xs, value: 1}}]", {"xs": [0]}, {"xs": [0, 1]}),
    ("[{append: {field: xs, value: {k: [1]}}}]", {}, {"xs": [{"k": [1]}]}),
    ("[{append: {field: xs, value: 1}}, {append: {field: xs, value: 2}}]", {}, {"xs": [1, 2]}),
    ("[{clear: x}]", {"x": 1, "y": 2}, {"y": 2}),
    ("[{compute: {}}, {set: {}}, {compute: {}, when: x > 1}]", {"x": 1}, {"x": 1}),
    ("[{clear: x}]", {"y": 2}, {"y": 2}),
    ("[{clear: x}, {increment: x}]", {"x": 5}, {"x": 1}),
    ("[{set: {x: 1}}, {clear: x}]", {}, {}),
    ("[{set: {x: 1}}, {clear: x}]", {"x": 5}, {}),
    ('[{compute: {x: "n + 1", y: "x * 10"}}]', {"n": 1}, {"n": 1, "x": 2, "y": 20}),
    ('[{compute: {n: "n + 1", m: "n"}}]', {"n": 1}, {"n": 2, "m": 2}),
    ('[{increment: n}, {compute: {m: "n * 2"}}, {set: {n: 0}}]', {"n": 1}, {"n": 0, "m": 4}),
    ('[{increment: n, when: "n > 5"}, {increment: m, when: "n == 1"}]', {"n": 1}, {"n": 1, "m": 1}),
    ('[{increment: n}, {set: {late: 1}, when: "n == 2"}]', {"n": 1}, {"n": 2, "late": 1}),
]


@pytest.mark.parametrize(("actions", "before", "expected"), CASES, ids=[c[0] for c in CASES])
def test_effects_are_applied_in_planned_order(
    door: Door, actions: str, before: dict[str, Any], expected: dict[str, Any]
) -> None:
    """S8.2"""
    outcome = door(having(actions), "a", "go", before)
    assert outcome.result.success
    assert outcome.context == expected


@pytest.mark.parametrize(("actions", "before", "expected"), CASES, ids=[c[0] for c in CASES])
def test_changes_and_removed_tell_the_new_context_and_the_old_one_is_untouched(
    actions: str, before: dict[str, Any], expected: dict[str, Any]
) -> None:
    """docs/generated-module.md#results, S8.2"""
    given = copy.deepcopy(before)
    result = having(actions).process("a", "go", given)
    assert given == before
    assert after(result, given) == expected
    assert set(result.removed) <= set(before)
    assert not set(result.removed) & set(result.changes)


@pytest.mark.parametrize(
    ("actions", "context"),
    [
        ("[{increment: n}]", {"n": "1"}),
        ("[{increment: n}]", {"n": None}),
        ("[{increment: n}]", {"n": True}),
        ("[{increment: n}]", {"n": [1]}),
        ("[{decrement: n}]", {"n": False}),
        ("[{decrement: n}]", {"n": {}}),
        ("[{append: {field: xs, value: 1}}]", {"xs": None}),
        ("[{append: {field: xs, value: 1}}]", {"xs": "text"}),
        ("[{append: {field: xs, value: 1}}]", {"xs": {"a": 1}}),
        ('[{compute: {x: "missing + 1"}}]', {}),
        ('[{compute: {x: "1 / n"}}]', {"n": 0}),
        ('[{compute: {x: "n + 1", y: "x.upper()"}}]', {"n": 1}),
        ('[{set: {x: 1}, when: "missing > 1"}]', {}),
        ('[{name: act, when: "missing > 1"}]', {}),
        ('[{increment: n}, {increment: n, when: "n.x"}]', {}),
    ],
)
def test_a_failing_effect_fails_the_step_and_nothing_is_kept(door: Door, actions: str, context: dict[str, Any]) -> None:
    """S8.2, S8.3, S8.5; the second candidate, which would do, is not tried"""
    machine = having(actions.replace("[", "[{set: {first: 1}}, ", 1))
    outcome = door(machine, "a", "go", context, {"p": 1})
    assert type(outcome.result.error) is ActionError
    assert not outcome.result.success
    assert outcome.result.target_state is None
    assert (outcome.state, outcome.context) == ("a", context)
    assert outcome.result.all_actions == ()
    assert dict(outcome.result.changes) == {}
    assert outcome.result.removed == ()
    assert outcome.result.execution is None


def test_the_error_of_a_failing_effect_tells_why() -> None:
    """S8.2"""
    result = having("[{increment: n}]").process("a", "go", {"n": "x"})
    assert "'n' is 'x', which is not a number" in str(result.error)
    assert isinstance(result.error.__cause__, TypeError)


def test_an_event_can_be_sent_again_after_a_failing_effect() -> None:
    """S8.2, S8.8"""
    session = having("[{increment: n}]").create(context={"n": "x"})
    assert not session.go().success
    assert session.go(n=1).success
    assert session.context == {"n": 2}


def test_a_failing_effect_of_an_exit_or_entry_fails_the_step_too(door: Door) -> None:
    """S8.2, S3.3"""
    machine = bound(
        """
        states:
          - {name: a, type: initial, on_exit: [{increment: x}]}
          - {name: b, on_enter: [{increment: y}]}
        transitions: [{trigger: go, source: a, dest: b}]
        """
    )
    for wrong in ({"x": "t"}, {"y": "t"}):
        outcome = door(machine, "a", "go", wrong)
        assert type(outcome.result.error) is ActionError
        assert (outcome.state, outcome.context) == ("a", wrong)
    assert door(machine, "a", "go").context == {"x": 1, "y": 1}


def test_decimals_can_be_counted() -> None:
    """S8.2"""
    result = having("[{increment: n}]").process("a", "go", {"n": Decimal("1.5")})
    assert result.changes["n"] == Decimal("2.5")


TIMES = """
        state_variables:
          - {key: when, type: datetime}
          - {key: maybe, type: "datetime?"}
          - {key: as_text, type: string}
"""


def test_a_timestamp_is_the_steps_moment_as_its_variable_is_declared(door: Door) -> None:
    """S8.2"""
    machine = having(
        "[{timestamp: when}, {timestamp: maybe}, {timestamp: as_text}, {timestamp: undeclared}]",
        TIMES,
    )
    before = datetime.now(UTC)
    context = door(machine, "a", "go").context
    moment = context["when"]
    assert before <= moment <= datetime.now(UTC)
    assert moment.utcoffset() == timedelta(0)
    assert context["maybe"] == moment
    assert context["as_text"] == context["undeclared"] == moment.isoformat()
    assert datetime.fromisoformat(context["as_text"]) == moment


def test_one_step_has_one_moment_and_the_next_another() -> None:
    """S8.2"""
    machine = bound(
        """
        states:
          - {name: a, type: initial, on_exit: [{timestamp: left}]}
          - {name: b, on_enter: [{timestamp: entered}]}
          - {name: c, on_enter: [{timestamp: arrived}]}
        transitions:
          - {trigger: go, source: a, dest: b}
          - {auto: true, source: b, dest: c, guards: [{expr: "move"}]}
          - {trigger: back, source: [b, c], dest: a}
        """
    )
    session = machine.create(context={"move": True})
    session.go()
    first = dict(session.context)
    assert first["left"] == first["entered"] == first["arrived"]
    session.back()
    session.go()
    assert session.context["left"] > first["left"]


def test_no_literal_of_the_definition_is_ever_shared() -> None:
    """S8.9"""
    machine = having("[{set: {xs: [1], d: {k: [1]}}}, {append: {field: ys, value: [1]}}]")
    first = machine.create()
    first.go()
    first.context["xs"].append("spoilt")
    first.context["d"]["k"].append("spoilt")
    first.context["ys"][0].append("spoilt")
    second = machine.create()
    second.go()
    assert second.context == {"xs": [1], "d": {"k": [1]}, "ys": [[1]]}
    assert machine.process("a", "go", {}).changes == second.context


def test_appending_makes_a_new_list_and_leaves_the_callers_alone() -> None:
    """S8.2"""
    mine = [1]
    session = having("[{append: {field: xs, value: 2}}]").create(context={"xs": mine})
    session.go()
    assert session.context["xs"] == [1, 2]
    assert mine == [1]


def test_the_payload_stays_in_the_context_if_the_step_succeeds(door: Door) -> None:
    """S8.3"""
    outcome = door(having('[{compute: {sum: "n + p"}}]'), "a", "go", {"n": 1}, {"p": 2})
    assert outcome.context == {"n": 1, "p": 2, "sum": 3}


def test_the_payload_overwrites_the_context_and_guards_see_it(door: Door) -> None:
    """S8.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [{expr: "n == 2"}]}
          - {trigger: named, source: a, dest: b, guards: [g]}
        """,
        guards={"g": lambda ctx: ctx["n"] == 2},
    )
    for trigger in ("go", "named"):
        assert door(machine, "a", trigger, {"n": 1}, {"n": 2}).context == {"n": 2}
        assert door(machine, "a", trigger, {"n": 2}, {"n": 1}).context == {"n": 2}


def test_the_payload_of_an_event_that_is_refused_is_forgotten(session_door: Door) -> None:
    """S8.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [{expr: "n == 2"}]}
          - {trigger: elsewhere, source: b, dest: a}
        """
    )
    for trigger in ("go", "elsewhere"):
        assert session_door(machine, "a", trigger, {"n": 1}, {"p": 2}).context == {"n": 1}


def test_the_text_of_a_declared_date_or_decimal_is_set_as_one(door: Door) -> None:
    """S8.2: as the default of such a variable is"""
    machine = having(
        """[{set: {at: "2024-01-31T12:00:00", price: "1.50", label: "1.50"}}, {append: {field: prices, value: 2}}]""",
        """
        state_variables:
          - {key: at, type: "datetime?"}
          - {key: price, type: decimal}
          - {key: prices, type: "list[decimal]"}
          - {key: label, type: string}
        """,
    )
    context = door(machine, "a", "go").context
    assert context["at"] == datetime(2024, 1, 31, 12)
    assert (context["price"], context["label"]) == (Decimal("1.50"), "1.50")
    assert context["prices"] == [Decimal(2)]
    assert type(context["prices"][0]) is Decimal
