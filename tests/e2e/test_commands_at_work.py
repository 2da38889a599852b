"""The commands that do the main job, each as a subprocess: run, demo, record, replay, backtest."""

import asyncio
import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator

from paseo_watch.recording.recording import read
from tests.data import REPOSITORY
from tests.e2e.command_line import SCRIPT, TOKEN, Ended, finished, started
from tests.e2e.command_stage import (
    LAST,
    MOVES,
    Hook,
    lines_of,
    names_in,
    recorded_node,
    recording,
    serving,
    shipped_file,
    write_config,
)


def blocks(ended: Ended) -> list[int]:
    """The heights that alerts on standard output are about."""
    return [alert["block"]["number"] for alert in ended.alerts]


async def fetched(address: str) -> str:
    """Status and body of a page of the running service."""
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return f"{answer.status} {await answer.text()}"


async def test_run_tells_what_happens_ends_on_sigterm_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """The second run, by the installed script and ended by Ctrl-C, tells the rest and nothing again."""
    run = ("run", "-c", "config.yaml", "--output", "json", "--log-level", "debug")
    async with recorded_node(released=12) as (node, chain):
        write_config(tmp_path, node.url)
        async with started(*run, folder=tmp_path) as service:
            await service.says(lambda: len(service.out) == 2)
            page = (await service.logs("the status page is at ")).split()[-1]
            for path in ("/", "/metrics", "/readyz"):
                shown = await fetched(page + path)
                assert shown.startswith("200 ")
                assert TOKEN not in shown
            first = await service.end(signal.SIGTERM)
        chain.advance(LAST)
        async with started(*run, folder=tmp_path, command=SCRIPT) as service:
            await service.says(lambda: len(service.out) == 2)
            filed = [json.loads(line) for line in await lines_of(tmp_path / "alerts.jsonl", len(MOVES))]
            second = await service.end(signal.SIGINT)
    assert (first.code, second.code) == (0, 0)
    assert blocks(first) + blocks(second) == MOVES
    assert first.err.splitlines()[-1].endswith("ended by a signal; everything is committed or untouched")
    assert filed == first.alerts + second.alerts


async def test_run_logs_json_where_asked(tmp_path: Path) -> None:
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url)
        async with started("run", "-c", "config.yaml", "--log-format", "json", folder=tmp_path) as service:
            await service.logs("the status page is at ")
            ended = await service.end(signal.SIGTERM)
    entries = [json.loads(line) for line in ended.err.splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, entries))


async def test_the_heartbeat_beats_and_sigterm_does_not_wait_for_a_webhook_that_hangs(tmp_path: Path) -> None:
    """A send under way gets some seconds; then the service ends all the same, and the delivery stays pending."""
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        hook.answers.clear()
        beat = f'heartbeat: {{url: "{hook.url}/{TOKEN}", every: 1h}}'
        write_config(tmp_path, node.url, hook=hook.url, to="team", tail=beat)
        async with started("run", "-c", "config.yaml", "--log-level", "debug", folder=tmp_path) as service:
            await hook.until(lambda: hook.beats == 1 and len(hook.taken) == 1)
            before = time.monotonic()
            ended = await service.end(signal.SIGTERM)
        took = time.monotonic() - before
        hook.answers.set()
    assert ended.code == 0
    assert took < 10  # the contract's limit, and twice what it takes
    pending = await finished("outbox", "list", "--status", "pending", "-c", "config.yaml", folder=tmp_path)
    assert pending.out.splitlines()[-1] == "4 deliveries"


async def test_what_a_watcher_is_blind_to_is_on_the_page_and_in_the_metrics(tmp_path: Path) -> None:
    """A cap whose whitelist was never there judges nobody, and says so."""
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url, rule="cap: 5000 PAS, whitelist: none.yml", to="team")
        async with started("run", "-c", "config.yaml", folder=tmp_path) as service:
            page = (await service.logs("the status page is at ")).split()[-1]
            await service.logs("was not loaded")
            done = 'height{chain="relay",view="processed"} 31.0'
            while done not in (shown := await fetched(page + "/metrics")):
                await asyncio.sleep(0.05)  # the service tells nobody that it has caught up
            assert 'paseo_watch_watcher_blind{chain="relay",watcher="balances"} 1.0' in shown
            assert 'paseo_watch_watcher_blind{chain="relay",watcher="service"} 0.0' in shown
            assert "rule large-move: its whitelist never arrived" in await fetched(page)
            await service.end(signal.SIGTERM)


async def test_a_second_service_on_the_same_store_is_refused(tmp_path: Path) -> None:
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url)
        async with started("run", "-c", "config.yaml", folder=tmp_path) as service:
            await service.logs("the status page is at ")
            second = await finished("run", "-c", "config.yaml", folder=tmp_path)
    assert (second.code, second.out) == (1, "")
    assert "store.db" in second.err.splitlines()[0]


