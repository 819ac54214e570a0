"""What is told of requests, and how proxies are extended. Never: I/O, Envoy's words."""
