"""check and doctor: what is configured, what is seen, what is not, and why."""

import argparse
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from paseo_watch.app.chain import ss58_prefix
from paseo_watch.app.watchers import chain_watchers
from paseo_watch.chain.block import SpecVersion
from paseo_watch.chain.keys import ALWAYS, EVENTS, LAST_RUNTIME_UPGRADE, decode_last_runtime_upgrade
from paseo_watch.chain.read import finalized_header, read_blocks, read_storage
from paseo_watch.chain.reference import ReferenceDecoder, ReferenceDecoderError, differences
from paseo_watch.chain.runtimes import fetch_metadata, fetch_metadata_v14
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.header import Header
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.cli.configuration import keys_at_every_block, load_config
from paseo_watch.cli.documents import absent_documents, look_at_documents
from paseo_watch.cli.errors import DONE, FAILED
from paseo_watch.cli.execute import execute
from paseo_watch.cli.pools import open_pool
from paseo_watch.cli.premises import look_at_premises
from paseo_watch.cli.receivers import look_at_receivers
from paseo_watch.cli.say import say
from paseo_watch.config.idle import idle_rules, watched
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Chain
from paseo_watch.errors import PaseoWatchError
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, Exhausted
from paseo_watch.rpc.pool import Pool
from paseo_watch.store import holes
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.store.holes import StoredHole
from paseo_watch.watchers.watcher import Watcher

Say = Callable[[str], None]


def check(flags: argparse.Namespace) -> int:
    """Load the configuration and say what it comes to; with --online ask everything that it names, sending nothing."""
    config = load_config(flags)
    say(f"the configuration is good: {_summary(config)}")
    for sentence in (*idle_rules(config), *absent_documents(config)):
        say(f"warning: {sentence}")
    if not flags.online:
        return DONE
    return DONE if execute(_online(config)) else FAILED


def doctor(flags: argparse.Namespace) -> int:
    """Say for each chain what is seen of it, what watchers are blind to, and which holes there are."""
    config = load_config(flags)
    return DONE if execute(_doctor(config, flags.cross_check)) else FAILED


def _summary(config: Config) -> str:
    chains = ", ".join(config.followed)
    off = ", ".join(name for name in config.chains if name not in config.followed)
    receivers = ", ".join(f"{each.name} ({'+'.join(each.sinks)})" for each in config.receivers)
    return f"follows {chains}{f' (not {off})' if off else ''}; watches {watched(config)}; tells {receivers}"


async def _online(config: Config) -> bool:
    good = True
    for name, chain in config.followed.items():
        for endpoint in chain.endpoints:
            one = chain.model_copy(update={"endpoints": (endpoint,)})
            async with open_pool(name, one) as pool:
                good &= await _try(f"{name}: {endpoint.host}", pool, _greet)
    good &= await look_at_documents(config)
    good &= await look_at_receivers(config)
    return await look_at_premises(config) and good


async def _try(title: str, pool: Pool, work: Callable[[Connection], Awaitable[str]]) -> bool:
    try:
        answer = await pool.each(work)
    except Exhausted as exhausted:
        say(f"{title}: FAILED: {'; '.join(str(cause) for cause in exhausted.causes.values())}")
        return False
    say(f"{title}: {answer}")
    return True


async def _greet(connection: Connection) -> str:
    chain = await connection.request("system_chain")
    header = await finalized_header(connection)
    spec = await _spec(connection, header.hash)
    return f"{str(chain)[:60]!r}, {spec.name} {spec.version}, finalized #{header.number}"


async def _doctor(config: Config, cross_check: int) -> bool:
    good = True
    for name, chain in config.chains.items():
        print()
        say(name)
        if not chain.enabled:
            say(f"  not followed: {chain.disabled_reason or 'enabled is false'}")
            continue
        async with open_pool(name, chain) as pool:
            good &= await _examine(config, name, chain, pool, cross_check)
    _idle(config)
    await _stored(config)
    return good


def _idle(config: Config) -> None:
    if sentences := list(idle_rules(config)):
        print("\nrules")
        for sentence in sentences:
            say(f"  blind: {sentence}")


async def _examine(config: Config, name: str, chain: Chain, pool: Pool, cross_check: int) -> bool:
    try:
        seen = await pool.each(partial(_look, config=config, name=name))
    except Exhausted as exhausted:
        for endpoint, cause in exhausted.causes.items():
            say(f"  {endpoint}: {cause}")
        return False
    for status in pool.statuses():
        say(f"  {status.endpoint}: {status.state}{f', {status.reason}' if status.reason else ''}")
    say(f"  genesis 0x{(await pool.identified()).hex()}: {'as configured' if chain.genesis else 'learned now'}")
    say(f"  finalized #{seen.header.number}, {seen.spec}, metadata V{seen.metadata[4]}")
    prefix = ss58_prefix(seen.runtime) if chain.ss58_prefix is None else chain.ss58_prefix
    say(f"  addresses: prefix {prefix} ({'configured' if chain.ss58_prefix is not None else 'from the metadata'})")
    for watcher in chain_watchers(config, name)(prefix):
        _explain(watcher, seen)
    return await _cross_check(pool, seen, cross_check) if cross_check else True


