"""A day of trading: four regions that are active at once, on a clock that is driven by hand.

`trading_day.yaml` says what may happen; `fsm/` is what pystator-gen made of it; this file is the application. It
shows

* one event that several regions take: the bell, a lost line, the end of trading;
* what is active as a value: a config with a property per region, to `match` on, to write down and to read;
* regions that meet in the context: one order moves two of them, without knowing of either;
* history: in one region (`H(taking)`), and of everything that was active (`H*(trading)`);
* a kill switch at the parallel state's own level, and a timer in one region, that leave all regions;
* a join: the day is settled once every region that can finish has finished.

Run it from the root of the repository: `python -m examples.trading_day.app`
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import assert_never

from examples.trading_day.fsm import (
    TradingDayContext,
    TradingDayMachine,
    TradingDayResult,
    TradingDaySession,
    TradingDayState,
    TradingDayTradingConfig,
)
from pystator_runtime.schedulers import ManualScheduler


class Desk:
    """The actions: here they only say what is done."""

    def open_gateway(self, ctx: TradingDayContext) -> None:
        print(f"    [gateway] open for {ctx['desk']}")

    def close_gateway(self, ctx: TradingDayContext) -> None:
        print("    [gateway] closed")

    def send_order(self, ctx: TradingDayContext) -> None:
        print(f"    [gateway] an order of {ctx.get('amount')}, exposure {ctx.get('exposure')}")

    def cancel_open_orders(self, ctx: TradingDayContext) -> None:
        print("    [gateway] open orders are taken back")

    def warn(self, ctx: TradingDayContext) -> None:
        print(f"    [risk]    {ctx.get('exposure')} is more than {ctx['limit']}")

    def ask_clearing_house(self, ctx: TradingDayContext) -> None:
        print("    [risk]    asking the clearing house")

    def dial(self, ctx: TradingDayContext) -> None:
        print("    [link]    dialling")

    def book_the_day(self, ctx: TradingDayContext) -> None:
        print(f"    [ledger]  {ctx['desk']} holds {ctx.get('exposure')}")


def where(active: TradingDayState | TradingDayTradingConfig) -> str:
    """What is active, in words."""
    if isinstance(active, TradingDayTradingConfig):
        return f"market {active.market}, orders {active.orders}, risk {active.risk}, link {active.link}"
    return active


def advice(day: TradingDaySession) -> str:
    """What to do next: a config is matched by its regions, and nothing that can be rested in is forgotten."""
    active = day.current_state
    match active:
        case TradingDayTradingConfig(link=TradingDayState.DOWN):
            return "get the line back"
        case TradingDayTradingConfig(risk=TradingDayState.BREACHED):
            return "sell"
        case TradingDayTradingConfig():
            return "trade"
        case TradingDayState.LOGGED_OUT | TradingDayState.SETTLED:
            return "go home"
        case TradingDayState.SUSPENDED:
            return "find out what happened"
        case _:
            assert_never(active)


def show(day: TradingDaySession, result: TradingDayResult) -> None:
    """Print where an event has led, and by which transitions if there were several."""
    if not result.success:
        print(f"  {result.trigger}: refused ({result.metadata['reason']})")
        return
    print(f"  {result.trigger}: {where(day.current_state)}")
    for step in result.steps if len(result.steps) > 1 else ():
        print(f"    {step.trigger}: {step.source_state} -> {step.target_state}")


def passed(clock: ManualScheduler, span: str, day: TradingDaySession) -> None:
    """Let time pass and print what fired."""
    fired = clock.advance(span)
    print(f"  {span} later: {', '.join(result.trigger for result in fired) or 'nothing happens'}")
    print(f"    {where(day.current_state)}; {advice(day)}")


def morning(day: TradingDaySession, clock: ManualScheduler) -> None:
    """One event, several regions; and what happens in one region is nothing to the others."""
    print("The morning")
    show(day, day.log_in())
    show(day, day.place(amount=10))
    show(day, day.open_market())
    show(day, day.price_jump())
    show(day, day.place(amount=60))
    passed(clock, "2m", day)


def too_much(day: TradingDaySession, clock: ManualScheduler) -> None:
    """An order changes the exposure. Two regions look at it, in the same round."""
    print("\nToo much")
    show(day, day.place(amount=70))
    print(f"    {advice(day)}")
    show(day, day.place(amount=5))
    show(day, day.disconnect())
    passed(clock, "10s", day)
    show(day, day.reconnect())
    show(day, day.place(amount=-50))


def emergencies(machine: TradingDayMachine, day: TradingDaySession, clock: ManualScheduler) -> TradingDaySession:
    """What leaves a parallel state leaves every region, the last first; another process goes on where all were."""
    print("\nTwo emergencies")
    show(day, day.kill_switch(by="ida"))
    stored = json.dumps(day.snapshot())
    print(f"  remembered: {json.loads(stored)['history']['trading']}")
    again = clock.attach(TradingDaySession.from_snapshot(machine, json.loads(stored), execute_actions=True))
    show(again, again.resume())
    show(again, again.disconnect())
    passed(clock, "30s", again)
    show(again, again.resume())
    show(again, again.reconnect())
    return again


def evening(day: TradingDaySession) -> None:
    """Three regions can finish, and when the last has, the day is over. The line may stay up."""
    print("\nThe evening")
    show(day, day.close_market())
    show(day, day.place(amount=1))
    show(day, day.positions_agree())
    print(f"    {advice(day)}")


def without_a_session(machine: TradingDayMachine) -> None:
    """The same, where what is active is a column of text and the transaction is the caller's."""
    print("\nWithout a session")
    context: TradingDayContext = {"desk": "Bonds", "limit": 100, "exposure": 0}
    config = machine.enter_parallel_state("trading")
    print(f"  entered: {config}, planned: {', '.join(a.name for a in machine.get_parallel_enter_actions('trading'))}")
    for trigger in ("open_market", "disconnect"):
        config, result = machine.process_parallel(config, trigger, context)
        print(f"  {trigger}: {config}, planned: {', '.join(result.all_actions) or 'nothing'}")
    read = TradingDayTradingConfig.parse(str(config))
    print(f"  read again: {read == config}, orders {read.orders}")
    config, result = machine.process_parallel(read, "kill_switch", {**context, "by": "ida"})
    print(f"  {result.trigger}: {result.target_state}, planned: {', '.join(result.all_actions)}")


def main() -> None:
    machine = TradingDayMachine(actions=Desk())
    clock = ManualScheduler(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    day = clock.attach(machine.create("2026-03-02", {"desk": "Bonds", "limit": 100}, execute_actions=True))
    morning(day, clock)
    too_much(day, clock)
    day = emergencies(machine, day, clock)
    evening(day)
    without_a_session(machine)


if __name__ == "__main__":
    main()
