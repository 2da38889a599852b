"""The Dockerfile: hadolint reads it, buildah builds it, and what it made is run as compose would run it."""

import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from paseo_watch import __version__
from tests.data import REPOSITORY
from tests.e2e.deploy.image import Builder, Image
from tests.e2e.deploy.programs import COMPOSE, judged

ADDED_MB = 200
"""What we may add to the base image, in millions of bytes; 182 were measured."""
MEMORY, ENOUGH = Path("/dev/shm"), 4e9
SERVES = """
{service} & pid=$!
{probe} 2>/dev/null && echo "answered before it could"
until {probe} 2>/dev/null; do kill -0 $pid || exit 1; done
echo healthy
kill -TERM $pid
wait $pid && echo ended
"""


@pytest.fixture(scope="module", name="image")
def built_image() -> Iterator[Image]:
    """The image, built once, in memory where there is enough: it is ten thousand small files. Nothing of it stays."""
    memory = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH else None
    with tempfile.TemporaryDirectory(prefix="paseo-watch-image-", dir=memory) as folder:
        builder = Builder(Path(folder))
        try:
            yield builder.build()
        finally:
            builder.close()


def test_hadolint_has_nothing_to_say() -> None:
    assert judged("hadolint", "Dockerfile") == (0, "")


def test_hadolint_notices_an_image_without_a_version(tmp_path: Path) -> None:
    """So that its silence about ours says something."""
    text = (REPOSITORY / "Dockerfile").read_text()
    (tmp_path / "Dockerfile").write_text(re.sub(r"^FROM python:\S+", "FROM python", text, flags=re.MULTILINE))
    code, said = judged("hadolint", tmp_path / "Dockerfile")
    assert (code, "DL3006" in said) == (1, True)


def test_it_runs_as_a_user_who_is_not_root(image: Image) -> None:
    """A number, so that others can see it without the image's files."""
    assert image.configuration["User"] == "10001:10001"
    assert image.run(["id", "-u"]).stdout == "10001\n"
    assert image.run(image.command("--version")).stdout == f"paseo-watch {__version__}\n"


def test_nothing_is_left_in_it_that_only_building_needs(image: Image) -> None:
    """No pip, no setuptools, no compiler, no tests, nothing of the checkout but the package, which is compiled."""
    (packages,) = (image.root / "opt" / "paseo-watch" / "lib").glob("python3*/site-packages")
    names = {path.name.partition("-")[0] for path in packages.iterdir()}
    assert {"paseo_watch", "aiohttp", "vodozemac", "nio", "peewee"} <= names  # the extra `encryption` is in it
    assert not names & {"pip", "setuptools", "wheel", "pytest", "mypy", "tests"}
    assert not [path for path in packages.rglob("test*") if path.is_dir() and path.name in ("test", "tests")]
    assert not [path for name in ("gcc", "cc", "c++") for path in image.root.glob(f"usr/bin/{name}")]
    assert not (image.root / "build").exists()
    sources = [path for path in packages.glob("paseo_watch/**/*.py") if path.stat().st_size]
    assert [
        path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc"))
    ] == []


def test_it_can_write_to_its_volume_only(image: Image) -> None:
    done = image.run(["sh", "-c", "touch here && ! touch /opt/paseo-watch/x && ! touch /etc/paseo-watch/x && pwd"])
    assert (done.returncode, done.stdout) == (0, "/var/lib/paseo-watch\n"), done.stderr
    assert done.stderr.count("Read-only file system") == 2


def test_the_demo_runs_in_it(image: Image) -> None:
    """The whole main job, with nothing but the volume to write to and no network but the loopback."""
    done = image.run(image.command("demo", "--once"))
    assert done.returncode == 0, done.stderr
    assert "deliveries: 59 done to console" in done.stdout + done.stderr


def test_it_serves_what_compose_configures_and_its_health_check_sees_it(image: Image) -> None:
    """The service with compose's own file: unhealthy, then healthy, then ended by SIGTERM with exit code 0."""
    (kind, *probe) = image.configuration["Healthcheck"]["Test"]
    assert kind == "CMD"
    compose = json.loads(judged("docker-compose", "--file", COMPOSE / "compose.yaml", "config", "--format=json")[1])
    service = image.command(*compose["services"]["paseo-watch"]["command"])
    quoted = {"service": '"$@"', "probe": shlex.join(probe)}
    done = image.run(["sh", "-c", SERVES.format(**quoted), "serve", *service], etc=COMPOSE)
    assert (done.returncode, done.stdout) == (0, "healthy\nended\n"), done.stderr


def test_what_it_adds_to_its_base_is_bounded(image: Image) -> None:
    added = (image.bytes - image.base_bytes) / 1e6
    print(f"{added:.0f} MB beside the base image")
    assert 50 < added < ADDED_MB
