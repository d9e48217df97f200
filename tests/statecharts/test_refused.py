"""What can't be meant: each with its place, its reason and, where there is one, the remedy (S11.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.machines import load, machine_class, problems, said, told

# -- nesting (S1) ----------------------------------------------------------------------------------------------


def test_a_parent_has_to_be_defined() -> None:
    assert said("name: on, type: initial/ name: b, parent: onn") == told(
        "m.yaml:3:23: error[PG050]: there is no state `onn`", "hint: did you mean `on`?"
    )
    assert said("name: on, type: initial/ name: b, parent: zebra") == told(
        "m.yaml:3:23: error[PG050]: there is no state `zebra`", "hint: define it in `states`"
    )


def test_a_parent_has_to_name_the_child_that_is_entered_with_it() -> None:
    """S1.2: said once, at the parent, however many children it has."""
    assert said("name: a, type: initial/ name: b, parent: a/ name: c, parent: a") == told(
        "m.yaml:2:12: error[PG067]: `a` has children but no `initial_child` (S1.2)",
        "hint: say which child is entered with it, as in `initial_child: b`",
        "m.yaml:3:23: `b` is a child of it",
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            "name: a, type: initial, initial_child: bb/ name: b, parent: a",
            told("m.yaml:2:45: error[PG050]: there is no state `bb`", "hint: did you mean `b`?"),
        ),
        (
            "name: a, type: initial, initial_child: c/ name: b, parent: a/ name: c",
            told(
                "m.yaml:2:45: error[PG067]: `c` is no child of `a`",
                "hint: name a state whose `parent` it is, such as `b`",
            ),
        ),
        (
            "name: a, type: initial, initial_child: c/ name: b, parent: a, initial_child: c/ name: c, parent: b",
            told(
                "m.yaml:2:45: error[PG067]: `c` is no child of `a`",
                "hint: name a state whose `parent` it is, such as `b`",
            ),
        ),
        (
            "name: a, type: initial, initial_child: c/ name: c",
            told(
                "m.yaml:2:45: error[PG067]: `c` is no child of `a`",
                "hint: `a` has no children: leave `initial_child` out, or say `parent: a` in one",
            ),
        ),
        (
            "name: a, type: initial, initial_child: H(a)/ name: b, parent: a",
            told("m.yaml:2:45: error[PG024]: `H(a)` is not a name", "hint: names consist of a-z, 0-9 and _"),
        ),
    ],
)
def test_an_initial_child_has_to_be_a_child(states: str, expected: list[str]) -> None:
    """S1.2: directly."""
    assert said(states) == expected


def test_a_choice_is_no_initial_child() -> None:
    """S7.3."""
    states = "name: a, type: initial, initial_child: c/ name: c, parent: a, type: choice/ name: b, parent: a"
    assert said(states, "trigger: x, source: c, dest: b") == told(
        "m.yaml:2:45: error[PG055]: `c` is a choice, which can't be the initial child of anything (S7.3)",
        "hint: name a child that can be rested in",
    )


def test_a_nested_state_is_not_the_initial_one() -> None:
    """S1.2: whether or not there is one at the root."""
    for root in ("", ", type: initial"):
        assert said(f"name: a{root}, initial_child: b/ name: b, parent: a, type: initial") == told(
            "m.yaml:3:32: error[PG067]: `b` lies in `a` and can't have `type: initial` (S1.2)",
            "hint: give the outermost state `type: initial`, and `a` an `initial_child`",
        )


@pytest.mark.parametrize(("kind", "rule"), [("terminal", "S1.3"), ("choice", "S7.3")])
@pytest.mark.parametrize("named", ["", ", initial_child: b"])
def test_what_is_never_rested_in_or_never_left_has_no_children(kind: str, rule: str, named: str) -> None:
    states = f"name: t, type: {kind}{named}/ name: b, parent: t/ name: c, parent: t/ name: a, type: initial"
    transitions = "trigger: x, source: t, dest: a" if kind == "choice" else ""
    assert said(states, transitions) == told(
        f"m.yaml:3:23: error[PG067]: `t` is a {kind} state and can't have children ({rule})",
        "hint: give `t` another type, or take `parent` away here",
        "m.yaml:2:21: here `t` is declared",
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("name: a, parent: a", ["m.yaml:3:23: error[PG067]: `a` can't be its own parent"]),
        ("name: a, parent: a, initial_child: a", ["m.yaml:3:23: error[PG067]: `a` can't be its own parent"]),
        (
            "name: a, parent: b, initial_child: b/ name: b, parent: a, initial_child: a",
            ["m.yaml:3:23: error[PG067]: `a` lies in itself: a in b in a"],
        ),
        (
            "name: d, parent: c/ name: a, parent: c/ name: b, parent: a/ name: c, parent: b/ name: e, parent: e",
            [
                "m.yaml:6:23: error[PG067]: `c` lies in itself: c in b in a in c",
                "m.yaml:7:23: error[PG067]: `e` can't be its own parent",
            ],
        ),
    ],
)
def test_states_that_lie_in_each_other_are_told_once_per_circle(states: str, expected: list[str]) -> None:
    """S1.1: a forest."""
    hint = "\n    hint: leave `parent` out at the outermost state"
    assert said(f"name: s, type: initial/ {states}") == [line + hint for line in expected]


def test_a_transition_can_not_leave_a_nested_terminal_state() -> None:
    """S1.3."""
    states = "name: a, type: initial, initial_child: b/ name: b, parent: a/ name: t, parent: a, type: terminal"
    assert said(states, "trigger: go, source: a, dest: t/ trigger: go, source: t, dest: a") == told(
        "m.yaml:7:27: error[PG052]: `t` is terminal: no transition can leave it (S1.3)",
        "hint: give the state another type, or take it out of `source`",
    )


def test_automatic_transitions_that_never_end_are_found_on_every_level() -> None:
    """S7.2: an ancestor's apply in each of its leaves."""
    states = "name: a, type: initial, initial_child: b/ name: b, parent: a/ name: c"
    assert said(states, "auto: true, source: a, dest: c/ auto: true, source: c, dest: a") == told(
        "m.yaml:3:12: error[PG057]: automatic transitions never come to rest: b -> c -> b (S7.2)",
        "hint: guard one of them, or let it wait for a trigger",
    )
    assert said(states, "auto: true, source: a, dest: b, after: 0/ trigger: go, source: b, dest: c") == []


