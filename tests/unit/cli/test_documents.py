"""Whitelists that rules name: missing ones are warned of, and `--online` reads each."""

from pathlib import Path

import pytest

from paseo_watch.cli.documents import absent_documents, look_at_documents
from paseo_watch.config.load import load
from paseo_watch.config.model import Config

LISTED = "whitelist:\n  - address: 5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z\n"


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Config:
    """One cap for every chain, with a whitelist beside the file."""
    (tmp_path / "my.yaml").write_text(
        "extends: paseo\nwatch: { balances: [{ name: cap, cap: 5 PAS, whitelist: w.yml }] }\n"
    )
    return load([tmp_path / "my.yaml"], {})


def test_a_file_that_is_not_there_is_warned_of_once(config: Config, tmp_path: Path) -> None:
    """Though four chains want it. It may come later, so it is no error."""
    (sentence,) = absent_documents(config)
    assert sentence == f"whitelist:cap: there is no file {tmp_path}/w.yml; its rule is blind until there is"
    (tmp_path / "w.yml").write_text(LISTED)
    assert list(absent_documents(config)) == []


def test_what_lies_behind_a_url_is_not_asked_for_offline() -> None:
    """The built-in whitelist is fetched."""
    assert list(absent_documents(load(None, {}))) == []


@pytest.mark.parametrize(
    ("text", "good", "said"),
    [
        (None, False, "whitelist:cap: FAILED: {folder}/w.yml: No such file or directory"),
        ("whitelist: [", False, "whitelist:cap: FAILED: "),
        (LISTED, True, "whitelist:cap: {folder}/w.yml: can be read"),
    ],
    ids=["missing", "damaged", "good"],
)
async def test_each_is_read_whole(
    text: str | None, good: bool, said: str, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the service would."""
    if text is not None:
        (tmp_path / "w.yml").write_text(text)
    assert await look_at_documents(config) is good
    assert capsys.readouterr().out.startswith(said.format(folder=tmp_path))
