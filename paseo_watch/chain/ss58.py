"""SS58 addresses: accounts as people read them.

Source: Polkadot wiki / docs.substrate.io "SS58 address format": prefix of one byte (0 to 63) or two (64 to 16383),
the account, two bytes of blake2b-512 over "SS58PRE" and both, all in base 58 (Bitcoin's alphabet).
"""

from hashlib import blake2b

from paseo_watch.errors import PermanentError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MAX_PREFIX = 16383
RESERVED = (46, 47)  # the format's own registry keeps these free

_DIGITS = {character: value for value, character in enumerate(ALPHABET)}
_CHECKSUM = 2
_SIZES = (20, 32, 33)  # accounts that chains use; all of them have two bytes of checksum
_MAX_TEXT = 64  # 2 + 33 + 2 bytes are 51 digits


class AddressError(PermanentError):
    """Text that is not an SS58 address, or bytes that cannot become one."""


def is_prefix(number: int) -> bool:
    """Whether addresses can be written with this prefix."""
    return 0 <= number <= MAX_PREFIX and number not in RESERVED


def encode(account: bytes, prefix: int) -> str:
    """The address of an account of 32 (or 20, or 33) bytes under a network's prefix. Raises AddressError."""
    if len(account) not in _SIZES:
        raise AddressError(f"an account of {len(account)} bytes has no address here, expected 32")
    if not is_prefix(prefix):
        raise AddressError(f"{prefix} is not an SS58 prefix, expected 0 to {MAX_PREFIX} without {RESERVED}")
    body = _prefix_bytes(prefix) + account
    return _to_base58(body + _checksum(body))


def decode(text: str) -> tuple[bytes, int]:
    """(account, prefix) of an address under any prefix. Raises AddressError."""
    data = _from_base58(text)
    two_bytes = len(data) > 1 and data[0] & 0x40
    start = 2 if two_bytes else 1
    body, account = data[:-_CHECKSUM], data[start:-_CHECKSUM]
    if len(account) not in _SIZES or data[0] & 0x80:
        raise AddressError(f"{text!r} is not an SS58 address: it holds {len(data)} bytes, expected 35 or 36")
    if _checksum(body) != data[-_CHECKSUM:]:
        raise AddressError(f"{text!r} is not an SS58 address: the checksum is wrong, a character may be mistyped")
    prefix = (data[0] & 0x3F) << 2 | data[1] >> 6 | (data[1] & 0x3F) << 8 if two_bytes else data[0]
    if two_bytes and prefix < 64:
        raise AddressError(f"{text!r} is not an SS58 address: prefix {prefix} is written in two bytes, expected one")
    return account, prefix


def _prefix_bytes(prefix: int) -> bytes:
    if prefix < 64:
        return bytes([prefix])
    return bytes([(prefix & 0xFC) >> 2 | 0x40, prefix >> 8 | (prefix & 3) << 6])


def _checksum(body: bytes) -> bytes:
    return blake2b(b"SS58PRE" + body).digest()[:_CHECKSUM]


def _to_base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return ALPHABET[0] * zeros + "".join(reversed(digits))


def _from_base58(text: str) -> bytes:
    if not 0 < len(text) <= _MAX_TEXT:
        raise AddressError(f"{text[:_MAX_TEXT]!r} is not an SS58 address: expected 1 to {_MAX_TEXT} characters")
    number = 0
    for character in text:
        if character not in _DIGITS:
            raise AddressError(f"{text!r} is not an SS58 address: {character!r} is no base-58 digit")
        number = number * 58 + _DIGITS[character]
    zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
