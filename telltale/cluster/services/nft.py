"""libnftables, the part of nft that does the work, without starting a process.

Never: on the loop's own thread (`apply` goes to another). Raises `Refused` with nft's own words.
"""

import asyncio
import ctypes
import ctypes.util


class Refused(Exception):
    """The kernel or the library did not take the rules; nothing of them is in force."""


class Nft:
    """A context of libnftables; one at a time may use it, so `apply` takes turns."""

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libnftables.so.1")
        except OSError as error:
            raise Refused(
                f"libnftables is missing, install the package nftables: {error}"
            ) from error
        self._library.nft_ctx_new.restype = ctypes.c_void_p
        for name in ("nft_ctx_get_output_buffer", "nft_ctx_get_error_buffer"):
            getattr(self._library, name).restype = ctypes.c_char_p
        self._context = ctypes.c_void_p(self._library.nft_ctx_new(0))
        self._library.nft_ctx_buffer_output(self._context)
        self._library.nft_ctx_buffer_error(self._context)
        self._turn = asyncio.Lock()

    async def apply(self, commands: str) -> str:
        """Runs commands as one transaction and returns what they print."""
        async with self._turn:
            return await asyncio.to_thread(self.run, commands)

    def run(self, commands: str) -> str:
        """The same on the calling thread, which must not be the loop's."""
        code = self._library.nft_run_cmd_from_buffer(self._context, commands.encode())
        told = self._library.nft_ctx_get_output_buffer(self._context)
        error = self._library.nft_ctx_get_error_buffer(self._context)
        if code != 0:
            words = " ".join((error or b"").decode(errors="replace").split())
            raise Refused(f"nftables: {words or 'refused without a word (are we root?)'}")
        return (told or b"").decode()

    def close(self) -> None:
        self._library.nft_ctx_free(self._context)
