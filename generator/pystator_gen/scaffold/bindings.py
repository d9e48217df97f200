"""Which names a statement of a class or a module binds."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

_Statement = cst.CSTNode


def bound_names(statement: _Statement) -> Iterator[str]:
    """The names that exist once a statement has run: definitions, assignments, imports, in whatever branch."""
    waiting: list[cst.CSTNode] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            yield node.name.value
            continue  # what is bound in it stays in it
        if isinstance(node, (cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)):
            continue
        if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.NamedExpr)):
            yield from _targets(node.target)
        elif isinstance(node, cst.AsName):
            yield from _targets(node.name)
        elif isinstance(node, (cst.Import, cst.ImportFrom)):
            if not isinstance(node.names, cst.ImportStar):
                for alias in node.names:
                    yield alias.evaluated_alias or alias.evaluated_name.partition(".")[0]
            continue
        waiting.extend(node.children)


def set_on_self(statement: _Statement) -> Iterator[str]:
    """The attributes that a method gives its instance."""
    if not isinstance(statement, cst.FunctionDef):
        return
    first = next(iter([*statement.params.posonly_params, *statement.params.params]), None)
    if first is None:
        return
    waiting: list[cst.CSTNode] = [statement.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.AssignTarget, cst.AnnAssign)) and isinstance(node.target, cst.Attribute):
            owner = node.target.value
            if isinstance(owner, cst.Name) and owner.value == first.name.value:
                yield node.target.attr.value
        waiting.extend(node.children)


def _targets(target: cst.CSTNode) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value)
