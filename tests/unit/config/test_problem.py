"""How problems are written."""

import pytest

from paseo_watch.config.problem import ConfigError, KeyPath, Place, Problem, key_text, one_of, quoted
from paseo_watch.errors import PermanentError


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("watch", "balances", 0, "threshold"), "watch.balances[0].threshold"),
        (("chains", "asset-hub", "endpoints", 2, "url"), "chains.asset-hub.endpoints[2].url"),
        (("a b", "c.d"), '"a b"."c.d"'),
        (("x\n\x1b[31m",), '"x\\n\\u001b[31m"'),
    ],
)
def test_a_path_is_written_as_people_write_it(path: KeyPath, text: str) -> None:
    """Plain words with dots, numbers in brackets, anything else quoted."""
    assert key_text(path) == text


@pytest.mark.parametrize(
    ("place", "key", "line"),
    [
        (Place("a.yaml", 3), ("b",), "a.yaml:3: b: wrong"),
        (Place("a.yaml"), (), "a.yaml: wrong"),
    ],
)
def test_a_problem_is_one_line(place: Place, key: KeyPath, line: str) -> None:
    """File, line, key, message; what is not known is left out."""
    assert str(Problem(place, key, "wrong")) == line


def test_an_error_prints_all_its_problems() -> None:
    """One a line, in order; it is permanent."""
    problems = [Problem(Place("a", 1), (), "x"), Problem(Place("a", 2), (), "y")]
    error = ConfigError(problems)
    assert str(error) == "a:1: x\na:2: y"
    assert error.problems == tuple(problems)
    assert isinstance(error, PermanentError)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", '"a"'),
        ('"', '"\\""'),
        ("\u202ex", '"\\u202ex"'),
        ("a" * 100, '"' + "a" * 80 + '…"'),
        ("\x85", '"\\u0085"'),
    ],
)
def test_text_from_outside_is_quoted_cut_and_without_control_characters(text: str, shown: str) -> None:
    """Neither a terminal nor a reader can be misled by it."""
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c"), (["x"] * 31, "x, " * 30 + "…")],
)
def test_a_list_of_names_is_a_phrase(names: list[str], text: str) -> None:
    """Commas, an `or` before the last, and a bound."""
    assert one_of(names) == text
