"""What a referendum proposes."""

from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.proposal import Calls, as_json, calls, looked_up, preimage_key
from tests.unit.watchers.opengov.doubles import key, runtime

CALL = b"Utility.batch(System.remark,Treasury.spend_local,System.remark)"
HASH = blake2b(CALL, digest_size=32).digest()
SHORT = f"0x{HASH.hex()[:8]}…{HASH.hex()[58:]}"
LOOKUP = ("Lookup", {"hash": HASH, "len": len(CALL)})
KEY = key("Preimage", "PreimageFor", (HASH, len(CALL)))


def test_an_inline_call_is_named_with_the_calls_inside() -> None:
    """Each name once."""
    found = calls(runtime(), ("Inline", CALL), {})
    assert found.names == ("System.remark", "Treasury.spend_local")
    assert found.call == "Utility.batch(2× System.remark, Treasury.spend_local)"


def test_a_preimage_is_named_alike() -> None:
    """Where it was read and is what it should be."""
    assert calls(runtime(), LOOKUP, {KEY: repr(CALL).encode()}) == calls(runtime(), ("Inline", CALL), {})


@pytest.mark.parametrize(
    ("proposal", "storage", "why"),
    [
        (LOOKUP, {}, "its preimage was not read yet"),
        (LOOKUP, {KEY: None}, f"the preimage {SHORT} is not on the chain"),
        (LOOKUP, {KEY: b"damaged"}, f"the preimage {SHORT} is not on the chain"),
        (LOOKUP, {KEY: repr(CALL + b" ").encode()}, f"what is stored as the preimage {SHORT} is another"),
        (LOOKUP, {KEY: repr(CALL[:-1] + b"!").encode()}, f"what is stored as the preimage {SHORT} is another"),
        (("Lookup", {"hash": HASH, "len": 100_001}), {}, "its preimage has 100,001 bytes, more than are read"),
        (("Lookup", {"hash": HASH[:5], "len": 7}), {}, "its proposal was not read"),
        (("Lookup", {"hash": HASH, "len": -7}), {}, "its proposal was not read"),
        (("Legacy", HASH), {}, "it names its call by a hash of the old kind, which is not looked up"),
        (("Inline", b"damaged"), {}, "it cannot be decoded with the present runtime"),
        (None, {}, "its proposal was not read"),
    ],
)
def test_what_it_calls_is_not_known_for_a_reason(proposal: Any, storage: Any, why: str) -> None:
    """Which is said."""
    assert calls(runtime(), proposal, storage) == Calls(None, why_not=why)


def test_a_runtime_without_preimages_says_so() -> None:
    """Its storage has another name there."""
    bare = runtime(without=[("Preimage", "PreimageFor")])
    assert calls(bare, LOOKUP, {}).why_not == "this runtime keeps no preimages where they could be read"


def test_a_large_preimage_is_not_asked_for() -> None:
    """It would be a whole runtime."""
    assert preimage_key(runtime(), [HASH.hex(), 100_000]) is not None
    assert preimage_key(runtime(), [HASH.hex(), 100_001]) is None
    assert preimage_key(runtime(), None) is None


def test_names_are_bounded() -> None:
    """Twenty of five hundred."""
    many = "Utility.batch(" + ",".join(f"System.call_{n}" for n in range(500)) + ")"
    found = calls(runtime(), ("Inline", many.encode()), {})
    assert found.names == tuple(f"System.call_{n}" for n in range(20))
    assert len(found.call or "") <= 300


def test_calls_nested_too_deep_are_named_by_those_around_them() -> None:
    """Never by nothing."""
    deep = "Utility.batch(" * 20 + "System.remark" + ")" * 20
    found = calls(runtime(), ("Inline", deep.encode()), {})
    assert found.names == (found.call,)
    assert (found.call or "").startswith("Utility.batch(Utility.batch(")


def test_what_is_remembered_leads_to_the_same() -> None:
    """Hash and length survive a restart."""
    remembered = as_json(LOOKUP)
    assert remembered == [HASH.hex(), len(CALL)]
    assert looked_up(runtime(), remembered, {KEY: repr(CALL).encode()}).names == (
        "System.remark",
        "Treasury.spend_local",
    )
    assert as_json(("Inline", CALL)) is None


@given(st.sampled_from(["Inline", "Lookup", "Legacy", "Other"]), st.recursive(
    st.none() | st.integers() | st.binary(max_size=33), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["hash", "len"]), inner)))  # fmt: skip
@settings(max_examples=50)
def test_junk_never_raises(kind: str, payload: Any) -> None:
    """It is told why nothing is known."""
    if kind != "Inline":  # the double decodes text alone
        found = calls(runtime(), (kind, payload), {})
        assert found.why_not
