"""A small configuration for commands that look at receivers."""

import argparse
from pathlib import Path


def configured(folder: Path, receivers: str, more: str = "http: false") -> Path:
    """A file in this folder; `receivers` in YAML. The first one is called `team`."""
    file = folder / "config.yaml"
    file.write_text(
        f"""network: paseo
chains: {{relay: {{endpoints: ["ws://127.0.0.1:1"], ss58_prefix: 42}}}}
receivers: {receivers}
route: {{receiver: team}}
store: {{url: "sqlite:///store.db"}}
{more}
"""
    )
    return file


def flags(file: Path, **more: object) -> argparse.Namespace:
    """As the command line gives them."""
    return argparse.Namespace(config=[file], **more)
