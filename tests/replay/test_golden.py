"""The whole pipeline over the shipped recording: every line as it was, and what it says checked against the story.

The story is tests/e2e/chopsticks/record_demo.py; STORY is worked out from it by hand, in PAS and before fees.
"""

import os
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from tests.e2e.command_line import Ended, finished

GOLDEN = Path(__file__).parent / "relay-2026.jsonl"
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


@pytest.fixture(name="environ")
def demo_environ(tmp_path: Path) -> dict[str, str]:
    """What the demo's configuration takes from the environment; a replay uses none of it but the folder."""
    return {"DEMO_RELAY": "ws://127.0.0.1:1", "DEMO_FOLDER": str(tmp_path), "DEMO_LISTEN": "127.0.0.1:0"}


async def replay(folder: Path, environ: dict[str, str]) -> Ended:
    """The shipped recording under the demo's rules."""
    with as_file(files("paseo_watch.recording") / "data") as data:
        recording, rules = data / "relay-2026.rec.xz", data / "demo.yaml"
        return await finished("replay", recording, "-c", rules, "--output", "json", folder=folder, environ=environ)


async def test_the_shipped_recording_says_what_it_said_line_by_line(tmp_path: Path, environ: dict[str, str]) -> None:
    """Ids included: they depend on the chain and the rules alone."""
    ended = await replay(tmp_path, environ)
    assert ended.code == 0, ended.err
    if os.environ.get("PASEO_WATCH_RENEW_GOLDEN") == "1":
        GOLDEN.write_text(ended.out)
    assert ended.out.splitlines() == GOLDEN.read_text().splitlines()


def test_what_it_says_is_the_story_that_was_recorded() -> None:
    """Each alert at its block, with its amount, and nothing else: neither the 9,999.99 nor the transfer that failed."""
    alerts = Ended(0, GOLDEN.read_text(), "").alerts
    told = [(alert["block"]["number"], alert["rule"], alert["status"]) for alert in alerts]
    assert told == [(block, rule, status) for block, rule, status, _ in STORY]
    for alert, (_, rule, _, expected) in zip(alerts, STORY, strict=True):
        data = alert["data"]
        if "amount" in data:
            assert int(data["amount"]) == round(expected * PAS)
        else:
            paid = round(expected * PAS) - int(data["balance"])
            assert 0 <= paid < FEES, rule


def test_every_alert_has_an_id_of_its_own() -> None:
    alerts = Ended(0, GOLDEN.read_text(), "").alerts
    assert len({alert["id"] for alert in alerts}) == len(alerts)
