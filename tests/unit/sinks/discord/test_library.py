"""discord.py comes in late and without a word."""

import subprocess
import sys

CODE = """
import logging, sys
import paseo_watch.sinks.discord.options, paseo_watch.sinks.discord.sink
print("discord" in sys.modules)
logging.basicConfig()
from paseo_watch.sinks.discord.client import RestClient
RestClient("http://127.0.0.1:1/api/v10")
print("discord" in sys.modules)
"""


def test_the_library_is_loaded_by_who_uses_it_and_says_nothing() -> None:
    """It takes a third of a second; its import warns, and its first client logs, of voice."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["False", "True"], "")
