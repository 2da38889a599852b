"""A failed call's error in words."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.dispatch_error import dispatch_error, failure
from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.runtime import Runtime


class _Runtime:
    """Knows the errors of the pallets 10 (one) and 11 (with a hostile name); those of 12 are no enum."""

    def module_error(self, pallet_index: int, error: bytes) -> tuple[str, str] | None:
        if pallet_index == 12:
            raise MetadataError("no enum")
        known = {(10, 2): ("Balances", "InsufficientBalance"), (11, 0): ("@everyone\n", "x" * 1_000)}
        return known.get((pallet_index, error[0]))


RUNTIME = cast(Runtime, _Runtime())

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=4) | st.sampled_from(["Module", "Err", "Token", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["index", "error"]), inner)
    ),
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (("Module", {"index": 10, "error": b"\2\0\0\0"}), "Balances.InsufficientBalance"),
        (("Module", {"index": 10, "error": 2}), "Balances.InsufficientBalance"),  # a u8 until 2022
        (("Module", {"index": 10, "error": b"\3\0\0\0"}), "Module 10.3"),
        (("Module", {"index": 12, "error": b"\3\0\0\0"}), "Module 12.3"),
        (("Module", {"index": 10, "error": b""}), "an error of a pallet"),
        (("Module", {"index": 10, "error": 256}), "an error of a pallet"),
        (("Module", {}), "an error of a pallet"),
        (("BadOrigin", None), "BadOrigin"),
        (("Token", ("FundsUnavailable", None)), "Token.FundsUnavailable"),
        (7, "an error without a name"),
        (None, "an error without a name"),
    ],
)
def test_an_error_is_told_by_the_names_of_the_metadata(error: Any, words: str) -> None:
    """Pallet and error, kind and error, or the numbers."""
    assert dispatch_error(RUNTIME, error) == words


def test_hostile_names_are_cut_down_to_what_a_rust_name_can_hold() -> None:
    """Metadata is text from outside."""
    assert dispatch_error(RUNTIME, ("Module", {"index": 11, "error": b"\0"})) == "?everyone?." + "x" * 64
    assert dispatch_error(RUNTIME, ("a b", ("<c>", None))) == "a?b.?c?"


def test_nesting_is_bounded() -> None:
    """Four names at most."""
    error: Any = None
    for _ in range(100):
        error = ("E", error)
    assert dispatch_error(RUNTIME, error) == "E.E.E.E"


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (("Ok", None), None),
        (("Ok", {"actual_weight": None}), None),
        (("Err", ("BadOrigin", None)), ("BadOrigin", None)),
        (("Err", {"post_info": {}, "error": ("BadOrigin", None)}), ("BadOrigin", None)),
        ("Err", None),
        (None, None),
    ],
)
def test_the_error_is_taken_out_of_a_result(result: Any, error: Any) -> None:
    """With or without what the call weighed."""
    assert failure(result) == error


def test_a_failure_that_carries_nothing_does_not_pass_for_success() -> None:
    """An error of a type that is a unit."""
    error = failure(("Err", None))
    assert error is not None
    assert dispatch_error(RUNTIME, error) == "an error without a name"


@given(JUNK)
def test_junk_never_raises(junk: Any) -> None:
    """Whatever a runtime decodes to."""
    assert dispatch_error(RUNTIME, junk)
    failure(junk)
