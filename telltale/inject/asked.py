"""An AdmissionReview (v1) read and answered, whatever it asks. Pure.

Whatever comes in, an AdmissionReview goes out. Never: a rule about objects, or HTTP.
"""

from dataclasses import dataclass

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


def read(data: bytes) -> AdmissionRequest | Verdict:
    """The question, or the answer to what is none."""
    try:
        asked = codec.decode(AdmissionReview, data)
    except Malformed as error:
        return refusal("", f"not an AdmissionReview: {error}")
    if asked.api_version != V1 or asked.kind != "AdmissionReview":
        found = f"{asked.api_version} {asked.kind}"
        return refusal(asked.request.uid, f"expected {V1} AdmissionReview, found {found}")
    if not asked.request.uid:
        return refusal("", "the AdmissionReview has no request.uid")
    return asked.request


def refusal(uid: str, message: str) -> Verdict:
    """The answer to what could not be read."""
    body = answered({"uid": uid, "allowed": False, "status": failure(message)})
    return Verdict(body, f"refused: {message}", understood=False)


def failure(message: str) -> Object:
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": "BadRequest", "code": 400, "message": message,
    }  # fmt: skip


def answered(response: Object) -> bytes:
    return codec.encode({"apiVersion": V1, "kind": "AdmissionReview", "response": response})
