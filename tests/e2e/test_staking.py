"""Validators on real runtimes: the relay of 2024 on Chopsticks, with sessions, eras, chills and a slash by the runtime.

What is expected is what @polkadot/api saw in the same blocks (`chopsticks.staking`) and what stands in the headers.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.store import facts
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from tests.chopsticks import RELAY_2024, Chopsticks, spec_file
from tests.e2e.chopsticks.service import Watch
from tests.e2e.chopsticks.staking import Chilled, EraPaid, NewSession, Slashed, SlashReported, Staking
from tests.polkadot_api import Driver

pytestmark = pytest.mark.usefixtures("only_our_decoder")

FAUCET = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
AUTHORS = (0, 1, 2, 3, 4, 5)


@pytest.fixture(name="staking")
def played_staking(hands: Driver, specs: Path, tmp_path: Path) -> Iterator[Staking]:
    """A chain on which everything has happened."""
    log = tmp_path / "chopsticks.log"
    with Chopsticks.start(spec_file(RELAY_2024, specs), hands, log, authors=AUTHORS) as chain:
        staking = Staking(chain)
        staking.begin()
        first = staking.validators()
        staking.new_session()
        staking.replace_set(first[1:])
        newcomer = staking.join("//Valerie")
        staking.new_era([*first[2:], newcomer])
        staking.chill("//Valerie")
        staking.slash(first[6:10])
        yield staking


def told(alerts: list[Mapping[str, Any]], rule: str) -> list[Mapping[str, Any]]:
    return [alert for alert in alerts if alert["rule"] == rule]


def keys(accounts: list[Mapping[str, Any]]) -> set[str]:
    return {each["account_key"] for each in accounts}


async def test_sessions_sets_eras_chills_and_slashes_are_told_as_the_runtime_made_them(
    staking: Staking, tmp_path: Path
) -> None:
    """Each at its block, with its figures; blocks are counted to who made them."""
    chain = staking.chain
    watch = Watch(tmp_path, chain.url, FAUCET, watch="{ validators: { sessions: true, offline_sessions: 100 } }")
    last = await asyncio.to_thread(chain.height)
    summary = await watch.follow(1, last)
    assert not any(summary.holes.values())
    alerts = watch.alerts()

    sessions = [each for each in staking.said if isinstance(each, NewSession)]
    ended = [(alert["block"]["number"], alert["data"]["session"]) for alert in told(alerts, "session")]
    assert ended == [(each.block, each.session - 1) for each in sessions]
    changed = [each for each in sessions if set(each.before) != set(each.after)]
    assert len(changed) >= 2
    sets = told(alerts, "active-set")
    assert [alert["block"]["number"] for alert in sets] == [each.block for each in changed]
    for alert, each in zip(sets, changed, strict=True):
        assert keys(alert["data"]["joined"]) == set(each.after) - set(each.before)
        assert keys(alert["data"]["left"]) == set(each.before) - set(each.after)

    chilled: dict[int, set[str]] = {}
    for each in staking.said:
        if isinstance(each, Chilled):
            chilled.setdefault(each.block, set()).add(each.stash)
    assert chilled
    alone = told(alerts, "validator-chilled")
    assert {alert["block"]["number"]: keys(alert["data"]["chilled"]) for alert in alone} == chilled
    assert len(alone) == len(chilled)
    eras = [(each.block, each.era, str(each.payout)) for each in staking.said if isinstance(each, EraPaid)]
    assert eras
    paid = [(alert["block"]["number"], alert["data"]["era"], alert["data"]["payout"]) for alert in told(alerts, "era")]
    assert paid == eras
    _punished(staking, alerts)
    await _authored(staking, tmp_path)


def _punished(staking: Staking, alerts: list[Mapping[str, Any]]) -> None:
    """Reported, each for itself; slashed, all of a block together."""
    reported = [(each.block, each.stash, each.fraction) for each in staking.said if isinstance(each, SlashReported)]
    offences = [alert for alert in told(alerts, "offence") if "validator_key" in alert["data"]]
    assert reported
    assert [
        (alert["block"]["number"], alert["data"]["validator_key"], alert["data"]["fraction"]) for alert in offences
    ] == reported
    slashed: dict[int, dict[str, int]] = {}
    for each in staking.said:
        if isinstance(each, Slashed):
            of_block = slashed.setdefault(each.block, {})
            of_block[each.account] = of_block.get(each.account, 0) + each.amount
    assert slashed
    assert {
        alert["block"]["number"]: {leg["account_key"]: int(leg["amount"]) for leg in alert["data"]["legs"]}
        for alert in told(alerts, "slash")
    } == slashed


async def _authored(staking: Staking, folder: Path) -> None:
    """The rows of every session that is over, against the headers and the sets at their blocks."""
    over = max(each.session for each in staking.said if isinstance(each, NewSession))
    truth = await asyncio.to_thread(_authors, staking)
    async with await Database.open(f"sqlite:///{folder / 'watch.db'}", Access.READER) as database:
        rows = await database.run(lambda conn: facts.read(conn, 1, "validators", "validator-session"))
    counted = {(row["session"], row["validator_key"]): row["authored"] for _, row in rows if row["authored"]}
    assert counted == {which: count for which, count in truth.items() if which[0] < over}


def _authors(staking: Staking) -> Counter[tuple[int, str]]:
    """Blocks by session and author, as the headers have them."""
    chain, found = staking.chain, Counter[tuple[int, str]]()
    for number in range(1, chain.height() + 1):
        block = chain.block_hash(number)
        session = int(chain.query("Session", "CurrentIndex", block=block))
        (place,) = map(_authority, chain.rpc("chain_getHeader", block)["digest"]["logs"])
        found[session, staking.keys_at(block)[place]] += 1
    return found


def _authority(log: str) -> int:
    """The u32 behind the kind of BABE's pre-digest, which follows engine and length (two bytes from 64 on)."""
    raw = bytes.fromhex(log[2:])
    assert raw.startswith(b"\x06BABE")
    at = 5 + (2 if raw[5] & 3 else 1)
    return int.from_bytes(raw[at + 1 : at + 5], "little")
