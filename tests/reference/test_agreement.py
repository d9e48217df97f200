"""Random statecharts do at every door what a second implementation of docs/rules.md says (S1-S9)."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reference.agreement import agree
from reference.machines import machines
from reference.strategies import contexts, scripts

SOAK = os.environ.get("PYSTATOR_SOAK")
EXAMPLES = int(SOAK) if SOAK and SOAK.isdigit() and int(SOAK) > 1 else 3_500 if SOAK else 150
"""With PYSTATOR_SOAK set, other examples each time: as many as it says, or many."""

steps = 0


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Any:
    """Guards that raise are logged, with their tracebacks: thousands of times here."""
    logger = logging.getLogger("pystator_runtime")
    logger.disabled = True
    yield
    logger.disabled = False
    print(f"\n{steps} steps compared")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(st.data())
def test_every_door_agrees_with_the_reference(data: Any) -> None:
    """docs/rules.md: the rules hold at every door."""
    global steps
    definition = data.draw(machines(), "machine")
    context = data.draw(contexts, "context")
    resting = [state["name"] for state in definition["states"] if state.get("type") != "choice"]
    initial = data.draw(st.one_of(st.none(), st.none(), st.sampled_from(resting)), "initial state")
    compared = agree(definition, context, data.draw(scripts, "script"), initial)
    assume(compared is not None)
    steps += compared or 0
