"""What can't be meant by regions, joins and arrows among them: told once, with the place and the remedy (S6, S11.3)."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pystator_gen.analyze.regions import MAXIMUM_DEPTH
from pystator_runtime import ActionError, AutoTransitionLoopError, Event
from reference.machines import machines
from support.machines import load, machine_class, problems, said

LEFT = "name: left, initial: x, states: [x, xx]"
RIGHT = "name: right, initial: y, states: [y, yy]"
ENTERED = "trigger: go, source: a, dest: p/ trigger: go, source: x, dest: xx/ trigger: go, source: y, dest: yy"

MARKS = {"^": "here: ", "~": "there: "}


def marked(states: str, transitions: str = ENTERED) -> list[str]:
    """What is said about a machine, `here` being where `^` stands in it, and `there` where `~` does.

    That no transition leads to a state is left out: these machines have only what a test needs.
    """
    lines = ["", *states.split("/"), "", *transitions.split("/")]
    places: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        column = 6
        for character in line.strip():
            if character in MARKS:
                places[f"m.yaml:{number}:{column}: "] = MARKS[character]
            else:
                column += 1
    found: list[str] = []
    for text in said(*(text.replace("^", "").replace("~", "") for text in (states, transitions))):
        for place, name in places.items():
            text = text.replace(place, name)
        if "PG062" not in text:
            found.append(text)
    return found


def parallel(left: str = LEFT, right: str = RIGHT) -> str:
    """The states of a machine with a parallel state of two regions."""
    states = "/ name: x/ name: xx/ name: y/ name: yy"
    return f"name: a, type: initial/ name: p, type: parallel, regions: [{{{left}}}, {{{right}}}]{states}"


def of_region(left: str) -> list[str]:
    """What is said about a region next to another one."""
    return marked(parallel(left))


def of_transition(transition: str) -> list[str]:
    """What is said about one more transition."""
    return marked(parallel(), f"{ENTERED}/ {transition}")


def told(headline: str, *more: str) -> list[str]:
    """One diagnostic, at the place that is marked."""
    return ["\n    ".join((f"here: error{headline}", *more))]


# -- what a region can be (S1.1, S6.1) -------------------------------------------------------------------------


def test_nothing_is_said_about_what_all_of_these_tests_have() -> None:
    assert said(parallel(), ENTERED) == []
    assert of_transition("trigger: stop, source: p, dest: a") == []


@pytest.mark.parametrize("states", ["[xx]", "[x, xx]", "[x, xx, xx]"])
def test_the_state_that_a_region_starts_in_need_not_be_listed(states: str) -> None:
    """S1.1: naming it says that it lies there."""
    assert of_region(f"name: left, initial: x, states: {states}") == []


@pytest.mark.parametrize("states", ["", ", states: []", ", states: x", ", states: [x]"])
def test_a_region_may_have_only_the_state_that_it_starts_in(states: str) -> None:
    assert marked(parallel(f"name: left, initial: x{states}"), "trigger: go, source: a, dest: p") == []


def test_a_region_has_a_name_and_says_where_it_starts() -> None:
    assert of_region("^initial: x") == ["m.yaml:3:41: error[PG021]: the key `name` is missing"]
    assert of_region("name: left, states: [x]") == ["m.yaml:3:41: error[PG021]: the key `initial` is missing"]


def test_two_regions_of_a_state_have_different_names() -> None:
    assert marked(parallel("name: ~right, initial: x, states: [x, xx]", f"name: ^{RIGHT[6:]}")) == told(
        "[PG036]: `right` is declared twice in `regions`", "there: first here"
    )


@pytest.mark.parametrize(
    ("region", "headline", "hint"),
    [
        ("name: ^Left, initial: x", "[PG024]: `Left` is not a name", "hint: write `left`"),
        ("name: ^p.left, initial: x", "[PG024]: `p.left` is not a name", "hint: write `p_left`"),
        (f"{LEFT}, ^finall: x", "[PG022]: there is no key `finall`", "hint: did you mean `final`?"),
        ("name: left, initial: ^H(x)", "[PG024]: `H(x)` is not a name", "hint: names consist of a-z, 0-9 and _"),
    ],
)
def test_a_region_is_spelt_as_other_things_are(region: str, headline: str, hint: str) -> None:
    assert of_region(region) == told(headline, hint)


@pytest.mark.parametrize("regions", ["r", "{left: {initial: x}}", "5"])
def test_regions_are_a_list(regions: str) -> None:
    (line,) = marked(
        f"name: a, type: initial, regions: ^{regions}/ name: x", "auto: true, source: x, dest: x, after: 1"
    )
    assert line.startswith("here: error[PG020]: `regions` must be a list of regions, not ")


def test_every_region_is_a_mapping() -> None:
    assert marked("name: a, type: initial, regions: [^r]", "trigger: go, source: a, dest: a") == told(
        "[PG020]: every item of `regions` must be a mapping, not text"
    )


@pytest.mark.parametrize("regions", ["", ", regions: []", ", regions: null"])
def test_a_parallel_state_has_regions(regions: str) -> None:
    """S1.1: that it has none is said once, whatever else needs them."""
    states = f"name: a, type: initial/ name: p, type: ^parallel{regions}/ name: x, parent: p"
    transitions = "trigger: go, source: a, dest: H(p)/ trigger: _join_p, source: p, dest: a"
    assert marked(states, transitions) == told(
        "[PG073]: `p` is parallel, but has no regions (S1.1)",
        "hint: list them, as in `regions: [{name: left, initial: a, states: [a, b]}]`, or leave `type` out",
    )


@pytest.mark.parametrize("kind", ["terminal", "choice"])
def test_what_is_never_left_or_never_rested_in_has_no_regions(kind: str) -> None:
    """S1.3, S7.3."""
    states = parallel().replace("type: parallel", f"type: ~{kind}").replace("[{", "^[{")
    assert marked(states, "trigger: go, source: a, dest: x/ trigger: x, source: x, dest: a")[-1:] == told(
        f"[PG073]: `p` is a {kind} state and can't have regions",
        "hint: give it `type: parallel`, or take its regions away",
        "there: here its type is said",
    )


@pytest.mark.parametrize("kind", ["parallel", "stable", "error"])
def test_regions_make_a_state_parallel_whatever_its_type(kind: str) -> None:
    """S1.1."""
    assert marked(parallel().replace("type: parallel", f"type: {kind}")) == []


def test_a_parallel_state_has_no_initial_child() -> None:
    """S6.1."""
    assert marked(parallel().replace("type: parallel", "type: parallel, initial_child: ^x")) == told(
        "[PG073]: `p` has regions, and so no `initial_child`: each region has its own `initial` (S6.1)",
        "hint: take it away",
    )


# -- which states lie in a region (S1.1) -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["initial", "final"])
def test_where_a_region_starts_and_ends_has_to_be_defined(key: str) -> None:
    region = f"name: left, {key}: ^xxx, {'final' if key == 'initial' else 'initial'}: x, states: [x, xx]"
    assert of_region(region) == told("[PG050]: there is no state `xxx`", "hint: did you mean `xx`?")


def test_a_state_that_is_listed_has_to_be_defined() -> None:
    assert of_region("name: left, initial: x, states: [x, xx, ^zebra]") == told(
        "[PG050]: there is no state `zebra`", "hint: define it in `states`"
    )


@pytest.mark.parametrize("named", ["initial: ^y, final: x", "initial: ^yy", "initial: x, final: ^y"])
def test_a_region_starts_and_ends_in_itself(named: str) -> None:
    """S6.1, S6.6."""
    state = named[named.index("^") + 1 :].partition(",")[0]
    assert of_region(f"name: left, {named}, states: [x, xx]") == told(
        f"[PG073]: `{state}` does not lie in the region `left` of `p` (S1.1)", "hint: list it in the `states` of `left`"
    )


def test_a_state_lies_in_one_region() -> None:
    """S1.1: said where it is listed a second time, and not again where the region starts in it."""
    assert marked(
        parallel("name: left, initial: x, states: [x, xx, ~y]", "name: right, initial: y, states: [^y]")
    ) == told(
        "[PG073]: `y` can't lie in the region `right` of `p` and in another one (S1.1)",
        "hint: list it in one of them; a region of its own needs states of its own",
        "there: the other one",
    )


def test_a_child_of_a_parallel_state_lies_in_one_of_its_regions() -> None:
    """S1.1."""
    assert marked(f"{parallel()}/ name: z, parent: ^p") == told(
        "[PG073]: `z` lies in the parallel state `p`, but in none of its regions (S1.1)",
        "hint: list it in the `states` of a region of `p`",
    )


@pytest.mark.parametrize("kind", ["stable", "terminal", "error", "parallel, regions: [{name: r, initial: z}]"])
def test_a_state_in_a_region_may_name_the_parallel_state_as_its_parent(kind: str) -> None:
    """docs/yaml.md#regions"""
    states = parallel("name: left, initial: x, states: [x, xx]").replace(
        "name: xx", f"name: xx, parent: p, type: {kind}"
    )
    assert marked(f"{states}/ name: z" if "regions" in kind else states) == []


