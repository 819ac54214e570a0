"""Reading all that a far end answers, up to a bound. Never: who the far end is."""

from aiohttp import StreamReader


class TooMuch(OSError):
    """The answer is larger than we are ready to hold."""


async def whole(content: StreamReader, most: int) -> bytes:
    """The body to its end (`StreamReader.read(n)` returns what is there). Raises `TooMuch`."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > most:
            raise TooMuch(f"the answer is larger than {most} bytes")
    return bytes(body)
