"""The whole way in: what loads, what is refused and how it is said."""

import json
import string
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from paseo_watch.config.load import load
from paseo_watch.config.problem import ConfigError
from tests.unit.config.stand_in import WHOLE, loaded, model, refused, written

EXTENDS = "extends: right.yaml\n"
TABLE = Path(__file__).with_name("wrong_configurations.txt").read_text(encoding="utf-8")


class Wrong(NamedTuple):
    """One case of wrong_configurations.txt."""

    what: str
    text: str
    lines: list[str]


def _case(block: str) -> Wrong:
    what, rest = block.split("\n", 1)
    text, _, lines = rest.partition("--->\n")
    return Wrong(what, text, lines.splitlines())


CASES = [_case(block.rstrip("\n")) for block in TABLE.split("=== ")[1:]]


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_a_wrong_configuration_is_told_exactly(case: Wrong, tmp_path: Path) -> None:
    """File, line, key, what was expected: the whole error and nothing else."""
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": case.text})
    assert refused(tmp_path, "c.yaml") == case.lines


def test_the_base_of_the_table_is_right(tmp_path: Path) -> None:
    """What the cases above go over loads by itself, so that each tells its own fault; and the table was read."""
    assert len(CASES) >= 80
    assert all(case.lines for case in CASES)
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": EXTENDS})
    assert refused(tmp_path, "c.yaml") == []


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Problems of every stage stand in one error, in the order of the lines."""
    written(tmp_path, {"c.yaml": "network: '${X}'\nnetwork: a\nzzz: 1\nstore: { url: x }\nheartbeat: {}\n"})
    problems = refused(tmp_path, "c.yaml")
    assert [line.split(": ")[0] for line in problems] == ["c.yaml:1", "c.yaml:2", "c.yaml:3", "c.yaml:4", "c.yaml:5"]


def test_a_right_configuration_becomes_values(tmp_path: Path) -> None:
    """Bytes for accounts and hashes, time spans, absolute paths, a route tree in which children inherit."""
    written(
        tmp_path,
        {
            "c.yaml": WHOLE.replace("{ receiver: ops }", "{ receiver: ops, routes: [{ matchers: [rule=a] }] }")
            + f"accounts: {{ a: 0x{'ab' * 32}, b: 5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z }}\n"
            + "heartbeat: { receiver: ops, every: 1h30m }\nhttp: false\ncache: { path: meta }\n"
        },
    )
    config = loaded(tmp_path, "c.yaml")
    assert config.accounts == {"a": b"\xab" * 32, "b": b"modlpy/trsry".ljust(32, b"\0")}
    assert config.heartbeat is not None
    assert config.heartbeat.every == timedelta(hours=1, minutes=30)
    assert config.http is False
    assert config.cache.path == tmp_path / "meta"
    tree = config.route.tree()
    assert (tree.receiver, tree.routes[0].receiver, str(tree.routes[0].matchers[0])) == ("ops", "ops", 'rule="a"')
    assert list(config.receivers[0].sinks) == ["console"]
    assert config.chains["relay"].endpoints[0].host == "node.example"


def test_no_file_is_the_built_in() -> None:
    """Without -c the packaged configuration is used, relative to the working directory."""
    config = load(None, {}, working=Path("/somewhere"))
    assert config.network == "paseo"
    assert config.store.url.get_secret_value() == "sqlite:////somewhere/paseo-watch.db"


def test_a_working_directory_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by whatever exception the system raises."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigError, match="the working directory is gone"):
        load(None, {})


def test_a_file_name_cannot_mislead_a_terminal(tmp_path: Path) -> None:
    """Control characters of a name are escaped, bytes that are no text as well."""
    assert refused(tmp_path, "a\x1b[2J\udcff.yaml") == ["a\\u001b[2J\\udcff.yaml: no such file"]


def test_a_configuration_cannot_be_changed(tmp_path: Path) -> None:
    """The model is frozen."""
    written(tmp_path, {"c.yaml": WHOLE})
    config = loaded(tmp_path, "c.yaml")
    with pytest.raises(ValueError, match="frozen"):
        config.network = "other"  # type: ignore[misc]


SECRET = "s3cr3t-0f-all"


@pytest.mark.parametrize(
    "text",
    [
        "receivers: [{ name: ops, webhook: { url: 'ftp://SECRET@x', secret: SECRET, timeout: SECRET } }]",
        "receivers: [{ name: ops, webhook: { url: [SECRET], secret: { a: SECRET } } }]",
        "receivers: [{ name: ops, discord: SECRET, webhook: SECRET }]",
        "chains: { relay: { endpoints: ['https://SECRET@x', { url: 'ws://SECRET:pw@:99999' }] } }",
        "store: { url: 'mysql://u:SECRET@h/d' }",
        "store: { url: 'postgresql://u:SECRET@/d', most_rows: '${TOKEN}' }",
        "heartbeat: { url: 'SECRET', receiver: '${TOKEN}' }",
        "accounts: { a: '${TOKEN}' }",
        "heartbeat: { receiver: '${TOKEN}' }",
        "network: '${TOKEN} ${TOKEN}'",
        "watch: { moves: [{ name: a, threshold: '${TOKEN}', severity: '${TOKEN}', exclude: ['${TOKEN}'] }] }",
        "route: { receiver: '${TOKEN}', routes: [{ matchers: ['${TOKEN}!'] }] }",
        "receivers: [{ name: ops, webhook: { url_file: '${TOKEN}' } }]",
        'extends: right.yaml\nreceivers: [{ name: ops, webhook: { url: "SECRET\n',
    ],
)
def test_a_secret_is_in_no_error(text: str, tmp_path: Path) -> None:
    """Neither the error's text nor its parts hold what stands in a secret key or came from the environment."""
    body = text.replace("SECRET", SECRET)
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": body if "extends" in text else EXTENDS + body})
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "c.yaml", environ={"TOKEN": SECRET})
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(caught.value.problems)


WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/aB3-" + "x" * 60


@pytest.mark.parametrize(
    ("sink", "told"),
    [
        (
            f"discord: {{ bot_token: {'t' * 40}, channel: '123456789012345678', webhook_url: '{WEBHOOK}' }}",
            "receivers[0].discord: expected exactly one of `bot_token` (with `channel`) and `webhook_url`",
        ),
        (
            f"discord: {{ channel: '123456789012345678', webhook_url: '{WEBHOOK}' }}",
            "receivers[0].discord: `bot_token` and `channel` go together; a webhook has its channel already",
        ),
        (
            "matrix: { homeserver: 'https://h', user: '@a:h', room: '!r', password: access_token_1, access_token: x }",
            "receivers[0].matrix: expected exactly one of access_token and password",
        ),
        (
            "matrix: { homeserver: 'https://h', user: '@a:h', room: '!r', password: p, cross_signing_key: base64 }",
            "receivers[0].matrix.cross_signing_key: expected 32 bytes in base64; make some with: openssl rand "
            "-base64 32",
        ),
    ],
)
def test_what_a_sink_says_of_any_value_is_told_although_a_secret_has_words_of_it(
    sink: str, told: str, tmp_path: Path
) -> None:
    """A webhook's URL has "webhook" in it, a password may have anything: a fixed sentence shows nothing of either."""
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": f"{EXTENDS}receivers: [{{ name: ops, {sink} }}]\n"})
    with pytest.raises(ConfigError) as caught:
        load([Path("c.yaml")], {}, working=tmp_path)
    assert str(caught.value) == f"c.yaml:2: {told}"


