"""Which columns a resource has: the built-in ones, a definition's own, or name and age. Pure."""

from telltale.cluster.api.resources import Resource
from telltale.cluster.api.tables import others, pods, services, workloads
from telltale.cluster.api.tables.column import AGE, NAME, Column

_BUILT_IN: dict[str, tuple[Column, ...]] = {
    "pods": pods.COLUMNS,
    "services": services.SERVICES,
    "endpoints": services.ENDPOINTS,
    "endpointslices.discovery.k8s.io": services.SLICES,
    "deployments.apps": workloads.DEPLOYMENTS,
    "replicasets.apps": workloads.REPLICA_SETS,
    "namespaces": others.NAMESPACES,
    "nodes": others.NODES,
    "configmaps": others.CONFIG_MAPS,
    "secrets": others.SECRETS,
    "serviceaccounts": others.SERVICE_ACCOUNTS,
    "leases.coordination.k8s.io": others.LEASES,
    "events": others.EVENTS,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": others.WEBHOOKS,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": others.WEBHOOKS,
    "customresourcedefinitions.apiextensions.k8s.io": others.DEFINITIONS,
    "roles.rbac.authorization.k8s.io": others.ROLES,
    "clusterroles.rbac.authorization.k8s.io": others.ROLES,
    "rolebindings.rbac.authorization.k8s.io": others.BINDINGS,
    "clusterrolebindings.rbac.authorization.k8s.io": others.BINDINGS,
}


def columns(resource: Resource) -> tuple[Column, ...]:
    return _BUILT_IN.get(resource.qualified) or resource.columns or (NAME, AGE)
