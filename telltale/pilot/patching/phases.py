"""Where among HTTP filters one belongs that names only a phase. Pure.

The order is Istio's: authentication, authorization, statistics, then what a request meets last.
"""

from collections.abc import Iterable

from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)

AUTHN, AUTHZ, STATS = "AUTHN", "AUTHZ", "STATS"
ROUTER = "envoy.filters.http.router"

# Each phase stands before what is at its rank or above.
_RANKS = {
    "telltale.peer": 0,
    "envoy.filters.http.ext_authz": 5,
    "envoy.filters.http.jwt_authn": 20,
    "envoy.filters.http.rbac": 40,
    "envoy.filters.http.grpc_web": 60,
    "envoy.filters.http.grpc_stats": 60,
    "envoy.filters.http.fault": 70,
    "envoy.filters.http.cors": 70,
    ROUTER: 100,
}
_PHASES = {AUTHN: 10, AUTHZ: 30, STATS: 50, "": 55}


def place(filters: Iterable[hcm.HttpFilter], phase: str) -> int:
    """The index at which a filter of this phase is to be inserted: after those of its own phase."""
    wanted = _PHASES.get(phase, _PHASES[""])
    index = 0
    for index, one in enumerate(filters):
        if _RANKS.get(one.name, 0) > wanted:
            return index
    return index


def terminal(filters: Iterable[hcm.HttpFilter]) -> int:
    """How many of the last must stay the last."""
    names = [one.name for one in filters]
    return int(names[-1:] == [ROUTER])
