"""Which groups, versions and resources there are, as clients discover them. Pure."""

from collections.abc import Iterable

from telltale.cluster.api.definitions import RELEASE
from telltale.cluster.api.resources import Registry, Resource
from telltale.kube.codec import Json, Object

# Subresources: kind with its group and version, and verbs.
_PARTS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "attach": ("", "v1", "PodAttachOptions", ("create", "get")),
    "binding": ("", "v1", "Binding", ("create",)),
    "eviction": ("policy", "v1", "Eviction", ("create",)),
    "exec": ("", "v1", "PodExecOptions", ("create", "get")),
    "finalize": ("", "v1", "Namespace", ("update",)),
    "log": ("", "v1", "Pod", ("get",)),
    "portforward": ("", "v1", "PodPortForwardOptions", ("create", "get")),
    "proxy": ("", "v1", "ProxyOptions", ("create", "delete", "get", "patch", "update")),
    "scale": ("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", ("create",)),
}


def version() -> Object:
    """GET /version."""
    major, minor, _ = RELEASE.removeprefix("v").split(".")
    return {
        "major": major, "minor": minor, "gitVersion": f"{RELEASE}+telltale", "gitCommit": "",
        "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "",
        "compiler": "CPython", "platform": "linux/amd64",
    }  # fmt: skip


def wants_aggregated(accept: str) -> str:
    """The version of aggregated discovery that `Accept` asks for, "" for the plain form."""
    for part in accept.split(","):
        parameters = dict(one.strip().split("=", 1) for one in part.split(";") if "=" in one)
        if parameters.get("as") == "APIGroupDiscoveryList":
            return parameters.get("v", "v2")
    return ""


def aggregated(registry: Registry, core: bool, asked: str) -> Object:
    """Everything at once: groups, versions, resources."""
    items: list[Json] = []
    for group, versions in _groups(registry).items():
        if (group == "") == core:
            shown: list[Json] = [
                {
                    "version": version,
                    "freshness": "Current",
                    "resources": [_aggregated(one) for one in of_version],
                }
                for version, of_version in versions.items()
            ]
            meta: Object = {"creationTimestamp": None}
            if group:
                meta["name"] = group
            items.append({"metadata": meta, "versions": shown})
    return {
        "kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{asked}",
        "metadata": {}, "items": items,
    }  # fmt: skip


def _aggregated(resource: Resource) -> Object:
    parts: list[Json] = []
    for one in resource.subresources:
        group, version, kind, verbs = part(resource, one)
        parts.append(
            {
                "subresource": one,
                "responseKind": {"group": group, "version": version, "kind": kind},
                "verbs": list(verbs),
            }
        )
    found: Object = {
        "resource": resource.plural,
        "responseKind": {
            "group": resource.group, "version": resource.version, "kind": resource.kind,
        },
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": singular(resource),
        "verbs": list(resource.verbs),
    }  # fmt: skip
    if resource.short:
        found["shortNames"] = list(resource.short)
    if resource.categories:
        found["categories"] = list(resource.categories)
    if parts:
        found["subresources"] = parts
    return found


def part(resource: Resource, name: str) -> tuple[str, str, str, tuple[str, ...]]:
    """The kind and verbs of a subresource."""
    if name == "status":
        return resource.group, resource.version, resource.kind, ("get", "patch", "update")
    if name == "proxy":
        return "", "v1", f"{resource.kind}ProxyOptions", _PARTS["proxy"][3]
    return _PARTS[name]


def singular(resource: Resource) -> str:
    return resource.singular or resource.kind.lower()


def core_versions() -> Object:
    """GET /api, plain."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def groups(registry: Registry) -> Object:
    """GET /apis, plain."""
    found: list[Json] = [
        _group(name, versions) for name, versions in _groups(registry).items() if name
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(registry: Registry, name: str) -> Object | None:
    """GET /apis/GROUP."""
    versions = _groups(registry).get(name) if name else None
    if versions is None:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: Iterable[str]) -> Object:
    shown: list[Json] = [
        {"groupVersion": f"{name}/{version}", "version": version} for version in versions
    ]
    return {"name": name, "versions": shown, "preferredVersion": shown[0]}


def resources(registry: Registry, group: str, version: str) -> Object | None:
    """GET /api/v1 or /apis/GROUP/VERSION."""
    found = _groups(registry).get(group, {}).get(version)
    if found is None:
        return None
    shown: list[Json] = []
    for resource in found:
        shown.append(_listed(resource))
        for name in resource.subresources:
            of_group, of_version, kind, verbs = part(resource, name)
            one: Object = {
                "name": f"{resource.plural}/{name}", "singularName": "", "kind": kind,
                "namespaced": resource.namespaced, "verbs": list(verbs),
            }  # fmt: skip
            if (of_group, of_version) != (group, version):
                one |= {"group": of_group, "version": of_version}
            shown.append(one)
    api_version = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version,
        "resources": shown,
    }  # fmt: skip


def _listed(resource: Resource) -> Object:
    found: Object = {
        "name": resource.plural, "singularName": singular(resource), "kind": resource.kind,
        "namespaced": resource.namespaced, "verbs": list(resource.verbs),
    }  # fmt: skip
    if resource.short:
        found["shortNames"] = list(resource.short)
    if resource.categories:
        found["categories"] = list(resource.categories)
    return found


def _groups(registry: Registry) -> dict[str, dict[str, list[Resource]]]:
    """Resources by group and version; the versions of a group in the order of preference."""
    found: dict[str, dict[str, list[Resource]]] = {}
    for resource in registry:
        found.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
    return {
        group: {version: versions[version] for version in sorted(versions, key=_preference)}
        for group, versions in found.items()
    }


def _preference(version: str) -> tuple[int, int, int]:
    """v2 before v1 before v1beta2 before v1alpha1."""
    digits = version.removeprefix("v")
    for rank, stage in enumerate(("beta", "alpha"), 1):
        major, found, minor = digits.partition(stage)
        if found:
            return rank, -int(major or 0), -int(minor or 0)
    return 0, -int(digits) if digits.isdigit() else 0, 0
