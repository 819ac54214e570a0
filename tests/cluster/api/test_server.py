"""The shell over real sockets: TLS, certificates, a busy port, a further address."""

import asyncio
import io
import os
import ssl

import aiohttp
import pytest

from telltale.cluster.api.run import ApiSettings, build, serve
from telltale.cluster.api.server import PortTaken
from telltale.kube import kubeconfig
from telltale.kube.client import Client
from telltale.kube.errors import Unavailable
from telltale.kube.kinds import NAMESPACE
from telltale.kube.transport import Http
from telltale.lib.clock import SystemClock, SystemIds

pytestmark = pytest.mark.live


def made(settings: ApiSettings):
    return build(settings, SystemClock(), SystemIds())


def run(story):
    return asyncio.run(asyncio.wait_for(story, 20))


def test_a_client_with_the_kubeconfig_gets_in_and_one_without_does_not(settings, tmp_path):
    async def story():
        async with serve(made(settings)) as built:
            built.write_kubeconfig(tmp_path / "config")
            async with Http(kubeconfig.load(tmp_path / "config")) as http:
                client = Client(http)
                await client.create(NAMESPACE, {"metadata": {"name": "n"}})
                assert [one.metadata.name for one in (await client.list(NAMESPACE)).items] == ["n"]
            trust = ssl.create_default_context(cafile=str(built.pki.ca))
            async with aiohttp.ClientSession() as nobody:
                async with nobody.get(f"{built.url()}/readyz", ssl=trust) as answer:
                    assert (answer.status, await answer.text()) == (200, "ok")
                async with nobody.get(f"{built.url()}/api/v1/secrets", ssl=trust) as answer:
                    assert answer.status == 403

    run(story())


def test_a_certificate_of_another_cluster_is_turned_away(settings, tmp_path):
    other = ApiSettings(settings.addresses, tmp_path / "pki", store="")

    async def story():
        async with serve(made(settings)) as built, serve(made(other)) as stranger:
            stranger.write_kubeconfig(tmp_path / "config")
            text = (tmp_path / "config").read_text().replace(stranger.url(), built.url())
            (tmp_path / "config").write_text(text)
            async with Http(kubeconfig.load(tmp_path / "config")) as http:
                with pytest.raises(Unavailable, match="certificate"):
                    await Client(http).list(NAMESPACE)

    run(story())


def test_a_busy_port_is_one_line_that_names_who_has_it(settings):
    async def story():
        async with serve(made(settings)) as built:
            port = built.ports["127.0.0.1"]
            again = ApiSettings((("127.0.0.1", port),), settings.pki, store="")
            with pytest.raises(PortTaken) as caught:
                async with serve(made(again)):
                    pass
            said = str(caught.value)
            assert said.startswith(f"cannot listen on 127.0.0.1:{port}: ")
            assert f"(pid {os.getpid()}, " in said
            assert "\n" not in said

    run(story())


def test_a_further_address_may_come_later(settings):
    async def story():
        async with serve(made(settings)) as built:
            port = await built.listen("127.0.0.2", 0)
            trust = ssl.create_default_context(cafile=str(built.pki.ca))
            trust.check_hostname = False
            async with aiohttp.ClientSession() as nobody:
                where = f"https://127.0.0.2:{port}/healthz"
                async with nobody.get(where, ssl=trust) as answer:
                    assert answer.status == 200

    run(story())


def test_one_object_too_large_does_not_end_the_server(settings):
    async def story():
        async with serve(made(settings)) as built:
            tls = ssl.create_default_context(cafile=str(built.pki.ca))
            tls.load_cert_chain(built.pki.admin, built.pki.admin_key)
            async with aiohttp.ClientSession() as admin:
                url = f"{built.url()}/api/v1/namespaces"
                async with admin.post(url, data=io.BytesIO(b" " * 4_000_000), ssl=tls) as answer:
                    told = await answer.json()
                assert (answer.status, told["message"]) == (
                    413,
                    "Request entity too large: limit is 3145728",
                )
                async with admin.get(url, ssl=tls) as answer:
                    assert answer.status == 200

    run(story())
