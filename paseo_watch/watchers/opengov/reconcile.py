"""Looking at all referenda, whatever events said: which are due at a block.

State rows: `round` {"ms", "after"}: when the last round began, by the chain's clock, and the referendum that it has
come to (null when it is over). `scan/<pallet>` {"next", "base"}: the first index that was never looked at, and how many
there were when we began: those below `base` existed before and are noted in silence, those above were missed.

A round begins at the first block of a new store and whenever ten minutes have passed on the chain's clock: so also
after a stop that was longer. It takes AT_ONCE referenda a block, in one request.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from paseo_watch.chain.block import Block
from paseo_watch.watchers.opengov.row import PREFIX, Row, which
from paseo_watch.watchers.watcher import Json, State

EVERY_MS = 600_000
AT_ONCE = 400  # referenda in one request; nodes take many more keys
BLOCK_MS = 6_000  # for a chain without a clock
DAY_MS = 86_400_000
KEPT_MS = 30 * DAY_MS  # how long an ended referendum is remembered: a hole that heals later may repeat it
WAITING_MS = 800 * DAY_MS  # the same for an approved one that is yet to be executed: some are enacted much later
ROUND = "round"

Which = tuple[str, int]


def scan_key(pallet: str) -> str:
    """The state key of how far an instance was looked through."""
    return f"scan/{pallet}"


def clock_ms(block: Block) -> int:
    """The chain's clock, or what stands for it."""
    return block.number * BLOCK_MS if block.time_ms is None else block.time_ms


def due(state: State, block: Block, counts: Mapping[str, int]) -> list[Which]:
    """What to look at in this block's state, in order; `counts` says how many referenda each live instance has had."""
    if not is_open(state, block):
        return []
    after = _after(state)
    found = (each for pallet in sorted(counts) for each in _of(state, pallet, counts[pallet]))
    return list(islice((each for each in found if after is None or each > after), AT_ONCE))


def advanced(state: State, block: Block, counts: Mapping[str, int], looked_at: Sequence[Which]) -> dict[str, Json]:
    """The changes behind a part of a round: how far it came, and what need not be remembered any longer."""
    began = clock_ms(block) if not _is_under_way(state) else state[ROUND]["ms"]
    over = len(looked_at) < AT_ONCE
    changes: dict[str, Json] = {ROUND: {"ms": began, "after": None if over else list(looked_at[-1])}}
    for pallet, count in counts.items():
        known = state.get(scan_key(pallet), {"next": 0, "base": count})
        seen = [index + 1 for name, index in looked_at if name == pallet]
        ahead = count if over else max([known["next"], *seen])
        after = {"next": max(ahead, known["next"]), "base": known["base"]}
        if state.get(scan_key(pallet)) != after:
            changes[scan_key(pallet)] = after
    if over:
        changes |= dict.fromkeys(_old(state, clock_ms(block)))
    return changes


def is_open(state: State, block: Block) -> bool:
    """Whether this block belongs to a round, though there may be nothing left to look at."""
    return not block.late and (_is_due(state, block) or _is_under_way(state))


def is_new(state: State, which: Which) -> bool:
    """Whether a referendum that nothing is remembered of began after we did."""
    scan = state.get(scan_key(which[0]))
    return scan is not None and which[1] >= scan["base"]


def _is_under_way(state: State) -> bool:
    return ROUND in state and state[ROUND]["after"] is not None


def _is_due(state: State, block: Block) -> bool:
    return ROUND not in state or abs(clock_ms(block) - state[ROUND]["ms"]) >= EVERY_MS


def _after(state: State) -> Which | None:
    if not _is_under_way(state):
        return None
    pallet, index = state[ROUND]["after"]
    return pallet, index


def _of(state: State, pallet: str, count: int) -> Iterator[Which]:
    """Those that go on, and those that were never looked at, by index."""
    first = state.get(scan_key(pallet), {"next": 0})["next"]
    prefix = f"{PREFIX}{pallet}/"
    going_on = sorted(
        index
        for pallet_, index in (which(key) for key in state if key.startswith(prefix))
        if (row := Row.of(state, pallet_, index)) is not None and row.goes_on and index < count
    )
    yield from ((pallet, index) for index in going_on if index < first)
    for index in range(first, count):
        row = Row.of(state, pallet, index)
        if row is None or row.goes_on:
            yield pallet, index


def _old(state: State, now_ms: int) -> Iterator[str]:
    for key in state:
        if key.startswith(PREFIX):
            row = Row.of(state, *which(key))
            kept_ms = WAITING_MS if row is not None and row.phase == "approved" else KEPT_MS
            if row is not None and row.ended_ms is not None and now_ms - row.ended_ms > kept_ms:
                yield key
