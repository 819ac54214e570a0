"""The pilot's process: the control plane, and the webhooks beside it.

Never: a rule of either. The webhooks' authority is kept in a Secret, so that every replica and
every restart shows a certificate of the same root; its public part is written into the webhooks'
configurations.
"""

import asyncio
import base64
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from telltale.app.errors import Refused
from telltale.ca import tls
from telltale.ca.authority import Authority, BadAuthority, Issued, new_authority, read_authority
from telltale.inject import install, meshconfig, webhook
from telltale.inject.settings import SidecarSettings
from telltale.inject.validate import Findings
from telltale.inject.validator import VALIDATOR
from telltale.kube import kubeconfig
from telltale.kube.admission import MutatingWebhookConfiguration, ValidatingWebhookConfiguration
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Json, Malformed, Object
from telltale.kube.errors import AlreadyExists, NotFound
from telltale.kube.istio.kinds import PROXY_CONFIG
from telltale.kube.kinds import MUTATING_WEBHOOK, SECRET, VALIDATING_WEBHOOK, Kind
from telltale.kube.transport import Http
from telltale.lib import log as logs
from telltale.lib.clock import Clock, SystemClock, SystemIds
from telltale.lib.tasks import describe, supervise, until_signalled
from telltale.pilot import run as running
from telltale.pilot.intake import meshconfig as options, proxyconfigs
from telltale.pilot.intake.checks import check
from telltale.pilot.intake.problem import Level
from telltale.pilot.modules.keeper import ModuleSettings
from telltale.pilot.run import Pilot, PilotSettings

log = logging.getLogger(__name__)

CA_SECRET = "istio-ca-secret"
SERVICE_NAMES = (
    f"{install.PILOT}.{install.NAMESPACE}.svc",
    f"{install.PILOT}.{install.NAMESPACE}.svc.cluster.local",
)


@dataclass(frozen=True, slots=True)
class Files:
    """Where the ConfigMaps are mounted."""

    mesh: Path
    values: Path


def start(files: Files, debug_from: tuple[str, ...], modules: ModuleSettings) -> None:
    """Until SIGTERM. Raises `Refused`: unreadable configuration, or a port that is taken."""
    logs.to_stderr(os.environ.get("TELLTALE_LOG", "info"))
    try:
        mesh = _text(files.mesh)
        settings = meshconfig.read(mesh, _text(files.values))
        told, problems = options.read(mesh, settings.cluster_domain)
    except Malformed as error:
        raise Refused(f"failed to read mesh config: {error}") from error
    for problem in problems:
        log.warning("%s", problem)
    try:
        name = os.environ.get("POD_NAME") or os.environ.get("HOSTNAME", "")
        asyncio.run(
            _serve(settings, PilotSettings(
                options=told, debug_from=debug_from, name=name, modules=modules,
            ))
        )  # fmt: skip
    except* OSError as group:
        raise Refused(describe(group)) from group


async def _serve(sidecar: SidecarSettings, settings: PilotSettings) -> None:
    async with Http(kubeconfig.in_pod(os.environ)) as http:
        await until_signalled(_run(sidecar, settings, Client(http)))


async def _run(sidecar: SidecarSettings, settings: PilotSettings, client: Client) -> None:
    clock, ids = SystemClock(), SystemIds()
    injecting = asyncio.Event()
    pilot = Pilot(settings, clock, ids)

    async def inject() -> None:
        authority = await _authority(client, clock)
        context = tls.server_context(authority.server(SERVICE_NAMES, clock.now()))
        async with webhook.serving(lambda: _starting(sidecar, pilot), context, check=judged):
            await _publish(client, authority)
            injecting.set()
            try:
                await asyncio.Event().wait()
            finally:
                injecting.clear()

    async with supervise() as tasks:
        tasks.start("injection webhook", inject)
        await running.run(pilot, client, injecting.is_set)


def _starting(sidecar: SidecarSettings, pilot: Pilot) -> SidecarSettings:
    """The injector's settings with the ProxyConfigs of now, straight from the watch."""
    options = pilot.settings.options
    known = pilot.current.configs.get(PROXY_CONFIG, {})
    starts, _ = proxyconfigs.read(known.values(), options.domain)
    return replace(sidecar, starts=tuple(starts), root=options.root)


async def _authority(client: Client, clock: Clock) -> Authority:
    """The one that was kept, or a new one; of two that are made at once the first is kept."""
    for _ in range(2):
        try:
            secret = await client.get(SECRET, CA_SECRET, install.NAMESPACE)
        except NotFound:
            made = new_authority("telltale", clock.now())
            try:
                await client.create(SECRET, _kept(made))
            except AlreadyExists:
                continue
            return made
        kept = Issued(
            base64.b64decode(secret.data.get("ca-cert.pem", "")),
            base64.b64decode(secret.data.get("ca-key.pem", "")),
        )
        try:
            return read_authority(kept, clock.now())
        except BadAuthority as error:
            place = f"secret {install.NAMESPACE}/{CA_SECRET}"
            raise Refused(f"{place}: {error}; delete it to have a new one made") from error
    raise Refused(f"secret {install.NAMESPACE}/{CA_SECRET} comes and goes")


def _kept(authority: Authority) -> Object:
    issued = authority.to_pem()
    data: Object = {
        "ca-cert.pem": base64.b64encode(issued.certificate).decode(),
        "ca-key.pem": base64.b64encode(issued.key).decode(),
    }
    meta: Object = {"name": CA_SECRET, "namespace": install.NAMESPACE}
    return {"metadata": meta, "type": "istio.io/ca-root", "data": data}


def judged(object: Object) -> Findings:
    """The pilot's judgement of one object, in the webhook's words."""
    found = check(object)
    return Findings(
        tuple(str(one) for one in found if one.level is Level.ERROR),
        tuple(str(one) for one in found if one.level is not Level.ERROR),
    )


async def _publish(client: Client, authority: Authority) -> None:
    """Write our root into the configurations of both webhooks."""
    injector = await client.get(MUTATING_WEBHOOK, install.WEBHOOK)
    await _trust(client, MUTATING_WEBHOOK, injector, authority)
    try:
        validator = await client.get(VALIDATING_WEBHOOK, VALIDATOR)
    except NotFound:
        log.warning("no %s: objects are stored unchecked, and judged when read", VALIDATOR)
        return
    await _trust(client, VALIDATING_WEBHOOK, validator, authority)


Hooks = MutatingWebhookConfiguration | ValidatingWebhookConfiguration


async def _trust(client: Client, kind: Kind[Hooks], found: Hooks, authority: Authority) -> None:
    """Write our root into every webhook that does not have it."""
    bundle = base64.b64encode(authority.certificate).decode()
    wanted: list[Json] = [
        {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle}
        for index, one in enumerate(found.webhooks)
        if one.client_config.ca_bundle != bundle
    ]
    if wanted:
        await client.patch(kind, found.metadata.name, wanted, how=Patch.JSON)
        log.info("webhook configuration %s trusts our root now", found.metadata.name)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from error
