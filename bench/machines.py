"""Realistic machine files in any number: some 250 lines, 20 states, 40 transitions each, no two alike.

Every file is valid for PyStator too. The same seed gives the same files.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

STATES = 20
TRANSITIONS = 40


def _words(text: str) -> list[str]:
    return text.split()


_SUBJECTS = _words("order claim shipment invoice ticket loan booking contract refund device campaign visit")
_STAGES = _words(
    "received triaged assigned estimated approved scheduled prepared packed handed_over in_transit "
    "inspected measured corrected escalated on_hold resumed answered billed paid settled archived "
    "reopened verified signed countersigned released recalled repaired replaced audited published "
    "withdrawn"
)
_VERBS = _words(
    "submit assign estimate approve schedule prepare pack hand_over inspect measure correct escalate hold "
    "resume answer bill pay settle archive reopen verify sign release recall repair replace audit publish "
    "withdraw renew"
)
_NUMBERS = _words("amount limit quantity weight score attempts priority_level days_open discount balance")
_TEXTS = ["customer_name", "region", "channel", "currency", "note", "owner", "category"]
_FLAGS = ["is_express", "is_insured", "needs_review", "has_documents"]
_GUARDS = _words("has_budget is_business_day is_authorised within_limits documents_complete no_open_cases")
_ACTIONS = _words("notify_customer notify_owner write_ledger reserve_stock release_stock print_label open_case")
_WHAT_FOR = "what the customer is told", "as agreed with accounting", "see the handbook", "seen once a day at most"


def write(folder: Path, count: int) -> list[Path]:
    """``count`` machine files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"machine_{number:04}.yaml"
        path.write_text(text(number), encoding="utf-8")
        paths.append(path)
    return paths


def text(seed: int, *, states: int = STATES, transitions: int = TRANSITIONS, nested: bool = False) -> str:
    """One machine file; ``nested`` puts its states on three levels, and has the upper two take part as sources."""
    return "\n".join(_Author(seed, states, transitions, nested).lines()) + "\n"


def _parent(index: int) -> int | None:
    """The state around a nested one: of every hundred, the first holds nine others, and these hold ten each."""
    within = index % 100
    if within == 0:
        return None
    above = (within - 1) % 11
    return index - above if above else index - within


