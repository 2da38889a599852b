"""The named steps at which a crash matters, told to whoever listens.

Nothing listens in service. The crash harness (tests/e2e) hands in a listener that kills the process at a seeded step,
so that what is proved is this code and not a copy of it with holes drilled in.
"""

from collections.abc import Callable

STEPS = ("commit.before", "commit.after", "send.before", "send.after", "mark.before", "mark.after")
"""Around the transaction that carries a block, around the send of a delivery, around marking it done."""

Listener = Callable[[str], None]


def nobody(step: str) -> None:
    """The listener of a service in production: nobody."""
