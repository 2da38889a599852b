"""JSON takes whatever an alert holds, on one line."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.sinks.render.data import as_ascii_json, as_json

ANYTHING = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize("hostile", ["half \ud800 pair", 1 << 70, "\x7f\x9b\u202e", "line\nbreak"])
def test_json_takes_every_text_and_number_on_one_line(hostile: object) -> None:
    """What orjson refuses is written too, and reads back the same."""
    for line in (as_json({"title": hostile}), as_ascii_json({"title": hostile}).encode()):
        assert b"\n" not in line
        assert json.loads(line) == {"title": hostile}


@given(ANYTHING)
def test_json_for_a_terminal_is_printable_ascii(raw: str) -> None:
    """DEL and the C1 controls included, which JSON itself would let through."""
    assert all(" " <= character <= "~" for character in as_ascii_json({"title": raw}))


def test_json_is_not_made_of_what_is_no_json() -> None:
    """Bytes in an alert are a defect of ours and not hidden."""
    with pytest.raises(TypeError):
        as_json({"title": b"bytes"})


def test_json_in_a_file_is_what_orjson_makes() -> None:
    """UTF-8, no spaces, keys in the router's order."""
    assert as_json({"b": "ü", "a": [1, None]}) == orjson.dumps({"b": "ü", "a": [1, None]})
