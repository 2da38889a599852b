"""YAML within bounds. What is refused with which words stands in wrong_configurations.txt."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.config.compose import MAX_DEPTH, MAX_NODES, compose
from paseo_watch.config.problem import ConfigError
from paseo_watch.config.source import Source
from paseo_watch.config.tree import plain

SOURCE = Source("c.yaml", Path("/"))


def values(text: str) -> object:
    return plain(compose(SOURCE, text)[0])


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        compose(SOURCE, text)
    return str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "null\n"])
def test_nothing_is_an_empty_mapping(text: str) -> None:
    """An empty file sets no key."""
    assert values(text) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 'true'", {"a": "true"}),
        ('a: "5"', {"a": "5"}),
        ("a: |\n  5\n", {"a": "5\n"}),
        ("a:", {"a": None}),
        ("5: x", {"5": "x"}),
        ("a: ! 5", {"a": 5}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
    ],
)
def test_yaml_means_what_it_says(text: str, value: object) -> None:
    """Quoted scalars are text, aliases are written out, merge keys are keys like others."""
    assert values(text) == value


def test_a_key_given_twice_is_noted_and_the_first_holds() -> None:
    """So that the rest of the file is checked as well."""
    branch, problems = compose(SOURCE, "a: 1\nb:\n  c: 2\n  c: 3\na: 4\n")
    assert plain(branch) == {"a": 1, "b": {"c": 2}}
    assert [str(problem) for problem in problems] == [
        "c.yaml:4: b.c: given twice; the first is in line 3",
        "c.yaml:5: a: given twice; the first is in line 1",
    ]


def test_a_control_character_is_refused() -> None:
    """YAML allows none but tab and line ends."""
    assert refusal("a: \x01\n") == (
        "c.yaml: not valid YAML: a character that YAML does not allow (a control character?)"
    )


@pytest.mark.parametrize(
    ("start", "opening", "closing", "most"),
    [("a: ", "[", "]", MAX_DEPTH), ("a: ", "{a: ", "}", MAX_DEPTH - 1), ("a:\n ", "- ", "", MAX_DEPTH - 1)],
)
def test_depth_is_bounded(start: str, opening: str, closing: str, most: int) -> None:
    """At the bound it is read, one deeper it is refused, also where a file is nothing but depth."""
    assert values(start + opening * most + closing * most)
    assert "nested deeper than 32 levels" in refusal(start + opening * (most + 1) + closing * (most + 1))
    assert "nested deeper than 32 levels" in refusal(start + opening * 50_000)


def test_the_number_of_values_is_bounded() -> None:
    """A long flat list is refused as well as a laughing one."""
    assert "more than 20000 values" in refusal("a: [" + "x, " * MAX_NODES + "]")


def test_an_alias_to_what_contains_it_is_refused() -> None:
    """There is no value yet to stand for it."""
    assert refusal("a: &x [1, *x]") == "c.yaml:1: a[1]: no anchor &x above this alias"


_values = st.recursive(
    st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none()),
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(st.text(max_size=10), below, max_size=4)),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(st.text(max_size=10), _values, max_size=4))
def test_what_pyyaml_writes_is_read_back(value: dict[str, object]) -> None:
    """Keys and scalars of any text survive: PyYAML's own writer is the judge."""
    import yaml

    text = yaml.safe_dump(value, allow_unicode=True, default_style='"', sort_keys=False)
    assert values(text.replace("!!int ", "").replace("!!bool ", "").replace("!!null ", "")) == _as_text(value)


def _as_text(value: object) -> object:
    """Written in quotes, every scalar is text."""
    if isinstance(value, dict):
        return {key: _as_text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    words = {True: "true", False: "false", None: "null"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
