"""A portfolio that is rebalanced: three levels of states, history, and timers on a clock that is driven by hand.

`rebalancing.yaml` says what may happen; `fsm/` is what pystator-gen made of it; this file is the application. It
shows

* nested states: `halt` is one transition of `rebalancing`, wherever inside a portfolio is, and `fill` one of `working`;
* what is entered and left on the way, as the actions that are planned;
* history: `resume` goes back to the very step, `resume_carefully` to the first step of the phase;
* a delayed transition (`after: 15m`) and timeouts, served by a `ManualScheduler`, so that nobody has to wait;
* a snapshot with history and timers, read by another process, whose timers stay due when they were;
* `process`, the pure way, which takes and tells what compound states remember.

Run it from the root of the repository: `python -m examples.portfolio_rebalancing.app`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import assert_never

from examples.portfolio_rebalancing.fsm import (
    RebalancingContext,
    RebalancingMachine,
    RebalancingResult,
    RebalancingSession,
    RebalancingState,
)
from pystator_runtime.schedulers import ManualScheduler


class Desk:
    """The actions: here they only say what is done."""

    def open_book(self, ctx: RebalancingContext) -> None:
        print(f"    [book]   {ctx['portfolio']} is reserved")

    def close_book(self, ctx: RebalancingContext) -> None:
        print(f"    [book]   {ctx['portfolio']} is free again")

    def measure_drift(self, ctx: RebalancingContext) -> None:
        print("    [risk]   measuring the weights")

    def nothing_to_do(self, ctx: RebalancingContext) -> None:
        print(f"    [risk]   a drift of {ctx.get('drift')} % is fine")

    def send_orders(self, ctx: RebalancingContext) -> None:
        print("    [market] sending orders")

    def cancel_the_rest(self, ctx: RebalancingContext) -> None:
        print(f"    [market] {ctx.get('filled')} of {ctx.get('orders')} orders are filled, the rest is taken back")

    def find_new_limits(self, ctx: RebalancingContext) -> None:
        print("    [market] looking for new limits")

    def report(self, ctx: RebalancingContext) -> None:
        print(f"    [report] done, with new limits {ctx.get('repriced')} times")


def path(session: RebalancingSession) -> str:
    """Where a portfolio is, from the outermost state inward."""
    levels = [
        ("rebalancing", session.is_rebalancing),
        ("analysis", session.is_analysis),
        ("trading", session.is_trading),
        ("working", session.is_working),
    ]
    return " / ".join([*(name for name, active in levels if active), session.current_state])


def advice(session: RebalancingSession) -> str:
    """What to do next. Only states that can be rested in are asked for: the compound ones are no cases."""
    state = session.current_state
    match state:
        case RebalancingState.IDLE | RebalancingState.RETIRED:
            return "nothing"
        case RebalancingState.MEASURING | RebalancingState.SUBMITTING | RebalancingState.REPRICING:
            return "wait for another system"
        case RebalancingState.PROPOSED:
            return "look at the proposal"
        case RebalancingState.RESTING | RebalancingState.HALTED:
            return "wait for the market"
        case _:
            assert_never(state)


def show(session: RebalancingSession, result: RebalancingResult) -> None:
    """Print where an event has led."""
    if result.success:
        print(f"  {result.trigger}: {path(session)}")
    else:
        print(f"  {result.trigger}: refused ({result.metadata['reason']})")


def passed(clock: ManualScheduler, span: str, sessions: Iterable[RebalancingSession]) -> None:
    """Let time pass and print what fired."""
    fired = clock.advance(span)
    print(f"  {span} later, {clock.now:%a %H:%M}: {', '.join(result.trigger for result in fired) or 'nothing happens'}")
    for session in sessions:
        print(f"    {session.entity_id}: {path(session)}; {advice(session)}")


def slow_market(machine: RebalancingMachine, clock: ManualScheduler) -> None:
    """New limits every quarter of an hour, and after an hour the rest is looked at anew."""
    print("A slow market")
    growth = clock.attach(machine.create("growth", {"portfolio": "Growth"}, execute_actions=True))
    show(growth, growth.start())
    show(growth, growth.measured(drift=3.5))
    show(growth, growth.approve(approver="ida"))
    show(growth, growth.submitted(orders=3))
    show(growth, growth.fill())
    passed(clock, "10m", [growth])
    passed(clock, "5m", [growth])
    show(growth, growth.new_limits())
    passed(clock, "45m", [growth])
    show(growth, growth.measured(drift=0.5))


def halted_market(machine: RebalancingMachine, clock: ManualScheduler) -> RebalancingSession:
    """The same event halts a portfolio wherever it is, and each goes back to its own place."""
    print("\nA market that is halted")
    income = clock.attach(machine.create("income", {"portfolio": "Income"}, execute_actions=True))
    income.start()
    income.measured(drift=9)
    income.approve(approver="ida")
    show(income, income.submitted(orders=2))
    show(income, income.fill())
    show(income, income.halt(reason="circuit breaker"))
    passed(clock, "2h", [income])
    show(income, income.fill())
    show(income, income.resume())
    show(income, income.halt(reason="circuit breaker"))
    show(income, income.resume_carefully())
    show(income, income.submitted(orders=1))
    show(income, income.halt(reason="the exchange is closed"))
    return income


def another_process(machine: RebalancingMachine, income: RebalancingSession, clock: ManualScheduler) -> None:
    """The process that halted it is gone. History and due times are in the snapshot."""
    print("\nThe next morning, in another process")
    stored = json.dumps(income.snapshot())
    print(f"  history: {json.loads(stored)['history']}")
    print(f"  timers:  {[(timer['trigger'], timer['due']) for timer in json.loads(stored)['timers']]}")
    morning = ManualScheduler(clock.now)
    again = RebalancingSession.from_snapshot(machine, json.loads(stored), execute_actions=True)
    morning.attach(again)
    passed(morning, "20h", [again])
    show(again, again.resume())
    show(again, again.fill())


def forgotten(machine: RebalancingMachine) -> None:
    """Without a session: the caller keeps state, context and history, and a clock would tell it of timers."""
    print("\nWithout a session")
    context: RebalancingContext = {"portfolio": "Pension"}
    history: dict[str, object] = {}
    halted = machine.process("proposed", "halt", {**context, "reason": "strike"}, history=history)
    history = {**history, **halted.history_updates}
    print(f"  {halted.trigger}: {halted.source_state} -> {halted.target_state}, remembering {history}")
    print(f"  to be called in: {[f'{timer.trigger} in {timer.delay // 3_600_000} h' for timer in halted.armed]}")
    for trigger in ("resume", "resume_carefully"):
        result = machine.process("halted", trigger, context, history=history)
        print(f"  {trigger}: -> {result.target_state}, planned: {', '.join(result.all_actions)}")


def main() -> None:
    machine = RebalancingMachine(actions=Desk())
    clock = ManualScheduler(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    slow_market(machine, clock)
    income = halted_market(machine, clock)
    another_process(machine, income, clock)
    forgotten(machine)


if __name__ == "__main__":
    main()
