"""What the server itself dials: webhooks and the proxy subresources. On loopback only."""

import base64
import socket
import ssl

import pytest
from aiohttp import web

from telltale.cluster.api.admission.caller import HttpsCaller, Unreachable
from telltale.kube.admission import ClientConfig

pytestmark = pytest.mark.live
PODS = "/api/v1/namespaces/default/pods"


async def served(answer, tls=None):
    """A small server on a free port of loopback: its runner and port."""
    app = web.Application(client_max_size=4 << 20)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    return runner, runner.addresses[0][1]


def test_a_webhook_is_trusted_by_its_own_bundle_only(ask):
    made = ask.built.pki

    async def echo(request):
        return web.Response(body=await request.read())

    async def story():
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(made.server, made.server_key)
        runner, port = await served(echo, tls)
        caller = HttpsCaller(ask.built.store)
        bundle = base64.b64encode(made.ca.read_bytes()).decode()
        where = f"https://127.0.0.1:{port}/inject"
        try:
            client = ClientConfig(url=where, ca_bundle=bundle)
            large = b"x" * 2_000_000
            assert await caller.post(client, large) == large
            with pytest.raises(Unreachable, match=r"CERTIFICATE_VERIFY_FAILED|certificate"):
                await caller.post(ClientConfig(url=where), b"x")
            with pytest.raises(Unreachable, match="caBundle is not a certificate"):
                await caller.post(ClientConfig(url=where, ca_bundle="bm9uZQ=="), b"x")
        finally:
            await runner.cleanup()
        with pytest.raises(Unreachable, match="Cannot connect"):
            await caller.post(client, b"x")

    ask.runner.run(story())


def test_pods_and_services_are_reached_through_the_proxy(ask):
    async def answer(request):
        said = f"{request.method} {request.path_qs} {await request.text()}"
        return web.Response(status=418, text=said, headers={"Location": "/x"})

    runner, port = ask.runner.run(served(answer))
    container = {"name": "a", "image": "x", "ports": [{"name": "web", "containerPort": port}]}
    ask("POST", PODS, {"metadata": {"name": "p"}, "spec": {"containers": [container]}})
    unready = ask("GET", f"{PODS}/p/proxy/x")
    assert (unready.code, "has no address yet" in unready.message) == (400, True)
    ask.patch(f"{PODS}/p/status", {"status": {"podIP": "127.0.0.1"}})
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
    ask("POST", "/api/v1/namespaces/default/services", service)
    proxied = "/api/v1/namespaces/default/services"
    none = ask("GET", f"{proxied}/s:http/proxy/x")
    assert (none.code, none.message) == (503, 'no endpoints available for service "s"')
    subset = {"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "http", "port": port}]}
    endpoints = {"metadata": {"name": "s"}, "subsets": [subset]}
    ask("POST", "/api/v1/namespaces/default/endpoints", endpoints)
    for path in (
        f"{PODS}/p:{port}",
        f"{PODS}/p:web",
        f"{PODS}/p",
        f"{proxied}/s:80",
        f"{proxied}/s",
    ):
        told = ask("POST", f"{path}/proxy/a/b", raw=b"hi", query="c=d")
        assert (told.code, told.raw) == (418, b"POST /a/b?c=d hi")
    assert told.headers["location"] == "/x"
    ask.runner.run(runner.cleanup())
    gone = ask("GET", f"{PODS}/p:{port}/proxy/")
    assert (gone.code, gone.message.startswith("error trying to reach service: ")) == (503, True)
    assert ask("GET", f"{proxied}/s:nope/proxy/").code == 503
    assert ask("GET", f"{PODS}/absent/proxy/").code == 404


def test_a_proxied_far_end_that_says_nothing_is_given_up(ask, monkeypatch):
    monkeypatch.setattr("telltale.cluster.api.subresources.proxy.TIMEOUT_S", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects, and nobody accepts
        port = silent.getsockname()[1]
        spec = {"containers": [{"name": "a", "image": "x"}]}
        ask("POST", PODS, {"metadata": {"name": "p"}, "spec": spec})
        ask.patch(f"{PODS}/p/status", {"status": {"podIP": "127.0.0.1"}})
        told = ask("GET", f"{PODS}/p:{port}/proxy/")
    assert told.code == 503
    assert f"no answer from 127.0.0.1:{port}" in told.message