def test_a_state_of_a_region_can_not_have_another_parent() -> None:
    """S1.1: said once, though the region starts in it."""
    states = parallel("name: left, initial: y, states: [^y, xx]", "name: right, initial: x, states: [x, yy]")
    assert marked(states.replace("name: y/", "name: y, parent: ~o/") + "/ name: o, initial_child: y") == told(
        "[PG073]: `y` does not lie in the region `left` of `p` (S1.1): its `parent` is `o`",
        "hint: take `parent` away there, or list `o` in the region instead",
        "there: here its parent is said",
    )


def test_a_state_of_a_region_whose_parent_is_another_one_there_is_that_states_child() -> None:
    """S1.1."""
    states = "name: x, initial_child: xx/ name: xx, parent: x"
    assert marked(parallel().replace("name: x/ name: xx", states), "trigger: go, source: a, dest: xx") == []


@pytest.mark.parametrize(
    "region", ["initial: ^p, states: [x]", "initial: x, states: [x, ^p]", "initial: p, states: [^p]"]
)
def test_a_parallel_state_does_not_lie_in_a_region_of_its_own(region: str) -> None:
    assert of_region(f"name: left, {region}") == told(
        "[PG073]: `p` can't lie in a region of its own", "hint: name a state that `p` does not lie in"
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            "name: p, regions: [{name: r, initial: q}]/ name: q, regions: [{name: r, initial: ^p}]",
            told("[PG073]: `p` lies in itself: p in q in p", "hint: name a state that `p` does not lie in"),
        ),
        (
            "name: p, parent: ^x, regions: [{name: r, initial: x, states: [x]}]/ name: x, initial_child: p",
            told("[PG067]: `p` lies in itself: p in x in p", "hint: leave `parent` out at the outermost state"),
        ),
        (
            "name: p, regions: [{name: r, initial: x, states: [x, xx]}]/ name: x/ name: xx, initial_child: q"
            "/ name: q, parent: xx, regions: [{name: r, initial: y, states: [y, ^p]}]/ name: y",
            told("[PG073]: `p` lies in itself: p in q in xx in p", "hint: name a state that `p` does not lie in"),
        ),
    ],
)
def test_states_that_lie_in_each_other_by_regions_are_told_once(states: str, expected: list[str]) -> None:
    """S1.1: a forest."""
    assert marked(f"name: a, type: initial/ {states}", "trigger: go, source: a, dest: a") == expected


