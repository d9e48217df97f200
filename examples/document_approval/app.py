"""Approval of documents: who has to read one is a choice, and what follows an approval happens by itself.

The application is async, and so are its guards: they ask a directory service. It shows

* a `choice`: `submit` leads to legal review, to peer review, or (a memo) straight to the readers;
* automatic steps: the last approval needed publishes the document within the same event, and the result tells
  the single steps apart;
* async guards and actions: `asend` awaits them; the sync methods would refuse, saying which method to use;
* `strict_mode: false`: a click on a link in an old mail is ignored instead of being an error;
* a guard that raises never lets anything through.

Run it from the root of the repository: `python -m examples.document_approval.app`
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from examples.document_approval.fsm import DocumentContext, DocumentMachine, DocumentSession
from pystator_runtime import GuardError, TransitionHook, TransitionResult


class Directory:
    """The directory service of the company, somewhere on the network."""

    def __init__(self) -> None:
        self.employees = {"ann", "bob", "cleo"}
        self.lawyers = {"cleo", "dave"}
        self.is_down = False

    async def has(self, person: str) -> bool:
        await asyncio.sleep(0)  # the way to the network
        if self.is_down:
            raise ConnectionError("the directory does not answer")
        return person in self.employees or person in self.lawyers

    async def is_lawyer(self, person: str) -> bool:
        return await self.has(person) and person in self.lawyers


class Checks:
    """The guards of the machine."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    async def author_is_employed(self, ctx: DocumentContext) -> bool:
        return await self.directory.has(ctx["author"])

    async def may_approve(self, ctx: DocumentContext) -> bool:
        reviewer = ctx.get("reviewer", "")
        if ctx["kind"] == "contract":
            return await self.directory.is_lawyer(reviewer)
        return await self.directory.has(reviewer)


class Office:
    """The actions of the machine: sync and async ones side by side."""

    async def render_pdf(self, ctx: DocumentContext) -> None:
        await asyncio.sleep(0)
        print(f"    [pdf]      {ctx['title']}, revision {ctx.get('revision')}")

    def announce(self, ctx: DocumentContext) -> None:
        print(f"    [announce] {ctx['title']} by {ctx['author']}")

    def send_comment(self, ctx: DocumentContext) -> None:
        print(f"    [mail]     to {ctx['author']}: {ctx.get('comment')}")


class Log(TransitionHook):
    """Prints what each event does, its automatic steps included."""

    def before(self, entity_id: str, state: str, trigger: str, context: Mapping[str, Any]) -> None:
        print(f"  {trigger}")

    def after(self, entity_id: str, result: TransitionResult[Any], context: Mapping[str, Any]) -> None:
        if result.error is not None:
            print(f"    refused: {result.error}")
        elif result.metadata.get("no_op"):
            print(f"    ignored: it means nothing in {result.source_state}")
        else:
            steps = [f"{step.source_state} -> {step.target_state}" for step in result.steps]
            print(f"    {', then '.join(steps)}")


def create(machine: DocumentMachine, context: DocumentContext) -> DocumentSession:
    return machine.create(context["title"], context, execute_actions=True, hooks=[Log()])


async def memo(machine: DocumentMachine) -> None:
    print("A memo needs nobody's approval")
    document = create(machine, {"title": "Lunch", "author": "ann", "kind": "memo"})
    await document.asend("submit")


async def policy(machine: DocumentMachine) -> None:
    print("\nA policy is read by a colleague")
    document = create(machine, {"title": "Remote work", "author": "ann", "kind": "policy"})
    await document.asend("submit")
    await document.asend("approve", reviewer="ann")
    await document.asend("request_changes", reviewer="bob", comment="what about Fridays?")
    await document.asend("approve", reviewer="bob")
    await document.asend("submit")
    await document.asend("approve", reviewer="bob")


async def contract(machine: DocumentMachine, directory: Directory) -> None:
    print("\nA contract is read by two lawyers")
    document = create(machine, {"title": "Lease", "author": "bob", "kind": "contract"})
    await document.asend("submit")
    await document.asend("approve", reviewer="ann")
    await document.asend("approve", reviewer="cleo")
    directory.is_down = True
    await document.asend("approve", reviewer="dave")
    directory.is_down = False
    await document.asend("approve", reviewer="dave")
    print(f"  approved by {' and '.join(document.context.get('approved_by', []))}")


def sync(machine: DocumentMachine) -> None:
    print("\nA sync call where a guard is async")
    document = create(machine, {"title": "Parking", "author": "bob", "kind": "policy"})
    try:
        document.submit()
    except GuardError as error:
        print(f"    {type(error).__name__}: {error}")


async def main() -> None:
    logging.getLogger("pystator_runtime").setLevel(logging.ERROR)  # a guard that raises is logged
    directory = Directory()
    machine = DocumentMachine(guards=Checks(directory), actions=Office())
    await memo(machine)
    await policy(machine)
    await contract(machine, directory)
    sync(machine)


if __name__ == "__main__":
    asyncio.run(main())
