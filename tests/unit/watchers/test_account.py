"""Balances in `System.Account`: of a double, of real runtimes, and of runtimes that keep none there."""

import pytest

from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers import account
from paseo_watch.watchers.account import Balance
from tests.data import data_path
from tests.unit.watchers.balances.doubles import ALICE, balance, runtime


def test_an_absent_account_has_nothing() -> None:
    assert account.read(runtime(), None) == Balance(0, 0)


def test_a_balance_is_free_and_reserved() -> None:
    read = account.read(runtime(), balance(5, 7))
    assert read == Balance(5, 7)
    assert read.total == 12


def test_a_damaged_value_is_none_and_not_nothing() -> None:
    assert account.read(runtime(), b"damaged") is None


def test_a_runtime_without_accounts_is_not_readable() -> None:
    assert account.readable(runtime())
    assert not account.readable(runtime(accounts=False))


@pytest.mark.parametrize(
    "file", ["polkadot.v14.9370.scale", "paseo.v15.2025-08.scale", "asset-hub-paseo.v16.2026-02.scale"]
)
def test_a_real_runtimes_account_is_read(file: str) -> None:
    """`AccountInfo`: nonce, consumers, providers, sufficients (u32 each), then free, reserved, frozen, flags (u128)."""
    real = Runtime.from_metadata(data_path("metadata", file).read_bytes())
    raw = b"".join(n.to_bytes(4, "little") for n in (3, 0, 1, 0))
    raw += b"".join(n.to_bytes(16, "little") for n in (5 * 10**10, 7 * 10**10, 9 * 10**10, 1 << 127))
    assert account.readable(real)
    assert account.read(real, raw) == Balance(5 * 10**10, 7 * 10**10)
    assert account.read(real, raw[:-1]) is None
    prefix = "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
    assert account.key(real, ALICE).hex().startswith(prefix)
    assert account.key(real, ALICE).endswith(ALICE)
