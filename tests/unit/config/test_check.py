"""What no single key can know. Most of it stands in wrong_configurations.txt."""

from pathlib import Path

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


def test_rules_may_name_accounts_by_their_address(tmp_path: Path) -> None:
    """SS58 text of any prefix stands beside the names; a chain that is not enabled may be named too."""
    rule = "{ name: a, exclude: [5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z], chains: [idle] }"
    text = f"extends: right.yaml\nchains: {{ idle: {{ enabled: false }} }}\nwatch: {{ moves: [{rule}] }}\n"
    written(tmp_path, {"right.yaml": WHOLE, "c.yaml": text})
    assert refused(tmp_path, "c.yaml") == []
