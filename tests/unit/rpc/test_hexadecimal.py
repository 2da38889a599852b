"""Bytes as nodes give them, and what is none."""

import pytest

from paseo_watch.rpc.errors import BadAnswer
from paseo_watch.rpc.hexadecimal import from_hex


@pytest.mark.parametrize("text", [None, 5, "", "ab", "0xabc", "0xzz", ["0x00"], "0X00"])
def test_text_that_is_no_hexadecimal_is_a_bad_answer_naming_the_method(text: object) -> None:
    """With what was expected."""
    with pytest.raises(BadAnswer, match=r"state_x answered .* expected 0x and hexadecimal digits"):
        from_hex(text, "state_x")


def test_a_size_is_held_to() -> None:
    """Thirty-two bytes are a hash, thirty-one are not."""
    assert from_hex("0x" + "ab" * 32, "m", size=32) == b"\xab" * 32
    assert from_hex("0x" + "aB" * 32, "m", size=32) == b"\xab" * 32
    with pytest.raises(BadAnswer, match="expected 0x and 64 hexadecimal digits"):
        from_hex("0x" + "ab" * 31, "m", size=32)
