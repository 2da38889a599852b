"""REST v10, what a bot that posts needs: who am I, guild, channels, messages, threads, webhooks."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.discord_stand_in import answers, objects, permissions
from tests.discord_stand_in.answers import Refused, as_json
from tests.discord_stand_in.forms import FormError, check_message, check_thread_name
from tests.discord_stand_in.objects import Json
from tests.discord_stand_in.request import SEEN
from tests.discord_stand_in.world import NONCE_SECONDS, World


class Rest:
    """Handlers over a world. `now` is for the nonces' age."""

    def __init__(self, world: World, now: Callable[[], float], gateway_url: Callable[[], str]) -> None:
        self._world = world
        self._now = now
        self._gateway_url = gateway_url

    def routes(self) -> list[web.RouteDef]:
        """All of it."""
        return [
            web.get("/users/@me", self._me),
            web.get("/oauth2/applications/@me", self._application),
            web.get("/gateway", self._gateway),
            web.get("/gateway/bot", self._gateway_bot),
            web.get("/guilds/{guild}", self._guild),
            web.get("/guilds/{guild}/roles", self._roles),
            web.get("/guilds/{guild}/channels", self._channels),
            web.get("/guilds/{guild}/members/{member}", self._member),
            web.get("/guilds/{guild}/threads/active", self._active_threads),
            web.get("/channels/{channel}", self._channel),
            web.get("/channels/{channel}/messages", self._messages),
            web.post("/channels/{channel}/messages", self._create_message),
            web.get("/channels/{channel}/messages/{message}", self._message),
            web.post("/channels/{channel}/threads", self._create_post),
            web.get("/channels/{channel}/threads/archived/public", self._archived_threads),
            web.get("/webhooks/{webhook}/{token}", self._webhook),
            web.post("/webhooks/{webhook}/{token}", self._execute_webhook),
        ]

    async def _me(self, request: web.Request) -> web.Response:
        return as_json(objects.own_user(self._world.bot))

    async def _application(self, request: web.Request) -> web.Response:
        return as_json(self._world.application)

    async def _gateway(self, request: web.Request) -> web.Response:
        return as_json({"url": self._gateway_url()})

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return as_json({"url": self._gateway_url(), "shards": 1, "session_start_limit": limit})

    async def _guild(self, request: web.Request) -> web.Response:
        return as_json(self._own_guild(request))

    async def _roles(self, request: web.Request) -> web.Response:
        return as_json(self._own_guild(request)["roles"])

    async def _channels(self, request: web.Request) -> web.Response:
        self._own_guild(request)
        return as_json([each for each in self._world.channels.values() if "thread_metadata" not in each])

    async def _member(self, request: web.Request) -> web.Response:
        self._own_guild(request)
        if request.match_info["member"] not in (self._world.bot["id"], "@me"):
            raise Refused(*answers.UNKNOWN_MEMBER)
        return as_json(self._world.member)

    async def _active_threads(self, request: web.Request) -> web.Response:
        self._own_guild(request)
        found = [each for each in self._world.threads() if not each["thread_metadata"]["archived"]]
        return as_json({"threads": found, "members": [], "has_more": False})

    async def _archived_threads(self, request: web.Request) -> web.Response:
        channel = self._visible(request)
        found = [each for each in self._world.threads(channel["id"]) if each["thread_metadata"]["archived"]]
        return as_json({"threads": found, "members": [], "has_more": False})

    async def _channel(self, request: web.Request) -> web.Response:
        return as_json(self._visible(request))

    async def _messages(self, request: web.Request) -> web.Response:
        channel, query = self._visible(request), request.query
        if not self._world.permissions(channel) & permissions.READ_MESSAGE_HISTORY:
            return as_json([])
        found = self._world.messages[channel["id"]]
        if "before" in query:
            found = [each for each in found if int(each["id"]) < int(query["before"])]
        return as_json(found[::-1][: int(query.get("limit", 50))])

    async def _message(self, request: web.Request) -> web.Response:
        channel = self._visible(request)
        for each in self._world.messages[channel["id"]]:
            if each["id"] == request.match_info["message"]:
                return as_json(each)
        raise Refused(*answers.UNKNOWN_MESSAGE)

    async def _create_message(self, request: web.Request) -> web.Response:
        channel, payload, files = self._visible(request), request[SEEN].payload, request[SEEN].files
        self._may_send(channel, payload, files)
        key = (self._world.bot["id"], str(payload.get("nonce")))
        if payload.get("enforce_nonce") and payload.get("nonce") is not None:
            earlier, until = self._world.nonces.get(key, ({}, float("-inf")))
            if self._now() < until:
                return as_json(earlier)
        made = self._world.post(channel, self._world.bot, payload, files)
        self._world.nonces[key] = (made, self._now() + NONCE_SECONDS)
        return as_json(made)

    async def _create_post(self, request: web.Request) -> web.Response:
        forum, payload, files = self._visible(request), request[SEEN].payload, request[SEEN].files
        if forum["type"] != objects.FORUM:
            raise Refused(*answers.WRONG_CHANNEL_TYPE)
        if forum["flags"] & 1 << 4 and not payload.get("applied_tags"):
            raise Refused(*answers.TAG_REQUIRED)
        _checked(check_thread_name, payload.get("name"))
        self._needs(forum, permissions.SEND_MESSAGES, payload["message"], files)
        _checked(check_message, payload["message"], files)
        thread = self._world.add_thread(forum, payload["name"])
        made = self._world.post(thread, self._world.bot, payload["message"], files, thread["id"])
        return as_json(thread | {"message": made}, 201)

    async def _webhook(self, request: web.Request) -> web.Response:
        return as_json(self._own_webhook(request))

    async def _execute_webhook(self, request: web.Request) -> web.Response:
        webhook, payload, files = self._own_webhook(request), request[SEEN].payload, request[SEEN].files
        _checked(check_message, payload, files)
        channel = self._world.channels.get(request.query.get("thread_id", webhook["channel_id"]))
        if channel is None:
            raise Refused(*answers.UNKNOWN_CHANNEL)
        if channel["type"] == objects.FORUM:
            raise Refused(*answers.FORUM_NEEDS_THREAD)
        made = self._world.post(channel, objects.user(webhook["id"], webhook["name"]), payload, files)
        made["webhook_id"] = webhook["id"]
        return as_json(made) if request.query.get("wait") == "true" else as_json(None, 204)

    def _own_guild(self, request: web.Request) -> Json:
        if request.match_info["guild"] != self._world.guild["id"]:
            raise Refused(*answers.UNKNOWN_GUILD)
        return self._world.guild

    def _own_webhook(self, request: web.Request) -> Json:
        webhook = self._world.webhooks.get(request.match_info["webhook"])
        if webhook is None or webhook["channel_id"] not in self._world.channels:
            raise Refused(*answers.UNKNOWN_WEBHOOK)
        if webhook["token"] != request.match_info["token"]:
            raise Refused(*answers.BAD_WEBHOOK_TOKEN)
        return webhook

    def _visible(self, request: web.Request) -> Json:
        channel = self._world.channels.get(request.match_info["channel"])
        if channel is None:
            raise Refused(*answers.UNKNOWN_CHANNEL)
        if not self._world.permissions(channel) & permissions.VIEW_CHANNEL:
            raise Refused(*answers.MISSING_ACCESS)
        return channel

    def _may_send(self, channel: Json, payload: Any, files: dict[str, bytes]) -> None:
        if channel["type"] not in (objects.TEXT, objects.ANNOUNCEMENT, objects.PUBLIC_THREAD):
            raise Refused(*answers.NOT_TEXT)
        threaded = "thread_metadata" in channel
        sending = permissions.SEND_MESSAGES_IN_THREADS if threaded else permissions.SEND_MESSAGES
        _checked(check_message, payload, files)
        self._needs(channel, sending, payload, files)
        if threaded and channel["thread_metadata"]["locked"] and not self._manages_threads(channel):
            archived = channel["thread_metadata"]["archived"]
            raise Refused(*(answers.THREAD_ARCHIVED if archived else answers.THREAD_LOCKED))

    def _manages_threads(self, channel: Json) -> bool:
        return bool(self._world.permissions(channel) & permissions.MANAGE_THREADS)

    def _needs(self, channel: Json, sending: int, payload: Json, files: dict[str, bytes]) -> None:
        needed = sending
        needed |= permissions.EMBED_LINKS if payload.get("embeds") else 0
        needed |= permissions.ATTACH_FILES if files else 0
        if needed & ~self._world.permissions(channel):
            raise Refused(*answers.MISSING_PERMISSIONS)


def _checked(check: Callable[..., None], *given: Any) -> None:
    try:
        check(*given)
    except FormError as error:
        raise Refused(400, error.code, error.message, error.errors) from error
