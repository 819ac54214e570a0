"""A one-machine Kubernetes that real kubectl drives. Never: the mesh: pilot, inject, agent, why."""
