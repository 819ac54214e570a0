"""The distribution's nginx with our configuration, as the image runs it but for the port."""

import http.client
import shutil
import subprocess
from pathlib import Path
from time import monotonic

import pytest
from bookshop import SAMPLE, free_port

pytestmark = pytest.mark.live
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_serves_and_needs_only_tmp(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "nginx", tmp_path / "nginx")
    port = free_port()
    file = tmp_path / "nginx" / "nginx.conf"
    text = file.read_text().replace("0.0.0.0:80", f"127.0.0.1:{port}")
    file.write_text(text.replace("/tmp/", f"{tmp_path}/"))  # noqa: S108
    (tmp_path / "nginx" / "html").chmod(0o755)
    command = [str(NGINX), "-p", str(tmp_path / "nginx"), "-c", "nginx.conf", "-g", "daemon off;"]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        page = _get(port, "/", log)
        assert "Welcome to nginx" in page
        assert _get(port, "/health", log) == "nginx is healthy\n"
    finally:
        process.terminate()
        process.wait(timeout=10)
    assert "GET / HTTP/1.1" in log.read_text()
    assert "[emerg]" not in log.read_text()


def _get(port: int, path: str, log: Path) -> str:
    late = monotonic() + 10
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except ConnectionRefusedError:
            assert monotonic() < late, f"waited 10 s for nginx to listen: {log.read_text()}"
        finally:
            connection.close()
