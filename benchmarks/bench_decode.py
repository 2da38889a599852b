"""Decoding the events of a block: ours, substrate-interface's scalecodec, and cyscale's fast path.

substrate-interface and cyscale give hex or SS58 text for accounts and hashes, ours leaves bytes; that is how each is
used. cyscale is set up as fast as it goes: value decoder only, no SS58, and its votes as plain bytes, without which it
falls back to something twenty times slower (see cyscale_peer.py).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.cyscale import Cyscale, CyscaleMissing
from benchmarks.side_by_side import Row, data, in_turns, timed
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.units import Unit
from paseo_watch.watchers.balances.needs import needs
from paseo_watch.watchers.balances.rules import Threshold

ROUNDS = 15
RELAY = ("metadata", "polkadot.v14.1002000.scale"), ("events", "polkadot-19772575.v14.1002000.events")
ASSET_HUB = (
    ("metadata", "asset-hub-polkadot.v16.2003001.scale"),
    ("events", "asset-hub-polkadot-synthetic-400.2003001.events"),
)


def rows(progress: Callable[[str], None]) -> Iterable[Row]:
    metadata, block = (data(*parts) for parts in RELAY)
    runtime, events = Runtime.from_metadata(metadata.read_bytes()), block.read_bytes()
    everything = runtime.watch_all()
    rule = Threshold("large", "warning", Unit("DOT", 10), 10**14, frozenset(), False)
    wanted = runtime.watch(needs([rule], runtime).events)

    progress("loading substrate-interface's metadata")
    theirs = substrate_interface(metadata.read_bytes())
    for name, watch in (("the watch set of a threshold rule", wanted), ("all events", everything)):
        decode = partial(runtime.decode_events, events, watch)
        ours, peer = in_turns(ROUNDS, partial(timed, decode, 50), lambda: timed(lambda: theirs(events)))
        yield Row(f"relay block of 81 events, {name}", ours * 1e3, peer * 1e3, "substrate-interface", "ms")
    yield from against_cyscale(progress, lambda: runtime.decode_events(events, everything), metadata, block)
    yield stall()


def substrate_interface(raw: bytes, pallet: str = "System", item: str = "Events") -> Callable[[bytes], Any]:
    """A plain value as `SubstrateInterface.query` (events: `get_events`) decodes it, without the requests."""
    from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
    from scalecodec.type_registry import load_type_registry_preset

    config = RuntimeConfigurationObject(implements_scale_info=True, ss58_format=0)
    config.update_type_registry(load_type_registry_preset("core"))
    metadata = config.create_scale_object("MetadataVersioned", data=ScaleBytes(raw))
    metadata.decode()
    config.add_portable_registry(metadata)
    kind = metadata.get_metadata_pallet(pallet).get_storage_function(item).get_value_type_string()
    return lambda value: config.create_scale_object(kind, ScaleBytes(value), metadata=metadata).decode()


def against_cyscale(
    progress: Callable[[str], None], ours: Callable[[], Any], metadata: Path, block: Path
) -> Iterator[Row]:
    try:
        peer = Cyscale(progress, metadata, block)
    except CyscaleMissing as error:
        progress(f"no comparison with cyscale: {error}")
        return
    with peer:
        mine, theirs = in_turns(ROUNDS * 2, lambda: timed(ours, 100), lambda: peer.seconds(100))
    yield Row("relay block of 81 events, all events", mine * 1e3, theirs * 1e3, "cyscale, fast path", "ms")


def stall() -> Row:
    """How long the event loop stands still for one block of 400 events, all of them decoded."""
    metadata, block = (data(*parts).read_bytes() for parts in ASSET_HUB)
    runtime = Runtime.from_metadata(metadata)
    watch = runtime.watch_all()
    runtime.decode_events(block, watch)
    times = [timed(lambda: runtime.decode_events(block, watch)) for _ in range(1000)]
    worst = quantiles(times, n=100)[98]
    return Row("block of 400 events, 99th percentile of decoding all", worst * 1e3, None, None, "ms")
