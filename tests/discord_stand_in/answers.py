"""Answers on the wire: JSON with exactly `application/json`, errors with Discord's codes."""

import json
from typing import Any

from aiohttp import web

from tests.discord_stand_in.objects import Json


class Refused(Exception):
    """An error as Discord answers it."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"message": message, "code": code} | ({"errors": errors} if errors else {})


UNAUTHORIZED = (401, 0, "401: Unauthorized")
UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
MISSING_ACCESS = (403, 50001, "Missing Access")
NOT_TEXT = (400, 50008, "Cannot send messages in a non-text channel")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
BAD_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
THREAD_ARCHIVED = (400, 50083, "Thread is archived")
THREAD_LOCKED = (400, 160005, "Thread is locked")
FORUM_NEEDS_THREAD = (400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
TAG_REQUIRED = (400, 40067, "A tag is required to create a forum post in this channel")


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """No charset: discord.py takes `application/json; charset=utf-8` for text."""
    content = b"" if status == 204 else json.dumps(body).encode()
    answer = web.Response(body=content, status=status, headers=headers)
    answer.headers["Content-Type"] = "application/json"
    return answer


def limited(seconds: float, *, everywhere: bool, headers: dict[str, str], via: bool = True) -> web.Response:
    """A 429. Without `Via` discord.py takes it for a ban by Cloudflare."""
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere, "code": 0}
    more = {"Retry-After": str(int(seconds) + 1)} | ({"Via": "1.1 google"} if via else {})
    return as_json(body, 429, headers | more)


def page(status: int) -> web.Response:
    """What a proxy in front says, in HTML."""
    text = f"<!DOCTYPE html><title>{status}</title><h1>Error {status}</h1><p>cloudflare</p>"
    return web.Response(text=text, status=status, content_type="text/html", headers={"Server": "cloudflare"})
