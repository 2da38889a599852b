"""What one runtime can tell."""

import pytest

from paseo_watch.chain.scale.errors import MetadataError, NotInMetadataError, ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from tests.unit.chain.scale.building import small_runtime


@pytest.fixture(params=(14, 15, 16))
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime.from_metadata(small_runtime().encode(request.param))


def test_it_says_what_it_has(runtime: Runtime) -> None:
    assert runtime.pallets() == ("System", "Balances")
    assert runtime.has_event("Balances", "Transfer")
    assert not runtime.has_event("Balances", "Burned")
    assert not runtime.has_event("Staking", "Rewarded")
    assert runtime.has_storage("System", "Account")
    assert not runtime.has_storage("System", "Nothing")
    assert not runtime.has_storage("Staking", "Ledger")


def test_the_fields_of_an_event_are_those_of_its_values(runtime: Runtime) -> None:
    assert runtime.event_fields("Balances", "Transfer") == ("from", "to", "amount")
    assert runtime.event_fields("System", "Remarked") == ("0", "1")
    assert runtime.event_fields("System", "CodeUpdated") == ()


def test_constants_are_decoded(runtime: Runtime) -> None:
    assert runtime.constant("Balances", "ExistentialDeposit") == 10**10
    assert (runtime.constant("System", "SS58Prefix"), runtime.constant("System", "Version")) == (42, "paseo")


def test_storage_values_and_their_defaults_are_decoded(runtime: Runtime) -> None:
    raw = (7).to_bytes(4, "little") + (5).to_bytes(16, "little") + bytes(16)
    assert runtime.decode_storage("System", "Account", raw) == {"nonce": 7, "data": {"free": 5, "reserved": 0}}
    assert runtime.storage_default("System", "Account") == {"nonce": 0, "data": {"free": 0, "reserved": 0}}
    assert runtime.storage_default("Balances", "Locks") is None
    assert runtime.storage_value("System", "Account", raw)["nonce"] == 7
    assert runtime.storage_value("System", "Account", None)["nonce"] == 0
    with pytest.raises(ScaleError):
        runtime.decode_storage("System", "Account", raw[:-1])


def test_module_errors_have_names(runtime: Runtime) -> None:
    assert runtime.module_error(5, b"\7\0\0\0") == ("Balances", "TooHigh")
    assert runtime.module_error(5, b"\1\0\0\0") is None
    assert runtime.module_error(0, b"\0\0\0\0") is None
    assert runtime.module_error(9, b"\0\0\0\0") is None
    assert runtime.module_error(5, b"") is None


def test_what_is_not_there_is_named(runtime: Runtime) -> None:
    with pytest.raises(NotInMetadataError, match="there is no pallet Staking; there are System, Balances"):
        runtime.constant("Staking", "Bonding")
    with pytest.raises(NotInMetadataError, match="System has no constant Nothing"):
        runtime.constant("System", "Nothing")
    with pytest.raises(NotInMetadataError, match="System has no storage item Nothing"):
        runtime.storage_key("System", "Nothing")
    with pytest.raises(NotInMetadataError, match="Balances has no event Burned"):
        runtime.event_fields("Balances", "Burned")


def test_what_is_no_metadata_is_refused() -> None:
    with pytest.raises(MetadataError):
        Runtime.from_metadata(b"meta")
