"""What a transition leaves and enters in a tree of states, and in which order (S3)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import ActionError
from support.doors import bound
from support.walks import Walker


def _state(name: str, **more: Any) -> str:
    """A state that says when it is entered and left, by an action and by an effect each."""
    logged = ", ".join(
        f"{key}: [{word}{name}, {{append: {{field: log, value: {word}{name}}}}}]"
        for key, word in (("on_enter", "in_"), ("on_exit", "out_"))
    )
    options = "".join(f", {key}: {value}" for key, value in more.items())
    return f"{{name: {name}{options}, {logged}}}"


def _machine(states: dict[str, dict[str, Any]], *transitions: str) -> Any:
    listed = "\n".join(f"      - {_state(name, **options)}" for name, options in states.items())
    arrows = "\n".join(f"      - {{{transition}}}" for transition in transitions)
    return bound(f"    states:\n{listed}\n    transitions:\n{arrows}\n")


MACHINE = _machine(
    {
        "off": {"type": "initial"},
        "on": {"initial_child": "idle"},
        "idle": {"parent": "on"},
        "work": {"parent": "on", "initial_child": "prepare"},
        "prepare": {"parent": "work"},
        "run": {"parent": "work"},
        "other": {"initial_child": "other_leaf"},
        "other_leaf": {"parent": "other"},
    },
    "trigger: start, source: off, dest: on, actions: [do]",
    "trigger: deep, source: off, dest: run, actions: [do]",
    "trigger: next, source: prepare, dest: run, actions: [do, {append: {field: log, value: do}}]",
    "trigger: up, source: run, dest: idle, actions: [do]",
    "trigger: again, source: run, dest: run, actions: [do]",
    "trigger: to_parent, source: run, dest: work, actions: [do]",
    "trigger: to_grandparent, source: run, dest: 'on', actions: [do]",
    "trigger: restart, source: work, dest: work, actions: [do]",
    "trigger: inside, source: work, dest: run, actions: [do]",
    "trigger: across, source: work, dest: other, actions: [do]",
    "trigger: stop, source: 'on', dest: 'off', actions: [do]",
    "trigger: touch, source: ['on', work], internal: true, actions: [do]",
    "trigger: touch_named, source: work, dest: work, internal: true, actions: [do]",
    "trigger: reset, source: '*', dest: run, actions: [do]",
    "trigger: anything, source: '*', internal: true, actions: [do]",
)


@pytest.mark.parametrize(
    ("state", "trigger", "rests", "planned"),
    [
        # from outside: the destination's ancestors are entered first, its initial chain last
        ("off", "start", "idle", "out_off do in_on in_idle"),
        ("off", "deep", "run", "out_off do in_on in_work in_run"),
        # between siblings: their parent is the domain and stays
        ("prepare", "next", "run", "out_prepare do in_run"),
        # out of one compound into another part of the same ancestor
        ("run", "up", "idle", "out_run out_work do in_idle"),
        # a self-transition leaves and re-enters its state, and only that
        ("run", "again", "run", "out_run do in_run"),
        # to an enclosing compound: that one is left and re-entered
        ("run", "to_parent", "prepare", "out_run out_work do in_work in_prepare"),
        ("run", "to_grandparent", "idle", "out_run out_work out_on do in_on in_idle"),
        # taken at a compound, wherever inside the entity rests
        ("run", "restart", "prepare", "out_run out_work do in_work in_prepare"),
        ("prepare", "restart", "prepare", "out_prepare out_work do in_work in_prepare"),
        # from a compound to a state in it: the compound is the domain and stays
        ("prepare", "inside", "run", "out_prepare do in_run"),
        ("run", "inside", "run", "out_run do in_run"),
        # to another root: everything is left, innermost first
        ("run", "across", "other_leaf", "out_run out_work out_on do in_other in_other_leaf"),
        ("idle", "stop", "off", "out_idle out_on do in_off"),
        ("run", "stop", "off", "out_run out_work out_on do in_off"),
        # from anywhere, the domain is that of the active leaf
        ("off", "reset", "run", "out_off do in_on in_work in_run"),
        ("idle", "reset", "run", "out_idle do in_work in_run"),
        ("prepare", "reset", "run", "out_prepare do in_run"),
        ("run", "reset", "run", "out_run do in_run"),
        ("other_leaf", "reset", "run", "out_other_leaf out_other do in_on in_work in_run"),
        # internal: nothing is left or entered, and the leaf stays
        ("run", "touch", "run", "do"),
        ("idle", "touch", "idle", "do"),
        ("run", "touch_named", "run", "do"),
        ("other_leaf", "anything", "other_leaf", "do"),
    ],
)
def test_a_transition_leaves_and_enters_what_lies_below_its_domain(
    walk: Walker, state: str, trigger: str, rests: str, planned: str
) -> None:
    """S3.1-S3.4: exit innermost first, then the transition's own actions, then entry outermost first."""
    entity = walk(MACHINE, state)
    assert entity.did(trigger) == planned.split()
    assert entity.state == rests
    before, after = planned.split("do")
    result = entity.result
    assert [spec.name for spec in result.on_exit_actions] == before.split()
    assert [spec.name for spec in result.actions_to_execute] == ["do"]
    assert [spec.name for spec in result.on_enter_actions] == after.split()


