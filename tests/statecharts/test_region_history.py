"""What parallel states and the states in their regions remember, and how one goes back to it (S4)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import SnapshotError
from support.doors import audible, bound
from support.walks import Walker

MACHINE = bound(
    audible("""
    states:
      - {name: idle, type: initial}
      - name: work
        initial_child: ready
      - {name: ready, parent: work}
      - name: run
        parent: work
        regions:
          - {name: right, initial: r1, states: [r1, r2]}
          - {name: left, initial: box, states: [box, l2]}
      - {name: r1}
      - {name: r2}
      - {name: box, initial_child: b1}
      - {name: b1, parent: box}
      - {name: b2, parent: box}
      - {name: l2}
    transitions:
      - {trigger: go, source: [idle, ready], dest: run}
      - {trigger: right, source: r1, dest: r2}
      - {trigger: left, source: b1, dest: b2}
      - {trigger: swap, source: box, dest: l2}
      - {trigger: back, source: l2, dest: H*(box)}
      - {trigger: back_shallow, source: l2, dest: H(box)}
      - {trigger: stop, source: run, dest: ready}
      - {trigger: quit, source: work, dest: idle}
      - {trigger: shallow, source: [idle, ready], dest: H(run)}
      - {trigger: deep, source: [idle, ready], dest: H*(run)}
      - {trigger: shallow_work, source: idle, dest: H(work)}
      - {trigger: deep_work, source: idle, dest: H*(work)}
      - {trigger: box, source: [idle, ready], dest: H*(box)}
      - {trigger: again, source: run, dest: H(run)}
      - {trigger: again_deep, source: run, dest: H*(run)}
      - {trigger: escape, source: r2, dest: idle}
    """)
)
LEFT_AT = "run:left=b2,right=r2"


def _stopped(walk: Walker, trigger: str = "stop") -> Any:
    """An entity that was left in the middle of its work."""
    entity = walk(MACHINE)
    entity.go("go", "right", "left", trigger)
    return entity


def test_leaving_records_what_was_active_in_every_region(walk: Walker) -> None:
    """S4.1: the compound states in them as well, and what lies around them if that is left."""
    entity = _stopped(walk)
    assert entity.result.history_updates == {"box": "b2", "run": LEFT_AT}
    assert _stopped(walk, "quit").history == {"box": "b2", "run": LEFT_AT, "work": LEFT_AT}
    assert _stopped(walk, "escape").history == {"box": "b2", "run": LEFT_AT, "work": LEFT_AT}


def test_a_region_records_nothing_while_its_parallel_state_stays(walk: Walker) -> None:
    """S4.1: only the compound states in it that are left."""
    entity = walk(MACHINE, "run")
    assert entity.fire("right").history_updates == {}
    assert entity.fire("swap").history_updates == {"box": "b1"}


@pytest.mark.parametrize(
    ("trigger", "state", "entered"),
    [
        ("deep", LEFT_AT, ["in_run", "in_r2", "in_box", "in_b2"]),
        ("shallow", "run:left=b1,right=r2", ["in_run", "in_r2", "in_box", "in_b1"]),
        ("go", "run:left=b1,right=r1", ["in_run", "in_r1", "in_box", "in_b1"]),
        ("box", "run:left=b2,right=r1", ["in_run", "in_r1", "in_box", "in_b2"]),
    ],
)
def test_deep_history_is_the_configuration_and_shallow_history_the_child_of_each_region(
    walk: Walker, trigger: str, state: str, entered: list[str]
) -> None:
    """S4.2: entered in order, as ever; history of a compound state in a region is that region's alone (S6.1)."""
    entity = _stopped(walk)
    assert entity.did(trigger) == ["out_ready", *entered]
    assert entity.state == state


@pytest.mark.parametrize("trigger", ["deep", "shallow", "box"])
def test_where_nothing_is_recorded_every_region_starts_at_its_initial(walk: Walker, trigger: str) -> None:
    """S4.2."""
    entity = walk(MACHINE)
    assert entity.did(trigger) == ["out_idle", "in_work", "in_run", "in_r1", "in_box", "in_b1"]
    assert entity.state == "run:left=b1,right=r1"


