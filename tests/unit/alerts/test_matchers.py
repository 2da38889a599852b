"""Matchers read Alertmanager's notation and compare as it does."""

import pytest

from paseo_watch.alerts.matchers import Matcher, MatcherError, parse


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ('severity="info"', {"severity": "info"}, True),
        ('severity="info"', {"severity": "warning"}, False),
        ("severity=info", {"severity": "info"}, True),
        ('severity!="info"', {"severity": "warning"}, True),
        ('severity!="info"', {}, True),
        ('severity=""', {}, True),
        ('rule=~"large-.*"', {"rule": "large-move"}, True),
        ('rule=~"large"', {"rule": "large-move"}, False),
        ('rule!~"large-.*"', {"rule": "policy-cap"}, True),
        (' chain = "asset-hub" ', {"chain": "asset-hub"}, True),
        (r'name="a \"b\""', {"name": 'a "b"'}, True),
        ('name="a,b}"', {"name": "a,b}"}, True),
    ],
)
def test_a_matcher_compares_one_label_as_alertmanager_does(text: str, labels: dict[str, str], expected: bool) -> None:
    """Absent counts as empty, a regular expression is anchored at both ends."""
    assert parse(text).matches(labels) is expected


@pytest.mark.parametrize("text", ["", "severity", "=info", 'a=="b"', 'a="b" c="d"', "1a=b", 'a="b'])
def test_text_that_is_no_matcher_is_refused_with_what_was_expected(text: str) -> None:
    """The message shows the form, so that it can be corrected."""
    with pytest.raises(MatcherError, match='expected label="value"'):
        parse(text)


def test_a_broken_regular_expression_is_refused_when_read() -> None:
    """Not when the first alert comes by."""
    with pytest.raises(MatcherError, match="not a regular expression"):
        parse('rule=~"("')


def test_a_matcher_prints_in_its_own_notation() -> None:
    """What a log shows can be put back into the configuration."""
    assert str(Matcher("rule", "=~", "a.*")) == 'rule=~"a.*"'