def test_a_state_in_a_region_is_not_the_initial_one() -> None:
    """S1.2."""
    for root in ("name: a", "name: a, type: initial"):
        states = parallel().replace("name: a, type: initial", root).replace("name: x/", "name: x, type: ^initial/")
        assert marked(states) == told(
            "[PG067]: `x` lies in a region and can't have `type: initial` (S1.2)",
            "hint: leave `type` out: a region says itself in which state it starts",
        )


def test_a_region_does_not_start_in_a_choice() -> None:
    """S7.3."""
    states = parallel("name: left, initial: ^x, states: [x, xx]").replace("name: x/", "name: x, type: choice/")
    assert marked(states) == told(
        "[PG055]: `x` is a choice, in which no region can start (S7.3)", "hint: name a state that can be rested in"
    )


def nested(depth: int) -> str:
    """Parallel states in one another, so many of them."""
    around = [f"name: p{n}, regions: [{{name: r, initial: p{n + 1}}}]" for n in range(depth)]
    return "/ ".join(["name: a, type: initial", *around, f"name: p{depth}"])


def test_parallel_states_may_lie_in_one_another_but_not_for_ever() -> None:
    """Said once, however many more there are."""
    entered = "trigger: go, source: a, dest: p0"
    assert marked(nested(MAXIMUM_DEPTH), entered) == []
    for more in (1, 10):
        states = nested(MAXIMUM_DEPTH + more).replace(f"name: p{MAXIMUM_DEPTH},", f"name: ^p{MAXIMUM_DEPTH},")
        assert marked(states, entered) == told(
            f"[PG073]: `p{MAXIMUM_DEPTH}` lies in {MAXIMUM_DEPTH} parallel states already, and so can't have regions",
            "hint: put regions side by side, or make a machine of the inner ones",
        )


