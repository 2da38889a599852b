"""Blocks and watchers for the tests of the pipeline: each block moves its own number."""

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b

from paseo_watch.chain.block import Block, BlockRef, ChainId, Hole, SpecVersion
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    ConditionObservation,
    EventObservation,
    Fact,
    Input,
    Json,
    Loaded,
    Needs,
    Observation,
    State,
    Step,
    Tick,
    Wants,
    Watcher,
)
from tests.tiny_runtime import metadata

CHAIN = ChainId("relay", b"\x37" * 32)
DESTINATIONS = {"team": ["memory", "file"], "archive": ["file"]}


@cache
def runtime() -> Runtime:
    """The tiny one."""
    return Runtime.from_metadata(metadata())


def hash_of(number: int) -> bytes:
    """Of the one chain that these tests know."""
    return blake2b(str(number).encode(), digest_size=32).digest()


def ref(number: int) -> BlockRef:
    return BlockRef(number, hash_of(number))


def block(number: int, *, late: bool = False) -> Block:
    """Time goes on by six seconds a block."""
    moved = Event(0, 0, "Balances", "Transfer", {"from": b"", "to": b"", "amount": number})
    time_ms = 1_700_000_000_000 + 6000 * number
    spec = SpecVersion("tiny", 1)
    return Block(CHAIN, number, hash_of(number), hash_of(number - 1), time_ms, spec, runtime(), [moved], {}, late=late)


def hole(number: int) -> Hole:
    return Hole(CHAIN, number, hash_of(number), "undecodable", "for a test", b"\xff")


class Counting(Watcher):
    """Tells every block, counts them in its state, and holds a condition while the number is odd.

    `asks` is what it wants of every block; `name` also names its rules.
    """

    name = ""
    rules: frozenset[str] = frozenset()

    def __init__(self, name: str = "counting", asks: Wants | None = None) -> None:
        self.name = name
        self.asks = asks or Wants()
        self.rules = frozenset({f"{name}-odd"})
        self.seen: list[Input] = []
        self.answers: list[Answers] = []

    def needs(self, runtime: Runtime) -> Needs:
        return Needs()

    def obsolete(self, state: State) -> frozenset[str]:
        """Everything under another name's odd."""
        return frozenset(key for key in state if key.startswith("odd/") and key != f"odd/{self.name}")

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        return self.asks

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        self.seen.append(input)
        self.answers.append(answers)
        match input:
            case Block():
                return Step(
                    self._told(input), self._counted(state, input), facts=(Fact("seen", f"{input.number:04}", {}),)
                )
            case Tick():
                return Step((), {"ticks": state.get("ticks", 0) + 1}, ("it cannot see in the dark",))
            case Loaded():
                return Step((), {"loaded": input.content})
        return Step()

    def _counted(self, state: State, block: Block) -> Mapping[str, Json]:
        counted = {"count": state.get("count", 0) + 1, "sum": state.get("sum", 0) + block.number}
        return {**counted, f"odd/{self.name}": block.number if block.number % 2 else None}

    def _told(self, block: Block) -> tuple[Observation, ...]:
        told = EventObservation(
            rule=f"{self.name}-block",
            severity="info",
            key="0",
            title=f"Block {block.number}",
            text="",
            labels={},
            data={"number": block.number},
        )
        odd = ConditionObservation(
            rule=f"{self.name}-odd",
            severity="warning",
            active=block.number % 2 == 1,
            key="number",
            title="Odd" if block.number % 2 else "Even",
            text="",
            labels={"which": "number"},
            data={"number": block.number},
        )
        return told, odd
