"""Mutating and validating webhooks: asked in order, patches applied, refusals passed on.

Never: reaching them (see `caller`), or deciding which are concerned (see `match`).
"""

import asyncio
import base64
import binascii
import logging
from dataclasses import dataclass

from telltale.cluster.api.admission import match
from telltale.cluster.api.admission.caller import Caller, Unreachable
from telltale.cluster.api.admission.match import Surroundings
from telltale.cluster.api.core import Review
from telltale.cluster.api.objects import mapping, name_of, namespace_of, number, part, text, words
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube import codec, errors
from telltale.kube.admission import MutatingWebhookConfiguration, Webhook
from telltale.kube.codec import Json, Malformed, Object, dig
from telltale.kube.patch import json_patch
from telltale.lib.clock import Ids

log = logging.getLogger(__name__)
_GROUP = "admissionregistration.k8s.io"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A webhook's answer: the object, changed or not."""

    object: Object
    changed: bool


class Webhooks:
    """`mutating` says which of the two configurations this follows."""

    def __init__(self, store: Store, caller: Caller, ids: Ids, *, mutating: bool) -> None:
        kind = "mutating" if mutating else "validating"
        self._storage = f"{kind}webhookconfigurations.{_GROUP}"
        self._store = store
        self._caller = caller
        self._ids = ids
        self._mutating = mutating
        self._seen = -1
        self._hooks: list[Webhook] = []

    async def admit(self, review: Review) -> Object:
        """Raises what a webhook refuses; `ApiError` 500 for one that must answer and does not."""
        hooks = self._all()
        again: list[Webhook] = []
        for index, hook in enumerate(hooks):
            if match.concerns(hook, review, self._around(review)):
                asked = await self._ask(hook, review)
                if asked.changed:
                    review = review.with_object(asked.object)
                    again = [one for one in hooks[:index] if one.reinvocation_policy == "IfNeeded"]
        for hook in again:  # those that came before the last change and want to see it
            if match.concerns(hook, review, self._around(review)):
                review = review.with_object((await self._ask(hook, review)).object)
        return review.object

    def _all(self) -> list[Webhook]:
        newest = self._store.log(self._storage).newest
        if newest != self._seen:
            self._seen = newest
            self._hooks = [
                hook
                for stored in self._store.all(self._storage)
                for hook in codec.decode(MutatingWebhookConfiguration, stored.body).webhooks
            ]
        return self._hooks

    def _around(self, review: Review) -> Surroundings:
        if review.resource.qualified == "namespaces":
            return Surroundings(mapping(review.object, "metadata", "labels"))
        if not review.resource.namespaced:
            return Surroundings(None)
        found = self._store.get(Key("namespaces", "", namespace_of(review.object)))
        return Surroundings(found.index.labels if found else {})

    async def _ask(self, hook: Webhook, review: Review) -> _Asked:
        uid = self._ids.uid()
        body = codec.encode({**_ENVELOPE, "request": _request(review, uid)})
        try:
            async with asyncio.timeout(hook.timeout_seconds):
                answer = await self._caller.post(hook.client_config, body)
            response = part(codec.parse_object(answer), "response")
            if text(response, "uid") != uid:
                raise Unreachable("the answer is to another request: its uid differs")
        except (Unreachable, Malformed, TimeoutError) as error:
            return _unanswered(hook, review, error)
        review.warnings.extend(words(response, "warnings"))
        if response.get("allowed") is not True:
            raise _denied(hook, response)
        return self._patched(hook, review, response)

    def _patched(self, hook: Webhook, review: Review, response: Object) -> _Asked:
        if not self._mutating or not text(response, "patch"):
            return _Asked(review.object, False)
        try:
            patch: Json = codec.parse(base64.b64decode(text(response, "patch")))
            return _Asked(json_patch(review.object, patch), True)
        except (Malformed, binascii.Error, errors.ApiError) as error:
            return _unanswered(hook, review, error)


_ENVELOPE: Object = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}


def _request(review: Review, uid: str) -> Object:
    resource, user = review.resource, review.user
    kind: Object = {
        "group": resource.group, "version": resource.version, "kind": resource.kind,
    }  # fmt: skip
    of: Object = {
        "group": resource.group, "version": resource.version, "resource": resource.plural,
    }  # fmt: skip
    gone = review.operation == "DELETE"
    return {
        "uid": uid, "kind": kind, "resource": of, "requestKind": kind, "requestResource": of,
        "subResource": review.subresource, "name": name_of(review.object),
        "namespace": namespace_of(review.object), "operation": review.operation,
        "userInfo": {"username": user.name, "uid": user.uid, "groups": list(user.groups)},
        "object": None if gone else review.object, "oldObject": review.old,
        "dryRun": review.dry_run,
    }  # fmt: skip


def _unanswered(hook: Webhook, review: Review, error: Exception) -> _Asked:
    why = str(error)
    if isinstance(error, TimeoutError):
        why = f"context deadline exceeded: no answer in {hook.timeout_seconds} s"
    said = f'failed calling webhook "{hook.name}": failed to call webhook: {why}'
    if hook.failure_policy == "Ignore":
        log.warning("%s %s: %s; ignored", review.resource.kind, name_of(review.object), said)
        return _Asked(review.object, False)
    raise errors.ApiError(f"Internal error occurred: {said}")


def _denied(hook: Webhook, response: Object) -> errors.ApiError:
    message = text(response, "status", "message")
    why = f"denied the request: {message}" if message else "denied the request without explanation"
    code = number(response, "status", "code", default=400)
    reason = dig(response, "status", "reason", default="")
    error = errors.from_status(code, {"message": f'admission webhook "{hook.name}" {why}'})
    error.code = code
    error.reason = str(reason) if reason else error.reason
    return error
