"""What comes from the environment and from files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.config.compose import compose
from paseo_watch.config.problem import Problem
from paseo_watch.config.secrets import MAX_SECRET_BYTES, fill, hidden
from paseo_watch.config.shape import Shape
from paseo_watch.config.source import Source
from paseo_watch.config.tree import Node, find, plain

SHAPE = Shape.of(
    {
        "properties": {
            "token": {"type": "string", "writeOnly": True},
            "list": {"items": {"properties": {"token": {"anyOf": [{"type": "string", "writeOnly": True}]}}}},
            "plain": {"type": "string"},
            "real_file": {"type": "string"},
            "real": {"type": "string", "writeOnly": True},
        }
    }
)


def filled(folder: Path, text: str, **environ: str) -> tuple[Node, list[str]]:
    problems: list[Problem] = []
    node = fill(compose(Source("c.yaml", folder), text)[0], SHAPE, environ, problems)
    return node, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "1"),
        ("a${A}b${A}", "a1b1"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A", "$A"),
        ("$", "$"),
        ("{A}", "{A}"),
        ("${AGAIN}", "${A}"),
        ("${EMPTY}", ""),
    ],
)
def test_variables_are_put_in_once(text: str, value: str, tmp_path: Path) -> None:
    """`${NAME}` anywhere in text, `$${` is plain, and what was put in is not looked at again."""
    node, problems = filled(tmp_path, f"plain: '{text}'", A="1", AGAIN="${A}", EMPTY="")
    assert plain(node) == {"plain": value}
    assert problems == []


def test_keys_and_numbers_are_left_alone(tmp_path: Path) -> None:
    """Only texts are looked into."""
    assert plain(filled(tmp_path, '"${A}": 5', A="1")[0]) == {"${A}": 5}


def test_each_missing_variable_is_told_once(tmp_path: Path) -> None:
    """All of a text, in its line."""
    node, problems = filled(tmp_path, "\nplain: '${A} ${B} ${A}'")
    assert problems == [
        "c.yaml:2: plain: the environment variable A is not set",
        "c.yaml:2: plain: the environment variable B is not set",
    ]
    assert plain(node) == {"plain": "${A} ${B} ${A}"}


def test_a_variable_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 reach Python as half surrogate pairs."""
    assert filled(tmp_path, "plain: ${A}", A="x\udcff")[1] == [
        "c.yaml:1: plain: the environment variable A is not UTF-8 text"
    ]


def test_a_message_that_repeats_a_secret_in_another_spelling_is_withheld(tmp_path: Path) -> None:
    """Cut, escaped or folded: what cannot be taken out takes the message with it."""
    node, _ = filled(tmp_path, "plain: ${V}", V='pass"word and more')
    assert hidden(node, SHAPE, 'not "pass\\"word and more"') == 'not "***"'
    assert hidden(node, SHAPE, "not a number: word and…") == "wrong; more cannot be said without showing a secret"


@given(value=st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"])))
def test_a_variables_text_arrives_whole(value: str) -> None:
    """Whatever it is."""
    assert plain(filled(Path("/"), "plain: <${V}>", V=value)[0]) == {"plain": f"<{value}>"}


@pytest.mark.parametrize(
    ("content", "secret"),
    [("abc", "abc"), ("abc\n", "abc"), ("abc\r\n", "abc"), (" a b \n", " a b "), ("${A}\n", "${A}")],
)
def test_a_secret_is_read_from_its_file(content: str, secret: str, tmp_path: Path) -> None:
    """Without the line end at its end, and as it is; the file is relative to the one that names it."""
    (tmp_path / "t").write_bytes(content.encode())
    node, problems = filled(tmp_path, "token_file: t\nlist: [{token_file: './${N}'}]", N="t", A="no")
    assert plain(node) == {"token": secret, "list": [{"token": secret}]}
    assert problems == []


def test_a_key_that_is_known_is_no_twin(tmp_path: Path) -> None:
    """`real_file` is a key of its own, whatever `real` is; `plain` is no secret."""
    node, problems = filled(tmp_path, "real_file: x\nplain_file: y")
    assert plain(node) == {"real_file": "x", "plain_file": "y"}
    assert problems == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, 'the file "t": no such file'),
        (b"", "the file is empty; expected the secret"),
        (b"\n", "the file is empty; expected the secret"),
        (b"\xff", 'the file "t": not UTF-8 text; save the file as UTF-8'),
        (b"x" * (MAX_SECRET_BYTES + 1), 'the file "t": larger than 64 KiB; this is not a file written for this'),
    ],
)
def test_a_secret_file_that_is_no_good_is_told(content: bytes | None, message: str, tmp_path: Path) -> None:
    """At the line of the key."""
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    assert filled(tmp_path, "\ntoken_file: t")[1] == [f"c.yaml:2: token_file: {message}"]


@pytest.mark.parametrize("value", ["5", "[a]", "", "''"])
def test_a_secret_files_name_is_text(value: str, tmp_path: Path) -> None:
    """Anything else is told, not tried."""
    assert filled(tmp_path, f"token_file: {value}")[1] == [
        "c.yaml:1: token_file: expected the path of a file with the secret"
    ]


def test_messages_lose_the_secrets_below_them(tmp_path: Path) -> None:
    """Those of secret keys, of the environment and of files; longest first, others stay."""
    (tmp_path / "t").write_text("in-a-file")
    node, _ = filled(tmp_path, "plain: '${V}x'\ntoken: abc\nlist: [{token: abcdef}]\nreal_file: shown", V="env")
    message = "abcdef abc envx shown"
    assert hidden(node, SHAPE, message) == "*** *** *** shown"
    below = find(node, ("plain",))
    assert below is not None
    assert hidden(below, SHAPE.at(("plain",)), message) == "abcdef abc *** shown"
