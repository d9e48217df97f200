"""Contexts are checked before guards are asked: by declaration (S10.1), and by the application (S10.2)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import InvalidTransitionError
from support.orchestrated import StoppedClock, orchestrated

pytestmark = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

YAML = """
    meta: {machine_name: order, validate_context: true}
    state_variables: [{key: qty, type: integer, required: true}, {key: filled, type: integer, default: 0}]
    context_invariants: [{name: not_overfilled, expr: "filled <= qty"}]
    states: [{name: new, type: initial}, {name: open, timeout: {seconds: 5, destination: new}}]
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [asked]}
      - {trigger: fill, source: open, internal: true, actions: [{increment: filled}]}
    """


def test_a_context_that_does_not_fit_is_a_result_and_nothing_is_written(store: Any, door: Any) -> None:
    """S10.1"""
    asked: list[Any] = []
    orders = orchestrated(YAML, store, guards={"asked": asked.append})
    for context, told in (({}, "qty is required"), ({"qty": "x"}, "qty must be integer"), ({"qty": -1}, "invariant")):
        result = door.send(orders, "o-1", "approve", context)
        assert type(result.error) is InvalidTransitionError
        assert result.metadata["reason"] == "context_validation"
        assert told in result.metadata["errors"][0]
    assert asked == []
    assert door.get(orders, "o-1") is None


def test_the_application_is_asked_after_that_with_entity_state_trigger_and_context(store: Any, door: Any) -> None:
    """S10.2"""
    told: list[Any] = []

    def validator(entity_id: str, state: str, trigger: str, ctx: Any) -> Any:
        told.append((entity_id, state, trigger, dict(ctx)))
        return ctx["qty"] < 10, ["too many"]

    orders = orchestrated(YAML, store, guards={"asked": lambda ctx: True}, context_validator=validator)
    assert door.send(orders, "o-1", "approve", {"qty": "x"}).metadata["errors"][0] == "qty must be integer, not 'x'"
    assert told == []
    result = door.send(orders, "o-1", "approve", {"qty": 10})
    assert result.metadata["reason"] == "context_validation"
    assert result.metadata["errors"] == ("too many",)
    assert told == [("o-1", "new", "approve", {"qty": 10, "filled": 0})]
    assert type(told[0][1]) is str
    assert door.get(orders, "o-1") is None
    assert door.send(orders, "o-1", "approve", {"qty": 9}).success


def test_of_several_all_are_asked_and_all_that_they_say_is_told(store: Any, door: Any) -> None:
    """S10.2"""
    validators = [lambda *what: (True, ["unheard"]), lambda *what: (False, ["one", 2]), lambda *what: (False, [])]
    orders = orchestrated(YAML, store, context_validator=validators)
    result = door.send(orders, "o-1", "approve", {"qty": 1})
    assert result.metadata["errors"] == ("one", "2", "the context validator refuses it")


def test_one_that_raises_or_answers_nonsense_lets_nothing_through(
    store: Any, door: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """S10.2, as S5.3 for guards"""

    def broken(*what: Any) -> Any:
        raise LookupError("a bug")

    for validator, told in ((broken, "raised LookupError: a bug"), (lambda *what: True, "raised TypeError")):
        orders = orchestrated(YAML, store, context_validator=validator)
        result = door.send(orders, "o-1", "approve", {"qty": 1})
        assert result.metadata["reason"] == "context_validation"
        assert told in result.metadata["errors"][0]
        assert told in caplog.text
    assert door.get(orders, "o-1") is None


def test_timers_are_checked_as_events_are(store: Any, door: Any) -> None:
    """S10.2, S9.4: the timer is used up"""
    clock, fits = StoppedClock(), [True]
    orders = orchestrated(
        YAML,
        store,
        guards={"asked": lambda ctx: True},
        context_validator=lambda *what: (fits[0], ["not now"]),
        scheduler=clock,
    )
    door.send(orders, "o-1", "approve", {"qty": 1})
    fits[0] = False
    clock.now += 5_000
    (result,) = door.run_due(orders)
    assert result.metadata["errors"] == ("not now",)
    assert (door.get(orders, "o-1").state, door.get(orders, "o-1").timers) == ("open", {})


def test_what_is_known_beforehand_is_validated_too(store: Any, door: Any) -> None:
    """S10.2: the quick way does not go round it"""
    plain = YAML.replace(", validate_context: true", "").replace(", guards: [asked]", "")
    orders = orchestrated(plain, store, context_validator=lambda *what: (False, ["no"]))
    assert door.send(orders, "o-1", "approve").metadata["errors"] == ("no",)


def test_an_unknown_trigger_is_refused_without_asking(store: Any, door: Any) -> None:
    """S2.4"""
    orders = orchestrated(YAML, store, context_validator=lambda *what: (False, ["no"]))
    assert door.send(orders, "o-1", "unheard").metadata["reason"] == "undefined_trigger"
