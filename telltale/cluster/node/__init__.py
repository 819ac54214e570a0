"""The node: runs the pods that are bound to it, and says how they are.

Never: the API server's insides (it is one more client), or Services.
"""
