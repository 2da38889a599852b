"""Blocks of real networks, and what becomes of them when their bytes are wrong."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.chain.reference import differences
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.metadata import read_metadata, strip_documentation
from paseo_watch.chain.scale.runtime import Runtime
from tests.data import data_path
from tests.oracle.references import Sample, Scalecodec, reference

RELAY, ASSET_HUB = "polkadot.v14.1002000.scale", "asset-hub-polkadot.v14-rewrap.2003001.scale"
ASSET_HUB_V16 = "asset-hub-polkadot.v16.2003001.scale"
BLOCKS = (
    ("polkadot-18468942.v14.1002000.events", RELAY, 58),
    ("polkadot-19772575.v14.1002000.events", RELAY, 81),
    ("asset-hub-polkadot-synthetic-40.2003001.events", ASSET_HUB, 40),
    ("asset-hub-polkadot-synthetic-400.2003001.events", ASSET_HUB, 400),
    ("asset-hub-polkadot-synthetic-2000.2003001.events", ASSET_HUB, 2000),
)


HUGE_LENGTHS = (b"\xff" * 5, b"\x02\xff\xff\xff", b"\x13" + b"\xff" * 8)


@pytest.fixture(scope="module")
def runtimes() -> dict[str, Runtime]:
    names = (RELAY, ASSET_HUB, ASSET_HUB_V16)
    return {name: Runtime.from_metadata(data_path("metadata", name).read_bytes()) for name in names}


@pytest.mark.parametrize(("block", "metadata", "count"), BLOCKS)
def test_a_whole_block_is_read_as_scalecodec_reads_it(
    block: str, metadata: str, count: int, runtimes: dict[str, Runtime]
) -> None:
    """Every event, every leaf."""
    raw = data_path("events", block).read_bytes()
    other = reference(metadata)
    assert isinstance(other, Scalecodec)
    ours = runtimes[metadata].decode_events(raw, runtimes[metadata].watch_all())
    assert len(ours) == count
    assert differences(ours, other.decoder.decode_events(raw)) == []


@pytest.mark.parametrize("block", [block for block, metadata, _ in BLOCKS if metadata == ASSET_HUB])
def test_a_block_reads_the_same_by_v16_and_by_v14_metadata(block: str, runtimes: dict[str, Runtime]) -> None:
    raw = data_path("events", block).read_bytes()
    by_v14, by_v16 = runtimes[ASSET_HUB], runtimes[ASSET_HUB_V16]
    assert by_v16.decode_events(raw, by_v16.watch_all()) == by_v14.decode_events(raw, by_v14.watch_all())


def test_polkadot_js_reads_the_events_of_the_synthetic_block_alike(runtimes: dict[str, Runtime]) -> None:
    """By the V16 metadata, event by event: the bytes of each are cut out by our own positions of the next one."""
    raw = data_path("events", BLOCKS[2][0]).read_bytes()
    ours, other = runtimes[ASSET_HUB_V16], reference(ASSET_HUB_V16)
    events = ours.decode_events(raw, ours.watch_all())
    types = {pallet.name: pallet.events for pallet in other.pallets}
    samples, values = [], []
    for event in events:
        type_id = types[event.pallet]
        assert type_id is not None
        (variant,) = (v for v in other.registry.types[type_id]["of"]["variants"] if v["name"] == event.name)
        fields = list(event.fields.values())
        payload = event.fields if variant["fields"] and variant["fields"][0]["name"] else tuple(fields)
        value = (event.name, (fields[0] if isinstance(payload, tuple) and len(fields) == 1 else payload) or None)
        encoded = other.registry.encode(type_id, value)
        assert encoded in raw
        samples.append(Sample(event.name, type_id, value, encoded))
        values.append(value)
    assert other.disagreements(samples, values)[0] == []


def test_metadata_without_documentation_loads_in_scalecodec_and_describes_the_same() -> None:
    name = RELAY
    raw = data_path("metadata", name).read_bytes()
    stripped = strip_documentation(raw)
    assert len(stripped) < len(raw) * 0.6
    whole = reference(name)
    bare = Scalecodec(stripped)
    assert (bare.registry.types.keys(), bare.pallets) == (whole.registry.types.keys(), whole.pallets)
    assert _undocumented(bare) == _undocumented(whole)


def _undocumented(of: Scalecodec | object) -> str:
    """What a reference knows of the types, with documentation blanked."""

    def blank(value: object) -> object:
        if isinstance(value, dict):
            return {key: blank(part) for key, part in value.items() if key != "docs"}
        return [blank(part) for part in value] if isinstance(value, list | tuple) else value

    assert isinstance(of, Scalecodec)
    return str(blank(of.registry.types))


def reads_or_refuses(runtime: Runtime, raw: bytes) -> bool:
    """True for a value, False for our error; any other exception is a failure of the test."""
    try:
        runtime.decode_events(raw, runtime.watch([("Balances", "*")]))
        runtime.decode_events(raw, runtime.watch_all())
    except ScaleError:
        return False
    return True


@pytest.mark.parametrize(("block", "metadata", "count"), BLOCKS[:4])
def test_a_block_cut_short_anywhere_is_refused(
    block: str, metadata: str, count: int, runtimes: dict[str, Runtime]
) -> None:
    raw = data_path("events", block).read_bytes()
    cuts = [*range(40), *random.Random(block).sample(range(len(raw)), 150), len(raw) - 1]
    for cut in cuts:
        assert not reads_or_refuses(runtimes[metadata], raw[:cut]), f"cut at {cut}"
    assert not reads_or_refuses(runtimes[metadata], raw + b"\0")


@pytest.mark.parametrize(("block", "metadata", "count"), BLOCKS[:4])
def test_a_block_with_wrong_bytes_is_read_whole_or_refused(
    block: str, metadata: str, count: int, runtimes: dict[str, Runtime]
) -> None:
    """Seeded: single bytes, runs, and lengths replaced by huge ones."""
    raw = data_path("events", block).read_bytes()
    rng = random.Random(block)
    refused = 0
    for _ in range(150):
        broken = bytearray(raw)
        at = rng.randrange(len(raw))
        change = rng.choice((bytes([rng.randrange(256)]), rng.randbytes(8), *HUGE_LENGTHS))
        broken[at : at + len(change)] = change
        refused += not reads_or_refuses(runtimes[metadata], bytes(broken))
    assert refused > 0


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=300))
def test_random_bytes_as_events_are_read_whole_or_refused(raw: bytes) -> None:
    reads_or_refuses(_held_runtime(), raw)


def _held_runtime(held: list[Runtime] = []) -> Runtime:  # noqa: B006
    if not held:
        held.append(Runtime.from_metadata(data_path("metadata", RELAY).read_bytes()))
    return held[0]


@pytest.mark.parametrize("name", [RELAY, ASSET_HUB_V16, "paseo.v15.2025-08.scale"])
def test_metadata_with_wrong_bytes_is_read_or_refused(name: str) -> None:
    """Broken metadata ends in our error, or describes something else; decoding by that ends in our error or a value."""
    raw = data_path("metadata", name).read_bytes()
    block = data_path("events", BLOCKS[0][0]).read_bytes()
    rng = random.Random(name)
    for _ in range(40):
        broken = bytearray(raw)
        at = rng.randrange(5, len(raw))
        change = rng.choice((bytes([rng.randrange(256)]), rng.randbytes(4), *HUGE_LENGTHS))
        broken[at : at + len(change)] = change
        try:
            runtime = Runtime.from_metadata(bytes(broken))
        except ScaleError:
            continue
        reads_or_refuses(runtime, block)
    for cut in [*range(60), *(rng.randrange(len(raw)) for _ in range(20))]:
        with pytest.raises(ScaleError):
            read_metadata(raw[:cut])
