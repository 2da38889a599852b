"""In which order test files are begun where several cores share them: the long ones first, the quick ones last.

A core takes the next file when it is done with one, so what comes last decides how unequally they end.
"""

from pathlib import Path

from tests.data import REPOSITORY

LONG = (
    "test_kill_receivers.py",
    "test_every_chain.py",
    "test_real_runtimes.py",
    "test_commands_at_work.py",
    "test_commands_receivers.py",
    "test_opengov.py",
    "test_image.py",
    "test_message_judges.py",
    "test_matrix_killed.py",
    "test_kill.py",
    "test_commands_doctor.py",
    "test_commands_outbox.py",
    "test_matrix.py",
    "test_commands.py",
    "test_staking.py",
    "test_sigterm.py",
    "test_matrix_burst.py",
    "test_soak.py",
    "test_observed.py",
    "test_store_breaks.py",
)
"""Those of tests/e2e that take half a minute or more, the longest first; `make test` tells how long tests take."""
FOLDERS = ("e2e", "oracle", "replay", "contract", "unit")
"""The folders of tests, by how long their longest files take."""


def turn(path: Path) -> tuple[int, int]:
    """What test files are sorted by; within a file tests keep their order."""
    folder = path.relative_to(REPOSITORY / "tests").parts[0]
    long = LONG.index(path.name) if folder == "e2e" and path.name in LONG else len(LONG)
    return long, FOLDERS.index(folder)
