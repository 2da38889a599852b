"""What no single key can know. Most of it stands in wrong_configurations.txt."""

from pathlib import Path

import pytest

from tests.unit.config.stand_in import WHOLE, refused, written

RECEIVERS = """\
extends: right.yaml
receivers:
  - {{ name: ops, console: {{}} }}
  - {{ name: a, file: {{ path: {0} }} }}
  - {{ name: b, file: {{ path: {1} }} }}
"""


def test_a_file_belongs_to_one_receiver(tmp_path: Path) -> None:
    """However its path is written."""
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": RECEIVERS.format("a.jsonl", "x/../a.jsonl")})
    (problem,) = refused(tmp_path, "c.yaml")
    assert problem.startswith("c.yaml:5: receivers[2].file.path: ")
    assert problem.endswith(" is taken by receivers[1].file; expected another")
    written(tmp_path, {"c.yaml": RECEIVERS.format("a.jsonl", "b.jsonl")})
    assert refused(tmp_path, "c.yaml") == []


SINKS = """\
extends: right.yaml
receivers:
  - {{ name: ops, webhook: {{ url: "http://a", secret: s }} }}
  - {{ name: a, webhook: {{ url: "http://b", secret: s }}, console: {{}} }}
  - {{ name: b, webhook: {{ url: "http://{0}" }}, console: {{}} }}
"""


@pytest.mark.parametrize(("host", "taken"), [("a", "ops"), ("b", "a")])
def test_what_a_sink_says_of_another_receivers_is_told_at_the_later_one(host: str, taken: str, tmp_path: Path) -> None:
    """With the other's name; only sinks of one kind are compared, each with every one before it."""
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": SINKS.format(host)})
    assert refused(tmp_path, "c.yaml") == [f"c.yaml:5: receivers[2].webhook: signs otherwise than {taken}"]
    written(tmp_path, {"c.yaml": SINKS.format("c")})
    assert refused(tmp_path, "c.yaml") == []


TAKES = "extends: base.yaml\nchains: { idle: null }\naccounts: { a: null }\n"
RULE = "{ name: a, exclude: [a], chains: [relay, idle] }"


@pytest.mark.parametrize(
    ("base", "own", "where", "mend"),
    [
        (f"watch: {{ moves: [{RULE}] }}\n", "", "base.yaml:9", "; give watch.moves of your own"),
        ("", f"watch: {{ moves: [{RULE}] }}\n", "c.yaml:4", ""),
    ],
)
def test_who_takes_away_what_a_rule_names_is_told_with_it(
    base: str, own: str, where: str, mend: str, tmp_path: Path
) -> None:
    """The fault is told at the rule, which may stand in a file that nobody here can change."""
    there = f"accounts: {{ a: 0x{'11' * 32} }}\nchains:\n  idle: {{ enabled: false }}\n"
    whole = there + WHOLE.removeprefix("chains:\n")
    written(tmp_path, {"base.yaml": whole + base, "c.yaml": TAKES + own})
    assert refused(tmp_path, "c.yaml") == [
        f'{where}: watch.moves[0].exclude[0]: unknown account "a"; none is known here (c.yaml:3 takes it away{mend})',
        f'{where}: watch.moves[0].chains[1]: unknown chain "idle"; expected relay (c.yaml:2 takes it away{mend})',
    ]


def test_rules_may_name_accounts_by_their_address(tmp_path: Path) -> None:
    """SS58 text of any prefix stands beside the names; a chain that is not enabled may be named too."""
    rule = "{ name: a, exclude: [5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z], chains: [idle] }"
    text = f"extends: right.yaml\nchains: {{ idle: {{ enabled: false }} }}\nwatch: {{ moves: [{rule}] }}\n"
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": text})
    assert refused(tmp_path, "c.yaml") == []
