"""One suite over every sink: what the outbox may expect of each, whatever is behind it."""

import asyncio
import fcntl
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from paseo_watch.sinks.console import ConsoleOptions, ConsoleSink
from paseo_watch.sinks.discord.bot import BotSink
from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.discord.webhook import WebhookSink as DiscordWebhookSink
from paseo_watch.sinks.file import FileOptions, FileSink
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.sinks.render.embed import marker
from paseo_watch.sinks.sink import Delivery, SendFailed, SendRefused, Sink, SinkRefused
from paseo_watch.sinks.webhook import WebhookOptions, WebhookSink
from tests.discord_stand_in.faults import Fault
from tests.discord_stand_in.server import StandIn
from tests.discord_stand_in.world import TOKEN
from tests.unit.sinks.matrix.homeserver import DEVICE, Homeserver, failure
from tests.unit.sinks.matrix.homeserver import TOKEN as TOKEN_OF_BOT
from tests.unit.sinks.matrix.samples import options as matrix_options
from tests.unit.sinks.samples import delivery
from tests.unit.sinks.settings import setting, terminal, written

SECRET = SecretStr("between us")


@dataclass
class Receiver:
    """An HTTP server that keeps what it is posted and answers as it is told."""

    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def handle(self, request: web.Request) -> web.Response:
        """One POST."""
        self.posts.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass
class Bench:
    """A sink, how to read what reached its other side, and how to make it fail."""

    sink: Sink
    received: Callable[[], list[dict[str, Any]]]
    once: bool
    transient: Callable[[], None]
    permanent: Callable[[], None] | None = None
    gone: Callable[[], None] | None = None
    healthy: Callable[[], None] | None = None


async def memory_bench(stack: AsyncExitStack, folder: Path) -> Bench:
    """Script its failures."""
    sink = MemorySink()
    return Bench(
        sink,
        lambda: [dict(sent.notification) for sent in sink.sent.values()],
        once=True,
        transient=lambda: sink.failures.append(SendFailed("down", retry_after=7)),
        permanent=lambda: sink.failures.append(SendRefused("too long")),
        gone=lambda: sink.failures.append(SinkRefused("gone")),
        healthy=sink.failures.clear,
    )


async def file_bench(stack: AsyncExitStack, folder: Path) -> Bench:
    """Another writer's lock on a rotated file is transient; nothing that is wrong with a path is permanent."""
    path, other = folder / "alerts.jsonl", folder / "moved"
    sink, locks = FileSink(FileOptions(path=path)), ExitStack()

    def received() -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_bytes().splitlines()]

    def lock() -> None:
        path.rename(other)
        fcntl.flock(locks.enter_context(path.open("ab")), fcntl.LOCK_EX)

    return Bench(sink, received, once=True, transient=lock, healthy=locks.close)


async def console_bench(stack: AsyncExitStack, folder: Path, output: Any = "json") -> Bench:
    """A closed stream is transient: the next run has another."""
    stream = terminal()
    sink = ConsoleSink(setting(stream, output))

    def received() -> list[dict[str, Any]]:
        return [json.loads(line) for line in written(stream).splitlines()]

    return Bench(sink, received, once=False, transient=stream.close)


