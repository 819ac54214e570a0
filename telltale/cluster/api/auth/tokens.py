"""Tokens of service accounts: made and read. Never: which account exists.

Signed with the cluster's accounts key (ES256). Source of the claims: `serviceaccount/claims`.
"""

from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from telltale.cluster.api.objects import number, text, words
from telltale.kube.codec import Json, Object
from telltale.lib.clock import Clock, Ids

ISSUER = "https://kubernetes.default.svc.cluster.local"


class BadToken(Exception):
    """Not a token of ours, or no longer."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The object whose end ends the token: a Pod, a Secret, or none."""

    kind: str = ""
    name: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a token speaks for."""

    namespace: str
    name: str
    uid: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        return (
            "system:serviceaccounts", f"system:serviceaccounts:{self.namespace}",
            "system:authenticated",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claims:
    account: Account
    audiences: tuple[str, ...]
    expires: int  # seconds since 1970
    bound: Bound
    id: str


class Tokens:
    def __init__(self, key_file: Path, clock: Clock, ids: Ids) -> None:
        self._key = ECKey.import_key(key_file.read_text())
        self._clock = clock
        self._ids = ids

    def issue(
        self, account: Account, audiences: tuple[str, ...], seconds: int, bound: Bound
    ) -> tuple[str, Claims]:
        now = int(self._clock.now().timestamp())
        claims = Claims(account, audiences, now + seconds, bound, self._ids.uid())
        private: Object = {
            "namespace": account.namespace,
            "serviceaccount": {"name": account.name, "uid": account.uid},
        }
        if bound.kind:
            private[bound.kind.lower()] = {"name": bound.name, "uid": bound.uid}
        body: dict[str, Json] = {
            "aud": list(audiences), "exp": claims.expires, "iat": now, "nbf": now, "iss": ISSUER,
            "jti": claims.id, "kubernetes.io": private, "sub": account.user,
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": self._key.thumbprint()}, body, self._key), claims

    def read(self, token: str) -> Claims:
        """What a token says, if it is ours and in time. Raises `BadToken`."""
        try:
            body: Json = jwt.decode(token, self._key, algorithms=["ES256"]).claims
        except (JoseError, ValueError) as error:
            raise BadToken("invalid bearer token") from error
        now = int(self._clock.now().timestamp())
        if text(body, "iss") != ISSUER:
            raise BadToken("invalid bearer token: not issued by this cluster")
        if not number(body, "nbf") - 60 <= now < number(body, "exp"):
            raise BadToken("invalid bearer token, service account token has expired")
        private = ("kubernetes.io",)
        account = Account(
            text(body, *private, "namespace"),
            text(body, *private, "serviceaccount", "name"),
            text(body, *private, "serviceaccount", "uid"),
        )
        bound = Bound()
        for kind in ("Pod", "Secret"):
            if name := text(body, *private, kind.lower(), "name"):
                bound = Bound(kind, name, text(body, *private, kind.lower(), "uid"))
        audiences = tuple(words(body, "aud"))
        return Claims(account, audiences, number(body, "exp"), bound, text(body, "jti"))

    def jwks(self) -> Object:
        """The public key, for those who check tokens themselves."""
        public: Object = {"kid": self._key.thumbprint(), "alg": "ES256", "use": "sig"}
        public |= {key: str(value) for key, value in self._key.as_dict(private=False).items()}
        return {"keys": [public]}
