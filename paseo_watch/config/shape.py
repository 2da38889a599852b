"""What the model expects at a place of the tree, read off the model's own JSON Schema.

Options of sinks and watchers live with them; the schema is where their marks arrive here without either side knowing
the other: `writeOnly` (pydantic's SecretStr) is a secret, format `path` (pathlib.Path) a path, `path-or-url` either,
`account` a name or an address, `chain` a chain's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paseo_watch.config.problem import KeyPath, one_of
from paseo_watch.config.tree import Branch, Items, Node, Scalar

Schema = Mapping[str, Any]

_WORDS = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping of keys", "null": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """All that the schema allows at one place: the alternatives of its unions, references followed."""

    definitions: Mapping[str, Schema]
    alternatives: tuple[Schema, ...]

    @classmethod
    def of(cls, schema: Schema) -> "Shape":
        """The shape of a whole schema with its `$defs`."""
        definitions: Mapping[str, Schema] = schema.get("$defs", {})
        return cls(definitions, tuple(_flat(schema, definitions)))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are known here."""
        return tuple(dict.fromkeys(key for one in self.alternatives for key in one.get("properties", ())))

    @property
    def secret(self) -> bool:
        """Whether a secret stands here."""
        return any(one.get("writeOnly", False) for one in self.alternatives)

    @property
    def formats(self) -> frozenset[str]:
        """The formats of text that stand here."""
        return frozenset(one["format"] for one in self.alternatives if "format" in one)

    @property
    def choices(self) -> bool:
        """Whether only some given words belong here, so that another word can be no secret."""
        return any("const" in one or "enum" in one for one in self.alternatives) and not self.secret

    @property
    def expected(self) -> str:
        """What belongs here, in words."""
        return one_of([word for word in dict.fromkeys(_words(self.alternatives)) if word]) or "another value"

    def at(self, path: KeyPath) -> "Shape":
        """The shape below this one."""
        shape = self
        for part in path:
            found = [below for one in shape.alternatives for below in _below(one, part)]
            flat = [schema for below in found for schema in _flat(below, self.definitions)]
            shape = replace(self, alternatives=tuple(flat))
        return shape


def map_scalars(
    node: Node, shape: Shape, change: Callable[[Scalar, Shape, KeyPath], Scalar], path: KeyPath = ()
) -> Node:
    """The same tree with every scalar changed, each seen beside its shape."""
    match node:
        case Scalar():
            return change(node, shape, path)
        case Items(nodes=nodes):
            below = [map_scalars(child, shape.at((i,)), change, (*path, i)) for i, child in enumerate(nodes)]
            return replace(node, nodes=tuple(below))
        case Branch(entries=entries):
            changed = {
                key: replace(entry, node=map_scalars(entry.node, shape.at((key,)), change, (*path, key)))
                for key, entry in entries.items()
            }
            return replace(node, entries=changed)


def _flat(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _flat(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    for several in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(several, ()):
            yield from _flat(one, definitions)
    if "$ref" not in schema and not {"anyOf", "oneOf", "allOf"} & schema.keys():
        yield schema


def _below(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        prefix: Sequence[Schema] = schema.get("prefixItems", ())
        rest = schema.get("items")
        found = prefix[part] if part < len(prefix) else rest
        if isinstance(found, Mapping):
            yield found
    elif part in schema.get("properties", {}):
        yield schema["properties"][part]
    else:
        yield from schema.get("patternProperties", {}).values()
        if isinstance(schema.get("additionalProperties"), Mapping):
            yield schema["additionalProperties"]


def _words(alternatives: Sequence[Schema]) -> Iterator[str]:
    for one in alternatives:
        if "x-expected" in one:
            yield one["x-expected"]
        elif "const" in one:
            yield _value(one["const"])
        elif "enum" in one:
            yield from (_value(value) for value in one["enum"])
        elif isinstance(one.get("type"), str):
            yield _WORDS[one["type"]] + _bounds(one)


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _bounds(schema: Schema) -> str:
    low, above, high = (schema.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = [f"of at least {low}"] * (low is not None) + [f"above {above}"] * (above is not None)
    parts += [f"at most {high}"] * (high is not None)
    return f" {' and '.join(parts)}" if parts else ""
