"""What is told of requests and connections: counts, logs, traces. Never: where they go."""
