"""Finding and reading source files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_gen.codes import CODES
from pystator_gen.diagnostics import Diagnostic
from pystator_gen.source import (
    MAX_BYTES,
    Source,
    SourceUnreadable,
    discover,
    find_forbidden,
    position,
    read,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, content: str | bytes = "a: 1\n") -> Path:
    """A file below the current directory."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def found(*arguments: str | Path) -> list[str]:
    """What `discover` finds, without complaints."""
    paths, diagnostics = discover(arguments)
    assert diagnostics == []
    return [path.as_posix() for path in paths]


def problem(content: bytes) -> Diagnostic:
    """What is wrong with a file of these bytes."""
    result = read(write("m.yaml", content))
    assert isinstance(result, Diagnostic)
    assert result.is_error
    assert result.code in CODES
    return result


def test_a_folder_is_searched_for_all_three_suffixes_in_a_fixed_order(folder: Path) -> None:
    for name in ("z.yaml", "a.yml", "sub/deep/b.json", "sub/A.YAML", "notes.txt", "yaml"):
        write(f"machines/{name}")
    assert found("machines") == [
        "machines/a.yml",
        "machines/sub/A.YAML",
        "machines/sub/deep/b.json",
        "machines/z.yaml",
    ]


def test_a_file_is_taken_whatever_its_suffix(folder: Path) -> None:
    write("machine.txt")
    assert found("machine.txt") == ["machine.txt"]


def test_a_file_that_is_named_twice_is_found_once(folder: Path) -> None:
    write("m/a.yaml")
    assert found("m/a.yaml", "m", "m/a.yaml", "./m/a.yaml") == ["m/a.yaml"]
    assert len(found("m", folder / "m")) == 1


def test_paths_stay_relative_if_they_were_typed_so(folder: Path) -> None:
    write("m/a.yaml")
    assert found(".") == ["m/a.yaml"]
    assert found("./m") == ["m/a.yaml"]
    assert found(folder / "m") == [f"{folder.as_posix()}/m/a.yaml"]


def test_hidden_files_and_folders_are_passed_over(folder: Path) -> None:
    for name in (".git/x.yaml", ".venv/lib/y.yaml", ".pre-commit-config.yaml", "a.yaml"):
        write(name)
    assert found(".") == ["a.yaml"]
    assert found(".git") == [".git/x.yaml"]


def test_a_loop_of_links_ends(folder: Path) -> None:
    write("m/a.yaml")
    Path("m/loop").symlink_to(folder / "m", target_is_directory=True)
    Path("m/sub").mkdir()
    Path("m/sub/up").symlink_to(folder, target_is_directory=True)
    assert found("m") == ["m/a.yaml"]


def test_a_linked_folder_is_searched_and_a_linked_file_counts_once(folder: Path) -> None:
    write("elsewhere/a.yaml")
    Path("m").mkdir()
    Path("m/link").symlink_to(folder / "elsewhere", target_is_directory=True)
    Path("m/second.yaml").symlink_to(folder / "elsewhere" / "a.yaml")
    assert found("m") == ["m/link/a.yaml"]


def test_a_link_to_nowhere_is_a_source_that_can_t_be_read(folder: Path) -> None:
    write("m/a.yaml")
    Path("m/gone.yaml").symlink_to(folder / "nothing.yaml")
    Path("m/itself.yaml").symlink_to("itself.yaml")
    assert found("m") == ["m/a.yaml", "m/gone.yaml", "m/itself.yaml"]
    for name in ("gone", "itself"):
        with pytest.raises(SourceUnreadable, match=f"cannot read m/{name}.yaml"):
            read(Path(f"m/{name}.yaml"))


def test_another_link_to_nowhere_is_passed_over(folder: Path) -> None:
    write("m/a.yaml")
    Path("m/.#a.yaml").symlink_to("somebody@somewhere.4711")  # the lock of an editor
    Path("m/notes").symlink_to("nothing")
    assert found("m") == ["m/a.yaml"]


def test_a_folder_without_sources_is_an_error_at_the_folder(folder: Path) -> None:
    Path("empty").mkdir()
    paths, diagnostics = discover(["empty"])
    assert paths == []
    assert [(d.code, d.span.path) for d in diagnostics] == [("PG004", "empty")]


@pytest.mark.parametrize("name", ["missing", "missing.yaml", "a\0b", "x" * 5000])
def test_what_does_not_exist_is_unreadable(folder: Path, name: str) -> None:
    with pytest.raises(SourceUnreadable, match="cannot read"):
        discover([name])


def test_a_folder_that_may_not_be_listed_is_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("m").mkdir()

    def refuse(path: Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SourceUnreadable, match="permission denied"):
        discover(["m"])


@pytest.mark.parametrize("name", ["gone.yaml", "a\0b.yaml"])
def test_a_file_that_is_gone_is_unreadable(folder: Path, name: str) -> None:
    with pytest.raises(SourceUnreadable):
        read(Path(name))


def test_a_folder_is_no_file(folder: Path) -> None:
    Path("m.yaml").mkdir()
    with pytest.raises(SourceUnreadable, match=r"m\.yaml.*is a directory"):
        read(Path("m.yaml"))


def test_a_file_that_may_not_be_read_is_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("m.yaml")

    def refuse(path: Path, mode: str) -> object:  # root, who may run this, is never refused
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceUnreadable, match="permission denied"):
        read(path)


def test_utf8_is_read_and_its_byte_order_mark_dropped(folder: Path) -> None:
    assert read(write("m.yaml", "é: 😀\n")) == Source("m.yaml", "é: 😀\n")
    assert read(write("m.yaml", b"\xef\xbb\xbfa: 1\n")) == Source("m.yaml", "a: 1\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_are_refused_with_the_remedy(folder: Path, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    diagnostic = problem(mark + "a: 1".encode(encoding))
    assert diagnostic.code == "PG001"
    assert encoding[:6].upper() in diagnostic.message
    assert diagnostic.hint == "save it as UTF-8"


def test_a_byte_that_is_not_utf8_is_shown_where_it_stands(folder: Path) -> None:
    diagnostic = problem("é: 1\nname: ".encode() + b"\xff\n")
    assert diagnostic.code == "PG001"
    assert (diagnostic.span.line, diagnostic.span.column) == (2, 7)


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x9f", "\x85", "\u2028", "\ufffe"])
def test_a_control_character_is_shown_where_it_stands(folder: Path, character: str) -> None:
    diagnostic = problem(f"a: 1\r\nü: x{character}\n".encode())
    assert diagnostic.code == "PG002"
    assert (diagnostic.span.line, diagnostic.span.column) == (2, 5)
    assert f"U+{ord(character):04X}" in diagnostic.message


def test_a_file_beyond_the_bound_is_refused(folder: Path) -> None:
    assert isinstance(read(write("m.yaml", b"#" * MAX_BYTES)), Source)
    assert problem(b"#" * (MAX_BYTES + 1)).code == "PG003"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_source_or_a_diagnostic_inside_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    result = read(path)
    if isinstance(result, Diagnostic):
        lines = position(content.decode("utf-8", "replace"))[0]
        assert 1 <= result.span.line <= lines
        assert 1 <= result.span.column <= len(content) + 1
    else:
        assert find_forbidden(result) is None


@pytest.mark.parametrize(
    ("before", "expected"),
    [("", (1, 1)), ("ab", (1, 3)), ("a\n", (2, 1)), ("a\r\nb\rc", (3, 2)), ("é😀", (1, 3))],
)
def test_positions_count_lines_and_characters_from_one(before: str, expected: tuple[int, int]) -> None:
    assert position(before) == expected
