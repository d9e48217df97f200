"""From the checked document to the resolved machine: order, choices, context (S2, S7, S10), and what is warned of."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pystator_gen import model
from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source
from support.machines import codes, problems


def resolved(yaml: str) -> model.Machine:
    (unit,), _ = compile_source(Source("machine.yaml", dedent(yaml)))
    return unit.machine


def targets(machine: model.Machine, state: str, trigger: str) -> list[str]:
    """Where the candidates of a state lead, in the order in which they are asked."""
    (row,) = (row for row in machine.rows if row.state.name == state)
    return [candidate.target.name for candidate in row.on[trigger]]


def test_candidates_are_ordered_by_priority_and_then_by_definition() -> None:
    """S2.1: lower first, absent is 0."""
    machine = resolved("""
        states: [{name: a, type: initial}, {name: b}, {name: c}, {name: d}, {name: e}]
        transitions:
          - {trigger: go, source: a, dest: b, priority: 1, guards: [g]}
          - {trigger: go, source: a, dest: c, guards: [g]}
          - {trigger: go, source: a, dest: d, priority: 0, guards: [g]}
          - {trigger: go, source: a, dest: e, priority: -1, guards: [g]}
    """)
    assert targets(machine, "a", "go") == ["e", "c", "d", "b"]


def test_wildcards_are_asked_last_whatever_their_priority() -> None:
    """S2.3: in every state that is not terminal."""
    machine = resolved("""
        states: [{name: a, type: initial}, {name: b}, {name: c}, {name: end, type: terminal}]
        transitions:
          - {trigger: go, source: "*", dest: c, priority: -100, guards: [g]}
          - {trigger: go, source: [a, b], dest: b, guards: [g]}
          - {trigger: go, source: "*", dest: end}
    """)
    assert targets(machine, "a", "go") == ["b", "c", "end"]
    assert targets(machine, "c", "go") == ["c", "end"]
    assert [row.on for row in machine.rows if row.state.name == "end"] == [{}]


def test_a_choice_becomes_one_candidate_for_each_way_through_it() -> None:
    """S7.3: guards of the arrow, then of the branch; exit, all legs in order, entry."""
    machine = resolved("""
        states:
          - {name: a, type: initial, on_exit: [leave]}
          - {name: first, type: choice}
          - {name: second, type: choice}
          - {name: b, on_enter: [arrive]}
        transitions:
          - {trigger: go, source: a, dest: first, guards: [g0], actions: [a0]}
          - {auto: true, source: first, dest: second, guards: [g1], actions: [a1]}
          - {trigger: whatever, source: first, dest: a, priority: 1}
          - {auto: true, source: second, dest: b, guards: [g2], actions: [a2]}
    """)
    (row,) = (row for row in machine.rows if row.state.name == "a")
    through, back = row.on["go"]
    assert [guard.name for guard in through.guards if isinstance(guard, model.NamedGuard)] == ["g0", "g1", "g2"]
    left = [planned for state in through.exit for planned in state.exit]
    entered = [planned for state in through.way.entry for planned in state.entry]
    plans = (left, through.actions, entered)
    assert [[item.name for p in plan for item in p.items if isinstance(item, model.NamedAction)] for plan in plans] == [
        ["leave"],
        ["a0", "a1", "a2"],
        ["arrive"],
    ]
    assert (through.target.name, back.target.name) == ("b", "a")
    assert "whatever" not in [trigger.name for trigger in machine.triggers]


def test_the_context_has_variables_payload_fields_and_what_effects_write() -> None:
    """Where two declarations differ, the type is open."""
    machine = resolved("""
        state_variables: [{key: qty, type: integer}]
        events:
          - {name: go, payload: {qty: string, note: string, both: integer}}
          - {name: stop, payload: {both: string}}
        states:
          - {name: a, type: initial, on_enter: [{timestamp: at}, {increment: count}, {append: {field: log, value: x}}]}
        transitions:
          - trigger: go
            source: a
            internal: true
            actions: [{set: {flag: true, n: 1.5, l: [], o: {}, t: x, z: null}}]
          - {trigger: stop, source: a, internal: true, actions: [{compute: {total: "qty + 1"}}, {clear: gone}]}
    """)
    assert {key.key: str(key.type) for key in machine.keys} == {
        "qty": "integer",
        "note": "string",
        "both": "any",
        "at": "string",
        "count": "integer",
        "log": "array",
        "flag": "boolean",
        "n": "number",
        "l": "array",
        "o": "object",
        "t": "string",
        "z": "any",
        "total": "any",
    }


@pytest.mark.parametrize("kind", ["datetime", "datetime?"])
def test_a_timestamp_writes_a_moment_where_the_variable_is_one(kind: str) -> None:
    """S8.2."""
    machine = resolved(f"""
        state_variables: [{{key: at, type: "{kind}"}}]
        states: [{{name: a, type: initial, on_enter: [{{timestamp: at}}, {{timestamp: other}}]}}]
        transitions: []
    """)
    effects = [item for planned in machine.initial.entry for item in planned.items]
    assert [effect.as_text for effect in effects if isinstance(effect, model.Effect)] == [False, True]


def test_what_one_use_of_a_guard_leaves_out_is_optional() -> None:
    machine = resolved("""
        states: [{name: a, type: initial}]
        transitions:
          - {trigger: go, source: a, dest: a, guards: [{name: g, params: {x: 1, y: a}}]}
          - {trigger: stop, source: a, dest: a, guards: [{not: {name: g, params: {x: 2.5}}}]}
    """)
    (guard,) = machine.guards
    assert {(param.key, param.values, param.always) for param in guard.params} == {
        ("x", (1, 2.5), True),
        ("y", ("a",), False),
    }


def test_a_fallback_state_counts_as_reachable() -> None:
    yaml = """
        states: [{name: a, type: initial}, {name: lost, type: error}]
        transitions: []
    """
    assert codes(yaml) == ["PG062"]
    assert codes(f"{dedent(yaml)}error_policy: {{default_fallback: lost}}") == []


def test_a_guarded_automatic_transition_is_no_certain_loop() -> None:
    """S7.2: only what is certain from the definition is refused."""
    assert (
        codes("""
            states: [{name: a, type: initial}, {name: b}]
            transitions:
              - {auto: true, source: a, dest: b}
              - {auto: true, source: b, dest: a, guards: [g]}
        """)
        == []
    )


def test_two_invariants_of_one_name_are_refused() -> None:
    """S10.1: a result tells them by name, and neither may silently replace the other."""
    (problem,) = problems("""
        states: [{name: a, type: initial}]
        transitions: []
        context_invariants:
          - {name: positive, expr: "x > 0"}
          - {expr: "x > 1"}
          - {name: positive, expr: "x > 2"}
    """)
    assert (problem.code, problem.span.line) == ("PG036", 7)
    assert problem.related[0][0].line == 5


def test_all_problems_of_a_machine_are_told_at_once() -> None:
    """S11.3."""
    found = problems("""
        states: [{name: a, type: initial}, {name: c, type: choice}, {name: end, type: terminal}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [{expr: "1 +"}]}
          - {trigger: back, source: end, dest: a}
    """)
    assert sorted(problem.code for problem in found) == ["PG050", "PG052", "PG055", "PG060"]


JOINING = """
    states:
      - {{name: idle, type: initial}}
      - name: both
        regions:
          - {{name: left, initial: {initial}, states: [one, two], final: two}}
          - {{name: right, initial: three, states: [three]}}
      - {{name: one}}
      - {{name: two}}
      - {{name: three}}
    transitions:
      - {{trigger: begin, source: idle, dest: both}}
      - {{trigger: go, source: one, dest: two}}
      - {{trigger: back, source: two, dest: one}}
      - {join}
