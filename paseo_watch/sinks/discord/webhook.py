"""An incoming webhook: one POST for each attempt, and no more.

At least once: Discord takes no nonce here and shows a webhook no history, so what is in doubt is sent again. The URL's
token is the only secret; errors name the webhook by its id.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr

from paseo_watch import __version__
from paseo_watch.sinks.discord.errors import json_of, judge, read
from paseo_watch.sinks.discord.failures import failed
from paseo_watch.sinks.discord.options import DiscordOptions, elsewhere, webhook_parts
from paseo_watch.sinks.discord.outgoing import SUPPRESS_NOTIFICATIONS, Outgoing, outgoing, over_limits
from paseo_watch.sinks.discord.stream import read_up_to
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.render.clean import clean
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SendRefused, SinkRefused

BODY_LIMIT = 64 << 10
"""Bytes of an answer that are read; what matters of it stands in its first few hundred."""


class WebhookSink:
    """Posts to one webhook; the session is opened on the event loop that sends."""

    kind = "discord"

    def __init__(self, options: DiscordOptions, setting: SinkSetting) -> None:
        assert options.webhook_url is not None
        parts = webhook_parts(options.webhook_url.get_secret_value())
        assert parts is not None
        base, self._id, token = parts
        self._token = SecretStr(token)
        self._base = options.api_base or base
        self._options = options
        self._setting = setting
        self._about = f"Discord webhook {self._id}{elsewhere(self._base)}"
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session; nothing is sent."""
        if self._session is None:
            self._session = self._setting.session()

    async def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, delivery: Delivery) -> None:
        """POST it once; raises SendFailed, SendRefused or SinkRefused."""
        now_ms = self._setting.clock.now_ms()
        sent = outgoing(delivery, now_ms, self._id, self._options.mention, self._options.mention_at)
        if (over := over_limits(sent)) is not None:
            raise SendRefused(f"{self._about}: {over}")
        query = {"wait": "true"} | ({} if self._options.thread is None else {"thread_id": self._options.thread})
        async with self._answer("POST", sends=True, params=query, **_body(sent)):
            return  # it is there; what else the answer holds, or whether it ends, changes nothing

    async def examine(self) -> tuple[Finding, ...]:
        """Whether the webhook is there, its name and its channel."""
        opened = self._session is not None
        try:
            async with self._answer("GET", sends=False) as response:
                there = Finding("webhook", _described(await read_up_to(response.content, BODY_LIMIT)))
                return (there, *self._thread())
        except (SendFailed, SinkRefused) as problem:
            return (Finding("webhook", "not usable", problem),)
        finally:
            if not opened:
                await self.close()

    def _thread(self) -> tuple[Finding, ...]:
        thread = self._options.thread
        return () if thread is None else (Finding("thread", f"{thread}: can only be tried by sending", weak=True),)

    @asynccontextmanager
    async def _answer(self, method: str, *, sends: bool, **request: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """A success, its body not yet read. Whatever else happens, in the block too, leaves as an error of ours."""
        await self.open()
        assert self._session is not None
        url = f"{self._base}/webhooks/{self._id}/{self._token.get_secret_value()}"
        try:
            async with self._session.request(
                method,
                url,
                headers={"User-Agent": f"DiscordBot (paseo-watch, {__version__})"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._options.timeout),
                **request,
            ) as response:
                if not 200 <= response.status < 300:
                    raise await self._judged(response, sends=sends)
                yield response
        except (SendFailed, SendRefused, SinkRefused):
            raise
        # `from None` here: the text of an aiohttp error can hold the whole URL, and a traceback prints its causes.
        except TimeoutError:
            what = f"no answer within {self._options.timeout:g} s"
            raise SendFailed(f"{self._about}: {what}", maybe_sent=sends) from None
        except Exception as error:  # noqa: BLE001 - whatever aiohttp, or an answer that nobody foresaw, raises
            raise failed(error, self._about, sends=sends) from None

    async def _judged(self, response: aiohttp.ClientResponse, *, sends: bool) -> SendFailed | SendRefused | SinkRefused:
        answer = read(response.status, response.headers, await read_up_to(response.content, BODY_LIMIT))
        return judge(answer, self._about, self._token.get_secret_value(), sends=sends)


def payload(sent: Outgoing) -> dict[str, Any]:
    """The JSON of a message through a webhook."""
    made: dict[str, Any] = {"embeds": [sent.embed], "allowed_mentions": sent.allowed_mentions}
    if sent.content:
        made["content"] = sent.content
    if sent.silent:
        made["flags"] = SUPPRESS_NOTIFICATIONS
    if sent.attachment is not None:
        made["attachments"] = [{"id": "0", "filename": sent.filename}]
    return made


def _body(sent: Outgoing) -> dict[str, Any]:
    """JSON; with a file, a form. Discord knows a form's parts by names with brackets, unescaped."""
    if sent.attachment is None:
        return {"json": payload(sent)}
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload(sent)), content_type="application/json")
    form.add_field("files[0]", sent.attachment, filename=sent.filename, content_type="text/plain; charset=utf-8")
    return {"data": form}


def _described(body: bytes) -> str:
    data = json_of(body)
    if not isinstance(data, dict):
        return "there"
    return f"{clean(str(data.get('name')), 60)}, of channel {clean(str(data.get('channel_id')), 30)}"
