"""Plays every life of a referendum, then sessions, eras, chills and slashes, and prints what @polkadot/api saw.

python -m tests.e2e.chopsticks.try_lives
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chopsticks import RELAY_2024, RELAY_2026, Chopsticks, spec_file
from tests.e2e.chopsticks.referenda import Referenda
from tests.e2e.chopsticks.staking import NewSession, Staking
from tests.polkadot_api import Driver, driver


@contextmanager
def told(title: str, chain: Chopsticks, said: Sequence[Any]) -> Iterator[None]:
    """Print what is said meanwhile, and how many blocks and seconds it took."""
    known, height, started = len(said), chain.height(), time.monotonic()
    yield
    print(f"{title}: {chain.height() - height} blocks, {time.monotonic() - started:.1f} s")
    for item in said[known:]:
        print("   ", in_short(item))


def in_short(item: Any) -> str:
    """One line; of a validator set its size, and who came and went."""
    if isinstance(item, NewSession):
        came, went = set(item.after) - set(item.before), set(item.before) - set(item.after)
        sizes = f"{len(item.before)} -> {len(item.after)}"
        return (
            f"NewSession(block={item.block}, session={item.session}, {sizes}, came={came or '-'}, went={went or '-'})"
        )
    return str(item)


def play_referenda(chain: Chopsticks) -> None:
    """All lives, one after another."""
    referenda = Referenda(chain)
    referenda.begin()
    for life in (
        referenda.executed,
        referenda.executed_from_preimage,
        referenda.execution_failed,
        referenda.call_unavailable,
        referenda.rejected,
        referenda.timed_out,
        referenda.cancelled,
        referenda.killed,
        referenda.confirmation_aborted,
        referenda.two_in_one_block,
        referenda.side_by_side,
    ):
        with told(life.__name__, chain, referenda.said):
            life()
    print("calls", referenda.calls)
    print("errors", referenda.errors)
    print("last tallies", {index: tally for (_, index), tally in sorted(referenda.tallies.items())})


def play_staking(chain: Chopsticks) -> None:
    """A session, a smaller set, an election that fails, an era with a new validator, chills and a slash."""
    staking = Staking(chain)
    staking.begin()
    first = staking.validators()
    with told("a new session", chain, staking.said):
        staking.new_session()
    with told("a set without the first", chain, staking.said):
        staking.replace_set(first[1:])
    with told("a failed election", chain, staking.said):
        staking.failed_election()
    with told("a new validator", chain, staking.said):
        newcomer = staking.join("//Valerie")
    with told("a new era with it, without the second", chain, staking.said):
        staking.new_era([*first[2:], newcomer])
    with told("it chills, and so does another", chain, staking.said):
        staking.chill("//Valerie")
        staking.chill(first[5])
    with told("four are slashed", chain, staking.said):
        staking.slash(first[6:10])


def play_today(chain: Chopsticks) -> None:
    """What of it today's relay can do."""
    staking = Staking(chain)
    with told("a new session today", chain, staking.said):
        staking.new_session()
    with told("a smaller set today", chain, staking.said):
        staking.replace_set(staking.validators()[1:])


def main(hands: Driver, folder: Path) -> None:
    """Play everything, on one chain after the other."""
    started = time.monotonic()
    with Chopsticks.start(spec_file(RELAY_2024, folder), hands, folder / "2024.log") as chain:
        print(f"the chain of 2024 runs after {time.monotonic() - started:.0f} s")
        play_referenda(chain)
        play_staking(chain)
    with Chopsticks.start(spec_file(RELAY_2026, folder), hands, folder / "2026.log") as chain:
        play_today(chain)
    print(f"{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, driver(Path(scratch) / "driver.log") as running:
        main(running, Path(scratch))
