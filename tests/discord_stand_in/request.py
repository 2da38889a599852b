"""A request as it came: its body is JSON, or a form with `payload_json` and files."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

SENDING = ("/messages", "/threads", "/webhooks/{webhook}/{token}")


@dataclass
class Request:
    """One request as it came, and what it was answered (None: the connection was cut)."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    payload: Any
    files: dict[str, bytes]
    route: str
    status: int | None = None
    answer: bytes = b""

    @property
    def sends(self) -> bool:
        """Whether it makes a message."""
        return self.method == "POST" and self.route.endswith(SENDING)


SEEN = web.RequestKey("seen", Request)


async def read(request: web.Request) -> Request:
    """With its body."""
    payload, files = await _body(request)
    resource = request.match_info.route.resource
    route = resource.canonical.removeprefix("/api/v10") if resource is not None else ""
    query, headers = dict(request.query), dict(request.headers)
    return Request(request.method, request.path, query, headers, payload, files, route)


async def _body(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    """The payload and the files by name; None for a request without a body, or one that is no JSON."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files = {field.filename: field.file.read() for field in form.values() if isinstance(field, FileField)}
        return _parsed(_text(form.get("payload_json", "{}"))), files
    text = await request.text()
    return (_parsed(text) if text else None), {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _text(field: Any) -> str:
    """A part with a content type of its own comes as bytes."""
    return field.decode() if isinstance(field, (bytes, bytearray)) else str(field)
