"""The documentation is true: its examples run, its messages are those printed, its lists are complete."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import pystator_runtime
from docs.pages import DOCS, ROOT, Page, Run, anchors, codes_in, environment, page, prose
from pystator_gen import arguments, cli, codes, generate, naming, parse
from pystator_gen.expressions import vocabulary
from support.places import PostgreSQL, Redis
from support.servers import Servers

PAGES = sorted(path.name for path in DOCS.glob("*.md"))
SLOW = frozenset({"mypy"})
STARTED = "getting-started.md"
STORES = "stores.md"
SCHEDULERS = "schedulers.md"
ELSEWHERE = frozenset({"benchmarks.md", "diagnostics.md", STARTED, STORES, SCHEDULERS})
"""Pages with tests of their own, and one whose numbers are measured and not repeated in a test."""

SECTIONS = {section.name: section for section in page("diagnostics.md").sections}


def run(part: Page, folder: Path) -> Run:
    """Run a page, and insist that it says what happens."""
    done = Run(part, folder).everything(skip=SLOW)
    wrong = [f"{o.where}\n--- written\n{o.expected}--- true\n{o.actual}" for o in done.outputs if not o.is_true]
    assert not wrong, "\n".join([*wrong, "python -m docs.pages PAGE, run in tests/, rewrites them"])
    return done


# -- what runs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """*Getting started*, worked through."""
    return run(page(STARTED), tmp_path_factory.mktemp("started"))


def test_getting_started_does_what_the_page_says(started: Run) -> None:
    assert len(started.commands) >= 8


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ELSEWHERE])
def test_examples_do_what_the_page_says(name: str, tmp_path: Path) -> None:
    run(page(name), tmp_path)


def test_examples_with_servers_do_what_the_page_says(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, keys = PostgreSQL(tmp_path, servers), Redis(tmp_path, servers)
    monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("REDIS_URL", keys.url)
    keys.prefix = "pystator"  # as the page has it
    try:
        run(page(STORES), tmp_path)
    finally:
        database.end()
        keys.end()


def test_the_page_on_schedulers_is_true_of_a_real_redis_as_clock_and_as_broker(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Redis(tmp_path, servers)
    monkeypatch.setenv("REDIS_URL", keys.url)
    monkeypatch.setenv("BROKER_URL", keys.url.replace("unix://", "redis+socket://"))
    try:
        run(page(SCHEDULERS), tmp_path)
    finally:
        keys.client.delete("celery", "_kombu.binding.celery", "pystator:alarms:order")
        keys.end()


@pytest.mark.parametrize("code", codes.CODES)
def test_the_section_of_a_code_shows_what_triggers_it(code: str, tmp_path: Path) -> None:
    done = run(SECTIONS[code], tmp_path)
    assert codes_in(done.outputs) == {code}


def test_the_introduction_to_diagnostics_is_true(tmp_path: Path) -> None:
    run(SECTIONS["Diagnostics"], tmp_path)


def test_the_mistakes_in_getting_started_are_told_as_shown(started: Run, tmp_path: Path) -> None:
    shutil.copytree(started.folder, tmp_path, dirs_exist_ok=True)
    _type_check(started, tmp_path)


@pytest.mark.parametrize("name", ["generated-module.md", "views.md"])
def test_a_page_type_checks_but_for_the_mistake_that_it_shows(name: str, tmp_path: Path) -> None:
    done = run(page(name), tmp_path)
    blocks = (block for block in done.page.blocks if block.language == "python" and not block.path)
    (tmp_path / "handbook.py").write_text("\n\n".join(block.text for block in blocks), encoding="utf-8")
    _type_check(done, tmp_path)
    said = _mypy("mypy --strict", tmp_path, "-p", "fsm", "-m", "handbook")
    assert said.startswith("Success: no issues found"), said


def _type_check(done: Run, folder: Path) -> None:
    """Run the one command of a page that calls mypy, and compare with what the page shows."""
    (command,) = (command for command in done.commands if command.startswith("mypy "))
    files = [word for word in command.split() if word.endswith(".py")]
    options = " ".join(word for word in command.split() if word not in files)
    modules = [option for file in files for option in ("-m", file.removesuffix(".py").replace("/", "."))]
    said = _mypy(options, folder, *modules)
    assert _without_number_of_files(said) == _without_number_of_files(_shown_after(command, done.page))


def _mypy(command: str, folder: Path, *modules: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", *command.split(), *modules],
        cwd=folder, env=environment(), text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return ran.stdout


def _without_number_of_files(said: str) -> str:
    return re.sub(r" \(checked .*", "", said)


def _shown_after(command: str, where: Page) -> str:
    (block,) = (block for block in where.blocks if f"$ {command}\n" in block.text)
    return block.text.split(f"$ {command}\n")[1]


def test_the_hooks_that_the_project_offers_are_named() -> None:
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in offered if f"`{hook['id']}`" not in page(STARTED).text] == []


def test_the_hook_is_what_pre_commit_wants(started: Run, tmp_path: Path) -> None:
    """The hook of *Getting started*, run by pre-commit: it passes, and fails once the package is out of date."""
    shutil.copytree(started.folder, tmp_path, dirs_exist_ok=True)
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    home = {"HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "cache"), "GIT_CONFIG_NOSYSTEM": "1"}

    def outcome(*command: str) -> int:
        env = {**environment(), **home, **who}
        return subprocess.run(command, cwd=tmp_path, env=env, check=False, capture_output=True).returncode

    (tmp_path / "machines" / "door.yaml").write_text("states: [{name: closed, type: initial}]\ntransitions: []\n")
    assert outcome("pystator-gen", "machines", "-o", "shop/fsm") == 0
    assert outcome("git", "init", "-q") == 0
    assert outcome("git", "add", "machines", "shop", ".pre-commit-config.yaml") == 0
    assert outcome("pre-commit", "run") == 0
    assert outcome("git", "commit", "-q", "--no-verify", "-m", "all") == 0

    with (tmp_path / "shop" / "fsm" / "payment.py").open("a") as module:
        module.write("# a quick fix\n")
    assert outcome("git", "add", "shop") == 0
    assert outcome("pre-commit", "run") == 1, "a module was edited"

    assert outcome("git", "reset", "-q", "--hard") == 0
    assert outcome("pre-commit", "run") == 0
    assert outcome("git", "rm", "-q", "machines/door.yaml") == 0
    assert outcome("pre-commit", "run") == 1, "a source was deleted"


# -- what is complete ------------------------------------------------------------------------------------------


def test_every_section_of_diagnostics_is_a_code() -> None:
    assert list(SECTIONS) == ["Diagnostics", *codes.CODES]


@pytest.mark.parametrize("code", codes.CODES)
def test_a_section_begins_with_the_title_of_its_code(code: str) -> None:
    assert f"**{codes.CODES[code]}.**" in SECTIONS[code].text


def test_every_option_of_the_command_line_is_described() -> None:
    text = page("command-line.md").text
    options = [option for action in arguments.generate_parser()._actions for option in action.option_strings]
    assert [option for option in options if f"`{option}`" not in text] == []


def test_every_parameter_and_error_of_generate_is_described() -> None:
    text = page("command-line.md").text.split("## From Python")[1]
    parameters = inspect.signature(generate).parameters
    errors = re.findall(r"^ +(\w+): ", (generate.__doc__ or "").split("Raises:")[1], re.MULTILINE)
    assert len(errors) == 6
    assert [name for name in parameters if not re.search(rf"\b{name}\b", text)] == []
    ours = [error for error in errors if error != "OutputError"]  # which is an OSError
    assert [error for error in ours if not re.search(rf"\b{error}`", text)] == []


def test_every_option_of_scaffold_is_described() -> None:
    text = page("handlers.md").text
    options = [option for action in arguments.scaffold_parser()._actions for option in action.option_strings]
    assert [option for option in options if f"`{option}`" not in text] == []


def test_every_exit_code_is_described() -> None:
    text = page("command-line.md").text
    assert all(f"| {code} |" in text for code in (cli.CLEAN, cli.PROBLEMS, cli.UNUSABLE))


def test_every_dependency_has_its_reason() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = tomllib.loads((ROOT / "runtime" / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *tool["build-system"]["requires"],
        *tool["project"]["dependencies"],
        *(wanted for group in tool["dependency-groups"].values() for wanted in group if isinstance(wanted, str)),
        *runtime["project"]["dependencies"],
        *(wanted for extra in runtime["project"]["optional-dependencies"].values() for wanted in extra),
    ]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}  # type: ignore[index]
    described = set(re.findall(r"`([\w-]+)`", page("dependencies.md").text))
    assert names - described == set()
    extras = runtime["project"]["optional-dependencies"].keys()
    assert extras - described == set()


def test_every_key_of_the_format_is_described() -> None:
    models = (
        parse.MachineDocument, parse.Meta, parse.State, parse.Transition, parse.Variable, parse.PayloadField,
        parse.Event, parse.ErrorPolicy, parse.Check, parse.NamedGuard, parse.NamedAction, parse.Region, parse.Timeout,
    )  # fmt: skip
    keys = {str(field.validation_alias or name) for model in models for name, field in model.model_fields.items()}
    keys |= {key for model in models for key in (*model.also_known, *model.unsupported)}
    assert keys - _words("yaml.md") == set()


def test_every_form_of_guards_and_actions_is_described() -> None:
    words = _words("yaml.md")
    operators = set(parse.CheckOperator.__args__)  # type: ignore[attr-defined]
    kinds = {"set", "timestamp", "increment", "decrement", "append", "clear", "compute"}
    primitives = set(parse.types.PRIMITIVES)
    assert (operators | kinds | primitives | {"expr", "allOf", "anyOf", "not"}) - words == set()


def test_the_subset_of_expressions_is_described_exactly() -> None:
    text = page("expressions.md").text
    words = _words("expressions.md")
    assert vocabulary.FUNCTIONS.keys() - words == set()
    assert vocabulary.METHODS - words == set()
    assert {word for signature in vocabulary.FUNCTIONS.values() for word in signature.keywords} - words == set()
    bounds = (
        vocabulary.MAX_TEXT_LENGTH, vocabulary.MAX_DEPTH, vocabulary.MAX_LENGTH, vocabulary.MAX_POWER,
        vocabulary.MAX_SHIFT, vocabulary.MAX_FORMAT_WIDTH, vocabulary.MAX_INTEGER_BITS,
    )  # fmt: skip
    assert [bound for bound in bounds if f"| {bound:,}" not in text] == []


def test_every_name_of_the_runtime_is_described() -> None:
    described = _words("generated-module.md")
    assert set(pystator_runtime._HOMES) - described == set()


def test_every_name_that_a_module_defines_is_described(tmp_path: Path) -> None:
    handbook = page("generated-module.md")
    Run(Page(handbook.name, handbook.text[: handbook.text.index("## Binding")]), tmp_path).everything()
    generate([tmp_path / "machines"], tmp_path / "fsm")
    names = re.findall(r'^    "(\w+)",$', (tmp_path / "fsm" / "order.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(names) - _words(handbook.name) == set()
    assert len(names) >= 8


def test_respelt_names_are_as_described() -> None:
    assert naming.trigger_method("class", frozenset()) == "class_"
    assert naming.trigger_method("send", frozenset()) == "send_"
    assert naming.state_property("final") == "is_final_"
    assert naming.trigger_method("2nd_try", frozenset()) == "n2nd_try"
    assert naming.enum_member("2nd_try") == "N2ND_TRY"
    assert naming.class_prefix("order_desk") == "OrderDesk"


# -- what hangs together ---------------------------------------------------------------------------------------


def test_navigation_names_every_page_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    named = list(_leaves(config["nav"]))
    assert sorted(named) == PAGES


def test_the_first_page_lists_every_other_one_once() -> None:
    listed = re.findall(r"^\| \[[^]]+\]\(([\w-]+\.md)\) \|", page("index.md").text, re.MULTILINE)
    assert sorted([*listed, "index.md"]) == PAGES


def test_the_readme_links_every_page_but_the_first() -> None:
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert set(PAGES) - linked == {"index.md"}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_resolves(name: str) -> None:
    text = prose(page(name).text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert "://" not in target, f"{target}: the documentation needs no network"
        file, _, anchor = target.partition("#")
        path = (DOCS / (file or name)).resolve()
        assert path.is_file(), target
        assert not anchor or anchor in anchors(path), target


def test_no_page_names_a_place_on_somebodys_machine() -> None:
    for name in PAGES:
        assert not re.search(r"/(home|root|tmp|work|Users)/", page(name).text), name


def _words(name: str) -> set[str]:
    """The words in code of a page: in back ticks, and in blocks."""
    text = page(name).text
    code = [block.text for block in page(name).blocks] + re.findall(r"`([^`\n]+)`", prose(text))
    lists = re.findall(r"`([^`]+)`", prose(text))  # code may span lines
    return {word for piece in (*code, *lists) for word in re.findall(r"\w+", piece)}


def _leaves(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for value in nav.values():
            yield from _leaves(value)
    elif isinstance(nav, list):
        for value in nav:
            yield from _leaves(value)
