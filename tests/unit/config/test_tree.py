"""Scalars, paths and places."""

from pathlib import Path

import pytest

from paseo_watch.config.compose import compose
from paseo_watch.config.source import Source
from paseo_watch.config.tree import Branch, find, locate, plain, scalar_value, scalars

TEXT = """\
a:
  b:
    - x
    - c: 1
      d: {e: 2}
"""


@pytest.fixture
def tree() -> Branch:
    return compose(Source("c.yaml", Path("/")), TEXT)[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("on", "on"),
        ("12", 12),
        ("-7", -7),
        ("010", 10),
        ("1:30", "1:30"),
        ("0x3740", "0x3740"),
        ("1_000", "1_000"),
        ("2026-07-04", "2026-07-04"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("9" * 41, "9" * 41),
        ("1.2.3", "1.2.3"),
    ],
)
def test_an_unquoted_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    """Not what YAML 1.1 made of it; hexadecimal digits are text here."""
    assert scalar_value(text) == value
    assert type(scalar_value(text)) is type(value)


def test_a_tree_becomes_plain_values(tree: Branch) -> None:
    """Mappings, lists and scalars."""
    assert plain(tree) == {"a": {"b": ["x", {"c": 1, "d": {"e": 2}}]}}


def test_every_scalar_is_seen_with_its_path(tree: Branch) -> None:
    """In the order of the file."""
    assert [(path, scalar.value) for path, scalar in scalars(tree)] == [
        (("a", "b", 0), "x"),
        (("a", "b", 1, "c"), 1),
        (("a", "b", 1, "d", "e"), 2),
    ]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a", "b"), 2),
        (("a", "b", 0), 3),
        (("a", "b", 1, "d"), 5),
        (("a", "b", 1, "d", "e"), 5),
        (("a", "b", 1, "zzz"), 4),
        (("a", "b", 9), 2),
        (("zzz", "b"), 1),
        (("a", "b", 0, "deeper"), 3),
    ],
)
def test_a_path_has_a_line(tree: Branch, path: tuple[str | int, ...], line: int) -> None:
    """That of the deepest part of it that exists."""
    assert locate(tree, path).line == line


def test_what_is_not_there_is_not_found(tree: Branch) -> None:
    """Neither by a missing key nor by an index out of range or below zero."""
    assert find(tree, ("a", "b", 1, "c")) is not None
    assert [find(tree, path) for path in [("x",), ("a", "b", 2), ("a", "b", -1), ("a", 0), ("a", "b", 0, "x")]] == [
        None
    ] * 5
