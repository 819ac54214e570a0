"""Injection: one question of the API server and its answer, bytes to bytes. Pure.

Whatever comes in, an AdmissionReview goes out; a pod that cannot be injected is refused with the
reason. Never: HTTP.
"""

import base64

import jsonpatch

from telltale.inject import workload
from telltale.inject.asked import Verdict, answered, failure, read
from telltale.inject.decide import wanted
from telltale.inject.settings import SidecarSettings
from telltale.inject.sidecar import clashes, inject
from telltale.kube.admission import AdmissionRequest
from telltale.kube.codec import Malformed, Object


def review(data: bytes, settings: SidecarSettings) -> Verdict:
    asked = read(data)
    return asked if isinstance(asked, Verdict) else _answer(asked, settings)


def _answer(request: AdmissionRequest, settings: SidecarSettings) -> Verdict:
    pod, namespace = request.object or {}, request.namespace or "default"
    name = f"pod {namespace}/{_name(request)}"
    if request.operation not in ("", "CREATE") or pod.get("kind", "Pod") != "Pod":
        kind = pod.get("kind", "an object")
        return _allowed(request.uid, f"{name}: nothing to do for {request.operation} of {kind}")
    decision = wanted(pod, namespace)
    if not decision.inject:
        return _allowed(request.uid, f"{name} is not injected: {decision.reason}")
    try:
        injected = inject(pod, namespace, settings)
    except Malformed as error:
        message = f"{name} cannot be injected: {error}"
        body = answered({"uid": request.uid, "allowed": False, "status": failure(message)})
        return Verdict(body, message)
    patch = jsonpatch.make_patch(pod, injected).to_string().encode()
    answer: Object = {
        "uid": request.uid,
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(patch).decode(),
    }
    warnings = [f"{name}: {clash}" for clash in clashes(pod)]
    if warnings:
        answer["warnings"] = list(warnings)
    line = "; ".join([f"{name} is injected: {decision.reason}", *warnings])
    return Verdict(answered(answer), line)


def _name(request: AdmissionRequest) -> str:
    """A pod of a ReplicaSet has no name yet when it is reviewed."""
    return request.name or workload.of(request.object or {}).name or "without a name"


def _allowed(uid: str, line: str) -> Verdict:
    return Verdict(answered({"uid": uid, "allowed": True}), line)
