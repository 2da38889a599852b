"""The judge of the encrypted rooms sees all that is in a room, or it would call lost what it has not asked for."""

from pathlib import Path

from tests.e2e.matrix.stage import scene
from tests.matrix_reader import matrix_readers
from tests.synapse import running_synapse

MESSAGES = 250
"""More than Synapse gives in one sync, which is 100, and more than in one page before it."""


def test_a_reader_sees_messages_that_no_sync_has_brought(tmp_path: Path) -> None:
    """Each once, in order."""
    with running_synapse(tmp_path / "home") as synapse, matrix_readers(tmp_path / "log") as readers:
        place = scene(synapse, tmp_path)
        for number in range(MESSAGES):
            place.bot.send(place.room, f"message {number}")
        alice = readers.start(place.alice)
        seen = alice.read(place.room, MESSAGES)
    assert [each.body for each in seen] == [f"message {number}" for number in range(MESSAGES)]
