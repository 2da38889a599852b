"""The status page in a real browser: what it says, what its console says, and whether it fits."""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.data import REPOSITORY, missing

LOOKS = REPOSITORY / "tests" / "e2e" / "looks"
DESKTOP, PHONE = (1100, 900), (390, 844)


@dataclass(frozen=True)
class Seen:
    """`console` and `failed` are empty where all is well; `overflows` names what stands out of the window."""

    console: list[str]
    failed: list[str]
    text: str
    scrolls: bool
    overflows: list[str]


async def look(url: str, picture: Path, size: tuple[int, int], *, dark: bool = False) -> Seen:
    """Open the page in Chromium and photograph all of it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("no Chromium here: apt-get install chromium")
    if not (LOOKS / "node_modules" / "playwright-core").is_dir():
        missing("playwright-core is not installed: npm ci in tests/e2e/looks")
    order = {
        "chromium": chromium,
        "url": url,
        "width": size[0],
        "height": size[1],
        "dark": dark,
        "picture": str(picture),
    }
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec(
        "node", "page.mjs", cwd=LOOKS, stdin=pipe, stdout=pipe, stderr=pipe,
        env={**os.environ, "HOME": str(picture.parent)},
    )  # fmt: skip
    said, error = await node.communicate(json.dumps(order).encode())
    assert node.returncode == 0, error.decode()[-2000:]
    return Seen(**json.loads(said))
