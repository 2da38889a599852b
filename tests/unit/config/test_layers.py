"""Several files as one."""

from pathlib import Path

import pytest

from paseo_watch.config.layers import gather
from paseo_watch.config.problem import ConfigError
from paseo_watch.config.tree import locate, plain
from tests.unit.config.stand_in import written


def together(folder: Path, *names: str) -> tuple[object, list[str]]:
    branch, problems = gather([Path(name) for name in names], folder)
    return plain(branch), [str(problem) for problem in problems]


def refusal(folder: Path, *names: str) -> str:
    with pytest.raises(ConfigError) as caught:
        gather([Path(name) for name in names], folder)
    return str(caught.value)


def test_a_file_goes_over_another_mapping_by_mapping(tmp_path: Path) -> None:
    """Mappings are merged, lists and values replaced, null takes away; `extends` itself is gone."""
    written(
        tmp_path,
        {
            "base.yaml": "a: {b: 1, c: 2, d: 3}\nl: [1, 2]\nm: {x: 1}\nn: 1\n",
            "c.yaml": "extends: base.yaml\na: {b: 9, d: null, e: 4}\nl: [3]\nm: 5\no: null\n",
        },
    )
    assert together(tmp_path, "c.yaml") == (
        {"n": 1, "a": {"c": 2, "b": 9, "e": 4}, "l": [3], "m": 5, "o": None},
        [],
    )


def test_a_merged_key_keeps_its_own_line_and_file(tmp_path: Path) -> None:
    """What is wrong in the base is told in the base."""
    written(tmp_path, {"base.yaml": "\na:\n  b: 1\n", "c.yaml": "extends: base.yaml\na: {c: 1}\n"})
    branch, _ = gather([Path("c.yaml")], tmp_path)
    assert str(locate(branch, ("a", "b"))) == "base.yaml:3"
    assert str(locate(branch, ("a", "c"))) == "c.yaml:2"


def test_extends_goes_on_and_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    """Through folders, as deep as it goes."""
    written(
        tmp_path,
        {
            "c.yaml": "extends: x/mid.yaml\na: 1\n",
            "x/mid.yaml": "extends: deep/base.yaml\na: 2\nb: 2\n",
            "x/deep/base.yaml": "a: 3\nb: 3\nc: 3\n",
        },
    )
    assert together(tmp_path, "c.yaml")[0] == {"c": 3, "b": 2, "a": 1}


def test_extends_paseo_is_the_built_in(tmp_path: Path) -> None:
    """Even where a file of that name lies beside it."""
    written(tmp_path, {"c.yaml": "extends: paseo\nnetwork: mine\n", "paseo": "zzz: 1\n"})
    tree = together(tmp_path, "c.yaml")[0]
    assert isinstance(tree, dict)
    assert tree["network"] == "mine"
    assert tree["chains"]["relay"]["ss58_prefix"] == 42


def test_a_circle_is_refused(tmp_path: Path) -> None:
    """Told in the file that closes it, also through a symbolic link."""
    written(tmp_path, {"a.yaml": "extends: b.yaml\n", "b.yaml": "\nextends: link.yaml\n"})
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    assert refusal(tmp_path, "a.yaml") == (
        "b.yaml:2: extends: a circle: this file is already part of this configuration"
    )


def test_a_long_chain_of_extends_is_refused(tmp_path: Path) -> None:
    """It ends before the stack does."""
    written(tmp_path, {f"{i}.yaml": f"extends: {i + 1}.yaml\n" for i in range(500)})
    assert "extends" in refusal(tmp_path, "0.yaml")


def test_a_folder_is_its_files_side_by_side(tmp_path: Path) -> None:
    """One may hold chains and another receivers; `extends` stands in one of them, for all."""
    written(
        tmp_path,
        {
            "conf/1.yaml": "extends: ../base.yaml\nchains: {a: {x: 1}}\n",
            "conf/2.yml": "chains: {b: {x: 2}}\n",
            "base.yaml": "chains: {a: {x: 0, y: 0}}\n",
        },
    )
    assert together(tmp_path, "conf") == ({"chains": {"a": {"y": 0, "x": 1}, "b": {"x": 2}}}, [])


def test_two_files_of_a_folder_that_set_one_key_are_told_with_both_lines(tmp_path: Path) -> None:
    """Values, lists, and a mapping against a value."""
    written(
        tmp_path,
        {"conf/1.yaml": "a: {x: 1}\nl: [1]\nm: {z: 1}\n", "conf/2.yaml": "l: [1]\na:\n  x: 1\n  y: 2\nm: 1\n"},
    )
    tree, problems = together(tmp_path, "conf")
    assert problems == [
        "conf/2.yaml:1: l: also set in conf/1.yaml:2; set it in one of the two files",
        "conf/2.yaml:3: a.x: also set in conf/1.yaml:1; set it in one of the two files",
        "conf/2.yaml:5: m: also set in conf/1.yaml:3; set it in one of the two files",
    ]
    assert tree == {"a": {"x": 1, "y": 2}, "l": [1], "m": {"z": 1}}


def test_several_paths_are_side_by_side_too(tmp_path: Path) -> None:
    """Files and folders in the order in which they were given."""
    written(tmp_path, {"a.yaml": "a: 1\n", "conf/b.yaml": "b: 1\n"})
    assert together(tmp_path, "a.yaml", "conf") == ({"a": 1, "b": 1}, [])


def test_no_path_is_the_built_in(tmp_path: Path) -> None:
    """And it names itself as such."""
    branch, _ = gather([], tmp_path)
    assert str(locate(branch, ("network",))).startswith("paseo.yaml (built-in):")


@pytest.mark.parametrize("name", ["none.yaml", "a\0b", "x" * 300])
def test_a_path_that_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    """Whatever the command line holds."""
    assert refusal(tmp_path, name)
