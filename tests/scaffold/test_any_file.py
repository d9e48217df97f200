"""Whatever a file of handlers looks like, nothing that people wrote changes: with files that nobody thought of."""

from __future__ import annotations

import textwrap

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pystator_gen.pipeline import compile_source
from pystator_gen.scaffold.editing import MARK, keep_in_step
from pystator_gen.scaffold.reading import HandFile, read_handlers
from pystator_gen.source import Source
from scaffold.support import PACKAGE, executed, yaml

STATEMENTS = (
    "def is_paid(self, ctx: 'OrderContext'): return self.small",
    "async def small(self, ctx: 'OrderContext', *, limit: int = 1):\n\n  # c\n    '''\nx\f'''\n    pass # d",
    "@staticmethod\n\n# c\n@(lambda f: f)\ndef notify(ctx: 'OrderContext'):\n# c\n    pass",
    "def old(self, ctx: 'OrderContext'):\n    if ctx:\n        pass\n    else: return 1",
    f"{MARK}\n# c\ndef book(self, ctx: 'OrderContext', /): ...",
    f"{MARK}\ndef older(self, ctx: 'OrderContext', /): ...",
    "def _own(self, ctx): self.attribute = (1,\n2)",
    "book = notify = print",
    "x = '''a\n    def is_paid(self): ...\n'''",
    "pass; y = 1 + \\\n  1",
    "if 1:\n    def small(self): ...\nelse: z = 1",
)
TOP = (
    "import os",
    "from __future__ import annotations",
    "'''Doc.'''",
    "#!x",
    "# coding: utf-8",
    "x = [\n1, 2]",
    "def f(): return 1",
    "if __name__ == '__main__':\n    x = 1",
    "class Base: x = 1",
    "class Actions: pass; y = 2  # c",
)
BLANKS = st.lists(st.sampled_from(["", "", "  ", "\f", "\t", "# c", "    # c", "  # c"]), max_size=3)
FUNCTIONS = st.lists(st.sampled_from(["is_paid", "small(limit=1)", "notify", "book", "int(a=[1])"]), unique=True)


@st.composite
def classes(draw: st.DrawFn) -> str:
    """A class, with whatever indentation."""
    head = draw(st.sampled_from(["Guards", "Actions", "Desk", "Guards(object)", "Actions(Base)", "Desk(Elsewhere)"]))
    lines: list[str] = []
    for statement in draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4)):
        lines.extend([*draw(BLANKS), statement])
    body = textwrap.indent("\n".join(lines), draw(st.sampled_from(["    ", "\t", " "])))
    decorator = draw(st.sampled_from(["", "@(lambda c: c)\n"]))
    return f"{decorator}class {head}:\n{body}"


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file that Python can read."""
    parts: list[str] = []
    for part in draw(st.lists(st.one_of(classes(), classes(), st.sampled_from(TOP)), max_size=5)):
        parts.extend([*draw(BLANKS), part])
    text = "\n".join([*parts, *draw(BLANKS)]).replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))
    content = (draw(st.sampled_from(["", "\ufeff"])) + text).encode()
    try:
        compile(content, "order.py", "exec", dont_inherit=True)
    except SyntaxError:
        assume(False)
    return content


@settings(max_examples=50, deadline=None)
@given(files(), FUNCTIONS, FUNCTIONS)
def test_lines_are_added_and_marks_set_and_nothing_else(content: bytes, guards: list[str], actions: list[str]) -> None:
    units, _ = compile_source(Source("order.yaml", yaml(guards, actions)))
    before = read_handlers("order.py", content)
    assert isinstance(before, HandFile)
    text, problems = keep_in_step(before, units[0].machine, PACKAGE)
    assert _is_within(_without_marks(before.text), text)
    compile(text.encode(), "order.py", "exec", dont_inherit=True)
    after = read_handlers("order.py", text.encode())
    assert isinstance(after, HandFile)
    assert keep_in_step(after, units[0].machine, PACKAGE) == (text, problems) or problems
    if not problems and "Elsewhere" not in text:
        _has_all(text, guards, actions)


def _has_all(text: str, guards: list[str], actions: list[str]) -> None:
    try:
        namespace = executed(text.encode())
    except NameError:  # of what the file itself does: its names are thrown together
        return
    homes = [each for each in namespace.values() if isinstance(each, type)]
    for function in (*guards, *actions):
        assert any(hasattr(home, function.partition("(")[0]) for home in homes)


def _without_marks(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() != MARK)


def _is_within(text: str, longer: str) -> bool:
    """Whether all characters of a text are in the other one, in this order."""
    rest = iter(longer)
    return all(character in rest for character in text)
