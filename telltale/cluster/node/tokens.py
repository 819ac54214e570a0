"""Service account tokens for projected volumes: asked for, kept, and renewed before they expire.

Never: a token on disk (the volume writes it) or in a log.
"""

from dataclasses import dataclass

from telltale.kube import codec
from telltale.kube.client import Client
from telltale.kube.codec import Object, dig
from telltale.kube.core import Pod, TokenSource, Volume
from telltale.kube.kinds import SERVICE_ACCOUNT
from telltale.lib.clock import Clock
from telltale.lib.moment import parse_rfc3339

_RENEW_AT = 0.8  # of its life, as the kubelet does; and at the latest after a day
_RENEW_MOST_S = 24 * 3600.0

_Key = tuple[str, str, str]  # pod uid, volume, path


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renew_at: float


class Tokens:
    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._held: dict[_Key, _Token] = {}

    async def of(self, pod: Pod, volume: Volume) -> dict[str, str]:
        """A volume's tokens by their path, fresh ones where it is time. Raises `ApiError`."""
        found = {}
        for item in volume.projected.sources if volume.projected else []:
            if source := item.service_account_token:
                key = (pod.metadata.uid, volume.name, source.path)
                token = self._held.get(key)
                if token is None or token.renew_at <= self._clock.now().timestamp():
                    token = self._held[key] = await self._ask(pod, source)
                found[source.path] = token.text
        return found

    def renew_at(self, uid: str) -> float | None:
        """When the next of a pod's tokens is due, in seconds since the epoch."""
        due = [token.renew_at for key, token in self._held.items() if key[0] == uid]
        return min(due, default=None)

    def forget(self, uid: str) -> None:
        for key in [key for key in self._held if key[0] == uid]:
            del self._held[key]

    async def _ask(self, pod: Pod, source: TokenSource) -> _Token:
        bound: Object = {
            "kind": "Pod",
            "apiVersion": "v1",
            "name": pod.metadata.name,
            "uid": pod.metadata.uid,
        }
        spec: Object = {"expirationSeconds": source.expiration_seconds, "boundObjectRef": bound}
        if source.audience:
            spec["audiences"] = [source.audience]
        account = pod.spec.service_account_name or "default"
        path = SERVICE_ACCOUNT.path(pod.metadata.namespace, account, "token")
        body: Object = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": spec,
        }
        answer = codec.parse_object(await self._client.raw("POST", path, {}, codec.encode(body)))
        now = self._clock.now().timestamp()
        expires = dig(answer, "status", "expirationTimestamp")
        end = parse_rfc3339(expires).timestamp() if isinstance(expires, str) else now + 3600
        life = max(60.0, end - now)
        text = str(dig(answer, "status", "token", default=""))
        return _Token(text, now + min(life * _RENEW_AT, _RENEW_MOST_S))
