"""`check --online` and `send-test`: what they say of receivers, alone and beside a running service."""

import json
import signal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.data import REPOSITORY
from tests.e2e.command_line import TOKEN, Ended, finished, started
from tests.e2e.command_stage import Hook, lines_of, names_in, recorded_node, recording, serving, write_config
from tests.e2e.kill.rooms import furnished

NOWHERE = "ws://127.0.0.1:1"
BOTH = "webhook: {{url: {hook}}}, file: {{path: team.jsonl}}"
QUEUED = "put into the queue of the service that holds the store"


async def check(folder: Path) -> Ended:
    """`check --online` on the folder's configuration."""
    return await finished("check", "--online", "-c", "config.yaml", folder=folder)


async def send(folder: Path, *words: str) -> Ended:
    """`send-test` on the folder's configuration."""
    return await finished("send-test", *words, "-c", "config.yaml", folder=folder)


async def test_check_online_asks_everything_sends_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        write_config(tmp_path, node.url, hook=hook.url)
        ended = await check(tmp_path)
    host = node.url.removeprefix("ws://")
    assert ended.out.splitlines()[1:] == [
        f"relay: {host}: 'paseo', paseo 2003001, finalized #31",
        f"team/webhook: host: {hook.url}",
        "archive/console: stream: open",
        f"archive/file: file: {tmp_path}/alerts.jsonl: can be written",
        f"store: sqlite:///{tmp_path}/store.db: not there yet; `paseo-watch run` makes it",
        "http: 127.0.0.1:0: free",
    ]
    assert (ended.code, ended.err, hook.taken) == (0, "", [])
    assert names_in(tmp_path) == {"config.yaml"}


async def test_check_online_says_what_does_not_answer_and_what_cannot_be_written(tmp_path: Path) -> None:
    """Another chain's node, none at all, no webhook, and a folder that does not exist; each is told, the code is 1."""
    more = f'  people: {{endpoints: ["{NOWHERE}/{TOKEN}"], start: 1, ss58_prefix: 42}}'
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url, genesis=f'"0x{"11" * 32}"', archive="file: {path: no/alerts.jsonl}", more=more)
        ended = await check(tmp_path)
    _, relay, people, team, archive, store, _ = ended.out.splitlines()
    assert relay.startswith("relay: 127.0.0.1:")
    assert "FAILED" in relay
    assert recording().about.genesis[:10] in relay
    assert people.startswith("people: 127.0.0.1:1: FAILED: cannot connect to 127.0.0.1:1")
    assert team == "team/webhook: host: FAILED: http://127.0.0.1:1: cannot connect (Connection refused)"
    assert archive == f"archive/file: file: FAILED: {tmp_path}/no/alerts.jsonl: its folder does not exist; create it"
    assert store.endswith("not there yet; `paseo-watch run` makes it")
    assert ended.code == 1


@pytest.mark.parametrize("problem", ["archive", "http"])
async def test_check_online_fails_for_each_single_problem(tmp_path: Path, problem: str) -> None:
    """One is enough, wherever it is."""
    archive = "file: {path: no/alerts.jsonl}" if problem == "archive" else "console: {}"
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        write_config(tmp_path, node.url, hook=hook.url, archive=archive)
        config = (tmp_path / "config.yaml").read_text()
        if problem == "http":
            config = config.replace('"127.0.0.1:0"', f'"{hook.url.removeprefix("http://")}"')
        (tmp_path / "config.yaml").write_text(config)
        ended = await check(tmp_path)
    (wrong,) = (line for line in ended.out.splitlines() if "FAILED" in line)
    assert wrong.startswith(problem)
    assert (ended.code, ended.err) == (1, "")


async def test_send_test_reaches_every_sink_and_leaves_nothing_to_a_later_run(tmp_path: Path) -> None:
    judge = Draft202012Validator(json.loads((REPOSITORY / "docs" / "alert.schema.json").read_text()))
    async with serving(Hook()) as hook:
        write_config(tmp_path, NOWHERE, hook=hook.url, team=f"console: {{{{}}}}, {BOTH}")
        ended = await send(tmp_path, "team", "--severity", "critical")
        assert len(hook.taken) == 1
    assert (ended.code, ended.err) == (0, "")
    assert "TEST: alerts reach team" in ended.out.splitlines()[0]
    told = [line.rpartition(" in ")[0] for line in ended.out.splitlines() if "delivered" in line]
    assert told == ["team/console: delivered", "team/file: delivered", "team/webhook: delivered"]
    (alert,) = map(json.loads, await lines_of(tmp_path / "team.jsonl", 1))
    judge.validate(alert)
    assert (alert["rule"], alert["severity"], alert["title"]) == ("send-test", "critical", "TEST: alerts reach team")
    listed = await finished("outbox", "list", "-c", "config.yaml", folder=tmp_path)
    assert listed.out == "0 deliveries\n"


