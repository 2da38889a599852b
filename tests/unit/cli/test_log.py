"""Log lines, for people and for programs."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from paseo_watch.cli.log import JsonFormat, TextFormat, set_up


def record(message: str = "walked to #%d", *, error: bool = False) -> logging.LogRecord:
    """One event at a known moment."""
    info = None
    if error:
        try:
            raise ValueError("bad block")
        except ValueError:
            info = sys.exc_info()
    made = logging.LogRecord("paseo_watch.chain.follow", logging.WARNING, "x.py", 1, message, (7,), info)
    made.created = 1_795_294_746.9
    return made


def test_a_line_of_text_has_time_level_part_and_message() -> None:
    """UTC, to the second; our own package's name is left out."""
    assert TextFormat().format(record()) == "2026-11-21T20:59:06Z warning chain.follow: walked to #7"


def test_a_line_of_json_has_the_same() -> None:
    """One object, one line."""
    line = JsonFormat().format(record("blöcke\n#%d"))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-11-21T20:59:06Z",
        "level": "warning",
        "logger": "paseo_watch.chain.follow",
        "message": "blöcke\n#7",
    }


def test_a_traceback_stands_below_the_text_and_inside_the_json() -> None:
    """Nothing of it is lost."""
    text = TextFormat().format(record(error=True)).splitlines()
    assert (text[0][-12:], text[1], text[-1]) == (
        "walked to #7",
        "Traceback (most recent call last):",
        "ValueError: bad block",
    )
    assert json.loads(JsonFormat().format(record(error=True)))["error"].endswith("ValueError: bad block")


@pytest.fixture(name="_restored")
def _restored_logging() -> Iterator[None]:
    """Logging is global: what a test sets up goes with it."""
    root, ours = logging.getLogger(), logging.getLogger("paseo_watch")
    before = root.level, list(root.handlers), ours.level
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    ours.setLevel(before[2])


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("form", ["text", "json"])
def test_logs_go_to_standard_error_at_their_level_and_libraries_only_warn(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is for alerts alone."""
    set_up("info", form)
    logging.getLogger("paseo_watch.app").info("ours")
    logging.getLogger("paseo_watch.app").debug("too fine")
    logging.getLogger("aiohttp.client").info("chatter")
    logging.getLogger("aiohttp.client").warning("trouble")
    out, err = capsys.readouterr()
    assert out == ""
    assert [word in err for word in ("ours", "too fine", "chatter", "trouble")] == [True, False, False, True]
    assert err.startswith("{") is (form == "json")
