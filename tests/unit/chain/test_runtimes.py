"""Metadata: which version, from where, and what is kept of it."""

import logging
from pathlib import Path

import pytest

from paseo_watch.chain.block import SpecVersion
from paseo_watch.chain.runtimes import KEPT, Executor, Interest, Runtimes, fetch_metadata
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, RateLimited, StateDiscarded
from tests.house import CodedNode, TellingChain
from tests.scripted_chain import compact
from tests.scripted_node import FOREVER, answer, discarded, error, rate_limited
from tests.tiny_runtime import metadata

SPEC = SpecVersion("scripted", 1)


def interest(runtime: Runtime) -> Interest:
    """All events, no keys."""
    return Interest(runtime.watch_all(), ())


def at(chain: TellingChain, number: int = -1) -> bytes:
    """The hash of one block."""
    return bytes.fromhex(chain.best_chain[number].hash[2:])


def asked_for_metadata(node: CodedNode) -> int:
    """How often metadata itself was asked for."""
    versions = node.count("state_call")
    return versions + node.count("state_getMetadata")


def files(folder: Path) -> list[Path]:
    """Everything below a folder."""
    return sorted(folder.rglob("*"))


def prefix(executor: Executor) -> int:
    """A constant by which the tests tell runtimes apart."""
    found: int = executor.runtime.constant("System", "SS58Prefix")
    return found


async def proven(runtimes: Runtimes, connection: Connection, parent: bytes, spec: SpecVersion = SPEC) -> Executor:
    """Loaded, and kept as after a block that it read."""
    executor = await runtimes.load(connection, parent, spec)
    await runtimes.keep(executor)
    return executor


