"""Relative paths, made absolute: each is relative to the file that names it."""

import os
import re
from dataclasses import replace

from paseo_watch.config.problem import KeyPath
from paseo_watch.config.shape import Shape, map_scalars
from paseo_watch.config.tree import Node, Scalar

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SQLITE = "sqlite:///"


def anchor(root: Node, shape: Shape) -> Node:
    """The tree with every path absolute: formats `path`, `path-or-url` (a URL is left alone) and `store-url`."""
    return map_scalars(root, shape, _anchored)


def _anchored(scalar: Scalar, shape: Shape, _: KeyPath) -> Scalar:
    text = scalar.value
    if not isinstance(text, str) or not text:
        return scalar
    if "path" in shape.formats or ("path-or-url" in shape.formats and not _URL.match(text)):
        return replace(scalar, value=_absolute(scalar, text))
    if "store-url" in shape.formats and text.startswith(_SQLITE) and text != _SQLITE:
        return replace(scalar, value=_SQLITE + _absolute(scalar, text.removeprefix(_SQLITE)))
    return scalar


def _absolute(scalar: Scalar, text: str) -> str:
    return os.path.normpath(scalar.mark.source.folder / text)
