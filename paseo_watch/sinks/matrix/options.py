"""What a Matrix receiver is configured with."""

import re
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from yarl import URL

from paseo_watch.errors import Expected
from paseo_watch.sinks.kind import SinkOptions
from paseo_watch.sinks.matrix.secret import read_secret

_SERVER = r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?"
_USER = re.compile(rf"@[!-9;-~]+:({_SERVER})")
_ROOM = re.compile(r"![!-~]+")
_ALIAS = re.compile(rf"#[^\s:\x00]+:({_SERVER})")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LONGEST_ID = 255
"""Bytes (Matrix specification, appendices, "Common Identifier Format")."""


def _homeserver(value: str) -> str:
    try:
        url = URL(value)
        good = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
        plain = good and not (url.user or url.password or url.query_string or url.fragment)
        (url.raw_host or "").encode("idna")
    except ValueError:
        plain = False
    if not plain:
        raise Expected('expected the homeserver\'s URL, http or https, such as "https://matrix.example.org"')
    # One spelling: yarl writes the host in lower case and leaves out a usual port. Read twice, since a host that has to
    # be encoded first keeps its capitals in the first reading.
    return str(URL(str(url))).rstrip("/")


def _identifier(value: str, pattern: re.Pattern[str], expected: str) -> str:
    if not pattern.fullmatch(value) or len(value.encode()) > _LONGEST_ID:
        raise Expected(f"expected {expected}")
    return value


def _user(value: str) -> str:
    return _identifier(value, _USER, 'a whole user id, such as "@paseo-watch:example.org"')


def _room(value: str) -> str:
    pattern = _ALIAS if value.startswith("#") else _ROOM
    return _identifier(value, pattern, 'a room\'s id ("!…") or alias ("#alerts:example.org")')


def _device(value: str) -> str:
    return _identifier(value, _DEVICE, "a device id of letters, digits, _ and -, at most 64")


def _secret(value: SecretStr) -> SecretStr:
    read_secret(value.get_secret_value())
    return value


UserId = Annotated[str, AfterValidator(_user)]


class AccountKey(NamedTuple):
    """What makes two receivers share one login."""

    homeserver: str
    user: str
    device_id: str


class MatrixOptions(SinkOptions):
    """A message in a Matrix room, for Element and other clients."""

    homeserver: Annotated[str, AfterValidator(_homeserver)] = Field(
        description="The homeserver's URL, http or https. Redirects are not followed."
    )
    user: UserId = Field(description='The account that writes: its whole id, "@name:server".')
    access_token: SecretStr | None = Field(
        default=None, min_length=1, description="A token of that account and device. This or password."
    )
    password: SecretStr | None = Field(
        default=None, min_length=1, description="Logs in and keeps the session in `store`. This or access_token."
    )
    device_id: Annotated[str, AfterValidator(_device)] = Field(
        default="PASEOWATCH", description="The device that writes; with an access token, the one that it belongs to."
    )
    room: Annotated[str, AfterValidator(_room)] = Field(description='The room\'s id ("!…") or alias ("#…").')
    join: bool = Field(default=False, description="Join the room where the account is invited, or where it is public.")
    mention: tuple[UserId, ...] = Field(
        default=(), max_length=10, description="Users to notify by a mention; none unless given."
    )
    mention_at: Literal["info", "warning", "critical"] = Field(
        default="critical", description="The least severity at which `mention` is notified."
    )
    # A text and no Path: one folder serves every receiver of this kind, and a Path is one receiver's alone.
    store: str = Field(
        default="paseo-watch-matrix",
        min_length=1,
        json_schema_extra={"format": "path"},
        description="The folder that keeps sessions and keys, made where it is not there; a folder in it per account.",
    )
    cross_signing_key: Annotated[SecretStr, AfterValidator(_secret)] | None = Field(
        default=None,
        description="For encrypted rooms: 32 random bytes in base64; the account's cross-signing keys follow from it.",
    )
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds to wait for an answer of the homeserver.")

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if (self.access_token is None) == (self.password is None):
            raise Expected("expected exactly one of access_token and password")
        return self

    @property
    def account(self) -> AccountKey:
        """Receivers with the same one share a login."""
        return AccountKey(self.homeserver, self.user, self.device_id)

    def logs_in_like(self, other: "MatrixOptions") -> bool:
        """Whether both can share one login: everything but the room and its mentions is the same."""
        return not self._differences(other)

    def conflict(self, other: Self, receiver: str) -> str | None:
        """One device cannot log in in two ways."""
        if self.account != other.account or self.logs_in_like(other):
            return None
        differ = " and ".join(self._differences(other))
        who = f"logs in as {self.user}, device {self.device_id}, as the receiver {receiver} does"
        return f"{who}, but not with the same {differ}; give both the same, or each a device_id of its own"

    def _differences(self, other: "MatrixOptions") -> list[str]:
        ours = {"room", "join", "mention", "mention_at"}
        return [key for key in type(self).model_fields if key not in ours and getattr(self, key) != getattr(other, key)]