@pytest.mark.parametrize("highest", [15, 16])
async def test_the_highest_version_that_both_know_is_asked_for(
    highest: int, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """A runtime that offers 17 as well is asked for what is known here."""
    chain.swap("0x02", {version: metadata(ss58_prefix=version) for version in range(14, highest + 1)})
    known = (17, *range(14, highest + 1))
    offered = compact(len(known)) + b"".join(version.to_bytes(4, "little") for version in known)
    node.script(answer("0x" + offered.hex(), "state_call"))
    assert await fetch_metadata(connection, at(chain)) == metadata(ss58_prefix=highest)


@pytest.mark.parametrize(
    "fault",
    [
        error(
            4003,
            "Client error: Execution failed: Exported method Metadata_metadata_versions is not found",
            "state_call",
        ),
        error(-32601, "Method not found", "state_call"),
        answer("0x00", "state_call"),
    ],
    ids=["a runtime without it", "a node without state_call", "none offered"],
)
async def test_an_old_runtime_gives_version_14(
    fault: object, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Before 2023 there was nothing else."""
    chain.swap("0x02", {14: metadata(), 15: metadata(7)})
    node.script(fault)  # type: ignore[arg-type]
    assert await fetch_metadata(connection, at(chain)) == metadata()
    assert node.count("state_getMetadata") == 1


@pytest.mark.parametrize(
    ("fault", "expected"), [(rate_limited("state_call"), RateLimited), (discarded("state_call"), StateDiscarded)]
)
async def test_a_node_that_will_not_say_now_is_not_taken_for_an_old_runtime(
    fault: object, expected: type[Exception], node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Else version 14 would be kept for good."""
    node.script(fault)  # type: ignore[arg-type]
    with pytest.raises(expected):
        await fetch_metadata(connection, at(chain))


async def test_a_version_that_is_offered_and_then_not_given_falls_to_the_next(
    node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """`Option::None` instead of metadata."""
    chain.swap("0x02", {14: metadata(), 15: metadata(7)})
    offered = "0x" + (compact(2) + b"\x0e\0\0\0\x0f\0\0\0").hex()
    node.script(answer(offered, "state_call"), answer("0x00", "state_call"))
    assert await fetch_metadata(connection, at(chain)) == metadata()


@pytest.mark.parametrize("text", ["0x", "0xff", "0x08", "0x0801000000", None, 7, "hello"])
async def test_offers_that_make_no_sense_are_a_bad_answer(
    text: object, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Never another exception."""
    node.script(answer(text, "state_call", times=FOREVER))
    with pytest.raises(BadAnswer):
        await fetch_metadata(connection, at(chain))


async def test_metadata_is_asked_for_once_per_code_and_kept_on_disk(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Again in the same run, and in the next one."""
    folder = tmp_path / "cache"
    first = Runtimes(interest, folder)
    loaded = await proven(first, connection, at(chain))
    assert await first.load(connection, at(chain), SPEC) is loaded
    asked = asked_for_metadata(node)
    again = await Runtimes(interest, folder).load(connection, at(chain), SPEC)
    assert asked_for_metadata(node) == asked
    assert prefix(again) == 42
    assert [path.suffix for path in files(folder)] == [".scale"]


async def test_other_code_under_the_same_version_is_another_runtime(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """In memory and on disk."""
    runtimes = Runtimes(interest, tmp_path)
    old = await proven(runtimes, connection, at(chain, -2))
    chain.swap("0x02", {14: metadata(ss58_prefix=7)})
    new = await proven(runtimes, connection, at(chain))
    assert (prefix(old), prefix(new)) == (42, 7)
    assert len(files(tmp_path)) == 2
    assert prefix(await Runtimes(interest, tmp_path).load(connection, at(chain, -2), SPEC)) == 42


async def test_without_a_code_hash_nothing_is_kept(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """Two runtimes of one version could not be told apart."""
    node.script(error(-32601, "Method not found", "state_getStorageHash", times=FOREVER))
    node.script(error(-32601, "Method not found", "state_getStorage", times=FOREVER))
    runtimes = Runtimes(interest, tmp_path)
    old = await proven(runtimes, connection, at(chain))
    chain.swap("0x02", {14: metadata(ss58_prefix=7)})
    new = await proven(runtimes, connection, at(chain))
    assert (prefix(old), prefix(new)) == (42, 7)
    assert (old.code_hash, files(tmp_path)) == (None, [])


@pytest.mark.parametrize("damage", [b"", b"meta", b"meta\x0e\xff\xff", b"\0" * 1000])
async def test_a_damaged_file_is_fetched_again_and_replaced(
    damage: bytes, tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """A crash of the machine may leave one."""
    await proven(Runtimes(interest, tmp_path), connection, at(chain))
    (file,) = files(tmp_path)
    file.write_bytes(damage)
    assert prefix(await proven(Runtimes(interest, tmp_path), connection, at(chain))) == 42
    assert file.read_bytes() == metadata()


async def test_a_folder_that_cannot_be_written_costs_a_warning_and_nothing_else(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk is lived through: metadata can be asked for again."""
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        runtimes = Runtimes(interest, tmp_path / "file" / "cache")
        assert prefix(await proven(runtimes, connection, at(chain))) == 42
    assert "metadata cannot be kept in" in caplog.text


async def test_a_hostile_spec_name_stays_in_the_folder(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """It comes from the chain, and becomes part of a file's name."""
    folder = tmp_path / "cache"
    await proven(Runtimes(interest, folder), connection, at(chain), SpecVersion("../../" + "x" * 500 + "\0", 1))
    assert [path.parent for path in files(tmp_path) if path.is_file()] == [folder]


async def test_metadata_that_cannot_be_read_is_an_error_and_not_kept(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """The next endpoint, or the next try, may give better."""
    runtimes = Runtimes(interest, tmp_path)
    node.script(answer("0x00", "state_call"), answer("0x6d657461ff", "state_getMetadata"))
    with pytest.raises(ScaleError):
        await runtimes.load(connection, at(chain), SPEC)
    assert files(tmp_path) == []
    assert prefix(await runtimes.load(connection, at(chain), SPEC)) == 42


async def test_metadata_that_has_read_no_block_is_not_kept(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """One wrong answer would stand for that code for ever."""
    runtimes = Runtimes(interest, tmp_path)
    node.script(answer("0x" + metadata(ss58_prefix=7).hex(), "state_getMetadata"))
    assert prefix(await runtimes.load(connection, at(chain), SPEC)) == 7
    assert files(tmp_path) == []
    assert prefix(await runtimes.load(connection, at(chain), SPEC)) == 42


async def test_what_read_a_block_takes_the_place_of_what_was_kept_and_did_not(
    tmp_path: Path, node: CodedNode, chain: TellingChain, connection: Connection
) -> None:
    """In memory and on disk; until then the kept one is tried first."""
    runtimes = Runtimes(interest, tmp_path)
    node.script(answer("0x" + metadata(ss58_prefix=7).hex(), "state_getMetadata"))
    wrong = await proven(runtimes, connection, at(chain))
    tried = [executor async for executor in runtimes.candidates(connection, at(chain), SPEC)]
    assert (tried[0] is wrong, [prefix(executor) for executor in tried]) == (True, [7, 42])
    await runtimes.keep(tried[1])
    assert await runtimes.load(connection, at(chain), SPEC) is tried[1]
    assert [file.read_bytes() for file in files(tmp_path)] == [metadata()]


async def test_runtimes_in_memory_are_bounded(node: CodedNode, chain: TellingChain, connection: Connection) -> None:
    """A walk through years of history meets many; the first one is loaded again."""
    runtimes = Runtimes(interest, None)
    first = await proven(runtimes, connection, at(chain))
    for version in range(2, KEPT + 1):
        await proven(runtimes, connection, at(chain), SpecVersion("scripted", version))
    assert await runtimes.load(connection, at(chain), SPEC) is first
    await proven(runtimes, connection, at(chain), SpecVersion("scripted", KEPT + 1))
    assert await runtimes.load(connection, at(chain), SPEC) is not first