async def test_send_test_says_what_does_not_arrive_while_the_rest_does(tmp_path: Path) -> None:
    """A webhook that is gone, and a file."""
    async with serving(Hook()) as hook:
        hook.status = 404
        write_config(tmp_path, NOWHERE, hook=hook.url, team=BOTH)
        ended = await send(tmp_path, "team")
    file, webhook = ended.out.splitlines()
    assert file.startswith("team/file: delivered in ")
    assert webhook == (
        f"team/webhook: FAILED: {hook.url}: answered 404; check the URL and the secret, or take the webhook away"
    )
    assert (ended.code, sum(hook.refused.values())) == (1, 1)


async def test_beside_a_running_service_both_work_and_disturb_nothing(tmp_path: Path) -> None:
    """The service holds the store, the file and the address; it delivers the test, and what it has to say itself."""
    async with recorded_node() as (node, _), serving(Hook()) as hook:
        write_config(tmp_path, node.url, hook=hook.url, team=BOTH)
        async with started("run", "-c", "config.yaml", folder=tmp_path) as service:
            page = (await service.logs("the status page is at ")).split()[-1]
            own = await lines_of(tmp_path / "alerts.jsonl", 4)
            config = (tmp_path / "config.yaml").read_text().replace("127.0.0.1:0", page.removeprefix("http://"))
            (tmp_path / "config.yaml").write_text(config)
            checked = await check(tmp_path)
            sent = await send(tmp_path, "team", "--severity", "warning")
            hook.status = 400
            refused = await send(tmp_path, "team", "--sink", "webhook")
            ended = await service.end(signal.SIGTERM)
        assert len(hook.taken) == 1
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.splitlines()[-2:] == [
        f"store: sqlite:///{tmp_path}/store.db: can be read",
        f"http: {page.removeprefix('http://')}: a running paseo-watch answers there",
    ]
    first, *lines = sent.out.splitlines()
    assert (sent.code, first) == (0, QUEUED)
    assert {line.rpartition(" in ")[0] for line in lines} == {"team/file: delivered", "team/webhook: delivered"}
    (alert,) = map(json.loads, await lines_of(tmp_path / "team.jsonl", 1))
    assert (alert["rule"], alert["severity"]) == ("send-test", "warning")
    assert (refused.code, refused.out.splitlines()[0]) == (1, QUEUED)
    assert refused.out.splitlines()[-1].startswith(f"team/webhook: FAILED: {hook.url}: answered 400")
    assert ended.code == 0
    told = [json.loads(line) for line in await lines_of(tmp_path / "alerts.jsonl", 5)]
    assert [alert["rule"] for alert in told] == ["large-move"] * 4 + ["delivery-dead"]
    assert len(own) == 4


async def test_matrix_and_discord_are_looked_at_and_tried_and_beside_the_service_too(tmp_path: Path) -> None:
    """A room, an encrypted one and a channel; then the bot is removed from the one and its token for the other gone."""
    told = []
    async with recorded_node() as (node, _), furnished(tmp_path) as rooms:
        team = rooms.team.replace("{", "{{").replace("}", "}}")
        write_config(tmp_path, node.url, team=team, archive=rooms.vault, rule="threshold: 100000000 PAS")
        told += [await check(tmp_path), await send(tmp_path, "team", "--severity", "critical")]
        told += [await send(tmp_path, "archive")]
        async with started("run", "-c", "config.yaml", folder=tmp_path) as service:
            await service.logs("the status page is at ")
            told += [await check(tmp_path), await send(tmp_path, "team")]
            await service.end(signal.SIGTERM)
        rooms.discord.world.token = None
        rooms.alice.call("POST", f"/rooms/{rooms.plain}/kick", {"user_id": rooms.bot.id})
        checked, sent = await check(tmp_path), await send(tmp_path, "team")
        room = [content["body"] for content in rooms.alice.messages(rooms.plain)]
        sealed = [seen.body or "" for seen in rooms.reader.read(rooms.sealed, 1)]
        embeds = [message["embeds"][0]["title"] for message in rooms.discord.world.messages[rooms.channel["id"]]]
    assert [ended.code for ended in told] == [0] * 5, told
    for looked in (told[0], told[3]):
        lines = looked.out.splitlines()
        assert {"team/matrix: membership: joined", "archive/matrix: membership: joined"} < set(lines)
        assert {line.split(": ")[1] for line in lines if line.startswith("team/discord: ")} >= {"token", "permissions"}
    for many, arrived in ((2, room), (2, embeds), (1, sealed)):
        assert sum("TEST" in text for text in arrived) == many, arrived
    for ended in (checked, sent):
        wrong = [line for line in ended.out.splitlines() if "FAILED" in line]
        assert [line.split(": ")[0] for line in wrong] == ["team/discord", "team/matrix"]
        assert "the token is not accepted" in wrong[0]
        assert "left the room, or was removed from it" in wrong[1]
        assert ended.code == 1
    assert sent.out.count("delivered in") == 1
    everything = "".join(ended.out + ended.err for ended in (*told, checked, sent))
    assert not [secret for secret in rooms.secrets if secret in everything]