async def test_demo_once_plays_to_the_end_and_sums_up(tmp_path: Path) -> None:
    ended = await finished("demo", "--once", folder=tmp_path)
    assert ended.code == 0
    assert "12,345.678 PAS moved" in ended.out
    summary = ended.out.splitlines()[-3:]
    assert summary[0].startswith("39 blocks of relay, relay-2024 in ")
    assert summary[1] == (
        "59 alerts: 1 × active-set event (relay), 1 × core-accounts event (relay), 1 × faucet-low firing (relay), "
        "1 × faucet-low resolved (relay), 4 × large-move event (relay), 3 × policy-cap firing (relay), "
        "3 × policy-cap resolved (relay), 4 × session event (relay), 1 × validator-offline firing (relay), "
        "1 × validator-offline resolved (relay), 39 × referendum event (relay-2024)"
    )
    assert summary[2] == "deliveries: 59 done to console"
    assert names_in(tmp_path) == set()


async def test_each_line_of_demo_as_json_is_an_alert_by_the_schema(tmp_path: Path) -> None:
    ended = await finished("demo", "--once", "--output", "json", folder=tmp_path)
    judge = Draft202012Validator(json.loads((REPOSITORY / "docs" / "alert.schema.json").read_text()))
    for alert in ended.alerts:
        judge.validate(alert)
    assert len(ended.alerts) == 59
    assert "39 blocks of relay, relay-2024" in ended.err
    assert ended.code == 0


async def test_demo_shows_its_page_until_ctrl_c(tmp_path: Path) -> None:
    """At the chain's own pace there is something to look at for as long as one likes."""
    async with started("demo", "--speed", "1000", "--listen", "127.0.0.1:0", folder=tmp_path) as service:
        await service.says(lambda: any("PAS moved" in line for line in service.out))
        page = (await service.logs("the status page is at ")).split()[-1]
        assert "relay" in await fetched(page)
        ended = await service.end(signal.SIGINT)
    assert ended.code == 0


async def test_demo_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = await finished("demo", "--listen", address, folder=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    last = ended.err.splitlines()[-1]
    assert last.startswith(f"paseo-watch: cannot listen on {address}: ")
    assert last.endswith("; stop what listens there, or name another with --listen")


async def test_what_is_recorded_of_a_node_replays_as_the_node_was(tmp_path: Path) -> None:
    """The copy holds the same blocks, and its replay the same alerts under the same ids."""
    async with recorded_node() as (node, _):
        write_config(tmp_path, "ws://127.0.0.1:1")
        wish = ("--chain", "relay", "--url", f"{node.url}/{TOKEN}", "--from", "5", "--to", "20")
        recorded = await finished("record", *wish, "copy.rec.xz", "-c", "config.yaml", folder=tmp_path)
    assert recorded.code == 0, recorded.err
    copy = read(tmp_path / "copy.rec.xz")
    assert recorded.out == f"copy.rec.xz: 16 blocks, {(tmp_path / 'copy.rec.xz').stat().st_size:,} bytes\n"
    assert "16/16 blocks" in recorded.err
    assert [block.hash for block in copy.blocks] == [b.hash for b in recording().blocks if 5 <= b.number <= 20]

    replay = ("replay", "-c", "config.yaml", "--output", "json")
    ours = await finished(*replay, "copy.rec.xz", folder=tmp_path)
    whole = await finished(*replay, shipped_file(), folder=tmp_path)
    assert (ours.code, whole.code) == (0, 0)
    assert blocks(whole) == MOVES
    assert ours.alerts == [alert for alert in whole.alerts if 5 <= alert["block"]["number"] <= 20]
    assert ours.alerts
    assert not (tmp_path / "alerts.jsonl").exists()  # a replay delivers nothing


async def test_a_recording_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    """Block 32 is never finalized; Ctrl-C ends the waiting."""
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url)
        wish = ("--chain", "relay", "--from", "31", "--to", "32", "-c", "config.yaml")
        async with started("record", *wish, "part.rec.xz", folder=tmp_path) as service:
            await service.logs("1/2 blocks")
            ended = await service.end(signal.SIGINT)
    assert (ended.code, ended.out) == (1, "")
    assert names_in(tmp_path) == {"config.yaml"}


async def test_replay_shows_alerts_for_people_and_a_summary(tmp_path: Path) -> None:
    write_config(tmp_path, "ws://127.0.0.1:1")
    ended = await finished("replay", shipped_file(), "-c", "config.yaml", folder=tmp_path)
    assert ended.code == 0
    assert [line.split("relay ")[1] for line in ended.out.splitlines() if "▲" in line] == [
        "#7  12,345.678 PAS moved",
        "#10  12,000 PAS moved",
        "#17  11,500 PAS moved",
        "#27  10,000 PAS moved",
    ]
    assert ended.out.splitlines()[-1] == "deliveries: 4 done to console"


