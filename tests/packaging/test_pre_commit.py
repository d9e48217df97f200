"""The hooks for pre-commit, run by pre-commit itself in a scratch repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = ("pyproject.toml", "generator", "templates", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
MACHINE = """\
states: [{name: off, type: initial}, {name: on}]
transitions: [{trigger: press, source: off, dest: on}]
"""
CONFIGURATION = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks: [{{id: {hook}}}]
"""
SETTINGS = """\
[tool.pystator-gen]
sources = ["machines"]
output = "app/fsm"
"""


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHON"))}
    return subprocess.run(command, cwd=folder, env={**environment, **who}, capture_output=True, text=True, check=False)


def commit(folder: Path) -> str:
    """Commit everything in a folder, made a repository if it is none; the revision."""
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-verify", "-m", "all"]):
        done = run("git", *command, folder=folder)
        assert done.returncode == 0, done.stderr
    return run("git", "rev-parse", "HEAD", folder=folder).stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of hooks, as it is in the checkout now."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    commit(folder)
    return folder


@pytest.fixture(scope="module")
def project(hooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that uses both hooks; its package is generated and committed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "machines").mkdir()
    (folder / "machines/light.yaml").write_text(MACHINE)
    (folder / "pyproject.toml").write_text(SETTINGS)
    done = run(sys.executable, "-m", "pystator_gen", "-q", folder=folder)
    assert done.returncode == 0, done.stderr
    commit(folder)
    return folder


def pre_commit(hook: str, project: Path, hooks: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one hook over what is staged."""
    revision = run("git", "rev-parse", "HEAD", folder=hooks).stdout.strip()
    configuration = home / "config.yaml"
    configuration.write_text(CONFIGURATION.format(repository=hooks, revision=revision, hook=hook))
    run("git", "add", "-A", folder=project)
    return run(sys.executable, "-m", "pre_commit", "run", "--config", configuration, "--color=never", folder=project)


def test_the_hooks_regenerate_and_check(
    project: Path, hooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One story, because pre-commit builds the hooks' environment only once for it."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_COMPILE", "1")  # nothing here runs often enough to be worth compiling
    module = project / "app/fsm/light.py"
    (project / "notes.txt").write_text("nothing to do with machines")
    assert "no files to check" in pre_commit("pystator-gen", project, hooks, tmp_path).stdout

    (project / "machines/light.yaml").write_text(MACHINE.replace("press", "push"))
    checked = pre_commit("pystator-gen-check", project, hooks, tmp_path)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "app/fsm/light.py: would be changed" in checked.stdout
    assert '+    PUSH = "push"' in checked.stdout
    assert b"push" not in module.read_bytes()

    regenerated = pre_commit("pystator-gen", project, hooks, tmp_path)
    assert regenerated.returncode == 1
    assert "files were modified by this hook" in regenerated.stdout
    assert b"push" in module.read_bytes()

    for hook in ("pystator-gen", "pystator-gen-check"):
        passed = pre_commit(hook, project, hooks, tmp_path)
        assert passed.returncode == 0, passed.stdout
        assert "Passed" in passed.stdout

    (project / "machines/light.yaml").write_text(MACHINE.replace("dest: on", "dest: onn"))
    refused = pre_commit("pystator-gen", project, hooks, tmp_path)
    assert refused.returncode == 1
    assert "machines/light.yaml:2:51: error[PG050]: there is no state `onn`" in refused.stdout


def test_the_manifest_is_valid() -> None:
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml", folder=REPOSITORY)
    assert (done.returncode, done.stdout) == (0, "")
