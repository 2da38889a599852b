"""Kinds of values in a configuration: text on the way in, checked values on the way out.

Each error says what was expected; none repeats a value that may be a secret.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from paseo_watch.alerts.matchers import Matcher, MatcherError
from paseo_watch.alerts.matchers import parse as parse_matcher
from paseo_watch.chain import ss58
from paseo_watch.errors import Expected, PaseoWatchError

ACCOUNT_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,19}", re.ASCII)
_DURATION = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)
_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})", re.ASCII)
_HEX_32 = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


class Section(BaseModel):
    """A part of the configuration: frozen, unknown keys are errors, and no error repeats what was given."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Listen(NamedTuple):
    """Where to listen; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def schema(expected: str, **more: Any) -> WithJsonSchema:
    """The JSON Schema of a value that is written as text; `expected` is what an error says belongs there."""
    described: JsonSchemaValue = {"type": "string", "x-expected": expected, **more}
    return WithJsonSchema(described)


def _text(value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise Expected(f"expected {expected}")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise Expected("expected a name: letters, digits, - _ and . (at most 64, a letter or digit first)")
    return value


def _symbol(value: str) -> str:
    if not _SYMBOL.fullmatch(value):
        raise Expected("expected a unit's symbol such as PAS: letters, digits, - and . (at most 20, a letter first)")
    if value == "planck":
        raise Expected("planck is the smallest unit of every token and cannot be defined")
    return value


DURATION = "a duration such as 30s, 10m, 24h or 7d"


def parse_duration(value: object) -> timedelta:
    """`30s`, `10m`, `1h30m`, `7d`, `500ms`; more than nothing, at most ten years. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(_text(value, DURATION))
    if found is None or not any(found.groups()):
        raise Expected(f"expected {DURATION}")
    days, hours, minutes, seconds, millis = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)
    if not timedelta(0) < length <= timedelta(days=3660):
        raise Expected("expected a duration of more than nothing and at most ten years")
    return length


ACCOUNT = "an account: SS58 text of any prefix, or 0x and 64 hexadecimal digits"


def parse_account(value: object) -> bytes:
    """The 32 raw bytes of an account. Raises ValueError."""
    if isinstance(value, bytes) and len(value) == ACCOUNT_BYTES:
        return value
    text = _text(value, ACCOUNT)
    if text.startswith("0x"):
        return parse_hash(text, ACCOUNT)
    try:
        key, _ = ss58.decode(text)
    except PaseoWatchError as error:
        raise ValueError(f"{error}; expected {ACCOUNT}") from error
    if len(key) != ACCOUNT_BYTES:
        raise Expected(f"an account of {len(key)} bytes; expected {ACCOUNT}")
    return key


GENESIS = "a genesis hash: 0x and 64 hexadecimal digits"


def parse_hash(value: object, expected: str = GENESIS) -> bytes:
    """32 bytes from 0x and 64 digits. Raises ValueError."""
    if isinstance(value, bytes) and len(value) == ACCOUNT_BYTES:
        return value
    text = _text(value, expected)
    if not _HEX_32.fullmatch(text):
        raise Expected(f"expected {expected}")
    return bytes.fromhex(text[2:])


LISTEN = "host:port, such as 127.0.0.1:9615"


def duration_text(value: timedelta) -> str:
    """The same duration as it is written: `1h30m`; to the millisecond."""
    rest = value // timedelta(milliseconds=1)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


def parse_listen(value: object) -> Listen:
    """`127.0.0.1:9615`, `[::1]:9615`, `localhost:0`. Raises ValueError."""
    if isinstance(value, Listen):
        return value
    found = _LISTEN.fullmatch(_text(value, LISTEN))
    if found is None or int(found[3]) > 65535:
        raise Expected(f"expected {LISTEN}")
    return Listen(found[1] or found[2], int(found[3]))


def parse_matcher_text(value: object) -> Matcher:
    """One matcher in Alertmanager's notation. Raises ValueError."""
    if isinstance(value, Matcher):
        return value
    try:
        return parse_matcher(_text(value, MATCHER))
    except MatcherError as error:
        raise ValueError(str(error)) from error
    except (OverflowError, RecursionError) as error:
        raise Expected("a regular expression beyond all limits") from error


MATCHER = """a matcher such as 'severity="info"', with =, !=, =~ or !~"""


def url_host(url: str) -> str:
    """`host` or `host:port` of a URL: what may be shown of it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{parts.port}" if parts.port else shown


def _secret_url(value: SecretStr, *schemes: str) -> SecretStr:
    text = value.get_secret_value()
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode(
            "idna"
        )  # what looks it up would raise: a part that is empty or over 63 characters
    except ValueError:
        good = False
    if not good or len(text) > 2048 or not text.isprintable() or " " in text:
        raise Expected(f"expected a URL that begins with {' or '.join(f'{one}://' for one in schemes)}, with a host")
    return value


def _store_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return value
    if text.startswith("sqlite:"):
        raise Expected("expected sqlite:/// and a file, such as sqlite:///paseo-watch.db")
    try:
        return _secret_url(value, "postgresql")
    except ValueError:
        raise Expected("expected sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None


Name = Annotated[str, AfterValidator(_name)]
Symbol = Annotated[str, AfterValidator(_symbol)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration), schema(DURATION, examples=["30s", "10m", "24h"])]
AccountKey = Annotated[bytes, BeforeValidator(parse_account), schema(ACCOUNT)]
Genesis = Annotated[bytes, BeforeValidator(parse_hash), schema(GENESIS, pattern="^0x[0-9a-fA-F]{64}$")]
ListenAddress = Annotated[Listen, BeforeValidator(parse_listen), schema(LISTEN)]
MatcherText = Annotated[Matcher, BeforeValidator(parse_matcher_text), schema(MATCHER)]
NodeUrl = Annotated[
    SecretStr,
    AfterValidator(lambda value: _secret_url(value, "wss", "ws")),
    schema("a ws:// or wss:// URL", writeOnly=True),
]
HttpUrl = Annotated[
    SecretStr,
    AfterValidator(lambda value: _secret_url(value, "https", "http")),
    schema("an http:// or https:// URL", writeOnly=True),
]
StoreUrl = Annotated[
    SecretStr,
    AfterValidator(_store_url),
    schema("sqlite:///FILE or postgresql://USER@HOST/DATABASE", writeOnly=True, format="store-url"),
]
