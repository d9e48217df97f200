"""Machines that other projects have thought up are generated, type-checked, imported and driven.

`tests/other_peoples_machines/` holds them, each with its source: seed files of pystator as they stand (they
are read as they are, or refused with a word about what is missing), and machines of other libraries written down in
our format.
"""

from __future__ import annotations

import importlib
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from golden.checkers import Complaint, _of_mypy, _of_pyright, _run
from pystator_gen import naming
from pystator_gen.cli import main
from pystator_gen.document import load
from pystator_gen.pipeline import compile_file
from pystator_gen.source import Source
from pystator_runtime import FSMError, GuardError, InvalidTransitionError, TerminalStateError
from support import walks

FOLDER = Path(__file__).resolve().parents[1] / "other_peoples_machines"
PACKAGE = "other_peoples_machines_generated"

REFUSED: dict[str, set[tuple[str, str]]] = {
    "pystator_business_operations": {("PG052", "`sold` is terminal: no transition can leave it (S1.3)")},
    "pystator_data_driven_routing": {
        ("PG090", "`classification` is not supported yet"),
        ("PG090", "`when` is not supported yet"),
        ("PG025", "names that start with `_` are the engine's own, so `_route` can't stand here"),
    },
    "pystator_loan_application": {
        ("PG090", "`classification` is not supported yet"),
        ("PG090", "`when` is not supported yet"),
    },
    "pystator_python_code_examples": {
        ("PG090", "the action `code` is not supported yet"),
        ("PG090", "the action `custom` is not supported yet"),
    },
    "pystator_support_ticket": {
        ("PG090", "`classification` is not supported yet"),
        ("PG090", "`when` is not supported yet"),
        ("PG025", "names that start with `_` are the engine's own, so `_route` can't stand here"),
    },
}
"""By file: every error that it has to be refused with. Nothing else may be said against it."""

WARNED: dict[str, set[str]] = {
    # What it says about `children` nobody reads, pystator neither, so no transition leads to them.
    "pystator_deployment_pipeline": {"PG023", "PG062"},
}
"""By file: the codes of what it is warned of, beside events that no transition has."""

FILES = sorted(FOLDER.glob("*.yaml"))
CLEAN = [path for path in FILES if path.stem not in REFUSED]


def _written(path: Path) -> list[tuple[str, Any]]:
    """The machines of a file as data, each with the name of its module."""
    documents, _ = load(Source(path.name, path.read_text(encoding="utf-8")))
    machines: list[Any] = [document.data for document in documents]
    alone = len(machines) == 1
    return [(naming.module_name(path.stem if alone else data["meta"]["machine_name"]), data) for data in machines]


MACHINES = [(path, module, machine) for path in CLEAN for module, machine in _written(path)]
NAMES = [module for _, module, _ in MACHINES]

# Not what they say, but that they say it: a checker that found no module would be content with everything.
_WRONG = f"""\
from {PACKAGE}.transitions_matter import MatterMachine

MatterMachine().process("antimatter", "melt", {{}})
"""


@dataclass(frozen=True, slots=True)
class Script:
    """What happens to one entity: from where, what guards answer, and after each event its state."""

    module: str
    events: list[tuple[str, dict[str, Any], str]]
    guards: dict[str, bool] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    ends_with: dict[str, Any] = field(default_factory=dict)


def _plain(*moves: str) -> list[tuple[str, dict[str, Any], str]]:
    """`"melt liquid"`: the trigger without payload, and where it leads."""
    return [(trigger, {}, state) for trigger, state in (move.split() for move in moves)]


def _tested(integration: str = "running", scan: str = "running", unit: str = "running") -> str:
    """How far the tests of a deployment are."""
    tests = f"integration_tests=integration_{integration},security_scan=scan_{scan},unit_tests=unit_{unit}"
    return f"testing:{tests}"


