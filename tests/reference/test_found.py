"""What :mod:`reference.test_agreement` has found, as small as it can be said."""

from __future__ import annotations

from typing import Any

from reference.agreement import agree, bound
from reference.interpreter import Entity
from reference.strategies import GUARDS


def _moved(transition: dict[str, Any], **more: Any) -> dict[str, Any]:
    states = [{"name": "a", "type": "initial"}, {"name": "b"}]
    return {"states": states, "transitions": [{"trigger": "go", "source": "a", "dest": "b", **transition}], **more}


def test_the_condition_of_a_compute_is_asked_once_for_all_of_its_keys() -> None:
    """S8.2, S8.5: writing the first key does not unsay the condition for the second."""
    effect = {"compute": {"n": "m - 1", "m": "n - 1"}, "when": "n == 0"}
    definition = _moved({"actions": [effect]})
    assert agree(definition, {"n": 0, "m": 5}, [("send", "go", {})])
    machine = bound(definition, [])
    assert machine.process("a", "go", {"n": 0, "m": 5}).changes == {"n": 4, "m": 3}
    assert machine.process("a", "go", {"n": 1, "m": 5}).changes == {}


def test_timers_armed_at_creation_fire_in_the_order_of_entry() -> None:
    """S3.2, S3.5, S9.2: as if the states had been entered by a transition, the outer one before the inner."""
    definition = {
        "states": [
            {"name": "outer", "type": "initial", "initial_child": "inner"},
            {"name": "inner", "parent": "outer"},
        ],
        "transitions": [
            {"source": "outer", "after": 100, "internal": True, "actions": ["act"]},
            {"source": "inner", "after": 100, "internal": True, "actions": ["beat"]},
            {"source": "inner", "trigger": "again", "dest": "outer"},
        ],
    }
    script: list[Any] = [("advance", 100), ("send", "again", {}), ("advance", 100)]
    assert agree(definition, {}, script) == 7
    entity = Entity(definition, GUARDS)
    entity.start({})
    assert [outcome.actions for outcome in entity.advance(100)] == [["act"], ["beat"]]
    assert list(bound(definition, []).start({}).armed) == list(
        bound(definition, []).process("inner", "again", {}).armed
    )


def _rounds(most: int) -> dict[str, Any]:
    """A machine whose automatic transitions go on while ``n`` is less than that."""
    count = {"auto": True, "source": "b", "dest": "b", "actions": [{"increment": "n"}]}
    definition = _moved({})
    definition["transitions"].append({**count, "guards": [{"expr": f"n < {most}"}]})
    return definition


def test_a_hundred_automatic_rounds_come_to_rest_and_one_more_does_not() -> None:
    """S7.2: random machines hardly ever stop just there."""
    for most, error in ((100, None), (101, "AutoTransitionLoopError")):
        assert agree(_rounds(most), {"n": 0}, [("send", "go", {})]) == 3
        entity = Entity(_rounds(most), GUARDS)
        entity.start({"n": 0})
        assert entity.send("go", {})[0].error == error


def test_history_that_an_earlier_round_of_the_same_step_recorded_is_restored() -> None:
    """S4.2, S7.1: out of `p`, and by an automatic transition back into it."""
    definition = {
        "states": [
            {"name": "p", "type": "initial", "initial_child": "first"},
            {"name": "first", "parent": "p"},
            {"name": "second", "parent": "p"},
            {"name": "out"},
        ],
        "transitions": [
            {"trigger": "go", "source": "first", "dest": "second"},
            {"trigger": "back", "source": "p", "dest": "out"},
            {"auto": True, "source": "out", "dest": "H(p)", "guards": ["g1"]},
        ],
    }
    assert agree(definition, {"g1": True}, [("send", "go", {}), ("send", "back", {})]) == 4
    machine = bound(definition, [])
    assert machine.process("second", "back", {"g1": True}, history={"p": "first"}).target_state == "second"


def test_shallow_history_goes_back_to_the_child_and_deep_history_to_the_leaf() -> None:
    """S4.2: where the child's initial leaf is another than the one recorded, which random machines hardly ever do."""
    definition = {
        "states": [
            {"name": "p", "type": "initial", "initial_child": "other"},
            {"name": "other", "parent": "p"},
            {"name": "child", "parent": "p", "initial_child": "first"},
            {"name": "first", "parent": "child"},
            {"name": "second", "parent": "child"},
            {"name": "out"},
        ],
        "transitions": [
            {"trigger": "go", "source": "other", "dest": "second"},
            {"trigger": "go", "source": "p", "dest": "out"},
            {"trigger": "back", "source": "out", "dest": "H(p)"},
            {"trigger": "poke", "source": "out", "dest": "H*(p)"},
        ],
    }
    for trigger, leaf in (("back", "first"), ("poke", "second")):
        script: list[Any] = [("send", "go", {}), ("restore",), ("send", "go", {}), ("send", trigger, {})]
        assert agree(definition, {}, script) == 6
        assert bound(definition, []).process("out", trigger, {}, history={"p": "second"}).target_state == leaf
