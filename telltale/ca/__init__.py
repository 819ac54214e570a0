"""Keys, certificates, rotation. Never: Kubernetes, or files."""