# -- points (S12.2) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "column", "point", "kind"),
    [
        ("entry_points: [b, c]", 66, "c", "entry"),
        ("entry_points: c", 62, "c", "entry"),
        ("exit_points: [a]", 62, "a", "exit"),
    ],
)
def test_a_point_has_to_lie_in_the_state_that_declares_it(declared: str, column: int, point: str, kind: str) -> None:
    states = f"name: a, type: initial, initial_child: b, {declared}/ name: b, parent: a/ name: c"
    assert said(states, "trigger: go, source: c, dest: a") == told(
        f"m.yaml:2:{column}: error[PG068]: `{point}` does not lie in `a`, so it can't be an {kind} point of it",
        "hint: name a state whose `parent` is `a`, or one that lies deeper in it",
    )


def test_a_point_has_to_be_defined() -> None:
    assert said("name: a, type: initial, initial_child: b, exit_points: [b, nowhere]/ name: b, parent: a") == told(
        "m.yaml:2:65: error[PG050]: there is no state `nowhere`", "hint: define it in `states`"
    )


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        (
            "trigger: go, source: c, dest: 'a:out'",
            [
                "m.yaml:7:36: error[PG068]: `a` declares no entry point `out`",
                "hint: list it in the `entry_points` of `a`",
            ],
        ),
        (
            "trigger: go, source: 'a:inn', dest: c",
            [
                "m.yaml:7:27: error[PG068]: `a` declares no exit point `inn`",
                "hint: list it in the `exit_points` of `a`",
            ],
        ),
        (
            "trigger: go, source: c, dest: 'a:innn'",
            ["m.yaml:7:36: error[PG068]: `a` declares no entry point `innn`", "hint: did you mean `inn`?"],
        ),
        (
            "trigger: go, source: [c, 'x:inn'], dest: a",
            ["m.yaml:7:31: error[PG050]: there is no state `x`", "hint: define it in `states`"],
        ),
        (
            "trigger: go, source: c, dest: 'inn:inn'",
            [
                "m.yaml:7:36: error[PG068]: `inn` declares no entry point `inn`",
                "hint: list it in the `entry_points` of `inn`",
            ],
        ),
        (
            "trigger: go, source: c, dest: 'a:inn:out'",
            [
                "m.yaml:7:36: error[PG024]: `a:inn:out` is not a destination",
                "hint: write a state, `parent:entry_point`, `H(state)` or `H*(state)`; names: a-z, 0-9, _",
            ],
        ),
    ],
)
def test_a_point_has_to_be_declared(transition: str, expected: list[str]) -> None:
    states = (
        "name: a, type: initial, initial_child: inn, entry_points: [inn], exit_points: [out]"
        "/ name: inn, parent: a/ name: out, parent: a/ name: c"
    )
    assert told(*expected)[0] in said(states, transition)


