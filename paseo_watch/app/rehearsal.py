"""Watchers at work on blocks that nobody is told of: what they ask of each, so that a recording holds it.

A recording that is replayed under the same rules then answers everything: also what a watcher asks only because of what
it saw blocks ago.
"""

from collections.abc import Mapping, Sequence

from paseo_watch.alerts.route import Route
from paseo_watch.app.watchers import interest
from paseo_watch.chain.block import Block
from paseo_watch.chain.runtimes import Interest
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.pipeline.decide import Memory, decide, place, remember, wants
from paseo_watch.watchers.watcher import Answers, Watcher

NOBODY = Route("-")


class Rehearsal:
    """Remembers what the watchers would, from nothing on."""

    def __init__(self, watchers: Sequence[Watcher], network: str) -> None:
        self._watchers = watchers
        self._network = network
        self._memory = Memory({watcher.name: {} for watcher in watchers}, {})

    def interest(self, runtime: Runtime) -> Interest:
        """What they want of every block of a runtime."""
        return interest(runtime, (watcher.needs(runtime) for watcher in self._watchers))

    def wants(self, block: Block, storage: Mapping[bytes, bytes | None]) -> frozenset[bytes]:
        """The keys that they ask for beyond that, in the light of what was read so far."""
        return wants(self._watchers, self._memory, block, Answers(storage)).keys

    def seen(self, block: Block, storage: Mapping[bytes, bytes | None]) -> None:
        """Decide the block as the service would."""
        where = place(self._network, block.chain, block, 0)
        decision = decide(self._watchers, NOBODY, self._memory, block, Answers(storage), where)
        self._memory = remember(self._memory, decision)
