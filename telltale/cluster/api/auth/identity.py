"""From what a connection shows to a user: certificate, token, or nobody. Raises `Unauthorized`."""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.cluster.api.auth.tokens import ISSUER, BadToken, Claims, Tokens
from telltale.cluster.api.objects import text
from telltale.cluster.api.request import ANONYMOUS, User
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube.errors import Unauthorized

AUDIENCES = (ISSUER, "https://kubernetes.default.svc", "telltale")


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a client certificate that TLS has verified."""

    common_name: str
    organizations: tuple[str, ...]


class Identities:
    def __init__(self, store: Store, tokens: Tokens) -> None:
        self._store = store
        self.tokens = tokens

    def of(self, subject: Subject | None, headers: Mapping[str, str]) -> User:
        """Who asks; anonymous when nothing is shown. Raises `Unauthorized` for a bad token."""
        if subject and subject.common_name:
            return User(subject.common_name, (*subject.organizations, "system:authenticated"))
        given = headers.get("authorization", "")
        if not given:
            return ANONYMOUS
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Unauthorized")
        try:
            claims = self.check(token.strip())
        except BadToken as error:
            raise Unauthorized("Unauthorized") from error
        if not set(claims.audiences) & set(AUDIENCES):
            raise Unauthorized("Unauthorized")
        return user(claims)

    def check(self, token: str) -> Claims:
        """The claims of a token whose account, and bound object, are still there."""
        claims = self.tokens.read(token)
        account = claims.account
        key = Key("serviceaccounts", account.namespace, account.name)
        if self._uid(key) != account.uid:
            raise BadToken("service account token has been invalidated")
        if claims.bound.kind:
            bound = Key(f"{claims.bound.kind.lower()}s", account.namespace, claims.bound.name)
            if self._uid(bound) != claims.bound.uid:
                raise BadToken("service account token has been invalidated")
        return claims

    def _uid(self, key: Key) -> str:
        found = self._store.get(key)
        return text(found.object(), "metadata", "uid") if found else ""


def user(claims: Claims) -> User:
    extra: dict[str, tuple[str, ...]] = {
        "authentication.kubernetes.io/credential-id": (f"JTI={claims.id}",)
    }
    if claims.bound.kind == "Pod":
        extra["authentication.kubernetes.io/pod-name"] = (claims.bound.name,)
        extra["authentication.kubernetes.io/pod-uid"] = (claims.bound.uid,)
    account = claims.account
    return User(account.user, account.groups, account.uid, extra)