SCRIPTS = {
    "matter that does not burn": Script(
        "transitions_matter",
        [
            ("heat", {"temperature": 2000}, "liquid"),
            ("heat", {"temperature": 90}, "liquid"),
            ("heat", {"temperature": 101}, "gas"),
            *_plain("ionize plasma", "transmogrify solid", "sublimate gas", "transmogrify plasma"),
        ],
        guards={"is_flammable": False, "is_really_hot": True},
    ),
    "matter that burns": Script(
        "transitions_matter", [("heat", {"temperature": 1}, "gas")], guards={"is_flammable": True}
    ),
    "a hero's day": Script(
        "transitions_superhero",
        _plain(
            *("wake_up hanging_out", "nap asleep", "distress_call saving_the_world", "complete_mission sweaty"),
            *("clean_up asleep", "clean_up asleep", "wake_up hanging_out", "work_out hungry", "eat hanging_out"),
        ),
        guards={"is_exhausted": True},
        ends_with={"kittens_rescued": 1},
    ),
    "a traffic light": Script("pystator_traffic_light", _plain("caution yellow", "stop red", "stop red", "go green")),
    "a job": Script(
        "aasm_job", [*_plain("run running", "clean cleaning", "sleep sleeping", "run running", "run finished")]
    ),
    "a job whose dog waits": Script(
        "aasm_job",
        _plain("run running", "sleep running", "clean cleaning", "sleep cleaning"),
        guards={"walked_the_dog": False},
    ),
    "a turnstile": Script(
        "automat_turnstile",
        _plain("arm_turned locked", "fare_paid unlocked", "fare_paid unlocked", "arm_turned locked"),
    ),
    "an order that is paid in parts": Script(
        "python_statemachine_order_control",
        [
            ("add_to_order", {"amount": 3}, "waiting_for_payment"),
            ("add_to_order", {"amount": 7}, "waiting_for_payment"),
            ("receive_payment", {"amount": 4}, "waiting_for_payment"),
            ("process_order", {}, "waiting_for_payment"),
            ("receive_payment", {"amount": 6}, "processing"),
            *_plain("process_order shipping", "ship_order completed", "ship_order completed"),
        ],
        ends_with={"order_total": 10, "payments": [4, 6], "paid": 10, "payment_received": True},
    ),
    "a number that is guessed": Script(
        "python_statemachine_guess_the_number",
        [("guess", {"guessed": 1}, "low"), ("guess", {"guessed": 9}, "high"), ("guess", {"guessed": 5}, "won")],
        context={"number": 5},
        ends_with={"guesses": 3},
    ),
    "a number that is not": Script(
        "python_statemachine_guess_the_number",
        [*[("guess", {"guessed": n}, "low") for n in (1, 2, 3, 4)], ("guess", {"guessed": 5}, "lose")],
        context={"number": 5},
        ends_with={"guesses": 4},
    ),
    "an air conditioner": Script(
        "python_statemachine_air_conditioner",
        [
            ("sensor_updated", {"temperature": degrees}, state)
            for degrees, state in [
                *((20, "off"), (26, "cooling"), (22, "cooling"), (19, "standby"), (18, "standby")),
                *((30, "cooling"), (10, "standby"), (17, "off")),
            ]
        ],
    ),
    "a ring that comes home": Script(
        "python_statemachine_quest",
        _plain(
            *("start_journey bree", "meet_elves rivendell", "enter_moria moria"),
            *("reach_lothlorien lothlorien", "journey_to_mordor mordor", "destroy_ring mount_doom"),
        ),
        context={"sauron_alive": False, "gandalf_present": True, "frodo_resists_ring": True},
    ),
    "a ring that does not leave home": Script(
        "python_statemachine_quest", _plain("start_journey shire", "meet_elves shire")
    ),
    "a blog post": Script(
        "blog_post",
        _plain("notify_all new", "publish published", "notify_all published", "hide hidden", "steal stolen"),
    ),
    "a student's application": Script(
        "student_application",
        _plain(
            *("draft draft", "to_approvement dept", "dept_rejected new", "to_approvement dept"),
            *("dept_approved dean", "dean_rejected dept", "dept_approved dean", "dean_approved done"),
        ),
    ),
    "a burglar": Script(
        "stateless_alarm",
        _plain(
            *("startup disarmed", "arm prearmed", "time_out armed", "trigger pre_triggered", "time_out triggered"),
            *("disarm triggered", "acknowledge acknowledged", "disarm disarmed"),
        ),
    ),
    "a bug": Script(
        "stateless_bug",
        [
            ("assign", {"to": "joe"}, "assigned"),
            ("defer", {}, "deferred"),
            ("assign", {"to": "harry"}, "assigned"),
            ("assign", {"to": "fred"}, "assigned"),
            ("close", {}, "closed"),
        ],
        context={"title": "incorrect stock count"},
        ends_with={"assignee": "fred"},
    ),
    "a calculator: 12.5 - 0.5 =": Script(
        "statig_calculator",
        [
            ("digit", {"digit": 1}, "int1"),
            ("digit", {"digit": 2}, "int1"),
            ("point", {}, "frac1"),
            ("digit", {"digit": 5}, "frac1"),
            ("op", {"pressed": "sub"}, "op_entered"),
            ("digit", {"digit": 0}, "zero2"),
            ("point", {}, "frac2"),
            ("digit", {"digit": 5}, "frac2"),
            ("equal", {}, "result"),
        ],
        ends_with={"display": "12.0"},
    ),
    "a client that gives up": Script(
        "xstate_connection_manager",
        [
            ("dialled", {"session": "s1"}, "connected"),
            ("heartbeat", {}, "pinging"),
            ("no_pong", {"reason": "silence"}, "connecting"),
            *[
                event
                for _ in range(3)
                for event in [("refused", {"reason": "no"}, "backing_off"), ("backoff_over", {}, "connecting")]
            ],
            ("refused", {"reason": "never"}, "gave_up"),
        ],
        ends_with={"attempt": 4, "connects": 1, "drops": 1, "session_id": None, "last_error": "never"},
    ),
    "a card that is declined once": Script(
        "xstate_order",
        [
            *_plain("checkout cart", "add_item cart", "checkout charging"),
            ("charge_failed", {"message": "no funds"}, "declined"),
            ("retry", {}, "charging"),
            ("charge_done", {"charge": "ch_1"}, "paid"),
        ],
        ends_with={"total": 120, "charge_id": "ch_1", "error": None},
    ),
    "a shop": Script(
        "spring_web_shop",
        _plain(
            *("view_i items", "ADD items", "add items", "view_c cart", "del cart", "view_p payment", "pay payment"),
            "view_c cart",
        ),
        ends_with={"count": 1, "payed": True},
    ),
    "a server that is deployed and rescued": Script(
        "ironic_provisioning",
        _plain(
            *("manage verifying", "done manageable", "provide cleaning", "wait cleanwait", "resume cleaning"),
            *("done available", "deploy deploying", "fail deployfail", "rebuild deploying", "done active"),
            *("rescue rescuing", "wait rescuewait", "abort rescuefail", "unrescue unrescuing", "done active"),
            *("delete deleting", "clean cleaning", "done available", "adopt available"),
        ),
    ),
    "an order of pystator's": Script(
        "pystator_ecommerce_order",
        _plain(
            *("verify_payment payment_confirmed", "start_preparing preparing", "ship preparing", "refund refunded"),
            "cancel refunded",
        ),
        context={"order_total": 10, "payment_verified": True, "items_in_stock": True},
        ends_with={"phase": "fulfillment"},
    ),
    "a review": Script(
        "seed_document_review",
        _plain(*("submit in_review", "approve in_review", "request_changes changes_requested", "submit in_review")),
        context={"word_count": 100, "reviewer_approved": False, "role": "reviewer"},
    ),
    "a document": Script(
        "pystator_document_approval",
        _plain(
            *("submit in_review", "approve in_review", "request_changes changes_requested", "resubmit in_review"),
            *("reject rejected", "submit rejected"),
        ),
        context={"word_count": 100, "reviewer_approved": False},
    ),
    "a connection that is released": Script(
        "boost_sml_tcp_release",
        [
            ("release", {}, "fin_wait_1"),
            ("ack", {"valid": False}, "fin_wait_1"),
            ("ack", {"valid": True}, "fin_wait_2"),
            ("fin", {"valid": True, "number": 7}, "timed_wait"),
            ("timeout", {}, "released"),
        ],
    ),
    "a deployment whose tests are done in any order": Script(
        "pystator_deployment_pipeline",
        _plain(
            *("start building", f"build_success {_tested()}", f"scan_done {_tested(scan='passed')}"),
            *(
                f"unit_done {_tested(scan='passed', unit='passed')}",
                f"rollback {_tested(scan='passed', unit='passed')}",
            ),
            f"integration_done {_tested('passed', 'passed', 'passed')}",
            *("tests_passed deploying", "deploy_success deployed"),
        ),
    ),
    "a deployment that fails": Script(
        "pystator_deployment_pipeline",
        _plain("start building", f"build_success {_tested()}", f"unit_done {_tested(unit='passed')}", "fail failed"),
    ),
    "a circuit breaker": Script(
        "rust_fsm_circuit_breaker",
        _plain(*("successful closed", "unsuccessful open", "timer_triggered half_open", "successful closed")),
    ),
}


