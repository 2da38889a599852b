"""Reading an answer's body with a bound: what is behind an address may send without end."""

import aiohttp


async def read_up_to(stream: aiohttp.StreamReader, limit: int) -> bytes:
    """The first `limit` bytes, or all where there are fewer."""
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) >= limit:
            break
    return bytes(body[:limit])
