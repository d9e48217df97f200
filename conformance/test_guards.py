"""Guards, payloads and the context that they see (S5, S10)."""

from __future__ import annotations

import asyncio
from typing import Any

import pystator
import pytest

import pystator_runtime
from conformance.rows import row
from conformance.sides import both, interpreted, meta, one
from pystator_runtime import Event
from support.machines import load


@row("`not` around an expression or function that raises, for example because a key is missing")
def test_not_of_what_raises_holds_there_and_is_unknown_here() -> None:
    """S5.3."""
    machines = both(one(', guards: [{not: {expr: "amount > limit"}}]'))
    assert machines.pystator.process("a", "go", {"amount": 1}).success
    refused = machines.ours.process("a", "go", {"amount": 1})
    assert refused.metadata["reason"] == "guards_failed"
    assert refused.metadata["guard_errors"]


@row("a guard raises `OSError`, `TimeoutError`, …")
def test_a_guard_that_raises_oserror_raises_out_of_process_there_and_is_unknown_here() -> None:
    """S5.3."""

    def late(ctx: Any) -> bool:
        raise TimeoutError

    machines = both(one(", guards: [g]"), guards={"g": late})
    with pytest.raises(pystator.GuardExecutionError):
        machines.pystator.process("a", "go", {})
    assert machines.ours.process("a", "go", {}).metadata["reason"] == "guards_failed"


@row("a guard returns an object that does not define whether it is true")
def test_any_object_is_true_there_and_one_without_a_truth_of_its_own_unknown_here() -> None:
    """S5.5: such as an awaitable that nobody has awaited."""
    machines = both(one(", guards: [g]"), guards={"g": lambda ctx: object()})
    assert machines.pystator.process("a", "go", {}).success
    assert machines.ours.process("a", "go", {}).metadata["reason"] == "guards_failed"


@row("a guard changes its context")
def test_what_a_guard_writes_is_seen_by_the_next_there_and_by_nobody_here() -> None:
    """S5.1."""

    def writes(ctx: Any) -> bool:
        ctx["n"] = 5
        return True

    machines = both(one(', guards: [g, {expr: "n == 5"}]'), guards={"g": writes})
    assert machines.pystator.process("a", "go", {}).success
    assert not machines.ours.process("a", "go", {}).success


@row("`contains`, `starts_with`, `ends_with`, `matches` on a value that is not text")
def test_checks_of_text_compare_str_there_and_only_text_here() -> None:
    """S5.8."""
    for check in ("contains, value: 5", 'starts_with, value: "1"', 'ends_with, value: "0"', 'matches, value: "^1"'):
        machines = both(one(f", guards: [{{check: {{field: f, op: {check}}}}}]"))
        assert machines.pystator.process("a", "go", {"f": 150}).success
        assert not machines.ours.process("a", "go", {"f": 150}).success
    machines = both(one(", guards: [{check: {field: f, op: contains, value: 1}}]"))
    assert machines.pystator.process("a", "go", {"f": [12]}).success
    assert not machines.ours.process("a", "go", {"f": [12]}).success
    assert machines.ours.process("a", "go", {"f": [1]}).success


@row("`in` and `not_in` with `value: [...]` instead of `values`")
def test_a_list_under_value_is_not_seen_there_and_means_values_here() -> None:
    """S5.8."""
    machines = both(one(", guards: [{check: {field: f, op: in, value: [1, 2]}}]"))
    assert not machines.pystator.process("a", "go", {"f": 1}).success
    assert machines.ours.process("a", "go", {"f": 1}).success


@row("lists, tuples, sets and dicts in an expression (`x in [1, 2]`)")
@pytest.mark.parametrize(
    "expression", ["x in [1, 2]", "x in (1, 2)", "x in {1, 2}", "{1: 2}[x] == 2", "max([x, 0]) == 1"]
)
def test_an_expression_with_a_collection_fails_there_and_is_evaluated_here(expression: str) -> None:
    """S5.7."""
    machines = both(one(f', guards: [{{expr: "{expression}"}}]'))
    assert machines.pystator.process("a", "go", {"x": 1}).metadata["reason"] == "guards_failed"
    assert machines.ours.process("a", "go", {"x": 1}).success