class Functions:
    """Has every guard and action: guards answer as told, actions note that they were run."""

    def __init__(self, answers: Callable[[str], bool]) -> None:
        self.answers = answers
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def function(ctx: object, **params: object) -> bool:
            self.called.append(name)
            return self.answers(name)

        return function


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All machines that can be generated, in one package that can be imported."""
    folder = tmp_path_factory.mktemp("generated") / PACKAGE
    assert main([*map(str, CLEAN), "--output", str(folder), "--quiet"]) == 0
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def told(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Complaint]]:
    """What both strict checkers say about all modules and one wrong program, each in one run."""
    folder = package.parent
    (folder / "wrong.py").write_text(_WRONG)
    settings = {"include": ["."], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    mypy = ("mypy", "--strict", "--explicit-package-bases", "--no-error-summary", "--output", "json")
    with ThreadPoolExecutor() as both:
        one = both.submit(_run, folder, *mypy, "--cache-dir", str(tmp_path_factory.mktemp("mypy")), ".")
        other = both.submit(_run, folder, "pyright", "--outputjson", "--pythonpath", sys.executable)
    return {
        "mypy": list(_of_mypy(one.result().splitlines())),
        "pyright": list(_of_pyright(folder, other.result())),
    }


def _machine(package: Path, module: str, functions: Functions) -> Any:
    found: ModuleType = importlib.import_module(f"{package.name}.{module}")
    (name,) = (name for name in found.__all__ if name.endswith("Machine"))
    kind = getattr(found, name)
    given = {"guards": kind.chart.guards, "actions": kind.chart.actions}
    return kind(**{key: functions for key, names in given.items() if names})


def test_there_are_enough() -> None:
    assert len(CLEAN) >= 15
    assert {path.stem for path in FILES} >= REFUSED.keys()
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_machine_names_its_source_and_licence(path: Path) -> None:
    comment = " ".join(re.findall(r"^# (.*)$", path.read_text("utf-8"), re.MULTILINE))
    assert re.search(r"\(https://[^ )]+", comment)
    assert re.search(r"Licence of the source: [^ ]", comment)


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_a_machine_is_generated(path: Path) -> None:
    units, diagnostics = compile_file(path)
    assert [str(diagnostic) for diagnostic in diagnostics if diagnostic.is_error] == []
    assert {diagnostic.code for diagnostic in diagnostics} - {"PG064"} == WARNED.get(path.stem, set())
    assert [str(unit.machine.module) for unit in units] == [name for file, name, _ in MACHINES if file == path]


def test_state_variables_under_meta_are_read_as_pystator_reads_them() -> None:
    """A file written for pystator is read as it stands. Its trading machines have them there."""
    units, diagnostics = compile_file(FOLDER / "pystator_trading.yaml")
    assert diagnostics == []
    written = [data["meta"]["state_variables"] for _, data in _written(FOLDER / "pystator_trading.yaml")]
    keys = [[v["key"] if isinstance(v, dict) else v for v in variables] for variables in written]
    assert [[field.key for field in unit.machine.variables or ()] for unit in units] == keys


@pytest.mark.parametrize("stem", REFUSED)
def test_a_machine_that_needs_more_is_refused_by_name(
    stem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S11.3: nothing is generated, and every place is told."""
    path = FOLDER / f"{stem}.yaml"
    assert main([str(path), "--output", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    told = capsys.readouterr().err
    assert set(re.findall(r"error\[(PG\d+)\]: (.*)", told)) == REFUSED[stem]
    size = len(path.read_text(encoding="utf-8").splitlines())
    assert all(1 <= int(line) <= size for line in re.findall(rf"{stem}\.yaml:(\d+):", told))


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_strict_checker_has_nothing_to_say(checker: str, told: dict[str, list[Complaint]]) -> None:
    assert [str(c) for c in told[checker] if c.file != "wrong.py"] == []
    assert {c.line for c in told[checker] if c.file == "wrong.py"} == {3}


@pytest.mark.parametrize("holds", [True, False], ids=["guards hold", "guards refuse"])
@pytest.mark.parametrize(("module", "written"), [(name, machine) for _, name, machine in MACHINES], ids=NAMES)
def test_every_trigger_of_every_row_is_answered(module: str, written: Any, holds: bool, package: Path) -> None:
    """Every state and trigger goes through `process`, and leads where the source says (or is refused)."""
    machine = _machine(package, module, Functions(lambda name: holds))
    states = {state["name"]: state.get("type", "stable") for state in written["states"]}
    assert [str(state) for state in machine.states] == list(states)
    assert {str(trigger) for trigger in machine.triggers} == {
        t["trigger"] for t in written["transitions"] if "trigger" in t
    }
    meta = written["meta"]
    lenient = not meta.get("reject_invalid_events", meta.get("strict_mode", True))
    required = [v for v in written.get("state_variables", ()) if isinstance(v, dict) and v.get("required")]
    start = machine.create("e1", {v["key"]: 7 if v["type"] == "integer" else "7" for v in required}).context
    rested = [name for name, kind in states.items() if kind != "choice"]
    for state, trigger in itertools.product(rested, machine.triggers):
        payload = machine.chart.payloads.get(trigger)
        context = {**start, **(_sample(payload.fields) if payload else {})}
        result = machine.process(state, trigger, context)
        source = str(result.source_state)
        possible = _rows(written, source, str(trigger))
        if result.success:
            first = str(result.steps[0].target_state if result.steps else result.target_state)
            assert first.partition(":")[0] in _destinations(written, possible, source), result
            assert possible or (lenient and result.target_state == result.source_state), result
        else:
            assert isinstance(result.error, (InvalidTransitionError, GuardError)), result
            assert isinstance(result.error, TerminalStateError) == (states[state] == "terminal")
            assert all(transition.get("guards") for transition in possible), result


def _rows(written: Any, state: str, trigger: str) -> list[Any]:
    """The transitions that the source has for a trigger where an entity rests."""
    kinds = {state["name"]: state.get("type") for state in written["states"]}
    active = walks.active(state, walks.parents(written))
    return [
        transition
        for transition in written["transitions"]
        if transition.get("trigger") == trigger
        and kinds[active[0]] != "terminal"
        and (transition["source"] == "*" or not {*active}.isdisjoint(_listed(transition["source"])))
    ]


def _listed(source: Any) -> list[str]:
    return source if isinstance(source, list) else [source]


def _destinations(written: Any, transitions: list[Any], state: str) -> set[str]:
    """Where the transitions lead, choices on the way included; nowhere if there is none."""
    stays = state.partition(":")[0]
    found = {stays} if not transitions else {transition.get("dest", stays) for transition in transitions}
    passed = [t["dest"] for t in written["transitions"] if t.get("auto") and found & {*_listed(t["source"])}]
    return found.union(passed)


def _sample(fields: Any) -> dict[str, Any]:
    """For every field, the first value at hand that its type accepts."""
    at_hand = ("7", 7, True, [], {}, "sub", "clean")
    return {key: next(value for value in at_hand if field.type.accepts(value)) for key, field in fields.items()}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_machine_does_what_its_authors_meant(script: Script, package: Path) -> None:
    machine = _machine(package, script.module, Functions(lambda name: script.guards.get(name, True)))
    session = machine.create("e1", script.context)
    for number, (trigger, payload, state) in enumerate(script.events, 1):
        before = session.current_state
        result = session.send(trigger, **payload)
        assert str(session.current_state) == state, f"event {number}, {trigger}: {result}"
        assert result.success or (session.current_state == before and isinstance(result.error, FSMError))
    context = session.context
    assert {key: context.get(key) for key in script.ends_with} == script.ends_with
