"""The marked document: YAML 1.2 as plain data, with a place for everything (`S11.1`, `S11.3`)."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_gen.codes import CODES
from pystator_gen.composer import MAX_COPIED_NODES, MAX_DEPTH
from pystator_gen.diagnostics import Diagnostic, Span
from pystator_gen.document import Document, LibyamlMissingError, load, load_value
from pystator_gen.source import Source, position

MACHINE = """\
meta: &meta
  machine_name: order
  version: 1.10
states:
  - name: open
    on_enter: [log, {set: {a: 1}}]
  - {name: done, type: terminal}
transitions: []
"""


def one(text: str) -> Document:
    """The only document of a flawless text."""
    documents, diagnostics = load(Source("m.yaml", text))
    assert diagnostics == []
    assert len(documents) == 1
    return documents[0]


def data(text: str) -> dict[str, Any]:
    """What a flawless text means."""
    return one(text).data


def problems(text: str) -> list[tuple[str, int, int]]:
    """Code, line and column of all that is wrong with a text."""
    _, diagnostics = load(Source("m.yaml", text))
    assert all(d.is_error and d.code in CODES for d in diagnostics)
    return [(d.code, d.span.line, d.span.column) for d in diagnostics]


def problem(text: str) -> Diagnostic:
    """The one thing that is wrong with a text."""
    _, diagnostics = load(Source("m.yaml", text))
    assert len(diagnostics) == 1, diagnostics
    return diagnostics[0]


class TestScalars:
    """`S11.1`: the core schema of YAML 1.2."""

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("true", True), ("True", True), ("TRUE", True),
            ("false", False), ("False", False), ("FALSE", False),
            ("null", None), ("Null", None), ("NULL", None), ("~", None), ("", None),
            ("0", 0), ("-12", -12), ("+12", 12), ("012", 12), ("0o17", 15), ("0x1F", 31),
            ("1.0", 1.0), (".5", 0.5), ("5.", 5.0), ("-1e3", -1000.0), ("1.5E-2", 0.015),
            (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf),
        ],
    )  # fmt: skip
    def test_words_and_numbers_of_the_core_schema(self, written: str, meant: object) -> None:
        value = data(f"a: {written}")["a"]
        assert value == meant
        assert type(value) is type(meant)

    @pytest.mark.parametrize("written", [".nan", ".NaN", ".NAN"])
    def test_nan_is_a_float(self, written: str) -> None:
        assert math.isnan(data(f"a: {written}")["a"])

    @pytest.mark.parametrize(
        "written",
        [
            "on", "off", "yes", "no", "y", "n", "On", "OFF", "Yes", "NO", "tRUE", "nULL", "None",
            "12:30", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "1_000", "0b101",
            "0o8", "0xG", "-0x1", "1e", ".", "+", "e5", "1.5.2", "inf", "nan", "-.nan", "=",
        ],
    )  # fmt: skip
    def test_everything_else_is_text(self, written: str) -> None:
        assert data(f"a: {written} # comment")["a"] == written

    @pytest.mark.parametrize("written", ["true", "1", "null", "~", "1.5", ""])
    def test_quoted_scalars_are_text(self, written: str) -> None:
        assert data(f"a: '{written}'")["a"] == written
        assert data(f'a: "{written}"')["a"] == written
        assert data(f"a: |-\n  {written}")["a"] == written

    def test_words_of_yaml_1_1_can_be_keys(self) -> None:
        assert data("on: {off: yes}") == {"on": {"off": "yes"}}

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("!!str 12", "12"), ("!!str true", "true"), ("! 12", "12"), ("!!int '12'", 12),
            ("!!float 1", 1.0), ("!!bool 'true'", True), ("!!null ''", None),
            ("!!map {b: 1}", {"b": 1}), ("!!seq [1]", [1]),
        ],
    )  # fmt: skip
    def test_standard_tags_are_honoured(self, written: str, meant: object) -> None:
        value = data(f"a: {written}")["a"]
        assert value == meant
        assert type(value) is type(meant)

    @pytest.mark.parametrize(
        "written",
        [
            "!mine x", "!!binary aGk=", "!!timestamp 2001-01-01", "!!set {a}", "!!omap []",
            "!!int x", "!!int 1.5", "!!bool yes", "!!float x", "!!null x", "!!map []", "!!seq {}",
            "!!python/object/apply:os.system [ls]", "!<tag:example.com,2000:x> 1", "!!int true",
        ],
    )  # fmt: skip
    def test_any_other_tag_is_an_error_at_its_place(self, written: str) -> None:
        assert problems(f"ok: 1\na: {written}") == [("PG010", 2, 4)]

    @pytest.mark.parametrize("written", ["9" * 5000, "0x" + "f" * 5000, "1e999", "-1e999"])
    def test_a_number_that_is_too_long_or_too_large_is_an_error(self, written: str) -> None:
        assert problems(f"ok: 1\na: {written}") == [("PG014", 2, 4)]

    def test_the_longest_numbers_allowed_can_be_printed(self) -> None:
        assert str(data(f"a: 0x{'f' * 3498}")["a"])


class TestMappings:
    """`S11.1`: keys, duplicates, merges."""

    def test_a_duplicate_key_is_an_error_that_shows_both_places(self) -> None:
        diagnostic = problem("a: 1\nb: 2\na: 3\n")
        assert diagnostic.code == "PG008"
        assert diagnostic.span == Span("m.yaml", 3, 1)
        assert diagnostic.related == ((Span("m.yaml", 1, 1), "first here"),)

    def test_every_duplicate_of_a_file_is_reported_and_the_rest_still_read(self) -> None:
        text = "a: 1\na: 2\nb: {c: 1, c: 2}\n"
        assert problems(text) == [("PG008", 2, 1), ("PG008", 3, 11)]
        assert [d.data for d in load(Source("m.yaml", text))[0]] == [{"a": 1, "b": {"c": 1}}]

    @pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~", "0x1"])
    def test_a_key_that_is_not_text_is_an_error_that_says_to_quote_it(self, key: str) -> None:
        diagnostic = problem(f"a: 1\n{key}: 2\n")
        assert diagnostic.code == "PG009"
        assert diagnostic.span == Span("m.yaml", 2, 1)
        assert diagnostic.hint == f'quote it: "{key}"'
        assert data(f'a: 1\n"{key}": 2\n') == {"a": 1, key: 2}

    @pytest.mark.parametrize("key", ["? [a]\n", "? {a: 1}\n", "? \n", "!!null '' "])
    def test_a_key_that_is_a_collection_or_nothing_is_an_error(self, key: str) -> None:
        assert [code for code, _, _ in problems(f"{key}: 2\n")] == ["PG009"]

    def test_an_alias_can_be_a_key_if_it_is_text(self) -> None:
        assert data("a: &x name\nb: {*x : 1}") == {"a": "name", "b": {"name": 1}}

    def test_merged_keys_give_way_to_own_keys_wherever_these_stand(self) -> None:
        text = "base: &b {p: 1, q: 2}\nx: {p: 9, <<: *b}\ny: {<<: *b, p: 9}\n"
        assert data(text)["x"] == data(text)["y"] == {"p": 9, "q": 2}

    def test_of_several_merges_the_earlier_one_wins(self) -> None:
        text = "a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc: {<<: [*a, *b], r: 3}\n"
        assert data(text)["c"] == {"p": 1, "q": 2, "r": 3}

    def test_merged_keys_come_first_as_in_pyyaml(self) -> None:
        assert list(data("a: &a {x: 1, y: 2}\nb: {z: 3, <<: *a}")["b"]) == ["x", "y", "z"]

    def test_a_merge_can_hold_a_merge_or_a_mapping_of_its_own(self) -> None:
        text = "a: &a {p: 1}\nb: &b {<<: *a, q: 2}\nc: {<<: *b}\nd: {<<: {r: 1}}\n"
        assert data(text)["c"] == {"p": 1, "q": 2}
        assert data(text)["d"] == {"r": 1}

    def test_a_quoted_merge_key_is_a_key(self) -> None:
        assert data('a: {"<<": 1}') == {"a": {"<<": 1}}

    @pytest.mark.parametrize("merged", ["1", "[1]", "text", "[{a: 1}, x]", "null"])
    def test_only_mappings_can_be_merged(self, merged: str) -> None:
        codes = [code for code, _, _ in problems(f"a: {{<<: {merged}}}")]
        assert codes == ["PG015"]

    def test_two_merge_keys_are_duplicates(self) -> None:
        assert problems("a: &a {p: 1}\nb: {<<: *a, <<: *a}") == [("PG008", 2, 13)]


class TestAliases:
    """`S11.1`: allowed, bounded, and never shared."""

    def test_an_alias_is_a_fresh_copy(self) -> None:
        value = data("a: &x {l: [1]}\nb: *x\nc: {<<: *x}\n")
        value["a"]["l"].append(2)
        assert value["b"]["l"] == value["c"]["l"] == [1]

    def test_an_anchor_can_be_set_anew(self) -> None:
        assert data("a: &x 1\nb: *x\nc: &x 2\nd: *x") == {"a": 1, "b": 1, "c": 2, "d": 2}

    def test_an_anchor_does_not_reach_the_next_document(self) -> None:
        assert problems("a: &x 1\n---\nb: *x\n") == [("PG011", 3, 4)]

    @pytest.mark.parametrize(
        ("text", "place"),
        [("a: *x", (1, 4)), ("a: &x [1, *x]", (1, 11)), ("a: &x\n  b: {c: *x}", (2, 10))],
    )
    def test_an_alias_without_anchor_or_to_itself_is_an_error(self, text: str, place: tuple[int, int]) -> None:
        assert problems(text) == [("PG011", *place)]

    def test_a_billion_laughs_are_stopped_at_the_alias_that_goes_too_far(self) -> None:
        lines = ["l0: &l0 [" + ", ".join(["lol"] * 10) + "]"]
        lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
        diagnostic = problem("\n".join(lines))
        assert diagnostic.code == "PG012"
        assert str(MAX_COPIED_NODES) in diagnostic.message
        assert diagnostic.span.line <= 6

    def test_merges_count_as_expansion(self) -> None:
        wide = ", ".join(f"k{n}: {n}" for n in range(1000))
        text = f"a: &a {{{wide}}}\nb: [" + ", ".join(["{<<: *a}"] * 101) + "]"
        assert [code for code, _, _ in problems(text)] == ["PG012"]

    def test_a_large_file_without_aliases_is_no_expansion(self) -> None:
        assert len(data("a: [" + "1," * (MAX_COPIED_NODES + 1) + "]")["a"]) == MAX_COPIED_NODES + 1


class TestNesting:
    """`S11.1`: bounded, so nothing ever recurses too deeply."""

    def test_the_deepest_nesting_allowed_is_read(self) -> None:
        assert data("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))

    @pytest.mark.parametrize("depth", [MAX_DEPTH, 500, 5000])
    @pytest.mark.parametrize("brackets", ["[]", "{}"])
    def test_one_level_more_is_an_error(self, depth: int, brackets: str) -> None:
        text = "a: " + "[" * depth + "]" * depth
        if brackets == "{}":
            text = "a: " + "{a: " * depth + "}" * depth
        assert [code for code, _, _ in problems(text)] == ["PG013"]

    def test_block_nesting_counts_too(self) -> None:
        assert [code for code, _, _ in problems("- " * 100 + "x")] == ["PG013"]

    def test_an_alias_cannot_nest_deeper_either(self) -> None:
        text = "a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40
        assert [code for code, _, _ in problems(text)] == ["PG013"]

    def test_deep_keys_are_an_error(self) -> None:
        assert problems("? " + "[" * 200 + "]" * 200 + "\n: 1")[-1][0] == "PG013"


class TestFiles:
    """What a file may hold: one machine, a list, several documents, JSON."""

    def test_a_file_can_hold_a_machine_a_list_or_several_documents(self) -> None:
        documents, diagnostics = load(Source("m.yaml", "a: 1\n---\n- b: 1\n- c: 1\n---\n"))
        assert diagnostics == []
        assert [d.data for d in documents] == [{"a": 1}, {"b": 1}, {"c": 1}]
        assert [d.span(()).line for d in documents] == [1, 3, 4]

    @pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n---\n", "null\n"])
    def test_a_file_without_a_machine_is_an_error_with_the_remedy(self, text: str) -> None:
        diagnostic = problem(text)
        assert diagnostic.code == "PG006"
        assert "states" in (diagnostic.hint or "")

    def test_an_empty_list_is_an_error(self) -> None:
        assert problems("[]") == [("PG006", 1, 1)]

    @pytest.mark.parametrize("text", ["5", "text", "true", '"x"'])
    def test_a_scalar_is_no_machine(self, text: str) -> None:
        assert problems(text) == [("PG007", 1, 1)]

    def test_every_item_of_a_list_that_is_no_mapping_is_an_error(self) -> None:
        text = "- a: 1\n- 5\n-\n- [b]\n"
        assert problems(text) == [("PG007", 2, 3), ("PG007", 3, 2), ("PG007", 4, 3)]
        assert len(load(Source("m.yaml", text))[0]) == 1

    def test_json_is_read_tabs_slashes_and_surrogates_included(self) -> None:
        text = '\t{\n\t"a":1,\t"b"\t:\t[true,\tnull, 1e5],"c":"\\/ \\ud83d\\ude00 \\\\ud83d"\n}\n'
        assert json.loads(text) == data(text)
        assert one(text).key_span(("a",)) == Span("m.yaml", 2, 2)

    def test_a_tab_inside_a_json_text_stays(self) -> None:
        assert data('\t{"a": "b\\tc"}') == {"a": "b\tc"}

    def test_tabs_in_yaml_are_an_error_that_says_so(self) -> None:
        diagnostic = problem("a:\n\t- b\n")
        assert (diagnostic.code, diagnostic.span.line) == ("PG005", 2)
        assert "tabs" in (diagnostic.hint or "")

    def test_yaml_1_2_may_be_declared(self) -> None:
        assert data("%YAML 1.2\n---\na: on\n") == {"a": "on"}

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8)
            | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=8), inner, max_size=4),
            max_leaves=12,
        ),
        st.sampled_from([None, 0, 1, 4, "\t"]),
        st.booleans(),
    )  # fmt: skip
    def test_json_means_what_it_means_to_python(
        self, value: object, indent: int | str | None, ascii_only: bool
    ) -> None:
        text = json.dumps({"v": value}, indent=indent, ensure_ascii=ascii_only)
        documents, diagnostics = load(Source("m.json", text))
        if any(d.code == "PG002" for d in diagnostics):  # raw characters that YAML has not
            assert not ascii_only
        elif not diagnostics:
            assert documents[0].data == json.loads(text)
        else:
            assert "\\ud" in text  # a lone surrogate, which is no text


class TestSyntaxErrors:
    """`S11.3`: line, column, plain words, and the remedy."""

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("a: b: c\n", (1, 5), "`:` is not allowed here"),
            ("ok: 1\na: \"x\n", (2, 4), "quote is never closed"),
            ("a: [1,\n", (2, 1), "a value is missing"),
            ("a: [1, 2\nb: 1\n", (2, 2), "lacks a `,` or its `]`"),
            ("a: {b: 1\nc: 1\n", (2, 2), "lacks a `,` or its `}`"),
            ("a: @x\n", (1, 4), "no value can start"),
            ("a: 'it''s' x\n", (1, 12), "breaks off"),
            ("a: 1\n b: 2\n", (2, 3), "`:` is not allowed here"),
            ("- a\nb: 1\n", (2, 1), "list breaks off"),
            ("a: \"\\q\"\n", (1, 5), "no such escape"),
            ("a: !x!y z\n", (1, 4), "tag is not declared"),
        ],
    )  # fmt: skip
    def test_what_libyaml_finds_is_told_in_plain_words(self, text: str, place: tuple[int, int], words: str) -> None:
        diagnostic = problem(text)
        assert diagnostic.code == "PG005"
        assert words in diagnostic.message
        assert (diagnostic.span.line, diagnostic.span.column) == place

    def test_the_place_where_an_open_bracket_stands_is_shown_too(self) -> None:
        related = problem("a: [1, 2\nb: 1\n").related
        assert [(span.line, span.column) for span, _ in related] == [(1, 4)]

    def test_what_was_found_before_the_syntax_error_is_kept_and_nothing_after(self) -> None:
        text = "a: 1\na: 2\nb: @\nc: 1\nc: 1\n"
        assert problems(text) == [("PG008", 2, 1), ("PG005", 3, 4)]

    @pytest.mark.parametrize("text", ["a: \x00", "ü: \x1b[31m", "a: \ud800"])
    def test_forbidden_characters_in_a_text_that_was_not_read_from_a_file(self, text: str) -> None:
        assert problems(text) == [("PG002", 1, 4)]

    def test_a_missing_libyaml_is_told_with_the_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
        with pytest.raises(LibyamlMissingError, match=r"pip install .*--only-binary"):
            load(Source("m.yaml", "a: 1"))


class TestPlaces:
    """`S11.3`: the most precise place there is, counted in characters from 1."""

    def test_values_and_keys_have_places(self) -> None:
        document = one(MACHINE)
        assert document.span(("states", 0, "name")) == Span("m.yaml", 5, 11)
        assert document.key_span(("states", 0, "name")) == Span("m.yaml", 5, 5)
        assert document.span(("states", 0, "on_enter", 1, "set", "a")) == Span("m.yaml", 6, 31)
        assert document.span(("states", 1)) == Span("m.yaml", 7, 5)
        assert document.key_span(("states", 1)) == Span("m.yaml", 7, 5)
        assert document.span(()) == Span("m.yaml", 1, 1)
        assert document.key_span(()) == Span("m.yaml", 1, 1)

    def test_what_does_not_exist_has_the_place_of_its_nearest_ancestor(self) -> None:
        document = one(MACHINE)
        assert document.span(("states", 0, "nothing", 3)) == document.span(("states", 0))
        assert document.span(("states", 7)) == document.span(("states",))
        assert document.span(("states", -1)) == document.span(("states",))
        assert document.span(("meta", 1)) == document.span(("meta",))
        assert document.key_span(("states", 0, "nothing")) == document.span(("states", 0))
        assert document.span(("meta", "version", "deeper")) == Span("m.yaml", 3, 12)

    def test_a_lone_value_is_its_own_first_item(self) -> None:
        document = one("guards: {expr: x}\nsource: a\n")
        assert document.span(("guards", 0, "expr")) == Span("m.yaml", 1, 16)
        assert document.span(("source", 0)) == Span("m.yaml", 2, 9)

    def test_columns_count_characters_not_bytes(self) -> None:
        document = one("é😀: {ü: x, b: [日本, y]}\n")
        assert document.span(("é😀", "ü")) == Span("m.yaml", 1, 9)
        assert document.span(("é😀", "b", 1)) == Span("m.yaml", 1, 20)

    def test_an_alias_has_its_own_place_and_what_is_in_it_that_of_the_anchor(self) -> None:
        document = one("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\nd: &y 5\ne: *y\n")
        assert document.span(("b",)) == Span("m.yaml", 2, 4)
        assert document.span(("b", "k")) == Span("m.yaml", 1, 11)
        assert document.span(("c", "k")) == Span("m.yaml", 1, 11)
        assert document.key_span(("c", "k")) == Span("m.yaml", 1, 8)
        assert document.key_span(("c", "l")) == Span("m.yaml", 3, 13)
        assert document.span(("e",)) == Span("m.yaml", 5, 4)

    def test_the_text_of_a_scalar_is_known_as_written(self) -> None:
        document = one(MACHINE)
        assert document.written(("meta", "version")) == "1.10"
        assert document.written(("meta",)) is None

    def test_windows_line_ends_make_no_difference(self) -> None:
        document = one(MACHINE.replace("\n", "\r\n"))
        assert document.data == one(MACHINE).data
        assert document.span(("states", 1)) == Span("m.yaml", 7, 5)


class TestValues:
    """`load_value`: the default of `T = default`."""

    @pytest.mark.parametrize(
        ("text", "meant"),
        [("5", 5), ("yes", "yes"), ("'5'", "5"), ("[1, a]", [1, "a"]), ("{a: 1}", {"a": 1}),
         ("null", None), ("1.5", 1.5), ("a b", "a b")],
    )  # fmt: skip
    def test_one_scalar_or_flow_collection_is_read(self, text: str, meant: object) -> None:
        assert load_value(text) == meant

    @pytest.mark.parametrize("text", ["a: 1", "- a", "[1", "1\n---\n2", "", "{a: 1, a: 2}", "\0"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            load_value(text)


def assert_inside(diagnostics: list[Diagnostic], text: str) -> None:
    """Every place of every diagnostic is in the text, or just behind it."""
    lines = position(text)[0]
    for diagnostic in diagnostics:
        for span in (diagnostic.span, *(span for span, _ in diagnostic.related)):
            assert 1 <= span.line <= lines, (diagnostic, text)
            assert 1 <= span.column <= len(text) + 1, (diagnostic, text)


YAML_PIECES = st.sampled_from(
    ["a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ",", "'", '"', "&x ",
     "*x", "<<: ", "!!int ", "!t ", "|", ">", "#", "? ", "1", "~", "true", "\t", "%", "@", "é",
     "---\n", "...\n", "😀", "\\", "\x85", "\r\n", "\r", "\ufeff", "\u2028"]
)  # fmt: skip


@given(st.lists(YAML_PIECES, max_size=25).map("".join) | st.text(max_size=30))
def test_any_text_is_loaded_or_refused_at_a_place_inside_it(text: str) -> None:
    documents, diagnostics = load(Source("m.yaml", text))
    assert documents or diagnostics
    assert_inside(diagnostics, text)
    for document in documents:
        for path in paths(document.data):
            assert document.span(path).line <= position(text)[0]


@given(st.integers(0, len(MACHINE)), st.integers(0, 5), YAML_PIECES)
def test_a_damaged_machine_is_loaded_or_refused(at: int, cut: int, piece: str) -> None:
    text = MACHINE[:at] + piece + MACHINE[at + cut :]
    _, diagnostics = load(Source("m.yaml", text))
    assert_inside(diagnostics, text)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a document's data."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*path, index))
