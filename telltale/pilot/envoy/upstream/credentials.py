"""Which credentials a gateway needs for connections that it opens with TLS. Pure.

One that is not there, or no good, is not asked for: the server is then judged by the system's
bundle and shown no certificate, so that it refuses rather than be believed. Never: for a sidecar.
"""

from collections.abc import Iterator

from telltale.model.gateway import Credential
from telltale.model.policy import Tls, TlsMode
from telltale.model.view import View


def of(view: View, tls: Tls | None) -> tuple[Credential, ...]:
    """Of one policy: the key pair, if one is shown, and the authorities."""
    if tls is None or not tls.credential:
        return ()
    named = (
        Credential(tls.credential, view.namespace),
        Credential(tls.credential, view.namespace, authority=True),
    )
    wanted = named if tls.mode is TlsMode.MUTUAL else named[1:]
    return tuple(one for one in wanted if view.mesh.credentials.get(one) == "")


def wanted(view: View) -> tuple[Credential, ...]:
    """Of all policies that hold for these clients, each once."""
    return tuple(dict.fromkeys(_wanted(view)))


def _wanted(view: View) -> Iterator[Credential]:
    for service in view.services:
        policy = view.policy(service)
        for layer in policy.layers() if policy else ():
            yield from of(view, layer.tls)
