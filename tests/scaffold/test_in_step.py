"""Handlers that stay in step with their machine: what is added, what is marked, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pystator_gen.output import Action, OutputError
from pystator_gen.scaffold.editing import MARK
from scaffold.support import PATH, executed, handlers, in_step, run, write

WRITTEN = '''\
"""Mine."""

from __future__ import annotations

import logging

from shop.fsm.order import OrderContext

log = logging.getLogger(__name__)


class Guards:
    def is_paid(self, ctx: OrderContext) -> bool:
        return ctx["price"] > 0  # not  formatted


class Actions:
    """What happens."""

    def notify(self, ctx: OrderContext) -> None:
        self._mail(ctx)

    def _mail(self, ctx: OrderContext) -> None:
        log.info("mail")


if __name__ == "__main__":
    print(Guards())
'''


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told() -> list[str]:
    return [f"{each.span}: {each.severity}[{each.code}]: {each.message}" for each in run().diagnostics]


# -- new modules -------------------------------------------------------------------------------------------------


def test_a_new_module_has_a_class_for_the_guards_and_one_for_the_actions() -> None:
    write(["is_paid", "small(limit=5)"], ["notify(channel=mail)"])
    run()
    assert (
        PATH.read_text()
        == '''\
"""The guards and actions of order."""

from __future__ import annotations

from shop.fsm.order import OrderContext


class Guards:
    """The guards of order."""

    def is_paid(self, ctx: OrderContext) -> bool:
        """The guard `is_paid`."""
        raise NotImplementedError("order: the guard is_paid is not written yet")

    def small(self, ctx: OrderContext, *, limit: int) -> bool:
        """The guard `small`."""
        raise NotImplementedError("order: the guard small is not written yet")


class Actions:
    """The actions of order."""

    def notify(self, ctx: OrderContext, *, channel: str) -> None:
        """The action `notify`."""
        raise NotImplementedError("order: the action notify is not written yet")
'''
    )


def test_a_new_folder_of_handlers_is_a_package() -> None:
    write(["is_paid"])
    assert [change.path.name for change in run().changes] == ["__init__.py", "order.py"]


def test_a_package_that_has_no_init_file_gets_none() -> None:
    write(["is_paid"])
    handlers("")
    assert [change.path.name for change in run().changes] == ["order.py"]


def test_a_machine_without_functions_gets_no_module() -> None:
    write()
    assert run().changes == ()
    assert not PATH.parent.exists()


def test_an_empty_file_is_written_like_a_new_one() -> None:
    write(["is_paid"])
    handlers(b"\xef\xbb\xbf\r\n \n")
    run()
    assert list(executed(PATH.read_bytes()))[-1] == "Guards"


def test_a_param_that_is_not_always_passed_may_be_left_out() -> None:
    Path("order.yaml").write_text(
        "states: [{name: a, type: initial}, {name: b}]\n"
        "transitions:\n"
        "  - {trigger: x, source: a, dest: b, actions: [{name: f, params: {n: 1, o: null, p: [1]}}, g]}\n"
        "  - {trigger: y, source: a, dest: b, actions: [f, {name: f, params: {n: 2.5, p: a}}]}\n"
    )
    run()
    wanted = "def f(\n        self,\n        ctx: OrderContext,\n        *,\n        n: float | int | None = None,\n"
    wanted += "        o: None = None,\n        p: list[Any] | str | None = None,\n    ) -> None:"
    assert wanted in PATH.read_text()
    assert "from typing import Any\n" in PATH.read_text()


def test_functions_called_like_builtins_do_not_get_into_each_others_way() -> None:
    write(["bool", "str(int=1)"], ["NotImplementedError".lower(), "print"])
    run()
    text = PATH.read_text()
    assert "def bool(self, ctx: OrderContext) -> builtins.bool:" in text
    guards = executed(PATH.read_bytes())["Guards"]()
    with pytest.raises(NotImplementedError, match="order: the guard str is not written yet"):
        guards.str({}, int=1)


# -- what is missing ---------------------------------------------------------------------------------------------


def test_the_second_run_changes_nothing() -> None:
    write(["is_paid", "small(limit=5)"], ["notify(channel=mail)"])
    run()
    before = PATH.stat().st_mtime_ns
    assert not run().drift
    assert PATH.stat().st_mtime_ns == before


def test_what_is_missing_is_added_to_its_class_and_nothing_else_changes() -> None:
    write(["is_paid", "small"], ["notify", "book"])
    handlers(WRITTEN)
    run()
    expected = WRITTEN.replace(
        "not  formatted\n",
        '''not  formatted

    def small(self, ctx: OrderContext) -> bool:
        """The guard `small`."""
        raise NotImplementedError("order: the guard small is not written yet")
''',
    ).replace(
        '("mail")\n',
        '''("mail")

    def book(self, ctx: OrderContext) -> None:
        """The action `book`."""
        raise NotImplementedError("order: the action book is not written yet")
''',
    )
    assert PATH.read_text() == expected


def test_a_class_that_is_missing_stands_below_the_other_one() -> None:
    write(["is_paid"], ["notify"])
    handlers(WRITTEN.replace('class Actions:\n    """What happens."""\n', "class Mail:\n"))
    run()
    text = PATH.read_text()
    assert text.index("class Guards") < text.index("class Mail")
    handlers(WRITTEN[: WRITTEN.index("class Actions")] + 'if __name__ == "__main__":\n    print()\n')
    run()
    lines = PATH.read_text().splitlines()
    assert lines.index("class Guards:") < lines.index("class Actions:") < lines.index('if __name__ == "__main__":')


def test_a_class_that_was_renamed_is_known_by_its_functions() -> None:
    write(["is_paid", "small"], ["notify"])
    handlers(WRITTEN.replace("Guards", "RiskDesk"))
    run()
    assert sorted(name for name in dir(executed(PATH.read_bytes())["RiskDesk"]) if name[0] != "_") == [
        "is_paid",
        "small",
    ]


def test_a_class_that_another_of_its_name_replaces_has_nothing() -> None:
    both = b"class Desk:\n    def notify(self, ctx): ...\nclass Desk:\n    def other(self, ctx): ...\n"
    text = in_step(both, actions=["notify"])
    assert both in text
    assert b"class Actions:" in text


def test_one_class_may_have_guards_and_actions() -> None:
    write(["is_paid", "small"], ["notify", "book"])
    both = WRITTEN.replace('class Actions:\n    """What happens."""\n\n', "").replace("Guards", "Desk")
    handlers(both)
    run()
    assert "class" not in PATH.read_text().replace("class Desk", "")
    desk = executed(PATH.read_bytes())["Desk"]
    assert all(hasattr(desk, name) for name in ("is_paid", "small", "notify", "book"))
    assert MARK not in PATH.read_text()


def test_several_classes_that_could_be_it_are_an_error_that_shows_them() -> None:
    write(["is_paid", "small"])
    before = "class A:\n    def is_paid(self): ...\n\n\nclass B:\n    def small(self): ...\n"
    handlers(before)
    assert told() == ["handlers/order.py:1:1: error[PG102]: several classes have guards of the machine"]
    assert PATH.read_text() == before


@pytest.mark.parametrize(
    "body",
    [
        "    def is_paid(self, ctx): ...",
        "    async def is_paid(self, ctx): ...",
        "    @staticmethod\n    def is_paid(ctx): ...",
        "    is_paid = print",
        "    a, (b, *is_paid) = 1, (2, 3)",
        "    is_paid: object = print",
        "    from os import getcwd as is_paid",
        "    import is_paid.b",
        "    class is_paid: ...",
        "    if True:\n        def is_paid(self, ctx): ...\n    else:\n        is_paid = None",
        "    try:\n        is_paid = 1\n    finally: pass",
        "    for is_paid in (): ...",
        "    with open('x') as is_paid: ...",
        "    def __init__(self):\n        if True:\n            self.is_paid = print",
        "    def __init__(this, /, x) -> None:\n        this.is_paid: object = x",
        "    (is_paid := 1)",
    ],
)
def test_however_a_class_has_a_function_it_is_not_added(body: str) -> None:
    source = f"class Guards:\n{body}\n".encode()
    assert in_step(source, guards=["is_paid"]) == source


@pytest.mark.parametrize(
    "body",
    [
        "    def f(self):\n        is_paid = 1",
        "    def f(self):\n        def is_paid(self): ...",
        "    def f(self, other):\n        other.is_paid = 1",
        "    x = [is_paid for is_paid in ()]",
        "    x = lambda is_paid: (is_paid := 1)",
        "    # def is_paid(self)\n    pass",
        "    '''\n    def is_paid(self): ...\n    '''",
    ],
)
def test_what_only_looks_like_a_function_of_the_class_is_none(body: str) -> None:
    added = in_step(f"class Guards:\n{body}\n".encode(), guards=["is_paid"]).decode()
    assert "    def is_paid(self, ctx:" in added


def test_what_a_class_inherits_in_its_file_is_not_added() -> None:
    source = "class Base:\n    def is_paid(self, ctx): ...\n\n\nclass Guards(Base, object):\n    pass\n"
    assert in_step(source.encode(), guards=["is_paid"]) == source.encode()


def test_a_class_may_be_derived_from_its_protocol() -> None:
    added = in_step(b"from shop import fsm\n\n\nclass Guards(fsm.OrderGuards):\n    pass\n", guards=["is_paid"])
    assert b"def is_paid" in added


def test_what_a_class_may_inherit_from_elsewhere_is_told_and_not_added() -> None:
    write(["is_paid"])
    before = "from shop.base import Base\n\n\nclass Guards(Base):\n    pass\n"
    handlers(before)
    assert told() == [
        "handlers/order.py:4:1: warning[PG101]: `Guards` may inherit `is_paid` from `Base`, "
        "which this file does not define"
    ]
    assert PATH.read_text() == before


def test_a_name_that_is_no_class_of_the_file_is_told_and_left_alone() -> None:
    write(["is_paid"], ["notify"])
    handlers("from shop.guards import Guards\n")
    assert told() == [
        "handlers/order.py:1:1: warning[PG101]: `Guards` is not a class of this file, "
        "so the guards are not kept in step"
    ]
    assert "class Guards" not in PATH.read_text()
    assert "class Actions" in PATH.read_text()


# -- names that are needed ---------------------------------------------------------------------------------------


def test_a_context_that_is_imported_by_another_name_is_called_so() -> None:
    added = in_step(
        b"from __future__ import annotations\nfrom ..fsm import OrderContext as Ctx\nclass Guards:\n    x = 1\n",
        guards=["is_paid"],
    )
    assert b"(self, ctx: Ctx)" in added
    assert b"shop.fsm" not in added


def test_imports_that_are_missing_follow_those_that_are_there() -> None:
    source = b"from __future__ import annotations\nimport os\n\nclass Guards:\n    x = os\n"
    added = in_step(source, guards=["is_paid(a=[1])"])
    assert added.startswith(
        b"from __future__ import annotations\nimport os\n"
        b"from typing import Any\nfrom shop.fsm.order import OrderContext\n\nclass Guards:\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"class Guards: ...\n", b"from shop.fsm.order import OrderContext\n\n\nclass Guards:"),
        (
            b'"""Doc."""\nclass Guards: ...\n',
            b'"""Doc."""\n\nfrom shop.fsm.order import OrderContext\n\n\nclass Guards:',
        ),
        (
            b'"""Doc."""\n\n\nclass Guards: ...\n',
            b'"""Doc."""\n\nfrom shop.fsm.order import OrderContext\n\n\nclass Guards:',
        ),
        (
            b"#!/usr/bin/python\n\n# mine\nclass Guards: ...\n",
            b"#!/usr/bin/python\n\nfrom shop.fsm.order import OrderContext\n\n\n# mine\nclass Guards:",
        ),
        (b"# mine only\n", b"# mine only\n\nfrom shop.fsm.order import OrderContext\n\n\nclass Guards:\n"),
    ],
)
def test_where_nothing_is_imported_imports_follow_what_is_on_top(before: bytes, after: bytes) -> None:
    assert in_step(before, guards=["is_paid"]).startswith(after)


def test_annotations_that_are_evaluated_are_quoted() -> None:
    added = in_step(b"class Guards:\n    x = 1\n", guards=["is_paid"])
    assert b'(self, ctx: "OrderContext") -> bool:' in added
    assert executed(added)["Guards"].is_paid


# -- what is no longer used --------------------------------------------------------------------------------------


def test_a_function_that_is_no_longer_used_is_marked_and_the_mark_goes_when_it_is_used_again() -> None:
    write(["is_paid"], ["notify"])
    handlers(WRITTEN)
    assert not run().drift
    write([], ["notify"])
    run()
    marked = WRITTEN.replace("    def is_paid", f"    {MARK}\n    def is_paid")
    assert PATH.read_text() == marked
    assert not run().drift
    write(["is_paid"], ["notify"])
    run()
    assert PATH.read_text() == WRITTEN


def test_the_mark_stands_above_decorators_and_below_comments() -> None:
    source = (
        "import functools\nfrom shop.fsm.order import OrderContext\n\n\nclass Guards:\n"
        "    # why\n\n    # more\n    @functools.cache\n    # within\n    @functools.wraps(print)\n"
        "    async def old(self, ctx: OrderContext) -> bool: return True\n"
    )
    marked = in_step(source.encode())
    assert marked == source.replace("    @functools.cache", f"    {MARK}\n    @functools.cache").encode()
    moved = source.replace("    # more\n", f"    {MARK}\n    # more\n").encode()
    assert in_step(moved) == moved
    assert in_step(moved, guards=["old"]) == source.encode()


@pytest.mark.parametrize(
    "method",
    [
        "def helper(self): ...",
        "def helper(self, ctx): ...",
        "def helper(self, order: str): ...",
        "def _helper(self, ctx: OrderContext): ...",
        "def __call__(self, ctx: OrderContext): ...",
        "def helper(self, ctx: OrderContext): ...\n    def other(self): self.helper({})",
        "def helper(self, ctx: OrderContext): ...\n    is_paid = helper",
        "def helper(self, ctx: OrderContext): ...\n    def other(self): getattr(self, 'helper')",
    ],
)
def test_a_function_that_no_machine_need_have_called_is_not_marked(method: str) -> None:
    source = f"from shop.fsm.order import OrderContext\nclass Guards:\n    {method}\n".encode()
    assert in_step(source) == source


@pytest.mark.parametrize("annotation", ['"OrderContext"', "fsm.OrderContext", "Ctx"])
def test_however_the_context_is_spelt_the_mark_is_set(annotation: str) -> None:
    source = f"from shop.fsm.order import OrderContext as Ctx\nclass Guards:\n    def old(self, c: {annotation}): ...\n"
    assert MARK.encode() in in_step(source.encode())


def test_a_class_that_the_machine_has_nothing_for_any_more_is_marked_too() -> None:
    assert in_step(WRITTEN.encode()).count(MARK.encode()) == 2


# -- how files are written ---------------------------------------------------------------------------------------

PLAIN = "from shop.fsm.order import OrderContext\n\nclass Guards:\n    def old(self, ctx: OrderContext): ...\n"
ODD = {
    "carriage returns and line feeds": PLAIN.replace("\n", "\r\n"),
    "carriage returns": PLAIN.replace("\n", "\r"),
    "tabs": PLAIN.replace("    ", "\t"),
    "two spaces": PLAIN.replace("    ", "  "),
    "no newline at the end": PLAIN.rstrip(),
    "a byte order mark": "\ufeff" + PLAIN,
    "a byte order mark before the class": "\ufeffclass Guards:\n    x = 1\n",
    "form feeds between definitions": PLAIN.replace("class", "\f\n\fclass").replace("    def", "\f\n  \f    def"),
    "form feeds within lines": PLAIN.replace("ctx: ", "ctx:\f"),
    "mixed line ends": PLAIN.replace(":\n", ":\r\n"),
    "trailing spaces and blank lines": PLAIN.replace("\n", "  \n") + "  \n\n\t\n",
    "comments at the end of a class": PLAIN + "    # the end\n  # of something\n# and more\n",
    "comments in odd places": PLAIN.replace(" ...", "\n            # deep\n  # shallow\n        pass"),
    "a class on one line": "class Guards: x = 1; y = 2  # so\n",
    "a class on one line with form feeds": "\fclass Guards:\f \f x = 1\n",
    "a class on two lines that are one": "class Guards: \\\n    x = 1\n",
    "an empty class": "class Guards: ...",
    "a class with a docstring alone": 'class Guards:\n    """Doc.\n\n\n  """',
    "a string that looks like code": PLAIN + '    x = """\nclass Guards:\n    def a(self): ...\n"""\n',
    "a continued line": PLAIN + "    x = 1 + \\\n        2\n",
    "names that are not ASCII": PLAIN + "    größe = 'Ü\u2028\u0085'\n",
    "nothing but a comment": "# soon\n",
    "nothing but a docstring": '"""Soon."""',
    "an assignment that goes on": PLAIN + "    x = [\n1,\n  ]\n",
    "a class that is defined twice": PLAIN + "\n\n" + PLAIN,
    "an if at the end of a class": PLAIN + "    if old:\n        pass\n    else:\n        pass\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_whatever_a_file_looks_like_no_character_of_it_changes(name: str) -> None:
    source = ODD[name].encode()
    after = in_step(source, guards=["is_paid"], actions=["notify"])
    assert executed(after)["Guards"].is_paid
    assert executed(after)["Actions"].notify
    assert in_step(after, guards=["is_paid"], actions=["notify"]) == after
    assert _is_within(source, after)
    assert source.endswith((b"\n", b"\r")) == after.endswith((b"\n", b"\r"))
    if b"\r\n" in source and b"\n" not in source.replace(b"\r\n", b""):
        assert b"\n" not in after.replace(b"\r\n", b"")
    if b"\t" in source and b"    " not in source:
        assert b"    " not in after


def _is_within(source: bytes, after: bytes) -> bool:
    """Whether all characters of a text are in the other one, in this order."""
    rest = iter(after)
    return all(character in rest for character in source)


# -- what can't be read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"class Guards:\n    def f(self:\n", "handlers/order.py:2:10: error[PG100]: '(' was never closed"),
        (b"x = 1\n  y = 2\n", "handlers/order.py:2:2: error[PG100]: unexpected indent"),
        (b"x = '\xe9'\n", "handlers/order.py:1:1: error[PG100]: the byte 0xe9 is not UTF-8"),
        (b"# coding: latin-1\nx = 1\n", "handlers/order.py:1:1: error[PG100]: the file is said to be iso-8859-1"),
        (b"# coding: klingon\nx = 1\n", "handlers/order.py:1:1: error[PG100]: unknown encoding: klingon"),
        (b"x = " + b"(" * 3000, "handlers/order.py:1:205: error[PG100]: too many nested parentheses"),
        (b"x = " + b"-" * 900 + b"1\n", "handlers/order.py:1:1: error[PG100]: an expression in this file is nested"),
        (b"x = " + b"-" * 90000 + b"1\n", "handlers/order.py:1:1: error[PG100]: "),
        (b"x = '\0'\n", "handlers/order.py:1:1: error[PG100]: source code string cannot contain null bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_with_a_place_and_nothing_is_written(
    content: bytes, message: str
) -> None:
    write(["is_paid"])
    (PATH.parent).mkdir()
    Path("other.yaml").write_text(Path("order.yaml").read_text())
    handlers(content)
    (said,) = told()
    assert said.startswith(message)
    assert PATH.read_bytes() == content


def test_one_bad_file_keeps_all_others_from_being_written() -> None:
    from pystator_gen.scaffold import scaffold

    write(["is_paid"])
    Path("trip.yaml").write_text(Path("order.yaml").read_text())
    handlers("def f(\n")
    assert scaffold(["."], "handlers", "shop.fsm").has_errors
    assert [path.name for path in Path("handlers").iterdir()] == ["order.py"]


def test_a_generated_module_is_not_taken_for_handlers() -> None:
    write(["is_paid"])
    handlers("# Generated by pystator-gen from order.yaml. Do not edit.\n")
    with pytest.raises(OutputError, match="is a generated module; choose another folder"):
        run()


def test_a_check_writes_nothing() -> None:
    write(["is_paid"])
    assert [change.action for change in run(check=True).drift] == [Action.CREATED, Action.CREATED]
    assert not PATH.exists()


def test_a_link_stays_one_and_what_it_leads_to_is_kept_in_step() -> None:
    write(["is_paid"])
    Path("mine.py").write_text("class Guards:\n    x = 1\n")
    PATH.parent.mkdir()
    PATH.symlink_to(Path("mine.py").resolve())
    run()
    assert PATH.is_symlink()
    assert "def is_paid" in Path("mine.py").read_text()


def test_the_mode_of_a_file_stays() -> None:
    write(["is_paid"])
    handlers("class Guards:\n    x = 1\n")
    PATH.chmod(0o640)
    run()
    assert PATH.stat().st_mode & 0o777 == 0o640