# -- history (S4) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["H({})", "H*({})"])
@pytest.mark.parametrize(("name", "kind"), [("a", "initial"), ("b", "stable"), ("t", "terminal"), ("c", "choice")])
def test_only_a_compound_state_has_history(written: str, name: str, kind: str) -> None:
    """S4.2."""
    states = "name: a, type: initial/ name: b/ name: t, type: terminal/ name: c, type: choice"
    branch = "trigger: x, source: c, dest: a"
    first, *_ = said(states, f"{branch}/ trigger: go, source: a, dest: {written.format(name)}")
    assert [first] == told(
        f"m.yaml:8:36: error[PG069]: `{name}` has no children, and so no history to go back to (S4.2)",
        f"hint: write `{name}`",
    )


def test_the_state_of_a_history_has_to_be_defined() -> None:
    states = "name: on, type: initial, initial_child: b/ name: b, parent: on"
    assert said(states, "trigger: go, source: b, dest: H*(onn)") == told(
        "m.yaml:5:36: error[PG050]: there is no state `onn`", "hint: did you mean `on`?"
    )
    assert said(states.replace("initial_child", "timeout: {seconds: 5, destination: H(b)}, initial_child")) == told(
        "m.yaml:2:66: error[PG069]: `b` has no children, and so no history to go back to (S4.2)", "hint: write `b`"
    )


@pytest.mark.parametrize("written", ["h(a)", "'H (a)'", "H**(a)", "'H(a:b)'", "H()", "'*'", "H(A)"])
def test_history_is_written_in_one_way(written: str) -> None:
    (line,) = said(
        "name: a, type: initial, initial_child: b/ name: b, parent: a", f"trigger: go, source: b, dest: {written}"
    )
    assert line.startswith("m.yaml:5:36: error[PG024]: `")
    assert "`H(state)` or `H*(state)`" in line


def test_history_is_no_source() -> None:
    (line,) = said("name: a, type: initial, initial_child: b/ name: b, parent: a", "trigger: go, source: H(a), dest: a")
    assert line.startswith("m.yaml:5:27: error[PG024]: `H(a)` is not a source")


def test_an_internal_transition_does_not_lead_to_history() -> None:
    """S3.4: it stays where it is."""
    states = "name: a, type: initial, initial_child: b/ name: b, parent: a"
    assert said(states, "trigger: go, source: a, dest: H(a), internal: true") == told(
        "m.yaml:5:36: error[PG054]: an internal transition stays where it is, and can't lead to `H(a)` (S3.4)",
        "hint: leave `dest` out",
    )
    assert said(states, "trigger: go, source: a, dest: b, internal: true") == told(
        "m.yaml:5:36: error[PG054]: an internal transition stays where it is, but `b` is none of its sources (S3.4)",
        "hint: leave `dest` out",
    )


# -- time (S9) -------------------------------------------------------------------------------------------------

