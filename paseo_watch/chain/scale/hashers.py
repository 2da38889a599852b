"""Storage hashers, and blake2 for headers.

Source: Polkadot specification, appendix on hash functions; frame-support `src/hash.rs` for the `Concat` forms.
"""

from collections.abc import Callable
from hashlib import blake2b

from xxhash import xxh64_intdigest


def blake2_128(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def blake2_256(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def blake2_128_concat(data: bytes) -> bytes:
    return blake2_128(data) + data


def twox64(data: bytes) -> bytes:
    return _twox(data, 1)


def twox128(data: bytes) -> bytes:
    return _twox(data, 2)


def twox256(data: bytes) -> bytes:
    return _twox(data, 4)


def twox64_concat(data: bytes) -> bytes:
    return twox64(data) + data


def _twox(data: bytes, words: int) -> bytes:
    """xxHash64 with the seeds 0, 1 and so on, each little-endian."""
    return b"".join(xxh64_intdigest(data, seed).to_bytes(8, "little") for seed in range(words))


# By the names that `metadata.HASHERS` gives them.
BY_NAME: dict[str, Callable[[bytes], bytes]] = {
    "Blake2_128": blake2_128,
    "Blake2_256": blake2_256,
    "Blake2_128Concat": blake2_128_concat,
    "Twox128": twox128,
    "Twox256": twox256,
    "Twox64Concat": twox64_concat,
    "Identity": bytes,
}