TEMPLATES = [
    "accounts: {{ a: {0} }}",
    "network: {0}",
    "watch: {{ moves: [{{ name: a, exclude: [{0}] }}, {{ name: {0} }}, {{ name: {0} }}] }}",
    "http: {{ listen: {0} }}",
    "watch: {{ moves: [{{ name: a, threshold: {0}, severity: {0}, exclude: [{0}], chains: [{0}] }}] }}",
    "route: {{ receiver: {0}, routes: [{{ receiver: {0}, matchers: [{0}] }}] }}",
    "receivers: [{{ name: ops, webhook: {{ url: {0}, timeout: {0} }} }}, {{ name: {0}, file: {{ path: {0} }} }}]",
]


@settings(max_examples=150, deadline=None)
@given(
    secret=st.text(st.sampled_from("§ß\"'\\\n\t ${}\x7f\u202e😀"), min_size=6, max_size=120),
    template=st.sampled_from(TEMPLATES),
)
def test_no_spelling_of_a_secret_is_in_an_error(secret: str, template: str) -> None:
    """Neither as it is nor quoted, escaped, cut or with its blanks folded: no six characters of it in a row."""
    text = template.format("'${TOKEN}'")
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), {"right.yaml": WHOLE, "c.yaml": EXTENDS + text})
        told = "\n".join(refused(Path(folder), "c.yaml", environ={"TOKEN": secret}))
    assert not [secret[i : i + 6] for i in range(len(secret) - 5) if secret[i : i + 6] in told]


def test_a_secret_is_in_no_representation(tmp_path: Path) -> None:
    """A printed configuration shows neither URLs that may hold keys nor passwords."""
    text = WHOLE.replace("node.example", SECRET) + f"store: {{ url: 'postgresql://u:{SECRET}@h/d' }}\n"
    written(
        tmp_path, {"c.yaml": text.replace("console: {}", f"webhook: {{ url: 'http://{SECRET}', secret: {SECRET} }}")}
    )
    config = loaded(tmp_path, "c.yaml")
    assert SECRET not in repr(config) + str(config)


_words = st.sampled_from(
    [*string.printable, "${", "}", "*a", "&a ", "<<: ", "!!", "\n  ", "- ", ": ", "chains", "relay", "receivers",
     "name", "endpoints", "wss://", "watch", "moves", "extends", "right.yaml", "c.yaml", "route", "store", "url_file",
     "http", "5 PAS", "0x", "null", "[", "{", "\\ud800", "%YAML 1.", "\x85", "\u2028", "é", "𝄞", "\x00", "---\n"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=80), st.lists(_words, max_size=40).map("".join)))
@example(text="? a\n")
@example(text="%YAML 9999999999999999999.1\n---\na")
@example(text='"\\U00110000": 1')
@example(text="&a [*a]")
@example(text="chains: {relay: {start: " + "9" * 5000 + "}}")
@example(text="network: .inf\nstore: {most_rows: 1e400}")
@example(text='cache: {path: "a\\0b"}\nreceivers: [{name: x, webhook: {url_file: "a\\0b"}}]\nextends: "a\\0b"')
@example(text="extends: " + "a" * 5000)
@example(text="1: 2\n[]: 3\n")
def test_any_text_loads_or_is_refused_in_our_words(text: str, tmp_path: Path) -> None:
    """Whatever stands in a file, the only exception is ConfigError, and it says where."""
    written(tmp_path, {"right.yaml": WHOLE})
    (tmp_path / "c.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    for problem in refused(tmp_path, "c.yaml"):
        assert problem.startswith(("c.yaml", "right.yaml"))


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("${X}")),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=5), below, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(value=_json, key=st.sampled_from(sorted(model().model_fields)))
def test_any_value_under_any_key_is_refused_in_our_words(value: object, key: str) -> None:
    """A value of any shape under each known key never causes another exception than ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), {"c.yaml": json.dumps({key: value})})
        assert refused(Path(folder), "c.yaml") is not None


def test_a_billion_laughs_are_refused(tmp_path: Path) -> None:
    """Aliases are counted as what they stand for."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    written(tmp_path, {"c.yaml": "\n".join(lines)})
    assert refused(tmp_path, "c.yaml") == ["c.yaml:5: a4[0]: more than 20000 values (aliases written out)"]
