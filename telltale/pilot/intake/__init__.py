"""Objects to mesh. Never: I/O, a clock, Envoy's words."""
