"""Records finalized blocks of a node: what a follower asks about a block, and what watchers ask about it.

Of each block: header, extrinsics, events, the values that are always read, `System.Account` of each account that its
events of Balances, System and TransactionPayment name, and whatever a companion asks for. Of each runtime: the
highest version of its metadata and version 14 (which the reference decoder reads), without documentation.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from paseo_watch import __version__
from paseo_watch.chain.block import Block, ChainId
from paseo_watch.chain.keys import (
    ALWAYS,
    EVENTS,
    LAST_RUNTIME_UPGRADE,
    NOW,
    decode_last_runtime_upgrade,
    decode_now,
)
from paseo_watch.chain.patience import NotThere
from paseo_watch.chain.read import block_hash, parse_header, read_blocks, read_extrinsics, read_storage
from paseo_watch.chain.runtimes import Interest, fetch_metadata, fetch_metadata_v14
from paseo_watch.chain.scale.header import Header
from paseo_watch.chain.scale.metadata import strip_documentation
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.recording.recording import About, RecordedBlock, RecordedRuntime, Writer, explain
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, MethodMissing

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

NAMING_ACCOUNTS = (("Balances", "*"), ("System", "*"), ("TransactionPayment", "*"))
CODE = "0x3a636f6465"
ACCOUNT_BYTES = 32


class Ask(Protocol):
    """Runs work on one connection or another, until it succeeds: `functools.partial(patient_rounds, pool, clock)`."""

    async def __call__(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The result of the work; Exhausted where no endpoint gave it."""
        ...


class Companion(Protocol):
    """Sees each block before it is recorded and says what else of it is needed: `app.rehearsal.Rehearsal`."""

    def interest(self, runtime: Runtime) -> Interest:
        """Events to decode and keys to read of every block of a runtime."""
        ...

    def wants(self, block: Block, storage: Mapping[bytes, bytes | None]) -> frozenset[bytes]:
        """More keys, in the light of what was read so far."""
        ...

    def seen(self, block: Block, storage: Mapping[bytes, bytes | None]) -> None:
        """The block is recorded."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What to record: blocks first..last (first at least 1) of a chain, with these keys of each block, and with what
    the companion asks for."""

    network: str
    chain: str
    first: int
    last: int
    keys: tuple[bytes, ...] = ()
    companion: Companion | None = None


@dataclass(frozen=True, slots=True)
class _Executor:
    """A runtime that was recorded, under its index, its decoder, and what the companion wants of its blocks."""

    index: int
    version: Mapping[str, Any]
    runtime: Runtime
    interest: Interest | None


async def record(ask: Ask, wish: Wish, path: Path, progress: Callable[[int], None] = lambda number: None) -> None:
    """Write the wished blocks to `path`, waiting for those that are not finalized yet.

    `progress` is told each number. Raises what `ask` raises, and ScaleError for events that fit no metadata.
    """
    before, about = await ask(lambda connection: _about(connection, wish))
    with Writer(path, about) as writer:
        executor = await _runtime(ask, writer, before, wish)
        for number in range(wish.first, wish.last + 1):
            executor = await _block(ask, writer, wish, number, executor)
            progress(number)


async def _about(connection: Connection, wish: Wish) -> tuple[bytes, About]:
    """What the recording is of, and the hash of the block before it (Chopsticks invents that of block 0)."""
    before = await block_hash(connection, wish.first - 1)
    parent = parse_header(await connection.request("chain_getHeader", [_hex(before)]))
    about = {
        "made_by": f"paseo-watch {__version__}",
        "network": wish.network,
        "chain": wish.chain,
        "genesis": _hex(await block_hash(connection, 0)),
        "system_chain": await connection.request("system_chain"),
        "properties": await connection.request("system_properties"),
        "parent": header_json(parent),
    }
    return before, _checked(About, about)


async def _block(ask: Ask, writer: Writer, wish: Wish, number: int, executor: _Executor) -> _Executor:
    """Write one block, executed by `executor`; who executes the next one."""
    keys = wish.keys + (executor.interest.keys if executor.interest else ())
    header, storage = await ask(lambda connection: _read(connection, number, tuple(dict.fromkeys(keys))))
    if wish.companion and executor.interest:
        storage |= await _accompanied(ask, wish.companion, wish.chain, header, storage, executor, executor.interest)
    touched = account_keys(executor.runtime, storage.get(EVENTS)) - storage.keys()
    if touched:
        storage |= await ask(lambda connection: read_storage(connection, header.hash, sorted(touched)))
    extrinsics = await ask(lambda connection: read_extrinsics(connection, header.hash))
    following = await _following(ask, writer, header, executor, wish)
    block = RecordedBlock(
        number=number,
        hash=_hex(header.hash),
        header=header_json(header),
        extrinsics=[_hex(extrinsic) for extrinsic in extrinsics],
        storage={_hex(key): None if value is None else _hex(value) for key, value in storage.items()},
        runtime=following.index,
    )
    writer.block(block)
    return following


