"""Telltale: a service mesh on real Envoy, a small Kubernetes for it to live in, and the reason why.

Floors, from the top: cli, app, why, (inject | pilot | cluster | agent), (kube | ca), (model | lib).
Each folder's own docstring says what it is and what it never is.
"""

__version__ = "0.1.0"
