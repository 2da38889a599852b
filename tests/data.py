"""Where tests find real networks' data and real parts, and what happens where they are missing.

The data is not in this repository (its `SOURCES.md` says why). It lies in a folder `shared` beside the
checkout, or where PASEO_WATCH_TEST_DATA points. What is missing is a counted skip with its reason;
with PASEO_WATCH_REQUIRE_PARTS=1, as in CI, the skip is a failure.
"""

import os
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def missing(reason: str) -> NoReturn:
    """Skip the running test because a part of the world is missing; fail where parts are required."""
    if os.environ.get("PASEO_WATCH_REQUIRE_PARTS") == "1":
        pytest.fail(f"required here, but missing: {reason}", pytrace=False)
    pytest.skip(reason)


def data_folder() -> Path | None:
    """The folder with chain-specs/, metadata/ and events/, or None where there is none."""
    named = os.environ.get("PASEO_WATCH_TEST_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared"
    return folder if (folder / "SOURCES.md").is_file() else None


def data_path(*parts: str) -> Path:
    """The path of one data file, for example `data_path("metadata", "polkadot.v16.scale")`."""
    folder = data_folder()
    if folder is None:
        missing("the test data folder is not here: put it beside the checkout or set PASEO_WATCH_TEST_DATA")
    path = folder.joinpath(*parts)
    if not path.is_file():
        missing(f"the test data has no {'/'.join(parts)}")
    return path
