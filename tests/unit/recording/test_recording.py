"""The file format: what is written is read back, and a file from anywhere ends in a recording or in one clear error."""

import lzma
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.recording.recording import About, RecordedBlock, RecordedRuntime, RecordingError, Writer, read
from tests.unit.recording import reels


def refusal(path: Path) -> str:
    """What `read` says about a file that it refuses."""
    with pytest.raises(RecordingError) as refused:
        read(path)
    return str(refused.value)


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    """The same lines, through the Writer."""
    with Writer(path, About(**lines[0])) as writer:
        for line in lines[1:]:
            if line["kind"] == "runtime":
                writer.runtime(RecordedRuntime(**line))
            else:
                writer.block(RecordedBlock(**line))
    return path


def test_what_the_writer_writes_is_read_back_whole(tmp_path: Path) -> None:
    lines = reels.lines(3)
    recording = read(written(tmp_path / "a.rec.xz", lines))
    assert recording.about.model_dump() == lines[0]
    assert [runtime.model_dump() for runtime in recording.runtimes] == lines[1:2]
    assert [block.model_dump() for block in recording.blocks] == lines[2:]


def test_a_writer_that_fails_leaves_no_file(tmp_path: Path) -> None:
    lines = reels.lines(1)
    with pytest.raises(KeyboardInterrupt), Writer(tmp_path / "a.rec.xz", About(**lines[0])):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_writer_without_blocks_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(RecordingError, match="nothing was recorded"),
        Writer(tmp_path / "a.rec.xz", About(**reels.lines(1)[0])),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_writer_refuses_a_block_that_skips_one(tmp_path: Path) -> None:
    lines = reels.lines(3)
    del lines[3]
    with pytest.raises(RecordingError, match="block 12 cannot be recorded: expected a child of block 10"):
        written(tmp_path / "a.rec.xz", lines)
    assert list(tmp_path.iterdir()) == []


def test_a_chain_whose_genesis_hash_is_invented_can_be_recorded_from_block_1(tmp_path: Path) -> None:
    """Chopsticks says 0x4545…45 for block 0, which no header hashes to."""
    lines = reels.lines(2, first=1)
    lines[2:] = [first := reels.block(1, reels.GENESIS), reels.block(2, first["hash"])]
    assert [block.number for block in read(reels.write(tmp_path / "a.rec.xz", lines)).blocks] == [1, 2]


def changed(index: int, **changes: Any) -> list[Any]:
    """A valid recording with one line changed."""
    lines: list[Any] = reels.lines(3)
    lines[index] = lines[index] | changes
    return lines


VALID = reels.lines(3)
WRONG: dict[str, tuple[list[Any], int, str]] = {
    "another format": (changed(0, format=2), 1, "expected recording format 1; another version of paseo-watch"),
    "no about line": (VALID[1:], 1, "expected a line of kind about first"),
    "two about lines": ([*VALID, VALID[0]], 6, "expected one line of kind about only"),
    "no block": (VALID[:2], 2, "expected at least one line of kind block"),
    "an unknown kind": (changed(2, kind="bloc"), 3, "does not match any of the expected tags"),
    "no kind": ([VALID[0], {}], 2, "Unable to extract tag using discriminator 'kind'"),
    "an unknown key": (changed(2, extra=1), 3, "block.extra: Extra inputs are not permitted"),
    "a missing key": ([*VALID[:2], {"kind": "block"}], 3, "block.number: Field required"),
    "no JSON": ([*VALID[:3], b"{"], 4, "expected a JSON object"),
    "no object": ([*VALID[:3], [1, 2]], 4, "the line: Input should be a valid dictionary"),
    "a hash that is none": (changed(2, hash="0x12"), 3, "block.hash: String should match pattern"),
    "half a byte of hex": (changed(2, extrinsics=["0x123"]), 3, "block.extrinsics.0: String should match"),
    "a number as text": (changed(2, number="10"), 3, "block.number: Input should be a valid integer"),
    "an unknown runtime": (changed(2, runtime=1), 3, "expected runtime to be one of the 1 before this line"),
    "a header of another block": (changed(3, header=VALID[2]["header"]), 4, "it hashes to another"),
    "a header that is none": (changed(2, header={}), 3, "header.parentHash"),
    "a block left out": ([*VALID[:3], VALID[4]], 4, "expected a child of block 10"),
    "a block twice": ([*VALID[:3], VALID[2]], 4, "expected a child of block 10"),
    "a child of another": ([*VALID[:3], reels.block(11, reels.GENESIS)], 4, "expected a child of block 10"),
    "a hash of another block": (changed(2, hash=reels.GENESIS), 3, "it hashes to another"),
    "a first block that skips one": ([*reels.lines(1, first=1)[:2], VALID[2]], 3, "expected a child of block 0"),
    "a runtime without metadata": (changed(1, metadata={}), 2, "runtime.metadata: Dictionary should have at least 1"),
    "metadata 13": (changed(1, metadata={"13": "0x"}), 2, "runtime.metadata.13"),
    "a parent that is no header": (changed(0, parent={"number": "0x9"}), 1, "header.parentHash"),
}


@pytest.mark.parametrize(("lines", "line", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_refused_with_file_line_and_expectation(
    tmp_path: Path, lines: list[Any], line: int, message: str
) -> None:
    path = reels.write(tmp_path / "a.rec.xz", lines)
    said = refusal(path)
    assert said.startswith(f"{path}, line {line}: ")
    assert message in said
    assert said.endswith("make it again with `paseo-watch record`")


def test_a_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == f"{tmp_path}/none cannot be read: No such file or directory"


def test_a_folder_is_said_plainly(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} cannot be read: Is a directory"


@given(st.data())
def test_any_damage_ends_in_a_recording_or_in_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes of the unpacked lines are replaced, cut or repeated at random."""
    text = b"".join(orjson.dumps(line) + b"\n" for line in reels.lines(2))
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(len(text), at + 40)))
    damaged = text[:at] + data.draw(st.binary(max_size=40)) + text[until:]
    path = tmp_path_factory.mktemp("damage") / "a.rec.xz"
    path.write_bytes(lzma.compress(damaged, preset=0))
    try:
        blocks = len(read(path).blocks)
    except RecordingError:
        blocks = 0
    assert blocks in (0, 1, 2)
