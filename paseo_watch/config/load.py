"""The one way in: `load(paths, environ) -> Config`."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from paseo_watch.config import secrets
from paseo_watch.config.check import check
from paseo_watch.config.explain import explain
from paseo_watch.config.layers import gather
from paseo_watch.config.model import Config, build
from paseo_watch.config.places import anchor
from paseo_watch.config.problem import ConfigError, KeyPath, Place, Problem, key_text
from paseo_watch.config.shape import Shape
from paseo_watch.config.tree import Branch, Node, Scalar, find, locate, plain
from paseo_watch.sinks.registry import SINKS
from paseo_watch.watchers.registry import WATCHERS


def load(
    paths: Sequence[Path] | None,
    environ: Mapping[str, str],
    *,
    working: Path | None = None,
    model: type[Config] | None = None,
) -> Config:
    """The configuration in these files and folders, side by side; the built-in one for none.

    `working` is what relative `paths`, and the built-in's own, are relative to (default: the working directory).
    `model` is `model.build(...)` for other registries than this version's. Raises ConfigError with every problem.
    """
    model = model or build(SINKS, WATCHERS)
    shape = _shape(model)
    root, problems = gather(paths or (), _absolute(working or Path()))
    node = anchor(secrets.fill(root, shape, environ, problems), shape)
    config = _validated(model, node, shape, problems)
    if config is not None:
        findings = check(config, shape)
        problems += [_finding(node, shape, path, message) for path, message in findings]
    if problems or config is None:
        raise ConfigError(_in_order(problems))
    return config


def _absolute(folder: Path) -> Path:
    try:
        return folder.absolute()
    except OSError as error:
        message = "the working directory is gone; start from one that exists"
        raise ConfigError([Problem(Place(str(folder)), (), message)]) from error


@cache
def _shape(model: type[Config]) -> Shape:
    return Shape.of(model.model_json_schema())


def _validated(model: type[Config], node: Node, shape: Shape, problems: list[Problem]) -> Config | None:
    try:
        return model.model_validate(plain(node))
    except ValidationError as error:
        # What is already known to be wrong at a key is not told a second time in other words.
        known = {problem.key for problem in problems}
        problems += [one for one in explain(error, node, shape) if not {one.key, secrets.twin(one.key)} & known]
        return None


def _finding(root: Node, shape: Shape, path: KeyPath, message: str) -> Problem:
    node = find(root, path)
    told = secrets.hidden(node, shape.at(path), message) if node else message
    return Problem(locate(root, path), path, told + _taken_away(root, node, path))


def _taken_away(root: Node, named: Node | None, path: KeyPath) -> str:
    """Where the name that is unknown at a path was known until a file took it away, which is the file to mend."""
    for section in ("chains", "accounts"):
        names = find(root, (section,))
        if isinstance(names, Branch) and isinstance(named, Scalar) and named.value in names.taken:
            place = names.taken[str(named.value)].place
            mend = "" if locate(root, path).file == place.file else f"; give {key_text(path[:2])} of your own"
            return f" ({place} takes it away{mend})"
    return ""


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.place.file, problem.place.line or 0))
