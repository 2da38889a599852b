"""deploy/compose: Docker Compose itself reads it, and what its schema cannot know is held here.

Compose's own reading (`config`, without an engine) is what is judged: anchors, merges and defaults are resolved in it.
The commands of docs/deploy.md for backup and restore are run as they stand there, on this machine's folders and server.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from paseo_watch import __version__
from tests.e2e.command_line import in_turn
from tests.e2e.deploy.programs import COMPOSE, DEPLOY, documented, judged, loaded, with_examples
from tests.postgres import PASSWORD, programs, running_postgres

PINNED = re.compile(r":v?\d+\.\d+(\.\d+)?(-\w+)?")
SECRETS = COMPOSE / "secrets"
OURS = ("paseo-watch.yaml", "paseo-watch.postgres.yaml")
STAND_IN = """
docker() {  # compose ACTION [FLAG ...] SERVICE [WORD ...]: the words here, with no container around them
  action=$2 entry=
  shift 2
  until [ "$1" = paseo-watch ] || [ "$1" = postgres ]; do [ "$1" != --entrypoint ] || entry=$2; shift; done
  shift
  case $action in exec|run) $entry "$@" ;; *) echo "$action" >> actions ;; esac
}
"""


def read(*words: str, **environ: str) -> tuple[int, str]:
    """Docker Compose on our file, with nothing of this machine's environment."""
    return judged("docker-compose", "--file", COMPOSE / "compose.yaml", *words, environ={"PATH": "/usr/bin", **environ})


@pytest.fixture(scope="module", name="composed")
def as_compose_reads_it() -> dict[str, Any]:
    """The whole project, with every profile."""
    code, said = read("--profile", "*", "config", "--format", "json")
    assert code == 0, said
    project: dict[str, Any] = json.loads(said)
    return project


@pytest.fixture(scope="module", name="services")
def all_services(composed: dict[str, Any]) -> dict[str, Any]:
    """Its services by name."""
    services: dict[str, Any] = composed["services"]
    return services


def test_compose_refuses_a_key_that_it_does_not_know(tmp_path: Path) -> None:
    """So that its silence about ours says something."""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((COMPOSE / "compose.yaml").read_text().replace("stop_grace_period", "stop_grace_time"))
    code, said = judged("docker-compose", "--file", wrong, "config", "--quiet")
    assert code == 1
    assert "stop_grace_time" in said


def test_postgresql_is_there_with_its_profile_only() -> None:
    """SQLite in a volume is what one gets without a word."""
    everyday = {"paseo-watch", "prometheus", "alertmanager", "grafana"}
    assert set(read("config", "--services")[1].split()) == everyday
    assert set(read("--profile", "postgres", "config", "--services")[1].split()) == everyday | {"postgres"}


def test_everything_is_published_on_the_loopback_only(services: dict[str, Any]) -> None:
    """Only Grafana asks for a password; PostgreSQL is published nowhere and reaches nothing."""
    published = {name: port for name, service in services.items() for port in service.get("ports", [])}
    assert set(published) == set(services) - {"postgres"}
    assert {port["host_ip"] for port in published.values()} == {"127.0.0.1"}
    assert set(services["postgres"]["networks"]) == {"store"}


def test_only_a_network_without_a_way_out_leads_to_the_database(composed: dict[str, Any]) -> None:
    assert composed["networks"]["store"]["internal"] is True


def test_every_mounted_file_is_there(services: dict[str, Any]) -> None:
    """Docker would make an empty folder of a name that does not exist."""
    mounts = [mount for service in services.values() for mount in service["volumes"] if mount["type"] == "bind"]
    assert {mount["source"] for mount in mounts if not Path(mount["source"]).exists()} == set()
    assert all(mount["read_only"] for mount in mounts)


def test_every_secret_file_is_told_of(composed: dict[str, Any]) -> None:
    """What an operator has to make stands in the README beside it, and git would not take it in."""
    told = (SECRETS / "README.md").read_text()
    files = [Path(secret["file"]) for secret in composed["secrets"].values()]
    assert files
    for file in files:
        assert f"`{file.relative_to(SECRETS)}`" in told
        assert judged("git", "check-ignore", file)[0] == 0


