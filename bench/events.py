"""What is measured inside this process: events, the creation of sessions, and the memory that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.contenders import Contender, Scenario
from bench.measure import Budget, Statement, bytes_each, fastest
from bench.report import Group, Row, Target

OURS = "pystator-gen"

Failed = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A scenario with its title and what is promised against whom."""

    name: str
    scenario: Scenario
    title: str
    targets: dict[str, float]


NESTED_TARGETS: dict[str, float] = {"pystator": 45, "python-statemachine": 60}
COMPARISONS = (
    Comparison("flat", Scenario.PROCESS, "flat event, stateless", {"pystator": 50}),
    Comparison("flat", Scenario.TRIGGER, "flat event, session", {"pystator": 45, "transitions": 30}),
    Comparison("payload", Scenario.PAYLOAD_PROCESS, "event with declared payload, stateless", {}),
    Comparison("payload", Scenario.PAYLOAD, "event with declared payload, session", {}),
    Comparison("expression", Scenario.EXPRESSION_PROCESS, "expression guard, stateless", {"pystator": 60}),
    Comparison("expression", Scenario.EXPRESSION, "expression guard, session", {"pystator": 60}),
    Comparison("guard", Scenario.GUARD_PROCESS, "named guard, stateless", {}),
    Comparison("guard", Scenario.GUARD, "named guard, session", {}),
    Comparison("effect", Scenario.EFFECT, "effects (set, compute), session", {}),
    Comparison("asend", Scenario.ASEND, "flat event, async", {}),
    Comparison("nested", Scenario.NESTED, "three levels, event of the leaf, session", NESTED_TARGETS),
    Comparison("nested", Scenario.INHERITED, "three levels, event of the outermost state, session", NESTED_TARGETS),
    Comparison("parallel", Scenario.PARALLEL, "two regions, one event", {"pystator": 6, "python-statemachine": 20}),
    Comparison("create", Scenario.CREATE, "creating a session", {"pystator": 25}),
)

MEMORY_LIMIT = Target(700, at_least=False, absolute=True, unit=" B")


def compare(comparison: Comparison, contenders: Sequence[Contender], budget: Budget, failed: Failed) -> Iterator[Group]:
    """Time a scenario with every contender that knows it."""
    taking_part: list[tuple[Contender, Statement, bool]] = []
    for contender in contenders:
        for index, case in enumerate(contender.cases(comparison.scenario)):
            try:
                taking_part.append((contender, Statement(case), index == 0))
            except Exception as failure:
                failed(f"{comparison.title}: {contender.name}, {case.what}: {failure!r}")
    if not taking_part:
        return
    targets = comparison.targets if taking_part[0][0].name.startswith(OURS) else {}
    seconds = fastest([statement for _, statement, _ in taking_part], budget)
    rows = []
    for (contender, statement, is_main), value in zip(taking_part, seconds, strict=True):
        promised = targets.get(contender.name.split()[0]) if is_main else None
        target = None if promised is None else Target(promised, at_least=True)
        rows.append(Row(contender.name, statement.case.what, value, target=target))
    yield Group(comparison.name, comparison.title, rows)


def memory(contenders: Sequence[Contender], budget: Budget, failed: Failed) -> Iterator[Group]:
    """What a session with a context of two keys occupies."""
    rows: list[Row] = []
    for contender in contenders:
        for case in contender.cases(Scenario.MEMORY):
            try:
                value = bytes_each(case, budget.sessions)
            except Exception as failure:
                failed(f"memory: {contender.name}: {failure!r}")
            else:
                target = MEMORY_LIMIT if contender.name.startswith(OURS) else None
                rows.append(Row(contender.name, case.what, value, "B", target))
    if rows:
        yield Group("memory", "memory of a session with a context of two keys", rows)
