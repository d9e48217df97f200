"""History: what compound states remember, and how one goes back to it (S4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.doors import bound
from support.machines import codes, problems
from support.walks import Walker

YAML = """
    states:
      - {name: off, type: initial, on_exit: [out_off]}
      - {name: on, initial_child: idle, on_enter: [in_on], on_exit: [out_on]}
      - {name: idle, parent: on, on_enter: [in_idle], on_exit: [out_idle]}
      - {name: work, parent: on, initial_child: prepare, on_enter: [in_work], on_exit: [out_work]}
      - {name: prepare, parent: work, on_enter: [in_prepare], on_exit: [out_prepare]}
      - {name: run, parent: work, initial_child: slow, on_enter: [in_run], on_exit: [out_run]}
      - {name: slow, parent: run, on_enter: [in_slow], on_exit: [out_slow]}
      - {name: fast, parent: run, on_enter: [in_fast], on_exit: [out_fast]}
    transitions:
      - {trigger: start, source: off, dest: on}
      - {trigger: work, source: idle, dest: work}
      - {trigger: run, source: prepare, dest: run}
      - {trigger: faster, source: slow, dest: fast}
      - {trigger: idle, source: work, dest: idle}
      - {trigger: stop, source: "on", dest: off}
      - {trigger: shallow, source: off, dest: H(on)}
      - {trigger: deep, source: off, dest: H*(on)}
      - {trigger: shallow_work, source: [off, idle], dest: H(work)}
      - {trigger: deep_work, source: [off, idle], dest: H*(work)}
      - {trigger: again, source: "on", dest: H(on)}
      - {trigger: again_deep, source: "on", dest: H*(on)}
      - {trigger: redo, source: "on", dest: H*(work)}
    """
MACHINE = bound(YAML)


def _left_fast(walk: Walker) -> Any:
    """An entity that is off and was running fast before."""
    entity = walk(MACHINE)
    entity.go("start", "work", "run", "faster", "stop")
    return entity


@pytest.mark.parametrize(
    ("trigger", "rests"),
    [("shallow", "idle"), ("deep", "idle"), ("shallow_work", "prepare"), ("deep_work", "prepare")],
)
def test_where_nothing_is_remembered_history_is_the_initial_leaf(walk: Walker, trigger: str, rests: str) -> None:
    """S4.2."""
    assert walk(MACHINE).go(trigger) == rests


@pytest.mark.parametrize(
    ("trigger", "rests", "entered"),
    [
        ("shallow", "prepare", ["in_on", "in_work", "in_prepare"]),
        ("deep", "fast", ["in_on", "in_work", "in_run", "in_fast"]),
        ("shallow_work", "slow", ["in_on", "in_work", "in_run", "in_slow"]),
        ("deep_work", "fast", ["in_on", "in_work", "in_run", "in_fast"]),
    ],
)
def test_shallow_history_is_the_last_child_and_deep_history_the_last_leaf(
    walk: Walker, trigger: str, rests: str, entered: list[str]
) -> None:
    """S4.2: the child is entered down to its own initial leaf; every level is entered in order."""
    entity = _left_fast(walk)
    assert entity.did(trigger) == ["out_off", *entered]
    assert entity.state == rests


def test_every_compound_state_that_is_left_records_the_leaf_it_was_left_in(walk: Walker) -> None:
    """S4.1."""
    entity = walk(MACHINE)
    entity.go("start", "work", "run", "faster")
    assert entity.history == {}
    assert entity.fire("stop").history_updates == {"run": "fast", "work": "fast", "on": "fast"}
    entity.go("start")
    assert entity.fire("stop").history_updates == {"on": "idle"}
    assert entity.history == {"run": "fast", "work": "fast", "on": "idle"}


def test_what_a_compound_state_remembers_is_from_when_it_was_last_left(walk: Walker) -> None:
    """S4.1: each has its own memory, whatever the others do."""
    entity = _left_fast(walk)
    entity.go("start")
    assert entity.go("deep_work") == "fast"
    assert entity.go("idle", "shallow_work") == "slow"
    entity.go("stop")
    assert entity.go("deep") == "slow"
    assert entity.go("stop", "start", "stop", "deep") == "idle"


def test_leaving_one_part_of_a_compound_state_for_another_is_remembered_by_the_part_only(walk: Walker) -> None:
    """S4.1: the domain is not left and records nothing."""
    entity = walk(MACHINE)
    entity.go("start", "work", "run")
    assert entity.fire("idle").history_updates == {"run": "slow", "work": "slow"}


def test_history_is_looked_up_after_the_own_exits_were_recorded(walk: Walker) -> None:
    """S4.2: from inside, it leads back to where the entity just was; the declared destination is the compound."""
    entity = walk(MACHINE)
    entity.go("start", "work", "run", "faster")
    left = ["out_fast", "out_run", "out_work", "out_on"]
    assert entity.did("again_deep") == [*left, "in_on", "in_work", "in_run", "in_fast"]
    assert entity.state == "fast"
    assert entity.did("again") == [*left, "in_on", "in_work", "in_prepare"]
    assert entity.state == "prepare"
    assert entity.history == {"run": "fast", "work": "fast", "on": "fast"}


def test_the_own_exits_stand_before_what_was_remembered_earlier(walk: Walker) -> None:
    """S4.2."""
    entity = _left_fast(walk)
    entity.go("start", "work")
    assert entity.go("redo") == "prepare"
    entity = _left_fast(walk)
    entity.go("start")
    assert entity.did("redo") == ["out_idle", "in_work", "in_run", "in_fast"]


def test_history_is_of_one_entity_and_not_of_the_machine() -> None:
    """S4.1."""
    one, other = MACHINE.create("one"), MACHINE.create("other")
    for trigger in ("start", "work", "stop"):
        one.send(trigger)
        if trigger != "work":
            other.send(trigger)
    assert one.send("deep").target_state == "prepare"
    assert other.send("deep").target_state == "idle"


def test_process_takes_the_history_and_tells_what_is_to_be_added_to_it() -> None:
    """S4.3: it is pure; what it is given is a mapping, and is not changed."""
    history: dict[str, object] = {"on": "run", "other": 1}
    assert MACHINE.process("off", "deep", {}, history={"on": "fast"}).target_state == "fast"
    assert MACHINE.process("off", "shallow", {}, history={"on": "fast"}).target_state == "prepare"
    assert MACHINE.process("off", "deep", {}).target_state == "idle"
    assert MACHINE.process("off", "deep", {}, history={}).target_state == "idle"
    result = MACHINE.process("fast", "stop", {}, history=history)
    assert history == {"on": "run", "other": 1}
    assert {**history, **result.history_updates} == {"on": "fast", "work": "fast", "run": "fast", "other": 1}
    result = asyncio.run(MACHINE.aprocess("off", "deep", {}, history={"on": "fast"}))
    assert result.target_state == "fast"


def test_a_memory_that_does_not_fit_the_state_counts_as_none() -> None:
    """S4.3: `history` is the caller's; another compound's leaf, or nonsense, restores nothing."""
    for recorded in ("off", "unheard_of", 1, None):
        assert MACHINE.process("off", "deep_work", {}, history={"work": recorded}).target_state == "prepare"


CHOICES = bound(
    """
    states:
      - {name: off, type: initial}
      - {name: on, initial_child: a}
      - {name: a, parent: on}
      - {name: b, parent: on}
      - {name: how, type: choice}
    transitions:
      - {trigger: start, source: off, dest: how}
      - {trigger: x, source: how, dest: H(on), guards: [{expr: resume}], actions: [resumed]}
      - {trigger: x, source: how, dest: "on"}
      - {trigger: next, source: a, dest: b}
      - {trigger: stop, source: "on", dest: off}
      - {auto: true, source: off, dest: H*(on), guards: [{expr: "back == 1"}]}
    """
)


def test_a_choice_may_lead_to_history(walk: Walker) -> None:
    """S4.2, S7.3."""
    entity = walk(CHOICES, "off", {"resume": False})
    assert entity.go("start", "next", "stop", "start") == "a"
    entity.go("next", "stop")
    assert entity.fire("start", resume=True).all_actions == ("resumed",)
    assert entity.state == "b"


def test_an_automatic_transition_goes_back_to_what_the_same_step_has_recorded(walk: Walker) -> None:
    """S4.2, S7.1: one step, two transitions; the second finds what the first one left."""
    entity = walk(CHOICES, "b", {"back": 0})
    result = entity.fire("stop", back=1)
    assert [step.target_state for step in result.steps] == ["off", "b"]
    assert result.history_updates == {"on": "b"}
    assert entity.state == "b"


def test_a_step_that_fails_remembers_nothing(walk: Walker) -> None:
    """S8.2, S4.1: nothing of it is kept."""
    machine = bound("""
        states:
          - {name: on, type: initial, initial_child: a}
          - {name: a, parent: on}
          - {name: b, parent: on}
          - {name: off, on_enter: [{compute: {n: "1 / zero"}}]}
        transitions:
          - {trigger: next, source: a, dest: b}
          - {trigger: stop, source: "on", dest: off}
          - {trigger: back, source: off, dest: H(on)}
    """)
    entity = walk(machine, "b", {"zero": 0})
    assert not entity.fire("stop").success
    assert (entity.state, entity.history) == ("b", {})
    assert entity.fire("stop", zero=1).success
    assert entity.go("back") == "b"


def test_history_leads_into_a_terminal_leaf_only_as_its_initial_one() -> None:
    """S1.3, S4.1: what is final never leaves, so it is never remembered."""
    machine = bound("""
        states:
          - {name: off, type: initial}
          - {name: on, initial_child: a}
          - {name: a, parent: on}
          - {name: done, parent: on, type: terminal}
        transitions:
          - {trigger: go, source: off, dest: H*(on)}
          - {trigger: finish, source: a, dest: done}
          - {trigger: stop, source: a, dest: off}
    """)
    assert machine.process("off", "go", {}, history={"on": "done"}).target_state == "done"
    session = machine.create()
    for trigger in ("go", "stop", "go", "finish"):
        session.send(trigger).raise_if_failed()
    assert session.is_final


def test_history_is_told_in_the_docstring_of_the_trigger() -> None:
    """What the YAML says reaches docstrings."""
    assert "- off -> idle, or where on was left" in MACHINE.session_class.deep.__doc__.splitlines()[2]


def test_what_only_history_could_reach_is_unreachable() -> None:
    """PG062: a leaf that is never entered is never remembered either."""
    found = problems("""
        states:
          - {name: off, type: initial}
          - {name: on, initial_child: a}
          - {name: a, parent: on}
          - {name: b, parent: on, initial_child: c}
          - {name: c, parent: b}
          - {name: d, parent: b}
        transitions:
          - {trigger: go, source: off, dest: H*(on)}
          - {trigger: stop, source: "on", dest: off}
          - {trigger: next, source: c, dest: d}
    """)
    assert [(d.code, d.message.split("`")[1]) for d in found] == [("PG062", "c"), ("PG062", "d")]


def test_automatic_transitions_into_history_are_no_certain_loop() -> None:
    """S7.2: what is remembered may be a state that they do not lead on from."""
    yaml = """
        states:
          - {name: off, type: initial}
          - {name: on, initial_child: a}
          - {name: a, parent: on}
          - {name: b, parent: on}
        transitions:
          - {auto: true, source: off, dest: H(on)}
          - {auto: true, source: a, dest: off}
          - {trigger: x, source: "*", dest: b}
    """
    assert codes(yaml) == []
    assert codes(yaml.replace("H(on)", '"on"')) == ["PG057"]
