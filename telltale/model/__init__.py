"""The mesh as one immutable value. Never: kube, Envoy's names, I/O."""
