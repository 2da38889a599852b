"""Scheduler tasks brought forward: what waits for days runs in the next block instead."""

from typing import Any

from tests.chopsticks import Chopsticks

Address = tuple[int, int]
"""A task's block, and its place among that block's tasks."""


def bring_forward(chain: Chopsticks, task: Address, block: int) -> Address:
    """Move one task to an earlier block, and return its new address."""
    when, place = task
    if when <= block:
        return task
    there: list[Any] = chain.query("Scheduler", "Agenda", when)
    here: list[Any] = chain.query("Scheduler", "Agenda", block)
    moved, there[place] = there[place], None
    left = there if any(there) else None
    chain.set_storage({"Scheduler": {"Agenda": [[[when], left], [[block], [*here, moved]]]}})
    return block, len(here)


def bring_named_forward(chain: Chopsticks, name: bytes, block: int) -> None:
    """Move the task of this name to an earlier block."""
    key = "0x" + name.hex()
    when, place = chain.query("Scheduler", "Lookup", key)
    address = bring_forward(chain, (when, place), block)
    chain.set_storage({"Scheduler": {"Lookup": [[[key], list(address)]]}})
