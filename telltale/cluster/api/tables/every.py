"""Which columns a resource has: the built-in ones, a definition's own, or name and age. Pure."""

from dataclasses import replace
from datetime import datetime

from telltale.cluster.api.kinds import events
from telltale.cluster.api.resources import Resource
from telltale.cluster.api.tables import others, pods, services, workloads
from telltale.cluster.api.tables.column import AGE, NAME, Column
from telltale.kube.codec import Json, Object


def _as_core(column: Column) -> Column:
    """A column of core/v1 events for those of events.k8s.io, whose fields have other names."""

    def cell(object: Object, now: datetime) -> Json:
        return column.cell(events.VIEW.kept(object), now)

    return replace(column, cell=cell)


_BUILT_IN: dict[str, tuple[Column, ...]] = {
    "pods": pods.COLUMNS,
    "services": services.SERVICES,
    "endpoints": services.ENDPOINTS,
    "endpointslices.discovery.k8s.io": services.SLICES,
    "deployments.apps": workloads.DEPLOYMENTS,
    "replicasets.apps": workloads.REPLICA_SETS,
    "statefulsets.apps": workloads.STATEFUL_SETS,
    "controllerrevisions.apps": workloads.REVISIONS,
    "namespaces": others.NAMESPACES,
    "nodes": others.NODES,
    "configmaps": others.CONFIG_MAPS,
    "secrets": others.SECRETS,
    "serviceaccounts": others.SERVICE_ACCOUNTS,
    "leases.coordination.k8s.io": others.LEASES,
    "events": others.EVENTS,
    "events.events.k8s.io": tuple(_as_core(one) for one in others.EVENTS),
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