async def _accompanied(
    ask: Ask,
    companion: Companion,
    chain: str,
    header: Header,
    storage: Mapping[bytes, bytes | None],
    executor: _Executor,
    interest: Interest,
) -> dict[bytes, bytes | None]:
    """What the companion asks for of one block."""
    block = _seen(chain, header, storage, executor.runtime, interest)
    answers: dict[bytes, bytes | None] = {}
    while lacking := companion.wants(block, answers) - answers.keys():
        answers |= await ask(partial(read_storage, at=header.hash, keys=sorted(lacking)))
    companion.seen(block, answers)
    return answers


def _seen(
    chain: str, header: Header, storage: Mapping[bytes, bytes | None], runtime: Runtime, interest: Interest
) -> Block:
    events, now = storage[EVENTS], storage[NOW]
    return Block(
        chain=ChainId(chain, b""),
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        time_ms=None if now is None else decode_now(now),
        spec=decode_last_runtime_upgrade(storage[LAST_RUNTIME_UPGRADE] or b""),
        runtime=runtime,
        events=[] if events is None else runtime.decode_events(events, interest.watch),
        storage={key: storage[key] for key in interest.keys},
        digest=header.digest,
    )


async def _read(connection: Connection, number: int, keys: Iterable[bytes]) -> tuple[Header, dict[bytes, bytes | None]]:
    finalized = parse_header(
        await connection.request("chain_getHeader", [await connection.request("chain_getFinalizedHead")])
    )
    if number > finalized.number:
        raise NotThere(f"#{number} is not finalized at this endpoint")
    (raw,) = await read_blocks(connection, number, number, {}, [*ALWAYS, *keys])
    if raw.failure:
        raise raw.failure
    return raw.header, dict(raw.storage)


def account_keys(runtime: Runtime, events: bytes | None) -> set[bytes]:
    """Keys of `System.Account` for all that events of NAMING_ACCOUNTS name. Raises ScaleError."""
    if events is None:
        return set()
    decoded = runtime.decode_events(events, runtime.watch(NAMING_ACCOUNTS))
    values = (value for event in decoded for value in event.fields.values())
    accounts = {value for value in values if isinstance(value, bytes) and len(value) == ACCOUNT_BYTES}
    return {runtime.storage_key("System", "Account", account) for account in accounts}


async def _following(ask: Ask, writer: Writer, header: Header, executor: _Executor, wish: Wish) -> _Executor:
    """The runtime in the state of this block: the same, unless the version or the digest says otherwise."""
    version = await ask(lambda connection: _version(connection, header.hash))
    if version == executor.version and not header.code_changed():
        return executor
    return await _runtime(ask, writer, header.hash, wish)


async def _runtime(ask: Ask, writer: Writer, at: bytes, wish: Wish) -> _Executor:
    """Record the runtime in the state of a block."""
    highest = await ask(lambda connection: fetch_metadata(connection, at))
    oldest = await ask(lambda connection: fetch_metadata_v14(connection, at))
    version = await ask(lambda connection: _version(connection, at))
    code_hash = await ask(lambda connection: _code_hash(connection, at))
    stripped = {raw[4]: strip_documentation(raw) for raw in (oldest, highest)}
    metadata = {str(number): _hex(raw) for number, raw in stripped.items()}
    runtime = _checked(RecordedRuntime, {"version": version, "code_hash": code_hash, "metadata": metadata})
    decoder = Runtime.from_metadata(highest)
    interest = wish.companion.interest(decoder) if wish.companion else None
    return _Executor(writer.runtime(runtime), version, decoder, interest)


async def _version(connection: Connection, at: bytes) -> Mapping[str, Any]:
    answer = await connection.request("state_getRuntimeVersion", [_hex(at)])
    if not isinstance(answer, dict):
        raise BadAnswer(f"state_getRuntimeVersion answered {str(answer)[:80]!r}, expected an object")
    return answer


async def _code_hash(connection: Connection, at: bytes) -> Any:
    try:
        return await connection.request("state_getStorageHash", [CODE, _hex(at)])
    except MethodMissing:
        return None


def _checked(model: type[M], answers: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(answers)
    except ValidationError as error:
        raise BadAnswer(f"the node answered what no recording can hold: {explain(error)}") from error


def header_json(header: Header) -> dict[str, Any]:
    """A header as a node answers it."""
    return {
        "parentHash": _hex(header.parent_hash),
        "number": hex(header.number),
        "stateRoot": _hex(header.state_root),
        "extrinsicsRoot": _hex(header.extrinsics_root),
        "digest": {"logs": [_hex(item) for item in header.digest]},
    }


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
