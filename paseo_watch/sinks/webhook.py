"""A webhook: the alert as the JSON body of a POST.

Headers: `X-Paseo-Watch-Delivery`, the delivery's id, the same at every attempt, for the other side to dedupe on; with a
secret, `X-Paseo-Watch-Signature: sha256=<hex>`, the HMAC-SHA256 (RFC 2104) of the body's bytes.
The URL may itself be a secret: errors name only its scheme, host and port.
"""

import asyncio
import hashlib
import hmac
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Annotated

import aiohttp
from pydantic import AfterValidator, Field, SecretStr
from yarl import URL

from paseo_watch import __version__
from paseo_watch.errors import Expected
from paseo_watch.sinks.kind import SinkOptions, SinkSetting
from paseo_watch.sinks.render.data import as_json
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed, SendRefused, SinkRefused

LONGEST_WAIT = 3600.0
"""Seconds; a longer Retry-After is cut to this, so that no other side can put an alert off for good."""
SINK_STATUSES = frozenset({401, 402, 403, 404, 405, 407, 410, 421, 451})
"""Answers about the address or who asks."""


def _http_url(value: SecretStr) -> SecretStr:
    try:
        url = URL(value.get_secret_value())
        complete = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
        (url.raw_host or "").encode("idna")  # what looks it up would raise: a part that is empty or over 63 characters
    except ValueError:
        complete = False
    if not complete:
        raise Expected("expected an http or https URL with a host")
    return value


class WebhookOptions(SinkOptions):
    """A POST of each alert to a URL."""

    url: Annotated[SecretStr, AfterValidator(_http_url)] = Field(
        description="Where to POST, http or https. Redirects are not followed."
    )
    secret: SecretStr | None = Field(
        default=None, min_length=1, description="Signs the body: X-Paseo-Watch-Signature, HMAC-SHA256 in hexadecimal."
    )
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds to wait for the whole answer.")


class WebhookSink:
    """Posts to one URL; the session is opened on the event loop that sends."""

    kind = "webhook"

    def __init__(self, options: WebhookOptions, setting: SinkSetting) -> None:
        self._options = options
        self._setting = setting
        self._url = URL(options.url.get_secret_value())
        self._shown = str(self._url.origin())
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session; nothing is sent."""
        if self._session is None:
            self._session = self._setting.session()

    async def examine(self) -> tuple[Finding, ...]:
        """Whether the host takes a connection; a webhook itself can only be tried by sending."""
        problem: SendFailed | None = None
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(self._url.host, self._url.port), self._options.timeout
            )
            writer.close()
        except (OSError, TimeoutError) as error:
            problem = SendFailed(f"{self._shown}: cannot connect ({_reason(error)})")
        return (Finding("host", self._shown, problem, weak=True),)

    async def send(self, delivery: Delivery) -> None:
        """POST it; raises SendFailed, SendRefused or SinkRefused by the answer's status (`judge`)."""
        body = as_json(delivery.notification)
        status, retry_after = await self._post(body, self._headers(delivery, body))
        error = judge(status, retry_after, self._setting.clock.now_ms(), self._shown)
        if error is not None:
            raise error

    async def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"paseo-watch/{__version__}",
            "X-Paseo-Watch-Delivery": delivery.id,
        }
        if self._options.secret is not None:
            headers["X-Paseo-Watch-Signature"] = sign(body, self._options.secret)
        return headers

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str | None]:
        """Status and Retry-After. The answer's body is never read, so it needs no bound."""
        await self.open()
        assert self._session is not None
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._options.timeout),
            ) as response:
                return response.status, response.headers.get("Retry-After")
        # `from None` here: the text of an aiohttp error can hold the whole URL, and a traceback prints its causes.
        except TimeoutError:
            raise SendFailed(f"{self._shown}: no answer within {self._options.timeout:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise SendFailed(f"{self._shown}: {_describe(error)}") from None


def sign(body: bytes, secret: SecretStr) -> str:
    """The value of X-Paseo-Watch-Signature."""
    digest = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def judge(
    status: int, retry_after: str | None, now_ms: int, shown: str
) -> SendFailed | SendRefused | SinkRefused | None:
    """None for 2xx. 408, 425, 429 and 5xx may pass; a redirect or another 4xx never does. (RFC 9110, section 15)

    What is about the URL or the secret and not about this alert (SINK_STATUSES, a redirect) is the sink's.
    """
    if 200 <= status < 300:
        return None
    if status in (408, 425, 429) or status >= 500:
        return SendFailed(f"{shown}: answered {status}", retry_after=read_wait(retry_after, now_ms))
    if 300 <= status < 400:
        return SinkRefused(f"{shown}: answered {status}, a redirect; put the final URL into the configuration")
    if status in SINK_STATUSES:
        return SinkRefused(f"{shown}: answered {status}; check the URL and the secret, or take the webhook away")
    return SendRefused(f"{shown}: answered {status}; check what the receiver accepts")


def read_wait(value: str | None, now_ms: int) -> float | None:
    """Seconds to wait by a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3); None for none or nonsense.

    `now_ms` is our clock in Unix milliseconds. Never below 0 or above LONGEST_WAIT.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST_WAIT if len(text) > 6 else min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _describe(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect ({_reason(error.os_error)})"
    return type(error).__name__


def _reason(error: OSError | TimeoutError) -> str:
    return error.strerror or type(error).__name__


def build(options: WebhookOptions, setting: SinkSetting) -> WebhookSink:
    """A webhook sink on the options' URL."""
    return WebhookSink(options, setting)
