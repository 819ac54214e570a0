"""Istio's APIs as typed values: what users write in YAML. Never: what it means."""
