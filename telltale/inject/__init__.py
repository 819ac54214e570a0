"""A pod gets its sidecar, or a reason why not. Never: a client of the API."""