# -- transitions in regions (S6.4, S6.5) -----------------------------------------------------------------------

ELSEWHERE = "hint: leave `region` out: the sources say where a transition applies"


@pytest.mark.parametrize("source", ["x", "[x, xx]", '"*"', "[x, '*']"])
def test_a_transition_may_say_in_which_region_it_is(source: str) -> None:
    """S6.4."""
    assert of_transition(f"trigger: back, source: {source}, dest: x, region: left") == []


@pytest.mark.parametrize(
    ("transition", "outside"),
    [
        ("source: y, dest: yy", "`y` does"),
        ("source: [x, y], internal: true", "`y` does"),
        ("source: [y, x, yy], dest: a", "`y`, `yy` do"),
        ("source: p, dest: x", "`p` does"),
        ("source: a, dest: p", "`a` does"),
        ("source: ['*', y], dest: x", "`y` does"),
        ("after: 5s, source: y, dest: yy", "`y` does"),
    ],
)
def test_every_source_lies_in_the_region_that_a_transition_names(transition: str, outside: str) -> None:
    """S6.4: said once, however many do not."""
    headline = f"[PG073]: {outside} not lie in the region `left` (S6.4)"
    assert told(headline, ELSEWHERE)[0] in of_transition(f"trigger: back, {transition}, region: ^left")


@pytest.mark.parametrize("source", ["x", '"*"'])
@pytest.mark.parametrize(
    ("region", "hint"), [("lefft", "did you mean `left`?"), ("p", "leave it out: the sources say enough")]
)
def test_the_region_that_a_transition_names_has_to_be_defined(source: str, region: str, hint: str) -> None:
    assert of_transition(f"trigger: back, source: {source}, dest: x, region: ^{region}") == told(
        f"[PG073]: there is no region `{region}`", f"hint: {hint}"
    )


TWICE = (
    f"{parallel()}/ name: q, regions: [{{name: left, initial: u, states: [u, uu]}}, {{name: rest, initial: v}}]"
    "/ name: u/ name: uu/ name: v"
)


def test_from_anywhere_in_a_region_needs_a_name_that_only_one_region_has() -> None:
    """S6.4: or a destination that tells which."""
    assert marked(TWICE, f"{ENTERED}/ trigger: out, source: '*', dest: a, region: ^left") == told(
        "[PG073]: there are 2 regions `left`, so `*` does not say which is meant (S6.4)",
        "hint: give them different names, or name the sources",
    )
    assert marked(TWICE, f"{ENTERED}/ trigger: out, source: '*', dest: uu, region: left") == []
    assert marked(TWICE, f"{ENTERED}/ trigger: out, source: [u, x], dest: a, region: left") == []


