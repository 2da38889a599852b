"""A homeserver's part in encryption, in memory, and other people's devices with vodozemac, which read what is sent.

`KeyServer` stands where `Requests` does. What a real homeserver does is tested with Synapse (tests/e2e); this one is
for what Synapse does not do at will: failing in the middle, passing on nonsense, answering for servers that are away.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import vodozemac

from paseo_watch.sinks.matrix.cross_signing import canonical_json, decode, encode

USER = "@bot:test"
DEVICE = "DEVICE"
ROOM = "!room:test"
MEGOLM = "m.megolm.v1.aes-sha2"
OLM = "m.olm.v1.curve25519-aes-sha2"


class Peer:
    """One device of somebody in the room: its keys, and what it has been given."""

    def __init__(self, user: str, device: str) -> None:
        self.user, self.device = user, device
        self.account = vodozemac.Account()
        self.account.generate_one_time_keys(3)
        self.room_keys: dict[str, vodozemac.InboundGroupSession] = {}
        self._sessions: list[vodozemac.Session] = []

    @property
    def curve(self) -> str:
        return self.account.curve25519_key.to_base64()

    def signed(self, value: dict[str, Any]) -> dict[str, Any]:
        """With this device's signature."""
        signature = self.account.sign(canonical_json(value)).to_base64()
        return {**value, "signatures": {self.user: {f"ed25519:{self.device}": signature}}}

    @property
    def device_keys(self) -> dict[str, Any]:
        keys = {f"ed25519:{self.device}": self.account.ed25519_key.to_base64(), f"curve25519:{self.device}": self.curve}
        bare = {"user_id": self.user, "device_id": self.device, "algorithms": [OLM, MEGOLM], "keys": keys}
        return self.signed(bare)

    def one_time_key(self) -> dict[str, Any]:
        """One that nobody got before; none where they are used up."""
        for name, key in sorted(self.account.one_time_keys.items())[:1]:
            made = {f"signed_curve25519:{name}": self.signed({"key": key.to_base64()})}
            self.account.mark_keys_as_published()
            self.account.generate_one_time_keys(1)
            return made
        return {}

    def take(self, content: Mapping[str, Any]) -> None:
        """An m.room.encrypted to-device message with a room key in it."""
        assert content["algorithm"] == OLM
        mine = content["ciphertext"][self.curve]
        message = vodozemac.AnyOlmMessage.from_parts(mine["type"], decode(mine["body"]))
        payload = json.loads(self._decrypt(content["sender_key"], message))
        assert (payload["recipient"], payload["type"]) == (self.user, "m.room_key")
        key = payload["content"]
        self.room_keys[key["session_id"]] = vodozemac.InboundGroupSession(vodozemac.SessionKey(key["session_key"]))

    def read(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The message in an m.room.encrypted event; KeyError without its key, ValueError where the key is too new."""
        opened = self.room_keys[content["session_id"]].decrypt(
            vodozemac.MegolmMessage.from_base64(content["ciphertext"])
        )
        payload: dict[str, Any] = json.loads(opened.plaintext)
        assert (payload["type"], payload["room_id"]) == ("m.room.message", ROOM)
        inner: dict[str, Any] = payload["content"]
        return inner

    def begin(self, bot_keys: Mapping[str, Any], one_time_key: str) -> dict[str, Any]:
        """The to-device event that begins a new session with the bot after one that broke (m.dummy)."""
        payload = {
            "sender": self.user,
            "sender_device": self.device,
            "keys": {"ed25519": self.account.ed25519_key.to_base64()},
            "recipient": bot_keys["user_id"],
            "recipient_keys": {"ed25519": bot_keys["keys"][f"ed25519:{bot_keys['device_id']}"]},
            "type": "m.dummy",
            "content": {},
        }
        return self.write(bot_keys, one_time_key, json.dumps(payload).encode())

    def write(self, bot_keys: Mapping[str, Any], one_time_key: str, plain: bytes) -> dict[str, Any]:
        """The to-device event with these bytes encrypted, in a new session with the bot."""
        curve = bot_keys["keys"][f"curve25519:{bot_keys['device_id']}"]
        session = self.account.create_outbound_session(
            vodozemac.Curve25519PublicKey.from_base64(curve), vodozemac.Curve25519PublicKey.from_base64(one_time_key)
        )
        self._sessions.append(session)
        kind, body = session.encrypt(plain).to_parts()
        ciphertext = {curve: {"type": kind, "body": encode(body)}}
        content = {"algorithm": OLM, "sender_key": self.curve, "ciphertext": ciphertext}
        return {"type": "m.room.encrypted", "sender": self.user, "content": content}

    def _decrypt(self, sender_key: str, message: vodozemac.AnyOlmMessage) -> bytes:
        for session in self._sessions:
            try:
                return session.decrypt(message)
            except vodozemac.OlmDecryptionException:
                continue
        prekey = message.to_pre_key()
        assert prekey is not None, "a message of a session that this device never had"
        session, plain = self.account.create_inbound_session(
            vodozemac.Curve25519PublicKey.from_base64(sender_key), prekey
        )
        self._sessions.append(session)
        return plain


@dataclass
class KeyServer:
    """`peers` are known to it and take what is sent to them; `state` is the room's; `broken` paths raise."""

    peers: list[Peer] = field(default_factory=list)
    state: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    devices: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    to_device: list[dict[str, Any]] = field(default_factory=list)
    cross_signing: dict[str, Any] = field(default_factory=dict)
    one_time_keys: dict[str, Any] = field(default_factory=dict)
    wants_proof: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    bodies: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    account: Any = None

    def __post_init__(self) -> None:
        if self.account is None:
            self.account = SimpleNamespace(
                options=SimpleNamespace(user=USER, timeout=10.0), session=SimpleNamespace(device_id=DEVICE)
            )
        if not self.state:
            self.encrypt()
            self.join(USER)

    def join(self, user: str, membership: str = "join") -> None:
        """A change of membership, which the next sync tells."""
        self.state.append({"type": "m.room.member", "state_key": user, "content": {"membership": membership}})
        self.changed.append(user)

    def encrypt(self, **rules: Any) -> None:
        """The room's encryption event."""
        content = {"algorithm": MEGOLM, **rules}
        self.state.append({"type": "m.room.encryption", "state_key": "", "content": content})

    def arrive(self, user: str, device: str) -> Peer:
        """A new device of somebody who is in the room, or is now."""
        peer = Peer(user, device)
        self.peers.append(peer)
        self.join(user)
        return peer

    async def get(self, path: str) -> Mapping[str, Any]:
        self._note(path)
        if "/messages?" in path:
            return {"chunk": self.messages}
        assert path.startswith("/sync?"), path
        full = "full_state" in parse_qs(urlsplit(path).query)
        events, self.changed, changed = self.state[:], [], self.changed
        if not full:
            events = [each for each in events if not each.get("told")]
        for each in self.state:
            each["told"] = True
        waiting, self.to_device = self.to_device, []
        return {
            "next_batch": f"s{len(self.asked)}",
            "rooms": {"join": {ROOM: {"state": {"events": events}}, "!other:test": {}}},
            "device_lists": {"changed": changed, "left": []},
            "device_one_time_keys_count": {"signed_curve25519": len(self.one_time_keys)},
            "to_device": {"events": waiting},
        }

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self._note(path, body)
        match path.split("?")[0]:
            case "/keys/query":
                return self._query(list(body["device_keys"]))
            case "/keys/claim":
                return self._claim(body["one_time_keys"])
            case "/keys/upload":
                if "device_keys" in body:
                    self.devices.setdefault(USER, {})[body["device_keys"]["device_id"]] = body["device_keys"]
                self.one_time_keys |= body.get("one_time_keys", {})
                return {}
            case "/keys/signatures/upload":
                for user, signed in body.items():
                    self.devices[user].update(signed)
                return {"failures": {}}
        raise AssertionError(path)

    async def post_with_proof(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self._note(path, body)
        if self.wants_proof is not None and body.get("auth", {}).get("password") != "passw0rd":
            return self.wants_proof
        self.cross_signing |= {name: key for name, key in body.items() if name != "auth"}
        return None

    async def put(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self._note(path, body)
        transaction = path.rsplit("/", 1)[1]
        if transaction not in self.sent:
            self.sent[transaction] = body
            for peer in self.peers:
                content = body["messages"].get(peer.user, {}).get(peer.device)
                if content is not None:
                    peer.take(content)
        return {}

    def _note(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        self.asked.append(path)
        if body is not None:
            self.bodies.append((path, body))
        for part, error in self.broken.items():
            if part in path:
                raise error

    def _query(self, users: list[str]) -> dict[str, Any]:
        away = {user for user in users if user.split(":")[1] in self.failures}
        found: dict[str, dict[str, Any]] = {
            user: dict(self.devices.get(user, {})) for user in users if user not in away
        }
        for peer in self.peers:
            if peer.user in found:
                found[peer.user].setdefault(peer.device, peer.device_keys)
        own = {f"{name}s": {USER: key} for name, key in self.cross_signing.items() if USER in users}
        return {"device_keys": found, "failures": self.failures, **own}

    def _claim(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        found: dict[str, dict[str, Any]] = {}
        for peer in self.peers:
            if peer.device in wanted.get(peer.user, {}) and peer.user.split(":")[1] not in self.failures:
                found.setdefault(peer.user, {})[peer.device] = peer.one_time_key()
        return {"one_time_keys": found, "failures": self.failures}
