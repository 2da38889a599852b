"""Matchers in Alertmanager's notation: `severity="info"`, `chain!="relay"`, `rule=~"large-.*"`, `account!~"5.*"`.

A matcher looks at one label; a label that is absent counts as empty, and a regular expression must match the whole
value, both as in Alertmanager (https://prometheus.io/docs/alerting/latest/configuration/#matcher).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from paseo_watch.errors import PermanentError

_FORM = re.compile(r"""\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{}]*))\s*""")
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class MatcherError(PermanentError):
    """A matcher's text does not say what to match; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of one label. `operator` is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it."""
        actual = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (actual == self.value) is (self.operator == "=")
        return (re.fullmatch(self.value, actual) is not None) is (self.operator == "=~")

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


def parse(text: str) -> Matcher:
    """Read one matcher; raises MatcherError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise MatcherError(f'not a matcher: {text!r}; expected label="value", with =, !=, =~ or !~')
    label, operator, quoted, bare = found.groups()
    value = _unescape(quoted) if quoted is not None else bare
    if operator in ("=~", "!~"):
        try:
            re.compile(value)
        except re.error as error:
            raise MatcherError(f"not a regular expression in {text!r}: {error}") from error
    return Matcher(label, operator, value)


def _unescape(quoted: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), quoted)
