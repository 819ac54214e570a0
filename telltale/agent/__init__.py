"""The process beside the workload: runs one Envoy, answers truthfully. Never: pilot, kube."""
