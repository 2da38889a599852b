"""A referendum as stored."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.info import Info, frozen, read
from tests.unit.watchers.opengov.doubles import APPROVED, TALLY, confirming, ongoing, runtime

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(st.sampled_from(["Ongoing", "Approved", "Killed"]), inner)
        | st.dictionaries(st.sampled_from(["track", "submitted", "proposal", "deciding", "since", "tally"]), inner)
    ),
)


def stored(value: Any) -> Info | None:
    return read(runtime(), "Referenda", repr(value).encode())


def test_one_that_goes_on_says_where_it_stands() -> None:
    """Each phase in its turn."""
    preparing = stored(ongoing(submitted=900))
    assert preparing == Info(None, 30, ("Inline", b"System.remark"), 900, False, None, None, TALLY)
    assert preparing.phase == "preparing"
    deciding = stored(ongoing(decision_deposit={"amount": 1}, deciding=950))
    assert deciding is not None
    assert (deciding.phase, deciding.since, deciding.deposit) == ("deciding", 950, True)
    last = stored(confirming(1_350))
    assert last is not None
    assert (last.phase, last.confirming) == ("confirming", 1_350)


@pytest.mark.parametrize(
    ("value", "end"),
    [
        (APPROVED, "approved"),
        (("Rejected", (5, None, None)), "rejected"),
        (("Cancelled", (5, None, None)), "cancelled"),
        (("TimedOut", (5, None, None)), "timed_out"),
        (("Killed", 5), "killed"),
    ],
)
def test_one_that_ended_says_how(value: Any, end: str) -> None:
    """Its deposits do not matter."""
    assert stored(value) == Info(end)


@pytest.mark.parametrize("raw", [None, b"damaged", b"('Paused', 5)", b"7", b"('Ongoing', {'track': 3})"])
def test_what_is_absent_or_has_another_shape_is_none(raw: bytes | None) -> None:
    """Never a guess."""
    assert read(runtime(), "Referenda", raw) is None


def test_a_clock_behind_a_referendums_own_moments_freezes_it() -> None:
    """Its submission, or the beginning of its decision; not where the clock is not known, nor after its end."""
    assert frozen(Info(None, submitted=101), 100)
    assert frozen(Info(None, submitted=5, since=101), 100)
    assert not frozen(Info(None, submitted=100, since=100, confirming=500), 100)
    assert not frozen(Info(None, submitted=101), None)
    assert not frozen(Info("killed", submitted=101), 100)


@given(JUNK)
@settings(max_examples=50)
def test_junk_never_raises(junk: Any) -> None:
    """Whatever a runtime decodes to."""
    info = stored(junk)
    assert info is None or info.phase
