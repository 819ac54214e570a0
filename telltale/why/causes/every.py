"""Every cause, alphabetical, and the faults that make none. Never: found by scanning.

A test looks for the forgotten.
"""

from telltale.kube.meta import Ref
from telltale.why.cause import Cause
from telltale.why.causes import (
    app_crash_loop,
    app_readiness_fails,
    config_missing,
    dns_address_taken,
    dns_no_ready_pod,
    dns_service_missing,
    dns_service_moved,
    dns_service_port_wrong,
    dns_service_selects_nothing,
    envoy_crashed,
    image_missing,
    init_container_fails,
    out_of_memory,
    pilot_crash_loop,
    pilot_no_ready_pod,
    pilot_scaled_to_zero,
    pilot_service_missing,
    pilot_service_port_wrong,
    pilot_service_selects_nothing,
    pod_unschedulable,
)
from telltale.why.fix import Fault, How, Patch

CAUSES: tuple[Cause, ...] = (
    app_crash_loop.CAUSE,
    app_readiness_fails.CAUSE,
    config_missing.CAUSE,
    dns_address_taken.CAUSE,
    dns_no_ready_pod.CAUSE,
    dns_service_missing.CAUSE,
    dns_service_moved.CAUSE,
    dns_service_port_wrong.CAUSE,
    dns_service_selects_nothing.CAUSE,
    envoy_crashed.CAUSE,
    image_missing.CAUSE,
    init_container_fails.CAUSE,
    out_of_memory.CAUSE,
    pilot_crash_loop.CAUSE,
    pilot_no_ready_pod.CAUSE,
    pilot_scaled_to_zero.CAUSE,
    pilot_service_missing.CAUSE,
    pilot_service_port_wrong.CAUSE,
    pilot_service_selects_nothing.CAUSE,
    pod_unschedulable.CAUSE,
)

# A pod that is merely starting: `why` must be silent about it.
SLOW_START = Fault(
    title="let details-v1 take a minute before it may be called ready",
    steps=(
        Patch(
            Ref("Deployment", "{namespace}", "details-v1"),
            {"spec": {"template": {"spec": {"containers": [{
                "name": "details",
                "readinessProbe": {
                    "httpGet": {"path": "/health", "port": 9080}, "initialDelaySeconds": 60,
                },
            }]}}}},
            How.STRATEGIC,
        ),
    ),
    look="kubectl get pods: details-v1 1/2 Running for a minute, and nothing is wrong",
)  # fmt: skip

FAULTS: dict[str, Fault] = {
    **{cause.name: cause.fault for cause in CAUSES},
    "slow-start": SLOW_START,
}
