"""What importing the runtime costs (docs/speed.md#start-up), and that it has no dependency."""

from __future__ import annotations

import ast
import itertools
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.machines import compile_machine

HEAVY = {
    *("asyncio", "sqlite3", "logging", "inspect", "dataclasses", "json", "uuid", "re", "decimal"),
    *("difflib", "importlib.metadata", "concurrent.futures", "socket", "ssl", "subprocess", "datetime", "threading"),
}
BARE = "import enum, typing"
RUNTIME = Path(__file__).parents[2] / "runtime"


def loaded_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``statement``."""
    script = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """What an interpreter has loaded that knows enums and types, as every generated module does."""
    return loaded_after(BARE)


@pytest.mark.parametrize(
    "statement",
    [
        "import pystator_runtime",
        "import pystator_runtime.interface",
        "from pystator_runtime import ActionExecutor, Event, GuardRegistry, TransitionHook",
    ],
)
def test_importing_the_runtime_loads_nothing_heavy(bare: set[str], statement: str) -> None:
    """docs/speed.md#start-up"""
    assert not HEAVY & (loaded_after(f"{BARE}\n{statement}") - bare)


def test_importing_what_generated_modules_need_compiles_nothing() -> None:
    """Annotations that `typing` compiles from text cost more than the classes they are in"""
    script = """
import sys, typing
compiled = []
sys.addaudithook(lambda event, details: event == "compile" and details[1] == "<string>" and compiled.append(details[0]))
typing.TypeVar("Probe", bound="int")
import pystator_runtime.interface
print(*compiled)
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["b'int'"], "only the probe"


def test_the_package_itself_loads_none_of_its_modules_before_they_are_asked_for() -> None:
    """Lazily, where they are heavy."""
    found = loaded_after("import pystator_runtime")
    assert [name for name in found if name.startswith("pystator_runtime.")] == ["pystator_runtime.lazy"]


def test_a_generated_module_in_use_loads_nothing_heavy(bare: set[str], tmp_path: Path) -> None:
    """A machine with guards, effects and payloads, and a session that was sent an event"""
    from pystator_gen.pipeline import compile_source
    from pystator_gen.source import Source

    yaml = """
meta: {machine_name: lamp}
events: [{name: press, payload: {n: integer}}]
states: [{name: "off", type: initial}, {name: "on", on_enter: [{increment: total}]}]
transitions:
  - {trigger: press, source: "off", dest: "on", guards: [{expr: "n > 1"}, {check: {field: n, op: lt, value: 5}}]}
"""
    (unit,), _ = compile_source(Source("lamp.yaml", yaml))
    (tmp_path / "lamp.py").write_text(unit.text, encoding="utf-8")
    statement = (
        f"import enum, typing; sys.path.insert(0, {str(tmp_path)!r}); import lamp\n"
        "session = lamp.LampMachine().create('e-1')\n"
        "assert session.press(n=2).success and session.context == {'n': 2, 'total': 1}"
    )
    assert not HEAVY & (loaded_after(statement) - bare)


def test_the_runtime_loads_nothing_but_itself_and_the_standard_library() -> None:
    """docs/dependencies.md#the-runtime"""
    found = loaded_after("from pystator_runtime import *\nimport pystator_runtime.interface")
    packages = {name.partition(".")[0] for name in found}
    foreign = {name for name in packages - set(sys.stdlib_module_names) if not name.startswith(("_", "sitecustom"))}
    assert foreign <= {"pystator_runtime"}


def test_what_type_checkers_read_for_a_generated_module_names_no_store_and_no_clock() -> None:
    """Type checkers follow what is imported for them alone, and read the libraries of all that is named"""
    found, ahead = set[str](), ["pystator_runtime.interface"]
    while ahead:
        module = ahead.pop()
        for package in [module, *itertools.accumulate(module.split("."), "{}.{}".format)]:
            if package not in found:
                found.add(package)
                ahead.extend(_imported(package))
    assert "pystator_runtime.orchestrator.committing" in found
    assert not {"pystator_runtime.stores", "pystator_runtime.schedulers"} & found
    known = {"pystator_runtime", "typing_extensions", *sys.stdlib_module_names}  # checkers know the second as well
    assert {name.partition(".")[0] for name in found} <= known


def _imported(module: str) -> Iterator[str]:
    """What a module of the runtime imports, wherever that stands in it."""
    path = RUNTIME / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in inner if _is_module(name))


def _is_module(name: str) -> bool:
    path = RUNTIME / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def test_the_runtime_declares_no_dependency() -> None:
    """docs/dependencies.md#the-runtime"""
    project = tomllib.loads((RUNTIME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == []


def test_the_runtime_does_not_know_the_generator() -> None:
    """docs/design.md#two-distributions"""
    for path in (RUNTIME / "pystator_runtime").rglob("*.py"):
        assert "pystator_gen" not in path.read_text(encoding="utf-8"), path


def test_the_definition_is_plain_json_that_is_read_on_demand_only() -> None:
    """Most applications never look at it"""
    module, _ = compile_machine(
        "{states: [{name: a, type: initial}], transitions: [{trigger: go, source: a, dest: a}]}"
    )
    assert json.loads(module._DEFINITION)["states"] == [{"name": "a", "type": "initial"}]


def test_a_star_gives_every_public_name() -> None:
    """docs/generated-module.md"""
    namespace: dict[str, object] = {}
    exec("from pystator_runtime import *", namespace)
    assert {"OrderMachine", "StateMachine", "Event", "Orchestrator", "FSMError"} - set(namespace) == {"OrderMachine"}
