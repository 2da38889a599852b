"""System.Events of a small runtime, by metadata of each version."""

import pytest

from paseo_watch.chain.scale.compile import Compiler
from paseo_watch.chain.scale.errors import (
    MetadataError,
    ScaleError,
    TrailingBytesError,
    TruncatedError,
    UnknownVariantError,
)
from paseo_watch.chain.scale.events import Events
from paseo_watch.chain.scale.metadata import read_metadata
from paseo_watch.chain.scale.runtime import FINALIZATION, INITIALIZATION, Event, Runtime
from tests.unit.chain.scale.building import small_runtime, vector

WHO, OTHER = b"\x11" * 32, b"\x22" * 32
NO_TOPICS = b"\0"


def transfer(amount: int) -> bytes:
    return b"\5\2" + WHO + OTHER + amount.to_bytes(16, "little")


def in_extrinsic(index: int) -> bytes:
    return b"\0" + index.to_bytes(4, "little")


BLOCK = vector(
    [
        b"\2" + b"\0\2" + NO_TOPICS,  # System.CodeUpdated
        in_extrinsic(1) + transfer(5) + NO_TOPICS,
        in_extrinsic(70000) + b"\0\0" + WHO + b"\x08hi" + NO_TOPICS,  # System.Remarked
        in_extrinsic(2) + b"\0\3" + b"\4!" + b"\x08" + bytes(64),  # System.Told, with two topics
        b"\1" + b"\5\0" + WHO + (7).to_bytes(16, "little") + NO_TOPICS,  # Balances.Endowed
    ]
)
EVENTS = [
    Event(0, INITIALIZATION, "System", "CodeUpdated", {}),
    Event(1, 1, "Balances", "Transfer", {"from": WHO, "to": OTHER, "amount": 5}),
    Event(2, 70000, "System", "Remarked", {"0": WHO, "1": b"hi"}),
    Event(3, 2, "System", "Told", {"0": b"!"}),
    Event(4, FINALIZATION, "Balances", "Endowed", {"account": WHO, "free": 7}),
]


@pytest.fixture(params=(14, 15, 16))
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime.from_metadata(small_runtime().encode(request.param))


def test_all_events_are_read(runtime: Runtime) -> None:
    assert runtime.decode_events(BLOCK, runtime.watch_all()) == EVENTS


@pytest.mark.parametrize(
    ("watched", "seen"),
    [
        ([], []),
        ([("Balances", "*")], [1, 4]),
        ([("Balances", "Transfer"), ("System", "Told")], [1, 3]),
        ([("Nowhere", "*"), ("Balances", "Nothing")], []),
        ([("System", "*"), ("Balances", "Endowed")], [0, 2, 3, 4]),
    ],
)
def test_only_watched_events_are_read_and_the_others_still_count(
    watched: list[tuple[str, str]], seen: list[int], runtime: Runtime
) -> None:
    assert runtime.decode_events(BLOCK, runtime.watch(watched)) == [EVENTS[i] for i in seen]


def test_no_events_are_no_events(runtime: Runtime) -> None:
    assert runtime.decode_events(b"\0", runtime.watch_all()) == []


@pytest.mark.parametrize("all_watched", [True, False])
def test_a_block_cut_short_or_with_bytes_too_many_is_refused(all_watched: bool, runtime: Runtime) -> None:
    watch = runtime.watch_all() if all_watched else runtime.watch([])
    for cut in range(len(BLOCK)):
        with pytest.raises(TruncatedError):
            runtime.decode_events(BLOCK[:cut], watch)
    with pytest.raises(TrailingBytesError, match="take 262 bytes, there are 263"):
        runtime.decode_events(BLOCK + b"\0", watch)


def test_an_error_names_the_event_and_where_it_starts(runtime: Runtime) -> None:
    block = vector([b"\2\0\2\0", in_extrinsic(0) + b"\0\0" + WHO + b"\xfcshort" + NO_TOPICS])
    with pytest.raises(TruncatedError, match=r"event 1 at byte 5 \(System.Remarked\)"):
        runtime.decode_events(block, runtime.watch_all())


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"\1\7\0\0", "event 0 at byte 1: there is no pallet 7"),
        (b"\1\5\x09\0", r"\(Balances.9\): pallet Balances has no event 9"),
        (b"\3\0\2\0", "phase 3, expected 0, 1 or 2"),
    ],
)
def test_what_the_metadata_does_not_list_is_refused(record: bytes, message: str, runtime: Runtime) -> None:
    for watch in (runtime.watch_all(), runtime.watch([])):
        with pytest.raises(UnknownVariantError, match=message):
            runtime.decode_events(vector([record + bytes(10)]), watch)


def test_more_events_than_the_bytes_can_hold_are_refused_at_once(runtime: Runtime) -> None:
    with pytest.raises(TruncatedError, match="4294967295 events are announced"):
        runtime.decode_events(b"\x03\xff\xff\xff\xff", runtime.watch([]))


def test_empty_bytes_are_refused(runtime: Runtime) -> None:
    with pytest.raises(ScaleError):
        runtime.decode_events(b"", runtime.watch_all())


def test_metadata_whose_events_are_laid_out_otherwise_is_refused() -> None:
    described = small_runtime()
    described.pallets[0].storage = [("Events", 1, [], None, described.ids["u32"], bytes(4))]
    metadata = read_metadata(described.encode(14))
    with pytest.raises(MetadataError, match=r"not a sequence of \{phase, event, topics\}"):
        Events(metadata, Compiler(metadata.types))
