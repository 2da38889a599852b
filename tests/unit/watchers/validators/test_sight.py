"""What can be seen on real runtimes."""

from typing import cast

import pytest

from paseo_watch.chain.scale.errors import KeyValueError, ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.validators.sight import EVENTS, Sight, sight, stored
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
    assert found.events == EVENTS - {("Offences", "Offence"), ("Staking", "SlashReported")}
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
