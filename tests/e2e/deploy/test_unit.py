"""deploy/systemd: systemd reads the unit and finds it hardened, and the service works within its limits.

No systemd runs here. What it would enforce is judged by `systemd-analyze`; that Python and our wheels live without
memory that is both writable and executable is tried under the kernel's own version of that rule. What docs/deploy.md
has one type is read from there, and run in another folder.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import REPOSITORY, missing
from tests.e2e.command_line import in_turn
from tests.e2e.deploy.programs import DEPLOY, documented, judged, loaded, with_examples

UNIT = DEPLOY / "systemd" / "paseo-watch.service"
CONFIGURATION = UNIT.with_name("paseo-watch.yaml")
SECRETS = UNIT.with_name("secrets.conf")
EXPOSURE = 11
"""Ten times the measured level of systemd 252, 0.0 (closed) to 10.0 (open)."""
NEWER = ("'RestartSteps'", "'RestartMaxDelaySec'")  # than systemd 252, which ignores them: so says the unit
REFUSE_EXECUTABLE = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: since Linux 6.3
    sys.exit(77)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
LOADS_AND_DEMO = """
import sys
import Crypto.PublicKey.ECC, discord, nacl.signing, nio.crypto, psycopg, substrateinterface, vodozemac
from paseo_watch.cli.main import main
sys.exit(main(["demo", "--once"]))
"""
GAIN = "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)"


def settings() -> configparser.SectionProxy:
    """Its [Service], the last value of a key that stands there twice."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read(UNIT)
    return parser["Service"]


def with_all_secrets() -> str:
    """secrets.conf of somebody who uses each of them."""
    return SECRETS.read_text().replace("#LoadCredential", "LoadCredential")


def complaints(folder: Path) -> list[str]:
    """What systemd says of the unit and its drop-in in a folder."""
    _, said = judged("systemd-analyze", "verify", folder / UNIT.name)
    return [line for line in said.splitlines() if not any(key in line for key in NEWER)]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with its secrets, as an operator lays them; its program is this environment's."""
    program = Path(sys.executable).parent / "paseo-watch"
    words = settings()["ExecStart"].split()
    (tmp_path / UNIT.name).write_text(UNIT.read_text().replace(f"={words[0]} ", f"={program} "))
    drop_ins = tmp_path / f"{UNIT.name}.d"
    drop_ins.mkdir()
    (drop_ins / SECRETS.name).write_text(with_all_secrets())
    return tmp_path


def test_systemd_has_nothing_to_say_of_the_unit_and_its_secrets(installed: Path) -> None:
    assert complaints(installed) == []


@pytest.mark.parametrize("file", [UNIT.name, f"{UNIT.name}.d/secrets.conf"])
def test_systemd_reads_both_files(installed: Path, file: str) -> None:
    """A key that does not exist is noticed in either, so its silence about ours says something."""
    with (installed / file).open("a") as opened:
        opened.write("\n[Service]\nLoadCredentials=x\n")
    assert any("'LoadCredentials'" in line for line in complaints(installed))


def test_the_service_is_no_more_exposed_than_measured() -> None:
    """Whoever takes a restriction away has to say so here."""
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager")
    code, said = judged(*command, f"--threshold={EXPOSURE}", UNIT)
    assert code == 0, said
    assert judged(*command, f"--threshold={EXPOSURE - 1}", UNIT)[0] == 1  # it is the measured value


def test_its_user_is_made_and_nobody_can_log_in_as_it(tmp_path: Path) -> None:
    """systemd-sysusers, on an empty root."""
    (tmp_path / "etc").mkdir()
    code, said = judged("systemd-sysusers", f"--root={tmp_path}", UNIT.with_name("sysusers.conf"))
    assert code == 0, said
    users = [line.split(":") for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    (user,) = [words for words in users if words[0] == settings()["User"]]
    assert (int(user[2]) > 0, user[5], user[6]) == (True, "/var/lib/paseo-watch", "/usr/sbin/nologin")


def test_wrong_input_is_not_tried_again_and_a_stop_is_waited_for() -> None:
    """Exit code 2 means wrong input (docs/operating.md); the service ends within 10 s of SIGTERM."""
    service = settings()
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert int(service["TimeoutStopSec"]) > 10
    assert "ExecStartPre" not in service  # its exit code would not be looked at


def test_the_configuration_is_good_with_its_example_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As shipped, and with the secret where systemd puts it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "discord-token").write_text("not-a-real-one")
    (tmp_path / "used.yaml").write_text(with_examples(CONFIGURATION))
    plain, used = in_turn([["check", "-c", str(file)] for file in (CONFIGURATION, tmp_path / "used.yaml")], tmp_path)
    assert (plain.code, used.code) == (0, 0), (plain, used)
    assert "tells team (console+discord)" in used.out


