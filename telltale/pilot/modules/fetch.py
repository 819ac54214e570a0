"""One module fetched: over HTTP, or out of a registry by its API (OCI distribution, version 2).

What came is judged by `content`, who we are by `login`. Never: twice, or a word of who wants it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from telltale.kube.cluster import Secret
from telltale.kube.codec import dig
from telltale.model.extension import Code
from telltale.pilot.modules import content, login
from telltale.pilot.modules.content import NoModule, summed
from telltale.pilot.modules.login import Login, NoLogin
from telltale.pilot.modules.wanted import Failure, Image, Wanted, image
from telltale.pilot.modules.web import Answer, Unreachable, Web, shown

_SMALL = 4 << 20  # of manifests and tokens
_PLAIN = ("localhost", "127.0.0.1", "[::1]")

Secrets = Callable[[str, str], Secret | None]


async def fetch(web: Web, secrets: Secrets, wanted: Wanted) -> Code | Failure:
    """Never raises for what a user or a server does."""
    try:
        if wanted.url.startswith("oci://"):
            return await _from_registry(web, secrets, wanted)
        return await _from_server(web, wanted)
    except Unreachable as error:
        return Failure(str(error), "look whether the pilot can reach it")
    except NoModule as error:
        return Failure(str(error), "put a WebAssembly module there")
    except NoLogin as error:
        return Failure(f"secret {'/'.join(wanted.secret or ())} {error}",
                       "make one with kubectl create secret docker-registry")  # fmt: skip
    except _Refused as error:
        return error.failure


class _Refused(Exception):
    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.failure = Failure(why, hint)


async def _from_server(web: Web, wanted: Wanted) -> Code:
    answer = await web.get(wanted.url, content.MOST, {})
    if answer.status != 200:
        raise _Refused(f"{shown(wanted.url)} answers {answer.status}", "correct the url")
    return _code(wanted, answer.body, summed(answer.body))


def _code(wanted: Wanted, body: bytes, *sums: str) -> Code:
    """What came, if it adds up: as it came, or the module within."""
    found = content.module(body)
    code = Code(summed(found), found)
    if wanted.sha256 and wanted.sha256 not in (code.sha256, *sums):
        raise _Refused(f"its sha256 is {sums[0]} and not {wanted.sha256}",
                       "somebody has changed it, or sha256 is of another one")  # fmt: skip
    return code


async def _from_registry(web: Web, secrets: Secrets, wanted: Wanted) -> Code:
    named = image(wanted.url)
    registry = _Registry(web, named, _login(secrets, wanted, named))
    top = await registry.manifest(named.reference)
    sums = [summed(top)]
    manifest = content.parsed(top)
    if dig(manifest, "mediaType") in content.INDEXES or dig(manifest, "manifests"):
        top = await registry.manifest(content.one_of(manifest))
        sums.append(summed(top))
        manifest = content.parsed(top)
    layer = content.layer(manifest)
    body = await registry.blob(layer.digest)
    return _code(wanted, body, *sums)


def _login(secrets: Secrets, wanted: Wanted, named: Image) -> Login | None:
    if wanted.secret is None:
        return None
    found = secrets(*wanted.secret)
    if found is None:
        raise _Refused(f"secret {'/'.join(wanted.secret)} is not there, or of another type",
                       "make it beside the plugin, with kubectl create secret docker-registry",
                       )  # fmt: skip
    return login.of(found, named.registry)


@dataclass
class _Registry:
    """One repository. `known` is what we say of ourselves once it was asked for."""

    web: Web
    named: Image
    login: Login | None
    known: str = ""

    @property
    def url(self) -> str:
        """Plain HTTP where the name itself says that nobody else is on the way, as go's is."""
        name = urlsplit(f"//{self.named.host}").hostname or ""
        plain = name in _PLAIN or name.endswith((".local", ".localhost")) or _private(name)
        return f"{'http' if plain else 'https'}://{self.named.host}/v2/{self.named.repository}"

    async def manifest(self, reference: str) -> bytes:
        accept = ", ".join((*content.MANIFESTS, *content.INDEXES))
        body = await self._get(f"manifests/{reference}", _SMALL, accept)
        return _whole(body, reference) if reference.startswith("sha256:") else body

    async def blob(self, digest: str) -> bytes:
        return _whole(await self._get(f"blobs/{digest}", content.MOST, "*/*"), digest)

    async def _get(self, path: str, most: int, accept: str) -> bytes:
        url = f"{self.url}/{path}"
        answer = await self._ask(url, most, accept)
        if answer.status == 401 and not self.known:
            self.known = await self._introduced(answer)
            answer = await self._ask(url, most, accept)
        if answer.status == 200:
            return answer.body
        hints = {401: "name a Secret in imagePullSecret that the registry knows",
                 403: "give the user of imagePullSecret the right to pull"}  # fmt: skip
        raise _Refused(f"{shown(url)} answers {answer.status}",
                       hints.get(answer.status, "correct the url"))  # fmt: skip

    async def _ask(self, url: str, most: int, accept: str) -> Answer:
        said = {"Authorization": self.known} if self.known else {}
        return await self.web.get(url, most, {"Accept": accept, **said})

    async def _introduced(self, refused: Answer) -> str:
        """Our word in the way that the registry asks for; nothing changes if there is none."""
        asked = login.asks(refused.headers.get("WWW-Authenticate", ""))
        if asked.scheme == "Basic":
            return self.login.header if self.login else ""
        if asked.scheme != "Bearer" or not asked.realm:
            return ""
        query = {"scope": f"repository:{self.named.repository}:pull"}
        if asked.service:
            query["service"] = asked.service
        joint = "&" if "?" in asked.realm else "?"
        said = {"Authorization": self.login.header} if self.login else {}
        if said and not asked.realm.startswith(("https://", self.url.partition("/v2/")[0] + "/")):
            raise _Refused(f"{shown(asked.realm)} wants the password in plain text elsewhere",
                           "use a registry that asks for it over https")  # fmt: skip
        answer = await self.web.get(f"{asked.realm}{joint}{urlencode(query)}", _SMALL, said)
        if answer.status != 200:
            raise _Refused(f"{shown(asked.realm)} gives no token: it answers {answer.status}",
                           "name a Secret in imagePullSecret that the registry knows")  # fmt: skip
        found = content.parsed(answer.body)
        token = dig(found, "token") or dig(found, "access_token")
        return f"Bearer {token}" if isinstance(token, str) else ""


def _private(name: str) -> bool:
    """10.0.0.1 and its like, written as an address."""
    first, *rest = name.split(".")
    if len(rest) != 3 or not all(one.isdecimal() for one in (first, *rest)):
        return False
    second = int(rest[0])
    return first == "10" or (first, second) == ("192", 168) or (
        first == "172" and 16 <= second < 32
    )


def _whole(body: bytes, digest: str) -> bytes:
    if digest != f"sha256:{summed(body)}":
        raise _Refused(f"what the registry calls {digest} adds up to {summed(body)}",
                       "the registry is broken, or somebody is in between")  # fmt: skip
    return body


