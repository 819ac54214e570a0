"""A one-machine Kubernetes that real kubectl drives. Never: the mesh (pilot, model, inject, agent, why)."""