def test_effects_are_applied_in_the_order_of_the_plan(walk: Walker) -> None:
    """S3.3, S8.2: those of all states that are left and entered."""
    entity = walk(MACHINE, "off")
    entity.go("start")
    assert entity.context["log"] == ["out_off", "in_on", "in_idle"]
    entity.go("reset", "up")
    assert entity.context["log"][3:] == ["out_idle", "in_work", "in_run", "out_run", "out_work", "in_idle"]
    entity = walk(MACHINE, "prepare")
    entity.go("next")
    assert entity.context["log"] == ["out_prepare", "do", "in_run"]


def test_an_internal_transition_of_a_compound_state_keeps_the_leaf_and_its_history(walk: Walker) -> None:
    """S3.4, S4.1: nothing is left, so nothing is recorded."""
    entity = walk(MACHINE, "run")
    result = entity.fire("touch")
    assert (result.source_state, result.target_state, result.history_updates) == ("run", "run", {})


def test_an_entity_that_comes_into_being_enters_the_whole_chain(walk: Walker) -> None:
    """S3.5: from the root down, effects included."""
    machine = _machine(
        {
            "outer": {"type": "initial", "initial_child": "middle"},
            "middle": {"parent": "outer", "initial_child": "inner"},
            "inner": {"parent": "middle"},
        },
        "trigger: go, source: inner, internal: true",
    )
    entity = walk(machine)
    assert entity.state == "inner"
    assert entity.context == {"log": ["in_outer", "in_middle", "in_inner"]}


@pytest.mark.parametrize(
    ("named", "rests", "entered"),
    [
        ("on", "idle", ["in_on", "in_idle"]),
        ("work", "prepare", ["in_on", "in_work", "in_prepare"]),
        ("run", "run", ["in_on", "in_work", "in_run"]),
        ("other", "other_leaf", ["in_other", "in_other_leaf"]),
        (None, "off", ["in_off"]),
    ],
)
def test_creating_in_a_named_state_enters_its_ancestors_too(named: str | None, rests: str, entered: list[str]) -> None:
    """S3.5: the same is planned for that state, from its root down; actions run only with `execute_actions`."""
    ran: list[str] = []
    actions = {name: lambda ctx, name=name: ran.append(name) for name in MACHINE.chart.actions}
    machine = MACHINE.unbound()
    for name, function in actions.items():
        machine.action(name)(function)
    session = machine.create("e1", {"n": 1}, named)
    assert (session.current_state, session.context) == (rests, {"n": 1, "log": entered})
    assert ran == []
    session = machine.create("e1", {"n": 1}, named, execute_actions=True)
    assert (session.current_state, session.context) == (rests, {"n": 1, "log": entered})
    assert ran == entered


def test_an_entity_whose_entry_fails_on_any_level_does_not_come_into_being() -> None:
    """S3.5, S8.2: `start` answers the failed result, `create` raises its error."""
    machine = bound("""
        states:
          - {name: outer, type: initial, initial_child: inner, on_enter: [{set: {n: 1}}]}
          - {name: inner, parent: outer, on_enter: [{compute: {m: "n + missing"}}]}
        transitions: [{trigger: go, source: inner, internal: true}]
    """)
    result = machine.start({})
    assert isinstance(result.error, ActionError)
    assert (result.target_state, result.changes) == (None, {})
    with pytest.raises(ActionError, match="nothing of the step is kept"):
        machine.create()
    assert machine.create(context={"missing": 2}).context == {"missing": 2, "n": 1, "m": 3}


def test_a_destination_that_is_entered_deep_enters_nothing_beside_the_way_to_it(walk: Walker) -> None:
    """S3.2: initial children are entered only below the declared destination."""
    machine = _machine(
        {
            "start": {"type": "initial"},
            "a": {"initial_child": "a1"},
            "a1": {"parent": "a", "initial_child": "a11"},
            "a11": {"parent": "a1"},
            "a2": {"parent": "a", "initial_child": "a21"},
            "a21": {"parent": "a2", "initial_child": "a211"},
            "a211": {"parent": "a21"},
            "a22": {"parent": "a2"},
        },
        "trigger: go, source: start, dest: a2",
        "trigger: swap, source: a2, dest: a1",
        "trigger: side, source: a21, dest: a22",
        "trigger: climb, source: a22, dest: a",
    )
    entity = walk(machine)
    assert entity.did("go") == ["out_start", "in_a", "in_a2", "in_a21", "in_a211"]
    assert entity.did("side") == ["out_a211", "out_a21", "in_a22"]
    assert entity.did("climb") == ["out_a22", "out_a2", "out_a", "in_a", "in_a1", "in_a11"]


@pytest.mark.parametrize("depth", [2, 5, 40])
def test_states_may_lie_deep_in_each_other(depth: int) -> None:
    """S1.1, S3.2."""
    states: dict[str, dict[str, Any]] = {"start": {"type": "initial"}}
    for level in range(depth):
        states[f"s{level}"] = {}
        if level:
            states[f"s{level}"]["parent"] = f"s{level - 1}"
        if level < depth - 1:
            states[f"s{level}"]["initial_child"] = f"s{level + 1}"
    machine = _machine(
        states,
        "trigger: go, source: start, dest: s0",
        "trigger: back, source: s0, dest: start",
        f"trigger: middle, source: s0, dest: s{depth // 2}",
    )
    session = machine.create()
    assert session.go().all_actions == ("out_start", *(f"in_s{level}" for level in range(depth)))
    assert session.current_state == f"s{depth - 1}"
    left = [f"out_s{level}" for level in reversed(range(depth // 2, depth))]
    assert session.middle().all_actions == (*left, *(f"in_s{level}" for level in range(depth // 2, depth)))
    assert session.back().all_actions == (*(f"out_s{level}" for level in reversed(range(depth))), "in_start")
