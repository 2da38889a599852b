"""Metadata by the runtime that executed a block: asked for once, kept on disk, told apart by code hash.

The runtime that executed block N is `:code` in the state of N's parent, so that is where metadata is asked for
(Substrate: frame/executive `initialize_block`; a `set_code` in N takes effect in N + 1). Its name is
`System.LastRuntimeUpgrade` in N's state. That name does not move when code is replaced under the same version, so a
runtime is kept by its code hash too, and loaded again after a block whose digest says RuntimeEnvironmentUpdated.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from paseo_watch.chain.block import SpecVersion
from paseo_watch.chain.keys import CODE
from paseo_watch.chain.scale.compact import SHORT_READ
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.events import Watch
from paseo_watch.chain.scale.metadata import opaque_metadata
from paseo_watch.chain.scale.reader import Reader
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, ErrorAnswer, MethodMissing, RateLimited, StateDiscarded
from paseo_watch.rpc.hexadecimal import from_hex

log = logging.getLogger(__name__)

VERSIONS = (16, 15, 14)  # the highest first
KEPT = 8  # runtimes in memory; a walk through years of history meets dozens


@dataclass(frozen=True, slots=True)
class Interest:
    """What the watchers want of every block of one runtime: events decoded, keys read."""

    watch: Watch
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Executor:
    """A runtime that executed blocks, and what is wanted of its blocks. `code_hash` is None where no node tells it."""

    spec: SpecVersion
    code_hash: bytes | None
    runtime: Runtime
    interest: Interest


class Runtimes:
    """The executors of one chain; `folder` is their cache on disk (None: no cache).

    Metadata comes without a proof. It is kept, in memory and on disk, once it has read a block's events: a wrong answer
    must not stand in the way of the right one that another endpoint gives.
    """

    def __init__(self, interest: Callable[[Runtime], Interest], folder: Path | None) -> None:
        self._interest = interest
        self._folder = folder
        self._kept: dict[tuple[SpecVersion, bytes], Executor] = {}
        self._unproven: WeakKeyDictionary[Executor, bytes] = WeakKeyDictionary()

    async def candidates(self, connection: Connection, parent: bytes, spec: SpecVersion) -> AsyncGenerator[Executor]:
        """What may be the code in the state of `parent`: first as it is kept, then as this connection tells it now.

        Raises the connection's errors, or ScaleError for metadata that cannot be read.
        """
        code_hash = await _code_hash(connection, parent)
        kept = None if code_hash is None else await self._known(spec, code_hash)
        if kept:
            yield kept
        yield await self._fetched(connection, parent, spec, code_hash)

    async def load(self, connection: Connection, parent: bytes, spec: SpecVersion) -> Executor:
        """The first of the candidates."""
        async with aclosing(self.candidates(connection, parent, spec)) as candidates:
            return await anext(candidates)

    async def keep(self, executor: Executor) -> None:
        """It has read a block's events: from now on it stands for its code, in place of what was kept before."""
        raw = self._unproven.pop(executor, None)
        if raw is None or executor.code_hash is None:
            return
        self._remember(executor, executor.code_hash)
        if self._folder is not None:
            await asyncio.to_thread(_keep, self._path(self._folder, executor.spec, executor.code_hash), raw)

    def _remember(self, executor: Executor, code_hash: bytes) -> None:
        self._kept[executor.spec, code_hash] = executor
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]

    async def _known(self, spec: SpecVersion, code_hash: bytes) -> Executor | None:
        """From memory, else from disk. Without the code hash, two runtimes of one version could not be told apart."""
        if (spec, code_hash) in self._kept or self._folder is None:
            return self._kept.get((spec, code_hash))
        try:
            raw = await asyncio.to_thread(self._path(self._folder, spec, code_hash).read_bytes)
            runtime = Runtime.from_metadata(raw)
        except (OSError, ScaleError):
            return None  # a missing, unreadable or damaged file is fetched again and replaced
        executor = Executor(spec, code_hash, runtime, self._interest(runtime))
        self._remember(executor, code_hash)
        return executor

    async def _fetched(
        self, connection: Connection, parent: bytes, spec: SpecVersion, code_hash: bytes | None
    ) -> Executor:
        raw = await fetch_metadata(connection, parent)
        runtime = Runtime.from_metadata(raw)
        executor = Executor(spec, code_hash, runtime, self._interest(runtime))
        self._unproven[executor] = raw
        return executor

    @staticmethod
    def _path(folder: Path, spec: SpecVersion, code_hash: bytes) -> Path:
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in spec.name[:64])
        return folder / f"{name}-{spec.version}-{code_hash.hex()}.scale"


def _keep(path: Path, raw: bytes) -> None:
    """Write the file whole or not at all. It can be had again, so that a full disk costs only the next start time."""
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(raw)
        unfinished.replace(path)
    except OSError as error:
        log.warning("metadata cannot be kept in %s, it will be asked for again: %s", path.parent, error.strerror)


async def _code_hash(connection: Connection, at: bytes) -> bytes | None:
    try:
        answer = await connection.request("state_getStorageHash", ["0x" + CODE.hex(), "0x" + at.hex()])
    except MethodMissing:
        return None
    return None if answer is None else from_hex(answer, "state_getStorageHash", size=32)


async def fetch_metadata(connection: Connection, at: bytes) -> bytes:
    """The metadata of the code in the state of `at`, in the highest version that both sides know."""
    versions = await _offered(connection, at)
    for version in VERSIONS:
        if version in versions:
            arguments = ["Metadata_metadata_at_version", "0x" + version.to_bytes(4, "little").hex(), "0x" + at.hex()]
            answer = from_hex(await connection.request("state_call", arguments), "Metadata_metadata_at_version")
            try:
                raw = opaque_metadata(answer)
            except ScaleError as error:
                raise BadAnswer(f"Metadata_metadata_at_version gave no Option<OpaqueMetadata>: {error}") from error
            if raw is not None:
                return raw
    return await fetch_metadata_v14(connection, at)


async def fetch_metadata_v14(connection: Connection, at: bytes) -> bytes:
    """What `state_getMetadata` gives: version 14, which is the one that the reference decoder reads."""
    return from_hex(await connection.request("state_getMetadata", ["0x" + at.hex()]), "state_getMetadata")


async def _offered(connection: Connection, at: bytes) -> frozenset[int]:
    """`Metadata_metadata_versions`: a Vec<u32>; runtimes before 2023 do not have it."""
    try:
        answer = await connection.request("state_call", ["Metadata_metadata_versions", "0x", "0x" + at.hex()])
    except (RateLimited, StateDiscarded):
        raise  # says nothing about the runtime
    except ErrorAnswer:
        return frozenset()
    raw = from_hex(answer, "Metadata_metadata_versions")
    reader = Reader(raw)
    try:
        return frozenset(reader.u32() for _ in range(min(reader.compact(), 64)))
    except (*SHORT_READ, ScaleError) as error:
        raise BadAnswer(f"Metadata_metadata_versions answered {raw[:64].hex()}, expected a list of u32") from error
