"""What PyStator reads without a word, and generating a module finds (S11)."""

from __future__ import annotations

import pytest

from conformance.rows import row
from conformance.sides import STATES, interpreted, is_refused, meta, one
from support.machines import codes, load, problems


def found(text: str, more: str = "") -> list[str]:
    """The codes of what is found in the same machine here."""
    return codes(meta(more) + text)


@row("a misspelt key (`gaurds`)")
def test_a_misspelt_key_leaves_a_transition_unguarded_or_is_an_error() -> None:
    """S11.2."""
    text = one(', gaurds: [{expr: "False"}]')
    assert interpreted(text).process("a", "go", {}).success
    assert "PG022" in found(text)


@row("any other unknown key")
def test_an_unknown_key_is_ignored_in_silence_or_with_a_warning() -> None:
    """S11.2."""
    text = one(", owner: me", "extra: 1\n")
    assert interpreted(text).process("a", "go", {}).success
    assert found(text).count("PG023") == 2
    assert not any(problem.is_error for problem in problems(meta() + text))


@row("a key twice in one mapping")
def test_of_two_equal_keys_the_last_one_counts_or_it_is_an_error() -> None:
    """S11.1."""
    text = one(", dest: c")
    assert interpreted(text).process("a", "go", {}).target_state == "c"
    assert "PG008" in found(text)


@row("an expression that can't be parsed, or is outside the subset")
@pytest.mark.parametrize("expression", ["amount >=", "[x for x in xs]", "_event.trigger == 'stop'", "amount := 1"])
def test_a_bad_expression_fails_at_every_event_or_when_generating(expression: str) -> None:
    """S5.7."""
    text = one(f', guards: [{{expr: "{expression}"}}]')
    refused = interpreted(text).process("a", "go", {"amount": 1, "xs": [1]})
    assert refused.metadata["reason"] == "guards_failed"
    assert "PG060" in found(text)


@row("an expression that reads `_event`, or calls `rand()`")
@pytest.mark.parametrize("expression", ["_event.trigger == 'go'", "rand() < 1", "randint(1) == 0"])
def test_an_expression_may_see_the_event_and_chance_there_and_not_here(expression: str) -> None:
    """S5.7, S8.4."""
    text = one(f', guards: [{{expr: "{expression}"}}]')
    assert interpreted(text).process("a", "go", {}).success
    assert "PG060" in found(text)


@row("a check without a value to compare with, or with an invalid pattern")
@pytest.mark.parametrize("check", ["op: gt", 'op: matches, value: "("'])
def test_a_check_that_can_not_be_asked_never_holds_or_is_an_error(check: str) -> None:
    """S5.8."""
    text = one(f", guards: [{{check: {{field: f, {check}}}}}]")
    assert not interpreted(text).process("a", "go", {"f": 1}).success
    assert "PG031" in found(text)


@row("an internal transition to another state")
def test_an_internal_transition_elsewhere_stays_or_is_an_error() -> None:
    """S3.4."""
    text = one(", internal: true")
    assert interpreted(text).process("a", "go", {}).target_state == "a"
    assert "PG054" in found(text)


@row("`events` of a trigger that does not exist")
def test_events_without_a_trigger_are_accepted_or_told() -> None:
    """S11.3."""
    text = one("", "events: [{name: gone, payload: {x: integer}}]\n")
    assert interpreted(text).process("a", "go", {}).success
    assert "PG064" in found(text)


@row("automatic transitions that never end")
def test_automatic_transitions_without_end_stop_after_20_rounds_or_are_an_error() -> None:
    """S7.2."""
    text = one("", "  - {auto: true, source: b, dest: c}\n  - {auto: true, source: c, dest: b}\n")
    session = interpreted(text).create()
    assert session.send("go").success
    assert len(session.history) == 21
    assert "PG057" in found(text)


