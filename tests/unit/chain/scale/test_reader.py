"""The cursor over bytes."""

import pytest

from paseo_watch.chain.scale.errors import ScaleError, TruncatedError
from paseo_watch.chain.scale.reader import Reader


def test_it_reads_in_order() -> None:
    reader = Reader(b"\x07\x01\x01\x0cabc\x01\x05\x00\x00\x00")
    assert (reader.byte(), reader.compact(), reader.text(), reader.option(), reader.u32()) == (7, 64, "abc", True, 5)
    assert reader.position == len(reader.data)


def test_bytes_beyond_the_end_are_truncated() -> None:
    with pytest.raises(TruncatedError, match="3 bytes wanted at byte 1, 2 are left"):
        Reader(b"\x0cab").bytes()


def test_text_must_be_utf8() -> None:
    with pytest.raises(ScaleError, match="text at byte 0 is not UTF-8"):
        Reader(b"\x04\xff").text()


def test_an_option_is_none_or_some() -> None:
    assert Reader(b"\0").option() is False
    with pytest.raises(ScaleError, match="tag 2, expected 0 or 1"):
        Reader(b"\2").option()
