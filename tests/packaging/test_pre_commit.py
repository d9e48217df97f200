"""The hooks for pre-commit, run by git and pre-commit themselves: by real commits in scratch repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = ("pyproject.toml", "generator", "templates", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
HOOKS = ("pystator-gen", "pystator-gen-check")
MACHINE = """\
states: [{name: off, type: initial}, {name: on}]
transitions: [{trigger: press, source: off, dest: on}]
"""
CONFIGURATION = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks: [{{id: {hook}{more}}}]
"""
SETTINGS = """\
[tool.pystator-gen]
sources = ["machines"]
output = "app/fsm"
"""
SOURCE, MODULE = Path("machines/light.yaml"), Path("app/fsm/light.py")


def run(*command: str | Path, folder: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHON"))}
    environment |= {**who, **(more or {})}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def commit_unchecked(folder: Path) -> str:
    """Commit everything in a folder, made a repository if it is none; the revision."""
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-verify", "-m", "all"]):
        done = run("git", *command, folder=folder)
        assert done.returncode == 0, done.stderr
    return run("git", "rev-parse", "HEAD", folder=folder).stdout.strip()


@dataclass(frozen=True)
class Shipped:
    """This project as a repository of hooks, as it is in the checkout now, and what pre-commit makes of it."""

    folder: Path
    revision: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        # Nothing here runs often enough to be worth compiling.
        return {"PRE_COMMIT_HOME": str(self.home), "PIP_NO_COMPILE": "1", "PRE_COMMIT_COLOR": "never"}


@dataclass(frozen=True)
class Project:
    """A project whose commits go through one hook."""

    folder: Path
    shipped: Shipped

    def write(self, path: Path | str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def read(self, path: Path) -> str:
        return (self.folder / path).read_text()

    def use(self, hook: str, more: str = "") -> None:
        """Let the hook be asked from now on."""
        shipped = self.shipped
        text = CONFIGURATION.format(repository=shipped.folder, revision=shipped.revision, hook=hook, more=more)
        self.write(".pre-commit-config.yaml", text)
        commit_unchecked(self.folder)
        done = run(sys.executable, "-m", "pre_commit", "install", folder=self.folder, more=shipped.environment)
        assert done.returncode == 0, done.stdout + done.stderr

    def commit(self, *paths: Path | str) -> tuple[bool, str]:
        """Commit some paths, or everything; whether there is a commit now, and what was said."""
        before = self._head()
        run("git", "add", "-A", *paths, folder=self.folder)
        done = run("git", "commit", "-m", "more", folder=self.folder, more=self.shipped.environment)
        is_made = self._head() != before
        assert is_made == (done.returncode == 0), done.stdout + done.stderr
        return is_made, done.stdout + done.stderr

    def generate(self) -> None:
        done = run(sys.executable, "-m", "pystator_gen", "-q", folder=self.folder)
        assert done.returncode == 0, done.stderr

    def _head(self) -> str:
        return run("git", "rev-parse", "HEAD", folder=self.folder).stdout


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return Shipped(folder, commit_unchecked(folder), tmp_path_factory.mktemp("home"))


@pytest.fixture
def empty(shipped: Shipped, tmp_path: Path) -> Project:
    """A project with the settings and without a machine."""
    project = Project(tmp_path, shipped)
    project.write("pyproject.toml", SETTINGS)
    return project


@pytest.fixture
def project(empty: Project) -> Project:
    """A project with a machine; its package is generated, and will be committed with the hook."""
    empty.write(SOURCE, MACHINE)
    empty.generate()
    return empty


@pytest.mark.parametrize("hook", HOOKS)
def test_a_commit_that_has_nothing_to_do_with_machines_passes(project: Project, hook: str) -> None:
    project.use(hook)
    project.write("notes.txt", "nothing")
    is_made, said = project.commit()
    assert is_made
    assert "Passed" in said


def test_a_changed_source_is_refused_and_the_difference_shown(project: Project) -> None:
    project.use("pystator-gen-check")
    project.write(SOURCE, MACHINE.replace("press", "push"))
    is_made, said = project.commit()
    assert not is_made
    assert "app/fsm/light.py: would be changed" in said
    assert '+    PUSH = "push"' in said
    assert "push" not in project.read(MODULE)
    project.generate()
    assert project.commit()[0]


def test_a_changed_source_is_compiled_and_the_next_try_passes(project: Project) -> None:
    project.use("pystator-gen")
    project.write(SOURCE, MACHINE.replace("press", "push"))
    is_made, said = project.commit()
    assert not is_made
    assert "app/fsm/light.py: changed" in said
    assert "push" in project.read(MODULE)
    assert project.commit()[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_commit_that_edits_a_module_alone_is_refused(project: Project, hook: str) -> None:
    project.use(hook)
    generated = project.read(MODULE)
    project.write(MODULE, f"{generated}# a quick fix\n")
    is_made, said = project.commit(MODULE)
    assert not is_made
    assert "app/fsm/light.py" in said
    assert (project.read(MODULE) == generated) == (hook == "pystator-gen")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_commit_that_deletes_a_source_alone_is_refused(project: Project, hook: str) -> None:
    project.write("machines/lamp.yaml", MACHINE)
    project.generate()
    project.use(hook)
    (project.folder / SOURCE).unlink()
    is_made, said = project.commit(SOURCE)
    assert not is_made
    assert f"app/fsm/light.py: {'would be ' if hook == 'pystator-gen-check' else ''}pruned" in said
    assert (project.folder / MODULE).exists() == (hook == "pystator-gen-check")
    if hook == "pystator-gen":
        assert project.commit()[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_the_first_machine_is_refused_without_its_modules(empty: Project, hook: str) -> None:
    """Git does not track the modules yet, so that pre-commit by itself would not see that they were written."""
    empty.use(hook)
    empty.write(SOURCE, MACHINE)
    is_made, said = empty.commit()
    assert not is_made
    assert f"app/fsm/light.py: {'would be ' if hook == 'pystator-gen-check' else ''}created" in said
    assert (empty.folder / MODULE).exists() == (hook == "pystator-gen")
    empty.generate()
    assert empty.commit()[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_module_that_nobody_has_added_is_not_missed(empty: Project, hook: str) -> None:
    """What the manifest and *Getting started* say of it: the working tree is looked at, not the commit."""
    empty.use(hook)
    empty.write(SOURCE, MACHINE)
    empty.generate()
    assert empty.commit("machines")[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_of_a_source_is_told_once(project: Project, hook: str) -> None:
    project.use(hook)
    project.write(SOURCE, MACHINE.replace("dest: on", "dest: onn"))
    is_made, said = project.commit()
    assert not is_made
    assert said.count("machines/light.yaml:2:51: error[PG050]: there is no state `onn`") == 1


@pytest.mark.parametrize("hook", HOOKS)
def test_arguments_take_the_place_of_settings(project: Project, hook: str) -> None:
    project.write("pyproject.toml", "")
    project.use(hook, ", args: [machines, -o, app/fsm]")
    project.write("notes.txt", "nothing")
    assert project.commit()[0]
    project.write(SOURCE, MACHINE.replace("press", "push"))
    assert not project.commit()[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_said_wrongly_is_told(project: Project, hook: str) -> None:
    project.use(hook, ", args: [--no-such-option]")
    project.write("notes.txt", "nothing")
    is_made, said = project.commit()
    assert not is_made
    assert said.count("unrecognized arguments: --no-such-option") == 1


def test_the_manifest_is_valid() -> None:
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml", folder=REPOSITORY)
    assert (done.returncode, done.stdout) == (0, "")
