"""pydantic's errors in our words, where a union makes several of one. The rest stands in wrong_configurations.txt."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, SecretStr, Tag, ValidationError, field_validator

from paseo_watch.config.compose import compose
from paseo_watch.config.explain import explain, nearest, unknown_key
from paseo_watch.config.shape import Shape
from paseo_watch.config.source import Source
from paseo_watch.config.tree import plain


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ByThreshold(Strict):
    name: str
    threshold: int


class ByCap(Strict):
    name: str
    cap: int
    whitelist: str | None = None


def _kind(value: object) -> str:
    return "cap" if isinstance(value, dict) and "cap" in value else "threshold"


class Model(Strict):
    undecided: list[ByThreshold | ByCap] = []
    decided: list[
        Annotated[Annotated[ByThreshold, Tag("threshold")] | Annotated[ByCap, Tag("cap")], Discriminator(_kind)]
    ] = []
    off: ByCap | Literal[False] = False
    free: int | Literal["a"] | list[int] = 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "undecided:\n- {name: a, cap: 1, whitelst: x}",
            '2: undecided[0].whitelst: unknown key; did you mean "whitelist"?',
        ),
        ("undecided:\n- {name: a, threshold: x}", "2: undecided[0].threshold: expected a whole number, found text"),
        ("undecided: [5]", "1: undecided[0]: expected a mapping of keys, found 5"),
        ("decided:\n- {name: a, threshold: x}", "2: decided[0].threshold: expected a whole number, found text"),
        ("decided:\n- {cap: 5}", "2: decided[0].name: missing; expected text"),
        ("decided:\n- {name: a, cap: 5, cup: 5}", '2: decided[0].cup: unknown key; did you mean "cap"?'),
        ("off:\n  name: a\n", "1: off.cap: missing; expected a whole number"),
        ("off: 5\n", "1: off: expected a mapping of keys or false, found 5"),
        ("free: b", '1: free: expected a whole number, "a" or a list, found "b"'),
        ("free: [x]", "1: free[0]: expected a whole number, found text"),
    ],
)
def test_a_unions_errors_are_one(text: str, line: str) -> None:
    """That of the alternative that was meant, at its key."""
    tree, _ = compose(Source("c.yaml", Path("/")), text)
    with pytest.raises(ValidationError) as caught:
        Model.model_validate(plain(tree))
    problems = explain(caught.value, tree, Shape.of(Model.model_json_schema()))
    assert [str(problem) for problem in problems] == [f"c.yaml:{line}"]


class Picky(Strict):
    token: SecretStr

    @field_validator("token")
    @classmethod
    def _quoting(cls, value: SecretStr) -> SecretStr:
        raise ValueError(f"no token: {value.get_secret_value()[:8]}")


def test_words_that_were_put_together_from_the_value_are_withheld() -> None:
    """Only a sentence that stands in the code as it is says the same of every value."""
    tree, _ = compose(Source("c.yaml", Path("/")), "token: abcdefghijkl")
    with pytest.raises(ValidationError) as caught:
        Picky.model_validate(plain(tree))
    (problem,) = explain(caught.value, tree, Shape.of(Picky.model_json_schema()))
    assert problem.message == "wrong; more cannot be said without showing a secret"


def test_the_nearest_name_is_offered_and_else_all() -> None:
    """Near enough is near; nothing known is said too."""
    assert nearest("treshold", ["threshold", "cap"]) == 'did you mean "threshold"?'
    assert nearest("zzz", ["b", "a"]) == "expected a or b"
    assert nearest("zzz", []) == "none is known here"
    assert unknown_key("zzz", ["a"], "sink") == "unknown sink; expected a"
