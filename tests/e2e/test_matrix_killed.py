"""The crypto store survives SIGKILL at each step that changes it or talks to the homeserver.

One store, one room, a sender that is killed again and again at seeded moments (`tests.e2e.matrix.sender`). Meanwhile
new devices come and go, and one-time keys are used up. At the end Element's crypto stack has
read every message, once and in order; no session is broken, and no one-time key was ever refused.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.data import REPOSITORY
from tests.e2e.matrix.sender import STEPS, noted
from tests.e2e.matrix.stage import Scene, scene
from tests.matrix_reader import Readers, matrix_readers
from tests.node_packages import end
from tests.synapse import Synapse, User, running_synapse

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
KEY = base64.b64encode(b"the secret of these tests only..").decode()
ROOM_SETUP = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
"""A new room key for every second message, so that a run of some messages takes every step."""
MESSAGES_A_RUN = 3
KILLS_A_STEP = int(os.environ.get("PASEO_WATCH_MATRIX_KILLS_A_STEP", "1"))
SET_UP = ("cross_signing", "signature")
"""Steps of the set-up: reached in the first runs only."""
OFTEN = ("distribute", "encrypt", "send")
"""Steps that each run takes more than once."""


@pytest.fixture(scope="module", name="synapse")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture(scope="module", name="readers")
def element(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with matrix_readers(tmp_path_factory.mktemp("readers") / "log") as running:
        yield running


class Sender:
    """The sender, run after run on one store, each in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], progress: Path, log: Path) -> None:
        self._process = process
        self._progress = progress
        self._log = log

    @property
    def done(self) -> int:
        """The number of the last alert that is known to be sent."""
        return noted(self._progress)

    @property
    def said(self) -> str:
        """What all runs wrote to standard error."""
        return self._log.read_text()

    def run(self, last: int, step: str = "-", count: int = 1) -> int:
        """Its exit code: -9 where it was killed, 0 where it sent all."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(last, step, count, file=self._process.stdin, flush=True)
        ended = self._process.stdout.readline().strip()
        assert ended in ("0", "-9"), self.said[-3000:]
        return int(ended)


@contextmanager
def sending(place: Scene, folder: Path) -> Iterator[Sender]:
    """A sender, for as long as the block lasts."""
    options, progress, log = folder / "options.json", folder / "progress", folder / "sender.log"
    login = {"homeserver": place.synapse.url, "user": place.bot.id, "password": place.bot.password}
    options.write_text(json.dumps({**login, "room": place.room, "store": str(place.store), "cross_signing_key": KEY}))
    command = [sys.executable, "-m", "tests.e2e.matrix.sender", options, progress]
    pipe = subprocess.PIPE
    with log.open("w") as said:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=said, text=True, start_new_session=True
        )
    try:
        yield Sender(process, progress, log)
    finally:
        end(process)


def test_every_message_is_read_once_after_kills_at_every_step(
    synapse: Synapse, readers: Readers, tmp_path: Path
) -> None:
    random = Random(SEED)
    place = scene(synapse, tmp_path, initial_state=[{"type": "m.room.encryption", "content": ROOM_SETUP}])
    alice = readers.start(place.alice)
    hit = set()
    plan = [step for step in STEPS if step.startswith(SET_UP)]
    for _ in range(KILLS_A_STEP):
        others = [step for step in STEPS if not step.startswith(SET_UP)]
        plan += random.sample(others, len(others))
    with sending(place, tmp_path) as sender:
        phone: User | None = None
        for number, step in enumerate(plan):
            phone = another_device(place, readers, phone)
            use_up_one_time_keys(place)
            count = random.randint(1, 2) if step.startswith(OFTEN) else 1
            if sender.run(sender.done + MESSAGES_A_RUN, step, count) == -9:
                hit.add(step)
            if number % 4 == 3:
                assert sender.run(sender.done + MESSAGES_A_RUN) == 0, "it goes on by itself"
        total = sender.done + MESSAGES_A_RUN
        assert sender.run(total) == 0
        seen = alice.read(place.room, total)
        assert [int(each.delivery or "0", 16) - 500 for each in seen] == list(range(1, total + 1))
        assert [each.failure for each in seen] == [None] * total
        assert {each.shield for each in seen} == {0}
        assert hit == set(STEPS), f"never killed at {set(STEPS) - hit}"
        assert "one-time keys are not taken" not in sender.said
        last_device = readers.start(place.alice.login())
        assert sender.run(total + 1) == 0
        assert last_device.read(place.room, total + 1)[-1].failure is None
        print(f"\n{total + 1} messages, {len(plan)} runs, {len(hit)} of {len(STEPS)} steps killed at, seed {SEED}")


def another_device(place: Scene, readers: Readers, former: User | None) -> User:
    """Somebody's new device, which the bot has to begin a session with; the former one goes."""
    if former is not None:
        former.call("POST", "/logout", {})
    user = place.alice.login()
    readers.start(user).stop()
    return user


def use_up_one_time_keys(place: Scene) -> None:
    """So many that the bot has to upload others."""
    devices = place.alice.call("POST", "/keys/query", {"device_keys": {place.bot.id: []}})["device_keys"]
    for name in devices.get(place.bot.id, {}):
        for _ in range(26):
            claim = {"one_time_keys": {place.bot.id: {name: "signed_curve25519"}}}
            place.alice.call("POST", "/keys/claim", claim)
