"""The instances of a runtime, and how they are read."""

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.opengov.instances import Track, dormant, has_event, instance, pallets, relay_key, relay_number
from tests.unit.watchers.opengov.doubles import CONFIRM, RELAY_NUMBER, RuntimeDouble, block, key, runtime

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(st.integers(), inner)
        | st.dictionaries(st.sampled_from(["name", "prepare_period", "decision_period", "confirm_period"]), inner)
    ),
)


def test_every_pallet_with_referenda_and_tracks_is_one() -> None:
    """Fellowships and whatever else there is."""
    names = ("Referenda", "FellowshipReferenda", "AmbassadorReferenda")
    assert pallets(runtime(instances=names)) == names
    assert pallets(runtime(instances=())) == ()
    assert pallets(runtime(without=[("Referenda", "ReferendumCount")])) == ()


def test_no_more_than_eight_are_looked_at() -> None:
    """Metadata from outside may list thousands."""
    assert len(pallets(runtime(instances=[f"Referenda{n}" for n in range(100)]))) == 8


@pytest.mark.parametrize("name", ["Refer/enda", "", "@everyone", "R" * 65, "Référenda", "1st", "a b"])
def test_a_name_that_no_rust_pallet_can_have_is_none(name: str) -> None:
    """State keys and titles are made of it."""
    assert pallets(runtime(instances=[name])) == ()


def test_one_whose_indices_are_too_narrow_is_none() -> None:
    """Its keys could not be made later on."""
    assert pallets(runtime(widest=255)) == ()


def test_a_relay_chain_that_handed_governance_over_is_dormant() -> None:
    """Known by its pallet; a parachain never is."""
    assert dormant(runtime(para=False, more=["StakingAhClient"]))
    assert not dormant(runtime(para=False))
    assert not dormant(runtime(more=["StakingAhClient"]))


@pytest.mark.parametrize(
    ("para", "ranked", "clock", "block_ms"),
    [(True, (), "relay", 6_000), (False, (), "own", 6_000), (True, ("Referenda",), "own", None),
     (False, ("Referenda",), "own", 6_000)],
)  # fmt: skip
def test_the_clock_follows_from_chain_and_kind(para: bool, ranked: Any, clock: str, block_ms: int | None) -> None:
    """Only conviction voting on a parachain counts relay blocks."""
    own = instance(runtime(para=para, ranked=ranked), "Referenda")
    assert (own.clock, own.block_ms, own.ranked) == (clock, block_ms, bool(ranked))


def test_the_clock_stands_where_the_chain_says() -> None:
    """None where that cannot be read."""
    own, there = instance(runtime(), "Referenda"), key(*RELAY_NUMBER)
    assert own.now(block(storage={there: b"1234"})) == 1_234
    assert [own.now(block(storage={there: raw})) for raw in (None, b"damaged", b"'x'")] == [None] * 3
    assert own.now(block()) is None
    assert instance(runtime(para=False), "Referenda").now(block(number=77)) == 77
    assert relay_key(runtime(para=False)) is None
    assert relay_number(runtime(para=False), {}) is None


def test_tracks_have_names_without_padding() -> None:
    """And periods."""
    assert instance(runtime(), "Referenda").tracks == {
        0: Track("root", 100, 2_000, CONFIRM),
        30: Track("small_tipper", 100, 2_000, CONFIRM),
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [("big_spender", "big_spender"), (b"@every\xffone<b>\0\0", "everyoneb"), (b"\0" * 25, "track 5"), (7, "7"),
     (None, "track 5"), ("x" * 100, "x" * 40)],
)  # fmt: skip
def test_a_tracks_name_is_text_of_a_stranger(name: Any, shown: str) -> None:
    """Cut down, bounded, never empty."""
    tracks = [(5, {"name": name, "prepare_period": 1, "decision_period": 2, "confirm_period": 3})]
    assert instance(runtime(tracks=tracks), "Referenda").tracks[5].name == shown


def test_what_cannot_be_read_is_left_out() -> None:
    """Constants that are damaged or another's."""
    assert instance(runtime(tracks=b"damaged"), "Referenda").tracks == {}
    assert instance(runtime(tracks=[(1, {}), 7, (2, None)]), "Referenda").tracks == {}


class _Broken(RuntimeDouble):
    """Its metadata names types that are not there."""

    def storage_parameter(self, pallet: str, item: str, parameter: str) -> tuple[str, ...] | None:
        raise MetadataError("type 7 wraps itself")

    def has_event(self, pallet: str, name: str) -> bool:
        raise MetadataError("no enum")

    def storage_key(self, pallet: str, item: str, *keys: Any) -> bytes:
        raise MetadataError("type 7 wraps itself")


def test_broken_metadata_never_raises() -> None:
    """There is less to be seen, that is all."""
    broken = cast(Runtime, _Broken())
    assert not instance(broken, "Referenda").ranked
    assert pallets(broken) == ()
    assert not has_event(broken, "Referenda", "Submitted")
    assert relay_key(broken) is None
    assert relay_number(broken, {key(*RELAY_NUMBER): b"1"}) is None


def test_an_event_without_the_field_that_is_needed_is_as_good_as_none() -> None:
    """Renamed by another version."""
    assert has_event(runtime(), "Referenda", "Submitted", "index", "track")
    assert not has_event(runtime(), "Referenda", "Submitted", "referendum")
    assert not has_event(runtime(), "Referenda", "Sent")


@given(st.lists(st.tuples(st.integers(), JUNK)) | JUNK)
@settings(max_examples=50)
def test_junk_in_tracks_never_raises(junk: Any) -> None:
    """Whatever the constant decodes to."""
    for found in instance(runtime(tracks=junk), "Referenda").tracks.values():
        assert 0 < len(found.name) <= 100
