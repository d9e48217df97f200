"""Entry and exit points: states that are named through a state around them (S12.2)."""

from __future__ import annotations

from support.doors import bound
from support.walks import Walker

MACHINE = bound(
    """
    states:
      - {name: off, type: initial}
      - name: outer
        initial_child: first
        entry_points: [second, deep, which, mid]
        exit_points: [second, deep, mid]
        on_enter: [in_outer]
        on_exit: [out_outer]
      - {name: first, parent: outer, on_enter: [in_first], on_exit: [out_first]}
      - {name: second, parent: outer, on_enter: [in_second], on_exit: [out_second]}
      - {name: mid, parent: outer, initial_child: shallow, entry_points: [deep], on_enter: [in_mid], on_exit: [out_mid]}
      - {name: shallow, parent: mid, on_enter: [in_shallow], on_exit: [out_shallow]}
      - {name: deep, parent: mid, on_enter: [in_deep], on_exit: [out_deep]}
      - {name: which, parent: outer, type: choice}
      - {name: end, type: terminal}
    transitions:
      - {trigger: plain, source: off, dest: outer}
      - {trigger: point, source: off, dest: "outer:second"}
      - {trigger: deep, source: off, dest: "outer:deep"}
      - {trigger: of_mid, source: off, dest: "mid:deep"}
      - {trigger: compound, source: off, dest: "outer:mid"}
      - {trigger: choose, source: off, dest: "outer:which"}
      - {trigger: x, source: which, dest: "outer:deep"}
      - {trigger: leave, source: "outer:second", dest: end}
      - {trigger: leave, source: ["outer:mid", first], dest: off}
      - {trigger: over, source: "outer:deep", dest: "outer:second"}
      - {trigger: touch, source: "outer:second", dest: "outer:second", internal: true}
    """
)


def test_an_entry_point_is_the_state_that_it_names(walk: Walker) -> None:
    """S12.2: its ancestors are entered, and nothing beside the way to it."""
    for trigger, entered in {
        "plain": "in_outer in_first",
        "point": "in_outer in_second",
        "deep": "in_outer in_mid in_deep",
        "of_mid": "in_outer in_mid in_deep",
        "compound": "in_outer in_mid in_shallow",
        "choose": "in_outer in_mid in_deep",
    }.items():
        assert walk(MACHINE).did(trigger) == entered.split()


def test_an_exit_point_is_the_state_that_it_names(walk: Walker) -> None:
    """S12.2: the transition is that state's own, so it is not taken elsewhere in the state around it."""
    assert walk(MACHINE, "second").did("leave") == ["out_second", "out_outer"]
    assert walk(MACHINE, "shallow").did("leave") == ["out_shallow", "out_mid", "out_outer"]
    assert walk(MACHINE, "deep").go("over") == "second"
    assert walk(MACHINE, "first").go("leave") == "off"
    assert not walk(MACHINE, "shallow").fire("over").success


def test_points_may_stand_wherever_a_state_is_a_source_or_destination(walk: Walker) -> None:
    """S12.2, S3.4: an internal transition may name its own."""
    assert walk(MACHINE, "second").did("touch") == []


def test_points_make_no_states_of_their_own() -> None:
    """S12.2: resolved when generating."""
    assert not any(":" in str(state) for state in MACHINE.states)
    assert not any(":" in name for name in MACHINE.chart.rows)


def test_a_single_point_needs_no_list(walk: Walker) -> None:
    """A name or a list of names."""
    machine = bound("""
        states:
          - {name: off, type: initial}
          - {name: outer, initial_child: a, entry_points: b, exit_points: b}
          - {name: a, parent: outer}
          - {name: b, parent: outer}
        transitions:
          - {trigger: go, source: off, dest: "outer:b"}
          - {trigger: back, source: "outer:b", dest: off}
    """)
    assert walk(machine).go("go", "back") == "off"
