"""pystator: the same YAML file, interpreted. Its sessions have no regions, so the caller keeps the configuration."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from pystator import StateMachine

from bench.contenders.base import IDENTITY, PARALLEL, PARALLEL_ROUTE, Case, Library, Scenario, follow


def prepare(workspace: Path) -> Library:
    """Load the machine."""
    machine = StateMachine.from_yaml(PARALLEL)
    config = machine.enter_parallel_state("handling")

    def send(trigger: str) -> None:
        nonlocal config
        config, _ = machine.process_parallel(config, trigger, IDENTITY)

    follow(PARALLEL_ROUTE, send, lambda: set(config.region_states.values()))

    stateless = Case(
        "process_parallel()",
        "config, _ = machine.process_parallel(config, 'reserve', context); "
        "config, _ = machine.process_parallel(config, 'release', context)",
        {"machine": machine, "context": IDENTITY},
        "config == machine.enter_parallel_state('handling')",
        "config = machine.enter_parallel_state('handling')",
        events=2,
    )
    return Library(f"pystator {version('pystator')}", {Scenario.PARALLEL: [stateless]})
