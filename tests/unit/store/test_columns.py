"""The column types: what goes in comes out, on either database."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from paseo_watch.store.columns import TEXT_LIMIT, JsonText, OutsideText
from paseo_watch.store.errors import StoreRefused

DIALECT = sqlite.dialect()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_a_json_value_comes_back_as_it_was(value: object) -> None:
    """Integers of any size included; what is stored is plain ASCII without NUL."""
    stored = JsonText().process_bind_param(value, DIALECT)
    assert stored.isascii()
    assert "\x00" not in stored
    assert JsonText().process_result_value(stored, DIALECT) == value


def test_a_value_that_json_can_not_say_is_a_defect() -> None:
    """NaN would be stored as something that no JSON reader takes."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        JsonText().process_bind_param(float("nan"), DIALECT)


def test_no_row_is_no_value() -> None:
    """An outer join's NULL."""
    assert JsonText().process_result_value(None, DIALECT) is None


def test_stored_text_that_is_no_json_is_refused() -> None:
    """With what to do."""
    with pytest.raises(StoreRefused, match="changed by hand; restore a backup") as refused:
        JsonText().process_result_value("{", DIALECT)
    assert isinstance(refused.value.__cause__, json.JSONDecodeError)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_text_from_outside_is_storable_and_otherwise_unchanged(text: str) -> None:
    """Only NUL and halves of surrogate pairs are replaced."""
    stored = OutsideText().process_bind_param(text, DIALECT)
    assert stored is not None
    assert len(stored) == len(text)
    stored.encode("utf-8")
    pairs = zip(text, stored, strict=True)
    changed = {before for before, after in pairs if before != after}
    assert all(before == "\x00" or "\ud800" <= before <= "\udfff" for before in changed)
    assert "\x00" not in stored


def test_text_from_outside_is_cut() -> None:
    """A node may send megabytes."""
    assert OutsideText().process_bind_param("x" * 10**6, DIALECT) == "x" * TEXT_LIMIT
    assert OutsideText().process_bind_param(None, DIALECT) is None
