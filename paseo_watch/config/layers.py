"""Several files, one tree: `extends` lays a file over another, a folder or several `-c` stand side by side.

Over: mapping by mapping, lists and values replaced, null takes an inherited key away. Beside: two files that set one
key are an error that names both lines.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from paseo_watch.config.compose import compose
from paseo_watch.config.problem import ConfigError, KeyPath, Place, Problem, one_of, quoted
from paseo_watch.config.source import Source, builtin, builtin_names, folder_files, read
from paseo_watch.config.tree import Branch, Entry, Scalar, without

DEFAULT = "paseo"
MAX_EXTENDS = 16


def gather(paths: Sequence[Path], working: Path) -> tuple[Branch, list[Problem]]:
    """The whole tree for these files and folders; none at all is the built-in. Raises ConfigError."""
    problems: list[Problem] = []
    if not paths:
        return _composed(*builtin(DEFAULT, working), problems), problems
    files = [file for path in paths for file in _files(path, working)]
    documents = [_composed(*read(working / file, str(file)), problems) for file in files]
    top = reduce(lambda one, other: _beside(one, other, (), problems), documents)
    seen = tuple(os.path.realpath(working / file) for file in files)
    return _extended(top, seen, working, problems), problems


def _files(path: Path, working: Path) -> Iterator[Path]:
    if os.path.isdir(working / path):
        yield from (path / file.name for file in folder_files(working / path))
    else:
        yield path


def _composed(source: Source, text: str, problems: list[Problem]) -> Branch:
    branch, found = compose(source, text)
    problems.extend(found)
    return branch


def _extended(top: Branch, seen: tuple[str, ...], working: Path, problems: list[Problem]) -> Branch:
    entry = top.entries.get("extends")
    if entry is None:
        return top
    source, text, identity = _base(entry, working)
    if identity in seen or len(seen) > MAX_EXTENDS:
        raise _at(entry, "a circle: this file is already part of this configuration")
    base = _extended(_composed(source, text, problems), (*seen, identity), working, problems)
    return _over(base, without(top, "extends"))


def _base(entry: Entry, working: Path) -> tuple[Source, str, str]:
    name = entry.node.value if isinstance(entry.node, Scalar) else None
    if not isinstance(name, str) or not name or "\0" in name:
        raise _at(entry, f"expected a file name or a built-in configuration ({one_of(builtin_names())})")
    if name in builtin_names():
        return *builtin(name, working), name
    path = entry.mark.source.folder / name
    if not os.path.isfile(path):
        known = one_of(builtin_names())
        raise _at(entry, f"no such file: {quoted(name)}; expected a file or a built-in configuration ({known})")
    return *read(path, str(_nearby(path, working))), os.path.realpath(path)


def _nearby(path: Path, working: Path) -> Path:
    return path.relative_to(working) if path.is_relative_to(working) else path


def _at(entry: Entry, message: str) -> ConfigError:
    return ConfigError([Problem(entry.mark.place, ("extends",), message)])


def _over(base: Branch, top: Branch) -> Branch:
    entries, taken = dict(base.entries), {**base.taken, **top.taken}
    for key, entry in top.entries.items():
        under = entries.pop(key, None)
        if under is None:
            entries[key] = entry
        elif isinstance(entry.node, Branch) and isinstance(under.node, Branch):
            entries[key] = replace(entry, node=_over(under.node, entry.node))
        elif isinstance(entry.node, Scalar) and entry.node.value is None:
            taken[key] = entry.mark
        else:
            entries[key] = entry
    return replace(top, entries=entries, taken=taken)


def _beside(one: Branch, other: Branch, path: KeyPath, problems: list[Problem]) -> Branch:
    entries = dict(one.entries)
    for key, entry in other.entries.items():
        first, here = entries.get(key), (*path, key)
        if first is None:
            entries[key] = entry
        elif isinstance(first.node, Branch) and isinstance(entry.node, Branch):
            entries[key] = replace(first, node=_beside(first.node, entry.node, here, problems))
        else:
            problems.append(_twice(entry.mark.place, here, first.mark.place))
    return replace(one, entries=entries)


def _twice(place: Place, path: KeyPath, first: Place) -> Problem:
    return Problem(place, path, f"also set in {first}; set it in one of the two files")
