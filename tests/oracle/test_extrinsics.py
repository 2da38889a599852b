"""Calls of every kind, and extrinsics built by the independent encoder, against the other decoders."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from tests.data import data_path
from tests.oracle.naive import compact
from tests.oracle.references import V14, V15_AND_V16, Reference, Sample, plain, reference

FILES = (*V14, *V15_AND_V16)


TIP = 77
UNKNOWN = ("AuthorizeCall", "EthSetOrigin", "StorageWeightReclaim", "AsPgas", "AsRingAlias", "AsDotnsGateway")


def runtime(name: str) -> Runtime:
    return Runtime.from_metadata(data_path("metadata", name).read_bytes())


def calls(of: Reference, rng: random.Random) -> Iterator[Sample]:
    """One RuntimeCall for each call of each pallet."""
    for pallet in of.pallets:
        for variant in of.registry.types[pallet.calls]["of"]["variants"] if pallet.calls is not None else ():
            if of.registry.exists(variant):
                assert pallet.calls is not None
                value = of.registry.variant_value(rng, pallet.calls, variant)
                raw = bytes([pallet.number]) + of.registry.encode(pallet.calls, value)
                yield Sample(f"{pallet.name}.{variant['name']}", of.format.call, (pallet.name, value), raw)


@pytest.mark.parametrize("name", FILES)
def test_every_call_is_read_as_another_decoder_reads_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With calls, XCM and all that is inside; @polkadot/api gives calls inside calls as bytes only.

    Excluded: MultiAddress::Index (naive.Registry.exists says why).
    """
    other, ours = reference(name), runtime(name)
    listed = list(calls(other, random.Random(name)))
    decoded = [ours.compiler.decode(sample.type_id, sample.raw) for sample in listed]
    meant = [s.where for s, d in zip(listed, decoded, strict=True) if s.value != plain(d)]
    assert meant == []
    # The pallet's own enum is what is compared: the references present the outermost one as a call.
    types = {pallet.name: pallet.calls for pallet in other.pallets}
    inner = [Sample(s.where, types[s.value[0]] or 0, s.value[1], s.raw[1:]) for s in listed]
    wrong, special = other.disagreements(inner, [plain(d)[1] for d in decoded])
    with capsys.disabled():
        print(f"\n{name}: {len(listed)} calls compared")
        for path, count in sorted(special.items()):
            print(f"  {path}: {count} leaves compared as bytes: @polkadot/api presents this type in its own way")
    assert wrong == []


@pytest.mark.parametrize("name", ["polkadot.v14.1002000.scale", "asset-hub-polkadot.v16.2003001.scale"])
def test_calls_with_wrong_bytes_are_read_whole_or_refused(name: str) -> None:
    """Seeded: every call, three times, with one wrong byte or a huge length in it, and cut short."""
    other, ours = reference(name), runtime(name)
    rng = random.Random(name)
    refused = 0
    for sample in calls(other, rng):
        for change in (rng.randbytes(1), b"\xff" * 5, b"\x02\xff\xff\xff"):
            at = rng.randrange(len(sample.raw))
            broken = sample.raw[:at] + change + sample.raw[at + len(change) :]
            for raw in (broken, broken[: rng.randrange(len(broken))]):
                try:
                    ours.compiler.decode(sample.type_id, raw)
                except ScaleError:
                    refused += 1
    assert refused > 500


def built(of: Reference, rng: random.Random, head: bytes, signed: bool) -> tuple[bytes, dict[str, Any], Any]:
    """An extrinsic around a transfer, with every extension given a value: (bytes, parts, call)."""
    sample = next(c for c in calls(of, rng) if c.where == "Balances.transfer_keep_alive")
    parts: dict[str, Any] = {"extensions": {}}
    body = head
    if signed:
        kind, size = rng.choice((("Ed25519", 64), ("Sr25519", 64), ("Ecdsa", 65)))
        parts["address"] = ("Id", rng.randbytes(32))
        parts["signature"] = of.registry.encode(of.format.signature, (kind, rng.randbytes(size)))
        body += of.registry.encode(of.format.address, parts["address"]) + parts["signature"]
    for extension, type_id in of.format.extensions:
        value = extension_value(of, rng, extension, type_id)
        parts["extensions"][extension] = value
        body += of.registry.encode(type_id, value)
    body += sample.raw
    return compact(len(body)) + body, parts, sample.value


def extension_value(of: Reference, rng: random.Random, extension: str, type_id: int) -> Any:
    """A random value, but one that means something where the references insist on a meaning."""
    match extension:
        case "CheckMortality":
            era = 5 | rng.randint(0, 63) << 4  # 64 blocks, at a phase
            return rng.choice((("Immortal", None), (f"Mortal{era & 0xFF}", era >> 8)))
        case "CheckNonce":
            return rng.getrandbits(20)
        case "ChargeTransactionPayment":
            return TIP
        case "ChargeAssetTxPayment":
            return {"tip": TIP, "asset_id": None}
    return of.registry.value(rng, type_id)


@pytest.mark.parametrize("name", FILES)
def test_signed_extrinsics_are_read_as_another_decoder_reads_them(name: str) -> None:
    """V4: signer, signature, every extension and the call; signer, nonce, tip and pallet against the reference."""
    other, ours = reference(name), runtime(name)
    made = [built(other, random.Random(f"{name} {i}"), b"\x84", signed=True) for i in range(5)]
    for (raw, parts, call), theirs in zip(made, other.extrinsics([raw for raw, _, _ in made]), strict=True):
        extrinsic = ours.decode_extrinsic(raw)
        assert extrinsic[:5] == (4, "signed", parts["address"][1], parts["signature"], 0)
        assert (extrinsic.extensions, plain(extrinsic.call)) == (parts["extensions"], call)
        assert theirs == outline(other, parts["extensions"], parts["address"][1].hex())


def outline(of: Reference, extensions: dict[str, Any], signer: str | None) -> dict[str, Any]:
    (number,) = (p.number for p in of.pallets if p.name == "Balances")
    return {"signer": signer, "nonce": extensions["CheckNonce"], "tip": TIP, "pallet": number}


@pytest.mark.parametrize("name", [name for name in FILES if ".v16." in name])
def test_general_extrinsics_are_read_as_polkadot_js_reads_them(name: str) -> None:
    """V5 without a signature: the extension version, every extension, the call. scalecodec cannot read these.

    @polkadot/api does not know some extensions and takes them to be empty, which is so in these files.
    """
    other, ours = reference(name), runtime(name)
    made = [built(other, random.Random(f"{name} {i}"), b"\x45\0", signed=False) for i in range(5)]
    for raw, parts, call in made:
        extrinsic = ours.decode_extrinsic(raw)
        assert extrinsic[:5] == (5, "general", None, None, 0)
        assert (extrinsic.extensions, plain(extrinsic.call)) == (parts["extensions"], call)
    filled = [e for e, type_id in other.format.extensions if e in UNKNOWN and not other.registry.is_unit(type_id)]
    assert filled == []
    theirs = other.extrinsics([raw for raw, _, _ in made])
    assert theirs == [outline(other, parts["extensions"], None) for _, parts, _ in made]
