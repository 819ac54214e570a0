"""What the standard library lacks. Never: a word of Kubernetes, Envoy or the mesh."""
