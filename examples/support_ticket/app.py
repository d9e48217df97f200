"""A help desk: the whole behaviour of a ticket is in `ticket.yaml`, and no Python stands behind it.

Guards are checks, what happens to the data are effects. So the machine takes no guards and no actions, needs no
binding, and could be changed by somebody who does not program. It shows

* checks with `allOf`, `anyOf`, `not`, and effects (`set`, `increment`, `append`, `clear`, `timestamp`);
* a payload field named like a variable: `assign(assignee=...)` remembers the assignee without an action;
* `validate_context` with an invariant: an urgent ticket must have an assignee, whatever the event;
* an internal transition: `escalate` changes the ticket and leaves its state alone;
* `process`, the pure way: state, trigger and context in, result out, nothing kept.

Run it from the root of the repository: `python -m examples.support_ticket.app`
"""

from __future__ import annotations

from examples.support_ticket.fsm import TicketMachine, TicketResult, TicketSession, TicketState


def show(ticket: TicketSession, result: TicketResult) -> None:
    """Print what an event did to a ticket."""
    if result.success:
        changes = ", ".join(sorted([*result.changes, *(f"no {key}" for key in result.removed)]))
        print(f"  {result.trigger}: {result.target_state}{f' (effects: {changes})' if changes else ''}")
    else:
        print(f"  {result.trigger}: refused\n    {result.error}")


def solved_at_once(machine: TicketMachine) -> None:
    """A ticket as most are."""
    ticket = machine.create("T-1", {"customer": "Ida", "subject": "I can't log in"})
    print(f"{ticket.entity_id}: {ticket.context['subject']}")
    show(ticket, ticket.assign(assignee="Tom"))
    show(ticket, ticket.solve(solution="none yet"))
    show(ticket, ticket.reply())
    show(ticket, ticket.solve(solution="reset the password"))
    show(ticket, ticket.close())
    print(f"  closed: {ticket.context.get('solution')}, after {ticket.context.get('replies')} reply")


def comes_back(machine: TicketMachine) -> None:
    """A ticket that is not over when the team thinks so."""
    ticket = machine.create("T-2", {"customer": "Kim", "subject": "The invoice is wrong"})
    print(f"\n{ticket.entity_id}: {ticket.context['subject']}")
    ticket.assign(assignee="Ada")
    ticket.reply()
    show(ticket, ticket.escalate())
    show(ticket, ticket.escalate())
    show(ticket, ticket.solve(solution="sent a new one"))
    show(ticket, ticket.customer_wrote())
    show(ticket, ticket.solve(solution="sent the right one"))
    context = ticket.context
    print(f"  {context.get('priority')}, reopened: {context.get('reopened')}, tags: {context.get('tags')}")


def must_be_assigned(machine: TicketMachine) -> None:
    """Refused by the invariant: the payload would be fine, the context with it is not."""
    ticket = machine.create("T-3", {"customer": "Max", "subject": "Everything is down", "priority": "urgent"})
    print(f"\n{ticket.entity_id}: {ticket.context['subject']}")
    show(ticket, ticket.close())
    show(ticket, ticket.assign(assignee="Tom"))


def looked_up(machine: TicketMachine) -> None:
    """The same machine for a caller that keeps the data itself: in a database, say."""
    print("\nWithout a session")
    result = machine.process(TicketState.WAITING, "customer_wrote", {"customer": "Ida", "subject": "Hello?"})
    print(f"  {result.trigger}: {result.source_state} -> {result.target_state}")
    offered = ", ".join(machine.get_available_triggers(TicketState.WAITING))
    print(f"  buttons for a waiting ticket: {offered}")


def main() -> None:
    machine = TicketMachine()
    solved_at_once(machine)
    comes_back(machine)
    must_be_assigned(machine)
    looked_up(machine)


if __name__ == "__main__":
    main()