ACROSS = (
    "hint: lead to a state in the same region or outside of `p`; another region can take the same event with a "
    "transition of its own"
)


@pytest.mark.parametrize(
    ("transition", "destination", "source"),
    [
        ("trigger: over, source: x, dest: ^y", "y", "x"),
        ("trigger: over, source: x, dest: ^y, region: left", "y", "x"),
        ("trigger: over, source: [xx, x], dest: ^y", "y", "x"),
        ("trigger: over, source: [y, x], dest: ^yy", "yy", "x"),
        ("trigger: over, source: '*', dest: ^y, region: left", "y", "x"),
        ("auto: true, source: x, dest: ^y", "y", "x"),
        ("after: 5s, source: x, dest: ^y", "y", "x"),
    ],
)
def test_nothing_leads_into_a_sibling_region(transition: str, destination: str, source: str) -> None:
    """S6.5: one region would be left without a state, the other with two; said once per transition."""
    assert of_transition(transition) == told(
        f"[PG075]: `{destination}` lies in another region of `p` than `{source}` (S6.5)", ACROSS
    )


def test_nothing_leads_into_a_sibling_region_from_deep_inside_or_through_a_choice_or_by_a_timeout() -> None:
    """S6.5: said of the state that has the transition."""
    states = parallel(f"{LEFT[:-1]}, c]").replace("name: x/", "name: x, initial_child: u/ name: u, parent: x/")
    states += "/ name: v, parent: x/ name: c, type: choice"
    refused = told("[PG075]: `y` lies in another region of `p` than `x` (S6.5)", ACROSS)
    assert marked(states, f"{ENTERED}/ trigger: over, source: x, dest: ^y/ source: c, dest: u, auto: true") == refused
    choice = "trigger: over, source: x, dest: ^c/ trigger: b, source: c, dest: u, guards: [g]"
    assert marked(states, f"{ENTERED}/ {choice}/ trigger: b, source: c, dest: y") == refused
    timeout = states.replace("name: x,", "name: x, timeout: {seconds: 5, destination: ^y},")
    assert marked(timeout, f"{ENTERED}/ trigger: b, source: c, dest: u") == refused


def test_nothing_leads_into_a_sibling_region_further_out() -> None:
    """S6.5."""
    states = parallel().replace(
        "name: x/", "name: x, regions: [{name: r, initial: u, states: [u, v]}]/ name: u/ name: v/"
    )
    assert marked(states, f"{ENTERED}/ trigger: over, source: u, dest: ^y") == told(
        "[PG075]: `y` lies in another region of `p` than `u` (S6.5)", ACROSS
    )
    assert marked(states, f"{ENTERED}/ trigger: over, source: u, dest: xx") == []


@pytest.mark.parametrize("written", ["H({})", "H*({})"])
def test_a_region_has_no_history_and_the_parallel_state_has(written: str) -> None:
    """S4.2: a region is no state; what it remembers is remembered with its parallel state."""
    assert of_transition(f"trigger: back, source: a, dest: {written.format('p')}") == []
    assert of_transition(f"trigger: back, source: a, dest: ^{written.format('left')}") == told(
        "[PG050]: there is no state `left`", "hint: define it in `states`"
    )
    assert of_transition(f"trigger: back, source: a, dest: ^{written.format('x')}") == told(
        "[PG069]: `x` has no children, and so no history to go back to (S4.2)", "hint: write `x`"
    )


@pytest.mark.parametrize("key", ["source", "dest"])
def test_a_region_is_neither_a_source_nor_a_destination(key: str) -> None:
    named = {"source": "x", "dest": "xx", key: "^left"}
    assert of_transition(f"trigger: t, source: {named['source']}, dest: {named['dest']}") == told(
        "[PG050]: there is no state `left`", "hint: define it in `states`"
    )


# -- joins (S6.6) ----------------------------------------------------------------------------------------------


