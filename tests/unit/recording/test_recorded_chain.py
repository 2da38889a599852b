"""A recording as a chain: only what is released is known, and only what was recorded is held."""

from pathlib import Path
from typing import Any

import pytest

from paseo_watch.recording.recorded_chain import RecordedChain
from paseo_watch.recording.recording import read
from paseo_watch.recording.source import ChainSource, NotHeld
from tests.unit.recording import reels

LINES = reels.lines(3)
BLOCKS = LINES[2:]
HASHES = [block["hash"] for block in BLOCKS]
PARENT = BLOCKS[0]["header"]["parentHash"]


def chain(tmp_path: Path, lines: list[dict[str, Any]] = LINES, released: int = 1) -> RecordedChain:
    return RecordedChain(read(reels.write(tmp_path / "a.rec.xz", lines)), released)


def test_it_is_a_chain_source(tmp_path: Path) -> None:
    source: ChainSource = chain(tmp_path)
    assert (source.chain(), source.properties()) == ("Paseo", LINES[0]["properties"])


def test_blocks_become_known_one_by_one(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    seen = []
    while True:
        seen.append((reel.finalized(), reel.best(), [reel.block_hash(n) for n in (10, 11, 12, 13)], reel.remaining))
        if not reel.advance():
            break
    assert seen == [
        (10, 10, [HASHES[0], None, None, None], 2),
        (11, 11, [*HASHES[:2], None, None], 1),
        (12, 12, [*HASHES, None], 0),
    ]


def test_a_block_that_is_not_released_is_unknown_by_its_hash(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    assert reel.header(HASHES[1]) is None
    assert reel.block(HASHES[1]) is None
    with pytest.raises(NotHeld):
        reel.storage(HASHES[1], reels.NOW)


def test_advance_stops_at_the_end(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    assert (reel.advance(5), reel.advance(5), reel.finalized()) == (2, 0, 12)


def test_number_0_has_the_recorded_genesis(tmp_path: Path) -> None:
    assert chain(tmp_path).block_hash(0) == reels.GENESIS


def test_the_parent_of_the_first_block_is_known_by_header_and_runtime_only(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    assert reel.block_hash(9) == PARENT
    assert reel.header(PARENT) == LINES[0]["parent"]
    assert reel.runtime_version(PARENT) == LINES[1]["version"]
    assert reel.metadata(PARENT, 14) == b"meta\x0e"
    with pytest.raises(NotHeld):
        reel.storage(PARENT, reels.NOW)
    with pytest.raises(NotHeld):
        reel.block(PARENT)


def test_a_block_is_told_as_chain_getblock_does(tmp_path: Path) -> None:
    wanted = {"block": {"header": BLOCKS[0]["header"], "extrinsics": ["0x0404"]}, "justifications": None}
    assert chain(tmp_path).block(HASHES[0]) == wanted


def test_a_body_that_was_not_recorded_is_not_held(tmp_path: Path) -> None:
    lines = [*LINES[:2], BLOCKS[0] | {"extrinsics": None}]
    with pytest.raises(NotHeld, match="no extrinsics"):
        chain(tmp_path, lines).block(HASHES[0])


def test_an_absent_value_is_not_an_unknown_one(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    assert reel.storage(HASHES[0], "0xaa") is None
    with pytest.raises(NotHeld, match="no value of 0xbb"):
        reel.storage(HASHES[0], "0xbb")


def test_each_block_has_the_runtime_of_its_own_state(tmp_path: Path) -> None:
    """Block 11 carries the new code: its state holds runtime 1, while the state before it held runtime 0."""
    newer = reels.runtime(2_003_002, ["14", "16"])
    lines = [LINES[0], LINES[1], newer, BLOCKS[0], BLOCKS[1] | {"runtime": 1}, BLOCKS[2] | {"runtime": 1}]
    reel = chain(tmp_path, lines, released=3)
    versions = [reel.runtime_version(hash)["specVersion"] for hash in (PARENT, *HASHES)]
    assert versions == [2_003_001, 2_003_001, 2_003_002, 2_003_002]
    assert [reel.metadata(hash, 16) for hash in HASHES] == [None, b"meta\x10", b"meta\x10"]


def test_the_clock_of_the_head_and_of_the_next_block_are_read_from_storage(tmp_path: Path) -> None:
    reel = chain(tmp_path)
    assert (reel.time_ms(), reel.next_time_ms()) == (reels.START_MS + 60_000, reels.START_MS + 66_000)
    reel.advance(2)
    assert (reel.time_ms(), reel.next_time_ms()) == (reels.START_MS + 72_000, None)


def test_a_chain_without_a_clock_has_no_time(tmp_path: Path) -> None:
    lines = [*LINES[:2], BLOCKS[0] | {"storage": {reels.NOW: None}}]
    assert chain(tmp_path, lines).time_ms() is None
