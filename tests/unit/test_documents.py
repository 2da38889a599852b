"""Documents say what the code has: every rule that a watcher names has its paragraph."""

import re

import pytest

from paseo_watch.watchers.balances.rules import KINDS
from tests.data import REPOSITORY

RULES = (REPOSITORY / "docs" / "rules.md").read_text("utf-8")
CODE = "".join(path.read_text("utf-8") for path in (REPOSITORY / "paseo_watch" / "watchers").rglob("*.py"))


def paragraphs() -> dict[str, str]:
    """What stands under each heading of the section, by the names in it."""
    section = RULES.partition("## What to do when one fires")[2].partition("\n## ")[0]
    found = re.findall(r"^### ([^\n]+)\n(.+?)(?=\n#|\Z)", section, re.MULTILINE | re.DOTALL)
    return {name: text for heading, text in found for name in re.findall(r"`([\w-]+)`", heading)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_rule_about_balances_has_a_paragraph(kind: str) -> None:
    """The rules' own names are the operator's."""
    assert len(paragraphs()[kind]) > 100


@pytest.mark.parametrize(
    "rule", sorted(set(re.findall(r"^\| `([a-z-]+)`(?:, `[a-z-]+`)* \|", RULES, re.MULTILINE)) - {"threshold"})
)
def test_each_rule_of_the_tables_has_a_paragraph(rule: str) -> None:
    """And is one that the code names."""
    assert len(paragraphs()[rule]) > 100
    assert f'"{rule}"' in CODE


def test_no_paragraph_is_about_a_rule_that_is_not_there() -> None:
    """A renamed rule takes its paragraph along."""
    assert [name for name in paragraphs() if name not in KINDS and f'"{name}"' not in CODE] == []
