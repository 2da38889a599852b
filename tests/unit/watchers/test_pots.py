"""Pots are told by shape, and no account with a key has one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain import ss58
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.pots import pot_name
from tests.data import data_path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z", "treasury"),
        ("5EYCAe5ijiYgWYWi1fs8Xz1td1djEtJVVnNfzvDRP4VtLL7Y", "XCM checking account"),
        ("5Ec4AhPZk8STuex8Wsi9TwDtJQxKqzPJRCH7348Xtcs9vZLJ", "sovereign of child para 1000"),
        ("5Eg2fntPdLr67jPWMPa9MK7ywRHJ8rAtsgoppSKH8X2bgiiV", "sovereign of sibling para 1004"),
        ("5Eg2fntQq5BBESxMHASWWQxQXDFo11mdTx8kc5JegHER3g3X", "sovereign of sibling para 1010"),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", None),
    ],
)
def test_known_addresses_are_these(address: str, name: str | None) -> None:
    assert pot_name(ss58.decode(address)[0]) == name


@pytest.mark.parametrize(
    ("account", "name"),
    [
        (b"modlpy/nopls\x00\x07".ljust(32, b"\0"), "nomination pool, sub-account"),
        (b"modlpy/trsry\x08bt\x07".ljust(32, b"\0"), "treasury, sub-account"),
        (b"modlpy/trsry" + b"\x08cb" + b"\xff" * 8 + bytes(9), "treasury, sub-account"),
        (b"modlnew/pall".ljust(32, b"\0"), "pallet new/pall"),
        (b"modl" + bytes(28), None),
        (b"modl" + b"\xff" * 8 + bytes(20), None),
        (b"para" + b"\x01" * 28, None),
        (b"sibl\xe8\x03\0\0\x01".ljust(32, b"\0"), None),
        (b"modlpy/trsry", None),
        (bytes(32), None),
    ],
)
def test_the_shape_decides(account: bytes, name: str | None) -> None:
    assert pot_name(account) == name


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=32, max_size=32).filter(lambda key: not key.endswith(bytes(8))))
def test_a_key_that_does_not_end_in_zeros_is_nobodys_pot(key: bytes) -> None:
    assert pot_name(key) is None
    assert pot_name(b"modlpy/trsry" + key[12:]) is None


@pytest.mark.parametrize("file", ["asset-hub-paseo.v16.2026-02.scale", "asset-hub-polkadot.v16.2003001.scale",
                                  "paseo.v15.2025-08.scale", "collectives-polkadot.v15.2025-08.scale"])  # fmt: skip
def test_every_pallet_id_that_metadata_names_has_a_name_here(file: str) -> None:
    runtime = Runtime.from_metadata(data_path("metadata", file).read_bytes())
    ids = [
        runtime.constant(name, constant)
        for name, pallet in runtime.metadata.pallets.items()
        for constant in pallet.constants
        if constant in ("PalletId", "PotId")
    ]
    assert ids
    names = [pot_name((b"modl" + pallet_id).ljust(32, b"\0")) for pallet_id in ids]
    assert not [name for name in names if name is None or name.startswith("pallet ")]
