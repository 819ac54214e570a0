"""Which subresource, and which kind made only to be asked, is served by what. Never: behaviour."""

from telltale.cluster.api.api import Part
from telltale.cluster.api.auth.identity import Identities
from telltale.cluster.api.subresources import namespaces, pods, proxy, reviews, scale
from telltale.cluster.api.subresources.accounts import AccountTokens
from telltale.cluster.api.subresources.attach import Attach
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.subresources.exec import Exec
from telltale.cluster.api.subresources.logs import Logs
from telltale.cluster.api.subresources.nodes import Nodes
from telltale.cluster.api.subresources.portforward import PortForward


def parts(identities: Identities, door: Door) -> dict[str, Part]:
    return {
        "*/scale": scale.scale,
        "namespaces/finalize": namespaces.finalize,
        "nodes/proxy": Nodes(door).proxy,
        "pods/attach": Attach(door).attach,
        "pods/binding": pods.binding,
        "pods/eviction": pods.eviction,
        "pods/exec": Exec(door).exec,
        "pods/log": Logs(door).log,
        "pods/portforward": PortForward(door).forward,
        "pods/proxy": proxy.proxy,
        "services/proxy": proxy.proxy,
        "serviceaccounts/token": AccountTokens(identities.tokens).token,
        "tokenreviews": reviews.TokenReviews(identities).review,
        "selfsubjectreviews": reviews.self_review,
        "selfsubjectaccessreviews": reviews.access_review,
        "localsubjectaccessreviews": reviews.access_review,
        "selfsubjectrulesreviews": reviews.rules_review,
    }
