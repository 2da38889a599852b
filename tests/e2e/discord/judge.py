"""Discord's API description (npm: discord-api-spec, generated from Discord's OpenAPI document) as a judge of JSON."""

import json
from collections.abc import Iterable
from typing import Any

from tests.discord_stand_in.request import Request
from tests.node_packages import output_of

REQUESTS = {
    ("POST", "/channels/{channel}/messages"): "MessageCreateRequest",
    ("POST", "/channels/{channel}/threads"): "CreateForumThreadRequest",
    ("POST", "/webhooks/{webhook}/{token}"): "IncomingWebhookRequestPartial",
}
ANSWERS = {
    ("GET", "/users/@me"): "UserPIIResponse",
    ("GET", "/oauth2/applications/@me"): "PrivateApplicationResponse",
    ("GET", "/gateway"): "GatewayResponse",
    ("GET", "/gateway/bot"): "GatewayBotResponse",
    ("GET", "/guilds/{guild}"): "GuildWithCountsResponse",
    ("GET", "/guilds/{guild}/members/{member}"): "PrivateGuildMemberResponse",
    ("GET", "/guilds/{guild}/roles"): "GuildRoleResponse[]",
    ("GET", "/guilds/{guild}/channels"): "GuildChannelResponse[]",
    ("GET", "/guilds/{guild}/threads/active"): "ThreadsResponse",
    ("GET", "/channels/{channel}"): "GuildChannelResponse",
    ("GET", "/channels/{channel}/threads/archived/public"): "ThreadsResponse",
    ("GET", "/channels/{channel}/messages"): "MessageResponse[]",
    ("GET", "/channels/{channel}/messages/{message}"): "MessageResponse",
    ("POST", "/channels/{channel}/messages"): "MessageResponse",
    ("POST", "/channels/{channel}/threads"): "CreatedThreadResponse",
    ("GET", "/webhooks/{webhook}/{token}"): "GuildIncomingWebhookResponse",
    ("POST", "/webhooks/{webhook}/{token}"): "MessageResponse",
}


def judge(pairs: Iterable[tuple[str, Any]]) -> list[list[str]]:
    """For each (schema, value) what is wrong with it, in one Node process."""
    lines = "".join(json.dumps({"schema": schema, "value": value}) + "\n" for schema, value in pairs)
    return [json.loads(line) for line in output_of("e2e/discord", "judge.mjs", lines=lines).splitlines()]


def sent(requests: Iterable[Request]) -> list[tuple[str, Any]]:
    """What clients sent, with the schema of each."""
    found = ((REQUESTS.get((each.method, each.route)), each.payload) for each in requests)
    return [(schema, payload) for schema, payload in found if schema is not None]


def answered(requests: Iterable[Request]) -> list[tuple[str, Any]]:
    """What the stand-in answered in JSON, with the schema of each; lists one by one."""
    found: list[tuple[str, Any]] = []
    for each in requests:
        if each.status is None or each.status == 204:
            continue
        body = json.loads(each.answer)
        schema = _schema(each, body)
        found += [(schema[:-2], one) for one in body] if schema.endswith("[]") else [(schema, body)]
    return found


def _schema(request: Request, body: Any) -> str:
    if request.status == 429:
        return "RatelimitedResponse"
    if request.status is not None and request.status >= 400:
        return "ErrorResponse"
    schema = ANSWERS[request.method, request.route]
    return "ThreadResponse" if schema == "GuildChannelResponse" and "thread_metadata" in body else schema
