"""In which order types go out, so that nothing is ever used before it is there (make before break).

Adding: secrets, clusters, endpoints, listeners, routes. Taking away: the other way round. Pure
tables; the rules are the xDS protocol's "Eventual consistency considerations".
"""

PREFIX = "type.googleapis.com/envoy."
CDS = PREFIX + "config.cluster.v3.Cluster"
EDS = PREFIX + "config.endpoint.v3.ClusterLoadAssignment"
LDS = PREFIX + "config.listener.v3.Listener"
RDS = PREFIX + "config.route.v3.RouteConfiguration"
ECDS = PREFIX + "config.core.v3.TypedExtensionConfig"
SDS = PREFIX + "extensions.transport_sockets.tls.v3.Secret"

TYPES = (SDS, CDS, EDS, ECDS, LDS, RDS)
SHORT = {CDS: "cds", EDS: "eds", ECDS: "ecds", SDS: "sds", LDS: "lds", RDS: "rds"}

# Types whose answers must be complete, and which a client may ask for without naming anything.
WILDCARD = frozenset((CDS, LDS))

# A change of these waits until those have been accepted, for it may point at what they bring.
AFTER = {CDS: (), EDS: (), ECDS: (CDS, EDS), SDS: (), LDS: (CDS, EDS), RDS: (CDS, EDS)}

# What is gone is taken away only once those, which may still point at it, have been accepted.
BEFORE_REMOVAL = {
    CDS: (EDS, LDS, RDS), EDS: (LDS, RDS), ECDS: (), SDS: (CDS, LDS), LDS: (), RDS: (),
}  # fmt: skip

# What is gone of these is not told at all. A client lets go of it itself when nothing of it is left
# that uses it; until then, while a listener drains, requests go on through what it has.
UNTOLD = frozenset((ECDS,))

# An upstream that changes warms up anew, and Envoy waits 15 s for its endpoints although it has
# them, unless they are sent again right behind (envoy#13009).
RESENT_AFTER = {CDS: EDS}
