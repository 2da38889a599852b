"""pydantic's errors in our words: at the line of the file, with what was expected, without what was given."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from paseo_watch.config.problem import KeyPath, Problem, one_of, quoted
from paseo_watch.config.secrets import hidden
from paseo_watch.config.shape import Shape
from paseo_watch.config.tree import Branch, Items, Node, Scalar, find, locate
from paseo_watch.errors import Expected

_OWN_WORDS = ("value_error", "assertion_error")
_SIZES = {
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length} of them",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
}

Details = Mapping[str, Any]


def explain(error: ValidationError, root: Node, shape: Shape) -> list[Problem]:
    """One problem a key: the errors of a union's alternatives become one."""
    details = _of_best_alternative(error.errors(include_url=False, include_input=False), root)
    located = [(_path(root, detail["loc"], detail["type"]) or (), detail) for detail in details]
    problems = []
    for path, group in groupby(located, key=lambda pair: pair[0]):
        problems.append(Problem(locate(root, path), path, _message([one for _, one in group], path, root, shape)))
    return problems


def unknown_key(key: str, known: Sequence[str], what: str = "key") -> str:
    """Says that a key is unknown, and which one may have been meant."""
    return f"unknown {what}; {nearest(key, known)}"


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant; all of them where none is near."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"expected {one_of(sorted(known))}" if known else "none is known here"


def _message(details: Sequence[Details], path: KeyPath, root: Node, shape: Shape) -> str:
    own = [detail for detail in details if detail["type"] in _OWN_WORDS]
    first = own[0] if own else details[0]
    here, node = shape.at(path), find(root, path)
    if first["type"] == "extra_forbidden":
        return unknown_key(str(path[-1]), shape.at(path[:-1]).keys, _what(path))
    if first["type"] == "missing":
        return f"missing; expected {here.expected}"
    if first["loc"][-1:] == ("[key]",) or first["type"] in _OWN_WORDS:
        words = _own_words(first)
        return (
            words
            if node is None or isinstance(first.get("ctx", {}).get("error"), Expected)
            else hidden(node, here, words)
        )
    if first["type"] in ("too_short", "string_too_short") and isinstance(node, Scalar) and node.value == "":
        return f"is empty; expected {here.expected}"
    if first["type"] in _SIZES:
        return f"expected {_SIZES[first['type']].format(**first.get('ctx', {}))}"
    return f"expected {here.expected}, found {_found(node, here)}{_hint(node, here)}"


def _what(path: KeyPath) -> str:
    match path:
        case ("watch", _):
            return "watcher"
        case ("receivers", int(), _):
            return "sink or key"
        case _:
            return "key"


def _own_words(detail: Details) -> str:
    cause = detail.get("ctx", {}).get("error")
    return " ".join(str(cause if cause is not None else detail["msg"]).split())


def _found(node: Node | None, shape: Shape) -> str:
    match node:
        case Branch():
            return "a mapping"
        case Items():
            return "a list"
        case Scalar(value=bool() as value):
            return "true" if value else "false"
        case Scalar(value=int() | float() as value):
            return "a number" if shape.secret else str(value)
        case Scalar(value=str() as value, secret=secret):
            return quoted(value) if shape.choices and not secret else "text"
        case _:
            return "nothing"


def _hint(node: Node | None, shape: Shape) -> str:
    is_text_wanted = any(one.get("type") == "string" and "const" not in one for one in shape.alternatives)
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and is_text_wanted:
        return "; put it in quotes"
    if isinstance(node, Scalar) and node.comment and is_text_wanted:
        return ": # begins a comment; put the value in quotes"
    return ""


def _path(node: Node | None, loc: tuple[str | int, ...], kind: str) -> KeyPath | None:
    """pydantic's location without the names of union members, which stand in no file."""
    if not loc:
        return None if kind in ("missing", "extra_forbidden") else ()
    head, rest = loc[0], loc[1:]
    below = find(node, (head,)) if node is not None else None
    if below is not None:
        inner = () if not rest else _path(below, rest, kind)
        if inner is not None and (rest or kind != "missing"):
            return (head, *inner)
    if kind == "missing" and not rest:
        return (head,) if isinstance(node, Branch) and below is None else None
    return _path(node, rest, kind)


def _of_best_alternative(details: Sequence[Details], root: Node) -> list[Details]:
    """Of the errors of a union's alternatives those of one: the alternative that came furthest with fewest errors."""
    kept = []
    for _, group in groupby(details, key=lambda detail: _union_at(detail, root)):
        alternatives: dict[object, list[Details]] = {}
        where = None
        for detail in group:
            where = _union_at(detail, root)
            alternatives.setdefault(detail["loc"][len(where)] if where is not None else None, []).append(detail)
        if where is None:
            kept += alternatives[None]
        else:
            kept += _best(list(alternatives.values()), len(where) + 1)
    return kept


def _best(alternatives: Sequence[list[Details]], depth: int) -> list[Details]:
    deep = [found for found in alternatives if any(len(detail["loc"]) > depth for detail in found)]
    if not deep:
        return [detail for found in alternatives for detail in found]
    return min(deep, key=len)


def _union_at(detail: Details, root: Node) -> tuple[str | int, ...] | None:
    """The location of the union that an error lies in: the part before the first that is in no file."""
    loc, node = detail["loc"], root
    for depth, part in enumerate(loc):
        below = find(node, (part,))
        if below is None:
            last = depth == len(loc) - 1
            in_mapping = isinstance(node, Branch) and detail["type"] == "missing" and last
            return None if in_mapping or part == "[key]" else loc[:depth]
        node = below
    return None
