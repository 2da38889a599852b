"""discord.py comes in without a word."""

import subprocess
import sys


def test_the_library_comes_in_without_a_warning() -> None:
    """Where warnings are errors, too; nor does its first client log one."""
    log = "import logging; logging.basicConfig()"
    code = f"{log}; from paseo_watch.sinks.discord.client import RestClient; RestClient('x')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
