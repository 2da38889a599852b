"""A command's coroutine: its result, its end by a signal, its error in one line."""

import asyncio
import logging
import os
import signal

import pytest

from paseo_watch.cli.execute import Died, execute
from paseo_watch.errors import PermanentError


class Refused(PermanentError):
    """For a test."""


async def seven() -> int:
    return 7


def test_the_result_comes_out() -> None:
    """As it is."""
    assert execute(seven()) == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_its_clean_up_and_without_a_result(number: signal.Signals) -> None:
    """What stands in a finally runs to its end."""
    ended = []

    async def work() -> int:
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cleanly")
        return 1

    assert execute(work()) is None
    assert ended == ["cleanly"]


def test_what_a_signal_leaves_behind_is_told_as_the_command_says(caplog: pytest.LogCaptureFixture) -> None:
    """`Committed or untouched` is true of the service, not of an alert that is being sent."""

    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    with caplog.at_level(logging.INFO):
        execute(work(), "it may arrive")
    assert caplog.messages == ["ended by a signal; it may arrive"]


async def group(*failures: Exception) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async with asyncio.TaskGroup() as outer:
        outer.create_task(nested(outer))
        for failure in failures:
            outer.create_task(fail(failure))


async def nested(outer: asyncio.TaskGroup) -> None:
    """A part that would go on for ever."""
    await asyncio.Event().wait()


def test_an_error_of_ours_comes_out_of_every_group_in_its_own_words() -> None:
    """However deep it happened."""

    async def deep() -> None:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(group(Refused("a newer version's store")))

    with pytest.raises(Refused, match="a newer version's store"):
        execute(deep())


def test_a_defect_is_told_in_one_line_and_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """It is no error of ours, and still no bare traceback for the operator."""
    with caplog.at_level(logging.ERROR), pytest.raises(Died, match="a part of the service died: KeyError: 'gone'"):
        execute(group(KeyError("gone")))
    assert "KeyError: 'gone'" in caplog.text
    assert "Traceback" in caplog.text


def test_an_error_outside_of_any_group_is_left_as_it_is() -> None:
    """One that was raised before anything ran."""

    async def refuse() -> None:
        raise Refused("a second process")

    with pytest.raises(Refused, match="a second process"):
        execute(refuse())
