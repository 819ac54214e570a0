"""Which pods, and pod templates, are valid. Pure. Source: `pkg/apis/core/validation`."""

from collections.abc import Iterator

from telltale.cluster.api import names
from telltale.cluster.api.kinds import pod_defaults, quantities
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import listed, meta, number, part, section, text
from telltale.cluster.api.problems import (
    Problem,
    duplicate,
    forbidden,
    invalid,
    not_found,
    required,
    unsupported,
)  # fmt: skip
from telltale.kube.codec import Json, Object, dig

_RANGE = "must be between 1 and 65535, inclusive"
_PULL = ["Always", "IfNotPresent", "Never"]
_RESTART = ["Always", "OnFailure", "Never"]
_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
           "failureThreshold")  # fmt: skip
_DNS = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]


def spec(found: Object, field: str) -> list[Problem]:
    """A pod's spec, or a template's."""
    problems: list[Problem] = []
    volumes = list(_volume_problems(found, problems, f"{field}.volumes"))
    seen: set[str] = set()
    for key in ("initContainers", "containers"):
        for index, container in enumerate(listed(found, key)):
            place = f"{field}.{key}[{index}]"
            problems += _container(container, place, volumes)
            name = text(container, "name")
            if name in seen:
                problems.append(duplicate(f"{place}.name", name))
            seen.add(name)
    if not listed(found, "containers"):
        problems.append(required(f"{field}.containers"))
    for key, known in (("restartPolicy", _RESTART), ("dnsPolicy", _DNS)):
        given = text(found, key)
        if given not in known:
            problems.append(unsupported(f"{field}.{key}", given, known))
    if number(found, "terminationGracePeriodSeconds") < 0:
        problems.append(_negative(f"{field}.terminationGracePeriodSeconds", found))
    if (account := text(found, "serviceAccountName")) and (why := names.subdomain(account)):
        problems.append(invalid(f"{field}.serviceAccountName", account, why))
    problems += names.labels(found.get("nodeSelector"), f"{field}.nodeSelector")
    return problems


def _negative(field: str, found: Object) -> Problem:
    value = found.get(field.rpartition(".")[2])
    return invalid(field, value, "must be greater than or equal to 0")


def _volume_problems(found: Object, problems: list[Problem], field: str) -> Iterator[str]:
    """The names of the volumes."""
    seen: set[str] = set()
    for index, volume in enumerate(listed(found, "volumes")):
        name = text(volume, "name")
        if not name:
            problems.append(required(f"{field}[{index}].name"))
        elif why := names.label(name):
            problems.append(invalid(f"{field}[{index}].name", name, why))
        elif name in seen:
            problems.append(duplicate(f"{field}[{index}].name", name))
        sources = [key for key in volume if key != "name" and volume[key] is not None]
        if len(sources) > 1:
            why = "may not specify more than 1 volume type"
            problems.append(forbidden(f"{field}[{index}].{sorted(sources)[1]}", why))
        seen.add(name)
        yield name


def _container(found: Object, place: str, volumes: list[str]) -> list[Problem]:
    problems: list[Problem] = []
    name = text(found, "name")
    if not name:
        problems.append(required(f"{place}.name"))
    elif why := names.label(name):
        problems.append(invalid(f"{place}.name", name, why))
    image = text(found, "image")
    if not image:
        problems.append(required(f"{place}.image"))
    elif image.strip() != image:
        problems.append(
            invalid(f"{place}.image", image, "must not have leading or trailing whitespace")
        )
    if text(found, "imagePullPolicy") not in _PULL:
        given = text(found, "imagePullPolicy")
        problems.append(unsupported(f"{place}.imagePullPolicy", given, _PULL))
    problems += _ports(found, f"{place}.ports") + _env(found, f"{place}.env")
    problems += _mounts(found, f"{place}.volumeMounts", volumes)
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(found.get(key), dict):
            problems += _probe(part(found, key), f"{place}.{key}", key)
    return problems + quantities.resources(part(found, "resources"), f"{place}.resources")


def _ports(found: Object, field: str) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, port in enumerate(listed(found, "ports")):
        place, name = f"{field}[{index}]", text(port, "name")
        if name and (why := names.port_name(name)):
            problems.append(invalid(f"{place}.name", name, why))
        elif name and name in seen:
            problems.append(duplicate(f"{place}.name", name))
        seen.add(name)
        if not port.get("containerPort"):
            problems.append(required(f"{place}.containerPort"))
        elif not 0 < number(port, "containerPort") < 65536:
            problems.append(invalid(f"{place}.containerPort", port["containerPort"], _RANGE))
        if port.get("hostPort") and not 0 < number(port, "hostPort") < 65536:
            problems.append(invalid(f"{place}.hostPort", port["hostPort"], _RANGE))
        if text(port, "protocol") not in ("SCTP", "TCP", "UDP"):
            given = text(port, "protocol")
            problems.append(unsupported(f"{place}.protocol", given, ["SCTP", "TCP", "UDP"]))
    return problems


