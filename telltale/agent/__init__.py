"""The process beside the workload: it looks after one Envoy and answers truthfully. Never: pilot, kube."""
