"""Random machines do the same on both sides, wherever no listed difference is in the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.agreement import Compared, Lives
from conformance.strategies import GUARDS, contexts, deciding, living, parallel, scripts, triggers

often = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Guards that raise are logged on both sides: thousands of times here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@often
@given(deciding(), st.data())
def test_the_same_is_decided(definition: Any, data: Any) -> None:
    """S1-S5, S7.3: `process` from every state, with any trigger."""
    is_valid = all(transition["source"] != "*" for transition in definition["transitions"])
    machines = Compared(definition, GUARDS, validated=is_valid)
    for _ in range(5):
        context = data.draw(contexts)
        trigger = data.draw(triggers)
        for state in machines.resting():
            machines.decide(state, trigger, context)


@often
@given(living(), contexts, scripts, st.booleans())
def test_the_same_is_lived_through(definition: Any, context: Any, script: Any, is_async: bool) -> None:
    """S1-S5, S7, S8: sessions that run actions, with their contexts, history and snapshots."""
    entity = Lives(Compared(definition, GUARDS), context)
    for happening in script:
        entity.happen(happening, is_async=is_async)


@often
@given(parallel(), st.lists(st.tuples(triggers, contexts), min_size=5, max_size=15))
def test_the_same_happens_in_regions(definition: Any, events: Any) -> None:
    """S6.3: `process_parallel`, from configuration to configuration."""
    machines = Compared(definition, GUARDS)
    # "the regions of a configuration that was text": these never are
    configs: tuple[Any, Any] = tuple(
        machine.enter_parallel_state("par") for machine in (machines.sides.pystator, machines.sides.ours)
    )
    for trigger, context in events:
        configs = machines.move(configs, trigger, context)
