"""The gateway: hello, identify, ready, heartbeats, dispatch, close and resume with a replay of what was missed."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.discord_stand_in import objects
from tests.discord_stand_in.objects import Json
from tests.discord_stand_in.world import World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED, NOT_AUTHENTICATED = 4004, 4003


@dataclass
class Session:
    """One identified client: all events it was to get, and its connection while it has one."""

    id: str
    events: list[Json] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """`frames` keeps what clients sent, `heartbeat_ms` is what they are asked for."""

    def __init__(self, world: World, url: Callable[[], str]) -> None:
        self._world = world
        self._url = url
        self._tasks: set[asyncio.Task[None]] = set()
        self.sessions: dict[str, Session] = {}
        self.sockets: set[web.WebSocketResponse] = set()
        self.frames: list[Json] = []
        self.heartbeat_ms = 41_250
        world.on_message.append(lambda made: self.dispatch("MESSAGE_CREATE", self._in_guild(made)))

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.add(socket)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}, "s": None, "t": None})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._frame(socket, json.loads(frame.data))
        finally:
            self.sockets.discard(socket)
        return socket

    def dispatch(self, event: str, data: Json) -> None:
        """To every session; one without a connection gets it when it resumes."""
        for session in self.sessions.values():
            frame = self._remember(session, event, data)
            if session.socket is not None and not session.socket.closed:
                self._later(session.socket, frame)

    async def close_all(self, code: int = 1012) -> None:
        """Hang up on everybody; sessions can be resumed."""
        for session in self.sessions.values():
            session.socket = None
        for socket in list(self.sockets):
            await socket.close(code=code)

    def forget(self) -> None:
        """Sessions can no longer be resumed."""
        self.sessions.clear()

    async def _frame(self, socket: web.WebSocketResponse, frame: Json) -> None:
        self.frames.append(frame)
        if frame["op"] == HEARTBEAT:
            await socket.send_json({"op": ACK, "d": None, "s": None, "t": None})
        elif frame["op"] == IDENTIFY:
            await self._identify(socket, frame["d"])
        elif frame["op"] == RESUME:
            await self._resume(socket, frame["d"])
        elif not any(session.socket is socket for session in self.sessions.values()):
            await socket.close(code=NOT_AUTHENTICATED)

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        if data["token"].removeprefix("Bot ") != self._world.token:
            await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return
        session = Session(self._world.new_id(), socket=socket)
        self.sessions[session.id] = session
        await socket.send_json(self._remember(session, "READY", self._ready(session, data)))
        await socket.send_json(self._remember(session, "GUILD_CREATE", self._whole_guild()))

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"].removeprefix("Bot ") != self._world.token:
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        for frame in session.events[data["seq"] :]:
            await socket.send_json(frame)
        session.socket = socket
        await socket.send_json(self._remember(session, "RESUMED", {}))

    def _remember(self, session: Session, event: str, data: Json) -> Json:
        frame = {"op": DISPATCH, "t": event, "s": len(session.events) + 1, "d": data}
        session.events.append(frame)
        return frame

    def _later(self, socket: web.WebSocketResponse, frame: Json) -> None:
        async def send() -> None:
            await socket.send_json(frame)

        task = asyncio.create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(task.exception(), ConnectionError):
            return  # hung up meanwhile: it gets the frame when it resumes
        if not task.cancelled():
            task.result()

    def _ready(self, session: Session, identify: Json) -> Json:
        return {
            "v": 10,
            "user": objects.own_user(self._world.bot),
            "guilds": [{"id": self._world.guild["id"], "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self._url(),
            "application": {"id": self._world.application["id"], "flags": 0},
        } | ({"shard": identify["shard"]} if "shard" in identify else {})

    def _whole_guild(self) -> Json:
        channels = list(self._world.channels.values())
        return self._world.guild | {
            "joined_at": self._world.member["joined_at"],
            "large": False,
            "unavailable": False,
            "member_count": 2,
            "voice_states": [],
            "members": [self._world.member],
            "channels": [each for each in channels if "thread_metadata" not in each],
            "threads": [each for each in channels if "thread_metadata" in each],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def _in_guild(self, made: Json) -> Json:
        member = {key: value for key, value in self._world.member.items() if key != "user"}
        return made | {"guild_id": self._world.guild["id"], "member": member}