def _env(found: Object, field: str) -> list[Problem]:
    problems: list[Problem] = []
    for index, env in enumerate(listed(found, "env")):
        place, name = f"{field}[{index}]", text(env, "name")
        if not name:
            problems.append(required(f"{place}.name"))
        elif "=" in name:
            why = "a valid environment variable name must consist only of printable ASCII"
            problems.append(invalid(f"{place}.name", name, f"{why} characters other than '='"))
        source = part(env, "valueFrom")
        if source and text(env, "value"):
            why = "may not be specified when `value` is not empty"
            problems.append(invalid(f"{place}.valueFrom", "", why))
        if isinstance(env.get("valueFrom"), dict) and not any(source.values()):
            kinds = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            problems.append(invalid(f"{place}.valueFrom", "", f"must specify one of: {kinds}"))
    return problems


def _mounts(found: Object, field: str, volumes: list[str]) -> list[Problem]:
    problems: list[Problem] = []
    paths: set[str] = set()
    for index, mount in enumerate(listed(found, "volumeMounts")):
        place, name, path = f"{field}[{index}]", text(mount, "name"), text(mount, "mountPath")
        if not name:
            problems.append(required(f"{place}.name"))
        elif name not in volumes:
            problems.append(not_found(f"{place}.name", name))
        if not path:
            problems.append(required(f"{place}.mountPath"))
        elif path in paths:
            problems.append(invalid(f"{place}.mountPath", path, "must be unique"))
        paths.add(path)
    return problems


def _probe(probe: Object, place: str, key: str) -> list[Problem]:
    problems: list[Problem] = []
    actions = [
        one for one in ("exec", "httpGet", "tcpSocket", "grpc") if isinstance(probe.get(one), dict)
    ]
    if not actions:
        problems.append(required(place, "must specify a handler type"))
    for extra in actions[1:]:
        why = "may not specify more than 1 handler type"
        problems.append(forbidden(f"{place}.{extra}", why))
    problems += [_negative(f"{place}.{one}", probe) for one in _COUNTS if number(probe, one) < 0]
    if key != "readinessProbe" and number(probe, "successThreshold", default=1) != 1:
        given = probe.get("successThreshold")
        problems.append(invalid(f"{place}.successThreshold", given, "must be 1"))
    for one in ("httpGet", "tcpSocket"):
        port = dig(probe, one, "port")
        if isinstance(probe.get(one), dict):
            problems += _probe_port(port, f"{place}.{one}.port")
    return problems


def _probe_port(port: Json, field: str) -> list[Problem]:
    if isinstance(port, str):
        why = names.port_name(port)
        return [invalid(field, port, why)] if why else []
    if not isinstance(port, int) or not 0 < port < 65536:
        return [invalid(field, port or 0, _RANGE)]
    return []


def validate(pod: Object) -> list[Problem]:
    return spec(part(pod, "spec"), "spec")


_MAY = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only"
    " additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set"
    " to 1 if it was previously negative)"
)


def validate_update(pod: Object, old: Object) -> list[Problem]:
    now, before = _fixed(pod), _fixed(old)
    if now == before:
        return []
    changed = sorted(key for key in {*now, *before} if now.get(key) != before.get(key))
    return [forbidden("spec", f"{_MAY} (changed: {', '.join(changed)})")]


def _fixed(pod: Object) -> Object:
    """The part of a pod's spec that may not change."""
    found = dict(part(pod, "spec"))
    for key in ("containers", "initContainers"):
        bare: list[Json] = [
            {name: value for name, value in one.items() if name != "image"}
            for one in listed(found, key)
        ]
        found[key] = bare
    for key in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
        found.pop(key, None)
    return found


POD = Kind(
    default=pod_defaults.pod, prepare=pod_defaults.prepare_pod, validate=validate,
    validate_update=validate_update, fields=pod_defaults.fields, status=True, generation=False,
)  # fmt: skip


def template(object: Object, field: str = "spec.template") -> list[Problem]:
    """The template of a workload: its labels and its spec."""
    found = section(object, "spec", "template")
    problems = names.labels(meta(found).get("labels"), f"{field}.metadata.labels")
    problems += names.annotations(meta(found).get("annotations"), f"{field}.metadata.annotations")
    return problems + spec(section(found, "spec"), f"{field}.spec")
