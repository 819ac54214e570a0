"""The control plane: objects to mesh to resources to wire. Never: the cluster, or an agent's process."""
