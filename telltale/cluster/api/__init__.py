"""The Kubernetes API over the store. Never: pods' processes or the network."""
