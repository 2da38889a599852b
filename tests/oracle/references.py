"""The decoders we compare with, behind one interface: scalecodec for metadata V14, @polkadot/api for V15 and V16."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from paseo_watch.chain.reference import ReferenceDecoder, ReferenceDecoderError
from tests.data import data_path
from tests.node_packages import output_of
from tests.oracle.naive import Registry

V14 = ("polkadot.v14.9370.scale", "polkadot.v14.1002000.scale", "asset-hub-polkadot.v14-rewrap.2003001.scale")
V15_AND_V16 = (
    "paseo.v15.2025-08.scale",
    "asset-hub-paseo.v15.2025-08.scale",
    "people-paseo.v15.2025-08.scale",
    "collectives-polkadot.v15.2025-08.scale",
    "asset-hub-polkadot.v15.scale",
    "polkadot.v16.scale",
    "asset-hub-paseo.v16.2026-02.scale",
    "asset-hub-westend.v16.2026-02.scale",
    "asset-hub-polkadot.v16.2003001.scale",
)


class Pallet(NamedTuple):
    name: str
    number: int
    events: int | None
    calls: int | None


class Sample(NamedTuple):
    """One value of a type, its bytes, and where it comes from."""

    where: str
    type_id: int
    value: Any
    raw: bytes


class Format(NamedTuple):
    """What a signed extrinsic is made of: type ids."""

    address: int
    call: int
    signature: int
    extensions: list[tuple[str, int]]


class Reference:
    """`registry`, `pallets` and `format` are the reference's own reading of the metadata."""

    registry: Registry
    pallets: list[Pallet]
    format: Format

    def extrinsics(self, raw: list[bytes]) -> list[dict[str, Any]]:
        """The account that signed (hex, or None), nonce, tip and the call's pallet of each extrinsic."""
        raise NotImplementedError

    def disagreements(self, samples: list[Sample], ours: list[Any]) -> tuple[list[str], dict[str, int]]:
        """What differs; and how many leaves were compared as bytes only, by type, because of the reference."""
        raise NotImplementedError


class Scalecodec(Reference):
    def __init__(self, raw: bytes) -> None:
        self.decoder = ReferenceDecoder(raw)
        metadata = self.decoder._metadata
        self.registry = Registry.from_json(metadata.portable_registry.value["types"])
        self.pallets = [
            Pallet(p["name"], p["index"], (p["event"] or {}).get("ty"), (p["calls"] or {}).get("ty"))
            for p in (pallet.value for pallet in metadata.pallets)
        ]
        layout = metadata.value[1]["V14"]["extrinsic"]
        listed = {int(t["id"]): t["type"] for t in metadata.portable_registry.value["types"]}
        parts = {p["name"]: p["type"] for p in listed[layout["ty"]]["params"]}
        extensions = [(e["identifier"], e["ty"]) for e in layout["signed_extensions"]]
        self.format = Format(parts["Address"], parts["Call"], parts["Signature"], extensions)
        self._raw = raw

    def extrinsics(self, raw: list[bytes]) -> list[dict[str, Any]]:
        return [self._extrinsic(one) for one in raw]

    def _extrinsic(self, raw: bytes) -> dict[str, Any]:
        from scalecodec.base import ScaleBytes

        config, metadata = _stock_scalecodec(self._raw)
        value = config.create_scale_object("Extrinsic", ScaleBytes(raw), metadata=metadata).decode()
        call = value["call"]
        tip = value["tip"] if "tip" in value else value["asset_id"]["tip"]  # the whole extension under that name
        (number,) = (p.number for p in self.pallets if p.name == call["call_module"])
        return {"signer": value["address"].removeprefix("0x"), "nonce": value["nonce"], "tip": tip, "pallet": number}

    def disagreements(self, samples: list[Sample], ours: list[Any]) -> tuple[list[str], dict[str, int]]:
        wrong = []
        for sample, value in zip(samples, ours, strict=True):
            try:
                theirs = self.decoder.decode(sample.type_id, sample.raw)
            except ReferenceDecoderError as error:
                wrong.append(f"{sample.where}: scalecodec: {error}")
                continue
            if plain(value) != theirs:
                wrong.append(f"{sample.where}: ours {value!r}, scalecodec {theirs!r}")
        return wrong, {}