def test_no_secret_stands_in_any_file_of_deploy(services: dict[str, Any]) -> None:
    """Secrets are named by file: in the environment of containers, and in every file, its commented examples too."""
    for service in services.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASS|SECRET|TOKEN|KEY", name):
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/secrets/")
    written = re.compile(r"\b(\w*password|\w*token|secret|webhook_url|cross_signing_key|credentials)\"?\s*: +\S")
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.suffix != ".json" and not (SECRETS in file.parents and file.name != "README.md"):
            assert not written.search(file.read_text()), file


def test_our_service_can_write_to_its_volume_only(services: dict[str, Any]) -> None:
    """Read-only, without any capability or a way to get one; /tmp is memory."""
    ours = services["paseo-watch"]
    assert ours["read_only"] is True
    assert (ours["cap_drop"], ours.get("cap_add")) == (["ALL"], None)
    assert ours["security_opt"] == ["no-new-privileges:true"]
    writable = [mount["target"] for mount in ours["volumes"] if not mount.get("read_only")]
    assert writable == ["/var/lib/paseo-watch"]
    assert [mount.partition(":")[0] for mount in ours["tmpfs"]] == ["/tmp"]
    assert "user" not in ours  # the image's own, which is not root


def test_our_service_gets_more_than_the_ten_seconds_in_which_it_ends(services: dict[str, Any]) -> None:
    assert services["paseo-watch"]["stop_grace_period"] == "20s"


