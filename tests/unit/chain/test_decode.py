"""From a raw block to a Block: by which runtime, and what happens when the bytes do not fit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from paseo_watch.chain.block import ChainId
from paseo_watch.chain.decode import Decoder, Trail, Undecodable, keys_after
from paseo_watch.chain.keys import ALWAYS
from paseo_watch.chain.read import RawBlock, parse_header, read_blocks
from paseo_watch.chain.reference import ReferenceDecoderError
from paseo_watch.chain.runtimes import Interest, Runtimes
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import StateDiscarded
from paseo_watch.rpc.pool import Pool
from paseo_watch.telemetry import Metrics
from tests.house import CodedNode, TellingChain
from tests.scripted_chain import TIMESTAMP
from tests.scripted_node import FOREVER, answer, discarded
from tests.tiny_runtime import events, metadata, transfer

CHAIN = ChainId("relay", b"\0" * 32)
KEY = b"\x05" * 32
READ_BY_REFERENCE = [
    Event(0, 0, "System", "CodeUpdated", {}),
    Event(1, 0, "Balances", "Transfer", {"from": b"", "to": b"", "amount": 9}),
]


def reference(metadata: bytes, raw: bytes) -> list[Event]:
    """Reads everything, and always the same."""
    assert metadata.startswith(b"meta\x0e")
    return READ_BY_REFERENCE


def rejecting(metadata: bytes, raw: bytes) -> list[Event]:
    raise ReferenceDecoderError("neither can I")


def make(
    metrics: Metrics,
    keys: tuple[bytes, ...] = (),
    opinion: Callable[[bytes, bytes], list[Event]] = reference,
    folder: Path | None = None,
) -> Decoder:
    """A decoder whose watchers want transfers and these keys."""

    def interest(runtime: Runtime) -> Interest:
        return Interest(runtime.watch([("Balances", "Transfer")]), keys)

    return Decoder(Runtimes(interest, folder), opinion, metrics)


async def raw_block(connection: Connection, chain: TellingChain, number: int, *keys: bytes) -> RawBlock:
    """A block as the node tells it."""
    header = parse_header(chain.best_chain[number].header)
    (raw,) = await read_blocks(connection, number, number, {number: header}, ALWAYS + keys)
    return raw


def metric(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"paseo_watch_{name}", {"chain": "relay", **labels})


async def test_a_block_says_what_it_moved_when_and_under_which_runtime(
    connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """Events decoded, time from the chain's clock, links by hash."""
    raw = await raw_block(connection, chain, 3)
    block, trail = await make(metrics).decode(connection, CHAIN, raw, None)
    assert [event.fields["amount"] for event in block.events] == [3]
    assert (block.number, block.time_ms, block.late) == (3, 1_700_000_018_000, False)
    assert (block.spec.name, block.spec.version) == ("scripted", 1)
    assert "0x" + block.parent_hash.hex() == chain.best_chain[2].hash
    assert trail == Trail(trail.executor, replaced=False)


async def test_after_the_first_block_the_runtime_costs_no_request(
    node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """The trail carries it from block to block."""
    decoder = make(metrics)
    _, trail = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 3), None)
    raw = await raw_block(connection, chain, 4)
    node.calls.clear()
    block, after = await decoder.decode(connection, CHAIN, raw, trail)
    assert (node.calls, after.executor is trail.executor, block.number) == ([], True, 4)


async def test_keys_that_watchers_want_are_read_where_they_were_not_asked_for(
    node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """At the first block of a runtime only; the next request has them."""
    chain.move(storage={"0x" + KEY.hex(): "0x2a"})
    decoder = make(metrics, (KEY,))
    block, trail = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 6), None)
    assert block.storage == {KEY: b"\x2a"}
    assert keys_after(None) == ALWAYS
    assert keys_after(trail) == (*ALWAYS, KEY)
    raw = await raw_block(connection, chain, 5, KEY)
    node.calls.clear()
    block, _ = await decoder.decode(connection, CHAIN, raw, trail)
    assert (block.storage, node.calls) == ({KEY: None}, [])


@pytest.mark.parametrize("how", ["a new version", "the digest"])
async def test_the_runtime_is_looked_at_again_after(
    how: str, node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """The old runtime would read the new events without an error, and take the receiver for the sender."""
    chain.move(logs=["0x08"] if how == "the digest" else [])
    swapped = {14: metadata(fields=("to", "from", "amount"))}
    chain.swap("0x02", swapped, version=2 if how == "a new version" else None)
    chain.move()
    decoder = make(metrics)
    trail, senders = None, []
    for number in (5, 6, 7):
        block, trail = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, number), trail)
        senders.append(block.events[0].fields["from"][0])
    assert senders == [1, 1, 2]
    assert metric(metrics, "decode_errors_total") is None


async def test_after_code_swapped_in_silence_the_trail_names_the_new_code(
    node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """Else every block would be decoded twice."""
    decoder = make(metrics)
    _, old = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 5), None)
    chain.swap("0x02", {14: metadata(7)}, transfer_index=7)
    chain.move()
    block, new = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 6), old)
    assert [event.fields["amount"] for event in block.events] == [6]
    assert new.executor is not old.executor


