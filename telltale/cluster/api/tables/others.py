"""The columns of everything else that is built in. Pure."""

from datetime import datetime

from telltale.cluster.api.objects import listed, number, part, text
from telltale.cluster.api.tables.column import AGE, NAME, Column, age, said, shown
from telltale.kube.codec import Json, Object, dig


def _size(*keys: str) -> Column:
    def words(object: Object) -> Json:
        return sum(len(part(object, key)) for key in keys)

    return said("Data", words, type="integer")


def _namespace_status(found: Object) -> Json:
    return text(found, "status", "phase")


NAMESPACES = (NAME, said("Status", _namespace_status), AGE)
CONFIG_MAPS = (NAME, _size("data", "binaryData"), AGE)
SECRETS = (NAME, shown("Type", "type"), _size("data"), AGE)


def _secrets(found: Object) -> Json:
    return len(listed(found, "secrets"))


SERVICE_ACCOUNTS = (NAME, said("Secrets", _secrets, type="integer"), AGE)
LEASES = (NAME, shown("Holder", "spec", "holderIdentity"), AGE)


def _node_status(node: Object) -> Json:
    ready = [one for one in listed(node, "status", "conditions") if text(one, "type") == "Ready"]
    status = "Unknown"
    if ready:
        status = "Ready" if text(ready[0], "status") == "True" else "NotReady"
    return f"{status},SchedulingDisabled" if dig(node, "spec", "unschedulable") else status


def _roles(node: Object) -> Json:
    prefix = "node-role.kubernetes.io/"
    labels = part(node, "metadata", "labels")
    found = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    return ",".join(one for one in found if one) or "<none>"


def _address(kind: str) -> Column:
    def words(node: Object) -> Json:
        for one in listed(node, "status", "addresses"):
            if text(one, "type") == kind:
                return text(one, "address")
        return "<none>"

    return said("Internal-IP" if kind == "InternalIP" else "External-IP", words, wide=True)


NODES = (
    NAME, said("Status", _node_status), said("Roles", _roles), AGE,
    shown("Version", "status", "nodeInfo", "kubeletVersion", none=""),
    _address("InternalIP"), _address("ExternalIP"),
    shown("OS-Image", "status", "nodeInfo", "osImage", wide=True, none="<unknown>"),
    shown("Kernel-Version", "status", "nodeInfo", "kernelVersion", wide=True, none="<unknown>"),
    shown("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", wide=True,
          none="<unknown>"),
)  # fmt: skip


def _last_seen(event: Object, now: datetime) -> Json:
    seen = text(event, "lastTimestamp") or text(event, "series", "lastObservedTime")
    return age(seen or text(event, "eventTime") or text(event, "firstTimestamp"), now)


def _first_seen(event: Object, now: datetime) -> Json:
    return age(text(event, "firstTimestamp") or text(event, "eventTime"), now)


def _about(event: Object) -> Json:
    return (
        f"{text(event, 'involvedObject', 'kind').lower()}/{text(event, 'involvedObject', 'name')}"
    )


def _source(event: Object) -> Json:
    component = text(event, "source", "component") or text(event, "reportingComponent")
    host = text(event, "source", "host")
    return f"{component}, {host}" if host else component


def _count(event: Object) -> Json:
    return number(event, "series", "count") or number(event, "count", default=1)


EVENTS = (
    Column("Last Seen", _last_seen), shown("Type", "type", none=""),
    shown("Reason", "reason", none=""), said("Object", _about),
    shown("Subobject", "involvedObject", "fieldPath", wide=True, none=""),
    said("Source", _source, wide=True), shown("Message", "message", none=""),
    Column("First Seen", _first_seen, priority=1), said("Count", _count, wide=True),
    Column("Name", NAME.cell, format="name", priority=1),
)  # fmt: skip


def _webhooks(found: Object) -> Json:
    return len(listed(found, "webhooks"))


WEBHOOKS = (NAME, said("Webhooks", _webhooks, type="integer"), AGE)


def _created(found: Object, now: datetime) -> Json:
    return text(found, "metadata", "creationTimestamp")


DEFINITIONS = (NAME, Column("Created At", _created, type="date"))


def _role(found: Object) -> Json:
    return f"{text(found, 'roleRef', 'kind')}/{text(found, 'roleRef', 'name')}"


def _subjects(kind: str) -> Column:
    def words(found: Object) -> Json:
        subjects = [one for one in listed(found, "subjects") if text(one, "kind") == kind]
        return ", ".join(
            "/".join(filter(None, (text(one, "namespace"), text(one, "name")))) for one in subjects
        )

    return said(f"{kind}s", words, wide=True)


ROLES = (NAME, Column("Created At", _created, type="date"))
BINDINGS = (
    NAME, said("Role", _role), AGE, _subjects("User"), _subjects("Group"),
    _subjects("ServiceAccount"),
)  # fmt: skip
