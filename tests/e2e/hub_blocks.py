"""Asset Hub's blocks, encoded by @polkadot/api against the chain's own metadata, for `tests.e2e.hub_referenda`.

Something that happens appends a block, unless inside `together`. What the scheduler does stands in the block's hook,
what somebody does in a signed extrinsic. Asset Hub counts relay blocks, and a hook knows only the relay block that the
block before named: cumulus removes the validation data in ParachainSystem's own hook.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tests.chopsticks import PAS
from tests.polkadot_api import Driver, plain
from tests.scripted_chain import ScriptedChain, Written, compact

SPEC = ("asset-hub-paseo", 2_000_005)
TIMESTAMP_SET = "0x280403000bd0c04b528101"
"""The bare inherent that stands first in every block: pallet 3, call 0, a compact moment."""
SUBMITTER, VOTER = b"\x51" * 32, b"\x52" * 32
SUBMISSION_DEPOSIT = 10 * PAS
TRACKS = (1, 2, *range(10, 16), 20, 21, *range(30, 35))
NAMES = """WhitelistedCaller WishForChange StakingAdmin Treasurer LeaseAdmin FellowshipAdmin GeneralAdmin AuctionAdmin
    ReferendumCanceller ReferendumKiller SmallTipper BigTipper SmallSpender MediumSpender BigSpender"""
ORIGINS = dict(zip(TRACKS, NAMES.split(), strict=True))
"""Of each track but root's (0)."""
DISPATCH_INFO = {"weight": {"refTime": 1000, "proofSize": 10}, "class": "Normal", "paysFee": "Yes"}

Event = tuple[str, str, Sequence[Any]]
"""Pallet, name, and the fields in order."""


@dataclass
class Referendum:
    """One referendum as the chain stores it. `ended`: the variant of ReferendumInfo and what it holds."""

    index: int
    track: int
    call: bytes
    proposal: Any
    submitted: int
    enactment: Any = field(default_factory=lambda: {"After": 100})
    submission_deposit: Any = field(default_factory=lambda: deposit(SUBMISSION_DEPOSIT))
    decision_deposit: Any = None
    deciding: dict[str, Any] | None = None
    tally: dict[str, int] = field(default_factory=lambda: {"ayes": 0, "nays": 0, "support": 0})
    in_queue: bool = False
    alarm: Any = None
    ended: tuple[str, Any] | None = None
    task: tuple[int, int] | None = None
    """Where its enactment stands in the scheduler's agenda."""

    @property
    def origin(self) -> Any:
        """The origin of the track."""
        return {"Origins": ORIGINS[self.track]} if self.track else {"system": {"Root": None}}

    @property
    def hash(self) -> bytes:
        """The preimage's hash."""
        return preimage_hash(self.call)

    @property
    def task_name(self) -> bytes:
        """The scheduler's id of the enactment: BLAKE2b-256 of (b"assembly", "enactment", index)."""
        text = b"assembly" + compact(9) + b"enactment" + self.index.to_bytes(4, "little")
        return blake2b(text, digest_size=32).digest()

    def info(self) -> Any:
        """The value of ReferendumInfoFor."""
        if self.ended:
            return {self.ended[0]: self.ended[1]}
        names = ("track", "origin", "proposal", "enactment", "submitted", "submission_deposit", "decision_deposit")
        ongoing = {name: getattr(self, name) for name in (*names, "deciding", "tally", "in_queue", "alarm")}
        return {"Ongoing": {_camel(name): value for name, value in ongoing.items()}}


