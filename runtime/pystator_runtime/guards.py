"""Guards (`S5`): what a transition asks before it is taken.

A guard is a small immutable tree. Trees without named guards are pure functions of the context and are fused
into one test (:func:`fused`), which is all the fast path ever calls. Whenever that test raises, or a function
of the application has to be asked, the tree is evaluated in three values: ``True`` holds, ``False`` does not,
``None`` is unknown because it raised (`S5.3`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from pystator_runtime.callables import FunctionRegistry
from pystator_runtime.copying import fresh
from pystator_runtime.errors import GuardError
from pystator_runtime.events import Event
from pystator_runtime.logs import warn
from pystator_runtime.results import NOTHING
from pystator_runtime.waiting import Pending, Procedure, is_awaitable

if TYPE_CHECKING:
    # Checkers have this module built in, whether or not it is installed: `typing` has no defaults before Python 3.13.
    from typing_extensions import TypeVar

    VerdictT_co = TypeVar(
        "VerdictT_co", bound="bool | Awaitable[bool]", covariant=True, default="bool | Awaitable[bool]"
    )
    GuardAnswerT_co = TypeVar("GuardAnswerT_co", bound="bool | Awaitable[bool]", covariant=True, default=Any)
else:
    from typing import TypeVar

    VerdictT_co = TypeVar("VerdictT_co", covariant=True)
    """What the guards of an object answer: ``bool``, or something to be awaited."""
    GuardAnswerT_co = TypeVar("GuardAnswerT_co", covariant=True)
    """What the guards of a machine answer: sync doors are for those that answer ``bool`` (`S5.5`)."""

Test: TypeAlias = Callable[[Mapping[str, Any]], object]
Verdict: TypeAlias = bool | None
ContextT = TypeVar("ContextT")
GuardFunction: TypeAlias = Callable[[ContextT], VerdictT_co]
"""What the application provides for a guard."""


class Condition:
    """A guard compiled from an expression or a check: ``text`` as the YAML has it, ``test`` its function."""

    __slots__ = ("test", "text")

    def __init__(self, text: str, test: Test) -> None:
        self.text = text
        self.test = test

    def ask(self, evaluation: GuardEvaluation) -> Procedure[Verdict]:
        """The verdict on the evaluation's context."""
        try:
            return bool(self.test(evaluation.context))
        except Exception as error:
            evaluation.unknown(self.text, error)
            return None
        yield  # a procedure that never waits


def condition(text: str) -> Callable[[Test], Condition]:
    """Make a :class:`Condition` of the decorated function, which was compiled from ``text``."""
    return lambda test: Condition(text, test)


class Named:
    """A guard of the application, known by name, with its ``params`` if it has any (`S5.6`)."""

    __slots__ = ("name", "params", "text")

    def __init__(self, name: str, params: Mapping[str, Any] = NOTHING) -> None:
        self.name = name
        self.params = params
        self.text = name

    def ask(self, evaluation: GuardEvaluation) -> Procedure[Verdict]:
        """The verdict of the bound function; within one evaluation each guard is asked once."""
        if self in evaluation.answers:
            return evaluation.answers[self]
        function = evaluation.guards.find(self.name)
        if function is None:  # bindings were checked: only a machine without strictness gets here (`S5.4`)
            warn(f"guard {self.name!r} is not bound; it is taken to hold")
            return True
        params = {key: fresh(value) for key, value in self.params.items()}
        refusal: GuardError | None = None
        verdict: Verdict
        try:
            answer = function(evaluation.context_with(params), params)
            if is_awaitable(answer):
                refusal = _refusal(self.name)
                answer = yield Pending(answer, refusal)
            verdict = _verdict(answer)
        except Exception as error:
            if error is refusal:
                raise
            evaluation.unknown(self.text, error)
            verdict = None
        evaluation.answers[self] = verdict
        return verdict


class AllOf:
    """Holds if every child holds; stops at the first that does not."""

    __slots__ = ("guards", "text")

    def __init__(self, *guards: Guard) -> None:
        self.guards = guards
        self.text: str = f"all of ({', '.join(guard.text for guard in guards)})"

    def ask(self, evaluation: GuardEvaluation) -> Procedure[Verdict]:
        """``False`` or unknown as soon as a child is."""
        for guard in self.guards:
            verdict = yield from guard.ask(evaluation)
            if not verdict:
                return verdict
        return True


class AnyOf:
    """Holds if a child holds, whatever the others do."""

    __slots__ = ("guards", "text")

    def __init__(self, *guards: Guard) -> None:
        self.guards = guards
        self.text: str = f"any of ({', '.join(guard.text for guard in guards)})"

    def ask(self, evaluation: GuardEvaluation) -> Procedure[Verdict]:
        """``True`` as soon as a child holds; unknown if none does and one raised."""
        outcome: Verdict = False
        for guard in self.guards:
            verdict = yield from guard.ask(evaluation)
            if verdict:
                return True
            if verdict is None:
                outcome = None
        return outcome


