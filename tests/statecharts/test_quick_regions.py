"""The quick path of configurations against the full procedure, and what a chart keeps of them (S2, S6.3).

Where no function of the application is asked, a session looks at the context and moves, and `process` answers what was
worked out before. A session that is watched takes the full procedure, and so does `aprocess`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pystator_runtime import Event, FSMError, ParallelStateConfig, regions
from support.doors import bound, placed


def told(result: Any) -> Any:
    """All that a result says, its error by its text."""
    return (
        *(str(result.source_state), str(result.target_state), result.trigger, result.steps),
        *(dict(result.changes), result.removed, dict(result.history_updates), result.armed, result.disarmed),
        {key: value for key, value in result.metadata.items() if key != "guard_errors"},
        list(map(str, result.metadata.get("guard_errors", ()))),
        f"{type(result.error).__name__}: {result.error}",
    )


def agree(machine: Any, state: str, context: Mapping[str, Any], *triggers: str) -> Any:
    """Lead an entity by the quick path and by the full one; what is said of it in the end."""
    quick, watched = (placed(machine, state, context, history=number) for number in (0, 1))
    for trigger in triggers:
        before = str(quick.current_state), dict(quick.context)
        found = [told(session.send(trigger)) for session in (quick, watched)]
        if not quick.snapshot()["history"]:
            found.append(told(machine.process(*before[:1], trigger, before[1])))
            found.append(told(asyncio.run(machine.aprocess(*before[:1], trigger, before[1]))))
        assert found.count(found[0]) == len(found)
        states = [str(session.current_state) for session in (quick, watched)]
        assert states[0] == states[1]
        assert quick.context == watched.context
        assert _without_moments(quick.snapshot()) == _without_moments(watched.snapshot())
    return str(quick.current_state), quick.context


def _without_moments(snapshot: dict[str, Any]) -> Any:
    timers = [(timer["source"], timer["trigger"], timer["delay"]) for timer in snapshot["timers"]]
    return {**snapshot, "timers": sorted(timers), "entity_id": ""}


def is_quick(machine: Any, state: str, trigger: str) -> bool:
    return trigger in machine.chart.row(state).quick


def guarded(*candidates: Iterable[str], own: str = "", more: str = "") -> Any:
    """A machine with a region for each of ``candidates``: what it may take for `go`, one after the other."""
    numbers = range(len(candidates))
    parts = ", ".join(f"{{name: r{n}, initial: a{n}, states: [a{n}, b{n}, c{n}]}}" for n in numbers)
    states = "".join(f"\n      - {{name: {letter}{n}}}" for n in numbers for letter in "abc")
    asked = "".join(
        f"\n      - {{trigger: go, source: a{number}, {text}}}"
        for number, found in enumerate(candidates)
        for text in found
    )
    return bound(f"""
    states:
      - {{name: p, type: initial, regions: [{parts}]}}
      - {{name: out}}{states}
    transitions:
      - {{trigger: back, source: "*", dest: p}}{asked}
      {own}
      {more}
    """)


def by(key: str, *values: int, region: int) -> list[str]:
    """Guarded candidates of a region: one per value, to its two other states in turn, each with an action."""
    return [
        f"dest: {'bc'[n % 2]}{region}, guards: [{{expr: '{key} == {value}'}}], actions: [act_{region}_{value}]"
        for n, value in enumerate(values)
    ]


VALUES = range(5)


# -- combinations ----------------------------------------------------------------------------------------------


def test_several_guarded_candidates_in_two_regions() -> None:
    machine = guarded(by("n", 0, 1, 2, region=0), by("m", 0, 1, region=1))
    assert is_quick(machine, "p", "go")
    ends = {(n, m): agree(machine, "p", {"n": n, "m": m}, "go")[0] for n, m in itertools.product(VALUES, VALUES)}
    assert ends[0, 1] == "p:r0=b0,r1=c1"
    assert ends[1, 4] == "p:r0=c0,r1=a1"
    assert ends[4, 4] == "p:r0=a0,r1=a1"


def test_several_guarded_candidates_in_three_regions_and_one_of_the_parallel_state() -> None:
    own = "- {trigger: go, source: p, dest: out, guards: [{expr: 'n + m + k == 9'}]}"
    machine = guarded(by("n", 0, 1, region=0), by("m", 0, 1, 2, region=1), by("k", 3, 1, region=2), own=own)
    assert is_quick(machine, "p", "go")
    ends = [
        agree(machine, "p", {"n": n, "m": m, "k": k}, "go", "go", "back")
        for n, m, k in itertools.product(VALUES, VALUES, VALUES)
    ]
    assert len(ends) == 125


def test_a_candidate_without_guards_is_where_a_region_stops_asking() -> None:
    machine = guarded([*by("n", 0, region=0), "dest: c0"], ["internal: true, actions: [{increment: n}]"])
    assert is_quick(machine, "p", "go")
    assert agree(machine, "p", {"n": 0}, "go") == ("p:r0=b0,r1=a1", {"n": 1})
    assert agree(machine, "p", {"n": 5}, "go", "go") == ("p:r0=c0,r1=a1", {"n": 7})


@pytest.mark.parametrize(("most", "quick"), [(3, True), (4, False)])
def test_with_too_many_combinations_the_full_procedure_is_taken(most: int, quick: bool) -> None:
    """Three regions with that many candidates each, or none of them: 64 ways, or 125."""
    machine = guarded(*(by(key, *range(most), region=n) for n, key in enumerate("nmk")))
    assert is_quick(machine, "p", "go") is quick
    for n, m, k in itertools.product(VALUES, VALUES, VALUES):
        agree(machine, "p", {"n": n, "m": m, "k": k}, "go")


def test_what_leaves_is_taken_alone_also_on_the_quick_path() -> None:
    """S6.5: whichever region it is in."""
    leaving = "dest: out, guards: [{{expr: '{} == 1'}}], actions: [leave_{}]"
    machine = guarded(
        [leaving.format("n", 0), *by("n", 2, region=0)],
        [*by("m", 1, region=1), leaving.format("m", 1).replace("== 1", "== 2")],
        [leaving.format("k", 2), "internal: true, actions: [stay]"],
    )
    assert is_quick(machine, "p", "go")
    ends = {
        (n, m, k): agree(machine, "p", {"n": n, "m": m, "k": k}, "go")[0]
        for n, m, k in itertools.product(VALUES, VALUES, VALUES)
    }
    for (n, m, k), end in ends.items():
        assert (end == "out") is (n == 1 or m == 2 or k == 1)
    assert placed(machine, "p", {"n": 2, "m": 2, "k": 1}).go().all_actions == ("leave_1",)


@pytest.mark.parametrize("missing", [("n",), ("m",), ("n", "m"), ("k",)])
def test_a_guard_that_raises_falls_through_in_its_region_only(missing: tuple[str, ...]) -> None:
    """S5.3: and is told."""
    machine = guarded(by("n", 0, 1, region=0), by("m", 0, 1, region=1), own="- {trigger: go, source: p, dest: out}")
    for n, m in itertools.product(VALUES, VALUES):
        context = {key: value for key, value in {"n": n, "m": m}.items() if key not in missing}
        agree(machine, "p", context, "go")
        agree(machine, "p", {**context, "n": "text"}, "go")


def test_a_function_of_the_application_in_one_region_closes_the_quick_path() -> None:
    """S5.4: for that trigger."""
    machine = guarded([*by("n", 0, region=0), "dest: c0, guards: [asked]"], by("m", 0, region=1))
    assert not is_quick(machine, "p", "go")
    assert is_quick(machine, "p", "back")
    for asked, n in itertools.product([True, False], VALUES):
        agree(machine, "p", {"n": n, "m": 0, "asked": asked}, "go")


def test_history_timers_effects_and_automatic_transitions_are_the_same_by_both_ways() -> None:
    """S4, S7, S8.2, S9.2."""
    machine = bound("""
        states:
          - {name: out, type: initial}
          - name: p
            timeout: {seconds: 60, destination: out}
            on_enter: [{increment: entered}]
            regions:
              - {name: a, initial: a1, states: [a1, a2], final: a2}
              - {name: b, initial: b1, states: [b1, b2], final: b2}
          - {name: a1, initial_child: a11, timeout: {seconds: 5, destination: a2}}
          - {name: a11, parent: a1}
          - {name: a12, parent: a1, timeout: {seconds: 6, destination: a2}}
          - {name: a2}
          - {name: b1, on_exit: [{decrement: n}, bye]}
          - {name: b2, timeout: {seconds: 7, destination: b1}}
          - {name: done}
        transitions:
          - {trigger: go, source: out, dest: p}
          - {trigger: go, source: a11, dest: a12, actions: [{increment: n}]}
          - {trigger: go, source: b1, dest: b2, guards: [{expr: "n > 0"}]}
          - {trigger: go, source: a1, dest: a2, guards: [{expr: "n > 2"}]}
          - {trigger: swap, source: [a11, a12], dest: a2}
          - {trigger: swap, source: a2, dest: H*(a1)}
          - {trigger: swap, source: b2, dest: b1}
          - {trigger: out, source: p, dest: out}
          - {trigger: again, source: out, dest: H*(p)}
          - {auto: true, source: b2, dest: b1, guards: [{expr: "n == 5"}], actions: [{increment: n}]}
          - {trigger: _join_p, source: p, dest: done, guards: [{expr: "n < 4"}]}
        """)
    triggers = ("go", "swap", "out", "again")
    for n in range(7):
        for story in itertools.product(triggers, repeat=4):
            agree(machine, "p", {"n": n, "entered": 1}, *story)
            agree(machine, "out", {"n": n, "entered": 0}, "go", *story[:2])


_targets = st.sampled_from(
    ["dest: b{r}", "dest: c{r}", "dest: a{r}", "internal: true", "dest: out", "dest: p", "dest: a0"]
)
_guards = st.sampled_from(["", "n == 0", "n > 1", "m == 0", "m > n", "k", "nowhere", "n == 1 and m == 1"])
_plans = st.sampled_from(["act_{r}", "{{increment: n}}", "{{compute: {{m: 'n + 1'}}}}", "{{clear: k}}"])


@st.composite
def _regions(draw: st.DrawFn) -> Any:
    """Candidates of two to four regions and of the parallel state."""
    number = draw(st.integers(2, 4))

    def candidate(region: int) -> str:
        target = draw(_targets.filter(lambda text: region == 0 or "a0" not in text))
        guard = draw(_guards)
        asked = f", guards: [{{expr: '{guard}'}}]" if guard else ""
        plan = draw(st.lists(_plans, max_size=2))
        return f"{target.format(r=region)}{asked}, actions: [{', '.join(plan).format(r=region)}]"

    found = [[candidate(region) for _ in range(draw(st.integers(0, 3)))] for region in range(number)]
    own = f"- {{trigger: go, source: p, {candidate(0)}}}" if draw(st.booleans()) else ""
    return guarded(*found, own=own)


_values = st.sampled_from([0, 1, 2, "text"])


@settings(deadline=None)
@given(_regions(), st.fixed_dictionaries({}, optional={"n": _values, "m": _values, "k": st.booleans()}))
def test_whatever_regions_may_take_both_ways_agree(machine: Any, context: dict[str, Any]) -> None:
    """However many candidates there are, some that leave and some whose guards raise among them."""
    agree(machine, "p", context, *("go",) * 3, "back", "go")


# -- what is kept ----------------------------------------------------------------------------------------------

MANY = """
    states:
      - {{name: idle, type: initial}}
      - {{name: p, regions: [{regions}]}}{states}
    transitions:
      - {{trigger: go, source: idle, dest: p}}
      - {{trigger: leave, source: p, dest: idle}}
      - {{trigger: back, source: idle, dest: H*(p)}}{moves}
    """


def many(number: int) -> Any:
    """A machine of so many regions with three states each, which take turns by a trigger of their own."""
    return bound(
        MANY.format(
            regions=", ".join(
                f"{{name: r{n}, initial: s{n}_0, states: [s{n}_0, s{n}_1, s{n}_2]}}" for n in range(number)
            ),
            states="".join(f"\n      - {{name: s{n}_{k}}}" for n in range(number) for k in range(3)),
            moves="".join(
                f"\n      - {{trigger: turn_{n}, source: s{n}_{k}, dest: s{n}_{(k + 1) % 3}}}"
                for n in range(number)
                for k in range(3)
            ),
        )
    )


def everywhere(number: int) -> list[str]:
    """All configurations of such a machine, in writing."""
    return [
        f"p:{','.join(f'r{n}=s{n}_{k}' for n, k in enumerate(where))}"
        for where in itertools.product(range(3), repeat=number)
    ]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many configurations charts keep in this test."""
    monkeypatch.setattr(regions, "MAXIMUM_KEPT", 10)
    return 10


