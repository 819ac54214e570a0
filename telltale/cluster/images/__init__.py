"""Images: the host's own, and imported ones. Never: a registry."""
