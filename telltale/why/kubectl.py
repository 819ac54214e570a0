"""Commands in pods through real kubectl. Never: anything that the API client can do."""

import asyncio
from dataclasses import dataclass

MOST_S = 20.0


@dataclass(frozen=True, slots=True)
class Kubectl:
    """An `apply.Execute`. `kubeconfig` and `context` as kubectl takes them; "" leaves them out."""

    kubeconfig: str = ""
    context: str = ""
    program: str = "kubectl"

    async def __call__(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> tuple[int, str]:
        """Exit code and output; 127 when there is no kubectl, 124 when it took too long."""
        where = [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        where += [f"--context={self.context}"] if self.context else []
        words = [*where, "-n", namespace, "exec", pod, "-c", container, "--", *command]
        try:
            process = await asyncio.create_subprocess_exec(
                self.program, *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        except FileNotFoundError:
            return 127, f"{self.program} is not installed"
        try:
            async with asyncio.timeout(MOST_S):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return 124, f"{self.program} exec took longer than {MOST_S:.0f} s"
        return process.returncode or 0, output.decode(errors="replace")
