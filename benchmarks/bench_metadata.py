"""Loading Asset Hub's metadata, and the memory that a chain then takes.

Ours reads the V16 file, substrate-interface its registry wrapped as V14, since it reads nothing newer.
Memory is the growth of the resident set of a fresh process, after a collection: for ours of 20 runtimes that have each
decoded the block of 400 events (so with their compiled decoders), divided by 20; for the peer of one, just loaded.
"""

import gc
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bench_decode import substrate_interface
from benchmarks.side_by_side import Row, data, in_turns, timed
from paseo_watch.chain.scale.runtime import Runtime

V16 = ("metadata", "asset-hub-polkadot.v16.2003001.scale")
V14 = ("metadata", "asset-hub-polkadot.v14-rewrap.2003001.scale")
EVENTS = ("events", "asset-hub-polkadot-synthetic-400.2003001.events")
ROUNDS, CHAINS, PROCESSES = 5, 20, 3


def rows(progress: Callable[[str], None]) -> Iterable[Row]:
    v16, v14 = data(*V16).read_bytes(), data(*V14).read_bytes()
    progress("loading Asset Hub's metadata in turns")
    load_ours, load_theirs = partial(Runtime.from_metadata, v16), partial(substrate_interface, v14)
    ours, peer = in_turns(ROUNDS, partial(alone, load_ours, 5), partial(alone, load_theirs))
    yield Row("load Asset Hub's metadata", ours * 1e3, peer * 1e3, "substrate-interface", "ms")
    block = data(*EVENTS).read_bytes()
    load_ours, load_theirs = partial(ours_with_block, v16, block), partial(theirs_with_block, v14, block)
    ours, peer = in_turns(ROUNDS, partial(alone, load_ours), partial(alone, load_theirs))
    yield Row("load it and decode the first block, 400 events", ours * 1e3, peer * 1e3, "substrate-interface", "ms")
    progress("memory a chain, in fresh processes in turns")
    grown = [(growth("ours"), growth("peer")) for _ in range(PROCESSES)]
    ours, peer = median(pair[0] for pair in grown) / CHAINS, median(pair[1] for pair in grown)
    yield Row("memory a chain, Asset Hub", ours / 1e6, peer / 1e6, "substrate-interface", "MB")


def ours_with_block(metadata: bytes, block: bytes) -> None:
    """Decoders are compiled on first use, so that the first block pays for what loading leaves out."""
    runtime = Runtime.from_metadata(metadata)
    runtime.decode_events(block, runtime.watch_all())


def theirs_with_block(metadata: bytes, block: bytes) -> None:
    substrate_interface(metadata)(block)


def alone(work: Callable[[], object], times: int = 1) -> float:
    """Timed after a collection, so that neither pays for the other's garbage."""
    gc.collect()
    return timed(work, times)


def growth(whose: str) -> int:
    """Bytes by which the resident set of a fresh process grows."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_metadata", whose], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def resident() -> int:
    """Bytes of this process in memory; Linux tells them in pages of 4 KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measure(whose: str) -> int:
    path, events = data(*(V16 if whose == "ours" else V14)), data(*EVENTS).read_bytes()
    import scalecodec.type_registry  # noqa: F401  # code is not what is measured

    gc.collect()
    before = resident()
    if whose == "ours":
        held: list[object] = []
        for _ in range(CHAINS):
            runtime = Runtime.from_metadata(path.read_bytes())
            runtime.decode_events(events, runtime.watch_all())
            held.append(runtime)
    else:
        held = [substrate_interface(path.read_bytes())]
    gc.collect()
    return resident() - before


if __name__ == "__main__":
    print(measure(sys.argv[1]))
