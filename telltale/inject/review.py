"""One question of the API server and its answer: AdmissionReview v1, bytes to bytes. Pure.

Whatever comes in, an AdmissionReview goes out; a pod that cannot be injected is refused with the
reason. Never: HTTP.
"""

import base64
from dataclasses import dataclass

import jsonpatch

from telltale.inject import workload
from telltale.inject.decide import wanted
from telltale.inject.settings import SidecarSettings
from telltale.inject.sidecar import clashes, inject
from telltale.kube import codec
from telltale.kube.admission import AdmissionRequest, AdmissionReview
from telltale.kube.codec import Malformed, Object

V1 = "admission.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was answered, for the log; `body` is the answer itself."""

    body: bytes
    line: str
    understood: bool = True


def review(data: bytes, settings: SidecarSettings) -> Verdict:
    try:
        asked = codec.decode(AdmissionReview, data)
    except Malformed as error:
        return refusal("", f"not an AdmissionReview: {error}")
    if asked.api_version != V1 or asked.kind != "AdmissionReview":
        found = f"{asked.api_version} {asked.kind}"
        return refusal(asked.request.uid, f"expected {V1} AdmissionReview, found {found}")
    if not asked.request.uid:
        return refusal("", "the AdmissionReview has no request.uid")
    return _answer(asked.request, settings)


def refusal(uid: str, message: str) -> Verdict:
    """The answer to what could not be read."""
    body = _body({"uid": uid, "allowed": False, "status": _status(message)})
    return Verdict(body, f"refused: {message}", understood=False)


def _answer(request: AdmissionRequest, settings: SidecarSettings) -> Verdict:
    pod, namespace = request.object, request.namespace or "default"
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
        body = _body({"uid": request.uid, "allowed": False, "status": _status(message)})
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
    return Verdict(_body(answer), "; ".join([f"{name} is injected: {decision.reason}", *warnings]))


def _name(request: AdmissionRequest) -> str:
    """A pod of a ReplicaSet has no name yet when it is reviewed."""
    return request.name or workload.of(request.object).name or "without a name"


def _allowed(uid: str, line: str) -> Verdict:
    return Verdict(_body({"uid": uid, "allowed": True}), line)


def _status(message: str) -> Object:
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": "BadRequest", "code": 400, "message": message,
    }  # fmt: skip


def _body(response: Object) -> bytes:
    return codec.encode({"apiVersion": V1, "kind": "AdmissionReview", "response": response})
