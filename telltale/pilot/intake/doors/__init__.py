"""Istio's Gateways and their credentials. Never: I/O, Envoy's words."""
