"""The decoders we compare with, behind one interface: scalecodec for metadata V14, @polkadot/api for V15 and V16."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from paseo_watch.chain.reference import ReferenceDecoder, ReferenceDecoderError
from tests.data import data_path, missing
from tests.oracle.naive import Registry

JS = Path(__file__).parent / "js"
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


class Reference:
    """`registry` and `pallets` are the reference's own reading of the metadata."""

    registry: Registry
    pallets: list[Pallet]

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
        described = node({"metadata": str(path)})
        self.registry = Registry.from_json(described["types"], sorted_maps=True)
        self.pallets = [Pallet(p["name"], p["index"], p["events"], p["calls"]) for p in described["pallets"]]

    def disagreements(self, samples: list[Sample], ours: list[Any]) -> tuple[list[str], dict[str, int]]:
        asked = [{"type": sample.type_id, "hex": sample.raw.hex()} for sample in samples]
        answers = node({"metadata": str(self.path), "samples": asked})["values"]
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


def node(request: dict[str, Any]) -> Any:
    program = shutil.which("node")
    if program is None:
        missing("node is not installed, and @polkadot/api needs it")
    if not (JS / "node_modules" / "@polkadot" / "api").is_dir():
        missing("@polkadot/api is not installed: run `npm ci` in tests/oracle/js")
    done = subprocess.run(
        [program, "oracle.mjs"],
        cwd=JS,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