@pytest.mark.parametrize("name", ["paseo-watch", "prometheus", "alertmanager", "grafana", "postgres"])
def test_every_service_is_bounded_watched_and_started_again(services: dict[str, Any], name: str) -> None:
    """Memory, processes and logs have an end, the version is fixed, and somebody looks whether it works."""
    service = services[name]
    assert service["restart"] == "unless-stopped"
    assert int(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert PINNED.search(service["image"]), service["image"]
    assert ("healthcheck" in service) != (name == "paseo-watch")  # ours has it from its image
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_is_named_by_our_version(services: dict[str, Any]) -> None:
    assert services["paseo-watch"]["image"] == f"paseo-watch:{__version__}"


def test_the_environment_chooses_configurations_that_are_mounted(services: dict[str, Any]) -> None:
    """What .env.example offers names files that are there, where the containers look for them."""
    offered = dict(re.findall(r"^#(\w+)=(\S+)$", (COMPOSE / ".env.example").read_text(), re.MULTILINE))
    code, said = read("config", "--format", "json", **offered)
    assert code == 0, said
    chosen = json.loads(said)["services"]
    assert "postgres" in chosen
    targets = {
        mount["target"]: Path(mount["source"]) for mount in chosen["paseo-watch"]["volumes"] if "source" in mount
    }
    assert targets[chosen["paseo-watch"]["command"][2]].name == "paseo-watch.postgres.yaml"
    config = chosen["alertmanager"]["command"][0].removeprefix("--config.file=/etc/alertmanager/")
    assert (DEPLOY / "alertmanager" / config).is_file()


def test_our_configurations_are_good_with_their_examples_too(tmp_path: Path) -> None:
    """As shipped, on PostgreSQL, and with every commented receiver in use and its secrets where compose puts them."""
    (tmp_path / "secrets").mkdir()
    for name in ("discord-token", "matrix-password"):
        (tmp_path / "secrets" / name).write_text("not-a-real-one")
    (tmp_path / "secrets" / "matrix-key").write_text("A" * 43 + "=")
    (tmp_path / "secrets" / "store-url").write_text("postgresql://paseo_watch:not-a-real-one@postgres/paseo_watch\n")
    for name in OURS:
        (tmp_path / name).write_text((COMPOSE / name).read_text())
    (tmp_path / "used.yaml").write_text(with_examples(COMPOSE / OURS[0]))
    checks = [["check", "-c", str(tmp_path / name)] for name in (*OURS, "used.yaml")]
    plain, postgres, used = in_turn(checks, tmp_path)
    assert (plain.code, postgres.code, used.code) == (0, 0, 0), (plain, postgres, used)
    assert "tells team (console)" in plain.out
    assert "tells team (console+discord+matrix)" in used.out


def test_what_has_to_survive_lies_in_the_volume_and_the_page_is_reached(services: dict[str, Any]) -> None:
    """The store, the cache and the address of paseo-watch.yaml fit what compose.yaml mounts and publishes."""
    configuration, ours = loaded(COMPOSE / OURS[0]), services["paseo-watch"]
    volume = next(mount["target"] for mount in ours["volumes"] if mount["type"] == "volume")
    assert configuration["store"]["url"].startswith(f"sqlite:///{volume}/")
    assert configuration["cache"]["path"].startswith(f"{volume}/")
    assert configuration["http"]["listen"] == f"0.0.0.0:{ours['ports'][0]['target']}"


def by_hand(name: str, host: Path, volume: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Commands of docs/deploy.md in a folder of the host, with another one for the service's volume."""
    commands = documented(name).replace("/var/lib/paseo-watch", str(volume))
    path = os.pathsep.join((str(Path(sys.executable).parent), str(programs()), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-c", STAND_IN + commands], cwd=host, capture_output=True, text=True, check=False,
        env={**os.environ, **environ, "PATH": path},
    )  # fmt: skip


@pytest.fixture(name="places")
def host_and_volume(tmp_path: Path) -> tuple[Path, Path]:
    """Two empty folders."""
    host, volume = tmp_path / "host", tmp_path / "volume"
    host.mkdir()
    volume.mkdir()
    return host, volume


@contextmanager
def a_store(volume: Path) -> Iterator[sqlite3.Connection]:
    """The file, in use as the service uses it."""
    with closing(sqlite3.connect(volume / "paseo-watch.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS seen (number INTEGER)")
        yield connection


def test_a_sqlite_store_in_the_volume_is_backed_up_and_restored(places: tuple[Path, Path]) -> None:
    """With Python's module, while it is in use; what comes back is its owner's alone, and nothing else stays."""
    host, volume = places
    with a_store(volume) as connection:
        connection.execute("INSERT INTO seen VALUES (1)")
        done = by_hand("compose-sqlite-backup", host, volume)
        assert done.returncode == 0, done.stderr
        connection.execute("INSERT INTO seen VALUES (2)")
    done = by_hand("compose-sqlite-restore", host, volume)
    assert done.returncode == 0, done.stderr
    assert (host / "actions").read_text().split() == ["stop", "up"]
    with closing(sqlite3.connect(volume / "paseo-watch.db")) as connection:
        assert connection.execute("SELECT number FROM seen").fetchall() == [(1,)]
    assert [(path.name, path.stat().st_mode & 0o777) for path in volume.iterdir()] == [("paseo-watch.db", 0o600)]
    assert (host / "copy.db").stat().st_mode & 0o777 == 0o600


def test_without_a_store_or_a_copy_nothing_is_made_or_lost(places: tuple[Path, Path]) -> None:
    """A backup makes no empty store, and a restore takes none away for nothing."""
    host, volume = places
    with a_store(volume):
        pass
    store = volume / "paseo-watch.db"
    assert by_hand("compose-sqlite-restore", host, volume).returncode == 1
    assert store.stat().st_size > 0
    assert not (host / "actions").exists()
    store.unlink()
    (host / "copy.db").write_text("an older one")
    assert by_hand("compose-sqlite-backup", host, volume).returncode == 1
    assert list(volume.iterdir()) == []
    assert (host / "copy.db").read_text() == "an older one"


def test_a_postgresql_store_is_backed_up_and_restored(places: tuple[Path, Path]) -> None:
    """With the user and the database that compose.yaml gives it, on a server of our own."""
    with running_postgres() as server:
        with server.connect(server.url("postgres")) as connection:
            connection.execute(f"CREATE ROLE paseo_watch LOGIN PASSWORD '{PASSWORD}'".encode())
            connection.execute("CREATE DATABASE paseo_watch OWNER paseo_watch")
        there = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": PASSWORD}
        ours = partial(psycopg.connect, host="127.0.0.1", port=server.port, user="paseo_watch", password=PASSWORD)
        with ours(autocommit=True) as connection:
            connection.execute("CREATE TABLE seen AS SELECT 1 AS number")
            assert by_hand("compose-postgresql-backup", *places, **there).returncode == 0
            connection.execute("INSERT INTO seen VALUES (2)")
        done = by_hand("compose-postgresql-restore", *places, **there)
        assert (done.returncode, done.stderr) == (0, "")
        with ours() as connection:
            assert connection.execute("SELECT number FROM seen").fetchall() == [(1,)]
