"""A small cluster in memory: bookinfo, the pilot and DNS as objects, and what follows from them.

`Cluster` answers as an API server's transport. After each write `settle` works out what a real
cluster would make of it: pods, endpoints, and how far each agent gets on its way to the pilot. So a
fault is a write, a fix is a write, and what they cause is not written down per fault.
"""

import asyncio
import copy
import hashlib
import json
from dataclasses import dataclass, field

from objects import (
    Refused,
    Text,
    crash_loop,
    dns_container,
    dns_ports,
    http_port,
    is_ready,
    merged,
    moment,
    new_deployment,
    new_service,
    owned_by,
    owner_of,
)

from telltale.kube.client import Client
from telltale.kube.kinds import BUILT_IN
from telltale.kube.transport import Request, Response
from telltale.lib.clock import FakeClock
from telltale.lib.moment import rfc3339
from telltale.why.apply import Hands

NAMESERVER = "172.19.0.10"
WORKLOADS = ("details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3")
PLURALS = {kind.plural: kind for kind in BUILT_IN}


@dataclass
class Proxy:
    """What an istio-proxy container has been through."""

    started: str
    configured: bool = False
    restarts: int = 0
    ended: int = 139  # its exit code
    crashed: str = ""  # how Envoy died, while the container waits


@dataclass
class Cluster:
    clock: FakeClock = field(default_factory=FakeClock)
    objects: dict[tuple[str, str, str], dict] = field(default_factory=dict)
    proxies: dict[tuple[str, str], Proxy] = field(default_factory=dict)
    made: int = 0
    mute: set[str] = field(default_factory=set)  # pieces of a path that are forbidden
    slow: set[str] = field(default_factory=set)  # ... that never answer
    asked: list[str] = field(default_factory=list)
    injected: bool = True

    # --- the world as it is when all is well

    @classmethod
    def well(cls) -> "Cluster":
        one = cls()
        one.put(
            new_service("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, dns_ports(), NAMESERVER)
        )
        one.put(new_deployment("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, dns_container()))
        one.put(
            new_service(
                "istio-system", "istio-pilot", {"app": "pilot"}, [http_port(15010)], "172.19.4.7"
            )
        )
        one.put(
            new_deployment(
                "istio-system",
                "istio-pilot",
                {"app": "pilot", "istio": "pilot"},
                {
                    "name": "discovery",
                    "image": "telltale/pilot:1.0",
                    "ports": [{"name": "grpc-xds", "containerPort": 15010}],
                },
            )
        )
        mesh = "accessLogFile: /dev/stdout\ndefaultConfig:\n  concurrency: 1\n"
        one.put(
            {
                "kind": "ConfigMap",
                "metadata": {"namespace": "istio-system", "name": "istio"},
                "data": {"mesh": mesh},
            }
        )
        one.settle()
        for name in WORKLOADS:
            app = name.partition("-")[0]
            container = {
                "name": app,
                "image": f"telltale/examples-bookinfo-{name}:1.0",
                "ports": [{"containerPort": 9080}],
            }
            labels = {"app": app, "version": name.partition("-")[2]}
            one.put(new_deployment("default", name, labels, container))
            if ("Service", "default", app) not in one.objects:
                one.put(new_service("default", app, {"app": app}, [http_port(9080)]))
        one.settle()
        one.later(600)
        return one

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.settle()

    def backed_off(self) -> None:
        """Containers run again after a short pause; after three restarts the pause is long."""
        for proxy in self.proxies.values():
            if proxy.crashed and proxy.restarts < 3:
                proxy.crashed, proxy.started = "", rfc3339(self.clock.now())
        self.settle()

    @property
    def client(self) -> Client:
        return Client(self)

    @property
    def hands(self) -> Hands:
        return Hands(self.client, self.execute)

    async def execute(self, namespace: str, pod: str, container: str, command: tuple[str, ...]):
        proxy = self.proxies[namespace, pod]
        if "-SEGV" in command[-1]:
            proxy.restarts += 1
            proxy.crashed = "Envoy exited: signal 11 (SIGSEGV)"
        else:
            proxy.restarts, proxy.configured = proxy.restarts + 1, False
            proxy.started = rfc3339(self.clock.now())
        self.settle()
        return 137, ""

    def put(self, one: dict) -> dict:
        meta = one["metadata"]
        meta.setdefault("namespace", "")
        self.made += 1
        meta.setdefault("uid", f"uid-{self.made}")
        meta.setdefault("creationTimestamp", rfc3339(self.clock.now()))
        meta["resourceVersion"] = str(self.made)
        if one["kind"] == "Service":
            self._allocate(one)
        self.objects[one["kind"], meta["namespace"], meta["name"]] = one
        return one

    def of(self, kind: str, namespace: str = "") -> list[dict]:
        return [
            one
            for (k, n, _), one in sorted(self.objects.items())
            if k == kind and namespace in ("", n)
        ]

    def pod(self, start: str) -> dict:
        return next(one for one in self.of("Pod") if one["metadata"]["name"].startswith(start))

    def _allocate(self, one: dict) -> None:
        spec = one["spec"]
        address = spec.setdefault("clusterIP", f"172.19.9.{50 + self.made % 200}")
        spec["clusterIPs"] = [address]
        for other in self.of("Service"):
            same = other["metadata"]["name"] == one["metadata"]["name"]
            if other["spec"]["clusterIP"] == address and not same:
                raise Refused(422, "Invalid", f"provided IP is already allocated: {address}")

    # --- what follows

    def settle(self) -> None:
        for _ in range(4):  # pods, endpoints, proxies, and once more for what follows from these
            self._pods()
            self._endpoints()

    def _pods(self) -> None:
        for deployment in self.of("Deployment"):
            current = self._replica_set(deployment)
            mine = [p for p in self.of("Pod") if owner_of(p) == current["metadata"]["name"]]
            wanted = deployment["spec"].get("replicas", 1)
            for _ in range(wanted - len(mine)):
                self._make_pod(deployment, current)
            for pod in self._of_deployment(deployment):
                old = owner_of(pod) != current["metadata"]["name"]
                at_once = deployment["spec"].get("strategy", {}).get("type") == "Recreate"
                renewed = at_once or any(is_ready(p) for p in mine)
                if wanted == 0 or (old and renewed):
                    del self.objects["Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]]
            ready = [p for p in self._of_deployment(deployment) if is_ready(p)]
            deployment["status"] = {"readyReplicas": len(ready)} if ready else {}
        for pod in self.of("Pod"):
            pod["status"] = self._status(pod)

    def _of_deployment(self, deployment: dict) -> list[dict]:
        name = deployment["metadata"]["name"]
        return [
            p
            for p in self.of("Pod", deployment["metadata"]["namespace"])
            if owner_of(p).rpartition("-")[0] == name
        ]

    def _replica_set(self, deployment: dict) -> dict:
        meta = deployment["metadata"]
        template = json.dumps(deployment["spec"]["template"], sort_keys=True)
        name = f"{meta['name']}-{hashlib.sha256(template.encode()).hexdigest()[:9]}"
        found = self.objects.get(("ReplicaSet", meta["namespace"], name))
        if found is None:
            same = [r for r in self.of("ReplicaSet") if owner_of(r) == meta["name"]]
            found = self.put(
                {
                    "kind": "ReplicaSet",
                    "metadata": {
                        "namespace": meta["namespace"],
                        "name": name,
                        "annotations": {"deployment.kubernetes.io/revision": str(len(same) + 1)},
                        "ownerReferences": [owned_by("Deployment", meta)],
                    },
                    "spec": {"template": copy.deepcopy(deployment["spec"]["template"])},
                }
            )
            revision = {"deployment.kubernetes.io/revision": str(len(same) + 1)}
            meta.setdefault("annotations", {}).update(revision)
        return found

    def _make_pod(self, deployment: dict, replica_set: dict) -> None:
        meta, template = deployment["metadata"], deployment["spec"]["template"]
        set_name = replica_set["metadata"]["name"]
        tail = set_name.rpartition("-")[2]
        self.made += 1
        name = f"{set_name}-{self.made:05d}"
        spec = {"nodeName": "node", **copy.deepcopy(template["spec"])}
        mesh = self.injected and meta["namespace"] == "default"
        if mesh:
            spec["containers"].append({
                "name": "istio-proxy", "image": "telltale/proxyv2:1.0",
                "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": 15020},
                                   "initialDelaySeconds": 1, "periodSeconds": 2,
                                   "failureThreshold": 30},
            })  # fmt: skip
            self.proxies[meta["namespace"], name] = Proxy(rfc3339(self.clock.now()))
        labels = {**template["metadata"]["labels"], "pod-template-hash": tail}
        if mesh:
            labels["security.istio.io/tlsMode"] = "istio"
        self.put(
            {
                "kind": "Pod",
                "metadata": {
                    "namespace": meta["namespace"],
                    "name": name,
                    "labels": labels,
                    "ownerReferences": [owned_by("ReplicaSet", replica_set["metadata"])],
                },
                "spec": spec,
                "status": {},
            }
        )

    def _status(self, pod: dict) -> dict:
        if pending := self._pending(pod):
            return pending
        statuses = [self._container(pod, one) for one in pod["spec"]["containers"]]
        ready = all(one["ready"] for one in statuses)
        digest = hashlib.sha256(pod["metadata"]["name"].encode()).hexdigest()
        address = f"172.16.3.{20 + int(digest, 16) % 200}"
        return {
            "phase": "Running",
            "podIP": address,
            "containerStatuses": statuses,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        }

    def _pending(self, pod: dict) -> dict | None:
        """The status of a pod whose containers do not start, and None of one whose do."""
        spec, meta = pod["spec"], pod["metadata"]
        waits = {"waiting": {"reason": "PodInitializing"}}
        statuses = [{"name": one["name"], "state": waits} for one in spec["containers"]]
        status = {"phase": "Pending", "containerStatuses": statuses}
        if spec.get("nodeSelector"):
            words = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
            refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                       "message": words}  # fmt: skip
            return {"phase": "Pending", "conditions": [refused]}
        for volume in spec.get("volumes") or []:
            name = volume.get("configMap", {}).get("name")
            if name and ("ConfigMap", meta["namespace"], name) not in self.objects:
                words = f'MountVolume.SetUp failed: configmap "{name}" not found'
                self.event(pod, "FailedMount", words)
                return status
        for init in spec.get("initContainers") or []:
            if "exit 3" in " ".join(init["command"]):
                ended = {"name": init["name"], "restartCount": 2, **crash_loop(3)}
                return {**status, "initContainerStatuses": [ended]}
        return None

    def event(self, pod: dict, reason: str, message: str, container: str = "") -> None:
        meta = pod["metadata"]
        about = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"],
                 "uid": meta["uid"]}  # fmt: skip
        if container:
            about["fieldPath"] = f"spec.containers{{{container}}}"
        self.put({"kind": "Event", "type": "Warning", "reason": reason,
                  "metadata": {"namespace": meta["namespace"], "name": f"{meta['name']}.{reason}"},
                  "involvedObject": about, "message": message,
                  "count": 5, "lastTimestamp": rfc3339(self.clock.now())})  # fmt: skip

    def _container(self, pod: dict, spec: dict) -> dict:
        if spec["name"] == "istio-proxy":
            return self._proxy(pod)
        began = pod["metadata"]["creationTimestamp"]
        status = {
            "name": spec["name"],
            "ready": False,
            "restartCount": 0,
            "state": {"running": {"startedAt": began}},
        }
        if "no-such" in spec["image"]:
            message = f'Back-off pulling image "{spec["image"]}"'
            return {
                **status,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": message}},
            }
        if "bytearray" in " ".join(spec.get("command", [])):
            return {**status, "restartCount": 3, **crash_loop(137)}
        if self._crashes(spec):
            return {**status, "restartCount": 3, **crash_loop(1)}
        return {**status, "ready": self._probe_passes(pod, spec)}

    def _crashes(self, spec: dict) -> bool:
        mesh = self.objects["ConfigMap", "istio-system", "istio"]["data"]["mesh"]
        fails = "exit 1" in " ".join(spec.get("command", []))
        return fails or (spec["name"] == "discovery" and mesh.endswith("[\n"))

    def _probe_passes(self, pod: dict, spec: dict) -> bool:
        probe = spec.get("readinessProbe")
        if probe is None:
            return True
        created = pod["metadata"]["creationTimestamp"]
        age = (self.clock.now() - moment(created)).total_seconds()
        if age < probe.get("initialDelaySeconds", 0):
            return False
        if probe["httpGet"]["path"] != "/nope":
            return True
        words = "Readiness probe failed: HTTP probe failed with statuscode: 404"
        self.event(pod, "Unhealthy", words, spec["name"])
        return False

    def _proxy(self, pod: dict) -> dict:
        proxy = self.proxies[pod["metadata"]["namespace"], pod["metadata"]["name"]]
        status = {"name": "istio-proxy", "restartCount": proxy.restarts}
        if proxy.crashed:
            return {**status, "ready": False, **crash_loop(proxy.ended, proxy.crashed, self.clock)}
        proxy.configured = proxy.configured or self.walk()[0] == "serve"
        return {
            **status,
            "ready": proxy.configured,
            "state": {"running": {"startedAt": proxy.started}},
        }

    def _endpoints(self) -> None:
        for key in [one for one in self.objects if one[0] == "EndpointSlice"]:
            if ("Service", *key[1:]) not in self.objects:
                del self.objects[key]
        for service in self.of("Service"):
            meta, selector = service["metadata"], service["spec"].get("selector") or {}
            chosen = [
                p
                for p in self.of("Pod", meta["namespace"])
                if selector and selector.items() <= p["metadata"]["labels"].items()
            ]
            self.objects["EndpointSlice", meta["namespace"], meta["name"]] = {
                "kind": "EndpointSlice",
                "metadata": {"namespace": meta["namespace"], "name": meta["name"],
                             "labels": {"kubernetes.io/service-name": meta["name"]}},
                "endpoints": [
                    {"addresses": [p["status"].get("podIP", "")],
                     "conditions": {"ready": is_ready(p)}} for p in chosen
                ],
                "ports": [
                    {"name": one.get("name", ""), "port": one.get("targetPort", one["port"])}
                    for one in service["spec"]["ports"]
                    if isinstance(one.get("targetPort", 0), int)
                ],
            }  # fmt: skip

    # --- an agent's way to the pilot

    def walk(self) -> tuple[str, str]:
        """The stage that an agent reaches now, and the error."""
        asked = f"lookup istio-pilot.istio-system on {NAMESERVER}:53: "
        holders = [s for s in self.of("Service") if s["spec"]["clusterIP"] == NAMESERVER]
        if not holders:
            return "resolve", asked + "i/o timeout"
        udp = [p for p in holders[0]["spec"]["ports"] if p.get("protocol") == "UDP"]
        goal = udp[0].get("targetPort", udp[0]["port"]) if udp else 0
        if goal not in (53, "dns") or not self._served(holders[0]):
            return "resolve", asked + "connect: connection refused"
        pilot = self.objects.get(("Service", "istio-system", "istio-pilot"))
        if pilot is None:
            return "resolve", asked + "no such host"
        goals = [p.get("targetPort", 15010) for p in pilot["spec"]["ports"] if p["port"] == 15010]
        if goals != [15010] or not self._served(pilot):
            return (
                "dial",
                f"dial tcp {pilot['spec']['clusterIP']}:15010: connect: connection refused",
            )
        return "serve", ""

    def _served(self, service: dict) -> bool:
        meta = service["metadata"]
        found = self.objects.get(("EndpointSlice", meta["namespace"], meta["name"]))
        return bool(found) and any(one["conditions"]["ready"] for one in found["endpoints"])

    def agent_page(self, namespace: str, name: str) -> dict:
        proxy, (stage, error) = self.proxies[namespace, name], self.walk()
        if proxy.crashed:
            raise Refused(503, "ServiceUnavailable", "connection refused")
        return {
            "ready": proxy.configured,
            "stage": stage,
            "since": proxy.started,
            "target": "istio-pilot.istio-system:15010",
            "nameserver": NAMESERVER,
            "address": None,
            "error": error or None,
            "attempts": 3,
            "cds": {"ok": int(proxy.configured), "rejected": 0},
            "lds": {"ok": int(proxy.configured), "rejected": 0},
            "last_nack": None,
            "connected": stage == "serve",
            "envoy": {"state": "LIVE", "pid": 19},
            "proxy": f"{name}.{namespace}",
        }

    # --- the transport

    async def send(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        if any(piece in request.path for piece in self.slow):
            await asyncio.Event().wait()
        try:
            if any(piece in request.path for piece in self.mute):
                raise Refused(403, "Forbidden", f"cannot get {request.path}")
            return Response(200, json.dumps(self._answer(request)).encode())
        except Refused as error:
            body = {"kind": "Status", "message": error.message, "reason": error.reason}
            return Response(error.code, json.dumps(body).encode())
        except Text as text:
            return Response(200, str(text).encode())

    def lines(self, request: Request):
        raise AssertionError("why asks once; it watches nothing")

    def _answer(self, request: Request) -> dict | list:
        words = request.path.strip("/").split("/")
        words = words[2:] if words[0] == "api" else words[3:]
        namespace = ""
        if words[0] == "namespaces" and len(words) > 2:
            namespace, words = words[1], words[2:]
        kind = PLURALS[words[0]].kind
        if words[0] == "nodes" and words[2:] == ["proxy", "configz"]:
            return {"kubeletconfig": {"clusterDNS": [NAMESERVER], "clusterDomain": "cluster.local"}}
        if len(words) > 2:
            return self._inside(namespace, words, request)
        body = json.loads(request.body) if request.body else {}
        if len(words) == 1:
            return self._all(kind, namespace, request, body)
        key = (kind, namespace, words[1])
        if key not in self.objects:
            raise Refused(404, "NotFound", f'{words[0]} "{words[1]}" not found')
        if request.method == "DELETE":
            gone = self.objects.pop(key)
            self.settle()
            return gone
        if request.method == "PATCH":
            strategic = "strategic" in request.content_type
            self.put(merged(self.objects[key], body, strategic))
            self.settle()
        return self.objects[key]

    def _all(self, kind: str, namespace: str, request: Request, body: dict) -> dict:
        if request.method == "POST":
            body["metadata"].setdefault("namespace", namespace)
            if (kind, namespace, body["metadata"]["name"]) in self.objects:
                raise Refused(409, "AlreadyExists", f"{body['metadata']['name']} already exists")
            self.put(body)
            self.settle()
            return body
        labels = dict(
            pair.split("=") for pair in request.query.get("labelSelector", "").split(",") if pair
        )
        found = [
            one
            for one in self.of(kind, namespace)
            if labels.items() <= one["metadata"].get("labels", {}).items()
        ]
        return {"items": found, "metadata": {"resourceVersion": str(self.made)}}

    def _inside(self, namespace: str, words: list[str], request: Request) -> dict | list:
        name, port = words[1].partition(":")[::2]
        if port == "15020":
            return self.agent_page(namespace, name)
        if port == "15014":
            configured = self.walk()[0] == "serve"
            return [
                {"proxy": f"{pod}.{ns}"} for (ns, pod), one in self.proxies.items() if configured
            ]
        if request.query.get("container") == "istio-proxy":
            stage, error = self.walk()
            raise Text(
                f"Envoy proxy is NOT ready: config not received from Pilot\nstage: {stage}: {error}"
            )
        if request.query.get("container") == "migrate":
            raise Text("migrate: no such table")
        if request.query.get("container") == "discovery":
            raise Text(
                "pilot: ConfigMap istio-system/istio, key mesh: line 5: expected the node content"
            )
        raise Text("ratings: no such database")
