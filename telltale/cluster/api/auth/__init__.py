"""Who asks: client certificates and service-account tokens. Never: what they may do."""
