"""What a schema says of a place."""

import pytest

from paseo_watch.config.problem import KeyPath
from paseo_watch.config.shape import Shape

SHAPE = Shape.of(
    {
        "properties": {
            "node": {"$ref": "#/$defs/Node"},
            "names": {"additionalProperties": {"type": "integer", "minimum": 0, "maximum": 9}},
            "words": {"enum": ["a", "b"]},
            "either": {"anyOf": [{"const": "latest"}, {"type": "integer", "minimum": 0}, {"type": "null"}]},
            "off": {"anyOf": [{"$ref": "#/$defs/Node"}, {"const": False}]},
            "pair": {"prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": {"type": "number"}},
            "above": {"type": "number", "exclusiveMinimum": 0, "maximum": 60},
            "most": {"type": "number", "maximum": 60},
            "any": {},
        },
        "$defs": {
            "Node": {
                "anyOf": [
                    {"type": "string", "writeOnly": True, "x-expected": "a URL"},
                    {"type": "object", "properties": {"below": {"items": {"$ref": "#/$defs/Node"}}}},
                ]
            }
        },
    }
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("node",), "a URL or a mapping of keys"),
        (("node", "below", 3, "below", 0), "a URL or a mapping of keys"),
        (("names", "x"), "a whole number from 0 to 9"),
        (("words",), '"a" or "b"'),
        (("either",), '"latest" or a whole number of at least 0'),
        (("off",), "a URL, a mapping of keys or false"),
        (("pair", 0), "text"),
        (("pair", 1), "true or false"),
        (("pair", 2), "a number"),
        (("above",), "a number above 0 and at most 60"),
        (("most",), "a number at most 60"),
        (("any",), "another value"),
        (("zzz", "y"), "another value"),
    ],
)
def test_what_belongs_somewhere_is_said_in_words(path: KeyPath, expected: str) -> None:
    """Through references, unions, lists and mappings."""
    assert SHAPE.at(path).expected == expected


def test_keys_secrets_and_choices_are_known() -> None:
    """Of all the alternatives of a place."""
    assert SHAPE.at(("node",)).keys == ("below",)
    assert SHAPE.at(("node",)).secret
    assert not SHAPE.at(("names", "x")).secret
    assert SHAPE.at(("words",)).choices
    assert not SHAPE.at(("node",)).choices
