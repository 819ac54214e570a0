"""Options that every verb shares, and the connection that they choose.

Never: a verb. `--home`, `--kubeconfig`, `--context` may stand before or after it, as kubectl's do.
"""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from telltale.app.errors import Refused
from telltale.app.home import Home, default_home

if TYPE_CHECKING:  # a verb that asks no API server need not wait until a client is loaded
    from telltale.kube.client import Client
    from telltale.kube.transport import Server

T = TypeVar("T")
FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster a verb is about."""

    home: Home
    kubeconfig: Path | None
    context: str

    def server(self) -> "Server":
        """The API server: of the kubeconfig given, the embedded cluster's, or kubectl's own."""
        from telltale.kube import kubeconfig

        if found := self.kubeconfig_path():
            return kubeconfig.load(found, self.context)
        raise Refused(
            f"no cluster: none runs under {self.home.path}; start one with `telltale up`, "
            "or name another with --kubeconfig"
        )

    def kubeconfig_path(self) -> Path | None:
        if self.kubeconfig:
            return self.kubeconfig
        if self.home.running():
            return self.home.kubeconfig
        if named := os.environ.get("KUBECONFIG"):
            return Path(named.split(":")[0])
        usual = Path.home() / ".kube" / "config"
        return usual if usual.exists() else None

    @asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        from telltale.kube.client import Client
        from telltale.kube.transport import Http

        async with Http(self.server()) as transport:
            yield Client(transport)


def target(command: Callable[..., T]) -> Callable[..., T]:
    """Gives a verb its `target`, from options before or after it."""

    @click.option("--home", type=FILE, help="The embedded cluster's directory.")
    @click.option("--kubeconfig", type=FILE, help="Use this cluster instead.")
    @click.option("--context", "context_name", default="", help="The context of the kubeconfig.")
    @click.pass_context
    @functools.wraps(command)
    def run(
        context: click.Context,
        /,
        home: Path | None,
        kubeconfig: Path | None,
        context_name: str,
        **options: Any,
    ) -> T:
        before: dict[str, Any] = context.find_root().obj or {}
        chosen = home or before.get("home")
        where = chosen.absolute() if chosen else default_home(os.environ)
        known = Target(
            home=Home(where),
            kubeconfig=kubeconfig or before.get("kubeconfig"),
            context=context_name or before.get("context", ""),
        )
        return command(known, **options)

    return run


def finish(work: Coroutine[None, None, T]) -> T:
    """Run a verb's coroutine to its end."""
    return asyncio.run(work)
