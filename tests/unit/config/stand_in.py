"""Registries for these tests alone, so that no message here depends on a sink's or a watcher's wording."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from paseo_watch.chain.units import Amount
from paseo_watch.config.load import load
from paseo_watch.config.model import Config, build
from paseo_watch.config.problem import ConfigError
from paseo_watch.sinks.registry import SinkKind, SinkOptions
from paseo_watch.watchers.registry import WatcherKind

Account = Annotated[str, Field(json_schema_extra={"format": "account"})]
ChainName = Annotated[str, Field(json_schema_extra={"format": "chain"})]


class Silent(SinkOptions):
    pass


class OnDisk(SinkOptions):
    path: Path


class OverTheWire(SinkOptions):
    url: SecretStr
    secret: SecretStr | None = Field(None, min_length=1)
    timeout: float = Field(10.0, gt=0, le=60)

    def conflict(self, other: Self, receiver: str) -> str | None:
        return f"signs otherwise than {receiver}" if (self.url, self.secret) == (other.url, None) else None


class Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    severity: Literal["info", "warning", "critical"] = "warning"
    threshold: Amount | None = None
    exclude: tuple[Account, ...] = ()
    chains: tuple[ChainName, ...] = ()
    whitelist: Annotated[str, Field(json_schema_extra={"format": "path-or-url"})] | None = None


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sessions: int = Field(3, ge=1)


def _nothing(*_: object) -> None:
    raise AssertionError("no configuration builds anything")


@cache
def model() -> type[Config]:
    """The model over the stand-in registries."""
    sinks = {"console": Silent, "file": OnDisk, "webhook": OverTheWire}
    watchers = {"moves": tuple[Rule, ...], "patience": Patience}
    return build(
        {kind: SinkKind(kind, options, _nothing) for kind, options in sinks.items()},
        {name: WatcherKind(name, options, _nothing, _nothing) for name, options in watchers.items()},
    )


def loaded(folder: Path, *names: str, environ: Mapping[str, str] | None = None) -> Config:
    """These files of the folder, loaded as if the folder were the working directory."""
    return load([Path(name) for name in names], environ or {}, working=folder, model=model())


def refused(folder: Path, *names: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The problems of these files, one a line; an empty list where they load."""
    try:
        loaded(folder, *names, environ=environ)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def written(folder: Path, files: Mapping[str, str]) -> None:
    """Put these texts into files of the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


WHOLE = """\
chains:
  relay: { endpoints: ["wss://node.example"] }
receivers:
  - name: ops
    console: {}
route: { receiver: ops }
"""
"""The least that loads."""
