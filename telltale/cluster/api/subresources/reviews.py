"""The kinds made only to be asked: who am I, may I, whose token is this. Never: stored.

Everyone known may do everything, until roles are enforced.
"""

from telltale.cluster.api import bodies
from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.auth.identity import AUDIENCES, Identities, user as user_of
from telltale.cluster.api.auth.tokens import BadToken
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import text, words
from telltale.cluster.api.request import Call, Reply, User, answer
from telltale.kube.codec import Json, Object

_EVERYTHING: Object = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


class TokenReviews:
    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    async def review(self, core: Core, call: Call) -> Reply:
        """TokenReview: whose token, and for whom it is meant."""
        body = _body(call)
        wanted = words(body, "spec", "audiences") or list(AUDIENCES)
        try:
            claims = self._identities.check(text(body, "spec", "token"))
        except BadToken as error:
            body["status"] = {"authenticated": False, "user": {}, "error": str(error)}
            return answer(body, 201)
        shared: list[Json] = [one for one in claims.audiences if one in wanted]
        if not shared:
            said = (
                f"invalid bearer token, token audiences {list(claims.audiences)!r} is invalid for"
            )
            error_text = f"{said} the target audiences {wanted!r}"
            body["status"] = {"authenticated": False, "user": {}, "error": error_text}
            return answer(body, 201)
        user = _info(user_of(claims))
        body["status"] = {"authenticated": True, "user": user, "audiences": shared}
        return answer(body, 201)


async def self_review(core: Core, call: Call) -> Reply:
    """SelfSubjectReview: `kubectl auth whoami`."""
    body = _body(call)
    body["status"] = {"userInfo": _info(call.ask.user)}
    return answer(body, 201)


async def access_review(core: Core, call: Call) -> Reply:
    """SelfSubjectAccessReview: `kubectl auth can-i`."""
    body = _body(call)
    body["status"] = {"allowed": True, "reason": "every authenticated user may do everything"}
    return answer(body, 201)


async def rules_review(core: Core, call: Call) -> Reply:
    """SelfSubjectRulesReview: `kubectl auth can-i --list`."""
    body = _body(call)
    urls: Object = {"verbs": ["*"], "nonResourceURLs": ["*"]}
    body["status"] = {
        "resourceRules": [_EVERYTHING], "nonResourceRules": [urls], "incomplete": False,
    }  # fmt: skip
    return answer(body, 201)


def _body(call: Call) -> Object:
    if call.ask.method != "POST":
        raise not_allowed()
    body = bodies.read(call).object
    body.setdefault("metadata", {"creationTimestamp": None})
    return body


def _info(user: User) -> Object:
    found: Object = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        found["uid"] = user.uid
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra.items()}
    return found
