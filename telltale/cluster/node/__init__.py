"""The node: pods as sandboxes and containers, probes, logs, exec. Never: the store; it speaks to the API only."""
