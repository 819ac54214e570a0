"""The Kubernetes API: URLs to verbs, the rules of its kinds, and what kubectl prints.

Never: a controller's or the node's behaviour; the mesh.
"""
