"""What can be seen on real runtimes."""

from typing import cast

import pytest

from paseo_watch.chain.scale.errors import KeyValueError, ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.validators.sight import READ, Sight, sight, stored
from tests.unit.watchers.validators.doubles import (
    HUB,
    PEOPLE,
    RELAY_2023,
    RELAY_2024,
    RELAY_2025,
    RELAY_2026,
    MadeUp,
    made_up,
    real,
)

COLLATORS = ["collectives-polkadot.v15.2025-08.scale", PEOPLE]


@pytest.mark.parametrize("name", [RELAY_2023, RELAY_2024, RELAY_2025, RELAY_2026])
def test_relay_chains_of_all_years_show_everything(name: str) -> None:
    found = sight(real(name))
    assert (found.authors, found.votes, found.disabled, found.starts, found.collators) == (
        True,
        True,
        True,
        True,
        False,
    )
    assert found.handed_over == (name == RELAY_2026)
    assert found.staking == "legacy"
    assert {("Offences", "Offence"), ("Staking", "Slashed"), ("Staking", "Chilled")} <= found.events


@pytest.mark.parametrize("name", COLLATORS)
def test_a_chain_of_collators_shows_nothing_though_it_has_sessions(name: str) -> None:
    runtime = real(name)
    assert runtime.has_storage("Session", "Validators")
    found = sight(runtime)
    assert found == Sight(False, False, False, False, None, False, True, frozenset())
    assert found.keys(runtime) == frozenset()


@pytest.mark.parametrize("name", [HUB, "asset-hub-westend.v16.2026-02.scale"])
def test_asset_hub_shows_staking_alone(name: str) -> None:
    runtime = real(name)
    found = sight(runtime)
    assert (found.authors, found.votes, found.staking, found.collators) == (False, False, "async", True)
    assert found.events == frozenset(READ) - {("Offences", "Offence"), ("Staking", "SlashReported")}
    assert found.keys(runtime) == frozenset()


def test_a_few_keys_are_read_at_every_block() -> None:
    names = ("Session.CurrentIndex", "Session.DisabledValidators", "ParaInherent.OnChainVotes", "StakingAhClient.Mode")
    runtime = real(RELAY_2026)
    assert sight(runtime).keys(runtime) == {runtime.storage_key(*name.split(".")) for name in names}


@pytest.mark.parametrize(
    "lacks", ["ParaInherent.OnChainVotes", "ParaSessionInfo.Sessions", "ParaSessionInfo.AccountKeys"]
)
def test_votes_need_all_that_they_are_resolved_with(lacks: str) -> None:
    assert sight(made_up()).votes
    assert not sight(made_up(lacks=[lacks])).votes


@pytest.mark.parametrize("lacks", ["Babe", "Session.CurrentIndex", "Session.Validators"])
def test_without_babe_or_sessions_nobody_is_a_validator(lacks: str) -> None:
    found = sight(made_up(lacks=[lacks]))
    assert not any((found.authors, found.votes, found.disabled, found.starts, found.handed_over))


def test_votes_need_maps_that_every_session_is_a_key_of() -> None:
    """A key of one byte would fit the first sessions, and no later one."""

    class Narrow(MadeUp):
        def storage_key(self, pallet: str, item: str, *keys: int) -> bytes:
            if any(key > 255 for key in keys):
                raise KeyValueError("does not fit")
            return super().storage_key(pallet, item, *keys)

    assert not sight(cast(Runtime, Narrow({}))).votes


def test_what_is_stored_has_a_default_and_what_was_not_read_has_none() -> None:
    runtime = real(RELAY_2025)
    key = runtime.storage_key("Babe", "EpochStart")
    assert stored(runtime, {key: None}, ("Babe", "EpochStart")) == (0, 0)
    assert stored(runtime, {key: b"\1\0\0\0\2\0\0\0"}, ("Babe", "EpochStart")) == (1, 2)
    assert stored(runtime, {key: b"\1"}, ("Babe", "EpochStart")) is None
    assert stored(runtime, {}, ("Babe", "EpochStart")) is None
    assert stored(made_up({"A.B": ScaleError("damaged")}), {b"A.B": None}, ("A", "B")) is None


@pytest.mark.parametrize(("pallet", "name", "field"), [(*pair, field) for pair in sorted(READ) for field in READ[pair]])
def test_an_event_without_a_field_that_is_read_is_not_watched(pallet: str, name: str, field: str) -> None:
    assert sight(made_up()).lacking == ()
    found = sight(made_up(lacks=[f"{pallet}.{name}.{field}"]))
    assert (pallet, name) not in found.events
    assert len(found.events) == len(READ) - 1
    assert found.lacking == (f"{pallet}.{name}",)


@pytest.mark.parametrize("name", ["Slashed", "Chilled", "EraPaid"])
def test_events_that_every_staking_has_are_missed_and_only_where_there_is_staking(name: str) -> None:
    assert sight(made_up(lacks=[f"Staking.{name}"])).lacking == (f"Staking.{name}",)
    assert sight(made_up(lacks=["Staking"])).lacking == ()


class Hostile(MadeUp):
    """Its metadata names types for events that are none, and keys that no value fits."""

    def has_event(self, pallet: str, name: str) -> bool:
        raise ScaleError("no enum")

    def event_fields(self, pallet: str, name: str) -> tuple[str, ...]:
        raise ScaleError("no enum")

    def storage_key(self, pallet: str, item: str, *keys: int) -> bytes:
        raise KeyValueError("as many hashers as keys")


def test_what_metadata_cannot_answer_is_not_there() -> None:
    hostile = cast(Runtime, Hostile({}))
    assert sight(hostile) == Sight(False, False, False, False, None, False, False, frozenset())
    assert stored(hostile, {}, ("Session", "CurrentIndex")) is None


def test_events_alone_that_cannot_be_read_leave_the_rest_to_see() -> None:
    class Eventless(MadeUp):
        has_event, event_fields = Hostile.has_event, Hostile.event_fields

    found = sight(cast(Runtime, Eventless({})))
    assert (found.authors, found.votes, found.staking, found.events) == (True, True, None, frozenset())


def test_another_pallet_that_is_called_staking_is_no_blindness() -> None:
    """A chain of collators has one with events of its own."""
    found = sight(made_up(lacks=["Babe", "SessionRotated", "SlashReported", "Staking.Slashed.staker"]))
    assert (found.staking, found.lacking) == (None, ())