async def webhook_bench(stack: AsyncExitStack, folder: Path) -> Bench:
    """A real server on 127.0.0.1."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    stack.push_async_callback(server.close)
    url = SecretStr(str(server.make_url("/hook").with_query(key="v4lue").with_user("u").with_password("p4ss")))
    sink = WebhookSink(WebhookOptions(url=url, secret=SECRET), setting())

    def answer(status: int, **headers: str) -> None:
        receiver.status, receiver.headers = status, headers

    return Bench(
        sink,
        lambda: [json.loads(body) for _, body in receiver.posts],
        once=False,
        transient=lambda: answer(429, **{"Retry-After": "7"}),
        permanent=lambda: answer(413),
        gone=lambda: answer(410),
        healthy=lambda: answer(200),
    )


async def discord_bench(stack: AsyncExitStack, folder: Path, way: str = "bot") -> Bench:
    """A stand-in for Discord; which alert a message is about, its marker says."""
    discord = await stack.enter_async_context(StandIn())
    discord.limits.sending = discord.limits.all_requests = (100_000, 1.0)
    channel = discord.world.add_channel("alerts")
    sent: dict[str, dict[str, Any]] = {}
    hook = discord.world.add_webhook(channel)
    if way == "bot":
        token = SecretStr(str(discord.world.token))
        options = DiscordOptions(bot_token=token, channel=channel["id"], api_base=discord.api_base)
    else:
        options = DiscordOptions(webhook_url=SecretStr(discord.webhook_url(hook)))

    class Kept(BotSink if way == "bot" else DiscordWebhookSink):  # type: ignore[misc]
        async def send(self, one: Delivery) -> None:
            real = replace(one, id=hashlib.md5(one.id.encode()).hexdigest())  # real ids differ from the first digit on
            sent[marker(real.id)] = dict(one.notification)
            await super().send(real)

    def received() -> list[dict[str, Any]]:
        footers = [message["embeds"][0]["footer"]["text"] for message in discord.world.messages[channel["id"]]]
        return [sent[text[text.rindex("id ") :]] for text in footers]

    def break_way() -> None:
        discord.world.token = None
        discord.world.webhooks.clear()

    def mend() -> None:
        discord.faults.clear()
        discord.world.token, discord.world.webhooks = TOKEN, {hook["id"]: hook}

    invalid = Fault(status=400, body=b'{"code": 50035, "message": "Invalid Form Body"}')
    return Bench(
        Kept(options, setting()),
        received,
        once=way == "bot",
        transient=lambda: discord.faults.plan(Fault(retry_after=7.0, sends_only=False)),
        permanent=lambda: discord.faults.plan(invalid),
        gone=break_way,
        healthy=mend,
    )


async def matrix_bench(stack: AsyncExitStack, folder: Path) -> Bench:
    """A homeserver of one room; which alert a message is about, its delivery id says."""
    homeserver, app = Homeserver(), web.Application()
    app.router.add_route("*", "/{path:.*}", homeserver.handle)
    server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
    sent: dict[str, dict[str, Any]] = {}

    class Kept(MatrixSink):
        async def send(self, delivery: Delivery) -> None:
            sent[delivery.id] = dict(delivery.notification)
            await super().send(delivery)

    def received() -> list[dict[str, Any]]:
        return [sent[event["content"]["org.paseo_watch.delivery"]] for event in homeserver.events]

    def mend() -> None:
        homeserver.scripted.clear()
        homeserver.tokens = {TOKEN_OF_BOT: DEVICE}

    options = matrix_options(folder, homeserver=str(server.make_url("")))
    return Bench(
        Kept(options, setting()),
        received,
        once=True,
        transient=lambda: homeserver.script("/send/", failure(503, "M_UNKNOWN")),
        permanent=lambda: homeserver.script("/send/", failure(413, "M_TOO_LARGE")),
        gone=homeserver.tokens.clear,
        healthy=mend,
    )


BENCHES = {
    "memory": memory_bench,
    "file": file_bench,
    "console": console_bench,
    "webhook": webhook_bench,
    "discord": discord_bench,
    "discord webhook": partial(discord_bench, way="webhook"),
    "matrix": matrix_bench,
}


@pytest.fixture(params=BENCHES)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """Each sink in turn, open."""
    make: Callable[[AsyncExitStack, Path], Awaitable[Bench]] = BENCHES[request.param]
    async with AsyncExitStack() as stack:
        made = await make(stack, tmp_path)
        await made.sink.open()
        stack.push_async_callback(made.sink.close)
        assert made.sink.kind == request.param.split()[0]
        yield made


async def test_deliveries_arrive_whole_and_in_order(bench: Bench) -> None:
    """What the other side gets is exactly the alert as data."""
    deliveries = [delivery(number) for number in range(1, 6)]
    for one in deliveries:
        await bench.sink.send(one)
    assert bench.received() == [one.notification for one in deliveries]


async def test_a_delivery_sent_again_is_the_same_delivery(bench: Bench) -> None:
    """Once where the other side can look, else twice with nothing changed."""
    await bench.sink.send(delivery(1))
    await bench.sink.send(delivery(1, attempt=2))
    await bench.sink.send(delivery(2))
    seen = [one["id"] for one in bench.received()]
    twice = [] if bench.once else [delivery(1).notification["id"]]
    assert seen == [delivery(1).notification["id"], *twice, delivery(2).notification["id"]]


@given(title=st.text(st.characters(), max_size=200))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_text_of_a_chain_is_too_hostile_to_be_delivered(bench: Bench, title: str) -> None:
    """Controls, surrogates, line breaks: data, and the same data on the other side."""
    number = int.from_bytes(hashlib.sha256(title.encode("utf-8", "surrogatepass")).digest()[:8])
    await bench.sink.send(delivery(number, title=title))
    arrived = [one["title"] for one in bench.received() if one["id"] == delivery(number).notification["id"]]
    assert arrived
    assert set(arrived) == {title}


async def test_a_transient_failure_says_so_and_the_delivery_can_follow(bench: Bench) -> None:
    """SendFailed; then the same delivery goes through."""
    bench.transient()
    with pytest.raises(SendFailed):
        await bench.sink.send(delivery(1))
    if bench.healthy is not None:
        bench.healthy()
        await bench.sink.send(delivery(1, attempt=2))
        assert bench.received()[-1] == delivery(1).notification


@pytest.mark.parametrize("bench", ["memory", "webhook", "discord", "discord webhook", "matrix"], indirect=True)
async def test_a_permanent_failure_says_so_and_the_next_delivery_is_not_harmed(bench: Bench) -> None:
    """SendRefused; others still go through when the cause is gone."""
    assert bench.permanent is not None
    assert bench.healthy is not None
    bench.permanent()
    with pytest.raises(SendRefused):
        await bench.sink.send(delivery(1))
    bench.healthy()
    await bench.sink.send(delivery(2))
    assert bench.received()[-1] == delivery(2).notification


@pytest.mark.parametrize("bench", ["memory", "webhook", "discord", "discord webhook", "matrix"], indirect=True)
async def test_a_way_out_that_is_gone_is_told_from_a_delivery_that_is_refused(bench: Bench) -> None:
    """SinkRefused; the same delivery goes through once somebody has acted."""
    assert bench.gone is not None
    assert bench.healthy is not None
    bench.gone()
    with pytest.raises(SinkRefused):
        await bench.sink.send(delivery(1))
    bench.healthy()
    await bench.sink.open()
    await bench.sink.send(delivery(1, attempt=2))
    assert bench.received()[-1] == delivery(1).notification


async def test_looking_finds_nothing_wrong_with_a_sink_that_works_and_sends_nothing(bench: Bench) -> None:
    """Each thing that was looked at is named, in one line."""
    findings = await bench.sink.examine()
    assert findings
    assert [each.problem for each in findings] == [None] * len(findings)
    assert all(each.what and each.found and "\n" not in each.found for each in findings)
    assert bench.received() == []


async def test_opening_again_is_allowed(bench: Bench) -> None:
    """The outbox opens a sink again after a failure."""
    await bench.sink.open()
    await bench.sink.send(delivery(1))
    assert len(bench.received()) == 1


async def post_to(receiver: Receiver, **options: Any) -> WebhookSink:
    """Send one delivery to this receiver over a real connection; returns the closed sink."""
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        url = SecretStr(str(server.make_url("/hook").with_query(key="v4lue").with_user("u").with_password("p4ss")))
        sink = WebhookSink(WebhookOptions(url=url, **options), setting())
        try:
            await sink.send(delivery(1))
        finally:
            await sink.close()
    return sink


async def test_a_webhook_signs_the_bytes_that_it_sends() -> None:
    """As a receiver would check it, with the delivery's id beside it and the URL's credentials as Basic."""
    receiver = Receiver()
    await post_to(receiver, secret=SECRET)
    headers, body = receiver.posts[0]
    expected = hmac.digest(b"between us", body, "sha256").hex()
    assert headers["X-Paseo-Watch-Signature"] == f"sha256={expected}"
    assert headers["X-Paseo-Watch-Delivery"] == delivery(1).id
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic dTpwNHNz"
    assert json.loads(body) == delivery(1).notification


async def test_a_webhook_without_a_secret_is_not_signed() -> None:
    """No header rather than a signature with nothing."""
    receiver = Receiver()
    await post_to(receiver)
    assert "X-Paseo-Watch-Signature" not in receiver.posts[0][0]


async def test_a_webhook_passes_on_the_wait_that_was_asked_for() -> None:
    """Seconds, from a real answer."""
    with pytest.raises(SendFailed) as caught:
        await post_to(Receiver(status=503, headers={"Retry-After": "42"}))
    assert caught.value.retry_after == 42.0


async def test_a_redirect_is_not_followed() -> None:
    """A redirect could take the alert, and its signature, to another host."""
    receiver = Receiver(status=307, headers={"Location": "/hook"})
    with pytest.raises(SinkRefused, match="redirect"):
        await post_to(receiver)
    assert len(receiver.posts) == 1


async def test_an_answer_without_end_is_not_read() -> None:
    """64 MB of body behind a 200: delivered, and not taken into memory."""
    await post_to(Receiver(body=b"x" * (64 << 20)), timeout=5)


async def test_a_receiver_that_is_not_there_is_a_transient_failure() -> None:
    """Connection refused; the message names host and port, and no secret of the URL."""
    url = SecretStr(f"http://u:p4ss@127.0.0.1:{unused_port()}/t0ken?key=v4lue")
    sink = WebhookSink(WebhookOptions(url=url), setting())
    with pytest.raises(SendFailed, match=r"http://127\.0\.0\.1:\d+: cannot connect") as caught:
        await sink.send(delivery(1))
    await sink.close()
    assert not any(word in str(caught.value) for word in ("p4ss", "t0ken", "v4lue"))


@asynccontextmanager
async def raw_server(answer: bytes | None) -> AsyncIterator[SecretStr]:
    """The URL of a server on 127.0.0.1 that answers these bytes to its one request, or (None) nothing until hung up."""
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await reader.read()
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()
        with suppress(ConnectionError):  # whoever closed first, the connection is over
            await writer.wait_closed()
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield SecretStr(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/t0ken?key=v4lue")
        await served.wait()


async def test_a_receiver_that_never_answers_is_given_up_after_the_timeout() -> None:
    """The time-out is an option of the sink, here short; what is asserted is the failure and not the duration."""
    async with raw_server(None) as url:
        sink = WebhookSink(WebhookOptions(url=url, timeout=0.05), setting())
        with pytest.raises(SendFailed, match=r"no answer within 0\.05 s"):
            await sink.send(delivery(1))
        await sink.close()


@pytest.mark.parametrize("answer", [b"\x00\xff nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000])
async def test_an_answer_that_is_no_http_is_a_transient_failure(answer: bytes) -> None:
    """Something else listens there, or it closes at once, or its header has no end."""
    async with raw_server(answer) as url:
        sink = WebhookSink(WebhookOptions(url=url), setting())
        with pytest.raises(SendFailed) as caught:
            await sink.send(delivery(1))
        await sink.close()
    assert "v4lue" not in str(caught.value)


async def test_text_on_the_console_arrives_in_order(tmp_path: Path) -> None:
    """The text form of the console, whose lines are for people."""
    stream = terminal()
    sink = ConsoleSink(setting(stream))
    for number in (1, 2, 3):
        await sink.send(delivery(number, title=f"number {number}", text="", links=[]))
    await sink.close()
    assert [line[-8:] for line in written(stream).splitlines()] == ["number 1", "number 2", "number 3"]


def test_options_of_every_sink_are_frozen() -> None:
    """A sink cannot change its configuration under another's feet."""
    assert all(model.model_config["frozen"] for model in (FileOptions, ConsoleOptions, WebhookOptions))