"""


@pytest.mark.parametrize(
    ("initial", "join", "loops"),
    [
        ("two", "{trigger: _join_both, source: both, dest: both}", True),
        ("one", "{trigger: _join_both, source: both, dest: both}", False),
        ("one", "{trigger: _join_both, source: both, dest: two}", True),
        ("two", "{trigger: _join_both, source: both, dest: one}", False),
        ("two", "{trigger: _join_both, source: both, dest: both, guards: [g]}", False),
        ("one", "{trigger: _join_both, source: both, internal: true}", True),
        ("one", "{trigger: _join_both, source: both, internal: true, guards: [g]}", False),
        ("two", "{trigger: _join_both, source: both, dest: idle}", False),
    ],
)
def test_a_join_that_finds_its_regions_finished_again_is_a_certain_loop(initial: str, join: str, loops: bool) -> None:
    """S6.6, S7.2."""
    assert ("PG057" in codes(JOINING.format(initial=initial, join=join))) is loops


def test_a_join_is_no_certain_loop_where_a_region_takes_something_first() -> None:
    """S7.1: the container's level is asked only if no region takes anything."""
    moving = "{trigger: _join_both, source: both, internal: true}\n      - {auto: true, source: three, dest: idle}"
    assert "PG057" not in codes(JOINING.format(initial="two", join=moving))


def test_what_only_a_join_leads_to_that_never_fires_is_not_reachable() -> None:
    machine = """
        states:
          - {name: both, type: initial, regions: [{name: left, initial: one, states: [one]}]}
          - {name: one}
          - {name: done}
        transitions: [{trigger: _join_both, source: both, dest: done}]
    """
    assert sorted(codes(machine)) == ["PG062", "PG076"]
