"""Every golden package is imported and driven: each state, each trigger, through each door."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from golden.cases import Case, cases
from pystator_gen import naming
from pystator_gen.output import exported_names
from pystator_runtime import ActionSpec, Event, InvalidTransitionError, TerminalStateError
from pystator_runtime.guards import Named

PACKAGES = [case for case in cases() if not case.is_error]
VALUES: tuple[Any, ...] = (
    "x",
    7,
    2.5,
    True,
    datetime(2024, 2, 29, tzinfo=UTC),
    date(2024, 2, 29),
    Decimal("1.10"),
    UUID(int=1),
    {},
    [],
)


class Everything:
    """Has every guard and action: guards hold, actions do nothing, params are taken by name."""

    def __getattr__(self, name: str) -> Any:
        def function(ctx: object, **params: object) -> bool:
            return True

        return function


@pytest.fixture(params=PACKAGES, ids=lambda case: case.name)
def modules(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[ModuleType]]:
    """The generated modules of a case, imported as an application imports them."""
    case: Case = request.param
    names = [case.name, *(package.name for package in case.application())]
    shutil.copytree(case.package, tmp_path / case.name)
    for package in case.application():
        shutil.copytree(package, tmp_path / package.name)
    monkeypatch.syspath_prepend(tmp_path)
    files = sorted(path for path in case.package.glob("*.py") if path.stem != "__init__")
    found = [path.stem for path in files if exported_names(path)]  # the modules of views have nothing to pass on
    yield [importlib.import_module(f"{case.name}.{stem}") for stem in found]
    for name in list(sys.modules):
        if name.partition(".")[0] in names:
            del sys.modules[name]


def test_a_machine_can_be_driven_through_every_state_by_every_trigger(modules: list[ModuleType]) -> None:
    """The method, `send`, `handle` and `process` agree (S, "one decision procedure, several callers")."""
    for module in modules:
        machine = _machine(module)
        choices = [s["name"] for s in machine.definition["states"] if s.get("type") == "choice"]
        for state in (state for state in machine.states if state not in choices):
            for trigger in machine.triggers:
                _drive(machine, state, str(trigger))


def test_a_machine_starts_in_its_initial_state_and_follows_automatic_transitions(modules: list[ModuleType]) -> None:
    """S3.5, S7.1."""
    for module in modules:
        machine = _machine(module)
        session = machine.create(context=_context(machine))
        assert session.current_state == machine.start(_context(machine)).target_state
        state = getattr(session.current_state, "parallel_state", session.current_state)
        assert getattr(session, naming.state_property(state)) is True


def test_a_package_passes_on_what_no_two_of_its_modules_define(modules: list[ModuleType]) -> None:
    """What has the same prefix in two of them is re-exported from neither."""
    package = sys.modules[modules[0].__package__ or ""]
    machines = [next(name for name in module.__all__ if name.endswith("Machine")) for module in modules]
    defined = [name for module in modules for name in module.__all__]
    for module, machine in zip(modules, machines, strict=True):
        for name in module.__all__:
            passed_on = machines.count(machine) == 1 and defined.count(name) == 1
            assert (name in package.__all__) is passed_on, name
            assert not passed_on or getattr(package, name) is getattr(module, name)


def test_a_definition_is_all_that_the_source_said(modules: list[ModuleType]) -> None:
    for module in modules:
        definition = _machine(module).definition
        assert [state["name"] for state in definition["states"]] == [str(s) for s in _machine(module).states]


def test_a_table_says_which_functions_are_called_in_it(modules: list[ModuleType]) -> None:
    """S5.4: what has to be bound is worked out when generating; here it is looked for in the table itself."""
    for module in modules:
        chart = _machine(module).chart
        found = list(_within(chart, set()))
        assert {guard.name for guard in found if isinstance(guard, Named)} == set(chart.guards)
        assert {spec.name for spec in found if isinstance(spec, ActionSpec)} == set(chart.actions)


def _within(thing: object, seen: set[int]) -> Iterator[object]:
    """``thing`` and everything of the runtime that it holds."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    held: Iterable[object] = ()
    if isinstance(thing, Mapping):
        held = [*thing, *thing.values()]
    elif isinstance(thing, (tuple, list, set, frozenset)):
        held = thing
    elif type(thing).__module__.startswith("pystator_runtime"):
        yield thing
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        held = [getattr(thing, name) for name in slots if hasattr(thing, name)]
    for other in held:
        yield from _within(other, seen)


def _machine(module: ModuleType) -> Any:
    (name,) = (name for name in module.__all__ if name.endswith("Machine"))
    kind = getattr(module, name)
    wanted = inspect.signature(kind.__init__).parameters.keys() & {"guards", "actions"}
    return kind(**dict.fromkeys(wanted, Everything()))


def _drive(machine: Any, state: str, trigger: str) -> None:
    payload = _sample(machine, machine.chart.payloads[trigger].fields) if trigger in machine.chart.payloads else {}
    sessions = [machine.create("e1", _context(machine), state) for _ in range(3)]
    rested = sessions[0].current_state
    results = [
        _call(machine, sessions[0], trigger, payload),
        sessions[1].send(trigger, **payload),
        sessions[2].handle(Event(trigger, payload)),
    ]
    results.append(machine.process(rested, trigger, {**sessions[0].context, **payload}))
    assert len({(r.target_state, r.all_actions, type(r.error)) for r in results}) <= 2, results
    for session, result in zip(sessions, results[:3], strict=True):
        assert (result.target_state, result.all_actions) == (results[0].target_state, results[0].all_actions)
        assert session.current_state == (result.target_state if result.success else rested)
        assert result.success or isinstance(result.error, (InvalidTransitionError, TerminalStateError))


def _call(machine: Any, session: Any, trigger: str, payload: dict[str, Any]) -> Any:
    properties = frozenset(str(naming.state_property(state)) for state in machine.states)
    method = getattr(session, naming.trigger_method(trigger, properties))
    parameters = inspect.signature(method).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return method(**payload)
    return method(**{naming.parameter(key): value for key, value in payload.items()})


def _context(machine: Any) -> dict[str, Any]:
    return _sample(machine, machine.chart.variables)


def _sample(machine: Any, fields: Any) -> dict[str, Any]:
    """A value for every field: the first of those at hand that its type accepts."""
    listed = re.findall(r"'values': (\[[^]]*\])", repr(machine.definition))
    at_hand = [*VALUES, *(value for values in listed for value in eval(values))]
    sample: dict[str, Any] = {}
    for key, field in fields.items():
        module, _, name = field.type.name.partition(":")
        if name:
            at_hand.append(getattr(importlib.import_module(module), name)(1))
        sample[key] = next(value for value in at_hand if field.type.accepts(value))
    return sample
