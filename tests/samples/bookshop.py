"""The bookinfo programs as real processes on loopback ports, and a client that keeps it simple."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "samples" / "bookinfo"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Program:
    port: int
    process: subprocess.Popen[str]

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, told, answer.read().decode())
        finally:
            connection.close()

    def stop(self, limit_s: float = 10) -> str:
        """SIGTERM, and what it wrote; fails when it does not end in time or not with 0."""
        self.process.send_signal(signal.SIGTERM)
        wrote, _ = self.process.communicate(timeout=limit_s)
        assert self.process.returncode == 0, wrote
        return wrote


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(
    program: str, *arguments: str, shell: tuple[str, ...] = (), **env: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*shell, sys.executable, "-B", str(SAMPLE / program), *arguments],
        env={"PATH": os.environ["PATH"], **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@dataclass
class Bench:
    """Starts programs, and ends them with the test."""

    programs: list[Program] = field(default_factory=list)

    def start(self, program: str, before: str = "", **env: str) -> Program:
        """`before` is a shell command to run first, in a mount namespace of the program's own."""
        port = free_port()
        shell = ("unshare", "--mount", "sh", "-ec", f'{before}; exec "$@"', "sh") if before else ()
        started = Program(port, launch(program, str(port), shell=shell, **env))
        self.programs.append(started)
        assert started.process.stdout is not None
        line = started.process.stdout.readline()
        assert "listening" in line, f"{program} did not say that it listens: {line}"
        return started

    def shop(self, color: str = "", **env: str) -> Program:
        """All four, and productpage to talk to; reviews without stars when no colour is given."""
        ratings = self.start("ratings.py")
        stars = {"ENABLE_RATINGS": "true", "STAR_COLOR": color} if color else {}
        reviews = self.start("reviews.py", **stars, **at("ratings", ratings.port))
        details = self.start("details.py")
        places = {
            **at("ratings", ratings.port),
            **at("reviews", reviews.port),
            **at("details", details.port),
        }
        return self.start("productpage.py", **{**places, **env})


def at(service: str, port: int) -> dict[str, str]:
    """The environment that sends calls for a service to a loopback port."""
    name = service.upper()
    return {f"{name}_HOSTNAME": "127.0.0.1", f"{name}_SERVICE_PORT": str(port)}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for program in made.programs:
        program.process.kill()
        program.process.communicate()


@dataclass
class Silent:
    """An upstream that takes the connection and the request, and never says a word."""

    port: int
    asked: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def silent() -> Iterator[Silent]:
    listener = socket.create_server(("127.0.0.1", 0))
    made = Silent(int(listener.getsockname()[1]))
    kept: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            connection.recv(65536)
            made.asked.set()

    thread = threading.Thread(target=accept)
    thread.start()
    yield made
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for connection in kept:
        connection.close()


@dataclass
class Echo:
    """An upstream that answers what it is told to, and remembers what it was asked."""

    port: int
    requests: list[str] = field(default_factory=list)
    answer: bytes = b""


@pytest.fixture
def echo() -> Iterator[Echo]:
    listener = socket.create_server(("127.0.0.1", 0))
    made = Echo(int(listener.getsockname()[1]))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                made.requests.append(connection.recv(65536).decode())
                connection.sendall(made.answer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield made
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
