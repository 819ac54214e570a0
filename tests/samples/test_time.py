"""Bookinfo against the clock: slow upstreams, SIGTERM under load, odd ways to say HTTP."""

import asyncio
import json
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from bookshop import Bench, Program, Silent, at, free_port

pytestmark = pytest.mark.live


def _timed(program: Program, path: str) -> tuple[float, int, str]:
    began = monotonic()
    reply = program.ask(path)
    return monotonic() - began, reply.status, reply.body


def test_how_long_each_waits_for_a_silent_upstream(bench: Bench, silent: Silent) -> None:
    black = bench.start(
        "reviews.py", ENABLE_RATINGS="true", STAR_COLOR="black", **at("ratings", silent.port)
    )
    red = bench.start(
        "reviews.py", ENABLE_RATINGS="true", STAR_COLOR="red", **at("ratings", silent.port)
    )
    shop = bench.start("productpage.py", **at("details", silent.port), **at("reviews", silent.port))
    with ThreadPoolExecutor(5) as pool:
        black_told = pool.submit(_timed, black, "/reviews/0")
        red_told = pool.submit(_timed, red, "/reviews/0")
        page = pool.submit(_timed, shop, "/productpage")
        details = pool.submit(_timed, shop, "/api/v1/products/0")
        reviews = pool.submit(_timed, shop, "/api/v1/products/0/reviews")
    for told, seconds in ((black_told, 10.0), (red_told, 2.5)):
        took, status, body = told.result()
        assert took == pytest.approx(seconds, abs=1.4)
        assert status == 200
        assert "Ratings service is currently unavailable" in body
    for asked, seconds, expected in ((details, 3, 500), (reviews, 6, 500), (page, 6, 200)):
        took, status, body = asked.result()
        assert took == pytest.approx(seconds, abs=1.4)
        assert status == expected
    html = page.result()[2]
    assert f"127.0.0.1:{silent.port}: it did not answer in 3 s" in html
    assert "Asked 2 times." in html


@pytest.mark.root
@pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root, to put a resolv.conf over /etc/resolv.conf"
)
def test_a_name_that_is_not_resolved_is_told_apart(bench: Bench, tmp_path: Path) -> None:
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.99\noptions timeout:5 attempts:2\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent_dns:
        silent_dns.bind(("127.0.0.99", 53))
        over = f"mount --bind {resolv} /etc/resolv.conf"
        shop = bench.start("productpage.py", before=over, DETAILS_HOSTNAME="details.example")
        took, status, _ = _timed(shop, "/api/v1/products/0")
        html = shop.ask("/productpage").body
        began = monotonic()
        shop.stop()
        assert monotonic() - began < 4, "the look-ups under way kept it from ending"
    assert (status, took) == (500, pytest.approx(3, abs=1.4))
    assert "details: no answer: details.example:9080: its name was not resolved in 3 s" in html


def test_sigterm_waits_for_the_request_in_flight(bench: Bench, silent: Silent) -> None:
    env = {"ENABLE_RATINGS": "true", "STAR_COLOR": "red"}
    reviews = bench.start("reviews.py", **env, **at("ratings", silent.port))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(reviews.ask, "/reviews/0")
        assert silent.asked.wait(5), "reviews did not ask ratings within 5 s"
        reviews.process.send_signal(signal.SIGTERM)
        late = reviews.ask("/health")  # still taken, and told not to come back
        reply = asked.result()
    assert (late.status, late.headers["connection"]) == (200, "close")
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert len(json.loads(reply.body)["reviews"]) == 2
    reviews.process.wait(timeout=3)


def test_sigterm_ends_an_idle_program_promptly(bench: Bench) -> None:
    details = bench.start("details.py")
    with socket.create_connection(("127.0.0.1", details.port)) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\n\r\n")
        assert idle.recv(4096)
        began = monotonic()
        assert "stopped" in details.stop()
        assert monotonic() - began < 4
        assert idle.recv(1) == b"", "the idle connection was not closed"


def test_sigterm_under_load_loses_no_request(bench: Bench) -> None:
    shop = bench.shop("red")
    asyncio.run(_load_then_stop(shop))
    shop.process.wait(timeout=5)


async def _load_then_stop(shop: Program) -> None:
    answered: list[int] = []
    warm = asyncio.Event()

    async def client() -> None:
        """Keeps its connection; once told to close it, comes back one time more, then goes."""
        told = 0
        while told < 2:
            reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
            keep = True
            while keep:
                writer.write(b"GET /productpage HTTP/1.1\r\nhost: shop\r\n\r\n")
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length: ")[1].split("\r\n")[0])
                body = await reader.readexactly(length)
                assert b"</html>" in body
                answered.append(int(head.split(" ")[1]))
                keep = "connection: close" not in head
                if len(answered) > 100:
                    warm.set()
            writer.close()
            told += 1

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(client())
        await warm.wait()
        shop.process.send_signal(signal.SIGTERM)
    assert set(answered) == {200}


def _raw(program: Program, *parts: bytes) -> bytes:
    """What comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


def test_http_in_all_its_shapes(bench: Bench) -> None:
    ratings = bench.start("ratings.py")
    last = b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n"
    pipelined = _raw(
        ratings, b"GET /ratings/1 HTTP/1.1\r\n\r\nGET /ratings/2 HTTP/1.1\r\n\r\n" + last
    )
    assert pipelined.count(b"HTTP/1.1 200 OK") == 3
    assert pipelined.index(b'"id": 1') < pipelined.index(b'"id": 2')
    chunks = b'8\r\n{"Review\r\n', b'6\r\ner1":2\r\n1;x=y\r\n}\r\n0\r\ntrailer: 1\r\n\r\n' + last
    chunked = _raw(
        ratings, b"POST /ratings/9 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", *chunks
    )
    assert b'{"id": 9, "ratings": {"Reviewer1": 2}}' in chunked
    assert chunked.count(b"HTTP/1.1 200 OK") == 2
    old = _raw(ratings, b"GET /health HTTP/1.0\r\n\r\n")
    assert b"connection: close" in old
    head = _raw(ratings, b"HEAD /health HTTP/1.1\r\nconnection: close\r\n\r\n")
    assert head.endswith(b"\r\n\r\n")
    drop = _raw(ratings, b"G", b"ET /health HTTP", b"/1.1\r\nconnection:", b" close\r\n\r\n")
    assert drop.startswith(b"HTTP/1.1 200 OK")


def test_a_careful_client_is_told_to_continue(bench: Bench) -> None:
    ratings = bench.start("ratings.py")
    with socket.create_connection(("127.0.0.1", ratings.port), timeout=10) as connection:
        connection.sendall(
            b"POST /ratings/9 HTTP/1.1\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST /ratings/1 HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST /ratings/1 HTTP/1.1\r\ncontent-length: 9999999999\r\n\r\n", 413),
        (b"POST /ratings/1 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /ratings/1 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffff\r\n", 413),
        (b"GET /" + b"x" * 70_000, 431),
    ],
)
def test_what_is_not_http_is_refused_and_the_next_is_served(
    bench: Bench, sent: bytes, status: int
) -> None:
    ratings = bench.start("ratings.py")
    assert _raw(ratings, sent).startswith(b"HTTP/1.1 %d " % status)
    assert ratings.ask("/health").status == 200


def test_extra_calls_when_flooded(bench: Bench) -> None:
    silent_free = free_port()
    shop = bench.shop("", FLOOD_FACTOR="5", **at("ratings", silent_free))
    threads = [threading.Thread(target=shop.ask, args=("/productpage",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert 'destination_app="reviews",response_code="200"} 12' in shop.ask("/metrics").body