async def test_wrong_metadata_is_asked_for_again_and_kept_nowhere(
    tmp_path: Path, node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """The same code hash, another layout: the first block fails, the next try goes through, and so does a restart."""
    raw = await raw_block(connection, chain, 3)
    node.script(answer("0x" + metadata(7).hex(), "state_getMetadata"))
    decoder = make(metrics, folder=tmp_path)
    with pytest.raises(Undecodable):
        await decoder.decode(connection, CHAIN, raw, None)
    for again in (decoder, make(metrics, folder=tmp_path)):
        block, _ = await again.decode(connection, CHAIN, raw, None)
        assert [event.fields["amount"] for event in block.events] == [3]
    assert node.count("state_getMetadata") == 2


@pytest.mark.parametrize("where", ["in memory", "on disk"])
async def test_wrong_metadata_that_is_kept_already_gives_way_to_what_reads_the_block(
    where: str, tmp_path: Path, node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """The wrong one read a block by chance. It is asked for anew once, not at every block."""
    node.script(answer("0x" + metadata(7).hex(), "state_getMetadata"))
    decoder = make(metrics, folder=tmp_path)
    chain.move(raw=events(transfer(1, index=7)))
    _, poisoned = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 6), None)
    if where == "on disk":
        decoder, poisoned = make(metrics, folder=tmp_path), None
    chain.moves(1)
    block, trail = await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 7), poisoned)
    assert [event.fields["amount"] for event in block.events] == [7]
    for fresh in (decoder, make(metrics, folder=tmp_path)):
        await fresh.decode(connection, CHAIN, await raw_block(connection, chain, 5), None)
    await decoder.decode(connection, CHAIN, await raw_block(connection, chain, 4), trail)
    assert node.count("state_getMetadata") == 2


async def test_a_block_without_events_proves_no_metadata(
    node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics, tmp_path: Path
) -> None:
    """An empty list is read by any."""
    chain.append()
    for number, asked in ((6, 1), (5, 2), (4, 2)):
        raw = await raw_block(connection, chain, number)
        await make(metrics, folder=tmp_path).decode(connection, CHAIN, raw, None)
        assert node.count("state_getMetadata") == asked


@pytest.mark.parametrize(
    ("raw_events", "storage", "message"),
    [
        (b"\x04\xff", None, "#6 cannot be decoded"),
        (events(transfer(1)) + b"\0", None, "#6 cannot be decoded"),
        (b"", None, "#6 cannot be decoded"),
        (events(), {TIMESTAMP: "0x01"}, "Timestamp.Now has 1 bytes"),
        (events(), {TIMESTAMP: "0x" + "ff" * 8}, "the end of the year 9999"),
    ],
    ids=["events", "bytes left over", "no bytes", "timestamp", "a time that is none"],
)
async def test_bytes_that_do_not_fit_make_the_block_undecodable_and_are_kept(
    raw_events: bytes,
    storage: dict[str, str | None] | None,
    message: str,
    connection: Connection,
    chain: TellingChain,
    metrics: Metrics,
) -> None:
    """The error is one of the endpoint, so that another one is asked."""
    chain.move(raw=raw_events, storage=storage)
    raw = await raw_block(connection, chain, 6)
    with pytest.raises(Undecodable, match=message) as caught:
        await make(metrics).decode(connection, CHAIN, raw, None)
    assert raw_events in caught.value.raw.storage.values()
    assert caught.value.definite
    assert metric(metrics, "decode_errors_total") == 1


async def test_a_chain_without_timestamps_has_no_time(
    connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """Absent is not damaged; and no events are an empty list, told as such."""
    chain.append(storage={TIMESTAMP: None})
    block, _ = await make(metrics).decode(connection, CHAIN, await raw_block(connection, chain, 6), None)
    assert (block.time_ms, list(block.events)) == (None, [])


async def test_what_could_not_be_read_stays_the_error_that_it_was(
    node: CodedNode, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """It is no decode error."""
    node.script(discarded("state_queryStorageAt"))
    raw = await raw_block(connection, chain, 3)
    with pytest.raises(StateDiscarded):
        await make(metrics).decode(connection, CHAIN, raw, None)
    assert metric(metrics, "decode_errors_total") is None


async def undecodable(connection: Connection, chain: TellingChain, **storage: str) -> Undecodable:
    """A block that ours rejects."""
    chain.move(raw=b"\x04\xff", storage=dict(storage))
    return Undecodable(await raw_block(connection, chain, 6), "for a test")


async def test_the_second_opinion_gives_the_watched_events_and_every_key(
    pool: Pool, connection: Connection, chain: TellingChain, metrics: Metrics
) -> None:
    """Even at the first block of a runtime, where no key was asked for yet."""
    failed = await undecodable(connection, chain)
    block = await make(metrics, (KEY,)).second_opinion(pool, CHAIN, failed, late=True)
    assert block is not None
    assert list(block.events) == READ_BY_REFERENCE[1:]
    assert (block.storage, block.late, block.number) == ({KEY: None}, True, 6)
    assert metric(metrics, "second_opinions_total", result="decoded") == 1


@pytest.mark.parametrize("why", ["rejected", "no metadata", "timestamp"])
async def test_without_a_second_opinion_there_is_no_block(
    why: str,
    node: CodedNode,
    other: CodedNode,
    pool: Pool,
    connection: Connection,
    chain: TellingChain,
    metrics: Metrics,
) -> None:
    """The reference decoder rejects it too, or cannot be fed, or the rest of the block is damaged."""
    failed = await undecodable(connection, chain, **({TIMESTAMP: "0x01"} if why == "timestamp" else {}))
    if why == "no metadata":
        for each in (node, other):
            each.script(discarded("state_getMetadata", times=FOREVER))
    decoder = make(metrics, opinion=rejecting if why == "rejected" else reference)
    assert await decoder.second_opinion(pool, CHAIN, failed, late=False) is None
    assert metric(metrics, "second_opinions_total", result="rejected") == 1
