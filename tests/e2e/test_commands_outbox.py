"""`outbox` beside a running service: what died is told elsewhere, listed, mended, tried again and delivered."""

import json
import signal
from pathlib import Path

from tests.e2e.command_line import Running, finished, started
from tests.e2e.command_stage import MOVES, Hook, lines_of, recorded_node, serving, write_config


async def listed(folder: Path, status: str) -> list[str]:
    """What `outbox list --status ...` prints."""
    ended = await finished("outbox", "list", "--status", status, "-c", "config.yaml", folder=folder)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


async def dead_and_told(service: Running, folder: Path, hook: Hook) -> list[str]:
    """Wait until every alert was refused by the webhook and the other receiver was told of it once; the refused ids."""
    await service.logs("the status page is at ")
    alerts = [json.loads(line) for line in await lines_of(folder / "alerts.jsonl", 1)]
    await hook.until(lambda: len(hook.refused) == len(MOVES))
    assert {alert["rule"] for alert in alerts} == {"delivery-dead"}
    assert alerts[0]["data"]["delivery"] == next(iter(hook.refused))
    assert set(hook.refused.values()) == {1}  # what can never succeed is not tried again by itself
    return list(hook.refused)


async def test_what_died_is_told_listed_and_delivered_after_a_retry_while_the_service_runs(tmp_path: Path) -> None:
    """A webhook that answers 422 and is mended; each alert then arrives once, under the id that it had."""
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        hook.status = 422
        write_config(tmp_path, node.url, hook=hook.url, to="team", archive="file: {path: alerts.jsonl}")
        async with started("run", "-c", "config.yaml", "--log-level", "debug", folder=tmp_path) as service:
            dead = await dead_and_told(service, tmp_path, hook)
            while len(shown := await listed(tmp_path, "dead")) <= len(MOVES):
                assert service.process.returncode is None
            assert [line.split()[0] for line in shown[:-1]] == dead[::-1]  # newest first
            assert all("team/webhook" in line and "422" in line for line in shown[:-1])
            assert shown[-1] == "4 deliveries"

            hook.status = 200
            one = await finished("outbox", "retry", dead[0], "-c", "config.yaml", folder=tmp_path)
            assert (one.code, one.out) == (0, "1 deliveries are pending again\n")
            await hook.until(lambda: len(hook.taken) == 1)
            rest = await finished("outbox", "retry", "-c", "config.yaml", folder=tmp_path)
            assert (rest.code, rest.out) == (0, "3 deliveries are pending again\n")
            await hook.until(lambda: len(hook.taken) == len(MOVES))
            ended = await service.end(signal.SIGTERM)
        assert ended.code == 0
        assert hook.taken == dead
        assert await listed(tmp_path, "dead") == ["0 deliveries"]
        told = len((tmp_path / "alerts.jsonl").read_text().splitlines())  # 1, or 2 where an hour of the clock begins
        assert (await listed(tmp_path, "all"))[-1] == f"{len(MOVES) + told} deliveries"

        none = await finished("outbox", "retry", "0" * 32, "-c", "config.yaml", folder=tmp_path)
        assert (none.code, none.out) == (2, "0 deliveries are pending again\n")
        assert none.err == f"paseo-watch: {'0' * 32}: there is no such delivery\n"
        done = await finished("outbox", "retry", dead[0], "-c", "config.yaml", folder=tmp_path)
        assert (done.code, done.err) == (2, f"paseo-watch: {dead[0]} is done, not dead\n")


async def test_a_webhook_that_is_gone_is_told_elsewhere_and_its_alerts_wait(tmp_path: Path) -> None:
    """A 404 is no alert's fault: none dies of it."""
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        hook.status = 404
        write_config(tmp_path, node.url, hook=hook.url, to="team", archive="file: {path: alerts.jsonl}")
        async with started("run", "-c", "config.yaml", "--log-level", "debug", folder=tmp_path) as service:
            await service.logs("the status page is at ")
            (alert,) = (json.loads(line) for line in await lines_of(tmp_path / "alerts.jsonl", 1))
            assert (alert["rule"], alert["status"]) == ("receiver-refused", "firing")
            assert alert["labels"]["receiver"] == "team"
            assert "answered 404" in alert["text"]
            while len(waiting := await listed(tmp_path, "pending")) <= len(MOVES):
                assert service.process.returncode is None
            assert waiting[-1] == f"{len(MOVES)} deliveries"
            assert (await service.end(signal.SIGTERM)).code == 0
        assert set(hook.refused.values()) == {1}  # it is asked once a minute


async def test_without_a_store_it_says_what_makes_one(tmp_path: Path) -> None:
    """And makes none itself: reading is no reason to create a database."""
    write_config(tmp_path, "ws://127.0.0.1:1")
    ended = await finished("outbox", "list", "-c", "config.yaml", folder=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.rstrip().endswith("store.db: there is no such store yet; `paseo-watch run` creates it")
    assert not (tmp_path / "store.db").exists()
