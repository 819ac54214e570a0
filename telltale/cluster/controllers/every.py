"""All controllers, by hand. Never: finding them by looking."""

from telltale.cluster.controllers import (
    deployment,
    endpoints,
    endpointslices,
    garbage,
    loadbalancer,
    namespace,
    replicaset,
    scheduler,
    serviceaccount,
    statefulset,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller


def every(root_ca: str) -> tuple[Controller, ...]:
    """`root_ca`: the PEM text of the CA that signed the API server's certificate."""
    return (
        deployment.CONTROLLER,
        replicaset.CONTROLLER,
        statefulset.CONTROLLER,
        scheduler.CONTROLLER,
        endpointslices.CONTROLLER,
        endpoints.CONTROLLER,
        loadbalancer.CONTROLLER,
        namespace.CONTROLLER,
        serviceaccount.controller(root_ca),
        garbage.CONTROLLER,
    )
