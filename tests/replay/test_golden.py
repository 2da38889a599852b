"""The whole pipeline over the shipped recordings: every line as it was, and what it says checked against the stories.

The stories are those of tests/e2e/chopsticks/record_demo.py; STORY is worked out from them by hand, in PAS and before
fees, VALIDATORS and REFERENDA likewise.
"""

import os
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import Ended, finished

FOLDER = Path(__file__).parent
RECORDINGS = ("relay-2026", "relay-2024")
PAS = 10**10
FEES = PAS // 10  # more than anybody in the story pays in fees, and less than anything else that happens

STORY = [
    # block, rule, status, PAS: what moved, or what the account holds then
    (7, "large-move", "event", 12_345.678),
    (7, "policy-cap", "firing", 40 + 12_345.678),  # the stranger
    (10, "large-move", "event", 3 * 4_000),  # a batch
    (14, "policy-cap", "firing", 4_800 + 400),  # the hoarder
    (15, "faucet-low", "firing", 1_250 - 3 * 100),
    (17, "large-move", "event", 11_500),  # root takes the stranger's hoard
    (17, "core-accounts", "event", 11_500),  # to the treasury
    (17, "policy-cap", "resolved", 40 + 12_345.678 - 11_500),
    (21, "policy-cap", "resolved", 4_800 + 400 - 900),
    (24, "faucet-low", "resolved", 1_250 - 4 * 100 + 2_500),
    (27, "large-move", "event", 10_000),  # exactly the threshold, to Bob
    (27, "policy-cap", "firing", 1_200 + 25 - 12 + 2 + 31 + 900 - 20 + 10_000),
    (29, "policy-cap", "resolved", 1_200 + 25 - 12 + 2 + 31 + 900 - 20 + 10_000 - 9_000),  # his 9,000 are no large move
]

VALIDATORS = [
    # block, rule, status, session, blocks authored, votes given and missed, of a session that ended
    (8, "session", "event", 0, 6, 0, 0),  # its first block was before the recording; the chain keeps no votes of it
    (13, "session", "event", 1, 5, 15, 5),  # three of four voted in each block behind the first, and in the next first
    (13, "validator-offline", "firing", 1, None, None, None),  # two sessions in which the fourth was silent
    (18, "session", "event", 2, 5, 15, 5),
    (21, "validator-offline", "resolved", 3, None, None, None),
    (26, "active-set", "event", 4, None, None, None),
    (26, "session", "event", 3, 8, 30, 2),
]

LIVES = {
    # referendum: what becomes of it, in order
    0: ["submitted", "deposit_placed", "deciding", "confirming", "approved", "executed"],
    1: ["submitted", "deposit_placed", "deciding", "confirming", "approved", "execution_failed"],
    2: ["submitted", "deposit_placed", "deciding", "confirming", "approved", "call_unavailable"],
    3: ["submitted", "deposit_placed", "deciding", "rejected"],
    4: ["submitted", "timed_out"],
    5: ["submitted", "deposit_placed", "cancelled"],
    6: ["submitted", "deposit_placed", "deciding", "killed"],
    7: [
        "submitted",
        "deposit_placed",
        "deciding",
        "confirming",
        "confirm_aborted",
        "confirming",
        "approved",
        "executed",
    ],
}


@pytest.fixture(name="environ")
def demo_environ(tmp_path: Path) -> dict[str, str]:
    """What the demo's configuration takes from the environment; a replay uses none of it but the folder."""
    nodes = dict.fromkeys(("DEMO_RELAY", "DEMO_RELAY_2024"), "ws://127.0.0.1:1")
    return {**nodes, "DEMO_FOLDER": str(tmp_path), "DEMO_LISTEN": "127.0.0.1:0"}


async def replay(name: str, folder: Path, environ: dict[str, str]) -> Ended:
    """A shipped recording under the demo's rules."""
    with as_file(files("paseo_watch.recording") / "data") as data:
        recording, rules = data / f"{name}.rec.xz", data / "demo.yaml"
        return await finished("replay", recording, "-c", rules, "--output", "json", folder=folder, environ=environ)


def golden(name: str) -> Path:
    return FOLDER / f"{name}.jsonl"


def alerts_of(name: str, watcher: str) -> list[dict[str, Any]]:
    """What one watcher says of a recording."""
    return [alert for alert in Ended(0, golden(name).read_text(), "").alerts if alert["watcher"] == watcher]


def heading(alert: Mapping[str, Any]) -> tuple[int, str, str]:
    return alert["block"]["number"], alert["rule"], alert["status"]


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_shipped_recording_says_what_it_said_line_by_line(
    name: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    """Ids included: they depend on the chain and the rules alone."""
    ended = await replay(name, tmp_path, environ)
    assert ended.code == 0, ended.err
    if os.environ.get("PASEO_WATCH_RENEW_GOLDEN") == "1":
        golden(name).write_text(ended.out)
    assert ended.out.splitlines() == golden(name).read_text().splitlines()


def test_what_it_says_of_balances_is_the_story_that_was_recorded() -> None:
    """Each alert at its block, with its amount, and nothing else: neither the 9,999.99 nor the transfer that failed."""
    alerts = alerts_of("relay-2026", "balances")
    assert [heading(alert) for alert in alerts] == [tuple(line[:3]) for line in STORY]
    for alert, (_, rule, _, expected) in zip(alerts, STORY, strict=True):
        data = alert["data"]
        if "amount" in data:
            assert int(data["amount"]) == round(expected * PAS)
        else:
            paid = round(expected * PAS) - int(data["balance"])
            assert 0 <= paid < FEES, rule


def test_what_it_says_of_validators_is_the_story_that_was_recorded() -> None:
    """Sessions by their figures, the one that was silent, and the one that left."""
    alerts = sorted(alerts_of("relay-2026", "validators"), key=heading)
    assert [heading(alert) for alert in alerts] == [line[:3] for line in VALIDATORS]
    for alert, (_, rule, _, session, *figures) in zip(alerts, VALIDATORS, strict=True):
        data = alert["data"]
        assert data["session"] == session
        if rule == "session":
            assert [data["authored"], data["votes"], data["missed_votes"]] == figures
        if rule == "validator-offline":
            assert data["validator_name"] == "validator-four"
    (changed,) = (alert["data"] for alert in alerts if alert["rule"] == "active-set")
    assert [each["account_name"] for each in changed["left"]] == ["validator-two"]
    assert (changed["joined"], changed["validators"]) == ([], 3)


def test_what_it_says_of_referenda_is_each_ones_life() -> None:
    """Eight side by side, in the order in which it went; what two of them failed with."""
    alerts = alerts_of("relay-2024", "opengov")
    lives: dict[int, list[str]] = {}
    for alert in alerts:
        lives.setdefault(alert["data"]["referendum"], []).append(alert["data"]["state"])
    assert lives == LIVES
    told = {(alert["data"]["referendum"], alert["data"]["state"]): alert["data"] for alert in alerts}
    assert told[1, "execution_failed"]["error"] == "Treasury.InsufficientPermission"
    assert told[0, "executed"]["calls"] == ["System.remark", "Balances.force_transfer"]
    assert told[2, "submitted"]["calls"] == []


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_alert_has_an_id_of_its_own(name: str) -> None:
    alerts = Ended(0, golden(name).read_text(), "").alerts
    assert len({alert["id"] for alert in alerts}) == len(alerts)