@pytest.mark.parametrize(("trigger", "state"), [("shallow_work", "run:left=b1,right=r1"), ("deep_work", LEFT_AT)])
def test_history_of_a_compound_state_around_a_parallel_one_goes_back_into_it(
    walk: Walker, trigger: str, state: str
) -> None:
    """S4.2: by its child with that one's initial leaves, or by the exact configuration."""
    assert _stopped(walk, "quit").go(trigger) == state


@pytest.mark.parametrize(("trigger", "state"), [("again", "run:left=b1,right=r2"), ("again_deep", LEFT_AT)])
def test_history_from_inside_is_looked_up_after_the_own_exits_were_recorded(
    walk: Walker, trigger: str, state: str
) -> None:
    """S4.2: so it leads back to where the entity just was."""
    entity = walk(MACHINE, LEFT_AT)
    actions = entity.did(trigger)
    assert actions[:4] == ["out_b2", "out_box", "out_r2", "out_run"]
    assert actions[4:7] == ["in_run", "in_r2", "in_box"]
    assert entity.state == state


@pytest.mark.parametrize(("trigger", "leaf"), [("back", "b2"), ("back_shallow", "b2")])
def test_history_works_inside_a_region_as_outside(walk: Walker, trigger: str, leaf: str) -> None:
    """S6.7, S4.2."""
    entity = walk(MACHINE, LEFT_AT)
    entity.go("swap")
    assert entity.did(trigger) == ["out_l2", "in_box", f"in_{leaf}"]
    assert entity.state == f"run:left={leaf},right=r2"


def test_what_two_regions_restore_in_one_step_is_each_its_own(walk: Walker) -> None:
    """S4.1, S6.3."""
    machine = bound("""
        states:
          - name: p
            type: initial
            regions: [{name: a, initial: a1, states: [a1, a9]}, {name: b, initial: b1, states: [b1, b9]}]
          - {name: a1, initial_child: a2}
          - {name: a2, parent: a1}
          - {name: a3, parent: a1}
          - {name: a9}
          - {name: b1, initial_child: b2}
          - {name: b2, parent: b1}
          - {name: b3, parent: b1}
          - {name: b9}
        transitions:
          - {trigger: next, source: [a2], dest: a3}
          - {trigger: leave, source: a1, dest: a9}
          - {trigger: leave, source: b1, dest: b9}
          - {trigger: back, source: a9, dest: H(a1)}
          - {trigger: back, source: b9, dest: H*(b1)}
        """)
    entity = walk(machine)
    entity.go("next", "leave")
    assert entity.history == {"a1": "a3", "b1": "b2"}
    assert entity.go("back") == "p:a=a3,b=b2"


NESTED = bound(
    audible("""
    states:
      - {name: idle, type: initial}
      - {name: p, regions: [{name: one, initial: a, states: [a, q]}, {name: two, initial: x, states: [x, y]}]}
      - {name: a}
      - {name: q, regions: [{name: r, initial: i, states: [i, j]}, {name: s, initial: k, states: [k, l]}]}
      - {name: i}
      - {name: j}
      - {name: k}
      - {name: l}
      - {name: x}
      - {name: y}
    transitions:
      - {trigger: go, source: idle, dest: p}
      - {trigger: in, source: a, dest: q}
      - {trigger: move, source: i, dest: j}
      - {trigger: move, source: x, dest: y}
      - {trigger: out, source: q, dest: a}
      - {trigger: stop, source: p, dest: idle}
      - {trigger: shallow, source: idle, dest: H(p)}
      - {trigger: deep, source: idle, dest: H*(p)}
      - {trigger: inner, source: idle, dest: H*(q)}
      - {trigger: inner, source: a, dest: H*(q)}
    """)
)


def test_parallel_states_in_one_another_remember_each_for_itself(walk: Walker) -> None:
    """S4.1, S6.7."""
    entity = walk(NESTED)
    entity.go("go", "in", "move", "stop")
    assert entity.history == {"q": "q:r=j,s=k", "p": "p:one=(q:r=j,s=k),two=y"}
    assert entity.go("deep") == "p:one=(q:r=j,s=k),two=y"
    entity.go("stop")
    assert entity.go("shallow") == "p:one=(q:r=i,s=k),two=y"


