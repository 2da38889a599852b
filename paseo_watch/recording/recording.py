"""The recording format: blocks of one chain in one file, as a node served them.

A file is one xz stream of JSON lines, each with a `kind`:

    about     first: format number, maker, network, chain, genesis, what system_chain and system_properties answered,
              and the header of the block before the first one
    runtime   a runtime: state_getRuntimeVersion's answer, hash of the code (or null), metadata by version
    block     a block: number, hash, header, extrinsics (or null), storage (hex key to hex value or null), runtime

Runtimes are numbered from 0 in the order of their lines; the first one executed the first block. A block names the
runtime that its own state holds, which executes the next block: so a node would answer. Blocks follow one another
without a gap, linked by parent hash, and each header hashes to its block's hash; `read` checks all that.
"""

import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, NoReturn, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.header import Header, read_header
from paseo_watch.errors import InputError
from paseo_watch.recording.lines import LinesError, read_lines

FORMAT = 1
SUFFIX = ".rec.xz"
MAX_BLOCKS = 1_000_000

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 24}]  # two runtimes' metadata fit the window
_ADVICE = "make it again with `paseo-watch record`"

Hex = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-f]{2})*$")]
Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[int, Field(ge=0, lt=1 << 63)]
JsonObject = dict[str, Any]


class RecordingError(InputError):
    """A recording that is none, is damaged, or is of another version; says the file and the line."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class About(_Line):
    """What the recording is of, and what made it."""

    kind: Literal["about"] = "about"
    format: Literal[1] = 1
    made_by: Name
    network: Name
    chain: Name
    genesis: Hash
    system_chain: Name
    properties: JsonObject
    parent: JsonObject


class RecordedRuntime(_Line):
    """One runtime: RuntimeVersion as a node answers it, and its metadata as hex, by version as text."""

    kind: Literal["runtime"] = "runtime"
    version: JsonObject
    code_hash: Hash | None
    metadata: dict[Literal["14", "15", "16"], Hex] = Field(min_length=1)


class RecordedBlock(_Line):
    """One block. `extrinsics` is None where they were not recorded; in `storage`, None is an absent value."""

    kind: Literal["block"] = "block"
    number: Number
    hash: Hash
    header: JsonObject
    extrinsics: list[Hex] | None
    storage: dict[Hex, Hex | None]
    runtime: Number


class Recording(_Line):
    """A whole recording, read and checked."""

    about: About
    runtimes: tuple[RecordedRuntime, ...]
    blocks: tuple[RecordedBlock, ...] = Field(min_length=1)


_LINE: TypeAdapter[About | RecordedRuntime | RecordedBlock] = TypeAdapter(
    Annotated[About | RecordedRuntime | RecordedBlock, Field(discriminator="kind")]
)


class Writer:
    """Writes a recording block by block; the file appears under its name only when all of it is written.

        with Writer(path, about) as writer:
            index = writer.runtime(runtime)
            writer.block(block)

    Raises RecordingError for blocks out of order and OSError where the disk says no.
    """

    def __init__(self, path: Path, about: About) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._file = lzma.open(self._part, "wb", format=lzma.FORMAT_XZ, filters=_FILTERS)  # noqa: SIM115
        self._check = _Sequence(about)
        self._write(about)

    def runtime(self, runtime: RecordedRuntime) -> int:
        """Add a runtime; the index by which blocks name it."""
        self._check.runtime(runtime)
        self._write(runtime)
        return len(self._check.runtimes) - 1

    def block(self, block: RecordedBlock) -> None:
        """Add the next block."""
        try:
            self._check.block(block)
        except ValueError as error:
            raise RecordingError(f"block {block.number} cannot be recorded: {error}") from error
        self._write(block)

    def _write(self, line: _Line) -> None:
        self._file.write(orjson.dumps(line.model_dump()) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None and self._check.blocks:
            os.replace(self._part, self._path)
            return
        self._part.unlink()
        if kind is None:
            raise RecordingError(f"nothing was recorded: {self._path} would hold no block")


def read(path: Path) -> Recording:
    """Read and check a recording. Raises RecordingError: the file, the line, what was expected, what to do."""
    lines = _parsed(path)
    number, about = next(lines, (1, None))
    if not isinstance(about, About):
        _refuse(path, 1, "expected a line of kind about first")
    try:
        check = _Sequence(about)
        for number, line in lines:  # noqa: B007  # the number is told where the line is refused
            check.add(line)
    except ValueError as error:
        _refuse(path, number, str(error), error)
    if not check.blocks:
        _refuse(path, number, "expected at least one line of kind block")
    return Recording.model_construct(about=about, runtimes=tuple(check.runtimes), blocks=tuple(check.blocks))


def _refuse(path: Path, line: int, message: str, cause: Exception | None = None) -> NoReturn:
    raise RecordingError(f"{path}, line {line}: {message}; {_ADVICE}") from cause


def _parsed(path: Path) -> Iterator[tuple[int, About | RecordedRuntime | RecordedBlock]]:
    number = 0
    try:
        for number, text in enumerate(read_lines(path), 1):
            yield number, _LINE.validate_python(orjson.loads(text))
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror or error}") from error
    except LinesError as error:
        _refuse(path, number + 1, str(error), error)
    except orjson.JSONDecodeError as error:
        _refuse(path, number, f"expected a JSON object: {error}", error)
    except ValidationError as error:
        _refuse(path, number, explain(error), error)


def explain(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in one line and without the value."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if found["loc"][1:] == ("format",):
        return f"expected recording format {FORMAT}; another version of paseo-watch made this file"
    where = ".".join(str(part) for part in found["loc"][:4])
    return f"{where or 'the line'}: {found['msg'][:300]}"


class _Sequence:
    """Holds the lines so far and refuses one that does not follow from them, with ValueError."""

    def __init__(self, about: About) -> None:
        self.runtimes: list[RecordedRuntime] = []
        self.blocks: list[RecordedBlock] = []
        self._before = _header(about.parent)

    def add(self, line: About | RecordedRuntime | RecordedBlock) -> None:
        match line:
            case RecordedBlock():
                self.block(line)
            case RecordedRuntime():
                self.runtime(line)
            case About():
                raise ValueError("expected one line of kind about only, the first")

    def runtime(self, runtime: RecordedRuntime) -> None:
        self.runtimes.append(runtime)

    def block(self, block: RecordedBlock) -> None:
        if block.runtime >= len(self.runtimes):
            raise ValueError(f"expected runtime to be one of the {len(self.runtimes)} before this line")
        if len(self.blocks) >= MAX_BLOCKS:
            raise ValueError(f"expected at most {MAX_BLOCKS} blocks")
        header = _header(block.header)
        if header.number != block.number or header.hash.hex() != block.hash[2:]:
            raise ValueError(f"expected the header of block {block.number}, {block.hash}: it hashes to another")
        if header.number != self._before.number + 1 or not self._is_child(header):
            raise ValueError(f"expected a child of block {self._before.number}, 0x{self._before.hash.hex()}")
        self._before = header
        self.blocks.append(block)

    def _is_child(self, header: Header) -> bool:
        # Chopsticks invents the hash of block 0, so that nobody's header hashes to it.
        return self._before.number == 0 or header.parent_hash == self._before.hash


def _header(answer: JsonObject) -> Header:
    try:
        return read_header(answer)
    except ScaleError as error:
        raise ValueError(str(error)) from error
