"""A module in every shape that registries and servers have it in, over real HTTP on loopback."""

import asyncio
import base64
import gzip
import io
import json
import tarfile

import pytest

from telltale.kube.cluster import Secret
from telltale.model.extension import Code
from telltale.pilot.modules import content, reach, web
from telltale.pilot.modules.content import ARTIFACT
from telltale.pilot.modules.fetch import fetch
from telltale.pilot.modules.wanted import Failure, Wanted
from tests.pilot.conftest import free_ports
from tests.pilot.modules.registry import PASSWORD, USER, digest, serving
from tests.pilot.wasm_module import module

BODY = module()
DOCKER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI = "application/vnd.oci.image.layer.v1.tar+gzip"


def archive(name: str = "plugin.wasm", body: bytes = BODY) -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as made:
        entry = tarfile.TarInfo(f"./{name}")
        entry.size = len(body)
        made.addfile(entry, io.BytesIO(body))
    return found.getvalue()


def secret(registry: str) -> Secret:
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    said = json.dumps({"auths": {f"http://{registry}/v1/": {"auth": auth}}}).encode()
    data = {".dockerconfigjson": base64.b64encode(said).decode()}
    return Secret(type="kubernetes.io/dockerconfigjson", data=data)


def run(story) -> None:
    """A story with a registry, and a way to fetch from it."""

    async def whole() -> None:
        async with serving(port) as registry:
            known = secret(registry.host)

            async def had(url: str, *, networks=("127.0.0.0/8", "::1"), **more) -> Code | Failure:
                def refusal(address: str) -> str:
                    return reach.refusal(address, networks, ours=False)

                async with web.opened(refusal, 5.0) as opened:
                    named = {("n", "s"): known}
                    wanted = Wanted(url.replace("HERE", registry.host), **more)
                    return await fetch(opened, lambda *key: named.get(key), wanted)

            await story(registry, had)

    [port] = free_ports(1)
    asyncio.run(whole())


@pytest.mark.parametrize(("layer", "body"), [(ARTIFACT, BODY), (DOCKER, archive()),
                                             (OCI, archive("other.wasm"))])  # fmt: skip
def test_an_image_in_each_shape(layer, body):
    async def story(registry, had) -> None:
        made = registry.holds("v1", body, layer)
        listed = registry.lists("v2", made)
        for url in ("oci://HERE/a/b:v1", f"oci://HERE/a/b@{made}", "oci://HERE/a/b:v2"):
            found = await had(url)
            assert isinstance(found, Code) and found.body == BODY
        for known in (made, listed, digest(BODY)):
            found = await had("oci://HERE/a/b:v2", sha256=known.removeprefix("sha256:"))
            assert isinstance(found, Code), found
        wrong = await had("oci://HERE/a/b:v1", sha256="0" * 64)
        assert isinstance(wrong, Failure) and "and not 000" in wrong.why

    run(story)


def test_a_locked_registry_opens_for_the_secret_and_the_password_goes_nowhere_else():
    async def story(registry, had) -> None:
        registry.locked = True
        registry.holds("v1", BODY, ARTIFACT)
        found = await had("oci://HERE/m:v1", secret=("n", "s"))
        assert isinstance(found, Code) and registry.leaked == []
        assert registry.asked.count("/token") == 1
        nobody = await had("oci://HERE/m:v1")
        assert isinstance(nobody, Failure) and "/token gives no token" in nobody.why
        missing = await had("oci://HERE/m:v1", secret=("n", "x"))
        assert isinstance(missing, Failure) and "n/x is not there" in missing.why
        other = await had("oci://other.local/m:v1", secret=("n", "s"))
        assert isinstance(other, Failure) and other.why == "secret n/s says nothing of other.local"
        assert PASSWORD not in (nobody.why, missing.why, other.why)

    run(story)


def test_what_a_registry_gets_wrong_is_named():
    async def story(registry, had) -> None:
        registry.holds("v1", BODY, ARTIFACT)
        registry.holds("text", b"no wasm", ARTIFACT)
        registry.holds("odd", BODY, "application/octet-stream")
        registry.holds("none", archive("readme.txt"), DOCKER)
        registry.manifests["junk"] = b"<html>"
        told = {name: await had(f"oci://HERE/m:{name}")
                for name in ("absent", "text", "odd", "none", "junk")}  # fmt: skip
        registry.blobs[digest(BODY)] = BODY + b"!"
        told["changed"] = await had("oci://HERE/m:v1")
        registry.broken = 503
        told["broken"] = await had("oci://HERE/m:v1")
        why = {name: one.why for name, one in told.items() if isinstance(one, Failure)}
        assert why["absent"].endswith("/v2/m/manifests/absent answers 404")
        assert "no WebAssembly" in why["text"] and "octet-stream" in why["odd"]
        assert "no plugin.wasm" in why["none"] and "no JSON" in why["junk"]
        assert "adds up to" in why["changed"] and why["broken"].endswith("answers 503")

    run(story)


def test_over_http_as_it_is_or_in_an_archive():
    async def story(registry, had) -> None:
        registry.files = {"/m": BODY, "/m.gz": gzip.compress(BODY), "/m.tgz": archive(),
                          "/x": b"<html>"}  # fmt: skip
        for path in ("m", "m.gz", "m.tgz"):
            found = await had(f"http://HERE/{path}?token=hidden")
            assert isinstance(found, Code) and found.body == BODY, path
        known = digest(registry.files["/m.tgz"]).removeprefix("sha256:")
        assert isinstance(await had("http://HERE/m.tgz", sha256=known), Code)
        absent = await had("http://HERE/nope?token=hidden")
        assert isinstance(absent, Failure) and absent.why.endswith("/nope answers 404")
        assert isinstance(await had("http://HERE/x"), Failure)

    run(story)


def test_what_is_large_is_not_taken(monkeypatch):
    async def story(registry, had) -> None:
        monkeypatch.setattr(content, "MOST", 1 << 20)
        bomb = b"\0asm" + bytes(2 << 20)
        registry.files = {"/m": bomb, "/m.gz": gzip.compress(bomb)}
        for path in ("m", "m.gz"):
            found = await had(f"http://HERE/{path}")
            assert isinstance(found, Failure) and "larger than 1 MiB" in found.why

    run(story)


def test_the_pilots_own_neighbourhood_is_not_dialled():
    async def story(registry, had) -> None:
        registry.files = {"/m": BODY}
        for url in (f"http://localhost:{registry.port}/m", "http://HERE/m", "oci://HERE/m:1"):
            found = await had(url, networks=())
            assert isinstance(found, Failure) and "the pilot's own neighbourhood" in found.why
        assert registry.asked == []
        metadata = await had("http://169.254.169.254/latest", networks=())
        assert isinstance(metadata, Failure) and "169.254.169.254 is the pilot's" in metadata.why

    run(story)


def test_who_may_be_dialled():
    def free(address: str, *networks: str, ours: bool = False) -> bool:
        return not reach.refusal(address, networks, ours=ours)

    assert free("93.184.216.34") and free("2606:2800::1")
    assert not free("10.0.0.1") and free("10.0.0.1", ours=True) and free("10.0.0.1", "10.0.0.0/8")
    for one in ("127.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "224.0.0.1", "0.0.0.0",
                "::ffff:127.0.0.1", "name"):  # fmt: skip
        assert not free(one, ours=True), one