def _explain(watcher: Watcher, seen: "_Seen") -> None:
    needs = watcher.needs(seen.runtime)
    say(f"  {watcher.name}: {len(needs.events)} events, {len(needs.keys)} keys a block")
    for sentence in watcher.explain(seen.runtime, seen.storage):
        say(f"    {sentence}")
    for sentence in needs.blind:
        say(f"    blind: {sentence}")


@dataclass(frozen=True, slots=True)
class _Seen:
    header: Header
    spec: str
    metadata: bytes
    runtime: Runtime
    storage: Mapping[bytes, bytes | None]


async def _look(connection: Connection, config: Config, name: str) -> _Seen:
    """The finalized head as the watchers would see it: its runtime, and what they read at every block."""
    header = await finalized_header(connection)
    spec = await _spec(connection, header.hash)
    metadata = await fetch_metadata(connection, header.parent_hash)
    try:
        runtime = Runtime.from_metadata(metadata)
        keys = sorted(keys_at_every_block(config, name, runtime))
    except ScaleError as error:
        raise BadAnswer(f"the metadata of {spec.name[:60]} {spec.version} cannot be read: {error}") from error
    storage = await read_storage(connection, header.hash, keys) if keys else {}
    return _Seen(header, f"{spec.name} {spec.version}", metadata, runtime, storage)


async def _spec(connection: Connection, at: bytes) -> SpecVersion:
    raw = (await read_storage(connection, at, [LAST_RUNTIME_UPGRADE]))[LAST_RUNTIME_UPGRADE]
    try:
        return decode_last_runtime_upgrade(raw or b"")
    except ScaleError as error:
        raise BadAnswer(str(error)) from error


async def _cross_check(pool: Pool, seen: _Seen, count: int) -> bool:
    """Decode the last blocks with our decoder and with the reference decoder, and compare leaf by leaf."""
    first = max(1, seen.header.number - count + 1)
    good = compared = events = 0
    decoders: dict[tuple[str, int], tuple[Runtime, ReferenceDecoder]] = {}
    for number in range(first, seen.header.number + 1):
        try:
            found = await pool.each(lambda connection, n=number: _both_ways(connection, n, decoders))  # type: ignore[misc]
        except (Exhausted, ScaleError, ReferenceDecoderError) as error:
            say(f"  cross-check: #{number} cannot be read: {error}")
            continue
        compared += 1
        events += found.events
        good += not found.differences
        for line in found.differences[:20]:
            say(f"  cross-check: #{number}: {line}")
    say(f"  cross-check: {compared} blocks, {events} events, {compared - good} blocks with differences")
    return good == seen.header.number - first + 1


@dataclass(frozen=True, slots=True)
class _Compared:
    events: int
    differences: Sequence[str]


async def _both_ways(
    connection: Connection, number: int, decoders: dict[tuple[str, int], tuple[Runtime, ReferenceDecoder]]
) -> _Compared:
    (raw,) = await read_blocks(connection, number, number, {}, ALWAYS)
    if raw.failure:
        raise raw.failure
    value = raw.storage[EVENTS]
    if value is None:
        raise BadAnswer(f"#{number} has no events")
    try:
        spec = decode_last_runtime_upgrade(raw.storage[LAST_RUNTIME_UPGRADE] or b"")
        if spec not in decoders:
            parent = raw.header.parent_hash
            runtime = Runtime.from_metadata(await fetch_metadata(connection, parent))
            decoders[spec] = runtime, ReferenceDecoder(await fetch_metadata_v14(connection, parent))
        runtime, reference = decoders[spec]
        ours = runtime.decode_events(value, runtime.watch_all())
        return _Compared(len(ours), differences(ours, reference.decode_events(value)))
    except (ScaleError, ReferenceDecoderError) as error:
        return _Compared(0, [str(error)])


async def _stored(config: Config) -> None:
    """The holes in the store; reading beside a running service is fine."""
    print("\nstore")
    try:
        async with await Database.open(config.store.url.get_secret_value(), Access.READER) as database:
            rows: tuple[StoredHole, ...] = await database.run(lambda conn: holes.list(conn, 50))
    except PaseoWatchError as error:
        say(f"  {error}")
        return
    say(f"  {len(rows)} holes")
    for hole in rows:
        say(f"  #{hole.number}: {hole.reason}, tried {hole.attempts} times: {hole.detail[:200]}")
