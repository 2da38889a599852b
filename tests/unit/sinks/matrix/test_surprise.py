"""What a library raises, told as an error of ours."""

import asyncio

import pytest

from paseo_watch.sinks.matrix.surprise import surprises_told
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused


@pytest.mark.parametrize(
    "error", [RecursionError("s3cret"), UnicodeEncodeError("utf-8", "s3cret", 0, 1, "x"), KeyError()]
)
def test_any_error_is_a_failed_send_of_its_name_and_nothing_of_its_text(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """With the place of it in the log."""
    called: list[bool] = []
    says = f"!room: .*{type(error).__name__}"
    with pytest.raises(SendFailed, match=says) as told, surprises_told("!room", lambda: called.append(True)):
        raise error
    assert called == [True]
    assert "test_surprise.py:" in caplog.text
    assert "s3cret" not in caplog.text + str(told.value)
    assert told.value.__suppress_context__


@pytest.mark.parametrize("error", [SendFailed("x"), SendRefused("x"), SinkRefused("x"), asyncio.CancelledError("x")])
def test_what_is_ours_and_an_end_from_outside_pass_through(error: BaseException) -> None:
    """As they are."""
    with pytest.raises(type(error)) as told, surprises_told("!room", lambda: pytest.fail("called")):
        raise error
    assert told.value is error
