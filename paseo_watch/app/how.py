"""How a service is run, beside what its configuration says: the parts that a command or a test chooses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TextIO

from paseo_watch.clock import Clock, SystemClock
from paseo_watch.steps import Listener, nobody


@dataclass(frozen=True, slots=True)
class How:
    """`until` names for each chain the last block of a run that ends (`{}`: it goes on for ever).

    `on_blocks` hears how many blocks each
    commit brought. `console_only` sends every alert to the console and nothing anywhere else: replays and backtests.
    """

    stream: TextIO
    output: Literal["text", "json"] = "text"
    colour: bool = False
    clock: Clock = field(default_factory=SystemClock)
    steps: Listener = nobody
    until: Mapping[str, int] = field(default_factory=dict)
    console_only: bool = False
    on_blocks: Callable[[int], None] = lambda count: None
