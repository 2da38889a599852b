"""What the configuration says about one Discord receiver: exactly one of a bot in a channel and a webhook."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from yarl import URL

from paseo_watch.errors import Expected
from paseo_watch.sinks.kind import SinkOptions

API_BASE = "https://discord.com/api/v10"
Severity = Literal["info", "warning", "critical"]
MENTIONS_LIMIT = 20

_SNOWFLAKE = re.compile(r"[0-9]{15,20}")
_MENTION = re.compile(r"(role|user):[0-9]{15,20}")
_TOKEN = re.compile(r"[!-~]{10,200}")
_WEBHOOK_PATH = re.compile(r"(?:/api)?(?:/v\d{1,3})?/webhooks/(\d{15,20})/([\w-]{1,200})/?", re.ASCII)
_VERSIONED = re.compile(r"(.*/v\d{1,3})(?=/webhooks/)", re.ASCII)


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise Expected("expected a bot's token, without `Bot ` before it and without spaces")
    return value


def _webhook_url(value: SecretStr) -> SecretStr:
    if webhook_parts(value.get_secret_value()) is None:
        # no word of the URL itself in it: the configuration withholds an error that could show a part of a secret
        raise Expected("expected the URL as it is copied in a channel's settings, Integrations, with nothing added")
    return value


def _plain_url(value: str, schemes: tuple[str, ...]) -> URL | None:
    try:
        url = URL(value)
        known = url.scheme in schemes and bool(url.host) and url.port is not None
        (url.raw_host or "").encode("idna")
    except ValueError:
        return None
    return None if not known or url.raw_user or url.raw_password or url.raw_query_string or url.raw_fragment else url


def _api_base(value: str) -> str:
    url = _plain_url(value, ("http", "https"))
    if url is None or not re.fullmatch(r"(?:/[\w.~-]+)*/v\d{1,3}/?", url.raw_path, re.ASCII):
        raise Expected(f"expected an http or https URL that ends in the API's version, such as {API_BASE}")
    return value.rstrip("/")


def _gateway_url(value: str) -> str:
    if _plain_url(value, ("ws", "wss")) is None:
        raise Expected("expected a ws or wss URL with a host, such as wss://gateway.discord.gg")
    return value


def _snowflake(value: str) -> str:
    if not _SNOWFLAKE.fullmatch(value):
        raise Expected('expected an id of Discord in quotes, 15 to 20 digits, such as "123456789012345678"')
    return value


def _mention(value: str) -> str:
    if not _MENTION.fullmatch(value):
        raise Expected('expected "role:<id>" or "user:<id>", such as "role:123456789012345678"')
    return value


Snowflake = Annotated[str, AfterValidator(_snowflake), Field(json_schema_extra={"pattern": "^[0-9]{15,20}$"})]
Mention = Annotated[str, AfterValidator(_mention), Field(json_schema_extra={"pattern": "^(role|user):[0-9]{15,20}$"})]


class DiscordOptions(SinkOptions):
    """Messages on Discord: through a bot (`bot_token`, `channel`), or through an incoming webhook (`webhook_url`)."""

    bot_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        default=None, description="The bot's token. The way on which each alert arrives exactly once."
    )
    channel: Snowflake | None = Field(
        default=None,
        description="Id of a text or announcement channel, a thread, or a forum (one post for each alert); in quotes.",
    )
    webhook_url: Annotated[SecretStr, AfterValidator(_webhook_url)] | None = Field(
        default=None, description="An incoming webhook, instead of a bot: each alert arrives at least once."
    )
    thread: Snowflake | None = Field(
        default=None, description="With a webhook: id of a thread, or of a post in a forum; in quotes."
    )
    api_base: Annotated[str, AfterValidator(_api_base)] | None = Field(
        default=None, description=f"Discord's REST API with its version. Without it {API_BASE}, or the webhook's host."
    )
    gateway_url: Annotated[str, AfterValidator(_gateway_url)] | None = Field(
        default=None, description="Discord's gateway. Alerts need none: nothing opens it."
    )
    mention: tuple[Mention, ...] = Field(
        default=(),
        max_length=MENTIONS_LIMIT,
        description="Who is pinged: `role:<id>` and `user:<id>`. Nobody else ever is.",
    )
    mention_at: Severity = Field(
        default="critical", description="The least severity at which they are pinged; what is resolved pings nobody."
    )
    timeout: float = Field(
        default=45.0, gt=0, le=300, description="Seconds for one whole send, short waits for a rate limit included."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.bot_token is None) == (self.webhook_url is None):
            raise Expected("expected exactly one of `bot_token` (with `channel`) and `webhook_url`")
        if (self.bot_token is None) != (self.channel is None):
            raise Expected("`bot_token` and `channel` go together; a webhook has its channel already")
        if self.thread is not None and self.webhook_url is None:
            raise Expected("`thread` goes with `webhook_url`; with a bot, give the thread's id as `channel`")
        return self


def elsewhere(api_base: str) -> str:
    """` at https://…`, the host that is meant, where it is not Discord's own: a mistyped one is to be seen."""
    return "" if URL(api_base).host == URL(API_BASE).host else f" at {URL(api_base).origin()}"


def webhook_parts(url: str) -> tuple[str, str, str] | None:
    """(API base, id, token) of a webhook's URL as Discord shows it; None where it is none.

    Without a version in it the current one is meant (v10): Discord's own default is an old one.
    """
    plain = _plain_url(url, ("http", "https"))
    found = _WEBHOOK_PATH.fullmatch(plain.raw_path) if plain is not None else None
    if plain is None or found is None:
        return None
    versioned = _VERSIONED.match(plain.raw_path)
    return str(plain.origin()) + (versioned[1] if versioned else "/api/v10"), found[1], found[2]