class PolkadotJs(Reference):
    def __init__(self, path: Path) -> None:
        self.path = path
        described = oracle({"metadata": str(path)})
        self.registry = Registry.from_json(described["types"], for_polkadot_js=True)
        self.pallets = [Pallet(p["name"], p["index"], p["events"], p["calls"]) for p in described["pallets"]]
        layout = described["extrinsic"]
        self.format = Format(
            layout["address"],
            layout["call"],
            layout["signature"],
            [(e["name"], e["type"]) for e in layout["extensions"]],
        )

    def extrinsics(self, raw: list[bytes]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = oracle({"metadata": str(self.path), "extrinsics": [one.hex() for one in raw]})[
            "extrinsics"
        ]
        return answers

    def disagreements(self, samples: list[Sample], ours: list[Any]) -> tuple[list[str], dict[str, int]]:
        asked = [{"type": sample.type_id, "hex": sample.raw.hex()} for sample in samples]
        answers = oracle({"metadata": str(self.path), "samples": asked})["values"]
        wrong: list[str] = []
        special: dict[str, int] = {}
        for sample, value, answer in zip(samples, ours, answers, strict=True):
            if "error" in answer:
                wrong.append(f"{sample.where}: @polkadot/api: {answer['error']} on 0x{sample.raw.hex()}")
            elif found := self._differs(plain(value), answer["value"], special):
                wrong.append(f"{sample.where}: {found}")
            elif answer["again"] != sample.raw.hex():
                wrong.append(f"{sample.where}: @polkadot/api reads other bytes than it was given")
        return wrong, special

    def _differs(self, ours: Any, theirs: Any, special: dict[str, int]) -> str | None:
        match theirs:
            case {"x": text, "type": type_id}:
                path = "::".join(self.registry.types[type_id]["path"]) or self.registry.types[type_id]["kind"]
                special[path] = special.get(path, 0) + 1
                raw = self.registry.encode(type_id, ours).hex()
                return None if raw == text else f"as bytes ours 0x{raw}, @polkadot/api 0x{text}"
            case {"i": text}:
                same = type(ours) is int and ours == int(text)
            case {"b": text}:
                same = ours == bytes.fromhex(text)
            case {"s": text}:
                same = type(ours) is str and ours == text
            case {"d": pairs} if isinstance(ours, dict) and list(ours) == [name for name, _ in pairs]:
                return self._first((ours[name], part) for name, part in pairs)(special)
            case {"l": parts} if isinstance(ours, list) and len(ours) == len(parts):
                return self._first(zip(ours, parts, strict=True))(special)
            case {"t": parts} if isinstance(ours, tuple) and len(ours) == len(parts):
                return self._first(zip(ours, parts, strict=True))(special)
            case _:
                same = type(ours) is type(theirs) and ours == theirs
        return None if same else f"ours {ours!r}, @polkadot/api {theirs!r}"

    def _first(self, pairs: Any) -> Any:
        return lambda special: next((d for a, b in pairs if (d := self._differs(a, b, special))), None)


@cache
def _stock_scalecodec(raw: bytes) -> tuple[Any, Any]:
    """scalecodec as substrate-interface sets it up."""
    from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
    from scalecodec.type_registry import load_type_registry_preset

    config = RuntimeConfigurationObject(implements_scale_info=True)
    config.update_type_registry(load_type_registry_preset("core"))
    metadata = config.create_scale_object("MetadataVersioned", data=ScaleBytes(raw))
    metadata.decode()
    config.add_portable_registry(metadata)
    return config, metadata


def plain(value: Any) -> Any:
    """Our value with calls spelled as the enums of enums that the references see."""
    from paseo_watch.chain.scale.values import Call

    if isinstance(value, Call):
        return (value.pallet, (value.name, plain(value.args) or None))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(part) for part in value)
    return value


@cache
def reference(name: str) -> Reference:
    path = data_path("metadata", name)
    return Scalecodec(path.read_bytes()) if name in V14 else PolkadotJs(path)


def oracle(request: dict[str, Any]) -> Any:
    return json.loads(output_of("oracle/js", "oracle.mjs", lines=json.dumps(request)))