class Not:
    """Holds if its child does not; unknown if the child is."""

    __slots__ = ("guard", "text")

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.text: str = f"not {guard.text}"

    def ask(self, evaluation: GuardEvaluation) -> Procedure[Verdict]:
        """The opposite of the child's verdict, if it has one."""
        verdict = yield from self.guard.ask(evaluation)
        return None if verdict is None else not verdict


Guard: TypeAlias = Condition | Named | AllOf | AnyOf | Not


class GuardEvaluation:
    """What the guards of one step are asked about, and what they answered."""

    __slots__ = ("_asked", "answers", "context", "entity_id", "errors", "event", "guards")

    def __init__(
        self,
        guards: FunctionRegistry,
        context: Mapping[str, Any],
        event: Event,
        entity_id: str | None,
    ) -> None:
        self.guards = guards
        self.context = context
        self.event = event
        self.entity_id = entity_id
        self.answers: dict[Named, Verdict] = {}
        self._asked: list[tuple[Guard, Verdict, str]] = []
        self.errors: list[dict[str, Any]] = []

    def context_with(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of the context with the engine's keys added, for a function of the application (`S5.1`, `S8.4`)."""
        engine: dict[str, Any] = {"_event": self.event, "_guard_params": params}
        if self.entity_id is not None:
            engine["_entity_id"] = self.entity_id
        return {**{key: fresh(value) for key, value in self.context.items()}, **engine}

    def about(self, context: Mapping[str, Any]) -> None:
        """Ask from now on about ``context``: earlier answers don't count for it."""
        self.context = context
        self.answers.clear()

    def unknown(self, text: str, error: Exception) -> None:
        """Note that a guard raised: logged, and named in the result (`S5.3`)."""
        entry = {"guard": text, "error": f"{type(error).__name__}: {error}"}
        if entry not in self.errors:
            self.errors.append(entry)
            warn(f"guard {text!r} raised {type(error).__name__}: {error}", error)

    def holds(self, guards: tuple[Guard, ...], target: str) -> Procedure[bool]:
        """Whether all ``guards`` of a transition to ``target`` hold; the verdicts are kept for the result."""
        for guard in guards:
            verdict = yield from guard.ask(self)
            self._asked.append((guard, verdict, target))
            if not verdict:
                return False
        return True

    @property
    def verdicts(self) -> tuple[dict[str, Any], ...]:
        """Each guard that was asked, with its verdict and the target of its transition, once."""
        found: list[dict[str, Any]] = []
        for guard, verdict, target in self._asked:
            entry = {"guard": guard.text, "verdict": verdict, "target": str(target)}
            if entry not in found:
                found.append(entry)
        return tuple(found)


def fused(guards: tuple[Guard, ...]) -> Test | None:
    """One test for guards of which none is a function of the application; ``None`` if there are no guards.

    The test may raise; what that means is then up to the evaluation in three values.
    """
    tests = [_test(guard) for guard in guards]
    return every(tests) if tests else None


def _test(guard: Guard) -> Test:
    match guard:
        case Condition():
            return guard.test
        case AllOf():
            return every([_test(child) for child in guard.guards])
        case AnyOf():
            return _some([_test(child) for child in guard.guards])
        case Not():
            test = _test(guard.guard)
            return lambda ctx: not test(ctx)
        case Named():
            raise TypeError(f"guard {guard.name!r} is no function of the context alone")


def every(tests: list[Test]) -> Test:
    """A test that holds if all of these do."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda ctx: first(ctx) and second(ctx)
    return lambda ctx: all(test(ctx) for test in tests)


def _some(tests: list[Test]) -> Test:
    return lambda ctx: any(test(ctx) for test in tests)


def _verdict(answer: object) -> bool:
    """What a guard's answer comes down to.

    Objects that do not say what their truth is are all true: a generator, a future of another thread, a function that
    somebody forgot to call. None of them is an answer, and so none lets anything through (`S5.3`).

    Raises:
        TypeError: It is such an object.
    """
    if answer is True or answer is False:
        return answer is True
    kind = type(answer)
    if not hasattr(kind, "__bool__") and not hasattr(kind, "__len__"):
        raise TypeError(f"a guard has to answer True or False, not {answer!r}, which would be true whatever it says")
    return bool(answer)


def _refusal(name: str) -> GuardError:
    return GuardError(
        f"guard {name!r} is async and was met on a sync path: "
        "use asend(), ahandle(), aprocess(), acreate() or async_process_event(), or bind a sync guard"
    )
