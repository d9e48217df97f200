"""What code, tests, pages and messages refer to is there: rules, by number, and places in the documentation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.pages import DOCS, ROOT, anchors, page

FOLDERS = ("generator", "runtime", "tests", "docs", "templates", "conformance", "examples", "bench", "scripts")
SUFFIXES = frozenset({".py", ".pyi", ".md", ".txt", ".yaml", ".yml", ".json", ".jinja", ".toml"})

_RULE = re.compile(r'^<a id="s([\d.]+)"></a>\*\*S([\d.]+)\*\* ', re.MULTILINE)
_SECTION = re.compile(r"^## S(\d+) \w", re.MULTILINE)
_NAMED = re.compile(r"\bS(\d+(?:\.\d+)?)\b")
_PLACE = re.compile(r"\bdocs/([\w-]+\.md)(?:#([\w.-]+))?")

TEXT = page("rules.md").text
RULES = [number for _, number in _RULE.findall(TEXT)]
SECTIONS = _SECTION.findall(TEXT)


def _texts(*folders: str, name: str = "*") -> Iterator[tuple[Path, str]]:
    """The files that somebody has written, or that were generated, with their texts."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(name)):
            if path.suffix in SUFFIXES and path.is_file() and "__pycache__" not in path.parts:
                yield path, path.read_text(encoding="utf-8", errors="replace")


def _root_texts() -> Iterator[tuple[Path, str]]:
    return ((path, path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("*.*")) if path.suffix in SUFFIXES)


def test_rules_are_numbered_without_gaps_each_in_its_section_and_under_its_anchor() -> None:
    assert all(anchor == number for anchor, number in _RULE.findall(TEXT))
    counts = Counter(rule.partition(".")[0] for rule in RULES)
    assert [f"{section}.{number}" for section, count in counts.items() for number in range(1, count + 1)] == RULES
    assert [str(number) for number in range(1, len(counts) + 1)] == list(counts) == SECTIONS
    for section, below in zip(SECTIONS, _SECTION.split(TEXT)[2::2], strict=True):
        assert {number.partition(".")[0] for _, number in _RULE.findall(below)} == {section}


@pytest.mark.parametrize("folder", [*FOLDERS, "."])
def test_every_rule_that_is_named_is_on_the_page(folder: str) -> None:
    texts = _root_texts() if folder == "." else _texts(folder)
    known = {*RULES, *SECTIONS}
    unknown = {(str(path), named) for path, text in texts for named in _NAMED.findall(text) if named not in known}
    assert unknown == set()


def test_every_rule_on_the_page_is_named_by_a_test() -> None:
    named = {number for _, text in _texts("tests", name="test_*.py") for number in _NAMED.findall(text)}
    assert [f"S{rule}" for rule in RULES if rule not in named] == []


@pytest.mark.parametrize("folder", [*FOLDERS, "."])
def test_every_place_in_the_documentation_that_is_named_is_there(folder: str) -> None:
    """Links between pages are proved elsewhere: this is about the code, and the files beside it."""
    places = {path.name: anchors(path) for path in DOCS.glob("*.md")}
    texts = _root_texts() if folder == "." else _texts(folder)
    missing = {
        (str(path), f"{name}#{anchor}")
        for path, text in texts
        for name, anchor in _PLACE.findall(text)
        if name not in places or (anchor and anchor.rstrip(".") not in places[name])
    }
    assert missing == set()
