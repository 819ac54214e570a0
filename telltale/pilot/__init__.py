"""The control plane: objects to mesh to resources to wire. Never: the cluster, an agent."""
