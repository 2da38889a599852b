"""What is read from the chain's storage beside referenda themselves: counts, the electorate, preimages, tasks."""

from collections.abc import Iterator, Mapping, Sequence

from paseo_watch.chain.keys import plain_key
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.opengov import proposal
from paseo_watch.watchers.opengov.happenings import Happening, enactment_id
from paseo_watch.watchers.opengov.info import read as read_info
from paseo_watch.watchers.opengov.instances import COUNT, INFO, MAX_INDEX, Instance
from paseo_watch.watchers.opengov.row import AFTER_APPROVAL, PREFIX, Row, which
from paseo_watch.watchers.watcher import Json, State

ISSUANCE = ("TotalIssuance", "InactiveIssuance")
LOOKUP = ("Scheduler", "Lookup")
MOST_IDS = 2_000
"""Newest referenda that a finished task is compared with, where none that is remembered fits."""

_NEVER = 3  # worse than every rank of a referendum whose call may yet be dispatched

Which = tuple[str, int]
Storage = Mapping[bytes, bytes | None]


def lookup_key(runtime: Runtime, index: int) -> bytes | None:
    """Where the Scheduler says when it dispatches an approved referendum's call; None where it does not."""
    try:
        return runtime.storage_key(*LOOKUP, enactment_id(index)) if runtime.has_storage(*LOOKUP) else None
    except ScaleError:
        return None


def enacted_at(runtime: Runtime, storage: Storage, index: int) -> int | None:
    """When that is, by the Scheduler's clock, which is that of referenda; None where it is not scheduled."""
    key = lookup_key(runtime, index)
    raw = None if key is None else storage.get(key)
    try:
        value = None if raw is None else runtime.decode_storage(*LOOKUP, raw)
    except ScaleError:
        return None
    match value:
        case (int(when), *_):
            return when
    return None


def counts(runtime: Runtime, live: Mapping[str, Instance], storage: Storage) -> Mapping[str, int]:
    """How many referenda each instance has had; none where that cannot be read."""
    found = {}
    for pallet in live:
        key = runtime.storage_key(pallet, COUNT)
        if key in storage:
            try:
                count = runtime.storage_value(pallet, COUNT, storage[key])
            except ScaleError:
                continue
            if isinstance(count, int) and 0 <= count <= MAX_INDEX:
                found[pallet] = count
    return found


def find(state: State, counts_: Mapping[str, int], id_: bytes) -> Which | None:
    """Whose enactment an id is: of those that are remembered as approved, else of the newest.

    An id does not name the pallet: of two instances it is that whose referendum waits for it, as far as we know.
    """
    index = next((index for index in _indices(state, counts_) if enactment_id(index) == id_), None)
    if index is None:
        return None
    ranked = sorted((_rank(state, pallet, index), pallet) for pallet, count in counts_.items() if index < count)
    return (ranked[0][1], index) if ranked and ranked[0][0] < _NEVER else None


def _rank(state: State, pallet: str, index: int) -> int:
    row = Row.of(state, pallet, index)
    if row is None or row.goes_on:
        return 1
    if row.phase == "approved":
        return 0
    return 2 if row.phase in AFTER_APPROVAL else _NEVER


def _indices(state: State, counts_: Mapping[str, int]) -> Iterator[int]:
    yield from (which(key)[1] for key in state if key.startswith(PREFIX) and state[key]["phase"] == "approved")
    for count in counts_.values():
        yield from range(count - 1, max(count - 1 - MOST_IDS, -1), -1)


def preimage_keys(
    state: State, runtime: Runtime, touched: Sequence[Happening], referenda: Sequence[Which], storage: Storage
) -> set[bytes]:
    """Preimages of proposals whose calls are not known yet: as remembered, as an event has them, as `storage` says."""
    lookups = [proposal.as_json(each.fields.get("proposal")) for each in touched]
    for pallet, index in dict.fromkeys(referenda):
        row = Row.of(state, pallet, index)
        if row is None or row.call is None:
            info = read_info(runtime, pallet, storage.get(runtime.storage_key(pallet, INFO, index)))
            lookups += [row.lookup if row else None, proposal.as_json(info.proposal) if info else None]
    return set(_within_reason(runtime, lookups))


def _within_reason(runtime: Runtime, lookups: Sequence[Json]) -> Iterator[bytes]:
    """The keys of the first preimages that fit together into one answer; a later round comes back to the others."""
    left, seen = proposal.MOST_BYTES, set[bytes]()
    for lookup in lookups:
        key = proposal.preimage_key(runtime, lookup)
        if key is not None and key not in seen and lookup[1] <= left:
            left -= lookup[1]
            seen.add(key)
            yield key


def issuance_keys(runtime: Runtime) -> list[bytes]:
    """What `electorate` reads."""
    return [plain_key("Balances", item) for item in ISSUANCE if runtime.has_storage("Balances", item)]


def electorate(runtime: Runtime, storage: Storage) -> int | None:
    """All active issuance in planck, what a conviction vote's support is measured by; None where it was not read."""
    amounts = []
    for item in ISSUANCE:
        raw = storage.get(plain_key("Balances", item))
        if raw is None or not runtime.has_storage("Balances", item):
            amounts.append(0)
            continue
        try:
            value = runtime.decode_storage("Balances", item, raw)
        except ScaleError:
            return None
        amounts.append(value if isinstance(value, int) else 0)
    total, inactive = amounts
    return total - inactive if total > inactive else None
