"""What exists: one guild, its roles, channels, threads, webhooks and messages, one bot and its token."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from tests.discord_stand_in import objects, permissions
from tests.discord_stand_in.objects import Json

TOKEN = "MTA1-t0ken.of.the-stand-in"
NONCE_SECONDS = 180.0
"""How long a nonce is remembered. Discord's documentation says "the past few minutes"."""


@dataclass
class World:
    """Tests may change any of it between requests: `token = None` revokes it."""

    wall: Callable[[], float] = time.time
    token: str | None = TOKEN
    channels: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, list[Json]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    webhooks: dict[str, Json] = field(default_factory=dict)
    nonces: dict[tuple[str, str], tuple[Json, float]] = field(default_factory=dict)
    on_message: list[Callable[[Json], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sequence = count(1)
        self.owner = objects.user(self.new_id(), "owner", bot=False)
        self.bot = objects.user(self.new_id(), "paseo-watch")
        self.application = objects.application(self.bot["id"], self.bot, self.owner)
        guild, posting = self.new_id(), self.new_id()
        everyone = objects.role(guild, "@everyone", permissions.VIEW_CHANNEL | permissions.READ_MESSAGE_HISTORY, 0)
        bots = objects.role(posting, "alerts", permissions.POSTING, 1)
        self.guild = objects.guild(guild, "Paseo", self.owner["id"], [everyone, bots])
        self.member = objects.member(self.bot, [posting])

    def new_id(self) -> str:
        """A snowflake: the time in its upper bits, always growing."""
        return str(((int(self.wall() * 1000) - objects.EPOCH_MS) << 22) + next(self._sequence))

    def add_channel(self, name: str, kind: int = objects.TEXT) -> Json:
        """A channel of the guild."""
        made = objects.channel(self.new_id(), self.guild["id"], name, kind)
        self.channels[made["id"]] = made
        self.messages[made["id"]] = []
        return made

    def add_thread(self, parent: Json, name: str, owner: Json | None = None) -> Json:
        """A thread in a channel, or a post in a forum."""
        made = objects.thread(self.new_id(), parent, name, (owner or self.bot)["id"], self.wall())
        self.channels[made["id"]] = made
        self.messages[made["id"]] = []
        return made

    def add_webhook(self, channel: Json, name: str = "alerts") -> Json:
        """An incoming webhook."""
        id = self.new_id()
        made = objects.webhook(id, f"wh-t0ken-{id}", channel, name)
        self.webhooks[id] = made
        return made

    def remove_channel(self, channel: Json) -> None:
        """With what is in it."""
        del self.channels[channel["id"]]
        del self.messages[channel["id"]]

    def threads(self, parent_id: str | None = None) -> list[Json]:
        """Threads, newest first; of one channel, or all."""
        found = [c for c in self.channels.values() if "thread_metadata" in c and parent_id in (None, c["parent_id"])]
        return sorted(found, key=lambda c: int(c["id"]), reverse=True)

    def deny(self, channel: Json, bits: int) -> None:
        """The bot loses these permissions there."""
        overwrite = {"id": self.bot["id"], "type": 1, "allow": "0", "deny": str(bits)}
        channel["permission_overwrites"] = [overwrite] if bits else []

    def permissions(self, channel: Json) -> int:
        """The bot's; a thread has its parent's."""
        base = self.channels[channel["parent_id"]] if "thread_metadata" in channel else channel
        return permissions.permissions(self.guild, base, self.member)

    def post(self, channel: Json, author: Json, payload: Json, files: dict[str, bytes], id: str | None = None) -> Json:
        """Take a message. A thread's starter has the thread's id."""
        made = objects.message(id or self.new_id(), channel["id"], author, payload, self._attach(files), self.wall())
        self.messages[channel["id"]].append(made)
        channel["last_message_id"] = made["id"]
        if "thread_metadata" in channel:
            channel["message_count"] += 1
            channel["total_message_sent"] += 1
            channel["thread_metadata"]["archived"] = False
        for tell in self.on_message:
            tell(made)
        return made

    def _attach(self, files: dict[str, bytes]) -> list[Json]:
        made = [objects.attachment(self.new_id(), name, len(body)) for name, body in files.items()]
        self.files |= {each["id"]: body for each, body in zip(made, files.values(), strict=True)}
        return made
