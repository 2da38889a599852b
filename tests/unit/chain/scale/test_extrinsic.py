"""Extrinsics of every shape, made by hand."""

import pytest

from paseo_watch.chain.scale.errors import (
    ScaleError,
    TooDeepError,
    TrailingBytesError,
    TruncatedError,
    UnsupportedExtrinsicError,
)
from paseo_watch.chain.scale.runtime import Call, Extrinsic, Runtime
from tests.unit.chain.scale.building import compact, small_runtime, vector

WHO, DEST = b"\x11" * 32, b"\x22" * 32
SIGNATURE = b"\1" + b"\x77" * 64
TRANSFER = b"\5\3" + b"\0" + DEST + compact(10**10)
EXTENSIONS = compact(70) + compact(5)  # CheckNonce, CheckWeight (nothing), ChargeTransactionPayment
CALL = Call("Balances", "transfer", {"dest": ("Id", DEST), "value": 10**10})
READ = {"CheckNonce": 70, "CheckWeight": (), "ChargeTransactionPayment": 5}


def framed(body: bytes) -> bytes:
    return compact(len(body)) + body


@pytest.fixture(params=(14, 15, 16))
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime.from_metadata(small_runtime().encode(request.param))


def test_a_signed_one_of_version_4(runtime: Runtime) -> None:
    raw = framed(b"\x84\0" + WHO + SIGNATURE + EXTENSIONS + TRANSFER)
    assert runtime.decode_extrinsic(raw) == Extrinsic(4, "signed", WHO, SIGNATURE, 0, READ, CALL)


def test_an_address_that_is_no_account_stays_what_it_is(runtime: Runtime) -> None:
    raw = framed(b"\x84\2\x0cabc" + SIGNATURE + EXTENSIONS + TRANSFER)
    assert runtime.decode_extrinsic(raw).address == ("Raw", b"abc")


@pytest.mark.parametrize("version", [4, 5])
def test_a_bare_one(version: int, runtime: Runtime) -> None:
    raw = framed(bytes([version]) + b"\0\0\x08hi")
    call = Call("System", "remark", {"remark": b"hi"})
    assert runtime.decode_extrinsic(raw) == Extrinsic(version, "bare", None, None, None, {}, call)


def test_a_general_one_of_version_5(runtime: Runtime) -> None:
    raw = framed(b"\x45\0" + EXTENSIONS + TRANSFER)
    assert runtime.decode_extrinsic(raw) == Extrinsic(5, "general", None, None, 0, READ, CALL)


def test_a_general_one_with_other_extensions() -> None:
    """V16 lists them by version; version 1 of the small runtime has them in the opposite order."""
    runtime = Runtime.from_metadata(small_runtime().encode(16))
    raw = framed(b"\x45\1" + compact(5) + compact(70) + TRANSFER)
    extrinsic = runtime.decode_extrinsic(raw)
    assert (extrinsic.extension_version, extrinsic.extensions) == (1, READ)
    with pytest.raises(UnsupportedExtrinsicError, match=r"extensions of version 2; \[0, 1\] are known"):
        runtime.decode_extrinsic(framed(b"\x45\2" + EXTENSIONS + TRANSFER))


@pytest.mark.parametrize("version", [0x85, 0x44, 0x83, 0x06, 0xC4, 0xFF, 0x00])
def test_other_version_bytes_are_refused(version: int, runtime: Runtime) -> None:
    with pytest.raises(UnsupportedExtrinsicError, match=f"version byte 0x{version:02x}"):
        runtime.decode_extrinsic(framed(bytes([version]) + EXTENSIONS + TRANSFER))


def test_calls_inside_calls_are_calls(runtime: Runtime) -> None:
    batch = b"\0\1" + vector([TRANSFER, b"\0\1" + vector([b"\0\0\x04!"])])
    inner = Call("System", "batch", {"calls": [Call("System", "remark", {"remark": b"!"})]})
    assert runtime.decode_extrinsic(framed(b"\4" + batch)).call == Call("System", "batch", {"calls": [CALL, inner]})


def test_calls_nest_as_deep_as_the_sdk_lets_them_and_no_deeper_than_the_stack(runtime: Runtime) -> None:
    """MAX_EXTRINSIC_DEPTH is 256: what a chain accepts must not become unreadable here."""
    remark = b"\0\0\x04!"
    call = runtime.decode_extrinsic(framed(b"\4" + b"\0\1\4" * 256 + remark)).call
    depth = 0
    while call.name == "batch":
        (call,), depth = call.args["calls"], depth + 1
    assert (depth, call.name) == (256, "remark")
    with pytest.raises(TooDeepError):
        runtime.decode_extrinsic(framed(b"\4" + b"\0\1\4" * 5000 + remark))


def test_the_length_in_front_must_be_right(runtime: Runtime) -> None:
    body = b"\4\0\0\x08hi"
    with pytest.raises(TruncatedError, match="announces 7 bytes, 6 follow"):
        runtime.decode_extrinsic(compact(7) + body)
    with pytest.raises(TrailingBytesError, match="announces 5 bytes, 6 follow"):
        runtime.decode_extrinsic(compact(5) + body)
    with pytest.raises(TrailingBytesError, match="call ends at byte 7 of 8"):
        runtime.decode_extrinsic(framed(body + b"\0"))


def test_an_extrinsic_cut_short_anywhere_is_refused(runtime: Runtime) -> None:
    body = b"\x84\0" + WHO + SIGNATURE + EXTENSIONS + TRANSFER
    for cut in range(len(body)):
        with pytest.raises(ScaleError):
            runtime.decode_extrinsic(framed(body[:cut]))
    with pytest.raises(ScaleError):
        runtime.decode_extrinsic(b"")
