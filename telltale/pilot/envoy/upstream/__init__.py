"""Where requests can go: clusters, who is behind them, how they are used. Never: a route."""
