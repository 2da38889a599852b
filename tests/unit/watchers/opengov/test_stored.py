"""What is read beside referenda themselves."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.happenings import enactment_id
from paseo_watch.watchers.opengov.instances import instance
from paseo_watch.watchers.opengov.proposal import MOST_BYTES
from paseo_watch.watchers.opengov.row import Row, row_key
from paseo_watch.watchers.opengov.stored import counts, electorate, enacted_at, find, preimage_keys
from tests.unit.watchers.opengov.doubles import key, ongoing, runtime

TWO = {"AmbassadorReferenda": 9, "FellowshipReferenda": 9}
LIVE = {"Referenda": instance(runtime(), "Referenda")}
COUNT = key("Referenda", "ReferendumCount")
TOTAL, INACTIVE = key("Balances", "TotalIssuance"), key("Balances", "InactiveIssuance")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"7", {"Referenda": 7}),
        (None, {"Referenda": 0}),
        (b"damaged", {}),
        (b"-1", {}),
        (b"4294967296", {}),
        (b"'x'", {}),
    ],
)
def test_counts_are_read_or_left_out(raw: bytes | None, found: dict[str, int]) -> None:
    """An absent count is the default."""
    assert counts(runtime(), LIVE, {COUNT: raw}) == found


def test_a_count_that_was_not_asked_for_is_left_out() -> None:
    """Not taken for none."""
    assert counts(runtime(), LIVE, {}) == {}


@pytest.mark.parametrize(
    ("total", "inactive", "found"),
    [(b"150", b"50", 100), (b"150", None, 150), (None, None, None), (b"50", b"150", None), (b"damaged", b"1", None)],
)
def test_the_electorate_is_what_is_issued_and_active(total: Any, inactive: Any, found: int | None) -> None:
    """None where it is nothing or not known."""
    assert electorate(runtime(), {TOTAL: total, INACTIVE: inactive}) == found


@pytest.mark.parametrize(
    ("value", "at"), [((1_500, 0), 1_500), ((1_500,), 1_500), ((), None), (("x", 0), None), (7, None), (None, None)]
)
def test_an_enactment_is_told_by_the_schedulers_lookup(value: Any, at: int | None) -> None:
    """Whatever else stands there is no moment."""
    storage = {key("Scheduler", "Lookup", enactment_id(7)): repr(value).encode()}
    assert enacted_at(runtime(), storage, 7) == at
    assert enacted_at(runtime(without=[("Scheduler", "Lookup")]), storage, 7) is None


def state(**phases: str) -> dict[str, Any]:
    return {row_key(pallet, 5): Row(phase).json for pallet, phase in phases.items()}


@pytest.mark.parametrize(
    ("known", "pallet"),
    [
        ({}, "AmbassadorReferenda"),
        ({"FellowshipReferenda": "approved"}, "FellowshipReferenda"),
        ({"AmbassadorReferenda": "rejected"}, "FellowshipReferenda"),
        ({"AmbassadorReferenda": "executed"}, "FellowshipReferenda"),
        ({"AmbassadorReferenda": "executed", "FellowshipReferenda": "killed"}, "AmbassadorReferenda"),
        ({"AmbassadorReferenda": "rejected", "FellowshipReferenda": "killed"}, None),
    ],
)
def test_an_enactments_id_belongs_to_the_instance_that_waits_for_it(known: Any, pallet: str | None) -> None:
    """The id names no pallet."""
    assert find(state(**known), TWO, enactment_id(5)) == (None if pallet is None else (pallet, 5))


def test_an_id_is_compared_with_the_newest_and_with_all_that_wait() -> None:
    """Two thousand of them."""
    many = {"Referenda": 9_000}
    assert find({}, many, enactment_id(7_000)) == ("Referenda", 7_000)
    assert find({}, many, enactment_id(6_999)) is None
    assert find({row_key("Referenda", 5): Row("approved").json}, many, enactment_id(5)) == ("Referenda", 5)
    assert find({}, many, bytes(32)) is None
    assert find({}, {}, enactment_id(5)) is None


def lookup(index: int, length: int) -> tuple[str, dict[str, Any]]:
    return "Lookup", {"hash": index.to_bytes(32, "big"), "len": length}


def test_preimages_that_are_asked_for_together_fit_into_one_answer() -> None:
    """The others another time."""
    size, referenda = 100_000, [("Referenda", index) for index in range(100)]
    storage = {
        key("Referenda", "ReferendumInfoFor", index): repr(ongoing(proposal=lookup(index, size))).encode()
        for _, index in referenda
    }
    keys = preimage_keys({}, runtime(), [], referenda, storage)
    assert keys == {key("Preimage", "PreimageFor", (n.to_bytes(32, "big"), size)) for n in range(MOST_BYTES // size)}
    assert MOST_BYTES == 4_000_000


def test_a_preimage_is_asked_for_until_its_calls_are_known() -> None:
    """As remembered."""
    row = Row("approved", lookup=[bytes(32).hex(), 7])
    asked = preimage_keys({row_key("Referenda", 1): row.json}, runtime(), [], [("Referenda", 1)], {})
    assert asked == {key("Preimage", "PreimageFor", (bytes(32), 7))}
    known = Row("approved", lookup=[bytes(32).hex(), 7], call="A.b")
    assert preimage_keys({row_key("Referenda", 1): known.json}, runtime(), [], [("Referenda", 1)], {}) == set()


@given(
    st.recursive(st.none() | st.integers() | st.binary(max_size=3), lambda inner: st.tuples(inner) | st.lists(inner))
)
@settings(max_examples=50)
def test_junk_in_storage_never_raises(junk: Any) -> None:
    """Whatever a runtime decodes to."""
    raw = repr(junk).encode()
    counts(runtime(), LIVE, {COUNT: raw})
    electorate(runtime(), {TOTAL: raw, INACTIVE: raw})
    enacted_at(runtime(), {key("Scheduler", "Lookup", enactment_id(7)): raw}, 7)