def test_a_join_names_a_parallel_state() -> None:
    for name, hint in (("pp", "did you mean `p`?"), ("x", "triggers can't start with `_`")):
        assert of_transition(f"trigger: ^_join_{name}, source: p, dest: a") == told(
            f"[PG074]: `_join_{name}` joins regions, but `{name}` is no parallel state (S6.6)", f"hint: {hint}"
        )


@pytest.mark.parametrize("source", ["x", "a", "[p, a]", "'*'", "[p, '*']"])
def test_a_join_starts_from_the_parallel_state_that_it_names(source: str) -> None:
    assert of_transition(f"trigger: _join_p, source: ^{source}, dest: a") == told(
        "[PG074]: `_join_p` joins the regions of `p`, and so can start from nowhere else (S6.6)",
        "hint: write `source: p`",
    )


def test_a_join_does_not_wait() -> None:
    assert of_transition("trigger: _join_p, source: p, dest: a, after: ^5s") == told(
        "[PG074]: `_join_p` fires as soon as the regions of `p` have finished, and can't wait (S6.6)",
        "hint: let it lead to a state with a `timeout`",
    )


def test_what_is_wrong_with_a_join_is_said_once() -> None:
    """Not again because it does not start from where it has to."""
    assert of_transition("trigger: _join_p, source: ^zebra, dest: a") == told(
        "[PG050]: there is no state `zebra`", "hint: define it in `states`"
    )
    assert of_transition("trigger: ^_join_, source: p, dest: a") == told(
        "[PG025]: names that start with `_` are the engine's own, so `_join_` can't stand here", "hint: write `join_`"
    )
    joins = "trigger: _join_p, source: p, dest: a, guards: [g]/ trigger: _join_p, source: p, dest: a, after: ^5s"
    (line,) = of_transition(joins)
    assert line.startswith("here: error[PG074]")


@pytest.mark.parametrize("auto", ["true", "false"])
def test_a_join_is_automatic_whether_it_says_so_or_not(auto: str) -> None:
    states = parallel(f"{LEFT}, final: xx")
    assert marked(states, f"{ENTERED}/ trigger: _join_p, source: p, dest: a, auto: {auto}") == []


def test_a_join_waits_for_a_region_that_can_finish() -> None:
    """S6.6."""
    (line,) = of_transition("trigger: ^_join_p, source: p, dest: a")
    assert line.startswith("here: warning[PG076]: `_join_p` never fires: no region of `p` can finish (S6.6)")


def test_a_branch_of_a_choice_may_be_called_as_a_join() -> None:
    """S7.3: its trigger means nothing."""
    states = f"{parallel()}/ name: c, type: choice"
    assert marked(states, f"{ENTERED}/ trigger: _join_x, source: c, dest: a/ trigger: c, source: a, dest: c") == []


# -- loops (S7.2) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transitions", "circle"),
    [
        ("auto: true, source: x, dest: xx/ auto: true, source: xx, dest: x", "x -> xx -> x"),
        ("auto: true, source: x, internal: true", "x -> x"),
        ("auto: true, source: '*', region: left, dest: x", "x -> x"),
        ("auto: true, source: p, dest: p", "p -> p"),
        ("auto: true, source: p, internal: true", "p -> p"),
        ("auto: true, source: p, dest: a/ auto: true, source: a, dest: p", "a -> p -> a"),
    ],
)
def test_automatic_transitions_that_never_end_are_found_in_and_around_regions(transitions: str, circle: str) -> None:
    (line,) = of_transition(transitions)
    assert line.partition(": ")[2] == (
        f"error[PG057]: automatic transitions never come to rest: {circle} (S7.2)\n"
        "    hint: guard one of them, or let it wait for a trigger"
    )


@pytest.mark.parametrize(
    "transitions",
    [
        "auto: true, source: x, internal: true/ auto: true, source: y, dest: a",
        "auto: true, source: p, internal: true/ auto: true, source: x, dest: xx, guards: [g]",
        "auto: true, source: x, dest: xx/ auto: true, source: xx, dest: x, guards: [g]",
    ],
)
def test_a_loop_that_another_region_or_a_guard_may_end_is_not_certain(transitions: str) -> None:
    assert of_transition(transitions) == []