def test_history_of_an_inner_parallel_state_is_entered_with_the_outer_one_at_its_initials(walk: Walker) -> None:
    """S4.2, S6.1: what is around and behind it in order of definition."""
    entity = walk(NESTED)
    entity.go("go", "in", "move", "stop")
    assert entity.did("inner") == ["out_idle", "in_p", "in_q", "in_j", "in_k", "in_x"]
    assert entity.state == "p:one=(q:r=j,s=k),two=x"
    entity.go("move", "out")
    assert entity.go("inner") == "p:one=(q:r=j,s=k),two=y"


# -- what a caller or a snapshot may say -----------------------------------------------------------------------


def test_process_takes_the_history_that_its_caller_has_kept() -> None:
    """S4.3: with regions in any order."""
    for recorded in (LEFT_AT, "run:right=r2,left=b2"):
        result = MACHINE.process("ready", "deep", {}, history={"run": recorded})
        assert str(result.target_state) == LEFT_AT
    config, result = MACHINE.process_parallel(
        MACHINE.enter_parallel_state("run"), "again_deep", {}, history={"run": LEFT_AT}
    )
    assert str(config) == "run:left=b1,right=r1"


@pytest.mark.parametrize("recorded", ["run:left=b2", "run:left=zzz,right=r2", "nonsense", "idle", "run:", "r2", ""])
def test_history_that_is_of_another_machine_is_as_none(recorded: str) -> None:
    """S4.2: `process` is pure, and its caller may have kept what an older version recorded."""
    result = MACHINE.process("ready", "deep", {}, history={"run": recorded})
    assert str(result.target_state) == "run:left=b1,right=r1"


@pytest.mark.parametrize(
    ("history", "what"),
    [
        ({"run": "idle"}, "'run' is 'idle'"),
        ({"run": "run"}, "'run' is 'run'"),
        ({"run": "r2"}, "'run' is 'r2'"),
        ({"run": "run:left=b2"}, "'run' is 'run:left=b2'"),
        ({"run": "run:left=b2,right=idle"}, "'run' is 'run:left=b2,right=idle'"),
        ({"box": "l2"}, "'box' is 'l2'"),
        ({"box": LEFT_AT}, f"'box' is '{LEFT_AT}'"),
        ({"right": "r2"}, "'right' is 'r2'"),
        ({"run": 5}, "'run' is 5"),
        ({"work": "run:left=b2,right=zzz"}, "'work' is 'run:left=b2,right=zzz'"),
    ],
)
def test_a_snapshot_whose_history_does_not_fit_is_refused(history: dict[str, Any], what: str) -> None:
    """docs/generated-module.md#snapshots: with the reason"""
    snapshot = {**MACHINE.create("e1").snapshot(), "history": history}
    with pytest.raises(SnapshotError, match=what.replace("(", r"\(")):
        MACHINE.session_class.from_snapshot(MACHINE, snapshot)


def test_a_snapshot_may_have_what_every_state_recorded() -> None:
    """docs/generated-module.md#snapshots: complete"""
    history = {"run": LEFT_AT, "work": LEFT_AT, "box": "b2"}
    snapshot = {**MACHINE.create("e1").snapshot(), "history": history}
    session = MACHINE.session_class.from_snapshot(MACHINE, snapshot)
    assert session.snapshot()["history"] == history
    session.deep_work()
    assert str(session.current_state) == LEFT_AT
    history = {"p": "p:two=y,one=(q:s=k,r=j)", "q": "q:r=j,s=l"}
    snapshot = {**NESTED.create("e1").snapshot(), "history": history}
    session = NESTED.session_class.from_snapshot(NESTED, snapshot)
    assert session.snapshot()["history"] == {"p": "p:one=(q:r=j,s=k),two=y", "q": "q:r=j,s=l"}


def test_entities_share_no_history() -> None:
    """S4.1."""
    first, second = MACHINE.create("e1"), MACHINE.create("e2")
    for session in (first, second):
        session.go()
    first.right()
    for session in (first, second):
        session.stop()
        session.deep()
    assert str(first.current_state) == "run:left=b1,right=r2"
    assert str(second.current_state) == "run:left=b1,right=r1"
