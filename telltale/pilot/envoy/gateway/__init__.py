"""What the proxies of gateways have besides the rest. Never: which gateways there are."""