class _Author:
    """Writes one file; everything that it makes up comes from its seed."""

    def __init__(self, seed: int, states: int, transitions: int, nested: bool) -> None:
        self.random = random.Random(seed)
        self.subject = self.random.choice(_SUBJECTS)
        self.number = seed
        self.numbers = self.random.sample(_NUMBERS, 5)
        self.texts = self.random.sample(_TEXTS, 3)
        self.flags = self.random.sample(_FLAGS, 2)
        self.states = self._names(_STAGES, states)
        self.triggers = self._names(_VERBS, max(24, transitions // 4))
        self.transitions = transitions
        self.nested = nested

    def _names(self, pool: list[str], count: int) -> list[str]:
        rounds = -(-count // len(pool))
        every = [stem if turn == 0 else f"{stem}_{turn + 1}" for turn in range(rounds) for stem in pool]
        return self.random.sample(every, count) if rounds == 1 else every[:count]

    def lines(self) -> Iterator[str]:
        yield from ("meta:", f"  machine_name: {self.subject}_{self.number:04}")
        yield f'  version: "{self.random.randint(1, 4)}.{self.random.randint(0, 9)}.0"'
        yield f"  description: What happens to {self.subject}s from their receipt to their end"
        yield from self._variables()
        yield from self._events()
        yield from self._states()
        yield from self._transitions()

    # -- declarations ------------------------------------------------------------------------------------------

    def _variables(self) -> Iterator[str]:
        yield from ("", "state_variables:")
        yield f"  - {{key: {self.subject}_id, type: string, required: true}}"
        for number in self.numbers:
            yield f"  - key: {number}"
            yield f"    type: {'integer' if number == 'attempts' else 'number'}"
            yield f"    default: {self.random.randint(0, 100)}"
        for name in self.texts:
            yield f'  - {{key: {name}, type: string, default: "{self.random.choice(_STAGES)}"}}'
        for name in self.flags:
            yield f"  - {{key: {name}, type: boolean, default: {self.random.choice(('true', 'false'))}}}"
        yield "  - {key: changed_at, type: string}"
        yield "  - {key: total, type: number}"

    def _events(self) -> Iterator[str]:
        yield from ("", "events:")
        for trigger in self.triggers[:4]:
            yield f"  - name: {trigger}"
            yield f"    description: {trigger.capitalize()}, {self.random.choice(_WHAT_FOR)}"
            yield "    payload:"
            yield f"      {self.random.choice(self.numbers)}_given: number"
            yield f"      reason: {self.random.choice(('string', 'string?', 'string = none'))}"

    def _states(self) -> Iterator[str]:
        yield from ("", "states:")
        for index, state in enumerate(self.states):
            yield f"  - name: {state}"
            if index == 0:
                yield "    type: initial"
            elif index >= len(self.states) - 2:
                yield "    type: terminal"
            if self.nested:
                yield from self._place(index)
            if self.random.random() < 0.4:
                yield f"    description: {state.replace('_', ' ').capitalize()}, {self.random.choice(_WHAT_FOR)}"
            if self.random.random() < 0.3:
                yield f"    on_enter: [{', '.join(self.random.sample(_ACTIONS, self.random.randint(1, 2)))}]"
            if self.random.random() < 0.15:
                yield f"    on_exit: [{self.random.choice(_ACTIONS)}]"

    def _place(self, index: int) -> Iterator[str]:
        parent = _parent(index)
        if parent is not None:
            yield f"    parent: {self.states[parent]}"
        if index + 1 < len(self.states) and _parent(index + 1) == index:
            yield f"    initial_child: {self.states[index + 1]}"

    # -- transitions -------------------------------------------------------------------------------------------

    def _transitions(self) -> Iterator[str]:
        yield from ("", "transitions:")
        taken: set[tuple[int, str]] = set()
        last = len(self.states) - 2  # where the terminal states begin
        for number in range(self.transitions):
            if number < len(self.states) - 1:  # first a way to every state, then others
                source, target = self.random.randint(0, min(number, last - 1)), number + 1
            else:
                source, target = self.random.randrange(last), self.random.randrange(len(self.states))
            trigger = self.triggers[number % len(self.triggers)]
            while (source, trigger) in taken:
                trigger = self.random.choice(self.triggers)
            taken.add((source, trigger))
            yield from self._transition(trigger, self.states[source], self.states[target])

    def _transition(self, trigger: str, source: str, target: str) -> Iterator[str]:
        if self.random.random() < 0.25:
            yield f"  - {{trigger: {trigger}, source: {source}, dest: {target}}}"
            return
        yield f"  - trigger: {trigger}"
        yield f"    source: {source}"
        yield f"    dest: {target}"
        if self.random.random() < 0.45:
            yield "    guards:"
            yield from (f"      - {guard}" for guard in self._some(self._guards()))
        if self.random.random() < 0.4:
            yield "    actions:"
            yield from (f"      - {action}" for action in self._some(self._actions()))
        if self.random.random() < 0.15:
            yield f"    description: {trigger.replace('_', ' ').capitalize()}, {self.random.choice(_WHAT_FOR)}"

    def _some(self, choices: list[str]) -> list[str]:
        return self.random.sample(choices, self.random.choice((1, 1, 2)))

    def _guards(self) -> list[str]:
        first, second = self.random.sample(self.numbers, 2)
        flag, name = self.random.choice(self.flags), self.random.choice(self.texts)
        bound, op = self.random.randint(1, 900), self.random.choice(("eq", "neq", "gt", "gte", "lt", "lte"))
        check = f"{{check: {{field: {first}, op: {op}, value: {bound}}}}}"
        named = self.random.choice(_GUARDS)
        return [
            named,
            check,
            f"{{anyOf: [{named}, {check}]}}",
            f'{{expr: "{first} > {bound} and {second} <= {first} * 2"}}',
            f'{{expr: "{flag} or {first} + {second} < {bound}"}}',
            f"{{expr: \"{name} in ['north', 'south'] and not {flag}\"}}",
            f'{{expr: "len({name}) > 2 and {first} >= {second}"}}',
            f'{{expr: "({first} - {second}) / 2 < {bound}"}}',
        ]

    def _actions(self) -> list[str]:
        first, second = self.random.sample(self.numbers, 2)
        action, other = self.random.sample(_ACTIONS, 2)
        return [
            action,
            f"{{name: {other}, params: {{channel: mail, retries: {self.random.randint(1, 5)}}}}}",
            f'{{set: {{{self.random.choice(self.texts)}: "{self.random.choice(_STAGES)}"}}}}',
            f"{{increment: {first}}}",
            "{timestamp: changed_at}",
            f'{{compute: {{total: "{first} * {second}"}}}}',
        ]