@row("a guard has no function")
def test_a_missing_guard_is_found_at_the_event_there_and_at_first_use_here() -> None:
    """S5.4."""
    text = one(", guards: [g]", "  - {trigger: other, source: a, dest: c, guards: [h]}\n")
    session = interpreted(text).create()
    with pytest.raises(pystator.GuardNotFoundError):
        session.send("go")
    with pytest.raises(pystator_runtime.ConfigurationError, match="g, h"):
        load(meta() + text).MachineMachine.unbound().create()


@row("a guard or action named `always`, `key_present`, `log`, …")
def test_some_names_are_built_in_there_and_yours_here() -> None:
    """S5.4."""
    text = one(", guards: [{name: key_present, params: {key: x}}], actions: [log]")
    assert interpreted(text).process("a", "go", {"x": 1}).success
    with pytest.raises(pystator_runtime.ConfigurationError, match="key_present"):
        load(meta() + text).MachineMachine.unbound().process("a", "go", {"x": 1})


def _positional(ctx: Any, least: int) -> bool:
    return bool(ctx["n"] >= least)


def _keyword_only(ctx: Any, *, least: int) -> bool:
    return bool(ctx["n"] >= least)


@row("`params` of a guard whose function takes them by position or keyword")
def test_params_reach_keyword_only_parameters_there_and_any_here() -> None:
    """S5.6."""
    text = one(", guards: [{name: g, params: {least: 1}}]")
    for guard, there in ((_positional, False), (_keyword_only, True)):
        machines = both(text, guards={"g": guard})
        assert machines.pystator.process("a", "go", {"n": 1}).success is there
        assert machines.ours.process("a", "go", {"n": 1}).success
    params = both(text, guards={"g": lambda ctx: ctx["_guard_params"] == {"least": 1}})
    assert params.pystator.process("a", "go", {}).success
    assert params.ours.process("a", "go", {}).success


@row("an event without its declared payload")
def test_payloads_are_checked_only_here() -> None:
    """S10.1."""
    machines = both(one("", "events: [{name: go, payload: {qty: integer}}]\n"))
    assert machines.pystator.create().send("go").success
    assert machines.pystator.create().send("go", qty="x").success
    refused = machines.ours.create().handle(Event("go", {"qty": "x"}))
    assert refused.metadata["reason"] == "payload_validation"


@row("`validate_context: true` in a session or `process`")
def test_contexts_are_checked_only_here() -> None:
    """S10.1."""
    machines = both(
        one("", "state_variables: [{key: qty, type: integer, required: true}]\n"), ", validate_context: true"
    )
    assert machines.pystator.process("a", "go", {}).success
    assert machines.pystator.create().send("go", qty="x").success
    assert machines.ours.process("a", "go", {}).metadata["reason"] == "context_validation"
    assert machines.ours.create(context={"qty": 1}).send("go", qty="x").metadata["reason"] == "context_validation"


@row("a payload key such as `_event`")
def test_keys_of_the_engine_are_accepted_only_there() -> None:
    """S2.5, S8.4."""
    machines = both(one())
    assert machines.pystator.create().send("go", _event=1).success
    with pytest.raises(pystator_runtime.ReservedKeyError):
        machines.ours.create().send("go", _event=1)


def test_an_async_guard_is_refused_on_a_sync_path_by_both_and_awaited_by_both() -> None:
    """S5.5."""

    async def slow(ctx: Any) -> bool:
        return True

    machines = both(one(", guards: [g]"), guards={"g": slow})
    with pytest.raises(pystator.GuardExecutionError):
        machines.pystator.process("a", "go", {})
    with pytest.raises(pystator_runtime.GuardError):
        machines.ours.process("a", "go", {})
    assert asyncio.run(machines.pystator.aprocess("a", "go", {})).success
    assert asyncio.run(machines.ours.aprocess("a", "go", {})).success
