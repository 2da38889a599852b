"""Metadata V14, V15 and V16, written by hand and read in one pass."""

import pytest

from paseo_watch.chain.scale.errors import MetadataError, TruncatedError, UnsupportedMetadataError
from paseo_watch.chain.scale.metadata import (
    Constant,
    documentation_spans,
    opaque_metadata,
    read_metadata,
    strip_documentation,
)
from tests.unit.chain.scale.building import DOCS, compact, small_runtime

VERSIONS = (14, 15, 16)


@pytest.mark.parametrize("version", VERSIONS)
def test_pallets_are_read(version: int) -> None:
    runtime = small_runtime()
    read = read_metadata(runtime.encode(version))
    assert read.version == version
    assert list(read.pallets) == ["System", "Balances"]
    balances = read.pallets_by_index[5]
    assert (balances.name, balances.prefix, balances.errors) == ("Balances", "Balances", runtime.pallets[1].errors)
    assert (balances.calls, balances.events) == (runtime.pallets[1].calls, runtime.pallets[1].events)
    assert balances.constants["ExistentialDeposit"][2] == (10**10).to_bytes(16, "little")
    assert read.pallets["System"].constants["SS58Prefix"] == Constant("SS58Prefix", runtime.ids["u8"], b"\x2a")


@pytest.mark.parametrize("version", VERSIONS)
def test_storage_is_read(version: int) -> None:
    storage = read_metadata(small_runtime().encode(version)).pallets
    account, locks = storage["System"].storage["Account"], storage["Balances"].storage["Locks"]
    assert (account.optional, account.hashers, account.default) == (False, ("Blake2_128Concat",), bytes(36))
    assert (locks.optional, locks.hashers) == (True, ("Twox64Concat", "Identity"))
    assert storage["System"].storage["Number"].key is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_parts_of_an_extrinsic_are_named(version: int) -> None:
    runtime = small_runtime()
    layout = read_metadata(runtime.encode(version)).extrinsic
    assert (layout.address, layout.call, layout.signature) == (runtime.address, runtime.call, runtime.signature)
    assert layout.versions == ((4, 5) if version == 16 else (4,))
    names = [extension.name for extension in layout.extensions[0]]
    assert names == ["CheckNonce", "CheckWeight", "ChargeTransactionPayment"]
    assert sorted(layout.extensions) == ([0, 1] if version == 16 else [0])


@pytest.mark.parametrize("version", VERSIONS)
def test_documentation_is_found_and_taken_out(version: int) -> None:
    raw = small_runtime().encode(version)
    spans = documentation_spans(raw)
    assert {raw[start:end] for start, end in spans} == {DOCS}
    assert len(spans) == raw.count(DOCS)
    stripped = strip_documentation(raw)
    assert stripped == raw.replace(DOCS, b"\0")
    assert documentation_spans(stripped) == []
    whole, bare = read_metadata(raw), read_metadata(stripped)
    assert (bare.pallets, bare.extrinsic) == (whole.pallets, whole.extrinsic)
    assert [bare.types[i] for i in range(len(bare.types))] == [whole.types[i] for i in range(len(whole.types))]


def test_metadata_with_its_length_in_front_is_read() -> None:
    raw = small_runtime().encode(14)
    assert list(read_metadata(compact(len(raw)) + raw).pallets) == ["System", "Balances"]


def test_the_answer_of_the_runtime_api_is_unwrapped() -> None:
    assert opaque_metadata(b"\1" + compact(5) + b"meta\x10") == b"meta\x10"
    assert opaque_metadata(b"\0") is None
    with pytest.raises(TruncatedError):
        opaque_metadata(b"\1\x14meta")
    with pytest.raises(TruncatedError):
        opaque_metadata(b"")
    with pytest.raises(MetadataError, match="2 bytes too many"):
        opaque_metadata(b"\0\0\0")


@pytest.mark.parametrize("version", VERSIONS)
def test_metadata_cut_short_anywhere_is_refused(version: int) -> None:
    raw = small_runtime().encode(version)
    for cut in range(len(raw)):
        with pytest.raises(MetadataError):
            read_metadata(raw[:cut])


def test_bytes_after_metadata_are_refused() -> None:
    with pytest.raises(MetadataError, match="metadata ends at byte"):
        read_metadata(small_runtime().encode(15) + b"\0")


def test_other_versions_are_refused_by_number() -> None:
    with pytest.raises(UnsupportedMetadataError, match="version 13; versions 14, 15 and 16"):
        read_metadata(b"meta\x0d")


@pytest.mark.parametrize("raw", [b"", b"\0", b"\xff" * 9, b"<html>"])
def test_what_is_no_metadata_is_refused(raw: bytes) -> None:
    with pytest.raises(MetadataError, match="this is not metadata"):
        read_metadata(raw)


def test_two_pallets_with_one_index_are_refused() -> None:
    runtime = small_runtime()
    runtime.pallets[1].index = 0
    with pytest.raises(MetadataError, match="two pallets"):
        read_metadata(runtime.encode(14))


def test_an_announced_million_of_types_costs_nothing() -> None:
    with pytest.raises(MetadataError, match="ends early"):
        read_metadata(b"meta\x0e" + compact(1 << 29))