class HubBlocks:
    """`velocity` blocks share one relay block. `total_issuance` and `inactive_issuance` hold from the next block on.

    `said`: (block, referendum, state). `unreadable`: the blocks in which something happened silently; the test hides
    them, for example with `node.script(discarded("state_queryStorageAt", height=number, times=FOREVER))`.
    """

    def __init__(
        self,
        hands: Driver,
        metadata: Path,
        *,
        clock: int = 1_000,
        velocity: int = 1,
        total_issuance: int = 100_000_000 * PAS,
        inactive_issuance: int = 20_000_000 * PAS,
    ) -> None:
        self.clock = clock
        """The relay block of the next block."""
        self.hook_clock = clock - 1
        """What a hook of the next block takes for the relay block."""
        self.velocity = velocity
        self.total_issuance, self.inactive_issuance = total_issuance, inactive_issuance
        self.said: list[tuple[int, int, str]] = []
        self.unreadable: list[int] = []
        self.chain = ScriptedChain(spec=SPEC, metadata={16: metadata.read_bytes()}, block_ms=6000 // velocity)
        self._hands, self._metadata = hands, str(metadata)
        self._keys: dict[str, str] = {}
        self._together = False
        self._hook: list[Event] = []
        self._extrinsic: list[Event] = []
        self._changes: dict[str, str | None] = {}
        self._states: list[tuple[int, str]] = []
        remark = {"pallet": "System", "name": "remark", "fields": ["0x00"]}
        self._signed = str(self.ask("encode_signed", signer=SUBMITTER, **remark))

    def call(self, pallet: str, name: str, *fields: Any) -> bytes:
        """A call of this runtime, encoded."""
        return bytes.fromhex(self.ask("encode_call", pallet=pallet, name=name, fields=fields)[2:])

    def key(self, pallet: str, item: str, *args: Any) -> str:
        """The key of a storage item."""
        asked = json.dumps([pallet, item, plain(args)])
        if asked not in self._keys:
            self._keys[asked] = self.ask("storage_key", pallet=pallet, item=item, args=args)
        return self._keys[asked]

    def set(self, pallet: str, item: str, *args: Any, value: Any) -> None:
        """The next block changes this storage item; None removes it."""
        encoded = None if value is None else self.ask("encode_storage", pallet=pallet, item=item, value=value)
        self._changes[self.key(pallet, item, *args)] = encoded

    def idle(self, blocks: int = 1) -> None:
        """Append blocks in which nothing happens, or only what `set` has prepared."""
        for _ in range(blocks):
            self._write()

    def advance(self, relay_blocks: int) -> None:
        """The next block sees a relay chain that is so much further."""
        self.clock += relay_blocks
        self.hook_clock += relay_blocks

    def relaunch(self, clock: int = 10) -> None:
        """The relay chain starts again: the clock falls, and what is stored by it stays."""
        self.clock, self.hook_clock = clock, clock - 1

    @contextmanager
    def together(self, *, silently: bool = False) -> Iterator[None]:
        """Everything inside happens in one block."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
        self._write(silently)

    def happens(self, hook: Sequence[Event] = (), extrinsic: Sequence[Event] = (), *, silently: bool = False) -> None:
        """Events of the next block, which is appended now unless inside `together`."""
        self._hook += hook
        self._extrinsic += extrinsic
        if not self._together:
            self._write(silently)

    def says(self, referendum: int, state: str) -> None:
        """The next block brings a referendum into this state."""
        self._states.append((referendum, state))

    def _write(self, silently: bool = False) -> Written:
        self.set("ParachainSystem", "LastRelayChainBlockNumber", value=self.clock)
        self.set("Balances", "TotalIssuance", value=self.total_issuance)
        self.set("Balances", "InactiveIssuance", value=self.inactive_issuance)
        signed = [*self._extrinsic, ("System", "ExtrinsicSuccess", [DISPATCH_INFO])] if self._extrinsic else []
        phased = [("Initialization", event) for event in self._hook]
        phased += [({"ApplyExtrinsic": 1}, event) for event in signed]  # type: ignore[misc]
        records = [
            {"phase": phase, "pallet": pallet, "name": name, "fields": fields}
            for phase, (pallet, name, fields) in phased
        ]
        events = bytes.fromhex(self.ask("encode_events", events=records)[2:])
        extrinsics = [TIMESTAMP_SET, self._signed] if signed else [TIMESTAMP_SET]
        block = self.chain.append(events, storage=self._changes, extrinsics=extrinsics)
        self.said += [(block.number, referendum, state) for referendum, state in self._states]
        self.unreadable += [block.number] if silently else []
        self._hook, self._extrinsic, self._changes, self._states = [], [], {}, []
        self.hook_clock = self.clock
        self.clock += block.number % self.velocity == 0
        return block

    def ask(self, method: str, **params: Any) -> Any:
        """A question to `drive.mjs` about this metadata."""
        return self._hands.ask(method, metadata=self._metadata, **params)


def preimage_hash(call: bytes) -> bytes:
    """BLAKE2b-256."""
    return blake2b(call, digest_size=32).digest()


def deposit(amount: int) -> Any:
    """A deposit of the submitter."""
    return {"who": SUBMITTER, "amount": amount}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
