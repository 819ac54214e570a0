"""DestinationRules into policies, block by block. Never: I/O, Envoy's words."""
