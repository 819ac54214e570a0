"""serviceaccounts/token: a token for whoever runs as the account. Never: storing it."""

from telltale.cluster.api import bodies
from telltale.cluster.api.api import not_allowed
from telltale.cluster.api.auth.identity import AUDIENCES
from telltale.cluster.api.auth.tokens import Account, Bound, Tokens
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import number, part, section, text, words
from telltale.cluster.api.problems import Problem, absent, conflict, invalid, refusal
from telltale.cluster.api.request import Call, Reply, answer
from telltale.cluster.api.verbs.update import find
from telltale.kube.codec import Object
from telltale.lib.moment import rfc3339

SHORTEST_S = 600
LONGEST_S = 1 << 32


class AccountTokens:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def token(self, core: Core, call: Call) -> Reply:
        """TokenRequest. Raises `Invalid` for less than ten minutes."""
        if call.ask.method != "POST":
            raise not_allowed()
        request = bodies.read(call).object
        account = find(core, call).object()
        spec = section(request, "spec")
        seconds = number(spec, "expirationSeconds", default=3600)
        if problem := _judged(seconds):
            raise refusal("TokenRequest", "authentication.k8s.io", "", [problem])
        audiences = tuple(words(spec, "audiences")) or AUDIENCES[:1]
        bound = _bound(core, call, part(spec, "boundObjectRef"))
        uid = text(account, "metadata", "uid")
        owner = Account(call.target.namespace, call.target.name, uid)
        made, _ = self._tokens.issue(owner, audiences, seconds, bound)
        spec["audiences"], spec["expirationSeconds"] = list(audiences), seconds
        spec.setdefault("boundObjectRef", None)
        meta = section(request, "metadata")
        now = core.clock.now()
        meta["name"], meta["namespace"] = call.target.name, call.target.namespace
        meta["creationTimestamp"] = rfc3339(now)
        expires = now.fromtimestamp(now.timestamp() + seconds, now.tzinfo)
        request["status"] = {"token": made, "expirationTimestamp": rfc3339(expires)}
        return answer(request, 201)


def _judged(seconds: int) -> Problem | None:
    if seconds < SHORTEST_S:
        why = "may not specify a duration less than 10 minutes"
        return invalid("spec.expirationSeconds", seconds, why)
    if seconds > LONGEST_S:
        why = "may not specify a duration larger than 2^32 seconds"
        return invalid("spec.expirationSeconds", seconds, why)
    return None


def _bound(core: Core, call: Call, reference: Object) -> Bound:
    """The object that a token is tied to, which must be there and the same."""
    kind, name, uid = text(reference, "kind"), text(reference, "name"), text(reference, "uid")
    if not kind:
        return Bound()
    resource = core.registry.find("", "v1", f"{kind.lower()}s")
    if kind not in ("Pod", "Secret") or resource is None:
        why = f"cannot bind token for serviceaccount to object of type {kind}"
        problem = invalid("spec.boundObjectRef", kind, why)
        raise refusal("TokenRequest", "authentication.k8s.io", "", [problem])
    stored = core.stored(resource, call.target.namespace, name)
    if stored is None:
        raise absent(resource, name)
    found = text(stored.object(), "metadata", "uid")
    if uid and uid != found:
        why = f"the UID in the bound object reference ({uid}) does not match the UID in record"
        raise conflict(call.resource, call.target.name, f"{why} ({found})")
    return Bound(kind, name, found)