WHOLE = "hint: write milliseconds, or a number with ms, s, m, h or d: `1.5s`"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-5", ["error[PG032]: a delay can't be negative", WHOLE]),
        ("-1s", ["error[PG032]: a delay can't be negative", WHOLE]),
        ("1.5", ["error[PG032]: `1.5` is not a whole number of milliseconds", WHOLE]),
        ("0.0001s", ["error[PG032]: `0.0001s` is not a whole number of milliseconds", WHOLE]),
        ("0.5ms", ["error[PG032]: `0.5ms` is not a whole number of milliseconds", WHOLE]),
        ("soon", ["error[PG032]: `soon` is not a delay", WHOLE]),
        ("5 parsecs", ["error[PG032]: `5 parsecs` is not a delay", WHOLE]),
        ("5S", ["error[PG032]: `5S` is not a delay", WHOLE]),
        ("1h30m", ["error[PG032]: `1h30m` is not a delay", WHOLE]),
        (".inf", ["error[PG032]: `inf` is not a delay", WHOLE]),
        ("true", ["error[PG020]: `after` must be a number of milliseconds, or a text such as `5s`, not a boolean"]),
        ("[5s]", ["error[PG020]: `after` must be a number of milliseconds, or a text such as `5s`, not a list"]),
        ("36526d", ["error[PG027]: `after` must be at most 3155760000000"]),
    ],
)
def test_a_delay_that_is_none_is_refused(written: str, expected: list[str]) -> None:
    """S9.1."""
    headline, *hints = expected
    assert said("name: a, type: initial/ name: b", f"source: a, dest: b, after: {written}") == told(
        f"m.yaml:5:33: {headline}", *hints
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("0", "error[PG027]: `seconds` must be more than 0"),
        ("-1", "error[PG027]: `seconds` must be more than 0"),
        ("0.0005", "error[PG032]: `0.0005` seconds are no whole number of milliseconds"),
        ("1.0001", "error[PG032]: `1.0001` seconds are no whole number of milliseconds"),
        ("5s", "error[PG020]: `seconds` must be a plain number of seconds, not text"),
        ("'5'", "error[PG020]: `seconds` must be a plain number of seconds, not text"),
        ("true", "error[PG020]: `seconds` must be a number, not a boolean"),
        (".inf", "error[PG027]: `seconds` must be a finite number"),
        (".nan", "error[PG027]: `seconds` must be a finite number"),
        ("3155760001", "error[PG027]: `seconds` must be at most 3155760000"),
    ],
)
def test_a_timeout_that_is_none_is_refused(seconds: str, expected: str) -> None:
    """S9.3."""
    states = f"name: a, type: initial, timeout: {{seconds: {seconds}, destination: b}}/ name: b"
    assert said(states) == [f"m.yaml:2:49: {expected}"]


def test_a_timeout_needs_seconds_and_an_existing_destination() -> None:
    """S9.3."""
    assert said("name: a, type: initial, timeout: {seconds: 5}") == [
        "m.yaml:2:39: error[PG021]: the key `destination` is missing"
    ]
    assert said("name: a, type: initial, timeout: {destination: a}") == [
        "m.yaml:2:39: error[PG021]: the key `seconds` is missing"
    ]
    assert said("name: a, type: initial, timeout: 5") == [
        "m.yaml:2:39: error[PG020]: `timeout` must be a mapping, not a number"
    ]
    assert said("name: on, type: initial, timeout: {seconds: 5, destination: onn}") == told(
        "m.yaml:2:66: error[PG050]: there is no state `onn`", "hint: did you mean `on`?"
    )


@pytest.mark.parametrize(("source", "column"), [("'*'", 14), ("[a, '*']", 18)])
def test_a_delayed_transition_does_not_start_from_anywhere(source: str, column: int) -> None:
    """S9.1."""
    assert said("name: a, type: initial/ name: b", f"source: {source}, dest: b, after: 5s") == told(
        f"m.yaml:5:{column}: error[PG072]: a delayed transition belongs to the states it starts from, "
        "so its source can't be `*` (S9.1)",
        "hint: name the states in which it waits; a compound state stands for all that lie in it",
    )


@pytest.mark.parametrize(("source", "column"), [("c", 45), ("[c, a]", 50)])
def test_a_branch_of_a_choice_is_not_delayed(source: str, column: int) -> None:
    """S7.3."""
    transitions = f"trigger: x, source: {source}, dest: b, after: 1/ trigger: go, source: a, dest: b"
    assert said("name: a, type: initial/ name: b/ name: c, type: choice", transitions) == told(
        f"m.yaml:6:{column}: error[PG072]: a branch of choice `c` can't be delayed: a choice is never rested in (S7.3)",
        "hint: take `after` away, or let it wait in a state before or behind the choice",
    )


