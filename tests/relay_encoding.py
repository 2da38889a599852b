"""What `tests.relay_sessions` writes, as bytes: storage values, events' heads and header digests of a relay chain.

By hand, without anything of the package. The shapes, pallet and variant indices were read once with @polkadot/api from
`paseo.v15.2025-08.scale` and `polkadot.v16.scale`; `tests/e2e/test_relay_sessions.py` has it decode what comes out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from tests.scripted_chain import compact, storage_key

DISPUTE_PERIOD = 6
"""So many sessions before the present one keep their `SessionInfo` (Configuration, dispute_period)."""
INITIALIZATION, INHERENT = b"\x02", b"\x00" + (2).to_bytes(4, "little")
"""Phases: Initialization, ApplyExtrinsic(2)."""
OFFENCE, NEW_SESSION, DISABLED = b"\x08\x00", b"\x09\x00", b"\x09\x02"
"""Offences.Offence, Session.NewSession and Session.ValidatorDisabled: index of the pallet, of the variant."""
PRIMARY, SECONDARY_PLAIN, SECONDARY_VRF = 1, 2, 3
"""Variants of BABE's PreDigest."""


@dataclass(frozen=True)
class Layout:
    """Where runtimes differ. `mode`: StakingAhClient.Mode (0 Passive, 1 Buffered, 2 Active; None: there is none)."""

    severities: bool = False
    """Session.DisabledValidators holds (u32, Perbill), and Session.ValidatorDisabled exists."""
    mode: int | None = None


PASEO_2025 = Layout()
POLKADOT_2026 = Layout(severities=True, mode=2)


@dataclass(frozen=True)
class Session:
    """`validators` is Session.Validators; `active` are positions in it, in the order of `ValidatorIndex`."""

    number: int
    first: int
    validators: tuple[int, ...]
    active: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    """Of each group its members by `ValidatorIndex`."""

    def account(self, index: int) -> int:
        """The validator with this `ValidatorIndex`."""
        return self.validators[self.active[index]]

    def backing(self) -> list[int]:
        """The validators that back candidates, by `ValidatorIndex`."""
        return [self.account(index) for index in range(len(self.active))]

    def account_keys(self) -> list[int]:
        """AccountKeys: the active ones in their order, then the others."""
        idle = sorted(set(range(len(self.validators))) - set(self.active))
        return [self.validators[position] for position in (*self.active, *idle)]

    def group(self, core: int, number: int, rotation: int) -> tuple[int, ...]:
        """The group that backs on this core in block `number`."""
        return self.groups[(core + max(number - self.first - 1, 0) // rotation) % len(self.groups)]


class _Items(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = storage_key(*name.split("."))
        return self[name]


ITEM = _Items()
"""Keys of plain items, and prefixes of ParaSessionInfo's maps, whose hasher is Identity."""
_hash: Callable[[str], bytes] = cache(lambda text: blake2b(text.encode(), digest_size=32).digest())


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


def stash(number: int) -> bytes:
    """The account of a validator, legible in a failed assertion."""
    return (b"val" + number.to_bytes(5, "big")) * 4


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def vector(items: Sequence[bytes]) -> bytes:
    """SCALE's Vec."""
    return compact(len(items)) + b"".join(items)


@cache
def vote(index: int, first: bool) -> bytes:
    """(ValidatorIndex, ValidityAttestation): Implicit (1) of who seconded, Explicit (2) of the others."""
    return u32(index) + (b"\1" if first else b"\2") + _hash(f"vote {index}") * 2


def receipt(core: int, session: int, parent: bytes, number: int) -> bytes:
    """CandidateReceiptV2: descriptor (para, relay parent, version 0, core, session, ...), then the commitments' hash.

    The newer descriptor (polkadot.v16) gives other names to some of the reserved zeros; the bytes are the same.
    """
    head = blake2b(b"%d %d" % (core, number), digest_size=32).digest()
    start = u32(1000 + core) + parent + b"\0" + core.to_bytes(2, "little") + u32(session) + bytes(25)
    return start + _hash("data") + _hash("pov") + _hash("erasure") + bytes(64) + head + _hash("code") + head


def session_info(session: Session, active: bytes, groups: bytes) -> bytes:
    """SessionInfo; its keys are none of the accounts."""
    everyone = session.account_keys()
    para = [_hash(f"para {who}") for who in everyone[: len(session.active)]]
    discovery = [_hash(f"discovery {who}") for who in everyone]
    assignment = [_hash(f"assignment {who}") for who in everyone[: len(session.active)]]
    figures = (len(session.groups), 0, 1, 89, 2, 2)
    head = active + _hash(f"seed {session.number}") + u32(DISPUTE_PERIOD)
    return head + vector(para) + vector(discovery) + vector(assignment) + groups + b"".join(map(u32, figures))


def opening(
    session: Session, before: Session | None, oldest: int, genesis_slot: int, layout: Layout
) -> dict[str, str | None]:
    """What the block that opens a session changes; `oldest` is the chain's first session."""
    groups = vector([vector([u32(index) for index in group]) for group in session.groups])
    active = vector([u32(position) for position in session.active])
    kept, this = max(session.number - DISPUTE_PERIOD, oldest), u32(session.number).hex()
    changes = {
        ITEM["Session.CurrentIndex"]: u32(session.number),
        ITEM["Session.Validators"]: vector([stash(who) for who in session.validators]),
        ITEM["Babe.EpochIndex"]: session.number.to_bytes(8, "little"),
        ITEM["Babe.GenesisSlot"]: genesis_slot.to_bytes(8, "little"),
        ITEM["Babe.EpochStart"]: u32(before.first if before else 0) + u32(session.first),
        ITEM["ParasShared.CurrentSessionIndex"]: u32(session.number),
        ITEM["ParasShared.ActiveValidatorIndices"]: active,
        ITEM["ParaScheduler.ValidatorGroups"]: groups,
        ITEM["ParaScheduler.SessionStartBlock"]: u32(session.first + 1),
        ITEM["ParaSessionInfo.EarliestStoredSession"]: u32(kept),
        ITEM["ParaSessionInfo.Sessions"] + this: session_info(session, active, groups),
        ITEM["ParaSessionInfo.AccountKeys"] + this: vector([stash(who) for who in session.account_keys()]),
    }
    if layout.mode is not None:
        changes[ITEM["StakingAhClient.Mode"]] = bytes([layout.mode])
    pruned = [ITEM[f"ParaSessionInfo.{name}"] + u32(kept - 1).hex() for name in ("Sessions", "AccountKeys") if kept]
    return {key: hexadecimal(value) for key, value in changes.items()} | dict.fromkeys(pruned)


def digest(variant: int, authority: int, slot: int) -> list[str]:
    """PreRuntime of BABE, the root of the MMR as relay chains note it for BEEFY, BABE's seal."""
    vrf = b"" if variant == SECONDARY_PLAIN else _hash("vrf") * 3
    pre = bytes([variant]) + u32(authority) + slot.to_bytes(8, "little") + vrf
    items = ((b"\x06BABE", pre), (b"\x04BEEF", b"\x03" + _hash("mmr")), (b"\x05BABE", _hash("seal") * 2))
    return [hexadecimal(head + compact(len(data)) + data) for head, data in items]
