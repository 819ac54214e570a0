"""What becomes of a connection, going out and coming in. Never: what a request is routed by."""
