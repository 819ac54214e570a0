"""The language of the Kubernetes API: types, codec, client.

Never: the mesh's meaning, or a controller's behaviour. I/O only in `transport`,
`client` and what stands on them (`informer`, `apply`), and in `kubeconfig`.
"""