def test_a_chart_keeps_only_so_many_configurations(few: int) -> None:
    machine = many(4)
    for state in everywhere(4):
        session = placed(machine, state)
        session.turn_0()
        session.leave()
        session.back()
        machine.process(state, "turn_1", {})
        assert all(len(kept) <= few + 1 for kept in kept_by(machine))


def kept_by(machine: Any) -> list[Any]:
    """What a chart keeps about configurations that it was asked about."""
    found = machine.chart.regions
    return [found._configurations, found._found, found._ways, machine.chart.quick]


def test_the_many_ways_to_write_a_configuration_do_not_fill_a_chart(few: int) -> None:
    """S6.2: regions are read in any order."""
    machine = many(4)
    parts = [f"r{n}=s{n}_0" for n in range(4)]
    for order in itertools.permutations(parts):
        assert machine.process(f"p:{','.join(order)}", "turn_0", {}).success
    assert all(len(kept) <= few + 1 for kept in kept_by(machine))


def test_the_many_ways_to_take_an_event_do_not_fill_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6.3: whatever combination of regions took it before."""
    monkeypatch.setattr(regions, "MAXIMUM_JOINED", 10)
    keys = "abcdefgh"
    machine = guarded(*([f"internal: true, guards: [{{expr: '{key}'}}], actions: [act]"] for key in keys))
    session = placed(machine, "p", {}, history=1)
    for values in itertools.product([True, False], repeat=len(keys)):
        result = session.handle(Event("go", dict(zip(keys, values, strict=True))))
        assert len(result.all_actions) == sum(values)
    assert len(machine.chart.row("p")._joined) <= 10


def test_forgetting_configurations_does_no_harm_to_sessions_that_live_on(few: int) -> None:
    machine, other = many(3), many(3)
    sessions = [placed(machine, state) for state in everywhere(3)]
    for state in everywhere(3):  # and everything is forgotten several times
        placed(machine, state).turn_0()
    for state, session in zip(everywhere(3), sessions, strict=True):
        assert str(session.current_state) == state
        again = placed(other, state)
        for trigger in ("turn_0", "turn_2", "leave", "back", "turn_1", "turn_1"):
            assert told(session.send(trigger)) == told(again.send(trigger))
        assert session.snapshot() | {"entity_id": ""} == again.snapshot() | {"entity_id": ""}


def test_forgetting_in_the_midst_of_a_step_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event that makes more configurations than are kept."""
    expected = [_walked(many(3), state) for state in everywhere(3)]
    for most in (1, 2, 3):
        monkeypatch.setattr(regions, "MAXIMUM_KEPT", most)
        machine = many(3)
        assert [_walked(machine, state) for state in everywhere(3)] == expected


