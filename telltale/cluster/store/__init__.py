"""The API server's memory: objects by key, one growing number, changes since a number. On SQLite.

Never: a kind, a rule of Kubernetes' API, or HTTP.
"""
