"""An independent reading of a type registry: random values, and their SCALE bytes, by plain interpretation.

It works from the registry as scalecodec or @polkadot/api print it (never from ours), goes type by type without any
cleverness, and shares no code with the package. Values have the shapes that `chain.scale.compile` documents.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

INT_BYTES = {f"{sign}{bits}": bits // 8 for sign in "ui" for bits in (8, 16, 32, 64, 128, 256)}
ENDLESS = 1000
DEEP = 7  # from here on the shortest way to the end of a value is taken


@dataclass
class Registry:
    """`types` maps an id to {"path": [...], "kind": ..., "of": ...}."""

    types: dict[int, dict[str, Any]]
    call_type: int | None = None
    for_polkadot_js: bool = False  # leave out what @polkadot/api reads in its own way (see value and exists)
    heights: dict[int, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, listed: Iterable[dict[str, Any]], **options: Any) -> "Registry":
        types = {}
        for entry in listed:
            ((kind, of),) = entry["type"]["def"].items()
            kind = kind.lower()
            of = of.lower() if kind == "primitive" else of
            path = [str(part) for part in entry["type"]["path"]]
            if path == ["primitive_types", "U256"]:
                kind, of = "primitive", "u256"
            types[int(entry["id"])] = {"path": path, "kind": kind, "of": of}
        registry = cls(types, **options)
        registry._measure()
        return registry

    # --- what a type is made of

    def parts(self, type_id: int) -> list[list[int]]:
        """The ways to make a value: for each, the types inside. A sequence can be made of nothing."""
        entry = self.types[type_id]
        of = entry["of"]
        match entry["kind"]:
            case "composite":
                return [[f["type"] for f in of["fields"]]]
            case "variant":
                return [[f["type"] for f in v["fields"]] for v in of["variants"]]
            case "tuple":
                return [list(of)]
            case "array":
                return [[of["type"]]] if int(of["len"]) else [[]]
            case _:
                return [[]]

    def _measure(self) -> None:
        """The least nesting of a value of each type, found by trying until nothing changes."""
        self.heights = dict.fromkeys(self.types, ENDLESS)
        changed = True
        while changed:
            changed = False
            for type_id in self.types:
                ways = [1 + max((self.heights[p] for p in way), default=0) for way in self.parts(type_id)]
                height = min(ways, default=ENDLESS)
                if height < min(self.heights[type_id], ENDLESS):
                    self.heights[type_id], changed = height, True

    def height(self, variant: dict[str, Any]) -> int:
        return max((self.heights[f["type"]] for f in variant["fields"]), default=0)

    def exists(self, variant: dict[str, Any]) -> bool:
        """Whether a value of the variant can be made and compared.

        Not if a field is an enum without variants; not MultiAddress::Index where the index is `()`, as a compact unit
        takes no bytes (parity-scale-codec), but both references read an integer there; not MultiAddress::Raw and
        ::Address20 for @polkadot/api, which guesses by the length of what is left. Chains accept none of these three.
        """
        if variant["name"] in ("Raw", "Address20") and self.for_polkadot_js:
            return False
        index_of_nothing = variant["name"] == "Index" and self._is_compact_unit(variant["fields"])
        return self.height(variant) < ENDLESS and not index_of_nothing

    def _is_compact_unit(self, fields: list[dict[str, Any]]) -> bool:
        return any(self.types[f["type"]]["kind"] == "compact" and self.is_unit(f["type"]) for f in fields)

    def is_unit(self, type_id: int) -> bool:
        """Whether values of the type take no bytes."""
        entry = self.types[type_id]
        if entry["kind"] == "array" and int(entry["of"]["len"]) == 0:
            return True
        if entry["kind"] in ("composite", "tuple", "array"):
            (way,) = self.parts(type_id)
            return all(self.is_unit(part) for part in way)
        return entry["kind"] == "compact" and self.is_unit(entry["of"]["type"])

    def is_option(self, type_id: int) -> bool:
        entry = self.types[type_id]
        if entry["kind"] == "composite" and len(fields := entry["of"]["fields"]) == 1 and not fields[0]["name"]:
            return self.is_option(fields[0]["type"])
        return entry["path"] == ["Option"]

    # --- values

    def value(self, rng: random.Random, type_id: int, depth: int = 0) -> Any:
        entry = self.types[type_id]
        of = entry["of"]
        match entry["kind"]:
            case "primitive":
                return self._primitive(rng, of)
            case "compact":
                return () if self.is_unit(of["type"]) else self._integer(rng, self.compact_bytes(of["type"]))
            case "composite" if entry["path"] in (["BTreeMap"], ["BTreeSet"]) and self.for_polkadot_js:
                # It sorts maps and sets, which the chain has done already: no more than one entry.
                element = self.types[of["fields"][0]["type"]]["of"]["type"]
                return [self.value(rng, element, depth + 1) for _ in range(0 if depth > DEEP else rng.randint(0, 1))]
            case "composite" if entry["path"][-2:] == ["vote", "Vote"]:
                return rng.choice((0, 0x80)) + rng.randint(0, 6)  # a bit and a conviction; @polkadot/api checks that
            case "composite":
                return self.fields_value(rng, of["fields"], depth)
            case "tuple":
                return tuple(self.value(rng, part, depth + 1) for part in of)
            case "sequence" if self.is_byte(of["type"]):
                return rng.randbytes(0 if depth > DEEP else rng.choice((0, 1, 3, 63, 64, 200)))
            case "sequence":
                return self._elements(rng, of["type"], self._length(rng, depth), depth)
            case "array":
                return self._elements(rng, of["type"], int(of["len"]), depth)
            case "bitsequence":
                count = self._length(rng, depth) * 5
                return (count, rng.getrandbits(count).to_bytes((count + 7) // 8, "little") if count else b"")
            case "variant":
                return self._variant(rng, type_id, depth)
        raise NotImplementedError(entry["kind"])

    def fields_value(self, rng: random.Random, fields: list[dict[str, Any]], depth: int) -> Any:
        values = [self.value(rng, f["type"], depth + 1) for f in fields]
        if fields and fields[0]["name"]:
            return {f["name"]: value for f, value in zip(fields, values, strict=True)}
        return values[0] if len(values) == 1 else tuple(values)

    def _variant(self, rng: random.Random, type_id: int, depth: int) -> Any:
        variants = [v for v in self.types[type_id]["of"]["variants"] if self.exists(v)]
        if depth > DEEP:
            least = min(self.height(v) for v in variants)
            variants = [v for v in variants if self.height(v) == least]
        return self.variant_value(rng, type_id, rng.choice(variants), depth)

    def variant_value(self, rng: random.Random, type_id: int, variant: dict[str, Any], depth: int = 0) -> Any:
        if self.types[type_id]["path"] == ["Option"]:
            if variant["name"] == "None":
                return None
            inner = variant["fields"][0]["type"]
            value = self.value(rng, inner, depth + 1)
            return ("Some", value) if self.is_option(inner) or self.is_unit(inner) else value
        return (variant["name"], self.fields_value(rng, variant["fields"], depth) if variant["fields"] else None)

    def _primitive(self, rng: random.Random, name: str) -> Any:
        if name == "bool":
            return rng.random() < 0.5
        if name == "str":
            return "".join(rng.choice("aZ0 'é\\\"字🦀\n") for _ in range(rng.choice((0, 1, 7, 20))))
        size = INT_BYTES[name]
        value = self._integer(rng, size)
        return value - (1 << 8 * size) if name[0] == "i" and value >> 8 * size - 1 else value

    @staticmethod
    def _integer(rng: random.Random, size: int) -> int:
        """Small and large integers, and those next to where compact encoding changes its form."""
        limit = (1 << 8 * size) - 1
        edges = [0, 1, 63, 64, 16383, 16384, (1 << 30) - 1, 1 << 30, (1 << 32) - 1, limit]
        return min(rng.choice([*edges, rng.getrandbits(8 * size), rng.getrandbits(rng.randint(1, 8 * size))]), limit)

    @staticmethod
    def _length(rng: random.Random, depth: int) -> int:
        return 0 if depth > DEEP else rng.choice((0, 1, 1, 2, 3))

    def _elements(self, rng: random.Random, element: int, count: int, depth: int) -> Any:
        if self.is_byte(element):
            return rng.randbytes(count)
        return [self.value(rng, element, depth + 1) for _ in range(count)]

    def is_byte(self, type_id: int) -> bool:
        return self.types[type_id]["kind"] == "primitive" and self.types[type_id]["of"] == "u8"

    def compact_bytes(self, type_id: int) -> int:
        entry = self.types[type_id]
        if entry["kind"] == "primitive":
            return INT_BYTES[entry["of"]]
        ((part,),) = self.parts(type_id)
        return self.compact_bytes(part)

    # --- bytes

    def encode(self, type_id: int, value: Any) -> bytes:
        entry = self.types[type_id]
        of = entry["of"]
        match entry["kind"]:
            case "primitive":
                return self._encode_primitive(of, value)
            case "compact":
                return b"" if value == () else compact(value)
            case "composite":
                return self.encode_fields(of["fields"], value)
            case "tuple":
                return b"".join(self.encode(part, item) for part, item in zip(of, value, strict=True))
            case "sequence":
                return compact(len(value)) + self._encode_elements(of["type"], value)
            case "array":
                return self._encode_elements(of["type"], value)
            case "bitsequence":
                return compact(value[0]) + value[1]
            case "variant":
                return self._encode_variant(entry, value)
        raise NotImplementedError(entry["kind"])

    @staticmethod
    def _encode_primitive(name: str, value: Any) -> bytes:
        if name == "bool":
            return b"\1" if value else b"\0"
        if name == "str":
            return compact(len(value.encode())) + value.encode()
        return value.to_bytes(INT_BYTES[name], "little", signed=name[0] == "i")

    def _encode_elements(self, element: int, values: Any) -> bytes:
        return values if isinstance(values, bytes) else b"".join(self.encode(element, value) for value in values)

    def encode_fields(self, fields: list[dict[str, Any]], value: Any) -> bytes:
        if fields and fields[0]["name"]:
            values = [value[f["name"]] for f in fields]
        else:
            values = [value] if len(fields) == 1 else list(value or ())
        return b"".join(self.encode(f["type"], item) for f, item in zip(fields, values, strict=True))

    def _encode_variant(self, entry: dict[str, Any], value: Any) -> bytes:
        variants = {v["name"]: v for v in entry["of"]["variants"]}
        if entry["path"] == ["Option"]:
            if value is None:
                return b"\0"
            inner = variants["Some"]["fields"][0]["type"]
            wrapped = self.is_option(inner) or self.is_unit(inner)
            return b"\1" + self.encode(inner, value[1] if wrapped else value)
        variant = variants[value[0]]
        return bytes([int(variant["index"])]) + self.encode_fields(variant["fields"], value[1])


def compact(value: int) -> bytes:
    """The specification's four modes, each spelled out."""
    for mode, size in ((0, 1), (1, 2), (2, 4)):
        if value < 1 << (8 * size - 2):
            return (value * 4 + mode).to_bytes(size, "little")
    size = max(4, (value.bit_length() + 7) // 8)
    return bytes([(size - 4) * 4 + 3]) + value.to_bytes(size, "little")