async def test_replay_decides_no_block_before_the_whitelist_is_there(tmp_path: Path) -> None:
    """Of those over the cap, the one on the list is not told; without the list the rule would be blind to all.

    The list is a pipe that says nothing until all blocks would be over, were they not held back.
    """
    address = "5F7Xsr2pzRDfZi2a7YQsh5UxksVZ3apWS4W6dDv8mxuyV5oJ"  # the stranger, who holds too much from block 7 to 17
    os.mkfifo(tmp_path / "list.yml")
    write_config(tmp_path, "ws://127.0.0.1:1", rule="cap: 5000 PAS, whitelist: list.yml")
    replay = ("replay", shipped_file(), "-c", "config.yaml", "--output", "json")
    async with started(*replay, folder=tmp_path) as service:
        pipe = await asyncio.to_thread((tmp_path / "list.yml").open, "w")  # returns when the service reads
        await asyncio.sleep(1)  # decides nothing where blocks wait; long enough for them where they do not
        with pipe:
            pipe.write(f"whitelist:\n  - name: Stranger\n    address: {address}\n")
        ended = await service.end()
    over: list[Any] = [alert for alert in ended.alerts if alert["status"] == "firing"]
    assert ended.code == 0
    assert 14 in {alert["block"]["number"] for alert in over}
    assert address not in {alert["data"]["account"] for alert in over}


async def test_a_whitelist_that_cannot_be_loaded_is_told_and_holds_nothing_up(tmp_path: Path) -> None:
    write_config(tmp_path, "ws://127.0.0.1:1", rule="cap: 5000 PAS, whitelist: none.yml")
    ended = await finished("replay", shipped_file(), "-c", "config.yaml", "--output", "json", folder=tmp_path)
    assert (ended.code, ended.alerts) == (0, [])
    assert "whitelist:large-move was not loaded" in ended.err
    assert "30 blocks of relay" in ended.err


async def test_backtest_goes_over_the_wished_blocks_of_a_node_and_no_others(tmp_path: Path) -> None:
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url)
        wish = ("--chain", "relay", "--from", "8", "--to", "17", "--output", "json")
        ended = await finished("backtest", *wish, "-c", "config.yaml", folder=tmp_path)
    assert ended.code == 0
    assert blocks(ended) == [10, 17]
    assert "10/10 blocks" in ended.err
    assert ended.err.splitlines()[-1] == "deliveries: 2 done to console"
    assert names_in(tmp_path) <= {"config.yaml", "cache"}


async def test_backtest_says_at_once_what_it_cannot_have(tmp_path: Path) -> None:
    """A block that is not finalized yet is wrong input, a node that is not there a failure. Neither is waited for."""
    wish = ("backtest", "--chain", "relay", "--from", "30", "-c", "config.yaml")
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url)
        beyond = await finished(*wish, "--to", "32", folder=tmp_path)
    absent = await finished(*wish, "--to", "31", folder=tmp_path)
    assert (beyond.code, beyond.err) == (2, "paseo-watch: --to 32: the finalized head of relay is #31\n")
    assert absent.code == 1
    assert absent.err.splitlines()[-1].startswith("paseo-watch: no endpoint could answer: ")


async def test_replay_refuses_a_recording_that_lacks_what_the_rules_read(tmp_path: Path) -> None:
    """Else every block would be a hole, and nobody would know why."""
    write_config(
        tmp_path, "ws://127.0.0.1:1", rule="accounts: [5E7B1NX8onz25xVEexjJQTgB5YwTKpcLdtw9eRJDuT8EvNHU], below: 5 PAS"
    )
    ended = await finished("replay", shipped_file(), "-c", "config.yaml", folder=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "lacks 1 of the values that the rules of this configuration read at every block" in ended.err


async def test_what_the_rules_read_at_every_block_is_recorded(tmp_path: Path) -> None:
    """The faucet of the shipped recording is read at each of its blocks, though most of them do not touch it."""
    faucet = "5GyCxk6xuhpKY4KeZvWBwAVrvfn52Rwkmpi68RZk3zGpGF4L"
    write_config(tmp_path, "ws://127.0.0.1:1", rule=f"accounts: [{faucet}], below: 1000 PAS")
    async with recorded_node() as (node, _):
        wish = ("--chain", "relay", "--url", f"{node.url}/{TOKEN}", "--from", "12", "--to", "26")
        recorded = await finished("record", *wish, "copy.rec.xz", "-c", "config.yaml", folder=tmp_path)
    assert recorded.code == 0, recorded.err
    ended = await finished("replay", "copy.rec.xz", "-c", "config.yaml", "--output", "json", folder=tmp_path)
    assert [(alert["block"]["number"], alert["status"]) for alert in ended.alerts] == [(15, "firing"), (24, "resolved")]
