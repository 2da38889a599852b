"""Stepping over what nobody asks for."""

import pytest

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.registry import skip_texts
from paseo_watch.chain.scale.walk import Walk
from tests.unit.chain.scale.building import DEPRECATED, DOCS, text, vector


def walk(data: bytes, version: int = 16) -> Walk:
    made = Walk(data, 0, skip_texts)
    made.version = version
    return made


@pytest.mark.parametrize("status", [b"\0", b"\1", DEPRECATED, b"\2" + text("note") + b"\0"])
def test_every_kind_of_deprecation_is_stepped_over(status: bytes) -> None:
    cursor = walk(status + b"\xaa")
    cursor.skip_deprecation()
    assert cursor.byte() == 0xAA


def test_an_unknown_deprecation_is_refused() -> None:
    with pytest.raises(MetadataError, match="unknown tag 3"):
        walk(b"\3").skip_status()


def test_versions_before_16_have_no_deprecation() -> None:
    cursor = walk(b"\xaa", version=15)
    cursor.skip_deprecation()
    assert cursor.position == 0


def test_documentation_is_told_only_where_there_is_some() -> None:
    told = []

    def record(data: bytes, position: int) -> int:
        told.append(position)
        return skip_texts(data, position)

    cursor = Walk(vector([]) + DOCS + b"\xaa", 0, record)
    cursor.documentation()
    cursor.documentation()
    assert (cursor.byte(), told) == (0xAA, [1])