def test_everything_is_kept_where_the_unit_allows_it() -> None:
    """The configuration lies where the service looks for it, and names the folders that the unit gives to it."""
    configuration, service = loaded(CONFIGURATION), settings()
    assert configuration["store"]["url"].startswith(f"sqlite:////var/lib/{service['StateDirectory']}/")
    assert configuration["cache"]["path"] == f"/var/cache/{service['CacheDirectory']}"
    assert f"# To {service['ExecStart'].split()[3]};" in CONFIGURATION.read_text()


def test_as_shipped_no_secret_is_asked_for() -> None:
    """systemd does not start a service with a credential whose file is missing."""
    assert not re.search("^LoadCredential", SECRETS.read_text(), re.MULTILINE)
    assert with_all_secrets().count("\nLoadCredential=") == 4


def test_a_command_by_hand_has_the_services_user_and_all_its_secrets(installed: Path) -> None:
    """The function of the document, with something that tells its arguments in systemd-run's place."""
    function = documented("by-hand").replace("/etc/systemd/system", str(installed))
    tells = """systemd-run() { printf '%s\\n' "$@"; }\n"""
    words = subprocess.run(
        ["bash", "-euc", f"{tells}{function}paseo_watch outbox list --limit 3"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    given = [words[at + 1] for at, word in enumerate(words) if word == "-p"]
    assert set(re.findall("^LoadCredential=.*$", with_all_secrets(), re.MULTILINE)) == set(given) - {"UMask=0077"}
    assert f"--uid={settings()['User']}" in words
    assert f"--working-directory={settings()['WorkingDirectory']}" in words
    run = settings()["ExecStart"].split()
    assert words[words.index(run[0]) :] == [run[0], "outbox", "list", "--limit", "3", *run[2:4]]


def test_the_package_is_built_without_a_trace_and_of_what_is_there_now(tmp_path: Path) -> None:
    """What an earlier build left in the repository gets into no other one, and this one leaves nothing there."""
    there, repository = tmp_path / "there", tmp_path / "repository"
    repository.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, repository)
    shutil.copytree(
        REPOSITORY / "paseo_watch", repository / "paseo_watch", ignore=shutil.ignore_patterns("__pycache__")
    )
    stale = repository / "build" / "lib" / "paseo_watch" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    before = set(repository.rglob("*"))
    build = documented("install").partition("source=$(mktemp -d)")
    pip = f"{sys.executable} -m pip install --quiet --disable-pip-version-check --target={there}"
    commands = "".join(build[1:]).replace("/opt/paseo-watch/bin/pip install", pip)
    subprocess.run(["bash", "-euc", commands], cwd=repository, check=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert set(repository.rglob("*")) == before
    assert (there / "paseo_watch" / "cli" / "main.py").is_file()
    assert not (there / "paseo_watch" / stale.name).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repository", "there"]


def test_the_demo_runs_where_no_memory_may_become_executable(tmp_path: Path) -> None:
    """MemoryDenyWriteExecute, enforced by the kernel: the whole main job, with uvloop and every wheel that it loads."""

    def under_the_rule(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", REFUSE_EXECUTABLE, *words]
        environ = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin"}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)

    gain = under_the_rule("-c", GAIN)
    if gain.returncode == 77:
        missing("this kernel cannot refuse executable memory (Linux 6.3 or newer)")
    assert "Permission denied" in gain.stderr
    done = under_the_rule("-c", LOADS_AND_DEMO)
    assert done.returncode == 0, done.stderr
    assert "deliveries: 59 done to console" in done.stdout + done.stderr
