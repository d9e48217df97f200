"""What an expression gives, worked out from the types of its variables, and where these do not fit (``S5.7``).

Nothing is refused that could be right: where a value may be of several shapes, an operator is refused only if it
fits none of them, and a comparison only if it has the same answer for all. An optional variable compared by ``>``
raises where it is null and is right where it is not, so it passes.
"""

from __future__ import annotations

import ast
import enum
import itertools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pystator_gen.expressions import kinds, reading
from pystator_gen.expressions.kinds import UNKNOWN, Possible, Shape, applied, may_equal, of_kinds, shown, union
from pystator_gen.expressions.results import Problem
from pystator_gen.spelling import nearest


class Fault(enum.Enum):
    """What can be wrong with the types of an expression."""

    UNKNOWN_VARIABLE = enum.auto()
    BAD_OPERANDS = enum.auto()
    ONE_ANSWER = enum.auto()


_Operand: TypeAlias = tuple[ast.expr, Possible]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A part of an expression whose types do not fit; ``node`` is that part."""

    fault: Fault
    node: ast.expr
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inferred:
    """What an expression may give, and what is wrong in it, each with its place in the text."""

    possible: Possible
    misfits: tuple[tuple[Misfit, int], ...] = ()


def infer(text: str, variables: Mapping[str, Possible]) -> Inferred:
    """The shape of an expression over these variables. A text that is no expression is of no concern here."""
    tree = reading.parse(text)
    if isinstance(tree, Problem):
        return Inferred(UNKNOWN)
    inference = Inference(variables)
    possible = inference.of(tree)
    places = reading.Places(text)
    return Inferred(possible, tuple((misfit, places.of_node(misfit.node)) for misfit in inference.misfits))


class Inference:
    """Walks one expression; what does not fit gathers in `misfits`, and nothing is known of its value."""

    def __init__(self, variables: Mapping[str, Possible]) -> None:
        self._variables = variables
        self.misfits: list[Misfit] = []

    def of(self, node: ast.expr) -> Possible:
        """What a node may give."""
        match node:
            case ast.Constant(value=value):
                return kinds.of_value(value)
            case ast.Name():
                return self._variable(node)
            case ast.BoolOp(values=values):
                return union([self.of(value) for value in values])
            case ast.UnaryOp(op=ast.Not()):
                self.of(node.operand)
                return _BOOLEAN
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                left, right = self.of(node.left), self.of(node.right)
                symbol, function = _BINARY[type(node.op)]
                return self._applied(node, symbol, function, left, right)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                self.of(node.test)
                return union([self.of(node.body), self.of(node.orelse)])
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.JoinedStr():
                return self._text(node)
            case _:
                return self._display(node)

    # -- leaves and displays ---------------------------------------------------------------------------------------

    def _variable(self, node: ast.Name) -> Possible:
        if node.id not in self._variables:
            hint = nearest(node.id, self._variables) or HOW_TO_DECLARE
            self._misfit(Fault.UNKNOWN_VARIABLE, node, f"there is no variable `{node.id}`", hint)
        return self._variables.get(node.id)

    def _text(self, node: ast.JoinedStr) -> Possible:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self._formatted(part)
        return of_kinds("string")

    def _formatted(self, part: ast.FormattedValue) -> None:
        possible = self.of(part.value)
        spec = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
        written = "".join(str(piece.value) for piece in spec if isinstance(piece, ast.Constant))
        if applied(_Formatted(written), possible) == frozenset():
            message = f"the format `{written}` does not fit {shown(possible)}"
            self._misfit(Fault.BAD_OPERANDS, part.value, message, "leave the format out")

    def _display(self, node: ast.expr) -> Possible:
        match node:
            case ast.List(elts=elements):
                return frozenset({Shape("list", items=union([self.of(element) for element in elements]))})
            case ast.Tuple(elts=elements):
                return frozenset({Shape("tuple", items=union([self.of(element) for element in elements]))})
            case ast.Set(elts=elements):
                return frozenset({Shape("set", items=union([self.of(element) for element in elements]))})
            case ast.Dict(keys=keys, values=values):
                for key in keys:
                    if key is not None:
                        self.of(key)
                return frozenset({Shape("object", items=union([self.of(value) for value in values]))})
            case _:
                return UNKNOWN

    # -- operators ---------------------------------------------------------------------------------------------------

    def _unary(self, node: ast.UnaryOp) -> Possible:
        symbol, function = _UNARY[type(node.op)]
        operand = self.of(node.operand)
        if isinstance(node.operand, ast.Constant) and applied(function, operand):
            return kinds.of_value(function(node.operand.value))
        return self._applied(node, symbol, function, operand)

    def _compare(self, node: ast.Compare) -> Possible:
        operands = [node.left, *node.comparators]
        possibles = [self.of(operand) for operand in operands]
        for position, comparison in enumerate(node.ops):
            left, right = operands[position : position + 2]
            self._compare_two(node, comparison, (left, possibles[position]), (right, possibles[position + 1]))
        return _BOOLEAN

    def _compare_two(
        self,
        node: ast.Compare,
        comparison: ast.cmpop,
        left: tuple[ast.expr, Possible],
        right: tuple[ast.expr, Possible],
    ) -> None:
        where = node if len(node.ops) == 1 else left[0]
        match comparison:
            case ast.Eq() | ast.NotEq():
                self._compare_equal(where, isinstance(comparison, ast.NotEq), left[1], right[1])
            case ast.In() | ast.NotIn():
                self._compare_member(where, comparison, left[1], *right)
            case ast.Is() | ast.IsNot():
                pass
            case _:
                self._applied(where, *_ORDERING[type(comparison)], left[1], right[1])

    def _compare_equal(self, node: ast.expr, negated: bool, left: Possible, right: Possible) -> None:
        if _NULL in (left, right) or may_equal(left, right):
            return
        answer = "always true" if negated else "never true"
        self._one_answer(node, f"this is {answer}", left, right)

    def _compare_member(
        self, node: ast.expr, comparison: ast.cmpop, left: Possible, display: ast.expr, right: Possible
    ) -> None:
        symbol = "in" if isinstance(comparison, ast.In) else "not in"
        if self._applied(node, symbol, _contained, left, right) is UNKNOWN or not right or left == _NULL:
            return
        if isinstance(display, (ast.List, ast.Tuple, ast.Set)):
            for element in display.elts:
                self._compare_element(element, left)
            return
        items = union(shape.items if shape.kind in _SEQUENCES else UNKNOWN for shape in right)
        if items and not may_equal(left, items):
            answer = "never true" if symbol == "in" else "always true"
            self._one_answer(node, f"this is {answer}", left, items)

    def _compare_element(self, element: ast.expr, left: Possible) -> None:
        possible = Inference(self._variables).of(element)  # its own misfits have been told
        if possible != _NULL and not may_equal(left, possible):
            self._one_answer(element, "this never matches", left, possible)

    # -- parts and calls ---------------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Possible:
        value = self.of(node.value)
        if value and not any(_has(shape, node.attr) for shape in value):
            message, hint = f"{shown(value)} has no value `{node.attr}`", remedy(value)
            if any(_is_method(sample, node.attr) for sample in kinds.samples(value)):
                message = f"`{node.attr}` of {shown(value)} is a method and no value"
                hint = f'write `["{node.attr}"]` for a key, `{node.attr}()` for the method'
            self._misfit(Fault.BAD_OPERANDS, node, message, hint)
        return UNKNOWN

    def _subscript(self, node: ast.Subscript) -> Possible:
        value = self.of(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [self.of(bound) for bound in (node.slice.lower, node.slice.upper, node.slice.step) if bound]
            return self._applied(node, "[:]", _sliced, value, *bounds)
        found = self._applied(node, "[]", operator.getitem, value, self.of(node.slice))
        if value is None or found == frozenset():
            return UNKNOWN
        return union(shape.items if shape.kind != "string" else of_kinds("string") for shape in value) or UNKNOWN

    def _call(self, node: ast.Call) -> Possible:
        receiver = self.of(node.func.value) if isinstance(node.func, ast.Attribute) else UNKNOWN
        arguments = [self.of(argument) for argument in node.args]
        names = [str(keyword.arg) for keyword in node.keywords]
        arguments += [self.of(keyword.value) for keyword in node.keywords]
        if isinstance(node.func, ast.Attribute):
            return self._method(node.func, receiver, arguments, names)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return self._function(node, name, arguments, names)

    def _function(self, node: ast.Call, name: str, arguments: list[Possible], names: list[str]) -> Possible:
        if name in ("min", "max", "sum"):
            return self._fold(node, name, arguments, names)
        function = _FUNCTIONS.get(name)
        return self._applied(node, f"{name}()", function, *arguments) if function and arguments else UNKNOWN

    def _fold(self, node: ast.Call, name: str, arguments: list[Possible], names: list[str]) -> Possible:
        """``min`` and ``max`` of several values, which have to compare; else of one that holds some."""
        if len(arguments) == 1 or names or name == "sum":
            self._applied(node, f"{name}()", _iterated, arguments[0])
            return UNKNOWN
        for left, right in itertools.pairwise(arguments):
            if self._applied(node, f"{name}()", operator.lt, left, right) is UNKNOWN:
                return UNKNOWN
        return union(arguments)

    def _method(self, node: ast.Attribute, receiver: Possible, arguments: list[Possible], names: list[str]) -> Possible:
        if receiver is None:
            return UNKNOWN
        owners = frozenset(shape for shape in receiver if _has_method(shape, node.attr))
        if not owners:
            message = f"{shown(receiver)} has no method `{node.attr}`"
            self._misfit(Fault.BAD_OPERANDS, node, message, remedy(receiver))
            return UNKNOWN
        found = self._applied(node, f"{node.attr}()", _Method(node.attr, tuple(names)), owners, *arguments)
        return found if all(shape.kind == "string" for shape in owners) else UNKNOWN

    # -- what does not fit -------------------------------------------------------------------------------------------

    def _applied(self, node: ast.expr, symbol: str, function: Callable[..., object], *operands: Possible) -> Possible:
        """What an operation gives; a misfit where it raises whatever the values are."""
        found = applied(function, *operands)
        if found == frozenset() and frozenset() not in operands:
            told = " and ".join(shown(operand) for operand in operands)
            self._misfit(Fault.BAD_OPERANDS, node, f"`{symbol}` does not fit {told}", remedy(*operands))
        return found or UNKNOWN

    def _one_answer(self, node: ast.expr, answer: str, left: Possible, right: Possible) -> None:
        message = f"{answer}: {different(left, right)}"
        self._misfit(Fault.ONE_ANSWER, node, message, likely(left, right) or remedy(left, right))

    def _misfit(self, fault: Fault, node: ast.expr, message: str, hint: str | None = None) -> None:
        self.misfits.append(Misfit(fault, node, message, hint))


HOW_TO_DECLARE: Final = "declare it in `state_variables`, or in the `payload` of an event"

_BOOLEAN: Final = of_kinds("boolean")
_NULL: Final = kinds.of_value(None)
_WORDS: Final[dict[object, str]] = {None: "null", True: "true", False: "false"}
_SEQUENCES: Final = ("list", "tuple", "set")
_RECEIVERS: Final = ("string", "object", "list", "tuple")
_ENUMERATION_MEMBER: Final = ("name", "value")
_OPEN: Final = ("datetime", "date", "duration")  # libraries derive classes from these, with attributes of their own


def different(left: Possible, right: Possible) -> str:
    """Why two values are never equal."""
    listed, other = (right, left) if _listed(left, 1) and not _listed(right, 1) else (left, right)
    if _listed(listed) and _listed(other, 1) and not _is_kind_apart(left, right):
        (text,) = _texts(other)
        return f"`{text}` is none of {', '.join(f'`{text}`' for text in _texts(listed))}"
    return f"{shown(left)} never equals {shown(right)}"


def _is_kind_apart(left: Possible, right: Possible) -> bool:
    return not may_equal(of_kinds(*kinds.kinds_of(left)), of_kinds(*kinds.kinds_of(right)))


def _listed(possible: Possible, most: int | None = None) -> bool:
    """Whether every value is known; if ``most`` is given, so many at most."""
    if not possible or not all(shape.exactly for shape in possible):
        return False
    return most is None or len(possible) <= most


def _texts(possible: Possible) -> list[str]:
    return sorted(in_words(shape.exactly.value) for shape in possible or () if shape.exactly)


def in_words(value: object) -> str:
    """A scalar as the YAML writes it."""
    return _WORDS.get(value, "") if value is None or isinstance(value, bool) else str(value)


def remedy(*operands: Possible) -> str:
    """What to do about operands that do not fit: convert what can be converted in an expression."""
    found = {shape.kind for operand in operands for shape in operand or ()}
    if {"decimal", "float"} <= found:
        return "a decimal reckons with decimals and whole numbers only; declare the other one as `decimal`"
    if "null" in found:
        return "ask `is not None` first, where it may be null"
    if "string" in found and found <= {"string", "integer", "float"}:
        return "correct the type in `state_variables` or `events`, or convert by `int(...)`, `float(...)` or `str(...)`"
    return "correct the expression, or the type in `state_variables` or `events`"


def likely(left: Possible, right: Possible) -> str | None:
    """A hint at the value that was probably meant, where one side lists its values and the other is one."""
    for listed, other in ((left, right), (right, left)):
        if _listed(listed) and _listed(other, 1):
            (text,) = _texts(other)
            return nearest(text, _texts(listed))
    return None


def _contained(item: Any, container: Any) -> bool:
    return item in container


def _iterated(values: Any) -> object:
    return iter(values)


def _sliced(value: Any, *bounds: Any) -> object:
    if isinstance(value, dict):
        raise TypeError("a mapping can't be sliced")  # which later Pythons tell as a missing key
    return value[slice(*bounds)]


def _modulo(left: Any, right: Any) -> object:
    if isinstance(left, str):
        raise TypeError("% on text is refused")  # as the runtime does
    return left % right


@dataclass(frozen=True, slots=True)
class _Formatted:
    """The format of an f-string, as a function of its value."""

    spec: str

    def __call__(self, value: object) -> str:
        return format(value, self.spec)


@dataclass(frozen=True, slots=True)
class _Method:
    """A method as a function of its receiver and arguments; the last of these are given by ``names``."""

    name: str
    names: tuple[str, ...]

    def __call__(self, receiver: object, *arguments: object) -> object:
        by_position = len(arguments) - len(self.names)
        keywords = dict(zip(self.names, arguments[by_position:], strict=True))
        return getattr(receiver, self.name)(*arguments[:by_position], **keywords)


def _has_method(shape: Shape, name: str) -> bool:
    return shape.kind in _RECEIVERS and hasattr(kinds.samples(frozenset({shape}))[0], name)


def _is_method(sample: object, name: str) -> bool:
    return callable(getattr(sample, name, None))


def _has(shape: Shape, name: str) -> bool:
    """Whether a value may have such an attribute, or such a key (``S5.7``)."""
    (sample,) = kinds.samples(frozenset({shape}))
    if hasattr(sample, name):
        return not _is_method(sample, name)
    return shape.kind in ("object", *_OPEN) or (shape.kind == "string" and name in _ENUMERATION_MEMBER)


_BINARY: Final[dict[type[ast.operator], tuple[str, Callable[..., object]]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", _modulo),
    ast.Pow: ("**", operator.pow),
    ast.LShift: ("<<", operator.lshift),
    ast.RShift: (">>", operator.rshift),
    ast.BitOr: ("|", operator.or_),
    ast.BitXor: ("^", operator.xor),
    ast.BitAnd: ("&", operator.and_),
}
_UNARY: Final[dict[type[ast.unaryop], tuple[str, Callable[..., object]]]] = {
    ast.USub: ("-", operator.neg),
    ast.UAdd: ("+", operator.pos),
    ast.Invert: ("~", operator.invert),
}
_ORDERING: Final[dict[type[ast.cmpop], tuple[str, Callable[..., object]]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_FUNCTIONS: Final[dict[str, Callable[..., object]]] = {
    "len": len,
    "abs": abs,
    "round": round,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "any": any,
    "all": all,
}
