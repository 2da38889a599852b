"""The order in which several cores begin with test files."""

from tests.data import REPOSITORY
from tests.order import FOLDERS, LONG, turn

TESTS = REPOSITORY / "tests"


def test_the_longest_file_is_begun_first_and_unit_tests_last() -> None:
    """Whatever their names are."""
    names = ("contract/test_sinks.py", "unit/test_order.py", "oracle/test_blocks.py", "e2e/test_http.py")
    paths = [*(TESTS / name for name in names), TESTS / "e2e" / "test_matrix.py", TESTS / "e2e" / "test_kill.py"]
    begun = [str(path.relative_to(TESTS)) for path in sorted(paths, key=turn)]
    assert begun == [
        "e2e/test_kill.py",
        "e2e/test_matrix.py",
        "e2e/test_http.py",
        "oracle/test_blocks.py",
        "contract/test_sinks.py",
        "unit/test_order.py",
    ]


def test_every_file_that_is_named_is_there() -> None:
    """A file that was renamed would fall back among the others, and nobody would see it."""
    there = {path.name for path in (TESTS / "e2e").rglob("test_*.py") if "node_modules" not in path.parts}
    assert [name for name in LONG if name not in there] == []


def test_every_folder_of_tests_has_its_place() -> None:
    """One more folder must say where it comes."""
    assert sorted(
        {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py") if "node_modules" not in path.parts}
    ) == sorted(FOLDERS)