# -- names (docs/yaml.md#names-in-python) ----------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "spelt"), [("class", "class_", "class_"), ("1st", "n1st", "n1st")])
def test_two_regions_that_are_spelt_alike_in_python_are_told_with_both_places(
    first: str, second: str, spelt: str
) -> None:
    states = parallel(f"name: ~{first}, initial: x, states: [x, xx]", f"name: ^{second}, initial: y, states: [y, yy]")
    assert marked(states) == told(
        f"[PG059]: region `{first}` and region `{second}` are both `{spelt}` in Python",
        "hint: rename one of them",
        f"there: `{first}` stands here",
    )


def test_two_parallel_states_whose_classes_are_spelt_alike_are_told_with_both_places() -> None:
    states = "name: ~a_b, type: initial, regions: [{name: r, initial: x}]/ name: x"
    states += "/ name: ^a__b, regions: [{name: r, initial: y}]/ name: y"
    assert marked(states, "trigger: go, source: a_b, dest: a__b") == told(
        "[PG059]: state `a_b` and state `a__b` are both `MABConfig` in Python",
        "hint: rename one of them",
        "there: `a_b` stands here",
    )


def test_only_classes_that_there_are_can_be_spelt_alike() -> None:
    states = "name: a_b, type: initial, regions: [{name: r, initial: x}]/ name: x/ name: a__b"
    assert marked(states, "trigger: go, source: a_b, dest: a__b") == []


# -- anything (S11.3) ------------------------------------------------------------------------------------------


def _mutated(machine: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A machine with one thing in it changed that has to do with where states lie."""
    machine = copy.deepcopy(machine)
    names = [state["name"] for state in machine["states"]]
    state, transition = chance.choice(machine["states"]), chance.choice(machine["transitions"])
    name, few = chance.choice(names), chance.sample(names, 2)
    regions = [region for state in machine["states"] for region in state.get("regions", ())]
    region = chance.choice(regions or [{}])
    into, key, value = chance.choice(
        [
            *((state, "parent", name), (state, "initial_child", name), (state, "regions", [])),
            (state, "regions", [{"name": "r1", "initial": name, "states": few}]),
            (state, "type", chance.choice(["initial", "stable", "terminal", "choice", "parallel"])),
            *((region, "initial", name), (region, "final", name), (region, "states", few)),
            (region, "name", chance.choice(["r1", "r2"])),
            *((transition, "source", chance.choice([name, "*", few])), (transition, "region", "r1")),
            (transition, "dest", chance.choice([name, f"H({name})", f"H*({name})"])),
            (transition, "trigger", f"_join_{name}"),
        ]
    )
    into[key] = value
    return machine


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(machines(), st.integers(0, 2**32))
def test_whatever_is_changed_in_a_machine_it_loads_or_is_refused_with_reasons(machine: Any, seed: int) -> None:
    """S11.3: nothing hangs or crashes, nothing is said twice, and what is not refused can be used."""
    chance = random.Random(seed)
    text = json.dumps(_mutated(machine, chance))
    found = problems(text)
    assert len({str(problem) for problem in found}) == len(found)
    if not any(problem.is_error for problem in found):
        _use(machine_class(load(text)), chance)


def _use(kind: Any, chance: random.Random) -> None:
    """Go from every state wherever some events lead, by way of snapshots."""
    made = kind.unbound()
    for name in made.chart.guards:
        made.guard(name)(lambda ctx, **params: True)
    for name in made.chart.actions:
        made.action(name)(lambda ctx: None)
    for state in made.states:
        if made.definition["states"][made.states.index(state)].get("type") == "choice":
            continue
        try:
            session = made.create("e1", {"n": 0, "m": 0, "xs": []}, str(state))
        except (ActionError, AutoTransitionLoopError):
            continue
        for _ in range(3):
            session.handle(Event(chance.choice(["go", "back", "poke"])))
            snapshot = json.loads(json.dumps(session.snapshot(), default=str))
            assert kind.session_class.from_snapshot(made, snapshot).snapshot() == snapshot
