"""A slow app for tests, on our own server: answers every GET after 20 ms. Argument: PORT."""

import asyncio
import sys

from telltale.agent import h1


async def respond(request: h1.Request) -> h1.Answer:
    await asyncio.sleep(0.02)
    return h1.Answer(200, b"hello\n")


async def main(port: int) -> None:
    listening = h1.listen(port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await h1.serve(listening, respond)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
