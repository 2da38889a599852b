"""What of validators can be seen on a runtime: found out from its metadata.

A relay chain makes its blocks by BABE and keeps its validators in the pallet Session. On a parachain the same pallet
Session is about collators; there only staking itself is of interest, where the chain has it.

Sources: pallet-session `lib.rs`; pallet-babe `lib.rs` (EpochStart: "the block numbers when the last and current epoch
have started"); polkadot runtime parachains `paras_inherent` (OnChainVotes) and `session_info` (Sessions, AccountKeys);
pallet-staking, pallet-staking-async and its `ah-client` (Mode: Passive, Buffered, Active) and `rc-client`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime

CURRENT = ("Session", "CurrentIndex")
VALIDATORS = ("Session", "Validators")
DISABLED = ("Session", "DisabledValidators")
EPOCH_START = ("Babe", "EpochStart")
VOTES = ("ParaInherent", "OnChainVotes")
SESSIONS = ("ParaSessionInfo", "Sessions")
ACCOUNT_KEYS = ("ParaSessionInfo", "AccountKeys")
MODE = ("StakingAhClient", "Mode")

READ: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("Offences", "Offence"): ("kind",),
        ("Staking", "SlashReported"): ("validator",),
        ("Staking", "OffenceReported"): ("validator",),
        ("Staking", "SlashCancelled"): ("validator",),
        ("Staking", "Slashed"): ("staker", "amount"),
        ("Staking", "Chilled"): ("stash",),
        ("Staking", "EraPaid"): ("era_index",),
    }
)
"""Events and what an alert about them cannot do without: an event that lacks it is not watched."""
ALWAYS = (("Staking", "Slashed"), ("Staking", "Chilled"), ("Staking", "EraPaid"))
"""Events that staking of every kind has."""

MOST_SESSION = 2**32 - 1
"""A session's index is a u32 (sp-staking `lib.rs`, SessionIndex)."""

Storage = Mapping[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Sight:
    """`authors`: validators make the blocks. `votes`: they back parachains, and the chain keeps who did.

    `staking` is "legacy" (pallet-staking), "async" (on an Asset Hub), or None. `handed_over` says that the relay chain
    may leave elections to its Asset Hub. `lacking` are events, as `Pallet.Event`, that cannot be watched as they are.
    """

    authors: bool
    votes: bool
    disabled: bool
    starts: bool
    staking: Literal["legacy", "async"] | None
    handed_over: bool
    collators: bool
    events: frozenset[tuple[str, str]]
    lacking: tuple[str, ...] = ()

    def keys(self, runtime: Runtime) -> frozenset[bytes]:
        """What is read at every block, a few bytes each but for the votes."""
        wanted = {CURRENT: self.authors, DISABLED: self.disabled, VOTES: self.votes, MODE: self.handed_over}
        return frozenset(runtime.storage_key(*item) for item, is_there in wanted.items() if is_there)


def sight(runtime: Runtime) -> Sight:
    """What can be seen."""
    authors = "Babe" in runtime.pallets() and _has(runtime, CURRENT, VALIDATORS)
    staking, fields = _staking(runtime), {pair: _fields(runtime, pair) for pair in READ}
    events = frozenset(pair for pair, found in fields.items() if found is not None and found.issuperset(READ[pair]))
    due = {pair for pair in READ if fields[pair] is not None or (staking and pair in ALWAYS)}
    return Sight(
        authors=authors,
        votes=authors and _has(runtime, VOTES) and _is_map(runtime, SESSIONS) and _is_map(runtime, ACCOUNT_KEYS),
        disabled=authors and _has(runtime, DISABLED),
        starts=authors and _has(runtime, EPOCH_START),
        staking=staking,
        handed_over=authors and _has(runtime, MODE),
        collators="CollatorSelection" in runtime.pallets(),
        events=events,
        # Elsewhere a pallet may be called Staking and be about something else.
        lacking=tuple(sorted(".".join(pair) for pair in due - events)) if authors or staking else (),
    )


def stored(runtime: Runtime, storage: Storage, item: tuple[str, str]) -> Any:
    """What a value holds, its default where it is absent; None where it was not read or does not fit."""
    try:
        key = runtime.storage_key(*item)
        return runtime.storage_value(*item, storage[key]) if key in storage else None
    except ScaleError:
        return None


def _staking(runtime: Runtime) -> Literal["legacy", "async"] | None:
    if _fields(runtime, ("Staking", "SessionRotated")) is not None and "StakingRcClient" in runtime.pallets():
        return "async"
    return "legacy" if _fields(runtime, ("Staking", "SlashReported")) is not None else None


def _fields(runtime: Runtime, event: tuple[str, str]) -> frozenset[str] | None:
    """What an event has; None where the event is not there, or the metadata's events are no enum."""
    try:
        return frozenset(runtime.event_fields(*event)) if runtime.has_event(*event) else None
    except ScaleError:
        return None


def _has(runtime: Runtime, *items: tuple[str, str]) -> bool:
    """Whether these are there and have keys."""
    try:
        return all(runtime.has_storage(*item) and bool(runtime.storage_key(*item)) for item in items)
    except ScaleError:
        return False


def _is_map(runtime: Runtime, item: tuple[str, str]) -> bool:
    """By session, that is by a u32."""
    try:
        return runtime.has_storage(*item) and bool(runtime.storage_key(*item, MOST_SESSION))
    except ScaleError:
        return False
