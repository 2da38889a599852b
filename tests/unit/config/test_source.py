"""Reading files that are not what they should be."""

import os
from pathlib import Path

import pytest

from paseo_watch.config.problem import ConfigError, Place
from paseo_watch.config.source import MAX_BYTES, builtin, builtin_names, folder_files, read, read_text


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path, "c.yaml")
    return str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """By the name that people gave."""
    assert refusal(tmp_path / "none") == "c.yaml: no such file"


def test_a_file_as_a_folder_is_told(tmp_path: Path) -> None:
    """A path through a file does not exist."""
    (tmp_path / "a").write_text("")
    assert refusal(tmp_path / "a" / "b") == "c.yaml: no such file"


def test_a_folder_is_told(tmp_path: Path) -> None:
    """A folder where a file is expected."""
    assert refusal(tmp_path) == "c.yaml: not a regular file; expected a YAML file"


def test_a_fifo_does_not_hold_the_start(tmp_path: Path) -> None:
    """Nobody writes into it; opening it must not wait."""
    os.mkfifo(tmp_path / "fifo")
    assert refusal(tmp_path / "fifo") == "c.yaml: not a regular file; expected a YAML file"


def test_a_name_with_a_zero_byte_is_told(tmp_path: Path) -> None:
    """Which no file system allows."""
    assert refusal(tmp_path / "a\0b") == "c.yaml: not a usable file name"


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    """The system's own reason is passed on."""
    assert refusal(tmp_path / ("a" * 300)) == "c.yaml: not readable: File name too long"


def test_an_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission denied, as the system says it to another user than root."""

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert refusal(tmp_path / "secret") == "c.yaml: not readable: permission denied"


def test_a_file_beyond_the_limit_is_told(tmp_path: Path) -> None:
    """One byte more than the limit; at the limit it is read."""
    (tmp_path / "c").write_bytes(b"#" * MAX_BYTES)
    assert len(read(tmp_path / "c", "c.yaml")[1]) == MAX_BYTES
    (tmp_path / "c").write_bytes(b"#" * (MAX_BYTES + 1))
    assert refusal(tmp_path / "c") == "c.yaml: larger than 256 KiB; this is not a file written for this"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    """A device is no regular file."""
    assert refusal(Path("/dev/zero")) == "c.yaml: not a regular file; expected a YAML file"


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    """And without the bytes."""
    (tmp_path / "c").write_bytes(b"a: 1\nb: \xe9\n")
    assert refusal(tmp_path / "c") == "c.yaml:2: not UTF-8 text; save the file as UTF-8"


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "c").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(tmp_path / "c", "c.yaml")[1] == "a: 1\n"


def test_a_secrets_line_stays_the_line_that_names_its_file(tmp_path: Path) -> None:
    """A broken secret file is told at the key, not at a line within the secret."""
    (tmp_path / "token").write_bytes(b"\n\n\xff")
    with pytest.raises(ConfigError, match=r"^c\.yaml:7: not UTF-8"):
        read_text(tmp_path / "token", Place("c.yaml", 7), 100)


def test_a_folders_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Both endings; neither hidden files nor others."""
    for name in ("b.yml", "a.yaml", ".c.yaml", "d.txt", "e.yaml~"):
        (tmp_path / name).write_text("")
    assert [file.name for file in folder_files(tmp_path)] == ["a.yaml", "b.yml"]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    """A folder without YAML is a wrong folder, not an empty configuration."""
    with pytest.raises(ConfigError, match=r"no \*\.yaml or \*\.yml file in this folder"):
        folder_files(tmp_path)


def test_the_built_in_is_packaged(tmp_path: Path) -> None:
    """Its relative paths are those of the working folder."""
    assert builtin_names() == ("paseo",)
    source, text = builtin("paseo", tmp_path)
    assert (source.shown, source.folder, source.path) == ("paseo.yaml (built-in)", tmp_path, None)
    assert "network: paseo" in text