@row("a transition after one without guards")
def test_a_transition_that_is_never_asked_is_accepted_or_told() -> None:
    """S2.1, S11.3."""
    text = one("", "  - {trigger: go, source: a, dest: c}\n")
    assert interpreted(text).process("a", "go", {}).target_state == "b"
    assert "PG063" in found(text)


@row("a choice without branches, or choices that lead in a circle")
@pytest.mark.parametrize(
    ("branches", "success", "code"),
    [
        ("", False, "PG055"),
        ("  - {trigger: go, source: d, dest: e}\n  - {trigger: go, source: e, dest: d}\n", True, "PG056"),
    ],
)
def test_a_choice_that_leads_nowhere_is_accepted_or_an_error(branches: str, success: bool, code: str) -> None:
    """S7.3."""
    text = (
        "states: [{name: a, type: initial}, {name: d, type: choice}, {name: e, type: choice}]\n"
        f"transitions:\n  - {{trigger: go, source: a, dest: d}}\n{branches}"
    )
    result = interpreted(text).process("a", "go", {})
    assert (result.success, result.target_state) == ((True, "e") if success else (False, None))
    assert code in found(text)


@row("children of a state that has no `initial_child`")
def test_a_state_that_does_not_say_its_initial_child_is_rested_in_or_an_error() -> None:
    """S1.2."""
    text = (
        "states: [{name: a, type: initial}, {name: p}, {name: q, parent: p}]\n"
        "transitions: [{trigger: go, source: a, dest: p}, {trigger: next, source: p, dest: q}]\n"
    )
    assert interpreted(text).process("a", "go", {}).target_state == "p"
    assert found(text) == ["PG067"]


@row("`H(state)` of a state that does not exist, or has no children")
@pytest.mark.parametrize(("state", "code"), [("nowhere", "PG050"), ("b", "PG069")])
def test_history_of_what_has_none_leads_there_or_is_an_error(state: str, code: str) -> None:
    """S4.2."""
    text = f"{STATES}transitions: [{{trigger: go, source: a, dest: H({state})}}]\n"
    session = interpreted(text).create()
    session.send("go")
    assert session.current_state == state
    assert code in found(text)


@row("an entry or exit point that lies elsewhere")
def test_a_point_of_another_state_is_accepted_or_an_error() -> None:
    """S12.2."""
    text = (
        "states: [{name: a, type: initial}, {name: p, initial_child: q, entry_points: [b]}, {name: q, parent: p}, "
        '{name: b}]\ntransitions: [{trigger: go, source: a, dest: "p:b"}]\n'
    )
    assert interpreted(text).process("a", "go", {}).target_state == "b"
    assert "PG068" in found(text)


def test_on_and_off_are_names_only_here() -> None:
    """S11.1."""
    text = "states: [{name: on, type: initial}, {name: off}]\ntransitions: [{trigger: flip, source: on, dest: off}]\n"
    assert is_refused(text)
    assert found(text) == []


def test_a_version_that_looks_like_a_number_is_text_here_and_refused_there() -> None:
    """S11.1."""
    text = "states: [{name: a, type: initial}]\ntransitions: []\n"
    assert is_refused(text.replace("states", "meta: {machine_name: x, version: 1.10}\nstates"))
    module = load(f"meta: {{machine_name: x, version: 1.10}}\n{text}")
    assert module.XMachine().version == "1.10"


def test_a_flag_written_as_a_word_means_the_same_and_is_told() -> None:
    """S11.1."""
    assert interpreted(one(), ", strict_mode: yes").strict_mode is True
    assert "PG029" in found(one(), ", strict_mode: yes")


@pytest.mark.parametrize("delay", ["100ms", "1.5s", "1d"])
def test_delays_have_more_units_here(delay: str) -> None:
    """S9.1."""
    assert is_refused(one(f", after: {delay}"))
    assert not any(problem.is_error for problem in problems(meta() + one(f", after: {delay}")))
