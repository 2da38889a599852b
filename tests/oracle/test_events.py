"""Every event type of every metadata file: random values, our reading against another decoder's."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from paseo_watch.chain.scale.runtime import FINALIZATION, INITIALIZATION, Runtime
from tests.data import data_path
from tests.oracle.naive import Registry, compact
from tests.oracle.references import V14, V15_AND_V16, Pallet, Reference, Sample, reference

FILES = (*V14, *V15_AND_V16)


def runtime(name: str) -> Runtime:
    return Runtime.from_metadata(data_path("metadata", name).read_bytes())


def samples(of: Reference, rng: random.Random) -> list[Sample]:
    """One value for each event of each pallet, but for those that cannot exist."""
    found = []
    for pallet, type_id, variant in variants(of):
        if of.registry.exists(variant):
            value = of.registry.variant_value(rng, type_id, variant)
            raw = of.registry.encode(type_id, value)
            found.append(Sample(f"{pallet}.{variant['name']}", type_id, value, raw))
    return found


def excluded(of: Reference) -> Iterator[str]:
    for pallet, _, variant in variants(of):
        if not of.registry.exists(variant):
            yield f"  excluded: {pallet}.{variant['name']}, which cannot occur: a field is an enum without variants"


def variants(of: Reference) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for pallet in of.pallets:
        for variant in of.registry.types[pallet.events]["of"]["variants"] if pallet.events is not None else ():
            yield pallet.name, pallet.events, variant


@pytest.mark.parametrize("name", FILES)
def test_every_event_type_is_read_as_another_decoder_reads_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Leaf by leaf, and as the independent encoder meant it; the number of types is printed."""
    other, ours = reference(name), runtime(name)
    rounds: list[Sample] = []

    @settings(max_examples=4, database=None, deadline=None, phases=[Phase.generate], derandomize=True)
    @given(seed=st.integers(0, 2**32))
    def generate(seed: int) -> None:
        rounds.extend(samples(other, random.Random(seed)))

    generate()
    decoded = [ours.compiler.decode(sample.type_id, sample.raw) for sample in rounds]
    meant = [f"{s.where}: {s.value!r} read as {d!r}" for s, d in zip(rounds, decoded, strict=True) if s.value != d]
    assert meant == []
    wrong, special = other.disagreements(rounds, decoded)
    with capsys.disabled():
        print(f"\n{name}: {len({s.where for s in rounds})} event types, {len(rounds)} values compared")
        for line in excluded(other):
            print(line)
        for path, count in sorted(special.items()):
            print(f"  {path}: {count} leaves compared as bytes: @polkadot/api presents this type in its own way")
    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_a_block_of_all_event_types_is_read_back(name: str) -> None:
    """As one value of System.Events, with every kind of phase and with topics; watched, unwatched and in part."""
    other, ours = reference(name), runtime(name)
    rng = random.Random(name)
    numbers = {(p.name): p.number for p in other.pallets}
    records, expected = [], []
    for index, sample in enumerate(samples(other, rng)):
        pallet, event = sample.where.split(".")
        phase = rng.choice((FINALIZATION, INITIALIZATION, 0, rng.getrandbits(32)))
        head = bytes([-phase]) if phase < 0 else b"\0" + phase.to_bytes(4, "little")
        topics = rng.choice((0, 0, 1, 70))
        tail = compact(topics) + rng.randbytes(32 * topics)
        records.append(head + bytes([numbers[pallet]]) + sample.raw + tail)
        expected.append((index, phase, pallet, event, as_fields(other.registry, sample)))
    raw = compact(len(records)) + b"".join(records)
    assert ours.decode_events(raw, ours.watch_all()) == expected
    assert ours.decode_events(raw, ours.watch([])) == []
    for pallet in other.pallets:
        watched = [event for event in expected if event[2] == pallet.name]
        assert ours.decode_events(raw, ours.watch([(pallet.name, "*")])) == watched
    a_few = {(event[2], event[3]) for event in rng.sample(expected, 10)}
    assert ours.decode_events(raw, ours.watch(a_few)) == [e for e in expected if (e[2], e[3]) in a_few]


def as_fields(registry: Registry, sample: Sample) -> dict[str, object]:
    name, payload = sample.value
    (variant,) = (v for v in registry.types[sample.type_id]["of"]["variants"] if v["name"] == name)
    fields = variant["fields"]
    if not fields:
        return {}
    if fields[0]["name"]:
        return dict(payload)
    return {str(i): part for i, part in enumerate([payload] if len(fields) == 1 else payload)}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_of_any_event_is_read_as_scalecodec_reads_it(data: st.DataObject) -> None:
    """Hypothesis picks the event and every choice inside it, so that a failure shrinks to a small one."""
    name = V14[1]
    other, ours = reference(name), _runtime_1002000()
    pallet: Pallet = data.draw(st.sampled_from([p for p in other.pallets if p.events is not None]), "pallet")
    assert pallet.events is not None
    possible = [v for v in other.registry.types[pallet.events]["of"]["variants"] if other.registry.exists(v)]
    variant = data.draw(st.sampled_from(possible), "event")
    value = other.registry.variant_value(data.draw(st.randoms(use_true_random=False)), pallet.events, variant)
    raw = other.registry.encode(pallet.events, value)
    decoded = ours.compiler.decode(pallet.events, raw)
    assert decoded == value
    wrong, _ = other.disagreements([Sample(variant["name"], pallet.events, value, raw)], [decoded])
    assert wrong == []


_held: list[Runtime] = []


def _runtime_1002000() -> Runtime:
    if not _held:
        _held.append(runtime(V14[1]))
    return _held[0]
