"""Commands that need no node, each as a subprocess: version, schema, check; and what was typed wrongly."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from paseo_watch import __version__
from tests.data import REPOSITORY
from tests.e2e.command_line import MODULE, SCRIPT, TOKEN, Ended, finished, in_turn
from tests.e2e.command_stage import shipped_file, write_config

TREASURY = "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z"
NOWHERE = "ws://127.0.0.1:1"


@pytest.mark.parametrize("command", [MODULE, SCRIPT], ids=["module", "script"])
async def test_it_says_its_version_as_a_module_and_as_a_script(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = await finished("--version", folder=tmp_path, command=command)
    assert (ended.code, ended.out, ended.err) == (0, f"paseo-watch {__version__}\n", "")


@pytest.mark.parametrize("words", ["check --online", "doctor", "schema", "demo --once"])
def test_a_closed_pipe_is_a_quiet_end(tmp_path: Path, words: str) -> None:
    """`paseo-watch ... | head -1`: whoever reads has seen enough, wherever the command is by then."""
    write_config(tmp_path, NOWHERE, archive="console: {}, file: {path: alerts.jsonl}")
    config = ["-c", "config.yaml"] if words in ("check --online", "doctor") else []
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*MODULE, *words.split(), *config, "--log-level", "error"], cwd=tmp_path, stdout=writing,
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


TYPED = {
    "": "the following arguments are required: COMMAND",
    "frobnicate": "argument COMMAND: invalid choice: 'frobnicate'",
    "run --speed 6": "unrecognized arguments: --speed 6",
    "check -c none.yaml": "none.yaml: no such file",
    "outbox": "the following arguments are required: ACTION",
    "outbox list --limit -1": "argument --limit: '-1', expected a whole number above 0",
    "send-test": "the following arguments are required: RECEIVER",
    "send-test nobody": 'there is no receiver "nobody"; expected console (this is the built-in configuration; yours is '
    "given with -c)",
    "doctor --cross-check 0": "argument --cross-check: '0', expected a whole number above 0",
    "demo --speed nan": "--speed is nan, expected a number above 0",
    "demo --listen nowhere": "--listen: expected host:port, such as 127.0.0.1:9615, found 'nowhere'",
    "record --chain relay blocks.json": "blocks.json: expected a name that ends in .rec.xz",
    "record --chain relay no/blocks.rec.xz": "no: there is no such folder; make it first",
    "record --chain relay --url 127.0.0.1:1 b.rec.xz": "--url: expected a URL that begins with ws:// or wss://",
    "record --chain rely b.rec.xz": "collectives (this is the built-in configuration; yours is given with -c)",
    "backtest --chain rely --from 1 --to 8": "there is no chain 'rely' in the configuration; there are relay",
    "backtest --chain relay --from 9 --to 8": "--from 9 --to 8: expected 0 < from <= to",
    "backtest --chain coretime --from 1 --to 8": "the chain coretime has no endpoints to ask",
    "replay none.rec.xz": "none.rec.xz cannot be read: No such file or directory",
    "replay cut.rec.xz": "cut.rec.xz, line 2: expected a whole xz stream: the file is cut off",
    "replay text.rec.xz": "text.rec.xz, line 1: expected an xz file",
}


@pytest.fixture(scope="module", name="typed")
def all_that_was_typed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What each of TYPED came to."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "cut.rec.xz").write_bytes(shipped_file().read_bytes()[:2000])
    (folder / "text.rec.xz").write_text("no recording")
    return dict(zip(TYPED, in_turn([each.split() for each in TYPED], folder), strict=True))


@pytest.mark.parametrize("line", TYPED)
def test_what_was_typed_wrongly_is_said_with_code_2(typed: dict[str, Ended], line: str) -> None:
    assert (typed[line].code, typed[line].out) == (2, "")
    assert TYPED[line] in typed[line].err


async def test_an_unknown_command_ends_the_process_with_code_2(tmp_path: Path) -> None:
    ended = await finished("frobnicate", folder=tmp_path)
    assert (ended.code, ended.out) == (2, "")


async def test_a_good_configuration_is_summed_up(tmp_path: Path) -> None:
    more = '  people: {enabled: false, endpoints: ["ws://127.0.0.1:1"]}\n  coretime: {enabled: false, endpoints: []}'
    write_config(tmp_path, NOWHERE, more=more)
    ended = await finished("check", "-c", "config.yaml", folder=tmp_path)
    assert ended.out == (
        "the configuration is good: follows relay (not people, coretime); "
        "watches balances (large-move) (not opengov, validators); "
        "tells team (webhook), archive (console+file)\n"
    )
    assert (ended.code, ended.err) == (0, "")


async def test_a_rule_only_for_chains_that_are_not_followed_is_warned_of(tmp_path: Path) -> None:
    more = "  coretime: {enabled: false, endpoints: []}"
    write_config(tmp_path, NOWHERE, more=more, rule="threshold: 10000 PAS, chains: [coretime]")
    checked, examined = [await finished(verb, "-c", "config.yaml", folder=tmp_path) for verb in ("check", "doctor")]
    idle = "rule large-move: watches nothing, none of its chains is followed (coretime)"
    assert (checked.code, checked.out.splitlines()[1:]) == (0, [f"warning: {idle}"])
    assert f"  blind: {idle}" in examined.out.splitlines()


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "unknown-key": (
        {"rule": "treshold: 10000 PAS"},
        'unknown-key/config.yaml:11: watch.balances[0].treshold: unknown key; did you mean "threshold"?',
    ),
    "no-unit": (
        {"rule": "threshold: 10000"},
        "no-unit/config.yaml:11: "
        "watch.balances[0].threshold: expected text with a unit, like 10000 PAS, 0.5 PAS, 1_000 PAS or 250 planck",
    ),
    "another-token": (
        {"rule": "cap: 5 DOT"},
        "chain relay: rule large-move: unknown unit 'DOT'; known are PAS, planck",
    ),
    "recover-below": (
        {"rule": f"accounts: [{TREASURY}], below: 5 PAS, recover: 4 PAS"},
        "chain relay: rule large-move: recover is less than below, expected at least as much",
    ),
    "receiver": (
        {"to": "arcive"},
        'receiver/config.yaml:15: route.receiver: unknown receiver "arcive"; did you mean "archive"?',
    ),
    "genesis": (
        {"genesis": '"0x12"'},
        "genesis/config.yaml:6: chains.relay.genesis: expected a genesis hash: 0x and 64 hexadecimal digits",
    ),
    "webhook": (
        {"team": f'webhook: {{{{url: "ftp:{TOKEN}"}}}}'},
        "webhook/config.yaml:13: receivers[0].webhook.url: expected an http or https URL with a host",
    ),
    "variable": (
        {"team": 'webhook: {{url: "${{NOT_SET}}"}}'},
        "variable/config.yaml:13: receivers[0].webhook.url: the environment variable NOT_SET is not set",
    ),
}


@pytest.fixture(scope="module", name="refused")
def all_that_was_refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Ended, Ended]]:
    """What `check` and `run` make of each of WRONG."""
    folder = tmp_path_factory.mktemp("wrong")
    for name, (change, _) in WRONG.items():
        (folder / name).mkdir()
        write_config(folder / name, NOWHERE, **change)  # type: ignore[arg-type]
    ended = in_turn([[verb, "-c", f"{name}/config.yaml"] for name in WRONG for verb in ("check", "run")], folder)
    assert not list(folder.rglob("store.db"))
    return dict(zip(WRONG, zip(ended[::2], ended[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_is_refused_by_check_as_by_run(
    refused: dict[str, tuple[Ended, Ended]], name: str
) -> None:
    """In the first line on standard error, and before anything is opened."""
    for ended in refused[name]:
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[0] == f"paseo-watch: {WRONG[name][1]}"


@pytest.mark.parametrize(
    ("flags", "file"), [([], "config/paseo-watch.schema.json"), (["--alert"], "docs/alert.schema.json")]
)
async def test_the_schemas_are_valid_and_those_of_the_documents(tmp_path: Path, flags: list[str], file: str) -> None:
    ended = await finished("schema", *flags, folder=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (REPOSITORY / file).read_text()
    Draft202012Validator.check_schema(json.loads(ended.out))


def test_a_pipe_that_closes_ends_a_command_without_a_word(tmp_path: Path) -> None:
    """`paseo-watch schema | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([sys.executable, "-m", "paseo_watch", "schema"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")
