"""The words of real nodes end in the type that says whether another endpoint may do better."""

import pytest

from paseo_watch.errors import PermanentError, TransientError
from paseo_watch.rpc import errors
from paseo_watch.rpc.errors import (
    KINDS,
    BackingOff,
    BadAnswer,
    ConnectionLost,
    DeadlineExceeded,
    EndpointError,
    ErrorAnswer,
    Exhausted,
    MethodMissing,
    Quarantined,
    RateLimited,
    StateDiscarded,
    UnknownBlock,
    WrongIdentity,
    error_answer,
    printable,
)


@pytest.mark.parametrize(
    ("code", "message", "data", "expected"),
    [
        (4003, "Client error: UnknownBlock: State already discarded for 0x7194", None, StateDiscarded),
        (
            4003,
            "Client error: Api called for an unknown Block: State already discarded for 0xfc41",
            None,
            StateDiscarded,
        ),
        (
            -32603,
            "Unknown error occured",
            'Client(UnknownBlock("Unknown state for block Hash(0x29)"))',
            StateDiscarded,
        ),
        (
            -32000,
            "Client error: UnknownBlock: State already discarded for BlockId::Hash(0xf7aa)",
            None,
            StateDiscarded,
        ),
        (4003, "Client error: UnknownBlock: Header was not found in the database: 0xd4", None, UnknownBlock),
        (-32000, "Client error: Backend error: Failed to get header for hash 0x00", None, UnknownBlock),
        (-32601, "Method not found", None, MethodMissing),
        (429, "slow down", None, RateLimited),
        (-32005, "Too many requests, please try later", None, RateLimited),
        (-32009, "Server is busy, try again later", None, RateLimited),
        (-32999, "RPC rate limit exceeded", None, RateLimited),
        (-32602, "Invalid params", "expected a hash", ErrorAnswer),
        (-32603, "Internal error", {"deep": ["data"]}, ErrorAnswer),
    ],
)
def test_each_wording_has_its_type(code: int, message: str, data: object, expected: type[ErrorAnswer]) -> None:
    """The type of an error envelope is decided by its code or, where codes changed over the years, its words."""
    error = error_answer(code, message, data)

    assert type(error) is expected
    assert error.code == code


def test_a_text_from_a_node_is_made_printable_and_short() -> None:
    """Control characters, line breaks, direction marks and length of a hostile message do not reach a log."""
    error = error_answer(1, "a\nb\x1b[31m\u202e" + "x" * 10_000, None)

    assert error.message == "a�b�[31m�" + "x" * 291 + "…"


def test_printable_leaves_ordinary_text_alone() -> None:
    """What people can read is not changed."""
    assert printable("Zug, São Paulo, 東京") == "Zug, São Paulo, 東京"


def test_endpoint_errors_ask_for_another_try_and_a_wrong_identity_does_not() -> None:
    """Again or never is answered by the type."""
    assert issubclass(ErrorAnswer, TransientError)
    assert issubclass(Exhausted, TransientError)
    assert issubclass(WrongIdentity, PermanentError)


@pytest.mark.parametrize(
    ("causes", "definite"),
    [
        ([StateDiscarded(4003, "pruned"), BadAnswer("null")], True),
        ([MethodMissing(-32601, "no")], True),
        ([StateDiscarded(4003, "pruned"), ConnectionLost("gone")], False),
        ([StateDiscarded(4003, "pruned"), DeadlineExceeded("slow")], False),
        ([StateDiscarded(4003, "pruned"), RateLimited(429, "slow down")], False),
        ([StateDiscarded(4003, "pruned"), Quarantined("set apart")], False),
        ([StateDiscarded(4003, "pruned"), UnknownBlock(4003, "not there yet")], False),
        ([StateDiscarded(4003, "pruned"), BackingOff("left alone")], False),
        ([StateDiscarded(4003, "pruned"), WrongIdentity("b", b"\0" * 32, b"\1" * 32)], False),
        ([StateDiscarded(4003, "pruned"), TransientError("of somebody else")], False),
        ([], False),
    ],
)
def test_exhausted_is_definite_only_if_every_endpoint_answered(causes: list[Exception], definite: bool) -> None:
    """One endpoint that was not reached may still have the answer, so nothing is definite then."""
    error = Exhausted({f"node-{i}": cause for i, cause in enumerate(causes)})

    assert error.definite is definite


def test_exhausted_says_what_each_endpoint_answered() -> None:
    """The message names every endpoint with its cause."""
    error = Exhausted({"a": ConnectionLost("gone"), "b": BadAnswer("null where a block should be")})

    assert str(error) == "no endpoint could answer: a: gone; b: null where a block should be"


def test_every_kind_that_an_error_has_is_in_the_closed_set() -> None:
    """The metric's series are made from it. What was not asked is counted nowhere."""
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, EndpointError)]
    assert {each.kind for each in classes} == set(KINDS)
