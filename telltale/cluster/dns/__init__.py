"""The cluster's DNS. Never: the mesh."""
