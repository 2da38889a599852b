"""Real messages in a Matrix client (Hydrogen, on a real Synapse) and in Discord's components, photographed.

PASEO_WATCH_PICTURES=docs puts the pictures of docs/messages.md there; else they go to a temporary folder.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.sinks.render.embed import embed
from paseo_watch.sinks.render.html import html
from paseo_watch.sinks.render.message import Message, message
from paseo_watch.sinks.render.text import text
from paseo_watch.sinks.render.times import parsed
from tests.data import REPOSITORY, missing
from tests.node_packages import packages
from tests.synapse import running_synapse

EXPLORER = "https://paseo.example/"
REPLAYED = REPOSITORY / "tests" / "replay"
CHOSEN = (
    ("relay-2026", 10, "large-move", "event"),
    ("relay-2026", 13, "validator-offline", "firing"),
    ("relay-2026", 24, "faucet-low", "resolved"),
    ("relay-2024", 1_000_005, "referendum", "event"),
)
"""Recording, block, rule and status; of several the second, which of the referenda is the one that failed."""
WIDTHS = {"": 720, "-phone": 390}


def messages() -> list[Message]:
    """Some of the alerts of the replayed chains, with links as an explorer's templates make them, told soon after."""
    return [_message({**alert, "links": _links(alert)}) for alert in (_chosen(*each) for each in CHOSEN)]


def _chosen(recording: str, block: int, rule: str, status: str) -> dict[str, Any]:
    alerts = [json.loads(line) for line in (REPLAYED / f"{recording}.jsonl").read_text().splitlines()]
    found = [
        alert for alert in alerts if (alert["block"]["number"], alert["rule"], alert["status"]) == (block, rule, status)
    ]
    return found[min(1, len(found) - 1)]


def _message(alert: dict[str, Any]) -> Message:
    seconds = parsed(alert["block"]["time"])
    assert seconds is not None
    return message(alert, (seconds + 25) * 1000)


def _links(alert: dict[str, Any]) -> list[str]:
    place = f"extrinsic/{alert['extrinsic']}" if alert["extrinsic"] else f"block/{alert['block']['number']}"
    account = alert["data"].get("account", alert["data"].get("validator"))
    return [f"{EXPLORER}{place}", *([f"{EXPLORER}account/{account}"] if account else [])]


def look(page: str, width: int, wanted: dict[str, Any], waits_for: str, picture: Path, home: Path) -> dict[str, Any]:
    """Show it, photograph it, and what stood there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("no Chromium here: apt-get install chromium")
    order = {
        "chromium": chromium,
        "width": width,
        "page": page,
        "wanted": wanted,
        "text": waits_for,
        "picture": str(picture),
    }
    done = subprocess.run(
        ["node", "look.mjs"],
        cwd=packages("e2e/looks"),
        input=json.dumps(order),
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(home)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def picture(name: str, tmp_path: Path) -> Path:
    """Where a picture goes."""
    return Path(os.environ.get("PASEO_WATCH_PICTURES", tmp_path)).absolute() / f"message-{name}.png"


def check(seen: dict[str, Any], shown: list[Message], taken: Path) -> None:
    """No error in the page's console, every fact in the document, no link but those to the explorer, a picture."""
    assert seen["console"] == []
    for each in shown:
        facts = [each.title, each.where.spot, *(figure.value for figure in each.figures)]
        facts += [fact for person in each.people for fact in (person.address, person.name, person.amount)]
        read = seen["text"].replace("\u200b", "")
        assert [fact for fact in (*facts, *each.short_lines) if fact not in read] == []
        for link in each.every_link:
            assert link.url in {href for href, _ in seen["links"]}
    assert {href for href, _ in seen["links"] if not href.startswith(("http://127.0.0.1", EXPLORER))} == set()
    assert 5_000 < taken.stat().st_size < 200_000


@pytest.mark.parametrize("size", WIDTHS)
def test_a_matrix_client_shows_every_fact(size: str, tmp_path: Path) -> None:
    """Hydrogen logs in and reads the room."""
    shown, taken = messages(), picture(f"matrix{size}", tmp_path)
    with running_synapse(tmp_path / "synapse") as synapse:
        bot, alice = synapse.register("paseo-watch"), synapse.register("alice")
        room = bot.create_room(invite=[alice.id])
        alice.join(room)
        for number, each in enumerate(shown):
            content = {"msgtype": "m.text", "body": text(each)}
            content |= {"format": "org.matrix.custom.html", "formatted_body": html(each)}
            bot.call("PUT", f"/rooms/{room}/send/m.room.message/{number}", content)
        wanted = {"homeserver": synapse.url, "user": "alice", "password": alice.password, "room": room}
        check(look("hydrogen", WIDTHS[size], wanted, shown[-1].title, taken, tmp_path), shown, taken)


@pytest.mark.parametrize("size", WIDTHS)
def test_discords_components_show_every_fact(size: str, tmp_path: Path) -> None:
    """The embeds, their Markdown read by a parser of Discord's dialect."""
    shown, taken = messages(), picture(f"discord{size}", tmp_path)
    wanted = {"embeds": [embed(each, each.id).embed for each in shown]}
    check(look("discord", WIDTHS[size], wanted, shown[-1].short_lines[0], taken, tmp_path), shown, taken)
