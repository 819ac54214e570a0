"""The Gateway API's objects to mesh, and what is said of each. Pure. Never: I/O, Envoy's words."""
