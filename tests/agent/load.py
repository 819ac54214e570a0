"""A steady load for tests: REQUESTS a second on PORT until SIGTERM; prints `sent N failed M` and
the first failures.
"""

import asyncio
import signal
import sys

from telltale.agent import h1


async def main(port: int, rate: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    failures: list[str] = []
    sent = 0

    async def one() -> None:
        try:
            answer = await h1.ask(h1.Where("127.0.0.1", port), h1.Request("GET", "/"), 10)
        except (OSError, TimeoutError, h1.HttpError) as error:
            failures.append(repr(error))
            return
        if answer.status != 200:
            failures.append(f"{answer.status} {answer.body!r}")

    sys.stdout.write("listening\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as group:
        while not stop.is_set():
            group.create_task(one())
            sent += 1
            await asyncio.sleep(1 / rate)
    sys.stdout.write(f"sent {sent} failed {len(failures)} {failures[:5]}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
