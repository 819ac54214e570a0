"""The pages by which others check our tokens themselves: issuer and public key. Never: a secret."""

from telltale.cluster.api.api import Page
from telltale.cluster.api.auth.tokens import ISSUER, Tokens
from telltale.cluster.api.request import Answer, Ask, answer


def pages(tokens: Tokens) -> dict[str, Page]:
    def issuer(ask: Ask) -> Answer:
        return answer(
            {
                "issuer": ISSUER, "jwks_uri": f"{ISSUER}/openid/v1/jwks",
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        )  # fmt: skip

    def keys(ask: Ask) -> Answer:
        return answer(tokens.jwks())

    return {"/.well-known/openid-configuration": issuer, "/openid/v1/jwks": keys}
