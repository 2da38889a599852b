"""Relative paths."""

from pathlib import Path

import pytest

from paseo_watch.config.compose import compose
from paseo_watch.config.places import anchor
from paseo_watch.config.shape import Shape
from paseo_watch.config.source import Source
from paseo_watch.config.tree import plain


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("path", "a.txt", "/conf/a.txt"),
        ("path", "../a.txt", "/a.txt"),
        ("path", "./x//y", "/conf/x/y"),
        ("path", "/abs", "/abs"),
        ("path", "''", ""),
        ("path", "https://x/y", "/conf/https:/x/y"),
        ("path-or-url", "a.txt", "/conf/a.txt"),
        ("path-or-url", "https://x/y", "https://x/y"),
        ("store-url", "sqlite:///a.db", "sqlite:////conf/a.db"),
        ("store-url", "sqlite:////abs.db", "sqlite:////abs.db"),
        ("store-url", "sqlite:///", "sqlite:///"),
        ("store-url", "postgresql://h/d", "postgresql://h/d"),
        ("other", "a.txt", "a.txt"),
    ],
)
def test_a_path_is_relative_to_the_file_that_names_it(form: str, text: str, value: str) -> None:
    """URLs, other texts and absolute paths stay what they are."""
    shape = Shape.of({"properties": {"p": {"type": "string", "format": form}}})
    tree, _ = compose(Source("c.yaml", Path("/conf")), f"p: {text}")
    assert plain(anchor(tree, shape)) == {"p": value}


def test_what_is_no_text_is_left_for_the_model_to_refuse() -> None:
    """Numbers and nothing where a path belongs."""
    shape = Shape.of({"additionalProperties": {"format": "path"}})
    tree, _ = compose(Source("c.yaml", Path("/conf")), "a: 5\nb:\nc: [x]")
    assert plain(anchor(tree, shape)) == {"a": 5, "b": None, "c": ["x"]}