def _walked(machine: Any, state: str) -> list[Any]:
    quick, watched = placed(machine, state), placed(machine, state, history=1)
    triggers = ("turn_0", "turn_1", "leave", "back", "turn_2")
    return [told(session.send(trigger)) for session in (quick, watched) for trigger in triggers]


def test_configs_are_equal_whether_the_chart_has_forgotten_them_or_not(few: int) -> None:
    machine = many(3)
    before = machine.process("p", "turn_0", {}).target_state
    for state in everywhere(3):
        machine.process(state, "turn_0", {})
    after = machine.process("p", "turn_0", {}).target_state
    assert (before, hash(before)) == (after, hash(after))


def test_the_same_configuration_is_the_same_object_as_long_as_it_is_kept() -> None:
    machine = many(2)
    config = machine.enter_parallel_state("p")
    assert machine.enter_parallel_state("p") is config
    assert machine.process(ParallelStateConfig.from_string(str(config)), "go", {}).source_state is config


def test_three_hundred_regions_are_entered_changed_and_left() -> None:
    machine = many(300)
    session = machine.create("e1", initial_state="p")
    for trigger in ("turn_0", "turn_299", "turn_150", "leave", "back"):
        session.send(trigger).raise_if_failed()
    assert (session.is_s0_1, session.is_s299_1, session.is_s150_1, session.is_s1_0) == (True,) * 4
    with pytest.raises(FSMError):
        session.go().raise_if_failed()
