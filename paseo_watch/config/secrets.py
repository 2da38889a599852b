"""`${NAME}` and `*_file`: text that comes from the environment or a file, and is never shown.

`${NAME}` stands in any text and is replaced by the environment variable (`$${` is a plain `${`). Any secret key `token`
may be given as `token_file` instead: a file whose whole text, without the line end at its end, is the secret. What was
put in is not looked at again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from paseo_watch.config.problem import ConfigError, KeyPath, Problem, quoted
from paseo_watch.config.shape import Shape, map_scalars
from paseo_watch.config.source import read_text
from paseo_watch.config.tree import Branch, Entry, Items, Node, Scalar

MAX_SECRET_BYTES = 64 * 1024
_TWIN = "_file"
_TELLING = 6  # characters of a secret that tell something of it
_WITHHELD = "wrong; more cannot be said without showing a secret"
_REFERENCE = re.compile(r"(\$)?\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def fill(root: Node, shape: Shape, environ: Mapping[str, str], problems: list[Problem]) -> Node:
    """The tree with everything put in; what cannot be had is a problem, and its scalar stays as it was."""

    def expanded(scalar: Scalar, _: Shape, path: KeyPath) -> Scalar:
        return _expanded(scalar, path, environ, problems)

    return _Twins(problems).filled(map_scalars(root, shape, expanded), shape, ())


def _expanded(scalar: Scalar, path: KeyPath, environ: Mapping[str, str], problems: list[Problem]) -> Scalar:
    text = scalar.value
    if not isinstance(text, str) or "${" not in text:
        return scalar
    wrong: list[str] = []
    used: list[str] = []

    def put_in(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        complaint = _complaint(found, environ)
        (wrong if complaint else used).append(complaint or found[2])
        return found[0] if complaint else environ[found[2]]

    value = _REFERENCE.sub(put_in, text)
    problems.extend(Problem(scalar.mark.place, path, complaint) for complaint in dict.fromkeys(wrong))
    return scalar if wrong else replace(scalar, value=value, secret=scalar.secret or bool(used))


def _complaint(found: re.Match[str], environ: Mapping[str, str]) -> str | None:
    name = found[2]
    if not found[3]:
        return "${ without its }; write $${ for a plain ${"
    if not _NAME.fullmatch(name):
        return f"{quoted(name)} is no name of an environment variable; expected ${{NAME}} ($${{ for a plain ${{)"
    if name not in environ:
        return f"the environment variable {name} is not set"
    if any("\ud800" <= c <= "\udfff" for c in environ[name]):  # how Python reads bytes that are not UTF-8
        return f"the environment variable {name} is not UTF-8 text"
    return None


@dataclass(frozen=True, slots=True)
class _Twins:
    problems: list[Problem]

    def filled(self, node: Node, shape: Shape, path: KeyPath) -> Node:
        if isinstance(node, Items):
            nodes = (self.filled(child, shape.at((i,)), (*path, i)) for i, child in enumerate(node.nodes))
            return replace(node, nodes=tuple(nodes))
        if isinstance(node, Branch):
            return replace(node, entries=dict(self._entry(node, shape, path, key) for key in node.entries))
        return node

    def _entry(self, branch: Branch, shape: Shape, path: KeyPath, key: str) -> tuple[str, Entry]:
        entry = branch.entries[key]
        plain_key = key.removesuffix(_TWIN)
        if plain_key == key or key in shape.keys or not shape.at((plain_key,)).secret:
            return key, replace(entry, node=self.filled(entry.node, shape.at((key,)), (*path, key)))
        if plain_key in branch.entries:
            first = branch.entries[plain_key].mark.place
            self._note(entry, (*path, key), f"{plain_key} is also given ({first}); expected one of the two")
            return key, entry
        return self._read(entry, (*path, key), key, plain_key)

    def _read(self, entry: Entry, path: KeyPath, key: str, plain_key: str) -> tuple[str, Entry]:
        if not isinstance(entry.node, Scalar) or not isinstance(entry.node.value, str) or not entry.node.value:
            self._note(entry, path, "expected the path of a file with the secret")
            return key, entry
        try:
            path_of_secret = entry.mark.source.folder / entry.node.value
            text = read_text(path_of_secret, entry.mark.place, MAX_SECRET_BYTES).rstrip("\r\n")
        except ConfigError as error:
            shown = "" if entry.node.secret else f" {quoted(entry.node.value)}"
            self._note(entry, path, f"the file{shown}: {error.problems[0].message}")
            return key, entry
        if not text:
            self._note(entry, path, "the file is empty; expected the secret")
            return key, entry
        return plain_key, replace(entry, node=Scalar(entry.mark, text, secret=True))

    def _note(self, entry: Entry, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(entry.mark.place, path, message))


def twin(path: KeyPath) -> KeyPath:
    """The path of the key that names a file instead."""
    return (*path[:-1], f"{path[-1]}{_TWIN}") if path else path


def hidden(node: Node, shape: Shape, message: str) -> str:
    """The message without any secret that stands at or below this node."""
    values: set[str] = set()

    def collect(scalar: Scalar, here: Shape, _: KeyPath) -> Scalar:
        if scalar.value is not None and (scalar.secret or here.secret):
            values.add(str(scalar.value))
        return scalar

    map_scalars(node, shape, collect)
    spellings = {spelling for value in values - {""} for spelling in (value, quoted(value)[1:-1], repr(value)[1:-1])}
    for spelling in sorted(spellings, key=len, reverse=True):
        message = message.replace(spelling, "***")
    return _WITHHELD if any(_repeats(message, value) for value in values) else message


def _repeats(message: str, secret: str) -> bool:
    """Whether a part of the secret still stands there: it was cut or written in another way."""
    return any(message[start : start + _TELLING] in secret for start in range(len(message) - _TELLING + 1))
