"""Which request goes where, and what is done with it on the way. Never: a listener, a cluster."""
