"""Mesh to Envoy's resources. Never: kube, versions, nonces."""
