"""The Kubernetes Gateway API as typed values: what users write in YAML. Never: what it means."""
