"""What `check` finds of the documents that rules name (whitelists): whether they are there, and can be read whole."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp

from paseo_watch.app.documents import fetch, shown
from paseo_watch.app.watchers import chain_documents
from paseo_watch.cli.say import say
from paseo_watch.config.model import Config
from paseo_watch.errors import PaseoWatchError
from paseo_watch.watchers.registry import Document


def absent_documents(config: Config) -> Iterator[str]:
    """One sentence for each file that is not there; what lies behind a URL is not asked for."""
    for document in _documents(config):
        if not document.location.startswith("https://") and not Path(document.location).is_file():
            yield f"{document.name}: there is no file {document.location}; its rule is blind until there is"


async def look_at_documents(config: Config) -> bool:
    """Read each one whole, and say what was found; whether all could be."""
    good = True
    async with aiohttp.ClientSession() as session:
        for document in _documents(config):
            try:
                document.read(await fetch(document.location, session))
            except PaseoWatchError as error:
                say(f"{document.name}: FAILED: {error}")
                good = False
            else:
                say(f"{document.name}: {shown(document.location)}: can be read")
    return good


def _documents(config: Config) -> list[Document]:
    """Each once, though several chains want it."""
    found = (document for name in config.followed for document in chain_documents(config, name))
    return list({document.name: document for document in found}.values())
