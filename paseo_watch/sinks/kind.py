"""What the registry holds of each sink, and what the composition root hands to all of them."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TextIO

import aiohttp
from pydantic import BaseModel, ConfigDict

from paseo_watch.clock import Clock
from paseo_watch.sinks.sink import Sink


class SinkOptions(BaseModel):
    """What every sink's options are: frozen, an unknown key is an error, and no error repeats what was given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    def conflict(self, other: Self, receiver: str) -> str | None:
        """What is wrong with these beside the options of another receiver, of this name; None where nothing is."""
        return None


@dataclass(frozen=True, slots=True)
class SinkSetting:
    """Shared things that a sink may need.

    `session` makes an HTTP session that the caller owns and closes. `stream` is where the console sink writes,
    `output` and `colour` are how. `accounts` holds what sinks of one account share (a login, a rate limit), by a key
    of theirs: the first that is built puts it there.
    """

    session: Callable[[], aiohttp.ClientSession]
    stream: TextIO
    output: Literal["text", "json"]
    colour: bool
    clock: Clock
    accounts: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SinkKind:
    """One kind of sink: its key in the configuration, its options, and how it is built from them."""

    kind: str
    options: type[SinkOptions]
    build: Callable[[Any, SinkSetting], Sink]