@pytest.mark.parametrize(("kind", "rule", "column"), [("terminal", "S1.3", 40), ("choice", "S7.3", 38)])
def test_what_is_never_left_or_never_rested_in_has_no_timeout(kind: str, rule: str, column: int) -> None:
    states = f"name: t, type: {kind}, timeout: {{seconds: 5, destination: a}}/ name: a, type: initial"
    assert said(states, "trigger: x, source: t, dest: a" if kind == "choice" else "") == told(
        f"m.yaml:2:{column}: error[PG072]: `t` is a {kind} state, which no timeout can leave ({rule})",
        "hint: give the state another type, or take its `timeout` away",
    )


def test_a_delayed_transition_out_of_a_terminal_state_is_one_that_leaves_it() -> None:
    """S1.3."""
    (line,) = said("name: a, type: initial/ name: t, type: terminal", "source: t, dest: a, after: 5s")
    assert line.startswith("m.yaml:5:14: error[PG052]: `t` is terminal")


def test_choices_that_lead_in_a_circle_are_told_once_however_many_branches_do() -> None:
    """S7.3."""
    branch = "trigger: x, source: c, dest: c"
    assert said("name: a, type: initial/ name: c, type: choice", f"{branch}/ {branch}") == told(
        "m.yaml:3:12: error[PG056]: choices lead in a circle: c -> c",
        "hint: let one of them lead to a state that can be rested in",
    )


# -- everything at once ----------------------------------------------------------------------------------------


def test_what_is_wrong_in_the_tree_does_not_hide_what_is_wrong_elsewhere() -> None:
    """S11.3: one run tells everything."""
    lines = said(
        "name: a, type: initial, initial_child: x/ name: b, parent: q/ name: c, parent: b/ name: d, parent: d"
        "/ name: e, entry_points: [a], timeout: {seconds: 1, destination: H(a)}",
        "trigger: go, source: a, dest: nowhere/ trigger: go, source: a, dest: H(c)"
        "/ trigger: go, source: a, dest: 'b:c', guards: [{expr: 'import os'}]/ source: '*', dest: a, after: 1",
    )
    places = [[*line.split(":", 3)[1:3], line.split("[")[1][:5]] for line in lines]
    assert places == [
        ["2", "45", "PG050"],
        ["3", "12", "PG067"],
        ["3", "23", "PG050"],
        ["5", "23", "PG067"],
        ["6", "30", "PG068"],
        ["6", "69", "PG069"],
        ["8", "36", "PG050"],
        ["9", "36", "PG069"],
        ["10", "36", "PG068"],
        ["10", "60", "PG060"],
        ["11", "14", "PG072"],
    ]


_NAMES = ("a", "b", "c", "d")
_maybe = st.one_of(st.none(), st.sampled_from((*_NAMES, "e")))


@st.composite
def _any_tree(draw: st.DrawFn) -> dict[str, Any]:
    """States that lie in each other in any way, sensible or not."""
    states: list[dict[str, Any]] = []
    for name in _NAMES:
        state = {"name": name, "parent": draw(_maybe), "initial_child": draw(_maybe)}
        kind = draw(st.sampled_from(["initial", "stable", "stable", "terminal", "choice"]))
        points = {"entry_points": [draw(st.sampled_from(_NAMES))]} if draw(st.booleans()) else {}
        states.append({key: value for key, value in state.items() if value is not None} | {"type": kind} | points)
    destinations = st.sampled_from([*_NAMES, "H(a)", "H*(b)", "c:d", "a:b"])
    transitions = [
        {"trigger": "go", "source": draw(st.sampled_from([*_NAMES, "*"])), "dest": draw(destinations)}
        for _ in range(draw(st.integers(0, 3)))
    ]
    return {"states": states, "transitions": transitions}


@settings(deadline=None)
@given(_any_tree())
def test_however_states_lie_in_each_other_the_machine_loads_or_is_refused_with_reasons(machine: Any) -> None:
    """S11.3: nothing hangs or crashes, and what is not refused can be used."""
    if any(problem.is_error for problem in problems(json.dumps(machine))):
        return
    kind = machine_class(load(json.dumps(machine)))
    for state in kind.chart.rows:
        kind().process(state, "go", {})
